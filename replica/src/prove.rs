//! What is read of the stream becomes part of the state once it is proved: it follows the event before it, and the node
//! signed the hash at a position that is not before it. Until then nobody sees it, and no checkpoint has it.

use std::collections::VecDeque;
use std::sync::Arc;

use tenure_events::{Broken, Envelope, Epoch, Follower, Hash, Head, InvalidEvent, Position, schema};
use tenure_projections::State;
use tokio::sync::watch;
use uuid::Uuid;

use crate::beats::{self, Beats};
use crate::changes::{Changed, Told};
use crate::checkpoint::{self, Checkpoints, Loaded};
use crate::core::{Core, Known};
use crate::fault::Fault;
use crate::follow::{Batch, Reading, Received, Start};
use crate::lag::Beat;

/// So many ends of commands are remembered for heartbeats that come after the events.
const ENDS: usize = 65_536;

/// What was wrong is mended once so many heartbeats came since the stream is read anew, and nothing went wrong.
const CALM: u32 = 2;

pub struct Prover {
    core: Arc<Core>,
    log: Uuid,
    beats: Arc<Beats>,
    checkpoints: Option<Checkpoints>,
    /// So many events are held until they are signed.
    hold: usize,
    /// The state that is made: the one that is shown, but after a fault perhaps another.
    known: Arc<Known>,
    follower: Follower,
    /// What the node signed, as far as it is read.
    proven: Head,
    /// How far the state is made.
    installed: Position,
    /// How far it was shown at most.
    shown: Head,
    /// The epoch in which the node signed that.
    epoch: Epoch,
    /// Events that are not installed.
    held: VecDeque<Envelope>,
    /// Where commands end that are not proved.
    ends: VecDeque<Head>,
    /// What the node signed and is not read yet.
    signed: VecDeque<Beat>,
    reading: u64,
    readings: watch::Sender<Reading>,
    /// Whether this reading was found to go on from what is proved.
    anchored: bool,
    /// Heartbeats since this reading began.
    calm: u32,
    /// Commands to tell of once they can be seen, and how many more there are.
    told: Vec<Told>,
    many: u64,
}

impl Prover {
    pub fn new(start: Start, readings: watch::Sender<Reading>) -> Self {
        let Start { core, known, head, log, beats, checkpoints, hold } = start;
        let epoch = core.progress.proved().map_or(0, |beat| beat.epoch);
        Self {
            core,
            log,
            beats,
            checkpoints,
            hold,
            known,
            follower: Follower::new(log, head),
            proven: head,
            installed: head.position,
            shown: head,
            epoch,
            held: VecDeque::new(),
            ends: VecDeque::new(),
            signed: VecDeque::new(),
            reading: 0,
            readings,
            anchored: head.position == 0,
            calm: 0,
            told: Vec::new(),
            many: 0,
        }
    }

    /// Takes what may be the next events.
    ///
    /// # Errors
    /// It is not.
    pub fn batch(&mut self, reading: u64, batch: Batch) -> Result<(), Fault> {
        if reading != self.reading {
            return Ok(());
        }
        let taken = batch.into_iter().try_for_each(|received| self.take(received));
        self.install_what_is_too_much();
        taken
    }

    /// Tells whether more is read than the node signed.
    pub fn note_unsigned(&self) {
        let last = self.follower.head().position;
        self.core.progress.unsigned((last > self.proven.position && self.signed.is_empty()).then_some(last));
    }

    /// Takes what the node said.
    ///
    /// # Errors
    /// It contradicts what was read.
    pub fn beats(&mut self) -> Result<(), Fault> {
        self.beats.take().into_iter().try_for_each(|beat| self.beat(beat).map_err(|fault| self.of_epoch(fault, &beat)))
    }

    fn take(&mut self, Received { sequence, message, event }: Received) -> Result<(), Fault> {
        let hash = Hash::of(&message.payload);
        self.follow(sequence, &message.payload, hash, event)
    }

