//! The delta rule: nobody hands out, by whatever path, what they do not hold there themself.
//!
//! It judges edges, not users: each edge that a command adds, widens or un-hides carries the bundle that is reachable
//! over it, ignoring suspension, dates, membership, ceilings and empty groups. Whose authority decides must hold that
//! bundle in the view before. It refuses some redundant paths that would add nothing; the message says so.

mod association;
mod ceilings;
mod moves;
mod packs;

use tenure_events::data::{Assignee, ContentShared, GroupInvited, Level, Subscription};
use tenure_events::{Event, GroupId, OrgId, Privilege, RoleId, UserId};
use tenure_projections::View;
use tenure_projections::judge::{self, Code, Reach, administrative};
use tenure_projections::values::{
    EnvironmentNo, GroupNo, OrgNo, PrivilegeSet, ResourceNo, Role, RoleNo, Share, UserNo,
};

use super::scene::{Scene, forbidden};
use super::subscriptions::{self, Entry};
use super::{Draft, Kind, Refusal, global, workspace};

/// Refuses the first event that hands out more than is held, in a view of the state after them.
pub fn judge<'v>(scene: &Scene<'_>, after: &dyn Fn() -> View<'v>, drafts: &[Draft]) -> Result<(), Refusal> {
    let originals = || drafts.iter().filter(|draft| draft.twin_of.is_none()).map(|draft| &draft.event);
    // What arises inside an org in the command that creates it is exempt.
    let created = originals().find_map(as_created);
    let judged = || originals().filter(|event| of_org(event).is_none_or(|org| Some(org) != created));
    judged().try_for_each(|event| judge_event(scene, event))?;
    packs::managers(scene, after, judged())
}

