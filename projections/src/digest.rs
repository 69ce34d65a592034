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
        let mut buffer = [0_u8; 128];
        let mut sha = Sha256::new();
        sha.update([table]);
        sha.update(key.to_le_bytes());
        sha.update(position.to_le_bytes());
        // The common value fits the stack; postcard of plain data fails for want of room alone.
        match postcard::to_slice(value, &mut buffer) {
            Ok(bytes) => sha.update(bytes),
            Err(_) => sha.update(postcard::to_stdvec(value).unwrap_or_default()),
        }
        self.sum(sha);
    }

    pub(crate) fn add_id(&mut self, table: u8, handle: Handle, text: &str) {
        let mut sha = Sha256::new();
        sha.update([table]);
        sha.update(u64::from(handle).to_le_bytes());
        sha.update(text);
        self.sum(sha);
    }

    fn sum(&mut self, sha: Sha256) {
        let hash: [u8; 32] = sha.finalize().into();
        let mut carry = false;
        for (limb, bytes) in self.sum.iter_mut().zip(hash.chunks_exact(8)) {
            let addend = bytes.iter().rev().fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
            let (sum, over) = limb.overflowing_add(addend);
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
