//! What each event states: the value after it, whole, so that applying an event needs no other state.

#![expect(missing_docs, reason = "most fields say all in name and type; the others have their sentence")]

mod words;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ApiKeyId, EnvironmentId, GroupId, Kind, OrgId, Privilege, ResourceId, RoleId, Sealed, TenantPermission, Time,
    UserId, UserType,
};

pub use words::*;

macro_rules! data {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)*
        }
    )*};
}

mod issuers;
mod licences;

pub use issuers::*;
pub use licences::*;

data! {
    /// Which mechanisms are on, and the few choices that presets make differently.
    Settings {
        /// Users see only those below them until a second org has ever existed (P).
        single_org_hierarchy: bool,
        /// A role counts only with a live subscription to its org (P).
        roles_need_membership: bool,
        /// Orgs may exclude their ancestors (P).
        landlord_rule: bool,
        /// How far content is shared across orgs.
        cross_org_shares: CrossOrgShares,
        /// Among which things resource names are unique.
        name_scope: NameScope,
        /// An org cannot be made without a managing team (A).
        managing_team_required: bool,
        /// System administrators hold everything in every org that does not exclude them (D).
        system_administrator_reaches: bool,
        /// Whether those above an org manage its users.
        tenant_users: TenantUsers,
        /// Each org starts with a folder that is for everybody in it (D, H).
        public_folders: bool,
        /// Each member of an org has a folder there that is theirs alone (D, H).
        personal_folders: bool,
        /// Actions that name a tenant permission need it through some group (A).
        tenant_permissions: Switch,
        /// Orgs below the root are tenants on trial until they are licensed (H).
        licences: Switch,
        /// Whose it is to make and end orgs.
        lifecycle: Lifecycle,
        /// The global group that holds every tenant permission and alone may give and see them (A).
        #[serde(default, skip_serializing_if = "Option::is_none")] administrators_group: Option<GroupId>,
    }

    /// The platform exists; always the first event.
    PlatformInitialised {
        /// The preset it was made from.
        preset: String,
        /// The root org.
        root: OrgId,
        /// The settings it starts with.
        settings: Settings,
    }
    /// The settings are these now.
    SettingsChanged { settings: Settings }
    /// The catalogue has this privilege; its number is its place in sets of privileges, 0 to 127.
    PrivilegeDefined {
        privilege: Privilege,
        #[serde(deserialize_with = "privilege_number")] number: u8,
    }
    /// The platform keeps this privilege to itself: no org that begins has it, and no tenant comes to it.
    PrivilegeReserved { privilege: Privilege }
    /// Subscriptions of this type can hold no more than this.
    UserTypeDefined { user_type: UserType, ceiling: Vec<Privilege> }
    /// Which privilege each action on content of this kind needs; none where left out.
    ResourceKindDefined {
        kind: Kind,
        #[serde(default, skip_serializing_if = "Option::is_none")] create: Option<Privilege>,
        #[serde(default, skip_serializing_if = "Option::is_none")] view: Option<Privilege>,
        #[serde(default, skip_serializing_if = "Option::is_none")] edit: Option<Privilege>,
        #[serde(default, skip_serializing_if = "Option::is_none")] delete: Option<Privilege>,
        #[serde(default, skip_serializing_if = "Option::is_none")] share: Option<Privilege>,
        #[serde(default, skip_serializing_if = "is_plain")] nature: Nature,
    }
    /// Every org that is made from now on starts with a role of this name.
    RoleTemplateDefined { name: String, privileges: Vec<Privilege> }

    /// Whoever would do what one of these privileges stands for needs this tenant permission as well, through some
    /// group (A).
    TenantPermissionDefined { permission: TenantPermission, privileges: Vec<Privilege> }
    /// The members of a group have a tenant permission.
    TenantPermissionGranted { group: GroupId, permission: TenantPermission }
    /// The members of a group have a tenant permission through it no more.
    TenantPermissionRevoked { group: GroupId, permission: TenantPermission }

    /// An org exists.
    OrgCreated {
        org: OrgId,
        name: String,
        /// None for the root only.
        #[serde(default, skip_serializing_if = "Option::is_none")] parent: Option<OrgId>,
        #[serde(default, skip_serializing_if = "String::is_empty")] description: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")] tags: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")] managing_group: Option<GroupId>,
        #[serde(default, skip_serializing_if = "Option::is_none")] region: Option<String>,
    }
    /// An org is called this now, among its siblings.
    OrgRenamed { org: OrgId, name: String, #[serde(default, skip_serializing_if = "Option::is_none")] parent: Option<OrgId> }
    /// An org's description is this now.
    OrgDescribed { org: OrgId, description: String }
    /// An org's tags are these now.
    OrgTagged { org: OrgId, tags: Vec<String> }
    /// An org, and what is below it, hangs under another parent now.
    OrgMoved {
        org: OrgId,
        name: String,
        parent: OrgId,
        /// The parent that it hung under before.
        from: OrgId,
    }
    /// An org refuses sign-in and checks until it is enabled.
    OrgDisabled { org: OrgId }
    /// A disabled org works again.
    OrgEnabled { org: OrgId }
    /// An org is closed for good; its history stays.
    OrgArchived { org: OrgId }
    /// Nobody who stays holds `subscription.manage` in an org any more. `own` if it came about by its own users, or by a
    /// time that they set: then whoever manages it from above may enter again.
    OrgDeserted { org: OrgId, own: bool }
    /// The org's ancestors, and global roles, have no authority, content or history in it or below it.
    LandlordExcluded { org: OrgId }
    /// The org's ancestors may enter again, for good or until a time.
    LandlordAdmitted { org: OrgId, #[serde(default, skip_serializing_if = "Option::is_none")] until: Option<Time> }
    /// What of an ancestor changed in the org that admits it, while it was shut out and not told.
    LandlordCaughtUp {
        org: OrgId,
        /// Its users who came, went or were changed there.
        users: Vec<UserId>,
        /// Its groups that were invited or given roles there, or no more.
        groups: Vec<GroupId>,
        /// Its content that was copied there, and content there that it, or its people, may see or may see no more.
        resources: Vec<ResourceId>,
        /// How many more there are than have room here.
        #[serde(default, skip_serializing_if = "is_zero")] more: u64,
    }

    /// An org is a sub-tenant of another: what the master shares with its role `guest` can be read there (O).
    SubTenantAssociated { master: OrgId, sub: OrgId }
    /// An org is a sub-tenant no more.
    SubTenantDisassociated { master: OrgId, sub: OrgId }

    /// A user exists, at home in an org.
    UserCreated {
        user: UserId,
        org: OrgId,
        #[serde(default, skip_serializing_if = "Option::is_none")] name: Option<Sealed>,
        #[serde(default, skip_serializing_if = "Option::is_none")] email: Option<Sealed>,
    }
    /// A user's name and address are these now.
    UserProfileChanged {
        user: UserId,
        #[serde(default, skip_serializing_if = "Option::is_none")] name: Option<Sealed>,
        #[serde(default, skip_serializing_if = "Option::is_none")] email: Option<Sealed>,
    }
    /// A user may do nothing until enabled.
    UserDisabled { user: UserId, org: OrgId }
    /// A disabled user may act again.
    UserEnabled { user: UserId, org: OrgId }
    /// A user is gone and the key of their personal data is destroyed.
    UserErased {
        user: UserId,
        org: OrgId,
        /// Who takes over what only they could do.
        #[serde(default, skip_serializing_if = "Option::is_none")] successor: Option<UserId>,
    }
    /// A user signed in.
    UserSignedIn { user: UserId, org: OrgId }
    /// A user's credential was reset: every API key issued before is void.
    UserCredentialReset { user: UserId, org: OrgId }
    /// An external identity, known by its keyed hash only, is this user.
    IdentityLinked {
        /// Keyed hash of issuer and subject.
        identity: String,
        user: UserId,
        issuer: Sealed,
        subject: Sealed,
    }
    /// An external identity is nobody's any more.
    IdentityUnlinked { identity: String, user: UserId }
    /// A user works in this org now.
    ActiveOrgSelected { user: UserId, org: OrgId }

    /// A group exists: of an org, or global.
    GroupCreated { group: GroupId, #[serde(default, skip_serializing_if = "Option::is_none")] org: Option<OrgId>, name: String }
    /// A group is called this now.
    GroupRenamed { group: GroupId, #[serde(default, skip_serializing_if = "Option::is_none")] org: Option<OrgId>, name: String }
    /// A group is gone, and with it all that was had through it.
    GroupDeleted { group: GroupId, #[serde(default, skip_serializing_if = "Option::is_none")] org: Option<OrgId>, name: String }
    /// A user belongs to a group.
    GroupMemberAdded { group: GroupId, user: UserId }
    /// A user belongs to a group no more.
    GroupMemberRemoved { group: GroupId, user: UserId }
    /// The members of a group may enter an org, with these privileges there or, of an environment, in it (A).
    GroupInvited {
        group: GroupId,
        org: OrgId,
        #[serde(default, skip_serializing_if = "Option::is_none")] environment: Option<EnvironmentId>,
        privileges: Vec<Privilege>,
    }
    /// A group is invited no more: to an environment or, where none is named, to the org.
    GroupUninvited {
        group: GroupId,
        org: OrgId,
        #[serde(default, skip_serializing_if = "Option::is_none")] environment: Option<EnvironmentId>,
    }

    /// An org has an environment (A).
    EnvironmentLinked {
        environment: EnvironmentId,
        org: OrgId,
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")] account: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")] region: Option<String>,
    }
    /// An environment is gone; what belonged to it stays in its org.
    EnvironmentUnlinked { environment: EnvironmentId, org: OrgId, name: String }

    /// One user's membership of one org.
    #[derive(Hash)]
    Subscription {
        user_type: UserType,
        privileges: Vec<Privilege>,
        #[serde(default, skip_serializing_if = "Option::is_none")] valid_from: Option<Time>,
        #[serde(default, skip_serializing_if = "Option::is_none")] valid_until: Option<Time>,
    }
    /// A user is a member of an org.
    SubscriptionGranted { user: UserId, org: OrgId, subscription: Subscription }
    /// A membership has another user type now.
    SubscriptionRetyped { user: UserId, org: OrgId, subscription: Subscription }
    /// A membership ends at another time now.
    SubscriptionExtended { user: UserId, org: OrgId, subscription: Subscription }
    /// A membership is over.
    SubscriptionWithdrawn { user: UserId, org: OrgId }
    /// A membership holds more privileges now.
    PrivilegeGranted { user: UserId, org: OrgId, privileges: Vec<Privilege>, subscription: Subscription }
    /// A membership holds fewer privileges now.
    PrivilegeRevoked { user: UserId, org: OrgId, privileges: Vec<Privilege>, subscription: Subscription }

    /// A role exists: of an org, or global.
    RoleDefined {
        role: RoleId,
        #[serde(default, skip_serializing_if = "Option::is_none")] org: Option<OrgId>,
        name: String,
        privileges: Vec<Privilege>,
    }
    /// A role carries exactly these privileges now.
    RoleChanged {
        role: RoleId,
        #[serde(default, skip_serializing_if = "Option::is_none")] org: Option<OrgId>,
        name: String,
        privileges: Vec<Privilege>,
    }
    /// A role is gone, and with it all that was had through it.
    RoleDeleted { role: RoleId, #[serde(default, skip_serializing_if = "Option::is_none")] org: Option<OrgId>, name: String }
    /// A user or group holds a role.
    RoleAssigned { role: RoleId, to: Assignee, #[serde(default, skip_serializing_if = "Option::is_none")] valid_until: Option<Time> }
    /// A user or group holds a role no more.
    RoleUnassigned { role: RoleId, from: Assignee }

    /// A piece of content exists.
    ResourceCreated {
        resource: ResourceId,
        org: OrgId,
        kind: Kind,
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")] parent: Option<ResourceId>,
        creator: UserId,
        /// The environment that it belongs to (A).
        #[serde(default, skip_serializing_if = "Option::is_none")] environment: Option<EnvironmentId>,
        /// Where a pack's data comes from (H).
        #[serde(default, skip_serializing_if = "Option::is_none")] source: Option<Source>,
        /// With whose rights a pack's data is read (H).
        #[serde(default, skip_serializing_if = "Option::is_none")] data_permission: Option<DataPermission>,
        /// Its creator's alone, with all that is put into it, also against administrators (D, H).
        #[serde(default, skip_serializing_if = "is_false")] personal: bool,
    }
    /// A piece of content is called this now.
    ResourceRenamed {
        resource: ResourceId,
        org: OrgId,
        kind: Kind,
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")] parent: Option<ResourceId>,
    }
    /// A piece of content, and what is below it, lies in another folder now.
    ResourceMoved {
        resource: ResourceId,
        org: OrgId,
        kind: Kind,
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")] parent: Option<ResourceId>,
        /// The folder that it lay in before.
        #[serde(default, skip_serializing_if = "Option::is_none")] from: Option<ResourceId>,
        creator: UserId,
    }
    /// A piece of content is gone.
    ResourceDeleted {
        resource: ResourceId,
        org: OrgId,
        kind: Kind,
        #[serde(default, skip_serializing_if = "Option::is_none")] parent: Option<ResourceId>,
        creator: UserId,
    }
    /// A piece of content exists as a copy of another, which it remembers.
    ResourceCopied {
        resource: ResourceId,
        org: OrgId,
        kind: Kind,
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")] parent: Option<ResourceId>,
        creator: UserId,
        /// What it was copied from.
        source: ResourceId,
    }
    /// A piece of content, with all that lies in it, was handed out as a signed bundle.
    ResourceExported {
        resource: ResourceId,
        org: OrgId,
        /// SHA-256 of what the bundle holds, in base64url without padding.
        bundle: String,
    }
    /// A piece of content exists as a bundle held it.
    ResourceImported {
        resource: ResourceId,
        org: OrgId,
        kind: Kind,
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")] parent: Option<ResourceId>,
        creator: UserId,
        /// What it was exported as.
        source: ResourceId,
        /// SHA-256 of what the bundle holds, in base64url without padding.
        bundle: String,
    }
    /// Somebody has content, and what is below it, at a level.
    ContentShared {
        resource: ResourceId,
        with: Audience,
        level: Level,
        /// May be copied into another org.
        #[serde(default, skip_serializing_if = "is_false")] copy: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")] valid_until: Option<Time>,
    }
    /// A share is over.
    ContentUnshared { resource: ResourceId, with: Audience }
    /// What became of content between two orgs, told to the one whose doing it was not, without what is the other's own.
    ContentAffected {
        resource: ResourceId,
        /// The other org: whose content it is; if it was copied, where the copy is.
        org: OrgId,
        how: Affected,
    }

    /// A tenant, or each of them now and to come, is authorised to use a pack, or what lies in a folder (H).
    ContentDistributed { resource: ResourceId, to: Recipient }
    /// An authorisation is over, and with it all that was handed on by it.
    ContentUndistributed { resource: ResourceId, to: Recipient }
    /// A tenant's manager lets somebody of the tenant see what the tenant is authorised to use (H).
    ContentHandedOn { resource: ResourceId, org: OrgId, to: Holder }
    /// What was handed on is taken back.
    ContentTakenBack { resource: ResourceId, org: OrgId, from: Holder }
    /// Of content, and what is below it, these see only the rows that a filter lets through (H).
    RowRuleSet {
        resource: ResourceId,
        of: RowSubject,
        /// What the product makes of it is its own affair.
        filter: String,
    }
    /// A row rule counts no more.
    RowRuleCleared { resource: ResourceId, of: RowSubject }

    /// A key speaks for a user; only the hash of its secret is kept.
    ApiKeyIssued {
        key: ApiKeyId,
        user: UserId,
        /// SHA-256 of the secret, in base64url without padding.
        hash: String,
        #[serde(default, skip_serializing_if = "Option::is_none")] name: Option<Sealed>,
        /// Works in this org only.
        #[serde(default, skip_serializing_if = "Option::is_none")] org: Option<OrgId>,
        /// Carries no more than these.
        #[serde(default, skip_serializing_if = "Option::is_none")] privileges: Option<Vec<Privilege>>,
        #[serde(default, skip_serializing_if = "Option::is_none")] expires: Option<Time>,
    }
    /// A key speaks for nobody any more.
    ApiKeyRevoked { key: ApiKeyId, user: UserId }
    /// An org vouches for what somebody from outside it made for its people: a credential counts, though the org excludes
    /// its ancestors.
    CredentialConfirmed { user: UserId, org: OrgId, what: Confirmed }
    /// A one-time secret, by which a user makes a key of their own. It is a key that carries nothing, until `api_key.issued` of
    /// the same key says that it was used.
    EnrolmentOpened {
        key: ApiKeyId,
        user: UserId,
        /// SHA-256 of the secret, in base64url without padding.
        hash: String,
        expires: Time,
        /// Sent to the user's mail address, and shown to nobody.
        #[serde(default, skip_serializing_if = "is_false")] delivered: bool,
    }
}

/// Every mechanism that can be off is off.
impl Default for Settings {
    fn default() -> Self {
        Self {
            single_org_hierarchy: false,
            roles_need_membership: false,
            landlord_rule: false,
            cross_org_shares: CrossOrgShares::None,
            name_scope: NameScope::Parent,
            managing_team_required: false,
            system_administrator_reaches: false,
            tenant_users: TenantUsers::WhenSubscribed,
            public_folders: false,
            personal_folders: false,
            tenant_permissions: Switch::Off,
            licences: Switch::Off,
            lifecycle: Lifecycle::OrgManage,
            administrators_group: None,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(yes: &bool) -> bool {
    !yes
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_plain(nature: &Nature) -> bool {
    *nature == Nature::Content
}
