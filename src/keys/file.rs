//! The key file: a header and one record of 128 bytes per person. Numbers are little-endian, checksums CRC-32C.
//!
//! ```text
//! header   magic 8 · format 4 · log id 16 · platform secret 32 · zeros 64 · checksum of all before 4
//! record   person 32 · growth 8 · checksum of both 4 · mark 8 · key 32 · checksum of person, growth, key 4 · zeros 40
//! ```
//!
//! *Growth* is the slot at which the append that wrote the record began; it tells a torn append (nothing valid of a
//! later growth follows) from damage. The *mark* says live or erased, and one is the other's complement.
//!
//! Erasing syncs the mark before it touches the key. So whatever mixture of old and new bytes a crash leaves, a mark
//! with any erased byte means erased, and a record with the live mark has the whole key or fails its checksum.
//! Records lie aligned to their size, so none straddles a disk's sector.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crc32c::{crc32c, crc32c_append};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Entry, Key, PersonId, StoreError};
use crate::private;

/// Length of the header and of each record, in bytes.
pub(super) const RECORD: usize = 128;

pub(super) type Record = Zeroizing<[u8; RECORD]>;

pub(super) struct KeyFile {
    /// None for a store in memory.
    disk: Option<Disk>,
    slots: u64,
    failed: bool,
    /// Until this is settled, nothing is written.
    unsettled: Option<Unsettled>,
}

struct Disk {
    file: File,
    path: PathBuf,
}

pub(super) struct Opened {
    pub(super) file: KeyFile,
    pub(super) secret: Key,
    pub(super) people: HashMap<PersonId, Entry>,
    /// Bytes of an interrupted growth.
    pub(super) torn: u64,
}

/// What a crash left half done, to be finished before anything is written.
struct Unsettled {
    /// Records to write again: what was repaired, and what a failed sync may have left in the system's cache alone.
    records: Vec<(u64, Record)>,
    /// The bytes of an interrupted growth: what lies behind the last valid record, and slots given to nobody.
    torn: Zeroizing<Vec<u8>>,
}

impl KeyFile {
    pub(super) fn in_memory() -> Self {
        Self { disk: None, slots: 0, failed: false, unsettled: None }
    }

    pub(super) fn create(path: &Path, log: Uuid, secret: &Key) -> Result<Self, StoreError> {
        let create = || {
            let file = private::create_new(path)?;
            file.write_all_at(&*header(log, secret), 0)?;
            sync_new(&file, path)?;
            Ok(file)
        };
        Ok(Self::on_disk(create().map_err(io_error("create", path))?, path, 0))
    }

    /// Reads a key file, and changes nothing in it. Before anything can be written, [`KeyFile::settle`] is to be called.
    pub(super) fn read(path: &Path, log: Uuid, write: bool) -> Result<Opened, StoreError> {
        let mut bytes = Zeroizing::new(Vec::new());
        let mut read = || {
            let mut file = OpenOptions::new().read(true).write(write).open(path)?;
            file.read_to_end(&mut bytes)?;
            Ok(file)
        };
        let file = read().map_err(io_error("open", path))?;
        let (header, records) = bytes.split_first_chunk().ok_or_else(|| StoreError::Foreign(path.into()))?;
        let secret = read_header(header, log, path)?;
        let Contents { people, slots, settle, vacated } = read_records(records.as_chunks().0)
            .map_err(|slot| StoreError::Damaged { path: path.into(), offset: offset(slot) })?;
        let (whole, behind) = records.split_at_checked(slots as usize * RECORD).unwrap_or((records, &[]));
        let mut torn = Zeroizing::new(behind.to_vec());
        for slot in vacated {
            torn.extend(whole.chunks(RECORD).nth(slot as usize).unwrap_or_default());
        }
        let mut file = Self::on_disk(file, path, slots);
        let bytes = torn.len() as u64;
        file.unsettled = Some(Unsettled { records: settle, torn });
        Ok(Opened { file, secret, people, torn: bytes })
    }

    /// Finishes what a crash left half done. What it cuts off is kept in a file beside the key file.
    pub(super) fn settle(&mut self) -> Result<(), StoreError> {
        let Some(Unsettled { records, torn }) = self.unsettled.take() else { return Ok(()) };
        if let Some(Disk { path, .. }) = self.disk.as_ref().filter(|_| torn.iter().any(|byte| *byte != 0)) {
            keep_beside(path, &torn).inspect_err(|_| self.failed = true)?;
        }
        let end = offset(self.slots);
        self.attempt("settle", |file| {
            for (slot, record) in &records {
                file.write_all_at(&**record, offset(*slot))?;
            }
            file.set_len(end)?;
            file.sync_data()
        })
    }

