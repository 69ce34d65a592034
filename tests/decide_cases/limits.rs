//! A credential is less than its person: limited keys, keys that end, acting on behalf, and closed orgs.

use serde_json::{Value, json};
use tenure_events::data::ApiKeyIssued;
use tenure_events::{Event, Time};

use super::{share, subscribe};
use crate::support::given::{given, key};
use crate::support::hub::hub;
use crate::support::memory::World;

/// The given world, with keys of a user's: `whole`; `bare`, which carries nothing; `editing`; `elsewhere`, which works
/// in another org; `ending`.
fn with_keys(user: &str) -> World {
    let mut w = given();
    let add = |w: &mut World, key: ApiKeyIssued| w.fact("kick", Event::ApiKeyIssued(key));
    add(&mut w, key("whole", user, None, None));
    add(&mut w, key("bare", user, Some(&[]), None));
    add(&mut w, key("editing", user, Some(&["chart.edit"]), None));
    add(&mut w, key("elsewhere", user, None, Some("learn")));
    let ends: Time = "2026-04-01T09:00:00Z".parse().unwrap();
    add(&mut w, ApiKeyIssued { expires: Some(ends), ..key("ending", user, None, None) });
    w
}

/// What people do to themselves by being who they are, for `mia`, who manages nothing.
fn own() -> Vec<(&'static str, Value)> {
    vec![
        ("change-profile", json!({"user": "mia", "name": "M"})),
        ("change-profile", json!({"user": "mia", "email": "m@x.example"})),
        ("reset-credential", json!({"user": "mia"})),
        ("issue-api-key", json!({"user": "mia", "name": "k", "privileges": [], "expires": "2026-03-10T09:00:00Z"})),
        ("revoke-api-key", json!({"key": "whole"})),
        ("record-sign-in", json!({"user": "mia"})),
        ("revoke-privileges", json!({"org": "kick", "user": "mia", "privileges": ["chart.edit"]})),
        ("unassign-role", json!({"role": "designer", "users": ["mia"]})),
    ]
}

/// Every shortcut for "it is themself" takes a whole credential. One that ends is whole for as long as it lasts.
#[test]
fn a_limited_key_does_nothing_for_being_its_person() {
    for (name, arguments) in own() {
        let w = with_keys("mia");
        for key in ["whole", "ending"] {
            let done = w.decide(&format!("mia/{key}"), name, &arguments);
            assert!(done.is_ok(), "{key}: {name} {arguments}: {done:?}");
        }
        for key in ["bare", "editing", "elsewhere"] {
            let refused = w.decide(&format!("mia/{key}"), name, &arguments);
            assert!(refused.is_err(), "{key}: {name} {arguments}: {refused:?}");
        }
    }
    let w = with_keys("mia");
    let active = json!({"org": "kick"});
    assert!(w.decide("mia/whole", "select-active-org", &active).is_ok());
    assert_eq!(w.decide("mia/bare", "select-active-org", &active).unwrap_err().code, "credential.narrow");
}

/// Nothing that an ending key makes outlasts it.
#[test]
fn a_key_that_ends_makes_nothing_that_lasts() {
    let mut w = with_keys("kate");
    let link = json!({"user": "ken", "issuer": "idp", "subject": "s"});
    w.must_not("kate/ending", "link-identity", link.clone(), "key.longer");
    w.must_not("kate/ending", "issue-api-key", json!({"user": "ken", "name": "k"}), "delegation.outlasts");
    w.must("kate", "link-identity", link);
}

/// Limits hold in what a command brings about as well.
#[test]
fn limits_hold_in_what_a_command_brings_about() {
    let mut w = given();
    let manages = key("manages", "tim", Some(&["org.manage"]), None);
    w.fact("root", Event::ApiKeyIssued(manages));
    let first = |with_key: bool| {
        let admin = json!({"id": "nia", "name": "N", "key": with_key});
        json!({"id": "new", "name": "new", "parent": "root", "admin": admin})
    };
    w.must_not("tim/manages", "create-org", first(true), "key.wider");
    let more = subscribe("kick", "tim", "administrator", json!(["org.manage", "user.manage"]));
    w.must_not("tim/manages", "grant-subscriptions", more, "key.wider");
    // All is what the key carries.
    let all = subscribe("kick", "tim", "administrator", json!("all"));
    let entered = w.decide("tim/manages", "grant-subscriptions", &all).unwrap();
    assert!(format!("{entered:?}").contains("privileges: [Privilege(org.manage)]"), "{entered:?}");
    w.must_not("tim/manages", "reset-credential", json!({"user": "kate"}), "user.unknown");
    w.must("tim", "create-org", first(true));
    // A kind without privileges is changed by who manages all content, as far as keys are limited.
    let mut w = with_keys("ken");
    let app = json!({"id": "app", "org": "kick", "kind": "app", "name": "app"});
    w.must("kate", "create-resource", app);
    w.must("kate", "share", share("app", json!({"user": "ken"}), "manage"));
    let rename = json!({"resource": "app", "name": "other"});
    w.must_not("ken/editing", "rename-resource", rename.clone(), "content.not_allowed");
    w.must("ken/whole", "rename-resource", rename);
}

