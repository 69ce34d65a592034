//! How fast a node starts: from the log alone, and from a checkpoint.
//!
//! `cargo bench --bench replay -- 1000000` makes a log of so many events, of users and what they are granted, and opens
//! it. Before that it tells what each step of a replay takes, of this log and of one of short events: tags of orgs.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench ends at the first fault and tells what it found"
)]

use std::hint::black_box;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use tenure::chain::{Follower, Head, Origin, link};
use tenure::clock::Clock;
use tenure::data::DataFolder;
use tenure::decide::Draft;
use tenure::init::{self, Founding, ROOT};
use tenure::log::{FileLog, FileOptions, Log};
use tenure::node::{Node, Options};
use tenure::presets::Preset;
use tenure_events::data::{OrgCreated, OrgTagged, PrivilegeGranted, Subscription, SubscriptionGranted, UserCreated};
use tenure_events::{Event, Hash, OrgId, Privilege, Sealed, Time, UserId, parse};
use tenure_projections::State;

fn main() {
    let wanted = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(200_000);
    let tags = tempfile::tempdir().unwrap();
    println!("tags: {wanted} events of {} bytes", make(tags.path(), wanted, tagged) / wanted);
    phases(tags.path());
    drop(tags);
    let folder = tempfile::tempdir().unwrap();
    println!("grants: {wanted} events of {} bytes", make(folder.path(), wanted, granted) / wanted);
    phases(folder.path());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for start in ["from the log", "from the checkpoint"] {
        let (began, used) = (Instant::now(), process_cpu());
        let (node, report) = Node::open(Options::folder(folder.path())).unwrap();
        let took = began.elapsed().as_secs_f64();
        println!(
            "{start}: {took:.2} s and {:.2} s of cores, {:.0} events/s; {:?}, {} replayed, {} changes",
            process_cpu() - used,
            node.live().position() as f64 / took,
            report.checkpoint,
            report.replayed,
            node.stats().changes
        );
        let (began, used) = (Instant::now(), process_cpu());
        runtime.block_on(node.shutdown()).unwrap();
        println!("shutdown: {:.2} s and {:.2} s of cores", began.elapsed().as_secs_f64(), process_cpu() - used);
    }
}

/// What each step of a replay costs on one core, when events come in batches, as a node takes them.
fn phases(path: &Path) {
    let data = DataFolder::open(path).unwrap();
    let (reader, _) = FileLog::open_read_only(&data.log(), data.log_id()).unwrap();
    let per_event = |name: &str, visit: &mut dyn FnMut(&[&[u8]])| {
        let (began, mut events) = (cpu(), 0_u64);
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        let mut flush = |bytes: &mut Vec<u8>, ends: &mut Vec<usize>| {
            let mut begin = 0;
            let each: Vec<&[u8]> = ends.iter().map(|end| &bytes[std::mem::replace(&mut begin, *end)..*end]).collect();
            visit(&each);
            events += each.len() as u64;
            bytes.clear();
            ends.clear();
        };
        let step = |_, event: &[u8]| {
            bytes.extend_from_slice(event);
            ends.push(bytes.len());
            if ends.len() == 64 {
                flush(&mut bytes, &mut ends);
            }
            ControlFlow::Continue(())
        };
        reader.scan(1, step).unwrap();
        flush(&mut bytes, &mut ends);
        let each = (cpu() - began) / events;
        println!("{name}: {each} ns an event, {} events a second", 1_000_000_000 / each);
    };
    let parsed = |batch: &[&[u8]]| batch.iter().map(|bytes| parse(bytes).unwrap()).collect::<Vec<_>>();
    per_event("read", &mut |batch| _ = black_box(batch));
    per_event("read, hash", &mut |batch| {
        drop(black_box(batch.iter().map(|bytes| Hash::of(bytes)).collect::<Vec<_>>()))
    });
    per_event("read, parse", &mut |batch| drop(black_box(parsed(batch))));
    let state = State::new();
    per_event("read, parse, install", &mut |batch| parsed(batch).iter().for_each(|event| state.install(event)));
    let (state, mut follower) = (State::new(), Follower::new(data.log_id(), Head::START));
    per_event("read, parse, prove, install", &mut |batch| {
        for (event, bytes) in parsed(batch).iter().zip(batch) {
            follower.follow(event, Hash::of(bytes)).unwrap();
            state.install(event);
        }
    });
}

/// Nanoseconds that this thread has had a core, whoever else wants it.
fn cpu() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split(' ').next().unwrap().parse().unwrap()
}

