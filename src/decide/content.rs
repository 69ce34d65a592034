//! Content: resources in folders, copies and shares.

use std::collections::BTreeSet;

use tenure_events::data::{
    Affected, Audience, ContentShared, ContentUnshared, CrossOrgShares, Level, Nature, ResourceCopied, ResourceCreated,
    ResourceDeleted, ResourceMoved, ResourceRenamed,
};
use tenure_events::{Event, ResourceId, RoleId};
use tenure_projections::View;
use tenure_projections::judge::{Action, administrative};
use tenure_projections::names::Scope;
use tenure_projections::values::{
    EnvironmentNo, KindActions, KindNo, NameHolder, OrgNo, Resource, ResourceNo, RoleNo, Share, Window,
};

use super::scene::{
    Plan, Scene, conflict, environment_id, forbidden, invalid, kind_name, org_id, resource_id, unknown, user_id,
};
use super::{Refusal, global, roles, workspace};
use crate::command::{CopyResource, CreateResource, MoveResource, RenameResource, ShareContent, Unshare};

pub fn create(scene: &Scene<'_>, args: &CreateResource, plan: &mut Plan) -> Result<(), Refusal> {
    if global::is(scene, &args.org) {
        return Err(global::no_workspace());
    }
    let org = scene.live_org(&args.org)?;
    scene.acts_in(org)?;
    let kind = scene.find_kind(args.kind.as_str());
    let kind = kind.ok_or_else(|| invalid("kind", "kind.unknown", format!("there is no kind `{}`", args.kind)))?;
    let environment = place_in(scene, org, args)?;
    let parent = destination(scene, org, environment, kind, args.parent.as_ref())?;
    let resource = scene.new_resource(args.id.as_ref(), &args.org)?;
    let name = scene.name(scope(scene, org, kind, parent), &args.name, None)?;
    let (source, data_permission) = super::packs::of_new(scene, org, &actions(scene, kind)?, args)?;
    let created = ResourceCreated {
        resource,
        org: args.org.clone(),
        kind: args.kind.clone(),
        name,
        parent: args.parent.clone(),
        creator: user_id(scene, scene.subject.user),
        environment: environment.map(|no| environment_id(scene, no)),
        source,
        data_permission,
        personal: false,
    };
    plan.add(scene, org, Event::ResourceCreated(created), &[]);
    Ok(())
}

pub fn rename(scene: &Scene<'_>, args: &RenameResource, plan: &mut Plan) -> Result<(), Refusal> {
    let (no, resource) = inside(scene, &args.resource)?;
    scene.may(Action::Level(Level::Edit), no, None)?;
    let scope = scope(scene, resource.org, resource.kind, resource.parent);
    let renamed = ResourceRenamed {
        resource: args.resource.clone(),
        org: org_id(scene, resource.org),
        kind: kind_name(scene, resource.kind),
        name: scene.name(scope, &args.name, Some(NameHolder::Resource(no)))?,
        parent: resource.parent.map(|parent| resource_id(scene, parent)),
    };
    plan.add(scene, resource.org, Event::ResourceRenamed(renamed), &[]);
    Ok(())
}

pub fn relocate(scene: &Scene<'_>, args: &MoveResource, plan: &mut Plan) -> Result<(), Refusal> {
    let (no, resource) = inside(scene, &args.resource)?;
    scene.may(Action::Level(Level::Edit), no, None)?;
    super::delta::manages_content(scene, no)?;
    let parent = destination(scene, resource.org, resource.environment, resource.kind, args.parent.as_ref())?;
    workspace::may_lie_in(scene, no, parent)?;
    if parent == resource.parent {
        return Err(conflict("nothing.changes", format!("`{}` lies there already", args.resource)));
    }
    if parent.is_some_and(|parent| scene.folders(parent).any(|above| above == no)) {
        return Err(conflict("resource.cycle", format!("`{}` cannot lie in itself", args.resource)));
    }
    let name = scene.name(
        scope(scene, resource.org, resource.kind, parent),
        scene.resource_name(no),
        Some(NameHolder::Resource(no)),
    )?;
    let moved = ResourceMoved {
        resource: args.resource.clone(),
        org: org_id(scene, resource.org),
        kind: kind_name(scene, resource.kind),
        name,
        parent: args.parent.clone(),
        from: resource.parent.map(|parent| resource_id(scene, parent)),
        creator: user_id(scene, resource.creator),
    };
    plan.add(scene, resource.org, Event::ResourceMoved(moved), &[]);
    affects(scene, (no, resource.parent, parent), plan);
    Ok(())
}

