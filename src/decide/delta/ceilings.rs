//! The delta rule about ceilings that are raised, and about what was defined since somebody was given everything.

use tenure_events::data::UserTypeDefined;
use tenure_projections::values::{OrgNo, PrivilegeSet, UserNo};

use super::{Refusal, Scene, holds_all, known, potential};

/// A raised ceiling un-hides what members of that type have beyond the old one, by whatever path.
pub fn raised(scene: &Scene<'_>, defined: &UserTypeDefined) -> Result<(), Refusal> {
    let Some(user_type) = scene.find_user_type(defined.user_type.as_str()) else { return Ok(()) };
    let raised = known(scene, &defined.ceiling).without(scene.ceiling(user_type));
    if raised.is_empty() {
        return Ok(());
    }
    for org in scene.all_orgs() {
        let members = scene.subscribers(org);
        let members =
            members.filter(|(_, held, _)| held.user_type == user_type && !held.window.is_over(scene.instant()));
        let all = members.fold(PrivilegeSet::NONE, |all, (user, ..)| {
            if raised.without(all).is_empty() { all } else { all.or(hidden(scene, user, org)) }
        });
        holds_all(scene, org, raised.and(all))?;
    }
    Ok(())
}

/// What was defined since the one whose authority decides was given everything in an org: it is theirs to hand out
/// there, for everything is what they were to have.
pub fn since(scene: &Scene<'_>, org: OrgNo) -> PrivilegeSet {
    let Some((held, position)) = scene.subscription(scene.subject.user, org) else { return PrivilegeSet::NONE };
    let everything = scene.all_privileges_at(position);
    let later = scene.all_privileges().without(everything);
    if later.is_empty() || !everything.without(held.privileges).is_empty() {
        return PrivilegeSet::NONE;
    }
    let (cap, closed, here) = (scene.subject.cap, scene.closed_to(scene.subject.user), scene.held(org));
    let counts = held.window.holds(scene.instant())
        && !here.is_empty()
        && everything.and(cap).without(closed).without(here).is_empty();
    if counts { later.and(scene.ceiling(held.user_type)).and(cap).without(closed) } else { PrivilegeSet::NONE }
}

/// What a member could have but for the ceiling, in the org or in an environment of it.
fn hidden(scene: &Scene<'_>, user: UserNo, org: OrgNo) -> PrivilegeSet {
    let invited = scene.groups_of(user).flat_map(|(group, ..)| scene.environment_invitations(group));
    let invited = invited.filter(|(_, of, _)| *of == org);
    invited.fold(potential(scene, user, org), |all, (_, _, privileges)| all.or(privileges))
}
