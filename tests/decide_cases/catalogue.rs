//! A catalogue that grows, and settings that change: who comes to hold what, and what nobody can take by it.

use serde_json::{Value, json};
use tenure_events::Event;
use tenure_events::data::{Level, Subscription, SubscriptionGranted, UserCreated};
use tenure_projections::View;
use tenure_projections::judge::{self, Action, Object, Question};

use crate::support::given::given;
use crate::support::hub::hub;
use crate::support::memory::{World, id};

fn sign() -> Value {
    json!({"name": "report.sign"})
}

fn grant(org: &str, user: &str) -> Value {
    json!({"org": org, "user": user, "privileges": ["report.sign"]})
}

fn user_type(name: &str, ceiling: &[&str]) -> Value {
    json!({"name": name, "ceiling": ceiling})
}

fn taking(mut arguments: Value) -> Value {
    arguments["take_away"] = json!(true);
    arguments
}

fn views(view: &View<'_>, user: &str, resource: &str) -> bool {
    let (subject, no) = (view.find_user(user).unwrap().into(), view.find_resource(resource).unwrap());
    let (action, object) = (Action::Level(Level::View), Object::Resource(no));
    judge::check(view, &Question { subject, action, object, acting: None }, &mut ())
}

fn held_by(who: &str) -> Value {
    json!({"name": "report.sign", "held_by": who})
}

/// The platform keeps it: who defines it and who holds everything in the root org have it, and no tenant comes to it.
#[test]
fn a_privilege_that_the_root_holds() {
    let mut w = given();
    w.must("tim", "define-privilege", sign());
    assert!(w.holds("tim", "report.sign", "root") && w.holds("admin", "report.sign", "root"));
    assert!(!w.holds("kate", "report.sign", "kick"));
    w.must("tim", "grant-privileges", grant("root", "svc"));
    assert!(w.holds("svc", "report.sign", "root"));
    let role = json!({"id": "signers", "org": "kick", "name": "s", "privileges": ["report.sign"]});
    w.must_not("kate", "define-role", role, "delegation.not_held");
    let enters = |privileges: Value| super::subscribe("kick", "tim", "administrator", privileges);
    w.must_not("tim", "grant-subscriptions", enters(json!(["report.sign"])), "privilege.kept");
    w.must("tim", "grant-subscriptions", enters(json!("all")));
    assert!(!w.holds("tim", "report.sign", "kick"));
    let admin = |privileges: Value| json!({"id": "lea", "name": "L", "privileges": privileges});
    let late = |privileges: Value| json!({"id": "late", "name": "late", "admin": admin(privileges)});
    w.must_not("admin", "create-org", late(json!(["report.sign"])), "privilege.kept");
    w.must("admin", "create-org", late(json!("all")));
    assert!(!w.holds("lea", "report.sign", "late") && w.holds("lea", "user.manage", "late"));
}

/// Whoever holds everything in an org has it at once, in the org's history for all to see; and nobody else.
#[test]
fn a_privilege_that_all_administrators_hold() {
    let mut w = given();
    let user =
        |id: &str| json!({"id": id, "org": "kick", "name": "G", "user_type": "administrator", "privileges": "all"});
    w.must("kate", "create-user", user("gus"));
    w.must("kate", "create-user", user("moe"));
    w.must("kate", "revoke-privileges", json!({"org": "kick", "user": "moe", "privileges": ["act-as"]}));
    w.must("kate", "define-role", json!({"id": "whole", "org": "kick", "name": "whole", "privileges": "all"}));
    w.must("tim", "define-privilege", held_by("all-administrators"));
    for (user, org, holds) in [
        ("kate", "kick", true),
        ("gus", "kick", true),
        ("moe", "kick", false),
        ("ken", "kick", false),
        ("shaun", "shut", true),
        ("admin", "root", true),
        ("tim", "root", false),
        ("svc", "root", false),
    ] {
        assert_eq!(w.holds(user, "report.sign", org), holds, "{user} in {org}");
    }
    assert!(w.log.iter().any(|e| e.org.as_str() == "shut" && matches!(&e.event, Event::PrivilegeGranted(_))));
    w.must_not("tim", "grant-privileges", grant("root", "svc"), "delegation.not_held");
    // What is taken is taken: defined again, it comes back to nobody.
    w.must("kate", "revoke-privileges", grant("kick", "gus"));
    w.must_not("tim", "define-privilege", held_by("all-administrators"), "privilege.taken");
    w.must_not("gus", "grant-privileges", grant("kick", "moe"), "delegation.not_held");
    w.must("kate", "assign-role", json!({"role": "whole", "users": ["moe"]}));
    assert!(w.holds("moe", "report.sign", "kick"));
    w.must("admin", "create-org", json!({"id": "late", "name": "late", "admin": {"id": "lea", "name": "L"}}));
    assert!(w.holds("lea", "report.sign", "late"));
}

