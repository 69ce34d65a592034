//! Every file of a data folder, harmed in every way: `doctor`, `verify` and a start agree on it, and only a start writes.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;
use tenure::clock::Clock;
use tenure::data::DataFolder;
use tenure::log::{FileLog, FileOptions, Log};
use tenure::node::{Node, Options, examine};
use tenure_events::{Hash, UserId, parse};

use crate::support::platform::Platform;
use crate::support::program::{Ran, run, text};

/// What is harmed, and how.
type Harm = (&'static str, fn(&Path));

const HARMS: [Harm; 5] = [
    ("gone", |file| fs::remove_file(file).unwrap()),
    ("empty", |file| fs::write(file, "").unwrap()),
    ("cut", |file| change(file, |bytes| bytes.truncate(bytes.len() / 2))),
    ("flipped", |file| {
        change(file, |bytes| {
            let middle = bytes.len() / 2;
            bytes.get_mut(middle).into_iter().for_each(|byte| *byte ^= 0x10);
        })
    }),
    ("longer", |file| change(file, |bytes| bytes.extend(b"more"))),
];

fn change(file: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(file).unwrap();
    change(&mut bytes);
    fs::write(file, bytes).unwrap();
}

/// Every file below a folder, and its bytes.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

fn copy(from: &Path, to: &Path) {
    for (path, bytes) in contents(from) {
        let path = to.join(path.strip_prefix(from).unwrap());
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

/// A platform with some history, closed in good order or not, and how many events it has.
fn used(data: &Path, closed: bool) -> u64 {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let platform = Platform::folder(data);
        for number in 0..4 {
            platform.user(&format!("user{number}"), "viewer").await;
        }
        let position = platform.node.live().position();
        if closed {
            platform.node.shutdown().await.unwrap();
        }
        position
    })
}

/// A start: how many events it serves and what it warns of, or why there is none.
fn start(data: &Path) -> Result<(u64, String), String> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (node, report) = Node::open(Options::folder(data)).map_err(|error| error.to_string())?;
        Ok((node.live().position(), report.warnings().join("\n")))
    })
}

fn doctor(data: &Path) -> Ran {
    run(&["doctor", "--url", "http://127.0.0.1:1", "--data", text(data), "--format", "json"])
}

#[test]
fn every_file_harmed_in_every_way_is_told_alike() {
    let folder = TempDir::new().unwrap();
    let mut table = Vec::new();
    for closed in [true, false] {
        let made = folder.path().join(format!("{closed}"));
        let events = used(&made, closed);
        let files: Vec<PathBuf> = contents(&made).into_keys().collect();
        assert!(files.len() >= if closed { 7 } else { 5 }, "{files:?}");
        for (number, file) in files.iter().enumerate() {
            for (harm, spoil) in HARMS {
                let data = folder.path().join(format!("{closed}-{number}-{harm}"));
                copy(&made, &data);
                spoil(&data.join(file.strip_prefix(&made).unwrap()));
                let what = format!("{} {harm}, closed: {closed}", file.display());
                table.push(agrees(&data, events, &what));
            }
        }
    }
    assert!(table.contains(&true) && table.contains(&false), "some are served and some are not");
}

/// Whether it is served.
fn agrees(data: &Path, events: u64, what: &str) -> bool {
    let before = contents(data);
    let (seen, proved) = (doctor(data), run(&["verify", "--data", text(data)]));
    assert!(contents(data) == before, "{what}: looking has written");
    let told = format!("{}{}", seen.out, seen.err);
    match start(data) {
        Ok((position, warnings)) => {
            assert_eq!(seen.code, 0, "{what}: served, and doctor says {told}");
            assert_eq!(proved.code, 0, "{what}: served, and verify says {}{}", proved.out, proved.err);
            assert!(
                position == events || warnings.contains("are kept in"),
                "{what}: {position} of {events}: {warnings}"
            );
            for warning in warnings.lines().filter(|warning| !warning.contains("are kept in")) {
                assert!(told.contains(&warning.replace('"', "\\\"")), "{what}: doctor says nothing of: {warning}");
            }
            true
        }
        Err(error) => {
            assert_eq!(seen.code, 1, "{what}: not served ({error}), and doctor says {told}");
            for text in [&error, &told, &proved.out] {
                assert!(!text.contains("remove") && !text.contains("delete"), "{what}: {text}");
            }
            false
        }
    }
}

