//! Whom a command is about.

use tenure_events::{ApiKeyId, UserId};

use super::{Command, Fresh};

impl<P> Command<P> {
    /// The key that the command issues or will, if it makes a secret.
    #[must_use]
    pub fn issues_key(&self, fresh: &Fresh) -> Option<ApiKeyId> {
        let (thing, admin) = (|| fresh.thing.into(), || fresh.admin.into());
        if let Self::IssueApiKey(_) = self {
            Some(thing())
        } else if let Self::Enrol(args) = self {
            Some(args.key.clone())
        } else if let Self::CreateUser(args) = self {
            args.enrol.then(thing)
        } else if let Self::ResetCredential(args) = self {
            args.enrol.then(thing)
        } else if let Self::CreateOrg(args) = self {
            args.admin.as_ref().filter(|first| first.key || first.enrol).map(|_| admin())
        } else if let Self::ProvisionTenant(args) = self {
            args.enrol.then(admin)
        } else {
            None
        }
    }

    /// The one person whom the command is about, if it is about one: what is said of it goes when they go.
    #[must_use]
    pub fn about(&self, fresh: &Fresh) -> Option<UserId> {
        match self {
            Self::CreateUser(args) => Some(args.id.clone().unwrap_or_else(|| fresh.thing.into())),
            Self::ChangeProfile(args) => Some(args.user.clone()),
            Self::DisableUser(args) => Some(args.user.clone()),
            Self::EnableUser(args) => Some(args.user.clone()),
            Self::EraseUser(args) => Some(args.user.clone()),
            Self::ResetCredential(args) => Some(args.user.clone()),
            Self::Enrol(args) => Some(args.user.clone()),
            Self::RecordSignIn(args) => Some(args.user.clone()),
            Self::LinkIdentity(args) => Some(args.user.clone()),
            Self::UnlinkIdentity(args) => Some(args.user.clone()),
            Self::WithdrawSubscription(args) => Some(args.user.clone()),
            Self::RetypeSubscription(args) => Some(args.user.clone()),
            Self::ExtendSubscription(args) => Some(args.user.clone()),
            Self::GrantPrivileges(args) => Some(args.user.clone()),
            Self::RevokePrivileges(args) => Some(args.user.clone()),
            Self::IssueApiKey(args) => Some(args.user.clone()),
            Self::CreateOrg(_)
            | Self::RenameOrg(_)
            | Self::DescribeOrg(_)
            | Self::TagOrg(_)
            | Self::MoveOrg(_)
            | Self::DisableOrg(_)
            | Self::EnableOrg(_)
            | Self::ArchiveOrg(_)
            | Self::ExcludeLandlord(_)
            | Self::AdmitLandlord(_)
            | Self::ConfirmCredentials(_)
            | Self::SelectActiveOrg(_)
            | Self::CreateGroup(_)
            | Self::RenameGroup(_)
            | Self::DeleteGroup(_)
            | Self::AddGroupMembers(_)
            | Self::RemoveGroupMembers(_)
            | Self::SyncGroup(_)
            | Self::InviteGroup(_)
            | Self::UninviteGroup(_)
            | Self::GrantTenantPermission(_)
            | Self::RevokeTenantPermission(_)
            | Self::LinkEnvironment(_)
            | Self::UnlinkEnvironment(_)
            | Self::GrantSubscriptions(_)
            | Self::DefineRole(_)
            | Self::ChangeRole(_)
            | Self::DeleteRole(_)
            | Self::AssignRole(_)
            | Self::UnassignRole(_)
            | Self::CreateResource(_)
            | Self::RenameResource(_)
            | Self::MoveResource(_)
            | Self::DeleteResource(_)
            | Self::CopyResource(_)
            | Self::ExportResources(_)
            | Self::ImportResources(_)
            | Self::Share(_)
            | Self::Unshare(_)
            | Self::AssociateSubTenant(_)
            | Self::DisassociateSubTenant(_)
            | Self::Distribute(_)
            | Self::Undistribute(_)
            | Self::HandOn(_)
            | Self::TakeBack(_)
            | Self::SetRowRule(_)
            | Self::ClearRowRule(_)
            | Self::RevokeApiKey(_)
            | Self::InstallLicence(_)
            | Self::LicenseOrg(_)
            | Self::ConfigureLogin(_)
            | Self::RegisterIssuer(_)
            | Self::ChangeIssuer(_)
            | Self::RemoveIssuer(_)
            | Self::ProvisionTenant(_)
            | Self::ChangeSettings(_)
            | Self::DefinePrivilege(_)
            | Self::DefineUserType(_)
            | Self::DefineResourceKind(_) => None,
        }
    }
}
