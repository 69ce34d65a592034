//! State into a database.

use std::borrow::Borrow;
use std::path::Path;

use serde::Serialize;
use tenure_events::Position;
use tenure_projections::store::{Edges, Ids, Rows, Small, Version};
use tenure_projections::{State, Value, Visitor};
use uuid::Uuid;

use super::{CheckpointError, MANIFEST, Manifest, Mark, SCHEMA, TIMES};

type Result<T> = std::result::Result<T, CheckpointError>;

/// A chunk is closed when it is this long.
const CHUNK: usize = 64 * 1024;

/// Longer timelines are written in several pieces.
const PIECE: usize = 4_096;

pub fn write(database: &Path, log: Uuid, state: &State, mark: &Mark, go_on: &dyn Fn() -> bool) -> Result<()> {
    let database = super::open(database)?;
    let mut writer = Writer {
        database: &database,
        mark,
        go_on,
        table: 0,
        chunk: Vec::new(),
        number: 0,
        chunks: 0,
        entries: Vec::new(),
    };
    state.visit(&mut writer)?;
    writer.begin(TIMES);
    let mut before = (0, 0);
    for (position, time) in state.commands(mark.head.position) {
        let (position, time) = (position, time.micros());
        writer.put(&(position - before.0, time - before.1))?;
        writer.end_of_entry()?;
        before = (position, time);
    }
    writer.end_of_record(true)?;
    let manifest = Manifest {
        schema: SCHEMA,
        log,
        position: mark.head.position,
        hash: mark.head.hash.0,
        time: mark.head.time.micros(),
        digest: mark.digest.clone(),
        chunks: writer.chunks,
        entries: writer.entries,
    };
    database.insert(MANIFEST, with_checksum(postcard::to_stdvec(&manifest)?))?;
    database.flush()?;
    Ok(())
}

struct Writer<'a> {
    database: &'a sled::Db,
    mark: &'a Mark,
    go_on: &'a dyn Fn() -> bool,
    table: u8,
    chunk: Vec<u8>,
    /// The number of the chunk in its table, and of all chunks.
    number: u32,
    chunks: u32,
    entries: Vec<(u8, u64)>,
}

impl Writer<'_> {
    fn begin(&mut self, table: u8) {
        self.table = table;
        self.number = 0;
        self.entries.push((table, 0));
    }

    fn put(&mut self, value: &impl Serialize) -> Result<()> {
        self.chunk = postcard::to_extend(value, std::mem::take(&mut self.chunk))?;
        Ok(())
    }

    fn end_of_entry(&mut self) -> Result<()> {
        if let Some((_, entries)) = self.entries.last_mut() {
            *entries += 1;
        }
        self.end_of_record(false)
    }

    /// Chunks end between records: when they are long enough, and with their table.
    fn end_of_record(&mut self, last: bool) -> Result<()> {
        if self.chunk.is_empty() || (!last && self.chunk.len() < CHUNK) {
            return Ok(());
        }
        if !(self.go_on)() {
            return Err(CheckpointError::GivenUp);
        }
        let [a, b, c, d] = self.number.to_be_bytes();
        let chunk = std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK * 2));
        self.database.insert([self.table, a, b, c, d], with_checksum(chunk))?;
        self.number += 1;
        self.chunks += 1;
        Ok(())
    }

    /// Writes what a timeline held at the mark, oldest first, each piece behind its key.
    fn timeline<V: Value, B: Borrow<Version<V>>>(
        &mut self,
        key: &impl Serialize,
        newest_first: impl Iterator<Item = B>,
    ) -> Result<()> {
        let known = |version: &B| version.borrow().position <= self.mark.head.position;
        let mut versions: Vec<_> = newest_first.filter(known).collect();
        versions.reverse();
        if versions.is_empty() {
            return Ok(());
        }
        for piece in versions.chunks(PIECE) {
            self.put(key)?;
            self.put(&(piece.len() as u64))?;
            let mut before: Position = 0;
            for Version { position, value } in piece.iter().map(B::borrow) {
                self.put(&(position - before))?;
                self.put(value)?;
                before = *position;
            }
            self.end_of_record(false)?;
        }
        self.end_of_entry()
    }
}

impl Visitor for Writer<'_> {
    type Error = CheckpointError;

    fn ids(&mut self, table: u8, ids: &Ids) -> Result<()> {
        self.begin(table);
        let marked = self.mark.ids.iter().find(|(of, _)| *of == table).map_or(0, |(_, count)| *count);
        for text in (ids.first()..).take(marked).map_while(|handle| ids.text(handle)) {
            self.put(&text)?;
            self.end_of_entry()?;
        }
        self.end_of_record(true)
    }

    fn rows<V: Value>(&mut self, table: u8, rows: &Rows<V>) -> Result<()> {
        self.begin(table);
        for row in rows.rows() {
            self.timeline(&row, rows.versions(row))?;
        }
        self.end_of_record(true)
    }

    fn edges<V: Value + Small>(&mut self, table: u8, edges: &Edges<V>) -> Result<()> {
        self.begin(table);
        for edge in edges.all() {
            self.timeline(&(edge.from, edge.to), edge.versions())?;
        }
        self.end_of_record(true)
    }
}

/// The bytes behind their checksum.
fn with_checksum(bytes: Vec<u8>) -> Vec<u8> {
    let checksum = crc32c::crc32c(&bytes).to_le_bytes();
    let mut value = Vec::with_capacity(bytes.len() + checksum.len());
    value.extend_from_slice(&checksum);
    value.extend_from_slice(&bytes);
    value
}
