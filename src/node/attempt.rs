//! From a request to what it comes to: the steps before anything is installed or written.

use tenure_events::{Hash, Position, Sealed, Time, UserId};
use tenure_projections::judge::Subject;
use tenure_projections::values::{Done, UserNo};
use tenure_projections::{View, sight};
use uuid::Uuid;

use super::precondition::unchanged_since;
use super::request::{Authenticated, CommandError, Request, Wish};
use super::shared::Core;
use crate::chain::{Head, Link, Origin, link};
use crate::clock::ClockJumped;
use crate::command::{Command, Fresh, Plain};
use crate::decide::{Caller, Draft, Kind, MAX_EVENTS, Moment, Refusal, decide, personal};
use crate::keys::{Place, SealError};
use crate::log::EVENT_LIMIT;
use crate::token::Token;

/// What a request comes to.
pub(super) enum Attempt {
    /// The command is decided, and not written yet.
    Decided(Box<Decided>),
    /// The command was done before, under the same idempotency key.
    Repeated(Done),
}

/// A command that was decided.
pub(super) struct Decided {
    pub caller: Caller,
    pub moment: Moment,
    pub drafts: Vec<Draft>,
    pub origin: Origin,
    /// The API key that it issues.
    pub secret: Option<Token>,
}

/// Decides a wish on what is known at the head, by a clock that says `now`. Keys of new persons are staged for a command that is decided, and
/// for no other.
pub(super) fn attempt(core: &Core, head: &Head, now: Time, wish: Box<Wish>) -> Result<Attempt, CommandError> {
    let Wish { request, command: parsed, body_hash } = *wish;
    let view = View::new(&core.state, head.position, time_after(head, now)?);
    let caller = who(&view, &request)?;
    let actor = user_id(&view, caller.actor.user)?;
    let command = match &request.idempotency_key {
        Some(key) => repeatable_id(core.log_id, &actor, request.on_behalf_of.as_ref(), key),
        None => core.clock.new_id(),
    };
    if let Some(hash) = body_hash
        && let Some(done) = view.find_command(&command.to_string())
    {
        let same = Hash(done.value.body) == hash;
        return if same { Ok(Attempt::Repeated(done.value)) } else { Err(CommandError::KeyReused) };
    }
    let sender = Sender { caller, actor, command, body_hash };
    let judged = parsed.map_err(CommandError::from).and_then(|parsed| judge(core, &view, sender, parsed, request));
    if judged.is_err() {
        core.keys.unstage(command);
    }
    judged.map(|decided| Attempt::Decided(Box::new(decided)))
}

/// Gives what was decided its place after the head, which moves on, unless there is too much of it.
pub(super) fn place(core: &Core, head: &mut Head, decided: &mut Decided) -> Result<Vec<Link>, CommandError> {
    let count = decided.drafts.len();
    if count > MAX_EVENTS {
        return Err(CommandError::TooManyEvents { count });
    }
    let view = View::new(&core.state, head.position, decided.moment.time);
    let mut next = *head;
    let links = link(&mut next, &decided.origin, std::mem::take(&mut decided.drafts), sequence_in(&view));
    if let Some(size) = links.iter().map(|link| link.bytes.len()).find(|size| *size > EVENT_LIMIT) {
        return Err(CommandError::EventTooLarge { size });
    }
    *head = next;
    Ok(links)
}

/// How long the history of an org is in a view.
pub(super) fn sequence_in(view: &View<'_>) -> impl Fn(&tenure_events::OrgId) -> u64 {
    move |org| view.find_org(org.as_str()).map_or(0, |org| view.org_sequence(org))
}

/// The caller with what their key leaves them, if the key counts, they may act and their home org works.
pub(super) fn standing(view: &View<'_>, caller: &Authenticated) -> Option<Subject> {
    let key = view.usable_key(caller.key).filter(|key| key.user == caller.user && key.window.holds(view.instant()))?;
    view.stands(caller.user).then_some(Subject { user: caller.user, cap: key.privileges, only: key.org })
}

fn who(view: &View<'_>, request: &Request) -> Result<Caller, CommandError> {
    let actor = standing(view, &request.caller).ok_or(CommandError::Unauthenticated)?;
    let on_behalf_of = request.on_behalf_of.as_ref().map(|user| {
        // As for a user whom one may not act for: whether there is such a user is not theirs to know.
        let detail = "you may not act for this user there: it needs `act-as` in the org acted in";
        view.find_user(user.as_str()).ok_or_else(|| Refusal::new(Kind::Forbidden, "act_as.not_held", detail))
    });
    let on_behalf_of = on_behalf_of.transpose()?;
    let subject = on_behalf_of.map_or(actor, Subject::from);
    let acting_org = request.acting_org.as_ref().map(|org| {
        let seen = view.find_org(org.as_str()).filter(|org| sight::sees_org(view, &subject, *org));
        let detail = || format!("there is no org `{org}` that you may see");
        seen.ok_or_else(|| Refusal::new(Kind::NotFound, "org.unknown", detail()))
    });
    let key_ends = view.usable_key(request.caller.key).and_then(|key| key.window.until());
    Ok(Caller { actor, on_behalf_of, acting_org: acting_org.transpose()?, key_ends })
}

