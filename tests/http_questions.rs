//! Every parameter of every route that reads, generated from `/openapi.json`: a misspelt name and a value that nothing has
//! are errors, never an answer about something else, or an empty one.

use serde_json::{Value, json};

use crate::support::world::World;

/// What nothing is, or what nobody can mean, for each parameter that a route may have. A route with one that is not here
/// has no case, and that fails.
fn nothing(parameter: &str) -> &'static str {
    match parameter {
        "as_of" | "at" | "from" | "to" | "before" | "until" => "yesterday",
        "min_position" => "many",
        "limit" => "0",
        "cursor" => "bm9uZQ",
        "counts" | "dry_run" => "maybe",
        "for" => "polciy",
        "format" => "pdf",
        "privilege" | "and" => "chart.edt",
        "org" => "nowhere",
        "type" => "org.renamd",
        "actor" | "user" => "nobody",
        "subject" => "users/nobody",
        "resource" => "nothing",
        "position" | "size" | "width" => "one",
        "hash" | "root" => "none",
        other => panic!("`{other}` has no case: add a value that nothing has"),
    }
}

/// A path with something there in each place that varies, that takes a parameter.
fn there(path: &str, parameter: &str) -> String {
    let report = match parameter {
        "user" | "from" | "to" => "changes",
        "resource" => "access",
        "privilege" | "and" => "conflicts",
        "actor" => "acts",
        "before" => "dormant",
        "until" => "expiring",
        _ => "entitlements",
    };
    let id = ["groups/team", "roles/readers", "resources/scores", "environments/lab"]
        .into_iter()
        .find_map(|thing| thing.split_once('/').filter(|(kind, _)| path.starts_with(&format!("/v1/{kind}/"))));
    let path = path
        .replace("/v1/reports/{name}", &format!("/v1/reports/{report}"))
        .replace("{org}", "educate")
        .replace("{user}", "mike")
        .replace("{position}", "1");
    path.replace("{name}", "describe-org").replace("{id}", id.map_or("", |(_, id)| id))
}

/// The parameters without which a route has no question.
fn needed(path: &str, but: &str) -> String {
    let all: &[(&str, &str)] = match (path, but) {
        ("/v1/diff", _) => &[("from", "1")],
        ("/v1/reports/{name}", "user" | "from" | "to") => &[("org", "educate"), ("from", "1")],
        ("/v1/reports/{name}", "resource") => &[],
        ("/v1/reports/{name}", "privilege" | "and") => {
            &[("org", "educate"), ("privilege", "chart.edit"), ("and", "chart.edit")]
        }
        ("/v1/reports/{name}", _) => &[("org", "educate")],
        _ => &[],
    };
    all.iter().filter(|(name, _)| *name != but).map(|(name, value)| format!("&{name}={value}")).collect()
}

#[test]
fn no_parameter_is_ignored() {
    let world = World::new();
    let api = world.server.get(&world.helen, "/openapi.json").json();
    let mut tried = 0;
    for (path, methods) in api["paths"].as_object().unwrap() {
        let Some(read) = methods.get("get").filter(|_| path.starts_with("/v1/")) else { continue };
        let parameters = read["parameters"].as_array().into_iter().flatten();
        let names = parameters.filter_map(|parameter| {
            let reference = parameter["$ref"].as_str().and_then(|text| text.rsplit('/').next());
            let parameter = reference.map_or(parameter, |name| &api["components"]["parameters"][name]);
            (parameter["in"] == "query").then(|| parameter["name"].as_str().unwrap())
        });
        for name in names {
            let refused = |name: &str, value: &str, but: &str| {
                let address = format!("{}?{name}={value}{}", there(path, but), needed(path, but));
                let answer = world.server.get(&world.helen, &address);
                assert!((400..500).contains(&answer.status), "{address}: {} {}", answer.outcome(), answer.text);
            };
            // Nobody learns by it which orgs there are: one that is not there signs in as the platform says.
            if (path.as_str(), name) != ("/v1/login", "org") {
                refused(name, nothing(name), name);
            }
            refused(&format!("{name}x"), "1", name);
            tried += 1;
        }
    }
    assert!(tried > 150, "only {tried} parameters");
}

