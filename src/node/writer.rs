//! The one writer: commands in, groups of them onto the log, answers out.
//!
//! Two threads. The first decides waiting commands one after the other, each on the effect of those before it, and
//! installs what it decided: above the durable position, where no reader looks. The second makes all that is decided by
//! then durable, with one sync of the keys and one of the log, moves the durable position and answers, while the first
//! goes on deciding. An answer that rests on a command which is not durable, a refusal included, stands behind that
//! command, so it is never given before.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tenure_events::{Event, Position, Time, UserId};
use tenure_projections::values::Done;
use tokio::sync::{mpsc, oneshot};

use super::attempt::{Attempt, attempt, place};
use super::checkpoints::Due;
use super::passing::{AT_ONCE, Passing};
use super::pending::{Group, Part, Pending};
use super::request::{CommandError, Wish};
use super::shared::Core;
use super::stats::Outcome;
use crate::chain::{Head, Link};
use crate::clock::ClockJumped;
use crate::log::{AppendError, Log};
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
    pub wish: Box<Wish>,
    pub reply: oneshot::Sender<Result<Reply>>,
}

/// What the writer is given to do.
pub(super) enum Job {
    /// A command.
    Command(Submission),
    /// A window has ended by itself.
    TimePassed,
}

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
    queue: mpsc::Receiver<Job>,
    next: Arc<AtomicI64>,
    checkpoints: Option<Due>,
) -> std::io::Result<JoinHandle<Ended>> {
    let pending = Arc::new(Pending::new());
    let (deciding, decided, due) = (Arc::clone(&core), Arc::clone(&pending), checkpoints.clone());
    let decide = move || {
        let passing = Passing::of(&deciding, &head, next);
        decide_all(&deciding, head, queue, passing, &decided, due);
    };
    let deciding = thread::Builder::new().name("decide".to_owned()).spawn(decide)?;
    thread::Builder::new().name("commit".to_owned()).spawn(move || {
        let Ended { log, whole } = commit_all(&core, log, &pending, checkpoints);
        Ended { log, whole: deciding.join().is_ok() && whole }
    })
}

fn decide_all(
    core: &Core,
    mut head: Head,
    mut queue: mpsc::Receiver<Job>,
    mut passing: Passing,
    pending: &Pending,
    mut checkpoints: Option<Due>,
) {
    // However it ends, nothing more is decided.
    let _close = Close(pending);
    let mut waiting = Vec::with_capacity(BATCH);
    while queue.blocking_recv_many(&mut waiting, BATCH) > 0 {
        let waiting = waiting.drain(..).filter_map(command);
        if core.is_stopped() {
            waiting.for_each(|Submission { reply, .. }| answer(core, reply, Err(CommandError::Stopped)));
            continue;
        }
        let now = core.now();
        say(core, &mut head, &mut passing, pending, || queue.is_empty());
        let mut waiting = waiting.peekable();
        while waiting.peek().is_some() {
            let mut group = decide_group(core, &mut head, now, &mut passing, &mut waiting);
            group.mark = checkpoints.as_mut().and_then(|due| due.mark(core, &head));
            if let Some(group) = pending.put(group) {
                refuse(core, group, || CommandError::Stopped);
            }
        }
    }
}

fn command(job: Job) -> Option<Submission> {
    match job {
        Job::Command(submission) => Some(submission),
        Job::TimePassed => None,
    }
}

/// Says what has ended by now, before anything else is decided; of very much, only so much while somebody waits.
fn say(core: &Core, head: &mut Head, passing: &mut Passing, pending: &Pending, idle: impl Fn() -> bool) {
    let mut said = 0;
    while said < AT_ONCE || idle() {
        let mut group = Group::after(*head);
        let Some(links) = passing.say(core, head) else { return };
        let events = install(core, passing, links);
        group.add(Part { events, head: *head, erased: None, answer: None });
        if pending.put(group).is_some() {
            return;
        }
        said += 1;
    }
}

/// Decides commands until none waits, or they are enough for a commit.
fn decide_group(
    core: &Core,
    head: &mut Head,
    now: std::result::Result<Time, ClockJumped>,
    passing: &mut Passing,
    waiting: &mut impl Iterator<Item = Submission>,
) -> Group {
    let mut group = Group::after(*head);
    while !group.is_full()
        && let Some(Submission { wish, reply }) = waiting.next()
    {
        let decided = now.map_err(CommandError::from).and_then(|now| decide_one(core, head, now, passing, wish));
        let (events, erased, answered) = match decided {
            Ok(Decision { events, erased, reply }) => (events, erased, Ok(reply)),
            Err(error) => (Vec::new(), None, Err(error)),
        };
        group.add(Part { events, head: *head, erased, answer: Some((reply, answered)) });
    }
    group
}

