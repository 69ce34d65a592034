//! Bringing a node up.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::{Arc, Mutex};

use tenure_events::{Envelope, Hash, Position, Time, UserId};
use tenure_projections::State;
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use super::replay::{ReplayError, replay};
use super::shared::Core;
use super::stats::Counters;
use super::{Node, Running, Writer, checkpoints, passing, writer};
use crate::chain::Head;
use crate::checkpoint;
use crate::clock::Clock;
use crate::data::{DataError, DataFolder};
use crate::init::Founded;
use crate::keys::{KeyStore, StoreError};
use crate::log::{self, FileLog, FileOptions, Log, LogReader};

/// What a node runs on.
pub struct Options {
    /// Where its log and keys are.
    pub data: Data,
    /// What it is told the time by.
    pub clock: Clock,
    /// How many commands may wait before [`CommandError::Busy`](super::CommandError::Busy).
    pub queue: usize,
    /// After how many events, at the least, a folder's checkpoint is written anew, and again at the end: so that a start
    /// need not replay everything. None: no checkpoint is read or written.
    pub checkpoint: Option<u64>,
    /// Somebody has looked at the clock: it is right, though the last event is long past.
    pub clock_confirmed: bool,
}

impl Options {
    /// A data folder, the machine's clock, and the usual limits.
    #[must_use]
    pub fn folder(path: impl Into<PathBuf>) -> Self {
        Self {
            data: Data::Folder(path.into()),
            clock: Clock::system(),
            queue: QUEUE,
            checkpoint: Some(CHECKPOINT),
            clock_confirmed: false,
        }
    }

    /// A platform in memory, its clock, and the usual limits.
    #[must_use]
    pub fn memory(founded: Founded, clock: Clock) -> Self {
        Self { data: Data::Memory(Box::new(founded)), clock, queue: QUEUE, checkpoint: None, clock_confirmed: false }
    }
}

/// A year, in seconds.
const MAX_GAP: i64 = 366 * 86_400;

const QUEUE: usize = 4_096;

/// A few seconds of replay.
const CHECKPOINT: u64 = 1_000_000;

/// Where a node's log and keys are.
pub enum Data {
    /// In memory: gone with the process.
    Memory(Box<Founded>),
    /// In a data folder, made by [`crate::init::in_folder`].
    Folder(PathBuf),
}

/// What opening a node found and did.
#[derive(Debug, Clone)]
pub struct OpenReport {
    /// What opening the log found; none in memory.
    pub log: Option<log::OpenReport>,
    /// Bytes of keys that a crash had left half written, and that were dropped.
    pub torn_keys: u64,
    /// What came of the checkpoint.
    pub checkpoint: CheckpointUse,
    /// How many events were replayed.
    pub replayed: u64,
}

/// What came of the checkpoint at a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckpointUse {
    /// There was none, or it was not wanted.
    None,
    /// State came from it, up to this position.
    Loaded(Position),
    /// It was dropped, for this reason, and everything was replayed.
    Dropped(String),
}

/// Why a node cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data folder cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The log cannot be opened.
    #[error(transparent)]
    Log(#[from] log::OpenError),
    /// The key store cannot be opened, or an erased person's key not be destroyed.
    #[error(transparent)]
    Keys(#[from] StoreError),
    /// The events make no state.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// Nothing was recorded for so long that the clock may be wrong. One event stamped far in the future would spoil
    /// every later one.
    #[error(
        "the last event is of {last} and the clock says {now}: if the clock is right, confirm it with --clock-confirmed"
    )]
    ClockGap {
        /// When the last event was recorded.
        last: Time,
        /// What the clock says.
        now: Time,
    },
    /// The system has no threads left.
    #[error("cannot start the writer: {0}")]
    Thread(#[source] std::io::Error),
}

