//! What tenants are authorised to use: whom it comes to, and which rows.

use tenure_events::data::{Assignee, ContentHandedOn, Level};
use tenure_events::{Event, ResourceId};
use tenure_projections::View;
use tenure_projections::judge;
use tenure_projections::values::{GroupNo, KindActions, OrgNo, PrivilegeSet, ResourceNo, RoleNo, UserNo};

use super::{by_global_roles, holds_below, live, potential};
use crate::decide::Refusal;
use crate::decide::scene::{Scene, forbidden};
use crate::decide::subscriptions::{self, Entry};

/// Whoever is authorised to use something has all that lies in it.
pub fn distributed(scene: &Scene<'_>, resource: &ResourceId) -> Result<(), Refusal> {
    let no = scene.find_resource(resource.as_str());
    no.map_or(Ok(()), |no| holds_below(scene, no, Level::View, false))
}

/// Whether content comes to tenants by a folder that it is put into.
pub fn is_given(scene: &Scene<'_>, mut folders: impl Iterator<Item = ResourceNo>) -> bool {
    folders.any(|at| scene.distributed_to_all(at).is_some() || scene.recipients(at).next().is_some())
}

/// Whom a folder is handed on to has what lies in it, with the rows that the tenant sees: whoever hands it on has that too.
pub fn handed_on(scene: &Scene<'_>, event: &ContentHandedOn) -> Result<(), Refusal> {
    let (tenant, no) = (scene.find_org(event.org.as_str()), scene.find_resource(event.resource.as_str()));
    tenant.zip(no).map_or(Ok(()), |(tenant, no)| has_below(scene, tenant, no).and_then(|()| rows_of_tenant(scene, no)))
}

/// Whoever clears a rule, or puts another in its place, sees all rows.
pub fn unruled(scene: &Scene<'_>, resource: &ResourceId) -> Result<(), Refusal> {
    scene.find_resource(resource.as_str()).map_or(Ok(()), |no| rows(scene, no))
}

/// Refuses unless all rows are seen of content.
pub fn rows(scene: &Scene<'_>, no: ResourceNo) -> Result<(), Refusal> {
    let org = View::resource(scene, no).map(|resource| resource.value.org);
    let org = org.or_else(|| scene.home(scene.subject.user));
    match org.is_some_and(|org| judge::row_rules(&scene.view, scene.subject.user, org, no).next().is_some()) {
        true => Err(rows_not_held(scene, no)),
        false => Ok(()),
    }
}

/// Refuses unless all rows are seen of content, and of everything that lies in it.
pub fn all_rows(scene: &Scene<'_>, no: ResourceNo) -> Result<(), Refusal> {
    rows(scene, no)?;
    let bound = View::resource(scene, no).is_some_and(|resource| is_bound(scene, resource.value.org));
    if bound { scene.contents(no).try_for_each(|below| all_rows(scene, below)) } else { Ok(()) }
}

/// Whether any row rule at all binds whoever decides.
pub fn is_bound(scene: &Scene<'_>, org: OrgNo) -> bool {
    let home = scene.home(scene.subject.user).unwrap_or(org);
    scene.has_row_rule(scene.subject.user, &[home, org])
}

/// What was handed on to a principal of a tenant is had by whoever hands the principal's place on.
pub fn handed_with(
    scene: &Scene<'_>,
    tenant: OrgNo,
    mut given: impl Iterator<Item = ResourceNo>,
) -> Result<(), Refusal> {
    given.try_for_each(|no| {
        if judge::authorised(scene, tenant, no).is_none() {
            return Ok(());
        }
        has_below(scene, tenant, no)?;
        rows_of_tenant(scene, no)
    })
}

/// Refuses events by which somebody, with what they hold already, comes to manage what an org is authorised to use:
/// that takes two privileges, and who hands out the second may not have what both give.
pub fn managers<'a, 'v>(
    scene: &Scene<'_>,
    after: &dyn Fn() -> View<'v>,
    events: impl Iterator<Item = &'a Event>,
) -> Result<(), Refusal> {
    if !scene.is_anything_distributed() {
        return Ok(());
    }
    let after = &after();
    let mut judged = events.filter(|event| !enters(scene, event));
    judged.try_for_each(|event| {
        widened(after, event).into_iter().try_for_each(|principal| {
            orgs_of(after, principal).into_iter().try_for_each(|org| {
                manages_given(scene, org, for_good(scene, principal, org), potential_of(after, principal, org))
            })
        })
    })
}

