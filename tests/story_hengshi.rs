//! The Hengshi story against a real node over HTTP: every step and what must come of it.

use crate::support::program::{run, snapshots};

/// `tenure demo` judges every act by itself and fails if one comes out otherwise; here the whole of it is approved.
#[test]
fn hengshi() {
    let demo = run(&["demo", "--story", "hengshi"]).exits(0);
    snapshots().bind(|| insta::assert_snapshot!("story-hengshi", demo.out));
}
