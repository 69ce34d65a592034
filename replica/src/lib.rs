//! Tenure in a service's own process: a replica follows the events on NATS and answers, from memory, who may do what.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//!
//! use tenure_projections::judge::{Asked, Thing, Who};
//! use tenure_replica::{Config, Replica};
//!
//! let nats = async_nats::connect("nats://127.0.0.1:4222").await?;
//! let key = std::env::var("TENURE_FEED_KEY")?.parse()?; // what `tenure feed-key` prints
//! let replica = Replica::connect(Config::new(nats, key).checkpoint("replica.checkpoint")).await?;
//! replica.caught_up().await?;
//! let asked = Asked::new(Who::User("jane"), "chart.edit", Thing::Org("kickstart"));
//! if replica.ask_within(&asked, Duration::from_secs(5))?.allowed {
//!     // …
//! }
//! # Ok(())
//! # }
//! ```
//!
//! What it reads it proves: each event names its log, its position, the hash of the event before it and its place in its
//! command, and all four must be right; and the node signs, about once a second and after every commit, how far its log is
//! acknowledged and the hash of the event there. Nothing beyond a signed position is shown or written to a checkpoint. So
//! whoever may write to the stream and has not the node's key changes nothing here; and when the node is not heard the
//! answers grow old, whatever NATS says.
//!
//! What does not prove right, and an event type that this version does not know, is a [`Fault`] that names the place. What
//! is shown stands still then, answers are refused with the fault, and the replica reads again and again until the stream
//! is mended. A [`View`](tenure_projections::View) is of the end of a command, never of its middle. A connection that breaks
//! off is taken up again where it was.
//!
//! It follows all events, whichever orgs a service serves: what somebody may do in one org depends on others, on those above
//! it, on the groups and roles of the platform, on the home of the user.

mod answer;
mod beats;
mod changes;
mod checkpoint;
mod clock;
mod config;
mod core;
mod fault;
mod feed;
mod follow;
mod lag;
mod private;
mod prove;
mod trust;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tenure_events::Position;
use tenure_projections::judge::{self, Asked, Question, Reason};
use tokio::task::AbortHandle;

pub use answer::{Answer, Snapshot};
pub use changes::{Changed, Changes, ChangesError};
pub use checkpoint::CheckpointUse;
pub use config::Config;
pub use fault::{ConnectError, Fault, NotFresh, TooOld};
pub use lag::Lag;
pub use tenure_events::{FeedKey, FeedState};

use crate::core::Core;
use crate::follow::Following;

/// A running replica.
///
/// Dropped, it ends where it is; [`Replica::close`] writes a checkpoint first.
pub struct Replica {
    core: Arc<Core>,
    checkpoint: CheckpointUse,
    tasks: [AbortHandle; 3],
    following: Mutex<Option<Following>>,
}

/// How a replica is.
#[derive(Debug, Clone)]
pub struct Status {
    /// The position that its live view is of.
    pub position: Position,
    /// How far that is behind the node.
    pub lag: Lag,
    /// What the node said last of its feed.
    pub feed: Option<FeedState>,
    /// What is wrong and may go away by itself: the stream cannot be read at the moment, the node is not heard, no checkpoint
    /// can be written. The replica goes on trying.
    pub trouble: Option<String>,
    /// Why what is shown stands still.
    pub fault: Option<Fault>,
}

