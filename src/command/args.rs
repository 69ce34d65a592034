//! The arguments of the public interface, by command.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tenure_events::data::{
    Audience, CrossOrgShares, DataPermission, Holder, Level, Lifecycle, LoginAddress, NameScope, Nature, Recipient,
    SigningAlgorithm, Source, Switch, TenantUsers,
};
use tenure_events::{
    ApiKeyId, EnvironmentId, GroupId, IssuerId, Kind, OrgId, Privilege, ResourceId, RoleId, TenantPermission, Time,
    UserId, UserType,
};

use super::Contents;
use crate::presets::Action;

/// Text about a person as it came in. It is never shown in logs and never reaches a decision: see [`Command::seal`](super::Command::seal).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Plain(pub String);

impl std::fmt::Debug for Plain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Plain(…)")
    }
}

/// Which privileges: exactly these, or all that the actor holds there within the user type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub enum Privileges {
    /// The word `all`.
    All(All),
    /// These.
    These(Vec<Privilege>),
}

impl Default for Privileges {
    fn default() -> Self {
        Self::These(Vec::new())
    }
}

/// The word `all`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum All {
    /// `all`
    All,
}

macro_rules! args {
    ($($(#[$doc:meta])* $name:ident $(<$p:ident>)? { $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)? })*) => {$(
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        #[schemars(inline)]
        $(#[$doc])*
        #[expect(missing_docs, reason = "the fields are the arguments of the public interface")]
        pub struct $name $(<$p>)? {
            $($(#[$field_meta])* pub $field: $type,)*
        }
    )*};
}

args! {
    /// Make an org below another, the root's if none is named, perhaps with its first administrator.
    CreateOrg<P> {
        id: Option<OrgId>, name: String, parent: Option<OrgId>, #[serde(default)] description: String,
        #[serde(default)] tags: Vec<String>, managing_group: Option<GroupId>, region: Option<String>,
        admin: Option<FirstAdmin<P>>,
    }
    /// The first administrator of a new org; of type `administrator` with all that it can hold unless said otherwise.
    FirstAdmin<P> {
        id: Option<UserId>, name: P, email: Option<P>, user_type: Option<UserType>, privileges: Option<Privileges>,
        /** Issue their first API key as well: who else would, where nobody above manages an org's users? */
        #[serde(default)] key: bool,
        /** Answer a one-time secret by which they make their first key. */
        #[serde(default)] enrol: bool,
    }
    /// Call an org otherwise.
    RenameOrg { org: OrgId, name: String }
    /// Say what an org is for.
    DescribeOrg { org: OrgId, description: String }
    /// Tag an org.
    TagOrg { org: OrgId, tags: Vec<String> }
    /// Hang an org under another parent.
    MoveOrg { org: OrgId, parent: OrgId }
    /// An org and nothing else.
    OnlyOrg { org: OrgId }
    /// Close an org for good.
    ArchiveOrg { org: OrgId, /** The words `permanently archive`. */ confirmation: String }
    /// Let an org's ancestors enter again.
    AdmitLandlord { org: OrgId, until: Option<Time> }
    /// Vouch for users of an org whom outsiders made, for keys of its users that they issued, for all external identities
    /// of users that they linked, and for issuers as they are now.
    ConfirmCredentials {
        org: OrgId, #[serde(default)] users: Vec<UserId>, #[serde(default)] keys: Vec<ApiKeyId>,
        #[serde(default)] identities_of: Vec<UserId>, #[serde(default)] issuers: Vec<IssuerId>,
    }
    /// Make a user, at home in an org.
    CreateUser<P> {
        id: Option<UserId>, org: OrgId, name: P, email: Option<P>, user_type: UserType,
        #[serde(default)] privileges: Privileges,
        /** Answer a one-time secret by which they make their first key. */
        #[serde(default)] enrol: bool,
    }
    /// Say what a user is called, or where mail reaches them; what is left out stays.
    ChangeProfile<P> { user: UserId, name: Option<P>, email: Option<P> }
    /// A user and nothing else.
    OnlyUser { user: UserId }
    /// End a user's keys.
    ResetCredential {
        user: UserId,
        /** Open an enrolment: a one-time secret by which they make their next key. It is answered to who holds all that
            they can hold, and else sent to their mail address. */
        #[serde(default)] enrol: bool,
    }
    /// Make a key of one's own, by the enrolment secret that is told by `user` and `key`.
    Enrol<P> {
        user: UserId, /** The id of the secret, and of the key from then on. */ key: ApiKeyId,
        /** What the key is called. */ name: P,
    }
    /// Erase a user and destroy the key of their personal data.
    EraseUser { user: UserId, /** The words `permanently erase`. */ confirmation: String, successor: Option<UserId> }
    /// An external identity of a user. The caller leaves `identity` out: it is the keyed hash of the other two.
    Identity<P> { user: UserId, issuer: P, subject: P, #[serde(skip)] identity: String }
    /// Choose the org to work in.
    SelectActiveOrg { user: Option<UserId>, org: OrgId }
    /// Make a group: of an org, or global.
    CreateGroup { id: Option<GroupId>, org: Option<OrgId>, name: String }
    /// Call a group otherwise.
    RenameGroup { group: GroupId, name: String }
    /// A group and nothing else.
    OnlyGroup { group: GroupId }
    /// A group and users.
    GroupMembers { group: GroupId, users: Vec<UserId> }
    /// Let the members of a group enter an org, with privileges there, or, where one is named, in an environment of it.
    InviteGroup { group: GroupId, org: OrgId, environment: Option<EnvironmentId>, #[serde(default)] privileges: Privileges }
    /// Take an invitation back.
    UninviteGroup { group: GroupId, org: OrgId, environment: Option<EnvironmentId> }
    /// A group and a tenant permission.
    GroupPermission { group: GroupId, permission: TenantPermission }
    /// Give an org an environment.
    LinkEnvironment { id: Option<EnvironmentId>, org: OrgId, name: String, account: Option<String>, region: Option<String> }
    /// Take an environment from its org.
    UnlinkEnvironment { #[serde(alias = "id")] environment: EnvironmentId, org: Option<OrgId> }
    /// Make users members of an org.
    GrantSubscriptions {
        org: OrgId, from_org: Option<OrgId>, users: Vec<UserId>, user_type: UserType, privileges: Privileges,
        valid_from: Option<Time>, valid_until: Option<Time>,
    }
    /// End a membership.
    WithdrawSubscription { org: OrgId, user: UserId }
    /// Give a membership another user type.
    RetypeSubscription { org: OrgId, user: UserId, user_type: UserType }
    /// Let a membership end at another time; never, if none is given.
    ExtendSubscription { org: OrgId, user: UserId, valid_until: Option<Time> }
    /// Privileges of a membership.
    MemberPrivileges { org: OrgId, user: UserId, privileges: Privileges }
    /// Make a role: of an org, or global.
    DefineRole { id: Option<RoleId>, org: Option<OrgId>, name: String, #[serde(default)] privileges: Privileges }
    /// Give a role another set of privileges, the new whole set, or another name.
    ChangeRole { role: RoleId, name: Option<String>, privileges: Option<Privileges> }
    /// A role and nothing else.
    OnlyRole { role: RoleId }
    /// Give a role to users and groups.
    AssignRole {
        role: RoleId, org: Option<OrgId>, #[serde(default)] users: Vec<UserId>, #[serde(default)] groups: Vec<GroupId>,
        valid_until: Option<Time>,
    }
    /// Take a role from users and groups.
    UnassignRole { role: RoleId, org: Option<OrgId>, #[serde(default)] users: Vec<UserId>, #[serde(default)] groups: Vec<GroupId> }
    /// Make a piece of content.
    CreateResource {
        id: Option<ResourceId>, org: OrgId, kind: Kind, name: String, parent: Option<ResourceId>,
        environment: Option<EnvironmentId>,
        source: Option<Source>, data_permission: Option<DataPermission>,
    }
    /// Call content otherwise.
    RenameResource { resource: ResourceId, name: String }
    /// Put content into another folder, or into none.
    MoveResource { resource: ResourceId, parent: Option<ResourceId> }
    /// Content and nothing else.
    OnlyResource { resource: ResourceId }
    /// Copy content into an org.
    CopyResource { resource: ResourceId, into_org: OrgId, parent: Option<ResourceId>, name: Option<String>, id: Option<ResourceId> }
    /// Hand out content of an org, with all that lies in it, as a signed bundle.
    ExportResources { org: OrgId, resources: Vec<ResourceId> }
    /// Make in an org what a bundle holds, unless it was made there before. The caller leaves `contents` out: it is what
    /// the bundle holds, if it is genuine.
    ImportResources { org: OrgId, bundle: String, parent: Option<ResourceId>, #[serde(skip)] contents: Option<Contents> }
    /// Share content.
    ShareContent { resource: ResourceId, with: Audience, level: Level, #[serde(default)] copy: bool, valid_until: Option<Time> }
    /// End a share.
    Unshare { resource: ResourceId, with: Audience }
    /// Make an org a sub-tenant of another.
    AssociateSubTenant { master: OrgId, sub: OrgId }
    /// End that an org is a sub-tenant.
    DisassociateSubTenant { sub: OrgId }
    /// Authorise a tenant, or each of them, to use a pack or what lies in a folder; or end that.
    Distribute { resource: ResourceId, to: Recipient }
    /// Hand on, or take back, what a tenant is authorised to use; the org acted in unless one is named.
    HandOn { resource: ResourceId, org: Option<OrgId>, to: Holder }
    /// Let an org's people, or these users, see only the rows that a filter lets through.
    SetRowRule { resource: ResourceId, org: Option<OrgId>, #[serde(default)] users: Vec<UserId>, filter: String }
    /// Let them see all rows again.
    ClearRowRule { resource: ResourceId, org: Option<OrgId>, #[serde(default)] users: Vec<UserId> }
    /// Make a key that speaks for a user.
    IssueApiKey<P> { user: UserId, name: P, org: Option<OrgId>, privileges: Option<Vec<Privilege>>, expires: Option<Time> }
    /// End a key.
    RevokeApiKey { key: ApiKeyId }
    /// Install the licence of the platform.
    InstallLicence { token: String }
    /// Make an org official, by its authorisation code.
    LicenseOrg { org: OrgId, authorisation: String }
    /// Say how people sign in: those of an org, or, without one, of the platform.
    ConfigureLogin { org: Option<OrgId>, methods: Vec<String>, default: LoginAddress }
    /// Let tokens of an issuer sign people in: those of the platform, or, with `org`, the home users of a tenant.
    RegisterIssuer {
        id: Option<IssuerId>, /** What it calls itself: the `iss` of its tokens. */ issuer: String, org: Option<OrgId>,
        audiences: Vec<String>, algorithms: Vec<SigningAlgorithm>, jwks_uri: Option<String>, #[schemars(with = "Option<Map<String, Value>>")] jwks: Option<Value>,
        tenant_claim: Option<String>, tenant: Option<String>, org_claim: Option<String>,
    }
    /// Say what is trusted of an issuer from now on: what is left out is gone.
    ChangeIssuer {
        id: IssuerId, audiences: Vec<String>, algorithms: Vec<SigningAlgorithm>, jwks_uri: Option<String>,
        #[schemars(with = "Option<Map<String, Value>>")] jwks: Option<Value>, tenant_claim: Option<String>, tenant: Option<String>, org_claim: Option<String>,
    }
    /// An issuer and nothing else.
    OnlyIssuer { id: IssuerId }
    /// Make a tenant, or bring it up to date, as an identity provider's installation call says.
    ProvisionTenant<P> {
        id: Option<OrgId>, external_id: String, issuer: String, name: String, admin: Provisioned<P>,
        #[serde(default = "none::<Provisioned<P>>")] users: Vec<Provisioned<P>>, #[serde(default)] attributes: BTreeMap<String, String>,
        /** Answer a one-time secret by which the administrator of a new tenant makes their first key. */
        #[serde(default)] enrol: bool,
    }
    /// Change those settings that are named; the others stay.
    ChangeSettings {
        single_org_hierarchy: Option<bool>, roles_need_membership: Option<bool>, landlord_rule: Option<bool>,
        cross_org_shares: Option<CrossOrgShares>, name_scope: Option<NameScope>, managing_team_required: Option<bool>,
        system_administrator_reaches: Option<bool>, tenant_users: Option<TenantUsers>, public_folders: Option<bool>,
        personal_folders: Option<bool>, tenant_permissions: Option<Switch>, licences: Option<Switch>,
        lifecycle: Option<Lifecycle>, administrators_group: Option<GroupId>,
        /** Although it takes something away from somebody. */
        #[serde(default)] take_away: bool,
    }
    /// Add a privilege to the catalogue.
    DefinePrivilege { name: Privilege, /** Who holds it from then on. */ #[serde(default)] held_by: HeldBy }
    /// Say what subscriptions of a type, new or not, can hold at the most.
    DefineUserType {
        name: UserType, /** Privileges, with `*` and `!` as in a preset file. */ ceiling: Vec<String>,
        /** Although it takes something away from somebody. */
        #[serde(default)] take_away: bool,
    }
    /// Add a kind of content, or let more actions on one need a privilege.
    DefineResourceKind {
        name: Kind, /** Those that need a privilege. */ actions: Vec<Action>, nature: Option<Nature>,
        /** Who holds what the actions need from then on; whoever holds everything in an org, unless it says otherwise. */
        #[serde(default = "everybody")] held_by: HeldBy,
        /** Although content of the kind is there. */
        #[serde(default)] take_away: bool,
    }
    /// A person as an identity provider knows them. The caller leaves `issuer` and `identity` out: they are the call's,
    /// and the keyed hash of issuer and subject.
    Provisioned<P> {
        id: Option<UserId>, subject: P, name: P, email: Option<P>, user_type: Option<UserType>,
        privileges: Option<Privileges>, #[serde(skip, default = "nothing")] issuer: Option<P>, #[serde(skip)] identity: String,
    }
}

// Of the usual defaults serde would ask that the type inside has one as well.

const fn none<T>() -> Vec<T> {
    Vec::new()
}

/// Who holds a new privilege from its definition on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HeldBy {
    /// Whoever defines it and whoever holds everything in the root org: the platform keeps it to itself.
    #[default]
    Root,
    /// Whoever holds everything in an org, in every org.
    AllAdministrators,
}

const fn everybody() -> HeldBy {
    HeldBy::AllAdministrators
}

const fn nothing<T>() -> Option<T> {
    None
}
