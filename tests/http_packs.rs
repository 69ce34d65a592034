//! What answers over HTTP carry about content from elsewhere: obligations, what a pack is, and marks.

use serde_json::{Value, json};

use crate::support::world::World;

fn question(user: &str, action: &str, kind: &str, id: &str) -> Value {
    json!({"subject": {"type": "user", "id": user}, "action": {"name": action}, "resource": {"type": kind, "id": id}})
}

#[test]
fn an_answer_carries_what_it_obliges_to() {
    let world = World::new();
    let platform = |name, body| world.server.done(&world.platform, name, body);
    let made =
        json!({"id": "drinks", "org": "root", "kind": "pack", "name": "Drinks", "data_permission": "dataset-author"});
    platform("create-resource", made);
    platform("distribute", json!({"resource": "drinks", "to": {"all_orgs": true}}));
    let ask = |token: &str, user: &str, action: &str| {
        let answer =
            world.server.post(token, "/access/v1/evaluation", &question(user, action, "pack", "drinks")).json();
        (answer["decision"].clone(), answer["context"]["obligations"].clone())
    };
    // Helen manages what Educate may use; Mike has nothing before she hands it on, and nothing is told with a denial.
    let permission = json!({"data_permission": "dataset-author"});
    assert_eq!(ask(&world.helen, "helen", "view"), (json!(true), permission.clone()));
    assert_eq!(ask(&world.mike, "mike", "view"), (json!(false), Value::Null));
    world.server.done(&world.helen, "hand-on", json!({"resource": "drinks", "to": {"user": "mike"}}));
    assert_eq!(ask(&world.mike, "mike", "view"), (json!(true), permission));
    // The platform's manager names users that they do not see.
    let rule =
        |users: Value, filter: &str| json!({"resource": "drinks", "org": "educate", "users": users, "filter": filter});
    platform("set-row-rule", rule(json!(["mike"]), "region = 'DK'"));
    let bound = json!({"row_filter": "region = 'DK'", "data_permission": "dataset-author"});
    assert_eq!(ask(&world.mike, "mike", "view"), (json!(true), bound.clone()));
    // Whoever may hear the bare decision alone must heed it as well.
    assert_eq!(ask(&world.service, "mike", "view"), (json!(true), bound));
    platform("set-row-rule", rule(json!([]), "year > 2020"));
    let both = json!({"row_filter": "(region = 'DK') AND (year > 2020)", "data_permission": "dataset-author"});
    assert_eq!(ask(&world.mike, "mike", "view"), (json!(true), both));
    let pack = world.server.get(&world.mike, "/v1/resources/drinks").json();
    assert_eq!((&pack["data_permission"], &pack["data_source"]), (&json!("dataset-author"), &json!({"file": true})));
}

#[test]
fn what_is_seen_by_both_rights_is_marked() {
    let world = World::new();
    let educate = |name, body| world.server.done(&world.helen, name, body);
    educate("define-role", json!({"id": "guest-e", "org": "educate", "name": "guest"}));
    educate("create-resource", json!({"id": "rates", "org": "educate", "kind": "dataset", "name": "Rates"}));
    world.server.done(&world.platform, "associate-sub-tenant", json!({"master": "educate", "sub": "kickstart"}));
    let org = world.server.get(&world.nora, "/v1/orgs/kickstart").json();
    assert_eq!(org["master"], "educate");
    let searched = |token: &str, user: &str| {
        let mut search = question(user, "view", "dataset", "");
        search["context"] = json!({"acting_org": "kickstart"});
        world.server.post(token, "/access/v1/search/resource", &search).json()["results"].clone()
    };
    assert_eq!(searched(&world.fay, "fay"), json!([]));
    // Fay, at home in Kickstart, becomes administrator of both.
    let nora = |name, body| world.server.done(&world.nora, name, body);
    nora("retype-subscription", json!({"org": "kickstart", "user": "fay", "user_type": "administrator"}));
    nora("grant-privileges", json!({"org": "kickstart", "user": "fay", "privileges": ["content.manage"]}));
    educate("retype-subscription", json!({"org": "educate", "user": "fay", "user_type": "administrator"}));
    educate("grant-privileges", json!({"org": "educate", "user": "fay", "privileges": ["content.manage"]}));
    let marked = json!([{"type": "dataset", "id": "rates", "properties": {"through": "reach.association_admin"}}]);
    assert_eq!(searched(&world.fay, "fay"), marked);
    educate("share", json!({"resource": "rates", "with": {"role": "guest"}, "level": "view"}));
    nora("define-role", json!({"id": "guest-k", "org": "kickstart", "name": "Guest"}));
    nora("assign-role", json!({"role": "guest-k", "users": ["fay"]}));
    assert_eq!(searched(&world.fay, "fay"), json!([{"type": "dataset", "id": "rates"}]));
}

