//! What a replica is told.

use std::path::PathBuf;
use std::time::Duration;

use tenure_events::FeedKey;

/// The stream that Tenure publishes to where it is told no other.
const STREAM: &str = "TENURE";

/// Enough for minutes, and some 60 MiB.
const HOLD: usize = 65_536;

/// Where a replica reads, whom it believes, and what it keeps.
#[derive(Clone)]
pub struct Config {
    pub(crate) client: async_nats::Client,
    pub(crate) stream: String,
    pub(crate) keys: Vec<FeedKey>,
    pub(crate) checkpoint: Option<PathBuf>,
    pub(crate) every: u64,
    pub(crate) after: Duration,
    pub(crate) changes: usize,
    pub(crate) hold: usize,
}

impl Config {
    /// Follows the log that the key names, and believes what is signed with it: `tenure feed-key` prints it. Reads the stream
    /// `TENURE` over this connection, whose credentials may ask for the stream's state, make a consumer of it, and subscribe
    /// to `tenure.heartbeat`.
    #[must_use]
    pub fn new(client: async_nats::Client, key: FeedKey) -> Self {
        let (stream, after) = (STREAM.to_owned(), Duration::from_secs(300));
        Self { client, stream, keys: vec![key], checkpoint: None, every: 1_000_000, after, changes: 1_024, hold: HOLD }
    }

    /// Believes another key of the same log as well: while the node's key is renewed, give both.
    #[must_use]
    pub fn or_key(mut self, key: FeedKey) -> Self {
        self.keys.push(key);
        self
    }

    /// Reads a stream of another name.
    #[must_use]
    pub fn stream(self, stream: impl Into<String>) -> Self {
        Self { stream: stream.into(), ..self }
    }

    /// Keeps a checkpoint in this file, so that a start need not replay everything and needs no NATS. It may be deleted at
    /// any time while no replica runs. Of all processes one uses the file.
    #[must_use]
    pub fn checkpoint(self, file: impl Into<PathBuf>) -> Self {
        Self { checkpoint: Some(file.into()), ..self }
    }

    /// Writes the checkpoint anew after so many events, or half as many as there were before, whichever is more; a million
    /// unless told otherwise. It is also written by [`Replica::close`](crate::Replica::close).
    #[must_use]
    pub fn checkpoint_every(self, events: u64) -> Self {
        Self { every: events.max(1), ..self }
    }

    /// Writes the checkpoint anew after so long, if anything happened; five minutes unless told otherwise.
    #[must_use]
    pub fn checkpoint_after(self, time: Duration) -> Self {
        Self { after: time, ..self }
    }

    /// How many commands a [`Changes`](crate::Changes) that is not read keeps; 1,024 unless told otherwise.
    #[must_use]
    pub fn keep_changes(self, commands: usize) -> Self {
        Self { changes: commands.max(1), ..self }
    }

    /// How many events are held while the node has not signed them; 65,536 unless told otherwise. A replica that catches up
    /// reads more before it comes to a position that the node signed: the rest is made part of the state, where nobody sees
    /// it, and thrown away with that state if it proves wrong.
    #[must_use]
    pub fn hold(self, events: usize) -> Self {
        Self { hold: events, ..self }
    }
}
