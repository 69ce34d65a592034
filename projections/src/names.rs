//! Names compare NFC-normalised and case-folded, each within its scope.

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
        let no = |handle: Option<Handle>| handle.map_or_else(|| "-".to_owned(), |handle| handle.to_string());
        let scope = match self {
            Self::Orgs(parent) => format!("o{}", no(parent)),
            Self::Groups(org) => format!("g{}", no(org)),
            Self::Roles(org) => format!("r{}", no(org)),
            Self::Resources { org, kind, parent } => format!("c{org}.{kind}.{}", no(parent)),
        };
        format!("{scope}/{}", fold(name))
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
