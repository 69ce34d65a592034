//! What another org is told of what concerns it: no more than that, and all that it loses.

use serde_json::{Value, json};
use tenure::decide::{Draft, is_true_twin};
use tenure_events::Event;
use tenure_events::data::{
    Affected, ContentAffected, ContentShared, LandlordAdmitted, LandlordCaughtUp, Level, ResourceCopied, ResourceMoved,
    UserErased,
};

use super::subscribe;
use crate::support::given::given;
use crate::support::memory::{World, id};

/// What of a command is told in the history of an org.
fn told(w: &mut World, who: &str, name: &str, arguments: Value, org: &str) -> Vec<Event> {
    let drafts = w.give(who, name, &arguments).unwrap_or_else(|refusal| panic!("{name} {arguments}: {refusal}"));
    well_told(&drafts);
    let twins = drafts.into_iter().filter(|draft| draft.twin_of.is_some() && draft.org.as_str() == org);
    twins.map(|draft| draft.event).collect()
}

fn well_told(drafts: &[Draft]) {
    for twin in drafts.iter().filter(|draft| draft.twin_of.is_some()) {
        let original = &drafts[twin.twin_of.unwrap()];
        assert!(is_true_twin(&original.event, &twin.event), "{original:?} is told as {twin:?}");
    }
}

fn affected(resource: &str, org: &str, how: Affected) -> Event {
    Event::ContentAffected(ContentAffected { resource: id(resource), org: id(org), how })
}

#[test]
fn a_copy_tells_the_original_s_org_that_it_was_copied_and_where() {
    let mut w = given();
    w.must("admin", "share", json!({"resource": "sample", "with": {"org": "kick"}, "level": "view", "copy": true}));
    let copy = json!({"resource": "sample", "into_org": "kick", "name": "Our secret plans", "parent": "shelf"});
    assert_eq!(told(&mut w, "kate", "copy-resource", copy, "root"), [affected("sample", "kick", Affected::Copied)]);
}

#[test]
fn a_deletion_tells_whom_it_was_shared_with_that_it_is_gone() {
    let mut w = given();
    w.must("admin", "share", json!({"resource": "sample", "with": {"org": "kick"}, "level": "view"}));
    let gone = told(&mut w, "admin", "delete-resource", json!({"resource": "sample"}), "kick");
    assert_eq!(gone, [affected("sample", "root", Affected::Lost)]);
}

/// `shipped` is shared with `kick`, `other` with `learn`: what moves between them one loses and the other gains.
#[test]
fn a_move_tells_who_loses_by_it_and_who_gains() {
    let mut w = given();
    let folder = |id: &str| json!({"id": id, "org": "root", "kind": "folder", "name": id});
    w.must("admin", "create-resource", folder("other"));
    w.must("admin", "create-resource", folder("plain"));
    w.must("admin", "share", json!({"resource": "other", "with": {"org": "learn"}, "level": "view"}));
    let (with, valid_until) = (tenure_events::data::Audience::User(id("ken")), None);
    let shared = ContentShared { resource: id("other"), with, level: Level::View, copy: false, valid_until };
    w.fact("root", Event::ContentShared(shared));
    w.must("admin", "share", json!({"resource": "other", "with": {"org": "shut"}, "level": "view"}));
    let into = |parent: &str| json!({"resource": "sample", "parent": parent});
    let mut moves = |parent: &str| {
        let drafts = w.give("admin", "move-resource", &into(parent)).unwrap();
        well_told(&drafts);
        drafts.into_iter().filter(|draft| draft.twin_of.is_some()).collect::<Vec<_>>()
    };
    let as_told =
        |twins: &[Draft]| twins.iter().map(|twin| (twin.org.to_string(), twin.event.clone())).collect::<Vec<_>>();
    let is = |org: &str, how| (org.to_owned(), affected("sample", "root", how));
    let twins = moves("other");
    let mut found = as_told(&twins);
    found.sort_by_key(|(org, _)| org.clone());
    // `kick` has it by the folder before and, by ken, after: it neither loses nor gains. What excludes is told as ever.
    assert_eq!(found, [is("learn", Affected::Gained), is("shut", Affected::Gained)]);
    let mut found = as_told(&moves("plain"));
    found.sort_by_key(|(org, _)| org.clone());
    assert_eq!(found, [is("kick", Affected::Lost), is("learn", Affected::Lost), is("shut", Affected::Lost)]);
}

/// What stays shared by itself is neither lost nor gained.
#[test]
fn a_move_that_changes_nothing_for_an_org_tells_it_nothing() {
    let mut w = given();
    w.must("admin", "share", json!({"resource": "sample", "with": {"org": "kick"}, "level": "view"}));
    assert_eq!(told(&mut w, "admin", "move-resource", json!({"resource": "sample"}), "kick"), []);
}

#[test]
fn lower_caps_are_told_at_home() {
    let mut w = given();
    for org in ["kick", "learn"] {
        w.must("tim", "grant-subscriptions", subscribe(org, "tim", "administrator", json!("all")));
    }
    w.must("tim", "grant-subscriptions", subscribe("learn", "ken", "member", json!(["report.edit"])));
    let retype = json!({"org": "learn", "user": "ken", "user_type": "viewer"});
    let kinds = |events: Vec<Event>| events.iter().map(Event::kind).collect::<Vec<_>>();
    assert_eq!(kinds(told(&mut w, "liz", "retype-subscription", retype, "kick")), ["tenure.subscription.retyped.v1"]);
    // `mia` and `ken` are members in `kick`: the ceiling takes something from them there.
    let lower = json!({"name": "member", "ceiling": ["report.view"], "take_away": true});
    let drafts = w.give("admin", "define-user-type", &lower).unwrap();
    well_told(&drafts);
    let orgs: Vec<_> = drafts.iter().filter(|draft| draft.twin_of.is_some()).map(|draft| draft.org.as_str()).collect();
    assert_eq!(orgs, ["kick"], "and nobody else has such members");
}