/// How many commands are decided before they go on together: so few that the disk hardly waits for them.
const BATCH: usize = 64;

struct Close<'a>(&'a Pending);

impl Drop for Close<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// What one command came to.
struct Decision {
    events: Vec<Arc<[u8]>>,
    erased: Option<UserId>,
    reply: Reply,
}

/// Decides one command and installs what it comes to.
fn decide_one(core: &Core, head: &mut Head, now: Time, passing: &mut Passing, wish: Box<Wish>) -> Result<Decision> {
    let mut decided = match attempt(core, head, now, wish)? {
        Attempt::Repeated(done) => {
            return Ok(Decision { events: Vec::new(), erased: None, reply: Reply::Repeated(done) });
        }
        Attempt::Decided(decided) => decided,
    };
    let links = place(core, head, &mut decided).inspect_err(|_| core.keys.unstage(decided.origin.command))?;
    if links.is_empty() {
        // It was done before, and nobody new comes of it.
        core.keys.unstage(decided.origin.command);
    }
    let erased = links.iter().find_map(|link| erased(&link.envelope.event));
    let events = install(core, passing, links);
    let reply = Reply::Done { position: head.position, events: events.clone(), secret: decided.secret.take() };
    Ok(Decision { events, erased, reply })
}

/// Puts events into the state, above the durable position; answers their bytes.
fn install(core: &Core, passing: &mut Passing, links: Vec<Link>) -> Vec<Arc<[u8]>> {
    links.iter().for_each(|link| core.state.install(&link.envelope));
    passing.see(core, &links);
    links.into_iter().map(|link| link.bytes).collect()
}

fn erased(event: &Event) -> Option<UserId> {
    if let Event::UserErased(event) = event { Some(event.user.clone()) } else { None }
}

fn commit_all(core: &Core, mut log: Log, pending: &Pending, checkpoints: Option<Due>) -> Ended {
    let mut whole = true;
    let (mut expected, mut patience) = (0, Duration::ZERO);
    while let Some(mut group) = pending.take(expected, patience) {
        let (mark, began) = (group.mark.take(), core.clock.now());
        if let Err(unknown) = store(core, &mut log, &mut group) {
            core.stop();
            whole = false;
            let waiting = pending.fail();
            refuse(core, group, || if unknown { CommandError::OutcomeUnknown } else { CommandError::Stopped });
            waiting.into_iter().for_each(|group| refuse(core, group, || CommandError::Stopped));
            break;
        }
        let took = (core.clock.now() - began).to_std().unwrap_or_default();
        core.counters.commit(group.answers.len(), took);
        // Whoever is answered now may well send the next command at once. A commit costs about the same for many as for
        // few, so it is worth a part of its time to have them all in the next one.
        (expected, patience) = (group.answers.len() + pending.len(), took / PATIENCE);
        group.answers.into_iter().for_each(|(reply, result)| answer(core, reply, result));
        if let (Some(due), Some(mark)) = (&checkpoints, mark) {
            due.write(mark);
        }
    }
    core.stop();
    Ended { log, whole }
}

/// Which part of a commit's time may be waited for more commands.
const PATIENCE: u32 = 2;

/// Makes a group durable and shows it to readers. After an error nothing is ever written again; `true` says that nobody
/// knows whether the group is in the log.
fn store(core: &Core, log: &mut Log, group: &mut Group) -> std::result::Result<(), bool> {
    core.keys.sync().map_err(|_| false)?;
    let events = std::mem::take(&mut group.events);
    if events.is_empty() {
        return Ok(());
    }
    let after = group.head.position - events.len() as Position;
    log.append(after, &events).map_err(|error| matches!(error, AppendError::Failed(_)))?;
    core.publish(group.head);
    // A key store that fails here stops the next group; the erasure is in the log and repeated at every start.
    if let Err(error) = group.erased.iter().try_for_each(|user| core.keys.erase(user)) {
        tracing::error!(%error, "a key of personal data could not be destroyed; it will be at the next start");
    }
    Ok(())
}

fn refuse(core: &Core, group: Group, why: impl Fn() -> CommandError) {
    for (reply, _) in group.answers {
        answer(core, reply, Err(why()));
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
