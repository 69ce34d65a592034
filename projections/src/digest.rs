//! A digest of state that is kept as changes come, whatever their order across keys.
//!
//! It is the sum, modulo 2^256, of SHA-256 over every change. Two states with the same digest hold the same versions
//! of the same values at the same positions.

use std::fmt;

use serde::{Deserialize, Serialize};
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

/// Adds changes to a digest: some at a time, because the processor hashes several at once if they come one after the
/// other.
#[derive(Default)]
pub(crate) struct Adder {
    digest: Digest,
    /// Messages of SHA-256 that are not added yet, each padded to whole blocks (FIPS 180-4 section 5.1.1).
    messages: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
}

/// So many bytes of messages are added at once.
const FULL: usize = 16 * BLOCK;
const BLOCK: usize = 64;

impl Adder {
    /// Goes on from a digest.
    pub(crate) const fn from(digest: Digest) -> Self {
        Self { digest, messages: Vec::new(), ends: Vec::new() }
    }

    /// The digest with all that was added.
    pub(crate) fn digest(&mut self) -> Digest {
        self.flush();
        self.digest.clone()
    }

    pub(crate) fn add<V: Serialize>(&mut self, table: u8, key: u64, position: Position, value: &V) {
        let [k0, k1, k2, k3, k4, k5, k6, k7] = key.to_le_bytes();
        let [p0, p1, p2, p3, p4, p5, p6, p7] = position.to_le_bytes();
        let head = [table, k0, k1, k2, k3, k4, k5, k6, k7, p0, p1, p2, p3, p4, p5, p6, p7];
        let begin = self.messages.len();
        self.messages.extend_from_slice(&head);
        // Plain data, and memory has no end: this cannot fail.
        drop(postcard::serialize_with_flavor(value, Behind(&mut self.messages)));
        self.end(begin);
    }

    pub(crate) fn add_id(&mut self, table: u8, handle: Handle, text: &str) {
        let [h0, h1, h2, h3] = handle.to_le_bytes();
        let begin = self.messages.len();
        self.messages.extend_from_slice(&[table, h0, h1, h2, h3, 0, 0, 0, 0]);
        self.messages.extend_from_slice(text.as_bytes());
        self.end(begin);
    }

    /// Ends the message that begins there.
    fn end(&mut self, begin: usize) {
        let length = self.messages.len() - begin;
        self.messages.push(0x80);
        self.messages.resize(begin + (length + 9).next_multiple_of(BLOCK) - 8, 0);
        self.messages.extend_from_slice(&(8 * length as u64).to_be_bytes());
        self.ends.push(self.messages.len());
        if self.messages.len() >= FULL {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let mut begin = 0;
        for end in self.ends.drain(..) {
            let (blocks, _) = self.messages.get(begin..end).unwrap_or_default().as_chunks::<BLOCK>();
            let mut state = [
                0x6a09_e667,
                0xbb67_ae85,
                0x3c6e_f372,
                0xa54f_f53a,
                0x510e_527f,
                0x9b05_688c,
                0x1f83_d9ab,
                0x5be0_cd19,
            ];
            blocks.iter().for_each(|block| sha2::compress256(&mut state, std::slice::from_ref(block.into())));
            let mut hash = [0; 32];
            let (words, _) = hash.as_chunks_mut();
            words.iter_mut().zip(state).for_each(|(bytes, word): (&mut [u8; 4], u32)| *bytes = word.to_be_bytes());
            self.digest.sum(&hash);
            begin = end;
        }
        self.messages.clear();
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

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    /// One block or several, alone or among others: it is SHA-256.
    #[test]
    fn messages_are_hashed_as_anybody_hashes_them() {
        let (mut all, mut sum) = (Adder::default(), Digest::default());
        for length in 0..200 {
            let text = "x".repeat(length);
            all.add_id(7, 9, &text);
            all.add(7, 9, 11, &text);
            let head = Sha256::new().chain_update([7]).chain_update(9_u64.to_le_bytes());
            sum.sum(&head.clone().chain_update(&text).finalize().into());
            let value = postcard::to_stdvec(&text).unwrap();
            sum.sum(&head.chain_update(11_u64.to_le_bytes()).chain_update(value).finalize().into());
            assert_eq!(Adder::from(all.digest()).digest(), sum, "{length}");
        }
    }
}
