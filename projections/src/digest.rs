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
        // The common value fits the stack and is hashed at one go; postcard of plain data fails for want of room alone.
        let mut bytes = [0_u8; 160];
        let length = bytes.split_first_chunk_mut().and_then(|(first, room)| {
            *first = head;
            postcard::to_slice(value, room).ok().map(|value| head.len() + value.len())
        });
        let hash = match length.and_then(|length| bytes.get(..length)) {
            Some(bytes) => Sha256::digest(bytes),
            None => {
                Sha256::new().chain_update(head).chain_update(postcard::to_stdvec(value).unwrap_or_default()).finalize()
            }
        };
        self.sum(&hash.into());
    }

    pub(crate) fn add_id(&mut self, table: u8, handle: Handle, text: &str) {
        let sha = Sha256::new().chain_update([table]).chain_update(u64::from(handle).to_le_bytes());
        self.sum(&sha.chain_update(text).finalize().into());
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
