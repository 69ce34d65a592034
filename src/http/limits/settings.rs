//! What one caller may take of a node: settings, with values that suit a small node.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// So many a second, after a first number at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many more there may be every second. 0 is no limit.
    pub per_second: u32,
    /// How many there may be at once after a pause.
    pub at_once: u32,
}

impl Rate {
    /// No limit.
    pub const NONE: Self = Self { per_second: 0, at_once: 0 };

    const fn of(per_second: u32, at_once: u32) -> Self {
        Self { per_second, at_once }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.per_second == 0 { f.write_str("off") } else { write!(f, "{}:{}", self.per_second, self.at_once) }
    }
}

impl FromStr for Rate {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "`PER_SECOND:AT_ONCE`, two numbers above 0, or `off`";
        if text == "off" {
            return Ok(Self::NONE);
        }
        let (per_second, at_once) = text.split_once(':').ok_or(wrong)?;
        let number = |text: &str| text.parse().ok().filter(|number| *number > 0).ok_or(wrong);
        Ok(Self { per_second: number(per_second)?, at_once: number(at_once)? })
    }
}

/// What one caller, one org, one address may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Questions by credential; a batch counts as many as it holds.
    pub reads: Rate,
    /// Questions by the home org of who asks.
    pub org_reads: Rate,
    /// Commands by credential, dry runs too.
    pub commands: Rate,
    /// Commands by home org.
    pub org_commands: Rate,
    /// Bytes of events by credential. What a command wrote is counted when it is written.
    pub written: Rate,
    /// Bytes of events by home org.
    pub org_written: Rate,
    /// Commands refused because an id or a name is taken, by credential: they tell what else is there.
    pub taken: Rate,
    /// Requests without a valid token, by address; beyond it they hear 429.
    pub failures: Rate,
    /// Long questions at work at once: lists, searches, pages of events, differences, dry runs. 0: as many as the machine has
    /// processors, two at least.
    pub long: usize,
    /// Connections in all; fewer where the process may not have so many files.
    pub connections: usize,
    /// Connections of one address. 0: half of all.
    pub address_connections: usize,
    /// Streams of events in all.
    pub streams: usize,
    /// Streams of one credential.
    pub caller_streams: usize,
    /// How long the body of a request may take to come.
    pub body: Duration,
    /// How long a client may not read what it is sent.
    pub stalled: Duration,
    /// Events in the history of one tenant. Beyond it the tenant's people may only take away.
    pub events: Option<u64>,
    /// Bytes of these events. They are counted from the log after a start.
    pub bytes: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            reads: Rate::of(2_000, 4_000),
            org_reads: Rate::of(8_000, 16_000),
            commands: Rate::of(500, 2_000),
            org_commands: Rate::of(1_000, 4_000),
            written: Rate::of(1 << 20, 16 << 20),
            org_written: Rate::of(2 << 20, 32 << 20),
            taken: Rate::of(1, 500),
            failures: Rate::of(100, 1_000),
            long: 0,
            connections: 4_096,
            address_connections: 0,
            streams: 512,
            caller_streams: 16,
            body: Duration::from_secs(30),
            stalled: Duration::from_secs(30),
            events: Some(10_000_000),
            bytes: None,
        }
    }
}

impl Limits {
    /// Nobody is limited: for measurements, and nodes behind something that limits.
    #[must_use]
    pub fn none() -> Self {
        Self {
            reads: Rate::NONE,
            org_reads: Rate::NONE,
            commands: Rate::NONE,
            org_commands: Rate::NONE,
            written: Rate::NONE,
            org_written: Rate::NONE,
            taken: Rate::NONE,
            failures: Rate::NONE,
            events: None,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_read_as_they_are_written() {
        for text in ["off", "1:1", "2000:4000"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
        for wrong in ["", "5", "0:5", "5:0", "-1:5", "a:b", "5:5:5"] {
            wrong.parse::<Rate>().unwrap_err();
        }
    }
}
