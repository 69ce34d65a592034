//! The chain of events: decided events get their place in it here. What is stored is held to it by [`Follower`].

use bytes::Bytes;
use tenure_events::{Envelope, Epoch, Hash, OrgId, Position, Sealed, Time, UserId};
use uuid::Uuid;

use crate::decide::Draft;

pub use tenure_events::{Broken, Follower, Head};

/// What all events of a command have in common.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The log.
    pub log: Uuid,
    /// The epoch that it is in.
    pub epoch: Epoch,
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
    /// The keyed fingerprint of its body, if it came with an idempotency key.
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
    pub bytes: Bytes,
}

/// The place of the last event that was decided. The chain itself may be some commands behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tip {
    /// Its position.
    pub position: Position,
    /// Its recorded time.
    pub time: Time,
}

/// Gives the events of a command their places after the tip, which moves on. They are not in the chain yet: none has its
/// own id, or says anything of the event before it. `sequence` tells how long the history of an org is before the command.
pub fn place(
    tip: &mut Tip,
    origin: &Origin,
    events: Vec<Draft>,
    sequence: impl Fn(&OrgId) -> u64,
) -> impl Iterator<Item = Envelope> {
    let first = tip.position + 1;
    let count = u32::try_from(events.len()).unwrap_or(u32::MAX);
    let mut sequences: Vec<(OrgId, u64)> = Vec::new();
    if count > 0 {
        *tip = Tip { position: tip.position + Position::from(count), time: origin.time };
    }
    (0..count).zip(events).map(move |(index, Draft { org, event, twin_of })| Envelope {
        log: origin.log,
        epoch: origin.epoch,
        position: first + Position::from(index),
        prev: Hash::default(),
        id: Uuid::nil(),
        time: origin.time,
        org_sequence: next(&mut sequences, &org, &sequence),
        org,
        command: origin.command,
        command_name: origin.command_name.into(),
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
    })
}

/// Chains events that were placed after the head, which moves on: each gets its id, the hash of the event before it, and
/// its bytes.
pub fn chain(head: &mut Head, events: &mut [Envelope]) -> Vec<Bytes> {
    let (mut bytes, mut begin) = (Vec::with_capacity(events.len() * LIKELY_SIZE), 0);
    let mut chained = |envelope: &mut Envelope| {
        envelope.id = event_id(envelope.log, envelope.command, envelope.index);
        envelope.prev = head.hash;
        envelope.write_to(&mut bytes);
        let hash = Hash::of(bytes.get(begin..).unwrap_or_default());
        *head = Head { position: envelope.position, hash, time: envelope.time };
        std::mem::replace(&mut begin, bytes.len())..bytes.len()
    };
    let places: Vec<_> = events.iter_mut().map(&mut chained).collect();
    let bytes = Bytes::from(bytes);
    places.into_iter().map(|place| bytes.slice(place)).collect()
}

/// Places the events of a command after the head, and chains them to it.
pub fn link(head: &mut Head, origin: &Origin, events: Vec<Draft>, sequence: impl Fn(&OrgId) -> u64) -> Vec<Link> {
    let mut placed: Vec<Envelope> = place(&mut Tip::from(*head), origin, events, sequence).collect();
    let bytes = chain(head, &mut placed);
    placed.into_iter().zip(bytes).map(|(envelope, bytes)| Link { envelope, bytes }).collect()
}

/// Most events are shorter.
const LIKELY_SIZE: usize = 640;

impl From<Head> for Tip {
    fn from(Head { position, time, .. }: Head) -> Self {
        Self { position, time }
    }
}

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
