//! What a platform that was restored from a backup makes of positions that were told before: those of the future that was lost
//! are refused, in whatever place they come.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tenure::data;
use tenure::node::{Fault, Node, OpenError, Options, ReplayError, backup, restore, verify};
use tenure_events::{Epoch, parse};
use ureq::Agent;

use crate::support::server::{Server, bearer};

fn silent(_: u64, _: u64) {}

/// Writes some events.
fn write(server: &Server, times: usize) {
    for number in 0..times {
        let described = json!({"org": "root", "description": format!("{number} of {times}")});
        server.done(&server.admin, "describe-org", described);
    }
}

/// The position as the server tells it.
fn told(server: &Server) -> String {
    server.get(&server.admin, "/v1/whoami").header("tenure-position").to_owned()
}

/// The cursor of a list that has more.
fn cursor(server: &Server) -> String {
    server.get(&server.admin, "/v1/events?limit=1").json()["next_cursor"].as_str().unwrap().to_owned()
}

/// Every place where a position may be told, with what comes of it there.
fn places(server: &Server, place: &str, cursor: &str) -> Vec<(&'static str, String)> {
    let get = |path: String| server.get(&server.admin, &path).outcome();
    let asks = |context: Value| {
        let question = json!({
            "subject": {"type": "user", "id": "admin"}, "action": {"name": "org.manage"},
            "resource": {"type": "org", "id": "root"}, "context": context,
        });
        server.post(&server.admin, "/access/v1/evaluation", &question).outcome()
    };
    let matches = || {
        let bearer = bearer(&server.admin);
        let named = format!("\"{place}\"");
        let headers = [("Authorization", &*bearer), ("Content-Type", "application/json"), ("If-Match", named.as_str())];
        let body = json!({"org": "root", "tags": [place]}).to_string();
        server.send("POST", "/v1/commands/tag-org", &headers, Some(body.as_bytes())).outcome()
    };
    let number = place.parse::<u64>().map_or(json!(place), |number| json!(number));
    vec![
        ("min_position", get(format!("/v1/orgs?min_position={place}"))),
        ("as_of", get(format!("/v1/orgs?as_of={place}"))),
        ("from", get(format!("/v1/events?from={place}"))),
        ("to", get(format!("/v1/events?to={place}"))),
        ("diff", get(format!("/v1/diff?from={place}&org=root"))),
        ("event", get(format!("/v1/events/{place}"))),
        ("cursor", get(format!("/v1/events?limit=1&cursor={cursor}"))),
        ("context.min_position", asks(json!({"min_position": number}))),
        ("context.as_of", asks(json!({"as_of": number}))),
        ("If-Match", matches()),
    ]
}

/// The ids of events that come after one, or the answer if there is no stream.
fn stream(server: &Server, last: &str, count: usize) -> Vec<String> {
    let config =
        Agent::config_builder().proxy(None).http_status_as_error(false).timeout_global(Some(Duration::from_secs(20)));
    let agent: Agent = config.build().into();
    let url = format!("http://{}/v1/events/stream", server.address);
    let answer =
        agent.get(url).header("Authorization", bearer(&server.admin)).header("Last-Event-ID", last).call().unwrap();
    if answer.status() != 200 {
        let problem: Value = serde_json::from_str(&answer.into_body().read_to_string().unwrap()).unwrap();
        return vec![problem["code"].as_str().unwrap().to_owned()];
    }
    let lines = BufReader::new(answer.into_body().into_reader()).lines().map(Result::unwrap);
    lines.filter_map(|line| line.strip_prefix("id: ").map(str::to_owned)).take(count).collect()
}

/// A platform that was restored at a position and has gone on beyond what was lost.
fn restored(at: &Path, to: &Path, admin: &str) -> Server {
    restore(at, to, None, &mut silent).unwrap();
    let server = Server::reopen(to, admin);
    write(&server, 12);
    server
}

#[test]
fn positions_of_a_lost_future_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut first = Server::folder(&at("data"));
    write(&first, 2);
    let common: u64 = told(&first).parse().unwrap();
    first.node.backup(&at("backup"), &mut silent).unwrap();
    write(&first, 5);
    let (lost, old_cursor) = (told(&first), cursor(&first));
    assert_eq!(lost, (common + 5).to_string());
    for (place, outcome) in places(&first, &lost, &old_cursor) {
        assert_eq!(outcome, "200", "{place}");
    }
    let admin = first.admin.clone();
    first.stop();
    let second = restored(&at("backup"), &at("restored"), &admin);
    let (epoch, position) = told(&second).split_once('-').map(|(e, p)| (e.to_owned(), p.to_owned())).unwrap();
    assert_eq!(position, (common + 12).to_string());
    let check = |server: &Server, place: &str, cursor: &str, want: &str| {
        for (name, outcome) in places(server, place, cursor) {
            // A position that both futures have says nothing of a cursor.
            if name != "cursor" || want != "200" {
                assert_eq!(outcome, want, "{name} of {place}");
            }
        }
    };
    for place in [&*lost, &format!("0-{lost}"), &format!("7-{common}"), &format!("{}", common + 1)] {
        check(&second, place, &old_cursor, "422 epoch.past");
        assert_eq!(stream(&second, place, 1), ["epoch.past"], "{place}");
    }
    // What both have is the same in both, but nobody gives an entity back that changed since.
    for place in [common.to_string(), format!("0-{common}"), format!("{epoch}-{common}")] {
        let outcomes = places(&second, &place, &cursor(&second));
        let (changed, others): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(|(name, _)| *name == "If-Match");
        assert!(others.iter().all(|(_, outcome)| outcome == "200"), "{place}: {others:?}");
        assert_eq!(changed[0].1, "412 entity.changed", "{place}");
        let next = stream(&second, &place, 2);
        assert_eq!(next, [format!("{epoch}-{}", common + 1), format!("{epoch}-{}", common + 2)], "{place}");
    }
    check(&second, &told(&second), &cursor(&second), "200");
    let resumed = stream(&second, &format!("{epoch}-{}", common + 1), 1);
    assert_eq!(resumed, [format!("{epoch}-{}", common + 2)]);
    assert_eq!(second.get(&admin, &format!("/v1/events/{epoch}-999999")).status, 404);
    assert_eq!(
        second.get(&admin, &format!("/v1/orgs?min_position={epoch}-999999")).outcome(),
        "422 position.beyond_end"
    );
}

