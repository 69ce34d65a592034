//! A view: the state as of a position, judged at an instant. Every question is asked of one.

use tenure_events::data::{CrossOrgShares, NameScope, Settings};
use tenure_events::{Position, Time};

use crate::names::Scope;
use crate::state::State;
use crate::store::{Edges, Handle, Ids, Rows, Version};
use crate::values::{
    Done, Group, GroupNo, Key, KeyNo, KindActions, KindNo, Landlord, NameHolder, OrgNo, OrgStatus, PrivilegeNo,
    PrivilegeSet, Profile, Resource, ResourceNo, Role, RoleNo, Share, Subscription, User, UserNo, UserStatus,
    UserTypeNo, Window,
};

/// What was known at a position, and what of it was valid at an instant.
#[derive(Clone, Copy)]
pub struct View<'a> {
    base: &'a State,
    over: Option<&'a State>,
    position: Position,
    instant: Time,
}

/// A value and the position of the event that made it so.
pub type Fact<'a, V> = Option<&'a Version<V>>;

impl<'a> View<'a> {
    /// The state as of the end of the command that the position belongs to, judged at the instant.
    ///
    /// The caller keeps to positions that are durable, unless it is the writer.
    #[must_use]
    pub const fn new(base: &'a State, position: Position, instant: Time) -> Self {
        Self { base, over: None, position, instant }
    }

    /// This view with hypothetical events on top, installed by [`State::suppose`].
    #[must_use]
    pub const fn over(self, over: &'a State) -> Self {
        Self { over: Some(over), ..self }
    }

    /// The same knowledge judged at another instant.
    #[must_use]
    pub const fn at(self, instant: Time) -> Self {
        Self { instant, ..self }
    }

    /// The position that it reflects.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// The instant that windows are judged at.
    #[must_use]
    pub const fn instant(&self) -> Time {
        self.instant
    }

    /// The state below.
    #[must_use]
    pub const fn state(&self) -> &'a State {
        self.base
    }

    pub(crate) fn row<V>(&self, table: fn(&State) -> &Rows<V>, row: Handle) -> Fact<'a, V> {
        let over = self.over.and_then(|over| table(over).get(row, Position::MAX));
        over.or_else(|| table(self.base).get(row, self.position))
    }

    pub(crate) fn edge<V>(&self, table: fn(&State) -> &Edges<V>, from: Handle, to: Handle) -> Fact<'a, V> {
        let over = self.over.and_then(|over| table(over).get(from, to, Position::MAX));
        over.or_else(|| table(self.base).get(from, to, self.position))
    }

    /// Edges that leave a thing and are known in this view: the other end and the value, newest edge first.
    pub(crate) fn from<V: 'a>(
        &self,
        table: fn(&State) -> &Edges<V>,
        from: Handle,
    ) -> impl Iterator<Item = (Handle, &'a Version<V>)> + use<'a, V> {
        let Self { base, over, position, .. } = *self;
        let supposed = move |to| over.and_then(|over| table(over).get(from, to, Position::MAX));
        let new = over.into_iter().flat_map(move |over| table(over).from(from));
        let new = new.filter(move |edge| table(base).get(from, edge.to, position).is_none());
        let new = new.filter_map(move |edge| supposed(edge.to).map(|version| (edge.to, version)));
        new.chain(
            table(base).from(from).filter_map(move |edge| {
                edge.at(position).map(|version| (edge.to, supposed(edge.to).unwrap_or(version)))
            }),
        )
    }

    /// Edges that arrive at a thing and are known in this view: the other end and the value, newest edge first.
    pub(crate) fn to<V: 'a>(
        &self,
        table: fn(&State) -> &Edges<V>,
        to: Handle,
    ) -> impl Iterator<Item = (Handle, &'a Version<V>)> + use<'a, V> {
        let Self { base, over, position, .. } = *self;
        let supposed = move |from| over.and_then(|over| table(over).get(from, to, Position::MAX));
        let new = over.into_iter().flat_map(move |over| table(over).to(to));
        let new = new.filter(move |edge| table(base).get(edge.from, to, position).is_none());
        let new = new.filter_map(move |edge| supposed(edge.from).map(|version| (edge.from, version)));
        new.chain(table(base).to(to).filter_map(move |edge| {
            edge.at(position).map(|version| (edge.from, supposed(edge.from).unwrap_or(version)))
        }))
    }

    fn find(&self, ids: fn(&State) -> &Ids, text: &str) -> Option<Handle> {
        ids(self.base).find(text).or_else(|| self.over.and_then(|over| ids(over).find(text)))
    }

    fn text(&self, ids: fn(&State) -> &Ids, handle: Handle) -> &'a str {
        let text = ids(self.base).text(handle).or_else(|| self.over.and_then(|over| ids(over).text(handle)));
        text.unwrap_or_default()
    }
}

