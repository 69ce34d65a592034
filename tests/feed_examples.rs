//! The examples for subscribers: a real node that publishes to a real NATS server, the programs as they are in the
//! repository, killed in the middle of their work and started again.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::nats::NatsServer;
use crate::support::program::{Platform, Serving};
use crate::support::stream::{Message, jetstream, read};

/// A node that publishes to a server of its own, and an org in which things happen.
struct Stage {
    nats: NatsServer,
    node: Serving,
    platform: Platform,
}

impl Stage {
    fn new() -> Self {
        let nats = NatsServer::guarded();
        let platform = Platform::new("default");
        let mut command = platform.serving();
        command.args(["--listen", "127.0.0.1:0", "--nats", &nats.url_of("node")]);
        let node = Serving::start(command, &platform.token);
        let stage = Self { nats, node, platform };
        stage.done("create-org", json!({"id": "kick", "name": "KickStart"}));
        let admin = json!({"org": "kick", "users": ["admin"], "user_type": "administrator", "privileges": "all"});
        stage.done("grant-subscriptions", admin);
        stage
    }

    /// The administrator does something; answers the position of it.
    fn done(&self, command: &str, arguments: Value) -> u64 {
        self.node.http().done(&self.node.token, command, arguments)["position"].as_u64().expect("a position")
    }

    /// What a replica trusts.
    fn key(&self) -> String {
        tenure::node::feed_key(&self.platform.data(), false).unwrap().to_string()
    }

    /// Something happens to some members.
    fn happen(&self, numbers: std::ops::Range<u32>) {
        for number in numbers {
            let (home, away) = (format!("home-{number}"), format!("away-{number}"));
            let member = json!({"name": "N", "user_type": "member", "privileges": ["chart.edit"]});
            let user = |id: &str, org: &str| {
                let mut user = member.clone();
                (user["id"], user["org"]) = (json!(id), json!(org));
                user
            };
            self.done("create-user", user(&home, "kick"));
            self.done("create-user", user(&away, "root"));
            let until = "2999-01-01T00:00:00Z";
            let granted = json!({
                "org": "kick", "users": [away], "user_type": "member", "privileges": ["chart.share"], "valid_until": until,
            });
            self.done("grant-subscriptions", granted);
            match number % 3 {
                0 => self.done("withdraw-subscription", json!({"org": "kick", "user": away})),
                1 => self.done("grant-privileges", json!({"org": "kick", "user": home, "privileges": ["report.edit"]})),
                _ => self.done("revoke-privileges", json!({"org": "kick", "user": home, "privileges": ["chart.edit"]})),
            };
        }
    }

    /// The members as the node tells of them.
    fn members(&self) -> Vec<Value> {
        let mut members = Vec::new();
        let mut path = "/v1/orgs/kick/subscriptions?limit=1000".to_owned();
        loop {
            let page = self.node.http().get(&self.node.token, &path).json();
            members.extend(page["items"].as_array().unwrap().iter().map(|member| {
                let mut privileges: Vec<&str> =
                    member["privileges"].as_array().unwrap().iter().map(|p| p.as_str().unwrap()).collect();
                privileges.sort_unstable();
                json!([member["user"], member["user_type"], json!(privileges), member["valid_until"]])
            }));
            match page["next_cursor"].as_str() {
                Some(cursor) => path = format!("/v1/orgs/kick/subscriptions?limit=1000&cursor={cursor}"),
                None => break,
            }
        }
        members.sort_by_key(Value::to_string);
        members
    }
}