/// Tells each other org that has content by the folder that it lay in, or will lie in, and not by both, nor by itself.
fn affects(scene: &Scene<'_>, (no, from, to): (ResourceNo, Option<ResourceNo>, Option<ResourceNo>), plan: &mut Plan) {
    let Some(org) = View::resource(scene, no).map(|resource| resource.value.org) else { return };
    let itself: Vec<OrgNo> = audience_of(scene, no).collect();
    let orgs = |folder: Option<ResourceNo>| {
        let all = folder.into_iter().flat_map(|folder| audience_orgs(scene, folder));
        all.filter(|org| !itself.contains(org)).collect::<BTreeSet<OrgNo>>()
    };
    let (before, after) = (orgs(from), orgs(to));
    let lost = before.difference(&after).map(|other| (*other, Affected::Lost));
    let gained = after.difference(&before).map(|other| (*other, Affected::Gained));
    for (other, how) in lost.chain(gained) {
        let affected = super::twins::affected(&resource_id(scene, no), &org_id(scene, org), how);
        plan.tell(scene, org, other, affected);
    }
}

pub fn delete(scene: &Scene<'_>, id: &ResourceId, plan: &mut Plan) -> Result<(), Refusal> {
    let (no, resource) = inside(scene, id)?;
    let delete = actions(scene, resource.kind)?.delete;
    scene.may(delete.map_or(Action::Level(Level::Manage), Action::Privilege), no, None)?;
    if scene.contents(no).next().is_some() {
        return Err(conflict("resource.not_empty", format!("something lies in `{id}`: delete or move it first")));
    }
    let deleted = ResourceDeleted {
        resource: id.clone(),
        org: org_id(scene, resource.org),
        kind: kind_name(scene, resource.kind),
        parent: resource.parent.map(|parent| resource_id(scene, parent)),
        creator: user_id(scene, resource.creator),
    };
    plan.add(scene, resource.org, Event::ResourceDeleted(deleted), &audience_orgs(scene, no));
    Ok(())
}

pub fn copy(scene: &Scene<'_>, args: &CopyResource, plan: &mut Plan) -> Result<(), Refusal> {
    let into = scene.live_org(&args.into_org)?;
    scene.acts_in(into)?;
    let (source, original) = source(scene, &args.resource, into)?;
    match actions(scene, original.kind)?.nature {
        Nature::Connection => {
            return Err(conflict("copy.never", "connections are never copied: make one of your own"));
        }
        Nature::Pack if original.org != into => {
            return Err(conflict("copy.never", "packs of another org are never copied: make one of your own"));
        }
        Nature::Content | Nature::Folder | Nature::Pack | Nature::App => {}
    }
    scene.may(Action::Copy, source, Some(into))?;
    let parent = destination(scene, into, None, original.kind, args.parent.as_ref())?;
    let resource = scene.new_resource(args.id.as_ref(), &args.into_org)?;
    let name = args.name.as_deref().unwrap_or_else(|| scene.resource_name(source));
    let copied = ResourceCopied {
        resource,
        org: args.into_org.clone(),
        kind: kind_name(scene, original.kind),
        name: scene.name(scope(scene, into, original.kind, parent), name, None)?,
        parent: args.parent.clone(),
        creator: user_id(scene, scene.subject.user),
        source: args.resource.clone(),
    };
    // A master learns nothing of what its sub-tenants do.
    let from_master = scene.master(into).is_some_and(|(master, _)| master == original.org);
    let concerns = if from_master { Vec::new() } else { vec![original.org] };
    plan.add(scene, into, Event::ResourceCopied(copied), &concerns);
    Ok(())
}

pub fn share(scene: &Scene<'_>, args: &ShareContent, plan: &mut Plan) -> Result<(), Refusal> {
    let (no, resource) = sharing(scene, &args.resource)?;
    workspace::not_personal(scene, no)?;
    stays(scene, &resource, &args.with)?;
    scene.not_past("valid_until", args.valid_until)?;
    let with = audience(scene, &resource, &args.with)?;
    let window = Window::new(None, args.valid_until);
    let share = Share { level: args.level, copy: args.copy, window };
    if current(scene, no, &with) == Some(share) {
        return Err(conflict("share.exists", format!("`{}` is shared like that already", args.resource)));
    }
    let concerns = concerned(scene, &with);
    let (level, copy, valid_until) = (args.level, args.copy, args.valid_until);
    let shared = ContentShared { resource: args.resource.clone(), with, level, copy, valid_until };
    plan.add(scene, resource.org, Event::ContentShared(shared), &concerns);
    Ok(())
}

pub fn unshare(scene: &Scene<'_>, args: &Unshare, plan: &mut Plan) -> Result<(), Refusal> {
    let (no, resource) = sharing(scene, &args.resource)?;
    // Whom it was shared with may have gone since: what is there is what counts.
    let with = named_role(scene, resource.org, &args.with).unwrap_or_else(|| args.with.clone());
    if current(scene, no, &with).is_none() {
        return Err(conflict("share.not_there", format!("`{}` is not shared with them", args.resource)));
    }
    let concerns = concerned(scene, &with);
    let unshared = ContentUnshared { resource: args.resource.clone(), with };
    plan.add(scene, resource.org, Event::ContentUnshared(unshared), &concerns);
    Ok(())
}

