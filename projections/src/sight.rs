//! Sight: who may see what, and who may ask what. Asked of the live view always, whatever moment a question is about:
//! who is shut out today reads nothing of yesterday.
//!
//! Nothing here minds whether the thing seen is still there: what is closed, deleted or withdrawn can be read about in
//! the past. What may not be seen is told to be not there, and cannot be named in a command.

use tenure_events::Position;
use tenure_events::data::{Level, Lifecycle, TenantUsers};

use crate::history::{Entity, Order, history};
use crate::judge::administrative::{
    ACCESS_CHECK, ACT_AS, AUDIT_READ, GROUP_MANAGE, KEY_MANAGE, ORG_MANAGE, ROLE_MANAGE, SUBSCRIPTION_MANAGE,
    USER_MANAGE,
};
use crate::judge::{self, Action, Object, Question, Subject};
use crate::values::{
    EnvironmentNo, GroupNo, IssuerNo, KeyNo, OrgNo, PrivilegeNo, PrivilegeSet, ResourceNo, RoleNo, UserNo, UserStatus,
    Window,
};
use crate::view::View;

/// How much somebody may be told about what a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// The decision, its reasons, and searches.
    Full,
    /// The decision alone.
    Bare,
    /// Nothing, whatever exists.
    No,
}

/// Whether the viewer sees an org: belongs to it, audits it, or manages it as an org from above.
#[must_use]
pub fn sees_org(view: &View<'_>, viewer: &Subject, org: OrgNo) -> bool {
    belongs(view, viewer, org) || judge::manages(view, viewer, org) || reads_history(view, viewer, org)
}

/// Whether the viewer sees what an org is made of: its environments, what it says it is for. As they see the org, unless
/// they manage it from above and the org excludes those above.
#[must_use]
pub fn sees_inside(view: &View<'_>, viewer: &Subject, org: OrgNo) -> bool {
    belongs(view, viewer, org) || judge::manages_inside(view, viewer, org) || reads_history(view, viewer, org)
}

/// Whether the viewer sees an environment: as they see what its org is made of.
#[must_use]
pub fn sees_environment(view: &View<'_>, viewer: &Subject, environment: EnvironmentNo) -> bool {
    view.environment(environment).is_some_and(|found| sees_inside(view, viewer, found.value.org))
}

/// Whether the viewer sees a user: themself, those of the same home, and those whose home or membership they manage or
/// audit.
/// Until a second org has ever existed, where the platform is set so, only those below them.
#[must_use]
pub fn sees_user(view: &View<'_>, viewer: &Subject, target: UserNo) -> bool {
    if !view.stands(viewer.user) {
        return false;
    }
    if target == viewer.user {
        return true;
    }
    let Some(user) = view.user(target).map(|user| user.value) else {
        return false;
    };
    if user.status == UserStatus::Erased {
        let reads = holds_any(view, viewer, user.home, &[USER_MANAGE]) || reads_history(view, viewer, user.home);
        return reads && !is_hidden(view, viewer, target);
    }
    if is_single(view) {
        return is_below(view, viewer.user, target);
    }
    let manages =
        |org| holds_any(view, viewer, org, &[USER_MANAGE, SUBSCRIPTION_MANAGE]) || reads_history(view, viewer, org);
    (view.home(viewer.user) == Some(user.home) && in_reach(viewer, user.home))
        || manages(user.home)
        || view.subscriptions(target).any(|(org, ..)| manages(org))
}

/// Whether the viewer sees a group: one of an org that they belong to; a global one that they are a member of, or any
/// global one if they manage groups at the root, give tenant permissions, manage an org on a platform of teams (A), or,
/// where system administrators reach, roles in any org; and the teams that are invited to an org that they belong to.
#[must_use]
pub fn sees_group(view: &View<'_>, viewer: &Subject, group: GroupNo) -> bool {
    match view.group(group).map(|group| group.value.org) {
        Some(Some(org)) => belongs(view, viewer, org) || reads_history(view, viewer, org),
        Some(None) => {
            let member = view.stands(viewer.user) && view.membership(viewer.user, group).is_some();
            member
                || at_root(view, viewer, GROUP_MANAGE)
                || assigns_everywhere(view, viewer)
                || view.invitations(group).any(|(org, _)| belongs(view, viewer, org))
                || invites_teams(view, viewer)
        }
        None => false,
    }
}

/// Whether the viewer sees tenant permissions, and gives and takes them: as one of the administrators, with all that
/// they have. For others they are not there.
#[must_use]
pub fn sees_tenant_permissions(view: &View<'_>, viewer: &Subject) -> bool {
    viewer.is_whole() && view.stands(viewer.user) && view.administrator_since(viewer.user).is_some()
}

