//! What the parts of a replica share.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arc_swap::ArcSwap;
use tenure_events::{Head, Position};
use tenure_projections::State;
use tokio::sync::{broadcast, watch};

use crate::changes::Told;
use crate::fault::Fault;
use crate::lag::Progress;

/// A state, shown up to a position. What is installed behind that position is seen by nobody.
pub struct Known {
    pub state: State,
    /// When the event at the position was recorded, in microseconds.
    time: AtomicI64,
}

impl Known {
    /// A state at the end of a command.
    pub fn new(state: State, head: &Head) -> Self {
        state.publish(head.position);
        Self { state, time: AtomicI64::new(head.time.micros()) }
    }

    pub fn position(&self) -> Position {
        self.state.durable()
    }

    /// When the last event that is shown was recorded, in microseconds.
    pub fn recorded(&self) -> i64 {
        self.time.load(Ordering::Acquire)
    }

    /// Shows what is installed up to the end of a command.
    fn show(&self, head: &Head) {
        // Before the position: whoever reads at it judges no earlier than it was recorded.
        self.time.store(head.time.micros(), Ordering::Release);
        self.state.publish(head.position);
    }
}

pub struct Core {
    /// What is shown. Another one takes its place only after what was installed behind the position proved wrong.
    known: ArcSwap<Known>,
    pub progress: Progress,
    pub changes: broadcast::Sender<Arc<Told>>,
    visible: watch::Sender<Position>,
    fault: watch::Sender<Option<Fault>>,
}

impl Core {
    pub fn new(known: Arc<Known>, progress: Progress, changes: usize) -> Self {
        Self {
            visible: watch::Sender::new(known.position()),
            known: ArcSwap::new(known),
            progress,
            changes: broadcast::Sender::new(changes),
            fault: watch::Sender::new(None),
        }
    }

    pub fn known(&self) -> arc_swap::Guard<Arc<Known>> {
        self.known.load()
    }

    pub fn position(&self) -> Position {
        self.known.load().position()
    }

    /// Shows what is installed up to the end of a command, in this state; those who wait for it wait for [`Core::wake`].
    pub fn show(&self, known: &Arc<Known>, head: &Head) {
        known.show(head);
        if !Arc::ptr_eq(&self.known.load(), known) {
            self.known.store(Arc::clone(known));
        }
    }

    /// Wakes those who wait for what is shown.
    pub fn wake(&self) {
        self.visible.send_replace(self.position());
    }

    /// What is shown stands still, for this reason.
    pub fn fail(&self, fault: Fault) {
        let told = self.fault.send_if_modified(|now| {
            let is_new = now.as_ref() != Some(&fault) && *now != Some(Fault::Closed);
            if is_new {
                *now = Some(fault.clone());
            }
            is_new
        });
        if told {
            // That nobody listens is no fault.
            drop(self.changes.send(Arc::new(Told::Fault(fault))));
        }
    }

    /// What was wrong is mended.
    pub fn heal(&self) {
        self.fault.send_if_modified(|now| {
            let is_over = now.as_ref().is_some_and(|fault| *fault != Fault::Closed);
            if is_over {
                *now = None;
            }
            is_over
        });
    }

    /// Why what is shown stands still.
    pub fn fault(&self) -> Option<Fault> {
        self.fault.borrow().clone()
    }

    pub fn is_faulty(&self) -> bool {
        self.fault.borrow().is_some()
    }

    /// Waits until something is wrong, and tells what.
    pub async fn faulty(&self) -> Fault {
        let mut fault = self.fault.subscribe();
        let fault = fault.wait_for(Option::is_some).await;
        fault.ok().and_then(|fault| fault.clone()).unwrap_or(Fault::Closed)
    }

    /// Waits until the replica is closed.
    pub async fn closed(&self) {
        let mut fault = self.fault.subscribe();
        drop(fault.wait_for(|fault| *fault == Some(Fault::Closed)).await);
    }

    /// Waits until the live view is there.
    pub async fn wait_for(&self, position: Position) -> Result<(), Fault> {
        let mut visible = self.visible.subscribe();
        tokio::select! {
            biased;
            reached = visible.wait_for(|visible| *visible >= position) => reached.map(drop).map_err(|_| Fault::Closed),
            fault = self.faulty() => Err(fault),
        }
    }
}
