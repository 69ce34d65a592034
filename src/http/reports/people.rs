//! Reports on who holds what, each path by itself.

use tenure_events::data::Level;
use tenure_projections::View;
use tenure_projections::judge::{self, Action, Object, Question, administrative};
use tenure_projections::lookup::Page;
use tenure_projections::sight::{self, Asking};
use tenure_projections::values::{OrgNo, PrivilegeSet, ResourceNo, UserNo};

use super::super::problem::Problem;
use super::super::read::level_name;
use super::Rows;
use super::reading::{Reading, goes_on, next_part};
use super::row::Row;

/// What belonging to an org, or having content, needs at the least.
const VIEW: Action = Action::Level(Level::View);

/// Who has a privilege in an org, can work in it, or has content.
pub fn access<'a>(reading: &Reading<'a>) -> Result<Rows<'a>, Problem> {
    let (params, view) = (reading.ask.params, reading.view());
    let (action, object) = match (params.text("org"), params.text("resource")) {
        (Some(_), None) => {
            let org = reading.audited("org")?;
            (reading.privilege("privilege")?.map_or(VIEW, Action::Privilege), Object::Org(org))
        }
        (None, Some(id)) => {
            let no = reading.ask.resource(id)?;
            if let Some(resource) = view.resource(no) {
                reading.may_audit(resource.value.org)?;
            }
            (reading.privilege("privilege")?.map_or(VIEW, Action::Privilege), Object::Resource(no))
        }
        (Some(_), Some(_)) | (None, None) => return Err(Problem::malformed("name an `org` or a `resource`, not both")),
    };
    let (page, hidden) = reading.lookup(&reading.begins()?)?.who_may_and_more(action, object, None);
    let next = goes_on(&page);
    let mut rows = Vec::new();
    for user in page.items {
        let question = Question { subject: user.into(), action, object, acting: None };
        let base = Row { level: level(&view, user, object), ..reading.of_user(user) };
        let (_, reasons) = judge::explain(&view, &question);
        for reason in reasons {
            let row = Row { path: Some(reason.code.name()), detail: Some(reason.code.text()), ..base.clone() };
            rows.push(reading.standing_by(row, reason.events)?);
        }
    }
    Ok(Rows { rows, hidden, next })
}

/// Everything that a person can do.
pub fn person<'a>(reading: &Reading<'a>) -> Result<Rows<'a>, Problem> {
    let (ask, view) = (reading.ask, reading.view());
    let user = ask.user(ask.params.text("user").unwrap_or_default())?;
    if !(ask.viewer.is_whole() && ask.viewer.user == user) {
        reading.may_audit(view.home(user).ok_or_else(Problem::not_found)?)?;
    }
    let (part, begins): (usize, String) = reading.part()?;
    let mut rows = Vec::new();
    if part == 0 {
        let page = reading.lookup(&begins)?.orgs_of(user);
        for org in &page.items {
            if sight::may_ask(&ask.live, &ask.viewer, user, *org) == Asking::Full {
                let base = Row { what: Some("privileges"), org: Some(view.org_id(*org)), ..Row::default() };
                rows.extend(reading.paths(&base, user, *org, PrivilegeSet::ALL)?);
            }
        }
        return Ok(Rows { rows, hidden: 0, next: next_part(part, 1, goes_on(&page)) });
    }
    let page = reading.lookup(&begins)?.what_may(&user.into(), VIEW, None, None);
    for no in &page.items {
        rows.extend(content(reading, user, *no)?);
    }
    Ok(Rows { rows, hidden: 0, next: next_part(part, 1, goes_on(&page)) })
}

/// A row for each path by which a user has content.
fn content<'a>(reading: &Reading<'a>, user: UserNo, no: ResourceNo) -> Result<Vec<Row<'a>>, Problem> {
    let (view, object) = (reading.view(), Object::Resource(no));
    let org = view.resource(no).map(|resource| view.org_id(resource.value.org));
    let base = Row { what: Some("content"), org, level: level(&view, user, object), ..reading.of_resource(no) };
    let question = Question { subject: user.into(), action: VIEW, object, acting: None };
    let (_, reasons) = judge::explain(&view, &question);
    let rows = reasons.into_iter().map(|reason| {
        let row = Row { path: Some(reason.code.name()), detail: Some(reason.code.text()), ..base.clone() };
        reading.standing_by(row, reason.events)
    });
    rows.collect()
}

