//! One timeline per handle.

use std::sync::OnceLock;

use super::dense::Dense;
use super::timeline::{Later, Timeline, Version};
use super::{Handle, Position, append, follow};

/// Handle → timeline of values.
pub struct Rows<V>(OnceLock<Box<Table<V>>>);

struct Table<V> {
    places: Dense,
    rows: boxcar::Vec<Row<V>>,
    later: Later<V>,
}

struct Row<V> {
    row: Handle,
    timeline: Timeline<V>,
}

impl<V> Rows<V> {
    /// No rows.
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// The newest version of a row at or before a position.
    #[inline]
    pub fn get(&self, row: Handle, at: Position) -> Option<&Version<V>> {
        let table = self.0.get()?;
        table.find(row)?.timeline.at(&table.later, at)
    }

    /// Sets a row's value from a position on. For the writer alone; positions of a row must not decrease, and of two
    /// values at one position readers get the later.
    pub fn set(&self, row: Handle, position: Position, value: V) {
        let table = self.0.get_or_init(|| Box::new(Table::new()));
        match table.find(row) {
            Some(found) => found.timeline.push(&table.later, position, value),
            None => {
                let timeline = Timeline::new(position, value);
                table.places.set(row, append(&table.rows, Row { row, timeline }));
            }
        }
    }

    /// All versions of a row, newest first.
    pub fn versions(&self, row: Handle) -> impl Iterator<Item = &Version<V>> {
        let found = self.0.get().and_then(|table| Some((table, table.find(row)?)));
        found.into_iter().flat_map(|(table, row)| row.timeline.versions(&table.later))
    }

    /// All rows ever set, in the order of their first versions.
    pub fn rows(&self) -> impl Iterator<Item = Handle> {
        self.0.get().into_iter().flat_map(|table| table.rows.iter()).map(|(_, row)| row.row)
    }
}

impl<V> Default for Rows<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V> Table<V> {
    fn new() -> Self {
        Self { places: Dense::new(), rows: boxcar::Vec::new(), later: Later::default() }
    }

    #[inline]
    fn find(&self, row: Handle) -> Option<&Row<V>> {
        follow(&self.rows, self.places.get(row))
    }
}
