//! The tree of a log: its hashes, in files beside the log or in memory.
//!
//! One file for each level of tiles, its hashes one after the other, so that a tile is a piece of a file: `0` has the leaves,
//! `1` the root of each 256 of them, and so on. The files are written as the log grows and not synced. `state` says up to
//! which size they were made durable, and which root that has; a start takes them up to there, cuts off the rest, and
//! adds what the log has more. A tree that is not right, or not there, is made anew.

use std::fs::{self, File};
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use tenure_events::Hash;
use tlog_tiles::{Error, Hash as Node, HashReader, split_stored_hash_index};
use uuid::Uuid;

use super::edge::{Edge, LEVELS, WIDTH, whole};
use super::leaves::Leaves;
use super::note::NoteError;
use super::tile::Tile;
use super::{hashes, leaf, parse, proves_leaf, proves_prefix, text};
use crate::log::{LogReader, write_atomically};
use crate::private;

/// The tree of a log: one thread adds to it, any may ask.
pub struct Tree {
    log: Uuid,
    folder: Option<PathBuf>,
    levels: [Level; LEVELS],
    edge: Mutex<Edge>,
    /// Up to where the levels are written.
    size: AtomicU64,
    broken: OnceLock<String>,
}

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// The tree is not that large.
    #[error("the tree has {size} leaves, and {asked} were asked for")]
    Beyond {
        /// What was asked for.
        asked: u64,
        /// The size of the tree.
        size: u64,
    },
    /// The files of the tree cannot be written or read. The log is not concerned.
    #[error("the tree cannot be used until the next start: {0}")]
    Broken(String),
    /// What was read proves nothing. The tree is made anew by the next start.
    #[error("the files of the tree are damaged: the next start makes them anew from the log")]
    Damaged,
    /// What is to be signed can be no note.
    #[error("the checkpoint cannot be signed: {0}")]
    Note(#[from] NoteError),
}

/// What `state` says.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    format: u32,
    log: Uuid,
    size: u64,
    root: String,
}

const STATE: &str = "state";
const HASH: usize = 32;

