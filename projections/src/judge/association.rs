//! Association (O): what a master shares with its role `guest` is had from its sub-tenants, by roles of the same names.

use std::ops::ControlFlow;

use tenure_events::Position;
use tenure_events::data::Level;

use super::authority::holdings;
use super::reach::{Flow, Reach, valid};
use super::{Code, Subject, administrative};
use crate::values::{OrgNo, ResourceNo, Role, RoleNo, Share, WordNo};
use crate::view::View;

/// The role that content must be shared with, at least, for a sub-tenant to see it.
pub const GUEST: &str = "guest";

/// The most that is had of a master from its sub-tenant, by whatever path: nothing is changed from there.
pub(super) const MOST: Level = Level::Use;

/// An org, its master, and the event that made it so.
#[derive(Clone, Copy)]
pub(super) struct Association {
    pub sub: OrgNo,
    pub master: OrgNo,
    pub since: Position,
}

/// Shows the visitor every path by which the subject, acting in the sub-tenant, has content of the master.
pub(super) fn reaches(
    view: &View<'_>,
    subject: &Subject,
    association: Association,
    resource: ResourceNo,
    visit: &mut impl FnMut(&Reach) -> Flow,
) -> Flow {
    let Association { sub, master, since } = association;
    let gate = gate(view, master, resource);
    let mut manages_sub = None;
    let mut flow = Flow::Continue(());
    let _: Result<(), Code> = holdings(view, subject.user, sub, |holding| {
        if holding.privileges.and(subject.cap).has(administrative::CONTENT_MANAGE) {
            manages_sub = manages_sub.or(holding.events.first().copied());
        }
        let role = holding.role.and_then(|no| of_org(view, no, sub));
        if let (Some(gate), Some(role)) = (gate, role) {
            for (share, position) in shared_with_name(view, master, resource, role.word) {
                let [held, ..] = holding.events;
                let (level, events) = (share.level.min(MOST), [since, gate, position, held]);
                let code = Code::Association;
                flow = visit(&Reach { code, level, copy: true, from_elsewhere: true, events });
                flow?;
            }
        }
        Flow::Continue(())
    });
    flow?;
    let Some(here) = manages_sub else { return Flow::Continue(()) };
    let mut there = None;
    let _: Result<(), Code> = holdings(view, subject.user, master, |holding| {
        if !holding.privileges.and(subject.cap).has(administrative::CONTENT_MANAGE) {
            return Flow::Continue(());
        }
        there = holding.events.first().copied();
        ControlFlow::Break(())
    });
    match there {
        Some(there) => {
            let (code, level, events) = (Code::AssociationAdmin, Level::View, [since, here, there, 0]);
            visit(&Reach { code, level, copy: false, from_elsewhere: true, events })
        }
        None => Flow::Continue(()),
    }
}

/// Whether the content, or a folder above it, is shared with the master's role `guest`, and by which event.
fn gate(view: &View<'_>, master: OrgNo, resource: ResourceNo) -> Option<Position> {
    let guest = view.role_word(GUEST)?;
    shared_with_name(view, master, resource, guest).map(|(_, position)| position).next()
}

/// The valid shares of the content, and of the folders above it, with the master's role of a name.
fn shared_with_name<'a>(
    view: &View<'a>,
    master: OrgNo,
    resource: ResourceNo,
    word: WordNo,
) -> impl Iterator<Item = (Share, Position)> + use<'a> {
    let view = *view;
    let shares = view.folders(resource).flat_map(move |at| view.roles_with_share(at));
    shares.filter_map(move |(role, share, position)| {
        of_org(&view, role, master).filter(|role| role.word == word)?;
        valid(&view, Some((share, position)))
    })
}

/// A live role of an org.
fn of_org<'a>(view: &View<'a>, role: RoleNo, org: OrgNo) -> Option<&'a Role> {
    view.role(role).map(|role| &role.value).filter(|role| role.live && role.org == Some(org))
}
