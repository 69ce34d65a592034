//! Tenants by licence, over HTTP: seats under races, time that passes, what the platform sees of its tenants.

use std::time::Duration;

use serde_json::{Value, json};
use tenure::clock::{Clock, Hands};

use crate::support::licensed::{code, platform};
use crate::support::server::{Client, Server};

const DAY: u64 = 86_400;

/// Carlsberg on a trial of 30 days and 5 users, and the key of its administrator Cara.
fn carlsberg() -> (Server, Hands, String) {
    let (clock, hands) = Clock::manual("2026-03-01T09:00:00Z".parse().unwrap());
    let server = Server::hengshi(clock);
    server.done(&server.admin, "install-licence", json!({"token": platform("2026-01-01T00:00:00Z", None)}));
    let admin = json!({"id": "cara", "name": "Cara", "key": true});
    let made =
        server.done(&server.admin, "create-org", json!({"id": "carlsberg", "name": "Carlsberg", "admin": admin}));
    let cara = made["api_key"].as_str().expect("the first key").to_owned();
    (server, hands, cara)
}

fn user(id: &str) -> Value {
    json!({"id": id, "org": "carlsberg", "name": id, "user_type": "member"})
}

/// Sixteen callers, each with connections of their own, add and enable users at once: never are there more than five.
#[test]
fn seats_hold_under_any_race() {
    let (server, _hands, cara) = carlsberg();
    let url = format!("http://{}", server.address);
    for round in 0..4 {
        let outcomes: Vec<String> = std::thread::scope(|scope| {
            let callers: Vec<_> = (0..16)
                .map(|caller| {
                    let (url, cara) = (url.clone(), cara.clone());
                    scope.spawn(move || {
                        let client = Client::new(url);
                        let add = client.post(&cara, "/v1/commands/create-user", &user(&format!("u{round}-{caller}")));
                        let first = format!("u0-{caller}");
                        let again = client.post(&cara, "/v1/commands/enable-user", &json!({"user": first}));
                        let told = [add.outcome(), again.outcome()];
                        let known = |outcome: &str| {
                            ["200", "409 licence.user_limit", "409 user.not_disabled", "404 user.unknown"]
                                .contains(&outcome)
                        };
                        assert!(told.iter().all(|outcome| known(outcome)), "{told:?}");
                        told.into_iter().filter(|outcome| outcome == "200").collect::<Vec<_>>()
                    })
                })
                .collect();
            callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect()
        });
        let users = server.get(&cara, "/v1/orgs/carlsberg/users?limit=1000").json();
        let enabled: Vec<&str> = users["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|user| user["status"] == "enabled")
            .map(|user| user["id"].as_str().unwrap())
            .collect();
        assert_eq!(enabled.len(), 5, "round {round}: {outcomes:?}");
        // Two leave, so that the next round has something to race for.
        for id in enabled.iter().filter(|id| **id != "cara").take(2) {
            server.done(&cara, "disable-user", json!({"user": id}));
        }
    }
}

#[test]
fn a_trial_that_is_over_and_a_code() {
    let (server, hands, cara) = carlsberg();
    let root = server.admin.clone();
    let ask = |context: Value| {
        let question = json!({
            "subject": {"type": "user", "id": "cara"}, "action": {"name": "user.manage"},
            "resource": {"type": "org", "id": "carlsberg"}, "context": context,
        });
        let answer = server.post(&root, "/access/v1/evaluation", &question).json();
        let code = answer["context"]["reasons"][0]["code"].as_str().unwrap_or_default().to_owned();
        (answer["decision"].as_bool().unwrap(), code)
    };
    let allowed = (true, "authority.subscription".to_owned());
    assert_eq!(ask(json!({"explain": true})), allowed);
    hands.advance(Duration::from_secs(31 * DAY));
    assert_eq!(ask(json!({"explain": true})), (false, "licence.trial_over".to_owned()));
    assert_eq!(ask(json!({"explain": true, "as_of": "2026-03-30T00:00:00Z"})), allowed, "yesterday's answers stay");
    assert_eq!(server.get(&cara, "/v1/whoami").status, 401);
    let token = code("carlsberg", "2026-03-02T00:00:00Z", 50, "2027-03-01T00:00:00Z");
    server.done(&root, "license-org", json!({"org": "carlsberg", "authorisation": token}));
    assert_eq!(ask(json!({"explain": true})), allowed);
    assert_eq!(server.get(&cara, "/v1/whoami").status, 200);
    let org = server.get(&root, "/v1/orgs/carlsberg").json();
    let licence =
        json!({"trial": false, "id": "code", "users": 50, "valid_until": "2027-03-01T00:00:00.000000Z", "over": false});
    assert_eq!(org["licence"], licence);
}

#[test]
fn what_the_platform_sees_of_its_tenants() {
    let (server, _hands, cara) = carlsberg();
    let root = server.admin.clone();
    server.done(&cara, "create-user", user("ida"));
    server.done(&cara, "record-sign-in", json!({"user": "ida"}));
    server.done(&cara, "create-resource", json!({"id": "sales", "org": "carlsberg", "kind": "app", "name": "Sales"}));
    let counted = server.get(&root, "/v1/orgs?counts=true").json();
    let of =
        |orgs: &Value, id: &str| orgs["items"].as_array().unwrap().iter().find(|org| org["id"] == id).cloned().unwrap();
    assert_eq!(of(&counted, "carlsberg")["counts"], json!({"users": 2, "signed_in": 1, "apps": 1}));
    assert_eq!(of(&server.get(&root, "/v1/orgs").json(), "carlsberg").get("counts"), None);
    let users = |token: &str, org: &str| {
        let answer = server.get(token, &format!("/v1/orgs/{org}/users"));
        let items = answer.json()["items"].as_array().cloned().unwrap_or_default();
        items.iter().map(|user| user["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(users(&root, "root"), ["admin"]);
    assert_eq!(users(&root, "carlsberg"), [""; 0]);
    assert_eq!(users(&cara, "carlsberg"), ["ida", "cara"]);
    assert_eq!(server.get(&cara, "/v1/orgs/root/users").outcome(), "404 not_found");
    assert_eq!(server.post(&root, "/v1/commands/create-user", &user("x")).outcome(), "403 privilege.not_held");
}

#[test]
fn log_in_addresses() {
    let (server, _hands, cara) = carlsberg();
    let login = |query: &str| server.send("GET", &format!("/v1/login{query}"), &[], None).json();
    let addresses = json!({"platform": "/login", "tenant": "/tenant-login"});
    let before = json!({"methods": ["api_key"], "default": "platform", "addresses": addresses});
    assert_eq!(login(""), before);
    let methods = json!(["account", "wechat-work"]);
    server.done(&server.admin, "configure-login", json!({"methods": methods, "default": "tenant"}));
    let after = json!({"methods": methods, "default": "tenant", "addresses": addresses});
    assert_eq!((login(""), login("?org=carlsberg"), login("?org=nobody")), (after.clone(), after.clone(), after));
    server.done(&cara, "configure-login", json!({"org": "carlsberg", "methods": ["account"], "default": "tenant"}));
    assert_eq!(login("?org=carlsberg")["methods"], json!(["account"]));
    assert_eq!(login("")["methods"], methods);
}
