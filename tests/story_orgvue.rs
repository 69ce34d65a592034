//! The Orgvue story against a real node over HTTP: every step and what must come of it.

use crate::support::program::{run, snapshots};

/// `tenure demo` judges every act by itself and fails if one comes out otherwise; here the whole of it is approved.
#[test]
fn orgvue() {
    let demo = run(&["demo", "--story", "orgvue"]).exits(0);
    snapshots().bind(|| insta::assert_snapshot!("story-orgvue", demo.out));
}

/// Every story tells every step of its document, in order.
#[test]
fn all_steps_are_told() {
    for story in tenure::demo::stories() {
        let steps: Vec<usize> = story.steps.iter().map(|step| usize::from(step.number)).collect();
        let told = match story.name {
            "panintelligence" => 22,
            "orgvue" => 11,
            "hengshi" => 14,
            "saas" => 8,
            // Of the others their own tests say it.
            _ => steps.len(),
        };
        assert_eq!(steps, (1..=told).collect::<Vec<_>>(), "{}", story.name);
    }
}
