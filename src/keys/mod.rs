//! The keys of personal data: one random key per person, held outside the log.
//!
//! Names, mail addresses and free text stand in the log as [`Sealed`] bytes only. Whoever destroys a person's key makes
//! all of them unreadable, wherever the log was copied to, and the log's bytes and hashes stay as they are.
//!
//! [`KeyStore::seal`] makes a key for a new person, which goes with the command; if that is done, [`KeyStore::stage`]
//! keeps the key, [`KeyStore::sync`] makes it durable (before the log may hold anything that it sealed), and
//! [`KeyStore::erase`] destroys it for ever. The log is the truth about erasure: its caller appends `user.erased` first, and repeats `erase` for each such event at every start,
//! so that neither a crash nor an older copy of the key file brings a person back.
//!
//! One process opens a key file at a time; whoever owns the data directory sees to that. In place, overwritten means
//! gone as far as the file system and the disk overwrite in place; copies of the file are their keeper's to destroy.

mod feed;
mod file;
mod identity;
mod proof;
mod seal;
mod seed;
mod sign;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use sha2::{Digest as _, Sha256};
use tenure_events::{Sealed, UserId};
use uuid::Uuid;
use zeroize::Zeroizing;

pub use feed::FeedSigner;
use file::KeyFile;
pub use identity::IdentityHandle;
pub use proof::ProofKey;
pub use seal::{Place, SealError, UnsealError, sealed_in};

/// Every person's key, in memory and in one file. Shared by the writer and whoever shows names.
///
/// Sealing and opening never wait for the disk.
pub struct KeyStore {
    log: Uuid,
    secret: Key,
    torn: u64,
    keys: RwLock<Keys>,
    /// Taken before `keys` where both are needed.
    file: Mutex<KeyFile>,
}

/// Why the key store could not be made, opened or changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file system refused, or a disk is full or failing.
    #[error("cannot {action} the key store `{path}`: {error}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The key file.
        path: PathBuf,
        /// What the operating system said.
        error: std::io::Error,
    },
    /// The file holds something else.
    #[error("`{0}` is not a key store")]
    Foreign(PathBuf),
    /// A newer Tenure wrote the file.
    #[error("the key store `{path}` has format {found}, this version knows {known}: use a newer version of tenure")]
    Newer {
        /// The key file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that this version can read.
        known: u32,
    },
    /// The keys belong to another log, so they would open nothing of this one.
    #[error("the key store `{path}` belongs to log {found}, not to {expected}: use the one kept beside this log")]
    OtherLog {
        /// The key file.
        path: PathBuf,
        /// The log that it was made for.
        found: Uuid,
        /// The log that it was opened for.
        expected: Uuid,
    },
    /// The bytes are not those that were written; no crash explains it.
    #[error("the key store `{path}` is damaged at byte {offset}: restore a copy of it, erased people stay erased")]
    Damaged {
        /// The key file.
        path: PathBuf,
        /// Where the damaged record begins.
        offset: u64,
    },
    /// A write or sync failed before, so what the file holds is unknown until it is opened again.
    #[error("the key store failed to write before: restart the node")]
    Failed,
    /// There is no file to copy.
    #[error("a key store in memory cannot be copied")]
    InMemory,
    /// The operating system gave no random bytes.
    #[error("no random numbers for a key: {0}")]
    Random(#[from] getrandom::Error),
}

impl KeyStore {
    /// Makes the key store of a new log, durably, readable by the owner alone.
    ///
    /// # Errors
    /// When the file exists already or cannot be written.
    pub fn create(path: &Path, log: Uuid) -> Result<Self, StoreError> {
        let secret = random_key()?;
        let file = KeyFile::create(path, log, &secret)?;
        Ok(Self::new(log, secret, file, HashMap::new(), 0))
    }

    /// Opens the key store of a log, and settles it: [`KeyStore::read`], then [`KeyStore::settle`].
    ///
    /// # Errors
    /// When the file cannot be read or settled, is of a newer format, belongs to another log or is damaged.
    pub fn open(path: &Path, log: Uuid) -> Result<Self, StoreError> {
        let store = Self::read(path, log)?;
        store.settle()?;
        Ok(store)
    }

