//! A platform with a little of everything, for cases that name what differs.

use serde_json::{Value, json};
use tenure_events::data::{ApiKeyIssued, Assignee, Lifecycle, RoleAssigned, RoleDefined, Settings, Switch};
use tenure_events::{Event, Privilege};

use super::memory::{World, id, privileges};

/// Privileges that run an org.
pub const RUN: [&str; 7] = [
    "org.manage",
    "user.manage",
    "subscription.manage",
    "role.manage",
    "group.manage",
    "content.manage",
    "landlord.manage",
];

/// Orgs below `root`: `kick` and below it `deep`; `learn`; `shut`, which excludes its landlord; `off`, disabled; `gone`,
/// archived. All but the last have an administrator: `kate dora liz shaun otto`. At home in `root`: `admin`, who holds everything there and by the global role `system` everywhere; `tim`, who
/// runs it; `svc`, who acts as others; `dan`, disabled. In `kick`: `ken` and `mia`, members; `vic`, a viewer.
pub fn given() -> World {
    given_with(|_| {})
}

/// The same with other settings.
pub fn given_with(change: impl FnOnce(&mut Settings)) -> World {
    let mut world = World::with(change);
    let w = &mut world;
    let org = |id: &str, parent: &str, admin: &str| json!({"id": id, "name": id, "parent": parent, "admin": {"id": admin, "name": admin}});
    for (id, admin) in [("kick", "kate"), ("learn", "liz"), ("shut", "shaun"), ("off", "otto")] {
        w.must("admin", "create-org", org(id, "root", admin));
    }
    w.must("kate", "create-org", org("deep", "kick", "dora"));
    w.must("admin", "create-org", json!({"id": "gone", "name": "gone"}));
    w.must("admin", "archive-org", json!({"org": "gone", "confirmation": "permanently archive"}));
    let user = |id: &str, org: &str, user_type: &str, privileges: Value| json!({"id": id, "org": org, "name": id, "user_type": user_type, "privileges": privileges});
    w.must("admin", "create-user", user("tim", "root", "administrator", json!(RUN)));
    w.must("admin", "create-user", user("svc", "root", "administrator", json!(["act-as", "access.check"])));
    w.must("admin", "create-user", user("dan", "root", "viewer", json!([])));
    w.must("admin", "disable-user", json!({"user": "dan"}));
    let content =
        ["folder.create", "folder.edit", "folder.share", "chart.create", "chart.edit", "chart.delete", "chart.share"];
    for member in ["ken", "mia"] {
        w.must("kate", "create-user", user(member, "kick", "member", json!(content)));
    }
    w.must("kate", "create-user", user("vic", "kick", "viewer", json!([])));
    let system = RoleDefined { role: id("system"), org: None, name: "system".to_owned(), privileges: all() };
    w.fact("root", Event::RoleDefined(system));
    let to = Assignee::User(id("admin"));
    w.fact("root", Event::RoleAssigned(RoleAssigned { role: id("system"), to, valid_until: None }));
    w.must("admin", "create-group", json!({"id": "crew", "name": "crew"}));
    w.must("kate", "create-group", json!({"id": "team", "org": "kick", "name": "team"}));
    w.must("kate", "add-group-members", json!({"group": "team", "users": ["ken"]}));
    w.must(
        "kate",
        "define-role",
        json!({"id": "designer", "org": "kick", "name": "designer", "privileges": ["chart.edit"]}),
    );
    w.must("kate", "define-role", json!({"id": "boss", "org": "kick", "name": "boss", "privileges": RUN}));
    w.must("kate", "assign-role", json!({"role": "designer", "users": ["mia"]}));
    let made = |id: &str, org: &str, kind: &str, parent: Option<&str>| json!({"id": id, "org": org, "kind": kind, "name": id, "parent": parent});
    w.must("admin", "create-resource", made("shipped", "root", "folder", None));
    w.must("admin", "create-resource", made("sample", "root", "chart", Some("shipped")));
    w.must("admin", "share", json!({"resource": "shipped", "with": {"org": "kick"}, "level": "view"}));
    w.must("kate", "create-resource", made("shelf", "kick", "folder", None));
    w.must("kate", "create-resource", made("wire", "kick", "connection", None));
    w.must("kate", "share", json!({"resource": "shelf", "with": {"group": "team"}, "level": "edit"}));
    w.must("ken", "create-resource", made("sales", "kick", "chart", Some("shelf")));
    w.must("ken", "create-resource", made("box", "kick", "folder", None));
    w.must("mia", "create-resource", made("plan", "kick", "chart", None));
    w.must("shaun", "exclude-landlord", json!({"org": "shut"}));
    w.must("admin", "disable-org", json!({"org": "off"}));
    w.fact("kick", Event::ApiKeyIssued(key("narrow", "kate", Some(&["user.manage", "key.manage"]), None)));
    w.fact("root", Event::ApiKeyIssued(key("local", "admin", None, Some("root"))));
    world
}

/// A platform of teams: `admin` administers; the team `emea-admin`, `erin` in it, may manage organisations and made
/// `emea` with the environment `dev`; `john` is in `science`; `grace` manages groups.
pub fn teams_world() -> World {
    let mut world = World::with(|settings| {
        settings.lifecycle = Lifecycle::ManagingTeam;
        settings.managing_team_required = true;
        settings.roles_need_membership = false;
        settings.landlord_rule = false;
        settings.tenant_permissions = Switch::On;
    });
    let w = &mut world;
    for (user, privileges) in [("erin", json!([])), ("john", json!([])), ("grace", json!(["group.manage"]))] {
        let user =
            json!({"id": user, "org": "root", "name": user, "user_type": "administrator", "privileges": privileges});
        w.must("admin", "create-user", user);
    }
    for (group, member) in [("emea-admin", "erin"), ("science", "john")] {
        w.must("admin", "create-group", json!({"id": group, "name": group}));
        w.must("admin", "add-group-members", json!({"group": group, "users": [member]}));
    }
    let permission = json!({"group": "emea-admin", "permission": "manage-organizations"});
    w.must("admin", "grant-tenant-permission", permission);
    w.must("erin", "create-org", json!({"id": "emea", "name": "EMEA", "managing_group": "emea-admin"}));
    w.must("erin", "link-environment", json!({"id": "dev", "org": "emea", "name": "Dev"}));
    world
}

/// A key that carries no more than these privileges, and works in this org only.
pub fn key(name: &str, user: &str, privileges: Option<&[&str]>, org: Option<&str>) -> ApiKeyIssued {
    ApiKeyIssued {
        key: id(name),
        user: id(user),
        hash: String::new(),
        name: None,
        org: org.map(id),
        privileges: privileges.map(|privileges| privileges.iter().map(|privilege| id(privilege)).collect()),
        expires: None,
    }
}

fn all() -> Vec<Privilege> {
    privileges().iter().map(|privilege| id(privilege)).collect()
}
