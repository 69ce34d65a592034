//! `verify`, `backup` and `restore` on real folders.

use std::fs;

use serde_json::Value;

use crate::faults_feed::Scene;
use crate::support::nats::{NEWEST, NatsServer};
use crate::support::program::{Platform, Ran, run, text};
use crate::support::stream::jetstream;

fn verify(data: &std::path::Path) -> Ran {
    run(&["verify", "--data", text(data), "--format", "json"])
}

fn field(ran: &Ran, name: &str) -> Value {
    serde_json::from_str::<Value>(&ran.out).unwrap()[name].clone()
}

#[test]
fn a_platform_is_proved_while_it_is_served_and_after() {
    let platform = Platform::new("default");
    let node = platform.serve();
    node.done("create-org", r#"{"id": "a", "name": "A"}"#);
    let beside = verify(&platform.data()).exits(0);
    assert_eq!(field(&beside, "checkpoint"), "not looked at: a node uses it");
    assert_eq!(node.terminate(), 0);
    let after = verify(&platform.data()).exits(0);
    for name in ["position", "hash", "digest", "commands", "orgs"] {
        assert_eq!(field(&after, name), field(&beside, name), "{name}");
    }
    assert_eq!(field(&after, "orgs"), 2);
    assert!(after.err.is_empty(), "progress is for terminals: {}", after.err);
}

#[test]
fn the_stream_is_proved_with_the_log() {
    let mut nats = NatsServer::start(NEWEST);
    let mut scene = Scene::new(nats.url(), &[]);
    let data = scene.platform.data();
    let proves = |code| {
        let url = nats.url();
        run(&["verify", "--data", text(&data), "--nats", &url, "--format", "json"]).exits(code)
    };
    assert_eq!(field(&proves(0), "stream"), "there is none yet; the node makes it");
    let node = scene.serve();
    node.done("create-org", r#"{"id": "a", "name": "A"}"#);
    scene.compare(&node);
    let right = proves(0);
    let (position, stream) = (field(&right, "position"), field(&right, "stream"));
    assert_eq!(field(&right, "verdict"), "all is right");
    assert_eq!(stream, format!("every message up to {position} is the event there, 0 events behind the log's end"));
    drop(node);
    scene.runtime.block_on(async {
        jetstream(&nats.url()).await.publish("tenure.events.a.org.named", "hello".into()).await.unwrap().await.unwrap()
    });
    let wrong = proves(1);
    assert_eq!(field(&wrong, "stream"), "not the log");
    assert!(field(&wrong, "verdict").as_str().unwrap().contains("and the log ends at "), "{}", wrong.out);
    nats.kill();
    let unread = run(&["verify", "--data", text(&data), "--nats", &nats.url(), "--format", "json"]).exits(2);
    let verdict = "the log is right, and the stream cannot be read: cannot connect to NATS";
    assert!(field(&unread, "verdict").as_str().unwrap().starts_with(verdict), "{}", unread.out);
}

#[test]
fn damage_is_found_and_told() {
    let platform = Platform::new("default");
    let log = platform.data().join("log");
    let files = fs::read_dir(&log).unwrap().map(|entry| entry.unwrap().path());
    let segment = files.max_by_key(|path| fs::metadata(path).unwrap().len()).unwrap();
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&segment, &bytes).unwrap();
    let ran = verify(&platform.data()).exits(1);
    assert_ne!(field(&ran, "verdict"), "all is right");
}

/// What was backed up can be served again, and knows what was known.
#[test]
fn a_backup_is_a_platform() {
    let platform = Platform::new("default");
    let node = platform.serve();
    node.done("create-user", r#"{"id": "jane", "org": "root", "name": "Jane", "user_type": "member"}"#);
    let (backup, restored) = (platform.folder.path().join("backup"), platform.folder.path().join("restored"));
    let data = platform.data();
    run(&["backup", "--data", text(&data), "--to", text(&backup)]).exits(0);
    run(&["restore", "--from", text(&backup), "--data", text(&restored)]).exits(0);
    assert_eq!(field(&verify(&restored).exits(0), "hash"), field(&verify(&data).exits(0), "hash"));

    let before = node.run(&["history", "user:jane"]).exits(0).out;
    drop(node);
    fs::remove_dir_all(&data).unwrap();
    fs::rename(&restored, &data).unwrap();
    let node = platform.serve();
    assert_eq!(node.run(&["history", "user:jane"]).exits(0).out, before);
}

#[test]
fn nothing_is_overwritten() {
    let platform = Platform::new("default");
    let (data, backup) = (platform.data(), platform.folder.path().join("backup"));
    let (data, backup) = (text(&data), text(&backup));
    run(&["backup", "--data", data, "--to", backup]).exits(0);
    let check = |arguments: &[&str], said: &str| {
        let ran = run(arguments).exits(2);
        assert!(ran.err.contains(said), "{arguments:?}: {}", ran.err);
    };
    check(&["backup", "--data", data, "--to", backup], "is not empty");
    check(&["restore", "--from", backup, "--data", data], "is not empty");
    check(&["restore", "--from", data, "--data", "elsewhere"], "no platform");
    check(&["backup", "--data", "nowhere", "--to", "elsewhere"], "no platform");
    check(&["verify", "--data", backup], "no platform");
}
