//! A node killed at any moment, again and again, on one folder: what was acknowledged stays, and nothing is half there.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tenure_events::Hash;

use crate::support::program::{Platform, Serving, run, text};
use crate::support::server::{Client, bearer};

/// Clients that send at the same time.
const CLIENTS: u64 = 4;

#[test]
fn killed_at_any_moment_a_node_keeps_what_it_acknowledged() {
    rounds(50);
}

#[test]
fn long_killed_at_any_moment_a_node_keeps_what_it_acknowledged() {
    rounds(150);
}

fn rounds(count: u64) {
    let mut random = Random::seeded();
    let mut history = History::new();
    let mut node = history.platform.serve();
    for round in 0..count {
        node = history.round(node, round, &mut random);
        if round % 10 == 9 {
            drop(node);
            history.prove();
            node = history.platform.serve();
        }
    }
    let Outcomes { acknowledged, unknown, done } = history.outcomes;
    println!("{acknowledged} acknowledged; of {unknown} unacknowledged {done} were done; {} events", history.head());
    assert!(acknowledged > count * 5, "the kills came too early for this to prove much");
    assert!(unknown >= count, "the kills came too late for this to prove much");
}

/// What clients know of one platform.
struct History {
    platform: Platform,
    /// The stored bytes of every event that the log was ever seen to hold.
    events: Vec<String>,
    /// Commands whose events must be in the log, by idempotency key.
    done: Vec<Sent>,
    outcomes: Outcomes,
}

#[derive(Default)]
struct Outcomes {
    acknowledged: u64,
    unknown: u64,
    /// Of the unknown ones.
    done: u64,
}

/// A command that was sent.
struct Sent {
    name: &'static str,
    body: Value,
    key: String,
    /// The position and events that were acknowledged.
    acknowledged: Option<(usize, Vec<String>)>,
}

impl History {
    fn new() -> Self {
        let platform = Platform::new("default");
        let node = platform.serve();
        let http = node.http();
        for org in ["one", "two"] {
            http.done(&node.token, "create-org", json!({"id": org, "name": org}));
            let me = json!({"org": org, "users": ["admin"], "user_type": "administrator", "privileges": "all"});
            http.done(&node.token, "grant-subscriptions", me);
        }
        let events = read(&http, &node.token, 1);
        Self { platform, events, done: Vec::new(), outcomes: Outcomes::default() }
    }

    fn head(&self) -> usize {
        self.events.len()
    }

