//! Reach: at which level a user has a piece of content, by which paths.

use std::ops::ControlFlow;

use tenure_events::Position;
use tenure_events::data::{CrossOrgShares, Level, Nature};

use super::association::{self, Association};
use super::authority::{Standing, belongs_effectively, reaches_down};
use super::personal::personal;
use super::{Code, Subject, administrative, distribution, outside};
use crate::values::{OrgNo, ResourceNo, RoleNo, Share};
use crate::view::View;

/// One path by which content is had.
#[derive(Debug, Clone, Copy)]
pub struct Reach {
    /// Which path.
    pub code: Code,
    /// How much.
    pub level: Level,
    /// May be copied into another org.
    pub copy: bool,
    /// Had from another org than the content's own.
    pub from_elsewhere: bool,
    /// The events that made it, padded with 0.
    pub events: [Position; 4],
}

/// Shows the visitor every path by which the subject, acting in an org, has the content, until it breaks.
///
/// From its own org: by managing all content there, by having made it, or by a share with the user, a role or group of
/// theirs, or the org. From another org: by a share with that org or with all orgs, downward; by what the org was
/// authorised to use; as its master's. What lies in a personal folder is had by its owner and by nobody else, as long as
/// they are there. Whoever is shut out of the content's org has none of it, from whichever org they act in.
pub fn reaches(
    view: &View<'_>,
    subject: &Subject,
    acting: OrgNo,
    resource: ResourceNo,
    mut visit: impl FnMut(&Reach) -> ControlFlow<()>,
) {
    let Some(org) = view.resource(resource).map(|resource| resource.value.org) else {
        return;
    };
    let _: ControlFlow<()> = if let Some(folder) = view.personal_of(resource) {
        if acting == org { personal(view, subject, (org, resource), folder, &mut visit) } else { Flow::Continue(()) }
    } else if acting == org {
        inside(view, subject, org, resource, &mut visit)
    } else {
        elsewhere(view, subject, acting, org, resource, &mut visit)
    };
}

pub(super) type Flow = ControlFlow<()>;

fn inside(
    view: &View<'_>,
    subject: &Subject,
    org: OrgNo,
    resource: ResourceNo,
    visit: &mut impl FnMut(&Reach) -> Flow,
) -> Flow {
    if !belongs_effectively(view, subject.user, org) {
        return Flow::Continue(());
    }
    let reach = |code, level, copy, events| Reach { code, level, copy, from_elsewhere: false, events };
    if let Some(version) = view.resource(resource).filter(|version| version.value.creator == subject.user) {
        visit(&reach(Code::Created, Level::Manage, false, [version.position, 0, 0, 0]))?;
    }
    let mut flow = Flow::Continue(());
    let environment = view.resource(resource).and_then(|resource| resource.value.environment);
    let Some(standing) = Standing::read(view, subject.user, org) else {
        return Flow::Continue(());
    };
    let _: Result<(), Code> = standing.within(environment).holdings(view, |holding| {
        if holding.privileges.and(subject.cap).has(administrative::CONTENT_MANAGE) {
            flow = visit(&reach(Code::ContentManage, Level::Manage, false, holding.events));
            flow?;
        }
        if let Some(role) = holding.role {
            flow = shared_with_role(view, resource, role, holding.events, visit);
            flow?;
        }
        Flow::Continue(())
    });
    flow?;
    for at in view.folders(resource) {
        let mut shared = |code, share: Option<(Share, Position)>, since| match valid(view, share) {
            Some((share, position)) => visit(&reach(code, share.level, share.copy, [since, position, 0, 0])),
            None => Flow::Continue(()),
        };
        shared(Code::SharedWithUser, view.share_with_user(at, subject.user), 0)?;
        for (group, value, joined) in view.groups_of(subject.user) {
            if value.org.is_none_or(|of| of == org) {
                shared(Code::SharedWithGroup, view.share_with_group(at, group), joined)?;
            }
        }
        shared(Code::SharedWithOrg, view.share_with_org(at, org), 0)?;
        shared(Code::SharedWithAllOrgs, view.share_with_all(at), 0)?;
    }
    Flow::Continue(())
}

fn shared_with_role(
    view: &View<'_>,
    resource: ResourceNo,
    role: RoleNo,
    held: [Position; 4],
    visit: &mut impl FnMut(&Reach) -> Flow,
) -> Flow {
    for at in view.folders(resource) {
        if let Some((share, position)) = valid(view, view.share_with_role(at, role)) {
            let [one, two, three, _] = held;
            let (level, copy, events) = (share.level, share.copy, [one, two, three, position]);
            visit(&Reach { code: Code::SharedWithRole, level, copy, from_elsewhere: false, events })?;
        }
    }
    Flow::Continue(())
}

fn elsewhere(
    view: &View<'_>,
    subject: &Subject,
    acting: OrgNo,
    org: OrgNo,
    resource: ResourceNo,
    visit: &mut impl FnMut(&Reach) -> Flow,
) -> Flow {
    let downward = view.cross_org_shares() == CrossOrgShares::Downward && view.is_above(org, acting);
    let master = view.master(acting).filter(|(master, _)| *master == org);
    if (!downward && master.is_none())
        || !belongs_effectively(view, subject.user, acting)
        || is_for_its_org(view, org, resource)
        || !is_let_in(view, subject, acting, org)
    {
        return Flow::Continue(());
    }
    let most = if master.is_some() { association::MOST } else { Level::Manage };
    if downward {
        for at in view.folders(resource) {
            let with_org = (Code::SharedWithOrg, view.share_with_org(at, acting));
            let with_all = (Code::SharedWithAllOrgs, view.share_with_all(at));
            for (code, share) in [with_org, with_all] {
                if let Some((share, position)) = valid(view, share) {
                    let (level, copy, events) = (share.level.min(most), share.copy, [position, 0, 0, 0]);
                    visit(&Reach { code, level, copy, from_elsewhere: true, events })?;
                }
            }
        }
        distribution::reaches(view, subject, acting, resource, visit)?;
    }
    match master {
        Some((master, since)) => {
            association::reaches(view, subject, Association { sub: acting, master, since }, resource, visit)
        }
        None => Flow::Continue(()),
    }
}

/// Whether an org lets somebody have its content who acts in another: neither their home nor that other is an ancestor
/// that it excludes, nor did people of such a one make them.
fn is_let_in(view: &View<'_>, subject: &Subject, acting: OrgNo, org: OrgNo) -> bool {
    reaches_down(view, acting, org)
        && view.home(subject.user).is_some_and(|home| reaches_down(view, home, org))
        && !outside::is_puppet(view, subject.user, org)
}

/// Apps that a tenant publishes are for that tenant.
fn is_for_its_org(view: &View<'_>, org: OrgNo, resource: ResourceNo) -> bool {
    let kind = view.resource(resource).map(|resource| resource.value.kind);
    let app = kind.and_then(|kind| view.actions(kind)).is_some_and(|actions| actions.value.nature == Nature::App);
    app && view.parent(org).is_some()
}

pub(super) fn valid(view: &View<'_>, share: Option<(Share, Position)>) -> Option<(Share, Position)> {
    share.filter(|(share, _)| share.window.holds(view.instant()))
}
