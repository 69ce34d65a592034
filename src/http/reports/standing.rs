//! Reports on what an org does not need, or soon loses: unused accounts, grants that end, groups and roles without people.

use tenure_events::{Position, Time};
use tenure_projections::lookup::{Audience, Holder, Lookup};
use tenure_projections::values::{OrgNo, RoleNo, UserNo, Window};

use super::super::problem::Problem;
use super::Rows;
use super::reading::{Reading, goes_on, next_part};
use super::row::Row;
use crate::node::AsOf;

const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// Who did not sign in for so long is dormant, unless the reader says otherwise.
const DORMANT: i64 = 90 * DAY;

/// What ends within so long is expiring, unless the reader says otherwise.
const SOON: i64 = 30 * DAY;

/// Who may sign in and has not.
pub fn dormant<'a>(reading: &Reading<'a>) -> Result<Rows<'a>, Problem> {
    let (org, view) = (reading.audited("org")?, reading.view());
    let before = moment(reading, "before", view.instant().micros().saturating_sub(DORMANT))?;
    let page = reading.lookup(&reading.begins()?)?.users(org);
    let next = goes_on(&page);
    let at = |position: Position| view.state().command_of(position).map(|(_, time)| time);
    let mut rows = Vec::new();
    for user in page.items.into_iter().filter(|user| view.home(*user) == Some(org) && view.is_enabled(*user)) {
        let signed_in = view.signed_in(user).and_then(at);
        let made = view.made(user);
        // Who was made later had no time to sign in.
        let last = signed_in.or_else(|| made.and_then(at));
        if last.is_some_and(|last| last >= before) {
            continue;
        }
        let cause = made.map(|made| reading.cause(made)).transpose()?.unwrap_or_default();
        let what = Some(if signed_in.is_some() { "dormant" } else { "never" });
        let base = Row { signed_in, ..reading.of_user(user) };
        rows.push(Row { what, cause, ..base.clone() });
        let keys = view.keys_of(user).filter(|(_, key)| key.window.holds(view.instant()));
        rows.extend(keys.map(|(key, of)| Row {
            what: Some("key"),
            key: Some(view.key_id(key)),
            until: of.window.until(),
            ..base.clone()
        }));
    }
    Ok(Rows { rows, hidden: 0, next })
}

/// What ends soon.
pub fn expiring<'a>(reading: &Reading<'a>) -> Result<Rows<'a>, Problem> {
    let (org, view) = (reading.audited("org")?, reading.view());
    let until = moment(reading, "until", view.instant().micros().saturating_add(SOON))?;
    let ends = Ends { reading, org, until };
    let (part, begins): (usize, String) = reading.part()?;
    let (rows, next) = match part {
        0 => ends.memberships(&begins)?,
        1 => ends.roles(&begins)?,
        2 => ends.shares(&begins)?,
        _ => ends.keys(&begins)?,
    };
    Ok(Rows { rows, hidden: 0, next: next_part(part, 3, next) })
}

/// Which windows are asked for.
struct Ends<'b, 'a> {
    reading: &'b Reading<'a>,
    org: OrgNo,
    until: Time,
}

type Part<'a> = Result<(Vec<Row<'a>>, Option<String>), Problem>;

