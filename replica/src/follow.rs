//! The thread that proves and installs what the feed receives, and what it and the feed hand to each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use async_nats::Message;
use tenure_events::{Envelope, Head, InvalidEvent, Position};
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use crate::beats::Beats;
use crate::checkpoint::Checkpoints;
use crate::core::{Core, Known};
use crate::prove::Prover;

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

/// What there is to do.
pub enum Input {
    /// Messages of a reading. Those of one that was given up are of no use any more.
    Batch(u64, Batch),
    /// Heartbeats wait.
    Beats,
}

/// The way in.
pub type Inputs = mpsc::Sender<Input>;

/// A reading of the stream: its number, and the position after which it begins. What was read before is forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    pub number: u64,
    pub after: Position,
}

/// The feed's end of what it and the thread hand to each other.
pub struct Handing {
    inputs: Inputs,
    /// The reading that is wanted.
    pub readings: watch::Receiver<Reading>,
}

impl Handing {
    /// Hands on, when there is room.
    ///
    /// # Errors
    /// Nobody takes any more.
    pub async fn send(&self, reading: u64, batch: Batch) -> Result<(), mpsc::error::SendError<Input>> {
        self.inputs.send(Input::Batch(reading, batch)).await
    }
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

/// What the thread begins with.
pub struct Start {
    pub core: Arc<Core>,
    /// The state that is shown, and its end.
    pub known: Arc<Known>,
    pub head: Head,
    pub log: Uuid,
    pub beats: Arc<Beats>,
    pub checkpoints: Option<Checkpoints>,
    pub hold: usize,
}

/// Starts the thread.
pub fn start(start: Start) -> std::io::Result<(Following, Handing, Inputs)> {
    let (sender, inputs) = mpsc::channel(BATCHES);
    let (readings, wanted) = watch::channel(Reading { number: 0, after: start.head.position });
    let finish = Arc::new(AtomicBool::new(false));
    let prover = Prover::new(start, readings);
    let told = Arc::clone(&finish);
    let run = move || follow(prover, inputs, &told);
    let thread = std::thread::Builder::new().name("tenure-replica".to_owned()).spawn(run)?;
    let handing = Handing { inputs: sender.clone(), readings: wanted };
    Ok((Following { thread, finish }, handing, sender))
}

fn follow(mut prover: Prover, mut inputs: mpsc::Receiver<Input>, finish: &AtomicBool) {
    while let Some(input) = inputs.blocking_recv() {
        let taken = match input {
            Input::Batch(reading, batch) => prover.batch(reading, batch),
            Input::Beats => Ok(()),
        };
        // Whatever came: heartbeats that found no room waited for it.
        let taken = taken.and_then(|()| prover.beats());
        if let Err(fault) = taken {
            prover.begin_anew(fault);
        }
        prover.note_unsigned();
        prover.checkpoint();
    }
    if finish.load(Ordering::Acquire) {
        prover.finish();
    }
}
