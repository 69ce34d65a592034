//! Lists and counts against the naive model: complete whatever the page, and nothing more than the reader may be told.

use tenure_events::data::Nature;
use tenure_projections::lookup::{Cursor, Lookup, Page};
use tenure_projections::values::{Counts, OrgNo, ResourceNo, UserNo};

use super::Dice;
use super::compare::{Both, same};
use super::facts::{At, Set, Status};
use super::rules::{On, Who};

impl Both<'_> {
    /// Who may do something, with what somebody may do it, what somebody sees of an org, and how much there is.
    pub fn lists(&self, dice: &mut Dice) -> Result<(), String> {
        let reader = self.who(dice);
        self.searches(dice, &reader)?;
        self.seen(dice, &reader)?;
        self.counts()
    }

    fn searches(&self, dice: &mut Dice, reader: &Who) -> Result<(), String> {
        let (facts, t) = (self.facts, self.t);
        let (act, on, acting) = self.drawn(dice);
        let (action, acting_no) = (self.action(act), acting.map(|org| self.orgs[org]));
        let of = match on {
            On::Org(org) => org,
            On::Environment(environment) => facts.environments[environment].org,
            On::Content(content) => facts.contents[content].org,
        };
        let (all, seen) = (Lookup::of(self.view), Lookup::of(self.view).seen_by(self.view, self.subject(reader), None));
        let limit = 1 + dice.of(3);
        let told = |what: &str| format!("{what} {act:?} {on:?} acting in {acting:?}, told to {reader:?}");

        let may =
            |user: &At| facts.check(&Who { user: *user, cap: Set::MAX, only: None, ends: None }, act, on, acting, t);
        let asks = |user: &At| facts.may_ask(reader, *user, of, t) == 2 && self.knows(reader, *user, of);
        let model: Vec<At> = (0..self.users.len()).filter(may).collect();
        let found = |lookup: &Lookup<'_>| pages(lookup, limit, |page| page.who_may(action, self.object(on), acting_no));
        same(self.user_list(found(&all)), model.clone(), || told("who may"))?;
        let named = |user: &At| {
            let at_home = || facts.may_ask(reader, *user, facts.users[*user].home, t) == 2;
            facts.belongs(*user, of, t) || facts.sees_user(reader, *user, t) || at_home()
        };
        let model: Vec<At> = model.into_iter().filter(asks).filter(named).collect();
        same(self.user_list(found(&seen)), model, || told("who may, as far as seen,"))?;

        let who = self.who(dice);
        let subject = self.subject(&who);
        let may = |content: &At| facts.check(&who, act, On::Content(*content), acting, t);
        let asks = |content: &At| {
            let of = facts.contents[*content].org;
            facts.may_ask(reader, who.user, of, t) == 2 && self.knows(reader, who.user, of)
        };
        let model: Vec<At> = (0..self.contents.len()).filter(may).collect();
        let found = |lookup: &Lookup<'_>| pages(lookup, limit, |page| page.what_may(&subject, action, None, acting_no));
        let of_who = || format!("{} of {who:?}", told("what may"));
        same(self.content_list(found(&all)), model.clone(), of_who)?;
        let model: Vec<At> = model.into_iter().filter(asks).collect();
        same(self.content_list(found(&seen)), model, of_who)?;

        let model: Vec<At> = (0..self.orgs.len()).filter(|org| facts.belongs(who.user, *org, t)).collect();
        let found = pages(&all, limit, |page| page.orgs_of(self.users[who.user]));
        same(self.org_list(found), model, || format!("orgs of {who:?}"))
    }

    fn seen(&self, dice: &mut Dice, reader: &Who) -> Result<(), String> {
        let (facts, t, org) = (self.facts, self.t, dice.of(self.orgs.len()));
        let seen = Lookup::of(self.view).seen_by(self.view, self.subject(reader), None);
        let limit = 1 + dice.of(3);
        let told = |what: &str| format!("{what} of org {org}, told to {reader:?}");

        let model: Vec<At> = (0..self.orgs.len()).filter(|org| facts.sees_org(reader, *org, t)).collect();
        same(self.org_list(pages(&seen, limit, Lookup::orgs)), model, || told("all orgs beside"))?;

        let member = |user: At| facts.members.iter().any(|m| (m.user, m.org, m.there) == (user, org, true));
        let there = |user: &At| {
            let value = &facts.users[*user];
            value.status != Status::Gone && (value.home == org || member(*user)) && facts.sees_user(reader, *user, t)
        };
        let model: Vec<At> = (0..self.users.len()).filter(there).collect();
        same(self.user_list(pages(&seen, limit, |page| page.users(self.orgs[org]))), model, || told("users"))?;

        let there = |content: &At| {
            let value = &facts.contents[*content];
            value.live && value.org == org && facts.sees_content(reader, None, *content, t)
        };
        let model: Vec<At> = (0..self.contents.len()).filter(there).collect();
        let found = pages(&seen, limit, |page| page.resources(self.orgs[org]));
        same(self.content_list(found), model, || told("content"))
    }

    /// What licences count, and what the platform sees of its tenants.
    fn counts(&self) -> Result<(), String> {
        let (facts, view) = (self.facts, &self.view);
        for (org, no) in self.orgs.iter().enumerate() {
            let seats = usize::try_from(view.seats(*no)).unwrap();
            same(seats, facts.seats(org), || format!("enabled users of org {org}"))?;
            let app = |at: &At| {
                let content = &facts.contents[*at];
                content.live && content.org == org && facts.nature(*at) == Nature::App
            };
            let there = facts.users.iter().filter(|user| user.home == org && user.status != Status::Gone);
            let signed_in = there.clone().filter(|user| user.signed_in).count();
            let apps = (0..facts.contents.len()).filter(app).count();
            let counts = Counts { users: there.count(), signed_in, apps };
            same(view.counts(*no), counts, || format!("what there is in org {org}"))?;
        }
        Ok(())
    }

    fn user_list(&self, found: Vec<UserNo>) -> Vec<At> {
        sorted(found, &self.users)
    }

    fn org_list(&self, found: Vec<OrgNo>) -> Vec<At> {
        sorted(found, &self.orgs)
    }

    fn content_list(&self, found: Vec<ResourceNo>) -> Vec<At> {
        sorted(found, &self.contents)
    }
}

/// All pages of a list.
fn pages<'a, T>(lookup: &Lookup<'a>, limit: usize, page: impl Fn(&Lookup<'a>) -> Page<T>) -> Vec<T> {
    let (mut all, mut next) = (Vec::new(), Some(Cursor::default()));
    while let Some(cursor) = next {
        let found = page(&lookup.clone().limit(limit).page(cursor));
        assert!(found.items.len() <= limit, "a page is longer than it may be");
        all.extend(found.items);
        next = found.next;
    }
    all
}

/// In the model's numbers; what stands there twice stays twice.
fn sorted<T: PartialEq>(found: Vec<T>, numbers: &[T]) -> Vec<At> {
    let at = |thing: T| numbers.iter().position(|no| *no == thing).unwrap();
    let mut list: Vec<At> = found.into_iter().map(at).collect();
    list.sort_unstable();
    list
}
