//! The values that timelines hold. Handles instead of ids, bit sets instead of lists: what a check reads.

use serde::{Deserialize, Serialize};
use tenure_events::data::{self, DataPermission, Level, Nature};
use tenure_events::{Position, Sealed, Time};

mod licences;

pub use licences::{Counts, Licence, Login, PlatformLicence, Tenant};

macro_rules! number {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub(crate) u32);

        impl $name {
            /// The number.
            #[must_use]
            pub const fn handle(self) -> u32 {
                self.0
            }
        }
    )*};
}

number! {
    /// An org, as the number that its id got when it was first stored.
    OrgNo
    /// A user.
    UserNo
    /// A group.
    GroupNo
    /// A role.
    RoleNo
    /// A piece of content.
    ResourceNo
    /// An API key.
    KeyNo
    /// A kind of content.
    KindNo
    /// A user type.
    UserTypeNo
    /// A tenant permission.
    PermissionNo
    /// An environment.
    EnvironmentNo
    /// A name of roles, whatever org they are of.
    WordNo
    /// A filter of rows.
    FilterNo
}

mod issuers;

pub use issuers::{IdentityNo, Issuer, IssuerKey, IssuerNo};

/// The number of what a subscription says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormNo(std::num::NonZeroU32);

impl FormNo {
    pub(crate) const fn of(row: u32) -> Self {
        Self(std::num::NonZeroU32::MIN.saturating_add(row))
    }

    pub(crate) const fn row(self) -> u32 {
        self.0.get() - 1
    }
}

/// A privilege's place in a [`PrivilegeSet`], 0 to 127.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PrivilegeNo(pub(crate) u8);

impl PrivilegeNo {
    /// Stands for a name that the catalogue does not have. No set holds it, so what needs it is never allowed.
    pub(crate) const UNKNOWN: Self = Self(u8::MAX);

    const fn bit(self) -> u128 {
        if self.0 < 128 { 1 << self.0 } else { 0 }
    }
}

/// Privileges of the catalogue as one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct PrivilegeSet(pub(crate) u128);

impl PrivilegeSet {
    /// No privilege.
    pub const NONE: Self = Self(0);
    /// Every privilege that there can be.
    pub const ALL: Self = Self(u128::MAX);

    /// Whether it holds this one.
    #[must_use]
    pub const fn has(self, privilege: PrivilegeNo) -> bool {
        self.0 & privilege.bit() != 0
    }

    /// With this one as well.
    #[must_use]
    pub const fn with(self, privilege: PrivilegeNo) -> Self {
        Self(self.0 | privilege.bit())
    }

    /// What either holds.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What both hold.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What this one holds and the other does not.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its members in the order of the catalogue.
    pub fn iter(self) -> impl Iterator<Item = PrivilegeNo> {
        (0..128).map(PrivilegeNo).filter(move |privilege| self.has(*privilege))
    }
}

impl FromIterator<PrivilegeNo> for PrivilegeSet {
    fn from_iter<I: IntoIterator<Item = PrivilegeNo>>(privileges: I) -> Self {
        privileges.into_iter().fold(Self::NONE, Self::with)
    }
}

impl std::fmt::Debug for PrivilegeSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter().map(|privilege| privilege.0)).finish()
    }
}

/// A time span, half-open: from the first instant, until before the last. Microseconds, with the ends of time for
/// "always".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Window {
    from: i64,
    until: i64,
}

impl Window {
    /// Always.
    pub const ALWAYS: Self = Self { from: i64::MIN, until: i64::MAX };

    /// From the one until the other, without bound where there is none.
    #[must_use]
    pub fn new(from: Option<Time>, until: Option<Time>) -> Self {
        Self { from: from.map_or(i64::MIN, Time::micros), until: until.map_or(i64::MAX, Time::micros) }
    }

