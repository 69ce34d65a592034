//! What the node makes of commands, whatever they are about.

use std::time::Duration;

use serde_json::{Value, json};
use tenure::clock::Clock;
use tenure::command::Plain;
use tenure::decide::Kind;
use tenure::node::{AsOf, AsOfError, CommandError, Request};
use tenure_events::{Hash, Sealed, parse};

use crate::support::platform::{self, Platform};

fn org(name: &str) -> Value {
    json!({"id": name, "name": name})
}

/// Why a command was not done, in a few words.
fn why(error: &CommandError) -> String {
    match error {
        CommandError::Refused(refusal) => refusal.code.to_owned(),
        CommandError::Invalid(_) => "invalid".to_owned(),
        CommandError::Unauthenticated => "unauthenticated".to_owned(),
        CommandError::ChangedSince { entity, position } => format!("{entity} changed at {position}"),
        CommandError::KeyReused => "key reused".to_owned(),
        CommandError::TooManyEvents { count } => format!("{count} events"),
        CommandError::EventTooLarge { .. } => "event too large".to_owned(),
        CommandError::Busy => "busy".to_owned(),
        CommandError::OutcomeUnknown => "outcome unknown".to_owned(),
        CommandError::Stopped(why) => format!("stopped: {}", why.code()),
        CommandError::ClockJumped(_) => "clock jumped".to_owned(),
        CommandError::NoRandomness(_) => "no randomness".to_owned(),
    }
}

/// Sends a request and tells what came of it: `ok COUNT`, or why not.
async fn outcome(platform: &Platform, request: Request) -> String {
    match platform.node.submit(request).await {
        Ok(answer) => format!("{}{}", if answer.replayed { "again " } else { "ok " }, answer.events.len()),
        Err(error) => why(&error),
    }
}

#[tokio::test]
async fn a_command_is_answered_with_what_the_log_holds() {
    let platform = Platform::memory();
    let head = platform.node.live().position();
    let answer = platform.done("create-org", org("educate")).await;
    let stored = platform.node.log().read(head + 1, 100).unwrap();
    assert_eq!(answer.position, platform.node.live().position());
    assert_eq!(answer.events, stored.iter().map(|event| event.bytes.to_vec()).collect::<Vec<_>>());
    let before = platform.node.log().read(head, 1).unwrap().remove(0);
    let first = parse(&answer.events[0]).unwrap();
    assert_eq!((first.position, first.prev), (head + 1, Hash::of(&before.bytes)));
    assert_eq!((first.log, first.actor.as_str()), (platform.node.log_id(), "admin"));
    assert!(platform.node.live().find_org("educate").is_some());
}

#[tokio::test]
async fn the_answers_of_the_node() {
    let platform = Platform::memory();
    let viewer = platform.user("vera", "viewer").await;
    let gone = platform.user("gone", "viewer").await;
    platform.done("disable-user", json!({"user": "gone"})).await;
    let check = async |request: Request, want: &str| {
        let said = format!("{} {}", request.name, String::from_utf8_lossy(&request.body));
        assert_eq!(outcome(&platform, request).await, want, "{said}");
    };
    let admin = |name: &str, body: Value| platform.request(name, body);
    let head = platform.node.live().position();
    check(admin("make-coffee", json!({})), "invalid").await;
    check(Request::new(platform.admin, "create-org", "{"), "invalid").await;
    check(admin("create-org", json!({"name": "A", "colour": "red"})), "invalid").await;
    check(Request::new(viewer, "create-org", org("a").to_string()), "privilege.not_held").await;
    check(Request::new(gone, "create-org", org("a").to_string()), "unauthenticated").await;
    let elsewhere = Request { acting_org: Some("nowhere".parse().unwrap()), ..admin("create-org", org("a")) };
    check(elsewhere, "org.unknown").await;
    let for_nobody = Request { on_behalf_of: Some("nobody".parse().unwrap()), ..admin("create-org", org("a")) };
    check(for_nobody, "act_as.not_held").await;
    check(admin("tag-org", json!({"org": "root", "tags": vec!["x".repeat(60); 1_000]})), "tags.too_many").await;
    assert_eq!(platform.node.live().position(), head, "nothing was written");
    check(admin("create-org", org("a")), "ok 2").await;
    check(admin("create-org", org("a")), "id.taken").await;
}

