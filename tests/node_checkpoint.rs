//! Starting from a checkpoint, and without one that cannot be used.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use tenure::chain::Head;
use tenure::checkpoint::{self, CheckpointError, Mark};
use tenure::log::OpenError as LogError;
use tenure::node::{CheckpointUse, Node, OpenError, OpenReport, Options};
use tenure::token::Token;
use tenure_events::{Hash, parse};
use tenure_projections::{Digest, State};

use crate::support::platform::Platform;
use crate::support::snapshots;

/// A platform with a little of everything, closed in good order; its administrator's key, digest and position.
async fn closed(path: &Path) -> (Token, Digest, u64) {
    let platform = Platform::folder(path);
    platform.user("ann", "administrator").await;
    platform.done("create-org", json!({"id": "a", "name": "A", "admin": {"name": "Al"}})).await;
    platform.done("create-group", json!({"id": "g", "org": "root", "name": "G"})).await;
    platform.done("add-group-members", json!({"group": "g", "users": ["ann"]})).await;
    platform.done("define-role", json!({"id": "r", "org": "root", "name": "R", "privileges": ["chart.edit"]})).await;
    platform.done("assign-role", json!({"role": "r", "users": ["ann"], "groups": ["g"]})).await;
    for n in 0..20 {
        platform.done("tag-org", json!({"org": "a", "tags": [format!("{n}")]})).await;
        platform.done("create-resource", json!({"org": "root", "kind": "chart", "name": format!("C{n}")})).await;
    }
    let (token, digest) = (platform.token.clone(), platform.node.state().digest());
    let position = platform.node.live().position();
    platform.node.shutdown().await.unwrap();
    (token, digest, position)
}

fn reopen(path: &Path, token: &Token) -> (Platform, OpenReport) {
    Platform::open(Options::folder(path), token.clone())
}

/// The files of the checkpoint, without its seal.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if path.extension().is_none_or(|extension| extension != "seal") {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[tokio::test]
async fn a_start_from_a_checkpoint_is_the_same_as_from_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let (token, digest, position) = closed(folder.path()).await;
    // Twice: reading a checkpoint leaves it as good as it was.
    for _ in 0..2 {
        let (platform, report) = reopen(folder.path(), &token);
        assert_eq!((report.checkpoint, report.replayed), (CheckpointUse::Loaded(position), 0));
        assert_eq!(platform.node.state().digest(), digest);
        assert_eq!(Digest::recompute(platform.node.state()), digest, "memory holds what the digest says");
        let tags = |position| {
            let view = platform.node.view(Some(position), None).unwrap();
            view.find_org("a").map(|org| view.org_tags(org).to_vec())
        };
        let (live, past) = (tenure::node::AsOf::Position(position), tenure::node::AsOf::Position(position / 2));
        let without = Options { checkpoint: None, ..Options::folder(folder.path()) };
        assert_ne!(tags(live), tags(past));
        let (live, past) = (tags(live), tags(past));
        drop(platform);
        let (platform, report) = Platform::open(without, token.clone());
        assert_eq!((report.checkpoint, report.replayed), (CheckpointUse::None, position));
        let tags = |position| {
            let view = platform.node.view(Some(tenure::node::AsOf::Position(position)), None).unwrap();
            view.find_org("a").map(|org| view.org_tags(org).to_vec())
        };
        assert_eq!((tags(position), tags(position / 2)), (live, past));
    }
}

#[tokio::test]
async fn what_came_after_a_checkpoint_is_replayed() {
    let folder = tempfile::tempdir().unwrap();
    let (token, _, position) = closed(folder.path()).await;
    let (platform, _) = reopen(folder.path(), &token);
    platform.done("create-org", json!({"id": "b", "name": "B"})).await;
    let digest = platform.node.state().digest();
    drop(platform);
    let (platform, report) = reopen(folder.path(), &token);
    assert_eq!((report.checkpoint, report.replayed), (CheckpointUse::Loaded(position), 2));
    assert_eq!(platform.node.state().digest(), digest);
    platform.node.shutdown().await.unwrap();
    let (_, report) = reopen(folder.path(), &token);
    assert_eq!(report.checkpoint, CheckpointUse::Loaded(position + 2));
    assert_eq!(fs::read_dir(folder.path().join("checkpoint")).unwrap().count(), 2, "one database and its seal");
}

