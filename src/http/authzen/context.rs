//! The context of a question. Callers may put into it what they like; what looks like a field of ours, misspelt, is
//! refused: the answer would be about another moment or org than was meant.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use tenure_events::Time;

use super::request::{Moment, Number};
use crate::command::nearest;

/// Of which moment, in which org, and how much of the answer.
#[derive(Default)]
pub struct Context<'a> {
    pub acting_org: Option<Cow<'a, str>>,
    pub as_of: Option<Moment>,
    pub at: Option<Time>,
    pub min_position: Option<Number>,
    pub explain: bool,
}

/// The fields of ours.
const FIELDS: [&str; 5] = ["acting_org", "as_of", "at", "min_position", "explain"];

/// A text that is borrowed where it can be.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Context<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Context<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Context<'de>, A::Error> {
        let mut context = Context::default();
        let mut seen: Vec<Cow<'de, str>> = Vec::new();
        while let Some(Text(name)) = map.next_key()? {
            match &*name {
                "acting_org" => context.acting_org = map.next_value::<Option<Text<'de>>>()?.map(|text| text.0),
                "as_of" => context.as_of = map.next_value()?,
                "at" => context.at = map.next_value()?,
                "min_position" => context.min_position = map.next_value()?,
                "explain" => context.explain = map.next_value()?,
                other => {
                    if let Some(meant) = misspelt(other) {
                        let detail = format!("`context` knows no `{other}`: did you mean `{meant}`?");
                        return Err(A::Error::custom(detail));
                    }
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            }
            if seen.contains(&name) {
                return Err(A::Error::custom(format!("`context.{name}` stands there twice")));
            }
            seen.push(name);
        }
        Ok(context)
    }
}

/// The field of ours that a name is most probably meant to be.
fn misspelt(name: &str) -> Option<&'static str> {
    let letters = |name: &str| name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let written = letters(name);
    let same = FIELDS.into_iter().find(|field| letters(field) == written);
    // Two letters are like every other two.
    same.or_else(|| nearest(name, FIELDS.into_iter().filter(|field| field.len() > 2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_fields() {
        let check = |name, want| assert_eq!(misspelt(name), want, "{name}");
        check("asof", Some("as_of"));
        check("asOf", Some("as_of"));
        check("as-of", Some("as_of"));
        check("AT", Some("at"));
        check("acting_orgs", Some("acting_org"));
        check("actingOrg", Some("acting_org"));
        check("minPosition", Some("min_position"));
        check("explian", Some("explain"));
        check("time", None);
        check("ip", None);
        check("it", None);
        check("reason", None);
        check("user_agent", None);
    }
}
