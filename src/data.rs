//! The data folder of a node: what is in it, which log it belongs to, and that one process at a time uses it.
//!
//! ```text
//! tenure.json   {"format":1,"log":"<uuid>"}: that there is a platform here; restored from a backup, it has format 2 and
//!               "epochs":[{"epoch":…,"after":…}] besides
//! making        the same while one is being made: what is here counts for nothing yet
//! clock         the time that a node saw last while it ran
//! log/          the events: the ground state
//! keys          the keys of personal data
//! feed-key      the key that heartbeats are signed with
//! proof-key     the key that checkpoints of the log and evidence are signed with
//! proof-keys    how the log came to that key: notes that each key and the next have signed
//! tree/         derived state, may be deleted while no node runs: the hashes that proofs are made of
//! checkpoint/   derived state, may be deleted at any time
//! ```
//!
//! The process at work holds a lock on the folder itself, which nobody takes for a leftover and removes.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use tenure_events::Epochs;
use uuid::Uuid;

use crate::log::{sync_name, write_atomically};
use crate::private;

/// The version of the folder's layout that this program makes, and the newest that it reads.
pub const FORMAT: u32 = 2;

/// What is made of a platform that was never restored, so that earlier versions read it as well.
const WITHOUT_EPOCHS: u32 = 1;

const MANIFEST: &str = "tenure.json";

/// What becomes the manifest once all else is there.
const MAKING: &str = "making";

/// A data folder in this process's exclusive use, until dropped.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    log_id: Uuid,
    epochs: Epochs,
    _lock: Lock,
}

impl DataFolder {
    /// Begins the data folder of a new platform whose log has the given id. Its parts are for others to make; it is no
    /// platform before [`DataFolder::finish`]. What an interrupted beginning has left there is removed: nobody was ever
    /// told that it is a platform.
    ///
    /// # Errors
    /// [`DataError::AlreadyInitialised`], [`DataError::Leftover`], [`DataError::InUse`] or [`DataError::Io`].
    pub fn begin(path: &Path, log_id: Uuid) -> Result<DataFolder, DataError> {
        DataFolder::begin_again(path, log_id, Epochs::default())
    }

    /// The same for a platform that there was before, with the epochs that it had.
    ///
    /// # Errors
    /// As [`DataFolder::begin`].
    pub fn begin_again(path: &Path, log_id: Uuid, epochs: Epochs) -> Result<DataFolder, DataError> {
        let io_error = |source| DataError::Io { path: path.to_owned(), source };
        private::create_folders(path).and_then(|()| sync_name(path)).map_err(io_error)?;
        let lock = lock(path)?;
        if path.join(MANIFEST).try_exists().map_err(io_error)? {
            return Err(DataError::AlreadyInitialised { path: path.to_owned() });
        }
        let folder = DataFolder { path: path.to_owned(), log_id, epochs, _lock: lock };
        let is_left = path.join(MAKING).try_exists().map_err(io_error)?;
        for part in [
            folder.log(),
            folder.keys(),
            folder.feed_key(),
            folder.checkpoint(),
            folder.clock(),
            folder.tree(),
            proof_key(path),
            proof_keys(path),
        ] {
            if part.try_exists().map_err(io_error)? {
                if !is_left {
                    return Err(DataError::Leftover { part });
                }
                let removed = if part.is_dir() { fs::remove_dir_all(&part) } else { fs::remove_file(&part) };
                removed.map_err(io_error)?;
            }
        }
        let format = if folder.epochs.is_first() { WITHOUT_EPOCHS } else { FORMAT };
        let manifest = Manifest { format, log: log_id, epochs: folder.epochs.clone() };
        let bytes = serde_json::to_vec(&manifest).map_err(|error| io_error(error.into()))?;
        write_atomically(&path.join(MAKING), &bytes).map_err(io_error)?;
        Ok(folder)
    }

