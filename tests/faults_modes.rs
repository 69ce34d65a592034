//! Whom the system lets at the files: the owner alone, whatever the umask was when they were made.

use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::replica::Stage;
use crate::support::program::{Ran, Serving, ran, tenure, text};

/// The program with a umask that takes nothing away.
fn open_to_all(arguments: &[&str]) -> Command {
    let program = tenure();
    let mut command = Command::new("sh");
    command.args(["-c", "umask 000; exec \"$0\" \"$@\""]).arg(program.get_program()).args(arguments);
    for name in ["TENURE_URL", "TENURE_TOKEN", "TENURE_LOG", "TENURE_NATS"] {
        command.env_remove(name);
    }
    command
}

#[track_caller]
fn done(arguments: &[&str]) -> Ran {
    ran(open_to_all(arguments).output().unwrap()).exits(0)
}

/// A folder and all that is below it.
fn below(path: &Path) -> Vec<PathBuf> {
    let mut found = vec![path.to_owned()];
    if path.is_dir() {
        found.extend(fs::read_dir(path).unwrap().flat_map(|entry| below(&entry.unwrap().path())));
    }
    found
}

/// That a folder and all that is below it is the owner's alone, and that these are there.
#[track_caller]
fn is_private(path: &Path, parts: &[&str]) {
    let found = below(path);
    for part in parts {
        assert!(found.iter().any(|path| text(path).ends_with(part)), "no {part} in {found:#?}");
    }
    let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let wide: Vec<_> = found.iter().filter(|path| mode(path) != if path.is_dir() { 0o700 } else { 0o600 }).collect();
    assert!(wide.is_empty(), "{wide:#?}");
}

fn serve(data: &Path, token: &str) -> Serving {
    let mut command =
        open_to_all(&["serve", "--data", text(data), "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"]);
    command.stderr(Stdio::null());
    Serving::start(command, token)
}

fn lengthen(file: &Path) {
    File::options().append(true).open(file).unwrap().write_all(&[7; 64]).unwrap();
}

#[test]
fn what_is_made_is_the_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let data = at("new/deep/data");
    let token = done(&["init", "--data", text(&data)]).out.trim().to_owned();
    is_private(&at("new"), &["tenure.json", "log", ".seg", "closed", "/keys", "feed-key"]);
    let node = serve(&data, &token);
    node.done("create-org", r#"{"id": "a", "name": "A"}"#);
    is_private(&at("new"), &["clock"]);
    let beside = at("beside");
    done(&["backup", "--data", text(&data), "--to", text(&beside)]);
    is_private(&beside, &["platform/tenure.json", "platform/backup.json", ".seg", "keys/keys"]);
    assert_eq!(node.terminate(), 0);
    is_private(&at("new"), &["checkpoint", ".seal", "/db", "tree/0", "proof-key"]);
    // What a crash left is cut off and kept.
    let segment = below(&data.join("log")).into_iter().find(|file| text(file).ends_with(".seg")).unwrap();
    lengthen(&segment);
    lengthen(&data.join("keys"));
    let node = serve(&data, &token);
    is_private(&at("new"), &["Z.cut"]);
    assert!(below(&data).iter().any(|file| text(file).contains("keys.cut-")));
    drop(node);
    let after = at("after");
    done(&["backup", "--data", text(&data), "--to", text(&after)]);
    done(&["restore", "--from", text(&after), "--data", text(&at("restored")), "--erasures", text(&data)]);
    done(&["feed-key", "--data", text(&at("restored")), "--renew"]);
    is_private(&after, &["keys/keys"]);
    is_private(&at("restored"), &["tenure.json", "/keys", "feed-key"]);
    done(&["licence", "keys", "--out", text(&at("licence.key"))]);
    is_private(&at("licence.key"), &[]);
    let well = done(&["doctor", "--url", "http://127.0.0.1:1", "--data", text(&at("restored"))]).out;
    assert!(!well.contains("may read or change"), "{well}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checkpoint_of_a_replica_is_the_owners_alone() {
    rustix::process::umask(rustix::fs::Mode::empty());
    let folder = tempfile::tempdir().unwrap();
    let mut stage = Stage::new().await;
    stage.publish().await;
    let file = folder.path().join("new/deep/replica");
    stage.replica_from(&file).await.close().await;
    is_private(&folder.path().join("new"), &["deep/replica"]);
}

#[test]
fn wider_modes_are_told_and_left() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let data = at("data");
    let mode = |path: &Path, mode: u32| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    fs::create_dir(&data).unwrap();
    mode(&data, 0o755);
    let init = done(&["init", "--data", text(&data)]);
    let token = init.out.trim().to_owned();
    assert!(init.err.contains("may read or change 1 of"), "{}", init.err);
    mode(&data.join("keys"), 0o640);
    let doctor = ["doctor", "--url", "http://127.0.0.1:1", "--data", text(&data)];
    let told = done(&doctor).out;
    assert!(told.contains("may read or change 2 of"), "{told}");
    assert!(told.contains(&format!("chmod -R go= {}", data.display())), "{told}");
    let log = at("log");
    let mut command =
        open_to_all(&["serve", "--data", text(&data), "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"]);
    command.stderr(File::create(&log).unwrap());
    assert_eq!(Serving::start_telling(command, &token).terminate(), 0);
    let told = fs::read_to_string(&log).unwrap();
    assert!(told.contains("WARN") && told.contains("may read or change 2 of"), "{told}");
    let modes = [&data, &data.join("keys")].map(|path| fs::metadata(path).unwrap().permissions().mode() & 0o777);
    assert_eq!(modes, [0o755, 0o640], "what others were given is theirs to keep");
}