/// Ids to handles and back. What is not known in this view is not found.
impl<'a> View<'a> {
    /// The org of this id.
    #[must_use]
    pub fn find_org(&self, id: &str) -> Option<OrgNo> {
        self.find(|s| &s.orgs, id).map(OrgNo).filter(|org| self.org_status(*org).is_some())
    }

    /// The user of this id, erased ones included.
    #[must_use]
    pub fn find_user(&self, id: &str) -> Option<UserNo> {
        self.find(|s| &s.users, id).map(UserNo).filter(|user| self.user(*user).is_some())
    }

    /// The group of this id, deleted ones included.
    #[must_use]
    pub fn find_group(&self, id: &str) -> Option<GroupNo> {
        self.find(|s| &s.groups, id).map(GroupNo).filter(|group| self.group(*group).is_some())
    }

    /// The role of this id, deleted ones included.
    #[must_use]
    pub fn find_role(&self, id: &str) -> Option<RoleNo> {
        self.find(|s| &s.roles, id).map(RoleNo).filter(|role| self.role(*role).is_some())
    }

    /// The content of this id, deleted included.
    #[must_use]
    pub fn find_resource(&self, id: &str) -> Option<ResourceNo> {
        self.find(|s| &s.resources, id).map(ResourceNo).filter(|resource| self.resource(*resource).is_some())
    }

    /// The API key of this id, revoked ones included.
    #[must_use]
    pub fn find_key(&self, id: &str) -> Option<KeyNo> {
        self.find(|s| &s.keys, id).map(KeyNo).filter(|key| self.key(*key).is_some())
    }

    /// The kind of content of this name.
    #[must_use]
    pub fn find_kind(&self, name: &str) -> Option<KindNo> {
        self.find(|s| &s.kinds, name).map(KindNo).filter(|kind| self.actions(*kind).is_some())
    }

    /// The user type of this name.
    #[must_use]
    pub fn find_user_type(&self, name: &str) -> Option<UserTypeNo> {
        self.find(|s| &s.user_types, name).map(UserTypeNo).filter(|no| self.row(|s| &s.ceiling, no.0).is_some())
    }

    /// The privilege of this name.
    #[must_use]
    pub fn find_privilege(&self, name: &str) -> Option<PrivilegeNo> {
        self.find(|s| &s.privileges, name).and_then(|no| u8::try_from(no).ok()).map(PrivilegeNo)
    }

    /// The user behind the keyed hash of an external identity.
    #[must_use]
    pub fn find_identity(&self, identity: &str) -> Option<UserNo> {
        let row = self.find(|s| &s.identities, identity)?;
        self.row(|s| &s.identity, row)?.value
    }

