//! The replica against real NATS servers: it knows what the node knows, and nothing that is not proved.

use std::path::Path;
use std::time::Duration;

use async_nats::jetstream::{self, stream};
use serde_json::json;
use tenure::node::Node;
use tenure_events::{Broken, Heartbeat, parse};
use tenure_projections::Digest;
use tenure_projections::judge::{self, Asked, Thing, Who};
use tenure_replica::{ChangesError, CheckpointUse, Config, ConnectError, Fault, Replica};
use tokio::task::AbortHandle;

use crate::support::nats::{NEWEST, NatsServer};
use crate::support::platform::Platform;

/// A platform whose heartbeats are heard, and a stream that is filled with its events by hand: as they are, or otherwise.
pub struct Stage {
    pub server: NatsServer,
    pub platform: Platform,
    pub jetstream: jetstream::Context,
    pub published: usize,
    beating: AbortHandle,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.silence();
    }
}

impl Stage {
    pub async fn new() -> Self {
        let server = NatsServer::start(NEWEST);
        let client = async_nats::connect(server.url()).await.unwrap();
        let platform = Platform::memory();
        let beating = beating(client.clone(), platform.node.clone());
        let stage = Self { server, platform, jetstream: jetstream::new(client), published: 0, beating };
        stage.make_stream().await;
        stage
    }

    /// The node is heard no more.
    pub fn silence(&self) {
        self.beating.abort();
    }

    /// It is heard again.
    pub async fn beat(&mut self) {
        self.silence();
        let client = async_nats::connect(self.server.url()).await.unwrap();
        self.beating = beating(client, self.platform.node.clone());
    }

    pub async fn make_stream(&self) {
        let subjects = vec!["tenure.events.>".to_owned()];
        let config = stream::Config { name: "TENURE".to_owned(), subjects, ..stream::Config::default() };
        self.jetstream.create_stream(config).await.unwrap();
    }

    pub fn events(&self) -> Vec<Vec<u8>> {
        self.platform.node.log().read(1, usize::MAX).unwrap().iter().map(|event| event.bytes.to_vec()).collect()
    }

    /// Publishes what happened since.
    pub async fn publish(&mut self) {
        for event in self.events().into_iter().skip(self.published) {
            self.put(event).await;
            self.published += 1;
        }
    }

    pub async fn put(&self, event: Vec<u8>) {
        let subject = parse(&event).map_or("tenure.events.root.user.created".to_owned(), |event| event.nats_subject());
        self.jetstream.publish(subject, event.into()).await.unwrap().await.unwrap();
    }

    pub async fn config(&self) -> Config {
        Config::new(async_nats::connect(self.server.url()).await.unwrap(), self.platform.node.feed_key())
    }

    pub async fn replica(&self) -> Replica {
        caught_up(self.config().await).await
    }

    pub async fn replica_from(&self, file: &Path) -> Replica {
        caught_up(self.config().await.checkpoint(file)).await
    }

    /// A user, which is two events.
    pub async fn user(&self, id: &str) {
        let user = json!({"id": id, "org": "root", "name": id, "user_type": "member", "privileges": ["chart.edit"]});
        self.platform.done("create-user", user).await;
    }
}

