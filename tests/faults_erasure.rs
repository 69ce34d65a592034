//! Somebody erased is nowhere: in no file, backup, log or answer, in no disguise; and all that was decided stays.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tenure_events::{Envelope, Event, Sealed};

use crate::support::program::{Platform, Serving, run, text};
use crate::support::server::{Client, bearer};

const NAME: &str = "Zoë \"Quux\" Öxenstierna-Þórðarson";
const EMAIL: &str = "zoe.quux@öxenstierna.example";
const ISSUER: &str = "https://login.idp-7731.example/tenant";
const SUBJECT: &str = "auth0|5f7c8ec7c33c6c004bbafe82";
const KEY: &str = "Zoë's Läptöp";
const REASON: &str = "Quux rang: badge 88-1234-zz";

/// Events of the platform's making.
const FOUNDED: usize = 75;

/// What gives her away.
const TRACES: [&str; 9] = [
    "Quux",
    "quux@",
    "Öxenstierna",
    "Þórðarson",
    "öxenstierna",
    "idp-7731",
    "5f7c8ec7c33c6c004bbafe82",
    "Läptöp",
    "88-1234-zz",
];

#[test]
fn somebody_erased_is_nowhere_and_all_that_was_decided_stays() {
    let platform = Platform::new("default");
    let place = |name: &str| platform.folder.path().join(name);
    let node = platform.serve_telling(&place("text"), &["--log-level", "trace"]);
    let (http, admin) = (node.http(), node.token.clone());
    let zoe = furnish(&node);
    let (events, decisions) = (stored(&http, &admin), decisions(&node, None));
    assert!(decisions.iter().any(|decision| decision.contains(r#""decision":true"#)));
    let pages = pages(&http, &admin, events.len());
    let traces = Traces::new();
    assert!(pages.iter().any(|page| traces.of(page.as_bytes()).is_some()), "they were read before");
    run(&["backup", "--data", text(&platform.data()), "--to", text(&place("older"))]).exits(0);

    let body = json!({"user": "zoe", "confirmation": "permanently erase"});
    because(&http, &admin, "erase-user", &body);
    assert_eq!(http.get(&zoe, "/v1/whoami").status, 401);
    traces.none_in_answers(&node, events.len());
    traces.none_below(&platform.data());
    assert_eq!(node.terminate(), 0);
    traces.none_below(&platform.data());

    let node = platform.serve_telling(&place("json"), &["--log-level", "trace", "--log-format", "json"]);
    let http = node.http();
    assert_eq!(stored(&http, &admin)[..events.len()], events, "bytes never change");
    for (after, before) in self::decisions(&node, Some(events.len())).iter().zip(&decisions) {
        assert_eq!(after, before, "nor does what was decided");
    }
    because(&http, &admin, "describe-org", &json!({"org": "root", "description": "again"}));
    refused(&http, &admin);
    traces.none_in_answers(&node, events.len());
    run(&["backup", "--data", text(&platform.data()), "--to", text(&place("newer"))]).exits(0);
    assert_eq!(node.terminate(), 0);
    for part in ["newer", "data", "text", "json"] {
        traces.none_below(&place(part));
    }

    // The newer log with the older keys: what was destroyed does not come back.
    let old = place("older").join("keys").join("keys");
    let key = destroyed_key(&old, &platform.data().join("keys"));
    let name = sealed_name(&events);
    let restored = place("restored");
    fs::copy(&old, place("newer").join("keys").join("keys")).unwrap();
    run(&["restore", "--from", text(&place("newer")), "--data", text(&restored)]).exits(0);
    assert_eq!(find(&restored, &key), None, "restoring destroys it");
    fs::copy(&old, restored.join("keys")).unwrap();
    assert!(readable(&restored, &name), "the older keys would do");
    let platform = Platform { folder: platform.folder, token: platform.token };
    let mut command = crate::support::program::tenure();
    command.args(["serve", "--data", text(&restored), "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"]);
    let node = Serving::start(command, &platform.token);
    traces.none_in_answers(&node, events.len());
    assert_eq!(node.terminate(), 0);
    assert_eq!(find(&restored, &key), None, "a start destroys it");
    assert!(!readable(&restored, &name));
}

/// Zoe, and what she did and had; her token.
fn furnish(node: &Serving) -> String {
    let (http, admin) = (node.http(), &node.token);
    let send = |name: &str, body: Value| because(&http, admin, name, &body);
    send("create-org", json!({"id": "educate", "name": "Educate"}));
    let me = json!({"org": "educate", "users": ["admin"], "user_type": "administrator", "privileges": "all"});
    send("grant-subscriptions", me);
    let zoe = json!({"id": "zoe", "org": "educate", "name": NAME, "email": EMAIL, "user_type": "member",
        "privileges": ["chart.create"]});
    send("create-user", zoe);
    send("change-profile", json!({"user": "zoe", "name": format!("{NAME} the second")}));
    send("link-identity", json!({"user": "zoe", "issuer": ISSUER, "subject": SUBJECT}));
    let key = send("issue-api-key", json!({"user": "zoe", "name": KEY}));
    let key = key["api_key"].as_str().unwrap().to_owned();
    send("create-group", json!({"id": "team", "org": "educate", "name": "Team"}));
    send("add-group-members", json!({"group": "team", "users": ["zoe"]}));
    send("define-role", json!({"id": "readers", "org": "educate", "name": "Readers", "privileges": ["chart.edit"]}));
    send("assign-role", json!({"role": "readers", "users": ["zoe"]}));
    send("create-resource", json!({"id": "scores", "org": "educate", "kind": "chart", "name": "Scores"}));
    send("share", json!({"resource": "scores", "with": {"user": "zoe"}, "level": "edit"}));
    send("disable-user", json!({"user": "zoe"}));
    send("enable-user", json!({"user": "zoe"}));
    send("record-sign-in", json!({"user": "zoe"}));
    let own = json!({"id": "own", "org": "educate", "kind": "chart", "name": "Own"});
    because(&http, &key, "create-resource", &own);
    refused(&http, admin);
    key
}

/// Commands that name her and come to nothing.
fn refused(http: &Client, admin: &str) {
    let encoded: String = NAME.bytes().map(|byte| format!("%{byte:02X}")).collect();
    for path in [format!("/v1/users/{encoded}"), format!("/v1/orgs?name={encoded}")] {
        assert!(http.get(admin, &path).status >= 400);
    }
    for (name, body) in [
        ("create-user", json!({"id": "zoe", "org": "educate", "name": NAME, "user_type": "member"})),
        ("create-user", json!({"id": EMAIL, "org": "educate", "name": NAME, "user_type": "member"})),
        ("create-user", json!({"id": "zoe2", "org": "educate", "name": [NAME], "email": EMAIL})),
        ("link-identity", json!({"user": "nobody", "issuer": ISSUER, "subject": SUBJECT})),
        (SUBJECT, json!({})),
    ] {
        let path = format!("/v1/commands/{}", name.replace('|', "%7C"));
        assert!(http.post(admin, &path, &body).status >= 400, "{name} {body}");
    }
}

/// A command that is done for a reason that names her.
fn because(http: &Client, token: &str, name: &str, body: &Value) -> Value {
    let headers = [("Authorization", &*bearer(token)), ("Content-Type", "application/json"), ("Tenure-Reason", REASON)];
    let path = format!("/v1/commands/{name}");
    let answer = http.send("POST", &path, &headers, Some(body.to_string().as_bytes()));
    assert_eq!(answer.status, 200, "{name} {body}: {}", answer.text);
    answer.json()
}

/// Every event, as it is stored.
fn stored(http: &Client, token: &str) -> Vec<String> {
    let answer = http.get(token, "/v1/whoami");
    // After a restore a position has its epoch before it.
    let head = answer.header("Tenure-Position").rsplit('-').next().unwrap().parse::<usize>().unwrap();
    (1..=head).map(|position| http.get(token, &format!("/v1/events/{position}")).text).collect()
}

/// What she could do as of every position since the making of the platform, up to one or the last.
fn decisions(node: &Serving, last: Option<usize>) -> Vec<String> {
    let (http, mut told) = (node.http(), Vec::new());
    let last = last.unwrap_or_else(|| stored(&http, &node.token).len());
    for position in FOUNDED..=last {
        for (action, kind, id) in [
            ("chart.create", "org", "educate"),
            ("chart.edit", "org", "educate"),
            ("view", "chart", "scores"),
            ("edit", "chart", "own"),
        ] {
            let question = json!({
                "subject": {"type": "user", "id": "zoe"}, "action": {"name": action}, "resource": {"type": kind, "id": id},
                "context": {"as_of": position, "explain": true},
            });
            told.push(http.post(&node.token, "/access/v1/evaluation", &question).text);
        }
    }
    told
}

/// Every page that can be read, now and as of the past.
fn pages(http: &Client, token: &str, head: usize) -> Vec<String> {
    let mut pages = Vec::new();
    for route in tenure::http::routes() {
        let reads = route.method == "GET" && route.path != "/v1/events/stream";
        if !reads || route.path.contains("{position}") {
            continue;
        }
        let many = ["zoe", "admin", "educate", "team", "readers", "scores", "own"];
        let ids = if route.path.contains('{') { &many[..] } else { &many[..1] };
        for id in ids {
            let path = match (route.path.split_once('{'), route.path.split_once('}')) {
                (Some((before, _)), Some((_, after))) => format!("{before}{id}{after}"),
                _ => route.path.to_owned(),
            };
            let more = if route.path == "/v1/diff" { "&from=1" } else { "" };
            for query in [format!("?limit=1000{more}"), format!("?as_of={head}{more}"), String::new()] {
                pages.push(http.get(token, &format!("{path}{query}")).text);
            }
        }
    }
    pages
}

/// The traces in every disguise.
struct Traces {
    /// What each is, and its bytes, by their first.
    by_first: Vec<Vec<(String, Vec<u8>)>>,
}

impl Traces {
    fn new() -> Self {
        let mut disguises = Vec::new();
        for trace in TRACES {
            let mut add = |how: &str, bytes: Vec<u8>| disguises.push((format!("`{trace}` {how}"), bytes));
            add("plain", trace.as_bytes().to_vec());
            add("in UTF-16", trace.encode_utf16().flat_map(u16::to_le_bytes).collect());
            add("in UTF-16, big end first", trace.encode_utf16().flat_map(u16::to_be_bytes).collect());
            add("in hexadecimal", trace.bytes().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect());
            let percent = |byte: u8| if byte.is_ascii() { (byte as char).to_string() } else { format!("%{byte:02X}") };
            add("in an address", trace.bytes().map(percent).collect::<String>().into_bytes());
            let escape = |c: char| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", c as u32) };
            add("escaped", trace.chars().map(escape).collect::<String>().into_bytes());
            add("as a debug text", format!("{:?}", trace.as_bytes()).trim_matches(['[', ']']).as_bytes().to_vec());
            for shift in 0..3 {
                // What stands before and after it shares a letter with it at either end.
                let padded = [vec![0; shift], trace.as_bytes().to_vec()].concat();
                let encoded = STANDARD.encode(&padded);
                let whole = encoded[(shift * 8).div_ceil(6)..padded.len() * 8 / 6].to_owned();
                add("in base64", whole.clone().into_bytes());
                add("in base64 for addresses", whole.replace('+', "-").replace('/', "_").into_bytes());
            }
        }
        let mut by_first = vec![Vec::new(); 256];
        for (what, bytes) in disguises {
            assert!(bytes.len() > 3, "{what} is too short to be told from chance");
            by_first[bytes[0] as usize].push((what, bytes));
        }
        Self { by_first }
    }

    /// One that is in the bytes.
    fn of(&self, bytes: &[u8]) -> Option<&str> {
        bytes.iter().enumerate().find_map(|(start, first)| {
            let mut disguises = self.by_first[*first as usize].iter();
            disguises.find(|(_, disguise)| bytes[start..].starts_with(disguise)).map(|(what, _)| what.as_str())
        })
    }

    fn none_below(&self, path: &Path) {
        for file in files(path) {
            assert_eq!(self.of(&fs::read(&file).unwrap()), None, "in {}", file.display());
        }
    }

    fn none_in_answers(&self, node: &Serving, head: usize) {
        let (http, token) = (node.http(), &node.token);
        for page in pages(&http, token, head).into_iter().chain(stored(&http, token)) {
            assert_eq!(self.of(page.as_bytes()), None, "in {page}");
        }
    }
}

fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    fs::read_dir(path).unwrap().flat_map(|entry| files(&entry.unwrap().path())).collect()
}

/// The file below a folder that has these bytes.
fn find(folder: &Path, bytes: &[u8]) -> Option<PathBuf> {
    files(folder).into_iter().find(|file| fs::read(file).unwrap().windows(bytes.len()).any(|window| window == bytes))
}

/// The key that the older store has and the newer has not: at byte 52 of a record of 128.
fn destroyed_key(older: &Path, newer: &Path) -> Vec<u8> {
    let [older, newer] = [older, newer].map(|path| fs::read(path).unwrap());
    let keys = older.chunks(128).skip(1).map(|record| record[52..84].to_vec());
    let gone: Vec<_> = keys.filter(|key| !newer.windows(32).any(|window| window == key)).collect();
    assert_eq!(gone.len(), 1, "one person was erased");
    gone.into_iter().next().unwrap()
}

fn sealed_name(events: &[String]) -> Sealed {
    let created = events.iter().find_map(|event| {
        let Envelope { event, .. } = tenure_events::parse(event.as_bytes()).unwrap();
        let Event::UserCreated(created) = event else { return None };
        created.name.filter(|_| created.user.as_str() == "zoe")
    });
    created.expect("her making")
}

/// Whether the keys of a data folder open it.
fn readable(data: &Path, name: &Sealed) -> bool {
    let log = tenure::data::log_id(data).unwrap();
    let keys = tenure::keys::KeyStore::open(&data.join("keys"), log).unwrap();
    keys.unseal(&"zoe".parse().unwrap(), "name", name).is_ok()
}

#[test]
fn every_disguise_is_seen_through() {
    let traces = Traces::new();
    for name in [NAME, EMAIL] {
        let wide = |end: fn(u16) -> [u8; 2]| name.encode_utf16().flat_map(end).collect::<Vec<_>>();
        let mut hidden = vec![name.as_bytes().to_vec(), wide(u16::to_le_bytes), wide(u16::to_be_bytes)];
        hidden.extend((0..3).map(|before| STANDARD.encode(format!("{}{name}", "x".repeat(before))).into_bytes()));
        hidden.push(json!({"name": name}).to_string().into_bytes());
        for bytes in hidden {
            assert!(traces.of(&bytes).is_some(), "{}", String::from_utf8_lossy(&bytes));
        }
    }
    assert_eq!(traces.of(b"nobody in particular"), None);
}
