//! What a crash and a full disk do to a node: real processes.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use serde_json::json;
use tenure::node::{CommandError, Options, verify};

use crate::support::platform::Platform;

/// Set to a data folder and its administrator's key in the processes that these tests start.
const FOLDER: &str = "TENURE_TEST_NODE_FOLDER";
const TOKEN: &str = "TENURE_TEST_NODE_TOKEN";

const CALLERS: usize = 16;

/// Serves the platform in [`FOLDER`] to callers who make users until the process is killed or the node stops. Says which
/// users were acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by other tests in a process of its own"]
async fn child_makes_users() {
    let token = std::env::var(TOKEN).unwrap().parse().unwrap();
    let platform = Arc::new(Platform::open(Options::folder(std::env::var(FOLDER).unwrap()), token).0);
    let first = platform.node.live().position();
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let platform = Arc::clone(&platform);
            tokio::spawn(async move {
                for n in 0.. {
                    let id = format!("u{first}-{caller}-{n}");
                    let user = json!({"id": id, "org": "root", "name": id, "user_type": "viewer"});
                    match platform.send("create-user", user).await {
                        Ok(answer) => println!("acknowledged {id} {}", answer.position),
                        Err(error) => return error,
                    }
                }
                unreachable!("it goes on until it cannot")
            })
        })
        .collect();
    for caller in callers {
        let error = caller.await.unwrap();
        println!("error {error:?}");
        assert!(matches!(error, CommandError::OutcomeUnknown | CommandError::Stopped(_)), "{error}");
    }
    let view = platform.node.live();
    assert_eq!(view.position(), platform.node.log().head(), "reading goes on, of what is durable");
    assert!(!platform.node.stats().writing);
    println!("stopped at {}", view.position());
    platform.node.clone().shutdown().await.unwrap();
}

/// Starts [`child_makes_users`] after a line of shell.
fn start_child(folder: &Path, token: &str, before: &str) -> Child {
    Command::new("sh")
        .arg("-c")
        .arg(format!("{before} exec \"$0\" node_crash::child_makes_users --exact --ignored --nocapture"))
        .arg(std::env::current_exe().unwrap())
        .env(FOLDER, folder)
        .env(TOKEN, token)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The user and position that a line acknowledges.
fn acknowledged(line: &str) -> Option<(String, u64)> {
    let (user, position) = line.split_once("acknowledged ")?.1.split_once(' ')?;
    Some((user.to_owned(), position.parse().ok()?))
}

/// Opens the platform and finds every user who was acknowledged, with their name; proves it; tells its position.
async fn holds(folder: &Path, token: &str, users: &[(String, u64)]) -> u64 {
    let (platform, _) = Platform::open(Options::folder(folder), token.parse().unwrap());
    let view = platform.node.live();
    for (user, position) in users {
        assert!(*position <= view.position(), "{user} was acknowledged at {position}");
        let profile = &view.profile(view.find_user(user).expect("an acknowledged user")).unwrap().value;
        let name = platform.node.keys().unseal(&user.parse().unwrap(), "name", profile.name.as_ref().unwrap());
        assert_eq!(name.as_ref(), Ok(user), "their key is durable before they are");
    }
    platform.done("tag-org", json!({"org": "root", "tags": [format!("{}", view.position())]})).await;
    let position = platform.node.live().position();
    platform.node.shutdown().await.unwrap();
    let report = verify(folder, &mut |_, _| {}).unwrap();
    assert!(report.fault.is_none(), "{:?}", report.fault);
    position
}

#[tokio::test]
async fn killed_at_any_moment_a_node_loses_nothing_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let token = Platform::init(folder.path()).reveal().to_string();
    let mut users = Vec::new();
    for round in 0..6 {
        let mut child = start_child(folder.path(), &token, "");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let enough = 1 + round * round * 7;
        users.extend(lines.by_ref().filter_map(|line| acknowledged(&line)).take(enough));
        child.kill().unwrap();
        child.wait().unwrap();
        users.extend(lines.filter_map(|line| acknowledged(&line)));
        holds(folder.path(), &token, &users).await;
    }
    assert!(users.len() > 300, "{}", users.len());
}

#[tokio::test]
async fn a_full_disk_stops_a_node_and_costs_nothing_acknowledged() {
    for kilobytes in [80, 150] {
        let folder = tempfile::tempdir().unwrap();
        let token = Platform::init(folder.path()).reveal().to_string();
        // Twice the number, for shells that count blocks of 512 bytes.
        let before = format!("trap '' XFSZ; ulimit -f {};", kilobytes * 2);
        let mut child = start_child(folder.path(), &token, &before);
        let lines: Vec<_> = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok).collect();
        assert!(child.wait().unwrap().success(), "{lines:#?}");
        let users: Vec<_> = lines.iter().filter_map(|line| acknowledged(line)).collect();
        let last = users.iter().map(|(_, position)| *position).max().unwrap();
        assert!(lines.iter().any(|line| line.ends_with(&format!("stopped at {last}"))), "{lines:#?}");
        assert!(lines.iter().any(|line| line.ends_with("error OutcomeUnknown")), "{lines:#?}");
        let position = holds(folder.path(), &token, &users).await;
        assert_eq!(position, last + 1, "what was not acknowledged was torn and is cut");
    }
}
