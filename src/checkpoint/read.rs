//! A database into state.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

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
    let (commands, chunks) = fill(&database, &state, &manifest)?;
    if chunks != manifest.chunks {
        return Err(CheckpointError::Damaged("chunks are missing"));
    }
    state.resume(commands, manifest.digest.clone());
    Ok((state, manifest.head()))
}

type Commands = Vec<(Position, Time)>;

/// Fills the tables in two threads: each takes the next table that the other has not begun. Tells the times of commands,
/// and how many chunks all came from.
fn fill(database: &sled::Db, state: &State, manifest: &Manifest) -> Result<(Commands, u32)> {
    let taken = [const { AtomicBool::new(false) }; 256];
    let fill = || {
        let mut reader = Reader { database, manifest, taken: &taken, chunks: 0 };
        // The times first: they are of one kind, and many.
        let commands = reader.commands()?;
        state.visit(&mut reader)?;
        Ok((commands, reader.chunks))
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(fill);
        let (mut commands, chunks) = fill()?;
        let (others, more) = other.join().unwrap_or(Err(CheckpointError::Panicked))?;
        commands.extend(others);
        Ok((commands, chunks + more))
    })
}

struct Reader<'a> {
    database: &'a sled::Db,
    manifest: &'a Manifest,
    /// Which tables somebody reads or has read.
    taken: &'a [AtomicBool],
    chunks: u32,
}

impl Reader<'_> {
    /// Whether a table has anything to read that nobody else reads, and how many entries.
    fn take(&self, table: u8) -> Option<usize> {
        let (_, entries) = self.manifest.entries.iter().find(|(of, entries)| *of == table && *entries > 0)?;
        let taken = self.taken.get(usize::from(table))?.swap(true, Ordering::Relaxed);
        if taken { None } else { usize::try_from(*entries).ok() }
    }

    /// Lets `record` take one record after the other from the chunks of a table.
    fn table(&mut self, table: u8, mut record: impl FnMut(&mut &[u8]) -> Result<()>) -> Result<()> {
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

    /// The times of commands, if nobody else reads them.
    fn commands(&mut self) -> Result<Commands> {
        let (mut commands, mut before) = (Vec::new(), (0, 0_i64));
        let Some(entries) = self.take(TIMES) else { return Ok(commands) };
        commands.reserve(entries.min(MOST));
        self.table(TIMES, |bytes| {
            let (position, time) = take::<(Position, i64)>(bytes)?;
            before = (sum(before.0, position)?, before.1.wrapping_add(time));
            commands.push((before.0, Time::from_micros(before.1)));
            Ok(())
        })?;
        Ok(commands)
    }

    fn timelines<K: DeserializeOwned, V: Value>(
        &mut self,
        table: u8,
        mut set: impl FnMut(&K, std::vec::Drain<'_, (Position, V)>),
    ) -> Result<()> {
        let mut versions = Vec::new();
        self.table(table, |bytes| {
            let (key, mut position): (K, _) = (take(bytes)?, 0);
            for _ in 0..take::<u64>(bytes)? {
                position = sum(position, take(bytes)?)?;
                versions.push((position, take(bytes)?));
            }
            set(&key, versions.drain(..));
            Ok(())
        })
    }
}

/// Memory for more entries than this is not taken before they are read.
const MOST: usize = 100_000_000;

impl Visitor for Reader<'_> {
    type Error = CheckpointError;

    fn ids(&mut self, table: u8, ids: &Ids) -> Result<()> {
        let Some(entries) = self.take(table) else { return Ok(()) };
        ids.reserve(entries.min(MOST));
        self.table(table, |bytes| {
            let text: &str;
            (text, *bytes) = postcard::take_from_bytes(bytes)?;
            ids.intern(text);
            Ok(())
        })
    }

    fn rows<V: Value>(&mut self, table: u8, rows: &Rows<V>) -> Result<()> {
        match self.take(table) {
            Some(_) => self.timelines(table, |row: &Handle, versions| rows.extend(*row, versions)),
            None => Ok(()),
        }
    }

    fn edges<V: Value + Small>(&mut self, table: u8, edges: &Edges<V>) -> Result<()> {
        let Some(entries) = self.take(table) else { return Ok(()) };
        edges.reserve(entries.min(MOST));
        self.timelines(table, |(from, to): &(Handle, Handle), versions| edges.extend(*from, *to, versions))
    }
}

fn sum(position: Position, more: Position) -> Result<Position> {
    position.checked_add(more).ok_or(CheckpointError::Damaged("a position is too large"))
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
