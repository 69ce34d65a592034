//! Nobody is locked out: after every command each live org still has somebody who can restore it.
//!
//! That is an enabled home user who holds, for good, what running the org takes; or, unless it excludes them, somebody
//! who manages it from above, for good.

use std::ops::ControlFlow;

use tenure_events::{Event, GroupId, OrgId, RoleId, Time, UserId};
use tenure_projections::View;
use tenure_projections::judge::{self, administrative};
use tenure_projections::values::{OrgNo, PrivilegeNo, PrivilegeSet, UserNo};

use super::scene::{Scene, conflict};
use super::{Draft, Refusal};

/// The orgs in which these events may take authority from somebody.
pub fn concerned(scene: &Scene<'_>, drafts: &[Draft]) -> Vec<OrgNo> {
    let mut orgs = Vec::new();
    for draft in drafts.iter().filter(|draft| draft.twin_of.is_none()) {
        touched(scene, &draft.event, &mut orgs);
    }
    orgs.sort_unstable();
    orgs.dedup();
    orgs
}

/// Refuses if one of these orgs had somebody before, and has nobody after, who can restore it.
pub fn judge(scene: &Scene<'_>, after: &View<'_>, orgs: &[OrgNo]) -> Result<(), Refusal> {
    orgs.iter().try_for_each(|org| judge_org(scene, after, *org))
}

/// Whether any enabled user whose home stands holds the privilege in the org.
pub fn any_holder(view: &View<'_>, org: OrgNo, privilege: PrivilegeNo) -> bool {
    let holds = |user: UserNo| stands(view, user) && judge::privileges(view, user, org).has(privilege);
    candidates(view, org, |user| if holds(user) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        .is_break()
}

fn judge_org(scene: &Scene<'_>, after: &View<'_>, org: OrgNo) -> Result<(), Refusal> {
    if after.is_live(org) && kept(scene, org) && !kept(after, org) {
        let detail = format!(
            "nobody could run org `{}` any more: first give somebody else at home there {} for good",
            scene.org_id(org),
            scene.listed(keys_of(after, org))
        );
        return Err(conflict("org.locked_out", detail));
    }
    if landlord_taken(scene, after, org) {
        let detail = format!("the last `landlord.manage` of org `{}` is not its ancestors' to take", scene.org_id(org));
        return Err(conflict("landlord.last", detail));
    }
    // Whoever managed from here managed what lies below as well, where nobody of its own does.
    if manager_at(scene, org, org) && !manager_at(after, org, org) {
        return below(after, org).try_for_each(|child| {
            if after.is_live(child) && kept(scene, child) && !kept(after, child) {
                let detail = format!("nobody could run org `{}` below it any more", scene.org_id(child));
                return Err(conflict("org.locked_out", detail));
            }
            Ok(())
        });
    }
    Ok(())
}

/// An ancestor's user takes the last `landlord.manage` of a child's own users.
fn landlord_taken(scene: &Scene<'_>, after: &View<'_>, org: OrgNo) -> bool {
    let from_above = scene.home(scene.subject.user).is_some_and(|home| scene.is_above(home, org));
    let holders = |view: &View<'_>| {
        let privileges = PrivilegeSet::NONE.with(administrative::LANDLORD_MANAGE);
        home_keeper(view, org, privileges)
    };
    from_above && after.is_live(org) && holders(scene) && !holders(after)
}

fn kept(view: &View<'_>, org: OrgNo) -> bool {
    let above = || view.lineage(org).skip(1).any(|above| manager_at(view, above, org));
    home_keeper(view, org, keys_of(view, org)) || above()
}

/// What running an org takes.
fn keys_of(view: &View<'_>, org: OrgNo) -> PrivilegeSet {
    let keys = [administrative::SUBSCRIPTION_MANAGE, administrative::USER_MANAGE, administrative::ROLE_MANAGE];
    let keys: PrivilegeSet = keys.into_iter().collect();
    let excludes = view.landlord(org).is_some_and(|landlord| !landlord.value.admits(view.instant()));
    if excludes { keys.with(administrative::LANDLORD_MANAGE) } else { keys }
}

fn home_keeper(view: &View<'_>, org: OrgNo, keys: PrivilegeSet) -> bool {
    view.home_users(org).any(|user| view.is_enabled(user) && holds_for_good(view, user, org, keys))
}

