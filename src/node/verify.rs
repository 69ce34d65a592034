//! Proving a data folder: every byte of the log, every event's place, and that state is what the events make it.

use std::collections::HashMap;
use std::path::Path;
use std::str::FromStr;

use tenure_events::{Envelope, Epochs, Hash, OrgId, Position};
use tenure_projections::{Digest, State};
use uuid::Uuid;

use super::Progress;
use super::backup::is_backup;
use super::keys_lost::{KeysFault, KeysLost};
use super::open::{is_anothers, known_durable};
use super::replay::{ReplayError, of_its_epoch, replay};
use crate::chain::{Head, event_id};
use crate::checkpoint::{self, CheckpointError};
use crate::data::{self, DataError, Still};
use crate::decide::is_true_twin;
use crate::keys::KeyStore;
use crate::log::{self, FileLog, LogReader};
use crate::proof::{self, Edge, Looked, Tree};

/// What proving a data folder found.
#[derive(Debug)]
pub struct VerifyReport {
    /// The log.
    pub log_id: Uuid,
    /// The log as it was when it was opened, and what that found: segments, bytes, a torn tail.
    pub log: Option<(LogReader, log::OpenReport)>,
    /// The last event that is proved, its hash and time.
    pub head: Head,
    /// Commands up to there.
    pub commands: u64,
    /// Orgs with a history.
    pub orgs: usize,
    /// Events that are twins of others.
    pub twins: u64,
    /// The digest of the state that the events make.
    pub digest: Digest,
    /// What is to be said of the checkpoint.
    pub checkpoint: CheckpointVerdict,
    /// The root of the tree over all events: what a signed checkpoint of this position says.
    pub root: Hash,
    /// What is to be said of the hashes that are kept for proofs.
    pub tree: TreeVerdict,
    /// The first thing that is wrong; nothing behind it was looked at.
    pub fault: Option<Fault>,
}

/// What is to be said of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckpointVerdict {
    /// There is none.
    None,
    /// A node uses the folder, and with it the checkpoint.
    InUse,
    /// It is what the events up to this position make.
    Right(Position),
    /// It cannot be used, for this reason, and will be dropped.
    Unusable(String),
    /// It could not be looked at, for this reason.
    Unread(String),
}

/// What is to be said of the hashes that are kept for proofs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TreeVerdict {
    /// There are none yet; a start makes them.
    None,
    /// They are what the events up to this position make.
    Right(Position),
    /// They are not, and a start makes them anew.
    Wrong(Position),
    /// They could not be looked at, for this reason.
    Unread(String),
}

/// What somebody knows of a log from before: what they were told by a node, or by an earlier proof.
///
/// Its text is a position, a colon, and a hash: that of the event there, as `tenure verify` and heartbeats say it (43
/// characters), or the root of the tree, as a checkpoint says it (44 characters, the last one `=`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    position: Position,
    hash: Hash,
    of: Of,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Event,
    Tree,
}

impl FromStr for Expected {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str =
            "write POSITION:HASH: the hash of an event as `tenure verify` prints it, or the root of a checkpoint";
        let (position, hash) = text.split_once(':').ok_or(WRONG)?;
        let position = position.parse().ok().filter(|position| *position > 0).ok_or(WRONG)?;
        match (hash.parse(), proof::parse(hash)) {
            (Ok(hash), _) => Ok(Self { position, hash, of: Of::Event }),
            (Err(_), Some(hash)) => Ok(Self { position, hash, of: Of::Tree }),
            (Err(_), None) => Err(WRONG),
        }
    }
}

