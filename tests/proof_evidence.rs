//! Evidence: made for who may read it, verified by us and by a program of its own, and nothing in it can be changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;
use tenure::keys::ProofKey;
use tenure::proof::{Checkpoint, Evidence, Fault, Proved, Signer, Verifier, seal, verify};
use uuid::Uuid;

use crate::support::program::{Platform, run, text};
use crate::support::server::Server;
use crate::support::world::World;

fn question(user: &str, action: &str, kind: &str, id: &str) -> Value {
    json!({"subject": {"type": "user", "id": user}, "action": {"name": action}, "resource": {"type": kind, "id": id}})
}

fn made(server: &Server, token: &str, wanted: &Value) -> Vec<u8> {
    let answer = server.post(token, "/v1/evidence", wanted);
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text.into_bytes()
}

fn key(server: &Server, token: &str) -> Verifier {
    server.get(token, "/v1/log/keys").json()["key"].as_str().unwrap().parse().unwrap()
}

/// Whether the program in Python says that all is proved, and what it says.
fn python(file: &[u8], keys: &[&Verifier]) -> (bool, String) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("evidence.json");
    fs::write(&path, file).unwrap();
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/python/verify_evidence.py");
    let keys = keys.iter().map(|key| key.to_string());
    let ran = Command::new("python3").arg(program).arg(&path).args(keys).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    (ran.status.success(), said)
}

fn proved(file: &[u8], key: &Verifier) -> Proved {
    let (all, said) = python(file, &[key]);
    assert!(all, "{said}");
    verify(file, std::slice::from_ref(key)).unwrap()
}

#[test]
fn a_decision_with_the_events_that_it_rests_on() {
    let world = World::new();
    let (server, key) = (&world.server, key(&world.server, &world.helen));
    let wanted = json!({"evaluation": question("mike", "view", "chart", "scores"), "complete": ["educate"]});
    let file = made(server, &world.helen, &wanted);
    let proved = proved(&file, &key);
    assert_eq!(proved.answer["decision"], true);
    assert_eq!(proved.question["evaluation"]["context"]["explain"], true, "a decision says why");
    let cited = tenure::proof::cited(&proved.answer);
    let positions: Vec<u64> = proved.events.iter().map(|event| event.position).collect();
    assert!(
        !cited.is_empty()
            && cited.iter().all(|position| positions.contains(position) || proved.unread.contains(position))
    );
    let [org] = proved.orgs.as_slice() else { panic!("one org") };
    let history = server.get(&world.helen, "/v1/orgs/educate/history?limit=1000").json();
    assert_eq!((org.events, org.shown), (history["items"].as_array().unwrap().len() as u64, org.events));
    // As it is stored, byte for byte.
    let evidence = read(&file);
    for shown in &evidence.events {
        assert_eq!(server.get(&world.helen, &format!("/v1/events/{}", shown.position)).text, shown.event);
    }
}

#[test]
fn what_a_path_answers_with_the_events_in_it() {
    let world = World::new();
    let (server, key) = (&world.server, key(&world.server, &world.helen));
    for path in
        ["/v1/users/mike/history?limit=3", "/v1/users/mike/access", "/v1/resources/scores/access", "/v1/orgs/educate"]
    {
        let proved = proved(&made(server, &world.helen, &json!({"read": path})), &key);
        let mut answer = server.get(&world.helen, path).json();
        let mut found = proved.answer.clone();
        for answer in [&mut answer, &mut found] {
            answer.as_object_mut().unwrap().remove("next_cursor");
        }
        assert_eq!(found, answer, "{path}");
        assert_eq!(proved.events.is_empty(), !path.starts_with("/v1/users"), "{path}");
    }
}

