//! Token buckets, one for each key. Ours because what a command writes is known only after it, and is charged then: a bucket
//! can be in debt, and whoever owns it waits until it is paid.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::settings::Rate;

/// Buckets that fill at one rate.
pub struct Buckets<K> {
    rate: Rate,
    /// When each is full again, in nanoseconds of the node's time; those that are full need not be there.
    full_at: Mutex<HashMap<K, u128>>,
}

/// What a bucket has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// The bucket's rate.
    pub rate: Rate,
    /// How many are left.
    pub left: u64,
    /// How long until there is room for what was wanted: none, if there is.
    pub wait: Duration,
}

/// From so many buckets on, those that are full again are looked for and dropped.
const MANY: usize = 4_096;

impl<K: Hash + Eq + Copy> Buckets<K> {
    /// All of them full.
    pub fn new(rate: Rate) -> Self {
        Self { rate, full_at: Mutex::new(HashMap::new()) }
    }

    /// Whether there is room for so many, and what is left; nothing is taken. Whoever wants more than a bucket holds needs
    /// a full one. None where there is no limit.
    pub fn level(&self, key: K, wanted: u64, now: Duration) -> Option<Level> {
        let each = self.each()?;
        let now = now.as_nanos();
        let missing = self.lock().get(&key).map_or(0, |full_at| full_at.saturating_sub(now));
        let holds = u128::from(self.rate.at_once) * each;
        let left = u64::try_from(holds.saturating_sub(missing) / each).unwrap_or(u64::MAX);
        let most = holds.saturating_sub((u128::from(wanted) * each).min(holds));
        let wait = u64::try_from(missing.saturating_sub(most)).unwrap_or(u64::MAX);
        Some(Level { rate: self.rate, left, wait: Duration::from_nanos(wait) })
    }

    /// Takes so many, whether they are there or not.
    pub fn charge(&self, key: K, count: u64, now: Duration) {
        let Some(each) = self.each() else { return };
        let now = now.as_nanos();
        let mut full_at = self.lock();
        if full_at.len() >= MANY && full_at.len().is_power_of_two() {
            full_at.retain(|_, full_at| *full_at > now);
        }
        let full = full_at.entry(key).or_insert(now);
        *full = (*full).max(now) + u128::from(count) * each;
    }

    /// How long one takes to come, in nanoseconds.
    fn each(&self) -> Option<u128> {
        (self.rate.per_second > 0).then(|| (1_000_000_000 / u128::from(self.rate.per_second)).max(1))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, u128>> {
        self.full_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Level {
    /// Whether little is left: a quarter of the bucket.
    pub fn is_low(&self) -> bool {
        self.left.saturating_mul(4) < u64::from(self.rate.at_once)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_refills_and_pays_its_debts() {
        let buckets = Buckets::new(Rate { per_second: 10, at_once: 5 });
        let at = Duration::from_millis;
        let check = |key, wanted, now, left, wait| {
            let level = buckets.level(key, wanted, at(now)).unwrap();
            assert_eq!((level.left, level.wait), (left, at(wait)), "{key} {wanted} {now}");
        };
        check(1, 1, 0, 5, 0);
        buckets.charge(1, 5, at(0));
        check(1, 1, 0, 0, 100);
        check(2, 1, 0, 5, 0);
        check(1, 1, 100, 1, 0);
        // More than it holds needs it full.
        check(2, 50, 0, 5, 0);
        check(1, 50, 100, 1, 400);
        // In debt.
        buckets.charge(1, 10, at(100));
        check(1, 1, 100, 0, 1_000);
        check(1, 1, 1_099, 0, 1);
        check(1, 1, 10_000, 5, 0);
        assert_eq!(Buckets::new(Rate::NONE).level(1, 1, at(0)), None);
    }
}
