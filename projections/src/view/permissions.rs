//! Tenant permissions: what a team must have been given, beside what its members hold, to do some things anywhere.

use tenure_events::Position;
use tenure_events::data::Switch;

use super::View;
use crate::values::{GroupNo, PermissionNo, PrivilegeNo, PrivilegeSet, UserNo};

impl<'a> View<'a> {
    /// The tenant permission of this name.
    #[must_use]
    pub fn find_tenant_permission(&self, name: &str) -> Option<PermissionNo> {
        let no = self.find(|s| &s.tenant_permissions, name)?;
        self.row(|s| &s.tenant_permission, no).map(|_| PermissionNo(no))
    }

    /// The name of a tenant permission.
    #[must_use]
    pub fn tenant_permission_name(&self, permission: PermissionNo) -> &'a str {
        self.text(|s| &s.tenant_permissions, permission.0)
    }

    /// Every tenant permission, and the privileges that nobody uses without it.
    pub fn tenant_permissions(&self) -> impl Iterator<Item = (PermissionNo, PrivilegeSet)> + use<'a> {
        let view = *self;
        self.each_row(|s| &s.tenant_permission).filter_map(move |no| {
            let gated = view.row(|s| &s.tenant_permission, no)?.value;
            Some((PermissionNo(no), gated))
        })
    }

    /// Whether tenant permissions count.
    #[must_use]
    pub fn needs_tenant_permissions(&self) -> bool {
        match self.settings().map_or(Switch::Off, |settings| settings.value.tenant_permissions) {
            Switch::Off => false,
            Switch::OnceUsed => self.row(|s| &s.permission_granted, 0).is_some(),
            Switch::On => true,
        }
    }

    /// The live group whose members have every tenant permission.
    #[must_use]
    pub fn administrators(&self) -> Option<GroupNo> {
        let group = self.find_group(self.settings()?.value.administrators_group.as_ref()?.as_str())?;
        self.group(group).filter(|group| group.value.live).map(|_| group)
    }

    /// Since which event a user is one of the administrators, if they are.
    #[must_use]
    pub fn administrator_since(&self, user: UserNo) -> Option<Position> {
        self.membership(user, self.administrators()?)
    }

    /// Since which event a group has a tenant permission, beside being the administrators', who have all.
    #[must_use]
    pub fn group_permission(&self, group: GroupNo, permission: PermissionNo) -> Option<Position> {
        let has = self.edge(|s| &s.group_permission, group.0, permission.0).filter(|has| has.value)?;
        Some(has.position)
    }

    /// The tenant permissions that a group was given.
    pub fn group_permissions(&self, group: GroupNo) -> impl Iterator<Item = PermissionNo> + use<'a> {
        self.from(|s| &s.group_permission, group.0).filter(|(_, has)| has.value).map(|(no, _)| PermissionNo(no))
    }

    /// The live groups that were given a tenant permission.
    pub fn groups_with_permission(&self, permission: PermissionNo) -> impl Iterator<Item = GroupNo> + use<'a> {
        let view = *self;
        let groups = self.to(|s| &s.group_permission, permission.0).filter(|(_, has)| has.value);
        groups
            .map(|(group, _)| GroupNo(group))
            .filter(move |group| view.group(*group).is_some_and(|group| group.value.live))
    }

    /// Whether a user has a tenant permission, through whichever of their groups.
    #[must_use]
    pub fn has_tenant_permission(&self, user: UserNo, permission: PermissionNo) -> bool {
        let given = self.groups_of(user).any(|(group, ..)| self.group_permission(group, permission).is_some());
        given || self.administrator_since(user).is_some()
    }

    /// The privileges that a user has no use of for want of a tenant permission.
    #[must_use]
    pub fn closed_to(&self, user: UserNo) -> PrivilegeSet {
        if !self.needs_tenant_permissions() {
            return PrivilegeSet::NONE;
        }
        let missing =
            self.tenant_permissions().filter(|(permission, _)| !self.has_tenant_permission(user, *permission));
        missing.fold(PrivilegeSet::NONE, |closed, (_, gated)| closed.or(gated))
    }

    /// The events by which a user has the tenant permissions that a privilege needs: joined a group, and it was given.
    pub(crate) fn opened_by(&self, user: UserNo, privilege: PrivilegeNo) -> Vec<[Position; 2]> {
        if !self.needs_tenant_permissions() {
            return Vec::new();
        }
        let needed: Vec<_> = self.needed_for(privilege).collect();
        let given = self.groups_of(user).flat_map(|(group, _, joined)| {
            needed.iter().filter_map(move |no| Some([joined, self.group_permission(group, *no)?]))
        });
        let all = self.administrator_since(user).filter(|_| !needed.is_empty()).map(|joined| [joined, 0]);
        given.chain(all).collect()
    }

    /// The events that took the tenant permissions that a privilege needs from groups of a user.
    pub(crate) fn closed_by(&self, user: UserNo, privilege: PrivilegeNo) -> Vec<Position> {
        let taken = |group: GroupNo, no: PermissionNo| {
            self.edge(|s| &s.group_permission, group.0, no.0).filter(|has| !has.value).map(|has| has.position)
        };
        let groups = self.groups_of(user);
        groups.flat_map(|(group, ..)| self.needed_for(privilege).filter_map(move |no| taken(group, no))).collect()
    }

    fn needed_for(&self, privilege: PrivilegeNo) -> impl Iterator<Item = PermissionNo> + use<'a> {
        self.tenant_permissions().filter(move |(_, gated)| gated.has(privilege)).map(|(no, _)| no)
    }
}
