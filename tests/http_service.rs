//! The service itself: its description, health, metrics and end.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::support::server::{Server, bearer};
use crate::support::snapshots;

#[test]
fn openapi_describes_every_route() {
    let server = Server::memory();
    let document = server.send("GET", "/openapi.json", &[], None).json();
    assert_eq!(document, tenure::http::openapi());
    for command in tenure::command::COMMANDS {
        let operation = &document["paths"][format!("/v1/commands/{}", command.name)]["post"];
        assert_eq!(operation["summary"], command.about, "{}", command.name);
    }
    for route in tenure::http::routes().into_iter().filter(|route| route.path != "/v1/commands/{name}") {
        let method = route.method.as_str().to_lowercase();
        let operation = &document["paths"][route.path.replace('*', "")][&method];
        assert_eq!(operation["summary"], route.about, "{} {}", route.method, route.path);
        for parameter in operation["parameters"].as_array().unwrap() {
            if let Some(reference) = parameter["$ref"].as_str() {
                assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
            }
        }
    }
    references(&document, &document);
    snapshots().bind(|| insta::assert_json_snapshot!("openapi", document));
}

/// Everything that is referred to is there.
fn references(document: &Value, part: &Value) {
    match part {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
            }
            fields.values().for_each(|field| references(document, field));
        }
        Value::Array(items) => items.iter().for_each(|item| references(document, item)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn health_and_readiness() {
    let server = Server::memory();
    assert_eq!(server.send("GET", "/healthz", &[], None).text, "ok\n");
    let ready = server.send("GET", "/readyz", &[], None);
    let position = server.node.live().position();
    let want = json!({"ready": true, "replayed": true, "writing": true});
    assert_eq!((ready.status, ready.json()), (200, want));
    let ready = server.get(&server.admin, "/readyz");
    let want = json!({"ready": true, "replayed": true, "writing": true, "position": position});
    assert_eq!((ready.status, ready.json()), (200, want));
}

#[test]
fn metrics_count_what_happened() {
    let server = Server::memory();
    server.done(&server.admin, "define-role", json!({"org": "root", "name": "R"}));
    server.post(&server.admin, "/v1/commands/define-role", &json!({"org": "root", "name": "R"}));
    server.post(&server.admin, "/v1/commands/make-coffee", &json!({}));
    let question = |user: &str| {
        json!({
            "subject": {"type": "user", "id": user}, "action": {"name": "org.manage"},
            "resource": {"type": "org", "id": "root"},
        })
    };
    server.post(&server.admin, "/access/v1/evaluation", &question("admin"));
    server.post(&server.admin, "/access/v1/evaluation", &question("nobody"));
    let page = server.metrics();
    let position = server.node.live().position();
    for line in [
        "tenure_commands_total{command=\"define-role\",outcome=\"ok\"} 1",
        "tenure_commands_total{command=\"define-role\",outcome=\"name.taken\"} 1",
        "tenure_commands_total{command=\"unknown\",outcome=\"command.unknown\"} 1",
        "tenure_checks_total{outcome=\"allowed\"} 1",
        "tenure_checks_total{outcome=\"denied\"} 1",
        "tenure_checks_total{outcome=\"not_permitted\"} 0",
        "tenure_http_request_duration_seconds_count{route=\"/v1/commands/{name}\",status=\"200\"} 1",
        "tenure_queue_length 0",
        "tenure_writing 1",
        &format!("tenure_position {position}"),
        "# EOF",
    ] {
        assert!(page.lines().any(|found| found == line), "{line} is not in\n{page}");
    }
    for counted in ["tenure_uptime_seconds", "tenure_commit_commands_count", "tenure_commit_seconds_count"] {
        let value = page.lines().find_map(|line| line.strip_prefix(counted)?.trim().parse().ok());
        assert!(value > Some(0.0), "{counted} in\n{page}");
    }
    assert!(!page.contains("admin") && !page.contains("nobody"), "{page}");
}

#[test]
fn a_service_that_stops_finishes_what_is_under_way_and_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    let mut server = Server::folder(&path);
    let admin = server.admin.clone();
    let position =
        server.done(&admin, "define-role", json!({"id": "r", "org": "root", "name": "R"}))["position"].clone();
    // An idle connection does not hold it up.
    let mut idle = TcpStream::connect(server.address).unwrap();
    let request = format!("GET /healthz HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\n\r\n", bearer(&admin));
    idle.write_all(request.as_bytes()).unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    server.stop();
    assert!(TcpStream::connect(server.address).is_err());
    drop(server);
    let again = Server::reopen(&path, &admin);
    let role = again.get(&admin, "/v1/roles/r");
    assert_eq!((role.status, role.header("tenure-position")), (200, &*position.to_string()));
}

/// A client that sends all of its request before it reads hears why it was refused, and may go on asking.
#[test]
fn a_refused_body_is_read_to_its_end() {
    let server = Server::memory();
    let token = format!("Authorization: {}\r\n", bearer(&server.admin));
    let check = |headers: &str, want: &str| {
        let mut connection = TcpStream::connect(server.address).unwrap();
        let body = " ".repeat(3 << 20);
        let head = format!(
            "POST /v1/commands/create-org HTTP/1.1\r\nHost: t\r\n{headers}Content-Length: {}\r\n\r\n",
            body.len()
        );
        let next = "GET /healthz HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";
        connection.write_all([head.as_str(), body.as_str(), next].concat().as_bytes()).unwrap();
        let mut answers = String::new();
        connection.read_to_string(&mut answers).unwrap();
        assert!(answers.starts_with(&format!("HTTP/1.1 {want}")) && answers.ends_with("\r\n\r\nok\n"), "{answers}");
    };
    check("", "401");
    check(&token, "415");
    check(&format!("{token}Content-Type: application/json\r\n"), "413");
}

/// Who connects and does not say what they want is let go.
#[test]
fn the_head_of_a_request_has_its_time() {
    let server = Server::memory();
    for begun in ["", "GET /healthz HTTP/1.1\r\nHost:"] {
        let mut connection = TcpStream::connect(server.address).unwrap();
        connection.write_all(begun.as_bytes()).unwrap();
        connection.set_read_timeout(Some(std::time::Duration::from_secs(60))).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap_or_else(|error| panic!("{begun:?}: {error}"));
        assert!(!answer.contains("200 OK"), "{answer}");
    }
}
