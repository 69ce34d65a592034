//! What several integration tests share.

pub mod given;
pub mod hub;
pub mod licensed;
pub mod memory;
pub mod nats;
pub mod platform;
pub mod program;
pub mod provider;
pub mod proxy;
pub mod server;
pub mod stream;
pub mod world;

use std::path::Path;

/// Settings under which an approved output is `snapshots/NAME.snap`, whichever file asks:
///
/// ```ignore
/// snapshots().bind(|| insta::assert_snapshot!("access-matrix", matrix));
/// ```
pub fn snapshots() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}
