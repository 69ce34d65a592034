//! Replay: from the events of a log to the state that they make.

use std::ops::ControlFlow;
use std::sync::mpsc;
use std::thread;

use tenure_events::{Envelope, Epoch, Epochs, Hash, InvalidEvent, Position, parse};
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
    /// An event of another epoch than the manifest says.
    #[error(
        "event {position} is of epoch {found}, and by `tenure.json` it is of {expected}: the two are of different copies of the log; \
         put back the file that belongs to it, or restore both from a backup"
    )]
    Epoch {
        /// Where.
        position: Position,
        /// As the event says.
        found: Epoch,
        /// As the manifest says.
        expected: Epoch,
    },
    /// The system has no threads left.
    #[error("cannot start a thread: {0}")]
    Thread(#[source] std::io::Error),
    /// The log ends inside a command.
    #[error("the log ends at position {0}, in the middle of a command: restore it from a backup")]
    Torn(Position),
    /// No events at all: a log has some from its beginning.
    #[error(
        "the log is empty, and its first events made the platform: keep what is here, and restore it from a backup"
    )]
    Empty,
}

/// Events that are read and parsed before they are proved and installed: enough that neither side waits for the other.
#[derive(Default)]
struct Batch {
    events: Vec<Envelope>,
    /// Their bytes, one after the other, and where each ends.
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// Why there are no more.
    fault: Option<ReplayError>,
}

const BATCH: usize = 64;
const BATCHES: usize = 8;

/// Shows `visit` every event after `from` up to the end of the log, its bytes, and the head that it makes: each proved
/// to be the next one. Tells where the log ends. A second thread reads and parses ahead.
///
/// # Errors
/// See [`ReplayError`], or the visitor's. Events before the one that is wrong were shown.
pub(super) fn replay<E: From<ReplayError>>(
    log: &LogReader,
    log_id: Uuid,
    from: Head,
    mut visit: impl FnMut(&Envelope, &[u8], &Head) -> Result<(), E>,
) -> Result<Head, E> {
    let mut follower = Follower::new(log_id, from);
    let (batches, parsed) = mpsc::sync_channel::<Batch>(BATCHES);
    thread::scope(|scope| {
        let reading = thread::Builder::new().name("read-ahead".to_owned());
        let reading = reading.spawn_scoped(scope, move || read_ahead(log, from.position + 1, &batches));
        reading.map_err(ReplayError::Thread)?;
        parsed.into_iter().try_for_each(|mut batch| -> Result<(), E> {
            for (envelope, bytes) in batch.events.iter().zip(batch.each()) {
                let position = follower.head().position + 1;
                follower
                    .follow(envelope, Hash::of(bytes))
                    .map_err(|source| ReplayError::Broken { position, source })?;
                visit(envelope, bytes, follower.head())?;
            }
            batch.fault.take().map_or(Ok(()), |fault| Err(fault.into()))
        })
    })?;
    match follower.head() {
        head if head.position == 0 => Err(ReplayError::Empty.into()),
        head if !follower.is_whole() => Err(ReplayError::Torn(head.position).into()),
        head => Ok(*head),
    }
}

/// That an event is of the epoch that the manifest says.
pub(super) fn of_its_epoch(envelope: &Envelope, epochs: &Epochs) -> Result<(), ReplayError> {
    let Envelope { position, epoch: found, .. } = *envelope;
    let expected = epochs.of(position);
    if found == expected { Ok(()) } else { Err(ReplayError::Epoch { position, found, expected }) }
}

impl Batch {
    /// The bytes of each event.
    fn each(&self) -> impl Iterator<Item = &[u8]> {
        let mut begin = 0;
        let each = self.ends.iter().map(move |end| self.bytes.get(std::mem::replace(&mut begin, *end)..*end));
        each.map(Option::unwrap_or_default)
    }
}

/// Reads and parses, until the end, a fault, or the receiver is gone.
fn read_ahead(log: &LogReader, from: Position, batches: &mpsc::SyncSender<Batch>) {
    let mut batch = Batch::default();
    let scanned = log.scan(from, |position, bytes| {
        match parse(bytes) {
            Ok(envelope) => batch.events.push(envelope),
            Err(source) => {
                batch.fault = Some(ReplayError::Event { position, source });
                return ControlFlow::Break(());
            }
        }
        batch.bytes.extend_from_slice(bytes);
        batch.ends.push(batch.bytes.len());
        if batch.events.len() < BATCH {
            return ControlFlow::Continue(());
        }
        if batches.send(std::mem::take(&mut batch)).is_ok() {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    });
    if let Err(error) = scanned {
        batch.fault = Some(error.into());
    }
    // Nobody there means that a fault was found before.
    drop(batches.send(batch));
}
