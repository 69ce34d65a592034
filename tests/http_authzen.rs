//! Checks over HTTP, as the AuthZEN Authorization API 1.0 and its certification scenario ask for them.

use serde_json::{Value, json};

use crate::support::server::{Answer, Server, bearer};
use crate::support::world::World;

const ONE: &str = "/access/v1/evaluation";
const MANY: &str = "/access/v1/evaluations";

fn question(user: &str, action: &str, kind: &str, id: &str) -> Value {
    let subject = json!({"type": "user", "id": user});
    json!({"subject": subject, "action": {"name": action}, "resource": {"type": kind, "id": id}})
}

fn within(mut question: Value, context: Value) -> Value {
    question["context"] = context;
    question
}

/// The decision and the codes of its reasons.
fn decided(answer: &Answer) -> String {
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"), "{}", answer.text);
    let body = answer.json();
    let codes = body["context"]["reasons"].as_array().into_iter().flatten();
    let codes: Vec<_> = codes.map(|reason| reason["code"].as_str().unwrap()).collect();
    format!("{} {}", body["decision"].as_bool().expect("a decision"), codes.join(" ")).trim_end().to_owned()
}

#[test]
fn decisions_and_why() {
    let world = World::new();
    let check = |token: &str, question: Value, want: &str| {
        let answer = world.server.post(token, ONE, &question);
        assert_eq!(decided(&answer), want, "{question}");
        let position = answer.json()["context"]["position"].to_string();
        assert_eq!(answer.header("tenure-position"), position);
    };
    let explained = |question| within(question, json!({"explain": true}));
    let World { helen, mike, fay, service, sam, .. } = &world;
    let scores = |user, action| question(user, action, "chart", "scores");
    check(helen, scores("mike", "view"), "true");
    check(helen, explained(scores("mike", "view")), "true reach.share_role");
    check(mike, scores("mike", "edit"), "false level.missing");
    check(mike, scores("mike", "chart.edit"), "false level.missing");
    check(mike, scores("mike", "chart.delete"), "false authority.not_held");
    check(mike, explained(question("mike", "chart.create", "org", "educate")), "true authority.subscription");
    check(mike, question("mike", "copy", "org", "educate"), "false action.unknown");
    check(mike, question("mike", "view", "folder", "scores"), "false resource.unknown");
    check(mike, question("helen", "view", "chart", "scores"), "false caller.not_permitted");
    check(mike, question("helen", "view", "chart", "nowhere"), "false caller.not_permitted");
    check(
        mike,
        within(scores("mike", "view"), json!({"acting_org": "kickstart"})),
        "false standing.acting_org_not_theirs",
    );
    check(
        mike,
        within(scores("mike", "view"), json!({"acting_org": "nowhere"})),
        "false standing.acting_org_not_theirs",
    );
    check(helen, scores("dora", "view"), "false standing.user_disabled");
    check(fay, question("fay", "view", "org", "educate"), "true");
    check(service, explained(scores("mike", "view")), "true reach.share_role");
    check(service, scores("nobody", "view"), "false standing.user_unknown");
    check(sam, question("sam", "view", "org", "educate"), "false resource.unknown");
    check(sam, question("sam", "view", "org", "nowhere"), "false resource.unknown");
    let of_key = |question: &Value, key: &str| {
        let mut question = question.clone();
        question["subject"] = json!({"type": "api_key", "id": key});
        question
    };
    check(mike, of_key(&scores("", "view"), &world.mikes_key), "true");
    check(helen, of_key(&scores("", "view"), "nowhere"), "false standing.user_unknown");
    check(mike, of_key(&scores("", "view"), "nowhere"), "false caller.not_permitted");

    world.server.done(helen, "exclude-landlord", json!({"org": "educate"}));
    check(service, explained(scores("mike", "view")), "true");
    check(service, scores("mike", "edit"), "false");
    check(helen, explained(scores("mike", "view")), "true reach.share_role");
}

