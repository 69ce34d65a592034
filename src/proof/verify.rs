//! Verifying evidence, without a node and without a data folder.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use tenure_events::{Envelope, Hash, OrgId, Position, Time, UserId};

use super::edge::Edge;
use super::evidence::{END, Evidence, FORMAT, OfOrg, SEAL, Shown, to_seal};
use super::note::{Checkpoint, Handovers, Verifier, of_org, origin};
use super::{leaf, parse, proves_leaf, text};

/// What a file of evidence proves.
#[derive(Debug, Clone, PartialEq)]
pub struct Proved {
    /// The log.
    pub origin: String,
    /// The key that signed it.
    pub key: String,
    /// Whether the key is one of those that were given, or was handed over to by one of them.
    pub key_known: bool,
    /// When it was made, as the node says.
    pub made: Time,
    /// Who asked.
    pub reader: UserId,
    /// What was asked, and what the node answered.
    pub question: Value,
    /// What the node answered.
    pub answer: Value,
    /// Up to where the log went.
    pub position: Position,
    /// The root of its tree.
    pub root: Hash,
    /// Events of which it is proved that the log has them, in their order.
    pub events: Vec<Envelope>,
    /// Positions that the answer names and the reader may not read.
    pub unread: Vec<Position>,
    /// Histories that are shown whole.
    pub orgs: Vec<OrgProved>,
}

/// The history of an org that is proved to be whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrgProved {
    /// The org.
    pub org: OrgId,
    /// How many events it has.
    pub events: u64,
    /// How many of them are shown.
    pub shown: u64,
}

/// Why a file proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is none.
    #[error("this is no file of evidence: {0}")]
    Unreadable(String),
    /// It is signed with a key that was not given, nor handed over to.
    #[error("it is signed with `{0}`, which is none of the keys that were given")]
    OtherKey(String),
    /// A byte of it is not as it was.
    #[error("the file was changed after it was sealed, or its seal is of another key")]
    Seal,
    /// The checkpoint is not what it should be.
    #[error("the checkpoint of {0} is not right")]
    Checkpoint(String),
    /// The log does not have an event so, or not there.
    #[error("event {0} is not proved to be in the log")]
    Event(Position),
    /// The answer names an event that is neither shown nor said to be unread.
    #[error("the answer rests on event {0}, which is missing")]
    Missing(Position),
    /// A history has a gap, or something else.
    #[error("the history of `{org}` is not whole: {why}")]
    Incomplete {
        /// The org.
        org: OrgId,
        /// What is wrong.
        why: String,
    },
}

/// Verifies a file of evidence with the keys that are trusted; with none, the key that the file itself names is taken,
/// and somebody has to see that it is the platform's.
///
/// It proves that who has the key answered so, that the events stand in a log of this size and root, byte for byte, and
/// that the history of each org named is whole: no event of it up to there is missing.
///
/// # Errors
/// See [`Fault`].
pub fn verify(file: &[u8], trusted: &[Verifier]) -> Result<Proved, Fault> {
    let (sealed, seal) = split(file)?;
    let object = [sealed, b"}"].concat();
    let evidence: Evidence = serde_json::from_slice(&object).map_err(|error| Fault::Unreadable(error.to_string()))?;
    if evidence.format != FORMAT {
        return Err(Fault::Unreadable(format!("its format is `{}`", evidence.format)));
    }
    let key: Verifier = evidence.key.parse().map_err(|_| Fault::Unreadable("its key is none".to_owned()))?;
    let named = [key.clone()];
    let given = if trusted.is_empty() { &named } else { trusted };
    if !Handovers::trusted(&evidence.keys, given).contains(&key) || key.name() != evidence.origin {
        return Err(Fault::OtherKey(evidence.key));
    }
    if !key.has_signed(&to_seal(&evidence.origin, sealed), &seal) {
        return Err(Fault::Seal);
    }
    let (log, _) = Checkpoint::open(&evidence.checkpoint, &named)
        .ok()
        .filter(|(log, _)| log.origin == evidence.origin)
        .ok_or_else(|| Fault::Checkpoint("the log".to_owned()))?;
    let events = events(&evidence, &log)?;
    for position in cited(&evidence.answer) {
        if !events.contains_key(&position) && !evidence.unread.contains(&position) {
            return Err(Fault::Missing(position));
        }
    }
    let whole = |of: &OfOrg| org(of, &evidence.origin, &log, &events, &key);
    let orgs = evidence.orgs.iter().map(whole).collect::<Result<_, _>>()?;
    Ok(Proved {
        origin: log.origin,
        key: evidence.key,
        key_known: !trusted.is_empty(),
        made: evidence.made,
        reader: evidence.reader,
        question: evidence.question,
        answer: evidence.answer,
        position: log.size,
        root: log.root,
        events: events.into_values().map(|(envelope, _)| envelope).collect(),
        unread: evidence.unread,
        orgs,
    })
}

