//! What is called how in one org does not matter in another.

use serde_json::json;
use tenure::decide::Draft;
use tenure_events::Event;
use tenure_events::data::{ResourceCreated, RoleDefined};

use crate::support::given::given;
use crate::support::hub::hub;
use crate::support::memory::{World, id};

fn assigned(w: &World, who: &str, role: &str, user: &str, org: &str) -> String {
    let drafts = w.decide(who, "assign-role", &json!({"role": role, "org": org, "users": [user]}));
    let assigned = |drafts: Vec<Draft>| {
        let Event::RoleAssigned(assigned) = &drafts[0].event else { panic!("{drafts:?}") };
        assigned.role.to_string()
    };
    drafts.map_or_else(|refusal| refusal.code.to_owned(), assigned)
}

/// A role of another org whose id is what this org calls its own changes nothing here: not by id, name or both.
#[test]
fn a_role_goes_by_its_name_in_its_own_org_alone() {
    let mut w = given();
    w.must("kate", "define-role", json!({"id": "kick-editors", "org": "kick", "name": "Editors"}));
    assert_eq!(assigned(&w, "kate", "editors", "ken", "kick"), "kick-editors");
    // A role of no org, too.
    let mut everywhere = given();
    everywhere.must("kate", "define-role", json!({"id": "kick-editors", "org": "kick", "name": "Editors"}));
    everywhere.must("admin", "define-role", json!({"id": "EDITORS", "name": "everywhere"}));
    assert_eq!(assigned(&everywhere, "kate", "EDITORS", "ken", "kick"), "kick-editors");
    w.must("liz", "define-role", json!({"id": "editors", "org": "learn", "name": "whatever"}));
    assert_eq!(assigned(&w, "kate", "editors", "ken", "kick"), "kick-editors");
    let share = json!({"resource": "plan", "with": {"role": "editors"}, "level": "view"});
    w.must("mia", "share", share);
    w.must("mia", "unshare", json!({"resource": "plan", "with": {"role": "EDITORS"}}));
    // What is there and another org's is told only to who sees it.
    assert_eq!(assigned(&w, "kate", "editors", "ken", "learn"), "role.unknown");
    assert_eq!(assigned(&w, "kate", "boss", "ken", "kick"), "boss");
}

/// Ids that the platform makes for an org cannot be taken by another.
#[test]
fn ids_of_an_org_are_kept_for_it() {
    let mut w = given();
    let role = |role: &str, org: &str| json!({"id": role, "org": org, "name": role});
    let chart = |chart: &str, org: &str| json!({"id": chart, "org": org, "kind": "chart", "name": chart});
    for taken in ["guest@newcorp", "readers@learn", "@learn", "x@", "x@kick@learn", "x@learn@kick", "Public@root"] {
        w.must_not("kate", "define-role", role(taken, "kick"), "id.reserved");
        w.must_not("kate", "create-resource", chart(taken, "kick"), "id.reserved");
        let copy = json!({"id": taken, "resource": "plan", "into_org": "kick"});
        w.must_not("mia", "copy-resource", copy, "id.reserved");
        w.must_not("admin", "define-role", json!({"id": taken, "name": taken}), "id.reserved");
    }
    w.must("kate", "define-role", role("readers@kick", "kick"));
    w.must("kate", "create-resource", chart("personal:ken@kick", "kick"));
}