    /// Load, a kill, a new start, and a look at everything.
    fn round(&mut self, node: Serving, round: u64, random: &mut Random) -> Serving {
        let sent = thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|client| {
                    let (http, token, random) = (node.http(), node.token.clone(), Random(random.next()));
                    scope.spawn(move || load(&http, &token, &format!("r{round}c{client}"), random))
                })
                .collect();
            thread::sleep(Duration::from_millis(2 + random.below(150)));
            if round % 5 == 4 {
                terminate(node, Duration::from_millis(random.below(40)));
            } else {
                drop(node);
            }
            clients.into_iter().flat_map(|client| client.join().unwrap()).collect::<Vec<_>>()
        });
        if round % 5 == 3 {
            self.kill_while_starting(Duration::from_millis(random.below(60)));
        }
        let node = self.platform.serve();
        self.look(&node);
        self.account_for(&node, sent, random);
        node
    }

    /// Reads what is new in the log, and proves that it is whole and goes on from what was there.
    fn look(&mut self, node: &Serving) {
        let http = node.http();
        let new = read(&http, &node.token, self.head());
        assert_eq!(new.first(), self.events.last(), "the last event seen has changed");
        let mut index = 0;
        for bytes in new.into_iter().skip(1) {
            let event: Value = serde_json::from_str(&bytes).unwrap();
            let prev = Hash::of(self.events.last().unwrap().as_bytes()).to_string();
            assert_eq!(event["prev"], prev, "{bytes}");
            assert_eq!(event["position"], (self.head() + 1).to_string());
            assert_eq!(event["commandindex"], index, "a command has a hole before {bytes}");
            index = if event["commandcount"] == index + 1 { 0 } else { index + 1 };
            self.events.push(bytes);
        }
        assert_eq!(index, 0, "the log ends within a command");
    }

    /// Every command that was sent: those that were acknowledged are there as they were, the others wholly or not at
    /// all; sent again, all of them happen once.
    fn account_for(&mut self, node: &Serving, sent: Vec<Sent>, random: &mut Random) {
        let (http, before) = (node.http(), self.head());
        for mut sent in sent {
            match &sent.acknowledged {
                Some((position, events)) => {
                    let stored = &self.events[position - events.len()..*position];
                    assert_eq!(stored, events, "{} {}", sent.name, sent.key);
                    self.outcomes.acknowledged += 1;
                }
                None => {
                    let answer = sent.send(&http, &node.token).unwrap();
                    assert_eq!(answer.0, 200, "{} {}: {}", sent.name, sent.body, answer.1);
                    sent.acknowledge(&answer.1);
                    self.outcomes.unknown += 1;
                    let position = sent.acknowledged.as_ref().unwrap().0;
                    if position <= before {
                        self.outcomes.done += 1;
                    }
                }
            }
            self.done.push(sent);
        }
        self.look(node);
        for _ in 0..5.min(self.done.len()) {
            let any = random.below(self.done.len() as u64) as usize;
            let old = &mut self.done[any];
            let first = old.acknowledged.clone();
            let answer = old.send(&http, &node.token).unwrap();
            old.acknowledge(&answer.1);
            assert_eq!(old.acknowledged, first, "sent again, a command is answered as it was");
        }
        let again = read(&http, &node.token, self.head());
        assert_eq!(again.len(), 1, "commands that were sent again have added events");
    }

    fn kill_while_starting(&self, after: Duration) {
        let mut command = self.platform.serving();
        command.args(["--listen", "127.0.0.1:0"]).stdout(Stdio::null()).stderr(Stdio::null());
        let mut starting = command.spawn().unwrap();
        thread::sleep(after);
        starting.kill().unwrap();
        starting.wait().unwrap();
    }

    /// All that is in the log stems from commands that were sent, each once; state is what a fresh replay makes of it.
    fn prove(&self) {
        let mut commands = HashMap::<String, usize>::new();
        for bytes in &self.events {
            let event: Value = serde_json::from_str(bytes).unwrap();
            *commands.entry(event["command"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        let ids: HashSet<_> = self.done.iter().map(|sent| sent.command()).collect();
        assert_eq!(ids.len(), self.done.len(), "a command for each key");
        for sent in &self.done {
            assert_eq!(commands[&sent.command()], sent.acknowledged.as_ref().unwrap().1.len(), "{}", sent.key);
        }
        // The first command, and two for each of the orgs.
        assert_eq!(commands.len(), self.done.len() + 5);
        let data = self.platform.data();
        let verdict = run(&["verify", "--data", text(&data), "--format", "json"]).exits(0);
        let verdict: Value = serde_json::from_str(&verdict.out).unwrap();
        assert_eq!((&verdict["verdict"], &verdict["position"]), (&json!("all is right"), &json!(self.head())));
        assert_ne!(verdict["checkpoint"], "not looked at: a node uses it");
    }
}

impl Sent {
    fn send(&self, http: &Client, token: &str) -> Result<(u16, String), ureq::Error> {
        let headers = [
            ("Authorization", &*bearer(token)),
            ("Content-Type", "application/json"),
            ("Idempotency-Key", &self.key),
            ("Tenure-Reason", "a load"),
        ];
        let path = format!("/v1/commands/{}", self.name);
        let answer = http.try_send("POST", &path, &headers, Some(self.body.to_string().as_bytes()))?;
        Ok((answer.status, answer.text))
    }

    fn acknowledge(&mut self, answer: &str) {
        let done: Done<'_> = serde_json::from_str(answer).unwrap();
        self.acknowledged = Some((done.position, done.events.iter().map(|event| event.get().to_owned()).collect()));
    }

    fn command(&self) -> String {
        let (_, events) = self.acknowledged.as_ref().unwrap();
        let first: Value = serde_json::from_str(&events[0]).unwrap();
        first["command"].as_str().unwrap().to_owned()
    }
}

#[derive(Deserialize)]
struct Done<'a> {
    position: usize,
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

/// Sends commands one after the other until the node is gone.
fn load(http: &Client, token: &str, name: &str, mut random: Random) -> Vec<Sent> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let (mut all, mut users) = (Vec::new(), Vec::new());
    loop {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let id = format!("{name}n{number}");
        let user =
            json!({"id": id, "org": "root", "name": id, "email": format!("{id}@example.org"), "user_type": "viewer"});
        let (command, body) = match random.below(6) {
            0..3 => ("create-user", user),
            3 if users.len() > 1 => {
                let users = std::mem::take(&mut users);
                let org = if random.below(2) == 0 { "one" } else { "two" };
                ("grant-subscriptions", json!({"org": org, "users": users, "user_type": "viewer", "privileges": []}))
            }
            4 => ("define-role", json!({"id": id, "org": "one", "name": id, "privileges": ["chart.edit"]})),
            _ => ("describe-org", json!({"org": "two", "description": id})),
        };
        let mut sent = Sent { name: command, body, key: format!("key of {id}"), acknowledged: None };
        let ended = match sent.send(http, token) {
            Ok((200, answer)) => {
                sent.acknowledge(&answer);
                if command == "create-user" {
                    users.push(id);
                }
                false
            }
            // Told to end, a node refuses what comes late.
            Ok((503, _)) | Err(_) => true,
            Ok((status, answer)) => panic!("{status} {command} {}: {answer}", sent.body),
        };
        all.push(sent);
        if ended {
            return all;
        }
    }
}

/// Tells a node to end and kills it on the way.
fn terminate(node: Serving, after: Duration) {
    assert!(Command::new("kill").args(["-TERM", &node.pid().to_string()]).status().unwrap().success());
    thread::sleep(after);
    drop(node);
}

/// The stored bytes of the events from a position on.
fn read(http: &Client, token: &str, from: usize) -> Vec<String> {
    #[derive(Deserialize)]
    struct Page<'a> {
        #[serde(borrow)]
        items: Vec<&'a RawValue>,
        next_cursor: Option<String>,
    }
    let (mut events, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = http.get(token, &format!("/v1/events?from={from}&limit=1000{cursor}"));
        assert_eq!(answer.status, 200, "{}", answer.text);
        let page: Page<'_> = serde_json::from_str(&answer.text).unwrap();
        events.extend(page.items.iter().map(|event| event.get().to_owned()));
        match page.next_cursor {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return events,
        }
    }
}

/// SplitMix64: the same numbers from the same seed.
pub struct Random(pub u64);

impl Random {
    /// From a seed that is told, to repeat what failed.
    pub fn seeded() -> Self {
        let told = std::env::var("TENURE_TEST_SEED").ok();
        let seed = told.map_or_else(|| RandomState::new().build_hasher().finish(), |seed| seed.parse().unwrap());
        println!("to repeat: TENURE_TEST_SEED={seed}");
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}
