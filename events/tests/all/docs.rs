//! `docs/events.md` and the approved schemas, made from the code.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tenure_events::{parse, schema};

use crate::approved;
use crate::golden::specimens;

#[test]
fn schemas_are_the_approved_ones() {
    let schemas = json!({ "envelope": schema::envelope(), "data": schema::data() });
    approved::check("events/golden/schema/schemas.json", &format!("{schemas:#}\n"));
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
comes on the subject `tenure.events.ORG.ENTITY.VERB` of the org in whose history it stands.

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
        let _ = writeln!(
            text,
            "By `{}`, for example; subject `{collection}`, on NATS `{subject}`.\n",
            envelope.command_name
        );
        fields(&mut text, data, "field");
        if schema::is_retired(kind) {
            let now = envelope.event.kind();
            let _ = writeln!(text, "Written no more: read it as [`{now}`](#{}).\n", now.replace('.', ""));
        }
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
