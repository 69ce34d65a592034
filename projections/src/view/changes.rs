//! What changed of one org in another since an event: for an ancestor that is told anew.

use std::collections::BTreeSet;

use tenure_events::Position;

use super::View;
use crate::values::{GroupNo, OrgNo, ResourceNo, UserNo};

/// Of an org, what changed in another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Its users whose membership or roles there did.
    pub users: BTreeSet<UserNo>,
    /// Its groups whose invitation or roles there did.
    pub groups: BTreeSet<GroupNo>,
    /// Its content that was copied there, and content there that was shared with it or its users, or is no more.
    pub resources: BTreeSet<ResourceNo>,
}

impl View<'_> {
    /// Adds what changed of `other` in an org after an event.
    pub fn changes_since(&self, org: OrgNo, other: OrgNo, since: Position, changes: &mut Changes) {
        let its_user = |user: &UserNo| self.home(*user) == Some(other);
        let its_group = |group: &GroupNo| {
            self.group(*group).is_some_and(|group| group.value.org.or_else(|| self.root()) == Some(other))
        };
        let new = |position| position > since;
        let members = self.to(|s| &s.subscription, org.0).filter(|(_, held)| new(held.position));
        changes.users.extend(members.map(|(user, _)| UserNo(user)).filter(its_user));
        let invited = self.to(|s| &s.invitation, org.0).filter(|(_, invited)| new(invited.position));
        changes.groups.extend(invited.map(|(group, _)| GroupNo(group)).filter(its_group));
        for (role, _) in self.from(|s| &s.org_roles, org.0) {
            let users = self.to(|s| &s.role_user, role).filter(|(_, held)| new(held.position));
            changes.users.extend(users.map(|(user, _)| UserNo(user)).filter(its_user));
            let groups = self.to(|s| &s.role_group, role).filter(|(_, held)| new(held.position));
            changes.groups.extend(groups.map(|(group, _)| GroupNo(group)).filter(its_group));
        }
        for (no, made) in self.from(|s| &s.org_resources, org.0) {
            let shared = self.edge(|s| &s.share_org, no, other.0).is_some_and(|share| new(share.position));
            let with_users = || {
                let mut users = self.from(|s| &s.share_user, no).filter(|(_, share)| new(share.position));
                users.any(|(user, _)| its_user(&UserNo(user)))
            };
            if shared || with_users() {
                changes.resources.insert(ResourceNo(no));
            }
            let source = self.row(|s| &s.source, no).map(|source| source.value).filter(|_| new(made.position));
            let theirs = |source: &ResourceNo| self.resource(*source).is_some_and(|source| source.value.org == other);
            changes.resources.extend(source.filter(theirs));
        }
    }
}
