//! Copies of a platform: the log on one side, the keys of personal data on the other.
//!
//! ```text
//! TARGET/
//!   platform/   tenure.json, log/ and backup.json: every event, and no personal data that can be read
//!   keys/keys   what makes personal data readable
//! ```
//!
//! `backup.json` is the seal: written when all else is there, it names the last event. `tenure.json` comes after it. What was
//! interrupted has neither, and is refused.
//!
//! They belong in different places: whoever has both has everything, and an erased person stays readable in copies of the
//! keys that are older than the erasure, until those are destroyed. Restoring destroys the keys of all whom the log says
//! are erased.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use tenure_events::data::UserErased;
use tenure_events::{Envelope, Epochs, Event, Position, UserId};
use tenure_projections::State;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::keys_lost::KeysLost;
use super::open::keyless;
use super::replay::{ReplayError, replay};
use super::{Node, Progress};
use crate::chain::Head;
use crate::clock::Clock;
use crate::data::{self, DataError, DataFolder};
use crate::keys::{KeyStore, StoreError};
use crate::log::{AppendError, FileLog, FileOptions, Log, LogReader, OpenError, sync_name, write_atomically};
use crate::private;

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// The log.
    pub log: Uuid,
    /// Its last event in the copy.
    pub position: Position,
    /// Users whose keys are destroyed though the copied log does not call them erased: of a backup, who was erased while it
    /// was made; of a restore, who was erased after the backup.
    pub erased_since: Vec<UserId>,
    /// Of a restore: the position up to which erasures are known. Who was erased later is readable in the copy.
    pub erasures_to: Position,
}

