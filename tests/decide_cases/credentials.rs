//! Credentials are authority: keys, identities, resets, and acting on behalf.

use serde_json::{Value, json};

use super::{share, subscribe, with_gus};
use crate::support::given::given;

fn identity(user: &str) -> Value {
    json!({"user": user, "issuer": "idp", "subject": "s"})
}

fn key(user: &str) -> Value {
    json!({"user": user, "name": "k"})
}

#[test]
fn a_key_makes_no_wider_credential() {
    let mut w = given();
    w.must_not("kate/narrow", "issue-api-key", key("kate"), "key.wider");
    w.must_not(
        "kate/narrow",
        "issue-api-key",
        json!({"user": "kate", "name": "k", "privileges": ["role.manage"]}),
        "key.wider",
    );
    w.must("kate/narrow", "issue-api-key", json!({"user": "kate", "name": "k", "privileges": ["user.manage"]}));
    w.must_not("kate/narrow", "link-identity", identity("kate"), "key.wider");
    w.must_not("admin/local", "issue-api-key", json!({"user": "admin", "name": "k"}), "key.wider");
    w.must_not("admin/local", "link-identity", identity("admin"), "key.wider");
    w.must("kate", "link-identity", identity("kate"));
}

#[test]
fn somebody_elses_credential_needs_all_that_they_hold() {
    let mut w = with_gus(&["key.manage", "user.manage"]);
    w.must_not("gus", "issue-api-key", key("kate"), "delegation.not_held");
    w.must_not("gus", "link-identity", identity("kate"), "delegation.not_held");
    w.must_not("gus", "reset-credential", json!({"user": "kate"}), "delegation.not_held");
    w.must_not("gus", "issue-api-key", key("mia"), "delegation.not_held");
    w.must("gus", "issue-api-key", key("vic"));
    w.must("kate", "share", share("wire", json!({"user": "vic"}), "view"));
    w.must_not("gus", "issue-api-key", key("vic"), "delegation.level_not_held");
}

/// A secret goes to the mail address.
#[test]
fn somebody_elses_address_needs_all_that_they_hold() {
    let mut w = with_gus(&["user.manage"]);
    let profile = |user: &str, field: &str| json!({"user": user, field: if field == "email" { "new@example.org" } else { "new" }});
    w.must_not("gus", "change-profile", profile("kate", "email"), "delegation.not_held");
    w.must("gus", "change-profile", profile("kate", "name"));
    w.must("gus", "change-profile", profile("vic", "email"));
    w.must("gus", "change-profile", profile("gus", "email"));
}

/// What is shared with an org is theirs as well.
#[test]
fn a_key_of_a_member_of_another_org() {
    let mut w = given();
    w.must("tim", "grant-subscriptions", subscribe("kick", "tim", "administrator", json!(["subscription.manage"])));
    w.must("tim", "grant-subscriptions", subscribe("kick", "svc", "viewer", json!([])));
    w.must("kate", "share", share("wire", json!({"org": "kick"}), "view"));
    w.must_not("admin", "issue-api-key", key("svc"), "delegation.not_member");
    w.must_not("admin", "issue-api-key", key("tim"), "delegation.not_held");
}

/// What somebody made is theirs, though they have left.
#[test]
fn a_key_of_who_made_something_where_they_are_no_longer() {
    let mut w = given();
    w.must("tim", "grant-subscriptions", subscribe("kick", "tim", "administrator", json!("all")));
    w.must("tim", "grant-subscriptions", subscribe("kick", "svc", "administrator", json!(["chart.create"])));
    w.must("svc", "create-resource", json!({"org": "kick", "kind": "chart", "name": "mine"}));
    w.must("tim", "withdraw-subscription", json!({"org": "kick", "user": "svc"}));
    w.must_not("admin", "issue-api-key", key("svc"), "delegation.level_not_held");
}

#[test]
fn a_reset_by_who_manages_orgs() {
    let reset = |user: &str| json!({"user": user});
    // Of a tenant's administrators, from above and only while admitted; of nobody else, and not at home.
    let mut w = given();
    w.must("admin", "reset-credential", reset("kate"));
    w.must_not("admin", "reset-credential", reset("ken"), "privilege.not_held");
    w.must_not("admin", "reset-credential", reset("shaun"), "user.unknown");
    let mut w = with_gus(&["org.manage"]);
    w.must_not("gus", "reset-credential", reset("kate"), "privilege.not_held");
    w.must_not("gus", "reset-credential", reset("ken"), "privilege.not_held");
}

#[test]
fn nobody_administers_on_behalf() {
    let mut w = given();
    let role = || json!({"role": "designer", "users": ["ken"]});
    w.must_not("svc>kate", "assign-role", role(), "act_as.not_covered");
    w.must_not("svc>kate", "issue-api-key", key("kate"), "act_as.not_covered");
    w.must_not("svc>kate", "share", share("shelf", json!({"user": "vic"}), "view"), "act_as.not_covered");
    w.must("svc>kate", "create-resource", json!({"org": "kick", "kind": "chart", "name": "x"}));
    w.must_not(
        "svc>vic",
        "create-resource",
        json!({"org": "kick", "kind": "chart", "name": "y"}),
        "privilege.not_held",
    );
    w.must_not("svc>shaun", "create-resource", json!({"org": "shut", "kind": "chart", "name": "x"}), "act_as.not_held");
    // Where its ancestors are excluded, whom its own administrator lets.
    let bot = json!({"id": "bot", "org": "shut", "name": "B", "user_type": "administrator", "privileges": ["act-as"]});
    w.must("shaun", "create-user", bot);
    w.must("bot>shaun", "create-resource", json!({"org": "shut", "kind": "chart", "name": "x"}));
}
