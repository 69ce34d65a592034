//! Authority: which privileges a user holds in an org, by which paths.

use std::ops::ControlFlow;

use tenure_events::Position;
use tenure_events::data::{Lifecycle, TenantUsers};

use super::{Code, Subject, Trace, administrative};
use crate::values::{
    EnvironmentNo, Org, OrgNo, OrgStatus, PrivilegeNo, PrivilegeSet, Role, RoleNo, Subscription, UserNo, UserStatus,
    Window,
};
use crate::view::View;

/// The id of the global role of the system administrators (D).
pub const SYSTEM_ADMINISTRATOR: &str = "system-administrator";

/// What system administrators may do everywhere on a platform where they manage the users of its tenants.
const MANAGE_USERS: [PrivilegeNo; 4] = [
    administrative::USER_MANAGE,
    administrative::SUBSCRIPTION_MANAGE,
    administrative::ROLE_MANAGE,
    administrative::GROUP_MANAGE,
];

/// One path by which privileges are held.
#[derive(Debug, Clone, Copy)]
pub struct Holding {
    /// Which path.
    pub code: Code,
    /// What comes by it, below the ceiling of the user type.
    pub privileges: PrivilegeSet,
    /// The role it comes by, if it does.
    pub role: Option<RoleNo>,
    /// The events that made it, padded with 0.
    pub events: [Position; 4],
}

/// A user and an org: the facts that every question about the two begins with. They are read together, before any is
/// looked at, so that their places in memory are fetched side by side and not one after the other.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    user: UserNo,
    org: OrgNo,
    home: OrgNo,
    enabled: bool,
    org_row: &'a Org,
    home_row: &'a Org,
    subscription: Option<(Subscription, Position)>,
    environment: Option<EnvironmentNo>,
    closed: PrivilegeSet,
}

impl<'a> Standing<'a> {
    /// None if the view knows one of the two not.
    #[must_use]
    pub fn read(view: &View<'a>, user: UserNo, org: OrgNo) -> Option<Self> {
        // Rows first: that they are there is foreseen, so their loads are on the way while the subscription is sought.
        let user_row = &view.user(user)?.value;
        let home = user_row.home;
        let org_row = &view.org(org)?.value;
        let subscription = view.subscription(user, org);
        let home_row = if home == org { org_row } else { &view.org(home)?.value };
        let enabled = user_row.status == UserStatus::Enabled;
        let closed = view.closed_to(user);
        Some(Self { user, org, home, enabled, org_row, home_row, subscription, environment: None, closed })
    }

    /// The same, about something that belongs to an environment of the org.
    #[must_use]
    pub const fn within(self, environment: Option<EnvironmentNo>) -> Self {
        Self { environment, ..self }
    }

    /// What the user has no use of anywhere, for want of a tenant permission.
    #[must_use]
    pub const fn closed(&self) -> PrivilegeSet {
        self.closed
    }

    /// Whether the user is enabled, and both orgs work.
    ///
    /// # Errors
    /// Which of them does not.
    pub fn stands(&self, view: &View<'_>) -> Result<(), Code> {
        if !self.enabled {
            return Err(Code::UserDisabled);
        }
        works(view, self.home, self.home_row, Code::HomeOrgNotLive)?;
        works(view, self.org, self.org_row, Code::OrgNotLive)
    }

