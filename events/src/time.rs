//! Instants, in whole microseconds, written as RFC 3339 in UTC with exactly six digits.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Timelike, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Microseconds since 1970-01-01T00:00:00Z. Its text is RFC 3339: `2026-03-01T09:30:00.000000Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

/// The text is no RFC 3339 time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no RFC 3339 time such as `2026-03-01T09:30:00Z`")]
pub struct InvalidTime(String);

impl Time {
    /// The earliest instant of all.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest instant of all.
    pub const MAX: Self = Self(i64::MAX);

    /// From microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Its text, as [`Display`](fmt::Display) shows it, given to a function.
    pub(crate) fn with_text<R>(self, show: impl FnOnce(&str) -> R) -> R {
        let time = DateTime::from_timestamp_micros(self.0);
        let fixed = time.and_then(|time| written(&time));
        match (time, fixed.as_ref().and_then(|text| std::str::from_utf8(text).ok())) {
            (_, Some(text)) => show(text),
            (Some(time), None) => show(&time.to_rfc3339_opts(SecondsFormat::Micros, true)),
            (None, None) => show(&format!("{} µs", self.0)),
        }
    }

    /// The next instant that can be told from this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// This instant moved by whole seconds, which may be negative.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }
}

impl From<DateTime<Utc>> for Time {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time.timestamp_micros())
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| f.write_str(text))
    }
}

impl FromStr for Time {
    type Err = InvalidTime;
    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        fixed(text.as_bytes())
            .or_else(|| {
                // A second that clocks do not have would be told as the next one.
                let time = DateTime::parse_from_rfc3339(text).ok().filter(|time| time.nanosecond() < 1_000_000_000);
                time.map(|time| Self(time.timestamp_micros()))
            })
            .ok_or_else(|| InvalidTime(text.to_owned()))
    }
}

/// The form that Tenure itself writes, read without chrono's general parser: replay reads one per event.
fn fixed(text: &[u8]) -> Option<Time> {
    let text: &[u8; 27] = text.try_into().ok()?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2, b'.', u @ .., b'Z'] =
        text
    else {
        return None;
    };
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0_u32, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u32::from(digit - b'0')))
    };
    let date = NaiveDate::from_ymd_opt(
        i32::try_from(number(&[*y1, *y2, *y3, *y4])?).ok()?,
        number(&[*m1, *m2])?,
        number(&[*d1, *d2])?,
    )?;
    let time = date.and_hms_micro_opt(number(&[*h1, *h2])?, number(&[*n1, *n2])?, number(&[*s1, *s2])?, number(u)?)?;
    debug_assert!(time.nanosecond() < 1_000_000_000 && time.year() >= 0, "six digits hold no leap second");
    Some(Time(time.and_utc().timestamp_micros()))
}

/// The form that [`fixed`] reads, without chrono's general formatter: the writer makes one per event. None of years that
/// four digits do not hold.
fn written(time: &DateTime<Utc>) -> Option<[u8; 27]> {
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    let year = u32::try_from(time.year()).ok().filter(|year| *year < 10_000)?;
    let micros = time.nanosecond() / 1_000;
    let parts = [
        (0..4, year),
        (5..7, time.month()),
        (8..10, time.day()),
        (11..13, time.hour()),
        (14..16, time.minute()),
        (17..19, time.second()),
        (20..26, micros),
    ];
    for (range, mut number) in parts {
        for digit in text.get_mut(range)?.iter_mut().rev() {
            *digit += u8::try_from(number % 10).ok()?;
            number /= 10;
        }
    }
    Some(text)
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_text(|text| serializer.serialize_str(text))
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl schemars::JsonSchema for Time {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: Option<&str>) {
        assert_eq!(text.parse::<Time>().ok().map(|time| time.to_string()).as_deref(), want, "{text:?}");
    }

    #[test]
    fn forms() {
        check("2026-03-01T09:30:00.000001Z", Some("2026-03-01T09:30:00.000001Z"));
        check("2026-03-01T09:30:00Z", Some("2026-03-01T09:30:00.000000Z"));
        check("2026-03-01T09:30:00+02:00", Some("2026-03-01T07:30:00.000000Z"));
        check("2026-02-29T09:30:00.000001Z", None);
        check("2016-12-31T23:59:60Z", None);
        check("2026-03-01T14:53:60Z", None);
        check("2026-03-01T14:53:60.5+01:00", None);
        check("2026-03-01", None);
        check("", None);
        check("yesterday", None);
    }
}
