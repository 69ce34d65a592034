//! The chain of events: each names the one before it by position and hash. Decided events get their place in it here,
//! and stored ones are held to it.

use std::borrow::Cow;
use std::sync::Arc;

use tenure_events::{Envelope, Hash, OrgId, Position, Sealed, Time, UserId};
use uuid::Uuid;

use crate::decide::Draft;

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

/// What all events of a command have in common.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The log.
    pub log: Uuid,
    /// Recorded time; later than that of the event before.
    pub time: Time,
    /// The command.
    pub command: Uuid,
    /// Its name.
    pub command_name: &'static str,
    /// Who commands.
    pub actor: UserId,
    /// In whose place, if not in their own.
    pub on_behalf_of: Option<UserId>,
    /// What the command belongs to.
    pub correlation: Uuid,
    /// SHA-256 of its body, if it came with an idempotency key.
    pub body_hash: Option<Hash>,
    /// Why.
    pub reason: Option<Sealed>,
}

/// An event in its place, and its bytes.
#[derive(Debug, Clone)]
pub struct Link {
    /// The event.
    pub envelope: Envelope,
    /// The bytes that are stored, hashed and served.
    pub bytes: Arc<[u8]>,
}

/// Gives the events of a command their places after the head, which moves on. `sequence` tells how long the history of
/// an org is before the command.
pub fn link(head: &mut Head, origin: &Origin, events: Vec<Draft>, sequence: impl Fn(&OrgId) -> u64) -> Vec<Link> {
    let first = head.position + 1;
    let count = u32::try_from(events.len()).unwrap_or(u32::MAX);
    let mut sequences: Vec<(OrgId, u64)> = Vec::new();
    let mut links = Vec::with_capacity(events.len());
    let mut bytes = Vec::with_capacity(LIKELY_SIZE);
    for (index, Draft { org, event, twin_of }) in (0..count).zip(events) {
        let envelope = Envelope {
            log: origin.log,
            position: first + Position::from(index),
            prev: head.hash,
            id: event_id(origin.log, origin.command, index),
            time: origin.time,
            org_sequence: next(&mut sequences, &org, &sequence),
            org,
            command: origin.command,
            command_name: Cow::Borrowed(origin.command_name),
            index,
            count,
            actor: origin.actor.clone(),
            on_behalf_of: origin.on_behalf_of.clone(),
            correlation: origin.correlation,
            causation: None,
            body_hash: origin.body_hash,
            reason: origin.reason.clone(),
            twin_of: twin_of.map(|index| first + index as Position),
            event,
        };
        bytes.clear();
        envelope.write_to(&mut bytes);
        *head = Head { position: envelope.position, hash: Hash::of(&bytes), time: origin.time };
        links.push(Link { envelope, bytes: Arc::from(bytes.as_slice()) });
    }
    links
}

/// Most events are shorter.
const LIKELY_SIZE: usize = 1_024;

/// The place of the next event in an org's history.
fn next(sequences: &mut Vec<(OrgId, u64)>, org: &OrgId, before: &impl Fn(&OrgId) -> u64) -> u64 {
    match sequences.iter_mut().find(|(of, _)| of == org) {
        Some((_, sequence)) => {
            *sequence += 1;
            *sequence
        }
        None => {
            let sequence = before(org) + 1;
            sequences.push((org.clone(), sequence));
            sequence
        }
    }
}

/// The id of an event: the same whenever its command is given a place again.
#[must_use]
pub fn event_id(log: Uuid, command: Uuid, index: u32) -> Uuid {
    let mut name = [0; 20];
    let (id, place) = name.split_at_mut(16);
    id.copy_from_slice(command.as_bytes());
    place.copy_from_slice(&index.to_be_bytes());
    Uuid::new_v5(&log, &name)
}

/// Follows a log from its beginning, or from where it was proved before, and holds each event to the one before it.
#[derive(Debug, Clone)]
pub struct Follower {
    log: Uuid,
    head: Head,
    /// The command that goes on: its id, the next index, its count.
    open: Option<(Uuid, u32, u32)>,
}

/// Why an event is not the next one of the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// It says that it belongs to another log.
    #[error("it belongs to log {0}")]
    OtherLog(Uuid),
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
        Self { log, head, open: None }
    }

    /// The last event that was followed.
    #[must_use]
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// Whether the last event is the last of its command.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.open.is_none()
    }

    /// Takes the next event.
    ///
    /// # Errors
    /// Why it is not the next one.
    pub fn follow(&mut self, envelope: &Envelope, bytes: &[u8]) -> Result<(), Broken> {
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
        let Envelope { command, index, count, .. } = *envelope;
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
        self.open = (index + 1 < count).then_some((command, index + 1, count));
        self.head = Head { position: envelope.position, hash: Hash::of(bytes), time: envelope.time };
        Ok(())
    }
}
