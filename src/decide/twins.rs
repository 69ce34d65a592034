//! Whom an event is told to beside the org that it happened in: an org that it concerns, unless it is one that the other
//! excludes. Such a one hears what is left to it, and that its own people are members no longer, bare.

use tenure_events::Event;
use tenure_events::data::Ended;
use tenure_projections::View;
use tenure_projections::judge;
use tenure_projections::values::OrgNo;

/// Whether what happens in one org is told to another that it concerns.
pub fn is_told(view: &View<'_>, event: &Event, org: OrgNo, other: OrgNo) -> bool {
    judge::reaches_down(view, other, org) || is_left_to_excluded(event)
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
        | Event::UserTypeDefined(_) => false,
    }
}