/// Whether the viewer may name teams that they are not in: whom to give a tenant permission, or to invite.
fn invites_teams(view: &View<'_>, viewer: &Subject) -> bool {
    let of_teams = view.settings().is_some_and(|settings| settings.value.lifecycle == Lifecycle::ManagingTeam);
    let manages = |org| holds_any(view, viewer, org, &[ORG_MANAGE]);
    let mut groups = view.groups_of(viewer.user).map(|(group, ..)| group);
    sees_tenant_permissions(view, viewer) || (of_teams && groups.any(|group| view.managed_by(group).any(manages)))
}

/// Whether the viewer sees a role: one of an org that they belong to; a global one that they hold, or any global one
/// if they manage roles at the root.
#[must_use]
pub fn sees_role(view: &View<'_>, viewer: &Subject, role: RoleNo) -> bool {
    match view.role(role).map(|role| role.value.org) {
        Some(Some(org)) => belongs(view, viewer, org) || reads_history(view, viewer, org),
        Some(None) => {
            (view.stands(viewer.user) && is_assigned(view, viewer.user, role)) || at_root(view, viewer, ROLE_MANAGE)
        }
        None => false,
    }
}

/// Whether the viewer, acting in an org, sees content: has it at the level `view`, or, once it is deleted, may read the
/// history of its org.
#[must_use]
pub fn sees_resource(view: &View<'_>, viewer: &Subject, acting: Option<OrgNo>, resource: ResourceNo) -> bool {
    let Some(found) = view.resource(resource) else {
        return false;
    };
    if !found.value.live {
        return reads_history(view, viewer, found.value.org) && !is_personal(view, viewer, resource);
    }
    let (action, object) = (Action::Level(Level::View), Object::Resource(resource));
    judge::check(view, &Question { subject: *viewer, action, object, acting }, &mut ())
}

/// Whether the viewer sees what a tenant, or without one all tenants, may use of content, whom it is handed on to there
/// and by which rows it is seen: as who gives the content to tenants, or as who manages what the tenant may use.
#[must_use]
pub fn sees_distribution(view: &View<'_>, viewer: &Subject, resource: ResourceNo, tenant: Option<OrgNo>) -> bool {
    let Some(found) = view.resource(resource).map(|resource| resource.value).filter(|resource| resource.live) else {
        return false;
    };
    let (action, object) = (Action::Level(Level::Manage), Object::Resource(resource));
    let question = Question { subject: *viewer, action, object, acting: Some(found.org) };
    let manages = |tenant: OrgNo| {
        let actions = view.actions(found.kind);
        view.is_above(found.org, tenant)
            && actions.is_some_and(|actions| judge::is_manager(held(view, viewer, tenant), &actions.value))
            && judge::authorised(view, tenant, resource).is_some()
    };
    judge::check(view, &question, &mut ())
        || match tenant {
            Some(tenant) => manages(tenant),
            None => judge::orgs_of(view, viewer.user).into_iter().any(manages),
        }
}

/// Whether content lies in a personal folder, deleted or not, and is none of the viewer's business.
#[must_use]
pub fn is_personal(view: &View<'_>, viewer: &Subject, resource: ResourceNo) -> bool {
    was_personal(view, view, viewer, resource)
}

/// Whether content lay in a personal folder in another view of the same log, and that is none of the viewer's business
/// now: what was for others before it came there stays so, and what became of it there does not when it leaves.
#[must_use]
pub fn was_personal(live: &View<'_>, then: &View<'_>, viewer: &Subject, resource: ResourceNo) -> bool {
    let org = then.resource(resource).map(|resource| resource.value.org);
    let others = |(_, owner): (_, UserNo)| {
        !viewer.opens_personal(owner) && org.is_some_and(|org| !judge::has_left(live, owner, org))
    };
    then.personal_of(resource).is_some_and(others)
}

/// Whether content was ever more than somebody's own in their personal folder: then its history says what it was before.
#[must_use]
pub fn was_ever_public(live: &View<'_>, viewer: &Subject, resource: ResourceNo) -> bool {
    let mut after = None;
    loop {
        let page = history(live, Entity::Resource(resource), Order::OldestFirst, after, PAGE);
        let public = |position: &Position| {
            let then = View::new(live.state(), *position, live.instant());
            !was_personal(live, &then, viewer, resource)
        };
        if page.items.iter().any(public) {
            return true;
        }
        after = page.next;
        if after.is_none() {
            return false;
        }
    }
}

/// How many events of a history are looked at, at a time.
const PAGE: usize = 100;

/// Whether the viewer sees an API key: their own, or one of a user in whose home org they manage keys.
#[must_use]
pub fn sees_key(view: &View<'_>, viewer: &Subject, key: KeyNo) -> bool {
    view.key_owner(key).is_some_and(|owner| {
        let own = viewer.is_themself(owner) && view.stands(viewer.user);
        let manages = |home| holds_any(view, viewer, home, &[KEY_MANAGE]);
        own || (!is_hidden(view, viewer, owner) && view.home(owner).is_some_and(manages))
    })
}

