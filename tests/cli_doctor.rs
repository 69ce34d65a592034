//! `tenure doctor` on real folders, nodes and servers: what it says, and how it ends.

use std::fs;

use serde_json::Value;

use crate::faults_feed::{Scene, under_load};
use crate::support::nats::{NEWEST, NatsServer, REFUSED};
use crate::support::program::{Platform, Ran, run, text};

/// Each check with its verdict, and the details of what is bad.
fn told(ran: &Ran) -> (Vec<String>, String) {
    let told: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err));
    let checks = told["checks"].as_array().unwrap();
    let word = |check: &Value, name: &str| check[name].as_str().unwrap().to_owned();
    let all = checks.iter().map(|check| format!("{} {}", word(check, "check"), word(check, "verdict"))).collect();
    let bad = checks.iter().filter(|check| check["verdict"] == "bad").map(|check| word(check, "detail"));
    let bad = bad.collect::<Vec<_>>().join("\n");
    assert_eq!(told["verdict"], if bad.is_empty() { "all is well" } else { "something is wrong" });
    (all, bad)
}

const NOBODY: &str = "http://127.0.0.1:1";

#[test]
fn all_is_well_with_a_folder_at_rest() {
    let platform = Platform::new("default");
    let data = platform.data();
    let doctor = ["doctor", "--url", NOBODY, "--data", text(&data), "--format", "json"];
    let (checks, _) = told(&run(&doctor).exits(0));
    assert_eq!(checks, ["folder well", "log well", "keys well", "disk well", "node note"]);
    assert_eq!(platform.serve().terminate(), 0, "in good order, however early");
    let (checks, _) = told(&run(&doctor).exits(0));
    assert_eq!(checks, ["folder well", "log well", "keys well", "checkpoint well", "disk well", "node note"]);
}

#[test]
fn all_is_well_with_a_node_and_its_feed() {
    let nats = NatsServer::start(NEWEST);
    let platform = Platform::new("default");
    let mut command = platform.serving();
    command.args(["--listen", "127.0.0.1:0", "--nats", &nats.url()]);
    let node = crate::support::program::Serving::start(command, &platform.token);
    let data = platform.data();
    let (checks, _) =
        told(&node.run(&["doctor", "--data", text(&data), "--nats", &nats.url(), "--format", "json"]).exits(0));
    let want = "folder well|log well|disk well|node well|publisher well|nats well|stream well|durability note|permissions note";
    assert_eq!(checks.join("|"), want);
    let table = node.run(&["doctor", "--nats", &nats.url()]).exits(0).out;
    assert!(table.starts_with("CHECK        VERDICT  DETAIL\nnode         well     ready, at position "), "{table}");
    assert!(table.contains(" on 1 server; not compared with a log: give --data for that"), "{table}");
}

/// The stream goes on while the log is read.
#[test]
fn all_is_well_with_a_busy_node() {
    let nats = NatsServer::start(NEWEST);
    let mut scene = Scene::new(nats.url(), &[]);
    let (node, data) = (scene.serve(), scene.platform.data());
    scene.compare(&node);
    under_load(&node, || {
        for _ in 0..10 {
            told(&node.run(&["doctor", "--data", text(&data), "--nats", &nats.url(), "--format", "json"]).exits(0));
            run(&["verify", "--data", text(&data), "--nats", &nats.url()]).exits(0);
        }
    });
}

#[test]
fn what_is_wrong_is_said() {
    let check = |ran: Ran, want: &str| {
        let (_, bad) = told(&ran.exits(1));
        assert!(bad.contains(want), "{bad}");
    };
    let platform = Platform::new("default");
    let data = platform.data();
    let look =
        |more: &[&str]| run(&[&["doctor", "--format", "json", "--url", NOBODY, "--data", text(&data)], more].concat());
    check(run(&["doctor", "--url", NOBODY, "--format", "json"]), "no answer from");
    check(
        run(&["doctor", "--url", NOBODY, "--data", "absent", "--format", "json"]),
        "there is no platform in `absent`",
    );
    check(look(&["--nats", "nats://127.0.0.1:1"]), "cannot connect to NATS: ");
    let old = NatsServer::start(REFUSED);
    check(look(&["--nats", &old.url()]), "the NATS server is 2.11.11, and the feed needs 2.12.8 or later");

    // Somebody else's stream, seen by a node and from outside.
    let nats = NatsServer::start(NEWEST);
    let serve = |platform: &Platform| {
        let mut command = platform.serving();
        command.args(["--listen", "127.0.0.1:0", "--nats", &nats.url()]);
        crate::support::program::Serving::start(command, &platform.token)
    };
    let other = Platform::new("default");
    let node = serve(&other);
    told(&node.run(&["doctor", "--format", "json"]).exits(0));
    drop(node);
    check(look(&["--nats", &nats.url()]), "an event of log ");
    let node = serve(&platform);
    check(node.run(&["doctor", "--format", "json"]), "refused, ");
    drop(node);

    let log = fs::read_dir(data.join("log"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .find(|file| file.extension().is_some());
    let log = log.expect("a segment");
    let mut bytes = fs::read(&log).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&log, bytes).unwrap();
    check(look(&[]), "restore the log from a backup");
}
