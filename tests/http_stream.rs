//! The feed of events over HTTP.

use std::io::{BufRead as _, BufReader, Lines};
use std::time::Duration;

use serde_json::{Value, json};
use ureq::{Agent, BodyReader};

use crate::support::server::{Server, bearer};
use crate::support::world::World;

/// A feed that is being read; it ends when the server ends it.
struct Feed(Lines<BufReader<BodyReader<'static>>>);

impl Feed {
    fn open(server: &Server, token: &str, query: &str, last: Option<u64>) -> Self {
        let config = Agent::config_builder().proxy(None).timeout_global(Some(Duration::from_secs(20)));
        let agent: Agent = config.build().into();
        let url = format!("http://{}/v1/events/stream{query}", server.address);
        let mut request = agent.get(url).header("Authorization", bearer(token));
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last.to_string());
        }
        let answer = request.call().unwrap();
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        assert!(answer.headers().contains_key("tenure-position"));
        Self(BufReader::new(answer.into_body().into_reader()).lines())
    }
}

impl Iterator for Feed {
    type Item = (u64, Value);

    /// The next event: its id, and what it is.
    fn next(&mut self) -> Option<(u64, Value)> {
        let mut id = None;
        for line in self.0.by_ref() {
            let line = line.unwrap();
            if let Some(text) = line.strip_prefix("id: ") {
                id = Some(text.parse().unwrap());
            } else if let Some(data) = line.strip_prefix("data: ") {
                return Some((id?, serde_json::from_str(data).unwrap()));
            } else if !line.is_empty() && !line.starts_with("id") && !line.starts_with(':') {
                panic!("{line}");
            }
        }
        None
    }
}

fn position(event: &Value) -> u64 {
    event["position"].as_str().unwrap().parse().unwrap()
}

#[test]
fn the_feed_resumes_where_it_ended_and_goes_on() {
    let world = World::new();
    let listed = world.server.get(&world.helen, "/v1/events?org=educate&limit=1000").json();
    let listed = listed["items"].as_array().unwrap();
    let after = position(&listed[3]);
    let mut feed = Feed::open(&world.server, &world.helen, "?org=educate", Some(after));
    for event in &listed[4..] {
        assert_eq!(feed.next().unwrap(), (position(event), event.clone()));
    }
    world.server.done(&world.nora, "rename-org", json!({"org": "kickstart", "name": "Hidden"}));
    let done = world.server.done(&world.helen, "rename-org", json!({"org": "educate", "name": "Renamed"}));
    assert_eq!(feed.next().unwrap().1, done["events"][0]);
}

#[test]
fn the_feed_begins_now_or_where_it_is_told() {
    let world = World::new();
    let mut live = Feed::open(&world.server, &world.helen, "?type=tenure.org.renamed.v1", None);
    let mut from = Feed::open(&world.server, &world.helen, "?from=1&type=tenure.user.disabled.v1", None);
    assert_eq!(from.next().unwrap().1["subject"], "users/dora");
    world.server.done(&world.helen, "describe-org", json!({"org": "educate", "description": "d"}));
    let done = world.server.done(&world.helen, "rename-org", json!({"org": "educate", "name": "Renamed"}));
    assert_eq!(live.next().unwrap().1, done["events"][0]);
}

#[test]
fn the_feed_ends_with_the_key_and_with_the_service() {
    let mut world = World::new();
    let mut mike = Feed::open(&world.server, &world.mike, "", None);
    let mut helen = Feed::open(&world.server, &world.helen, "?type=tenure.user.erased.v1", None);
    world.server.done(&world.helen, "revoke-api-key", json!({"key": world.mikes_key}));
    assert_eq!(mike.next(), None);
    world.server.stop();
    assert_eq!(helen.next(), None);
}
