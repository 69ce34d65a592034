//! Node and replica give one answer: the same random histories, the same questions, asked over HTTP and in the process.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tenure::publish;
use tenure_events::Time;
use tenure_projections::judge::{Asked, Thing, Who};
use tenure_replica::{Config, Replica};
use tokio::runtime::Runtime;

use crate::decide_delegation::Dice;
use crate::support::nats::{NEWEST, NatsServer};
use crate::support::stream::options;
use crate::support::world::World;

const USERS: [&str; 9] = ["admin", "service", "helen", "mike", "fay", "nora", "sam", "dora", "luke"];
const ACTIONS: [&str; 10] =
    ["view", "use", "edit", "manage", "copy", "chart.edit", "chart.share", "user.manage", "audit.read", "nonsense"];
const PRIVILEGES: [&str; 5] = ["chart.edit", "chart.share", "user.manage", "audit.read", "content.manage"];

/// Things by their types, right and wrong.
const THINGS: [(&str, &str); 13] = [
    ("org", "root"),
    ("org", "educate"),
    ("org", "kickstart"),
    ("org", "absent"),
    ("environment", "lab"),
    ("environment", "scores"),
    ("folder", "folder"),
    ("chart", "folder"),
    ("chart", "scores"),
    ("report", "scores"),
    ("chart", "secret"),
    ("chart", "other"),
    ("nonsense", "other"),
];

#[test]
fn node_and_replica_give_one_answer() {
    compare_all(1..=3, 60);
}

#[test]
fn long_node_and_replica_give_one_answer() {
    compare_all(4..=29, 200);
}

fn compare_all(seeds: std::ops::RangeInclusive<u64>, commands: usize) {
    let mut seen = BTreeSet::new();
    seeds.for_each(|seed| compare(seed, commands, &mut seen));
    let kinds = ["user", "api_key", "group"];
    let want: BTreeSet<_> = kinds.iter().flat_map(|kind| [(*kind, true), (*kind, false)]).collect();
    assert!(seen.is_superset(&want), "{seen:?}");
}

fn compare(seed: u64, commands: usize, seen: &mut BTreeSet<(&'static str, bool)>) {
    let (world, nats, runtime) = (World::new(), NatsServer::start(NEWEST), Runtime::new().unwrap());
    let node = &world.server.node;
    let entered = runtime.enter();
    let publisher = publish::start(node.clone(), options(&nats.url()));
    drop(entered);
    let replica = runtime.block_on(async {
        let client = async_nats::connect(nats.url()).await.unwrap();
        while async_nats::jetstream::new(client.clone()).get_stream("TENURE").await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Replica::connect(Config::new(client, node.feed_key())).await
    });
    let replica = replica.unwrap();
    let team = json!({"resource": "scores", "with": {"group": "team"}, "level": "view"});
    world.server.done(&world.helen, "share", team);
    let (mut dice, mut done) = (Dice(seed), 0);
    for number in 0..commands {
        let (token, name, body) = command(&world, &mut dice, number);
        let path = format!("/v1/commands/{name}");
        done += usize::from(world.server.post(token, &path, &body).status == 200);
        if number % 15 == 0 {
            let position = node.live().position();
            runtime
                .block_on(async { tokio::time::timeout(Duration::from_secs(20), replica.wait_for(position)).await })
                .unwrap()
                .unwrap();
            ask(&world, &replica, seen, &format!("seed {seed}, after {} commands", number + 1));
        }
    }
    assert!(done > commands / 6, "seed {seed}: only {done} of {commands} commands were done");
    drop(publisher);
}

/// A command of somebody, which may be refused.
fn command<'a>(world: &'a World, dice: &mut Dice, number: usize) -> (&'a str, &'static str, Value) {
    let (token, org, users, contents): (_, _, &[&str], &[&str]) = match dice.of(5) {
        0..=2 => (&world.helen, "educate", &["mike", "fay", "dora"], &["folder", "scores", "secret"]),
        3 => (&world.nora, "kickstart", &["fay", "mike", "nora"], &["other"]),
        _ => (&world.platform, "root", &["service", "admin", "mike"], &["scores"]),
    };
    let (user, content) = (users[dice.of(users.len())], contents[dice.of(contents.len())]);
    let privilege = PRIVILEGES[dice.of(5)];
    let with = match dice.of(4) {
        0 => json!({"user": user}),
        1 => json!({"role": "readers"}),
        2 => json!({"group": "team"}),
        _ => json!({"org": org}),
    };
    let level = ["view", "edit", "manage"][dice.of(3)];
    let (name, body) = match dice.of(16) {
        0 => ("disable-user", json!({"user": user})),
        1 => ("enable-user", json!({"user": user})),
        2 => ("exclude-landlord", json!({"org": org})),
        3 => ("admit-landlord", json!({"org": org})),
        4 => ("grant-privileges", json!({"org": org, "user": user, "privileges": [privilege]})),
        5 => ("revoke-privileges", json!({"org": org, "user": user, "privileges": [privilege]})),
        6 | 7 => ("share", json!({"resource": content, "with": with, "level": level, "copy": dice.one_in(2)})),
        8 => ("unshare", json!({"resource": content, "with": with})),
        9 => ("issue-api-key", json!({"user": user, "name": "k", "id": format!("key-{number}"), "org": org})),
        10 => (
            "issue-api-key",
            json!({"user": user, "name": "k", "id": format!("key-{number}"), "privileges": [privilege]}),
        ),
        11 => ("revoke-api-key", json!({"key": format!("key-{}", dice.of(number + 1))})),
        12 => ("add-group-members", json!({"group": "team", "users": [user]})),
        13 => ("move-resource", json!({"resource": content, "parent": "folder"})),
        14 => {
            let until = "2999-01-01T00:00:00Z";
            let all = json!({"org": org, "users": [user], "user_type": "member", "privileges": [privilege], "valid_until": until});
            ("grant-subscriptions", all)
        }
        _ => ("change-role", json!({"role": "readers", "privileges": [privilege]})),
    };
    (token, name, body)
}

