//! What an org that is disabled or archived still allows.

use serde_json::json;

use crate::support::given::given;

#[test]
fn nobody_signs_in_while_their_org_is_closed() {
    let mut w = given();
    w.must_not("svc", "record-sign-in", json!({"user": "otto"}), "standing.sign_in_refused");
    w.must("admin", "enable-org", json!({"org": "off"}));
    w.must("svc", "record-sign-in", json!({"user": "otto"}));
}

/// It frees its name, and a person can be forgotten there; nothing else happens in it any more.
#[test]
fn an_archived_org_only_forgets() {
    let mut w = given();
    let member = json!({"org": "learn", "users": ["admin"], "user_type": "administrator", "privileges": "all"});
    w.must("admin", "grant-subscriptions", member);
    w.must("admin", "create-resource", json!({"id": "lesson", "org": "learn", "kind": "folder", "name": "lesson"}));
    w.must("admin", "archive-org", json!({"org": "learn", "confirmation": "permanently archive"}));
    let before = w.position();
    for (name, arguments) in [
        ("rename-org", json!({"org": "learn", "name": "x"})),
        ("tag-org", json!({"org": "learn", "tags": ["x"]})),
        ("enable-org", json!({"org": "learn"})),
        ("move-org", json!({"org": "learn", "parent": "kick"})),
        ("create-org", json!({"name": "x", "parent": "learn"})),
        ("create-user", json!({"org": "learn", "name": "x", "user_type": "viewer"})),
        ("define-role", json!({"org": "learn", "name": "x"})),
        ("create-group", json!({"org": "learn", "name": "x"})),
        ("link-environment", json!({"org": "learn", "name": "x"})),
        ("create-resource", json!({"org": "learn", "kind": "chart", "name": "x"})),
        ("rename-resource", json!({"resource": "lesson", "name": "x"})),
        ("associate-sub-tenant", json!({"master": "kick", "sub": "learn"})),
        ("disable-user", json!({"user": "liz"})),
        ("grant-subscriptions", json!({"org": "learn", "users": ["tim"], "user_type": "viewer", "privileges": []})),
    ] {
        assert!(w.give("admin", name, &arguments).is_err(), "{name} in an archived org");
    }
    assert_eq!(w.position(), before, "what is refused writes nothing");
    w.must("admin", "erase-user", json!({"user": "liz", "confirmation": "permanently erase"}));
    w.must("admin", "create-org", json!({"id": "again", "name": "LEARN"}));
}