    /// Records that the file holds; the number of the next one.
    pub(super) fn slots(&self) -> u64 {
        self.slots
    }

    pub(super) fn usable(&self) -> Result<(), StoreError> {
        if self.failed || self.unsettled.is_some() { Err(StoreError::Failed) } else { Ok(()) }
    }

    /// Writes whole records behind the last one, and syncs.
    pub(super) fn append(&mut self, records: &[u8]) -> Result<(), StoreError> {
        let end = offset(self.slots);
        self.attempt("write", |file| {
            file.write_all_at(records, end)?;
            file.sync_data()
        })?;
        self.slots += (records.len() / RECORD) as u64;
        Ok(())
    }

    /// Overwrites the key in this slot. Two syncs: the mark is on the disk before a byte of the key changes.
    pub(super) fn erase(&mut self, slot: u64) -> Result<(), StoreError> {
        self.attempt("erase a key in", |file| {
            file.write_all_at(&ERASED, offset(slot) + MARK_AT)?;
            file.sync_data()?;
            file.write_all_at(&[0; 36], offset(slot) + KEY_AT)?;
            file.sync_data()
        })
    }

    pub(super) fn copy_to(&self, path: &Path) -> Result<(), StoreError> {
        self.usable()?;
        let mut from = &self.disk.as_ref().ok_or(StoreError::InMemory)?.file;
        let mut copy = || {
            let mut to = private::create_new(path)?;
            from.rewind()?;
            io::copy(&mut from.take(offset(self.slots)), &mut to)?;
            sync_new(&to, path)
        };
        copy().map_err(io_error("copy to", path))
    }

    fn on_disk(file: File, path: &Path, slots: u64) -> Self {
        let path = path.into();
        Self { disk: Some(Disk { file, path }), slots, failed: false, unsettled: None }
    }

    /// After a failure nothing is tried again on this file: its unwritten pages may pass for clean.
    fn attempt(
        &mut self,
        action: &'static str,
        change: impl FnOnce(&File) -> io::Result<()>,
    ) -> Result<(), StoreError> {
        self.usable()?;
        let Some(Disk { file, path }) = &self.disk else {
            return Ok(());
        };
        change(file).map_err(|error| {
            self.failed = true;
            io_error(action, path)(error)
        })
    }
}

/// A record as it stands in the file: with a key, or erased.
pub(super) fn record(person: PersonId, growth: u64, key: Option<&[u8; 32]>) -> Record {
    let growth = growth.to_le_bytes();
    let whose = crc32c_append(crc32c(&person.0), &growth);
    let check = key.map_or(0, |key| crc32c_append(whose, key));
    joined([
        &person.0,
        &growth,
        &whose.to_le_bytes(),
        if key.is_some() { &LIVE } else { &ERASED },
        key.unwrap_or(&[0; 32]),
        &check.to_le_bytes(),
    ])
}

const MAGIC: [u8; 8] = *b"TNRKEYS\n";
const FORMAT: u32 = 1;

const LIVE: [u8; 8] = *b"live key";
const ERASED: [u8; 8] = (!u64::from_le_bytes(LIVE)).to_le_bytes();
const MARK_AT: u64 = 44;
/// Of the key and, right behind it, its checksum.
const KEY_AT: u64 = 52;

/// Whom a slot belongs to that was torn while later ones of its growth were not; the hash of no user id.
const NOBODY: PersonId = PersonId([0; 32]);

fn offset(slot: u64) -> u64 {
    (slot + 1) * RECORD as u64
}

fn header(log: Uuid, secret: &[u8; 32]) -> Record {
    let parts: [&[u8]; 5] = [&MAGIC, &FORMAT.to_le_bytes(), log.as_bytes(), secret, &[0; 64]];
    let check = parts.iter().fold(0, |check, part| crc32c_append(check, part)).to_le_bytes();
    let [magic, format, log, secret, zeros] = parts;
    joined([magic, format, log, secret, zeros, &check])
}