/// Who is told what of a pack: whoever gives it to tenants, whoever manages what a tenant may use, nobody else.
#[test]
fn what_tenants_may_use_is_read_by_those_whom_it_concerns() {
    let world = World::new();
    let platform = |name, body| drop(world.server.done(&world.platform, name, body));
    platform("create-resource", json!({"id": "shop", "org": "root", "kind": "folder", "name": "Shop"}));
    for pack in ["drinks", "snacks"] {
        platform("create-resource", json!({"id": pack, "org": "root", "kind": "pack", "name": pack, "parent": "shop"}));
    }
    let to = |pack: &str, to: Value| json!({"resource": pack, "to": to});
    platform("distribute", to("drinks", json!({"org": "educate"})));
    platform("distribute", to("drinks", json!({"org": "kickstart"})));
    platform("distribute", to("snacks", json!({"all_orgs": true})));
    let rule = |org: &str, users: Value, filter: &str| json!({"resource": "drinks", "org": org, "users": users, "filter": filter});
    platform("set-row-rule", rule("educate", json!(["mike"]), "region = 'DK'"));
    platform("set-row-rule", rule("kickstart", json!([]), "year > 2020"));
    world.server.done(&world.helen, "define-role", json!({"id": "buyers", "org": "educate", "name": "Buyers"}));
    world.server.done(&world.helen, "hand-on", to("drinks", json!({"user": "mike"})));
    world.server.done(&world.helen, "hand-on", to("drinks", json!({"role": "buyers"})));
    world.server.done(&world.nora, "hand-on", to("drinks", json!({"user": "fay"})));
    let read = |token: &str, path: &str| {
        let answer = world.server.get(token, &format!("/v1/{path}"));
        let told = |item: &Value| {
            let who = item.get("to").or_else(|| item.get("of")).unwrap();
            let (kind, id) = who.as_object().unwrap().iter().next().unwrap();
            let id = id.as_str().map_or(String::new(), |id| format!(" {id}"));
            let resource = item["resource"]["id"].as_str().map_or(String::new(), |id| format!("{id}: "));
            let valid = if item["valid"] == false { " no more" } else { "" };
            let filter = item["filter"].as_str().map_or(String::new(), |filter| format!(": {filter}"));
            format!("{resource}{kind}{id}{valid}{filter}")
        };
        match answer.json()["items"].as_array() {
            Some(items) => items.iter().map(told).collect::<Vec<_>>().join("; "),
            None => answer.outcome(),
        }
    };
    let (platform_reads, helen, nora) = (&*world.platform, &*world.helen, &*world.nora);
    let drinks = "resources/drinks/distributions";
    assert_eq!(read(platform_reads, drinks), "org kickstart; org educate");
    assert_eq!(read(helen, drinks), "org educate");
    assert_eq!(read(nora, drinks), "org kickstart");
    assert_eq!(read(helen, "resources/snacks/distributions"), "all_orgs");
    assert_eq!(read(&world.mike, drinks), "404 not_found", "he sees the pack and none of this");
    assert_eq!(read(&world.sam, drinks), "404 not_found");
    let handed = "resources/drinks/hand-ons";
    assert_eq!(read(helen, handed), "user mike; role buyers");
    assert_eq!(read(nora, handed), "user fay");
    assert_eq!(
        read(platform_reads, handed),
        "user fay; user mike; role buyers",
        "who audits the tenants sees their people"
    );
    let rules = "resources/drinks/row-rules";
    assert_eq!(read(platform_reads, rules), "org kickstart: year > 2020; user mike: region = 'DK'");
    assert_eq!(read(helen, rules), "user mike: region = 'DK'");
    assert_eq!(read(nora, rules), "org kickstart: year > 2020");
    assert_eq!(read(helen, "orgs/educate/distributions"), "drinks: org educate; snacks: all_orgs");
    assert_eq!(read(platform_reads, "orgs/educate/distributions"), "drinks: org educate; snacks: all_orgs");
    for nobody in [&world.mike, &world.fay, &world.nora] {
        assert_eq!(read(nobody, "orgs/educate/distributions"), "404 not_found");
    }
    // Page by page, and as it was.
    let first = world.server.get(helen, "/v1/orgs/educate/distributions?limit=1").json();
    let next = format!("orgs/educate/distributions?limit=1&cursor={}", first["next_cursor"].as_str().unwrap());
    assert_eq!(read(helen, &next), "snacks: all_orgs");
    let before = world.server.node.live().position();
    platform("undistribute", to("drinks", json!({"org": "educate"})));
    platform("distribute", to("drinks", json!({"org": "educate"})));
    assert_eq!(read(helen, handed), "user mike no more; role buyers no more");
    assert_eq!(read(helen, &format!("{handed}?as_of={before}")), "user mike; role buyers");
    platform("undistribute", to("drinks", json!({"org": "educate"})));
    assert_eq!(read(helen, &format!("{handed}?as_of={before}")), "404 not_found", "who is shut out reads no yesterday");
    assert_eq!(read(helen, "orgs/educate/distributions"), "snacks: all_orgs");
}
