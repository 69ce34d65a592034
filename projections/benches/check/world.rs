//! The platform that is asked: a million users, each with a home and two more orgs on average. In one org of ten,
//! members get their privilege by a role of a group.

use tenure_events::data::{self, Assignee, CrossOrgShares, Settings};
use tenure_events::{Envelope, Event, GroupId, Hash, OrgId, Privilege, RoleId, Time, UserId, UserType};
use tenure_projections::judge::administrative;
use tenure_projections::values::{OrgNo, PrivilegeNo, UserNo};
use tenure_projections::{State, View};
use uuid::Uuid;

/// Every so many users' subscriptions change until they have eight versions.
const CHANGING: u32 = 16;
const CHANGES: u64 = 7;
/// How often one of all subscriptions changes.
pub const DEEPEST: u64 = 100_000;

pub struct World {
    pub state: State,
    pub position: u64,
    /// User and org of every subscription.
    pub pairs: Vec<(u32, u32)>,
    users: u32,
    orgs: u32,
}

impl World {
    /// Everybody has their subscriptions, and none has changed yet.
    pub fn new(users: u32, orgs: u32) -> Self {
        let mut world = Self { state: State::new(), position: 0, pairs: Vec::new(), users, orgs };
        world.catalogue();
        (0..orgs).for_each(|org| world.add_org(org));
        (0..users).for_each(|user| world.add_user(user));
        world.state.publish(world.position);
        world
    }

    /// Changes some subscriptions until they have eight versions, and one [`DEEPEST`] times.
    pub fn change(&mut self) {
        let changing = self.changing();
        for change in 1..=CHANGES {
            changing.iter().for_each(|(user, org)| self.add(subscription(*user, *org, change % 2 == 1)));
        }
        let (user, org) = self.pairs[0];
        (0..DEEPEST).for_each(|change| self.add(subscription(user, org, change % 2 == 1)));
        self.state.publish(self.position);
    }

    /// The subscriptions that have eight versions in the end.
    pub fn changing(&self) -> Vec<(u32, u32)> {
        let changing = |(user, org): &(u32, u32)| user % CHANGING == 3 && !by_role(*org);
        self.pairs.iter().copied().filter(changing).collect()
    }

    pub fn now(&self) -> Time {
        Time::from_micros(i64::try_from(self.position).unwrap() + 2_000_000_000_000_000)
    }

    /// The privilege that everybody is asked for.
    pub fn privilege(&self) -> PrivilegeNo {
        self.view().find_privilege("chart.edit").unwrap()
    }

    pub fn handles(&self, (user, org): (u32, u32)) -> (UserNo, OrgNo) {
        let view = self.view();
        (view.find_user(user_id(user).as_str()).unwrap(), view.find_org(org_id(org).as_str()).unwrap())
    }

    /// What a writer at full speed does next: every fourth time a new user with a membership, else a change.
    pub fn write(&self, position: &mut u64) {
        let n = mix(*position);
        let (user, org) = self.pairs[(n % self.pairs.len() as u64) as usize];
        if !n.is_multiple_of(4) {
            return self.install(position, subscription(user, org, position.is_multiple_of(2)));
        }
        let user = self.users + u32::try_from(*position - self.position).unwrap();
        self.install(position, user_created(user, org));
        self.install(position, subscription(user, org, true));
    }

