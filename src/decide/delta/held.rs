//! What whoever decides has themself: privileges, entry and levels, throughout what is given.

use tenure_events::data::Level;
use tenure_projections::View;
use tenure_projections::judge::{self, Code, Reach, administrative};
use tenure_projections::values::{EnvironmentNo, OrgNo, PrivilegeSet, ResourceNo, RoleNo, Share};

use super::{live, packs, span};
use crate::decide::scene::{Scene, forbidden};
use crate::decide::{Kind, Refusal, global, orgs};

pub fn holds_all(scene: &Scene<'_>, org: OrgNo, needed: PrivilegeSet) -> Result<(), Refusal> {
    holds_all_within(scene, org, None, needed)
}

pub fn holds_all_within(
    scene: &Scene<'_>,
    org: OrgNo,
    environment: Option<EnvironmentNo>,
    needed: PrivilegeSet,
) -> Result<(), Refusal> {
    if needed.is_empty() {
        return Ok(());
    }
    span::throughout(scene, &span::times(scene, &[org], None), |scene| holds_now(scene, org, environment, needed))?;
    if needed.has(administrative::CONTENT_MANAGE) && !global::reaches_into(scene, org) {
        packs::rows_in(scene, org)?;
    }
    Ok(())
}

fn holds_now(
    scene: &Scene<'_>,
    org: OrgNo,
    environment: Option<EnvironmentNo>,
    needed: PrivilegeSet,
) -> Result<(), Refusal> {
    let missing = needed.without(scene.judged_within(org, environment));
    if missing.is_empty() || global::reaches_into(scene, org) {
        return Ok(());
    }
    let detail = format!(
        "you cannot hand out {} in org `{}`, by any path: you do not hold it there yourself",
        scene.listed(missing),
        scene.org_id(org)
    );
    Err(forbidden("delegation.not_held", detail))
}

/// Whoever works in an org has what is shared with it: only who does so may bring others there.
pub fn works_in(scene: &Scene<'_>, org: OrgNo) -> Result<(), Refusal> {
    span::throughout(scene, &span::times(scene, &[org], None), |scene| works_now(scene, org))?;
    packs::rows_shared_with(scene, org, None)
}

/// Refuses if whoever is made a member would outlast the entry of who makes them one: by working in the org, or by
/// managing it from above.
pub fn stays_in(scene: &Scene<'_>, org: OrgNo) -> Result<(), Refusal> {
    let enters = |scene: &Scene<'_>| works_now(scene, org).or_else(|_| orgs::manages_inside(scene, org));
    if enters(scene).is_err() {
        return Ok(());
    }
    span::throughout(scene, &span::times(scene, &[org], None), enters)
}

pub fn works_now(scene: &Scene<'_>, org: OrgNo) -> Result<(), Refusal> {
    let reaches = scene.is_judged(org) && scene.subject.only.is_none_or(|only| only == org);
    if reaches && judge::belongs_effectively(scene, scene.subject.user, org) {
        return Ok(());
    }
    let org = scene.org_id(org);
    let detail =
        format!("this gives what is shared with org `{org}`, where you do not work yourself: ask somebody there");
    Err(forbidden("delegation.not_member", detail))
}

/// A global role gives in every org: only who holds the same by global roles may hand it out.
pub fn holds_everywhere(scene: &Scene<'_>, needed: PrivilegeSet) -> Result<(), Refusal> {
    if needed.is_empty() {
        return Ok(());
    }
    span::throughout(scene, &span::times(scene, &[], None), |scene| everywhere_now(scene, needed))
}

pub fn everywhere_now(scene: &Scene<'_>, needed: PrivilegeSet) -> Result<(), Refusal> {
    let missing = needed.without(by_global_roles(scene).unwrap_or_default());
    if missing.is_empty() || global::reaches(scene) {
        return Ok(());
    }
    let detail =
        format!("you cannot hand out {} in every org: you do not hold it by a global role", scene.listed(missing));
    Err(forbidden("delegation.not_held", detail))
}

/// Where roles need no membership, even an empty global role lets its holder into every org; where they do, that of the
/// system administrators may.
pub fn works_everywhere(scene: &Scene<'_>, role: RoleNo) -> Result<(), Refusal> {
    span::throughout(scene, &span::times(scene, &[], None), |scene| enters_everywhere(scene, role))
}

