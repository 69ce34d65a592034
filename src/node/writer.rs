//! The one writer: commands in, groups of them onto the log, answers out.
//!
//! Two threads. The first decides waiting commands one after the other, each on the effect of those before it, and
//! installs what it decided: above the durable position, where no reader looks. The second chains all that is decided by
//! then and makes it durable, with one sync of the keys and one of the log, moves the durable position and answers, while
//! the first goes on. An answer that rests on a command which is not durable, a refusal included, stands behind that
//! command, so it is never given before.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::{self, JoinHandle};

use bytes::Bytes;
use tenure_events::{Envelope, Event, Position, Time, UserId};
use tenure_projections::values::Done;
use tokio::sync::oneshot;

use super::attempt::{Attempt, attempt, place};
use super::checkpoints::Due;
use super::halt::Reason;
use super::passing::{AT_ONCE, Passing};
use super::pending::{Answered, Group, Part, Pending, Settled};
use super::queue::Queue;
use super::request::CommandError;
use super::secret::Secret;
use super::shared::Core;
use super::stats::Outcome;
use super::wish::Wish;
use crate::chain::{Head, Tip, chain};
use crate::checkpoint::Mark;
use crate::clock::ClockJumped;
use crate::log::{AppendError, Log};
use crate::proof;

/// What came of a command.
pub(super) enum Reply {
    /// Its events are stored, up to this position.
    Done { position: Position, events: Vec<Bytes>, secret: Option<Secret> },
    /// It was done before.
    Repeated(Done),
}

type Result<T> = std::result::Result<T, CommandError>;

/// A command on its way, and where its answer goes.
pub(super) struct Submission {
    pub wish: Box<Wish>,
    pub reply: oneshot::Sender<Result<Reply>>,
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
    queue: Arc<Queue>,
    next: Arc<AtomicI64>,
    checkpoints: Option<Due>,
) -> std::io::Result<JoinHandle<Ended>> {
    let decided = Arc::new(Pending::default());
    let decide = {
        let (core, decided, checkpoints) = (Arc::clone(&core), Arc::clone(&decided), checkpoints.clone());
        move || {
            let passing = Passing::of(&core, Tip::from(head), next);
            decide_all(&core, Tip::from(head), &queue, passing, &decided, checkpoints);
        }
    };
    let decide = thread::Builder::new().name("decide".to_owned()).spawn(decide)?;
    thread::Builder::new().name("commit".to_owned()).spawn(move || {
        let Ended { log, whole } = commit_all(&core, log, head, &decided, checkpoints);
        Ended { log, whole: decide.join().is_ok() && whole }
    })
}

fn decide_all(
    core: &Core,
    mut tip: Tip,
    queue: &Queue,
    mut passing: Passing,
    pending: &Pending,
    mut checkpoints: Option<Due>,
) {
    let (_close, _abandon) = (Close(pending), Abandon(queue));
    let mut waiting = Vec::with_capacity(BATCH);
    while queue.take(&mut waiting, BATCH) {
        let many = waiting.len();
        let waiting = waiting.drain(..);
        if core.is_stopped() {
            waiting.for_each(|to| answer(core, to, Err(core.refusal())));
            continue;
        }
        let now = core.now();
        say(core, &mut tip, &mut passing, pending, || queue.len() == 0);
        let mut waiting = waiting.peekable();
        while waiting.peek().is_some() {
            let mut group = decide_group(core, &mut tip, now, &mut passing, &mut waiting, many);
            group.mark = checkpoints.as_mut().and_then(|due| due.mark(core, tip));
            if let Some(group) = pending.put(group) {
                refuse(core, [group], || core.refusal());
            }
        }
    }
    core.ended.store(true, Ordering::Release);
}

