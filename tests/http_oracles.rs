//! Whom, and what, a caller does not see is not there: on every route, whatever became of it, answers are the same to the
//! byte but for the id that was asked about.

use serde_json::{Value, json};

use crate::support::server::{Answer, bearer};
use crate::support::world::World;

/// The arguments of a command about an id.
type Body = Box<dyn Fn(&str) -> Value>;
type Arguments<'a> = &'a dyn Fn(&str) -> Value;

/// People of `lone`, of whom nobody in `educate` knows, and of one who is not there; a key of each.
struct Strangers {
    ids: [&'static str; 4],
    keys: [String; 4],
}

const PEOPLE: [&str; 4] = ["stranger-enabled", "stranger-disabld", "stranger-erased-", "stranger-absent-"];

impl Strangers {
    fn of(world: &World) -> Self {
        let luke = &world.luke;
        let keys = PEOPLE.map(|id| {
            if id == PEOPLE[3] {
                return "01890000-0000-7000-8000-000000000000".to_owned();
            }
            let token = world.server.user(luke, id, "lone", "member", json!([]));
            world.server.get(&token, "/v1/whoami").json()["key"].as_str().unwrap().to_owned()
        });
        world.server.done(luke, "disable-user", json!({"user": PEOPLE[1]}));
        let erase = json!({"user": PEOPLE[2], "confirmation": "permanently erase"});
        world.server.done(luke, "erase-user", erase);
        Self { ids: PEOPLE, keys }
    }
}

/// An answer without what was asked about.
fn told(answer: &Answer, id: &str) -> String {
    let mut headers: Vec<_> = answer.headers.iter().filter(|(name, _)| *name != "date").collect();
    headers.sort_by_key(|(name, _)| name.as_str());
    format!("{} {headers:?} {}", answer.status, answer.text.replace(id, "ID"))
}

/// One question of each of these ids by each of the callers is answered alike.
#[track_caller]
fn alike(world: &World, callers: &[(&str, &str)], ids: &[&str], what: &str, ask: impl Fn(&str, &str) -> Answer) {
    for (name, token) in callers {
        let answers: Vec<_> = ids.iter().map(|id| told(&ask(token, id), id)).collect();
        for (id, answer) in ids.iter().zip(&answers) {
            assert_eq!(*answer, answers[answers.len() - 1], "{name} asks {what} of {id}");
        }
    }
    assert!(!world.helen.is_empty());
}

#[test]
fn strangers_are_not_there_whatever_became_of_them() {
    let world = World::new();
    let strangers = Strangers::of(&world);
    // An auditor, and who manages users, and a service that may ask about everybody in the one org: each of them alone.
    let alone =
        |id: &str, privileges: Value| world.server.user(&world.helen, id, "educate", "administrator", privileges);
    let (audits, manages) = (alone("audits", json!(["audit.read"])), alone("manages", json!(["user.manage"])));
    let (checks, acts) = (alone("checks", json!(["access.check"])), alone("acts", json!(["act-as", "key.manage"])));
    let callers = [
        ("helen", &*world.helen),
        ("mike", &*world.mike),
        ("fay", &*world.fay),
        ("audits", &*audits),
        ("manages", &*manages),
        ("checks", &*checks),
        ("acts", &*acts),
    ];
    let server = &world.server;
    let things = [("org", "educate"), ("chart", "scores"), ("chart", "secret"), ("org", "lone"), ("chart", "nowhere")];
    let contexts = [json!({}), json!({"explain": true}), json!({"acting_org": "educate"}), json!({"as_of": 60})];
    for (kind, ids) in [("user", strangers.ids), ("api_key", strangers.keys.each_ref().map(|key| key.as_str()))] {
        for (context, (resource, thing)) in contexts.iter().flat_map(|context| things.map(|thing| (context, thing))) {
            for action in ["view", "chart.edit", "user.manage", "fly"] {
                let question = |id: &str| {
                    json!({
                        "subject": {"type": kind, "id": id}, "action": {"name": action}, "context": context,
                        "resource": {"type": resource, "id": thing},
                    })
                };
                let what = format!("{action} {thing} {context}");
                alike(&world, &callers, &ids, &what, |token, id| {
                    server.post(token, "/access/v1/evaluation", &question(id))
                });
            }
            let action = json!({"name": "view"});
            for (path, resource) in
                [("resource", json!({"type": resource})), ("action", json!({"type": resource, "id": thing}))]
            {
                alike(&world, &callers, &ids, path, |token, id| {
                    let body = json!({"subject": {"type": kind, "id": id}, "action": action, "resource": resource, "context": context});
                    server.post(token, &format!("/access/v1/search/{path}"), &body)
                });
            }
        }
    }
    let users: Vec<&str> =
        tenure::http::routes().iter().map(|route| route.path).filter(|path| path.contains("{user}")).collect();
    assert!(users.len() > 4, "{users:?}");
    for path in users.into_iter().chain([
        "/v1/diff?from=1&user={user}",
        "/v1/events?subject=users/{user}",
        "/v1/events?actor={user}",
    ]) {
        alike(&world, &callers, &strangers.ids, path, |token, id| server.get(token, &path.replace("{user}", id)));
    }
}

/// Commands that name somebody: tried out, and sent.
#[test]
fn commands_say_the_same_of_strangers() {
    let world = World::new();
    let strangers = Strangers::of(&world);
    let callers = [("helen", &*world.helen), ("mike", &*world.mike)];
    let membership = |id: &str| json!({"org": "educate", "users": [id], "user_type": "viewer", "privileges": []});
    let only = |id: &str| json!({"user": id});
    let commands: [(&str, Body); 15] = [
        ("disable-user", Box::new(only)),
        ("enable-user", Box::new(only)),
        ("reset-credential", Box::new(only)),
        ("record-sign-in", Box::new(only)),
        ("change-profile", Box::new(|id| json!({"user": id, "name": "N"}))),
        ("erase-user", Box::new(|id| json!({"user": id, "confirmation": "permanently erase"}))),
        ("issue-api-key", Box::new(|id| json!({"user": id, "name": "k"}))),
        ("link-identity", Box::new(|id| json!({"user": id, "issuer": "https://i.example", "subject": "s"}))),
        ("select-active-org", Box::new(|id| json!({"user": id, "org": "educate"}))),
        ("grant-subscriptions", Box::new(membership)),
        ("withdraw-subscription", Box::new(|id| json!({"org": "educate", "user": id}))),
        ("assign-role", Box::new(|id| json!({"role": "readers", "users": [id]}))),
        ("add-group-members", Box::new(|id| json!({"group": "team", "users": [id]}))),
        ("sync-group", Box::new(|id| json!({"group": "team", "users": ["mike", id]}))),
        ("share", Box::new(|id| json!({"resource": "scores", "with": {"user": id}, "level": "view"}))),
    ];
    for (name, body) in &commands {
        for query in ["?dry_run=true", ""] {
            alike(&world, &callers, &strangers.ids, name, |token, id| {
                world.server.post(token, &format!("/v1/commands/{name}{query}"), &body(id))
            });
        }
    }
    alike(&world, &callers, &strangers.ids, "acting on behalf", |token, id| {
        let headers =
            [("Authorization", &*bearer(token)), ("Content-Type", "application/json"), ("Tenure-On-Behalf-Of", id)];
        let body = json!({"id": "new", "org": "educate", "kind": "chart", "name": "New"}).to_string();
        world.server.send("POST", "/v1/commands/create-resource?dry_run=true", &headers, Some(body.as_bytes()))
    });
    let keys = strangers.keys.each_ref().map(|key| key.as_str());
    alike(&world, &callers, &keys, "revoke-api-key", |token, key| {
        world.server.post(token, "/v1/commands/revoke-api-key", &json!({"key": key}))
    });
}

/// Content that one does not see is not there, also for who belongs to its org or did.
#[test]
fn hidden_content_is_not_there() {
    let world = World::new();
    world.server.done(
        &world.helen,
        "create-resource",
        json!({"id": "deletd", "org": "educate", "kind": "chart", "name": "D"}),
    );
    world.server.done(&world.helen, "delete-resource", json!({"resource": "deletd"}));
    let ids = ["secret", "deletd", "absent"];
    let callers = [("mike", &*world.mike), ("fay", &*world.fay), ("sam", &*world.sam), ("fay", &*world.fay)];
    for (turn, (name, token)) in callers.into_iter().enumerate() {
        let user = name;
        if turn == 3 {
            world.server.done(&world.helen, "withdraw-subscription", json!({"org": "educate", "user": "fay"}));
        }
        for action in ["view", "edit", "chart.edit", "chart.delete", "copy", "fly"] {
            for context in [json!({}), json!({"explain": true}), json!({"acting_org": "educate"}), json!({"as_of": 70})]
            {
                alike(&world, &[(name, token)], &ids, &format!("{action} {context}"), |token, id| {
                    let question = json!({
                        "subject": {"type": "user", "id": user}, "action": {"name": action}, "context": context,
                        "resource": {"type": "chart", "id": id},
                    });
                    world.server.post(token, "/access/v1/evaluation", &question)
                });
            }
        }
        alike(&world, &[(name, token)], &ids, "actions", |token, id| {
            let question = json!({"subject": {"type": "user", "id": user}, "resource": {"type": "chart", "id": id}});
            world.server.post(token, "/access/v1/search/action", &question)
        });
        alike(&world, &[(name, token)], &ids, "subjects", |token, id| {
            let question = json!({"subject": {"type": "user"}, "action": {"name": "view"}, "resource": {"type": "chart", "id": id}});
            world.server.post(token, "/access/v1/search/subject", &question)
        });
        for (command, body) in [
            ("rename-resource", json!({"resource": "ID", "name": "N"})),
            ("delete-resource", json!({"resource": "ID"})),
            ("move-resource", json!({"resource": "ID"})),
            ("copy-resource", json!({"resource": "ID", "into_org": "educate"})),
            ("share", json!({"resource": "ID", "with": {"user": "mike"}, "level": "view"})),
        ] {
            alike(&world, &[(name, token)], &ids, command, |token, id| {
                let body = serde_json::from_str(&body.to_string().replace("ID", id)).unwrap();
                world.server.post(token, &format!("/v1/commands/{command}"), &body)
            });
        }
    }
}

/// Tried out, a command tells nothing of ids and names that its sender does not see: it comes to the same whether they are
/// free or not, but for what is made anew each time.
#[test]
fn trying_out_tells_nothing_of_what_is_hidden() {
    let world = World::new();
    let server = &world.server;
    let lone = |name: &str, body: Value| server.done(&world.luke, name, body);
    lone(
        "create-user",
        json!({"id": "taken-user", "org": "lone", "name": "T", "user_type": "member", "privileges": "all"}),
    );
    lone(
        "create-user",
        json!({"id": "eraser-usr", "org": "lone", "name": "T", "user_type": "member", "privileges": []}),
    );
    lone("erase-user", json!({"user": "eraser-usr", "confirmation": "permanently erase"}));
    lone("create-group", json!({"id": "taken-grp", "org": "lone", "name": "G"}));
    lone("define-role", json!({"id": "taken-role", "org": "lone", "name": "R"}));
    lone("create-resource", json!({"id": "taken-chart", "org": "lone", "kind": "chart", "name": "C"}));
    lone("link-environment", json!({"id": "taken-env", "org": "lone", "name": "E"}));
    // A name that Mike cannot see is taken in a folder that he may write to.
    server.done(&world.helen, "share", json!({"resource": "folder", "with": {"user": "mike"}, "level": "edit"}));
    let hide = json!({"id": "hidden", "org": "educate", "kind": "chart", "name": "Hidden Plan"});
    server.done(&world.helen, "create-resource", hide);
    let user = |id: &str| json!({"id": id, "org": "educate", "name": "N", "email": "e@example.org", "user_type": "member", "privileges": ["chart.edit"]});
    let chart = |name: &str| json!({"id": "mine", "org": "educate", "kind": "chart", "name": name});
    let org = |id: &str| json!({"id": id, "name": "Sub", "parent": "educate", "admin": {"id": format!("admin-{id}"), "name": "A", "key": true}});
    let cases: [(&str, &str, &str, &str, Arguments<'_>); 9] = [
        ("helen", "create-user", "taken-user", "never-user", &user),
        ("helen", "create-user", "eraser-usr", "never-user", &user),
        ("helen", "create-group", "taken-grp", "never-grp", &|id| json!({"id": id, "org": "educate", "name": "G"})),
        ("helen", "define-role", "taken-role", "never-role", &|id| json!({"id": id, "org": "educate", "name": "R"})),
        (
            "helen",
            "create-resource",
            "taken-chart",
            "never-chart",
            &|id| json!({"id": id, "org": "educate", "kind": "chart", "name": "N"}),
        ),
        (
            "helen",
            "copy-resource",
            "taken-chart",
            "never-chart",
            &|id| json!({"id": id, "resource": "scores", "into_org": "educate", "name": "N"}),
        ),
        ("helen", "link-environment", "taken-env", "never-env", &|id| json!({"id": id, "org": "educate", "name": "N"})),
        ("helen", "create-org", "lone", "none", &org),
        ("mike", "create-resource", "Hidden Plan", "Nothing Yet", &chart),
    ];
    for (who, name, taken, free, body) in cases {
        let token = if who == "mike" { &world.mike } else { &world.helen };
        let tried = |value: &str| {
            let answer = server.post(token, &format!("/v1/commands/{name}?dry_run=true"), &body(value));
            shape(&answer.json(), value)
        };
        let (taken_is, free_is) = (tried(taken), tried(free));
        assert!(free_is.contains("events"), "{name} {free_is}");
        assert_eq!(taken_is, free_is, "{name}");
        // Sent, it is refused, and leaves a trace at the edge.
        let sent = server.post(token, &format!("/v1/commands/{name}"), &body(taken));
        let code = if taken == "Hidden Plan" { "409 name.taken" } else { "409 id.taken" };
        assert_eq!(sent.outcome(), code, "{name}");
    }
    // What one sees is told at once.
    let seen = server.post(&world.helen, "/v1/commands/create-user?dry_run=true", &user("mike"));
    assert_eq!(seen.outcome(), "409 id.taken");
}

/// A document without what is new each time: ids of events, times, hashes, sealed texts, of which the length stays.
fn shape(document: &Value, value: &str) -> String {
    match document {
        Value::Object(fields) => {
            let field = |(name, field): (&String, &Value)| {
                let own = ["id", "time", "prev", "hash", "key", "command", "correlation", "commandid", "log"];
                let text = if own.contains(&name.as_str()) || is_sealed(field) {
                    format!("{} long", field.to_string().replace(value, "IDENT").len())
                } else {
                    shape(field, value)
                };
                format!("{name}: {text}")
            };
            format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(|item| shape(item, value)).collect::<Vec<_>>().join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            document.to_string().replace(value, "IDENT")
        }
    }
}

fn is_sealed(field: &Value) -> bool {
    field.as_str().is_some_and(|text| text.len() > 40 && !text.contains(' '))
}
