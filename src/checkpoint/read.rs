//! A database into state.

use std::path::Path;

use tenure_events::Position;
use tenure_projections::State;
use tenure_projections::packed::{Manifest, Taken, resume, unpack};
use uuid::Uuid;

use super::{CheckpointError, MANIFEST};
use crate::chain::Head;

type Result<T> = std::result::Result<T, CheckpointError>;

pub fn read(database: &Path, log: Uuid, log_head: Position) -> Result<(State, Head)> {
    let database = super::open(database)?;
    let manifest = database.get(MANIFEST)?.ok_or(CheckpointError::Damaged("it has no manifest"))?;
    let manifest = Manifest::from_bytes(&proved(manifest)?)?;
    if manifest.log != log {
        return Err(CheckpointError::OtherLog(manifest.log));
    }
    let head = manifest.head();
    if head.position > log_head {
        return Err(CheckpointError::Ahead { checkpoint: head.position, log: log_head });
    }
    let state = State::new();
    let chunks = fill(&database, &state, &manifest)?;
    Ok((resume(&state, manifest, chunks).map(|head| (state, head)))?)
}

/// Fills the tables in two threads: each takes the next table that the other has not begun. Tells how many chunks they
/// came from.
fn fill(database: &sled::Db, state: &State, manifest: &Manifest) -> Result<u32> {
    let taken = Taken::none();
    let fill = || unpack(state, manifest, &taken, |table| chunks(database, table));
    std::thread::scope(|scope| {
        let other = scope.spawn(fill);
        let found = fill()?;
        Ok(found + other.join().unwrap_or(Err(CheckpointError::Panicked))?)
    })
}

/// The chunks of a table, in order.
fn chunks(database: &sled::Db, table: u8) -> impl Iterator<Item = Result<impl AsRef<[u8]> + use<>>> {
    (0_u32..).zip(database.scan_prefix([table])).map(move |(number, entry)| {
        let (key, value) = entry?;
        if key.strip_prefix(&[table]) != Some(number.to_be_bytes().as_slice()) {
            return Err(CheckpointError::Damaged("a chunk is missing"));
        }
        proved(value)
    })
}

/// The bytes behind a checksum that is theirs.
fn proved(value: sled::IVec) -> Result<sled::IVec> {
    let (checksum, bytes) = value.split_first_chunk::<4>().ok_or(CheckpointError::Damaged("a value is too short"))?;
    if crc32c::crc32c(bytes).to_le_bytes() != *checksum {
        return Err(CheckpointError::Damaged("a checksum is wrong"));
    }
    Ok(value.subslice(4, value.len() - 4))
}
