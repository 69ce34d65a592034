//! The judge: one evaluator for live checks, past checks, what-if and explain.
//!
//! Deny unless the subject, its home, the org it acts in and the resource's org stand; the subject holds the privilege
//! that the action names in the resource's org; and, for content, has it at the level that the action needs.

mod association;
mod authority;
mod code;
mod distribution;
mod member;
mod named;
pub mod outside;
mod personal;
mod reach;
mod subject;

use std::ops::ControlFlow;

use tenure_events::Position;
use tenure_events::data::Level;

use crate::values::{EnvironmentNo, KindActions, OrgNo, PrivilegeNo, ResourceNo, UserNo};
use crate::view::View;

pub use association::GUEST;
pub use authority::{
    Cap, Holding, SYSTEM_ADMINISTRATOR, Standing, belongs, belongs_effectively, holdings, is_system_administrator,
    manages, manages_from_above, manages_inside, orgs_of, privileges, privileges_as, privileges_read,
    privileges_within, reaches_down, role_reaches, roles_of, suspended,
};
pub use code::Code;
pub use distribution::{Obligations, authorised, is_distributable, is_manager, obligations, row_rules};
pub use member::{Member, supposed_member};
pub use named::{Asked, Resolved, Thing, Who, acting};
pub use personal::has_left;
pub use reach::{Reach, reaches};
pub use subject::Subject;

/// Privileges that every preset has, at the same places of the catalogue.
pub mod administrative {
    use crate::values::PrivilegeNo;

    /// Their names, in the order of their numbers.
    pub const NAMES: [&str; 12] = [
        "org.manage",
        "user.manage",
        "subscription.manage",
        "role.manage",
        "group.manage",
        "content.manage",
        "landlord.manage",
        "licence.manage",
        "key.manage",
        "audit.read",
        "access.check",
        "act-as",
    ];
    /// Make and manage the orgs below.
    pub const ORG_MANAGE: PrivilegeNo = PrivilegeNo(0);
    /// Make and manage home users.
    pub const USER_MANAGE: PrivilegeNo = PrivilegeNo(1);
    /// Make users members, and manage what they hold as members.
    pub const SUBSCRIPTION_MANAGE: PrivilegeNo = PrivilegeNo(2);
    /// Define and assign roles.
    pub const ROLE_MANAGE: PrivilegeNo = PrivilegeNo(3);
    /// Make groups and manage their members.
    pub const GROUP_MANAGE: PrivilegeNo = PrivilegeNo(4);
    /// Manage all content of the org.
    pub const CONTENT_MANAGE: PrivilegeNo = PrivilegeNo(5);
    /// Exclude and admit the org's ancestors.
    pub const LANDLORD_MANAGE: PrivilegeNo = PrivilegeNo(6);
    /// Install licences.
    pub const LICENCE_MANAGE: PrivilegeNo = PrivilegeNo(7);
    /// Issue and revoke keys of others.
    pub const KEY_MANAGE: PrivilegeNo = PrivilegeNo(8);
    /// Read the org's history.
    pub const AUDIT_READ: PrivilegeNo = PrivilegeNo(9);
    /// Ask what others may do.
    pub const ACCESS_CHECK: PrivilegeNo = PrivilegeNo(10);
    /// Act as users of the org.
    pub const ACT_AS: PrivilegeNo = PrivilegeNo(11);
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// What this privilege stands for; on content, also at the level that the kind's action needs.
    Privilege(PrivilegeNo),
    /// Something at this level.
    Level(Level),
    /// Copy content.
    Copy,
}

/// What it is to be done with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Object {
    /// An org as such.
    Org(OrgNo),
    /// A piece of content.
    Resource(ResourceNo),
    /// An environment as such.
    Environment(EnvironmentNo),
}

/// A question to the judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// Who.
    pub subject: Subject,
    /// What.
    pub action: Action,
    /// With what.
    pub object: Object,
    /// The org that the subject acts in; chosen by [`acting_org`] where none is named.
    pub acting: Option<OrgNo>,
}

/// What the judge found, one piece: a code and the events that made it so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What.
    pub code: Code,
    /// Because of these events, oldest first.
    pub events: Vec<Position>,
}

/// What to keep of the judge's way. `()` keeps nothing and lets it stop at the first path that suffices.
pub trait Trace {
    /// Whether further paths are of interest after one that suffices.
    const ALL: bool;
    /// A finding; positions of 0 mean nothing.
    fn add(&mut self, code: Code, events: &[Position]);
}

impl Trace for () {
    const ALL: bool = false;
    fn add(&mut self, _: Code, _: &[Position]) {}
}

