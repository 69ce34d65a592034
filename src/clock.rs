//! The only place that asks the time or makes ids. Everything else is told.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use uuid::{Builder, ContextV7, Timestamp, Uuid};

/// Where time and new ids come from. Clones share one clock.
#[derive(Debug, Clone)]
pub struct Clock {
    started: DateTime<Utc>,
    /// By how many microseconds the wall clock was ahead of the other when it was trusted last.
    ahead: Arc<AtomicI64>,
    source: Source,
}

/// Moves a manual clock.
#[derive(Debug, Clone)]
pub struct Hands(Arc<Mutex<Manual>>);

/// The wall clock was set while the node ran. One event stamped far in the future would spoil every later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the clock jumped by {} s while the node ran: if it is wrong now, set it right, and the node goes on; if it is right, \
     start the node anew with --clock-confirmed",
    .by.num_seconds()
)]
pub struct ClockJumped {
    /// How far; negative is back.
    pub by: TimeDelta,
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        let ids = Arc::new(Mutex::new(ContextV7::new()));
        Self { started: wall(), ahead: Arc::default(), source: Source::System(since_boot(), ids) }
    }

    /// A clock that stands still until it is moved, and whose ids are the same in every run.
    #[must_use]
    pub fn manual(start: DateTime<Utc>) -> (Self, Hands) {
        let started = start.trunc_subsecs(6);
        let manual = Arc::new(Mutex::new(Manual { wall: started, monotonic: Duration::ZERO, ids: 0 }));
        (Self { started, ahead: Arc::default(), source: Source::Manual(Arc::clone(&manual)) }, Hands(manual))
    }

    /// The time, in whole microseconds.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.source {
            Source::System(..) => wall(),
            Source::Manual(manual) => lock(manual).wall,
        }
    }

    /// Time that passed since the clock was made, however the wall clock was set meanwhile.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        match &self.source {
            Source::System(started, _) => since_boot().saturating_sub(*started),
            Source::Manual(manual) => lock(manual).monotonic,
        }
    }

    /// The time to judge by. While the wall clock keeps step it is the wall clock's; after a jump, the time before the
    /// jump and what has passed since: whatever the clock was set to has no say until somebody has confirmed it.
    #[must_use]
    pub fn trusted(&self) -> DateTime<Utc> {
        let (wall, by) = self.read();
        if by.abs() <= TOLERANCE {
            let micros = by.num_microseconds().unwrap_or_default();
            if self.ahead.load(Ordering::Relaxed) != micros {
                self.ahead.store(micros, Ordering::Relaxed);
            }
            return wall;
        }
        let before = TimeDelta::microseconds(self.ahead.load(Ordering::Relaxed));
        wall.checked_sub_signed(by - before).unwrap_or(wall)
    }

    /// A new id (UUID version 7): later than every id that this clock made before.
    #[must_use]
    pub fn new_id(&self) -> Uuid {
        let [id] = self.new_ids();
        id
    }

    /// The same, so many at one go.
    #[must_use]
    pub fn new_ids<const N: usize>(&self) -> [Uuid; N] {
        match &self.source {
            Source::System(_, ids) => {
                let now = since_1970();
                std::array::from_fn(|_| Uuid::new_v7(Timestamp::from_unix(&**ids, now.as_secs(), now.subsec_nanos())))
            }
            Source::Manual(manual) => {
                let mut manual = lock(manual);
                std::array::from_fn(|_| manual.next_id())
            }
        }
    }

    /// Whether the time may be written: the wall clock has kept step, to a minute, with the monotonic clock since the
    /// clock was made. To be asked before each write.
    ///
    /// # Errors
    /// When it has not. A virtual machine that stood still counts as a jump where its monotonic clock did too; one that
    /// slept does not on Linux.
    pub fn guard(&self) -> Result<(), ClockJumped> {
        let (_, by) = self.read();
        if by.abs() > TOLERANCE { Err(ClockJumped { by }) } else { Ok(()) }
    }

    /// This clock, whose wall clock somebody has found right: jumps count from here.
    #[must_use]
    pub fn confirmed(&self) -> Self {
        let (_, by) = self.read();
        let started = self.started.checked_add_signed(by).unwrap_or(self.started);
        Self { started, ahead: Arc::default(), source: self.source.clone() }
    }

    /// The wall clock, and by how much it is out of step.
    fn read(&self) -> (DateTime<Utc>, TimeDelta) {
        let (wall, monotonic) = match &self.source {
            Source::System(started, _) => (wall(), since_boot().saturating_sub(*started)),
            Source::Manual(manual) => {
                let manual = lock(manual);
                (manual.wall, manual.monotonic)
            }
        };
        (wall, (wall - self.started) - delta(monotonic))
    }
}

impl Hands {
    /// Time passes.
    pub fn advance(&self, by: Duration) {
        let mut manual = lock(&self.0);
        manual.monotonic = manual.monotonic.saturating_add(by);
        manual.set(delta(by));
    }

    /// Somebody sets the wall clock, forward or back, while no time passes.
    pub fn jump(&self, by: TimeDelta) {
        lock(&self.0).set(by);
    }
}

const TOLERANCE: TimeDelta = TimeDelta::minutes(1);

#[derive(Debug, Clone)]
enum Source {
    /// Where the monotonic clock stood at the start, and what keeps ids of one millisecond in order.
    System(Duration, Arc<Mutex<ContextV7>>),
    Manual(Arc<Mutex<Manual>>),
}

