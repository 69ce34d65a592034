//! How long a check takes, beside a plain hash map that answers (user, org) on the same data.
//!
//! `cargo bench -p tenure-projections --bench check [-- USERS ORGS]`
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a benchmark fails by panicking, and asks the time"
)]

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::time::Instant;

use tenure_events::data::{self, Assignee, CrossOrgShares, Settings};
use tenure_events::{Envelope, Event, GroupId, Hash, OrgId, Privilege, RoleId, Time, UserId, UserType};
use tenure_projections::judge::{self, Action, Object, Question, administrative};
use tenure_projections::values::{OrgNo, PrivilegeNo, UserNo};
use tenure_projections::{State, View};
use uuid::Uuid;

const SAMPLES: usize = 200_000;

fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let users: u32 = arguments.next().unwrap_or(1_000_000);
    let orgs: u32 = arguments.next().unwrap_or(100_000);

    let started = Instant::now();
    let mut world = None;
    let memory = allocation_counter::measure(|| world = Some(World::new(users, orgs)));
    let world = world.unwrap();
    let events = world.position;
    println!("{events} events installed in {:.1} s, one thread", started.elapsed().as_secs_f64());
    println!("{:.0} bytes of memory an event", memory.bytes_current as f64 / events as f64);

    let plain: HashMap<(u32, u32), u128, foldhash::fast::FixedState> =
        world.pairs.iter().map(|(user, org)| ((*user, *org), 1_u128 << 12)).collect();
    let questions = world.questions();
    let now = Time::from_micros(i64::try_from(events).unwrap() + 2_000_000_000_000_000);
    let live = View::new(&world.state, events, now);
    let ids: Vec<(UserId, OrgId)> = questions.iter().map(|q| (user_id(q.0), org_id(q.1))).collect();

    println!("\n| what | median ns | p99 ns | ratio to the map |\n|---|---|---|---|");
    let floor = report("plain hash map (user, org)", None, &questions, |q| plain.contains_key(&(q.0, q.1)));
    let edit = world.privilege;
    let ask = move |view: &View<'_>, user: UserNo, org: OrgNo| {
        let (action, object) = (Action::Privilege(edit), Object::Org(org));
        judge::check(view, &Question { subject: user.into(), action, object, acting: None }, &mut ())
    };
    let handles: Vec<(UserNo, OrgNo)> = ids
        .iter()
        .map(|(user, org)| (live.find_user(user.as_str()).unwrap(), live.find_org(org.as_str()).unwrap()))
        .collect();
    let allowed = handles.iter().filter(|(user, org)| ask(&live, *user, *org)).count();
    let live_ns = report("check, live, resolved handles", Some(floor), &handles, |q| ask(&live, q.0, q.1));
    let past = View::new(&world.state, world.past, now);
    let past_ns = report("check, as of a past position", Some(floor), &handles, |q| ask(&past, q.0, q.1));
    report("check, live, ids as strings", Some(floor), &ids, |q| {
        let (user, org) = (live.find_user(q.0.as_str()).unwrap(), live.find_org(q.1.as_str()).unwrap());
        ask(&live, user, org)
    });
    report("user row", Some(floor), &handles, |q| live.user(q.0).is_some());
    report("org row", Some(floor), &handles, |q| live.org(q.1).is_some());
    report("subscription", Some(floor), &handles, |q| live.subscription(q.0, q.1).is_some());
    report("managing", Some(floor), &handles, |q| live.managing_group(q.1).is_some());
    report("suspended", Some(floor), &handles, |q| judge::suspended(&live, live.home(q.0).unwrap(), q.1).home);
    report("roles", Some(floor), &handles, |q| live.roles_of_user(q.0).next().is_some());
    report("groups", Some(floor), &handles, |q| live.groups_of(q.0).next().is_some());
    println!("\nas of / live: {:.2}; {allowed} of {} allowed", past_ns / live_ns, handles.len());

    let count = allocation_counter::measure(|| {
        for (user, org) in &handles {
            black_box(ask(&live, *user, *org));
            black_box(ask(&past, *user, *org));
        }
    });
    println!("allocations in {} checks: {}", 2 * handles.len(), count.count_total);

    deep(&world, now);
    threads(&world, &handles, &ask, now);
}

