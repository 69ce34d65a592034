//! Proofs over HTTP: checkpoint, tiles and proofs to whoever has a token, the proof of an org's history to those who read
//! it; checked by code that is not ours.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;
use tenure::proof::{Checkpoint, Edge, Verifier, leaf, of_org, parse, text};

use crate::support::program::Platform;
use crate::support::server::{Answer, Server, bearer};
use crate::support::world::World;

fn key(server: &Server, token: &str) -> Verifier {
    server.get(token, "/v1/log/keys").json()["key"].as_str().unwrap().parse().unwrap()
}

fn checkpoint(server: &Server, token: &str, path: &str) -> Checkpoint {
    let note = server.get(token, path).text;
    Checkpoint::open(&note, &[key(server, token)]).unwrap().0
}

fn raw(server: &Server, token: &str, path: &str) -> Vec<u8> {
    let url = format!("http://{}{path}", server.address);
    let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
    let mut answer = agent.get(url).header("Authorization", bearer(token)).call().unwrap();
    answer.body_mut().read_to_vec().unwrap()
}

/// All that a node serves of its log goes through `aics-tlog`, which knows nothing of us.
#[test]
fn foreign_code_agrees() {
    let (folder, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let mut server = Server::folder(&data.path().join("data"));
    let admin = server.admin.clone();
    let describe = |word: &str| {
        server.done(&admin, "describe-org", json!({"org": "root", "description": format!("It is {word}.")}))
    };
    for number in 0..150 {
        describe(&format!("the {number}th"));
    }
    let old = server.get(&admin, "/v1/log/checkpoint").text;
    for number in 0..150 {
        describe(&format!("another, {number}"));
    }
    let write = |path: &str, bytes: &[u8]| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    let note = server.get(&admin, "/v1/log/checkpoint").text;
    write("checkpoint", note.as_bytes());
    write("key", key(&server, &admin).to_string().as_bytes());
    let size = checkpoint(&server, &admin, "/v1/log/checkpoint").size;
    assert!(size > 300, "two tiles of leaves: {size}");
    for level in 0..2 {
        let there = size >> (8 * level);
        for number in 0..there.div_ceil(256) {
            let width = (there - number * 256).min(256);
            let partial = if width < 256 { format!(".p/{width}") } else { String::new() };
            let path = format!("tile/{level}/{number:03}{partial}");
            write(&path, &raw(&server, &admin, &format!("/v1/log/{path}")));
        }
    }
    let inclusion: Vec<Value> = [1, 2, 255, 256, 257, 300, size]
        .iter()
        .map(|position| {
            let mut proof = server.get(&admin, &format!("/v1/log/proof/inclusion?position={position}")).json();
            proof["event"] = server.get(&admin, &format!("/v1/events/{position}")).text.into();
            proof
        })
        .collect();
    let (before, _) = Checkpoint::open(&old, &[key(&server, &admin)]).unwrap();
    let consistency: Vec<Value> = [1, 2, 255, 256, before.size, size]
        .iter()
        .map(|from| server.get(&admin, &format!("/v1/log/proof/consistency?from={from}")).json())
        .collect();
    assert_eq!(parse(consistency[4]["from_root"].as_str().unwrap()), Some(before.root));
    assert_eq!(
        server.get(&admin, &format!("/v1/log/checkpoint?as_of={}", before.size)).text,
        old,
        "the same once more"
    );
    write("proofs.json", json!({"inclusion": inclusion, "consistency": consistency}).to_string().as_bytes());
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let packages = root.join("target/tools/tlog");
    assert!(packages.join("aics_tlog").is_dir(), "`tests/run --tools` installs what checks our proofs");
    let ran = Command::new("python3")
        .arg(root.join("tests/tlog/check.py"))
        .arg(folder.path())
        .env("PYTHONPATH", packages)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(String::from_utf8_lossy(&ran.stdout).lines().last(), Some("3 tiles, 7 + 6 proofs"));

    // Started again, with the tree from its files and from the log alone, it says the same.
    server.stop();
    for gone in [false, true] {
        if gone {
            fs::remove_dir_all(data.path().join("data/tree")).unwrap();
        }
        let mut again = Server::reopen(&data.path().join("data"), &admin);
        assert_eq!(again.get(&admin, &format!("/v1/log/checkpoint?as_of={size}")).text, note);
        again.stop();
    }
}

#[test]
fn a_tenant_proves_its_own_history() {
    let world = World::new();
    let server = &world.server;
    let mut edge = Edge::default();
    let history = server.get(&world.helen, "/v1/orgs/educate/history?limit=1000").json();
    for event in history["items"].as_array().unwrap() {
        let position = event["position"].as_str().unwrap();
        edge.push(leaf(server.get(&world.helen, &format!("/v1/events/{position}")).text.as_bytes()), |_, _| ());
    }
    let proof = server.get(&world.helen, "/v1/orgs/educate/proof").json();
    let keys = [key(server, &world.helen)];
    let (log, _) = Checkpoint::open(proof["log"].as_str().unwrap(), &keys).unwrap();
    let (own, _) = Checkpoint::open(proof["checkpoint"].as_str().unwrap(), &keys).unwrap();
    assert_eq!((own.size, own.root), (edge.size(), edge.root()));
    assert_eq!(own.origin, of_org(&log.origin, &"educate".parse().unwrap()));
    assert_eq!(own.more, format!("log {} {}\n", log.size, tenure::proof::text(&log.root)));
    assert_eq!(proof["events"], edge.size());
}

/// Events that are taken along are the leaves of the org's tree, byte for byte, page after page, also where it goes on.
#[test]
fn what_is_taken_along_can_be_proved() {
    let platform = Platform::new("panintelligence");
    let node = platform.serve();
    for number in 0..1_050 {
        let described = json!({"org": "root", "description": format!("It is the {number}th.")});
        node.http().done(&node.token, "describe-org", described);
    }
    let take =
        |more: &[&str]| node.run(&[&["events", "--org", "root", "--format", "ndjson"], more].concat()).exits(0).out;
    let all = take(&[]);
    let mut edge = Edge::default();
    all.lines().for_each(|line| edge.push(leaf(line.as_bytes()), |_, _| ()));
    let proof = node.http().get(&node.token, "/v1/orgs/root/proof").json();
    assert_eq!(proof["events"], edge.size());
    assert_eq!(proof["root"], text(&edge.root()));
    let history = node.run(&["history", "org:root", "--format", "ndjson"]).exits(0).out;
    assert!(history == all, "the history of the org is the same");
    let written: String = all.split_inclusive('\n').take(700).collect();
    let last: Value = serde_json::from_str(written.lines().last().unwrap()).unwrap();
    let next = last["position"].as_str().unwrap().parse::<u64>().unwrap() + 1;
    assert!(written + &take(&["--from", &next.to_string()]) == all, "it goes on where it ended");
}

/// A checkpoint tells how much there is, and that the position tells anybody with a token. Bundles of entries would tell
/// what is in it.
#[test]
fn who_may_read_proofs() {
    let world = World::new();
    let server = &world.server;
    let size = checkpoint(server, &world.sam, "/v1/log/checkpoint").size;
    let check = |token: &str, path: &str, want: &str| {
        let answer: Answer = server.send("GET", path, &[("Authorization", &bearer(token))], None);
        assert_eq!(answer.outcome(), want, "{path}: {}", answer.text);
    };
    for path in [
        "/v1/log/checkpoint".to_owned(),
        "/v1/log/keys".to_owned(),
        "/v1/log/proof/inclusion?position=1".to_owned(),
        format!("/v1/log/proof/inclusion?position={size}"),
        "/v1/log/proof/consistency?from=0".to_owned(),
        format!("/v1/log/proof/consistency?from=1&to={size}"),
        "/v1/log/tile/0/000.p/1".to_owned(),
    ] {
        check("tnr_x", &path, "401 caller.unauthenticated");
        let answer = raw(server, &world.sam, &path);
        assert!(!answer.is_empty(), "{path}");
    }
    let beyond = size + 1;
    check(&world.sam, &format!("/v1/log/proof/inclusion?position={beyond}"), "422 position.beyond_end");
    check(&world.sam, &format!("/v1/log/proof/consistency?from=1&to={beyond}"), "422 position.beyond_end");
    check(&world.sam, &format!("/v1/log/checkpoint?as_of={beyond}"), "422 as_of.future");
    check(&world.sam, "/v1/log/proof/inclusion?position=0", "400 request.malformed");
    check(&world.sam, "/v1/log/proof/inclusion", "400 request.malformed");
    check(&world.sam, "/v1/log/proof/consistency?from=9&to=3", "400 request.malformed");
    for path in ["entries/000", "data/000", "0/000.p/0", "0/000.p/999", "200/000", "0/999", "0/000/..", "0/%2e%2e"] {
        check(&world.sam, &format!("/v1/log/tile/{path}"), "404 not_found");
    }
    check(&world.mike, "/v1/orgs/educate/proof", "403 authority.not_held");
    check(&world.sam, "/v1/orgs/educate/proof", "404 not_found");
    check(&world.helen, "/v1/orgs/educate/proof", "200");
}
