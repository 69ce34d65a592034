//! Puts changes into tables: ids become handles here, in log order, and nowhere else.

use tenure_events::data::{self, Audience, Holder, NameScope, Recipient, RowSubject};
use tenure_events::{GroupId, Kind, OrgId, Position, Privilege, ResourceId, RoleId, UserId, UserType};

use crate::apply::Change;
use crate::digest::pair;
use crate::judge::SYSTEM_ADMINISTRATOR;
use crate::names::{IdSort, Scope, fold, tenant_key};
use crate::state::{State, Value};
use crate::store::{Edges, Handle, Ids, Rows, Small};
use crate::values::{
    FilterNo, GroupNo, KindActions, KindNo, Landlord, Linked, Login, NameHolder, Org, OrgAbout, OrgNo, OrgStatus, Pack,
    PrivilegeNo, PrivilegeSet, Profile, Resource, ResourceNo, Role, RoleNo, Settings, Share, Source, Tenant, UserNo,
    UserTypeNo, WordNo,
};

/// Takes the changes of one event.
pub(crate) struct Installer<'a> {
    state: &'a State,
    /// What lies below, when the state is an overlay.
    base: Option<&'a State>,
    position: Position,
    writer: &'a mut Writer,
}

/// A table: its number, as in [`State::visit`], and its field.
type Table<T> = (u8, fn(&State) -> &T);

macro_rules! table {
    ($tag:literal $field:ident) => {
        ($tag, (|state| &state.$field) as fn(&State) -> &_)
    };
}

mod credentials;
mod ended;
mod forms;
mod teams;
mod users;

pub(crate) use forms::Writer;

impl<'a> Installer<'a> {
    /// For one event: at its position, over a state below if there is one.
    pub const fn new(state: &'a State, base: Option<&'a State>, position: Position, writer: &'a mut Writer) -> Self {
        Self { state, base, position, writer }
    }

