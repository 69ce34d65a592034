//! The judge against the naive model, question by question.

use std::ops::ControlFlow;

use tenure_events::Time;
use tenure_events::data::Level;
use tenure_projections::View;
use tenure_projections::judge::{self, Action, Object, Question, Subject};
use tenure_projections::sight::{self, Asking};
use tenure_projections::values::{KeyNo, OrgNo, PrivilegeNo, PrivilegeSet, ResourceNo, UserNo};

use super::Dice;
use super::facts::{At, Facts, Set, Status};
use super::rules::{Act, On, Who};

/// A view, what the model knows at the same point, and where the one's things are in the other.
pub struct Both<'a> {
    pub(super) view: View<'a>,
    pub(super) facts: &'a Facts,
    pub(super) t: Time,
    pub(super) orgs: Vec<OrgNo>,
    pub(super) users: Vec<UserNo>,
    pub(super) contents: Vec<ResourceNo>,
    keys: Vec<KeyNo>,
    privileges: Vec<PrivilegeNo>,
}

impl<'a> Both<'a> {
    pub fn new(view: View<'a>, facts: &'a Facts) -> Self {
        Self {
            t: view.instant(),
            orgs: facts.orgs.iter().map(|org| view.find_org(&org.id).unwrap()).collect(),
            users: facts.users.iter().map(|user| view.find_user(&user.id).unwrap()).collect(),
            contents: facts.contents.iter().map(|content| view.find_resource(&content.id).unwrap()).collect(),
            keys: facts.keys.iter().map(|key| view.find_key(&key.id).unwrap()).collect(),
            privileges: facts.privileges.iter().map(|name| view.find_privilege(name).unwrap()).collect(),
            view,
            facts,
        }
    }

    /// What every user holds in every org, and their orgs.
    pub fn authority(&self) -> Result<(), String> {
        for (user, no) in self.users.iter().enumerate() {
            for (org, org_no) in self.orgs.iter().enumerate() {
                let model = self.facts.authority(user, org, self.t);
                let found = self.set(judge::privileges(&self.view, *no, *org_no));
                same(found, model.privileges, || {
                    format!("{} in {}", self.facts.users[user].id, self.facts.orgs[org].id)
                })?;
            }
            let mut found = judge::orgs_of(&self.view, *no);
            let home = found.first().copied();
            same(home, Some(self.orgs[self.facts.users[user].home]), || "home first".to_owned())?;
            found.sort_unstable();
            let belongs = |org: &At| self.facts.belongs(user, *org, self.t);
            let mut model: Vec<OrgNo> = (0..self.orgs.len()).filter(belongs).map(|org| self.orgs[org]).collect();
            model.sort_unstable();
            same(found, model, || format!("orgs of {}", self.facts.users[user].id))?;
        }
        Ok(())
    }

    /// As many random questions: checks, levels, sight.
    pub fn questions(&self, dice: &mut Dice, count: usize) -> Result<(), String> {
        for _ in 0..count {
            let who = self.who(dice);
            self.check(dice, &who)?;
            self.sight(dice, &who)?;
        }
        Ok(())
    }

    fn check(&self, dice: &mut Dice, who: &Who) -> Result<(), String> {
        let (facts, t) = (self.facts, self.t);
        let (act, on, acting) = self.drawn(dice);
        let (action, object) = (self.action(act), self.object(on));
        let subject = self.subject(who);
        let question = Question { subject, action, object, acting: acting.map(|acting| self.orgs[acting]) };
        let found = judge::check(&self.view, &question, &mut ());
        let model = facts.check(who, act, on, acting, t);
        same(found, model, || format!("{who:?} {act:?} {on:?} acting in {acting:?}"))?;
        let (explained, reasons) = judge::explain(&self.view, &question);
        same(explained, found, || format!("explanation of {who:?} {act:?} {on:?}"))?;
        same(reasons.is_empty(), false, || format!("reasons of {who:?} {act:?} {on:?} acting in {acting:?}"))?;
        let On::Content(content) = on else { return Ok(()) };
        let filters = judge::obligations(&self.view, &question).filters.len();
        let from = acting.unwrap_or_else(|| facts.acting(who.user, facts.contents[content].org, t));
        let model = facts.rules_on(who.user, from, content).count();
        same(filters, model, || format!("row rules on {who:?} in {content} acting in {acting:?}"))?;
        let acting = acting.unwrap_or(facts.contents[content].org);
        let mut found = Vec::new();
        judge::reaches(&self.view, &subject, self.orgs[acting], self.contents[content], |reach| {
            found.push((reach.level, reach.copy, reach.from_elsewhere));
            ControlFlow::Continue(())
        });
        let model = facts.havings(who, acting, content, t);
        let mut model: Vec<_> = model.into_iter().map(|h| (h.level, h.copy, h.elsewhere)).collect();
        for list in [&mut found, &mut model] {
            list.sort_unstable();
            list.dedup();
        }
        same(found, model, || format!("levels of {who:?} on {content} acting in {acting}"))
    }

    /// Something to ask of somebody.
    pub(super) fn drawn(&self, dice: &mut Dice) -> (Act, On, Option<At>) {
        let acting = if dice.one_in(3) { None } else { Some(dice.of(self.orgs.len())) };
        let environments = self.facts.environments.len();
        let on = if environments > 0 && dice.one_in(8) {
            On::Environment(dice.of(environments))
        } else if self.contents.is_empty() || dice.one_in(4) {
            On::Org(dice.of(self.orgs.len()))
        } else {
            On::Content(dice.of(self.contents.len()))
        };
        let act = match dice.of(6) {
            0 => Act::Level(Level::View),
            1 => Act::Level(Level::Use),
            2 => Act::Level(Level::Edit),
            3 => Act::Level(Level::Manage),
            4 => Act::Copy,
            _ => Act::Privilege(u32::try_from(dice.of(self.privileges.len())).unwrap()),
        };
        (act, on, acting)
    }

