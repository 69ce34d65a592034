//! A look at the server and the stream that changes nothing.

use tenure_events::Position;

use super::connect::Connection;
use super::{Options, Trouble, stream};
use crate::log::LogReader;

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

/// Looks at the server and the stream, and compares it with the log if there is one at hand.
#[must_use]
pub fn examine(options: &Options, log: Option<&LogReader>) -> Examination {
    let mut examination = Examination { server: None, stream: None, wrong: None };
    let wrong = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(look(options, log, &mut examination)).err().map(|trouble| trouble.to_string()),
        Err(error) => Some(error.to_string()),
    };
    Examination { wrong, ..examination }
}

async fn look(options: &Options, log: Option<&LogReader>, examination: &mut Examination) -> Result<(), Trouble> {
    let connection = Connection::open(options).await?;
    examination.server = Some(connection.client.server_info().version);
    let Some(stream) = stream::get(&connection, options).await? else { return Ok(()) };
    let info = stream.cached_info();
    let (last, bytes, replicas) = (info.state.last_sequence, info.state.bytes, info.config.num_replicas);
    examination.stream = Some(Found { last, bytes, replicas });
    stream::check(&stream, options)?;
    match log {
        Some(log) => stream::compare(&connection, &stream, options, log).await.map(drop),
        None => Ok(()),
    }
}
