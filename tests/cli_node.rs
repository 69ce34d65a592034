//! The verbs against a real node on a real folder.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::program::{Platform, Serving, ran, run, snapshots, text};

/// A small platform: KickStart, with Jane in it.
fn kickstart() -> (Platform, Serving) {
    let platform = Platform::new("panintelligence");
    let node = platform.serve();
    node.done("create-org", r#"{"id": "kickstart", "name": "KickStart"}"#);
    node.done(
        "grant-subscriptions",
        r#"{"org": "kickstart", "users": ["admin"], "user_type": "administrator", "privileges": "all"}"#,
    );
    node.done("create-user", r#"{"id": "jane", "org": "kickstart", "name": "Jane", "user_type": "supervisor"}"#);
    (platform, node)
}

#[test]
fn tables_for_people() {
    let (_platform, node) = kickstart();
    let grant = r#"{"org": "kickstart", "user": "jane", "privileges": ["chart.edit", "chart.create"]}"#;
    let mut shown = String::new();
    let mut show = |code: i32, arguments: &[&str]| {
        let ran = node.run(arguments).exits(code);
        shown.push_str(&format!("$ tenure {}\n{}{}\n", arguments.join(" "), ran.out, ran.err));
    };
    show(0, &["whoami"]);
    show(1, &["check", "jane", "chart.edit", "org:kickstart", "--explain"]);
    show(0, &["do", "grant-privileges", "--json", grant, "--dry-run"]);
    show(0, &["do", "grant-privileges", "--json", grant, "--reason", "she asked"]);
    show(2, &["do", "grant-privileges", "--json", grant]);
    show(2, &["do", "grant-privileges", "--json", r#"{"org": "kickstart"}"#]);
    show(2, &["do", "rename-org", "--json", r#"{"org": "nowhere", "name": "x"}"#]);
    show(0, &["check", "user:jane", "chart.edit", "org:kickstart", "--explain"]);
    show(0, &["check", "jane", "chart.edit", "org:kickstart"]);
    show(2, &["check", "jnae", "chart.edit", "org:kickstart"]);
    show(2, &["check", "jane", "chart.edti", "org:kickstart"]);
    show(2, &["check", "jane", "view", "chrat:scores"]);
    show(2, &["check", "jane", "view", "chart:nowhere"]);
    show(2, &["check", "group:nowhere", "view", "org:kickstart"]);
    show(2, &["events", "--type", "org.renamd"]);
    show(2, &["events", "--actor", "nobody"]);
    show(
        0,
        &[
            "do",
            "create-resource",
            "--json",
            r#"{"id": "scores", "org": "kickstart", "kind": "chart", "name": "Scores"}"#,
        ],
    );
    show(0, &["history", "user:jane"]);
    show(0, &["history", "chart:scores"]);
    show(0, &["history", "org:kickstart"]);
    show(2, &["history", "user:nobody"]);
    show(0, &["events", "--type", "tenure.org.created.v1"]);
    show(0, &["do", "issue-api-key", "--json", r#"{"user": "jane", "name": "laptop"}"#]);
    let guest = r#"{"name": "guest", "ceiling": ["*", "!act-as"]}"#;
    show(0, &["do", "define-user-type", "--json", guest, "--dry-run"]);
    snapshots().bind(|| insta::assert_snapshot!("cli-tables", shown));
}

/// An integrator's own file in the form of the presets.
#[test]
fn a_preset_of_ones_own() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("ours.toml");
    let init = |more: &str| {
        let data_all = std::fs::read_to_string("src/presets/data-all.toml").unwrap();
        std::fs::write(&file, format!("{more}\n{data_all}")).unwrap();
        let (data, file) = (folder.path().join("data"), file.to_str().unwrap());
        run(&["init", "--data", data.to_str().unwrap(), "--preset", file])
    };
    let many: Vec<String> = (0..113).map(|number| format!("\"own.p{number}\"")).collect();
    let refused = init(&format!("privileges = [{}]", many.join(","))).exits(2);
    assert!(refused.err.contains("more than the 128 that a catalogue can hold"), "{refused:?}");
    init("privileges = [\"robot.drive\"").exits(2);
    init("privileges = [\"robot.drive\"]").exits(0);
    let unknown = run(&["init", "--data", "nowhere", "--preset", "pope"]).exits(2);
    assert!(unknown.err.contains("there is no preset `pope`"), "{unknown:?}");
}

/// One public key in 64 begins with a dash, and is no option.
#[test]
fn a_licence_key_with_a_dash() {
    let keys = (0..=u8::MAX).map(|seed| tenure::licence::SigningKey::from_seed(&[seed; 32]).public().to_string());
    let dashed = keys.into_iter().find(|key| key.starts_with('-')).expect("one of 256");
    let folder = tempfile::TempDir::new().unwrap();
    let data = folder.path().join("data");
    run(&["init", "--data", text(&data), "--preset", "hengshi", "--licence-key", &dashed]).exits(0);
}

/// Roles that every org starts with, and roles of no org, from the file; both sorts by command as well.
#[test]
fn roles_of_ones_own() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("ours.toml");
    let roles = r#"
        [[roles]]
        name = "system-administrator"
        privileges = ["*"]
        [[roles]]
        name = "auditor"
        privileges = ["audit.read"]
        [[org_roles]]
        name = "Lead Driver"
        privileges = ["robot.drive"]
    "#;
    let orgvue = std::fs::read_to_string("src/presets/orgvue.toml").unwrap();
    std::fs::write(&file, format!("privileges = [\"robot.drive\"]\n{orgvue}\n{roles}")).unwrap();
    let platform = Platform::new(text(&file));
    let node = platform.serve();
    node.done("create-org", r#"{"id": "north", "name": "North", "admin": {"id": "nora", "name": "Nora"}}"#);
    let mine = r#"{"org": "north", "users": ["admin"], "user_type": "administrator", "privileges": "all"}"#;
    node.done("grant-subscriptions", mine);
    node.done("define-role", r#"{"id": "own", "org": "north", "name": "Own", "privileges": ["robot.drive"]}"#);
    node.done("define-role", r#"{"id": "watchers", "name": "Watchers", "privileges": ["access.check"]}"#);
    let http = node.http();
    let listed = http.get(&node.token, "/v1/orgs/north/roles").json();
    let roles = listed["items"].as_array().unwrap().iter();
    let mut roles: Vec<_> = roles.map(|role| role["id"].as_str().unwrap().to_owned()).collect();
    roles.sort();
    assert_eq!(roles, ["Lead-Driver@north", "guest@north", "own"]);
    assert_eq!(http.get(&node.token, "/v1/roles/Lead-Driver@north").json()["privileges"], json!(["robot.drive"]));
    for (role, privilege) in [("auditor", "audit.read"), ("watchers", "access.check")] {
        let found = http.get(&node.token, &format!("/v1/roles/{role}")).json();
        assert_eq!((&found["org"], &found["privileges"]), (&Value::Null, &json!([privilege])));
        node.done("assign-role", &format!(r#"{{"role": "{role}", "users": ["nora"]}}"#));
        node.run(&["check", "nora", privilege, "org:north"]).exits(0);
    }
}

#[test]
fn answers_for_programs() {
    let (_platform, node) = kickstart();
    let json = |arguments: &[&str]| -> Value {
        let ran = node.run(&[arguments, &["--format", "json"]].concat());
        serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{arguments:?}: {ran:?}"))
    };
    let check = ["check", "jane", "chart.edit", "org:kickstart"];
    assert_eq!(json(&check)["decision"], false);
    assert_eq!(json(&["whoami"])["id"], "admin");
    let events = json(&["events", "--org", "kickstart"]);
    let kinds: Vec<&str> = events["items"].as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "tenure.org.created.v1",
            "tenure.subscription.granted.v1",
            "tenure.user.created.v1",
            "tenure.subscription.granted.v1"
        ]
    );

    let lines = node.run(&["events", "--org", "kickstart", "--format", "ndjson"]).exits(0).out;
    let parsed: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(Value::from(parsed), events["items"]);

    let csv = node.run(&["events", "--org", "kickstart", "--format", "csv"]).exits(0).out;
    assert!(csv.starts_with("position,time,event,subject,org,actor,what,on_behalf_of,command,reason,"), "{csv}");
    assert_eq!(csv.lines().count(), 5);

    let csv = node.run(&[&check[..], &["--format", "csv", "--explain"]].concat()).exits(1).out;
    assert!(csv.starts_with("decision,code,detail,events\r\ndeny,authority.not_held,"), "{csv}");
}

/// What was true at a position, or a time, or between two.
#[test]
fn the_past() {
    let (_platform, node) = kickstart();
    let position = |ran: crate::support::program::Ran| -> u64 {
        let answer: Value = serde_json::from_str(&ran.out).unwrap();
        answer["position"].as_u64().unwrap()
    };
    let grant = r#"{"org": "kickstart", "user": "jane", "privileges": ["chart.edit"]}"#;
    let granted = position(node.run(&["do", "grant-privileges", "--json", grant, "--format", "json"]).exits(0));
    let revoked = position(node.run(&["do", "revoke-privileges", "--json", grant, "--format", "json"]).exits(0));
    let time = |position: u64| -> String {
        let arguments = ["events", "--from", &position.to_string(), "--format", "ndjson"];
        let events = node.run(&arguments).exits(0).out;
        let event: Value = serde_json::from_str(events.lines().next().unwrap()).unwrap();
        event["time"].as_str().unwrap().to_owned()
    };
    let check = |as_of: &str, code| {
        node.run(&["check", "jane", "chart.edit", "org:kickstart", "--as-of", as_of]).exits(code);
    };
    // A grant to a foreign actor's org is twinned in the actor's: the command may have two events.
    check(&(granted - 2).to_string(), 1);
    check(&granted.to_string(), 0);
    check(&revoked.to_string(), 1);
    check(&time(granted), 0);
    check(&time(revoked), 1);
    check(&(revoked + 1_000).to_string(), 2);
    check("2099-01-01T00:00:00Z", 2);

    let diff = ["diff", "--from", &granted.to_string(), "--to", &revoked.to_string(), "--org", "kickstart"];
    let diff = node.run(&diff).exits(0).out;
    assert!(diff.contains("jane") && diff.contains("chart.edit"), "{diff}");
}

#[test]
fn arguments_from_files_and_standard_input() {
    let (platform, node) = kickstart();
    let file = platform.folder.path().join("org.json");
    std::fs::write(&file, r#"{"id": "a", "name": "A"}"#).unwrap();
    node.run(&["do", "create-org", "--json", &format!("@{}", text(&file))]).exits(0);

    let mut child = node
        .client()
        .args(["do", "create-org", "--json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(br#"{"id": "b", "name": "B"}"#).unwrap();
    ran(child.wait_with_output().unwrap()).exits(0);
    node.run(&["check", "admin", "org.manage", "org:b"]).exits(1);
}

#[test]
fn a_repetition_happens_once() {
    let (_platform, node) = kickstart();
    let send =
        || node.run(&["do", "create-org", "--json", r#"{"name": "Once"}"#, "--idempotency-key", "k1"]).exits(0).out;
    assert_eq!(send(), send());
}

/// The formats for programs leave nothing out: one a line with the bytes that are stored, and every attribute in a column.
#[test]
fn formats_for_programs_are_lossless() {
    let (_platform, node) = kickstart();
    let lines = node.run(&["events", "--format", "ndjson"]).exits(0).out;
    let stored = |position: &str| {
        let answer = node.http().get(&node.token, &format!("/v1/events/{position}"));
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.text
    };
    let lines: Vec<&str> = lines.lines().collect();
    assert!(lines.len() > 5);
    for line in &lines {
        let event: Value = serde_json::from_str(line).unwrap();
        assert_eq!(*line, stored(event["position"].as_str().unwrap()));
    }
    let csv = node.run(&["events", "--format", "csv", "--type", "subscription.granted"]).exits(0).out;
    let event: Value =
        serde_json::from_str(lines.iter().find(|line| line.contains("subscription.granted")).unwrap()).unwrap();
    for (name, value) in event.as_object().unwrap() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned).replace('"', "\"\"");
        assert!(csv.contains(&text), "{name} {text} is in no column: {csv}");
    }
    let header = csv.lines().next().unwrap().split(',').count();
    assert!(header > event.as_object().unwrap().len(), "{csv}");
}

/// `--follow` shows what happens while it looks, takes up a stream that broke off, and ends with its reader.
#[test]
fn events_can_be_followed() {
    let (platform, node) = kickstart();
    let mut follower = node
        .client()
        .args(["events", "--org", "kickstart", "--from", "1", "--follow", "--format", "ndjson"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    let mut next = || -> String {
        let event: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        event["type"].as_str().unwrap().to_owned()
    };
    let before: Vec<String> = (0..4).map(|_| next()).collect();
    assert_eq!(before.first().unwrap(), "tenure.org.created.v1");
    node.done("disable-org", r#"{"org": "kickstart"}"#);
    assert_eq!(next(), "tenure.org.disabled.v1");
    node.done("enable-org", r#"{"org": "kickstart"}"#);
    assert_eq!(next(), "tenure.org.enabled.v1");

    let address = node.url.trim_start_matches("http://").to_owned();
    assert_eq!(node.terminate(), 0);
    let node = platform.serve_at(&address);
    node.done("describe-org", r#"{"org": "kickstart", "description": "again"}"#);
    assert_eq!(next(), "tenure.org.described.v1");

    drop(lines);
    node.done("tag-org", r#"{"org": "kickstart", "tags": ["unread"]}"#);
    assert!(follower.wait().unwrap().success(), "it ends when nobody reads it any more");
}

#[test]
fn without_a_key_there_is_no_answer() {
    let platform = Platform::new("default");
    let node = platform.serve();
    let mut client = node.client();
    let ran = ran(client.env_remove("TENURE_TOKEN").arg("whoami").output().unwrap()).exits(2);
    assert!(ran.err.contains("TENURE_TOKEN"), "{}", ran.err);
    let ran = run(&["whoami", "--url", &node.url, "--token", "tnr_wrong"]).exits(2);
    assert!(!ran.err.contains("tnr_wrong"), "{}", ran.err);
}

/// SIGTERM ends a node in good order, and the next one knows what the last one knew.
#[test]
fn a_node_ends_and_begins_again() {
    let (platform, node) = kickstart();
    let ask = |node: &Serving| node.run(&["history", "org:kickstart"]).exits(0).out;
    let before = ask(&node);
    assert_eq!(node.terminate(), 0);
    assert_eq!(ask(&platform.serve()), before);
}

#[test]
fn one_process_at_a_time_uses_a_folder() {
    let (platform, _node) = kickstart();
    let data = platform.data();
    let ran = run(&["serve", "--data", text(&data), "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"]).exits(2);
    assert!(ran.err.contains("another process uses"), "{}", ran.err);
    let ran = run(&["init", "--data", text(&data), "--preset", "default"]).exits(2);
    assert!(ran.err.contains("uses") || ran.err.contains("already"), "{}", ran.err);
}
