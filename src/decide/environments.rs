//! Environments of orgs, and teams that are invited to either.

use tenure_events::data::{EnvironmentLinked, EnvironmentUnlinked, GroupInvited, GroupUninvited};
use tenure_events::{EnvironmentId, Event};
use tenure_projections::View;
use tenure_projections::names::{IdSort, Scope};
use tenure_projections::sight;
use tenure_projections::values::{EnvironmentNo, GroupNo, OrgNo, PrivilegeSet};

use super::orgs::manages_inside;
use super::scene::{Plan, Scene, conflict, environment_id, group_id, org_id, unknown};
use super::{Refusal, groups, text};
use crate::command::{InviteGroup, LinkEnvironment, UninviteGroup, UnlinkEnvironment};

const MAX_ACCOUNT: usize = 100;

pub fn link(scene: &Scene<'_>, args: &LinkEnvironment, plan: &mut Plan) -> Result<(), Refusal> {
    let org = scene.live_org(&args.org)?;
    manages_inside(scene, org)?;
    let environment = scene.new_id(IdSort::Environment, args.id.as_ref(), scene.moment.fresh.thing, |scene, id| {
        let found = View::environment(scene, scene.find_environment(id.as_str())?)?;
        Some(sight::sees_inside(&scene.view, &scene.subject, found.value.org))
    })?;
    let name = scene.name(Scope::Environments(org.handle()), &args.name, None)?;
    let short =
        |field, text: &Option<String>| text.as_deref().map(|text| text::lines(field, text, MAX_ACCOUNT)).transpose();
    let (account, region) = (short("account", &args.account)?, short("region", &args.region)?);
    let linked = EnvironmentLinked { environment, org: args.org.clone(), name, account, region };
    plan.add(scene, org, Event::EnvironmentLinked(linked), &[]);
    Ok(())
}

pub fn unlink(scene: &Scene<'_>, args: &UnlinkEnvironment, plan: &mut Plan) -> Result<(), Refusal> {
    let (no, org) = seen(scene, &args.environment)?;
    if let Some(named) = &args.org {
        of_org(scene, &args.environment, org, scene.org(named)?)?;
    }
    let org_name = org_id(scene, org);
    scene.live_org(&org_name)?;
    manages_inside(scene, org)?;
    let name = scene.environment(no).map(|environment| environment.value.name.clone()).unwrap_or_default();
    let unlinked = EnvironmentUnlinked { environment: args.environment.clone(), org: org_name, name };
    plan.add(scene, org, Event::EnvironmentUnlinked(unlinked), &[]);
    Ok(())
}

pub fn invite(scene: &Scene<'_>, args: &InviteGroup, plan: &mut Plan) -> Result<(), Refusal> {
    let org = scene.live_org(&args.org)?;
    manages_inside(scene, org)?;
    let (group, value) = scene.group(&args.group)?;
    if value.org.is_some_and(|of| of != org) {
        let detail = format!("group `{}` has rights in its own org only: invite a global group", args.group);
        return Err(conflict("group.other_org", detail));
    }
    let environment = args.environment.as_ref().map(|id| here(scene, id, org)).transpose()?;
    let privileges = scene.asked(&args.privileges, scene.held_within(org, environment))?;
    if invited(scene, group, org, environment) == Some(privileges) {
        let detail = format!("group `{}` is invited with exactly these privileges already", args.group);
        return Err(conflict("group.already_invited", detail));
    }
    let place = groups::place(scene, value.org)?;
    let mut invite = |environment: Option<EnvironmentId>, privileges: PrivilegeSet| {
        let (group, org_name, privileges) = (args.group.clone(), args.org.clone(), scene.named(privileges));
        let invited = GroupInvited { group, org: org_name, environment, privileges };
        plan.add(scene, org, Event::GroupInvited(invited), &[place]);
    };
    // Whoever shall work in an environment enters its org first.
    if environment.is_some() && scene.invitation(group, org).is_none() {
        invite(None, PrivilegeSet::NONE);
    }
    invite(args.environment.clone(), privileges);
    Ok(())
}

pub fn uninvite(scene: &Scene<'_>, args: &UninviteGroup, plan: &mut Plan) -> Result<(), Refusal> {
    let org = scene.live_org(&args.org)?;
    manages_inside(scene, org)?;
    let (group, value) = scene.group(&args.group)?;
    let environment = args.environment.as_ref().map(|id| here(scene, id, org)).transpose()?;
    if invited(scene, group, org, environment).is_none() {
        return Err(conflict("group.not_invited", format!("group `{}` is not invited there", args.group)));
    }
    let place = groups::place(scene, value.org)?;
    let mut uninvite = |environment: Option<EnvironmentId>| {
        let uninvited = GroupUninvited { group: group_id(scene, group), org: args.org.clone(), environment };
        plan.add(scene, org, Event::GroupUninvited(uninvited), &[place]);
    };
    if environment.is_none() {
        let inside = scene.environment_invitations(group).filter(|(_, of, _)| *of == org);
        inside.for_each(|(no, ..)| uninvite(Some(environment_id(scene, no))));
    }
    uninvite(args.environment.clone());
    Ok(())
}

/// An environment that the caller may see, and its org.
fn seen(scene: &Scene<'_>, id: &EnvironmentId) -> Result<(EnvironmentNo, OrgNo), Refusal> {
    let there = scene.find_environment(id.as_str()).and_then(|no| Some((no, &View::environment(scene, no)?.value)));
    let there = there.filter(|(_, environment)| environment.live).map(|(no, environment)| (no, environment.org));
    let seen = there.filter(|(_, org)| sight::sees_inside(&scene.view, &scene.subject, *org));
    seen.ok_or_else(|| unknown("environment", "environment.unknown", id))
}

/// An environment of the org.
pub fn here(scene: &Scene<'_>, id: &EnvironmentId, org: OrgNo) -> Result<EnvironmentNo, Refusal> {
    let (no, of) = seen(scene, id)?;
    of_org(scene, id, of, org)?;
    Ok(no)
}

fn of_org(scene: &Scene<'_>, id: &EnvironmentId, of: OrgNo, org: OrgNo) -> Result<(), Refusal> {
    if of == org {
        return Ok(());
    }
    Err(conflict("environment.other_org", format!("environment `{id}` is not one of org `{}`", scene.org_id(org))))
}

fn invited(scene: &Scene<'_>, group: GroupNo, org: OrgNo, environment: Option<EnvironmentNo>) -> Option<PrivilegeSet> {
    let invitation = match environment {
        Some(environment) => scene.environment_invitation(group, environment),
        None => scene.invitation(group, org),
    };
    invitation.map(|(privileges, _)| privileges)
}
