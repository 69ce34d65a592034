//! Decisions: from a view and a wish to events, or a refusal and nothing. Pure: time, new ids, sealed text and the
//! hash of a new key's secret come in.

mod refusal;

use tenure_events::{Event, OrgId, Sealed, Time};
use tenure_projections::View;
use tenure_projections::judge::Subject;
use tenure_projections::values::{OrgNo, UserNo};

use crate::command::{Command, Fresh};

pub use refusal::{Kind, Refusal};

/// The most events that one command may have.
pub const MAX_EVENTS: usize = 1_000;

/// Who commands, as the token and the headers say.
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    /// Whose token it is, with what the key leaves of their authority.
    pub actor: Subject,
    /// The user in whose place the actor acts: then that user's authority decides.
    pub on_behalf_of: Option<UserNo>,
    /// The org acted in, where the caller names one.
    pub acting_org: Option<OrgNo>,
}

/// What a decision needs beside the view: settled before, recorded with it.
#[derive(Debug, Clone)]
pub struct Moment {
    /// Recorded time of the command.
    pub time: Time,
    /// New ids, for what the caller did not name.
    pub fresh: Fresh,
    /// SHA-256 of the secret of a key that the command may issue, in hex.
    pub key_hash: String,
}

/// An event that a command decided on, before the writer gives it its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// In whose history it stands.
    pub org: OrgId,
    /// What happened.
    pub event: Event,
    /// The draft of which this one is the twin, by its index in the command.
    pub twin_of: Option<usize>,
}

/// What comes of a command: its events, in order, or why not.
///
/// # Errors
/// The first rule that stands against it. Nothing has happened then.
pub fn decide(
    view: &View<'_>,
    caller: &Caller,
    command: &Command<Sealed>,
    moment: &Moment,
) -> Result<Vec<Draft>, Refusal> {
    let _ = (view, caller, moment);
    Err(Refusal::new(Kind::Conflict, "command.unknown", format!("`{}` is not decided yet", command.name())))
}
