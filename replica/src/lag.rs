//! How far a replica is behind the node, as far as the node itself says it.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tenure_events::{Epoch, FeedState, Hash, Heartbeat, Position, Time};
use tokio::sync::watch;

use crate::clock::{self, Instant};

/// The node is missed after this time without a heartbeat: it sends one a second.
const MISSED: Duration = Duration::from_secs(5);

/// How far a view is behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// Events that the node acknowledged, or that the stream holds, and that are not shown: as far as was heard.
    pub positions: u64,
    /// The view holds all that the node had acknowledged so long ago; none before that was ever so.
    pub since: Option<Duration>,
    /// The node was heard so long ago. While it is not heard, nobody knows how many events are missing.
    pub heard: Option<Duration>,
}

impl fmt::Display for Lag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.since {
            Some(since) => write!(f, "{} events and {:.1} s behind", self.positions, since.as_secs_f64())?,
            None => write!(f, "{} events behind and never proved to be level with the node", self.positions)?,
        }
        match self.heard {
            Some(heard) => write!(f, ", the node heard {:.1} s ago", heard.as_secs_f64()),
            None => write!(f, ", the node not heard yet"),
        }
    }
}

/// A heartbeat whose signature is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beat {
    pub epoch: Epoch,
    pub position: Position,
    pub hash: Hash,
    pub time: Time,
    pub feed: FeedState,
    /// When it came; none if it came to an earlier process, and is known of its checkpoint.
    pub received: Option<Instant>,
}

impl Beat {
    /// One that comes now.
    pub fn of(heartbeat: &Heartbeat) -> Self {
        let Heartbeat { log: _, epoch, position, hash, time, feed } = *heartbeat;
        Self { epoch, position, hash, time, feed, received: Some(clock::moment()) }
    }

    /// How long ago it was true: by when it came, and by the node's clock, whichever is more. So one that was held back on
    /// the way is as old as it is, and one from a node whose clock is ahead no newer than when it came.
    fn age(&self) -> Duration {
        let came = self.received.map(|received| clock::moment().saturating_duration_since(received));
        let told = clock::now().micros().saturating_sub(self.time.micros());
        came.unwrap_or_default().max(Duration::from_micros(u64::try_from(told).unwrap_or_default()))
    }
}

/// What is known of the node and of the stream.
pub struct Progress {
    /// The last position that is known to be in the stream.
    last: AtomicU64,
    seen: Mutex<Seen>,
    began: Instant,
    heard: watch::Sender<Option<Beat>>,
}

#[derive(Default)]
struct Seen {
    /// The newest heartbeat whose position the view holds.
    proved: Option<Beat>,
    /// Why the stream cannot be read.
    unread: Option<String>,
    /// Why a message on the subject of heartbeats was not believed, until one is.
    untrusted: Option<String>,
    /// What the stream holds beyond what the node signed, and since when.
    unsigned: Option<(Position, Instant)>,
    /// Why the last checkpoint was not written.
    unwritten: Option<String>,
}

impl Progress {
    /// At a start, perhaps from a checkpoint that was level with this heartbeat.
    pub fn new(proved: Option<Beat>) -> Self {
        let seen = Seen { proved, ..Seen::default() };
        let last = AtomicU64::new(proved.map_or(0, |beat| beat.position));
        Self { last, seen: Mutex::new(seen), began: clock::moment(), heard: watch::Sender::new(None) }
    }

    /// The stream is known to reach a position.
    pub fn reaches(&self, last: Position) {
        self.last.fetch_max(last, Ordering::AcqRel);
        self.seen().unread = None;
    }

    /// The node says something. Whether it is news: one of an earlier moment than was heard is an old one, sent again.
    pub fn hear(&self, beat: Beat) -> bool {
        let is_news = self.heard.send_if_modified(|heard| {
            let order = |beat: &Beat| (beat.epoch, beat.time, beat.position);
            let is_news = heard.is_none_or(|heard| order(&heard) < order(&beat));
            if is_news {
                *heard = Some(beat);
            }
            is_news
        });
        let old = "heartbeats are of an earlier moment than one before: old ones are sent again, or the node's clock was set back";
        self.seen().untrusted = (!is_news).then(|| old.to_owned());
        is_news
    }

    /// What the node says next.
    pub fn next(&self) -> watch::Receiver<Option<Beat>> {
        self.heard.subscribe()
    }

    /// Somebody says something whom nobody believes.
    pub fn mistrust(&self, why: String) {
        self.seen().untrusted = Some(why);
    }

    /// The view holds all that this heartbeat is about.
    pub fn prove(&self, beat: Beat) {
        let mut seen = self.seen();
        if seen.proved.is_none_or(|proved| proved.time <= beat.time) {
            seen.proved = Some(beat);
        }
    }

    /// The newest heartbeat whose position the view holds.
    pub fn proved(&self) -> Option<Beat> {
        self.seen().proved
    }

