//! Row rules belong to the level that a path gives, and to authority over a person.

use serde_json::{Value, json};

use super::subscribe;
use crate::support::given::given;
use crate::support::memory::World;

/// `drinks`, a pack of the platform that `kick` may use. A rule binds `kate`, who runs `kick`; `gus` runs it too, and
/// sees all rows.
fn bound() -> World {
    let mut w = given();
    w.must("admin", "create-resource", json!({"id": "drinks", "org": "root", "kind": "pack", "name": "drinks"}));
    w.must("admin", "distribute", json!({"resource": "drinks", "to": {"org": "kick"}}));
    let gus = json!({"id": "gus", "org": "kick", "name": "G", "user_type": "administrator", "privileges": "all"});
    w.must("kate", "create-user", gus);
    rule(&mut w, &["kate"], "region = 'DK'");
    w
}

fn rule(w: &mut World, users: &[&str], filter: &str) {
    w.must("admin", "set-row-rule", json!({"resource": "drinks", "org": "kick", "users": users, "filter": filter}));
}

fn user(id: &str, privileges: Value) -> Value {
    json!({"id": id, "org": "kick", "name": id, "user_type": "administrator", "privileges": privileges})
}

#[test]
fn whoever_is_bound_makes_nobody_who_sees_more() {
    let mut w = bound();
    w.must_not("kate", "create-user", user("spy", json!(["user.manage", "pack.share"])), "delegation.rows_not_held");
    w.must("kate", "create-user", user("spy", json!(["user.manage"])));
    let share = json!({"org": "kick", "user": "spy", "privileges": ["pack.share"]});
    w.must_not("kate", "grant-privileges", share.clone(), "delegation.rows_not_held");
    let role = json!({"id": "seer", "org": "kick", "name": "s", "privileges": ["user.manage", "pack.share"]});
    w.must_not("kate", "define-role", role.clone(), "delegation.rows_not_held");
    w.must("gus", "define-role", role);
    w.must_not("kate", "assign-role", json!({"role": "seer", "users": ["spy"]}), "delegation.rows_not_held");
    w.must_not(
        "kate",
        "hand-on",
        json!({"resource": "drinks", "org": "kick", "to": {"user": "ken"}}),
        "delegation.rows_not_held",
    );
    // Bound alike, they see no more.
    rule(&mut w, &["spy"], "region = 'DK'");
    w.must("kate", "grant-privileges", share);
    // A rule for the tenant binds whomever it has.
    let mut w = bound();
    w.must("admin", "clear-row-rule", json!({"resource": "drinks", "org": "kick", "users": ["kate"]}));
    rule(&mut w, &[], "region = 'DK'");
    w.must("kate", "create-user", user("spy", json!(["user.manage", "pack.share"])));
}

#[test]
fn whoever_is_bound_takes_no_credential_of_who_is_not() {
    let wishes = [
        ("reset-credential", json!({"user": "gus"})),
        ("issue-api-key", json!({"user": "gus", "name": "k"})),
        ("link-identity", json!({"user": "gus", "issuer": "i", "subject": "s"})),
        ("change-profile", json!({"user": "gus", "email": "kate@kick.example"})),
    ];
    for (name, arguments) in wishes {
        let mut w = bound();
        w.must_not("kate", name, arguments.clone(), "delegation.rows_not_held");
        rule(&mut w, &["gus"], "region = 'SE'");
        w.must_not("kate", name, arguments.clone(), "delegation.rows_not_held");
        rule(&mut w, &["gus"], "region = 'DK'");
        w.must("kate", name, arguments);
    }
}

/// Content of their own org, by managing all of it, and by working where it is shared.
#[test]
fn rows_of_content_of_their_own_org() {
    let mut w = given();
    w.must("kate", "create-user", user("gus", json!("all")));
    w.must("kate", "create-resource", json!({"id": "ours", "org": "kick", "kind": "pack", "name": "ours"}));
    w.must("gus", "set-row-rule", json!({"resource": "ours", "users": ["kate"], "filter": "a = 1"}));
    w.must_not("kate", "create-user", user("spy", json!(["content.manage"])), "delegation.rows_not_held");
    w.must("kate", "create-user", user("spy", json!(["user.manage"])));
    w.must_not(
        "kate",
        "grant-privileges",
        json!({"org": "kick", "user": "spy", "privileges": ["content.manage"]}),
        "delegation.rows_not_held",
    );
    w.must("gus", "share", json!({"resource": "ours", "with": {"org": "kick"}, "level": "view"}));
    w.must("admin", "grant-subscriptions", subscribe("kick", "admin", "administrator", json!("all")));
    w.must_not("kate", "create-user", user("eye", json!([])), "delegation.rows_not_held");
    w.must("gus", "create-user", user("eye", json!([])));
    w.must_not("kate", "reset-credential", json!({"user": "eye"}), "delegation.rows_not_held");
}
