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
