//! Workspaces: the Public folder that an org starts with, and the personal folder of each member (D, H).
//!
//! A personal folder is its owner's alone: nothing in it is shared, and nothing shared is put into it. See decision 0012.

use tenure_events::data::{Audience, ContentShared, Level, Nature, ResourceCreated};
use tenure_events::{Event, Kind, OrgId, ResourceId, UserId};
use tenure_projections::View;
use tenure_projections::names::{Scope, fold};
use tenure_projections::values::{OrgNo, ResourceNo, UserNo};
use uuid::Uuid;

use super::Refusal;
use super::scene::{Plan, Scene, conflict, kind_name, org_id, user_id};

const PUBLIC: &str = "Public";

/// The id of an org's Public folder; none if the org's id leaves no room for it.
#[must_use]
pub fn public_id(org: &OrgId) -> Option<ResourceId> {
    ResourceId::new(format!("{PUBLIC}@{org}")).ok()
}

/// The Public folder of a new org, which everybody in it may put things into, as far as their roles let them.
#[must_use]
pub fn public_folder(resource: ResourceId, org: &OrgId, kind: &Kind, creator: &UserId) -> [Event; 2] {
    let (level, copy, valid_until) = (Level::Edit, false, None);
    let shared =
        ContentShared { resource: resource.clone(), with: Audience::Org(org.clone()), level, copy, valid_until };
    let created = folder(resource, org, kind, PUBLIC.to_owned(), creator, false);
    [Event::ResourceCreated(created), Event::ContentShared(shared)]
}

/// The id of a member's personal folder; none if theirs and the org's leave no room for it.
#[must_use]
pub fn personal_id(org: &OrgId, user: &UserId) -> Option<ResourceId> {
    ResourceId::new(format!("personal:{user}@{org}")).ok()
}

/// The personal folder of the first member of a new org.
#[must_use]
pub fn first_personal_folder(resource: ResourceId, org: &OrgId, kind: &Kind, user: &UserId) -> Event {
    let name = if fold(user.as_str()) == fold(PUBLIC) { resource.to_string() } else { user.to_string() };
    Event::ResourceCreated(folder(resource, org, kind, name, user, true))
}

/// What a new org starts with. Where another org took the folder's id, before such ids were kept, it has a new one.
pub fn start(scene: &Scene<'_>, org: &OrgId, plan: &mut Plan) -> Result<(), Refusal> {
    let public = scene.settings().is_some_and(|settings| settings.value.public_folders);
    let Some(kind) = folder_kind(scene).filter(|_| public) else { return Ok(()) };
    let usual = public_id(org).ok_or_else(|| {
        let detail = format!("the id is too long for the org's folder `{PUBLIC}`: leave room for `@{PUBLIC}`");
        super::scene::invalid("id", "id.too_long", detail)
    })?;
    let otherwise = || ResourceId::from(Uuid::new_v5(&scene.moment.fresh.thing, PUBLIC.as_bytes()));
    let resource = Some(usual).filter(|id| is_free(scene, id)).unwrap_or_else(otherwise);
    for event in public_folder(resource, org, &kind, &user_id(scene, scene.subject.user)) {
        plan.in_org(org.clone(), event);
    }
    Ok(())
}

/// The personal folder of the first administrator of a new org.
pub fn welcome_first(scene: &Scene<'_>, org: &OrgId, user: &UserId, plan: &mut Plan) {
    if let Some(kind) = personal_kind(scene) {
        let usual = personal_id(org, user).filter(|id| is_free(scene, id));
        let resource = usual.unwrap_or_else(|| fresh(scene, org, user).into());
        plan.in_org(org.clone(), first_personal_folder(resource, org, &kind, user));
    }
}

fn is_free(scene: &Scene<'_>, id: &ResourceId) -> bool {
    scene.find_resource(id.as_str()).is_none()
}

