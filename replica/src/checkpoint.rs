//! A checkpoint: one file, written whole beside the one before and put in its place.
//!
//! ```text
//! tenure-replica-checkpoint 3\n
//! frame*      table u8, length u32, CRC-32C of table and chunk u32, chunk (numbers little-endian)
//! frame       table 254: when the node signed that it ends here, in microseconds, i64, and the epoch of the log then, u64
//! frame       the last: table 255, the manifest
//! ```
//!
//! Only what the node signed is in it. Those of version 1 held what had arrived, signed or not, and those of
//! version 2 did not say the epoch; both are dropped.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tenure_events::{Epoch, Head, Position, Time};
use tenure_projections::State;
use tenure_projections::packed::{self, Manifest, Mark, PackError, Taken};
use uuid::Uuid;

use crate::clock::{self, Instant};
use crate::core::{Core, Known};
use crate::lag::Beat;
use crate::private;

const MAGIC: &[u8] = b"tenure-replica-checkpoint 3\n";
const SIGNED: u8 = 254;
const MANIFEST: u8 = 255;

/// What came of the checkpoint at a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckpointUse {
    /// There was none, or none was asked for.
    None,
    /// State came from it, up to this position.
    Loaded(Position),
    /// It was of no use, for this reason: everything is read anew, and it will be written over.
    Dropped(String),
}

/// Why a checkpoint was not written, or cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    #[error("cannot read or write it: {0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Packed(#[from] PackError),
    #[error("it is damaged: {0}")]
    Damaged(&'static str),
}

/// State, what it is of, and when the node signed it.
pub struct Loaded {
    pub state: State,
    pub log: Uuid,
    pub head: Head,
    pub signed: Time,
    /// The epoch that the log was in then.
    pub epoch: Epoch,
}

/// What the file holds; none if there is no file.
pub fn load(path: &Path) -> Result<Option<Loaded>, CheckpointError> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        bytes => bytes?,
    };
    let mut frames = frames(bytes.strip_prefix(MAGIC).ok_or(CheckpointError::Damaged("it is no checkpoint"))?)?;
    let Some((MANIFEST, manifest)) = frames.pop() else {
        return Err(CheckpointError::Damaged("its end is missing"));
    };
    let manifest = Manifest::from_bytes(manifest)?;
    let signed = frames.pop().filter(|(table, _)| *table == SIGNED).and_then(|(_, signed)| {
        let (time, epoch) = signed.split_first_chunk()?;
        Some((Time::from_micros(i64::from_le_bytes(*time)), Epoch::from_le_bytes(epoch.try_into().ok()?)))
    });
    let (signed, epoch) = signed.ok_or(CheckpointError::Damaged("it does not say when it was signed"))?;
    let (state, log) = (State::without_digest(), manifest.log);
    let taken = Taken::none();
    let fill = || {
        let chunks = |table| frames.iter().filter(move |(of, _)| *of == table).map(|(_, chunk)| Ok(*chunk));
        packed::unpack::<_, _, CheckpointError>(&state, &manifest, &taken, chunks)
    };
    let chunks = std::thread::scope(|scope| {
        let other = scope.spawn(fill);
        let chunks = fill()?;
        Ok::<_, CheckpointError>(chunks + other.join().unwrap_or(Err(CheckpointError::Damaged("it cannot be read")))?)
    })?;
    let head = packed::resume(&state, manifest, chunks)?;
    Ok(Some(Loaded { state, log, head, signed, epoch }))
}

/// Writes one over what was there.
fn write(path: &Path, log: Uuid, state: &State, mark: &Mark, signed: &Beat) -> Result<(), CheckpointError> {
    let folder = folder_of(path);
    private::create_folders(folder)?;
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}.tmp", std::process::id()));
    let mut file = BufWriter::with_capacity(1 << 20, private::create(Path::new(&temporary))?);
    file.write_all(MAGIC)?;
    let manifest = packed::pack(state, log, mark, |table, _, chunk| put(&mut file, table, chunk))?;
    put(&mut file, SIGNED, &[signed.time.micros().to_le_bytes(), signed.epoch.to_le_bytes()].concat())?;
    put(&mut file, MANIFEST, &manifest.to_bytes()?)?;
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    Ok(File::open(folder)?.sync_all()?)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Removes what writers left beside the file that were killed at their work: nobody else would. That one stays for which
/// the system gives no leave costs only its room.
pub fn clean(path: &Path) {
    let (Some(name), Ok(entries)) = (path.file_name(), fs::read_dir(folder_of(path))) else { return };
    for entry in entries.flatten() {
        let found = entry.file_name();
        let rest = found.as_encoded_bytes().strip_prefix(name.as_encoded_bytes());
        let rest = rest.and_then(|rest| rest.strip_prefix(b".")).and_then(|rest| rest.strip_suffix(b".tmp"));
        if rest.is_some_and(|process| !process.is_empty() && process.iter().all(u8::is_ascii_digit)) {
            drop(fs::remove_file(entry.path()));
        }
    }
}

