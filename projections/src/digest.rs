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
        let mut adder = Adder::default();
        match state.visit(&mut Recompute(&mut adder)) {
            Ok(()) => adder.digest(),
        }
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

/// Adds changes to a digest.
#[derive(Default)]
pub(crate) struct Adder {
    digest: Digest,
    /// The bytes of the change that is added; kept for the next one.
    message: Vec<u8>,
}

impl Adder {
    /// Goes on from a digest.
    pub(crate) const fn from(digest: Digest) -> Self {
        Self { digest, message: Vec::new() }
    }

    /// The digest with all that was added.
    pub(crate) fn digest(&self) -> Digest {
        self.digest.clone()
    }

    pub(crate) fn add<V: Serialize>(&mut self, table: u8, key: u64, position: Position, value: &V) {
        self.message.clear();
        self.message.push(table);
        self.message.extend_from_slice(&key.to_le_bytes());
        self.message.extend_from_slice(&position.to_le_bytes());
        // Plain data, and memory has no end: this cannot fail.
        drop(postcard::serialize_with_flavor(value, Behind(&mut self.message)));
        self.digest.sum(&Sha256::digest(&self.message).into());
    }

    pub(crate) fn add_id(&mut self, table: u8, handle: Handle, text: &str) {
        self.message.clear();
        self.message.push(table);
        self.message.extend_from_slice(&u64::from(handle).to_le_bytes());
        self.message.extend_from_slice(text.as_bytes());
        self.digest.sum(&Sha256::digest(&self.message).into());
    }
}

/// What postcard writes goes behind what stands there.
struct Behind<'a>(&'a mut Vec<u8>);

impl postcard::ser_flavors::Flavor for Behind<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

struct Recompute<'a>(&'a mut Adder);

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
