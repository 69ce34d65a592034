//! The right edge of a tree: all that is needed of it to go on, and its root.

use tenure_events::Hash;
use tlog_tiles::{EMPTY_HASH, Hash as Node, node_hash};

/// How many hashes a tile has: each is the root of a whole tile of the level below.
pub const WIDTH: usize = 256;

/// How many levels of tiles there are: enough for a million million events.
pub const LEVELS: usize = 5;

/// The right edge of a tree: of each level of tiles the last one, as far as it is filled.
///
/// ```
/// use tenure::proof::{Edge, leaf};
///
/// let mut edge = Edge::default();
/// let empty = edge.root();
/// edge.push(leaf(b"an event"), |_, _| ());
/// assert_eq!((edge.size(), edge.root()), (1, leaf(b"an event")));
/// assert_ne!(edge.root(), empty);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Edge {
    size: u64,
    tiles: [Vec<Hash>; LEVELS],
}

impl Edge {
    /// That of a tree of which the last tile of each level is this.
    pub(super) const fn of(size: u64, tiles: [Vec<Hash>; LEVELS]) -> Self {
        Self { size, tiles }
    }

    /// How many leaves the tree has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// How many tiles of a level are full, and what the one behind them has.
    pub(super) fn last(&self, level: usize) -> (u64, &[Hash]) {
        let full = self.size.checked_shr(8 * (level as u32 + 1)).unwrap_or(0);
        (full, self.tiles.get(level).map(Vec::as_slice).unwrap_or_default())
    }

    /// Adds a leaf. Each hash that a level of tiles gains by it, the leaf first, is shown with its level.
    pub fn push(&mut self, leaf: Hash, mut gained: impl FnMut(usize, Hash)) {
        self.size += 1;
        let mut hash = leaf;
        for (level, tile) in self.tiles.iter_mut().enumerate() {
            gained(level, hash);
            tile.push(hash);
            if tile.len() < WIDTH {
                return;
            }
            hash = whole(tile);
            tile.clear();
        }
    }

    /// The root: of RFC 6962, section 2.1.
    #[must_use]
    pub fn root(&self) -> Hash {
        // Subtrees that are whole, the largest first.
        let mut subtrees: Vec<Node> = Vec::new();
        for tile in self.tiles.iter().rev() {
            let mut rest = tile.as_slice();
            for height in (0..8).rev() {
                if let Some((subtree, after)) = rest.split_at_checked(1 << height)
                    && tile.len() & (1 << height) != 0
                {
                    subtrees.push(Node(whole(subtree).0));
                    rest = after;
                }
            }
        }
        let last = subtrees.pop().unwrap_or(EMPTY_HASH);
        Hash(subtrees.into_iter().rev().fold(last, |right, left| node_hash(left, right)).0)
    }
}

/// The root of a whole subtree, of which these are the leaves, or whole subtrees of one size.
pub fn whole(hashes: &[Hash]) -> Hash {
    let mut level: Vec<Node> = hashes.iter().map(|hash| Node(hash.0)).collect();
    while level.len() > 1 {
        level = level.as_chunks::<2>().0.iter().map(|[left, right]| node_hash(*left, *right)).collect();
    }
    level.first().map_or(Hash(EMPTY_HASH.0), |root| Hash(root.0))
}