/// Asks all questions of both.
fn ask(world: &World, replica: &Replica, seen: &mut BTreeSet<(&'static str, bool)>, when: &str) {
    let live = world.server.node.live();
    let mut subjects: Vec<(&'static str, String)> = USERS.iter().map(|user| ("user", (*user).to_owned())).collect();
    let keys = USERS.iter().filter_map(|user| live.find_user(user)).flat_map(|user| live.keys_of(user));
    subjects.extend(keys.map(|(key, _)| ("api_key", live.key_id(key).to_owned())));
    subjects.extend(
        [("api_key", "absent"), ("group", "team"), ("group", "world"), ("group", "absent"), ("robot", "mike")]
            .map(|(kind, id)| (kind, id.to_owned())),
    );
    for (acting, at) in
        [(None, None), (Some("educate"), None), (Some("absent"), None), (None, Some("2999-06-01T00:00:00Z"))]
    {
        for (kind, id) in &subjects {
            let questions: Vec<(&str, &str, &str)> =
                ACTIONS.iter().flat_map(|action| THINGS.map(|(kind, id)| (*action, kind, id))).collect();
            let asked: Vec<Value> = questions
                .iter()
                .map(|(action, kind, id)| json!({"action": {"name": action}, "resource": {"type": kind, "id": id}}))
                .collect();
            let mut context = json!({});
            if let Some(org) = acting {
                context["acting_org"] = json!(org);
            }
            if let Some(at) = at {
                context["at"] = json!(at);
            }
            let body = json!({"subject": {"type": kind, "id": id}, "context": context, "evaluations": asked});
            // The service sees no groups of tenants.
            let asker = if *kind == "group" { &world.helen } else { &world.service };
            let mut answers = world.server.post(asker, "/access/v1/evaluations", &body);
            // One caller asks a lot here, and is told to wait.
            while answers.status == 429 {
                std::thread::sleep(Duration::from_millis(100));
                answers = world.server.post(asker, "/access/v1/evaluations", &body);
            }
            // Somebody disabled who asks: they ask no more.
            if answers.status == 401 {
                continue;
            }
            let answers = answers.json();
            for ((action, thing, of), theirs) in questions.iter().zip(answers["evaluations"].as_array().unwrap()) {
                // Of whom the caller does not know, the node says that they are not there; a replica knows everybody.
                let code = theirs["context"]["reasons"][0]["code"].as_str();
                let hidden = code == Some("standing.user_unknown") || (code.is_none() && *kind == "group");
                let is_no = theirs["decision"] == json!(false);
                if code == Some("caller.not_permitted") || (is_no && hidden && id != "absent") {
                    continue;
                }
                let at = at.map(|at| at.parse::<Time>().unwrap());
                let asked =
                    Asked { subject: Who::of(kind, id), action, thing: Thing::of(thing, of), acting_org: acting, at };
                let ours = replica.ask(&asked).unwrap();
                let filter = theirs["context"]["obligations"]["row_filter"].as_str();
                let what = format!("{when}: {kind} {id} {action} {thing}:{of} in {acting:?} at {at:?}: {theirs}");
                assert_eq!(json!(ours.allowed), theirs["decision"], "{what}");
                assert_eq!(ours.row_filter.as_deref(), filter, "{what}");
                seen.insert((kind, ours.allowed));
            }
        }
    }
}
