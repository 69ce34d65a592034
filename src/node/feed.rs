//! What is told about the feed by whoever publishes it; the node itself publishes nothing.

use std::sync::PoisonError;

use serde::Serialize;
use tenure_events::{Position, Time};

use super::Node;

/// How publishing stands, as the publisher says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// What the publisher does.
    pub state: FeedState,
    /// The last event that the stream holds, once that is known.
    pub published: Option<Position>,
    /// Why it waits or refuses, or did last.
    pub trouble: Option<String>,
}

/// What a publisher does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FeedState {
    /// It connects, and compares the stream with the log.
    Connecting,
    /// It publishes what becomes durable.
    Publishing,
    /// NATS is away, or takes nothing at the moment; it tries again and again.
    Waiting,
    /// The stream or the server is not one that it may write to; somebody has to mend it.
    Refused,
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
}

impl Node {
    /// Lets the publisher say how it stands.
    pub fn tell_feed(&self, tell: impl FnOnce(&mut Feed)) {
        let mut feed = self.core.feed.lock().unwrap_or_else(PoisonError::into_inner);
        tell(feed.get_or_insert(Feed { state: FeedState::Connecting, published: None, trouble: None }));
    }

    /// How publishing stands; none if nobody publishes.
    #[must_use]
    pub fn feed(&self) -> Option<FeedReport> {
        let feed = self.core.feed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Feed { state, published, trouble } = feed?;
        let view = self.live();
        let lag_positions = published.map(|published| view.position().saturating_sub(published));
        let lag_seconds = published.map(|published| {
            let waiting = published < view.position();
            let recorded = self.state().command_of(published + 1).filter(|_| waiting).map(|(_, recorded)| recorded);
            recorded.map_or(0.0, |recorded| seconds(recorded, view.instant()))
        });
        Some(FeedReport { state, published, lag_positions, lag_seconds, trouble })
    }
}

#[expect(clippy::cast_precision_loss, reason = "a lag needs no exact large numbers")]
fn seconds(from: Time, to: Time) -> f64 {
    to.micros().saturating_sub(from.micros()).max(0) as f64 / 1e6
}
