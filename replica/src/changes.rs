//! The stream of changes.

use std::sync::Arc;

use tenure_events::{Envelope, Position};
use tokio::sync::broadcast::{self, error::RecvError};

use crate::core::Core;
use crate::fault::Fault;

/// A command that the live view shows.
#[derive(Debug, Clone)]
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

/// What listeners are told.
pub enum Told {
    Command(Arc<Changed>),
    /// So many commands are shown at one go.
    Many(u64),
    Fault(Fault),
}

/// Commands as they come, from when this was made on: to throw away what was computed from an older view. It is no queue
/// that survives: who needs every event, across restarts too, keeps their own position and reads the stream itself.
pub struct Changes {
    core: Arc<Core>,
    receiver: broadcast::Receiver<Arc<Told>>,
}

/// Why there is no next command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangesError {
    /// Some were not read in time, or too many came at once: what rests on any older view is to be thrown away. The next
    /// one follows.
    #[error("{0} commands were not read in time")]
    Missed(u64),
    /// What is shown stands still from now on, and nobody knows what happens. The next command follows once it is mended.
    #[error(transparent)]
    Faulty(Fault),
    /// There will be none: the replica was closed.
    #[error("the replica was closed")]
    Ended,
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
        let next = tokio::select! {
            biased;
            next = self.receiver.recv() => next,
            () = self.core.closed() => return Err(ChangesError::Ended),
        };
        match next {
            Ok(told) => match &*told {
                Told::Command(changed) => Ok(Arc::clone(changed)),
                Told::Many(commands) => Err(ChangesError::Missed(*commands)),
                Told::Fault(Fault::Closed) => Err(ChangesError::Ended),
                Told::Fault(fault) => Err(ChangesError::Faulty(fault.clone())),
            },
            Err(RecvError::Lagged(missed)) => Err(ChangesError::Missed(missed)),
            Err(RecvError::Closed) => Err(ChangesError::Ended),
        }
    }
}
