//! A look at a data folder from outside, whether a node uses it or not.

use std::path::Path;

use uuid::Uuid;

use crate::checkpoint;
use crate::data::{self, DataError, DataFolder};
use crate::keys::{KeyStore, StoreError};
use crate::log::{self, FileLog, LogReader, Position};

/// What is in a data folder.
#[derive(Debug)]
pub struct Examination {
    /// The id of its log.
    pub log_id: Uuid,
    /// A process uses it: keys and checkpoint were not looked at.
    pub in_use: bool,
    /// The log, every byte proved by its checksum, and what opening it found.
    pub log: Result<(LogReader, log::OpenReport), log::OpenError>,
    /// The keys; none while the folder is in use.
    pub keys: Option<Result<(), StoreError>>,
    /// The position of the checkpoint, or why it cannot be used; none without one, or while the folder is in use.
    pub checkpoint: Option<Result<Position, String>>,
    /// Bytes that are free on its disk for those who are not root, if the system says so.
    pub free: Option<u64>,
}

/// Looks at a data folder. What a crash has left is settled as a start would do it; nothing else is changed.
///
/// # Errors
/// There is no platform, or it cannot be read.
pub fn examine(folder: &Path) -> Result<Examination, DataError> {
    let log_id = data::log_id(folder)?;
    let exclusive = match DataFolder::open(folder) {
        Ok(data) => Some(data),
        Err(DataError::InUse { .. }) => None,
        Err(error) => return Err(error),
    };
    let log = FileLog::open_read_only(&folder.join("log"), log_id);
    let head = log.as_ref().map_or(Position::MAX, |(_, report)| report.head);
    let keys = exclusive.as_ref().map(|data| KeyStore::open(&data.keys(), log_id).map(drop));
    let checkpoint = exclusive.as_ref().and_then(|data| {
        let loaded = checkpoint::load(&data.checkpoint(), log_id, head).transpose()?;
        Some(loaded.map(|(_, head)| head.position).map_err(|error| error.to_string()))
    });
    let free = rustix::fs::statvfs(folder).ok().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    Ok(Examination { log_id, in_use: exclusive.is_none(), log, keys, checkpoint, free })
}
