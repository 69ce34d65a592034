//! What passes by time alone is said once: before whatever comes after it, across a restart, whoever says it.

use std::time::Duration;

use serde_json::{Value, json};
use tenure::clock::Clock;
use tenure::node::Options;
use tenure_events::data::ValidityEnded;
use tenure_events::{Event, Time, parse};
use uuid::Uuid;

use crate::support::platform::Platform;

/// The types of all events, and what ended, from a position on.
fn log(platform: &Platform, from: u64) -> Vec<(String, Option<ValidityEnded>)> {
    let stored = platform.node.log().read(from, 1_000).unwrap();
    let told = stored.iter().map(|event| parse(&event.bytes).unwrap()).filter(|event| event.twin_of.is_none());
    told.map(|envelope| {
        let kind = envelope.event.kind().to_owned();
        if let Event::ValidityEnded(ended) = envelope.event { (kind, Some(ended)) } else { (kind, None) }
    })
    .collect()
}

fn ended(platform: &Platform) -> Vec<ValidityEnded> {
    log(platform, 1).into_iter().filter_map(|(_, ended)| ended).collect()
}

/// Waits until so many windows are said to have ended.
async fn until_ended(platform: &Platform, count: usize) -> Vec<ValidityEnded> {
    for _ in 0..200 {
        let ended = ended(platform);
        if ended.len() >= count {
            return ended;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("only {:?} ended", ended(platform));
}

fn subjects(ended: &[ValidityEnded]) -> Vec<String> {
    ended.iter().map(|ended| ended.what.entity().to_string()).collect()
}

/// Grants of every sort that end at one time.
async fn grants(platform: &Platform, until: Time) {
    let done = async |name: &str, body: Value| drop(platform.done(name, body).await);
    done("create-org", json!({"id": "kick", "name": "Kick", "admin": {"id": "kate", "name": "Kate"}})).await;
    platform.user("sally", "administrator").await;
    let member = json!({"org": "kick", "users": ["admin"], "user_type": "administrator", "privileges": "all", "valid_until": until});
    done("grant-subscriptions", member).await;
    done("define-role", json!({"id": "reader", "org": "root", "name": "reader", "privileges": ["audit.read"]})).await;
    done("assign-role", json!({"role": "reader", "users": ["sally"], "valid_until": until})).await;
    done("create-resource", json!({"id": "chart", "org": "root", "kind": "chart", "name": "Chart"})).await;
    done("share", json!({"resource": "chart", "with": {"user": "sally"}, "level": "view", "valid_until": until})).await;
    done("issue-api-key", json!({"user": "sally", "name": "guest", "expires": until})).await;
}

#[tokio::test]
async fn every_sort_of_window_is_said_to_end_once_and_in_its_turn() {
    let (clock, hands) = Clock::manual("2026-03-01T09:00:00Z".parse().unwrap());
    let platform = Platform::memory_at(clock);
    let until: Time = "2026-03-01T10:00:00Z".parse().unwrap();
    grants(&platform, until).await;
    // One that goes on longer ends later, and one that is taken back never.
    platform.done("create-resource", json!({"id": "other", "org": "root", "kind": "chart", "name": "Other"})).await;
    let share =
        |until: &str| json!({"resource": "other", "with": {"user": "sally"}, "level": "view", "valid_until": until});
    platform.done("share", share("2026-03-01T10:00:00Z")).await;
    platform.done("share", share("2026-03-01T12:00:00Z")).await;
    platform.done("assign-role", json!({"role": "reader", "users": ["admin"], "valid_until": until})).await;
    platform.done("unassign-role", json!({"role": "reader", "users": ["admin"]})).await;
    let before = platform.node.live().position();
    hands.advance(Duration::from_secs(3_599));
    platform.done("describe-org", json!({"org": "root", "description": "just before"})).await;
    hands.advance(Duration::from_secs(1));
    platform.done("describe-org", json!({"org": "root", "description": "just after"})).await;
    let kinds: Vec<String> = log(&platform, before + 1).into_iter().map(|(kind, _)| kind).collect();
    let said = "tenure.validity.ended.v1";
    assert_eq!(kinds, ["tenure.org.described.v1", said, said, said, said, "tenure.org.described.v1"]);
    let four = ended(&platform);
    assert!(four.iter().all(|ended| ended.until == until), "{four:?}");
    let keys =
        platform.node.live().keys_of(platform.node.live().find_user("sally").unwrap()).map(|(key, _)| key).next();
    let key = format!("keys/{}", platform.node.live().key_id(keys.unwrap()));
    assert_eq!(subjects(&four), ["users/admin", "roles/reader", "resources/chart", &key]);
    hands.advance(Duration::from_secs(7_200));
    let five = until_ended(&platform, 5).await;
    assert_eq!(five[4].what.entity().to_string(), "resources/other");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(ended(&platform), five, "and never again");
}

/// The end comes while no node runs; two nodes after that say it once between them.
#[tokio::test]
async fn across_a_restart() {
    let folder = tempfile::TempDir::new().unwrap();
    let data = folder.path().join("data");
    let platform = Platform::folder(&data);
    let token = platform.token.reveal().to_string();
    let until = Time::from(platform.node.clock().now()).plus_seconds(2);
    grants(&platform, until).await;
    platform.node.shutdown().await.unwrap();
    while Time::from(Clock::system().now()) <= until {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let reopen = || Platform::open(Options::folder(&data), token.parse().unwrap()).0;
    let platform = reopen();
    let said = until_ended(&platform, 4).await;
    let first = platform.node.log().read(said[0].granted_at, 1).unwrap();
    assert_eq!(parse(&first[0].bytes).unwrap().event.kind(), "tenure.subscription.granted.v1");
    let (log, granted, micros) = (platform.node.log_id(), said[0].granted_at, said[0].until.micros());
    let all = platform.node.log().read(1, 1_000).unwrap();
    let command =
        all.iter().map(|event| parse(&event.bytes).unwrap()).find(|event| event.command_name == "end-validity");
    let name = format!("end-validity {granted} {micros}");
    assert_eq!(command.unwrap().command, Uuid::new_v5(&log, name.as_bytes()), "made of what it says");
    platform.node.shutdown().await.unwrap();
    let platform = reopen();
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(ended(&platform), said, "and never again");
    platform.node.shutdown().await.unwrap();
}
