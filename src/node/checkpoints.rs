//! When checkpoints are written: now and then while commands come, and at the end.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use tenure_events::{Hash, Position};

use super::shared::Core;
use crate::chain::{Head, Tip};
use crate::checkpoint::{self, Mark};

/// Writes checkpoints in a thread of its own, while the writer goes on.
pub(super) struct Checkpoints {
    folder: PathBuf,
    thread: JoinHandle<Position>,
}

/// What the writer has of it: marks that are durable go in here. One is written at a time; others meanwhile are dropped.
#[derive(Clone)]
pub(super) struct Due {
    marks: SyncSender<Mark>,
    every: u64,
    next: Position,
}

/// Starts writing checkpoints into a folder whose newest one is of this position, after so many events each.
///
/// # Errors
/// The system has no threads left.
pub(super) fn start(
    core: Arc<Core>,
    folder: PathBuf,
    last: Position,
    every: u64,
) -> std::io::Result<(Checkpoints, Due)> {
    let (marks, taken) = sync_channel(0);
    let path = folder.clone();
    let run = move || write_all(&core, path, last, &taken);
    let thread = thread::Builder::new().name("checkpoint".to_owned()).spawn(run)?;
    Ok((Checkpoints { folder, thread }, Due { marks, every, next: next(last, every) }))
}

impl Due {
    /// A mark of the state at its tip, if a checkpoint is due there. What the hash is shows when the event is chained.
    pub fn mark(&mut self, core: &Core, Tip { position, time }: Tip) -> Option<Mark> {
        (position >= self.next).then(|| {
            self.next = next(position, self.every);
            Mark::of(&core.state, Head { position, time, hash: Hash::default() })
        })
    }

    /// Has a durable mark written.
    pub fn write(&self, mark: Mark) {
        // Whoever is busy with one takes no other; the next is not far.
        drop(self.marks.try_send(mark));
    }
}

impl Checkpoints {
    /// Waits until nothing is being written, and then writes what is durable, if there is more than before.
    pub fn finish(self, core: &Core) {
        let Self { folder, thread } = self;
        let head = core.durable_head();
        if thread.join().is_ok_and(|last| last < head.position) {
            write(core, &folder, &Mark::of(&core.state, head), &|| true);
        }
    }

    /// Waits until nothing is being written.
    pub fn abandon(self) {
        drop(self.thread.join());
    }
}

/// A checkpoint is written whole each time, so the next one waits until there is half as much again to put in it.
fn next(last: Position, every: u64) -> Position {
    last + every.max(last / 2)
}

fn write_all(core: &Core, folder: PathBuf, mut last: Position, marks: &Receiver<Mark>) -> Position {
    while let Ok(mark) = marks.recv() {
        if write(core, &folder, &mark, &|| !core.is_stopped()) {
            last = mark.head.position;
        }
    }
    last
}

/// Writes one. That it fails costs no more than a longer start.
fn write(core: &Core, folder: &std::path::Path, mark: &Mark, go_on: &(dyn Fn() -> bool + Sync)) -> bool {
    match checkpoint::write(folder, core.log_id, &core.state, mark, go_on) {
        Ok(()) => {
            core.tree.keep();
            true
        }
        Err(checkpoint::CheckpointError::GivenUp) => false,
        Err(error) => {
            tracing::warn!(%error, "no checkpoint was written");
            false
        }
    }
}
