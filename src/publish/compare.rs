//! The stream compared with the log: some of it whenever a node connects and now and then afterwards, all of it when somebody
//! asks.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::header::HeaderValue;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{Info, RawMessageErrorKind, Stream};
use futures::StreamExt as _;
use futures::future::try_join_all;
use tenure_events::{Envelope, Position, parse};

use super::batch::{CLOUD_EVENT, CONTENT_TYPE, EPOCH, HEADERS, MESSAGE_ID};
use super::connect::Connection;
use super::refusal::{Foreign, Refusal};
use super::{Options, Result, Trouble, stream};
use crate::log::{LogReader, Stored};
use crate::node::Progress;

/// How many messages are looked at between the first and the last.
const BETWEEN: u64 = 14;

/// How many messages are compared at a time when all of them are.
const MANY: usize = 1_000;

/// A stream that has more to read is silent no longer than this.
const SILENCE: Duration = Duration::from_secs(30);

/// A message as the stream has it.
struct Found<'a> {
    subject: &'a str,
    headers: Option<&'a HeaderMap>,
    payload: &'a [u8],
}

/// Looks at the settings, that nothing is missing, and that the stream is no longer than the log; and compares the first
/// message, the last, and some between, others for each seed. Answers the position that the stream is at.
pub async fn sample(
    connection: &Connection,
    stream: &Stream<Info>,
    options: &Options,
    log: &LogReader,
    seed: u64,
) -> Result<Position> {
    let last = stream::check(stream, options)?;
    // Later than the stream was asked, so that what is durable meanwhile counts.
    let head = log.head();
    let positions = positions(last.min(head), seed);
    let asked: Vec<_> = positions.iter().map(|position| message(connection, stream, *position)).collect();
    let found = try_join_all(asked).await?;
    let ours: Vec<Vec<Stored>> =
        read(log, move |log| positions.iter().map(|position| log.read(*position, 1)).collect()).await?;
    for (ours, found) in ours.iter().flatten().zip(&found) {
        let found = found.as_ref().map(|message| Found {
            subject: &message.subject,
            headers: Some(&message.headers),
            payload: &message.payload,
        });
        compare(options, ours, found)?;
    }
    if last > head {
        return Err(Refusal::Ahead { stream: options.stream().to_owned(), last, head }.into());
    }
    // Measured: a server whose disk fills up while it stores a batch keeps the first part of it.
    let end = ours.last().and_then(|read| read.first());
    if end.is_some_and(|ours| parse(&ours.bytes).is_ok_and(|event| event.index + 1 < event.count)) {
        tracing::warn!(
            last,
            "the stream ends within a command, as when NATS had no room for all of it; the rest follows"
        );
    }
    Ok(last)
}

/// Reads the stream as far as it went when it was looked at, and the log is, and compares every message; then looks at what
/// [`sample`] does. Answers how far it was compared.
pub async fn whole(
    connection: &Connection,
    stream: &Stream<Info>,
    options: &Options,
    log: &LogReader,
    progress: &mut Progress<'_>,
) -> Result<Position> {
    let last = stream.cached_info().state.last_sequence;
    let head = log.head();
    let end = last.min(head);
    if stream.cached_info().state.messages > 0 {
        sweep(connection, stream, options, log, end, progress).await?;
    } else if end > 0 {
        missing(options, log, 1).await?;
    }
    stream::check(stream, options)?;
    if last > head {
        return Err(Refusal::Ahead { stream: options.stream().to_owned(), last, head }.into());
    }
    Ok(end)
}

async fn sweep(
    connection: &Connection,
    stream: &Stream<Info>,
    options: &Options,
    log: &LogReader,
    end: Position,
    progress: &mut Progress<'_>,
) -> Result<()> {
    let explain = |error: &dyn std::error::Error| connection.explain(error);
    let consumer = stream.create_consumer(OrderedConfig::default()).await.map_err(|error| explain(&error))?;
    let mut chunks = consumer.messages().await.map_err(|error| explain(&error))?.ready_chunks(MANY);
    let mut next = 1;
    while next <= end {
        let chunk = tokio::time::timeout(SILENCE, chunks.next()).await;
        let chunk =
            chunk.map_err(|_| Trouble::passing(format_args!("NATS sends nothing after message {}", next - 1)))?;
        let chunk = chunk.ok_or_else(|| Trouble::passing("NATS ended the reading"))?;
        let ours: Vec<Stored> = read(log, move |log| log.read(next, MANY)).await?;
        let mut pending = 0;
        for (ours, message) in ours.iter().take_while(|ours| ours.position <= end).zip(chunk) {
            let message = message.map_err(|error| explain(&error))?;
            let info = message.info().map_err(Trouble::passing)?;
            let (subject, headers, payload) = (&*message.subject, message.headers.as_ref(), &*message.payload);
            let found = Found { subject, headers, payload };
            compare(options, ours, (info.stream_sequence == ours.position).then_some(found))?;
            (next, pending) = (ours.position + 1, info.pending);
        }
        if pending == 0 && next <= end {
            missing(options, log, next).await?;
        }
        progress(next - 1, end);
    }
    Ok(())
}

