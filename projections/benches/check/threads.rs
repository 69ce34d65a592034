//! Readers side by side, and beside a writer.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tenure_projections::View;
use tenure_projections::values::{OrgNo, UserNo};

use super::measure::{ROUNDS, Row};
use super::world::World;
use super::{ask, mixed};

const LONG: Duration = Duration::from_millis(500);

pub fn run(world: &World) {
    let handles: Vec<_> = mixed(world).into_iter().map(|pair| world.handles(pair)).collect();
    two_readers(world, &handles);
    beside_a_writer(world, &handles);
}

/// Two readers against one. Other work takes cores away, so what counts is checks in a second that a thread has a core.
fn two_readers(world: &World, handles: &[(UserNo, OrgNo)]) {
    let (now, privilege) = (world.now(), world.privilege());
    let read = |skip: usize| {
        let (began, used, mut checks) = (Instant::now(), cpu(), 0_u64);
        for (user, org) in handles.iter().cycle().skip(skip) {
            let view = View::new(&world.state, world.state.durable(), now);
            black_box(ask(&view, privilege, *user, *org));
            checks += 1;
            if checks.is_multiple_of(1024) && began.elapsed() > LONG {
                break;
            }
        }
        checks as f64 / (cpu() - used) as f64 * 1e3
    };
    let measure = |readers: usize| {
        thread::scope(|scope| {
            let threads: Vec<_> = (0..readers).map(|n| scope.spawn(move || read(n * handles.len() / 2))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum::<f64>()
        })
    };
    let mut ratios: Vec<(f64, f64, f64)> = (0..ROUNDS)
        .map(|_| (measure(1), measure(2), measure(1)))
        .map(|(before, two, after)| (two / f64::midpoint(before, after), f64::midpoint(before, after), two))
        .collect();
    ratios.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
    println!("\n| M checks in a second of their cores | one reader | two readers | × |\n|---|---|---|---|");
    for (name, (ratio, one, two)) in [("median round", ratios[ROUNDS / 2]), ("best round", ratios[ROUNDS - 1])] {
        println!("| {name} of {ROUNDS} | {one:.2} | {two:.2} | {ratio:.2} |");
    }
}

/// A reader alone and beside a writer at full speed, in turn.
fn beside_a_writer(world: &World, handles: &[(UserNo, OrgNo)]) {
    let (now, privilege) = (world.now(), world.privilege());
    let check = |(user, org): &(UserNo, OrgNo)| {
        ask(&View::new(&world.state, world.state.durable(), now), privilege, *user, *org)
    };
    let (mut idle, mut busy) = (Row::new("idle", handles, check), Row::new("busy", handles, check));
    let (mut position, mut seconds, mut slowest) = (world.position, 0.0, Duration::ZERO);
    for round in 0..ROUNDS {
        idle.run(round);
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let began = Instant::now();
                while !stop.load(Ordering::Relaxed) {
                    let group = Instant::now();
                    (0..200).for_each(|_| world.write(&mut position));
                    world.state.publish(position);
                    slowest = slowest.max(group.elapsed());
                }
                began.elapsed().as_secs_f64()
            });
            busy.run(round);
            stop.store(true, Ordering::Relaxed);
            seconds += writer.join().unwrap();
        });
    }
    let (idle, busy) = (idle.times(0.0), busy.times(0.0));
    println!("\n| reader, in ns | median | p99 | in a stream |\n|---|---|---|---|");
    println!("| alone | {idle} |\n| beside a writer | {busy} |");
    println!("\np99 beside the writer: {:.2} × alone", busy.p99 / idle.p99);
    let rate = (position - world.position) as f64 / seconds;
    println!("the writer: {rate:.0} events a second, 250 of them at a time, the slowest in {slowest:?}");
}

/// Nanoseconds that this thread has had a core, whoever else wants it.
fn cpu() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split(' ').next().unwrap().parse().unwrap()
}
