//! A version in one word, and one value through time in such words, for values that are mostly small.
//!
//! The newest version stands in the index beside the key, so that who asks for the present reads nothing else; where it
//! leads to, once there is more than one, are the eight before it, in one cache line: a *chunk*. How chunks follow each
//! other stands apart, in *steps*. Besides the chunk before it, each step knows one further back (a skew-binary list,
//! Myers 1983), so that any depth is searched in logarithmic time.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::dense::Dense;
use super::{Link, Position, Version, append, follow};

/// A value of which most fit into a few bits. All others are kept as well, elsewhere, at the price of another load.
pub trait Small: Clone {
    /// Its code, below 2^23, if it has one: another for each value.
    fn code(&self) -> Option<u32> {
        None
    }

    /// The value of a code that [`Small::code`] gave; none of any other.
    fn from_code(_: u32) -> Option<Self> {
        None
    }
}

impl Small for () {
    fn code(&self) -> Option<u32> {
        Some(0)
    }

    fn from_code(_: u32) -> Option<Self> {
        Some(())
    }
}

impl Small for bool {
    fn code(&self) -> Option<u32> {
        Some(u32::from(*self))
    }

    fn from_code(code: u32) -> Option<Self> {
        Some(code == 1)
    }
}

/// A version, never zero: its position plus one in 40 bits above the code in 23; or, with the highest bit, the number of
/// one that does not fit.
pub(super) type Word = u64;

const CODE_BITS: u32 = 23;
const POSITION_BITS: u32 = 40;
const WIDE: Word = 1 << 63;

const WORDS: usize = 8;

/// The versions of one value: the newest, and the newest of the chunks before it.
#[derive(Default)]
pub(super) struct Words {
    newest: AtomicU64,
    chunk: AtomicU32,
}

/// What the timelines of a structure have beside their newest words.
pub(super) struct Past<V> {
    chunks: Dense<Chunk, true>,
    steps: Dense<Step, true>,
    made: AtomicU32,
    wide: boxcar::Vec<Version<V>>,
}

/// Consecutive versions, oldest first; those not there yet are zero.
#[derive(Default)]
#[repr(align(64))]
struct Chunk([AtomicU64; WORDS]);

/// How a chunk goes on towards the past. Complete before the chunk is linked.
#[derive(Default)]
#[repr(align(32))]
struct Step {
    /// The positions at which the chunk and the one that it jumps to begin: say where to go without going there.
    first: AtomicU64,
    jump_first: AtomicU64,
    /// The chunk before this one, and one further back; none means that there is nothing.
    older: AtomicU32,
    jump: AtomicU32,
    /// How many chunks there are up to this one.
    depth: AtomicU32,
    /// Whose versions they are.
    owner: AtomicU32,
}

const _: () = assert!(size_of::<Chunk>() == 64 && size_of::<Step>() == 32, "each is in one cache line");

// Orderings: a version that is no longer the newest is put into a chunk, then the chunk is linked, then the newest is
// replaced, all with `Release`. Whoever loads the newest with `Acquire`, and then the chunk, misses none before it.
impl Words {
    /// Sets the first version of a value that has none.
    pub(super) fn begin(&self, word: Word) {
        self.newest.store(word, Ordering::Release);
    }

    /// Whether it has a first version.
    pub(super) fn has_begun(&self) -> bool {
        self.newest.load(Ordering::Acquire) != 0
    }

    /// The newest version at or before a position.
    #[inline]
    pub(super) fn at<V: Small>(&self, past: &Past<V>, position: Position) -> Option<Version<V>> {
        let newest = past.version(self.newest.load(Ordering::Acquire))?;
        if newest.position <= position { Some(newest) } else { past.at(self.chunk.load(Ordering::Acquire), position) }
    }

    /// All versions, newest first.
    pub(super) fn versions<'a, V: Small>(&self, past: &'a Past<V>) -> impl Iterator<Item = Version<V>> + use<'a, V> {
        // Read again if the writer came between, lest the newest be told twice or one be missing.
        let (newest, chunk, link) = loop {
            let newest = self.newest.load(Ordering::Acquire);
            let link = self.chunk.load(Ordering::Acquire);
            let chunk = past.words(link);
            if self.newest.load(Ordering::Acquire) == newest {
                break (newest, chunk, link);
            }
        };
        let links = std::iter::successors(Some(past.older(link)), |link| Some(past.older(*link)));
        let older = links.take_while(|link| *link != 0).flat_map(|link| past.words(link));
        let words = [newest].into_iter().chain(chunk).chain(older);
        words.filter_map(move |word| past.version(word))
    }

    /// Appends a version, and tells the link to the chunk before it. Positions must not decrease; of two versions at one
    /// position readers get the later.
    pub(super) fn push<V: Small>(&self, past: &Past<V>, owner: Link, word: Word) -> Link {
        let (before, newest) = (self.chunk.load(Ordering::Relaxed), self.newest.load(Ordering::Relaxed));
        let link = if past.put(before, newest) { before } else { past.make(before, newest, owner) };
        self.chunk.store(link, Ordering::Release);
        self.newest.store(word, Ordering::Release);
        link
    }
}

