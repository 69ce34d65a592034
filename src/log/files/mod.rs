//! The log in segment files: one frame and one `fdatasync` for each append.
//!
//! Opening proves every byte by its checksum. What a crash can leave is told from damage: only the last append can be
//! torn, for every earlier one was synced before the next was begun, and none of its blocks is written again. So a bad
//! last frame with nothing good after it is cut, kept in a file beside the segments and reported, and everything else
//! that is not as it was written refuses to open, and names its place. Nothing is cut that is known to have been durable.

mod disk;
mod frame;
mod index;
mod open;

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use uuid::Uuid;

use self::{
    disk::rewrite,
    frame::{BLOCK, SegmentHeader, encode},
    index::{Index, Segment},
    open::{examine, keep, no_room, note_close, segment_path, segment_positions},
};
pub use self::{
    disk::{is_full, sync_name, write_atomically},
    frame::{Damage, Damaged, FORMAT},
    index::FileReader,
    open::{Cut, End, Kept, OpenError, OpenReport},
};
use super::{AppendError, LogReader, Position, admit};
use crate::private;

/// How segment files are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileOptions {
    /// A segment that would become longer than so many bytes is followed by a new one: 256 MiB unless told.
    pub segment_bytes: u64,
}

impl Default for FileOptions {
    fn default() -> FileOptions {
        FileOptions { segment_bytes: 256 * 1024 * 1024 }
    }
}

/// What is known of a log before it is opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// The log was durable up to this position: a log that ends before has lost its end, and is not opened.
    pub durable: Position,
    /// The time, for the name of the file that keeps a torn tail.
    pub now: &'a str,
}

/// The appender of a log in segment files. The caller sees to it that there is only one
/// ([`DataFolder`](crate::data::DataFolder) does).
#[derive(Debug)]
pub struct FileLog {
    folder: PathBuf,
    log_id: Uuid,
    options: FileOptions,
    /// The last segment; gone for good once a write or sync failed.
    active: Option<Active>,
    head: Position,
    frame: Vec<u8>,
    reader: FileReader,
}

#[derive(Debug)]
struct Active {
    file: File,
    first: Position,
    block: usize,
    end: u64,
}

impl FileLog {
    /// Makes an empty log, and its folder unless that is there.
    ///
    /// # Errors
    /// [`OpenError::Exists`], or [`OpenError::Io`].
    pub fn create(folder: &Path, log_id: Uuid, options: FileOptions) -> Result<FileLog, OpenError> {
        if !segment_positions(folder)?.is_empty() {
            return Err(OpenError::Exists { folder: folder.to_owned() });
        }
        let failed = |source| OpenError::Io { path: folder.to_owned(), source };
        private::create_folders(folder).map_err(failed)?;
        sync_name(folder).map_err(failed)?;
        let (active, segment) = Active::create(folder, log_id, 1).map_err(failed)?;
        Ok(FileLog::new(folder, log_id, options, active, Index { segments: vec![segment], head: 0 }))
    }

    /// Opens a log of which nothing is known. See [`FileLog::open_known`].
    ///
    /// # Errors
    /// See [`OpenError`]; the log is as it was.
    pub fn open(folder: &Path, log_id: Uuid, options: FileOptions) -> Result<(FileLog, OpenReport), OpenError> {
        FileLog::open_known(folder, log_id, options, Known::default())
    }

