//! External identities, known to the log by a keyed hash only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::seal::framed;
use super::sign::hmac;

/// HMAC-SHA256 of issuer and subject under the platform's secret. Its text is base64url without padding.
///
/// Whoever reads the log can neither turn it back nor try out addresses, as they could with a plain hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentityHandle([u8; 32]);

impl IdentityHandle {
    pub(super) fn new(secret: &[u8; 32], issuer: &str, subject: &str) -> Self {
        Self(hmac(secret, &framed(&[issuer.as_bytes(), subject.as_bytes()])))
    }

    /// The hash itself.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Display for IdentityHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}
