//! Heartbeats: about once a second, and after each commit, the node says on a subject of its own how far its log is
//! acknowledged, over a connection of its own. So followers learn that they miss something even while the stream takes
//! nothing, and that the node is not heard while it is cut off.

use std::convert::Infallible;
use std::time::Duration;

use tenure_events::Heartbeat;

use super::connect::{Connection, PATIENCE};
use super::{Options, Result, Trouble};
use crate::node::Node;

/// The longest time between two.
const EVERY: Duration = Duration::from_secs(1);

/// The shortest time between two: commands come faster.
const LEAST: Duration = Duration::from_millis(10);

/// What the server complained of is over after so many heartbeats without a complaint.
const QUIET: u32 = 5;

/// How long to wait before a connection is tried again: first, and at most.
const WAIT: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// Says it until the node is gone, whatever happens to the connection.
pub async fn beat(node: Node, options: Options) {
    let (mut wait, mut told) = (WAIT.0, None);
    loop {
        let Err(trouble) = session(&node, &options, &mut wait, &mut told).await;
        tell(&node, &mut told, Some(trouble.to_string()));
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(WAIT.1);
    }
}

/// From a connection to the next trouble.
async fn session(node: &Node, options: &Options, wait: &mut Duration, told: &mut Option<String>) -> Result<Infallible> {
    let connection = Connection::open_any(options).await?;
    let (mut committed, mut quiet) = (node.committed(), 0);
    loop {
        committed.borrow_and_update();
        let sent = async {
            connection.client.publish(Heartbeat::SUBJECT, node.heartbeat().into()).await.map_err(Trouble::passing)?;
            connection.client.flush().await.map_err(Trouble::passing)
        };
        tokio::select! {
            () = connection.lost() => return Err(Trouble::passing("the connection to NATS was lost")),
            sent = tokio::time::timeout(PATIENCE, sent) => sent.map_err(|_| Trouble::passing("NATS takes no heartbeat"))??,
        }
        tokio::time::sleep(LEAST).await;
        // What a server does not permit it does not answer, it complains of it.
        match connection.complaint() {
            Some(complaint) => {
                quiet = 0;
                tell(node, told, Some(complaint));
            }
            None if quiet >= QUIET => {
                *wait = WAIT.0;
                tell(node, told, None);
            }
            None => quiet += 1,
        }
        tokio::select! {
            () = connection.lost() => return Err(Trouble::passing("the connection to NATS was lost")),
            () = tokio::time::sleep(EVERY) => {}
            // An error means that the node is gone.
            changed = committed.changed() => changed.map_err(Trouble::passing)?,
        }
    }
}

/// Says what is wrong, to the log once for each new trouble.
fn tell(node: &Node, told: &mut Option<String>, trouble: Option<String>) {
    if *told == trouble {
        return;
    }
    if let Some(trouble) = &trouble {
        tracing::warn!(trouble, "heartbeats are not heard: replicas count as old; commands go on");
    }
    node.tell_feed(|feed| feed.unheard.clone_from(&trouble));
    *told = trouble;
}
