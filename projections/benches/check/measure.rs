//! Time, one question at a time and as a stream.

use std::fmt;
use std::hint::black_box;
use std::time::Instant;

/// Questions of a round, of each kind: first one by one, then others as a stream.
const PER_ROUND: usize = 10_000;
/// Questions of a stream that are timed together.
const STREAM: usize = 100;
pub const ROUNDS: usize = 10;
/// How many questions all rounds take.
pub const QUESTIONS: usize = 2 * PER_ROUND * ROUNDS;

/// One kind of question, and how long it took.
pub struct Row<'a> {
    pub what: &'static str,
    round: Box<dyn Fn(usize) -> (Vec<u32>, Vec<u32>) + 'a>,
    each: Vec<u32>,
    stream: Vec<u32>,
}

/// Nanoseconds.
#[derive(Clone, Copy)]
pub struct Times {
    /// Half of the questions take less, each asked when the one before is answered.
    pub median: f64,
    /// All but one in a hundred take less.
    pub p99: f64,
    /// Time per question where nothing keeps the processor from beginning with the next before one is answered.
    pub stream: f64,
}

impl<'a> Row<'a> {
    pub fn new<Q>(what: &'static str, questions: &'a [Q], ask: impl Fn(&Q) -> bool + 'a) -> Self {
        assert_eq!(questions.len(), QUESTIONS, "{what}");
        let round = move |round: usize| {
            let (one_by_one, stream) = questions[2 * round * PER_ROUND..].split_at(PER_ROUND);
            // Reading the clock waits for all loads before it, and keeps those after it waiting: a fence between questions.
            let each = one_by_one.iter().map(|question| {
                let began = Instant::now();
                black_box(ask(question));
                u32::try_from(began.elapsed().as_nanos()).unwrap_or(u32::MAX)
            });
            let each = each.collect();
            let stream = stream[..PER_ROUND].chunks_exact(STREAM).map(|questions| {
                let began = Instant::now();
                questions.iter().for_each(|question| _ = black_box(ask(question)));
                u32::try_from(began.elapsed().as_nanos()).unwrap_or(u32::MAX)
            });
            (each, stream.collect())
        };
        Self { what, round: Box::new(round), each: Vec::new(), stream: Vec::new() }
    }

    pub fn run(&mut self, round: usize) {
        let (each, stream) = (self.round)(round);
        self.each.extend(each);
        self.stream.extend(stream);
    }

    /// What reading the clock itself takes is left out.
    pub fn times(&mut self, clock: f64) -> Times {
        self.each.sort_unstable();
        self.stream.sort_unstable();
        let at = |percent: usize| f64::from(self.each[self.each.len() * percent / 100]) - clock;
        let stream = (f64::from(self.stream[self.stream.len() / 2]) - clock) / STREAM as f64;
        Times { median: at(50), p99: at(99), stream }
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0} | {:.0} | {:.0}", self.median, self.p99, self.stream)
    }
}

/// Runs the rows in turn, round by round, so that other work on the machine meets all of them alike.
pub fn run(rows: &mut [Row<'_>]) -> Vec<Times> {
    (0..ROUNDS).for_each(|round| rows.iter_mut().for_each(|row| row.run(round)));
    let clock = clock();
    rows.iter_mut().map(|row| row.times(clock)).collect()
}

/// What reading the clock twice takes.
fn clock() -> f64 {
    let mut nothing: Vec<u128> = (0..10_000).map(|_| Instant::now().elapsed().as_nanos()).collect();
    nothing.sort_unstable();
    nothing[nothing.len() / 2] as f64
}