/// Says what has ended by now, before anything else is decided; of very much, only so much while somebody waits.
fn say(core: &Core, tip: &mut Tip, passing: &mut Passing, pending: &Pending, idle: impl Fn() -> bool) {
    let mut said = 0;
    while said < AT_ONCE || idle() {
        let Some(events) = passing.say(core, tip) else { return };
        let bytes = events.iter().map(Envelope::size_at_most).sum();
        let mut group = Group { events, bytes, ..Group::default() };
        install(core, passing, &group.events);
        group.parts.push(Part { events: group.events.len(), answer: None });
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
    many: usize,
) -> Group {
    let mut group = Group { events: Vec::with_capacity(many), parts: Vec::with_capacity(many), ..Group::default() };
    while !group.is_full()
        && let Some(mut to) = waiting.next()
    {
        let before = group.events.len();
        let settled = now.map_err(CommandError::from);
        let settled = settled.and_then(|now| decide_one(core, tip, now, passing, &mut to.wish, &mut group));
        group.parts.push(Part { events: group.events.len() - before, answer: Some(Answered { to, settled }) });
    }
    group
}

/// How many commands are decided before they go on together: so few that the disk hardly waits for them.
const BATCH: usize = 64;

/// On drop, closes what waits, so that the committing thread ends even where the deciding one panicked.
struct Close<'a>(&'a Pending);

impl Drop for Close<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// On drop, abandons the queue, so that callers hear that nothing is decided even where the deciding thread panicked.
struct Abandon<'a>(&'a Queue);

impl Drop for Abandon<'_> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// On drop, marks what waits as failed, so that the deciding thread does not wait for room even where the committing one
/// panicked.
struct Fail<'a>(&'a Pending);

impl Drop for Fail<'_> {
    fn drop(&mut self) {
        drop(self.0.fail());
    }
}

/// Decides one command, installs what it comes to and adds that to the group.
fn decide_one(
    core: &Core,
    tip: &mut Tip,
    now: Time,
    passing: &mut Passing,
    wish: &mut Wish,
    group: &mut Group,
) -> Result<Settled> {
    let mut decided = match attempt(core, *tip, now, wish)? {
        Attempt::Repeated(done) => return Ok(Settled::Repeated(done)),
        Attempt::Decided(decided) => decided,
    };
    let before = group.events.len();
    group.bytes += place(core, tip, &mut decided, &mut group.events)?;
    let placed = group.events.get(before..).unwrap_or_default();
    if !placed.is_empty() {
        // Nothing new comes of what was done before, and no new person.
        core.keys.stage(decided.keys);
    }
    group.erased.extend(placed.iter().filter_map(|envelope| erased(&envelope.event)));
    install(core, passing, placed);
    Ok(Settled::Done { secret: decided.secret })
}

/// Puts events into the state, above the durable position.
fn install(core: &Core, passing: &mut Passing, placed: &[Envelope]) {
    placed.iter().for_each(|envelope| core.state.install(envelope));
    passing.see(core, placed);
}

fn erased(event: &Event) -> Option<UserId> {
    if let Event::UserErased(event) = event { Some(event.user.clone()) } else { None }
}

/// Chains what is decided, makes it durable, and answers.
fn commit_all(core: &Core, mut log: Log, mut head: Head, pending: &Pending, checkpoints: Option<Due>) -> Ended {
    let (_fail, _over) = (Fail(pending), Over(core));
    let mut whole = true;
    loop {
        let mut groups = pending.take();
        if groups.is_empty() {
            break;
        }
        let events: Vec<Bytes> = groups.iter_mut().flat_map(|group| chain_group(&mut head, group)).collect();
        let began = core.clock.now();
        if let Err(Failed { reason, what, unknown }) = store(core, &mut log, head, &events, &groups) {
            core.stop(reason, &what);
            whole = false;
            let why = || if unknown { CommandError::OutcomeUnknown } else { core.refusal() };
            refuse(core, groups, why);
            refuse(core, pending.fail(), || core.refusal());
            break;
        }
        let took = (core.clock.now() - began).to_std().unwrap_or_default();
        let answered = groups.iter().flat_map(|group| &group.parts).filter(|part| part.answer.is_some()).count();
        core.counters.commit(answered, took);
        let marks: Vec<Mark> = groups.iter_mut().filter_map(|group| group.mark.take()).collect();
        answer_all(core, head, events, groups);
        if let Some(due) = &checkpoints {
            marks.into_iter().for_each(|mark| due.write(mark));
        }
    }
    Ended { log, whole }
}

