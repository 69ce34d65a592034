//! The arguments of a command as people read them.

use serde_json::{Map, Value};

use super::reference::{COMMANDS, Reference, schemas};

/// One argument of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// What it is called.
    pub name: String,
    /// Whether it may be left out.
    pub optional: bool,
    /// What can be given, as JSON with words in capitals for what varies.
    pub value: String,
    /// What it is.
    pub about: String,
}

/// Every command with its arguments, those that are needed first.
#[must_use]
pub fn reference() -> Vec<(&'static Reference, Vec<Argument>)> {
    let (schemas, definitions) = schemas();
    COMMANDS.iter().zip(&schemas).map(|(command, schema)| (command, arguments(schema, &definitions))).collect()
}

fn arguments(schema: &Value, definitions: &Map<String, Value>) -> Vec<Argument> {
    let argument = |(name, value): (&String, &Value)| Argument {
        name: name.clone(),
        optional: is_optional(schema, name),
        value: shape(value, definitions),
        about: about(value),
    };
    let mut arguments: Vec<Argument> = properties(schema).map(argument).collect();
    arguments.sort_by_key(|argument| argument.optional);
    arguments
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

fn is_optional(schema: &Value, name: &str) -> bool {
    let needed = schema.get("required").and_then(Value::as_array);
    !needed.is_some_and(|needed| needed.iter().any(|needed| needed == name))
}

fn about(schema: &Value) -> String {
    schema.get("description").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn shape(schema: &Value, definitions: &Map<String, Value>) -> String {
    let of = |schema: &Value| shape(schema, definitions);
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()) {
        return definitions.get(name).map_or_else(|| name.to_owned(), of);
    }
    if let Some(value) = schema.get("const") {
        return value.to_string();
    }
    // What may be left out may be null as well.
    if let Some(Value::Array(kinds)) = schema.get("type") {
        let kind = kinds.iter().find(|kind| *kind != "null").cloned().unwrap_or_default();
        let rest = schema.as_object().into_iter().flatten().filter(|(word, _)| *word != "type");
        let rest = rest.map(|(word, value)| (word.clone(), value.clone()));
        return of(&rest.chain([("type".to_owned(), kind)]).collect());
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return either(values.iter().filter(|value| !value.is_null()).map(Value::to_string));
    }
    let choices = ["oneOf", "anyOf"].iter().find_map(|word| schema.get(word)).and_then(Value::as_array);
    if let Some(choices) = choices {
        return either(choices.iter().filter(|choice| !is(choice, "null")).map(of));
    }
    if is(schema, "object") {
        let named = properties(schema).map(|(name, value)| {
            let optional = if is_optional(schema, name) { "?" } else { "" };
            format!("\"{name}\"{optional}: {}", of(value))
        });
        let others = schema.get("additionalProperties").filter(|others| others.is_object());
        let fields: Vec<String> = named.chain(others.map(|value| format!("NAME: {}", of(value)))).collect();
        return format!("{{{}}}", fields.join(", "));
    }
    if is(schema, "array") {
        return format!("[{}, …]", schema.get("items").map_or_else(String::new, of));
    }
    let word = match schema.get("type").and_then(Value::as_str) {
        Some("string") => text(schema),
        Some("boolean") => "true | false",
        Some("integer") => "NUMBER",
        Some(_) | None => "ANY",
    };
    word.to_owned()
}

/// Ids have colons, names of privileges and of kinds have not.
fn text(schema: &Value) -> &'static str {
    match (schema.get("format").is_some(), schema.get("pattern").and_then(Value::as_str)) {
        (true, _) => "TIME",
        (false, Some(pattern)) if pattern.contains(':') => "ID",
        (false, Some(_)) => "NAME",
        (false, None) => "TEXT",
    }
}

fn either(choices: impl Iterator<Item = String>) -> String {
    choices.collect::<Vec<_>>().join(" | ")
}

fn is(schema: &Value, kind: &str) -> bool {
    schema.get("type").is_some_and(|of| of == kind)
}
