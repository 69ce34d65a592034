//! Whether a key store has all that the people in a log need.

use std::path::{Path, PathBuf};

use tenure_events::UserId;
use tenure_projections::State;

use crate::keys::{KeyStore, StoreError};

/// Why a key store is not the one that a log needs.
#[derive(Debug, thiserror::Error)]
pub enum KeysFault {
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It has lost keys.
    #[error(transparent)]
    Lost(#[from] KeysLost),
}

/// The key store neither has the keys of people in the log nor knows that they were destroyed: it has lost its end, or is
/// older than the log. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the key store `{store}` lacks the keys of {count} people in the log, `{first}` among them: put back the key store that \
     was kept with this log; if there is none, their names are gone: start with --keys-lost to go on without them",
    store = store.display()
)]
pub struct KeysLost {
    /// The key file.
    pub store: PathBuf,
    /// How many people.
    pub count: usize,
    /// One of them.
    pub first: UserId,
}

impl KeysLost {
    /// Asks whether the store has all that the people in a log need.
    ///
    /// # Errors
    /// It has not.
    pub(super) fn check(state: &State, keys: &KeyStore, store: &Path) -> Result<(), Self> {
        let people = state.people().filter_map(|user| UserId::new(user).ok());
        let mut lost = people.filter(|user| !keys.knows(user));
        match lost.next() {
            Some(first) => Err(Self { store: store.to_owned(), count: lost.count() + 1, first }),
            None => Ok(()),
        }
    }
}
