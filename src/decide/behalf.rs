//! Acting on behalf: a product's own service acts as a user. The user's rights decide, both are recorded.
//!
//! What counts is what comes of a command, and not its name: nothing on behalf gives content to others who do not have it,
//! and personal folders are closed.

use tenure_events::{Event, OrgId, ResourceId, Sealed};
use tenure_projections::View;
use tenure_projections::sight;
use tenure_projections::values::{OrgNo, ResourceNo};

use super::scene::{Scene, forbidden, unknown};
use super::{Caller, Draft, Refusal};
use crate::command::Command;

/// Refuses unless the actor may send this command in the user's place.
///
/// `act-as` held in the org acted in suffices; held in an ancestor it reaches down, except into orgs that exclude their
/// landlord, and by no key of another org. It never covers administration, keys, sharing, export or the state of the
/// user's session.
pub fn judge(scene: &Scene<'_>, caller: &Caller, command: &Command<Sealed>) -> Result<(), Refusal> {
    if caller.on_behalf_of.is_none() {
        return Ok(());
    }
    let org = org_of(scene, command).ok_or_else(|| never(command.name()))?;
    acts(scene, org)
}

/// Refuses what the events of a command would do beyond what is ever done on behalf.
pub fn effects(scene: &Scene<'_>, caller: &Caller, drafts: &[Draft]) -> Result<(), Refusal> {
    if caller.on_behalf_of.is_none() {
        return Ok(());
    }
    drafts.iter().filter(|draft| draft.twin_of.is_none()).try_for_each(|draft| {
        let org = scene.find_org(draft.org.as_str()).ok_or_else(|| never(draft.event.kind()))?;
        acts(scene, org)?;
        effect(scene, org, &draft.event)
    })
}

fn acts(scene: &Scene<'_>, org: OrgNo) -> Result<(), Refusal> {
    if sight::acts_for(&scene.view, &scene.actor, scene.subject.user, org) {
        return Ok(());
    }
    Err(forbidden("act_as.not_held", "you may not act for this user there: it needs `act-as` in the org acted in"))
}

fn never(name: &str) -> Refusal {
    forbidden("act_as.not_covered", format!("`{name}` is never done on behalf of a user: use their own token"))
}

/// What one event does for others than the user.
fn effect(scene: &Scene<'_>, org: OrgNo, event: &Event) -> Result<(), Refusal> {
    match event {
        Event::ResourceCreated(e) if !e.personal => open(scene, [None, e.parent.as_ref()]),
        Event::ResourceRenamed(e) => open(scene, [Some(&e.resource), e.parent.as_ref()]),
        Event::ResourceDeleted(e) => open(scene, [Some(&e.resource), e.parent.as_ref()]),
        Event::ResourceMoved(e) => {
            open(scene, [Some(&e.resource), e.parent.as_ref()])?;
            kept(scene, &e.resource, e.parent.as_ref())
        }
        Event::ResourceCopied(e) => {
            open(scene, [Some(&e.source), e.parent.as_ref()])?;
            stays(scene, &e.source, org)?;
            kept(scene, &e.source, e.parent.as_ref())
        }
        Event::UserSignedIn(_) => Ok(()),
        Event::ResourceCreated(_)
        | Event::PlatformInitialised(_)
        | Event::SettingsChanged(_)
        | Event::PrivilegeDefined(_)
        | Event::PrivilegeReserved(_)
        | Event::UserTypeDefined(_)
        | Event::ResourceKindDefined(_)
        | Event::RoleTemplateDefined(_)
        | Event::TenantPermissionDefined(_)
        | Event::TenantPermissionGranted(_)
        | Event::TenantPermissionRevoked(_)
        | Event::OrgCreated(_)
        | Event::OrgRenamed(_)
        | Event::OrgDescribed(_)
        | Event::OrgTagged(_)
        | Event::OrgMoved(_)
        | Event::OrgDisabled(_)
        | Event::OrgEnabled(_)
        | Event::OrgArchived(_)
        | Event::OrgDeserted(_)
        | Event::LandlordExcluded(_)
        | Event::LandlordAdmitted(_)
        | Event::SubTenantAssociated(_)
        | Event::SubTenantDisassociated(_)
        | Event::UserCreated(_)
        | Event::UserProfileChanged(_)
        | Event::UserDisabled(_)
        | Event::UserEnabled(_)
        | Event::UserErased(_)
        | Event::UserCredentialReset(_)
        | Event::IdentityLinked(_)
        | Event::IdentityUnlinked(_)
        | Event::ActiveOrgSelected(_)
        | Event::GroupCreated(_)
        | Event::GroupRenamed(_)
        | Event::GroupDeleted(_)
        | Event::GroupMemberAdded(_)
        | Event::GroupMemberRemoved(_)
        | Event::GroupInvited(_)
        | Event::GroupUninvited(_)
        | Event::EnvironmentLinked(_)
        | Event::EnvironmentUnlinked(_)
        | Event::SubscriptionGranted(_)
        | Event::SubscriptionRetyped(_)
        | Event::SubscriptionExtended(_)
        | Event::SubscriptionWithdrawn(_)
        | Event::PrivilegeGranted(_)
        | Event::PrivilegeRevoked(_)
        | Event::RoleDefined(_)
        | Event::RoleChanged(_)
        | Event::RoleDeleted(_)
        | Event::RoleAssigned(_)
        | Event::RoleUnassigned(_)
        | Event::ResourceExported(_)
        | Event::ResourceImported(_)
        | Event::ContentShared(_)
        | Event::ContentUnshared(_)
        | Event::ContentDistributed(_)
        | Event::ContentUndistributed(_)
        | Event::ContentHandedOn(_)
        | Event::ContentTakenBack(_)
        | Event::RowRuleSet(_)
        | Event::RowRuleCleared(_)
        | Event::ApiKeyIssued(_)
        | Event::ApiKeyRevoked(_)
        | Event::ContentAffected(_)
        | Event::CredentialConfirmed(_)
        | Event::LandlordCaughtUp(_)
        | Event::EnrolmentOpened(_)
        | Event::LicenceKeyTrusted(_)
        | Event::LicenceInstalled(_)
        | Event::TrialStarted(_)
        | Event::OrgLicensed(_)
        | Event::TenantProvisioned(_)
        | Event::LoginConfigured(_)
        | Event::IssuerRegistered(_)
        | Event::IssuerChanged(_)
        | Event::IssuerRemoved(_)
        | Event::IssuerConfirmed(_)
        | Event::ValidityEnded(_) => Err(never(event.kind())),
    }
}

