//! State packed into chunks of bytes, and back: what a checkpoint is made of, wherever it is kept.
//!
//! A table becomes chunks numbered from 0, each of whole records: id texts in the order of their handles, or timelines
//! behind their keys. A [`Manifest`] says what they are the state of. Whoever keeps them proves that they are as they
//! were written; what does not fit together is refused here all the same.

use std::borrow::Borrow;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tenure_events::{Hash, Head, Position, Time};
use uuid::Uuid;

use crate::digest::Digest;
use crate::state::{State, Value, Visitor};
use crate::store::{Edges, Handle, Ids, Rows, Small, Version};

/// The version of what is packed: tables, values and their encoding. What is of another one is of no use.
pub const SCHEMA: u32 = 10;

/// A chunk is closed when it is this long.
const CHUNK: usize = 64 * 1024;

/// Longer timelines are written in several pieces.
const PIECE: usize = 4_096;

/// The number under which the times of commands are kept, beside those of the tables of [`State`].
const TIMES: u8 = 200;

/// Memory for more entries than this is not taken before they are read.
const MOST: usize = 100_000_000;

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
    /// What they say cannot be.
    #[error("the checkpoint is damaged: a position is too large")]
    Position,
    /// There are fewer or more than were written.
    #[error("the checkpoint is damaged: chunks are missing")]
    Incomplete,
}

/// What is packed: the state as it is now. Taken between two commands; what is installed after it is left out.
#[derive(Debug, Clone)]
pub struct Mark {
    /// The last event.
    pub head: Head,
    /// Empty if none is kept.
    digest: Digest,
    /// How many ids each table has.
    ids: Vec<(u8, usize)>,
}

