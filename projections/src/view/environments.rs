//! Environments of orgs, and the teams that are invited to either.

use tenure_events::Position;

use super::{Fact, View};
use crate::values::{Environment, EnvironmentNo, GroupNo, OrgNo, PrivilegeSet};

impl<'a> View<'a> {
    /// The environment of this id, unlinked ones included.
    #[must_use]
    pub fn find_environment(&self, id: &str) -> Option<EnvironmentNo> {
        self.find(|s| &s.environments, id).map(EnvironmentNo).filter(|no| self.environment(*no).is_some())
    }

    /// The id of an environment.
    #[must_use]
    pub fn environment_id(&self, environment: EnvironmentNo) -> &'a str {
        self.text(|s| &s.environments, environment.0)
    }

    /// An environment.
    #[must_use]
    pub fn environment(&self, environment: EnvironmentNo) -> Fact<'a, Environment> {
        self.row(|s| &s.environment, environment.0)
    }

    /// The environments that an org has, newest first.
    pub fn environments(&self, org: OrgNo) -> impl Iterator<Item = EnvironmentNo> + use<'a> {
        let view = *self;
        let all = self.from(|s| &s.org_environments, org.0).map(|(no, _)| EnvironmentNo(no));
        all.filter(move |no| view.environment(*no).is_some_and(|environment| environment.value.live))
    }

    /// What the members of a group may do in an org for being invited to it, and since which event.
    #[must_use]
    pub fn invitation(&self, group: GroupNo, org: OrgNo) -> Option<(PrivilegeSet, Position)> {
        let version = self.edge(|s| &s.invitation, group.0, org.0)?;
        Some((self.form(version.value?)?.privileges, version.position))
    }

    /// What the members of a group may do in an environment beside, and since which event.
    #[must_use]
    pub fn environment_invitation(
        &self,
        group: GroupNo,
        environment: EnvironmentNo,
    ) -> Option<(PrivilegeSet, Position)> {
        let version = self.edge(|s| &s.environment_invitation, group.0, environment.0)?;
        Some((self.form(version.value?)?.privileges, version.position))
    }

    /// The orgs that a group is invited to.
    pub fn invitations(&self, group: GroupNo) -> impl Iterator<Item = (OrgNo, PrivilegeSet)> + use<'a> {
        let view = *self;
        self.from(|s| &s.invitation, group.0)
            .filter_map(move |(org, invited)| Some((OrgNo(org), view.form(invited.value?)?.privileges)))
    }

    /// The environments that a group is invited to, unlinked ones left out.
    pub fn environment_invitations(
        &self,
        group: GroupNo,
    ) -> impl Iterator<Item = (EnvironmentNo, OrgNo, PrivilegeSet)> + use<'a> {
        let view = *self;
        self.from(|s| &s.environment_invitation, group.0).filter_map(move |(no, invited)| {
            let environment = &view.environment(EnvironmentNo(no))?.value;
            let privileges = view.form(invited.value?)?.privileges;
            environment.live.then_some((EnvironmentNo(no), environment.org, privileges))
        })
    }

    /// The live groups that are invited to an org.
    pub fn invited(&self, org: OrgNo) -> impl Iterator<Item = GroupNo> + use<'a> {
        let view = *self;
        let groups = self.to(|s| &s.invitation, org.0).filter(|(_, invited)| invited.value.is_some());
        groups
            .map(|(group, _)| GroupNo(group))
            .filter(move |group| view.group(*group).is_some_and(|group| group.value.live))
    }
}