/// By the same judgement as everywhere: in the file stands what the reader may read, and of the rest there are hashes.
#[test]
fn evidence_shows_what_its_reader_may_read() {
    let world = World::new();
    let server = &world.server;
    let check = |token: &str, wanted: Value, want: &str| {
        let answer = server.post(token, "/v1/evidence", &wanted);
        assert_eq!(answer.outcome(), want, "{wanted}: {}", answer.text);
    };
    check(&world.sam, json!({"complete": ["educate"]}), "404 not_found");
    check(&world.mike, json!({"complete": ["educate"]}), "403 authority.not_held");
    check(&world.mike, json!({"read": "/v1/orgs/educate/history"}), "403 authority.not_held");
    check(&world.sam, json!({"read": "/v1/users/mike"}), "404 not_found");
    check(&world.helen, json!({"read": "/v1/commands/create-org"}), "400 request.malformed");
    check(&world.helen, json!({"read": "http://elsewhere"}), "400 request.malformed");
    check(&world.helen, json!({"read": "/v1/log/tile/0/000.p/1"}), "400 request.malformed");
    check(&world.helen, json!({}), "400 request.malformed");
    check(&world.helen, json!({"read": "/v1/orgs", "evaluation": {}}), "400 request.malformed");
    check(&world.helen, json!({"evaluation": {"subject": 3}}), "400 request.malformed");
    check(&world.helen, json!({"unknown": 1}), "400 request.malformed");

    // Who may not ask hears so, and the evidence says that.
    let key = key(server, &world.sam);
    let bare =
        proved(&made(server, &world.sam, &json!({"evaluation": question("mike", "view", "chart", "scores")})), &key);
    assert_eq!(bare.answer["context"]["reasons"][0]["code"], "caller.not_permitted");
    assert!(bare.events.is_empty());

    // Mike asks about himself: of what made it so, he reads the events about himself.
    let own = made(server, &world.mike, &json!({"evaluation": question("mike", "view", "chart", "scores")}));
    let own = proved(&own, &key);
    assert_eq!(own.answer["decision"], true);
    assert!(!own.unread.is_empty(), "the share is another's event");
    for position in &own.unread {
        assert_eq!(server.get(&world.mike, &format!("/v1/events/{position}")).status, 404);
    }
    for event in &own.events {
        assert_eq!(server.get(&world.mike, &format!("/v1/events/{}", event.position)).status, 200);
    }
}

