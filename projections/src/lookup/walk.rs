//! Walking lists within lists, from where the page before stopped.

use std::ops::ControlFlow;

use super::{Cursor, Page};

/// Whether to go on, or the page is done.
pub(super) type Flow = ControlFlow<()>;

/// How many entries one page looks at, whatever it finds.
const BUDGET: usize = 10_000;

/// Where lists of this module's own making begin to number their entries, downward.
const TOP: u32 = u32::MAX - 1;

/// A page in the making.
pub(super) struct Walk<T> {
    /// At each depth the number below which to begin.
    resume: Vec<u32>,
    /// The same for the entry that the walk is at.
    path: Vec<u32>,
    limit: usize,
    budget: usize,
    pub items: Vec<T>,
    next: Option<Cursor>,
}

impl<T> Walk<T> {
    pub fn new(limit: usize, cursor: &Cursor) -> Self {
        let resume = cursor.0.clone();
        Self { resume, path: Vec::new(), limit, budget: BUDGET, items: Vec::new(), next: None }
    }

    /// Goes through a list inside the entry that the walk is at. The list is given from below a number on, in the order
    /// of falling numbers, so that it can be entered in the middle without going through what lies before.
    pub fn through<E, I: Iterator<Item = (u32, E)>>(
        &mut self,
        list: impl FnOnce(u32) -> I,
        mut each: impl FnMut(&mut Self, E) -> Flow,
    ) -> Flow {
        let depth = self.path.len();
        let mut bound = self.resume.get(depth).copied().unwrap_or(u32::MAX);
        for (number, entry) in list(bound) {
            self.path.push(bound);
            if self.budget == 0 || self.items.len() == self.limit {
                self.next = Some(Cursor(self.path.clone()));
                return Flow::Break(());
            }
            self.budget -= 1;
            let flow = each(self, entry);
            self.path.pop();
            flow?;
            // Only the first entry can be the one that the page before stopped in; the others are entered at their top.
            self.resume.truncate(depth);
            bound = number;
        }
        Flow::Continue(())
    }

    /// [`Walk::through`] a few entries that are at hand, in their order.
    pub fn each<E>(&mut self, entries: impl IntoIterator<Item = E>, each: impl FnMut(&mut Self, E) -> Flow) -> Flow {
        let entries = entries.into_iter();
        self.through(|below| (0..=TOP).rev().zip(entries).skip_while(move |(number, _)| *number >= below), each)
    }

    /// Takes these items.
    pub fn all(&mut self, items: impl IntoIterator<Item = T>) -> Flow {
        self.each(items, |walk, item| walk.take(Some(item)))
    }

    /// Takes an item, if it is one.
    pub fn take(&mut self, item: Option<T>) -> Flow {
        self.items.extend(item);
        Flow::Continue(())
    }

    pub fn page(self) -> Page<T> {
        Page { items: self.items, next: self.next }
    }
}
