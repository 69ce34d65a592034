//! What the events mean, told as small worlds and asked in one-line cases, and searched by random histories.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "all/content.rs"]
mod content;
#[path = "all/groups.rs"]
mod groups;
#[path = "all/judge.rs"]
mod judge;
#[path = "all/lookups.rs"]
mod lookups;
#[path = "all/random.rs"]
mod random;
#[path = "all/sight.rs"]
mod sight;
#[path = "all/world.rs"]
mod world;
