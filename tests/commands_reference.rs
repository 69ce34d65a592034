//! What is said of commands, in `docs/commands.md` and `/openapi.json`, is what they take.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};
use tenure::command::{Argument, COMMANDS, Command, InvalidCommand, reference, schemas};

/// Set to anything, the test writes the file instead of comparing it.
const APPROVE: &str = "TENURE_APPROVE";

#[test]
fn the_commands_are_documented() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/commands.md");
    if std::env::var_os(APPROVE).is_some() {
        fs::write(&path, document()).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap_or_default() == document(),
        "docs/commands.md is not what the code says; if the code is right, run\n    \
         {APPROVE}=1 cargo nextest run -E 'test(the_commands_are_documented)'\nand review the change"
    );
}

fn document() -> String {
    let mut text = INTRODUCTION.to_owned();
    for (command, arguments) in reference() {
        let _ = write!(text, "\n## {}\n\n{}.\n", command.name, capital(command.about));
        if !arguments.is_empty() {
            text.push_str("\n| argument | | value | |\n|---|---|---|---|\n");
        }
        for Argument { name, optional, value, about } in arguments {
            let needed = if optional { "" } else { "needed" };
            let _ = writeln!(text, "| `{name}` | {needed} | `{}` | {about} |", value.replace('|', "\\|"));
        }
    }
    text
}

fn capital(text: &str) -> String {
    text[..1].to_uppercase() + &text[1..]
}

const INTRODUCTION: &str = "# Commands

Made from the code, and compared with it by a test.

`POST /v1/commands/NAME` with the arguments as a JSON object, or `tenure do NAME --json ARGUMENTS`. What comes of it is one or more
[events](events.md), or a refusal and nothing. `tenure do help NAME` shows the same on a terminal, `/openapi.json` tells it to programs.

Words in capitals stand for what varies. A `TIME` is one of RFC 3339. An `ID` has 1 to 128 characters of `A-Z a-z 0-9 _ - : @ | ~`, that of a
user no `@` and no `|`; what is made gets one of its own unless you give one. A `NAME` is one of the catalogue: of a privilege, a user type,
a kind of content. The privileges `\"all\"` are all that you hold there within the user type. A `?` follows what may be left out.
";

/// Each argument in each of its forms, with all that is needed beside it, is read; without one that is needed, nothing is.
#[test]
fn commands_take_what_is_said_of_them() {
    let (schemas, definitions) = schemas();
    for (command, schema) in COMMANDS.iter().zip(&schemas) {
        let given: Map<String, Value> = schema["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, schema)| (name.clone(), Value::Array(samples(schema, &definitions))))
            .collect();
        let needed: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let least: Map<String, Value> =
            needed.iter().map(|name| ((*name).to_owned(), given[*name][0].clone())).collect();
        let read = |body: &Map<String, Value>| Command::parse(command.name, json!(body).to_string().as_bytes());
        for (name, forms) in &given {
            for form in forms.as_array().unwrap() {
                let mut body = least.clone();
                body.insert(name.clone(), form.clone());
                assert!(read(&body).is_ok(), "{}: {body:?}: {:?}", command.name, read(&body).err());
            }
        }
        for name in needed {
            let mut body = least.clone();
            body.remove(name);
            let lacking = matches!(read(&body), Err(InvalidCommand::Arguments { field, .. }) if field == name);
            assert!(lacking, "{} without {name}", command.name);
        }
    }
}

/// Values of all the forms that a schema allows.
fn samples(schema: &Value, definitions: &Map<String, Value>) -> Vec<Value> {
    let of = |schema: &Value| samples(schema, definitions);
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return of(&definitions[name]);
    }
    if let Some(value) = schema.get("const") {
        return vec![value.clone()];
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.clone();
    }
    if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        return choices.iter().flat_map(of).collect();
    }
    let kind = schema["type"].as_str().or(schema["type"][0].as_str());
    match kind {
        Some("object") => objects(schema, definitions),
        Some("array") => of(&schema["items"]).into_iter().map(|item| json!([item])).collect(),
        Some("string") if schema["format"] == "date-time" => vec![json!("2030-01-01T00:00:00Z")],
        Some("string") => vec![json!("x")],
        Some("boolean") => vec![json!(true), json!(false)],
        Some("integer") => vec![json!(1)],
        Some("null") => vec![Value::Null],
        other => panic!("a schema of {other:?}: {schema}"),
    }
}

/// Objects with all fields, one for each form of each; and one with none but those that are needed.
fn objects(schema: &Value, definitions: &Map<String, Value>) -> Vec<Value> {
    let fields = schema["properties"].as_object().into_iter().flatten();
    let forms: Vec<(&String, Vec<Value>)> = fields.map(|(name, schema)| (name, samples(schema, definitions))).collect();
    let is_needed =
        |name: &str| schema["required"].as_array().is_some_and(|needed| needed.iter().any(|one| one == name));
    let with = |form: usize| {
        let fields = forms.iter().map(|(name, forms)| ((*name).clone(), forms[form.min(forms.len() - 1)].clone()));
        fields.collect::<Map<String, Value>>()
    };
    let most = forms.iter().map(|(_, forms)| forms.len()).max().unwrap_or(1);
    let mut least = with(0);
    least.retain(|name, _| is_needed(name));
    (0..most).map(with).chain([least]).map(Value::Object).collect()
}