/// Whether somebody manages orgs at `at`, for good, and may enter `org`.
fn manager_at(view: &View<'_>, at: OrgNo, org: OrgNo) -> bool {
    let manage = PrivilegeSet::NONE.with(administrative::ORG_MANAGE);
    let enters = |user: UserNo| {
        let home = view.home(user).unwrap_or(at);
        !judge::suspended(view, home, org).home && !judge::suspended(&for_good(view), home, org).home
    };
    candidates(view, at, |user| {
        let keeps = stands(view, user) && enters(user) && holds_for_good(view, user, at, manage);
        if keeps { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .is_break()
}

fn holds_for_good(view: &View<'_>, user: UserNo, org: OrgNo, privileges: PrivilegeSet) -> bool {
    let holds = |view: &View<'_>| privileges.without(judge::privileges(view, user, org)).is_empty();
    holds(view) && holds(&for_good(view))
}

/// The same knowledge when everything that ends has ended.
fn for_good<'a>(view: &View<'a>) -> View<'a> {
    view.at(Time::from_micros(i64::MAX - 1))
}

fn stands(view: &View<'_>, user: UserNo) -> bool {
    view.is_enabled(user) && view.home(user).is_some_and(|home| view.is_live(home))
}

/// Whoever might hold something in an org; some of them twice.
fn candidates(view: &View<'_>, org: OrgNo, mut visit: impl FnMut(UserNo) -> ControlFlow<()>) -> ControlFlow<()> {
    view.subscribers(org).try_for_each(|(user, ..)| visit(user))?;
    let team = view.managing_group(org).map(|(group, _)| group);
    team.into_iter().flat_map(|group| view.members(group)).try_for_each(|(user, _)| visit(user))?;
    if view.roles_need_membership() {
        return ControlFlow::Continue(());
    }
    for role in view.roles(org) {
        view.users_with_role(role).try_for_each(|(user, ..)| visit(user))?;
        for (group, ..) in view.groups_with_role(role) {
            view.members(group).try_for_each(|(user, _)| visit(user))?;
        }
    }
    ControlFlow::Continue(())
}

/// All orgs below an org.
fn below<'a>(view: &View<'a>, org: OrgNo) -> impl Iterator<Item = OrgNo> + use<'a> {
    let view = *view;
    let mut waiting: Vec<OrgNo> = view.children(org).collect();
    std::iter::from_fn(move || {
        let org = waiting.pop()?;
        waiting.extend(view.children(org));
        Some(org)
    })
}

/// The orgs in which an event may take something from somebody who matters.
fn touched(scene: &Scene<'_>, event: &Event, orgs: &mut Vec<OrgNo>) {
    let org = |id: &OrgId| scene.find_org(id.as_str());
    let of_user = |id: &UserId| scene.find_user(id.as_str()).map(|user| judge::orgs_of(scene, user));
    match event {
        Event::UserDisabled(e) => orgs.extend(of_user(&e.user).unwrap_or_default()),
        Event::UserErased(e) => orgs.extend(of_user(&e.user).unwrap_or_default()),
        Event::SubscriptionWithdrawn(e) => orgs.extend(org(&e.org)),
        Event::SubscriptionRetyped(e) => orgs.extend(org(&e.org)),
        Event::SubscriptionExtended(e) => orgs.extend(org(&e.org)),
        Event::PrivilegeRevoked(e) => orgs.extend(org(&e.org)),
        Event::OrgMoved(e) => orgs.extend(org(&e.org)),
        Event::OrgDisabled(e) => orgs.extend(org(&e.org)),
        Event::OrgArchived(e) => orgs.extend(org(&e.org)),
        Event::LandlordExcluded(e) => orgs.extend(org(&e.org)),
        Event::LandlordAdmitted(e) => orgs.extend(org(&e.org)),
        Event::RoleChanged(e) => orgs.extend(role_org(scene, &e.role)),
        Event::RoleDeleted(e) => orgs.extend(role_org(scene, &e.role)),
        Event::RoleUnassigned(e) => orgs.extend(role_org(scene, &e.role)),
        // Assigned again with an end, it may end what did not.
        Event::RoleAssigned(e) => orgs.extend(role_org(scene, &e.role)),
        Event::GroupDeleted(e) => group_orgs(scene, &e.group, orgs),
        Event::GroupMemberRemoved(e) => group_orgs(scene, &e.group, orgs),
        Event::PlatformInitialised(_)
        | Event::SettingsChanged(_)
        | Event::PrivilegeDefined(_)
        | Event::UserTypeDefined(_)
        | Event::ResourceKindDefined(_)
        | Event::OrgCreated(_)
        | Event::OrgRenamed(_)
        | Event::OrgDescribed(_)
        | Event::OrgTagged(_)
        | Event::OrgEnabled(_)
        | Event::UserCreated(_)
        | Event::UserProfileChanged(_)
        | Event::UserEnabled(_)
        | Event::UserSignedIn(_)
        | Event::UserCredentialReset(_)
        | Event::IdentityLinked(_)
        | Event::IdentityUnlinked(_)
        | Event::ActiveOrgSelected(_)
        | Event::GroupCreated(_)
        | Event::GroupRenamed(_)
        | Event::GroupMemberAdded(_)
        | Event::SubscriptionGranted(_)
        | Event::PrivilegeGranted(_)
        | Event::RoleDefined(_)
        | Event::ResourceCreated(_)
        | Event::ResourceRenamed(_)
        | Event::ResourceMoved(_)
        | Event::ResourceDeleted(_)
        | Event::ResourceCopied(_)
        | Event::ContentShared(_)
        | Event::ContentUnshared(_)
        | Event::ApiKeyIssued(_)
        | Event::ApiKeyRevoked(_) => {}
    }
}

fn role_org(scene: &Scene<'_>, role: &RoleId) -> Option<OrgNo> {
    let role = scene.find_role(role.as_str()).and_then(|role| View::role(scene, role))?;
    role.value.org.or_else(|| scene.root())
}

fn group_orgs(scene: &Scene<'_>, group: &GroupId, orgs: &mut Vec<OrgNo>) {
    if let Some(group) = scene.find_group(group.as_str()) {
        orgs.extend(scene.managed_by(group));
        orgs.extend(scene.roles_of_group(group).filter_map(|(role, ..)| View::role(scene, role)?.value.org));
    }
}
