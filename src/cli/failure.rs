//! What people are told when a verb cannot do its work.

use std::fmt::Display;
use std::io;
use std::path::Path;

use super::output::{Paint, clean};
use crate::client::{ClientError, Problem};
use crate::private;

/// One clear line, what belongs to it, and what to do.
#[derive(Debug)]
pub struct Failure {
    message: String,
    details: Vec<String>,
    hint: Option<String>,
}

/// Tells where others on this machine may read what was written to a folder, or was there before.
pub fn warn_of_others(folder: &Path) {
    if let Some(warning) = private::warning(folder) {
        eprintln!("{} {}", Paint::stderr().dim("warning:"), clean(&warning));
    }
}

/// What a verb ends with when it does not do its work.
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A failure in a line.
    pub fn new(message: impl Display) -> Self {
        Self { message: message.to_string(), details: Vec::new(), hint: None }
    }

    /// With what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// As it is written to standard error.
    pub fn show(&self, paint: Paint) -> String {
        // What quotes a file, as the reader of TOML does, keeps its lines.
        let message = self.message.trim_end().split('\n').map(clean).collect::<Vec<_>>().join("\n");
        let mut text = format!("{} {message}\n", paint.bad("error:"));
        for detail in &self.details {
            text.push_str(&format!("  {}\n", clean(detail)));
        }
        if let Some(hint) = &self.hint {
            text.push_str(&format!("{} {hint}\n", paint.dim("hint:")));
        }
        text
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let failure = Self::new(&error);
        match &error {
            ClientError::Unreachable { .. } => failure
                .hint("start a node with `tenure serve --data DIR`, or name another one with --url or TENURE_URL"),
            ClientError::Foreign { .. } => failure.hint("see that --url or TENURE_URL names a Tenure node"),
            ClientError::Refused(problem) => Self { details: details(problem), hint: hint(problem), ..failure },
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::new(error)
    }
}

fn details(problem: &Problem) -> Vec<String> {
    // What the message says already is not said again.
    let said = |text: &str| problem.detail.contains(text);
    let errors = problem.errors.iter().filter(|error| !(said(&error.detail) && said(&error.field)));
    let errors = errors.map(|error| match said(&error.detail) {
        true => format!("argument: {}", error.field),
        false => format!("{}: {}", error.field, error.detail),
    });
    let reasons = problem.reasons.iter().map(|reason| {
        let events: Vec<String> = reason.events.iter().map(u64::to_string).collect();
        let cited = if events.is_empty() { String::new() } else { format!(" [events {}]", events.join(", ")) };
        format!("{}: {}{cited}", reason.code, reason.detail)
    });
    errors.chain(reasons).collect()
}

fn hint(problem: &Problem) -> Option<String> {
    let hint = match problem.status {
        400 | 422 if problem.code == "arguments.invalid" => "`tenure do help COMMAND` shows what a command takes",
        401 => "give an API key with TENURE_TOKEN or --token: `tenure init` prints the first one",
        403 => "`tenure check USER ACTION RESOURCE --explain` says what is held and what is missing",
        404 => "see that the id is right: what you may not see is not there for you",
        412 => "read it again, then decide",
        429 => "send it again in a moment",
        503 => "see whether the node is well: GET /readyz, and its log",
        _ => return None,
    };
    Some(hint.to_owned())
}
