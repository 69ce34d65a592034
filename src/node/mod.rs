//! A running node: one writer, many readers.
//!
//! Everything that changes goes through [`Node::submit`]; everything that is asked is asked of a [`View`] that the node
//! gives out. Readers see what is durable and nothing else.

mod attempt;
mod backup;
mod checkpoints;
mod dry_run;
mod examine;
mod feed;
mod halt;
mod keys_lost;
mod new_needs;
mod open;
mod passing;
mod pending;
mod precondition;
mod proof;
mod queue;
mod recorded_clock;
mod replay;
mod request;
mod secret;
mod shared;
mod sign_in;
mod stats;
mod tell;
mod turns;
mod verify;
mod wish;
mod writer;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use tenure_events::{Epochs, Hash, PastEpoch, Place, Position, Time, UserId};
use tenure_projections::judge::Subject;
use tenure_projections::values::{Done, PrivilegeSet};
use tenure_projections::{State, View};
use tokio::sync::{oneshot, watch};

use crate::clock::Clock;
use crate::data::DataFolder;
use crate::keys::KeyStore;
use crate::log::LogReader;
use crate::token::Token;

use checkpoints::Checkpoints;
use queue::{NoRoom, Queue};
use recorded_clock::Record;
use shared::Core;
use tell::Asked;
use wish::Wish;
use writer::{Ended, Reply, Submission};

pub use backup::{Copied, CopyError, backup, restore};
pub use examine::{Examination, examine};
pub use feed::{Feed, FeedReport, feed_key};
pub use halt::{Halt, Reason};
pub use keys_lost::{KeysFault, KeysLost};
pub use open::{CheckpointUse, Data, OpenError, OpenReport, Options};
pub use proof::{OrgProof, ProofKeys, proof_keys};
pub use replay::ReplayError;
pub use request::{AccessDelta, AccessDeltas, Answer, Authenticated, Bearer, CommandError, Credential, Request};
pub use secret::{Hook, Secret};
pub use sign_in::{Said, SignedIn, Trusted};
pub use stats::{Histogram, NodeStats};
pub use tenure_events::FeedState;
pub use turns::Turns;
pub use verify::{CheckpointVerdict, Expected, Fault, TreeVerdict, VerifyReport, verify, verify_expecting};

/// Is told now and then how far long work has come, as a position, and where it will end.
pub type Progress<'a> = dyn FnMut(Position, Position) + 'a;

/// A running node, shared by all that serve from it: clones are the same node.
///
/// When the last of them goes without [`Node::shutdown`], the writer finishes what it has and ends.
#[derive(Clone)]
pub struct Node {
    core: Arc<Core>,
    writer: Arc<Writer>,
}

/// The writer as its submitters see it.
struct Writer {
    queue: Arc<Queue>,
    running: Mutex<Option<Running>>,
}

/// What ends with the writer.
struct Running {
    thread: JoinHandle<Ended>,
    checkpoints: Option<Checkpoints>,
    /// Held against other processes as long as this one writes.
    folder: Option<DataFolder>,
}

/// A point in the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// After this event, and the others of its command.
    Position(Position),
    /// The same, as somebody was told of the event.
    Place(Place),
    /// After the last command recorded at or before this time.
    Time(Time),
}

/// Why there is no view of a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AsOfError {
    /// The log is not that far.
    #[error("position {asked} is in the future: the log is at {head}")]
    FuturePosition {
        /// What was asked for.
        asked: Position,
        /// The last durable position.
        head: Position,
    },
    /// It is a position of a future that was lost.
    #[error(transparent)]
    PastEpoch(#[from] PastEpoch),
    /// The time has not come.
    #[error("`{asked}` is in the future: now is {now}")]
    FutureTime {
        /// What was asked for.
        asked: Time,
        /// The time now.
        now: Time,
    },
}

/// The log did not reach a position in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the log is at position {head} and did not reach {wanted} in time")]
pub struct WaitError {
    /// The position waited for.
    pub wanted: Position,
    /// The last durable position.
    pub head: Position,
}

/// Why the node did not end in good order. Nothing that was acknowledged is lost.
#[derive(Debug, thiserror::Error)]
pub enum ShutdownError {
    /// The writer ended on a fault of the program.
    #[error("the writer ended unexpectedly")]
    Writer,
    /// The log's note of a good end could not be written.
    #[error("cannot close the log in good order, so the next start takes longer: {0}")]
    Close(#[source] std::io::Error),
}

impl Node {
    /// Opens a platform: proves its log, brings back its state and starts its writer.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(options: Options) -> Result<(Self, OpenReport), OpenError> {
        open::open(options)
    }

