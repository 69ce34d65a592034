//! A node killed at any moment while windows pass: each is said to have ended once, whichever process says it, and no
//! answer waits for it to be said.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tenure::clock::{Clock, Hands};
use tenure::data::log_id;
use tenure::init::{self, Founding};
use tenure::log::FileLog;
use tenure::node::{Node, Options, Request, Secret};
use tenure::presets::Preset;
use tenure::token::Token;
use tenure_events::Time;
use tenure_events::data::{PlatformLicence, TenantLicence};

use crate::faults_kill::Random;
use crate::support::licensed::vendor;
use crate::support::program::{Platform, Serving, run, text};
use crate::support::server::Client;

#[test]
fn what_passes_around_a_kill_is_said_once() {
    rounds(4);
}

#[test]
fn long_what_passes_around_a_kill_is_said_once() {
    rounds(40);
}

fn rounds(count: u32) {
    let mut random = Random::seeded();
    let mut world = World::new(count, &mut random);
    let mut node = world.platform.serve();
    for round in 0..count {
        let until = now().plus_seconds(1).micros() + 200_000;
        let grants = world.grants(&node, round, |_| Time::from_micros(until + random.below(600_000) as i64));
        let head = world.head(&node);
        for window in &grants {
            assert!(world.allows(&node, window, &json!({})) || window.until <= now(), "{}", window.what);
            world.answers_by_time(&node, window, head);
        }
        world.windows.extend(grants);
        let last = world.windows.iter().rev().take(SORTS).map(|window| window.until).max().unwrap();
        while now() < last.plus_seconds(1) {
            drop(node);
            node = world.platform.serve();
            // What has passed has passed, whether anybody has said so yet or not.
            for window in world.windows.iter().rev().take(SORTS).filter(|window| window.until <= now()) {
                assert!(!world.allows(&node, window, &json!({})), "{}", window.what);
            }
            thread::sleep(Duration::from_millis(random.below(150)));
        }
        world.said_once(now());
        for window in world.windows.iter().rev().take(SORTS) {
            world.answers_by_time(&node, window, head);
            world.answers_by_time(&node, window, world.head(&node));
        }
    }
    // The trials end while the rounds go on, the last a little later.
    let last = world.windows.iter().map(|window| window.until).max().unwrap();
    while now() < last {
        thread::sleep(Duration::from_millis(50));
    }
    let before = world.head(&node);
    world.said_once(last);
    for trial in &world.windows[..count as usize] {
        world.answers_by_time(&node, trial, trial.granted_at);
        world.answers_by_time(&node, trial, before);
    }
    drop(node);
    let data = world.platform.data();
    run(&["verify", "--data", text(&data)]).exits(0);
}

/// How many windows a round opens: one of each sort.
const SORTS: usize = 12;

/// How long a trial is, in seconds.
const TRIAL: i64 = 86_400;

/// A window with an end.
struct Window {
    what: String,
    until: Time,
    /// The event that set the end.
    granted_at: u64,
    asks: Asks,
}

/// How to see whether it is open.
enum Asks {
    /// A question to the judge.
    May(Value),
    /// Whether a key is known.
    Key(String),
    /// Whether there may be another tenant.
    Tenants,
}

/// A platform with everything that can be had for a time.
struct World {
    platform: Platform,
    /// The key of an org that shuts its landlord out.
    kate: String,
    /// The trials first, then those of each round.
    windows: Vec<Window>,
    licences: u32,
}

