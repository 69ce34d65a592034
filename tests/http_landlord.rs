//! What outsiders issued, over HTTP: suspended with an exclusion, listed, and vouched for.

use serde_json::{Value, json};

use crate::support::server::Server;

/// `acme` with its administrator `ada`, and `bob`, whom the platform made there; keys that the platform issued.
struct Acme {
    server: Server,
    ada: String,
    second: String,
    bob: String,
}

fn acme() -> Acme {
    let server = Server::memory();
    let admin = server.admin.clone();
    let org = json!({"id": "acme", "name": "Acme", "admin": {"id": "ada", "name": "Ada", "key": true}});
    let made = server.done(&admin, "create-org", org);
    let ada = made["api_key"].as_str().unwrap().to_owned();
    let enter = json!({"org": "acme", "users": ["admin"], "user_type": "administrator", "privileges": "all"});
    server.done(&admin, "grant-subscriptions", enter);
    let second = server.key(&admin, "ada");
    let bob = server.user(&admin, "bob", "acme", "viewer", json!([]));
    Acme { server, ada, second, bob }
}

/// Ids of keys that `acme` is told of, and whether each is suspended.
fn keys(found: &Value) -> Vec<(String, bool)> {
    let issued = found["issued"].as_array().unwrap().iter().filter(|issued| issued["what"] == "api_key");
    issued.map(|key| (key["id"].as_str().unwrap().to_owned(), key["suspended"] == true)).collect()
}

#[test]
fn what_outsiders_issued_is_suspended() {
    let Acme { server, ada, second, bob } = acme();
    let whoami = |token: &str| server.get(token, "/v1/whoami").status;
    assert_eq!([&ada, &second, &bob].map(|token| whoami(token)), [200; 3]);
    assert_eq!(server.get(&bob, "/v1/orgs/acme/from-outside").status, 403);
    let before = server.get(&ada, "/v1/orgs/acme/from-outside").json();
    assert_eq!((&before["excluded"], keys(&before).len()), (&json!(false), 3));
    assert_eq!(before["from_elsewhere"].as_array().unwrap().len() as u64 + before["more"].as_u64().unwrap(), 1);

    let answer = server.done(&ada, "exclude-landlord", json!({"org": "acme"}));
    let told = &answer["foreign_access"];
    let suspended = keys(told).into_iter().filter(|(_, suspended)| *suspended).count();
    assert_eq!((keys(told).len(), suspended), (3, 2), "the key that she used stays: {told}");
    let made = told["made_from_above"].as_array().unwrap();
    assert!(made.contains(&json!({"user": "bob", "by": "admin", "vouched_for": false})), "{made:?}");
    assert_eq!([&ada, &second, &bob].map(|token| whoami(token)), [200, 401, 401]);
    // As of any moment, and for those who ask about a key.
    let key = |at: usize| keys(told)[at].0.clone();
    let question = |id: &str, as_of: Option<u64>| {
        let question = json!({
            "subject": {"type": "api_key", "id": id}, "action": {"name": "view"},
            "resource": {"type": "org", "id": "acme"}, "context": {"as_of": as_of.map(|at| at.to_string())},
        });
        server.post(&ada, "/access/v1/evaluation", &question).json()["decision"] == true
    };
    let position = answer["position"].as_u64().unwrap();
    let suspended = keys(told).iter().position(|(_, suspended)| *suspended).unwrap();
    assert!(!question(&key(suspended), None) && question(&key(suspended), Some(position - 3)));

    let found = server.get(&ada, "/v1/orgs/acme/from-outside").json();
    assert_eq!((&found["excluded"], keys(&found)), (&json!(true), keys(told)));
    let ids: Vec<String> = keys(told).into_iter().filter(|(_, suspended)| *suspended).map(|(id, _)| id).collect();
    let admin = server.admin.clone();
    let confirm = json!({"org": "acme", "users": ["bob"], "keys": ids});
    let refused = server.post(&admin, "/v1/commands/confirm-credentials", &confirm);
    assert_eq!(refused.outcome(), "403 privilege.not_held");
    server.done(&ada, "confirm-credentials", confirm);
    assert_eq!([&ada, &second, &bob].map(|token| whoami(token)), [200; 3]);
    assert!(question(&key(suspended), None));
    // As of then it waited still.
    assert!(!question(&key(suspended), Some(position)));
}

