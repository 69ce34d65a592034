//! Until T means until T: what somebody has until a time they give until then, and to themself not at all.

use serde_json::{Value, json};
use tenure_events::Event;
use tenure_events::data::{Assignee, RoleAssigned};

use super::{members, subscribe, with_gus};
use crate::support::given::{given, given_with, key, teams_world};
use crate::support::hub::hub;
use crate::support::memory::{World, id};

const TOMORROW: &str = "2026-03-02T09:00:00Z";
const LATER: &str = "2026-03-03T09:00:00Z";

/// `gus`, at home in `kick`, holds the role `boss` there until tomorrow.
fn until_tomorrow(privileges: &[&str]) -> World {
    let mut w = with_gus(privileges);
    w.must("kate", "assign-role", json!({"role": "boss", "users": ["gus"], "valid_until": TOMORROW}));
    w
}

fn ending(mut arguments: Value, until: &str) -> Value {
    arguments["valid_until"] = json!(until);
    arguments
}

/// Whatever may end is given until the time that its giver's own ends, and no longer.
#[test]
fn what_one_has_until_a_time_one_gives_until_then() {
    let member = subscribe("kick", "svc", "steward", json!(["user.manage"]));
    let shelf = json!({"resource": "shelf", "with": {"user": "vic"}, "level": "manage"});
    let role = json!({"role": "boss", "users": ["mia"]});
    for (name, arguments) in [("grant-subscriptions", member), ("share", shelf), ("assign-role", role)] {
        let mut w = until_tomorrow(&["folder.share"]);
        if name == "grant-subscriptions" {
            // Whom one sees, one makes a member.
            w.must("tim", "grant-subscriptions", subscribe("kick", "tim", "administrator", json!("all")));
            let before = subscribe("kick", "svc", "steward", json!([]));
            w.must("tim", "grant-subscriptions", ending(before, "2026-03-01T10:00:00Z"));
            w.pass(3_600);
        }
        w.must_not("gus", name, arguments.clone(), "delegation.outlasts");
        w.must_not("gus", name, ending(arguments.clone(), LATER), "delegation.outlasts");
        w.must("gus", name, ending(arguments, TOMORROW));
    }
}

#[test]
fn what_has_no_end_is_given_by_who_has_it_for_good() {
    let wishes = [
        ("create-user", json!({"org": "kick", "name": "N", "user_type": "steward", "privileges": ["user.manage"]})),
        ("grant-privileges", json!({"org": "kick", "user": "mia", "privileges": ["chart.create"]})),
        ("define-role", json!({"org": "kick", "name": "r", "privileges": ["user.manage"]})),
        ("change-role", json!({"role": "designer", "privileges": ["chart.edit", "user.manage"]})),
        ("add-group-members", members("team", "mia")),
        ("reset-credential", json!({"user": "kate"})),
        ("invite-group", json!({"group": "team", "org": "kick", "privileges": ["user.manage"]})),
    ];
    for (name, arguments) in wishes {
        let mut w = until_tomorrow(&[]);
        w.must("kate", "assign-role", json!({"role": "boss", "groups": ["team"]}));
        w.must("kate", "define-role", json!({"id": "all", "org": "kick", "name": "all", "privileges": "all"}));
        w.must("kate", "assign-role", json!({"role": "all", "users": ["gus"], "valid_until": TOMORROW}));
        w.must("kate", "revoke-privileges", json!({"org": "kick", "user": "mia", "privileges": ["chart.create"]}));
        w.must_not("gus", name, arguments.clone(), "delegation.outlasts");
        w.must("kate", "assign-role", json!({"role": "all", "users": ["gus"]}));
        w.must("kate", "assign-role", json!({"role": "boss", "users": ["gus"]}));
        w.must("gus", name, arguments);
    }
}

#[test]
fn to_oneself_nothing() {
    let mut w = until_tomorrow(&[]);
    w.must("kate", "define-role", json!({"id": "copy", "org": "kick", "name": "copy", "privileges": ["user.manage"]}));
    let own = json!({"role": "copy", "users": ["gus"]});
    w.must_not("gus", "assign-role", own.clone(), "delegation.outlasts");
    w.must_not("gus", "assign-role", ending(own, TOMORROW), "delegation.outlasts");
    w.must("kate", "add-group-members", members("team", "gus"));
    let team = json!({"role": "copy", "groups": ["team"]});
    w.must_not("gus", "assign-role", ending(team, TOMORROW), "delegation.outlasts");
    let share = json!({"resource": "plan", "with": {"user": "gus"}, "level": "manage"});
    w.must("kate", "grant-privileges", json!({"org": "kick", "user": "gus", "privileges": ["chart.share"]}));
    w.must_not("gus", "share", ending(share, TOMORROW), "delegation.outlasts");
}

