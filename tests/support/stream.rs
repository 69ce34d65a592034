//! A stream as those see it who read it, without anything of ours between.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::pull::OrderedConfig;
use async_nats::jetstream::consumer::{Consumer, DeliverPolicy};
use async_nats::jetstream::stream::{Config, Info, Stream};
use async_nats::jetstream::{self, Context};
use async_nats::{ConnectOptions, ServerAddr};
use futures::StreamExt as _;
use serde_json::Value;
use tenure::node::{FeedReport, FeedState, Node};
use tenure::publish::Options;

/// A message as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    pub sequence: u64,
    pub subject: String,
    pub headers: HashMap<String, String>,
    pub text: String,
}

impl Message {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

/// Where a node publishes to.
pub fn options(url: &str) -> Options {
    Options { servers: vec![url.to_owned()], ..Options::default() }
}

/// JetStream of a server, or of several with commas between.
pub async fn jetstream(url: &str) -> Context {
    let servers: Vec<ServerAddr> = url.split(',').map(|url| url.parse().unwrap()).collect();
    let (user, password) = (servers[0].username(), servers[0].password());
    let user = user.zip(password).map(|(user, password)| (user.to_owned(), password.to_owned()));
    let connecting = user
        .map_or_else(ConnectOptions::new, |(user, password)| ConnectOptions::with_user_and_password(user, password));
    let mut context = jetstream::new(connecting.connect(servers).await.unwrap());
    // A machine that is busy with other tests is no fault.
    context.set_timeout(Duration::from_secs(30));
    context
}

/// What JetStream says of the stream.
pub async fn info(url: &str) -> Info {
    jetstream(url).await.get_stream("TENURE").await.unwrap().cached_info().clone()
}

/// The stream's settings.
pub async fn config(url: &str) -> Config {
    info(url).await.config
}

/// All that is in the stream.
pub async fn read(url: &str) -> Vec<Message> {
    read_from(url, 1).await
}

/// What is in the stream from a sequence on.
pub async fn read_from(url: &str, from: u64) -> Vec<Message> {
    let context = jetstream(url).await;
    let stream = context.get_stream("TENURE").await.unwrap();
    let last = stream.cached_info().state.last_sequence;
    let mut found = Vec::new();
    if last < from {
        return found;
    }
    let mut messages = consumer(&stream, from).await.messages().await.unwrap();
    while let Some(message) = messages.next().await {
        let message = message.unwrap();
        let sequence = message.info().unwrap().stream_sequence;
        // async-nats 0.51 begins at the first message, if it has to begin anew before it had one.
        if sequence < from {
            continue;
        }
        let headers = message.headers.iter().flat_map(|headers| headers.iter());
        let headers = headers.map(|(name, values)| (name.to_string(), values[0].to_string())).collect();
        let text = String::from_utf8(message.payload.to_vec()).unwrap();
        found.push(Message { sequence, subject: message.subject.to_string(), headers, text });
        if sequence >= last {
            break;
        }
    }
    found
}

/// A consumer from a sequence on. A cluster in which a server has only just come back may not answer for long, and does when
/// asked again.
async fn consumer(stream: &Stream, start_sequence: u64) -> Consumer<OrderedConfig> {
    let deliver_policy = DeliverPolicy::ByStartSequence { start_sequence };
    let ordered = OrderedConfig { deliver_policy, ..Default::default() };
    for tries in 1.. {
        match tokio::time::timeout(Duration::from_secs(5), stream.create_consumer(ordered.clone())).await {
            Ok(Ok(consumer)) => return consumer,
            Ok(Err(error)) => assert!(tries < 20, "{error}"),
            Err(_) => assert!(tries < 20, "no consumer can be made"),
        }
    }
    unreachable!()
}

/// That these are the events of the log, each at its place.
#[track_caller]
pub fn assert_is_the_log(messages: &[Message], log: &[String]) {
    assert_goes_on(messages, log, 1);
}

/// That these are the events of the log from a position on, each at its place, labelled as it says itself.
#[track_caller]
pub fn assert_goes_on(messages: &[Message], log: &[String], from: u64) {
    assert_eq!(messages.len(), log.len(), "so many messages, so many events");
    for (sequence, (message, stored)) in (from..).zip(messages.iter().zip(log)) {
        assert_eq!(message.sequence, sequence);
        assert_eq!(&message.text, stored);
        let event = message.json();
        let (org, kind) = (event["org"].as_str().unwrap(), event["type"].as_str().unwrap());
        let [_, entity, verb, _] = kind.split('.').collect::<Vec<_>>()[..] else { panic!("{kind}") };
        assert_eq!(message.subject, format!("tenure.events.{org}.{entity}.{verb}"));
        assert_eq!(event["position"], message.sequence.to_string());
        assert_eq!(event["id"], message.header("Nats-Msg-Id"));
        assert_eq!(message.header("Content-Type"), "application/cloudevents+json");
    }
}

/// That every batch holds whole commands.
#[track_caller]
pub fn assert_batches_are_whole(messages: &[Message]) {
    for message in messages {
        let event = message.json();
        if message.header("Nats-Batch-Sequence") == "1" {
            assert_eq!(event["commandindex"], 0, "a batch begins within a command: {event}");
        }
        if message.header("Nats-Batch-Commit") == "1" {
            assert!(is_last_of_its_command(&event), "a batch ends within a command: {event}");
        }
    }
    let ends = messages.iter().filter(|message| message.header("Nats-Batch-Commit") == "1").count();
    assert!(messages.is_empty() || ends > 0, "stored as batches");
}

pub fn is_last_of_its_command(event: &Value) -> bool {
    event["commandindex"].as_u64().unwrap() + 1 == event["commandcount"].as_u64().unwrap()
}

/// Waits until the feed is as it should be.
pub async fn wait_for(node: &Node, what: impl Fn(&FeedReport) -> bool) -> FeedReport {
    let patience = Instant::now() + Duration::from_secs(40);
    loop {
        let feed = node.feed().expect("a feed");
        if what(&feed) {
            return feed;
        }
        assert!(Instant::now() < patience, "{feed:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Whether everything is published.
pub fn is_level(feed: &FeedReport) -> bool {
    feed.state == FeedState::Publishing && feed.lag_positions == Some(0)
}
