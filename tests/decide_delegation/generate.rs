//! Random small worlds, from numbers that proptest can shrink.

use tenure::decide::Draft;
use tenure_events::data::*;
use tenure_events::{Event, Time};

use super::Dice;
use super::facts::{At, Facts, Member};
use super::licences::{platform, tenant};
use super::platform::SYSTEM;
use super::rules::{ADMINISTRATORS, CONTENT_MANAGE};
use crate::support::licensed::vendor;
use crate::support::memory::{KINDS, USER_TYPES, World, ceiling, id, privileges, settings};

/// Levels of content.
pub const LEVELS: [Level; 4] = [Level::View, Level::Use, Level::Edit, Level::Manage];

/// A world: settings, the parent of each org, the home of each user, and facts.
#[derive(Debug, Clone)]
pub struct Shape {
    pub settings: u32,
    pub orgs: Vec<u8>,
    pub users: Vec<u8>,
    pub facts: Vec<u64>,
}

impl Shape {
    pub fn settings(&self) -> Settings {
        let on = |bit: u32| self.settings & 1 << bit != 0;
        let reaches = on(6) && on(7);
        Settings {
            single_org_hierarchy: on(0),
            roles_need_membership: on(1),
            landlord_rule: on(2) || on(3),
            cross_org_shares: if on(4) { CrossOrgShares::None } else { CrossOrgShares::Downward },
            name_scope: if on(5) { NameScope::Org } else { NameScope::Parent },
            system_administrator_reaches: reaches,
            tenant_users: match (on(8), on(9)) {
                (true, true) => TenantUsers::Never,
                (true, false) => TenantUsers::Always,
                (false, _) => TenantUsers::WhenSubscribed,
            },
            public_folders: on(10) && on(11),
            personal_folders: on(12),
            licences: match (on(13), on(14)) {
                (true, true) => Switch::On,
                (true, false) => Switch::OnceUsed,
                (false, _) => Switch::Off,
            },
            lifecycle: match self.settings >> 15 & 7 {
                0 => Lifecycle::Root,
                1 => Lifecycle::ManagingTeam,
                2 | 3 if reaches => Lifecycle::SystemAdministrator,
                _ => Lifecycle::OrgManage,
            },
            ..settings()
        }
    }

    /// The events that make the world, as they come: each draws on what those before have made.
    pub fn make(&self, world: &mut World, record: &mut impl FnMut(&mut World, String, Event)) -> Facts {
        let mut facts = Facts::default();
        let mut noted = 0;
        let mut add = |world: &mut World, facts: &mut Facts, org: String, event: Event| {
            record(world, org, event);
            world.log[noted..].iter().for_each(|envelope| facts.note(envelope));
            noted = world.log.len();
        };
        for group in ["g-north", "g-south"] {
            let created = GroupCreated { group: id(group), org: None, name: group.to_owned() };
            add(world, &mut facts, "root".to_owned(), Event::GroupCreated(created));
        }
        let settings = facts.settings().clone();
        if settings.system_administrator_reaches || settings.tenant_users == TenantUsers::Always {
            let less = !settings.system_administrator_reaches && self.settings & 1 << 18 != 0;
            for event in system_administrator(if less { some(&mut Dice(self.settings.into())) } else { privileges() }) {
                add(world, &mut facts, "root".to_owned(), event);
            }
        }
        let key = LicenceKeyTrusted { key: vendor().public().to_string() };
        add(world, &mut facts, "root".to_owned(), Event::LicenceKeyTrusted(key));
        for (number, byte) in self.orgs.iter().enumerate() {
            let below = if settings.lifecycle == Lifecycle::Root { 1 } else { facts.orgs.len() };
            let parent = &facts.orgs[*byte as usize % below].id;
            let org = format!("o{number}");
            let managing_group = match byte / 16 {
                0 => Some(id("g-north")),
                1 => Some(id("g-south")),
                _ => None,
            };
            let created = OrgCreated {
                org: id(&org),
                name: org.clone(),
                parent: Some(id(parent)),
                description: String::new(),
                tags: Vec::new(),
                managing_group,
                region: None,
            };
            add(world, &mut facts, org, Event::OrgCreated(created));
        }
        for (number, byte) in self.users.iter().enumerate() {
            let (user, org) = (format!("u{number}"), facts.orgs[*byte as usize % facts.orgs.len()].id.clone());
            let created = UserCreated { user: id(&user), org: id(&org), name: None, email: None };
            add(world, &mut facts, org.clone(), Event::UserCreated(created));
            // All are made by the admin of the root; for most their org vouches.
            if byte % 5 != 0 {
                let what = Confirmed::Account(Everyone);
                let confirmed = CredentialConfirmed { user: id(&user), org: id(&org), what };
                add(world, &mut facts, org.clone(), Event::CredentialConfirmed(confirmed));
            }
            let subscription = subscription(&mut Dice(u64::from(*byte) * 77), None, None);
            let granted = SubscriptionGranted { user: id(&user), org: id(&org), subscription };
            add(world, &mut facts, org, Event::SubscriptionGranted(granted));
        }
        for seed in &self.facts {
            let drawn = fact(&facts, &mut Dice(*seed), world.now());
            if let Some((org, event)) = drawn {
                add(world, &mut facts, org, event);
            }
        }
        facts
    }
}