#[derive(Debug)]
struct Manual {
    wall: DateTime<Utc>,
    /// Since the start.
    monotonic: Duration,
    ids: u64,
}

impl Manual {
    fn set(&mut self, by: TimeDelta) {
        self.wall = self.wall.checked_add_signed(by).unwrap_or(DateTime::<Utc>::MAX_UTC).trunc_subsecs(6);
    }

    fn next_id(&mut self) -> Uuid {
        self.ids += 1;
        let millis = u64::try_from(self.wall.timestamp_millis()).unwrap_or_default();
        let mut count = [0; 10];
        for (to, from) in count.iter_mut().rev().zip(self.ids.to_le_bytes()) {
            *to = from;
        }
        Builder::from_unix_timestamp_millis(millis, &count).into_uuid()
    }
}

fn wall() -> DateTime<Utc> {
    #[expect(clippy::disallowed_methods, reason = "this file is where the time is asked")]
    Utc::now().trunc_subsecs(6)
}

/// What no hand sets, and what goes on while the machine sleeps.
#[cfg(target_os = "linux")]
fn since_boot() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Duration::new(u64::try_from(now.tv_sec).unwrap_or_default(), u32::try_from(now.tv_nsec).unwrap_or_default())
}

#[cfg(not(target_os = "linux"))]
fn since_boot() -> Duration {
    use std::sync::LazyLock;
    use std::time::Instant;
    static FIRST: LazyLock<Instant> = LazyLock::new(Instant::now);
    FIRST.elapsed()
}

fn since_1970() -> Duration {
    #[expect(clippy::disallowed_methods, reason = "this file is where the time is asked")]
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Beyond 292 million years: as long as can be.
fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

fn lock(manual: &Mutex<Manual>) -> MutexGuard<'_, Manual> {
    manual.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> DateTime<Utc> {
        "2026-03-01T09:30:00.123456789Z".parse().unwrap()
    }

    #[test]
    fn a_manual_clock_moves_when_told() {
        let (clock, hands) = Clock::manual(start());
        let clone = clock.clone();
        assert_eq!(clock.now().to_string(), "2026-03-01 09:30:00.123456 UTC");
        hands.advance(Duration::from_nanos(86_400_000_001_999));
        hands.jump(TimeDelta::seconds(-1));
        assert_eq!(clone.now().to_string(), "2026-03-02 09:29:59.123457 UTC");
        hands.advance(Duration::MAX);
        assert_eq!(clock.now(), DateTime::<Utc>::MAX_UTC.trunc_subsecs(6));
    }

    /// What the clock was set by, with an hour between each; and by how much that was too far.
    #[test]
    fn jumps() {
        let check = |jumps: &[i64], want: Option<i64>| {
            let (clock, hands) = Clock::manual(start());
            for jump in jumps {
                hands.jump(TimeDelta::seconds(*jump));
                hands.advance(Duration::from_secs(3600));
            }
            let by = clock.guard().err().map(|jumped| jumped.by.num_seconds());
            assert_eq!(by, want, "{jumps:?}");
        };
        check(&[], None);
        check(&[0; 48], None);
        check(&[60], None);
        check(&[61], Some(61));
        check(&[-60], None);
        check(&[-61], Some(-61));
        check(&[40, 40], Some(80));
        check(&[3600, -3600], None);
    }

    /// What is judged by after jumps, with a minute between each: as if they had not been, unless they are small.
    #[test]
    fn a_jump_has_no_say_in_what_is_judged() {
        let check = |jumps: &[i64], want: i64| {
            let (clock, hands) = Clock::manual(start());
            let begun = clock.trusted();
            for jump in jumps {
                hands.jump(TimeDelta::seconds(*jump));
                hands.advance(Duration::from_secs(60));
                let _seen = clock.trusted();
            }
            let passed = clock.trusted() - begun - TimeDelta::minutes(jumps.len() as i64);
            assert_eq!(passed.num_seconds(), want, "{jumps:?}");
        };
        check(&[], 0);
        check(&[30], 30);
        check(&[86_400], 0);
        check(&[-86_400], 0);
        check(&[30, 86_400], 30);
        check(&[-30, -86_400, 60], -30);
        check(&[86_400, -86_400], 0);
        check(&[30, 86_400, -86_400, 15], 45);
    }

    #[test]
    fn ids_are_new_sorted_and_version_7() {
        let (manual, hands) = Clock::manual(start());
        let (again, _) = Clock::manual(start());
        assert_eq!(manual.new_id(), again.new_id());
        for clock in [Clock::system(), manual] {
            let ids: Vec<_> = (0..1000)
                .map(|_| {
                    hands.advance(Duration::from_micros(100));
                    clock.new_id()
                })
                .collect();
            assert!(ids.iter().zip(ids.iter().skip(1)).all(|(one, next)| one < next));
            assert!(ids.iter().all(|id| id.get_version_num() == 7));
        }
    }

    #[test]
    fn the_system_clock_gives_whole_microseconds_and_keeps_step() {
        let clock = Clock::system();
        let (one, next) = (clock.now(), clock.now());
        assert!(one <= next && one.timestamp_subsec_nanos() % 1000 == 0);
        assert_eq!(clock.guard(), Ok(()));
    }
}