    fn follow(
        &mut self,
        sequence: Position,
        bytes: &[u8],
        hash: Hash,
        event: Result<Envelope, InvalidEvent>,
    ) -> Result<(), Fault> {
        let head = *self.follower.head();
        // Where reading begins again, the event before is read again: the stream must be the same.
        if sequence == head.position {
            self.anchored |= hash == head.hash;
            return if hash == head.hash { Ok(()) } else { Err(Fault::OtherHistory { position: sequence }) };
        }
        let position = head.position + 1;
        if sequence != position {
            return Err(Fault::Missing { expected: position, found: sequence });
        }
        let envelope = event.map_err(|error| invalid(position, bytes, &error))?;
        self.follower.follow(&envelope, hash).map_err(|source| match source {
            Broken::OtherLog(found) => Fault::OtherLog { wanted: self.log, found },
            source @ (Broken::Position(_)
            | Broken::Epoch { .. }
            | Broken::Hash { .. }
            | Broken::Command { .. }
            | Broken::Time { .. }
            | Broken::Twin(_)) => Fault::Broken { position, source },
        })?;
        self.anchored = true;
        self.held.push_back(envelope);
        if position == self.shown.position && hash != self.shown.hash {
            return Err(Fault::OtherHistory { position });
        }
        if self.follower.is_whole() {
            if self.ends.len() == ENDS {
                self.ends.pop_front();
            }
            self.ends.push_back(*self.follower.head());
        }
        self.compare(position)
    }

    /// Compares what is read up to a position with what the node signed.
    fn compare(&mut self, position: Position) -> Result<(), Fault> {
        while let Some(beat) = self.signed.front().copied().filter(|beat| beat.position <= position) {
            let head = *self.follower.head();
            if beat.position != head.position || beat.hash != head.hash || !self.follower.is_whole() {
                return Err(Fault::Forged { position: beat.position });
            }
            self.signed.pop_front();
            self.prove(head, beat);
        }
        Ok(())
    }

    fn beat(&mut self, beat: Beat) -> Result<(), Fault> {
        let Beat { position, hash, .. } = beat;
        self.calm = self.calm.saturating_add(1);
        let proved = self.shown.position.max(self.proven.position);
        if position < proved {
            return Err(Fault::WentBack { position, proved });
        }
        if position == self.shown.position && hash != self.shown.hash {
            return Err(Fault::OtherHistory { position });
        }
        if position > self.follower.head().position {
            // One says the same again and again while the stream takes nothing; the newest says since when no more.
            match self.signed.back_mut().filter(|last| (last.position, last.hash) == (position, hash)) {
                Some(last) => *last = beat,
                None => beats::add(&mut self.signed, beat),
            }
            return Ok(());
        }
        if position == self.proven.position {
            self.core.progress.prove(beat);
            self.heal();
            return Ok(());
        }
        match self.ends.binary_search_by_key(&position, |end| end.position) {
            Ok(found) => match self.ends.get(found).copied().filter(|end| end.hash == hash) {
                Some(end) => {
                    self.prove(end, beat);
                    Ok(())
                }
                None => Err(Fault::Forged { position }),
            },
            // Forgotten: a later one proves it.
            Err(0) if self.ends.len() == ENDS => Ok(()),
            Err(_) => Err(Fault::Forged { position }),
        }
    }

    /// What it means that the node contradicts what was proved: in a later epoch it was restored from a backup meanwhile.
    fn of_epoch(&self, fault: Fault, beat: &Beat) -> Fault {
        let contradicts = match &fault {
            Fault::WentBack { .. } | Fault::OtherHistory { .. } => true,
            Fault::UnknownType { .. }
            | Fault::Invalid { .. }
            | Fault::Broken { .. }
            | Fault::Missing { .. }
            | Fault::OtherLog { .. }
            | Fault::Forged { .. }
            | Fault::PastEpoch { .. }
            | Fault::Closed => false,
        };
        if contradicts && beat.epoch > self.epoch {
            return Fault::PastEpoch { position: self.shown.position, epoch: beat.epoch };
        }
        fault
    }

    /// The node signed what is read up to the end of a command: it is installed and shown.
    fn prove(&mut self, head: Head, beat: Beat) {
        self.install(head.position);
        self.proven = head;
        while self.ends.front().is_some_and(|end| end.position <= head.position) {
            self.ends.pop_front();
        }
        if head.position >= self.shown.position {
            self.shown = head;
            self.core.show(&self.known, &head);
        }
        // In this order: what calls itself so old is so old, and whoever was woken finds it so.
        self.epoch = self.epoch.max(beat.epoch);
        self.core.progress.prove(beat);
        self.core.wake();
        self.tell();
        self.heal();
    }

