//! Texts that people write: what one must be to be written down.

use super::Refusal;
use super::scene::invalid;

/// The most bytes of a reason.
pub const MAX_REASON: usize = 1_024;

/// The most characters of a name.
const MAX_NAME: usize = 200;

/// A name without surrounding white space: some text in one line.
pub fn name(field: &'static str, text: &str) -> Result<String, Refusal> {
    let name = lines(field, text, MAX_NAME)?;
    if name.is_empty() {
        return Err(invalid(field, "name.empty", "a name needs at least one character"));
    }
    in_one_line(field, &name)?;
    Ok(name)
}

/// Text without surrounding white space, of bounded length, without control characters but line breaks and tabs.
pub fn lines(field: &'static str, text: &str, max: usize) -> Result<String, Refusal> {
    let text = text.trim();
    let length = text.chars().count();
    if length > max {
        return Err(invalid(
            field,
            "text.too_long",
            format!("at most {max} characters, these are {length}: say it shorter"),
        ));
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(invalid(field, "text.control_character", "control characters are not text: leave them out"));
    }
    Ok(text.to_owned())
}

/// Whether text about a person may be sealed. Decisions see it sealed only, so this comes before them. How long it may
/// be otherwise is for the event to say.
///
/// # Errors
/// It is not, as [`Kind::Invalid`](super::Kind::Invalid).
pub fn personal(field: &'static str, text: &str) -> Result<(), Refusal> {
    match field {
        "name" => name(field, text).map(drop),
        // A key is called by its argument `name`.
        "key" => name("name", text).map(drop),
        "reason" if text.len() > MAX_REASON => {
            let detail = format!("a reason has at most {MAX_REASON} bytes, this one {}: say it shorter", text.len());
            Err(invalid("Tenure-Reason", "text.too_long", detail))
        }
        "reason" => lines("Tenure-Reason", text, MAX_REASON).map(drop),
        _ if text.trim().is_empty() => Err(invalid(field, "text.empty", "this needs at least one character")),
        _ => in_one_line(field, text),
    }
}

fn in_one_line(field: &'static str, text: &str) -> Result<(), Refusal> {
    if text.chars().any(char::is_control) {
        return Err(invalid(
            field,
            "text.control_character",
            "control characters and line breaks are not text in one line: leave them out",
        ));
    }
    Ok(())
}
