//! A catalogue that grows and settings that change, over HTTP: who loses what, and what was so before.

use serde_json::{Value, json};

use crate::support::server::Server;

/// What a command would change, and that it changes nothing.
fn dry(server: &Server, name: &str, body: &Value) -> Vec<String> {
    let before = server.get(&server.admin, "/v1/whoami").header("tenure-position").to_owned();
    let tried = server.post(&server.admin, &format!("/v1/commands/{name}?dry_run=true"), body);
    assert_eq!(tried.status, 200, "{}", tried.text);
    assert_eq!(tried.json()["access_delta_complete"], true);
    assert_eq!(server.get(&server.admin, "/v1/whoami").header("tenure-position"), before);
    let list = |delta: &Value, key: &str| {
        delta[key]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let told = |delta: &Value| {
        let (user, org) = (delta["user"].as_str().unwrap(), delta["org"].as_str().unwrap());
        format!("{user} in {org}: +{} -{}", list(delta, "gained"), list(delta, "lost"))
    };
    let mut deltas: Vec<_> = tried.json()["access_delta"].as_array().unwrap().iter().map(told).collect();
    deltas.sort();
    deltas
}

fn position(server: &Server) -> String {
    server.get(&server.admin, "/v1/whoami").header("tenure-position").to_owned()
}

#[test]
fn a_lower_ceiling_tells_who_loses_what() {
    let server = Server::memory();
    for user in ["ann", "bob"] {
        server.user(&server.admin, user, "root", "member", json!(["chart.edit", "chart.share"]));
    }
    server.user(&server.admin, "vic", "root", "viewer", json!([]));
    let before = position(&server);
    let mut less = json!({"name": "member", "ceiling": ["chart.edit"]});
    let refused = server.post(&server.admin, "/v1/commands/define-user-type", &less);
    assert_eq!(refused.outcome(), "409 access.taken_away", "{}", refused.text);
    assert!(refused.text.contains("from 2 of the users"), "{}", refused.text);
    less["take_away"] = json!(true);
    let lose = ["ann in root: + -chart.share", "bob in root: + -chart.share"];
    assert_eq!(dry(&server, "define-user-type", &less), lose);
    server.done(&server.admin, "define-user-type", less);
    let ceiling = |as_of: &str| {
        let catalogue = server.get(&server.admin, &format!("/v1/catalogue{as_of}")).json();
        catalogue["user_types"]["member"].as_array().unwrap().len()
    };
    assert_eq!(ceiling(""), 1);
    assert!(ceiling(&format!("?as_of={before}")) > 1);
}

#[test]
fn a_kind_that_needs_more_tells_who_loses_what() {
    let server = Server::memory();
    server.user(&server.admin, "ann", "root", "member", json!(["chart.create"]));
    server.user(&server.admin, "bob", "root", "member", json!([]));
    server.done(&server.admin, "create-resource", json!({"id": "c", "org": "root", "kind": "chart", "name": "C"}));
    server.done(&server.admin, "share", json!({"resource": "c", "with": {"user": "ann"}, "level": "view"}));
    let before = position(&server);
    let actions = ["view", "create", "edit", "delete", "share"];
    let more = json!({"name": "chart", "actions": actions, "take_away": true});
    let deltas = ["admin in root: +chart.view -", "ann in root: + -chart.view"];
    assert_eq!(dry(&server, "define-resource-kind", &more), deltas);
    server.done(&server.admin, "define-resource-kind", more);
    let check = |as_of: Option<&str>, action: &str| {
        let context = as_of.map_or(json!({}), |as_of| json!({"as_of": as_of.parse::<u64>().unwrap()}));
        let subject = json!({"type": "user", "id": "ann"});
        let resource = json!({"type": "chart", "id": "c"});
        let asked = json!({"subject": subject, "action": {"name": action}, "resource": resource, "context": context});
        server.post(&server.admin, "/access/v1/evaluation", &asked).json()["decision"].clone()
    };
    assert_eq!((check(None, "view"), check(Some(&before), "view")), (json!(false), json!(true)));
    server.done(&server.admin, "grant-privileges", json!({"org": "root", "user": "ann", "privileges": ["chart.view"]}));
    assert_eq!((check(None, "chart.view"), check(Some(&before), "chart.view")), (json!(true), json!(false)));
}

#[test]
fn settings_are_read_as_they_were() {
    let server = Server::memory();
    let before = position(&server);
    assert!(dry(&server, "change-settings", &json!({"public_folders": true})).is_empty());
    server.done(&server.admin, "change-settings", json!({"public_folders": true, "managing_team_required": false}));
    let public =
        |as_of: &str| server.get(&server.admin, &format!("/v1/settings{as_of}")).json()["public_folders"].clone();
    assert_eq!((public(""), public(&format!("?as_of={before}"))), (json!(true), json!(false)));
    let made = server.done(&server.admin, "create-org", json!({"id": "new", "name": "New"}));
    let mut events = made["events"].as_array().unwrap().iter();
    assert!(events.any(|event| event["subject"] == "resources/Public@new"), "{made}");
    for (body, outcome) in [
        (json!({"fly": true}), "422 arguments.invalid"),
        (json!({"licences": "maybe"}), "422 arguments.invalid"),
        (json!({"licences": "on"}), "409 settings.no_licence_key"),
    ] {
        let answer = server.post(&server.admin, "/v1/commands/change-settings", &body);
        assert_eq!(answer.outcome(), outcome, "{}", answer.text);
    }
}