#[test]
fn questions_about_other_moments() {
    let world = World::new();
    let head: u64 = world.server.get(&world.helen, "/v1/whoami").header("tenure-position").parse().unwrap();
    let until = "2999-01-01T00:00:00Z";
    let share = json!({"resource": "secret", "with": {"user": "mike"}, "level": "edit", "valid_until": until});
    let shared = world.server.done(&world.helen, "share", share)["position"].as_u64().unwrap();
    let check = |context: Value, want: &str| {
        let question = within(question("mike", "edit", "chart", "secret"), context.clone());
        let answer = world.server.post(&world.helen, ONE, &question);
        let got = if answer.status == 200 { decided(&answer) } else { answer.outcome() };
        assert_eq!(got, want, "{context}: {}", answer.text);
    };
    check(json!({}), "true");
    check(json!({"as_of": head}), "false level.missing");
    check(json!({"as_of": head.to_string()}), "false level.missing");
    check(json!({"as_of": shared}), "true");
    check(json!({"as_of": shared, "at": until}), "false level.missing");
    check(json!({"at": until}), "false level.missing");
    check(json!({"min_position": shared}), "true");
    check(json!({"as_of": "2000-01-01T00:00:00Z"}), "false caller.not_permitted");
    check(json!({"as_of": shared + 1000}), "422 as_of.future");
    check(json!({"as_of": until}), "422 as_of.future");
    check(json!({"as_of": "yesterday"}), "400 request.malformed");
    check(json!({"as_of": -1}), "400 request.malformed");
    check(json!({"at": 12}), "400 request.malformed");
    check(json!({"explain": "yes"}), "400 request.malformed");
    check(json!({"time": "2025-06-27T18:03-07:00", "ip": "192.168.1.1"}), "true");
    for misspelt in ["asof", "asOf", "as-of", "AT", "actingOrg", "acting_orgs", "min_positon", "Explain"] {
        check(json!({misspelt: head}), "400 request.malformed");
    }
    check(json!({"as_of": head, "as_of ": 1}), "400 request.malformed");
}

#[test]
fn what_is_malformed_is_400() {
    let world = World::new();
    let good = question("mike", "view", "chart", "scores");
    let check = |path: &str, body: &str, want: &str| {
        let headers = [("Authorization", &*bearer(&world.helen)), ("Content-Type", "application/json")];
        let answer = world.server.send("POST", path, &headers, Some(body.as_bytes()));
        assert_eq!(answer.outcome(), want, "{path} {body}: {}", answer.text);
    };
    for part in ["subject", "action", "resource"] {
        let mut less = good.clone();
        less.as_object_mut().unwrap().remove(part);
        check(ONE, &less.to_string(), "400 request.malformed");
        check(MANY, &less.to_string(), "400 request.malformed");
        for wrong in [json!("alice"), json!(null), json!({}), json!([]), json!({"type": 1, "id": "x", "name": 123})] {
            let mut other = good.clone();
            other[part] = wrong;
            check(ONE, &other.to_string(), "400 request.malformed");
        }
        let mut properties = good.clone();
        properties[part]["properties"] = json!("none");
        check(ONE, &properties.to_string(), "400 request.malformed");
        properties[part]["properties"] = json!({"department": ["Sales"]});
        properties["future"] = json!({"nested": true});
        check(ONE, &properties.to_string(), "200");
    }
    for body in ["", "{", "[]", "null", "\"x\"", &format!("{good}x")] {
        for path in [ONE, MANY, "/access/v1/search/subject"] {
            check(path, body, "400 request.malformed");
        }
    }
    let too_many = json!({"evaluations": vec![&good; 1001]});
    check(MANY, &too_many.to_string(), "400 request.malformed");
    let semantic = json!({"evaluations": [&good], "options": {"evaluations_semantic": "guess"}});
    check(MANY, &semantic.to_string(), "400 request.malformed");
    let token = bearer(&world.helen);
    for content_type in [vec![], vec![("Content-Type", "text/plain")]] {
        let headers: Vec<_> = [("Authorization", &*token)].into_iter().chain(content_type).collect();
        let answer = world.server.send("POST", ONE, &headers, Some(good.to_string().as_bytes()));
        assert_eq!(answer.outcome(), "400 body.not_json");
    }
}