    /// Shows the visitor every path by which the user holds anything in the org, until it breaks.
    ///
    /// # Errors
    /// Why there is none at all: suspended by the landlord rule, or no subscription where roles need one.
    pub fn holdings(&self, view: &View<'_>, mut visit: impl FnMut(&Holding) -> ControlFlow<()>) -> Result<(), Code> {
        if self.home != self.org && suspended(view, self.home, self.org).home {
            return Err(Code::LandlordExcluded);
        }
        let subscription = self.subscription.filter(|(held, _)| held.window.holds(view.instant()));
        let mut cap = match &subscription {
            Some((held, _)) => Cap::of_member(view.ceiling(held.user_type)),
            None => Cap::left(view, self.user, self.org),
        };
        cap.always = cap.always.without(self.closed);
        if self.home != self.org && view.tenant_users() == TenantUsers::Never && view.is_above(self.home, self.org) {
            cap.always = cap.always.without(managing_users());
        }
        if let Some((held, position)) = subscription {
            let privileges = held.privileges.and(cap.always);
            let holding = Holding { code: Code::Subscription, privileges, role: None, events: [position, 0, 0, 0] };
            if visit(&holding).is_break() {
                return Ok(());
            }
        }
        if self.org_row.managing_group.is_some() && managing_team(view, self.user, self.org, cap, &mut visit).is_break()
        {
            return Ok(());
        }
        if self.org_row.invites && self.invitations(view, cap, &mut visit).is_break() {
            return Ok(());
        }
        if subscription.is_none() && view.roles_need_membership() {
            return self.reach(view, cap, visit);
        }
        let _: ControlFlow<()> =
            roles(view, self.user, &Frame { org: self.org, most: PrivilegeSet::ALL, cap, system: false }, &mut visit);
        Ok(())
    }

