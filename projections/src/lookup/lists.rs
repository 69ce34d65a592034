//! What belongs to what: the lists that views hold, newest first.

use tenure_events::Position;

use super::{Lookup, Page};
use crate::sight;
use crate::state::State;
use crate::store::{Edges, Handle, Small, Version};
use crate::values::{
    EnvironmentNo, GroupNo, KeyNo, OrgNo, ResourceNo, RoleNo, Share, Subscription, UserNo, UserStatus, Window,
};

/// Who holds a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// A user.
    User(UserNo),
    /// The members of a group.
    Group(GroupNo),
}

/// With whom content is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    /// A user.
    User(UserNo),
    /// Whoever holds a role.
    Role(RoleNo),
    /// The members of a group.
    Group(GroupNo),
    /// Everybody who works in an org.
    Org(OrgNo),
    /// Everybody in every org.
    AllOrgs,
}

/// Lists along edges, newest first.
impl<'a> Lookup<'a> {
    /// The orgs directly below an org.
    #[must_use]
    pub fn children(&self, org: OrgNo) -> Page<OrgNo> {
        self.from(
            |s| &s.org_children,
            org.0,
            |child, there| there?.value.then_some(OrgNo(child)).filter(|child| self.sees_org(*child)),
        )
    }

    /// Every org.
    #[must_use]
    pub fn orgs(&self) -> Page<OrgNo> {
        let list = |below| (0..self.view.org_count().min(below)).rev().map(|no| (no, OrgNo(no)));
        let seen = |org: &OrgNo| self.view.org_status(*org).is_some() && self.sees_org(*org);
        self.walk(|walk| walk.through(list, |walk, org| walk.take(Some(org).filter(seen))))
    }

    /// The memberships of an org, valid at the instant or not, and the events that they stand by.
    #[must_use]
    pub fn subscriptions(&self, org: OrgNo) -> Page<(UserNo, Subscription, Position)> {
        self.to(
            |s| &s.subscription,
            org.0,
            |user, held| {
                let (held, user) = (held?, UserNo(user));
                let seen = self.sees(|live, viewer| sight::sees_subscription(live, viewer, user, org));
                self.view.form(held.value.filter(|_| seen)?).map(|form| (user, form, held.position))
            },
        )
    }

    /// The memberships of a user, valid at the instant or not, and the events that they stand by.
    #[must_use]
    pub fn subscriptions_of(&self, user: UserNo) -> Page<(OrgNo, Subscription, Position)> {
        self.from(
            |s| &s.subscription,
            user.0,
            |org, held| {
                let (held, org) = (held?, OrgNo(org));
                let seen = self.sees(|live, viewer| sight::sees_subscription(live, viewer, user, org));
                self.view.form(held.value.filter(|_| seen)?).map(|form| (org, form, held.position))
            },
        )
    }

    /// The roles of an org; without one, those that are of no org.
    #[must_use]
    pub fn roles(&self, org: Option<OrgNo>) -> Page<RoleNo> {
        let role = |role, there: Option<Version<()>>| {
            let role = there.map(|_| RoleNo(role))?;
            let live = self.view.role(role).is_some_and(|role| role.value.live);
            (live && self.sees(|view, viewer| sight::sees_role(view, viewer, role))).then_some(role)
        };
        match org {
            Some(org) => self.from(|s| &s.org_roles, org.0, role),
            None => self.from(|s| &s.global_roles, 0, role),
        }
    }

    /// The groups of an org; without one, those that are of no org.
    #[must_use]
    pub fn groups(&self, org: Option<OrgNo>) -> Page<GroupNo> {
        let group = |group, there: Option<Version<()>>| {
            let group = there.map(|_| GroupNo(group))?;
            let live = self.view.group(group).is_some_and(|group| group.value.live);
            (live && self.sees(|view, viewer| sight::sees_group(view, viewer, group))).then_some(group)
        };
        match org {
            Some(org) => self.from(|s| &s.org_groups, org.0, group),
            None => self.from(|s| &s.global_groups, 0, group),
        }
    }

