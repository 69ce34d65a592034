//! What a node counts about itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tenure_events::Position;

use super::halt::Halt;
use super::request::CommandError;

/// A node's counters since it was opened.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeStats {
    /// Commands by what came of them, each outcome with its name.
    pub commands: [(&'static str, u64); Outcome::COUNT],
    /// Commands waiting to be decided.
    pub queue: usize,
    /// How many commands each commit held.
    pub commit_commands: Histogram,
    /// How long each commit took, in seconds: keys, log and their syncs.
    pub commit_seconds: Histogram,
    /// The last durable position: so many events there are.
    pub position: Position,
    /// Changes of state that those events made.
    pub changes: u64,
    /// Whether it takes commands.
    pub writing: bool,
    /// Why not, if it does not.
    pub halt: Option<Halt>,
}

/// Observations counted by size.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Upper bounds, each with the number of observations up to it and above the bound before.
    pub buckets: Vec<(f64, u64)>,
    /// Observations above the last bound.
    pub above: u64,
    /// The sum of all observations.
    pub sum: f64,
}

/// What came of a command, as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    Repeated,
    DryRun,
    Refused,
    Invalid,
    Failed,
}

impl Outcome {
    pub(super) const COUNT: usize = 6;

    pub(super) const fn of(error: &CommandError) -> Self {
        match error {
            CommandError::Invalid(_) | CommandError::TooManyEvents { .. } | CommandError::EventTooLarge { .. } => {
                Self::Invalid
            }
            CommandError::Refused(_)
            | CommandError::Unauthenticated
            | CommandError::ChangedSince { .. }
            | CommandError::KeyReused => Self::Refused,
            CommandError::Busy
            | CommandError::OutcomeUnknown
            | CommandError::Stopped(_)
            | CommandError::ClockJumped(_)
            | CommandError::NoRandomness(_) => Self::Failed,
        }
    }

    const NAMES: [&'static str; Self::COUNT] = ["done", "repeated", "dry_run", "refused", "invalid", "failed"];
}

const COMMANDS: [u64; 11] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
const MICROS: [u64; 11] = [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 1_000_000];

/// The counters themselves.
#[derive(Default)]
pub(super) struct Counters {
    commands: [AtomicU64; Outcome::COUNT],
    commit_commands: Buckets,
    commit_micros: Buckets,
}

#[derive(Default)]
struct Buckets {
    counts: [AtomicU64; 12],
    sum: AtomicU64,
}

impl Counters {
    pub(super) fn command(&self, outcome: Outcome) {
        if let Some(count) = self.commands.get(outcome as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn commit(&self, commands: usize, took: Duration) {
        self.commit_commands.add(&COMMANDS, commands as u64);
        self.commit_micros.add(&MICROS, u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    pub(super) fn snapshot(&self, position: Position, changes: u64, queue: usize, halt: Option<Halt>) -> NodeStats {
        let mut commands = Outcome::NAMES.map(|name| (name, 0));
        for ((_, to), from) in commands.iter_mut().zip(&self.commands) {
            *to = from.load(Ordering::Relaxed);
        }
        NodeStats {
            commands,
            queue,
            commit_commands: self.commit_commands.histogram(&COMMANDS, 1.0),
            commit_seconds: self.commit_micros.histogram(&MICROS, 1e-6),
            position,
            changes,
            writing: halt.is_none(),
            halt,
        }
    }
}

impl Buckets {
    fn add(&self, bounds: &[u64], value: u64) {
        if let Some(count) = self.counts.get(bounds.partition_point(|bound| *bound < value)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    #[expect(clippy::cast_precision_loss, reason = "statistics need no exact large numbers")]
    fn histogram(&self, bounds: &[u64], unit: f64) -> Histogram {
        let counts = self.counts.iter().map(|count| count.load(Ordering::Relaxed));
        let buckets = bounds.iter().map(|bound| *bound as f64 * unit).zip(counts.clone()).collect();
        let above = counts.last().unwrap_or_default();
        Histogram { buckets, above, sum: self.sum.load(Ordering::Relaxed) as f64 * unit }
    }
}
