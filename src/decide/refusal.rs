//! Why a command is refused.

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
