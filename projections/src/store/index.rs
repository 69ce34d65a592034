//! Key → link by hash, insert only. The keys lie with the elements, outside.
//!
//! Open addressing with linear probing in 64 shards, so that growing copies a small table at a time. Readers go on in
//! the table that they found: all that was inserted before their look-up began is in it. Outgrown tables stay
//! allocated, together as large as the current ones.

use std::hash::{BuildHasher, Hash};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use foldhash::fast::RandomState;

use super::{Link, append, follow};

const SHARD_BITS: u32 = 6;
const SHARDS: usize = 1 << SHARD_BITS;
const SMALLEST: usize = 8;

pub(super) struct Index {
    hasher: RandomState,
    shards: [Shard; SHARDS],
    tables: boxcar::Vec<Table>,
}

/// One shard's current table, and how many entries it has (the writer's own number).
#[derive(Default)]
struct Shard {
    table: AtomicU32,
    entries: AtomicU32,
}

/// A power of two of entries, zero if free: the lower half of the key's hash, which also says where to look first,
/// above the link. So a key that is not there is found missing without touching elements, and growing needs no keys.
type Table = Box<[AtomicU64]>;

impl Index {
    pub(super) fn new() -> Self {
        Self {
            hasher: RandomState::default(),
            shards: std::array::from_fn(|_| Shard::default()),
            tables: boxcar::Vec::new(),
        }
    }

    /// The element under a key: `get` brings the element of a link if its key is the one asked for.
    #[inline]
    pub(super) fn find<T>(&self, key: impl Hash, get: impl Fn(Link) -> Option<T>) -> Option<T> {
        let (shard, tag) = self.place(key);
        // Acquire, here and in the loop: a table is full and an element complete before it can be reached.
        let table = follow(&self.tables, shard?.table.load(Ordering::Acquire))?;
        probe(table, tag)
            .map(|entry| entry.load(Ordering::Acquire))
            .take_while(|entry| *entry != 0)
            .filter(|entry| (entry >> 32) as u32 == tag)
            .find_map(|entry| get(entry as Link))
    }

    /// Puts a link under a key that is not there yet.
    pub(super) fn insert(&self, key: impl Hash, link: Link) {
        let (Some(shard), tag) = self.place(key) else {
            return;
        };
        let entries = shard.entries.load(Ordering::Relaxed);
        let table = follow(&self.tables, shard.table.load(Ordering::Acquire));
        let table = match table {
            Some(table) if (entries as usize + 1) * 4 <= table.len() * 3 => table,
            Some(_) | None => self.grow(shard, table),
        };
        put(table, u64::from(tag) << 32 | u64::from(link), Ordering::Release);
        shard.entries.store(entries + 1, Ordering::Relaxed);
    }

    /// Gives a shard a table of twice the size, published when all entries are in it.
    fn grow<'a>(&'a self, shard: &Shard, old: Option<&'a Table>) -> &'a [AtomicU64] {
        let size = old.map_or(SMALLEST, |table| table.len() * 2);
        let table: Table = (0..size).map(|_| AtomicU64::new(0)).collect();
        for entry in old.into_iter().flatten() {
            match entry.load(Ordering::Relaxed) {
                0 => {}
                entry => put(&table, entry, Ordering::Relaxed),
            }
        }
        let link = append(&self.tables, table);
        shard.table.store(link, Ordering::Release);
        follow(&self.tables, link).map_or(&[], |table| table)
    }

    /// The shard of a key, from the upper end of its hash, and the tag, from the lower.
    #[inline]
    fn place(&self, key: impl Hash) -> (Option<&Shard>, u32) {
        let hash = self.hasher.hash_one(key);
        (self.shards.get((hash >> (u64::BITS - SHARD_BITS)) as usize), hash as u32)
    }
}

/// Puts an entry into the first free place.
fn put(table: &[AtomicU64], entry: u64, ordering: Ordering) {
    if let Some(free) = probe(table, (entry >> 32) as u32).find(|place| place.load(Ordering::Relaxed) == 0) {
        free.store(entry, ordering);
    }
}

/// The places of a tag in the order in which they are tried.
#[inline]
fn probe(table: &[AtomicU64], tag: u32) -> impl Iterator<Item = &AtomicU64> {
    let mask = table.len().wrapping_sub(1);
    (0..table.len()).filter_map(move |step| table.get((tag as usize).wrapping_add(step) & mask))
}
