//! The contract of the log: one suite, run for every implementation.

use std::{
    ops::ControlFlow,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use proptest::prelude::*;
use tempfile::TempDir;
use tenure::log::{
    APPEND_LIMIT, AppendError, EVENT_LIMIT, FileLog, FileOptions, Log, LogReader, MemoryLog, OpenReport, Position,
    Stored,
};
use uuid::Uuid;

pub const LOG_ID: Uuid = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0001);

/// What the header of a segment, and each frame, is filled up to a multiple of.
pub const BLOCK: u64 = 4096;

/// Segments so small that two appends fill one.
pub const SMALL: FileOptions = FileOptions { segment_bytes: 3 * BLOCK };

/// Runs a check on an empty log of each kind.
fn every_log(check: impl Fn(Log)) {
    check(Log::Memory(MemoryLog::new()));
    for options in [SMALL, FileOptions::default()] {
        let folder = TempDir::new().unwrap();
        check(Log::Files(FileLog::create(folder.path(), LOG_ID, options).unwrap()));
    }
}

/// The event that stands at a position in these tests, of 0 to 99 bytes.
pub fn event(position: Position) -> Vec<u8> {
    position.to_le_bytes().into_iter().cycle().take((position * 37 % 100) as usize).collect()
}

/// Appends the next `count` events.
pub fn append(log: &mut Log, count: u64) {
    let head = log.head();
    let events: Vec<_> = (head + 1..=head + count).map(event).collect();
    assert_eq!(log.append(head, &events).unwrap(), head + count);
}

/// All that a reader sees, and that both ways of reading agree on it.
pub fn all(reader: &LogReader) -> Vec<Vec<u8>> {
    let read = reader.read(1, usize::MAX).unwrap();
    let mut scanned = Vec::new();
    reader
        .scan(0, |position, bytes| {
            scanned.push(Stored { position, bytes: bytes.into() });
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(read, scanned);
    assert_eq!(read.iter().map(|stored| stored.position).collect::<Vec<_>>(), (1..=reader.head()).collect::<Vec<_>>());
    read.into_iter().map(|stored| stored.bytes.to_vec()).collect()
}

/// A log holds exactly the first `head` events of these tests.
pub fn holds(reader: &LogReader, head: Position) {
    assert_eq!(reader.head(), head);
    assert_eq!(all(reader), (1..=head).map(event).collect::<Vec<_>>());
}

pub fn open(folder: &Path, options: FileOptions) -> (Log, OpenReport) {
    let (log, report) = FileLog::open(folder, LOG_ID, options).unwrap();
    (Log::Files(log), report)
}

#[test]
fn an_empty_log_is_at_zero() {
    every_log(|log| {
        assert_eq!(log.head(), 0);
        holds(&log.reader(), 0);
    });
}

#[test]
fn what_is_appended_comes_back_in_order_and_unchanged() {
    every_log(|mut log| {
        let reader = log.reader();
        for count in [1, 2, 1, 300, 1, 7, 1000] {
            append(&mut log, count);
            assert_eq!(reader.head(), log.head());
        }
        holds(&reader, 1312);
        holds(&log.reader().clone(), 1312);
    });
}

#[test]
fn only_the_head_can_be_followed() {
    every_log(|mut log| {
        append(&mut log, 3);
        for wrong in [0, 2, 4, u64::MAX] {
            let too_large = vec![0; EVENT_LIMIT + 1];
            for events in [vec![], vec![event(4)], vec![too_large]] {
                match log.append(wrong, &events) {
                    Err(AppendError::Conflict { expected, head: 3 }) => assert_eq!(expected, wrong),
                    other => panic!("{other:?}"),
                }
            }
        }
        holds(&log.reader(), 3);
        append(&mut log, 1);
        holds(&log.reader(), 4);
    });
}

#[test]
fn nothing_can_be_appended() {
    every_log(|mut log| {
        append(&mut log, 0);
        append(&mut log, 2);
        append(&mut log, 0);
        holds(&log.reader(), 2);
    });
}

#[test]
fn an_event_has_a_limit() {
    every_log(|mut log| {
        let largest = vec![7; EVENT_LIMIT];
        let events = [largest.clone(), vec![], vec![0; EVENT_LIMIT + 1]];
        match log.append(0, &events) {
            Err(AppendError::TooLarge { index: 2, size, limit: EVENT_LIMIT }) => assert_eq!(size, EVENT_LIMIT + 1),
            other => panic!("{other:?}"),
        }
        holds(&log.reader(), 0);
        assert_eq!(log.append(0, &events[..2]).unwrap(), 2);
        assert_eq!(all(&log.reader()), [largest, vec![]]);
    });
}

#[test]
fn an_append_has_a_limit() {
    every_log(|mut log| {
        let mut events = vec![vec![1; EVENT_LIMIT - 4]; APPEND_LIMIT / EVENT_LIMIT];
        events.push(vec![]);
        match log.append(0, &events) {
            Err(AppendError::AppendTooLarge { size, limit: APPEND_LIMIT }) => assert_eq!(size, APPEND_LIMIT + 4),
            other => panic!("{other:?}"),
        }
        events.pop();
        assert_eq!(log.append(0, &events).unwrap(), events.len() as u64);
        assert_eq!(all(&log.reader()), events);
    });
}

#[test]
fn any_page_can_be_read() {
    every_log(|mut log| {
        for count in [5, 1, 4] {
            append(&mut log, count);
        }
        let reader = log.reader();
        let check = |from, max, expected: &[Position]| {
            let read = reader.read(from, max).unwrap();
            assert_eq!(read.iter().map(|stored| stored.position).collect::<Vec<_>>(), expected);
            assert!(read.iter().all(|stored| *stored.bytes == *event(stored.position)));
        };
        check(0, 2, &[1, 2]);
        check(1, 2, &[1, 2]);
        check(3, 0, &[]);
        check(4, 3, &[4, 5, 6]);
        check(6, 1, &[6]);
        check(7, 1, &[7]);
        check(9, usize::MAX, &[9, 10]);
        check(10, 5, &[10]);
        check(11, 5, &[]);
        check(u64::MAX, 5, &[]);
    });
}

#[test]
fn a_scan_breaks_off_when_told_and_ends_at_the_head_it_began_with() {
    every_log(|mut log| {
        append(&mut log, 3);
        append(&mut log, 3);
        let reader = log.reader();
        let mut seen = Vec::new();
        let visit = |position, _: &[u8]| {
            seen.push(position);
            if position == 4 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        reader.scan(2, visit).unwrap();
        assert_eq!(seen, [2, 3, 4]);

        let mut seen = 0;
        let visit = |_, _: &[u8]| {
            append(&mut log, 2);
            seen += 1;
            ControlFlow::Continue(())
        };
        reader.scan(1, visit).unwrap();
        assert_eq!(seen, 6);
        holds(&reader, 18);
    });
}

#[test]
fn readers_go_on_while_events_are_appended_and_outlive_the_appender() {
    every_log(|mut log| {
        let (begun, acknowledged) = (AtomicU64::new(0), AtomicU64::new(0));
        let reader = log.reader();
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while acknowledged.load(Ordering::SeqCst) < 600 {
                        let at_least = acknowledged.load(Ordering::SeqCst);
                        let head = reader.head();
                        let at_most = begun.load(Ordering::SeqCst);
                        assert!(at_least <= head && head <= at_most, "{at_least} {head} {at_most}");
                        let from = head.saturating_sub(20);
                        let read = reader.read(from, 21).unwrap();
                        assert!(read.last().map_or(0, |stored| stored.position) >= head);
                        assert!(read.iter().all(|stored| *stored.bytes == *event(stored.position)));
                    }
                });
            }
            while log.head() < 600 {
                let count = 1 + log.head() % 7;
                begun.store(log.head() + count, Ordering::SeqCst);
                append(&mut log, count);
                acknowledged.store(log.head(), Ordering::SeqCst);
            }
        });
        let head = log.head();
        drop(log);
        holds(&reader, head);
    });
}

