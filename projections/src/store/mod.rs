//! What lies under all read models: values that keep their whole history, read while they are written.
//!
//! - [`Ids`] number id texts; everything else speaks in those [`Handle`]s.
//! - [`Rows`] hold one timeline of values per handle, [`Edges`] one per pair of handles, listed from both ends.
//! - A timeline answers with the newest [`Version`] at or before a [`Position`], so the past is asked like the present.
//!
//! **One writer, any number of readers.** Nothing is ever changed or freed once readers can see it; hence readers get
//! plain references, and never lock, wait or allocate. Setters take `&self` because the state is shared; callers let
//! one writer in at a time. Writers that race stay memory safe but may lose each other's changes.
//!
//! **A consistent past.** A writer sets the changes of a position and then publishes that position (a release store).
//! Who reads at a published position (an acquire load) sees exactly the changes up to it, whatever the writer does
//! meanwhile: later versions are there already, but carry later positions. Lists may show edges made later; ask them
//! for their value at the position.
//!
//! Empty structures allocate nothing: a what-if makes and drops a set of them for each question.

mod dense;
mod edges;
mod ids;
mod index;
mod rows;
#[cfg(test)]
mod tests;
mod timeline;
mod word;

pub use edges::{Edge, EdgeNumber, Edges};
pub use ids::Ids;
pub use rows::Rows;
pub use timeline::Version;
pub use word::Small;

/// The place of an event in the log.
pub type Position = u64;

/// The number of an interned id: dense, in the order of the log.
pub type Handle = u32;

/// A reference by number to an element of an append-only vector: its number plus one. Zero refers to nothing, so
/// that fresh memory is full of empty links.
type Link = u32;

/// The element that a link refers to.
fn follow<T>(elements: &boxcar::Vec<T>, link: Link) -> Option<&T> {
    elements.get(link.checked_sub(1)? as usize)
}

/// Appends an element and gives the link to it. Four thousand million elements do not fit into memory; should they
/// one day, all further links go to the last.
fn append<T>(elements: &boxcar::Vec<T>, element: T) -> Link {
    Link::try_from(elements.push(element)).map_or(Link::MAX, |number| number.saturating_add(1))
}