/// What the body of a search names and nobody has.
#[test]
fn a_search_about_what_is_not_there() {
    let world = World::new();
    let good = json!({
        "subject": {"type": "user", "id": "mike"}, "action": {"name": "view"},
        "resource": {"type": "chart", "id": "scores"},
    });
    let outcome = |search: &str, part: &str, value: Value| {
        let mut body = good.clone();
        body[part] = value;
        world.server.post(&world.helen, &format!("/access/v1/search/{search}"), &body).outcome()
    };
    for search in ["subject", "resource", "action"] {
        for org in ["nowhere", "lone"] {
            assert_eq!(outcome(search, "context", json!({"acting_org": org})), "404 acting_org.unknown", "{search}");
        }
        assert_eq!(outcome(search, "context", json!({"acting_org": "educate"})), "200", "{search}");
        assert_eq!(outcome(search, "context", json!({"asof": 1})), "400 request.malformed", "{search}");
    }
    assert_eq!(outcome("subject", "action", json!({"name": "veiw"})), "400 action.unknown");
    assert_eq!(outcome("resource", "resource", json!({"type": "chrat"})), "400 kind.unknown");
    assert_eq!(outcome("action", "subject", json!({"type": "usre", "id": "mike"})), "400 subject.type_unknown");
}

/// What a list leaves out, it says.
#[test]
fn what_is_left_out_is_said() {
    let world = World::new();
    let tried = |name: &str, body: Value| {
        let answer = world.server.post(&world.helen, &format!("/v1/commands/{name}?dry_run=true"), &body);
        assert_eq!(answer.status, 200, "{}", answer.text);
        let answer = answer.json();
        (answer["access_delta_complete"].clone(), answer["access_delta_leaves_out"].clone())
    };
    let content = (json!(false), json!(["content"]));
    let with = json!({"role": "readers"});
    assert_eq!(tried("unshare", json!({"resource": "scores", "with": with})), content);
    assert_eq!(tried("share", json!({"resource": "folder", "with": with, "level": "view"})), content);
    assert_eq!(tried("delete-resource", json!({"resource": "secret"})), content);
    let member = json!({"group": "team", "users": ["helen"]});
    assert_eq!(tried("add-group-members", member), (json!(true), json!(["content"])));
    assert_eq!(tried("rename-org", json!({"org": "educate", "name": "Other"})), (json!(true), json!([])));
    // Roles beside the page of the catalogue are on the next.
    let first = world.server.get(&world.platform, "/v1/catalogue?limit=1").json();
    assert!(first.get("next_cursor").is_some(), "{first}");
}

/// Where the whole is stated, finding it so is success without an event.
#[test]
fn what_is_so_already_is_done() {
    let world = World::new();
    let done = |name: &str, body: &Value| world.server.done(&world.helen, name, body.clone());
    let commands = [
        ("sync-group", json!({"group": "team", "users": ["helen"]})),
        ("tag-org", json!({"org": "educate", "tags": ["north", "young"]})),
        ("change-role", json!({"role": "readers", "name": "Readers", "privileges": ["chart.edit"]})),
    ];
    for (name, body) in &commands {
        let (first, again) = (done(name, body), done(name, body));
        assert_eq!((&first["changed"], &again["changed"]), (&json!(true), &json!(false)), "{name}");
        assert_eq!(again["events"], json!([]), "{name}");
        assert_eq!(again["position"], first["position"], "{name}");
    }
    let repeated = world.server.post(&world.mike, "/v1/commands/sync-group", &commands[0].1);
    assert_eq!(repeated.outcome(), "403 privilege.not_held", "and by who may do it alone");
}