/// Who sends a command, and by what it is known.
struct Sender {
    caller: Caller,
    actor: UserId,
    command: Uuid,
    body_hash: Option<Hash>,
}

fn judge(
    core: &Core,
    view: &View<'_>,
    Sender { caller, actor, command, body_hash }: Sender,
    parsed: Command<Plain>,
    request: Request,
) -> Result<Decided, CommandError> {
    let fresh = Fresh { thing: core.clock.new_id(), admin: core.clock.new_id() };
    if let Some(seen) = request.if_match {
        unchanged_since(view, &caller, &parsed, seen)?;
    }
    let secret = parsed.issues_key(&fresh).map(Token::generate).transpose()?;
    let mut sealing = Sealing { core, command, erased: false };
    let identity = |issuer: &str, subject: &str| core.keys.identity_handle(issuer, subject).to_string();
    let about = parsed.about(&fresh).unwrap_or_else(|| actor.clone());
    let sealed = parsed.seal(&fresh, identity, |person, field, text| sealing.seal(person, field, &text))?;
    let reason = request.reason.as_ref().map(|reason| sealing.seal(&about, "reason", reason)).transpose()?;
    let key_hash = secret.as_ref().map(|token| token.hash().to_string()).unwrap_or_default();
    let moment = Moment { time: view.instant(), fresh, key_hash };
    let drafts = decide(view, &caller, &sealed, &moment)?;
    if sealing.erased {
        let detail = "the person was erased, and nothing can be written about them any more";
        return Err(Refusal::new(Kind::Conflict, "user.erased", detail).into());
    }
    let origin = Origin {
        log: core.log_id,
        time: moment.time,
        command,
        command_name: sealed.name(),
        actor,
        on_behalf_of: request.on_behalf_of,
        correlation: request.correlation.unwrap_or(command),
        body_hash,
        reason,
    };
    Ok(Decided { caller, moment, drafts, origin, secret })
}

/// Seals the texts of a command.
struct Sealing<'a> {
    core: &'a Core,
    command: Uuid,
    /// Something was about a person who was erased.
    erased: bool,
}

impl Sealing<'_> {
    /// About a person who was erased it seals nothing and notes it: the decision comes first, and says in its own words
    /// whether the caller may know of this person at all.
    fn seal(&mut self, person: &UserId, field: &'static str, text: &Plain) -> Result<Sealed, CommandError> {
        personal(field, &text.0)?;
        match self.core.keys.seal(&Place { person, field, command: self.command }, &text.0) {
            Ok(sealed) => Ok(sealed),
            Err(SealError::Erased) => {
                self.erased = true;
                Ok(Sealed::from_bytes([]))
            }
            Err(SealError::TooLong) => Err(CommandError::EventTooLarge { size: text.0.len() }),
            Err(SealError::Random(error)) => Err(error.into()),
        }
    }
}

/// The id of a command that may be sent again: the same for the same caller, represented user and key.
fn repeatable_id(log: Uuid, actor: &UserId, on_behalf_of: Option<&UserId>, key: &str) -> Uuid {
    // Ids hold no space, so no two triples read alike.
    let represented = on_behalf_of.map_or("", UserId::as_str);
    Uuid::new_v5(&log, format!("{actor} {represented} {key}").as_bytes())
}

fn user_id(view: &View<'_>, user: UserNo) -> Result<UserId, CommandError> {
    UserId::new(view.user_id(user)).map_err(|_| CommandError::Unauthenticated)
}

impl Core {
    /// The time, by a clock that can be trusted.
    pub(super) fn now(&self) -> Result<Time, ClockJumped> {
        self.clock.guard()?;
        Ok(self.clock.now().into())
    }
}

/// The recorded time of the next command: later than the last.
pub(super) fn time_after(head: &Head, now: Time) -> Result<Time, ClockJumped> {
    if head.time > now.plus_seconds(MAX_BEHIND) {
        let micros = now.micros().saturating_sub(head.time.micros());
        return Err(ClockJumped { by: chrono::TimeDelta::microseconds(micros) });
    }
    Ok(now.max(head.time.next()))
}

/// By how many seconds the clock may be behind the last event. Events go on by the microsecond until it has caught up.
const MAX_BEHIND: i64 = 60;

/// How far a repeated command reaches.
pub(super) fn last_of(done: &Done) -> Position {
    done.first + Position::from(done.count).saturating_sub(1)
}