/// A member's personal folder, unless they have one.
pub fn welcome(scene: &Scene<'_>, org: OrgNo, user: &UserId, plan: &mut Plan) {
    let Some(kind) = personal_kind(scene) else { return };
    let known = scene.find_user(user.as_str());
    if known.is_some_and(|user| scene.personal_folder(user, org).is_some()) {
        return;
    }
    let (org_name, otherwise) = (org_id(scene, org), ResourceId::from(fresh(scene, &org_id(scene, org), user)));
    let free = personal_id(&org_name, user).filter(|id| is_free(scene, id));
    let resource = free.unwrap_or_else(|| otherwise.clone());
    let no = scene.find_kind(kind.as_str());
    let scope = no.map(|no| Scope::resource(scene.name_scope(), org.handle(), no.handle(), None));
    let names = [user.as_str(), resource.as_str(), otherwise.as_str()];
    let name = names.into_iter().find(|name| scope.is_none_or(|scope| scene.find_name(scope, name).is_none()));
    let name = name.unwrap_or(otherwise.as_str()).to_owned();
    plan.add(scene, org, Event::ResourceCreated(folder(resource, &org_name, &kind, name, user, true)), &[]);
}

/// Refuses what would share something in a personal folder, or give it to tenants.
pub fn not_personal(scene: &Scene<'_>, no: ResourceNo) -> Result<(), Refusal> {
    if scene.personal_of(no).is_none() {
        return Ok(());
    }
    let detail = "nothing in a personal folder is shared: move it to a folder of the workspace first";
    Err(conflict("personal.never_shared", detail))
}

/// Refuses to move a personal folder itself, and to put into one what is shared or given to tenants.
pub fn may_lie_in(scene: &Scene<'_>, no: ResourceNo, parent: Option<ResourceNo>) -> Result<(), Refusal> {
    if View::resource(scene, no).is_some_and(|resource| resource.value.personal) {
        return Err(conflict("personal.stays", "a personal folder stays where it is: move what lies in it"));
    }
    let personal = parent.and_then(|parent| scene.personal_of(parent));
    if personal.is_some() && is_shared(scene, no) {
        let detail = "this, or something in it, is for others as well, and nothing in a personal folder is: unshare and undistribute it first";
        return Err(conflict("personal.shared", detail));
    }
    Ok(())
}

/// Whether something lies in the user's personal folder in an org.
pub fn has_personal_content(scene: &Scene<'_>, user: UserNo, org: OrgNo) -> bool {
    scene.personal_folder(user, org).is_some_and(|folder| scene.contents(folder).next().is_some())
}

fn is_shared(scene: &Scene<'_>, no: ResourceNo) -> bool {
    let given = scene.distributed_to_all(no).is_some() || scene.recipients(no).next().is_some();
    given || scene.shares(no).next().is_some() || scene.contents(no).any(|below| is_shared(scene, below))
}

fn personal_kind(scene: &Scene<'_>) -> Option<Kind> {
    scene.settings().filter(|settings| settings.value.personal_folders).and_then(|_| folder_kind(scene))
}

/// The kind that workspaces are made of.
pub fn folder_kind(scene: &Scene<'_>) -> Option<Kind> {
    let is = |kind: &_| scene.actions(*kind).is_some_and(|actions| actions.value.nature == Nature::Folder);
    scene.kinds().find(is).map(|kind| kind_name(scene, kind))
}

fn fresh(scene: &Scene<'_>, org: &OrgId, user: &UserId) -> Uuid {
    Uuid::new_v5(&scene.moment.fresh.thing, format!("{user} {org}").as_bytes())
}

fn folder(
    resource: ResourceId,
    org: &OrgId,
    kind: &Kind,
    name: String,
    creator: &UserId,
    personal: bool,
) -> ResourceCreated {
    ResourceCreated {
        resource,
        org: org.clone(),
        kind: kind.clone(),
        name,
        parent: None,
        creator: creator.clone(),
        environment: None,
        source: None,
        data_permission: None,
        personal,
    }
}
