//! What reading timelines costs beside a plain hash map without history, at a million users and three million edges:
//! `cargo bench -p tenure-projections --bench store`. Memory goes to standard error.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::collections::HashMap;
use std::hint::black_box;
use std::iter::Cycle;
use std::slice::Iter;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use criterion::{BenchmarkGroup, Criterion, measurement::WallTime};
use foldhash::fast::RandomState;
use tenure_projections::store::{Edges, Handle, Ids, Position, Rows, Small};

const USERS: u32 = 1_000_000;
const ORGS: u32 = 100_000;
const EDGES_EACH: u32 = 3;
const DEEP: u64 = 100_000;

type Pair = (Handle, Handle);
/// A value that mostly fits beside its position.
#[derive(Clone, Copy)]
struct Number(u64);

impl Small for Number {
    fn code(&self) -> Option<u32> {
        u32::try_from(self.0).ok().filter(|code| *code < 1 << 23)
    }

    fn from_code(code: u32) -> Option<Self> {
        Some(Self(code.into()))
    }
}

type Plain = HashMap<Pair, u64, RandomState>;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let mut random = Random(1);
    let mut pairs: Vec<Pair> = (0..USERS).flat_map(|user| (0..EDGES_EACH).map(move |_| (user, 0))).collect();
    pairs.iter_mut().for_each(|pair| pair.1 = random.below(ORGS));
    pairs.sort_unstable();
    pairs.dedup();
    random.shuffle(&mut pairs);

    let plain = weighed("plain map, an entry", pairs.len(), || plain(&pairs));
    let edges = weighed("edges with one version, an edge", pairs.len(), || set_all(&pairs, 1));
    random.shuffle(&mut pairs);
    let mut group = criterion.benchmark_group("3 M edges");
    one_version(&mut group, &pairs, &plain, &edges);
    two_threads(&mut group, &pairs, &plain, &edges);
    group.finish();
    many_versions(&mut criterion, &mut random, &pairs);
    deep(&mut criterion, &mut random);
    ids(&mut criterion, &mut random);
    criterion.bench_function("make and drop 20 empty structures", |bencher| {
        bencher.iter(|| black_box([const { (Edges::<Number>::new(), Rows::<u64>::new()) }; 10]));
    });
    criterion.final_summary();
}

fn one_version(group: &mut BenchmarkGroup<'_, WallTime>, pairs: &[Pair], plain: &Plain, edges: &Edges<Number>) {
    each(group, "plain map", pairs, |pair| plain.get(pair).copied());
    each(group, "get", pairs, |(from, to)| edges.get(*from, *to, Position::MAX).map(|version| version.value.0));
    in_turn(group, "plain map, one after another", pairs, |pair| plain.get(pair).copied());
    in_turn(group, "get, one after another", pairs, |(from, to)| {
        edges.get(*from, *to, Position::MAX).map(|version| version.value.0)
    });
    each(group, "plain map, not there", pairs, |(from, to)| plain.get(&(*from, to + ORGS)).copied());
    each(group, "get, not there", pairs, |(from, to)| {
        edges.get(*from, to + ORGS, Position::MAX).map(|found| found.value.0)
    });
    each(group, "list a user's edges", pairs, |(from, _)| {
        Some(edges.from(*from).filter_map(|edge| edge.at(Position::MAX)).map(|version| version.value.0).sum())
    });
}

/// The time of a read in each of two threads: half of it is the time a read for the machine.
fn two_threads(group: &mut BenchmarkGroup<'_, WallTime>, pairs: &[Pair], plain: &Plain, edges: &Edges<Number>) {
    let get = |(from, to): &Pair| edges.get(*from, *to, Position::MAX).map(|version| version.value.0);
    let two = |iterations, read: &(dyn Fn(&Pair) -> Option<u64> + Sync)| {
        let read_half =
            |half: &[Pair]| half.iter().cycle().take(iterations).filter_map(read).fold(0, u64::wrapping_add);
        let start = Instant::now();
        thread::scope(|scope| {
            pairs.chunks(pairs.len().div_ceil(2)).for_each(|half| {
                scope.spawn(move || black_box(read_half(half)));
            });
        });
        start.elapsed()
    };
    group.bench_function("plain map, each of two threads", |bencher| {
        bencher.iter_custom(|iterations| two(iterations as usize, &|pair| plain.get(pair).copied()));
    });
    group.bench_function("get, each of two threads", |bencher| {
        bencher.iter_custom(|iterations| two(iterations as usize, &get));
    });
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let writer = scope.spawn(|| write_until(&done, edges));
        each(group, "get beside a writer", pairs, get);
        done.store(true, Ordering::Release);
        let (changes, longest) = writer.join().unwrap();
        eprintln!("beside: {changes} changes written, the slowest in {longest:?}");
    });
}

