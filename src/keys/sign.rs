//! What the platform signs, so that it knows it again: JSON Web Signatures in their compact form (RFC 7515, section 3.1)
//! with Ed25519 (RFC 8037).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer as _, SigningKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::KeyStore;
use super::seal::framed;

const HEADER: &str = r#"{"alg":"EdDSA","typ":"tenure-bundle"}"#;

/// Keeps the key of bundles apart from all else that is made of the platform's secret. Read as the length of an issuer,
/// with which handles of identities begin, it is longer than any text.
const PURPOSE: &[u8] = b"tenure bundles, Ed25519, 1";

/// The same for the key of fingerprints.
const FINGERPRINTS: &[u8] = b"tenure fingerprints, HMAC-SHA256, 1";

/// The same for the key of cursors.
const CURSORS: &[u8] = b"tenure cursors, HMAC-SHA256, 1";

impl KeyStore {
    /// The payload, signed. The same payload gives the same text.
    #[must_use]
    pub fn sign(&self, payload: &[u8]) -> String {
        let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(payload));
        let signature = self.signing_key().sign(text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }

    /// The payload of what [`KeyStore::sign`] of this store signed; none of anything else, were it by one bit.
    #[must_use]
    pub fn verified(&self, signed: &str) -> Option<Vec<u8>> {
        let (text, signature) = signed.rsplit_once('.')?;
        let (header, payload) = text.split_once('.')?;
        let signature: [u8; 64] = URL_SAFE_NO_PAD.decode(signature).ok()?.try_into().ok()?;
        let key = self.signing_key().verifying_key();
        key.verify_strict(text.as_bytes(), &Signature::from_bytes(&signature)).ok()?;
        let is_ours = URL_SAFE_NO_PAD.decode(header).is_ok_and(|header| header == HEADER.as_bytes());
        URL_SAFE_NO_PAD.decode(payload).ok().filter(|_| is_ours)
    }

    /// A hash of a text under the platform's secret: the same text has the same, and without the secret nobody can find a
    /// text by trying.
    #[must_use]
    pub fn fingerprint(&self, text: &[u8]) -> [u8; 32] {
        let key = self.derived(FINGERPRINTS);
        hmac(key.as_slice(), text)
    }

    /// The tag of a cursor that belongs to these parts, in this order. The same parts give the same tag, and without the
    /// platform's secret nobody can make one.
    #[must_use]
    pub fn cursor_tag(&self, parts: &[&[u8]]) -> [u8; 16] {
        let key = self.derived(CURSORS);
        hmac(key.as_slice(), &framed(parts)).first_chunk().copied().unwrap_or_default()
    }

    /// Made of the platform's secret: it is there from the first, and kept and backed up with it.
    fn signing_key(&self) -> SigningKey {
        SigningKey::from_bytes(&self.derived(PURPOSE))
    }

    fn derived(&self, purpose: &[u8]) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(hmac(self.secret.as_slice(), purpose))
    }
}

pub(super) fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC is defined for keys of every length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}
