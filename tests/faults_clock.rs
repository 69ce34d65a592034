//! Clocks that are wrong, at a start and while a node runs: nothing is ended, brought back or stopped by them in silence.

use std::fs;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tempfile::TempDir;
use tenure::clock::{Clock, Hands};
use tenure::init::{self, Founding};
use tenure::node::{AsOf, CommandError, Node, OpenError, Options, Reason};
use tenure::presets::Preset;
use tenure::token::Token;
use tenure_events::{Event, Time, parse};
use tenure_projections::judge;

use crate::support::platform::Platform;
use crate::support::program::{Platform as Program, run, text};
use crate::support::server::Server;

fn start() -> DateTime<Utc> {
    "2026-03-01T09:00:00Z".parse().unwrap()
}

/// The right clock, so much later.
fn at(days: i64) -> (Clock, Hands) {
    Clock::manual(start() + TimeDelta::days(days))
}

fn made(data: &Path) -> Token {
    let preset = Preset::named("default").unwrap();
    let founding = Founding { preset: &preset, name: "Root", admin: "admin".parse().unwrap(), licence_key: None };
    init::in_folder(data, &founding, &at(0).0).unwrap()
}

fn options(data: &Path, clock: &Clock, confirmed: bool) -> Options {
    Options { clock: clock.clone(), clock_confirmed: confirmed, ..Options::folder(data) }
}

/// Opens it, the clock confirmed.
fn confirmed(data: &Path, clock: &Clock, token: &Token) -> Platform {
    Platform::open(options(data, clock, true), token.clone()).0
}

fn asks(data: &Path, clock: &Clock, confirmed: bool) -> bool {
    match Node::open(options(data, clock, confirmed)) {
        Ok(_) => false,
        Err(error @ OpenError::ClockGap { .. }) => {
            assert!(error.to_string().contains("--clock-confirmed"), "{error}");
            true
        }
        Err(error) => panic!("{error}"),
    }
}

/// How many windows are said to have ended.
fn ends(platform: &Platform) -> usize {
    let stored = platform.node.log().read(1, 10_000).unwrap();
    let told = stored.iter().map(|event| parse(&event.bytes).unwrap()).filter(|event| event.twin_of.is_none());
    told.filter(|envelope| matches!(envelope.event, Event::ValidityEnded(_))).count()
}

/// An org with a member until so many days after the start.
async fn guest(platform: &Platform, id: &str, days: i64) {
    let org = format!("org-of-{id}");
    platform.user(id, "viewer").await;
    platform.done("create-org", json!({"id": org, "name": org})).await;
    let me = json!({"org": org, "users": ["admin"], "user_type": "administrator", "privileges": "all"});
    platform.done("grant-subscriptions", me).await;
    let until = Time::from(start() + TimeDelta::days(days));
    let grant =
        json!({"org": org, "users": [id], "user_type": "member", "privileges": ["chart.edit"], "valid_until": until});
    platform.done("grant-subscriptions", grant).await;
}

/// Whether they are in.
fn is_in(platform: &Platform, id: &str) -> bool {
    let view = platform.node.live();
    let (user, org) = (view.find_user(id).unwrap(), view.find_org(&format!("org-of-{id}")).unwrap());
    judge::orgs_of(&view, user).contains(&org)
}

async fn describe(platform: &Platform, what: &str) -> Result<Time, CommandError> {
    let answer = platform.send("describe-org", json!({"org": "root", "description": what})).await?;
    Ok(parse(&answer.events[0]).unwrap().time)
}

/// One start with a clock that is 100 days ahead, wrongly confirmed, and one event: with the right clock all goes on.
#[tokio::test]
async fn a_future_that_was_recorded_stops_nobody() {
    let folder = TempDir::new().unwrap();
    let (data, (right, hands), (ahead, _)) = (folder.path().join("data"), at(0), at(100));
    let token = made(&data);
    let platform = Platform::open(options(&data, &right, false), token.clone()).0;
    guest(&platform, "ann", 50).await;
    platform.node.shutdown().await.unwrap();

    assert!(asks(&data, &ahead, false), "a start far ahead asks");
    let platform = confirmed(&data, &ahead, &token);
    assert!(!is_in(&platform, "ann"));
    let future = describe(&platform, "from the future").await.unwrap();
    platform.node.shutdown().await.unwrap();

    hands.advance(Duration::from_secs(3_600));
    assert!(asks(&data, &right, false), "one of the clocks is wrong, and a node cannot know which");
    let platform = confirmed(&data, &right, &token);
    let mut last = future;
    for what in ["one", "two", "three"] {
        let time = describe(&platform, what).await.unwrap();
        assert!(last < time && time < future.plus_seconds(1), "stamps go on just after the last: {time}");
        last = time;
    }
    assert!(is_in(&platform, "ann"), "windows are judged by the clock");
    assert!(platform.node.live().instant() < Time::from(start() + TimeDelta::days(1)));
    guest(&platform, "bob", 2).await;
    assert!(is_in(&platform, "bob"), "and are counted from it");
    let (now, until) = (Time::from(right.now()), last);
    for as_of in [AsOf::Time(now), AsOf::Time(until), AsOf::Position(platform.node.live().position())] {
        assert!(platform.node.view(Some(as_of), None).is_ok(), "every recorded time can be asked for: {as_of:?}");
    }
    let ended = ends(&platform);
    hands.advance(Duration::from_secs(3 * 86_400));
    describe(&platform, "later").await.unwrap();
    assert!(!is_in(&platform, "bob"));
    assert_eq!(ends(&platform), ended + 1, "ends are told as the clock reaches them");
    platform.node.shutdown().await.unwrap();
    assert!(!asks(&data, &right, false), "what was confirmed once is known from then on");
}

