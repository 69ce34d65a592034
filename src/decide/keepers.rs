//! Nobody is locked out: after every command each live org still has somebody who can restore it.
//!
//! That is an enabled home user who holds, for good, what running the org takes; or, unless it excludes them, somebody
//! who manages it from above, for good. Where one of them had a way in (a key that is limited in nothing, an external identity,
//! or an open enrolment), one has after the command too.

use std::ops::ControlFlow;

use tenure_events::data::{Lifecycle, OrgDeserted, Switch, TenantUsers};
use tenure_events::{Event, GroupId, OrgId, RoleId, Time, UserId};
use tenure_projections::View;
use tenure_projections::judge::{self, Subject, administrative};
use tenure_projections::values::{GroupNo, OrgNo, PrivilegeNo, PrivilegeSet, RoleNo, UserNo};

use super::effect::Effect;
use super::scene::{Plan, Scene, conflict, org_id};
use super::{Draft, Refusal};

/// When everything that ends has ended.
const FOR_GOOD: Time = Time::from_micros(i64::MAX - 1);

/// Where a command may leave nobody.
#[derive(Default)]
pub struct Concerns<'a> {
    /// Orgs that there are, in which somebody may lose what running them takes, or which may begin to need somebody.
    at_risk: Vec<Concern>,
    /// Orgs that the command makes.
    begun: Vec<&'a OrgId>,
    /// Whether somebody may lose their way in, or what they could do by it.
    ways_in: bool,
    /// Whether the last of the administrators of tenant permissions may go.
    administrators: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Concern {
    org: OrgNo,
    /// Whoever managed from there, or from above, may no longer manage what lies below either.
    below: bool,
}

/// The orgs that these events put at risk.
pub fn concerned<'a>(scene: &Scene<'_>, drafts: &'a [Draft]) -> Concerns<'a> {
    let mut concerns = Concerns::default();
    for draft in drafts.iter().filter(|draft| draft.twin_of.is_none()) {
        touched(scene, Effect::of(&draft.event), &mut concerns);
    }
    concerns.at_risk.sort_unstable();
    concerns.at_risk.dedup();
    concerns
}

impl Concerns<'_> {
    /// Whether there is nothing to judge, as with most commands.
    pub fn is_empty(&self) -> bool {
        self.at_risk.is_empty() && self.begun.is_empty() && !self.administrators
    }
}

/// Refuses if one of these orgs had somebody before who can restore it, or begins now, and has nobody after.
pub fn judge(scene: &Scene<'_>, after: &View<'_>, concerns: &Concerns<'_>, left: &[OrgNo]) -> Result<(), Refusal> {
    let keeps = |view: &View<'_>| !view.system_administrator_reaches() || has_system_administrator(view);
    if !concerns.is_empty() && keeps(scene) && !keeps(after) {
        let detail = "the platform would be without a system administrator: first make somebody else one, for good";
        return Err(conflict("platform.locked_out", detail));
    }
    for Concern { org, below } in &concerns.at_risk {
        judge_org(scene, after, *org, left, concerns.ways_in)?;
        if *below {
            after.tree(*org).skip(1).try_for_each(|org| judge_org(scene, after, org, left, concerns.ways_in))?;
        }
    }
    let mut begun = concerns.begun.iter().filter_map(|org| after.find_org(org.as_str()));
    begun.try_for_each(|org| judge_org(scene, after, org, left, concerns.ways_in))?;
    if concerns.administrators && !is_unadministered(scene) && is_unadministered(after) {
        let detail = "nobody could give tenant permissions any more: first add somebody to the administrators' group";
        return Err(conflict("administrators.last", detail));
    }
    Ok(())
}

