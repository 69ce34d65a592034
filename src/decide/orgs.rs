//! The organisation tree and the landlord rule.

use tenure_events::Event;
use tenure_events::data::{
    self, ApiKeyIssued, GroupInvited, LandlordAdmitted, LandlordCaughtUp, LandlordExcluded, Lifecycle, OrgArchived,
    OrgCreated, OrgDescribed, OrgDisabled, OrgEnabled, OrgRenamed, OrgTagged, RoleDefined, SubscriptionGranted,
    UserCreated,
};
use tenure_events::{GroupId, InvalidId, OrgId, Privilege, RoleId, Sealed, Time, UserType};
use tenure_projections::judge::{self, administrative};
use tenure_projections::names::{IdSort, Scope};
use tenure_projections::sight;
use tenure_projections::values::{NameHolder, OrgNo, PrivilegeSet};
use tenure_projections::{Changes, View};

use super::scene::{Plan, Scene, conflict, forbidden, group_id, invalid, org_id, resource_id, user_id};
use super::{Refusal, global, permissions, text, workspace};
use crate::command::{
    AdmitLandlord, All, ArchiveOrg, CreateOrg, DescribeOrg, FirstAdmin, Privileges, RenameOrg, TagOrg,
};

/// The words that archiving an org takes.
pub const ARCHIVE: &str = "permanently archive";

const MAX_DESCRIPTION: usize = 2_000;
const MAX_TAGS: usize = 50;
const MAX_TAG: usize = 100;

/// Makes an org, and answers its id.
pub fn create(scene: &Scene<'_>, args: &CreateOrg<Sealed>, plan: &mut Plan) -> Result<OrgId, Refusal> {
    let parent = match &args.parent {
        Some(parent) => scene.live_org(parent)?,
        None => super::groups::place(scene, None)?,
    };
    makes_below(scene, parent)?;
    below_root_only(scene, parent)?;
    let org = scene.new_id(IdSort::Org, args.id.as_ref(), scene.moment.fresh.thing, |scene, id| {
        let seen = |org| sight::sees_org(&scene.view, &scene.subject, org);
        if global::is(scene, id) { Some(true) } else { scene.find_org(id.as_str()).map(seen) }
    })?;
    let managing_group = match &args.managing_group {
        Some(group) => Some(managing_group(scene, group)?),
        None if scene.settings().is_some_and(|settings| settings.value.managing_team_required) => {
            return Err(invalid("managing_group", "org.managing_team_required", "name the team that manages the org"));
        }
        None => None,
    };
    let created = OrgCreated {
        org: org.clone(),
        name: scene.name(Scope::Orgs(Some(parent.handle())), &args.name, None)?,
        parent: Some(org_id(scene, parent)),
        description: text::lines("description", &args.description, MAX_DESCRIPTION)?,
        tags: tags(&args.tags)?,
        managing_group,
        region: args.region.as_deref().map(|region| text::lines("region", region, MAX_TAG)).transpose()?,
    };
    let team = created.managing_group.clone();
    let twin = Event::OrgCreated(created.clone());
    plan.in_org(org.clone(), Event::OrgCreated(created));
    plan.0.push(super::Draft { org: org_id(scene, parent), event: twin, twin_of: Some(0) });
    super::licences::begin_trial(scene, &org, parent, plan)?;
    starting_roles(scene, &org, plan)?;
    first_team(scene, &org, team.as_ref(), plan)?;
    workspace::start(scene, &org, plan)?;
    args.admin.iter().try_for_each(|admin| first_admin(scene, &org, admin, plan))?;
    Ok(org)
}

/// Whoever manages the parent makes orgs below it. On a platform of teams whoever may at all makes them below the
/// root: they give them to a team (A).
pub fn makes_below(scene: &Scene<'_>, parent: OrgNo) -> Result<(), Refusal> {
    let of_teams = scene.settings().is_some_and(|settings| settings.value.lifecycle == Lifecycle::ManagingTeam);
    if !of_teams || !scene.needs_tenant_permissions() {
        return manages_inside(scene, parent);
    }
    permissions::opens(scene, administrative::ORG_MANAGE)?;
    let gated = scene.tenant_permissions().any(|(_, gated)| gated.has(administrative::ORG_MANAGE));
    if gated && scene.root() == Some(parent) && !scene.is_narrow() { Ok(()) } else { manages_inside(scene, parent) }
}

