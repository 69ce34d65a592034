//! The stream of changes.

use std::sync::Arc;

use tenure_events::{Envelope, Position};
use tokio::sync::broadcast::{self, error::RecvError};

use crate::core::Core;
use crate::fault::Fault;

/// A command that the live view shows.
#[derive(Debug)]
pub struct Changed {
    /// Its events, in order: all of them.
    pub events: Vec<Envelope>,
}

impl Changed {
    /// The position of its last event.
    #[must_use]
    pub fn position(&self) -> Position {
        self.events.last().map_or(0, |event| event.position)
    }
}

/// Commands as they come, from when this was made on: to throw away what was computed from an older view. It is no queue
/// that survives: who needs every event, across restarts too, keeps their own position and reads the stream itself.
pub struct Changes {
    core: Arc<Core>,
    receiver: broadcast::Receiver<Arc<Changed>>,
}

/// Why there is no next command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangesError {
    /// Some were not read in time: what rests on any older view is to be thrown away. The next one follows.
    #[error("{0} commands were not read in time")]
    Missed(u64),
    /// There will be none.
    #[error(transparent)]
    Ended(#[from] Fault),
}

impl Changes {
    pub(crate) fn of(core: &Arc<Core>) -> Self {
        Self { receiver: core.changes.subscribe(), core: Arc::clone(core) }
    }

    /// Waits for the next command. May be given up and called again.
    ///
    /// # Errors
    /// See [`ChangesError`].
    pub async fn next(&mut self) -> Result<Arc<Changed>, ChangesError> {
        tokio::select! {
            biased;
            next = self.receiver.recv() => next.map_err(|error| match error {
                RecvError::Lagged(missed) => ChangesError::Missed(missed),
                RecvError::Closed => Fault::Closed.into(),
            }),
            fault = self.core.ended() => Err(fault.into()),
        }
    }
}
