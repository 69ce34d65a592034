//! Why a command is refused.

use tenure_events::OrgId;
use tenure_projections::judge::Reason;

/// Which sort of refusal: callers know it as the HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The caller may not (403).
    Forbidden,
    /// There is no such thing, or none that the caller may see (404).
    NotFound,
    /// A rule stands against it (409).
    Conflict,
    /// A value is wrong (422).
    Invalid {
        /// The argument.
        field: &'static str,
    },
}

/// Why a command is refused: nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Refusal {
    /// Which sort.
    pub kind: Kind,
    /// The rule, stable: `privilege.not_held`, `name.taken`.
    pub code: &'static str,
    /// What was wrong with what, and what to do.
    pub detail: String,
    /// What the judge found, where it was asked.
    pub reasons: Vec<Reason>,
}

impl Refusal {
    /// A refusal without the judge's reasons.
    #[must_use]
    pub fn new(kind: Kind, code: &'static str, detail: impl Into<String>) -> Self {
        Self { kind, code, detail: detail.into(), reasons: Vec::new() }
    }
}

/// What is not there for the caller.
pub fn unknown(what: &str, code: &'static str, id: &dyn std::fmt::Display) -> Refusal {
    Refusal::new(Kind::NotFound, code, format!("there is no {what} `{id}` that you may see"))
}

/// That an org is archived.
pub fn archived(org: &OrgId) -> Refusal {
    conflict("org.archived", format!("org `{org}` is archived and accepts no change"))
}

/// That the command does not fit what is there.
pub fn conflict(code: &'static str, detail: impl Into<String>) -> Refusal {
    Refusal::new(Kind::Conflict, code, detail)
}

/// That the caller may not.
pub fn forbidden(code: &'static str, detail: impl Into<String>) -> Refusal {
    Refusal::new(Kind::Forbidden, code, detail)
}

/// That an argument is wrong.
pub fn invalid(field: &'static str, code: &'static str, detail: impl Into<String>) -> Refusal {
    Refusal::new(Kind::Invalid { field }, code, detail)
}
