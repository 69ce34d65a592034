//! What waits between the two threads of the writer: the one puts in what it decided, the other takes all that is there.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use tenure_events::{Envelope, UserId};
use tenure_projections::values::Done;

use super::request::CommandError;
use super::secret::Secret;
use super::writer::Submission;
use crate::checkpoint::Mark;

/// Where an answer goes, and what it is.
pub(super) struct Answered {
    pub to: Submission,
    pub settled: Result<Settled, CommandError>,
}

/// Commands that were decided one after the other.
#[derive(Default)]
pub(super) struct Group {
    pub parts: Vec<Part>,
    /// The events of all of them, not chained yet.
    pub events: Vec<Envelope>,
    /// How many bytes they have at the most.
    pub bytes: usize,
    /// The users whom they erased.
    pub erased: Vec<UserId>,
    /// The state after them, to be written as a checkpoint.
    pub mark: Option<Mark>,
}

/// What one command adds to a group.
pub(super) struct Part {
    /// How many of its events are the command's.
    pub events: usize,
    /// None for what nobody asked for.
    pub answer: Option<Answered>,
}

/// What a command came to, but for the bytes of its events.
pub(super) enum Settled {
    Done { secret: Option<Secret> },
    Repeated(Done),
}

/// The groups that wait.
#[derive(Default)]
pub(super) struct Pending {
    open: Mutex<Open>,
    changed: Condvar,
}

#[derive(Default)]
struct Open {
    groups: Vec<Group>,
    commands: usize,
    bytes: usize,
    /// Nothing more comes in.
    closed: bool,
    /// Nothing more goes out.
    failed: bool,
}

/// The most commands that wait, and the most bytes of events, before no more are taken in.
const COMMANDS: usize = 1_024;
const BYTES: usize = 4 * 1024 * 1024;

impl Pending {
    /// Puts a group in, when there is room. Once nothing goes out any more it gives it back.
    pub fn put(&self, group: Group) -> Option<Group> {
        let full = |open: &mut Open| !open.failed && (open.commands >= COMMANDS || open.bytes >= BYTES);
        let waited = self.changed.wait_while(self.lock(), full);
        let mut open = waited.unwrap_or_else(PoisonError::into_inner);
        if open.failed {
            return Some(group);
        }
        open.commands += group.parts.len();
        open.bytes += group.bytes;
        open.groups.push(group);
        drop(open);
        self.changed.notify_all();
        None
    }

    /// Takes what waits; nothing once no more comes.
    pub fn take(&self) -> Vec<Group> {
        let empty = |open: &mut Open| open.groups.is_empty() && !open.closed;
        let open = self.changed.wait_while(self.lock(), empty).unwrap_or_else(PoisonError::into_inner);
        self.taken(open)
    }

    /// Nothing more comes in.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Nothing more goes out; gives back what waits.
    pub fn fail(&self) -> Vec<Group> {
        let mut open = self.lock();
        open.failed = true;
        self.taken(open)
    }

    fn taken(&self, mut open: MutexGuard<'_, Open>) -> Vec<Group> {
        (open.commands, open.bytes) = (0, 0);
        let groups = std::mem::take(&mut open.groups);
        drop(open);
        self.changed.notify_all();
        groups
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Group {
    /// Whether it holds as much as a commit should.
    pub const fn is_full(&self) -> bool {
        self.bytes >= BYTES
    }
}
