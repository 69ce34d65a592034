//! The one writer: commands in, groups of them onto the log, answers out.
//!
//! Two threads. The first decides waiting commands one after the other, each on the effect of those before it, and
//! installs what it decided: above the durable position, where no reader looks. The second chains all that is decided by
//! then to the log and makes it durable, with one sync of the keys and one of the log, moves the durable position and
//! answers, while the first goes on deciding. An answer that rests on a command which is not durable, a refusal included, stands behind that
//! command, so it is never given before.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::thread::{self, JoinHandle};

use tenure_events::{Event, Position, Time, Unchained, UserId};
use tenure_projections::values::Done;
use tokio::sync::{mpsc, oneshot};

use super::attempt::{Attempt, attempt, place};
use super::checkpoints::Due;
use super::passing::{AT_ONCE, Passing};
use super::pending::{Answered, Group, Part, Pending, Settled};
use super::request::CommandError;
use super::shared::Core;
use super::stats::Outcome;
use super::wish::Wish;
use crate::chain::{Head, Placed, Tip, chain};
use crate::checkpoint::Mark;
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
        let passing = Passing::of(&deciding, Tip::from(head), next);
        decide_all(&deciding, Tip::from(head), queue, passing, &decided, due);
    };
    let deciding = thread::Builder::new().name("decide".to_owned()).spawn(decide)?;
    thread::Builder::new().name("commit".to_owned()).spawn(move || {
        let Ended { log, whole } = commit_all(&core, log, head, &pending, checkpoints);
        Ended { log, whole: deciding.join().is_ok() && whole }
    })
}

