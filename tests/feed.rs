//! The feed on real servers: every event once and in order; what does not match the log is refused.

use std::time::Duration;

use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use serde_json::{Value, json};
use tenure::node::{FeedState, Node};
use tenure::publish;

use crate::support::nats::{BEFORE, NEWEST, NatsServer, OLDEST, REFUSED};
use crate::support::platform::Platform;
use crate::support::server::Server;
use crate::support::snapshots;
use crate::support::stream::{
    assert_batches_are_whole, assert_is_the_log, config, info, is_level, jetstream, options, read, wait_for,
};

/// The log's stored bytes.
pub fn log(node: &Node) -> Vec<String> {
    let stored = node.log().read(1, usize::MAX).unwrap();
    stored.into_iter().map(|event| String::from_utf8(event.bytes.to_vec()).unwrap()).collect()
}

pub async fn some_commands(platform: &Platform, name: &str, count: usize) {
    for number in 0..count {
        let id = format!("{name}{number}");
        platform
            .done("create-org", json!({"id": id, "name": id, "admin": {"id": format!("{id}a"), "name": "A"}}))
            .await;
    }
}

async fn publishes_every_event(version: &str) {
    let nats = NatsServer::start(version);
    let platform = Platform::memory();
    some_commands(&platform, "before", 20).await;
    let publisher = publish::start(platform.node.clone(), options(&nats.url()));
    some_commands(&platform, "while", 20).await;
    wait_for(&platform.node, is_level).await;
    let feed = platform.node.feed().unwrap();
    assert_eq!((feed.published, feed.lag_seconds), (Some(platform.node.live().position()), Some(0.0)));
    assert_is_the_log(&read(&nats.url()).await, &log(&platform.node));
    drop(publisher);
    some_commands(&platform, "without", 20).await;
    // Taken up where the stream ends.
    let publisher = publish::start(platform.node.clone(), options(&nats.url()));
    some_commands(&platform, "again", 1).await;
    wait_for(&platform.node, |feed| feed.published.is_some() && is_level(feed)).await;
    let messages = read(&nats.url()).await;
    assert_is_the_log(&messages, &log(&platform.node));
    assert_batches_are_whole(&messages);
    drop(publisher);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_published_once_and_in_order() {
    publishes_every_event(NEWEST).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_published_to_servers_of_the_line_before() {
    publishes_every_event(BEFORE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_published_to_the_oldest_servers() {
    publishes_every_event(OLDEST).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_made_that_keeps_everything() {
    let nats = NatsServer::start(NEWEST);
    let platform = Platform::memory();
    let _publisher = publish::start(platform.node.clone(), options(&nats.url()));
    wait_for(&platform.node, is_level).await;
    let mut made = serde_json::to_value(config(&nats.url()).await).unwrap();
    // The server says here which version it is.
    made.as_object_mut().unwrap().remove("metadata");
    snapshots().bind(|| insta::assert_snapshot!("feed-stream", format!("{made:#}")));
}

/// What is done to a stream, and what is said of it; the log stays as it is and commands go on.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_does_not_match_the_log_is_refused() {
    let nats = NatsServer::start(NEWEST);
    let url = nats.url();
    let platform = Platform::memory();
    some_commands(&platform, "one", 3).await;
    let mut said = String::new();
    let mut check = async |what: &str| {
        let position = platform.node.live().position();
        let before = info(&url).await.state;
        let publisher = publish::start(platform.node.clone(), options(&url));
        let feed = wait_for(&platform.node, |feed| feed.state != FeedState::Connecting).await;
        assert_eq!(feed.state, FeedState::Refused, "{what}: {feed:?}");
        platform.done("rename-org", json!({"org": "root", "name": what})).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        publisher.stop().await;
        assert_eq!(info(&url).await.state.last_sequence, before.last_sequence, "{what}: nothing is written");
        assert!(platform.node.live().position() > position);
        said += &format!("{what}:\n  {}\n\n", feed.trouble.unwrap());
        jetstream(&url).await.delete_stream("TENURE").await.unwrap();
        platform.node.tell_feed(|feed| feed.state = FeedState::Connecting);
    };

    make(&url, |_| {}).await;
    send(&url, "tenure.events.root.org.created", "hello").await;
    check("a foreign message").await;

    make(&url, |_| {}).await;
    let other = Platform::memory();
    send_events(&url, &log(&other.node)[..1]).await;
    check("another platform").await;

    make(&url, |_| {}).await;
    let events = log(&platform.node);
    send_events(&url, &[events[0].clone(), events[2].clone()]).await;
    check("an event left out").await;

    make(&url, |_| {}).await;
    send_events(&url, &[events[0].replacen("\"org\":\"root\"", "\"org\":\"r00t\"", 1)]).await;
    check("other bytes").await;

    make(&url, |_| {}).await;
    send(&url, "tenure.events.root.platform.initialised", &events[0]).await;
    check("no message id").await;

    make(&url, |config| config.first_sequence = Some(5)).await;
    check("a first sequence of its own").await;

    make(&url, |config| config.deny_delete = false).await;
    send_events(&url, &events[..3]).await;
    jetstream(&url).await.get_stream("TENURE").await.unwrap().delete_message(2).await.unwrap();
    check("a deleted message, and deleting allowed").await;

    // Deletes are denied, and lowering a limit for a moment deletes all the same.
    make(&url, |_| {}).await;
    send_events(&url, &events[..3]).await;
    update(&url, |config| (config.max_messages, config.discard) = (1, DiscardPolicy::Old)).await;
    update(&url, |config| (config.max_messages, config.discard) = (-1, DiscardPolicy::New)).await;
    check("a limit lowered and restored").await;

    make(&url, |_| {}).await;
    send_events(&url, &log(&platform.node)).await;
    send(&url, "tenure.events.root.org.created", "hello").await;
    check("longer than the log").await;

    make(&url, |config| {
        config.storage = StorageType::Memory;
        config.retention = RetentionPolicy::Interest;
        config.max_age = Duration::from_secs(3600);
        config.duplicate_window = Duration::from_secs(60);
        config.max_bytes = 1 << 20;
        config.deny_purge = false;
        config.allow_rollup = true;
        config.allow_atomic_publish = false;
    })
    .await;
    check("dangerous settings").await;

    let elsewhere =
        Config { name: "OTHER".to_owned(), subjects: vec!["tenure.events.a.>".to_owned()], ..Config::default() };
    jetstream(&url).await.create_stream(elsewhere).await.unwrap();
    let publisher = publish::start(platform.node.clone(), options(&url));
    let feed = wait_for(&platform.node, |feed| feed.state == FeedState::Refused).await;
    drop(publisher);
    said += &format!("subjects of another stream:\n  {}\n", feed.trouble.unwrap());
    let mut settings = snapshots();
    settings.add_filter(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[uuid]");
    settings.bind(|| insta::assert_snapshot!("feed-refusals", said));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_knows_no_batches_is_refused_by_name() {
    let nats = NatsServer::start(REFUSED);
    let platform = Platform::memory();
    let _publisher = publish::start(platform.node.clone(), options(&nats.url()));
    let feed = wait_for(&platform.node, |feed| feed.state == FeedState::Refused).await;
    let want = "the NATS server is 2.11.11, and the feed needs 2.12.8 or later, because earlier ones can store part of a \
                batch: upgrade the server";
    assert_eq!(feed.trouble.as_deref(), Some(want));
    assert!(jetstream(&nats.url()).await.get_stream("TENURE").await.is_err(), "nothing is made there");
}

/// Of the servers that are named one suffices, in whatever order they are tried.
#[tokio::test(flavor = "multi_thread")]
async fn servers_that_are_away_are_passed_over() {
    let nats = NatsServer::start(NEWEST);
    let platform = Platform::memory();
    let away = || "nats://127.0.0.1:1".to_owned();
    for _ in 0..4 {
        let options = publish::Options { servers: vec![away(), away(), away(), nats.url()], ..options("") };
        let publisher = publish::start(platform.node.clone(), options);
        let feed = wait_for(&platform.node, |feed| feed.state != FeedState::Connecting).await;
        assert_eq!((feed.state, feed.trouble), (FeedState::Publishing, None));
        publisher.stop().await;
        platform.node.tell_feed(|feed| feed.state = FeedState::Connecting);
    }
}

/// What was refused goes on by itself once it is mended, without a restart of the node.
#[tokio::test(flavor = "multi_thread")]
async fn a_mended_stream_is_taken_up() {
    let nats = NatsServer::start(NEWEST);
    let platform = Platform::memory();
    make(&nats.url(), |config| config.max_age = Duration::from_secs(3600)).await;
    let _publisher = publish::start(platform.node.clone(), options(&nats.url()));
    wait_for(&platform.node, |feed| feed.state == FeedState::Refused).await;
    update(&nats.url(), |config| config.max_age = Duration::ZERO).await;
    wait_for(&platform.node, is_level).await;
    assert_is_the_log(&read(&nats.url()).await, &log(&platform.node));
}

#[test]
fn lag_and_state_are_told_to_whoever_watches() {
    let server = Server::memory();
    let ready = || server.get(&server.admin, "/readyz").json();
    assert!(!server.metrics().contains("tenure_feed") && ready().get("feed").is_none(), "nobody publishes");
    let mut nats = NatsServer::start(NEWEST);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _entered = runtime.enter();
    let _publisher = publish::start(server.node.clone(), options(&nats.url()));
    runtime.block_on(wait_for(&server.node, is_level));
    let position = server.node.live().position();
    let want = json!({"state": "publishing", "published": position, "lag_positions": 0, "lag_seconds": 0.0});
    assert_eq!(ready()["feed"], want);
    let told = |want: &[String]| {
        let page = server.metrics();
        let missing: Vec<&String> = want.iter().filter(|line| !page.lines().any(|found| found == *line)).collect();
        assert!(missing.is_empty(), "{missing:?} in\n{page}");
    };
    let gauges = ["tenure_feed_publishing 1.0", "tenure_feed_refused 0.0", "tenure_feed_lag_positions 0.0"];
    told(&gauges.map(str::to_owned));
    told(&[format!("tenure_feed_position {position}.0"), "tenure_feed_lag_seconds 0.0".to_owned()]);

    nats.kill();
    server.done(&server.admin, "create-org", json!({"id": "late", "name": "late"}));
    let feed = runtime.block_on(wait_for(&server.node, |feed| feed.state == FeedState::Waiting));
    assert!(feed.lag_positions > Some(0) && feed.lag_seconds > Some(0.0), "{feed:?}");
    let after = ready();
    assert_eq!((&after["ready"], &after["feed"]["state"]), (&json!(true), &json!("waiting")));
    assert!(!after["feed"]["trouble"].as_str().unwrap().is_empty());
    told(&[
        "tenure_feed_publishing 0.0".to_owned(),
        format!("tenure_feed_lag_positions {}.0", feed.lag_positions.unwrap()),
    ]);
}

/// A stream as the publisher makes it, but for a change.
pub async fn make(url: &str, change: impl FnOnce(&mut Config)) {
    let mut config = Config {
        name: "TENURE".to_owned(),
        subjects: vec!["tenure.events.>".to_owned()],
        discard: DiscardPolicy::New,
        num_replicas: 1,
        deny_delete: true,
        deny_purge: true,
        allow_atomic_publish: true,
        ..Config::default()
    };
    change(&mut config);
    let context = jetstream(url).await;
    // A server may still be busy removing the files of the stream before it.
    for tries in 1.. {
        match context.create_stream(config.clone()).await {
            Ok(_) => return,
            Err(error) => assert!(tries < 20, "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

pub async fn update(url: &str, change: impl FnOnce(&mut Config)) {
    let mut config = config(url).await;
    change(&mut config);
    jetstream(url).await.update_stream(config).await.unwrap();
}

pub async fn send(url: &str, subject: &str, text: &str) {
    jetstream(url).await.publish(subject.to_owned(), text.to_owned().into()).await.unwrap().await.unwrap();
}

pub async fn send_events(url: &str, events: &[String]) {
    let context = jetstream(url).await;
    for text in events {
        let event: Value = serde_json::from_str(text).unwrap();
        let mut headers = async_nats::HeaderMap::new();
        headers.insert("Nats-Msg-Id", event["id"].as_str().unwrap());
        headers.insert("Content-Type", "application/cloudevents+json");
        let kind = event["type"].as_str().unwrap().split('.').collect::<Vec<_>>();
        let subject = format!("tenure.events.{}.{}.{}", event["org"].as_str().unwrap(), kind[1], kind[2]);
        let sent = context.publish_with_headers(subject, headers, text.clone().into()).await;
        sent.unwrap().await.unwrap();
    }
}