    /// Whether the instant lies in it.
    #[must_use]
    pub const fn holds(&self, instant: Time) -> bool {
        self.from <= instant.micros() && instant.micros() < self.until
    }

    /// Whether the instant lies at or after its end.
    #[must_use]
    pub const fn is_over(&self, instant: Time) -> bool {
        instant.micros() >= self.until
    }

    /// Where it begins, if anywhere.
    #[must_use]
    pub fn from(&self) -> Option<Time> {
        (self.from != i64::MIN).then_some(Time::from_micros(self.from))
    }

    /// Where it ends, if anywhere.
    #[must_use]
    pub fn until(&self) -> Option<Time> {
        (self.until != i64::MAX).then_some(Time::from_micros(self.until))
    }
}

impl std::fmt::Display for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}..{}", self.from, self.until)
    }
}

/// The settings. A checkpoint keeps them as JSON: what is left out in an event has no place in a form without names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings(pub(crate) data::Settings);

impl std::ops::Deref for Settings {
    type Target = data::Settings;
    fn deref(&self) -> &data::Settings {
        &self.0
    }
}

impl Serialize for Settings {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = serde_json::to_string(&self.0).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&json)
    }
}

impl<'de> Deserialize<'de> for Settings {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = String::deserialize(deserializer)?;
        serde_json::from_str(&json).map(Self).map_err(serde::de::Error::custom)
    }
}

/// Whether an org works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrgStatus {
    /// It works.
    Live,
    /// It refuses sign-in and checks until enabled.
    Disabled,
    /// It is closed for good.
    Archived,
}

/// What every check reads of an org.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Org {
    /// Whether it works.
    pub status: OrgStatus,
    /// What it hangs under; none for the root.
    pub parent: Option<OrgNo>,
    /// The team whose members manage it; never changes.
    pub managing_group: Option<GroupNo>,
    /// Whether it ever excluded its ancestors: only then is there more to read.
    pub guarded: bool,
    /// Whether there ever was a personal folder in it: only then is there more to read.
    pub personal: bool,
    /// Whether it ever was on trial or licensed: only then is there more to read.
    pub licensed: bool,
    /// Whether a team was ever invited to it: only then is there more to read.
    pub invites: bool,
}

/// An environment of an org.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Whose it is; never changes.
    pub org: OrgNo,
    /// Not unlinked.
    pub live: bool,
    /// What it is called, in its org.
    pub name: String,
    /// The account that it stands for.
    pub account: Option<String>,
    /// Where it is.
    pub region: Option<String>,
}

/// An org's face.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrgAbout {
    /// Where its data lives.
    pub region: Option<String>,
}

/// Whether an org's ancestors may enter it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Landlord {
    /// They may not.
    Excluded,
    /// They may, before this instant.
    Admitted(Window),
}

impl Landlord {
    /// Whether ancestors may enter at the instant.
    #[must_use]
    pub const fn admits(&self, instant: Time) -> bool {
        match self {
            Self::Excluded => false,
            Self::Admitted(window) => window.holds(instant),
        }
    }
}

/// Whether a user may act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum UserStatus {
    /// May act.
    Enabled,
    /// May not until enabled.
    Disabled,
    /// Gone.
    Erased,
}

/// A user's standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The owning org; never changes.
    pub home: OrgNo,
    /// Whether they may act.
    pub status: UserStatus,
    /// Who made them; never changes.
    pub creator: Option<UserNo>,
}

/// What is known of a user as a person, sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Their name.
    #[serde(with = "sealed")]
    pub name: Option<Sealed>,
    /// Their mail address.
    #[serde(with = "sealed")]
    pub email: Option<Sealed>,
}

/// One user's membership of one org.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Subscription {
    /// Caps what comes from every path.
    pub user_type: UserTypeNo,
    /// What it holds itself.
    pub privileges: PrivilegeSet,
    /// When it counts.
    pub window: Window,
}

