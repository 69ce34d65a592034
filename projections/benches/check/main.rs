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

mod measure;
mod threads;
mod world;

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::hint::black_box;

use measure::{QUESTIONS, Row};
use tenure_events::{OrgId, UserId};
use tenure_projections::View;
use tenure_projections::judge::{self, Action, Object, Question};
use tenure_projections::values::{OrgNo, PrivilegeNo, UserNo};
use world::{DEEPEST, World, by_role, mix, org_id, user_id};

fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let users: u32 = arguments.next().unwrap_or(1_000_000);
    let orgs: u32 = arguments.next().unwrap_or(100_000);
    let mut world = None;
    let memory = allocation_counter::measure(|| world = Some(World::new(users, orgs)));
    let mut world = world.unwrap();
    let (made, past) = (memory.bytes_current, world.position);
    let memory = allocation_counter::measure(|| world.change());
    let (changed, changes) = (memory.bytes_current, world.position - past);
    let share = |bytes: i64, events: u64| bytes as f64 / events as f64;
    println!("| memory | events | bytes an event |\n|---|---|---|");
    println!("| everybody and everything made | {past} | {:.0} |", share(made, past));
    println!("| subscriptions changed | {changes} | {:.0} |", share(changed, changes));
    println!("| together | {} | {:.0} |", world.position, share(made + changed, world.position));

    check(&world, past);
    versions(&world, past);
    allocations(&world, past);
    threads::run(&world);
}

/// Whether a user may edit charts in an org.
pub fn ask(view: &View<'_>, privilege: PrivilegeNo, user: UserNo, org: OrgNo) -> bool {
    let (action, object) = (Action::Privilege(privilege), Object::Org(org));
    judge::check(view, &Question { subject: user.into(), action, object, acting: None }, &mut ())
}

/// Pairs in random order; one in ten is of an org that the user does not belong to.
pub fn mixed(world: &World) -> Vec<(u32, u32)> {
    let pick = |n: u64| world.pairs[(mix(n * 3 + 1) % world.pairs.len() as u64) as usize];
    (0..QUESTIONS as u64).map(|n| if n % 10 == 0 { (pick(n).0, pick(n + 1).1) } else { pick(n) }).collect()
}

/// As many of these as are asked, in random order.
fn some(pairs: &[(u32, u32)]) -> impl Iterator<Item = (u32, u32)> {
    (0..QUESTIONS as u64).map(|n| pairs[(mix(n) % pairs.len() as u64) as usize])
}

