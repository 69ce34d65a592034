//! The thread that proves and installs what the feed receives.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use async_nats::Message;
use tenure_events::{Broken, Envelope, Follower, Hash, Head, InvalidEvent, Position, schema};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::changes::Changed;
use crate::checkpoint::Checkpoints;
use crate::core::Core;
use crate::fault::Fault;

/// Messages in the order of the stream.
pub type Batch = Vec<Received>;

/// A message, read but not proved.
pub struct Received {
    /// Its sequence in the stream.
    pub sequence: Position,
    /// The bytes of an event.
    pub message: Message,
    /// That event: decoded before, on another core.
    pub event: Result<Envelope, InvalidEvent>,
}

/// The feed's end of what it and the thread hand to each other.
pub struct Handing {
    batches: mpsc::Sender<Batch>,
    /// What was followed comes back, to be dropped where it was made: an allocator is slow to take from one thread what
    /// it gave to another.
    spent: mpsc::UnboundedReceiver<Spent>,
}

impl Handing {
    /// Hands on, when there is room.
    ///
    /// # Errors
    /// Nobody takes any more.
    pub async fn send(&mut self, batch: Batch) -> Result<(), mpsc::error::SendError<Batch>> {
        while self.spent.try_recv().is_ok() {}
        self.batches.send(batch).await
    }
}

/// Events that nobody needs any more, and the messages that they came in.
#[derive(Default)]
struct Spent {
    events: Vec<Envelope>,
    messages: Vec<Message>,
}

/// How many batches wait: enough that neither side waits for the other, and little memory.
const BATCHES: usize = 8;

/// The thread at work.
pub struct Following {
    thread: JoinHandle<()>,
    finish: Arc<AtomicBool>,
}

impl Following {
    /// Has it write a checkpoint once the feed is gone. It looks once, so this comes before the feed is ended.
    pub fn finish(&self) {
        self.finish.store(true, Ordering::Release);
    }

    /// Waits until it has ended.
    pub async fn ended(self) {
        drop(tokio::task::spawn_blocking(|| self.thread.join()).await);
    }
}

/// Starts the thread: it goes on from the head, in this log if one is known.
pub fn start(
    core: Arc<Core>,
    log: Option<Uuid>,
    head: Head,
    checkpoints: Option<Checkpoints>,
) -> std::io::Result<(Following, Handing)> {
    let (sender, batches) = mpsc::channel(BATCHES);
    let (spend, spent) = mpsc::unbounded_channel();
    let finish = Arc::new(AtomicBool::new(false));
    let follower = log.map(|log| Follower::new(log, head));
    let worker =
        Worker { core, follower, whole: head, open: Vec::new(), shown: Vec::new(), spent: Spent::default(), spend };
    let told = Arc::clone(&finish);
    let run = move || worker.run(batches, checkpoints, &told);
    let thread = std::thread::Builder::new().name("tenure-replica".to_owned()).spawn(run)?;
    Ok((Following { thread, finish }, Handing { batches: sender, spent }))
}

struct Worker {
    core: Arc<Core>,
    /// None until the first event says which log it is.
    follower: Option<Follower>,
    /// The end of the last command that is installed.
    whole: Head,
    /// The events of the command that goes on.
    open: Vec<Envelope>,
    /// Commands to tell of once they can be seen.
    shown: Vec<Arc<Changed>>,
    /// What is spent, and where it goes.
    spent: Spent,
    spend: mpsc::UnboundedSender<Spent>,
}

impl Worker {
    fn run(mut self, mut batches: mpsc::Receiver<Batch>, mut checkpoints: Option<Checkpoints>, finish: &AtomicBool) {
        while let Some(batch) = batches.blocking_recv() {
            let each: Vec<&[u8]> = batch.iter().map(|received| &received.message.payload[..]).collect();
            let hashes = Hash::of_each(&each);
            let taken = batch.into_iter().zip(hashes).try_for_each(|(received, hash)| self.take(received, hash));
            self.show();
            // No error: without a feed there will be no more batches either.
            drop(self.spend.send(std::mem::take(&mut self.spent)));
            if let Err(fault) = taken {
                return self.core.end(fault);
            }
            if let (Some(checkpoints), Some(follower)) = (&mut checkpoints, &self.follower) {
                checkpoints.perhaps(&self.core, follower.log(), self.whole);
            }
        }
        if let (true, Some(checkpoints), Some(follower)) = (finish.load(Ordering::Acquire), checkpoints, &self.follower)
        {
            checkpoints.finish(&self.core, follower.log(), self.whole);
        }
    }

    /// Takes what may be the next event.
    fn take(&mut self, Received { sequence, message, event }: Received, hash: Hash) -> Result<(), Fault> {
        self.follow(sequence, &message.payload, hash, event)?;
        self.spent.messages.push(message);
        Ok(())
    }

    fn follow(
        &mut self,
        sequence: Position,
        bytes: &[u8],
        hash: Hash,
        event: Result<Envelope, InvalidEvent>,
    ) -> Result<(), Fault> {
        let head = self.follower.as_ref().map_or(self.whole, |follower| *follower.head());
        // Where reading begins again, the event before is read again: the stream must be the same.
        if sequence == head.position {
            return if hash == head.hash { Ok(()) } else { Err(Fault::OtherHistory { position: sequence }) };
        }
        let position = head.position + 1;
        if sequence != position {
            return Err(Fault::Missing { expected: position, found: sequence });
        }
        let envelope = event.map_err(|error| invalid(position, bytes, &error))?;
        let follower = self.follower.get_or_insert_with(|| Follower::new(envelope.log, head));
        follower.follow(&envelope, hash).map_err(|source| match source {
            Broken::OtherLog(found) => Fault::OtherLog { wanted: follower.log(), found },
            source @ (Broken::Position(_)
            | Broken::Hash { .. }
            | Broken::Command { .. }
            | Broken::Time { .. }
            | Broken::Twin(_)) => Fault::Broken { position, source },
        })?;
        self.open.push(envelope);
        if follower.is_whole() {
            self.whole = *follower.head();
            self.open.iter().for_each(|envelope| self.core.state.install(envelope));
            if self.core.changes.receiver_count() > 0 {
                self.shown.push(Arc::new(Changed { events: std::mem::take(&mut self.open) }));
            }
            self.spent.events.append(&mut self.open);
        }
        Ok(())
    }

    fn show(&mut self) {
        if self.whole.position > self.core.state.durable() {
            self.core.show(&self.whole);
        }
        for changed in self.shown.drain(..) {
            // That nobody listens any more is no fault.
            drop(self.core.changes.send(changed));
        }
    }
}

/// What is wrong with bytes that are no event of this version.
fn invalid(position: Position, bytes: &[u8], error: &InvalidEvent) -> Fault {
    let event: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
    match event.get("type").and_then(serde_json::Value::as_str) {
        Some(kind) if schema::of(kind).is_none() => Fault::UnknownType { position, kind: kind.to_owned() },
        Some(_) | None => Fault::Invalid { position, reason: error.to_string() },
    }
}