pub fn draft(org: &str, event: Event) -> Vec<Draft> {
    vec![Draft { org: id(org), event, twin_of: None }]
}

fn subscription(dice: &mut Dice, valid_from: Option<Time>, valid_until: Option<Time>) -> Subscription {
    let user_type = USER_TYPES[dice.of(8) % 5 % 4];
    let most = ceiling(user_type);
    let privileges = some(dice).into_iter().filter(|privilege| most.contains(privilege));
    Subscription { user_type: id(user_type), privileges: privileges.map(|p| id(&p)).collect(), valid_from, valid_until }
}

fn all_for_good() -> Subscription {
    let privileges = privileges().iter().map(|p| id(p)).collect();
    Subscription { user_type: id("administrator"), privileges, valid_from: None, valid_until: None }
}

/// Privileges: all, nearly all, those of administration, of content, a few, none.
pub fn some(dice: &mut Dice) -> Vec<String> {
    let mut all = privileges();
    let one = dice.of(all.len());
    match dice.of(9) {
        0 | 1 => all,
        2 => {
            all.remove(one);
            all
        }
        3 => all.drain(..12).collect(),
        4 => all.split_off(12),
        5 => vec![all.swap_remove(one)],
        6 => all.drain(..5).collect(),
        7 => Vec::new(),
        _ => {
            let other = dice.of(all.len());
            all.into_iter().enumerate().filter(|(at, _)| *at == one || *at == other).map(|(_, p)| p).collect()
        }
    }
}

/// The next hours, or never.
pub fn until(dice: &mut Dice, now: Time) -> Option<Time> {
    let hour = 3_600_000_000;
    let next = now.micros() / hour;
    dice.one_in(3).then(|| Time::from_micros((next + 1 + dice.of(3) as i64) * hour))
}

pub fn audience(facts: &Facts, dice: &mut Dice, org: At) -> Option<Audience> {
    Some(match dice.of(5) {
        0 => Audience::User(id(&facts.users[dice.of(facts.users.len())].id)),
        1 => {
            let roles = facts.roles.iter().filter(|role| role.live && role.org.is_none_or(|of| of == org));
            Audience::Role(id(&dice.pick(roles)?.id))
        }
        2 => {
            let groups = facts.groups.iter().filter(|group| group.live && group.org.is_none_or(|of| of == org));
            Audience::Group(id(&dice.pick(groups)?.id))
        }
        3 => {
            let orgs = (0..facts.orgs.len()).filter(|at| *at == org || facts.ancestors(*at).contains(&org));
            Audience::Org(id(&facts.orgs[dice.pick(orgs)?].id))
        }
        _ => Audience::AllOrgs(Everyone),
    })
}

