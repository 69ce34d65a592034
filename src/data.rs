//! The data folder of a node: what is in it, which log it belongs to, and that one process at a time uses it.
//!
//! ```text
//! tenure.json   {"format":1,"log":"<uuid>"}: that there is a platform here
//! lock          held by the process at work
//! log/          the events: the ground state
//! keys          the keys of personal data
//! checkpoint/   derived state, may be deleted at any time
//! ```

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::log::{sync_name, write_atomically};

/// The version of the folder's layout that this program makes, and the newest that it reads.
pub const FORMAT: u32 = 1;

const MANIFEST: &str = "tenure.json";

/// A data folder in this process's exclusive use, until dropped.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    log_id: Uuid,
    _lock: File,
}

impl DataFolder {
    /// Makes the data folder of a new platform whose log has the given id. Its parts are for others to make.
    ///
    /// # Errors
    /// [`DataError::AlreadyInitialised`], [`DataError::Leftover`], [`DataError::InUse`] or [`DataError::Io`].
    pub fn create(path: &Path, log_id: Uuid) -> Result<DataFolder, DataError> {
        let io_error = |source| DataError::Io { path: path.to_owned(), source };
        fs::create_dir_all(path).and_then(|()| sync_name(path)).map_err(io_error)?;
        let lock = lock(path)?;
        if path.join(MANIFEST).try_exists().map_err(io_error)? {
            return Err(DataError::AlreadyInitialised { path: path.to_owned() });
        }
        let folder = DataFolder { path: path.to_owned(), log_id, _lock: lock };
        for part in [folder.log(), folder.keys(), folder.checkpoint()] {
            if part.try_exists().map_err(io_error)? {
                return Err(DataError::Leftover { part });
            }
        }
        let manifest = Manifest { format: FORMAT, log: log_id };
        let bytes = serde_json::to_vec(&manifest).map_err(|error| io_error(error.into()))?;
        write_atomically(&path.join(MANIFEST), &bytes).map_err(io_error)?;
        Ok(folder)
    }

    /// Takes the data folder of a platform into use.
    ///
    /// # Errors
    /// [`DataError::NotInitialised`], [`DataError::InUse`], [`DataError::NewerFormat`], [`DataError::Manifest`] or
    /// [`DataError::Io`].
    pub fn open(path: &Path) -> Result<DataFolder, DataError> {
        // Read first: where there is no platform, no lock file is made.
        let log_id = log_id(path)?;
        Ok(DataFolder { path: path.to_owned(), log_id, _lock: lock(path)? })
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The id of the log, which each segment of it and each event repeats.
    pub fn log_id(&self) -> Uuid {
        self.log_id
    }

    /// Where the segments of the log are.
    pub fn log(&self) -> PathBuf {
        self.path.join("log")
    }

    /// Where the keys of personal data are.
    pub fn keys(&self) -> PathBuf {
        self.path.join("keys")
    }

    /// Where the checkpoint of derived state is.
    pub fn checkpoint(&self) -> PathBuf {
        self.path.join("checkpoint")
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
    let file = path.join(MANIFEST);
    let bytes = match fs::read(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(DataError::NotInitialised { path: path.to_owned() });
        }
        read => read.map_err(|source| DataError::Io { path: path.to_owned(), source })?,
    };
    let damaged = |source| DataError::Manifest { file: file.clone(), source };
    let Format { format: found } = serde_json::from_slice(&bytes).map_err(damaged)?;
    if found > FORMAT {
        return Err(DataError::NewerFormat { path: path.to_owned(), found, known: FORMAT });
    }
    serde_json::from_slice(&bytes).map_err(damaged).map(|Manifest { log, .. }| log)
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
}

/// Holds the folder against other processes; the system lets go of it when this one ends, however it ends.
fn lock(path: &Path) -> Result<File, DataError> {
    let locked = File::options().write(true).create(true).truncate(false).open(path.join("lock"));
    let file = locked.map_err(|source| DataError::Io { path: path.to_owned(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(DataError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(DataError::Io { path: path.to_owned(), source }),
    }
}
