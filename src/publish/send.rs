//! Sending a batch, and what its acknowledgement must say.

use async_nats::Request;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::publish::PublishAck;
use async_nats::jetstream::response::Response;
use tenure_events::Position;

use super::batch::Batch;
use super::connect::{Connection, PATIENCE};
use super::{Result, Trouble};

/// Sends a batch under a name that no other has, and waits until the stream has it, wholly or not at all.
///
/// Only the last message asks for an answer: it speaks for all. Whatever goes wrong, the caller compares the stream with
/// the log before anything more is sent, so that an outcome that is unknown becomes known: a batch that the stream has
/// is seen there, and a conflict with what was stored at the first try is none.
pub async fn send(connection: &Connection, batch: &Batch, name: &str) -> Result<Option<Position>> {
    let of = batch.messages.len();
    let Some((last, others)) = batch.messages.split_last() else { return Ok(None) };
    let client = &connection.client;
    for (index, message) in others.iter().enumerate() {
        let headers = message.headers(name, index + 1, of);
        let sent = client.publish_with_headers(message.subject.clone(), headers, message.bytes.clone()).await;
        sent.map_err(|error| connection.explain(&error))?;
    }
    let request =
        Request::new().headers(last.headers(name, of, of)).payload(last.bytes.clone()).timeout(Some(PATIENCE));
    let answer = client.send_request(last.subject.clone(), request).await;
    let answer = answer.map_err(|error| connection.explain(&error))?;
    match serde_json::from_slice(&answer.payload).map_err(Trouble::passing)? {
        Response::Ok(ack) => judge(&ack, name, of, last.position).map(Some),
        Response::Err { error } => Err(Trouble::Passing(match error.error_code() {
            ErrorCode::INSUFFICIENT_RESOURCES
            | ErrorCode::STORAGE_RESOURCES_EXCEEDED
            | ErrorCode::ACCOUNT_RESOURCES_EXCEEDED
            | ErrorCode::STREAM_STORE_FAILED => format!("NATS has no room for more events: {error}"),
            _ => format!("NATS did not take a batch: {error}"),
        })),
    }
}

/// A server that knows no batches stores each message by itself and answers without naming the batch.
fn judge(ack: &PublishAck, name: &str, of: usize, last: Position) -> Result<Position> {
    let right = ack.batch_id.as_deref() == Some(name) && ack.batch_size == Some(of as u64) && ack.sequence == last;
    if right {
        return Ok(last);
    }
    Err(Trouble::passing(format_args!(
        "NATS answered batch `{name}` of {of} events up to {last} with batch {:?} of {:?} up to {}",
        ack.batch_id, ack.batch_size, ack.sequence
    )))
}
