//! What goes wrong.

use std::time::Duration;

use tenure_events::{Broken, Position};
use uuid::Uuid;

use crate::lag::Lag;

/// Why a replica ended. What it showed before stays true; nothing is shown of what is wrong.
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
    /// The stream is not the one that was read before.
    #[error(
        "the stream has another event at position {position} than was read there: if that is meant, remove the checkpoint"
    )]
    OtherHistory {
        /// Where.
        position: Position,
    },
    /// The events are of another log.
    #[error("the events are of log {found}, not of {wanted}: if that is meant, remove the checkpoint")]
    OtherLog {
        /// The one that is followed.
        wanted: Uuid,
        /// What the events say.
        found: Uuid,
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
