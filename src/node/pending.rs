//! What is decided and waits to be made durable: filled by the thread that decides, emptied by the one that commits.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tenure_events::UserId;
use tokio::sync::oneshot;

use super::request::CommandError;
use super::writer::Reply;
use crate::chain::Head;
use crate::checkpoint::Mark;

/// Where an answer goes, and what it is.
pub(super) type Answered = (oneshot::Sender<Result<Reply, CommandError>>, Result<Reply, CommandError>);

/// Decided commands, made durable and answered together.
pub(super) struct Group {
    /// Bytes of events, in order.
    pub events: Vec<Arc<[u8]>>,
    /// The last of them, or the event before if there are none.
    pub head: Head,
    /// Users erased by them.
    pub erased: Vec<UserId>,
    pub answers: Vec<Answered>,
    /// The state after one of them, to be written as a checkpoint.
    pub mark: Option<Mark>,
    bytes: usize,
}

/// What one command adds to a group.
pub(super) struct Part {
    pub events: Vec<Arc<[u8]>>,
    pub head: Head,
    pub erased: Option<UserId>,
    /// None for what nobody asked for.
    pub answer: Option<Answered>,
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

    /// Takes what waits; none once nothing more comes. If it is less than `expected`, it waits for that, but no longer than
    /// `patience`.
    pub fn take(&self, expected: usize, patience: Duration) -> Option<Group> {
        let empty = |open: &mut Open| open.group.is_none() && !open.closed;
        let mut open = self.changed.wait_while(self.lock(), empty).unwrap_or_else(PoisonError::into_inner);
        let few = |open: &mut Open| !open.closed && open.len() < expected.min(COMMANDS);
        if few(&mut open) {
            let waited = self.changed.wait_timeout_while(open, patience, few);
            (open, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        let group = open.group.take();
        drop(open);
        self.changed.notify_all();
        group
    }

    /// How many commands wait.
    pub fn len(&self) -> usize {
        self.lock().len()
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

impl Open {
    fn len(&self) -> usize {
        self.group.as_ref().map_or(0, |group| group.answers.len())
    }
}

impl Group {
    /// An empty group after this event.
    pub fn after(head: Head) -> Self {
        let (events, erased, answers) = (Vec::new(), Vec::new(), Vec::new());
        Self { events, head, erased, answers, mark: None, bytes: 0 }
    }

    /// Adds a command.
    pub fn add(&mut self, part: Part) {
        let Part { events, head, erased, answer } = part;
        self.bytes += events.iter().map(|event| event.len()).sum::<usize>();
        self.events.extend(events);
        self.head = head;
        self.erased.extend(erased);
        self.answers.extend(answer);
    }

    /// Adds the group decided after it.
    fn join(&mut self, next: Self) {
        let Self { events, head, erased, answers, mark, bytes } = next;
        self.bytes += bytes;
        self.events.extend(events);
        self.head = head;
        self.erased.extend(erased);
        self.answers.extend(answers);
        self.mark = mark.or(self.mark.take());
    }

    /// Whether it holds as much as a commit should.
    pub fn is_full(&self) -> bool {
        self.answers.len() >= COMMANDS || self.bytes >= BYTES
    }
}
