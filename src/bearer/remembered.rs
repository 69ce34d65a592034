//! Tokens that were verified, so that it need not be done with each request. There are never more than so many.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::node::Authenticated;

/// In each of the two halves: the older one goes as a whole once the newer is full.
const HALF: usize = 8_192;

/// SHA-256 of a token: the token itself is kept nowhere.
type Fingerprint = [u8; 32];

type Entry = (Authenticated, Option<Arc<str>>, u64);

#[derive(Default)]
pub struct Remembered(Mutex<Halves>);

#[derive(Default)]
struct Halves {
    newer: HashMap<Fingerprint, Entry>,
    older: HashMap<Fingerprint, Entry>,
}

pub fn fingerprint(token: &str) -> Fingerprint {
    Sha256::digest(token.as_bytes()).into()
}

impl Remembered {
    /// Who it was, and by which keys it was verified: where these are from, if they were fetched, and their
    /// number there.
    pub fn get(&self, fingerprint: &Fingerprint) -> Option<Entry> {
        let mut halves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = halves.newer.get(fingerprint) {
            return Some(entry.clone());
        }
        let entry = halves.older.remove(fingerprint)?;
        halves.put(*fingerprint, entry.clone());
        Some(entry)
    }

    pub fn put(&self, fingerprint: Fingerprint, caller: Authenticated, source: Option<Arc<str>>, keys: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(fingerprint, (caller, source, keys));
    }
}

impl Halves {
    fn put(&mut self, fingerprint: Fingerprint, entry: Entry) {
        if self.newer.len() >= HALF {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(fingerprint, entry);
    }
}