/// Content of an org that works; changed from its own org alone.
pub fn inside(scene: &Scene<'_>, id: &ResourceId) -> Result<(ResourceNo, Resource), Refusal> {
    let (no, resource) = scene.resource(id)?;
    scene.live_org(&org_id(scene, resource.org)).map_err(|refusal| match refusal.kind {
        // Content that is seen from elsewhere, in an org that is not.
        super::Kind::NotFound => forbidden("content.not_allowed", format!("`{id}` belongs to another org")),
        super::Kind::Forbidden | super::Kind::Conflict | super::Kind::Invalid { .. } => refusal,
    })?;
    super::associations::may_change(scene, id, resource.org)?;
    scene.acts_in(resource.org)?;
    Ok((no, resource))
}

pub fn sharing(scene: &Scene<'_>, id: &ResourceId) -> Result<(ResourceNo, Resource), Refusal> {
    let (no, resource) = inside(scene, id)?;
    let share = actions(scene, resource.kind)?.share;
    scene.may(share.map_or(Action::Level(Level::Manage), Action::Privilege), no, None)?;
    Ok((no, resource))
}

/// What is to be copied, seen from the org that it shall be copied into.
fn source(scene: &Scene<'_>, id: &ResourceId, into: OrgNo) -> Result<(ResourceNo, Resource), Refusal> {
    let no = scene.find_resource(id.as_str());
    let there = no.and_then(|no| Some((no, tenure_projections::View::resource(scene, no)?.value)));
    let sees = |no| tenure_projections::sight::sees_resource(&scene.view, &scene.subject, Some(into), no);
    let seen = there.filter(|(no, resource)| resource.live && !scene.is_closed(*no) && sees(*no));
    seen.map_or_else(|| scene.resource(id), Ok)
}

/// The environment that new content belongs to: the one that is named, or that of the folder.
fn place_in(scene: &Scene<'_>, org: OrgNo, args: &CreateResource) -> Result<Option<EnvironmentNo>, Refusal> {
    if let Some(id) = &args.environment {
        return super::environments::here(scene, id, org).map(Some);
    }
    let parent = args.parent.as_ref().map(|id| scene.resource(id)).transpose()?;
    let environment = parent.and_then(|(_, parent)| parent.environment);
    Ok(environment.filter(|no| is_linked(scene, *no)))
}

/// Where content of a kind may be made: at the top of an org, or in a folder that the caller may edit. In a folder of
/// an environment lies what belongs to that environment.
pub fn destination(
    scene: &Scene<'_>,
    org: OrgNo,
    environment: Option<EnvironmentNo>,
    kind: KindNo,
    parent: Option<&ResourceId>,
) -> Result<Option<ResourceNo>, Refusal> {
    let create = actions(scene, kind)?.create.unwrap_or(administrative::CONTENT_MANAGE);
    scene.need_within(org, environment, create)?;
    let Some(id) = parent else { return Ok(None) };
    let (no, folder) = scene.resource(id)?;
    if folder.org != org {
        return Err(conflict("resource.other_org", format!("folder `{id}` is not in org `{}`", scene.org_id(org))));
    }
    if folder.environment != environment && folder.environment.is_some_and(|no| is_linked(scene, no)) {
        let detail = format!("folder `{id}` belongs to an environment that this does not: choose another folder");
        return Err(conflict("environment.differs", detail));
    }
    super::delta::edits_content(scene, no)?;
    Ok(Some(no))
}

fn is_linked(scene: &Scene<'_>, no: EnvironmentNo) -> bool {
    View::environment(scene, no).is_some_and(|environment| environment.value.live)
}

pub fn actions(scene: &Scene<'_>, kind: KindNo) -> Result<KindActions, Refusal> {
    let actions = tenure_projections::View::actions(scene, kind).map(|actions| actions.value);
    actions.ok_or_else(|| invalid("kind", "kind.unknown", "there is no such kind"))
}

pub fn scope(scene: &Scene<'_>, org: OrgNo, kind: KindNo, parent: Option<ResourceNo>) -> Scope {
    Scope::resource(scene.name_scope(), org.handle(), kind.handle(), parent.map(ResourceNo::handle))
}

