//! Number → cell, for numbers that lie close together: pages of cells under a directory, both made when first used.

use std::sync::OnceLock;

const PAGE_BITS: u32 = 7;
/// Directory levels double: the first has 128 cells, the last reaches the highest number.
const LEVELS: usize = (u32::BITS - PAGE_BITS) as usize + 1;

type Page<T> = OnceLock<Box<[T]>>;

/// A cell for each number; those never asked for by [`Dense::cell`] read as absent or as fresh.
///
/// Where the numbers have no `GAPLESS` order, pages are small, so that a lone one costs little. Otherwise they grow with
/// the level, so that the directory stays in the processor's cache however many cells there are, and no page takes long
/// to make.
pub(super) struct Dense<T, const GAPLESS: bool = false> {
    levels: [OnceLock<Box<[Page<T>]>>; LEVELS],
}

impl<T: Default, const GAPLESS: bool> Dense<T, GAPLESS> {
    pub(super) const fn new() -> Self {
        Self { levels: [const { OnceLock::new() }; LEVELS] }
    }

    /// The cell of a number, if its page was made.
    #[inline]
    pub(super) fn get(&self, number: u32) -> Option<&T> {
        let Place { level, page, cell, .. } = Self::place(number);
        self.levels.get(level)?.get()?.get(page)?.get()?.get(cell)
    }

    /// The cell of a number; none only if there were no such number.
    pub(super) fn cell(&self, number: u32) -> Option<&T> {
        let Place { level, page, cell, bits } = Self::place(number);
        let pages = || (0..1_u64 << (level as u32 + PAGE_BITS - bits)).map(|_| Page::new()).collect();
        let pages = self.levels.get(level)?.get_or_init(pages);
        pages.get(page)?.get_or_init(|| (0..1_u64 << bits).map(|_| T::default()).collect()).get(cell)
    }

    /// All cells of all pages that were made, with their numbers, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        let levels = (0..).zip(&self.levels).filter_map(|(level, pages)| Some((level, pages.get()?)));
        let pages =
            levels.flat_map(|(level, pages)| (0_u64..).zip(pages).map(move |(page, cells)| (level, page, cells)));
        let made = pages.filter_map(|(level, page, cells)| {
            let first = (((1_u64 << level) - 1) << PAGE_BITS) + (page << Self::page_bits(level));
            Some((first, cells.get()?))
        });
        made.flat_map(|(first, cells)| (first..).zip(cells))
            .filter_map(|(number, cell)| Some((u32::try_from(number).ok()?, cell)))
    }

    #[inline]
    const fn page_bits(level: u32) -> u32 {
        if GAPLESS { PAGE_BITS + level / 2 } else { PAGE_BITS }
    }

    #[inline]
    const fn place(number: u32) -> Place {
        let shifted = number as u64 + (1 << PAGE_BITS);
        let level = (shifted >> PAGE_BITS).ilog2();
        let bits = Self::page_bits(level);
        let within = (shifted - (1 << (level + PAGE_BITS))) as usize;
        Place { level: level as usize, page: within >> bits, cell: within & ((1 << bits) - 1), bits }
    }
}

/// The level of a cell, its page there, its place in that, and how large pages of the level are.
struct Place {
    level: usize,
    page: usize,
    cell: usize,
    bits: u32,
}
