//! Why the judge answers as it does: stable codes.

/// A finding of the judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "`text` says what each means, in the words that callers see")]
pub enum Code {
    Subscription,
    Role,
    RoleThroughGroup,
    GlobalRole,
    ManagingTeam,
    Invitation,
    EnvironmentInvitation,
    TenantPermission,
    Home,
    ContentManage,
    Created,
    Personal,
    SharedWithUser,
    SharedWithRole,
    SharedWithGroup,
    SharedWithOrg,
    SharedWithAllOrgs,
    Association,
    AssociationAdmin,
    Distributed,
    HandedOn,
    UserUnknown,
    UserDisabled,
    HomeOrgNotLive,
    ActingOrgNotLive,
    OrgNotLive,
    ActingOrgNotTheirs,
    ResourceUnknown,
    ActionUnknown,
    NoSubscription,
    NotHeld,
    LevelMissing,
    LandlordExcluded,
    TenantPermissionMissing,
    RowRule,
    KeyOfOtherOrg,
    KeyCapped,
    CallerNotPermitted,
    TrialOver,
    LicenceExpired,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 40] = [
        Self::Subscription,
        Self::Role,
        Self::RoleThroughGroup,
        Self::GlobalRole,
        Self::ManagingTeam,
        Self::Invitation,
        Self::EnvironmentInvitation,
        Self::TenantPermission,
        Self::Home,
        Self::ContentManage,
        Self::Created,
        Self::Personal,
        Self::SharedWithUser,
        Self::SharedWithRole,
        Self::SharedWithGroup,
        Self::SharedWithOrg,
        Self::SharedWithAllOrgs,
        Self::Association,
        Self::AssociationAdmin,
        Self::Distributed,
        Self::HandedOn,
        Self::UserUnknown,
        Self::UserDisabled,
        Self::HomeOrgNotLive,
        Self::ActingOrgNotLive,
        Self::OrgNotLive,
        Self::ActingOrgNotTheirs,
        Self::ResourceUnknown,
        Self::ActionUnknown,
        Self::NoSubscription,
        Self::NotHeld,
        Self::LevelMissing,
        Self::LandlordExcluded,
        Self::TenantPermissionMissing,
        Self::RowRule,
        Self::KeyOfOtherOrg,
        Self::KeyCapped,
        Self::CallerNotPermitted,
        Self::TrialOver,
        Self::LicenceExpired,
    ];

    /// The code as callers know it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.entry().0
    }

    /// What it means.
    #[must_use]
    pub const fn text(self) -> &'static str {
        self.entry().1
    }

    /// Whether it speaks against, rather than for.
    #[must_use]
    pub const fn is_denial(self) -> bool {
        self as u8 >= Self::UserUnknown as u8
    }

    const fn entry(self) -> (&'static str, &'static str) {
        match self {
            Self::Subscription => ("authority.subscription", "held by the subscription to the org"),
            Self::Role => ("authority.role", "held by a role"),
            Self::RoleThroughGroup => ("authority.role_through_group", "held by a role of a group"),
            Self::GlobalRole => ("authority.global_role", "held by a global role"),
            Self::ManagingTeam => ("authority.managing_team", "held as a member of the org's managing team"),
            Self::Invitation => ("authority.invitation", "held through a team that is invited to the org"),
            Self::EnvironmentInvitation => {
                ("authority.environment_invitation", "held through a team that is invited to the environment")
            }
            Self::TenantPermission => ("tenant_permission.held", "one of the user's teams has the tenant permission"),
            Self::Home => ("authority.home", "at home in the org"),
            Self::ContentManage => ("level.content_manage", "manages all content of the org"),
            Self::Created => ("level.created", "made it"),
            Self::Personal => ("level.personal", "it lies in the user's personal folder"),
            Self::SharedWithUser => ("reach.share_user", "shared with the user"),
            Self::SharedWithRole => ("reach.share_role", "shared with a role of the user"),
            Self::SharedWithGroup => ("reach.share_group", "shared with a group of the user"),
            Self::SharedWithOrg => ("reach.share_org", "shared with the org that the user acts in"),
            Self::SharedWithAllOrgs => ("reach.share_all_orgs", "shared with all orgs"),
            Self::Association => {
                ("reach.association", "shared by the master with a role of this name, and with its role `guest`")
            }
            Self::AssociationAdmin => {
                ("reach.association_admin", "manages all content of the master and of its sub-tenant")
            }
            Self::Distributed => ("reach.distribution", "manages what the tenant is authorised to use"),
            Self::HandedOn => ("reach.hand_on", "handed on by the tenant, which is authorised to use it"),
            Self::UserUnknown => ("standing.user_unknown", "there is no such user"),
            Self::UserDisabled => ("standing.user_disabled", "the user is disabled or erased"),
            Self::HomeOrgNotLive => ("standing.home_org_not_live", "the user's home org is disabled or archived"),
            Self::ActingOrgNotLive => ("standing.acting_org_not_live", "the org acted in is disabled or archived"),
            Self::OrgNotLive => ("standing.org_not_live", "the org is disabled or archived"),
            Self::ActingOrgNotTheirs => {
                ("standing.acting_org_not_theirs", "the user has no access to the org acted in")
            }
            Self::ResourceUnknown => ("resource.unknown", "there is no such resource"),
            Self::ActionUnknown => ("action.unknown", "this action does not apply to this type of resource"),
            Self::NoSubscription => ("authority.no_subscription", "no valid subscription to the org"),
            Self::NotHeld => ("authority.not_held", "the privilege is not held in the org"),
            Self::LevelMissing => ("level.missing", "the content is not had at the level that the action needs"),
            Self::LandlordExcluded => ("landlord.excluded", "the org excludes its ancestors"),
            Self::TenantPermissionMissing => {
                ("tenant_permission.missing", "none of the user's teams has the tenant permission that this needs")
            }
            Self::RowRule => {
                ("row_rule.binds", "a row rule binds the user: what they see of it is never copied or exported")
            }
            Self::KeyOfOtherOrg => ("key.other_org", "the key works in another org only"),
            Self::KeyCapped => ("key.capped", "the key does not carry the privilege"),
            Self::CallerNotPermitted => ("caller.not_permitted", "you may not ask this"),
            Self::TrialOver => ("licence.trial_over", "the org's trial is over and it is not licensed yet"),
            Self::LicenceExpired => ("licence.expired", "the org's licence has expired"),
        }
    }
}