/// Nobody hands out what they do not hold: neither they nor a puppet, who would hand it back.
#[test]
fn nobody_comes_to_a_new_privilege_by_a_detour() {
    let mut w = given();
    let puppet = json!({"id": "pup", "org": "kick", "name": "P", "user_type": "administrator", "privileges": "all"});
    w.must("kate", "create-user", puppet);
    w.must("admin", "define-privilege", held_by("root"));
    for (who, other) in [("kate", "pup"), ("pup", "kate")] {
        w.must_not(who, "grant-privileges", grant("kick", other), "delegation.not_held");
        let role = json!({"org": "kick", "name": "mine", "privileges": ["report.sign"]});
        w.must_not(who, "define-role", role, "delegation.not_held");
        let boss = json!({"role": "boss", "privileges": ["report.sign"]});
        w.must_not(who, "change-role", boss, "delegation.not_held");
    }
}

/// They are more than one command can say: it is given again, until all have it.
#[test]
fn more_administrators_than_a_command_has_events() {
    let mut w = given();
    let all = crate::support::memory::privileges().iter().map(|p| id(p)).collect::<Vec<_>>();
    let subscription =
        Subscription { user_type: id("administrator"), privileges: all, valid_from: None, valid_until: None };
    for at in 0..1_100 {
        let (user, org) = (id(&format!("u{at}")), id("kick"));
        w.fact("kick", Event::UserCreated(UserCreated { user, org, name: None, email: None }));
        let (user, org, subscription) = (id(&format!("u{at}")), id("kick"), subscription.clone());
        w.fact("kick", Event::SubscriptionGranted(SubscriptionGranted { user, org, subscription }));
    }
    let have = |w: &World| (0..1_100).filter(|at| w.holds(&format!("u{at}"), "report.sign", "kick")).count();
    w.must("admin", "define-privilege", held_by("all-administrators"));
    let first = have(&w);
    assert!((500..1_000).contains(&first), "{first}");
    w.must("admin", "define-privilege", held_by("all-administrators"));
    assert_eq!(have(&w), 1_100);
    w.must_not("admin", "define-privilege", held_by("all-administrators"), "privilege.taken");
}

#[test]
fn an_org_that_is_made_later_starts_with_everything() {
    let mut w = given();
    w.must("admin", "define-resource-kind", json!({"name": "story", "actions": ["create", "edit"]}));
    w.must("admin", "create-org", json!({"id": "late", "name": "late", "admin": {"id": "lea", "name": "L"}}));
    assert!(w.holds("lea", "story.create", "late"));
    w.must("lea", "create-resource", json!({"org": "late", "kind": "story", "name": "One"}));
    w.must("admin", "create-resource", json!({"org": "root", "kind": "story", "name": "One"}));
    w.must("kate", "create-resource", json!({"org": "kick", "kind": "story", "name": "One"}));
    w.must_not("ken", "create-resource", json!({"org": "kick", "kind": "story", "name": "Two"}), "privilege.not_held");
    w.must("admin", "define-resource-kind", json!({"name": "memo", "actions": ["create"], "held_by": "root"}));
    w.must("admin", "create-resource", json!({"org": "root", "kind": "memo", "name": "One"}));
    w.must_not("kate", "create-resource", json!({"org": "kick", "kind": "memo", "name": "One"}), "privilege.not_held");
}

#[test]
fn system_administrators_hold_what_is_new_everywhere() {
    let mut w = hub();
    w.must("sid", "define-resource-kind", json!({"name": "story", "actions": ["create"], "nature": "content"}));
    for (user, org) in [("sid", "training"), ("admin", "sales")] {
        assert!(w.holds(user, "story.create", org));
    }
    assert!(!w.holds("sue", "story.create", "sales"));
    w.must("admin", "create-org", json!({"id": "late", "name": "late"}));
    w.must("admin", "assign-role", json!({"role": "Administrator@late", "users": ["sue"]}));
    assert!(w.holds("sue", "story.create", "late"), "new orgs start with roles that have it");
    w.must_not("ann", "define-privilege", sign(), "lifecycle.system_administrator");
}

#[test]
fn a_ceiling_is_raised_by_who_holds_what_it_hid() {
    let mut w = given();
    w.must("kate", "assign-role", json!({"role": "boss", "users": ["ken"]}));
    assert!(!w.holds("ken", "user.manage", "kick"));
    w.must_not("admin", "define-user-type", user_type("member", &["*"]), "delegation.not_held");
    let enters = json!({"org": "kick", "users": ["admin"], "user_type": "administrator", "privileges": "all"});
    w.must("admin", "grant-subscriptions", enters);
    w.must("admin", "define-user-type", user_type("member", &["*"]));
    assert!(w.holds("ken", "user.manage", "kick"));
}

