//! A story: who does what, and what must come of it. Data; [`super::Player`] plays it against a node.

use serde_json::Value;

/// A walk-through of one product's document.
#[derive(Debug, Clone)]
pub struct Story {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What it shows, in a line.
    pub title: &'static str,
    /// The preset that it runs on.
    pub preset: &'static str,
    /// What the platform is before it begins.
    pub stage: Stage,
    /// What happens.
    pub steps: Vec<Step>,
    /// Whose key a visitor gets when it is over.
    pub visitor: &'static str,
    /// Things to try then.
    pub after: Vec<Try>,
}

/// A platform just made.
#[derive(Debug, Clone, Copy)]
pub struct Stage {
    /// The root org's name.
    pub root_name: &'static str,
    /// The administrator's id.
    pub admin: &'static str,
    /// What its licences are signed with, if it takes any: the seed of the vendor's key.
    pub vendor: Option<[u8; 32]>,
}

/// One step of the document.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its number there.
    pub number: u8,
    /// What it says.
    pub title: &'static str,
    /// What is done, in order.
    pub acts: Vec<Act>,
}

/// One thing that somebody does, over the public API with their own key.
#[derive(Debug, Clone)]
pub struct Act {
    /// Who.
    pub who: &'static str,
    /// What, in words.
    pub says: &'static str,
    /// What, exactly.
    pub what: What,
    /// What must come of it.
    pub want: Want,
    /// A name for the events that came of it, or for the moment, so that later acts can speak of it.
    pub mark: Option<&'static str>,
}

/// What is done. In texts, `{tomorrow 17:00}` and `{in 31 days}` stand for those moments, `{bundle MARK}` for what a marked
/// act exported, and `{bundle MARK, changed}` for that with one byte changed.
#[derive(Debug, Clone)]
pub enum What {
    /// A command.
    Command {
        /// Its name.
        name: &'static str,
        /// Its arguments.
        arguments: Value,
    },
    /// `issue-api-key` for a user, who speaks for themself from here on.
    Key {
        /// Whose key.
        user: &'static str,
    },
    /// A question to the judge.
    Check(Check),
    /// Which resources of a type somebody may do something to.
    Search {
        /// Who.
        subject: &'static str,
        /// The action.
        action: &'static str,
        /// The type: a kind, or `org`.
        kind: &'static str,
        /// The org acted in.
        acting: Option<&'static str>,
    },
    /// Reading what stands at a path.
    Read {
        /// The path.
        path: &'static str,
    },
}

/// A question to the judge.
#[derive(Debug, Clone)]
pub struct Check {
    /// Who.
    pub subject: &'static str,
    /// The action.
    pub action: &'static str,
    /// With what: `org:educate`, `chart:results`.
    pub resource: &'static str,
    /// The org acted in.
    pub acting: Option<&'static str>,
    /// As it was known at a point of the story.
    pub as_of: Option<Point>,
    /// What is valid at another moment.
    pub at: Option<&'static str>,
}

/// A point of the story.
#[derive(Debug, Clone, Copy)]
pub enum Point {
    /// Just before the events of a marked act.
    Before(&'static str),
    /// Just after them.
    After(&'static str),
}

/// What must come of an act.
#[derive(Debug, Clone)]
pub enum Want {
    /// Done, with events of exactly these types.
    Done(&'static [&'static str]),
    /// Refused by this code, and nothing written.
    Refused(&'static str),
    /// Allowed; among the reasons are these.
    Allow(Vec<Because>),
    /// Denied; among the reasons are these.
    Deny(Vec<Because>),
    /// Exactly these ids, in any order.
    Ids(&'static [&'static str]),
    /// At this place in the answer, this value; nothing, if it is null. Of a question, the answer is to be yes as well.
    Value(&'static str, Value),
}

/// A reason: its code, and perhaps an event that it must cite.
#[derive(Debug, Clone, Copy)]
pub struct Because {
    /// The code.
    pub code: &'static str,
    /// The event of a marked act, by type and subject.
    pub event: Option<Cited>,
}

/// An event of a marked act.
#[derive(Debug, Clone, Copy)]
pub struct Cited {
    /// The mark.
    pub mark: &'static str,
    /// The event's type, without `tenure.` and version.
    pub kind: &'static str,
    /// What it is about: `users/sally`.
    pub subject: &'static str,
}

/// A command line to try when the story is over. `{before MARK}` and `{after MARK}` stand for positions.
#[derive(Debug, Clone, Copy)]
pub struct Try {
    /// What one sees by it.
    pub says: &'static str,
    /// The command line.
    pub line: &'static str,
}

impl Act {
    /// The same act, with a name that later acts can use.
    #[must_use]
    pub const fn marked(mut self, mark: &'static str) -> Self {
        self.mark = Some(mark);
        self
    }
}

/// Somebody sends a command.
pub(super) fn sends(who: &'static str, says: &'static str, name: &'static str, arguments: Value, want: Want) -> Act {
    Act { who, says, what: What::Command { name, arguments }, want, mark: None }
}

/// Somebody has a key issued for a user, who speaks for themself from here on.
pub(super) fn issues_key(who: &'static str, says: &'static str, user: &'static str) -> Act {
    Act { who, says, what: What::Key { user }, want: Want::Done(&["api_key.issued"]), mark: None }
}

/// Somebody asks the judge.
pub(super) fn asks(who: &'static str, says: &'static str, check: Check, want: Want) -> Act {
    Act { who, says, what: What::Check(check), want, mark: None }
}

/// Somebody looks what of a kind they may view, acting in an org.
pub(super) fn looks_for(
    who: &'static str,
    says: &'static str,
    kind: &'static str,
    acting: &'static str,
    ids: &'static [&'static str],
) -> Act {
    let what = What::Search { subject: who, action: "view", kind, acting: Some(acting) };
    Act { who, says, what, want: Want::Ids(ids), mark: None }
}

/// Somebody reads what stands at a path.
pub(super) fn reads(who: &'static str, says: &'static str, path: &'static str, want: Want) -> Act {
    Act { who, says, what: What::Read { path }, want, mark: None }
}

/// May the subject do it?
pub(super) const fn may(subject: &'static str, action: &'static str, resource: &'static str) -> Check {
    Check { subject, action, resource, acting: None, as_of: None, at: None }
}

impl Check {
    /// Acting in the org.
    #[must_use]
    pub const fn acting_in(mut self, org: &'static str) -> Self {
        self.acting = Some(org);
        self
    }

    /// As known at a point of the story.
    #[must_use]
    pub const fn as_of(mut self, point: Point) -> Self {
        self.as_of = Some(point);
        self
    }

    /// As valid at another moment.
    #[must_use]
    pub const fn at(mut self, moment: &'static str) -> Self {
        self.at = Some(moment);
        self
    }
}

/// Allowed, for this reason among others.
pub(super) fn allowed(code: &'static str) -> Want {
    Want::Allow(vec![Because { code, event: None }])
}

/// Denied, for this reason.
pub(super) fn denied(code: &'static str) -> Want {
    Want::Deny(vec![Because { code, event: None }])
}

/// A reason that cites an event of a marked act.
pub(super) const fn because(
    code: &'static str,
    mark: &'static str,
    kind: &'static str,
    subject: &'static str,
) -> Because {
    Because { code, event: Some(Cited { mark, kind, subject }) }
}