/// The bytes that are sealed, and the seal.
fn split(file: &[u8]) -> Result<(&[u8], [u8; 64]), Fault> {
    let parse = || {
        let sealed = file.strip_suffix(END.as_bytes())?;
        // A signature in base64 has 88 characters.
        let (rest, seal) = sealed.split_at_checked(sealed.len().checked_sub(88)?)?;
        let seal = STANDARD.decode(seal).ok()?.try_into().ok()?;
        Some((rest.strip_suffix(SEAL.as_bytes())?, seal))
    };
    parse().ok_or_else(|| Fault::Unreadable("it has no seal at its end".to_owned()))
}

type Events = BTreeMap<Position, (Envelope, Hash)>;

/// The events, each proved to be in the log.
fn events(evidence: &Evidence, log: &Checkpoint) -> Result<Events, Fault> {
    let mut events = Events::new();
    for Shown { position, event, proof } in &evidence.events {
        let fault = || Fault::Event(*position);
        let proof: Option<Vec<Hash>> = proof.iter().map(|hash| parse(hash)).collect();
        let (proof, leaf) = (proof.ok_or_else(fault)?, leaf(event.as_bytes()));
        let index = position.checked_sub(1).ok_or_else(fault)?;
        let envelope = tenure_events::parse(event.as_bytes()).map_err(|_| fault())?;
        let is_there = proves_leaf(&proof, log.size, &log.root, index, &leaf);
        if !is_there || envelope.position != *position || origin(envelope.log) != evidence.origin {
            return Err(fault());
        }
        events.insert(*position, (envelope, leaf));
    }
    Ok(events)
}

/// Proves that the history of an org is whole.
fn org(of: &OfOrg, origin: &str, log: &Checkpoint, events: &Events, key: &Verifier) -> Result<OrgProved, Fault> {
    let wrong = |why: &str| Fault::Incomplete { org: of.org.clone(), why: why.to_owned() };
    let trusted = [key.clone()];
    let (checkpoint, _) = Checkpoint::open(&of.checkpoint, &trusted)
        .ok()
        .filter(|(found, _)| found.origin == of_org(origin, &of.org) && found.more == of_log(log))
        .ok_or_else(|| Fault::Checkpoint(format!("`{}`", of.org)))?;
    let mut leaves: BTreeMap<u64, Hash> = BTreeMap::new();
    let mut before = None;
    for (envelope, leaf) in events.values().filter(|(envelope, _)| envelope.org == of.org) {
        if before.is_some_and(|before| envelope.org_sequence <= before) {
            return Err(wrong("its events are not in order"));
        }
        before = Some(envelope.org_sequence);
        leaves.insert(envelope.org_sequence, *leaf);
    }
    let shown = leaves.len() as u64;
    for (sequence, leaf) in &of.others {
        let leaf = parse(leaf).ok_or_else(|| wrong("a leaf of it is no hash"))?;
        if leaves.insert(*sequence, leaf).is_some() {
            return Err(wrong("an event of it stands there twice"));
        }
    }
    if let Some(missing) = (1..=checkpoint.size).find(|sequence| !leaves.contains_key(sequence)) {
        return Err(wrong(&format!("event {missing} of it is missing")));
    }
    let mut edge = Edge::default();
    leaves.values().for_each(|leaf| edge.push(*leaf, |_, _| ()));
    if edge.size() != checkpoint.size || edge.root() != checkpoint.root {
        return Err(wrong("its events are not those that were signed"));
    }
    Ok(OrgProved { org: of.org.clone(), events: checkpoint.size, shown })
}

/// The line by which the checkpoint of an org names that of the log.
pub(super) fn of_log(log: &Checkpoint) -> String {
    format!("log {} {}\n", log.size, text(&log.root))
}

impl Checkpoint {
    /// The checkpoint of an org's history when the log was this: its size and root are those of the org's own tree.
    #[must_use]
    pub fn of_org(&self, org: &OrgId, edge: &Edge) -> Self {
        Self { origin: of_org(&self.origin, org), size: edge.size(), root: edge.root(), more: of_log(self) }
    }
}

/// The positions that an answer names: in lists of `events`, and of events that stand in it.
#[must_use]
pub fn cited(answer: &Value) -> Vec<Position> {
    let mut found = Vec::new();
    collect(answer, &mut found);
    found.sort_unstable();
    found.dedup();
    found
}

fn collect(value: &Value, found: &mut Vec<Position>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(members) => {
            if let Some(Value::Array(events)) = members.get("events") {
                found.extend(events.iter().filter_map(Value::as_u64));
            }
            found.extend(Stored::position(value));
            members.values().for_each(|member| collect(member, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What tells an event from other objects.
#[derive(Deserialize)]
struct Stored {
    #[serde(rename = "specversion")]
    _version: String,
    position: String,
}

impl Stored {
    fn position(value: &Value) -> Option<Position> {
        Self::deserialize(value).ok()?.position.parse().ok()
    }
}