/// A program of the examples at work; killed when dropped.
struct Example {
    child: Child,
    input: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Example {
    fn start(mut command: Command) -> Self {
        let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = started.unwrap_or_else(|error| panic!("{command:?}: {error}: install what it needs"));
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { input: child.stdin.take(), child, lines }
    }

    fn line(&mut self) -> String {
        self.lines.next().expect("the example goes on").unwrap()
    }

    /// Waits until it has taken what happened up to a position; answers each end that it committed.
    fn reaches(&mut self, position: u64) -> Vec<u64> {
        let mut ends = Vec::new();
        while ends.last().is_none_or(|end| *end < position) {
            ends.push(self.line().parse().unwrap());
        }
        ends
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A subscriber knows the members, though it is killed again and again while they change.
fn survives(command: impl Fn(&str, &Path) -> Command) {
    let stage = Stage::new();
    let folder = TempDir::new().unwrap();
    let database = folder.path().join("members.db");
    let url = stage.nats.url_of("reader");
    let enough = AtomicBool::new(false);
    let mut ends = Vec::new();
    let next = std::thread::scope(|scope| {
        let happening = scope.spawn(|| {
            let numbers = (0..10_000).take_while(|_| !enough.load(Ordering::Relaxed));
            numbers.fold(0, |_, number| {
                stage.happen(number..number + 1);
                number + 1
            })
        });
        for lines in [1, 7, 20] {
            let mut example = Example::start(command(&url, &database));
            ends.extend((0..lines).map(|_| example.line().parse::<u64>().unwrap()));
        }
        enough.store(true, Ordering::Relaxed);
        happening.join().unwrap()
    });
    let last = stage.done("tag-org", json!({"org": "kick", "tags": ["the last"]}));
    ends.extend(Example::start(command(&url, &database)).reaches(last));
    assert_eq!(table(&database), stage.members());
    are_ends_of_commands(&stage, &ends);
    // Nothing is left to be done, and starting once more changes nothing.
    stage.happen(next..next + 2);
    let last = stage.done("tag-org", json!({"org": "kick", "tags": ["the very last"]}));
    Example::start(command(&url, &database)).reaches(last);
    assert_eq!(table(&database), stage.members());
}

/// That after none of these positions comes more of the same command in the history of the org: nobody saw half of one.
fn are_ends_of_commands(stage: &Stage, ends: &[u64]) {
    let messages = tokio::runtime::Runtime::new().unwrap().block_on(read(&stage.nats.url_of("reader")));
    let of_kick = messages.iter().filter(|message| message.subject.starts_with("tenure.events.kick."));
    let of_kick: Vec<(u64, Value)> =
        of_kick.map(|message| (message.sequence, message.json()["command"].clone())).collect();
    for end in ends {
        let at = of_kick.iter().position(|(sequence, _)| sequence == end).unwrap();
        let next = of_kick.get(at + 1).map(|(_, command)| command);
        assert_ne!(next, Some(&of_kick[at].1), "half a command was committed, up to {end}");
    }
}

/// The members in a subscriber's database.
fn table(database: &Path) -> Vec<Value> {
    let dump = "import json, sqlite3, sys\n\
        for user, kind, privileges, until in sqlite3.connect(sys.argv[1]).execute('select * from member'):\n\
        \x20   print(json.dumps([user, kind, json.loads(privileges), until]))";
    let output = Command::new("python3").args(["-c", dump]).arg(database).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let mut members: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    members.sort_by_key(Value::to_string);
    members
}

#[test]
fn the_subscriber_in_python_survives() {
    survives(members_in_python);
}

#[test]
fn the_subscriber_in_node_survives() {
    let folder = TempDir::new().unwrap();
    survives(members_in_node(&folder));
}

fn members_in_python(url: &str, database: &Path) -> Command {
    let mut command = python(&root().join("examples/python/members.py"));
    command.args(["--nats", url, "--org", "kick", "--database"]).arg(database);
    command
}

fn members_in_node(folder: &TempDir) -> impl Fn(&str, &Path) -> Command {
    let program = beside_packages(folder, "examples/node/members.mjs");
    move |url, database| {
        let mut command = Command::new("node");
        command.arg(&program).args(["--nats", url, "--org", "kick", "--database"]).arg(database);
        command
    }
}

/// Puts an event of a later version into the stream, by which somebody becomes a member.
fn unknown(stage: &Stage) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let messages = runtime.block_on(read(&stage.nats.url_of("reader")));
    let of_kick = |message: &&Message| message.subject.starts_with("tenure.events.kick.");
    let mut granted = messages.iter().filter(of_kick).map(Message::json);
    let mut event = granted.rfind(|event| event["type"] == "tenure.subscription.granted.v1").unwrap();
    event["type"] = json!("tenure.subscription.granted.v2");
    event["position"] = json!((messages.len() + 1).to_string());
    event["orgsequence"] = json!((messages.iter().filter(of_kick).count() + 1).to_string());
    runtime.block_on(async {
        let (subject, owner) = ("tenure.events.kick.subscription.granted", stage.nats.url_of("owner"));
        jetstream(&owner).await.publish(subject, event.to_string().into()).await.unwrap().await.unwrap();
    });
}

/// A subscriber ends there, and says why; it keeps what it knew.
fn stops_at_the_unknown(command: impl Fn(&str, &Path) -> Command) {
    let stage = Stage::new();
    stage.happen(0..2);
    let last = stage.done("tag-org", json!({"org": "kick", "tags": ["the last"]}));
    let folder = TempDir::new().unwrap();
    let (database, url) = (folder.path().join("members.db"), stage.nats.url_of("reader"));
    Example::start(command(&url, &database)).reaches(last);
    unknown(&stage);
    let output = command(&url, &database).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("is of type tenure.subscription.granted.v2, which this program does not know"), "{said}");
    assert_eq!(table(&database), stage.members());
}

#[test]
fn the_replica_in_rust_stops_at_the_unknown() {
    let stage = Stage::new();
    let last = stage.done("tag-org", json!({"org": "kick", "tags": ["the last"]}));
    let folder = TempDir::new().unwrap();
    let mut command = Command::new(rust_example("access"));
    command.args([stage.nats.url_of("reader"), stage.key()]).arg(folder.path().join("replica.checkpoint"));
    let mut example = Example::start(command);
    let mut ask = |position| {
        writeln!(example.input.as_mut().unwrap(), "admin chart.edit org:kick {position}").unwrap();
        example.line()
    };
    assert!(ask(last).starts_with("allow"));
    unknown(&stage);
    // Until it comes to the unknown event it may allow, or say what it heard of the node first; it never denies.
    let why = "is of type `tenure.subscription.granted.v2`, which this version does not know";
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let answer = ask(0);
        if answer.contains(why) {
            break;
        }
        assert!(answer.starts_with("allow") || answer.starts_with("error: "), "{answer}");
        assert!(Instant::now() < until, "{answer}");
    }
}