#[test]
fn many_questions_at_once() {
    let world = World::new();
    let decisions = |body: Value| {
        let answer = world.server.post(&world.helen, MANY, &body);
        assert_eq!(answer.status, 200, "{}", answer.text);
        let body = answer.json();
        let evaluations = body["evaluations"].as_array().expect("evaluations").clone();
        evaluations.iter().map(|one| one["decision"].as_bool().unwrap()).collect::<Vec<_>>()
    };
    let resource = |id: &str| json!({"resource": {"type": "chart", "id": id}});
    let asked = |evaluations: Value, semantic: &str| {
        let mut body = question("mike", "view", "chart", "nowhere");
        body["evaluations"] = evaluations;
        body["options"] = json!({"evaluations_semantic": semantic, "other": 1});
        body
    };
    let three = || json!([resource("scores"), resource("secret"), resource("scores")]);
    assert_eq!(decisions(asked(three(), "execute_all")), [true, false, true]);
    assert_eq!(decisions(asked(three(), "deny_on_first_deny")), [true, false]);
    assert_eq!(decisions(asked(three(), "permit_on_first_permit")), [true]);
    let whole = json!({"evaluations": [question("mike", "view", "chart", "scores"), {"action": {"name": "view"}}]});
    assert_eq!(decisions(whole), [true, false]);
    // A part that is named is taken whole: nothing of the default's is mixed into it.
    let halves = json!([
        {"resource": {"type": "chart"}}, {"resource": {"id": "scores"}}, {"resource": {}}, {"resource": null},
        {"resource": "scores"}, {"subject": {"id": "mike"}}, {"subject": {"type": "user"}}, {"action": {}}, 7, null,
    ]);
    let mut good = question("mike", "view", "chart", "scores");
    good["evaluations"] = halves.clone();
    assert_eq!(decisions(good.clone()), [false; 10]);
    let answer = world.server.post(&world.helen, MANY, &good).json();
    for (half, one) in halves.as_array().unwrap().iter().zip(answer["evaluations"].as_array().unwrap()) {
        assert_eq!(one["context"]["error"]["status"], 400, "{half}: {one}");
    }
    good["evaluations"] = json!([{}, {"resource": {"type": "chart"}}, resource("scores")]);
    assert_eq!(decisions(good), [true, false, true]);

    let failed = world.server.post(&world.helen, MANY, &json!({"evaluations": [{}]})).json();
    assert_eq!(failed["evaluations"][0]["context"]["error"]["status"], 400);
    let single = question("mike", "view", "chart", "scores");
    assert_eq!(decided(&world.server.post(&world.helen, MANY, &single)), "true");
    let mut empty = single.clone();
    empty["evaluations"] = json!([]);
    assert_eq!(decided(&world.server.post(&world.helen, MANY, &empty)), "true");
}

fn results(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let body = answer.json();
    let results = body["results"].as_array().expect("results");
    results.iter().map(|found| found["id"].as_str().or(found["name"].as_str()).unwrap().to_owned()).collect()
}

#[test]
fn searches() {
    let world = World::new();
    let check = |token: &str, what: &str, question: &Value, want: &[&str]| {
        let mut found = results(&world.server.post(token, &format!("/access/v1/search/{what}"), question));
        found.sort();
        assert_eq!(found, want, "{what} {question}");
    };
    let subject = json!({"type": "user"});
    let view = json!({"name": "view"});
    let (scores, chart) = (json!({"type": "chart", "id": "scores"}), json!({"type": "chart"}));
    let mike = json!({"type": "user", "id": "mike"});
    let who = json!({"subject": subject, "action": view, "resource": scores});
    check(&world.helen, "subject", &who, &["helen", "mike"]);
    check(&world.mike, "subject", &who, &["mike"]);
    check(&world.nora, "subject", &who, &[]);
    let what = json!({"subject": mike, "action": view, "resource": chart});
    check(&world.helen, "resource", &what, &["scores"]);
    check(&world.mike, "resource", &what, &["scores"]);
    check(&world.nora, "resource", &what, &[]);
    let orgs = json!({"subject": {"type": "user", "id": "fay"}, "action": view, "resource": {"type": "org"}});
    check(&world.fay, "resource", &orgs, &["educate", "kickstart"]);
    check(&world.helen, "resource", &orgs, &["educate"]);
    let can = json!({"subject": mike, "resource": {"type": "org", "id": "educate"}});
    check(&world.mike, "action", &can, &["chart.create", "chart.edit", "view"]);
    check(&world.nora, "action", &can, &[]);
    let keys = json!({"subject": {"type": "api_key"}, "action": view, "resource": scores});
    check(&world.mike, "subject", &keys, &[&world.mikes_key]);
    let nowhere = json!({"subject": subject, "action": view, "resource": {"type": "chart", "id": "nowhere"}});
    check(&world.helen, "subject", &nowhere, &[]);
    for (what, missing) in [
        ("subject", json!({"subject": subject, "resource": scores})),
        ("subject", json!({"subject": subject, "action": view, "resource": chart})),
        ("resource", json!({"action": view, "resource": chart})),
        ("resource", json!({"subject": subject, "action": view, "resource": chart})),
        ("action", json!({"subject": mike})),
        ("subject", json!({"subject": subject, "action": view, "resource": scores, "page": {"limit": 0}})),
        ("subject", json!({"subject": subject, "action": view, "resource": scores, "page": {"token": "x"}})),
    ] {
        let answer = world.server.post(&world.helen, &format!("/access/v1/search/{what}"), &missing);
        assert_eq!(answer.outcome(), "400 request.malformed", "{what} {missing}");
    }
}

