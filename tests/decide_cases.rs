//! Ways around the rules, one by one: each was tried once, or would be.

mod acting;
mod caps;
mod catalogue;
mod closed;
mod credentials;
mod hidden;
mod issuers;
mod keepers;
mod landlord;
mod limits;
mod mixed;
mod moving;
mod names;
mod orgs;
mod outsiders;
mod own;
mod rows;
mod teams;
mod time;
mod twins;

use serde_json::{Value, json};
use tenure_events::Event;
use tenure_events::data::{Assignee, RoleAssigned, RoleDefined};

use crate::support::given::{given, given_with, key};
use crate::support::memory::{World, id};

/// The given world, and `gus` at home in `kick` as an administrator with these privileges.
fn with_gus(privileges: &[&str]) -> World {
    let mut world = given();
    add_gus(&mut world, privileges);
    world
}

fn add_gus(world: &mut World, privileges: &[&str]) {
    let user_type = "administrator";
    world.must(
        "kate",
        "create-user",
        json!({"id": "gus", "org": "kick", "name": "G", "user_type": user_type, "privileges": privileges}),
    );
}

fn members(group: &str, user: &str) -> Value {
    json!({"group": group, "users": [user]})
}

fn assign(role: &str, user: &str) -> Value {
    json!({"role": role, "users": [user]})
}

fn subscribe(org: &str, user: &str, user_type: &str, privileges: Value) -> Value {
    json!({"org": org, "users": [user], "user_type": user_type, "privileges": privileges})
}

fn share(resource: &str, with: Value, level: &str) -> Value {
    json!({"resource": resource, "with": with, "level": level})
}

/// A role as a fact: what no command may make in the given world.
fn global_role(world: &mut World, role: &str, privileges: &[&str], user: &str) {
    let privileges = privileges.iter().map(|privilege| id(privilege)).collect();
    let defined = RoleDefined { role: id(role), org: None, name: role.to_owned(), privileges };
    world.fact("root", Event::RoleDefined(defined));
    let to = Assignee::User(id(user));
    world.fact("root", Event::RoleAssigned(RoleAssigned { role: id(role), to, valid_until: None }));
}

#[test]
fn disable_add_to_a_powerful_group_enable() {
    let mut w = with_gus(&["user.manage", "group.manage"]);
    w.must("kate", "assign-role", json!({"role": "boss", "groups": ["team"]}));
    w.must("gus", "disable-user", json!({"user": "vic"}));
    w.must_not("gus", "add-group-members", members("team", "vic"), "delegation.not_held");
}

#[test]
fn grant_while_the_landlord_is_shut_out_then_admit() {
    let mut w = given();
    w.must("tim", "grant-subscriptions", subscribe("kick", "tim", "administrator", json!("all")));
    w.must("kate", "exclude-landlord", json!({"org": "kick"}));
    w.must_not(
        "tim",
        "grant-privileges",
        json!({"org": "kick", "user": "ken", "privileges": ["report.edit"]}),
        "user.unknown",
    );
    // Whoever holds it while nobody from above does cannot lay it down for them either.
    let mut w = with_gus(&["subscription.manage", "landlord.manage"]);
    w.must("tim", "grant-subscriptions", subscribe("kick", "tim", "administrator", json!([])));
    w.must("kate", "exclude-landlord", json!({"org": "kick"}));
    w.must_not(
        "gus",
        "grant-privileges",
        json!({"org": "kick", "user": "tim", "privileges": ["user.manage"]}),
        "delegation.not_held",
    );
}

#[test]
fn a_role_changed_after_it_was_assigned() {
    let mut w = with_gus(&["role.manage", "chart.edit"]);
    w.must("gus", "define-role", json!({"id": "mine", "org": "kick", "name": "mine"}));
    w.must("gus", "assign-role", assign("mine", "gus"));
    w.must_not("gus", "change-role", json!({"role": "mine", "privileges": ["user.manage"]}), "delegation.not_held");
    w.must("gus", "change-role", json!({"role": "mine", "privileges": ["chart.edit"]}));
}