/// Whether any enabled user whose home stands holds the privilege in the org.
pub fn any_holder(view: &View<'_>, org: OrgNo, privilege: PrivilegeNo) -> bool {
    let holds = |user: UserNo| stands(view, user) && judge::privileges(view, user, org).has(privilege);
    candidates(view, org, |user| if holds(user) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        .is_break()
}

/// Whether a platform that may need its administrators of tenant permissions has none who stands.
fn is_unadministered(view: &View<'_>) -> bool {
    let needed = view.settings().is_some_and(|settings| settings.value.tenant_permissions != Switch::Off);
    needed && !has_administrators(view)
}

/// Whether somebody who stands is one of the administrators.
pub fn has_administrators(view: &View<'_>) -> bool {
    view.administrators().is_some_and(|group| view.members(group).any(|(user, _)| stands(view, user)))
}

/// `taken`: whether somebody may have lost their way in.
fn judge_org(scene: &Scene<'_>, after: &View<'_>, org: OrgNo, left: &[OrgNo], taken: bool) -> Result<(), Refusal> {
    if !after.is_open(org) {
        return Ok(());
    }
    let lost_before = scene.is_open(org) && !kept(scene, org, scene.deserted(org) == Some(true));
    let deserted = if left.contains(&org) { is_own(scene, org) } else { after.deserted(org) == Some(true) };
    if !lost_before && !kept(after, org, deserted) {
        let detail = format!(
            "nobody could run org `{}` any more: first give somebody at home there {} for good",
            after.org_id(org),
            scene.listed(keys_of(after, org))
        );
        return Err(conflict("org.locked_out", detail));
    }
    if taken && ways_in(after, org, deserted) < ways_in(scene, org, scene.deserted(org) == Some(true)) {
        let detail = format!(
            "nobody who can run org `{}` would have a way in: first issue another of them a key that lasts, or let \
             `reset-credential` open an enrolment (`enrol`)",
            after.org_id(org)
        );
        return Err(conflict("org.no_way_in", detail));
    }
    if landlord_taken(scene, after, org) {
        let detail = format!(
            "the last `landlord.manage` of org `{}` is not for its ancestors, or others from elsewhere, to take: let its own \
             users do it",
            scene.org_id(org)
        );
        return Err(conflict("landlord.last", detail));
    }
    Ok(())
}

/// Somebody from elsewhere takes the last `landlord.manage` of a child's own users: for its ancestors, it may be.
fn landlord_taken(scene: &Scene<'_>, after: &View<'_>, org: OrgNo) -> bool {
    let from_elsewhere = scene.home(scene.subject.user) != Some(org);
    let landlord = |_: &View<'_>| PrivilegeSet::NONE.with(administrative::LANDLORD_MANAGE);
    from_elsewhere && home_keeper(scene, org, &|_| true, landlord) && !home_keeper(after, org, &|_| true, landlord)
}

/// The orgs in which a command leaves nobody who manages memberships, now or once everything that ends has ended.
pub fn deserted(scene: &Scene<'_>, after: &View<'_>, concerns: &Concerns<'_>) -> Vec<OrgNo> {
    let at_risk = concerns.at_risk.iter().flat_map(|Concern { org, below }| {
        let below = after.tree(*org).skip(1).filter(|_| *below);
        std::iter::once(*org).chain(below)
    });
    let keys = PrivilegeSet::NONE.with(administrative::SUBSCRIPTION_MANAGE);
    let holds = |view: &View<'_>, org| any_holder(view, org, administrative::SUBSCRIPTION_MANAGE);
    let is_left = |org: &OrgNo| {
        let open = scene.is_open(*org) && after.is_open(*org);
        open && !home_keeper(after, *org, &|_| true, |_| keys)
            && ((holds(scene, *org) && !holds(after, *org))
                || (holds(&scene.view.at(FOR_GOOD), *org) && !holds(&after.at(FOR_GOOD), *org)))
    };
    let mut left: Vec<OrgNo> = at_risk.filter(is_left).collect();
    left.sort_unstable();
    left.dedup();
    left
}

/// Says by whose doing these orgs have nobody left.
pub fn told(scene: &Scene<'_>, left: &[OrgNo], plan: &mut Plan) {
    for org in left {
        let deserted = OrgDeserted { org: org_id(scene, *org), own: is_own(scene, *org) };
        plan.add(scene, *org, Event::OrgDeserted(deserted), &[]);
    }
}

/// Whether it is the doing of the org's own users.
fn is_own(scene: &Scene<'_>, org: OrgNo) -> bool {
    [scene.subject.user, scene.actor.user].into_iter().all(|user| scene.home(user) == Some(org))
}

/// `deserted`: whoever manages the org from above may enter it although they did before.
fn kept(view: &View<'_>, org: OrgNo, deserted: bool) -> bool {
    kept_by(view, org, deserted, &|_| true)
}

/// Whether one of these users can restore the org. Where nobody from above manages users, nobody from above can (H).
fn kept_by(view: &View<'_>, org: OrgNo, deserted: bool, who: &dyn Fn(UserNo) -> bool) -> bool {
    let from_above = |at: OrgNo| manager_at(view, at, org, deserted, who);
    home_keeper(view, org, who, |view| keys_of(view, org))
        || (view.tenant_users() != TenantUsers::Never && view.lineage(org).skip(1).any(from_above))
}

/// What whoever can restore an org can come in by, from nothing upward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum WaysIn {
    None,
    /// Keys that end, and nothing else.
    Ending,
    Lasting,
}