impl Trace for Vec<Reason> {
    const ALL: bool = true;
    fn add(&mut self, code: Code, events: &[Position]) {
        let mut events: Vec<Position> = events.iter().copied().filter(|position| *position > 0).collect();
        events.sort_unstable();
        events.dedup();
        let reason = Reason { code, events };
        if !self.contains(&reason) {
            self.push(reason);
        }
    }
}

/// Whether the subject may do it, as known and valid in the view. Allocates nothing with `()` as the trace.
pub fn check(view: &View<'_>, question: &Question, trace: &mut impl Trace) -> bool {
    decide(view, question, trace).unwrap_or_else(|code| {
        deny(view, question, code, trace);
        false
    })
}

/// Whether the subject may do it, and every reason.
#[must_use]
pub fn explain(view: &View<'_>, question: &Question) -> (bool, Vec<Reason>) {
    let mut reasons = Vec::new();
    let allowed = check(view, question, &mut reasons);
    reasons.retain(|reason| reason.code.is_denial() != allowed);
    (allowed, reasons)
}

/// The org that a user acts in for something of `target`: the one they chose, or their home once they lost it; before
/// any choice the target's, if they belong there, else their home.
#[must_use]
pub fn acting_org(view: &View<'_>, user: UserNo, target: OrgNo) -> Option<OrgNo> {
    let first = view.active_org(user).unwrap_or(target);
    let usable = view.is_live(first) && belongs_effectively(view, user, first);
    if usable { Some(first) } else { view.home(user) }
}

/// The privilege that an action on content of a kind needs in the content's org, beside having it at a level.
pub(crate) fn privilege_needed(view: &View<'_>, action: Action, actions: &KindActions) -> Option<PrivilegeNo> {
    needs_on_content(view, action, actions).ok()?.0
}

/// Notes a denial, with the events that took away what would have allowed it where somebody wants to know.
fn deny<T: Trace>(view: &View<'_>, question: &Question, code: Code, trace: &mut T) {
    if !T::ALL {
        return trace.add(code, &[]);
    }
    let (user, org) = (question.subject.user, object_org(view, question.object));
    let of_user = || view.user(user).map(|user| user.position);
    let of_org = |org: Option<OrgNo>| org.and_then(|org| view.org(org)).map(|org| org.position);
    let excluded = |org: OrgNo| {
        let shut = view.lineage(org).filter(|org| view.excludes_landlord(*org));
        shut.filter_map(|org| view.landlord(org)).map(|landlord| landlord.position).collect::<Vec<_>>()
    };
    let events: Vec<Position> = match code {
        Code::UserDisabled => of_user().into_iter().collect(),
        Code::HomeOrgNotLive => of_org(view.home(user)).into_iter().collect(),
        Code::ActingOrgNotLive => of_org(question.acting).into_iter().collect(),
        Code::OrgNotLive => of_org(org).into_iter().collect(),
        Code::LandlordExcluded => org.map(excluded).unwrap_or_default(),
        Code::TrialOver | Code::LicenceExpired => {
            let orgs = [view.home(user), question.acting, org];
            orgs.into_iter().flatten().filter_map(|org| view.licence_over(org)).map(|over| over.position).collect()
        }
        Code::NotHeld | Code::NoSubscription => {
            org.and_then(|org| view.subscription_changed(user, org)).into_iter().collect()
        }
        Code::RowRule => match object_resource(question.object) {
            Some(no) => {
                let acting = question.acting.or(org).unwrap_or(OrgNo(0));
                row_rules(view, user, acting, no).map(|(_, position)| position).collect()
            }
            None => Vec::new(),
        },
        Code::TenantPermissionMissing => {
            privilege_of(view, question).map(|privilege| view.closed_by(user, privilege)).unwrap_or_default()
        }
        Code::ResourceUnknown => match question.object {
            Object::Resource(no) => view.resource(no).map(|resource| resource.position).into_iter().collect(),
            Object::Environment(no) => view.environment(no).map(|found| found.position).into_iter().collect(),
            Object::Org(_) => Vec::new(),
        },
        Code::Subscription
        | Code::Role
        | Code::RoleThroughGroup
        | Code::GlobalRole
        | Code::ManagingTeam
        | Code::Invitation
        | Code::EnvironmentInvitation
        | Code::TenantPermission
        | Code::Home
        | Code::ContentManage
        | Code::Created
        | Code::Personal
        | Code::SharedWithUser
        | Code::SharedWithRole
        | Code::SharedWithGroup
        | Code::SharedWithOrg
        | Code::SharedWithAllOrgs
        | Code::Association
        | Code::AssociationAdmin
        | Code::Distributed
        | Code::HandedOn
        | Code::UserUnknown
        | Code::ActingOrgNotTheirs
        | Code::ActionUnknown
        | Code::LevelMissing
        | Code::KeyOfOtherOrg
        | Code::KeyCapped
        | Code::CallerNotPermitted => Vec::new(),
    };
    trace.add(code, &events);
}

