//! The Data Hub story against a real node over HTTP: every step and what must come of it.

use crate::support::program::{run, snapshots};

#[test]
fn data_hub() {
    let demo = run(&["demo", "--story", "data-hub"]).exits(0);
    snapshots().bind(|| insta::assert_snapshot!("story-data-hub", demo.out));
}