fn ways_in(view: &View<'_>, org: OrgNo, deserted: bool) -> WaysIn {
    let with = |least: WaysIn| kept_by(view, org, deserted, &|user| way_in(view, user) >= least);
    if with(WaysIn::Lasting) {
        WaysIn::Lasting
    } else if with(WaysIn::Ending) {
        WaysIn::Ending
    } else {
        WaysIn::None
    }
}

/// What a user can come in by. An identity counts: the product signs in whom it belongs to, and acts for them. A key that
/// waits for its org to vouch for it opens nothing.
fn way_in(view: &View<'_>, user: UserNo) -> WaysIn {
    if view.identities_of(user).next().is_some() {
        return WaysIn::Lasting;
    }
    let keys = view.keys_of(user).filter_map(|(no, _)| judge::outside::key_in_use(view, no));
    let ways = keys.filter(|key| key.enrols || Subject::of_key(key).is_whole()).map(|key| match key.window.until() {
        Some(_) if !key.enrols => WaysIn::Ending,
        Some(_) | None => WaysIn::Lasting,
    });
    ways.max().unwrap_or(WaysIn::None)
}

/// What running an org takes at the view's instant.
fn keys_of(view: &View<'_>, org: OrgNo) -> PrivilegeSet {
    let keys = [administrative::SUBSCRIPTION_MANAGE, administrative::USER_MANAGE, administrative::ROLE_MANAGE];
    let keys: PrivilegeSet = keys.into_iter().collect();
    if view.excludes_landlord(org) { keys.with(administrative::LANDLORD_MANAGE) } else { keys }
}

fn home_keeper(
    view: &View<'_>,
    org: OrgNo,
    who: &dyn Fn(UserNo) -> bool,
    keys: impl Fn(&View<'_>) -> PrivilegeSet,
) -> bool {
    let keeps = |user: UserNo| for_good(view, |view| holds(view, user, org, keys(view)));
    view.home_users(org).any(|user| view.is_enabled(user) && who(user) && keeps(user))
}

/// Whether somebody manages orgs at `at`, for good, and may enter `org`.
fn manager_at(view: &View<'_>, at: OrgNo, org: OrgNo, deserted: bool, who: &dyn Fn(UserNo) -> bool) -> bool {
    let manage = PrivilegeSet::NONE.with(administrative::ORG_MANAGE);
    let keeps = |user: UserNo| {
        let enters = |view: &View<'_>| judge::reaches_down(view, at, org);
        let manages = |view: &View<'_>| match view.lifecycle() {
            Lifecycle::SystemAdministrator => {
                judge::is_system_administrator(view, user) && !judge::suspended(view, org, org).any
            }
            Lifecycle::OrgManage | Lifecycle::ManagingTeam | Lifecycle::Root => true,
        };
        let keeps = |view: &View<'_>| enters(view) && manages(view) && holds(view, user, at, manage);
        let runs =
            |view: &View<'_>| holds(view, user, org, PrivilegeSet::NONE.with(administrative::SUBSCRIPTION_MANAGE));
        let first = !view.was_entered(org, user) && !view.ever_subscribed(user, org);
        stands(view, user) && who(user) && for_good(view, keeps) && (deserted || first || for_good(view, runs))
    };
    let visit = |user| if keeps(user) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    view.is_open(at) && candidates(view, at, visit).is_break()
}