    /// The groups of an org, then those from elsewhere that are invited to it.
    #[must_use]
    pub fn groups_and_teams(&self, org: OrgNo) -> Page<GroupNo> {
        let group = |group: GroupNo| {
            let live = self.view.group(group).is_some_and(|group| group.value.live);
            (live && self.sees(|view, viewer| sight::sees_group(view, viewer, group))).then_some(group)
        };
        let foreign = |group: &GroupNo| self.view.group(*group).is_some_and(|group| group.value.org != Some(org));
        self.walk(|walk| {
            walk.each([true, false], |walk, own| {
                if own {
                    let list = |below| self.view.numbered_from(|s| &s.org_groups, org.0, below);
                    return walk.through(list, |walk, (no, there)| walk.take(there.and_then(|_| group(GroupNo(no)))));
                }
                let list = |below| self.view.numbered_to(|s| &s.invitation, org.0, below);
                walk.through(list, |walk, (no, invited)| {
                    let invited = invited.is_some_and(|invited| invited.value.is_some());
                    walk.take(Some(GroupNo(no)).filter(|_| invited).filter(foreign).and_then(group))
                })
            })
        })
    }

    /// The environments that an org has.
    #[must_use]
    pub fn environments(&self, org: OrgNo) -> Page<EnvironmentNo> {
        self.from(
            |s| &s.org_environments,
            org.0,
            |no, there| {
                let no = there.map(|_| EnvironmentNo(no))?;
                let live = self.view.environment(no).is_some_and(|environment| environment.value.live);
                (live && self.sees(|view, viewer| sight::sees_inside(view, viewer, org))).then_some(no)
            },
        )
    }

    /// The members of a group, and since which event each belongs to it.
    #[must_use]
    pub fn members(&self, group: GroupNo) -> Page<(UserNo, Position)> {
        self.to(
            |s| &s.member,
            group.0,
            |user, there| {
                let there = there.filter(|there| there.value)?;
                Some((UserNo(user), there.position)).filter(|(user, _)| self.sees_user(*user))
            },
        )
    }

    /// The content of an org.
    #[must_use]
    pub fn resources(&self, org: OrgNo) -> Page<ResourceNo> {
        self.from(|s| &s.org_resources, org.0, |no, there| there.and_then(|_| self.live_resource(ResourceNo(no))))
    }

    /// What lies directly in a folder.
    #[must_use]
    pub fn contents(&self, folder: ResourceNo) -> Page<ResourceNo> {
        self.from(
            |s| &s.resource_children,
            folder.0,
            |no, there| there.filter(|there| there.value).and_then(|_| self.live_resource(ResourceNo(no))),
        )
    }

    /// The keys of a user that are neither revoked nor void by a reset.
    #[must_use]
    pub fn keys(&self, user: UserNo) -> Page<KeyNo> {
        self.from(
            |s| &s.user_keys,
            user.0,
            |key, there| {
                let key = there.map(|_| KeyNo(key))?;
                let usable = self.view.usable_key(key).is_some();
                (usable && self.sees(|live, viewer| sight::sees_key(live, viewer, key))).then_some(key)
            },
        )
    }

    /// The users of an org: at home there, or members; erased ones left out.
    #[must_use]
    pub fn users(&self, org: OrgNo) -> Page<UserNo> {
        let user = |user| {
            let there = self.view.user(user).is_some_and(|user| user.value.status != UserStatus::Erased);
            (there && self.sees_user(user)).then_some(user)
        };
        let foreign = |user| self.view.home(user) != Some(org);
        self.walk(|walk| {
            walk.each([true, false], |walk, home| {
                if home {
                    let list = |below| self.view.numbered_from(|s| &s.home, org.0, below);
                    return walk.through(list, |walk, (no, there)| walk.take(there.and_then(|_| user(UserNo(no)))));
                }
                let list = |below| self.view.numbered_to(|s| &s.subscription, org.0, below);
                walk.through(list, |walk, (no, held)| {
                    let member = held.is_some_and(|held| held.value.is_some()) && foreign(UserNo(no));
                    walk.take(member.then(|| user(UserNo(no))).flatten())
                })
            })
        })
    }

