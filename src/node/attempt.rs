//! From a request to what it comes to: the steps before anything is installed or written.

use tenure_events::{Envelope, Hash, OrgId, Position, Time};
use tenure_projections::judge::{Subject, outside};
use tenure_projections::values::{Done, Key, KeyNo, OrgNo};
use tenure_projections::{View, judged_at, sight};

use super::precondition::unchanged_since;
use super::request::{Authenticated, CommandError, Credential, Request};
use super::secret::Secret;
use super::shared::Core;
use super::wish::{Ready, Wish};
use crate::chain::{self, Origin, Tip};
use crate::decide::{Caller, Draft, Kind, MAX_EVENTS, Moment, Refusal, StandIns, acting_for, decide, try_out};
use crate::keys::NewKeys;
use crate::log::EVENT_LIMIT;

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
    /// The secret that it makes.
    pub secret: Option<Secret>,
    /// Keys of new persons, for what was sealed.
    pub keys: NewKeys,
    /// Of a command that is only tried out: the ids that others stand in for.
    pub stand_ins: StandIns,
}

/// Decides a wish on what is known at the tip, by a clock that says `now`. What the events need is taken out of the wish.
pub(super) fn attempt(core: &Core, tip: Tip, now: Time, wish: &mut Wish) -> Result<Attempt, CommandError> {
    wish.renew(core)?;
    let When { judged, recorded } = When::after(tip, now);
    let view = View::new(&core.state, tip.position, judged);
    let caller = who(&view, &wish.request)?;
    if let Some(hash) = wish.body_hash
        && let Some(done) = view.find_command(&wish.command.to_string())
    {
        return if Hash(done.value.body) == hash {
            Ok(Attempt::Repeated(done.value))
        } else {
            Err(CommandError::KeyReused)
        };
    }
    let (if_match, dry_run) = (wish.request.if_match, wish.request.dry_run);
    let Ready { command, fresh, reason, secret, erased } = wish.ready()?;
    if let Some(seen) = if_match {
        unchanged_since(&view, &caller, command, seen)?;
    }
    let key_hash = secret.as_ref().map(|token| token.hash().to_string()).unwrap_or_default();
    let moment = Moment { time: view.instant(), fresh: *fresh, key_hash, delivers: core.hook.is_some() };
    let stand_ins = StandIns::default();
    let drafts = if dry_run {
        try_out(&view, &caller, command, &moment, &stand_ins)?
    } else {
        decide(&view, &caller, command, &moment)?
    };
    // Whom another id stands in for may have been erased: that is told to who may know of them.
    if *erased && stand_ins.is_empty() {
        let detail = "the person was erased, and nothing can be written about them any more";
        return Err(Refusal::new(Kind::Conflict, "user.erased", detail).into());
    }
    let (command_name, reason, secret) = (command.name(), reason.take(), secret.take());
    let secret = secret.map(|secret| Secret::of(secret, &drafts));
    let origin = Origin {
        log: core.log_id,
        epoch: core.epochs.current(),
        time: recorded,
        command: wish.command,
        command_name,
        actor: wish.actor.clone(),
        on_behalf_of: wish.request.on_behalf_of.clone(),
        correlation: wish.request.correlation.unwrap_or(wish.command),
        body_hash: wish.body_hash,
        reason,
    };
    let keys = std::mem::take(&mut wish.keys);
    Ok(Attempt::Decided(Box::new(Decided { caller, moment, drafts, origin, secret, keys, stand_ins })))
}

/// Gives what was decided its place after the tip, which moves on, and puts it behind these events, unless there is too
/// much of it. Answers how many bytes it will have at the most.
pub(super) fn place(
    core: &Core,
    tip: &mut Tip,
    decided: &mut Decided,
    events: &mut Vec<Envelope>,
) -> Result<usize, CommandError> {
    let count = decided.drafts.len();
    if count > MAX_EVENTS {
        return Err(CommandError::TooManyEvents { count });
    }
    let view = View::new(&core.state, tip.position, decided.moment.time);
    let (mut next, before) = (*tip, events.len());
    let drafts = std::mem::take(&mut decided.drafts);
    events.extend(chain::place(&mut next, &decided.origin, drafts, sequence_in(&view)));
    let mut bytes = 0;
    for envelope in events.iter().skip(before) {
        let most = envelope.size_at_most();
        if most > EVENT_LIMIT {
            let size = envelope.size();
            if size > EVENT_LIMIT {
                events.truncate(before);
                return Err(CommandError::EventTooLarge { size });
            }
        }
        bytes += most;
    }
    *tip = next;
    Ok(bytes)
}

