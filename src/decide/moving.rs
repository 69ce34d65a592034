//! An org that is hung under another parent: who was shut out of it stays so, whoever is above it now has no more than the
//! mover had over it, and what was shared or distributed to it from where it hung ends.

use tenure_events::data::{Audience, ContentUndistributed, ContentUnshared, OrgMoved, Recipient};
use tenure_events::{Event, Time};
use tenure_projections::View;
use tenure_projections::judge::{self, administrative};
use tenure_projections::names::Scope;
use tenure_projections::values::{OrgNo, PrivilegeSet, ResourceNo};

use super::orgs::{above, admits_now, below_root_only, excludes, manages_inside};
use super::scene::{Plan, Scene, conflict, forbidden, org_id, resource_id};
use super::{Refusal, global};
use crate::command::MoveOrg;

/// What is held in an org, and counts in all below it that do not exclude it.
const REACHES_DOWN: [tenure_projections::values::PrivilegeNo; 4] =
    [administrative::ORG_MANAGE, administrative::ACT_AS, administrative::ACCESS_CHECK, administrative::AUDIT_READ];

pub fn relocate(scene: &Scene<'_>, args: &MoveOrg, plan: &mut Plan) -> Result<(), Refusal> {
    let (org, parent) = (scene.live_org(&args.org)?, scene.live_org(&args.parent)?);
    let from = scene.parent(org).ok_or_else(|| conflict("org.root", "the root org stays where it is"))?;
    if from == parent {
        return Err(conflict("nothing.changes", format!("org `{}` is there already", args.org)));
    }
    if parent == org || scene.is_above(org, parent) {
        return Err(conflict("org.cycle", format!("org `{}` lies below `{}`", args.parent, args.org)));
    }
    [org, from, parent].into_iter().try_for_each(|org| manages_inside(scene, org))?;
    below_root_only(scene, parent)?;
    let begins = begins_excluded(scene, org, parent);
    if !begins && admits_now(scene, org) && new_ancestors(scene, org, parent).next().is_some() {
        reaches_down(scene, org)?;
    }
    let name = scene.name(Scope::Orgs(Some(parent.handle())), scene.org_name(org), None)?;
    let moved = OrgMoved { org: args.org.clone(), name, parent: args.parent.clone(), from: org_id(scene, from) };
    plan.add(scene, org, Event::OrgMoved(moved), &[from, parent]);
    if begins {
        let concerned: Vec<OrgNo> = scene.lineage(parent).chain(above(scene, org)).collect();
        excludes(scene, org, &concerned, plan)?;
    }
    scene.tree(org).for_each(|inside| ends_shares(scene, (org, inside), parent, plan));
    Ok(())
}

fn new_ancestors(scene: &Scene<'_>, org: OrgNo, parent: OrgNo) -> impl Iterator<Item = OrgNo> {
    scene.lineage(parent).filter(move |above| !scene.is_above(*above, org))
}

/// New ancestors start excluded, and one that was shut out, now or once it is admitted no longer, stays so, though it was
/// not the org itself that excluded it.
fn begins_excluded(scene: &Scene<'_>, org: OrgNo, parent: OrgNo) -> bool {
    let rule = scene.settings().is_some_and(|settings| settings.value.landlord_rule);
    let shut_out = |view: &View<'_>| {
        let above = |above: OrgNo| view.is_above(above, org) && !judge::reaches_down(view, above, org);
        view.lineage(parent).any(above)
    };
    let ever = || shut_out(&scene.view) || shut_out(&scene.view.at(Time::from_micros(i64::MAX - 1)));
    rule && admits_now(scene, org) && (new_ancestors(scene, org, parent).next().is_some() || ever())
}

/// Refuses to hand an org to new ancestors, where none of them starts excluded, by whom what reaches down from them is not
/// held over it.
fn reaches_down(scene: &Scene<'_>, org: OrgNo) -> Result<(), Refusal> {
    let counts = scene.lineage(org).filter(|at| judge::reaches_down(&scene.view, *at, org));
    let held = counts.fold(PrivilegeSet::NONE, |held, at| held.or(scene.held(at)));
    let missing = REACHES_DOWN.into_iter().collect::<PrivilegeSet>().without(held);
    if missing.is_empty() || global::reaches_into(scene, org) {
        return Ok(());
    }
    let detail = format!(
        "whoever holds {} in the new parent, or above it, would have it over org `{}`, and you do not hold it there",
        scene.listed(missing),
        scene.org_id(org)
    );
    Err(forbidden("delegation.not_held", detail))
}

/// What an org below the moved one has from outside ends, unless it comes from one who was above it and stays so: else it
/// would sleep, and come back with the org.
fn ends_shares(scene: &Scene<'_>, (moved, inside): (OrgNo, OrgNo), parent: OrgNo, plan: &mut Plan) {
    let crosses = |no: &ResourceNo| {
        let resource = View::resource(scene, *no).map(|resource| resource.value).filter(|resource| resource.live);
        let of = resource.map(|resource| resource.org);
        let stays = |of: OrgNo| scene.is_above(of, moved) && scene.lineage(parent).any(|above| above == of);
        of.filter(|of| *of != moved && !scene.is_above(moved, *of) && !stays(*of))
    };
    let org = org_id(scene, inside);
    for (no, of) in scene.shares_with_org(inside).filter_map(|no| Some((no, crosses(&no)?))) {
        let (resource, with) = (resource_id(scene, no), Audience::Org(org.clone()));
        plan.add(scene, of, Event::ContentUnshared(ContentUnshared { resource, with }), &[inside]);
    }
    for (no, of) in scene.distributed_by_name(inside).filter_map(|no| Some((no, crosses(&no)?))) {
        let (resource, to) = (resource_id(scene, no), Recipient::Org(org.clone()));
        plan.add(scene, of, Event::ContentUndistributed(ContentUndistributed { resource, to }), &[inside]);
    }
}