#[test]
fn a_role_assigned_to_an_empty_group() {
    let mut w = with_gus(&["role.manage", "group.manage"]);
    w.must("gus", "create-group", json!({"id": "empty", "org": "kick", "name": "empty"}));
    w.must_not("gus", "assign-role", json!({"role": "boss", "groups": ["empty"]}), "delegation.not_held");
}

#[test]
fn own_roles_and_groups() {
    let mut w = with_gus(&["role.manage", "group.manage"]);
    w.must_not("gus", "assign-role", assign("boss", "gus"), "delegation.not_held");
    w.must_not(
        "gus",
        "define-role",
        json!({"org": "kick", "name": "x", "privileges": ["user.manage"]}),
        "delegation.not_held",
    );
    w.must("kate", "assign-role", json!({"role": "boss", "groups": ["team"]}));
    w.must_not("gus", "add-group-members", members("team", "gus"), "delegation.not_held");
    w.must_not("gus", "sync-group", json!({"group": "team", "users": ["ken", "gus"]}), "delegation.not_held");
    w.must_not("gus", "assign-role", assign("designer", "gus"), "delegation.not_held");
}

#[test]
fn a_managing_team_is_joined_by_who_manages_orgs() {
    let mut w = given();
    w.must("admin", "create-org", json!({"id": "new", "name": "new", "managing_group": "crew"}));
    w.must(
        "admin",
        "create-user",
        json!({"id": "gil", "org": "root", "name": "G", "user_type": "administrator", "privileges": ["group.manage"]}),
    );
    w.must_not("gil", "add-group-members", members("crew", "gil"), "delegation.not_held");
    w.must_not("admin", "add-group-members", members("crew", "tim"), "delegation.not_held");
    w.must("admin", "grant-subscriptions", subscribe("new", "admin", "administrator", json!("all")));
    w.must("admin", "add-group-members", members("crew", "tim"));
}

#[test]
fn a_group_of_one_org_manages_no_other() {
    let mut w = given();
    w.must_not(
        "kate",
        "create-org",
        json!({"name": "x", "parent": "kick", "managing_group": "team"}),
        "group.other_org",
    );
}

#[test]
fn global_roles_and_an_org_admin() {
    let mut w = given();
    w.must_not("kate", "assign-role", assign("system", "ken"), "role.unknown");
    w.must_not("tim", "assign-role", assign("system", "svc"), "delegation.not_held");
    global_role(&mut w, "auditors", &["audit.read"], "kate");
    w.must_not("kate", "assign-role", assign("auditors", "ken"), "org.unknown");
    w.must("admin", "assign-role", assign("system", "svc"));
}

#[test]
fn a_key_for_one_org_hands_out_nothing_in_every_org() {
    let mut w = given();
    w.must_not("admin/local", "assign-role", assign("system", "svc"), "delegation.not_held");
}

/// Where roles need no membership, the emptiest role opens an org, and what is shared with it.
#[test]
fn empty_roles_are_handed_out_by_who_works_there() {
    let mut w = given_with(|settings| settings.roles_need_membership = false);
    w.must("admin", "define-role", json!({"id": "guest", "name": "guest"}));
    w.must_not("tim", "assign-role", assign("guest", "tim"), "delegation.not_member");
    w.must("admin", "assign-role", assign("guest", "svc"));
    let mut w = given_with(|settings| settings.roles_need_membership = false);
    w.must("kate", "define-role", json!({"id": "guest", "org": "kick", "name": "guest"}));
    w.fact(
        "kick",
        Event::RoleAssigned(RoleAssigned { role: id("guest"), to: Assignee::Group(id("crew")), valid_until: None }),
    );
    w.must_not("tim", "add-group-members", members("crew", "tim"), "delegation.not_member");
}