/// Whether somebody who stands is a system administrator for good.
fn has_system_administrator(view: &View<'_>) -> bool {
    let keeps = |user: UserNo| {
        let visit = stands(view, user) && for_good(view, |view| judge::is_system_administrator(view, user));
        if visit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let system = |role: &RoleNo| View::role(view, *role).is_some_and(|role| role.value.system);
    view.global_roles().filter(system).try_for_each(|role| holders(view, role, keeps)).is_break()
}

fn holds(view: &View<'_>, user: UserNo, org: OrgNo, privileges: PrivilegeSet) -> bool {
    privileges.without(judge::privileges(view, user, org)).is_empty()
}

/// Whether something is so now, and when everything that ends has ended.
fn for_good(view: &View<'_>, so: impl Fn(&View<'_>) -> bool) -> bool {
    so(view) && so(&view.at(FOR_GOOD))
}

fn stands(view: &View<'_>, user: UserNo) -> bool {
    view.is_enabled(user) && view.home(user).is_some_and(|home| view.is_open(home))
}

/// Whoever might hold something in an org; some of them twice.
pub fn candidates(view: &View<'_>, org: OrgNo, mut visit: impl FnMut(UserNo) -> ControlFlow<()>) -> ControlFlow<()> {
    view.subscribers(org).try_for_each(|(user, ..)| visit(user))?;
    let team = view.managing_group(org).map(|(group, _)| group);
    let teams = team.into_iter().chain(view.invited(org));
    teams.flat_map(|group| view.members(group)).try_for_each(|(user, _)| visit(user))?;
    let members = view.roles_need_membership();
    let system = |role: &RoleNo| View::role(view, *role).is_some_and(|role| role.value.system);
    let own = view.roles(org).filter(|_| !members);
    let global = view.global_roles().filter(|role| !members || system(role));
    own.chain(global).try_for_each(|role| holders(view, role, &mut visit))
}

fn holders(view: &View<'_>, role: RoleNo, mut visit: impl FnMut(UserNo) -> ControlFlow<()>) -> ControlFlow<()> {
    view.users_with_role(role).try_for_each(|(user, ..)| visit(user))?;
    for (group, ..) in view.groups_with_role(role) {
        view.members(group).try_for_each(|(user, _)| visit(user))?;
    }
    ControlFlow::Continue(())
}

/// The orgs that an event puts at risk.
fn touched<'a>(scene: &Scene<'_>, effect: Effect<'a>, concerns: &mut Concerns<'a>) {
    let org = |id: &OrgId| scene.find_org(id.as_str());
    let user = |id: &UserId| scene.find_user(id.as_str());
    let all = Effect::Everybody;
    concerns.administrators |=
        effect == all || matches!(effect, Effect::Loses(_) | Effect::Closes(_) | Effect::Group(_));
    concerns.ways_in |= matches!(effect, Effect::ShutsOut(_) | Effect::Loses(_));
    let at_risk = &mut concerns.at_risk;
    match effect {
        Effect::Begins(id) => concerns.begun.push(id),
        Effect::Opens(id) => at_risk.extend(org(id).map(|org| Concern { org, below: false })),
        Effect::Closes(id) => closed(scene, org(id), at_risk),
        Effect::Bounds(id) => at_risk.extend(org(id).map(|org| Concern { org, below: true })),
        Effect::Loses(id) | Effect::ShutsOut(id) => everywhere(scene, user(id), at_risk),
        Effect::Member(id, at) => {
            loses(scene, user(id), org(at), at_risk);
            enters(scene, user(id), org(at), at_risk);
        }
        Effect::Role(role) | Effect::Assigned(role, _) => role_loses(scene, role, at_risk),
        Effect::Group(group) => group_loses(scene, group, at_risk),
        Effect::Invited(group, at) => invitation_loses(scene, group, org(at), at_risk),
        Effect::Forbids(group) => members_lose(scene, scene.find_group(group.as_str()), at_risk),
        Effect::Permits(_) if scene.needs_tenant_permissions() => {}
        Effect::Permits(_) | Effect::Everybody => {
            at_risk.extend(scene.root().map(|org| Concern { org, below: true }));
        }
        Effect::None | Effect::Gains(_) => {}
    }
}