/// A fact that no command has to allow, but that one might have.
fn fact(facts: &Facts, dice: &mut Dice, now: Time) -> Option<(String, Event)> {
    let settings = facts.settings.as_ref()?;
    let org = dice.of(facts.orgs.len());
    let user = dice.of(facts.users.len());
    let (org_id, user_id) = (facts.orgs[org].id.clone(), id(&facts.users[user].id));
    let global = dice.one_in(4);
    let of = (!global).then(|| id(&org_id));
    let event = match dice.of(34) {
        25.. => return beside(facts, dice, now),
        0 | 1 => {
            let from = if dice.one_in(6) { until(dice, now) } else { None };
            let until = until(dice, now).filter(|until| from.is_none_or(|from| from < *until));
            let fresh = facts.users[user].home != org;
            let mut subscription = subscription(dice, from, until);
            // Whose home is one org, and whose authority another's: an ancestor of a third, perhaps.
            if dice.one_in(3) && facts.orgs.iter().any(|other| other.parent == Some(org)) {
                subscription = all_for_good();
            }
            fresh.then(|| {
                Event::SubscriptionGranted(SubscriptionGranted { user: user_id, org: id(&org_id), subscription })
            })?
        }
        2 => {
            let name = format!("g{}", facts.groups.len());
            Event::GroupCreated(GroupCreated { group: id(&name), org: of, name })
        }
        3 | 4 => {
            let fits = |(at, group): &(At, &super::facts::Group)| {
                group.org.is_none_or(|of| of == facts.users[user].home) && !facts.joined.contains(&(user, *at))
            };
            let group = dice.pick(facts.groups.iter().enumerate().filter(fits))?.1;
            Event::GroupMemberAdded(GroupMemberAdded { group: id(&group.id), user: user_id })
        }
        5 => {
            let role = id(&format!("r{}", facts.roles.len()));
            let names = ["guest", "hrbp", "buyer"];
            let free = |name: &&str| {
                let same = |role: &super::facts::Role| role.name == **name && role.org == of.as_ref().map(|_| org);
                !facts.roles.iter().any(same)
            };
            let name = dice.pick(names.into_iter().filter(free)).map_or_else(|| format!("{role}"), str::to_owned);
            let privileges = some(dice).iter().map(|p| id(p)).collect();
            Event::RoleDefined(RoleDefined { role, org: of, name, privileges })
        }
        6 => {
            let role = dice.pick(facts.roles.iter())?;
            let (to, valid_until) = (Assignee::User(user_id), until(dice, now));
            Event::RoleAssigned(RoleAssigned { role: id(&role.id), to, valid_until })
        }
        7 => {
            let role = dice.pick(facts.roles.iter())?;
            let fits = |group: &&super::facts::Group| group.org.is_none() || group.org == role.org;
            let to = Assignee::Group(id(&dice.pick(facts.groups.iter().filter(fits))?.id));
            Event::RoleAssigned(RoleAssigned { role: id(&role.id), to, valid_until: until(dice, now) })
        }
        8 | 9 | 14 | 15 => {
            let name = format!("c{}", facts.contents.len());
            let shared = |content: &&super::facts::Content| facts.personal_of(facts.content(&content.id)).is_none();
            let folders = facts.contents.iter().filter(|content| content.org == org && content.kind == 0);
            let parent = dice.pick(folders.filter(shared)).filter(|_| !dice.one_in(4)).map(|folder| id(&folder.id));
            let kind = dice.of(KINDS.len()) * usize::from(!dice.one_in(3));
            // Made by a member, rather by one who does not manage all content.
            let member = |m: &&Member| m.org == org && (m.privileges & CONTENT_MANAGE == 0 && m.privileges >> 12 != 0);
            let plain = dice.pick(facts.members.iter().filter(member)).filter(|_| !dice.one_in(3));
            let member = plain.or_else(|| dice.pick(facts.members.iter().filter(|m| m.org == org)))?;
            let creator = &facts.users[member.user].id;
            Event::ResourceCreated(ResourceCreated { parent, ..content(&name, &org_id, kind, creator) })
        }
        10 | 11 | 16 => {
            let folders = facts.contents.iter().filter(|content| content.kind == 0);
            let folder = dice.pick(folders).filter(|_| dice.one_in(2));
            let content = folder.or_else(|| dice.pick(facts.contents.iter()))?;
            let with = audience(facts, dice, content.org)?;
            let app = facts.kinds[content.kind].1.nature == Nature::App && content.org != 0;
            let other = matches!(&with, Audience::Org(org) if org.as_str() != facts.orgs[content.org].id);
            let all = matches!(with, Audience::AllOrgs(_));
            if (other || all) && app {
                return None;
            }
            if (other || all) && (settings.cross_org_shares == CrossOrgShares::None || (all && content.org != 0)) {
                return None;
            }
            if facts.personal_of(facts.content(&content.id)).is_some() {
                return None;
            }
            let (level, copy, valid_until) = (LEVELS[dice.of(4)], dice.one_in(2), until(dice, now));
            let shared = ContentShared { resource: id(&content.id), with, level, copy, valid_until };
            return Some((facts.orgs[content.org].id.clone(), Event::ContentShared(shared)));
        }
        13 => {
            let foreign = |member: &&Member| member.there && facts.users[member.user].home != member.org;
            let Member { user, org, .. } = *dice.pick(facts.members.iter().filter(foreign))?;
            let (user, org_id) = (id(&facts.users[user].id), facts.orgs[org].id.clone());
            let withdrawn = SubscriptionWithdrawn { user, org: id(&org_id) };
            return Some((org_id, Event::SubscriptionWithdrawn(withdrawn)));
        }
        12 => {
            let privileges = (!dice.one_in(3)).then(|| some(dice).iter().map(|p| id(p)).collect());
            let key = id(&format!("k{}", facts.keys.len()));
            let (hash, org) = (String::new(), dice.one_in(3).then(|| id(&org_id)));
            Event::ApiKeyIssued(ApiKeyIssued { key, user: user_id, hash, name: None, org, privileges, expires: None })
        }
        18 | 19 => {
            let free = |at: &At| facts.orgs[*at].master.is_none() && !facts.orgs.iter().any(|o| o.master == Some(*at));
            let master =
                dice.pick((0..facts.orgs.len()).filter(|at| *at != org && facts.orgs[*at].master.is_none()))?;
            let (master, sub) = (id(&facts.orgs[master].id), id(&org_id));
            free(&org).then_some(Event::SubTenantAssociated(SubTenantAssociated { master, sub }))?
        }
        20 => {
            let goes = |c: &&super::facts::Content| [0, 3, 4].contains(&c.kind);
            let content = dice.pick(facts.contents.iter().filter(goes))?;
            let to = if global { None } else { Some(org) };
            let at = facts.content(&content.id);
            let there = facts.given.iter().any(|(content, of, _)| *content == at && *of == to);
            let below = to.is_none_or(|to| facts.ancestors(to).contains(&content.org));
            let may =
                settings.cross_org_shares == CrossOrgShares::Downward && below && (to.is_some() || content.org == 0);
            let to = if global { Recipient::AllOrgs(Everyone) } else { Recipient::Org(id(&org_id)) };
            let given = ContentDistributed { resource: id(&content.id), to };
            let may = may && facts.personal_of(at).is_none();
            return (may && !there).then(|| (facts.orgs[content.org].id.clone(), Event::ContentDistributed(given)));
        }
        21 | 23 | 24 => {
            let (content, tenant, _) = *dice.pick(facts.given.iter())?;
            let tenant = tenant.unwrap_or(org);
            let roles = facts.roles.iter().filter(|role| role.org == Some(tenant));
            let users = facts.users.iter().filter(|user| user.home == tenant);
            let to = match dice.pick(roles).filter(|_| dice.one_in(2)) {
                Some(role) => Holder::Role(id(&role.id)),
                None => Holder::User(id(&dice.pick(users)?.id)),
            };
            let org = facts.orgs[tenant].id.clone();
            let handed = ContentHandedOn { resource: id(&facts.contents[content].id), org: id(&org), to };
            return Some((org, Event::ContentHandedOn(handed)));
        }
        22 => {
            let content = dice.pick(facts.contents.iter().filter(|c| c.kind == 0 || c.kind == 4))?;
            let of = if global { RowSubject::Org(id(&org_id)) } else { RowSubject::User(user_id) };
            let set = RowRuleSet { resource: id(&content.id), of, filter: "x".to_owned() };
            return Some((facts.orgs[content.org].id.clone(), Event::RowRuleSet(set)));
        }
        _ => match dice.of(4) {
            0 if org != 0 => Event::OrgDisabled(OrgDisabled { org: id(&org_id) }),
            1 if user != 0 => {
                Event::UserDisabled(UserDisabled { user: user_id, org: id(&facts.orgs[facts.users[user].home].id) })
            }
            2 if org != 0 && settings.landlord_rule => Event::LandlordExcluded(LandlordExcluded { org: id(&org_id) }),
            3 if org != 0 && settings.landlord_rule => {
                Event::LandlordAdmitted(LandlordAdmitted { org: id(&org_id), until: until(dice, now) })
            }
            _ => return None,
        },
    };
    Some((org_id, event))
}

