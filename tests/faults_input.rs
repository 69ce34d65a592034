//! Whatever comes in over HTTP: each has its answer, none of them ours to be ashamed of, and nothing is written.

mod asking;

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;

use serde_json::{Value, json};

use crate::support::program::{Platform, Serving};
use crate::support::server::{Answer, Client, bearer};
use crate::support::snapshots;

/// A node, what it answered so far, and what it tells on its standard error.
struct Tried {
    platform: Platform,
    node: Serving,
    http: Client,
    answers: String,
    /// Whoever has nothing anywhere.
    nobody: String,
}

/// Users who are there, two events for each when they are granted a foreign membership.
const USERS: usize = 501;

impl Tried {
    fn new() -> Self {
        let platform = Platform::new("default");
        let node = platform.serve_telling(&platform.folder.path().join("stderr"), &["--log-level", "debug"]);
        let (http, admin) = (node.http(), node.token.clone());
        http.done(&admin, "create-org", json!({"id": "a", "name": "A"}));
        let me = json!({"org": "a", "users": ["admin"], "user_type": "administrator", "privileges": "all"});
        http.done(&admin, "grant-subscriptions", me);
        http.done(&admin, "create-resource", json!({"id": "folder", "org": "a", "kind": "folder", "name": "F"}));
        let key = [("Authorization", &*bearer(&admin)), ("Content-Type", JSON), ("Idempotency-Key", "used")];
        let body = json!({"org": "a", "description": "once"}).to_string();
        assert_eq!(http.send("POST", "/v1/commands/describe-org", &key, Some(body.as_bytes())).status, 200);
        let nobody = http.user(&admin, "nobody", "root", "viewer", json!([]));
        thread::scope(|scope| {
            for client in 0..8 {
                let (http, admin) = (node.http(), &admin);
                scope.spawn(move || {
                    for number in (client..USERS).step_by(8) {
                        let user =
                            json!({"id": format!("u{number}"), "org": "root", "name": "U", "user_type": "viewer"});
                        http.done(admin, "create-user", user);
                    }
                });
            }
        });
        Self { platform, node, http, answers: String::new(), nobody }
    }

    fn part(&mut self, title: &str) {
        writeln!(self.answers, "{}== {title}", if self.answers.is_empty() { "" } else { "\n" }).unwrap();
    }

    /// Notes what came of something.
    fn note(&mut self, what: &str, answer: &Answer) {
        assert!(answer.status < 500, "{what}: {answer:?}");
        assert!(!answer.text.contains("panicked"), "{what}: {answer:?}");
        let fields = serde_json::from_str::<Value>(&answer.text).unwrap_or_default();
        let field = fields["errors"][0]["field"].as_str().filter(|field| !field.is_empty());
        let field = field.map(|field| format!(" ({field})")).unwrap_or_default();
        writeln!(self.answers, "{:<58} {}{field}", what.replace('\n', "\\n"), answer.outcome()).unwrap();
    }

    /// A command with this body.
    fn command(&mut self, what: &str, name: &str, body: impl AsRef<[u8]>) {
        self.with(what, name, &[], body);
    }

    /// A command with more headers.
    fn with(&mut self, what: &str, name: &str, more: &[(&str, &str)], body: impl AsRef<[u8]>) {
        let token = bearer(&self.node.token);
        let mut headers = vec![("Authorization", token.as_str())];
        if !more.iter().any(|(name, _)| *name == "Content-Type") {
            headers.push(("Content-Type", JSON));
        }
        headers.extend(more);
        let answer = self.http.send("POST", &format!("/v1/commands/{name}"), &headers, Some(body.as_ref()));
        self.note(what, &answer);
    }

    /// Argument after argument, one of a command's changed.
    fn argument(&mut self, name: &str, good: &Value, field: &str, what: &str, bad: &Value) {
        let mut body = good.clone();
        body[field] = bad.clone();
        self.command(&format!("{name} with {field} {what}"), name, body.to_string());
    }

    fn get(&mut self, path: &str) {
        let answer = self.http.get(&self.node.token, path);
        let what = if path.len() > 56 { format!("{}… ({} bytes)", &path[..32], path.len()) } else { path.to_owned() };
        self.note(&what, &answer);
    }

    fn post(&mut self, path: &str, body: &str) {
        let headers = [("Authorization", &*bearer(&self.node.token)), ("Content-Type", JSON)];
        let answer = self.http.send("POST", path, &headers, Some(body.as_bytes()));
        let what = format!("{path} {}", body.chars().take(80).collect::<String>());
        self.note(&what, &answer);
    }

