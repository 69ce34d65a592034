//! Around commands, and beside them: headers, reading, questions, routes.

use crate::support::server::bearer;

use super::{JSON, Tried};

pub fn headers(tried: &mut Tried) {
    tried.part("headers");
    let body = r#"{"name": "B"}"#;
    let long = "k".repeat(256);
    for (name, value) in [
        ("Idempotency-Key", ""),
        ("Idempotency-Key", long.as_str()),
        ("Idempotency-Key", "used"),
        ("If-Match", "1"),
        ("If-Match", "\"\""),
        ("If-Match", "\"-1\""),
        ("If-Match", "\"99999999999999999999\""),
        ("If-Match", "*"),
        ("If-Match", "W/\"1\""),
        ("Tenure-Acting-Org", "nowhere"),
        ("Tenure-Acting-Org", "a b"),
        ("Tenure-Acting-Org", ""),
        ("Tenure-On-Behalf-Of", "ghost"),
        ("Tenure-On-Behalf-Of", "zoe@example.org"),
        ("Tenure-Correlation", "no id"),
    ] {
        let shown = if value.len() > 40 { "256 letters" } else { value };
        tried.with(&format!("{name}: {shown}"), "create-org", &[(name, value)], body);
    }
    tried.with("Idempotency-Key twice", "create-org", &[("Idempotency-Key", "a"), ("Idempotency-Key", "b")], body);
    let reason = "x".repeat(40_000);
    tried.with("a reason of 40,000 letters", "create-org", &[("Tenure-Reason", &reason)], body);
    for (what, token) in [
        ("no token", None),
        ("Basic", Some("Basic YTpi".to_owned())),
        ("an empty token", Some("Bearer ".to_owned())),
        ("a token of nonsense", Some("Bearer tnr_x".to_owned())),
        ("a token of another key", Some(bearer("tnr_01990000-0000-7000-8000-000000000000_AAAA"))),
        ("a token cut short", Some(bearer(&tried.node.token[..60]))),
        ("two tokens in one", Some(format!("{0} {0}", bearer(&tried.node.token)))),
        ("a user without privileges", Some(bearer(&tried.nobody))),
    ] {
        let mut headers = vec![("Content-Type", JSON)];
        headers.extend(token.as_deref().map(|token| ("Authorization", token)));
        let answer = tried.http.send("POST", "/v1/commands/create-org", &headers, Some(body.as_bytes()));
        tried.note(what, &answer);
    }
}

pub fn reading(tried: &mut Tried) {
    tried.part("reading");
    let far = "99999999999999999999";
    for query in [
        "limit=0",
        "limit=1001",
        "limit=abc",
        "limit=-1",
        "limit=1&limit=2",
        "limit=",
        "cursor=",
        "cursor=abc",
        "cursor=!!!",
        "cursor=OTk5OTk5LzAvMA",
        "cursor=MS8wL3g",
        "as_of=99999",
        "as_of=2099-01-01T00:00:00Z",
        "as_of=yesterday",
        "as_of=-1",
        "as_of=",
        "as_of=2026-02-30T00:00:00Z",
        "at=soon",
        "min_position=abc",
        "min_position=-1",
        "colour=red",
        "%ff=1",
        "as_of=%00",
        "as_of=0",
    ] {
        tried.get(&format!("/v1/orgs?{query}"));
    }
    for path in [
        format!("/v1/orgs?as_of={far}"),
        format!("/v1/orgs?min_position={far}"),
        "/v1/orgs?min_position=99999".to_owned(),
        format!("/v1/orgs?cursor={}", "A".repeat(20_000)),
        format!("/v1/events?subject={}", "%41".repeat(5_000)),
        format!("/v1/orgs?{}", "a=1&".repeat(5_000)),
        "/v1/events?from=abc".to_owned(),
        "/v1/events?from=99999".to_owned(),
        "/v1/events?from=5&to=1".to_owned(),
        "/v1/events?type=%00".to_owned(),
        "/v1/events/0".to_owned(),
        "/v1/events/99999".to_owned(),
        "/v1/events/abc".to_owned(),
        format!("/v1/events/{far}"),
        "/v1/events/-1".to_owned(),
        "/v1/diff".to_owned(),
        "/v1/diff?from=1".to_owned(),
        "/v1/diff?from=99999&to=1".to_owned(),
        "/v1/diff?from=50&to=1".to_owned(),
        "/v1/diff?from=1&to=2&org=nowhere".to_owned(),
        "/v1/diff?from=1&to=50&cursor=MS8wL3g".to_owned(),
        "/v1/events/stream?from=abc".to_owned(),
        "/v1/orgs/nowhere".to_owned(),
        "/v1/orgs/a%20b".to_owned(),
        "/v1/orgs/%ff".to_owned(),
        "/v1/orgs/..%2f..%2fetc".to_owned(),
        format!("/v1/orgs/{}", "x".repeat(5_000)),
        "/v1/users/ghost".to_owned(),
        "/v1/users/admin?as_of=1".to_owned(),
        "/v1/resources/ghost/access".to_owned(),
    ] {
        tried.get(&path);
    }
}

