//! The time of day: the only place of the replica that asks for it. Windows of validity are judged at it, so the machine's
//! clock should be right to the second.

use std::time::{SystemTime, UNIX_EPOCH};

use tenure_events::Time;

/// Now.
#[expect(clippy::disallowed_methods, reason = "the clock of the replica, which has none of the server's")]
pub fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// A moment to measure from.
pub use std::time::Instant;

/// This moment.
pub fn moment() -> Instant {
    Instant::now()
}