impl<V> Default for Past<V> {
    fn default() -> Self {
        Self { chunks: Dense::new(), steps: Dense::new(), made: AtomicU32::new(0), wide: boxcar::Vec::new() }
    }
}

impl<V: Small> Past<V> {
    /// A version as a word.
    pub(super) fn word(&self, position: Position, value: V) -> Word {
        match value.code() {
            Some(code) if code < 1 << CODE_BITS && position < (1 << POSITION_BITS) - 1 => {
                (position + 1) << CODE_BITS | Word::from(code)
            }
            Some(_) | None => WIDE | Word::from(append(&self.wide, Version { position, value })),
        }
    }

    /// The version that a word is; none if it is zero.
    #[inline]
    pub(super) fn version(&self, word: Word) -> Option<Version<V>> {
        if word & WIDE != 0 {
            return follow(&self.wide, word as Link).cloned();
        }
        let position = (word >> CODE_BITS).checked_sub(1)?;
        Some(Version { position, value: V::from_code((word & ((1 << CODE_BITS) - 1)) as u32)? })
    }

    /// Whose versions a chunk holds.
    pub(super) fn owner(&self, link: Link) -> Link {
        self.step(link).map_or(0, |step| step.owner.load(Ordering::Relaxed))
    }

    /// The newest version at or before a position, in this chunk or one before it; apart, to keep the common case short.
    #[inline(never)]
    pub(super) fn at(&self, mut link: Link, position: Position) -> Option<Version<V>> {
        let reached = |version: &Version<V>| version.position <= position;
        let found = self.words(link).find_map(|word| self.version(word).filter(reached));
        if found.is_some() {
            return found;
        }
        while let Some(step) = self.step(link) {
            if step.first.load(Ordering::Relaxed) <= position {
                return self.words(link).find_map(|word| self.version(word).filter(reached));
            }
            let jump = step.jump.load(Ordering::Relaxed);
            let passes = jump != 0 && step.jump_first.load(Ordering::Relaxed) > position;
            link = if passes { jump } else { step.older.load(Ordering::Relaxed) };
        }
        None
    }

    /// The words of a chunk, newest first; those not there yet are zero.
    fn words(&self, link: Link) -> impl Iterator<Item = Word> + use<V> {
        let chunk = link.checked_sub(1).and_then(|number| self.chunks.get(number));
        let words = chunk.map_or([0; WORDS], |Chunk(words)| words.each_ref().map(|word| word.load(Ordering::Acquire)));
        words.into_iter().rev()
    }

    fn step(&self, link: Link) -> Option<&Step> {
        self.steps.get(link.checked_sub(1)?)
    }

    fn older(&self, link: Link) -> Link {
        self.step(link).map_or(0, |step| step.older.load(Ordering::Relaxed))
    }

    /// Puts a word into a chunk, if there is room.
    fn put(&self, link: Link, word: Word) -> bool {
        let chunk = link.checked_sub(1).and_then(|number| self.chunks.get(number));
        let free = chunk.and_then(|Chunk(words)| words.iter().find(|word| word.load(Ordering::Relaxed) == 0));
        free.inspect(|place| place.store(word, Ordering::Release)).is_some()
    }

    /// Makes a chunk that begins with this word, behind another.
    fn make(&self, older: Link, word: Word, owner: Link) -> Link {
        let number = self.made.load(Ordering::Relaxed);
        let (Some(Chunk([first, ..])), Some(step)) = (self.chunks.cell(number), self.steps.cell(number)) else {
            return older;
        };
        first.store(word, Ordering::Relaxed);
        let begins = |link| self.step(link).map_or(0, |step| step.first.load(Ordering::Relaxed));
        let jump = self.jump(older);
        step.first.store(self.version(word).map_or(0, |version| version.position), Ordering::Relaxed);
        step.jump_first.store(begins(jump), Ordering::Relaxed);
        step.older.store(older, Ordering::Relaxed);
        step.jump.store(jump, Ordering::Relaxed);
        step.depth.store(self.depth(older) + 1, Ordering::Relaxed);
        step.owner.store(owner, Ordering::Relaxed);
        self.made.store(number + 1, Ordering::Relaxed);
        number + 1
    }

    /// Where the chunk behind the newest jumps to: past that one's two last jumps if they were equally long, else just to
    /// it.
    fn jump(&self, newest: Link) -> Link {
        let jump = |link| self.step(link).map_or(0, |step| step.jump.load(Ordering::Relaxed));
        let (once, twice) = (jump(newest), jump(jump(newest)));
        let (depth, halfway) = (self.depth(newest), self.depth(once));
        if newest != 0 && depth - halfway == halfway - self.depth(twice) { twice } else { newest }
    }

    fn depth(&self, link: Link) -> u32 {
        self.step(link).map_or(0, |step| step.depth.load(Ordering::Relaxed))
    }
}
