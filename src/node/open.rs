//! Bringing a node up.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use tenure_events::{Position, UserId};
use tenure_projections::State;
use tokio::sync::{mpsc, watch};

use super::replay::{ReplayError, replay};
use super::shared::Core;
use super::stats::Counters;
use super::{Node, Running, Writer, writer};
use crate::chain::Head;
use crate::clock::Clock;
use crate::data::{DataError, DataFolder};
use crate::init::Founded;
use crate::keys::{KeyStore, StoreError};
use crate::log::{self, FileLog, FileOptions, Log};

/// What a node runs on.
pub struct Options {
    /// Where its log and keys are.
    pub data: Data,
    /// What it is told the time by.
    pub clock: Clock,
    /// How many commands may wait before [`CommandError::Busy`](super::CommandError::Busy).
    pub queue: usize,
    /// Whether a folder keeps a checkpoint, so that a start need not replay everything.
    pub checkpoint: bool,
}

impl Options {
    /// A data folder, the machine's clock, and the usual limits.
    #[must_use]
    pub fn folder(path: impl Into<PathBuf>) -> Self {
        Self { data: Data::Folder(path.into()), clock: Clock::system(), queue: QUEUE, checkpoint: true }
    }

    /// A platform in memory, its clock, and the usual limits.
    #[must_use]
    pub fn memory(founded: Founded, clock: Clock) -> Self {
        Self { data: Data::Memory(Box::new(founded)), clock, queue: QUEUE, checkpoint: false }
    }
}

const QUEUE: usize = 4_096;

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
    /// The system has no threads left.
    #[error("cannot start the writer: {0}")]
    Thread(#[source] std::io::Error),
}

pub(super) fn open(options: Options) -> Result<(Node, OpenReport), OpenError> {
    let Options { data, clock, queue, checkpoint: _ } = options;
    let Parts { log, log_id, keys, folder, log_report } = Parts::open(data)?;
    let state = State::new();
    let reader = log.reader();
    let head = replay(&reader, log_id, &state, Head::START)?;
    state.publish(head.position);
    // An older key store may have been put back, or a crash come between an erasure in the log and that of the key.
    for user in state.erased_users().filter_map(|user| UserId::new(user).ok()) {
        keys.erase(&user)?;
    }
    let report = OpenReport {
        log: log_report,
        torn_keys: keys.torn(),
        checkpoint: CheckpointUse::None,
        replayed: head.position,
    };
    let core = Arc::new(Core {
        state,
        keys,
        log: reader,
        log_id,
        clock,
        counters: Counters::default(),
        head: Mutex::new(head),
        committed: watch::Sender::new(head.position),
        stopped: AtomicBool::new(false),
    });
    let (sender, receiver) = mpsc::channel(queue.max(1));
    let thread = writer::start(Arc::clone(&core), log, head, receiver).map_err(OpenError::Thread)?;
    let running = Mutex::new(Some(Running { thread, folder }));
    Ok((Node { core, writer: Arc::new(Writer { queue: Mutex::new(Some(sender)), running }) }, report))
}

/// What a node is put together from.
struct Parts {
    log: Log,
    log_id: uuid::Uuid,
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
