//! The bytes of a segment file: a header, then frames, each on blocks of its own, and nothing else. Numbers are
//! little-endian.
//!
//! | segment header, 40 bytes | frame, one per append |
//! |---|---|
//! | 8 magic | 4 marker |
//! | 4 format version | 4 CRC-32C of all that follows in the frame |
//! | 16 log id | 8 position of the first event |
//! | 8 position of the first event | 4 number of events |
//! | 4 CRC-32C of the above | 4 length of what follows: per event 4 length, and its bytes |
//!
//! The header, and each frame, is filled up with zeros to a multiple of [`BLOCK`]: a write that fails half way can spoil
//! the blocks that it was to fill, and in none of them is anything that was acknowledged before. In format 1, which is
//! still read, nothing is filled up.
//!
//! The header keeps this layout in every format version, so that a newer one is told from a damaged one.
//! The marker holds bytes that UTF-8 never has: no JSON event can look like the start of a frame.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use crc32c::crc32c;
use uuid::Uuid;

use crate::log::{APPEND_LIMIT, Position, ReadError};

/// The version of the segment files' format that this program writes, and the newest that it reads.
pub const FORMAT: u32 = 2;

/// What a disk writes as one, at the least: the sector of today's disks, and the page of the system's memory.
pub(super) const BLOCK: usize = 4096;
/// Format 1 has no blocks.
const UNALIGNED: usize = 1;

pub(super) const SEGMENT_HEADER: usize = 40;
pub(super) const FRAME_HEADER: usize = 24;
/// Where in a frame the part that the checksum covers begins.
const COVERED: usize = 8;
const MAGIC: [u8; 8] = *b"\xFFTENURE\n";
const MARKER: [u8; 4] = *b"\xFFTF\xFE";
const READ_BUFFER: usize = 256 * 1024;

/// A place in a file whose bytes are not what was written there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{file}` is damaged at byte {offset}: {damage}", file = file.display())]
pub struct Damaged {
    /// The file.
    pub file: PathBuf,
    /// Where in it the damaged header or frame begins.
    pub offset: u64,
    /// What is wrong there.
    pub damage: Damage,
}

/// What can be wrong with bytes on a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The file does not begin like a segment.
    #[error("no segment of a log begins here")]
    Header,
    /// The segment belongs to another log.
    #[error("the segment is of log {found}, not of {expected}")]
    OtherLog {
        /// The log that is open.
        expected: Uuid,
        /// The log that the segment names.
        found: Uuid,
    },
    /// A position is skipped or comes twice: a segment, or the end of one, is missing or not in its place.
    #[error("position {expected} should follow, and {found} does: a segment is missing, cut short or out of place")]
    Position {
        /// The next position.
        expected: Position,
        /// The position found.
        found: Position,
    },
    /// Neither a frame nor the end of the file.
    #[error("no frame begins here")]
    Marker,
    /// The frame claims more events than it may have.
    #[error("the frame is longer than any append")]
    Length,
    /// The file ends within the frame.
    #[error("the file ends within a frame")]
    Incomplete,
    /// The frame's bytes changed.
    #[error("the checksum of the frame does not match")]
    Checksum,
    /// The checksum is right, but the events do not fill the frame.
    #[error("the events do not fill the frame")]
    Structure,
    /// What fills up the last block of a header or frame changed.
    #[error("something else than zeros fills up the block")]
    Filling,
}

/// What stands at the start of a segment.
pub(super) struct SegmentHeader {
    pub log_id: Uuid,
    pub first: Position,
    /// What its header and frames are filled up to a multiple of.
    pub block: usize,
}

/// Why a segment header cannot be used.
pub(super) enum HeaderFault {
    Damaged,
    Newer(u32),
}