/// The team of an org made on a platform of teams does there what can be done with content (A).
fn first_team(scene: &Scene<'_>, org: &OrgId, team: Option<&GroupId>, plan: &mut Plan) -> Result<(), Refusal> {
    let of_teams = scene.settings().is_some_and(|settings| settings.value.lifecycle == Lifecycle::ManagingTeam);
    let Some(group) = team.filter(|_| of_teams) else { return Ok(()) };
    let administrative: PrivilegeSet = scene.all_privileges().iter().take(administrative::NAMES.len()).collect();
    let all = scene.all_privileges().without(scene.reserved_privileges());
    let privileges = scene.named(all.without(administrative));
    let invited = GroupInvited { group: group.clone(), org: org.clone(), environment: None, privileges };
    plan.in_org(org.clone(), Event::GroupInvited(invited));
    Ok(())
}

/// A role that an org starts with: its id is `NAME@ORG`, with `-` for what cannot stand in an id.
///
/// # Errors
/// The org's id, or the role's name, is too long for that.
pub fn starting_role(org: &OrgId, name: &str, privileges: Vec<Privilege>) -> Result<RoleDefined, InvalidId> {
    let word: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect();
    let role = RoleId::new(format!("{word}@{org}"))?;
    Ok(RoleDefined { role, org: Some(org.clone()), name: name.to_owned(), privileges })
}

/// The roles that the preset gives to every org. Where another org took the id of one, before such ids were kept, the role
/// has a new one, and goes by its name.
fn starting_roles(scene: &Scene<'_>, org: &OrgId, plan: &mut Plan) -> Result<(), Refusal> {
    for (index, (name, privileges)) in scene.role_templates().enumerate() {
        let mut defined = starting_role(org, name, scene.named(privileges)).map_err(|_| {
            let detail = format!("the id is too long for the org's role `{name}`: leave room for `@{name}`");
            invalid("id", "id.too_long", detail)
        })?;
        if scene.find_role(defined.role.as_str()).is_some() {
            defined.role = scene.moment.fresh.one_of(index).into();
        }
        plan.in_org(org.clone(), Event::RoleDefined(defined));
    }
    Ok(())
}

fn managing_group(scene: &Scene<'_>, id: &GroupId) -> Result<GroupId, Refusal> {
    let (no, group) = scene.group(id)?;
    if group.org.is_some() {
        let detail = format!("group `{id}` has rights in its own org only: name a global group");
        return Err(conflict("group.other_org", detail));
    }
    Ok(group_id(scene, no))
}