/// A repeated exclusion tells how things stand, not how they stood.
#[test]
fn an_exclusion_told_again_tells_how_things_stand() {
    let Acme { server, ada, .. } = acme();
    let headers =
        [("Authorization", &*format!("Bearer {ada}")), ("Content-Type", "application/json"), ("Idempotency-Key", "x")];
    let exclude = || {
        let body = json!({"org": "acme"}).to_string();
        server.send("POST", "/v1/commands/exclude-landlord", &headers, Some(body.as_bytes())).json()
    };
    assert_eq!(exclude()["foreign_access"]["excluded"], true);
    server.done(&ada, "admit-landlord", json!({"org": "acme"}));
    let again = exclude();
    assert_eq!((&again["admitted_since"], again.get("foreign_access")), (&json!("acme"), None));
}

/// One chart that the root shares with all orgs names to nobody the people of a tenant that shut them out, nor does a pack
/// that the tenant may use: not who has it, not whom a search finds, not whom it was handed on to.
#[test]
fn what_is_shared_with_all_is_no_roster() {
    let Acme { server, ada, .. } = acme();
    let admin = server.admin.clone();
    let made = |id: &str, kind: &str| json!({"id": id, "org": "root", "kind": kind, "name": id});
    server.done(&admin, "create-resource", made("news", "chart"));
    server.done(&admin, "share", json!({"resource": "news", "with": {"all_orgs": true}, "level": "view"}));
    server.done(&admin, "create-resource", made("drinks", "pack"));
    server.done(&admin, "distribute", json!({"resource": "drinks", "to": {"org": "acme"}}));
    server.user(&ada, "eve", "acme", "viewer", json!([]));
    server.done(&ada, "hand-on", json!({"resource": "drinks", "org": "acme", "to": {"user": "eve"}}));
    let rule = json!({"resource": "drinks", "org": "acme", "filter": "region = 1"});
    server.done(&admin, "set-row-rule", rule);
    server.done(&ada, "exclude-landlord", json!({"org": "acme"}));
    let search = |resource: &str, kind: &str| {
        let question = json!({
            "subject": {"type": "user"}, "action": {"name": "view"}, "resource": {"type": kind, "id": resource},
        });
        server.post(&admin, "/access/v1/search/subject", &question)
    };
    let read = |path: &str| server.get(&admin, path);
    for answer in [
        read("/v1/resources/news/access"),
        read("/v1/resources/drinks/access"),
        read("/v1/resources/drinks/hand-ons"),
        read("/v1/resources/drinks/row-rules"),
        read("/v1/resources/drinks/distributions"),
        read("/v1/resources/news/shares"),
        read("/v1/diff?from=1&org=root&resource=news"),
        search("news", "chart"),
        search("drinks", "pack"),
    ] {
        assert_eq!(answer.status, 200, "{}", answer.text);
        for person in ["\"ada\"", "\"bob\"", "\"eve\""] {
            assert!(!answer.text.contains(person), "{person} in {}", answer.text);
        }
    }
    assert!(read("/v1/resources/news/access").json()["more"].as_u64().unwrap() >= 2, "they are counted");
}

