//! One question: may it be asked, and what is the answer.

use std::borrow::Cow;

use tenure_events::Position;
use tenure_projections::View;
use tenure_projections::judge::{self, Action, Code, Member, Object, Question, Reason, Subject, Trace};
use tenure_projections::sight::{self, Asking};
use tenure_projections::values::{GroupNo, KeyNo, OrgNo, UserNo};

use super::super::App;
use super::super::problem::{Finding, Problem};
use super::super::read::Bound;
use super::context::Context;
use super::known;
use super::request::{Asked, Item, Thing};
use super::{Context as Answered, Decision, Obligations};
use crate::node::{Authenticated, Node};

/// Somebody who asks, as they stand now: the right to ask is judged in the live view.
pub struct Asker<'a> {
    app: &'a App,
    pub live: View<'a>,
    pub viewer: Subject,
    key: KeyNo,
}

/// What a question is about, as far as it is there.
#[derive(Clone, Copy)]
pub struct Found {
    pub subject: Option<Subject>,
    /// What the subject stands for, if that is a group.
    pub group: Option<GroupNo>,
    pub target: Option<(Object, OrgNo)>,
}

impl<'a> Asker<'a> {
    /// Who asks.
    pub fn new(app: &'a App, caller: &Authenticated) -> Self {
        let live = app.node().live();
        Self { app, live, viewer: app.node().subject(&live, caller), key: caller.key }
    }