/// Its history is read still: who may, is handed out by who may.
#[test]
fn what_is_archived_counts_as_what_is_open() {
    let mut w = given();
    w.must("tim", "add-group-members", members("crew", "svc"));
    w.must("tim", "remove-group-members", members("crew", "svc"));
    w.fact(
        "gone",
        Event::RoleDefined(RoleDefined {
            role: id("old"),
            org: Some(id("gone")),
            name: "old".to_owned(),
            privileges: vec![id("user.manage")],
        }),
    );
    w.fact(
        "gone",
        Event::RoleAssigned(RoleAssigned { role: id("old"), to: Assignee::Group(id("crew")), valid_until: None }),
    );
    w.must_not("tim", "add-group-members", members("crew", "svc"), "delegation.not_held");
}

#[test]
fn nothing_is_handed_out_in_a_disabled_org() {
    let mut w = given();
    w.must("admin", "grant-subscriptions", subscribe("kick", "admin", "administrator", json!("all")));
    w.must("admin", "share", share("shelf", json!({"group": "crew"}), "view"));
    w.must("admin", "disable-org", json!({"org": "kick"}));
    w.must_not("admin", "add-group-members", members("crew", "svc"), "delegation.level_not_held");
}

#[test]
fn withdraw_and_subscribe_again() {
    let mut w = given();
    let enter = || subscribe("kick", "tim", "administrator", json!("all"));
    w.must("tim", "grant-subscriptions", enter());
    w.must("tim", "withdraw-subscription", json!({"org": "kick", "user": "tim"}));
    w.must_not("tim", "grant-subscriptions", enter(), "privilege.not_held");
}

#[test]
fn the_first_subscription_is_for_whom_the_org_admits() {
    let mut w = given();
    let enter = |org: &str| subscribe(org, "tim", "viewer", json!([]));
    w.must_not("tim", "grant-subscriptions", enter("shut"), "privilege.not_held");
    w.must("shaun", "admit-landlord", json!({"org": "shut", "until": "2026-03-01T10:00:00Z"}));
    w.pass(3_600);
    w.must_not("tim", "grant-subscriptions", enter("shut"), "privilege.not_held");
    w.must("tim", "grant-subscriptions", enter("kick"));
    w.must_not("tim", "grant-subscriptions", enter("kick"), "privilege.not_held");
}

#[test]
fn adding_again_what_has_ended() {
    let mut w = given();
    let mut until = subscribe("kick", "tim", "administrator", json!("all"));
    until["valid_until"] = json!("2026-03-01T10:00:00Z");
    w.must("tim", "grant-subscriptions", until);
    w.must_not("tim", "extend-subscription", json!({"org": "kick", "user": "tim"}), "subscription.own");
    w.pass(3_600);
    w.must_not("tim", "grant-subscriptions", subscribe("kick", "tim", "viewer", json!([])), "privilege.not_held");
    add_gus(&mut w, &["subscription.manage"]);
    w.must_not("gus", "extend-subscription", json!({"org": "kick", "user": "tim"}), "delegation.not_held");
    w.must("kate", "extend-subscription", json!({"org": "kick", "user": "tim"}));
}

/// Somebody holds it, though by a global role alone: the org is not deserted.
#[test]
fn an_org_run_by_a_global_role_is_not_deserted() {
    let mut w = given_with(|settings| settings.roles_need_membership = false);
    w.must("admin", "create-org", json!({"id": "new", "name": "new"}));
    w.must("tim", "grant-subscriptions", subscribe("new", "tim", "viewer", json!([])));
    w.must_not(
        "tim",
        "grant-subscriptions",
        subscribe("new", "svc", "administrator", json!("all")),
        "privilege.not_held",
    );
}

