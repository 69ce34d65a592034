//! Preconditions: a command that was made on what its caller saw is refused if that has changed since.

use tenure_events::{GroupId, OrgId, Position, ResourceId, RoleId, UserId};
use tenure_projections::history::{Entity, last_changed};
use tenure_projections::judge::Subject;
use tenure_projections::{View, sight};

use super::request::CommandError;
use crate::command::{ChangeIssuer, Command, OnlyIssuer};
use crate::decide::{Caller, acting_for};

/// Refuses if what the command is about has changed since the position. Of what the caller does not see, or is not
/// there, the decision speaks.
pub(super) fn unchanged_since<P>(
    view: &View<'_>,
    caller: &Caller,
    command: &Command<P>,
    seen: Position,
) -> Result<(), CommandError> {
    let subject = caller.on_behalf_of.map_or(caller.actor, |user| acting_for(&caller.actor, user));
    let about = about(view, &subject, command);
    match about.filter(|entity| sees(view, &subject, caller, *entity)) {
        Some(entity) => match last_changed(view, entity) {
            Some(position) if position > seen => {
                Err(CommandError::ChangedSince { entity: name(view, entity), position })
            }
            Some(_) | None => Ok(()),
        },
        None => Ok(()),
    }
}

/// What a command is about: the thing that it changes, or in which it makes something.
fn about<P>(view: &View<'_>, subject: &Subject, command: &Command<P>) -> Option<Entity> {
    let org = |id: &OrgId| view.find_org(id.as_str()).map(Entity::Org);
    let org_or_root = |id: Option<&OrgId>| id.map_or_else(|| view.root().map(Entity::Org), org);
    let user = |id: &UserId| view.find_user(id.as_str()).map(Entity::User);
    let user_or_self = |id: Option<&UserId>| id.map_or(Some(Entity::User(subject.user)), user);
    let group = |id: &GroupId| view.find_group(id.as_str()).map(Entity::Group);
    let role = |id: &RoleId| view.find_role(id.as_str()).map(Entity::Role);
    let resource = |id: &ResourceId| view.find_resource(id.as_str()).map(Entity::Resource);
    match command {
        Command::CreateOrg(args) => org_or_root(args.parent.as_ref()),
        Command::RenameOrg(args) => org(&args.org),
        Command::DescribeOrg(args) => org(&args.org),
        Command::TagOrg(args) => org(&args.org),
        Command::MoveOrg(args) => org(&args.org),
        Command::DisableOrg(args) | Command::EnableOrg(args) | Command::ExcludeLandlord(args) => org(&args.org),
        Command::ArchiveOrg(args) => org(&args.org),
        Command::AdmitLandlord(args) => org(&args.org),
        Command::ConfirmCredentials(args) => org(&args.org),
        Command::CreateUser(args) => org(&args.org),
        Command::ChangeProfile(args) => user(&args.user),
        Command::DisableUser(args) | Command::EnableUser(args) | Command::RecordSignIn(args) => user(&args.user),
        Command::ResetCredential(args) => user(&args.user),
        Command::Enrol(args) => user(&args.user),
        Command::EraseUser(args) => user(&args.user),
        Command::LinkIdentity(args) | Command::UnlinkIdentity(args) => user(&args.user),
        Command::SelectActiveOrg(args) => user_or_self(args.user.as_ref()),
        Command::CreateGroup(args) => org_or_root(args.org.as_ref()),
        Command::RenameGroup(args) => group(&args.group),
        Command::DeleteGroup(args) => group(&args.group),
        Command::AddGroupMembers(args) | Command::RemoveGroupMembers(args) | Command::SyncGroup(args) => {
            group(&args.group)
        }
        Command::InviteGroup(args) => group(&args.group),
        Command::UninviteGroup(args) => group(&args.group),
        Command::GrantTenantPermission(args) | Command::RevokeTenantPermission(args) => group(&args.group),
        Command::LinkEnvironment(args) => org(&args.org),
        Command::UnlinkEnvironment(args) => view.find_environment(args.environment.as_str()).map(Entity::Environment),
        Command::GrantSubscriptions(args) => org(&args.org),
        Command::WithdrawSubscription(args) => user(&args.user),
        Command::RetypeSubscription(args) => user(&args.user),
        Command::ExtendSubscription(args) => user(&args.user),
        Command::GrantPrivileges(args) | Command::RevokePrivileges(args) => user(&args.user),
        Command::DefineRole(args) => org_or_root(args.org.as_ref()),
        Command::ChangeRole(args) => role(&args.role),
        Command::DeleteRole(args) => role(&args.role),
        Command::AssignRole(args) => role(&args.role),
        Command::UnassignRole(args) => role(&args.role),
        Command::CreateResource(args) => args.parent.as_ref().map_or_else(|| org(&args.org), resource),
        Command::RenameResource(args) => resource(&args.resource),
        Command::MoveResource(args) => resource(&args.resource),
        Command::DeleteResource(args) => resource(&args.resource),
        Command::CopyResource(args) => resource(&args.resource),
        Command::ExportResources(args) => org(&args.org),
        Command::ImportResources(args) => args.parent.as_ref().map_or_else(|| org(&args.org), resource),
        Command::Share(args) => resource(&args.resource),
        Command::Unshare(args) => resource(&args.resource),
        Command::AssociateSubTenant(args) => org(&args.sub),
        Command::DisassociateSubTenant(args) => org(&args.sub),
        Command::Distribute(args) | Command::Undistribute(args) => resource(&args.resource),
        Command::HandOn(args) | Command::TakeBack(args) => resource(&args.resource),
        Command::SetRowRule(args) => resource(&args.resource),
        Command::ClearRowRule(args) => resource(&args.resource),
        Command::IssueApiKey(args) => user(&args.user),
        Command::RevokeApiKey(args) => view.find_key(args.key.as_str()).map(Entity::Key),
        Command::InstallLicence(_)
        | Command::ChangeSettings(_)
        | Command::DefinePrivilege(_)
        | Command::DefineUserType(_)
        | Command::DefineResourceKind(_) => view.root().map(Entity::Org),
        Command::LicenseOrg(args) => org(&args.org),
        Command::ConfigureLogin(args) => org_or_root(args.org.as_ref()),
        Command::RegisterIssuer(args) => org_or_root(args.org.as_ref()),
        Command::ChangeIssuer(ChangeIssuer { id, .. }) | Command::RemoveIssuer(OnlyIssuer { id }) => {
            let issuer = view.find_issuer(id.as_str()).filter(|no| sight::sees_issuer(view, subject, *no));
            issuer.and_then(|no| view.issuer(no)).map(|(issuer, _)| Entity::Org(issuer.org))
        }
        Command::ProvisionTenant(args) => {
            view.find_tenant(&args.issuer, &args.external_id).or(view.root()).map(Entity::Org)
        }
    }
}

fn sees(view: &View<'_>, subject: &Subject, caller: &Caller, entity: Entity) -> bool {
    match entity {
        Entity::Org(org) => sight::sees_org(view, subject, org),
        Entity::User(user) => sight::sees_user(view, subject, user),
        Entity::Group(group) => sight::sees_group(view, subject, group),
        Entity::Role(role) => sight::sees_role(view, subject, role),
        Entity::Resource(resource) => sight::sees_resource(view, subject, caller.acting_org, resource),
        Entity::Environment(environment) => sight::sees_environment(view, subject, environment),
        Entity::Key(key) => sight::sees_key(view, subject, key),
    }
}

fn name(view: &View<'_>, entity: Entity) -> String {
    match entity {
        Entity::Org(org) => format!("orgs/{}", view.org_id(org)),
        Entity::User(user) => format!("users/{}", view.user_id(user)),
        Entity::Group(group) => format!("groups/{}", view.group_id(group)),
        Entity::Role(role) => format!("roles/{}", view.role_id(role)),
        Entity::Resource(resource) => format!("resources/{}", view.resource_id(resource)),
        Entity::Environment(environment) => format!("environments/{}", view.environment_id(environment)),
        Entity::Key(key) => format!("keys/{}", view.key_id(key)),
    }
}
