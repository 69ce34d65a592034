//! Reads events that are written as `write` writes them: attribute after attribute, where each is expected. Whatever
//! differs is left to the general reader of [`super::wire`], which knows every form and says what is wrong.

use serde::de::DeserializeSeed;
use uuid::Uuid;

use super::wire::OfKind;
use super::{Envelope, Hash, Position};
use crate::{Event, Time};

/// The event, if it is written in this form to the last byte.
pub(super) fn read(text: &str) -> Option<Envelope> {
    let mut rest = Rest(text);
    let id = rest.uuid(r#"{"specversion":"1.0","id":""#)?;
    let log = rest.uuid(r#"","source":"/logs/"#)?;
    rest.plain(r#"","subject":""#)?;
    let time: Time = rest.string(r#"","time":""#)?.parse().ok()?;
    let position = rest.decimal(r#"","datacontenttype":"application/json","position":""#)?;
    let prev: Hash = rest.string(r#"","prev":""#)?.parse().ok()?;
    let org = rest.string(r#"","org":""#)?.parse().ok()?;
    let org_sequence = rest.decimal(r#"","orgsequence":""#)?;
    let command = rest.uuid(r#"","command":""#)?;
    let command_name = rest.plain(r#"","commandname":""#)?.into();
    let index = rest.number(r#"","commandindex":"#)?;
    let count = rest.number(r#","commandcount":"#)?;
    let actor = rest.string(r#","actor":""#)?.parse().ok()?;
    let on_behalf_of = rest.optional(r#"","onbehalfof":""#, |text| text.parse().ok())?;
    let correlation = rest.optional(r#"","correlation":""#, |text| Uuid::try_parse(text).ok())?;
    let causation = rest.optional(r#"","causation":""#, |text| text.parse().ok())?;
    let body_hash = rest.optional(r#"","bodyhash":""#, |text| text.parse().ok())?;
    let reason = rest.optional(r#"","reason":""#, |text| text.parse().ok())?;
    let twin_of = rest.optional(r#"","twinof":""#, |text| text.parse().ok())?;
    let kind = rest.string(r#"","type":""#)?;
    let event = rest.data(r#"","data":"#, kind)?;
    Some(Envelope {
        log,
        position,
        prev,
        id,
        time,
        org,
        org_sequence,
        command,
        command_name,
        index,
        count,
        actor,
        on_behalf_of,
        correlation: correlation.unwrap_or(command),
        causation,
        body_hash,
        reason,
        twin_of,
        event,
    })
}

/// What is not read yet. Each attribute begins with the text that goes before its value.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn skip(&mut self, before: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(before)?;
        Some(())
    }

    /// A string up to its closing quote, for whoever takes no text that has escapes.
    fn string(&mut self, before: &str) -> Option<&'a str> {
        self.skip(before)?;
        let (text, rest) = self.0.split_at_checked(self.0.find('"')?)?;
        self.0 = rest;
        Some(text)
    }

    /// A string without escapes.
    fn plain(&mut self, before: &str) -> Option<&'a str> {
        self.string(before)
            .filter(|text| text.bytes().fold(true, |plain, byte| plain & (byte >= b' ' && byte != b'\\')))
    }

    fn uuid(&mut self, before: &str) -> Option<Uuid> {
        self.skip(before)?;
        let (text, rest) = self.0.split_at_checked(36)?;
        self.0 = rest;
        Uuid::try_parse(text).ok()
    }

    /// A number in a string.
    fn decimal(&mut self, before: &str) -> Option<Position> {
        self.string(before)?.parse().ok()
    }

    /// A number, as JSON writes it.
    fn number(&mut self, before: &str) -> Option<u32> {
        self.skip(before)?;
        let end = self.0.bytes().position(|byte| !byte.is_ascii_digit())?;
        let (digits, rest) = self.0.split_at_checked(end)?;
        self.0 = rest;
        let leads_with_zero = digits.len() > 1 && digits.starts_with('0');
        digits.parse().ok().filter(|_| !leads_with_zero)
    }

    /// A string that need not be there; none in all if it is there and wrong.
    fn optional<T>(&mut self, before: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
        if !self.0.starts_with(before) {
            return Some(None);
        }
        parse(self.string(before)?).map(Some)
    }

    /// The data, and nothing after it but the end of the envelope.
    fn data(&mut self, before: &str, kind: &str) -> Option<Event> {
        self.skip(before)?;
        let mut data = serde_json::Deserializer::from_str(self.0.strip_suffix('}')?);
        let event = OfKind(kind).deserialize(&mut data).ok()?;
        data.end().ok()?;
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// What is written is read here, and not by the general reader, whatever the event.
    #[test]
    fn every_specimen_is_read_fast() {
        let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")).unwrap();
        for path in files.map(|file| file.unwrap().path()).filter(|path| path.is_file()) {
            let text = fs::read_to_string(&path).unwrap();
            let general = serde_json::from_str(&text).unwrap();
            assert_eq!(super::read(&text), Some(general), "{path:?}");
        }
    }
}
