//! What somebody can do with content no more, because an action on its kind begins to need a privilege.

use std::cell::Cell;
use std::ops::ControlFlow;

use tenure_events::Event;
use tenure_events::data::Level;
use tenure_projections::View;
use tenure_projections::judge::{self, Subject};
use tenure_projections::values::{KindNo, OrgNo, PrivilegeNo, PrivilegeSet, ResourceNo, UserNo};

use crate::decide::needed;
use crate::presets::Action;

/// The most pieces of content that are looked at, for all users together.
const MAX_LOOKS: usize = 1_000_000;

/// The actions that begin to need a privilege.
pub(super) struct NewNeeds<'a> {
    before: View<'a>,
    needs: Vec<Need>,
    looks: Cell<usize>,
}

struct Need {
    kind: KindNo,
    privilege: PrivilegeNo,
    what: What,
}

/// What it took before.
#[derive(Clone, Copy)]
enum What {
    /// To belong to the org.
    Make,
    /// To have content at this level, of one's own org.
    Have(Level),
    /// To have it from wherever.
    Look,
}

impl What {
    const fn it_took(action: Action) -> Self {
        match action {
            Action::Create => Self::Make,
            Action::View => Self::Look,
            Action::Edit => Self::Have(Level::Edit),
            Action::Delete | Action::Share => Self::Have(Level::Manage),
        }
    }
}

impl<'a> NewNeeds<'a> {
    /// Those of these events, in the views before and after them.
    pub fn of<'e>(before: View<'a>, after: View<'_>, events: impl Iterator<Item = &'e Event>) -> Self {
        let mut needs = Vec::new();
        for event in events {
            let Event::ResourceKindDefined(e) = event else { continue };
            let Some(kind) = before.find_kind(e.kind.as_str()) else { continue };
            let Some((was, is)) = before.actions(kind).zip(after.actions(kind)) else { continue };
            let new = Action::ALL.into_iter().filter(|action| needed(&was.value, *action).is_none());
            needs.extend(new.filter_map(|action| {
                Some(Need { kind, privilege: needed(&is.value, action)?, what: What::it_took(action) })
            }));
        }
        Self { before, needs, looks: Cell::new(0) }
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.needs.is_empty()
    }

    /// Whether everything could be looked at that had to be.
    pub const fn all_asked(&self) -> bool {
        self.looks.get() < MAX_LOOKS
    }

    /// The privileges that a user, acting in an org, begins to need there for what they could do.
    pub fn lost_by(&self, user: UserNo, org: OrgNo) -> PrivilegeSet {
        if self.needs.is_empty() || !judge::belongs_effectively(&self.before, user, org) {
            return PrivilegeSet::NONE;
        }
        self.needs.iter().filter(|need| self.could(user, org, need)).map(|need| need.privilege).collect()
    }

    fn could(&self, user: UserNo, org: OrgNo, need: &Need) -> bool {
        let of_kind = |no: &ResourceNo| self.before.resource(*no).is_some_and(|found| found.value.kind == need.kind);
        let had = |no: ResourceNo, level: Level| {
            self.looks.set(self.looks.get() + 1);
            self.all_asked() && self.has(user, org, no, level)
        };
        match need.what {
            What::Make => true,
            What::Have(level) => self.before.resources(org).filter(of_kind).any(|no| had(no, level)),
            What::Look => {
                let all = self.before.all_orgs().flat_map(|of| self.before.resources(of));
                all.filter(of_kind).any(|no| had(no, Level::View))
            }
        }
    }

    fn has(&self, user: UserNo, acting: OrgNo, no: ResourceNo, level: Level) -> bool {
        let mut found = false;
        judge::reaches(&self.before, &Subject::from(user), acting, no, |reach| {
            found |= reach.level >= level;
            if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        found
    }
}
