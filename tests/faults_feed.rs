//! The feed under faults, on real processes: whatever is killed, is away or is full, the stream becomes the log, byte for
//! byte, and never holds half a command.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tenure::data::log_id;
use tenure::log::FileLog;
use tokio::runtime::Runtime;

use crate::faults_kill::Random;
use crate::support::nats::{BEFORE, NEWEST, NatsServer, OLDEST};
use crate::support::program::{Platform, Serving};
use crate::support::server::{Client, bearer};
use crate::support::stream::{Message, assert_batches_are_whole, assert_goes_on, is_last_of_its_command, read_from};

#[test]
fn killed_at_any_moment_both_sides_make_the_stream_the_log() {
    rounds(NEWEST, 12);
}

#[test]
fn killed_at_any_moment_the_servers_before_make_the_stream_the_log() {
    rounds(BEFORE, 4);
    rounds(OLDEST, 4);
}

#[test]
fn long_killed_at_any_moment_both_sides_make_the_stream_the_log() {
    for version in [NEWEST, BEFORE, OLDEST] {
        rounds(version, 60);
    }
}

#[test]
fn a_server_away_stops_no_command() {
    away(Duration::from_secs(2));
}

#[test]
fn long_a_server_away_for_a_minute_stops_no_command() {
    away(Duration::from_secs(60));
}

#[test]
fn a_subscriber_that_does_not_read_holds_up_nothing() {
    let nats = NatsServer::start(NEWEST);
    let mut scene = Scene::new(nats.url(), &[]);
    let node = scene.serve();
    let mut subscriber = TcpStream::connect(nats.url().trim_start_matches("nats://")).unwrap();
    subscriber.write_all(b"CONNECT {\"verbose\":false}\r\nSUB tenure.events.> 1\r\nPING\r\n").unwrap();
    under_load(&node, || thread::sleep(Duration::from_secs(2)));
    scene.compare(&node);
    drop(subscriber);
}

#[test]
fn a_full_stream_stops_no_command() {
    let mut nats = NatsServer::with(NEWEST, "max_file_store: 400KB", "");
    let mut scene = Scene::new(nats.url(), &[]);
    let node = scene.serve();
    under_load(&node, || {
        let is_full = |trouble: &str| trouble.starts_with("NATS has no room for more events: ");
        wait_for(&node, |feed| feed["state"] == "waiting" && feed["trouble"].as_str().is_some_and(is_full));
        thread::sleep(Duration::from_millis(300));
    });
    let feed = feed(&node);
    assert!(feed["lag_positions"].as_u64().unwrap() > 0 && feed["lag_seconds"].as_f64().unwrap() > 0.0, "{feed}");
    nats.configure("max_file_store: 400MB", "");
    nats.restart();
    scene.compare(&node);
}

fn rounds(version: &str, count: u64) {
    let mut random = Random::seeded();
    let mut nats = NatsServer::start(version);
    let mut scene = Scene::new(nats.url(), &[]);
    let mut node = Some(scene.serve());
    scene.compare(node.as_ref().unwrap());
    for round in 0..count {
        let (kills_node, kills_server) = ([0, 2, 3].contains(&(round % 4)), [1, 2, 3].contains(&(round % 4)));
        let pause = Duration::from_millis(30 + random.below(400));
        let between = Duration::from_millis(random.below(60));
        let gone = Duration::from_millis(random.below(300));
        let victim = node.take().unwrap();
        let (client, token) = (victim.http(), victim.token.clone());
        load(&client, &token, || {
            thread::sleep(pause);
            if kills_node {
                drop(victim);
            } else {
                node = Some(victim);
            }
            thread::sleep(between);
            if kills_server {
                nats.kill();
            }
            thread::sleep(gone);
        });
        if kills_server {
            nats.restart();
        }
        // A node at work would make it whole.
        if node.is_none() {
            scene.ends_with_a_command();
        }
        let running = node.take().unwrap_or_else(|| scene.serve());
        assert_batches_are_whole(&scene.compare(&running));
        node = Some(running);
    }
    println!("{} events", scene.compared);
    assert!(scene.compared > count * 20, "the kills came too early for this to prove much");
}

