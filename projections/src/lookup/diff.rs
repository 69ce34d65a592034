//! Differences: who can do more or less in one view than in an earlier one, because of events or because time passed.
//!
//! Both views are asked about everybody concerned, so that a window that ended and an ancestor that was shut out count
//! like a withdrawal: no list of causes could be complete.

use tenure_events::data::Level;

use super::people::{is_of, people};
use super::search::orgs_of;
use super::walk::{Flow, Walk};
use super::{Lookup, Page};
use crate::judge::{self, Action, Object, Question};
use crate::values::{OrgNo, OrgStatus, PrivilegeSet, ResourceNo, UserNo, UserStatus};
use crate::view::View;

/// What differences are asked of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// An org and all its people in it.
    Org(OrgNo),
    /// A user in all their orgs.
    User(UserNo),
}

/// One thing that is not as it was. Values are from before and from after; none where there is no such thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say what and of whom")]
pub enum Difference {
    /// Whether an org works.
    Org { org: OrgNo, before: Option<OrgStatus>, after: Option<OrgStatus> },
    /// Whether a user may act.
    User { user: UserNo, before: Option<UserStatus>, after: Option<UserStatus> },
    /// A user can enter an org, or no more.
    Entry { user: UserNo, org: OrgNo, gained: bool },
    /// A user can use more privileges in an org, or fewer.
    Privileges { user: UserNo, org: OrgNo, gained: PrivilegeSet, lost: PrivilegeSet },
    /// A user has content at another level.
    Level { user: UserNo, resource: ResourceNo, before: Option<Level>, after: Option<Level> },
}

impl<'a> Lookup<'a> {
    /// What is different in the view from what it was in an earlier one, as far as whoever looks may ask about it; with
    /// the levels at which these pieces of content are had.
    #[must_use]
    pub fn differences(&self, before: &View<'a>, scope: Scope, resources: &[ResourceNo]) -> Page<Difference> {
        let both = Both { before, after: &self.view };
        self.walk(|walk| match scope {
            Scope::Org(org) => self.of_org(walk, &both, org, resources),
            Scope::User(user) => self.of_user(walk, &both, user, resources),
        })
    }

    fn of_org(&self, walk: &mut Walk<Difference>, both: &Both<'_, 'a>, org: OrgNo, resources: &[ResourceNo]) -> Flow {
        let mut one = |walk: &mut Walk<_>, user: UserNo| {
            if !self.may_search(user, org) {
                return Flow::Continue(());
            }
            let levels = self.levels(both, user, resources);
            walk.all(both.user(user).into_iter().chain(both.access(user, org)).chain(levels))
        };
        walk.each([Part::Itself, Part::After, Part::Before], |walk, part| match part {
            Part::Itself => walk.take(both.org(org).filter(|_| self.sees_org(org))),
            Part::After => people(walk, both.after, org, &mut one),
            Part::Before => people(walk, both.before, org, &mut |walk, user| {
                if is_of(both.after, user, org) { Flow::Continue(()) } else { one(walk, user) }
            }),
        })
    }

    fn of_user(
        &self,
        walk: &mut Walk<Difference>,
        both: &Both<'_, 'a>,
        user: UserNo,
        resources: &[ResourceNo],
    ) -> Flow {
        let mut one = |walk: &mut Walk<_>, org: OrgNo| {
            if self.may_search(user, org) { walk.all(both.access(user, org)) } else { Flow::Continue(()) }
        };
        walk.each([Part::Itself, Part::After, Part::Before], |walk, part| match part {
            Part::Itself => {
                let itself = both.user(user).filter(|_| self.sees_user(user));
                walk.all(itself.into_iter().chain(self.levels(both, user, resources)))
            }
            Part::After => orgs_of(walk, both.after, user, &mut one),
            Part::Before => orgs_of(walk, both.before, user, &mut |walk, org| {
                if judge::belongs_effectively(both.after, user, org) { Flow::Continue(()) } else { one(walk, org) }
            }),
        })
    }

    fn levels(&self, both: &Both<'_, 'a>, user: UserNo, resources: &[ResourceNo]) -> impl Iterator<Item = Difference> {
        resources.iter().filter_map(move |no| {
            let org = both.after.resource(*no).or_else(|| both.before.resource(*no))?.value.org;
            both.level(user, *no).filter(|_| self.may_search(user, org))
        })
    }
}

enum Part {
    Itself,
    After,
    Before,
}

/// The two views, and how things differ between them.
struct Both<'b, 'a> {
    before: &'b View<'a>,
    after: &'b View<'a>,
}

impl<'a> Both<'_, 'a> {
    fn of<T: PartialEq>(&self, value: impl Fn(&View<'a>) -> T) -> Option<(T, T)> {
        Some((value(self.before), value(self.after))).filter(|(before, after)| before != after)
    }

    fn org(&self, org: OrgNo) -> Option<Difference> {
        let (before, after) = self.of(|view| view.org_status(org))?;
        Some(Difference::Org { org, before, after })
    }

    fn user(&self, user: UserNo) -> Option<Difference> {
        let (before, after) = self.of(|view| view.user(user).map(|user| user.value.status))?;
        Some(Difference::User { user, before, after })
    }

    fn access(&self, user: UserNo, org: OrgNo) -> impl Iterator<Item = Difference> {
        let enters = Question {
            subject: user.into(),
            action: Action::Level(Level::View),
            object: Object::Org(org),
            acting: None,
        };
        let entry = self.of(|view| judge::check(view, &enters, &mut ()));
        let privileges = self.of(|view| judge::privileges_as(view, &user.into(), org));
        let entry = entry.map(|(_, gained)| Difference::Entry { user, org, gained });
        entry.into_iter().chain(privileges.map(|(before, after)| {
            let (gained, lost) = (after.without(before), before.without(after));
            Difference::Privileges { user, org, gained, lost }
        }))
    }

    fn level(&self, user: UserNo, resource: ResourceNo) -> Option<Difference> {
        let has = |view: &View<'a>, level: &Level| {
            let (action, object) = (Action::Level(*level), Object::Resource(resource));
            judge::check(view, &Question { subject: user.into(), action, object, acting: None }, &mut ())
        };
        let levels = [Level::Manage, Level::Edit, Level::Use, Level::View];
        let (before, after) = self.of(|view| levels.into_iter().find(|level| has(view, level)))?;
        Some(Difference::Level { user, resource, before, after })
    }
}
