//! Who gets what from every route and command: one table, approved as a whole.
//!
//! Commands are dry runs, so every cell is asked of the same world. A route or command without a row fails the test,
//! and so does a row for one that is not there.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};
use tenure::command;

use crate::support::server::{Answer, bearer};
use crate::support::snapshots;
use crate::support::world::World;

/// The route, where it is tried, and with which body.
type Row = (&'static str, &'static str, Option<Value>);

#[test]
fn access_matrix() {
    let world = World::new();
    drinks(&world);
    let people = [
        ("platform", &*world.platform),
        ("service", &world.service),
        ("helen", &world.helen),
        ("mike", &world.mike),
        ("fay", &world.fay),
        ("nora", &world.nora),
        ("sam", &world.sam),
        ("dora", &world.dora),
        ("nobody", ""),
    ];
    let mut table = format!("{:<74}", "");
    people.iter().for_each(|(name, _)| write!(table, "{name:>13}").unwrap());
    table.push('\n');
    for (route, path, body) in rows() {
        write!(table, "{:<74}", label(route, path, body.as_ref())).unwrap();
        for (_, token) in people {
            let answer = ask(&world, token, route, path, body.as_ref());
            write!(table, "{:>13}", cell(route, &answer)).unwrap();
        }
        table.push('\n');
    }
    snapshots().bind(|| insta::assert_snapshot!("access-matrix", table));
}

#[test]
fn the_matrix_covers_every_route_and_command() {
    let rows: BTreeSet<String> = rows().into_iter().map(|(route, ..)| route.to_owned()).collect();
    let routes = tenure::http::routes();
    let mut there: BTreeSet<String> = routes.iter().map(|route| route.path.to_owned()).collect();
    there.remove("/v1/commands/{name}");
    there.extend(command::names().map(str::to_owned));
    assert_eq!(there.difference(&rows).collect::<Vec<_>>(), Vec::<&String>::new(), "without a row");
    assert_eq!(rows.difference(&there).collect::<Vec<_>>(), Vec::<&String>::new(), "not there");
}

/// A pack that `educate` may use, with a rule for Mike, to whom it is handed on; and an issuer for those of `educate`.
fn drinks(world: &World) {
    let platform = |name, body| world.server.done(&world.platform, name, body);
    platform("create-resource", json!({"id": "drinks", "org": "root", "kind": "pack", "name": "Drinks"}));
    platform("distribute", json!({"resource": "drinks", "to": {"org": "educate"}}));
    world.server.done(&world.helen, "hand-on", json!({"resource": "drinks", "to": {"user": "mike"}}));
    let rule = json!({"resource": "drinks", "org": "educate", "users": ["mike"], "filter": "region = 'DK'"});
    platform("set-row-rule", rule);
    let issuer = json!({"id": ISSUER, "org": "educate", "issuer": "https://educate.example.org"});
    platform("register-issuer", trusted(issuer));
}

/// The route, and where it is tried.
fn label(route: &str, path: &str, body: Option<&Value>) -> String {
    let text = |pointer: &str| body.and_then(|body| body.pointer(pointer)).and_then(Value::as_str).unwrap_or("any");
    if route.starts_with("/access") {
        let [user, action] = ["/subject/id", "/action/name"].map(text);
        let [kind, id] = ["/resource/type", "/resource/id"].map(text);
        return format!("{route}: {user} {action} {kind} {id}");
    }
    if route == "/v1/evidence" {
        return format!("{route}: {} of {}", text("/evaluation/subject/id"), text("/complete/0"));
    }
    if route == path { route.to_owned() } else { format!("{route}: {path}") }
}

fn ask(world: &World, token: &str, route: &str, path: &str, body: Option<&Value>) -> Answer {
    let token = bearer(token);
    let headers = [("Authorization", &*token), ("Content-Type", "application/json")];
    let server = &world.server;
    // No stream ends by itself: it is asked for an event that cannot be, and answers that or why not.
    let headers = match route {
        "/v1/events/stream" => vec![headers[0], ("Last-Event-ID", "none")],
        _ => headers.to_vec(),
    };
    match body {
        None => server.send("GET", path, &headers, None),
        Some(body) if route.starts_with('/') => server.send("POST", path, &headers, Some(body.to_string().as_bytes())),
        Some(body) => {
            let path = format!("/v1/commands/{route}?dry_run=true");
            let body = body.to_string().replace(MIKES_KEY, &world.mikes_key);
            server.send("POST", &path, &headers, Some(body.as_bytes()))
        }
    }
}

/// Signs the people of `educate` in.
const ISSUER: &str = "educate-idp";

/// Stands for the key that the user has.
const MIKES_KEY: &str = "KEY-OF-MIKE";

