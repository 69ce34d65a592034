//! Reading the stream: what comes is handed on in order, and what breaks off is taken up again.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::{self, Context, stream::Info};
use futures::StreamExt as _;
use tenure_events::{FeedState, Head, Position, parse};
use tenure_projections::State;
use uuid::Uuid;

use crate::beats::Beats;
use crate::checkpoint::{CheckpointUse, Checkpoints, Loaded};
use crate::config::Config;
use crate::core::{Core, Known};
use crate::fault::{ConnectError, Fault};
use crate::follow::{Handing, Reading, Received, Start};
use crate::lag::{Beat, Progress};
use crate::trust::Trust;
use crate::{Replica, beats, checkpoint, follow};

/// How many messages are asked of the server at a time.
const PULL: usize = 4_096;

/// The most messages that are handed on at a time.
const BATCH: usize = 1_024;

/// How often the stream is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// The server says that it is still there at least this often.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// After so long without us the server forgets the consumer.
const FORGOTTEN: Duration = Duration::from_secs(60);

/// How long to wait before reading is tried again: first, and at most.
pub const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// The same after what was read proved wrong.
const MENDED: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));

pub async fn connect(config: Config) -> Result<Replica, ConnectError> {
    let Config { client, stream, keys, checkpoint, every, after, changes, hold } = config;
    let trust = Trust::of(&keys)?;
    let log = trust.log();
    let (begin, used) = load(checkpoint.clone(), log).await?;
    let Begin { known, head, proved } = begin;
    let core = Arc::new(Core::new(Arc::clone(&known), Progress::new(proved), changes));
    let source = Source { context: jetstream::new(client.clone()), stream, core: Arc::clone(&core) };
    // With a state at hand NATS may be away: what is answered meanwhile is marked as old.
    if proved.is_none() {
        source.look().await.map_err(|reason| ConnectError::Stream { stream: source.stream.clone(), reason })?;
    }
    let checkpoints = checkpoint.map(|path| Checkpoints::new(path, every, after, head.position));
    let heard = Arc::new(Beats::default());
    let start = Start { core: Arc::clone(&core), known, head, log, beats: Arc::clone(&heard), checkpoints, hold };
    let (following, handing, inputs) = follow::start(start)?;
    let reading = *handing.readings.borrow();
    let feed = Feed { source: source.clone(), handing, reading, received: head.position };
    let tasks = [
        tokio::spawn(beats::hear(client, trust, Arc::clone(&core), heard, inputs)).abort_handle(),
        tokio::spawn(feed.run()).abort_handle(),
        tokio::spawn(source.watch()).abort_handle(),
    ];
    Ok(Replica { core, checkpoint: used, tasks, following: Mutex::new(Some(following)) })
}

/// What a replica begins with.
struct Begin {
    known: Arc<Known>,
    head: Head,
    /// When the node signed that, as the checkpoint says.
    proved: Option<Beat>,
}

async fn load(path: Option<PathBuf>, log: Uuid) -> Result<(Begin, CheckpointUse), ConnectError> {
    let nothing = || {
        let (state, head) = (State::without_digest(), Head::START);
        Begin { known: Arc::new(Known::new(state, &head)), head, proved: None }
    };
    let Some(path) = path else { return Ok((nothing(), CheckpointUse::None)) };
    let loaded = tokio::task::spawn_blocking(move || {
        checkpoint::clean(&path);
        checkpoint::load(&path)
    });
    match loaded.await.map_err(|error| error.to_string()).and_then(|loaded| loaded.map_err(|error| error.to_string())) {
        Ok(None) => Ok((nothing(), CheckpointUse::None)),
        Ok(Some(loaded)) if loaded.log != log => Err(Fault::OtherLog { wanted: log, found: loaded.log }.into()),
        Ok(Some(Loaded { state, head, signed, epoch, .. })) => {
            let (position, hash, feed) = (head.position, head.hash, FeedState::Connecting);
            let proved = Some(Beat { epoch, position, hash, time: signed, feed, received: None });
            let known = Arc::new(Known::new(state, &head));
            Ok((Begin { known, head, proved }, CheckpointUse::Loaded(position)))
        }
        Err(why) => Ok((nothing(), CheckpointUse::Dropped(why))),
    }
}

