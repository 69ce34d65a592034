//! A full disk, a second process, folders of newer versions, damage: the program as people run it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::support::program::{Platform, Ran, Serving, run, tenure, text};
use crate::support::server::{Answer, Client};

/// A node whose files may have so many kilobytes, or twice as many where the shell counts so.
fn serve_within(platform: &Platform, kilobytes: u64, told: &Path) -> Serving {
    let mut command = Command::new("sh");
    command.env_remove("TENURE_LOG");
    let limited = format!("ulimit -f {}; exec \"$0\" \"$@\"", kilobytes * 2);
    command.args(["-c", &limited, env!("CARGO_BIN_EXE_tenure"), "serve", "--data", text(&platform.data())]);
    command.args(["--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"]);
    command.stderr(fs::File::create(told).unwrap());
    Serving::start_telling(command, &platform.token)
}

fn describe(http: &Client, token: &str, text: &str) -> Answer {
    http.post(token, "/v1/commands/describe-org", &json!({"org": "root", "description": text}))
}

#[test]
fn a_full_disk_costs_nothing_acknowledged_and_reading_goes_on() {
    let platform = Platform::new("default");
    let told = platform.folder.path().join("stderr");
    let (node, token) = (serve_within(&platform, 97, &told), &platform.token);
    let http = node.http();
    assert_eq!(http.get(token, "/readyz").status, 200);
    let mut acknowledged = Vec::new();
    let failed = (0..1_000).find_map(|number| {
        let answer = describe(&http, token, &format!("{number}"));
        match answer.status {
            200 => acknowledged.push(answer.json()["events"][0].clone()),
            _ => return Some(answer),
        }
        None
    });
    let failed = failed.expect("the disk is full at some time");
    assert_eq!(failed.outcome(), "503 outcome.unknown", "{failed:?}");
    assert!(!acknowledged.is_empty());
    for _ in 0..3 {
        let answer = describe(&http, token, "later");
        assert_eq!(answer.outcome(), "503 log.unavailable", "{answer:?}");
        assert_eq!(answer.header("Retry-After"), "1");
        assert_eq!(answer.json()["reasons"][0]["code"], "disk.full");
    }
    let ready = http.get(token, "/readyz");
    assert_eq!((ready.status, &ready.json()["ready"]), (503, &json!(false)));
    let (code, reading) = (&ready.json()["code"], &ready.json()["reading"]);
    assert_eq!((code, reading), (&json!("disk.full"), &json!(true)));
    let doctor = node.run(&["doctor"]).exits(1).out;
    assert!(doctor.contains("it takes no commands (disk.full): the disk is full: make room"), "{doctor}");
    assert_eq!(http.get(token, "/healthz").status, 200);
    same_events(&http, token, &acknowledged);
    let question = json!({
        "subject": {"type": "user", "id": "admin"}, "action": {"name": "org.manage"}, "resource": {"type": "org", "id": "root"},
    });
    let decided = http.post(token, "/access/v1/evaluation", &question);
    assert_eq!(decided.json()["decision"], true, "{decided:?}");
    assert_eq!(node.terminate(), 0, "it ends in good order");
    let log = fs::read_to_string(&told).unwrap();
    let lines: Vec<_> = log.lines().filter(|line| line.contains("ERROR")).collect();
    assert!(
        matches!(lines[..], [line] if line.contains("disk.full") && line.contains("commands are refused")),
        "{log}"
    );

    let node = platform.serve();
    let http = node.http();
    same_events(&http, token, &acknowledged);
    assert_eq!(http.get(token, "/readyz").status, 200);
    assert_eq!(describe(&http, token, "room").status, 200);
    assert_eq!(node.terminate(), 0);
    verify(&platform.data()).exits(0);
}

fn same_events(http: &Client, token: &str, events: &[Value]) {
    for event in events {
        let position = event["position"].as_str().unwrap();
        assert_eq!(&http.get(token, &format!("/v1/events/{position}")).json(), event);
    }
}

fn verify(data: &Path) -> Ran {
    run(&["verify", "--data", text(data)])
}