/// Status, and how much there was, or what was decided.
fn cell(route: &str, answer: &Answer) -> String {
    if answer.status != 200 || !route.starts_with('/') {
        return answer.status.to_string();
    }
    let Ok(body) = serde_json::from_str::<Value>(&answer.text) else { return "200".to_owned() };
    let count = |list: &Value| list.as_array().map(Vec::len);
    if let Some(decision) = body["decision"].as_bool() {
        let code = body["context"]["reasons"][0]["code"].as_str();
        let not_permitted = code == Some("caller.not_permitted");
        return if not_permitted {
            "may not ask"
        } else if decision {
            "allow"
        } else {
            "deny"
        }
        .to_owned();
    }
    match count(&body["items"]).or(count(&body["results"])).or(count(&body["evaluations"])) {
        Some(count) => format!("200 of {count}"),
        None => "200".to_owned(),
    }
}

fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = READS.iter().map(|(route, path)| (*route, *path, None)).collect();
    rows.extend(checks());
    // The secret is the credential, whoever sends it.
    rows.push(("/v1/enrol", "/v1/enrol", Some(json!({"enrolment_secret": "none"}))));
    rows.extend(commands());
    rows
}

const READS: &[(&str, &str)] = &[
    ("/healthz", "/healthz"),
    ("/readyz", "/readyz"),
    ("/openapi.json", "/openapi.json"),
    ("/.well-known/authzen-configuration", "/.well-known/authzen-configuration"),
    ("/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource"),
    ("/v1/login", "/v1/login"),
    ("/v1/whoami", "/v1/whoami"),
    ("/v1/catalogue", "/v1/catalogue"),
    ("/v1/settings", "/v1/settings"),
    ("/v1/tenant-permissions", "/v1/tenant-permissions"),
    ("/v1/orgs", "/v1/orgs"),
    ("/v1/orgs/{org}", "/v1/orgs/root"),
    ("/v1/orgs/{org}", "/v1/orgs/educate"),
    ("/v1/orgs/{org}", "/v1/orgs/nowhere"),
    ("/v1/orgs/{org}/children", "/v1/orgs/root/children"),
    ("/v1/orgs/{org}/users", "/v1/orgs/educate/users"),
    ("/v1/orgs/{org}/subscriptions", "/v1/orgs/educate/subscriptions"),
    ("/v1/orgs/{org}/roles", "/v1/orgs/educate/roles"),
    ("/v1/orgs/{org}/groups", "/v1/orgs/educate/groups"),
    ("/v1/issuers", "/v1/issuers"),
    ("/v1/orgs/{org}/environments", "/v1/orgs/educate/environments"),
    ("/v1/orgs/{org}/resources", "/v1/orgs/educate/resources"),
    ("/v1/orgs/{org}/distributions", "/v1/orgs/educate/distributions"),
    ("/v1/orgs/{org}/history", "/v1/orgs/educate/history"),
    ("/v1/orgs/{org}/from-outside", "/v1/orgs/educate/from-outside"),
    ("/v1/users/{user}", "/v1/users/mike"),
    ("/v1/users/{user}", "/v1/users/fay"),
    ("/v1/users/{user}", "/v1/users/nowhere"),
    ("/v1/users/{user}/orgs", "/v1/users/mike/orgs"),
    ("/v1/users/{user}/orgs", "/v1/users/fay/orgs"),
    ("/v1/users/{user}/subscriptions", "/v1/users/fay/subscriptions"),
    ("/v1/users/{user}/access", "/v1/users/mike/access"),
    ("/v1/users/{user}/keys", "/v1/users/mike/keys"),
    ("/v1/users/{user}/history", "/v1/users/mike/history"),
    ("/v1/groups/{id}", "/v1/groups/team"),
    ("/v1/groups/{id}", "/v1/groups/world"),
    ("/v1/groups/{id}/history", "/v1/groups/team/history"),
    ("/v1/roles/{id}", "/v1/roles/readers"),
    ("/v1/roles/{id}/history", "/v1/roles/readers/history"),
    ("/v1/resources/{id}", "/v1/resources/scores"),
    ("/v1/resources/{id}", "/v1/resources/secret"),
    ("/v1/resources/{id}", "/v1/resources/nowhere"),
    ("/v1/resources/{id}/contents", "/v1/resources/folder/contents"),
    ("/v1/resources/{id}/shares", "/v1/resources/scores/shares"),
    ("/v1/resources/{id}/distributions", "/v1/resources/scores/distributions"),
    ("/v1/resources/{id}/distributions", "/v1/resources/drinks/distributions"),
    ("/v1/resources/{id}/hand-ons", "/v1/resources/drinks/hand-ons"),
    ("/v1/resources/{id}/row-rules", "/v1/resources/drinks/row-rules"),
    ("/v1/resources/{id}/access", "/v1/resources/scores/access"),
    ("/v1/resources/{id}/history", "/v1/resources/scores/history"),
    ("/v1/environments/{id}/history", "/v1/environments/lab/history"),
    ("/v1/events", "/v1/events?org=educate&limit=1000"),
    ("/v1/events/{position}", "/v1/events/1"),
    ("/v1/events/{position}", "/v1/events/999999"),
    ("/v1/events/stream", "/v1/events/stream"),
    ("/v1/orgs/{org}/proof", "/v1/orgs/educate/proof"),
    ("/v1/log/checkpoint", "/v1/log/checkpoint"),
    ("/v1/log/keys", "/v1/log/keys"),
    ("/v1/log/tile/{*path}", "/v1/log/tile/0/000.p/1"),
    ("/v1/log/proof/inclusion", "/v1/log/proof/inclusion?position=1"),
    ("/v1/log/proof/consistency", "/v1/log/proof/consistency?from=1"),
    ("/v1/diff", "/v1/diff?from=1&org=educate"),
    ("/v1/diff", "/v1/diff?from=1&user=mike"),
    ("/v1/reports", "/v1/reports"),
    ("/v1/reports/{name}", "/v1/reports/entitlements?org=educate"),
    ("/v1/reports/{name}", "/v1/reports/person?user=mike"),
    ("/v1/reports/{name}", "/v1/reports/access?resource=scores"),
];