/// Whether the viewer sees an issuer: as who manages users of its org, or the platform.
#[must_use]
pub fn sees_issuer(view: &View<'_>, viewer: &Subject, issuer: IssuerNo) -> bool {
    view.issuer(issuer).is_some_and(|(found, _)| {
        holds_any(view, viewer, found.org, &[USER_MANAGE])
            || view.root().is_some_and(|root| holds_any(view, viewer, root, &[ORG_MANAGE]))
    })
}

/// Whether the viewer sees a user's membership of an org: their own, or as who manages or audits one of the two.
#[must_use]
pub fn sees_subscription(view: &View<'_>, viewer: &Subject, user: UserNo, org: OrgNo) -> bool {
    if viewer.is_themself(user) {
        return view.stands(viewer.user);
    }
    !is_hidden(view, viewer, user)
        && (holds_any(view, viewer, org, &[USER_MANAGE, SUBSCRIPTION_MANAGE])
            || reads_history(view, viewer, org)
            || view.home(user).is_some_and(|home| holds_any(view, viewer, home, &[USER_MANAGE])))
}

/// Whether the viewer audits an org, and so reads its history: by `audit.read` there, or in an ancestor as far as that
/// reaches down. One's own history is always one's own.
#[must_use]
pub fn reads_history(view: &View<'_>, viewer: &Subject, org: OrgNo) -> bool {
    holds_any(view, viewer, org, &[AUDIT_READ]) || audits_from_above(view, viewer, org).next().is_some()
}

/// Whether the viewer reads an event of an org's history: who audits it from above does not read what was recorded while
/// they were shut out.
#[must_use]
pub fn reads_event(view: &View<'_>, viewer: &Subject, org: OrgNo, position: Position) -> bool {
    let admitted = |above: OrgNo| {
        let recorded = view.state().command_of(position).map_or(view.instant(), |(_, recorded)| recorded);
        judge::reaches_down(&View::new(view.state(), position, recorded), above, org)
    };
    holds_any(view, viewer, org, &[AUDIT_READ]) || audits_from_above(view, viewer, org).any(admitted)
}

/// The ancestors of an org in which the viewer holds `audit.read`, as far as that reaches down. Where orgs are for system
/// administrators alone, they stand side by side, and what is held in one is nothing in another (D); where tenants' users
/// are never the platform's, it sees none of them (H).
fn audits_from_above<'a>(view: &View<'a>, viewer: &Subject, org: OrgNo) -> impl Iterator<Item = OrgNo> + use<'a> {
    let (view, viewer) = (*view, *viewer);
    let beside = view.lifecycle() == Lifecycle::SystemAdministrator || view.tenant_users() == TenantUsers::Never;
    let reaches = in_reach(&viewer, org) && !beside;
    let above = view.lineage(org).skip(1).filter(move |_| reaches);
    above.filter(move |above| {
        judge::reaches_down(&view, *above, org) && holds_any(&view, &viewer, *above, &[AUDIT_READ])
    })
}

/// What the viewer may be told about what a user may do in an org. Whoever may act for them there asks as they do; about
/// a user of whom the viewer does not know, nothing.
///
/// `access.check` reaches down from an ancestor, into orgs that exclude their landlord too, but there for the bare
/// decision only: the product must go on serving its tenants.
#[must_use]
pub fn may_ask(view: &View<'_>, viewer: &Subject, user: UserNo, org: OrgNo) -> Asking {
    let asking = asking(view, viewer, user, org);
    // Whoever may ask about somebody in their home knows of them. Who stands for a group is no person that could be hidden.
    let known = asking == Asking::No
        || view.user(user).is_none()
        || view.home(user) == Some(org)
        || knows_of(view, viewer, user);
    if known { asking } else { Asking::No }
}

/// What the viewer may be told in an org about a user who is not there: that they are not, where the viewer may ask about
/// everybody. About a user of whom the viewer does not know it is the same.
#[must_use]
pub fn may_ask_of_nobody(view: &View<'_>, viewer: &Subject, org: OrgNo) -> Asking {
    asks_of_all(view, viewer, org, held(view, viewer, org))
}

/// Whether the viewer knows that there is this user: sees them, or may ask about everybody in the user's home, or in an
/// org that the user belongs to, or ever was a member of.
#[must_use]
pub fn knows_of(view: &View<'_>, viewer: &Subject, user: UserNo) -> bool {
    let asks = |org| asks_of_all(view, viewer, org, held(view, viewer, org)) != Asking::No;
    (user == viewer.user && view.stands(viewer.user))
        || view.home(user).is_some_and(asks)
        || sees_user(view, viewer, user)
        || view.ever_in(user).any(|org| asks(org) || acts_for(view, viewer, user, org))
}

