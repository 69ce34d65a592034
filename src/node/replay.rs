//! Replay: from the events of a log to the state that they make.

use std::ops::ControlFlow;
use std::sync::mpsc;
use std::thread;

use tenure_events::{Envelope, InvalidEvent, Position, parse};
use tenure_projections::State;
use uuid::Uuid;

use crate::chain::{Broken, Follower, Head};
use crate::log::{LogReader, ReadError};

/// Why the events of a log make no state.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Bytes that are no event, or none that this version knows.
    #[error("event {position}: {source}")]
    Event {
        /// Where.
        position: Position,
        /// Why.
        source: InvalidEvent,
    },
    /// An event that is not the next one.
    #[error("event {position} is not the one that belongs there: {source}: restore the log from a backup")]
    Broken {
        /// Where.
        position: Position,
        /// Why.
        source: Broken,
    },
    /// The log ends inside a command.
    #[error("the log ends at position {0}, in the middle of a command: restore it from a backup")]
    Torn(Position),
    /// No events at all: making the platform was interrupted.
    #[error("the log is empty: remove the folder and make the platform again")]
    Empty,
}

/// Events that are decoded before they are installed: enough that neither side waits for the other.
const BATCH: usize = 512;
const BATCHES: usize = 8;

/// Installs every event after `from` up to the end of the log, each proved to be the next one, and tells where it ends.
///
/// # Errors
/// See [`ReplayError`]. Events before the one that is wrong are installed.
pub(super) fn replay(log: &LogReader, log_id: Uuid, state: &State, from: Head) -> Result<Head, ReplayError> {
    let (batches, decoded) = mpsc::sync_channel::<Vec<Envelope>>(BATCHES);
    let head = thread::scope(|scope| {
        let decoding = scope.spawn(move || {
            let mut batch = Vec::with_capacity(BATCH);
            let head = follow(log, log_id, from, |envelope| {
                batch.push(envelope);
                if batch.len() == BATCH {
                    drop(batches.send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH))));
                }
            });
            drop(batches.send(batch));
            head
        });
        for batch in decoded {
            batch.iter().for_each(|envelope| state.install(envelope));
        }
        decoding.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })?;
    if head.position == 0 { Err(ReplayError::Empty) } else { Ok(head) }
}

/// Shows `visit` every event after `from`, proved to be the next one, and tells where the log ends.
pub(super) fn follow(
    log: &LogReader,
    log_id: Uuid,
    from: Head,
    mut visit: impl FnMut(Envelope),
) -> Result<Head, ReplayError> {
    let mut follower = Follower::new(log_id, from);
    let mut fault = None;
    log.scan(from.position + 1, |position, bytes| {
        let next = parse(bytes).map_err(|source| ReplayError::Event { position, source }).and_then(|envelope| {
            let followed = follower.follow(&envelope, bytes);
            followed.map(|()| envelope).map_err(|source| ReplayError::Broken { position, source })
        });
        match next {
            Ok(envelope) => {
                visit(envelope);
                ControlFlow::Continue(())
            }
            Err(error) => {
                fault = Some(error);
                ControlFlow::Break(())
            }
        }
    })?;
    match fault {
        Some(fault) => Err(fault),
        None if follower.is_whole() => Ok(*follower.head()),
        None => Err(ReplayError::Torn(follower.head().position)),
    }
}
