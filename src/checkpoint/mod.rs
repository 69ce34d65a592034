//! Checkpoints: derived state as it was at a position, so that a start replays only what came after.
//!
//! A checkpoint is a folder with a sled database and a *seal*, a file that lists the database's files with their
//! checksums. It is written once, as a whole, beside the one before, which goes when the new one is sealed. Before sled
//! sees a checkpoint again, every byte of it is proved by the seal: sled panics on some damage, and is read in a thread of
//! its own in case it panics all the same. What does not prove right is dropped: nothing here is more than a shortcut.
//!
//! ```text
//! checkpoint/
//!   00000000000000004711/       the database
//!     [table, chunk number]     checksum, and a chunk as `packed` makes them
//!     manifest                  what it is a checkpoint of
//!   00000000000000004711.seal   the files of the database and their checksums
//! ```

mod read;
mod seal;
mod write;

use std::path::{Path, PathBuf};
use std::{fs, io};

use tenure_events::Position;
use tenure_projections::State;
use tenure_projections::packed::PackError;
use uuid::Uuid;

use crate::chain::Head;
use crate::private;

pub use tenure_projections::packed::{Mark, SCHEMA};

/// Why a checkpoint was not written or cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The disk did not answer, or takes no more.
    #[error("`{path}`: {source}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The database said so.
    #[error("the database of the checkpoint: {0}")]
    Sled(#[from] sled::Error),
    /// The system has no threads left.
    #[error("cannot start a thread: {0}")]
    Thread(#[source] io::Error),
    /// The database panicked.
    #[error("the database of the checkpoint panicked")]
    Panicked,
    /// What it holds cannot be packed, or is no state.
    #[error(transparent)]
    Packed(#[from] PackError),
    /// Bytes are not what was written.
    #[error("the checkpoint is damaged: {0}")]
    Damaged(&'static str),
    /// It is of another log.
    #[error("the checkpoint is of log {0}")]
    OtherLog(Uuid),
    /// The log ends before it.
    #[error("the checkpoint is of position {checkpoint}, and the log ends at {log}")]
    Ahead {
        /// Its position.
        checkpoint: Position,
        /// The log's.
        log: Position,
    },
    /// The log goes another way.
    #[error("{0}")]
    OtherEvent(String),
    /// It cannot be copied, to be looked at.
    #[error("it cannot be copied to be looked at: {0}")]
    Copy(#[source] io::Error),
    /// Writing was given up because the node ends.
    #[error("writing the checkpoint was given up")]
    GivenUp,
}

/// Writes a checkpoint and removes those before it. `go_on` is asked now and then whether to finish.
///
/// # Errors
/// See [`CheckpointError`]; checkpoints before it stay then.
pub fn write(
    folder: &Path,
    log: Uuid,
    state: &State,
    mark: &Mark,
    go_on: &(dyn Fn() -> bool + Sync),
) -> Result<(), CheckpointError> {
    let name = name(mark.head.position);
    let database = folder.join(&name);
    let at = |path: &Path| {
        let path = path.to_owned();
        |source| CheckpointError::Io { path, source }
    };
    private::create_folders(folder).map_err(at(folder))?;
    remove(folder, |entry| entry.starts_with(&name)).map_err(at(folder))?;
    in_own_thread(|| write::write(&database, log, state, mark, go_on))?;
    seal::seal(&database).map_err(at(&database))?;
    remove(folder, |entry| !entry.starts_with(&name)).map_err(at(folder))
}

/// The state and head that the newest checkpoint in the folder holds; none if there is no checkpoint.
///
/// # Errors
/// See [`CheckpointError`]: then it is of no use, see [`remove_all`].
pub fn load(folder: &Path, log: Uuid, log_head: Position) -> Result<Option<(State, Head)>, CheckpointError> {
    let Some(database) = newest(folder) else { return Ok(None) };
    let proved = seal::is_intact(&database).map_err(|source| CheckpointError::Io { path: database.clone(), source })?;
    if !proved {
        return Err(CheckpointError::Damaged("its files are not as they were written"));
    }
    let (state, head) = in_own_thread(|| read::read(&database, log, log_head))?;
    // Opening may have changed the database's own bookkeeping.
    seal::seal(&database).map_err(|source| CheckpointError::Io { path: database, source })?;
    Ok(Some((state, head)))
}

/// The same, of a copy: for those who look and change nothing. The copy is gone after that.
///
/// # Errors
/// See [`CheckpointError`]; [`CheckpointError::Copy`] says nothing of the checkpoint.
pub fn look(folder: &Path, log: Uuid, log_head: Position) -> Result<Option<(State, Head)>, CheckpointError> {
    let Some(database) = newest(folder) else { return Ok(None) };
    let copy = tempfile::tempdir().and_then(|copy| {
        let name = database.file_name().map(|name| copy.path().join(name)).unwrap_or_default();
        seal::copy(&database, &name)?;
        Ok(copy)
    });
    load(copy.map_err(CheckpointError::Copy)?.path(), log, log_head)
}

/// The position of the newest checkpoint as its name tells it, whatever is in it: the log was durable up to there.
#[must_use]
pub fn position(folder: &Path) -> Option<Position> {
    newest(folder)?.file_name()?.to_str()?.parse().ok()
}

/// Removes whatever is in the folder of checkpoints.
///
/// # Errors
/// The file system's.
pub fn remove_all(folder: &Path) -> io::Result<()> {
    remove(folder, |_| true)
}

const MANIFEST: &[u8] = b"manifest";

fn name(position: Position) -> String {
    format!("{position:020}")
}

/// The database with a seal that has the highest position.
fn newest(folder: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let sealed = names.filter_map(|name| name.strip_suffix(seal::SUFFIX).map(str::to_owned)).max()?;
    Some(folder.join(sealed))
}

fn remove(folder: &Path, which: impl Fn(&str) -> bool) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if !which(&entry.file_name().to_string_lossy()) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Runs it where a panic ends no more than itself.
fn in_own_thread<T: Send>(run: impl FnOnce() -> Result<T, CheckpointError> + Send) -> Result<T, CheckpointError> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("sled".to_owned()).spawn_scoped(scope, run);
        thread.map_err(CheckpointError::Thread)?.join().unwrap_or(Err(CheckpointError::Panicked))
    })
}

fn open(database: &Path) -> Result<sled::Db, sled::Error> {
    let config = sled::Config::new().path(database).mode(sled::Mode::HighThroughput);
    config.cache_capacity(CACHE).flush_every_ms(None).open()
}

/// Chunks are written and read once, in order.
const CACHE: u64 = 16 * 1024 * 1024;
