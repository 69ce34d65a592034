//! Ids to handles and back. What is not known in a view is not found in it.

use super::{Fact, View};
use crate::names::{IdSort, Scope};
use crate::values::{
    Done, GroupNo, KeyNo, KindNo, Linked, NameHolder, OrgNo, OrgStatus, PrivilegeNo, PrivilegeSet, ResourceNo, RoleNo,
    UserNo, UserTypeNo,
};

impl<'a> View<'a> {
    /// Whether there is an id of this sort that differs from this one in upper and lower case only.
    #[must_use]
    pub fn has_other_case(&self, sort: IdSort, id: &str) -> bool {
        let small = id.to_ascii_lowercase();
        let small_is_there = match sort {
            IdSort::Org => self.find(|s| &s.orgs, &small),
            IdSort::User => self.find(|s| &s.users, &small),
            IdSort::Group => self.find(|s| &s.groups, &small),
            IdSort::Role => self.find(|s| &s.roles, &small),
            IdSort::Resource => self.find(|s| &s.resources, &small),
            IdSort::Environment => self.find(|s| &s.environments, &small),
            IdSort::Issuer => self.find(|s| &s.issuers, &small),
        };
        (small != id && small_is_there.is_some()) || self.find(|s| &s.small_ids, &sort.small_key(id)).is_some()
    }

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
        let no = self.find(|s| &s.privileges, name).and_then(|no| u8::try_from(no).ok())?;
        self.row(|s| &s.catalogue, 0).filter(|count| no < count.value).map(|_| PrivilegeNo(no))
    }

    /// The user behind the keyed hash of an external identity.
    #[must_use]
    pub fn find_identity(&self, identity: &str) -> Option<UserNo> {
        let row = self.find(|s| &s.identities, identity)?;
        self.row(|s| &s.identity, row)?.value.map(|linked| linked.user)
    }

    /// An external identity by its keyed hash: whose it is, since when, and whether their org vouches for it.
    pub(crate) fn linked(&self, identity: &str) -> Option<(Linked, bool)> {
        let row = self.find(|s| &s.identities, identity)?;
        let version = self.row(|s| &s.identity, row)?;
        let linked = version.value?;
        let confirmed = self.edge(|s| &s.confirmed_identity, linked.user.0, row);
        Some((linked, confirmed.is_some_and(|confirmed| confirmed.position >= version.position)))
    }

    /// The users to whom an external identity is linked, or was.
    pub fn ever_identified(&self, identity: &str) -> impl Iterator<Item = UserNo> + use<'a> {
        let row = self.find(|s| &s.identities, identity);
        let view = *self;
        row.into_iter().flat_map(move |row| view.to(|s| &s.identity_of, row)).map(|(user, _)| UserNo(user))
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
                self.org_status(org)? != OrgStatus::Archived && Scope::Orgs(parent).key(self.org_name(org)) == key
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
            NameHolder::Environment(no) => {
                let environment = &self.environment(no)?.value;
                environment.live && Scope::Environments(environment.org.0).key(&environment.name) == key
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
