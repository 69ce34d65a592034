//! Many writers at the same moment: one of them wins, the others are told, and nothing happens twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};

use crate::support::server::{Answer, Client, Server, bearer};

/// A platform with the org `a`, whose administrator is also a member there.
fn server() -> Server {
    let server = Server::memory();
    server.done(&server.admin, "create-org", json!({"id": "a", "name": "A"}));
    let me = json!({"org": "a", "users": ["admin"], "user_type": "administrator", "privileges": "all"});
    server.done(&server.admin, "grant-subscriptions", me);
    server
}

/// What so many writers are answered who send at the same moment, each on a connection of its own.
fn at_once(server: &Server, writers: usize, send: impl Fn(&Client, usize) -> Answer + Sync) -> Vec<Answer> {
    let (start, url) = (Barrier::new(writers), format!("http://{}", server.address));
    thread::scope(|scope| {
        let (start, url, send) = (&start, &url, &send);
        let run = |writer| {
            scope.spawn(move || {
                let http = Client::new(url.as_str());
                // Connected before the race.
                assert_eq!(http.get("", "/healthz").status, 200);
                start.wait();
                send(&http, writer)
            })
        };
        let writers: Vec<_> = (0..writers).map(run).collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    })
}

fn outcomes(answers: &[Answer]) -> BTreeMap<String, usize> {
    let mut outcomes = BTreeMap::new();
    for answer in answers {
        *outcomes.entry(answer.outcome()).or_default() += 1;
    }
    outcomes
}

fn command(http: &Client, server: &Server, name: &str, more: &[(&str, &str)], body: &Value) -> Answer {
    let token = bearer(&server.admin);
    let mut headers = vec![("Authorization", token.as_str()), ("Content-Type", "application/json")];
    headers.extend(more);
    http.send("POST", &format!("/v1/commands/{name}"), &headers, Some(body.to_string().as_bytes()))
}

fn head(server: &Server) -> u64 {
    server.get(&server.admin, "/v1/whoami").header("Tenure-Position").parse().unwrap()
}

/// That exactly one of them is done, and the others are refused for this reason.
#[track_caller]
fn one_wins(what: &str, answers: &[Answer], refusal: &str) {
    let wants = BTreeMap::from([("200".to_owned(), 1), (refusal.to_owned(), answers.len() - 1)]);
    assert_eq!(outcomes(answers), wants, "{what}");
}

#[test]
fn one_of_many_gets_a_name_or_an_id() {
    let server = server();
    let check = |writers: usize, name: &str, refusal: &str, body: &(dyn Fn(usize) -> Value + Sync)| {
        let before = head(&server);
        let answers = at_once(&server, writers, |http, writer| command(http, &server, name, &[], &body(writer)));
        one_wins(name, &answers, refusal);
        let won = answers.iter().find(|answer| answer.status == 200).unwrap().json();
        assert_eq!(head(&server), before + won["events"].as_array().unwrap().len() as u64, "{name}");
    };
    let user = |id: String, name: String| json!({"id": id, "org": "a", "name": name, "user_type": "viewer"});
    for (round, writers) in [2, 2, 2, 16, 16].into_iter().enumerate() {
        let own = |writer: usize| format!("r{round}w{writer}");
        let one = format!("One {round}");
        check(writers, "create-org", "409 name.taken", &|writer| json!({"id": own(writer), "name": one}));
        check(writers, "create-org", "409 id.taken", &|writer| json!({"id": format!("o{round}"), "name": own(writer)}));
        check(writers, "create-user", "409 id.taken", &|writer| user(format!("u{round}"), own(writer)));
        check(writers, "define-role", "409 name.taken", &|_| json!({"org": "a", "name": one}));
        check(writers, "create-group", "409 name.taken", &|_| json!({"org": "a", "name": one}));
        let letters = |writer: usize| if writer.is_multiple_of(2) { one.to_uppercase() } else { one.to_lowercase() };
        check(writers, "define-role", "409 name.taken", &|writer| json!({"name": letters(writer)}));
        let foreign = json!({"id": format!("f{round}"), "org": "root", "name": "F", "user_type": "viewer"});
        server.done(&server.admin, "create-user", foreign);
        let grant = json!({"org": "a", "users": [format!("f{round}")], "user_type": "viewer", "privileges": []});
        check(writers, "grant-subscriptions", "409 subscription.exists", &|_| grant.clone());
    }
}

#[test]
fn one_of_many_changes_what_all_have_read() {
    let server = server();
    for writers in [2, 2, 2, 16] {
        let read = format!("\"{}\"", head(&server));
        let describe = |http: &Client, writer: usize| {
            let body = json!({"org": "a", "description": format!("by {writer}")});
            command(http, &server, "describe-org", &[("If-Match", &read)], &body)
        };
        one_wins("describe-org", &at_once(&server, writers, describe), "412 entity.changed");
        server.done(&server.admin, "describe-org", json!({"org": "root", "description": read}));
    }
}

#[test]
fn one_key_is_one_command() {
    let server = server();
    for (round, writers) in [2, 16, 16].into_iter().enumerate() {
        let (before, key) = (head(&server), format!("key {round}"));
        let create = |body: &(dyn Fn(usize) -> Value + Sync)| {
            at_once(&server, writers, |http, writer| {
                command(http, &server, "create-user", &[("Idempotency-Key", &key)], &body(writer))
            })
        };
        let answers = create(&|_| json!({"org": "root", "name": "Once", "user_type": "viewer"}));
        assert_eq!(outcomes(&answers), BTreeMap::from([("200".to_owned(), writers)]));
        let texts: BTreeSet<_> = answers.iter().map(|answer| &answer.text).collect();
        assert_eq!(texts.len(), 1, "the same bytes for all");
        assert_eq!(head(&server), before + 2, "made once: a user and a membership");

        let key = format!("other {round}");
        let other = at_once(&server, writers, |http, writer| {
            let body = json!({"org": "root", "name": format!("By {writer}"), "user_type": "viewer"});
            command(http, &server, "create-user", &[("Idempotency-Key", &key)], &body)
        });
        one_wins("one key for many bodies", &other, "422 idempotency.other_body");
    }
}

/// A secret is told once, to one of those who sent the same command.
#[test]
fn one_key_is_one_secret() {
    let server = server();
    let issue = |http: &Client, _| {
        let body = json!({"user": "admin", "name": "second"});
        command(http, &server, "issue-api-key", &[("Idempotency-Key", "k")], &body)
    };
    let answers = at_once(&server, 16, issue);
    let secrets = answers.iter().filter(|answer| answer.json().get("api_key").is_some()).count();
    assert_eq!((outcomes(&answers)["200"], secrets), (16, 1));
}

/// The rule that nobody is locked out, under a race of two administrators who each take themselves away.
#[test]
fn the_last_two_administrators_cannot_both_go() {
    let server = server();
    for round in 0..4 {
        let other = format!("other{round}");
        let token = server.user(&server.admin, &other, "root", "administrator", json!("all"));
        let answers = at_once(&server, 2, |http, writer| {
            let (by, whom) = if writer == 0 { (&server.admin, &other) } else { (&token, &"admin".to_owned()) };
            http.post(by, "/v1/commands/disable-user", &json!({"user": whom}))
        });
        let done = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(done, 1, "{answers:?}");
        // Whoever stayed sets it right again.
        let (by, whom) = if answers[0].status == 200 { (&server.admin, &other) } else { (&token, &"admin".to_owned()) };
        server.done(by, "enable-user", json!({"user": whom}));
        server.done(&server.admin, "disable-user", json!({"user": other}));
    }
}