fn serve(data: &Path) -> Ran {
    run(&["serve", "--data", text(data), "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"])
}

/// A platform with some history, closed in good order, with a checkpoint.
fn used() -> Platform {
    let platform = Platform::new("default");
    let node = platform.serve();
    let http = node.http();
    for number in 0..50 {
        assert_eq!(describe(&http, &node.token, &format!("{number}")).status, 200);
    }
    assert_eq!(node.terminate(), 0);
    platform
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
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

#[test]
fn a_folder_in_use_or_made_before_is_left_alone() {
    let platform = Platform::new("default");
    let node = platform.serve();
    let data = platform.data();
    let before = contents(&data);
    let second = || run(&["init", "--data", text(&data), "--preset", "panintelligence"]).exits(2);
    let in_use = format!("error: another process uses `{}`: stop it first\n", data.display());
    assert_eq!(serve(&data).exits(2).err, in_use);
    assert_eq!(second().err, in_use);
    assert_eq!(contents(&data), before);
    assert_eq!(describe(&node.http(), &node.token, "still at work").status, 200);
    assert_eq!(node.terminate(), 0);
    let before = contents(&data);
    let made =
        format!("error: there is a platform in `{}` already: serve it, or choose another folder\n", data.display());
    assert_eq!(second().err, made);
    assert_eq!(contents(&data), before);
}

/// What makes a folder one that cannot be served: who says so, and that nothing is touched.
#[test]
fn what_cannot_be_served_is_refused_by_name() {
    let platform = used();
    let check = |what: &str, spoil: &dyn Fn(&Path), wants: &[&str]| {
        let data = platform.folder.path().join(what.replace(' ', "-"));
        copy(&platform.data(), &data);
        spoil(&data);
        let before = contents(&data);
        for ran in [serve(&data).exits(2), verify(&data)] {
            let told = format!("{}{}", ran.out, ran.err);
            assert_ne!(ran.code, 0, "{what}: {told}");
            for want in wants {
                assert!(told.contains(want), "{what}: no `{want}` in {told}");
            }
        }
        assert_eq!(contents(&data), before, "{what}");
    };
    let segment = "00000000000000000001.seg";
    let edit = |data: &Path, file: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let path = data.join(file);
        let mut bytes = fs::read(&path).unwrap();
        change(&mut bytes);
        fs::write(path, bytes).unwrap();
    };
    let log = format!("log/{segment}");
    let newer = "a newer version";
    check(
        "a newer folder",
        &|data| fs::write(data.join("tenure.json"), r#"{"format":3,"x":1}"#).unwrap(),
        &["format 3", newer],
    );
    check(
        "a folder of no format",
        &|data| {
            edit(data, "tenure.json", &|bytes| {
                *bytes = String::from_utf8_lossy(bytes).replace(":1,", ":0,").into_bytes();
            })
        },
        &["tenure.json", "there never was a format 0"],
    );
    check(
        "a newer log",
        &|data| edit(data, &log, &|bytes| renumber(bytes, 36, 3)),
        &["segment format 3", segment, "run a newer version"],
    );
    let middle = fs::metadata(platform.data().join(&log)).unwrap().len() as usize / 2;
    for (what, at) in [("damage in the first command", 1_000), ("damage in the middle", middle)] {
        check(what, &|data| edit(data, &log, &|bytes| bytes[at] ^= 1), &[segment, "is damaged at byte", "restore"]);
    }
    let cut = |bytes: &mut Vec<u8>| bytes.truncate(middle);
    check("a log cut short", &|data| edit(data, &log, &cut), &["the log", "restore"]);
    check("no segment", &|data| fs::remove_file(data.join(&log)).unwrap(), &["log"]);
    check(
        "a damaged manifest",
        &|data| fs::write(data.join("tenure.json"), "{").unwrap(),
        &["tenure.json", "is damaged"],
    );
    check(
        "no manifest",
        &|data| fs::remove_file(data.join("tenure.json")).unwrap(),
        &["there is no platform", "tenure init"],
    );
}

/// Keys are for serving: a platform without the right ones proves as well, and is not served.
#[test]
fn keys_that_do_not_fit_are_refused_by_name() {
    let (platform, other) = (used(), Platform::new("default"));
    let check = |what: &str, keys: Option<Vec<u8>>, want: &str| {
        let data = platform.folder.path().join(what.replace(' ', "-"));
        copy(&platform.data(), &data);
        match keys {
            Some(keys) => fs::write(data.join("keys"), keys).unwrap(),
            None => fs::remove_file(data.join("keys")).unwrap(),
        }
        let before = contents(&data);
        let ran = serve(&data).exits(2);
        assert!(ran.err.contains(want) && ran.err.contains("keys"), "{what}: {}", ran.err);
        assert_eq!(contents(&data), before, "{what}");
    };
    let mut newer = fs::read(platform.data().join("keys")).unwrap();
    renumber(&mut newer, 124, 2);
    check("newer keys", Some(newer), "has format 2");
    check("keys of another platform", Some(fs::read(other.data().join("keys")).unwrap()), "belongs to log");
    check("empty keys", Some(Vec::new()), "is not a key store");
    check("no keys", None, "cannot open the key store");
}

/// Makes a header that ends in its checksum, of so many bytes, one of another format.
fn renumber(bytes: &mut [u8], length: usize, format: u32) {
    bytes[8..12].copy_from_slice(&format.to_le_bytes());
    let checksum = crc32c::crc32c(&bytes[..length]);
    bytes[length..length + 4].copy_from_slice(&checksum.to_le_bytes());
}

/// A checkpoint is a shortcut: without it, or with a damaged one, everything is as it was.
#[test]
fn a_checkpoint_that_is_damaged_or_gone_costs_time_only() {
    let platform = used();
    let answers = |data: &Path, reported: bool, what: &str| {
        let log = platform.folder.path().join("stderr");
        let mut command = tenure();
        command.args(["serve", "--data", text(data), "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"]);
        command.stderr(fs::File::create(&log).unwrap());
        let node = Serving::start_telling(command, &platform.token);
        let pages = [
            "/v1/orgs",
            "/v1/users/admin/access?at=2026-01-01T00:00:00Z",
            "/v1/orgs/root/history?limit=1000",
            "/v1/catalogue",
        ];
        let told: Vec<_> = pages.iter().map(|page| node.http().get(&node.token, page).text).collect();
        assert_eq!(node.terminate(), 0);
        let log = fs::read_to_string(log).unwrap();
        assert_eq!(log.contains("the checkpoint was dropped"), reported, "{what}: {log}");
        verify(data).exits(0);
        told
    };
    let kept: Vec<PathBuf> = contents(&platform.data().join("checkpoint")).into_keys().collect();
    assert!(kept.len() > 1, "a checkpoint is written at the end");
    let first = answers(&platform.data(), false, "as it is");
    for (number, file) in kept.iter().enumerate() {
        let bytes = fs::read(file).unwrap();
        for (what, spoilt) in
            [("flipped", flipped(&bytes)), ("empty", Vec::new()), ("longer", [&bytes[..], b"x"].concat())]
        {
            if spoilt == bytes {
                continue;
            }
            let data = platform.folder.path().join(format!("{what}{number}"));
            copy(&platform.data(), &data);
            fs::write(data.join(file.strip_prefix(platform.data()).unwrap()), spoilt).unwrap();
            let what = format!("{what}: {}", file.display());
            let proof = verify(&data).exits(0).out;
            assert!(proof.contains("cannot be used and will be dropped"), "{what}: {proof}");
            assert_eq!(answers(&data, true, &what), first, "{what}");
        }
    }
    fs::remove_dir_all(platform.data().join("checkpoint")).unwrap();
    assert_eq!(answers(&platform.data(), false, "gone"), first);
}

fn flipped(bytes: &[u8]) -> Vec<u8> {
    let mut flipped = bytes.to_vec();
    if let Some(byte) = flipped.get_mut(bytes.len() / 2) {
        *byte ^= 0x10;
    }
    flipped
}
