//! State into a database.

use std::path::Path;

use tenure_projections::State;
use tenure_projections::packed::pack;
use uuid::Uuid;

use super::{CheckpointError, MANIFEST, Mark};

pub fn write(
    database: &Path,
    log: Uuid,
    state: &State,
    mark: &Mark,
    go_on: &dyn Fn() -> bool,
) -> Result<(), CheckpointError> {
    let database = super::open(database)?;
    let manifest = pack(state, log, mark, |table, number, chunk| {
        if !go_on() {
            return Err(CheckpointError::GivenUp);
        }
        let [a, b, c, d] = number.to_be_bytes();
        database.insert([table, a, b, c, d], with_checksum(chunk))?;
        Ok(())
    })?;
    database.insert(MANIFEST, with_checksum(&manifest.to_bytes()?))?;
    database.flush()?;
    Ok(())
}

/// The bytes behind their checksum.
fn with_checksum(bytes: &[u8]) -> Vec<u8> {
    let checksum = crc32c::crc32c(bytes).to_le_bytes();
    [checksum.as_slice(), bytes].concat()
}
