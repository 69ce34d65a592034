//! API keys as their holders write them: `tnr_KEYID_SECRET`.
//!
//! The log keeps the SHA-256 of the secret. A slow, salted hash protects what people choose; 32 random bytes can be
//! neither guessed nor looked up, so it would only make every request slow.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;
use tenure_events::{ApiKeyId, Hash};
use zeroize::Zeroizing;

/// An API key with its secret. Printing it shows the key id alone.
#[derive(Clone)]
pub struct Token {
    key: ApiKeyId,
    secret: Zeroizing<[u8; 32]>,
}

/// The text is no API key. It is not repeated here: it may hold a secret all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an API key reads `tnr_KEYID_SECRET`, as it was shown when it was issued")]
pub struct InvalidToken;

impl Token {
    /// A new secret for this key.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn generate(key: ApiKeyId) -> Result<Self, getrandom::Error> {
        let mut secret = Zeroizing::new([0; 32]);
        getrandom::fill(secret.as_mut_slice())?;
        Ok(Self { key, secret })
    }

    /// Whose secret it claims to be.
    #[must_use]
    pub fn key(&self) -> &ApiKeyId {
        &self.key
    }

    /// What the log keeps of the secret.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash::of(self.secret.as_slice())
    }

    /// Whether this is the hash of the secret, in a time that does not tell how far they agree.
    #[must_use]
    pub fn matches(&self, hash: &Hash) -> bool {
        self.hash().0.ct_eq(&hash.0).into()
    }

    /// The whole API key, to be shown once to the person whom it is for.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        let secret = Zeroizing::new(URL_SAFE_NO_PAD.encode(self.secret.as_slice()));
        Zeroizing::new(format!("{PREFIX}{}_{}", self.key, *secret))
    }
}

impl std::str::FromStr for Token {
    type Err = InvalidToken;

    /// Reads from the right: a key id may hold `_`, and so may the secret, but its length is known.
    fn from_str(text: &str) -> Result<Self, InvalidToken> {
        let parse = || {
            let rest = text.strip_prefix(PREFIX)?;
            let (key, encoded) = rest.split_at_checked(rest.len().checked_sub(ENCODED)?)?;
            let key = ApiKeyId::new(key.strip_suffix('_')?).ok()?;
            let mut secret = Zeroizing::new([0; 32]);
            let length = URL_SAFE_NO_PAD.decode_slice(encoded, secret.as_mut_slice()).ok()?;
            (length == secret.len()).then_some(Self { key, secret })
        };
        parse().ok_or(InvalidToken)
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Token({PREFIX}{}_…)", self.key)
    }
}

const PREFIX: &str = "tnr_";

/// Length of 32 bytes in base64url without padding.
const ENCODED: usize = 43;

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    fn check(text: &str, want: Option<&str>) {
        let parsed = text.parse::<Token>();
        assert_eq!(parsed.as_ref().ok().map(|token| token.key().as_str()), want, "{text:?}");
        if let Ok(token) = parsed {
            assert_eq!(token.reveal().as_str(), text);
        }
    }

    #[test]
    fn forms() {
        check(&format!("tnr_a_{SECRET}"), Some("a"));
        check(&format!("tnr_a_b-c_{SECRET}"), Some("a_b-c"));
        check(&format!("tnr___{SECRET}"), Some("_"));
        check(&format!("tnr_tnr_a__{SECRET}"), Some("tnr_a_"));
        check(&format!("tnr_{}_{SECRET}", "x".repeat(128)), Some(&"x".repeat(128)));
        check(&format!("tnr_{}_{SECRET}", "x".repeat(129)), None);
        check(&format!("tnr_a_{}", "_".repeat(42) + "8"), Some("a"));
        check(&format!("tnr__{SECRET}"), None);
        check(&format!("tnr_a{SECRET}"), None);
        check(&format!("tnr_{SECRET}"), None);
        check(&format!("TNR_a_{SECRET}"), None);
        check(&format!(" tnr_a_{SECRET}"), None);
        check(&format!("tnr_a_{SECRET}\n"), None);
        check(&format!("tnr_a.b_{SECRET}"), None);
        check(&format!("tnr_a_{}", &SECRET[1..]), None);
        check(&format!("tnr_a_{SECRET}A"), None);
        check(&format!("tnr_a_{}9", &SECRET[..42]), None); // the same bytes, written another way
        check(&format!("tnr_a_{}/", &SECRET[..42]), None);
        check(&format!("tnr_a_é{}", &SECRET[..42]), None);
        check("tnr_", None);
        check("", None);
    }

    #[test]
    fn a_generated_token_matches_its_own_hash_only() {
        let key = ApiKeyId::new("k_1").unwrap();
        let (token, other) = (Token::generate(key.clone()).unwrap(), Token::generate(key).unwrap());
        let read: Token = token.reveal().parse().unwrap();
        assert!(read.matches(&token.hash()));
        assert!(!other.matches(&token.hash()));
        assert!(!token.matches(&Hash::default()));
    }

    #[test]
    fn the_hash_is_sha_256_of_the_secret() {
        let token: Token = format!("tnr_a_{SECRET}").parse().unwrap();
        assert_eq!(token.hash().to_string(), "Yw3NKWbEM2aRElRIu7JbT_QSpJxzLbLIq8G4WBvXEN0");
    }

    #[test]
    fn printing_tells_no_secret() {
        let token: Token = format!("tnr_a_{SECRET}").parse().unwrap();
        assert_eq!(format!("{token:?}"), "Token(tnr_a_…)");
        let wrong = format!("tnr_a_{SECRET}?").parse::<Token>().unwrap_err();
        assert!(!format!("{wrong} {wrong:?}").contains(SECRET));
    }
}
