//! An event's bytes in one pass: the attributes are literals around texts that need no escaping, and the event itself
//! goes through serde, so that nothing here knows of event types.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use uuid::Uuid;

use super::{Envelope, Hash};
use crate::UserId;

impl Envelope {
    /// [`Envelope::to_bytes`], behind what stands in the buffer.
    pub fn write_to(&self, bytes: &mut Vec<u8>) {
        write(self, bytes);
    }

    /// How many bytes it has, whatever [`Envelope::prev`] and [`Envelope::id`] are.
    #[must_use]
    pub fn size(&self) -> usize {
        let mut count = Count(0);
        write(self, &mut count);
        count.0
    }

    /// No fewer bytes than [`Envelope::size`], and about a thousand more at the most: told from what can be long, in a third of
    /// the time.
    #[must_use]
    pub fn size_at_most(&self) -> usize {
        let Self { org, actor, on_behalf_of, command_name, reason, .. } = self;
        let mut count = Count(ATTRIBUTES + org.as_str().len() + actor.as_str().len());
        let mut out = Out(&mut count);
        out.text(command_name);
        out.raw(on_behalf_of.as_ref().map_or("", UserId::as_str));
        if let Some(reason) = reason {
            out.json(reason);
        }
        out.event(self);
        count.0
    }
}

/// What all else takes at the most: names of attributes 450, UUIDs 180, numbers 120, hashes 90, the time 50, and a subject of
/// one id 150.
const ATTRIBUTES: usize = 1_120;

/// Writes the bytes of an event: those of its serde form.
fn write<S: Sink>(envelope: &Envelope, sink: &mut S) {
    let mut out = Out(sink);
    out.raw(r#"{"specversion":"1.0","id":""#);
    out.uuid(envelope.id);
    out.raw(r#"","source":"/logs/"#);
    out.uuid(envelope.log);
    if envelope.epoch > 0 {
        out.raw("/");
        out.json(&envelope.epoch);
    }
    out.raw(r#"","subject":"#);
    out.text(&envelope.event.subject());
    out.raw(r#","time":"#);
    envelope.time.with_text(|text| out.text(text));
    out.raw(r#","datacontenttype":"application/json","position":""#);
    out.json(&envelope.position);
    out.raw(r#"","prev":""#);
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
}

/// Where the bytes go.
trait Sink: io::Write {
    fn put(&mut self, bytes: &[u8]);
    /// Writes over the byte at the end of `begin` bytes.
    fn set(&mut self, begin: usize, byte: u8);
    fn length(&self) -> usize;
}

impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    fn set(&mut self, begin: usize, byte: u8) {
        if let Some(place) = self.get_mut(begin) {
            *place = byte;
        }
    }

    fn length(&self) -> usize {
        self.len()
    }
}

/// Bytes that are only counted.
struct Count(usize);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink for Count {
    fn put(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }

    fn set(&mut self, _: usize, _: u8) {}

    fn length(&self) -> usize {
        self.0
    }
}

/// The text of a hash.
fn hash_text(hash: &Hash) -> [u8; HASH_TEXT] {
    let mut text = [b'A'; HASH_TEXT];
    let written = URL_SAFE_NO_PAD.encode_slice(hash.0, &mut text);
    debug_assert_eq!(written, Ok(HASH_TEXT), "32 bytes are 43 characters of base64");
    text
}

/// How long the text of a hash is.
const HASH_TEXT: usize = 43;

struct Out<'a, S>(&'a mut S);

impl<S: Sink> Out<'_, S> {
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
        let begin = self.0.length();
        self.json(&envelope.event);
        self.0.set(begin, b',');
    }

    fn raw(&mut self, text: &str) {
        self.0.put(text.as_bytes());
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
        self.0.put(&hash_text(hash));
    }

    fn json<T: Serialize + ?Sized>(&mut self, value: &T) {
        #[expect(clippy::expect_used, reason = "writing strings, numbers and structs to memory cannot fail")]
        serde_json::to_writer(&mut *self.0, value).expect("an event is plain data");
    }
}
