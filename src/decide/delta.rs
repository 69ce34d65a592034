//! The delta rule: nobody hands out, by whatever path, what they do not hold there themself.
//!
//! It judges edges, not users: each edge that a command adds, widens or un-hides carries the bundle that is reachable
//! over it, ignoring suspension, dates, membership, ceilings and empty groups. Whose authority decides must hold that
//! bundle in the view before. It refuses some redundant paths that would add nothing; the message says so.

mod association;
mod caps;
mod held;
mod moves;
mod packs;
mod span;

use tenure_events::data::{Assignee, Audience, ContentShared, GroupInvited, Level, Subscription};
use tenure_events::{Event, GroupId, OrgId, Privilege, RoleId, Time, UserId};
use tenure_projections::View;
use tenure_projections::judge::{self, administrative};
use tenure_projections::values::{GroupNo, OrgNo, PrivilegeSet, ResourceNo, Role, RoleNo, UserNo};

use held::{by_global_roles, holds_all, holds_all_within, holds_below, holds_everywhere, holds_level, holds_share};
use held::{level_not_held, level_now, stays_in, works_everywhere, works_in};

use super::scene::{Scene, forbidden};
use super::subscriptions::{self, Entry};
use super::{Draft, Refusal, global, orgs, workspace};

/// Refuses the first event that hands out more than is held, in a view of the state after them.
pub fn judge<'v>(scene: &Scene<'_>, after: &dyn Fn() -> View<'v>, drafts: &[Draft]) -> Result<(), Refusal> {
    let originals = || drafts.iter().filter(|draft| draft.twin_of.is_none()).map(|draft| &draft.event);
    // What arises inside an org in the command that creates it is exempt.
    let made = originals().find_map(as_created);
    let created = made.map(|(org, _)| org);
    let judged = || originals().filter(|event| of_org(event).is_none_or(|org| Some(org) != created));
    let peopled = originals().filter_map(as_made).any(|org| Some(org) == created);
    if let Some(parent) = made.and_then(|(_, parent)| scene.find_org(parent?.as_str())).filter(|_| peopled) {
        // Its people are there for good: so is the authority that makes them.
        span::throughout(scene, &span::times(scene, &[parent], None), |scene| orgs::makes_below(scene, parent))?;
    }
    judged().try_for_each(|event| judge_event(scene, event))?;
    packs::managers(scene, after, judged())
}

/// Refuses unless everything that a user can hold anywhere is held: whoever has their credential has it all.
pub fn everything_of(scene: &Scene<'_>, user: UserNo) -> Result<(), Refusal> {
    for org in orgs_of(scene, user) {
        let member = scene.subscription(user, org).map(|(held, _)| held);
        let at_home = scene.home(user) == Some(org);
        let lasting = scene.lasting(member.filter(|_| !at_home).and_then(|held| held.window.until()));
        holds_all(&lasting, org, member.map_or(PrivilegeSet::NONE, |held| held.privileges))?;
        let all = potential(scene, user, org);
        packs::manages_given(scene, org, PrivilegeSet::NONE, all, Some(user))?;
        if at_home || member.is_some() {
            works_in(&lasting, org)?;
        }
        let manages = scene.judged_within(org, None).has(administrative::CONTENT_MANAGE);
        if !manages && !global::reaches_into(scene, org) {
            let made = scene.resources(org).filter(|no| made_by(scene, *no, user));
            let made = made.filter(|no| scene.personal_of(*no).is_none());
            made.map(|no| (no, Level::Manage, false)).try_for_each(|edge| holds_level(scene, edge))?;
        }
    }
    scene.shares_with_user(user).try_for_each(|(no, share)| holds_share(scene, no, &share))?;
    if let Some(home) = scene.home(user) {
        packs::handed_with(scene, home, scene.handed_with_user(user), Some(user))?;
    }
    for (role, window, _) in scene.roles_of_user(user) {
        let scene = &scene.lasting(window.until());
        role_bundle(scene, role)?;
        association::role_of_sub(scene, role)?;
    }
    for (group, ..) in scene.groups_of(user) {
        group_bundle(scene, group)?;
        scene
            .roles_of_group(group)
            .try_for_each(|(role, window, _)| association::role_of_sub(&scene.lasting(window.until()), role))?;
    }
    Ok(())
}