impl Tree {
    /// The tree of a log, in memory.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn in_memory(log_id: Uuid, log: &LogReader) -> Result<Self, crate::log::ReadError> {
        let tree = Self::empty(log_id, None, std::array::from_fn(|_| Level::Memory(RwLock::default())));
        tree.catch_up(log)?;
        Ok(tree)
    }

    /// The tree of a log, in a folder. Where its files cannot be used it gives no proofs, and says why: the log goes on.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn in_folder(folder: &Path, log_id: Uuid, log: &LogReader) -> Result<Self, crate::log::ReadError> {
        let opened = private::create_folders(folder).and_then(|()| {
            let mut levels = Vec::with_capacity(LEVELS);
            for level in 0..LEVELS {
                let path = folder.join(level.to_string());
                levels.push(Level::File(private::create_or_open(&path)?));
            }
            <[Level; LEVELS]>::try_from(levels).map_err(|_| io::Error::other("the levels of the tree"))
        });
        let levels = match opened {
            Ok(levels) => levels,
            Err(error) => {
                let tree = Self::empty(log_id, None, std::array::from_fn(|_| Level::Memory(RwLock::default())));
                tree.break_off(&error);
                return Ok(tree);
            }
        };
        let tree = Self::empty(log_id, Some(folder.to_owned()), levels);
        if let Err(error) = tree.take_up(log) {
            tree.break_off(&error);
        }
        let before = tree.size();
        tree.catch_up(log)?;
        if tree.size() > before {
            tree.keep();
        }
        Ok(tree)
    }

    fn empty(log: Uuid, folder: Option<PathBuf>, levels: [Level; LEVELS]) -> Self {
        let (edge, size) = (Mutex::default(), AtomicU64::new(0));
        Self { log, folder, levels, edge, size, broken: OnceLock::new() }
    }

    /// How many leaves it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size.load(Ordering::Acquire)
    }

    /// Adds leaves. What cannot be written stops the tree, never the log.
    pub fn append(&self, leaves: impl ExactSizeIterator<Item = Hash>) {
        if leaves.len() == 0 || self.broken.get().is_some() {
            return;
        }
        let mut edge = self.edge.lock().unwrap_or_else(PoisonError::into_inner);
        let before = edge.size();
        let mut gained: [Vec<u8>; LEVELS] = std::array::from_fn(|_| Vec::new());
        if let Some(first) = gained.first_mut() {
            first.reserve(leaves.len() * HASH);
        }
        for leaf in leaves {
            edge.push(leaf, |level, hash| {
                if let Some(bytes) = gained.get_mut(level) {
                    bytes.extend_from_slice(&hash.0);
                }
            });
        }
        for (number, (level, bytes)) in self.levels.iter().zip(&gained).enumerate() {
            let written = if bytes.is_empty() { Ok(()) } else { level.write(of_level(before, number), bytes) };
            if let Err(error) = written {
                self.break_off(&error);
                return;
            }
        }
        self.size.store(edge.size(), Ordering::Release);
    }

    /// The root of the tree as it was when it had this size.
    ///
    /// What is read of the files is held to the edge in memory, so that damage on the disk is not signed.
    ///
    /// # Errors
    /// See [`TreeError`].
    pub fn root(&self, size: u64) -> Result<Hash, TreeError> {
        self.usable()?;
        let edge = self.edge.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if size > edge.size() {
            return Err(TreeError::Beyond { asked: size, size: edge.size() });
        }
        if size == edge.size() {
            return Ok(edge.root());
        }
        let root = self.edge_at(size)?.root();
        let proof = self.prefix(size, edge.size())?;
        let holds = proves_prefix(&proof, (size, &root), (edge.size(), &edge.root()));
        if holds { Ok(root) } else { Err(self.damaged()) }
    }

    /// The leaf of this index.
    ///
    /// # Errors
    /// See [`TreeError`].
    pub fn leaf(&self, index: u64) -> Result<Hash, TreeError> {
        self.usable()?;
        if index >= self.size() {
            return Err(TreeError::Beyond { asked: index + 1, size: self.size() });
        }
        let read = self.read(0, index, 1)?;
        read.first().copied().ok_or_else(|| self.damaged())
    }

    /// The leaves of these indexes, to be signed: each is held to the edge in memory. In order is quickest.
    ///
    /// # Errors
    /// See [`TreeError`].
    pub fn leaves(&self, indexes: impl Iterator<Item = u64>) -> Result<Vec<Hash>, TreeError> {
        self.usable()?;
        let edge = self.edge.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut leaves = Leaves::of(self, edge);
        indexes.map(|index| leaves.get(index)).collect()
    }

    /// The proof that the tree of this size and root has a leaf.
    ///
    /// # Errors
    /// See [`TreeError`].
    pub fn inclusion(&self, index: u64, size: u64, root: &Hash) -> Result<Vec<Hash>, TreeError> {
        self.within(size)?;
        let leaf = self.leaf(index)?;
        let proof = tlog_tiles::prove_record(size, index, &At(self)).map_err(|_| self.damaged())?;
        let proof = hashes(&proof);
        if proves_leaf(&proof, size, root, index, &leaf) { Ok(proof) } else { Err(self.damaged()) }
    }

    /// The proof that the tree of one size begins with that of a smaller one.
    ///
    /// # Errors
    /// See [`TreeError`].
    pub fn consistency(&self, from: u64, to: u64) -> Result<Vec<Hash>, TreeError> {
        self.within(to)?;
        if from > to {
            return Err(TreeError::Beyond { asked: from, size: to });
        }
        let proof = self.prefix(from, to)?;
        let holds = proves_prefix(&proof, (from, &self.root(from)?), (to, &self.root(to)?));
        if holds { Ok(proof) } else { Err(self.damaged()) }
    }

    /// The bytes of a tile; none if the tree is not that large.
    ///
    /// # Errors
    /// See [`TreeError`].
    pub fn tile(&self, tile: Tile) -> Result<Option<Vec<u8>>, TreeError> {
        self.usable()?;
        let Tile { level, number, width } = tile;
        let end = number.checked_mul(WIDTH as u64).and_then(|first| first.checked_add(width as u64));
        if end.is_none_or(|end| end > of_level(self.size(), level)) {
            return Ok(None);
        }
        let read = self.read(level, number * WIDTH as u64, width)?;
        Ok(Some(read.iter().flat_map(|hash| hash.0).collect()))
    }

    /// Makes the tree durable, so that the next start need not make it anew. That it fails costs a longer start.
    pub fn keep(&self) {
        let Some(folder) = self.folder.as_ref().filter(|_| self.broken.get().is_none()) else { return };
        let edge = self.edge.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let kept = Kept { format: 1, log: self.log, size: edge.size(), root: text(&edge.root()) };
        let synced = self.levels.iter().try_for_each(Level::sync).and_then(|()| {
            let bytes = serde_json::to_vec(&kept).map_err(io::Error::other)?;
            write_atomically(&folder.join(STATE), &bytes)
        });
        if let Err(error) = synced {
            tracing::warn!(%error, "the tree of proofs was not made durable");
        }
    }

    /// Holds what a tree in a folder keeps to the leaves of the log, which is read by somebody else: the size that it has,
    /// and whether it is right. None if there is no tree.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn look(folder: &Path, log_id: Uuid) -> io::Result<Option<Looked>> {
        let Some(kept) = kept(folder, log_id)? else { return Ok(None) };
        let mut files = Vec::with_capacity(LEVELS);
        for level in 0..LEVELS {
            files.push(io::BufReader::new(File::open(folder.join(level.to_string()))?));
        }
        Ok(Some(Looked { kept: (kept.size, kept.root), files, edge: Edge::default(), right: true }))
    }

    /// Takes up what the files have, as far as it is durable and the log has the same.
    fn take_up(&self, log: &LogReader) -> io::Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let kept = kept(folder, self.log).unwrap_or(None).filter(|kept| kept.size <= log.head());
        if let Some(Kept { size, root, .. }) = kept {
            let lengths = || {
                let enough = |(number, level): (usize, &Level)| level.has(of_level(size, number)).unwrap_or(false);
                self.levels.iter().enumerate().all(enough)
            };
            if lengths()
                && let Ok(edge) = self.edge_at(size)
                && text(&edge.root()) == root
                && self.ends_as(size, log)
            {
                for (number, level) in self.levels.iter().enumerate() {
                    level.cut(of_level(size, number))?;
                }
                *self.edge.lock().unwrap_or_else(PoisonError::into_inner) = edge;
                self.size.store(size, Ordering::Release);
                return Ok(());
            }
        }
        tracing::info!("the tree of proofs is made anew from the log");
        self.levels.iter().try_for_each(|level| level.cut(0))
    }

    /// Whether its last leaf is the log's event there.
    fn ends_as(&self, size: u64, log: &LogReader) -> bool {
        let Some(last) = size.checked_sub(1) else { return true };
        let event = log.read(size, 1).ok().and_then(|mut found| found.pop());
        let kept = self.read(0, last, 1).ok().and_then(|read| read.first().copied());
        event.zip(kept).is_some_and(|(event, kept)| leaf(&event.bytes) == kept)
    }

    /// Adds what the log has more.
    fn catch_up(&self, log: &LogReader) -> Result<(), crate::log::ReadError> {
        const BATCH: usize = 1_024;
        let mut leaves = Vec::with_capacity(BATCH);
        log.scan(self.size() + 1, |_, event| {
            leaves.push(leaf(event));
            if leaves.len() == BATCH {
                self.append(leaves.drain(..));
            }
            if self.broken.get().is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        self.append(leaves.drain(..));
        Ok(())
    }

    fn edge_at(&self, size: u64) -> Result<Edge, TreeError> {
        let mut tiles: [Vec<Hash>; LEVELS] = std::array::from_fn(|_| Vec::new());
        for (level, tile) in tiles.iter_mut().enumerate() {
            let there = of_level(size, level);
            let filled = there % WIDTH as u64;
            *tile = self.read(level, there - filled, usize::try_from(filled).unwrap_or(0))?;
        }
        Ok(Edge::of(size, tiles))
    }

    fn prefix(&self, from: u64, to: u64) -> Result<Vec<Hash>, TreeError> {
        if from == 0 {
            return Ok(Vec::new());
        }
        let proof = tlog_tiles::prove_tree(to, from, &At(self)).map_err(|_| self.damaged())?;
        Ok(hashes(&proof))
    }

    pub(super) fn read(&self, level: usize, first: u64, count: usize) -> Result<Vec<Hash>, TreeError> {
        let read = self.levels.get(level).map(|level| level.read(first, count));
        match read {
            Some(Ok(bytes)) => Ok(bytes.as_chunks::<HASH>().0.iter().map(|hash| Hash(*hash)).collect()),
            Some(Err(error)) => Err(TreeError::Broken(error.to_string())),
            None => Err(TreeError::Damaged),
        }
    }

    fn within(&self, size: u64) -> Result<(), TreeError> {
        self.usable()?;
        let there = self.size();
        if size > there { Err(TreeError::Beyond { asked: size, size: there }) } else { Ok(()) }
    }

    fn usable(&self) -> Result<(), TreeError> {
        self.broken.get().map_or(Ok(()), |why| Err(TreeError::Broken(why.clone())))
    }

    /// The next start makes it anew.
    pub(super) fn damaged(&self) -> TreeError {
        if let Some(folder) = &self.folder
            && let Err(error) = fs::remove_file(folder.join(STATE))
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "the damaged tree of proofs cannot be marked");
        }
        if self.broken.set(TreeError::Damaged.to_string()).is_ok() {
            tracing::error!("{}", TreeError::Damaged);
        }
        TreeError::Damaged
    }

    fn break_off(&self, error: &io::Error) {
        if self.broken.set(error.to_string()).is_ok() {
            tracing::error!(%error, "the tree of proofs cannot be written: there are no proofs until the next start");
        }
    }
}

