//! Personal folders: their owner's alone, also against administrators. Once the owner is gone, whoever manages all
//! content of the org may take over what they left.

use tenure_events::Position;
use tenure_events::data::Level;

use super::authority::{Standing, belongs_effectively, role_reaches};
use super::reach::{Flow, Reach};
use super::{Code, Subject, administrative};
use crate::store::Version;
use crate::values::{GroupNo, OrgNo, ResourceNo, RoleNo, UserNo, UserStatus, Window};
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

/// For how long what somebody left behind is theirs: a month.
const KEPT_SECONDS: i64 = 30 * 24 * 3_600;

/// Whether a user is gone from an org for good: erased, or left by their own act a month ago. Who is disabled or shut
/// out, whose membership was withdrawn, and whose time is over, may come back: nobody takes over what is theirs.
#[must_use]
pub fn has_left(view: &View<'_>, user: UserNo, org: OrgNo) -> bool {
    let Some(standing) = view.user(user).map(|user| user.value) else { return true };
    if standing.status == UserStatus::Erased || standing.home == org {
        return standing.status == UserStatus::Erased;
    }
    let Some((position, time)) = view.left(user, org) else { return false };
    let ended = |window: &Window| window.until().is_some_and(|until| until <= time);
    let path = Path { view, org, since: position, ended: &ended };
    let member = match view.subscription(user, org) {
        Some((held, _)) => !ended(&held.window),
        None => view.subscription_changed(user, org).is_some_and(|changed| changed > position),
    };
    let own = view.from(|s| &s.role_user, user.0).any(|(role, held)| path.is_of_role(RoleNo(role), held));
    let mut groups = view.from(|s| &s.member, user.0);
    let kept = member || own || groups.any(|(group, there)| path.is_of_group(GroupNo(group), there));
    !kept && time.plus_seconds(KEPT_SECONDS) <= view.instant()
}

/// What may be, or may have been when the user left, a path to the org; or came or went since, by whomever.
struct Path<'p, 'v> {
    view: &'p View<'v>,
    org: OrgNo,
    since: Position,
    ended: &'p dyn Fn(&Window) -> bool,
}

impl Path<'_, '_> {
    fn is_of_role(&self, no: RoleNo, held: Version<Option<Window>>) -> bool {
        let needs_none = !self.view.roles_need_membership() || role_reaches(self.view, no);
        let Some(role) = self.view.role(no).filter(|role| role.value.org.is_none_or(|of| of == self.org)) else {
            return false;
        };
        let there = held.value.is_some_and(|window| !(self.ended)(&window));
        needs_none
            && match there {
                true => role.value.live || role.position > self.since,
                false => held.position > self.since,
            }
    }

    fn is_of_group(&self, no: GroupNo, joined: Version<bool>) -> bool {
        let view = self.view;
        let Some(group) = view.group(no).filter(|group| group.value.org.is_none_or(|of| of == self.org)) else {
            return false;
        };
        let stays = if group.value.live { joined.value } else { joined.value && group.position > self.since };
        let managing = view.managing_group(self.org).is_some_and(|(team, _)| team == no);
        let invited = view.edge(|s| &s.invitation, no.0, self.org.0);
        let invited = invited.is_some_and(|invited| invited.value.is_some() || invited.position > self.since);
        let by_role = || view.from(|s| &s.role_group, no.0).any(|(role, held)| self.is_of_role(RoleNo(role), held));
        (stays || joined.position > self.since) && (managing || invited || by_role())
    }
}
