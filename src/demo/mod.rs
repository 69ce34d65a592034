//! Stories played against a node over its public API, each step with what must come of it.

mod data_all;
mod data_hub;
mod hengshi;
mod orgvue;
mod panintelligence;
mod play;
mod saas;
mod story;

pub use play::{EventLine, Outcome, Played, Scene, Verdict, play, short_kind};
pub use story::{Act, Because, Check, Cited, Point, Stage, Step, Story, Try, Want, What};

/// Every story that there is.
#[must_use]
pub fn stories() -> Vec<Story> {
    vec![
        panintelligence::story(),
        data_hub::story(),
        orgvue::story(),
        data_all::story(),
        hengshi::story(),
        saas::story(),
    ]
}
