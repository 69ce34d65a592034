//! The key that a node signs its heartbeats with, so that whoever follows its events elsewhere knows that they are its own.
//!
//! It is one file beside the log, readable by its owner alone, and no part of a backup: a platform that was restored has
//! another future than the one that its followers knew, and they have to be told.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use tenure_events::{FeedKey, Heartbeat};
use uuid::Uuid;
use zeroize::Zeroizing;

/// How the secret is written: so that it is known for what it is wherever it turns up.
const PREFIX: &str = "tenure-feed-secret:";

/// Signs heartbeats.
pub struct FeedSigner(SigningKey);

impl FeedSigner {
    /// A new key, which ends with the process.
    ///
    /// # Errors
    /// The operating system gave no random bytes.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut_slice())?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// The key in a file, which is made if it is not there.
    ///
    /// # Errors
    /// The file cannot be read or made, or holds something else.
    pub fn in_file(path: &Path) -> io::Result<Self> {
        match Self::kept(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            kept => return kept,
        }
        match Self::make(path, |new| fs::hard_link(new, path)) {
            // Another process was first.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Self::kept(path),
            made => made,
        }
    }

    /// Whether a start can use the file: there is a key in it, or it is not there and would be made. Changes nothing.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else.
    pub fn look(path: &Path) -> io::Result<()> {
        match Self::kept(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// A new key in the place of the one in a file. A node at work goes on with the one that it began with.
    ///
    /// # Errors
    /// The file cannot be made; the key that was there still is.
    pub fn renew(path: &Path) -> io::Result<Self> {
        Self::make(path, |new| fs::rename(new, path))
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

    fn kept(path: &Path) -> io::Result<Self> {
        let text = Zeroizing::new(fs::read_to_string(path)?);
        let seed = text.trim().strip_prefix(PREFIX).and_then(|seed| URL_SAFE_NO_PAD.decode(seed).ok());
        let seed = seed.map(Zeroizing::new).and_then(|seed| <[u8; 32]>::try_from(seed.as_slice()).ok());
        let seed = seed.ok_or_else(|| {
            let why = "it is no key of a feed: make a new one with `tenure feed-key --renew`, and give it to those who follow the events";
            io::Error::new(io::ErrorKind::InvalidData, why)
        })?;
        Ok(Self(SigningKey::from_bytes(&Zeroizing::new(seed))))
    }

    /// Makes a key, durably, in a file beside the path, which is then put in its place.
    fn make(path: &Path, place: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<Self> {
        let signer = Self::generate().map_err(io::Error::other)?;
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}.tmp", std::process::id()));
        let new = Path::new(&name);
        let text = Zeroizing::new(format!("{PREFIX}{}\n", URL_SAFE_NO_PAD.encode(signer.0.as_bytes())));
        let written = || {
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(new)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            place(new)
        };
        let written = written();
        // After a renaming there is nothing to remove.
        drop(fs::remove_file(new));
        written?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(signer)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

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
        fs::write(&path, "hello").unwrap();
        assert!(FeedSigner::in_file(&path).is_err(), "a key is not made anew in silence");
    }

    #[test]
    fn what_is_signed_is_verified_with_the_public_half() {
        let (signer, log) = (FeedSigner::generate().unwrap(), Uuid::from_u128(1));
        let beat =
            Heartbeat { log, position: 3, hash: Hash::default(), time: Time::from_micros(9), feed: FeedState::Refused };
        let message = signer.sign(&beat);
        let (signed, signature) = Heartbeat::split(message.as_bytes()).unwrap();
        let key = VerifyingKey::from_bytes(&signer.public(log).key).unwrap();
        assert!(key.verify_strict(signed.as_bytes(), &Signature::from_bytes(&signature)).is_ok());
        assert_eq!(Heartbeat::read(signed), Some(beat));
    }
}