/// Why nothing was copied, or not all.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The folder to copy to is there and has something in it.
    #[error("`{0}` is not empty: choose another folder")]
    NotEmpty(PathBuf),
    /// The backup has no seal: making it was interrupted, or a part of it is missing.
    #[error("`{0}` is no whole backup: making it was interrupted, or its seal was lost: use another backup")]
    Unsealed(PathBuf),
    /// The log is not the one that was sealed.
    #[error("the log in `{path}` ends at {found}, and the backup was sealed at {sealed}, or with another event: use another backup",
            path = path.display())]
    OtherEnd {
        /// The backup's part with the log.
        path: PathBuf,
        /// Where the log ends.
        found: Position,
        /// Where it ended when it was sealed.
        sealed: Position,
    },
    /// The erasures are of another platform.
    #[error("`{path}` has log {found}, not {expected}: its erasures say nothing of this platform", path = path.display())]
    OtherErasures {
        /// Where the erasures were to be found.
        path: PathBuf,
        /// Its log.
        found: Uuid,
        /// The log of the backup.
        expected: Uuid,
    },
    /// The keys in it are not all that the people in its log need.
    #[error(transparent)]
    KeysLost(#[from] KeysLost),
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
/// See [`CopyError`]; what was copied by then stays, and cannot be taken for a backup.
pub fn backup(from: &Path, target: &Path, progress: &mut Progress<'_>) -> Result<Copied, CopyError> {
    let (log_id, epochs) = (data::log_id(from)?, data::epochs(from)?);
    let (log, _) = FileLog::open_read_only(&from.join("log"), log_id)?;
    // The log first: so no event in the copy lacks its key.
    let copy = LogCopy::make(&log, log_id, epochs, &target.join(PLATFORM), progress)?;
    let erased_since = copy.keys(&from.join("keys"), &new_keys(target)?)?;
    copy.seal(erased_since)
}

/// Makes a platform of a backup, in a data folder that is not there or empty. Its log goes on in another epoch: what was
/// written after the backup is no more, and positions that were told of it mean something else from now on. Whoever was erased later, as a newer copy of
/// the same log in `erasures` tells (a data folder, a backup, or the part of one that has no keys), is erased in it.
///
/// # Errors
/// See [`CopyError`]; what was copied by then stays, and is no platform.
pub fn restore(
    backup: &Path,
    to: &Path,
    erasures: Option<&Path>,
    progress: &mut Progress<'_>,
) -> Result<Copied, CopyError> {
    let platform = backup.join(PLATFORM);
    let (log_id, mut epochs) = (data::log_id(&platform)?, data::epochs(&platform)?);
    let seal = Seal::read(&platform)?;
    let kept = keys_of(backup);
    if !kept.is_file() {
        return Err(CopyError::NoKeys(kept));
    }
    let later = erasures.map(|path| Erasures::read(path, log_id)).transpose()?;
    let (log, _) = FileLog::open_read_only(&platform.join("log"), log_id)?;
    epochs.begin(Clock::system().now().into(), log.head());
    let mut copy = LogCopy::make(&log, log_id, epochs, to, progress)?;
    if seal.hash != copy.head.hash.to_string() {
        return Err(CopyError::OtherEnd { path: platform, found: copy.head.position, sealed: seal.position });
    }
    let mut erasures_to = copy.head.position;
    if let Some(later) = later {
        erasures_to = erasures_to.max(later.position);
        copy.erased.extend(later.users);
    }
    let erased_since = copy.keys(&kept, &to.join("keys"))?;
    copy.folder.finish()?;
    Ok(Copied { log: log_id, position: copy.head.position, erased_since, erasures_to })
}

/// Whether this is the part of a backup that has no keys.
pub(super) fn is_backup(folder: &Path) -> bool {
    folder.join(SEAL).is_file()
}

impl Node {
    /// Copies what is durable of a running node to a folder that is not there or empty. Every event is proved on the way.
    ///
    /// # Errors
    /// See [`CopyError`]; what was copied by then stays, and cannot be taken for a backup. A node in memory has no keys that
    /// can be copied.
    pub fn backup(&self, target: &Path, progress: &mut Progress<'_>) -> Result<Copied, CopyError> {
        let (platform, epochs) = (target.join(PLATFORM), self.epochs().clone());
        let copy = LogCopy::make(self.log(), self.log_id(), epochs, &platform, progress)?;
        let path = new_keys(target)?;
        self.keys().copy_to(&path)?;
        let erased_since = copy.prove(&path)?;
        copy.seal(erased_since)
    }
}

const PLATFORM: &str = "platform";
const SEAL: &str = "backup.json";

/// Events are appended in groups of whole commands of about this many bytes.
const GROUP: usize = 8 * 1024 * 1024;

/// What a backup ends with.
#[derive(Serialize, Deserialize)]
struct Seal {
    format: u32,
    position: Position,
    /// Of the last event.
    hash: String,
}

impl Seal {
    fn read(platform: &Path) -> Result<Self, CopyError> {
        let bytes = fs::read(platform.join(SEAL)).ok();
        let seal = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        seal.filter(|seal: &Self| seal.format == 1).ok_or_else(|| CopyError::Unsealed(platform.to_owned()))
    }
}

/// Who was erased, up to a position.
struct Erasures {
    position: Position,
    users: Vec<UserId>,
}

impl Erasures {
    fn read(path: &Path, log_id: Uuid) -> Result<Self, CopyError> {
        let inside = path.join(PLATFORM);
        let folder = if inside.is_dir() { inside.as_path() } else { path };
        let found = data::log_id(folder)?;
        if found != log_id {
            return Err(CopyError::OtherErasures { path: path.to_owned(), found, expected: log_id });
        }
        let (log, _) = FileLog::open_read_only(&folder.join("log"), log_id)?;
        let mut users = Vec::new();
        let head = replay(&log, log_id, Head::START, |envelope: &Envelope, _, _| {
            users.extend(erased(&envelope.event));
            Ok::<(), CopyError>(())
        })?;
        Ok(Self { position: head.position, users })
    }
}

/// A copy of a log in a data folder that is no platform yet.
struct LogCopy {
    folder: DataFolder,
    head: Head,
    erased: Vec<UserId>,
    state: State,
}

impl LogCopy {
    fn make(
        log: &LogReader,
        log_id: Uuid,
        epochs: Epochs,
        to: &Path,
        progress: &mut Progress<'_>,
    ) -> Result<Self, CopyError> {
        let is_empty = fs::read_dir(to).map_or(true, |mut entries| entries.next().is_none());
        let is_unfinished = matches!(data::log_id(to), Err(DataError::Unfinished { .. }));
        if !is_empty && !is_unfinished {
            return Err(CopyError::NotEmpty(to.to_owned()));
        }
        let folder = DataFolder::begin_again(to, log_id, epochs)?;
        let mut copy = Log::Files(FileLog::create(&folder.log(), log_id, FileOptions::default())?);
        let (mut group, mut bytes, mut gone) = (Vec::new(), 0, Vec::new());
        let (of, state) = (log.head(), State::without_digest());
        let head = replay(log, log_id, Head::START, |envelope: &Envelope, event, _| {
            state.install(envelope);
            group.push(event.to_vec());
            bytes += event.len();
            if bytes >= GROUP && envelope.index + 1 == envelope.count {
                let head = copy.append(copy.head(), &group)?;
                (group, bytes) = (Vec::new(), 0);
                progress(head, of);
            }
            gone.extend(erased(&envelope.event));
            Ok::<(), CopyError>(())
        })?;
        copy.append(copy.head(), &group)?;
        progress(head.position, of);
        copy.close().map_err(at(to))?;
        state.publish(head.position);
        Ok(Self { folder, head, erased: gone, state })
    }

    /// Copies a file of keys, which may be older than the log or half written, and destroys those of the erased in it.
    fn keys(&self, from: &Path, to: &Path) -> Result<Vec<UserId>, CopyError> {
        let log_id = self.folder.log_id();
        // What is in the way was left by an interrupted copy: a finished one is never written over.
        let copy = || {
            let bytes = Zeroizing::new(fs::read(from)?);
            drop(fs::remove_file(to));
            let mut copy = private::create_new(to)?;
            copy.write_all(&bytes)?;
            copy.sync_all()?;
            sync_name(to)
        };
        copy().map_err(at(to))?;
        let keys = KeyStore::read(to, log_id)?;
        KeysLost::check(&self.state, &keys, from)?;
        keys.settle()?;
        self.erased.iter().try_for_each(|user| keys.erase(user))?;
        Ok(keyless(&self.state, &keys))
    }

    /// Asks whether a copy of the keys has all that this copy of the log needs; answers who was erased since.
    fn prove(&self, keys: &Path) -> Result<Vec<UserId>, CopyError> {
        let store = KeyStore::look(keys, self.folder.log_id())?;
        KeysLost::check(&self.state, &store, keys)?;
        Ok(keyless(&self.state, &store))
    }

    /// Makes a backup of it.
    fn seal(self, erased_since: Vec<UserId>) -> Result<Copied, CopyError> {
        let Head { position, hash, .. } = self.head;
        let seal = Seal { format: 1, position, hash: hash.to_string() };
        let path = self.folder.path().join(SEAL);
        let written = serde_json::to_vec(&seal).map_err(io::Error::from);
        written.and_then(|bytes| write_atomically(&path, &bytes)).map_err(at(&path))?;
        self.folder.finish()?;
        Ok(Copied { log: self.folder.log_id(), position, erased_since, erasures_to: position })
    }
}

/// Whom an event erases. Erasing is one event, so this is no rule that another could escape.
fn erased(event: &Event) -> Option<UserId> {
    if let Event::UserErased(UserErased { user, .. }) = event { Some(user.clone()) } else { None }
}

/// Where the keys of a backup go, its folder made.
fn new_keys(target: &Path) -> Result<PathBuf, CopyError> {
    let keys = keys_of(target);
    let folder = target.join("keys");
    private::create_folders(&folder).and_then(|()| sync_name(&folder)).map_err(at(&folder))?;
    if keys.exists() { Err(CopyError::NotEmpty(folder)) } else { Ok(keys) }
}

fn keys_of(backup: &Path) -> PathBuf {
    backup.join("keys").join("keys")
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> CopyError + use<> {
    let path = path.to_owned();
    |source| CopyError::Io { path, source }
}
