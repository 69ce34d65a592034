//! The envelope of an event: CloudEvents 1.0 in JSON, with what makes a log of it as extension attributes.
//!
//! An event's bytes are made once, by [`Envelope::to_bytes`], and never again: they are hashed, stored and served raw.
//! [`wire`] says what they are; `write` makes them and `read` reads them in a fraction of its time.

mod plain;
mod read;
mod wire;
mod write;

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use compact_str::CompactString;
use serde::de;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::{Epoch, Event, OrgId, Sealed, Time, UserId};

pub(crate) use wire::Wire;

/// Place of an event in the log; the first is 1, and 0 is before all of them.
pub type Position = u64;

/// SHA-256 of an event's bytes. Its text is base64url without padding (RFC 4648 section 5).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The hash of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, &'static str> {
        let mut bytes = [0; 32];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
            Ok(32) => Ok(Self(bytes)),
            Ok(_) | Err(_) => Err("not a SHA-256 in base64url"),
        }
    }
}

/// One event and all that is known about how it came to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The log that the event belongs to.
    pub log: Uuid,
    /// The epoch in which it was written.
    pub epoch: Epoch,
    /// Its place in the log.
    pub position: Position,
    /// Hash of the bytes of the event before it; all zero before the first.
    pub prev: Hash,
    /// The event's own id.
    pub id: Uuid,
    /// Recorded time; the same for all events of a command, and later than that of the command before.
    pub time: Time,
    /// The org in whose history it stands.
    pub org: OrgId,
    /// Its place in that org's history; the first is 1.
    pub org_sequence: u64,
    /// The command that it came from.
    pub command: Uuid,
    /// That command's name, such as `create-user`.
    pub command_name: CompactString,
    /// Its place among the events of the command, from 0.
    pub index: u32,
    /// How many events the command has.
    pub count: u32,
    /// Who commanded it.
    pub actor: UserId,
    /// For whom the actor did so, when it acted for somebody else.
    pub on_behalf_of: Option<UserId>,
    /// What the command belongs to in the caller's world; the command itself unless the caller says.
    pub correlation: Uuid,
    /// The event that it follows from.
    pub causation: Option<Position>,
    /// HMAC-SHA256 of the command's name and body under the platform's secret, when the caller gave an idempotency key; in
    /// older logs their SHA-256.
    pub body_hash: Option<Hash>,
    /// Why, in the actor's words.
    pub reason: Option<Sealed>,
    /// The event of which this one is the twin in another org's history. A twin changes nothing.
    pub twin_of: Option<Position>,
    /// What happened.
    pub event: Event,
}

/// Why bytes are not an event.
#[derive(Debug, thiserror::Error)]
#[error("not an event that this version of Tenure can read: {0}")]
pub struct InvalidEvent(#[from] serde_json::Error);

/// Reads an event's bytes.
///
/// # Errors
/// Malformed JSON, an event type or version that this build does not know, an unknown field, `data` before `type`.
pub fn parse(bytes: &[u8]) -> Result<Envelope, InvalidEvent> {
    // Proved to be UTF-8 once, as a whole: that is faster than string by string.
    let text = std::str::from_utf8(bytes).map_err(<serde_json::Error as de::Error>::custom)?;
    // What is not written as we write it is read, or refused with the reason, by the general reader.
    match read::read(text) {
        Ok(envelope) => Ok(envelope),
        Err(_) => read_any(text),
    }
}

#[cold]
fn read_any(text: &str) -> Result<Envelope, InvalidEvent> {
    Ok(serde_json::from_str(text)?)
}

impl Envelope {
    /// The bytes of the event, made for the first and only time.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write_to(&mut bytes);
        bytes
    }

    /// The NATS subject: `tenure.events.ORG.ENTITY.VERB`.
    #[must_use]
    pub fn nats_subject(&self) -> String {
        let mut parts = self.event.kind().split('.').skip(1);
        let (entity, verb) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        format!("tenure.events.{}.{entity}.{verb}", self.org)
    }
}
