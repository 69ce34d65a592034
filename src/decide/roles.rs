//! Roles: named privilege sets, of an org or global.

use tenure_events::data::{Assignee, RoleAssigned, RoleChanged, RoleDefined, RoleDeleted, RoleUnassigned};
use tenure_events::{Event, OrgId, RoleId};
use tenure_projections::View;
use tenure_projections::judge::administrative;
use tenure_projections::names::{IdSort, Scope};
use tenure_projections::sight;
use tenure_projections::values::{NameHolder, OrgNo, PrivilegeSet, Role, RoleNo, Window};

use super::groups::place;
use super::scene::{Plan, Scene, conflict, group_id, invalid, not_of_another, org_id, user_id};
use super::{Refusal, global, workspace};
use crate::command::{AssignRole, ChangeRole, DefineRole, UnassignRole};

pub fn define(scene: &Scene<'_>, args: &DefineRole, plan: &mut Plan) -> Result<(), Refusal> {
    let named = args.org.as_ref().filter(|org| !global::is(scene, org));
    let org = named.map(|org| scene.live_org(org)).transpose()?;
    let place = place(scene, org)?;
    scene.need(place, administrative::ROLE_MANAGE)?;
    if org.is_none() && scene.system_administrator_reaches() {
        return Err(global::one_role());
    }
    args.id.as_ref().map_or(Ok(()), |id| not_of_another(id, named))?;
    let role = scene.new_id(IdSort::Role, args.id.as_ref(), scene.moment.fresh.thing, |scene, id| {
        let role = scene.find_role(id.as_str())?;
        Some(sight::sees_role(&scene.view, &scene.subject, role))
    })?;
    let name = scene.name(Scope::Roles(org.map(OrgNo::handle)), &args.name, None)?;
    let privileges = scene.named(scene.asked(&args.privileges, scene.held(place))?);
    let defined = RoleDefined { role, org: named.cloned(), name, privileges };
    plan.add(scene, place, Event::RoleDefined(defined), &[]);
    Ok(())
}

pub fn change(scene: &Scene<'_>, args: &ChangeRole, plan: &mut Plan) -> Result<(), Refusal> {
    let (no, role, place) = managed(scene, &args.role)?;
    if args.name.is_none() && args.privileges.is_none() {
        return Err(invalid("name", "nothing.changes", "give a name, privileges, or both"));
    }
    let name = match &args.name {
        Some(name) => scene.name(Scope::Roles(role.org.map(OrgNo::handle)), name, Some(NameHolder::Role(no)))?,
        None => role.name.clone(),
    };
    let privileges = match &args.privileges {
        Some(privileges) => scene.asked(privileges, scene.held(place))?,
        None => role.privileges,
    };
    global::keeps(scene, role, &name, privileges)?;
    // The whole is stated: found so already, it is done without an event.
    if name == role.name && privileges == role.privileges {
        return Ok(());
    }
    let org = role.org.map(|org| org_id(scene, org));
    let changed = RoleChanged { role: args.role.clone(), org, name, privileges: scene.named(privileges) };
    plan.add(scene, place, Event::RoleChanged(changed), &[]);
    Ok(())
}

pub fn delete(scene: &Scene<'_>, id: &RoleId, plan: &mut Plan) -> Result<(), Refusal> {
    let (_, role, place) = managed(scene, id)?;
    global::keeps(scene, role, "", PrivilegeSet::NONE)?;
    let (org, name) = (role.org.map(|org| org_id(scene, org)), role.name.clone());
    plan.add(scene, place, Event::RoleDeleted(RoleDeleted { role: id.clone(), org, name }), &[]);
    Ok(())
}

pub fn assign(scene: &Scene<'_>, args: &AssignRole, plan: &mut Plan) -> Result<(), Refusal> {
    let id = named(scene, &args.role, args.org.as_ref());
    if args.org.as_ref().is_some_and(|org| global::is(scene, org)) {
        global::takes(scene, &id)?;
    }
    let (no, role, place) = managed(scene, &id)?;
    same_org(scene, role, args.org.as_ref())?;
    scene.not_past("valid_until", args.valid_until)?;
    let window = Window::new(None, args.valid_until);
    let users = scene.users(&args.users)?;
    if users.is_empty() && args.groups.is_empty() {
        return Err(invalid("users", "users.none", "name at least one user or group"));
    }
    let valid_until = args.valid_until;
    for user in users {
        let held = scene.roles_of_user(user).any(|(held, until, _)| held == no && until == window);
        already(held, &id, scene.user_id(user))?;
        let to = Assignee::User(user_id(scene, user));
        let assigned = RoleAssigned { role: id.clone(), to, valid_until };
        plan.add(scene, place, Event::RoleAssigned(assigned), scene.home(user).as_slice());
        if let Some(org) = role.org.filter(|_| !scene.roles_need_membership()) {
            workspace::welcome(scene, org, &user_id(scene, user), plan);
        }
    }
    for group in &args.groups {
        let (group_no, group) = scene.group(group)?;
        if group.org.is_some() && group.org != role.org {
            let detail = format!("group `{}` has rights in its own org only", scene.group_id(group_no));
            return Err(conflict("group.other_org", detail));
        }
        let held = scene.roles_of_group(group_no).any(|(held, until, _)| held == no && until == window);
        already(held, &id, scene.group_id(group_no))?;
        let to = Assignee::Group(group_id(scene, group_no));
        let assigned = RoleAssigned { role: id.clone(), to, valid_until };
        plan.add(scene, place, Event::RoleAssigned(assigned), &[]);
    }
    Ok(())
}

