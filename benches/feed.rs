//! How fast the log is published, and how soon an event reaches a subscriber, on a real server that syncs always.
//!
//! `cargo bench --bench feed -- 100000` publishes a log of so many events and, to another server of the same version,
//! the same bytes as bare atomic batches; then measures the time from durable to delivered, at idle and at half load.
//! Needs the servers that `tests/run --tools` gets; `TENURE_BENCH_NATS` names another version.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    reason = "a bench ends at the first fault and tells what it found"
)]

#[expect(dead_code, clippy::unwrap_used, reason = "the tests use all of it")]
#[path = "../tests/support/nats.rs"]
mod nats;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_nats::header::HeaderMap;
use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::push::OrderedConfig;
use async_nats::jetstream::stream::Config;
use futures::StreamExt as _;
use serde_json::{Value, json};
use tenure::clock::Clock;
use tenure::init::{self, Founding};
use tenure::node::{Authenticated, Node, Options, Request};
use tenure::presets::Preset;
use tenure::publish::{self, Publisher};
use tenure_events::{Position, parse};

use nats::{NEWEST, NatsServer};

const CALLERS: usize = 256;
const ROUNDS: usize = 5;

fn main() {
    let events = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(50_000);
    let version = std::env::var("TENURE_BENCH_NATS").unwrap_or_else(|_| NEWEST.to_owned());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let scene = Scene::new(folder.path()).await;
        scene.load(events / CALLERS).await;
        let stored = scene.node.log().read(1, usize::MAX).unwrap();
        let size = stored.iter().map(|event| event.bytes.len()).sum::<usize>() / stored.len();
        println!("{} events of {size} bytes, nats-server {version}, sync_interval: always", stored.len());
        let mut ratios = Vec::new();
        let mut rate = 0.0;
        for _ in 0..ROUNDS {
            let bare = bare(&version, &stored).await;
            rate = scene.publish(&version).await;
            println!("published {rate:.0} events/s; bare batches {bare:.0} events/s: {:.2}", rate / bare);
            ratios.push(rate / bare);
        }
        ratios.sort_by(f64::total_cmp);
        println!("median ratio {:.2}", ratios[ratios.len() / 2]);
        scene.deliver(&version, "idle", Duration::from_millis(20), 1, 500).await;
        // Eight commands at a time.
        let pause = Duration::from_secs_f64(8.0 / (rate / 2.0));
        scene.deliver(&version, "half load", pause, 8, 20_000).await;
    });
}

/// A platform with some orgs.
struct Scene {
    node: Node,
    admin: Authenticated,
}

impl Scene {
    async fn new(folder: &std::path::Path) -> Self {
        let path = folder.join("data");
        let preset = Preset::named("default").unwrap();
        let founding = Founding { preset: &preset, name: "Root", admin: "admin".parse().unwrap(), licence_key: None };
        let token = init::in_folder(&path, &founding, &Clock::system()).unwrap();
        let (node, _) = Node::open(Options::folder(path)).unwrap();
        let admin = node.authenticate(&token).unwrap();
        let scene = Self { node, admin };
        for caller in 0..CALLERS {
            let org = format!("o{caller}");
            scene.send("create-org", json!({"id": org, "name": org})).await;
            let all = json!({"org": org, "users": ["admin"], "user_type": "administrator", "privileges": "all"});
            scene.send("grant-subscriptions", all).await;
        }
        scene
    }

    async fn send(&self, name: &str, body: Value) {
        self.node.submit(Request::new(self.admin, name, body.to_string())).await.unwrap();
    }