impl World {
    /// Made a day ago, so that the trials of its first tenants end while the test runs.
    fn new(rounds: u32, random: &mut Random) -> Self {
        let folder = TempDir::new().unwrap();
        let data = folder.path().join("data");
        let (clock, hands) = Clock::manual(Clock::system().now() - Duration::from_secs(TRIAL as u64));
        let made = Made::new(data, clock, hands);
        for org in ["other", "kick"] {
            made.done("create-org", json!({"id": org, "name": org}));
            let me = json!({"org": org, "users": ["admin"], "user_type": "administrator", "privileges": "all"});
            made.done("grant-subscriptions", me);
        }
        let user = |id: &str, org: &str, user_type: &str, privileges: Value| {
            let user = json!({"id": id, "org": org, "name": id, "user_type": user_type, "privileges": privileges});
            made.done("create-user", user);
        };
        user("kate", "kick", "administrator", json!("all"));
        user("olga", "other", "member", json!([]));
        let kate = made.key("kate");
        made.done(
            "define-role",
            json!({"id": "writer", "org": "root", "name": "writer", "privileges": ["report.edit"]}),
        );
        made.done("install-licence", json!({"token": licence(0, now().plus_seconds(-2 * TRIAL), None)}));
        // The first ends after the node that made it is gone, the others one by one while others serve.
        made.hands.advance(Duration::from_secs(6));
        let mut windows = Vec::new();
        for trial in 0..rounds {
            made.hands.advance(Duration::from_micros(500_000 + random.below(2_000_000)));
            let (org, admin) = (format!("trial{trial}"), format!("tom{trial}"));
            let body = json!({"id": org, "name": org, "admin": {"id": admin, "name": admin}});
            windows.push(Window {
                what: format!("the trial of {org}"),
                until: Time::from(made.clock.now()).plus_seconds(TRIAL),
                granted_at: position(&made.done("create-org", body), "tenure.org.trial_started.v1"),
                asks: may(&admin, "user.manage", "org", &org),
            });
        }
        let token = made.close();
        // The trials end while nodes serve that have seen the day go by.
        std::fs::write(folder.path().join("data/clock"), format!("{}\n", now())).unwrap();
        Self { platform: Platform { folder, token }, kate, windows, licences: 1 }
    }

    /// Opens one window of each sort, each with an end of its own.
    fn grants(&mut self, node: &Serving, round: u32, mut until: impl FnMut(usize) -> Time) -> Vec<Window> {
        let (http, admin) = (node.http(), node.token.as_str());
        let (user, member, group) = (format!("sally{round}"), format!("mike{round}"), format!("team{round}"));
        for id in [&user, &member] {
            let body = json!({"id": id, "org": "root", "name": id, "user_type": "member", "privileges": []});
            http.done(admin, "create-user", body);
        }
        http.done(admin, "create-group", json!({"id": group, "org": "root", "name": group}));
        http.done(admin, "add-group-members", json!({"group": group, "users": [member]}));
        let role = format!("looker{round}");
        http.done(admin, "define-role", json!({"id": role, "org": "root", "name": role, "privileges": []}));
        http.done(admin, "assign-role", json!({"role": role, "users": [user]}));
        let mut windows = Vec::new();
        let mut grant = |what: &str, by: &str, command: &str, end: &str, mut body: Value, event: &str, asks: Asks| {
            let until = until(windows.len());
            body[end] = json!(until);
            let done = http.done(by, command, body);
            let granted_at = position(&done, event);
            windows.push(Window { what: format!("{what}, round {round}"), until, granted_at, asks });
            done
        };
        let body = json!({"org": "other", "users": [user], "user_type": "member", "privileges": ["chart.edit"]});
        let (command, event) = ("grant-subscriptions", "tenure.subscription.granted.v1");
        grant("a membership", admin, command, "valid_until", body, event, may(&user, "chart.edit", "org", "other"));
        for (holder, to) in [
            (&user, json!({"role": "writer", "users": [user]})),
            (&member, json!({"role": "writer", "groups": [group]})),
        ] {
            let asks = may(holder, "report.edit", "org", "root");
            grant("a role", admin, "assign-role", "valid_until", to, "tenure.role.assigned.v1", asks);
        }
        let olga = "olga".to_owned();
        let shares = [
            (&user, json!({"user": user})),
            (&user, json!({"role": role})),
            (&member, json!({"group": group})),
            (&olga, json!({"org": "other"})),
            (&olga, json!({"all_orgs": true})),
        ];
        for (number, (viewer, with)) in shares.into_iter().enumerate() {
            let chart = format!("chart{round}-{number}");
            http.done(admin, "create-resource", json!({"id": chart, "org": "root", "kind": "chart", "name": chart}));
            let share = json!({"resource": chart, "with": with, "level": "view"});
            let asks = may(viewer, "view", "chart", &chart);
            grant("a share", admin, "share", "valid_until", share, "tenure.content.shared.v1", asks);
        }
        let body = json!({"user": user, "name": "guest"});
        let none = Asks::Key(String::new());
        let issued = grant("a key", admin, "issue-api-key", "expires", body, "tenure.api_key.issued.v1", none);
        let key = issued["api_key"].as_str().unwrap().to_owned();
        if round == 0 {
            http.done(&self.kate, "exclude-landlord", json!({"org": "kick"}));
        }
        let (asks, event) = (may("admin", "chart.edit", "org", "kick"), "tenure.landlord.admitted.v1");
        grant("the landlord", &self.kate, "admit-landlord", "until", json!({"org": "kick"}), event, asks);
        windows[8].asks = Asks::Key(key);
        windows.extend(self.licences(&http, admin, round, &mut until));
        assert_eq!(windows.len(), SORTS);
        windows
    }