/// Refuses unless whatever an org is authorised to use is had that these privileges show beyond those before.
pub fn manages_given(scene: &Scene<'_>, org: OrgNo, before: PrivilegeSet, now: PrivilegeSet) -> Result<(), Refusal> {
    let everywhere = by_global_roles(scene).unwrap_or_default();
    for actions in scene.kinds().filter_map(|kind| View::actions(scene, kind)).map(|actions| actions.value) {
        let manages = |held: PrivilegeSet| judge::is_manager(held, &actions);
        if judge::is_distributable(&actions) && manages(now) && !manages(before) && !manages(everywhere) {
            let mut received = scene.received(org);
            received.try_for_each(|no| of_kind_below(scene, org, no, &actions))?;
        }
    }
    Ok(())
}

/// Somebody enters an org that they manage from above: that is theirs to do.
fn enters(scene: &Scene<'_>, event: &Event) -> bool {
    let Event::SubscriptionGranted(e) = event else { return false };
    let (user, org) = (scene.find_user(e.user.as_str()), scene.find_org(e.org.as_str()));
    user.zip(org).is_some_and(|(user, org)| subscriptions::entry(scene, org, &[user]) != Entry::None)
}

#[derive(Clone, Copy)]
enum Principal {
    User(UserNo),
    Group(GroupNo),
    Role(RoleNo),
}

/// Refuses unless what lies in authorised content is had as far as its kind needs the same privileges.
fn of_kind_below(scene: &Scene<'_>, tenant: OrgNo, no: ResourceNo, actions: &KindActions) -> Result<(), Refusal> {
    let resource = View::resource(scene, no).filter(|resource| resource.value.live);
    let Some(resource) = resource.map(|resource| resource.value) else { return Ok(()) };
    let kind = View::actions(scene, resource.kind).map(|actions| actions.value);
    let counts = kind.is_some_and(|kind| judge::is_distributable(&kind) && kind.share == actions.share);
    if counts && !has_in(scene, tenant, no) {
        super::holds_level(scene, (no, Level::View, false))?;
    }
    scene.contents(no).try_for_each(|below| of_kind_below(scene, tenant, below, actions))
}

/// Whose potential an event widens.
fn widened(after: &View<'_>, event: &Event) -> Vec<Principal> {
    let user = |id: &tenure_events::UserId| after.find_user(id.as_str()).map(Principal::User).into_iter().collect();
    let of_group = |group: GroupNo| {
        let members = after.members(group).map(|(user, _)| Principal::User(user));
        std::iter::once(Principal::Group(group)).chain(members)
    };
    if let Event::SubscriptionGranted(e) = event {
        user(&e.user)
    } else if let Event::SubscriptionRetyped(e) = event {
        user(&e.user)
    } else if let Event::SubscriptionExtended(e) = event {
        user(&e.user)
    } else if let Event::PrivilegeGranted(e) = event {
        user(&e.user)
    } else if let Event::GroupMemberAdded(e) = event {
        user(&e.user)
    } else if let Event::RoleAssigned(e) = event {
        match &e.to {
            Assignee::User(id) => user(id),
            Assignee::Group(id) => after.find_group(id.as_str()).into_iter().flat_map(of_group).collect(),
        }
    } else if let Event::RoleDefined(e) = event {
        after.find_role(e.role.as_str()).map(Principal::Role).into_iter().collect()
    } else if let Event::RoleChanged(e) = event {
        let Some(role) = after.find_role(e.role.as_str()) else { return Vec::new() };
        let users = after.users_with_role(role).map(|(user, ..)| Principal::User(user));
        std::iter::once(Principal::Role(role))
            .chain(users)
            .chain(after.groups_with_role(role).flat_map(|(group, ..)| of_group(group)))
            .collect()
    } else {
        Vec::new()
    }
}