    /// What came of a command that was given with an idempotency key.
    #[must_use]
    pub fn find_command(&self, command: &str) -> Fact<'a, Done> {
        self.row(|s| &s.done, self.find(|s| &s.commands, command)?)
    }

    /// Who bears this name in its scope now: nobody if the last bearer is gone, renamed or moved.
    #[must_use]
    pub fn find_name(&self, scope: Scope, name: &str) -> Option<NameHolder> {
        let key = scope.key(name);
        let holder = self.row(|s| &s.name, self.find(|s| &s.names, &key)?)?.value;
        let bears = match holder {
            NameHolder::Org(org) => {
                let parent = self.parent(org).map(|parent| parent.0);
                self.org_status(org)?.value != OrgStatus::Archived && Scope::Orgs(parent).key(self.org_name(org)) == key
            }
            NameHolder::Group(group) => {
                let group = &self.group(group)?.value;
                group.live && Scope::Groups(group.org.map(|org| org.0)).key(&group.name) == key
            }
            NameHolder::Role(role) => {
                let role = &self.role(role)?.value;
                role.live && Scope::Roles(role.org.map(|org| org.0)).key(&role.name) == key
            }
            NameHolder::Resource(no) => {
                let resource = self.resource(no)?.value;
                let parent = resource.parent.map(|parent| parent.0);
                let scope = Scope::resource(self.name_scope(), resource.org.0, resource.kind.0, parent);
                resource.live && scope.key(self.resource_name(no)) == key
            }
        };
        bears.then_some(holder)
    }

    /// The id of an org.
    #[must_use]
    pub fn org_id(&self, org: OrgNo) -> &'a str {
        self.text(|s| &s.orgs, org.0)
    }

    /// The id of a user.
    #[must_use]
    pub fn user_id(&self, user: UserNo) -> &'a str {
        self.text(|s| &s.users, user.0)
    }

    /// The id of a group.
    #[must_use]
    pub fn group_id(&self, group: GroupNo) -> &'a str {
        self.text(|s| &s.groups, group.0)
    }

    /// The id of a role.
    #[must_use]
    pub fn role_id(&self, role: RoleNo) -> &'a str {
        self.text(|s| &s.roles, role.0)
    }

    /// The id of content.
    #[must_use]
    pub fn resource_id(&self, resource: ResourceNo) -> &'a str {
        self.text(|s| &s.resources, resource.0)
    }

    /// The id of an API key.
    #[must_use]
    pub fn key_id(&self, key: KeyNo) -> &'a str {
        self.text(|s| &s.keys, key.0)
    }

    /// The name of a kind.
    #[must_use]
    pub fn kind_name(&self, kind: KindNo) -> &'a str {
        self.text(|s| &s.kinds, kind.0)
    }

    /// The name of a user type.
    #[must_use]
    pub fn user_type_name(&self, user_type: UserTypeNo) -> &'a str {
        self.text(|s| &s.user_types, user_type.0)
    }

    /// The name of a privilege.
    #[must_use]
    pub fn privilege_name(&self, privilege: PrivilegeNo) -> &'a str {
        self.text(|s| &s.privileges, u32::from(privilege.0))
    }

    /// The names of privileges, in the order of the catalogue.
    pub fn privilege_names(&self, privileges: PrivilegeSet) -> impl Iterator<Item = &'a str> + use<'a> {
        let view = *self;
        privileges.iter().map(move |privilege| view.privilege_name(privilege))
    }
}

