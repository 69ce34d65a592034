//! Signed notes (C2SP signed-note), and what stands in them: checkpoints (C2SP tlog-checkpoint), and the handing over from
//! one key to the next.

use std::fmt;
use std::io;
use std::path::Path;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, SignatureError, VerifyingKey};
use signed_note::{Note, StandardVerifier, VerifierList, key_id, new_ed25519_verifier_key};
use tenure_events::{Hash, OrgId};
use tlog_tiles::Hash as Node;
use uuid::Uuid;

use crate::keys::ProofKey;
use crate::log::write_atomically;

/// What checkpoints of a log say that they are of, and the name of the keys that sign them.
#[must_use]
pub fn origin(log: Uuid) -> String {
    format!("tenure/{log}")
}

/// What checkpoints of the history of an org say that they are of.
#[must_use]
pub fn of_org(origin: &str, org: &OrgId) -> String {
    format!("{origin}/orgs/{org}")
}

/// Signs for a log.
pub struct Signer {
    key: ProofKey,
    origin: String,
    verifier: Verifier,
}

/// What signatures of a log are verified with: its text is a verifier key of C2SP signed-note, `NAME+ID+KEY`, as
/// `tenure proof-key` prints it.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier {
    text: String,
    name: String,
    id: u32,
    key: VerifyingKey,
}

/// A text that is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no key of proofs: give the line that `tenure proof-key` prints")]
pub struct KeyError;

/// Why a note says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Its text is not of the form that it should have.
    #[error("it is damaged, or something else")]
    Malformed,
    /// Nobody who is trusted has signed it, or somebody who is not them in their name.
    #[error("none of the trusted keys has signed it")]
    Unsigned,
}

impl Signer {
    /// Signs for this log with a key.
    ///
    /// # Errors
    /// The key is none that Ed25519 can have.
    pub fn new(key: ProofKey, log: Uuid) -> Result<Self, KeyError> {
        let origin = origin(log);
        let public = VerifyingKey::from_bytes(&key.public()).map_err(|_| KeyError)?;
        let verifier = new_ed25519_verifier_key(&origin, &public).parse()?;
        Ok(Self { key, origin, verifier })
    }

    /// What it signs for.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What its signatures are verified with.
    #[must_use]
    pub const fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// Puts its key in the place of the one in a file.
    ///
    /// # Errors
    /// The file cannot be made; the key that was there still is.
    pub fn put(&self, path: &Path) -> io::Result<()> {
        self.key.put(path)
    }

    /// The bare signature of a text.
    #[must_use]
    pub(super) fn signature(&self, text: &str) -> [u8; 64] {
        self.key.sign(text.as_bytes())
    }

    /// The text as a note that this has signed.
    ///
    /// # Errors
    /// The text can be no note's.
    pub fn note(&self, text: &str) -> Result<String, NoteError> {
        note(text, &[self])
    }
}

impl signed_note::Signer for Signer {
    fn name(&self) -> &str {
        &self.origin
    }

    fn key_id(&self) -> u32 {
        self.verifier.id
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        Ok(self.key.sign(message).to_vec())
    }
}

impl Verifier {
    /// The name of the key: the origin of the log that it signs for.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether this signature of a text is the key's.
    #[must_use]
    pub fn has_signed(&self, text: &str, signature: &[u8]) -> bool {
        let signature = <[u8; 64]>::try_from(signature).map(|bytes| Signature::from_bytes(&bytes));
        signature.is_ok_and(|signature| self.key.verify_strict(text.as_bytes(), &signature).is_ok())
    }
}

impl signed_note::Verifier for Verifier {
    fn name(&self) -> &str {
        &self.name
    }

    fn key_id(&self) -> u32 {
        self.id
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        std::str::from_utf8(message).is_ok_and(|text| self.has_signed(text, signature))
    }
}