    /// So many commands of each caller, as fast as they go.
    async fn load(&self, each: usize) {
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let (node, admin) = (self.node.clone(), self.admin);
                tokio::spawn(async move {
                    for n in 0..each {
                        let body = json!({"org": format!("o{caller}"), "tags": [format!("t{n}")]});
                        node.submit(Request::new(admin, "tag-org", body.to_string())).await.unwrap();
                    }
                })
            })
            .collect();
        for caller in callers {
            caller.await.unwrap();
        }
    }

    fn start(&self, server: &NatsServer) -> Publisher {
        self.node.tell_feed(|feed| feed.published = None);
        let options = publish::Options { servers: vec![server.url()], ..publish::Options::default() };
        publish::start(self.node.clone(), options)
    }

    async fn is_level(&self) {
        while self.node.feed().unwrap().lag_positions != Some(0) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Events a second from a log to a new stream.
    async fn publish(&self, version: &str) -> f64 {
        let server = NatsServer::start(version);
        let began = Instant::now();
        let _publisher = self.start(&server);
        self.is_level().await;
        self.node.live().position() as f64 / began.elapsed().as_secs_f64()
    }

    /// The time from durable to delivered of each event.
    async fn deliver(&self, version: &str, name: &str, pause: Duration, group: usize, count: usize) {
        let server = NatsServer::start(version);
        let _publisher = self.start(&server);
        self.is_level().await;
        let from = self.node.live().position();
        let client = async_nats::connect(server.url()).await.unwrap();
        let deliver_subject = client.new_inbox();
        let stream = async_nats::jetstream::new(client).get_stream("TENURE").await.unwrap();
        let deliver_policy = DeliverPolicy::ByStartSequence { start_sequence: from + 1 };
        let config = OrderedConfig { deliver_subject, deliver_policy, ..OrderedConfig::default() };
        let mut messages = stream.create_consumer(config).await.unwrap().messages().await.unwrap();
        let durable: Arc<Mutex<VecDeque<(Position, Instant)>>> = Arc::default();
        let (mut committed, told) = (self.node.committed(), Arc::clone(&durable));
        committed.mark_unchanged();
        let watcher = tokio::spawn(async move {
            while committed.changed().await.is_ok() {
                let position = *committed.borrow_and_update();
                told.lock().unwrap().push_back((position, Instant::now()));
            }
        });
        let subscriber = tokio::spawn(async move {
            let mut times = Vec::with_capacity(count);
            while times.len() < count {
                let message = messages.next().await.unwrap().unwrap();
                let (sequence, now) = (message.info().unwrap().stream_sequence, Instant::now());
                let mut durable = durable.lock().unwrap();
                while durable.front().is_some_and(|(position, _)| *position < sequence) {
                    durable.pop_front();
                }
                // Delivered before this process was told that it is durable: at once.
                times.push(durable.front().map_or(Duration::ZERO, |(_, at)| now.saturating_duration_since(*at)));
            }
            times
        });
        let mut ticks = tokio::time::interval(pause);
        for n in 0..count / group {
            ticks.tick().await;
            let sent = (0..group).map(|one| {
                let (node, admin) = (self.node.clone(), self.admin);
                let body = json!({"org": format!("o{one}"), "tags": [format!("{name}{n}")]});
                async move { node.submit(Request::new(admin, "tag-org", body.to_string())).await.unwrap() }
            });
            drop(tokio::spawn(futures::future::join_all(sent)));
        }
        let mut times = subscriber.await.unwrap();
        watcher.abort();
        times.sort();
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
        println!("durable to delivered, {name}: p50 {:.2} ms, p99 {:.2} ms, of {}", at(0.5), at(0.99), times.len());
    }
}

/// Events a second of the same bytes in atomic batches, one after the other, and nothing else.
async fn bare(version: &str, events: &[tenure::log::Stored]) -> f64 {
    let server = NatsServer::start(version);
    let client = async_nats::connect(server.url()).await.unwrap();
    let config = Config {
        name: "TENURE".to_owned(),
        subjects: vec!["tenure.events.>".to_owned()],
        num_replicas: 1,
        allow_atomic_publish: true,
        ..Config::default()
    };
    async_nats::jetstream::new(client.clone()).create_stream(config).await.unwrap();
    let subjects: Vec<String> = events.iter().map(|event| parse(&event.bytes).unwrap().nats_subject()).collect();
    let bytes: Vec<bytes::Bytes> = events.iter().map(|event| event.bytes.to_vec().into()).collect();
    let began = Instant::now();
    for (number, batch) in (0..events.len()).collect::<Vec<_>>().chunks(1_000).enumerate() {
        let name = number.to_string();
        for (part, index) in batch.iter().enumerate() {
            let mut headers = HeaderMap::new();
            headers.insert("Nats-Batch-Id", name.as_str());
            headers.insert("Nats-Batch-Sequence", (part + 1).to_string());
            let (subject, payload) = (subjects[*index].clone(), bytes[*index].clone());
            if part + 1 < batch.len() {
                client.publish_with_headers(subject, headers, payload).await.unwrap();
            } else {
                headers.insert("Nats-Batch-Commit", "1");
                let answer = client.request_with_headers(subject, headers, payload).await.unwrap();
                assert!(answer.payload.starts_with(b"{\"stream\":\"TENURE\""), "{answer:?}");
            }
        }
    }
    events.len() as f64 / began.elapsed().as_secs_f64()
}
