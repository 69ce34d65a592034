//! Bringing a node up.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::{Arc, Mutex, OnceLock};

use tenure_events::{Envelope, Epochs, Hash, Position, Time, UserId, parse};
use tenure_projections::State;
use tokio::sync::watch;
use uuid::Uuid;

use super::keys_lost::KeysLost;
use super::proof::Proofs;
use super::queue::Queue;
use super::recorded_clock::{Record, is_credible, recorded};
use super::replay::{ReplayError, of_its_epoch, replay};
use super::secret::Hook;
use super::shared::Core;
use super::stats::Counters;
use super::{Node, Running, Writer, checkpoints, passing, writer};
use crate::chain::Head;
use crate::checkpoint::{self, CheckpointError};
use crate::clock::Clock;
use crate::data::{DataError, DataFolder};
use crate::init::Founded;
use crate::keys::{FeedSigner, KeyStore, StoreError};
use crate::log::{self, FileLog, FileOptions, Known, Log, LogReader};
use crate::private;
use crate::proof::Tree;

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
    /// Somebody has looked at the clock: it is right, though it is far from the time known last.
    pub clock_confirmed: bool,
    /// Keys of people are lost for good, as somebody has made sure: their names stay unreadable.
    pub keys_lost: bool,
    /// The program that sends enrolment secrets to their users' mail addresses.
    pub enrolment_hook: Option<Hook>,
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
            keys_lost: false,
            enrolment_hook: None,
        }
    }

    /// A platform in memory, its clock, and the usual limits.
    #[must_use]
    pub fn memory(founded: Founded, clock: Clock) -> Self {
        Self {
            data: Data::Memory(Box::new(founded)),
            clock,
            queue: QUEUE,
            checkpoint: None,
            clock_confirmed: false,
            keys_lost: false,
            enrolment_hook: None,
        }
    }
}

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
    /// Users who were not erased, by the log, and whose keys were destroyed: the log lost the erasure, or the keys are of
    /// another copy of it.
    pub keyless: Vec<UserId>,
    /// The time of the last event, if that is ahead of the clock: events are stamped right after it until the clock has
    /// caught up, and the clock is judged by.
    pub ahead: Option<Time>,
    /// That others on this machine may read or change parts of the data folder.
    pub wider: Option<String>,
}

impl OpenReport {
    /// What whoever runs the node should know: each a line.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.log.as_ref().map(log_warnings).unwrap_or_default();
        warnings.extend(keyless_warning(&self.keyless));
        warnings.extend(self.ahead.map(|last| {
            format!(
                "the last event is of {last}, which the clock has not reached: events are stamped right after it until the \
                 clock has, and windows are judged by the clock"
            )
        }));
        warnings.extend(self.wider.clone());
        warnings
    }
}

/// What is odd about a log that can be opened.
pub(super) fn log_warnings(report: &log::OpenReport) -> Vec<String> {
    let kept = report.kept.iter().map(|log::Kept { file, bytes }| {
        format!(
            "{bytes} bytes were cut from the end of the log and are kept in `{}`: a crash leaves such an end, a failing disk \
             does as well; keep the file until you know that nothing is missing",
            file.display()
        )
    });
    let unnoted = (!report.noted).then(|| {
        "the log's note `closed` is missing or damaged: whether the log has lost its end cannot be told".to_owned()
    });
    kept.chain(unnoted).collect()
}

pub(super) fn keyless_warning(keyless: &[UserId]) -> Option<String> {
    let first = keyless.first()?;
    Some(format!(
        "the keys of {} people are destroyed whom the log does not call erased, `{first}` first: the log has lost its end, \
         or the keys belong to a later copy of it; restore both from one backup",
        keyless.len()
    ))
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
    /// The key store has lost keys.
    #[error(transparent)]
    KeysLost(#[from] KeysLost),
    /// The events make no state.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The clock is so far from the time known last that it may be wrong. A false future would be stamped into the log
    /// and end what has not ended; a false past would bring back what has ended.
    #[error(
        "the clock says {now}, and the time known last is {last}: if the clock is right, start with --clock-confirmed; if \
         it is wrong, set it right first"
    )]
    ClockGap {
        /// What a running node recorded last, or else the time of the last event.
        last: Time,
        /// What the clock says.
        now: Time,
    },
    /// The system has no threads left.
    #[error("cannot start the writer: {0}")]
    Thread(#[source] std::io::Error),
}

