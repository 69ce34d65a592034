//! Commands and what every answer has, over HTTP.

use serde_json::{Value, json};

use crate::support::server::{Answer, Server, bearer};

fn command(server: &Server, headers: &[(&str, &str)], name: &str, body: &Value) -> Answer {
    let token = bearer(&server.admin);
    let mut all = vec![("Authorization", &*token), ("Content-Type", "application/json")];
    all.extend(headers);
    server.send("POST", &format!("/v1/commands/{name}"), &all, Some(body.to_string().as_bytes()))
}

#[test]
fn a_command_answers_its_events_byte_for_byte() {
    let server = Server::memory();
    let answer = command(&server, &[], "define-role", &json!({"id": "r", "org": "root", "name": "R"}));
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"), "{}", answer.text);
    let body = answer.json();
    assert_eq!(answer.header("tenure-position"), body["position"].to_string());
    let events = body["events"].as_array().unwrap();
    for event in events {
        let position = event["position"].as_str().unwrap();
        let stored = server.get(&server.admin, &format!("/v1/events/{position}"));
        assert_eq!((stored.status, stored.header("content-type")), (200, "application/cloudevents+json"));
        assert!(answer.text.contains(&stored.text), "{}", stored.text);
    }
    assert_eq!(events.last().unwrap()["position"], body["position"].to_string());
    assert_eq!(body.get("api_key"), None);
    assert_eq!(body.get("access_delta"), None);
}

