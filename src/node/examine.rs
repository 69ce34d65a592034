//! A look at a data folder from outside, whether a node uses it or not.

use std::io;
use std::path::Path;

use tenure_events::{Epochs, Time};
use uuid::Uuid;

use super::keys_lost::{KeysFault, KeysLost};
use super::open::{
    Begun, CheckpointUse, begin, doubted, is_anothers, keyless, keyless_warning, known_durable, log_warnings,
};
use super::replay::ReplayError;
use crate::checkpoint::{self, CheckpointError};
use crate::clock::Clock;
use crate::data::{self, DataError, Still};
use crate::keys::{FeedSigner, KeyStore, ProofKey};
use crate::log::{self, FileLog, LogReader, Position};
use crate::private;

/// What is in a data folder.
#[derive(Debug)]
pub struct Examination {
    /// The id of its log.
    pub log_id: Uuid,
    /// The futures that it had: each restore began another.
    pub epochs: Epochs,
    /// A process uses it: keys and checkpoint were not looked at.
    pub in_use: bool,
    /// The log, every byte proved by its checksum, and what opening it found.
    pub log: Result<(LogReader, log::OpenReport), log::OpenError>,
    /// Whether a start can read its events; none if the log cannot be opened.
    pub events: Option<Result<(), ReplayError>>,
    /// What is odd, though a start goes on all the same.
    pub warnings: Vec<String>,
    /// The keys; none while the folder is in use.
    pub keys: Option<Result<(), KeysFault>>,
    /// The position of the checkpoint, or why it cannot be used; none without one, or while the folder is in use.
    pub checkpoint: Option<Result<Position, CheckpointError>>,
    /// The time known last, where a start would ask whether the clock is right; none while the folder is in use.
    pub doubted: Option<Time>,
    /// Whether a start can use the key that heartbeats are signed with.
    pub feed_key: io::Result<()>,
    /// Whether a start can use the key that checkpoints of the log and evidence are signed with.
    pub proof_key: io::Result<()>,
    /// How much room the next start takes on the disk, if it takes any.
    pub needed: Option<u64>,
    /// Bytes that are free on its disk for those who are not root, if the system says so.
    pub free: Option<u64>,
}

/// Looks at a data folder, and reads what a start would read. Nothing is changed.
///
/// # Errors
/// There is no platform, or it cannot be read.
pub fn examine(folder: &Path, clock: &Clock) -> Result<Examination, DataError> {
    let log_id = data::log_id(folder)?;
    let still = Still::hold(folder)?;
    let (checkpoints, log_folder) = (folder.join("checkpoint"), folder.join("log"));
    // Before the log, which a node goes on writing.
    let durable = known_durable(&checkpoints);
    let log =
        FileLog::open_read_only(&log_folder, log_id).and_then(|opened| match opened.1.reaches(&log_folder, durable) {
            Err(lost) if durable == 1 || !is_anothers(&checkpoints, log_id) => Err(lost),
            Ok(()) | Err(_) => Ok(opened),
        });
    let free = rustix::fs::statvfs(folder).ok().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    let mut found = Examination {
        log_id,
        epochs: data::epochs(folder)?,
        in_use: still.is_none(),
        log,
        events: None,
        warnings: private::warning(folder).into_iter().collect(),
        keys: None,
        checkpoint: None,
        doubted: None,
        feed_key: FeedSigner::look(&data::feed_key(folder)),
        proof_key: ProofKey::look(&data::proof_key(folder)),
        needed: None,
        free,
    };
    found.read(folder, clock);
    Ok(found)
}

impl Examination {
    /// Reads what a start would read; of a folder in use, only the events.
    fn read(&mut self, folder: &Path, clock: &Clock) {
        let keys = (!self.in_use).then(|| KeyStore::look(&folder.join("keys"), self.log_id));
        let Ok((log, report)) = &self.log else {
            self.keys = keys.map(|keys| keys.map(drop).map_err(KeysFault::from));
            return;
        };
        self.warnings.extend(log_warnings(report));
        let loaded =
            if self.in_use { Ok(None) } else { checkpoint::look(&folder.join("checkpoint"), self.log_id, log.head()) };
        let (loaded, looked) = match loaded {
            Ok(loaded) => {
                let position = loaded.as_ref().map(|(_, head)| Ok(head.position));
                (loaded, position)
            }
            Err(why) => (None, Some(Err(why))),
        };
        self.checkpoint = looked;
        let mut lost = Ok(());
        match begin(log, self.log_id, &self.epochs, Ok(loaded)) {
            Ok(Begun { state, head, used, .. }) => {
                if let CheckpointUse::Dropped(why) = used {
                    self.checkpoint = Some(Err(CheckpointError::OtherEvent(why)));
                }
                self.events = Some(Ok(()));
                if let Some(Ok(store)) = &keys {
                    self.warnings.extend(keyless_warning(&keyless(&state, store)));
                    lost = KeysLost::check(&state, store, &folder.join("keys"));
                }
                if !self.in_use {
                    self.needed = (!report.closed).then_some(report.last_segment);
                    self.doubted = doubted(Some(&folder.join("clock")), &head, Time::from(clock.now()));
                }
            }
            Err(error) => self.events = Some(Err(error)),
        }
        self.keys = keys.map(|keys| keys.map_err(KeysFault::from).and_then(|_| Ok(lost?)));
    }
}