pub(super) fn open(options: Options) -> Result<(Node, OpenReport), OpenError> {
    let Options { data, clock, queue, checkpoint, clock_confirmed, keys_lost, enrolment_hook } = options;
    let clock = if clock_confirmed { clock.confirmed() } else { clock };
    let now = Time::from(clock.now());
    let Parts { log, log_id, epochs, keys, feed_signer, proofs, folder, log_report } = Parts::open(data, now)?;
    let Proofs { signer: proof_signer, handovers } = proofs;
    let reader = log.reader();
    let checkpoints = folder.as_ref().zip(checkpoint).map(|(folder, every)| (folder.checkpoint(), every));
    let loaded = checkpoints.as_ref().map(|(folder, _)| checkpoint::load(folder, log_id, reader.head()));
    let Begun { state, start, used, head } = begin(&reader, log_id, &epochs, loaded.unwrap_or(Ok(None)))?;
    if let (CheckpointUse::Dropped(_), Some((folder, _))) = (&used, &checkpoints) {
        // If it cannot be removed, it is dropped again at the next start, or written over before.
        drop(checkpoint::remove_all(folder));
    }
    let tree = match &folder {
        Some(folder) => Tree::in_folder(&folder.tree(), log_id, &reader),
        None => Tree::in_memory(log_id, &reader),
    };
    let tree = tree.map_err(ReplayError::Read)?;
    let record = folder.as_ref().map(DataFolder::clock);
    if !clock_confirmed && let Some(known) = doubted(record.as_deref(), &head, now) {
        return Err(OpenError::ClockGap { last: known, now });
    }
    if let Some(folder) = folder.as_ref().filter(|_| !keys_lost) {
        KeysLost::check(&state, &keys, &folder.keys())?;
    }
    // Only now: what a crash left half written is cut once nobody needs it.
    keys.settle()?;
    // An older key store may have been put back, or a crash come between an erasure in the log and that of the key.
    for user in state.erased_users().filter_map(|user| UserId::new(user).ok()) {
        keys.erase(&user)?;
    }
    let replayed = head.position - start.position;
    let (keyless, ahead) = (keyless(&state, &keys), (head.time > now).then_some(head.time));
    let torn_keys = keys.torn();
    let wider = folder.as_ref().and_then(|folder| private::warning(folder.path()));
    let report = OpenReport { log: log_report, torn_keys, checkpoint: used, replayed, keyless, ahead, wider };
    let core = Arc::new(Core {
        state,
        keys,
        feed_signer,
        proof_signer,
        handovers,
        tree,
        log: reader,
        log_id,
        epochs,
        clock,
        counters: Counters::default(),
        head: Mutex::new(head),
        committed: watch::Sender::new(head.position),
        feed: Mutex::new(None),
        halted: OnceLock::new(),
        ended: AtomicBool::new(false),
        clock_told: AtomicBool::new(false),
        hook: enrolment_hook,
    });
    let mut record = Record::new(record);
    record.write(&core);
    let queue = Arc::new(Queue::new(queue));
    let start_writing = |(path, every)| checkpoints::start(Arc::clone(&core), path, start.position, every);
    let started = checkpoints.map(start_writing).transpose();
    let (checkpoints, due) = started.map_err(OpenError::Thread)?.unzip();
    let next = Arc::new(AtomicI64::new(i64::MAX));
    let thread = writer::start(Arc::clone(&core), log, head, Arc::clone(&queue), Arc::clone(&next), due);
    let thread = thread.map_err(OpenError::Thread)?;
    passing::watch(Arc::clone(&core), next, record, Arc::clone(&queue)).map_err(OpenError::Thread)?;
    let running = Mutex::new(Some(Running { thread, checkpoints, folder }));
    Ok((Node { core, writer: Arc::new(Writer { queue, running }) }, report))
}

/// What a start reads.
pub(super) struct Begun {
    pub state: State,
    /// Where replay began.
    pub start: Head,
    pub used: CheckpointUse,
    /// The end of the log.
    pub head: Head,
}

