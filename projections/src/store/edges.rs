//! One timeline per pair of handles, listed from both ends.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::dense::Dense;
use super::index::Index;
use super::timeline::{Later, Timeline, Version};
use super::{Handle, Link, Position, append, follow};

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
    timeline: &'a Timeline<V>,
    later: &'a Later<V>,
}

struct Table<V> {
    index: Index,
    /// The newest edge of each end.
    newest_from: Dense<AtomicU32>,
    newest_to: Dense<AtomicU32>,
    slots: boxcar::Vec<Slot<V>>,
    later: Later<V>,
}

struct Slot<V> {
    from: Handle,
    to: Handle,
    /// The next older edge of the same end.
    older_from: Link,
    older_to: Link,
    timeline: Timeline<V>,
}

const _: () = assert!(size_of::<Slot<u64>>() <= 40, "with the flag beside it, a slot fits one cache line");

impl<V> Edges<V> {
    /// No edges.
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// The newest version of an edge at or before a position.
    #[inline]
    pub fn get(&self, from: Handle, to: Handle, at: Position) -> Option<&Version<V>> {
        let table = self.0.get()?;
        let (_, slot) = table.find(from, to)?;
        slot.timeline.at(&table.later, at)
    }

    /// An edge, if it was ever made.
    pub fn edge(&self, from: Handle, to: Handle) -> Option<Edge<'_, V>> {
        let table = self.0.get()?;
        let (link, slot) = table.find(from, to)?;
        Some(table.edge(link - 1, slot))
    }

    /// Sets an edge's value from a position on, making the edge if need be. For the writer alone; positions of an edge
    /// must not decrease, and of two values at one position readers get the later.
    pub fn set(&self, from: Handle, to: Handle, position: Position, value: V) {
        let table = self.0.get_or_init(|| Box::new(Table::new()));
        match table.find(from, to) {
            Some((_, slot)) => slot.timeline.push(&table.later, position, value),
            None => table.make(from, to, Timeline::new(position, value)),
        }
    }

    /// All edges from an end, newest first.
    pub fn from(&self, from: Handle) -> impl Iterator<Item = Edge<'_, V>> {
        self.list(move |table| newest(&table.newest_from, from), |slot| slot.older_from)
    }

    /// All edges to an end, newest first.
    pub fn to(&self, to: Handle) -> impl Iterator<Item = Edge<'_, V>> {
        self.list(move |table| newest(&table.newest_to, to), |slot| slot.older_to)
    }

    /// The edges from an end that are older than a given one, newest first: the next page of [`Edges::from`].
    pub fn from_before(&self, from: Handle, cursor: EdgeNumber) -> impl Iterator<Item = Edge<'_, V>> {
        let start = move |table: &Table<V>| match follow(&table.slots, cursor.saturating_add(1)) {
            Some(slot) if slot.from == from => slot.older_from,
            Some(_) | None => newest(&table.newest_from, from),
        };
        self.list(start, |slot| slot.older_from).skip_while(move |edge| edge.number >= cursor)
    }

    /// The edges to an end that are older than a given one, newest first: the next page of [`Edges::to`].
    pub fn to_before(&self, to: Handle, cursor: EdgeNumber) -> impl Iterator<Item = Edge<'_, V>> {
        let start = move |table: &Table<V>| match follow(&table.slots, cursor.saturating_add(1)) {
            Some(slot) if slot.to == to => slot.older_to,
            Some(_) | None => newest(&table.newest_to, to),
        };
        self.list(start, |slot| slot.older_to).skip_while(move |edge| edge.number >= cursor)
    }

    /// All edges in the order of making.
    pub fn all(&self) -> impl Iterator<Item = Edge<'_, V>> {
        let slots = self.0.get().into_iter().flat_map(|table| table.slots.iter().map(move |slot| (table, slot)));
        slots.filter_map(|(table, (number, slot))| Some(table.edge(EdgeNumber::try_from(number).ok()?, slot)))
    }

    fn list(
        &self,
        start: impl FnOnce(&Table<V>) -> Link,
        older: impl Fn(&Slot<V>) -> Link,
    ) -> impl Iterator<Item = Edge<'_, V>> {
        let table = self.0.get();
        let mut link = table.map_or(0, |table| start(table));
        std::iter::from_fn(move || {
            let table = table?;
            let slot = follow(&table.slots, link)?;
            let number = link - 1;
            link = older(slot);
            Some(table.edge(number, slot))
        })
    }
}

impl<V> Default for Edges<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a, V> Edge<'a, V> {
    /// The newest version at or before a position.
    pub fn at(&self, position: Position) -> Option<&'a Version<V>> {
        self.timeline.at(self.later, position)
    }

    /// All versions, newest first.
    pub fn versions(&self) -> impl Iterator<Item = &'a Version<V>> + use<'a, V> {
        self.timeline.versions(self.later)
    }
}

impl<V> Table<V> {
    fn new() -> Self {
        Self {
            index: Index::new(),
            newest_from: Dense::new(),
            newest_to: Dense::new(),
            slots: boxcar::Vec::new(),
            later: Later::default(),
        }
    }

    #[inline]
    fn find(&self, from: Handle, to: Handle) -> Option<(Link, &Slot<V>)> {
        self.index.find((from, to), |link| {
            follow(&self.slots, link).filter(|slot| slot.from == from && slot.to == to).map(|slot| (link, slot))
        })
    }

    fn make(&self, from: Handle, to: Handle, timeline: Timeline<V>) {
        let (older_from, older_to) = (newest(&self.newest_from, from), newest(&self.newest_to, to));
        let link = append(&self.slots, Slot { from, to, older_from, older_to, timeline });
        self.index.insert((from, to), link);
        publish(&self.newest_from, from, link);
        publish(&self.newest_to, to, link);
    }

    fn edge<'a>(&'a self, number: EdgeNumber, slot: &'a Slot<V>) -> Edge<'a, V> {
        Edge { number, from: slot.from, to: slot.to, timeline: &slot.timeline, later: &self.later }
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
