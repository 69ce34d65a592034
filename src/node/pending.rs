//! What is decided and waits to be made durable: filled by the thread that decides, emptied by the one that commits.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use tenure_events::{Time, Unchained, UserId};
use tenure_projections::values::Done;
use tokio::sync::oneshot;

use super::request::CommandError;
use super::writer::Reply;
use crate::checkpoint::Mark;
use crate::token::Token;

/// Where an answer goes, and what it is.
pub(super) type Answered<T> = (oneshot::Sender<Result<Reply, CommandError>>, Result<T, CommandError>);

/// Decided commands, made durable and answered together.
#[derive(Default)]
pub(super) struct Group {
    pub parts: Vec<Part>,
    /// The state after one of them, to be written as a checkpoint.
    pub mark: Option<Mark>,
    bytes: usize,
}

/// What one command adds to a group.
pub(super) struct Part {
    /// Its events, in order.
    pub events: Vec<Unchained>,
    /// When they were recorded.
    pub time: Time,
    /// The user whom it erased.
    pub erased: Option<UserId>,
    /// None for what nobody asked for.
    pub answer: Option<Answered<Settled>>,
}

/// What a command came to, but for the bytes of its events.
pub(super) enum Settled {
    Done { secret: Option<Token> },
    Repeated(Done),
}

/// The group that is open.
pub(super) struct Pending {
    open: Mutex<Open>,
    changed: Condvar,
}

struct Open {
    group: Option<Group>,
    /// Nothing more comes in.
    closed: bool,
    /// Nothing more goes out.
    failed: bool,
}

/// The most commands in a group, and the most bytes of events before it is full.
const COMMANDS: usize = 1_024;
const BYTES: usize = 4 * 1024 * 1024;

impl Pending {
    pub fn new() -> Self {
        Self { open: Mutex::new(Open { group: None, closed: false, failed: false }), changed: Condvar::new() }
    }

    /// Puts commands in, when there is room. Once nothing goes out any more it gives them back.
    pub fn put(&self, group: Group) -> Option<Group> {
        let full = |open: &mut Open| !open.failed && open.group.as_ref().is_some_and(Group::is_full);
        let waited = self.changed.wait_while(self.lock(), full);
        let mut open = waited.unwrap_or_else(PoisonError::into_inner);
        if open.failed {
            return Some(group);
        }
        match &mut open.group {
            Some(open) => open.join(group),
            None => open.group = Some(group),
        }
        drop(open);
        self.changed.notify_all();
        None
    }

    /// Takes what waits; none once nothing more comes.
    pub fn take(&self) -> Option<Group> {
        let empty = |open: &mut Open| open.group.is_none() && !open.closed;
        let mut open = self.changed.wait_while(self.lock(), empty).unwrap_or_else(PoisonError::into_inner);
        let group = open.group.take();
        drop(open);
        self.changed.notify_all();
        group
    }

    /// Nothing more comes in.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Nothing more goes out; gives back what waits.
    pub fn fail(&self) -> Option<Group> {
        let mut open = self.lock();
        open.failed = true;
        let group = open.group.take();
        drop(open);
        self.changed.notify_all();
        group
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Group {
    /// Adds a command.
    pub fn add(&mut self, part: Part) {
        self.bytes += part.events.iter().map(Unchained::size).sum::<usize>();
        self.parts.push(part);
    }

    /// Adds the group decided after it.
    fn join(&mut self, next: Self) {
        let Self { parts, mark, bytes } = next;
        self.bytes += bytes;
        self.parts.extend(parts);
        self.mark = mark.or(self.mark.take());
    }

    /// Whether it holds as much as a commit should.
    pub fn is_full(&self) -> bool {
        self.parts.len() >= COMMANDS || self.bytes >= BYTES
    }
}
