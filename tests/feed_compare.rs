//! The stream compared with the log: what differs is found and named, under way or when somebody asks, wherever it is.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::stream::{Config, DiscardPolicy, Republish, Source, SubjectTransform};
use serde_json::json;
use tenure::node::FeedState;
use tenure::publish::{self, Compared, Look};

use crate::feed::{log, make, send, send_events, some_commands, update};
use crate::support::nats::{NEWEST, NatsServer};
use crate::support::platform::Platform;
use crate::support::snapshots;
use crate::support::stream::{assert_is_the_log, info, is_level, jetstream, options, read, wait_for};

/// What reading all of the stream says.
async fn whole(url: &str, platform: &Platform) -> Compared {
    let (options, log) = (options(url), platform.node.log().clone());
    let compared = tokio::task::spawn_blocking(move || {
        let mut shown = 0;
        let compared = Look::at(options).compare(&log, &mut |done, of| {
            assert!(shown <= done && done <= of);
            shown = done;
        });
        (compared, shown)
    });
    let (compared, shown) = compared.await.unwrap();
    assert!(!matches!(compared, Compared::Same(position) if position != shown), "{compared:?}, and {shown} was shown");
    compared
}

/// What stands in a stream at the place of one event.
enum Instead {
    Text(&'static str),
    Subject(&'static str),
    Headers(&'static [(&'static str, &'static str)]),
    Nothing,
}

/// The stream with something else at one place; deleting is allowed there.
async fn spoil(url: &str, events: &[String], at: usize, instead: Instead) {
    make(url, |config| config.deny_delete = false).await;
    let context = jetstream(url).await;
    for (number, text) in (1..).zip(events) {
        if number != at {
            send_events(url, std::slice::from_ref(text)).await;
            continue;
        }
        let event: serde_json::Value = serde_json::from_str(text).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Msg-Id", event["id"].as_str().unwrap());
        headers.insert("Content-Type", "application/cloudevents+json");
        let (mut subject, mut payload) = (subject(&event), text.clone());
        match &instead {
            Instead::Text(text) => payload = (*text).to_owned(),
            Instead::Subject(other) => subject = (*other).to_owned(),
            Instead::Headers(others) => others.iter().for_each(|(name, value)| headers.insert(*name, *value)),
            Instead::Nothing => {}
        }
        context.publish_with_headers(subject, headers, payload.into()).await.unwrap().await.unwrap();
    }
    if matches!(instead, Instead::Nothing) {
        context.get_stream("TENURE").await.unwrap().delete_message(at as u64).await.unwrap();
    }
}

fn subject(event: &serde_json::Value) -> String {
    let kind = event["type"].as_str().unwrap().split('.').collect::<Vec<_>>();
    format!("tenure.events.{}.{}.{}", event["org"].as_str().unwrap(), kind[1], kind[2])
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_not_the_log_is_found_by_reading_it_all() {
    let nats = NatsServer::start(NEWEST);
    let url = nats.url();
    let platform = Platform::memory();
    some_commands(&platform, "one", 20).await;
    let events = log(&platform.node);
    let last = events.len();
    assert_eq!(whole(&url, &platform).await, Compared::Absent);
    let mut said = String::new();
    let mut check = async |what: &str, at: usize, instead: Instead| {
        spoil(&url, &events, at, instead).await;
        let compared = whole(&url, &platform).await;
        let Compared::Different(different) = compared else { panic!("{what}: {compared:?}") };
        assert!(different.contains(&format!(" at {at}: ")), "{what}: {different}");
        said += &format!("{what}:\n  {}\n\n", different.replace(&format!(" at {at}: "), " at [there]: "));
        jetstream(&url).await.delete_stream("TENURE").await.unwrap();
    };
    for (what, at) in [("the first", 1), ("one in the middle", 30), ("the last", last)] {
        check(&format!("{what} is foreign"), at, Instead::Text("hello")).await;
        check(&format!("{what} is missing"), at, Instead::Nothing).await;
    }
    check("another subject", 30, Instead::Subject("tenure.events.root.org.archived")).await;
    check("another message id", 30, Instead::Headers(&[("Nats-Msg-Id", "mine")])).await;
    check("another media type", 30, Instead::Headers(&[("Content-Type", "text/plain")])).await;
    check("a header too many", 30, Instead::Headers(&[("Mine", "1")])).await;

    make(&url, |_| {}).await;
    send_events(&url, &events).await;
    assert_eq!(whole(&url, &platform).await, Compared::Same(last as u64));
    some_commands(&platform, "two", 1).await;
    assert_eq!(whole(&url, &platform).await, Compared::Same(last as u64), "what is behind the end is no difference");
    update(&url, |config| config.max_age = Duration::from_secs(3600)).await;
    let Compared::Different(settings) = whole(&url, &platform).await else { panic!("the settings are wrong") };
    assert!(settings.contains("max_age is 3600s and has to be unlimited"), "{settings}");
    let mut settings = snapshots();
    settings.add_filter(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[uuid]");
    settings.bind(|| insta::assert_snapshot!("feed-differences", said));
}

/// A node that connects looks at the first message, the last, and some between.
#[tokio::test(flavor = "multi_thread")]
async fn something_else_at_the_beginning_or_in_the_middle_is_found_before_anything_is_written() {
    let nats = NatsServer::start(NEWEST);
    let url = nats.url();
    let platform = Platform::memory();
    some_commands(&platform, "one", 2).await;
    // So few that all of them are looked at.
    let events = &log(&platform.node)[..16];
    for at in 1..=events.len() {
        spoil(&url, events, at, Instead::Text("hello")).await;
        // A message that could be deleted would be the first thing to be told.
        update(&url, |config| config.deny_delete = true).await;
        let publisher = publish::start(platform.node.clone(), options(&url));
        let feed = wait_for(&platform.node, |feed| feed.state != FeedState::Connecting).await;
        let trouble = feed.trouble.unwrap();
        assert!(
            trouble.contains(&format!("something else than the log at {at}: a message that is no event")),
            "{trouble}"
        );
        publisher.stop().await;
        jetstream(&url).await.delete_stream("TENURE").await.unwrap();
        platform.node.tell_feed(|feed| feed.state = FeedState::Connecting);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_are_changed_under_way_are_found() {
    let nats = NatsServer::start(NEWEST);
    let url = nats.url();
    let platform = Platform::memory();
    some_commands(&platform, "one", 3).await;
    let elsewhere = Config { name: "OTHER".to_owned(), subjects: vec!["other.>".to_owned()], ..Config::default() };
    jetstream(&url).await.create_stream(elsewhere).await.unwrap();
    let _publisher = publish::start(platform.node.clone(), options(&url));
    wait_for(&platform.node, is_level).await;
    let right = info(&url).await.config;
    update(&url, |config| {
        config.max_messages = 1_000_000;
        config.max_age = Duration::from_secs(3600);
        config.sources = Some(vec![Source { name: "OTHER".to_owned(), ..Source::default() }]);
        let (source, destination) = ("tenure.events.>".to_owned(), "copies.>".to_owned());
        config.republish = Some(Republish { source, destination, headers_only: false });
        let (source, destination) = ("tenure.events.*.>".to_owned(), "tenure.events.x.>".to_owned());
        config.subject_transform = Some(SubjectTransform { source, destination });
    })
    .await;
    let feed = wait_for(&platform.node, |feed| feed.state == FeedState::Refused).await;
    let want = "max_msgs is 1000000 and has to be unlimited, max_age is 3600s and has to be unlimited, republish is copies.> \
                and has to be none, subject_transform is tenure.events.x.> and has to be none, sources is OTHER and has to \
                be none";
    assert!(feed.trouble.as_ref().unwrap().contains(want), "{feed:?}");
    jetstream(&url).await.update_stream(right).await.unwrap();
    some_commands(&platform, "two", 3).await;
    wait_for(&platform.node, is_level).await;
    assert_is_the_log(&read(&url).await, &log(&platform.node));
}

/// Deletes are denied, and a limit that is lowered for a moment deletes all the same.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_lowered_limit_took_is_found_under_way() {
    let nats = NatsServer::start(NEWEST);
    let url = nats.url();
    let platform = Platform::memory();
    some_commands(&platform, "one", 3).await;
    let _publisher = publish::start(platform.node.clone(), options(&url));
    wait_for(&platform.node, is_level).await;
    update(&url, |config| (config.max_messages, config.discard) = (5, DiscardPolicy::Old)).await;
    update(&url, |config| (config.max_messages, config.discard) = (-1, DiscardPolicy::New)).await;
    let feed = wait_for(&platform.node, |feed| feed.state == FeedState::Refused).await;
    assert!(feed.trouble.as_ref().unwrap().contains("has a gap: it begins at sequence "), "{feed:?}");
    jetstream(&url).await.delete_stream("TENURE").await.unwrap();
    wait_for(&platform.node, is_level).await;
    assert_is_the_log(&read(&url).await, &log(&platform.node));
}

/// A stream that begins where the log goes on takes what is published, so it has to be looked at.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_somebody_makes_anew_is_found_under_way() {
    let nats = NatsServer::start(NEWEST);
    let url = nats.url();
    let platform = Platform::memory();
    some_commands(&platform, "one", 3).await;
    let _publisher = publish::start(platform.node.clone(), options(&url));
    let feed = wait_for(&platform.node, is_level).await;
    jetstream(&url).await.delete_stream("TENURE").await.unwrap();
    make(&url, |config| config.first_sequence = feed.published.map(|last| last + 1)).await;
    some_commands(&platform, "two", 3).await;
    let refused = wait_for(&platform.node, |feed| feed.state == FeedState::Refused).await;
    assert!(refused.trouble.as_ref().unwrap().contains("has a gap: it begins at sequence "), "{refused:?}");
    jetstream(&url).await.delete_stream("TENURE").await.unwrap();
    wait_for(&platform.node, is_level).await;
    assert_is_the_log(&read(&url).await, &log(&platform.node));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_message_is_found_by_the_next_batch() {
    let nats = NatsServer::start(NEWEST);
    let url = nats.url();
    let platform = Platform::memory();
    let _publisher = publish::start(platform.node.clone(), options(&url));
    let feed = wait_for(&platform.node, is_level).await;
    send(&url, "tenure.events.root.org.created", "hello").await;
    some_commands(&platform, "one", 1).await;
    let refused = wait_for(&platform.node, |feed| feed.state == FeedState::Refused).await;
    let want = format!("something else than the log at {}: a message that is no event", feed.published.unwrap() + 1);
    assert!(refused.trouble.as_ref().unwrap().contains(&want), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_platforms_on_one_server_one_is_refused() {
    let nats = NatsServer::start(NEWEST);
    let url = nats.url();
    let platforms = [Platform::memory(), Platform::memory()];
    for platform in &platforms {
        some_commands(platform, "one", 20).await;
    }
    let publishers = platforms.each_ref().map(|platform| publish::start(platform.node.clone(), options(&url)));
    for number in 0..20 {
        for platform in &platforms {
            some_commands(platform, &format!("two{number}x"), 1).await;
        }
    }
    let decided = |feed: &tenure::node::FeedReport| is_level(feed) || feed.state == FeedState::Refused;
    let (one, other) = (wait_for(&platforms[0].node, decided).await, wait_for(&platforms[1].node, decided).await);
    let (winner, refused) = match (one.state, other.state) {
        (FeedState::Publishing, FeedState::Refused) => (&platforms[0], other),
        (FeedState::Refused, FeedState::Publishing) => (&platforms[1], one),
        both => panic!("{both:?}"),
    };
    assert!(refused.trouble.as_ref().unwrap().contains("at 1: an event of log "), "{refused:?}");
    assert_is_the_log(&read(&url).await, &log(&winner.node));
    drop(publishers);
    // A name is free on both: whatever the feed does, commands go on.
    for platform in &platforms {
        platform.done("create-org", json!({"id": "after", "name": "after"})).await;
    }
}