fn orgs_of(view: &View<'_>, principal: Principal) -> Vec<OrgNo> {
    let mut orgs: Vec<OrgNo> = match principal {
        Principal::User(user) => view.ever_in(user).collect(),
        Principal::Group(group) => {
            view.roles_of_group(group).filter_map(|(role, ..)| view.role(role)?.value.org).collect()
        }
        Principal::Role(role) => view.role(role).and_then(|role| role.value.org).into_iter().collect(),
    };
    orgs.sort_unstable();
    orgs.dedup();
    orgs
}

fn potential_of(view: &View<'_>, principal: Principal, org: OrgNo) -> PrivilegeSet {
    match principal {
        Principal::User(user) => potential(view, user, org),
        Principal::Group(group) => of_roles(view, org, view.roles_of_group(group).map(|(role, ..)| role)),
        Principal::Role(role) => of_roles(view, org, std::iter::once(role)),
    }
}

/// What a principal holds of it without end: what ends may be what is prolonged.
fn for_good(view: &View<'_>, principal: Principal, org: OrgNo) -> PrivilegeSet {
    let endless =
        |(role, window, _): (RoleNo, tenure_projections::values::Window, _)| window.until().is_none().then_some(role);
    match principal {
        Principal::User(user) => {
            let held = view.subscription(user, org).map(|(held, _)| held);
            let held = held.filter(|held| held.window.until().is_none() && held.window.from().is_none());
            let groups = view.groups_of(user).flat_map(|(group, ..)| view.roles_of_group(group));
            let roles = of_roles(view, org, view.roles_of_user(user).chain(groups).filter_map(endless));
            held.map_or(roles, |held| held.privileges.or(roles))
        }
        Principal::Group(group) => of_roles(view, org, view.roles_of_group(group).filter_map(endless)),
        Principal::Role(role) => of_roles(view, org, std::iter::once(role)),
    }
}

fn of_roles(view: &View<'_>, org: OrgNo, roles: impl Iterator<Item = RoleNo>) -> PrivilegeSet {
    let here = roles.filter_map(|role| live(view, role)).filter(|role| role.org.is_none_or(|of| of == org));
    here.fold(PrivilegeSet::NONE, |all, role| all.or(role.privileges))
}

/// Refuses unless content, and what lies in it, is had from the tenant or in its own org, as far as it goes to tenants.
fn has_below(scene: &Scene<'_>, tenant: OrgNo, no: ResourceNo) -> Result<(), Refusal> {
    let resource = View::resource(scene, no).map(|resource| resource.value).filter(|resource| resource.live);
    let Some(resource) = resource else { return Ok(()) };
    let goes = View::actions(scene, resource.kind).is_some_and(|actions| judge::is_distributable(&actions.value));
    if goes && !has_in(scene, tenant, no) {
        super::holds_level(scene, (no, Level::View, false))?;
    }
    scene.contents(no).try_for_each(|below| has_below(scene, tenant, below))
}

/// Whether the content is had from the tenant.
fn has_in(scene: &Scene<'_>, tenant: OrgNo, no: ResourceNo) -> bool {
    let Some(org) = View::resource(scene, no).map(|resource| resource.value.org) else { return false };
    if !scene.is_judged(tenant) || !scene.is_judged(org) || scene.subject.only.is_some() {
        return false;
    }
    let mut found = false;
    judge::reaches(&scene.view, &scene.subject, tenant, no, |_| {
        found = true;
        std::ops::ControlFlow::Break(())
    });
    found
}

/// A rule for the whole tenant binds whoever it is handed on to as well.
fn rows_of_tenant(scene: &Scene<'_>, no: ResourceNo) -> Result<(), Refusal> {
    let own = |at| scene.row_rule_of_user(at, scene.subject.user).is_some();
    if scene.folders(no).any(own) {
        return Err(rows_not_held(scene, no));
    }
    scene.contents(no).try_for_each(|below| rows_of_tenant(scene, below))
}

fn rows_not_held(scene: &Scene<'_>, no: ResourceNo) -> Refusal {
    let detail = format!(
        "a row rule binds you in `{}`, or in something in it: ask somebody who sees all rows",
        scene.resource_id(no)
    );
    forbidden("delegation.rows_not_held", detail)
}