    fn view(&self) -> View<'_> {
        View::new(&self.state, self.position, Time::MAX)
    }

    fn add(&mut self, event: Event) {
        let mut position = self.position;
        self.install(&mut position, event);
        self.position = position;
    }

    fn install(&self, position: &mut u64, event: Event) {
        *position += 1;
        self.state.install(&envelope(*position, event));
    }

    fn catalogue(&mut self) {
        let (preset, root) = ("bench".into(), org_id(0));
        self.add(Event::PlatformInitialised(data::PlatformInitialised { preset, root, settings: settings() }));
        for (number, name) in (0..).zip(administrative::NAMES.iter().copied().chain(["chart.edit", "chart.view"])) {
            let privilege = Privilege::new(name).unwrap();
            self.add(Event::PrivilegeDefined(data::PrivilegeDefined { privilege, number }));
        }
        let (user_type, ceiling) = (user_type(), vec![edit(), Privilege::new("chart.view").unwrap()]);
        self.add(Event::UserTypeDefined(data::UserTypeDefined { user_type, ceiling }));
    }

    fn add_org(&mut self, number: u32) {
        let (org, parent) = (org_id(number), (number > 0).then(|| org_id(0)));
        let (name, description) = (format!("Org {number}"), String::new());
        let (tags, managing_group, region) = (Vec::new(), None, None);
        let created = data::OrgCreated { org: org.clone(), name, parent, description, tags, managing_group, region };
        self.add(Event::OrgCreated(created));
        if !by_role(number) {
            return;
        }
        let (role, group) = (RoleId::new(format!("role-{number}")).unwrap(), group_id(number));
        let (name, privileges) = ("Editors".to_owned(), vec![edit()]);
        self.add(Event::RoleDefined(data::RoleDefined { role: role.clone(), org: Some(org), name, privileges }));
        let name = format!("Editors {number}");
        self.add(Event::GroupCreated(data::GroupCreated { group: group.clone(), org: None, name }));
        let to = Assignee::Group(group);
        self.add(Event::RoleAssigned(data::RoleAssigned { role, to, valid_until: None }));
    }

    fn add_user(&mut self, user: u32) {
        let pick = |n: u64| (mix(n) % u64::from(self.orgs)) as u32;
        let home = pick(u64::from(user));
        let orgs = [home, pick(u64::from(user) * 7 + 1), pick(u64::from(user) * 7 + 2)];
        self.add(user_created(user, home));
        for org in orgs {
            self.add(subscription(user, org, !by_role(org)));
            self.pairs.push((user, org));
            if by_role(org) {
                let (group, user) = (group_id(org), user_id(user));
                self.add(Event::GroupMemberAdded(data::GroupMemberAdded { group, user }));
            }
        }
    }
}

/// Whether an org's members have their privilege by a role of a group.
pub const fn by_role(org: u32) -> bool {
    org.is_multiple_of(10)
}

pub fn org_id(n: u32) -> OrgId {
    OrgId::new(format!("org-{n:08}")).unwrap()
}

pub fn user_id(n: u32) -> UserId {
    UserId::new(format!("user-{n:08}")).unwrap()
}

/// A number that looks random (splitmix64).
pub const fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

fn group_id(org: u32) -> GroupId {
    GroupId::new(format!("group-{org}")).unwrap()
}

fn edit() -> Privilege {
    Privilege::new("chart.edit").unwrap()
}

fn user_type() -> UserType {
    UserType::new("member").unwrap()
}

fn user_created(user: u32, org: u32) -> Event {
    Event::UserCreated(data::UserCreated { user: user_id(user), org: org_id(org), name: None, email: None })
}

fn subscription(user: u32, org: u32, direct: bool) -> Event {
    let privileges = if direct { vec![edit()] } else { Vec::new() };
    let subscription = data::Subscription { user_type: user_type(), privileges, valid_from: None, valid_until: None };
    Event::SubscriptionGranted(data::SubscriptionGranted { user: user_id(user), org: org_id(org), subscription })
}

fn settings() -> Settings {
    Settings {
        roles_need_membership: true,
        landlord_rule: true,
        cross_org_shares: CrossOrgShares::Downward,
        ..Settings::default()
    }
}

fn envelope(position: u64, event: Event) -> Envelope {
    Envelope {
        log: Uuid::nil(),
        epoch: 0,
        position,
        prev: Hash::default(),
        id: Uuid::nil(),
        time: Time::from_micros(i64::try_from(position).unwrap()),
        org: org_id(0),
        org_sequence: position,
        command: Uuid::nil(),
        command_name: "bench".into(),
        index: 0,
        count: 1,
        actor: user_id(0),
        on_behalf_of: None,
        correlation: Uuid::nil(),
        causation: None,
        body_hash: None,
        reason: None,
        twin_of: None,
        event,
    }
}
