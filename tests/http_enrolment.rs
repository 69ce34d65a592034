//! Enrolment over HTTP: a one-time secret makes its user a key, once, and nobody is left without a way in.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::support::program::{Platform, Serving, tenure};
use crate::support::server::{Answer, Client, Server, bearer};

fn enrol(client: &Client, secret: &str) -> Answer {
    let body = json!({"enrolment_secret": secret}).to_string();
    client.send("POST", "/v1/enrol", &[("Content-Type", "application/json")], Some(body.as_bytes()))
}

fn secret(answer: &Value) -> String {
    assert_eq!(answer.get("api_key"), None);
    answer["enrolment_secret"].as_str().expect("a secret").to_owned()
}

fn sally(enrol: bool) -> Value {
    json!({"id": "sally", "org": "root", "name": "Sally", "email": "sally@example.org", "user_type": "member", "enrol": enrol})
}

#[test]
fn a_secret_makes_its_user_one_key() {
    let server = Server::memory();
    let secret = secret(&server.done(&server.admin, "create-user", sally(true)));
    // It is no key: it opens nothing, and sends no command.
    assert_eq!(server.get(&secret, "/v1/whoami").outcome(), "401 caller.unauthenticated");
    let other = server.post(&secret, "/v1/commands/enrol", &json!({"user": "sally", "key": "k", "name": "x"}));
    assert_eq!(other.outcome(), "401 caller.unauthenticated");
    let keys = server.get(&server.admin, "/v1/users/sally/keys").json();
    assert_eq!(keys["items"][0]["enrolment"], true);
    let enrolled = enrol(&server, &secret);
    assert_eq!((enrolled.status, enrolled.header("cache-control")), (200, "no-store"), "{}", enrolled.text);
    assert_eq!(enrolled.json()["user"], "sally");
    let key = enrolled.json()["api_key"].as_str().unwrap().to_owned();
    assert_eq!(server.get(&key, "/v1/whoami").json()["id"], "sally");
    assert_eq!(enrol(&server, &secret).outcome(), "401 caller.unauthenticated");
    // A key enrols nobody.
    let by_key = server.post(&key, "/v1/commands/enrol", &json!({"user": "sally", "key": "k", "name": "x"}));
    assert_eq!(by_key.outcome(), "403 enrolment.needed");
    assert_eq!(enrol(&server, &key).outcome(), "401 caller.unauthenticated");
    let events = server.get(&server.admin, "/v1/events?limit=1000").text;
    let (_, hidden) = secret.split_at(secret.len() - 43);
    assert!(!events.contains(hidden) && events.contains("tenure.enrolment.opened.v1"));
}

#[test]
fn a_secret_is_told_once() {
    let server = Server::memory();
    let send = || {
        let token = bearer(&server.admin);
        let headers = [("Authorization", &*token), ("Content-Type", "application/json"), ("Idempotency-Key", "once")];
        let body = sally(true).to_string();
        server.send("POST", "/v1/commands/create-user", &headers, Some(body.as_bytes())).json()
    };
    let (first, again) = (send(), send());
    assert_eq!(again["events"], first["events"]);
    assert!(first.get("enrolment_secret").is_some() && again.get("enrolment_secret").is_none());
}

/// What voids a secret before it was used.
#[test]
fn a_secret_ends_with_what_it_rests_on() {
    let check = |command: &str, body: Value| {
        let server = Server::memory();
        let old = secret(&server.done(&server.admin, "create-user", sally(true)));
        server.done(&server.admin, command, body);
        assert_eq!(enrol(&server, &old).outcome(), "401 caller.unauthenticated", "{command}");
    };
    check("reset-credential", json!({"user": "sally"}));
    check("reset-credential", json!({"user": "sally", "enrol": true}));
    check("disable-user", json!({"user": "sally"}));
    check("erase-user", json!({"user": "sally", "confirmation": "permanently erase"}));
}

#[test]
fn a_reset_opens_the_next_way_in() {
    let server = Server::memory();
    let before = server.user(&server.admin, "sally", "root", "member", json!([]));
    let secret = secret(&server.done(&server.admin, "reset-credential", json!({"user": "sally", "enrol": true})));
    assert_eq!(server.get(&before, "/v1/whoami").status, 401);
    let key = enrol(&server, &secret).json()["api_key"].as_str().unwrap().to_owned();
    assert_eq!(server.get(&key, "/v1/whoami").status, 200);
}

