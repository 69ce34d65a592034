//! The clock as it was while a node ran, recorded in the data folder: by it and by the last event the next start sees
//! whether the machine's clock may be wrong.
//!
//! A node cannot know the time; it knows what it was told last. A start far ahead of that would stamp events with a future
//! that may never come and end what has not ended; a start far behind would bring back what has ended. Both ask.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tenure_events::Time;

use super::shared::Core;
use crate::private;

/// How far a start may be ahead of the time known last, in seconds: as long as a machine takes to start anew.
const AHEAD: i64 = 600;

/// How far it may be behind, in seconds: clocks are set back by a little.
const BEHIND: i64 = 60;

/// How often the clock is recorded, in seconds.
const EVERY: i64 = 60;

/// Writes the clock down, every minute in which it can be trusted.
pub(super) struct Record {
    /// None in memory.
    file: Option<PathBuf>,
    last: Time,
    failed: bool,
}

/// Whether a start at `now` may go on without asking, when the time known last was `known`.
#[must_use]
pub fn is_credible(known: Time, now: Time) -> bool {
    now <= known.plus_seconds(AHEAD) && known <= now.plus_seconds(BEHIND)
}

/// The time that a node recorded last in this file. None if none did, or it does not read as a time: then there is the log.
pub(super) fn recorded(file: &Path) -> Option<Time> {
    let mut text = String::new();
    File::open(file).ok()?.take(64).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

impl Record {
    /// A record in a file, which a start has just looked at.
    pub fn new(file: Option<PathBuf>) -> Self {
        Self { file, last: Time::MIN, failed: false }
    }

    /// Records the clock, if it can be trusted and its time has come.
    pub fn tick(&mut self, core: &Core) {
        if core.now().is_ok_and(|now| now >= self.last.plus_seconds(EVERY) || now < self.last) {
            self.write(core);
        }
    }

    /// Records the clock, if it can be trusted.
    pub fn write(&mut self, core: &Core) {
        let (Some(file), Ok(now)) = (&self.file, core.now()) else { return };
        self.last = now;
        match write(file, now) {
            Ok(()) => self.failed = false,
            Err(error) if !self.failed => {
                self.failed = true;
                tracing::warn!(%error, "the clock cannot be recorded, so that the next start may ask for --clock-confirmed");
            }
            Err(_) => {}
        }
    }
}

/// Over what was there and of the same length, so that it takes no room on a full disk. Half written it reads as no time.
fn write(path: &Path, now: Time) -> io::Result<()> {
    let mut file = private::create_or_open(path)?;
    file.write_all(format!("{now}\n").as_bytes())?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_start_asks_for() {
        let known: Time = "2026-03-01T09:00:00Z".parse().unwrap();
        let check = |seconds: i64, want| assert_eq!(is_credible(known, known.plus_seconds(seconds)), want, "{seconds}");
        check(0, true);
        check(600, true);
        check(601, false);
        check(100 * 86_400, false);
        check(-60, true);
        check(-61, false);
        check(-100 * 86_400, false);
    }

    #[test]
    fn what_is_recorded_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clock");
        assert_eq!(recorded(&file), None);
        for text in ["2026-03-01T09:00:00.000001Z", "2026-03-01T09:01:00Z"] {
            let time: Time = text.parse().unwrap();
            write(&file, time).unwrap();
            assert_eq!(recorded(&file), Some(time));
        }
        std::fs::write(&file, "2026-03-0").unwrap();
        assert_eq!(recorded(&file), None);
    }
}
