//! Reading the stream: what comes is handed on in order, and what breaks off is taken up again.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::{self, Context, stream::Info};
use futures::StreamExt as _;
use tenure_events::{Head, Position, parse};
use tenure_projections::State;

use crate::checkpoint::{CheckpointUse, Checkpoints, Loaded};
use crate::config::Config;
use crate::core::Core;
use crate::fault::{ConnectError, Fault};
use crate::follow::{Handing, Received};
use crate::{Replica, checkpoint, clock, follow};

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
const WAIT: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

pub async fn connect(config: Config) -> Result<Replica, ConnectError> {
    let Config { client, stream, log, checkpoint, every, changes } = config;
    let (loaded, used) = load(checkpoint.as_deref()).await;
    let (state, of, head) = match loaded {
        Some(Loaded { state, log, head }) => (state, Some(log), head),
        None => (State::without_digest(), None, Head::START),
    };
    if let (Some(wanted), Some(found)) = (log, of)
        && wanted != found
    {
        return Err(Fault::OtherLog { wanted, found }.into());
    }
    let core = Arc::new(Core::new(state, &head, changes));
    let source = Source { context: jetstream::new(client), stream, core: Arc::clone(&core) };
    source.look().await.map_err(|reason| ConnectError::Stream { stream: source.stream.clone(), reason })?;
    let checkpoints = checkpoint.map(|path| Checkpoints::new(path, every, head.position));
    let (following, handing) = follow::start(Arc::clone(&core), log.or(of), head, checkpoints)?;
    let feed = Feed { source: source.clone(), handing, received: head.position };
    let tasks = [tokio::spawn(feed.run()).abort_handle(), tokio::spawn(source.watch()).abort_handle()];
    Ok(Replica { core, checkpoint: used, tasks, following: Some(following) })
}

async fn load(path: Option<&Path>) -> (Option<Loaded>, CheckpointUse) {
    let Some(path) = path.map(Path::to_owned) else { return (None, CheckpointUse::None) };
    match tokio::task::spawn_blocking(move || checkpoint::load(&path)).await {
        Ok(Ok(None)) => (None, CheckpointUse::None),
        Ok(Ok(Some(loaded))) => {
            let position = loaded.head.position;
            (Some(loaded), CheckpointUse::Loaded(position))
        }
        Ok(Err(error)) => (None, CheckpointUse::Dropped(error.to_string())),
        Err(error) => (None, CheckpointUse::Dropped(error.to_string())),
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
        let before = clock::moment();
        let stream = self.context.get_stream(&self.stream).await.map_err(|error| error.to_string())?;
        let (last, position) = (stream.cached_info().state.last_sequence, self.core.state.durable());
        // A server that lost power may have lost the end; the node publishes that again. If something else comes in its
        // place, reading on from here proves that it is not the same.
        if last < position {
            return Err(format!("it ends at {last}, and {position} was read of it: waiting for what is lost"));
        }
        self.core.progress.looked(before, last, position);
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
    /// The last message that was handed on.
    received: Position,
}

impl Feed {
    async fn run(mut self) {
        let mut wait = WAIT.0;
        loop {
            let before = self.received;
            match self.read().await {
                Ok(()) => return,
                Err(why) => self.source.core.progress.unread(why.to_string()),
            }
            wait = if self.received > before { WAIT.0 } else { (wait * 2).min(WAIT.1) };
            tokio::time::sleep(wait).await;
        }
    }

    /// Reads on from the last message that was handed on, which comes once more, until nobody takes any more.
    async fn read(&mut self) -> Result<(), async_nats::Error> {
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
        while let Some(chunk) = chunks.next().await {
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
            self.source.core.progress.heard(end);
            if self.handing.send(batch).await.is_err() {
                return Ok(());
            }
            self.received = last;
        }
        Err("the server ended the reading".into())
    }
}
