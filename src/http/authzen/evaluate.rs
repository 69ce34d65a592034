//! One question: may it be asked, and what is the answer.

use std::borrow::Cow;

use tenure_events::Position;
use tenure_projections::View;
use tenure_projections::judge::{self, Action, Code, Member, Object, Question, Reason, Subject, Trace, administrative};
use tenure_projections::sight::{self, Asking};
use tenure_projections::values::{GroupNo, KeyNo, OrgNo, UserNo};

use super::super::App;
use super::super::problem::{Finding, Problem};
use super::request::{Asked, Context, Item, Thing};
use super::{Context as Answered, Decision, Obligations};
use crate::node::{Authenticated, Node};

/// Somebody who asks, as they stand now: the right to ask is judged in the live view.
pub struct Asker<'a> {
    app: &'a App,
    pub live: View<'a>,
    pub viewer: Subject,
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
        Self { app, live, viewer: app.node().subject(&live, caller) }
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
        let asking = self.asking(&found);
        let (decision, mut reasons) = match (asking, self.question(view, &found, asked.action, context)) {
            (Asking::No, _) => return denied(Code::CallerNotPermitted),
            (_, Err(code)) => denied(code),
            (Asking::Full, Ok(question)) if context.explain => {
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
        if asking == Asking::Bare {
            reasons.clear();
        } else if !decision && found.subject.is_some_and(|subject| self.is_strange(subject.user, &found)) {
            return denied(Code::ResourceUnknown);
        }
        (decision, reasons)
    }

    /// What the caller may be told.
    pub fn asking(&self, found: &Found) -> Asking {
        let org = found.target.map(|(_, org)| org).or_else(|| self.live.root());
        match (found.subject, org) {
            // A limited key asks about itself as the key that it is, and learns what is within its limits.
            (Some(subject), Some(_)) if subject == self.viewer && self.live.stands(subject.user) => Asking::Full,
            (Some(subject), Some(org)) => match found.group {
                Some(group) => sight::may_ask_of_group(&self.live, &self.viewer, group, subject.user, org),
                None => sight::may_ask(&self.live, &self.viewer, subject.user, org),
            },
            // About nobody: whoever may ask about everybody is told so.
            (None, Some(org)) if self.checks_over(org) => Asking::Full,
            (None, Some(_)) | (_, None) => Asking::No,
        }
    }

    /// The question to the judge, or why there is none.
    fn question(&self, view: &View<'_>, found: &Found, action: &str, context: &Context<'_>) -> Result<Question, Code> {
        let subject = found.subject.ok_or(Code::UserUnknown)?;
        let (object, _) = found.target.ok_or(Code::ResourceUnknown)?;
        let action = Action::named(view, action).ok_or(Code::ActionUnknown)?;
        let acting = acting(view, context.acting_org.as_ref())?;
        Ok(Question { subject, action, object, acting })
    }

    /// Whether the caller may ask about everybody in an org, there or from above.
    fn checks_over(&self, org: OrgNo) -> bool {
        let held = |org| judge::privileges_as(&self.live, &self.viewer, org);
        self.live.lineage(org).any(|org| held(org).has(administrative::ACCESS_CHECK))
    }

    /// Whether the caller asks about themself in an org that they never had to do with: then nothing there exists.
    fn is_strange(&self, about: UserNo, found: &Found) -> bool {
        let themself = about == self.viewer.user;
        found.target.filter(|_| themself).is_some_and(|(object, org)| {
            let shared = match object {
                Object::Org(_) | Object::Environment(_) => false,
                Object::Resource(no) => sight::sees_resource(&self.live, &self.viewer, None, no),
            };
            let beyond = self.viewer.only.is_some_and(|only| only != org);
            let known = !beyond && self.live.ever_subscribed(self.viewer.user, org);
            !shared && !sight::sees_org(&self.live, &self.viewer, org) && !known && !self.checks_over(org)
        })
    }
}

impl Found {
    /// What the view has of what a question names.
    pub fn of(view: &View<'_>, who: Thing<'_>, what: Thing<'_>) -> Self {
        Self { subject: subject(view, who), group: group(view, who), target: target(view, what) }
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
pub fn subject(view: &View<'_>, thing: Thing<'_>) -> Option<Subject> {
    match thing.kind {
        "user" => view.find_user(thing.id).map(Subject::from),
        "api_key" => by_key(view, view.find_key(thing.id)?),
        "group" => judge::supposed_member(view).map(Subject::from),
        _ => None,
    }
}

/// The user of a key, with what the key carries; nobody once the key counts no more.
pub fn by_key(view: &View<'_>, key: KeyNo) -> Option<Subject> {
    let key = view.usable_key(key).filter(|key| key.window.holds(view.instant()))?;
    Some(Subject::of_key(key))
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
