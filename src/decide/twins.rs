//! Whom an event is told to beside the org that it happened in: an org that it concerns, unless it is one that the other
//! excludes. Such a one hears what is left to it, and that its own people are members no longer, bare. And what it is told
//! of it: what concerns it, and nothing that is the first org's own.

use tenure_events::data::{Affected, ContentAffected, Ended, UserErased};
use tenure_events::{Event, OrgId, ResourceId};
use tenure_projections::View;
use tenure_projections::judge;
use tenure_projections::values::OrgNo;

/// What is told to another org that an event of an org concerns; nothing to one that is shut out.
pub fn told(view: &View<'_>, event: &Event, org: OrgNo, other: OrgNo) -> Option<Event> {
    if !is_told(view, event, org, other) {
        return None;
    }
    match form(event) {
        Form::Whole | Form::Admits => Some(event.clone()),
        Form::Reduced(reduced) => Some(reduced),
        Form::Moves(..) | Form::Nothing => None,
    }
}

/// Whether anything of what happens in one org is told to another that it concerns.
pub fn is_told(view: &View<'_>, event: &Event, org: OrgNo, other: OrgNo) -> bool {
    judge::reaches_down(view, other, org) || is_left_to_excluded(event)
}

/// Whether an event tells truly in another history what one says: as it is told today, or whole, as it was before.
#[must_use]
pub fn is_true_twin(original: &Event, twin: &Event) -> bool {
    let says_whole = original == twin;
    match form(original) {
        Form::Whole | Form::Nothing => says_whole,
        Form::Reduced(reduced) => says_whole || reduced == *twin,
        Form::Admits => {
            let caught_up = twin.kind() == "tenure.landlord.caught_up.v1";
            says_whole || (caught_up && twin.entity() == original.entity())
        }
        Form::Moves(resource, org) => {
            let affected = |how| affected(resource, org, how);
            says_whole || [Affected::Gained, Affected::Lost].into_iter().any(|how| affected(how) == *twin)
        }
    }
}

/// How much of an event is told to an org in which it did not happen.
enum Form<'a> {
    /// All of it concerns the other as well.
    Whole,
    /// All of it; and what changed meanwhile, at once.
    Admits,
    /// Whether the other has the content of an org from then on, or no more.
    Moves(&'a ResourceId, &'a OrgId),
    /// This much.
    Reduced(Event),
    /// It is the first org's own.
    Nothing,
}

/// What became of content between an org and the one that is told.
pub fn affected(resource: &ResourceId, org: &OrgId, how: Affected) -> Event {
    Event::ContentAffected(ContentAffected { resource: resource.clone(), org: org.clone(), how })
}

fn form(event: &Event) -> Form<'_> {
    match event {
        // Not what the copy is called, where it lies and who made it.
        Event::ResourceCopied(e) => Form::Reduced(affected(&e.source, &e.org, Affected::Copied)),
        Event::ResourceDeleted(e) => Form::Reduced(affected(&e.resource, &e.org, Affected::Lost)),
        // Whom a move gives something, or takes it from, is told that alone.
        Event::ResourceMoved(e) => Form::Moves(&e.resource, &e.org),
        Event::LandlordAdmitted(_) => Form::Admits,
        Event::UserErased(e) => Form::Reduced(Event::UserErased(UserErased { successor: None, ..e.clone() })),
        Event::OrgCreated(_)
        | Event::OrgMoved(_)
        | Event::OrgDisabled(_)
        | Event::OrgEnabled(_)
        | Event::OrgArchived(_)
        | Event::OrgLicensed(_)
        | Event::TrialStarted(_)
        | Event::TenantProvisioned(_)
        | Event::LandlordExcluded(_)
        | Event::LandlordCaughtUp(_)
        | Event::SubTenantAssociated(_)
        | Event::SubTenantDisassociated(_)
        | Event::UserDisabled(_)
        | Event::UserEnabled(_)
        | Event::GroupMemberAdded(_)
        | Event::GroupMemberRemoved(_)
        | Event::GroupInvited(_)
        | Event::GroupUninvited(_)
        | Event::GroupDeleted(_)
        | Event::SubscriptionGranted(_)
        | Event::SubscriptionRetyped(_)
        | Event::SubscriptionExtended(_)
        | Event::SubscriptionWithdrawn(_)
        | Event::PrivilegeGranted(_)
        | Event::PrivilegeRevoked(_)
        | Event::RoleAssigned(_)
        | Event::RoleUnassigned(_)
        | Event::ContentShared(_)
        | Event::ContentUnshared(_)
        | Event::ContentAffected(_)
        | Event::ContentDistributed(_)
        | Event::ContentUndistributed(_)
        | Event::RowRuleSet(_)
        | Event::RowRuleCleared(_)
        | Event::CredentialConfirmed(_)
        | Event::IssuerRegistered(_)
        | Event::IssuerChanged(_)
        | Event::IssuerRemoved(_)
        | Event::UserTypeDefined(_)
        | Event::ValidityEnded(_) => Form::Whole,
        Event::ActiveOrgSelected(_)
        | Event::ApiKeyIssued(_)
        | Event::ApiKeyRevoked(_)
        | Event::EnrolmentOpened(_)
        | Event::ContentHandedOn(_)
        | Event::ContentTakenBack(_)
        | Event::EnvironmentLinked(_)
        | Event::EnvironmentUnlinked(_)
        | Event::GroupCreated(_)
        | Event::GroupRenamed(_)
        | Event::IdentityLinked(_)
        | Event::IdentityUnlinked(_)
        | Event::LicenceInstalled(_)
        | Event::LicenceKeyTrusted(_)
        | Event::LoginConfigured(_)
        | Event::OrgDescribed(_)
        | Event::OrgDeserted(_)
        | Event::OrgRenamed(_)
        | Event::OrgTagged(_)
        | Event::PlatformInitialised(_)
        | Event::PrivilegeDefined(_)
        | Event::PrivilegeReserved(_)
        | Event::ResourceCreated(_)
        | Event::ResourceExported(_)
        | Event::ResourceImported(_)
        | Event::ResourceKindDefined(_)
        | Event::ResourceRenamed(_)
        | Event::RoleChanged(_)
        | Event::RoleDefined(_)
        | Event::RoleDeleted(_)
        | Event::RoleTemplateDefined(_)
        | Event::SettingsChanged(_)
        | Event::TenantPermissionDefined(_)
        | Event::TenantPermissionGranted(_)
        | Event::TenantPermissionRevoked(_)
        | Event::UserCreated(_)
        | Event::UserCredentialReset(_)
        | Event::UserProfileChanged(_)
        | Event::IssuerConfirmed(_)
        | Event::UserSignedIn(_) => Form::Nothing,
    }
}