    /// So long ago the view held all that was acknowledged.
    pub fn age(&self) -> Option<Duration> {
        self.proved().map(|beat| beat.age())
    }

    /// The stream is read up to here, and the node signed less.
    pub fn unsigned(&self, last: Option<Position>) {
        let mut seen = self.seen();
        let since = seen.unsigned.map_or_else(clock::moment, |(_, since)| since);
        seen.unsigned = last.map(|last| (last, since));
    }

    /// The stream cannot be read.
    pub fn unread(&self, why: String) {
        self.seen().unread = Some(why);
    }

    /// What came of writing a checkpoint.
    pub fn wrote(&self, trouble: Option<String>) {
        self.seen().unwritten = trouble;
    }

    /// What the node says of its feed.
    pub fn feed(&self) -> Option<FeedState> {
        self.heard.borrow().map(|beat| beat.feed)
    }

    /// What is wrong and may go away by itself.
    pub fn trouble(&self) -> Option<String> {
        let heard = *self.heard.borrow();
        let silent = heard.map_or_else(|| clock::moment().saturating_duration_since(self.began), |beat| beat.age());
        let seen = self.seen();
        let unheard = || {
            let what = "the node is not heard: does it publish to this NATS, and may this user subscribe to";
            (silent > MISSED).then(|| format!("{what} `{}`?", Heartbeat::SUBJECT))
        };
        let feed = || match heard?.feed {
            FeedState::Refused => Some("the node refuses to publish to the stream: its log says why".to_owned()),
            FeedState::Waiting => Some("the node waits for NATS to take its events: its log says why".to_owned()),
            FeedState::Connecting | FeedState::Publishing => None,
        };
        let unsigned = || {
            let (last, _) =
                seen.unsigned.filter(|(_, since)| clock::moment().saturating_duration_since(*since) > MISSED)?;
            Some(format!("the stream is read up to {last}, and the node signed less: what is beyond is not shown"))
        };
        let unread = seen.unread.clone().or_else(|| seen.untrusted.clone().filter(|_| silent > MISSED));
        unread.or_else(unheard).or_else(feed).or_else(unsigned).or_else(|| seen.unwritten.clone())
    }

    /// How far a view at this position is behind.
    pub fn lag(&self, position: Position) -> Lag {
        let heard = *self.heard.borrow();
        let last = self.last.load(Ordering::Acquire).max(heard.map_or(0, |beat| beat.position));
        let heard = heard.map(|beat| beat.age());
        Lag { positions: last.saturating_sub(position), since: self.age(), heard }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beat(position: Position, seconds_ago: u64) -> Beat {
        let ago = Duration::from_secs(seconds_ago);
        let time = Time::from_micros(clock::now().micros() - i64::try_from(ago.as_micros()).unwrap());
        let (hash, feed, received) = (Hash::default(), FeedState::Publishing, clock::moment().checked_sub(ago));
        Beat { epoch: 0, position, hash, time, feed, received }
    }

    fn about(age: Option<Duration>, seconds: u64) -> bool {
        age.is_some_and(|age| age >= Duration::from_secs(seconds) && age < Duration::from_secs(seconds + 20))
    }

    #[test]
    fn a_view_is_as_old_as_the_last_heartbeat_that_it_holds() {
        let progress = Progress::new(None);
        assert_eq!(progress.lag(0), Lag { positions: 0, since: None, heard: None });
        let (old, new) = (beat(10, 3_600), beat(12, 0));
        assert!(progress.hear(old));
        assert_eq!((progress.lag(4).positions, progress.lag(4).since), (6, None), "not shown yet");
        progress.prove(old);
        assert!(progress.hear(new));
        let lag = progress.lag(10);
        assert_eq!(lag.positions, 2);
        assert!(about(lag.since, 3_600) && about(lag.heard, 0), "{lag}");
        progress.prove(new);
        assert!(about(progress.lag(12).since, 0));
        // One that was proved before makes nothing older.
        progress.prove(old);
        assert!(about(progress.lag(12).since, 0));
    }

    #[test]
    fn an_old_heartbeat_sent_again_is_no_news() {
        let progress = Progress::new(None);
        let (old, new) = (beat(10, 60), beat(10, 0));
        assert!(progress.hear(old) && !progress.hear(old) && progress.hear(new) && !progress.hear(old));
        // To a process that has heard nothing it is one, and as old as it is.
        let progress = Progress::new(None);
        let again = Beat { received: Some(clock::moment()), ..old };
        assert!(progress.hear(again));
        progress.prove(again);
        assert!(about(progress.age(), 60), "{:?}", progress.age());
    }

    #[test]
    fn a_checkpoint_is_as_old_as_it_is() {
        let progress = Progress::new(Some(Beat { received: None, ..beat(10, 900) }));
        assert!(about(progress.lag(10).since, 900));
        assert_eq!(progress.lag(10).heard, None);
    }
}