/// An org's description, tags and team are for those who work in it, or manage it from above and are admitted.
#[test]
fn an_org_shows_what_it_is_for_to_its_own() {
    let Acme { server, ada, .. } = acme();
    let admin = server.admin.clone();
    server.done(&ada, "describe-org", json!({"org": "acme", "description": "secret venture"}));
    server.done(&ada, "tag-org", json!({"org": "acme", "tags": ["merger"]}));
    let other = json!({"id": "beta", "name": "Beta", "admin": {"id": "ben", "name": "Ben", "key": true}});
    let ben = server.done(&admin, "create-org", other)["api_key"].as_str().unwrap().to_owned();
    server.done(
        &admin,
        "grant-subscriptions",
        json!({"org": "beta", "users": ["admin"], "user_type": "administrator", "privileges": "all"}),
    );
    let guest = |user: &str| json!({"org": "beta", "users": [user], "user_type": "viewer", "privileges": []});
    server.done(&admin, "grant-subscriptions", guest("bob"));
    server.done(&ada, "exclude-landlord", json!({"org": "acme"}));
    // `ben` sees bob as a member of `beta`, and the platform sees that there is `acme`.
    for (token, path) in [
        (&ben, "/v1/orgs/acme"),
        (&admin, "/v1/orgs/acme"),
        (&ben, "/v1/users/bob"),
        (&ben, "/v1/users/bob/orgs"),
        (&ben, "/v1/orgs"),
        (&admin, "/v1/orgs"),
        (&admin, "/v1/orgs/root/children"),
    ] {
        let answer = server.get(token, path);
        assert!(!answer.text.contains("secret") && !answer.text.contains("merger"), "{path}: {}", answer.text);
    }
    assert_eq!(server.get(&ada, "/v1/orgs/acme").json()["description"], "secret venture");
}