/// Names that are the same for everybody are told from names that there are not, by every way of asking.
#[test]
fn names_that_no_catalogue_has() {
    let world = World::new();
    let check = |question: Value, want: &str, meant: &str| {
        let paths = ["evaluation", "search/subject", "search/resource", "search/action"];
        for path in paths.map(|path| format!("/access/v1/{path}")) {
            if path.ends_with("action") && want.ends_with("action.unknown") {
                continue;
            }
            for token in [&world.helen, &world.mike, &world.nora] {
                let answer = world.server.post(token, &path, &question);
                assert_eq!(answer.outcome(), want, "{path} {question}: {}", answer.text);
                let detail = answer.json()["detail"].as_str().unwrap().to_owned();
                assert!(detail.ends_with(meant), "{detail}");
            }
        }
        let mut many = json!({"evaluations": [question, question_of_mike()]});
        many["options"] = json!({"evaluations_semantic": "execute_all"});
        let answer = world.server.post(&world.helen, MANY, &many).json();
        let decisions = answer["evaluations"].as_array().unwrap();
        assert_eq!((&decisions[0]["decision"], &decisions[1]["decision"]), (&json!(false), &json!(true)));
        assert_eq!(decisions[0]["context"]["error"]["status"], 400);
    };
    let question_of = |kind: &str, action: &str, of: &str| {
        let mut question = question("mike", action, of, "scores");
        question["subject"]["type"] = json!(kind);
        question
    };
    check(question_of("usr", "view", "chart"), "400 subject.type_unknown", "did you mean `user`?");
    check(question_of("user", "chart.edti", "chart"), "400 action.unknown", "did you mean `chart.edit`?");
    check(question_of("user", "vew", "chart"), "400 action.unknown", "did you mean `view`?");
    check(question_of("user", "fly", "chart"), "400 action.unknown", "`fly`");
    check(question_of("user", "view", "chrat"), "400 kind.unknown", "did you mean `chart`?");
    check(question_of("user", "view", "spaceship"), "400 kind.unknown", "`spaceship`");
}

fn question_of_mike() -> Value {
    question("mike", "view", "chart", "scores")
}

/// A token of another search, caller or moment would leave out what lies before it there.
#[test]
fn page_tokens_belong_to_their_search() {
    let world = World::new();
    for number in 0..4 {
        let chart = json!({"id": format!("c{number}"), "org": "educate", "kind": "chart", "name": number.to_string()});
        world.server.done(&world.helen, "create-resource", chart);
    }
    let search = |what: &str, token: &str, page: Value, question: &Value| {
        let mut question = question.clone();
        question["page"] = page;
        world.server.post(token, &format!("/access/v1/search/{what}"), &question)
    };
    let charts = question("helen", "manage", "chart", "");
    let first = search("resource", &world.helen, json!({"limit": 2}), &charts).json();
    let head = first["context"]["position"].clone();
    let page = json!({"limit": 3, "token": first["page"]["next_token"]});
    assert_eq!(search("resource", &world.helen, page.clone(), &charts).status, 200);
    let other = world.server.key(&world.helen, "helen");
    let foreign = |what: &str, token: &str, question: &Value| {
        assert_eq!(search(what, token, page.clone(), question).outcome(), "400 cursor.foreign", "{what} {question}");
    };
    foreign("resource", &other, &charts);
    foreign("resource", &world.mike, &charts);
    foreign("resource", &world.helen, &question("mike", "manage", "chart", ""));
    foreign("resource", &world.helen, &question("helen", "view", "chart", ""));
    foreign("resource", &world.helen, &question("helen", "manage", "folder", ""));
    foreign("resource", &world.helen, &within(charts.clone(), json!({"as_of": head})));
    foreign("resource", &world.helen, &within(charts.clone(), json!({"at": "2999-01-01T00:00:00Z"})));
    foreign("resource", &world.helen, &within(charts.clone(), json!({"acting_org": "educate"})));
    foreign("subject", &world.helen, &question("helen", "manage", "chart", "scores"));
}