/// What may be asked of a user who is known to be there.
fn asking(view: &View<'_>, viewer: &Subject, user: UserNo, org: OrgNo) -> Asking {
    if viewer.is_themself(user) && view.stands(viewer.user) {
        return Asking::Full;
    }
    let here = held(view, viewer, org);
    let manages = here.has(USER_MANAGE) && !is_hidden(view, viewer, user);
    if manages || acts_for(view, viewer, user, org) {
        return Asking::Full;
    }
    asks_of_all(view, viewer, org, here)
}

/// What whoever holds `here` in an org may be told there about anybody.
fn asks_of_all(view: &View<'_>, viewer: &Subject, org: OrgNo, here: PrivilegeSet) -> Asking {
    if here.has(ACCESS_CHECK) || reads_history(view, viewer, org) {
        return Asking::Full;
    }
    let nearest = view.lineage(org).skip(1).find(|above| held(view, viewer, *above).has(ACCESS_CHECK));
    match nearest {
        Some(above) if judge::reaches_down(view, above, org) => Asking::Full,
        Some(_) => Asking::Bare,
        None => Asking::No,
    }
}

/// Whether the viewer may act in a user's place in an org: the user belongs to it, and the viewer holds `act-as` in it, or
/// above it as far as that reaches down.
#[must_use]
pub fn acts_for(view: &View<'_>, viewer: &Subject, user: UserNo, org: OrgNo) -> bool {
    let holds = |org| judge::privileges_as(view, viewer, org).has(ACT_AS);
    let above = || view.lineage(org).skip(1).any(|above| judge::reaches_down(view, above, org) && holds(above));
    let theirs = view.home(user) == Some(org) || judge::belongs_effectively(view, user, org);
    theirs && in_reach(viewer, org) && (holds(org) || above())
}

/// What the viewer may be told about what a group gives in an org: whoever sees the group, as about somebody else who
/// belongs to it.
#[must_use]
pub fn may_ask_of_group(view: &View<'_>, viewer: &Subject, group: GroupNo, member: UserNo, org: OrgNo) -> Asking {
    if sees_group(view, viewer, group) { asking(view, viewer, member, org) } else { Asking::No }
}

/// What the viewer holds in an org, which need not be live: what is closed can still be read about.
fn held(view: &View<'_>, viewer: &Subject, org: OrgNo) -> PrivilegeSet {
    judge::privileges_read(view, viewer, org, None)
}

fn holds_any(view: &View<'_>, viewer: &Subject, org: OrgNo, privileges: &[PrivilegeNo]) -> bool {
    !held(view, viewer, org).and(privileges.iter().copied().collect()).is_empty()
}

fn at_root(view: &View<'_>, viewer: &Subject, privilege: PrivilegeNo) -> bool {
    view.root().is_some_and(|root| holds_any(view, viewer, root, &[privilege]))
}

/// D: whoever keeps the policy of an org assigns its roles to groups of the platform.
fn assigns_everywhere(view: &View<'_>, viewer: &Subject) -> bool {
    view.system_administrator_reaches()
        && judge::orgs_of(view, viewer.user).into_iter().any(|org| holds_any(view, viewer, org, &[ROLE_MANAGE]))
}

fn belongs(view: &View<'_>, viewer: &Subject, org: OrgNo) -> bool {
    view.stands(viewer.user) && in_reach(viewer, org) && judge::belongs_effectively(view, viewer.user, org)
}

/// Whether the viewer's key, if they come through one, works in the org.
fn in_reach(viewer: &Subject, org: OrgNo) -> bool {
    viewer.only.is_none_or(|only| only == org)
}

fn is_assigned(view: &View<'_>, user: UserNo, role: RoleNo) -> bool {
    let is = |(held, window, _): (RoleNo, Window, _)| held == role && window.holds(view.instant());
    view.roles_of_user(user).any(is) || view.groups_of(user).any(|(group, ..)| view.roles_of_group(group).any(is))
}

/// Whether users see only those below them.
fn is_single(view: &View<'_>) -> bool {
    let hierarchy = view.settings().is_some_and(|settings| settings.value.single_org_hierarchy);
    hierarchy && !view.has_been_multi_org()
}

/// Whether the user is out of the viewer's sight whatever the viewer holds.
fn is_hidden(view: &View<'_>, viewer: &Subject, user: UserNo) -> bool {
    is_single(view) && user != viewer.user && !is_below(view, viewer.user, user)
}

/// Whether the one made the other, or made who made them, and so on.
fn is_below(view: &View<'_>, above: UserNo, user: UserNo) -> bool {
    view.makers(user).any(|maker| maker == above)
}