    /// Tells of what can be seen now. That nobody listens any more is no fault.
    fn tell(&mut self) {
        let many = std::mem::take(&mut self.many);
        let many = (many > 0).then_some(Told::Many(many));
        for told in many.into_iter().chain(self.told.drain(..)) {
            drop(self.core.changes.send(Arc::new(told)));
        }
    }

    /// Installs what is held up to the end of a command.
    fn install(&mut self, end: Position) {
        let is_listened = self.core.changes.receiver_count() > 0;
        let mut command = Vec::new();
        while let Some(envelope) = self.held.pop_front_if(|envelope| envelope.position <= end) {
            self.known.state.install(&envelope);
            self.installed = envelope.position;
            let is_last = envelope.index + 1 == envelope.count;
            if is_listened && envelope.position > self.shown.position {
                command.push(envelope);
                if is_last {
                    let changed = Changed { events: std::mem::take(&mut command) };
                    self.told.push(Told::Command(Arc::new(changed)));
                }
            }
        }
    }

    /// Behind what is shown there is room.
    fn install_what_is_too_much(&mut self) {
        if self.held.len() > self.hold
            && let Some(end) = self.ends.back().map(|end| end.position)
        {
            self.install(end);
            self.many += self.told.len() as u64;
            self.told.clear();
        }
    }

    /// All that the node said is shown, and the stream goes on from what was proved.
    fn heal(&self) {
        if self.anchored && self.calm >= CALM && self.signed.is_empty() && self.proven.position >= self.shown.position {
            self.core.heal();
        }
    }

    /// Something is wrong: what is not proved is thrown away, and read again.
    pub fn begin_anew(&mut self, fault: Fault) {
        self.core.fail(fault);
        self.held.clear();
        self.ends.clear();
        self.many = 0;
        if self.installed > self.proven.position {
            self.make_anew();
        }
        self.follower = Follower::new(self.log, self.proven);
        self.signed.retain(|beat| beat.position > self.proven.position);
        (self.anchored, self.calm) = (self.proven.position == 0, 0);
        self.reading += 1;
        self.readings.send_replace(Reading { number: self.reading, after: self.proven.position });
    }

    /// Another state, for what was installed cannot be taken out. What is shown stays until that one is as far.
    fn make_anew(&mut self) {
        let loaded = self.checkpoints.as_mut().and_then(|checkpoints| {
            checkpoints.settle();
            checkpoint::load(&checkpoints.path).ok().flatten().filter(|loaded| loaded.log == self.log)
        });
        let (state, head) = match loaded {
            Some(Loaded { state, head, .. }) if head.position <= self.shown.position => (state, head),
            Some(_) | None => (State::without_digest(), Head::START),
        };
        self.known = Arc::new(Known::new(state, &head));
        (self.proven, self.installed) = (head, head.position);
        if self.shown.position == head.position {
            self.core.show(&self.known, &head);
        }
    }

    /// Writes a checkpoint if it is time, and all that is installed is proved and shown.
    pub fn checkpoint(&mut self) {
        if self.is_level()
            && let Some(checkpoints) = &mut self.checkpoints
        {
            checkpoints.perhaps(&self.core, &self.known, self.log, self.proven);
        }
    }

    /// Writes the last one. Where something lies behind what is proved, the one before is as good as any.
    pub fn finish(mut self) {
        let is_level = self.is_level();
        if let Some(mut checkpoints) = self.checkpoints.take() {
            if is_level {
                checkpoints.finish(&self.core, &self.known, self.log, self.proven);
            } else {
                checkpoints.settle();
            }
        }
    }

    fn is_level(&self) -> bool {
        self.installed == self.proven.position && self.proven.position == self.shown.position
    }
}

/// What is wrong with bytes that are no event of this version.
fn invalid(position: Position, bytes: &[u8], error: &InvalidEvent) -> Fault {
    let event: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
    match event.get("type").and_then(serde_json::Value::as_str) {
        Some(kind) if schema::of(kind).is_none() => Fault::UnknownType { position, kind: kind.to_owned() },
        Some(_) | None => Fault::Invalid { position, reason: error.to_string() },
    }
}