pub fn unassign(scene: &Scene<'_>, args: &UnassignRole, plan: &mut Plan) -> Result<(), Refusal> {
    let id = named(scene, &args.role, args.org.as_ref());
    let (no, role) = scene.role(&id)?;
    let place = place(scene, role.org)?;
    scene.live_org(&org_id(scene, place))?;
    same_org(scene, role, args.org.as_ref())?;
    let users = scene.users(&args.users)?;
    if users.is_empty() && args.groups.is_empty() {
        return Err(invalid("users", "users.none", "name at least one user or group"));
    }
    let own = args.groups.is_empty() && users.iter().all(|user| scene.is_themself(*user));
    if !own {
        scene.need(place, administrative::ROLE_MANAGE)?;
        global::manages(scene, role)?;
    }
    for user in users {
        let held = scene.roles_of_user(user).any(|(held, ..)| held == no);
        missing(held, &id, scene.user_id(user))?;
        let from = Assignee::User(user_id(scene, user));
        let unassigned = RoleUnassigned { role: id.clone(), from };
        plan.add(scene, place, Event::RoleUnassigned(unassigned), scene.home(user).as_slice());
    }
    for group in &args.groups {
        let (group, _) = scene.group(group)?;
        let held = scene.roles_of_group(group).any(|(held, ..)| held == no);
        missing(held, &id, scene.group_id(group))?;
        let from = Assignee::Group(group_id(scene, group));
        plan.add(scene, place, Event::RoleUnassigned(RoleUnassigned { role: id.clone(), from }), &[]);
    }
    Ok(())
}

fn managed<'a>(scene: &Scene<'a>, id: &RoleId) -> Result<(RoleNo, &'a Role, OrgNo), Refusal> {
    let (no, role) = scene.role(id)?;
    let place = place(scene, role.org)?;
    scene.live_org(&org_id(scene, place))?;
    scene.need(place, administrative::ROLE_MANAGE)?;
    global::manages(scene, role)?;
    Ok((no, role, place))
}

/// The role of this id; where an org is named, the org's role that has this id, began with this name, or has it: what other
/// orgs call theirs does not matter.
fn named(scene: &Scene<'_>, role: &RoleId, org: Option<&OrgId>) -> RoleId {
    let Some(named) = org else { return role.clone() };
    let org = if global::is(scene, named) { None } else { scene.find_org(named.as_str()) };
    if org.is_none() && !global::is(scene, named) {
        return role.clone();
    }
    let began = RoleId::new(format!("{role}@{named}")).ok();
    let own = |id: &&RoleId| role_in(scene, id, org).is_some();
    if let Some(id) = [Some(role), began.as_ref()].into_iter().flatten().find(own) {
        return id.clone();
    }
    let by_name = by_name(scene, org, role.as_str());
    by_name.and_then(|no| RoleId::new(scene.role_id(no)).ok()).unwrap_or_else(|| role.clone())
}

/// The role of this id, if it is one of the org, or without an org a global one.
pub fn role_in(scene: &Scene<'_>, id: &RoleId, org: Option<OrgNo>) -> Option<RoleNo> {
    let no = scene.find_role(id.as_str())?;
    View::role(scene, no).filter(|role| role.value.org == org).map(|_| no)
}

/// The role of this name in an org, or without an org among the global ones.
pub fn by_name(scene: &Scene<'_>, org: Option<OrgNo>, name: &str) -> Option<RoleNo> {
    match scene.find_name(Scope::Roles(org.map(OrgNo::handle)), name) {
        Some(NameHolder::Role(no)) => Some(no),
        Some(NameHolder::Org(_) | NameHolder::Group(_) | NameHolder::Resource(_) | NameHolder::Environment(_))
        | None => None,
    }
}

fn same_org(scene: &Scene<'_>, role: &Role, named: Option<&OrgId>) -> Result<(), Refusal> {
    match named {
        Some(named) if global::is(scene, named) && role.org.is_none() => Ok(()),
        Some(named) if global::is(scene, named) => Err(global::one_role()),
        Some(named) if role.org.map(|org| scene.org_id(org)) != Some(named.as_str()) => {
            Err(invalid("org", "role.other_org", format!("the role is not one of org `{named}`")))
        }
        Some(_) | None => Ok(()),
    }
}

fn already(held: bool, role: &RoleId, who: &str) -> Result<(), Refusal> {
    if held { Err(conflict("role.already_assigned", format!("`{who}` has role `{role}` already"))) } else { Ok(()) }
}

fn missing(held: bool, role: &RoleId, who: &str) -> Result<(), Refusal> {
    if held { Ok(()) } else { Err(conflict("role.not_assigned", format!("`{who}` does not have role `{role}`"))) }
}
