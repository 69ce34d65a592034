//! One timeline per handle.

use std::sync::OnceLock;

use super::dense::Dense;
use super::timeline::{Later, Timeline, Version};
use super::{Handle, Position};

/// Handle → timeline of values. A row lies where its handle says: reading it touches one place in memory.
pub struct Rows<V>(OnceLock<Box<Table<V>>>);

struct Table<V> {
    rows: Dense<OnceLock<Timeline<V>>>,
    later: Later<V>,
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
        table.rows.get(row)?.get()?.at(&table.later, at)
    }

    /// Sets a row's value from a position on. For the writer alone; positions of a row must not decrease, and of two
    /// values at one position readers get the later.
    pub fn set(&self, row: Handle, position: Position, value: V) {
        self.extend(row, [(position, value)]);
    }

    /// Sets a row's values from one position on after the other, as [`Rows::set`] does.
    pub fn extend(&self, row: Handle, versions: impl IntoIterator<Item = (Position, V)>) {
        let table = self.0.get_or_init(|| Box::new(Table { rows: Dense::new(), later: Later::default() }));
        let Some(cell) = table.rows.cell(row) else { return };
        for (position, value) in versions {
            match cell.get() {
                Some(timeline) => timeline.push(&table.later, position, value),
                None => drop(cell.set(Timeline::new(position, value))),
            }
        }
    }

    /// All versions of a row, newest first.
    pub fn versions(&self, row: Handle) -> impl Iterator<Item = &Version<V>> {
        let found = self.0.get().and_then(|table| Some((table, table.rows.get(row)?.get()?)));
        found.into_iter().flat_map(|(table, timeline)| timeline.versions(&table.later))
    }

    /// All rows ever set, in the order of their handles.
    pub fn rows(&self) -> impl Iterator<Item = Handle> {
        let cells = self.0.get().into_iter().flat_map(|table| table.rows.iter());
        cells.filter_map(|(row, cell)| cell.get().map(|_| row))
    }
}

impl<V> Default for Rows<V> {
    fn default() -> Self {
        Self::new()
    }
}
