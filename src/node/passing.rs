//! Time passing: the writer says of each window that it has ended, once, before anything that comes after.
//!
//! What has an end waits here in the order of its end. It is a hint and no more: whether something is to be said is
//! decided on the state, and the id of the command that says it is made of what it says, so that neither a restart nor
//! another writer says it again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use std::time::Duration;

use tenure_events::{Envelope, Hash, UserId};
use tenure_projections::View;
use tenure_projections::due::Due;
use uuid::Uuid;

use super::attempt::{When, sequence_in};
use super::queue::Queue;
use super::recorded_clock::Record;
use super::shared::Core;
use crate::chain::{Origin, Tip, place};
use crate::decide;

/// Who acts when nobody does. No user can have this id.
const TIME: &str = "~time";

/// The command that says it, and what stands for its body.
const NAME: &str = "end-validity";

/// How many windows are said to have ended before whoever waits gets their turn.
pub(super) const AT_ONCE: usize = 256;

/// How often is looked whether the next one has passed: clocks can be set.
const LOOK: Duration = Duration::from_millis(200);

/// What will end.
pub(super) struct Passing {
    due: BTreeSet<Due>,
    /// The end that comes first, in microseconds, for whoever watches the clock.
    next: Arc<AtomicI64>,
}

impl Passing {
    /// All that has an end and has not been said to have ended, or will be.
    pub fn of(core: &Core, tip: Tip, next: Arc<AtomicI64>) -> Self {
        let mut due = BTreeSet::new();
        let view = View::new(&core.state, tip.position, tip.time);
        Due::all(&view, |one| {
            due.insert(one);
        });
        due.retain(|due| view.find_command(&command(core, due).to_string()).is_none());
        let passing = Self { due, next };
        passing.tell();
        passing
    }

    /// Takes in what events that were installed set an end for.
    pub fn see(&mut self, core: &Core, events: &[Envelope]) {
        let Some(last) = events.last() else { return };
        let view = View::new(&core.state, last.position, last.time);
        let originals = events.iter().filter(|envelope| envelope.twin_of.is_none());
        let before = self.due.len();
        self.due.extend(originals.filter_map(|envelope| Due::of(&view, &envelope.event)));
        if self.due.len() > before {
            self.tell();
        }
    }

    /// Says the next that has passed, and gives it its place after the tip, which moves on. None when there is none.
    pub fn say(&mut self, core: &Core, tip: &mut Tip) -> Option<Vec<Envelope>> {
        if core.is_stopped() {
            return None;
        }
        // A clock that cannot be trusted ends nothing.
        let now = core.now().ok()?;
        while let Some(due) = self.due.first().copied().filter(|due| due.until <= now) {
            let when = When::after(*tip, now);
            self.due.pop_first();
            self.tell();
            let events = said(core, tip, when, &due);
            if !events.is_empty() {
                return Some(events);
            }
        }
        None
    }

    fn tell(&self) {
        let next = self.due.first().map_or(i64::MAX, |due| due.until.micros());
        self.next.store(next, Ordering::Release);
    }
}

/// Watches the clock for the writer, until it is gone, and records it.
///
/// # Errors
/// The system has no threads left.
pub(super) fn watch(
    core: Arc<Core>,
    next: Arc<AtomicI64>,
    mut record: Record,
    queue: Arc<Queue>,
) -> std::io::Result<()> {
    let watching = thread::Builder::new().name("time".to_owned()).spawn(move || {
        while !core.is_stopped() && !queue.is_closed() {
            core.watch_clock();
            record.tick(&core);
            if core.now().is_ok_and(|now| now.micros() >= next.load(Ordering::Acquire)) {
                queue.time_passed();
            }
            thread::park_timeout(LOOK);
        }
    });
    watching.map(drop)
}

/// The same for the same window of the same log, whoever says it.
fn command(core: &Core, due: &Due) -> Uuid {
    Uuid::new_v5(&core.log_id, format!("{NAME} {} {}", due.granted_at, due.until.micros()).as_bytes())
}

fn said(core: &Core, tip: &mut Tip, when: When, due: &Due) -> Vec<Envelope> {
    let (view, command) = (View::new(&core.state, tip.position, when.judged), command(core, due));
    let Ok(actor) = UserId::new(TIME) else { return Vec::new() };
    let drafts = decide::ended(&view, due);
    if drafts.is_empty() || view.find_command(&command.to_string()).is_some() {
        return Vec::new();
    }
    let origin = Origin {
        log: core.log_id,
        epoch: core.epochs.current(),
        time: when.recorded,
        command,
        command_name: NAME,
        actor,
        on_behalf_of: None,
        correlation: command,
        // Marks the command as one that is done once.
        body_hash: Some(Hash::of(NAME.as_bytes())),
        reason: None,
    };
    place(tip, &origin, drafts, sequence_in(&view)).collect()
}
