//! Commands: what callers wish for. The names and arguments are those of the public interface.

mod about;
mod args;
mod arguments;
mod bundle;
mod names;
mod reference;
mod shape;
mod spelling;
mod words;

use tenure_events::{Sealed, UserId};
use uuid::Uuid;

use arguments::arguments;

pub use args::*;
pub use bundle::{Contents, FORMAT, Item};
pub use reference::{COMMANDS, Reference, names, schemas};
pub use shape::{Argument, reference};
pub use spelling::{did_you_mean, nearest};

/// New ids, made before the decision, for what a command makes and the caller did not name.
#[derive(Debug, Clone, Copy)]
pub struct Fresh {
    /// For the org, user, group, role, resource or key.
    pub thing: Uuid,
    /// For the first administrator of a new org.
    pub admin: Uuid,
}

impl Fresh {
    /// For one of many things that a command makes.
    #[must_use]
    pub fn one_of(&self, index: usize) -> Uuid {
        Uuid::new_v5(&self.thing, &index.to_be_bytes())
    }
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
    ConfirmCredentials(ConfirmCredentials),
    CreateUser(CreateUser<P>),
    ChangeProfile(ChangeProfile<P>),
    DisableUser(OnlyUser),
    EnableUser(OnlyUser),
    EraseUser(EraseUser),
    ResetCredential(ResetCredential),
    Enrol(Enrol<P>),
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
    InviteGroup(InviteGroup),
    UninviteGroup(UninviteGroup),
    GrantTenantPermission(GroupPermission),
    RevokeTenantPermission(GroupPermission),
    LinkEnvironment(LinkEnvironment),
    UnlinkEnvironment(UnlinkEnvironment),
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
    ExportResources(ExportResources),
    ImportResources(ImportResources),
    Share(ShareContent),
    Unshare(Unshare),
    AssociateSubTenant(AssociateSubTenant),
    DisassociateSubTenant(DisassociateSubTenant),
    Distribute(Distribute),
    Undistribute(Distribute),
    HandOn(HandOn),
    TakeBack(HandOn),
    SetRowRule(SetRowRule),
    ClearRowRule(ClearRowRule),
    IssueApiKey(IssueApiKey<P>),
    RevokeApiKey(RevokeApiKey),
    InstallLicence(InstallLicence),
    LicenseOrg(LicenseOrg),
    ConfigureLogin(ConfigureLogin),
    RegisterIssuer(RegisterIssuer),
    ChangeIssuer(ChangeIssuer),
    RemoveIssuer(OnlyIssuer),
    ProvisionTenant(ProvisionTenant<P>),
    ChangeSettings(ChangeSettings),
    DefinePrivilege(DefinePrivilege),
    DefineUserType(DefineUserType),
    DefineResourceKind(DefineResourceKind),
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
            "confirm-credentials" => arguments(body).map(Self::ConfirmCredentials),
            "create-user" => arguments(body).map(Self::CreateUser),
            "change-profile" => arguments(body).map(Self::ChangeProfile),
            "disable-user" => arguments(body).map(Self::DisableUser),
            "enable-user" => arguments(body).map(Self::EnableUser),
            "erase-user" => arguments(body).map(Self::EraseUser),
            "reset-credential" => arguments(body).map(Self::ResetCredential),
            "enrol" => arguments(body).map(Self::Enrol),
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
            "invite-group" => arguments(body).map(Self::InviteGroup),
            "uninvite-group" => arguments(body).map(Self::UninviteGroup),
            "grant-tenant-permission" => arguments(body).map(Self::GrantTenantPermission),
            "revoke-tenant-permission" => arguments(body).map(Self::RevokeTenantPermission),
            "link-environment" => arguments(body).map(Self::LinkEnvironment),
            "unlink-environment" => arguments(body).map(Self::UnlinkEnvironment),
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
            "export-resources" => arguments(body).map(Self::ExportResources),
            "import-resources" => arguments(body).map(Self::ImportResources),
            "share" => arguments(body).map(Self::Share),
            "unshare" => arguments(body).map(Self::Unshare),
            "associate-sub-tenant" => arguments(body).map(Self::AssociateSubTenant),
            "disassociate-sub-tenant" => arguments(body).map(Self::DisassociateSubTenant),
            "distribute" => arguments(body).map(Self::Distribute),
            "undistribute" => arguments(body).map(Self::Undistribute),
            "hand-on" => arguments(body).map(Self::HandOn),
            "take-back" => arguments(body).map(Self::TakeBack),
            "set-row-rule" => arguments(body).map(Self::SetRowRule),
            "clear-row-rule" => arguments(body).map(Self::ClearRowRule),
            "issue-api-key" => arguments(body).map(Self::IssueApiKey),
            "revoke-api-key" => arguments(body).map(Self::RevokeApiKey),
            "install-licence" => arguments(body).map(Self::InstallLicence),
            "license-org" => arguments(body).map(Self::LicenseOrg),
            "configure-login" => arguments(body).map(Self::ConfigureLogin),
            "register-issuer" => arguments(body).map(Self::RegisterIssuer),
            "change-issuer" => arguments(body).map(Self::ChangeIssuer),
            "remove-issuer" => arguments(body).map(Self::RemoveIssuer),
            "provision-tenant" => arguments(body).map(Self::ProvisionTenant),
            "change-settings" => arguments(body).map(Self::ChangeSettings),
            "define-privilege" => arguments(body).map(Self::DefinePrivilege),
            "define-user-type" => arguments(body).map(Self::DefineUserType),
            "define-resource-kind" => arguments(body).map(Self::DefineResourceKind),
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
                let admin = admin.map(|FirstAdmin { id, name, email, user_type, privileges, key, enrol }| {
                    let id = id.unwrap_or_else(|| fresh.admin.into());
                    let name = seal(&id, "name", name)?;
                    let email = email.map(|email| seal(&id, "email", email)).transpose()?;
                    Ok(FirstAdmin { id: Some(id), name, email, user_type, privileges, key, enrol })
                });
                let admin = admin.transpose()?;
                Command::CreateOrg(CreateOrg { id, name, parent, description, tags, managing_group, region, admin })
            }
            Self::CreateUser(CreateUser { id, org, name, email, user_type, privileges, enrol }) => {
                let id = id.unwrap_or_else(|| fresh.thing.into());
                let name = seal(&id, "name", name)?;
                let email = email.map(|email| seal(&id, "email", email)).transpose()?;
                Command::CreateUser(CreateUser { id: Some(id), org, name, email, user_type, privileges, enrol })
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
            Self::Enrol(Enrol { user, key, name }) => {
                let name = seal(&user, "key", name)?;
                Command::Enrol(Enrol { user, key, name })
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
            Self::ConfirmCredentials(args) => Command::ConfirmCredentials(args),
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
            Self::InviteGroup(args) => Command::InviteGroup(args),
            Self::UninviteGroup(args) => Command::UninviteGroup(args),
            Self::GrantTenantPermission(args) => Command::GrantTenantPermission(args),
            Self::RevokeTenantPermission(args) => Command::RevokeTenantPermission(args),
            Self::LinkEnvironment(args) => Command::LinkEnvironment(args),
            Self::UnlinkEnvironment(args) => Command::UnlinkEnvironment(args),
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
            Self::ExportResources(args) => Command::ExportResources(args),
            Self::ImportResources(args) => Command::ImportResources(args),
            Self::Share(args) => Command::Share(args),
            Self::Unshare(args) => Command::Unshare(args),
            Self::AssociateSubTenant(args) => Command::AssociateSubTenant(args),
            Self::DisassociateSubTenant(args) => Command::DisassociateSubTenant(args),
            Self::Distribute(args) => Command::Distribute(args),
            Self::Undistribute(args) => Command::Undistribute(args),
            Self::HandOn(args) => Command::HandOn(args),
            Self::TakeBack(args) => Command::TakeBack(args),
            Self::SetRowRule(args) => Command::SetRowRule(args),
            Self::ClearRowRule(args) => Command::ClearRowRule(args),
            Self::RevokeApiKey(args) => Command::RevokeApiKey(args),
            Self::InstallLicence(args) => Command::InstallLicence(args),
            Self::LicenseOrg(args) => Command::LicenseOrg(args),
            Self::ConfigureLogin(args) => Command::ConfigureLogin(args),
            Self::RegisterIssuer(args) => Command::RegisterIssuer(args),
            Self::ChangeIssuer(args) => Command::ChangeIssuer(args),
            Self::RemoveIssuer(args) => Command::RemoveIssuer(args),
            Self::ChangeSettings(args) => Command::ChangeSettings(args),
            Self::DefinePrivilege(args) => Command::DefinePrivilege(args),
            Self::DefineUserType(args) => Command::DefineUserType(args),
            Self::DefineResourceKind(args) => Command::DefineResourceKind(args),
            Self::ProvisionTenant(args) => Command::ProvisionTenant(args.seal(fresh, identity, &mut seal)?),
        })
    }
}

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

