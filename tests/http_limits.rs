//! What one caller may take of a node, and what the edge refuses before anything else.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tenure::http::{Limits, Options, Rate};

use crate::support::server::{Answer, Server, bearer};

fn limited(change: impl FnOnce(&mut Limits)) -> Server {
    let mut limits = Limits::default();
    change(&mut limits);
    Server::with(Options { limits, ..Options::default() })
}

const fn rate(per_second: u32, at_once: u32) -> Rate {
    Rate { per_second, at_once }
}

/// A tenant with an administrator, beside the platform's own people.
fn tenant(server: &Server, org: &str) -> String {
    let made = json!({"id": org, "name": org, "admin": {"id": format!("boss-{org}"), "name": "Boss", "key": true}});
    server.done(&server.admin, "create-org", made)["api_key"].as_str().unwrap().to_owned()
}

#[track_caller]
fn is_limited(answer: &Answer, name: &str) {
    assert_eq!(answer.outcome(), "429 rate.limited", "{}", answer.text);
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=600).contains(&wait), "{wait}");
    assert!(answer.header("ratelimit-policy").starts_with(&format!("\"{name}\";q=")), "{answer:?}");
    assert!(answer.header("ratelimit").starts_with(&format!("\"{name}\";r=")), "{answer:?}");
}

/// Asked again and again: all answers up to the first that is not 200. Some more may come through than the bucket holds, as
/// slow as machines can be.
fn until_refused(ask: impl FnMut(usize) -> Answer) -> Vec<Answer> {
    let mut answers: Vec<Answer> = Vec::new();
    for answer in (0..200).map(ask) {
        answers.push(answer);
        if answers.last().is_some_and(|answer| answer.status != 200) {
            return answers;
        }
    }
    panic!("never refused");
}

#[test]
fn who_asks_too_much_waits_and_others_do_not() {
    let server = limited(|limits| limits.reads = rate(1, 8));
    let (one, other) = (tenant(&server, "one"), tenant(&server, "other"));
    let ask = |token: &str| server.get(token, "/v1/whoami");
    let answers = until_refused(|_| ask(&one));
    let [first, .., told, refused] = &answers[..] else { panic!("{answers:?}") };
    assert_eq!(first.header("ratelimit"), "");
    // It is told before it happens.
    assert_eq!((told.status, told.header("ratelimit-policy")), (200, "\"reads\";q=8;w=8"));
    assert!(answers.len() > 8, "{}", answers.len());
    is_limited(refused, "reads");
    assert_eq!(ask(&other).status, 200);
    // A batch counts as many as it holds, and leaves a debt.
    let question = json!({"subject": {"type": "user", "id": "x"}, "action": {"name": "view"}, "resource": {"type": "org", "id": "x"}});
    let batch = json!({"evaluations": vec![question; 60]});
    assert_eq!(server.post(&other, "/access/v1/evaluations", &batch).status, 200);
    let refused = ask(&other);
    is_limited(&refused, "reads");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 10, "{refused:?}");
}

#[test]
fn commands_are_counted_by_credential_by_org_and_by_what_they_write() {
    let group = |server: &Server, token: &str, org: &str, name: &str| {
        server.post(token, "/v1/commands/create-group", &json!({"org": org, "name": name}))
    };
    let server = limited(|limits| limits.commands = rate(1, 3));
    let (one, other) = (tenant(&server, "one"), tenant(&server, "other"));
    let answers = until_refused(|number| group(&server, &one, "one", &number.to_string()));
    assert!(answers.len() > 3);
    is_limited(answers.last().unwrap(), "commands");
    let tries = until_refused(|_| {
        server.post(&one, "/v1/commands/create-group?dry_run=true", &json!({"org": "one", "name": "dry"}))
    });
    is_limited(tries.last().unwrap(), "commands");
    assert_eq!(group(&server, &other, "other", "first").status, 200);
    assert_eq!(server.get(&one, "/v1/whoami").status, 200);
    drop(server);

    let server = limited(|limits| limits.org_commands = rate(1, 4));
    let one = tenant(&server, "one");
    let second = server.key(&one, "boss-one");
    until_refused(|number| group(&server, &second, "one", &number.to_string()));
    let others = until_refused(|number| group(&server, &one, "one", &format!("of another key {number}")));
    assert!(others.len() < 4, "one bucket for both: {}", others.len());
    is_limited(others.last().unwrap(), "commands");
    drop(server);

    let server = limited(|limits| limits.written = rate(500, 6_000));
    let (one, other) = (tenant(&server, "one"), tenant(&server, "other"));
    let long = "x".repeat(180);
    let answers = until_refused(|number| group(&server, &one, "one", &format!("{long}{number}")));
    is_limited(answers.last().unwrap(), "written-bytes");
    assert_eq!(group(&server, &other, "other", "first").status, 200);
}

