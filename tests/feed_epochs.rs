//! The feed and replicas of a platform that was restored from a backup: nobody takes the future that was lost for the one that is.

use std::path::Path;

use serde_json::json;
use tenure::node::{FeedState, Node, Options, backup, restore};
use tenure::publish;
use tenure::token::Token;
use tenure_replica::{CheckpointUse, Config, Fault, Replica};

use crate::feed::some_commands;
use crate::replica::{caught_up, until, within};
use crate::support::nats::{NEWEST, NatsServer};
use crate::support::platform::Platform;
use crate::support::stream::{config, is_level, jetstream, options, read, wait_for};

fn silent(_: u64, _: u64) {}

async fn following(nats: &NatsServer, node: &Node, file: &Path) -> Config {
    let client = async_nats::connect(nats.url()).await.unwrap();
    Config::new(client, node.feed_key()).checkpoint(file)
}

/// A platform in a folder, opened again.
fn opened(path: &Path, token: &Token) -> Platform {
    Platform::open(Options::folder(path), token.reveal().parse().unwrap()).0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_platform_is_followed_from_what_both_futures_have() {
    let (nats, folder) = (NatsServer::start(NEWEST), tempfile::tempdir().unwrap());
    let at = |name: &str| folder.path().join(name);
    let (behind, ahead) = (at("behind.checkpoint"), at("ahead.checkpoint"));
    let first = Platform::folder(&at("data"));
    some_commands(&first, "before", 3).await;
    let publisher = publish::start(first.node.clone(), options(&nats.url()));
    wait_for(&first.node, is_level).await;
    caught_up(following(&nats, &first.node, &behind).await).await.close().await;
    backup(&at("data"), &at("backup"), &mut silent).unwrap();
    let common = first.node.live().position();
    some_commands(&first, "lost", 5).await;
    wait_for(&first.node, is_level).await;
    let lost = first.node.live().position();
    caught_up(following(&nats, &first.node, &ahead).await).await.close().await;
    publisher.stop().await;
    let token = first.token;
    first.node.shutdown().await.unwrap();

    restore(&at("backup"), &at("restored"), None, &mut silent).unwrap();
    let second = opened(&at("restored"), &token);
    let epoch = second.node.epochs().current();
    some_commands(&second, "after", 1).await;
    let publisher = publish::start(second.node.clone(), options(&nats.url()));
    let feed = wait_for(&second.node, |feed| feed.state == FeedState::Refused).await;
    let trouble = feed.trouble.unwrap();
    assert!(trouble.contains(&format!("restored from a backup, at position {common}")), "{trouble}");

    // A replica that shows what was lost says so, while the node is behind it and when it is beyond.
    let replica = Replica::connect(following(&nats, &second.node, &ahead).await).await.unwrap();
    assert_eq!(*replica.checkpoint(), CheckpointUse::Loaded(lost));
    let past = Fault::PastEpoch { position: lost, epoch };
    until(|| replica.status().fault.as_ref() == Some(&past)).await;
    assert!(second.node.live().position() < lost);
    drop(replica);
    some_commands(&second, "beyond", 9).await;
    assert!(second.node.live().position() > lost);

    jetstream(&nats.url()).await.delete_stream("TENURE").await.unwrap();
    wait_for(&second.node, is_level).await;
    let replica = Replica::connect(following(&nats, &second.node, &ahead).await).await.unwrap();
    until(|| replica.status().fault.is_some()).await;
    assert!(within(replica.wait_for(lost + 1)).await.is_err());
    drop(replica);

    // What both have is gone on with.
    let replica = caught_up(following(&nats, &second.node, &behind).await).await;
    assert_eq!(*replica.checkpoint(), CheckpointUse::Loaded(common));
    assert_eq!(replica.view().position(), second.node.live().position());
    assert_eq!(replica.view().state().digest(), second.node.state().digest());
    drop(replica);

    let noted = config(&nats.url()).await.metadata.get("tenure-epoch").cloned();
    assert_eq!(noted, Some(epoch.to_string()));
    for message in read(&nats.url()).await {
        let event: serde_json::Value = serde_json::from_str(&message.text).unwrap();
        let position: u64 = event["position"].as_str().unwrap().parse().unwrap();
        let header = message.headers.get("Tenure-Epoch").cloned();
        let source = event["source"].as_str().unwrap();
        assert_eq!(header, (position > common).then(|| epoch.to_string()), "{position}");
        assert_eq!(source.ends_with(&format!("/{epoch}")), position > common, "{position}: {source}");
    }

    // A restore of what nobody wrote to since goes on with the stream as it is.
    publisher.stop().await;
    let token = second.token;
    second.node.shutdown().await.unwrap();
    backup(&at("restored"), &at("again"), &mut silent).unwrap();
    restore(&at("again"), &at("third"), None, &mut silent).unwrap();
    let third = opened(&at("third"), &token);
    let _publisher = publish::start(third.node.clone(), options(&nats.url()));
    third.done("rename-org", json!({"org": "root", "name": "Third"})).await;
    wait_for(&third.node, is_level).await;
    let noted = config(&nats.url()).await.metadata.get("tenure-epoch").cloned();
    assert_eq!(noted, Some(third.node.epochs().current().to_string()));
}