fn object_resource(object: Object) -> Option<ResourceNo> {
    match object {
        Object::Resource(no) => Some(no),
        Object::Org(_) | Object::Environment(_) => None,
    }
}

/// The privilege that a question is about in the end.
fn privilege_of(view: &View<'_>, question: &Question) -> Option<PrivilegeNo> {
    match question.object {
        Object::Org(_) | Object::Environment(_) => needs_on_org(question.action).ok()?,
        Object::Resource(no) => {
            let actions = view.actions(view.resource(no)?.value.kind)?.value;
            privilege_needed(view, question.action, &actions)
        }
    }
}

fn object_org(view: &View<'_>, object: Object) -> Option<OrgNo> {
    match object {
        Object::Org(org) => Some(org),
        Object::Resource(no) => view.resource(no).map(|resource| resource.value.org),
        Object::Environment(no) => view.environment(no).map(|environment| environment.value.org),
    }
}

type Verdict = Result<bool, Code>;

fn decide(view: &View<'_>, question: &Question, trace: &mut impl Trace) -> Verdict {
    let Question { subject, action, object, acting } = *question;
    let (org, environment, resource) = match object {
        Object::Org(org) => (org, None, None),
        Object::Resource(no) => {
            let resource = view.resource(no).filter(|resource| resource.value.live).ok_or(Code::ResourceUnknown)?;
            (resource.value.org, resource.value.environment, Some((no, resource.value.kind)))
        }
        Object::Environment(no) => {
            let found = view.environment(no).filter(|found| found.value.live).ok_or(Code::ResourceUnknown)?;
            (found.value.org, Some(no), None)
        }
    };
    let standing = Standing::read(view, subject.user, org).ok_or(Code::UserUnknown)?.within(environment);
    standing.stands(view)?;
    let acting = match acting {
        Some(acting) if acting == org && resource.is_none() => acting,
        Some(acting) => {
            let member = view.home(subject.user) == Some(acting) || belongs_effectively(view, subject.user, acting);
            member.then_some(acting).ok_or(Code::ActingOrgNotTheirs)?
        }
        None if resource.is_none() => org,
        None => acting_org(view, subject.user, org).ok_or(Code::UserUnknown)?,
    };
    if acting != org {
        let row = &view.org(acting).ok_or(Code::ActingOrgNotLive)?.value;
        authority::works(view, acting, row, Code::ActingOrgNotLive)?;
    }
    if subject.only.is_some_and(|only| only != acting || only != org) {
        return Err(Code::KeyOfOtherOrg);
    }
    let (privilege, level, looks) = match resource {
        None => (needs_on_org(action)?, None, false),
        Some((no, kind)) => {
            let actions = view.actions(kind).ok_or(Code::ResourceUnknown)?.value;
            let (privilege, level) = needs_on_content(view, action, &actions)?;
            let unnamed = matches!(level, Some(Need::Level(Level::Edit | Level::Manage))) && privilege.is_none();
            if unnamed && !subject.cap.has(administrative::CONTENT_MANAGE) {
                // Where a kind names no privilege for it, a limited key changes content by managing all of it, or not.
                return Err(Code::KeyCapped);
            }
            (privilege, level.map(|level| (no, level)), is_look(action, &actions))
        }
    };
    if let Some(privilege) = privilege {
        // What it takes to look at a kind of content is needed where one looks from.
        let from = if looks && acting != org { Standing::read(view, subject.user, acting) } else { None };
        holds(view, from.as_ref().unwrap_or(&standing), &subject, privilege, trace)?;
    } else if resource.is_none() && !belongs(view, subject.user, org, trace) {
        return Err(Code::NotHeld);
    }
    match level {
        Some((no, need)) => has(view, &subject, acting, no, need, trace),
        None => Ok(true),
    }
}

/// What an action on an org, or an environment of it, needs: a privilege, or, to view it, belonging to it.
fn needs_on_org(action: Action) -> Result<Option<PrivilegeNo>, Code> {
    match action {
        Action::Privilege(privilege) => Ok(Some(privilege)),
        Action::Level(Level::View) => Ok(None),
        Action::Level(Level::Manage) => Ok(Some(administrative::ORG_MANAGE)),
        Action::Level(Level::Use | Level::Edit) | Action::Copy => Err(Code::ActionUnknown),
    }
}

