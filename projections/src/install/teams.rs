//! Groups and what they hold: roles, tenant permissions, invitations and environments.

use tenure_events::data::Assignee;
use tenure_events::{EnvironmentId, GroupId, OrgId, Position, Privilege, ResourceId, RoleId, TenantPermission};

use super::Installer;
use crate::names::Scope;
use crate::state::State;
use crate::values::{
    Environment, EnvironmentNo, FormNo, Group, NameHolder, PermissionNo, Resource, Subscription, UserTypeNo, Window,
};

impl<'a> Installer<'a> {
    /// A group, there or no more.
    pub(super) fn group_is(&mut self, group: &GroupId, org: Option<&'a OrgId>, name: &str, live: bool) {
        let (no, org) = (self.group(group), org.map(|org| self.org(org)));
        self.row(table!(51 group), no.0, Group { org, name: name.to_owned(), live });
        match org {
            Some(org) => self.edge(table!(53 org_groups), org.0, no.0, ()),
            None => self.edge(table!(59 global_groups), 0, no.0, ()),
        }
        self.name(Scope::Groups(org.map(|org| org.0)), name, NameHolder::Group(no));
    }

    /// A role is held, until a time perhaps, or no more.
    pub(super) fn assignment(&mut self, role: &RoleId, to: &'a Assignee, window: Option<Window>) {
        let role = self.role(role).0;
        match to {
            Assignee::User(user) => {
                let user = self.user(user).0;
                self.edge(table!(55 role_user), user, role, window);
            }
            Assignee::Group(group) => {
                let group = self.group(group).0;
                self.edge(table!(56 role_group), group, role, window);
            }
        }
    }

    /// What nobody does without a tenant permission.
    pub(super) fn tenant_permission(&mut self, permission: &TenantPermission, privileges: &[Privilege]) {
        let (row, gated) = (self.permission(permission).0, self.privileges(privileges));
        self.row(table!(131 tenant_permission), row, gated);
    }

    /// A group has a tenant permission, or no more.
    pub(super) fn group_permission(&mut self, group: &GroupId, permission: &TenantPermission, has: bool) {
        let (group, permission) = (self.group(group).0, self.permission(permission).0);
        self.edge(table!(132 group_permission), group, permission, has);
        if has {
            self.row(table!(133 permission_granted), 0, ());
        }
    }

    /// A group is invited, or no more.
    pub(super) fn invited(
        &mut self,
        group: &GroupId,
        org: &'a OrgId,
        environment: Option<&EnvironmentId>,
        privileges: Option<&[Privilege]>,
    ) {
        let (group, privileges) = (self.group(group).0, privileges.map(|these| self.invitation(these)));
        if let Some(environment) = environment {
            let environment = self.environment(environment).0;
            return self.edge(table!(138 environment_invitation), group, environment, privileges);
        }
        let org = self.org(org);
        self.edge(table!(137 invitation), group, org.0, privileges);
        let known = self.last(|state| state.org.get(org.0, Position::MAX).map(|org| org.value.invites));
        if known == Some(false) {
            self.change_org(org, |org| org.invites = true);
        }
    }

    /// An environment, linked or no more.
    pub(super) fn environment_is(
        &mut self,
        environment: &EnvironmentId,
        org: &'a OrgId,
        name: &str,
        linked: Option<(Option<&str>, Option<&str>)>,
    ) {
        let (no, org) = (self.environment(environment), self.org(org));
        let (account, region) = linked.unwrap_or_default();
        let [account, region] = [account, region].map(|text| text.map(str::to_owned));
        let (live, called) = (linked.is_some(), name.to_owned());
        self.row(table!(135 environment), no.0, Environment { org, live, name: called, account, region });
        self.edge(table!(136 org_environments), org.0, no.0, ());
        self.name(Scope::Environments(org.0), name, NameHolder::Environment(no));
    }

    /// Content belongs to an environment.
    pub(super) fn in_environment(&mut self, resource: &ResourceId, environment: &EnvironmentId) {
        let (row, environment) = (self.resource(resource).0, Some(self.environment(environment)));
        let made = self.last(|state| state.resource.get(row, Position::MAX).map(|version| version.value));
        if let Some(made) = made {
            self.row(table!(60 resource), row, Resource { environment, ..made });
        }
    }

    /// What an invitation says, kept as a membership of the first type that never ends.
    fn invitation(&mut self, privileges: &[Privilege]) -> FormNo {
        let privileges = self.privileges(privileges);
        self.form_of(Subscription { user_type: UserTypeNo(0), privileges, window: Window::ALWAYS })
    }

    fn permission(&mut self, id: &TenantPermission) -> PermissionNo {
        PermissionNo(self.id(table!(130 tenant_permissions), id.as_str()))
    }

    fn environment(&mut self, id: &EnvironmentId) -> EnvironmentNo {
        EnvironmentNo(self.id(table!(134 environments), id.as_str()))
    }
}