#[test]
fn a_deserted_org_is_entered_by_its_manager_from_above() {
    let mut w = given();
    w.must("admin", "create-org", json!({"id": "new", "name": "new"}));
    w.must("tim", "grant-subscriptions", subscribe("new", "tim", "administrator", json!("all")));
    w.must("tim", "grant-subscriptions", subscribe("new", "svc", "administrator", json!("all")));
    // Nobody else's entry, and never for who brought it about.
    let mut w = with_gus(&["landlord.manage"]);
    w.must("tim", "grant-subscriptions", subscribe("kick", "tim", "administrator", json!(["user.manage"])));
    let all = |user: &str| subscribe("kick", user, "administrator", json!("all"));
    w.must_not("tim", "grant-subscriptions", all("svc"), "privilege.not_held");
    w.must_not("tim", "disable-user", json!({"user": "kate"}), "org.locked_out");
    w.must("tim", "withdraw-subscription", json!({"org": "kick", "user": "tim"}));
    w.must_not("tim", "grant-subscriptions", all("tim"), "privilege.not_held");
    w.must_not("admin", "grant-subscriptions", all("admin"), "privilege.not_held");
    // Deserted by its own users, it is entered again by who manages it from above, and by nobody else.
    let mut w = given();
    w.must("tim", "grant-subscriptions", subscribe("kick", "tim", "administrator", json!([])));
    w.must("tim", "withdraw-subscription", json!({"org": "kick", "user": "tim"}));
    w.must("kate", "disable-user", json!({"user": "kate"}));
    w.must_not("tim", "grant-subscriptions", all("svc"), "privilege.not_held");
    w.must("tim", "grant-subscriptions", all("tim"));
}

/// Whoever brings it about that an org is deserted, however they do, gains nothing by it.
#[test]
fn an_org_deserted_from_above_is_not_entered_again() {
    let take = [
        ("disable-user", json!({"user": "kate"})),
        ("erase-user", json!({"user": "kate", "confirmation": "permanently erase"})),
        ("revoke-privileges", json!({"org": "kick", "user": "kate", "privileges": ["subscription.manage"]})),
        ("retype-subscription", json!({"org": "kick", "user": "kate", "user_type": "viewer"})),
    ];
    for (name, arguments) in take {
        let mut w = given();
        w.must("kate", "exclude-landlord", json!({"org": "kick"}));
        w.must("kate", "admit-landlord", json!({"org": "kick"}));
        w.must(
            "tim",
            "grant-subscriptions",
            subscribe("kick", "tim", "administrator", json!(["user.manage", "subscription.manage", "landlord.manage"])),
        );
        w.must("kate", "create-user", json!({"id": "gus", "org": "kick", "name": "G", "user_type": "administrator", "privileges": ["landlord.manage"]}));
        w.must("tim", name, arguments);
        // Now tim is the last: their going is no doing of the org's own users.
        w.must_not("tim", "withdraw-subscription", json!({"org": "kick", "user": "tim"}), "org.locked_out");
    }
}

/// Once for each ancestor and org, whoever it is.
#[test]
fn first_entry_is_once_for_each_ancestor() {
    let mut w = given();
    let enters = |who: &str| subscribe("deep", who, "administrator", json!("all"));
    w.must("tim", "grant-subscriptions", enters("tim"));
    w.must_not("admin", "grant-subscriptions", enters("admin"), "privilege.not_held");
    w.must("kate", "grant-subscriptions", enters("kate"));
    w.must("kate", "withdraw-subscription", json!({"org": "deep", "user": "kate"}));
    w.must_not("kate", "grant-subscriptions", enters("kate"), "privilege.not_held");
}

/// By a key nobody enters with more than it carries.
#[test]
fn an_entry_by_a_key() {
    let mut w = given();
    w.fact("root", Event::ApiKeyIssued(key("orgs", "tim", Some(&["org.manage", "chart.edit"]), None)));
    w.fact("root", Event::ApiKeyIssued(key("here", "tim", None, Some("root"))));
    let with = |privileges: Value| subscribe("kick", "tim", "administrator", privileges);
    w.must_not("tim/orgs", "grant-subscriptions", with(json!(["user.manage"])), "key.wider");
    w.must_not("tim/here", "grant-subscriptions", with(json!([])), "key.wider");
    w.must("tim/orgs", "grant-subscriptions", with(json!("all")));
    assert!(w.holds("tim", "chart.edit", "kick") && !w.holds("tim", "user.manage", "kick"));
}

