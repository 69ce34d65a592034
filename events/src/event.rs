//! The closed set of events.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::*;
use crate::entity::EntityRef;

/// One fact, in the past tense. The tag is the event's type, its version last; what it states is in [`crate::data`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "data")]
#[expect(missing_docs, reason = "each variant is documented at the data it carries")]
pub enum Event {
    #[serde(rename = "tenure.platform.initialised.v2")]
    PlatformInitialised(PlatformInitialised),
    #[serde(rename = "tenure.platform.settings_changed.v2")]
    SettingsChanged(SettingsChanged),
    #[serde(rename = "tenure.privilege.defined.v1")]
    PrivilegeDefined(PrivilegeDefined),
    #[serde(rename = "tenure.privilege.reserved.v1")]
    PrivilegeReserved(PrivilegeReserved),
    #[serde(rename = "tenure.user_type.defined.v1")]
    UserTypeDefined(UserTypeDefined),
    #[serde(rename = "tenure.resource_kind.defined.v2")]
    ResourceKindDefined(ResourceKindDefined),
    #[serde(rename = "tenure.role_template.defined.v1")]
    RoleTemplateDefined(RoleTemplateDefined),
    #[serde(rename = "tenure.tenant_permission.defined.v1")]
    TenantPermissionDefined(TenantPermissionDefined),
    #[serde(rename = "tenure.tenant_permission.granted.v1")]
    TenantPermissionGranted(TenantPermissionGranted),
    #[serde(rename = "tenure.tenant_permission.revoked.v1")]
    TenantPermissionRevoked(TenantPermissionRevoked),
    #[serde(rename = "tenure.org.created.v1")]
    OrgCreated(OrgCreated),
    #[serde(rename = "tenure.org.renamed.v1")]
    OrgRenamed(OrgRenamed),
    #[serde(rename = "tenure.org.described.v1")]
    OrgDescribed(OrgDescribed),
    #[serde(rename = "tenure.org.tagged.v1")]
    OrgTagged(OrgTagged),
    #[serde(rename = "tenure.org.moved.v1")]
    OrgMoved(OrgMoved),
    #[serde(rename = "tenure.org.disabled.v1")]
    OrgDisabled(OrgDisabled),
    #[serde(rename = "tenure.org.enabled.v1")]
    OrgEnabled(OrgEnabled),
    #[serde(rename = "tenure.org.archived.v1")]
    OrgArchived(OrgArchived),
    #[serde(rename = "tenure.org.deserted.v1")]
    OrgDeserted(OrgDeserted),
    #[serde(rename = "tenure.landlord.excluded.v1")]
    LandlordExcluded(LandlordExcluded),
    #[serde(rename = "tenure.landlord.admitted.v1")]
    LandlordAdmitted(LandlordAdmitted),
    #[serde(rename = "tenure.landlord.caught_up.v1")]
    LandlordCaughtUp(LandlordCaughtUp),
    #[serde(rename = "tenure.sub_tenant.associated.v1")]
    SubTenantAssociated(SubTenantAssociated),
    #[serde(rename = "tenure.sub_tenant.disassociated.v1")]
    SubTenantDisassociated(SubTenantDisassociated),
    #[serde(rename = "tenure.user.created.v1")]
    UserCreated(UserCreated),
    #[serde(rename = "tenure.user.profile_changed.v1")]
    UserProfileChanged(UserProfileChanged),
    #[serde(rename = "tenure.user.disabled.v1")]
    UserDisabled(UserDisabled),
    #[serde(rename = "tenure.user.enabled.v1")]
    UserEnabled(UserEnabled),
    #[serde(rename = "tenure.user.erased.v1")]
    UserErased(UserErased),
    #[serde(rename = "tenure.user.signed_in.v1")]
    UserSignedIn(UserSignedIn),
    #[serde(rename = "tenure.user.credential_reset.v1")]
    UserCredentialReset(UserCredentialReset),
    #[serde(rename = "tenure.identity.linked.v1")]
    IdentityLinked(IdentityLinked),
    #[serde(rename = "tenure.identity.unlinked.v1")]
    IdentityUnlinked(IdentityUnlinked),
    #[serde(rename = "tenure.active_org.selected.v1")]
    ActiveOrgSelected(ActiveOrgSelected),
    #[serde(rename = "tenure.group.created.v1")]
    GroupCreated(GroupCreated),
    #[serde(rename = "tenure.group.renamed.v1")]
    GroupRenamed(GroupRenamed),
    #[serde(rename = "tenure.group.deleted.v1")]
    GroupDeleted(GroupDeleted),
    #[serde(rename = "tenure.group.member_added.v1")]
    GroupMemberAdded(GroupMemberAdded),
    #[serde(rename = "tenure.group.member_removed.v1")]
    GroupMemberRemoved(GroupMemberRemoved),
    #[serde(rename = "tenure.group.invited.v1")]
    GroupInvited(GroupInvited),
    #[serde(rename = "tenure.group.uninvited.v1")]
    GroupUninvited(GroupUninvited),
    #[serde(rename = "tenure.environment.linked.v1")]
    EnvironmentLinked(EnvironmentLinked),
    #[serde(rename = "tenure.environment.unlinked.v1")]
    EnvironmentUnlinked(EnvironmentUnlinked),
    #[serde(rename = "tenure.subscription.granted.v1")]
    SubscriptionGranted(SubscriptionGranted),
    #[serde(rename = "tenure.subscription.retyped.v1")]
    SubscriptionRetyped(SubscriptionRetyped),
    #[serde(rename = "tenure.subscription.extended.v1")]
    SubscriptionExtended(SubscriptionExtended),
    #[serde(rename = "tenure.subscription.withdrawn.v1")]
    SubscriptionWithdrawn(SubscriptionWithdrawn),
    #[serde(rename = "tenure.privilege.granted.v1")]
    PrivilegeGranted(PrivilegeGranted),
    #[serde(rename = "tenure.privilege.revoked.v1")]
    PrivilegeRevoked(PrivilegeRevoked),
    #[serde(rename = "tenure.role.defined.v1")]
    RoleDefined(RoleDefined),
    #[serde(rename = "tenure.role.changed.v1")]
    RoleChanged(RoleChanged),
    #[serde(rename = "tenure.role.deleted.v1")]
    RoleDeleted(RoleDeleted),
    #[serde(rename = "tenure.role.assigned.v1")]
    RoleAssigned(RoleAssigned),
    #[serde(rename = "tenure.role.unassigned.v1")]
    RoleUnassigned(RoleUnassigned),
    #[serde(rename = "tenure.resource.created.v2")]
    ResourceCreated(ResourceCreated),
    #[serde(rename = "tenure.resource.renamed.v1")]
    ResourceRenamed(ResourceRenamed),
    #[serde(rename = "tenure.resource.moved.v1")]
    ResourceMoved(ResourceMoved),
    #[serde(rename = "tenure.resource.deleted.v1")]
    ResourceDeleted(ResourceDeleted),
    #[serde(rename = "tenure.resource.copied.v1")]
    ResourceCopied(ResourceCopied),
    #[serde(rename = "tenure.resource.exported.v1")]
    ResourceExported(ResourceExported),
    #[serde(rename = "tenure.resource.imported.v1")]
    ResourceImported(ResourceImported),
    #[serde(rename = "tenure.content.shared.v1")]
    ContentShared(ContentShared),
    #[serde(rename = "tenure.content.unshared.v1")]
    ContentUnshared(ContentUnshared),
    #[serde(rename = "tenure.content.affected.v1")]
    ContentAffected(ContentAffected),
    #[serde(rename = "tenure.content.distributed.v1")]
    ContentDistributed(ContentDistributed),
    #[serde(rename = "tenure.content.undistributed.v1")]
    ContentUndistributed(ContentUndistributed),
    #[serde(rename = "tenure.content.handed_on.v1")]
    ContentHandedOn(ContentHandedOn),
    #[serde(rename = "tenure.content.taken_back.v1")]
    ContentTakenBack(ContentTakenBack),
    #[serde(rename = "tenure.row_rule.set.v1")]
    RowRuleSet(RowRuleSet),
    #[serde(rename = "tenure.row_rule.cleared.v1")]
    RowRuleCleared(RowRuleCleared),
    #[serde(rename = "tenure.api_key.issued.v1")]
    ApiKeyIssued(ApiKeyIssued),
    #[serde(rename = "tenure.api_key.revoked.v1")]
    ApiKeyRevoked(ApiKeyRevoked),
    #[serde(rename = "tenure.credential.confirmed.v1")]
    CredentialConfirmed(CredentialConfirmed),
    #[serde(rename = "tenure.enrolment.opened.v1")]
    EnrolmentOpened(EnrolmentOpened),
    #[serde(rename = "tenure.platform.licence_key_trusted.v1")]
    LicenceKeyTrusted(LicenceKeyTrusted),
    #[serde(rename = "tenure.platform.licence_installed.v1")]
    LicenceInstalled(LicenceInstalled),
    #[serde(rename = "tenure.org.trial_started.v1")]
    TrialStarted(TrialStarted),
    #[serde(rename = "tenure.org.licensed.v1")]
    OrgLicensed(OrgLicensed),
    #[serde(rename = "tenure.tenant.provisioned.v1")]
    TenantProvisioned(TenantProvisioned),
    #[serde(rename = "tenure.login.configured.v1")]
    LoginConfigured(LoginConfigured),
    #[serde(rename = "tenure.issuer.registered.v1")]
    IssuerRegistered(IssuerRegistered),
    #[serde(rename = "tenure.issuer.changed.v1")]
    IssuerChanged(IssuerChanged),
    #[serde(rename = "tenure.issuer.removed.v1")]
    IssuerRemoved(IssuerRemoved),
    #[serde(rename = "tenure.issuer.confirmed.v1")]
    IssuerConfirmed(IssuerConfirmed),
    #[serde(rename = "tenure.validity.ended.v1")]
    ValidityEnded(ValidityEnded),
}

