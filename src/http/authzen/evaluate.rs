//! One question: may it be asked, and what is the answer.

use tenure_events::Position;
use tenure_projections::View;
use tenure_projections::judge::{self, Code, Object, Reason, Resolved, Subject, Who};
use tenure_projections::sight::{self, Asking};
use tenure_projections::values::{OrgNo, UserNo};

use super::super::App;
use super::super::problem::{Finding, Problem};
use super::super::read::Bound;
use super::context::Context;
use super::known;
use super::request::Item;
use super::{Context as Answered, Decision, Obligations};
use crate::node::{Authenticated, Node};

/// Somebody who asks, as they stand now: the right to ask is judged in the live view.
pub struct Asker<'a> {
    app: &'a App,
    pub live: View<'a>,
    pub viewer: Subject,
    caller: Authenticated,
}

impl<'a> Asker<'a> {
    /// Who asks.
    pub fn new(app: &'a App, caller: &Authenticated) -> Self {
        let live = app.node().live();
        Self { app, live, viewer: app.node().subject(&live, caller), caller: *caller }
    }

    /// What the tokens of pages that they read are bound to.
    pub fn bound(&self) -> Bound {
        Bound::to(&self.live, &self.caller)
    }

    /// The position of the live view.
    pub const fn position(&self) -> Position {
        self.live.position()
    }

