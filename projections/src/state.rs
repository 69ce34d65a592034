//! Everything that the log says, as timelines. Readers never lock and never wait; one writer installs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tenure_events::{Envelope, Position, Time};

use crate::apply::apply;
use crate::digest::{Adder, Digest};
use crate::install::{Installer, Writer};
use crate::store::{Edges, Ids, Rows, Small};
use crate::values::{
    Done, Environment, FilterNo, FormNo, Group, Issuer, Key, KindActions, Landlord, Licence, Linked, Login, NameHolder,
    Org, OrgAbout, OrgNo, Pack, PlatformLicence, PrivilegeSet, Profile, Resource, ResourceNo, Role, Settings, Share,
    Subscription, Tenant, User, Window,
};

/// What can stand in a timeline.
pub trait Value: Serialize + DeserializeOwned + Send + Sync {}
impl<T: Serialize + DeserializeOwned + Send + Sync> Value for T {}

macro_rules! tables {
    ($($(#[$doc:meta])* $tag:literal $field:ident: $kind:ident $(<$value:ty>)?,)*) => {
        /// The read model: one table per kind of fact.
        ///
        /// Versions may stand in it above the durable position: decided, not yet stored. No view reaches them.
        #[derive(Default)]
        pub struct State {
            $($(#[$doc])* pub(crate) $field: $kind$(<$value>)?,)*
            /// Last position of each command and its recorded time.
            pub(crate) times: boxcar::Vec<(Position, Time)>,
            writer: Mutex<Writer>,
            durable: AtomicU64,
        }

        impl State {
            /// An empty overlay: in every table of ids, handles go on where the base's end, so that one number means one
            /// thing in both.
            #[must_use]
            pub fn above(base: &Self) -> Self {
                Self { $($field: tables!(@above $kind &base.$field),)* ..Self::without_digest() }
            }

            /// Shows every table to the visitor, in the order of their numbers. Numbers are never given twice.
            ///
            /// # Errors
            /// Whatever the visitor answers.
            pub fn visit<V: Visitor>(&self, visitor: &mut V) -> Result<(), V::Error> {
                $(tables!(@visit visitor $kind $tag &self.$field);)*
                Ok(())
            }
        }
    };
    (@above Ids $base:expr) => { $base.overlay() };
    (@above Rows $base:expr) => { Rows::default() };
    (@above Edges $base:expr) => { Edges::default() };
    (@visit $v:ident Ids $tag:literal $table:expr) => { $v.ids($tag, $table)? };
    (@visit $v:ident Rows $tag:literal $table:expr) => { $v.rows($tag, $table)? };
    (@visit $v:ident Edges $tag:literal $table:expr) => { $v.edges($tag, $table)? };
}

/// Sees every table of a [`State`]: checkpoints, scrubbing and counting are visitors.
pub trait Visitor {
    /// What can go wrong.
    type Error;
    /// A table of interned ids.
    ///
    /// # Errors
    /// Ends the visit.
    fn ids(&mut self, table: u8, ids: &Ids) -> Result<(), Self::Error>;
    /// A table of timelines by handle.
    ///
    /// # Errors
    /// Ends the visit.
    fn rows<V: Value>(&mut self, table: u8, rows: &Rows<V>) -> Result<(), Self::Error>;
    /// A table of timelines by pairs of handles.
    ///
    /// # Errors
    /// Ends the visit.
    fn edges<V: Value + Small>(&mut self, table: u8, edges: &Edges<V>) -> Result<(), Self::Error>;
}

tables! {
    /// Org ids.
    0 orgs: Ids,
    /// User ids.
    1 users: Ids,
    /// Group ids.
    2 groups: Ids,
    /// Role ids.
    3 roles: Ids,
    /// Ids of content.
    4 resources: Ids,
    /// Key ids.
    5 keys: Ids,
    /// Kinds of content.
    6 kinds: Ids,
    /// User types.
    7 user_types: Ids,
    /// Privileges; the handle is the bit.
    8 privileges: Ids,
    /// Names in their scopes, see [`names`].
    9 names: Ids,
    /// Hashes of external identities.
    10 identities: Ids,
    /// Commands with an idempotency key.
    11 commands: Ids,
    /// What subscriptions say, as text.
    12 forms: Ids,
    /// What subscriptions say.
    13 form: Rows<Subscription>,
    /// Names of the roles that every new org starts with.
    14 role_templates: Ids,
    /// Role template: what it carries.
    15 role_template: Rows<PrivilegeSet>,
    /// Ids with capitals, in small letters, each after the number of its table: see [`View::has_other_case`](crate::View::has_other_case).
    16 small_ids: Ids,
    /// Row 0: the settings.
    20 settings: Rows<Settings>,
    /// Ceiling of a user type.
    21 ceiling: Rows<PrivilegeSet>,
    /// Actions of a kind.
    22 actions: Rows<KindActions>,
    /// Org: about it.
    30 org_about: Rows<OrgAbout>,
    /// Org: what every check reads of it.
    31 org: Rows<Org>,
    /// Org: its name.
    33 org_name: Rows<String>,
    /// Org: its tags.
    34 org_tags: Rows<Vec<String>>,
    /// Org: whether its ancestors may enter.
    35 landlord: Rows<Landlord>,
    /// Org: what it is for.
    36 org_description: Rows<String>,
    /// Org: length of its history.
    38 org_sequence: Rows<u64>,
    /// Parent and child.
    37 org_children: Edges<bool>,
    /// Group and the orgs that it manages.
    39 managed: Edges<()>,
    /// User: standing.
    40 user: Rows<User>,
    /// User: as a person.
    42 profile: Rows<Profile>,
    /// User: signed in.
    43 signed_in: Rows<()>,
    /// User: keys issued before are void.
    44 credential_reset: Rows<()>,
    /// User: the org they work in.
    45 active_org: Rows<OrgNo>,
    /// Org and its home users.
    46 home: Edges<()>,
    /// External identity: whose.
    47 identity: Rows<Option<Linked>>,
    /// User and external identity.
    48 identity_of: Edges<bool>,
    /// Org: how many enabled users are at home there.
    49 seats: Rows<u32>,
    /// User and org.
    50 subscription: Edges<Option<FormNo>>,
    /// Group: itself.
    51 group: Rows<Group>,
    /// User and group.
    52 member: Edges<bool>,
    /// Org and its groups.
    53 org_groups: Edges<()>,
    /// Role: itself.
    54 role: Rows<Role>,
    /// User and role.
    55 role_user: Edges<Option<Window>>,
    /// Group and role.
    56 role_group: Edges<Option<Window>>,
    /// Org and its roles.
    57 org_roles: Edges<()>,
    /// 0 and the roles that are of no org.
    58 global_roles: Edges<()>,
    /// 0 and the groups that are of no org.
    59 global_groups: Edges<()>,
    /// Content: itself.
    60 resource: Rows<Resource>,
    /// Content: its name.
    61 resource_name: Rows<String>,
    /// Content: what it was copied from.
    62 source: Rows<ResourceNo>,
    /// Org and its content.
    63 org_resources: Edges<()>,
    /// Folder and what lies in it.
    64 resource_children: Edges<bool>,
    /// Content and user.
    65 share_user: Edges<Option<Share>>,
    /// Content and role.
    66 share_role: Edges<Option<Share>>,
    /// Content and group.
    67 share_group: Edges<Option<Share>>,
    /// Content and org.
    68 share_org: Edges<Option<Share>>,
    /// Content: for all orgs.
    69 share_all: Rows<Option<Share>>,
    /// Key: itself; none once revoked.
    70 key: Rows<Option<Key>>,
    /// User and their keys.
    71 user_keys: Edges<()>,
    /// Name: who took it last.
    80 name: Rows<NameHolder>,
    /// Command with an idempotency key: what came of it.
    81 done: Rows<Done>,
    /// Folded names of roles.
    90 role_words: Ids,
    /// Sub-tenant: its master.
    91 master: Rows<Option<OrgNo>>,
    /// Master and sub-tenant.
    92 sub_tenants: Edges<bool>,
    /// Pack: where its data comes from, and with whose rights it is read.
    93 pack: Rows<Pack>,
    /// Content and the tenant that is authorised to use it.
    94 distributed: Edges<bool>,
    /// Content: every tenant is authorised to use it.
    95 distributed_all: Rows<bool>,
    /// Content and the user whom their tenant handed it on to.
    96 handed_user: Edges<bool>,
    /// Content and the role that its tenant handed it on to.
    97 handed_role: Edges<bool>,
    /// Content and the group that its tenant handed it on to.
    98 handed_group: Edges<bool>,
    /// Content and the user who sees only some of its rows.
    99 row_rule_user: Edges<Option<FilterNo>>,
    /// Content and the org whose people see only some of its rows.
    100 row_rule_org: Edges<Option<FilterNo>>,
    /// Filters of rows, as texts.
    101 filters: Ids,
    /// Org: its trial or licence.
    110 licence: Rows<Licence>,
    /// Row 0: the licence of the platform.
    111 platform_licence: Rows<PlatformLicence>,
    /// Row 0: the key that licences are signed with.
    112 licence_key: Rows<String>,
    /// What identity providers call tenants, see [`names`].
    113 tenant_ids: Ids,
    /// Tenant of an identity provider: which org it is.
    114 tenant: Rows<OrgNo>,
    /// Org: what its identity provider tells of it.
    115 tenant_about: Rows<Tenant>,
    /// Org: how its people sign in.
    116 login: Rows<Login>,
    /// User: something of theirs ended by itself.
    117 user_ended: Rows<()>,
    /// Role: somebody's holding of it did.
    118 role_ended: Rows<()>,
    /// Group: something of its members did.
    119 group_ended: Rows<()>,
    /// Content: a share of it did.
    120 resource_ended: Rows<()>,
    /// Key: it did.
    121 key_ended: Rows<()>,
    /// User and org: the user's personal folder there, the last of them.
    150 personal_folder: Edges<ResourceNo>,
    /// Row 0: how many privileges the catalogue has. They are numbered as they are defined, and never defined again.
    160 catalogue: Rows<u8>,
    /// Privilege that the platform keeps to itself.
    161 reserved: Rows<()>,
    /// Org and who made themself a member of it.
    170 entered: Edges<()>,
    /// Org: nobody manages memberships in it any more, by its own users' doing or not.
    171 deserted: Rows<bool>,
    /// User and org: they gave up something there by their own act.
    172 left: Edges<()>,
    /// User: their org vouches for them, though somebody from outside made them.
    180 confirmed_user: Rows<()>,
    /// Key: its user's org vouches for it.
    181 confirmed_key: Rows<()>,
    /// User and external identity: the user's org vouches for it.
    182 confirmed_identity: Edges<()>,
    /// Issuer ids.
    183 issuers: Ids,
    /// Issuer: itself; none once removed.
    184 issuer: Rows<Option<Issuer>>,
    /// What issuers call themselves.
    185 issuer_urls: Ids,
    /// What an issuer calls itself, and those that are registered by it.
    186 issuer_by_url: Edges<()>,
    /// Org and the issuer that it vouches for.
    187 confirmed_issuer: Edges<()>,
    /// Content: exported.
    151 exported: Rows<()>,
    /// Content, and what it was imported as.
    152 imported: Edges<()>,
    /// Tenant permissions.
    130 tenant_permissions: Ids,
    /// Tenant permission: what nobody does without it.
    131 tenant_permission: Rows<PrivilegeSet>,
    /// Group and tenant permission.
    132 group_permission: Edges<bool>,
    /// Row 0: a tenant permission was ever given.
    133 permission_granted: Rows<()>,
    /// Environment ids.
    134 environments: Ids,
    /// Environment: itself.
    135 environment: Rows<Environment>,
    /// Org and its environments.
    136 org_environments: Edges<()>,
    /// Group and the org that it is invited to.
    137 invitation: Edges<Option<FormNo>>,
    /// Group and the environment that it is invited to.
    138 environment_invitation: Edges<Option<FormNo>>,
}

impl State {
    /// An empty state.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty state that keeps no digest as it is filled: for whoever seldom asks for it.
    #[must_use]
    pub fn without_digest() -> Self {
        let state = Self::default();
        state.writer().digest = None;
        state
    }

    /// The last position that is durable: what readers see.
    #[must_use]
    pub fn durable(&self) -> Position {
        self.durable.load(Ordering::Acquire)
    }

    /// Makes everything up to the position visible to readers. Called once it is durable.
    pub fn publish(&self, position: Position) {
        self.durable.store(position, Ordering::Release);
    }

    /// Installs the next event of the log. One writer at a time; the lock only keeps that so.
    pub fn install(&self, envelope: &Envelope) {
        self.changes(None, envelope);
        if envelope.index + 1 == envelope.count {
            self.times.push((envelope.position, envelope.time));
        }
    }

    /// Installs a hypothetical event into an overlay made by [`State::above`] this base.
    pub fn suppose(&self, base: &Self, envelope: &Envelope) {
        self.changes(Some(base), envelope);
    }

    fn changes(&self, base: Option<&Self>, envelope: &Envelope) {
        let writer = &mut *self.writer();
        let mut installer = Installer::new(self, base, envelope.position, writer);
        apply(envelope, &mut |change| installer.change(&change));
    }

    pub(crate) fn set_digest(&self, digest: Digest) {
        if let Some(kept) = &mut self.writer().digest {
            *kept = Adder::from(digest);
        }
    }

    /// The digest of everything installed: as it was kept, or else computed from what memory holds.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.kept_digest().unwrap_or_else(|| Digest::recompute(self))
    }

    pub(crate) fn kept_digest(&self) -> Option<Digest> {
        self.writer().digest.as_ref().map(Adder::digest)
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