    /// Sends a command and waits until what came of it is durable.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub async fn submit(&self, request: Request) -> Result<Answer, CommandError> {
        if request.dry_run {
            return self.try_out(request).await;
        }
        let asked = Asked::of(&request);
        let user = request.caller.user;
        let org = self.live().home(user).ok_or(CommandError::Unauthenticated)?;
        let (wish, (reply, answer)) = (Box::new(Wish::of(request, &self.core)?), oneshot::channel());
        self.writer.queue.put(org, user, Submission { wish, reply }).map_err(|no_room| match no_room {
            NoRoom::Full => CommandError::Busy,
            NoRoom::Closed => self.core.refusal(),
        })?;
        match answer.await {
            Ok(Ok(Reply::Done { position, events, secret })) => {
                if let Some(Secret::Sent { secret, user, expires }) = &secret {
                    secret::send(&self.core, secret.clone(), user.clone(), *expires);
                }
                let answer = Answer { position, events, secret, replayed: false, access_delta: None, told: None };
                Ok(asked.tell(&self.core, answer).await)
            }
            Ok(Ok(Reply::Repeated(done))) => Ok(asked.tell(&self.core, self.repeat(done).await?).await),
            Ok(Err(error)) => Err(error),
            // The writer is gone and cannot say how far it came.
            Err(_) => Err(CommandError::OutcomeUnknown),
        }
    }

    /// Who bears this API key: none unless the key counts, its user may act and their home org works.
    #[must_use]
    pub fn authenticate(&self, token: &Token) -> Option<Authenticated> {
        let view = self.live();
        let caller = holder(&view, token)?;
        attempt::standing(&view, &caller).is_some().then_some(caller)
    }

    /// The user to whom an enrolment secret belongs, if it counts: not used, not ended, and none newer or void by a reset.
    #[must_use]
    pub fn enrolling(&self, token: &Token) -> Option<Authenticated> {
        let view = self.live();
        let caller = holder(&view, token)?;
        attempt::enrolling(&view, &caller).is_some().then_some(caller)
    }

    /// The caller as the judge sees them, with what their key leaves of their authority: nothing, if the key does not
    /// count in the view.
    #[must_use]
    pub fn subject(&self, view: &View<'_>, caller: &Authenticated) -> Subject {
        let nothing = Subject { cap: PrivilegeSet::NONE, own: false, ..Subject::from(caller.user) };
        attempt::standing(view, caller).unwrap_or(nothing)
    }

    /// Who gave the command that an event is of; none if the log cannot be read.
    #[must_use]
    pub fn actor(&self, position: Position) -> Option<UserId> {
        self.core.actor(position)
    }

    /// What is durable, judged now.
    #[must_use]
    pub fn live(&self) -> View<'_> {
        self.core.live()
    }

    /// What was known at a moment, or is now; judged at `at`, or at that moment.
    ///
    /// # Errors
    /// The moment is in the future.
    pub fn view(&self, as_of: Option<AsOf>, at: Option<Time>) -> Result<View<'_>, AsOfError> {
        let live = self.live();
        let state = &self.core.state;
        let view = match as_of {
            None => live,
            Some(AsOf::Place(place)) => {
                return self.view(Some(AsOf::Position(self.core.epochs.position(place)?)), at);
            }
            Some(AsOf::Position(asked)) if asked > live.position() => {
                return Err(AsOfError::FuturePosition { asked, head: live.position() });
            }
            Some(AsOf::Position(0)) => View::new(state, 0, Time::MIN),
            Some(AsOf::Position(asked)) => {
                let (end, recorded) = state.command_of(asked).unwrap_or((asked, live.instant()));
                View::new(state, end, recorded)
            }
            // Where the log is ahead of the clock, its times can be asked for as well.
            Some(AsOf::Time(asked)) if asked > live.instant().max(self.core.recorded(live.position())) => {
                return Err(AsOfError::FutureTime { asked, now: live.instant() });
            }
            Some(AsOf::Time(asked)) => {
                let end = state.command_before(asked).map_or(0, |(end, _)| end);
                // What is decided is recorded before it is durable.
                View::new(state, end.min(live.position()), asked)
            }
        };
        Ok(at.map_or(view, |at| view.at(at)))
    }

    /// Waits until the position is durable.
    ///
    /// # Errors
    /// It is not within `timeout`.
    pub async fn wait_for(&self, position: Position, timeout: Duration) -> Result<(), WaitError> {
        let mut committed = self.committed();
        let reached = tokio::time::timeout(timeout, committed.wait_for(|head| *head >= position)).await;
        let reached = matches!(reached, Ok(Ok(_)));
        if reached { Ok(()) } else { Err(WaitError { wanted: position, head: self.core.state.durable() }) }
    }

    /// Tells each new durable position.
    #[must_use]
    pub fn committed(&self) -> watch::Receiver<Position> {
        self.core.committed.subscribe()
    }

    /// Reads the log.
    #[must_use]
    pub fn log(&self) -> &LogReader {
        &self.core.log
    }

    /// The futures that its log had: each restore from a backup began another.
    #[must_use]
    pub fn epochs(&self) -> &Epochs {
        &self.core.epochs
    }

    /// The id of the log.
    #[must_use]
    pub fn log_id(&self) -> uuid::Uuid {
        self.core.log_id
    }

    /// The keys of personal data.
    #[must_use]
    pub fn keys(&self) -> &KeyStore {
        &self.core.keys
    }

    /// The state, for those who count or prove it. Questions go to a [`View`].
    #[must_use]
    pub fn state(&self) -> &State {
        &self.core.state
    }

    /// The clock of this node.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.core.clock
    }

    /// What the node counted since it was opened.
    #[must_use]
    pub fn stats(&self) -> NodeStats {
        let Core { state, counters, .. } = &*self.core;
        let waiting = self.writer.queue.len();
        counters.snapshot(state.durable(), state.digest().changes(), waiting, self.core.halt())
    }

    /// Ends taking commands, finishes those that wait, writes a checkpoint and closes the log.
    ///
    /// # Errors
    /// See [`ShutdownError`].
    pub async fn shutdown(self) -> Result<(), ShutdownError> {
        let ended = tokio::task::spawn_blocking(move || self.writer.end(Some(&self.core))).await;
        ended.unwrap_or(Err(ShutdownError::Writer))
    }

    /// What was answered before to a command that is sent again, except for secrets.
    async fn repeat(&self, done: Done) -> Result<Answer, CommandError> {
        let log = self.core.log.clone();
        let read = tokio::task::spawn_blocking(move || log.read(done.first, done.count as usize)).await;
        let Ok(Ok(stored)) = read else { return Err(CommandError::Stopped(Reason::LogFailed)) };
        let events = stored.into_iter().map(|event| Bytes::from_owner(event.bytes)).collect();
        Ok(Answer {
            position: attempt::last_of(&done),
            events,
            secret: None,
            replayed: true,
            access_delta: None,
            told: None,
        })
    }

    async fn try_out(&self, request: Request) -> Result<Answer, CommandError> {
        let (core, asked) = (Arc::clone(&self.core), Asked::of(&request));
        let try_out = move || dry_run::dry_run(&core, &mut Wish::of(request, &core)?);
        let tried = tokio::task::spawn_blocking(try_out).await;
        match tried.unwrap_or(Err(CommandError::Stopped(Reason::WriterFailed)))? {
            dry_run::Tried::New(answer) => Ok(*answer),
            dry_run::Tried::Repeated(done) => Ok(asked.tell(&self.core, self.repeat(done).await?).await),
        }
    }
}

