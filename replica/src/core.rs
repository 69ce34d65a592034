//! What the parts of a replica share.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tenure_events::{Head, Position};
use tenure_projections::State;
use tokio::sync::{broadcast, watch};

use crate::changes::Changed;
use crate::fault::Fault;
use crate::lag::Progress;

pub struct Core {
    pub state: State,
    /// When the event at the live view's position was recorded, in microseconds.
    pub time: AtomicI64,
    pub progress: Progress,
    pub changes: broadcast::Sender<Arc<Changed>>,
    visible: watch::Sender<Position>,
    ended: watch::Sender<Option<Fault>>,
}

impl Core {
    /// Of a state at the end of a command.
    pub fn new(state: State, head: &Head, changes: usize) -> Self {
        state.publish(head.position);
        Self {
            state,
            time: AtomicI64::new(head.time.micros()),
            progress: Progress::default(),
            changes: broadcast::Sender::new(changes),
            visible: watch::Sender::new(head.position),
            ended: watch::Sender::new(None),
        }
    }

    /// Shows what is installed up to the end of a command.
    pub fn show(&self, head: &Head) {
        // Before the position: whoever reads at it judges no earlier than it was recorded.
        self.time.store(head.time.micros(), Ordering::Release);
        self.state.publish(head.position);
        self.visible.send_replace(head.position);
    }

    /// Ends the replica, once.
    pub fn end(&self, fault: Fault) {
        self.ended.send_if_modified(|ended| {
            let first = ended.is_none();
            ended.get_or_insert(fault);
            first
        });
    }

    /// Why it ended.
    pub fn fault(&self) -> Option<Fault> {
        self.ended.borrow().clone()
    }

    /// Waits until it ends, and tells why.
    pub async fn ended(&self) -> Fault {
        let mut ended = self.ended.subscribe();
        let fault = ended.wait_for(Option::is_some).await;
        fault.ok().and_then(|fault| fault.clone()).unwrap_or(Fault::Closed)
    }

    /// Waits until the live view is there.
    pub async fn wait_for(&self, position: Position) -> Result<(), Fault> {
        let mut visible = self.visible.subscribe();
        tokio::select! {
            biased;
            reached = visible.wait_for(|visible| *visible >= position) => reached.map(drop).map_err(|_| Fault::Closed),
            fault = self.ended() => Err(fault),
        }
    }
}
