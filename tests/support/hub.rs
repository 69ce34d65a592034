//! A platform as Data Hub is one, for cases that name what differs.

use serde_json::json;
use tenure::decide::public_folder;
use tenure_events::data::{
    Assignee, CrossOrgShares, Lifecycle, RoleAssigned, RoleDefined, RoleTemplateDefined, TenantUsers,
};
use tenure_events::{Event, Privilege};

use super::memory::{World, id, privileges};

/// Orgs below `root`: `training`, whose `Administrator` is `ann`, at home in `root` and `Designer` there; `sales`, whose
/// `Administrator` is `sue`, at home there. `admin` and `sid`, at home in `root`, are system administrators. At home in
/// `training`: `bob` and `cat`, `Consumer` and `Designer` there. The global group `trainees` has no member yet.
pub fn hub() -> World {
    let mut world = World::with(|settings| {
        settings.roles_need_membership = false;
        settings.cross_org_shares = CrossOrgShares::None;
        settings.system_administrator_reaches = true;
        settings.tenant_users = TenantUsers::Always;
        settings.public_folders = true;
        settings.personal_folders = true;
        settings.lifecycle = Lifecycle::SystemAdministrator;
    });
    let w = &mut world;
    let (role, name) = (id("system-administrator"), "system-administrator".to_owned());
    w.fact("root", Event::RoleDefined(RoleDefined { role, org: None, name, privileges: all(|_| true) }));
    let (role, to) = (id("system-administrator"), Assignee::User(id("admin")));
    w.fact("root", Event::RoleAssigned(RoleAssigned { role, to, valid_until: None }));
    let public = public_folder(id("Public@root"), &id("root"), &id("folder"), &id("admin"));
    public.into_iter().for_each(|event| w.fact("root", event));
    let above = ["org.manage", "landlord.manage", "licence.manage", "access.check", "act-as"];
    for (name, privileges) in [
        ("Administrator", all(|privilege| !above.contains(&privilege))),
        ("Designer", all(|privilege| !privilege.ends_with(".manage") && !above.contains(&privilege))),
        ("Analyst", all(|privilege| ["chart.create", "chart.edit"].contains(&privilege))),
        ("Consumer", Vec::new()),
    ] {
        let template = RoleTemplateDefined { name: name.to_owned(), privileges: privileges.clone() };
        w.fact("root", Event::RoleTemplateDefined(template));
        let (role, org) = (id(&format!("{name}@root")), Some(id("root")));
        w.fact("root", Event::RoleDefined(RoleDefined { role, org, name: name.to_owned(), privileges }));
    }
    let user = |id: &str, org: &str, user_type: &str| json!({"id": id, "org": org, "name": id, "user_type": user_type});
    for (id, org, user_type) in [("sid", "root", "administrator"), ("ann", "root", "member")] {
        w.must("admin", "create-user", user(id, org, user_type));
    }
    w.must("admin", "assign-role", json!({"role": "system-administrator", "org": "global", "users": ["sid"]}));
    for org in ["training", "sales"] {
        w.must("admin", "create-org", json!({"id": org, "name": org}));
    }
    w.must("admin", "assign-role", json!({"role": "Designer@root", "users": ["ann"]}));
    w.must("admin", "assign-role", json!({"role": "Administrator@training", "users": ["ann"]}));
    w.must("admin", "create-user", user("sue", "sales", "administrator"));
    w.must("admin", "assign-role", json!({"role": "Administrator", "org": "sales", "users": ["sue"]}));
    for (member, user_type) in [("bob", "member"), ("cat", "administrator")] {
        w.must("ann", "create-user", user(member, "training", user_type));
    }
    w.must("ann", "assign-role", json!({"role": "Consumer@training", "users": ["bob"]}));
    w.must("ann", "assign-role", json!({"role": "Designer@training", "users": ["cat"]}));
    w.must("admin", "create-group", json!({"id": "trainees", "name": "Trainees"}));
    world
}

fn all(is: impl Fn(&str) -> bool) -> Vec<Privilege> {
    privileges().iter().filter(|privilege| is(privilege)).map(|privilege| id(privilege)).collect()
}
