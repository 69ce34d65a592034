//! When each event comes and whom it concerns, for those who read of it: `docs/events.md` and the AsyncAPI document.

use crate::Event;

/// What is to be known of an event type beside what it states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// When it comes: by which commands, mostly.
    pub when: &'static str,
    /// In whose histories it stands, as itself and as twins.
    pub concerns: &'static str,
}

const ROOT: &str = "the root org";
const ORG: &str = "the org";
const PARENT: &str = "the org, and its parent";
const ANCESTORS: &str = "the org, and those above it";
const HOME: &str = "the user's home";
const EVERYWHERE: &str = "the user's home, and every org that they are a member of";
const MEMBER: &str = "the org, and the user's home";
const OWNER: &str = "the org that it belongs to; the root org if it is global";
const ASSIGNED: &str =
    "the org that the role belongs to, the root org if it is global; and the home of the user who gets it";
const GROUPED: &str = "the org that the group belongs to, the root org if it is global; and the user's home";
const INVITED: &str = "the org, and the one that the group belongs to, the root org if it is global";
const SHARED: &str = "the content's org; and the org that it is shared with, or the home of the user";

impl Event {
    /// When it comes, and whom it concerns.
    #[must_use]
    pub const fn about(&self) -> About {
        let (when, concerns) = match self {
            Self::PlatformInitialised(_) => ("`tenure init`, once", ROOT),
            Self::SettingsChanged(_) => ("`change-settings`", ROOT),
            Self::PrivilegeDefined(_) => (
                "`define-privilege`; `define-resource-kind`, for each action that begins to need one; `tenure init`",
                ROOT,
            ),
            Self::PrivilegeReserved(_) => {
                ("`define-privilege` and `define-resource-kind`, of what the root holds", ROOT)
            }
            Self::UserTypeDefined(_) => {
                ("`define-user-type`; with a new privilege, for each user type that can hold all; `tenure init`", ROOT)
            }
            Self::ResourceKindDefined(_) => ("`define-resource-kind`; `tenure init`", ROOT),
            Self::RoleTemplateDefined(_) => (
                "`tenure init`, for each role of the preset that every org starts with; with a new privilege, for each of \
                  these that carries all",
                ROOT,
            ),
            Self::TenantPermissionDefined(_) => ("`tenure init`, for each tenant permission of the preset", ROOT),
            Self::TenantPermissionGranted(_) => ("`grant-tenant-permission`", ROOT),
            Self::TenantPermissionRevoked(_) => ("`revoke-tenant-permission`", ROOT),
            Self::OrgCreated(_) => ("`create-org`; `tenure init`, for the root", PARENT),
            Self::OrgRenamed(_) => ("`rename-org`", ORG),
            Self::OrgDescribed(_) => ("`describe-org`", ORG),
            Self::OrgTagged(_) => ("`tag-org`", ORG),
            Self::OrgMoved(_) => ("`move-org`", "the org, its old parent and its new one"),
            Self::OrgDisabled(_) => ("`disable-org`", PARENT),
            Self::OrgEnabled(_) => ("`enable-org`", PARENT),
            Self::OrgArchived(_) => ("`archive-org`", PARENT),
            Self::OrgDeserted(_) => {
                ("whatever leaves an org without anybody who holds `subscription.manage` for good", ORG)
            }
            Self::LandlordExcluded(_) => {
                ("`exclude-landlord`; `move-org`, which shuts the new ancestors out", ANCESTORS)
            }
            Self::LandlordAdmitted(_) => ("`admit-landlord`", ANCESTORS),
            Self::LandlordCaughtUp(_) => (
                "`admit-landlord`, if anything of an ancestor changed while it was shut out; instead of the twins that were \
                 withheld",
                "those above the org, as a twin",
            ),
            Self::UserCreated(_) => ("`create-user`; `create-org` with a first administrator; `tenure init`", HOME),
            Self::UserProfileChanged(_) => ("`change-profile`", HOME),
            Self::UserDisabled(_) => ("`disable-user`", EVERYWHERE),
            Self::UserEnabled(_) => ("`enable-user`", EVERYWHERE),
            Self::UserErased(_) => {
                ("`erase-user`, after what it ends: keys, identities, what goes to the successor", EVERYWHERE)
            }
            Self::UserSignedIn(_) => ("`record-sign-in`", HOME),
            Self::UserCredentialReset(_) => ("`reset-credential`", HOME),
            Self::IdentityLinked(_) => ("`link-identity`", HOME),
            Self::IdentityUnlinked(_) => ("`unlink-identity`; `erase-user`", HOME),
            Self::ActiveOrgSelected(_) => ("`select-active-org`", HOME),
            Self::GroupCreated(_) => ("`create-group`", OWNER),
            Self::GroupRenamed(_) => ("`rename-group`", OWNER),
            Self::GroupDeleted(_) => ("`delete-group`", OWNER),
            Self::GroupMemberAdded(_) => ("`add-group-members` and `sync-group`, for each user", GROUPED),
            Self::GroupMemberRemoved(_) => ("`remove-group-members` and `sync-group`, for each user", GROUPED),
            Self::GroupInvited(_) => ("`invite-group`; `create-org`, for a team that manages what it makes", INVITED),
            Self::GroupUninvited(_) => ("`uninvite-group`", INVITED),
            Self::EnvironmentLinked(_) => ("`link-environment`", ORG),
            Self::EnvironmentUnlinked(_) => ("`unlink-environment`", ORG),
            Self::SubscriptionGranted(_) => {
                ("`grant-subscriptions`, for each user; `create-user`, for their home; `create-org`", MEMBER)
            }
            Self::SubscriptionRetyped(_) => ("`retype-subscription`", MEMBER),
            Self::SubscriptionExtended(_) => ("`extend-subscription`", MEMBER),
            Self::SubscriptionWithdrawn(_) => ("`withdraw-subscription`", MEMBER),
            Self::PrivilegeGranted(_) => (
                "`grant-privileges`; `erase-user` with a successor; with a new privilege, to whoever defines it",
                MEMBER,
            ),
            Self::PrivilegeRevoked(_) => ("`revoke-privileges`", MEMBER),
            Self::RoleDefined(_) => {
                ("`define-role`; `create-org`, for each role that every org starts with; `tenure init`", OWNER)
            }
            Self::RoleChanged(_) => {
                ("`change-role`; with a new privilege, for the role of the system administrators", OWNER)
            }
            Self::RoleDeleted(_) => ("`delete-role`", OWNER),
            Self::RoleAssigned(_) => ("`assign-role`, for each user and group", ASSIGNED),
            Self::RoleUnassigned(_) => ("`unassign-role`, for each user and group", ASSIGNED),
            Self::ResourceCreated(_) => ("`create-resource`", ORG),
            Self::ResourceRenamed(_) => ("`rename-resource`", ORG),
            Self::ResourceMoved(_) => ("`move-resource`", ORG),
            Self::ResourceDeleted(_) => ("`delete-resource`", ORG),
            Self::ResourceCopied(_) => ("`copy-resource`", "the org of the copy"),
            Self::ResourceExported(_) => ("`export-resources`, for each thing named", ORG),
            Self::ResourceImported(_) => ("`import-resources`, for each thing that it made or found there", ORG),
            Self::ContentShared(_) => ("`share`", SHARED),
            Self::ContentUnshared(_) => ("`unshare`", SHARED),
            Self::ContentAffected(_) => (
                "`copy-resource`, `move-resource` and `delete-resource`, for each other org that it concerns",
                "the org that the content was copied from, or that had it by a share, or a distribution; as a twin",
            ),
            Self::SubTenantAssociated(_) => ("`associate-sub-tenant`", "the master and the sub-tenant"),
            Self::SubTenantDisassociated(_) => ("`disassociate-sub-tenant`", "the master and the sub-tenant"),
            Self::ContentDistributed(_) => ("`distribute`", "the content's org; and the tenant that it is for"),
            Self::ContentUndistributed(_) => ("`undistribute`", "the content's org; and the tenant that it was for"),
            Self::ContentHandedOn(_) => ("`hand-on`", "the tenant that hands it on"),
            Self::ContentTakenBack(_) => ("`take-back`", "the tenant that takes it back"),
            Self::RowRuleSet(_) => {
                ("`set-row-rule`, for an org or each user", "the content's org; and the org, or the user's home")
            }
            Self::RowRuleCleared(_) => {
                ("`clear-row-rule`, for an org or each user", "the content's org; and the org, or the user's home")
            }
            Self::LicenceKeyTrusted(_) => ("`tenure init` with a licence key", ROOT),
            Self::LicenceInstalled(_) => ("`install-licence`", ROOT),
            Self::TrialStarted(_) => ("`create-org` and `provision-tenant`, where orgs are licensed", PARENT),
            Self::OrgLicensed(_) => ("`license-org`", PARENT),
            Self::TenantProvisioned(_) => ("`provision-tenant`, whenever it brings anything new", PARENT),
            Self::LoginConfigured(_) => ("`configure-login`", ORG),
            Self::IssuerRegistered(_) => ("`register-issuer`", "the org; and the root org"),
            Self::IssuerChanged(_) => ("`change-issuer`", "the org; and the root org"),
            Self::IssuerRemoved(_) => ("`remove-issuer`", "the org; and the root org"),
            Self::IssuerConfirmed(_) => (
                "`confirm-credentials`; `exclude-landlord` and `move-org`, for the issuer by which the sender signed in",
                "the org that vouches for it",
            ),
            Self::ValidityEnded(_) => {
                ("by itself, when a window that was given has passed: once", "the org, and whom the window was about")
            }
            Self::ApiKeyIssued(_) => ("`issue-api-key`; `enrol`; `tenure init`, for the first administrator", HOME),
            Self::ApiKeyRevoked(_) => ("`revoke-api-key`; `erase-user`", HOME),
            Self::CredentialConfirmed(_) => (
                "`confirm-credentials`; `exclude-landlord` and `move-org`, for the sender and the key that they use",
                "the user's home; and the org that vouches for it",
            ),
            Self::EnrolmentOpened(_) => {
                ("`create-user`, `create-org`, `provision-tenant` and `reset-credential`, with `enrol`", HOME)
            }
        };
        About { when, concerns }
    }
}
