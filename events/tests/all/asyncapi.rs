//! `docs/asyncapi.json`: the feed as an AsyncAPI 3.0 document, made from the code.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};
use tenure_events::{Envelope, FeedState, Hash, Heartbeat, parse, schema};
use uuid::Uuid;

use crate::approved;
use crate::golden::specimens;

#[test]
fn the_feed_is_described() {
    approved::check("docs/asyncapi.json", &format!("{:#}\n", document()));
}

/// The schema of AsyncAPI documents comes with `@asyncapi/specs`.
#[test]
fn the_description_is_valid() {
    let specs = "target/tools/asyncapi/node_modules/@asyncapi/specs/schemas/3.0.0-without-$id.json";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(specs);
    let schema = fs::read(path).unwrap_or_else(|_| panic!("`{specs}` is not there: `tests/run --tools` installs it"));
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let document = document();
    let errors: Vec<String> = validator.iter_errors(&document).map(|error| error.instance_path().to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// Every reference leads somewhere, and every specimen is what its message says.
#[test]
fn what_it_refers_to_is_there_and_what_it_shows_is_right() {
    let document = document();
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(references.len() > 100, "{references:?}");
    for reference in references {
        let found = document.pointer(reference.strip_prefix('#').unwrap());
        assert!(found.is_some(), "{reference} leads nowhere");
    }
    for (kind, message) in document["components"]["messages"].as_object().unwrap() {
        // The schemas of one message, with what they refer to beside them.
        let mut schema = message["payload"].clone();
        schema["components"] = document["components"].clone();
        let validator = jsonschema::draft7::new(&schema).unwrap();
        let example = &message["examples"][0]["payload"];
        let errors: Vec<String> = validator.iter_errors(example).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{kind}: {errors:?}");
        assert!(!validator.is_valid(&json!({ "type": kind })), "{kind}: anything goes");
    }
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect(value, references)),
        Value::Object(fields) => {
            references.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| collect(value, references));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

const ABOUT: &str = "\
Every event of a Tenure platform, once and in order, on one NATS JetStream stream, `TENURE`. The sequence of a message in \
the stream is the position of its event in the log. The events of a command follow each other, and where it ends `commandindex` and `commandcount` say. Each organisation has its own \
subjects and its own gapless sequence. What a subscriber may rely on is told in docs/guides/subscribers.md, what each \
event means in docs/events.md.";

fn document() -> Value {
    let specimens = specimens();
    let mut channels = Map::new();
    let mut operations = Map::new();
    let mut messages = Map::new();
    let mut schemas = Map::new();
    schemas.insert("envelope".to_owned(), plain(schema::envelope()));
    schemas.insert("headers".to_owned(), headers());
    for (kind, data) in schema::data() {
        let envelope = parse(&specimens[&kind]).unwrap();
        let name = kind.split('.').skip(1).take(2).collect::<Vec<_>>().join(".");
        messages.insert(kind.clone(), message(&kind, &data, &specimens[&kind]));
        schemas.insert(kind.clone(), plain(data));
        let channel = channels.entry(name.clone()).or_insert_with(|| channel(&name, &envelope));
        channel["messages"][&kind] = json!({ "$ref": format!("#/components/messages/{kind}") });
        let operation = operations.entry(format!("send.{name}")).or_insert_with(
            || json!({ "action": "send", "channel": { "$ref": format!("#/channels/{name}") }, "messages": [] }),
        );
        let said = json!({ "$ref": format!("#/channels/{name}/messages/{kind}") });
        operation["messages"].as_array_mut().unwrap().push(said);
    }
    let told = json!({ "$ref": "#/components/messages/heartbeat" });
    channels.insert("heartbeat".to_owned(), heartbeats(&told));
    let (channel, said) = ("#/channels/heartbeat", "#/channels/heartbeat/messages/heartbeat");
    let operation = json!({ "action": "send", "channel": { "$ref": channel }, "messages": [{ "$ref": said }] });
    operations.insert("send.heartbeat".to_owned(), operation);
    messages.insert("heartbeat".to_owned(), heartbeat());
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tenure events",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "Apache-2.0 OR MIT" },
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": {
            "nats": { "host": "localhost:4222", "protocol": "nats", "description": "The NATS servers that Tenure publishes to." },
        },
        "channels": channels,
        "operations": operations,
        "components": { "messages": messages, "schemas": schemas },
    })
}

fn channel(name: &str, envelope: &Envelope) -> Value {
    let about = envelope.event.about();
    json!({
        "address": format!("tenure.events.{{org}}.{name}"),
        "description": format!("When: {}. Concerns: {}.", about.when, about.concerns),
        "parameters": { "org": { "description": "The org in whose history the event stands." } },
        "messages": {},
    })
}

fn heartbeats(message: &Value) -> Value {
    let description = "How far the node's log is acknowledged, signed by the node: about once a second, and after each commit. It is \
                       not on the stream.";
    json!({ "address": Heartbeat::SUBJECT, "description": description, "messages": { "heartbeat": message } })
}

fn heartbeat() -> Value {
    let summary = "A JSON Web Signature (RFC 7515, compact) by Ed25519. Its header is \
                   `{\"alg\":\"EdDSA\",\"typ\":\"tenure-heartbeat\"}`; its payload says `log`, `position`, `hash` of the event there, \
                   `time`, and how the `feed` stands. `tenure feed-key` prints what it is verified with.";
    let (log, time) = (Uuid::from_u128(1), "2026-03-01T09:30:00Z".parse().unwrap());
    let said = Heartbeat { log, epoch: 0, position: 42, hash: Hash([7; 32]), time, feed: FeedState::Publishing };
    json!({
        "name": "heartbeat",
        "summary": summary,
        "contentType": "application/jose",
        "payload": { "type": "string", "pattern": "^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]{86}$" },
        "examples": [{ "payload": Heartbeat::message(&said.to_sign(), &[9; 64]) }],
    })
}

fn message(kind: &str, data: &Value, specimen: &[u8]) -> Value {
    let example: Value = serde_json::from_slice(specimen).unwrap();
    json!({
        "name": kind,
        "summary": data["description"],
        "headers": { "$ref": "#/components/schemas/headers" },
        "payload": { "allOf": [
            { "$ref": "#/components/schemas/envelope" },
            { "properties": { "type": { "const": kind }, "data": { "$ref": format!("#/components/schemas/{kind}") } } },
        ] },
        "examples": [{ "payload": example }],
    })
}

fn headers() -> Value {
    json!({
        "type": "object",
        "required": ["Content-Type", "Nats-Msg-Id"],
        "properties": {
            "Content-Type": { "const": "application/cloudevents+json" },
            "Nats-Msg-Id": { "type": "string", "format": "uuid", "description": "The event's own id." },
        },
    })
}

/// Without the name of its dialect: AsyncAPI has its own, which says the same of all that is used.
fn plain(mut schema: Value) -> Value {
    schema.as_object_mut().unwrap().remove("$schema");
    schema
}
