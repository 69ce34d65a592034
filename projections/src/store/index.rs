//! Key → word and link by hash, insert only: one line of the processor's cache holds what a look-up needs.
//!
//! A *bucket* of three entries fills one cache line. Buckets stand in *segments* with linear probing, and the upper bits
//! of a key's hash choose the segment by a directory (extendible hashing, Fagin 1979). A segment that has become too full
//! is copied: into one of twice the size while it is small, else into two, each with one more bit of the hash. So growing
//! copies some thousand entries at a time, however large the index is, and no reader or writer waits for more.
//!
//! **Recycling.** Readers go on in the segment that they found: all that was inserted before their look-up began is in
//! it, and it stays as it is, until one of the next splits takes its memory. A segment has a generation, which moves on
//! before it is filled anew and which the directory names. Who finds it moved on has read nonsense and looks again.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

use foldhash::fast::RandomState;

use super::{Link, append, follow};

const LANES: usize = 3;
/// Buckets of the first segment and of the largest: 128 bytes and 256 KiB.
const SMALLEST: usize = 2;
const LARGEST: usize = 4096;
/// How many bits of hashes tell segments apart. More are never needed, unless hashes are bad.
const DEEPEST: u32 = 24;

/// `WHOLE`: whether the word belongs to the key, and so never changes.
pub(super) struct Index<const WHOLE: bool> {
    hasher: RandomState,
    /// The directory in use: segment numbers below their generations, a power of two of them.
    directory: AtomicU32,
    directories: boxcar::Vec<Box<[AtomicU64]>>,
    segments: boxcar::Vec<Segment>,
    /// A segment out of use, to be filled anew. Each split needs two and leaves one, so there is never another.
    spare: AtomicU32,
}

struct Segment {
    buckets: Box<[Bucket]>,
    generation: AtomicU32,
    /// For the writer: how many entries there are, and how many bits of the hash they share.
    entries: AtomicU32,
    depth: AtomicU32,
}

/// Entries are put in from the first lane on; one without a link is free.
#[derive(Default)]
#[repr(align(64))]
struct Bucket {
    keys: [AtomicU64; LANES],
    words: [AtomicU64; LANES],
    links: [AtomicU32; LANES],
}

const _: () = assert!(size_of::<Bucket>() == 64, "a bucket is one cache line");

/// What is filed under a key.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub key: u64,
    pub word: u64,
    pub link: Link,
}

impl<const WHOLE: bool> Index<WHOLE> {
    pub(super) fn new() -> Self {
        Self {
            hasher: RandomState::default(),
            directory: AtomicU32::new(0),
            directories: boxcar::Vec::new(),
            segments: boxcar::Vec::new(),
            spare: AtomicU32::new(0),
        }
    }

    /// The first entry under this key that `is` the one sought.
    #[inline]
    pub(super) fn find(&self, key: u64, word: u64, is: impl Fn(&Entry) -> bool) -> Option<Entry> {
        let hash = self.hash(key, word);
        loop {
            let (generation, segment) = self.segment(hash)?;
            let found = segment.find::<WHOLE>(hash, key, word, &is);
            // All that was read so far was read before the generation is.
            fence(Ordering::Acquire);
            if segment.generation.load(Ordering::Relaxed) == generation {
                return found;
            }
        }
    }

    /// Files an entry under a key that is not there yet. For the writer alone, as all that follows.
    pub(super) fn insert(&self, entry: Entry) {
        let hash = self.hash(entry.key, entry.word);
        let segment = match self.segment(hash) {
            Some((_, segment)) if segment.has_room() => segment,
            Some(_) | None => {
                self.grow(hash);
                let Some((_, segment)) = self.segment(hash) else { return };
                segment
            }
        };
        segment.put(hash, entry);
    }

    /// Makes room for so many entries at once, if there are none yet.
    pub(super) fn reserve(&self, entries: usize) {
        let buckets = (entries * 4).div_ceil(3 * LANES).next_power_of_two().max(SMALLEST);
        let segments = buckets.div_ceil(LARGEST);
        if self.directory.load(Ordering::Relaxed) == 0 {
            let fresh = |_| self.fresh(buckets.min(LARGEST), segments.trailing_zeros()).0;
            self.publish((0..segments).map(fresh).collect());
        }
    }

    /// Gives the entry of a key another word and link.
    pub(super) fn update(&self, entry: Entry) {
        let hash = self.hash(entry.key, entry.word);
        let Some((_, segment)) = self.segment(hash) else { return };
        let place = segment.probe(hash).find_map(|bucket| Some((bucket, bucket.lane::<WHOLE>(entry.key, entry.word)?)));
        if let Some((bucket, lane)) = place {
            bucket.update(lane, entry);
        }
    }

