//! What happened: events as they were stored, byte for byte, to those who may read them.

use std::fmt;
use std::ops::ControlFlow;
use std::str::FromStr;
use std::sync::Arc;

use axum::http::StatusCode;
use serde::Serialize;
use tenure_events::{Envelope, Position, Time};
use tenure_projections::history::{Entity, Order, history};
use tenure_projections::judge::Code;
use tenure_projections::sight;
use tenure_projections::values::{OrgNo, ResourceNo};

use super::super::answer::{Events, Reply};
use super::super::problem::Problem;
use super::ask::Ask;
use super::filter::{Filter, sees_event};
use crate::node::{AsOf, Node};

/// How many events one page looks at, whatever it finds.
const BUDGET: usize = 20_000;

/// The first position that a moment leaves to come: its own, or the first recorded then or later.
pub fn first(node: &Node, moment: AsOf) -> Result<Position, Problem> {
    match moment {
        AsOf::Position(position) => Ok(position.max(1)),
        AsOf::Place(place) => {
            let position = node.epochs().position(place).map_err(|past| Problem::past_epoch("from", &past))?;
            Ok(position.max(1))
        }
        AsOf::Time(time) => Ok(node.view(Some(AsOf::Time(just_before(time))), None)?.position().saturating_add(1)),
    }
}

/// `GET /v1/orgs/{org}/history`.
pub fn of_org(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let org = ask.org(ask.id())?;
    of(ask, Entity::Org(org), Some(org))
}

/// `GET /v1/users/{user}/history`.
pub fn of_user(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let user = ask.user(ask.id())?;
    of(ask, Entity::User(user), ask.live.home(user))
}

/// `GET /v1/groups/{id}/history`.
pub fn of_group(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let group = ask.group(ask.id())?;
    let org = ask.view.group(group).and_then(|group| group.value.org);
    of(ask, Entity::Group(group), org.or(ask.live.root()))
}

/// `GET /v1/roles/{id}/history`.
pub fn of_role(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let role = ask.role(ask.id())?;
    let org = ask.view.role(role).and_then(|role| role.value.org);
    of(ask, Entity::Role(role), org.or(ask.live.root()))
}

/// `GET /v1/resources/{id}/history`.
pub fn of_resource(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let resource = ask.resource(ask.id()).or_else(|hidden| once_public(ask).ok_or(hidden))?;
    of(ask, Entity::Resource(resource), ask.view.resource(resource).map(|resource| resource.value.org))
}

/// Content that lies in somebody's personal folder and did not always: to those who audit its org its history stays what
/// it was before it came there.
fn once_public(ask: &Ask<'_>) -> Option<ResourceNo> {
    let resource = ask.view.find_resource(ask.id())?;
    let org = ask.live.resource(resource)?.value.org;
    let audits = sight::reads_history(&ask.live, &ask.viewer, org);
    (audits && sight::was_ever_public(&ask.live, &ask.viewer, resource)).then_some(resource)
}

/// `GET /v1/environments/{id}/history`.
pub fn of_environment(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let environment = ask.environment(ask.id())?;
    of(ask, Entity::Environment(environment), ask.view.environment(environment).map(|found| found.value.org))
}

/// The history of a thing of an org, as far as the caller reads the histories of the orgs that it stands in.
fn of(ask: &Ask<'_>, entity: Entity, org: Option<OrgNo>) -> Result<Reply, Problem> {
    let own = ask.viewer.is_whole() && entity == Entity::User(ask.viewer.user);
    let reads = |org| sight::reads_history(&ask.live, &ask.viewer, org);
    if !own && !org.is_some_and(reads) {
        let detail = "reading a history needs `audit.read` in its org";
        return Err(Problem::new(StatusCode::FORBIDDEN, Code::NotHeld.name(), detail));
    }
    let page = history(&ask.view, entity, Order::OldestFirst, ask.after()?, ask.limit);
    let mut events = Vec::with_capacity(page.items.len());
    for position in page.items {
        let Some((bytes, envelope)) = stored(ask.node, position)? else { continue };
        if own || sees_event(&ask.live, &ask.viewer, &envelope) {
            events.push(bytes);
        }
    }
    list(ask, &events, page.next)
}

/// `GET /v1/events`: oldest first. A page looks at a bounded number of events, so it may hold few, or none, while more
/// follow.
pub fn events(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let (filter, unseen) = Filter::of(ask.params, &ask.live, &ask.viewer)?;
    let from = ask.params.moment("from")?.map(|moment| first(ask.node, moment)).transpose()?.unwrap_or(1);
    let head = ask.view.position();
    let is_place = |moment: &AsOf| matches!(moment, AsOf::Position(_) | AsOf::Place(_));
    if from > head.saturating_add(1) && ask.params.moment("from")?.as_ref().is_some_and(is_place) {
        return Err(Problem::beyond_end("from", from, head));
    }
    let place: Option<Place> = ask.after()?;
    let (begins, found) = place.map_or((from, false), |place| (place.after.saturating_add(1).max(from), place.found));
    let to = match ask.params.moment("to")? {
        Some(AsOf::Position(to)) => to.min(head),
        Some(AsOf::Place(to)) => {
            let to = ask.node.epochs().position(to).map_err(|past| Problem::past_epoch("to", &past))?;
            to.min(head)
        }
        Some(to) => ask.node.view(Some(to), None)?.position().min(head),
        None => head,
    };
    if to < from.saturating_sub(1) {
        return Err(Problem::invalid("events.backwards", "from", "`from` lies after `to`"));
    }
    let mut page = Scan { ask, filter: &filter, found: Vec::new(), seen: 0, last: begins.saturating_sub(1) };
    let org = filter.org().and_then(|org| ask.live.find_org(org));
    let next = match org.filter(|org| sight::reads_history(&ask.live, &ask.viewer, *org)) {
        Some(org) => page.of_org(org, to)?,
        None => page.of_all(to)?,
    };
    let found = found || !page.found.is_empty();
    match unseen.first() {
        // Whoever is not seen and did nothing that may be read is not there. That takes as long as if they were.
        Some(unseen) if next.is_none() && !found => Err(filter.not_there(*unseen)),
        Some(_) | None => list(ask, &page.found, next.map(|after| Place { after, found })),
    }
}