    #[expect(clippy::too_many_lines, reason = "one arm per table; splitting it would only scatter the list")]
    pub fn change(&mut self, change: &Change<'a>) {
        match *change {
            Change::Settings(settings) => self.row(table!(20 settings), 0, Settings(settings.clone())),
            Change::Privilege { privilege, number } => {
                let no = self.id(table!(8 privileges), privilege.as_str());
                debug_assert_eq!(no, u32::from(number), "privileges are numbered as they are defined");
                self.row(table!(160 catalogue), 0, number.saturating_add(1));
            }
            Change::Reserved { privilege } => {
                let row = u32::from(self.privilege(privilege).0);
                self.row(table!(161 reserved), row, ());
            }
            Change::Entered { org, user } => {
                let (org, user) = (self.org(org).0, self.user(user).0);
                self.edge(table!(170 entered), org, user, ());
            }
            Change::Deserted { org, own } => {
                let row = self.org(org).0;
                self.row(table!(171 deserted), row, own);
            }
            Change::Left { user, org } => {
                let (user, org) = (self.user(user).0, self.org(org).0);
                self.edge(table!(172 left), user, org, ());
            }
            Change::UserType { user_type, ceiling } => {
                let ceiling = self.privileges(ceiling);
                let row = self.user_type(user_type).0;
                self.row(table!(21 ceiling), row, ceiling);
            }
            Change::Kind(e) => {
                let row = self.kind(&e.kind).0;
                let [create, view, edit, delete, share] = [&e.create, &e.view, &e.edit, &e.delete, &e.share]
                    .map(|privilege| privilege.as_ref().map(|privilege| self.privilege(privilege)));
                self.row(table!(22 actions), row, KindActions { create, view, edit, delete, share, nature: e.nature });
            }
            Change::RoleTemplate { name, privileges } => {
                let privileges = self.privileges(privileges);
                let row = self.id(table!(14 role_templates), name);
                self.row(table!(15 role_template), row, privileges);
            }
            Change::TenantPermission { permission, privileges } => self.tenant_permission(permission, privileges),
            Change::GroupPermission { group, permission, has } => self.group_permission(group, permission, has),
            Change::Org { org, parent, description, region, managing_group } => {
                let (row, parent) = (self.org(org).0, parent.map(|parent| self.org(parent)));
                let managing_group = managing_group.map(|group| self.group(group));
                self.row(table!(30 org_about), row, OrgAbout { region: region.map(str::to_owned) });
                self.row(table!(36 org_description), row, description.to_owned());
                self.row(
                    table!(31 org),
                    row,
                    Org {
                        status: OrgStatus::Live,
                        parent,
                        managing_group,
                        guarded: false,
                        personal: false,
                        licensed: false,
                        invites: false,
                    },
                );
                if let Some(group) = managing_group {
                    self.edge(table!(39 managed), group.0, row, ());
                }
            }
            Change::OrgStatus { org, status } => {
                let org = self.org(org);
                self.change_org(org, |org| org.status = status);
            }
            Change::OrgParent { org, parent } => {
                let (org, parent) = (self.org(org), self.org(parent));
                self.change_org(org, |org| org.parent = Some(parent));
            }
            Change::OrgChild { parent, org, there } => {
                let (parent, org) = (self.org(parent).0, self.org(org).0);
                self.edge(table!(37 org_children), parent, org, there);
            }
            Change::OrgName { org, name, parent } => {
                let (org, parent) = (self.org(org), parent.map(|parent| self.org(parent).0));
                self.row(table!(33 org_name), org.0, name.to_owned());
                self.name(Scope::Orgs(parent), name, NameHolder::Org(org));
            }
            Change::OrgDescription { org, description } => {
                let row = self.org(org).0;
                self.row(table!(36 org_description), row, description.to_owned());
            }
            Change::OrgTags { org, tags } => {
                let row = self.org(org).0;
                self.row(table!(34 org_tags), row, tags.to_vec());
            }
            Change::Landlord { org, admitted } => {
                let org = self.org(org);
                self.change_org(org, |org| org.guarded = true);
                self.row(table!(35 landlord), org.0, admitted.map_or(Landlord::Excluded, Landlord::Admitted));
            }
            Change::OrgSequence { org, sequence } => {
                let row = self.org(org).0;
                self.row(table!(38 org_sequence), row, sequence);
            }
            Change::User { user, home, status, creator } => self.user_is(user, home, status, creator),
            Change::Home { org, user } => {
                let (org, user) = (self.org(org).0, self.user(user).0);
                self.edge(table!(46 home), org, user, ());
            }
            Change::Profile { user, name, email } => {
                let row = self.user(user).0;
                self.row(table!(42 profile), row, Profile { name: name.cloned(), email: email.cloned() });
            }
            Change::SignedIn { user } => {
                let row = self.user(user).0;
                self.row(table!(43 signed_in), row, ());
            }
            Change::CredentialReset { user } => {
                let row = self.user(user).0;
                self.row(table!(44 credential_reset), row, ());
            }
            Change::Identity { identity, linked } => {
                let row = self.id(table!(10 identities), identity);
                let linked = linked.map(|(user, maker)| Linked { user: self.user(user), maker: self.user(maker) });
                self.row(table!(47 identity), row, linked);
            }
            Change::IdentityOf { user, identity, linked } => {
                let (user, identity) = (self.user(user).0, self.id(table!(10 identities), identity));
                self.edge(table!(48 identity_of), user, identity, linked);
            }
            Change::ActiveOrg { user, org } => {
                let (row, org) = (self.user(user).0, self.org(org));
                self.row(table!(45 active_org), row, org);
            }
            Change::Group { group, org, name, live } => self.group_is(group, org, name, live),
            Change::Member { user, group, there } => {
                let (user, group) = (self.user(user).0, self.group(group).0);
                self.edge(table!(52 member), user, group, there);
            }
            Change::Invitation { group, org, environment, privileges } => {
                self.invited(group, org, environment, privileges)
            }
            Change::Environment { environment, org, name, linked } => {
                self.environment_is(environment, org, name, linked)
            }
            Change::Subscription { user, org, subscription } => {
                let (user, org) = (self.user(user).0, self.org(org).0);
                let form = subscription.map(|subscription| self.form(subscription));
                self.edge(table!(50 subscription), user, org, form);
            }
            Change::Role { role, org, name, privileges, live } => {
                let (no, org) = (self.role(role), org.map(|org| self.org(org)));
                let privileges = self.privileges(privileges);
                let system = org.is_none() && role.as_str() == SYSTEM_ADMINISTRATOR;
                let word = WordNo(self.id(table!(90 role_words), &fold(name)));
                self.row(table!(54 role), no.0, Role { org, privileges, live, system, word, name: name.to_owned() });
                match org {
                    Some(org) => self.edge(table!(57 org_roles), org.0, no.0, ()),
                    None => self.edge(table!(58 global_roles), 0, no.0, ()),
                }
                self.name(Scope::Roles(org.map(|org| org.0)), name, NameHolder::Role(no));
            }
            Change::Assignment { role, to, window } => self.assignment(role, to, window),
            Change::Resource { resource, org, kind, parent, creator, live } => {
                let (row, org, kind) = (self.resource(resource).0, self.org(org), self.kind(kind));
                let (parent, creator) = (parent.map(|parent| self.resource(parent)), self.user(creator));
                let before = self.last(|state| state.resource.get(row, Position::MAX).map(|version| version.value));
                let personal = before.is_some_and(|before| before.personal);
                let environment = before.and_then(|before| before.environment);
                let value = Resource { org, kind, parent, creator, environment, live, personal };
                self.row(table!(60 resource), row, value);
                self.edge(table!(63 org_resources), org.0, row, ());
            }
            Change::ResourceEnvironment { resource, environment } => self.in_environment(resource, environment),
            Change::Personal { resource, org, creator } => {
                let (no, org, user) = (self.resource(resource), self.org(org), self.user(creator).0);
                let row = self.last(|state| state.resource.get(no.0, Position::MAX).map(|version| version.value));
                if let Some(row) = row {
                    self.row(table!(60 resource), no.0, Resource { personal: true, ..row });
                }
                self.edge(table!(150 personal_folder), user, org.0, no);
                self.change_org(org, |org| org.personal = true);
            }
            Change::ResourceChild { parent, resource, there } => {
                let (parent, resource) = (self.resource(parent).0, self.resource(resource).0);
                self.edge(table!(64 resource_children), parent, resource, there);
            }
            Change::ResourceName { resource, org, kind, parent, name } => {
                let (no, org, kind) = (self.resource(resource), self.org(org).0, self.kind(kind).0);
                let parent = parent.map(|parent| self.resource(parent).0);
                self.row(table!(61 resource_name), no.0, name.to_owned());
                let scope = Scope::resource(self.name_scope(), org, kind, parent);
                self.name(scope, name, NameHolder::Resource(no));
            }
            Change::Exported { resource } => {
                let row = self.resource(resource).0;
                self.row(table!(151 exported), row, ());
            }
            Change::Imported { source, resource } => {
                let (source, resource) = (self.resource(source).0, self.resource(resource).0);
                self.edge(table!(152 imported), source, resource, ());
            }
            Change::Source { resource, source } => {
                let (row, source) = (self.resource(resource).0, self.resource(source));
                self.row(table!(62 source), row, source);
            }
            Change::Share { resource, with, share } => {
                let share = share.map(|(level, copy, window)| Share { level, copy, window });
                self.share(resource, with, share);
            }
            Change::Master { sub, master, associated } => {
                let (sub, master) = (self.org(sub).0, self.org(master));
                self.row(table!(91 master), sub, associated.then_some(master));
                self.edge(table!(92 sub_tenants), master.0, sub, associated);
            }
            Change::Pack { resource, source, data_permission } => {
                let row = self.resource(resource).0;
                let source = source.map(|source| match source {
                    data::Source::File(_) => Source::File,
                    data::Source::Engine(_) => Source::Engine,
                    data::Source::Connection(no) => Source::Connection(self.resource(no)),
                });
                self.row(table!(93 pack), row, Pack { source, data_permission });
            }
            Change::Distribution { resource, to, there } => {
                let resource = self.resource(resource).0;
                match to {
                    Recipient::Org(org) => {
                        let org = self.org(org).0;
                        self.edge(table!(94 distributed), resource, org, there);
                    }
                    Recipient::AllOrgs(_) => self.row(table!(95 distributed_all), resource, there),
                }
            }
            Change::HandOn { resource, to, there } => self.hand_on(resource, to, there),
            Change::RowRule { resource, of, filter } => {
                let (resource, filter) =
                    (self.resource(resource).0, filter.map(|filter| FilterNo(self.id(table!(101 filters), filter))));
                match of {
                    RowSubject::User(user) => {
                        let user = self.user(user).0;
                        self.edge(table!(99 row_rule_user), resource, user, filter);
                    }
                    RowSubject::Org(org) => {
                        let org = self.org(org).0;
                        self.edge(table!(100 row_rule_org), resource, org, filter);
                    }
                }
            }
            Change::Key { key, issued, maker } => self.key(key.as_str(), issued, maker),
            Change::Confirmed { user, what } => self.confirmed(user, what),
            Change::Enrolment(opened, maker) => self.enrolment(opened, maker),
            Change::KeyRevoked { key } => {
                let row = self.id(table!(5 keys), key.as_str());
                self.row(table!(70 key), row, None);
            }
            Change::LicenceKey(key) => self.row(table!(112 licence_key), 0, key.to_owned()),
            Change::PlatformLicence(licence) => self.row(table!(111 platform_licence), 0, licence.into()),
            Change::Licence(org, ref licence) => {
                let org = self.org(org);
                self.change_org(org, |org| org.licensed = true);
                self.row(table!(110 licence), org.0, licence.clone());
            }
            Change::Ended(what) => self.ended(what),
            Change::Issuer(issuer, org, settings) => self.issuer(issuer, org, settings),
            Change::IssuerConfirmed(issuer, org) => self.issuer_confirmed(issuer, org),
            Change::Tenant(e) => {
                let (org, row) =
                    (self.org(&e.org), self.id(table!(113 tenant_ids), &tenant_key(&e.issuer, &e.external_id)));
                let data::TenantProvisioned { org: _, issuer, external_id, attributes } = e.clone();
                self.row(table!(114 tenant), row, org);
                self.row(table!(115 tenant_about), org.0, Tenant { issuer, external_id, attributes });
            }
            Change::Login(e) => {
                let row = self.org(&e.org).0;
                self.row(table!(116 login), row, Login { methods: e.methods.clone(), default: e.default });
            }
            Change::Done { command, done } => {
                let row =
                    self.id(table!(11 commands), command.hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()));
                self.row(table!(81 done), row, done);
            }
        }
    }

    /// Changes one thing of the row that every check reads of an org; what it says comes from several events.
    fn change_org(&mut self, org: OrgNo, change: impl FnOnce(&mut Org)) {
        let row = self.last(|state| state.org.get(org.0, Position::MAX).map(|version| version.value));
        if let Some(mut row) = row {
            change(&mut row);
            self.row(table!(31 org), org.0, row);
        }
    }

    /// What was installed last, here or below.
    fn last<T>(&self, get: impl Fn(&State) -> Option<T>) -> Option<T> {
        get(self.state).or_else(|| self.base.and_then(get))
    }

    fn row<V: Value>(&mut self, (tag, rows): Table<Rows<V>>, row: Handle, value: V) {
        if let Some(digest) = &mut self.writer.digest {
            digest.add(tag, u64::from(row), self.position, &value);
        }
        rows(self.state).set(row, self.position, value);
    }

    fn edge<V: Value + Small>(&mut self, (tag, edges): Table<Edges<V>>, from: Handle, to: Handle, value: V) {
        if let Some(digest) = &mut self.writer.digest {
            digest.add(tag, pair(from, to), self.position, &value);
        }
        edges(self.state).set(from, to, self.position, value);
    }

    fn id(&mut self, (tag, ids): Table<Ids>, text: &str) -> Handle {
        if let Some(handle) = self.base.and_then(|base| ids(base).find(text)) {
            return handle;
        }
        let ids = ids(self.state);
        let known = ids.len();
        let handle = ids.intern(text);
        if ids.len() > known {
            if let Some(digest) = &mut self.writer.digest {
                digest.add_id(tag, handle, text);
            }
            if let Some(sort) = IdSort::of_table(tag)
                && let Some(small) = sort.in_small_letters(text)
            {
                self.id(table!(16 small_ids), &small);
            }
        }
        handle
    }

    fn name(&mut self, scope: Scope, name: &str, holder: NameHolder) {
        let row = self.id(table!(9 names), &scope.key(name));
        self.row(table!(80 name), row, holder);
    }

    fn name_scope(&self) -> NameScope {
        let settings = |state: &State| state.settings.get(0, Position::MAX).map(|version| version.value.name_scope);
        settings(self.state).or_else(|| self.base.and_then(settings)).unwrap_or(NameScope::Parent)
    }

    fn share(&mut self, resource: &ResourceId, with: &'a Audience, share: Option<Share>) {
        let resource = self.resource(resource).0;
        match with {
            Audience::User(user) => {
                let user = self.user(user).0;
                self.edge(table!(65 share_user), resource, user, share);
            }
            Audience::Role(role) => {
                let role = self.role(role).0;
                self.edge(table!(66 share_role), resource, role, share);
            }
            Audience::Group(group) => {
                let group = self.group(group).0;
                self.edge(table!(67 share_group), resource, group, share);
            }
            Audience::Org(org) => {
                let org = self.org(org).0;
                self.edge(table!(68 share_org), resource, org, share);
            }
            Audience::AllOrgs(_) => self.row(table!(69 share_all), resource, share),
        }
    }

    fn hand_on(&mut self, resource: &ResourceId, to: &'a Holder, there: bool) {
        let resource = self.resource(resource).0;
        match to {
            Holder::User(user) => {
                let user = self.user(user).0;
                self.edge(table!(96 handed_user), resource, user, there);
            }
            Holder::Role(role) => {
                let role = self.role(role).0;
                self.edge(table!(97 handed_role), resource, role, there);
            }
            Holder::Group(group) => {
                let group = self.group(group).0;
                self.edge(table!(98 handed_group), resource, group, there);
            }
        }
    }

    fn privileges(&self, privileges: &[Privilege]) -> PrivilegeSet {
        privileges.iter().map(|privilege| self.privilege(privilege)).collect()
    }

    /// The number of a privilege that an event before this one defined. A name that none defined stands for nothing that
    /// can be held.
    fn privilege(&self, privilege: &Privilege) -> PrivilegeNo {
        let find = |state: &State| state.privileges.find(privilege.as_str());
        let found = self.base.and_then(find).or_else(|| find(self.state));
        found.and_then(|no| u8::try_from(no).ok()).map_or(PrivilegeNo::UNKNOWN, PrivilegeNo)
    }

    fn org(&mut self, id: &OrgId) -> OrgNo {
        let known = self.writer.orgs.find(id);
        OrgNo(known.unwrap_or_else(|| {
            let handle = self.id(table!(0 orgs), id.as_str());
            self.writer.orgs.push(id.clone(), handle);
            handle
        }))
    }

    fn user(&mut self, id: &UserId) -> UserNo {
        let known = self.writer.users.find(id);
        UserNo(known.unwrap_or_else(|| {
            let handle = self.id(table!(1 users), id.as_str());
            self.writer.users.push(id.clone(), handle);
            handle
        }))
    }

    fn group(&mut self, id: &GroupId) -> GroupNo {
        GroupNo(self.id(table!(2 groups), id.as_str()))
    }

    fn role(&mut self, id: &RoleId) -> RoleNo {
        RoleNo(self.id(table!(3 roles), id.as_str()))
    }

    fn resource(&mut self, id: &ResourceId) -> ResourceNo {
        ResourceNo(self.id(table!(4 resources), id.as_str()))
    }

    fn kind(&mut self, id: &Kind) -> KindNo {
        KindNo(self.id(table!(6 kinds), id.as_str()))
    }

    fn user_type(&mut self, id: &UserType) -> UserTypeNo {
        UserTypeNo(self.id(table!(7 user_types), id.as_str()))
    }
}
