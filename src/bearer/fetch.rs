//! Fetches the keys of an issuer over HTTP.

use std::sync::LazyLock;
use std::time::Duration;

use ureq::Agent;

use crate::tls::{Authorities, connecting};

/// How long it may take.
const WITHIN: Duration = Duration::from_secs(5);

/// The most bytes that keys may have.
const MOST: u64 = 256 * 1024;

static AGENT: LazyLock<Agent> = LazyLock::new(|| {
    let config = Agent::config_builder()
        .max_redirects(0)
        .max_idle_connections(0)
        .timeout_global(Some(WITHIN))
        .tls_config(connecting(&Authorities::default()));
    config.build().into()
});

/// What is there. No redirect is followed: the address was registered, and no other.
pub fn fetch(uri: &str) -> Result<Vec<u8>, String> {
    let response = AGENT.get(uri).header("Accept", "application/jwk-set+json, application/json").call();
    let mut response = response.map_err(|error| error.to_string())?;
    if response.status() != 200 {
        return Err(format!("status {}", response.status()));
    }
    response.body_mut().with_config().limit(MOST).read_to_vec().map_err(|error| error.to_string())
}
