//! Whether an event may change who has which content, for those who tell what a command changes.

use tenure_events::Event;

/// How an event bears on who has which content at which level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OnContent {
    /// In no way.
    None,
    /// By what somebody may do or belongs to: where content is shared with that, or where all of it is managed.
    ByAuthority,
    /// It is about content.
    Direct,
}

impl OnContent {
    /// How the event bears on content.
    #[must_use]
    pub const fn of(event: &Event) -> Self {
        match event {
            Event::ResourceCreated(_)
            | Event::ResourceMoved(_)
            | Event::ResourceDeleted(_)
            | Event::ResourceCopied(_)
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
            | Event::ContentAffected(_)
            | Event::EnvironmentUnlinked(_) => Self::Direct,
            Event::SettingsChanged(_)
            | Event::UserCreated(_)
            | Event::UserTypeDefined(_)
            | Event::TenantPermissionDefined(_)
            | Event::GroupInvited(_)
            | Event::GroupUninvited(_)
            | Event::TenantPermissionGranted(_)
            | Event::TenantPermissionRevoked(_)
            | Event::OrgEnabled(_)
            | Event::OrgLicensed(_)
            | Event::OrgDisabled(_)
            | Event::OrgArchived(_)
            | Event::OrgMoved(_)
            | Event::LandlordExcluded(_)
            | Event::LandlordAdmitted(_)
            | Event::UserEnabled(_)
            | Event::GroupMemberAdded(_)
            | Event::PrivilegeGranted(_)
            | Event::UserDisabled(_)
            | Event::UserErased(_)
            | Event::GroupMemberRemoved(_)
            | Event::SubscriptionGranted(_)
            | Event::SubscriptionRetyped(_)
            | Event::SubscriptionExtended(_)
            | Event::SubscriptionWithdrawn(_)
            | Event::PrivilegeRevoked(_)
            | Event::RoleChanged(_)
            | Event::RoleDeleted(_)
            | Event::RoleAssigned(_)
            | Event::RoleUnassigned(_)
            | Event::GroupDeleted(_)
            | Event::ResourceKindDefined(_)
            | Event::LicenceInstalled(_)
            | Event::TrialStarted(_) => Self::ByAuthority,
            Event::PlatformInitialised(_)
            | Event::PrivilegeDefined(_)
            | Event::PrivilegeReserved(_)
            | Event::OrgDeserted(_)
            | Event::OrgRenamed(_)
            | Event::OrgDescribed(_)
            | Event::OrgTagged(_)
            | Event::OrgCreated(_)
            | Event::UserProfileChanged(_)
            | Event::UserSignedIn(_)
            | Event::UserCredentialReset(_)
            | Event::IdentityLinked(_)
            | Event::IdentityUnlinked(_)
            | Event::ActiveOrgSelected(_)
            | Event::GroupCreated(_)
            | Event::GroupRenamed(_)
            | Event::EnvironmentLinked(_)
            | Event::RoleDefined(_)
            | Event::RoleTemplateDefined(_)
            | Event::ResourceRenamed(_)
            | Event::ResourceExported(_)
            | Event::ApiKeyIssued(_)
            | Event::ApiKeyRevoked(_)
            | Event::CredentialConfirmed(_)
            | Event::LandlordCaughtUp(_)
            | Event::EnrolmentOpened(_)
            | Event::LicenceKeyTrusted(_)
            | Event::TenantProvisioned(_)
            | Event::LoginConfigured(_)
            | Event::IssuerRegistered(_)
            | Event::IssuerChanged(_)
            | Event::IssuerRemoved(_)
            | Event::IssuerConfirmed(_)
            | Event::ValidityEnded(_) => Self::None,
        }
    }
}
