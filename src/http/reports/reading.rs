//! What reports read: the moment, as far as the reader may see it, and the events behind it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::str::FromStr;

use axum::http::StatusCode;
use serde_json::Value;
use tenure_events::{Envelope, Position, Time, UserId};
use tenure_projections::View;
use tenure_projections::due::Due;
use tenure_projections::judge::{self, Code, Holding};
use tenure_projections::lookup::{Lookup, Page};
use tenure_projections::sight;
use tenure_projections::values::{OrgNo, PrivilegeNo, PrivilegeSet, ResourceNo, UserNo};

use super::super::problem::Problem;
use super::super::read::{Ask, sees_event, status, stored};
use super::row::{Cause, Row};
use crate::command::did_you_mean;
use crate::node::AsOf;

/// One page of a report in the making.
pub struct Reading<'a> {
    /// Who asks, of which moment.
    pub ask: &'a Ask<'a>,
    /// Events that were looked up: rows beside each other often stand by the same one.
    known: RefCell<HashMap<Position, Known>>,
}

/// An event, as the reader may know it.
#[derive(Clone, Default)]
struct Known {
    cause: Cause,
    until: Option<Time>,
}

impl<'a> Reading<'a> {
    /// For these eyes.
    pub fn new(ask: &'a Ask<'a>) -> Self {
        Self { ask, known: RefCell::default() }
    }

