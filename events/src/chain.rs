//! The chain of events: each names the one before it by position and hash. Whoever reads a log holds it to that.

use uuid::Uuid;

use crate::{Envelope, Epoch, Hash, Position, Time};

/// Where a log ends: what its next event goes on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The last event; 0 of an empty log.
    pub position: Position,
    /// The hash of its bytes; all zero of an empty log.
    pub hash: Hash,
    /// When it was recorded.
    pub time: Time,
}

impl Head {
    /// The end of an empty log.
    pub const START: Self = Self { position: 0, hash: Hash([0; 32]), time: Time::MIN };
}

/// Follows a log from its beginning, or from where it was proved before, and holds each event to the one before it.
#[derive(Debug, Clone)]
pub struct Follower {
    log: Uuid,
    head: Head,
    /// Of the last event that was followed.
    epoch: Epoch,
    /// The command that goes on: its id, the next index, its count.
    open: Option<(Uuid, u32, u32)>,
}

/// Why an event is not the next one of the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// It says that it belongs to another log.
    #[error("it belongs to log {0}")]
    OtherLog(Uuid),
    /// It was written in an earlier epoch than the one before it, or within a command of another.
    #[error("it is of epoch {found}, and the event before it of {before}")]
    Epoch {
        /// As the event says.
        found: Epoch,
        /// Of the event before.
        before: Epoch,
    },
    /// It says that it stands elsewhere.
    #[error("it says that it stands at position {0}")]
    Position(Position),
    /// What it names as the hash of the event before is not that.
    #[error("the hash of the event before it is {found}, not {named}")]
    Hash {
        /// As the event says.
        named: Hash,
        /// As it is.
        found: Hash,
    },
    /// Its command is torn, or begins in the middle.
    #[error("its command {command} is not whole: it says {index} of {count}")]
    Command {
        /// The command that the event names.
        command: Uuid,
        /// The event's place in it.
        index: u32,
        /// How many events it has.
        count: u32,
    },
    /// A command was recorded no later than the one before it, or at two times.
    #[error("it was recorded at {found}, and the event before it at {before}")]
    Time {
        /// As the event says.
        found: Time,
        /// Of the event before.
        before: Time,
    },
    /// It is the twin of an event that is not one of its command before it.
    #[error("it is the twin of {0}, which is no earlier event of its command")]
    Twin(Position),
}

impl Follower {
    /// From the end of a command on.
    #[must_use]
    pub const fn new(log: Uuid, head: Head) -> Self {
        Self { log, head, epoch: 0, open: None }
    }

    /// The log that it follows.
    #[must_use]
    pub const fn log(&self) -> Uuid {
        self.log
    }

    /// The last event that was followed.
    #[must_use]
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// The epoch of the last event that was followed; 0 before any was.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Whether the last event is the last of its command.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.open.is_none()
    }

    /// Takes the next event, whose bytes have this hash.
    ///
    /// # Errors
    /// Why it is not the next one.
    pub fn follow(&mut self, envelope: &Envelope, found: Hash) -> Result<(), Broken> {
        let Head { position, hash, time } = self.head;
        if envelope.log != self.log {
            return Err(Broken::OtherLog(envelope.log));
        }
        if envelope.position != position + 1 {
            return Err(Broken::Position(envelope.position));
        }
        if envelope.prev != hash {
            return Err(Broken::Hash { named: envelope.prev, found: hash });
        }
        let Envelope { command, index, count, epoch, .. } = *envelope;
        if epoch < self.epoch || (self.open.is_some() && epoch > self.epoch) {
            return Err(Broken::Epoch { found: epoch, before: self.epoch });
        }
        let (expected, expected_count) = match self.open {
            Some((open, next, count)) if open == command => (next, count),
            Some(_) => return Err(Broken::Command { command, index, count }),
            None => (0, count),
        };
        if index != expected || count != expected_count || index >= count {
            return Err(Broken::Command { command, index, count });
        }
        if (index == 0 && envelope.time <= time) || (index > 0 && envelope.time != time) {
            return Err(Broken::Time { found: envelope.time, before: time });
        }
        let first = envelope.position - Position::from(index);
        if let Some(twin_of) = envelope.twin_of.filter(|twin_of| !(first..envelope.position).contains(twin_of)) {
            return Err(Broken::Twin(twin_of));
        }
        self.epoch = epoch;
        self.open = (index + 1 < count).then_some((command, index + 1, count));
        self.head = Head { position: envelope.position, hash: found, time: envelope.time };
        Ok(())
    }
}
