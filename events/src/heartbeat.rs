//! What a node signs about once a second and after every commit: how far its log was acknowledged.
//!
//! Whoever follows the events elsewhere learns by it that nothing is missing, and that what arrived is what the node wrote.
//! The text is a JSON Web Signature in its compact form (RFC 7515, section 3.1) with Ed25519 (RFC 8037). This module knows
//! the text alone; who signs and who verifies brings the cryptography.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Epoch, Hash, Position, Time};

/// How far a node's log is acknowledged, as the node says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// The log.
    pub log: Uuid,
    /// The epoch that the log is in: another future than the one before, after a restore.
    pub epoch: Epoch,
    /// The last event that the node acknowledged; every event up to the end of its command is durable.
    pub position: Position,
    /// The hash of that event's bytes; all zero of an empty log.
    pub hash: Hash,
    /// When this was so: whatever was acknowledged by then is in the log up to the position.
    pub time: Time,
    /// How publishing the events stands.
    pub feed: FeedState,
}

/// What a publisher does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeedState {
    /// It connects, and compares the stream with the log.
    Connecting,
    /// It publishes what becomes durable.
    Publishing,
    /// NATS is away, or takes nothing at the moment; it tries again and again.
    Waiting,
    /// The stream or the server is not one that it may write to; an operator has to mend it.
    Refused,
}

/// What a follower trusts: a log, and the public key that its node signs heartbeats with.
///
/// Its text is the id of the log, a full stop, and the key in base64url without padding, as `tenure feed-key` prints it.
///
/// ```
/// use tenure_events::FeedKey;
///
/// let text = "0192d3a4-0000-7000-8000-000000000001.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// let key: FeedKey = text.parse().unwrap();
/// assert_eq!(key.to_string(), text);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedKey {
    /// The log.
    pub log: Uuid,
    /// An Ed25519 public key.
    pub key: [u8; 32],
}

/// Why a text is no key of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no key of a feed: give the line that `tenure feed-key` prints")]
pub struct InvalidFeedKey;

/// Says what is signed; no other text that a platform signs begins so.
const HEADER: &str = r#"{"alg":"EdDSA","typ":"tenure-heartbeat"}"#;

/// A longer message is no heartbeat.
const LONGEST: usize = 4_096;

#[derive(Serialize, Deserialize)]
struct Claims {
    log: Uuid,
    /// As text; none before the first restore.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    epoch: Option<String>,
    position: String,
    hash: String,
    time: Time,
    feed: FeedState,
}

impl Heartbeat {
    /// The NATS subject, which is none of the stream's.
    pub const SUBJECT: &str = "tenure.heartbeat";

    /// The text that is to be signed.
    #[must_use]
    pub fn to_sign(&self) -> String {
        let Self { log, epoch, position, hash, time, feed } = self;
        let epoch = (*epoch > 0).then(|| epoch.to_string());
        let (position, hash) = (position.to_string(), hash.to_string());
        let claims = Claims { log: *log, epoch, position, hash, time: *time, feed: *feed };
        let claims = serde_json::to_vec(&claims).unwrap_or_default();
        format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(claims))
    }

    /// The message: the text with its signature.
    #[must_use]
    pub fn message(to_sign: &str, signature: &[u8; 64]) -> String {
        format!("{to_sign}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The text that a message says was signed, and the signature; none of what is no such message. Nothing is to be
    /// believed of the text until the signature is verified.
    #[must_use]
    pub fn split(message: &[u8]) -> Option<(&str, [u8; 64])> {
        let message = std::str::from_utf8(message).ok().filter(|message| message.len() <= LONGEST)?;
        let (signed, signature) = message.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?.try_into().ok()?;
        Some((signed, signature))
    }

    /// What a signed text says; none if it is of another kind, or of a version that says something else.
    #[must_use]
    pub fn read(signed: &str) -> Option<Self> {
        let (header, claims) = signed.split_once('.')?;
        if header != URL_SAFE_NO_PAD.encode(HEADER) {
            return None;
        }
        let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
        let Claims { log, epoch, position, hash, time, feed } = serde_json::from_slice(&claims).ok()?;
        let epoch = epoch.map_or(Some(0), |epoch| epoch.parse().ok())?;
        Some(Self { log, epoch, position: position.parse().ok()?, hash: hash.parse().ok()?, time, feed })
    }
}

impl fmt::Display for FeedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.log, URL_SAFE_NO_PAD.encode(self.key))
    }
}

impl FromStr for FeedKey {
    type Err = InvalidFeedKey;

    fn from_str(text: &str) -> Result<Self, InvalidFeedKey> {
        let (log, key) = text.trim().split_once('.').ok_or(InvalidFeedKey)?;
        let key = URL_SAFE_NO_PAD.decode(key).map_err(|_| InvalidFeedKey)?;
        Ok(Self { log: log.parse().map_err(|_| InvalidFeedKey)?, key: key.try_into().map_err(|_| InvalidFeedKey)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beat() -> Heartbeat {
        let (log, time) = (Uuid::from_u128(7), "2026-03-01T09:30:00.000001Z".parse().unwrap());
        Heartbeat { log, epoch: 0, position: 42, hash: Hash([9; 32]), time, feed: FeedState::Publishing }
    }

    #[test]
    fn a_heartbeat_is_read_as_it_was_written() {
        for feed in [FeedState::Connecting, FeedState::Publishing, FeedState::Waiting, FeedState::Refused] {
            let beat = Heartbeat { feed, epoch: feed as u64, ..beat() };
            let message = Heartbeat::message(&beat.to_sign(), &[3; 64]);
            let (signed, signature) = Heartbeat::split(message.as_bytes()).unwrap();
            assert_eq!((signed, signature), (beat.to_sign().as_str(), [3; 64]));
            assert_eq!(Heartbeat::read(signed), Some(beat));
        }
    }

    #[test]
    fn nothing_else_is_a_heartbeat() {
        let other = format!("{}.{}", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode("{}"));
        for text in ["", ".", "..", "a.b", &other, &format!("{}x", beat().to_sign())] {
            assert_eq!(Heartbeat::read(text), None, "{text}");
        }
        for message in [&b""[..], b"hello", b"a.b.c", &[0xFF, 0xFE], &[b'a'; 5_000]] {
            assert!(Heartbeat::split(message).is_none());
        }
    }

    #[test]
    fn no_other_text_is_a_key() {
        let key = FeedKey { log: Uuid::from_u128(7), key: [5; 32] };
        assert_eq!(format!(" {key}\n").parse(), Ok(key));
        let text = key.to_string();
        for at in [0, 8, 36, text.len() - 1] {
            assert!(text.get(..at).unwrap().parse::<FeedKey>().is_err(), "{at}");
        }
    }
}
