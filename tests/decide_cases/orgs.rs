//! The tree of orgs: who moves one and whereto, names that are looked at again, what is left to an org's ancestors.

use serde_json::{Value, json};
use tenure_events::Event;
use tenure_events::data::{NameScope, Subscription, SubscriptionGranted};

use super::share;
use crate::support::given::{given, given_with};
use crate::support::memory::{World, id};

/// A membership as a fact: what no command may make in the given world.
fn member(world: &mut World, user: &str, org: &str, privileges: &[&str]) {
    let subscription = Subscription {
        user_type: id("administrator"),
        privileges: privileges.iter().map(|privilege| id(privilege)).collect(),
        valid_from: None,
        valid_until: None,
    };
    world.fact(org, Event::SubscriptionGranted(SubscriptionGranted { user: id(user), org: id(org), subscription }));
}

fn relocate(org: &str, parent: &str) -> Value {
    json!({"org": org, "parent": parent})
}

/// The org itself is `dora`'s; each of the parents is, or is not.
#[test]
fn an_org_is_moved_by_who_manages_it_and_both_parents() {
    for (kick, learn) in [(true, false), (false, true), (true, true)] {
        let mut w = given();
        for (org, manages) in [("kick", kick), ("learn", learn)] {
            member(&mut w, "dora", org, if manages { &["org.manage"] } else { &[] });
        }
        match kick && learn {
            true => w.must("dora", "move-org", relocate("deep", "learn")),
            false => w.must_not("dora", "move-org", relocate("deep", "learn"), "privilege.not_held"),
        }
    }
    let mut w = given();
    w.must_not("kate", "move-org", relocate("deep", "learn"), "org.unknown");
}

/// Its new ancestors start excluded, and those who had something there by being above it are among them.
#[test]
fn new_ancestors_start_excluded() {
    let mut w = given();
    member(&mut w, "liz", "deep", &["user.manage"]);
    w.must("admin", "move-org", relocate("deep", "learn"));
    assert!(w.view().excludes_landlord(w.view().find_org("deep").unwrap()));
    assert!(!w.holds("liz", "user.manage", "deep"));
    w.must("dora", "admit-landlord", json!({"org": "deep"}));
    assert!(w.holds("liz", "user.manage", "deep"));
    // Nobody in it could admit them again: it stays where it is.
    w.must("admin", "create-org", json!({"id": "new", "name": "new"}));
    w.must_not("admin", "move-org", relocate("new", "learn"), "org.locked_out");
}

#[test]
fn names_are_looked_at_again_where_something_moves() {
    let mut w = given();
    w.must("admin", "create-org", json!({"id": "other", "name": "Deep"}));
    w.must_not("admin", "move-org", relocate("deep", "root"), "name.taken");
    let chart = |id: &str, kind: &str, parent: &str| json!({"id": id, "org": "kick", "kind": kind, "name": "Sales", "parent": parent});
    // The same name in another folder, of another kind or in another org is another name.
    w.must("kate", "create-resource", chart("other", "chart", "box"));
    w.must("kate", "create-resource", chart("third", "folder", "box"));
    w.must_not("kate", "move-resource", json!({"resource": "sales", "parent": "box"}), "name.taken");
    w.must_not(
        "kate",
        "copy-resource",
        json!({"resource": "sales", "into_org": "kick", "parent": "box"}),
        "name.taken",
    );
    w.must("kate", "rename-resource", json!({"resource": "other", "name": "SALES"}));
    w.must_not("kate", "rename-resource", json!({"resource": "box", "name": "Shelf"}), "name.taken");
    for (command, name) in [("create-group", "TEAM"), ("define-role", "BOSS")] {
        w.must_not("kate", command, json!({"org": "kick", "name": name}), "name.taken");
        w.must("dora", command, json!({"org": "deep", "name": name}));
    }
    // Or they are the org's, whatever folder they are in.
    let mut w = given_with(|settings| settings.name_scope = NameScope::Org);
    w.must_not("kate", "create-resource", chart("other", "chart", "box"), "name.taken");
    w.must("kate", "create-resource", chart("third", "folder", "box"));
}

/// Disable, enable, rename, and not one thing inside; nor its end.
#[test]
fn what_is_left_to_ancestors_who_are_excluded() {
    let mut w = given();
    w.must("shaun", "link-environment", json!({"id": "lab", "org": "shut", "name": "Lab"}));
    let archive = || json!({"org": "shut", "confirmation": "permanently archive"});
    w.must_not("admin", "archive-org", archive(), "privilege.not_held");
    w.must_not("admin", "unlink-environment", json!({"environment": "lab"}), "environment.unknown");
    w.must_not("shaun", "archive-org", archive(), "org.has_environments");
    w.must("shaun", "unlink-environment", json!({"environment": "lab"}));
    for name in ["disable-org", "enable-org"] {
        w.must("admin", name, json!({"org": "shut"}));
    }
    w.must("admin", "rename-org", json!({"org": "shut", "name": "Shut"}));
    w.must("shaun", "archive-org", archive());
}

/// Content of the org that the excluded had: shared with them, made by them.
#[test]
fn ancestors_who_are_excluded_have_no_content() {
    use tenure_events::data::Level;
    use tenure_projections::judge::{self, Action, Object, Question};
    let mut w = given();
    w.must("tim", "grant-subscriptions", super::subscribe("kick", "tim", "administrator", json!("all")));
    w.must("tim", "create-resource", json!({"id": "mine", "org": "kick", "kind": "folder", "name": "mine"}));
    w.must("kate", "share", share("plan", json!({"user": "tim"}), "manage"));
    let has = |w: &World, user: &str, resource: &str| {
        let view = w.view();
        let (subject, no) = (view.find_user(user).unwrap().into(), view.find_resource(resource).unwrap());
        let (action, acting) = (Action::Level(Level::View), view.find_org("kick"));
        judge::check(&view, &Question { subject, action, object: Object::Resource(no), acting }, &mut ())
    };
    assert!(has(&w, "tim", "mine") && has(&w, "tim", "plan") && has(&w, "ken", "sample"));
    w.must("kate", "exclude-landlord", json!({"org": "kick"}));
    assert!(!has(&w, "tim", "mine") && !has(&w, "tim", "plan"));
    // What they share downward is had still.
    assert!(has(&w, "ken", "sample"));
    w.must("kate", "admit-landlord", json!({"org": "kick"}));
    assert!(has(&w, "tim", "mine") && has(&w, "tim", "plan"), "suspended, and not deleted");
}