fn first_admin(scene: &Scene<'_>, org: &OrgId, admin: &FirstAdmin<Sealed>, plan: &mut Plan) -> Result<(), Refusal> {
    let user = scene.new_user(admin.id.as_ref(), scene.moment.fresh.admin)?;
    let administrator =
        UserType::new("administrator").map_err(|error| conflict("user_type.unknown", error.to_string()))?;
    let user_type = admin.user_type.clone().unwrap_or(administrator);
    let ceiling = scene.ceiling(scene.user_type(&user_type)?);
    let privileges = ceiling.without(scene.reserved_privileges());
    let privileges = scene.asked(admin.privileges.as_ref().unwrap_or(&Privileges::All(All::All)), privileges)?;
    super::catalogue::unreserved(scene, privileges)?;
    super::subscriptions::within(scene, privileges, &user_type, ceiling)?;
    let (name, email) = (Some(admin.name.clone()), admin.email.clone());
    plan.in_org(org.clone(), Event::UserCreated(UserCreated { user: user.clone(), org: org.clone(), name, email }));
    let privileges = scene.named(privileges);
    let subscription = data::Subscription { user_type, privileges, valid_from: None, valid_until: None };
    let granted = SubscriptionGranted { user: user.clone(), org: org.clone(), subscription };
    plan.in_org(org.clone(), Event::SubscriptionGranted(granted));
    workspace::welcome_first(scene, org, &user, plan);
    if admin.enrol && admin.key {
        let detail = "one secret is enough: a key, or an enrolment by which they make their own";
        return Err(invalid("enrol", "enrol.or_key", detail));
    }
    if admin.enrol {
        super::enrolment::of_new(scene, org, &user, scene.moment.fresh.admin.into(), plan)?;
    }
    if admin.key {
        let (key, hash) = (scene.moment.fresh.admin.into(), scene.moment.key_hash.clone());
        if scene.is_narrow() {
            let detail = "the first administrator's key carries all of the org and does not end: make it with a key that \
                          is neither limited nor ends";
            return Err(forbidden("key.wider", detail));
        }
        let issued = ApiKeyIssued { key, user, hash, name: None, org: None, privileges: None, expires: None };
        plan.in_org(org.clone(), Event::ApiKeyIssued(issued));
    }
    Ok(())
}

pub fn rename(scene: &Scene<'_>, args: &RenameOrg, plan: &mut Plan) -> Result<(), Refusal> {
    let org = open(scene, &args.org)?;
    manages(scene, org)?;
    let parent = scene.parent(org);
    let name = scene.name(Scope::Orgs(parent.map(OrgNo::handle)), &args.name, Some(NameHolder::Org(org)))?;
    if name == scene.org_name(org) {
        return Err(conflict("nothing.changes", format!("org `{}` is called that already", args.org)));
    }
    let parent = parent.map(|parent| org_id(scene, parent));
    plan.add(scene, org, Event::OrgRenamed(OrgRenamed { org: args.org.clone(), name, parent }), &[]);
    Ok(())
}

pub fn describe(scene: &Scene<'_>, args: &DescribeOrg, plan: &mut Plan) -> Result<(), Refusal> {
    let org = scene.live_org(&args.org)?;
    manages_inside(scene, org)?;
    let description = text::lines("description", &args.description, MAX_DESCRIPTION)?;
    plan.add(scene, org, Event::OrgDescribed(OrgDescribed { org: args.org.clone(), description }), &[]);
    Ok(())
}

pub fn tag(scene: &Scene<'_>, args: &TagOrg, plan: &mut Plan) -> Result<(), Refusal> {
    let org = scene.live_org(&args.org)?;
    manages_inside(scene, org)?;
    let tags = tags(&args.tags)?;
    // The whole is stated: found so already, it is done without an event.
    if tags == scene.org_tags(org) {
        return Ok(());
    }
    plan.add(scene, org, Event::OrgTagged(OrgTagged { org: args.org.clone(), tags }), &[]);
    Ok(())
}

pub fn disable(scene: &Scene<'_>, id: &OrgId, plan: &mut Plan) -> Result<(), Refusal> {
    let org = open(scene, id)?;
    if !scene.is_open(org) {
        return Err(conflict("org.already_disabled", format!("org `{id}` is disabled already")));
    }
    not_root(scene, org)?;
    manages(scene, org)?;
    plan.add(scene, org, Event::OrgDisabled(OrgDisabled { org: id.clone() }), scene.parent(org).as_slice());
    Ok(())
}

pub fn enable(scene: &Scene<'_>, id: &OrgId, plan: &mut Plan) -> Result<(), Refusal> {
    let org = open(scene, id)?;
    manages(scene, org)?;
    if scene.is_open(org) {
        return Err(conflict("org.not_disabled", format!("org `{id}` is not disabled")));
    }
    plan.add(scene, org, Event::OrgEnabled(OrgEnabled { org: id.clone() }), scene.parent(org).as_slice());
    Ok(())
}

