//! The envelope's form, as serde knows it: the definition of the bytes, whatever makes or reads them faster.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::de::{self, DeserializeSeed, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer, forward_to_deserialize_any};
use uuid::Uuid;

use super::Envelope;
use crate::{Epoch, Event, OrgId, Sealed, Time, UserId, retired};

pub(super) const SOURCE: &str = "/logs/";

/// The attributes in the order in which they are written. `type` and `data` come last, in this order: a reader knows
/// what it reads before it reads it.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Wire<'a> {
    /// Version of CloudEvents.
    #[schemars(extend("const" = "1.0"))]
    specversion: &'static str,
    /// The event's own id.
    #[schemars(with = "String", extend("format" = "uuid"))]
    id: Uuid,
    /// The log that the event belongs to: `/logs/` and its id. In a platform that was restored from a backup, what was written
    /// since has the epoch behind that, after another `/`: such events are not those of the future that was lost.
    #[schemars(with = "String", regex(pattern = "^/logs/[0-9a-f-]{36}(/[1-9][0-9]{0,19})?$"))]
    source: Text<'a>,
    /// What the event is about: `COLLECTION/ID`.
    subject: String,
    /// Recorded time; the same for all events of a command, and later than that of the command before.
    time: Time,
    /// Form of `data`.
    #[schemars(extend("const" = "application/json"))]
    datacontenttype: &'static str,
    /// Place in the log, in decimal; the first is 1.
    #[schemars(with = "String", regex(pattern = "^[0-9]{1,20}$"))]
    position: Text<'a>,
    /// SHA-256 of the bytes of the event before it, in base64url; of all zeros before the first.
    #[schemars(with = "String", regex(pattern = "^[A-Za-z0-9_-]{43}$"))]
    prev: Text<'a>,
    /// The org in whose history it stands.
    org: &'a OrgId,
    /// Place in that org's history, in decimal; the first is 1.
    #[schemars(with = "String", regex(pattern = "^[0-9]{1,20}$"))]
    orgsequence: Text<'a>,
    /// The command that it came from.
    #[schemars(with = "String", extend("format" = "uuid"))]
    command: Uuid,
    /// That command's name.
    commandname: &'a str,
    /// Place among the events of the command, from 0.
    commandindex: u32,
    /// How many events the command has.
    commandcount: u32,
    /// Who commanded it.
    actor: &'a UserId,
    /// For whom the actor did so, if for somebody else.
    #[serde(skip_serializing_if = "Option::is_none")]
    onbehalfof: Option<&'a UserId>,
    /// What the command belongs to in the caller's world, if the caller said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "uuid"))]
    correlation: Option<Uuid>,
    /// The event that it follows from, as a position.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", regex(pattern = "^[0-9]{1,20}$"))]
    causation: Option<Text<'a>>,
    /// A fingerprint of the command's body, in base64url, if the caller gave an idempotency key: HMAC-SHA-256 under a secret of
    /// the platform that is not in the log, so that nobody can try bodies. In logs of early versions it is a bare SHA-256.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", regex(pattern = "^[A-Za-z0-9_-]{43}$"))]
    bodyhash: Option<Text<'a>>,
    /// Why, in the actor's words, sealed.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a Sealed>,
    /// The event, as a position, of which this one is the twin in another org's history. A twin changes nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", regex(pattern = "^[0-9]{1,20}$"))]
    twinof: Option<Text<'a>>,
    #[serde(flatten)]
    #[schemars(skip)]
    event: &'a Event,
}

/// Anything that prints itself, as a JSON string.
struct Text<'a>(&'a dyn fmt::Display);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

impl Serialize for Envelope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let source = Source { log: self.log, epoch: self.epoch };
        Wire {
            specversion: "1.0",
            id: self.id,
            source: Text(&source),
            subject: self.event.subject(),
            time: self.time,
            datacontenttype: "application/json",
            position: Text(&self.position),
            prev: Text(&self.prev),
            org: &self.org,
            orgsequence: Text(&self.org_sequence),
            command: self.command,
            commandname: &self.command_name,
            commandindex: self.index,
            commandcount: self.count,
            actor: &self.actor,
            onbehalfof: self.on_behalf_of.as_ref(),
            correlation: (self.correlation != self.command).then_some(self.correlation),
            causation: self.causation.as_ref().map(|position| Text(position)),
            bodyhash: self.body_hash.as_ref().map(|hash| Text(hash)),
            reason: self.reason.as_ref(),
            twinof: self.twin_of.as_ref().map(|position| Text(position)),
            event: &self.event,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EnvelopeVisitor)
    }
}

struct EnvelopeVisitor;

/// The log, and the epoch from the second on.
struct Source {
    log: Uuid,
    epoch: Epoch,
}

impl Source {
    fn read(text: &str) -> Option<Self> {
        let text = text.strip_prefix(SOURCE)?;
        let (log, epoch) = match text.split_once('/') {
            // As it is written, and never 0.
            Some((log, written)) => {
                (log, written.parse().ok().filter(|epoch: &Epoch| *epoch > 0 && epoch.to_string() == written)?)
            }
            None => (text, 0),
        };
        Some(Self { log: log.parse().ok()?, epoch })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SOURCE}{}", self.log)?;
        if self.epoch == 0 { Ok(()) } else { write!(f, "/{}", self.epoch) }
    }
}

/// An attribute that must be there.
fn need<T, E: de::Error>(value: Option<T>, name: &'static str) -> Result<T, E> {
    value.ok_or_else(|| E::missing_field(name))
}

