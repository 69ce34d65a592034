//! Personal data as the log holds it: ciphertext only.

use std::borrow::Cow;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Text about a person, sealed with that person's own key: nonce, then ciphertext and tag, as the key store makes it.
///
/// In JSON it is `"sealed:BASE64"` without padding, so that nobody takes it for the text itself.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Sealed(Box<[u8]>);

impl Sealed {
    /// Wraps what the key store made.
    #[must_use]
    pub fn from_bytes(bytes: impl Into<Box<[u8]>>) -> Self {
        Self(bytes.into())
    }

    /// Nonce, ciphertext and tag.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

const PREFIX: &str = "sealed:";

impl Serialize for Sealed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = String::from(PREFIX);
        STANDARD_NO_PAD.encode_string(&self.0, &mut text);
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Sealed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl FromStr for Sealed {
    type Err = InvalidSealed;
    fn from_str(text: &str) -> Result<Self, InvalidSealed> {
        let code = text.strip_prefix(PREFIX).ok_or(InvalidSealed::Prefix)?;
        Ok(Self(STANDARD_NO_PAD.decode(code)?.into()))
    }
}

/// Why a text is no sealed text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSealed {
    /// It may be the text itself.
    #[error("sealed text starts with `sealed:`")]
    Prefix,
    /// What follows is not base64.
    #[error(transparent)]
    Code(#[from] base64::DecodeError),
}

impl schemars::JsonSchema for Sealed {
    fn schema_name() -> Cow<'static, str> {
        "Sealed".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "personal data, sealed with the person's own key, in base64",
            "pattern": "^sealed:[A-Za-z0-9+/]*$"
        })
    }
}
