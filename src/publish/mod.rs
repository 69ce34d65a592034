//! The feed: the log of a single node, published to a NATS JetStream stream, every event once and in order.
//!
//! The stream is a copy of the log: an event's position is its sequence, its message the stored bytes. How far
//! publishing has come is written nowhere else: the stream's own last sequence says it. So a crash of either side loses
//! and doubles nothing, and a stream that does not match the log is never written to.
//!
//! Commands do not wait for any of this.

mod batch;
mod compare;
mod connect;
mod heart;
mod look;
mod refusal;
mod run;
mod send;
mod stream;

use std::path::PathBuf;

pub use look::{Compared, Examination, Found, Look};
pub use refusal::{Difference, Refusal};
pub use run::{Publisher, start};

/// The subjects of the stream.
pub const SUBJECTS: &str = "tenure.events.>";

/// The stream, unless another name is given.
pub const STREAM: &str = "TENURE";

/// Where to publish, and as whom.
#[derive(Clone, Default)]
pub struct Options {
    /// Servers of one NATS system: `nats://`, `tls://`; a user and password, or a token, may stand in them.
    pub servers: Vec<String>,
    /// A file with a user's JWT and seed.
    pub credentials: Option<PathBuf>,
    /// A file with the seed of an NKEY.
    pub nkey: Option<PathBuf>,
    /// A file with the certificates of those who may sign the servers', in place of those that the system trusts.
    pub ca: Option<PathBuf>,
    /// Files with a certificate to show to the servers, and its key.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// The name of the stream; [`STREAM`] if empty.
    pub stream: String,
    /// How many servers keep the stream: for a stream that is there already, how many have to; none: 1 for a new one.
    pub replicas: Option<usize>,
}

impl Options {
    /// Whether there can be such servers.
    ///
    /// # Errors
    /// Why one of them cannot be; without repeating it, for a password may stand in it.
    pub fn check(&self) -> std::io::Result<()> {
        connect::check(&self.servers)
    }

    /// The name of the stream.
    #[must_use]
    pub fn stream(&self) -> &str {
        if self.stream.is_empty() { STREAM } else { &self.stream }
    }
}

/// Why publishing does not go on.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    /// It may do so later by itself.
    #[error("{0}")]
    Passing(String),
    /// Somebody has to mend something first.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl Trouble {
    fn passing(what: impl std::fmt::Display) -> Self {
        Self::Passing(what.to_string())
    }
}

/// What ends well, or in trouble.
type Result<T> = std::result::Result<T, Trouble>;
