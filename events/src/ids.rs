//! Identifiers: opaque strings that are one NATS subject token each, one type per kind of thing.

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

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

fn validate(text: &str) -> Result<(), InvalidId> {
    if text.is_empty() {
        return Err(InvalidId::Empty);
    }
    // By bytes: every event holds several ids, and nearly all of them are good.
    let allowed =
        |byte: u8| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b':' | b'@' | b'|' | b'~');
    all(text, allowed)?;
    if text.len() > MAX_ID { Err(InvalidId::TooLong(text.len())) } else { Ok(()) }
}

fn validate_user(text: &str) -> Result<(), InvalidId> {
    validate(text)?;
    let personal = text.bytes().find(|byte| matches!(byte, b'@' | b'|'));
    personal.map_or(Ok(()), |bad| Err(InvalidId::Personal(char::from(bad))))
}

fn all(text: &str, allowed: impl Fn(u8) -> bool) -> Result<(), InvalidId> {
    // All of them, without a branch for each: several at once.
    if text.bytes().fold(true, |good, byte| good & allowed(byte)) {
        return Ok(());
    }
    let bad = text.chars().find(|c| !u8::try_from(*c).is_ok_and(|byte| byte.is_ascii() && allowed(byte)));
    bad.map_or(Ok(()), |bad| Err(InvalidId::Forbidden(bad)))
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $validate:path, $pattern:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "CompactString", into = "CompactString")]
        pub struct $name(CompactString);

        impl $name {
            /// The identifier, if the text is one.
            ///
            /// # Errors
            /// Says which rule the text breaks.
            pub fn new(text: impl Into<CompactString>) -> Result<Self, InvalidId> {
                let text = text.into();
                $validate(&text)?;
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
                Self::new(text)
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

id!(
    /// An organisation.
    OrgId,
    validate,
    "^[A-Za-z0-9_:@|~-]{1,128}$"
);
id!(
    /// A user. Contains neither `@` nor `|`.
    UserId,
    validate_user,
    "^[A-Za-z0-9_:~-]{1,128}$"
);
id!(
    /// A group (team).
    GroupId,
    validate,
    "^[A-Za-z0-9_:@|~-]{1,128}$"
);
id!(
    /// A role. Roles that a preset gives to every org are called `NAME@ORG`.
    RoleId,
    validate,
    "^[A-Za-z0-9_:@|~-]{1,128}$"
);
id!(
    /// A piece of content.
    ResourceId,
    validate,
    "^[A-Za-z0-9_:@|~-]{1,128}$"
);
id!(
    /// An environment.
    EnvironmentId,
    validate,
    "^[A-Za-z0-9_:@|~-]{1,128}$"
);
id!(
    /// An API key (its public handle, not its secret).
    ApiKeyId,
    validate,
    "^[A-Za-z0-9_:@|~-]{1,128}$"
);
id!(
    /// A privilege of the catalogue, such as `chart.edit`. One dot separates kind and action.
    Privilege,
    validate_name,
    "^[A-Za-z0-9_.-]{1,128}$"
);
id!(
    /// A user type of the catalogue, such as `viewer`.
    UserType,
    validate_name,
    "^[A-Za-z0-9_.-]{1,128}$"
);
id!(
    /// A kind of content in the catalogue, such as `chart`.
    Kind,
    validate_name,
    "^[A-Za-z0-9_.-]{1,128}$"
);

id!(
    /// A tenant permission of the catalogue, such as `manage-organizations`.
    TenantPermission,
    validate_name,
    "^[A-Za-z0-9_.-]{1,128}$"
);

/// Catalogue words may hold dots as well: they are never a subject token.
fn validate_name(text: &str) -> Result<(), InvalidId> {
    if text.is_empty() {
        return Err(InvalidId::Empty);
    }
    all(text, |byte| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.'))?;
    if text.len() > MAX_ID { Err(InvalidId::TooLong(text.len())) } else { Ok(()) }
}

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
