//! What a replica is told.

use std::path::PathBuf;

use uuid::Uuid;

/// The stream that Tenure publishes to where it is told no other.
const STREAM: &str = "TENURE";

/// Where a replica reads, and what it keeps.
#[derive(Clone)]
pub struct Config {
    pub(crate) client: async_nats::Client,
    pub(crate) stream: String,
    pub(crate) log: Option<Uuid>,
    pub(crate) checkpoint: Option<PathBuf>,
    pub(crate) every: u64,
    pub(crate) changes: usize,
}

impl Config {
    /// Reads the stream `TENURE` over this connection, whose credentials may ask for the stream's state and make a consumer
    /// of it.
    #[must_use]
    pub fn new(client: async_nats::Client) -> Self {
        let stream = STREAM.to_owned();
        Self { client, stream, log: None, checkpoint: None, every: 1_000_000, changes: 1_024 }
    }

    /// Reads a stream of another name.
    #[must_use]
    pub fn stream(self, stream: impl Into<String>) -> Self {
        Self { stream: stream.into(), ..self }
    }

    /// Takes no other log than this one. Otherwise it is that of the checkpoint, or of the first event.
    #[must_use]
    pub fn log(self, log: Uuid) -> Self {
        Self { log: Some(log), ..self }
    }

    /// Keeps a checkpoint in this file, so that a start need not replay everything. It may be deleted at any time while no
    /// replica runs.
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

    /// How many commands a [`Changes`](crate::Changes) that is not read keeps; 1,024 unless told otherwise.
    #[must_use]
    pub fn keep_changes(self, commands: usize) -> Self {
        Self { changes: commands.max(1), ..self }
    }
}
