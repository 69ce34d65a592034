//! What an association lets a sub-tenant's people have of its master's content.

use tenure_events::data::{Audience, ContentShared, Level, RoleChanged, SubTenantAssociated};
use tenure_projections::View;
use tenure_projections::judge::{self, GUEST};
use tenure_projections::names::fold;
use tenure_projections::values::{OrgNo, ResourceNo, Role, RoleNo, WordNo};

use super::{holds_below, holds_level, level_not_held, level_now, live, span};
use crate::decide::scene::Scene;
use crate::decide::{Refusal, orgs};

/// The most that a sub-tenant has, and it may be copied from there.
const MOST: Level = Level::Use;

/// What the master shares with `guest` becomes readable in the sub-tenant, by whomever its own people let.
pub fn associated(scene: &Scene<'_>, event: &SubTenantAssociated) -> Result<(), Refusal> {
    let (master, sub) = (scene.find_org(event.master.as_str()), scene.find_org(event.sub.as_str()));
    let Some((master, sub)) = master.zip(sub) else { return Ok(()) };
    // It has no end: nor has the authority over both.
    let manages = |scene: &Scene<'_>| [master, sub].into_iter().try_for_each(|org| orgs::manages_inside(scene, org));
    span::throughout(scene, &span::times(scene, &[master, sub], None), manages)?;
    let guest = scene.role_word(GUEST);
    let guests = scene.roles(master).filter(|role| guest.is_some_and(|guest| is_called(scene, *role, guest)));
    for (no, _) in guests.flat_map(|role| scene.shares_with_role(role)) {
        let above = widest(scene, scene.folders(no).skip(1));
        opened(scene, no, above)?;
    }
    Ok(())
}

/// A share with a role of a master is one with the roles of that name in its sub-tenants.
pub fn shared(scene: &Scene<'_>, share: &ContentShared, no: ResourceNo) -> Result<(), Refusal> {
    if matches!(share.with, Audience::Role(_)) && is_master_of(scene, no) {
        return holds_below(scene, no, share.level.max(MOST), true);
    }
    Ok(())
}

/// Called otherwise, a role of a master is another one in its sub-tenants.
pub fn renamed(scene: &Scene<'_>, event: &RoleChanged, no: RoleNo) -> Result<(), Refusal> {
    let Some(role) = live(scene, no) else { return Ok(()) };
    let master = role.org.filter(|org| scene.sub_tenants(*org).next().is_some());
    if master.is_none() || scene.role_word(&fold(&event.name)) == Some(role.word) {
        return Ok(());
    }
    scene
        .shares_with_role(no)
        .filter(|(no, _)| is_live(scene, *no))
        .try_for_each(|(no, _)| holds_below(scene, no, MOST, true))
}

/// Whether content of a master comes, by a folder that it is put into, to whom its sub-tenants let.
pub fn opens(scene: &Scene<'_>, mut folders: impl Iterator<Item = ResourceNo>) -> bool {
    folders.any(|at| is_master_of(scene, at) && scene.roles_with_share(at).next().is_some())
}

/// What a user has, or may come to have, of the master by a role of the sub-tenant: whoever has their credential has it.
pub fn role_of_sub(scene: &Scene<'_>, role: RoleNo) -> Result<(), Refusal> {
    let Some((role, sub)) = live(scene, role).and_then(|role| Some((role, role.org?))) else { return Ok(()) };
    let Some((master, _)) = scene.master(sub) else { return Ok(()) };
    let named = scene.roles(master).filter(|no| is_called(scene, *no, role.word));
    for (no, share) in named.flat_map(|no| scene.shares_with_role(no)) {
        gated(scene, master, no, share.level.min(MOST))?;
    }
    Ok(())
}

/// Content below a gate, with what its roles have of it, from the gate down.
fn opened(scene: &Scene<'_>, no: ResourceNo, above: Option<Level>) -> Result<(), Refusal> {
    if !is_live(scene, no) {
        return Ok(());
    }
    let level = above.max(widest(scene, std::iter::once(no)));
    if let Some(level) = level {
        holds_level(scene, (no, level.min(MOST), true))?;
    }
    scene.contents(no).try_for_each(|below| opened(scene, below, level))
}

/// What lies in shared content and is shared with `guest`, by itself or above.
fn gated(scene: &Scene<'_>, master: OrgNo, no: ResourceNo, level: Level) -> Result<(), Refusal> {
    if !is_live(scene, no) {
        return Ok(());
    }
    let guest = scene.role_word(GUEST);
    let is_gate = |role: &Role| guest == Some(role.word) && role.org == Some(master);
    let mut roles = scene.folders(no).flat_map(|at| scene.roles_with_share(at));
    if roles.any(|(role, ..)| live(scene, role).is_some_and(is_gate)) && !has_somewhere(scene, master, no, level) {
        return Err(level_not_held(scene, no));
    }
    scene.contents(no).try_for_each(|below| gated(scene, master, below, level))
}

/// Whether the content is had so, with all its rows, and may be copied: from its own org, or from a sub-tenant.
fn has_somewhere(scene: &Scene<'_>, master: OrgNo, no: ResourceNo, level: Level) -> bool {
    let own = |scene: &Scene<'_>| level_now(scene, (no, level, true)).is_ok();
    let from = |scene: &Scene<'_>, sub: OrgNo| {
        let bound = judge::row_rules(&scene.view, scene.subject.user, sub, no).next().is_some();
        let reaches = scene.is_live(sub) && scene.is_live(master) && scene.subject.only.is_none() && !bound;
        let mut found = false;
        judge::reaches(&scene.view, &scene.subject, sub, no, |reach| {
            found |= reaches && reach.level >= level && reach.copy;
            std::ops::ControlFlow::Continue(())
        });
        found
    };
    let somewhere = |scene: &Scene<'_>| match own(scene) || scene.sub_tenants(master).any(|sub| from(scene, sub)) {
        true => Ok(()),
        false => Err(level_not_held(scene, no)),
    };
    let orgs: Vec<OrgNo> = scene.sub_tenants(master).chain([master]).collect();
    span::throughout(scene, &span::times(scene, &orgs, Some(no)), somewhere).is_ok()
}

/// The highest level that roles have of these themselves.
fn widest(scene: &Scene<'_>, folders: impl Iterator<Item = ResourceNo>) -> Option<Level> {
    folders.flat_map(|at| scene.roles_with_share(at)).map(|(_, share, _)| share.level).max()
}

fn is_called(view: &View<'_>, role: RoleNo, word: WordNo) -> bool {
    live(view, role).is_some_and(|role| role.word == word)
}

fn is_live(scene: &Scene<'_>, no: ResourceNo) -> bool {
    View::resource(scene, no).is_some_and(|resource| resource.value.live)
}

fn is_master_of(scene: &Scene<'_>, no: ResourceNo) -> bool {
    View::resource(scene, no).is_some_and(|resource| scene.sub_tenants(resource.value.org).next().is_some())
}