/// Refuses if something lies in a personal folder of the user: it is theirs alone, so that nobody else has it to hand
/// out. System administrators may, and it is recorded that they did.
pub fn personal_content_of(scene: &Scene<'_>, user: UserNo) -> Result<(), Refusal> {
    let theirs = |org: &OrgNo| workspace::has_personal_content(scene, user, *org);
    match orgs_of(scene, user).into_iter().find(|org| theirs(org) && !global::reaches_into(scene, *org)) {
        None => Ok(()),
        Some(org) => {
            let org = scene.org_id(org);
            let detail = format!("the user's personal folder in org `{org}` is theirs alone: let them do it themself");
            Err(forbidden("delegation.personal", detail))
        }
    }
}

/// Refuses unless content is managed: the level that moving it takes.
pub fn manages_content(scene: &Scene<'_>, no: ResourceNo) -> Result<(), Refusal> {
    level_now(scene, (no, Level::Manage, false))
}

/// Refuses whoever a row rule binds in content, or in something in it: what they see is neither copied nor exported.
pub fn sees_all_rows(scene: &Scene<'_>, no: ResourceNo) -> Result<(), Refusal> {
    packs::all_rows(scene, no)
}

/// Refuses unless content may be edited: the level that putting something into it takes.
pub fn edits_content(scene: &Scene<'_>, no: ResourceNo) -> Result<(), Refusal> {
    level_now(scene, (no, Level::Edit, false))
}

fn judge_event(scene: &Scene<'_>, event: &Event) -> Result<(), Refusal> {
    match event {
        Event::SubscriptionGranted(e) => membership(scene, &e.user, &e.org, &e.subscription),
        Event::SubscriptionRetyped(e) => membership(scene, &e.user, &e.org, &e.subscription),
        Event::SubscriptionExtended(e) => membership(scene, &e.user, &e.org, &e.subscription),
        Event::PrivilegeGranted(e) => {
            let org = scene.org(&e.org)?;
            holds_all(&scene.lasting(e.subscription.valid_until), org, known(scene, &e.privileges))
        }
        Event::UserTypeDefined(e) => caps::raised(scene, e),
        Event::RoleDefined(e) => role_gains(scene, e.org.as_ref(), scene.privilege_set(&e.privileges)?),
        Event::RoleChanged(e) => {
            let no = scene.find_role(e.role.as_str());
            no.map_or(Ok(()), |no| association::renamed(scene, e, no))?;
            let before = no.and_then(|role| View::role(scene, role));
            let before = before.map_or(PrivilegeSet::NONE, |role| role.value.privileges);
            role_gains(scene, e.org.as_ref(), known(scene, &e.privileges).without(before))
        }
        Event::RoleAssigned(e) => assigned(&until(scene, e.valid_until, is_own(scene, &e.to)), &e.role),
        Event::GroupMemberAdded(e) => member(scene, &e.group),
        Event::GroupInvited(e) => invited(scene, e),
        Event::ContentShared(e) => shared(&until(scene, e.valid_until, is_own_share(scene, &e.with)), e),
        Event::LandlordAdmitted(e) => {
            let landlord = PrivilegeSet::NONE.with(administrative::LANDLORD_MANAGE);
            scene.find_org(e.org.as_str()).map_or(Ok(()), |org| holds_all(&scene.lasting(e.until), org, landlord))
        }
        Event::ResourceMoved(e) => moves::moved(scene, &e.resource, e.parent.as_ref()),
        Event::SubTenantAssociated(e) => association::associated(scene, e),
        Event::ContentDistributed(e) => packs::distributed(scene, &e.resource),
        Event::ContentHandedOn(e) => packs::handed_on(scene, e),
        Event::RowRuleSet(e) => packs::unruled(scene, &e.resource, &e.of),
        Event::RowRuleCleared(e) => packs::unruled(scene, &e.resource, &e.of),
        // Judged when decided, by `everything_of`: the bundle is the user, not the edge.
        Event::ApiKeyIssued(_)
        | Event::EnrolmentOpened(_)
        | Event::IdentityLinked(_)
        | Event::UserCredentialReset(_) => Ok(()),
        // What these take away, restore to standing or say of a thing adds to nobody's potential authority.
        Event::PlatformInitialised(_)
        // A setting that would give is refused when decided; a kind only begins to need what it did not.
        | Event::SettingsChanged(_)
        | Event::PrivilegeDefined(_)
        | Event::PrivilegeReserved(_)
        | Event::ResourceKindDefined(_)
        | Event::RoleTemplateDefined(_)
        // Tenant permissions gate what is held already, and their administrators have them all.
        | Event::TenantPermissionDefined(_)
        | Event::TenantPermissionGranted(_)
        | Event::TenantPermissionRevoked(_)
        | Event::OrgCreated(_)
        | Event::OrgDeserted(_)
        | Event::OrgRenamed(_)
        | Event::OrgDescribed(_)
        | Event::OrgTagged(_)
        | Event::OrgMoved(_)
        | Event::OrgDisabled(_)
        | Event::OrgEnabled(_)
        | Event::OrgArchived(_)
        | Event::LandlordExcluded(_)
        | Event::UserCreated(_)
        | Event::UserProfileChanged(_)
        | Event::UserDisabled(_)
        | Event::UserEnabled(_)
        | Event::UserErased(_)
        | Event::UserSignedIn(_)
        | Event::IdentityUnlinked(_)
        | Event::ActiveOrgSelected(_)
        | Event::GroupCreated(_)
        | Event::GroupRenamed(_)
        | Event::GroupDeleted(_)
        | Event::GroupMemberRemoved(_)
        | Event::GroupUninvited(_)
        | Event::EnvironmentLinked(_)
        | Event::EnvironmentUnlinked(_)
        | Event::SubscriptionWithdrawn(_)
        | Event::PrivilegeRevoked(_)
        | Event::RoleDeleted(_)
        | Event::RoleUnassigned(_)
        // A maker has what they made, in an org and folder in which they may make it.
        | Event::ResourceCreated(_)
        | Event::ResourceCopied(_)
        | Event::ResourceExported(_)
        | Event::ResourceImported(_)
        | Event::ResourceRenamed(_)
        | Event::ResourceDeleted(_)
        | Event::ContentUnshared(_)
        | Event::SubTenantDisassociated(_)
        | Event::ContentUndistributed(_)
        | Event::ContentTakenBack(_)
        | Event::ApiKeyRevoked(_)
        | Event::ContentAffected(_)
        | Event::CredentialConfirmed(_)
        | Event::LandlordCaughtUp(_)
        | Event::LicenceKeyTrusted(_)
        | Event::LicenceInstalled(_)
        | Event::TrialStarted(_)
        | Event::OrgLicensed(_)
        | Event::TenantProvisioned(_)
        | Event::LoginConfigured(_)
        | Event::IssuerRegistered(_)
        | Event::IssuerChanged(_)
        | Event::IssuerRemoved(_)
        | Event::IssuerConfirmed(_)
        | Event::ValidityEnded(_) => Ok(()),
    }
}