/// Personal folders are closed: nothing in one is read, made, changed, moved or taken out.
fn open(scene: &Scene<'_>, touched: [Option<&ResourceId>; 2]) -> Result<(), Refusal> {
    let personal =
        |id: &&ResourceId| scene.find_resource(id.as_str()).is_some_and(|no| scene.personal_of(no).is_some());
    match touched.into_iter().flatten().find(personal) {
        Some(id) => Err(unknown("resource", "resource.unknown", id)),
        None => Ok(()),
    }
}

/// Where content comes to lie, nobody has it who did not have it before: no folder there, in which it, or its original,
/// does not lie already, is for others.
fn kept(scene: &Scene<'_>, what: &ResourceId, parent: Option<&ResourceId>) -> Result<(), Refusal> {
    let find = |id: &ResourceId| scene.find_resource(id.as_str());
    let before: Vec<ResourceNo> = find(what).into_iter().flat_map(|no| scene.folders(no).skip(1)).collect();
    let mut new = parent.and_then(find).into_iter().flat_map(|no| scene.folders(no)).filter(|no| !before.contains(no));
    let for_others = |no: ResourceNo| {
        let given = scene.distributed_to_all(no).is_some() || scene.recipients(no).next().is_some();
        given || scene.shares(no).next().is_some()
    };
    if new.any(for_others) { Err(widens()) } else { Ok(()) }
}

/// A copy in another org is had by whoever manages all content there, unless that org has the original.
fn stays(scene: &Scene<'_>, original: &ResourceId, into: OrgNo) -> Result<(), Refusal> {
    let Some(no) = scene.find_resource(original.as_str()) else { return Ok(()) };
    let here = View::resource(scene, no).is_some_and(|resource| resource.value.org == into);
    let has = |at| scene.share_with_org(at, into).is_some() || scene.share_with_all(at).is_some();
    if here || scene.folders(no).any(has) { Ok(()) } else { Err(widens()) }
}

fn widens() -> Refusal {
    let detail = "on behalf of a user no content is brought where others have it: let them do it by their own token";
    forbidden("act_as.widens", detail)
}

/// The org that a command acts in, for those that may be done for a user.
fn org_of(scene: &Scene<'_>, command: &Command<Sealed>) -> Option<OrgNo> {
    let content = |id: &ResourceId| {
        let no = scene.find_resource(id.as_str())?;
        View::resource(scene, no).map(|resource| resource.value.org)
    };
    let org = |id: &OrgId| scene.find_org(id.as_str());
    let home = || scene.home(scene.subject.user);
    if let Command::CreateResource(args) = command {
        org(&args.org).or_else(home)
    } else if let Command::CopyResource(args) = command {
        org(&args.into_org).or_else(home)
    } else if let Command::RenameResource(args) = command {
        content(&args.resource).or_else(home)
    } else if let Command::MoveResource(args) = command {
        content(&args.resource).or_else(home)
    } else if let Command::DeleteResource(args) = command {
        content(&args.resource).or_else(home)
    } else if let Command::RecordSignIn(_) = command {
        home()
    } else {
        None
    }
}
