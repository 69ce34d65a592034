//! Subscriptions, groups and roles.

use tenure_events::{Position, Time};

use super::{Fact, View};
use crate::values::{FormNo, Group, GroupNo, OrgNo, Role, RoleNo, Subscription, UserNo, UserTypeNo, Window};

impl<'a> View<'a> {
    /// A user's membership of an org, whether it is valid or not; none when there is none, or withdrawn.
    #[must_use]
    pub fn subscription(&self, user: UserNo, org: OrgNo) -> Option<(Subscription, Position)> {
        let version = self.edge(|s| &s.subscription, user.0, org.0)?;
        Some((self.form(version.value?)?, version.position))
    }

    /// Whether there has ever been a membership, and since when.
    #[must_use]
    pub fn ever_subscribed(&self, user: UserNo, org: OrgNo) -> bool {
        self.edge(|s| &s.subscription, user.0, org.0).is_some()
    }

    /// The event that made a user's membership of an org what it is, or ended it.
    #[must_use]
    pub fn subscription_changed(&self, user: UserNo, org: OrgNo) -> Option<Position> {
        self.edge(|s| &s.subscription, user.0, org.0).map(|version| version.position)
    }

    /// What a membership of an org left when it ended: its user type goes on capping what its user had there by other
    /// paths, up to the position, until they are a member anew. None while there is a membership that has not ended.
    #[must_use]
    pub fn left_cap(&self, user: UserNo, org: OrgNo) -> Option<(UserTypeNo, Position)> {
        let version = self.edge(|s| &s.subscription, user.0, org.0)?;
        let withdrawn = version.value.is_none();
        let form = version.value.or_else(|| {
            let supposed = version.position > self.position;
            let before = if supposed { self.position } else { version.position.saturating_sub(1) };
            self.base.subscription.get(user.0, org.0, before)?.value
        });
        let held = self.form(form?)?;
        let ends = held.window.until().filter(|until| *until <= self.instant);
        let timed = ends.map(|until| {
            let before = Time::from_micros(until.micros().saturating_sub(1));
            self.base.command_before(before).map_or(0, |(position, _)| position)
        });
        // What had ended already when it was withdrawn had ended then.
        let taken = withdrawn.then(|| version.position.saturating_sub(1));
        let until = timed.into_iter().chain(taken).min()?;
        let begun = held.window.from().is_none_or(|from| {
            if withdrawn {
                self.base.command_of(version.position).is_none_or(|(_, withdrawn)| from <= withdrawn)
            } else {
                true
            }
        });
        begun.then_some((held.user_type, until))
    }

    /// When a user last gave up something in an org by their own act: at which position, and time.
    #[must_use]
    pub fn left(&self, user: UserNo, org: OrgNo) -> Option<(Position, Time)> {
        let position = self.edge(|s| &s.left, user.0, org.0)?.position;
        let (_, time) = self.base.command_of(position)?;
        Some((position, time))
    }

    /// Everybody who was ever a member of an org, newest first.
    pub fn ever_members(&self, org: OrgNo) -> impl Iterator<Item = UserNo> + use<'a> {
        self.to(|s| &s.subscription, org.0).map(|(user, _)| UserNo(user))
    }

    /// A user's memberships.
    pub fn subscriptions(&self, user: UserNo) -> impl Iterator<Item = (OrgNo, Subscription, Position)> + use<'a> {
        let view = *self;
        self.from(|s| &s.subscription, user.0)
            .filter_map(move |(org, version)| Some((OrgNo(org), view.form(version.value?)?, version.position)))
    }

    /// Every org that the user may ever have worked in, some of them twice: what they made there is still theirs.
    pub fn ever_in(&self, user: UserNo) -> impl Iterator<Item = OrgNo> + use<'a> {
        let view = *self;
        let groups = move || view.from(|s| &s.member, user.0).map(|(group, _)| group);
        let own = self.from(|s| &s.role_user, user.0).map(|(role, _)| role);
        let roles =
            own.chain(groups().flat_map(move |group| view.from(|s| &s.role_group, group).map(|(role, _)| role)));
        let by_role = roles.filter_map(move |role| view.role(RoleNo(role))?.value.org);
        let managed = groups().flat_map(move |group| view.managed_by(GroupNo(group)));
        let invited = groups().flat_map(move |group| view.from(|s| &s.invitation, group).map(|(org, _)| OrgNo(org)));
        let member = self.from(|s| &s.subscription, user.0).map(|(org, _)| OrgNo(org));
        self.home(user).into_iter().chain(member).chain(by_role).chain(managed).chain(invited)
    }

    /// The memberships of an org, newest first.
    pub fn subscribers(&self, org: OrgNo) -> impl Iterator<Item = (UserNo, Subscription, Position)> + use<'a> {
        let view = *self;
        self.to(|s| &s.subscription, org.0)
            .filter_map(move |(user, version)| Some((UserNo(user), view.form(version.value?)?, version.position)))
    }

    /// A group.
    #[must_use]
    pub fn group(&self, group: GroupNo) -> Fact<'a, Group> {
        self.row(|s| &s.group, group.0)
    }

    /// Since which event there is a group.
    #[must_use]
    pub fn group_since(&self, group: GroupNo) -> Option<Position> {
        self.state()
            .group
            .versions(group.0)
            .last()
            .map(|first| first.position)
            .filter(|first| *first <= self.position())
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

    /// The live global roles.
    pub fn global_roles(&self) -> impl Iterator<Item = RoleNo> + use<'a> {
        let view = *self;
        let live = move |role: &RoleNo| view.role(*role).is_some_and(|role| role.value.live);
        self.from(|s| &s.global_roles, 0).map(|(role, _)| RoleNo(role)).filter(live)
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

    /// Forms never change: which one counts is said at the subscription.
    pub(crate) fn form(&self, form: FormNo) -> Option<Subscription> {
        self.row(|s| &s.form, form.row()).map(|form| form.value)
    }
}
