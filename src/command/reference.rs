//! What each command does and takes, for those who write one: `tenure do help`, `/openapi.json` and `docs/commands.md`.

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value};

use super::args::*;
use super::words;

/// A command, for those who write one.
pub struct Reference {
    /// Its name.
    pub name: &'static str,
    /// What it does, in some words.
    pub about: &'static str,
    arguments: fn(&mut SchemaGenerator) -> Schema,
}

/// The names of all commands.
pub fn names() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().map(|command| command.name)
}

/// The JSON Schemas (2020-12) of the arguments of all commands, in the order of [`COMMANDS`], and of what they refer to,
/// as `#/components/schemas/NAME`.
#[must_use]
pub fn schemas() -> (Vec<Value>, Map<String, Value>) {
    let settings =
        SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut generator = settings.into_generator();
    let described = |command: &Reference, mut schema: Value| {
        words::describe(command.name, &mut schema);
        schema
    };
    let arguments =
        COMMANDS.iter().map(|command| described(command, (command.arguments)(&mut generator).into())).collect();
    let mut definitions = generator.take_definitions(true);
    // The schemas of events say no more than that it is a boolean, and they are a contract.
    if let Some(everyone) = definitions.get_mut("Everyone").and_then(Value::as_object_mut) {
        everyone.insert("const".to_owned(), Value::Bool(true));
    }
    (arguments, definitions)
}

const fn c(name: &'static str, about: &'static str, arguments: fn(&mut SchemaGenerator) -> Schema) -> Reference {
    Reference { name, about, arguments }
}

