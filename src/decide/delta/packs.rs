//! What tenants are authorised to use: whom it comes to, and which rows.

use tenure_events::data::{Assignee, ContentHandedOn, Level, RowSubject};
use tenure_events::{Event, ResourceId, Time};
use tenure_projections::View;
use tenure_projections::judge;
use tenure_projections::values::{GroupNo, KindActions, OrgNo, PrivilegeSet, ResourceNo, RoleNo, UserNo};

use super::held::everywhere_now;
use super::{by_global_roles, holds_below, live, potential, span};
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
    tenant.zip(no).map_or(Ok(()), |(tenant, no)| has_below(scene, tenant, no, None))
}

/// Whoever clears a rule, or puts another in its place, sees all rows, and for good: so do those whom it bound.
pub fn unruled(scene: &Scene<'_>, resource: &ResourceId, of: &RowSubject) -> Result<(), Refusal> {
    let Some(no) = scene.find_resource(resource.as_str()) else { return Ok(()) };
    rows(scene, no)?;
    let bound = match of {
        RowSubject::User(user) => scene.find_user_id(user.as_str()).and_then(|user| scene.row_rule_of_user(no, user)),
        RowSubject::Org(org) => scene.find_org(org.as_str()).and_then(|org| scene.row_rule_of_org(no, org)),
    };
    if bound.is_some() { super::holds_level(scene, (no, Level::Manage, false)) } else { Ok(()) }
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

/// Refuses if somebody who comes to manage all content of an org sees rows of it that whoever decides does not.
pub fn rows_in(scene: &Scene<'_>, org: OrgNo) -> Result<(), Refusal> {
    if !is_bound(scene, org) {
        return Ok(());
    }
    scene.resources(org).try_for_each(|no| sees_no_more(scene, no, org, None))
}

/// Refuses if somebody who comes to work in an org sees, of what is shared with it, rows that whoever decides does not.
pub fn rows_shared_with(scene: &Scene<'_>, org: OrgNo, of: Option<UserNo>) -> Result<(), Refusal> {
    let user = scene.subject.user;
    let shared = |no: ResourceNo| scene.share_with_org(no, org).is_some() || scene.share_with_all(no).is_some();
    let mut bound = scene.ruled_for(user, scene.home(user)).filter(|no| is_live(scene, *no));
    bound.try_for_each(|no| {
        let above = scene.folders(no).any(shared);
        if above || any_below(scene, no, &shared) { sees_no_more(scene, no, org, of) } else { Ok(()) }
    })
}

fn any_below(scene: &Scene<'_>, no: ResourceNo, is: &dyn Fn(ResourceNo) -> bool) -> bool {
    is(no) || scene.contents(no).any(|below| any_below(scene, below, is))
}

fn is_live(scene: &Scene<'_>, no: ResourceNo) -> bool {
    View::resource(scene, no).is_some_and(|resource| resource.value.live)
}

/// Refuses if somebody who comes to have content from an org sees rows of it that whoever decides does not: each rule
/// that binds these binds them too. Of whom nothing is known, only the org's rule is sure to bind them.
fn sees_no_more(scene: &Scene<'_>, no: ResourceNo, acting: OrgNo, of: Option<UserNo>) -> Result<(), Refusal> {
    let own = judge::row_rules(&scene.view, scene.subject.user, acting, no);
    let theirs: Vec<&str> = match of {
        Some(user) => judge::row_rules(&scene.view, user, acting, no).map(|(filter, _)| filter).collect(),
        None => {
            scene.folders(no).filter_map(|at| scene.row_rule_of_org(at, acting)).map(|(filter, _)| filter).collect()
        }
    };
    let mut own = own.map(|(filter, _)| filter);
    if own.all(|filter| theirs.contains(&filter)) { Ok(()) } else { Err(rows_not_held(scene, no)) }
}

/// What was handed on to a principal of a tenant is had by whoever hands the principal's place on.
pub fn handed_with(
    scene: &Scene<'_>,
    tenant: OrgNo,
    mut given: impl Iterator<Item = ResourceNo>,
    of: Option<UserNo>,
) -> Result<(), Refusal> {
    given.try_for_each(|no| {
        if judge::authorised(scene, tenant, no).is_none() {
            return Ok(());
        }
        has_below(scene, tenant, no, of)
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
        let (principals, until) = widened(after, event);
        let scene = &scene.lasting(until);
        principals.into_iter().try_for_each(|principal| {
            let known = match principal {
                Principal::User(user) => Some(user),
                Principal::Group(_) | Principal::Role(_) => None,
            };
            orgs_of(after, principal).into_iter().try_for_each(|org| {
                manages_given(scene, org, for_good(scene, principal, org), potential_of(after, principal, org), known)
            })
        })
    })
}

/// Refuses unless whatever an org is authorised to use is had that these privileges show beyond those before.
pub fn manages_given(
    scene: &Scene<'_>,
    org: OrgNo,
    before: PrivilegeSet,
    now: PrivilegeSet,
    of: Option<UserNo>,
) -> Result<(), Refusal> {
    let everywhere = everywhere(scene);
    for actions in scene.kinds().filter_map(|kind| View::actions(scene, kind)).map(|actions| actions.value) {
        let manages = |held: PrivilegeSet| judge::is_manager(held, &actions);
        if judge::is_distributable(&actions) && manages(now) && !manages(before) && !manages(everywhere) {
            let mut received = scene.received(org);
            received.try_for_each(|no| of_kind_below(scene, org, no, &actions, of))?;
        }
    }
    Ok(())
}

/// What is held in every org by global roles, throughout what is given.
fn everywhere(scene: &Scene<'_>) -> PrivilegeSet {
    let held = by_global_roles(scene).unwrap_or_default();
    let keeps = |scene: &Scene<'_>| everywhere_now(scene, held);
    if span::throughout(scene, &span::times(scene, &[], None), keeps).is_ok() { held } else { PrivilegeSet::NONE }
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
fn of_kind_below(
    scene: &Scene<'_>,
    tenant: OrgNo,
    no: ResourceNo,
    actions: &KindActions,
    of: Option<UserNo>,
) -> Result<(), Refusal> {
    let resource = View::resource(scene, no).filter(|resource| resource.value.live);
    let Some(resource) = resource.map(|resource| resource.value) else { return Ok(()) };
    let kind = View::actions(scene, resource.kind).map(|actions| actions.value);
    let counts = kind.is_some_and(|kind| judge::is_distributable(&kind) && kind.share == actions.share);
    if counts {
        has_from(scene, tenant, no, of)?;
    }
    scene.contents(no).try_for_each(|below| of_kind_below(scene, tenant, below, actions, of))
}

/// Whose potential an event widens, and until when.
fn widened(after: &View<'_>, event: &Event) -> (Vec<Principal>, Option<Time>) {
    let user = |id: &tenure_events::UserId| after.find_user(id.as_str()).map(Principal::User).into_iter().collect();
    let of_group = |group: GroupNo| {
        let members = after.members(group).map(|(user, _)| Principal::User(user));
        std::iter::once(Principal::Group(group)).chain(members)
    };
    if let Event::SubscriptionGranted(e) = event {
        (user(&e.user), e.subscription.valid_until)
    } else if let Event::SubscriptionRetyped(e) = event {
        (user(&e.user), None)
    } else if let Event::SubscriptionExtended(e) = event {
        (user(&e.user), e.subscription.valid_until)
    } else if let Event::PrivilegeGranted(e) = event {
        (user(&e.user), e.subscription.valid_until)
    } else if let Event::GroupMemberAdded(e) = event {
        (user(&e.user), None)
    } else if let Event::RoleAssigned(e) = event {
        let to = match &e.to {
            Assignee::User(id) => user(id),
            Assignee::Group(id) => after.find_group(id.as_str()).into_iter().flat_map(of_group).collect(),
        };
        (to, e.valid_until)
    } else if let Event::RoleDefined(e) = event {
        (after.find_role(e.role.as_str()).map(Principal::Role).into_iter().collect(), None)
    } else if let Event::RoleChanged(e) = event {
        let Some(role) = after.find_role(e.role.as_str()) else { return (Vec::new(), None) };
        let users = after.users_with_role(role).map(|(user, ..)| Principal::User(user));
        let all = std::iter::once(Principal::Role(role))
            .chain(users)
            .chain(after.groups_with_role(role).flat_map(|(group, ..)| of_group(group)));
        (all.collect(), None)
    } else {
        (Vec::new(), None)
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
fn has_below(scene: &Scene<'_>, tenant: OrgNo, no: ResourceNo, of: Option<UserNo>) -> Result<(), Refusal> {
    let resource = View::resource(scene, no).map(|resource| resource.value).filter(|resource| resource.live);
    let Some(resource) = resource else { return Ok(()) };
    let goes = View::actions(scene, resource.kind).is_some_and(|actions| judge::is_distributable(&actions.value));
    if goes {
        has_from(scene, tenant, no, of)?;
    }
    scene.contents(no).try_for_each(|below| has_below(scene, tenant, below, of))
}

/// Refuses unless content is had from the tenant or in its own org, throughout what is given, and no fewer rows of it
/// than whoever has it from the tenant sees.
fn has_from(scene: &Scene<'_>, tenant: OrgNo, no: ResourceNo, of: Option<UserNo>) -> Result<(), Refusal> {
    span::throughout(scene, &span::times_of(scene, no, Some(tenant)), |scene| {
        if has_in(scene, tenant, no) { Ok(()) } else { super::level_now(scene, (no, Level::View, false)) }
    })?;
    sees_no_more(scene, no, tenant, of)
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

fn rows_not_held(scene: &Scene<'_>, no: ResourceNo) -> Refusal {
    let detail = format!(
        "a row rule binds you in `{}`, or in something in it: ask somebody who sees all rows",
        scene.resource_id(no)
    );
    forbidden("delegation.rows_not_held", detail)
}