/// The stream.
#[derive(Clone)]
struct Source {
    context: Context,
    stream: String,
    core: Arc<Core>,
}

impl Source {
    /// Looks where the stream ends.
    async fn look(&self) -> Result<jetstream::stream::Stream<Info>, String> {
        let stream = self.context.get_stream(&self.stream).await.map_err(|error| error.to_string())?;
        let (last, position) = (stream.cached_info().state.last_sequence, self.core.position());
        // A server that lost power may have lost the end; the node publishes that again. If something else comes in its
        // place, reading on from here proves that it is not the same.
        if last < position {
            return Err(format!("the stream ends at {last}, and {position} was read of it: waiting for what is lost"));
        }
        self.core.progress.reaches(last);
        Ok(stream)
    }

    /// Looks again and again.
    async fn watch(self) {
        loop {
            tokio::time::sleep(LOOK).await;
            if let Err(why) = self.look().await {
                self.core.progress.unread(why);
            }
        }
    }
}

struct Feed {
    source: Source,
    handing: Handing,
    reading: Reading,
    /// The last message that was handed on.
    received: Position,
}

/// Why a reading ended.
enum End {
    /// Nobody takes any more.
    Closed,
    /// What was read proved wrong: another reading is wanted.
    Wrong,
}

impl Feed {
    async fn run(mut self) {
        let (mut wait, mut mended) = (RETRY.0, MENDED.0);
        loop {
            let wanted = *self.handing.readings.borrow_and_update();
            if wanted != self.reading {
                (self.reading, self.received) = (wanted, wanted.after);
            }
            let (before, is_again) = (self.received, self.source.core.is_faulty());
            match self.read().await {
                Ok(End::Closed) => return,
                Ok(End::Wrong) => {
                    mended = if is_again { (mended * 2).min(MENDED.1) } else { MENDED.0 };
                    tokio::time::sleep(mended).await;
                    continue;
                }
                Err(why) => self.source.core.progress.unread(why.to_string()),
            }
            wait = if self.received > before { RETRY.0 } else { (wait * 2).min(RETRY.1) };
            tokio::time::sleep(wait).await;
        }
    }

    /// Reads on from the last message that was handed on, which comes once more.
    async fn read(&mut self) -> Result<End, async_nats::Error> {
        let stream = self.source.look().await?;
        let config = pull::Config {
            description: Some("a replica of Tenure".to_owned()),
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: self.received.max(1) },
            ack_policy: AckPolicy::None,
            inactive_threshold: FORGOTTEN,
            memory_storage: true,
            num_replicas: 1,
            ..pull::Config::default()
        };
        let consumer = stream.create_consumer(config).await?;
        let messages = consumer.stream().max_messages_per_batch(PULL).heartbeat(HEARTBEAT).messages();
        let mut chunks = messages.await?.ready_chunks(BATCH);
        let (mut delivered, mut next) = (0, self.received.max(1));
        loop {
            let chunk = tokio::select! {
                biased;
                wanted = self.handing.readings.changed() => {
                    return Ok(if wanted.is_ok() { End::Wrong } else { End::Closed });
                }
                chunk = chunks.next() => chunk,
            };
            let Some(chunk) = chunk else { return Err("the server ended the reading".into()) };
            let chunk = chunk.into_iter().collect::<Result<Vec<_>, _>>()?;
            let Some(newest) = chunk.last() else { continue };
            let info = newest.info()?;
            let (last, end) = (info.stream_sequence, info.stream_sequence + info.pending);
            delivered += chunk.len() as u64;
            if info.consumer_sequence != delivered {
                return Err("messages were lost on the way".into());
            }
            // As many as there are numbers up to the last have these numbers. Only where some are left out is each asked.
            let gapless = next + chunk.len() as u64 == last + 1;
            let mut batch = Vec::with_capacity(chunk.len());
            for (number, message) in (next..).zip(chunk) {
                let sequence = if gapless { number } else { message.info()?.stream_sequence };
                let message = message.message;
                batch.push(Received { sequence, event: parse(&message.payload), message });
            }
            next = last + 1;
            self.source.core.progress.reaches(end);
            if self.handing.send(self.reading.number, batch).await.is_err() {
                return Ok(End::Closed);
            }
            self.received = last;
        }
    }
}
