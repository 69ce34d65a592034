//! A database into state.

use std::path::Path;

use serde::de::DeserializeOwned;
use tenure_events::{Position, Time};
use tenure_projections::store::{Edges, Handle, Ids, Rows, Small};
use tenure_projections::{State, Value, Visitor};
use uuid::Uuid;

use super::{CheckpointError, MANIFEST, Manifest, SCHEMA, TIMES};
use crate::chain::Head;

type Result<T> = std::result::Result<T, CheckpointError>;

pub fn read(database: &Path, log: Uuid, log_head: Position) -> Result<(State, Head)> {
    let database = super::open(database)?;
    let manifest = database.get(MANIFEST)?.ok_or(CheckpointError::Damaged("it has no manifest"))?;
    let mut bytes = proved(&manifest)?;
    // The schema comes first: what follows may be otherwise in another.
    let schema = take::<u32>(&mut bytes)?;
    if schema != SCHEMA {
        return Err(CheckpointError::OtherSchema { found: schema });
    }
    let manifest: Manifest = take(&mut proved(&manifest)?)?;
    if manifest.log != log {
        return Err(CheckpointError::OtherLog(manifest.log));
    }
    if manifest.position > log_head {
        return Err(CheckpointError::Ahead { checkpoint: manifest.position, log: log_head });
    }
    let state = State::new();
    let chunks = fill(&database, &state)?;
    let (commands, more) = commands(&database)?;
    if chunks + more != manifest.chunks {
        return Err(CheckpointError::Damaged("chunks are missing"));
    }
    state.resume(commands, manifest.digest.clone());
    Ok((state, manifest.head()))
}

/// Fills the tables, half of them in a second thread, and tells how many chunks they came from.
fn fill(database: &sled::Db, state: &State) -> Result<u32> {
    let fill = |odd| {
        let mut reader = Reader { database, odd, chunks: 0 };
        state.visit(&mut reader).map(|()| reader.chunks)
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| fill(true));
        let chunks = fill(false)?;
        Ok(chunks + other.join().unwrap_or(Err(CheckpointError::Panicked))?)
    })
}

/// The times of commands, and how many chunks they came from.
fn commands(database: &sled::Db) -> Result<(Vec<(Position, Time)>, u32)> {
    let (mut commands, mut reader) = (Vec::new(), Reader { database, odd: TIMES % 2 == 1, chunks: 0 });
    reader.table(TIMES, |bytes| {
        let (position, time) = take::<(Position, i64)>(bytes)?;
        commands.push((position, Time::from_micros(time)));
        Ok(())
    })?;
    Ok((commands, reader.chunks))
}

struct Reader<'a> {
    database: &'a sled::Db,
    /// Which tables it reads: those of odd numbers, or the others.
    odd: bool,
    chunks: u32,
}

impl Reader<'_> {
    /// Lets `record` take one record after the other from the chunks of a table.
    fn table(&mut self, table: u8, mut record: impl FnMut(&mut &[u8]) -> Result<()>) -> Result<()> {
        if (table % 2 == 1) != self.odd {
            return Ok(());
        }
        for (number, entry) in (0_u32..).zip(self.database.scan_prefix([table])) {
            let (key, value) = entry?;
            if key.strip_prefix(&[table]) != Some(number.to_be_bytes().as_slice()) {
                return Err(CheckpointError::Damaged("a chunk is missing"));
            }
            let mut bytes = proved(&value)?;
            while !bytes.is_empty() {
                record(&mut bytes)?;
            }
            self.chunks += 1;
        }
        Ok(())
    }

    fn timelines<K: DeserializeOwned, V: Value>(&mut self, table: u8, set: impl Fn(&K, Position, V)) -> Result<()> {
        self.table(table, |bytes| {
            let key: K = take(bytes)?;
            let mut position = 0;
            for _ in 0..take::<u64>(bytes)? {
                position += take::<Position>(bytes)?;
                set(&key, position, take(bytes)?);
            }
            Ok(())
        })
    }
}

impl Visitor for Reader<'_> {
    type Error = CheckpointError;

    fn ids(&mut self, table: u8, ids: &Ids) -> Result<()> {
        self.table(table, |bytes| {
            let text: &str;
            (text, *bytes) = postcard::take_from_bytes(bytes)?;
            ids.intern(text);
            Ok(())
        })
    }

    fn rows<V: Value>(&mut self, table: u8, rows: &Rows<V>) -> Result<()> {
        self.timelines(table, |row: &Handle, position, value| rows.set(*row, position, value))
    }

    fn edges<V: Value + Small>(&mut self, table: u8, edges: &Edges<V>) -> Result<()> {
        self.timelines(table, |(from, to): &(Handle, Handle), position, value| edges.set(*from, *to, position, value))
    }
}

fn take<T: DeserializeOwned>(bytes: &mut &[u8]) -> Result<T> {
    let (value, rest) = postcard::take_from_bytes(bytes)?;
    *bytes = rest;
    Ok(value)
}

/// The bytes behind a checksum that is theirs.
fn proved(value: &[u8]) -> Result<&[u8]> {
    let (checksum, bytes) = value.split_first_chunk::<4>().ok_or(CheckpointError::Damaged("a value is too short"))?;
    let right = crc32c::crc32c(bytes).to_le_bytes() == *checksum;
    right.then_some(bytes).ok_or(CheckpointError::Damaged("a checksum is wrong"))
}