/// Everybody who can work in an org, with all that they hold there.
pub fn entitlements<'a>(reading: &Reading<'a>) -> Result<Rows<'a>, Problem> {
    let org = reading.audited("org")?;
    of_people(reading, org, PrivilegeSet::ALL, |_| true)
}

/// Who holds administrative privileges.
pub fn privileged<'a>(reading: &Reading<'a>) -> Result<Rows<'a>, Problem> {
    let org = reading.audited("org")?;
    let view = reading.view();
    let wanted = administrative::NAMES.iter().filter_map(|name| view.find_privilege(name)).collect();
    of_people(reading, org, wanted, |_| true)
}

/// Who is at home elsewhere.
pub fn from_outside<'a>(reading: &Reading<'a>) -> Result<Rows<'a>, Problem> {
    let org = reading.audited("org")?;
    let view = reading.view();
    of_people(reading, org, PrivilegeSet::ALL, |user| view.home(user) != Some(org))
}

/// The people of an org as far as they hold any of these privileges; those who hold none at all have a row that says so.
fn of_people<'a>(
    reading: &Reading<'a>,
    org: OrgNo,
    wanted: PrivilegeSet,
    is_one: impl Fn(UserNo) -> bool,
) -> Result<Rows<'a>, Problem> {
    let (page, hidden) = people(reading, VIEW, org)?;
    let next = goes_on(&page);
    let mut rows = Vec::new();
    for user in page.items.into_iter().filter(|user| is_one(*user)) {
        let base = reading.of_user(user);
        let paths = reading.paths(&base, user, org, wanted)?;
        if paths.is_empty() && wanted == PrivilegeSet::ALL {
            rows.push(base);
        } else {
            rows.extend(paths);
        }
    }
    Ok(Rows { rows, hidden, next })
}

/// Who holds two privileges of an org together: a row for each person that says since when, then one for each path.
pub fn conflicts<'a>(reading: &Reading<'a>) -> Result<Rows<'a>, Problem> {
    let org = reading.audited("org")?;
    let [Some(first), Some(second)] = [reading.privilege("privilege")?, reading.privilege("and")?] else {
        return Err(Problem::malformed("`privilege` and `and` name two privileges"));
    };
    let both = PrivilegeSet::NONE.with(first).with(second);
    let (page, hidden) = people(reading, Action::Privilege(first), org)?;
    let next = goes_on(&page);
    let (view, mut rows) = (reading.view(), Vec::new());
    let begin = View::new(view.state(), 0, tenure_events::Time::MIN);
    let holds = |view: &View<'a>, user: UserNo| {
        let may = |action| {
            let question = Question { subject: user.into(), action, object: Object::Org(org), acting: None };
            judge::check(view, &question, &mut ())
        };
        may(Action::Privilege(first)) && may(Action::Privilege(second))
    };
    for user in page.items.into_iter().filter(|user| holds(&view, *user)) {
        let cause = reading.turned(&begin, &view, |view| holds(view, user))?;
        let privileges = view.privilege_names(both).collect();
        rows.push(Row { what: Some("conflict"), privileges, cause, ..reading.of_user(user) });
        rows.extend(reading.paths(&Row { what: Some("path"), ..reading.of_user(user) }, user, org, both)?);
    }
    Ok(Rows { rows, hidden, next })
}

fn people(reading: &Reading<'_>, action: Action, org: OrgNo) -> Result<(Page<UserNo>, usize), Problem> {
    Ok(reading.lookup(&reading.begins()?)?.who_may_and_more(action, Object::Org(org), None))
}

/// The highest level at which a user has content.
fn level(view: &View<'_>, user: UserNo, object: Object) -> Option<&'static str> {
    match object {
        Object::Org(_) | Object::Environment(_) => None,
        Object::Resource(_) => [Level::Manage, Level::Edit, Level::Use, Level::View].into_iter().find_map(|level| {
            let question = Question { subject: user.into(), action: Action::Level(level), object, acting: None };
            judge::check(view, &question, &mut ()).then(|| level_name(level))
        }),
    }
}
