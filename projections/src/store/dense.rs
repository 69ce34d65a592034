//! Handle → link, for handles that lie close together: pages of links under a directory, both made when first used.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Handle, Link};

const PAGE_BITS: u32 = 10;
const PAGE: usize = 1 << PAGE_BITS;
/// Directory levels double: the first has one page, the last reaches the highest handle.
const LEVELS: usize = (Handle::BITS - PAGE_BITS) as usize + 1;

type Page = OnceLock<Box<[AtomicU32; PAGE]>>;

/// A link for each handle; none until it is set.
pub(super) struct Dense {
    levels: [OnceLock<Box<[Page]>>; LEVELS],
}

impl Dense {
    pub(super) const fn new() -> Self {
        Self { levels: [const { OnceLock::new() }; LEVELS] }
    }

    #[inline]
    pub(super) fn get(&self, handle: Handle) -> Link {
        let (level, page, cell) = place(handle);
        let page = self.levels.get(level).and_then(OnceLock::get).and_then(|pages| pages.get(page)?.get());
        // Acquire: whoever sees a link sees what it refers to, which was complete before `set`.
        page.and_then(|cells| cells.get(cell)).map_or(0, |cell| cell.load(Ordering::Acquire))
    }

    pub(super) fn set(&self, handle: Handle, link: Link) {
        let (level, page, cell) = place(handle);
        let pages =
            self.levels.get(level).map(|pages| pages.get_or_init(|| (0..1 << level).map(|_| Page::new()).collect()));
        let page = pages.and_then(|pages| pages.get(page));
        let cells = page.map(|page| page.get_or_init(|| Box::new([const { AtomicU32::new(0) }; PAGE])));
        if let Some(cell) = cells.and_then(|cells| cells.get(cell)) {
            cell.store(link, Ordering::Release);
        }
    }
}

/// The level, the page in it and the cell in that of a handle.
#[inline]
fn place(handle: Handle) -> (usize, usize, usize) {
    let page = (handle as usize >> PAGE_BITS) + 1;
    let level = page.ilog2() as usize;
    (level, page - (1 << level), handle as usize % PAGE)
}