/// Reads the log as a start does: from a checkpoint that was loaded, if there is one that belongs to this log.
pub(super) fn begin(
    log: &LogReader,
    log_id: Uuid,
    epochs: &Epochs,
    loaded: Result<Option<(State, Head)>, CheckpointError>,
) -> Result<Begun, ReplayError> {
    let (state, start, used) = match loaded {
        Ok(None) => (State::new(), Head::START, CheckpointUse::None),
        Ok(Some((state, head))) if ends_there(log, &head) => (state, head, CheckpointUse::Loaded(head.position)),
        Ok(Some(_)) => {
            let why = "the log has another event at its position".to_owned();
            (State::new(), Head::START, CheckpointUse::Dropped(why))
        }
        Err(error) => (State::new(), Head::START, CheckpointUse::Dropped(error.to_string())),
    };
    let install = |envelope: &Envelope, _: &[u8], _: &Head| {
        state.install(envelope);
        Ok::<(), ReplayError>(())
    };
    let head = replay(log, log_id, start, install)?;
    ends_in_its_epoch(log, &head, epochs)?;
    state.publish(head.position);
    Ok(Begun { state, start, used, head })
}

/// The time known last, if a clock that says `now` is too far from it.
pub(super) fn doubted(record: Option<&Path>, head: &Head, now: Time) -> Option<Time> {
    // What a node recorded was trusted then, and is later than any event, unless a clock was wrong before.
    let known = record.and_then(recorded).unwrap_or(head.time);
    (head.position > 0 && !is_credible(known, now)).then_some(known)
}

/// Who was not erased and has no key any more.
pub(super) fn keyless(state: &State, keys: &KeyStore) -> Vec<UserId> {
    let users = state.unerased_users().filter_map(|user| UserId::new(user).ok());
    users.filter(|user| keys.is_erased(user)).collect()
}

/// The position up to which a log was durable for sure: its first command made the platform, and a checkpoint is written
/// of what is durable.
pub(super) fn known_durable(checkpoints: &Path) -> Position {
    checkpoint::position(checkpoints).unwrap_or_default().max(1)
}

/// Whether a checkpoint is another log's, and says nothing of this one.
pub(super) fn is_anothers(checkpoints: &Path, log_id: Uuid) -> bool {
    matches!(checkpoint::look(checkpoints, log_id, Position::MAX), Err(CheckpointError::OtherLog(_)))
}

/// Whether the log has this event.
fn ends_there(log: &LogReader, head: &Head) -> bool {
    log.read(head.position, 1).is_ok_and(|found| found.first().is_some_and(|event| Hash::of(&event.bytes) == head.hash))
}

/// That the last event is of the epoch that the manifest says. One that knows of none, or of others, belongs to another copy
/// of the log: what is written under it could not be told from what was lost.
fn ends_in_its_epoch(log: &LogReader, head: &Head, epochs: &Epochs) -> Result<(), ReplayError> {
    let last = log.read(head.position, 1)?.pop().and_then(|event| parse(&event.bytes).ok());
    last.map_or(Ok(()), |last| of_its_epoch(&last, epochs))
}

/// What a node is put together from.
struct Parts {
    log: Log,
    log_id: Uuid,
    epochs: Epochs,
    keys: KeyStore,
    feed_signer: FeedSigner,
    proofs: Proofs,
    folder: Option<DataFolder>,
    log_report: Option<log::OpenReport>,
}

impl Parts {
    fn open(data: Data, now: Time) -> Result<Self, OpenError> {
        match data {
            Data::Memory(founded) => {
                let Founded { log, log_id, keys } = *founded;
                let feed_signer = FeedSigner::generate().map_err(StoreError::from)?;
                let proofs = Proofs::in_memory(log_id)?;
                let epochs = Epochs::default();
                Ok(Self { log, log_id, epochs, keys, feed_signer, proofs, folder: None, log_report: None })
            }
            Data::Folder(path) => {
                let folder = DataFolder::open(&path)?;
                let log_id = folder.log_id();
                let now = now.to_string().replace(':', "");
                let open = |durable| {
                    let known = Known { durable, now: &now };
                    FileLog::open_known(&folder.log(), log_id, FileOptions::default(), known)
                };
                let opened = match open(known_durable(&folder.checkpoint())) {
                    Err(log::OpenError::EndLost { .. }) if is_anothers(&folder.checkpoint(), log_id) => open(1),
                    opened => opened,
                };
                let (log, report) = opened?;
                let keys = KeyStore::read(&folder.keys(), log_id)?;
                let path = folder.feed_key();
                let feed_signer = FeedSigner::in_file(&path).map_err(|source| DataError::Io { path, source })?;
                let proofs = Proofs::in_folder(folder.path(), log_id)?;
                let epochs = folder.epochs().clone();
                let (log, folder, log_report) = (Log::Files(log), Some(folder), Some(report));
                Ok(Self { log, log_id, epochs, keys, feed_signer, proofs, folder, log_report })
            }
        }
    }
}