/// What counts on behalf is the effect: nothing comes where others have it, personal folders are closed, and a key acts
/// within its orgs and privileges.
#[test]
fn on_behalf_the_effect_counts() {
    let mut w = given();
    let made = |id: &str, parent: Option<&str>| json!({"id": id, "org": "kick", "kind": "chart", "name": id, "parent": parent});
    w.must("ken", "create-resource", made("mine", None));
    let to = |resource: &str, parent: &str| json!({"resource": resource, "parent": parent});
    w.must_not("svc>ken", "move-resource", to("mine", "shelf"), "act_as.widens");
    let copy = json!({"resource": "mine", "into_org": "kick", "parent": "shelf", "name": "c"});
    w.must_not("svc>ken", "copy-resource", copy, "act_as.widens");
    w.must("svc>ken", "move-resource", to("mine", "box"));
    w.must("svc>ken", "create-resource", made("fresh", Some("shelf")));
    let beside = json!({"resource": "sales", "into_org": "kick", "parent": "shelf", "name": "beside"});
    w.must("svc>ken", "copy-resource", beside);
    w.must_not("svc>ken", "select-active-org", json!({"org": "kick"}), "act_as.not_covered");
    for (name, privileges, org) in [("rooted", None, Some("root")), ("acting", Some(&["act-as"][..]), None)] {
        w.fact("root", Event::ApiKeyIssued(key(name, "svc", privileges, org)));
    }
    w.must_not("svc/rooted>ken", "create-resource", made("x", None), "act_as.not_held");
    w.must_not("svc/acting>ken", "create-resource", made("x", None), "privilege.not_held");
    w.must("svc>ken", "create-resource", made("x", None));
}

#[test]
fn personal_folders_are_closed_on_behalf_and_to_limited_keys() {
    let mut w = hub();
    w.fact("root", Event::ApiKeyIssued(key("limited", "cat", None, Some("training"))));
    let folder = {
        let view = w.view();
        let (cat, training) = (view.find_user("cat").unwrap(), view.find_org("training").unwrap());
        view.resource_id(view.personal_folder(cat, training).unwrap()).to_owned()
    };
    let made = |id: &str, parent: Option<&str>| json!({"id": id, "org": "training", "kind": "chart", "name": id, "parent": parent});
    w.must("cat", "create-resource", made("diary", Some(&folder)));
    w.must("cat", "create-resource", made("work", None));
    for who in ["admin>cat", "cat/limited"] {
        w.must_not(who, "create-resource", made("planted", Some(&folder)), "resource.unknown");
        w.must_not(who, "rename-resource", json!({"resource": "diary", "name": "d"}), "resource.unknown");
        w.must_not(who, "delete-resource", json!({"resource": "diary"}), "resource.unknown");
        w.must_not(who, "move-resource", json!({"resource": "diary"}), "resource.unknown");
        w.must_not(who, "move-resource", json!({"resource": "work", "parent": folder}), "resource.unknown");
        let copy = json!({"resource": "diary", "into_org": "training", "name": "c"});
        w.must_not(who, "copy-resource", copy, "resource.unknown");
    }
    w.must("cat", "rename-resource", json!({"resource": "diary", "name": "d"}));
}

/// An identity is of one org: a link in one neither stops nor tells of another.
#[test]
fn identities_are_vouched_for_and_of_one_org() {
    let mut w = given();
    let link = |user: &str| json!({"user": user, "issuer": "idp", "subject": "s"});
    w.must_not("vic", "link-identity", link("vic"), "privilege.not_held");
    w.must("kate", "link-identity", link("vic"));
    w.must_not("kate", "link-identity", link("ken"), "identity.taken");
    w.must("liz", "link-identity", link("liz"));
    w.must_not("kate", "unlink-identity", link("ken"), "identity.unknown");
    let call = |users: Value| {
        json!({"external_id": "t", "issuer": "idp", "id": "mars", "name": "Mars",
               "admin": {"id": "mara", "subject": "s", "name": "M"}, "users": users})
    };
    let user = |subject: &str| json!([{"id": format!("u-{subject}"), "subject": subject, "name": "U"}]);
    w.must("admin", "provision-tenant", call(user("a")));
    w.must("mara", "erase-user", json!({"user": "u-a", "confirmation": "permanently erase"}));
    let again = w.decide("admin", "provision-tenant", &call(json!([{"id": "u-b", "subject": "a", "name": "U"}])));
    assert_eq!(again.unwrap(), [], "nobody who was erased comes back");
}

