//! Epochs: a platform that is restored from a backup has another future than the one that was lost, with positions of the
//! same numbers. Each restore begins an epoch, and a position can say of which epoch it is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Position, Time};

/// Which future of a log events belong to: 0 until the first restore, then the second of 1970 in which the last one was made.
pub type Epoch = u64;

/// A position as it is told and taken: in a platform that was restored it begins with the epoch.
///
/// ```
/// use tenure_events::Place;
///
/// let place: Place = "1772357400-42".parse().unwrap();
/// assert_eq!((place.epoch, place.position), (Some(1_772_357_400), 42));
/// assert_eq!(place.to_string(), "1772357400-42");
/// assert_eq!("42".parse(), Ok(Place::from(42)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The epoch, if it is said.
    pub epoch: Option<Epoch>,
    /// The position.
    pub position: Position,
}

impl From<Position> for Place {
    fn from(position: Position) -> Self {
        Self { epoch: None, position }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.epoch {
            Some(epoch) => write!(f, "{epoch}-{}", self.position),
            None => self.position.fmt(f),
        }
    }
}

impl FromStr for Place {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let number = |text: &str| {
            let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse()
                .ok()
                .filter(|_| is_plain)
                .ok_or("a position is a number, or two with a hyphen between, as it was told")
        };
        match text.split_once('-') {
            Some((epoch, position)) => Ok(Self { epoch: Some(number(epoch)?), position: number(position)? }),
            None => number(text).map(Self::from),
        }
    }
}

/// The epochs of a log, from its beginning.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Epochs(Vec<Begun>);

/// An epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Begun {
    epoch: Epoch,
    /// The last event that it has in common with the one before.
    after: Position,
}

/// A position is of a future that was lost, or does not say of which it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "position {asked} may be of a future that was lost: this platform was restored from a backup, at position {after}; positions \
     after that are written with the epoch before them, as in `{epoch}-{}`", asked.position
)]
pub struct PastEpoch {
    /// What was asked for.
    pub asked: Place,
    /// The epoch that the log is in.
    pub epoch: Epoch,
    /// The last position from before it.
    pub after: Position,
}

impl Epochs {
    /// The one that the log is in.
    #[must_use]
    pub fn current(&self) -> Epoch {
        self.0.last().map_or(0, |begun| begun.epoch)
    }

    /// The last position from before it; 0 if nothing was ever restored.
    #[must_use]
    pub fn after(&self) -> Position {
        self.0.last().map_or(0, |begun| begun.after)
    }

    /// The one that an event at a position was written in.
    #[must_use]
    pub fn of(&self, position: Position) -> Epoch {
        self.0.iter().rfind(|begun| begun.after < position).map_or(0, |begun| begun.epoch)
    }

    /// Whether nothing was ever restored.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.0.is_empty()
    }

    /// Begins another one, now, after a position. Two restores of one backup begin two epochs, if there is a second between.
    pub fn begin(&mut self, now: Time, after: Position) {
        let seconds = Epoch::try_from(now.micros() / 1_000_000).unwrap_or_default();
        let epoch = seconds.max(self.current() + 1);
        self.0.push(Begun { epoch, after });
    }

    /// How a position of the log is told.
    #[must_use]
    pub fn place(&self, position: Position) -> Place {
        Place { epoch: self.0.last().map(|begun| begun.epoch), position }
    }

    /// The position in this log that somebody means.
    ///
    /// # Errors
    /// They mean one of a future that was lost, or do not say which.
    pub fn position(&self, asked: Place) -> Result<Position, PastEpoch> {
        let (epoch, after) = (self.current(), self.after());
        let end = match asked.epoch {
            None if self.is_first() => Position::MAX,
            None => after,
            Some(of) if of == epoch => Position::MAX,
            Some(0) => self.0.first().map_or(Position::MAX, |first| first.after),
            // Up to where the next one began; nothing of one that this log never had.
            Some(of) => {
                let had = self.0.iter().zip(self.0.iter().skip(1)).find(|(begun, _)| begun.epoch == of);
                let Some((_, next)) = had else { return Err(PastEpoch { asked, epoch, after }) };
                next.after
            }
        };
        if asked.position <= end { Ok(asked.position) } else { Err(PastEpoch { asked, epoch, after }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn what_is_of_a_lost_future_is_refused() {
        let first = Epochs::default();
        let mut second = first.clone();
        second.begin(at(100), 50);
        let mut third = second.clone();
        third.begin(at(200), 70);
        let mut other = first.clone();
        other.begin(at(150), 50);
        let check = |epochs: &Epochs, asked: &str, want: Option<Position>| {
            assert_eq!(epochs.position(asked.parse().unwrap()).ok(), want, "{asked} in {epochs:?}");
        };
        for (epochs, asked, want) in [
            (&first, "57", Some(57)),
            (&first, "0-57", Some(57)),
            (&first, "100-7", None),
            (&second, "50", Some(50)),
            (&second, "51", None),
            (&second, "0-50", Some(50)),
            (&second, "0-51", None),
            (&second, "100-57", Some(57)),
            (&second, "150-57", None),
            (&second, "150-7", None),
            (&third, "50", Some(50)),
            (&third, "70", Some(70)),
            (&third, "71", None),
            (&third, "0-51", None),
            (&third, "100-70", Some(70)),
            (&third, "100-71", None),
            (&third, "200-71", Some(71)),
            (&other, "100-51", None),
        ] {
            check(epochs, asked, want);
        }
    }

    #[test]
    fn epochs_go_up_whatever_the_clock_says() {
        let mut epochs = Epochs::default();
        for (now, after, want) in [(100, 5, 100), (100, 6, 101), (7, 6, 102), (-3, 9, 103), (1_000, 9, 1_000)] {
            epochs.begin(at(now), after);
            assert_eq!((epochs.current(), epochs.after()), (want, after));
        }
    }

    #[test]
    fn other_texts_are_no_places() {
        for text in ["", "-", "1-", "-1", "+1", "1-2-3", "1.5", " 1", "2026-03-01T09:30:00Z", "99999999999999999999"] {
            assert!(text.parse::<Place>().is_err(), "{text}");
        }
    }
}
