//! Differences: who gained and lost what between two moments.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use tenure_events::data::Level;
use tenure_projections::View;
use tenure_projections::judge;
use tenure_projections::lookup::{Cursor, Difference, Lookup, MAX_LIMIT, Page, Scope};
use tenure_projections::values::{OrgNo, ResourceNo};

use super::super::answer::Reply;
use super::super::problem::Problem;
use super::ask::{Ask, told};
use super::{orgs, people};

/// `GET /v1/diff`: of an org, of a user, or of every org that the caller can work in.
pub fn diff(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let (before, after) = between(ask)?;
    let resources: Vec<ResourceNo> =
        ask.params.text("resource").map(|id| ask.resource(id)).transpose()?.into_iter().collect();
    let between = Between { ask, before, after, resources };
    let page = match (ask.params.text("org"), ask.params.text("user")) {
        (Some(_), Some(_)) => return Err(Problem::malformed("name an `org` or a `user`, not both")),
        (Some(org), None) => between.one(Scope::Org(ask.org(org)?))?,
        (None, Some(user)) => between.one(Scope::User(ask.user(user)?))?,
        (None, None) => between.all()?,
    };
    ask.page(told(page, |difference| Told::of(&after, difference)))
}

/// The two moments that a request compares.
pub fn between<'a>(ask: &Ask<'a>) -> Result<(View<'a>, View<'a>), Problem> {
    let moment = |name| {
        let moment = ask.params.moment(name)?;
        moment.map(|moment| ask.node.view(Some(moment), None)).transpose().map_err(Problem::from)
    };
    let before = moment("from")?.ok_or_else(|| Problem::malformed("`from` is missing: a position or a time"))?;
    let after = moment("to")?.unwrap_or(ask.view);
    if (before.position(), before.instant()) > (after.position(), after.instant()) {
        return Err(Problem::invalid("diff.backwards", "from", "`from` lies after `to`"));
    }
    Ok((before, after))
}

/// Two moments, and who compares them.
struct Between<'a> {
    ask: &'a Ask<'a>,
    before: View<'a>,
    after: View<'a>,
    resources: Vec<ResourceNo>,
}

/// Where the differences of several orgs go on: in which org, and there.
struct Place {
    org: String,
    cursor: Cursor,
}

impl Between<'_> {
    fn one(&self, scope: Scope) -> Result<Page<Difference, String>, Problem> {
        let page = self.page(scope, self.ask.after()?.unwrap_or_default(), self.ask.limit);
        Ok(Page { items: page.items, next: page.next.map(|next| next.to_string()) })
    }

    fn all(&self) -> Result<Page<Difference, String>, Problem> {
        let mut orgs = judge::orgs_of(&self.ask.live, self.ask.viewer.user);
        orgs.sort_unstable();
        let place: Option<Place> = self.ask.after()?;
        let (start, mut cursor) = match place {
            Some(Place { org, cursor }) => (self.ask.live.find_org(&org), cursor),
            None => (None, Cursor::default()),
        };
        let mut items = Vec::new();
        let rest = orgs.into_iter().filter(|org| start.is_none_or(|start| *org >= start));
        for org in rest {
            let room = self.ask.limit.saturating_sub(items.len());
            if room == 0 {
                return Ok(Page { items, next: Some(self.place(org, &Cursor::default())) });
            }
            let page = self.page(Scope::Org(org), std::mem::take(&mut cursor), room);
            items.extend(page.items);
            if let Some(next) = page.next {
                return Ok(Page { items, next: Some(self.place(org, &next)) });
            }
        }
        Ok(Page { items, next: None })
    }

    fn page(&self, scope: Scope, cursor: Cursor, limit: usize) -> Page<Difference> {
        let Ask { live, viewer, .. } = *self.ask;
        let lookup = Lookup::of(self.after).seen_by(live, viewer, None).limit(limit.min(MAX_LIMIT)).page(cursor);
        lookup.differences(&self.before, scope, &self.resources)
    }

    fn place(&self, org: OrgNo, cursor: &Cursor) -> String {
        Place { org: self.ask.live.org_id(org).to_owned(), cursor: cursor.clone() }.to_string()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.org, self.cursor)
    }
}

impl FromStr for Place {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let (org, cursor) = text.split_once('/').ok_or("no place")?;
        let cursor = if cursor.is_empty() { Cursor::default() } else { cursor.parse().map_err(|_| "no place")? };
        Ok(Self { org: org.to_owned(), cursor })
    }
}

/// A difference, as callers are told.
#[derive(Serialize)]
struct Told<'a> {
    what: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    org: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<&'a str>,
    gained: Vec<&'a str>,
    lost: Vec<&'a str>,
}

impl<'a> Told<'a> {
    fn of(view: &View<'a>, difference: Difference) -> Self {
        let nothing = |what| Told { what, user: None, org: None, resource: None, gained: Vec::new(), lost: Vec::new() };
        match difference {
            Difference::Org { org, before, after } => {
                let [lost, gained] = [before, after].map(|status| status.map(orgs::status).into_iter().collect());
                Told { org: Some(view.org_id(org)), gained, lost, ..nothing("org") }
            }
            Difference::User { user, before, after } => {
                let [lost, gained] = [before, after].map(|status| status.map(people::status).into_iter().collect());
                Told { user: Some(view.user_id(user)), gained, lost, ..nothing("user") }
            }
            Difference::Entry { user, org, gained } => {
                let entry = |yes: bool| if yes { vec!["entry"] } else { Vec::new() };
                let (user, org) = (Some(view.user_id(user)), Some(view.org_id(org)));
                Told { user, org, gained: entry(gained), lost: entry(!gained), ..nothing("entry") }
            }
            Difference::Privileges { user, org, gained, lost } => {
                let (user, org) = (Some(view.user_id(user)), Some(view.org_id(org)));
                let [gained, lost] = [gained, lost].map(|set| view.privilege_names(set).collect());
                Told { user, org, gained, lost, ..nothing("privileges") }
            }
            Difference::Level { user, resource, before, after } => {
                let (user, resource) = (Some(view.user_id(user)), Some(view.resource_id(resource)));
                let [lost, gained] = [before, after].map(|level| level.map(level_name).into_iter().collect());
                Told { user, resource, gained, lost, ..nothing("level") }
            }
        }
    }
}

/// A level, in a word.
pub const fn level_name(level: Level) -> &'static str {
    match level {
        Level::View => "view",
        Level::Use => "use",
        Level::Edit => "edit",
        Level::Manage => "manage",
    }
}