/// No system administrator is an org's to end.
#[test]
fn system_administrators_are_ended_by_their_like() {
    let mut w = hub();
    let keeper = json!({"id": "kim", "org": "root", "name": "K", "user_type": "administrator"});
    w.must("admin", "create-user", keeper);
    w.must("admin", "assign-role", json!({"role": "Administrator@root", "users": ["kim"]}));
    assert!(w.holds("kim", "user.manage", "root"));
    w.must_not("kim", "disable-user", json!({"user": "sid"}), "user.system_administrator");
    let erase = json!({"user": "sid", "confirmation": "permanently erase"});
    w.must_not("kim", "erase-user", erase, "user.system_administrator");
    w.must("admin", "disable-user", json!({"user": "sid"}));
}

/// In an archived org nothing changes but that its people are erased, whoever asks.
#[test]
fn an_archived_org_changes_no_more() {
    let mut w = given();
    let org = json!({"id": "past", "name": "past", "admin": {"id": "pat", "name": "P"}});
    w.must("admin", "create-org", org);
    let enter = subscribe("past", "admin", "administrator", json!("all"));
    w.must("admin", "grant-subscriptions", enter);
    w.fact("past", Event::ApiKeyIssued(key("pats", "pat", None, None)));
    let made = |id: &str, kind: &str| json!({"id": id, "org": "past", "kind": kind, "name": id});
    w.must("admin", "create-resource", made("papers", "folder"));
    w.must("admin", "define-role", json!({"id": "clerk", "org": "past", "name": "clerk"}));
    w.must("admin", "create-group", json!({"id": "club", "org": "past", "name": "club"}));
    w.must("admin", "archive-org", json!({"org": "past", "confirmation": "permanently archive"}));
    let (org, user) = (json!({"org": "past"}), json!({"user": "pat"}));
    let identity = json!({"user": "pat", "issuer": "i", "subject": "s"});
    let rows = [
        ("rename-org", json!({"org": "past", "name": "n"})),
        ("describe-org", json!({"org": "past", "description": "d"})),
        ("tag-org", json!({"org": "past", "tags": ["t"]})),
        ("move-org", json!({"org": "past", "parent": "kick"})),
        ("disable-org", org.clone()),
        ("enable-org", org.clone()),
        ("archive-org", json!({"org": "past", "confirmation": "permanently archive"})),
        ("exclude-landlord", org.clone()),
        ("admit-landlord", org),
        ("create-user", json!({"org": "past", "name": "N", "user_type": "viewer"})),
        ("change-profile", json!({"user": "pat", "name": "N"})),
        ("disable-user", user.clone()),
        ("enable-user", user.clone()),
        ("reset-credential", user.clone()),
        ("record-sign-in", user),
        ("link-identity", identity.clone()),
        ("unlink-identity", identity),
        ("select-active-org", json!({"org": "past"})),
        ("issue-api-key", json!({"user": "pat", "name": "k"})),
        ("revoke-api-key", json!({"key": "pats"})),
        ("create-group", json!({"org": "past", "name": "g"})),
        ("rename-group", json!({"group": "club", "name": "g"})),
        ("delete-group", json!({"group": "club"})),
        ("add-group-members", json!({"group": "club", "users": ["pat"]})),
        ("sync-group", json!({"group": "club", "users": ["pat"]})),
        ("invite-group", json!({"group": "crew", "org": "past", "privileges": []})),
        ("link-environment", json!({"org": "past", "name": "e"})),
        ("grant-subscriptions", subscribe("past", "svc", "viewer", json!([]))),
        ("withdraw-subscription", json!({"org": "past", "user": "admin"})),
        ("retype-subscription", json!({"org": "past", "user": "pat", "user_type": "viewer"})),
        ("revoke-privileges", json!({"org": "past", "user": "admin", "privileges": ["act-as"]})),
        ("define-role", json!({"org": "past", "name": "r"})),
        ("change-role", json!({"role": "clerk", "privileges": []})),
        ("delete-role", json!({"role": "clerk"})),
        ("assign-role", json!({"role": "clerk", "users": ["admin"]})),
        ("create-resource", made("more", "folder")),
        ("rename-resource", json!({"resource": "papers", "name": "n"})),
        ("delete-resource", json!({"resource": "papers"})),
        ("share", share("papers", json!({"user": "admin"}), "view")),
        ("export-resources", json!({"org": "past", "resources": ["papers"]})),
        ("configure-login", json!({"org": "past", "methods": ["mail"], "default": "tenant"})),
    ];
    for (name, arguments) in rows {
        for who in ["admin", "tim"] {
            let decided = w.decide(who, name, &arguments);
            assert!(decided.is_err(), "{who}: {name} {arguments}: {decided:?}");
        }
    }
    w.must_not("admin", "reset-credential", json!({"user": "pat"}), "org.archived");
    w.must("admin", "erase-user", json!({"user": "pat", "confirmation": "permanently erase"}));
}