/// Apps that a tenant publishes are for that tenant.
fn stays(scene: &Scene<'_>, resource: &Resource, with: &Audience) -> Result<(), Refusal> {
    let own = match with {
        Audience::Org(id) => scene.find_org(id.as_str()) == Some(resource.org),
        Audience::AllOrgs(_) => false,
        Audience::User(_) | Audience::Role(_) | Audience::Group(_) => true,
    };
    let app = actions(scene, resource.kind)?.nature == Nature::App;
    if own || !app || scene.parent(resource.org).is_none() {
        return Ok(());
    }
    Err(conflict("app.own_org", "an app is for the tenant that publishes it: share it with people there"))
}

/// Whom content may be shared with; a role may be named as well as given by id.
fn audience(scene: &Scene<'_>, resource: &Resource, with: &Audience) -> Result<Audience, Refusal> {
    match with {
        Audience::User(id) => drop(scene.user(id)?),
        Audience::Group(id) => {
            let (_, group) = scene.group(id)?;
            if group.org.is_some_and(|org| org != resource.org) {
                return Err(conflict("group.other_org", format!("group `{id}` has rights in its own org only")));
            }
        }
        Audience::Role(id) => {
            let named = named_role(scene, resource.org, with);
            return named.ok_or_else(|| unknown("role of the content's org", "role.unknown", id));
        }
        Audience::Org(id) => {
            let org = scene.find_org(id.as_str()).filter(|org| {
                *org == resource.org || (downward(scene) && scene.is_above(resource.org, *org) && scene.org(id).is_ok())
            });
            if org.is_none() && scene.org(id).is_ok() {
                return Err(conflict("share.not_downward", format!("org `{id}` is not below the content's org")));
            }
            org.ok_or_else(|| unknown("org", "org.unknown", id))?;
            super::orgs::open(scene, id)?;
        }
        Audience::AllOrgs(_) => {
            if !downward(scene) || scene.root() != Some(resource.org) {
                return Err(conflict("share.not_downward", "only the root org shares with all orgs, where that is on"));
            }
        }
    }
    Ok(with.clone())
}

/// The role that content of an org is shared with: the org's role of this id, or of this name, else a global one of this id.
pub fn named_role(scene: &Scene<'_>, org: OrgNo, with: &Audience) -> Option<Audience> {
    let Audience::Role(id) = with else { return None };
    let seen = |no: &RoleNo| {
        let live = View::role(scene, *no).is_some_and(|role| role.value.live);
        live && tenure_projections::sight::sees_role(&scene.view, &scene.subject, *no)
    };
    let own = roles::role_in(scene, id, Some(org)).filter(seen);
    let own = own.or_else(|| roles::by_name(scene, Some(org), id.as_str()));
    let no = own.or_else(|| roles::role_in(scene, id, None).filter(seen))?;
    RoleId::new(scene.role_id(no)).ok().map(Audience::Role)
}

fn downward(scene: &Scene<'_>) -> bool {
    scene.cross_org_shares() == CrossOrgShares::Downward
}

/// The share with exactly this audience, if there is one.
fn current(scene: &Scene<'_>, no: ResourceNo, with: &Audience) -> Option<Share> {
    let share = match with {
        Audience::User(id) => scene.share_with_user(no, scene.find_user(id.as_str())?),
        Audience::Role(id) => scene.share_with_role(no, scene.find_role(id.as_str())?),
        Audience::Group(id) => scene.share_with_group(no, scene.find_group(id.as_str())?),
        Audience::Org(id) => scene.share_with_org(no, scene.find_org(id.as_str())?),
        Audience::AllOrgs(_) => scene.share_with_all(no),
    };
    share.map(|(share, _)| share)
}

/// The other org that a share concerns.
fn concerned(scene: &Scene<'_>, with: &Audience) -> Vec<OrgNo> {
    let org = match with {
        Audience::Org(id) => scene.find_org(id.as_str()),
        Audience::User(id) => scene.find_user(id.as_str()).and_then(|user| scene.home(user)),
        Audience::Role(_) | Audience::Group(_) | Audience::AllOrgs(_) => None,
    };
    org.into_iter().collect()
}

/// The other orgs that content, or a folder above it, is shared with, or that are authorised to use it.
fn audience_orgs(scene: &Scene<'_>, no: ResourceNo) -> Vec<OrgNo> {
    scene.folders(no).flat_map(|at| audience_of(scene, at)).collect()
}

/// The same of one piece of content itself: by name, or the homes of users.
fn audience_of<'a>(scene: &Scene<'a>, at: ResourceNo) -> impl Iterator<Item = OrgNo> + use<'a> {
    let (view, instant) = (scene.view, scene.instant());
    let valid = move |share: &Share| !share.window.is_over(instant);
    let orgs = view.orgs_with_share(at).filter(move |(_, share)| valid(share)).map(|(org, _)| org);
    let users = view.users_with_share(at).filter(move |(_, share)| valid(share));
    orgs.chain(users.filter_map(move |(user, _)| view.home(user))).chain(view.recipients(at))
}
