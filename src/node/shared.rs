//! What the writer and the readers of a node share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use tenure_events::{Epochs, Position, Time, UserId};
use tenure_projections::{State, View, judged_at};
use tokio::sync::watch;
use uuid::Uuid;

use super::feed::Feed;
use super::halt::{Halt, Reason};
use super::request::CommandError;
use super::secret::Hook;
use super::stats::Counters;
use crate::chain::Head;
use crate::clock::{Clock, ClockJumped};
use crate::keys::{FeedSigner, KeyStore};
use crate::log::LogReader;
use crate::proof::{Handovers, Signer, Tree};

pub(super) struct Core {
    pub state: State,
    pub keys: KeyStore,
    pub feed_signer: FeedSigner,
    pub proof_signer: Signer,
    pub handovers: Handovers,
    /// Every durable event has its leaf in it.
    pub tree: Tree,
    pub log: LogReader,
    pub log_id: Uuid,
    pub epochs: Epochs,
    pub clock: Clock,
    pub counters: Counters,
    /// The last durable event.
    pub head: Mutex<Head>,
    /// Its position, for those who wait for it.
    pub committed: watch::Sender<Position>,
    /// How publishing stands; none if nobody publishes.
    pub feed: Mutex<Option<Feed>>,
    /// Nothing is written any more, for this reason.
    pub halted: OnceLock<Halt>,
    /// Deciding has ended in good order: nothing more is sent.
    pub ended: AtomicBool,
    /// The log has been told that the clock cannot be trusted.
    pub clock_told: AtomicBool,
    /// What sends enrolment secrets to their users.
    pub hook: Option<Hook>,
}

impl Core {
    /// What is durable, judged now.
    pub fn live(&self) -> View<'_> {
        let position = self.state.durable();
        View::new(&self.state, position, judged_at(self.trusted(), self.recorded(position)))
    }

    /// When the command of this position was recorded.
    pub fn recorded(&self, position: Position) -> Time {
        self.state.command_of(position).map_or(Time::MIN, |(_, recorded)| recorded)
    }

    /// Who gave the command that an event is of; none if the log cannot be read.
    pub fn actor(&self, position: Position) -> Option<UserId> {
        let found = self.log.read(position, 1).inspect_err(|error| tracing::error!(%error, "the log cannot be read"));
        let stored = found.ok()?.pop()?;
        Some(tenure_events::parse(&stored.bytes).ok()?.actor)
    }

    /// The time as far as the clock can be trusted.
    pub fn trusted(&self) -> Time {
        self.clock.trusted().into()
    }

    /// The time, for what is to be written.
    ///
    /// # Errors
    /// The clock cannot be trusted.
    pub fn now(&self) -> Result<Time, ClockJumped> {
        self.clock.guard()?;
        Ok(self.clock.now().into())
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

    /// Ends writing for good; the first reason counts and is told.
    pub fn stop(&self, reason: Reason, what: &dyn std::fmt::Display) {
        let detail = reason.text();
        let halt = Halt { reason, detail: format!("{detail} ({what})"), since: self.trusted() };
        if self.halted.set(halt).is_ok() && reason != Reason::Stopping {
            tracing::error!(reason = reason.code(), %what, "commands are refused from now on, questions are answered: {detail}");
        }
    }

    /// What a command is refused with once nothing is written any more.
    pub fn refusal(&self) -> CommandError {
        CommandError::Stopped(self.stopped().unwrap_or(Reason::Stopping))
    }

    /// Why nothing is written any more, if so.
    pub fn stopped(&self) -> Option<Reason> {
        self.halted.get().map(|halt| halt.reason)
    }

    pub fn is_stopped(&self) -> bool {
        self.halted.get().is_some()
    }

    /// Why commands are refused now, if they are.
    pub fn halt(&self) -> Option<Halt> {
        let jumped = || {
            let jumped = self.clock.guard().err()?;
            let (reason, since) = (Reason::ClockJumped, self.trusted());
            Some(Halt { reason, detail: jumped.to_string(), since })
        };
        self.halted.get().cloned().or_else(jumped)
    }

    /// Tells the log, once each time, when the clock cannot be trusted any more, and when it can again.
    pub fn watch_clock(&self) {
        match self.clock.guard() {
            Err(jumped) if !self.clock_told.swap(true, Ordering::Relaxed) => {
                let (reason, judged) = (Reason::ClockJumped.code(), self.trusted());
                tracing::error!(reason, %judged, "commands are refused from now on, questions are judged without the jump: {jumped}");
            }
            Ok(()) if self.clock_told.swap(false, Ordering::Relaxed) => {
                tracing::info!("the clock is right again: commands are taken");
            }
            Ok(()) | Err(_) => {}
        }
    }
}
