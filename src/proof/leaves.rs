//! Leaves that are to be signed: what is read of the files is held to the edge in memory first.

use tenure_events::Hash;

use super::edge::{Edge, LEVELS, WIDTH, whole};
use super::tree::{Tree, TreeError};

/// Reads leaves that others are to be signed with. A tile counts if its root stands in the tile above it, and the last
/// one of each level if it is the one in memory. Tiles that were proved last are kept: ask in order.
pub(super) struct Leaves<'a> {
    tree: &'a Tree,
    edge: Edge,
    proved: [Option<(u64, Vec<Hash>)>; LEVELS],
}

impl<'a> Leaves<'a> {
    pub(super) const fn of(tree: &'a Tree, edge: Edge) -> Self {
        Self { tree, edge, proved: [const { None }; LEVELS] }
    }

    /// The leaf of an index.
    pub(super) fn get(&mut self, index: u64) -> Result<Hash, TreeError> {
        let size = self.edge.size();
        if index >= size {
            return Err(TreeError::Beyond { asked: index.saturating_add(1), size });
        }
        self.hash(0, index)
    }

    fn hash(&mut self, level: usize, index: u64) -> Result<Hash, TreeError> {
        let (number, at) = (index / WIDTH as u64, usize::try_from(index % WIDTH as u64).unwrap_or(usize::MAX));
        let is_proved =
            self.proved.get(level).is_some_and(|kept| kept.as_ref().is_some_and(|(kept, _)| *kept == number));
        if !is_proved {
            let tile = self.tile(level, number)?;
            if let Some(kept) = self.proved.get_mut(level) {
                *kept = Some((number, tile));
            }
        }
        let kept = self.proved.get(level).and_then(Option::as_ref);
        kept.and_then(|(_, tile)| tile.get(at)).copied().ok_or_else(|| self.tree.damaged())
    }

    /// A tile, proved.
    fn tile(&mut self, level: usize, number: u64) -> Result<Vec<Hash>, TreeError> {
        let (full, last) = self.edge.last(level);
        if number >= full {
            return Ok(last.to_vec());
        }
        let tile = self.tree.read(level, number * WIDTH as u64, WIDTH)?;
        let above = self.hash(level + 1, number)?;
        if whole(&tile) == above { Ok(tile) } else { Err(self.tree.damaged()) }
    }
}
