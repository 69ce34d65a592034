//! What waits for the writer: commands in turns over who sent them, so that nobody waits behind all that another sent.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use tenure_projections::values::{OrgNo, UserNo};

use super::turns::Turns;
use super::writer::Submission;

/// The commands that wait to be decided.
pub(super) struct Queue {
    open: Mutex<Open>,
    changed: Condvar,
    capacity: usize,
}

struct Open {
    waiting: Turns<Submission>,
    /// A window has ended by itself.
    time_passed: bool,
    /// Nothing more comes in.
    closed: bool,
}

/// Why a command may not wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoRoom {
    /// Too many wait: of all, or of this user.
    Full,
    /// Nothing is taken any more.
    Closed,
}

impl Queue {
    /// With room for so many; a single user may take half of it.
    pub fn new(capacity: usize) -> Self {
        let open = Open { waiting: Turns::default(), time_passed: false, closed: false };
        Self { open: Mutex::new(open), changed: Condvar::new(), capacity: capacity.max(1) }
    }

    /// Puts a command in.
    pub fn put(&self, org: OrgNo, user: UserNo, submission: Submission) -> Result<(), NoRoom> {
        let mut open = self.lock();
        if open.closed {
            return Err(NoRoom::Closed);
        }
        let own = self.capacity.div_ceil(2);
        if open.waiting.len() >= self.capacity || open.waiting.waiting(org, user) >= own {
            return Err(NoRoom::Full);
        }
        open.waiting.push(org, user, submission);
        drop(open);
        self.changed.notify_one();
        Ok(())
    }

    /// Waits for something to do and takes at most so many commands; `false` once nothing comes any more. None may have
    /// come, if time passed.
    pub fn take(&self, into: &mut Vec<Submission>, most: usize) -> bool {
        let idle = |open: &mut Open| open.waiting.is_empty() && !open.time_passed && !open.closed;
        let waited = self.changed.wait_while(self.lock(), idle);
        let mut open = waited.unwrap_or_else(PoisonError::into_inner);
        let time_passed = std::mem::take(&mut open.time_passed);
        while into.len() < most
            && let Some(next) = open.waiting.pop()
        {
            into.push(next);
        }
        time_passed || !into.is_empty()
    }

    /// A window has ended by itself.
    pub fn time_passed(&self) {
        self.lock().time_passed = true;
        self.changed.notify_one();
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Nothing more comes in; what waits is still taken.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Nothing more comes in, and what waits is not taken: whoever waits for it hears that nobody answers.
    pub fn abandon(&self) {
        let mut open = self.lock();
        open.closed = true;
        let waiting = std::mem::take(&mut open.waiting);
        drop(open);
        drop(waiting);
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