#[tokio::test]
async fn a_jump_while_a_node_runs_has_no_say() {
    let folder = TempDir::new().unwrap();
    let (data, (clock, hands)) = (folder.path().join("data"), at(0));
    let token = made(&data);
    let platform = Platform::open(options(&data, &clock, false), token.clone()).0;
    guest(&platform, "ann", 50).await;
    guest(&platform, "bob", 1).await;
    hands.advance(Duration::from_secs(2 * 86_400));
    describe(&platform, "bob is out").await.unwrap();
    assert_eq!((is_in(&platform, "ann"), is_in(&platform, "bob"), ends(&platform)), (true, false, 1));
    for jump in [TimeDelta::days(100), TimeDelta::days(-100), TimeDelta::minutes(2), TimeDelta::minutes(-2)] {
        let before = platform.node.live().instant();
        hands.jump(jump);
        let refused = describe(&platform, "while it jumps").await;
        assert!(matches!(refused, Err(CommandError::ClockJumped(_))), "{refused:?}");
        let stats = platform.node.stats();
        assert_eq!((stats.writing, stats.halt.map(|halt| halt.reason)), (false, Some(Reason::ClockJumped)));
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!((is_in(&platform, "ann"), is_in(&platform, "bob"), ends(&platform)), (true, false, 1), "{jump}");
        assert_eq!(platform.node.live().instant(), before, "judging stays where it was: {jump}");
        hands.jump(-jump);
        describe(&platform, "it is right again").await.unwrap();
        assert!(platform.node.stats().writing);
    }
    // Confirmed by a new start, it counts.
    hands.jump(TimeDelta::days(100));
    platform.node.shutdown().await.unwrap();
    assert!(asks(&data, &clock, false));
    let platform = confirmed(&data, &clock, &token);
    describe(&platform, "ann is out").await.unwrap();
    assert_eq!((is_in(&platform, "ann"), ends(&platform)), (false, 2));
}

/// A node that ran and did nothing has seen the clock: a start after that does not ask.
#[tokio::test]
async fn the_clock_is_recorded_while_a_node_runs() {
    let folder = TempDir::new().unwrap();
    let (data, (clock, hands)) = (folder.path().join("data"), at(0));
    let token = made(&data);
    let platform = Platform::open(options(&data, &clock, false), token.clone()).0;
    hands.advance(Duration::from_secs(30 * 86_400));
    let file = data.join("clock");
    let mut waited = 0;
    while !fs::read_to_string(&file).unwrap().starts_with("2026-03-31") {
        waited += 1;
        assert!(waited < 200, "{:?}", fs::read_to_string(&file));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // As after a crash.
    drop(platform);
    hands.advance(Duration::from_secs(500));
    assert!(!asks(&data, &clock, false));
    hands.advance(Duration::from_secs(601));
    assert!(asks(&data, &clock, false));
    // Half written, it says nothing, and the last event does.
    fs::write(&file, "2026-03-3").unwrap();
    assert!(asks(&data, &clock, false));
}

/// The program asks as well, says why a node does not write, and `doctor` knows before.
#[test]
fn people_are_asked_and_told() {
    let platform = Program::new("default");
    let data = platform.data();
    let args = ["serve", "--data", text(&data), "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"];
    for known in ["2026-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z"] {
        fs::write(data.join("clock"), known).unwrap();
        let refused = run(&args).exits(2).err;
        assert!(refused.contains(&format!("the time known last is {known}")), "{refused}");
        assert!(refused.contains("if the clock is right, start with --clock-confirmed"), "{refused}");
        let doctor = run(&["doctor", "--url", "http://127.0.0.1:1", "--data", text(&data)]).exits(1).out;
        assert!(doctor.contains("start the node with --clock-confirmed"), "{doctor}");
    }
    let node = platform.serve_telling(&platform.folder.path().join("stderr"), &["--clock-confirmed"]);
    node.done("describe-org", r#"{"org": "root", "description": "confirmed"}"#);
    assert_eq!(node.terminate(), 0);
    assert_eq!(platform.serve().terminate(), 0, "and does not ask again");
}

#[test]
fn a_jump_is_told_over_http() {
    let (clock, hands) = Clock::manual(start());
    let server = Server::hengshi(clock);
    let admin = server.admin.clone();
    let ready = |status: u16| {
        let answer = server.get(&admin, "/readyz");
        assert_eq!(answer.status, status, "{answer:?}");
        answer.json()
    };
    assert_eq!(ready(200)["code"], Value::Null);
    hands.jump(TimeDelta::days(100));
    let told = ready(503);
    assert_eq!(
        (&told["code"], &told["writing"], &told["reading"]),
        (&json!("clock.jumped"), &json!(false), &json!(true))
    );
    assert!(told["detail"].as_str().unwrap().contains("8640000 s"), "{told}");
    let refused = server.post(&admin, "/v1/commands/describe-org", &json!({"org": "root", "description": "x"}));
    assert_eq!(refused.outcome(), "503 clock.jumped");
    assert_eq!(refused.json()["reasons"][0]["code"], "clock.jumped");
    assert_eq!(server.get(&admin, "/v1/orgs").status, 200, "questions are answered");
    let metrics = server.metrics();
    for line in
        ["tenure_writing 0", "tenure_halted{reason=\"clock.jumped\"} 1", "tenure_halted{reason=\"disk.full\"} 0"]
    {
        assert!(metrics.lines().any(|found| found == line), "no `{line}` in {metrics}");
    }
    hands.jump(TimeDelta::days(-100));
    ready(200);
}
