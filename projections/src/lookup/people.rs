//! Everybody who may have an effective path to an org, each once.

use super::walk::{Flow, Walk};
use crate::judge;
use crate::state::State;
use crate::store::Edges;
use crate::values::{GroupNo, OrgNo, RoleNo, UserNo};
use crate::view::View;

/// The first of the ways by which a user comes to an org: under which of its lists they are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Home,
    Member,
    Team,
    Invited(GroupNo),
    Role(RoleNo),
    Group(RoleNo, GroupNo),
}

/// Whether the user is one of the org's people.
pub(super) fn is_of(view: &View<'_>, user: UserNo, org: OrgNo) -> bool {
    place(view, user, org).is_some()
}

/// Goes through the org's people: at home there, members, the managing team, teams
/// that are invited, and, where roles need no membership, the
/// holders of its roles and of those of no org. Whether a path is effective is for the judge to say.
pub(super) fn people<T>(
    walk: &mut Walk<T>,
    view: &View<'_>,
    org: OrgNo,
    each: &mut impl FnMut(&mut Walk<T>, UserNo) -> Flow,
) -> Flow {
    let mut once = |walk: &mut Walk<T>, user, at| {
        if place(view, user, org) == Some(at) { each(walk, user) } else { Flow::Continue(()) }
    };
    let parts = [Part::Home, Part::Members, Part::Team, Part::Invited, Part::Roles(Some(org)), Part::Roles(None)];
    walk.each(parts, |walk, part| match part {
        Part::Home => walk.through(
            |below| view.numbered_from(|s| &s.home, org.0, below),
            |walk, (user, _)| once(walk, UserNo(user), Place::Home),
        ),
        Part::Members => walk.through(
            |below| view.numbered_to(|s| &s.subscription, org.0, below),
            |walk, (user, _)| once(walk, UserNo(user), Place::Member),
        ),
        Part::Team => match view.managing_group(org) {
            Some((team, _)) => members(walk, view, team, &mut |walk, user| once(walk, user, Place::Team)),
            None => Flow::Continue(()),
        },
        Part::Invited => walk.through(
            |below| view.numbered_to(|s| &s.invitation, org.0, below),
            |walk, (group, invited)| {
                let group = GroupNo(group);
                if invited.is_none_or(|invited| invited.value.is_none()) {
                    return Flow::Continue(());
                }
                members(walk, view, group, &mut |walk, user| once(walk, user, Place::Invited(group)))
            },
        ),
        Part::Roles(Some(_)) if view.roles_need_membership() => Flow::Continue(()),
        Part::Roles(of) => {
            let (table, from): (fn(&State) -> &Edges<()>, _) = match of {
                Some(org) => (|s| &s.org_roles, org.0),
                None => (|s| &s.global_roles, 0),
            };
            let list = |below| view.numbered_from(table, from, below);
            walk.through(list, |walk, (role, _)| {
                let role = RoleNo(role);
                let counts = !view.roles_need_membership() || judge::role_reaches(view, role);
                if counts { holders(walk, view, role, &mut once) } else { Flow::Continue(()) }
            })
        }
    })
}

/// The lists in which an org's people are found.
#[derive(Clone, Copy)]
enum Part {
    Home,
    Members,
    Team,
    Invited,
    Roles(Option<OrgNo>),
}

fn holders<T>(
    walk: &mut Walk<T>,
    view: &View<'_>,
    role: RoleNo,
    once: &mut impl FnMut(&mut Walk<T>, UserNo, Place) -> Flow,
) -> Flow {
    walk.each([true, false], |walk, users| {
        if users {
            let list = |below| view.numbered_to(|s| &s.role_user, role.0, below);
            return walk.through(list, |walk, (user, _)| once(walk, UserNo(user), Place::Role(role)));
        }
        let list = |below| view.numbered_to(|s| &s.role_group, role.0, below);
        walk.through(list, |walk, (group, held)| {
            let group = GroupNo(group);
            if held.is_none_or(|held| held.value.is_none()) {
                return Flow::Continue(());
            }
            members(walk, view, group, &mut |walk, user| once(walk, user, Place::Group(role, group)))
        })
    })
}

fn members<T>(
    walk: &mut Walk<T>,
    view: &View<'_>,
    group: GroupNo,
    each: &mut impl FnMut(&mut Walk<T>, UserNo) -> Flow,
) -> Flow {
    let list = |below| view.numbered_to(|s| &s.member, group.0, below);
    walk.through(list, |walk, (user, _)| each(walk, UserNo(user)))
}

fn place(view: &View<'_>, user: UserNo, org: OrgNo) -> Option<Place> {
    let home = view.home(user)?;
    if home == org {
        return Some(Place::Home);
    }
    if view.subscription(user, org).is_some() {
        return Some(Place::Member);
    }
    if view.managing_group(org).is_some_and(|(team, _)| view.membership(user, team).is_some()) {
        return Some(Place::Team);
    }
    let mut groups = view.groups_of(user).map(|(group, ..)| group);
    if let Some(group) = groups.find(|group| view.invitation(*group, org).is_some()) {
        return Some(Place::Invited(group));
    }
    let counts = |role: RoleNo| match view.roles_need_membership() {
        true => judge::role_reaches(view, role),
        false => view.role(role).is_some_and(|role| role.value.org.is_none_or(|of| of == org)),
    };
    let own = view.roles_of_user(user).map(|(role, ..)| role).find(|role| counts(*role)).map(Place::Role);
    own.or_else(|| {
        let roles = |group| view.roles_of_group(group).map(move |(role, ..)| Place::Group(role, group));
        let mut all = view.groups_of(user).flat_map(|(group, ..)| roles(group));
        all.find(|place| matches!(place, Place::Group(role, _) if counts(*role)))
    })
}