    /// Opens a log for appending: proves all of it, cuts a torn tail, which goes to a file of its own, and unless the log
    /// was closed in good order writes the last segment anew, which takes its length in free space.
    ///
    /// # Errors
    /// See [`OpenError`]; the log is as it was.
    pub fn open_known(
        folder: &Path,
        log_id: Uuid,
        options: FileOptions,
        known: Known<'_>,
    ) -> Result<(FileLog, OpenReport), OpenError> {
        let (index, mut report) = examine(folder, log_id)?;
        let Some(last) = index.segments.last() else {
            return Err(OpenError::Absent { folder: folder.to_owned() });
        };
        report.reaches(folder, known.durable)?;
        if let Some(cut) = &report.cut {
            let kept = keep(folder, cut, index.head + 1, known.now);
            report.kept.push(kept.map_err(no_room(&last.path, cut.bytes))?);
        }
        if !report.closed {
            rewrite(&last.path, last.end).map_err(no_room(&last.path, last.end))?;
        }
        let failed = |source| OpenError::Io { path: last.path.clone(), source };
        let file = OpenOptions::new().append(true).open(&last.path).map_err(failed)?;
        let active = Active { file, first: last.first, block: last.block, end: last.end };
        Ok((FileLog::new(folder, log_id, options, active, index), report))
    }

    /// Proves a log as [`FileLog::open`] does and reads it, but changes nothing: a torn tail stays where it is,
    /// reported and unread.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open_read_only(folder: &Path, log_id: Uuid) -> Result<(LogReader, OpenReport), OpenError> {
        let (index, report) = examine(folder, log_id)?;
        Ok((LogReader::Files(FileReader::new(index)), report))
    }

    fn new(folder: &Path, log_id: Uuid, options: FileOptions, active: Active, index: Index) -> FileLog {
        FileLog {
            folder: folder.to_owned(),
            log_id,
            options,
            active: Some(active),
            head: index.head,
            frame: Vec::new(),
            reader: FileReader::new(index),
        }
    }

    pub(super) fn head(&self) -> Position {
        self.head
    }

    pub(super) fn reader(&self) -> FileReader {
        self.reader.clone()
    }

    pub(super) fn append(&mut self, expected: Position, events: &[impl AsRef<[u8]>]) -> Result<Position, AppendError> {
        // Taken out, and put back only after a success: after a failure nothing is left that could write again.
        let Some(active) = self.active.take() else {
            return Err(AppendError::Stopped);
        };
        let admitted = admit(self.head, expected, events);
        if admitted.is_err() || events.is_empty() {
            self.active = Some(active);
            return admitted.map(|()| self.head);
        }
        encode(&mut self.frame, self.head + 1, events);
        let active = self.write(active).map_err(AppendError::Failed)?;
        self.active = Some(active);
        let (first, length) = (self.head + 1, self.frame.len() as u64);
        self.head += events.len() as Position;
        self.reader.publish(|index| {
            index.head = self.head;
            if let Some(segment) = index.segments.last_mut() {
                segment.add(first, length);
            }
        });
        Ok(self.head)
    }

    pub(super) fn close(self) -> io::Result<()> {
        match self.active {
            Some(active) => note_close(&self.folder, (active.first, active.end)),
            None => Ok(()),
        }
    }

    /// Writes and syncs the frame, in a new segment if the last one is full or of an older format.
    fn write(&self, mut active: Active) -> io::Result<Active> {
        let length = self.frame.len() as u64;
        let is_full = active.end > BLOCK as u64 && active.end + length > self.options.segment_bytes;
        if is_full || active.block != BLOCK {
            let (next, segment) = Active::create(&self.folder, self.log_id, self.head + 1)?;
            self.reader.publish(|index| {
                // One without frames makes room for one of the same name.
                index.segments.pop_if(|last| last.first == segment.first);
                index.segments.push(segment);
            });
            active = next;
        }
        active.file.write_all(&self.frame)?;
        active.file.sync_data()?;
        active.end += length;
        Ok(active)
    }
}

impl Active {
    /// A new segment. It appears under its name with its header whole, so a segment without one is damage.
    fn create(folder: &Path, log_id: Uuid, first: Position) -> io::Result<(Active, Segment)> {
        let path = segment_path(folder, first);
        let header = SegmentHeader::encode(log_id, first);
        write_atomically(&path, &header)?;
        let end = header.len() as u64;
        let file = OpenOptions::new().append(true).open(&path)?;
        Ok((Active { file, first, block: BLOCK, end }, Segment::new(path, first, BLOCK, end)))
    }
}