impl Mark {
    /// Marks the state as it is, after the event at its head.
    #[must_use]
    pub fn of(state: &State, head: Head) -> Self {
        let mut mark = Self { head, digest: state.kept_digest().unwrap_or_default(), ids: Vec::new() };
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

    fn edges<V: Value + Small>(&mut self, _: u8, _: &Edges<V>) -> Result<(), Self::Error> {
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
    /// How many entries each table has: room for them is made at once.
    entries: Vec<(u8, u64)>,
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

/// Which tables somebody fills or has filled: several threads share the work of [`unpack`] by sharing this.
pub struct Taken([AtomicBool; 256]);

impl Taken {
    /// None yet.
    #[must_use]
    pub const fn none() -> Self {
        Self([const { AtomicBool::new(false) }; 256])
    }

    /// Whether the caller is the first to take the table.
    fn take(&self, table: u8) -> bool {
        self.0.get(usize::from(table)).is_some_and(|taken| !taken.swap(true, Ordering::Relaxed))
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
    let chunk = Vec::with_capacity(2 * CHUNK);
    let mut packer = Packer { mark, put, table: 0, chunk, number: 0, chunks: 0, entries: Vec::new() };
    state.visit(&mut packer)?;
    packer.begin(TIMES);
    let mut before = (0, 0);
    for (position, time) in state.commands(mark.head.position) {
        let (position, time) = (position, time.micros());
        packer.record(&(position - before.0, time - before.1))?;
        packer.end_of_entry()?;
        before = (position, time);
    }
    packer.end_of_record(true)?;
    let Head { position, hash, time } = mark.head;
    let (digest, chunks, entries) = (mark.digest.clone(), packer.chunks, packer.entries);
    Ok(Manifest { schema: SCHEMA, log, position, hash: hash.0, time: time.micros(), digest, chunks, entries })
}

/// Fills those tables of an empty state that nobody has taken, from the chunks of each in order, and tells how many
/// there were.
///
/// # Errors
/// Chunks are not what [`pack`] made, or what `chunks` yields.
pub fn unpack<B: AsRef<[u8]>, C: Iterator<Item = Result<B, E>>, E: From<PackError>>(
    state: &State,
    manifest: &Manifest,
    taken: &Taken,
    chunks: impl FnMut(u8) -> C,
) -> Result<u32, E> {
    let mut unpacker = Unpacker { manifest, taken, chunks, found: 0 };
    // The times first: they are of one kind, and many.
    if unpacker.take(TIMES).is_some() {
        let mut before = (0, 0_i64);
        unpacker.table(TIMES, |bytes| {
            let (position, time) = take::<(Position, i64)>(bytes)?;
            before = (sum(before.0, position)?, before.1.wrapping_add(time));
            state.times.push((before.0, Time::from_micros(before.1)));
            Ok(())
        })?;
    }
    state.visit(&mut unpacker)?;
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
    entries: Vec<(u8, u64)>,
}

impl<P: FnMut(u8, u32, &[u8]) -> Result<(), E>, E: From<PackError>> Packer<'_, P> {
    fn begin(&mut self, table: u8) {
        self.table = table;
        self.number = 0;
        self.entries.push((table, 0));
    }

    fn record(&mut self, value: &impl Serialize) -> Result<(), PackError> {
        self.chunk = postcard::to_extend(value, std::mem::take(&mut self.chunk))?;
        Ok(())
    }

    fn end_of_entry(&mut self) -> Result<(), E> {
        if let Some((_, entries)) = self.entries.last_mut() {
            *entries += 1;
        }
        self.end_of_record(false)
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
    fn timeline<V: Value, B: Borrow<Version<V>>>(
        &mut self,
        key: &impl Serialize,
        newest_first: impl Iterator<Item = B>,
    ) -> Result<(), E> {
        let known = |version: &B| version.borrow().position <= self.mark.head.position;
        let mut versions: Vec<_> = newest_first.filter(known).collect();
        versions.reverse();
        if versions.is_empty() {
            return Ok(());
        }
        for piece in versions.chunks(PIECE) {
            self.record(key)?;
            self.record(&(piece.len() as u64))?;
            let mut before: Position = 0;
            for Version { position, value } in piece.iter().map(B::borrow) {
                self.record(&(position - before))?;
                self.record(value)?;
                before = *position;
            }
            self.end_of_record(false)?;
        }
        self.end_of_entry()
    }
}

impl<P: FnMut(u8, u32, &[u8]) -> Result<(), E>, E: From<PackError>> Visitor for Packer<'_, P> {
    type Error = E;

    fn ids(&mut self, table: u8, ids: &Ids) -> Result<(), E> {
        self.begin(table);
        let marked = self.mark.ids.iter().find(|(of, _)| *of == table).map_or(0, |(_, count)| *count);
        for text in (ids.first()..).take(marked).map_while(|handle| ids.text(handle)) {
            self.record(&text)?;
            self.end_of_entry()?;
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

    fn edges<V: Value + Small>(&mut self, table: u8, edges: &Edges<V>) -> Result<(), E> {
        self.begin(table);
        for edge in edges.all() {
            self.timeline(&(edge.from, edge.to), edge.versions())?;
        }
        self.end_of_record(true)
    }
}

struct Unpacker<'a, F> {
    manifest: &'a Manifest,
    taken: &'a Taken,
    chunks: F,
    found: u32,
}

impl<B, C, E, F> Unpacker<'_, F>
where
    B: AsRef<[u8]>,
    C: Iterator<Item = Result<B, E>>,
    E: From<PackError>,
    F: FnMut(u8) -> C,
{
    /// Whether a table has anything to read that nobody else reads, and for how many entries to make room.
    fn take(&self, table: u8) -> Option<usize> {
        let (_, entries) = self.manifest.entries.iter().find(|(of, entries)| *of == table && *entries > 0)?;
        self.taken.take(table).then_some(usize::try_from(*entries).unwrap_or(MOST).min(MOST))
    }

    /// Lets `record` take one record after the other from the chunks of a table.
    fn table(&mut self, table: u8, mut record: impl FnMut(&mut &[u8]) -> Result<(), PackError>) -> Result<(), E> {
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

    fn timelines<K: DeserializeOwned, V: Value>(
        &mut self,
        table: u8,
        mut set: impl FnMut(&K, std::vec::Drain<'_, (Position, V)>),
    ) -> Result<(), E> {
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

impl<B, C, E, F> Visitor for Unpacker<'_, F>
where
    B: AsRef<[u8]>,
    C: Iterator<Item = Result<B, E>>,
    E: From<PackError>,
    F: FnMut(u8) -> C,
{
    type Error = E;

    fn ids(&mut self, table: u8, ids: &Ids) -> Result<(), E> {
        let Some(entries) = self.take(table) else { return Ok(()) };
        ids.reserve(entries);
        self.table(table, |bytes| {
            let text: &str;
            (text, *bytes) = postcard::take_from_bytes(bytes)?;
            ids.intern(text);
            Ok(())
        })
    }

    fn rows<V: Value>(&mut self, table: u8, rows: &Rows<V>) -> Result<(), E> {
        match self.take(table) {
            Some(_) => self.timelines(table, |row: &Handle, versions| rows.extend(*row, versions)),
            None => Ok(()),
        }
    }

    fn edges<V: Value + Small>(&mut self, table: u8, edges: &Edges<V>) -> Result<(), E> {
        let Some(entries) = self.take(table) else { return Ok(()) };
        edges.reserve(entries);
        self.timelines(table, |(from, to): &(Handle, Handle), versions| edges.extend(*from, *to, versions))
    }
}

fn sum(position: Position, more: Position) -> Result<Position, PackError> {
    position.checked_add(more).ok_or(PackError::Position)
}

fn take<T: DeserializeOwned>(bytes: &mut &[u8]) -> Result<T, PackError> {
    let (value, rest) = postcard::take_from_bytes(bytes)?;
    *bytes = rest;
    Ok(value)
}