fn check(world: &World, past: u64) {
    fn filled<K: std::hash::Hash + Eq, S: BuildHasher + Default>(
        world: &World,
        key: impl Fn(u32, u32) -> K,
    ) -> HashMap<K, u128, S> {
        world.pairs.iter().map(|(user, org)| (key(*user, *org), 1 << 12)).collect()
    }
    let (now, privilege) = (world.now(), world.privilege());
    let has = |value: Option<&u128>| value.is_some_and(|privileges| privileges & (1 << 12) != 0);
    let std: HashMap<(UserNo, OrgNo), u128> = filled(world, |user, org| world.handles((user, org)));
    let fold: HashMap<_, _, foldhash::fast::RandomState> = filled(world, |user, org| world.handles((user, org)));
    let std_ids: HashMap<(UserId, OrgId), u128> = filled(world, |user, org| (user_id(user), org_id(org)));
    let fold_ids: HashMap<_, _, foldhash::fast::RandomState> = filled(world, |user, org| (user_id(user), org_id(org)));

    let handles =
        |pairs: &mut dyn Iterator<Item = (u32, u32)>| pairs.map(|pair| world.handles(pair)).collect::<Vec<_>>();
    let pairs = mixed(world);
    let ids: Vec<(UserId, OrgId)> = pairs.iter().map(|(user, org)| (user_id(*user), org_id(*org))).collect();
    let mixed = handles(&mut pairs.iter().copied());
    let (by_roles, direct): (Vec<_>, Vec<_>) = world.pairs.iter().copied().partition(|(_, org)| by_role(*org));
    let (direct, by_roles) = (handles(&mut some(&direct)), handles(&mut some(&by_roles)));
    let strangers = handles(&mut pairs.iter().map(|(user, org)| (*user, org ^ 1)));
    let few = handles(&mut some(&world.pairs[..64]));

    let live = View::new(&world.state, world.position, now);
    let before = View::new(&world.state, past, now);
    let check = move |(user, org): &(UserNo, OrgNo)| ask(&live, privilege, *user, *org);
    let find = |(user, org): &(UserId, OrgId)| Some((live.find_user(user.as_str())?, live.find_org(org.as_str())?));
    let mut rows = [
        Row::new("std `HashMap`, resolved handles", &mixed, |pair| has(std.get(pair))),
        Row::new("foldhash `HashMap`, resolved handles", &mixed, |pair| has(fold.get(pair))),
        Row::new("std `HashMap`, ids as strings", &ids, |pair| has(std_ids.get(pair))),
        Row::new("foldhash `HashMap`, ids as strings", &ids, |pair| has(fold_ids.get(pair))),
        Row::new("**check, live, resolved handles**", &mixed, check),
        Row::new("**check, live, ids as strings**", &ids, |ids| find(ids).is_some_and(|pair| check(&pair))),
        Row::new("check, as of a past position", &mixed, |(user, org)| ask(&before, privilege, *user, *org)),
        Row::new("check, held directly", &direct, check),
        Row::new("check, held by a group's role", &by_roles, check),
        Row::new("check, not a member", &strangers, check),
        Row::new("check, the same few again: all in the cache", &few, check),
    ];
    let times = measure::run(&mut rows);
    let ratio = |which: fn(&measure::Times) -> f64, floor: usize, row: usize| which(&times[row]) / which(&times[floor]);
    println!("\n| what, in ns | median | p99 | in a stream | × std | × foldhash | stream × std | stream × foldhash |");
    println!("|---|---|---|---|---|---|---|---|");
    for (row, Row { what, .. }) in rows.iter().enumerate() {
        let floor = if what.contains("strings") { 2 } else { 0 };
        let of = |which| format!("{:.2} | {:.2}", ratio(which, floor, row), ratio(which, floor + 1, row));
        println!("| {what} | {} | {} | {} |", times[row], of(|times| times.median), of(|times| times.stream));
    }
}

/// Subscriptions with eight versions, and the one with very many.
fn versions(world: &World, past: u64) {
    let (now, privilege) = (world.now(), world.privilege());
    let changing = world.changing();
    let eight: Vec<_> = some(&changing)
        .enumerate()
        .map(|(n, pair)| {
            let versions = 7 * changing.len() as u64;
            (world.handles(pair), past + mix(n as u64 + 7) % versions)
        })
        .collect();
    let deep = world.handles(world.pairs[0]);
    let deep: Vec<_> = (0..QUESTIONS as u64).map(|n| (deep, world.position - mix(n) % DEEPEST)).collect();
    let at = |position| View::new(&world.state, position, now);
    let live = |((user, org), _): &((UserNo, OrgNo), u64)| ask(&at(world.position), privilege, *user, *org);
    let then = |((user, org), position): &((UserNo, OrgNo), u64)| ask(&at(*position), privilege, *user, *org);
    let mut rows = [
        Row::new("8 versions, live", &eight, live),
        Row::new("8 versions, as of", &eight, then),
        Row::new("100,000 versions, live", &deep, live),
        Row::new("100,000 versions, as of", &deep, then),
    ];
    let times = measure::run(&mut rows);
    println!("\n| versions of the subscription, in ns | median | p99 | in a stream | × live |\n|---|---|---|---|---|");
    for (row, Row { what, .. }) in rows.iter().enumerate() {
        println!("| {what} | {} | {:.2} |", times[row], times[row].median / times[row & !1].median);
    }
}

fn allocations(world: &World, past: u64) {
    let (now, privilege) = (world.now(), world.privilege());
    let handles: Vec<_> = mixed(world).into_iter().map(|pair| world.handles(pair)).collect();
    let count = allocation_counter::measure(|| {
        for (position, (user, org)) in handles.iter().enumerate().map(|(n, pair)| ([past, world.position][n % 2], pair))
        {
            black_box(ask(&View::new(&world.state, position, now), privilege, *user, *org));
        }
    });
    println!("\nallocations in {} checks, live and past: {}", handles.len(), count.count_total);
}