/// A user whose subscription changed a hundred thousand times.
fn deep(world: &World, now: Time) {
    let (user, org) = (world.deep.0, world.deep.1);
    println!("\n| versions | as of, median ns | live, median ns |\n|---|---|---|");
    for depth in [8_u64, 1_000, 100_000] {
        let positions: Vec<u64> = (0..SAMPLES as u64).map(|n| world.position - (mix(n) % depth)).collect();
        let question = |view: &View<'_>| {
            let (action, object) = (Action::Privilege(world.privilege), Object::Org(org));
            judge::check(view, &Question { subject: user.into(), action, object, acting: None }, &mut ())
        };
        let (past, _) = time(&positions, |at| question(&View::new(&world.state, *at, now)));
        let (live, _) = time(&positions, |_| question(&View::new(&world.state, world.position, now)));
        println!("| {depth} | {past:.0} | {live:.0} |");
    }
}

/// Two readers against one, and one beside a writer at full speed.
fn threads(
    world: &World,
    handles: &[(UserNo, OrgNo)],
    ask: &(impl Fn(&View<'_>, UserNo, OrgNo) -> bool + Sync),
    now: Time,
) {
    let run = |stop: &AtomicBool| {
        let (mut count, mut n) = (0_u64, 0_usize);
        while !stop.load(Ordering::Relaxed) {
            for _ in 0..64 {
                let view = View::new(&world.state, world.state.durable(), now);
                let (user, org) = handles[n % handles.len()];
                black_box(ask(&view, user, org));
                n += 1;
            }
            count += 64;
        }
        count
    };
    let measure = |readers: usize| {
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..readers).map(|_| scope.spawn(|| run(&stop))).collect();
            std::thread::sleep(std::time::Duration::from_secs(2));
            stop.store(true, Ordering::Relaxed);
            threads.into_iter().map(|thread| thread.join().unwrap()).sum::<u64>() as f64 / 2e6
        })
    };
    let (one, two) = (measure(1), measure(2));
    println!("\none reading thread {one:.2} M checks a second, two {two:.2} M: {:.2} times", two / one);

    let view = || View::new(&world.state, world.state.durable(), now);
    let (idle, idle_p99) = time(handles, |q| ask(&view(), q.0, q.1));
    let stop = AtomicBool::new(false);
    let (busy, busy_p99, written) = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut position = world.position;
            while !stop.load(Ordering::Relaxed) {
                for _ in 0..256 {
                    position += 1;
                    let n = mix(position);
                    let (user, org) = world.pairs[(n % world.pairs.len() as u64) as usize];
                    world.state.install(&envelope(position, subscription(user, org, position.is_multiple_of(2))));
                }
                world.state.publish(position);
            }
            position - world.position
        });
        let began = Instant::now();
        let (busy, p99) = time(handles, |q| ask(&view(), q.0, q.1));
        let seconds = began.elapsed().as_secs_f64();
        stop.store(true, Ordering::Relaxed);
        (busy, p99, writer.join().unwrap() as f64 / seconds)
    });
    println!(
        "reader: idle median {idle:.0} p99 {idle_p99:.0} ns; beside a writer of {written:.0} events a second median {busy:.0} p99 {busy_p99:.0} ns: p99 {:.2} times",
        busy_p99 / idle_p99
    );
}

struct World {
    state: State,
    position: u64,
    past: u64,
    pairs: Vec<(u32, u32)>,
    privilege: PrivilegeNo,
    deep: (UserNo, OrgNo),
}

