//! Whose word is believed: heartbeats of one log, signed with a key that the replica was told.

use ed25519_dalek::{Signature, VerifyingKey};
use tenure_events::{FeedKey, Heartbeat};
use uuid::Uuid;

use crate::fault::ConnectError;

/// A log, and the keys that its node may sign with: one, or two while it is renewed.
pub struct Trust {
    log: Uuid,
    keys: Vec<VerifyingKey>,
}

/// Why a message is not the word of the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    #[error("a message on the subject of heartbeats is none")]
    NoHeartbeat,
    #[error("a heartbeat is not signed with a key that this replica was told: was the key of the node renewed?")]
    OtherKey,
    #[error("a heartbeat is of log {0}: another platform publishes to the same account of NATS")]
    OtherLog(Uuid),
}

impl Trust {
    pub fn of(keys: &[FeedKey]) -> Result<Self, ConnectError> {
        let first = keys.first().ok_or(ConnectError::Key)?;
        if keys.iter().any(|key| key.log != first.log) {
            return Err(ConnectError::Key);
        }
        let read = |key: &FeedKey| VerifyingKey::from_bytes(&key.key).ok().filter(|key| !key.is_weak());
        let keys = keys.iter().map(read).collect::<Option<_>>().ok_or(ConnectError::Key)?;
        Ok(Self { log: first.log, keys })
    }

    pub const fn log(&self) -> Uuid {
        self.log
    }

    /// What the node says with this message.
    pub fn hear(&self, message: &[u8]) -> Result<Heartbeat, Untrusted> {
        let (signed, signature) = Heartbeat::split(message).ok_or(Untrusted::NoHeartbeat)?;
        let signature = Signature::from_bytes(&signature);
        if !self.keys.iter().any(|key| key.verify_strict(signed.as_bytes(), &signature).is_ok()) {
            let of = Heartbeat::read(signed).ok_or(Untrusted::NoHeartbeat)?;
            return Err(if of.log == self.log { Untrusted::OtherKey } else { Untrusted::OtherLog(of.log) });
        }
        let heartbeat = Heartbeat::read(signed).ok_or(Untrusted::NoHeartbeat)?;
        if heartbeat.log == self.log { Ok(heartbeat) } else { Err(Untrusted::OtherLog(heartbeat.log)) }
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};
    use tenure_events::{FeedState, Hash, Time};

    use super::*;

    fn signer(seed: u8, log: u128) -> (SigningKey, FeedKey) {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let public = FeedKey { log: Uuid::from_u128(log), key: key.verifying_key().to_bytes() };
        (key, public)
    }

    fn said(key: &SigningKey, log: u128) -> String {
        let (log, hash, time) = (Uuid::from_u128(log), Hash([1; 32]), Time::from_micros(0));
        let feed = FeedState::Publishing;
        let text = Heartbeat { log, epoch: 0, position: 5, hash, time, feed }.to_sign();
        Heartbeat::message(&text, &key.sign(text.as_bytes()).to_bytes())
    }

    #[test]
    fn the_node_is_believed_and_nobody_else() {
        let ((ours, told), (renewed, next), (other, _)) = (signer(1, 7), signer(2, 7), signer(3, 7));
        let trust = Trust::of(&[told, next]).unwrap();
        let check = |message: &str, want: Result<u64, Untrusted>| {
            assert_eq!(trust.hear(message.as_bytes()).map(|heartbeat| heartbeat.position), want, "{message}");
        };
        check(&said(&ours, 7), Ok(5));
        check(&said(&renewed, 7), Ok(5));
        check(&said(&other, 7), Err(Untrusted::OtherKey));
        check(&said(&ours, 8), Err(Untrusted::OtherLog(Uuid::from_u128(8))));
        check(&said(&other, 8), Err(Untrusted::OtherLog(Uuid::from_u128(8))));
        check("hello", Err(Untrusted::NoHeartbeat));
        // Every byte counts.
        let message = said(&ours, 7);
        for at in 0..message.len() {
            let mut bytes = message.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            assert!(trust.hear(&bytes).is_err(), "{at}");
        }
    }

    #[test]
    fn keys_are_of_one_log_and_strong() {
        let ((_, one), (_, other)) = (signer(1, 7), signer(1, 8));
        assert!(Trust::of(&[]).is_err() && Trust::of(&[one, other]).is_err());
        let weak = FeedKey {
            key: {
                let mut key = [0; 32];
                key[0] = 1;
                key
            },
            ..one
        };
        assert!(Trust::of(&[weak]).is_err(), "anything verifies with the neutral element");
    }
}