impl SegmentHeader {
    /// The header of a new segment, in this program's format.
    pub(super) fn encode(log_id: Uuid, first: Position) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(BLOCK);
        bytes.extend(MAGIC);
        bytes.extend(FORMAT.to_le_bytes());
        bytes.extend(log_id.as_bytes());
        bytes.extend(first.to_le_bytes());
        bytes.extend(crc32c(&bytes).to_le_bytes());
        bytes.resize(BLOCK, 0);
        bytes
    }

    pub(super) fn decode(bytes: &[u8; SEGMENT_HEADER]) -> Result<SegmentHeader, HeaderFault> {
        let (format, log_id, first) = SegmentHeader::fields(bytes).ok_or(HeaderFault::Damaged)?;
        let block = match format {
            FORMAT => BLOCK,
            1 => UNALIGNED,
            0 => return Err(HeaderFault::Damaged),
            newer => return Err(HeaderFault::Newer(newer)),
        };
        Ok(SegmentHeader { log_id, first, block })
    }

    /// Where the first frame begins.
    pub(super) fn length(&self) -> u64 {
        SEGMENT_HEADER.next_multiple_of(self.block) as u64
    }

    fn fields(bytes: &[u8; SEGMENT_HEADER]) -> Option<(u32, Uuid, Position)> {
        let (covered, checksum) = bytes.split_last_chunk::<4>()?;
        let rest = &mut &covered[..];
        let magic: [u8; 8] = take(rest)?;
        let format = u32::from_le_bytes(take(rest)?);
        let log_id = Uuid::from_bytes(take(rest)?);
        let first = Position::from_le_bytes(take(rest)?);
        let intact = magic == MAGIC && crc32c(covered).to_le_bytes() == *checksum;
        intact.then_some((format, log_id, first))
    }
}

/// Writes one append as a frame over what `buffer` held, up to the end of its last block. The events are within the limits.
pub(super) fn encode(buffer: &mut Vec<u8>, first: Position, events: &[impl AsRef<[u8]>]) {
    let events = events.iter().map(AsRef::as_ref);
    let payload: usize = events.clone().map(|event| event.len() + size_of::<u32>()).sum();
    buffer.clear();
    buffer.reserve((FRAME_HEADER + payload).next_multiple_of(BLOCK));
    buffer.extend(MARKER);
    buffer.extend([0; 4]);
    buffer.extend(first.to_le_bytes());
    buffer.extend((events.len() as u32).to_le_bytes());
    buffer.extend((payload as u32).to_le_bytes());
    for event in events {
        buffer.extend_from_slice(&(event.len() as u32).to_le_bytes());
        buffer.extend_from_slice(event);
    }
    if let Some((head, covered)) = buffer.split_at_mut_checked(COVERED)
        && let Some(checksum) = head.last_chunk_mut()
    {
        *checksum = crc32c(covered).to_le_bytes();
    }
    buffer.resize(buffer.len().next_multiple_of(BLOCK), 0);
}

struct FrameHeader {
    checksum: u32,
    first: Position,
    count: u32,
    /// Of the whole frame.
    length: usize,
}

impl FrameHeader {
    fn decode(mut bytes: &[u8]) -> Result<FrameHeader, Damage> {
        let rest = &mut bytes;
        let marker: [u8; 4] = take(rest).ok_or(Damage::Incomplete)?;
        if marker != MARKER {
            return Err(Damage::Marker);
        }
        let checksum = u32::from_le_bytes(take(rest).ok_or(Damage::Incomplete)?);
        let first = Position::from_le_bytes(take(rest).ok_or(Damage::Incomplete)?);
        let count = u32::from_le_bytes(take(rest).ok_or(Damage::Incomplete)?);
        let payload = u32::from_le_bytes(take(rest).ok_or(Damage::Incomplete)?) as usize;
        if payload > APPEND_LIMIT {
            return Err(Damage::Length);
        }
        Ok(FrameHeader { checksum, first, count, length: FRAME_HEADER + payload })
    }
}

/// One append, its checksum and structure proved.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    pub first: Position,
    pub count: u32,
    payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The frame that `bytes` begin with, and that ends with a block.
    fn decode(bytes: &'a [u8], block: usize) -> Result<Frame<'a>, Damage> {
        let FrameHeader { checksum, first, count, length } = FrameHeader::decode(bytes)?;
        let filling = bytes.get(length..length.next_multiple_of(block)).ok_or(Damage::Incomplete)?;
        let covered = bytes.get(COVERED..length).ok_or(Damage::Incomplete)?;
        let payload = bytes.get(FRAME_HEADER..length).ok_or(Damage::Incomplete)?;
        if crc32c(covered) != checksum {
            return Err(Damage::Checksum);
        }
        let frame = Frame { first, count, payload };
        let (events, filled) = frame
            .events()
            .fold((0, 0), |(events, filled), event| (events + 1, filled + size_of::<u32>() + event.len()));
        if events != count || filled != payload.len() {
            return Err(Damage::Structure);
        }
        if filling.iter().any(|byte| *byte != 0) {
            return Err(Damage::Filling);
        }
        Ok(frame)
    }

    /// The events, in order.
    pub(super) fn events(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut rest = self.payload;
        std::iter::from_fn(move || {
            let length = u32::from_le_bytes(take(&mut rest)?) as usize;
            let (event, after) = rest.split_at_checked(length)?;
            rest = after;
            Some(event)
        })
    }
}

