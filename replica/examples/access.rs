//! Answers, in its own process, who may do what.
//!
//! ```text
//! cargo run -p tenure-replica --example access -- nats://127.0.0.1:4222 KEY replica.checkpoint
//! ```
//!
//! KEY is what `tenure feed-key` prints: the log that is followed, and whose word is believed.
//!
//! A line `SUBJECT ACTION TYPE:ID` is a question, as in `jane chart.edit org:kickstart`, `api_key:ci view chart:sales`,
//! `group:analysts manage environment:lab`. With a fourth word, a position that an answer of
//! Tenure named, the answer waits until the replica is there. Lines come in on standard input; at its end a checkpoint is
//! written. An answer that rests on what the node acknowledged more than five seconds ago is an error, and so is every
//! answer while something is wrong with what is read.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

use std::error::Error;
use std::time::Duration;

use async_nats::{Client, ConnectOptions, ServerAddr};
use tenure_projections::judge::{Asked, Thing, Who};
use tenure_replica::{ChangesError, Config, Replica};

/// What the node acknowledged longer ago is too old to answer from.
const FRESH: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(key), Some(checkpoint)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("usage: access NATS-URL KEY CHECKPOINT-FILE".into());
    };
    let config = Config::new(connect(&url).await?, key.parse()?).checkpoint(checkpoint);
    let replica = Replica::connect(config).await?;
    replica.caught_up().await?;
    eprintln!("at position {}, checkpoint: {:?}", replica.position(), replica.checkpoint());

    let mut changes = replica.changes();
    let watching = tokio::spawn(async move {
        loop {
            match changes.next().await {
                Ok(changed) => {
                    changed.events.iter().for_each(|event| eprintln!("{} {}", event.position, event.event.kind()))
                }
                Err(error @ (ChangesError::Missed(_) | ChangesError::Faulty(_))) => eprintln!("{error}"),
                Err(ChangesError::Ended) => return,
            }
        }
    });

    // Reading standard input blocks its thread, so it has one of its own.
    let (lines, mut asked) = tokio::sync::mpsc::channel(16);
    std::thread::spawn(move || {
        std::io::stdin().lines().map_while(Result::ok).try_for_each(|line| lines.blocking_send(line))
    });
    while let Some(line) = asked.recv().await {
        match answer(&replica, &line).await {
            Ok(answer) => println!("{answer}"),
            Err(error) => println!("error: {error}"),
        }
    }
    watching.abort();
    replica.close().await;
    Ok(())
}

/// Connects as the user that the URL names, of which async-nats itself takes no notice.
async fn connect(url: &str) -> Result<Client, Box<dyn Error>> {
    let address: ServerAddr = url.parse()?;
    let options = match (address.username(), address.password()) {
        (Some(user), Some(password)) => ConnectOptions::with_user_and_password(user.to_owned(), password.to_owned()),
        (Some(_), None) | (None, _) => ConnectOptions::new(),
    };
    Ok(options.connect(address).await?)
}

async fn answer(replica: &Replica, line: &str) -> Result<String, Box<dyn Error>> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (subject, action, thing, position) = match words.as_slice() {
        [subject, action, thing] => (subject, action, thing, 0),
        [subject, action, thing, position] => (subject, action, thing, position.parse()?),
        _ => return Err("a question is: SUBJECT ACTION TYPE:ID [POSITION]".into()),
    };
    let (kind, id) = thing.split_once(':').ok_or("a thing is `org:…`, `environment:…`, or content as `chart:…`")?;
    let thing = Thing::of(kind, id);
    tokio::time::timeout(Duration::from_secs(10), replica.wait_for(position)).await??;
    let view = replica.view_within(FRESH)?;
    let (allowed, reasons) = view.explain(&Asked::new(who(subject), action, thing));
    let codes: Vec<String> = reasons.iter().map(|reason| reason.code.name().to_owned()).collect();
    Ok(format!("{} {}", if allowed { "allow" } else { "deny" }, codes.join(" ")))
}

/// A user, or `api_key:…` or `group:…`.
fn who(subject: &str) -> Who<'_> {
    match subject.split_once(':') {
        Some((kind, id)) => Who::of(kind, id),
        None => Who::User(subject),
    }
}
