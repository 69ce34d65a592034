//! The key that a node signs checkpoints of its log and evidence with. It is kept as the key of the feed is: one file
//! beside the log, readable by its owner alone, and no part of a backup.

use std::io;
use std::path::Path;

use ed25519_dalek::{Signer as _, SigningKey};

use super::seed::SeedFile;

const FILE: SeedFile = SeedFile {
    prefix: "tenure-proof-secret:",
    other: "it is damaged, or no key of proofs: make a new one with `tenure proof-key --renew`, and give it to those who verify evidence",
};

/// Signs checkpoints and evidence.
pub struct ProofKey(SigningKey);

impl ProofKey {
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

    /// The key in a file that is there.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else.
    pub fn kept(path: &Path) -> io::Result<Self> {
        FILE.kept(path).map(Self)
    }

    /// Whether a start can use the file: there is a key in it, or it is not there and would be made. Changes nothing.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else.
    pub fn look(path: &Path) -> io::Result<()> {
        FILE.look(path)
    }

    /// Puts this key in the place of the one in a file. A node at work goes on with the one that it began with.
    ///
    /// # Errors
    /// The file cannot be made; the key that was there still is.
    pub fn put(&self, path: &Path) -> io::Result<()> {
        FILE.replace(path, &self.0)
    }

    /// What is verified with it: an Ed25519 public key.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// Its signature of a text.
    #[must_use]
    pub fn sign(&self, text: &[u8]) -> [u8; 64] {
        self.0.sign(text).to_bytes()
    }
}
