//! What is published at a time: whole commands, as many as fit.

use std::ops::ControlFlow;

use async_nats::header::{
    HeaderMap, NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL, NATS_BATCH_ID, NATS_BATCH_SEQUENCE,
    NATS_EXPECTED_LAST_SEQUENCE,
};
use bytes::Bytes;
use tenure_events::{Envelope, Epoch, InvalidEvent, Position, parse};

use crate::log::{LogReader, ReadError};

/// The most messages that a server takes in a batch. No command has more events.
pub const MOST: usize = 1_000;

/// A batch that has a command closes when the next one would bring it over so many bytes.
const BYTES: usize = 4 * 1024 * 1024;

/// The header with the event's id.
pub const MESSAGE_ID: &str = "Nats-Msg-Id";

/// The header that names the media type (CloudEvents 1.0, NATS protocol binding, 3.2).
pub const CONTENT_TYPE: &str = "Content-Type";

/// The media type of a CloudEvent in structured mode.
pub const CLOUD_EVENT: &str = "application/cloudevents+json";

/// The epoch of an event that was written since the platform was restored from a backup.
pub const EPOCH: &str = "Tenure-Epoch";

/// All headers that a message has, or may have.
pub const HEADERS: [&str; 7] = [
    CONTENT_TYPE,
    MESSAGE_ID,
    EPOCH,
    "Nats-Batch-Id",
    "Nats-Batch-Sequence",
    "Nats-Batch-Commit",
    "Nats-Expected-Last-Sequence",
];

/// Whole commands that follow each other in the log.
#[derive(Debug, Default)]
pub struct Batch {
    /// In the order of the log.
    pub messages: Vec<Message>,
}

/// An event as it is published.
#[derive(Debug)]
pub struct Message {
    /// Where it stands in the log, and will in the stream.
    pub position: Position,
    pub subject: String,
    /// The id of the event.
    pub id: String,
    /// The epoch that it was written in.
    pub epoch: Epoch,
    /// Its stored bytes.
    pub bytes: Bytes,
}

/// Why no batch can be made.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// The log cannot be read.
    #[error("cannot read the log: {0}")]
    Log(#[from] ReadError),
    /// An event in the log cannot.
    #[error("cannot read event {0}: {1}")]
    Event(Position, #[source] InvalidEvent),
}

impl Batch {
    /// The commands after a position that fit; empty at the end of the log.
    pub fn after(log: &LogReader, position: Position) -> Result<Self, BatchError> {
        let (mut batch, mut bytes, mut failed) = (Self::default(), 0, None);
        log.scan(position + 1, |position, stored| {
            let event = match parse(stored) {
                Ok(event) => event,
                Err(error) => {
                    failed = Some(BatchError::Event(position, error));
                    return ControlFlow::Break(());
                }
            };
            let is_full = batch.messages.len() + event.count as usize > MOST || bytes + stored.len() > BYTES;
            if event.index == 0 && is_full && !batch.messages.is_empty() {
                return ControlFlow::Break(());
            }
            bytes += stored.len();
            batch.messages.push(Message::new(&event, stored));
            ControlFlow::Continue(())
        })?;
        // What comes before an event that cannot be read is published still.
        match failed {
            Some(error) if batch.messages.is_empty() => Err(error),
            Some(_) | None => Ok(batch),
        }
    }

    /// The position of its last event.
    pub fn last(&self) -> Option<Position> {
        self.messages.last().map(|message| message.position)
    }
}

impl Message {
    fn new(event: &Envelope, stored: &[u8]) -> Self {
        Self {
            position: event.position,
            subject: event.nats_subject(),
            id: event.id.to_string(),
            epoch: event.epoch,
            bytes: Bytes::copy_from_slice(stored),
        }
    }

    /// Its headers as a part of a batch, from 1, of so many messages. The first says where the stream has to be.
    pub fn headers(&self, batch: &str, part: usize, of: usize) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, CLOUD_EVENT);
        headers.insert(MESSAGE_ID, self.id.as_str());
        if self.epoch > 0 {
            headers.insert(EPOCH, self.epoch.to_string());
        }
        headers.insert(NATS_BATCH_ID, batch);
        headers.insert(NATS_BATCH_SEQUENCE, part.to_string());
        if part == 1 {
            headers.insert(NATS_EXPECTED_LAST_SEQUENCE, (self.position - 1).to_string());
        }
        if part == of {
            headers.insert(NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL);
        }
        headers
    }
}
