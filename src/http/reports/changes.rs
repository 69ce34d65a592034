//! Reports on what became different between two moments, and by whose command.

use tenure_events::data::Level;
use tenure_projections::View;
use tenure_projections::judge::{self, Action, Object, Question};
use tenure_projections::lookup::{Difference, Scope};
use tenure_projections::values::{OrgNo, OrgStatus, PrivilegeSet, ResourceNo, UserNo, UserStatus};

use super::super::problem::Problem;
use super::super::read::{between, level_name, org_status, status};
use super::Rows;
use super::reading::{Reading, goes_on};
use super::row::{Cause, Row};

/// Who gained or lost what.
pub fn changes<'a>(reading: &Reading<'a>) -> Result<Rows<'a>, Problem> {
    let ask = reading.ask;
    let (before, after) = between(reading.ask)?;
    let resources: Vec<ResourceNo> =
        ask.params.text("resource").map(|id| ask.resource(id)).transpose()?.into_iter().collect();
    let scope = match (ask.params.text("org"), ask.params.text("user")) {
        (Some(_), None) => Scope::Org(reading.audited("org")?),
        (None, Some(id)) => {
            let user = ask.user(id)?;
            if !(ask.viewer.is_whole() && ask.viewer.user == user) {
                reading.may_audit(ask.live.home(user).ok_or_else(Problem::not_found)?)?;
            }
            Scope::User(user)
        }
        (Some(_), Some(_)) | (None, None) => return Err(Problem::malformed("name an `org` or a `user`, not both")),
    };
    let page = reading.lookup(&reading.begins()?)?.of_view(after).differences(&before, scope, &resources);
    let next = goes_on(&page);
    let two = Two { reading, before, after };
    let rows = page.items.into_iter().map(|difference| two.row(difference)).collect::<Result<_, _>>()?;
    Ok(Rows { rows, hidden: 0, next })
}

/// Who came to an org, left it, or holds something else in it.
pub fn movers<'a>(reading: &Reading<'a>) -> Result<Rows<'a>, Problem> {
    let org = reading.audited("org")?;
    let (before, after) = between(reading.ask)?;
    let page = reading.lookup(&reading.begins()?)?.of_view(after).differences(&before, Scope::Org(org), &[]);
    let next = goes_on(&page);
    let two = Two { reading, before, after };
    let mut rows = Vec::new();
    for difference in page.items {
        match difference {
            Difference::Entry { user, org, gained } => rows.push(two.came_or_went(user, org, gained)?),
            // Of who came or went, that row says it already.
            Difference::Privileges { user, org, .. } if enters(&before, user, org) && enters(&after, user, org) => {
                let (gained, lost) = two.privileges(user, org);
                let cause = reading.turned(&before, &after, |view| held(view, user, org) == held(&after, user, org))?;
                rows.push(Row { what: Some("mover"), gained, lost, cause, ..reading.of_user(user) });
            }
            Difference::Privileges { .. }
            | Difference::Org { .. }
            | Difference::User { .. }
            | Difference::Level { .. } => {}
        }
    }
    Ok(Rows { rows, hidden: 0, next })
}

/// The two moments.
struct Two<'b, 'a> {
    reading: &'b Reading<'a>,
    before: View<'a>,
    after: View<'a>,
}

impl<'a> Two<'_, 'a> {
    fn row(&self, difference: Difference) -> Result<Row<'a>, Problem> {
        let view = self.after;
        let (what, row, cause) = match difference {
            Difference::Org { org, before, after } => {
                let word = |status: Option<OrgStatus>| status.map(org_status).into_iter().collect();
                let row =
                    Row { org: Some(view.org_id(org)), lost: word(before), gained: word(after), ..Row::default() };
                ("org", row, self.turned(|view| view.org_status(org) == after)?)
            }
            Difference::User { user, before, after } => {
                let word = |of: Option<UserStatus>| of.map(status).into_iter().collect();
                let row =
                    Row { user: Some(view.user_id(user)), lost: word(before), gained: word(after), ..Row::default() };
                ("user", row, self.turned(|view| view.user(user).map(|user| user.value.status) == after)?)
            }
            Difference::Entry { user, org, gained } => {
                let [came, went] = [gained, !gained].map(|yes| if yes { vec!["entry"] } else { Vec::new() });
                let row = Row { gained: came, lost: went, ..in_org(&view, user, org) };
                ("entry", row, self.turned(|view| enters(view, user, org))?)
            }
            Difference::Privileges { user, org, gained, lost } => {
                let [gained, lost] = [gained, lost].map(|set| view.privilege_names(set).collect());
                let row = Row { gained, lost, ..in_org(&view, user, org) };
                let now = held(&view, user, org);
                ("privileges", row, self.turned(|view| held(view, user, org) == now)?)
            }
            Difference::Level { user, resource, before, after } => {
                let word = |level: Option<Level>| level.map(level_name).into_iter().collect();
                let of = self.reading.of_resource(resource);
                let row = Row { user: Some(view.user_id(user)), lost: word(before), gained: word(after), ..of };
                ("level", row, self.turned(|view| has(view, user, resource, before, after))?)
            }
        };
        Ok(Row { what: Some(what), cause, ..row })
    }

    fn came_or_went(&self, user: UserNo, org: OrgNo, came: bool) -> Result<Row<'a>, Problem> {
        let (gained, lost) = self.privileges(user, org);
        let cause = self.turned(|view| enters(view, user, org))?;
        let all = held(&self.before, user, org);
        // From the first thing that was taken to the last: how long a leaver still held something.
        let first = if came || all.is_empty() {
            None
        } else {
            self.turned(|view| all.without(held(view, user, org)).is_empty())?.time
        };
        let minutes = first.zip(cause.time).map(|(first, last)| (last.micros() - first.micros()).max(0) / 60_000_000);
        let what = Some(if came { "joiner" } else { "leaver" });
        Ok(Row { what, gained, lost, minutes, cause, ..self.reading.of_user(user) })
    }

    fn privileges(&self, user: UserNo, org: OrgNo) -> (Vec<&'a str>, Vec<&'a str>) {
        let (before, after) = (held(&self.before, user, org), held(&self.after, user, org));
        let names = |set: PrivilegeSet| self.after.privilege_names(set).collect();
        (names(after.without(before)), names(before.without(after)))
    }

    fn turned(&self, holds: impl Fn(&View<'a>) -> bool) -> Result<Cause, Problem> {
        self.reading.turned(&self.before, &self.after, holds)
    }
}

fn in_org<'a>(view: &View<'a>, user: UserNo, org: OrgNo) -> Row<'a> {
    Row { user: Some(view.user_id(user)), org: Some(view.org_id(org)), ..Row::default() }
}

fn enters(view: &View<'_>, user: UserNo, org: OrgNo) -> bool {
    let (action, object) = (Action::Level(Level::View), Object::Org(org));
    judge::check(view, &Question { subject: user.into(), action, object, acting: None }, &mut ())
}

fn held(view: &View<'_>, user: UserNo, org: OrgNo) -> PrivilegeSet {
    judge::privileges_as(view, &user.into(), org)
}

/// Whether the content is had as after, and not as before: at the higher of the two levels, or no more.
fn has(view: &View<'_>, user: UserNo, resource: ResourceNo, before: Option<Level>, after: Option<Level>) -> bool {
    let higher = before.max(after).unwrap_or(Level::View);
    let (action, object) = (Action::Level(higher), Object::Resource(resource));
    let had = judge::check(view, &Question { subject: user.into(), action, object, acting: None }, &mut ());
    had == (after == Some(higher))
}
