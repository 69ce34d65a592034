//! How fast a replica catches up with a stream, beside a consumer that only decodes what it reads; and what its check costs
//! beside that of the projections.
//!
//! `cargo bench --bench replica -- 200000` publishes so many events to a real NATS server of its own.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench ends at the first fault and tells what it found"
)]

#[path = "../tests/support/nats.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod nats;

use std::hint::black_box;
use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::jetstream::{self, Context, stream};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use serde_json::json;
use tenure::clock::Clock;
use tenure::init::{self, Founding};
use tenure::node::{Node, Options, Request};
use tenure::presets::Preset;
use tenure_events::{Heartbeat, parse};
use tenure_projections::View;
use tenure_projections::judge::{self, Asked, Question, Thing, Who};
use tenure_replica::{Config, Replica};

const ROUNDS: usize = 7;

#[tokio::main]
async fn main() {
    let wanted = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(100_000);
    let server = nats::NatsServer::start(nats::NEWEST);
    let client = async_nats::connect(server.url()).await.unwrap();
    let jetstream = jetstream::new(client.clone());
    let (node, last) = fill(&jetstream, wanted).await;
    println!("{last} events");
    let (key, beating) = (node.feed_key(), client.clone());
    tokio::spawn(async move {
        loop {
            beating.publish(Heartbeat::SUBJECT, node.heartbeat().into()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let mut ratios: Vec<f64> = Vec::new();
    for _ in 0..ROUNDS {
        let bare = decode(&jetstream, last).await;
        let began = Instant::now();
        let replica = Replica::connect(Config::new(client.clone(), key)).await.unwrap();
        replica.wait_for(last).await.unwrap();
        let followed = last as f64 / began.elapsed().as_secs_f64();
        println!("decoding only {bare:.0} events/s, replica {followed:.0}, ratio {:.2}", followed / bare);
        ratios.push(followed / bare);
    }
    println!("catching up, median ratio {:.2}", median(&mut ratios));
    let replica = Replica::connect(Config::new(client, key)).await.unwrap();
    replica.wait_for(last).await.unwrap();
    checks(&replica);
}

/// A stream with so many events: users with their memberships.
async fn fill(jetstream: &Context, wanted: u64) -> (Node, u64) {
    let (subjects, name) = (vec!["tenure.events.>".to_owned()], "TENURE".to_owned());
    jetstream.create_stream(stream::Config { name, subjects, ..stream::Config::default() }).await.unwrap();
    let preset = Preset::named("default").unwrap();
    let clock = Clock::system();
    let founding = Founding { preset: &preset, name: "Root", admin: "admin".parse().unwrap(), licence_key: None };
    let (founded, token) = init::in_memory(&founding, &clock).unwrap();
    let (node, _) = Node::open(Options::memory(founded, clock)).unwrap();
    let admin = node.authenticate(&token).unwrap();
    let mut number = 0;
    while node.live().position() < wanted {
        let made = (number..number + 500).map(|number| {
            let id = format!("user-{number}");
            let user =
                json!({"id": id, "org": "root", "name": "N", "user_type": "member", "privileges": ["chart.edit"]});
            node.submit(Request::new(admin, "create-user", user.to_string()))
        });
        let mut made: FuturesUnordered<_> = made.collect();
        while let Some(answer) = made.next().await {
            answer.unwrap();
        }
        number += 500;
    }
    let last = node.live().position();
    let mut position = 1;
    while position <= last {
        let mut stored = Vec::new();
        for event in node.log().read(position, 1_000).unwrap() {
            let subject = parse(&event.bytes).unwrap().nats_subject();
            stored.push(jetstream.publish(subject, event.bytes.to_vec().into()).await.unwrap());
            position = event.position + 1;
        }
        for ack in stored {
            ack.await.unwrap();
        }
    }
    (node, last)
}

/// Events a second of a consumer that decodes each and keeps nothing.
async fn decode(jetstream: &Context, last: u64) -> f64 {
    let began = Instant::now();
    let stream = jetstream.get_stream("TENURE").await.unwrap();
    let config = pull::Config { ack_policy: AckPolicy::None, memory_storage: true, ..pull::Config::default() };
    let consumer = stream.create_consumer(config).await.unwrap();
    let mut messages = consumer.stream().max_messages_per_batch(4_096).messages().await.unwrap();
    loop {
        let message = messages.next().await.expect("more messages").unwrap();
        if black_box(parse(&message.payload).unwrap()).position == last {
            return last as f64 / began.elapsed().as_secs_f64();
        }
    }
}

/// The same questions to the replica and to the judge, turn and turn about. A live question is asked of a view of now, so
/// whoever asks the judge makes one for each as well; what it takes with a view at hand is told beside it.
fn checks(replica: &Replica) {
    let users: Vec<String> = (0..10_000_u64).map(|number| format!("user-{}", number * 7_919 % 40_000)).collect();
    let snapshot = replica.view();
    let view = snapshot.view();
    let ask = |user: &String| {
        let asked = Asked::new(Who::User(user), "chart.edit", Thing::Org("root"));
        asked.question(&view).ok()
    };
    let questions: Vec<Question> = users.iter().filter_map(ask).collect();
    let time = |check: &dyn Fn(&Question) -> bool| {
        let began = Instant::now();
        let allowed = questions.iter().filter(|question| check(question)).count();
        assert_eq!(black_box(allowed), questions.len());
        began.elapsed().as_nanos() as f64 / questions.len() as f64
    };
    let (state, clock) = (snapshot.state(), Clock::system());
    let (mut ours, mut theirs, mut at_hand) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..51 {
        at_hand.push(time(&|question| judge::check(&view, question, &mut ())));
        theirs.push(time(&|question| {
            judge::check(&View::new(state, state.durable(), clock.now().into()), question, &mut ())
        }));
        ours.push(time(&|question| replica.check(question).is_ok_and(|allowed| allowed)));
    }
    let (ours, theirs, at_hand) = (median(&mut ours), median(&mut theirs), median(&mut at_hand));
    println!("check: {theirs:.0} ns by the projections, {ours:.0} ns by the replica, ratio {:.2}", ours / theirs);
    println!("with a view at hand {at_hand:.0} ns");
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