/// What is wrong with a platform, and where.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The log's files.
    #[error(transparent)]
    Log(#[from] log::OpenError),
    /// An event, or its place in the chain.
    #[error(transparent)]
    Event(#[from] ReplayError),
    /// An event's id does not follow from its command.
    #[error("event {0} has an id that does not follow from its command and place")]
    Id(Position),
    /// An org's history has a gap.
    #[error("event {position} says that it is number {found} in the history of `{org}`, and it is number {expected}")]
    Sequence {
        /// The event.
        position: Position,
        /// The org.
        org: OrgId,
        /// What it says.
        found: u64,
        /// What it is.
        expected: u64,
    },
    /// A twin says something else than the event it is the twin of, or stands in the same history.
    #[error("event {position} is no true twin of event {of}")]
    Twin {
        /// The twin.
        position: Position,
        /// The original.
        of: Position,
    },
    /// What memory holds is not what the digest says: a fault of the machine or the program.
    #[error("state after event {position} has digest {found}, and its changes have {kept}")]
    Memory {
        /// The last event.
        position: Position,
        /// As computed from what memory holds.
        found: Digest,
        /// As kept change by change.
        kept: Digest,
    },
    /// The key store is not the one that the log needs.
    #[error(transparent)]
    Keys(#[from] KeysFault),
    /// The log is not the one that was expected.
    #[error("the log is not the one that was expected: at position {position} it has {found}, and not {expected}")]
    Other {
        /// Where.
        position: Position,
        /// What it has.
        found: String,
        /// What it was to have.
        expected: String,
    },
    /// The log ends before an event that it was expected to have.
    #[error("the log ends at position {head}, before position {position}, which it was expected to have")]
    Shorter {
        /// The last event.
        head: Position,
        /// What was expected.
        position: Position,
    },
    /// The checkpoint is intact and wrong: written by a program with a fault.
    #[error("the checkpoint of position {position} has digest {found}, and the events make {expected}: delete it")]
    Checkpoint {
        /// Its position.
        position: Position,
        /// Its digest.
        found: Digest,
        /// What the events make.
        expected: Digest,
    },
}

/// Proves a data folder. It writes nothing there, and may run beside a node that uses the folder, then without its
/// checkpoint.
///
/// # Errors
/// There is no platform, or the folder cannot be read. What is wrong with the platform is told in the report.
pub fn verify(folder: &Path, progress: &mut Progress<'_>) -> Result<VerifyReport, DataError> {
    verify_expecting(folder, &[], progress)
}

/// The same, and that the log has what is known of it.
///
/// # Errors
/// As [`verify`].
pub fn verify_expecting(
    folder: &Path,
    expected: &[Expected],
    progress: &mut Progress<'_>,
) -> Result<VerifyReport, DataError> {
    let log_id = data::log_id(folder)?;
    let still = Still::hold(folder)?;
    let mut report = VerifyReport {
        log_id,
        log: None,
        head: Head::START,
        commands: 0,
        orgs: 0,
        twins: 0,
        digest: Digest::default(),
        checkpoint: if still.is_some() { CheckpointVerdict::None } else { CheckpointVerdict::InUse },
        root: Edge::default().root(),
        tree: TreeVerdict::None,
        fault: None,
    };
    report.fault = prove(folder, &data::epochs(folder)?, still.as_ref(), expected, &mut report, progress).err();
    Ok(report)
}

fn prove(
    folder: &Path,
    epochs: &Epochs,
    still: Option<&Still>,
    expected: &[Expected],
    report: &mut VerifyReport,
    progress: &mut Progress<'_>,
) -> Result<(), Fault> {
    let checkpoints = folder.join("checkpoint");
    let durable = known_durable(&checkpoints);
    let (log, opened) = FileLog::open_read_only(&folder.join("log"), report.log_id)?;
    match opened.reaches(&folder.join("log"), durable) {
        Err(lost) if durable == 1 || !is_anothers(&checkpoints, report.log_id) => return Err(lost.into()),
        Ok(()) | Err(_) => {}
    }
    let end = opened.head;
    report.log = Some((log.clone(), opened));
    let kept = match still.map(|_| checkpoint::look(&checkpoints, report.log_id, end)) {
        None | Some(Ok(None)) => None,
        Some(Ok(Some((state, head)))) => Some((Digest::recompute(&state), head)),
        Some(Err(error @ CheckpointError::Copy(_))) => {
            report.checkpoint = CheckpointVerdict::Unread(error.to_string());
            None
        }
        Some(Err(error)) => {
            report.checkpoint = CheckpointVerdict::Unusable(error.to_string());
            None
        }
    };
    let state = State::new();
    let mut checks = Checks::default();
    let mut leaves = Leaves::of(folder, report.log_id, expected);
    let log_id = report.log_id;
    let head = replay(&log, log_id, Head::START, |envelope, bytes, head| {
        checks.take(log_id, envelope)?;
        leaves.take(bytes, head)?;
        of_its_epoch(envelope, epochs)?;
        state.install(envelope);
        let position = head.position;
        report.head = *head;
        if let Some((found, at)) = kept.as_ref().filter(|(_, at)| at.position == position) {
            let expected = state.digest();
            if *found != expected {
                return Err(Fault::Checkpoint { position, found: found.clone(), expected });
            }
            report.checkpoint = if at.hash == report.head.hash {
                CheckpointVerdict::Right(position)
            } else {
                CheckpointVerdict::Unusable("the log has another event at its position".to_owned())
            };
        }
        if position % PROGRESS == 0 || position == end {
            progress(position, end);
        }
        Ok(())
    });
    let Checks { sequences, command: _, commands, twins } = checks;
    (report.commands, report.orgs, report.twins) = (commands, sequences.len(), twins);
    (report.root, report.tree) = leaves.found();
    report.digest = state.digest();
    let position = head?.position;
    if let Some(beyond) = expected.iter().find(|expected| expected.position > position) {
        return Err(Fault::Shorter { head: position, position: beyond.position });
    }
    let found = Digest::recompute(&state);
    if found != report.digest {
        return Err(Fault::Memory { position, found, kept: report.digest.clone() });
    }
    state.publish(position);
    prove_keys(folder, log_id, &state)
}

/// After the log was read: whoever it tells of has a key by then. The part of a backup that has no keys has none to prove.
fn prove_keys(folder: &Path, log_id: Uuid, state: &State) -> Result<(), Fault> {
    let path = folder.join("keys");
    if is_backup(folder) && !path.exists() {
        return Ok(());
    }
    let keys = KeyStore::look(&path, log_id).map_err(KeysFault::from)?;
    Ok(KeysLost::check(state, &keys, &path).map_err(KeysFault::from)?)
}

/// The tree of the events, made anew, beside what is kept of it and what is expected.
struct Leaves<'a> {
    edge: Edge,
    kept: std::io::Result<Option<Looked>>,
    expected: &'a [Expected],
}

impl<'a> Leaves<'a> {
    fn of(folder: &Path, log_id: Uuid, expected: &'a [Expected]) -> Self {
        Self { edge: Edge::default(), kept: Tree::look(&data::tree(folder), log_id), expected }
    }

    fn take(&mut self, bytes: &[u8], head: &Head) -> Result<(), Fault> {
        let leaf = proof::leaf(bytes);
        self.edge.push(leaf, |_, _| ());
        if let Ok(Some(kept)) = &mut self.kept {
            kept.take(leaf);
        }
        let Self { edge, expected, .. } = self;
        let here = |expected: &&Expected| expected.position == head.position;
        expected.iter().filter(here).try_for_each(|Expected { position, hash, of }| {
            let (found, told): (Hash, fn(&Hash) -> String) = match of {
                Of::Event => (head.hash, Hash::to_string),
                Of::Tree => (edge.root(), proof::text),
            };
            if found == *hash {
                return Ok(());
            }
            Err(Fault::Other { position: *position, found: told(&found), expected: told(hash) })
        })
    }

    /// The root, and what is to be said of what is kept.
    fn found(self) -> (Hash, TreeVerdict) {
        let verdict = match self.kept {
            Ok(None) => TreeVerdict::None,
            Ok(Some(kept)) => match kept.verdict() {
                (position, true) => TreeVerdict::Right(position),
                (position, false) => TreeVerdict::Wrong(position),
            },
            Err(error) => TreeVerdict::Unread(error.to_string()),
        };
        (self.edge.root(), verdict)
    }
}

/// How often progress is told.
const PROGRESS: Position = 16_384;

/// What holds across events beyond the chain.
#[derive(Default)]
struct Checks {
    sequences: HashMap<OrgId, u64>,
    /// The events of the command so far.
    command: Vec<Envelope>,
    commands: u64,
    twins: u64,
}

impl Checks {
    fn take(&mut self, log_id: Uuid, envelope: &Envelope) -> Result<(), Fault> {
        let position = envelope.position;
        if envelope.id != event_id(log_id, envelope.command, envelope.index) {
            return Err(Fault::Id(position));
        }
        let sequence = self.sequences.entry(envelope.org.clone()).or_default();
        *sequence += 1;
        if envelope.org_sequence != *sequence {
            let (org, found, expected) = (envelope.org.clone(), envelope.org_sequence, *sequence);
            return Err(Fault::Sequence { position, org, found, expected });
        }
        if envelope.index == 0 {
            self.command.clear();
            self.commands += 1;
        }
        if let Some(of) = envelope.twin_of {
            self.twins += 1;
            let original = self.command.iter().find(|original| original.position == of);
            let is_true = original.is_some_and(|original| {
                original.twin_of.is_none()
                    && original.org != envelope.org
                    && is_true_twin(&original.event, &envelope.event)
            });
            if !is_true {
                return Err(Fault::Twin { position, of });
            }
        }
        // Only a command of several events can have twins.
        if envelope.count > 1 {
            self.command.push(envelope.clone());
        }
        Ok(())
    }
}