#[test]
fn an_erased_user_s_successor_is_their_home_s_affair() {
    let mut w = given();
    w.must("tim", "grant-subscriptions", subscribe("learn", "tim", "administrator", json!(["subscription.manage"])));
    w.must("tim", "grant-subscriptions", subscribe("kick", "tim", "administrator", json!(["subscription.manage"])));
    w.must("tim", "grant-subscriptions", subscribe("learn", "ken", "viewer", json!([])));
    let erase = json!({"user": "ken", "confirmation": "permanently erase", "successor": "mia"});
    let erased = told(&mut w, "kate", "erase-user", erase, "learn");
    let bare = UserErased { user: id("ken"), org: id("kick"), successor: None };
    assert_eq!(erased, [Event::UserErased(bare)]);
}

/// What logs hold from before is true as well; what says something else is not.
#[test]
fn only_what_an_event_says_is_its_true_twin() {
    let copied = |name: &str| {
        Event::ResourceCopied(ResourceCopied {
            resource: id("copy"),
            org: id("kick"),
            kind: id("chart"),
            name: name.to_owned(),
            parent: None,
            creator: id("kate"),
            source: id("sample"),
        })
    };
    assert!(is_true_twin(&copied("a"), &copied("a")), "as it was told before");
    assert!(!is_true_twin(&copied("a"), &copied("b")));
    assert!(is_true_twin(&copied("a"), &affected("sample", "kick", Affected::Copied)));
    for false_twin in [
        affected("other", "kick", Affected::Copied),
        affected("sample", "learn", Affected::Copied),
        affected("sample", "kick", Affected::Lost),
    ] {
        assert!(!is_true_twin(&copied("a"), &false_twin), "{false_twin:?}");
    }
    let moved = Event::ResourceMoved(ResourceMoved {
        resource: id("sample"),
        org: id("root"),
        kind: id("chart"),
        name: "n".to_owned(),
        parent: None,
        from: None,
        creator: id("admin"),
    });
    assert!(is_true_twin(&moved, &affected("sample", "root", Affected::Lost)));
    assert!(!is_true_twin(&moved, &affected("sample", "root", Affected::Copied)));
    assert!(!is_true_twin(&moved, &affected("sample", "kick", Affected::Lost)));
    let admitted = Event::LandlordAdmitted(LandlordAdmitted { org: id("kick"), until: None });
    let caught_up = |org: &str| {
        let (org, users, groups, resources, more) = (id(org), Vec::new(), Vec::new(), Vec::new(), 0);
        Event::LandlordCaughtUp(LandlordCaughtUp { org, users, groups, resources, more })
    };
    assert!(is_true_twin(&admitted, &caught_up("kick")) && !is_true_twin(&admitted, &caught_up("learn")));
}

/// What was withheld while an ancestor was shut out is made good, as one event, when it is admitted: whom and what of its own
/// it is about, and nothing more.
#[test]
fn what_was_withheld_is_made_good() {
    let mut w = given();
    w.must("admin", "share", json!({"resource": "sample", "with": {"org": "kick"}, "level": "view", "copy": true}));
    w.must("tim", "grant-subscriptions", subscribe("kick", "tim", "viewer", json!([])));
    w.must("kate", "exclude-landlord", json!({"org": "kick"}));
    w.must("kate", "retype-subscription", json!({"org": "kick", "user": "tim", "user_type": "administrator"}));
    w.must("kate", "copy-resource", json!({"resource": "sample", "into_org": "kick", "name": "ours"}));
    let with = tenure_events::data::Audience::User(id("tim"));
    let shared = ContentShared { resource: id("box"), with, level: Level::View, copy: false, valid_until: None };
    w.fact("kick", Event::ContentShared(shared));
    w.must(
        "kate",
        "create-user",
        json!({"id": "new", "org": "kick", "name": "n", "user_type": "viewer", "privileges": []}),
    );
    let admit = json!({"org": "kick", "until": "2026-03-01T12:00:00Z"});
    let found = told(&mut w, "kate", "admit-landlord", admit, "root");
    let caught_up = |users: &[&str], resources: &[&str]| {
        let (users, resources) = (users.iter().map(|u| id(u)).collect(), resources.iter().map(|r| id(r)).collect());
        Event::LandlordCaughtUp(LandlordCaughtUp { org: id("kick"), users, groups: Vec::new(), resources, more: 0 })
    };
    let kinds: Vec<_> = found.iter().map(Event::kind).collect();
    assert_eq!(kinds, ["tenure.landlord.admitted.v1", "tenure.landlord.caught_up.v1"]);
    assert_eq!(found[1], caught_up(&["tim"], &["sample", "box"]));
    // Admitted for longer, nothing was withheld; admitted again later, only what came since.
    let longer = json!({"org": "kick", "until": "2026-03-01T13:00:00Z"});
    assert_eq!(told(&mut w, "kate", "admit-landlord", longer, "root").len(), 1);
    w.pass(5 * 3_600);
    assert_eq!(
        told(&mut w, "kate", "admit-landlord", json!({"org": "kick"}), "root").len(),
        1,
        "nothing changed since"
    );
}