    /// Reads the key store of a log, and changes nothing: so whether it has every key that the log needs can be asked before
    /// anything is cut from it. It can be written to once it is settled.
    ///
    /// # Errors
    /// When the file cannot be read, is of a newer format, belongs to another log or is damaged.
    pub fn read(path: &Path, log: Uuid) -> Result<Self, StoreError> {
        let file::Opened { file, secret, people, torn } = KeyFile::read(path, log, true)?;
        Ok(Self::new(log, secret, file, people, torn))
    }

    /// Reads the key store of a log to look at it; nothing can ever be written to it.
    ///
    /// # Errors
    /// As [`KeyStore::read`].
    pub fn look(path: &Path, log: Uuid) -> Result<Self, StoreError> {
        let file::Opened { file, secret, people, torn } = KeyFile::read(path, log, false)?;
        Ok(Self::new(log, secret, file, people, torn))
    }

    /// Finishes what a crash left half done: an interrupted growth is cut (see [`KeyStore::torn`]) and kept beside the file
    /// as `keys.cut-…`, an interrupted erasure is completed.
    ///
    /// # Errors
    /// When the file cannot be changed.
    pub fn settle(&self) -> Result<(), StoreError> {
        self.file().settle()
    }

    /// Whether the store has the key of a person, or knows that it was destroyed.
    #[must_use]
    pub fn knows(&self, person: &UserId) -> bool {
        self.keys().find(&PersonId::of(person)).is_some()
    }

    /// A key store that ends with the process.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn in_memory(log: Uuid) -> Result<Self, StoreError> {
        Ok(Self::new(log, random_key()?, KeyFile::in_memory(), HashMap::new(), 0))
    }

    /// Bytes of a growth interrupted by a crash that were dropped at opening. No sync had confirmed them.
    #[must_use]
    pub fn torn(&self) -> u64 {
        self.torn
    }

    /// Seals a text about a person. A person whom the store does not know gets a key among the new ones.
    ///
    /// # Errors
    /// When the person was erased, or there are no random bytes.
    pub fn seal(&self, place: &Place<'_>, text: &str, new: &mut NewKeys) -> Result<Sealed, SealError> {
        let person = PersonId::of(place.person);
        let keys = self.keys();
        let key = match keys.find(&person) {
            Some(Held::Key(key)) => key,
            Some(Held::Erased) => return Err(SealError::Erased),
            None => new.key(person)?,
        };
        seal::seal(key, self.log, place, text)
    }

    /// Whether one of these persons is not new any more: what was sealed with the new key could not be opened.
    #[must_use]
    pub fn knows_one_of(&self, new: &NewKeys) -> bool {
        new.0.iter().any(|(person, _)| self.keys().find(person).is_some())
    }

    /// Keeps new keys, from now on; whoever was given a key or erased before stays as they are. Of all threads one stages.
    pub fn stage(&self, new: NewKeys) {
        if new.is_empty() {
            return;
        }
        let mut keys = self.write();
        for (person, key) in new.0 {
            if keys.find(&person).is_none() {
                keys.staged.insert(person, key);
            }
        }
    }

    /// The text that was sealed about this person in this field.
    ///
    /// # Errors
    /// When the person was erased, has no key here, or the bytes are not what was sealed for this person, field and log.
    pub fn unseal(&self, person: &UserId, field: &str, sealed: &Sealed) -> Result<String, UnsealError> {
        let id = PersonId::of(person);
        let keys = self.keys();
        let key = match keys.find(&id) {
            Some(Held::Key(key)) => key,
            Some(Held::Erased) => return Err(UnsealError::Erased),
            None => return Err(UnsealError::NoKey),
        };
        seal::unseal(key, self.log, person, field, sealed)
    }

    /// Makes all staged keys durable with one write and one sync; does nothing when none is staged.
    ///
    /// # Errors
    /// When writing or syncing fails. From then on the store refuses to sync, erase or be copied: the system may report
    /// the next sync clean although the bytes are lost.
    pub fn sync(&self) -> Result<(), StoreError> {
        let mut file = self.file();
        file.usable()?;
        if self.keys().staged.is_empty() {
            return Ok(());
        }
        let growth = self.write().place_staged(file.slots());
        file.append(&growth)
    }

    /// Destroys a person's key for ever, in memory and in the file, durably. Costs nothing for somebody already erased;
    /// somebody never seen is recorded as erased.
    ///
    /// # Errors
    /// When the file cannot be changed; the key is gone from memory all the same.
    pub fn erase(&self, person: &UserId) -> Result<(), StoreError> {
        let person = PersonId::of(person);
        let mut file = self.file();
        let before = {
            let mut keys = self.write();
            keys.staged.remove(&person);
            keys.people.insert(person, Entry::Erased)
        };
        file.usable()?;
        match before {
            Some(Entry::Erased) => Ok(()),
            Some(Entry::Live { key, slot }) => {
                drop(key);
                file.erase(slot)
            }
            None => {
                let growth = file.slots();
                file.append(&*file::record(person, growth, None))
            }
        }
    }

    /// Whether this person's key was destroyed.
    #[must_use]
    pub fn is_erased(&self, person: &UserId) -> bool {
        matches!(self.keys().find(&PersonId::of(person)), Some(Held::Erased))
    }

    /// The handle by which the log knows an identity provider's subject. Same store, same handle.
    #[must_use]
    pub fn identity_handle(&self, issuer: &str, subject: &str) -> IdentityHandle {
        IdentityHandle::new(&self.secret, issuer, subject)
    }

    /// Copies what is durable to a new file, durably. A backup copies the log first, so that no event in it lacks a key.
    ///
    /// # Errors
    /// When the new file exists or cannot be written (what was written of it stays), or this store has no file.
    pub fn copy_to(&self, path: &Path) -> Result<(), StoreError> {
        self.file().copy_to(path)
    }

    fn new(log: Uuid, secret: Key, file: KeyFile, people: HashMap<PersonId, Entry>, torn: u64) -> Self {
        let keys = RwLock::new(Keys { people, staged: HashMap::new() });
        Self { log, secret, torn, keys, file: Mutex::new(file) }
    }

    fn keys(&self) -> RwLockReadGuard<'_, Keys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Keys> {
        self.keys.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self) -> MutexGuard<'_, KeyFile> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyStore").field("log", &self.log).finish_non_exhaustive()
    }
}