/// A membership carries its privileges, what roles give to whoever has one, and what its user type no longer hides.
fn membership(scene: &Scene<'_>, user: &UserId, org: &OrgId, subscription: &Subscription) -> Result<(), Refusal> {
    let org = scene.org(org)?;
    let known = scene.find_user(user.as_str());
    let lasting = &scene.lasting(subscription.valid_until);
    if known.is_some_and(|user| subscriptions::entry(scene, org, &[user]) != Entry::None) {
        let enters = |scene: &Scene<'_>| subscriptions::manages_above(scene, org);
        return span::throughout(lasting, &span::times(scene, &[org], None), enters);
    }
    let now = scene.ceiling(scene.user_type(&subscription.user_type)?);
    let before = known.and_then(|user| scene.subscription(user, org)).map(|(held, _)| held);
    let open = before.filter(|held| !held.window.is_over(scene.instant()));
    if let Some(user) = known {
        caps::laid(scene, (user, org), open.as_ref(), now)?;
        holds_all(scene, org, caps::unhidden(scene, (user, org), open.as_ref(), subscription, now))?;
    }
    // Taking something away from a membership that stays as long as it was widens nothing.
    let until = subscription.valid_until;
    let longer = open.is_none_or(|held| held.window.until().is_some_and(|before| until.is_none_or(|now| now > before)));
    let privileges = scene.privilege_set(&subscription.privileges)?;
    let widened = open.filter(|_| !longer).map_or(privileges, |held| privileges.without(held.privileges));
    let roles = known.filter(|_| open.is_none()).map_or(PrivilegeSet::NONE, |user| roles_potential(scene, user, org));
    holds_all(lasting, org, widened.or(roles.and(now)))?;
    if longer {
        stays_in(lasting, org)?;
        packs::rows_shared_with(scene, org, known)?;
    }
    Ok(())
}

