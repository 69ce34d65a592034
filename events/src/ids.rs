//! Identifiers: opaque strings that are one NATS subject token each, one type per kind of thing.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use compact_str::CompactString;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// The longest identifier, in characters (all of them are ASCII).
pub const MAX_ID: usize = 128;

/// Why a string is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// Nothing between the quotes.
    #[error("an id needs at least one character")]
    Empty,
    /// More than [`MAX_ID`] characters.
    #[error("an id has at most {MAX_ID} characters, this one has {0}")]
    TooLong(usize),
    /// Something outside `A-Z a-z 0-9 _ - : @ | ~`.
    #[error("an id may contain `A-Z a-z 0-9 _ - : @ | ~` only, not `{0}`")]
    Forbidden(char),
    /// A user id holding `@` or `|`, which would make it look like, or be, a mail address or a provider's subject.
    #[error("a user id may not contain `{0}`: it would put an address or an external identity into the log")]
    Personal(char),
}

/// Where a byte may stand, as bits: in an id, in a user's id, in a word of the catalogue. Every event holds several of
/// them, so that each byte is looked up once, and nothing is asked before the last.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which refuses what is outside")]
const ALPHABETS: [u8; 256] = {
    let mut alphabets = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        alphabets[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' => ID | USER | WORD,
            b':' | b'~' => ID | USER,
            b'@' | b'|' => ID,
            b'.' => WORD,
            _ => 0,
        };
        byte += 1;
    }
    alphabets
};
const ID: u8 = 1;
/// Without `@` and `|`.
const USER: u8 = 2;
/// Catalogue words may hold dots as well: they are never a subject token.
const WORD: u8 = 4;

fn validate(text: &str, alphabet: u8) -> Result<(), InvalidId> {
    let places = |byte: u8| ALPHABETS.get(usize::from(byte)).copied().unwrap_or_default();
    let outside = |alphabet| text.chars().find(|c| !u8::try_from(*c).is_ok_and(|byte| places(byte) & alphabet != 0));
    let of_all = |bytes: &[u8]| bytes.iter().fold(u8::MAX, |all, byte| all & places(*byte));
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    if text.is_empty() {
        return Err(InvalidId::Empty);
    }
    if words.iter().fold(of_all(rest), |all, word| all & of_all(word)) & alphabet == 0
        && let Some(bad) = outside(alphabet)
    {
        return Err(if alphabet == USER && outside(ID).is_none() {
            InvalidId::Personal(bad)
        } else {
            InvalidId::Forbidden(bad)
        });
    }
    if text.len() > MAX_ID { Err(InvalidId::TooLong(text.len())) } else { Ok(()) }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $alphabet:ident, $pattern:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(into = "CompactString")]
        pub struct $name(CompactString);

        impl $name {
            /// The identifier, if the text is one.
            ///
            /// # Errors
            /// Says which rule the text breaks.
            pub fn new(text: impl Into<CompactString>) -> Result<Self, InvalidId> {
                let text = text.into();
                validate(&text, $alphabet)?;
                Ok(Self(text))
            }

            /// The text of it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<CompactString> for $name {
            type Error = InvalidId;
            fn try_from(text: CompactString) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                validate(text, $alphabet)?;
                Ok(Self(CompactString::new(text)))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Text(PhantomData))
            }
        }

        impl From<$name> for CompactString {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl From<uuid::Uuid> for $name {
            /// A hyphenated UUID is always a valid identifier.
            fn from(id: uuid::Uuid) -> Self {
                Self(CompactString::from(id.hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()) as &str))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}

/// Reads whatever a text can be parsed as.
struct Text<T>(PhantomData<T>);

impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id")
    }

    #[inline]
    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

id!(
    /// An organisation.
    OrgId,
    ID,
    "^[A-Za-z0-9_:@|~-]{1,128}$"
);
id!(
    /// A user. Contains neither `@` nor `|`.
    UserId,
    USER,
    "^[A-Za-z0-9_:~-]{1,128}$"
);
id!(
    /// A group (team).
    GroupId,
    ID,
    "^[A-Za-z0-9_:@|~-]{1,128}$"
);
id!(
    /// A role. Roles that a preset gives to every org are called `NAME@ORG`.
    RoleId,
    ID,
    "^[A-Za-z0-9_:@|~-]{1,128}$"
);
id!(
    /// A piece of content.
    ResourceId,
    ID,
    "^[A-Za-z0-9_:@|~-]{1,128}$"
);
id!(
    /// An environment.
    EnvironmentId,
    ID,
    "^[A-Za-z0-9_:@|~-]{1,128}$"
);
id!(
    /// An API key (its public handle, not its secret).
    ApiKeyId,
    ID,
    "^[A-Za-z0-9_:@|~-]{1,128}$"
);
id!(
    /// An issuer: an identity provider, registered for the platform or for a tenant.
    IssuerId,
    ID,
    "^[A-Za-z0-9_:@|~-]{1,128}$"
);
id!(
    /// A privilege of the catalogue, such as `chart.edit`. One dot separates kind and action.
    Privilege,
    WORD,
    "^[A-Za-z0-9_.-]{1,128}$"
);
id!(
    /// A user type of the catalogue, such as `viewer`.
    UserType,
    WORD,
    "^[A-Za-z0-9_.-]{1,128}$"
);
id!(
    /// A kind of content in the catalogue, such as `chart`.
    Kind,
    WORD,
    "^[A-Za-z0-9_.-]{1,128}$"
);

id!(
    /// A tenant permission of the catalogue, such as `manage-organizations`.
    TenantPermission,
    WORD,
    "^[A-Za-z0-9_.-]{1,128}$"
);

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: std::str::FromStr<Err = InvalidId>>(text: &str, want: Result<(), InvalidId>) {
        assert_eq!(text.parse::<T>().map(drop), want, "{text:?}");
    }

    #[test]
    fn forms() {
        check::<OrgId>("educate", Ok(()));
        check::<OrgId>("A-z_0:@|~", Ok(()));
        check::<OrgId>("", Err(InvalidId::Empty));
        check::<OrgId>("a.b", Err(InvalidId::Forbidden('.')));
        check::<OrgId>("a b", Err(InvalidId::Forbidden(' ')));
        check::<OrgId>("a>", Err(InvalidId::Forbidden('>')));
        check::<OrgId>("a*", Err(InvalidId::Forbidden('*')));
        check::<OrgId>("é", Err(InvalidId::Forbidden('é')));
        check::<OrgId>(&"x".repeat(128), Ok(()));
        check::<OrgId>(&"x".repeat(129), Err(InvalidId::TooLong(129)));
        check::<UserId>("sally", Ok(()));
        check::<UserId>("sally@educate", Err(InvalidId::Personal('@')));
        check::<UserId>("auth0|17", Err(InvalidId::Personal('|')));
        check::<RoleId>("guest@m", Ok(()));
        check::<Privilege>("chart.edit", Ok(()));
        check::<Privilege>("chart edit", Err(InvalidId::Forbidden(' ')));
    }
}
