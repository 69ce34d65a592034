//! Where in which segment a position is, and how far the log is durable: shared by the appender and its readers.

use std::{
    ops::ControlFlow,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use super::frame::{Damage, FrameReader};
use crate::log::{Position, ReadError};

/// One frame in this many bytes is noted: a random read skips at most so much, and the index of a terabyte has 256 MiB.
const NOTED_EVERY: u64 = 64 * 1024;

/// The durable part of one segment file.
#[derive(Debug)]
pub(super) struct Segment {
    pub path: PathBuf,
    pub first: Position,
    /// Where its last durable frame ends.
    pub end: u64,
    /// What its frames are filled up to a multiple of.
    pub block: usize,
    noted: Vec<Noted>,
}

/// Where some frame begins.
#[derive(Clone, Copy, Debug)]
struct Noted {
    first: Position,
    offset: u64,
}

impl Segment {
    /// A segment without frames, whose header ends at `end`.
    pub(super) fn new(path: PathBuf, first: Position, block: usize, end: u64) -> Segment {
        Segment { path, first, end, block, noted: Vec::new() }
    }

    /// Takes up the frame that follows, of `length` bytes.
    pub(super) fn add(&mut self, first: Position, length: u64) {
        if self.noted.last().is_none_or(|noted| self.end - noted.offset >= NOTED_EVERY) {
            self.noted.push(Noted { first, offset: self.end });
        }
        self.end += length;
    }
}

/// All segments, in order, and the head.
#[derive(Debug)]
pub(super) struct Index {
    pub segments: Vec<Segment>,
    pub head: Position,
}

/// Frames to read, the first of which begins with position `first` at `offset`.
struct Span {
    path: PathBuf,
    first: Position,
    block: usize,
    offset: u64,
    end: u64,
}

impl Index {
    /// The frames of one segment that hold `position` and what follows it.
    fn locate(&self, position: Position) -> Option<Span> {
        let after = self.segments.partition_point(|segment| segment.first <= position);
        let segment = self.segments.get(after.checked_sub(1)?)?;
        let after = segment.noted.partition_point(|noted| noted.first <= position);
        let Noted { first, offset } = *segment.noted.get(after.checked_sub(1)?)?;
        Some(Span { path: segment.path.clone(), first, block: segment.block, offset, end: segment.end })
    }
}

/// Reads segment files as far as they are durable. Every byte that it hands out has been proved by its checksum in the
/// same read.
#[derive(Clone, Debug)]
pub struct FileReader {
    index: Arc<RwLock<Index>>,
}

impl FileReader {
    pub(super) fn new(index: Index) -> FileReader {
        FileReader { index: Arc::new(RwLock::new(index)) }
    }

    pub(in crate::log) fn head(&self) -> Position {
        self.index.read().unwrap_or_else(PoisonError::into_inner).head
    }

    /// Shows readers what has become durable.
    pub(super) fn publish(&self, change: impl FnOnce(&mut Index)) {
        change(&mut self.index.write().unwrap_or_else(PoisonError::into_inner));
    }

    pub(in crate::log) fn scan(
        &self,
        from: Position,
        mut visit: impl FnMut(Position, &[u8]) -> ControlFlow<()>,
    ) -> Result<(), ReadError> {
        let head = self.head();
        let mut next = from.max(1);
        while next <= head {
            let span = self.index.read().unwrap_or_else(PoisonError::into_inner).locate(next);
            let Some(span) = span else { break };
            let mut frames = FrameReader::open(&span.path, span.block, span.offset, span.end)?;
            let mut position = span.first;
            while let Some(frame) = frames.next(position)? {
                for event in frame.events() {
                    if position > head || (position >= next && visit(position, event).is_break()) {
                        return Ok(());
                    }
                    position += 1;
                }
            }
            if position <= next {
                return Err(frames.damaged(Damage::Position { expected: next, found: position }).into());
            }
            next = position;
        }
        Ok(())
    }
}
