//! Sealing one text with one key: XChaCha20-Poly1305, bound to the place that the text was written for.
//!
//! The bytes: format (1), command id (16), nonce (24, random), ciphertext and tag. The text is padded to whole blocks,
//! so that lengths say little about names. Log, command, person and field are authenticated with it: moved to another
//! place, the bytes open nowhere.

use chacha20poly1305::aead::{Aead as _, AeadInOut as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use tenure_events::{Sealed, UserId};
use uuid::Uuid;
use zeroize::Zeroizing;

/// What a text belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Whom the text is about; their erasure makes it unreadable.
    pub person: &'a UserId,
    /// Which of their texts it is, such as `email`.
    pub field: &'static str,
    /// The command that writes it.
    pub command: Uuid,
}

/// Why a text could not be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Nothing may be written about this person any more.
    #[error("the person was erased")]
    Erased,
    /// More than the cipher can take: 256 GiB.
    #[error("the text is too long to be sealed")]
    TooLong,
    /// The operating system gave no random bytes.
    #[error("no random numbers for sealing: {0}")]
    Random(#[from] getrandom::Error),
}

/// Why a sealed text could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnsealError {
    /// The person's key was destroyed: nobody can open it ever again.
    #[error("the person was erased")]
    Erased,
    /// This store never had a key of the person, as after restoring one that is older than the log.
    #[error("the key store has no key for this person: restore the key store that was kept beside this log")]
    NoKey,
    /// The bytes are not what was sealed for this person, field and log.
    #[error("the sealed text is damaged, or was sealed for another place")]
    Damaged,
}

/// The command that these bytes claim to be sealed by; opening proves the claim.
#[must_use]
pub fn sealed_in(sealed: &Sealed) -> Option<Uuid> {
    parts(sealed).map(|(command, ..)| command)
}

pub(super) fn seal(key: &[u8; 32], log: Uuid, place: &Place<'_>, text: &str) -> Result<Sealed, SealError> {
    let mut nonce = [0; 24];
    getrandom::fill(&mut nonce)?;
    let mut padded = Zeroizing::new(Vec::with_capacity(text.len() + BLOCK));
    padded.extend_from_slice(text.as_bytes());
    padded.push(END);
    let whole = padded.len().next_multiple_of(BLOCK);
    padded.resize(whole, 0);
    let bound = associated_data(log, place.command, place.person, place.field);
    let tag = XChaCha20Poly1305::new(key.into())
        .encrypt_inout_detached(&nonce.into(), &bound, padded.as_mut_slice().into())
        .map_err(|_| SealError::TooLong)?;
    Ok(Sealed::from_bytes(
        [&[FORMAT], place.command.as_bytes().as_slice(), &nonce, padded.as_slice(), tag.as_slice()].concat(),
    ))
}

pub(super) fn unseal(
    key: &[u8; 32],
    log: Uuid,
    person: &UserId,
    field: &str,
    sealed: &Sealed,
) -> Result<String, UnsealError> {
    let (command, nonce, ciphertext) = parts(sealed).ok_or(UnsealError::Damaged)?;
    let bound = associated_data(log, command, person, field);
    let padded = XChaCha20Poly1305::new(key.into())
        .decrypt(nonce.into(), Payload { msg: ciphertext, aad: &bound })
        .map(Zeroizing::new)
        .map_err(|_| UnsealError::Damaged)?;
    let end = padded.iter().rposition(|byte| *byte == END).ok_or(UnsealError::Damaged)?;
    let text = padded.get(..end).unwrap_or_default();
    String::from_utf8(text.to_vec()).map_err(|_| UnsealError::Damaged)
}

const FORMAT: u8 = 1;

/// Padding is one byte that marks the end and zeros up to a whole block (ISO/IEC 7816-4).
const BLOCK: usize = 32;
const END: u8 = 0x80;

fn parts(sealed: &Sealed) -> Option<(Uuid, &[u8; 24], &[u8])> {
    let (&[FORMAT], rest) = sealed.as_bytes().split_first_chunk()? else {
        return None;
    };
    let (command, rest) = rest.split_first_chunk()?;
    let (nonce, ciphertext) = rest.split_first_chunk()?;
    Some((Uuid::from_bytes(*command), nonce, ciphertext))
}

fn associated_data(log: Uuid, command: Uuid, person: &UserId, field: &str) -> Vec<u8> {
    framed(&[
        b"tenure personal data 1",
        log.as_bytes(),
        command.as_bytes(),
        person.as_str().as_bytes(),
        field.as_bytes(),
    ])
}

/// Each part behind its length, so that no two lists of parts give the same bytes.
pub(super) fn framed(parts: &[&[u8]]) -> Vec<u8> {
    parts.iter().fold(Vec::with_capacity(256), |mut bytes, part| {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part);
        bytes
    })
}