/// The facts, one by one.
impl<'a> View<'a> {
    /// The settings; none before the platform exists.
    #[must_use]
    pub fn settings(&self) -> Fact<'a, Settings> {
        self.row(|s| &s.settings, 0)
    }

    /// Whether a role counts only with a live subscription to its org.
    #[must_use]
    pub fn roles_need_membership(&self) -> bool {
        self.settings().is_none_or(|settings| settings.value.roles_need_membership)
    }

    /// How far content is shared across orgs.
    #[must_use]
    pub fn cross_org_shares(&self) -> CrossOrgShares {
        self.settings().map_or(CrossOrgShares::None, |settings| settings.value.cross_org_shares)
    }

    /// Among which things resource names are unique.
    #[must_use]
    pub fn name_scope(&self) -> NameScope {
        self.settings().map_or(NameScope::Parent, |settings| settings.value.name_scope)
    }

    /// All privileges of the catalogue.
    #[must_use]
    pub fn all_privileges(&self) -> PrivilegeSet {
        let count = self.base.privileges.len();
        PrivilegeSet::ALL.iter().take(count).collect()
    }

    /// All user types of the catalogue.
    pub fn user_types(&self) -> impl Iterator<Item = UserTypeNo> + use<'a> {
        let view = *self;
        self.base.ceiling.rows().map(UserTypeNo).filter(move |no| view.row(|s| &s.ceiling, no.0).is_some())
    }

    /// All kinds of the catalogue.
    pub fn kinds(&self) -> impl Iterator<Item = KindNo> + use<'a> {
        let view = *self;
        self.base.actions.rows().map(KindNo).filter(move |no| view.actions(*no).is_some())
    }

    /// What subscriptions of this type can hold at the most.
    #[must_use]
    pub fn ceiling(&self, user_type: UserTypeNo) -> PrivilegeSet {
        self.row(|s| &s.ceiling, user_type.0).map_or(PrivilegeSet::NONE, |ceiling| ceiling.value)
    }

    /// Which privilege each action on a kind needs.
    #[must_use]
    pub fn actions(&self, kind: KindNo) -> Fact<'a, KindActions> {
        self.row(|s| &s.actions, kind.0)
    }

    /// The root org; none before the platform exists. It is the first org of all.
    #[must_use]
    pub fn root(&self) -> Option<OrgNo> {
        Some(OrgNo(0)).filter(|root| self.org_status(*root).is_some())
    }

    /// Whether an org works.
    #[must_use]
    pub fn org_status(&self, org: OrgNo) -> Fact<'a, OrgStatus> {
        self.row(|s| &s.org_status, org.0)
    }

    /// Whether an org is neither disabled nor archived.
    #[must_use]
    pub fn is_live(&self, org: OrgNo) -> bool {
        self.org_status(org).is_some_and(|status| status.value == OrgStatus::Live)
    }

    /// An org's name.
    #[must_use]
    pub fn org_name(&self, org: OrgNo) -> &'a str {
        self.row(|s| &s.org_name, org.0).map_or("", |name| &name.value)
    }

    /// What an org is for.
    #[must_use]
    pub fn org_description(&self, org: OrgNo) -> &'a str {
        self.row(|s| &s.org_description, org.0).map_or("", |description| &description.value)
    }

    /// An org's tags.
    #[must_use]
    pub fn org_tags(&self, org: OrgNo) -> &'a [String] {
        self.row(|s| &s.org_tags, org.0).map_or(&[], |tags| &tags.value)
    }

    /// An org's region.
    #[must_use]
    pub fn org_region(&self, org: OrgNo) -> Option<&'a str> {
        self.row(|s| &s.org_about, org.0)?.value.region.as_deref()
    }

    /// The team that manages an org, and since which event.
    #[must_use]
    pub fn managing_group(&self, org: OrgNo) -> Option<(GroupNo, Position)> {
        let about = self.row(|s| &s.org_about, org.0)?;
        about.value.managing_group.map(|group| (group, about.position))
    }

    /// The orgs that a group manages.
    pub fn managed_by(&self, group: GroupNo) -> impl Iterator<Item = OrgNo> + use<'a> {
        self.from(|s| &s.managed, group.0).map(|(org, _)| OrgNo(org))
    }

    /// An org's parent; none for the root.
    #[must_use]
    pub fn parent(&self, org: OrgNo) -> Option<OrgNo> {
        self.row(|s| &s.org_parent, org.0)?.value
    }

    /// An org and its ancestors, from below.
    pub fn lineage(&self, org: OrgNo) -> impl Iterator<Item = OrgNo> + use<'a> {
        let view = *self;
        std::iter::successors(Some(org), move |org| view.parent(*org))
    }

    /// Whether the one is a strict ancestor of the other.
    #[must_use]
    pub fn is_above(&self, above: OrgNo, below: OrgNo) -> bool {
        self.lineage(below).skip(1).any(|org| org == above)
    }

    /// The orgs directly below an org, newest first.
    pub fn children(&self, org: OrgNo) -> impl Iterator<Item = OrgNo> + use<'a> {
        self.from(|s| &s.org_children, org.0).filter(|(_, there)| there.value).map(|(child, _)| OrgNo(child))
    }

    /// Whether an org's ancestors may enter it; always, unless they were ever excluded.
    #[must_use]
    pub fn landlord(&self, org: OrgNo) -> Fact<'a, Landlord> {
        self.row(|s| &s.landlord, org.0)
    }

    /// Length of an org's history.
    #[must_use]
    pub fn org_sequence(&self, org: OrgNo) -> u64 {
        self.row(|s| &s.org_sequence, org.0).map_or(0, |sequence| sequence.value)
    }

    /// A user's standing.
    #[must_use]
    pub fn user(&self, user: UserNo) -> Fact<'a, User> {
        self.row(|s| &s.user, user.0)
    }

    /// A user's home org.
    #[must_use]
    pub fn home(&self, user: UserNo) -> Option<OrgNo> {
        self.user(user).map(|user| user.value.home)
    }

    /// Whether a user is enabled.
    #[must_use]
    pub fn is_enabled(&self, user: UserNo) -> bool {
        self.user(user).is_some_and(|user| user.value.status == UserStatus::Enabled)
    }

    /// Who made a user.
    #[must_use]
    pub fn creator(&self, user: UserNo) -> Option<UserNo> {
        self.row(|s| &s.creator, user.0).map(|creator| creator.value)
    }

    /// A user as a person, sealed.
    #[must_use]
    pub fn profile(&self, user: UserNo) -> Fact<'a, Profile> {
        self.row(|s| &s.profile, user.0)
    }

    /// When, as a position, a user signed in last.
    #[must_use]
    pub fn signed_in(&self, user: UserNo) -> Option<Position> {
        self.row(|s| &s.signed_in, user.0).map(|signed_in| signed_in.position)
    }

    /// The org that a user chose to work in.
    #[must_use]
    pub fn active_org(&self, user: UserNo) -> Option<OrgNo> {
        self.row(|s| &s.active_org, user.0).map(|org| org.value)
    }

    /// The home users of an org, newest first, erased ones left out.
    pub fn home_users(&self, org: OrgNo) -> impl Iterator<Item = UserNo> + use<'a> {
        let view = *self;
        let users = self.from(|s| &s.home, org.0).map(|(user, _)| UserNo(user));
        users.filter(move |user| view.user(*user).is_some_and(|user| user.value.status != UserStatus::Erased))
    }

    /// A user's membership of an org, whether it is valid or not; none when there is none, or withdrawn.
    #[must_use]
    pub fn subscription(&self, user: UserNo, org: OrgNo) -> Option<(Subscription, Position)> {
        let version = self.edge(|s| &s.subscription, user.0, org.0)?;
        version.value.map(|subscription| (subscription, version.position))
    }

    /// Whether there has ever been a membership, and since when.
    #[must_use]
    pub fn ever_subscribed(&self, user: UserNo, org: OrgNo) -> bool {
        self.edge(|s| &s.subscription, user.0, org.0).is_some()
    }

    /// A user's memberships.
    pub fn subscriptions(&self, user: UserNo) -> impl Iterator<Item = (OrgNo, Subscription, Position)> + use<'a> {
        self.from(|s| &s.subscription, user.0)
            .filter_map(|(org, version)| Some((OrgNo(org), version.value?, version.position)))
    }

    /// The memberships of an org, newest first.
    pub fn subscribers(&self, org: OrgNo) -> impl Iterator<Item = (UserNo, Subscription, Position)> + use<'a> {
        self.to(|s| &s.subscription, org.0)
            .filter_map(|(user, version)| Some((UserNo(user), version.value?, version.position)))
    }

    /// A group.
    #[must_use]
    pub fn group(&self, group: GroupNo) -> Fact<'a, Group> {
        self.row(|s| &s.group, group.0)
    }

    /// The live groups of an org, newest first.
    pub fn groups(&self, org: OrgNo) -> impl Iterator<Item = GroupNo> + use<'a> {
        let view = *self;
        let groups = self.from(|s| &s.org_groups, org.0).map(|(group, _)| GroupNo(group));
        groups.filter(move |group| view.group(*group).is_some_and(|group| group.value.live))
    }

    /// Since which event a user belongs to a group.
    #[must_use]
    pub fn membership(&self, user: UserNo, group: GroupNo) -> Option<Position> {
        self.edge(|s| &s.member, user.0, group.0).filter(|there| there.value).map(|there| there.position)
    }

    /// The live groups that a user belongs to, and since which event.
    pub fn groups_of(&self, user: UserNo) -> impl Iterator<Item = (GroupNo, &'a Group, Position)> + use<'a> {
        let view = *self;
        self.from(|s| &s.member, user.0).filter(|(_, there)| there.value).filter_map(move |(group, there)| {
            let value = &view.group(GroupNo(group))?.value;
            value.live.then_some((GroupNo(group), value, there.position))
        })
    }

    /// The members of a group, newest first.
    pub fn members(&self, group: GroupNo) -> impl Iterator<Item = (UserNo, Position)> + use<'a> {
        self.to(|s| &s.member, group.0)
            .filter(|(_, there)| there.value)
            .map(|(user, there)| (UserNo(user), there.position))
    }

    /// A role.
    #[must_use]
    pub fn role(&self, role: RoleNo) -> Fact<'a, Role> {
        self.row(|s| &s.role, role.0)
    }

    /// The live roles of an org, newest first.
    pub fn roles(&self, org: OrgNo) -> impl Iterator<Item = RoleNo> + use<'a> {
        let view = *self;
        let roles = self.from(|s| &s.org_roles, org.0).map(|(role, _)| RoleNo(role));
        roles.filter(move |role| view.role(*role).is_some_and(|role| role.value.live))
    }

    /// The roles assigned to a user, whether valid or not.
    pub fn roles_of_user(&self, user: UserNo) -> impl Iterator<Item = (RoleNo, Window, Position)> + use<'a> {
        self.from(|s| &s.role_user, user.0)
            .filter_map(|(role, version)| Some((RoleNo(role), version.value?, version.position)))
    }

    /// The roles assigned to a group, whether valid or not.
    pub fn roles_of_group(&self, group: GroupNo) -> impl Iterator<Item = (RoleNo, Window, Position)> + use<'a> {
        self.from(|s| &s.role_group, group.0)
            .filter_map(|(role, version)| Some((RoleNo(role), version.value?, version.position)))
    }

    /// The users that a role is assigned to.
    pub fn users_with_role(&self, role: RoleNo) -> impl Iterator<Item = (UserNo, Window, Position)> + use<'a> {
        self.to(|s| &s.role_user, role.0)
            .filter_map(|(user, version)| Some((UserNo(user), version.value?, version.position)))
    }

    /// The groups that a role is assigned to.
    pub fn groups_with_role(&self, role: RoleNo) -> impl Iterator<Item = (GroupNo, Window, Position)> + use<'a> {
        self.to(|s| &s.role_group, role.0)
            .filter_map(|(group, version)| Some((GroupNo(group), version.value?, version.position)))
    }

    /// A piece of content.
    #[must_use]
    pub fn resource(&self, resource: ResourceNo) -> Fact<'a, Resource> {
        self.row(|s| &s.resource, resource.0)
    }

    /// The name of content.
    #[must_use]
    pub fn resource_name(&self, resource: ResourceNo) -> &'a str {
        self.row(|s| &s.resource_name, resource.0).map_or("", |name| &name.value)
    }

    /// What content was copied from.
    #[must_use]
    pub fn source(&self, resource: ResourceNo) -> Option<ResourceNo> {
        self.row(|s| &s.source, resource.0).map(|source| source.value)
    }

    /// Content and the folders that it lies in, from below.
    pub fn folders(&self, resource: ResourceNo) -> impl Iterator<Item = ResourceNo> + use<'a> {
        let view = *self;
        std::iter::successors(Some(resource), move |resource| view.resource(*resource)?.value.parent)
    }

    /// The live content of an org, newest first.
    pub fn resources(&self, org: OrgNo) -> impl Iterator<Item = ResourceNo> + use<'a> {
        let view = *self;
        let resources = self.from(|s| &s.org_resources, org.0).map(|(resource, _)| ResourceNo(resource));
        resources.filter(move |no| view.resource(*no).is_some_and(|resource| resource.value.live))
    }

    /// The live content that lies directly in a folder, newest first.
    pub fn contents(&self, folder: ResourceNo) -> impl Iterator<Item = ResourceNo> + use<'a> {
        self.from(|s| &s.resource_children, folder.0).filter(|(_, there)| there.value).map(|(no, _)| ResourceNo(no))
    }

    /// An API key; the value is none once it was revoked.
    #[must_use]
    pub fn key(&self, key: KeyNo) -> Fact<'a, Option<Key>> {
        self.row(|s| &s.key, key.0)
    }

    /// The keys of a user that are neither revoked nor void by a reset.
    pub fn keys_of(&self, user: UserNo) -> impl Iterator<Item = (KeyNo, &'a Key)> + use<'a> {
        let view = *self;
        self.from(|s| &s.user_keys, user.0).filter_map(move |(key, _)| Some((KeyNo(key), view.usable_key(KeyNo(key))?)))
    }

    /// A key that is neither revoked nor void by a reset; it may have expired.
    #[must_use]
    pub fn usable_key(&self, no: KeyNo) -> Option<&'a Key> {
        let version = self.key(no)?;
        let key = version.value.as_ref()?;
        let reset = self.row(|s| &s.credential_reset, key.user.0).map_or(0, |reset| reset.position);
        (version.position > reset).then_some(key)
    }

    /// What a user has of one piece of content itself.
    #[must_use]
    pub fn share_with_user(&self, resource: ResourceNo, user: UserNo) -> Option<(Share, Position)> {
        share(self.edge(|s| &s.share_user, resource.0, user.0))
    }

    /// What a role has of one piece of content itself.
    #[must_use]
    pub fn share_with_role(&self, resource: ResourceNo, role: RoleNo) -> Option<(Share, Position)> {
        share(self.edge(|s| &s.share_role, resource.0, role.0))
    }

    /// What a group has of one piece of content itself.
    #[must_use]
    pub fn share_with_group(&self, resource: ResourceNo, group: GroupNo) -> Option<(Share, Position)> {
        share(self.edge(|s| &s.share_group, resource.0, group.0))
    }

    /// What an org has of one piece of content itself.
    #[must_use]
    pub fn share_with_org(&self, resource: ResourceNo, org: OrgNo) -> Option<(Share, Position)> {
        share(self.edge(|s| &s.share_org, resource.0, org.0))
    }

    /// What every org has of one piece of content itself.
    #[must_use]
    pub fn share_with_all(&self, resource: ResourceNo) -> Option<(Share, Position)> {
        share(self.row(|s| &s.share_all, resource.0))
    }

    /// Whether a second org has ever existed.
    #[must_use]
    pub fn has_been_multi_org(&self) -> bool {
        self.org_status(OrgNo(1)).is_some()
    }
}

fn share(fact: Fact<'_, Option<Share>>) -> Option<(Share, Position)> {
    fact.and_then(|version| version.value.map(|share| (share, version.position)))
}

/// What sight and history need beside.
impl<'a> View<'a> {
    /// Whether an org shuts out its ancestors at the instant.
    #[must_use]
    pub fn excludes_landlord(&self, org: OrgNo) -> bool {
        self.landlord(org).is_some_and(|landlord| !landlord.value.admits(self.instant))
    }

    /// Whose an API key is, or was before it was revoked.
    #[must_use]
    pub fn key_owner(&self, key: KeyNo) -> Option<UserNo> {
        self.to(|s| &s.user_keys, key.0).next().map(|(user, _)| UserNo(user))
    }

    /// Who made a user, who made those, and so on. Each was made before the next, so it ends.
    pub fn makers(&self, user: UserNo) -> impl Iterator<Item = UserNo> + use<'a> {
        let view = *self;
        let made = view.row(|s| &s.creator, user.0);
        let chain = std::iter::successors(made, move |made| {
            view.row(|s| &s.creator, made.value.0).filter(|earlier| earlier.position < made.position)
        });
        chain.map(|made| made.value)
    }
}