#[tokio::test]
async fn a_checkpoint_is_of_its_mark_whatever_comes_after() {
    let folder = tempfile::tempdir().unwrap();
    let (platform, checkpoint) = (Platform::memory(), folder.path().join("checkpoint"));
    platform.done("create-org", json!({"id": "a", "name": "A"})).await;
    let last = platform.node.log().read(platform.node.live().position(), 1).unwrap().remove(0);
    let head = Head { position: last.position, hash: Hash::of(&last.bytes), time: parse(&last.bytes).unwrap().time };
    let (mark, digest) = (Mark::of(platform.node.state(), head), platform.node.state().digest());
    platform.done("rename-org", json!({"org": "a", "name": "B"})).await;
    platform.done("create-org", json!({"id": "c", "name": "C", "admin": {"name": "Cy"}})).await;
    let log = platform.node.log_id();
    checkpoint::write(&checkpoint, log, platform.node.state(), &mark, &|| true).unwrap();
    let end = platform.node.live().position();
    let (state, loaded) = checkpoint::load(&checkpoint, log, end).unwrap().expect("a checkpoint");
    assert_eq!((loaded, state.digest(), Digest::recompute(&state)), (head, digest.clone(), digest));
    for event in platform.node.log().read(head.position + 1, 1_000).unwrap() {
        state.install(&parse(&event.bytes).unwrap());
    }
    assert_eq!(state.digest(), platform.node.state().digest());
    // Given up half way, a later one leaves it alone.
    let given_up =
        checkpoint::write(&checkpoint, log, &state, &Mark::of(&state, Head { position: end, ..head }), &|| false);
    assert!(matches!(given_up, Err(CheckpointError::GivenUp)));
    assert_eq!(checkpoint::load(&checkpoint, log, end).unwrap().expect("a checkpoint").1, head);
}

/// Checkpoints keep tables and values as they are encoded now. If this changes, raise `packed::SCHEMA`, so that older
/// ones are dropped, and approve the new digest.
#[test]
fn another_meaning_or_encoding_is_another_schema() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("events/golden");
    let mut specimens: Vec<PathBuf> = fs::read_dir(golden).unwrap().map(|entry| entry.unwrap().path()).collect();
    specimens.retain(|path| path.is_file());
    // Privileges get their numbers from the first event that names them.
    specimens.sort_by_key(|path| (!path.to_string_lossy().contains("privilege.defined"), path.clone()));
    let state = State::new();
    for (position, path) in (1..).zip(specimens) {
        let mut envelope = parse(fs::read(path).unwrap().trim_ascii()).unwrap();
        (envelope.position, envelope.index, envelope.count) = (position, 0, 1);
        state.install(&envelope);
    }
    let said = format!("schema {}\ndigest {}", checkpoint::SCHEMA, state.digest());
    snapshots().bind(|| insta::assert_snapshot!("checkpoint-schema", said));
}

#[tokio::test]
async fn checkpoints_are_written_while_commands_come() {
    let folder = tempfile::tempdir().unwrap();
    let token = Platform::init(folder.path());
    let every = |events| Options { checkpoint: Some(events), ..Options::folder(folder.path()) };
    let (platform, _) = Platform::open(every(1), token.clone());
    let first = platform.node.live().position();
    let sealed = || {
        let entries = fs::read_dir(folder.path().join("checkpoint")).into_iter().flatten();
        entries.flatten().any(|entry| entry.path().extension().is_some_and(|is| is == "seal"))
    };
    let mut n = 0;
    while !sealed() {
        platform.done("create-org", json!({"name": format!("{n}")})).await;
        n += 1;
    }
    let digest = platform.node.state().digest();
    drop(platform);
    let (platform, report) = Platform::open(every(1_000_000), token);
    let CheckpointUse::Loaded(position) = report.checkpoint else { panic!("{:?}", report.checkpoint) };
    assert!(position > first, "{position}");
    assert_eq!((platform.node.state().digest(), report.replayed), (digest, first + 2 * n - position));
}