/// Refuses unless everything that a user can hold anywhere is held: whoever has their credential has it all.
pub fn everything_of(scene: &Scene<'_>, user: UserNo) -> Result<(), Refusal> {
    for org in orgs_of(scene, user) {
        let all = potential(scene, user, org);
        holds_all(scene, org, all)?;
        packs::manages_given(scene, org, PrivilegeSet::NONE, all)?;
        if scene.home(user) == Some(org) || scene.subscription(user, org).is_some() {
            works_in(scene, org)?;
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
        packs::handed_with(scene, home, scene.handed_with_user(user))?;
    }
    for (role, ..) in scene.roles_of_user(user) {
        role_bundle(scene, role)?;
        association::role_of_sub(scene, role)?;
    }
    for (group, ..) in scene.groups_of(user) {
        group_bundle(scene, group)?;
        scene.roles_of_group(group).try_for_each(|(role, ..)| association::role_of_sub(scene, role))?;
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
    holds_level(scene, (no, Level::Manage, false))
}

/// Refuses whoever a row rule binds in content, or in something in it: what they see is neither copied nor exported.
pub fn sees_all_rows(scene: &Scene<'_>, no: ResourceNo) -> Result<(), Refusal> {
    packs::all_rows(scene, no)
}

/// Refuses unless content may be edited: the level that putting something into it takes.
pub fn edits_content(scene: &Scene<'_>, no: ResourceNo) -> Result<(), Refusal> {
    holds_level(scene, (no, Level::Edit, false))
}

fn judge_event(scene: &Scene<'_>, event: &Event) -> Result<(), Refusal> {
    match event {
        Event::SubscriptionGranted(e) => membership(scene, &e.user, &e.org, &e.subscription),
        Event::SubscriptionRetyped(e) => membership(scene, &e.user, &e.org, &e.subscription),
        Event::SubscriptionExtended(e) => membership(scene, &e.user, &e.org, &e.subscription),
        Event::PrivilegeGranted(e) => {
            let org = scene.org(&e.org)?;
            holds_all(scene, org, known(scene, &e.privileges))
        }
        Event::UserTypeDefined(e) => ceilings::raised(scene, e),
        Event::RoleDefined(e) => role_gains(scene, e.org.as_ref(), scene.privilege_set(&e.privileges)?),
        Event::RoleChanged(e) => {
            let no = scene.find_role(e.role.as_str());
            no.map_or(Ok(()), |no| association::renamed(scene, e, no))?;
            let before = no.and_then(|role| View::role(scene, role));
            let before = before.map_or(PrivilegeSet::NONE, |role| role.value.privileges);
            role_gains(scene, e.org.as_ref(), known(scene, &e.privileges).without(before))
        }
        Event::RoleAssigned(e) => assigned(scene, &e.role, &e.to),
        Event::GroupMemberAdded(e) => member(scene, &e.group),
        Event::GroupInvited(e) => invited(scene, e),
        Event::ContentShared(e) => shared(scene, e),
        Event::ResourceMoved(e) => moves::moved(scene, &e.resource, e.parent.as_ref()),
        Event::SubTenantAssociated(e) => association::associated(scene, e),
        Event::ContentDistributed(e) => packs::distributed(scene, &e.resource),
        Event::ContentHandedOn(e) => packs::handed_on(scene, e),
        Event::RowRuleSet(e) => packs::unruled(scene, &e.resource),
        Event::RowRuleCleared(e) => packs::unruled(scene, &e.resource),
        // Judged when decided, by `everything_of`: the bundle is the user, not the edge.
        Event::ApiKeyIssued(_) | Event::IdentityLinked(_) | Event::UserCredentialReset(_) => Ok(()),
        // What these take away, restore to standing or say of a thing adds to nobody's potential authority.
        Event::PlatformInitialised(_)
        // A setting that would give is refused when decided; a kind only begins to need what it did not.
        | Event::SettingsChanged(_)
        | Event::PrivilegeDefined(_)
        | Event::ResourceKindDefined(_)
        | Event::RoleTemplateDefined(_)
        // Tenant permissions gate what is held already, and their administrators have them all.
        | Event::TenantPermissionDefined(_)
        | Event::TenantPermissionGranted(_)
        | Event::TenantPermissionRevoked(_)
        | Event::OrgCreated(_)
        | Event::OrgRenamed(_)
        | Event::OrgDescribed(_)
        | Event::OrgTagged(_)
        | Event::OrgMoved(_)
        | Event::OrgDisabled(_)
        | Event::OrgEnabled(_)
        | Event::OrgArchived(_)
        | Event::LandlordExcluded(_)
        | Event::LandlordAdmitted(_)
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
        | Event::LicenceKeyTrusted(_)
        | Event::LicenceInstalled(_)
        | Event::TrialStarted(_)
        | Event::OrgLicensed(_)
        | Event::TenantProvisioned(_)
        | Event::LoginConfigured(_)
        | Event::ValidityEnded(_) => Ok(()),
    }
}

/// A membership carries its privileges, and what its user type no longer hides of roles held there.
fn membership(scene: &Scene<'_>, user: &UserId, org: &OrgId, subscription: &Subscription) -> Result<(), Refusal> {
    let org = scene.org(org)?;
    let known = scene.find_user(user.as_str());
    if known.is_some_and(|user| subscriptions::entry(scene, org, &[user]) != Entry::None) {
        return Ok(());
    }
    let now = scene.ceiling(scene.user_type(&subscription.user_type)?);
    let roles = known.map_or(PrivilegeSet::NONE, |user| roles_potential(scene, user, org));
    let before = known.and_then(|user| scene.subscription(user, org)).map(|(held, _)| held);
    let open = before.filter(|held| !held.window.is_over(scene.instant()));
    let unhidden = match open {
        Some(held) => roles.and(now.without(scene.ceiling(held.user_type))),
        None => roles.and(now),
    };
    // Taking something away from a membership that stays as long as it was widens nothing.
    let until = subscription.valid_until;
    let longer = open.is_none_or(|held| held.window.until().is_some_and(|before| until.is_none_or(|now| now > before)));
    let privileges = scene.privilege_set(&subscription.privileges)?;
    let widened = open.filter(|_| !longer).map_or(privileges, |held| privileges.without(held.privileges));
    holds_all(scene, org, widened.or(unhidden))
}

fn role_gains(scene: &Scene<'_>, org: Option<&OrgId>, gained: PrivilegeSet) -> Result<(), Refusal> {
    match org {
        Some(org) => holds_all(scene, scene.org(org)?, gained),
        None => holds_everywhere(scene, gained),
    }
}

fn assigned(scene: &Scene<'_>, role: &RoleId, to: &Assignee) -> Result<(), Refusal> {
    // An empty group carries as much as a full one: its members come later.
    let (Assignee::User(_) | Assignee::Group(_)) = to;
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
        packs::handed_with(scene, org, scene.handed_with_role(no))?;
    }
    scene.shares_with_role(no).try_for_each(|(no, share)| holds_share(scene, no, &share))
}

fn group_bundle(scene: &Scene<'_>, group: GroupNo) -> Result<(), Refusal> {
    scene.roles_of_group(group).try_for_each(|(role, ..)| role_bundle(scene, role))?;
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
        packs::handed_with(scene, org, scene.handed_with_group(group))?;
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
    names.iter().filter_map(|name| scene.find_privilege(name.as_str())).collect()
}

fn live<'a>(view: &View<'a>, role: RoleNo) -> Option<&'a Role> {
    view.role(role).map(|role| &role.value).filter(|role| role.live)
}

fn made_by(view: &View<'_>, no: ResourceNo, user: UserNo) -> bool {
    view.resource(no).is_some_and(|resource| resource.value.creator == user)
}

fn holds_all(scene: &Scene<'_>, org: OrgNo, needed: PrivilegeSet) -> Result<(), Refusal> {
    holds_all_within(scene, org, None, needed)
}

fn holds_all_within(
    scene: &Scene<'_>,
    org: OrgNo,
    environment: Option<EnvironmentNo>,
    needed: PrivilegeSet,
) -> Result<(), Refusal> {
    let missing = needed.without(scene.judged_within(org, environment));
    let missing = if missing.is_empty() { missing } else { missing.without(ceilings::since(scene, org)) };
    if missing.is_empty() || global::reaches_into(scene, org) {
        return Ok(());
    }
    let detail = format!(
        "you cannot hand out {} in org `{}`, by any path: you do not hold it there yourself",
        scene.listed(missing),
        scene.org_id(org)
    );
    Err(forbidden("delegation.not_held", detail))
}

