//! The data.all story against a real node over HTTP: every step and what must come of it.

use crate::support::program::{run, snapshots};

/// `tenure demo` judges every act by itself and fails if one comes out otherwise; here the whole of it is approved.
#[test]
fn data_all() {
    let demo = run(&["demo", "--story", "data-all"]).exits(0);
    snapshots().bind(|| insta::assert_snapshot!("story-data-all", demo.out));
}

#[test]
fn all_steps_are_told() {
    let stories = tenure::demo::stories();
    let story = stories.iter().find(|story| story.name == "data-all").unwrap();
    assert_eq!(story.steps.iter().map(|step| step.number).collect::<Vec<_>>(), (1..=9).collect::<Vec<u8>>());
}