#[test]
fn a_ceiling_is_lowered_by_who_says_so_and_raised_no_more_easily() {
    let mut w = given();
    let before = w.position();
    w.must_not("admin", "define-user-type", user_type("member", &[]), "access.taken_away");
    w.must("admin", "define-user-type", taking(user_type("member", &[])));
    assert!(!w.holds("ken", "chart.edit", "kick"));
    let past = View::new(&w.state, before, w.now());
    let ken = past.find_user("ken").unwrap();
    let held = judge::privileges(&past, ken, past.find_org("kick").unwrap());
    assert!(held.has(past.find_privilege("chart.edit").unwrap()), "what was so stays so");
    w.must_not("tim", "define-user-type", user_type("member", &["chart.edit"]), "delegation.not_held");
    // Nobody loses anything who has nothing.
    w.must("admin", "define-user-type", user_type("member", &["report.view"]));
    w.must("admin", "define-user-type", user_type("guest", &["report.view"]));
    w.must("admin", "define-user-type", user_type("guest", &[]));
}

#[test]
fn no_ceiling_locks_an_org_out() {
    let mut w = given();
    let admin = json!({"id": "pia", "name": "P", "user_type": "steward"});
    w.must("admin", "create-org", json!({"id": "pal", "name": "pal", "admin": admin}));
    let less = taking(user_type("steward", &["*", "!user.manage", "!chart.edit"]));
    w.must("pia", "exclude-landlord", json!({"org": "pal"}));
    w.must_not("admin", "define-user-type", less, "org.locked_out");
}

#[test]
fn a_kind_needs_more_and_the_past_does_not() {
    let mut w = given();
    let before = w.position();
    let more = json!({"name": "chart", "actions": ["view", "create", "edit", "delete", "share"]});
    w.must_not("admin", "define-resource-kind", more.clone(), "kind.in_use");
    assert!(views(&w.view(), "ken", "sales"));
    w.must("admin", "define-resource-kind", taking(more));
    assert!(!views(&w.view(), "ken", "sales"));
    let past = View::new(&w.state, before, w.now());
    assert!(views(&past, "ken", "sales"));
    assert!(past.find_privilege("chart.view").is_none());
    assert_eq!(past.all_privileges().iter().count() + 1, w.view().all_privileges().iter().count());
    w.must("kate", "grant-privileges", json!({"org": "kick", "user": "ken", "privileges": ["chart.view"]}));
    assert!(views(&w.view(), "ken", "sales"));
    // Nothing of these is there.
    w.must("admin", "define-resource-kind", json!({"name": "app", "actions": ["share"]}));
}

#[test]
fn what_is_off_hides_nothing() {
    let mut w = given();
    w.must_not("admin", "change-settings", json!({"cross_org_shares": "none"}), "settings.in_use");
    w.must("admin", "unshare", json!({"resource": "shipped", "with": {"org": "kick"}}));
    w.must("admin", "change-settings", json!({"cross_org_shares": "none"}));
    let share = json!({"resource": "shipped", "with": {"org": "kick"}, "level": "view"});
    w.must_not("admin", "share", share.clone(), "share.not_downward");
    w.must("admin", "change-settings", json!({"cross_org_shares": "downward"}));
    w.must("admin", "share", share);
    w.must_not("admin", "change-settings", json!({"landlord_rule": false}), "settings.in_use");
    w.must("shaun", "admit-landlord", json!({"org": "shut", "until": "2030-01-01T00:00:00Z"}));
    w.must_not("admin", "change-settings", json!({"landlord_rule": false}), "settings.in_use");
    w.must("shaun", "exclude-landlord", json!({"org": "shut"}));
    w.must("shaun", "admit-landlord", json!({"org": "shut"}));
    w.must("admin", "change-settings", json!({"landlord_rule": false}));
    w.must_not("kate", "exclude-landlord", json!({"org": "kick"}), "mechanism.off");
}

#[test]
fn those_above_are_given_less_and_never_more() {
    let mut w = given();
    let enters = json!({"org": "kick", "users": ["tim"], "user_type": "administrator", "privileges": "all"});
    w.must("tim", "grant-subscriptions", enters);
    w.must_not("admin", "change-settings", json!({"tenant_users": "never"}), "access.taken_away");
    w.must("admin", "change-settings", taking(json!({"tenant_users": "never"})));
    assert!(!w.holds("tim", "user.manage", "kick"));
    w.must_not("admin", "change-settings", json!({"tenant_users": "when_subscribed"}), "settings.one_way");
    let mut w = hub();
    w.must("sid", "change-settings", taking(json!({"system_administrator_reaches": false})));
    w.must_not("sid", "change-settings", json!({"system_administrator_reaches": true}), "settings.one_way");
}

#[test]
fn tenant_permissions_are_switched_by_their_administrators() {
    let mut w = World::with(|_| {});
    let tim =
        json!({"id": "tim", "org": "root", "name": "T", "user_type": "administrator", "privileges": ["org.manage"]});
    w.must("admin", "create-user", tim);
    w.must_not("tim", "change-settings", json!({"tenant_permissions": "on"}), "settings.administrators");
    w.must_not("admin", "change-settings", json!({"tenant_permissions": "on"}), "access.taken_away");
    w.must("admin", "change-settings", taking(json!({"tenant_permissions": "on"})));
    assert!(!w.holds("tim", "org.manage", "root"));
    w.must("admin", "change-settings", json!({"tenant_permissions": "off"}));
    assert!(w.holds("tim", "org.manage", "root"));
}