fn decide_all(
    core: &Core,
    mut tip: Tip,
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
        say(core, &mut tip, &mut passing, pending, || queue.is_empty());
        let mut waiting = waiting.peekable();
        while waiting.peek().is_some() {
            let mut group = decide_group(core, &mut tip, now, &mut passing, &mut waiting);
            group.mark = checkpoints.as_mut().and_then(|due| due.mark(core, tip));
            if let Some(group) = pending.put(group) {
                refuse(core, group);
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
fn say(core: &Core, tip: &mut Tip, passing: &mut Passing, pending: &Pending, idle: impl Fn() -> bool) {
    let mut said = 0;
    while said < AT_ONCE || idle() {
        let Some(placed) = passing.say(core, tip) else { return };
        let mut group = Group::default();
        group.add(Part { events: install(core, passing, placed), time: tip.time, erased: None, answer: None });
        if pending.put(group).is_some() {
            return;
        }
        said += 1;
    }
}

/// Decides commands until none waits, or they are enough for a commit.
fn decide_group(
    core: &Core,
    tip: &mut Tip,
    now: std::result::Result<Time, ClockJumped>,
    passing: &mut Passing,
    waiting: &mut impl Iterator<Item = Submission>,
) -> Group {
    let mut group = Group::default();
    while !group.is_full()
        && let Some(Submission { wish, reply }) = waiting.next()
    {
        let decided = now.map_err(CommandError::from).and_then(|now| decide_one(core, tip, now, passing, wish));
        let (Decision { events, erased }, settled) = match decided {
            Ok((decision, settled)) => (decision, Ok(settled)),
            Err(error) => (Decision::default(), Err(error)),
        };
        group.add(Part { events, time: tip.time, erased, answer: Some((reply, settled)) });
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
#[derive(Default)]
struct Decision {
    events: Vec<Unchained>,
    erased: Option<UserId>,
}

/// Decides one command and installs what it comes to.
fn decide_one(
    core: &Core,
    tip: &mut Tip,
    now: Time,
    passing: &mut Passing,
    wish: Box<Wish>,
) -> Result<(Decision, Settled)> {
    let mut decided = match attempt(core, *tip, now, wish)? {
        Attempt::Repeated(done) => return Ok((Decision::default(), Settled::Repeated(done))),
        Attempt::Decided(decided) => decided,
    };
    let placed = place(core, tip, &mut decided)?;
    if !placed.is_empty() {
        // Nothing new comes of what was done before, and no new person.
        core.keys.stage(decided.keys);
    }
    let erased = placed.iter().find_map(|placed| erased(&placed.envelope.event));
    Ok((Decision { events: install(core, passing, placed), erased }, Settled::Done { secret: decided.secret }))
}

/// Puts events into the state, above the durable position; answers what will be their bytes.
fn install(core: &Core, passing: &mut Passing, placed: Vec<Placed>) -> Vec<Unchained> {
    placed.iter().for_each(|placed| core.state.install(&placed.envelope));
    passing.see(core, &placed);
    placed.into_iter().map(|placed| placed.bytes).collect()
}

fn erased(event: &Event) -> Option<UserId> {
    if let Event::UserErased(event) = event { Some(event.user.clone()) } else { None }
}

fn commit_all(core: &Core, mut log: Log, mut head: Head, pending: &Pending, checkpoints: Option<Due>) -> Ended {
    let mut whole = true;
    while let Some(group) = pending.take() {
        let began = core.clock.now();
        let chained = Chained::of(&mut head, group);
        if let Err(unknown) = store(core, &mut log, &head, &chained) {
            core.stop();
            whole = false;
            let why = || if unknown { CommandError::OutcomeUnknown } else { CommandError::Stopped };
            chained.answers.into_iter().for_each(|(reply, _)| answer(core, reply, Err(why())));
            pending.fail().into_iter().for_each(|group| refuse(core, group));
            break;
        }
        let took = (core.clock.now() - began).to_std().unwrap_or_default();
        core.counters.commit(chained.answers.len(), took);
        chained.answers.into_iter().for_each(|(reply, result)| answer(core, reply, result));
        if let (Some(due), Some(mark)) = (&checkpoints, chained.mark) {
            due.write(mark);
        }
    }
    core.stop();
    Ended { log, whole }
}

/// A group with the bytes of its events.
#[derive(Default)]
struct Chained {
    events: Vec<Arc<[u8]>>,
    erased: Vec<UserId>,
    answers: Vec<Answered<Reply>>,
    mark: Option<Mark>,
}

impl Chained {
    /// Chains what was decided to the head, which moves on.
    fn of(head: &mut Head, group: Group) -> Self {
        let mut chained = Self { mark: group.mark, ..Self::default() };
        for Part { events, time, erased, answer } in group.parts {
            let events: Vec<_> = events.into_iter().map(|event| chain(head, time, event)).collect();
            chained.events.extend_from_slice(&events);
            chained.erased.extend(erased);
            chained.answers.extend(answer.map(|(reply, settled)| {
                let replied = settled.map(|settled| match settled {
                    Settled::Done { secret } => Reply::Done { position: head.position, events, secret },
                    Settled::Repeated(done) => Reply::Repeated(done),
                });
                (reply, replied)
            }));
            if let Some(mark) = chained.mark.as_mut().filter(|mark| mark.head.position == head.position) {
                mark.head = *head;
            }
        }
        chained
    }
}

/// Makes a group up to its head durable and shows it to readers. After an error nothing is ever written again; `true` says
/// that nobody knows whether the group is in the log.
fn store(core: &Core, log: &mut Log, head: &Head, group: &Chained) -> std::result::Result<(), bool> {
    core.keys.sync().map_err(|_| false)?;
    if group.events.is_empty() {
        return Ok(());
    }
    let after = head.position - group.events.len() as Position;
    log.append(after, &group.events).map_err(|error| matches!(error, AppendError::Failed(_)))?;
    core.publish(*head);
    // A key store that fails here stops the next group; the erasure is in the log and repeated at every start.
    if let Err(error) = group.erased.iter().try_for_each(|user| core.keys.erase(user)) {
        tracing::error!(%error, "a key of personal data could not be destroyed; it will be at the next start");
    }
    Ok(())
}

/// Answers those whose commands were decided after nothing could be written any more.
fn refuse(core: &Core, group: Group) {
    for (reply, _) in group.parts.into_iter().filter_map(|part| part.answer) {
        answer(core, reply, Err(CommandError::Stopped));
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
