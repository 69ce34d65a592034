//! Nobody is locked out, and the last `landlord.manage` stays with the child.

use serde_json::json;
use tenure_events::Event;
use tenure_events::data::{Subscription, SubscriptionGranted};

use super::{global_role, subscribe};
use crate::support::given::{RUN, given};
use crate::support::memory::{World, id};

/// A platform whose only manager is `admin`, with `top`, run by `tess`, and below it `low`, which has nobody of its own.
fn tower() -> World {
    let mut w = World::with(|_| {});
    w.must("admin", "create-org", json!({"id": "top", "name": "top", "admin": {"id": "tess", "name": "T"}}));
    w.must("admin", "create-org", json!({"id": "low", "name": "low", "parent": "top"}));
    w
}

fn user(id: &str, org: &str, privileges: &[&str]) -> serde_json::Value {
    json!({"id": id, "org": org, "name": id, "user_type": "administrator", "privileges": privileges})
}

#[test]
fn the_last_who_can_run_the_platform() {
    let mut w = tower();
    w.must_not("admin", "disable-user", json!({"user": "admin"}), "org.locked_out");
    w.must_not("admin", "erase-user", json!({"user": "admin", "confirmation": "permanently erase"}), "org.locked_out");
    w.must_not(
        "admin",
        "revoke-privileges",
        json!({"org": "root", "user": "admin", "privileges": ["user.manage"]}),
        "org.locked_out",
    );
    w.must_not(
        "admin",
        "retype-subscription",
        json!({"org": "root", "user": "admin", "user_type": "viewer"}),
        "org.locked_out",
    );
    w.must("admin", "create-user", user("eve", "root", &RUN));
    w.must("admin", "revoke-privileges", json!({"org": "root", "user": "admin", "privileges": ["user.manage"]}));
    w.must_not("eve", "disable-user", json!({"user": "eve"}), "org.locked_out");
}

#[test]
fn excluding_the_landlord_with_the_last_keeper() {
    let mut w = given();
    w.must("kate", "create-user", user("gus", "kick", &["landlord.manage"]));
    w.must("kate", "revoke-privileges", json!({"org": "kick", "user": "kate", "privileges": ["role.manage"]}));
    w.must_not("gus", "exclude-landlord", json!({"org": "kick"}), "org.locked_out");
    w.must("shaun", "admit-landlord", json!({"org": "shut"}));
    w.must("shaun", "disable-user", json!({"user": "shaun"}));
}

#[test]
fn a_successor_runs_the_org_on() {
    let mut w = given();
    w.must("shaun", "create-user", user("sam", "shut", &[]));
    let mut erase = json!({"user": "shaun", "confirmation": "permanently erase"});
    w.must_not("shaun", "erase-user", erase.clone(), "org.locked_out");
    erase["successor"] = json!("sam");
    w.must("shaun", "erase-user", erase);
    assert!(RUN.iter().all(|privilege| w.holds("sam", privilege, "shut")));
}

/// Whoever keeps an org from above is shut out of what lies below an org that excludes them.
#[test]
fn excluding_the_landlord_over_an_org_without_a_keeper() {
    let mut w = tower();
    w.must("tess", "revoke-privileges", json!({"org": "top", "user": "tess", "privileges": ["org.manage"]}));
    w.must_not("tess", "exclude-landlord", json!({"org": "top"}), "org.locked_out");
}

/// Admitted until a time is excluded from then on.
#[test]
fn admitting_for_a_while_without_a_keeper() {
    let mut w = given();
    let until = |until: &str| json!({"org": "shut", "until": until});
    w.must("shaun", "create-user", user("sam", "shut", &["landlord.manage"]));
    w.must("shaun", "admit-landlord", json!({"org": "shut"}));
    w.must("shaun", "disable-user", json!({"user": "shaun"}));
    w.must_not("sam", "admit-landlord", until("2026-03-02T09:00:00Z"), "org.locked_out");
}

