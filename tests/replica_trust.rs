//! Whom a replica believes: the node that signs, for as long as it is heard; and nobody who merely may write to NATS.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::ConnectOptions;
use serde_json::json;
use tenure::node::{self, FeedState, Options};
use tenure::publish;
use tenure_events::data::UserEnabled;
use tenure_events::{Envelope, Event, Hash, Heartbeat, Time, parse};
use tenure_replica::{ChangesError, CheckpointUse, Config, Fault, NotFresh, Replica};
use uuid::Uuid;

use crate::feed::update;
use crate::replica::{Stage, allows, caught_up, edits, until, within};
use crate::support::nats::{NEWEST, NatsServer};
use crate::support::platform::Platform;
use crate::support::proxy::Proxy;
use crate::support::stream::{is_level, options, wait_for};

const FRESH: Duration = Duration::from_secs(3);

/// A node that publishes through a way that can be cut, with a user who may edit charts, and a replica beside the server.
struct Cut {
    nats: NatsServer,
    proxy: Proxy,
    platform: Platform,
    replica: Replica,
    _publisher: publish::Publisher,
}

impl Cut {
    async fn new() -> Self {
        let (nats, platform) = (NatsServer::start(NEWEST), Platform::memory());
        let proxy = Proxy::to(&nats.url()).await;
        user(&platform, "ann").await;
        let publisher = publish::start(platform.node.clone(), options(&proxy.url()));
        wait_for(&platform.node, is_level).await;
        let client = async_nats::connect(nats.url()).await.unwrap();
        let replica = caught_up(Config::new(client, platform.node.feed_key())).await;
        assert!(replica.ask_within(&edits("ann"), FRESH).unwrap().allowed);
        Self { nats, proxy, platform, replica, _publisher: publisher }
    }

    async fn disable(&self) {
        self.platform.done("disable-user", json!({"user": "ann"})).await;
    }

    /// That the replica says that it is old, though it answers as before, and how old.
    async fn grows_old(&self, since: Instant) {
        until(|| self.replica.ask_within(&edits("ann"), FRESH).is_err()).await;
        assert!(since.elapsed() < FRESH * 2, "{:?}", since.elapsed());
        let answer = self.replica.ask(&edits("ann")).unwrap();
        assert!(answer.allowed && answer.age.is_some_and(|age| age >= FRESH), "{answer:?}");
        assert!(self.replica.lag().since.is_some_and(|since| since >= FRESH), "{}", self.replica.lag());
    }

    async fn knows(&self) {
        until(|| self.replica.ask_within(&edits("ann"), FRESH).is_ok_and(|answer| !answer.allowed)).await;
        assert_eq!(self.replica.lag().positions, 0);
    }
}

