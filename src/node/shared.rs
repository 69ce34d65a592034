//! What the writer and the readers of a node share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use tenure_events::{Position, Time};
use tenure_projections::{State, View};
use tokio::sync::watch;
use uuid::Uuid;

use super::feed::Feed;
use super::stats::Counters;
use crate::chain::Head;
use crate::clock::Clock;
use crate::keys::KeyStore;
use crate::log::LogReader;

pub(super) struct Core {
    pub state: State,
    pub keys: KeyStore,
    pub log: LogReader,
    pub log_id: Uuid,
    pub clock: Clock,
    pub counters: Counters,
    /// The last durable event.
    pub head: Mutex<Head>,
    /// Its position, for those who wait for it.
    pub committed: watch::Sender<Position>,
    /// How publishing stands; none if nobody publishes.
    pub feed: Mutex<Option<Feed>>,
    /// Nothing is written any more.
    pub stopped: AtomicBool,
}

impl Core {
    /// What is durable, judged now. Recorded times may run ahead of the clock a little; now is never before them.
    pub fn live(&self) -> View<'_> {
        let position = self.state.durable();
        let recorded = self.state.command_of(position).map_or(Time::MIN, |(_, recorded)| recorded);
        View::new(&self.state, position, Time::from(self.clock.now()).max(recorded))
    }

    /// Shows readers everything up to the head, which is durable.
    pub fn publish(&self, head: Head) {
        *self.head.lock().unwrap_or_else(PoisonError::into_inner) = head;
        self.state.publish(head.position);
        self.committed.send_replace(head.position);
    }

    /// The last durable event.
    pub fn durable_head(&self) -> Head {
        *self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
    }

    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }
}