    pub(super) fn action(&self, act: Act) -> Action {
        match act {
            Act::Level(level) => Action::Level(level),
            Act::Copy => Action::Copy,
            Act::Privilege(no) => Action::Privilege(self.privileges[no as usize]),
        }
    }

    pub(super) fn object(&self, on: On) -> Object {
        match on {
            On::Org(org) => Object::Org(self.orgs[org]),
            On::Environment(at) => {
                Object::Environment(self.view.find_environment(&self.facts.environments[at].id).unwrap())
            }
            On::Content(content) => Object::Resource(self.contents[content]),
        }
    }

    /// Whether somebody may be asked about: of whom the reader does not know, nothing is told elsewhere than at their home.
    /// What it takes to know of somebody has cases of its own.
    pub fn knows(&self, reader: &Who, user: At, org: At) -> bool {
        self.facts.users[user].home == org || sight::knows_of(&self.view, &self.subject(reader), self.users[user])
    }

    fn sight(&self, dice: &mut Dice, who: &Who) -> Result<(), String> {
        let (facts, view, t, subject) = (self.facts, &self.view, self.t, self.subject(who));
        let (org, user) = (dice.of(self.orgs.len()), dice.of(self.users.len()));
        let told = |what: &'static str| move || format!("{what}: {who:?}, user {user}, org {org}");
        same(sight::sees_org(view, &subject, self.orgs[org]), facts.sees_org(who, org, t), told("sees org"))?;
        same(sight::sees_inside(view, &subject, self.orgs[org]), facts.sees_inside(who, org, t), told("sees inside"))?;
        same(sight::sees_user(view, &subject, self.users[user]), facts.sees_user(who, user, t), told("sees user"))?;
        same(judge::manages(view, &subject, self.orgs[org]), facts.manages(who, org, t), told("manages"))?;
        let found = sight::acts_for(view, &subject, self.users[user], self.orgs[org]);
        same(found, facts.acts_for(who, user, org, t), told("acts for"))?;
        let found = sight::sees_subscription(view, &subject, self.users[user], self.orgs[org]);
        same(found, facts.sees_membership(who, user, org, t), told("sees membership"))?;
        same(sight::reads_history(view, &subject, self.orgs[org]), facts.audits(who, org, t), told("reads history"))?;
        let found = match sight::may_ask(view, &subject, self.users[user], self.orgs[org]) {
            Asking::Full => 2,
            Asking::Bare => 1,
            Asking::No => 0,
        };
        same(found, if self.knows(who, user, org) { facts.may_ask(who, user, org, t) } else { 0 }, told("may ask"))?;
        if !facts.groups.is_empty() {
            let group = dice.of(facts.groups.len());
            let no = view.find_group(&facts.groups[group].id).unwrap();
            same(sight::sees_group(view, &subject, no), facts.sees_group(who, group, t), told("sees group"))?;
        }
        if !facts.roles.is_empty() {
            let role = dice.of(facts.roles.len());
            let no = view.find_role(&facts.roles[role].id).unwrap();
            same(sight::sees_role(view, &subject, no), facts.sees_role(who, role, t), told("sees role"))?;
        }
        if !self.contents.is_empty() {
            let (content, acting) = (dice.of(self.contents.len()), Some(org).filter(|_| dice.one_in(2)));
            let found = sight::sees_resource(view, &subject, acting.map(|org| self.orgs[org]), self.contents[content]);
            let model = facts.sees_content(who, acting, content, t);
            same(found, model, || format!("sees content {content}: {who:?} acting in {acting:?}"))?;
        }
        if !self.keys.is_empty() {
            let key = dice.of(self.keys.len());
            same(sight::sees_key(view, &subject, self.keys[key]), facts.sees_key(who, key, t), told("sees key"))?;
        }
        Ok(())
    }

    /// A user, one time in five through a key of theirs.
    pub(super) fn who(&self, dice: &mut Dice) -> Who {
        let keys: Vec<_> = self.facts.keys.iter().filter(|key| key.status == Status::Live).collect();
        if !keys.is_empty() && dice.one_in(5) {
            let key = keys[dice.of(keys.len())];
            return Who { user: key.user, cap: key.cap, only: key.only, ends: key.ends };
        }
        Who { user: dice.of(self.users.len()), cap: Set::MAX, only: None, ends: None }
    }

    pub(super) fn subject(&self, who: &Who) -> Subject {
        let all = self.privileges.iter().enumerate().filter(|(at, _)| who.cap & 1 << at != 0);
        let cap = if who.cap == Set::MAX { PrivilegeSet::ALL } else { all.map(|(_, no)| *no).collect() };
        Subject { user: self.users[who.user], cap, only: who.only.map(|org| self.orgs[org]), own: true }
    }

    fn set(&self, privileges: PrivilegeSet) -> Set {
        self.privileges.iter().enumerate().filter(|(_, no)| privileges.has(**no)).fold(0, |set, (at, _)| set | 1 << at)
    }
}

pub(super) fn same<T: PartialEq + std::fmt::Debug>(
    judge: T,
    model: T,
    of: impl FnOnce() -> String,
) -> Result<(), String> {
    if judge == model { Ok(()) } else { Err(format!("{}: the judge says {judge:?}, the model {model:?}", of())) }
}
