//! The first command of all: it makes a platform.

use std::path::Path;

use tenure_events::UserId;
use uuid::Uuid;

use crate::clock::Clock;
use crate::keys::KeyStore;
use crate::log::Log;
use crate::presets::Preset;
use crate::token::Token;

/// How a platform begins.
pub struct Founding<'a> {
    /// What it starts with.
    pub preset: &'a Preset,
    /// What its root org is called.
    pub name: &'a str,
    /// The id of its first administrator.
    pub admin: UserId,
}

/// A platform in memory, its first command done.
pub struct Founded {
    pub(crate) log: Log,
    pub(crate) log_id: Uuid,
    pub(crate) keys: KeyStore,
}

/// Why no platform was made.
#[derive(Debug, thiserror::Error)]
pub enum InitError {}

/// Makes a platform in a folder, and the API key of its first administrator.
///
/// # Errors
/// See [`InitError`].
#[expect(clippy::todo, reason = "skeleton")]
pub fn in_folder(_path: &Path, _founding: &Founding<'_>, _clock: &Clock) -> Result<Token, InitError> {
    todo!()
}

/// Makes a platform in memory, and the API key of its first administrator.
///
/// # Errors
/// See [`InitError`].
#[expect(clippy::todo, reason = "skeleton")]
pub fn in_memory(_founding: &Founding<'_>, _clock: &Clock) -> Result<(Founded, Token), InitError> {
    todo!()
}
