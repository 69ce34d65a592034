//! From a body to the arguments of a command, or to what is wrong with them.

use serde::de::DeserializeOwned;

use super::InvalidCommand;

/// The arguments in a body, a JSON object.
pub(super) fn arguments<T: DeserializeOwned>(body: &[u8]) -> Result<T, InvalidCommand> {
    serde_json::from_slice(body).map_err(|error| match serde_json::from_slice::<serde_json::Value>(body) {
        Ok(_) => InvalidCommand::Arguments { field: wrong_field::<T>(body), detail: without_place(&error) },
        Err(error) => InvalidCommand::Malformed(error.to_string()),
    })
}

/// What is wrong, without the place: it is the argument that is named, and few write the JSON themselves.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).map(str::to_owned).unwrap_or(text)
}

/// The argument at which reading the body fails.
fn wrong_field<T: DeserializeOwned>(body: &[u8]) -> String {
    let read = serde_path_to_error::deserialize::<_, T>(&mut serde_json::Deserializer::from_slice(body));
    let Err(error) = read else { return String::new() };
    let (path, detail) = (error.path().to_string(), error.into_inner().to_string());
    let path = if path == "." { "" } else { &path };
    // Of one that is missing or there twice, the path leads to where it belongs.
    let here = ["missing field `", "duplicate field `"].iter().find_map(|text| detail.strip_prefix(text));
    match here.and_then(|rest| rest.split('`').next()) {
        Some(name) if path.is_empty() => name.to_owned(),
        Some(name) if !path.ends_with(name) => format!("{path}.{name}"),
        Some(_) | None => path.to_owned(),
    }
}