/// The node's heartbeats, often: a test waits for some.
fn beating(client: async_nats::Client, node: Node) -> AbortHandle {
    let beat = async move {
        loop {
            client.publish(Heartbeat::SUBJECT, node.heartbeat().into()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::spawn(beat).abort_handle()
}

pub async fn caught_up(config: Config) -> Replica {
    let replica = Replica::connect(config).await.unwrap();
    within(replica.caught_up()).await.unwrap();
    replica
}

/// What comes in time.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("it comes in time")
}

pub fn edits(user: &str) -> Asked<'_> {
    Asked::new(Who::User(user), "chart.edit", Thing::Org("root"))
}

#[tokio::test]
async fn a_replica_knows_what_the_node_knows() {
    let mut stage = Stage::new().await;
    stage.user("ann").await;
    stage.publish().await;
    let replica = stage.replica().await;
    let mut changes = replica.changes();
    assert!(allows(&replica, "ann") && !allows(&replica, "bob"));

    stage.user("bob").await;
    stage.publish().await;
    let position = stage.platform.node.live().position();
    within(replica.wait_for(position)).await.unwrap();
    assert!(allows(&replica, "bob"));
    let kinds = |events: &[tenure_events::Envelope]| events.iter().map(|event| event.event.kind()).collect::<Vec<_>>();
    let changed = within(changes.next()).await.unwrap();
    assert_eq!(kinds(&changed.events), ["tenure.user.created.v1", "tenure.subscription.granted.v1"]);
    assert_eq!(changed.position(), position);

    let (snapshot, theirs) = (replica.view(), stage.platform.node.state());
    let ours = snapshot.state();
    assert_eq!(ours.digest(), theirs.digest());
    assert_eq!(Digest::recompute(ours), theirs.digest(), "memory holds what the digest says");
    for user in ["admin", "ann", "bob", "nobody"] {
        let view = stage.platform.node.live();
        let theirs = edits(user).question(&view).map(|question| judge::explain(&view, &question));
        assert_eq!(replica.explain(&edits(user)).unwrap().0, theirs.is_ok_and(|(allowed, _)| allowed), "{user}");
    }
    let status = replica.status();
    assert_eq!((status.position, status.lag.positions, status.trouble, status.fault), (position, 0, None, None));
    replica.close().await;
    assert_eq!(within(changes.next()).await.unwrap_err(), ChangesError::Ended);
    assert_eq!(replica.ask(&edits("ann")), Err(Fault::Closed));
}

#[tokio::test]
async fn half_a_command_is_never_seen() {
    let mut stage = Stage::new().await;
    stage.publish().await;
    let replica = stage.replica().await;
    let before = replica.position();
    stage.user("ann").await;
    let [first, second] = stage.events().split_off(stage.published).try_into().unwrap();
    stage.put(first).await;
    until(|| replica.lag().positions > 0).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!((replica.position(), replica.lag().positions), (before, 2), "the node acknowledged both");
    let snapshot = replica.view();
    assert!(snapshot.view().find_user("ann").is_none_or(|ann| snapshot.view().user(ann).is_none()));
    stage.put(second).await;
    within(replica.wait_for(before + 2)).await.unwrap();
    assert!(allows(&replica, "ann"));
}

/// Whether a replica that nothing is wrong with says yes.
pub fn allows(replica: &Replica, user: &str) -> bool {
    replica.ask(&edits(user)).unwrap().allowed
}

/// Waits until it is so.
pub async fn until(what: impl Fn() -> bool) {
    within(async {
        while !what() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// Publishes what a fault makes of the events of two users, and tells how the replica ends.
async fn ends(spoil: impl Fn(&mut Vec<Vec<u8>>)) -> (Fault, u64) {
    let mut stage = Stage::new().await;
    stage.user("ann").await;
    stage.publish().await;
    let replica = stage.replica().await;
    let whole = replica.position();
    stage.user("bob").await;
    stage.user("eve").await;
    let mut events = stage.events().split_off(stage.published);
    spoil(&mut events);
    for event in events {
        stage.put(event).await;
    }
    let fault = within(replica.wait_for(u64::MAX)).await.unwrap_err();
    assert_eq!(replica.status().fault.as_ref(), Some(&fault));
    assert_eq!(replica.ask(&edits("ann")), Err(fault.clone()), "nothing is answered as if all were well");
    let view = replica.view();
    assert!(view.ask(&edits("ann")).allowed && !view.ask(&edits("eve")).allowed, "what was proved, and nothing more");
    (fault, whole)
}

/// The same event with something else in it.
fn changed(event: &[u8], what: &str, with: &str) -> Vec<u8> {
    let text = String::from_utf8(event.to_vec()).unwrap();
    assert!(text.contains(what), "{text}");
    text.replacen(what, with, 1).into_bytes()
}

#[tokio::test]
async fn an_event_of_a_later_version_ends_it() {
    let (fault, whole) = ends(|events| events[0] = changed(&events[0], "user.created.v1", "user.created.v9")).await;
    assert_eq!(fault, Fault::UnknownType { position: whole + 1, kind: "tenure.user.created.v9".to_owned() });
}

#[tokio::test]
async fn what_is_no_event_ends_it() {
    let (fault, whole) = ends(|events| events[2] = b"hello".to_vec()).await;
    assert!(matches!(fault, Fault::Invalid { position, .. } if position == whole + 3), "{fault}");
}

#[tokio::test]
async fn an_event_that_was_changed_ends_it_at_the_next() {
    let (fault, whole) = ends(|events| events[0] = changed(&events[0], "\"bob\"", "\"rob\"")).await;
    assert!(
        matches!(fault, Fault::Broken { position, source: Broken::Hash { .. } } if position == whole + 2),
        "{fault}"
    );
}

#[tokio::test]
async fn an_event_that_is_left_out_ends_it() {
    let (fault, whole) = ends(|events| drop(events.remove(1))).await;
    let source = Broken::Position(whole + 3);
    assert_eq!(fault, Fault::Broken { position: whole + 2, source });
}

#[tokio::test]
async fn an_event_of_another_log_ends_it() {
    let other = Platform::memory();
    let (found, from_it) = (other.node.log_id(), other.node.log().read(1, 1).unwrap().remove(0).bytes.to_vec());
    let (fault, _) = ends(|events| events[0].clone_from(&from_it)).await;
    assert!(matches!(fault, Fault::OtherLog { found: log, .. } if log == found), "{fault}");
}

#[tokio::test]
async fn a_stream_that_lost_its_end_is_waited_for() {
    let mut stage = Stage::new().await;
    stage.user("ann").await;
    stage.publish().await;
    let replica = stage.replica().await;
    stage.jetstream.delete_stream("TENURE").await.unwrap();
    stage.make_stream().await;
    until(|| replica.status().trouble.is_some_and(|trouble| trouble.contains("the stream ends at 0"))).await;
    assert!(allows(&replica, "ann"), "what was proved stays true");
    stage.published = 0;
    stage.user("bob").await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(replica.view_within(Duration::from_millis(400)).is_err(), "the node acknowledged what is not there");
    stage.publish().await;
    within(replica.wait_for(stage.platform.node.live().position())).await.unwrap();
    assert_eq!(replica.view().state().digest(), stage.platform.node.state().digest());
}

#[tokio::test]
async fn another_history_in_the_same_place_ends_it() {
    let mut stage = Stage::new().await;
    stage.user("ann").await;
    stage.publish().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("replica.checkpoint");
    stage.replica_from(&file).await.close().await;
    stage.jetstream.delete_stream("TENURE").await.unwrap();
    stage.make_stream().await;
    let mut events = stage.events();
    let position = events.len() as u64;
    let last = events.last_mut().unwrap();
    *last = changed(last, "\"ann\"", "\"ina\"");
    for event in events {
        stage.put(event).await;
    }
    let replica = Replica::connect(stage.config().await.checkpoint(&file)).await.unwrap();
    assert_eq!(*replica.checkpoint(), CheckpointUse::Loaded(position));
    assert_eq!(within(replica.wait_for(position + 1)).await.unwrap_err(), Fault::OtherHistory { position });
}

#[tokio::test]
async fn a_connection_that_breaks_off_is_taken_up_again() {
    let mut stage = Stage::new().await;
    stage.publish().await;
    let replica = stage.replica().await;
    assert!(replica.view_within(Duration::from_secs(5)).is_ok());
    stage.server.kill();
    stage.user("ann").await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(replica.view_within(Duration::from_millis(500)).is_err(), "{:?}", replica.lag());
    assert!(!allows(&replica, "ann"), "what it knew it knows");
    stage.server.restart();
    stage.jetstream = jetstream::new(async_nats::connect(stage.server.url()).await.unwrap());
    stage.publish().await;
    within(replica.wait_for(stage.platform.node.live().position())).await.unwrap();
    assert!(allows(&replica, "ann"));
    assert_eq!(replica.view().state().digest(), stage.platform.node.state().digest());
}

#[tokio::test]
async fn a_start_from_a_checkpoint_is_the_same_as_from_the_stream() {
    let mut stage = Stage::new().await;
    stage.user("ann").await;
    stage.publish().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("below").join("replica.checkpoint");
    let config = || async { stage.config().await.checkpoint(&file) };
    let first = caught_up(config().await).await;
    let (position, digest) = (first.position(), first.view().state().digest());
    assert_eq!(*first.checkpoint(), CheckpointUse::None);
    first.close().await;

    let again = caught_up(config().await).await;
    assert_eq!((again.checkpoint(), again.position()), (&CheckpointUse::Loaded(position), position));
    assert_eq!(
        (again.view().state().digest(), Digest::recompute(again.view().state())),
        (digest.clone(), digest.clone())
    );
    assert!(allows(&again, "ann"));
    again.close().await;

    // Whatever is wrong with the file, it is dropped, and all is read anew.
    let whole = std::fs::read(&file).unwrap();
    for at in (0..whole.len()).step_by(whole.len() / 23) {
        let mut spoiled = whole.clone();
        spoiled[at] ^= 1;
        for spoiled in [&spoiled[..], &whole[..at]] {
            std::fs::write(&file, spoiled).unwrap();
            let replica = caught_up(config().await).await;
            assert!(matches!(replica.checkpoint(), CheckpointUse::Dropped(_)), "byte {at}: {:?}", replica.checkpoint());
            assert_eq!(replica.view().state().digest(), digest);
        }
    }
}

#[tokio::test]
async fn checkpoints_are_written_meanwhile() {
    let mut stage = Stage::new().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("replica.checkpoint");
    let replica = Replica::connect(stage.config().await.checkpoint(&file).checkpoint_every(1)).await.unwrap();
    stage.user("ann").await;
    stage.publish().await;
    until(|| file.exists()).await;
    drop(replica);
    let replica = stage.replica_from(&file).await;
    assert!(matches!(replica.checkpoint(), CheckpointUse::Loaded(_)), "{:?}", replica.checkpoint());
    assert_eq!(replica.view().state().digest(), stage.platform.node.state().digest());
}

#[tokio::test]
async fn another_log_is_not_taken_for_this_one() {
    let (mut one, mut other) = (Stage::new().await, Stage::new().await);
    one.publish().await;
    other.publish().await;
    let (wanted, found) = (one.platform.node.log_id(), other.platform.node.log_id());
    let client = async_nats::connect(other.server.url()).await.unwrap();
    let replica = Replica::connect(Config::new(client, one.platform.node.feed_key())).await.unwrap();
    assert_eq!(within(replica.caught_up()).await.unwrap_err(), Fault::OtherLog { wanted, found });
    assert_eq!((replica.position(), replica.view().age()), (0, None), "nothing of it is shown");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("replica.checkpoint");
    caught_up(one.config().await.checkpoint(&file)).await.close().await;
    let refused = Replica::connect(other.config().await.checkpoint(&file)).await.map(drop).unwrap_err();
    assert!(matches!(refused, ConnectError::Fault(Fault::OtherLog { .. })), "{refused}");
}

#[tokio::test]
async fn a_stream_that_is_not_there_is_named() {
    let stage = Stage::new().await;
    let refused = Replica::connect(stage.config().await.stream("NAUGHT")).await.map(drop).unwrap_err();
    assert!(refused.to_string().contains("`NAUGHT`"), "{refused}");
}
