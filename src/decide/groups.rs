//! Groups: of an org, or global.

use tenure_events::data::{GroupCreated, GroupDeleted, GroupMemberAdded, GroupMemberRemoved, GroupRenamed};
use tenure_events::{Event, GroupId};
use tenure_projections::judge::administrative;
use tenure_projections::names::{IdSort, Scope};
use tenure_projections::sight;
use tenure_projections::values::{GroupNo, NameHolder, OrgNo, UserNo};

use super::Refusal;
use super::scene::{Plan, Scene, conflict, invalid, org_id, unknown, user_id};
use crate::command::{CreateGroup, GroupMembers, RenameGroup};

pub fn create(scene: &Scene<'_>, args: &CreateGroup, plan: &mut Plan) -> Result<(), Refusal> {
    let org = args.org.as_ref().map(|org| scene.live_org(org)).transpose()?;
    let place = place(scene, org)?;
    scene.need(place, administrative::GROUP_MANAGE)?;
    let group = scene.new_id(IdSort::Group, args.id.as_ref(), scene.moment.fresh.thing, |scene, id| {
        let group = scene.find_group(id.as_str())?;
        Some(sight::sees_group(&scene.view, &scene.subject, group))
    })?;
    let name = scene.name(Scope::Groups(org.map(OrgNo::handle)), &args.name, None)?;
    plan.add(scene, place, Event::GroupCreated(GroupCreated { group, org: args.org.clone(), name }), &[]);
    Ok(())
}

pub fn rename(scene: &Scene<'_>, args: &RenameGroup, plan: &mut Plan) -> Result<(), Refusal> {
    let (no, org, place) = managed(scene, &args.group)?;
    let name = scene.name(Scope::Groups(org.map(OrgNo::handle)), &args.name, Some(NameHolder::Group(no)))?;
    let org = org.map(|org| org_id(scene, org));
    plan.add(scene, place, Event::GroupRenamed(GroupRenamed { group: args.group.clone(), org, name }), &[]);
    Ok(())
}

pub fn delete(scene: &Scene<'_>, id: &GroupId, plan: &mut Plan) -> Result<(), Refusal> {
    let (no, org, place) = managed(scene, id)?;
    if let Some(org) = scene.managed_by(no).find(|org| !scene.is_archived(*org)) {
        let detail = format!("group `{id}` manages org `{}`, and that cannot change", scene.org_id(org));
        return Err(conflict("group.manages_org", detail));
    }
    if scene.administrators() == Some(no) {
        let detail = format!("group `{id}` is the administrators', and somebody must be");
        return Err(conflict("group.administrators", detail));
    }
    let name = scene.group(id)?.1.name.clone();
    let org = org.map(|org| org_id(scene, org));
    plan.add(scene, place, Event::GroupDeleted(GroupDeleted { group: id.clone(), org, name }), &[]);
    Ok(())
}

pub fn add_members(scene: &Scene<'_>, args: &GroupMembers, plan: &mut Plan) -> Result<(), Refusal> {
    let (group, org, place) = managed(scene, &args.group)?;
    let users = some(scene.users(&args.users)?)?;
    if let Some(user) = users.iter().find(|user| scene.membership(**user, group).is_some()) {
        let detail = format!("user `{}` belongs to group `{}` already", scene.user_id(*user), args.group);
        return Err(conflict("group.already_member", detail));
    }
    users.into_iter().try_for_each(|user| add(scene, &args.group, org, place, user, plan))
}

pub fn remove_members(scene: &Scene<'_>, args: &GroupMembers, plan: &mut Plan) -> Result<(), Refusal> {
    let (group, _, place) = managed(scene, &args.group)?;
    let users = some(scene.users(&args.users)?)?;
    if let Some(user) = users.iter().find(|user| scene.membership(**user, group).is_none()) {
        let detail = format!("user `{}` does not belong to group `{}`", scene.user_id(*user), args.group);
        return Err(conflict("group.not_member", detail));
    }
    users.into_iter().for_each(|user| remove(scene, &args.group, place, user, plan));
    Ok(())
}

/// The whole is stated: found so already, it is done without an event.
pub fn sync(scene: &Scene<'_>, args: &GroupMembers, plan: &mut Plan) -> Result<(), Refusal> {
    let (group, org, place) = managed(scene, &args.group)?;
    let users = scene.users(&args.users)?;
    for (member, _) in scene.members(group) {
        if !users.contains(&member) {
            remove(scene, &args.group, place, member, plan);
        }
    }
    for user in users {
        if scene.membership(user, group).is_none() {
            add(scene, &args.group, org, place, user, plan)?;
        }
    }
    Ok(())
}

fn add(
    scene: &Scene<'_>,
    group: &GroupId,
    org: Option<OrgNo>,
    place: OrgNo,
    user: UserNo,
    plan: &mut Plan,
) -> Result<(), Refusal> {
    let home = scene.home(user);
    if org.is_some() && org != home {
        let detail = format!(
            "a group of an org holds its home users only, and `{}` is none: use a global group",
            scene.user_id(user)
        );
        return Err(conflict("group.foreign_user", detail));
    }
    let added = GroupMemberAdded { group: group.clone(), user: user_id(scene, user) };
    plan.add(scene, place, Event::GroupMemberAdded(added), home.as_slice());
    Ok(())
}

fn remove(scene: &Scene<'_>, group: &GroupId, place: OrgNo, user: UserNo, plan: &mut Plan) {
    let removed = GroupMemberRemoved { group: group.clone(), user: user_id(scene, user) };
    plan.add(scene, place, Event::GroupMemberRemoved(removed), scene.home(user).as_slice());
}

/// The group, its org, and the org in whose history it stands, in which the caller manages groups.
fn managed(scene: &Scene<'_>, id: &GroupId) -> Result<(GroupNo, Option<OrgNo>, OrgNo), Refusal> {
    let (no, group) = scene.group(id)?;
    let place = place(scene, group.org)?;
    scene.live_org(&org_id(scene, place))?;
    scene.need(place, administrative::GROUP_MANAGE)?;
    Ok((no, group.org, place))
}

/// Global groups and roles are managed at the root.
pub fn place(scene: &Scene<'_>, org: Option<OrgNo>) -> Result<OrgNo, Refusal> {
    org.or_else(|| scene.root()).ok_or_else(|| unknown("org", "org.unknown", &"root"))
}

fn some(users: Vec<UserNo>) -> Result<Vec<UserNo>, Refusal> {
    if users.is_empty() { Err(invalid("users", "users.none", "name at least one user")) } else { Ok(users) }
}
