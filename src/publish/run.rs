//! The publisher: connects, compares, publishes, and begins anew after whatever goes wrong.

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use async_nats::jetstream::stream::{Info, Stream};
use futures::FutureExt as _;
use tenure_events::Position;
use tokio::task::JoinHandle;

use super::batch::Batch;
use super::connect::Connection;
use super::{Options, Refusal, Result, Trouble, compare, heart, send, stream};
use crate::node::{FeedState, Node};

/// The first wait after something went wrong; each further one is twice as long.
const SHORTEST: Duration = Duration::from_millis(50);

/// The longest wait, and the one before somebody may have mended what was refused.
const LONGEST: Duration = Duration::from_secs(5);

/// How often the stream is compared with the log while all is well: somebody may have changed it, or put another in its
/// place.
const COMPARING: Duration = Duration::from_secs(5);

/// A publisher at work; ends when dropped.
pub struct Publisher {
    running: JoinHandle<()>,
    beating: JoinHandle<()>,
}

impl Publisher {
    /// Ends it, and waits until it has.
    pub async fn stop(mut self) {
        for task in [&mut self.running, &mut self.beating] {
            task.abort();
            // An error means that it was ended, as it was told.
            let _: std::result::Result<(), _> = task.await;
        }
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.running.abort();
        self.beating.abort();
    }
}

/// Publishes the node's log, and its heartbeats, until the publisher is dropped. It never ends by itself: where it cannot go on it says so to
/// the node, and looks again now and then.
///
/// Needs a runtime around it.
#[must_use]
pub fn start(node: Node, options: Options) -> Publisher {
    node.tell_feed(|_| {});
    let beating = tokio::spawn(heart::beat(node.clone(), options.clone()));
    let running = tokio::spawn(async move { Run { node, options, wait: SHORTEST, told: None }.run().await });
    Publisher { running, beating }
}

struct Run {
    node: Node,
    options: Options,
    /// How long to wait after the next trouble.
    wait: Duration,
    /// The trouble that the log was told of, until all is well again.
    told: Option<String>,
}

impl Run {
    async fn run(mut self) {
        loop {
            let Err(trouble) = self.session().await;
            let wait = self.tell(&trouble);
            tokio::time::sleep(wait).await;
        }
    }

    /// Says what is wrong, to the log once for each new trouble; answers how long to wait.
    fn tell(&mut self, trouble: &Trouble) -> Duration {
        let (state, wait) = match trouble {
            Trouble::Refused(_) => (FeedState::Refused, LONGEST),
            Trouble::Passing(_) => (FeedState::Waiting, self.wait),
        };
        self.wait = (self.wait * 2).min(LONGEST);
        let text = trouble.to_string();
        if self.told.as_ref() != Some(&text) {
            match trouble {
                Trouble::Refused(_) => tracing::error!(trouble = text, "the feed is refused; commands go on"),
                Trouble::Passing(_) => tracing::warn!(trouble = text, "the feed waits; commands go on"),
            }
            self.told = Some(text.clone());
        }
        self.node.tell_feed(|feed| {
            feed.state = state;
            feed.trouble = Some(text);
        });
        wait
    }

    /// The stream is the log up to here.
    fn is_well(&mut self, at: Position) {
        self.wait = SHORTEST;
        self.told = None;
        self.node.tell_feed(|feed| {
            feed.state = FeedState::Publishing;
            feed.published = Some(at);
            feed.trouble = None;
        });
    }

    /// From a connection to the next trouble.
    async fn session(&mut self) -> Result<Infallible> {
        let connection = Connection::open(&self.options).await?;
        loop {
            let at = self.compare(&connection).await?;
            tokio::select! {
                () = connection.lost() => return Err(Trouble::Passing("the connection to NATS was lost".to_owned())),
                done = self.publish(&connection, at) => done?,
            }
        }
    }

    /// Where the stream is, which is made if need be, and matches the log.
    async fn compare(&self, connection: &Connection) -> Result<Position> {
        let stream = stream::get_or_create(connection, &self.options).await?;
        let (_, seed) = self.node.clock().new_id().as_u64_pair();
        let at = compare::sample(connection, &stream, &self.options, self.node.log(), seed).await;
        let at = at.map_err(|trouble| self.of_epoch(trouble, &stream))?;
        stream::note_epoch(connection, &stream, self.node.epochs().current()).await;
        self.node.tell_feed(|feed| {
            if let Some(before) = feed.published.filter(|before| *before > at) {
                tracing::warn!(
                    acknowledged = before,
                    at,
                    "the stream lost events that NATS had acknowledged; they are published again: does the server \
                     run with `sync_interval: always`?"
                );
            }
            feed.published = Some(at);
        });
        Ok(at)
    }

    /// What it means that a stream of an earlier epoch is not the log.
    fn of_epoch(&self, trouble: Trouble, stream: &Stream<Info>) -> Trouble {
        let epochs = self.node.epochs();
        let differs = match &trouble {
            Trouble::Refused(Refusal::Ahead { .. } | Refusal::Content { .. }) => true,
            Trouble::Refused(
                Refusal::Server { .. }
                | Refusal::NoJetStream(_)
                | Refusal::Creation { .. }
                | Refusal::Settings { .. }
                | Refusal::Gap { .. }
                | Refusal::PastEpoch { .. },
            )
            | Trouble::Passing(_) => false,
        };
        if differs && stream::epoch(stream) < epochs.current() {
            return Refusal::PastEpoch { stream: self.options.stream().to_owned(), after: epochs.after() }.into();
        }
        trouble
    }

    /// Publishes what comes after a position, until it is time to compare again. The next batch is read while the stream
    /// stores one.
    async fn publish(&mut self, connection: &Connection, mut at: Position) -> Result<()> {
        let mut due = pin!(tokio::time::sleep(COMPARING));
        let names = self.node.clock().new_id().simple().to_string();
        let mut committed = self.node.committed();
        let mut batch = self.read(at).await?;
        loop {
            let Some(last) = batch.last() else {
                self.is_well(at);
                tokio::select! {
                    () = &mut due => return Ok(()),
                    // An error means that the node is gone, and with it what there is to publish.
                    more = async { committed.wait_for(|head| *head > at).await.map(drop) } => more.map_err(Trouble::passing)?,
                }
                batch = self.read(at).await?;
                continue;
            };
            if due.as_mut().now_or_never().is_some() {
                return Ok(());
            }
            let name = format!("{names}-{last}");
            let (sent, next) = tokio::join!(send::send(connection, &batch, &name), self.read(last));
            sent?;
            at = last;
            self.is_well(at);
            batch = next?;
        }
    }

    async fn read(&self, after: Position) -> Result<Batch> {
        let log = self.node.log().clone();
        let read = tokio::task::spawn_blocking(move || Batch::after(&log, after)).await;
        read.map_err(Trouble::passing)?.map_err(Trouble::passing)
    }
}
