//! The log in memory: the contract without a disk.

use std::{
    ops::ControlFlow,
    sync::{Arc, PoisonError, RwLock},
};

use super::{AppendError, Position, admit};

type Events = Arc<RwLock<Vec<Arc<[u8]>>>>;

/// How many events a scan takes at a time, so that no visitor is called while the appender is locked out.
const BATCH: usize = 1024;

/// A log that lasts as long as its process.
#[derive(Debug, Default)]
pub struct MemoryLog {
    events: Events,
}

impl MemoryLog {
    /// An empty log.
    pub fn new() -> MemoryLog {
        MemoryLog::default()
    }

    pub(super) fn head(&self) -> Position {
        head(&self.events)
    }

    pub(super) fn append(&mut self, expected: Position, events: &[impl AsRef<[u8]>]) -> Result<Position, AppendError> {
        admit(self.head(), expected, events)?;
        let new = events.iter().map(|event| Arc::from(event.as_ref()));
        self.events.write().unwrap_or_else(PoisonError::into_inner).extend(new);
        Ok(self.head())
    }

    pub(super) fn reader(&self) -> MemoryReader {
        MemoryReader { events: Arc::clone(&self.events) }
    }
}

/// Reads a [`MemoryLog`].
#[derive(Clone, Debug)]
pub struct MemoryReader {
    events: Events,
}

impl MemoryReader {
    pub(super) fn head(&self) -> Position {
        head(&self.events)
    }

    pub(super) fn scan(&self, from: Position, mut visit: impl FnMut(Position, &[u8]) -> ControlFlow<()>) {
        let head = self.head() as usize;
        let mut next = from.max(1) as usize;
        while next <= head {
            let end = head.min(next + BATCH - 1);
            let batch: Vec<_> = {
                let events = self.events.read().unwrap_or_else(PoisonError::into_inner);
                events.get(next - 1..end).unwrap_or_default().to_vec()
            };
            for (position, event) in (next as Position..).zip(&batch) {
                if visit(position, event).is_break() {
                    return;
                }
            }
            next = end + 1;
        }
    }
}

fn head(events: &Events) -> Position {
    events.read().unwrap_or_else(PoisonError::into_inner).len() as Position
}
