//! Reports on what was done, from the history of an org.

use tenure_events::{Envelope, Position, UserId};
use tenure_projections::View;
use tenure_projections::history::{Entity, Order, history};
use tenure_projections::values::UserStatus;

use super::super::problem::Problem;
use super::super::read::{first, sees_event, stored};
use super::Rows;
use super::reading::{Reading, short};
use super::row::{Cause, Row};

/// What was done in an org, perhaps by one actor.
pub fn acts<'a>(reading: &Reading<'a>) -> Result<Rows<'a>, Problem> {
    let actor: Option<UserId> = reading.ask.params.value("actor")?;
    let by = |envelope: &Envelope| {
        let done = |actor: &UserId| envelope.actor == *actor || envelope.on_behalf_of.as_ref() == Some(actor);
        envelope.twin_of.is_none() && actor.as_ref().is_none_or(done)
    };
    let seen = |actor: &UserId| reading.ask.user(actor.as_str()).is_ok();
    if let Some(actor) =
        actor.as_ref().filter(|actor| reading.begins().is_ok_and(|begins| begins.is_empty()) && !seen(actor))
    {
        // An actor whom the reader does not see, and who did nothing here, is not there.
        if !is_any(reading, by)? {
            return Err(reading.ask.no_user(actor.as_str()));
        }
    }
    of_history(reading, by)
}

/// Whether anything in the org's history, whenever, is such an event.
fn is_any(reading: &Reading<'_>, wants: impl Fn(&Envelope) -> bool) -> Result<bool, Problem> {
    let org = reading.audited("org")?;
    let mut after = None;
    loop {
        let page = history(&reading.view(), Entity::Org(org), Order::OldestFirst, after, reading.ask.limit);
        for position in page.items {
            if stored(reading.ask.node, position)?.is_some_and(|(_, envelope)| wants(&envelope)) {
                return Ok(true);
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(false),
        }
    }
}

/// Whose personal data was erased.
pub fn erasures<'a>(reading: &Reading<'a>) -> Result<Rows<'a>, Problem> {
    of_history(reading, |envelope| envelope.twin_of.is_none() && is_erasure(reading, envelope))
}

/// The history of an org by its numbers. Of what the reader may not read there is the number and the position.
pub fn completeness<'a>(reading: &Reading<'a>) -> Result<Rows<'a>, Problem> {
    let org = reading.audited("org")?;
    let begins = reading.begins()?;
    let (after, mut last) = match begins.split_once(':') {
        Some((after, last)) => (after.parse().ok(), last.parse().map_err(|_| Problem::internal())?),
        None => (None, 0u64),
    };
    let page = history(&reading.view(), Entity::Org(org), Order::OldestFirst, after, reading.ask.limit);
    let mut rows = Vec::new();
    for position in page.items {
        let Some((_, envelope)) = stored(reading.ask.node, position)? else { continue };
        for missing in last + 1..envelope.org_sequence {
            rows.push(Row { what: Some("missing"), sequence: Some(missing), ..Row::default() });
        }
        last = envelope.org_sequence;
        let (what, event) = match sees_event(&reading.ask.live, &reading.ask.viewer, &envelope) {
            true => ("there", Some(short(envelope.event.kind()))),
            false => ("withheld", None),
        };
        let cause = Cause { position: Some(position), time: Some(envelope.time), event, ..Cause::default() };
        rows.push(Row { what: Some(what), sequence: Some(last), cause, ..Row::default() });
    }
    Ok(Rows { rows, hidden: 0, next: page.next.map(|next| format!("{next}:{last}")) })
}

/// A row for each event of an org's history, from one moment to another, that the reader may read and the report wants.
fn of_history<'a>(reading: &Reading<'a>, wants: impl Fn(&Envelope) -> bool) -> Result<Rows<'a>, Problem> {
    let org = reading.audited("org")?;
    let (after, to) = bounds(reading)?;
    let page = history(&reading.view(), Entity::Org(org), Order::OldestFirst, Some(after), reading.ask.limit);
    let (mut rows, mut ended) = (Vec::new(), false);
    for position in page.items {
        if position > to {
            ended = true;
            break;
        }
        let Some((_, envelope)) = stored(reading.ask.node, position)? else { continue };
        if wants(&envelope) && sees_event(&reading.ask.live, &reading.ask.viewer, &envelope) {
            let sequence = Some(envelope.org_sequence);
            rows.push(Row { sequence, cause: reading.told(&envelope), ..Row::default() });
        }
    }
    Ok(Rows { rows, hidden: 0, next: page.next.filter(|_| !ended).map(|next| next.to_string()) })
}

/// After which position the page begins, and up to which the report goes.
fn bounds(reading: &Reading<'_>) -> Result<(Position, Position), Problem> {
    let ask = reading.ask;
    let from = ask.params.moment("from")?.map(|from| first(ask.node, from)).transpose()?.unwrap_or(1);
    let to = match ask.params.moment("to")? {
        Some(to) => ask.node.view(Some(to), None)?.position(),
        None => ask.view.position(),
    };
    let begins = ask.after::<Position>()?;
    Ok((begins.unwrap_or(from.saturating_sub(1)), to.min(ask.view.position())))
}

/// Whether it is the event by which its user became erased.
fn is_erasure(reading: &Reading<'_>, envelope: &Envelope) -> bool {
    let user = envelope.event.entity().user().and_then(|id| reading.view().find_user(id.as_str()));
    user.is_some_and(|user| {
        let then = View::new(reading.ask.node.state(), envelope.position, envelope.time);
        let status = then.user(user).filter(|user| user.value.status == UserStatus::Erased);
        status.is_some_and(|status| status.position == envelope.position)
    })
}
