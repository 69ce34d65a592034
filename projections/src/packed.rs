//! State packed into chunks of bytes, and back: what a checkpoint is made of, wherever it is kept.
//!
//! A table becomes chunks numbered from 0, each of whole records: id texts in the order of their handles, or timelines
//! behind their keys. A [`Manifest`] says what they are the state of. Whoever keeps them proves that they are as they
//! were written; what does not fit together is refused here all the same.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tenure_events::{Hash, Head, Position, Time};
use uuid::Uuid;

use crate::digest::Digest;
use crate::state::{State, Value, Visitor};
use crate::store::{Edges, Handle, Ids, Rows, Version};

/// The version of what is packed: tables, values and their encoding. What is of another one is of no use.
pub const SCHEMA: u32 = 2;

/// A chunk is closed when it is this long.
const CHUNK: usize = 64 * 1024;

/// Longer timelines are written in several pieces.
const PIECE: usize = 4_096;

/// The number under which the times of commands are kept, beside those of the tables of [`State`].
const TIMES: u8 = 200;

/// Why chunks are no state.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// A value cannot be encoded, or is not what was encoded.
    #[error("cannot encode or decode a value: {0}")]
    Encode(#[from] postcard::Error),
    /// They are of another schema.
    #[error("the checkpoint has schema {found}, this version writes {SCHEMA}")]
    OtherSchema {
        /// Which.
        found: u32,
    },
    /// There are fewer or more than were written.
    #[error("the checkpoint is damaged: chunks are missing")]
    Incomplete,
}

/// What is packed: the state as it is now. Taken between two commands; what is installed after it is left out.
#[derive(Debug, Clone)]
pub struct Mark {
    /// The last event.
    pub head: Head,
    digest: Digest,
    /// How many ids each table has.
    ids: Vec<(u8, usize)>,
}

impl Mark {
    /// Marks the state as it is, after the event at its head.
    #[must_use]
    pub fn of(state: &State, head: Head) -> Self {
        let mut mark = Self { head, digest: state.digest(), ids: Vec::new() };
        match state.visit(&mut mark) {
            Ok(()) => mark,
        }
    }
}

impl Visitor for Mark {
    type Error = std::convert::Infallible;

    fn ids(&mut self, table: u8, ids: &Ids) -> Result<(), Self::Error> {
        self.ids.push((table, ids.len()));
        Ok(())
    }

    fn rows<V: Value>(&mut self, _: u8, _: &Rows<V>) -> Result<(), Self::Error> {
        Ok(())
    }

    fn edges<V: Value>(&mut self, _: u8, _: &Edges<V>) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// What chunks are the state of.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    // First: what follows may be otherwise in another schema.
    schema: u32,
    /// The log.
    pub log: Uuid,
    position: Position,
    hash: [u8; 32],
    time: i64,
    digest: Digest,
    chunks: u32,
}

impl Manifest {
    /// Reads one.
    ///
    /// # Errors
    /// It is none, or of another schema.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PackError> {
        let (schema, _) = postcard::take_from_bytes::<u32>(bytes)?;
        if schema != SCHEMA {
            return Err(PackError::OtherSchema { found: schema });
        }
        Ok(postcard::from_bytes(bytes)?)
    }

    /// Its bytes.
    ///
    /// # Errors
    /// It cannot be encoded.
    pub fn to_bytes(&self) -> Result<Vec<u8>, PackError> {
        Ok(postcard::to_stdvec(self)?)
    }

    /// The last event.
    #[must_use]
    pub const fn head(&self) -> Head {
        Head { position: self.position, hash: Hash(self.hash), time: Time::from_micros(self.time) }
    }
}

/// Shows `put` every chunk of the state as it was at the mark, with the number of its table and its own.
///
/// # Errors
/// A value cannot be encoded, or what `put` answers.
pub fn pack<E: From<PackError>>(
    state: &State,
    log: Uuid,
    mark: &Mark,
    put: impl FnMut(u8, u32, &[u8]) -> Result<(), E>,
) -> Result<Manifest, E> {
    let mut packer = Packer { mark, put, table: 0, chunk: Vec::with_capacity(2 * CHUNK), number: 0, chunks: 0 };
    state.visit(&mut packer)?;
    packer.begin(TIMES);
    for (position, time) in state.commands(mark.head.position) {
        packer.record(&(position, time.micros()))?;
        packer.end_of_record(false)?;
    }
    packer.end_of_record(true)?;
    let Head { position, hash, time } = mark.head;
    let (digest, chunks) = (mark.digest.clone(), packer.chunks);
    Ok(Manifest { schema: SCHEMA, log, position, hash: hash.0, time: time.micros(), digest, chunks })
}

/// Fills those tables of an empty state that are `wanted`, from the chunks of each in order, and tells how many there
/// were. Different tables may be filled at the same time.
///
/// # Errors
/// Chunks are not what [`pack`] made, or what `chunks` yields.
pub fn unpack<B: AsRef<[u8]>, C: Iterator<Item = Result<B, E>>, E: From<PackError>>(
    state: &State,
    wanted: impl Fn(u8) -> bool,
    chunks: impl FnMut(u8) -> C,
) -> Result<u32, E> {
    let mut unpacker = Unpacker { wanted, chunks, found: 0 };
    state.visit(&mut unpacker)?;
    unpacker.table(TIMES, |bytes| {
        let (position, time) = take::<(Position, i64)>(bytes)?;
        state.times.push((position, Time::from_micros(time)));
        Ok(())
    })?;
    Ok(unpacker.found)
}

/// Ends unpacking: installing goes on after the head that the manifest names.
///
/// # Errors
/// There were not as many chunks as the manifest says.
pub fn resume(state: &State, manifest: Manifest, chunks: u32) -> Result<Head, PackError> {
    if chunks != manifest.chunks {
        return Err(PackError::Incomplete);
    }
    let head = manifest.head();
    state.set_digest(manifest.digest);
    Ok(head)
}

