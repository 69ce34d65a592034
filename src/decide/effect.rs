//! Whose authority an event may change: said once, for those who compare before and after.

use tenure_events::data::Assignee;
use tenure_events::{Event, GroupId, OrgId, RoleId, UserId};

/// Whose authority in orgs an event may change, as far as the event itself tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect<'a> {
    /// Nobody's: what such events give comes with other events.
    None,
    /// Everybody's, perhaps.
    Everybody,
    /// An org begins; whoever has something in it gets that by other events.
    Begins(&'a OrgId),
    /// What is had in an org counts again.
    Opens(&'a OrgId),
    /// What is had in an org, or by its home users anywhere, counts no more.
    Closes(&'a OrgId),
    /// Those above an org reach into it otherwise than before, and into what lies below.
    Bounds(&'a OrgId),
    /// A user has more, and nobody less.
    Gains(&'a UserId),
    /// A user may have less, in every org.
    Loses(&'a UserId),
    /// A user keeps all that they hold, and may have no way in any more.
    ShutsOut(&'a UserId),
    /// A user may have more or less in one org.
    Member(&'a UserId, &'a OrgId),
    /// All who hold a role.
    Role(&'a RoleId),
    /// One who holds a role, or did.
    Assigned(&'a RoleId, &'a Assignee),
    /// All members of a group that ends.
    Group(&'a GroupId),
    /// All members of a group may have more or less in one org.
    Invited(&'a GroupId, &'a OrgId),
    /// All members of a group may use more; if tenant permissions begin to count by it, everybody else less.
    Permits(&'a GroupId),
    /// All members of a group may use less, in every org.
    Forbids(&'a GroupId),
}

impl<'a> Effect<'a> {
    /// Whose authority the event may change.
    #[must_use]
    pub const fn of(event: &'a Event) -> Self {
        match event {
            Event::SettingsChanged(_) | Event::UserTypeDefined(_) | Event::TenantPermissionDefined(_) => {
                Effect::Everybody
            }
            Event::GroupInvited(e) => Effect::Invited(&e.group, &e.org),
            Event::GroupUninvited(e) => Effect::Invited(&e.group, &e.org),
            Event::TenantPermissionGranted(e) => Effect::Permits(&e.group),
            Event::TenantPermissionRevoked(e) => Effect::Forbids(&e.group),
            Event::OrgCreated(e) => Effect::Begins(&e.org),
            Event::OrgEnabled(e) => Effect::Opens(&e.org),
            Event::OrgLicensed(e) => Effect::Opens(&e.org),
            Event::OrgDisabled(e) => Effect::Closes(&e.org),
            Event::OrgArchived(e) => Effect::Closes(&e.org),
            Event::OrgMoved(e) => Effect::Bounds(&e.org),
            Event::LandlordExcluded(e) => Effect::Bounds(&e.org),
            Event::LandlordAdmitted(e) => Effect::Bounds(&e.org),
            Event::UserCreated(e) => Effect::Gains(&e.user),
            Event::UserEnabled(e) => Effect::Gains(&e.user),
            Event::CredentialConfirmed(e) => Effect::Gains(&e.user),
            Event::GroupMemberAdded(e) => Effect::Gains(&e.user),
            Event::PrivilegeGranted(e) => Effect::Gains(&e.user),
            Event::UserDisabled(e) => Effect::Loses(&e.user),
            Event::UserErased(e) => Effect::Loses(&e.user),
            Event::GroupMemberRemoved(e) => Effect::Loses(&e.user),
            Event::UserCredentialReset(e) => Effect::ShutsOut(&e.user),
            Event::IdentityUnlinked(e) => Effect::ShutsOut(&e.user),
            Event::ApiKeyRevoked(e) => Effect::ShutsOut(&e.user),
            // Somebody's first membership with a lower user type hides what roles gave without one.
            Event::SubscriptionGranted(e) => Effect::Member(&e.user, &e.org),
            Event::SubscriptionRetyped(e) => Effect::Member(&e.user, &e.org),
            Event::SubscriptionExtended(e) => Effect::Member(&e.user, &e.org),
            Event::SubscriptionWithdrawn(e) => Effect::Member(&e.user, &e.org),
            Event::PrivilegeRevoked(e) => Effect::Member(&e.user, &e.org),
            Event::RoleChanged(e) => Effect::Role(&e.role),
            Event::RoleDeleted(e) => Effect::Role(&e.role),
            // Assigned again with an end, it may end what did not.
            Event::RoleAssigned(e) => Effect::Assigned(&e.role, &e.to),
            Event::RoleUnassigned(e) => Effect::Assigned(&e.role, &e.from),
            Event::GroupDeleted(e) => Effect::Group(&e.group),
            Event::PlatformInitialised(_)
            | Event::PrivilegeDefined(_)
            | Event::PrivilegeReserved(_)
            | Event::OrgDeserted(_)
            | Event::ResourceKindDefined(_)
            | Event::OrgRenamed(_)
            | Event::OrgDescribed(_)
            | Event::OrgTagged(_)
            | Event::UserProfileChanged(_)
            | Event::UserSignedIn(_)
            | Event::ActiveOrgSelected(_)
            | Event::GroupCreated(_)
            | Event::GroupRenamed(_)
            | Event::EnvironmentLinked(_)
            | Event::EnvironmentUnlinked(_)
            | Event::RoleDefined(_)
            | Event::RoleTemplateDefined(_)
            | Event::ResourceCreated(_)
            | Event::ResourceRenamed(_)
            | Event::ResourceMoved(_)
            | Event::ResourceDeleted(_)
            | Event::ResourceCopied(_)
            | Event::ResourceExported(_)
            | Event::ResourceImported(_)
            | Event::ContentShared(_)
            | Event::ContentUnshared(_)
            | Event::SubTenantAssociated(_)
            | Event::SubTenantDisassociated(_)
            | Event::ContentDistributed(_)
            | Event::ContentUndistributed(_)
            | Event::ContentHandedOn(_)
            | Event::ContentTakenBack(_)
            | Event::RowRuleSet(_)
            | Event::RowRuleCleared(_)
            | Event::ApiKeyIssued(_)
            | Event::ContentAffected(_)
            | Event::LandlordCaughtUp(_)
            | Event::EnrolmentOpened(_)
            | Event::IdentityLinked(_)
            | Event::LicenceKeyTrusted(_)
            | Event::LicenceInstalled(_)
            | Event::TrialStarted(_)
            | Event::TenantProvisioned(_)
            | Event::LoginConfigured(_)
            | Event::IssuerRegistered(_)
            | Event::IssuerChanged(_)
            | Event::IssuerRemoved(_)
            | Event::IssuerConfirmed(_)
            | Event::ValidityEnded(_) => Effect::None,
        }
    }
}
