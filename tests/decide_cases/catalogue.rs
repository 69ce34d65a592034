//! A catalogue that grows, and settings that change: who comes to hold what, and what nobody can take by it.

use serde_json::{Value, json};
use tenure_events::data::Level;
use tenure_projections::View;
use tenure_projections::judge::{self, Action, Object, Question};

use crate::support::given::given;
use crate::support::hub::hub;
use crate::support::memory::World;

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

#[test]
fn whoever_defines_a_privilege_hands_it_out_at_the_root() {
    let mut w = given();
    w.must("tim", "define-privilege", sign());
    assert!(w.holds("tim", "report.sign", "root"));
    assert!(!w.holds("admin", "report.sign", "root"));
    w.must("tim", "grant-privileges", grant("root", "svc"));
    assert!(w.holds("svc", "report.sign", "root"));
    // Who was given everything before it was there has it to hand out, and takes it by no command on their own.
    w.must_not("admin", "grant-privileges", grant("root", "admin"), "subscription.own");
    w.must("admin", "define-role", json!({"id": "signers", "org": "root", "name": "s", "privileges": ["report.sign"]}));
    w.must("admin", "assign-role", json!({"role": "signers", "users": ["admin"]}));
    assert!(w.holds("admin", "report.sign", "root"));
}

#[test]
fn whoever_was_given_everything_in_an_org_hands_out_what_came_since() {
    let mut w = given();
    let gus = |privileges: Value| json!({"id": "gus", "org": "kick", "name": "G", "user_type": "administrator", "privileges": privileges});
    w.must("kate", "create-user", gus(json!("all")));
    w.must("admin", "define-privilege", sign());
    w.must_not(
        "kate/narrow",
        "define-role",
        json!({"org": "kick", "name": "x", "privileges": ["report.sign"]}),
        "privilege.not_held",
    );
    w.must("gus", "grant-privileges", grant("kick", "ken"));
    // What was taken since was not forgotten.
    w.must("kate", "grant-privileges", grant("kick", "gus"));
    w.must("kate", "revoke-privileges", grant("kick", "gus"));
    w.must_not("gus", "grant-privileges", grant("kick", "mia"), "delegation.not_held");
    w.must("kate", "grant-privileges", grant("kick", "mia"));
}

#[test]
fn a_tenant_that_excludes_those_above_comes_to_what_is_new() {
    let mut w = given();
    w.must("admin", "define-privilege", sign());
    let role = json!({"id": "signers", "org": "shut", "name": "signers", "privileges": ["report.sign"]});
    w.must_not("admin", "define-role", role.clone(), "privilege.not_held");
    w.must("shaun", "define-role", role);
    w.must("shaun", "assign-role", json!({"role": "signers", "users": ["shaun"]}));
    assert!(w.holds("shaun", "report.sign", "shut"));
}

#[test]
fn whoever_was_given_almost_everything_does_not() {
    let mut w = given();
    w.must(
        "kate",
        "create-user",
        json!({"id": "gus", "org": "kick", "name": "G", "user_type": "administrator", "privileges": "all"}),
    );
    w.must("kate", "revoke-privileges", json!({"org": "kick", "user": "gus", "privileges": ["act-as"]}));
    w.must("admin", "define-privilege", sign());
    w.must_not("gus", "grant-privileges", grant("kick", "ken"), "delegation.not_held");
}

#[test]
fn an_org_that_is_made_later_starts_with_everything() {
    let mut w = given();
    w.must("admin", "define-resource-kind", json!({"name": "story", "actions": ["create", "edit"]}));
    w.must("admin", "create-org", json!({"id": "late", "name": "late", "admin": {"id": "lea", "name": "L"}}));
    assert!(w.holds("lea", "story.create", "late"));
    w.must("lea", "create-resource", json!({"org": "late", "kind": "story", "name": "One"}));
    w.must("admin", "create-resource", json!({"org": "root", "kind": "story", "name": "One"}));
    w.must_not("kate", "create-resource", json!({"org": "kick", "kind": "story", "name": "One"}), "privilege.not_held");
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
