//! The story that `tenure demo` tells unless another is named, against a real node over HTTP.

use crate::support::program::{run, snapshots};

/// `tenure demo` judges every act by itself and fails if one comes out otherwise; here the whole of it is approved.
#[test]
fn saas() {
    let demo = run(&["demo"]).exits(0);
    snapshots().bind(|| insta::assert_snapshot!("story-saas", demo.out));
}