    /// A tenant's licence and the platform's: their ends are told in whole seconds.
    fn licences(
        &mut self,
        http: &Client,
        admin: &str,
        round: u32,
        until: &mut impl FnMut(usize) -> Time,
    ) -> Vec<Window> {
        let mut until = |window| Time::from_micros((until(window).micros() / 1_000_000 + 1) * 1_000_000);
        let mut next = || {
            self.licences += 1;
            (self.licences, now().plus_seconds(i64::from(self.licences) - 10_000))
        };
        let (number, issued) = next();
        let endless = licence(number, issued, None);
        http.done(admin, "install-licence", json!({"token": endless}));
        let (org, boss) = (format!("tenant{round}"), format!("bob{round}"));
        http.done(admin, "create-org", json!({"id": org, "name": org, "admin": {"id": boss, "name": boss}}));
        let tenant_until = until(10);
        let code = TenantLicence { id: org.clone(), issued: now(), users: None, valid_until: Some(tenant_until) };
        let body = json!({"org": org, "authorisation": vendor().tenant(&org.parse().unwrap(), &code)});
        let licensed = http.done(admin, "license-org", body);
        let (number, issued) = next();
        let platform_until = until(11);
        let body = json!({"token": licence(number, issued, Some(platform_until))});
        let installed = http.done(admin, "install-licence", body);
        vec![
            Window {
                what: format!("the licence of {org}"),
                until: tenant_until,
                granted_at: position(&licensed, "tenure.org.licensed.v1"),
                asks: may(&boss, "user.manage", "org", &org),
            },
            Window {
                what: format!("licence {number} of the platform"),
                until: platform_until,
                granted_at: position(&installed, "tenure.platform.licence_installed.v1"),
                asks: Asks::Tenants,
            },
        ]
    }

    fn head(&self, node: &Serving) -> u64 {
        node.http().get(&node.token, "/v1/whoami").header("Tenure-Position").parse().unwrap()
    }

    /// Whether the window is open, by what the node answers.
    fn allows(&self, node: &Serving, window: &Window, context: &Value) -> bool {
        let http = node.http();
        match &window.asks {
            Asks::May(question) => {
                let mut question = question.clone();
                question["context"] = context.clone();
                // The landlord is asked about by the org, which always may.
                let by = if question["resource"]["id"] == "kick" { &self.kate } else { &node.token };
                let answer = http.post(by, "/access/v1/evaluation", &question);
                answer.json()["decision"].as_bool().unwrap_or_else(|| panic!("{}: {}", window.what, answer.text))
            }
            Asks::Key(key) => http.get(key, "/v1/whoami").status == 200,
            Asks::Tenants => {
                let body = json!({"id": "another", "name": "Another"});
                http.post(&node.token, "/v1/commands/create-org?dry_run=true", &body).status == 200
            }
        }
    }

    /// Open just before its end and closed from then on, as of a position, whatever had been said there.
    fn answers_by_time(&self, node: &Serving, window: &Window, position: u64) {
        if let Asks::May(_) = window.asks {
            let at = |micros: i64| {
                let at = Time::from_micros(window.until.micros() + micros);
                self.allows(node, window, &json!({"as_of": position, "at": at}))
            };
            assert_eq!((at(-1), at(0)), (true, false), "{} as of {position}", window.what);
        }
    }

    /// What has passed by a time is said once, what has not, not at all; in its turn, and nothing else is said to end.
    fn said_once(&self, by: Time) {
        let passed: Vec<&Window> = self.windows.iter().filter(|window| window.until <= by).collect();
        for _ in 0..100 {
            if self.said().len() >= passed.len() {
                break;
            }
            thread::sleep(Duration::from_millis(50));
        }
        let said = self.said();
        for window in &self.windows {
            let told = said.get(&window.granted_at).map_or(&[][..], Vec::as_slice);
            match told {
                [] => assert!(window.until > by, "{} ended without a word", window.what),
                [once] => assert_eq!(*once, window.until, "{}", window.what),
                more => panic!("{} ended {} times", window.what, more.len()),
            }
        }
        let known = |granted_at: &u64| self.windows.iter().any(|window| window.granted_at == *granted_at);
        assert!(said.keys().all(known), "{said:?}");
    }

