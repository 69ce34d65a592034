//! The one writer: commands in, groups of them onto the log, answers out.
//!
//! Two threads. The first decides waiting commands one after the other, each on the effect of those before it, and
//! installs what it decided: above the durable position, where no reader looks. The second makes a group of them durable
//! with one sync of the keys and one of the log, moves the durable position and answers, while the first decides the
//! next group. An answer that rests on a command which is not durable, a refusal included, stands in that command's group
//! or in one behind it, so it is never given before.

use std::sync::Arc;
use std::sync::mpsc as threads;
use std::thread::{self, JoinHandle};

use tenure_events::{Event, Position, UserId};
use tenure_projections::values::Done;
use tokio::sync::{mpsc, oneshot};

use super::attempt::{Attempt, attempt, place};
use super::checkpoints::Due;
use super::request::{CommandError, Request};
use super::shared::Core;
use super::stats::Outcome;
use crate::chain::Head;
use crate::checkpoint::Mark;
use crate::log::Log;
use crate::token::Token;

/// What came of a command.
pub(super) enum Reply {
    /// Its events are stored, up to this position.
    Done { position: Position, events: Vec<Arc<[u8]>>, secret: Option<Token> },
    /// It was done before.
    Repeated(Done),
}

type Result<T> = std::result::Result<T, CommandError>;

/// A command on its way, and where its answer goes.
pub(super) struct Submission {
    pub request: Request,
    pub reply: oneshot::Sender<Result<Reply>>,
}

/// The most commands in a group, and the most bytes of events before it is closed.
const GROUP_COMMANDS: usize = 1_024;
const GROUP_BYTES: usize = 4 * 1024 * 1024;

/// What the writer leaves when it ends.
pub(super) struct Ended {
    pub log: Log,
    /// Everything that was installed is durable: nothing failed.
    pub whole: bool,
}

/// Starts the writer of a log that ends at `head`. It ends once the queue is closed and done with, or when the log fails.
///
/// # Errors
/// The system has no threads left.
pub(super) fn start(
    core: Arc<Core>,
    log: Log,
    head: Head,
    queue: mpsc::Receiver<Submission>,
    checkpoints: Option<Due>,
) -> std::io::Result<JoinHandle<Ended>> {
    // Without room between the threads: what the second has not taken yet is still open to more commands.
    let (groups, committed) = threads::sync_channel(0);
    let (deciding, due) = (Arc::clone(&core), checkpoints.clone());
    let decide = move || decide_all(&deciding, head, queue, &groups, due);
    thread::Builder::new().name("decide".to_owned()).spawn(decide)?;
    thread::Builder::new().name("commit".to_owned()).spawn(move || commit_all(&core, log, &committed, checkpoints))
}

/// Commands decided together, and what is to be done for them.
struct Group {
    /// Bytes of events, in order.
    events: Vec<Vec<u8>>,
    bytes: usize,
    /// The event before the first, and the last.
    after: Position,
    head: Head,
    /// Users erased by these events.
    erased: Vec<UserId>,
    answers: Vec<(oneshot::Sender<Result<Reply>>, Result<Reply>)>,
    /// The state after these events is to be written as a checkpoint.
    mark: Option<Mark>,
}

fn decide_all(
    core: &Core,
    mut head: Head,
    mut queue: mpsc::Receiver<Submission>,
    groups: &threads::SyncSender<Group>,
    mut checkpoints: Option<Due>,
) {
    while let Some(first) = queue.blocking_recv() {
        let mut group = Group::after(head);
        let mut next = Some(first);
        while let Some(Submission { request, reply }) = next.take() {
            let answer = if core.is_stopped() {
                Err(CommandError::Stopped)
            } else {
                decide_one(core, &mut head, &request, &mut group)
            };
            group.answers.push((reply, answer));
            if group.answers.len() < GROUP_COMMANDS && group.bytes < GROUP_BYTES {
                next = queue.try_recv().ok();
            }
        }
        group.head = head;
        group.mark = checkpoints.as_mut().and_then(|due| due.mark(core, &head));
        if let Err(threads::SendError(group)) = groups.send(group) {
            group.refuse(core);
        }
    }
}

/// Decides one command and installs what it comes to.
fn decide_one(core: &Core, head: &mut Head, request: &Request, group: &mut Group) -> Result<Reply> {
    let mut decided = match attempt(core, head, request)? {
        Attempt::Repeated(done) => return Ok(Reply::Repeated(done)),
        Attempt::Decided(decided) => decided,
    };
    let links = place(core, head, &mut decided).inspect_err(|_| core.keys.unstage(decided.origin.command))?;
    let mut events = Vec::with_capacity(links.len());
    for link in links {
        core.state.install(&link.envelope);
        if let Event::UserErased(erased) = link.envelope.event {
            group.erased.push(erased.user);
        }
        events.push(Arc::from(link.bytes.as_slice()));
        group.bytes += link.bytes.len();
        group.events.push(link.bytes);
    }
    Ok(Reply::Done { position: head.position, events, secret: decided.secret.take() })
}

fn commit_all(core: &Core, mut log: Log, groups: &threads::Receiver<Group>, checkpoints: Option<Due>) -> Ended {
    let mut whole = true;
    while let Ok(mut group) = groups.recv() {
        let mark = group.mark.take();
        if !group.commit(core, &mut log) {
            whole = false;
            break;
        }
        if let (Some(due), Some(mark)) = (&checkpoints, mark) {
            due.write(mark);
        }
    }
    core.stop();
    Ended { log, whole }
}

impl Group {
    fn after(head: Head) -> Self {
        let (events, erased, answers) = (Vec::new(), Vec::new(), Vec::new());
        Self { events, bytes: 0, after: head.position, head, erased, answers, mark: None }
    }

    /// Makes the group durable and answers it; if that fails, nothing is ever written again.
    fn commit(self, core: &Core, log: &mut Log) -> bool {
        let began = core.clock.now();
        if core.keys.sync().is_err() {
            // Nothing of this group has reached the log, nor will it.
            core.stop();
            self.refuse(core);
            return false;
        }
        let Self { events, after, head, erased, answers, .. } = self;
        let stored = events.is_empty() || log.append(after, &events).is_ok();
        if !stored {
            core.stop();
            for (reply, _) in answers {
                answer(core, reply, Err(CommandError::OutcomeUnknown));
            }
            return false;
        }
        if !events.is_empty() {
            core.publish(head);
        }
        // The key store that fails here stops the next group; the erasure is in the log and repeated at every start.
        let erasing = erased.iter().try_for_each(|user| core.keys.erase(user));
        if let Err(error) = erasing {
            tracing::error!(%error, "a key of personal data could not be destroyed; it will be at the next start");
        }
        let took = (core.clock.now() - began).num_microseconds().unwrap_or_default();
        core.counters.commit(answers.len() as u64, took.unsigned_abs());
        for (reply, result) in answers {
            answer(core, reply, result);
        }
        true
    }

    /// Answers that nothing was done.
    fn refuse(self, core: &Core) {
        for (reply, _) in self.answers {
            answer(core, reply, Err(CommandError::Stopped));
        }
    }
}

/// Counts and gives an answer. Whoever no longer waits for it needs none.
fn answer(core: &Core, reply: oneshot::Sender<Result<Reply>>, result: Result<Reply>) {
    core.counters.command(match &result {
        Ok(Reply::Done { .. }) => Outcome::Done,
        Ok(Reply::Repeated(_)) => Outcome::Repeated,
        Err(error) => Outcome::of(error),
    });
    drop(reply.send(result));
}