#[test]
fn each_restore_is_an_epoch_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut first = Server::folder(&at("data"));
    let admin = first.admin.clone();
    first.node.backup(&at("backup"), &mut silent).unwrap();
    let common = first.node.live().position();
    first.stop();
    let mut one = restored(&at("backup"), &at("one"), &admin);
    std::thread::sleep(Duration::from_millis(1_100));
    let mut other = restored(&at("backup"), &at("other"), &admin);
    let (of_one, of_other) = (told(&one), told(&other));
    assert_ne!(of_one, of_other, "as far, and not the same future");
    let min = |server: &Server, place: &str| server.get(&admin, &format!("/v1/orgs?min_position={place}")).outcome();
    assert_eq!([min(&one, &of_other), min(&other, &of_one)], ["422 epoch.past", "422 epoch.past"]);
    other.stop();
    // A backup takes along which futures there were, and a restore of it begins the next.
    one.node.backup(&at("later"), &mut silent).unwrap();
    write(&one, 3);
    let beyond = told(&one);
    one.stop();
    // Epochs are told apart by the second in which they began.
    std::thread::sleep(Duration::from_millis(1_100));
    let mut third = restored(&at("later"), &at("third"), &admin);
    assert_eq!(
        [min(&third, &of_one), min(&third, &beyond), min(&third, &common.to_string())],
        ["200", "422 epoch.past", "200"]
    );
    let epochs: Vec<Epoch> =
        third.node.log().read(1, usize::MAX).unwrap().iter().map(|event| parse(&event.bytes).unwrap().epoch).collect();
    assert!(epochs.is_sorted(), "{epochs:?}");
    let source = third.get(&admin, &format!("/v1/events/{}", told(&third))).json()["source"].clone();
    assert_eq!(source, format!("/logs/{}/{}", third.node.log_id(), third.node.epochs().current()));
    third.stop();
    let proved = verify(&at("third"), &mut silent).unwrap();
    assert!(proved.fault.is_none(), "{:?}", proved.fault);
    // A log under the manifest of another copy of it.
    for (of, to) in [("data", "third"), ("other", "third"), ("third", "data")] {
        let mixed = at(&format!("{of}-{to}"));
        std::fs::create_dir(&mixed).unwrap();
        for part in ["log", "keys", "feed-key"] {
            copy(&at(to).join(part), &mixed.join(part));
        }
        copy(&at(of).join("tenure.json"), &mixed.join("tenure.json"));
        let fault = verify(&mixed, &mut silent).unwrap().fault;
        assert!(
            matches!(fault, Some(Fault::Event(ReplayError::Epoch { .. }))) || of == "third",
            "{of} {to}: {fault:?}"
        );
        let opened = Node::open(Options { clock_confirmed: true, ..Options::folder(&mixed) }).map(drop);
        let refused = matches!(opened, Err(OpenError::Replay(ReplayError::Epoch { .. })));
        // A log without an event of the later epochs may have been restored, and never written to.
        assert!(refused || (of, to) == ("third", "data"), "{of} {to}: {opened:?}");
    }
}

fn copy(from: &Path, to: &Path) {
    if !from.is_dir() {
        std::fs::copy(from, to).unwrap();
        return;
    }
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let name = entry.unwrap().file_name();
        copy(&from.join(&name), &to.join(&name));
    }
}

#[test]
fn a_platform_that_was_never_restored_tells_plain_positions() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::folder(&folder.path().join("data"));
    write(&server, 1);
    assert!(told(&server).parse::<u64>().is_ok());
    let manifest: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("data/tenure.json")).unwrap()).unwrap();
    assert_eq!(manifest["format"], 1, "earlier versions read it: {manifest}");
    server.stop();
    backup(&folder.path().join("data"), &folder.path().join("backup"), &mut silent).unwrap();
    assert!(data::epochs(&folder.path().join("backup/platform")).unwrap().is_first(), "a backup is no restore");
}