#[test]
fn the_subscriber_in_python_stops_at_the_unknown() {
    stops_at_the_unknown(members_in_python);
}

#[test]
fn the_subscriber_in_node_stops_at_the_unknown() {
    let folder = TempDir::new().unwrap();
    stops_at_the_unknown(members_in_node(&folder));
}

#[test]
fn the_replica_in_rust_survives() {
    let stage = Stage::new();
    stage.happen(0..10);
    let folder = TempDir::new().unwrap();
    let start = || {
        let mut command = Command::new(rust_example("access"));
        command.args([stage.nats.url_of("reader"), stage.key()]).arg(folder.path().join("replica.checkpoint"));
        Example::start(command)
    };
    let agrees = |example: &mut Example, numbers: std::ops::Range<u32>, position: u64| {
        for user in numbers.flat_map(|number| [format!("home-{number}"), format!("away-{number}")]) {
            for action in ["chart.edit", "report.edit"] {
                writeln!(example.input.as_mut().unwrap(), "{user} {action} org:kick {position}").unwrap();
                let (subject, org) = (json!({"type": "user", "id": user}), json!({"type": "org", "id": "kick"}));
                let question = json!({"subject": subject, "action": {"name": action}, "resource": org});
                let answer = stage.node.http().post(&stage.node.token, "/access/v1/evaluation", &question).json();
                let want = if answer["decision"].as_bool().unwrap() { "allow" } else { "deny" };
                let line = example.line();
                assert!(line.starts_with(want), "{user} {action}: {line}, the node says {answer}");
            }
        }
    };
    let last = stage.done("tag-org", json!({"org": "kick", "tags": ["one"]}));
    let mut example = start();
    agrees(&mut example, 0..10, last);
    drop(example); // kill -9: no checkpoint.
    let mut example = start();
    stage.happen(10..13);
    let last = stage.done("tag-org", json!({"org": "kick", "tags": ["two"]}));
    agrees(&mut example, 0..13, last);
    drop(example.input.take());
    assert!(example.child.wait().unwrap().success());
    assert!(folder.path().join("replica.checkpoint").exists(), "ended in good order, it leaves a checkpoint");
    stage.happen(13..14);
    let last = stage.done("tag-org", json!({"org": "kick", "tags": ["three"]}));
    agrees(&mut start(), 0..14, last);
}

#[test]
fn the_cloud_events_sdks_read_every_specimen() {
    let folder = TempDir::new().unwrap();
    let mut specimens: Vec<PathBuf> =
        std::fs::read_dir(root().join("events/golden")).unwrap().map(|entry| entry.unwrap().path()).collect();
    specimens.retain(|path| path.is_file());
    specimens.sort();
    let mut node = Command::new("node");
    node.arg(beside_packages(&folder, "tests/sdk/parse.mjs"));
    for mut sdk in [python(&root().join("tests/sdk/parse.py")), node] {
        let output =
            sdk.args(&specimens).output().unwrap_or_else(|error| panic!("{sdk:?}: {error}: install what it needs"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let read: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(read.len(), specimens.len());
        for (path, read) in specimens.iter().zip(read) {
            let mut specimen: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            let attributes = specimen.as_object_mut().unwrap();
            attributes.remove("time");
            for (name, value) in attributes.iter_mut().filter(|(name, _)| *name != "data") {
                *value = json!(value.as_str().map_or_else(|| value.to_string(), str::to_owned));
                assert!(!name.is_empty());
            }
            assert_eq!(read, specimen, "{} by {:?}", path.display(), sdk.get_program());
        }
    }
}

/// A Python program with the packages of the examples.
fn python(program: &Path) -> Command {
    let mut command = Command::new("python3");
    command.arg(program).env("PYTHONPATH", tool("python"));
    command
}

/// A copy of a program for Node in a folder where it finds the packages of the examples.
fn beside_packages(folder: &TempDir, program: &str) -> PathBuf {
    let modules = folder.path().join("node_modules");
    std::os::unix::fs::symlink(tool("node/node_modules"), modules).unwrap();
    let copy = folder.path().join("program.mjs");
    std::fs::copy(root().join(program), &copy).unwrap();
    copy
}

/// What `tests/run` installed.
fn tool(name: &str) -> PathBuf {
    let path = root().join("target/tools").join(name);
    assert!(path.exists(), "`{}` is not there: `tests/run --tools` installs it", path.display());
    path
}

/// An example of the replica, which is built with the tests.
fn rust_example(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let path = tests.parent().unwrap().parent().unwrap().join("examples").join(name);
    assert!(path.exists(), "`{}` is not there: `cargo build -p tenure-replica --examples` makes it", path.display());
    path
}

fn root() -> PathBuf {
    env!("CARGO_MANIFEST_DIR").into()
}
