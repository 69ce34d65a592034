//! What comes in. Texts are borrowed from the body; what is not known is ignored.

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, de};
use tenure_events::{Position, Time};

use super::super::problem::Problem;
use super::super::read::{Bookmark, moment};
use crate::node::AsOf;

/// A question, whole or with parts that others fill in.
#[derive(Deserialize)]
pub struct Item<'a> {
    #[serde(borrow)]
    pub subject: Option<Entity<'a>>,
    #[serde(borrow)]
    pub action: Option<Named<'a>>,
    #[serde(borrow)]
    pub resource: Option<Entity<'a>>,
    #[serde(borrow)]
    pub context: Option<Context<'a>>,
}

/// A subject or resource.
#[derive(Deserialize)]
pub struct Entity<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub id: Option<Cow<'a, str>>,
    #[serde(rename = "properties")]
    _properties: Option<Object>,
}

/// An action.
#[derive(Deserialize)]
pub struct Named<'a> {
    #[serde(borrow)]
    pub name: Option<Cow<'a, str>>,
    #[serde(rename = "properties")]
    _properties: Option<Object>,
}

/// Of which moment, in which org, and how much of the answer.
#[derive(Deserialize, Default)]
pub struct Context<'a> {
    #[serde(borrow)]
    pub acting_org: Option<Cow<'a, str>>,
    pub as_of: Option<Moment>,
    pub at: Option<Time>,
    pub min_position: Option<Number>,
    #[serde(default)]
    pub explain: bool,
}

/// The questions of a request for many, and how they are gone through.
#[derive(Deserialize)]
pub struct Rest<'a> {
    #[serde(borrow, default)]
    pub evaluations: Vec<Item<'a>>,
    #[serde(default)]
    pub options: Options,
}

/// How the questions are gone through.
#[derive(Deserialize, Default)]
pub struct Options {
    #[serde(default)]
    pub evaluations_semantic: Semantic,
}

/// When to stop.
#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub enum Semantic {
    /// After the last.
    #[default]
    ExecuteAll,
    /// After the first no.
    DenyOnFirstDeny,
    /// After the first yes.
    PermitOnFirstPermit,
}

/// A question for all that would make it true.
#[derive(Deserialize)]
pub struct Search<'a> {
    #[serde(borrow)]
    pub subject: Option<Entity<'a>>,
    #[serde(borrow)]
    pub action: Option<Named<'a>>,
    #[serde(borrow)]
    pub resource: Option<Entity<'a>>,
    #[serde(borrow, default)]
    pub context: Context<'a>,
    #[serde(default)]
    pub page: Page,
}

/// Which page.
#[derive(Deserialize, Default)]
pub struct Page {
    pub token: Option<String>,
    pub limit: Option<usize>,
}

/// The question itself, all parts there.
#[derive(Clone, Copy)]
pub struct Asked<'q> {
    pub subject: Thing<'q>,
    pub action: &'q str,
    pub resource: Thing<'q>,
}

/// The type and id of a thing.
#[derive(Clone, Copy)]
pub struct Thing<'q> {
    pub kind: &'q str,
    pub id: &'q str,
}

/// Reads a body.
pub fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| Problem::malformed(error.to_string()))
}

impl<'a> Item<'a> {
    /// The position that the answer must reflect.
    pub fn min_position(&self) -> Option<Position> {
        self.context.as_ref()?.min_position.as_ref().map(|number| number.0)
    }

    /// The question, what is missing taken from another.
    pub fn asked<'q>(&'q self, default: Option<&'q Self>) -> Result<Asked<'q>, Problem> {
        let subject = [self.subject.as_ref(), default.and_then(|item| item.subject.as_ref())];
        let resource = [self.resource.as_ref(), default.and_then(|item| item.resource.as_ref())];
        let actions = [self.action.as_ref(), default.and_then(|item| item.action.as_ref())];
        Ok(Asked {
            subject: thing("subject", subject)?,
            action: actions.into_iter().flatten().find_map(Named::name).ok_or_else(|| missing("action", "name"))?,
            resource: thing("resource", resource)?,
        })
    }
}

impl Search<'_> {
    /// The position that the answer must reflect.
    pub fn min_position(&self) -> Option<Position> {
        self.context.min_position.as_ref().map(|number| number.0)
    }

    /// Who, where that is known.
    pub fn subject(&self) -> Result<Thing<'_>, Problem> {
        thing("subject", [self.subject.as_ref(), None])
    }

    /// With what, where that is known.
    pub fn resource(&self) -> Result<Thing<'_>, Problem> {
        thing("resource", [self.resource.as_ref(), None])
    }

    /// The type of the subjects sought.
    pub fn subject_type(&self) -> Result<&str, Problem> {
        self.subject.as_ref().and_then(Entity::kind).ok_or_else(|| missing("subject", "type"))
    }

    /// The type of the resources sought.
    pub fn resource_type(&self) -> Result<&str, Problem> {
        self.resource.as_ref().and_then(Entity::kind).ok_or_else(|| missing("resource", "type"))
    }

    /// What is to be done.
    pub fn action(&self) -> Result<&str, Problem> {
        self.action.as_ref().and_then(Named::name).ok_or_else(|| missing("action", "name"))
    }
}

impl Page {
    /// Where the page begins. An empty token is the first page.
    pub fn bookmark(&self) -> Result<Option<Bookmark>, Problem> {
        let token = self.token.as_deref().filter(|token| !token.is_empty());
        token
            .map(|token| token.parse().map_err(|error| Problem::malformed(format!("`page.token`: {error}"))))
            .transpose()
    }
}

impl Entity<'_> {
    fn kind(&self) -> Option<&str> {
        self.kind.as_deref()
    }

    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

impl Named<'_> {
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

fn thing<'q>(part: &str, from: [Option<&'q Entity<'q>>; 2]) -> Result<Thing<'q>, Problem> {
    let from = from.into_iter().flatten();
    Ok(Thing {
        kind: from.clone().find_map(Entity::kind).ok_or_else(|| missing(part, "type"))?,
        id: from.clone().find_map(Entity::id).ok_or_else(|| missing(part, "id"))?,
    })
}

fn missing(part: &str, field: &str) -> Problem {
    Problem::malformed(format!("`{part}.{field}` is missing"))
}

/// A position or a time, as a number or text.
pub struct Moment(pub AsOf);

/// A position, as a number or text.
pub struct Number(pub Position);

/// An object that nothing is read from.
struct Object;

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number_or_text = deserializer.deserialize_any(NumberOrText)?;
        let moment = match number_or_text {
            Ok(position) => AsOf::Position(position),
            Err(text) => moment("as_of", &text).map_err(|problem| de::Error::custom(problem.detail()))?,
        };
        Ok(Self(moment))
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number_or_text = deserializer.deserialize_any(NumberOrText)?;
        number_or_text.or_else(|text| text.parse()).map(Self).map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AnyObject)
    }
}

struct NumberOrText;

impl Visitor<'_> for NumberOrText {
    type Value = Result<Position, String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a text")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Ok(number))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Err(text.to_owned()))
    }
}

struct AnyObject;

impl<'de> Visitor<'de> for AnyObject {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Object)
    }
}