impl<'a> Ends<'_, 'a> {
    fn memberships(&self, begins: &str) -> Part<'a> {
        let page = self.reading.lookup(begins)?.subscriptions(self.org);
        let next = goes_on(&page);
        let mut rows = Vec::new();
        for (user, held, position) in page.items {
            rows.extend(self.row("membership", self.reading.of_user(user), held.window, Some(position))?);
        }
        Ok((rows, next))
    }

    fn roles(&self, begins: &str) -> Part<'a> {
        let page = self.reading.lookup(begins)?.roles(Some(self.org));
        let next = goes_on(&page);
        let mut rows = Vec::new();
        for role in page.items {
            self.holders(role, &mut rows)?;
        }
        Ok((rows, next))
    }

    fn holders(&self, role: RoleNo, rows: &mut Vec<Row<'a>>) -> Result<(), Problem> {
        let view = self.reading.view();
        self.reading.each(
            |lookup| lookup.holders(role),
            |(holder, window, position)| {
                let row = match holder {
                    Holder::User(user) => self.reading.of_user(user),
                    Holder::Group(group) => Row { group: Some(view.group_id(group)), ..Row::default() },
                };
                let row = Row { role: Some(view.role_id(role)), ..row };
                rows.extend(self.row("role", row, window, Some(position))?);
                Ok(())
            },
        )
    }

    fn shares(&self, begins: &str) -> Part<'a> {
        let view = self.reading.view();
        let page = self.reading.lookup(begins)?.resources(self.org);
        let next = goes_on(&page);
        let mut rows = Vec::new();
        for no in page.items {
            self.reading.each(
                |lookup| lookup.shares(no),
                |(with, share, position)| {
                    let of = self.reading.of_resource(no);
                    let row = match with {
                        Audience::User(user) => Row { user: Some(view.user_id(user)), ..of },
                        Audience::Role(role) => Row { role: Some(view.role_id(role)), ..of },
                        Audience::Group(group) => Row { group: Some(view.group_id(group)), ..of },
                        Audience::Org(org) => Row { org: Some(view.org_id(org)), ..of },
                        Audience::AllOrgs => of,
                    };
                    rows.extend(self.row("share", row, share.window, Some(position))?);
                    Ok(())
                },
            )?;
        }
        Ok((rows, next))
    }

    fn keys(&self, begins: &str) -> Part<'a> {
        let view = self.reading.view();
        let page = self.reading.lookup(begins)?.users(self.org);
        let next = goes_on(&page);
        let mut rows = Vec::new();
        let own = |user: &UserNo| view.home(*user) == Some(self.org);
        for user in page.items.into_iter().filter(own) {
            for (key, of) in view.keys_of(user) {
                let row = Row { key: Some(view.key_id(key)), ..self.reading.of_user(user) };
                rows.extend(self.row("key", row, of.window, view.key(key).map(|key| key.position))?);
            }
        }
        Ok((rows, next))
    }

    /// The row, if the window ends within the time that is asked for and has not ended.
    fn row(
        &self,
        what: &'static str,
        row: Row<'a>,
        window: Window,
        position: Option<Position>,
    ) -> Result<Option<Row<'a>>, Problem> {
        let now = self.reading.view().instant();
        let Some(until) = window.until().filter(|until| *until > now && *until <= self.until) else { return Ok(None) };
        let cause = position.map(|position| self.reading.cause(position)).transpose()?.unwrap_or_default();
        Ok(Some(Row { what: Some(what), until: Some(until), cause, ..row }))
    }
}

/// Groups without members, roles without holders, content whose maker cannot act.
pub fn orphans<'a>(reading: &Reading<'a>) -> Result<Rows<'a>, Problem> {
    let (org, view) = (reading.audited("org")?, reading.view());
    let (part, begins): (usize, String) = reading.part()?;
    let lookup = reading.lookup(&begins)?;
    let everything = Lookup::of(view).limit(1);
    let mut rows = Vec::new();
    let next = match part {
        0 => {
            let page = lookup.groups(Some(org));
            let next = goes_on(&page);
            let empty = page.items.into_iter().filter(|group| view.members(*group).next().is_none());
            rows.extend(empty.map(|group| Row {
                what: Some("group without members"),
                group: Some(view.group_id(group)),
                ..Row::default()
            }));
            next
        }
        1 => {
            let page = lookup.roles(Some(org));
            let next = goes_on(&page);
            let idle = page.items.into_iter().filter(|role| {
                let holders = everything.holders(*role);
                holders.items.is_empty() && holders.next.is_none()
            });
            rows.extend(idle.map(|role| Row {
                what: Some("role without holders"),
                role: Some(view.role_id(role)),
                ..Row::default()
            }));
            next
        }
        _ => {
            let page = lookup.resources(org);
            let next = goes_on(&page);
            for no in page.items {
                let Some(resource) = view.resource(no) else { continue };
                let maker = resource.value.creator;
                if view.stands(maker) {
                    continue;
                }
                let seen = reading.ask.sees_user(maker);
                let user = seen.then(|| view.user_id(maker));
                let status = reading.status(maker);
                let cause = reading.cause(resource.position)?;
                rows.push(Row {
                    what: Some("content of nobody who can act"),
                    user,
                    status,
                    cause,
                    ..reading.of_resource(no)
                });
            }
            next
        }
    };
    Ok(Rows { rows, hidden: 0, next: next_part(part, 2, next) })
}

/// The time that a parameter names, or this one.
fn moment(reading: &Reading<'_>, name: &str, usual: i64) -> Result<Time, Problem> {
    match reading.ask.params.text(name) {
        None => Ok(Time::from_micros(usual)),
        Some(text) => match super::super::read::moment(name, text)? {
            AsOf::Time(time) => Ok(time),
            AsOf::Position(_) | AsOf::Place(_) => {
                Err(Problem::malformed(format!("`{name}` is an RFC 3339 time, not `{text}`")))
            }
        },
    }
}