/// Makes edges for new users until told to stop; the number of them, and the longest time that one took.
fn write_until(done: &AtomicBool, edges: &Edges<Number>) -> (u32, Duration) {
    let (mut made, mut longest) = (0, Duration::ZERO);
    while !done.load(Ordering::Acquire) && made < 20_000_000 {
        let start = Instant::now();
        edges.set(USERS + made / 8, made % ORGS, u64::from(made) + 2, Number(1));
        longest = longest.max(start.elapsed());
        made += 1;
    }
    (made, longest)
}

fn many_versions(criterion: &mut Criterion, random: &mut Random, pairs: &[Pair]) {
    let mut group = criterion.benchmark_group("1 M edges");
    let (some, _) = pairs.split_at(1_000_000);
    let mut order = some.to_vec();
    random.shuffle(&mut order);
    let asked: Vec<(Pair, Position)> = order.iter().map(|pair| (*pair, u64::from(random.below(8)))).collect();
    let weighed = |versions: Position| {
        (versions, weighed(&format!("edges with {versions} versions, an edge"), some.len(), || set_all(some, versions)))
    };
    for (versions, edges) in [1, 2, 8].map(weighed) {
        each(&mut group, &format!("{versions} versions, live"), &asked, |((from, to), _)| {
            edges.get(*from, *to, Position::MAX).map(|version| version.value.0)
        });
        each(&mut group, &format!("{versions} versions, as of"), &asked, |((from, to), at)| {
            edges.get(*from, *to, *at).map(|version| version.value.0)
        });
    }
    group.finish();
}

fn deep(criterion: &mut Criterion, random: &mut Random) {
    let mut group = criterion.benchmark_group("100,000 versions");
    let edges = Edges::new();
    (0..DEEP).for_each(|position| edges.set(1, 2, position, Number(position)));
    let asked: Vec<Position> = (0..1_000_000).map(|_| u64::from(random.below(DEEP as u32))).collect();
    each(&mut group, "live", &asked, |_| edges.get(1, 2, Position::MAX).map(|version| version.value.0));
    each(&mut group, "as of", &asked, |at| edges.get(1, 2, *at).map(|version| version.value.0));
    group.finish();
}

fn ids(criterion: &mut Criterion, random: &mut Random) {
    let mut group = criterion.benchmark_group("1 M ids");
    let mut texts: Vec<String> =
        (0..USERS).map(|number| format!("{number:08x}-0000-7000-8000-{number:012x}")).collect();
    let ids = weighed("ids, an id", texts.len(), || {
        let ids = Ids::new();
        texts.iter().for_each(|text| {
            ids.intern(text);
        });
        ids
    });
    random.shuffle(&mut texts);
    each(&mut group, "find", &texts, |text| ids.find(text).map(u64::from));
    each(&mut group, "text", &(0..USERS).collect::<Vec<_>>(), |handle| ids.text(*handle).map(|text| text.len() as u64));
    group.finish();
}

/// Measures a read of the next thing asked, round and round.
fn each<T>(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, asked: &[T], read: impl Fn(&T) -> Option<u64>) {
    let mut next: Cycle<Iter<'_, T>> = asked.iter().cycle();
    group.bench_function(name, |bencher| bencher.iter(|| next.next().and_then(&read)));
}

/// The same where what is asked depends on the answer before, so that the processor cannot read ahead.
fn in_turn(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, pairs: &[Pair], read: impl Fn(&Pair) -> Option<u64>) {
    let mut next: Cycle<Iter<'_, Pair>> = pairs.iter().cycle();
    let mut last = 0;
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            // No value has the highest bit; the processor does not know.
            let pair = next.next().map(|(from, to)| (from | (last >> 63) as Handle, *to));
            last = pair.as_ref().and_then(&read).unwrap_or(0);
            last
        });
    });
}

fn plain(pairs: &[Pair]) -> Plain {
    pairs.iter().zip(0..).map(|(pair, value)| (*pair, value)).collect()
}

/// Edges with versions at positions 0, 1, …, each written to all edges before the next.
fn set_all(pairs: &[Pair], versions: Position) -> Edges<Number> {
    let edges = Edges::new();
    for position in 0..versions {
        pairs.iter().for_each(|(from, to)| edges.set(*from, *to, position, Number(position + 1)));
    }
    edges
}

/// Makes something and says how much the process grew by it.
fn weighed<T>(name: &str, count: usize, make: impl FnOnce() -> T) -> T {
    let (before, start) = (resident(), Instant::now());
    let made = make();
    let (grown, took) = (resident() - before, start.elapsed());
    eprintln!("{name}: {} bytes, made in {} ns", grown / count, took.as_nanos() / count as u128);
    made
}

/// The resident bytes of this process.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// xorshift: the same numbers in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (((self.0 >> 32) * u64::from(limit)) >> 32) as u32
    }

    fn shuffle<T>(&mut self, things: &mut [T]) {
        for end in (1..things.len()).rev() {
            things.swap(end, self.below(end as u32 + 1) as usize);
        }
    }
}