/// The stream has nothing at a position.
async fn missing(options: &Options, log: &LogReader, position: Position) -> Result<()> {
    let ours: Vec<Stored> = read(log, move |log| log.read(position, 1)).await?;
    ours.first().map_or(Ok(()), |ours| compare(options, ours, None))
}

/// That what stands at an event's position is that event.
fn compare(options: &Options, ours: &Stored, found: Option<Found<'_>>) -> Result<()> {
    let what = match found {
        Some(found) => foreign(ours, &found),
        None => Some(Foreign::Nothing),
    };
    let (stream, position) = (options.stream().to_owned(), ours.position);
    what.map_or(Ok(()), |what| Err(Refusal::Content { stream, position, what }.into()))
}

/// What a message is, if not this event.
fn foreign(ours: &Stored, found: &Found<'_>) -> Option<Foreign> {
    let Ok(event) = parse(&ours.bytes) else { return Some(Foreign::NoEvent) };
    if found.payload != &ours.bytes[..] {
        return Some(match parse(found.payload) {
            Err(_) => Foreign::NoEvent,
            Ok(Envelope { log, .. }) if log != event.log => Foreign::OtherLog { found: log, ours: event.log },
            Ok(Envelope { id, .. }) => Foreign::OtherEvent { found: id, ours: event.id },
        });
    }
    if found.subject != event.nats_subject() {
        return Some(Foreign::OtherLabel(format!("under the subject `{}`", found.subject)));
    }
    let nothing = HeaderMap::new();
    let headers = found.headers.unwrap_or(&nothing);
    let (id, epoch) = (event.id.to_string(), (event.epoch > 0).then(|| event.epoch.to_string()));
    for (name, want) in [(MESSAGE_ID, Some(&*id)), (CONTENT_TYPE, Some(CLOUD_EVENT)), (EPOCH, epoch.as_deref())] {
        match headers.get_all(name).map(HeaderValue::as_str).collect::<Vec<_>>()[..] {
            [found] if Some(found) == want => {}
            [] if want.is_none() => {}
            [] => return Some(Foreign::OtherLabel(format!("without the header `{name}`"))),
            [found, ..] => return Some(Foreign::OtherLabel(format!("with `{found}` in the header `{name}`"))),
        }
    }
    let other = headers.iter().map(|(name, _)| name.to_string()).find(|name| !HEADERS.contains(&name.as_str()));
    other.map(|name| Foreign::OtherLabel(format!("with the header `{name}`, which the node does not send")))
}

/// One message of the stream; none where there is none.
async fn message(connection: &Connection, stream: &Stream<Info>, position: Position) -> Result<Option<StreamMessage>> {
    match stream.get_raw_message(position).await {
        Ok(message) => Ok(Some(message)),
        Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
        Err(error) => Err(connection.explain(&error)),
    }
}

async fn read<T: Send + 'static>(
    log: &LogReader,
    read: impl FnOnce(&LogReader) -> std::result::Result<T, crate::log::ReadError> + Send + 'static,
) -> Result<T> {
    let log = log.clone();
    let read = tokio::task::spawn_blocking(move || read(&log)).await.map_err(Trouble::passing)?;
    read.map_err(|error| Trouble::passing(format_args!("cannot read the log: {error}")))
}

/// The first position, the last, and one in each of equal parts between, where in it the seed says.
fn positions(last: Position, seed: u64) -> Vec<Position> {
    let between = last.saturating_sub(2);
    let mut all: Vec<Position> = if last == 0 { Vec::new() } else { vec![1] };
    let parts = BETWEEN.min(between);
    for part in 0..parts {
        // Where the parts end, without rounding away the last.
        let edge = |part: u64| between / parts * part + (between % parts) * part / parts;
        let (from, to) = (edge(part), edge(part + 1));
        let place = seed.rotate_left(9 * u32::try_from(part).unwrap_or_default()) % (to - from);
        all.push(2 + from + place);
    }
    if last > 1 {
        all.push(last);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_positions_are_looked_at_and_any_may_be() {
        let check = |last: Position, want: &[Position]| assert_eq!(positions(last, 7), want, "{last}");
        check(0, &[]);
        check(1, &[1]);
        check(2, &[1, 2]);
        check(5, &[1, 2, 3, 4, 5]);
        check(16, &(1..=16).collect::<Vec<_>>());
        for last in [17, 18, 100, 12_345, u64::MAX] {
            for seed in [0, 1, 0xDEAD_BEEF_1234_5678, u64::MAX] {
                let positions = positions(last, seed);
                assert_eq!((positions.len(), positions[0], *positions.last().unwrap()), (16, 1, last));
                assert!(positions.is_sorted_by(|a, b| a < b), "{positions:?}");
            }
        }
        let mut seen: Vec<Position> =
            (0..2_000).flat_map(|seed: u64| positions(100, seed.wrapping_mul(0x9E37_79B9_7F4A_7C15))).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, (1..=100).collect::<Vec<_>>());
    }
}