#[test]
fn a_user_type_hides_what_roles_give() {
    let mut w = given();
    w.must("tim", "grant-subscriptions", subscribe("kick", "tim", "viewer", json!([])));
    w.must("kate", "assign-role", assign("boss", "tim"));
    assert!(!w.holds("tim", "user.manage", "kick"));
    add_gus(&mut w, &["subscription.manage"]);
    let up = json!({"org": "kick", "user": "tim", "user_type": "administrator"});
    w.must_not("gus", "retype-subscription", up.clone(), "delegation.not_held");
    w.must_not("tim", "retype-subscription", up.clone(), "subscription.own");
    w.must("kate", "retype-subscription", up);
    assert!(w.holds("tim", "user.manage", "kick"));
}

#[test]
fn moving_and_sharing_what_others_put_inside() {
    let mut w = given();
    // `ken` may edit the shelf, where `kate` put something of her own; the box is his.
    w.must(
        "kate",
        "create-resource",
        json!({"id": "secret", "org": "kick", "kind": "folder", "name": "secret", "parent": "box"}),
    );
    w.must_not("ken", "share", share("box", json!({"user": "vic"}), "view"), "delegation.level_not_held");
    w.must("kate", "share", share("shelf", json!({"user": "vic"}), "view"));
    w.must_not("ken", "move-resource", json!({"resource": "box", "parent": "shelf"}), "delegation.level_not_held");
    w.must("kate", "move-resource", json!({"resource": "box", "parent": "shelf"}));
    w.must_not("mia", "move-resource", json!({"resource": "plan", "parent": "shelf"}), "resource.unknown");
    // Whoever may not share puts nothing of theirs where others have it.
    let pam = json!({"id": "pam", "org": "kick", "name": "P", "user_type": "member", "privileges": ["chart.create", "chart.edit", "folder.edit"]});
    w.must("kate", "create-user", pam);
    w.must("kate", "add-group-members", members("team", "pam"));
    w.must("pam", "create-resource", json!({"id": "pams", "org": "kick", "kind": "chart", "name": "pams"}));
    w.must_not("pam", "move-resource", json!({"resource": "pams", "parent": "shelf"}), "privilege.not_held");
}

#[test]
fn a_successor_gains_what_the_actor_holds() {
    let mut w = with_gus(&["user.manage"]);
    w.must("kate", "create-user", json!({"id": "sue", "org": "kick", "name": "S", "user_type": "administrator"}));
    let erase = |user: &str, successor: &str| json!({"user": user, "confirmation": "permanently erase", "successor": successor});
    w.must_not("gus", "erase-user", erase("kate", "sue"), "delegation.not_held");
    w.must_not("gus", "erase-user", erase("kate", "gus"), "subscription.own");
    w.must_not("gus", "erase-user", erase("gus", "gus"), "successor.not_at_home");
    // Nothing above their user type, not even laid down for later.
    let erased = w.give("kate", "erase-user", &erase("ken", "vic")).unwrap();
    assert_eq!(erased.len(), 1, "{erased:?}");
}

#[test]
fn ancestors_make_nothing_where_they_are_shut_out() {
    let mut w = given();
    w.must_not("admin", "create-org", json!({"name": "x", "parent": "shut"}), "landlord.excluded");
    w.must_not("admin", "move-org", json!({"org": "learn", "parent": "shut"}), "landlord.excluded");
    w.must("admin", "rename-org", json!({"org": "shut", "name": "other"}));
    w.must("admin", "disable-org", json!({"org": "shut"}));
    w.must("admin", "enable-org", json!({"org": "shut"}));
}

