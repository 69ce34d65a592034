//! Reports: what auditors ask for by name.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::server::{Answer, bearer};
use crate::support::world::World;

/// More people than stand on a page of a report.
const MANY: usize = 520;

fn report(world: &World, who: &str, query: &str) -> Answer {
    world.server.get(who, &format!("/v1/reports/{query}"))
}

fn rows(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["rows"].as_array().unwrap_or_else(|| panic!("rows: {}", answer.text)).clone()
}

/// A row as text: these columns, with blanks between.
fn line(row: &Value, columns: &[&str]) -> String {
    let cell = |column: &&str| match &row[*column] {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.len() > 4 => format!("{} things", items.len()),
        Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
            .collect::<Vec<_>>()
            .join("+"),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Object(_)) => other.to_string(),
    };
    columns.iter().map(cell).collect::<Vec<_>>().join(" ")
}

#[test]
fn reports_are_for_those_who_audit() {
    let world = World::new();
    let check = |who: &str, query: &str, want: &str| {
        let answer = report(&world, who, query);
        assert_eq!(answer.outcome(), want, "{query}: {}", answer.text);
    };
    check(&world.helen, "entitlements?org=educate", "200");
    for query in [
        "entitlements?org=educate",
        "privileged?org=educate",
        "from-outside?org=educate",
        "access?org=educate",
        "access?resource=scores",
        "conflicts?org=educate&privilege=user.manage&and=audit.read",
        "changes?org=educate&from=1",
        "joiners-movers-leavers?org=educate&from=1",
        "dormant?org=educate",
        "expiring?org=educate",
        "orphans?org=educate",
        "acts?org=educate",
        "erasures?org=educate",
        "completeness?org=educate",
    ] {
        check(&world.mike, query, "403 authority.not_held");
        check(&world.luke, query, "404 not_found");
        check(&world.helen, query, "200");
    }
    // Everybody reads about themself; about others who audits their home.
    check(&world.mike, "person?user=mike", "200");
    check(&world.helen, "person?user=mike", "200");
    check(&world.mike, "person?user=helen", "403 authority.not_held");
    check(&world.luke, "person?user=mike", "404 not_found");
    check(&world.mike, "changes?user=mike&from=1", "200");
    check(&world.mike, "changes?user=helen&from=1", "403 authority.not_held");
}

#[test]
fn what_cannot_be_reported_is_refused() {
    let world = World::new();
    let check = |query: &str, want: &str| {
        let answer = report(&world, &world.helen, query);
        assert_eq!(answer.outcome(), want, "{query}: {}", answer.text);
    };
    check("entitlement?org=educate", "404 report.unknown");
    check("entitlements", "400 request.malformed");
    check("entitlements?org=nowhere", "404 not_found");
    check("entitlements?org=educate&colour=red", "400 request.malformed");
    check("entitlements?org=educate&format=pdf", "400 request.malformed");
    check("entitlements?org=educate&as_of=now", "400 request.malformed");
    check("entitlements?org=educate&as_of=999999", "422 as_of.future");
    check("access?org=educate&resource=scores", "400 request.malformed");
    check("access", "400 request.malformed");
    check("access?org=educate&privilege=chart.edt", "400 privilege.unknown");
    check("conflicts?org=educate&privilege=chart.edit", "400 request.malformed");
    check("changes?org=educate", "400 request.malformed");
    check("changes?from=1", "400 request.malformed");
    check("changes?org=educate&from=130&to=100", "422 diff.backwards");
    check("expiring?org=educate&until=soon", "400 request.malformed");
    check("expiring?org=educate&until=7", "400 request.malformed");
    check("acts?org=educate&actor=a/b", "400 request.malformed");
    assert_eq!(world.server.send("GET", "/v1/reports", &[], None).status, 401);
}

