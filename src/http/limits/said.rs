//! Lines of the node's log that callers bring about: so many a second at most, and how many were left out.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::buckets::Buckets;
use super::settings::Rate;

/// How many lines there may be.
const LINES: Rate = Rate { per_second: 10, at_once: 100 };

/// Counts them.
pub struct Said {
    lines: Buckets<()>,
    left_out: AtomicU64,
}

impl Said {
    pub fn new() -> Self {
        Self { lines: Buckets::new(LINES), left_out: AtomicU64::new(0) }
    }

    /// Whether one more may be said, and then how many before it were not.
    pub fn may_say(&self, now: Duration) -> Option<u64> {
        if self.lines.level((), 1, now).is_some_and(|level| level.left == 0) {
            self.left_out.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        self.lines.charge((), 1, now);
        Some(self.left_out.swap(0, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_said_in_part_and_counted() {
        let said = Said::new();
        let at = Duration::from_secs;
        let lines = (0..1_000).filter(|_| said.may_say(at(1)).is_some()).count();
        assert_eq!(lines, 100);
        assert_eq!(said.may_say(at(2)), Some(900));
        assert_eq!(said.may_say(at(2)), Some(0));
    }
}
