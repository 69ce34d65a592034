//! Questions in the words of the log: ids, and names of actions.

use tenure_events::data::Level;

use super::{Action, Code, Object, Question, Subject};
use crate::view::View;

/// A question by ids. Whoever asks the same again resolves it once, by [`Asked::question`], and keeps that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked<'q> {
    /// Which user.
    pub user: &'q str,
    /// What: a privilege, or `view`, `use`, `edit`, `manage`, `copy`.
    pub action: &'q str,
    /// With what.
    pub thing: Thing<'q>,
    /// The org that the user acts in, where that is said.
    pub acting_org: Option<&'q str>,
}

/// What a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing<'q> {
    /// An org as such.
    Org(&'q str),
    /// A piece of content.
    Resource(&'q str),
}

impl Asked<'_> {
    /// The question to the judge.
    ///
    /// # Errors
    /// The code of the denial if something that it names is not known in the view.
    pub fn question(&self, view: &View<'_>) -> Result<Question, Code> {
        let subject = Subject::from(view.find_user(self.user).ok_or(Code::UserUnknown)?);
        let object = match self.thing {
            Thing::Org(org) => view.find_org(org).map(Object::Org),
            Thing::Resource(resource) => view.find_resource(resource).map(Object::Resource),
        };
        let object = object.ok_or(Code::ResourceUnknown)?;
        let action = Action::named(view, self.action).ok_or(Code::ActionUnknown)?;
        let acting = self.acting_org.map(|org| view.find_org(org).ok_or(Code::ActingOrgNotTheirs)).transpose()?;
        Ok(Question { subject, action, object, acting })
    }
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
