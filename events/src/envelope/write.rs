//! An event's bytes in one pass: the attributes are literals around texts that need no escaping, and the event itself
//! goes through serde, so that nothing here knows of event types.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use uuid::Uuid;

use super::{Envelope, Hash};

/// Appends the bytes of an event: those of its serde form. Answers where in the buffer the text of `prev` begins.
pub(super) fn write(envelope: &Envelope, bytes: &mut Vec<u8>) -> usize {
    let mut out = Out(bytes);
    out.raw(r#"{"specversion":"1.0","id":""#);
    out.uuid(envelope.id);
    out.raw(r#"","source":"/logs/"#);
    out.uuid(envelope.log);
    out.raw(r#"","subject":"#);
    out.text(&envelope.event.subject());
    out.raw(r#","time":"#);
    envelope.time.with_text(|text| out.text(text));
    out.raw(r#","datacontenttype":"application/json","position":""#);
    out.json(&envelope.position);
    out.raw(r#"","prev":""#);
    let prev = out.0.len();
    out.hash(&envelope.prev);
    out.raw(r#"","org":"#);
    out.text(envelope.org.as_str());
    out.raw(r#","orgsequence":""#);
    out.json(&envelope.org_sequence);
    out.raw(r#"","command":""#);
    out.uuid(envelope.command);
    out.raw(r#"","commandname":"#);
    out.text(&envelope.command_name);
    out.raw(r#","commandindex":"#);
    out.json(&envelope.index);
    out.raw(r#","commandcount":"#);
    out.json(&envelope.count);
    out.raw(r#","actor":"#);
    out.text(envelope.actor.as_str());
    out.optional(envelope);
    out.event(envelope);
    prev
}

/// The text of a hash.
pub(super) fn hash_text(hash: &Hash) -> [u8; HASH_TEXT] {
    let mut text = [b'A'; HASH_TEXT];
    let written = URL_SAFE_NO_PAD.encode_slice(hash.0, &mut text);
    debug_assert_eq!(written, Ok(HASH_TEXT), "32 bytes are 43 characters of base64");
    text
}

/// How long the text of a hash is.
const HASH_TEXT: usize = 43;

struct Out<'a>(&'a mut Vec<u8>);

impl Out<'_> {
    /// What may be left out.
    fn optional(&mut self, envelope: &Envelope) {
        if let Some(user) = &envelope.on_behalf_of {
            self.raw(r#","onbehalfof":"#);
            self.text(user.as_str());
        }
        if envelope.correlation != envelope.command {
            self.raw(r#","correlation":""#);
            self.uuid(envelope.correlation);
            self.raw(r#"""#);
        }
        if let Some(position) = envelope.causation {
            self.raw(r#","causation":""#);
            self.json(&position);
            self.raw(r#"""#);
        }
        if let Some(hash) = &envelope.body_hash {
            self.raw(r#","bodyhash":""#);
            self.hash(hash);
            self.raw(r#"""#);
        }
        if let Some(reason) = &envelope.reason {
            self.raw(r#","reason":"#);
            self.json(reason);
        }
        if let Some(position) = envelope.twin_of {
            self.raw(r#","twinof":""#);
            self.json(&position);
            self.raw(r#"""#);
        }
    }

    /// `{"type": …, "data": …}`, as serde writes it, is the rest of the envelope, but for its first byte.
    fn event(&mut self, envelope: &Envelope) {
        let begin = self.0.len();
        self.json(&envelope.event);
        if let Some(brace) = self.0.get_mut(begin) {
            *brace = b',';
        }
    }

    fn raw(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    /// A string in quotes.
    fn text(&mut self, text: &str) {
        if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
            self.raw(r#"""#);
            self.raw(text);
            self.raw(r#"""#);
        } else {
            self.json(text);
        }
    }

    fn uuid(&mut self, uuid: Uuid) {
        self.raw(uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
    }

    fn hash(&mut self, hash: &Hash) {
        self.0.extend_from_slice(&hash_text(hash));
    }

    fn json<T: Serialize + ?Sized>(&mut self, value: &T) {
        #[expect(clippy::expect_used, reason = "writing strings, numbers and structs to a Vec cannot fail")]
        serde_json::to_writer(&mut *self.0, value).expect("an event is plain data");
    }
}