/// A second window that opens after a gap does not carry what is given over the gap.
#[test]
fn held_now_and_later_but_not_between() {
    // By a role without a membership, where none is needed, until tomorrow; and by a membership from the day after.
    let mut w = hub();
    w.must("admin", "assign-role", json!({"role": "Administrator@sales", "users": ["cat"], "valid_until": TOMORROW}));
    let mut first = subscribe("sales", "cat", "administrator", json!("all"));
    first["valid_from"] = json!(LATER);
    w.must("admin", "grant-subscriptions", first);
    let analyst = json!({"role": "Analyst@sales", "users": ["sue"]});
    w.must_not("cat", "assign-role", analyst.clone(), "delegation.outlasts");
    w.must("cat", "assign-role", ending(analyst, TOMORROW));
}

#[test]
fn an_admission_until_a_time() {
    let mut w = given();
    w.must("shaun", "admit-landlord", json!({"org": "shut", "until": LATER}));
    let enters = subscribe("shut", "tim", "administrator", json!("all"));
    w.must_not("tim", "grant-subscriptions", enters.clone(), "delegation.outlasts");
    w.must("tim", "grant-subscriptions", ending(enters, LATER));
    // Nobody made now re-admits those above for good, and no credential outlasts them.
    let spy = json!({"id": "spy", "org": "shut", "name": "S", "user_type": "administrator", "privileges": ["landlord.manage"]});
    w.must_not("tim", "create-user", spy, "delegation.outlasts");
    let bare = json!({"id": "spy", "org": "shut", "name": "S", "user_type": "viewer", "privileges": []});
    w.must_not("tim", "create-user", bare, "delegation.outlasts");
    w.must_not("tim", "issue-api-key", json!({"user": "shaun", "name": "k"}), "delegation.outlasts");
    w.must_not("tim", "admit-landlord", json!({"org": "shut"}), "delegation.outlasts");
    let below = json!({"id": "cave", "name": "cave", "parent": "shut", "admin": {"id": "spy", "name": "S"}});
    w.must_not("tim", "create-org", below, "delegation.outlasts");
    w.must("tim", "create-org", json!({"id": "cave", "name": "cave", "parent": "shut"}));
    w.must_not("tim", "associate-sub-tenant", json!({"master": "shut", "sub": "learn"}), "delegation.outlasts");
    w.must("shaun", "admit-landlord", json!({"org": "shut"}));
    w.must("tim", "associate-sub-tenant", json!({"master": "shut", "sub": "learn"}));
}

#[test]
fn who_manages_orgs_until_a_time() {
    let mut w = given();
    let role = json!({"id": "keeper", "org": "root", "name": "k", "privileges": ["org.manage"]});
    w.must("admin", "define-role", role);
    let user = json!({"id": "rob", "org": "root", "name": "R", "user_type": "administrator", "privileges": []});
    w.must("admin", "create-user", user);
    w.must("admin", "assign-role", json!({"role": "keeper", "users": ["rob"], "valid_until": TOMORROW}));
    let enters = subscribe("kick", "rob", "administrator", json!("all"));
    w.must_not("rob", "grant-subscriptions", enters.clone(), "delegation.outlasts");
    w.must("rob", "grant-subscriptions", ending(enters, TOMORROW));
}

#[test]
fn a_landlord_is_admitted_as_long_as_who_admits_them_may() {
    let mut w = given();
    let role = json!({"id": "gate", "org": "shut", "name": "gate", "privileges": ["landlord.manage"]});
    w.must("shaun", "define-role", role);
    let user = json!({"id": "sam", "org": "shut", "name": "S", "user_type": "administrator", "privileges": []});
    w.must("shaun", "create-user", user);
    w.must("shaun", "assign-role", json!({"role": "gate", "users": ["sam"], "valid_until": TOMORROW}));
    w.must_not("sam", "admit-landlord", json!({"org": "shut"}), "delegation.outlasts");
    w.must("sam", "admit-landlord", json!({"org": "shut", "until": TOMORROW}));
}