    /// Makes a platform of what was begun, at one go and durably.
    ///
    /// # Errors
    /// [`DataError::Io`]: it is none, or after a power cut may be none.
    pub fn finish(&self) -> Result<(), DataError> {
        let manifest = self.path.join(MANIFEST);
        fs::rename(self.path.join(MAKING), &manifest)
            .and_then(|()| sync_name(&manifest))
            .map_err(|source| DataError::Io { path: self.path.clone(), source })
    }

    /// Makes the data folder of a new platform whose log has the given id, at once. Its parts are for others to make.
    ///
    /// # Errors
    /// [`DataError::AlreadyInitialised`], [`DataError::Leftover`], [`DataError::InUse`] or [`DataError::Io`].
    pub fn create(path: &Path, log_id: Uuid) -> Result<DataFolder, DataError> {
        let folder = DataFolder::begin(path, log_id)?;
        folder.finish()?;
        Ok(folder)
    }

    /// Takes the data folder of a platform into use.
    ///
    /// # Errors
    /// [`DataError::NotInitialised`], [`DataError::Unfinished`], [`DataError::InUse`], [`DataError::NewerFormat`],
    /// [`DataError::Manifest`] or [`DataError::Io`].
    pub fn open(path: &Path) -> Result<DataFolder, DataError> {
        let Manifest { log, epochs, .. } = manifest(path)?;
        Ok(DataFolder { path: path.to_owned(), log_id: log, epochs, _lock: lock(path)? })
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The id of the log, which each segment of it and each event repeats.
    pub fn log_id(&self) -> Uuid {
        self.log_id
    }

    /// The futures that the log had: each restore began another.
    pub fn epochs(&self) -> &Epochs {
        &self.epochs
    }

    /// Where the segments of the log are.
    pub fn log(&self) -> PathBuf {
        self.path.join("log")
    }

    /// Where the keys of personal data are.
    pub fn keys(&self) -> PathBuf {
        self.path.join("keys")
    }

    /// Where the key is that heartbeats are signed with.
    pub fn feed_key(&self) -> PathBuf {
        feed_key(&self.path)
    }

    /// Where the hashes are that proofs are made of.
    pub fn tree(&self) -> PathBuf {
        tree(&self.path)
    }

    /// Where the time is that a node saw last while it ran.
    pub fn clock(&self) -> PathBuf {
        self.path.join(CLOCK)
    }

    /// Where the checkpoint of derived state is.
    pub fn checkpoint(&self) -> PathBuf {
        self.path.join("checkpoint")
    }
}

/// Keeps nodes from starting on a data folder while somebody reads it, until dropped. Readers do not keep out each other,
/// and change nothing.
#[derive(Debug)]
pub struct Still {
    _lock: Lock,
}

impl Still {
    /// Holds a folder still; none if a process uses it.
    ///
    /// # Errors
    /// [`DataError::Io`].
    pub fn hold(path: &Path) -> Result<Option<Still>, DataError> {
        match lock_by(path, File::try_lock_shared) {
            Ok(lock) => Ok(Some(Still { _lock: lock })),
            Err(DataError::InUse { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A new platform was to be made where there is one.
    #[error("there is a platform in `{path}` already: serve it, or choose another folder", path = path.display())]
    AlreadyInitialised {
        /// The folder.
        path: PathBuf,
    },
    /// A new platform was to be made, and what is left of another is in the way.
    #[error("`{part}` is there without a platform: move it away, or choose another folder", part = part.display())]
    Leftover {
        /// The part that is there.
        part: PathBuf,
    },
    /// No platform was ever made here.
    #[error("there is no platform in `{path}`: make one with `tenure init`", path = path.display())]
    NotInitialised {
        /// The folder.
        path: PathBuf,
    },
    /// Making a platform here was interrupted, before anybody was told that there is one.
    #[error("there is no platform in `{path}` yet: making it was interrupted: make it again with `tenure init`, or restore \
             the backup again", path = path.display())]
    Unfinished {
        /// The folder.
        path: PathBuf,
    },
    /// Another process uses the folder.
    #[error("another process uses `{path}`: stop it first", path = path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// A later version of the program made this folder: run that version, or a later one.
    #[error("`{path}` has format {found}, and this program knows no later one than {known}: run a newer version of it",
            path = path.display())]
    NewerFormat {
        /// The folder.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// [`FORMAT`].
        known: u32,
    },
    /// The manifest does not read as one.
    #[error("`{file}` is damaged: restore it from a backup: {source}", file = file.display())]
    Manifest {
        /// The manifest.
        file: PathBuf,
        /// What is wrong in it.
        source: serde_json::Error,
    },
    /// The disk did not answer, or takes no more.
    #[error("cannot use `{path}`: {source}", path = path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The id of the log in a data folder, whoever uses it: for reading the log of a node at work.
///
/// # Errors
/// As [`DataFolder::open`], but never [`DataError::InUse`].
pub fn log_id(path: &Path) -> Result<Uuid, DataError> {
    manifest(path).map(|manifest| manifest.log)
}

/// The futures that the log in a data folder had, whoever uses it.
///
/// # Errors
/// As [`log_id`].
pub fn epochs(path: &Path) -> Result<Epochs, DataError> {
    manifest(path).map(|manifest| manifest.epochs)
}

fn manifest(path: &Path) -> Result<Manifest, DataError> {
    let file = path.join(MANIFEST);
    let bytes = match fs::read(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let path = path.to_owned();
            let is_left = path.join(MAKING).exists();
            return Err(if is_left { DataError::Unfinished { path } } else { DataError::NotInitialised { path } });
        }
        read => read.map_err(|source| DataError::Io { path: path.to_owned(), source })?,
    };
    let damaged = |source| DataError::Manifest { file: file.clone(), source };
    let Format { format: found } = serde_json::from_slice(&bytes).map_err(damaged)?;
    if found == 0 {
        return Err(damaged(serde::de::Error::custom("there never was a format 0")));
    }
    if found > FORMAT {
        return Err(DataError::NewerFormat { path: path.to_owned(), found, known: FORMAT });
    }
    serde_json::from_slice(&bytes).map_err(damaged)
}

/// Where the key of the feed is in a data folder.
pub fn feed_key(path: &Path) -> PathBuf {
    path.join("feed-key")
}

/// Where the key is that checkpoints of the log and evidence are signed with.
pub fn proof_key(path: &Path) -> PathBuf {
    path.join("proof-key")
}

/// Where it is written how the log came to that key.
pub fn proof_keys(path: &Path) -> PathBuf {
    path.join("proof-keys")
}

/// Where the hashes are that proofs are made of.
pub fn tree(path: &Path) -> PathBuf {
    path.join("tree")
}

/// What every format of the manifest says.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    format: u32,
    log: Uuid,
    /// Nothing in format 1.
    #[serde(default, skip_serializing_if = "Epochs::is_first")]
    epochs: Epochs,
}

/// The locks that a process holds.
type Lock = [Option<File>; 2];

/// Holds the folder against other processes; the system lets go of it when this one ends, however it ends.
fn lock(path: &Path) -> Result<Lock, DataError> {
    lock_by(path, File::try_lock)
}

/// Locks the folder itself, and the file that earlier versions of the program lock, where there is one.
fn lock_by(path: &Path, lock: impl Fn(&File) -> Result<(), TryLockError>) -> Result<Lock, DataError> {
    let io_error = |source| DataError::Io { path: path.to_owned(), source };
    let locked = |file: File| match lock(&file) {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(DataError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(io_error(source)),
    };
    let folder = locked(File::open(path).map_err(io_error)?)?;
    let earlier = match File::open(path.join(EARLIER)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        opened => locked(opened.map_err(io_error)?)?,
    };
    Ok([folder, earlier])
}

/// What earlier versions of the program lock.
const EARLIER: &str = "lock";

const CLOCK: &str = "clock";
