//! The key that a node signs its heartbeats with, so that whoever follows its events elsewhere knows that they are its own.
//!
//! It is one file beside the log, readable by its owner alone, and no part of a backup: a platform that was restored has
//! another future than the one that its followers knew, and they have to be told.

use std::io;
use std::path::Path;

use ed25519_dalek::{Signer as _, SigningKey};
use tenure_events::{FeedKey, Heartbeat};
use uuid::Uuid;

use super::seed::SeedFile;

const FILE: SeedFile = SeedFile {
    prefix: "tenure-feed-secret:",
    other: "it is damaged, or no key of a feed: make a new one with `tenure feed-key --renew`, and give it to those who follow the events",
};

/// Signs heartbeats.
pub struct FeedSigner(SigningKey);

impl FeedSigner {
    /// A new key, which ends with the process.
    ///
    /// # Errors
    /// The operating system gave no random bytes.
    pub fn generate() -> Result<Self, getrandom::Error> {
        SeedFile::generate().map(Self)
    }

    /// The key in a file, which is made if it is not there.
    ///
    /// # Errors
    /// The file cannot be read or made, or holds something else.
    pub fn in_file(path: &Path) -> io::Result<Self> {
        FILE.in_file(path).map(Self)
    }

    /// Whether a start can use the file: there is a key in it, or it is not there and would be made. Changes nothing.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else.
    pub fn look(path: &Path) -> io::Result<()> {
        FILE.look(path)
    }

    /// A new key in the place of the one in a file. A node at work goes on with the one that it began with.
    ///
    /// # Errors
    /// The file cannot be made; the key that was there still is.
    pub fn renew(path: &Path) -> io::Result<Self> {
        let key = SeedFile::generate().map_err(io::Error::other)?;
        FILE.replace(path, &key)?;
        Ok(Self(key))
    }

    /// What heartbeats of this log are verified with.
    #[must_use]
    pub fn public(&self, log: Uuid) -> FeedKey {
        FeedKey { log, key: self.0.verifying_key().to_bytes() }
    }

    /// The message that says this.
    #[must_use]
    pub fn sign(&self, heartbeat: &Heartbeat) -> String {
        let text = heartbeat.to_sign();
        let signature = self.0.sign(text.as_bytes());
        Heartbeat::message(&text, &signature.to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ed25519_dalek::{Signature, VerifyingKey};
    use tenure_events::{FeedState, Hash, Time};

    use super::*;

    #[test]
    fn a_key_stays_until_it_is_renewed() {
        let (folder, log) = (tempfile::tempdir().unwrap(), Uuid::from_u128(1));
        let path = folder.path().join("feed-key");
        let first = FeedSigner::in_file(&path).unwrap().public(log);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(FeedSigner::in_file(&path).unwrap().public(log), first);
        let renewed = FeedSigner::renew(&path).unwrap().public(log);
        assert_ne!(renewed, first);
        assert_eq!(FeedSigner::in_file(&path).unwrap().public(log), renewed);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn damage_to_the_file_is_noticed_wherever_it_is() {
        let (folder, log) = (tempfile::tempdir().unwrap(), Uuid::from_u128(1));
        let path = folder.path().join("feed-key");
        let first = FeedSigner::in_file(&path).unwrap().public(log);
        let whole = fs::read(&path).unwrap();
        let check = |bytes: &[u8], name: &str| {
            fs::write(&path, bytes).unwrap();
            assert!(FeedSigner::in_file(&path).is_err(), "{name}: a key is not made anew in silence");
            assert!(FeedSigner::look(&path).is_err(), "{name}");
            assert_eq!(fs::read(&path).unwrap(), bytes, "{name}: what is there stays");
        };
        check(b"hello", "another text");
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut flipped = whole.clone();
                flipped[at] ^= 1 << bit;
                check(&flipped, &format!("bit {bit} of byte {at}"));
            }
            check(&whole[..at], &format!("cut to {at} bytes"));
        }
        fs::write(&path, &whole).unwrap();
        assert_eq!(FeedSigner::in_file(&path).unwrap().public(log), first);
        let renewed = FeedSigner::renew(&path).unwrap();
        assert_ne!(renewed.public(log), first);
        assert_eq!(FeedSigner::in_file(&path).unwrap().public(log), renewed.public(log));
    }

    #[test]
    fn files_without_the_public_half_are_read() {
        let (folder, log) = (tempfile::tempdir().unwrap(), Uuid::from_u128(1));
        let path = folder.path().join("feed-key");
        let signer = FeedSigner::generate().unwrap();
        fs::write(&path, format!("{}{}\n", FILE.prefix, URL_SAFE_NO_PAD.encode(signer.0.as_bytes()))).unwrap();
        assert_eq!(FeedSigner::in_file(&path).unwrap().public(log), signer.public(log));
    }

    #[test]
    fn what_is_signed_is_verified_with_the_public_half() {
        let (signer, log) = (FeedSigner::generate().unwrap(), Uuid::from_u128(1));
        let beat = Heartbeat {
            log,
            epoch: 7,
            position: 3,
            hash: Hash::default(),
            time: Time::from_micros(9),
            feed: FeedState::Refused,
        };
        let message = signer.sign(&beat);
        let (signed, signature) = Heartbeat::split(message.as_bytes()).unwrap();
        let key = VerifyingKey::from_bytes(&signer.public(log).key).unwrap();
        assert!(key.verify_strict(signed.as_bytes(), &Signature::from_bytes(&signature)).is_ok());
        assert_eq!(Heartbeat::read(signed), Some(beat));
    }
}