/// Where a list of events goes on, and whether any was found before.
struct Place {
    after: Position,
    found: bool,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.after, if self.found { "+" } else { "" })
    }
}

impl FromStr for Place {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (after, found) = text.strip_suffix('+').map_or((text, false), |after| (after, true));
        Ok(Self { after: after.parse()?, found })
    }
}

/// A page of events in the making.
struct Scan<'a> {
    ask: &'a Ask<'a>,
    filter: &'a Filter,
    found: Vec<Arc<[u8]>>,
    seen: usize,
    last: Position,
}

impl Scan<'_> {
    /// Through the history of one org. Answers the position that the next page begins after, if there is one.
    fn of_org(&mut self, org: OrgNo, to: Position) -> Result<Option<Position>, Problem> {
        let mut after = Some(self.last);
        while let Some(last) = after {
            let page = history(&self.ask.view, Entity::Org(org), Order::OldestFirst, Some(last), self.ask.limit);
            for position in page.items {
                if position > to {
                    return Ok(None);
                }
                if let Some((bytes, envelope)) = stored(self.ask.node, position)? {
                    self.take(position, &envelope, || bytes);
                }
                if self.is_full() {
                    return Ok(Some(position));
                }
            }
            after = page.next;
        }
        Ok(None)
    }

    /// Through the whole log.
    fn of_all(&mut self, to: Position) -> Result<Option<Position>, Problem> {
        let mut broken = None;
        let from = self.last.saturating_add(1);
        let scanned = self.ask.node.log().scan(from, |position, bytes| {
            if position > to || self.is_full() {
                return ControlFlow::Break(());
            }
            match tenure_events::parse(bytes) {
                Ok(envelope) => self.take(position, &envelope, || bytes.into()),
                Err(error) => {
                    broken = Some(error.to_string());
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        });
        scanned.map_err(|error| unreadable(&error))?;
        if let Some(error) = broken {
            return Err(unreadable(&error));
        }
        Ok(Some(self.last).filter(|last| *last < to && self.is_full()))
    }

    fn take(&mut self, position: Position, envelope: &Envelope, bytes: impl FnOnce() -> Arc<[u8]>) {
        (self.seen, self.last) = (self.seen + 1, position);
        if self.filter.wants(envelope) && sees_event(&self.ask.live, &self.ask.viewer, envelope) {
            self.found.push(bytes());
        }
    }

    fn is_full(&self) -> bool {
        self.found.len() >= self.ask.limit || self.seen >= BUDGET
    }
}

/// `GET /v1/events/{position}`.
pub fn event(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let place: tenure_events::Place = ask.id().parse().map_err(|_| Problem::not_found())?;
    let position = ask.node.epochs().position(place).map_err(|past| Problem::past_epoch("position", &past))?;
    let is_there = (1..=ask.view.position()).contains(&position);
    let found = if is_there { stored(ask.node, position)? } else { None };
    let seen = found.filter(|(_, envelope)| sees_event(&ask.live, &ask.viewer, envelope));
    let (bytes, _) = seen.ok_or_else(Problem::not_found)?;
    Ok(Reply::event(ask.view.position(), &bytes))
}

#[derive(Serialize)]
struct Page<'a> {
    items: Events<'a, Arc<[u8]>>,
    next_cursor: Option<String>,
    position: Position,
}

fn list(ask: &Ask<'_>, events: &[Arc<[u8]>], next: Option<impl ToString>) -> Result<Reply, Problem> {
    ask.one(&Page { items: Events(events), next_cursor: ask.bookmark(next), position: ask.view.position() })
}

/// An event: as it is stored, and read.
pub type Found = (Arc<[u8]>, Envelope);

/// The event of a position, if it is there.
pub fn stored(node: &Node, position: Position) -> Result<Option<Found>, Problem> {
    let mut found = node.log().read(position, 1).map_err(|error| unreadable(&error))?;
    let Some(stored) = found.pop() else { return Ok(None) };
    let envelope = tenure_events::parse(&stored.bytes).map_err(|error| unreadable(&error))?;
    Ok(Some((stored.bytes, envelope)))
}

fn unreadable(error: &dyn std::fmt::Display) -> Problem {
    tracing::error!(%error, "the log cannot be read");
    Problem::unavailable("log.unavailable", "the log cannot be read: see the node's log")
}

fn just_before(time: Time) -> Time {
    Time::from_micros(time.micros().saturating_sub(1))
}
