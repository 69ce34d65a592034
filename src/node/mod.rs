//! A running node: one writer, many readers.
//!
//! Everything that changes goes through [`Node::submit`]; everything that is asked is asked of a [`View`] that the node
//! gives out. Readers see what is durable and nothing else.

mod request;
mod stats;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tenure_events::{Position, Time};
use tenure_projections::judge::Subject;
use tenure_projections::{State, View};
use tokio::sync::watch;

use crate::clock::Clock;
use crate::init::Founded;
use crate::keys::KeyStore;
use crate::log::LogReader;
use crate::token::Token;

pub use request::{AccessDelta, AccessDeltas, Answer, Authenticated, CommandError, Request};
pub use stats::{Histogram, NodeStats};

/// A running node, shared by all that serve from it: clones are the same node.
#[derive(Clone)]
pub struct Node {
    inner: Arc<Inner>,
}

struct Inner {
    state: State,
    keys: KeyStore,
    log: LogReader,
    clock: Clock,
    committed: watch::Sender<Position>,
    counters: stats::Counters,
}

/// What a node runs on.
pub struct Options {
    /// Where its log and keys are.
    pub data: Data,
    /// What it is told the time by.
    pub clock: Clock,
    /// How many commands may wait before [`CommandError::Busy`].
    pub queue: usize,
    /// Whether a folder keeps a checkpoint, so that a start need not replay everything.
    pub checkpoint: bool,
}

impl Options {
    /// The data folder, the machine's clock, and the usual limits.
    #[must_use]
    pub fn folder(path: impl Into<PathBuf>) -> Self {
        Self { data: Data::Folder(path.into()), clock: Clock::system(), queue: 4_096, checkpoint: true }
    }

    /// A platform in memory, its clock, and the usual limits.
    #[must_use]
    pub fn memory(founded: Founded, clock: Clock) -> Self {
        Self { data: Data::Memory(founded), clock, queue: 4_096, checkpoint: false }
    }
}

/// Where a node's log and keys are.
pub enum Data {
    /// In memory: gone with the process.
    Memory(Founded),
    /// In a data folder, made by [`crate::init::in_folder`].
    Folder(PathBuf),
}

/// What opening a node found and did.
#[derive(Debug, Clone)]
pub struct OpenReport {
    /// What opening the log found; none in memory.
    pub log: Option<crate::log::OpenReport>,
    /// Bytes of keys that a crash had left half written.
    pub torn_keys: u64,
    /// What came of the checkpoint.
    pub checkpoint: CheckpointUse,
    /// How many events were replayed.
    pub replayed: u64,
}

/// What came of the checkpoint at a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckpointUse {
    /// There was none.
    None,
    /// State came from it, up to this position.
    Loaded(Position),
    /// It was dropped, for this reason, and everything was replayed.
    Dropped(String),
}

/// Why a node cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {}

/// A point in the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// After this event, and the others of its command.
    Position(Position),
    /// After the last command recorded at or before this time.
    Time(Time),
}

/// Why there is no view of a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AsOfError {
    /// The log is not that far.
    #[error("position {asked} is in the future: the log is at {head}")]
    FuturePosition {
        /// What was asked for.
        asked: Position,
        /// The last durable position.
        head: Position,
    },
    /// The time has not come.
    #[error("`{asked}` is in the future: now is {now}")]
    FutureTime {
        /// What was asked for.
        asked: Time,
        /// The time now.
        now: Time,
    },
}

/// The log did not reach a position in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the log is at position {head} and did not reach {wanted} in time")]
pub struct WaitError {
    /// The position waited for.
    pub wanted: Position,
    /// The last durable position.
    pub head: Position,
}

/// Why the node did not end in good order. Nothing that was acknowledged is lost.
#[derive(Debug, thiserror::Error)]
pub enum ShutdownError {}

impl Node {
    /// Opens a platform: proves its log, brings back its state and starts its writer.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(_options: Options) -> Result<(Self, OpenReport), OpenError> {
        todo!()
    }

    /// Sends a command and waits until what came of it is durable.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub async fn submit(&self, _request: Request) -> Result<Answer, CommandError> {
        Err(CommandError::Stopped)
    }

    /// Who bears this API key: none unless the key counts, its user may act and their home org works.
    #[must_use]
    pub fn authenticate(&self, _token: &Token) -> Option<Authenticated> {
        None
    }

    /// The caller as the judge sees them, with what their key leaves of their authority.
    #[must_use]
    pub fn subject(&self, _view: &View<'_>, caller: &Authenticated) -> Subject {
        caller.user.into()
    }

    /// What is durable, judged now.
    #[must_use]
    pub fn live(&self) -> View<'_> {
        View::new(&self.inner.state, self.inner.state.durable(), Time::from(self.inner.clock.now()))
    }

    /// What was known at a moment, or is now; judged at `at`, or at that moment.
    ///
    /// # Errors
    /// The moment is in the future.
    pub fn view(&self, _as_of: Option<AsOf>, _at: Option<Time>) -> Result<View<'_>, AsOfError> {
        Ok(self.live())
    }

    /// Waits until the position is durable.
    ///
    /// # Errors
    /// It is not within `timeout`.
    pub async fn wait_for(&self, position: Position, timeout: Duration) -> Result<(), WaitError> {
        let mut committed = self.committed();
        let reached = tokio::time::timeout(timeout, committed.wait_for(|head| *head >= position)).await;
        let head = self.inner.state.durable();
        if matches!(reached, Ok(Ok(_))) { Ok(()) } else { Err(WaitError { wanted: position, head }) }
    }

    /// Tells each new durable position.
    #[must_use]
    pub fn committed(&self) -> watch::Receiver<Position> {
        self.inner.committed.subscribe()
    }

    /// Reads the log.
    #[must_use]
    pub fn log(&self) -> &LogReader {
        &self.inner.log
    }

    /// The keys of personal data.
    #[must_use]
    pub fn keys(&self) -> &KeyStore {
        &self.inner.keys
    }

    /// The state, for those who count or prove it. Questions go to a [`View`].
    #[must_use]
    pub fn state(&self) -> &State {
        &self.inner.state
    }

    /// The clock of this node.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// What the node counted since it was opened.
    #[must_use]
    pub fn stats(&self) -> NodeStats {
        let state = &self.inner.state;
        self.inner.counters.snapshot(state.durable(), state.digest().changes(), 0, false)
    }

    /// Ends taking commands, finishes those that wait, writes a checkpoint and closes the log.
    ///
    /// # Errors
    /// See [`ShutdownError`].
    pub async fn shutdown(self) -> Result<(), ShutdownError> {
        Ok(())
    }
}
