//! The feed to a cluster of three servers, on real processes: whichever of them are killed, the node stays up, a replica
//! follows, and the stream becomes the log, byte for byte.

use std::time::{Duration, Instant};

use serde_json::Value;
use tenure_replica::{Config, Replica};

use crate::faults_feed::{Scene, load, under_load, wait_for};
use crate::faults_kill::Random;
use crate::support::nats::{NEWEST, NatsCluster};
use crate::support::program::Serving;
use crate::support::stream::{assert_batches_are_whole, jetstream};

/// What happens to a cluster in the middle of publishing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The server that leads the stream is killed.
    Leader,
    /// It is asked to let another lead.
    StepDown,
    /// One that does not lead is killed.
    Follower,
    /// The leader is killed, and the node with it.
    LeaderAndNode,
    /// Two are killed: what is left may store nothing.
    Majority,
}

const ALL: [Fault; 5] = [Fault::Leader, Fault::StepDown, Fault::Follower, Fault::LeaderAndNode, Fault::Majority];

#[test]
fn a_cluster_that_loses_its_leader_makes_the_stream_the_log() {
    rounds(&[Fault::Leader, Fault::StepDown, Fault::Follower]);
}

#[test]
fn a_cluster_without_a_majority_stops_no_command() {
    rounds(&[Fault::Majority, Fault::LeaderAndNode]);
}

#[test]
fn long_whatever_a_cluster_loses_it_makes_the_stream_the_log() {
    rounds(&ALL.repeat(8));
}

fn rounds(faults: &[Fault]) {
    let mut random = Random::seeded();
    let mut cluster = NatsCluster::start(NEWEST);
    let mut scene = Scene::new(cluster.url(), &["--nats-replicas", "3"]);
    let mut node = scene.serve();
    scene.compare(&node);
    let replica = scene.runtime.block_on(replica(&cluster.url(), &scene));
    for fault in faults {
        println!("{fault:?}");
        node = round(*fault, &mut random, &mut cluster, &scene, node);
        let messages = scene.compare(&node);
        assert_batches_are_whole(&messages);
        assert!(messages.len() > 20, "too little was published for this to prove much: {}", messages.len());
        let followed = scene
            .runtime
            .block_on(async { tokio::time::timeout(Duration::from_secs(60), replica.wait_for(scene.compared)).await });
        followed.unwrap_or_else(|_| panic!("the replica is at {:?}", replica.status())).unwrap();
    }
    let proved = tenure::node::verify(&scene.platform.data(), &mut |_, _| {}).unwrap();
    assert_eq!((replica.position(), replica.view().state().digest()), (proved.head.position, proved.digest));
}

/// Something happens while the node has much to publish; answers the node that serves afterwards.
fn round(fault: Fault, random: &mut Random, cluster: &mut NatsCluster, scene: &Scene, node: Serving) -> Serving {
    let pause = Duration::from_millis(100 + random.below(400));
    let gone = Duration::from_millis(random.below(3_000));
    let leader = scene.runtime.block_on(leader(&cluster.url()));
    let leader = cluster.named(&leader);
    let others = [(leader + 1) % 3, (leader + 2) % 3];
    let victims: &[usize] = match fault {
        Fault::Leader | Fault::LeaderAndNode => &[leader],
        Fault::StepDown => &[],
        Fault::Follower => &others[..1],
        Fault::Majority => &[leader, others[0]],
    };
    let mut strike = || {
        std::thread::sleep(pause);
        victims.iter().for_each(|victim| cluster.servers[*victim].kill());
        if fault == Fault::StepDown {
            scene.runtime.block_on(step_down(&cluster.url()));
        }
        std::thread::sleep(gone);
        victims.iter().for_each(|victim| cluster.servers[*victim].restart());
    };
    if fault == Fault::LeaderAndNode {
        load(&node.http(), &node.token.clone(), || {
            std::thread::sleep(pause);
            drop(node);
        });
        strike();
        return scene.serve();
    }
    under_load(&node, || {
        strike();
        // What is done from now on is published as well.
        let position = ready(&node)["position"].as_u64();
        wait_for(&node, |feed| {
            assert_ne!(feed["state"], "refused", "{feed}");
            feed["published"].as_u64() >= position
        });
    });
    node
}

fn ready(node: &Serving) -> Value {
    node.http().get(&node.token, "/readyz").json()
}

async fn replica(url: &str, scene: &Scene) -> Replica {
    let client = async_nats::connect(url.split(',').collect::<Vec<_>>()).await.unwrap();
    let key = tenure::node::feed_key(&scene.platform.data(), false).unwrap();
    Replica::connect(Config::new(client, key)).await.unwrap()
}

/// The name of the server that leads the stream, once one does.
async fn leader(url: &str) -> String {
    let patience = Instant::now() + Duration::from_secs(60);
    loop {
        if let Ok(stream) = jetstream(url).await.get_stream("TENURE").await
            && let Some(leader) = stream.cached_info().cluster.as_ref().and_then(|cluster| cluster.leader.clone())
        {
            return leader;
        }
        assert!(Instant::now() < patience, "no server leads the stream");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn step_down(url: &str) {
    let asked: Value = jetstream(url).await.request("STREAM.LEADER.STEPDOWN.TENURE", &()).await.unwrap();
    assert_eq!(asked["success"], true, "{asked}");
}