    /// Who holds a role, valid at the instant or not, and the event that each assignment stands by.
    #[must_use]
    pub fn holders(&self, role: RoleNo) -> Page<(Holder, Window, Position)> {
        let item = |holder, fact: Option<Version<Option<Window>>>| {
            let fact = fact?;
            fact.value.filter(|_| self.sees_holder(holder)).map(|window| (holder, window, fact.position))
        };
        self.walk(|walk| {
            walk.each([true, false], |walk, users| {
                if users {
                    let list = |below| self.view.numbered_to(|s| &s.role_user, role.0, below);
                    return walk.through(list, |walk, (no, held)| walk.take(item(Holder::User(UserNo(no)), held)));
                }
                let list = |below| self.view.numbered_to(|s| &s.role_group, role.0, below);
                walk.through(list, |walk, (no, held)| walk.take(item(Holder::Group(GroupNo(no)), held)))
            })
        })
    }

    /// With whom a piece of content itself is shared, valid at the instant or not, and the event that each share stands
    /// by.
    #[must_use]
    pub fn shares(&self, resource: ResourceNo) -> Page<(Audience, Share, Position)> {
        type Table = (fn(&State) -> &Edges<Option<Share>>, fn(Handle) -> Audience);
        let tables: [Table; 4] = [
            (|s| &s.share_user, |no| Audience::User(UserNo(no))),
            (|s| &s.share_role, |no| Audience::Role(RoleNo(no))),
            (|s| &s.share_group, |no| Audience::Group(GroupNo(no))),
            (|s| &s.share_org, |no| Audience::Org(OrgNo(no))),
        ];
        let item = |with, share: Option<Version<Option<Share>>>| {
            let fact = share?;
            fact.value.filter(|_| self.sees_audience(with)).map(|share| (with, share, fact.position))
        };
        self.walk(|walk| {
            walk.each(tables.into_iter().map(Some).chain([None]), |walk, table| {
                let Some((table, with)) = table else {
                    return walk.take(item(Audience::AllOrgs, self.view.row(|s| &s.share_all, resource.0).copied()));
                };
                let list = |below| self.view.numbered_from(table, resource.0, below);
                walk.through(list, |walk, (no, share)| walk.take(item(with(no), share)))
            })
        })
    }

    fn live_resource(&self, no: ResourceNo) -> Option<ResourceNo> {
        let live = self.view.resource(no).is_some_and(|resource| resource.value.live);
        (live && self.sees_resource(no)).then_some(no)
    }

    fn sees_holder(&self, holder: Holder) -> bool {
        match holder {
            Holder::User(user) => self.sees_user(user),
            Holder::Group(group) => self.sees(|live, viewer| sight::sees_group(live, viewer, group)),
        }
    }

    pub(super) fn sees_audience(&self, with: Audience) -> bool {
        match with {
            Audience::User(user) => self.sees_user(user),
            Audience::Role(role) => self.sees(|live, viewer| sight::sees_role(live, viewer, role)),
            Audience::Group(group) => self.sees(|live, viewer| sight::sees_group(live, viewer, group)),
            Audience::Org(org) => self.sees_org(org),
            Audience::AllOrgs => true,
        }
    }

    /// What an item of the list is, from the other ends of edges that leave a thing.
    fn from<V: Small + 'a, T>(
        &self,
        table: fn(&State) -> &Edges<V>,
        from: Handle,
        item: impl Fn(Handle, Option<Version<V>>) -> Option<T>,
    ) -> Page<T> {
        let list = |below| self.view.numbered_from(table, from, below);
        self.walk(|walk| walk.through(list, |walk, (other, fact)| walk.take(item(other, fact))))
    }

    /// As [`Lookup::from`], of edges that arrive.
    fn to<V: Small + 'a, T>(
        &self,
        table: fn(&State) -> &Edges<V>,
        to: Handle,
        item: impl Fn(Handle, Option<Version<V>>) -> Option<T>,
    ) -> Page<T> {
        let list = |below| self.view.numbered_to(table, to, below);
        self.walk(|walk| walk.through(list, |walk, (other, fact)| walk.take(item(other, fact))))
    }
}
