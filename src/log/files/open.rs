//! Proving a folder of segments before anything is served from it.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use crc32c::crc32c;
use uuid::Uuid;

use super::{
    disk::{copy_end, is_full, write_atomically},
    frame::{
        BLOCK, Damage, Damaged, FORMAT, FRAME_HEADER, FrameReader, HeaderFault, SEGMENT_HEADER, SegmentHeader,
        holds_frame, io_error, take,
    },
    index::{Index, Segment},
};
use crate::log::{APPEND_LIMIT, Position, ReadError};

/// An end of a log: the first position of the last segment, and the length of that file in bytes.
pub type End = (Position, u64);

/// The file that notes where the log was closed.
const CLOSE_NOTE: &str = "closed";

/// How the names of files end that keep what was cut.
const KEPT: &str = ".cut";

/// What opening a log found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenReport {
    /// The position of the last event.
    pub head: Position,
    /// How many segment files there are.
    pub segments: usize,
    /// The bytes in them that were proved.
    pub bytes: u64,
    /// Those of the last one.
    pub last_segment: u64,
    /// The torn tail, if there was one. A crash leaves one that was never acknowledged; a disk can damage one that was.
    pub cut: Option<Cut>,
    /// Whether the log ends where it was closed in good order. If not, opening it for appending writes the last segment anew.
    pub closed: bool,
    /// Whether there is a note of the last good end. Every log has one from its beginning: without it, or with one that is
    /// damaged, nobody can tell whether the log was longer.
    pub noted: bool,
    /// What was cut from this log, now or before, each in a file of its own.
    pub kept: Vec<Kept>,
}

impl OpenReport {
    /// Whether the log goes as far as it is known to have been durable.
    ///
    /// # Errors
    /// [`OpenError::EndLost`] if it does not.
    pub fn reaches(&self, folder: &Path, durable: Position) -> Result<(), OpenError> {
        if self.head >= durable {
            return Ok(());
        }
        let place = self
            .cut
            .as_ref()
            .map(|cut| format!(", for `{}` is damaged at byte {} or was cut there", cut.segment.display(), cut.offset));
        let place = place.unwrap_or_default();
        Err(OpenError::EndLost { folder: folder.to_owned(), head: self.head, durable, place })
    }
}

/// What was cut from a log and is kept beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The file. Its name tells the position that would have come next, the place in the segment, and the time.
    pub file: PathBuf,
    /// Its length.
    pub bytes: u64,
}

/// An incomplete last frame: what a crash leaves of the append that it interrupted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The segment that it ends.
    pub segment: PathBuf,
    /// Where in the segment it begins.
    pub offset: u64,
    /// Its length.
    pub bytes: u64,
}

/// Why a log cannot be opened. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no log where one should be.
    #[error("there is no log in `{folder}`", folder = folder.display())]
    Absent {
        /// The folder without segments.
        folder: PathBuf,
    },
    /// There is a log where a new one should be made.
    #[error("there is a log in `{folder}` already", folder = folder.display())]
    Exists {
        /// The folder with segments.
        folder: PathBuf,
    },
    /// Bytes changed, or are missing from the middle: restore the log from a backup or another node.
    #[error("{0}: restore the log from a backup")]
    Damaged(#[from] Damaged),
    /// The log has lost its end since it was last closed in good order: restore it from a backup or another node.
    #[error(
        "the log in `{folder}` was closed at byte {} of the segment of position {}, and ends before, at byte {} of the \
         segment of position {}: restore it from a backup",
        closed.1, closed.0, end.1, end.0, folder = folder.display()
    )]
    Shortened {
        /// The log's folder.
        folder: PathBuf,
        /// The end that it had.
        closed: End,
        /// The end that it has.
        end: End,
    },
    /// The log has lost its end: something that is written only of what is durable knows of a later position.
    #[error(
        "the log in `{folder}` ends at position {head}, and was durable up to position {durable}{place}: nothing was \
         changed; keep what is here, and restore the log from a backup", folder = folder.display()
    )]
    EndLost {
        /// The log's folder.
        folder: PathBuf,
        /// The position of its last event.
        head: Position,
        /// The position that it had.
        durable: Position,
        /// Where it broke off, if bytes are left there.
        place: String,
    },
    /// The disk has no room for what opening has to write.
    #[error(
        "`{path}` was not closed in good order: before anything is added, what may not have reached the disk is written \
         anew, which takes {needed} bytes of free space: make room, then start again", path = path.display()
    )]
    NoRoom {
        /// The last segment.
        path: PathBuf,
        /// How much room it takes.
        needed: u64,
    },
    /// A later version of the program wrote this segment: run that version, or a later one.
    #[error("`{file}` has segment format {found}, and this program knows no later one than {known}: run a newer \
             version of it", file = file.display())]
    NewerFormat {
        /// The segment.
        file: PathBuf,
        /// Its format.
        found: u32,
        /// [`FORMAT`].
        known: u32,
    },
    /// The disk did not answer, or takes no more.
    #[error("cannot open the log at `{path}`: {source}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl From<ReadError> for OpenError {
    fn from(error: ReadError) -> OpenError {
        match error {
            ReadError::Damaged(damaged) => OpenError::Damaged(damaged),
            ReadError::Io { file, source } => OpenError::Io { path: file, source },
        }
    }
}