fn enters_everywhere(scene: &Scene<'_>, role: RoleNo) -> Result<(), Refusal> {
    let enters = match scene.roles_need_membership() {
        true => {
            let whole = scene.subject.only.is_none();
            !judge::role_reaches(scene, role) || (whole && judge::is_system_administrator(scene, scene.subject.user))
        }
        false => by_global_roles(scene).is_some(),
    };
    if enters {
        return Ok(());
    }
    let detail = "a global role gives what is shared with any org: ask somebody who holds a global role themself";
    Err(forbidden("delegation.not_member", detail))
}

/// What is held by valid global roles, if there is one. A key that works in one org holds nothing in every org.
pub fn by_global_roles(scene: &Scene<'_>) -> Option<PrivilegeSet> {
    let own = scene.roles_of_user(scene.subject.user);
    let groups = scene.groups_of(scene.subject.user).flat_map(|(group, ..)| scene.roles_of_group(group));
    let valid = own.chain(groups).filter(|(_, window, _)| window.holds(scene.instant()));
    let global = valid.filter_map(|(role, ..)| live(scene, role)).filter(|role| role.org.is_none());
    let all = global.map(|role| role.privileges).reduce(PrivilegeSet::or)?;
    let open = all.without(scene.closed_to(scene.subject.user));
    scene.subject.only.is_none().then_some(open.and(scene.subject.cap))
}

pub fn holds_share(scene: &Scene<'_>, no: ResourceNo, share: &Share) -> Result<(), Refusal> {
    if View::resource(scene, no).is_some_and(|resource| resource.value.live) {
        holds_below(&scene.lasting(share.window.until()), no, share.level, share.copy)
    } else {
        Ok(())
    }
}

/// Refuses unless content, and everything below it, is had at the level.
pub fn holds_below(scene: &Scene<'_>, no: ResourceNo, level: Level, copy: bool) -> Result<(), Refusal> {
    holds_level(scene, (no, level, copy))?;
    // What comes from above, or by managing all content, covers what lies below; having made a folder does not, and a
    // row rule may bind somebody in what lies below alone.
    let bound = View::resource(scene, no).is_some_and(|resource| packs::is_bound(scene, resource.value.org));
    let from_above = |scene: &Scene<'_>| match reach(scene, no, level, copy, |reach| reach.code != Code::Created) {
        true => Ok(()),
        false => Err(level_not_held(scene, no)),
    };
    if !bound && span::throughout(scene, &span::times_of(scene, no, None), from_above).is_ok() {
        return Ok(());
    }
    scene.contents(no).try_for_each(|below| holds_below(scene, below, level, copy))
}

pub fn holds_level(scene: &Scene<'_>, (no, level, copy): (ResourceNo, Level, bool)) -> Result<(), Refusal> {
    span::throughout(scene, &span::times_of(scene, no, None), |scene| level_now(scene, (no, level, copy)))
}

pub fn level_now(scene: &Scene<'_>, (no, level, copy): (ResourceNo, Level, bool)) -> Result<(), Refusal> {
    if reach(scene, no, level, copy, |_| true) { packs::rows(scene, no) } else { Err(level_not_held(scene, no)) }
}

pub fn level_not_held(scene: &Scene<'_>, no: ResourceNo) -> Refusal {
    let id = scene.resource_id(no);
    let detail = format!("you do not have `{id}`, or something in it, at that level yourself: ask somebody who does");
    Refusal::new(Kind::Forbidden, "delegation.level_not_held", detail)
}

fn reach(scene: &Scene<'_>, no: ResourceNo, level: Level, copy: bool, counts: impl Fn(&Reach) -> bool) -> bool {
    let Some(org) = View::resource(scene, no).map(|resource| resource.value.org) else { return false };
    if !scene.is_judged(org) || scene.subject.only.is_some_and(|only| only != org) {
        return false;
    }
    let mut found = false;
    judge::reaches(&scene.view, &scene.subject, org, no, |reach| {
        // Whoever manages content may let it be copied.
        found |= reach.level >= level && (!copy || reach.copy || reach.level == Level::Manage) && counts(reach);
        std::ops::ControlFlow::Continue(())
    });
    found
}
