//! Commands: what callers wish for. The names and arguments are those of the public interface.

mod about;
mod arguments;

use serde::{Deserialize, Serialize};
use tenure_events::data::{Audience, Level};
use tenure_events::{ApiKeyId, GroupId, Kind, OrgId, Privilege, ResourceId, RoleId, Sealed, Time, UserId, UserType};
use uuid::Uuid;

use arguments::arguments;

/// Text about a person as it came in. It is never shown in logs and never reaches a decision: see [`Command::seal`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Plain(pub String);

impl std::fmt::Debug for Plain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Plain(…)")
    }
}

/// Which privileges: exactly these, or all that the actor holds there within the user type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum All {
    /// `all`
    All,
}

macro_rules! args {
    ($($(#[$doc:meta])* $name:ident $(<$p:ident>)? { $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
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
    FirstAdmin<P> { id: Option<UserId>, name: P, email: Option<P>, user_type: Option<UserType>, privileges: Option<Privileges> }
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
    /// Make a user, at home in an org.
    CreateUser<P> {
        id: Option<UserId>, org: OrgId, name: P, email: Option<P>, user_type: UserType,
        #[serde(default)] privileges: Privileges,
    }
    /// Say what a user is called, or where mail reaches them; what is left out stays.
    ChangeProfile<P> { user: UserId, name: Option<P>, email: Option<P> }
    /// A user and nothing else.
    OnlyUser { user: UserId }
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
    CreateResource { id: Option<ResourceId>, org: OrgId, kind: Kind, name: String, parent: Option<ResourceId> }
    /// Call content otherwise.
    RenameResource { resource: ResourceId, name: String }
    /// Put content into another folder, or into none.
    MoveResource { resource: ResourceId, parent: Option<ResourceId> }
    /// Content and nothing else.
    OnlyResource { resource: ResourceId }
    /// Copy content into an org.
    CopyResource { resource: ResourceId, into_org: OrgId, parent: Option<ResourceId>, name: Option<String>, id: Option<ResourceId> }
    /// Share content.
    ShareContent { resource: ResourceId, with: Audience, level: Level, #[serde(default)] copy: bool, valid_until: Option<Time> }
    /// End a share.
    Unshare { resource: ResourceId, with: Audience }
    /// Make a key that speaks for a user.
    IssueApiKey<P> { user: UserId, name: P, org: Option<OrgId>, privileges: Option<Vec<Privilege>>, expires: Option<Time> }
    /// End a key.
    RevokeApiKey { key: ApiKeyId }
}

/// New ids, made before the decision, for what a command makes and the caller did not name.
#[derive(Debug, Clone, Copy)]
pub struct Fresh {
    /// For the org, user, group, role, resource or key.
    pub thing: Uuid,
    /// For the first administrator of a new org.
    pub admin: Uuid,
}

/// A wish, with its personal texts as `P`: [`Plain`] as it came in, [`Sealed`] when it is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is documented at its arguments")]
pub enum Command<P> {
    CreateOrg(CreateOrg<P>),
    RenameOrg(RenameOrg),
    DescribeOrg(DescribeOrg),
    TagOrg(TagOrg),
    MoveOrg(MoveOrg),
    DisableOrg(OnlyOrg),
    EnableOrg(OnlyOrg),
    ArchiveOrg(ArchiveOrg),
    ExcludeLandlord(OnlyOrg),
    AdmitLandlord(AdmitLandlord),
    CreateUser(CreateUser<P>),
    ChangeProfile(ChangeProfile<P>),
    DisableUser(OnlyUser),
    EnableUser(OnlyUser),
    EraseUser(EraseUser),
    ResetCredential(OnlyUser),
    RecordSignIn(OnlyUser),
    LinkIdentity(Identity<P>),
    UnlinkIdentity(Identity<P>),
    SelectActiveOrg(SelectActiveOrg),
    CreateGroup(CreateGroup),
    RenameGroup(RenameGroup),
    DeleteGroup(OnlyGroup),
    AddGroupMembers(GroupMembers),
    RemoveGroupMembers(GroupMembers),
    SyncGroup(GroupMembers),
    GrantSubscriptions(GrantSubscriptions),
    WithdrawSubscription(WithdrawSubscription),
    RetypeSubscription(RetypeSubscription),
    ExtendSubscription(ExtendSubscription),
    GrantPrivileges(MemberPrivileges),
    RevokePrivileges(MemberPrivileges),
    DefineRole(DefineRole),
    ChangeRole(ChangeRole),
    DeleteRole(OnlyRole),
    AssignRole(AssignRole),
    UnassignRole(UnassignRole),
    CreateResource(CreateResource),
    RenameResource(RenameResource),
    MoveResource(MoveResource),
    DeleteResource(OnlyResource),
    CopyResource(CopyResource),
    Share(ShareContent),
    Unshare(Unshare),
    IssueApiKey(IssueApiKey<P>),
    RevokeApiKey(RevokeApiKey),
}

/// Why a name and a body are not a command.
#[derive(Debug, thiserror::Error)]
pub enum InvalidCommand {
    /// No such command.
    #[error("there is no command `{0}`")]
    Unknown(String),
    /// Not JSON.
    #[error("the body is not JSON: {0}")]
    Malformed(String),
    /// JSON, but not these arguments.
    #[error("{detail}")]
    Arguments {
        /// The argument that is wrong, with those that it stands in: `admin.name`; empty if it is the body itself.
        field: String,
        /// What is wrong with it.
        detail: String,
    },
}

impl Command<Plain> {
    /// The command of this name with the arguments in the body, a JSON object.
    ///
    /// # Errors
    /// No such command, no JSON, or arguments that it does not have.
    pub fn parse(name: &str, body: &[u8]) -> Result<Self, InvalidCommand> {
        match name {
            "create-org" => arguments(body).map(Self::CreateOrg),
            "rename-org" => arguments(body).map(Self::RenameOrg),
            "describe-org" => arguments(body).map(Self::DescribeOrg),
            "tag-org" => arguments(body).map(Self::TagOrg),
            "move-org" => arguments(body).map(Self::MoveOrg),
            "disable-org" => arguments(body).map(Self::DisableOrg),
            "enable-org" => arguments(body).map(Self::EnableOrg),
            "archive-org" => arguments(body).map(Self::ArchiveOrg),
            "exclude-landlord" => arguments(body).map(Self::ExcludeLandlord),
            "admit-landlord" => arguments(body).map(Self::AdmitLandlord),
            "create-user" => arguments(body).map(Self::CreateUser),
            "change-profile" => arguments(body).map(Self::ChangeProfile),
            "disable-user" => arguments(body).map(Self::DisableUser),
            "enable-user" => arguments(body).map(Self::EnableUser),
            "erase-user" => arguments(body).map(Self::EraseUser),
            "reset-credential" => arguments(body).map(Self::ResetCredential),
            "record-sign-in" => arguments(body).map(Self::RecordSignIn),
            "link-identity" => arguments(body).map(Self::LinkIdentity),
            "unlink-identity" => arguments(body).map(Self::UnlinkIdentity),
            "select-active-org" => arguments(body).map(Self::SelectActiveOrg),
            "create-group" => arguments(body).map(Self::CreateGroup),
            "rename-group" => arguments(body).map(Self::RenameGroup),
            "delete-group" => arguments(body).map(Self::DeleteGroup),
            "add-group-members" => arguments(body).map(Self::AddGroupMembers),
            "remove-group-members" => arguments(body).map(Self::RemoveGroupMembers),
            "sync-group" => arguments(body).map(Self::SyncGroup),
            "grant-subscriptions" => arguments(body).map(Self::GrantSubscriptions),
            "withdraw-subscription" => arguments(body).map(Self::WithdrawSubscription),
            "retype-subscription" => arguments(body).map(Self::RetypeSubscription),
            "extend-subscription" => arguments(body).map(Self::ExtendSubscription),
            "grant-privileges" => arguments(body).map(Self::GrantPrivileges),
            "revoke-privileges" => arguments(body).map(Self::RevokePrivileges),
            "define-role" => arguments(body).map(Self::DefineRole),
            "change-role" => arguments(body).map(Self::ChangeRole),
            "delete-role" => arguments(body).map(Self::DeleteRole),
            "assign-role" => arguments(body).map(Self::AssignRole),
            "unassign-role" => arguments(body).map(Self::UnassignRole),
            "create-resource" => arguments(body).map(Self::CreateResource),
            "rename-resource" => arguments(body).map(Self::RenameResource),
            "move-resource" => arguments(body).map(Self::MoveResource),
            "delete-resource" => arguments(body).map(Self::DeleteResource),
            "copy-resource" => arguments(body).map(Self::CopyResource),
            "share" => arguments(body).map(Self::Share),
            "unshare" => arguments(body).map(Self::Unshare),
            "issue-api-key" => arguments(body).map(Self::IssueApiKey),
            "revoke-api-key" => arguments(body).map(Self::RevokeApiKey),
            unknown => Err(InvalidCommand::Unknown(unknown.to_owned())),
        }
    }

    /// Seals what is personal: `seal` is told whom it is about, in which field, and the text; `identity` makes the
    /// keyed hash of issuer and subject. Users that have no id yet get theirs here: their key goes by it.
    ///
    /// # Errors
    /// Whatever `seal` answers.
    pub fn seal<E>(
        self,
        fresh: &Fresh,
        identity: impl Fn(&str, &str) -> String,
        mut seal: impl FnMut(&UserId, &'static str, Plain) -> Result<Sealed, E>,
    ) -> Result<Command<Sealed>, E> {
        Ok(match self {
            Self::CreateOrg(CreateOrg { id, name, parent, description, tags, managing_group, region, admin }) => {
                let admin = admin.map(|FirstAdmin { id, name, email, user_type, privileges }| {
                    let id = id.unwrap_or_else(|| fresh.admin.into());
                    let name = seal(&id, "name", name)?;
                    let email = email.map(|email| seal(&id, "email", email)).transpose()?;
                    Ok(FirstAdmin { id: Some(id), name, email, user_type, privileges })
                });
                let admin = admin.transpose()?;
                Command::CreateOrg(CreateOrg { id, name, parent, description, tags, managing_group, region, admin })
            }
            Self::CreateUser(CreateUser { id, org, name, email, user_type, privileges }) => {
                let id = id.unwrap_or_else(|| fresh.thing.into());
                let name = seal(&id, "name", name)?;
                let email = email.map(|email| seal(&id, "email", email)).transpose()?;
                Command::CreateUser(CreateUser { id: Some(id), org, name, email, user_type, privileges })
            }
            Self::ChangeProfile(ChangeProfile { user, name, email }) => {
                let name = name.map(|name| seal(&user, "name", name)).transpose()?;
                let email = email.map(|email| seal(&user, "email", email)).transpose()?;
                Command::ChangeProfile(ChangeProfile { user, name, email })
            }
            Self::LinkIdentity(args) => Command::LinkIdentity(args.seal(identity, &mut seal)?),
            Self::UnlinkIdentity(args) => Command::UnlinkIdentity(args.seal(identity, &mut seal)?),
            Self::IssueApiKey(IssueApiKey { user, name, org, privileges, expires }) => {
                let name = seal(&user, "key", name)?;
                Command::IssueApiKey(IssueApiKey { user, name, org, privileges, expires })
            }
            Self::RenameOrg(args) => Command::RenameOrg(args),
            Self::DescribeOrg(args) => Command::DescribeOrg(args),
            Self::TagOrg(args) => Command::TagOrg(args),
            Self::MoveOrg(args) => Command::MoveOrg(args),
            Self::DisableOrg(args) => Command::DisableOrg(args),
            Self::EnableOrg(args) => Command::EnableOrg(args),
            Self::ArchiveOrg(args) => Command::ArchiveOrg(args),
            Self::ExcludeLandlord(args) => Command::ExcludeLandlord(args),
            Self::AdmitLandlord(args) => Command::AdmitLandlord(args),
            Self::DisableUser(args) => Command::DisableUser(args),
            Self::EnableUser(args) => Command::EnableUser(args),
            Self::EraseUser(args) => Command::EraseUser(args),
            Self::ResetCredential(args) => Command::ResetCredential(args),
            Self::RecordSignIn(args) => Command::RecordSignIn(args),
            Self::SelectActiveOrg(args) => Command::SelectActiveOrg(args),
            Self::CreateGroup(args) => Command::CreateGroup(args),
            Self::RenameGroup(args) => Command::RenameGroup(args),
            Self::DeleteGroup(args) => Command::DeleteGroup(args),
            Self::AddGroupMembers(args) => Command::AddGroupMembers(args),
            Self::RemoveGroupMembers(args) => Command::RemoveGroupMembers(args),
            Self::SyncGroup(args) => Command::SyncGroup(args),
            Self::GrantSubscriptions(args) => Command::GrantSubscriptions(args),
            Self::WithdrawSubscription(args) => Command::WithdrawSubscription(args),
            Self::RetypeSubscription(args) => Command::RetypeSubscription(args),
            Self::ExtendSubscription(args) => Command::ExtendSubscription(args),
            Self::GrantPrivileges(args) => Command::GrantPrivileges(args),
            Self::RevokePrivileges(args) => Command::RevokePrivileges(args),
            Self::DefineRole(args) => Command::DefineRole(args),
            Self::ChangeRole(args) => Command::ChangeRole(args),
            Self::DeleteRole(args) => Command::DeleteRole(args),
            Self::AssignRole(args) => Command::AssignRole(args),
            Self::UnassignRole(args) => Command::UnassignRole(args),
            Self::CreateResource(args) => Command::CreateResource(args),
            Self::RenameResource(args) => Command::RenameResource(args),
            Self::MoveResource(args) => Command::MoveResource(args),
            Self::DeleteResource(args) => Command::DeleteResource(args),
            Self::CopyResource(args) => Command::CopyResource(args),
            Self::Share(args) => Command::Share(args),
            Self::Unshare(args) => Command::Unshare(args),
            Self::RevokeApiKey(args) => Command::RevokeApiKey(args),
        })
    }
}

impl<P> Command<P> {
    /// The command's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::CreateOrg(_) => "create-org",
            Self::RenameOrg(_) => "rename-org",
            Self::DescribeOrg(_) => "describe-org",
            Self::TagOrg(_) => "tag-org",
            Self::MoveOrg(_) => "move-org",
            Self::DisableOrg(_) => "disable-org",
            Self::EnableOrg(_) => "enable-org",
            Self::ArchiveOrg(_) => "archive-org",
            Self::ExcludeLandlord(_) => "exclude-landlord",
            Self::AdmitLandlord(_) => "admit-landlord",
            Self::CreateUser(_) => "create-user",
            Self::ChangeProfile(_) => "change-profile",
            Self::DisableUser(_) => "disable-user",
            Self::EnableUser(_) => "enable-user",
            Self::EraseUser(_) => "erase-user",
            Self::ResetCredential(_) => "reset-credential",
            Self::RecordSignIn(_) => "record-sign-in",
            Self::LinkIdentity(_) => "link-identity",
            Self::UnlinkIdentity(_) => "unlink-identity",
            Self::SelectActiveOrg(_) => "select-active-org",
            Self::CreateGroup(_) => "create-group",
            Self::RenameGroup(_) => "rename-group",
            Self::DeleteGroup(_) => "delete-group",
            Self::AddGroupMembers(_) => "add-group-members",
            Self::RemoveGroupMembers(_) => "remove-group-members",
            Self::SyncGroup(_) => "sync-group",
            Self::GrantSubscriptions(_) => "grant-subscriptions",
            Self::WithdrawSubscription(_) => "withdraw-subscription",
            Self::RetypeSubscription(_) => "retype-subscription",
            Self::ExtendSubscription(_) => "extend-subscription",
            Self::GrantPrivileges(_) => "grant-privileges",
            Self::RevokePrivileges(_) => "revoke-privileges",
            Self::DefineRole(_) => "define-role",
            Self::ChangeRole(_) => "change-role",
            Self::DeleteRole(_) => "delete-role",
            Self::AssignRole(_) => "assign-role",
            Self::UnassignRole(_) => "unassign-role",
            Self::CreateResource(_) => "create-resource",
            Self::RenameResource(_) => "rename-resource",
            Self::MoveResource(_) => "move-resource",
            Self::DeleteResource(_) => "delete-resource",
            Self::CopyResource(_) => "copy-resource",
            Self::Share(_) => "share",
            Self::Unshare(_) => "unshare",
            Self::IssueApiKey(_) => "issue-api-key",
            Self::RevokeApiKey(_) => "revoke-api-key",
        }
    }
}

/// The names of all commands.
pub const NAMES: [&str; 46] = [
    "create-org",
    "rename-org",
    "describe-org",
    "tag-org",
    "move-org",
    "disable-org",
    "enable-org",
    "archive-org",
    "exclude-landlord",
    "admit-landlord",
    "create-user",
    "change-profile",
    "disable-user",
    "enable-user",
    "erase-user",
    "reset-credential",
    "record-sign-in",
    "link-identity",
    "unlink-identity",
    "select-active-org",
    "create-group",
    "rename-group",
    "delete-group",
    "add-group-members",
    "remove-group-members",
    "sync-group",
    "grant-subscriptions",
    "withdraw-subscription",
    "retype-subscription",
    "extend-subscription",
    "grant-privileges",
    "revoke-privileges",
    "define-role",
    "change-role",
    "delete-role",
    "assign-role",
    "unassign-role",
    "create-resource",
    "rename-resource",
    "move-resource",
    "delete-resource",
    "copy-resource",
    "share",
    "unshare",
    "issue-api-key",
    "revoke-api-key",
];

impl Identity<Plain> {
    fn seal<E>(
        self,
        hash: impl Fn(&str, &str) -> String,
        seal: &mut impl FnMut(&UserId, &'static str, Plain) -> Result<Sealed, E>,
    ) -> Result<Identity<Sealed>, E> {
        let Self { user, issuer, subject, identity: _ } = self;
        let identity = hash(&issuer.0, &subject.0);
        let (issuer, subject) = (seal(&user, "issuer", issuer)?, seal(&user, "subject", subject)?);
        Ok(Identity { user, issuer, subject, identity })
    }
}
