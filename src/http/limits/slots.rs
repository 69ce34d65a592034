//! What there may be only so many of at once, in all and of one key: connections by address, streams by credential.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The places.
pub struct Slots<K: Hash + Eq + Copy> {
    taken: Arc<Mutex<Taken<K>>>,
    all: usize,
    own: usize,
}

struct Taken<K> {
    all: usize,
    by_key: HashMap<K, usize>,
}

/// A place, given back when it is dropped.
pub struct Slot<K: Hash + Eq + Copy> {
    taken: Arc<Mutex<Taken<K>>>,
    key: K,
}

impl<K: Hash + Eq + Copy> Slots<K> {
    /// So many in all, and of one key.
    pub fn new(all: usize, own: usize) -> Self {
        Self { taken: Arc::new(Mutex::new(Taken { all: 0, by_key: HashMap::new() })), all, own }
    }

    /// Takes a place, if there is one for the key.
    pub fn take(&self, key: K) -> Option<Slot<K>> {
        let mut taken = lock(&self.taken);
        let own = taken.by_key.get(&key).copied().unwrap_or_default();
        if taken.all >= self.all || own >= self.own {
            return None;
        }
        taken.all += 1;
        taken.by_key.insert(key, own + 1);
        Some(Slot { taken: Arc::clone(&self.taken), key })
    }
}

impl<K: Hash + Eq + Copy> Drop for Slot<K> {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        taken.all -= 1;
        if let Some(own) = taken.by_key.get_mut(&self.key) {
            *own -= 1;
            if *own == 0 {
                taken.by_key.remove(&self.key);
            }
        }
    }
}

fn lock<K>(taken: &Mutex<Taken<K>>) -> MutexGuard<'_, Taken<K>> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_taken_and_given_back() {
        let slots = Slots::new(3, 2);
        let first = slots.take('a').unwrap();
        let _second = slots.take('a').unwrap();
        assert!(slots.take('a').is_none());
        let _third = slots.take('b').unwrap();
        assert!(slots.take('c').is_none());
        drop(first);
        assert!(slots.take('c').is_some());
        assert!(slots.take('a').is_some());
    }
}