pub fn archive(scene: &Scene<'_>, args: &ArchiveOrg, plan: &mut Plan) -> Result<(), Refusal> {
    let org = open(scene, &args.org)?;
    not_root(scene, org)?;
    manages(scene, org)?;
    ends(scene, org)?;
    if args.confirmation != ARCHIVE {
        let detail = format!("archiving cannot be undone: confirm with the words `{ARCHIVE}`");
        return Err(invalid("confirmation", "confirmation.wrong", detail));
    }
    if let Some(child) = scene.children(org).find(|child| !scene.is_archived(*child)) {
        let detail =
            format!("org `{}` has children, `{}` is one: archive or move them first", args.org, scene.org_id(child));
        return Err(conflict("org.has_children", detail));
    }
    if let Some(environment) = scene.environments(org).next() {
        let one = scene.environment_id(environment);
        let detail = format!("org `{}` has environments, `{one}` is one: unlink them first", args.org);
        return Err(conflict("org.has_environments", detail));
    }
    super::associations::none_left(scene, org)?;
    plan.add(scene, org, Event::OrgArchived(OrgArchived { org: args.org.clone() }), scene.parent(org).as_slice());
    Ok(())
}

pub fn exclude_landlord(scene: &Scene<'_>, id: &OrgId, plan: &mut Plan) -> Result<(), Refusal> {
    let org = scene.live_org(id)?;
    landlord(scene, org)?;
    if !admits_now(scene, org) {
        return Err(conflict("landlord.already_excluded", format!("org `{id}` excludes its ancestors already")));
    }
    excludes(scene, org, &above(scene, org), plan)
}

/// An org begins to exclude its ancestors.
pub fn excludes(scene: &Scene<'_>, org: OrgNo, concerned: &[OrgNo], plan: &mut Plan) -> Result<(), Refusal> {
    plan.add(scene, org, Event::LandlordExcluded(LandlordExcluded { org: org_id(scene, org) }), concerned);
    super::outside::keeps_sender(scene, org, plan)
}

pub fn admit_landlord(scene: &Scene<'_>, args: &AdmitLandlord, plan: &mut Plan) -> Result<(), Refusal> {
    let org = scene.live_org(&args.org)?;
    landlord(scene, org)?;
    scene.not_past("until", args.until)?;
    if scene.landlord(org).is_none() {
        return Err(conflict("landlord.not_excluded", format!("org `{}` never excluded its ancestors", args.org)));
    }
    let admitted = LandlordAdmitted { org: args.org.clone(), until: args.until };
    plan.add(scene, org, Event::LandlordAdmitted(admitted), &above(scene, org));
    above(scene, org).into_iter().for_each(|other| catches_up(scene, org, other, plan));
    Ok(())
}

/// How much of what an ancestor was not told has room in one event.
const MAX_CAUGHT_UP: usize = 200;

/// An ancestor that is admitted again is told, at once, what of it changed meanwhile: its people, its groups, its content.
/// How, it reads as things stand.
fn catches_up(scene: &Scene<'_>, org: OrgNo, other: OrgNo, plan: &mut Plan) {
    let comes = scene.parent(org).is_some_and(|parent| judge::reaches_down(scene, other, parent));
    let Some(since) = scene.landlord(org).map(|landlord| landlord.position) else { return };
    if !comes || judge::reaches_down(scene, other, org) {
        return;
    }
    let mut changes = Changes::default();
    for at in scene.tree(org).filter(|at| judge::reaches_down(scene, org, *at)) {
        scene.changes_since(at, other, since, &mut changes);
    }
    let Changes { users, groups, resources } = changes;
    let all = users.len() + groups.len() + resources.len();
    if all == 0 {
        return;
    }
    let mut room = MAX_CAUGHT_UP;
    let mut fits = || {
        room = room.saturating_sub(1);
        room > 0
    };
    let users: Vec<_> = users.into_iter().take_while(|_| fits()).map(|user| user_id(scene, user)).collect();
    let groups: Vec<_> = groups.into_iter().take_while(|_| fits()).map(|group| group_id(scene, group)).collect();
    let resources: Vec<_> = resources.into_iter().take_while(|_| fits()).map(|no| resource_id(scene, no)).collect();
    let more = all.saturating_sub(users.len() + groups.len() + resources.len()) as u64;
    let caught_up = LandlordCaughtUp { org: org_id(scene, org), users, groups, resources, more };
    plan.catch_up(scene, other, Event::LandlordCaughtUp(caught_up));
}