#[test]
fn names_that_fold_to_the_same() {
    let mut w = given();
    let make = |name: &str| json!({"org": "kick", "kind": "chart", "name": name});
    w.must("ken", "create-resource", make("Caf\u{e9}"));
    w.must_not("ken", "create-resource", make("CAFE\u{301}"), "name.taken");
    w.must_not("admin", "rename-org", json!({"org": "kick", "name": "LEARN"}), "name.taken");
    w.must("admin", "rename-org", json!({"org": "kick", "name": "Kick"}));
    w.must("admin", "rename-org", json!({"org": "learn", "name": "gone"}));
    w.must("kate", "delete-group", json!({"group": "team"}));
    w.must("kate", "create-group", json!({"org": "kick", "name": "TEAM"}));
}

#[test]
fn closed_orgs() {
    let mut w = given();
    w.must_not("admin", "rename-org", json!({"org": "gone", "name": "x"}), "org.archived");
    w.must_not("admin", "enable-org", json!({"org": "gone"}), "org.archived");
    w.must_not("admin", "create-user", json!({"org": "off", "name": "x", "user_type": "viewer"}), "org.disabled");
    w.must_not("otto", "change-profile", json!({"user": "otto", "name": "x"}), "standing.not_live");
    w.must("admin", "enable-org", json!({"org": "off"}));
    w.must("otto", "change-profile", json!({"user": "otto", "name": "x"}));
}

#[test]
fn ids_are_never_used_again() {
    let mut w = given();
    w.must_not("admin", "create-org", json!({"id": "gone", "name": "x"}), "id.taken");
    w.must("kate", "erase-user", json!({"user": "ken", "confirmation": "permanently erase"}));
    w.must_not(
        "kate",
        "create-user",
        json!({"id": "ken", "org": "kick", "name": "x", "user_type": "viewer"}),
        "id.taken",
    );
    w.must("kate", "delete-group", json!({"group": "team"}));
    w.must_not("kate", "create-group", json!({"id": "team", "org": "kick", "name": "x"}), "id.taken");
    w.must("kate", "delete-role", json!({"role": "boss"}));
    w.must_not("kate", "define-role", json!({"id": "boss", "org": "kick", "name": "x"}), "id.taken");
    w.must("kate", "delete-resource", json!({"resource": "plan"}));
    w.must_not(
        "kate",
        "create-resource",
        json!({"id": "plan", "org": "kick", "kind": "chart", "name": "x"}),
        "id.taken",
    );
}

/// Where roles need no membership a global role is a way into every org.
#[test]
fn a_global_role_opens_every_org() {
    let w = given_with(|settings| settings.roles_need_membership = false);
    let view = w.view();
    let orgs = tenure_projections::judge::orgs_of(&view, view.find_user("admin").unwrap());
    let mut orgs: Vec<&str> = orgs.into_iter().map(|org| view.org_id(org)).collect();
    assert_eq!(orgs.remove(0), "root");
    orgs.sort_unstable();
    assert_eq!(orgs, ["deep", "gone", "kick", "learn", "off"], "`shut` excludes it");
}

#[test]
fn a_lost_active_org_falls_back_to_home() {
    use tenure_projections::judge::acting_org;
    let mut w = given();
    for org in ["kick", "learn"] {
        w.must("tim", "grant-subscriptions", subscribe(org, "tim", "viewer", json!([])));
    }
    let acts_in = |w: &World, target: &str| {
        let view = w.view();
        let org = acting_org(&view, view.find_user("tim").unwrap(), view.find_org(target).unwrap());
        org.map(|org| view.org_id(org).to_owned()).unwrap()
    };
    assert_eq!(acts_in(&w, "kick"), "kick");
    w.must("tim", "select-active-org", json!({"org": "learn"}));
    assert_eq!(acts_in(&w, "kick"), "learn");
    w.must("tim", "withdraw-subscription", json!({"org": "learn", "user": "tim"}));
    assert_eq!(acts_in(&w, "kick"), "root");
}