/// What an excluded ancestor hears: how the org stands as an org, who its landlord is, and what ends for its own people,
/// without what they had.
const fn is_left_to_excluded(event: &Event) -> bool {
    match event {
        Event::OrgCreated(_)
        | Event::OrgRenamed(_)
        | Event::OrgMoved(_)
        | Event::OrgDisabled(_)
        | Event::OrgEnabled(_)
        | Event::OrgArchived(_)
        | Event::OrgLicensed(_)
        | Event::TrialStarted(_)
        | Event::TenantProvisioned(_)
        | Event::IssuerRegistered(_)
        | Event::IssuerChanged(_)
        | Event::IssuerRemoved(_)
        | Event::LandlordExcluded(_)
        | Event::LandlordAdmitted(_)
        | Event::SubTenantAssociated(_)
        | Event::SubTenantDisassociated(_)
        | Event::SubscriptionWithdrawn(_)
        | Event::UserDisabled(_)
        | Event::UserEnabled(_)
        | Event::UserErased(_)
        | Event::GroupMemberRemoved(_) => true,
        // Which environments an org has is its own affair.
        Event::GroupUninvited(e) => e.environment.is_none(),
        Event::ValidityEnded(e) => match &e.what {
            Ended::Subscription(_) | Ended::Landlord(_) | Ended::Licence(_) | Ended::PlatformLicence(_) => true,
            Ended::Role(_) | Ended::Share(_) | Ended::ApiKey(_) => false,
        },
        Event::ActiveOrgSelected(_)
        | Event::ApiKeyIssued(_)
        | Event::ApiKeyRevoked(_)
        | Event::EnrolmentOpened(_)
        | Event::ContentAffected(_)
        | Event::CredentialConfirmed(_)
        | Event::LandlordCaughtUp(_)
        | Event::ContentDistributed(_)
        | Event::ContentHandedOn(_)
        | Event::ContentShared(_)
        | Event::ContentTakenBack(_)
        | Event::ContentUndistributed(_)
        | Event::ContentUnshared(_)
        | Event::EnvironmentLinked(_)
        | Event::EnvironmentUnlinked(_)
        | Event::GroupCreated(_)
        | Event::GroupDeleted(_)
        | Event::GroupInvited(_)
        | Event::GroupMemberAdded(_)
        | Event::GroupRenamed(_)
        | Event::IdentityLinked(_)
        | Event::IdentityUnlinked(_)
        | Event::LicenceInstalled(_)
        | Event::LicenceKeyTrusted(_)
        | Event::LoginConfigured(_)
        | Event::OrgDescribed(_)
        | Event::OrgDeserted(_)
        | Event::OrgTagged(_)
        | Event::PlatformInitialised(_)
        | Event::PrivilegeDefined(_)
        | Event::PrivilegeGranted(_)
        | Event::PrivilegeReserved(_)
        | Event::PrivilegeRevoked(_)
        | Event::ResourceCopied(_)
        | Event::ResourceCreated(_)
        | Event::ResourceDeleted(_)
        | Event::ResourceExported(_)
        | Event::ResourceImported(_)
        | Event::ResourceKindDefined(_)
        | Event::ResourceMoved(_)
        | Event::ResourceRenamed(_)
        | Event::RoleAssigned(_)
        | Event::RoleChanged(_)
        | Event::RoleDefined(_)
        | Event::RoleDeleted(_)
        | Event::RoleTemplateDefined(_)
        | Event::RoleUnassigned(_)
        | Event::RowRuleCleared(_)
        | Event::RowRuleSet(_)
        | Event::SettingsChanged(_)
        | Event::SubscriptionExtended(_)
        | Event::SubscriptionGranted(_)
        | Event::SubscriptionRetyped(_)
        | Event::TenantPermissionDefined(_)
        | Event::TenantPermissionGranted(_)
        | Event::TenantPermissionRevoked(_)
        | Event::UserCreated(_)
        | Event::UserCredentialReset(_)
        | Event::UserProfileChanged(_)
        | Event::UserSignedIn(_)
        | Event::IssuerConfirmed(_)
        | Event::UserTypeDefined(_) => false,
    }
}