#[tokio::test]
async fn a_key_of_a_command_that_is_not_done_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let platform = Platform::folder(folder.path());
    let size = || std::fs::metadata(folder.path().join("keys")).unwrap().len();
    let before = size();
    let user = |org: &str| json!({"id": "ann", "org": org, "name": "Ann", "user_type": "viewer"});
    platform.send("create-user", user("nowhere")).await.unwrap_err();
    let tried = Request { dry_run: true, ..platform.request("create-user", user("root")) };
    assert_eq!(outcome(&platform, tried).await, "ok 2");
    platform.done("create-org", org("a")).await;
    assert_eq!(size(), before, "nobody new");
    platform.done("create-user", user("root")).await;
    assert!(size() > before, "Ann");
    let view = platform.node.live();
    let ann = view.find_user("ann").unwrap();
    let profile = view.profile(ann).unwrap().value.clone();
    let name = platform.node.keys().unseal(&"ann".parse().unwrap(), "name", &profile.name.unwrap());
    assert_eq!(name.unwrap(), "Ann");
}

/// Two commands are about one new person, and the second is made ready before the first is decided, or while it is, or
/// after: whoever is first, all that was sealed can be opened.
#[tokio::test]
async fn commands_about_a_new_person_may_come_at_once() {
    let platform = Platform::memory();
    for number in 0..200 {
        let user = format!("u{number}");
        let new = json!({"id": user, "org": "root", "name": "Ann", "email": "ann@example.org", "user_type": "viewer"});
        let (made, changed) = tokio::join!(
            platform.node.submit(platform.request("create-user", new)),
            platform.node.submit(platform.request("change-profile", json!({"user": user, "name": "Anna"}))),
        );
        made.unwrap();
        changed.unwrap();
        let view = platform.node.live();
        let profile = view.profile(view.find_user(&user).unwrap()).unwrap().value.clone();
        let open = |field, sealed: Option<Sealed>| {
            platform.node.keys().unseal(&user.parse().unwrap(), field, &sealed.unwrap()).unwrap()
        };
        assert_eq!(open("name", profile.name), "Anna");
        assert_eq!(open("email", profile.email), "ann@example.org");
    }
}

#[tokio::test]
async fn an_erased_person_is_gone_when_it_is_answered() {
    let platform = Platform::memory();
    platform.user("ann", "viewer").await;
    let view = platform.node.live();
    let ann = view.find_user("ann").unwrap();
    let name = view.profile(ann).unwrap().value.name.clone().unwrap();
    let reason = Request {
        reason: Some(Plain("Ann asked".into())),
        ..platform.request(
            "erase-user",
            json!({
                "user": "ann", "confirmation": "permanently erase"
            }),
        )
    };
    let answer = platform.node.submit(reason).await.unwrap();
    assert!(platform.node.keys().unseal(&"ann".parse().unwrap(), "name", &name).is_err());
    let event = parse(&answer.events[0]).unwrap();
    // What was said of her goes with her; and nobody else's key ever opened it.
    let reason = event.reason.unwrap();
    for person in ["ann", "admin"] {
        assert!(platform.node.keys().unseal(&person.parse().unwrap(), "reason", &reason).is_err());
    }
    let again = json!({"id": "ann", "org": "root", "name": "Ann", "user_type": "viewer"});
    assert_eq!(outcome(&platform, platform.request("create-user", again)).await, "id.taken");
}

#[tokio::test]
async fn a_command_with_a_key_is_done_once() {
    let platform = Platform::memory();
    let bob = platform.user("bob", "administrator").await;
    let keyed = |key: &str, body: Value| Request {
        idempotency_key: Some(key.to_owned()),
        ..platform.request("create-org", body)
    };
    assert_eq!(outcome(&platform, keyed("k", org("a"))).await, "ok 2");
    assert_eq!(outcome(&platform, keyed("k", org("a"))).await, "again 2");
    assert_eq!(outcome(&platform, keyed("k", org("b"))).await, "key reused");
    let renamed = Request { name: "rename-org".to_owned(), ..keyed("k", org("a")) };
    assert_eq!(outcome(&platform, renamed).await, "key reused");
    let others = Request { caller: bob, ..keyed("k", org("a")) };
    assert_eq!(outcome(&platform, others).await, "privilege.not_held", "another's key is another key");
    let first = platform.node.submit(keyed("k", org("a"))).await.unwrap();
    assert_eq!(platform::json(&first.events[0])["data"]["org"], "a");
    assert_eq!(platform::json(&first.events[1])["position"], first.position.to_string());
    // Both at once: the second finds what is decided and not yet stored.
    let both = tokio::join!(platform.node.submit(keyed("l", org("c"))), platform.node.submit(keyed("l", org("c"))));
    let (one, other) = (both.0.unwrap(), both.1.unwrap());
    assert_eq!(one.events, other.events);
    assert!(one.replayed != other.replayed);
    // A secret is told once.
    let key = |node: &Platform| Request {
        idempotency_key: Some("m".to_owned()),
        ..node.request("issue-api-key", json!({"user": "bob", "name": "second"}))
    };
    assert!(platform.node.submit(key(&platform)).await.unwrap().secret.is_some());
    assert!(platform.node.submit(key(&platform)).await.unwrap().secret.is_none());
}

