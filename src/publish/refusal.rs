//! What publishing is refused for: what differs, where, and how to mend it.

use std::fmt;

use tenure_events::Position;
use uuid::Uuid;

/// Why a stream is not written to. Nothing is repaired by guessing: what these say has to be mended by somebody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The server is too old.
    #[error(
        "the NATS server is {found}, and the feed needs {needed} or later, because earlier ones can store part of a \
         batch: upgrade the server"
    )]
    Server {
        /// Its version.
        found: String,
        /// The oldest that will do.
        needed: &'static str,
    },
    /// The server or the account has no JetStream.
    #[error("JetStream is not there: {0}; switch it on for the server and the account")]
    NoJetStream(String),
    /// The stream cannot be made as it has to be.
    #[error("the stream `{stream}` cannot be made: {why}; {mend}")]
    Creation {
        /// The stream.
        stream: String,
        /// What the server says.
        why: String,
        /// What to do.
        mend: &'static str,
    },
    /// The stream has settings under which it would lose, change or refuse events.
    #[error("the stream `{stream}` is not set up as a copy of the log: {}; set it right with `nats stream edit`, or \
             remove the stream and the node writes it anew", list(.differences))]
    Settings {
        /// The stream.
        stream: String,
        /// What differs.
        differences: Vec<Difference>,
    },
    /// Messages are missing from the stream.
    #[error(
        "the stream `{stream}` has a gap: it begins at sequence {first} and ends at {last}, and holds {messages} \
         messages; remove the stream and the node writes it anew"
    )]
    Gap {
        /// The stream.
        stream: String,
        /// Its first sequence.
        first: u64,
        /// Its last sequence.
        last: u64,
        /// How many messages it holds.
        messages: u64,
    },
    /// The stream is longer than the log.
    #[error(
        "the stream `{stream}` is at sequence {last}, and the log ends at {head}: the log lost events, which the stream \
         still has, or the stream is another platform's; find out which before anything else is done"
    )]
    Ahead {
        /// The stream.
        stream: String,
        /// Its last sequence.
        last: u64,
        /// The log's last position.
        head: Position,
    },
    /// The stream has a future that was lost: the platform was restored from a backup since.
    #[error(
        "this platform was restored from a backup, at position {after}, and the stream `{stream}` has what came after that before: \
         remove the stream and the node writes it anew; followers begin again from position {after} at the latest"
    )]
    PastEpoch {
        /// The stream.
        stream: String,
        /// The last position that both futures have.
        after: Position,
    },
    /// A message is not the event of its position.
    #[error(
        "the stream `{stream}` has something else than the log at {position}: {what}; if nobody needs what is there, \
         remove the stream and the node writes it anew, else use another account of NATS"
    )]
    Content {
        /// The stream.
        stream: String,
        /// Where.
        position: Position,
        /// What is there.
        what: Foreign,
    },
}

/// A setting of a stream that is not what it has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its name, as NATS has it.
    pub setting: &'static str,
    /// What it is.
    pub found: String,
    /// What it has to be.
    pub needed: String,
}

/// What stands where an event should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foreign {
    /// There is no message.
    Nothing,
    /// Nothing that is an event.
    NoEvent,
    /// An event of another log.
    OtherLog {
        /// That log.
        found: Uuid,
        /// This one.
        ours: Uuid,
    },
    /// Another event of this log, or one with other bytes.
    OtherEvent {
        /// Its id.
        found: Uuid,
        /// The id of the event at this position.
        ours: Uuid,
    },
    /// The event, under another subject or with another message id.
    OtherLabel(String),
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("there is no message"),
            Self::NoEvent => f.write_str("a message that is no event"),
            Self::OtherLog { found, ours } => write!(f, "an event of log {found}, and this is log {ours}"),
            Self::OtherEvent { found, ours } if found == ours => write!(f, "event {ours} with other bytes"),
            Self::OtherEvent { found, ours } => write!(f, "event {found}, and the log has {ours}"),
            Self::OtherLabel(what) => write!(f, "the event {what}"),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { setting, found, needed } = self;
        write!(f, "{setting} is {found} and has to be {needed}")
    }
}

fn list(differences: &[Difference]) -> String {
    differences.iter().map(Difference::to_string).collect::<Vec<_>>().join(", ")
}