/// What was taken before ids were kept does not stop an org from being made, with everything that it starts with.
#[test]
fn an_org_is_made_whatever_others_took_before() {
    let mut w = hub();
    let was = |id: &str, org: &str, w: &mut World| {
        let role = RoleDefined {
            role: id.parse().unwrap(),
            org: Some(org.parse().unwrap()),
            name: id.to_owned(),
            privileges: vec![],
        };
        w.fact(org, Event::RoleDefined(role));
    };
    let names: Vec<String> = w.view().role_templates().map(|(name, _)| name.to_owned()).collect();
    assert!(!names.is_empty());
    for name in &names {
        was(&format!("{name}@late"), "sales", &mut w);
    }
    for taken in ["Public@late", "personal:lea@late"] {
        w.fact("sales", folder(taken, "sales"));
    }
    let made = json!({"id": "late", "name": "Late", "admin": {"id": "lea", "name": "Lea"}});
    w.must("sid", "create-org", made);
    let view = w.view();
    let late = view.find_org("late").unwrap();
    for name in &names {
        let scope = tenure_projections::names::Scope::Roles(Some(late.handle()));
        assert!(view.find_name(scope, name).is_some(), "{name}");
    }
    let folders = view.resources(late).count();
    assert_eq!(folders, 2, "a Public folder, and Lea's own");
    assert!(view.personal_folder(view.find_user("lea").unwrap(), late).is_some());
    assert_eq!(assigned(&w, "sid", &names[0], "lea", "late").len(), 36, "by name, with an id of its own");
}

fn folder(resource: &str, org: &str) -> Event {
    Event::ResourceCreated(ResourceCreated {
        resource: resource.parse().unwrap(),
        org: id(org),
        kind: id("folder"),
        name: resource.to_owned(),
        parent: None,
        creator: id("sid"),
        environment: None,
        source: None,
        data_permission: None,
        personal: false,
    })
}

/// The body of a command by an id and a name.
type Make<'a> = &'a dyn Fn(&str, &str) -> serde_json::Value;

/// The body of a command by a name.
type MakeNamed<'a> = &'a dyn Fn(&str) -> serde_json::Value;

/// Ids that people read as the same, of every sort of thing, whichever of them was first.
#[test]
fn ids_differ_in_more_than_upper_and_lower_case() {
    let makes: [(&str, &str, Make<'_>); 6] = [
        ("admin", "create-org", &|id, name| json!({"id": id, "name": name})),
        ("kate", "create-user", &|id, name| json!({"id": id, "org": "kick", "name": name, "user_type": "viewer"})),
        ("kate", "create-group", &|id, name| json!({"id": id, "org": "kick", "name": name})),
        ("kate", "define-role", &|id, name| json!({"id": id, "org": "kick", "name": name})),
        ("ken", "create-resource", &|id, name| json!({"id": id, "org": "kick", "kind": "chart", "name": name})),
        ("kate", "link-environment", &|id, name| json!({"id": id, "org": "kick", "name": name})),
    ];
    for (who, command, make) in makes {
        for [first, second] in [["alpha", "Alpha"], ["Alpha", "alpha"], ["ALPHA", "Alpha"]] {
            let mut w = given();
            w.must(who, command, make(first, "One"));
            w.must_not(who, command, make(second, "Two"), "id.other_case");
            w.must_not(who, command, make(first, "Two"), "id.taken");
            w.must(who, command, make("alphabet", "Two"));
        }
    }
}

/// Names that look the same in letters of another script, of every sort of thing, whichever of them was first.
#[test]
fn names_look_like_no_other() {
    let makes: [(&str, &str, MakeNamed<'_>); 4] = [
        ("admin", "create-org", &|name| json!({"name": name})),
        ("kate", "create-group", &|name| json!({"org": "kick", "name": name})),
        ("kate", "define-role", &|name| json!({"org": "kick", "name": name})),
        ("ken", "create-resource", &|name| json!({"org": "kick", "kind": "chart", "name": name})),
    ];
    let (latin, cyrillic) = ("Copa", "\u{421}\u{43e}\u{440}\u{430}");
    for (who, command, make) in makes {
        for [first, second] in
            [[latin, cyrillic], [cyrillic, latin], ["Team Copa", "Team \u{421}\u{43e}\u{440}\u{430}"]]
        {
            let mut w = given();
            w.must(who, command, make(first));
            w.must_not(who, command, make(second), "name.looks_alike");
            w.must(who, command, make("\u{41f}\u{440}\u{43e}\u{434}\u{430}\u{436}\u{438}"));
        }
    }
}