#[tokio::test]
async fn a_dry_run_tells_and_does_nothing() {
    let platform = Platform::memory();
    platform.user("bob", "administrator").await;
    let head = platform.node.live().position();
    let digest = platform.node.state().digest();
    let body = json!({"org": "root", "user": "bob", "privileges": ["chart.edit", "user.manage"]});
    let request = Request { dry_run: true, ..platform.request("grant-privileges", body.clone()) };
    let tried = platform.node.submit(request).await.unwrap();
    assert_eq!((platform.node.live().position(), platform.node.state().digest()), (head, digest));
    let deltas = tried.access_delta.unwrap();
    assert!(deltas.complete);
    let said: Vec<_> = deltas.deltas.iter().map(|d| (d.user.as_str(), d.org.as_str(), d.gained.clone())).collect();
    assert_eq!(said, [("bob", "root", vec!["user.manage".to_owned(), "chart.edit".to_owned()])]);
    let done = platform.done("grant-privileges", body).await;
    let data = |event: &[u8]| platform::json(event)["data"].clone();
    assert_eq!(data(&tried.events[0]), data(&done.events[0]));
}

#[tokio::test]
async fn what_changed_since_is_not_changed_over_it() {
    let platform = Platform::memory();
    let vera = platform.user("vera", "viewer").await;
    let seen = platform.done("create-org", org("a")).await.position;
    let tag =
        |seen| Request { if_match: Some(seen), ..platform.request("tag-org", json!({"org": "a", "tags": ["t"]})) };
    assert_eq!(outcome(&platform, tag(seen)).await, "ok 1");
    let head = platform.node.live().position();
    assert_eq!(outcome(&platform, tag(seen)).await, format!("orgs/a changed at {head}"));
    platform.done("create-org", org("b")).await;
    // All is as wanted already, so nothing is written.
    assert_eq!(outcome(&platform, tag(head)).await, "ok 0", "another org is another matter");
    let unseen = Request { caller: vera, ..tag(0) };
    assert_eq!(outcome(&platform, unseen).await, "org.unknown", "what is not seen is not told of");
    let nothing = Request { if_match: Some(0), ..platform.request("tag-org", json!({"org": "x", "tags": []})) };
    assert_eq!(outcome(&platform, nothing).await, "org.unknown");
}

#[tokio::test]
async fn recorded_times_increase_whatever_the_clock_does() {
    let (clock, hands) = Clock::manual("2026-03-01T09:30:00Z".parse().unwrap());
    let platform = Platform::memory_at(clock);
    let times = async |name: &str| parse(&platform.done("create-org", org(name)).await.events[0]).unwrap().time;
    let (one, two) = (times("a").await, times("b").await);
    assert!(one < two, "the clock stands still");
    hands.jump(chrono::TimeDelta::seconds(-30));
    let three = times("c").await;
    assert!(two < three, "the clock goes back a little");
    hands.jump(chrono::TimeDelta::seconds(-31));
    assert_eq!(outcome(&platform, platform.request("create-org", org("d"))).await, "clock jumped");
    hands.jump(chrono::TimeDelta::seconds(61));
    hands.advance(Duration::from_secs(86_400));
    assert!(three.plus_seconds(86_000) < times("e").await);
}