    #[inline]
    fn hash(&self, key: u64, word: u64) -> u64 {
        if WHOLE { self.hasher.hash_one((key, word)) } else { self.hasher.hash_one(key) }
    }

    /// The segment of a hash, and the generation in which it is meant.
    #[inline]
    fn segment(&self, hash: u64) -> Option<(u32, &Segment)> {
        // Acquire, here and below: whoever sees a number sees what it stands for, which was complete before.
        let directory = follow(&self.directories, self.directory.load(Ordering::Acquire))?;
        let entry = directory.get(prefix(hash, directory.len()))?.load(Ordering::Acquire);
        Some(((entry >> 32) as u32, follow(&self.segments, entry as Link)?))
    }

    /// Makes room where a hash belongs.
    #[cold]
    fn grow(&self, hash: u64) {
        let directory = follow(&self.directories, self.directory.load(Ordering::Acquire));
        let (Some(directory), Some((_, old))) = (directory, self.segment(hash)) else {
            return self.publish(vec![self.fresh(SMALLEST, 0).0]);
        };
        let (buckets, depth) = (old.buckets.len(), old.depth.load(Ordering::Relaxed));
        let splits = buckets >= LARGEST && depth < DEEPEST;
        let (zero, zeros) = if splits { self.fresh(LARGEST, depth + 1) } else { self.fresh(buckets * 2, depth) };
        let (one, ones) = if splits { self.fresh(LARGEST, depth + 1) } else { (zero, zeros) };
        for entry in old.entries() {
            let hash = self.hash(entry.key, entry.word);
            if bit(hash, depth) { ones.put(hash, entry) } else { zeros.put(hash, entry) }
        }
        let twice = splits && directory.len() >> depth == 1;
        let entries = directory.iter().map(|entry| entry.load(Ordering::Relaxed));
        let mut entries: Vec<u64> =
            entries.flat_map(|entry| std::iter::repeat_n(entry, 1 + usize::from(twice))).collect();
        // The places of the old segment: those that begin with the bits that its entries share.
        let span = entries.len() >> depth;
        let first = prefix(hash, entries.len()) / span * span;
        let places = entries.iter_mut().skip(first).take(span).enumerate();
        let unused = places
            .fold(0, |_, (place, entry)| std::mem::replace(entry, if place < span / 2 { zero } else { one }) as Link);
        if twice {
            self.publish(entries);
        } else {
            directory.iter().zip(entries).for_each(|(place, entry)| place.store(entry, Ordering::Release));
        }
        if buckets == LARGEST {
            self.spare.store(unused, Ordering::Relaxed);
        }
    }

    /// An empty segment, as the directory names it.
    fn fresh(&self, buckets: usize, depth: u32) -> (u64, &Segment) {
        let spare = if buckets == LARGEST { self.spare.swap(0, Ordering::Relaxed) } else { 0 };
        let (link, segment) = match follow(&self.segments, spare) {
            Some(segment) => (spare, segment),
            None => {
                let link = append(&self.segments, Segment::new(buckets));
                let Some(segment) = follow(&self.segments, link) else { return self.fresh(buckets, depth) };
                (link, segment)
            }
        };
        let generation = segment.restart(depth);
        (u64::from(generation) << 32 | u64::from(link), segment)
    }

    /// Puts another directory in the place of the one in use.
    fn publish(&self, entries: Vec<u64>) {
        let directory = append(&self.directories, entries.into_iter().map(AtomicU64::new).collect());
        self.directory.store(directory, Ordering::Release);
    }
}

impl Segment {
    fn new(buckets: usize) -> Self {
        let buckets = (0..buckets).map(|_| Bucket::default()).collect();
        Self { buckets, generation: AtomicU32::new(0), entries: AtomicU32::new(0), depth: AtomicU32::new(0) }
    }

    /// Empties it for the next generation.
    fn restart(&self, depth: u32) -> u32 {
        let generation = self.generation.load(Ordering::Relaxed).wrapping_add(1);
        self.generation.store(generation, Ordering::Relaxed);
        // Whoever reads anything that is stored below will see the generation as well.
        fence(Ordering::Release);
        if self.entries.swap(0, Ordering::Relaxed) > 0 {
            self.buckets.iter().flat_map(|bucket| &bucket.links).for_each(|link| link.store(0, Ordering::Relaxed));
        }
        self.depth.store(depth, Ordering::Relaxed);
        generation
    }

    fn has_room(&self) -> bool {
        (self.entries.load(Ordering::Relaxed) as usize + 1) * 4 <= self.buckets.len() * LANES * 3
    }

