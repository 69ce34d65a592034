//! What goes wrong.

use std::time::Duration;

use tenure_events::{Broken, Epoch, Position};
use uuid::Uuid;

use crate::lag::Lag;

/// Why what a replica shows stands still. What it showed before was true then; nothing is shown of what is wrong. The
/// replica reads on again and again, and goes on by itself once the stream is mended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// An event that a later version of Tenure wrote.
    #[error("event {position} is of type `{kind}`, which this version does not know: update this service")]
    UnknownType {
        /// Where.
        position: Position,
        /// Which.
        kind: String,
    },
    /// A message that is no event.
    #[error("message {position} is no event: {reason}: have the stream made anew from the log")]
    Invalid {
        /// Where.
        position: Position,
        /// Why.
        reason: String,
    },
    /// An event that is not the next one of the log.
    #[error("event {position} is not the one that belongs there: {source}: have the stream made anew from the log")]
    Broken {
        /// Where.
        position: Position,
        /// Why.
        source: Broken,
    },
    /// Messages were removed from the stream.
    #[error("message {expected} is gone from the stream, which goes on at {found}: have it made anew from the log")]
    Missing {
        /// What comes next.
        expected: Position,
        /// What is there.
        found: Position,
    },
    /// The stream, or the node, has another event where one was proved before.
    #[error(
        "another event stands at position {position} than was proved there: if the platform was restored from a backup, \
         remove the checkpoint and start anew"
    )]
    OtherHistory {
        /// Where.
        position: Position,
    },
    /// The events are of another log.
    #[error(
        "the events are of log {found}, not of {wanted}: give the replica the key of the platform that it is to follow, \
         and remove the checkpoint of another one"
    )]
    OtherLog {
        /// The one that is followed.
        wanted: Uuid,
        /// What the events say.
        found: Uuid,
    },
    /// The stream holds what the node did not write.
    #[error(
        "what the stream holds up to {position} is not what the node signed there: somebody else wrote to it; see who may \
         publish to it, and have it made anew from the log"
    )]
    Forged {
        /// The position that the node signed.
        position: Position,
    },
    /// The node's log ends before what was proved here.
    #[error(
        "the node's log ends at {position}, and {proved} was proved here: if it was restored from a backup, remove the \
         checkpoint and start anew"
    )]
    WentBack {
        /// Where the node's log ends.
        position: Position,
        /// What was proved here.
        proved: Position,
    },
    /// What is shown here is of a future that was lost: the platform was restored from a backup of before.
    #[error(
        "the platform was restored from a backup, in epoch {epoch}, and what is shown up to position {position} is of the future \
         that was lost: remove the checkpoint and start anew"
    )]
    PastEpoch {
        /// How far it is shown.
        position: Position,
        /// The epoch that the platform is in.
        epoch: Epoch,
    },
    /// Nothing is wrong: the replica was closed.
    #[error("the replica was closed")]
    Closed,
}

/// Why a replica does not start.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The stream cannot be read.
    #[error("cannot read stream `{stream}`: {reason}: is `tenure serve --nats` running, and may this user read it?")]
    Stream {
        /// Which.
        stream: String,
        /// What NATS said.
        reason: String,
    },
    /// The stream is not what it should be.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The keys of the feed are none that anybody can trust.
    #[error("the keys of the feed are not Ed25519 keys of one log: give the line that `tenure feed-key` prints")]
    Key,
    /// The system has no threads left.
    #[error("cannot start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// The live view is older than was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the view is {lag}, and may be {most:?} old at most")]
pub struct TooOld {
    /// How far it is behind.
    pub lag: Lag,
    /// What was asked for.
    pub most: Duration,
}

/// Why there is no answer that is new enough.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotFresh {
    /// What is shown stands still.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// It is older than was asked for.
    #[error(transparent)]
    TooOld(#[from] TooOld),
}
