//! Reading over HTTP: other moments, pages, people's data, events.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::server::{Answer, Server, bearer};
use crate::support::world::World;

/// The ids of a list, sorted.
fn ids(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let mut ids: Vec<_> = items(answer).iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

fn items(answer: &Answer) -> Vec<Value> {
    answer.json()["items"].as_array().unwrap_or_else(|| panic!("a list: {}", answer.text)).clone()
}

#[test]
fn the_past_is_read_as_it_was_by_who_may_read_now() {
    let world = World::new();
    let done = world.server.done(&world.helen, "describe-org", json!({"org": "educate", "description": "d"}));
    let (head, time) = (done["position"].as_u64().unwrap(), done["events"][0]["time"].as_str().unwrap().to_owned());
    world.server.done(&world.helen, "rename-org", json!({"org": "educate", "name": "Renamed"}));
    let name = |query: &str| {
        let answer = world.server.get(&world.helen, &format!("/v1/orgs/educate{query}"));
        (
            answer.status,
            answer.json()["name"].as_str().unwrap_or_default().to_owned(),
            answer.header("tenure-position").to_owned(),
        )
    };
    assert_eq!(name("").1, "Renamed");
    assert_eq!(name(&format!("?as_of={head}")), (200, "educate".to_owned(), head.to_string()));
    assert_eq!(name(&format!("?as_of={time}")), (200, "educate".to_owned(), head.to_string()));
    assert_eq!(name("?as_of=1").0, 404);
    let fay = |as_of: &str| world.server.get(&world.fay, &format!("/v1/orgs/educate?as_of={as_of}")).status;
    assert_eq!(fay(&head.to_string()), 200);
    world.server.done(&world.helen, "withdraw-subscription", json!({"org": "educate", "user": "fay"}));
    assert_eq!(fay(&head.to_string()), 404);
}

#[test]
fn moments_pages_and_parameters() {
    let world = World::new();
    let check = |query: &str, want: &str| {
        let answer = world.server.get(&world.helen, &format!("/v1/orgs/educate/resources?{query}"));
        assert_eq!(answer.outcome(), want, "{query}: {}", answer.text);
    };
    check("as_of=1", "404 not_found");
    check("as_of=999999", "422 as_of.future");
    check("as_of=2999-01-01T00:00:00Z", "422 as_of.future");
    check("as_of=now", "400 request.malformed");
    check("at=2999-01-01T00:00:00Z", "200");
    check("at=7", "400 request.malformed");
    check("limit=0", "400 request.malformed");
    check("limit=1001", "400 request.malformed");
    check("limit=1000", "200");
    check("cursor=x", "400 request.malformed");
    check("limit=1&limit=2", "400 request.malformed");
    check("colour=red", "400 request.malformed");
    check("min_position=1", "200");
    check("min_position=x", "400 request.malformed");
}

/// Whoever has a position from an answer finds it at once; one that is beyond the end is from elsewhere, and is refused at
/// once, wherever it stands.
#[test]
fn positions_beyond_the_end_are_refused() {
    let world = World::new();
    let head = world.server.node.live().position();
    let question = |position: u64| {
        json!({
            "subject": {"type": "user", "id": "mike"}, "action": {"name": "view"},
            "resource": {"type": "chart", "id": "scores"}, "context": {"min_position": position},
        })
    };
    let ask = |place: &str, position: u64| {
        let bearer = bearer(&world.helen);
        let number = position.to_string();
        let json = ("Content-Type", "application/json");
        let with = |header, value: &str, method, path: &str, body: Option<&[u8]>| {
            let headers = [("Authorization", &*bearer), json, (header, value)];
            world.server.send(method, path, &headers, body)
        };
        match place {
            "min_position" => world.server.get(&world.helen, &format!("/v1/orgs/educate?min_position={number}")),
            "as_of" => world.server.get(&world.helen, &format!("/v1/orgs/educate?as_of={number}")),
            "from" => world.server.get(&world.helen, &format!("/v1/events?from={}", position + 1)),
            "stream" => world.server.get(&world.helen, &format!("/v1/events/stream?from={}", position + 1)),
            "Last-Event-ID" => with("Last-Event-ID", &number, "GET", "/v1/events/stream", None),
            "If-Match" => {
                let body = json!({"org": "educate", "description": "D"}).to_string();
                let path = "/v1/commands/describe-org?dry_run=true";
                with("If-Match", &format!("\"{number}\""), "POST", path, Some(body.as_bytes()))
            }
            "evaluations" => {
                let body = json!({"evaluations": [question(position), question(1)]});
                world.server.post(&world.helen, "/access/v1/evaluations", &body)
            }
            "search" => {
                let body = json!({
                    "subject": {"type": "user"}, "action": {"name": "view"}, "resource": question(1)["resource"],
                    "context": {"min_position": position},
                });
                world.server.post(&world.helen, "/access/v1/search/subject", &body)
            }
            _ => world.server.post(&world.helen, "/access/v1/evaluation", &question(position)),
        }
    };
    let began = std::time::Instant::now();
    for place in
        ["min_position", "evaluation", "evaluations", "search", "If-Match", "Last-Event-ID", "stream", "from", "as_of"]
    {
        let code = if place == "as_of" { "422 as_of.future" } else { "422 position.beyond_end" };
        for beyond in [head + 1, 999_999, u64::MAX - 1] {
            assert_eq!(ask(place, beyond).outcome(), code, "{place} {beyond}");
        }
        // A stream that begins does not end by itself.
        if !["Last-Event-ID", "stream"].contains(&place) {
            assert_eq!(ask(place, head).outcome(), "200", "{place}");
        }
    }
    assert!(began.elapsed() < std::time::Duration::from_secs(20), "nothing was waited for");
}

#[test]
fn ids_are_read_out_of_paths() {
    let world = World::new();
    for (id, path) in [("guest@educate", "guest%40educate"), ("a|b:c~d", "a%7Cb:c~d"), ("plain_1", "plain_1")] {
        world.server.done(&world.helen, "define-role", json!({"id": id, "org": "educate", "name": id}));
        assert_eq!(world.server.get(&world.helen, &format!("/v1/roles/{path}")).json()["id"], id);
    }
}

#[test]
fn pages_together_hold_each_item_once() {
    let world = World::new();
    for number in 0..9 {
        world.server.done(
            &world.helen,
            "define-role",
            json!({"id": format!("r{number}"), "org": "educate", "name": number.to_string()}),
        );
    }
    let all = ids(&world.server.get(&world.helen, "/v1/orgs/educate/roles"));
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let answer = world.server.get(&world.helen, &format!("/v1/orgs/educate/roles?limit=3{cursor}"));
        found.extend(ids(&answer));
        world.server.done(
            &world.helen,
            "define-role",
            json!({"org": "educate", "name": format!("later {}", found.len())}),
        );
        match answer.json()["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    found.sort();
    assert_eq!(found, all);
}

/// A cursor of another list, filter, moment or caller would leave out what lies before it there.
#[test]
fn cursors_belong_to_their_list() {
    let world = World::new();
    let next = |path: &str| {
        let answer = world.server.get(&world.helen, path).json();
        answer["next_cursor"].as_str().unwrap_or_else(|| panic!("{path}: {answer}")).to_owned()
    };
    let lists = [
        "/v1/events?limit=1",
        "/v1/events?limit=1&org=educate",
        "/v1/events?limit=1&actor=helen",
        "/v1/events?limit=1&type=user.created,role.defined",
        "/v1/orgs/educate/history?limit=1",
        "/v1/orgs/educate/users?limit=1",
        "/v1/orgs/educate/users?limit=1&at=2999-01-01T00:00:00Z",
        "/v1/orgs/educate/resources?limit=1",
        "/v1/orgs/educate/subscriptions?limit=1",
        "/v1/users/mike/history?limit=1",
        "/v1/users/helen/history?limit=1",
        "/v1/resources/folder/contents?limit=1",
    ];
    let cursors = lists.map(next);
    let other = world.server.key(&world.helen, "helen");
    for (at, list) in lists.iter().enumerate() {
        for (of, cursor) in cursors.iter().enumerate() {
            let want = if at == of { "200" } else { "400 cursor.foreign" };
            let answer = world.server.get(&world.helen, &format!("{list}&cursor={cursor}"));
            assert_eq!(answer.outcome(), want, "{list} with that of {}: {}", lists[of], answer.text);
        }
        let own = &cursors[at];
        assert_eq!(world.server.get(&other, &format!("{list}&cursor={own}")).outcome(), "400 cursor.foreign");
        let moved = format!("{list}&as_of=50&cursor={own}");
        assert_eq!(world.server.get(&world.helen, &moved).outcome(), "400 cursor.foreign", "{moved}");
        let more = format!("{}&cursor={own}", list.replacen("limit=1", "limit=7", 1));
        assert_eq!(world.server.get(&world.helen, &more).outcome(), "200", "{more}");
    }
    let mut letters: Vec<char> = cursors[0].chars().collect();
    letters[0] = if letters[0] == 'A' { 'B' } else { 'A' };
    let bent = letters.into_iter().collect::<String>();
    let answer = world.server.get(&world.helen, &format!("{}&cursor={bent}", lists[0]));
    assert_eq!(answer.outcome(), "400 cursor.foreign");
}

/// What a filter names and the reader does not see is not there for them, whether it is or not; and nothing is never an
/// answer to a question that has none.
#[test]
fn filters_that_name_what_is_not_there() {
    let world = World::new();
    let nora = world.server.get(&world.nora, "/v1/whoami").json()["id"].as_str().unwrap().to_owned();
    for route in ["/v1/events", "/v1/events/stream"] {
        let check = |token: &str, query: &str, want: &str| {
            let answer = world.server.get(token, &format!("{route}?{query}"));
            assert_eq!(answer.outcome(), want, "{route}?{query}: {}", answer.text);
            answer
        };
        let helen = &*world.helen;
        let typo = check(helen, "type=tenure.org.renamd.v1", "400 event_type.unknown");
        assert!(typo.text.contains("did you mean `tenure.org.renamed.v1`?"), "{}", typo.text);
        check(helen, "type=org.renamed,org.flown", "400 event_type.unknown");
        check(helen, "subject=user/mike", "400 request.malformed");
        check(helen, "subject=mike", "400 request.malformed");
        check(helen, "org=nowhere", "404 not_found");
        check(helen, "org=kickstart", "404 not_found");
        check(&world.fay, "org=educate", "403 authority.not_held");
        check(&world.mike, "org=educate", "403 authority.not_held");
        // Those of another tenant and those of nobody read alike.
        for (field, strangers) in [("actor", [nora.as_str(), "nobody"]), ("subject", ["users/nora", "users/nobody"])] {
            let told = strangers.map(|stranger| {
                let text = check(helen, &format!("{field}={stranger}"), &format!("404 {field}.unknown")).text;
                text.replace(stranger, "X")
            });
            assert_eq!(told[0], told[1]);
        }
        check(helen, "subject=resources/other", "404 subject.unknown");
    }
}

/// The global policy is none of the orgs that are listed, and takes its place on the page all the same.
#[test]
fn the_global_policy_counts_on_its_page() {
    let world = World::new();
    let policies = |more: &str| world.server.get(&world.platform, &format!("/v1/orgs?for=policy{more}"));
    let all = ids(&policies(""));
    assert_eq!(all, ["global", "root"]);
    for limit in 1..=3 {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let answer = policies(&format!("&limit={limit}{cursor}"));
            assert!(items(&answer).len() <= limit, "{}", answer.text);
            found.extend(items(&answer).iter().map(|item| item["id"].as_str().unwrap().to_owned()));
            match answer.json()["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(found, all, "{limit} a page");
    }
}

/// The org and how much is in it is left to its ancestors, and nothing of what that is.
#[test]
fn what_the_excluded_read() {
    let mut olga = String::new();
    let world = World::made(|server, admin| {
        olga = server.user(admin, "olga", "root", "administrator", json!(["org.manage"]));
        let her = json!({"org": "educate", "users": ["olga"], "user_type": "administrator", "privileges": "all"});
        server.done(admin, "grant-subscriptions", her);
    });
    let read = |path: &str| {
        let answer = world.server.get(&olga, &format!("/v1/{path}"));
        answer.json()["items"].as_array().map_or_else(|| answer.outcome(), |items| items.len().to_string())
    };
    let inside = ["users", "subscriptions", "roles", "groups", "resources", "environments", "history"];
    let told = || inside.map(|list| read(&format!("orgs/educate/{list}")));
    let things = ["users/mike", "groups/team", "roles/readers", "resources/scores", "users/mike/access"];
    let before = told();
    assert!(before.iter().all(|count| count.parse::<usize>().is_ok_and(|count| count > 0)), "{before:?}");
    world.server.done(&world.helen, "exclude-landlord", json!({"org": "educate"}));
    // Of the people, themself alone.
    assert_eq!(told(), ["1", "1", "0", "0", "0", "0", "403 authority.not_held"]);
    assert_eq!(things.map(read), ["404 not_found"; 5]);
    let orgs = world.server.get(&olga, "/v1/orgs?counts=true").json();
    let educate = orgs["items"].as_array().unwrap().iter().find(|org| org["id"] == "educate").cloned().unwrap();
    assert_eq!((&educate["name"], &educate["counts"]["users"]), (&json!("educate"), &json!(3)));
}

/// What is about tenant permissions is for their administrators, and what lies in a personal folder for its owner.
#[test]
fn what_no_history_tells_others() {
    let server = Server::memory();
    let root = server.admin.clone();
    server.done(&root, "change-settings", json!({"personal_folders": true}));
    let reads = json!(["audit.read", "chart.create", "content.manage"]);
    let [ann, bob] = ["ann", "bob"].map(|user| server.user(&root, user, "root", "administrator", reads.clone()));
    server.done(&root, "create-group", json!({"id": "team", "name": "Team"}));
    let permission = json!({"group": "team", "permission": "manage-organizations"});
    let granted = server.done(&root, "grant-tenant-permission", permission)["position"].clone();
    let diary = json!({"id": "diary", "org": "root", "kind": "chart", "name": "D", "parent": "personal:bob@root"});
    let made = server.done(&bob, "create-resource", diary)["position"].clone();
    let listed = |token: &str, query: &str| {
        let answer = server.get(token, &format!("/v1/events?{query}"));
        if answer.status == 404 { 0 } else { items(&answer).len() }
    };
    for (position, query, who) in
        [(granted, "type=tenure.tenant_permission.granted.v1", &root), (made, "subject=resources/diary", &bob)]
    {
        for token in [&root, &ann, &bob] {
            let sees = token == who;
            let one = server.get(token, &format!("/v1/events/{position}")).status;
            assert_eq!((listed(token, query), one), if sees { (1, 200) } else { (0, 404) }, "{query}");
        }
    }
}

/// What was for others stays in the history when it is moved into a personal folder, and what became of it there does not
/// show when it is moved out.
#[test]
fn a_personal_folder_hides_what_happens_there_alone() {
    let server = Server::memory();
    let root = server.admin.clone();
    server.done(&root, "change-settings", json!({"personal_folders": true}));
    let reads = json!(["audit.read", "chart.create", "chart.edit", "content.manage"]);
    let [ann, bob] = ["ann", "bob"].map(|user| server.user(&root, user, "root", "administrator", reads.clone()));
    let chart = json!({"id": "plan", "org": "root", "kind": "chart", "name": "Plan"});
    server.done(&bob, "create-resource", chart);
    server.done(&bob, "move-resource", json!({"resource": "plan", "parent": "personal:bob@root"}));
    let secret = json!({"resource": "plan", "name": "Leaving"});
    let there = server.done(&bob, "rename-resource", secret)["position"].clone();
    let names = |token: &str| {
        let events = items(&server.get(token, "/v1/events?subject=resources/plan"));
        events.iter().map(|event| event["data"]["name"].as_str().unwrap_or("-").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&ann), ["Plan"], "its making, and nothing of the folder");
    assert_eq!(names(&bob), ["Plan", "Plan", "Leaving"]);
    server.done(&bob, "rename-resource", json!({"resource": "plan", "name": "Plan"}));
    server.done(&bob, "move-resource", json!({"resource": "plan", "parent": null}));
    assert_eq!(names(&ann), ["Plan", "Plan"], "its making, and that it came out");
    assert_eq!(server.get(&ann, "/v1/resources/plan").status, 200);
    assert_eq!(server.get(&ann, &format!("/v1/resources/plan?as_of={there}")).status, 404);
    let listed = items(&server.get(&ann, &format!("/v1/orgs/root/resources?as_of={there}")));
    assert!(listed.iter().all(|item| item["id"] != "plan"), "{listed:?}");
}

#[test]
fn people_are_shown_to_who_may_see_them() {
    let world = World::new();
    let told = |token: &str, user: &str| {
        let answer = world.server.get(token, &format!("/v1/users/{user}"));
        let user = answer.json();
        let has = |field: &'static str| if user[field].is_string() { field } else { "-" };
        format!("{} {} {}", answer.status, has("name"), has("email"))
    };
    assert_eq!(told(&world.mike, "mike"), "200 name email");
    assert_eq!(told(&world.helen, "mike"), "200 name email");
    assert_eq!(told(&world.mike, "helen"), "200 name -");
    assert_eq!(told(&world.helen, "fay"), "200 - -");
    assert_eq!(told(&world.nora, "fay"), "200 name email");
    assert_eq!(told(&world.nora, "mike"), "404 - -");
    let mike = world.server.get(&world.mike, "/v1/users/mike").json();
    assert_eq!((&mike["name"], &mike["email"]), (&json!("Name of mike"), &json!("mike@example.org")));
    let log = world.server.get(&world.helen, "/v1/events?org=educate&limit=1000").text;
    assert!(log.contains("sealed:") && !log.contains("Name of") && !log.contains("@example.org"));
    world.server.done(&world.helen, "erase-user", json!({"user": "mike", "confirmation": "permanently erase"}));
    assert_eq!(told(&world.helen, "mike"), "200 - -");
    assert_eq!(world.server.get(&world.helen, "/v1/users/mike").json()["status"], "erased");
}

#[test]
fn events_by_filter() {
    let world = World::new();
    let positions = |token: &str, query: &str| {
        let answer = world.server.get(token, &format!("/v1/events?{query}"));
        assert_eq!(answer.status, 200, "{}", answer.text);
        items(&answer).iter().map(|event| event["position"].as_str().unwrap().parse().unwrap()).collect::<Vec<u64>>()
    };
    let all = positions(&world.helen, "org=educate&limit=1000");
    assert!(all.is_sorted() && all.len() > 10);
    // Nothing happened there that is of the type: that is an answer.
    assert_eq!(positions(&world.helen, "org=educate&type=tenure.org.archived.v1"), Vec::<u64>::new());
    assert!(!positions(&world.mike, "org=educate&subject=users/mike").is_empty());
    let refused = |query: &str| world.server.get(&world.helen, &format!("/v1/events?{query}")).outcome();
    assert_eq!(refused("from=999999"), "422 position.beyond_end");
    assert_eq!(refused("from=9&to=7"), "422 events.backwards");
    let (first, last) = (all[2], all[5]);
    assert_eq!(positions(&world.helen, &format!("org=educate&from={first}&to={last}")), all[2..=5]);
    assert_eq!(positions(&world.helen, &format!("from={first}&to={last}")), all[2..=5]);
    let of_type = positions(&world.helen, "org=educate&type=tenure.resource.created.v2");
    assert_eq!(of_type.len(), 3);
    assert_eq!(positions(&world.helen, "type=tenure.resource.created.v2&actor=helen&limit=1000"), of_type);
    assert_eq!(positions(&world.helen, "org=educate&subject=resources/scores").len(), 2);
    let everything = positions(&world.helen, "limit=1000");
    let seen: BTreeSet<_> = everything.iter().collect();
    assert!(all.iter().all(|position| seen.contains(position)));
    let hidden = positions(&world.nora, "org=kickstart&limit=1")[0];
    assert_eq!(world.server.get(&world.helen, &format!("/v1/events/{hidden}")).status, 404);
    for nothing in ["0", "x", "-1", "999999"] {
        assert_eq!(world.server.get(&world.helen, &format!("/v1/events/{nothing}")).outcome(), "404 not_found");
    }
    let mut paged = Vec::new();
    let mut cursor = String::new();
    loop {
        let answer = world.server.get(&world.helen, &format!("/v1/events?org=educate&limit=4{cursor}"));
        paged.extend(items(&answer).iter().map(|event| event["position"].as_str().unwrap().parse::<u64>().unwrap()));
        match answer.json()["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(paged, all);
}

#[test]
fn differences_between_moments() {
    let world = World::new();
    let before = world.server.node.live().position();
    let revoked = json!({"org": "educate", "user": "mike", "privileges": ["chart.edit"]});
    world.server.done(&world.helen, "revoke-privileges", revoked);
    world.server.done(&world.helen, "unshare", json!({"resource": "scores", "with": {"role": "readers"}}));
    let diff = |token: &str, more: &str| {
        let answer = world.server.get(token, &format!("/v1/diff?from={before}{more}"));
        if answer.status == 200 { Ok(items(&answer)) } else { Err(answer.outcome()) }
    };
    let lost = json!({"what": "privileges", "user": "mike", "org": "educate", "gained": [], "lost": ["chart.edit"]});
    assert_eq!(diff(&world.helen, ""), Ok(vec![lost.clone()]));
    assert_eq!(diff(&world.helen, "&org=educate&limit=1"), Ok(vec![lost.clone()]));
    assert_eq!(diff(&world.mike, "&user=mike"), Ok(vec![lost.clone()]));
    assert_eq!(diff(&world.nora, ""), Ok(vec![]));
    assert_eq!(diff(&world.nora, "&org=educate"), Err("404 not_found".to_owned()));
    assert_eq!(diff(&world.helen, &format!("&to={before}")), Ok(vec![]));
    assert_eq!(diff(&world.helen, "&to=1"), Err("422 diff.backwards".to_owned()));
    assert_eq!(diff(&world.helen, "&user=mike&org=educate"), Err("400 request.malformed".to_owned()));
    let level = json!({"what": "level", "user": "mike", "resource": "scores", "gained": [], "lost": ["view"]});
    assert_eq!(diff(&world.helen, "&user=mike&resource=scores"), Ok(vec![level, lost]));
    assert_eq!(world.server.get(&world.helen, "/v1/diff").outcome(), "400 request.malformed");
}

#[test]
fn what_there_is_and_who_asks() {
    let server = Server::memory();
    let me = server.get(&server.admin, "/v1/whoami").json();
    assert_eq!((&me["id"], &me["org"], &me["orgs"]), (&json!("admin"), &json!("root"), &json!(["root"])));
    let catalogue = server.get(&server.admin, "/v1/catalogue").json();
    assert_eq!(catalogue["privileges"][0], "org.manage");
    assert_eq!(catalogue["kinds"]["chart"]["edit"], "chart.edit");
    assert_eq!(catalogue["user_types"]["viewer"], json!([]));
    assert_eq!(catalogue["settings"], server.get(&server.admin, "/v1/settings").json());
    assert_eq!(
        server.send("GET", "/v1/login", &[], None).json(),
        json!({
            "methods": ["api_key"], "default": "platform",
            "addresses": {"platform": "/login", "tenant": "/tenant-login"}
        })
    );
}