fn away(for_so_long: Duration) {
    let mut nats = NatsServer::start(NEWEST);
    let mut scene = Scene::new(nats.url(), &[]);
    let node = scene.serve();
    let sent = under_load(&node, || {
        thread::sleep(Duration::from_millis(300));
        nats.kill();
        thread::sleep(for_so_long);
    });
    let feed = feed(&node);
    assert_eq!(feed["state"], "waiting", "{feed}");
    assert!(feed["lag_positions"].as_u64().unwrap() > sent / 2, "{feed}");
    assert!(feed["lag_seconds"].as_f64().unwrap() > for_so_long.as_secs_f64() * 0.8, "{feed}");
    nats.restart();
    scene.compare(&node);
}

/// A platform, where it publishes to, and how much of the stream was found to be the log.
pub struct Scene {
    pub platform: Platform,
    pub compared: u64,
    pub runtime: Runtime,
    url: String,
    arguments: Vec<String>,
}

impl Scene {
    /// One that publishes to these servers, with more arguments.
    pub fn new(url: String, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Self { platform: Platform::new("default"), compared: 0, runtime: Runtime::new().unwrap(), url, arguments }
    }

    pub fn serve(&self) -> Serving {
        let mut command = self.platform.serving();
        command.args(["--listen", "127.0.0.1:0", "--nats", &self.url]).args(&self.arguments);
        Serving::start(command, &self.platform.token)
    }

    /// What a crash has left is no half of a command, whoever restarts. A server that goes on may still be storing a batch.
    pub fn ends_with_a_command(&self) {
        let patience = Instant::now() + Duration::from_secs(20);
        loop {
            let new = self.runtime.block_on(async { read_from(&self.url, self.compared.max(1)).await });
            if new.last().is_none_or(|message| is_last_of_its_command(&message.json())) {
                return;
            }
            assert!(Instant::now() < patience, "{:?}", new.last());
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// The stored bytes of the events from a position on.
    fn log(&self, from: u64) -> Vec<String> {
        let data = self.platform.data();
        let (log, _) = FileLog::open_read_only(&data.join("log"), log_id(&data).unwrap()).unwrap();
        let stored = log.read(from, usize::MAX).unwrap();
        stored.into_iter().map(|event| String::from_utf8(event.bytes.to_vec()).unwrap()).collect()
    }

    /// Waits until everything is published, and compares what is new.
    pub fn compare(&mut self, node: &Serving) -> Vec<Message> {
        wait_for(node, |feed| feed["state"] == "publishing" && feed["lag_positions"] == 0);
        let from = self.compared + 1;
        let log = self.log(from);
        let messages = self.runtime.block_on(read_from(&self.url, from));
        assert_goes_on(&messages, &log, from);
        self.compared += log.len() as u64;
        messages
    }
}

/// What the node says of its feed.
pub fn feed(node: &Serving) -> Value {
    node.http().get(&node.token, "/readyz").json()["feed"].clone()
}

#[track_caller]
pub fn wait_for(node: &Serving, what: impl Fn(&Value) -> bool) -> Value {
    let patience = Instant::now() + Duration::from_secs(120);
    loop {
        let feed = feed(node);
        if what(&feed) {
            return feed;
        }
        assert!(Instant::now() < patience, "{feed}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Sends commands while something happens that the node must survive; answers how many were done.
pub fn under_load(node: &Serving, happens: impl FnOnce()) -> u64 {
    let (done, refused) = load(&node.http(), &node.token, happens);
    assert_eq!(refused, 0, "commands go on whatever happens to the feed");
    assert!(done > 10, "{done}");
    done
}

/// Sends commands while something happens, or until the node is gone; answers how many were done and not.
pub fn load(client: &Client, token: &str, happens: impl FnOnce()) -> (u64, u64) {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let (stop, done, failed) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let id = format!("o{}", NUMBER.fetch_add(1, Ordering::Relaxed));
                    let admin = json!({"id": format!("{id}a"), "name": id, "email": "a@example.org"});
                    let body = json!({"id": id, "name": id, "description": "x".repeat(200), "admin": admin});
                    let headers = [("Authorization", &*bearer(token)), ("Content-Type", "application/json")];
                    let body = body.to_string();
                    match client.try_send("POST", "/v1/commands/create-org", &headers, Some(body.as_bytes())) {
                        Ok(answer) if answer.status == 200 => drop(done.fetch_add(1, Ordering::Relaxed)),
                        _ => {
                            failed.fetch_add(1, Ordering::Relaxed);
                            return;
                        }
                    }
                }
            });
        }
        // However it ends: a scope waits for its threads.
        let _stop = Stop(&stop);
        happens();
    });
    (done.into_inner(), failed.into_inner())
}

struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
