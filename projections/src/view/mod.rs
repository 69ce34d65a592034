//! A view: the state as of a position, judged at an instant. Every question is asked of one.

mod changes;
mod content;
mod environments;
mod grants;
mod ids;
mod issuers;
mod licences;
mod lists;
mod orgs;
mod packs;
mod permissions;
mod users;

use tenure_events::{Envelope, Event, Hash, OrgId, Position, Time, UserId};
use uuid::Uuid;

pub use changes::Changes;

use crate::state::State;
use crate::store::{Edges, Handle, Ids, Rows, Small, Version};

/// What was known at a position, and what of it was valid at an instant.
#[derive(Clone, Copy)]
pub struct View<'a> {
    base: &'a State,
    over: Option<&'a State>,
    position: Position,
    instant: Time,
    /// When trials and licences are judged: they say who works today, not what anybody has.
    licences: Time,
}

/// A value and the position of the event that made it so.
pub type Fact<'a, V> = Option<&'a Version<V>>;

impl<'a> View<'a> {
    /// The state as of the end of the command that the position belongs to, judged at the instant.
    ///
    /// The caller keeps to positions that are durable, unless it is the writer.
    #[must_use]
    pub const fn new(base: &'a State, position: Position, instant: Time) -> Self {
        Self { base, over: None, position, instant, licences: instant }
    }

    /// This view with hypothetical events on top, installed by [`State::suppose`].
    #[must_use]
    pub const fn over(self, over: &'a State) -> Self {
        Self { over: Some(over), ..self }
    }

    /// The same knowledge judged at another instant.
    #[must_use]
    pub const fn at(self, instant: Time) -> Self {
        Self { instant, licences: instant, ..self }
    }

    /// The same knowledge at a later instant, as if no trial and no licence ended until then: what people have, whether
    /// they may use it that day or not.
    #[must_use]
    pub const fn later(self, instant: Time) -> Self {
        Self { instant, ..self }
    }

    /// The instant that trials and licences are judged at.
    #[must_use]
    pub(crate) const fn licences_at(&self) -> Time {
        self.licences
    }

    /// The position that it reflects.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// The instant that windows are judged at.
    #[must_use]
    pub const fn instant(&self) -> Time {
        self.instant
    }

    /// The state below.
    #[must_use]
    pub const fn state(&self) -> &'a State {
        self.base
    }

    /// An event for [`State::suppose`], as if it came next: no place in the log, no hash.
    #[must_use]
    pub fn supposed(&self, org: OrgId, actor: UserId, event: Event) -> Envelope {
        Envelope {
            log: Uuid::nil(),
            epoch: 0,
            position: self.position.saturating_add(1),
            prev: Hash::default(),
            id: Uuid::nil(),
            time: self.instant,
            org,
            org_sequence: 0,
            command: Uuid::nil(),
            command_name: "".into(),
            index: 0,
            count: 1,
            actor,
            on_behalf_of: None,
            correlation: Uuid::nil(),
            causation: None,
            body_hash: None,
            reason: None,
            twin_of: None,
            event,
        }
    }

    pub(crate) fn row<V>(&self, table: fn(&State) -> &Rows<V>, row: Handle) -> Fact<'a, V> {
        let over = self.over.and_then(|over| table(over).get(row, Position::MAX));
        over.or_else(|| table(self.base).get(row, self.position))
    }

    pub(crate) fn edge<V: Small>(
        &self,
        table: fn(&State) -> &Edges<V>,
        from: Handle,
        to: Handle,
    ) -> Option<Version<V>> {
        let over = self.over.and_then(|over| table(over).get(from, to, Position::MAX));
        over.or_else(|| table(self.base).get(from, to, self.position))
    }

    /// Edges that leave a thing and are known in this view: the other end and the value, newest edge first.
    pub(crate) fn from<V: Small + 'a>(
        &self,
        table: fn(&State) -> &Edges<V>,
        from: Handle,
    ) -> impl Iterator<Item = (Handle, Version<V>)> + use<'a, V> {
        let Self { base, over, position, .. } = *self;
        let supposed = move |to| over.and_then(|over| table(over).get(from, to, Position::MAX));
        let new = over.into_iter().flat_map(move |over| table(over).from(from));
        let new = new.filter(move |edge| table(base).get(from, edge.to, position).is_none());
        let new = new.filter_map(move |edge| supposed(edge.to).map(|version| (edge.to, version)));
        new.chain(
            table(base).from(from).filter_map(move |edge| {
                edge.at(position).map(|version| (edge.to, supposed(edge.to).unwrap_or(version)))
            }),
        )
    }

    /// Edges that arrive at a thing and are known in this view: the other end and the value, newest edge first.
    pub(crate) fn to<V: Small + 'a>(
        &self,
        table: fn(&State) -> &Edges<V>,
        to: Handle,
    ) -> impl Iterator<Item = (Handle, Version<V>)> + use<'a, V> {
        let Self { base, over, position, .. } = *self;
        let supposed = move |from| over.and_then(|over| table(over).get(from, to, Position::MAX));
        let new = over.into_iter().flat_map(move |over| table(over).to(to));
        let new = new.filter(move |edge| table(base).get(edge.from, to, position).is_none());
        let new = new.filter_map(move |edge| supposed(edge.from).map(|version| (edge.from, version)));
        new.chain(table(base).to(to).filter_map(move |edge| {
            edge.at(position).map(|version| (edge.from, supposed(edge.from).unwrap_or(version)))
        }))
    }

    /// The rows of a table that may be known in this view.
    pub(crate) fn each_row<V: 'a>(&self, table: fn(&State) -> &Rows<V>) -> impl Iterator<Item = Handle> + use<'a, V> {
        let base = self.base;
        let new = self.over.into_iter().flat_map(move |over| table(over).rows());
        table(base).rows().chain(new.filter(move |row| table(base).get(*row, Position::MAX).is_none()))
    }

    fn find(&self, ids: fn(&State) -> &Ids, text: &str) -> Option<Handle> {
        ids(self.base).find(text).or_else(|| self.over.and_then(|over| ids(over).find(text)))
    }

    fn text(&self, ids: fn(&State) -> &Ids, handle: Handle) -> &'a str {
        let text = ids(self.base).text(handle).or_else(|| self.over.and_then(|over| ids(over).text(handle)));
        text.unwrap_or_default()
    }
}

/// By how much the last recorded time may be ahead of the clock for both to be taken for the same. Events of one moment
/// go on by the microsecond, and clocks are set back by a little.
const LEAD: i64 = 60;

/// When it is, by the clock and the last recorded time: never before that, unless it is so far ahead that a clock was wrong
/// when it was recorded.
#[must_use]
pub fn judged_at(now: Time, recorded: Time) -> Time {
    if recorded > now.plus_seconds(LEAD) { now } else { now.max(recorded) }
}