    /// What the tokens of pages that they read are bound to.
    pub fn bound(&self) -> Bound {
        Bound::to(&self.live, self.viewer.user, self.key)
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
        let member = member(&view, asked.subject);
        let view = member.as_ref().map_or(view, |member| member.in_view(view));
        let (decision, reasons) = self.decide(&view, &asked, context);
        let obligations = if decision { obligations(&view, &asked, context) } else { None };
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

    fn decide(&self, view: &View<'_>, asked: &Asked<'_>, context: &Context<'_>) -> (bool, Vec<Finding>) {
        let found = Found::of(view, asked.subject, asked.resource);
        let question = self.question(view, &found, asked.action, context);
        if !self.knows(&found, asked.subject) {
            return self.of_nobody(view, &found, question);
        }
        let asking = self.asking(&found);
        let hidden = found.subject.is_some_and(|subject| self.is_hidden(subject.user, &found));
        let (decision, reasons) = match (asking, question) {
            (Asking::No, _) => return denied(Code::CallerNotPermitted),
            (_, Err(code)) => denied(code),
            // Who was allowed what is hidden now hears why.
            (Asking::Full, Ok(question)) if context.explain && (!hidden || judge::check(view, &question, &mut ())) => {
                let (decision, mut reasons) = judge::explain(view, &question);
                // Who stands for a group comes by no event.
                reasons.iter_mut().for_each(|reason| reason.events.retain(|event| *event <= view.position()));
                (decision, reasons.into_iter().map(Finding::from).collect())
            }
            (_, Ok(question)) => {
                let mut last = Last(None);
                let decision = judge::check(view, &question, &mut last);
                (decision, last.0.filter(|_| !decision).map(finding).into_iter().collect())
            }
        };
        match asking {
            Asking::Bare => (decision, Vec::new()),
            Asking::Full | Asking::No if hidden && !decision => denied(Code::ResourceUnknown),
            Asking::Full | Asking::No => (decision, reasons),
        }
    }

    /// About somebody who is not there, or of whom the caller does not know: the same answer. Only what they may do, by
    /// what was shared with them from where the caller asks about everybody, is answered.
    fn of_nobody(&self, view: &View<'_>, found: &Found, question: Result<Question, Code>) -> (bool, Vec<Finding>) {
        let asking = self.org_of(found).map_or(Asking::No, |org| self.asking_of_nobody(org));
        if asking == Asking::No {
            return denied(Code::CallerNotPermitted);
        }
        let allowed = found.group.is_none() && question.is_ok_and(|question| judge::check(view, &question, &mut ()));
        match (allowed, asking) {
            (true, _) => (true, Vec::new()),
            (false, Asking::Full) => denied(Code::UserUnknown),
            (false, Asking::Bare | Asking::No) => (false, Vec::new()),
        }
    }

    /// Whether whom a question is about is there, as far as the caller knows.
    pub fn knows(&self, found: &Found, who: Thing<'_>) -> bool {
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
        let key = if who.kind == "api_key" { self.live.find_key(who.id) } else { None };
        key.is_none_or(|key| {
            let asks = |org| self.asking_of_nobody(org) != Asking::No;
            sight::sees_key(&self.live, &self.viewer, key) || self.live.home(subject.user).is_some_and(asks)
        })
    }

    /// What the caller may be told about whom they know of.
    pub fn asking(&self, found: &Found) -> Asking {
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
    fn org_of(&self, found: &Found) -> Option<OrgNo> {
        found.target.map(|(_, org)| org).or_else(|| self.live.root())
    }

    /// The question to the judge, or why there is none.
    fn question(&self, view: &View<'_>, found: &Found, action: &str, context: &Context<'_>) -> Result<Question, Code> {
        let subject = found.subject.ok_or(Code::UserUnknown)?;
        let (object, _) = found.target.ok_or(Code::ResourceUnknown)?;
        let action = Action::named(view, action).ok_or(Code::ActionUnknown)?;
        let acting = acting(view, context.acting_org.as_ref())?;
        Ok(Question { subject, action, object, acting })
    }

    /// Whether the caller asks about themself and does not see what the question is about: then it is not there.
    fn is_hidden(&self, about: UserNo, found: &Found) -> bool {
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

impl Found {
    /// What the view has of what a question names.
    pub fn of(view: &View<'_>, who: Thing<'_>, what: Thing<'_>) -> Self {
        Self { target: target(view, what), ..Self::of_subject(view, who) }
    }

    /// What the view has of whom a question is about.
    pub fn of_subject(view: &View<'_>, who: Thing<'_>) -> Self {
        Self { subject: subject(view, who), group: group(view, who), target: None }
    }
}

/// What comes with an answer that allows something with content: whoever may hear the bare decision must heed it.
fn obligations(view: &View<'_>, asked: &Asked<'_>, context: &Context<'_>) -> Option<Obligations> {
    let subject = subject(view, asked.subject)?;
    let (object, _) = target(view, asked.resource)?;
    let action = Action::named(view, asked.action)?;
    let acting = acting(view, context.acting_org.as_ref()).ok()?;
    let found = judge::obligations(view, &Question { subject, action, object, acting });
    let row_filter = match found.filters.as_slice() {
        [] => None,
        [(only, _)] => Some((*only).to_owned()),
        all => Some(all.iter().map(|(filter, _)| format!("({filter})")).collect::<Vec<_>>().join(" AND ")),
    };
    let data_permission = found.data_permission;
    (row_filter.is_some() || data_permission.is_some()).then_some(Obligations { row_filter, data_permission })
}

/// Who stands for a group that a question is about, to be put into the view that is asked.
pub fn member(view: &View<'_>, thing: Thing<'_>) -> Option<Member> {
    group(view, thing).and_then(|group| Member::of(view, group))
}

fn group(view: &View<'_>, thing: Thing<'_>) -> Option<GroupNo> {
    if thing.kind == "group" { view.find_group(thing.id) } else { None }
}

/// Whom a question is about: a user, a key that counts, or who stands for a group.
fn subject(view: &View<'_>, thing: Thing<'_>) -> Option<Subject> {
    match thing.kind {
        "user" => view.find_user(thing.id).map(Subject::from),
        "api_key" => Subject::by_key(view, view.find_key(thing.id)?),
        "group" => judge::supposed_member(view).map(Subject::from),
        _ => None,
    }
}

/// What a question is about: an org, an environment, or content of the kind that the type names.
pub fn target(view: &View<'_>, thing: Thing<'_>) -> Option<(Object, OrgNo)> {
    if thing.kind == "org" {
        return view.find_org(thing.id).map(|org| (Object::Org(org), org));
    }
    if thing.kind == "environment" {
        let found = view.find_environment(thing.id).and_then(|no| Some((no, &view.environment(no)?.value)));
        return found.filter(|(_, found)| found.live).map(|(no, found)| (Object::Environment(no), found.org));
    }
    let no = view.find_resource(thing.id)?;
    let resource = view.resource(no)?.value;
    (view.kind_name(resource.kind) == thing.kind).then_some((Object::Resource(no), resource.org))
}

/// The org that the subject acts in, where the question names one.
pub fn acting(view: &View<'_>, org: Option<&Cow<'_, str>>) -> Result<Option<OrgNo>, Code> {
    org.map(|org| view.find_org(org).ok_or(Code::ActingOrgNotTheirs)).transpose()
}

fn denied(code: Code) -> (bool, Vec<Finding>) {
    (false, vec![finding(code)])
}

fn finding(code: Code) -> Finding {
    Reason { code, events: Vec::new() }.into()
}

/// Keeps the last finding: of a denial, the one that decided.
struct Last(Option<Code>);

impl Trace for Last {
    const ALL: bool = false;
    fn add(&mut self, code: Code, _: &[Position]) {
        self.0 = Some(code);
    }
}
