//! Copies of a platform: the log on one side, the keys of personal data on the other.
//!
//! ```text
//! TARGET/
//!   platform/   tenure.json and log/: every event, and no personal data that can be read
//!   keys/keys   what makes personal data readable
//! ```
//!
//! They belong in different places: whoever has both has everything, and an erased person stays readable in copies of the
//! keys that are older than the erasure, until those are destroyed. Restoring destroys the keys of all whom the log says
//! are erased.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tenure_events::data::UserErased;
use tenure_events::{Envelope, Event, Position, UserId};
use uuid::Uuid;

use super::replay::{ReplayError, replay};
use super::{Node, Progress};
use crate::chain::Head;
use crate::data::{self, DataError, DataFolder};
use crate::keys::{KeyStore, StoreError};
use crate::log::{AppendError, FileLog, FileOptions, Log, LogReader, OpenError, sync_name};

/// What was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// The log.
    pub log: Uuid,
    /// Its last event in the copy.
    pub position: Position,
}

/// Why nothing was copied, or not all.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The folder to copy to is there and has something in it.
    #[error("`{0}` is not empty: choose another folder")]
    NotEmpty(PathBuf),
    /// The backup has no keys.
    #[error("there are no keys in `{0}`: put those there that were kept with this backup")]
    NoKeys(PathBuf),
    /// A data folder cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A log cannot be opened or made.
    #[error(transparent)]
    Log(#[from] OpenError),
    /// The log is not what it should be.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The copy of the log cannot be written.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The keys cannot be copied.
    #[error(transparent)]
    Keys(#[from] StoreError),
    /// The disk did not answer, or takes no more.
    #[error("cannot use `{path}`: {source}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Copies a platform, whether a node serves it or not, to a folder that is not there or empty. Every event is proved on
/// the way.
///
/// Of a node at work it takes what is on the disk, which may be one commit more than was acknowledged. Use
/// [`Node::backup`] where there is a node.
///
/// # Errors
/// See [`CopyError`]; what was copied by then stays.
pub fn backup(from: &Path, target: &Path, progress: &mut Progress<'_>) -> Result<Copied, CopyError> {
    let log_id = data::log_id(from)?;
    let (log, _) = FileLog::open_read_only(&from.join("log"), log_id)?;
    // The log first: so no event in the copy lacks its key.
    let (copied, erased) = copy_log(&log, log_id, &target.join(PLATFORM), progress)?;
    copy_keys(&from.join("keys"), &new_keys(target)?, log_id, &erased)?;
    Ok(copied)
}

/// Makes a platform of a backup, in a data folder that is not there or empty.
///
/// # Errors
/// See [`CopyError`]; what was copied by then stays.
pub fn restore(backup: &Path, to: &Path, progress: &mut Progress<'_>) -> Result<Copied, CopyError> {
    let platform = backup.join(PLATFORM);
    let log_id = data::log_id(&platform)?;
    let kept = keys_of(backup);
    if !kept.is_file() {
        return Err(CopyError::NoKeys(kept));
    }
    let (log, _) = FileLog::open_read_only(&platform.join("log"), log_id)?;
    let (copied, erased) = copy_log(&log, log_id, to, progress)?;
    copy_keys(&kept, &to.join("keys"), log_id, &erased)?;
    Ok(copied)
}

impl Node {
    /// Copies what is durable of a running node to a folder that is not there or empty. Every event is proved on the way.
    ///
    /// # Errors
    /// See [`CopyError`]; what was copied by then stays. A node in memory has no keys that can be copied.
    pub fn backup(&self, target: &Path, progress: &mut Progress<'_>) -> Result<Copied, CopyError> {
        let (copied, _) = copy_log(self.log(), self.log_id(), &target.join(PLATFORM), progress)?;
        self.keys().copy_to(&new_keys(target)?)?;
        Ok(copied)
    }
}

const PLATFORM: &str = "platform";

/// Events are appended in groups of whole commands of about this many bytes.
const GROUP: usize = 8 * 1024 * 1024;

/// Makes a data folder with a copy of a log; answers also who is erased.
fn copy_log(
    log: &LogReader,
    log_id: Uuid,
    to: &Path,
    progress: &mut Progress<'_>,
) -> Result<(Copied, Vec<UserId>), CopyError> {
    let is_empty = fs::read_dir(to).map_or(true, |mut entries| entries.next().is_none());
    if !is_empty {
        return Err(CopyError::NotEmpty(to.to_owned()));
    }
    let folder = DataFolder::create(to, log_id)?;
    let mut copy = Log::Files(FileLog::create(&folder.log(), log_id, FileOptions::default())?);
    let (mut group, mut bytes, mut erased) = (Vec::new(), 0, Vec::new());
    let of = log.head();
    let head = replay(log, log_id, Head::START, |envelope: &Envelope, event, _| {
        group.push(event.to_vec());
        bytes += event.len();
        if bytes >= GROUP && envelope.index + 1 == envelope.count {
            let head = copy.append(copy.head(), &group)?;
            (group, bytes) = (Vec::new(), 0);
            progress(head, of);
        }
        if let Event::UserErased(UserErased { user, .. }) = &envelope.event {
            erased.push(user.clone());
        }
        Ok::<(), CopyError>(())
    })?;
    copy.append(copy.head(), &group)?;
    progress(head.position, of);
    copy.close().map_err(at(to))?;
    Ok((Copied { log: log_id, position: head.position }, erased))
}

/// Copies a file of keys, which may be older than the log or half written, and destroys those of the erased in it.
fn copy_keys(from: &Path, to: &Path, log_id: Uuid, erased: &[UserId]) -> Result<(), CopyError> {
    let copy = || {
        fs::copy(from, to)?;
        File::open(to)?.sync_all()?;
        sync_name(to)
    };
    copy().map_err(at(to))?;
    let keys = KeyStore::open(to, log_id)?;
    erased.iter().try_for_each(|user| keys.erase(user))?;
    Ok(())
}

/// Where the keys of a backup go, its folder made.
fn new_keys(target: &Path) -> Result<PathBuf, CopyError> {
    let keys = keys_of(target);
    let folder = target.join("keys");
    fs::create_dir_all(&folder).and_then(|()| sync_name(&folder)).map_err(at(&folder))?;
    if keys.exists() { Err(CopyError::NotEmpty(folder)) } else { Ok(keys) }
}

fn keys_of(backup: &Path) -> PathBuf {
    backup.join("keys").join("keys")
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> CopyError + use<> {
    let path = path.to_owned();
    |source| CopyError::Io { path, source }
}