pub fn questions(tried: &mut Tried) {
    tried.part("questions");
    let path = "/access/v1/evaluation";
    let good =
        r#""subject":{"type":"user","id":"admin"},"action":{"name":"org.manage"},"resource":{"type":"org","id":"a"}"#;
    for body in ["", "{", "[]", "{}", "null", r#"{"subject":"admin"}"#] {
        tried.post(path, body);
    }
    for context in [
        r#"{"as_of":99999}"#,
        r#"{"as_of":"soon"}"#,
        r#"{"as_of":-1}"#,
        r#"{"as_of":1.5}"#,
        r#"{"at":"soon"}"#,
        r#"{"acting_org":"nowhere"}"#,
        r#"{"min_position":"x"}"#,
        "[]",
    ] {
        tried.post(path, &format!(r#"{{"context":{context},{good}}}"#));
    }
    for (subject, action, resource) in [
        ("{}", "{}", "{}"),
        (r#"{"type":"dog","id":"rex"}"#, r#"{"name":"view"}"#, r#"{"type":"org","id":"a"}"#),
        (r#"{"type":"user","id":"\u0000"}"#, r#"{"name":""}"#, r#"{"type":"","id":""}"#),
        (r#"{"type":"user","id":"admin"}"#, r#"{"name":"fly"}"#, r#"{"type":"org","id":"a"}"#),
        (r#"{"type":"user","id":"admin"}"#, r#"{"name":"view"}"#, r#"{"type":"spaceship","id":"a"}"#),
    ] {
        tried.post(path, &format!(r#"{{"subject":{subject},"action":{action},"resource":{resource}}}"#));
    }
    tried.post("/access/v1/evaluations", r#"{"evaluations":{}}"#);
    tried.post("/access/v1/evaluations", &format!(r#"{{{good},"options":{{"evaluations_semantic":"guess"}}}}"#));
    let thousands = vec!["{}"; 20_000].join(",");
    tried.post("/access/v1/evaluations", &format!(r#"{{{good},"evaluations":[{thousands}]}}"#));
    for (route, body) in [
        ("subject", format!(r#"{{{good},"page":{{"token":"x"}}}}"#)),
        ("resource", format!(r#"{{{good},"page":{{"limit":0}}}}"#)),
        ("action", format!(r#"{{{good},"page":[]}}"#)),
    ] {
        tried.post(&format!("/access/v1/search/{route}"), &body);
    }
}

pub fn routes(tried: &mut Tried) {
    tried.part("routes and requests");
    let token = bearer(&tried.node.token);
    for (method, path) in [
        ("GET", "/v1/commands/create-org"),
        ("DELETE", "/v1/orgs/a"),
        ("PUT", "/v1/orgs"),
        ("POST", "/v1/orgs"),
        ("HEAD", "/v1/orgs"),
        ("OPTIONS", "/v1/orgs"),
        ("GET", "/"),
        ("GET", "/v2/orgs"),
        ("GET", "/v1/orgs/"),
        ("GET", "//v1/orgs"),
        ("GET", "/v1/../v1/orgs"),
        ("POST", "/v1/commands/"),
        ("POST", "/healthz"),
    ] {
        let body = (method == "POST" || method == "PUT").then_some(&b"{}"[..]);
        let answer = tried.http.send(method, path, &[("Authorization", &token), ("Content-Type", JSON)], body);
        tried.note(&format!("{method} {path}"), &answer);
    }
    tried.with("dry_run=maybe", "create-org?dry_run=maybe", &[], r#"{"name": "B"}"#);
    tried.with("an unknown parameter", "create-org?force=true", &[], r#"{"name": "B"}"#);
    let head = format!("POST /v1/commands/create-org HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n");
    let json = "Content-Type: application/json\r\n";
    for (what, request) in [
        ("a method that is none", format!("BREW /v1/orgs HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n\r\n")),
        ("no HTTP", "hello\r\n\r\n".to_owned()),
        ("nothing", String::new()),
        ("half a request", "GET /v1/or".to_owned()),
        ("a length that is no number", format!("{head}{json}Content-Length: x\r\n\r\n{{}}")),
        ("a length below zero", format!("{head}{json}Content-Length: -1\r\n\r\n{{}}")),
        ("two lengths", format!("{head}{json}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}")),
        ("a body shorter than its length", format!("{head}{json}Content-Length: 100\r\n\r\n{{}}")),
        ("chunks that are none", format!("{head}{json}Transfer-Encoding: chunked\r\n\r\nzz\r\n")),
        ("a header without an end", format!("{head}X: {}", "x".repeat(1 << 20))),
        ("a thousand headers", format!("{head}{}\r\n", "X: y\r\n".repeat(1_000))),
        ("a line of 100,000 letters", format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(100_000))),
        ("HTTP/2 without a word", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned()),
    ] {
        tried.raw(what, request.as_bytes());
    }
    let head = head.as_bytes();
    for (what, header) in [
        ("a key that is no UTF-8", &b"Idempotency-Key: \xff\xfe\r\n"[..]),
        ("a reason that is no UTF-8", b"Tenure-Reason: \xff\r\n"),
        ("an org with NUL", b"Tenure-Acting-Org: a\0b\r\n"),
        ("a token that is no UTF-8", b"Authorization: Bearer \xff\r\n"),
    ] {
        let rest = b"Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
        tried.raw(what, &[head, header, rest].concat());
    }
}