#[test]
fn searches_come_in_pages_of_one_moment() {
    let world = World::new();
    for number in 0..7 {
        let chart = json!({"id": format!("c{number}"), "org": "educate", "kind": "chart", "name": number.to_string()});
        world.server.done(&world.helen, "create-resource", chart);
    }
    let mut page = json!({"limit": 3});
    let mut asked = 0;
    let mut found = Vec::new();
    loop {
        let question = json!({
            "subject": {"type": "user", "id": "helen"}, "action": {"name": "manage"}, "resource": {"type": "chart"},
            "page": page,
        });
        let answer = world.server.post(&world.helen, "/access/v1/search/resource", &question);
        let some = results(&answer);
        assert!(some.len() <= 3 && answer.json()["page"]["count"] == some.len());
        found.extend(some);
        asked += 1;
        // What happens meanwhile belongs to no page.
        let later = json!({"org": "educate", "kind": "chart", "name": format!("later {asked}")});
        world.server.done(&world.helen, "create-resource", later);
        match answer.json()["page"]["next_token"].as_str().expect("a token") {
            "" => break,
            token => page = json!({"limit": 3, "token": token}),
        }
    }
    found.sort();
    assert_eq!(found, ["c0", "c1", "c2", "c3", "c4", "c5", "c6", "scores", "secret"]);
}

#[test]
fn the_metadata_names_where_it_is() {
    let server = Server::memory();
    let document = server.send("GET", "/.well-known/authzen-configuration", &[], None);
    assert_eq!(document.header("content-type"), "application/json");
    let base = format!("http://{}", server.address);
    assert_eq!(document.json()["policy_decision_point"], base);
    assert_eq!(document.json()["search_action_endpoint"], format!("{base}/access/v1/search/action"));
}