#[test]
fn a_log_of_files_is_there_when_opened_again() {
    for options in [SMALL, FileOptions::default()] {
        for close in [true, false] {
            let folder = TempDir::new().unwrap();
            let path = folder.path().join("deep").join("log");
            FileLog::create(&path, LOG_ID, options).unwrap();
            for round in 0..9 {
                let (mut log, report) = open(&path, options);
                assert_eq!((report.head, report.cut, report.closed), (round * 5, None, close && round > 0));
                holds(&log.reader(), round * 5);
                append(&mut log, 2);
                append(&mut log, 3);
                if close {
                    log.close().unwrap();
                }
            }
            let (reader, report) = FileLog::open_read_only(&path, LOG_ID).unwrap();
            holds(&reader, 45);
            assert_eq!(report.segments > 1, options == SMALL);
        }
    }
}

/// What a user of a log may do.
#[derive(Clone, Debug)]
enum Act {
    Append(Vec<Vec<u8>>),
    Read(u64, usize),
    /// Only what outlives its process can be opened again; closed before or not.
    Reopen(bool),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let bytes = prop_oneof![9 => prop::collection::vec(any::<u8>(), 0..200), 1 => Just(vec![9; EVENT_LIMIT])];
    let act = prop_oneof![
        6 => prop::collection::vec(bytes, 0..9).prop_map(Act::Append),
        3 => (0..40u64, 0..9usize).prop_map(|(from, max)| Act::Read(from, max)),
        1 => any::<bool>().prop_map(Act::Reopen),
    ];
    prop::collection::vec(act, 0..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn every_log_behaves_like_a_list(acts in acts(), segment_bytes in 0..40_000u64) {
        let folder = TempDir::new().unwrap();
        let options = FileOptions { segment_bytes };
        let mut files = Some(Log::Files(FileLog::create(folder.path(), LOG_ID, options).unwrap()));
        let mut memory = Log::Memory(MemoryLog::new());
        let mut list: Vec<Vec<u8>> = Vec::new();
        let mut noted = None;
        for act in acts {
            let files = &mut files;
            match act {
                Act::Append(events) => {
                    for log in [&mut memory, files.as_mut().unwrap()] {
                        let head = list.len() as u64;
                        prop_assert_eq!(log.append(head, &events).unwrap(), head + events.len() as u64);
                    }
                    list.extend(events);
                }
                Act::Read(from, max) => {
                    for log in [&memory, files.as_ref().unwrap()] {
                        let read = log.reader().read(from, max).unwrap();
                        let expected: Vec<_> = (1..).zip(&list).filter(|(position, _)| *position >= from).take(max).collect();
                        prop_assert_eq!(read.len(), expected.len());
                        let same = read.iter().zip(expected).all(|(stored, (at, bytes))| stored.position == at && *stored.bytes == **bytes);
                        prop_assert!(same);
                    }
                }
                Act::Reopen(close) => {
                    let log = files.take().unwrap();
                    if close { log.close().unwrap() } else { drop(log) }
                    let (log, report) = open(folder.path(), options);
                    noted = if close { Some(list.len()) } else { noted };
                    prop_assert_eq!(report.closed, noted == Some(list.len()));
                    *files = Some(log);
                }
            }
        }
        prop_assert_eq!(&all(&memory.reader()), &list);
        prop_assert_eq!(&all(&files.unwrap().reader()), &list);
    }
}