    /// The stored bytes of every event, whoever may read it.
    fn log(&self) -> Vec<Vec<u8>> {
        let data = self.platform.data();
        let (log, _) = FileLog::open_read_only(&data.join("log"), log_id(&data).unwrap()).unwrap();
        log.read(1, usize::MAX).unwrap().into_iter().map(|event| event.bytes.to_vec()).collect()
    }

    /// What is said to have ended, by the event that set the end. Whatever was decided after an end comes after it.
    fn said(&self) -> BTreeMap<u64, Vec<Time>> {
        let mut said = BTreeMap::<u64, Vec<Time>>::new();
        let mut decided = None;
        for bytes in self.log() {
            let event: Value = serde_json::from_slice(&bytes).unwrap();
            let time = |value: &Value| value.as_str().unwrap().parse::<Time>().unwrap();
            if event["type"] != "tenure.validity.ended.v1" {
                decided = Some(time(&event["time"]));
            } else if event.get("twinof").is_none() {
                let until = time(&event["data"]["until"]);
                assert!(time(&event["time"]) >= until, "said before it ended: {event}");
                assert!(decided.is_none_or(|decided| decided < until), "decided before it was said: {event}");
                said.entry(event["data"]["granted_at"].as_u64().unwrap()).or_default().push(until);
            }
        }
        said
    }
}

/// A platform while it is made, at the time that its clock is told.
struct Made {
    node: Node,
    token: Token,
    clock: Clock,
    hands: Hands,
    runtime: tokio::runtime::Runtime,
}

impl Made {
    fn new(data: PathBuf, clock: Clock, hands: Hands) -> Self {
        let preset = Preset::named("default").unwrap();
        let licence_key = Some(vendor().public());
        let founding = Founding { preset: &preset, name: "Root", admin: "admin".parse().unwrap(), licence_key };
        let token = init::in_folder(&data, &founding, &clock).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let options = Options { clock: clock.clone(), ..Options::folder(&data) };
        let node = runtime.block_on(async { Node::open(options) }).unwrap().0;
        Self { node, token, clock, hands, runtime }
    }

    fn done(&self, name: &str, body: Value) -> Value {
        let admin = self.node.authenticate(&self.token).unwrap();
        let request = Request::new(admin, name, body.to_string());
        let answer = self.runtime.block_on(self.node.submit(request));
        let answer = answer.unwrap_or_else(|error| panic!("{name} {body}: {error}"));
        let events: Vec<Value> = answer.events.iter().map(|event| serde_json::from_slice(event).unwrap()).collect();
        let key = answer.secret.as_ref().and_then(Secret::api_key).map(|key| key.reveal().to_string());
        json!({"position": answer.position, "events": events, "api_key": key})
    }

    fn key(&self, user: &str) -> String {
        let issued = self.done("issue-api-key", json!({"user": user, "name": "first"}));
        issued["api_key"].as_str().unwrap().to_owned()
    }

    fn close(self) -> String {
        self.runtime.block_on(self.node.shutdown()).unwrap();
        self.token.reveal().to_string()
    }
}

fn may(user: &str, action: &str, kind: &str, id: &str) -> Asks {
    Asks::May(json!({
        "subject": {"type": "user", "id": user}, "action": {"name": action}, "resource": {"type": kind, "id": id},
    }))
}

fn licence(number: u32, issued: Time, until: Option<Time>) -> String {
    vendor().platform(&PlatformLicence {
        id: format!("licence{number}"),
        issued,
        tenants: true,
        trial_days: 1,
        trial_users: 5,
        valid_until: until,
    })
}

/// Where the event of this type among those of a command stands.
fn position(done: &Value, event: &str) -> u64 {
    let mut events = done["events"].as_array().unwrap().iter();
    let found = events.find(|found| found["type"] == event).unwrap_or_else(|| panic!("no {event} in {done}"));
    found["position"].as_str().unwrap().parse().unwrap()
}

fn now() -> Time {
    Time::from(Clock::system().now())
}
