//! What a crash, a full disk and a second process can do to a log of files: real processes.

use std::{
    fs,
    io::{BufRead, BufReader, Lines},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

use tempfile::TempDir;
use tenure::{
    data::{self, DataError, DataFolder},
    log::{AppendError, FileLog, FileOptions, Log, Position},
};

use crate::{
    log_contract::{LOG_ID, SMALL, append, event, holds, open},
    log_faults::contents,
};

#[test]
fn a_log_whose_write_failed_has_stopped_for_good() {
    let parent = TempDir::new().unwrap();
    let (path, away) = (parent.path().join("log"), parent.path().join("away"));
    let mut log = Log::Files(FileLog::create(&path, LOG_ID, SMALL).unwrap());
    append(&mut log, 4);
    append(&mut log, 4);
    // The next append begins a segment, and there is no folder to put it in.
    fs::rename(&path, &away).unwrap();
    assert!(matches!(log.append(8, &[vec![1; 300]]), Err(AppendError::Failed(_))));
    fs::rename(&away, &path).unwrap();
    let before = contents(&path);
    for events in [vec![vec![1; 300]], vec![event(9)], vec![]] {
        assert!(matches!(log.append(8, &events), Err(AppendError::Stopped)));
    }
    holds(&log.reader(), 8);
    log.close().unwrap();
    assert_eq!(contents(&path), before);
    let (mut log, report) = open(&path, SMALL);
    assert!(!report.closed);
    append(&mut log, 4);
    holds(&log.reader(), 12);
}

/// Set to a data folder in the processes that these tests start.
const CHILD: &str = "TENURE_TEST_DATA_FOLDER";

/// Appends to the log in [`CHILD`] until it is killed or cannot, and says what was acknowledged.
#[test]
#[ignore = "run by other tests in a process of its own"]
fn child_appends() {
    let folder = match DataFolder::open(Path::new(&std::env::var(CHILD).unwrap())) {
        Ok(folder) => folder,
        Err(error) => return println!("refused {error}"),
    };
    let options = FileOptions { segment_bytes: 100_000 };
    let mut log = match FileLog::open(&folder.log(), LOG_ID, options) {
        Ok((log, _)) => Log::Files(log),
        Err(error) => return println!("refused {error}"),
    };
    let mut round = log.head();
    let error = loop {
        round = round.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let count = if round >> 60 == 0 { 900 } else { 1 + (round >> 59) };
        let events: Vec<_> = (log.head() + 1..=log.head() + count).map(event).collect();
        match log.append(log.head(), &events) {
            Ok(head) => println!("acknowledged {head}"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, AppendError::Failed(_)), "{error}");
    let before = contents(&folder.log());
    assert!(matches!(log.append(log.head(), &[event(1)]), Err(AppendError::Stopped)));
    assert_eq!(contents(&folder.log()), before);
    holds(&log.reader(), log.head());
    println!("failed at {}", log.head());
}

/// Starts [`child_appends`] after a line of shell.
fn start_child(folder: &Path, before: &str) -> (Child, Lines<BufReader<ChildStdout>>) {
    let mut child = Command::new("sh")
        .arg("-c")
        .arg(format!("{before} exec \"$0\" log_crash::child_appends --exact --ignored --nocapture"))
        .arg(std::env::current_exe().unwrap())
        .env(CHILD, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, lines)
}

/// An empty log in a data folder that nobody uses.
fn data_folder() -> (TempDir, PathBuf) {
    let parent = TempDir::new().unwrap();
    let path = parent.path().join("data");
    let folder = DataFolder::create(&path, LOG_ID).unwrap();
    FileLog::create(&folder.log(), LOG_ID, FileOptions::default()).unwrap();
    (parent, path)
}

fn acknowledged(line: &str) -> Option<Position> {
    line.split_once("acknowledged ")?.1.parse().ok()
}

#[test]
fn killed_at_any_moment_nothing_acknowledged_is_lost() {
    let (_parent, path) = data_folder();
    let mut last = 0;
    for round in 0..24 {
        let (mut child, lines) = start_child(&path, "");
        let mut acknowledged = lines.map_while(Result::ok).filter_map(|line| acknowledged(&line));
        last = acknowledged.nth(round * round % 97).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        last = acknowledged.last().unwrap_or(last);

        let (reader, report) = FileLog::open_read_only(&path.join("log"), LOG_ID).unwrap();
        assert!(report.head >= last, "{last} was acknowledged, and the log ends at {}", report.head);
        holds(&reader, report.head);
    }
    assert!(last > 1000);
}

#[test]
fn a_full_disk_stops_the_log_and_costs_nothing_acknowledged() {
    for kilobytes in [21, 61, 91] {
        let (_parent, path) = data_folder();
        // Twice the number, for shells that count blocks of 512 bytes.
        let (mut child, lines) = start_child(&path, &format!("trap '' XFSZ; ulimit -f {};", kilobytes * 2));
        let lines: Vec<_> = lines.map_while(Result::ok).collect();
        assert!(child.wait().unwrap().success(), "{lines:#?}");
        let last = lines.iter().filter_map(|line| acknowledged(line)).next_back().unwrap();
        assert!(lines.iter().any(|line| line.ends_with(&format!("failed at {last}"))), "{lines:#?}");

        let folder = DataFolder::open(&path).unwrap();
        let (mut log, report) = open(&folder.log(), FileOptions::default());
        assert_eq!(report.head, last);
        assert!(report.cut.is_some_and(|cut| cut.bytes > 0));
        append(&mut log, 5);
        holds(&log.reader(), last + 5);
    }
}

#[test]
fn a_second_process_is_refused_by_the_folder() {
    let (_parent, path) = data_folder();
    let folder = DataFolder::open(&path).unwrap();
    let (mut child, lines) = start_child(&path, "");
    let lines: Vec<_> = lines.map_while(Result::ok).collect();
    child.wait().unwrap();
    let refusal = format!("refused another process uses `{}`: stop it first", path.display());
    assert!(lines.iter().any(|line| line.ends_with(&refusal)), "{lines:#?}");
    assert!(matches!(DataFolder::open(&path), Err(DataError::InUse { .. })));
    assert_eq!(data::log_id(&path).unwrap(), LOG_ID);
    drop(folder);
    assert_eq!(DataFolder::open(&path).unwrap().log_id(), LOG_ID);
}

#[test]
fn a_data_folder_is_made_once_and_read_only_if_understood() {
    let parent = TempDir::new().unwrap();
    let path = parent.path().join("a").join("b");
    assert!(matches!(DataFolder::open(&path), Err(DataError::NotInitialised { .. })));
    assert!(!path.exists());
    drop(DataFolder::create(&path, LOG_ID).unwrap());
    assert!(matches!(DataFolder::create(&path, LOG_ID), Err(DataError::AlreadyInitialised { .. })));
    let manifest = path.join("tenure.json");
    let written = fs::read_to_string(&manifest).unwrap();
    assert_eq!(written, r#"{"format":1,"log":"01990000-0000-7000-8000-000000000001"}"#);

    fs::write(&manifest, r#"{"format":3,"logs":[]}"#).unwrap();
    let error = DataFolder::open(&path).unwrap_err();
    let text = format!(
        "`{}` has format 3, and this program knows no later one than 2: run a newer version of it",
        path.display()
    );
    assert_eq!(error.to_string(), text);
    for damaged in ["", "{", r#"{"format":1}"#, r#"{"format":1,"log":"x"}"#, &written.replace('}', ",\"more\":1}")] {
        fs::write(&manifest, damaged).unwrap();
        assert!(matches!(DataFolder::open(&path), Err(DataError::Manifest { .. })), "{damaged}");
    }

    fs::remove_file(&manifest).unwrap();
    fs::create_dir(path.join("log")).unwrap();
    assert!(matches!(DataFolder::create(&path, LOG_ID), Err(DataError::Leftover { .. })));
}

/// Opening a log that was not closed in good order takes room: without it, it says how much.
#[test]
fn without_room_opening_says_how_much_it_takes() {
    let (_parent, path) = data_folder();
    let folder = DataFolder::open(&path).unwrap();
    let (mut log, _) = open(&folder.log(), FileOptions::default());
    append(&mut log, 900);
    append(&mut log, 900);
    drop((log, folder));
    let before = contents(&path.join("log"));
    let (mut child, lines) = start_child(&path, "trap '' XFSZ; ulimit -f 40;");
    let lines: Vec<_> = lines.map_while(Result::ok).collect();
    child.wait().unwrap();
    let bytes = before[0].1.len();
    let want = format!("takes {bytes} bytes of free space");
    assert!(lines.iter().any(|line| line.contains(&want)), "{lines:#?}");
    assert_eq!(contents(&path.join("log")), before);
    assert!(!path.join("log/new.tmp").exists(), "what was half written is gone");
    open(&path.join("log"), FileOptions::default());
}