/// `mid`, run by `meg` and shut to its landlord, and below it `leaf`, which has nobody of its own.
fn shut_tower() -> World {
    let mut w = tower();
    w.must("admin", "create-org", json!({"id": "mid", "name": "mid", "admin": {"id": "meg", "name": "M"}}));
    w.must("admin", "create-org", json!({"id": "leaf", "name": "leaf", "parent": "mid"}));
    w.must("meg", "exclude-landlord", json!({"org": "mid"}));
    w
}

/// In an org that is closed nobody manages what lies below.
#[test]
fn closing_the_org_of_the_last_manager() {
    let mut w = shut_tower();
    let revoke = || json!({"org": "mid", "user": "meg", "privileges": ["org.manage"]});
    w.must_not("meg", "revoke-privileges", revoke(), "org.locked_out");
    w.must_not("admin", "disable-org", json!({"org": "mid"}), "org.locked_out");
    w.must("meg", "disable-org", json!({"org": "leaf"}));
    w.must("admin", "disable-org", json!({"org": "mid"}));
}

/// Closing an org takes its users' standing everywhere.
#[test]
fn closing_the_home_of_the_last_manager() {
    let mut w = shut_tower();
    let subscription = Subscription {
        user_type: id("administrator"),
        privileges: vec![id("org.manage")],
        valid_from: None,
        valid_until: None,
    };
    w.fact("mid", Event::SubscriptionGranted(SubscriptionGranted { user: id("tess"), org: id("mid"), subscription }));
    w.must("meg", "revoke-privileges", json!({"org": "mid", "user": "meg", "privileges": ["org.manage"]}));
    w.must_not("admin", "disable-org", json!({"org": "top"}), "org.locked_out");
}

#[test]
fn a_global_role_that_keeps_orgs() {
    let mut w = World::with(|settings| settings.roles_need_membership = false);
    global_role(&mut w, "keepers", &RUN, "admin");
    w.must("admin", "create-org", json!({"id": "new", "name": "new"}));
    w.must("admin", "revoke-privileges", json!({"org": "root", "user": "admin", "privileges": RUN}));
    w.must_not("admin", "change-role", json!({"role": "keepers", "privileges": []}), "org.locked_out");
    w.must_not("admin", "delete-role", json!({"role": "keepers"}), "org.locked_out");
    w.must_not("admin", "unassign-role", json!({"role": "keepers", "users": ["admin"]}), "org.locked_out");
}

/// An org begins with somebody who can run it for good, and so it does when it opens again.
#[test]
fn an_org_made_by_a_manager_for_a_while() {
    let mut w = shut_tower();
    w.must("meg", "create-user", user("lou", "mid", &[]));
    w.must("meg", "define-role", json!({"id": "makers", "org": "mid", "name": "makers", "privileges": ["org.manage"]}));
    w.must("meg", "assign-role", json!({"role": "makers", "users": ["lou"], "valid_until": "2026-04-01T00:00:00Z"}));
    w.must("meg", "disable-org", json!({"org": "leaf"}));
    w.must("meg", "revoke-privileges", json!({"org": "mid", "user": "meg", "privileges": ["org.manage"]}));
    w.must_not("lou", "create-org", json!({"name": "x", "parent": "mid"}), "org.locked_out");
    w.must_not("lou", "enable-org", json!({"org": "leaf"}), "org.locked_out");
    // Whom it begins with they make for good, as they manage nothing.
    let people = json!({"name": "x", "parent": "mid", "admin": {"name": "X"}});
    w.must_not("lou", "create-org", people, "delegation.outlasts");
}

#[test]
fn the_last_landlord_manage_is_the_childs() {
    let mut w = given();
    w.must("tim", "grant-subscriptions", subscribe("learn", "tim", "administrator", json!(RUN)));
    w.must_not(
        "tim",
        "revoke-privileges",
        json!({"org": "learn", "user": "liz", "privileges": ["landlord.manage"]}),
        "landlord.last",
    );
    w.must_not("tim", "disable-user", json!({"user": "liz"}), "landlord.last");
    w.must_not(
        "tim",
        "retype-subscription",
        json!({"org": "learn", "user": "liz", "user_type": "viewer"}),
        "landlord.last",
    );
    w.must("liz", "revoke-privileges", json!({"org": "learn", "user": "liz", "privileges": ["landlord.manage"]}));
}