/// Seconds that all threads have had a core.
fn process_cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let ticks = stat.split(' ').skip(13).take(2).map(|ticks| ticks.parse::<f64>().unwrap());
    ticks.sum::<f64>() / 100.0
}

/// The commands with a number, each as its events.
type Commands = fn(u64) -> Vec<Vec<Draft>>;

/// A platform to which these commands were given, one number after the other. Tells the bytes of its events.
fn make(path: &Path, wanted: u64, commands: Commands) -> u64 {
    let preset = Preset::named("default").unwrap();
    init::in_folder(
        path,
        &Founding { preset: &preset, name: "Root", admin: id("admin"), licence_key: None },
        &Clock::system(),
    )
    .unwrap();
    let folder = DataFolder::open(path).unwrap();
    let (log, _) = FileLog::open(&folder.log(), folder.log_id(), FileOptions::default()).unwrap();
    let mut log = Log::Files(log);
    let last = log.reader().read(log.head(), 1).unwrap().remove(0).bytes;
    let mut head = Head { position: log.head(), hash: Hash::of(&last), time: parse(&last).unwrap().time };
    let (mut bytes, mut group, mut number) = (0, Vec::new(), 0_u64);
    let mut sequences = std::collections::HashMap::new();
    while head.position < wanted {
        for drafts in commands(number) {
            let origin = origin(folder.log_id(), head.time.next());
            let links = link(&mut head, &origin, drafts, |org| sequences.get(org).copied().unwrap_or_default());
            for link in links {
                sequences.insert(link.envelope.org.clone(), link.envelope.org_sequence);
                bytes += link.bytes.len() as u64;
                group.push(link.bytes);
            }
        }
        number += 1;
        if group.len() >= 20_000 || head.position >= wanted {
            log.append(log.head(), &std::mem::take(&mut group)).unwrap();
        }
    }
    log.close().unwrap();
    bytes
}

/// Tags one of 256 orgs, which it makes at first.
fn tagged(number: u64) -> Vec<Vec<Draft>> {
    let org: OrgId = id(&format!("o{}", number % 256));
    match number {
        0..256 => vec![vec![created(&org)]],
        _ => vec![vec![Draft {
            org: org.clone(),
            event: Event::OrgTagged(OrgTagged { org, tags: vec![format!("t{number}")] }),
            twin_of: None,
        }]],
    }
}

/// Makes a user with a membership, and changes it three times; with a new org before every thousandth.
fn granted(number: u64) -> Vec<Vec<Draft>> {
    let org: OrgId = id(&format!("org-{}", number / 1_000));
    let user: UserId = uuid::Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0000 | u128::from(number)).into();
    let draft = |event| vec![Draft { org: org.clone(), event, twin_of: None }];
    let mut commands = Vec::new();
    if number.is_multiple_of(1_000) {
        commands.push(vec![created(&org)]);
    }
    let sealed = || Some(Sealed::from_bytes([7; 73]));
    let mut create =
        draft(Event::UserCreated(UserCreated { user: user.clone(), org: org.clone(), name: sealed(), email: None }));
    let mut subscription = Subscription {
        user_type: id("member"),
        privileges: vec![id("chart.create")],
        valid_from: None,
        valid_until: None,
    };
    let granted = SubscriptionGranted { user: user.clone(), org: org.clone(), subscription: subscription.clone() };
    create.extend(draft(Event::SubscriptionGranted(granted)));
    commands.push(create);
    for name in ["chart.edit", "report.edit", "folder.edit"] {
        let privileges: Vec<Privilege> = vec![id(name)];
        subscription.privileges.extend(privileges.clone());
        let (user, org, subscription) = (user.clone(), org.clone(), subscription.clone());
        commands.push(draft(Event::PrivilegeGranted(PrivilegeGranted { user, org, privileges, subscription })));
    }
    commands
}

fn created(org: &OrgId) -> Draft {
    let event = Event::OrgCreated(OrgCreated {
        org: org.clone(),
        name: org.to_string(),
        parent: Some(id(ROOT)),
        description: String::new(),
        tags: Vec::new(),
        managing_group: None,
        region: None,
    });
    Draft { org: org.clone(), event, twin_of: None }
}

fn origin(log: uuid::Uuid, time: Time) -> Origin {
    let command =
        uuid::Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0000 | time.micros().unsigned_abs() as u128);
    Origin {
        log,
        epoch: 0,
        time,
        command,
        command_name: "grant-privileges",
        actor: id("admin"),
        on_behalf_of: None,
        correlation: command,
        body_hash: None,
        reason: None,
    }
}

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}
