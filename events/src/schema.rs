//! JSON Schemas (2020-12) of what stands in the log: the envelope and the data of every event type.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::Event;
use crate::envelope::Wire;
use crate::retired::{KINDS, Retired};

/// The schema of an event's data, by type; those that are written no more among them.
#[must_use]
pub fn data() -> BTreeMap<String, Value> {
    let mut all = data_of::<Event>();
    all.append(&mut data_of::<Retired>());
    all
}

/// Whether events of this type are read, and written no more.
#[must_use]
pub fn is_retired(kind: &str) -> bool {
    KINDS.contains(&kind)
}

/// The schema of what is around the data, whatever the event.
#[must_use]
pub fn envelope() -> Value {
    let mut schema = schema_of::<Wire<'static>>();
    complete(&mut schema, json!({ "type": "string" }), json!({ "type": "object" }));
    Value::Object(schema)
}

/// The schema of one event type, envelope and all; none if there is no such type.
#[must_use]
pub fn of(kind: &str) -> Option<Value> {
    let data = data().remove(kind)?;
    let mut schema = schema_of::<Wire<'static>>();
    schema.insert("title".to_owned(), json!(kind));
    complete(&mut schema, json!({ "const": kind }), data);
    Some(Value::Object(schema))
}

fn data_of<T: JsonSchema>() -> BTreeMap<String, Value> {
    let one = |event: &Value| {
        let kind = event.pointer("/properties/type/const")?.as_str()?;
        let mut data = event.pointer("/properties/data")?.clone();
        // A description of the variant is that of its data.
        if let (Some(description), Some(data)) = (event.get("description"), data.as_object_mut()) {
            data.entry("description").or_insert_with(|| description.clone());
        }
        Some((kind.to_owned(), data))
    };
    let events = schema_of::<T>().remove("oneOf");
    events.iter().filter_map(Value::as_array).flatten().filter_map(one).collect()
}

fn complete(envelope: &mut Map<String, Value>, kind: Value, data: Value) {
    if let Some(Value::Object(properties)) = envelope.get_mut("properties") {
        properties.insert("type".to_owned(), kind);
        properties.insert("data".to_owned(), data);
    }
    if let Some(Value::Array(required)) = envelope.get_mut("required") {
        required.extend([json!("type"), json!("data")]);
    }
}

fn schema_of<T: JsonSchema>() -> Map<String, Value> {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    without_null(&mut schema);
    schema.as_object().cloned().unwrap_or_default()
}

/// What is not there is left out of an event, never null.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Array(schemas) => schemas.iter_mut().for_each(without_null),
        Value::Object(schema) => {
            if let Some(Value::Array(types)) = schema.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    schema.insert("type".to_owned(), only);
                }
            }
            // An optional field of a type with a schema of its own comes as that schema or null.
            if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
                choices.retain(|choice| choice != &json!({ "type": "null" }));
                if let [Value::Object(only)] = choices.as_mut_slice() {
                    let only = std::mem::take(only);
                    schema.remove("anyOf");
                    for (name, value) in only {
                        schema.entry(name).or_insert(value);
                    }
                }
            }
            schema.values_mut().for_each(without_null);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
