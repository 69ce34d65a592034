//! What comes in. Texts are borrowed from the body; what is not known is ignored.

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;
use tenure_events::{Place, Position};
use tenure_projections::judge::{self, Thing, Who};

use super::super::problem::Problem;
use super::super::read::{Bookmark, Bound, moment};
use super::context::Context;
use crate::node::{AsOf, Node};

/// A question, whole or with parts that others fill in.
#[derive(Deserialize)]
pub struct Item<'a> {
    #[serde(borrow, default, deserialize_with = "there")]
    pub subject: Option<Entity<'a>>,
    #[serde(borrow, default, deserialize_with = "there")]
    pub action: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "there")]
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

/// The questions of a request for many, and how they are gone through.
#[derive(Deserialize)]
pub struct Rest<'a> {
    /// Each is read by itself: one that cannot be read spoils none of the others.
    #[serde(borrow, default)]
    pub evaluations: Vec<&'a RawValue>,
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

/// The question as it is written, all parts there.
#[derive(Clone, Copy)]
pub struct Asked<'q> {
    pub subject: Written<'q>,
    pub action: &'q str,
    pub resource: Written<'q>,
}

/// The type and id of a thing, as they are written.
#[derive(Clone, Copy)]
pub struct Written<'q> {
    pub kind: &'q str,
    pub id: &'q str,
}

impl<'q> Written<'q> {
    /// Whom it means.
    pub fn who(self) -> Who<'q> {
        Who::of(self.kind, self.id)
    }

    /// What it means.
    pub fn thing(self) -> Thing<'q> {
        Thing::of(self.kind, self.id)
    }
}

impl<'q> Asked<'q> {
    /// The question as nodes and replicas resolve it.
    pub fn acting_in(self, org: Option<&'q str>) -> judge::Asked<'q> {
        let asked = judge::Asked::new(self.subject.who(), self.action, self.resource.thing());
        judge::Asked { acting_org: org, ..asked }
    }
}

/// Reads a body.
pub fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| Problem::malformed(error.to_string()))
}

impl<'a> Item<'a> {
    /// The position that the answer must reflect.
    pub fn min_position(&self) -> Option<Place> {
        self.context.as_ref()?.min_position.as_ref().map(|number| number.0)
    }

    /// The question. A part that is not there is taken from the default, whole: the fields of two are never mixed, or
    /// the answer would be about a thing that neither of them names.
    pub fn asked<'q>(&'q self, default: Option<&'q Self>) -> Result<Asked<'q>, Problem> {
        let subject = self.subject.as_ref().or_else(|| default?.subject.as_ref());
        let resource = self.resource.as_ref().or_else(|| default?.resource.as_ref());
        let action = self.action.as_ref().or_else(|| default?.action.as_ref());
        Ok(Asked {
            subject: thing("subject", subject)?,
            action: action.and_then(Named::name).ok_or_else(|| missing("action", "name"))?,
            resource: thing("resource", resource)?,
        })
    }
}

impl Search<'_> {
    /// The position that the answer must reflect.
    pub fn min_position(&self) -> Option<Place> {
        self.context.min_position.as_ref().map(|number| number.0)
    }

    /// Who, where that is known.
    pub fn subject(&self) -> Result<Written<'_>, Problem> {
        thing("subject", self.subject.as_ref())
    }

    /// With what, where that is known.
    pub fn resource(&self) -> Result<Written<'_>, Problem> {
        thing("resource", self.resource.as_ref())
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

    /// What the tokens of its pages are bound to.
    pub fn bound(&self, bound: Bound) -> Bound {
        let (subject, resource) = (self.subject.as_ref(), self.resource.as_ref());
        let moment = self.context.as_of.as_ref().map(|moment| match moment.0 {
            AsOf::Position(position) => position.to_string(),
            AsOf::Place(place) => place.to_string(),
            AsOf::Time(time) => time.to_string(),
        });
        bound
            .maybe("subject.type", subject.and_then(Entity::kind))
            .maybe("subject.id", subject.and_then(Entity::id))
            .maybe("action.name", self.action.as_ref().and_then(Named::name))
            .maybe("resource.type", resource.and_then(Entity::kind))
            .maybe("resource.id", resource.and_then(Entity::id))
            .maybe("acting_org", self.context.acting_org.as_deref())
            .maybe("as_of", moment.as_deref())
            .maybe("at", self.context.at.map(|at| at.to_string()).as_deref())
    }
}

impl Page {
    /// Where the page begins. An empty token is the first page.
    pub fn bookmark(&self, node: &Node, bound: &Bound) -> Result<Option<Bookmark>, Problem> {
        let token = self.token.as_deref().filter(|token| !token.is_empty());
        token.map(|token| Bookmark::read("page.token", token, node, bound)).transpose()
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

fn thing<'q>(part: &str, entity: Option<&'q Entity<'q>>) -> Result<Written<'q>, Problem> {
    Ok(Written {
        kind: entity.and_then(Entity::kind).ok_or_else(|| missing(part, "type"))?,
        id: entity.and_then(Entity::id).ok_or_else(|| missing(part, "id"))?,
    })
}

/// A part that is named has a value: `null` is none, and no word for the default.
fn there<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

fn missing(part: &str, field: &str) -> Problem {
    Problem::malformed(format!("`{part}.{field}` is missing"))
}

/// A position or a time, as a number or text.
pub struct Moment(pub AsOf);

/// A position, as a number or text.
pub struct Number(pub Place);

/// An object that nothing is read from.
struct Object;

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number_or_text = deserializer.deserialize_any(NumberOrText)?;
        let moment = match number_or_text {
            Ok(position) => AsOf::Place(position.into()),
            Err(text) => moment("as_of", &text).map_err(|problem| de::Error::custom(problem.detail()))?,
        };
        Ok(Self(moment))
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number_or_text = deserializer.deserialize_any(NumberOrText)?;
        number_or_text.map(Place::from).or_else(|text| text.parse()).map(Self).map_err(de::Error::custom)
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