/// The role of the system administrators, who hold everything where they reach, and that `admin` is one.
fn system_administrator(privileges: Vec<String>) -> [Event; 2] {
    let (role, name) = (id(SYSTEM), SYSTEM.to_owned());
    let privileges = privileges.iter().map(|privilege| id(privilege)).collect();
    let (to, valid_until) = (Assignee::User(id("admin")), None);
    let assigned = RoleAssigned { role: id(SYSTEM), to, valid_until };
    [Event::RoleDefined(RoleDefined { role, org: None, name, privileges }), Event::RoleAssigned(assigned)]
}

/// The same of licences, personal folders, environments and invitations.
fn beside(facts: &Facts, dice: &mut Dice, now: Time) -> Option<(String, Event)> {
    let settings = facts.settings();
    let org = dice.of(facts.orgs.len());
    let org_id = facts.orgs[org].id.clone();
    let team = |dice: &mut Dice, of: At| {
        let teams = facts.groups.iter().filter(|group| group.org.is_none_or(|org| org == of));
        dice.pick(teams.filter(|group| group.id != ADMINISTRATORS)).map(|group| group.id.clone())
    };
    let event = match dice.of(8) {
        0 if settings.licences != Switch::Off && facts.platform_licence.is_none() => {
            let licence = platform(facts, dice, now);
            let installed = LicenceInstalled { token: String::new(), licence };
            return Some(("root".to_owned(), Event::LicenceInstalled(installed)));
        }
        0 | 1 if org != 0 && settings.licences != Switch::Off => {
            let licence = tenant(facts, org, dice, now);
            if dice.one_in(2) {
                let valid_until = now.plus_seconds(86_400);
                let users = licence.users.unwrap_or(10);
                Event::TrialStarted(TrialStarted { org: id(&org_id), users, valid_until })
            } else {
                let authorisation = String::new();
                Event::OrgLicensed(OrgLicensed { org: id(&org_id), authorisation, licence })
            }
        }
        2 | 3 if settings.personal_folders => {
            let without = |m: &&Member| m.there && facts.personal_folder(m.user, m.org).is_none();
            let Member { user, org, .. } = *dice.pick(facts.members.iter().filter(without))?;
            let (user, org) = (&facts.users[user].id, &facts.orgs[org].id);
            let resource = format!("personal:{user}@{org}");
            let made = content(&resource, org, 0, user);
            return Some((
                org.clone(),
                Event::ResourceCreated(ResourceCreated { name: user.clone(), personal: true, ..made }),
            ));
        }
        4 => {
            let folder = dice.pick(facts.contents.iter().filter(|content| content.personal))?;
            let (org, maker) = (&facts.orgs[folder.org].id, &facts.users[folder.maker].id);
            let name = format!("c{}", facts.contents.len());
            let made = content(&name, org, dice.of(KINDS.len()), maker);
            return Some((
                org.clone(),
                Event::ResourceCreated(ResourceCreated { parent: Some(id(&folder.id)), ..made }),
            ));
        }
        5 => {
            let environment = id(&format!("e{}", facts.environments.len()));
            let (name, account, region) = (format!("{environment}"), None, None);
            Event::EnvironmentLinked(EnvironmentLinked { environment, org: id(&org_id), name, account, region })
        }
        6 => {
            let group = id(&team(dice, org)?);
            let privileges = some(dice).iter().map(|p| id(p)).collect();
            Event::GroupInvited(GroupInvited { group, org: id(&org_id), environment: None, privileges })
        }
        _ => {
            let (group, org, _) = *dice.pick(facts.invitations.iter())?;
            let here = facts.environments.iter().filter(|environment| environment.org == org);
            let environment = Some(id(&dice.pick(here)?.id));
            let privileges = some(dice).iter().map(|p| id(p)).collect();
            let (group, org) = (id(&facts.groups[group].id), facts.orgs[org].id.clone());
            let invited = GroupInvited { group, org: id(&org), environment, privileges };
            return Some((org, Event::GroupInvited(invited)));
        }
    };
    Some((org_id, event))
}

fn content(name: &str, org: &str, kind: At, maker: &str) -> ResourceCreated {
    ResourceCreated {
        resource: id(name),
        org: id(org),
        kind: id(KINDS[kind].0),
        name: name.to_owned(),
        parent: None,
        creator: id(maker),
        environment: None,
        source: None,
        data_permission: None,
        personal: false,
    }
}