#[tokio::test]
async fn the_past_is_asked_by_position_and_time() {
    let (clock, hands) = Clock::manual("2026-03-01T09:30:00Z".parse().unwrap());
    let platform = Platform::memory_at(clock);
    let start = platform.node.live();
    hands.advance(Duration::from_secs(60));
    let made =
        platform.done("create-org", json!({"id": "a", "name": "A", "admin": {"id": "ann", "name": "Ann"}})).await;
    let time = parse(&made.events[0]).unwrap().time;
    hands.advance(Duration::from_secs(60));
    let knows = |as_of| {
        let view = platform.node.view(as_of, None).unwrap();
        (view.position(), view.find_org("a").is_some() && view.find_user("ann").is_some())
    };
    let (first, last) = (start.position() + 1, made.position);
    assert!(first < last, "several events");
    assert_eq!(knows(None), (last, true));
    assert_eq!(knows(Some(AsOf::Position(first - 1))), (first - 1, false));
    assert_eq!(knows(Some(AsOf::Position(first))), (last, true), "a view stands at the end of a command");
    assert_eq!(knows(Some(AsOf::Position(0))), (0, false));
    assert_eq!(knows(Some(AsOf::Time(time))), (last, true));
    assert_eq!(knows(Some(AsOf::Time(time.plus_seconds(-1)))), (first - 1, false));
    assert_eq!(knows(Some(AsOf::Time(time.plus_seconds(60)))), (last, true));
    assert_eq!(platform.node.view(Some(AsOf::Position(first)), None).unwrap().instant(), time);
    assert_eq!(platform.node.view(None, Some(time)).unwrap().instant(), time);
    let future = platform.node.view(Some(AsOf::Position(last + 1)), None).err();
    assert_eq!(future, Some(AsOfError::FuturePosition { asked: last + 1, head: last }));
    let asked = time.plus_seconds(61);
    let future = platform.node.view(Some(AsOf::Time(asked)), None).err();
    assert_eq!(future, Some(AsOfError::FutureTime { asked, now: time.plus_seconds(60) }));
}

#[tokio::test]
async fn a_position_is_waited_for() {
    let platform = Platform::memory();
    let head = platform.node.live().position();
    platform.node.wait_for(head, Duration::ZERO).await.unwrap();
    let never = platform.node.wait_for(head + 1, Duration::from_millis(1)).await.unwrap_err();
    assert_eq!((never.wanted, never.head), (head + 1, head));
    let (waited, _) =
        tokio::join!(platform.node.wait_for(head + 1, Duration::from_secs(60)), platform.done("create-org", org("a")));
    waited.unwrap();
}

/// A refusal may rest on a command that is decided and not durable: it tells of that command, and so waits for it.
#[tokio::test]
async fn nobody_is_refused_for_what_is_not_durable() {
    let folder = tempfile::tempdir().unwrap();
    let platform = Platform::folder(folder.path());
    for n in 0..50 {
        let id = format!("org-{n}");
        let refused = async {
            let refused = platform.send("create-org", org(&id)).await.map_err(|error| why(&error));
            (refused.err(), platform.node.live().find_org(&id).is_some())
        };
        let (_, refused) = tokio::join!(platform.done("create-org", org(&id)), refused);
        assert_eq!(refused, (Some("id.taken".to_owned()), true), "why, and whether what it rests on is durable");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_callers_at_once_get_each_their_own_answer() {
    let folder = tempfile::tempdir().unwrap();
    let platform = std::sync::Arc::new(Platform::folder(folder.path()));
    let head = platform.node.live().position();
    let callers: Vec<_> = (0..200)
        .map(|n| {
            let platform = std::sync::Arc::clone(&platform);
            tokio::spawn(async move {
                // Every other one takes the name of the one before it, and one of the two is refused.
                let answer = platform.send("create-org", json!({"name": format!("org {}", n / 2)})).await;
                answer.map_err(|error| assert_eq!(why(&error), "name.taken")).is_ok()
            })
        })
        .collect();
    let mut done = 0;
    for caller in callers {
        done += u64::from(caller.await.unwrap());
    }
    assert_eq!(done, 100);
    let position = platform.node.live().position();
    assert_eq!(position, head + 200, "each in the history of two orgs");
    let stats = platform.node.stats();
    assert_eq!((stats.position, stats.queue, stats.writing), (position, 0, true));
    assert!(stats.commands.contains(&("done", 100)) && stats.commands.contains(&("refused", 100)), "{stats:?}");
}

#[tokio::test]
async fn refusals_keep_their_kind() {
    let platform = Platform::memory();
    let Err(CommandError::Refused(refusal)) = platform.send("rename-org", json!({"org": "x", "name": "y"})).await
    else {
        panic!("renamed what is not there");
    };
    assert_eq!(refusal.kind, Kind::NotFound);
}