/// A key that ends is authority that ends; a trial that ends is not.
#[test]
fn a_key_that_ends_gives_until_it_does() {
    let mut w = given();
    let mut ends = key("ends", "kate", None, None);
    ends.expires = Some(LATER.parse().unwrap());
    w.fact("kick", Event::ApiKeyIssued(ends));
    let user =
        json!({"id": "spy", "org": "kick", "name": "S", "user_type": "administrator", "privileges": ["user.manage"]});
    w.must_not("kate/ends", "create-user", user, "delegation.outlasts");
    w.must("kate/ends", "assign-role", json!({"role": "boss", "users": ["ken"], "valid_until": LATER}));
    w.must_not("kate/ends", "link-identity", json!({"user": "ken", "issuer": "i", "subject": "s"}), "key.longer");
}

/// What a group has until a time is asked until then.
#[test]
fn what_a_group_has_until_a_time() {
    let mut w = until_tomorrow(&["group.manage"]);
    w.must("kate", "assign-role", json!({"role": "boss", "groups": ["team"], "valid_until": TOMORROW}));
    w.must("kate", "unshare", json!({"resource": "shelf", "with": {"group": "team"}}));
    w.must("gus", "add-group-members", members("team", "mia"));
    w.must("kate", "assign-role", json!({"role": "boss", "groups": ["team"], "valid_until": LATER}));
    w.must_not("gus", "add-group-members", members("team", "vic"), "delegation.outlasts");
}

#[test]
fn teams_are_invited_for_good() {
    let mut w = teams_world();
    w.fact(
        "emea",
        Event::RoleDefined(tenure_events::data::RoleDefined {
            role: id("host"),
            org: Some(id("emea")),
            name: "h".to_owned(),
            privileges: vec![id("audit.read")],
        }),
    );
    let to = Assignee::User(id("erin"));
    w.fact(
        "emea",
        Event::RoleAssigned(RoleAssigned { role: id("host"), to, valid_until: Some(TOMORROW.parse().unwrap()) }),
    );
    let invite = json!({"group": "science", "org": "emea", "privileges": ["audit.read"]});
    w.must_not("erin", "invite-group", invite, "delegation.outlasts");
}

#[test]
fn packs_are_given_for_good() {
    let mut w = given_with(|_| {});
    let made = |id: &str, kind: &str| json!({"id": id, "org": "root", "kind": kind, "name": id});
    w.must("admin", "create-resource", made("drinks", "pack"));
    w.must("admin", "create-user", json!({"id": "rob", "org": "root", "name": "R", "user_type": "administrator", "privileges": ["pack.view", "pack.share", "org.manage"]}));
    let share = json!({"resource": "drinks", "with": {"user": "rob"}, "level": "manage", "valid_until": TOMORROW});
    w.must("admin", "share", share);
    let to = json!({"resource": "drinks", "to": {"org": "kick"}});
    w.must_not("rob", "distribute", to.clone(), "delegation.outlasts");
    w.must("admin", "share", json!({"resource": "drinks", "with": {"user": "rob"}, "level": "manage"}));
    w.must("rob", "distribute", to);
}

/// What has ended by itself is extended or granted anew, and otherwise taken away: nothing else is done to it.
#[test]
fn what_has_lapsed_is_not_changed() {
    let of_tim = json!({"org": "kick", "user": "tim"});
    let with = |more: Value| {
        let mut arguments = of_tim.clone();
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        arguments
    };
    let lapsed = || {
        let mut w = given();
        let member = subscribe("kick", "tim", "member", json!(["chart.edit"]));
        w.must("tim", "grant-subscriptions", ending(member, "2026-03-01T10:00:00Z"));
        w.pass(3_600);
        w
    };
    let privileges = |name: &str| with(json!({"privileges": [name]}));
    lapsed().must_not("kate", "grant-privileges", privileges("chart.create"), "subscription.lapsed");
    lapsed().must_not("kate", "revoke-privileges", privileges("chart.edit"), "subscription.lapsed");
    lapsed().must_not("kate", "retype-subscription", with(json!({"user_type": "viewer"})), "subscription.lapsed");
    lapsed().must("kate", "withdraw-subscription", of_tim.clone());
    lapsed().must("kate", "grant-subscriptions", subscribe("kick", "tim", "member", json!([])));
    let mut w = lapsed();
    w.must("kate", "extend-subscription", ending(of_tim.clone(), TOMORROW));
    w.must("kate", "revoke-privileges", privileges("chart.edit"));
}