/// Whether an intact frame begins with any block in `bytes`, which begin with one.
pub(super) fn holds_frame(bytes: &[u8], block: usize) -> bool {
    let tails = (0..bytes.len()).step_by(block).filter_map(|at| bytes.get(at..));
    tails.filter(|tail| tail.starts_with(&MARKER)).any(|tail| Frame::decode(tail, block).is_ok())
}

/// Reads the frames of a segment one after the other, up to a given end.
pub(super) struct FrameReader {
    path: PathBuf,
    file: File,
    /// Where in the file the next frame begins, and so does `buffer[start..filled]`.
    offset: u64,
    end: u64,
    block: usize,
    buffer: Vec<u8>,
    start: usize,
    filled: usize,
}

impl FrameReader {
    /// A reader of the frames between two frame boundaries of a file.
    pub(super) fn open(path: &Path, block: usize, offset: u64, end: u64) -> Result<FrameReader, ReadError> {
        let mut file = File::open(path).map_err(io_error(path))?;
        file.seek(SeekFrom::Start(offset)).map_err(io_error(path))?;
        let buffer = vec![0; READ_BUFFER.min(end.saturating_sub(offset) as usize)];
        Ok(FrameReader { path: path.to_owned(), file, offset, end, block, buffer, start: 0, filled: 0 })
    }

    /// Where the next frame begins.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The damage at the next frame, with its place.
    pub(super) fn damaged(&self, damage: Damage) -> Damaged {
        Damaged { file: self.path.clone(), offset: self.offset, damage }
    }

    /// The next frame, which must begin at position `expected`; `None` at the end. A frame that is refused stays the
    /// next one.
    pub(super) fn next(&mut self, expected: Position) -> Result<Option<Frame<'_>>, ReadError> {
        if self.offset == self.end {
            return Ok(None);
        }
        self.fill(FRAME_HEADER)?;
        let header = FrameHeader::decode(self.held()).map_err(|damage| self.damaged(damage))?;
        let length = header.length.next_multiple_of(self.block);
        self.fill(length)?;
        let (path, offset) = (&self.path, self.offset);
        let damaged = |damage| Damaged { file: path.clone(), offset, damage };
        let held = self.buffer.get(self.start..self.filled).unwrap_or_default();
        let frame = Frame::decode(held, self.block).map_err(damaged)?;
        if frame.first != expected {
            return Err(damaged(Damage::Position { expected, found: frame.first }).into());
        }
        self.start += length;
        self.offset += length as u64;
        Ok(Some(frame))
    }

    fn held(&self) -> &[u8] {
        self.buffer.get(self.start..self.filled).unwrap_or_default()
    }

    /// Makes sure that at least `wanted` bytes from `offset` on are held.
    fn fill(&mut self, wanted: usize) -> Result<(), ReadError> {
        let held = self.filled - self.start;
        if held >= wanted {
            return Ok(());
        }
        let left = self.end - self.offset;
        if left < wanted as u64 {
            return Err(self.damaged(Damage::Incomplete).into());
        }
        self.buffer.copy_within(self.start..self.filled, 0);
        (self.start, self.filled) = (0, held);
        if self.buffer.len() < wanted {
            self.buffer.resize(wanted, 0);
        }
        let until = left.min(self.buffer.len() as u64) as usize;
        let room = self.buffer.get_mut(held..until).unwrap_or_default();
        self.file.read_exact(room).map_err(io_error(&self.path))?;
        self.filled = until;
        Ok(())
    }
}

pub(super) fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*head)
}

/// Says which file an error of the system is about.
pub(super) fn io_error(file: &Path) -> impl Fn(io::Error) -> ReadError + '_ {
    move |source| ReadError::Io { file: file.to_owned(), source }
}