impl ProvisionTenant<Plain> {
    fn seal<E>(
        self,
        fresh: &Fresh,
        hash: impl Fn(&str, &str) -> String,
        seal: &mut impl FnMut(&UserId, &'static str, Plain) -> Result<Sealed, E>,
    ) -> Result<ProvisionTenant<Sealed>, E> {
        let Self { id, external_id, issuer, name, admin, users, attributes, enrol } = self;
        let mut person = |fresh: Uuid, person: Provisioned<Plain>| {
            let Provisioned { id, subject, name, email, user_type, privileges, issuer: _, identity: _ } = person;
            let (id, identity) = (id.unwrap_or_else(|| fresh.into()), hash(&issuer, &subject.0));
            let (name, subject) = (seal(&id, "name", name)?, seal(&id, "subject", subject)?);
            let email = email.map(|email| seal(&id, "email", email)).transpose()?;
            let issuer = Some(seal(&id, "issuer", Plain(issuer.clone()))?);
            Ok(Provisioned { id: Some(id), subject, name, email, user_type, privileges, issuer, identity })
        };
        let admin = person(fresh.admin, admin)?;
        let users = users.into_iter().enumerate().map(|(index, user)| person(fresh.one_of(index), user));
        let users = users.collect::<Result<Vec<_>, E>>()?;
        Ok(ProvisionTenant { id, external_id, issuer, name, admin, users, attributes, enrol })
    }
}