/// How long the history of an org is in a view.
pub(super) fn sequence_in(view: &View<'_>) -> impl Fn(&tenure_events::OrgId) -> u64 {
    move |org| view.find_org(org.as_str()).map_or(0, |org| view.org_sequence(org))
}

/// The caller with what their credential leaves them, if it counts, they may act and their home org works.
pub(super) fn standing(view: &View<'_>, caller: &Authenticated) -> Option<Subject> {
    match &caller.credential {
        Credential::Key(no) => key(view, *no, caller).filter(|key| !key.enrols).map(Subject::of_key),
        Credential::Token(token) => token.subject(view, caller.user),
    }
}

/// The caller by an enrolment secret that counts.
pub(super) fn enrolling(view: &View<'_>, caller: &Authenticated) -> Option<Subject> {
    key(view, caller.key()?, caller).filter(|key| key.enrols).map(Subject::of_key)
}

fn key<'a>(view: &View<'a>, no: KeyNo, caller: &Authenticated) -> Option<&'a Key> {
    let key = outside::key_in_use(view, no).filter(|key| key.user == caller.user)?;
    view.stands(caller.user).then_some(key)
}

/// The one command that an enrolment secret sends.
const ENROL: &str = "enrol";

fn who(view: &View<'_>, request: &Request) -> Result<Caller, CommandError> {
    let by_secret = enrolling(view, &request.caller).filter(|_| request.name == ENROL);
    let actor = by_secret.or_else(|| standing(view, &request.caller)).ok_or(CommandError::Unauthenticated)?;
    let on_behalf_of = request.on_behalf_of.as_ref().map(|user| {
        // As for a user whom one may not act for: whether there is such a user is not theirs to know.
        let detail = "you may not act for this user there: it needs `act-as` in the org acted in";
        view.find_user(user.as_str()).ok_or_else(|| Refusal::new(Kind::Forbidden, "act_as.not_held", detail))
    });
    let on_behalf_of = on_behalf_of.transpose()?;
    let subject = on_behalf_of.map_or(actor, |user| acting_for(&actor, user));
    let only = request.caller.token().and_then(|token| token.org);
    bound(view, only, request.acting_org.as_ref())?;
    let acting_org = request.acting_org.as_ref().map(|org| {
        let seen = view.find_org(org.as_str()).filter(|org| sight::sees_org(view, &subject, *org));
        let detail = || format!("there is no org `{org}` that you may see");
        seen.ok_or_else(|| Refusal::new(Kind::NotFound, "org.unknown", detail()))
    });
    let key = request.caller.key();
    let key_ends = key.and_then(|key| view.usable_key(key)).and_then(|key| key.window.until());
    let signed_in = request.caller.token().map(|token| (token.issuer, token.identity));
    let acting_org = acting_org.transpose()?.or(only);
    Ok(Caller { actor, on_behalf_of, acting_org, key_ends, key, signed_in })
}

/// A token that names an org is for that one, and for no other.
fn bound(view: &View<'_>, token: Option<OrgNo>, said: Option<&OrgId>) -> Result<(), CommandError> {
    if token.zip(said).is_some_and(|(token, said)| view.org_id(token) != said.as_str()) {
        let detail =
            "the token is for another org: leave `Tenure-Acting-Org` out, or ask for a token that is for this one";
        return Err(Refusal::new(Kind::Forbidden, "token.other_org", detail).into());
    }
    Ok(())
}

/// The two times of a command.
#[derive(Debug, Clone, Copy)]
pub(super) struct When {
    /// What it is judged by, and what its windows are counted from.
    pub judged: Time,
    /// What its events are stamped with: later than the last.
    pub recorded: Time,
}

impl When {
    /// Of the next command after the tip, by the clock. They differ only where the log is far ahead of the clock, which
    /// was wrong then: stamps go on by the microsecond until it has caught up.
    pub(super) fn after(tip: Tip, now: Time) -> Self {
        let recorded = now.max(tip.time.next());
        Self { judged: judged_at(now, recorded), recorded }
    }
}

/// How far a repeated command reaches.
pub(super) fn last_of(done: &Done) -> Position {
    done.first + Position::from(done.count).saturating_sub(1)
}