/// Whoever works in an org has what is shared with it: only who does so may bring others there.
fn works_in(scene: &Scene<'_>, org: OrgNo) -> Result<(), Refusal> {
    let reaches = scene.is_judged(org) && scene.subject.only.is_none_or(|only| only == org);
    if reaches && judge::belongs_effectively(scene, scene.subject.user, org) {
        return Ok(());
    }
    let org = scene.org_id(org);
    let detail =
        format!("this gives what is shared with org `{org}`, where you do not work yourself: ask somebody there");
    Err(forbidden("delegation.not_member", detail))
}

/// A global role gives in every org: only who holds the same by global roles may hand it out.
fn holds_everywhere(scene: &Scene<'_>, needed: PrivilegeSet) -> Result<(), Refusal> {
    let missing = needed.without(by_global_roles(scene).unwrap_or_default());
    if missing.is_empty() || global::reaches(scene) {
        return Ok(());
    }
    let detail =
        format!("you cannot hand out {} in every org: you do not hold it by a global role", scene.listed(missing));
    Err(forbidden("delegation.not_held", detail))
}

/// Where roles need no membership, even an empty global role lets its holder into every org; where they do, that of the
/// system administrators may.
fn works_everywhere(scene: &Scene<'_>, role: RoleNo) -> Result<(), Refusal> {
    let enters = match scene.roles_need_membership() {
        true => {
            let whole = scene.subject.only.is_none();
            !judge::role_reaches(scene, role) || (whole && judge::is_system_administrator(scene, scene.subject.user))
        }
        false => by_global_roles(scene).is_some(),
    };
    if enters {
        return Ok(());
    }
    let detail = "a global role gives what is shared with any org: ask somebody who holds a global role themself";
    Err(forbidden("delegation.not_member", detail))
}

/// What is held by valid global roles, if there is one. A key that works in one org holds nothing in every org.
fn by_global_roles(scene: &Scene<'_>) -> Option<PrivilegeSet> {
    let own = scene.roles_of_user(scene.subject.user);
    let groups = scene.groups_of(scene.subject.user).flat_map(|(group, ..)| scene.roles_of_group(group));
    let valid = own.chain(groups).filter(|(_, window, _)| window.holds(scene.instant()));
    let global = valid.filter_map(|(role, ..)| live(scene, role)).filter(|role| role.org.is_none());
    let all = global.map(|role| role.privileges).reduce(PrivilegeSet::or)?;
    let open = all.without(scene.closed_to(scene.subject.user));
    scene.subject.only.is_none().then_some(open.and(scene.subject.cap))
}

fn holds_share(scene: &Scene<'_>, no: ResourceNo, share: &Share) -> Result<(), Refusal> {
    if View::resource(scene, no).is_some_and(|resource| resource.value.live) {
        holds_below(scene, no, share.level, share.copy)
    } else {
        Ok(())
    }
}

/// Refuses unless content, and everything below it, is had at the level.
fn holds_below(scene: &Scene<'_>, no: ResourceNo, level: Level, copy: bool) -> Result<(), Refusal> {
    holds_level(scene, (no, level, copy))?;
    // What comes from above, or by managing all content, covers what lies below; having made a folder does not, and a
    // row rule may bind somebody in what lies below alone.
    let bound = View::resource(scene, no).is_some_and(|resource| packs::is_bound(scene, resource.value.org));
    if !bound && reach(scene, no, level, copy, |reach| reach.code != Code::Created) {
        return Ok(());
    }
    scene.contents(no).try_for_each(|below| holds_below(scene, below, level, copy))
}

fn holds_level(scene: &Scene<'_>, (no, level, copy): (ResourceNo, Level, bool)) -> Result<(), Refusal> {
    if reach(scene, no, level, copy, |_| true) { packs::rows(scene, no) } else { Err(level_not_held(scene, no)) }
}

fn level_not_held(scene: &Scene<'_>, no: ResourceNo) -> Refusal {
    let id = scene.resource_id(no);
    let detail = format!("you do not have `{id}`, or something in it, at that level yourself: ask somebody who does");
    Refusal::new(Kind::Forbidden, "delegation.level_not_held", detail)
}

fn reach(scene: &Scene<'_>, no: ResourceNo, level: Level, copy: bool, counts: impl Fn(&Reach) -> bool) -> bool {
    let Some(org) = View::resource(scene, no).map(|resource| resource.value.org) else { return false };
    if !scene.is_judged(org) || scene.subject.only.is_some_and(|only| only != org) {
        return false;
    }
    let mut found = false;
    judge::reaches(&scene.view, &scene.subject, org, no, |reach| {
        // Whoever manages content may let it be copied.
        found |= reach.level >= level && (!copy || reach.copy || reach.level == Level::Manage) && counts(reach);
        std::ops::ControlFlow::Continue(())
    });
    found
}

fn as_created(event: &Event) -> Option<&OrgId> {
    if let Event::OrgCreated(e) = event { Some(&e.org) } else { None }
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