impl FromStr for Verifier {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        StandardVerifier::new(text).map_err(|_| KeyError)?;
        let mut parts = text.splitn(3, '+');
        let (name, _, key) = (parts.next(), parts.next(), parts.next());
        let (name, key) = name.zip(key).ok_or(KeyError)?;
        let bytes = STANDARD.decode(key).map_err(|_| KeyError)?;
        let (_, public) = bytes.split_first().ok_or(KeyError)?;
        let key = public.try_into().map_err(|_| KeyError)?;
        let key = VerifyingKey::from_bytes(key).map_err(|_| KeyError)?;
        Ok(Self { text: text.to_owned(), name: name.to_owned(), id: key_id(name, &bytes), key })
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What a tree was: its size and root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Of what.
    pub origin: String,
    /// How many leaves it had.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// Lines beside that, each with its end.
    pub more: String,
}

impl Checkpoint {
    /// As a note that is signed.
    ///
    /// # Errors
    /// A part of it cannot stand in a note.
    pub fn note(&self, signer: &Signer) -> Result<String, NoteError> {
        let Self { origin, size, root, more } = self;
        let text = tlog_tiles::Checkpoint::new(origin, *size, Node(root.0), more).map_err(|_| NoteError::Malformed)?;
        signer.note(std::str::from_utf8(&text.to_bytes()).map_err(|_| NoteError::Malformed)?)
    }

    /// What a note says that one of these keys has signed, and which one.
    ///
    /// # Errors
    /// See [`NoteError`].
    pub fn open<'k>(note: &str, trusted: &'k [Verifier]) -> Result<(Self, &'k Verifier), NoteError> {
        let (text, by) = open(note, trusted)?;
        let read = tlog_tiles::Checkpoint::from_bytes(text.as_bytes()).map_err(|_| NoteError::Malformed)?;
        let (origin, more) = (read.origin().to_owned(), read.extension().to_owned());
        let checkpoint = Self { origin, size: read.size(), root: Hash(read.hash().0), more };
        Ok((checkpoint, by.first().copied().ok_or(NoteError::Unsigned)?))
    }
}

/// From which key to which a log went on, each step signed with both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Handovers(Vec<String>);

impl Handovers {
    /// Those in a file; none if it is not there.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else.
    pub fn in_file(path: &Path) -> io::Result<Self> {
        match std::fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            read => Ok(Self(serde_json::from_slice(&read?)?)),
        }
    }

    /// Adds a step, durably in the file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn add(&mut self, path: &Path, old: &Signer, new: &Signer) -> io::Result<()> {
        let text = format!("{}/keys\n{}\n{}\n", old.origin, old.verifier, new.verifier);
        self.0.push(note(&text, &[old, new]).map_err(io::Error::other)?);
        write_atomically(path, &serde_json::to_vec(&self.0)?)
    }

    /// The notes, oldest first.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.0
    }

    /// The keys that are to be trusted by whoever trusts the given ones: each to which one of them handed over.
    #[must_use]
    pub fn trusted(notes: &[String], given: &[Verifier]) -> Vec<Verifier> {
        let mut trusted: Vec<Verifier> = Vec::new();
        given.iter().for_each(|key| add(&mut trusted, key.clone()));
        // As often as there are steps: they may stand in any order.
        for _ in notes {
            let steps: Vec<Verifier> = notes.iter().filter_map(|note| step(note, &trusted)).collect();
            steps.into_iter().for_each(|key| add(&mut trusted, key));
        }
        trusted
    }
}

fn add(keys: &mut Vec<Verifier>, key: Verifier) {
    if !keys.contains(&key) {
        keys.push(key);
    }
}

/// The key that a note hands over to, if a trusted one says so.
fn step(note: &str, trusted: &[Verifier]) -> Option<Verifier> {
    let (text, _) = open(note, trusted).ok()?;
    let [what, old, new] = <[&str; 3]>::try_from(text.lines().collect::<Vec<_>>()).ok()?;
    let (old, new): (Verifier, Verifier) = (old.parse().ok()?, new.parse().ok()?);
    let steps = [old, new];
    let (_, by) = open(note, &steps).ok()?;
    let [old, new] = &steps;
    let both = by.contains(&old) && by.contains(&new) && old.name == new.name;
    (both && what == format!("{}/keys", old.name) && trusted.contains(old)).then(|| new.clone())
}