/// What an action on content needs: a privilege in its org, and how much of the content itself.
fn needs_on_content(
    view: &View<'_>,
    action: Action,
    actions: &KindActions,
) -> Result<(Option<PrivilegeNo>, Option<Need>), Code> {
    Ok(match action {
        Action::Level(Level::View) => (actions.view, Some(Need::Level(Level::View))),
        Action::Level(Level::Use) => (actions.view, Some(Need::Level(Level::Use))),
        Action::Level(Level::Edit) => (actions.edit, Some(Need::Level(Level::Edit))),
        Action::Level(Level::Manage) => (actions.share, Some(Need::Level(Level::Manage))),
        Action::Copy => (actions.view, Some(Need::Copy)),
        Action::Privilege(privilege) => {
            let is = |action: Option<PrivilegeNo>| action == Some(privilege);
            let level = if is(actions.delete) || is(actions.share) {
                Some(Level::Manage)
            } else if is(actions.edit) || is(actions.create) {
                Some(Level::Edit)
            } else if is(actions.view) {
                Some(Level::View)
            } else if usize::from(privilege.0) < administrative::NAMES.len() {
                None
            } else if makes(view, privilege) {
                // To make something of another kind in this.
                Some(Level::Edit)
            } else {
                return Err(Code::ActionUnknown);
            };
            (Some(privilege), level.map(Need::Level))
        }
    })
}

/// Whether an action looks at content and leaves it as it is.
pub(crate) fn is_look(action: Action, actions: &KindActions) -> bool {
    match action {
        Action::Level(Level::View | Level::Use) | Action::Copy => true,
        Action::Level(Level::Edit | Level::Manage) => false,
        Action::Privilege(privilege) => {
            let other = [actions.create, actions.edit, actions.delete, actions.share].contains(&Some(privilege));
            actions.view == Some(privilege) && !other
        }
    }
}

/// Whether some kind of content is made by this privilege.
fn makes(view: &View<'_>, privilege: PrivilegeNo) -> bool {
    view.kinds().filter_map(|kind| view.actions(kind)).any(|actions| actions.value.create == Some(privilege))
}

/// How much of content an action needs.
#[derive(Debug, Clone, Copy)]
enum Need {
    Level(Level),
    Copy,
}

fn holds<T: Trace>(
    view: &View<'_>,
    standing: &Standing<'_>,
    subject: &Subject,
    privilege: PrivilegeNo,
    trace: &mut T,
) -> Result<(), Code> {
    if !subject.cap.has(privilege) {
        return Err(Code::KeyCapped);
    }
    if standing.closed().has(privilege) {
        return Err(Code::TenantPermissionMissing);
    }
    let mut found = false;
    let stopped = standing.holdings(view, |holding| {
        if !holding.privileges.has(privilege) {
            return ControlFlow::Continue(());
        }
        found = true;
        stop_unless_all(holding.code, &holding.events, trace)
    });
    match stopped {
        Err(code) if !found => Err(code),
        Ok(()) | Err(_) if found => {
            if T::ALL {
                let opened = view.opened_by(subject.user, privilege);
                opened.iter().for_each(|events| trace.add(Code::TenantPermission, events));
            }
            Ok(())
        }
        Ok(()) | Err(_) => Err(Code::NotHeld),
    }
}

fn has(
    view: &View<'_>,
    subject: &Subject,
    acting: OrgNo,
    no: ResourceNo,
    need: Need,
    trace: &mut impl Trace,
) -> Verdict {
    let mut found = false;
    reaches(view, subject, acting, no, |reach| {
        let enough = match need {
            Need::Level(level) => reach.level >= level,
            // Inside one's own org whoever may edit may copy; from elsewhere the share must say so.
            Need::Copy => reach.copy || (!reach.from_elsewhere && reach.level >= Level::Edit),
        };
        if !enough {
            return ControlFlow::Continue(());
        }
        found = true;
        stop_unless_all(reach.code, &reach.events, trace)
    });
    if !found {
        return Err(Code::LevelMissing);
    }
    let bound = matches!(need, Need::Copy) && row_rules(view, subject.user, acting, no).next().is_some();
    if bound { Err(Code::RowRule) } else { Ok(true) }
}

fn stop_unless_all<T: Trace>(code: Code, events: &[Position], trace: &mut T) -> ControlFlow<()> {
    trace.add(code, events);
    if T::ALL { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}
