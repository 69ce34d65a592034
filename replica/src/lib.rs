//! Tenure in a service's own process: a replica follows the events on NATS and answers, from memory, who may do what.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use tenure_projections::judge::{Asked, Thing, Who};
//! use tenure_replica::{Config, Replica};
//!
//! let nats = async_nats::connect("nats://127.0.0.1:4222").await?;
//! let replica = Replica::connect(Config::new(nats).checkpoint("replica.checkpoint")).await?;
//! replica.caught_up().await?;
//! let asked = Asked::new(Who::User("jane"), "chart.edit", Thing::Org("kickstart"));
//! if replica.ask(&asked) {
//!     // …
//! }
//! # Ok(())
//! # }
//! ```
//!
//! What it reads it proves: each event names its log, its position, the hash of the event before it and its place in its
//! command, and all four must be right. What does not prove right, and an event type that this version does not know, ends
//! the replica with a [`Fault`] that names the place; until then nothing of it is shown. A [`View`] is of the end of a
//! command, never of its middle. A connection that breaks off is taken up again where it was.
//!
//! It follows all events, whichever orgs a service serves: what somebody may do in one org depends on others, on those above
//! it, on the groups and roles of the platform, on the home of the user.

mod changes;
mod checkpoint;
mod clock;
mod config;
mod core;
mod fault;
mod feed;
mod follow;
mod lag;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tenure_events::{Position, Time};
use tenure_projections::judge::{self, Asked, Question, Reason};
use tenure_projections::{State, View};
use tokio::task::AbortHandle;

pub use changes::{Changed, Changes, ChangesError};
pub use checkpoint::CheckpointUse;
pub use config::Config;
pub use fault::{ConnectError, Fault, TooOld};
pub use lag::Lag;

use crate::core::Core;
use crate::follow::Following;

/// A running replica.
///
/// Dropped, it ends where it is; [`Replica::close`] writes a checkpoint first.
pub struct Replica {
    core: Arc<Core>,
    checkpoint: CheckpointUse,
    tasks: [AbortHandle; 2],
    following: Option<Following>,
}

/// How a replica is.
#[derive(Debug, Clone)]
pub struct Status {
    /// The position that its live view is of.
    pub position: Position,
    /// How far that is behind the stream.
    pub lag: Lag,
    /// Why the stream cannot be read at the moment, or no checkpoint be written; the replica goes on trying.
    pub trouble: Option<String>,
    /// Why the replica ended.
    pub fault: Option<Fault>,
}

impl Replica {
    /// Loads the checkpoint, if there is one of use, and begins to follow the stream. Returns before it has caught up: see
    /// [`Replica::caught_up`].
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn connect(config: Config) -> Result<Self, ConnectError> {
        feed::connect(config).await
    }

    /// The live view: what is known here, judged now. It may be a little behind: see [`Replica::lag`] and
    /// [`Replica::view_within`].
    #[must_use]
    pub fn view(&self) -> View<'_> {
        let position = self.position();
        let recorded = Time::from_micros(self.core.time.load(Ordering::Acquire));
        View::new(&self.core.state, position, clock::now().max(recorded))
    }

    /// The live view, if it holds all that was in the stream so long ago. The stream is asked once a second, so that less
    /// than two seconds are refused now and then without need.
    ///
    /// # Errors
    /// It holds less.
    pub fn view_within(&self, most: Duration) -> Result<View<'_>, TooOld> {
        let view = self.view();
        let lag = self.lag();
        if lag.since.is_some_and(|since| since <= most) { Ok(view) } else { Err(TooOld { lag, most }) }
    }

    /// The state below the views, of which views of the past are made too: see [`View::new`] and [`State::command_of`].
    #[must_use]
    pub fn state(&self) -> &State {
        &self.core.state
    }

    /// Whether the subject may do it, in the live view. Costs what [`judge::check`] costs, and the time of day.
    #[must_use]
    pub fn check(&self, question: &Question) -> bool {
        judge::check(&self.view(), question, &mut ())
    }

    /// The same for a question by ids. Nobody may do what is not known here.
    #[must_use]
    pub fn ask(&self, asked: &Asked<'_>) -> bool {
        let view = self.view();
        asked.resolve(&view).check(view).is_ok()
    }

    /// The answer and the reasons for it, with the positions of the events that made it so.
    #[must_use]
    pub fn explain(&self, asked: &Asked<'_>) -> (bool, Vec<Reason>) {
        let view = self.view();
        asked.resolve(&view).explain(view)
    }

    /// The position that the live view is of.
    #[must_use]
    pub fn position(&self) -> Position {
        self.core.state.durable()
    }

    /// Waits until the live view is at a position or beyond: the one that an answer of Tenure named, so that one reads what
    /// one wrote. Waits for ever if the position never comes: put a timeout around it.
    ///
    /// # Errors
    /// Why the replica ended before.
    pub async fn wait_for(&self, position: Position) -> Result<(), Fault> {
        self.core.wait_for(position).await
    }

    /// Waits until the live view holds all that is known to be in the stream as this is called.
    ///
    /// # Errors
    /// Why the replica ended before.
    pub async fn caught_up(&self) -> Result<(), Fault> {
        self.core.wait_for(self.core.progress.last()).await
    }

    /// How far the live view is behind the stream.
    #[must_use]
    pub fn lag(&self) -> Lag {
        self.core.progress.lag(self.position())
    }

    /// How the replica is.
    #[must_use]
    pub fn status(&self) -> Status {
        let (trouble, fault) = (self.core.progress.trouble(), self.core.fault());
        Status { position: self.position(), lag: self.lag(), trouble, fault }
    }

    /// Every command from now on, once the live view shows it.
    #[must_use]
    pub fn changes(&self) -> Changes {
        Changes::of(&self.core)
    }

    /// What came of the checkpoint at the start.
    #[must_use]
    pub const fn checkpoint(&self) -> &CheckpointUse {
        &self.checkpoint
    }

    /// Ends the replica in good order: what was received is followed, and a checkpoint written.
    pub async fn close(mut self) {
        let following = self.following.take();
        following.iter().for_each(Following::finish);
        self.tasks.iter().for_each(AbortHandle::abort);
        if let Some(following) = following {
            following.ended().await;
        }
        self.core.end(Fault::Closed);
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
        self.core.end(Fault::Closed);
    }
}
