//! Mechanisms together: what one lets through another still stops.

use serde_json::{Value, json};
use tenure_events::data::{
    Assignee, GroupInvited, GroupMemberAdded, RoleAssigned, RoleDefined, Settings, SettingsChanged, Switch, TenantUsers,
};
use tenure_events::{Event, Privilege};
use tenure_projections::judge::Subject;
use tenure_projections::sight;

use crate::support::given::{given, given_with};
use crate::support::memory::{World, id, privileges};

/// The given world with other settings, where `tim`, at home in `root`, is a system administrator.
fn administered(change: impl FnOnce(&mut Settings)) -> World {
    let mut world = given();
    let mut settings: Settings = (*world.view().settings().unwrap().value).clone();
    change(&mut settings);
    world.fact("root", Event::SettingsChanged(SettingsChanged { settings }));
    let (role, name) = (id("system-administrator"), "system-administrator".to_owned());
    let privileges: Vec<Privilege> = privileges().iter().map(|privilege| id(privilege)).collect();
    world.fact("root", Event::RoleDefined(RoleDefined { role, org: None, name, privileges }));
    let (role, to) = (id("system-administrator"), Assignee::User(id("tim")));
    world.fact("root", Event::RoleAssigned(RoleAssigned { role, to, valid_until: None }));
    world
}

fn sees(world: &World, user: &str, resource: &str) -> bool {
    let view = world.view();
    let (viewer, no) = (Subject::from(view.find_user(user).unwrap()), view.find_resource(resource).unwrap());
    sight::sees_resource(&view, &viewer, view.resource(no).map(|found| found.value.org), no)
}

#[test]
fn who_reaches_everywhere_needs_tenant_permissions_as_well() {
    let world = administered(|settings| {
        settings.system_administrator_reaches = true;
        settings.tenant_permissions = Switch::On;
    });
    assert!(world.holds("tim", "user.manage", "learn"));
    assert!(!world.holds("tim", "org.manage", "learn"), "nobody manages orgs without the tenant permission");
}

#[test]
fn who_reaches_everywhere_manages_no_tenants_users_where_nobody_above_does() {
    let world = administered(|settings| {
        settings.system_administrator_reaches = true;
        settings.tenant_users = TenantUsers::Never;
    });
    assert!(world.holds("tim", "content.manage", "learn"));
    assert!(!world.holds("tim", "user.manage", "learn"));
}

/// Where they manage the users of tenants they come into every org, and have what is shared with it.
#[test]
fn the_role_that_enters_every_org_is_handed_out_by_who_holds_it() {
    let mut w = administered(|settings| settings.tenant_users = TenantUsers::Always);
    let assign = json!({"role": "system-administrator", "users": ["svc"]});
    w.must_not("admin", "assign-role", assign.clone(), "delegation.not_member");
    w.must("tim", "unassign-role", json!({"role": "system-administrator", "users": ["tim"]}));
    w.must_not("admin", "assign-role", assign, "delegation.not_member");
}

#[test]
fn who_was_invited_has_their_personal_folder_to_themself() {
    let mut w = given_with(|settings| settings.personal_folders = true);
    let (group, user) = (id("crew"), id("liz"));
    w.fact("root", Event::GroupMemberAdded(GroupMemberAdded { group, user }));
    let (group, org, environment, privileges) = (id("crew"), id("kick"), None, Vec::new());
    w.fact("kick", Event::GroupInvited(GroupInvited { group, org, environment, privileges }));
    w.must("liz", "select-active-org", json!({"org": "kick"}));
    let folder = "personal:liz@kick";
    assert_eq!(["liz", "kate"].map(|user| sees(&w, user, folder)), [true, false]);
    w.must("kate", "uninvite-group", json!({"group": "crew", "org": "kick"}));
    w.pass(400 * 86_400);
    assert_eq!(["liz", "kate"].map(|user| sees(&w, user, folder)), [false, false], "sent away, they may come back");
}

