//! A look at the server and the stream, from outside a node, that changes nothing.

use async_nats::jetstream::stream::{Info, Stream};
use tenure_events::Position;
use tokio::runtime::Runtime;

use super::connect::Connection;
use super::{Options, Result, Trouble, compare, stream};
use crate::log::LogReader;
use crate::node::Progress;

/// The server and the stream as they were when they were looked at, and the way to look further.
///
/// Whoever compares them with the log of a node at work opens the log after this: it has then all that the stream had.
pub struct Look {
    options: Options,
    seen: std::result::Result<Seen, String>,
}

struct Seen {
    runtime: Runtime,
    version: String,
    connection: Connection,
    stream: std::result::Result<Option<Stream<Info>>, String>,
}

/// What there is on NATS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examination {
    /// The server's version, if it can be reached and will do.
    pub server: Option<String>,
    /// The stream, if there is one.
    pub stream: Option<Found>,
    /// What is wrong, where, and how to mend it; nothing behind it was looked at.
    pub wrong: Option<String>,
}

/// A stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its last sequence.
    pub last: Position,
    /// The bytes that it takes.
    pub bytes: u64,
    /// How many servers keep it.
    pub replicas: usize,
}

/// What came of comparing a whole stream with the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compared {
    /// There is no stream yet.
    Absent,
    /// It is the log up to here, byte for byte.
    Same(Position),
    /// It is not: what differs first, where, and how to mend it.
    Different(String),
    /// It cannot be read.
    Unread(String),
}

impl Look {
    /// Looks.
    #[must_use]
    pub fn at(options: Options) -> Self {
        let seen = see(&options).map_err(|trouble| trouble.to_string());
        Self { options, seen }
    }

    /// What there is, some of it compared with the log if there is one at hand.
    #[must_use]
    pub fn examine(&self, log: Option<&LogReader>) -> Examination {
        let seen = match &self.seen {
            Ok(seen) => seen,
            Err(wrong) => return Examination { server: None, stream: None, wrong: Some(wrong.clone()) },
        };
        let server = Some(seen.version.clone());
        let stream = match &seen.stream {
            Ok(Some(stream)) => stream,
            Ok(None) => return Examination { server, stream: None, wrong: None },
            Err(wrong) => return Examination { server, stream: None, wrong: Some(wrong.clone()) },
        };
        let info = stream.cached_info();
        let (last, bytes, replicas) = (info.state.last_sequence, info.state.bytes, info.config.num_replicas);
        let checked = match log {
            Some(log) => {
                let sample = compare::sample(&seen.connection, stream, &self.options, log, bytes);
                seen.runtime.block_on(sample)
            }
            None => stream::check(stream, &self.options),
        };
        let wrong = checked.err().map(|trouble| trouble.to_string());
        Examination { server, stream: Some(Found { last, bytes, replicas }), wrong }
    }

    /// Compares all of the stream with the log.
    #[must_use]
    pub fn compare(&self, log: &LogReader, progress: &mut Progress<'_>) -> Compared {
        let (seen, stream) = match self.seen.as_ref().map(|seen| (seen, &seen.stream)) {
            Ok((seen, Ok(Some(stream)))) => (seen, stream),
            Ok((_, Ok(None))) => return Compared::Absent,
            Ok((_, Err(why))) | Err(why) => return Compared::Unread(why.clone()),
        };
        let compared = compare::whole(&seen.connection, stream, &self.options, log, progress);
        match seen.runtime.block_on(compared) {
            Ok(position) => Compared::Same(position),
            Err(Trouble::Refused(refusal)) => Compared::Different(refusal.to_string()),
            Err(Trouble::Passing(why)) => Compared::Unread(why),
        }
    }
}

fn see(options: &Options) -> Result<Seen> {
    // Another thread keeps the connection alive while nobody waits for it.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(Trouble::passing)?;
    let connection = runtime.block_on(Connection::open(options))?;
    let stream = runtime.block_on(stream::get(&connection, options)).map_err(|trouble| trouble.to_string());
    Ok(Seen { version: connection.client.server_info().version, runtime, connection, stream })
}
