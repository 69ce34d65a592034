//! What a replica answers, and how old that is.

use std::sync::Arc;
use std::time::Duration;

use tenure_events::data::DataPermission;
use tenure_events::{Position, Time};
use tenure_projections::judge::{Asked, Reason};
use tenure_projections::{State, View, judged_at};

use crate::core::Known;

/// An answer, with what marks it: the position that it is of, and its age.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Whether the subject may do it. Whoever acts on this heeds the filter as well.
    pub allowed: bool,
    /// Which rows they see, where row rules bind them: those that pass it.
    pub row_filter: Option<String>,
    /// With whose rights the data is read, where that is said.
    pub data_permission: Option<DataPermission>,
    /// The position that the answer is of.
    pub position: Position,
    /// The answer rests on all that the node had acknowledged so long ago; none if that was never so.
    pub age: Option<Duration>,
}

/// What was shown at a moment, which stays as it is however the replica goes on.
pub struct Snapshot {
    known: Arc<Known>,
    position: Position,
    instant: Time,
    age: Option<Duration>,
}

impl Snapshot {
    pub(crate) fn of(known: Arc<Known>, now: Time, age: Option<Duration>) -> Self {
        let position = known.position();
        let instant = judged_at(now, Time::from_micros(known.recorded()));
        Self { known, position, instant, age }
    }

    /// The view: what was known then, judged then. Views of the past are made of [`Snapshot::state`].
    #[must_use]
    pub fn view(&self) -> View<'_> {
        View::new(&self.known.state, self.position, self.instant)
    }

    /// The state below the view, of which views of the past are made: see [`View::new`] and [`State::command_of`]. What lies
    /// behind [`Snapshot::position`] in it is not proved, and means nothing.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.known.state
    }

    /// The position that the view is of.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// The view holds all that the node had acknowledged so long ago; none if that was never so.
    #[must_use]
    pub const fn age(&self) -> Option<Duration> {
        self.age
    }

    /// Answers a question by ids. Nobody may do what is not known here.
    #[must_use]
    pub fn ask(&self, asked: &Asked<'_>) -> Answer {
        let view = self.view();
        let resolved = asked.resolve(&view);
        let allowed = resolved.check(view).is_ok();
        let obligations = if allowed { resolved.obligations(view) } else { None };
        Answer {
            allowed,
            row_filter: obligations.as_ref().and_then(|found| found.row_filter()),
            data_permission: obligations.and_then(|found| found.data_permission),
            position: self.position,
            age: self.age,
        }
    }

    /// The reasons for an answer, with the positions of the events that made it so.
    #[must_use]
    pub fn explain(&self, asked: &Asked<'_>) -> (bool, Vec<Reason>) {
        let view = self.view();
        asked.resolve(&view).explain(view)
    }
}