/// The secret of the next reset goes there.
#[test]
fn nobody_redirects_the_mail_of_somebody_with_a_personal_folder() {
    let mut w = given_with(|settings| settings.personal_folders = true);
    let redirect = json!({"user": "mia", "email": "kate@kick.example"});
    w.must("kate", "change-profile", redirect.clone());
    let chart = json!({"org": "kick", "kind": "chart", "name": "own", "parent": "personal:mia@kick"});
    w.must("mia", "create-resource", chart);
    w.must_not("kate", "change-profile", redirect.clone(), "delegation.personal");
    w.must("mia", "change-profile", redirect);
}

/// Whoever made a folder does not have what others put into it, and takes none of it home.
#[test]
fn a_folder_with_something_of_others_is_not_taken_home() {
    let mut w = given_with(|settings| settings.personal_folders = true);
    let make = |id: &str, kind: &str, parent: Option<&str>| -> Value {
        json!({"id": id, "org": "kick", "kind": kind, "name": id, "parent": parent})
    };
    w.must("mia", "create-resource", make("desk", "folder", None));
    let share = |level: &str| json!({"resource": "desk", "with": {"user": "ken"}, "level": level});
    w.must("mia", "share", share("edit"));
    w.must("ken", "create-resource", make("notes", "chart", Some("desk")));
    w.must("mia", "unshare", json!({"resource": "desk", "with": {"user": "ken"}}));
    let take = json!({"resource": "desk", "parent": "personal:mia@kick"});
    w.must_not("mia", "move-resource", take.clone(), "delegation.level_not_held");
    w.must("ken", "delete-resource", json!({"resource": "notes"}));
    w.must("mia", "move-resource", take);
}

#[test]
fn what_is_for_tenants_lies_in_no_personal_folder() {
    let mut w = given_with(|settings| settings.personal_folders = true);
    let make = |id: &str, parent: Option<&str>| -> Value {
        json!({"id": id, "org": "root", "kind": "folder", "name": id, "parent": parent})
    };
    let distribute = |id: &str| json!({"resource": id, "to": {"org": "learn"}});
    let privileges = ["org.manage", "folder.create", "folder.edit", "folder.share"];
    let pia = json!({"id": "pia", "org": "root", "name": "P", "user_type": "administrator", "privileges": privileges});
    w.must("admin", "create-user", pia);
    w.must("pia", "create-resource", make("mine", Some("personal:pia@root")));
    w.must_not("pia", "distribute", distribute("mine"), "personal.never_shared");
    w.must("pia", "create-resource", make("ours", None));
    w.must("pia", "create-resource", make("inner", Some("ours")));
    w.must("pia", "distribute", distribute("inner"));
    let take = json!({"resource": "ours", "parent": "personal:pia@root"});
    w.must_not("pia", "move-resource", take.clone(), "personal.shared");
    w.must("pia", "undistribute", distribute("inner"));
    w.must("pia", "move-resource", take);
}

/// An administrator ends a guest's membership for a moment, takes what lies in their personal folder, and puts all back.
#[test]
fn a_guest_is_not_gone_for_having_been_sent_away() {
    for moment in ["withdraw-subscription", "extend-subscription"] {
        let mut w = given_with(|settings| settings.personal_folders = true);
        w.must("tim", "grant-subscriptions", super::subscribe("kick", "tim", "administrator", json!("all")));
        let chart = json!({"id": "own", "org": "kick", "kind": "chart", "name": "own", "parent": "personal:tim@kick"});
        w.must("tim", "create-resource", chart);
        let mut arguments = json!({"org": "kick", "user": "tim"});
        if moment == "extend-subscription" {
            arguments["valid_until"] = json!("2026-03-01T09:30:00Z");
        }
        w.must("kate", moment, arguments);
        w.pass(3_600);
        assert!(!sees(&w, "kate", "own"), "{moment}");
        let copy = json!({"resource": "own", "into_org": "kick", "name": "mine"});
        w.must_not("kate", "copy-resource", copy, "resource.unknown");
        w.must_not("kate", "export-resources", json!({"org": "kick", "resources": ["own"]}), "resource.unknown");
    }
}