/// Makes the bytes of a group's events, and chains them.
fn chain_group(head: &mut Head, group: &mut Group) -> Vec<Bytes> {
    let bytes = chain(head, &mut group.events);
    if let Some(mark) = &mut group.mark {
        mark.head = *head;
    }
    bytes
}

/// On drop, stops the node: nothing is written any more, even where the committing thread panicked.
struct Over<'a>(&'a Core);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        let Self(core) = self;
        if core.ended.load(Ordering::Acquire) {
            core.stop(Reason::Stopping, &"in good order");
        } else {
            core.stop(Reason::WriterFailed, &"a thread of it is gone");
        }
    }
}

/// Why groups are not durable. After that nothing is ever written again.
struct Failed {
    reason: Reason,
    what: String,
    /// Nobody knows whether they are in the log.
    unknown: bool,
}

/// Makes groups durable, up to the head, and shows them to readers.
fn store(
    core: &Core,
    log: &mut Log,
    head: Head,
    events: &[Bytes],
    groups: &[Group],
) -> std::result::Result<(), Failed> {
    core.keys.sync().map_err(|error| Failed {
        reason: Reason::of_keys(&error),
        what: error.to_string(),
        unknown: false,
    })?;
    if events.is_empty() {
        return Ok(());
    }
    let after = head.position - events.len() as Position;
    log.append(after, events).map_err(|error| Failed {
        reason: Reason::of_append(&error),
        what: error.to_string(),
        unknown: matches!(error, AppendError::Failed(_)),
    })?;
    // Before anybody sees them: whatever is durable can be proved.
    core.tree.append(events.iter().map(|event| proof::leaf(event)));
    core.publish(head);
    // A key store that fails here stops the next group; the erasure is in the log and repeated at every start.
    let mut erased = groups.iter().flat_map(|group| &group.erased);
    if let Err(error) = erased.try_for_each(|user| core.keys.erase(user)) {
        tracing::error!(%error, "a key of personal data could not be destroyed; it will be at the next start");
    }
    Ok(())
}

/// Answers the commands of groups that are durable up to the head, and whose events are these.
fn answer_all(core: &Core, head: Head, events: Vec<Bytes>, groups: Vec<Group>) {
    let mut position = head.position - events.len() as Position;
    let mut events = events.into_iter();
    for Part { events: count, answer: answered } in groups.into_iter().flat_map(|group| group.parts) {
        let events: Vec<Bytes> = events.by_ref().take(count).collect();
        position += events.len() as Position;
        let Some(Answered { to, settled }) = answered else { continue };
        let replied = settled.map(|settled| match settled {
            Settled::Done { secret } => Reply::Done { position, events, secret },
            Settled::Repeated(done) => Reply::Repeated(done),
        });
        answer(core, to, replied);
    }
}

/// Answers those whose commands were decided and are not durable.
fn refuse(core: &Core, groups: impl IntoIterator<Item = Group>, why: impl Fn() -> CommandError) {
    let parts = groups.into_iter().flat_map(|group| group.parts);
    parts.filter_map(|part| part.answer).for_each(|answered| answer(core, answered.to, Err(why())));
}

/// Counts and gives an answer. Whoever no longer waits for it needs none.
fn answer(core: &Core, to: Submission, result: Result<Reply>) {
    core.counters.command(match &result {
        Ok(Reply::Done { .. }) => Outcome::Done,
        Ok(Reply::Repeated(_)) => Outcome::Repeated,
        Err(error) => Outcome::of(error),
    });
    drop(to.reply.send(result));
}