/// A number or hash written as a string.
fn text<'de, T: FromStr<Err: fmt::Display>, A: MapAccess<'de>>(map: &mut A) -> Result<Option<T>, A::Error> {
    map.next_value::<Cow<'de, str>>()?.parse().map(Some).map_err(de::Error::custom)
}

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = Envelope;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event of Tenure as a CloudEvent in JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope, A::Error> {
        let (mut log, mut id, mut time, mut position, mut prev) = (None, None, None, None, None);
        let (mut org, mut org_sequence, mut command, mut command_name) = (None, None, None, None);
        let (mut index, mut count, mut actor, mut on_behalf_of) = (None, None, None, None);
        let (mut correlation, mut causation, mut body_hash, mut reason) = (None, None, None, None);
        let (mut twin_of, mut kind, mut event) = (None, None::<Cow<'de, str>>, None);
        while let Some(key) = map.next_key::<Attribute>()? {
            match key {
                Attribute::Specversion => expect_text(&mut map, "1.0")?,
                Attribute::Datacontenttype => expect_text(&mut map, "application/json")?,
                Attribute::Subject => drop(map.next_value::<Cow<'de, str>>()?),
                Attribute::Id => id = Some(map.next_value()?),
                Attribute::Source => {
                    let source = map.next_value::<Cow<'de, str>>()?;
                    let wrong = "`source` is `/logs/`, the log's id, and perhaps an epoch behind another `/`";
                    log = Some(Source::read(&source).ok_or_else(|| de::Error::custom(wrong))?);
                }
                Attribute::Time => time = Some(map.next_value()?),
                Attribute::Position => position = text(&mut map)?,
                Attribute::Prev => prev = text(&mut map)?,
                Attribute::Org => org = Some(map.next_value()?),
                Attribute::Orgsequence => org_sequence = text(&mut map)?,
                Attribute::Command => command = Some(map.next_value()?),
                Attribute::Commandname => command_name = Some(map.next_value()?),
                Attribute::Commandindex => index = Some(map.next_value()?),
                Attribute::Commandcount => count = Some(map.next_value()?),
                Attribute::Actor => actor = Some(map.next_value()?),
                Attribute::Onbehalfof => on_behalf_of = Some(map.next_value()?),
                Attribute::Correlation => correlation = Some(map.next_value()?),
                Attribute::Causation => causation = text(&mut map)?,
                Attribute::Bodyhash => body_hash = text(&mut map)?,
                Attribute::Reason => reason = Some(map.next_value()?),
                Attribute::Twinof => twin_of = text(&mut map)?,
                Attribute::Type => kind = Some(map.next_value()?),
                Attribute::Data => {
                    let kind = need(kind.as_deref(), "type (before data)")?;
                    event = Some(map.next_value_seed(OfKind(kind))?);
                }
            }
        }
        let command = need(command, "command")?;
        let Source { log, epoch } = need(log, "source")?;
        Ok(Envelope {
            log,
            epoch,
            position: need(position, "position")?,
            prev: need(prev, "prev")?,
            id: need(id, "id")?,
            time: need(time, "time")?,
            org: need(org, "org")?,
            org_sequence: need(org_sequence, "orgsequence")?,
            command,
            command_name: need(command_name, "commandname")?,
            index: need(index, "commandindex")?,
            count: need(count, "commandcount")?,
            actor: need(actor, "actor")?,
            on_behalf_of,
            correlation: correlation.unwrap_or(command),
            causation,
            body_hash,
            reason,
            twin_of,
            event: need(event, "data")?,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Attribute {
    Specversion,
    Id,
    Source,
    Subject,
    Time,
    Datacontenttype,
    Position,
    Prev,
    Org,
    Orgsequence,
    Command,
    Commandname,
    Commandindex,
    Commandcount,
    Actor,
    Onbehalfof,
    Correlation,
    Causation,
    Bodyhash,
    Reason,
    Twinof,
    Type,
    Data,
}

fn expect_text<'de, A: MapAccess<'de>>(map: &mut A, want: &str) -> Result<(), A::Error> {
    let text = map.next_value::<Cow<'de, str>>()?;
    if text == want { Ok(()) } else { Err(de::Error::custom(format_args!("`{text}` where `{want}` belongs"))) }
}

/// Reads `data` as the event whose type has been read already: to serde's derived code it looks like the object
/// `{"type": …, "data": …}`, so that nothing is buffered and the type names stand in one place.
pub(super) struct OfKind<'a>(pub &'a str);

impl<'de> DeserializeSeed<'de> for OfKind<'_> {
    type Value = Event;
    fn deserialize<D: Deserializer<'de>>(self, data: D) -> Result<Event, D::Error> {
        let tagged = Tagged { kind: Some(self.0), data: Some(data) };
        if retired::KINDS.contains(&self.0) {
            return retired::Retired::deserialize(tagged).map(Event::from);
        }
        Event::deserialize(tagged)
    }
}

struct Tagged<'a, D> {
    kind: Option<&'a str>,
    data: Option<D>,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Tagged<'_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        visitor.visit_map(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de, D: Deserializer<'de>> MapAccess<'de> for Tagged<'_, D> {
    type Error = D::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, D::Error> {
        let key = match (&self.kind, &self.data) {
            (Some(_), _) => "type",
            (None, Some(_)) => "data",
            (None, None) => return Ok(None),
        };
        seed.deserialize(key.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, D::Error> {
        match (self.kind.take(), self.data.take()) {
            (Some(kind), data) => {
                self.data = data;
                seed.deserialize(kind.into_deserializer())
            }
            (None, Some(data)) => seed.deserialize(data),
            (None, None) => Err(de::Error::custom("no value left")),
        }
    }
}
