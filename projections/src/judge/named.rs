//! Questions in the words of the log: ids, and names of actions. The node and every replica resolve them here, so that one
//! question has one answer.

use tenure_events::data::Level;
use tenure_events::{Position, Time};

use super::{Action, Code, Member, Object, Obligations, Question, Reason, Subject, Trace, outside};
use super::{check, explain, obligations, supposed_member};
use crate::values::{GroupNo, KeyNo, OrgNo};
use crate::view::View;

/// A question by ids.
///
/// ```
/// use tenure_projections::judge::{Asked, Thing, Who};
///
/// let asked = Asked::new(Who::User("jane"), "view", Thing::Content { kind: "chart", id: "sales" });
/// assert_eq!(asked.acting_in("kickstart").acting_org, Some("kickstart"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked<'q> {
    /// Who.
    pub subject: Who<'q>,
    /// What: a privilege, or `view`, `use`, `edit`, `manage`, `copy`.
    pub action: &'q str,
    /// With what.
    pub thing: Thing<'q>,
    /// The org that the subject acts in, where that is said.
    pub acting_org: Option<&'q str>,
    /// The instant that it is judged at; that of the view where none is named.
    pub at: Option<Time>,
}

/// Whom a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who<'q> {
    /// A user.
    User(&'q str),
    /// An API key: its user, as far as the key goes and as long as it counts.
    Key(&'q str),
    /// A group: what somebody could do who belongs to it and has nothing else.
    Group(&'q str),
    /// A kind of subject that there is none of.
    Unknown,
}

/// What a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing<'q> {
    /// An org as such.
    Org(&'q str),
    /// An environment as such.
    Environment(&'q str),
    /// A piece of content, which is not there under another kind than its own.
    Content {
        /// Its kind.
        kind: &'q str,
        /// Its id.
        id: &'q str,
    },
}

/// A question whose names were looked up in a view. It is of that moment: a key may count no more a moment later, so
/// whoever asks again resolves again.
pub struct Resolved {
    /// Who stands for a group.
    member: Option<Member>,
    at: Option<Time>,
    action: Option<Action>,
    acting: Result<Option<OrgNo>, Code>,
    /// Whom it is about, if they are there.
    pub subject: Option<Subject>,
    /// The group that it is about, if it is about one.
    pub group: Option<GroupNo>,
    /// What it is about, if that is there, and the org that it is in.
    pub target: Option<(Object, OrgNo)>,
}

impl<'q> Asked<'q> {
    /// A question that names no org to act in and no instant.
    #[must_use]
    pub const fn new(subject: Who<'q>, action: &'q str, thing: Thing<'q>) -> Self {
        Self { subject, action, thing, acting_org: None, at: None }
    }

    /// The same for somebody who acts in an org.
    #[must_use]
    pub const fn acting_in(self, org: &'q str) -> Self {
        Self { acting_org: Some(org), ..self }
    }

    /// The same at an instant.
    #[must_use]
    pub const fn at(self, at: Time) -> Self {
        Self { at: Some(at), ..self }
    }

    /// Looks up what it names.
    #[must_use]
    pub fn resolve(&self, view: &View<'_>) -> Resolved {
        let Self { subject, action, thing, acting_org, at } = *self;
        let view = at.map_or(*view, |at| view.at(at));
        let found = subject.resolve(&view);
        let over = found.in_view(view);
        let (target, action, acting) = (thing.found(&over), Action::named(&over, action), acting(&over, acting_org));
        Resolved { at, action, acting, target, ..found }
    }

    /// The question to the judge, for whoever keeps it: of a user alone, whose number never means anything else. A key or
    /// a group is to be resolved anew each time.
    ///
    /// # Errors
    /// The code of the denial if something that it names is not known in the view.
    pub fn question(&self, view: &View<'_>) -> Result<Question, Code> {
        match self.subject {
            Who::User(_) | Who::Unknown => self.resolve(view).question(),
            Who::Key(_) | Who::Group(_) => Err(Code::UserUnknown),
        }
    }
}

impl Resolved {
    /// The question to the judge, to be asked of [`Resolved::in_view`].
    ///
    /// # Errors
    /// The code of the denial if something that it names was not there.
    pub fn question(&self) -> Result<Question, Code> {
        let subject = self.subject.ok_or(Code::UserUnknown)?;
        let (object, _) = self.target.ok_or(Code::ResourceUnknown)?;
        let action = self.action.ok_or(Code::ActionUnknown)?;
        Ok(Question { subject, action, object, acting: self.acting? })
    }

    /// The view at the instant asked about, with who stands for the group in it.
    #[must_use]
    pub fn in_view<'a>(&'a self, view: View<'a>) -> View<'a> {
        let view = self.at.map_or(view, |at| view.at(at));
        self.member.as_ref().map_or(view, |member| member.in_view(view))
    }

    /// Whether the subject may do it; if not, the code that decided.
    ///
    /// # Errors
    /// That code.
    pub fn check(&self, view: View<'_>) -> Result<(), Code> {
        let question = self.question()?;
        let mut last = Last(None);
        let allowed = check(&self.in_view(view), &question, &mut last);
        if allowed { Ok(()) } else { Err(last.0.unwrap_or(Code::NotHeld)) }
    }

    /// Whether the subject may do it, and every reason.
    #[must_use]
    pub fn explain(&self, view: View<'_>) -> (bool, Vec<Reason>) {
        let question = match self.question() {
            Ok(question) => question,
            Err(code) => return (false, vec![Reason { code, events: Vec::new() }]),
        };
        let (allowed, mut reasons) = explain(&self.in_view(view), &question);
        // Who stands for a group comes by no event.
        reasons.iter_mut().for_each(|reason| reason.events.retain(|event| *event <= view.position()));
        (allowed, reasons)
    }

    /// What whoever is allowed must heed; nothing where something that the question names was not there.
    #[must_use]
    pub fn obligations<'a>(&'a self, view: View<'a>) -> Option<Obligations<'a>> {
        Some(obligations(&self.in_view(view), &self.question().ok()?))
    }
}

impl<'q> Who<'q> {
    /// Somebody by the type that AuthZEN has for them: `user`, `api_key`, `group`.
    #[must_use]
    pub fn of(kind: &str, id: &'q str) -> Self {
        match kind {
            "user" => Self::User(id),
            "api_key" => Self::Key(id),
            "group" => Self::Group(id),
            _ => Self::Unknown,
        }
    }

    /// Looks up whom it names, for questions that go on to ask what they may do.
    #[must_use]
    pub fn resolve(self, view: &View<'_>) -> Resolved {
        let group = self.group(view);
        let member = group.and_then(|group| Member::of(view, group));
        let over = member.as_ref().map_or(*view, |member| member.in_view(*view));
        let subject = self.found(&over);
        Resolved { member, at: None, action: None, acting: Ok(None), subject, group, target: None }
    }

    /// The group, if it is one that is there.
    fn group(self, view: &View<'_>) -> Option<GroupNo> {
        match self {
            Self::Group(id) => view.find_group(id),
            Self::User(_) | Self::Key(_) | Self::Unknown => None,
        }
    }

    /// A user, a key that counts, or who stands for a group in this view; see [`Member`].
    fn found(self, view: &View<'_>) -> Option<Subject> {
        match self {
            Self::User(id) => view.find_user(id).map(Subject::from),
            Self::Key(id) => Subject::by_key(view, view.find_key(id)?),
            Self::Group(_) => supposed_member(view).map(Subject::from),
            Self::Unknown => None,
        }
    }
}

impl<'q> Thing<'q> {
    /// A thing by the type that AuthZEN has for it: `org`, `environment`, or the kind of content.
    #[must_use]
    pub fn of(kind: &'q str, id: &'q str) -> Self {
        match kind {
            "org" => Self::Org(id),
            "environment" => Self::Environment(id),
            kind => Self::Content { kind, id },
        }
    }

    /// The thing, if it is there, and the org that it is in.
    #[must_use]
    pub fn found(self, view: &View<'_>) -> Option<(Object, OrgNo)> {
        match self {
            Self::Org(id) => view.find_org(id).map(|org| (Object::Org(org), org)),
            Self::Environment(id) => {
                let no = view.find_environment(id)?;
                let found = view.environment(no).filter(|found| found.value.live)?;
                Some((Object::Environment(no), found.value.org))
            }
            Self::Content { kind, id } => {
                let no = view.find_resource(id)?;
                let resource = view.resource(no)?.value;
                (view.kind_name(resource.kind) == kind).then_some((Object::Resource(no), resource.org))
            }
        }
    }
}

impl Subject {
    /// The user of a key, with what the key carries; nobody once the key counts no more, or while it waits for the user's
    /// org to vouch for it.
    #[must_use]
    pub fn by_key(view: &View<'_>, key: KeyNo) -> Option<Self> {
        outside::key_in_use(view, key).filter(|key| !key.enrols).map(Self::of_key)
    }
}

/// The org that a subject acts in, where a question names one.
///
/// # Errors
/// There is no such org.
pub fn acting(view: &View<'_>, org: Option<&str>) -> Result<Option<OrgNo>, Code> {
    org.map(|org| view.find_org(org).ok_or(Code::ActingOrgNotTheirs)).transpose()
}

impl Action {
    /// What a name stands for: a level, or a privilege of the catalogue.
    #[must_use]
    pub fn named(view: &View<'_>, name: &str) -> Option<Self> {
        match name {
            "view" => Some(Self::Level(Level::View)),
            "use" => Some(Self::Level(Level::Use)),
            "edit" => Some(Self::Level(Level::Edit)),
            "manage" => Some(Self::Level(Level::Manage)),
            "copy" => Some(Self::Copy),
            privilege => view.find_privilege(privilege).map(Self::Privilege),
        }
    }
}

/// Keeps the last finding: of a denial, the one that decided.
struct Last(Option<Code>);

impl Trace for Last {
    const ALL: bool = false;
    fn add(&mut self, code: Code, _: &[Position]) {
        self.0 = Some(code);
    }
}
