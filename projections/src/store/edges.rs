//! One timeline per pair of handles, listed from both ends.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::dense::Dense;
use super::index::{Entry, Index};
use super::word::{Past, Small, Words};
use super::{Handle, Link, Position, Version};

/// The number of an edge, in the order of making: where to continue a list.
pub type EdgeNumber = u32;

/// (from, to) → timeline of values. An edge, once made, stays listed: whether it counts is said by its value.
pub struct Edges<V>(OnceLock<Box<Table<V>>>);

/// One pair and its values through time.
pub struct Edge<'a, V> {
    /// Its place in the order of making.
    pub number: EdgeNumber,
    /// The end that it comes from.
    pub from: Handle,
    /// The end that it goes to.
    pub to: Handle,
    words: &'a Words,
    past: &'a Past<V>,
}

struct Table<V> {
    /// Both ends → the newest version, and the link to the slot; or, once there are more, with `PAST` to those before.
    index: Index<false>,
    /// The newest edge of each end.
    newest_from: Dense<AtomicU32>,
    newest_to: Dense<AtomicU32>,
    slots: Dense<Slot, true>,
    made: AtomicU32,
    past: Past<V>,
}

/// Says of a link in the index that it leads to a chunk of versions.
const PAST: Link = 1 << 31;

/// Complete before it is linked.
#[derive(Default)]
#[repr(align(32))]
struct Slot {
    from: AtomicU32,
    to: AtomicU32,
    /// The next older edge of the same end.
    older_from: AtomicU32,
    older_to: AtomicU32,
    words: Words,
}

const _: () = assert!(size_of::<Slot>() == 32, "two slots fill a cache line");

impl<V> Edges<V> {
    /// No edges.
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }
}

impl<V: Small> Edges<V> {
    /// The newest version of an edge at or before a position.
    #[inline]
    pub fn get(&self, from: Handle, to: Handle, at: Position) -> Option<Version<V>> {
        let table = self.0.get()?;
        let entry = table.find(from, to)?;
        let newest = table.past.version(entry.word)?;
        if newest.position <= at { Some(newest) } else { table.earlier(entry.link, at) }
    }

    /// An edge, if it was ever made.
    pub fn edge(&self, from: Handle, to: Handle) -> Option<Edge<'_, V>> {
        let table = self.0.get()?;
        table.edge(table.owner(&table.find(from, to)?))
    }

    /// Sets an edge's value from a position on, making the edge if need be. For the writer alone; positions of an edge
    /// must not decrease, and of two values at one position readers get the later.
    pub fn set(&self, from: Handle, to: Handle, position: Position, value: V) {
        self.extend(from, to, [(position, value)]);
    }

    /// Sets an edge's values from one position on after the other, as [`Edges::set`] does.
    pub fn extend(&self, from: Handle, to: Handle, versions: impl IntoIterator<Item = (Position, V)>) {
        let table = self.0.get_or_init(|| Box::new(Table::new()));
        let mut words = versions.into_iter().map(|(position, value)| table.past.word(position, value));
        let entry = table.find(from, to).or_else(|| table.make(from, to, words.next()?));
        let Some((owner, entry)) = entry.map(|entry| (table.owner(&entry), entry)) else { return };
        let Some(slot) = table.slot(owner) else { return };
        let push = |word| Entry { word, link: PAST | slot.words.push(&table.past, owner, word), ..entry };
        if let Some(newest) = words.map(push).last() {
            table.index.update(newest);
        }
    }

    /// Makes room for so many edges at once, if there are none yet.
    pub fn reserve(&self, edges: usize) {
        self.0.get_or_init(|| Box::new(Table::new())).index.reserve(edges);
    }

    /// All edges from an end, newest first.
    pub fn from(&self, from: Handle) -> impl Iterator<Item = Edge<'_, V>> {
        self.list(move |table| newest(&table.newest_from, from), |slot| &slot.older_from)
    }

    /// All edges to an end, newest first.
    pub fn to(&self, to: Handle) -> impl Iterator<Item = Edge<'_, V>> {
        self.list(move |table| newest(&table.newest_to, to), |slot| &slot.older_to)
    }

    /// The edges from an end that are older than a given one, newest first: the next page of [`Edges::from`].
    pub fn from_before(&self, from: Handle, cursor: EdgeNumber) -> impl Iterator<Item = Edge<'_, V>> {
        let start = move |table: &Table<V>| match table.slot(cursor.saturating_add(1)) {
            Some(slot) if slot.from.load(Ordering::Relaxed) == from => slot.older_from.load(Ordering::Relaxed),
            Some(_) | None => newest(&table.newest_from, from),
        };
        self.list(start, |slot| &slot.older_from).skip_while(move |edge| edge.number >= cursor)
    }

    /// The edges to an end that are older than a given one, newest first: the next page of [`Edges::to`].
    pub fn to_before(&self, to: Handle, cursor: EdgeNumber) -> impl Iterator<Item = Edge<'_, V>> {
        let start = move |table: &Table<V>| match table.slot(cursor.saturating_add(1)) {
            Some(slot) if slot.to.load(Ordering::Relaxed) == to => slot.older_to.load(Ordering::Relaxed),
            Some(_) | None => newest(&table.newest_to, to),
        };
        self.list(start, |slot| &slot.older_to).skip_while(move |edge| edge.number >= cursor)
    }

    /// All edges in the order of making.
    pub fn all(&self) -> impl Iterator<Item = Edge<'_, V>> {
        let tables = self.0.get().into_iter();
        tables.flat_map(|table| (1..=table.made.load(Ordering::Acquire)).filter_map(|link| table.edge(link)))
    }

    fn list(
        &self,
        start: impl FnOnce(&Table<V>) -> Link,
        older: impl Fn(&Slot) -> &AtomicU32,
    ) -> impl Iterator<Item = Edge<'_, V>> {
        let table = self.0.get();
        let mut link = table.map_or(0, |table| start(table));
        std::iter::from_fn(move || {
            let (table, found) = (table?, link);
            link = older(table.slot(found)?).load(Ordering::Relaxed);
            table.edge(found)
        })
    }
}