/// Magic and format come first: a newer format may differ in all the rest.
fn read_header(header: &[u8; RECORD], log: Uuid, path: &Path) -> Result<Key, StoreError> {
    let fields = || {
        let (magic, rest) = header.split_first_chunk()?;
        let (format, rest) = rest.split_first_chunk()?;
        let (log, rest) = rest.split_first_chunk()?;
        let (secret, _) = rest.split_first_chunk()?;
        (*magic == MAGIC).then_some((u32::from_le_bytes(*format), Uuid::from_bytes(*log), secret))
    };
    let (format, found, secret) = fields().ok_or_else(|| StoreError::Foreign(path.into()))?;
    if format > FORMAT {
        return Err(StoreError::Newer { path: path.into(), found: format, known: FORMAT });
    }
    if *self::header(found, secret) != *header {
        return Err(StoreError::Damaged { path: path.into(), offset: 0 });
    }
    if found != log {
        return Err(StoreError::OtherLog { path: path.into(), found, expected: log });
    }
    Ok(Box::new(Zeroizing::new(*secret)))
}

struct Contents {
    people: HashMap<PersonId, Entry>,
    /// Slots up to the last valid record.
    slots: u64,
    settle: Vec<(u64, Record)>,
    /// Slots given to nobody.
    vacated: Vec<u64>,
}

/// Reads all records, and repairs what a crash explains.
///
/// # Errors
/// The number of the first damaged record.
fn read_records(records: &[[u8; RECORD]]) -> Result<Contents, u64> {
    let last = records.iter().enumerate().rev().find_map(|(slot, bytes)| Some((slot, read_record(bytes)?.growth)));
    let (slots, last_growth) = last.map_or((0, 0), |(slot, growth)| (slot + 1, growth));
    let mut contents = Contents {
        people: HashMap::with_capacity(slots),
        slots: slots as u64,
        settle: Vec::new(),
        vacated: Vec::new(),
    };
    for (slot, bytes) in (0..).zip(records).take(slots) {
        let (person, growth, key) = match read_record(bytes) {
            Some(Found { person, growth, key }) if growth <= slot => (person, growth, key),
            None if slot >= last_growth => {
                contents.vacated.push(slot);
                (NOBODY, last_growth, None)
            }
            Some(_) | None => return Err(slot),
        };
        if key.is_none() || slot >= last_growth {
            contents.settle.push((slot, record(person, growth, key.as_deref().map(|key| &**key))));
        }
        let entry = key.map_or(Entry::Erased, |key| Entry::Live { key, slot });
        if contents.people.insert(person, entry).is_some() && person != NOBODY {
            return Err(slot);
        }
    }
    Ok(contents)
}

struct Found {
    person: PersonId,
    growth: u64,
    /// None when erased.
    key: Option<Key>,
}

fn read_record(bytes: &[u8; RECORD]) -> Option<Found> {
    let (person, rest) = bytes.split_first_chunk()?;
    let (growth, rest) = rest.split_first_chunk()?;
    let (_, rest) = rest.split_first_chunk::<4>()?;
    let (mark, rest) = rest.split_first_chunk::<8>()?;
    let (key, _) = rest.split_first_chunk()?;
    let (person, growth) = (PersonId(*person), u64::from_le_bytes(*growth));
    if *record(person, growth, Some(key)) == *bytes {
        return Some(Found { person, growth, key: Some(Box::new(Zeroizing::new(*key))) });
    }
    let erased = record(person, growth, None);
    let same = |range: std::ops::Range<usize>| bytes.get(range.clone()) == erased.get(range);
    let erasing = *mark != LIVE && mark.iter().zip(LIVE).all(|(byte, live)| *byte == live || *byte == !live);
    (erasing && same(0..44) && same(88..RECORD)).then_some(Found { person, growth, key: None })
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |error| StoreError::Io { action, path, error }
}

/// The parts one behind the other, and zeros.
fn joined<const N: usize>(parts: [&[u8]; N]) -> Record {
    let mut bytes = Zeroizing::new([0; RECORD]);
    for (to, from) in bytes.iter_mut().zip(parts.into_iter().flatten()) {
        *to = *from;
    }
    bytes
}

/// Keeps bytes that are to be cut off in a file beside the key file, named after what they are. They are keys that no event
/// was ever sealed with, or what a failing disk left of some.
fn keep_beside(path: &Path, torn: &[u8]) -> Result<(), StoreError> {
    let kept = path.with_file_name(format!("keys.cut-{:08x}", crc32c(torn)));
    let keep = || match private::create_new(&kept) {
        Ok(file) => {
            file.write_all_at(torn, 0)?;
            sync_new(&file, &kept)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    };
    keep().map_err(io_error("keep what is cut from", path))
}

/// Makes a new file durable, its name in the folder included.
fn sync_new(file: &File, path: &Path) -> io::Result<()> {
    file.sync_all()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
