//! Handle → cell, for handles that lie close together: pages of cells under a directory, both made when first used.

use std::sync::OnceLock;

use super::Handle;

const PAGE_BITS: u32 = 7;
const PAGE: usize = 1 << PAGE_BITS;
/// Directory levels double: the first has one page, the last reaches the highest handle.
const LEVELS: usize = (Handle::BITS - PAGE_BITS) as usize + 1;

type Page<T> = OnceLock<Box<[T]>>;

/// A cell for each handle; those never asked for by [`Dense::cell`] read as absent or as fresh.
pub(super) struct Dense<T> {
    levels: [OnceLock<Box<[Page<T>]>>; LEVELS],
}

impl<T: Default> Dense<T> {
    pub(super) const fn new() -> Self {
        Self { levels: [const { OnceLock::new() }; LEVELS] }
    }

    /// The cell of a handle, if its page was made.
    #[inline]
    pub(super) fn get(&self, handle: Handle) -> Option<&T> {
        let (level, page, cell) = place(handle);
        self.levels.get(level)?.get()?.get(page)?.get()?.get(cell)
    }

    /// The cell of a handle; none only if there were no such handle.
    pub(super) fn cell(&self, handle: Handle) -> Option<&T> {
        let (level, page, cell) = place(handle);
        let pages = self.levels.get(level)?.get_or_init(|| (0..1 << level).map(|_| Page::new()).collect());
        pages.get(page)?.get_or_init(|| (0..PAGE).map(|_| T::default()).collect()).get(cell)
    }

    /// All cells of all pages that were made, with their handles, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Handle, &T)> {
        let levels = self.levels.iter().enumerate().filter_map(|(level, pages)| Some((level, pages.get()?)));
        let pages = levels.flat_map(|(level, pages)| (0..).zip(pages).map(move |(page, cells)| (level, page, cells)));
        let cells = pages.filter_map(|(level, page, cells)| Some(((1_u64 << level) - 1 + page, cells.get()?)));
        cells
            .flat_map(|(page, cells)| (page << PAGE_BITS..).zip(cells))
            .filter_map(|(handle, cell)| Some((Handle::try_from(handle).ok()?, cell)))
    }
}

/// The level, the page in it and the cell in that of a handle.
#[inline]
fn place(handle: Handle) -> (usize, usize, usize) {
    let page = (handle as usize >> PAGE_BITS) + 1;
    let level = page.ilog2() as usize;
    (level, page - (1 << level), handle as usize % PAGE)
}