fn note(text: &str, signers: &[&Signer]) -> Result<String, NoteError> {
    let mut note = Note::new(text.as_bytes(), &[]).map_err(|_| NoteError::Malformed)?;
    let signers: Vec<&dyn signed_note::Signer> = signers.iter().map(|signer| *signer as _).collect();
    note.add_sigs(&signers).map_err(|_| NoteError::Malformed)?;
    String::from_utf8(note.to_bytes()).map_err(|_| NoteError::Malformed)
}

/// The text of a note, and which of these keys have signed it: one at least.
fn open<'k>(note: &str, trusted: &'k [Verifier]) -> Result<(String, Vec<&'k Verifier>), NoteError> {
    let note = Note::from_bytes(note.as_bytes()).map_err(|_| NoteError::Malformed)?;
    let known = trusted.iter().map(|key| Box::new(key.clone()) as Box<dyn signed_note::Verifier>);
    let (signatures, _) = note.verify(&VerifierList::new(known.collect())).map_err(|_| NoteError::Unsigned)?;
    let has_signed = |key: &&Verifier| signatures.iter().any(|by| by.name() == key.name && by.id() == key.id);
    let text = String::from_utf8(note.text().to_vec()).map_err(|_| NoteError::Malformed)?;
    Ok((text, trusted.iter().filter(has_signed).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: Uuid = Uuid::from_u128(7);

    fn signer() -> Signer {
        Signer::new(ProofKey::generate().unwrap(), LOG).unwrap()
    }

    #[test]
    fn a_checkpoint_is_read_as_it_was_signed_by_whom() {
        let (one, other) = (signer(), signer());
        let checkpoint = Checkpoint { origin: origin(LOG), size: 3, root: Hash([9; 32]), more: "log 3\n".to_owned() };
        let note = checkpoint.note(&one).unwrap();
        let keys = [other.verifier().clone(), one.verifier().clone()];
        assert_eq!(Checkpoint::open(&note, &keys), Ok((checkpoint, one.verifier())));
        assert_eq!(Checkpoint::open(&note, &[other.verifier().clone()]), Err(NoteError::Unsigned));
        assert_eq!(one.verifier().to_string().parse(), Ok(one.verifier().clone()));
        for at in 0..note.len() {
            for bit in 0..8 {
                let mut bytes = note.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let changed = String::from_utf8(bytes);
                assert!(changed.is_err() || Checkpoint::open(&changed.unwrap(), &keys).is_err(), "bit {bit} of {at}");
            }
        }
    }

    #[test]
    fn who_trusts_a_key_trusts_those_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("proof-keys");
        let [first, second, third, other] = [signer(), signer(), signer(), signer()];
        let mut handovers = Handovers::in_file(&path).unwrap();
        handovers.add(&path, &first, &second).unwrap();
        handovers.add(&path, &second, &third).unwrap();
        assert_eq!(Handovers::in_file(&path).unwrap(), handovers);
        let check = |given: &[&Signer], want: &[&Signer]| {
            let given: Vec<Verifier> = given.iter().map(|signer| signer.verifier().clone()).collect();
            let want: Vec<&Verifier> = want.iter().map(|signer| signer.verifier()).collect();
            let mut turned = handovers.notes().to_vec();
            turned.reverse();
            for notes in [handovers.notes(), &turned] {
                assert_eq!(Handovers::trusted(notes, &given).iter().collect::<Vec<_>>(), want);
            }
        };
        check(&[&first], &[&first, &second, &third]);
        check(&[&second], &[&second, &third]);
        check(&[&third], &[&third]);
        check(&[&other], &[&other]);
        check(&[], &[]);
    }

    #[test]
    fn a_handover_takes_both_keys() {
        let [old, new] = [signer(), signer()];
        let text = format!("{}/keys\n{}\n{}\n", origin(LOG), old.verifier(), new.verifier());
        let check = |text: &str, signers: &[&Signer], want: usize| {
            let notes = [note(text, signers).unwrap()];
            assert_eq!(Handovers::trusted(&notes, &[old.verifier().clone()]).len(), want, "{text}");
        };
        check(&text, &[&old, &new], 2);
        check(&text, &[&old], 1);
        check(&text, &[&new], 1);
        check(&text.replace("/keys", "/evidence"), &[&old, &new], 1);
        check(&format!("{text}more\n"), &[&old, &new], 1);
    }
}