/// An org's ancestors, whom it excludes or admits.
pub fn above(view: &View<'_>, org: OrgNo) -> Vec<OrgNo> {
    view.lineage(org).skip(1).collect()
}

/// An org that is not archived.
pub fn open(scene: &Scene<'_>, id: &OrgId) -> Result<OrgNo, Refusal> {
    let org = scene.org(id)?;
    if scene.is_archived(org) {
        return Err(super::scene::archived(id));
    }
    Ok(org)
}

fn landlord(scene: &Scene<'_>, org: OrgNo) -> Result<(), Refusal> {
    if !scene.settings().is_some_and(|settings| settings.value.landlord_rule) {
        return Err(conflict("mechanism.off", "the landlord rule is off on this platform"));
    }
    not_root(scene, org)?;
    scene.need(org, administrative::LANDLORD_MANAGE)
}

pub fn admits_now(scene: &Scene<'_>, org: OrgNo) -> bool {
    scene.landlord(org).is_none_or(|landlord| landlord.value.admits(scene.instant()))
}

pub fn not_root(scene: &Scene<'_>, org: OrgNo) -> Result<(), Refusal> {
    if scene.parent(org).is_none() {
        return Err(conflict("org.root", "the root org can be renamed, but not this"));
    }
    Ok(())
}

/// Where orgs are the root's to make, it has all of them directly below it.
pub fn below_root_only(scene: &Scene<'_>, parent: OrgNo) -> Result<(), Refusal> {
    if scene.lifecycle() == Lifecycle::Root && scene.root() != Some(parent) {
        return Err(conflict("org.below_root_only", "orgs hang under the root here, and under no other"));
    }
    Ok(())
}

/// What an org leaves to its ancestors even when it excludes them.
pub fn manages(scene: &Scene<'_>, org: OrgNo) -> Result<(), Refusal> {
    match scene.lifecycle() {
        Lifecycle::Root => scene.need(scene.root().unwrap_or(org), administrative::ORG_MANAGE),
        _ if judge::manages(&scene.view, &scene.subject, org) => Ok(()),
        Lifecycle::SystemAdministrator => {
            let detail = "system administrators alone make, change and end orgs on this platform: ask one of them";
            Err(forbidden("lifecycle.system_administrator", detail))
        }
        Lifecycle::OrgManage | Lifecycle::ManagingTeam => scene.need(org, administrative::ORG_MANAGE),
    }
}

/// What it does not.
pub fn manages_inside(scene: &Scene<'_>, org: OrgNo) -> Result<(), Refusal> {
    manages(scene, org)?;
    if judge::manages_inside(&scene.view, &scene.subject, org) {
        return Ok(());
    }
    Err(forbidden("landlord.excluded", format!("org `{}` excludes its ancestors", scene.org_id(org))))
}

/// Refuses to close an org for good over the head of its landlord's rule: one that excludes its ancestors, now or once
/// they are admitted no longer, is archived by its own alone, and one below it by whom that admits. Its history stays
/// closed to whom it excluded when it was archived.
fn ends(scene: &Scene<'_>, org: OrgNo) -> Result<(), Refusal> {
    let later = scene.view.at(Time::from_micros(i64::MAX - 1));
    if scene.excludes_landlord(org) || later.excludes_landlord(org) {
        scene.need(org, administrative::LANDLORD_MANAGE)?;
    }
    manages_inside(scene, org)
}

fn tags(tags: &[String]) -> Result<Vec<String>, Refusal> {
    if tags.len() > MAX_TAGS {
        return Err(invalid("tags", "tags.too_many", format!("at most {MAX_TAGS} tags, these are {}", tags.len())));
    }
    tags.iter().map(|tag| text::lines("tags", tag, MAX_TAG)).collect()
}