pub(super) fn open(options: Options) -> Result<(Node, OpenReport), OpenError> {
    let Options { data, clock, queue, checkpoint, clock_confirmed } = options;
    let Parts { log, log_id, keys, folder, log_report } = Parts::open(data)?;
    let reader = log.reader();
    let checkpoints = folder.as_ref().zip(checkpoint).map(|(folder, every)| (folder.checkpoint(), every));
    let (state, start, used) = begin(&reader, log_id, checkpoints.as_ref().map(|(folder, _)| folder.as_path()));
    let install = |envelope: &Envelope, _: &[u8], _: &Head| {
        state.install(envelope);
        Ok::<(), ReplayError>(())
    };
    let head = replay(&reader, log_id, start, install)?;
    state.publish(head.position);
    let now = Time::from(clock.now());
    if !clock_confirmed && head.position > 0 && head.time.plus_seconds(MAX_GAP) < now {
        return Err(OpenError::ClockGap { last: head.time, now });
    }
    // An older key store may have been put back, or a crash come between an erasure in the log and that of the key.
    for user in state.erased_users().filter_map(|user| UserId::new(user).ok()) {
        keys.erase(&user)?;
    }
    let replayed = head.position - start.position;
    let report = OpenReport { log: log_report, torn_keys: keys.torn(), checkpoint: used, replayed };
    let core = Arc::new(Core {
        state,
        keys,
        log: reader,
        log_id,
        clock,
        counters: Counters::default(),
        head: Mutex::new(head),
        committed: watch::Sender::new(head.position),
        feed: Mutex::new(None),
        stopped: AtomicBool::new(false),
    });
    let (sender, receiver) = mpsc::channel(queue.max(1));
    let start_writing = |(path, every)| checkpoints::start(Arc::clone(&core), path, start.position, every);
    let started = checkpoints.map(start_writing).transpose();
    let (checkpoints, due) = started.map_err(OpenError::Thread)?.unzip();
    let next = Arc::new(AtomicI64::new(i64::MAX));
    let thread = writer::start(Arc::clone(&core), log, head, receiver, Arc::clone(&next), due);
    let thread = thread.map_err(OpenError::Thread)?;
    passing::watch(Arc::clone(&core), next, sender.downgrade()).map_err(OpenError::Thread)?;
    let running = Mutex::new(Some(Running { thread, checkpoints, folder }));
    Ok((Node { core, writer: Arc::new(Writer { queue: Mutex::new(Some(sender)), running }) }, report))
}

/// The state that replay goes on from: that of the checkpoint, if there is one that belongs to this log.
fn begin(log: &LogReader, log_id: Uuid, checkpoints: Option<&Path>) -> (State, Head, CheckpointUse) {
    let loaded = checkpoints.map_or(Ok(None), |folder| checkpoint::load(folder, log_id, log.head()));
    let why = match loaded {
        Ok(None) => return (State::new(), Head::START, CheckpointUse::None),
        Ok(Some((state, head))) if ends_there(log, &head) => {
            return (state, head, CheckpointUse::Loaded(head.position));
        }
        Ok(Some(_)) => "the log has another event at its position".to_owned(),
        Err(error) => error.to_string(),
    };
    // If it cannot be removed, it is dropped again at the next start, or written over before.
    drop(checkpoints.map(checkpoint::remove_all));
    (State::new(), Head::START, CheckpointUse::Dropped(why))
}

/// Whether the log has this event.
fn ends_there(log: &LogReader, head: &Head) -> bool {
    log.read(head.position, 1).is_ok_and(|found| found.first().is_some_and(|event| Hash::of(&event.bytes) == head.hash))
}

/// What a node is put together from.
struct Parts {
    log: Log,
    log_id: Uuid,
    keys: KeyStore,
    folder: Option<DataFolder>,
    log_report: Option<log::OpenReport>,
}

impl Parts {
    fn open(data: Data) -> Result<Self, OpenError> {
        match data {
            Data::Memory(founded) => {
                let Founded { log, log_id, keys } = *founded;
                Ok(Self { log, log_id, keys, folder: None, log_report: None })
            }
            Data::Folder(path) => {
                let folder = DataFolder::open(&path)?;
                let log_id = folder.log_id();
                let (log, report) = FileLog::open(&folder.log(), log_id, FileOptions::default())?;
                let keys = KeyStore::open(&folder.keys(), log_id)?;
                Ok(Self { log: Log::Files(log), log_id, keys, folder: Some(folder), log_report: Some(report) })
            }
        }
    }
}