/// Puts bytes behind the last event, as one append.
fn append(data: &Path, events: &[Vec<u8>]) {
    let folder = DataFolder::open(data).unwrap();
    let (log, _) = FileLog::open(&folder.log(), folder.log_id(), FileOptions::default()).unwrap();
    let mut log = Log::Files(log);
    log.append(log.head(), events).unwrap();
    log.close().unwrap();
}

/// A log whose every checksum is right and that no program of this version can serve: `doctor` and `verify` know.
#[test]
fn events_that_cannot_be_read_are_told_by_all() {
    let folder = TempDir::new().unwrap();
    let made = folder.path().join("made");
    used(&made, true);
    fs::remove_dir_all(made.join("checkpoint")).unwrap();
    let last = {
        let folder = DataFolder::open(&made).unwrap();
        let (log, _) = FileLog::open_read_only(&folder.log(), folder.log_id()).unwrap();
        log.read(log.head(), 1).unwrap().remove(0).bytes.to_vec()
    };
    let next = || {
        let mut event: Value = serde_json::from_slice(&last).unwrap();
        let position = parse(&last).unwrap().position + 1;
        event["position"] = position.to_string().into();
        event["prev"] = Hash::of(&last).to_string().into();
        event
    };
    let with = |field: &str, value: &str| {
        let mut event = next();
        event[field] = value.into();
        event.to_string().into_bytes()
    };
    let kind = next()["type"].as_str().unwrap().to_owned();
    for (what, event) in [
        ("no JSON", b"no event at all".to_vec()),
        ("an unknown type", with("type", "tenure.dream.dreamt.v1")),
        ("a later version", with("type", &format!("{}9", &kind[..kind.len() - 1]))),
        ("another prev", with("prev", &"0".repeat(64))),
        ("another position", with("position", "7")),
        ("half a command", with("commandcount", "2")),
    ] {
        let data = folder.path().join(what.replace(' ', "-"));
        copy(&made, &data);
        append(&data, &[event]);
        let before = contents(&data);
        let (seen, proved) = (doctor(&data).exits(1), run(&["verify", "--data", text(&data)]).exits(1));
        assert!(seen.out.contains("no start can read them"), "{what}: {}", seen.out);
        assert!(proved.out.contains("event") || proved.out.contains("the log ends"), "{what}: {}", proved.out);
        assert_eq!(contents(&data), before, "{what}");
        start(&data).unwrap_err();
    }
}

/// Whose key is destroyed though the log does not call them erased: the log lost its end, or the keys are of another copy.
#[test]
fn keys_that_know_of_an_erasure_that_the_log_does_not() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    used(&data, true);
    {
        let folder = DataFolder::open(&data).unwrap();
        let keys = tenure::keys::KeyStore::open(&folder.keys(), folder.log_id()).unwrap();
        keys.erase(&UserId::new("user2").unwrap()).unwrap();
    }
    let want = "the keys of 1 people are destroyed whom the log does not call erased, `user2` first";
    let seen = examine(&data, &Clock::system()).unwrap();
    assert!(seen.warnings.iter().any(|warning| warning.contains(want)), "{:?}", seen.warnings);
    let (_, warnings) = start(&data).unwrap();
    assert!(warnings.contains(want), "{warnings}");
}

/// The whole log damaged: nothing of it goes, and nobody advises to remove it.
#[test]
fn a_log_that_is_one_damaged_frame_is_kept() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    Platform::init(&data);
    fs::remove_file(data.join("log/closed")).unwrap();
    change(&data.join("log/00000000000000000001.seg"), |bytes| bytes[5_000] ^= 1);
    let before = contents(&data);
    for _ in 0..2 {
        let error = start(&data).unwrap_err();
        assert!(
            error.contains("was durable up to position 1") && error.contains("restore the log from a backup"),
            "{error}"
        );
        assert!(!error.contains("remove"), "{error}");
    }
    assert_eq!(contents(&data), before);
    assert!(!doctor(&data).exits(1).out.contains("remove"));
}
