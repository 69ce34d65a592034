//! The log: the one place where anything becomes true.
//!
//! An append-only, gapless, totally ordered sequence of events. To the log an event is a string of bytes that it never
//! looks into; what it promises is the same for each implementation, and one contract test holds them to it:
//! - `append` is atomic and durable before it answers, and refuses an `expected` position that is not the head;
//! - readers see what is durable and nothing else, in order, while appending goes on;
//! - after a write that failed the log is *stopped*: nobody knows what reached the disk, so it never writes or syncs
//!   that file again. Opening it anew finds out.
//!
//! Appending blocks on the disk, so the writer calls it from a thread of its own.

mod files;
mod memory;

use std::{io, ops::ControlFlow, sync::Arc};

pub use files::{
    Cut, Damage, Damaged, End, FORMAT, FileLog, FileOptions, FileReader, Kept, Known, OpenError, OpenReport, is_full,
    sync_name, write_atomically,
};
pub use memory::{MemoryLog, MemoryReader};

/// Where an event stands in the log: 1 for the first. 0 is the head of an empty log.
pub type Position = u64;

/// The most bytes that one event may have: 32 KiB.
pub const EVENT_LIMIT: usize = 32 * 1024;

/// The most bytes that one append may carry, counting four more for each event: 64 MiB, so that any two commands of
/// a thousand events fit.
pub const APPEND_LIMIT: usize = 64 * 1024 * 1024;

/// The one appender of a log.
#[derive(Debug)]
pub enum Log {
    /// Gone with the process: for tests and demos.
    Memory(MemoryLog),
    /// Segment files in a folder.
    Files(FileLog),
}

impl Log {
    /// The position of the last durable event.
    pub fn head(&self) -> Position {
        match self {
            Log::Memory(log) => log.head(),
            Log::Files(log) => log.head(),
        }
    }

    /// Adds `events` right after `expected`, all or none, durable before it answers with the new head.
    ///
    /// However many commands the events belong to, they cost one write and one sync. No events: nothing is written.
    ///
    /// # Errors
    /// See [`AppendError`]; nothing was added, except perhaps after [`AppendError::Failed`].
    pub fn append(&mut self, expected: Position, events: &[impl AsRef<[u8]>]) -> Result<Position, AppendError> {
        match self {
            Log::Memory(log) => log.append(expected, events),
            Log::Files(log) => log.append(expected, events),
        }
    }

    /// A reader of this log, which may outlive the appender.
    pub fn reader(&self) -> LogReader {
        match self {
            Log::Memory(log) => LogReader::Memory(log.reader()),
            Log::Files(log) => LogReader::Files(log.reader()),
        }
    }

    /// Ends appending in good order, so that the next opening is quick and can tell that nothing is missing.
    /// Dropping the log instead, or losing it in a crash, loses nothing that was acknowledged.
    ///
    /// # Errors
    /// The note of the good end could not be written; the log itself is whole.
    pub fn close(self) -> io::Result<()> {
        match self {
            Log::Memory(_) => Ok(()),
            Log::Files(log) => log.close(),
        }
    }
}

/// Reads a log from any thread, while its appender goes on.
#[derive(Clone, Debug)]
pub enum LogReader {
    /// Of a log in memory.
    Memory(MemoryReader),
    /// Of segment files.
    Files(FileReader),
}

impl LogReader {
    /// The position of the last durable event.
    pub fn head(&self) -> Position {
        match self {
            LogReader::Memory(reader) => reader.head(),
            LogReader::Files(reader) => reader.head(),
        }
    }

    /// At most `max_events` events from `from` on, in order; none when `from` lies beyond the head.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn read(&self, from: Position, max_events: usize) -> Result<Vec<Stored>, ReadError> {
        let mut found = Vec::new();
        if max_events == 0 {
            return Ok(found);
        }
        self.scan(from, |position, bytes| {
            found.push(Stored { position, bytes: bytes.into() });
            if found.len() < max_events { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(found)
    }

    /// Shows `visit` each event from `from` to the head as it was when the scan began, in order, until it breaks off.
    /// The bytes are lent out of a read buffer: this is the way to replay.
    ///
    /// # Errors
    /// See [`ReadError`]; every event visited before is good.
    pub fn scan(&self, from: Position, visit: impl FnMut(Position, &[u8]) -> ControlFlow<()>) -> Result<(), ReadError> {
        match self {
            LogReader::Memory(reader) => {
                reader.scan(from, visit);
                Ok(())
            }
            LogReader::Files(reader) => reader.scan(from, visit),
        }
    }
}

/// An event as it was appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Where it stands.
    pub position: Position,
    /// Its bytes, unchanged.
    pub bytes: Arc<[u8]>,
}

/// Why an append was not acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Somebody else appended in between: decide again on the new head.
    #[error("the log is at position {head}, not at the expected {expected}")]
    Conflict {
        /// The position that the caller decided on.
        expected: Position,
        /// The position that the log is at.
        head: Position,
    },
    /// One event is too long.
    #[error("event {index} of the append has {size} bytes, more than the {limit} that an event may have")]
    TooLarge {
        /// Which one, counted from 0.
        index: usize,
        /// Its bytes.
        size: usize,
        /// [`EVENT_LIMIT`].
        limit: usize,
    },
    /// All the events together are too long: append fewer at a time.
    #[error("the append has {size} bytes, more than the {limit} that one may have: append fewer events at a time")]
    AppendTooLarge {
        /// Their bytes, and four more for each event.
        size: usize,
        /// [`APPEND_LIMIT`].
        limit: usize,
    },
    /// The disk failed. Whether the events are in the log is unknown until it is opened anew; this log has stopped.
    #[error("writing the log failed, and whether these events are in it shows when it is opened anew: {0}")]
    Failed(#[source] io::Error),
    /// An earlier append failed, and nothing is written since.
    #[error("the log has stopped after a failed write: open it anew")]
    Stopped,
}

/// Why events could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// What is on the disk is not what was written there.
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// The disk did not answer.
    #[error("cannot read `{file}`: {source}", file = file.display())]
    Io {
        /// The file.
        file: std::path::PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// What every log refuses before it touches anything, in this order.
fn admit(head: Position, expected: Position, events: &[impl AsRef<[u8]>]) -> Result<(), AppendError> {
    if expected != head {
        return Err(AppendError::Conflict { expected, head });
    }
    let sizes = events.iter().map(|event| event.as_ref().len());
    if let Some((index, size)) = sizes.clone().enumerate().find(|(_, size)| *size > EVENT_LIMIT) {
        return Err(AppendError::TooLarge { index, size, limit: EVENT_LIMIT });
    }
    let size = sizes.map(|size| size + size_of::<u32>()).sum();
    if size > APPEND_LIMIT {
        return Err(AppendError::AppendTooLarge { size, limit: APPEND_LIMIT });
    }
    Ok(())
}
