//! The envelope against everything that may stand in it, and against what may not.

use proptest::prelude::*;
use serde_json::Value;
use tenure_events::{Envelope, Hash, Sealed, Time, UserId, parse};
use uuid::Uuid;

use crate::golden::specimens;

fn envelope() -> impl Strategy<Value = Envelope> {
    let events: Vec<_> = specimens().into_values().map(|bytes| parse(&bytes).unwrap().event).collect();
    let ids = (any::<u128>(), any::<u128>(), any::<u128>(), any::<Option<u128>>());
    let numbers = (any::<u64>(), any::<u64>(), any::<u32>(), any::<u32>(), any::<Option<u64>>(), any::<Option<u64>>());
    let texts = ("[A-Za-z0-9_:@|~-]{1,128}", "[a-z-]{1,30}|.{0,20}", "[A-Za-z0-9_:~-]{1,128}", any::<bool>());
    let hashes = (any::<[u8; 32]>(), any::<Option<[u8; 32]>>(), any::<Option<Vec<u8>>>());
    let time = 0..253_402_300_799_999_999_i64;
    (ids, numbers, texts, hashes, time, prop::sample::select(events)).prop_map(
        |(ids, numbers, (org, name, actor, behalf), hashes, time, event)| {
            let actor: UserId = actor.parse().unwrap();
            Envelope {
                log: Uuid::from_u128(ids.0),
                // No epoch most of the time, and one of any length.
                epoch: numbers.4.map_or(0, |number| number >> (number % 61)),
                position: numbers.0,
                prev: Hash(hashes.0),
                id: Uuid::from_u128(ids.1),
                time: Time::from_micros(time),
                org: org.parse().unwrap(),
                org_sequence: numbers.1,
                command: Uuid::from_u128(ids.2),
                command_name: name.into(),
                index: numbers.2,
                count: numbers.3,
                on_behalf_of: behalf.then(|| actor.clone()),
                actor,
                correlation: Uuid::from_u128(ids.3.unwrap_or(ids.2)),
                causation: numbers.4,
                body_hash: hashes.1.map(Hash),
                reason: hashes.2.map(Sealed::from_bytes),
                twin_of: numbers.5,
                event,
            }
        },
    )
}

proptest! {
    #[test]
    fn any_envelope_is_read_as_it_was_written(envelope in envelope()) {
        let bytes = envelope.to_bytes();
        let read = parse(&bytes).unwrap();
        prop_assert_eq!(&read, &envelope);
        prop_assert_eq!(read.size(), bytes.len());
        prop_assert!((read.size()..=read.size() + 1_100).contains(&read.size_at_most()));
        prop_assert_eq!(read.to_bytes(), bytes);
    }

    /// What makes and reads bytes fast does so exactly as serde.
    #[test]
    fn any_envelope_is_written_as_serde_writes_it(envelope in envelope()) {
        let bytes = envelope.to_bytes();
        prop_assert_eq!(&bytes, &serde_json::to_vec(&envelope).unwrap());
        prop_assert_eq!(parse(&bytes).unwrap(), serde_json::from_slice(&bytes).unwrap());
    }

    #[test]
    fn any_time_is_written_as_chrono_writes_it(micros in any::<i64>()) {
        let chrono = chrono::DateTime::from_timestamp_micros(micros);
        let wanted = chrono.map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Micros, true));
        prop_assert_eq!(Time::from_micros(micros).to_string(), wanted.unwrap_or_else(|| format!("{micros} µs")));
    }

    #[test]
    fn any_envelope_keeps_to_the_schema(envelope in envelope()) {
        let schema = tenure_events::schema::of(envelope.event.kind()).unwrap();
        let event: Value = serde_json::from_slice(&envelope.to_bytes()).unwrap();
        prop_assert!(jsonschema::draft202012::new(&schema).unwrap().is_valid(&event));
    }

    /// Whatever bytes come, they are read or refused, as serde does it; a log that was cut anywhere is refused.
    #[test]
    fn damaged_bytes_never_panic(envelope in envelope(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = envelope.to_bytes();
        let at = at.index(bytes.len());
        prop_assert!(parse(&bytes[..at]).is_err());
        bytes[at] = byte;
        let as_serde_does = serde_json::from_slice(&bytes).ok();
        prop_assert_eq!(parse(&bytes).ok(), as_serde_does);
    }
}

#[test]
fn what_is_no_event_of_ours_is_refused() {
    let good = String::from_utf8(specimens()["tenure.user.disabled.v1"].clone()).unwrap();
    let check = |what: &str, with: &str, want: &str| {
        let bad = good.replacen(what, with, 1);
        assert_ne!(bad, good, "`{what}` is there to be replaced");
        let error = parse(bad.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(want), "{bad}\n{error}");
    };
    check(r#""org":"#, r#""color":"red","org":"#, "unknown variant `color`");
    check(r#""data":{"#, r#""data":{"shade":1,"#, "unknown field `shade`");
    check("user.disabled.v1", "user.disabled.v2", "unknown variant `tenure.user.disabled.v2`");
    check("user.disabled.v1", "user.dissolved.v1", "unknown variant `tenure.user.dissolved.v1`");
    check(r#""type":"#, r#""data":{},"type":"#, "type (before data)");
    check(r#""specversion":"1.0""#, r#""specversion":"0.3""#, "`0.3` where `1.0` belongs");
    check("application/json", "text/json", "`text/json` where `application/json` belongs");
    check(
        r#""source":"/logs/"#,
        r#""source":"/blogs/"#,
        "`source` is `/logs/`, the log's id, and perhaps an epoch behind another `/`",
    );
    check(r#""position":""#, r#""position":"-"#, "invalid digit");
    check(r#""prev":""#, r#""prev":"A"#, "not a SHA-256");
    check("Z\"", "\"", "is no RFC 3339 time");
    check(r#","data":"#, r#","dataset":"#, "unknown variant `dataset`");
}

#[test]
fn what_is_missing_is_named() {
    let bytes = specimens()["tenure.user.disabled.v1"].clone();
    let fields = ["id", "source", "time", "position", "prev", "org", "orgsequence", "command", "commandname", "actor"];
    for field in fields.into_iter().chain(["commandindex", "commandcount"]) {
        let text = String::from_utf8(bytes.clone()).unwrap();
        let start = text.find(&format!("\"{field}\":")).unwrap();
        let end = start + text[start..].find(",\"").unwrap() + 1;
        let error = parse(format!("{}{}", &text[..start], &text[end..]).as_bytes()).unwrap_err().to_string();
        assert!(error.contains(&format!("missing field `{field}`")), "{error}");
    }
}

/// A set of privileges has room for 128, so a log with one more is refused where it is read.
#[test]
fn privileges_are_numbered_below_128() {
    let specimen = String::from_utf8(specimens()["tenure.privilege.defined.v1"].clone()).unwrap();
    let numbered = |number: &str| {
        let (before, after) = specimen.split_once("\"number\":").unwrap();
        let rest = after.trim_start_matches(|digit: char| digit.is_ascii_digit());
        parse(format!("{before}\"number\":{number}{rest}").as_bytes()).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(numbered("127"), Ok(()));
    for number in ["128", "255"] {
        assert!(numbered(number).unwrap_err().contains("a number from 0 to 127"), "{number}");
    }
}