/// A group: of an org, or global.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// None for a global group.
    pub org: Option<OrgNo>,
    /// What it is called.
    pub name: String,
    /// Not deleted.
    pub live: bool,
}

/// A role: of an org, or global.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// None for a global role.
    pub org: Option<OrgNo>,
    /// What it carries; nothing once deleted.
    pub privileges: PrivilegeSet,
    /// Not deleted.
    pub live: bool,
    /// Whether it is the one of the system administrators.
    pub system: bool,
    /// Its name as names are compared.
    pub word: WordNo,
    /// What it is called.
    pub name: String,
}

/// A piece of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// Whose it is; never changes.
    pub org: OrgNo,
    /// What it is; never changes.
    pub kind: KindNo,
    /// The folder that it lies in.
    pub parent: Option<ResourceNo>,
    /// Who made it.
    pub creator: UserNo,
    /// The environment that it belongs to; never changes.
    pub environment: Option<EnvironmentNo>,
    /// Not deleted.
    pub live: bool,
    /// Its creator's alone, with all that lies in it; never changes.
    pub personal: bool,
}

/// What an audience may do with content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// How much.
    pub level: Level,
    /// May be copied into another org.
    pub copy: bool,
    /// When it counts.
    pub window: Window,
}

/// Where the data of a pack comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// A file that was uploaded.
    File,
    /// The engine that comes with the product.
    Engine,
    /// A connection.
    Connection(ResourceNo),
}

/// What a pack is beside its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pack {
    /// Where its data comes from.
    pub source: Option<Source>,
    /// With whose rights its data is read.
    pub data_permission: Option<DataPermission>,
}

/// A key that speaks for a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// For whom.
    pub user: UserNo,
    /// Who issued it.
    pub maker: UserNo,
    /// SHA-256 of the secret, in base64url without padding.
    pub hash: String,
    /// What it is called, sealed.
    #[serde(with = "sealed")]
    pub name: Option<Sealed>,
    /// Works in this org only.
    pub org: Option<OrgNo>,
    /// Carries no more than these.
    pub privileges: PrivilegeSet,
    /// When it counts.
    pub window: Window,
    /// It is an enrolment secret: it makes its user a key, once, and does nothing else.
    pub enrols: bool,
}

/// Whose an external identity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Linked {
    /// Whose.
    pub user: UserNo,
    /// Who linked it.
    pub maker: UserNo,
}

/// A kind of content: which privilege each action on it needs, and what it is to the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the other fields are the actions")]
pub struct KindActions {
    pub create: Option<PrivilegeNo>,
    pub view: Option<PrivilegeNo>,
    pub edit: Option<PrivilegeNo>,
    pub delete: Option<PrivilegeNo>,
    pub share: Option<PrivilegeNo>,
    /// What it is to the rules.
    pub nature: Nature,
}

/// Who took a name last. It is taken as long as that thing lives and still bears it in that place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NameHolder {
    /// An org, among its siblings.
    Org(OrgNo),
    /// A group of an org.
    Group(GroupNo),
    /// A role of an org.
    Role(RoleNo),
    /// Content of an org.
    Resource(ResourceNo),
    /// An environment of an org.
    Environment(EnvironmentNo),
}

/// A command that was given with an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Its first event.
    pub first: Position,
    /// How many it has.
    pub count: u32,
    /// The keyed fingerprint of its body.
    pub body: [u8; 32],
}

/// Sealed text as bytes.
mod sealed {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use tenure_events::Sealed;

    #[expect(clippy::ref_option, reason = "serde calls it with a reference to the field")]
    pub fn serialize<S: Serializer>(sealed: &Option<Sealed>, serializer: S) -> Result<S::Ok, S::Error> {
        sealed.as_ref().map(Sealed::as_bytes).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Sealed>, D::Error> {
        Ok(Option::<Vec<u8>>::deserialize(deserializer)?.map(Sealed::from_bytes))
    }
}