fn put(file: &mut impl io::Write, table: u8, chunk: &[u8]) -> Result<(), CheckpointError> {
    let length = u32::try_from(chunk.len()).map_err(|_| CheckpointError::Damaged("a chunk is too long"))?;
    file.write_all(&[table])?;
    file.write_all(&length.to_le_bytes())?;
    file.write_all(&checksum(table, chunk).to_le_bytes())?;
    Ok(file.write_all(chunk)?)
}

/// Of which table a chunk is, it proves as well.
fn checksum(table: u8, chunk: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&[table]), chunk)
}

/// Every frame's table and chunk, each proved by its checksum.
fn frames(mut bytes: &[u8]) -> Result<Vec<(u8, &[u8])>, CheckpointError> {
    let mut frames = Vec::new();
    while let Some((table, rest)) = bytes.split_first() {
        let frame = rest.split_first_chunk::<4>().and_then(|(length, rest)| {
            let (checksum, rest) = rest.split_first_chunk::<4>()?;
            let (chunk, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
            (self::checksum(*table, chunk).to_le_bytes() == *checksum).then_some((chunk, rest))
        });
        let (chunk, rest) = frame.ok_or(CheckpointError::Damaged("a part of it is not as it was written"))?;
        frames.push((*table, chunk));
        bytes = rest;
    }
    Ok(frames)
}

/// When checkpoints are written: now and then, each in a thread of its own while the replica goes on, and at the end.
pub struct Checkpoints {
    pub path: PathBuf,
    every: u64,
    after: Duration,
    /// The position of the last one, the position at which the next one is due, and since when one may be.
    last: Position,
    next: Position,
    since: Instant,
    writing: Option<JoinHandle<()>>,
}

impl Checkpoints {
    /// Into a file whose checkpoint is of a position.
    pub fn new(path: PathBuf, every: u64, after: Duration, last: Position) -> Self {
        Self { path, every, after, last, next: last + every.max(last / 2), since: clock::moment(), writing: None }
    }

    /// Starts writing if it is time. All that is installed is signed, up to the head.
    pub fn perhaps(&mut self, core: &Arc<Core>, known: &Arc<Known>, log: Uuid, head: Head) {
        let is_old =
            || head.position > self.last && clock::moment().saturating_duration_since(self.since) >= self.after;
        let is_due = head.position >= self.next || is_old();
        if !is_due || self.writing.as_ref().is_some_and(|writing| !writing.is_finished()) {
            return;
        }
        let Some(signed) = core.progress.proved() else { return };
        (self.last, self.since) = (head.position, clock::moment());
        self.next = head.position + self.every.max(head.position / 2);
        let (core, known, path) = (Arc::clone(core), Arc::clone(known), self.path.clone());
        let mark = Mark::of(&known.state, head);
        let write = move || note(&core, write(&path, log, &known.state, &mark, &signed));
        self.writing = std::thread::Builder::new().name("tenure-checkpoint".to_owned()).spawn(write).ok();
    }

    /// Waits until none is being written.
    pub fn settle(&mut self) {
        if let Some(writing) = self.writing.take() {
            drop(writing.join());
        }
    }

    /// Writes the last one.
    pub fn finish(mut self, core: &Core, known: &Known, log: Uuid, head: Head) {
        self.settle();
        if let Some(signed) = core.progress.proved() {
            note(core, write(&self.path, log, &known.state, &Mark::of(&known.state, head), &signed));
        }
    }
}

/// That one was not written costs no more than a longer start.
fn note(core: &Core, written: Result<(), CheckpointError>) {
    core.progress.wrote(written.err().map(|error| format!("the checkpoint was not written: {error}")));
}
