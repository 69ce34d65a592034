//! Names compare NFC-normalised and case-folded, each within its scope.

use std::fmt::Write as _;

use tenure_events::data::NameScope;
use unicode_normalization::UnicodeNormalization as _;

use crate::store::Handle;

/// Where a name must be the only one of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Orgs under one parent; none for the root.
    Orgs(Option<Handle>),
    /// Groups of an org; none for global ones.
    Groups(Option<Handle>),
    /// Roles of an org; none for global ones.
    Roles(Option<Handle>),
    /// Environments of an org.
    Environments(Handle),
    /// Content of one kind in an org, and in a folder if names are per folder.
    Resources {
        /// The org.
        org: Handle,
        /// The kind.
        kind: Handle,
        /// The folder; always none with [`NameScope::Org`].
        parent: Option<Handle>,
    },
}

impl Scope {
    /// The scope of a piece of content under a setting.
    #[must_use]
    pub fn resource(setting: NameScope, org: Handle, kind: Handle, parent: Option<Handle>) -> Self {
        let parent = match setting {
            NameScope::Parent => parent,
            NameScope::Org => None,
        };
        Self::Resources { org, kind, parent }
    }

    /// Scope and folded name as one key.
    #[must_use]
    pub fn key(self, name: &str) -> String {
        let mut key = String::with_capacity(40 + name.len());
        let mut push = |prefix: char, handle: Option<Handle>| {
            key.push(prefix);
            match handle {
                // Writing to a string cannot fail.
                Some(handle) => drop(write!(key, "{handle}")),
                None => key.push('-'),
            }
        };
        match self {
            Self::Orgs(parent) => push('o', parent),
            Self::Groups(org) => push('g', org),
            Self::Roles(org) => push('r', org),
            Self::Environments(org) => push('e', Some(org)),
            Self::Resources { org, kind, parent } => {
                push('c', Some(org));
                push('.', Some(kind));
                push('.', parent);
            }
        }
        key.push('/');
        key.push_str(&fold(name));
        key
    }
}

/// What an identity provider calls a tenant, as one key: no two pairs read alike.
pub(crate) fn tenant_key(issuer: &str, external_id: &str) -> String {
    format!("{}:{issuer}/{external_id}", issuer.len())
}

/// Which things ids are chosen for: each sort has its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are the sorts of things")]
pub enum IdSort {
    Org,
    User,
    Group,
    Role,
    Resource,
    Environment,
    Issuer,
}

impl IdSort {
    const ALL: [Self; 7] =
        [Self::Org, Self::User, Self::Group, Self::Role, Self::Resource, Self::Environment, Self::Issuer];

    /// The number of the table of these ids, as in [`State::visit`](crate::State::visit).
    const fn table(self) -> u8 {
        match self {
            Self::Org => 0,
            Self::User => 1,
            Self::Group => 2,
            Self::Role => 3,
            Self::Resource => 4,
            Self::Environment => 134,
            Self::Issuer => 183,
        }
    }

    /// The sort whose ids a table holds.
    pub(crate) fn of_table(table: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.table() == table)
    }

    /// The key of an id in small letters, if it has capitals.
    pub(crate) fn in_small_letters(self, id: &str) -> Option<String> {
        id.bytes().any(|byte| byte.is_ascii_uppercase()).then(|| self.small_key(id))
    }

    /// The key of an id in small letters.
    pub(crate) fn small_key(self, id: &str) -> String {
        format!("{}/{}", self.table(), id.to_ascii_lowercase())
    }
}

/// The form in which names are compared (Unicode's canonical caseless match, section 3.13, D145).
#[must_use]
pub fn fold(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    caseless::default_case_fold_str(&name.nfd().collect::<String>()).nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(one: &str, other: &str, same: bool) {
        assert_eq!(fold(one) == fold(other), same, "{one:?} {other:?}");
    }

    #[test]
    fn folding() {
        check("KickStart", "kickstart", true);
        check("Caf\u{e9}", "CAFE\u{301}", true);
        check("Straße", "STRASSE", true);
        check("a", "b", false);
        check("", " ", false);
    }
}