struct Packer<'a, P> {
    mark: &'a Mark,
    put: P,
    table: u8,
    chunk: Vec<u8>,
    /// The number of the chunk in its table, and of all chunks.
    number: u32,
    chunks: u32,
}

impl<P: FnMut(u8, u32, &[u8]) -> Result<(), E>, E: From<PackError>> Packer<'_, P> {
    fn begin(&mut self, table: u8) {
        self.table = table;
        self.number = 0;
    }

    fn record(&mut self, value: &impl Serialize) -> Result<(), PackError> {
        self.chunk = postcard::to_extend(value, std::mem::take(&mut self.chunk))?;
        Ok(())
    }

    /// Chunks end between records: when they are long enough, and with their table.
    fn end_of_record(&mut self, last: bool) -> Result<(), E> {
        if self.chunk.is_empty() || (!last && self.chunk.len() < CHUNK) {
            return Ok(());
        }
        (self.put)(self.table, self.number, &self.chunk)?;
        self.chunk.clear();
        self.number += 1;
        self.chunks += 1;
        Ok(())
    }

    /// Writes what a timeline held at the mark, oldest first, each piece behind its key.
    fn timeline<'v, V: Value + 'v>(
        &mut self,
        key: &impl Serialize,
        newest_first: impl Iterator<Item = &'v Version<V>>,
    ) -> Result<(), E> {
        let known = |version: &&Version<V>| version.position <= self.mark.head.position;
        let mut versions: Vec<_> = newest_first.filter(known).collect();
        versions.reverse();
        for piece in versions.chunks(PIECE) {
            self.record(key)?;
            self.record(&(piece.len() as u64))?;
            let mut before: Position = 0;
            for Version { position, value } in piece {
                self.record(&(position - before))?;
                self.record(value)?;
                before = *position;
            }
            self.end_of_record(false)?;
        }
        Ok(())
    }
}

impl<P: FnMut(u8, u32, &[u8]) -> Result<(), E>, E: From<PackError>> Visitor for Packer<'_, P> {
    type Error = E;

    fn ids(&mut self, table: u8, ids: &Ids) -> Result<(), E> {
        self.begin(table);
        let marked = self.mark.ids.iter().find(|(of, _)| *of == table).map_or(0, |(_, count)| *count);
        for text in (ids.first()..).take(marked).map_while(|handle| ids.text(handle)) {
            self.record(&text)?;
            self.end_of_record(false)?;
        }
        self.end_of_record(true)
    }

    fn rows<V: Value>(&mut self, table: u8, rows: &Rows<V>) -> Result<(), E> {
        self.begin(table);
        for row in rows.rows() {
            self.timeline(&row, rows.versions(row))?;
        }
        self.end_of_record(true)
    }

    fn edges<V: Value>(&mut self, table: u8, edges: &Edges<V>) -> Result<(), E> {
        self.begin(table);
        for edge in edges.all() {
            self.timeline(&(edge.from, edge.to), edge.versions())?;
        }
        self.end_of_record(true)
    }
}

struct Unpacker<W, F> {
    wanted: W,
    chunks: F,
    found: u32,
}

impl<B, C, E, W, F> Unpacker<W, F>
where
    B: AsRef<[u8]>,
    C: Iterator<Item = Result<B, E>>,
    E: From<PackError>,
    W: Fn(u8) -> bool,
    F: FnMut(u8) -> C,
{
    /// Lets `record` take one record after the other from the chunks of a table.
    fn table(&mut self, table: u8, mut record: impl FnMut(&mut &[u8]) -> Result<(), PackError>) -> Result<(), E> {
        if !(self.wanted)(table) {
            return Ok(());
        }
        for chunk in (self.chunks)(table) {
            let chunk = chunk?;
            let mut bytes = chunk.as_ref();
            while !bytes.is_empty() {
                record(&mut bytes)?;
            }
            self.found += 1;
        }
        Ok(())
    }

    fn timelines<K: DeserializeOwned, V: Value>(&mut self, table: u8, set: impl Fn(&K, Position, V)) -> Result<(), E> {
        self.table(table, |bytes| {
            let key: K = take(bytes)?;
            let mut position: Position = 0;
            for _ in 0..take::<u64>(bytes)? {
                position = position.saturating_add(take(bytes)?);
                set(&key, position, take(bytes)?);
            }
            Ok(())
        })
    }
}

impl<B, C, E, W, F> Visitor for Unpacker<W, F>
where
    B: AsRef<[u8]>,
    C: Iterator<Item = Result<B, E>>,
    E: From<PackError>,
    W: Fn(u8) -> bool,
    F: FnMut(u8) -> C,
{
    type Error = E;

    fn ids(&mut self, table: u8, ids: &Ids) -> Result<(), E> {
        self.table(table, |bytes| {
            let text: &str;
            (text, *bytes) = postcard::take_from_bytes(bytes)?;
            ids.intern(text);
            Ok(())
        })
    }

    fn rows<V: Value>(&mut self, table: u8, rows: &Rows<V>) -> Result<(), E> {
        self.timelines(table, |row: &Handle, position, value| rows.set(*row, position, value))
    }

    fn edges<V: Value>(&mut self, table: u8, edges: &Edges<V>) -> Result<(), E> {
        self.timelines(table, |(from, to): &(Handle, Handle), position, value| edges.set(*from, *to, position, value))
    }
}

fn take<T: DeserializeOwned>(bytes: &mut &[u8]) -> Result<T, PackError> {
    let (value, rest) = postcard::take_from_bytes(bytes)?;
    *bytes = rest;
    Ok(value)
}
