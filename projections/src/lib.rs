//! What the events of Tenure mean: timelines, state, views, the access check, lookups and history.
//!
//! Pure: no I/O, no clock, no keys. Start at [`State`], into which events are installed, and [`View`], of which every
//! question is asked, live or past.

mod apply;
mod codes;
mod digest;
pub mod due;
pub mod history;
mod install;
pub mod judge;
pub mod lookup;
pub mod names;
pub mod packed;
pub mod sight;
mod state;
pub mod store;
mod upkeep;
pub mod values;
mod view;

pub use apply::{Change, apply};
pub use digest::Digest;
pub use state::{State, Value, Visitor};
pub use view::{Changes, Fact, View, judged_at};
