//! History: the positions of all events that concern a thing, from the timelines themselves.
//!
//! An event concerns what it changes: a membership concerns its user, a role assignment the role and the user or group,
//! a share the content and its audience. An org is concerned by all that stands in its history, twins included; a twin
//! concerns nothing else. Who acted, and whose content something is, is said in the events and is not asked here.

use std::collections::BTreeSet;

use tenure_events::Position;

use crate::lookup::Page;
use crate::state::State;
use crate::store::{Edges, Handle, Rows, Small};
use crate::values::{EnvironmentNo, GroupNo, KeyNo, OrgNo, ResourceNo, RoleNo, UserNo};
use crate::view::View;

/// What has a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are the kinds of things")]
pub enum Entity {
    Org(OrgNo),
    User(UserNo),
    Group(GroupNo),
    Role(RoleNo),
    Resource(ResourceNo),
    Environment(EnvironmentNo),
    Key(KeyNo),
}

/// In which order a history is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// From the last event to the first.
    NewestFirst,
    /// From the first event to the last.
    OldestFirst,
}

/// A page of the positions of the events that concern a thing and are known in the view, after the last of the page
/// before; each once. The next page begins after the position that it names.
///
/// It looks at every edge of the thing: a page of the history of a group costs its members, whatever the page holds.
#[must_use]
pub fn history(
    view: &View<'_>,
    entity: Entity,
    order: Order,
    after: Option<Position>,
    limit: usize,
) -> Page<Position, Position> {
    let (low, high) = match order {
        Order::NewestFirst => (0, after.map_or(Position::MAX, |after| after.saturating_sub(1)).min(view.position())),
        Order::OldestFirst => (after.map_or(0, |after| after.saturating_add(1)), view.position()),
    };
    let limit = limit.max(1);
    let mut sought = Sought { order, low, high, room: limit.saturating_add(1), found: BTreeSet::new() };
    Timelines { state: view.state(), sought: &mut sought }.of(entity);
    let mut items: Vec<Position> = match order {
        Order::NewestFirst => sought.found.into_iter().rev().collect(),
        Order::OldestFirst => sought.found.into_iter().collect(),
    };
    let more = items.len() > limit;
    items.truncate(limit);
    Page { next: items.last().copied().filter(|_| more), items }
}

/// The position of the last event that concerns a thing, as known in the view; none if nothing ever did.
#[must_use]
pub fn last_changed(view: &View<'_>, entity: Entity) -> Option<Position> {
    history(view, entity, Order::NewestFirst, None, 1).items.first().copied()
}

/// The best positions found so far.
struct Sought {
    order: Order,
    low: Position,
    high: Position,
    room: usize,
    found: BTreeSet<Position>,
}

impl Sought {
    /// Takes the positions of a timeline, newest first.
    fn timeline(&mut self, positions: impl Iterator<Item = Position>) {
        for position in positions {
            let full = self.found.len() == self.room;
            let too_old = match self.order {
                Order::NewestFirst => full && self.found.first().is_some_and(|oldest| position < *oldest),
                Order::OldestFirst => false,
            };
            if position < self.low || too_old {
                break;
            }
            let too_new = match self.order {
                Order::NewestFirst => false,
                Order::OldestFirst => full && self.found.last().is_some_and(|newest| position > *newest),
            };
            if position > self.high || too_new || !self.found.insert(position) || !full {
                continue;
            }
            match self.order {
                Order::NewestFirst => self.found.pop_first(),
                Order::OldestFirst => self.found.pop_last(),
            };
        }
    }
}

/// All timelines of a thing.
struct Timelines<'a> {
    state: &'a State,
    sought: &'a mut Sought,
}

impl<'a> Timelines<'a> {
    fn of(mut self, entity: Entity) {
        match entity {
            Entity::Org(org) => self.row(&self.state.org_sequence, org.0),
            Entity::User(user) => self.user(user.0),
            Entity::Group(group) => self.group(group.0),
            Entity::Role(role) => self.role(role.0),
            Entity::Resource(resource) => self.resource(resource.0),
            Entity::Environment(environment) => self.environment(environment.0),
            Entity::Key(key) => self.key(key.0),
        }
    }

    fn user(&mut self, user: Handle) {
        let state = self.state;
        self.row(&state.user, user);
        self.row(&state.profile, user);
        self.row(&state.signed_in, user);
        self.row(&state.credential_reset, user);
        self.row(&state.active_org, user);
        self.row(&state.user_ended, user);
        self.from(&state.identity_of, user);
        self.row(&state.confirmed_user, user);
        self.from(&state.confirmed_identity, user);
        self.from(&state.subscription, user);
        self.from(&state.member, user);
        self.from(&state.role_user, user);
        self.to(&state.share_user, user);
        self.to(&state.handed_user, user);
        self.to(&state.row_rule_user, user);
        for edge in state.user_keys.from(user) {
            self.key(edge.to);
        }
    }

    fn group(&mut self, group: Handle) {
        let state = self.state;
        self.row(&state.group, group);
        self.row(&state.group_ended, group);
        self.from(&state.managed, group);
        self.to(&state.member, group);
        self.from(&state.role_group, group);
        self.to(&state.share_group, group);
        self.from(&state.group_permission, group);
        self.from(&state.invitation, group);
        self.from(&state.environment_invitation, group);
        self.to(&state.handed_group, group);
    }

    fn role(&mut self, role: Handle) {
        let state = self.state;
        self.row(&state.role, role);
        self.row(&state.role_ended, role);
        self.to(&state.role_user, role);
        self.to(&state.role_group, role);
        self.to(&state.share_role, role);
        self.to(&state.handed_role, role);
    }

    fn resource(&mut self, resource: Handle) {
        let state = self.state;
        self.row(&state.resource, resource);
        self.row(&state.resource_name, resource);
        self.row(&state.exported, resource);
        self.row(&state.share_all, resource);
        self.row(&state.resource_ended, resource);
        self.from(&state.share_user, resource);
        self.from(&state.share_role, resource);
        self.from(&state.share_group, resource);
        self.from(&state.share_org, resource);
        self.from(&state.distributed, resource);
        self.row(&state.distributed_all, resource);
        self.from(&state.handed_user, resource);
        self.from(&state.handed_role, resource);
        self.from(&state.handed_group, resource);
        self.from(&state.row_rule_user, resource);
        self.from(&state.row_rule_org, resource);
    }

    fn environment(&mut self, environment: Handle) {
        let state = self.state;
        self.row(&state.environment, environment);
        self.to(&state.environment_invitation, environment);
    }

    fn key(&mut self, key: Handle) {
        let state = self.state;
        self.row(&state.key, key);
        self.row(&state.key_ended, key);
        self.row(&state.confirmed_key, key);
    }

    fn row<V>(&mut self, table: &'a Rows<V>, row: Handle) {
        self.sought.timeline(table.versions(row).map(|version| version.position));
    }

    fn from<V: Small>(&mut self, table: &'a Edges<V>, from: Handle) {
        table.from(from).for_each(|edge| self.sought.timeline(edge.versions().map(|version| version.position)));
    }

    fn to<V: Small>(&mut self, table: &'a Edges<V>, to: Handle) {
        table.to(to).for_each(|edge| self.sought.timeline(edge.versions().map(|version| version.position)));
    }
}