/// What tells of what else is there costs dear.
#[test]
fn taken_ids_are_counted() {
    let server = limited(|limits| limits.taken = rate(1, 3));
    let (one, other) = (tenant(&server, "one"), tenant(&server, "other"));
    server.done(&other, "create-group", json!({"id": "theirs", "org": "other", "name": "Theirs"}));
    let probe = || server.post(&one, "/v1/commands/create-group", &json!({"id": "theirs", "org": "one", "name": "G"}));
    let outcomes: Vec<_> = (0..50).map(|_| probe()).collect();
    let refused = outcomes.iter().position(|answer| answer.status == 429).unwrap();
    assert!(refused >= 3 && outcomes.iter().take(refused).all(|answer| answer.outcome() == "409 id.taken"));
    is_limited(&outcomes[refused], "taken-ids");
    assert_eq!(server.get(&one, "/v1/whoami").status, 200);
}

#[test]
fn an_address_that_guesses_tokens_waits_and_valid_ones_pass() {
    let server = limited(|limits| limits.failures = rate(1, 3));
    let ask = |token: &str| server.get(token, "/v1/whoami");
    let outcomes: Vec<_> = (0..50).map(|_| ask("tnr_nothing")).collect();
    let refused = outcomes.iter().position(|answer| answer.status == 429).unwrap();
    assert!(refused >= 3 && outcomes.iter().take(refused).all(|answer| answer.status == 401));
    is_limited(&outcomes[refused], "failed-sign-ins");
    assert_eq!(ask(&server.admin).status, 200);
}

fn connect(server: &Server) -> TcpStream {
    let connection = TcpStream::connect(server.address).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    connection
}

/// All that a connection hears until it is closed.
fn heard(mut connection: TcpStream) -> String {
    let mut text = String::new();
    let _: std::io::Result<usize> = connection.read_to_string(&mut text);
    text
}