/// How many hashes a level has in a tree of this size.
fn of_level(size: u64, level: usize) -> u64 {
    size >> (8 * level)
}

fn kept(folder: &Path, log_id: Uuid) -> io::Result<Option<Kept>> {
    let bytes = match fs::read(folder.join(STATE)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read?,
    };
    let kept: Option<Kept> = serde_json::from_slice(&bytes).ok();
    Ok(kept.filter(|kept| kept.format == 1 && kept.log == log_id && parse(&kept.root).is_some()))
}

/// A tree that is held to the log.
pub struct Looked {
    kept: (u64, String),
    files: Vec<io::BufReader<File>>,
    edge: Edge,
    right: bool,
}

impl Looked {
    /// Takes the next leaf of the log.
    pub fn take(&mut self, leaf: Hash) {
        if !self.right || self.edge.size() >= self.kept.0 {
            return;
        }
        let Self { files, edge, right, kept } = self;
        edge.push(leaf, |level, hash| {
            let mut found = [0; HASH];
            let read = files.get_mut(level).map(|file| io::Read::read_exact(file, &mut found));
            *right &= matches!(read, Some(Ok(()))) && found == hash.0;
        });
        if edge.size() == kept.0 {
            *right &= text(&edge.root()) == kept.1;
        }
    }