/// A secret of 32 bytes. Boxed, so that a growing table moves a pointer and leaves no copy behind.
type Key = Box<Zeroizing<[u8; 32]>>;

fn random_key() -> Result<Key, getrandom::Error> {
    let mut key = Key::default();
    getrandom::fill(key.as_mut_slice())?;
    Ok(key)
}

/// SHA-256 of a user id: the file names nobody.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct PersonId([u8; 32]);

impl PersonId {
    fn of(user: &UserId) -> Self {
        Self(Sha256::digest(user.as_str()).into())
    }
}

/// What the file says about a person, or is about to: a failed write fails the store as a whole.
enum Entry {
    Live { key: Key, slot: u64 },
    Erased,
}

/// What the store holds of a person.
enum Held<'a> {
    Key(&'a Key),
    Erased,
}

/// Keys of persons whom the store did not know: made for one command, and gone with it unless it is done.
#[derive(Default)]
pub struct NewKeys(Vec<(PersonId, Key)>);

impl NewKeys {
    /// Whether nobody is new.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn key(&mut self, person: PersonId) -> Result<&Key, getrandom::Error> {
        let known = self.0.iter().position(|(of, _)| *of == person);
        let at = known.unwrap_or(self.0.len());
        if known.is_none() {
            self.0.push((person, random_key()?));
        }
        #[expect(clippy::indexing_slicing, reason = "found there, or put there just now")]
        Ok(&self.0[at].1)
    }
}

struct Keys {
    people: HashMap<PersonId, Entry>,
    /// Keys that no sync has written yet.
    staged: HashMap<PersonId, Key>,
}

impl Keys {
    fn find(&self, person: &PersonId) -> Option<Held<'_>> {
        match self.people.get(person) {
            Some(Entry::Live { key, .. }) => Some(Held::Key(key)),
            Some(Entry::Erased) => Some(Held::Erased),
            None => self.staged.get(person).map(Held::Key),
        }
    }

    /// Gives every staged key its place in the file, from this slot on, and answers the records to write there.
    fn place_staged(&mut self, first: u64) -> Zeroizing<Vec<u8>> {
        let staged = std::mem::take(&mut self.staged);
        let mut growth = Zeroizing::new(Vec::with_capacity(staged.len() * file::RECORD));
        for (slot, (person, key)) in (first..).zip(staged) {
            growth.extend_from_slice(&*file::record(person, first, Some(&key)));
            self.people.insert(person, Entry::Live { key, slot });
        }
        growth
    }
}