/// Harms the checkpoint of a closed platform, opens it, and expects everything to be as it was.
async fn check(name: &str, harm: impl FnOnce(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    let (token, digest, position) = closed(folder.path()).await;
    harm(&folder.path().join("checkpoint"));
    let (platform, report) = reopen(folder.path(), &token);
    assert!(matches!(report.checkpoint, CheckpointUse::Dropped(_)), "{name}: {:?}", report.checkpoint);
    assert_eq!((report.replayed, platform.node.state().digest()), (position, digest), "{name}");
    platform.node.shutdown().await.unwrap();
    let (_, report) = reopen(folder.path(), &token);
    assert_eq!(report.checkpoint, CheckpointUse::Loaded(position), "{name}: it is written anew");
}

#[tokio::test]
async fn a_damaged_checkpoint_is_dropped() {
    let flip = |at: fn(usize) -> usize| {
        move |folder: &Path| {
            let file = files(folder).into_iter().max_by_key(|file| fs::metadata(file).unwrap().len()).unwrap();
            let mut bytes = fs::read(&file).unwrap();
            let at = at(bytes.len());
            bytes[at] ^= 1;
            fs::write(file, bytes).unwrap();
        }
    };
    check("first byte", flip(|_| 0)).await;
    check("a third", flip(|length| length / 3)).await;
    check("middle", flip(|length| length / 2)).await;
    check("last byte", flip(|length| length - 1)).await;
    check("a file is gone", |folder| fs::remove_file(&files(folder)[0]).unwrap()).await;
    check("a file is cut", |folder| fs::write(&files(folder)[0], "").unwrap()).await;
    check("the seal is cut", |folder| {
        let seal = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).find(|path| path.is_file()).unwrap();
        fs::write(seal, "").unwrap();
    })
    .await;
    check("the database is gone", |folder| {
        let database = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).find(|path| path.is_dir()).unwrap();
        fs::remove_dir_all(database).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_checkpoint_of_another_log_is_dropped_and_of_a_longer_one_refused() {
    let other = tempfile::tempdir().unwrap();
    closed(other.path()).await;
    check("another log's", |folder| {
        fs::remove_dir_all(folder).unwrap();
        fs::rename(other.path().join("checkpoint"), folder).unwrap();
    })
    .await;
    // A shorter log of the same platform, as from a backup, with the checkpoint of the longer one.
    let (folder, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let token = Platform::init(folder.path());
    let (platform, _) = reopen(folder.path(), &token);
    drop(platform);
    for part in ["tenure.json", "keys"] {
        fs::copy(folder.path().join(part), copy.path().join(part)).unwrap();
    }
    fs::create_dir(copy.path().join("log")).unwrap();
    for entry in fs::read_dir(folder.path().join("log")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.path().join("log").join(entry.file_name())).unwrap();
    }
    let (platform, _) = reopen(folder.path(), &token);
    platform.done("create-org", json!({"name": "A"})).await;
    platform.node.shutdown().await.unwrap();
    fs::rename(folder.path().join("checkpoint"), copy.path().join("checkpoint")).unwrap();
    let Err(error) = Node::open(Options::folder(copy.path())) else { panic!("a log that has lost its end is served") };
    assert!(matches!(error, OpenError::Log(LogError::EndLost { .. })), "{error}");
    // Whoever put the older log there on purpose moves the checkpoint away.
    fs::rename(copy.path().join("checkpoint"), copy.path().join("away")).unwrap();
    reopen(copy.path(), &token);
}

#[tokio::test]
async fn a_half_written_checkpoint_is_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let (token, _, position) = closed(folder.path()).await;
    let torn = folder.path().join("checkpoint").join(format!("{:020}", position + 1));
    fs::create_dir(&torn).unwrap();
    fs::write(torn.join("db"), "half").unwrap();
    let (_, report) = reopen(folder.path(), &token);
    assert_eq!(report.checkpoint, CheckpointUse::Loaded(position));
}