#[test]
fn the_answers_to_commands() {
    let server = Server::memory();
    let viewer = server.user(&server.admin, "vera", "root", "viewer", json!([]));
    let org = json!({"id": "a", "name": "A"});
    let check = |headers: &[(&str, &str)], name: &str, body: Value, want: &str| {
        let answer = command(&server, headers, name, &body);
        assert_eq!(answer.outcome(), want, "{name} {body} {headers:?}: {}", answer.text);
        assert_ne!(answer.header("tenure-position"), "", "{want}");
        answer
    };
    check(&[], "make-coffee", json!({}), "404 command.unknown");
    check(&[], "create-org", json!({"name": "A", "colour": "red"}), "422 arguments.invalid");
    check(&[], "create-org", json!([]), "422 arguments.invalid");
    check(&[("Tenure-Acting-Org", "no where")], "create-org", org.clone(), "400 request.malformed");
    check(&[("Tenure-Acting-Org", "nowhere")], "create-org", org.clone(), "404 org.unknown");
    check(&[("Tenure-On-Behalf-Of", "a@b")], "create-org", org.clone(), "400 request.malformed");
    check(&[("If-Match", "12")], "create-org", org.clone(), "400 request.malformed");
    check(&[("Idempotency-Key", "")], "create-org", org.clone(), "400 request.malformed");
    check(&[("Idempotency-Key", &"x".repeat(256))], "create-org", org.clone(), "400 request.malformed");
    check(&[("Tenure-Correlation", "mine")], "create-org", org.clone(), "400 request.malformed");
    let done =
        check(&[("Idempotency-Key", "1"), ("Tenure-Reason", "it grows: 100 %")], "create-org", org.clone(), "200");
    let again = check(&[("Idempotency-Key", "1")], "create-org", org.clone(), "200");
    assert_eq!(done.text, again.text);
    check(&[("Idempotency-Key", "1")], "create-org", json!({"id": "b", "name": "B"}), "422 idempotency.other_body");
    check(&[("Idempotency-Key", "2")], "create-org", org.clone(), "409 id.taken");

    let path = "/v1/commands/create-org";
    let sent = |headers: &[(&str, &str)], body: &[u8], want: &str| {
        let token = bearer(&viewer);
        let headers: Vec<_> = [("Authorization", &*token)].iter().chain(headers).copied().collect();
        let answer = server.send("POST", path, &headers, Some(body));
        assert_eq!(answer.outcome(), want, "{headers:?}: {}", answer.text);
    };
    let json_type = ("Content-Type", "application/json");
    sent(&[json_type], br#"{"name": "B"}"#, "403 privilege.not_held");
    sent(&[("Content-Type", "application/json; charset=utf-8")], br#"{"name": "B"}"#, "403 privilege.not_held");
    sent(&[json_type], b"{", "400 request.malformed");
    sent(&[json_type], b"", "400 request.malformed");
    sent(&[("Content-Type", "text/plain")], b"{}", "415 body.not_json");
    sent(&[], b"{}", "415 body.not_json");
    sent(&[json_type], &vec![b' '; 2 << 20], "413 body.too_large");
    assert_eq!(server.post(&viewer, "/v1/commands/create-org?dry=1", &org).outcome(), "400 request.malformed");
}

#[test]
fn nothing_happens_but_by_200() {
    let server = Server::memory();
    let before = server.get(&server.admin, "/v1/whoami").header("tenure-position").to_owned();
    let tried = command(&server, &[], "create-org?dry_run=true", &json!({"id": "a", "name": "A"}));
    assert_eq!(tried.status, 200);
    assert!(tried.json()["access_delta"].is_array(), "{}", tried.text);
    assert_eq!(tried.json()["access_delta_complete"], true);
    assert!(!tried.json()["events"].as_array().unwrap().is_empty());
    command(&server, &[], "create-org", &json!({"name": ""}));
    assert_eq!(server.get(&server.admin, "/v1/whoami").header("tenure-position"), before);
    assert_eq!(server.get(&server.admin, "/v1/orgs/a").status, 404);
}

#[test]
fn an_issued_key_is_shown_once() {
    let server = Server::memory();
    server.user(&server.admin, "sally", "root", "member", json!([]));
    let headers = [("Idempotency-Key", "key")];
    let issued = command(&server, &headers, "issue-api-key", &json!({"user": "sally", "name": "laptop"})).json();
    let again = command(&server, &headers, "issue-api-key", &json!({"user": "sally", "name": "laptop"})).json();
    let token = issued["api_key"].as_str().unwrap();
    assert_eq!(again["events"], issued["events"]);
    assert_eq!(again.get("api_key"), None);
    assert_eq!(server.get(token, "/v1/whoami").json()["id"], "sally");
    // A secret may itself hold `_`, so it is told by its length: 32 bytes in base64url.
    let (_, secret) = token.split_at(token.len() - 43);
    assert!(!server.get(&server.admin, "/v1/events?limit=1000").text.contains(secret));
}

/// A stored answer is for the credential that sent the command: another of the same person may carry less.
#[test]
fn a_stored_answer_is_for_its_credential() {
    let server = Server::memory();
    let narrow = json!({"user": "admin", "name": "n", "privileges": []});
    let narrow = server.done(&server.admin, "issue-api-key", narrow)["api_key"].as_str().unwrap().to_owned();
    let org = json!({"id": "a", "name": "A"});
    let send = |token: &str| {
        let token = bearer(token);
        let headers = [("Authorization", &*token), ("Content-Type", "application/json"), ("Idempotency-Key", "1")];
        server.send("POST", "/v1/commands/create-org", &headers, Some(org.to_string().as_bytes()))
    };
    let done = send(&server.admin);
    assert_eq!(done.status, 200, "{}", done.text);
    assert_eq!(send(&narrow).outcome(), "422 idempotency.other_body");
    assert_eq!(send(&server.admin).text, done.text);
}

/// What a key does not carry it neither reads nor asks, about its own person either.
#[test]
fn a_limited_key_reads_nothing_of_its_person() {
    let server = Server::memory();
    let root = &server.admin;
    server.user(root, "ada", "root", "member", json!([]));
    let key = |privileges: serde_json::Value| {
        let key = json!({"user": "ada", "name": "k", "privileges": privileges});
        server.done(root, "issue-api-key", key)["api_key"].as_str().unwrap().to_owned()
    };
    let (whole, bare) = (server.key(root, "ada"), key(json!([])));
    let ask = |token: &str, subject: serde_json::Value| {
        let question =
            json!({"subject": subject, "action": {"name": "view"}, "resource": {"type": "org", "id": "root"}});
        server.post(token, "/access/v1/evaluation", &question).json()["decision"].clone()
    };
    let themself = json!({"type": "user", "id": "ada"});
    assert_eq!(ask(&whole, themself.clone()), json!(true));
    assert_eq!(ask(&bare, themself), json!(false), "a limited key asks about itself as a key");
    let itself = server.get(&bare, "/v1/whoami").json()["key"].clone();
    assert_eq!(ask(&bare, json!({"type": "api_key", "id": itself})), json!(true));
    assert_eq!(server.get(&whole, "/v1/users/ada/history").status, 200);
    assert_eq!(server.get(&bare, "/v1/users/ada/history").status, 403);
    for list in ["subscriptions", "access", "keys"] {
        let count = |token: &str| {
            let answer = server.get(token, &format!("/v1/users/ada/{list}"));
            answer.json()["items"].as_array().map_or(0, Vec::len)
        };
        assert_ne!(count(&whole), 0, "{list}");
        assert_eq!(count(&bare), 0, "{list}");
    }
    assert_eq!(server.get(&bare, "/v1/users/ada").json().get("email"), None);
}

#[test]
fn who_has_no_valid_token_learns_nothing() {
    let server = Server::memory();
    let disabled = server.user(&server.admin, "dora", "root", "member", json!([]));
    let revoked = server.user(&server.admin, "rick", "root", "member", json!([]));
    let key = server.get(&revoked, "/v1/whoami").json()["key"].clone();
    server.done(&server.admin, "disable-user", json!({"user": "dora"}));
    server.done(&server.admin, "revoke-api-key", json!({"key": key}));
    let wrong = format!("{}x", &server.admin[..server.admin.len() - 1]);
    let unknown = server.admin.replacen("tnr_", "tnr_x", 1);
    let expected = server.send("GET", "/v1/whoami", &[], None).text;
    let metadata = format!("resource_metadata=\"http://{}/.well-known/oauth-protected-resource\"", server.address);
    for path in ["/v1/whoami", "/v1/orgs/root", "/v1/nowhere", "/healthz/x", "/v1/events/stream", "/metrics"] {
        for token in ["", "x", &disabled, &revoked, &wrong, &unknown] {
            for method in ["GET", "POST", "DELETE"] {
                let answer = server.send(method, path, &[("Authorization", &bearer(token))], None);
                assert_eq!((answer.status, answer.text.as_str()), (401, expected.as_str()), "{method} {path} {token}");
                let error = if token.is_empty() { "" } else { ", error=\"invalid_token\"" };
                assert_eq!(answer.header("www-authenticate"), format!("Bearer realm=\"tenure\"{error}, {metadata}"));
            }
        }
    }
    let admin = bearer(&server.admin);
    let twice = server.send("GET", "/v1/whoami", &[("Authorization", &admin), ("Authorization", &admin)], None);
    assert_eq!(twice.status, 401);
    let lower = admin.replacen("Bearer", "bearer", 1);
    assert_eq!(server.send("GET", "/v1/whoami", &[("Authorization", &lower)], None).status, 200);
    for open in ["/healthz", "/readyz", "/openapi.json", "/.well-known/authzen-configuration", "/v1/login"] {
        assert_eq!(server.send("GET", open, &[], None).status, 200, "{open}");
    }
}

/// A key is as good as its user and their org; a reset hands nobody a new one.
#[test]
fn keys_go_with_their_user_and_org() {
    let server = Server::memory();
    let root = server.admin.clone();
    let done = |name: &str, body: Value| server.done(&root, name, body);
    done("create-org", json!({"id": "north", "name": "North"}));
    let me = json!({"org": "north", "users": ["admin"], "user_type": "administrator", "privileges": "all"});
    done("grant-subscriptions", me);
    let nia = server.user(&root, "nia", "north", "member", json!([]));
    let check = |want: u16, after: &str| {
        assert_eq!(server.get(&nia, "/v1/whoami").status, want, "after {after}");
    };
    check(200, "issue-api-key");
    for (command, argument, want) in [
        ("disable-user", json!({"user": "nia"}), 401),
        ("enable-user", json!({"user": "nia"}), 200),
        ("disable-org", json!({"org": "north"}), 401),
        ("enable-org", json!({"org": "north"}), 200),
        ("reset-credential", json!({"user": "nia"}), 401),
    ] {
        let answer = done(command, argument);
        assert_eq!(answer.get("api_key"), None, "{command}");
        check(want, command);
    }
    let next = done("issue-api-key", json!({"user": "nia", "name": "next"}));
    let key = next["events"][0]["subject"].as_str().unwrap().to_owned();
    let erased = done("erase-user", json!({"user": "nia", "confirmation": "permanently erase"}));
    let revoked = |event: &Value| event["type"] == "tenure.api_key.revoked.v1" && event["subject"] == key;
    assert!(erased["events"].as_array().unwrap().iter().any(revoked), "{erased}");
    assert_eq!(server.get(next["api_key"].as_str().unwrap(), "/v1/whoami").status, 401);
}

#[test]
fn routes_that_are_not_there_are_problems_too() {
    let server = Server::memory();
    let unknown = server.get(&server.admin, "/v1/nowhere");
    assert_eq!(
        (unknown.outcome().as_str(), unknown.header("content-type")),
        ("404 route.unknown", "application/problem+json")
    );
    let method = server.send("DELETE", "/v1/whoami", &[("Authorization", &bearer(&server.admin))], None);
    assert_eq!((method.outcome().as_str(), method.header("allow")), ("405 method.not_allowed", "GET,HEAD"));
    let problem = unknown.json();
    assert_eq!(problem["type"], "urn:tenure:problem:route.unknown");
    assert_eq!((&problem["title"], &problem["status"]), (&json!("Not Found"), &json!(404)));
    let id = [("X-Request-ID", "me-1")];
    assert_eq!(server.send("GET", "/healthz", &id, None).header("x-request-id"), "me-1");
    assert_eq!(server.send("GET", "/v1/whoami", &id, None).header("x-request-id"), "me-1");
}

#[test]
fn a_command_is_refused_if_its_entity_changed_since() {
    let server = Server::memory();
    let made = command(&server, &[], "create-org", &json!({"id": "a", "name": "A"}));
    let rename = |position: &str, name: &str| {
        let headers = [("If-Match", &*format!("\"{position}\""))];
        command(&server, &headers, "rename-org", &json!({"org": "a", "name": name})).outcome()
    };
    assert_eq!(rename("1", "B"), "412 entity.changed");
    assert_eq!(rename(made.header("tenure-position"), "B"), "200");
    assert_eq!(rename(made.header("tenure-position"), "C"), "412 entity.changed");
}