impl<V> Default for Edges<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a, V: Small> Edge<'a, V> {
    /// The newest version at or before a position.
    pub fn at(&self, position: Position) -> Option<Version<V>> {
        self.words.at(self.past, position)
    }

    /// All versions, newest first.
    pub fn versions(&self) -> impl Iterator<Item = Version<V>> + use<'a, V> {
        self.words.versions(self.past)
    }
}

impl<V: Small> Table<V> {
    fn new() -> Self {
        Self {
            index: Index::new(),
            newest_from: Dense::new(),
            newest_to: Dense::new(),
            slots: Dense::new(),
            made: AtomicU32::new(0),
            past: Past::default(),
        }
    }

    #[inline]
    fn find(&self, from: Handle, to: Handle) -> Option<Entry> {
        let key = u64::from(from) << 32 | u64::from(to);
        self.index.find(key, 0, |_| true)
    }

    /// What an edge was before its newest version.
    fn earlier(&self, link: Link, at: Position) -> Option<Version<V>> {
        if link & PAST == 0 { None } else { self.past.at(link & !PAST, at) }
    }

    /// The link to the slot of an edge.
    fn owner(&self, entry: &Entry) -> Link {
        if entry.link & PAST == 0 { entry.link } else { self.past.owner(entry.link & !PAST) }
    }

    fn make(&self, from: Handle, to: Handle, word: u64) -> Option<Entry> {
        let number = self.made.load(Ordering::Relaxed);
        let (slot, link) = (self.slots.cell(number)?, number + 1);
        slot.from.store(from, Ordering::Relaxed);
        slot.to.store(to, Ordering::Relaxed);
        slot.older_from.store(newest(&self.newest_from, from), Ordering::Relaxed);
        slot.older_to.store(newest(&self.newest_to, to), Ordering::Relaxed);
        slot.words.begin(word);
        self.made.store(link, Ordering::Release);
        let entry = Entry { key: u64::from(from) << 32 | u64::from(to), word, link };
        self.index.insert(entry);
        publish(&self.newest_from, from, link);
        publish(&self.newest_to, to, link);
        Some(entry)
    }

    fn slot(&self, link: Link) -> Option<&Slot> {
        self.slots.get(link.checked_sub(1)?).filter(|slot| slot.words.has_begun())
    }

    fn edge(&self, link: Link) -> Option<Edge<'_, V>> {
        let slot = self.slot(link)?;
        let (from, to) = (slot.from.load(Ordering::Relaxed), slot.to.load(Ordering::Relaxed));
        Some(Edge { number: link - 1, from, to, words: &slot.words, past: &self.past })
    }
}

/// The newest edge of an end.
#[inline]
fn newest(heads: &Dense<AtomicU32>, end: Handle) -> Link {
    // Acquire: whoever sees a link sees the edge that it refers to, which was complete before `publish`.
    heads.get(end).map_or(0, |head| head.load(Ordering::Acquire))
}

fn publish(heads: &Dense<AtomicU32>, end: Handle, link: Link) {
    if let Some(head) = heads.cell(end) {
        head.store(link, Ordering::Release);
    }
}
