//! Reads events that are written as `write` writes them: attribute after attribute, where each is expected. Whatever
//! differs is left to the general reader of [`super::wire`], which knows every form and says what is wrong.

use std::str::FromStr;

use serde::de::DeserializeSeed;
use uuid::Uuid;

use super::Envelope;
use super::plain::{NotPlain, Rest};
use super::wire::OfKind;
use crate::Epoch;

/// The event, if it is written in this form to the last byte.
pub(super) fn read(text: &str) -> Result<Envelope, NotPlain> {
    let mut rest = Rest(text);
    let id = rest.uuid(r#"{"specversion":"1.0","id":""#)?;
    let log = rest.uuid(r#"","source":"/logs/"#)?;
    let epoch = rest.epoch()?;
    rest.string(r#"","subject":""#)?;
    let time = rest.exactly(r#"","time":""#, 27)?;
    let position = rest.integer(r#"","datacontenttype":"application/json","position":""#)?;
    let prev = rest.exactly(r#"","prev":""#, 43)?;
    let org = rest.value(r#"","org":""#)?;
    let org_sequence = rest.integer(r#"","orgsequence":""#)?;
    let command = rest.uuid(r#"","command":""#)?;
    let command_name = rest.string(r#"","commandname":""#)?.into();
    let index = rest.integer(r#"","commandindex":"#)?;
    let count = rest.integer(r#","commandcount":"#)?;
    let actor = rest.value(r#","actor":""#)?;
    let on_behalf_of = rest.optional(r#"","onbehalfof":""#)?;
    let correlation = rest.optional(r#"","correlation":""#)?;
    let causation = rest.optional(r#"","causation":""#)?;
    let body_hash = rest.optional(r#"","bodyhash":""#)?;
    let reason = rest.optional(r#"","reason":""#)?;
    let twin_of = rest.optional(r#"","twinof":""#)?;
    let kind = rest.string(r#"","type":""#)?;
    rest.skip(r#"","data":"#)?;
    let event = OfKind(kind).deserialize(&mut rest)?;
    if rest.0 != "}" {
        return Err(NotPlain);
    }
    Ok(Envelope {
        log,
        epoch,
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

/// Each attribute begins with the text that goes before its value. The quote that ends one begins the next.
impl<'a> Rest<'a> {
    #[inline(always)]
    fn string(&mut self, before: &str) -> Result<&'a str, NotPlain> {
        self.skip(before)?;
        self.text()
    }

    #[inline(always)]
    fn value<T: FromStr>(&mut self, before: &str) -> Result<T, NotPlain> {
        self.string(before)?.parse().map_err(|_| NotPlain)
    }

    #[inline(always)]
    fn uuid(&mut self, before: &str) -> Result<Uuid, NotPlain> {
        self.skip(before)?;
        Uuid::try_parse(self.take(36)?).map_err(|_| NotPlain)
    }

    #[inline(always)]
    fn integer<T: TryFrom<u64>>(&mut self, before: &str) -> Result<T, NotPlain> {
        self.skip(before)?;
        self.number()?.try_into().map_err(|_| NotPlain)
    }

    /// What stands behind the log in a source, from the second epoch on.
    #[inline(always)]
    fn epoch(&mut self) -> Result<Epoch, NotPlain> {
        if !self.0.starts_with('/') {
            return Ok(0);
        }
        self.integer("/").and_then(|epoch| if epoch > 0 { Ok(epoch) } else { Err(NotPlain) })
    }

    /// A value whose text is always so long.
    #[inline(always)]
    fn exactly<T: FromStr>(&mut self, before: &str, length: usize) -> Result<T, NotPlain> {
        self.skip(before)?;
        self.take(length)?.parse().map_err(|_| NotPlain)
    }

    /// A value that need not be there.
    #[inline(always)]
    fn optional<T: FromStr>(&mut self, before: &str) -> Result<Option<T>, NotPlain> {
        if self.0.starts_with(before) { self.value(before).map(Some) } else { Ok(None) }
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
            assert_eq!(super::read(&text).ok(), Some(general), "{path:?}");
        }
    }

    /// Other forms of the same event, and faults, are the general reader's, who decides whether it is an event.
    #[test]
    fn what_is_written_otherwise_is_left_to_the_general_reader() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/tenure.subscription.granted.v1.json");
        let text = fs::read_to_string(path).unwrap();
        assert!(super::read(&text).is_ok());
        for (from, to, is_event) in [
            (r#""position":"#, r#""position": "#, true),
            (r#""data":{"user":"#, r#""data":{ "user":"#, true),
            (r#""user_type":"#, r#""user\u005ftype":"#, true),
            (r#""position":""#, r#""position":"0"#, true),
            (r#""position":""#, r#""position":"-"#, false),
            (r#""position":""#, r#""position":"99999999999999999999"#, false),
            (r#""commandindex":"#, r#""commandindex":00"#, false),
            (r#""prev":""#, r#""prev":"A"#, false),
            (r#""user_type":"#, r#""user_typ":"#, false),
            (r#""user_type":"#, r#""user_types":"#, false),
            (r#""data":{"#, r#""data":{"more":1,"#, false),
        ] {
            let other = text.replacen(from, to, 1);
            assert_ne!(other, text, "{from}");
            assert!(super::read(&other).is_err(), "{to}");
            assert_eq!(crate::parse(other.as_bytes()).is_ok(), is_event, "{to}");
        }
    }
}