fn checks() -> Vec<Row> {
    let question = |user: &str, action: &str, kind: &str, id: &str| {
        let subject = json!({"type": "user", "id": user});
        json!({"subject": subject, "action": {"name": action}, "resource": {"type": kind, "id": id}})
    };
    let one = "/access/v1/evaluation";
    let mut rows: Vec<Row> = [
        question("mike", "view", "chart", "scores"),
        question("mike", "view", "chart", "nowhere"),
        question("mike", "view", "org", "educate"),
        question("sam", "view", "chart", "scores"),
        question("nobody", "view", "chart", "scores"),
        question("mike", "chart.share", "environment", "lab"),
    ]
    .into_iter()
    .map(|question| (one, "", Some(question)))
    .collect();
    rows.push((
        "/access/v1/evaluations",
        "",
        Some(with(question("fay", "view", "org", "educate"), json!({"evaluations": [{}]}))),
    ));
    rows.push(("/access/v1/search/subject", "", Some(question("", "view", "chart", "scores"))));
    rows.push(("/access/v1/search/resource", "", Some(question("mike", "view", "chart", ""))));
    rows.push(("/access/v1/search/action", "", Some(question("mike", "", "chart", "scores"))));
    for (user, org) in [("mike", "educate"), ("mike", "nowhere"), ("fay", "kickstart")] {
        let wanted = json!({"evaluation": question(user, "view", "chart", "scores"), "complete": [org]});
        rows.push(("/v1/evidence", "", Some(wanted)));
    }
    rows.into_iter().map(|(route, _, body)| (route, route, body)).collect()
}

