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
    let leo = json!({"id": "leo", "org": "learn", "name": "L", "user_type": "administrator"});
    w.must("liz", "create-user", leo);
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
        ("share", json!({"resource": "shipped", "with": {"org": "learn"}, "level": "view"})),
        ("erase-user", json!({"user": "liz", "confirmation": "permanently erase", "successor": "leo"})),
    ] {
        assert!(w.give("admin", name, &arguments).is_err(), "{name} in an archived org");
    }
    assert_eq!(w.position(), before, "what is refused writes nothing");
    w.must("admin", "erase-user", json!({"user": "liz", "confirmation": "permanently erase"}));
    w.must("admin", "create-org", json!({"id": "again", "name": "LEARN"}));
}

/// Nobody in it can do so any more: who manages the org from above forgets its people, whom they need not manage.
#[test]
fn the_people_of_an_archived_org_are_forgotten_by_who_manages_it() {
    let erase = || json!({"user": "shaun", "confirmation": "permanently erase"});
    let mut w = given();
    w.must_not("admin", "erase-user", erase(), "user.unknown");
    w.must("shaun", "admit-landlord", json!({"org": "shut"}));
    w.must("admin", "disable-org", json!({"org": "shut"}));
    w.must_not("admin", "erase-user", erase(), "privilege.not_held");
    w.must("admin", "archive-org", json!({"org": "shut", "confirmation": "permanently archive"}));
    w.must_not("svc", "erase-user", erase(), "user.unknown");
    w.must("tim", "erase-user", erase());
    w.must_not("tim", "erase-user", erase(), "user.unknown");
}

/// Managing an org from above is no managing of its users, closed for a while or not.
#[test]
fn the_people_of_a_disabled_org_are_erased_by_nobody() {
    let mut w = given();
    let enters =
        json!({"org": "kick", "users": ["tim"], "user_type": "administrator", "privileges": ["subscription.manage"]});
    w.must("tim", "grant-subscriptions", enters);
    let erase = || json!({"user": "ken", "confirmation": "permanently erase"});
    w.must_not("tim", "erase-user", erase(), "privilege.not_held");
    w.must("tim", "disable-org", json!({"org": "kick"}));
    w.must_not("tim", "erase-user", erase(), "privilege.not_held");
}
