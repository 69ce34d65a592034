//! One value through time: versions at increasing positions, newest found first.
//!
//! Most values are set once, so the first version lies inside the timeline. Many of the rest end once, so the second
//! lies alone. From the third on they come in chunks of six, linked from the newest to the oldest; besides the chunk
//! before it, each knows one further back (a skew-binary list, Myers 1983), so that any depth is searched in
//! logarithmic time.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Link, Position, append, follow};

/// What a value was from a position on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version<V> {
    /// The position of the event that made it so.
    pub position: Position,
    /// The value after that event.
    pub value: V,
}

/// The versions of one value. All but the first live in the [`Later`] of the structure it belongs to.
pub(super) struct Timeline<V> {
    first: Version<V>,
    second: AtomicU32,
    newest: AtomicU32,
}

/// The later versions of all timelines of a structure.
pub(super) struct Later<V> {
    seconds: boxcar::Vec<Version<V>>,
    chunks: boxcar::Vec<Chunk<V>>,
}

/// Up to six consecutive versions.
struct Chunk<V> {
    first: Version<V>,
    rest: [OnceLock<Version<V>>; 5],
    /// The chunk before this one; none means that the second version is next.
    older: Link,
    /// A chunk further back; none means the second version here as well.
    jump: Link,
    /// The position at which the jump's target begins: says whether to jump without going there.
    jump_position: Position,
    /// How many chunks there are up to this one.
    depth: u32,
}

// Orderings: a version is complete before the link to it is stored with `Release`, and links are loaded with
// `Acquire`, so whoever sees a link sees all that it leads to. Cells of a chunk do the same inside `OnceLock`.
impl<V> Timeline<V> {
    pub(super) fn new(position: Position, value: V) -> Self {
        let first = Version { position, value };
        Self { first, second: AtomicU32::new(0), newest: AtomicU32::new(0) }
    }

    /// The newest version at or before a position.
    #[inline]
    pub(super) fn at<'a>(&'a self, later: &'a Later<V>, position: Position) -> Option<&'a Version<V>> {
        match self.second.load(Ordering::Acquire) {
            0 => Some(&self.first).filter(|version| version.position <= position),
            second => self.at_among(later, second, position),
        }
    }

    /// The same where there are several versions; apart, to keep the common case short.
    #[inline(never)]
    fn at_among<'a>(&'a self, later: &'a Later<V>, second: Link, position: Position) -> Option<&'a Version<V>> {
        let reached = |version: &&Version<V>| version.position <= position;
        let first = Some(&self.first).filter(reached);
        let mut link = self.newest.load(Ordering::Acquire);
        while let Some(chunk) = follow(&later.chunks, link) {
            if chunk.first.position <= position {
                return chunk.versions().find(reached);
            }
            link = match chunk.jump {
                _ if chunk.jump_position <= position => chunk.older,
                // The second version, too, is later than what is asked for.
                0 => return first,
                jump => jump,
            };
        }
        follow(&later.seconds, second).filter(reached).or(first)
    }

    /// All versions, newest first.
    pub(super) fn versions<'a>(&'a self, later: &'a Later<V>) -> impl Iterator<Item = &'a Version<V>> {
        std::iter::successors(self.newest_chunk(later), |chunk| follow(&later.chunks, chunk.older))
            .flat_map(Chunk::versions)
            .chain(self.second(later))
            .chain(std::iter::once(&self.first))
    }

    /// Appends a version. Positions must not decrease; of two versions at one position readers get the later.
    pub(super) fn push(&self, later: &Later<V>, position: Position, value: V) {
        debug_assert!(self.versions(later).next().is_some_and(|newest| newest.position <= position));
        let version = Version { position, value };
        let Some(second) = self.second(later) else {
            return self.second.store(append(&later.seconds, version), Ordering::Release);
        };
        let newest = self.newest_chunk(later);
        let left = match newest {
            Some(chunk) => chunk.push(version),
            None => Some(version),
        };
        let Some(first) = left else {
            return;
        };
        let (jump, jump_position) = self.jump(later, second.position);
        let chunk = Chunk {
            first,
            rest: [const { OnceLock::new() }; 5],
            older: self.newest.load(Ordering::Acquire),
            jump,
            jump_position,
            depth: newest.map_or(0, |chunk| chunk.depth).saturating_add(1),
        };
        self.newest.store(append(&later.chunks, chunk), Ordering::Release);
    }

    /// Where the next chunk jumps to, and the position there: past the newest chunk's two last jumps if they were
    /// equally long, else just to the newest chunk.
    fn jump(&self, later: &Later<V>, second: Position) -> (Link, Position) {
        let depth = |link| follow(&later.chunks, link).map_or(0, |chunk| chunk.depth);
        let Some(newest) = self.newest_chunk(later) else {
            return (0, second);
        };
        let once = follow(&later.chunks, newest.jump);
        let (twice, twice_position) = once.map_or((0, second), |chunk| (chunk.jump, chunk.jump_position));
        let halfway = depth(newest.jump);
        if newest.depth.wrapping_sub(halfway) == halfway.wrapping_sub(depth(twice)) {
            (twice, twice_position)
        } else {
            (self.newest.load(Ordering::Acquire), newest.first.position)
        }
    }

    fn newest_chunk<'a>(&self, later: &'a Later<V>) -> Option<&'a Chunk<V>> {
        follow(&later.chunks, self.newest.load(Ordering::Acquire))
    }

    fn second<'a>(&self, later: &'a Later<V>) -> Option<&'a Version<V>> {
        follow(&later.seconds, self.second.load(Ordering::Acquire))
    }
}

impl<V> Default for Later<V> {
    fn default() -> Self {
        Self { seconds: boxcar::Vec::new(), chunks: boxcar::Vec::new() }
    }
}

impl<V> Chunk<V> {
    /// Its versions, newest first.
    #[inline]
    fn versions(&self) -> impl Iterator<Item = &Version<V>> {
        self.rest.iter().rev().filter_map(OnceLock::get).chain(std::iter::once(&self.first))
    }

    /// Puts a version into the first free cell, or gives it back if there is none.
    fn push(&self, version: Version<V>) -> Option<Version<V>> {
        self.rest.iter().try_fold(version, |version, cell| cell.set(version).err())
    }
}
