//! How far a replica is behind the stream.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tenure_events::Position;

use crate::clock::{self, Instant};

/// How far a view is behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// Events that are known to be in the stream and not shown yet.
    pub positions: u64,
    /// The view holds all that was in the stream so long ago; none before it caught up for the first time.
    pub since: Option<Duration>,
}

impl fmt::Display for Lag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.since {
            Some(since) => write!(f, "{} events and {:.1} s behind", self.positions, since.as_secs_f64()),
            None => write!(f, "{} events behind and never caught up yet", self.positions),
        }
    }
}

/// What is known of the stream.
#[derive(Default)]
pub struct Progress {
    last: AtomicU64,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// When the stream held no more than the view holds.
    proved: Option<Instant>,
    /// When the stream was looked at, and where it ended then, until the view is there.
    sample: Option<(Instant, Position)>,
    /// Why the stream cannot be read.
    unread: Option<String>,
    /// Why the last checkpoint was not written.
    unwritten: Option<String>,
}

impl Progress {
    /// The last position that is known to be in the stream.
    pub fn last(&self) -> Position {
        self.last.load(Ordering::Acquire)
    }

    /// The stream is known to reach a position.
    pub fn heard(&self, last: Position) {
        self.last.fetch_max(last, Ordering::AcqRel);
    }

    /// At a moment the stream ended at a position; the view is at another.
    pub fn looked(&self, at: Instant, last: Position, position: Position) {
        self.heard(last);
        let mut seen = self.seen();
        seen.unread = None;
        seen.prove(position);
        seen.sample.get_or_insert((at, last));
        seen.prove(position);
    }

    /// The stream cannot be read.
    pub fn unread(&self, why: String) {
        self.seen().unread = Some(why);
    }

    /// What came of writing a checkpoint.
    pub fn wrote(&self, trouble: Option<String>) {
        self.seen().unwritten = trouble;
    }

    /// What is wrong and may go away by itself.
    pub fn trouble(&self) -> Option<String> {
        let seen = self.seen();
        seen.unread.clone().or_else(|| seen.unwritten.clone())
    }

    /// How far a view at this position is behind.
    pub fn lag(&self, position: Position) -> Lag {
        let mut seen = self.seen();
        seen.prove(position);
        let since = seen.proved.map(|proved| clock::moment().saturating_duration_since(proved));
        Lag { positions: self.last().saturating_sub(position), since }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn prove(&mut self, position: Position) {
        if let Some((at, _)) = self.sample.take_if(|(_, last)| *last <= position) {
            self.proved = Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_as_old_as_the_last_look_that_it_holds() {
        let progress = Progress::default();
        let start = clock::moment();
        assert_eq!(progress.lag(0), Lag { positions: 0, since: None });
        progress.looked(start, 10, 4);
        assert_eq!(progress.lag(9), Lag { positions: 1, since: None });
        // A later look does not make the view newer than it is.
        progress.looked(start + Duration::from_secs(3_600), 12, 9);
        let lag = progress.lag(10);
        assert_eq!((lag.positions, lag.since.is_some_and(|since| since < Duration::from_secs(60))), (2, true));
        progress.heard(11);
        assert_eq!(progress.lag(12).positions, 0);
    }
}