    /// Whether all that it keeps is what the log makes, and up to where it is.
    #[must_use]
    pub const fn verdict(&self) -> (u64, bool) {
        (self.kept.0, self.right && self.edge.size() == self.kept.0)
    }
}

/// Reads the hashes that proofs are made of.
struct At<'a>(&'a Tree);

impl HashReader for At<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Node>, Error> {
        let each = indexes.iter().map(|index| {
            let (height, number) = split_stored_hash_index(*index);
            let (level, above) = (usize::from(height / 8), height % 8);
            let leaves = self.0.read(level, number << above, 1 << above).map_err(|_| Error::IndexesNotInTree)?;
            Ok(Node(whole(&leaves).0))
        });
        each.collect()
    }
}

/// The hashes of one level of tiles.
enum Level {
    File(File),
    Memory(RwLock<Vec<u8>>),
}

impl Level {
    fn write(&self, first: u64, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::File(file) => file.write_all_at(bytes, first * HASH as u64),
            Self::Memory(held) => {
                held.write().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
                Ok(())
            }
        }
    }

    fn read(&self, first: u64, count: usize) -> io::Result<Vec<u8>> {
        match self {
            Self::File(file) => {
                let mut bytes = vec![0; count * HASH];
                file.read_exact_at(&mut bytes, first * HASH as u64)?;
                Ok(bytes)
            }
            Self::Memory(held) => {
                let held = held.read().unwrap_or_else(PoisonError::into_inner);
                let first = usize::try_from(first).unwrap_or(usize::MAX).saturating_mul(HASH);
                let bytes = held.get(first..first.saturating_add(count * HASH));
                bytes.map(<[u8]>::to_vec).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
            }
        }
    }

    fn has(&self, count: u64) -> io::Result<bool> {
        match self {
            Self::File(file) => Ok(file.metadata()?.len() >= count * HASH as u64),
            Self::Memory(_) => Ok(count == 0),
        }
    }

    fn cut(&self, count: u64) -> io::Result<()> {
        match self {
            Self::File(file) => file.set_len(count * HASH as u64),
            Self::Memory(_) => Ok(()),
        }
    }

    fn sync(&self) -> io::Result<()> {
        match self {
            Self::File(file) => file.sync_data(),
            Self::Memory(_) => Ok(()),
        }
    }
}
