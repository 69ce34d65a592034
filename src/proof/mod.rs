//! Proof, for somebody who does not trust us: a Merkle tree over the stored bytes of the events (RFC 6962), checkpoints of
//! it that the node signs (C2SP tlog-checkpoint), its tiles (C2SP tlog-tiles), and evidence, one file that is verified
//! without a node.
//!
//! The tree is derived: it can be deleted and comes back from the log. A leaf is the bytes of an event as they are stored, and
//! the event of position P is leaf P - 1. The tree of an org has the same leaves, those of its own history, in their order.

mod edge;
mod evidence;
mod leaves;
mod note;
mod tile;
mod tree;
mod verify;

pub use edge::Edge;
pub use evidence::{Evidence, FORMAT, OfOrg, Shown, seal};
pub use note::{Checkpoint, Handovers, KeyError, NoteError, Signer, Verifier, of_org, origin};
pub use tile::Tile;
pub use tree::{Looked, Tree, TreeError};
pub use verify::{Fault, OrgProved, Proved, cited, verify};

use tenure_events::Hash;
use tlog_tiles::Hash as Node;

/// The hash of an event as a leaf, of its bytes.
#[must_use]
pub fn leaf(bytes: &[u8]) -> Hash {
    Hash(tlog_tiles::record_hash(bytes).0)
}

/// A hash as C2SP writes it: base64 with padding.
#[must_use]
pub fn text(hash: &Hash) -> String {
    Node(hash.0).to_string()
}

/// A hash as C2SP writes it; none of anything else.
#[must_use]
pub fn parse(text: &str) -> Option<Hash> {
    Node::parse_hash(text).ok().map(|hash| Hash(hash.0))
}

fn nodes(hashes: &[Hash]) -> Vec<Node> {
    hashes.iter().map(|hash| Node(hash.0)).collect()
}

fn hashes(nodes: &[Node]) -> Vec<Hash> {
    nodes.iter().map(|node| Hash(node.0)).collect()
}

/// No proof in a tree of so many leaves as a number can count is longer.
const LONGEST: usize = 2 * 64;

/// Whether the proof shows that a tree of this size and root has the leaf at the index.
#[must_use]
pub fn proves_leaf(proof: &[Hash], size: u64, root: &Hash, index: u64, leaf: &Hash) -> bool {
    proof.len() <= LONGEST && tlog_tiles::check_record(&nodes(proof), size, Node(root.0), index, Node(leaf.0)).is_ok()
}

/// Whether the proof shows that a tree begins with all that an earlier one had. Every tree begins with the empty one.
#[must_use]
pub fn proves_prefix(proof: &[Hash], from: (u64, &Hash), to: (u64, &Hash)) -> bool {
    let ((size, root), (larger, larger_root)) = (from, to);
    if size == 0 {
        return proof.is_empty() && *root == Edge::default().root();
    }
    proof.len() <= LONGEST
        && tlog_tiles::check_tree(&nodes(proof), larger, Node(larger_root.0), size, Node(root.0)).is_ok()
}
