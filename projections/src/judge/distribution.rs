//! Distribution (H): packs that a platform authorises tenants to use, and that those hand on; and the rows that are
//! seen of them.

use tenure_events::Position;
use tenure_events::data::{DataPermission, Level, Nature};

use super::authority::holdings;
use super::reach::{Flow, Reach};
use super::{Code, Question, Subject, acting_org, administrative};
use crate::values::{KindActions, OrgNo, PrivilegeSet, ResourceNo, RoleNo, UserNo};
use crate::view::View;

/// What whoever is allowed to look at content must heed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Obligations<'a> {
    /// The filters that bind them, nearest first, and the events that set them: they see the rows that pass all.
    pub filters: Vec<(&'a str, Position)>,
    /// With whose rights the data is read.
    pub data_permission: Option<DataPermission>,
}

impl Obligations<'_> {
    /// The filters as one: several are ANDed.
    #[must_use]
    pub fn row_filter(&self) -> Option<String> {
        match self.filters.as_slice() {
            [] => None,
            [(only, _)] => Some((*only).to_owned()),
            all => Some(all.iter().map(|(filter, _)| format!("({filter})")).collect::<Vec<_>>().join(" AND ")),
        }
    }
}

/// What comes with an answer that allows something with content.
#[must_use]
pub fn obligations<'a>(view: &View<'a>, question: &Question) -> Obligations<'a> {
    let Some((no, org)) = super::object_resource(question.object)
        .and_then(|no| view.resource(no).map(|resource| (no, resource.value.org)))
    else {
        return Obligations::default();
    };
    let user = question.subject.user;
    let acting = question.acting.or_else(|| acting_org(view, user, org)).unwrap_or(org);
    let data_permission = view.pack(no).and_then(|pack| pack.data_permission);
    Obligations { filters: row_rules(view, user, acting, no).collect(), data_permission }
}

/// The row rules that bind a user, acting in an org, in content: those of the user, of their home, and of that org; of
/// the content and of the folders above it.
pub fn row_rules<'a>(
    view: &View<'a>,
    user: UserNo,
    acting: OrgNo,
    resource: ResourceNo,
) -> impl Iterator<Item = (&'a str, Position)> + use<'a> {
    let view = *view;
    let home = view.home(user);
    view.folders(resource).flat_map(move |at| {
        let own = view.row_rule_of_user(at, user);
        let of_home = home.and_then(|home| view.row_rule_of_org(at, home));
        let of_acting = Some(acting).filter(|org| Some(*org) != home).and_then(|org| view.row_rule_of_org(at, org));
        [own, of_home, of_acting].into_iter().flatten()
    })
}

/// Whether content of a kind goes to tenants at all.
#[must_use]
pub const fn is_distributable(actions: &KindActions) -> bool {
    match actions.nature {
        Nature::Pack | Nature::Folder | Nature::Connection => true,
        Nature::Content | Nature::App => false,
    }
}

/// Since when a tenant is authorised to use content, by itself or by a folder above it: the oldest of what counts.
#[must_use]
pub fn authorised(view: &View<'_>, tenant: OrgNo, resource: ResourceNo) -> Option<Position> {
    let named = view.folders(resource).filter_map(|at| view.distributed_to(at, tenant));
    named.chain(view.folders(resource).filter_map(|at| view.distributed_to_all(at))).min()
}

/// Whether these privileges make their holder one who sees what the tenant may use, and hands it on.
#[must_use]
pub fn is_manager(held: PrivilegeSet, actions: &KindActions) -> bool {
    held.has(administrative::USER_MANAGE) && actions.share.is_none_or(|share| held.has(share))
}

/// Shows the visitor every path by which the subject, acting in a tenant, has content that the tenant may use.
pub(super) fn reaches(
    view: &View<'_>,
    subject: &Subject,
    tenant: OrgNo,
    resource: ResourceNo,
    visit: &mut impl FnMut(&Reach) -> Flow,
) -> Flow {
    let Some(since) = authorised(view, tenant, resource) else { return Flow::Continue(()) };
    let actions = view.resource(resource).and_then(|resource| view.actions(resource.value.kind));
    let Some(actions) = actions.map(|actions| &actions.value).filter(|actions| is_distributable(actions)) else {
        return Flow::Continue(());
    };
    let mut held = PrivilegeSet::NONE;
    let mut flow = Flow::Continue(());
    let _: Result<(), Code> = holdings(view, subject.user, tenant, |holding| {
        held = held.or(holding.privileges.and(subject.cap));
        if let Some(role) = holding.role {
            let [first, ..] = holding.events;
            let to_role = |view: &View<'_>, at| of_tenant(view, role, tenant).and(view.handed_to_role(at, role));
            flow = handed(view, tenant, resource, first, to_role, visit);
            flow?;
        }
        Flow::Continue(())
    });
    flow?;
    if is_manager(held, actions) {
        visit(&reach(Code::Distributed, [since, 0, 0, 0]))?;
    }
    if view.home(subject.user) == Some(tenant) {
        handed(view, tenant, resource, 0, |view, at| view.handed_to_user(at, subject.user), visit)?;
    }
    for (group, value, joined) in view.groups_of(subject.user) {
        if value.org == Some(tenant) {
            handed(view, tenant, resource, joined, |view, at| view.handed_to_group(at, group), visit)?;
        }
    }
    Flow::Continue(())
}

/// What was handed on while the tenant was authorised as it still is: it ends with the authorisation, for good.
fn handed<'a>(
    view: &View<'a>,
    tenant: OrgNo,
    resource: ResourceNo,
    held: Position,
    handed: impl Fn(&View<'a>, ResourceNo) -> Option<Position>,
    visit: &mut impl FnMut(&Reach) -> Flow,
) -> Flow {
    for at in view.folders(resource) {
        if let Some(position) = handed(view, at)
            && let Some(since) = authorised(view, tenant, at).filter(|since| *since < position)
        {
            visit(&reach(Code::HandedOn, [since, position, held, 0]))?;
        }
    }
    Flow::Continue(())
}

fn of_tenant(view: &View<'_>, role: RoleNo, tenant: OrgNo) -> Option<()> {
    view.role(role).filter(|role| role.value.org == Some(tenant)).map(drop)
}

const fn reach(code: Code, events: [Position; 4]) -> Reach {
    Reach { code, level: Level::View, copy: false, from_elsewhere: true, events }
}