/// All commands.
pub const COMMANDS: [Reference; 75] = [
    c("create-org", "make an org below another, perhaps with its first administrator", CreateOrg::<Plain>::json_schema),
    c("rename-org", "call an org otherwise", RenameOrg::json_schema),
    c("describe-org", "say what an org is for", DescribeOrg::json_schema),
    c("tag-org", "give an org these tags, and no others", TagOrg::json_schema),
    c("move-org", "hang an org under another parent", MoveOrg::json_schema),
    c("disable-org", "close an org until it is enabled", OnlyOrg::json_schema),
    c("enable-org", "open a disabled org again", OnlyOrg::json_schema),
    c("archive-org", "close an org for good; its history stays", ArchiveOrg::json_schema),
    c("exclude-landlord", "shut an org's ancestors out of it", OnlyOrg::json_schema),
    c("admit-landlord", "let an org's ancestors in again, for good or until a time", AdmitLandlord::json_schema),
    c(
        "confirm-credentials",
        "vouch for what outsiders made for an org's people, so that it counts though the landlord is excluded",
        ConfirmCredentials::json_schema,
    ),
    c("create-user", "make a user, at home in an org", CreateUser::<Plain>::json_schema),
    c("change-profile", "change what a user is called, or their mail address", ChangeProfile::<Plain>::json_schema),
    c("disable-user", "take a user's standing, until they are enabled", OnlyUser::json_schema),
    c("enable-user", "give a disabled user their standing back", OnlyUser::json_schema),
    c("erase-user", "erase a person: the key of all that is sealed about them is destroyed", EraseUser::json_schema),
    c("reset-credential", "make a user prove anew who they are; their keys end", ResetCredential::json_schema),
    c(
        "enrol",
        "make a key of one's own by an enrolment secret: through `POST /v1/enrol` alone",
        Enrol::<Plain>::json_schema,
    ),
    c("record-sign-in", "note that a user signed in", OnlyUser::json_schema),
    c("link-identity", "let an identity provider's subject be a user", Identity::<Plain>::json_schema),
    c("unlink-identity", "end that an identity provider's subject is a user", Identity::<Plain>::json_schema),
    c("select-active-org", "choose the org to work in", SelectActiveOrg::json_schema),
    c("create-group", "make a group: of an org, or global", CreateGroup::json_schema),
    c("rename-group", "call a group otherwise", RenameGroup::json_schema),
    c("delete-group", "delete a group", OnlyGroup::json_schema),
    c("add-group-members", "put users into a group", GroupMembers::json_schema),
    c("remove-group-members", "take users out of a group", GroupMembers::json_schema),
    c("sync-group", "make these users the whole membership of a group", GroupMembers::json_schema),
    c(
        "invite-group",
        "let a group into an org, or into an environment of it, with privileges there",
        InviteGroup::json_schema,
    ),
    c("uninvite-group", "end an invitation", UninviteGroup::json_schema),
    c("grant-tenant-permission", "give a group a tenant permission", GroupPermission::json_schema),
    c("revoke-tenant-permission", "take a tenant permission from a group", GroupPermission::json_schema),
    c("link-environment", "give an org an environment", LinkEnvironment::json_schema),
    c("unlink-environment", "take an environment from its org", UnlinkEnvironment::json_schema),
    c("grant-subscriptions", "make users members of an org", GrantSubscriptions::json_schema),
    c("withdraw-subscription", "end a membership", WithdrawSubscription::json_schema),
    c("retype-subscription", "give a membership another user type", RetypeSubscription::json_schema),
    c("extend-subscription", "let a membership end at another time, or never", ExtendSubscription::json_schema),
    c("grant-privileges", "add privileges to a membership", MemberPrivileges::json_schema),
    c("revoke-privileges", "take privileges from a membership", MemberPrivileges::json_schema),
    c("define-role", "make a role: of an org, or global", DefineRole::json_schema),
    c("change-role", "give a role another name, or another whole set of privileges", ChangeRole::json_schema),
    c("delete-role", "delete a role", OnlyRole::json_schema),
    c("assign-role", "give a role to users and groups", AssignRole::json_schema),
    c("unassign-role", "take a role from users and groups", UnassignRole::json_schema),
    c("create-resource", "make a piece of content", CreateResource::json_schema),
    c("rename-resource", "call content otherwise", RenameResource::json_schema),
    c("move-resource", "put content into another folder, or into none", MoveResource::json_schema),
    c("delete-resource", "delete content, with all that lies in it", OnlyResource::json_schema),
    c("copy-resource", "copy content into an org", CopyResource::json_schema),
    c(
        "export-resources",
        "hand out content, with all that lies in it, as a signed bundle",
        ExportResources::json_schema,
    ),
    c("import-resources", "make what a bundle holds, unless it was made before", ImportResources::json_schema),
    c("share", "share content, with all that lies in it", ShareContent::json_schema),
    c("unshare", "end a share", Unshare::json_schema),
    c("associate-sub-tenant", "let an org read the content of a master", AssociateSubTenant::json_schema),
    c("disassociate-sub-tenant", "end that an org reads the content of a master", DisassociateSubTenant::json_schema),
    c(
        "distribute",
        "authorise a tenant, or each of them, to use a pack or what lies in a folder",
        Distribute::json_schema,
    ),
    c("undistribute", "end an authorisation, and what was handed on by it", Distribute::json_schema),
    c("hand-on", "let somebody of a tenant see what the tenant is authorised to use", HandOn::json_schema),
    c("take-back", "take back what was handed on", HandOn::json_schema),
    c(
        "set-row-rule",
        "let a tenant, or some of its users, see only the rows that a filter lets through",
        SetRowRule::json_schema,
    ),
    c("clear-row-rule", "let a tenant, or some of its users, see all rows again", ClearRowRule::json_schema),
    c(
        "issue-api-key",
        "make a key that speaks for a user; the answer shows it, this once",
        IssueApiKey::<Plain>::json_schema,
    ),
    c("revoke-api-key", "end a key", RevokeApiKey::json_schema),
    c("install-licence", "install the licence of the platform", InstallLicence::json_schema),
    c("license-org", "make a tenant official, by its authorisation code", LicenseOrg::json_schema),
    c("configure-login", "say how people sign in: those of an org, or of the platform", ConfigureLogin::json_schema),
    c(
        "register-issuer",
        "let the tokens of an identity provider sign in the people of the platform, or of a tenant",
        RegisterIssuer::json_schema,
    ),
    c("change-issuer", "say what is trusted of an issuer from now on, all of it", ChangeIssuer::json_schema),
    c("remove-issuer", "take no token of an issuer any more, at once", OnlyIssuer::json_schema),
    c(
        "provision-tenant",
        "make a tenant, or bring it up to date, as an identity provider's installation says",
        ProvisionTenant::<Plain>::json_schema,
    ),
    c("change-settings", "change the settings that are named", ChangeSettings::json_schema),
    c("define-privilege", "add a privilege to the catalogue", DefinePrivilege::json_schema),
    c("define-user-type", "make a user type, or change what it can hold at the most", DefineUserType::json_schema),
    c(
        "define-resource-kind",
        "add a kind of content, or let more of its actions need a privilege",
        DefineResourceKind::json_schema,
    ),
];