impl World {
    /// Every user has a home and two more orgs on average; every tenth gets their privilege by a role of a group.
    fn new(users: u32, orgs: u32) -> Self {
        let state = State::new();
        let mut position = 0;
        let mut add = |event: Event| {
            position += 1;
            state.install(&envelope(position, event));
            position
        };
        add(Event::PlatformInitialised(data::PlatformInitialised {
            preset: "bench".into(),
            root: org_id(0),
            settings: settings(),
        }));
        let names = administrative::NAMES.iter().copied().chain(["chart.edit", "chart.view"]);
        for (number, name) in (0..).zip(names) {
            let privilege = Privilege::new(name).unwrap();
            add(Event::PrivilegeDefined(data::PrivilegeDefined { privilege, number }));
        }
        let ceiling = vec![edit(), Privilege::new("chart.view").unwrap()];
        let user_type = UserType::new("member").unwrap();
        add(Event::UserTypeDefined(data::UserTypeDefined { user_type, ceiling }));
        for org in 0..orgs {
            let parent = (org > 0).then(|| org_id(0));
            let (name, description) = (format!("Org {org}"), String::new());
            let (tags, managing_group, region) = (Vec::new(), None, None);
            add(Event::OrgCreated(data::OrgCreated {
                org: org_id(org),
                name,
                parent,
                description,
                tags,
                managing_group,
                region,
            }));
            if org % 10 == 0 {
                let (role, group) =
                    (RoleId::new(format!("role-{org}")).unwrap(), GroupId::new(format!("group-{org}")).unwrap());
                let name = "Editors".to_owned();
                add(Event::RoleDefined(data::RoleDefined {
                    role: role.clone(),
                    org: Some(org_id(org)),
                    name: name.clone(),
                    privileges: vec![edit()],
                }));
                add(Event::GroupCreated(data::GroupCreated {
                    group: group.clone(),
                    org: None,
                    name: format!("{name} {org}"),
                }));
                add(Event::RoleAssigned(data::RoleAssigned { role, to: Assignee::Group(group), valid_until: None }));
            }
        }
        let mut pairs = Vec::new();
        for user in 0..users {
            let home = (mix(u64::from(user)) % u64::from(orgs)) as u32;
            add(Event::UserCreated(data::UserCreated {
                user: user_id(user),
                org: org_id(home),
                name: None,
                email: None,
            }));
            for n in 0..3 {
                let org = if n == 0 { home } else { (mix(u64::from(user) * 7 + n) % u64::from(orgs)) as u32 };
                add(subscription(user, org, org % 10 != 0));
                pairs.push((user, org));
                if org % 10 == 0 {
                    let group = GroupId::new(format!("group-{org}")).unwrap();
                    add(Event::GroupMemberAdded(data::GroupMemberAdded { group, user: user_id(user) }));
                }
            }
        }
        let (deep_user, deep_org) = pairs[0];
        let past = add(subscription(deep_user, deep_org, true));
        for n in 0..100_000 {
            add(subscription(deep_user, deep_org, n % 2 == 0));
        }
        state.publish(position);
        let view = View::new(&state, position, Time::MAX);
        let privilege = view.find_privilege("chart.edit").unwrap();
        let deep =
            (view.find_user(user_id(deep_user).as_str()).unwrap(), view.find_org(org_id(deep_org).as_str()).unwrap());
        Self { state, position, past, pairs, privilege, deep }
    }

    /// Pairs in random order; one in ten is of an org that the user does not belong to.
    fn questions(&self) -> Vec<(u32, u32)> {
        let pick = |n: u64| self.pairs[(mix(n * 3 + 1) % self.pairs.len() as u64) as usize];
        (0..SAMPLES as u64).map(|n| if n % 10 == 0 { (pick(n).0, pick(n + 1).1) } else { pick(n) }).collect()
    }
}

fn settings() -> Settings {
    Settings {
        roles_need_membership: true,
        landlord_rule: true,
        cross_org_shares: CrossOrgShares::Downward,
        ..Settings::default()
    }
}

fn edit() -> Privilege {
    Privilege::new("chart.edit").unwrap()
}

fn subscription(user: u32, org: u32, direct: bool) -> Event {
    let privileges = if direct { vec![edit()] } else { Vec::new() };
    let user_type = UserType::new("member").unwrap();
    let subscription = data::Subscription { user_type, privileges, valid_from: None, valid_until: None };
    Event::SubscriptionGranted(data::SubscriptionGranted { user: user_id(user), org: org_id(org), subscription })
}

fn envelope(position: u64, event: Event) -> Envelope {
    Envelope {
        log: Uuid::nil(),
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

fn org_id(n: u32) -> OrgId {
    OrgId::new(format!("org-{n:08}")).unwrap()
}

fn user_id(n: u32) -> UserId {
    UserId::new(format!("user-{n:08}")).unwrap()
}

/// A number that looks random (splitmix64).
fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

fn report<Q>(what: &str, floor: Option<f64>, questions: &[Q], ask: impl Fn(&Q) -> bool) -> f64 {
    let (median, p99) = time(questions, ask);
    println!("| {what} | {median:.0} | {p99:.0} | {:.2} |", median / floor.unwrap_or(median));
    median
}

/// Median and 99th percentile of one call in nanoseconds, from batches of 16: a clock reading costs as much as a look-up.
fn time<Q>(questions: &[Q], ask: impl Fn(&Q) -> bool) -> (f64, f64) {
    questions.iter().take(10_000).for_each(|question| _ = black_box(ask(question)));
    let mut batches: Vec<f64> = questions
        .chunks_exact(16)
        .map(|batch| {
            let began = Instant::now();
            for question in batch {
                black_box(ask(question));
                // A question begins when the one before is answered, as calls do that come one at a time: without
                // the fence the processor works at several of them at once, which no caller sees.
                fence(Ordering::SeqCst);
            }
            began.elapsed().as_nanos() as f64 / 16.0
        })
        .collect();
    batches.sort_unstable_by(f64::total_cmp);
    (batches[batches.len() / 2], batches[batches.len() * 99 / 100])
}
