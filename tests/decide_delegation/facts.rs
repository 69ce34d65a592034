//! What the events say, as plain lists: the naive model's memory.

use tenure_events::data::{Level, Nature, PlatformLicence, Settings};
use tenure_events::{Privilege, Sealed, Time};

/// Privileges by their number, one bit each.
pub type Set = u128;

/// A thing's place in its list.
pub type At = usize;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    Live,
    Disabled,
    /// Archived, erased, deleted or revoked.
    Gone,
}

#[derive(Clone)]
pub struct Org {
    pub id: String,
    pub name: String,
    pub parent: Option<At>,
    pub status: Status,
    /// When it shuts its ancestors out; none: never.
    pub shuts_from: Option<Time>,
    pub team: Option<At>,
    pub master: Option<At>,
    /// The command that made it.
    pub command: Option<uuid::Uuid>,
    pub licence: Option<Licence>,
}

/// A trial, or a code that made a tenant official.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Licence {
    /// When the code was issued; none for a trial.
    pub issued: Option<Time>,
    pub users: Option<u32>,
    pub until: Option<Time>,
}

#[derive(Clone)]
pub struct User {
    pub id: String,
    pub home: At,
    pub status: Status,
    pub maker: Option<At>,
    /// Made in the command that made their home.
    pub first: bool,
    /// Their org vouches for them.
    pub confirmed: bool,
    pub chosen: Option<At>,
    pub signed_in: bool,
    pub email: Option<Sealed>,
}

/// When something came to be: its position and time.
pub type When = (u64, Time);

/// A membership that is or was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Member {
    pub user: At,
    pub org: At,
    pub there: bool,
    /// When it was withdrawn.
    pub withdrawn: Option<When>,
    pub user_type: At,
    pub privileges: Set,
    pub from: Option<Time>,
    pub until: Option<Time>,
}

#[derive(Clone)]
pub struct Group {
    pub id: String,
    pub name: String,
    pub org: Option<At>,
    pub live: bool,
}

#[derive(Clone)]
pub struct Role {
    pub id: String,
    pub name: String,
    pub org: Option<At>,
    pub privileges: Set,
    pub live: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Holder {
    User(At),
    Group(At),
}

#[derive(Clone, Copy)]
pub struct Assignment {
    pub role: At,
    pub to: Holder,
    pub until: Option<Time>,
    pub made: When,
}

#[derive(Clone)]
pub struct Content {
    pub id: String,
    pub name: String,
    pub org: At,
    pub kind: At,
    pub parent: Option<At>,
    pub maker: At,
    pub live: bool,
    /// The environment that it belongs to, for good.
    pub environment: Option<At>,
    /// Its maker's personal folder.
    pub personal: bool,
    /// It arose in the command that made its org: whoever gave that has nothing inside.
    pub first: bool,
}

#[derive(Clone)]
pub struct Environment {
    pub id: String,
    pub org: At,
    pub live: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum With {
    User(At),
    Role(At),
    Group(At),
    Org(At),
    All,
}

#[derive(Clone, Copy)]
pub struct Share {
    pub content: At,
    pub with: With,
    pub level: Level,
    pub copy: bool,
    pub until: Option<Time>,
}

#[derive(Clone)]
pub struct Key {
    pub id: String,
    pub user: At,
    pub maker: At,
    /// The user's org vouches for it.
    pub confirmed: bool,
    pub only: Option<At>,
    pub cap: Set,
    pub ends: Option<Time>,
    pub status: Status,
}

/// Which privilege, by number, each action on a kind needs.
#[derive(Clone, Copy)]
pub struct Kind {
    pub create: Option<u32>,
    pub view: Option<u32>,
    pub edit: Option<u32>,
    pub delete: Option<u32>,
    pub share: Option<u32>,
    pub nature: Nature,
}

#[derive(Clone, Default)]
pub struct Facts {
    pub settings: Option<Settings>,
    pub privileges: Vec<String>,
    pub user_types: Vec<(String, Set)>,
    pub kinds: Vec<(String, Kind)>,
    pub orgs: Vec<Org>,
    pub users: Vec<User>,
    pub members: Vec<Member>,
    pub groups: Vec<Group>,
    /// User and group.
    pub joined: Vec<(At, At)>,
    pub roles: Vec<Role>,
    pub assignments: Vec<Assignment>,
    pub contents: Vec<Content>,
    pub shares: Vec<Share>,
    /// Content, its tenant or all, and since when.
    pub given: Vec<(At, Option<At>, u64)>,
    /// Content, to whom its tenant handed it on, and when.
    pub handed: Vec<(At, With, u64)>,
    /// Content and the user or org that a row rule binds in it.
    pub ruled: Vec<(At, With)>,
    pub keys: Vec<Key>,
    /// Group, org, and with which privileges it is invited there.
    pub invitations: Vec<(At, At, Set)>,
    pub environments: Vec<Environment>,
    /// Group, environment, and with which privileges it is invited there beside.
    pub environment_invitations: Vec<(At, At, Set)>,
    /// Groups that were given the tenant permission to manage organizations; none before the first ever was.
    pub permitted: Option<Vec<At>>,
    pub platform_licence: Option<PlatformLicence>,
    /// External ids of provisioned tenants.
    pub tenants: Vec<(String, At)>,
    /// When users joined groups, and when groups were invited to orgs and environments.
    pub joined_at: std::collections::BTreeMap<(At, At), When>,
    pub invited_at: std::collections::BTreeMap<(At, At), When>,
    pub invited_within_at: std::collections::BTreeMap<(At, At), When>,
    /// When users last gave up something in an org by their own act; and whatever else came or went there of theirs: by
    /// a role, or otherwise.
    pub gave_up: std::collections::BTreeMap<(At, At), When>,
    pub changed: Vec<(At, At, Option<At>, When)>,
    /// Org and who made themself a member of it.
    pub entered: Vec<(At, At)>,
    /// Orgs that nobody manages memberships of any more, and whether by their own users' doing.
    pub deserted: std::collections::BTreeMap<At, bool>,
    /// The event that is noted.
    pub noting: Option<When>,
    /// Identity, user, and the subject that the issuer knows them by.
    pub identities: Vec<(String, At, String)>,
}

macro_rules! at {
    ($($name:ident $list:ident;)*) => {$(
        pub fn $name(&self, id: &impl ToString) -> At {
            let id = id.to_string();
            self.$list.iter().position(|thing| thing.id == id).unwrap_or_else(|| panic!("no {id} among {}", stringify!($list)))
        }
    )*};
}

impl Facts {
    at! { org orgs; user users; group groups; role roles; content contents; key keys; environment environments; }

    pub fn set(&self, privileges: &[Privilege]) -> Set {
        privileges.iter().fold(0, |set, privilege| set | 1 << self.privilege(privilege.as_str()))
    }

    pub fn privilege(&self, name: &str) -> At {
        self.privileges.iter().position(|privilege| privilege == name).unwrap()
    }

    pub fn new_id(&self, id: &impl ToString, taken: impl Iterator<Item = impl AsRef<str>>) -> String {
        let id = id.to_string();
        assert!(taken.into_iter().all(|other| other.as_ref() != id), "the id {id} is used again");
        id
    }
}
