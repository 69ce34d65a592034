//! What a durable command costs over a durable write: 256 callers against one writer, beside the bare log.
//!
//! `cargo bench --bench writer -- 50000` sends so many commands of each sort, a tenth of them in each round, waits for
//! each to be durable, and then appends the same bytes to an empty log, with a sync for every 256 commands. The ratio is
//! the median of the rounds: what disturbs the machine disturbs both sides of a round alike. Names of sorts, such as
//! `tag-org`, leave out the others.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench ends at the first fault and tells what it found"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::json;
use tenure::clock::Clock;
use tenure::data::DataFolder;
use tenure::init::{self, Founding};
use tenure::log::{FileLog, FileOptions, Log};
use tenure::node::{Authenticated, Node, Options, Request};
use tenure::presets::Preset;

const CALLERS: usize = 256;
const ROUNDS: usize = 10;

/// A sort of command: its name, and its body for the n-th of a caller.
type Sort = (&'static str, fn(usize, usize) -> String);

const SORTS: [Sort; 3] = [
    ("tag-org", |caller, n| format!(r#"{{"org":"o{caller}","tags":["t{n}"]}}"#)),
    ("create-resource", |caller, n| format!(r#"{{"org":"o{caller}","kind":"chart","name":"c{n}"}}"#)),
    ("create-user", |caller, n| {
        format!(r#"{{"id":"u{caller}-{n}","org":"o{caller}","name":"Ann","user_type":"viewer"}}"#)
    }),
];

fn main() {
    let commands: usize = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(50_000);
    // One core for the callers and the disk, one for deciding.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let only: Vec<String> = std::env::args().filter(|argument| SORTS.iter().any(|sort| sort.0 == argument)).collect();
    for sort in SORTS.into_iter().filter(|sort| only.is_empty() || only.iter().any(|name| name == sort.0)) {
        let folder = tempfile::tempdir().unwrap();
        let measured = measure(folder.path().join("data"), sort, commands.div_ceil(CALLERS * ROUNDS));
        runtime.block_on(async { tokio::spawn(measured).await.unwrap() });
    }
}

/// What one round came to.
struct Round {
    commands: f64,
    raw: f64,
    ratio: f64,
}

async fn measure(path: PathBuf, sort: Sort, each: usize) {
    let preset = Preset::named("default").unwrap();
    let founding = Founding { preset: &preset, name: "Root", admin: "admin".parse().unwrap(), licence_key: None };
    let token = init::in_folder(&path, &founding, &Clock::system()).unwrap();
    let (node, _) = Node::open(Options::folder(&path)).unwrap();
    let admin = node.authenticate(&token).unwrap();
    for caller in 0..CALLERS {
        let org = format!("o{caller}");
        send(&node, admin, "create-org", json!({"id": org, "name": org}).to_string()).await;
        let all = json!({"org": org, "users": ["admin"], "user_type": "administrator", "privileges": "all"});
        send(&node, admin, "grant-subscriptions", all.to_string()).await;
    }
    let (before, mut cpu, mut bytes, mut events) = (node.stats(), BTreeMap::new(), 0, 0);
    let mut rounds: Vec<Round> = Vec::new();
    for round in 0..ROUNDS {
        let (from, used) = (node.live().position(), cpu_by_thread());
        let own = (each * CALLERS) as f64 / commanded(&node, admin, sort, round * each..(round + 1) * each).await;
        for (thread, time) in cpu_by_thread() {
            *cpu.entry(thread).or_insert(0) += time - used.get(&thread).copied().unwrap_or(0);
        }
        let stored: Vec<Vec<u8>> =
            node.log().read(from + 1, usize::MAX).unwrap().into_iter().map(|event| event.bytes.to_vec()).collect();
        let raw = (each * CALLERS) as f64 / appended(&path.with_extension(round.to_string()), &stored, each * CALLERS);
        rounds.push(Round { commands: own, raw, ratio: own / raw });
        bytes += stored.iter().map(Vec::len).sum::<usize>();
        events += stored.len();
    }
    let after = node.stats();
    let count =
        |stats: &tenure::node::NodeStats| stats.commit_seconds.buckets.iter().map(|(_, count)| count).sum::<u64>();
    let commits = (count(&after) - count(&before)) as f64;
    node.shutdown().await.unwrap();
    let commands = (each * CALLERS * ROUNDS) as f64;
    let median = |of: fn(&Round) -> f64| {
        let mut values: Vec<f64> = rounds.iter().map(of).collect();
        values.sort_unstable_by(f64::total_cmp);
        [0, values.len() / 2, values.len() - 1].map(|rank| values.get(rank).copied().unwrap_or(f64::NAN))
    };
    let [least, ratio, most] = median(|round| round.ratio);
    println!(
        "{}: {:.0} commands/s, log alone {:.0}: {ratio:.2} ({least:.2} to {most:.2}); {:.1} events of {} bytes a command, \
         {:.0} commands and {:.2} ms a commit",
        sort.0,
        median(|round| round.commands)[1],
        median(|round| round.raw)[1],
        events as f64 / commands,
        bytes / events,
        commands / commits,
        (after.commit_seconds.sum - before.commit_seconds.sum) * 1000.0 / commits,
    );
    for (thread, time) in cpu.into_iter().filter(|(_, time)| *time > 0) {
        println!("    {:6.2} µs of a core a command: {thread}", time as f64 / 1000.0 / commands);
    }
}

/// Seconds that the callers take, each for so many commands one after the other.
async fn commanded(node: &Node, admin: Authenticated, sort: Sort, numbers: std::ops::Range<usize>) -> f64 {
    let began = Instant::now();
    let caller = |caller| {
        let (node, numbers) = (node.clone(), numbers.clone());
        tokio::spawn(async move {
            for n in numbers {
                send(&node, admin, sort.0, sort.1(caller, n)).await;
            }
        })
    };
    let callers: Vec<_> = (0..CALLERS).map(caller).collect();
    for caller in callers {
        caller.await.unwrap();
    }
    began.elapsed().as_secs_f64()
}

async fn send(node: &Node, caller: Authenticated, name: &str, body: String) {
    node.submit(Request::new(caller, name, body)).await.unwrap();
}

/// Seconds that a log takes which does nothing else.
fn appended(path: &Path, events: &[Vec<u8>], commands: usize) -> f64 {
    let folder = DataFolder::create(path, Clock::system().new_id()).unwrap();
    let log = FileLog::create(&folder.log(), folder.log_id(), FileOptions::default()).unwrap();
    let mut log = Log::Files(log);
    let began = Instant::now();
    for group in events.chunks(events.len() / commands * CALLERS) {
        log.append(log.head(), group).unwrap();
    }
    let took = began.elapsed().as_secs_f64();
    fs::remove_dir_all(path).unwrap();
    took
}

/// Nanoseconds that the threads of each name have had a core.
fn cpu_by_thread() -> BTreeMap<String, u64> {
    let mut times = BTreeMap::new();
    for thread in fs::read_dir("/proc/self/task").unwrap().flatten() {
        let read = |file| fs::read_to_string(thread.path().join(file)).unwrap_or_default();
        let time = read("schedstat").split(' ').next().and_then(|time| time.parse::<u64>().ok()).unwrap_or(0);
        *times.entry(read("comm").trim().to_owned()).or_insert(0) += time;
    }
    times
}