/// Whose key it is, with the right secret, whether it counts or not.
fn holder(view: &View<'_>, token: &Token) -> Option<Authenticated> {
    let key = view.find_key(token.key().as_str())?;
    let held = view.usable_key(key)?;
    let hash: Hash = held.hash.parse().ok()?;
    token.matches(&hash).then_some(Authenticated { user: held.user, credential: Credential::Key(key) })
}

impl Writer {
    /// Closes the queue, waits until the writer is done and closes its log, with a last checkpoint of this state if that
    /// is wanted. Again, it does nothing.
    fn end(&self, checkpoint: Option<&Core>) -> Result<(), ShutdownError> {
        self.queue.close();
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Running { thread, checkpoints, folder }) = running else { return Ok(()) };
        let Ended { log, whole } = thread.join().map_err(|_| ShutdownError::Writer)?;
        match (checkpoints, checkpoint) {
            (Some(checkpoints), Some(core)) if whole => checkpoints.finish(core),
            (Some(checkpoints), _) => checkpoints.abandon(),
            (None, _) => {}
        }
        if let Some(core) = checkpoint.filter(|_| whole) {
            core.tree.keep();
        }
        let closed = log.close().map_err(ShutdownError::Close);
        if let Some(core) = checkpoint {
            Record::new(folder.as_ref().map(DataFolder::clock)).write(core);
        }
        drop(folder);
        closed
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Nobody is left to tell. The log needs no good end.
        drop(self.end(None));
    }
}
