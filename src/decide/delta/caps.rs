//! The delta rule about caps: a user type hides what its members have by other paths, and goes on hiding it when the
//! membership ends. Whatever changes a cap is judged by what it un-hides in a member, and by what it hides.

use tenure_events::Position;
use tenure_events::data::{Subscription as Written, UserTypeDefined};
use tenure_projections::judge::{Cap, administrative};
use tenure_projections::values::{GroupNo, OrgNo, PrivilegeSet, RoleNo, Subscription, UserNo};

use super::{Refusal, Scene, holds_all, known, live, potential};
use crate::decide::{groups, orgs};

/// Who holds what a path gives, and may take it away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// A role of the org, or of none.
    Role { global: bool },
    /// A team that manages the org, or is invited to it or to an environment of it.
    Team,
}

/// A path by which a member has something in an org beside the membership itself.
struct Path {
    source: Source,
    privileges: PrivilegeSet,
    /// The events that made it.
    events: [Position; 2],
    /// Whether it counts now.
    counts: bool,
}

/// What a membership, new or changed, un-hides of what its user has by other paths: beyond what its user type hid
/// before, or what one that ended has hidden since. `open` is the membership that there was, if it had not ended.
pub fn unhidden(
    scene: &Scene<'_>,
    (user, org): (UserNo, OrgNo),
    open: Option<&Subscription>,
    written: &Written,
    ceiling: PrivilegeSet,
) -> PrivilegeSet {
    // Until it begins, one that takes the place of another that ended hides nothing.
    let late = open.is_none() && written.valid_from.is_some_and(|from| from > scene.instant());
    let now = if late { PrivilegeSet::ALL } else { ceiling };
    let hidden = |path: &Path| path.privileges.and(now).without(capped(scene, (user, org), open, path));
    paths(scene, user, org).iter().map(hidden).fold(PrivilegeSet::NONE, PrivilegeSet::or)
}

/// Refuses to lay a cap on what somebody has by other paths, unless these may be taken away: who manages memberships
/// does not manage teams, nor the roles of the whole platform.
pub fn laid(
    scene: &Scene<'_>,
    (user, org): (UserNo, OrgNo),
    open: Option<&Subscription>,
    ceiling: PrivilegeSet,
) -> Result<(), Refusal> {
    if scene.is_self(user) {
        return Ok(());
    }
    for path in paths(scene, user, org).iter().filter(|path| path.counts) {
        // Without a membership roles gave nothing where they need one.
        let counted = open.is_some() || path.source == Source::Team || !scene.roles_need_membership();
        let hidden = path.privileges.and(capped(scene, (user, org), open, path)).without(ceiling);
        if counted && !hidden.is_empty() {
            takes(scene, org, path.source)?;
        }
    }
    Ok(())
}

/// What an invitation that is made anew un-hides in members of the team whom a membership that ended left capped.
pub fn reinvited(
    scene: &Scene<'_>,
    (group, org): (GroupNo, OrgNo),
    kept: PrivilegeSet,
    since: Position,
) -> PrivilegeSet {
    let hidden = |(user, joined): (UserNo, Position)| kept.without(Cap::left(scene, user, org).on([joined, since]));
    scene.members(group).map(hidden).fold(PrivilegeSet::NONE, PrivilegeSet::or)
}

/// A raised ceiling un-hides what members of that type have beyond the old one, by whatever path, and what those have
/// whose membership ended.
pub fn raised(scene: &Scene<'_>, defined: &UserTypeDefined) -> Result<(), Refusal> {
    let Some(user_type) = scene.find_user_type(defined.user_type.as_str()) else { return Ok(()) };
    let raised = known(scene, &defined.ceiling).without(scene.ceiling(user_type));
    if raised.is_empty() {
        return Ok(());
    }
    let is_of_type = |user: UserNo, org: OrgNo| {
        let open = scene.subscription(user, org).filter(|(held, _)| !held.window.is_over(scene.instant()));
        let of = open.map(|(held, _)| held.user_type);
        of.or_else(|| scene.left_cap(user, org).map(|(of, _)| of)) == Some(user_type)
    };
    for org in scene.all_orgs() {
        let members = scene.ever_members(org).filter(|user| is_of_type(*user, org));
        let all = members.fold(PrivilegeSet::NONE, |all, user| {
            if raised.without(all).is_empty() { all } else { all.or(hidden(scene, user, org)) }
        });
        holds_all(scene, org, raised.and(all))?;
    }
    Ok(())
}

/// What is not hidden of a path.
fn capped(scene: &Scene<'_>, (user, org): (UserNo, OrgNo), open: Option<&Subscription>, path: &Path) -> PrivilegeSet {
    match open {
        Some(held) => scene.ceiling(held.user_type),
        None => Cap::left(scene, user, org).on(path.events),
    }
}

fn takes(scene: &Scene<'_>, org: OrgNo, source: Source) -> Result<(), Refusal> {
    match source {
        Source::Role { global: false } => scene.need(org, administrative::ROLE_MANAGE),
        Source::Role { global: true } => scene.need(groups::place(scene, None)?, administrative::ROLE_MANAGE),
        Source::Team => orgs::manages_inside(scene, org),
    }
}

/// Every path by which a user has, or could have, something in an org beside a membership.
fn paths(scene: &Scene<'_>, user: UserNo, org: OrgNo) -> Vec<Path> {
    let mut paths = Vec::new();
    let mut role = |no: RoleNo, counts: bool, events| {
        if let Some(role) = live(scene, no).filter(|role| role.org.is_none_or(|of| of == org)) {
            let source = Source::Role { global: role.org.is_none() };
            paths.push(Path { source, privileges: role.privileges, events, counts });
        }
    };
    for (no, window, assigned) in scene.roles_of_user(user) {
        role(no, window.holds(scene.instant()), [assigned, 0]);
    }
    for (group, _, joined) in scene.groups_of(user) {
        for (no, window, assigned) in scene.roles_of_group(group) {
            role(no, window.holds(scene.instant()), [joined, assigned]);
        }
    }
    let mut team = |privileges, events| paths.push(Path { source: Source::Team, privileges, events, counts: true });
    for (group, _, joined) in scene.groups_of(user) {
        if let Some((_, since)) = scene.managing_group(org).filter(|(managing, _)| *managing == group) {
            team(PrivilegeSet::NONE.with(administrative::ORG_MANAGE), [joined, since]);
        }
        if let Some((privileges, since)) = scene.invitation(group, org) {
            team(privileges, [joined, since]);
        }
        for (environment, ..) in scene.environment_invitations(group).filter(|(_, of, _)| *of == org) {
            if let Some((privileges, since)) = scene.environment_invitation(group, environment) {
                team(privileges, [joined, since]);
            }
        }
    }
    paths
}

/// What a member could have but for the ceiling, in the org or in an environment of it.
fn hidden(scene: &Scene<'_>, user: UserNo, org: OrgNo) -> PrivilegeSet {
    let invited = scene.groups_of(user).flat_map(|(group, ..)| scene.environment_invitations(group));
    let invited = invited.filter(|(_, of, _)| *of == org);
    invited.fold(potential(scene, user, org), |all, (_, _, privileges)| all.or(privileges))
}
