//! `tenure init` interrupted anywhere: there is a platform whose key was shown, or none and making it again works.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tenure::clock::Clock;
use tenure::data::{DataError, DataFolder, log_id};
use tenure::init::{self, Founding, InitError};
use tenure::node::{Node, Options};
use tenure::presets::Preset;

use crate::support::platform::Platform;
use crate::support::program::{run, tenure, text};

fn init_in(data: &Path) -> std::process::Command {
    let mut command = tenure();
    command.args(["init", "--data", text(data), "--preset", "default"]);
    command
}

/// That the key is the first one of the platform in the folder.
fn enters(data: &Path, key: &str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (node, report) = Node::open(Options::folder(data)).unwrap();
        assert_eq!(report.warnings(), Vec::<String>::new());
        assert!(node.authenticate(&key.trim().parse().unwrap()).is_some(), "{key}");
    });
}

#[test]
fn killed_at_any_moment_a_platform_has_a_key_or_is_made_again() {
    let whole = {
        let folder = TempDir::new().unwrap();
        let begun = Instant::now();
        assert!(init_in(&folder.path().join("data")).output().unwrap().status.success());
        begun.elapsed()
    };
    let (mut made, mut again) = (0, 0);
    for moment in 0..40 {
        let folder = TempDir::new().unwrap();
        let data = folder.path().join("data");
        let mut child = init_in(&data).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(whole * moment / 36);
        child.kill().unwrap();
        let mut shown = String::new();
        child.stdout.take().unwrap().read_to_string(&mut shown).unwrap();
        child.wait().unwrap();
        let second = run(&["init", "--data", text(&data), "--preset", "default"]);
        if second.code == 0 {
            again += 1;
            enters(&data, &second.out);
        } else {
            made += 1;
            assert!(second.err.contains("there is a platform"), "{}", second.err);
            enters(&data, &shown);
        }
    }
    println!("{made} were made, {again} were made again");
    assert!(again > 0, "the kills came too late for this to prove anything");
}

/// Each step that making a platform takes, and what is there if it is the last.
#[test]
fn whatever_was_made_is_replaced_until_it_is_a_platform() {
    let whole = TempDir::new().unwrap();
    Platform::init(&whole.path().join("data"));
    let parts = ["log/closed", "log/00000000000000000001.seg", "log/new.tmp", "keys", "new.tmp"];
    for count in 0..=parts.len() {
        let folder = TempDir::new().unwrap();
        let data = folder.path().join("data");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(data.join("log")).unwrap();
        fs::copy(whole.path().join("data/tenure.json"), data.join("making")).unwrap();
        for part in &parts[..count] {
            fs::write(data.join(part), "half").unwrap();
        }
        let served = run(&["serve", "--data", text(&data), "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"]);
        let told = served.exits(2).err;
        assert!(told.contains("making it was interrupted: make it again with `tenure init`"), "{told}");
        assert!(matches!(log_id(&data), Err(DataError::Unfinished { .. })));
        let made = run(&["init", "--data", text(&data), "--preset", "default"]).exits(0);
        enters(&data, &made.out);
        assert!(!data.join("making").exists());
    }
}

/// What is there without a platform may be one that lost its manifest: it is left alone.
#[test]
fn what_nobody_began_is_left_alone() {
    for part in ["log", "keys", "checkpoint", "clock"] {
        let folder = TempDir::new().unwrap();
        Platform::init(folder.path());
        fs::remove_file(folder.path().join("tenure.json")).unwrap();
        for other in ["log", "keys"].into_iter().filter(|other| *other != part) {
            fs::rename(folder.path().join(other), folder.path().join(format!("{other}.away"))).unwrap();
        }
        if !folder.path().join(part).exists() {
            fs::write(folder.path().join(part), "kept").unwrap();
        }
        let preset = Preset::named("default").unwrap();
        let founding = Founding { preset: &preset, name: "Root", admin: "admin".parse().unwrap(), licence_key: None };
        let refused = init::prepare(folder.path(), &founding, &Clock::system());
        assert!(matches!(refused, Err(InitError::Data(DataError::Leftover { .. }))), "{part}: {refused:?}");
        assert!(folder.path().join(part).exists());
    }
}

/// Without somebody who reads the key there is no platform.
#[test]
fn a_key_that_nobody_reads_makes_no_platform() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    for out in ["/dev/full", "a reader that is gone"] {
        let mut command = init_in(&data);
        let status = if out == "/dev/full" {
            command.stdout(fs::File::options().write(true).open(out).unwrap()).status()
        } else {
            let (reader, writer) = std::io::pipe().unwrap();
            drop(reader);
            command.stdout(writer).status()
        };
        assert_eq!(status.unwrap().code(), Some(2), "{out}");
        assert!(matches!(log_id(&data), Err(DataError::Unfinished { .. })), "{out}");
    }
    let made = run(&["init", "--data", text(&data), "--preset", "default"]).exits(0);
    enters(&data, &made.out);
}

/// The lock is on the folder: nothing in it can be removed to get past a process at work.
#[test]
fn one_process_uses_a_folder_whatever_is_removed_from_it() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    Platform::init(&data);
    let held = DataFolder::open(&data).unwrap();
    let in_use = || {
        assert!(matches!(DataFolder::open(&data), Err(DataError::InUse { .. })));
        let args = ["serve", "--data", text(&data), "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"];
        let refused = run(&args).exits(2).err;
        assert!(refused.contains("another process uses"), "{refused}");
    };
    in_use();
    for entry in fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_dir() && !path.ends_with("tenure.json") && !path.ends_with("keys") {
            fs::remove_file(path).unwrap();
        }
    }
    in_use();
    // An earlier version locks a file.
    drop(held);
    let lock = fs::File::create(data.join("lock")).unwrap();
    lock.lock().unwrap();
    in_use();
    drop(lock);
    thread::sleep(Duration::from_millis(1));
    drop(DataFolder::open(&data).unwrap());
}