impl Event {
    /// The event's type as it stands in the envelope: `tenure.ENTITY.VERB.vN`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::PlatformInitialised(_) => "tenure.platform.initialised.v2",
            Self::SettingsChanged(_) => "tenure.platform.settings_changed.v2",
            Self::PrivilegeDefined(_) => "tenure.privilege.defined.v1",
            Self::PrivilegeReserved(_) => "tenure.privilege.reserved.v1",
            Self::UserTypeDefined(_) => "tenure.user_type.defined.v1",
            Self::ResourceKindDefined(_) => "tenure.resource_kind.defined.v2",
            Self::RoleTemplateDefined(_) => "tenure.role_template.defined.v1",
            Self::TenantPermissionDefined(_) => "tenure.tenant_permission.defined.v1",
            Self::TenantPermissionGranted(_) => "tenure.tenant_permission.granted.v1",
            Self::TenantPermissionRevoked(_) => "tenure.tenant_permission.revoked.v1",
            Self::OrgCreated(_) => "tenure.org.created.v1",
            Self::OrgRenamed(_) => "tenure.org.renamed.v1",
            Self::OrgDescribed(_) => "tenure.org.described.v1",
            Self::OrgTagged(_) => "tenure.org.tagged.v1",
            Self::OrgMoved(_) => "tenure.org.moved.v1",
            Self::OrgDisabled(_) => "tenure.org.disabled.v1",
            Self::OrgEnabled(_) => "tenure.org.enabled.v1",
            Self::OrgArchived(_) => "tenure.org.archived.v1",
            Self::OrgDeserted(_) => "tenure.org.deserted.v1",
            Self::LandlordExcluded(_) => "tenure.landlord.excluded.v1",
            Self::LandlordAdmitted(_) => "tenure.landlord.admitted.v1",
            Self::LandlordCaughtUp(_) => "tenure.landlord.caught_up.v1",
            Self::SubTenantAssociated(_) => "tenure.sub_tenant.associated.v1",
            Self::SubTenantDisassociated(_) => "tenure.sub_tenant.disassociated.v1",
            Self::UserCreated(_) => "tenure.user.created.v1",
            Self::UserProfileChanged(_) => "tenure.user.profile_changed.v1",
            Self::UserDisabled(_) => "tenure.user.disabled.v1",
            Self::UserEnabled(_) => "tenure.user.enabled.v1",
            Self::UserErased(_) => "tenure.user.erased.v1",
            Self::UserSignedIn(_) => "tenure.user.signed_in.v1",
            Self::UserCredentialReset(_) => "tenure.user.credential_reset.v1",
            Self::IdentityLinked(_) => "tenure.identity.linked.v1",
            Self::IdentityUnlinked(_) => "tenure.identity.unlinked.v1",
            Self::ActiveOrgSelected(_) => "tenure.active_org.selected.v1",
            Self::GroupCreated(_) => "tenure.group.created.v1",
            Self::GroupRenamed(_) => "tenure.group.renamed.v1",
            Self::GroupDeleted(_) => "tenure.group.deleted.v1",
            Self::GroupMemberAdded(_) => "tenure.group.member_added.v1",
            Self::GroupMemberRemoved(_) => "tenure.group.member_removed.v1",
            Self::GroupInvited(_) => "tenure.group.invited.v1",
            Self::GroupUninvited(_) => "tenure.group.uninvited.v1",
            Self::EnvironmentLinked(_) => "tenure.environment.linked.v1",
            Self::EnvironmentUnlinked(_) => "tenure.environment.unlinked.v1",
            Self::SubscriptionGranted(_) => "tenure.subscription.granted.v1",
            Self::SubscriptionRetyped(_) => "tenure.subscription.retyped.v1",
            Self::SubscriptionExtended(_) => "tenure.subscription.extended.v1",
            Self::SubscriptionWithdrawn(_) => "tenure.subscription.withdrawn.v1",
            Self::PrivilegeGranted(_) => "tenure.privilege.granted.v1",
            Self::PrivilegeRevoked(_) => "tenure.privilege.revoked.v1",
            Self::RoleDefined(_) => "tenure.role.defined.v1",
            Self::RoleChanged(_) => "tenure.role.changed.v1",
            Self::RoleDeleted(_) => "tenure.role.deleted.v1",
            Self::RoleAssigned(_) => "tenure.role.assigned.v1",
            Self::RoleUnassigned(_) => "tenure.role.unassigned.v1",
            Self::ResourceCreated(_) => "tenure.resource.created.v2",
            Self::ResourceRenamed(_) => "tenure.resource.renamed.v1",
            Self::ResourceMoved(_) => "tenure.resource.moved.v1",
            Self::ResourceDeleted(_) => "tenure.resource.deleted.v1",
            Self::ResourceCopied(_) => "tenure.resource.copied.v1",
            Self::ResourceExported(_) => "tenure.resource.exported.v1",
            Self::ResourceImported(_) => "tenure.resource.imported.v1",
            Self::ContentShared(_) => "tenure.content.shared.v1",
            Self::ContentUnshared(_) => "tenure.content.unshared.v1",
            Self::ContentAffected(_) => "tenure.content.affected.v1",
            Self::ContentDistributed(_) => "tenure.content.distributed.v1",
            Self::ContentUndistributed(_) => "tenure.content.undistributed.v1",
            Self::ContentHandedOn(_) => "tenure.content.handed_on.v1",
            Self::ContentTakenBack(_) => "tenure.content.taken_back.v1",
            Self::RowRuleSet(_) => "tenure.row_rule.set.v1",
            Self::RowRuleCleared(_) => "tenure.row_rule.cleared.v1",
            Self::ApiKeyIssued(_) => "tenure.api_key.issued.v1",
            Self::ApiKeyRevoked(_) => "tenure.api_key.revoked.v1",
            Self::CredentialConfirmed(_) => "tenure.credential.confirmed.v1",
            Self::EnrolmentOpened(_) => "tenure.enrolment.opened.v1",
            Self::LicenceKeyTrusted(_) => "tenure.platform.licence_key_trusted.v1",
            Self::LicenceInstalled(_) => "tenure.platform.licence_installed.v1",
            Self::TrialStarted(_) => "tenure.org.trial_started.v1",
            Self::OrgLicensed(_) => "tenure.org.licensed.v1",
            Self::TenantProvisioned(_) => "tenure.tenant.provisioned.v1",
            Self::LoginConfigured(_) => "tenure.login.configured.v1",
            Self::IssuerRegistered(_) => "tenure.issuer.registered.v1",
            Self::IssuerChanged(_) => "tenure.issuer.changed.v1",
            Self::IssuerRemoved(_) => "tenure.issuer.removed.v1",
            Self::IssuerConfirmed(_) => "tenure.issuer.confirmed.v1",
            Self::ValidityEnded(_) => "tenure.validity.ended.v1",
        }
    }

    /// What the event is about, as `COLLECTION/ID`: the CloudEvents `subject`.
    #[must_use]
    pub fn subject(&self) -> String {
        self.entity().to_string()
    }

    /// The one entity that the event is about.
    #[must_use]
    pub const fn entity(&self) -> EntityRef<'_> {
        match self {
            Self::PlatformInitialised(_)
            | Self::SettingsChanged(_)
            | Self::RoleTemplateDefined(_)
            | Self::LicenceKeyTrusted(_)
            | Self::LicenceInstalled(_) => EntityRef::Platform,
            Self::PrivilegeDefined(e) => EntityRef::Privilege(&e.privilege),
            Self::PrivilegeReserved(e) => EntityRef::Privilege(&e.privilege),
            Self::UserTypeDefined(e) => EntityRef::UserType(&e.user_type),
            Self::ResourceKindDefined(e) => EntityRef::Kind(&e.kind),
            Self::TenantPermissionDefined(e) => EntityRef::TenantPermission(&e.permission),
            Self::TenantPermissionGranted(e) => EntityRef::Group(&e.group),
            Self::TenantPermissionRevoked(e) => EntityRef::Group(&e.group),
            Self::OrgCreated(e) => EntityRef::Org(&e.org),
            Self::OrgRenamed(e) => EntityRef::Org(&e.org),
            Self::OrgDescribed(e) => EntityRef::Org(&e.org),
            Self::OrgTagged(e) => EntityRef::Org(&e.org),
            Self::OrgMoved(e) => EntityRef::Org(&e.org),
            Self::OrgDisabled(e) => EntityRef::Org(&e.org),
            Self::OrgEnabled(e) => EntityRef::Org(&e.org),
            Self::OrgArchived(e) => EntityRef::Org(&e.org),
            Self::OrgDeserted(e) => EntityRef::Org(&e.org),
            Self::LandlordExcluded(e) => EntityRef::Org(&e.org),
            Self::LandlordAdmitted(e) => EntityRef::Org(&e.org),
            Self::LandlordCaughtUp(e) => EntityRef::Org(&e.org),
            Self::SubTenantAssociated(e) => EntityRef::Org(&e.sub),
            Self::SubTenantDisassociated(e) => EntityRef::Org(&e.sub),
            Self::UserCreated(e) => EntityRef::User(&e.user),
            Self::UserProfileChanged(e) => EntityRef::User(&e.user),
            Self::UserDisabled(e) => EntityRef::User(&e.user),
            Self::UserEnabled(e) => EntityRef::User(&e.user),
            Self::UserErased(e) => EntityRef::User(&e.user),
            Self::UserSignedIn(e) => EntityRef::User(&e.user),
            Self::UserCredentialReset(e) => EntityRef::User(&e.user),
            Self::IdentityLinked(e) => EntityRef::User(&e.user),
            Self::IdentityUnlinked(e) => EntityRef::User(&e.user),
            Self::ActiveOrgSelected(e) => EntityRef::User(&e.user),
            Self::GroupCreated(e) => EntityRef::Group(&e.group),
            Self::GroupRenamed(e) => EntityRef::Group(&e.group),
            Self::GroupDeleted(e) => EntityRef::Group(&e.group),
            Self::GroupMemberAdded(e) => EntityRef::Group(&e.group),
            Self::GroupMemberRemoved(e) => EntityRef::Group(&e.group),
            Self::GroupInvited(e) => EntityRef::Group(&e.group),
            Self::GroupUninvited(e) => EntityRef::Group(&e.group),
            Self::EnvironmentLinked(e) => EntityRef::Environment(&e.environment),
            Self::EnvironmentUnlinked(e) => EntityRef::Environment(&e.environment),
            Self::SubscriptionGranted(e) => EntityRef::User(&e.user),
            Self::SubscriptionRetyped(e) => EntityRef::User(&e.user),
            Self::SubscriptionExtended(e) => EntityRef::User(&e.user),
            Self::SubscriptionWithdrawn(e) => EntityRef::User(&e.user),
            Self::PrivilegeGranted(e) => EntityRef::User(&e.user),
            Self::PrivilegeRevoked(e) => EntityRef::User(&e.user),
            Self::RoleDefined(e) => EntityRef::Role(&e.role),
            Self::RoleChanged(e) => EntityRef::Role(&e.role),
            Self::RoleDeleted(e) => EntityRef::Role(&e.role),
            Self::RoleAssigned(e) => EntityRef::Role(&e.role),
            Self::RoleUnassigned(e) => EntityRef::Role(&e.role),
            Self::ResourceCreated(e) => EntityRef::Resource(&e.resource),
            Self::ResourceRenamed(e) => EntityRef::Resource(&e.resource),
            Self::ResourceMoved(e) => EntityRef::Resource(&e.resource),
            Self::ResourceDeleted(e) => EntityRef::Resource(&e.resource),
            Self::ResourceCopied(e) => EntityRef::Resource(&e.resource),
            Self::ResourceExported(e) => EntityRef::Resource(&e.resource),
            Self::ResourceImported(e) => EntityRef::Resource(&e.resource),
            Self::ContentShared(e) => EntityRef::Resource(&e.resource),
            Self::ContentUnshared(e) => EntityRef::Resource(&e.resource),
            Self::ContentAffected(e) => EntityRef::Resource(&e.resource),
            Self::ContentDistributed(e) => EntityRef::Resource(&e.resource),
            Self::ContentUndistributed(e) => EntityRef::Resource(&e.resource),
            Self::ContentHandedOn(e) => EntityRef::Resource(&e.resource),
            Self::ContentTakenBack(e) => EntityRef::Resource(&e.resource),
            Self::RowRuleSet(e) => EntityRef::Resource(&e.resource),
            Self::RowRuleCleared(e) => EntityRef::Resource(&e.resource),
            Self::ApiKeyIssued(e) => EntityRef::ApiKey(&e.key),
            Self::ApiKeyRevoked(e) => EntityRef::ApiKey(&e.key),
            Self::CredentialConfirmed(e) => EntityRef::User(&e.user),
            Self::EnrolmentOpened(e) => EntityRef::ApiKey(&e.key),
            Self::TrialStarted(e) => EntityRef::Org(&e.org),
            Self::OrgLicensed(e) => EntityRef::Org(&e.org),
            Self::TenantProvisioned(e) => EntityRef::Org(&e.org),
            Self::LoginConfigured(e) => EntityRef::Org(&e.org),
            Self::IssuerRegistered(e) => EntityRef::Issuer(&e.issuer),
            Self::IssuerChanged(e) => EntityRef::Issuer(&e.issuer),
            Self::IssuerRemoved(e) => EntityRef::Issuer(&e.issuer),
            Self::IssuerConfirmed(e) => EntityRef::Issuer(&e.issuer),
            Self::ValidityEnded(e) => e.what.entity(),
        }
    }

    /// Whether only the administrators of tenant permissions may read the event, in whichever history it stands.
    #[must_use]
    pub const fn is_confidential(&self) -> bool {
        match self {
            Self::TenantPermissionDefined(_) | Self::TenantPermissionGranted(_) | Self::TenantPermissionRevoked(_) => {
                true
            }
            Self::PlatformInitialised(_)
            | Self::SettingsChanged(_)
            | Self::PrivilegeDefined(_)
            | Self::PrivilegeReserved(_)
            | Self::UserTypeDefined(_)
            | Self::ResourceKindDefined(_)
            | Self::RoleTemplateDefined(_)
            | Self::OrgCreated(_)
            | Self::OrgRenamed(_)
            | Self::OrgDescribed(_)
            | Self::OrgTagged(_)
            | Self::OrgMoved(_)
            | Self::OrgDisabled(_)
            | Self::OrgEnabled(_)
            | Self::OrgArchived(_)
            | Self::OrgDeserted(_)
            | Self::LandlordExcluded(_)
            | Self::LandlordAdmitted(_)
            | Self::SubTenantAssociated(_)
            | Self::SubTenantDisassociated(_)
            | Self::UserCreated(_)
            | Self::UserProfileChanged(_)
            | Self::UserDisabled(_)
            | Self::UserEnabled(_)
            | Self::UserErased(_)
            | Self::UserSignedIn(_)
            | Self::UserCredentialReset(_)
            | Self::IdentityLinked(_)
            | Self::IdentityUnlinked(_)
            | Self::ActiveOrgSelected(_)
            | Self::GroupCreated(_)
            | Self::GroupRenamed(_)
            | Self::GroupDeleted(_)
            | Self::GroupMemberAdded(_)
            | Self::GroupMemberRemoved(_)
            | Self::GroupInvited(_)
            | Self::GroupUninvited(_)
            | Self::EnvironmentLinked(_)
            | Self::EnvironmentUnlinked(_)
            | Self::SubscriptionGranted(_)
            | Self::SubscriptionRetyped(_)
            | Self::SubscriptionExtended(_)
            | Self::SubscriptionWithdrawn(_)
            | Self::PrivilegeGranted(_)
            | Self::PrivilegeRevoked(_)
            | Self::RoleDefined(_)
            | Self::RoleChanged(_)
            | Self::RoleDeleted(_)
            | Self::RoleAssigned(_)
            | Self::RoleUnassigned(_)
            | Self::ResourceCreated(_)
            | Self::ResourceRenamed(_)
            | Self::ResourceMoved(_)
            | Self::ResourceDeleted(_)
            | Self::ResourceCopied(_)
            | Self::ResourceExported(_)
            | Self::ResourceImported(_)
            | Self::ContentShared(_)
            | Self::ContentUnshared(_)
            | Self::ContentDistributed(_)
            | Self::ContentUndistributed(_)
            | Self::ContentHandedOn(_)
            | Self::ContentTakenBack(_)
            | Self::RowRuleSet(_)
            | Self::RowRuleCleared(_)
            | Self::ApiKeyIssued(_)
            | Self::ApiKeyRevoked(_)
            | Self::CredentialConfirmed(_)
            | Self::ContentAffected(_)
            | Self::LandlordCaughtUp(_)
            | Self::EnrolmentOpened(_)
            | Self::LicenceKeyTrusted(_)
            | Self::LicenceInstalled(_)
            | Self::TrialStarted(_)
            | Self::OrgLicensed(_)
            | Self::TenantProvisioned(_)
            | Self::LoginConfigured(_)
            | Self::IssuerRegistered(_)
            | Self::IssuerChanged(_)
            | Self::IssuerRemoved(_)
            | Self::IssuerConfirmed(_)
            | Self::ValidityEnded(_) => false,
        }
    }
}

impl Ended {
    /// What the window belonged to.
    #[must_use]
    pub const fn entity(&self) -> EntityRef<'_> {
        match self {
            Self::Subscription(of) => EntityRef::User(&of.user),
            Self::Role(of) => EntityRef::Role(&of.role),
            Self::Share(of) => EntityRef::Resource(&of.resource),
            Self::ApiKey(key) => EntityRef::ApiKey(key),
            Self::Landlord(org) | Self::Licence(org) => EntityRef::Org(org),
            Self::PlatformLicence(_) => EntityRef::Platform,
        }
    }
}