    /// A team that is invited to an environment is invited to its org, if with no privileges there.
    fn invitations(
        &self,
        view: &View<'_>,
        cap: Cap,
        visit: &mut impl FnMut(&Holding) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let linked = |no: &EnvironmentNo| view.environment(*no).is_some_and(|environment| environment.value.live);
        let environment = self.environment.filter(linked);
        for (group, value, joined) in view.groups_of(self.user) {
            let Some((privileges, since)) = view.invitation(group, self.org) else { continue };
            if value.org.is_some_and(|org| org != self.org) {
                continue;
            }
            let mut held = |code, privileges: PrivilegeSet, since| {
                let privileges = privileges.and(cap.on([joined, since]));
                visit(&Holding { code, privileges, role: None, events: [joined, since, 0, 0] })
            };
            held(Code::Invitation, privileges, since)?;
            if let Some((privileges, since)) = environment.and_then(|no| view.environment_invitation(group, no)) {
                held(Code::EnvironmentInvitation, privileges, since)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// What system administrators hold where roles need a membership and they have none.
    fn reach(&self, view: &View<'_>, cap: Cap, mut visit: impl FnMut(&Holding) -> ControlFlow<()>) -> Result<(), Code> {
        let mut found = false;
        let reach = system_reach(view);
        let frame = Frame { org: self.org, most: reach, cap, system: true };
        if !reach.is_empty() {
            let _: ControlFlow<()> = roles(view, self.user, &frame, &mut |holding| {
                found = true;
                visit(holding)
            });
        }
        if found { Ok(()) } else { Err(Code::NoSubscription) }
    }
}

/// [`Standing::holdings`] of a user in an org.
///
/// # Errors
/// As there; or one of the two is not known.
pub fn holdings(
    view: &View<'_>,
    user: UserNo,
    org: OrgNo,
    visit: impl FnMut(&Holding) -> ControlFlow<()>,
) -> Result<(), Code> {
    Standing::read(view, user, org).ok_or(Code::UserUnknown)?.holdings(view, visit)
}

/// What the user holds in the org, by all paths together.
#[must_use]
pub fn privileges(view: &View<'_>, user: UserNo, org: OrgNo) -> PrivilegeSet {
    let mut all = PrivilegeSet::NONE;
    let _: Result<(), Code> = holdings(view, user, org, |holding| {
        all = all.or(holding.privileges);
        ControlFlow::Continue(())
    });
    all
}

/// What the subject holds in the org, if it stands: a user through a key holds no more than the key carries.
#[must_use]
pub fn privileges_as(view: &View<'_>, subject: &Subject, org: OrgNo) -> PrivilegeSet {
    privileges_within(view, subject, org, None)
}

/// [`privileges_as`], for what belongs to an environment of the org.
#[must_use]
pub fn privileges_within(
    view: &View<'_>,
    subject: &Subject,
    org: OrgNo,
    environment: Option<EnvironmentNo>,
) -> PrivilegeSet {
    let works = Standing::read(view, subject.user, org).is_some_and(|standing| standing.stands(view).is_ok());
    if works { privileges_read(view, subject, org, environment) } else { PrivilegeSet::NONE }
}

/// What the subject holds in an org that need not work, or in an environment of it: what is closed is read about, and
/// judged, by what is held in it still.
#[must_use]
pub fn privileges_read(
    view: &View<'_>,
    subject: &Subject,
    org: OrgNo,
    environment: Option<EnvironmentNo>,
) -> PrivilegeSet {
    let mut all = PrivilegeSet::NONE;
    if !view.stands(subject.user) || subject.only.is_some_and(|only| only != org) {
        return all;
    }
    if let Some(standing) = Standing::read(view, subject.user, org).map(|standing| standing.within(environment)) {
        let _: Result<(), Code> = standing.holdings(view, |holding| {
            all = all.or(holding.privileges);
            ControlFlow::Continue(())
        });
    }
    all.and(subject.cap)
}

/// Whether the subject may manage the org as an org: holds `org.manage` in it or in an ancestor, or, where that is for
/// system administrators alone, is one. An org that excludes its landlord leaves its ancestors this much, and no more:
/// whatever else is done by managing an org asks [`manages_inside`] or [`manages_from_above`].
#[must_use]
pub fn manages(view: &View<'_>, subject: &Subject, org: OrgNo) -> bool {
    if view.lifecycle() == Lifecycle::SystemAdministrator {
        let whole = subject.only.is_none() && subject.cap.has(administrative::ORG_MANAGE);
        return whole && view.stands(subject.user) && is_system_administrator(view, subject.user);
    }
    view.lineage(org).any(|org| privileges_as(view, subject, org).has(administrative::ORG_MANAGE))
}

/// Whether the subject manages the org, and what is in it: as [`manages`], but by what is held in an ancestor only as
/// far as that reaches down.
#[must_use]
pub fn manages_inside(view: &View<'_>, subject: &Subject, org: OrgNo) -> bool {
    manages_by(view, subject, org, view.lineage(org))
}

/// Whether the subject manages the org by what is held above it, as far as that reaches down.
#[must_use]
pub fn manages_from_above(view: &View<'_>, subject: &Subject, org: OrgNo) -> bool {
    view.parent(org).is_some() && manages_by(view, subject, org, view.lineage(org).skip(1))
}

fn manages_by(view: &View<'_>, subject: &Subject, org: OrgNo, mut from: impl Iterator<Item = OrgNo>) -> bool {
    if view.lifecycle() == Lifecycle::SystemAdministrator {
        return manages(view, subject, org) && !suspended(view, org, org).any;
    }
    from.any(|at| reaches_down(view, at, org) && privileges_as(view, subject, at).has(administrative::ORG_MANAGE))
}

/// Whether what is held in one org counts in another below it: unless that, or an org between, excludes its ancestors.
/// Whoever holds it, and wherever their home is: every path by which authority comes from above asks this. Of two orgs
/// that do not lie below one another neither is shut out by the other.
#[must_use]
pub fn reaches_down(view: &View<'_>, above: OrgNo, org: OrgNo) -> bool {
    !suspended(view, above, org).home
}

/// Whether the user holds the global role of the system administrators, in person or through a group.
#[must_use]
pub fn is_system_administrator(view: &View<'_>, user: UserNo) -> bool {
    let counts = |role, window: Window| {
        window.holds(view.instant()) && view.role(role).is_some_and(|role| role.value.system && role.value.live)
    };
    view.roles_of_user(user).any(|(role, window, _)| counts(role, window))
        || view.groups_of(user).any(|(group, value, _)| {
            value.org.is_none() && view.roles_of_group(group).any(|(role, window, _)| counts(role, window))
        })
}

/// What system administrators hold in every org without being members of it, as far as their role carries it.
fn system_reach(view: &View<'_>) -> PrivilegeSet {
    let Some(settings) = view.settings().map(|settings| &settings.value) else { return PrivilegeSet::NONE };
    match (settings.system_administrator_reaches, settings.tenant_users) {
        (true, _) => PrivilegeSet::ALL,
        (false, TenantUsers::Always) => MANAGE_USERS.into_iter().collect(),
        (false, TenantUsers::WhenSubscribed | TenantUsers::Never) => PrivilegeSet::NONE,
    }
}

/// Whether the user belongs to the org: at home there, or with an effective path.
pub fn belongs(view: &View<'_>, user: UserNo, org: OrgNo, trace: &mut impl Trace) -> bool {
    if view.home(user) == Some(org) {
        trace.add(Code::Home, &[view.user(user).map_or(0, |user| user.position)]);
        return true;
    }
    let mut found = false;
    let _: Result<(), Code> = holdings(view, user, org, |holding| {
        found = true;
        trace.add(holding.code, &holding.events);
        ControlFlow::Break(())
    });
    found
}

/// [`belongs`], without the reasons.
#[must_use]
pub fn belongs_effectively(view: &View<'_>, user: UserNo, org: OrgNo) -> bool {
    belongs(view, user, org, &mut ())
}

/// Home and every org with an effective path, home first, each once.
#[must_use]
pub fn orgs_of(view: &View<'_>, user: UserNo) -> Vec<OrgNo> {
    let mut orgs: Vec<OrgNo> = view.subscriptions(user).map(|(org, ..)| org).collect();
    for (group, ..) in view.groups_of(user) {
        orgs.extend(view.managed_by(group));
        orgs.extend(view.invitations(group).map(|(org, _)| org));
    }
    for role in roles_of(view, user) {
        match view.role(role).and_then(|role| role.value.org) {
            Some(org) => orgs.push(org),
            // A global role gives in every org; where roles need membership, in those subscribed to, unless it reaches.
            None if !view.roles_need_membership() || role_reaches(view, role) => {
                orgs.extend(view.all_orgs());
            }
            None => {}
        }
    }
    orgs.sort_unstable();
    orgs.dedup();
    let home = view.home(user);
    orgs.retain(|org| Some(*org) != home && belongs_effectively(view, user, *org));
    home.into_iter().chain(orgs).collect()
}

/// Whether a role gives something in every org to whoever holds it, although roles need a membership.
#[must_use]
pub fn role_reaches(view: &View<'_>, role: RoleNo) -> bool {
    view.role(role).is_some_and(|role| role.value.system) && !system_reach(view).is_empty()
}

/// The roles of a user, own and through groups, valid or not; some of them twice.
pub fn roles_of<'a>(view: &View<'a>, user: UserNo) -> impl Iterator<Item = RoleNo> + use<'a> {
    let view = *view;
    let own = view.roles_of_user(user).map(|(role, ..)| role);
    own.chain(view.groups_of(user).flat_map(move |(group, ..)| view.roles_of_group(group).map(|(role, ..)| role)))
}

/// What the landlord rule suspends in an org.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suspension {
    /// Users of this home, and what is held in it, have nothing there.
    pub home: bool,
    /// Global roles give nothing there.
    pub any: bool,
}