/// What is in personal folders is not for auditors: the history is proved to be whole all the same.
#[test]
fn a_history_is_whole_with_what_is_not_shown() {
    let platform = Platform::new("data-hub");
    let node = platform.serve();
    node.done("create-user", r#"{"id": "bob", "org": "root", "name": "Bob", "user_type": "member"}"#);
    let key = run(&["proof-key", "--data", text(&platform.data())]).exits(0).out.parse().unwrap();
    let file = node.run(&["evidence", "history", "org:root"]).exits(0).out;
    let proved = proved(file.as_bytes(), &key);
    let [org] = proved.orgs.as_slice() else { panic!("one org") };
    assert!(org.shown > 0 && org.shown < org.events, "{org:?}");
}

fn read(file: &[u8]) -> Evidence {
    let text = std::str::from_utf8(file).unwrap();
    let (sealed, _) = text.rsplit_once(",\"seal\":").unwrap();
    serde_json::from_str(&format!("{sealed}}}")).unwrap()
}

/// A small file: the log of a platform, and one event of it.
fn small() -> (Vec<u8>, Verifier) {
    let server = Server::memory();
    let file = made(&server, &server.admin, &json!({"evaluation": question("admin", "user.manage", "org", "root")}));
    (file, key(&server, &server.admin))
}

#[test]
fn every_flipped_bit_is_noticed() {
    let (file, key) = small();
    let keys = [key.clone()];
    assert!(verify(&file, &keys).is_ok());
    for at in 0..file.len() {
        for bit in 0..8 {
            let mut changed = file.clone();
            changed[at] ^= 1 << bit;
            assert!(verify(&changed, &keys).is_err(), "bit {bit} of byte {at}");
        }
    }
    for length in 0..file.len() {
        assert!(verify(&file[..length], &keys).is_err(), "cut after {length}");
    }
    assert!(verify(&[&file[..], b"\n"].concat(), &keys).is_err());
    // With the key that the file itself names, too.
    for at in (0..file.len()).step_by(7) {
        let mut changed = file.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(verify(&changed, &[]).is_err(), "byte {at}");
    }
}

#[test]
fn every_flipped_bit_is_noticed_in_python() {
    let (file, key) = small();
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("evidence.json"), &file).unwrap();
    // All in one process, which takes its time for each signature: each byte, one bit of it.
    let script = "
import sys
sys.path.insert(0, sys.argv[1])
import verify_evidence as v
file, key = open(sys.argv[2], 'rb').read(), [sys.argv[3]]
v.verify(file, key)
for at in range(0, len(file), 9):
    changed = bytearray(file)
    changed[at] ^= 1 << at % 8
    try:
        v.verify(bytes(changed), key)
    except Exception:
        continue
    sys.exit(f'byte {at}')
";
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/python");
    let arguments = [program, folder.path().join("evidence.json"), PathBuf::from(key.to_string())];
    let ran = Command::new("python3").arg("-B").arg("-c").arg(script).args(arguments).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

/// Whoever has the key can seal anything. What does not follow from the checkpoint is found all the same.
struct Forger {
    signer: Signer,
    evidence: Evidence,
    log: Checkpoint,
}

impl Forger {
    fn new(evidence: &Evidence, real: &Verifier) -> Self {
        let log_id: Uuid = evidence.origin.strip_prefix("tenure/").unwrap().parse().unwrap();
        let signer = Signer::new(ProofKey::generate().unwrap(), log_id).unwrap();
        let mut evidence = evidence.clone();
        let again = |note: &str| {
            let (checkpoint, _) = Checkpoint::open(note, std::slice::from_ref(real)).unwrap();
            (checkpoint.note(&signer).unwrap(), checkpoint)
        };
        let (note, log) = again(&evidence.checkpoint);
        evidence.checkpoint = note;
        for of in &mut evidence.orgs {
            of.checkpoint = again(&of.checkpoint).0;
        }
        evidence.key = signer.verifier().to_string();
        Self { signer, evidence, log }
    }
}

#[test]
fn what_does_not_follow_from_the_checkpoint_is_found() {
    let world = World::new();
    let (server, real) = (&world.server, key(&world.server, &world.helen));
    let wanted = json!({"evaluation": question("mike", "view", "chart", "scores"), "complete": ["educate"]});
    let whole = read(&made(server, &world.helen, &wanted));
    let cited = read(&made(server, &world.helen, &json!({"evaluation": question("mike", "view", "chart", "scores")})));
    let check = |of: &Evidence, forge: &dyn Fn(&mut Forger), want: &str| {
        let mut forger = Forger::new(of, &real);
        forge(&mut forger);
        let file = seal(&forger.evidence, &forger.signer).unwrap();
        let key = forger.signer.verifier().clone();
        let found = match verify(&file, std::slice::from_ref(&key)) {
            Ok(_) => "proved".to_owned(),
            Err(Fault::Event(_)) => "event".to_owned(),
            Err(Fault::Missing(_)) => "missing".to_owned(),
            Err(Fault::Incomplete { why, .. }) => why,
            Err(Fault::Checkpoint(of)) => format!("checkpoint of {of}"),
            Err(Fault::Unreadable(why)) => why,
            Err(Fault::OtherKey(_)) => "other key".to_owned(),
            Err(Fault::Seal) => "seal".to_owned(),
        };
        assert_eq!(found, want);
        let (all, said) = python(&file, &[&key]);
        assert_eq!(all, want == "proved", "{want}: {said}");
    };
    check(&whole, &|_| (), "proved");
    check(&cited, &|_| (), "proved");
    let event = |change: &dyn Fn(&mut tenure::proof::Shown)| {
        check(&whole, &|forger| change(&mut forger.evidence.events[3]), "event");
    };
    event(&|shown| shown.event = shown.event.replace("admin", "mike!"));
    event(&|shown| shown.event.push(' '));
    event(&|shown| shown.position += 1);
    event(&|shown| shown.position = 0);
    event(&|shown| shown.position = u64::MAX);
    event(&|shown| drop(shown.proof.pop()));
    event(&|shown| shown.proof.push(shown.proof[0].clone()));
    event(&|shown| shown.proof[0] = shown.proof[1].clone());
    event(&|shown| shown.proof[0] = "no hash".to_owned());
    check(&whole, &|forger| drop(forger.evidence.events.pop()), &gap(&whole));
    check(&cited, &|forger| drop(forger.evidence.events.pop()), "missing");
    check(&whole, &|forger| forger.evidence.orgs[0].org = "kickstart".parse().unwrap(), "checkpoint of `kickstart`");
    let other = |forger: &mut Forger, sequence: u64| {
        let leaf = tenure::proof::text(&tenure::proof::leaf(b"another"));
        forger.evidence.orgs[0].others.push((sequence, leaf));
    };
    check(&whole, &|forger| other(forger, 3), "an event of it stands there twice");
    check(&whole, &|forger| other(forger, 0), "its events are not those that were signed");
    check(&whole, &|forger| other(forger, whole.events.len() as u64 + 9), "its events are not those that were signed");
    let instead = |forger: &mut Forger| {
        let events = &mut forger.evidence.events;
        let at = events
            .iter()
            .position(|shown| {
                shown.event.contains("\"orgsequence\":\"3\"") && shown.event.contains("\"org\":\"educate\"")
            })
            .unwrap();
        events.remove(at);
        other(forger, 3);
    };
    check(&whole, &instead, "its events are not those that were signed");
    let own = |forger: &mut Forger, change: &dyn Fn(&mut Checkpoint)| {
        let (mut checkpoint, _) =
            Checkpoint::open(&forger.evidence.orgs[0].checkpoint, &[forger.signer.verifier().clone()]).unwrap();
        change(&mut checkpoint);
        forger.evidence.orgs[0].checkpoint = checkpoint.note(&forger.signer).unwrap();
    };
    check(&whole, &|forger| own(forger, &|of| of.size -= 1), "its events are not those that were signed");
    check(&whole, &|forger| own(forger, &|of| of.more = "log 3 x\n".to_owned()), "checkpoint of `educate`");
    check(&whole, &|forger| own(forger, &|of| of.origin.push('x')), "checkpoint of `educate`");
    let log = |forger: &mut Forger, change: &dyn Fn(&mut Checkpoint)| {
        change(&mut forger.log);
        forger.evidence.checkpoint = forger.log.note(&forger.signer).unwrap();
    };
    check(&cited, &|forger| log(forger, &|of| of.size = 2), "event");
    check(&cited, &|forger| log(forger, &|of| of.root.0[0] ^= 1), "event");
    check(&cited, &|forger| log(forger, &|of| of.origin = "tenure/elsewhere".to_owned()), "checkpoint of the log");
    check(
        &cited,
        &|forger| forger.evidence.format = "tenure-evidence/2".to_owned(),
        "its format is `tenure-evidence/2`",
    );
    check(&cited, &|forger| forger.evidence.key = real.to_string(), "other key");
    check(&cited, &|forger| forger.evidence.origin = "tenure/elsewhere".to_owned(), "other key");
}

/// The event of educate's history that is missing without the last event of the file.
fn gap(whole: &Evidence) -> String {
    let last: Value = serde_json::from_str(&whole.events.last().unwrap().event).unwrap();
    assert_eq!(last["org"], "educate");
    format!("event {} of it is missing", last["orgsequence"].as_str().unwrap())
}

/// A key is renewed: evidence from before is verified with the key of then, and who trusts that trusts the ones after it.
#[test]
fn keys_go_over_to_the_next() {
    let platform = Platform::new("default");
    let data = platform.data();
    let file = |name: &str| platform.folder.path().join(name);
    let keys = |renew: bool| {
        let mut arguments = vec!["proof-key", "--data", text(&data)];
        arguments.extend(renew.then_some("--renew"));
        run(&arguments).exits(0).out.trim().to_owned()
    };
    let evidence = |name: &str| {
        let node = platform.serve();
        let out = file(name);
        node.run(&["evidence", "--out", text(&out), "check", "admin", "user.manage", "org:root"]).exits(0);
        assert_eq!(node.terminate(), 0);
        out
    };
    let first = keys(false);
    let old = evidence("old.json");
    let second = keys(true);
    let new = evidence("new.json");
    assert_ne!(first, second);
    assert_eq!(keys(false), second);
    let stranger = Signer::new(ProofKey::generate().unwrap(), Uuid::nil()).unwrap().verifier().to_string();
    let check = |file: &Path, keys: &[&str], code: i32, said: &str| {
        let mut arguments = vec!["verify", text(file)];
        arguments.extend(keys.iter().flat_map(|key| ["--key", key]));
        let ran = run(&arguments).exits(code);
        assert!(ran.out.starts_with(&format!("verdict       {said}")), "{}", ran.out);
        let keys: Vec<Verifier> = keys.iter().map(|key| key.parse().unwrap()).collect();
        let (all, said) = python(&fs::read(file).unwrap(), &keys.iter().collect::<Vec<_>>());
        assert_eq!(all, code == 0, "{said}");
    };
    check(&old, &[&first], 0, "all is proved\n");
    check(&new, &[&second], 0, "all is proved\n");
    check(&new, &[&first], 0, "all is proved\n");
    check(&old, &[&second], 1, "it is signed with `");
    check(&old, &[&second, &first], 0, "all is proved\n");
    check(&new, &[&stranger], 1, "it is signed with `");
    check(&old, &[], 0, "all is proved, if the key is the platform's: compare it");
    run(&["verify", text(&old), "--key", "hello"]).exits(2);
    run(&["verify", text(&file("none.json"))]).exits(2);
    fs::write(file("other.json"), "{}").unwrap();
    assert!(run(&["verify", text(&file("other.json"))]).exits(1).out.contains("this is no file of evidence"));
}

/// What somebody knows of a log from before is held against it.
#[test]
fn a_log_is_held_to_what_is_known_of_it() {
    let platform = Platform::new("default");
    let data = platform.data();
    let verify = |expect: &[&str]| {
        let mut arguments = vec!["verify", "--data", text(&data), "--format", "json"];
        arguments.extend(expect.iter().flat_map(|known| ["--expect", known]));
        run(&arguments)
    };
    let field = |out: &str, name: &str| serde_json::from_str::<Value>(out).unwrap()[name].clone();
    let first = verify(&[]).exits(0).out;
    assert_eq!(field(&first, "tree"), "none yet: a start makes it");
    let known = |out: &str, what: &str| format!("{}:{}", field(out, "position"), field(out, what).as_str().unwrap());
    let (event, root) = (known(&first, "hash"), known(&first, "root"));
    let node = platform.serve();
    node.done("create-org", r#"{"id": "a", "name": "A"}"#);
    let note = node.http().get(&platform.token, "/v1/log/checkpoint").text;
    assert_eq!(node.terminate(), 0);
    let second = verify(&[&event, &root]).exits(0).out;
    let position = field(&second, "position").as_u64().unwrap();
    assert_eq!(field(&second, "tree"), format!("right, up to position {position}"));
    let lines: Vec<&str> = note.lines().collect();
    verify(&[&format!("{}:{}", lines[1], lines[2])]).exits(0);
    let check = |expect: &str, said: &str| {
        let verdict = field(&verify(&[&event, expect]).exits(1).out, "verdict");
        assert!(verdict.as_str().unwrap().starts_with(said), "{verdict}");
    };
    let other = "the log is not the one that was expected: at position 1 it has ";
    check(&format!("1:{}", event.split_once(':').unwrap().1), other);
    check(&format!("1:{}", root.split_once(':').unwrap().1), other);
    let beyond = position + 1;
    check(&format!("{beyond}:{}", lines[2]), &format!("the log ends at position {position}, before position {beyond}"));
    for wrong in ["1", "x:y", "0:abc", &format!("0:{}", lines[2]), &format!("1:{}", &lines[2][..40])] {
        verify(&[wrong]).exits(2);
    }
}