/// What somebody loses matters in the orgs that they can run, or whose children they can.
fn everywhere(scene: &Scene<'_>, user: Option<UserNo>, concerns: &mut Vec<Concern>) {
    if let Some(user) = user {
        judge::orgs_of(scene, user).into_iter().for_each(|org| loses(scene, Some(user), Some(org), concerns));
    }
}

fn loses(scene: &Scene<'_>, user: Option<UserNo>, org: Option<OrgNo>, concerns: &mut Vec<Concern>) {
    concerns.extend(user.zip(org).and_then(|(user, org)| matters(judge::privileges(scene, user, org), org)));
}

/// Whoever manages an org from above and becomes a member may have been the last who could enter it.
fn enters(scene: &Scene<'_>, user: Option<UserNo>, org: Option<OrgNo>, concerns: &mut Vec<Concern>) {
    let first = user.zip(org).filter(|(user, org)| scene.subscription(*user, *org).is_none());
    let manages = |user: UserNo, org: OrgNo| {
        let above = scene.parent(org);
        above.is_some_and(|above| judge::manages(&scene.view, &Subject::from(user), above))
    };
    concerns.extend(first.filter(|(user, org)| manages(*user, *org)).map(|(_, org)| Concern { org, below: false }));
}

/// Home users of an org that closes lose their standing in other orgs as well.
fn closed(scene: &Scene<'_>, org: Option<OrgNo>, concerns: &mut Vec<Concern>) {
    if let Some(org) = org {
        concerns.push(Concern { org, below: true });
        scene.home_users(org).for_each(|user| everywhere(scene, Some(user), concerns));
    }
}

fn role_loses(scene: &Scene<'_>, role: &RoleId, concerns: &mut Vec<Concern>) {
    let role = scene.find_role(role.as_str()).and_then(|role| View::role(scene, role)).map(|role| &role.value);
    let Some(role) = role else { return };
    match role.org {
        Some(org) => concerns.extend(matters(role.privileges, org)),
        None => {
            concerns.extend(scene.all_orgs().filter_map(|org| matters(role.privileges, org)));
        }
    }
}

fn invitation_loses(scene: &Scene<'_>, group: &GroupId, org: Option<OrgNo>, concerns: &mut Vec<Concern>) {
    let invited = scene.find_group(group.as_str()).zip(org).and_then(|(group, org)| {
        let (privileges, _) = scene.invitation(group, org)?;
        matters(privileges, org)
    });
    concerns.extend(invited);
}

fn group_loses(scene: &Scene<'_>, group: &GroupId, concerns: &mut Vec<Concern>) {
    if let Some(group) = scene.find_group(group.as_str()) {
        // Its members may use elsewhere what its tenant permissions opened.
        members_lose(scene, Some(group).filter(|group| scene.group_permissions(*group).next().is_some()), concerns);
        concerns.extend(scene.managed_by(group).map(|org| Concern { org, below: true }));
        concerns.extend(scene.invitations(group).filter_map(|(org, privileges)| matters(privileges, org)));
        for (role, ..) in scene.roles_of_group(group) {
            if let Ok(role) = RoleId::new(scene.role_id(role)) {
                role_loses(scene, &role, concerns);
            }
        }
    }
}

/// What members of a group lose beside what they have through it.
fn members_lose(scene: &Scene<'_>, group: Option<GroupNo>, concerns: &mut Vec<Concern>) {
    let members = group.into_iter().flat_map(|group| scene.members(group));
    members.for_each(|(user, _)| everywhere(scene, Some(user), concerns));
}

fn matters(lost: PrivilegeSet, org: OrgNo) -> Option<Concern> {
    let keys = [
        administrative::SUBSCRIPTION_MANAGE,
        administrative::USER_MANAGE,
        administrative::ROLE_MANAGE,
        administrative::LANDLORD_MANAGE,
        administrative::ORG_MANAGE,
    ];
    let lost = lost.and(keys.into_iter().collect());
    let below = lost.has(administrative::ORG_MANAGE);
    (!lost.is_empty()).then_some(Concern { org, below })
}
