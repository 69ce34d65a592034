//! What is made ready on a caller's own thread, so that the one that decides need not: the command is read, ids are made,
//! texts are sealed.

use tenure_events::{Hash, Sealed, Time, UserId};
use tenure_projections::View;
use uuid::Uuid;

use super::halt::Reason;
use super::request::{CommandError, Request};
use super::shared::Core;
use crate::command::{Command, Contents, Fresh, Plain};
use crate::decide::{Kind, Refusal, personal};
use crate::keys::{KeyStore, NewKeys, Place, SealError};
use crate::token::Token;

/// A request, made ready.
pub(super) struct Wish {
    pub request: Request,
    /// Whose key it came with.
    pub actor: UserId,
    /// The command's id.
    pub command: Uuid,
    /// Of a request with an idempotency key: the hash of its credential, name and body.
    pub body_hash: Option<Hash>,
    /// What is to be decided, unless that shows by the request alone that it cannot be.
    ready: Result<Ready, CommandError>,
    /// Of persons who were new when it was sealed.
    pub keys: NewKeys,
}

/// A command with all that its events will need.
pub(super) struct Ready {
    pub command: Command<Sealed>,
    pub fresh: Fresh,
    pub reason: Option<Sealed>,
    /// The API key that it would issue.
    pub secret: Option<Token>,
    /// Something is about a person who was erased.
    pub erased: bool,
}

impl Wish {
    /// Reads a request, verifies a bundle that it brings (a signature takes as long as many a decision), and seals.
    ///
    /// # Errors
    /// The caller is not known.
    pub fn of(mut request: Request, core: &Core) -> Result<Self, CommandError> {
        // Whoever has an id has it for ever.
        let view = View::new(&core.state, core.state.durable(), Time::MIN);
        let actor = UserId::new(view.user_id(request.caller.user)).map_err(|_| CommandError::Unauthenticated)?;
        if let Some(user) = request.caller.token().and_then(|token| token.represented(&view)) {
            represents(&mut request, user)?;
        }
        let (command, fresh) = match &request.idempotency_key {
            Some(key) => {
                let [thing, admin] = core.clock.new_ids();
                (repeatable_id(core.log_id, &actor, request.on_behalf_of.as_ref(), key), Fresh { thing, admin })
            }
            None => {
                let [command, thing, admin] = core.clock.new_ids();
                (command, Fresh { thing, admin })
            }
        };
        let credential = request.caller.credential_id(&view);
        let body_hash = request.idempotency_key.is_some().then(|| request.body_hash(&core.keys, &credential));
        let mut keys = NewKeys::default();
        let instead = request.dry_run.then(|| UserId::from(fresh.thing));
        let sealing = Sealing { store: &core.keys, command, new: &mut keys, erased: false, instead };
        let ready = sealing.ready(core, &request, &actor, fresh);
        if keys.is_empty() {
            // Nothing of it will be sealed anew, and many may wait.
            request.body = Vec::new();
        }
        Ok(Self { request, actor, command, body_hash, ready, keys })
    }

    /// Makes it ready anew where a command decided meanwhile has given one of its new persons another key.
    ///
    /// # Errors
    /// See [`Wish::of`].
    pub fn renew(&mut self, core: &Core) -> Result<(), CommandError> {
        if core.keys.knows_one_of(&self.keys) {
            *self = Self::of(self.request.clone(), core)?;
        }
        Ok(())
    }

    /// What is to be decided. Asked for once.
    ///
    /// # Errors
    /// It cannot be.
    pub fn ready(&mut self) -> Result<&mut Ready, CommandError> {
        self.ready.as_mut().map_err(|error| std::mem::replace(error, CommandError::Stopped(Reason::WriterFailed)))
    }
}

/// Seals the texts of a command.
struct Sealing<'a> {
    store: &'a KeyStore,
    command: Uuid,
    new: &'a mut NewKeys,
    erased: bool,
    /// Whom a command that is only tried out seals for where the person was erased: that it could not would tell so.
    instead: Option<UserId>,
}

impl Sealing<'_> {
    fn ready(mut self, core: &Core, request: &Request, actor: &UserId, fresh: Fresh) -> Result<Ready, CommandError> {
        let mut parsed = Command::parse(&request.name, &request.body)?;
        if let Command::ImportResources(args) = &mut parsed {
            args.contents = core.keys.verified(&args.bundle).and_then(|bytes| Contents::from_bytes(&bytes));
        }
        let secret = parsed.issues_key(&fresh).map(Token::generate).transpose()?;
        let about = parsed.about(&fresh);
        let identity = |issuer: &str, subject: &str| core.keys.identity_handle(issuer, subject).to_string();
        let command = parsed.seal(&fresh, identity, |person, field, text| self.seal(person, field, &text))?;
        let seal_reason = |reason| self.seal(about.as_ref().unwrap_or(actor), "reason", reason);
        let reason = request.reason.as_ref().map(seal_reason).transpose()?;
        Ok(Ready { command, fresh, reason, secret, erased: self.erased })
    }

    /// About a person who was erased it seals nothing and notes it: the decision comes first, and says in its own words
    /// whether the caller may know of this person at all.
    fn seal(&mut self, person: &UserId, field: &'static str, text: &Plain) -> Result<Sealed, CommandError> {
        personal(field, &text.0)?;
        match self.store.seal(&Place { person, field, command: self.command }, &text.0, self.new) {
            Ok(sealed) => Ok(sealed),
            Err(SealError::Erased) => {
                self.erased = true;
                match self.instead.take() {
                    Some(other) => {
                        let sealed = self.seal(&other, field, text);
                        self.instead = Some(other);
                        sealed
                    }
                    None => Ok(Sealed::from_bytes([])),
                }
            }
            Err(SealError::TooLong) => Err(CommandError::EventTooLarge { size: text.0.len() }),
            Err(SealError::Random(error)) => Err(error.into()),
        }
    }
}

/// A token that names its bearer as the actor for somebody is for what they do in that one's place, and nothing else.
fn represents(request: &mut Request, user: UserId) -> Result<(), CommandError> {
    if request.on_behalf_of.as_ref().is_some_and(|other| *other != user) {
        let detail = "the token is for acting in the place of another user";
        return Err(Refusal::new(Kind::Forbidden, "act_as.not_held", detail).into());
    }
    request.on_behalf_of = Some(user);
    Ok(())
}

/// The id of a command that may be sent again: the same for the same caller, represented user and key.
fn repeatable_id(log: Uuid, actor: &UserId, on_behalf_of: Option<&UserId>, key: &str) -> Uuid {
    // Ids hold no space, so no two triples read alike.
    let represented = on_behalf_of.map_or("", UserId::as_str);
    Uuid::new_v5(&log, format!("{actor} {represented} {key}").as_bytes())
}