#[test]
fn reports_say_what_is_so_and_by_whom() {
    let world = World::new();
    let helen = |name: &str, body| world.server.done(&world.helen, name, body);
    let from = helen("tag-org", json!({"org": "educate", "tags": ["x"]}))["position"].as_u64().unwrap();
    let reason = [
        ("Authorization", &*bearer(&world.helen)),
        ("Content-Type", "application/json"),
        ("Tenure-Reason", "covers for Bob"),
    ];
    let grant = json!({"org": "educate", "user": "mike", "privileges": ["chart.share"]}).to_string();
    assert_eq!(world.server.send("POST", "/v1/commands/grant-privileges", &reason, Some(grant.as_bytes())).status, 200);
    helen("withdraw-subscription", json!({"org": "educate", "user": "fay"}));
    let member = json!({"org": "educate", "users": ["nora"], "user_type": "member", "privileges": ["chart.edit"], "valid_until": "2999-01-01T00:00:00Z"});
    world.server.post(&world.helen, "/v1/commands/grant-subscriptions", &member);
    helen(
        "create-user",
        json!({"id": "zoe", "org": "educate", "name": "Zoe", "user_type": "member", "privileges": []}),
    );
    helen("erase-user", json!({"user": "zoe", "confirmation": "permanently erase"}));
    let check = |query: &str, columns: &[&str], want: &[&str]| {
        let mut found: Vec<_> =
            rows(&report(&world, &world.helen, query)).iter().map(|row| line(row, columns)).collect();
        found.sort();
        assert_eq!(found, want, "{query}");
    };
    check(
        "access?org=educate&privilege=chart.share",
        &["user", "name", "path", "by", "reason"],
        &[
            "helen Name of helen authority.subscription admin -",
            "mike Name of mike authority.subscription helen covers for Bob",
        ],
    );
    check(
        "access?resource=scores",
        &["user", "level", "path", "by"],
        &[
            "helen manage level.content_manage admin",
            "helen manage level.created helen",
            "mike view reach.share_role helen",
        ],
    );
    check(
        "conflicts?org=educate&privilege=chart.create&and=chart.share",
        &["what", "user", "privileges", "by", "command"],
        &[
            "conflict helen chart.create+chart.share admin create-user",
            "conflict mike chart.create+chart.share helen grant-privileges",
            "path helen chart.create+chart.share admin create-user",
            "path mike chart.create+chart.share helen grant-privileges",
        ],
    );
    check(
        &format!("changes?org=educate&from={from}"),
        &["what", "user", "gained", "lost", "by", "command"],
        &[
            "entry fay - entry helen withdraw-subscription",
            "privileges mike chart.share - helen grant-privileges",
            "user zoe erased - helen erase-user",
        ],
    );
    check(
        &format!("joiners-movers-leavers?org=educate&from={from}"),
        &["what", "user", "gained", "lost", "by"],
        &["leaver fay - - helen", "mover mike chart.share - helen"],
    );
    check(&format!("erasures?org=educate&from={from}"), &["subject", "by", "command"], &["users/zoe helen erase-user"]);
    check("orphans?org=educate", &["what", "group", "role", "resource"], &[]);
    check("dormant?org=educate", &["user"], &[]);
    let all = ["key helen", "key mike", "never helen", "never mike"];
    check("dormant?org=educate&before=2999-01-01T00:00:00Z", &["what", "user"], &all);
    check(
        "person?user=mike",
        &["what", "org", "resource", "path"],
        &["content educate scores reach.share_role", "privileges educate - authority.subscription"],
    );
}

