//! What fields of events can say.

use schemars::JsonSchema;
use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{ApiKeyId, GroupId, OrgId, ResourceId, RoleId, UserId};

/// How far a setting lets content be shared across orgs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CrossOrgShares {
    /// Content is for its own org only.
    None,
    /// An ancestor's org shares to its descendants; with all orgs, from the root only.
    Downward,
}

/// Among which things a resource's name is unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NameScope {
    /// Per org, kind and parent.
    Parent,
    /// Per org and kind.
    Org,
}

/// When a mechanism that a platform may do without is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// Never.
    Off,
    /// From the first use of it: a first tenant permission granted, a first licence installed.
    OnceUsed,
    /// Always.
    On,
}

/// Whose it is to make, change, disable and archive orgs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    /// Whoever holds `org.manage` in the org or above it (P, O).
    OrgManage,
    /// System administrators alone (D).
    SystemAdministrator,
    /// Whoever may by a tenant permission makes one; the team that it names manages it (A).
    ManagingTeam,
    /// Whoever holds `org.manage` in the root org: only the root has children (H).
    Root,
}

/// Whether those above an org manage its users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TenantUsers {
    /// As members of the org who hold what it takes.
    WhenSubscribed,
    /// System administrators do, everywhere (D).
    Always,
    /// Nobody from above, whatever they hold (H).
    Never,
}

/// What content of a kind is to the rules, beside its actions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Nature {
    /// Nothing more.
    #[default]
    Content,
    /// Holds other content; workspaces are made of these (D, H).
    Folder,
    /// Opens somebody's data: it is never copied along (P).
    Connection,
    /// Is handed to other orgs, and never copied by them (H).
    Pack,
    /// Published, it is seen in the market place of its org (H).
    App,
}

/// Where the data of a pack comes from (H).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A file that was uploaded.
    File(Everyone),
    /// The engine that comes with the product.
    Engine(Everyone),
    /// A connection.
    Connection(ResourceId),
}

/// With whose rights the data of a pack is read (H).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DataPermission {
    /// Those of whoever made the app.
    AppAuthor,
    /// Those of whoever made the dataset.
    DatasetAuthor,
}

/// What somebody may do with a piece of content; each level includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Look at it.
    View,
    /// Use it as a lookup from elsewhere (Orgvue).
    Use,
    /// Change it and create below it.
    Edit,
    /// Delete, move and share it.
    Manage,
}

/// With whom content is shared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// One user.
    User(UserId),
    /// Whoever holds a role.
    Role(RoleId),
    /// Members of a group.
    Group(GroupId),
    /// Everybody who works in an org.
    Org(OrgId),
    /// Everybody in every org.
    AllOrgs(Everyone),
}

/// Always `true`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "bool", into = "bool")]
#[schemars(with = "bool")]
pub struct Everyone;

impl TryFrom<bool> for Everyone {
    type Error = &'static str;
    fn try_from(yes: bool) -> Result<Self, &'static str> {
        if yes { Ok(Self) } else { Err("`all_orgs` is `true` or left out") }
    }
}

impl From<Everyone> for bool {
    fn from(Everyone: Everyone) -> Self {
        true
    }
}

/// Who holds a role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Assignee {
    /// One user.
    User(UserId),
    /// Every member of a group.
    Group(GroupId),
}

/// Who is authorised to use a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// One tenant.
    Org(OrgId),
    /// Every tenant, now and to come.
    AllOrgs(Everyone),
}

/// To whom a tenant hands on what it is authorised to use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// One user who is at home in the tenant.
    User(UserId),
    /// Whoever holds a role of the tenant.
    Role(RoleId),
    /// Members of a group of the tenant.
    Group(GroupId),
}

/// Whom a row rule binds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowSubject {
    /// Everybody who is at home in an org or acts in it.
    Org(OrgId),
    /// One user, wherever they act.
    User(UserId),
}

/// What an org vouches for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confirmed {
    /// The user themself, and so all that they made.
    Account(Everyone),
    /// An API key.
    ApiKey(ApiKeyId),
    /// An external identity, by its keyed hash.
    Identity(String),
}

/// What became of content between two orgs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Affected {
    /// The org may have it from now on: it was moved to where it is shared with the org.
    Gained,
    /// The org has it no more: it was deleted, or moved out of where it was shared with the org.
    Lost,
    /// It was copied into the other org.
    Copied,
}

/// Reads the number of a privilege. A set of privileges has room for 128 of them, so an event with a higher number is
/// refused, and with it the log that it stands in.
pub(super) fn privilege_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let number = u8::deserialize(deserializer)?;
    if number < 128 {
        return Ok(number);
    }
    Err(D::Error::invalid_value(Unexpected::Unsigned(number.into()), &"a number from 0 to 127"))
}
