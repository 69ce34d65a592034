//! `verify`, `backup` and `restore` on real folders.

use std::fs;

use serde_json::Value;

use crate::support::program::{Platform, Ran, run, text};

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