#[test]
fn slow_bodies_are_cut() {
    let server = limited(|limits| limits.body = Duration::from_millis(300));
    let began = Instant::now();
    let mut connection = connect(&server);
    let head = format!(
        "POST /access/v1/evaluation HTTP/1.1\r\nHost: t\r\nAuthorization: {}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{",
        bearer(&server.admin)
    );
    connection.write_all(head.as_bytes()).unwrap();
    let text = heard(connection);
    assert!(text.starts_with("HTTP/1.1 408") && text.contains("body.too_slow"), "{text}");
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn streams_and_connections_are_capped() {
    let server = limited(|limits| {
        limits.caller_streams = 2;
        limits.streams = 3;
        limits.address_connections = 16;
    });
    let other = tenant(&server, "other");
    let stream = |token: &str| {
        let mut connection = connect(&server);
        let request = format!("GET /v1/events/stream HTTP/1.1\r\nHost: t\r\nAuthorization: {}\r\n\r\n", bearer(token));
        connection.write_all(request.as_bytes()).unwrap();
        let mut first = [0; 12];
        // A connection too many hears nothing.
        let heard = connection.read_exact(&mut first).map(|()| String::from_utf8(first.to_vec()).unwrap());
        (heard.unwrap_or_default(), connection)
    };
    let mine = [stream(&server.admin), stream(&server.admin)];
    assert!(mine.iter().all(|(first, _)| first == "HTTP/1.1 200"));
    assert_eq!(stream(&server.admin).0, "HTTP/1.1 429");
    let theirs = stream(&other);
    assert_eq!(theirs.0, "HTTP/1.1 200");
    // As many as there may be in all, whoever asks.
    let third = server.key(&other, "boss-other");
    assert_eq!(stream(&third).0, "HTTP/1.1 429");
    drop(mine);
    let again = Instant::now();
    while stream(&third).0 != "HTTP/1.1 200" {
        assert!(again.elapsed() < Duration::from_secs(20), "a place is given back");
        std::thread::sleep(Duration::from_millis(50));
    }
    // Idle connections of one address: as many as it may have, and then no more. A place that is given back meanwhile may be
    // taken by any of them, so they are counted, whichever they are.
    let idle: Vec<_> = (0..24).map(|_| connect(&server)).collect();
    let began = Instant::now();
    while idle.iter().filter(|connection| is_closed(connection)).count() < 8 {
        assert!(began.elapsed() < Duration::from_secs(5), "refused at once, not after their time");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether the server closed it.
fn is_closed(connection: &TcpStream) -> bool {
    connection.set_nonblocking(true).unwrap();
    match connection.peek(&mut [0]) {
        Ok(read) => read == 0,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    }
}

#[test]
fn a_tenant_is_warned_before_its_quota_is_used_up_and_can_then_only_take_away() {
    let server = limited(|limits| limits.events = Some(40));
    let boss = tenant(&server, "one");
    let made = |number: usize| {
        server.post(
            &boss,
            "/v1/commands/create-group",
            &json!({"id": format!("g{number}"), "org": "one", "name": number.to_string()}),
        )
    };
    let answers: Vec<_> = (0..60).map(made).collect();
    let warned = answers.iter().position(|answer| !answer.header("tenure-quota").is_empty()).unwrap();
    let refused = answers.iter().position(|answer| answer.status != 200).unwrap();
    assert!(warned > 0 && warned + 5 < refused, "{warned} {refused}");
    assert_eq!(answers[warned].header("tenure-quota"), "events;used=32;of=40");
    assert_eq!(answers[refused].outcome(), "409 quota.exceeded");
    assert!(server.metrics().contains("tenure_quota_tenants_warned 1"));
    assert_eq!(server.post(&boss, "/v1/commands/delete-group", &json!({"group": "g1"})).status, 200);
    assert_eq!(server.get(&boss, "/v1/orgs/one").status, 200);
    // Neither the platform nor another tenant is concerned.
    let other = tenant(&server, "other");
    server.done(&other, "create-group", json!({"org": "other", "name": "First"}));
}

/// RFC 9112, section 3.2.
#[test]
fn a_request_names_one_host() {
    let server = Server::memory();
    let check = |hosts: &str, want: &str| {
        let mut connection = connect(&server);
        connection.write_all(format!("GET /healthz HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n").as_bytes()).unwrap();
        let text = heard(connection);
        assert!(text.starts_with(&format!("HTTP/1.1 {want}")), "{hosts:?} {text}");
    };
    check("Host: t\r\n", "200");
    check("Host: [::1]:80\r\n", "200");
    check("", "400");
    check("Host:\r\n", "400");
    check("Host: a\r\nHost: b\r\n", "400");
    check("Host: a\r\nhost: a\r\n", "400");
    check("Host: a b\r\n", "400");
    check("Host: u@b\r\n", "400");
}

#[test]
fn documents_name_the_address_that_the_operator_gave() {
    let ask = |server: &Server| {
        let headers = [
            ("Host", "evil.example"),
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Host", "evil.example"),
            ("Forwarded", "host=evil.example"),
        ];
        server.send("GET", "/.well-known/authzen-configuration", &headers, None).json()["policy_decision_point"].clone()
    };
    let server = Server::memory();
    assert_eq!(ask(&server), format!("http://{}", server.address));
    let public =
        Server::with(Options { public_url: Some("https://pdp.example.org/".to_owned()), ..Options::default() });
    assert_eq!(ask(&public), "https://pdp.example.org");
}

/// Answers that are for one caller are kept by nobody on the way; how far the log is, is for those who have a token.
#[test]
fn what_is_for_one_caller_stays_with_them() {
    let server = Server::memory();
    for route in tenure::http::routes() {
        let path = route.path.replace("{user}", "admin").replace("{org}", "root").replace("{name}", "create-org");
        if path == "/v1/events/stream" {
            continue;
        }
        let ask = |authorization: &[(&str, &str)]| server.send(route.method.as_str(), &path, authorization, None);
        for wrong in [&[][..], &[("Authorization", "Bearer tnr_x")]] {
            let answer = ask(wrong);
            assert_eq!(answer.header("tenure-position"), "", "{path}");
            let document = path == "/openapi.json";
            assert!(
                document || answer.status == 401 || !answer.text.contains("\"position\""),
                "{path} {}",
                answer.text
            );
        }
        let answer = ask(&[("Authorization", &bearer(&server.admin))]);
        if !route.open {
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
            assert_ne!(answer.header("tenure-position"), "", "{path}");
        }
    }
}

#[test]
fn reasons_have_at_most_a_kibibyte() {
    let server = Server::memory();
    let check = |reason: String, want: &str| {
        let headers = [
            ("Authorization", &*bearer(&server.admin)),
            ("Content-Type", "application/json"),
            ("Tenure-Reason", &reason),
        ];
        let body = json!({"name": "G"}).to_string();
        let answer = server.send("POST", "/v1/commands/create-group?dry_run=true", &headers, Some(body.as_bytes()));
        assert_eq!(answer.outcome(), want);
        let body: Value = answer.json();
        if want != "200" {
            assert_eq!(body["errors"][0]["field"], "Tenure-Reason");
        }
    };
    check("x".repeat(1_024), "200");
    check("x".repeat(1_025), "422 reason.too_long");
    check("x".repeat(8_000), "422 reason.too_long");
}