/// Reads and proves the whole log, and changes nothing.
pub(super) fn examine(folder: &Path, log_id: Uuid) -> Result<(Index, OpenReport), OpenError> {
    let firsts = segment_positions(folder)?;
    let Some(last) = firsts.last().copied() else {
        return Err(OpenError::Absent { folder: folder.to_owned() });
    };
    let note = noted_close(folder)?;
    // At its very start unless it is known.
    let closed = note.unwrap_or((0, 0));
    let mut index = Index { segments: Vec::new(), head: 0 };
    let (mut end, mut cut) = ((0, 0), None);
    for first in firsts {
        let mut segment = open_segment(folder, first, log_id, index.head + 1)?;
        // Of a log that a node is writing, this is the end as far as this examination goes.
        let length = fs::metadata(&segment.path).map_err(io_error(&segment.path))?.len();
        end = (first, length);
        if first == last && end < closed {
            return Err(OpenError::Shortened { folder: folder.to_owned(), closed, end });
        }
        match add_frames(&mut segment, length, &mut index.head) {
            Ok(()) => {}
            Err(ReadError::Damaged(damaged)) if first == last && (first, damaged.offset) >= closed => {
                cut = Some(torn_tail(damaged, segment.block, length)?);
            }
            Err(error) => return Err(error.into()),
        }
        index.segments.push(segment);
    }
    let bytes = index.segments.iter().map(|segment| segment.end).sum();
    let (head, segments) = (index.head, index.segments.len());
    let last_segment = index.segments.last().map_or(0, |segment| segment.end);
    let kept = kept_in(folder).map_err(|source| OpenError::Io { path: folder.to_owned(), source })?;
    let report =
        OpenReport { head, segments, bytes, last_segment, cut, closed: end == closed, noted: note.is_some(), kept };
    Ok((index, report))
}

/// What was cut before and lies in the folder, by name.
fn kept_in(folder: &Path) -> io::Result<Vec<Kept>> {
    let mut kept = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(|name| name.ends_with(KEPT)) {
            kept.push(Kept { file: entry.path(), bytes: entry.metadata()?.len() });
        }
    }
    kept.sort_by(|one, other| one.file.cmp(&other.file));
    Ok(kept)
}

/// Keeps a torn tail, which would have begun with the position `next`, beside the segments.
pub(super) fn keep(folder: &Path, cut: &Cut, next: Position, now: &str) -> io::Result<Kept> {
    let name = format!("{next:020}-at-{}-{now}", cut.offset);
    let mut again = 0;
    loop {
        let file = folder.join(if again == 0 { format!("{name}{KEPT}") } else { format!("{name}-{again}{KEPT}") });
        match copy_end(&cut.segment, cut.offset, &file) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => again += 1,
            copied => return copied.map(|()| Kept { file, bytes: cut.bytes }),
        }
    }
}

/// Tells a disk without room, of which so many bytes are needed, from other errors.
pub(super) fn no_room(path: &Path, needed: u64) -> impl Fn(io::Error) -> OpenError + '_ {
    move |source| {
        let path = path.to_owned();
        if is_full(&source) { OpenError::NoRoom { path, needed } } else { OpenError::Io { path, source } }
    }
}

/// The file name of the segment that begins with a position.
pub(super) fn segment_path(folder: &Path, first: Position) -> PathBuf {
    folder.join(format!("{first:020}.seg"))
}

/// The first positions in the names of the segments in a folder, ascending; none where there is no folder.
pub(super) fn segment_positions(folder: &Path) -> Result<Vec<Position>, OpenError> {
    match list_segments(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        listed => listed.map_err(|source| OpenError::Io { path: folder.to_owned(), source }),
    }
}