async fn user(platform: &Platform, id: &str) {
    let user = json!({"id": id, "org": "root", "name": id, "user_type": "member", "privileges": ["chart.edit"]});
    platform.done("create-user", user).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_cut_off_makes_the_replica_old() {
    let stage = Cut::new().await;
    stage.proxy.cut();
    let since = Instant::now();
    stage.disable().await;
    stage.grows_old(since).await;
    until(|| stage.replica.status().trouble.is_some_and(|trouble| trouble.contains("the node is not heard"))).await;
    stage.proxy.mend();
    stage.knows().await;
    until(|| stage.replica.status().trouble.is_none()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_is_refused_makes_the_replica_old() {
    let stage = Cut::new().await;
    update(&stage.nats.url(), |config| config.max_age = Duration::from_secs(3_600)).await;
    wait_for(&stage.platform.node, |feed| feed.state == FeedState::Refused).await;
    assert!(stage.replica.ask_within(&edits("ann"), FRESH).unwrap().allowed, "nothing happened meanwhile");
    let since = Instant::now();
    stage.disable().await;
    until(|| stage.replica.lag().positions > 0).await;
    stage.grows_old(since).await;
    let status = stage.replica.status();
    assert_eq!((status.feed, status.fault), (Some(FeedState::Refused), None));
    assert!(status.trouble.is_some_and(|trouble| trouble.contains("refuses")));
    assert!(status.lag.heard.is_some_and(|heard| heard < FRESH), "the node is heard");
    update(&stage.nats.url(), |config| config.max_age = Duration::ZERO).await;
    stage.knows().await;
}

/// An event that goes on from another as it must, and that no node wrote.
fn forged(after: &[u8], event: Event) -> Vec<u8> {
    let before = parse(after).unwrap();
    let (id, command) = (Uuid::from_u128(7), Uuid::from_u128(u128::from(before.position)));
    let time = Time::from_micros(before.time.micros() + 1);
    let (position, prev, org_sequence) = (before.position + 1, Hash::of(after), before.org_sequence + 1);
    let (index, count, twin_of) = (0, 1, None);
    Envelope { id, command, time, position, prev, org_sequence, index, count, twin_of, event, ..before }.to_bytes()
}

fn enabled() -> Event {
    Event::UserEnabled(UserEnabled { user: "ann".parse().unwrap(), org: "root".parse().unwrap() })
}

/// A stage on which a user is disabled.
async fn disabled() -> Stage {
    let mut stage = Stage::new().await;
    stage.user("ann").await;
    stage.platform.done("disable-user", json!({"user": "ann"})).await;
    stage.publish().await;
    stage
}

#[tokio::test]
async fn a_forged_event_is_not_obeyed_and_what_is_mended_heals() {
    let mut stage = disabled().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("replica.checkpoint");
    let replica = caught_up(stage.config().await.checkpoint(&file).checkpoint_every(1)).await;
    let mut changes = replica.changes();
    let (position, last) = (replica.position(), stage.events().pop().unwrap());
    let forged = forged(&last, enabled());
    stage.put(forged).await;
    until(|| replica.lag().positions == 1).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!((replica.position(), allows(&replica, "ann")), (position, false));
    assert!(replica.view_within(FRESH).is_ok(), "the node says that nothing happened");
    until(|| replica.status().trouble.is_some_and(|trouble| trouble.contains("the node signed less"))).await;

    // What the node writes in its place is what counts.
    stage.platform.done("rename-org", json!({"org": "root", "name": "Other"})).await;
    let fault = within(replica.wait_for(u64::MAX)).await.unwrap_err();
    assert!(matches!(fault, Fault::Forged { .. }), "{fault}");
    assert_eq!(replica.ask(&edits("ann")), Err(fault.clone()));
    assert_eq!(replica.view_within(FRESH).map(drop), Err(NotFresh::Fault(fault.clone())));
    assert_eq!(within(changes.next()).await.unwrap_err(), ChangesError::Faulty(fault.clone()));
    assert!(!replica.view().ask(&edits("ann")).allowed);

    // Nor does it come out of a checkpoint.
    replica.close().await;
    let again = Replica::connect(stage.config().await.checkpoint(&file)).await.unwrap();
    assert_eq!((again.checkpoint(), again.position()), (&CheckpointUse::Loaded(position), position));
    assert!(!again.view().ask(&edits("ann")).allowed);
    within(again.wait_for(u64::MAX)).await.unwrap_err();

    stage.user("bob").await;
    stage.jetstream.delete_stream("TENURE").await.unwrap();
    stage.make_stream().await;
    stage.published = 0;
    stage.publish().await;
    until(|| again.ask_within(&edits("bob"), FRESH).is_ok_and(|answer| answer.allowed)).await;
    assert!(!allows(&again, "ann"));
    assert_eq!((again.status().fault, again.lag().positions), (None, 0));
    assert_eq!(again.view().state().digest(), stage.platform.node.state().digest());
}

/// Forged events that were installed for want of room leave no trace once they prove wrong.
#[tokio::test]
async fn what_was_installed_and_proves_wrong_is_thrown_away() {
    let mut stage = disabled().await;
    let replica = caught_up(stage.config().await.hold(1)).await;
    let position = replica.position();
    stage.silence();
    let mut last = stage.events().pop().unwrap();
    for _ in 0..5 {
        last = forged(&last, enabled());
        stage.put(last.clone()).await;
    }
    until(|| replica.lag().positions == 5).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!((replica.position(), allows(&replica, "ann")), (position, false));
    stage.user("bob").await;
    stage.beat().await;
    let fault = within(replica.wait_for(u64::MAX)).await.unwrap_err();
    assert!(matches!(fault, Fault::Forged { .. }), "{fault}");
    let before = replica.view();
    stage.jetstream.delete_stream("TENURE").await.unwrap();
    stage.make_stream().await;
    stage.published = 0;
    stage.publish().await;
    until(|| replica.ask_within(&edits("bob"), FRESH).is_ok_and(|answer| answer.allowed)).await;
    assert!(!allows(&replica, "ann"));
    assert_eq!(replica.view().state().digest(), stage.platform.node.state().digest());
    assert!(!before.ask(&edits("ann")).allowed, "what was taken before stays as it was");
}

/// While nothing was ever signed, nothing is shown.
#[tokio::test]
async fn a_stream_without_a_node_is_not_believed() {
    let mut stage = Stage::new().await;
    stage.silence();
    stage.user("ann").await;
    stage.publish().await;
    let replica = Replica::connect(stage.config().await).await.unwrap();
    until(|| replica.lag().positions > 0).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let answer = replica.ask(&edits("ann")).unwrap();
    assert_eq!((answer.allowed, answer.position, answer.age), (false, 0, None));
    assert!(replica.view_within(Duration::MAX).is_err());
    stage.beat().await;
    within(replica.caught_up()).await.unwrap();
    assert!(allows(&replica, "ann"));
}

#[tokio::test]
async fn heartbeats_of_others_and_of_before_prove_nothing() {
    let mut stage = Stage::new().await;
    stage.user("ann").await;
    stage.publish().await;
    let replica = stage.replica().await;
    let (old, other) = (stage.platform.node.heartbeat(), Platform::memory());
    stage.silence();
    let client = async_nats::connect(stage.server.url()).await.unwrap();
    let since = Instant::now();
    while since.elapsed() < Duration::from_secs(2) {
        for message in [old.clone(), other.node.heartbeat(), "hello".to_owned(), String::new()] {
            client.publish(Heartbeat::SUBJECT, message.into()).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(replica.view_within(Duration::from_millis(1_500)).is_err(), "{}", replica.lag());
    // To one that starts now the old one is news, and old.
    let late = Replica::connect(stage.config().await).await.unwrap();
    within(async {
        while late.position() < replica.position() {
            client.publish(Heartbeat::SUBJECT, old.clone().into()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    assert!(late.view_within(Duration::from_millis(1_500)).is_err(), "{}", late.lag());
    assert!(allows(&late, "ann"));
}

#[tokio::test]
async fn a_start_from_a_checkpoint_needs_no_nats() {
    let mut stage = Stage::new().await;
    stage.user("ann").await;
    stage.publish().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("replica.checkpoint");
    stage.replica_from(&file).await.close().await;
    stage.server.kill();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let client = ConnectOptions::new().retry_on_initial_connect().connect(stage.server.url()).await.unwrap();
    let config = Config::new(client, stage.platform.node.feed_key()).checkpoint(&file);
    let replica = tokio::time::timeout(Duration::from_secs(5), Replica::connect(config)).await.unwrap().unwrap();
    let answer = replica.ask(&edits("ann")).unwrap();
    assert!(answer.allowed && answer.age >= Some(Duration::from_secs(1)), "{answer:?}");
    assert!(replica.ask_within(&edits("ann"), Duration::from_secs(1)).is_err());
    stage.user("bob").await;
    stage.server.restart();
    stage.beat().await;
    stage.jetstream = async_nats::jetstream::new(async_nats::connect(stage.server.url()).await.unwrap());
    stage.publish().await;
    until(|| replica.ask_within(&edits("bob"), FRESH).is_ok_and(|answer| answer.allowed)).await;
}

#[tokio::test]
async fn checkpoints_are_written_by_time_and_by_whoever_shares_the_replica() {
    let mut stage = Stage::new().await;
    stage.publish().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("replica.checkpoint");
    let left = folder.path().join("replica.checkpoint.4711.tmp");
    let others =
        ["replica.checkpoint.tmp", "replica.checkpoint.x.tmp", "other.4711.tmp"].map(|n| folder.path().join(n));
    others.iter().chain([&left]).for_each(|path| std::fs::write(path, "left").unwrap());
    let config = stage.config().await.checkpoint(&file).checkpoint_after(Duration::from_millis(200));
    let replica = Arc::new(caught_up(config).await);
    assert!(!left.exists() && others.iter().all(|other| other.exists()), "what killed writers left, and nothing else");
    until(|| file.exists()).await;
    let of = |file: &Path| std::fs::metadata(file).unwrap().modified().unwrap();
    let written = of(&file);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(of(&file), written, "nothing happened since");
    stage.user("ann").await;
    stage.publish().await;
    until(|| of(&file) > written).await;
    stage.user("bob").await;
    stage.publish().await;
    within(replica.wait_for(stage.platform.node.live().position())).await.unwrap();
    let shared = Arc::clone(&replica);
    shared.close().await;
    assert_eq!(replica.ask(&edits("ann")), Err(Fault::Closed));
    let again = Replica::connect(stage.config().await.checkpoint(&file)).await.unwrap();
    assert!(again.view().ask(&edits("bob")).allowed, "{:?}", again.checkpoint());
}

/// A key is renewed without a moment in which nobody is believed.
#[tokio::test(flavor = "multi_thread")]
async fn the_key_is_renewed() {
    let (folder, nats) = (tempfile::tempdir().unwrap(), NatsServer::start(NEWEST));
    let platform = Platform::folder(folder.path());
    let old = platform.node.feed_key();
    assert_eq!(node::feed_key(folder.path(), false).unwrap(), old);
    let publisher = publish::start(platform.node.clone(), options(&nats.url()));
    wait_for(&platform.node, is_level).await;
    let new = node::feed_key(folder.path(), true).unwrap();
    assert_ne!(new, old);
    assert_eq!(platform.node.feed_key(), old, "until it is restarted");
    let client = async_nats::connect(nats.url()).await.unwrap();
    let both = caught_up(Config::new(client.clone(), old).or_key(new)).await;
    let only_old = caught_up(Config::new(client, old)).await;
    publisher.stop().await;
    platform.node.shutdown().await.unwrap();
    let (platform, _) = Platform::open(Options::folder(folder.path()), platform.token);
    assert_eq!(platform.node.feed_key(), new);
    let _publisher = publish::start(platform.node.clone(), options(&nats.url()));
    user(&platform, "ann").await;
    until(|| both.ask_within(&edits("ann"), FRESH).is_ok_and(|answer| answer.allowed)).await;
    until(|| only_old.view_within(FRESH).is_err()).await;
    assert!(!allows(&only_old, "ann"));
    let renewed = |trouble: String| trouble.contains("was the key of the node renewed");
    until(|| only_old.status().trouble.is_some_and(renewed)).await;
}