/// What was public stays so for the auditor once it lies in a personal folder; what happened there does not come out with
/// it, by whichever route one reads.
#[test]
fn a_personal_folder_wipes_no_past_and_keeps_its_own() {
    let Acme { server, ada, .. } = acme();
    server.done(&server.admin.clone(), "change-settings", json!({"personal_folders": true}));
    let paul = server.user(
        &ada,
        "paul",
        "acme",
        "administrator",
        json!(["chart.create", "chart.edit", "chart.share", "folder.create", "folder.edit"]),
    );
    let audit = server.user(&ada, "olga", "acme", "administrator", json!(["audit.read", "content.manage"]));
    let folder = "personal:paul@acme";
    server.done(
        &paul,
        "create-resource",
        json!({"id": "figures", "org": "acme", "kind": "chart", "name": "Public figures"}),
    );
    server.done(&paul, "share", json!({"resource": "figures", "with": {"user": "olga"}, "level": "view"}));
    server.done(&paul, "unshare", json!({"resource": "figures", "with": {"user": "olga"}}));
    let public = server.done(&paul, "rename-resource", json!({"resource": "figures", "name": "Plain figures"}));
    server.done(&paul, "move-resource", json!({"resource": "figures", "parent": folder}));
    server.done(&paul, "rename-resource", json!({"resource": "figures", "name": "My secret"}));
    let inside = server.done(
        &paul,
        "create-resource",
        json!({"id": "diary", "org": "acme", "kind": "chart", "name": "My diary", "parent": folder}),
    );
    let paths = [
        "/v1/resources/figures/history",
        "/v1/orgs/acme/history",
        "/v1/events?org=acme&limit=1000",
        "/v1/events?subject=resources/figures&limit=1000",
    ];
    for path in paths {
        let answer = server.get(&audit, path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        for public in ["Public figures", "content.shared", "content.unshared", "Plain figures"] {
            assert!(answer.text.contains(public), "{public} is gone from {path}");
        }
        for secret in ["My secret", "My diary", "resource.moved"] {
            assert!(!answer.text.contains(secret), "{secret} in {path}");
        }
    }
    assert_eq!(server.get(&audit, "/v1/resources/diary/history").status, 404, "it never was public");
    assert_eq!(server.get(&audit, "/v1/resources/figures").status, 404);
    // Moved out it is public again, and keeps to itself what it was called.
    server.done(&paul, "rename-resource", json!({"resource": "figures", "name": "Clean figures"}));
    server.done(&paul, "move-resource", json!({"resource": "figures"}));
    let (was, secret) = (public["position"].as_u64().unwrap(), inside["position"].as_u64().unwrap());
    let past = |path: &str| format!("{path}{}as_of={secret}", if path.contains('?') { "&" } else { "?" });
    let mut paths: Vec<String> = paths.map(str::to_owned).into();
    for path in [
        "/v1/resources/figures",
        "/v1/orgs/acme/resources",
        "/v1/resources/figures/shares",
        "/v1/resources/figures/access",
    ] {
        paths.extend([path.to_owned(), past(path)]);
    }
    for path in paths {
        let answer = server.get(&audit, &path);
        assert!(!answer.text.contains("My secret") && !answer.text.contains("My diary"), "{path}: {}", answer.text);
    }
    let before = server.get(&audit, &format!("/v1/resources/figures?as_of={was}")).json();
    assert_eq!(before["name"], "Plain figures");
}

/// `audit.read` in an ancestor reaches down, into archived orgs as well; not into an org that shuts its ancestors out, nor,
/// once they are let in again, to what was recorded meanwhile.
#[test]
fn who_audits_from_above_reads_what_was_recorded_while_admitted() {
    let Acme { server, ada, .. } = acme();
    let admin = server.admin.clone();
    server.done(&admin, "withdraw-subscription", json!({"org": "acme", "user": "admin"}));
    let olga = server.user(&admin, "olga", "root", "administrator", json!(["audit.read"]));
    let names = |who: &str| {
        let answer = server.get(who, "/v1/orgs/acme/history");
        let items = answer.json()["items"].as_array().cloned().unwrap_or_default();
        let names = items.iter().filter_map(|event| event["data"]["name"].as_str().map(str::to_owned));
        let names: Vec<String> = names.filter(|name| name.len() == 1).collect();
        (answer.status, names.join(""))
    };
    let rename = |name: &str| server.done(&ada, "rename-org", json!({"org": "acme", "name": name}));
    rename("A");
    assert_eq!(names(&olga), (200, "A".to_owned()));
    assert_eq!(server.get(&olga, "/v1/reports/entitlements?org=acme").status, 200);
    server.done(&ada, "exclude-landlord", json!({"org": "acme"}));
    rename("B");
    assert_eq!(names(&olga).0, 404);
    assert_eq!(server.get(&olga, "/v1/reports/entitlements?org=acme").status, 404);
    server.done(&ada, "admit-landlord", json!({"org": "acme"}));
    rename("C");
    assert_eq!(names(&olga), (200, "AC".to_owned()));
    assert_eq!(names(&ada), (200, "ABC".to_owned()));
    server.done(&admin, "archive-org", json!({"org": "acme", "confirmation": "permanently archive"}));
    assert_eq!(names(&olga), (200, "AC".to_owned()));
}

/// A key that waits for its org is no way in: the last one that works stays, however many wait.
#[test]
fn a_key_that_waits_is_no_way_in() {
    let Acme { server, ada, .. } = acme();
    let key = server.get(&ada, "/v1/whoami").json()["key"].as_str().unwrap().to_owned();
    let revoke = || server.post(&ada, "/v1/commands/revoke-api-key?dry_run=true", &json!({"key": key})).outcome();
    let admin = server.admin.clone();
    server.done(&admin, "withdraw-subscription", json!({"org": "acme", "user": "admin"}));
    assert_eq!(revoke(), "200", "her second key works");
    server.done(&ada, "exclude-landlord", json!({"org": "acme"}));
    assert_eq!(revoke(), "409 org.no_way_in", "her second key waits");
    server.done(&ada, "admit-landlord", json!({"org": "acme"}));
    assert_eq!(revoke(), "200");
}