impl Replica {
    /// Loads the checkpoint, if there is one of use, and begins to follow the stream. Returns before it has caught up: see
    /// [`Replica::caught_up`]. From a checkpoint it starts while NATS is away, too, if the client does
    /// (`retry_on_initial_connect`): answers are as old as the checkpoint then, and say so.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn connect(config: Config) -> Result<Self, ConnectError> {
        feed::connect(config).await
    }

    /// What is shown at this moment, judged now, however old it is: see [`Snapshot::age`] and [`Replica::view_within`].
    #[must_use]
    pub fn view(&self) -> Snapshot {
        // The age first: what is taken then is no older.
        let age = self.core.progress.age();
        Snapshot::of(Arc::clone(&self.core.known()), clock::now(), age)
    }

    /// The same, if it holds all that the node had acknowledged so long ago. The node says once a second how far that is, so
    /// that less than two seconds are refused now and then without need. The clocks of the two machines should agree: a
    /// heartbeat is as old as this machine's clock says, or as when it came, whichever is more.
    ///
    /// # Errors
    /// It holds less, or something is wrong with what is read.
    pub fn view_within(&self, most: Duration) -> Result<Snapshot, NotFresh> {
        self.sound()?;
        let view = self.view();
        if view.age().is_some_and(|age| age <= most) { Ok(view) } else { Err(TooOld { lag: self.lag(), most }.into()) }
    }

    /// Whether the subject may do it, in the live view. Costs what [`judge::check`] costs, and the time of day. How old the
    /// view is it does not say.
    ///
    /// # Errors
    /// Something is wrong with what is read, so that what is shown stands still.
    pub fn check(&self, question: &Question) -> Result<bool, Fault> {
        self.sound()?;
        Ok(judge::check(&self.view().view(), question, &mut ()))
    }

    /// Answers a question by ids, in the live view, and says how old the answer is. Nobody may do what is not known here.
    ///
    /// # Errors
    /// Something is wrong with what is read, so that what is shown stands still.
    pub fn ask(&self, asked: &Asked<'_>) -> Result<Answer, Fault> {
        self.sound()?;
        Ok(self.view().ask(asked))
    }

    /// The same, if the answer rests on all that the node had acknowledged so long ago.
    ///
    /// # Errors
    /// It does not, or something is wrong with what is read.
    pub fn ask_within(&self, asked: &Asked<'_>, most: Duration) -> Result<Answer, NotFresh> {
        Ok(self.view_within(most)?.ask(asked))
    }

    /// The answer and the reasons for it, with the positions of the events that made it so.
    ///
    /// # Errors
    /// Something is wrong with what is read, so that what is shown stands still.
    pub fn explain(&self, asked: &Asked<'_>) -> Result<(bool, Vec<Reason>), Fault> {
        self.sound()?;
        Ok(self.view().explain(asked))
    }

    /// The position that the live view is of.
    #[must_use]
    pub fn position(&self) -> Position {
        self.core.position()
    }

    /// Waits until the live view is at a position or beyond: the one that an answer of Tenure named, so that one reads what
    /// one wrote. Waits for ever if the position never comes: put a timeout around it.
    ///
    /// # Errors
    /// Something is wrong with what is read, so that it does not come for now.
    pub async fn wait_for(&self, position: Position) -> Result<(), Fault> {
        self.core.wait_for(position).await
    }

    /// Waits until the live view holds all that the node had acknowledged as this was called: for the node's next heartbeat,
    /// and until the view is there. Waits as long as the node is not heard: put a timeout around it.
    ///
    /// # Errors
    /// Something is wrong with what is read, so that it does not come for now.
    pub async fn caught_up(&self) -> Result<(), Fault> {
        let mut heard = self.core.progress.next();
        tokio::select! {
            biased;
            fault = self.core.faulty() => return Err(fault),
            // No error: whoever says it lives as long as this.
            next = heard.changed() => drop(next),
        }
        let position = heard.borrow().map_or(0, |beat| beat.position);
        self.core.wait_for(position).await
    }

    /// How far the live view is behind the node.
    #[must_use]
    pub fn lag(&self) -> Lag {
        self.core.progress.lag(self.position())
    }

    /// How the replica is.
    #[must_use]
    pub fn status(&self) -> Status {
        let progress = &self.core.progress;
        let (feed, trouble) = (progress.feed(), progress.trouble());
        Status { position: self.position(), lag: self.lag(), feed, trouble, fault: self.core.fault() }
    }

    /// Every command from now on, once the live view shows it.
    #[must_use]
    pub fn changes(&self) -> Changes {
        Changes::of(&self.core)
    }

    /// What came of the checkpoint at the start.
    #[must_use]
    pub const fn checkpoint(&self) -> &CheckpointUse {
        &self.checkpoint
    }

    /// Ends the replica in good order: what was received is followed, and a checkpoint written. Whoever shares it calls this
    /// once; what is asked afterwards is refused with [`Fault::Closed`].
    pub async fn close(&self) {
        let following = self.following.lock().unwrap_or_else(PoisonError::into_inner).take();
        following.iter().for_each(Following::finish);
        self.tasks.iter().for_each(AbortHandle::abort);
        if let Some(following) = following {
            following.ended().await;
        }
        self.core.fail(Fault::Closed);
    }

    fn sound(&self) -> Result<(), Fault> {
        self.core.fault().map_or(Ok(()), Err)
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
        self.core.fail(Fault::Closed);
    }
}
