//! What a user type hides stays hidden until somebody who holds it all grants it anew.

use serde_json::json;

use super::{members, subscribe};
use crate::support::given::given;
use crate::support::hub::hub;
use crate::support::memory::World;

/// `learn`, where the team `crew`, `svc` in it, is invited with what runs it, and `svc` is a viewer beside.
fn guest() -> World {
    let mut w = given();
    w.must("admin", "add-group-members", members("crew", "svc"));
    w.must("tim", "grant-subscriptions", subscribe("learn", "tim", "administrator", json!("all")));
    w.must(
        "tim",
        "invite-group",
        json!({"group": "crew", "org": "learn", "privileges": ["user.manage", "chart.edit"]}),
    );
    w.must("liz", "revoke-privileges", json!({"org": "learn", "user": "tim", "privileges": ["role.manage"]}));
    w.must("tim", "grant-subscriptions", subscribe("learn", "svc", "viewer", json!([])));
    assert!(!w.holds("svc", "user.manage", "learn"));
    w
}

#[test]
fn a_membership_that_ends_leaves_its_cap() {
    let mut w = guest();
    w.must("svc", "withdraw-subscription", json!({"org": "learn", "user": "svc"}));
    assert!(!w.holds("svc", "user.manage", "learn"), "withdrawn");
    let mut w = guest();
    w.must("svc", "extend-subscription", json!({"org": "learn", "user": "svc", "valid_until": "2026-03-01T10:00:00Z"}));
    w.pass(7_200);
    assert!(!w.holds("svc", "user.manage", "learn"), "over");
    // Ended and withdrawn, it hides what it hid.
    w.must("svc", "withdraw-subscription", json!({"org": "learn", "user": "svc"}));
    assert!(!w.holds("svc", "user.manage", "learn"));
}

#[test]
fn where_roles_need_no_membership() {
    let mut w = hub();
    w.must("admin", "assign-role", json!({"role": "Administrator@sales", "users": ["cat"]}));
    w.must("admin", "grant-subscriptions", subscribe("sales", "cat", "viewer", json!([])));
    assert!(!w.holds("cat", "user.manage", "sales"));
    w.must("cat", "withdraw-subscription", json!({"org": "sales", "user": "cat"}));
    assert!(!w.holds("cat", "user.manage", "sales"));
    // It binds what was there, and nothing that somebody gives who has it.
    w.must("admin", "assign-role", json!({"role": "Designer@sales", "users": ["cat"]}));
    assert!(w.holds("cat", "chart.edit", "sales") && !w.holds("cat", "user.manage", "sales"));
}

#[test]
fn the_cap_is_lifted_by_who_holds_what_it_hides() {
    for ended in [false, true] {
        let mut w = guest();
        let user = json!({"id": "lou", "org": "learn", "name": "L", "user_type": "administrator", "privileges": ["subscription.manage"]});
        w.must("liz", "create-user", user);
        if ended {
            w.must("svc", "withdraw-subscription", json!({"org": "learn", "user": "svc"}));
        }
        let (name, arguments) = match ended {
            false => ("retype-subscription", json!({"org": "learn", "user": "svc", "user_type": "administrator"})),
            true => ("grant-subscriptions", subscribe("learn", "svc", "administrator", json!([]))),
        };
        if !ended {
            w.must_not("lou", name, arguments.clone(), "delegation.not_held");
            w.must("liz", name, arguments);
        } else {
            w.must("liz", "revoke-privileges", json!({"org": "learn", "user": "tim", "privileges": ["user.manage"]}));
            w.must_not("tim", name, arguments.clone(), "delegation.not_held");
            w.must("liz", "grant-privileges", json!({"org": "learn", "user": "tim", "privileges": ["user.manage"]}));
            w.must("tim", name, arguments);
        }
        assert!(w.holds("svc", "user.manage", "learn"));
    }
}

/// A membership that begins later takes the cap's place, which hides nothing until then.
#[test]
fn a_membership_that_begins_later() {
    let mut w = guest();
    w.must("svc", "withdraw-subscription", json!({"org": "learn", "user": "svc"}));
    w.must("liz", "revoke-privileges", json!({"org": "learn", "user": "tim", "privileges": ["user.manage"]}));
    let mut later = subscribe("learn", "svc", "viewer", json!([]));
    w.must("tim", "grant-subscriptions", later.clone());
    w.must("svc", "withdraw-subscription", json!({"org": "learn", "user": "svc"}));
    later["valid_from"] = json!("2026-03-05T09:00:00Z");
    w.must_not("tim", "grant-subscriptions", later, "delegation.not_held");
}

/// Invited anew, with less even, a team would have what an ended membership hides.
#[test]
fn an_invitation_made_anew() {
    let mut w = guest();
    w.must("svc", "withdraw-subscription", json!({"org": "learn", "user": "svc"}));
    w.must("liz", "revoke-privileges", json!({"org": "learn", "user": "tim", "privileges": ["user.manage"]}));
    let less = json!({"group": "crew", "org": "learn", "privileges": ["user.manage"]});
    w.must_not("tim", "invite-group", less.clone(), "delegation.not_held");
    w.must("liz", "grant-privileges", json!({"org": "learn", "user": "tim", "privileges": ["user.manage"]}));
    w.must("tim", "invite-group", less);
    assert!(w.holds("svc", "user.manage", "learn"));
}

#[test]
fn a_ceiling_is_raised_for_those_who_left_as_well() {
    let mut w = guest();
    w.must("svc", "withdraw-subscription", json!({"org": "learn", "user": "svc"}));
    w.must("liz", "revoke-privileges", json!({"org": "learn", "user": "tim", "privileges": ["user.manage"]}));
    let raised = json!({"name": "viewer", "ceiling": ["user.manage"]});
    w.must_not("tim", "define-user-type", raised, "delegation.not_held");
    w.must("tim", "define-user-type", json!({"name": "viewer", "ceiling": ["audit.read"]}));
}

/// Laying a cap on somebody takes away what it hides: that is theirs to do who could take it away otherwise.
#[test]
fn a_cap_is_laid_by_who_may_take_away() {
    let mut w = hub();
    let user = json!({"id": "lou", "org": "sales", "name": "L", "user_type": "administrator", "privileges": ["subscription.manage"]});
    w.must("admin", "create-user", user);
    w.must("admin", "grant-subscriptions", subscribe("sales", "ann", "member", json!([])));
    w.must("admin", "assign-role", json!({"role": "system-administrator", "org": "global", "users": ["ann"]}));
    let retype = json!({"org": "sales", "user": "ann", "user_type": "viewer"});
    w.must_not("lou", "retype-subscription", retype.clone(), "privilege.not_held");
    w.must("sid", "retype-subscription", retype);
}
