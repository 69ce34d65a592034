//! What a durable command costs over a durable write: 256 callers against one writer, beside the bare log.
//!
//! `cargo bench --bench writer -- 50000` sends so many commands of each sort, waits for each to be durable, and then
//! appends the same bytes to an empty log, 256 events to a sync.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench ends at the first fault and tells what it found"
)]

use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};
use tenure::clock::Clock;
use tenure::data::DataFolder;
use tenure::init::{self, Founding};
use tenure::log::{FileLog, FileOptions, Log};
use tenure::node::{Authenticated, Node, Options, Request};
use tenure::presets::Preset;

const CALLERS: usize = 256;
const RAW_GROUP: usize = 256;

/// A sort of command: its name, and its body for the n-th of a caller.
type Sort = (&'static str, fn(usize, usize) -> Value);

const SORTS: [Sort; 3] = [
    ("tag-org", |caller, n| json!({"org": format!("o{caller}"), "tags": [format!("t{n}")]})),
    ("create-resource", |caller, n| json!({"org": format!("o{caller}"), "kind": "chart", "name": format!("c{n}")})),
    ("create-user", |caller, n| {
        json!({
            "id": format!("u{caller}-{n}"), "org": format!("o{caller}"), "name": "Ann", "user_type": "viewer",
        })
    }),
];

fn main() {
    let commands = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(20_000);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for sort in SORTS {
        let folder = tempfile::tempdir().unwrap();
        runtime.block_on(measure(&folder.path().join("data"), sort, commands / CALLERS));
    }
}

async fn measure(path: &Path, sort: Sort, each: usize) {
    let preset = Preset::named("default").unwrap();
    let founding = Founding { preset: &preset, name: "Root", admin: "admin".parse().unwrap() };
    let token = init::in_folder(path, &founding, &Clock::system()).unwrap();
    let (node, _) = Node::open(Options::folder(path)).unwrap();
    let admin = node.authenticate(&token).unwrap();
    for caller in 0..CALLERS {
        let org = format!("o{caller}");
        send(&node, admin, "create-org", &json!({"id": org, "name": org})).await;
        let all = json!({"org": org, "users": ["admin"], "user_type": "administrator", "privileges": "all"});
        send(&node, admin, "grant-subscriptions", &all).await;
    }
    let (from, before) = (node.live().position(), node.stats());
    let began = Instant::now();
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let node = node.clone();
            tokio::spawn(async move {
                for n in 0..each {
                    send(&node, admin, sort.0, &sort.1(caller, n)).await;
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    let took = began.elapsed().as_secs_f64();
    let after = node.stats();
    let commits: u64 = after.commit_seconds.buckets.iter().map(|(_, count)| count).sum::<u64>()
        - before.commit_seconds.buckets.iter().map(|(_, count)| count).sum::<u64>();
    let events: Vec<Vec<u8>> =
        node.log().read(from + 1, usize::MAX).unwrap().into_iter().map(|event| event.bytes.to_vec()).collect();
    node.shutdown().await.unwrap();
    let raw = raw(&path.with_extension("raw"), &events);
    let commands = (each * CALLERS) as f64;
    let own = events.len() as f64 / took;
    println!(
        "{}: {:.0} commands/s, {own:.0} events/s of {} bytes, {:.0} commands a commit, {:.1} ms a commit; \
         log alone {raw:.0} events/s: {:.0} %",
        sort.0,
        commands / took,
        events.iter().map(Vec::len).sum::<usize>() / events.len(),
        commands / commits as f64,
        (after.commit_seconds.sum - before.commit_seconds.sum) * 1000.0 / commits as f64,
        own / raw * 100.0
    );
}

async fn send(node: &Node, caller: Authenticated, name: &str, body: &Value) {
    node.submit(Request::new(caller, name, body.to_string())).await.unwrap();
}

/// Events a second of a log that does nothing else.
fn raw(path: &Path, events: &[Vec<u8>]) -> f64 {
    let folder = DataFolder::create(path, Clock::system().new_id()).unwrap();
    let log = FileLog::create(&folder.log(), folder.log_id(), FileOptions::default()).unwrap();
    let mut log = Log::Files(log);
    let began = Instant::now();
    for group in events.chunks(RAW_GROUP) {
        log.append(log.head(), group).unwrap();
    }
    events.len() as f64 / began.elapsed().as_secs_f64()
}