    /// The node that answers.
    pub fn node(&self) -> &'a Node {
        self.app.node()
    }

    /// The view that a question is asked of.
    pub fn view(&self, context: &Context<'_>) -> Result<View<'a>, Problem> {
        match (&context.as_of, context.at) {
            (None, None) => Ok(self.live),
            (as_of, at) => Ok(self.node().view(as_of.as_ref().map(|moment| moment.0), at)?),
        }
    }

    /// Answers a question.
    pub fn evaluate(&self, item: &Item<'_>, default: Option<&Item<'_>>) -> Result<Decision, Problem> {
        let asked = item.asked(default)?;
        let inherited = default.and_then(|default| default.context.as_ref());
        let none = Context::default();
        let context = item.context.as_ref().or(inherited).unwrap_or(&none);
        let view = self.view(context)?;
        known::asked(self, &view, &asked)?;
        let asked = asked.acting_in(context.acting_org.as_deref());
        let found = asked.resolve(&view);
        let (decision, reasons) = self.decide(view, asked.subject, &found, context.explain);
        let obligations = if decision { found.obligations(view).and_then(Obligations::of) } else { None };
        let checks = self.app.metrics().checks();
        let counter = match reasons.first() {
            Some(reason) if reason.is(Code::CallerNotPermitted) => &checks.not_permitted,
            Some(_) | None => {
                if decision {
                    &checks.allowed
                } else {
                    &checks.denied
                }
            }
        };
        counter.inc();
        Ok(Decision {
            decision,
            context: Answered { position: Some(view.position()), reasons, obligations, error: None },
        })
    }

    fn decide(&self, view: View<'_>, who: Who<'_>, found: &Resolved, explain: bool) -> (bool, Vec<Finding>) {
        if !self.knows(found, who) {
            return self.of_nobody(view, found);
        }
        let asking = self.asking(found);
        let hidden = found.subject.is_some_and(|subject| self.is_hidden(subject.user, found));
        let (decision, reasons) = match (asking, found.question()) {
            (Asking::No, _) => return denied(Code::CallerNotPermitted),
            (_, Err(code)) => denied(code),
            // Who was allowed what is hidden now hears why.
            (Asking::Full, Ok(_)) if explain && (!hidden || found.check(view).is_ok()) => {
                let (decision, reasons) = found.explain(view);
                (decision, reasons.into_iter().map(Finding::from).collect())
            }
            (_, Ok(_)) => found.check(view).map_or_else(denied, |()| (true, Vec::new())),
        };
        match asking {
            Asking::Bare => (decision, Vec::new()),
            Asking::Full | Asking::No if hidden && !decision => denied(Code::ResourceUnknown),
            Asking::Full | Asking::No => (decision, reasons),
        }
    }

    /// About somebody who is not there, or of whom the caller does not know: the same answer. Only what they may do, by
    /// what was shared with them from where the caller asks about everybody, is answered.
    fn of_nobody(&self, view: View<'_>, found: &Resolved) -> (bool, Vec<Finding>) {
        let asking = self.org_of(found).map_or(Asking::No, |org| self.asking_of_nobody(org));
        if asking == Asking::No {
            return denied(Code::CallerNotPermitted);
        }
        let allowed = found.group.is_none() && found.check(view).is_ok();
        match (allowed, asking) {
            (true, _) => (true, Vec::new()),
            (false, Asking::Full) => denied(Code::UserUnknown),
            (false, Asking::Bare | Asking::No) => (false, Vec::new()),
        }
    }

    /// Whether whom a question is about is there, as far as the caller knows.
    pub fn knows(&self, found: &Resolved, who: Who<'_>) -> bool {
        let Some(subject) = found.subject else { return false };
        if subject == self.viewer && self.live.stands(subject.user) {
            return true;
        }
        if let Some(group) = found.group {
            return sight::sees_group(&self.live, &self.viewer, group);
        }
        if !sight::knows_of(&self.live, &self.viewer, subject.user) {
            return false;
        }
        let key = match who {
            Who::Key(id) => self.live.find_key(id),
            Who::User(_) | Who::Group(_) | Who::Unknown => None,
        };
        key.is_none_or(|key| {
            let asks = |org| self.asking_of_nobody(org) != Asking::No;
            sight::sees_key(&self.live, &self.viewer, key) || self.live.home(subject.user).is_some_and(asks)
        })
    }

    /// What the caller may be told about whom they know of.
    pub fn asking(&self, found: &Resolved) -> Asking {
        match (found.subject, self.org_of(found)) {
            // A limited key asks about itself as the key that it is, and learns what is within its limits.
            (Some(subject), Some(_)) if subject == self.viewer && self.live.stands(subject.user) => Asking::Full,
            (Some(subject), Some(org)) => match found.group {
                Some(group) => sight::may_ask_of_group(&self.live, &self.viewer, group, subject.user, org),
                None => sight::may_ask(&self.live, &self.viewer, subject.user, org),
            },
            (None, _) | (_, None) => Asking::No,
        }
    }

    fn asking_of_nobody(&self, org: OrgNo) -> Asking {
        sight::may_ask_of_nobody(&self.live, &self.viewer, org)
    }

    /// Where it is asked: in the org of what the question is about, or, if that is not there, in the root.
    fn org_of(&self, found: &Resolved) -> Option<OrgNo> {
        found.target.map(|(_, org)| org).or_else(|| self.live.root())
    }

    /// Whether the caller asks about themself and does not see what the question is about: then it is not there.
    fn is_hidden(&self, about: UserNo, found: &Resolved) -> bool {
        let themself = about == self.viewer.user;
        found.target.filter(|_| themself).is_some_and(|(object, org)| {
            let seen = match object {
                Object::Org(org) => {
                    let beyond = self.viewer.only.is_some_and(|only| only != org);
                    let was_there = !beyond && self.live.ever_subscribed(self.viewer.user, org);
                    sight::sees_org(&self.live, &self.viewer, org) || was_there
                }
                Object::Environment(_) => sight::sees_inside(&self.live, &self.viewer, org),
                Object::Resource(no) => sight::sees_resource(&self.live, &self.viewer, None, no),
            };
            !seen && self.asking_of_nobody(org) != Asking::Full
        })
    }
}

impl Obligations {
    /// What comes with an answer that allows something with content: whoever may hear the bare decision must heed it.
    fn of(found: judge::Obligations<'_>) -> Option<Self> {
        let (row_filter, data_permission) = (found.row_filter(), found.data_permission);
        (row_filter.is_some() || data_permission.is_some()).then_some(Self { row_filter, data_permission })
    }
}

fn denied(code: Code) -> (bool, Vec<Finding>) {
    (false, vec![finding(code)])
}

fn finding(code: Code) -> Finding {
    Reason { code, events: Vec::new() }.into()
}