    /// Bytes as no library would send them; the first line of the answer.
    fn raw(&mut self, what: &str, request: &[u8]) {
        let answer = self.exchange(request);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let line = answer.lines().next().unwrap_or("closed").to_owned();
        assert!(!line.contains(" 500 "), "{what}: {answer}");
        let code = answer.split("\"code\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        writeln!(self.answers, "{what:<58} {line} {code}").unwrap();
    }

    fn exchange(&self, request: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.node.url.trim_start_matches("http://")).unwrap();
        // Whoever is refused early may not take the rest.
        drop(stream.write_all(request));
        // Left open for writing: a server may take a closed half for a caller who went away, and owes it no answer.
        stream.set_read_timeout(Some(std::time::Duration::from_secs(1))).unwrap();
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer));
        if answer.is_empty() {
            // It waits for the rest of a request that has none.
            drop(stream.shutdown(std::net::Shutdown::Write));
            drop(stream.read_to_end(&mut answer));
        }
        answer
    }

    fn position(&self) -> String {
        self.http.get(&self.node.token, "/v1/whoami").header("Tenure-Position").to_owned()
    }
}

const JSON: &str = "application/json";

#[test]
fn whatever_comes_in_has_its_answer_and_writes_nothing() {
    let mut tried = Tried::new();
    let before = tried.position();
    bodies(&mut tried);
    ids_and_names(&mut tried);
    values(&mut tried);
    many(&mut tried);
    asking::headers(&mut tried);
    asking::reading(&mut tried);
    asking::questions(&mut tried);
    asking::routes(&mut tried);
    assert_eq!(tried.position(), before, "something was written");
    let told = std::fs::read_to_string(tried.platform.folder.path().join("stderr")).unwrap();
    assert!(told.contains("opened") && !told.contains("panicked") && !told.contains(" ERROR "), "{told}");
    snapshots().bind(|| insta::assert_snapshot!("bad-input", tried.answers));
}