/// What is given until a time; to oneself nothing that one has until a time.
fn until<'a>(scene: &Scene<'a>, until: Option<Time>, own: bool) -> Scene<'a> {
    if own { *scene } else { scene.lasting(until) }
}

fn is_own(scene: &Scene<'_>, to: &Assignee) -> bool {
    match to {
        Assignee::User(user) => is_self(scene, user),
        Assignee::Group(group) => is_in(scene, group),
    }
}

fn is_own_share(scene: &Scene<'_>, with: &Audience) -> bool {
    match with {
        Audience::User(user) => is_self(scene, user),
        Audience::Group(group) => is_in(scene, group),
        Audience::Role(role) => scene
            .find_role(role.as_str())
            .is_some_and(|role| judge::roles_of(scene, scene.subject.user).any(|held| held == role)),
        // Whoever works there has it, and they are many.
        Audience::Org(_) | Audience::AllOrgs(_) => false,
    }
}

fn is_self(scene: &Scene<'_>, user: &UserId) -> bool {
    scene.find_user(user.as_str()).is_some_and(|user| scene.is_self(user))
}

fn is_in(scene: &Scene<'_>, group: &GroupId) -> bool {
    let group = scene.find_group(group.as_str());
    group.is_some_and(|group| scene.membership(scene.subject.user, group).is_some())
}

fn role_gains(scene: &Scene<'_>, org: Option<&OrgId>, gained: PrivilegeSet) -> Result<(), Refusal> {
    match org {
        Some(org) => holds_all(scene, scene.org(org)?, gained),
        None => holds_everywhere(scene, gained),
    }
}

/// An empty group carries as much as a full one: its members come later.
fn assigned(scene: &Scene<'_>, role: &RoleId) -> Result<(), Refusal> {
    scene.find_role(role.as_str()).map_or(Ok(()), |role| role_bundle(scene, role))
}

fn member(scene: &Scene<'_>, group: &GroupId) -> Result<(), Refusal> {
    scene.find_group(group.as_str()).map_or(Ok(()), |group| group_bundle(scene, group))
}

/// An invitation carries what it adds, and what whoever works in the org has.
fn invited(scene: &Scene<'_>, invited: &GroupInvited) -> Result<(), Refusal> {
    let org = scene.org(&invited.org)?;
    let (group, now) = (scene.find_group(invited.group.as_str()), scene.privilege_set(&invited.privileges)?);
    let environment = invited.environment.as_ref().and_then(|id| scene.find_environment(id.as_str()));
    let before = group.and_then(|group| match environment {
        Some(environment) => scene.environment_invitation(group, environment),
        None => scene.invitation(group, org),
    });
    let gained = now.without(before.map_or(PrivilegeSet::NONE, |(privileges, _)| privileges));
    // Made anew, it counts for whom a membership that ended left capped.
    let kept = group.zip(before).map(|(group, (old, since))| caps::reinvited(scene, (group, org), old.and(now), since));
    let gained = gained.or(kept.unwrap_or_default());
    holds_all_within(scene, org, environment, gained)?;
    if before.is_none() { works_in(scene, org) } else { Ok(()) }
}

fn shared(scene: &Scene<'_>, share: &ContentShared) -> Result<(), Refusal> {
    let Some(no) = scene.find_resource(share.resource.as_str()) else { return Ok(()) };
    holds_below(scene, no, share.level, share.copy)?;
    association::shared(scene, share, no)
}

fn role_bundle(scene: &Scene<'_>, no: RoleNo) -> Result<(), Refusal> {
    let Some(role) = live(scene, no) else { return Ok(()) };
    match role.org {
        Some(org) => {
            holds_all(scene, org, role.privileges)?;
            if !scene.roles_need_membership() {
                works_in(scene, org)?;
            }
        }
        None => {
            holds_everywhere(scene, role.privileges)?;
            works_everywhere(scene, no)?;
        }
    }
    if let Some(org) = role.org {
        packs::handed_with(scene, org, scene.handed_with_role(no), None)?;
    }
    scene.shares_with_role(no).try_for_each(|(no, share)| holds_share(scene, no, &share))
}

