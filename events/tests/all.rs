//! The contract of the events: what was once written is read for ever, and is documented as it is.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "all/approved.rs"]
mod approved;
#[path = "all/asyncapi.rs"]
mod asyncapi;
#[path = "all/docs.rs"]
mod docs;
#[path = "all/envelope.rs"]
mod envelope;
#[path = "all/golden.rs"]
mod golden;
