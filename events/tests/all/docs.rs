//! `docs/events.md` and the approved schemas, made from the code.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};
use tenure_events::{About, parse, schema};

use crate::approved;
use crate::golden::specimens;

/// One file for each type, envelope and all: a subscriber takes those of the types that it reads.
#[test]
fn schemas_are_the_approved_ones() {
    let types: Vec<String> = schema::data().into_keys().collect();
    for kind in &types {
        let schema = schema::of(kind).unwrap();
        approved::check_contract(&format!("events/golden/schema/{kind}.json"), &format!("{schema:#}\n"));
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/schema");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<String> = files.collect();
    assert_eq!(files, types.iter().map(|kind| format!("{kind}.json")).collect(), "left: files in events/golden/schema");
}

#[test]
fn events_are_documented() {
    approved::check("docs/events.md", &document());
}

const HEAD: &str = "\
# Events

Made from the code by a test of the crate `tenure-events`; do not edit.

An event is one fact in the past tense. It states the value after it, whole, so that nobody needs another event to know
what it means. In the log, at `/v1/events` and on NATS it is the same bytes: a CloudEvent 1.0 in JSON with the attributes
below, `type` and `data` last. The bytes never change once they are written; a new field is a new version of the type.
Unknown attributes, fields and versions are refused, and what is not there is left out, never null. On NATS an event
comes on the subject `tenure.events.ORG.ENTITY.VERB` of the org in whose history it stands, as
[the guide for subscribers](guides/subscribers.md) tells. For machines: [asyncapi.json](asyncapi.json), and a JSON Schema
for each type in [events/golden/schema](../events/golden/schema).

## How compatibility is kept

- What is in a log stays there as it is. Every type and version that was ever written is read for ever, and a specimen of
  each is kept and read back, byte for byte, by the tests.
- A type never changes what it states or how. What states more, or otherwise, is a new version of the type, `.v2`, on the
  same subject. From then on the older version is written no more, and told so below; logs that hold it keep it.
- A new version, like a new type, comes with a new release and is told in the changelog. A subscriber that meets a type or
  version that it does not know stops there, at that position, until it is taught: whoever skips it may grant what was
  taken away. Who follows only some subjects meets only what comes on those.
- The envelope is as strict: a reader refuses an attribute that it does not know, and none is removed or changes its
  meaning. So one is added with a new major release only.
- Personal data is sealed, and opened by the platform alone. After an erasure what was sealed stays as it is, unreadable.

";

fn document() -> String {
    let mut text = HEAD.to_owned();
    let specimens = specimens();
    let whole = &specimens["tenure.user.created.v1"];
    text.push_str("## The envelope\n\n");
    let mut envelope = schema::envelope();
    envelope["properties"]["type"]["description"] = json!("The event's type and version.");
    envelope["properties"]["data"]["description"] = json!("What happened; see the types below.");
    fields(&mut text, &envelope, "attribute");
    let _ = writeln!(text, "\nFor example:\n\n```json\n{}\n```\n", String::from_utf8_lossy(whole));
    text.push_str("## The types\n\n");
    let data = schema::data();
    for kind in data.keys() {
        let _ = writeln!(text, "- [`{kind}`](#{})", kind.replace('.', ""));
    }
    for (kind, data) in &data {
        let envelope = parse(&specimens[kind]).unwrap();
        let _ = writeln!(text, "\n### {kind}\n\n{}\n", data["description"].as_str().unwrap());
        let (collection, subject) = (envelope.event.subject(), envelope.nats_subject());
        let About { when, concerns } = envelope.event.about();
        let when = match (schema::is_retired(kind), envelope.event.kind()) {
            (false, _) => when.to_owned(),
            (true, now) => format!("never any more; it is read as [`{now}`](#{})", now.replace('.', "")),
        };
        let _ = writeln!(text, "- When: {when}\n- Concerns: {concerns}");
        let _ = writeln!(text, "- Subject, for example: `{collection}`; on NATS: `{subject}`\n");
        fields(&mut text, data, "field");
        let example: Value = serde_json::from_slice(&specimens[kind]).unwrap();
        let _ = writeln!(text, "\n```json\n{}\n```", serde_json::to_string_pretty(&example["data"]).unwrap());
    }
    text
}

/// A table of an object's fields.
fn fields(text: &mut String, schema: &Value, what: &str) {
    let required = schema["required"].as_array().unwrap();
    let _ = writeln!(text, "| {what} | form | there | meaning |\n|---|---|---|---|");
    for (name, field) in schema["properties"].as_object().unwrap() {
        let there = if required.contains(&json!(name)) { "always" } else { "perhaps" };
        let meaning = field["description"].as_str().unwrap_or_default();
        let _ = writeln!(text, "| `{name}` | {} | {there} | {meaning} |", form(field));
    }
}

/// What a value looks like, in a few words.
fn form(schema: &Value) -> String {
    if let Some(constant) = schema.get("const") {
        return format!("`{constant}`");
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let choice = |choice: &Value| match choice["properties"].as_object() {
            Some(fields) => {
                fields.iter().map(|(name, field)| format!("`{{\"{name}\": …}}`: {}", form(field))).collect()
            }
            None => form(choice),
        };
        return choices.iter().map(choice).collect::<Vec<String>>().join(" or ");
    }
    match (schema["type"].as_str(), schema["format"].as_str(), schema["pattern"].as_str()) {
        (Some("array"), ..) => format!("list of {}", form(&schema["items"])),
        (Some("object"), ..) => match schema["properties"].as_object() {
            Some(fields) => {
                format!("object of {}", fields.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
            }
            None => "object".to_owned(),
        },
        (Some("string"), Some("date-time"), _) => "time".to_owned(),
        (Some("string"), Some("uuid"), _) => "UUID".to_owned(),
        (Some("string"), _, Some(pattern)) if pattern.starts_with("^sealed:") => "sealed text".to_owned(),
        (Some("string"), _, Some(pattern)) if pattern.starts_with("^[0-9]{1,20}") => "number in a string".to_owned(),
        (Some("string"), _, Some(pattern)) if pattern.ends_with("{1,128}$") => "id".to_owned(),
        (Some("string"), _, Some(pattern)) => format!("`{pattern}`"),
        (Some(other), ..) => other.to_owned(),
        (None, ..) => panic!("no form for {schema}"),
    }
}
