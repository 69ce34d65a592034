//! A digest of state that is kept as changes come, whatever their order across keys.
//!
//! It is the sum, modulo 2^256, of SHA-256 over every change. Two states with the same digest hold the same versions
//! of the same values at the same positions.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tenure_events::Position;

use crate::state::{State, Value, Visitor};
use crate::store::{Edges, Handle, Ids, Rows, Small};

/// Sum of the hashes of changes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Digest {
    sum: [u64; 4],
    changes: u64,
}

impl Digest {
    /// How many changes it is the sum of.
    #[must_use]
    pub const fn changes(&self) -> u64 {
        self.changes
    }

    /// The digest of what memory holds now, computed afresh from every table.
    #[must_use]
    pub fn recompute(state: &State) -> Self {
        let mut digest = Self::default();
        match state.visit(&mut Recompute(&mut digest)) {
            Ok(()) => digest,
        }
    }

    pub(crate) fn add<V: Serialize>(&mut self, table: u8, key: u64, position: Position, value: &V) {
        let [k0, k1, k2, k3, k4, k5, k6, k7] = key.to_le_bytes();
        let [p0, p1, p2, p3, p4, p5, p6, p7] = position.to_le_bytes();
        let head = [table, k0, k1, k2, k3, k4, k5, k6, k7, p0, p1, p2, p3, p4, p5, p6, p7];
        let mut block = Block::beginning(&head);
        // Postcard of plain data fails for want of room alone.
        let hash = match postcard::to_slice(value, block.room()).map(|value| value.len()) {
            Ok(length) => block.hash(length),
            Err(_) => Sha256::new()
                .chain_update(head)
                .chain_update(postcard::to_stdvec(value).unwrap_or_default())
                .finalize()
                .into(),
        };
        self.sum(&hash);
    }

    pub(crate) fn add_id(&mut self, table: u8, handle: Handle, text: &str) {
        let [h0, h1, h2, h3] = handle.to_le_bytes();
        let head = [table, h0, h1, h2, h3, 0, 0, 0, 0];
        let mut block = Block::beginning(&head);
        let hash = match block.room().get_mut(..text.len()) {
            Some(room) => {
                room.copy_from_slice(text.as_bytes());
                block.hash(text.len())
            }
            None => Sha256::new().chain_update(head).chain_update(text).finalize().into(),
        };
        self.sum(&hash);
    }

    fn sum(&mut self, hash: &[u8; 32]) {
        let mut carry = false;
        let (addends, _) = hash.as_chunks();
        for (limb, addend) in self.sum.iter_mut().zip(addends) {
            let (sum, over) = limb.overflowing_add(u64::from_le_bytes(*addend));
            let (sum, over_again) = sum.overflowing_add(u64::from(carry));
            (*limb, carry) = (sum, over || over_again);
        }
        self.changes += 1;
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sum.iter().rev().try_for_each(|limb| write!(f, "{limb:016x}"))
    }
}

/// A message of SHA-256 that is short enough for one block of it, as most changes are: that spares the buffering.
struct Block {
    bytes: [u8; 64],
    head: usize,
}

impl Block {
    fn beginning(head: &[u8]) -> Self {
        let mut bytes = [0; 64];
        bytes.iter_mut().zip(head).for_each(|(to, from)| *to = *from);
        Self { bytes, head: head.len() }
    }

    /// What may be filled of it: behind the head, before what ends the message (FIPS 180-4 section 5.1.1).
    fn room(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.head..55).unwrap_or_default()
    }

    /// The hash of the head and of what was filled behind it.
    fn hash(mut self, filled: usize) -> [u8; 32] {
        let length = self.head + filled;
        if let Some(end) = self.bytes.get_mut(length) {
            *end = 0x80;
        }
        let [.., high, low] = &mut self.bytes;
        [*high, *low] = (length as u16 * 8).to_be_bytes();
        let mut state =
            [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];
        sha2::compress256(&mut state, &[self.bytes.into()]);
        let mut hash = [0; 32];
        let (words, _) = hash.as_chunks_mut();
        words.iter_mut().zip(state).for_each(|(bytes, word): (&mut [u8; 4], u32)| *bytes = word.to_be_bytes());
        hash
    }
}

struct Recompute<'a>(&'a mut Digest);

impl Visitor for Recompute<'_> {
    type Error = std::convert::Infallible;

    fn ids(&mut self, table: u8, ids: &Ids) -> Result<(), Self::Error> {
        for (handle, text) in (ids.first()..).map_while(|handle| Some((handle, ids.text(handle)?))) {
            self.0.add_id(table, handle, text);
        }
        Ok(())
    }

    fn rows<V: Value>(&mut self, table: u8, rows: &Rows<V>) -> Result<(), Self::Error> {
        for row in rows.rows() {
            rows.versions(row).for_each(|version| self.0.add(table, u64::from(row), version.position, &version.value));
        }
        Ok(())
    }

    fn edges<V: Value + Small>(&mut self, table: u8, edges: &Edges<V>) -> Result<(), Self::Error> {
        for edge in edges.all() {
            let key = pair(edge.from, edge.to);
            edge.versions().for_each(|version| self.0.add(table, key, version.position, &version.value));
        }
        Ok(())
    }
}

/// Both ends of an edge as one key.
pub(crate) fn pair(from: Handle, to: Handle) -> u64 {
    u64::from(from) << 32 | u64::from(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One block or several: it is SHA-256.
    #[test]
    fn short_messages_are_hashed_as_long_ones_are() {
        for length in 0..70 {
            let text = "x".repeat(length);
            let (mut ids, mut values) = (Digest::default(), Digest::default());
            ids.add_id(7, 9, &text);
            values.add(7, 9, 11, &text);
            let sum = |hash: sha2::digest::Output<Sha256>| {
                let mut digest = Digest::default();
                digest.sum(&hash.into());
                digest
            };
            let head = Sha256::new().chain_update([7]).chain_update(9_u64.to_le_bytes());
            assert_eq!(ids, sum(head.clone().chain_update(&text).finalize()), "{length}");
            let value = postcard::to_stdvec(&text).unwrap();
            assert_eq!(values, sum(head.chain_update(11_u64.to_le_bytes()).chain_update(value).finalize()), "{length}");
        }
    }
}