/// Whether an org, or one above it, shuts out users whose home is `home`, what is held in `home`, and global roles.
#[must_use]
pub fn suspended(view: &View<'_>, home: OrgNo, org: OrgNo) -> Suspension {
    let mut suspension = Suspension { home: false, any: false };
    let mut at = Some(org);
    while let Some((org, row)) = at.and_then(|org| Some((org, &view.org(org)?.value))) {
        suspension.home |= suspension.any && org == home;
        suspension.any |= row.guarded && view.excludes_landlord(org);
        at = row.parent;
    }
    suspension
}

/// Whether an org works: open, and its trial or licence not over.
pub(super) fn works(view: &View<'_>, org: OrgNo, row: &Org, closed: Code) -> Result<(), Code> {
    if row.status != OrgStatus::Live {
        return Err(closed);
    }
    let over = if row.licensed { view.licence_over(org) } else { None };
    match over.map(|over| over.value.trial) {
        Some(true) => Err(Code::TrialOver),
        Some(false) => Err(Code::LicenceExpired),
        None => Ok(()),
    }
}

/// What managing users takes.
fn managing_users() -> PrivilegeSet {
    use administrative::{GROUP_MANAGE, KEY_MANAGE, ROLE_MANAGE, SUBSCRIPTION_MANAGE, USER_MANAGE};
    [USER_MANAGE, SUBSCRIPTION_MANAGE, ROLE_MANAGE, GROUP_MANAGE, KEY_MANAGE].into_iter().collect()
}