    /// The moment that the report is of.
    pub const fn view(&self) -> View<'a> {
        self.ask.view
    }

    /// The org that a parameter names, whose history the reader may read.
    pub fn audited(&self, name: &str) -> Result<OrgNo, Problem> {
        let id = self.ask.params.text(name).unwrap_or_default();
        let org = self.ask.org(id)?;
        self.may_audit(org).map(|()| org)
    }

    /// That the reader may read the history of an org.
    pub fn may_audit(&self, org: OrgNo) -> Result<(), Problem> {
        if sight::reads_history(&self.ask.live, &self.ask.viewer, org) {
            return Ok(());
        }
        let detail = format!("this report needs `audit.read` in `{}`", self.ask.live.org_id(org));
        Err(Problem::new(StatusCode::FORBIDDEN, Code::NotHeld.name(), detail))
    }

    /// The privilege that a parameter names.
    pub fn privilege(&self, name: &str) -> Result<Option<PrivilegeNo>, Problem> {
        let Some(text) = self.ask.params.text(name) else { return Ok(None) };
        let view = self.view();
        view.find_privilege(text).map(Some).ok_or_else(|| {
            let meant = did_you_mean(text, view.privilege_names(view.all_privileges()));
            Problem::new(
                StatusCode::BAD_REQUEST,
                "privilege.unknown",
                format!("`{name}`: there is no privilege `{text}`{meant}"),
            )
        })
    }

    /// Lists as the reader sees them, from where the page begins.
    pub fn lookup(&self, cursor: &str) -> Result<Lookup<'a>, Problem> {
        let lookup = Lookup::of(self.view()).seen_by(self.ask.live, self.ask.viewer, None).limit(self.ask.limit);
        if cursor.is_empty() {
            return Ok(lookup);
        }
        Ok(lookup.page(cursor.parse().map_err(|_| Problem::internal())?))
    }

    /// Shows the visitor a list as the reader sees it, whole: a page of it is in memory.
    pub fn each<T>(
        &self,
        list: impl Fn(&Lookup<'a>) -> Page<T>,
        mut visit: impl FnMut(T) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let mut begins = String::new();
        loop {
            let page = list(&self.lookup(&begins)?);
            let next = goes_on(&page);
            page.items.into_iter().try_for_each(&mut visit)?;
            match next {
                Some(next) => begins = next,
                None => return Ok(()),
            }
        }
    }

    /// Where the page begins, in the report's own words; nothing for the first.
    pub fn begins(&self) -> Result<String, Problem> {
        Ok(self.ask.after::<String>()?.unwrap_or_default())
    }

    /// The same, of a report of several parts: which part, and where in it.
    pub fn part<T: FromStr + Default>(&self) -> Result<(usize, T), Problem> {
        let begins = self.begins()?;
        let Some((part, rest)) = begins.split_once(':') else { return Ok((0, T::default())) };
        let rest = if rest.is_empty() { Ok(T::default()) } else { rest.parse() };
        part.parse().ok().zip(rest.ok()).ok_or_else(Problem::internal)
    }

    /// A row about a user.
    pub fn of_user(&self, user: UserNo) -> Row<'a> {
        let view = self.view();
        Row {
            user: Some(view.user_id(user)),
            name: self.ask.name(user),
            home: view.home(user).filter(|home| self.ask.sees_org(*home)).map(|home| view.org_id(home)),
            ..Row::default()
        }
    }

    /// A row about content.
    pub fn of_resource(&self, no: ResourceNo) -> Row<'a> {
        let view = self.view();
        let kind = view.resource(no).map(|resource| view.kind_name(resource.value.kind));
        Row { resource: Some(view.resource_id(no)), kind, ..Row::default() }
    }

    /// Whether a user may act, in a word.
    pub fn status(&self, user: UserNo) -> Option<&'static str> {
        self.view().user(user).map(|user| status(user.value.status))
    }

    /// What a user holds in an org, a row for each path that gives anything of these privileges.
    pub fn paths(
        &self,
        base: &Row<'a>,
        user: UserNo,
        org: OrgNo,
        wanted: PrivilegeSet,
    ) -> Result<Vec<Row<'a>>, Problem> {
        let (view, mut held) = (self.view(), Vec::new());
        let _: Result<(), Code> = judge::holdings(&view, user, org, |holding| {
            held.push(*holding);
            ControlFlow::Continue(())
        });
        let rows = held.into_iter().filter(|holding| !holding.privileges.and(wanted).is_empty());
        rows.map(|holding| self.path(base.clone(), &holding, wanted)).collect()
    }

    fn path(&self, base: Row<'a>, holding: &Holding, wanted: PrivilegeSet) -> Result<Row<'a>, Problem> {
        let view = self.view();
        let row = Row {
            privileges: view.privilege_names(holding.privileges.and(wanted)).collect(),
            path: Some(holding.code.name()),
            detail: Some(holding.code.text()),
            role: holding.role.map(|role| view.role_id(role)),
            ..base
        };
        self.standing_by(row, holding.events.into_iter().filter(|position| *position > 0).collect())
    }

    /// The row, standing by these events: its cause is the last of them, and it ends with the first that ends.
    pub fn standing_by(&self, row: Row<'a>, mut events: Vec<Position>) -> Result<Row<'a>, Problem> {
        events.sort_unstable();
        let known = events.iter().map(|position| self.known(*position)).collect::<Result<Vec<_>, _>>()?;
        let until = known.iter().filter_map(|known| known.until).min();
        let cause = known.into_iter().next_back().map(|known| known.cause).unwrap_or_default();
        Ok(Row { events, until, cause, ..row })
    }

    /// What the reader may know of the event of a position.
    pub fn cause(&self, position: Position) -> Result<Cause, Problem> {
        Ok(self.known(position)?.cause)
    }

    fn known(&self, position: Position) -> Result<Known, Problem> {
        if let Some(known) = self.known.borrow().get(&position) {
            return Ok(known.clone());
        }
        let known = match stored(self.ask.node, position)? {
            Some((_, envelope)) if sees_event(&self.ask.live, &self.ask.viewer, &envelope) => self.read(&envelope),
            Some(_) | None => Known { cause: Cause { position: Some(position), ..Cause::default() }, until: None },
        };
        self.known.borrow_mut().insert(position, known.clone());
        Ok(known)
    }

    fn read(&self, envelope: &Envelope) -> Known {
        let then = View::new(self.ask.node.state(), envelope.position, envelope.time);
        let until = Due::of(&then, &envelope.event).map(|due| due.until);
        Known { cause: self.told(envelope), until }
    }

    /// An event that the reader may read, as rows tell it.
    pub fn told(&self, envelope: &Envelope) -> Cause {
        Cause {
            position: Some(envelope.position),
            time: Some(envelope.time),
            event: Some(short(envelope.event.kind())),
            subject: Some(envelope.event.subject()),
            by: Some(envelope.actor.to_string()),
            on_behalf_of: envelope.on_behalf_of.as_ref().map(ToString::to_string),
            command: Some(envelope.command_name.to_string()),
            reason: self.reason(envelope),
        }
    }

    /// Why, in the words of who commanded it: sealed with the key of the person whom the command was about, or of who gave it.
    fn reason(&self, envelope: &Envelope) -> Option<String> {
        let sealed = envelope.reason.as_ref()?;
        let data = serde_json::to_value(&envelope.event).ok();
        let named = data.as_ref().and_then(|event| event.pointer("/data/user").or_else(|| event.get("user")));
        let named = || named.and_then(Value::as_str).and_then(|id| UserId::new(id).ok());
        let about = envelope.event.entity().user().cloned().or_else(named);
        let candidates = about.iter().chain([&envelope.actor]).chain(envelope.on_behalf_of.as_ref());
        candidates.into_iter().find_map(|person| self.ask.node.keys().unseal(person, "reason", sealed).ok())
    }

    /// When what holds after two moments began to hold, and by whose command: `holds` differs between the two.
    pub fn turned(
        &self,
        before: &View<'a>,
        after: &View<'a>,
        holds: impl Fn(&View<'a>) -> bool,
    ) -> Result<Cause, Problem> {
        let want = holds(after);
        let (mut low, mut high) = (before.position(), after.position());
        if low >= high || holds(&self.recorded(high)?) != want {
            return Ok(by_time(None));
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if holds(&self.recorded(middle)?) == want { high = middle } else { low = middle }
        }
        let turned = self.recorded(high)?;
        // The same facts at the later instant: then it was no command, and the time of the next is only an upper bound.
        if low > 0 && holds(&View::new(self.ask.node.state(), low, turned.instant())) == want {
            return Ok(by_time(Some(turned.instant())));
        }
        self.cause(high)
    }

    /// What was known once the command of a position had happened.
    fn recorded(&self, position: Position) -> Result<View<'a>, Problem> {
        Ok(self.ask.node.view(Some(AsOf::Position(position)), None)?)
    }
}

/// Nobody commanded it.
fn by_time(before: Option<Time>) -> Cause {
    Cause { by: Some("time".to_owned()), time: before, ..Cause::default() }
}

/// A type without what all types have.
pub fn short(kind: &'static str) -> &'static str {
    let name = kind.strip_prefix("tenure.").unwrap_or(kind);
    name.rsplit_once(".v").map_or(name, |(name, _)| name)
}

/// Where a report of several parts, the last of which is `last`, goes on after a page of this part.
pub fn next_part(part: usize, last: usize, next: Option<String>) -> Option<String> {
    match next {
        Some(next) => Some(format!("{part}:{next}")),
        None => (part < last).then(|| format!("{}:", part + 1)),
    }
}

/// Where a report goes on after a page of a list.
pub fn goes_on<T, C: ToString>(page: &Page<T, C>) -> Option<String> {
    page.next.as_ref().map(ToString::to_string)
}
