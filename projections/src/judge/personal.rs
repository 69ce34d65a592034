//! Personal folders: their owner's alone, also against administrators. Once the owner is gone, whoever manages all
//! content of the org may take over what they left.

use tenure_events::Position;
use tenure_events::data::Level;

use super::authority::{Standing, belongs_effectively, role_reaches};
use super::reach::{Flow, Reach};
use super::{Code, Subject, administrative};
use crate::values::{OrgNo, ResourceNo, RoleNo, UserNo, UserStatus, Window};
use crate::view::View;

/// Shows the visitor by which path the subject has content of the org that lies in a personal folder.
pub(super) fn personal(
    view: &View<'_>,
    subject: &Subject,
    (org, resource): (OrgNo, ResourceNo),
    (folder, owner): (ResourceNo, UserNo),
    visit: &mut impl FnMut(&Reach) -> Flow,
) -> Flow {
    let mut reach = |code, events| {
        let (level, copy, from_elsewhere) = (Level::Manage, false, false);
        visit(&Reach { code, level, copy, from_elsewhere, events })
    };
    if subject.opens_personal(owner) && belongs_effectively(view, owner, org) {
        return reach(Code::Personal, [view.resource(folder).map_or(0, |folder| folder.position), 0, 0, 0]);
    }
    if !has_left(view, owner, org) {
        return Flow::Continue(());
    }
    let mut flow = Flow::Continue(());
    let environment = view.resource(resource).and_then(|resource| resource.value.environment);
    let Some(standing) = Standing::read(view, subject.user, org) else { return flow };
    let _: Result<(), Code> = standing.within(environment).holdings(view, |holding| {
        if holding.privileges.and(subject.cap).has(administrative::CONTENT_MANAGE) {
            flow = reach(Code::ContentManage, holding.events);
        }
        flow
    });
    flow
}

/// Whether a user left an org for good: erased, or with no path to it that has not ended. Who is disabled, or shut out
/// with the org's ancestors, may come back.
#[must_use]
pub fn has_left(view: &View<'_>, user: UserNo, org: OrgNo) -> bool {
    let Some(standing) = view.user(user).map(|user| user.value) else { return true };
    if standing.status == UserStatus::Erased || standing.home == org {
        return standing.status == UserStatus::Erased;
    }
    let open = |window: &Window| !window.is_over(view.instant());
    let role = |(role, window, _): (RoleNo, Window, Position)| {
        let counts = |of: Option<OrgNo>| of.is_none_or(|of| of == org);
        let needs_none = !view.roles_need_membership() || role_reaches(view, role);
        let held = || view.role(role).is_some_and(|role| role.value.live && counts(role.value.org));
        open(&window) && needs_none && held()
    };
    let member = view.subscription(user, org).is_some_and(|(held, _)| open(&held.window));
    let invited = view
        .groups_of(user)
        .any(|(group, value, _)| value.org.is_none_or(|of| of == org) && view.invitation(group, org).is_some());
    let managing = view.managing_group(org).is_some_and(|(team, _)| view.membership(user, team).is_some());
    let by_role = view.roles_of_user(user).any(role)
        || view.groups_of(user).any(|(group, ..)| view.roles_of_group(group).any(role));
    !member && !managing && !invited && !by_role
}
