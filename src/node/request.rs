//! What goes into the node and what comes out of it.

use bytes::Bytes;
use tenure_events::{Hash, OrgId, Position, UserId};
use tenure_projections::View;
use tenure_projections::values::{KeyNo, UserNo};
use uuid::Uuid;

use super::halt::Reason;
use super::secret::Secret;
use super::sign_in::SignedIn;
use crate::clock::ClockJumped;
use crate::command::{InvalidCommand, Plain};
use crate::decide::{Refusal, Told};
use crate::keys::KeyStore;

/// One command as it came in.
#[derive(Debug, Clone)]
pub struct Request {
    /// The command's name, such as `create-user`.
    pub name: String,
    /// Its arguments: a JSON object.
    pub body: Vec<u8>,
    /// Who sends it, as [`Node::authenticate`](crate::node::Node::authenticate) found.
    pub caller: Authenticated,
    /// The user in whose place the caller acts.
    pub on_behalf_of: Option<UserId>,
    /// The org acted in, where the caller names one.
    pub acting_org: Option<OrgId>,
    /// Why, in the caller's words.
    pub reason: Option<Plain>,
    /// Makes the command happen once, however often it is sent by this caller for this user.
    pub idempotency_key: Option<String>,
    /// Refuse it if what it is about has changed since this position.
    pub if_match: Option<Position>,
    /// What it belongs to in the caller's world; the command itself unless given.
    pub correlation: Option<Uuid>,
    /// Tell what would happen and do nothing.
    pub dry_run: bool,
}

impl Request {
    /// A command and who sends it, without anything that may be left out.
    #[must_use]
    pub fn new(caller: Authenticated, name: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.into(),
            body: body.into(),
            caller,
            on_behalf_of: None,
            acting_org: None,
            reason: None,
            idempotency_key: None,
            if_match: None,
            correlation: None,
            dry_run: false,
        }
    }

    /// What a repetition must have in common with the first sending: the credential, the name and the body. An answer
    /// is for who asked: another credential of the same person may carry less. It takes the platform's secret, since a
    /// body may hold personal data and nobody is to find it by trying.
    pub(super) fn body_hash(&self, keys: &KeyStore, key: &str) -> Hash {
        Hash(
            keys.fingerprint(
                &[
                    key.as_bytes(),
                    b"
",
                    self.name.as_bytes(),
                    b"
",
                    &self.body,
                ]
                .concat(),
            ),
        )
    }
}

/// A user who proved who they are. The credential is judged anew when the command is decided: a key revoked meanwhile does
/// nothing, nor does a token of an issuer that was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authenticated {
    /// Who.
    pub user: UserNo,
    /// By what.
    pub credential: Credential,
}

/// What a caller comes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// An API key.
    Key(KeyNo),
    /// A token of an issuer.
    Token(SignedIn),
}

/// Whose share of the node a request takes: that of a key, or of a user who signed in, whichever tokens they come with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bearer {
    /// Of a key.
    Key(KeyNo),
    /// Of a user.
    User(UserNo),
}

impl Authenticated {
    /// The key that they come with, if it is one.
    #[must_use]
    pub const fn key(&self) -> Option<KeyNo> {
        match self.credential {
            Credential::Key(key) => Some(key),
            Credential::Token(_) => None,
        }
    }

    /// The token that they came with, if it is one.
    #[must_use]
    pub const fn token(&self) -> Option<&SignedIn> {
        match &self.credential {
            Credential::Key(_) => None,
            Credential::Token(token) => Some(token),
        }
    }

    /// Whose share they take.
    #[must_use]
    pub const fn bearer(&self) -> Bearer {
        match self.credential {
            Credential::Key(key) => Bearer::Key(key),
            Credential::Token(_) => Bearer::User(self.user),
        }
    }

    /// What is the same of every request by this credential: the id of the key, or the issuer and its identity. A user who
    /// signs in anew goes on as the same.
    #[must_use]
    pub fn credential_id(&self, view: &View<'_>) -> String {
        match &self.credential {
            Credential::Key(key) => view.key_id(*key).to_owned(),
            Credential::Token(token) => {
                let org = token.org.map_or("", |org| view.org_id(org));
                let represented = token.acts_for.map_or("", |(user, _)| view.user_id(user));
                let identity = view.identity_hash(token.identity);
                format!("issuers/{} {identity} {org} {represented}", view.issuer_id(token.issuer))
            }
        }
    }
}

/// What came of a command.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The last position that it reflects.
    pub position: Position,
    /// The bytes of its events, in order; of a dry run, what would have been written.
    pub events: Vec<Bytes>,
    /// The secret that it made: this once, and never again.
    pub secret: Option<Secret>,
    /// The stored answer of a command that was done before, under the same idempotency key.
    pub replayed: bool,
    /// Of a dry run: who would gain or lose what.
    pub access_delta: Option<AccessDeltas>,
    /// What some commands tell beside their events.
    pub told: Option<Told>,
}

/// Who would gain or lose what by a command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessDeltas {
    /// By user and org, each once; nobody who keeps what they have.
    pub deltas: Vec<AccessDelta>,
    /// Whether these are all: at most 1,000 users are compared, and levels on content are not.
    pub complete: bool,
    /// What the command may change beside privileges in orgs: `content`, or nothing.
    pub leaves_out: &'static [&'static str],
}

/// What one user would gain and lose in one org.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessDelta {
    /// Who.
    pub user: UserId,
    /// Where.
    pub org: OrgId,
    /// Privileges that they would hold there and do not now.
    pub gained: Vec<String>,
    /// Privileges that they hold there now and would not.
    pub lost: Vec<String>,
}

/// Why a command was not done. Nothing was written, except perhaps after [`CommandError::OutcomeUnknown`].
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// No such command, or not its arguments.
    #[error(transparent)]
    Invalid(#[from] InvalidCommand),
    /// A rule stands against it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The credential counts no more, or its user may not act.
    #[error("the API key or token is not valid any more: ask for a new one")]
    Unauthenticated,
    /// What the command is about is not as the caller saw it.
    #[error("`{entity}` was changed at position {position}: read it again, then decide")]
    ChangedSince {
        /// What, as `COLLECTION/ID`.
        entity: String,
        /// When it was changed last.
        position: Position,
    },
    /// The idempotency key was used for another command, or by another credential.
    #[error("the idempotency key was used with another command, body or credential: choose a new one")]
    KeyReused,
    /// More events than one command may have.
    #[error("the command would make {count} events, more than the {limit} that one may have: split it",
            limit = crate::decide::MAX_EVENTS)]
    TooManyEvents {
        /// How many they would be.
        count: usize,
    },
    /// One event would be too long.
    #[error("an event of the command would have {size} bytes, more than the {limit} that one may have: shorten it",
            limit = crate::log::EVENT_LIMIT)]
    EventTooLarge {
        /// Its bytes.
        size: usize,
    },
    /// Too many commands are waiting: send it again a little later.
    #[error("too many commands are waiting: send it again in a second")]
    Busy,
    /// The log failed while it took this command. Whether it is done shows when the node is started anew.
    #[error("the log failed: whether the command is done shows when the node is started anew")]
    OutcomeUnknown,
    /// The node takes no commands any more: its disk failed before, or it is being stopped.
    #[error("the node takes no commands any more: {}", .0.text())]
    Stopped(Reason),
    /// The clock cannot be trusted.
    #[error(transparent)]
    ClockJumped(#[from] ClockJumped),
    /// The operating system gave no random bytes for a key.
    #[error("no random numbers: {0}")]
    NoRandomness(#[from] getrandom::Error),
}