#[test]
fn a_report_is_whole_in_every_form() {
    let world = World::new();
    for number in 0..MANY {
        let user =
            json!({"id": format!("u{number}"), "org": "lone", "name": "N", "user_type": "member", "privileges": []});
        world.server.done(&world.luke, "create-user", user);
    }
    let json = report(&world, &world.luke, "entitlements?org=lone&format=json");
    let whole = json.json();
    let rows = rows(&json);
    // Everybody, and Luke and Sam.
    assert_eq!(rows.len(), MANY + 2, "{}", whole["report"]);
    assert_eq!(whole["report"]["row_count"], json!(rows.len()));
    assert_eq!(whole["report"]["not_shown"], json!(0));
    assert_eq!(whole["report"]["parameters"], json!({"org": "lone"}));
    let position = whole["report"]["position"].as_u64().unwrap();
    assert_eq!(json.header("tenure-position"), position.to_string());
    let ndjson = report(&world, &world.luke, &format!("entitlements?org=lone&format=ndjson&as_of={position}"));
    let lines: Vec<&str> = ndjson.text.lines().collect();
    let (last, lines) = lines.split_last().unwrap();
    let sha256 = STANDARD.encode(Sha256::digest(lines.iter().map(|line| format!("{line}\n")).collect::<String>()));
    let last: Value = serde_json::from_str(last).unwrap();
    assert_eq!(last["report"]["sha256"], json!(sha256));
    assert_eq!(whole["report"]["sha256"], json!(sha256), "one report, whatever its form");
    assert_eq!(lines.len(), rows.len());
    let csv = report(&world, &world.luke, "entitlements?org=lone&format=csv");
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert_eq!(csv.text.matches("\r\n").count(), rows.len() + 1);
    assert!(csv.text.starts_with("user,name,home,privileges,"), "{}", &csv.text[..80]);
    // What comes later does not change a report of then.
    world.server.done(&world.luke, "disable-user", json!({"user": "u7"}));
    let again = report(&world, &world.luke, &format!("entitlements?org=lone&as_of={position}"));
    assert_eq!(again.json()["report"]["sha256"], json!(sha256));
    assert_eq!(self::rows(&report(&world, &world.luke, "entitlements?org=lone")).len(), MANY + 1);
}

/// Reports and the other answers agree.
#[test]
fn reports_agree_with_searches() {
    let world = World::new();
    for (org, who) in [("educate", &world.helen), ("kickstart", &world.nora), ("lone", &world.luke)] {
        for privilege in ["chart.edit", "user.manage", "audit.read"] {
            let mut reported: Vec<String> =
                rows(&report(&world, who, &format!("access?org={org}&privilege={privilege}")))
                    .iter()
                    .map(|row| line(row, &["user"]))
                    .collect();
            reported.sort();
            reported.dedup();
            let question = json!({
                "subject": {"type": "user"}, "action": {"name": privilege}, "resource": {"type": "org", "id": org},
            });
            let answer = world.server.post(who, "/access/v1/search/subject", &question);
            let found = answer.json()["results"].as_array().cloned().unwrap_or_else(|| panic!("{}", answer.text));
            let mut found: Vec<String> = found.iter().map(|subject| line(subject, &["id"])).collect();
            found.sort();
            assert_eq!(reported, found, "{privilege} in {org}");
        }
    }
    // The history by its numbers has each number once.
    let rows = rows(&report(&world, &world.helen, "completeness?org=educate"));
    let sequence: Vec<u64> = rows.iter().map(|row| row["sequence"].as_u64().unwrap()).collect();
    assert_eq!(sequence, (1..=rows.len() as u64).collect::<Vec<_>>());
    assert!(rows.iter().all(|row| row["what"] != json!("missing")));
}

#[test]
fn every_report_is_listed_with_what_it_takes() {
    let world = World::new();
    let answer = world.server.get(&world.mike, "/v1/reports");
    let listed = answer.json()["items"].as_array().unwrap().clone();
    assert!(listed.len() >= 14);
    for report in &listed {
        let columns = report["columns"].as_array().unwrap();
        assert!(!columns.is_empty() && report["about"].as_str().is_some_and(|about| about.len() > 20), "{report}");
    }
    let openapi: Value = world.server.get(&world.mike, "/openapi.json").json();
    let described = openapi["paths"]["/v1/reports/{name}"]["get"]["parameters"].to_string();
    for name in listed.iter().flat_map(|report| [&report["needs"], &report["takes"]].map(Clone::clone)) {
        for name in name.as_array().unwrap() {
            let name = name.as_str().unwrap();
            assert!(described.contains(&format!("/parameters/{name}\"")), "{name}: {described}");
        }
    }
}