/// Who knows of an org's administrator from above is not them: the secret goes to the address, or nowhere.
#[test]
fn a_secret_is_shown_to_who_holds_all_that_its_user_can() {
    let server = Server::memory();
    let org = json!({"id": "mars", "name": "Mars", "admin": {
        "id": "mara", "name": "Mara", "email": "mara@example.org", "enrol": true,
    }});
    let made = server.done(&server.admin, "create-org", org);
    let opened = made["events"].as_array().unwrap().iter().find(|event| event["type"] == "tenure.enrolment.opened.v1");
    let opened = opened.unwrap();
    let time = |value: &Value| value.as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    assert_eq!((time(&opened["data"]["expires"]) - time(&opened["time"])).num_days(), 7);
    let key = enrol(&server, &secret(&made)).json()["api_key"].as_str().unwrap().to_owned();
    let reset =
        |token: &str| server.post(token, "/v1/commands/reset-credential", &json!({"user": "mara", "enrol": true}));
    assert_eq!(reset(&server.admin).outcome(), "409 enrolment.no_hook");
    assert_eq!(reset(&key).status, 200, "one's own");
    let both = json!({"id": "venus", "name": "Venus", "admin": {"name": "V", "key": true, "enrol": true}});
    let both = server.post(&server.admin, "/v1/commands/create-org", &both);
    assert_eq!(both.outcome(), "422 enrol.or_key");
}

/// The last of those who can run an org keeps a way in, whatever would take it.
#[test]
fn the_last_way_in_stays() {
    let server = Server::memory();
    let key = |user: &str| {
        let key = server.done(&server.admin, "issue-api-key", json!({"user": user, "name": "k"}));
        key["events"][0]["data"]["key"].as_str().unwrap().to_owned()
    };
    let keys = server.get(&server.admin, "/v1/users/admin/keys").json();
    let only = keys["items"][0]["id"].as_str().unwrap().to_owned();
    let refused = |command: &str, body: Value| {
        let answer = server.post(&server.admin, &format!("/v1/commands/{command}"), &body);
        assert_eq!(answer.outcome(), "409 org.no_way_in", "{command} {body}");
    };
    refused("revoke-api-key", json!({"key": only}));
    refused("reset-credential", json!({"user": "admin"}));
    // Another administrator without a way in does not count.
    let all = json!("all");
    let boss = json!({"id": "boss", "org": "root", "name": "Boss", "user_type": "administrator", "privileges": all});
    server.done(&server.admin, "create-user", boss);
    refused("revoke-api-key", json!({"key": only}));
    // One with a key that ends is not enough for one that lasts.
    let ends = json!({"user": "boss", "name": "ends", "expires": "2999-01-01T00:00:00Z"});
    server.done(&server.admin, "issue-api-key", ends);
    refused("revoke-api-key", json!({"key": only}));
    refused("reset-credential", json!({"user": "admin"}));
    let another = key("boss");
    server.done(&server.admin, "revoke-api-key", json!({"key": another}));
    refused("disable-user", json!({"user": "admin"}));
    // With an enrolment the reset leaves a way.
    let secret = secret(&server.done(&server.admin, "reset-credential", json!({"user": "admin", "enrol": true})));
    assert_eq!(enrol(&server, &secret).status, 200);
}

/// A hook gets the secret; the caller does not.
#[test]
fn a_hook_sends_the_secret_to_its_user() {
    let platform = Platform::new("default");
    let (hook, sent) = (platform.folder.path().join("hook"), platform.folder.path().join("sent.json"));
    std::fs::write(&hook, format!("#!/bin/sh\ncat > '{0}.new' && mv '{0}.new' '{0}'\n", sent.display())).unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o700)).unwrap();
    let mut serving = platform.serving();
    serving.args(["--listen", "127.0.0.1:0", "--enrolment-hook"]).arg(&hook);
    let node = Serving::start(serving, &platform.token);
    let http = node.http();
    let org =
        json!({"id": "mars", "name": "Mars", "admin": {"id": "mara", "name": "Mara", "email": "mara@example.org"}});
    http.done(&node.token, "create-org", org);
    let answer = http.done(&node.token, "reset-credential", json!({"user": "mara", "enrol": true}));
    assert_eq!((answer.get("enrolment_secret"), answer.get("api_key")), (None, None));
    let began = Instant::now();
    let letter = loop {
        if let Ok(text) = std::fs::read_to_string(&sent) {
            break serde_json::from_str::<Value>(&text).unwrap();
        }
        assert!(began.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!((&letter["user"], &letter["email"]), (&json!("mara"), &json!("mara@example.org")));
    let mut command = tenure();
    command.env("TENURE_URL", &node.url).env("TENURE_ENROLMENT", letter["enrolment_secret"].as_str().unwrap());
    let enrolled = command.arg("enrol").output().unwrap();
    let key = String::from_utf8(enrolled.stdout).unwrap();
    assert_eq!(http.get(key.trim(), "/v1/whoami").json()["id"], "mara", "{key}");
}
