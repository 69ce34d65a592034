//! What a bundle of exported content holds. It is self-contained: to make it anew one needs no more than the bundle.

use serde::{Deserialize, Serialize};
use tenure_events::{Kind, OrgId, ResourceId, Time};

/// The form of bundles that this program writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// What a bundle holds: what its signature is of, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contents {
    /// [`FORMAT`].
    pub format: u32,
    /// Where it was exported from.
    pub org: OrgId,
    /// When.
    pub exported: Time,
    /// What; a folder before what lies in it.
    pub resources: Vec<Item>,
}

/// A piece of content in a bundle. With whom it was shared stays behind, and so does whose it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Its id where it was exported.
    pub id: ResourceId,
    /// What it is.
    pub kind: Kind,
    /// What it is called.
    pub name: String,
    /// The folder that it lies in, if that is in the bundle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ResourceId>,
}

impl Contents {
    /// The bytes that are signed.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        #[expect(clippy::expect_used, reason = "writing strings, numbers and structs to a Vec cannot fail")]
        serde_json::to_vec(self).expect("a bundle is plain data")
    }

    /// What genuine bytes hold; none in a form that this program does not know.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().filter(|contents: &Self| contents.format == FORMAT)
    }
}