fn list_segments(folder: &Path) -> io::Result<Vec<Position>> {
    let mut firsts = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let digits = name.to_str().and_then(|name| name.strip_suffix(".seg")).filter(|digits| digits.len() == 20);
        firsts.extend(digits.and_then(|digits| digits.parse::<Position>().ok()));
    }
    firsts.sort_unstable();
    Ok(firsts)
}

/// Notes where the log ends, after everything in it was synced. The note stays when the log is appended to again: it
/// tells then how much of it there must be at least.
pub(super) fn note_close(folder: &Path, end: End) -> io::Result<()> {
    let mut note = [end.0.to_le_bytes(), end.1.to_le_bytes()].concat();
    note.extend(crc32c(&note).to_le_bytes());
    write_atomically(&folder.join(CLOSE_NOTE), &note)
}

/// Where the log ended when it was last closed in good order, if there is an intact note of it.
fn noted_close(folder: &Path) -> Result<Option<End>, OpenError> {
    let path = folder.join(CLOSE_NOTE);
    match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => Ok(decode_note(&read.map_err(io_error(&path))?)),
    }
}

fn decode_note(note: &[u8]) -> Option<End> {
    let (mut fields, checksum) = note.split_last_chunk::<4>()?;
    let intact = crc32c(fields).to_le_bytes() == *checksum;
    let rest = &mut fields;
    let closed = (Position::from_le_bytes(take(rest)?), u64::from_le_bytes(take(rest)?));
    intact.then_some(closed)
}

/// The segment named after `first`, once its header is proved.
fn open_segment(folder: &Path, first: Position, log_id: Uuid, expected: Position) -> Result<Segment, OpenError> {
    let path = segment_path(folder, first);
    let damaged = |damage| Damaged { file: path.clone(), offset: 0, damage };
    let mut bytes = Vec::with_capacity(BLOCK);
    let opened = File::open(&path).map_err(io_error(&path))?;
    opened.take(BLOCK as u64).read_to_end(&mut bytes).map_err(io_error(&path))?;
    let Some(header) = bytes.first_chunk::<SEGMENT_HEADER>() else { return Err(damaged(Damage::Header).into()) };
    let header = match SegmentHeader::decode(header) {
        Ok(header) => header,
        Err(HeaderFault::Damaged) => return Err(damaged(Damage::Header).into()),
        Err(HeaderFault::Newer(found)) => {
            return Err(OpenError::NewerFormat { file: path, found, known: FORMAT });
        }
    };
    if header.log_id != log_id {
        return Err(damaged(Damage::OtherLog { expected: log_id, found: header.log_id }).into());
    }
    if let Some(found) = [first, header.first].into_iter().find(|found| *found != expected) {
        return Err(damaged(Damage::Position { expected, found }).into());
    }
    let end = header.length();
    match bytes.get(SEGMENT_HEADER..end as usize) {
        None => Err(damaged(Damage::Header).into()),
        Some(filling) if filling.iter().any(|byte| *byte != 0) => Err(damaged(Damage::Filling).into()),
        Some(_) => Ok(Segment::new(path, first, header.block, end)),
    }
}

/// Proves the frames of a segment up to its end, or to the first that is not as it should be.
fn add_frames(segment: &mut Segment, length: u64, head: &mut Position) -> Result<(), ReadError> {
    let mut frames = FrameReader::open(&segment.path, segment.block, segment.end, length)?;
    while let Some(frame) = frames.next(*head + 1)? {
        let (first, count) = (frame.first, frame.count);
        segment.add(first, frames.offset() - segment.end);
        *head += Position::from(count);
    }
    Ok(())
}

/// The bad end of the last segment, if one interrupted append can have left it: no longer than a frame, and no intact
/// frame in it. Anything else is damage.
fn torn_tail(damaged: Damaged, block: usize, length: u64) -> Result<Cut, OpenError> {
    let Damaged { file, offset, .. } = &damaged;
    let bytes = length - offset;
    if bytes > (FRAME_HEADER + APPEND_LIMIT).next_multiple_of(block) as u64 {
        return Err(damaged.into());
    }
    let mut tail = Vec::new();
    let mut segment = File::open(file).map_err(io_error(file))?;
    segment.seek(SeekFrom::Start(*offset)).map_err(io_error(file))?;
    segment.take(bytes).read_to_end(&mut tail).map_err(io_error(file))?;
    if holds_frame(&tail, block) {
        return Err(damaged.into());
    }
    Ok(Cut { segment: damaged.file, offset: damaged.offset, bytes })
}