/// Who asks about a group, and what they are told: as about somebody who is in it and has nothing else.
#[test]
fn a_group_as_a_subject() {
    let mut olga = String::new();
    let world = World::made(|server, admin| {
        olga = server.user(admin, "olga", "root", "administrator", json!(["org.manage", "audit.read"]));
        let her = json!({"org": "educate", "users": ["olga"], "user_type": "viewer", "privileges": []});
        server.done(admin, "grant-subscriptions", her);
    });
    let of = |group: &str, action: &str, kind: &str, id: &str| {
        let mut asked = question("", action, kind, id);
        asked["subject"] = json!({"type": "group", "id": group});
        asked
    };
    let check = |token: &str, question: Value, want: &str| {
        let answer = world.server.post(token, ONE, &within(question.clone(), json!({"explain": true})));
        assert_eq!(decided(&answer), want, "{question}");
        let position = answer.json()["context"]["position"].as_u64().unwrap();
        let reasons = answer.json()["context"]["reasons"].clone();
        let events = reasons.as_array().unwrap().iter().flat_map(|reason| reason["events"].as_array().unwrap().clone());
        assert!(events.into_iter().all(|event| event.as_u64().unwrap() <= position), "{reasons}");
    };
    let World { helen, mike, nora, service, .. } = &world;
    let lab = |action| of("team", action, "environment", "lab");
    check(helen, lab("chart.share"), "true authority.environment_invitation");
    check(helen, lab("chart.edit"), "false authority.not_held");
    check(helen, of("team", "view", "chart", "scores"), "false level.missing");
    check(helen, of("team", "view", "org", "educate"), "true authority.home");
    world.server.done(helen, "share", json!({"resource": "secret", "with": {"group": "team"}, "level": "edit"}));
    check(helen, of("team", "view", "chart", "secret"), "true reach.share_group");
    world.server.done(helen, "assign-role", json!({"role": "readers", "groups": ["team"]}));
    check(helen, of("team", "view", "chart", "scores"), "true reach.share_role");
    // Mike is in the team and may not ask about others; Nora and the service do not see it: it is not there for them.
    check(mike, of("team", "view", "chart", "secret"), "false caller.not_permitted");
    check(nora, of("team", "view", "chart", "secret"), "false caller.not_permitted");
    for group in ["team", "nowhere"] {
        check(service, of(group, "view", "chart", "secret"), "false standing.user_unknown");
    }
    for group in ["world", "nowhere"] {
        check(helen, of(group, "view", "org", "educate"), "false standing.user_unknown");
    }
    check(nora, of("nowhere", "view", "chart", "secret"), "false caller.not_permitted");
    let search = |token: &str, what: &str, question: Value| {
        let answer = world.server.post(token, &format!("/access/v1/search/{what}"), &question).json();
        let results = answer["results"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
        let name = |result: &Value| result.get("id").or(result.get("name")).unwrap().as_str().unwrap().to_owned();
        results.iter().map(name).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(search(helen, "subject", of("", "view", "chart", "secret")), "team");
    assert_eq!(search(helen, "subject", of("", "chart.delete", "org", "educate")), "");
    // Where no org to act in is named, those of every org that content comes to.
    let platform = |name: &str, body: Value| world.server.done(&world.platform, name, body);
    platform("create-resource", json!({"id": "news", "org": "root", "kind": "chart", "name": "News"}));
    platform("share", json!({"resource": "news", "with": {"org": "educate"}, "level": "view"}));
    let news = of("", "view", "chart", "news");
    assert_eq!(search(&olga, "subject", news.clone()), "team");
    assert_eq!(search(&olga, "subject", within(news, json!({"acting_org": "root"}))), "");
    assert_eq!(search(helen, "resource", of("team", "view", "chart", "")), "secret scores");
    assert_eq!(search(helen, "resource", of("team", "chart.share", "environment", "")), "lab");
    assert_eq!(search(helen, "resource", of("team", "view", "org", "")), "educate");
    assert_eq!(search(helen, "action", of("team", "", "chart", "scores")), "view");
    for stranger in [mike, nora, service] {
        assert_eq!(search(stranger, "subject", of("", "view", "chart", "secret")), "");
        assert_eq!(search(stranger, "resource", of("team", "view", "chart", "")), "");
        assert_eq!(search(stranger, "action", of("team", "", "chart", "secret")), "");
    }
}

/// Whoever may act for somebody in an org asks there as they do, and nowhere else.
#[test]
fn who_acts_for_somebody_asks_about_them() {
    let world = World::new();
    let bot = world.server.user(&world.helen, "bot", "educate", "administrator", json!(["act-as"]));
    let check = |question: Value, want: &str| {
        let question = within(question, json!({"explain": true}));
        assert_eq!(decided(&world.server.post(&bot, ONE, &question)), want, "{question}");
    };
    check(question("mike", "view", "chart", "scores"), "true reach.share_role");
    check(question("mike", "view", "chart", "secret"), "false level.missing");
    check(question("fay", "view", "org", "educate"), "true authority.subscription");
    check(question("fay", "view", "org", "kickstart"), "false caller.not_permitted");
    check(question("sam", "view", "org", "lone"), "false caller.not_permitted");
    check(question("nobody", "view", "chart", "scores"), "false caller.not_permitted");
    let search = |what: &str, question: Value| {
        results(&world.server.post(&bot, &format!("/access/v1/search/{what}"), &question))
    };
    assert_eq!(search("resource", question("mike", "view", "chart", "")), ["scores"]);
    assert_eq!(search("resource", question("fay", "view", "org", "")), ["educate"]);
    assert_eq!(search("action", question("mike", "", "chart", "scores")), ["view"]);
    assert!(search("resource", question("nora", "view", "chart", "")).is_empty());
    let mut who = search("subject", question("", "view", "chart", "scores"));
    who.sort();
    assert_eq!(who, ["helen", "mike"]);
}