/// What a user type leaves of what comes by other paths than the membership itself.
#[derive(Debug, Clone, Copy)]
pub struct Cap {
    /// Of every path.
    always: PrivilegeSet,
    /// Of paths that were there when a membership ended, up to the position.
    left: PrivilegeSet,
    until: Position,
}

impl Cap {
    const fn of_member(ceiling: PrivilegeSet) -> Self {
        Self { always: ceiling, left: PrivilegeSet::ALL, until: 0 }
    }

    /// Where there is no membership that counts: what one that ended left.
    #[must_use]
    pub fn left(view: &View<'_>, user: UserNo, org: OrgNo) -> Self {
        match view.left_cap(user, org) {
            Some((user_type, until)) => Self { always: PrivilegeSet::ALL, left: view.ceiling(user_type), until },
            None => Self::of_member(PrivilegeSet::ALL),
        }
    }

    /// What it leaves of a path that these events made. A path is as new as the newest of them: whoever made that held
    /// all that comes by it.
    #[must_use]
    pub fn on(&self, path: [Position; 2]) -> PrivilegeSet {
        let newest = path.into_iter().fold(0, Position::max);
        if newest <= self.until { self.always.and(self.left) } else { self.always }
    }
}

struct Frame {
    org: OrgNo,
    /// No more than this by any role.
    most: PrivilegeSet,
    cap: Cap,
    /// The role of the system administrators alone counts.
    system: bool,
}

fn managing_team(
    view: &View<'_>,
    user: UserNo,
    org: OrgNo,
    cap: Cap,
    visit: &mut impl FnMut(&Holding) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let Some((group, since)) = view.managing_group(org) else {
        return ControlFlow::Continue(());
    };
    let live = view.group(group).is_some_and(|group| group.value.live);
    let Some(joined) = view.membership(user, group).filter(|_| live) else {
        return ControlFlow::Continue(());
    };
    let privileges = PrivilegeSet::NONE.with(administrative::ORG_MANAGE).and(cap.on([since, joined]));
    visit(&Holding { code: Code::ManagingTeam, privileges, role: None, events: [since, joined, 0, 0] })
}

fn roles(
    view: &View<'_>,
    user: UserNo,
    frame: &Frame,
    visit: &mut impl FnMut(&Holding) -> ControlFlow<()>,
) -> ControlFlow<()> {
    for (role, window, assigned) in view.roles_of_user(user) {
        if let Some((held, code, defined)) = counts(view, role, window, frame) {
            let privileges = held.privileges.and(frame.most).and(frame.cap.on([assigned, 0]));
            visit(&Holding { code, privileges, role: Some(role), events: [assigned, defined, 0, 0] })?;
        }
    }
    for (group, value, joined) in view.groups_of(user) {
        if value.org.is_some_and(|org| org != frame.org) {
            continue;
        }
        for (role, window, assigned) in view.roles_of_group(group) {
            if let Some((held, code, defined)) = counts(view, role, window, frame) {
                let code = if code == Code::Role { Code::RoleThroughGroup } else { code };
                let privileges = held.privileges.and(frame.most).and(frame.cap.on([joined, assigned]));
                visit(&Holding { code, privileges, role: Some(role), events: [joined, assigned, defined, 0] })?;
            }
        }
    }
    ControlFlow::Continue(())
}

/// A role that counts in the org at the instant.
fn counts<'a>(view: &View<'a>, role: RoleNo, window: Window, frame: &Frame) -> Option<(&'a Role, Code, Position)> {
    let version = view.role(role)?;
    let held = &version.value;
    if !held.live || !window.holds(view.instant()) || (frame.system && !held.system) {
        return None;
    }
    match held.org {
        Some(org) if org == frame.org => Some((held, Code::Role, version.position)),
        None if !suspended(view, frame.org, frame.org).any => Some((held, Code::GlobalRole, version.position)),
        Some(_) | None => None,
    }
}