    #[inline]
    fn find<const WHOLE: bool>(&self, hash: u64, key: u64, word: u64, is: impl Fn(&Entry) -> bool) -> Option<Entry> {
        for bucket in self.probe(hash) {
            match bucket.lane::<WHOLE>(key, word) {
                Some(lane) => {
                    let entry = bucket.entry(lane)?;
                    if is(&entry) {
                        return Some(entry);
                    }
                    return self.find_among(hash, |entry| entry.key == key && entry.word == word && is(entry));
                }
                None if bucket.has_room() => return None,
                None => {}
            }
        }
        None
    }

    /// Where several have the same key, as hashes may.
    #[cold]
    fn find_among(&self, hash: u64, is: impl Fn(&Entry) -> bool) -> Option<Entry> {
        let entries = self.probe(hash).flat_map(|bucket| (0..LANES).map_while(|lane| bucket.entry(lane)));
        entries.take(self.entries.load(Ordering::Relaxed) as usize).find(is)
    }

    fn put(&self, hash: u64, entry: Entry) {
        let mut buckets = self.probe(hash).filter_map(|bucket| Some((bucket, bucket.free()?)));
        if let Some((bucket, lane)) = buckets.next() {
            bucket.put(lane, entry);
            self.entries.store(self.entries.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        }
    }

    fn entries(&self) -> impl Iterator<Item = Entry> {
        self.buckets.iter().flat_map(|bucket| (0..LANES).filter_map(|lane| bucket.entry(lane)))
    }

    /// The buckets in the order in which a hash tries them.
    #[inline]
    fn probe(&self, hash: u64) -> impl Iterator<Item = &Bucket> {
        let mask = self.buckets.len().wrapping_sub(1);
        (0..self.buckets.len()).filter_map(move |step| self.buckets.get((hash as usize).wrapping_add(step) & mask))
    }
}

impl Bucket {
    /// The lane of the first entry with this key. All lanes are compared before any is chosen: which one it is cannot be
    /// foreseen, and a wrong guess would cost more than that, and hold up the loads that come after.
    #[inline]
    fn lane<const WHOLE: bool>(&self, key: u64, word: u64) -> Option<usize> {
        let is = |lane: usize| -> Option<usize> {
            let there = self.links.get(lane)?.load(Ordering::Acquire) != 0;
            let same = self.keys.get(lane)?.load(Ordering::Relaxed) == key;
            let whole = !WHOLE || self.words.get(lane)?.load(Ordering::Relaxed) == word;
            Some(usize::from(there & same & whole))
        };
        let found = is(0)? | is(1)? << 1 | is(2)? << 2;
        (found != 0).then(|| found.trailing_zeros() as usize)
    }

    #[inline]
    fn entry(&self, lane: usize) -> Option<Entry> {
        let link = self.links.get(lane)?;
        // Acquire: whoever sees a link sees the entry, and whoever sees a word sees the link that came before it.
        let there = link.load(Ordering::Acquire) != 0;
        let key = self.keys.get(lane)?.load(Ordering::Relaxed);
        let word = self.words.get(lane)?.load(Ordering::Acquire);
        there.then(|| Entry { key, word, link: link.load(Ordering::Acquire) })
    }

    #[inline]
    fn has_room(&self) -> bool {
        let [.., last] = &self.links;
        last.load(Ordering::Acquire) == 0
    }

    fn update(&self, lane: usize, entry: Entry) {
        if let (Some(word), Some(link)) = (self.words.get(lane), self.links.get(lane)) {
            link.store(entry.link, Ordering::Release);
            word.store(entry.word, Ordering::Release);
        }
    }

    fn free(&self) -> Option<usize> {
        (0..LANES).find(|lane| self.entry(*lane).is_none())
    }

    fn put(&self, lane: usize, entry: Entry) {
        let (key, word, link) = (self.keys.get(lane), self.words.get(lane), self.links.get(lane));
        if let (Some(key), Some(word), Some(link)) = (key, word, link) {
            key.store(entry.key, Ordering::Relaxed);
            word.store(entry.word, Ordering::Relaxed);
            link.store(entry.link, Ordering::Release);
        }
    }
}

/// Where in a directory of a power of two of entries a hash belongs: its upper bits.
#[inline]
fn prefix(hash: u64, entries: usize) -> usize {
    // In two steps, as no number can be shifted by all of its bits.
    (hash >> 1 >> (u64::BITS - 1 - entries.trailing_zeros())) as usize
}

/// The bit of a hash behind its first `depth` bits.
fn bit(hash: u64, depth: u32) -> bool {
    hash << depth >> (u64::BITS - 1) == 1
}
