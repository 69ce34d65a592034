//! Evidence: what was asked and answered, and the events that it rests on, in one file that is verified without a node.
//!
//! One JSON object. Its last member is `seal`, a signature over all bytes before it, so that nothing in the file can be
//! changed. What the other members prove is said by [`verify`](super::verify).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenure_events::{Hash, OrgId, Position, Time, UserId};

use super::note::Signer;
use super::text;

/// What the file says that it is.
pub const FORMAT: &str = "tenure-evidence/1";

/// What stands in the file before its seal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// [`FORMAT`].
    pub format: String,
    /// The log.
    pub origin: String,
    /// What signed it: a verifier key.
    pub key: String,
    /// How the log came to that key: notes, each signed with one key and the next.
    pub keys: Vec<String>,
    /// When it was made, by the node's clock.
    pub made: Time,
    /// Who asked.
    pub reader: UserId,
    /// What was asked: `{"evaluation": …}` or `{"read": "/v1/…"}`; null if only a history is shown.
    pub question: Value,
    /// What the node answered.
    pub answer: Value,
    /// The log as it was then: a signed checkpoint.
    pub checkpoint: String,
    /// The events that the answer names, and those of the histories that are shown whole.
    pub events: Vec<Shown>,
    /// Positions that the answer names of events that the reader may not read.
    pub unread: Vec<Position>,
    /// The histories of orgs, whole.
    pub orgs: Vec<OfOrg>,
}

/// An event, and the proof that the log has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// Where it stands.
    pub position: Position,
    /// The text that is stored, byte for byte.
    pub event: String,
    /// Its inclusion proof in the tree of the checkpoint.
    pub proof: Vec<String>,
}

/// The history of an org, as far as the log had it then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfOrg {
    /// The org.
    pub org: OrgId,
    /// How long its history was, and the root of its tree: a signed checkpoint, which names the log's own.
    pub checkpoint: String,
    /// What is not shown of it: the number in its history, and the leaf. The reader may not read it.
    pub others: Vec<(u64, String)>,
}

/// What stands between the bytes that are sealed and the seal.
pub(super) const SEAL: &str = ",\"seal\":\"";

/// What stands behind the seal.
pub(super) const END: &str = "\"}\n";

/// What is signed of a file that begins with these bytes.
pub(super) fn to_seal(origin: &str, sealed: &[u8]) -> String {
    format!("{origin}/evidence\n{}\n", text(&Hash::of(sealed)))
}

/// The file.
///
/// # Errors
/// Something in it can be no JSON.
pub fn seal(evidence: &Evidence, signer: &Signer) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json::to_vec(evidence)?;
    // The brace that ends the object, which goes behind the seal.
    bytes.pop();
    let signature = signer.signature(&to_seal(&evidence.origin, &bytes));
    bytes.extend_from_slice(format!("{SEAL}{}{END}", STANDARD.encode(signature)).as_bytes());
    Ok(bytes)
}
