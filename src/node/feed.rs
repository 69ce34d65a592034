//! What is told about the feed by whoever publishes it; the node itself publishes nothing.

use std::path::Path;
use std::sync::PoisonError;

use serde::Serialize;
use tenure_events::{FeedKey, FeedState, Heartbeat, Position, Time};

use super::Node;
use crate::data::{self, DataError};
use crate::keys::FeedSigner;

/// How publishing stands, as the publisher says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// What the publisher does.
    pub state: FeedState,
    /// The last event that the stream holds, once that is known.
    pub published: Option<Position>,
    /// Why it waits or refuses, or did last.
    pub trouble: Option<String>,
    /// Why heartbeats are not heard.
    pub unheard: Option<String>,
}

/// How publishing stands, measured against the log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeedReport {
    /// What the publisher does.
    pub state: FeedState,
    /// The last event that the stream holds, once that is known.
    pub published: Option<Position>,
    /// Durable events that the stream does not have, once that is known.
    pub lag_positions: Option<u64>,
    /// How long ago the first of them was recorded, in seconds; 0 when there are none.
    pub lag_seconds: Option<f64>,
    /// Why it waits or refuses, or did last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// Why heartbeats are not heard, so that replicas take themselves for old.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unheard: Option<String>,
}

/// What followers verify the heartbeats of a platform with, whoever serves it. Renewed, it counts from the next start of
/// the node on.
///
/// # Errors
/// There is no platform in the folder, or its key cannot be read or made.
pub fn feed_key(folder: &Path, renew: bool) -> Result<FeedKey, DataError> {
    let (log, path) = (data::log_id(folder)?, data::feed_key(folder));
    let signer = if renew { FeedSigner::renew(&path) } else { FeedSigner::in_file(&path) };
    Ok(signer.map_err(|source| DataError::Io { path, source })?.public(log))
}

impl Node {
    /// What followers verify its heartbeats with.
    #[must_use]
    pub fn feed_key(&self) -> FeedKey {
        self.core.feed_signer.public(self.core.log_id)
    }

    /// What it says of itself now, signed: see [`Heartbeat`].
    #[must_use]
    pub fn heartbeat(&self) -> String {
        // The time first: whatever was acknowledged by then is in the log up to the head.
        let time = self.core.trusted();
        let head = self.core.durable_head();
        let feed = self.core.feed.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|feed| feed.state);
        self.core.feed_signer.sign(&Heartbeat {
            log: self.core.log_id,
            epoch: self.core.epochs.current(),
            position: head.position,
            hash: head.hash,
            time,
            feed: feed.unwrap_or(FeedState::Connecting),
        })
    }

    /// Lets the publisher say how it stands.
    pub fn tell_feed(&self, tell: impl FnOnce(&mut Feed)) {
        let mut feed = self.core.feed.lock().unwrap_or_else(PoisonError::into_inner);
        let none = Feed { state: FeedState::Connecting, published: None, trouble: None, unheard: None };
        tell(feed.get_or_insert(none));
    }

    /// How publishing stands; none if nobody publishes.
    #[must_use]
    pub fn feed(&self) -> Option<FeedReport> {
        let feed = self.core.feed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Feed { state, published, trouble, unheard } = feed?;
        let view = self.live();
        let lag_positions = published.map(|published| view.position().saturating_sub(published));
        let lag_seconds = published.map(|published| {
            let waiting = published < view.position();
            let recorded = self.state().command_of(published + 1).filter(|_| waiting).map(|(_, recorded)| recorded);
            recorded.map_or(0.0, |recorded| seconds(recorded, view.instant()))
        });
        Some(FeedReport { state, published, lag_positions, lag_seconds, trouble, unheard })
    }
}

#[expect(clippy::cast_precision_loss, reason = "a lag needs no exact large numbers")]
fn seconds(from: Time, to: Time) -> f64 {
    to.micros().saturating_sub(from.micros()).max(0) as f64 / 1e6
}