fn bodies(tried: &mut Tried) {
    tried.part("bodies");
    for (what, body) in [
        ("nothing", ""),
        ("a truncated object", r#"{"id": "b", "name": "B""#),
        ("no JSON", "name=B"),
        ("more after the object", r#"{"name": "B"} {}"#),
        ("an array", "[]"),
        ("a string", r#""B""#),
        ("a number", "1"),
        ("null", "null"),
        ("an empty object", "{}"),
        ("an unknown field", r#"{"name": "B", "colour": "red"}"#),
        ("a field twice", r#"{"name": "B", "name": "C"}"#),
        ("a number for a text", r#"{"name": 1}"#),
        ("null for a text", r#"{"name": null}"#),
        ("an array for a text", r#"{"name": ["B"]}"#),
        ("a text for an array", r#"{"name": "B", "tags": "t"}"#),
        ("a lone surrogate", r#"{"name": "\ud800"}"#),
        ("a bare control character", "{\"name\": \"B\n\"}"),
        ("a byte order mark", "\u{feff}{\"name\": \"B\"}"),
        ("a comment", r#"{"name": "B" /* why */}"#),
        ("NaN", r#"{"name": NaN}"#),
    ] {
        tried.command(what, "create-org", body);
    }
    tried.command("bytes that are no UTF-8", "create-org", b"{\"name\": \"\xff\xfe\"}");
    tried.command("deep nesting", "create-org", "[".repeat(100_000));
    let deep = format!(r#"{{"name": {}1{}}}"#, r#"{"a":"#.repeat(5_000), "}".repeat(5_000));
    tried.command("deep nesting in a field", "create-org", deep);
    let head =
        format!("POST /v1/commands/create-org HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\n", bearer(&tried.node.token));
    let two = format!("{head}Content-Type: {JSON}\r\nContent-Length: {}\r\n\r\n{}", 2 << 20, " ".repeat(2 << 20));
    // Refused before it is read, so that not every library sees the answer.
    tried.raw("two mebibytes", two.as_bytes());
    tried.command("a mebibyte, less a little", "create-org", format!("{{{}", " ".repeat((1 << 20) - 1)));
    for kind in ["text/plain", "application/xml", "application/jsonp", ""] {
        tried.with(&format!("content type `{kind}`"), "create-org", &[("Content-Type", kind)], r#"{"name": "B"}"#);
    }
    tried.command("an unknown command", "make-coffee", "{}");
    tried.command("an unknown command, no JSON", "make-coffee", "{");
    tried.command("a command in capitals", "CREATE-ORG", r#"{"name": "B"}"#);
}

fn ids_and_names(tried: &mut Tried) {
    tried.part("ids and names");
    let org = json!({"id": "b", "name": "B"});
    let user = json!({"id": "b", "org": "root", "name": "B", "user_type": "viewer"});
    let long = "x".repeat(129);
    let ids = [
        ("empty", ""),
        ("`.`", "."),
        ("`a.b`", "a.b"),
        ("with a space", "a b"),
        ("`*`", "*"),
        ("`>`", ">"),
        ("`a/b`", "a/b"),
        ("beyond ASCII", "zoë"),
        ("with NUL", "a\0b"),
        ("with a line break", "a\nb"),
        ("of 129 characters", long.as_str()),
        ("an address", "zoe@example.org"),
        ("of a provider", "auth0|zoe"),
    ];
    for (what, id) in ids {
        tried.argument("create-user", &user, "id", what, &json!(id));
    }
    for (what, id) in &ids[..11] {
        tried.argument("create-org", &org, "id", what, &json!(id));
    }
    tried.argument("create-user", &user, "id", "a number", &json!(7));
    let (resource, role) = (json!({"org": "a", "kind": "chart", "name": "C"}), json!({"org": "a", "name": "R"}));
    let group = json!({"org": "a", "name": "G"});
    let names = [
        ("empty", String::new()),
        ("blank", " \t ".to_owned()),
        ("with NUL", "a\0b".to_owned()),
        ("with a line break", "a\nb".to_owned()),
        ("with a terminal's escape", "\u{1b}[2J".to_owned()),
        ("of 100,000 letters", "x".repeat(100_000)),
    ];
    let named = [("create-org", &org), ("create-user", &user), ("create-resource", &resource)];
    for (command, good) in named.into_iter().chain([("define-role", &role), ("create-group", &group)]) {
        for (what, name) in &names {
            tried.argument(command, good, "name", what, &json!(name));
        }
    }
    for (what, email) in [("empty", ""), ("of two lines", "a@example.org\nBcc: b@example.org"), ("with NUL", "a\0")] {
        tried.argument("create-user", &user, "email", what, &json!(email));
    }
    for (name, body) in [
        ("create-org", json!({"name": "B", "admin": {"name": 1}})),
        ("create-org", json!({"name": "B", "admin": {}})),
        ("create-org", json!({"name": "B", "admin": {"name": ""}})),
        ("create-org", json!({"name": "B", "admin": {"name": "B", "colour": "red"}})),
        ("create-org", json!({"name": "B", "tags": ["a", 1]})),
        ("link-identity", json!({"user": "u1", "issuer": "", "subject": "s"})),
        ("link-identity", json!({"user": "u1", "issuer": "https://idp.example", "subject": "a\u{7}b"})),
        ("issue-api-key", json!({"user": "u1", "name": ""})),
        ("change-profile", json!({"user": "u1", "name": " "})),
    ] {
        tried.command(&format!("{name} {body}"), name, body.to_string());
    }
    tried.argument("create-user", &user, "email", "of 100,000 letters", &json!("x".repeat(100_000)));
    tried.argument("create-org", &org, "description", "of 100,000 letters", &json!("x".repeat(100_000)));
    tried.argument("create-org", &org, "tags", "of 10,000 words", &json!(vec!["tag"; 10_000]));
}

fn values(tried: &mut Tried) {
    tried.part("values");
    let user = json!({"id": "b", "org": "root", "name": "B", "user_type": "viewer"});
    let grant = json!({"org": "a", "users": ["u1"], "user_type": "viewer", "privileges": []});
    let cases: &[(&str, &Value, &str, &str, Value)] = &[
        ("create-user", &user, "id", "that is there", json!("u1")),
        ("create-user", &user, "org", "that is not there", json!("nowhere")),
        ("create-user", &user, "user_type", "unknown", json!("emperor")),
        ("create-user", &user, "user_type", "empty", json!("")),
        ("create-user", &user, "privileges", "unknown", json!(["chart.fly"])),
        ("create-user", &user, "privileges", "ill-formed", json!(["Chart Fly"])),
        ("create-user", &user, "privileges", "another word than all", json!("everything")),
        ("create-user", &user, "privileges", "null", Value::Null),
        ("create-user", &user, "privileges", "an object", json!({"all": true})),
        ("grant-subscriptions", &grant, "users", "empty", json!([])),
        ("grant-subscriptions", &grant, "users", "that come twice", json!(["u1", "u1"])),
        ("grant-subscriptions", &grant, "users", "that are not there", json!(["u1", "ghost"])),
        ("grant-subscriptions", &grant, "users", "null", Value::Null),
        ("grant-subscriptions", &grant, "users", "a text", json!("u1")),
        ("grant-subscriptions", &grant, "from_org", "not theirs", json!("a")),
        ("grant-subscriptions", &grant, "valid_until", "in the past", json!("2001-01-01T00:00:00Z")),
        ("grant-subscriptions", &grant, "valid_from", "in the past", json!("2001-01-01T00:00:00Z")),
        ("grant-subscriptions", &grant, "valid_until", "no date", json!("tomorrow")),
        ("grant-subscriptions", &grant, "valid_until", "without a zone", json!("2099-01-01T00:00:00")),
        ("grant-subscriptions", &grant, "valid_until", "on 30 February", json!("2099-02-30T00:00:00Z")),
        ("grant-subscriptions", &grant, "valid_until", "in the year 300,000", json!("+300000-01-01T00:00:00Z")),
        ("grant-subscriptions", &grant, "valid_until", "a number", json!(4_070_908_800_u64)),
    ];
    for (name, good, field, what, bad) in cases {
        tried.argument(name, good, field, what, bad);
    }
    let window = json!({"valid_from": "2099-01-02T00:00:00Z", "valid_until": "2099-01-01T00:00:00Z"});
    let mut backward = grant;
    backward.as_object_mut().unwrap().extend(window.as_object().unwrap().clone());
    tried.command("grant-subscriptions that ends before it begins", "grant-subscriptions", backward.to_string());
    for (what, name, body) in [
        ("share with nobody", "share", json!({"resource": "folder", "with": {}, "level": "view"})),
        ("share with two", "share", json!({"resource": "folder", "with": {"user": "u1", "org": "a"}, "level": "view"})),
        ("share at no level", "share", json!({"resource": "folder", "with": {"user": "admin"}, "level": "own"})),
        (
            "share with a user who is not there",
            "share",
            json!({"resource": "folder", "with": {"user": "x"}, "level": "view"}),
        ),
        ("move into itself", "move-resource", json!({"resource": "folder", "parent": "folder"})),
        ("an unknown kind", "create-resource", json!({"org": "a", "kind": "spaceship", "name": "S"})),
        ("move the root", "move-org", json!({"org": "root", "parent": "a"})),
        ("move an org into itself", "move-org", json!({"org": "a", "parent": "a"})),
        ("archive without the words", "archive-org", json!({"org": "a", "confirmation": "yes"})),
        ("erase without the words", "erase-user", json!({"user": "u1", "confirmation": "yes"})),
        ("erase the last administrator", "erase-user", json!({"user": "admin", "confirmation": "permanently erase"})),
        ("disable the last administrator", "disable-user", json!({"user": "admin"})),
        ("revoke a key that is not there", "revoke-api-key", json!({"key": "01990000-0000-7000-8000-000000000000"})),
        ("revoke a key by no id", "revoke-api-key", json!({"key": "tnr_x_y"})),
        (
            "a key that has ended",
            "issue-api-key",
            json!({"user": "u1", "name": "k", "expires": "2001-01-01T00:00:00Z"}),
        ),
        ("change nothing", "change-profile", json!({"user": "u1"})),
    ] {
        tried.command(what, name, body.to_string());
    }
}

fn many(tried: &mut Tried) {
    tried.part("too much for one command");
    let users: Vec<String> = (0..USERS).map(|number| format!("u{number}")).collect();
    let ghosts: Vec<String> = (0..10_000).map(|number| format!("ghost{number}")).collect();
    let twice: Vec<&str> = vec!["u1"; 10_000];
    for (what, users) in [
        ("501 users, of whom each takes two events", json!(users)),
        ("10,000 users who are not there", json!(ghosts)),
        ("one user 10,000 times", json!(twice)),
    ] {
        let body = json!({"org": "a", "users": users, "user_type": "viewer", "privileges": []}).to_string();
        tried.command(what, "grant-subscriptions", &body);
        tried.with(&format!("{what}, dry run"), "grant-subscriptions?dry_run=true", &[], &body);
    }
    let headers = [("Authorization", &*bearer(&tried.node.token)), ("Content-Type", JSON)];
    let body = json!({"org": "a", "users": users, "user_type": "viewer", "privileges": []}).to_string();
    let answer = tried.http.send("POST", "/v1/commands/grant-subscriptions", &headers, Some(body.as_bytes()));
    assert!(answer.text.contains("1000") || answer.text.contains("1,000"), "it names the limit: {}", answer.text);
}
