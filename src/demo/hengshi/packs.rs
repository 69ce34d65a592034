//! Data packs, row rules, roles and apps: steps 10 to 13.

use serde_json::{Value as Json, json};

use super::super::story::Want::{Done, Refused, Value};
use super::super::story::{Act, Step, allowed, asks, denied, looks_for, may, reads, sends};
use super::{MEMBER, step};

pub fn steps() -> Vec<Step> {
    vec![authorised(), rows(), roles(), apps()]
}

fn makes(who: &'static str, says: &'static str, resource: Json) -> Act {
    sends(who, says, "create-resource", resource, Done(&["resource.created"]))
}

fn hands_on(says: &'static str, to: &'static str) -> Act {
    let arguments = json!({ "resource": "beverages", "to": { "user": to } });
    sends("cara", says, "hand-on", arguments, Done(&["content.handed_on"]))
}

fn is_made(says: &'static str, user: &'static str, role: &'static str) -> Act {
    let arguments = json!({ "role": format!("{role}@carlsberg"), "users": [user] });
    sends("cara", says, "assign-role", arguments, Done(&["role.assigned"]))
}

fn authorised() -> Step {
    let authorises = |says, resource, to| {
        let arguments = json!({ "resource": resource, "to": to });
        sends("admin", says, "distribute", arguments, Done(&["content.distributed"]))
    };
    let pack = json!({
        "id": "beverages", "org": "root", "kind": "pack", "name": "Beverages", "parent": "market",
        "data_permission": "dataset-author",
    });
    let views = |who| may(who, "view", "pack:beverages").acting_in("carlsberg");
    let with_ole = json!({ "resource": "beverages", "with": { "user": "ole" }, "level": "view" });
    step(
        10,
        "A data pack is authorised to Carlsberg, its folder to all tenants",
        vec![
            makes(
                "admin",
                "makes a folder for the market's data",
                json!({ "id": "market", "org": "root", "kind": "folder", "name": "Market data" }),
            ),
            makes("admin", "makes the pack Beverages in it", pack),
            authorises("authorises Carlsberg to use it", "beverages", json!({ "org": "carlsberg" })),
            authorises("authorises all tenants to use the folder", "market", json!({ "all_orgs": true })),
            is_made("makes Ida a Data Analyst", "ida", "Data-Analyst"),
            is_made("makes Ole one as well", "ole", "Data-Analyst"),
            asks("cara", "sees the pack as the tenant's manager", views("cara"), allowed("reach.distribution")),
            asks(
                "cara",
                "may not change it",
                may("cara", "edit", "pack:beverages").acting_in("carlsberg"),
                denied("authority.no_subscription"),
            ),
            sends("cara", "shares it as if it were hers", "share", with_ole, Refused("content.not_allowed")),
            asks("ida", "does not see it yet", views("ida"), denied("level.missing")),
            hands_on("hands it on to Ida", "ida"),
            asks("ida", "sees it now", views("ida"), allowed("reach.hand_on")),
        ],
    )
}

fn rows() -> Step {
    let views = |who| may(who, "view", "pack:beverages").acting_in("carlsberg");
    let at = |of: &'static str, value: Json| Value(of, value);
    let rule = json!({ "resource": "beverages", "org": "carlsberg", "users": ["ida"], "filter": "region = 'DK'" });
    step(
        11,
        "Ida sees the rows of Denmark, Ole all of them",
        vec![
            sends("admin", "sets a row rule for Ida", "set-row-rule", rule, Done(&["row_rule.set"])),
            hands_on("hands the pack on to Ole", "ole"),
            asks(
                "ida",
                "gets her filter with the answer",
                views("ida"),
                at("/context/obligations/row_filter", json!("region = 'DK'")),
            ),
            asks("ole", "gets none", views("ole"), at("/context/obligations/row_filter", Json::Null)),
            asks(
                "ole",
                "is told with whose rights the data is read",
                views("ole"),
                at("/context/obligations/data_permission", json!("dataset-author")),
            ),
        ],
    )
}

fn roles() -> Step {
    let holds =
        |says, path, privileges: &[&str]| reads("cara", says, path, Value("/items/0/privileges", json!(privileges)));
    let sia = json!({ "id": "sia", "org": "carlsberg", "name": "Sia Sand", "user_type": "administrator" });
    step(
        12,
        "Each role carries exactly its rights",
        vec![
            sends("cara", "adds Sia", "create-user", sia, Done(MEMBER)),
            is_made("makes her a System Administrator", "sia", "System-Administrator"),
            is_made("makes Dan a Data Manager", "dan", "Data-Manager"),
            is_made("makes Vera a Data Viewer", "vera", "Data-Viewer"),
            holds("a System Administrator manages users", "/v1/users/sia/access", SYSTEM_ADMINISTRATOR),
            holds("a Data Manager has the data market place", "/v1/users/dan/access", DATA_MANAGER),
            holds("a Data Analyst makes apps", "/v1/users/ida/access", DATA_ANALYST),
            holds("a Data Viewer sees the app market place", "/v1/users/vera/access", &["app.view"]),
        ],
    )
}

const SYSTEM_ADMINISTRATOR: &[&str] = &["user.manage", "subscription.manage", "role.manage", "group.manage"];

const DATA_MANAGER: &[&str] = &[
    "folder.create",
    "folder.edit",
    "folder.delete",
    "folder.share",
    "pack.create",
    "pack.view",
    "pack.edit",
    "pack.delete",
    "pack.share",
    "connection.create",
    "connection.edit",
    "connection.delete",
    "connection.share",
];

const DATA_ANALYST: &[&str] = &[
    "folder.create",
    "folder.edit",
    "folder.delete",
    "pack.view",
    "app.create",
    "app.view",
    "app.edit",
    "app.delete",
    "app.share",
];

fn apps() -> Step {
    let app = json!({ "id": "pilsner", "org": "carlsberg", "kind": "app", "name": "Pilsner" });
    let with_all = json!({ "resource": "pilsner", "with": { "org": "carlsberg" }, "level": "view" });
    step(
        13,
        "What a tenant publishes is for that tenant",
        vec![
            makes("ida", "makes an app", app),
            sends("ida", "publishes it in Carlsberg's market place", "share", with_all, Done(&["content.shared"])),
            looks_for("ole", "finds it in the market place", "app", "carlsberg", &["pilsner"]),
            asks(
                "admin",
                "asks whether somebody at Mars sees it",
                may("mara", "view", "app:pilsner"),
                denied("level.missing"),
            ),
        ],
    )
}