fn group_bundle(scene: &Scene<'_>, group: GroupNo) -> Result<(), Refusal> {
    scene.roles_of_group(group).try_for_each(|(role, window, _)| role_bundle(&scene.lasting(window.until()), role))?;
    let manage = PrivilegeSet::NONE.with(administrative::ORG_MANAGE);
    scene.managed_by(group).try_for_each(|org| holds_all(scene, org, manage))?;
    for (org, privileges) in scene.invitations(group) {
        holds_all(scene, org, privileges)?;
        works_in(scene, org)?;
    }
    for (environment, org, privileges) in scene.environment_invitations(group) {
        holds_all_within(scene, org, Some(environment), privileges)?;
    }
    permissions_of(scene, group)?;
    if let Some(org) = View::group(scene, group).and_then(|group| group.value.org) {
        packs::handed_with(scene, org, scene.handed_with_group(group), None)?;
    }
    scene.shares_with_group(group).try_for_each(|(no, share)| holds_share(scene, no, &share))
}

/// Whoever joins a group has its tenant permissions: only who has them too, and not by a key that carries less, may let
/// somebody in.
fn permissions_of(scene: &Scene<'_>, group: GroupNo) -> Result<(), Refusal> {
    let user = scene.subject.user;
    let has = |permission| !scene.is_narrow() && scene.has_tenant_permission(user, permission);
    let administers = !scene.is_narrow() && scene.administrator_since(user).is_some();
    let all = scene.administrators() == Some(group);
    if (!all || administers) && scene.group_permissions(group).all(has) {
        return Ok(());
    }
    let group = scene.group_id(group);
    let detail = format!("group `{group}` has tenant permissions that you do not have yourself: ask an administrator");
    Err(forbidden("delegation.tenant_permission", detail))
}

/// Everything that a user could ever hold in an org as things stand.
pub fn potential(view: &View<'_>, user: UserNo, org: OrgNo) -> PrivilegeSet {
    let subscription = view.subscription(user, org).map_or(PrivilegeSet::NONE, |(held, _)| held.privileges);
    let managed = view.managing_group(org).is_some_and(|(group, _)| view.membership(user, group).is_some());
    let managed = if managed { PrivilegeSet::NONE.with(administrative::ORG_MANAGE) } else { PrivilegeSet::NONE };
    let invited = view.groups_of(user).filter_map(|(group, ..)| view.invitation(group, org));
    let invited = invited.fold(PrivilegeSet::NONE, |all, (privileges, _)| all.or(privileges));
    subscription.or(managed).or(invited).or(roles_potential(view, user, org))
}

fn roles_potential(view: &View<'_>, user: UserNo, org: OrgNo) -> PrivilegeSet {
    let own = view.roles_of_user(user);
    let groups = view.groups_of(user).flat_map(|(group, ..)| view.roles_of_group(group));
    let roles = own.chain(groups).filter_map(|(role, ..)| live(view, role));
    let here = roles.filter(|role| role.org.is_none_or(|of| of == org));
    here.fold(PrivilegeSet::NONE, |all, role| all.or(role.privileges))
}

/// Every org in which a user could ever hold something, or has made something.
fn orgs_of(view: &View<'_>, user: UserNo) -> Vec<OrgNo> {
    let mut orgs: Vec<OrgNo> = view.ever_in(user).collect();
    orgs.sort_unstable();
    orgs.dedup();
    orgs
}

/// The privileges of these names that were there before the command: one that it defines arises with whom it gives it.
fn known(scene: &Scene<'_>, names: &[Privilege]) -> PrivilegeSet {
    let known: PrivilegeSet = names.iter().filter_map(|name| scene.find_privilege(name.as_str())).collect();
    known.without(scene.arising)
}

fn live<'a>(view: &View<'a>, role: RoleNo) -> Option<&'a Role> {
    view.role(role).map(|role| &role.value).filter(|role| role.live)
}

fn made_by(view: &View<'_>, no: ResourceNo, user: UserNo) -> bool {
    view.resource(no).is_some_and(|resource| resource.value.creator == user)
}

fn as_created(event: &Event) -> Option<(&OrgId, Option<&OrgId>)> {
    if let Event::OrgCreated(e) = event { Some((&e.org, e.parent.as_ref())) } else { None }
}

/// Where somebody comes to be at home.
fn as_made(event: &Event) -> Option<&OrgId> {
    if let Event::UserCreated(e) = event { Some(&e.org) } else { None }
}

fn of_org(event: &Event) -> Option<&OrgId> {
    if let Event::SubscriptionGranted(e) = event {
        Some(&e.org)
    } else if let Event::RoleDefined(e) = event {
        e.org.as_ref()
    } else if let Event::GroupInvited(e) = event {
        Some(&e.org)
    } else {
        None
    }
}