fn commands() -> Vec<Row> {
    let org = || json!({"org": "educate"});
    let mike = || json!({"user": "mike"});
    let member = |more: Value| with(json!({"org": "educate", "user": "fay"}), more);
    let scores = |more: Value| with(json!({"resource": "scores"}), more);
    let identity = |subject: &str| json!({"user": "mike", "issuer": "https://idp.example", "subject": subject});
    let rows = [
        ("create-org", json!({"name": "New", "parent": "educate"})),
        ("rename-org", with(org(), json!({"name": "Other"}))),
        ("describe-org", with(org(), json!({"description": "d"}))),
        ("tag-org", with(org(), json!({"tags": ["t"]}))),
        ("move-org", json!({"org": "educate", "parent": "kickstart"})),
        ("disable-org", org()),
        ("enable-org", org()),
        ("archive-org", with(org(), json!({"confirmation": "permanently archive"}))),
        ("exclude-landlord", org()),
        ("admit-landlord", org()),
        ("confirm-credentials", json!({"org": "educate", "users": ["mike"]})),
        ("create-user", json!({"org": "educate", "name": "N", "user_type": "viewer"})),
        ("change-profile", with(mike(), json!({"name": "M"}))),
        ("disable-user", mike()),
        ("enable-user", json!({"user": "dora"})),
        ("erase-user", with(mike(), json!({"confirmation": "permanently erase"}))),
        ("reset-credential", mike()),
        ("enrol", json!({"user": "mike", "key": "k", "name": "k"})),
        ("record-sign-in", mike()),
        ("link-identity", identity("new")),
        ("unlink-identity", identity("m")),
        ("select-active-org", json!({"user": "fay", "org": "educate"})),
        ("create-group", json!({"org": "educate", "name": "New"})),
        ("rename-group", json!({"group": "team", "name": "Other"})),
        ("delete-group", json!({"group": "team"})),
        ("add-group-members", json!({"group": "team", "users": ["helen"]})),
        ("remove-group-members", json!({"group": "team", "users": ["mike"]})),
        ("sync-group", json!({"group": "world", "users": ["admin"]})),
        ("invite-group", json!({"group": "team", "org": "educate", "privileges": []})),
        ("uninvite-group", json!({"group": "team", "org": "educate", "environment": "lab"})),
        ("grant-tenant-permission", json!({"group": "world", "permission": "manage-organizations"})),
        ("revoke-tenant-permission", json!({"group": "world", "permission": "manage-organizations"})),
        ("link-environment", json!({"org": "educate", "name": "New"})),
        ("unlink-environment", json!({"environment": "lab"})),
        ("grant-subscriptions", json!({"org": "educate", "users": ["fay"], "user_type": "viewer", "privileges": []})),
        ("withdraw-subscription", member(json!({}))),
        ("retype-subscription", member(json!({"user_type": "member"}))),
        ("extend-subscription", member(json!({"valid_until": "2999-01-01T00:00:00Z"}))),
        ("grant-privileges", json!({"org": "educate", "user": "mike", "privileges": ["chart.share"]})),
        ("revoke-privileges", json!({"org": "educate", "user": "mike", "privileges": ["chart.edit"]})),
        ("define-role", json!({"org": "educate", "name": "New"})),
        ("change-role", json!({"role": "readers", "name": "Other"})),
        ("delete-role", json!({"role": "readers"})),
        ("assign-role", json!({"role": "readers", "users": ["helen"], "groups": []})),
        ("unassign-role", json!({"role": "readers", "users": ["mike"], "groups": []})),
        ("create-resource", json!({"org": "educate", "kind": "chart", "name": "New"})),
        ("rename-resource", scores(json!({"name": "Other"}))),
        ("move-resource", scores(json!({}))),
        ("delete-resource", scores(json!({}))),
        ("copy-resource", scores(json!({"into_org": "educate", "name": "Copy"}))),
        ("export-resources", json!({"org": "educate", "resources": ["scores"]})),
        ("import-resources", json!({"org": "educate", "bundle": "x.y.z"})),
        ("share", scores(json!({"with": {"user": "mike"}, "level": "edit"}))),
        ("unshare", scores(json!({"with": {"role": "readers"}}))),
        ("associate-sub-tenant", json!({"master": "kickstart", "sub": "educate"})),
        ("disassociate-sub-tenant", json!({"sub": "educate"})),
        ("distribute", scores(json!({"to": {"all_orgs": true}}))),
        ("undistribute", scores(json!({"to": {"all_orgs": true}}))),
        ("hand-on", scores(json!({"to": {"user": "mike"}}))),
        ("take-back", scores(json!({"to": {"user": "mike"}}))),
        ("set-row-rule", scores(json!({"org": "educate", "filter": "a = 1"}))),
        ("clear-row-rule", scores(json!({"org": "educate"}))),
        ("issue-api-key", with(mike(), json!({"name": "k"}))),
        ("revoke-api-key", json!({"key": MIKES_KEY})),
        ("install-licence", json!({"token": "x"})),
        ("license-org", json!({"org": "educate", "authorisation": "x"})),
        ("configure-login", json!({"org": "educate", "methods": ["account"], "default": "tenant"})),
        ("register-issuer", trusted(json!({"org": "educate", "issuer": "https://new.example.org"}))),
        ("change-issuer", trusted(json!({"id": ISSUER}))),
        ("remove-issuer", json!({"id": ISSUER})),
        (
            "provision-tenant",
            json!({"external_id": "e", "issuer": "i", "name": "New", "admin": {"subject": "s", "name": "N"}}),
        ),
        ("change-settings", json!({"public_folders": true})),
        ("define-privilege", json!({"name": "report.sign"})),
        ("define-user-type", json!({"name": "guest", "ceiling": []})),
        ("define-resource-kind", json!({"name": "story", "actions": ["create"]})),
    ];
    rows.into_iter().map(|(name, body)| (name, name, Some(body))).collect()
}

fn trusted(more: Value) -> Value {
    let keys = json!({"audiences": ["tenure"], "algorithms": ["RS256"], "jwks_uri": "https://keys.example.org"});
    with(keys, more)
}

fn with(mut one: Value, more: Value) -> Value {
    one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    one
}
