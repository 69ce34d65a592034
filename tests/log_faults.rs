//! What a disk and a mistake can do to a log of files, on real files.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    ops::ControlFlow,
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
};

use proptest::prelude::*;
use tempfile::TempDir;
use tenure::log::{Cut, Damage, Damaged, FileLog, FileOptions, Log, OpenError, Position, ReadError};
use uuid::Uuid;

use crate::log_contract::{BLOCK, LOG_ID, SMALL, append, event, holds, open};

const SEGMENT_HEADER: u64 = BLOCK;

/// Where one append lies on the disk.
#[derive(Clone, Debug)]
struct Frame {
    file: PathBuf,
    start: u64,
    end: u64,
    last: Position,
}

/// A log and where each append of it lies.
struct Built {
    folder: TempDir,
    frames: Vec<Frame>,
}

impl Built {
    /// A log of so many events in each append.
    fn new(counts: &[u64], options: FileOptions, close: bool) -> Built {
        let folder = TempDir::new().unwrap();
        let mut log = Log::Files(FileLog::create(folder.path(), LOG_ID, options).unwrap());
        let mut frames: Vec<Frame> = Vec::new();
        for count in counts {
            append(&mut log, *count);
            let file = segments(folder.path()).pop().unwrap();
            let start = frames.last().filter(|frame| frame.file == file).map_or(SEGMENT_HEADER, |frame| frame.end);
            let end = file.metadata().unwrap().len();
            frames.push(Frame { file, start, end, last: log.head() });
        }
        if close {
            log.close().unwrap();
        }
        Built { folder, frames }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn last(&self) -> &Frame {
        self.frames.last().unwrap()
    }

    /// The frame of a byte; `None` in a segment's header.
    fn frame_at(&self, file: &Path, offset: u64) -> Option<&Frame> {
        self.frames.iter().find(|frame| frame.file == file && (frame.start..frame.end).contains(&offset))
    }

    /// Bytes of a file that are told apart: all of the header and of each frame, and some of what fills them up.
    fn places(&self, file: &Path) -> Vec<u64> {
        let bytes = fs::read(file).unwrap();
        let mut places: Vec<u64> =
            (0..40).chain((40..SEGMENT_HEADER).step_by(131)).chain([SEGMENT_HEADER - 1]).collect();
        for Frame { start, end, .. } in self.frames.iter().filter(|frame| frame.file == file) {
            let length = &bytes[*start as usize + 20..][..4];
            let events = start + 24 + u64::from(u32::from_le_bytes(length.try_into().unwrap()));
            places.extend((*start..events).chain((events..*end).step_by(131)).chain([end - 1]));
        }
        places
    }

    /// The head of the log if it ended at a byte of its last segment.
    fn head_until(&self, offset: u64) -> Position {
        let last = &self.last().file;
        self.frames
            .iter()
            .filter(|frame| frame.file != *last || frame.end <= offset)
            .map(|frame| frame.last)
            .max()
            .unwrap_or(0)
    }

    fn verify(&self) -> Result<(Position, Option<Cut>), OpenError> {
        let (reader, report) = FileLog::open_read_only(self.path(), LOG_ID)?;
        holds(&reader, report.head);
        Ok((report.head, report.cut))
    }

    /// Both ways of opening refuse the log with this damage, and leave it as it is.
    fn refused(&self, file: &Path, offset: u64, damage: Option<Damage>) {
        let before = contents(self.path());
        for error in [self.verify().unwrap_err(), FileLog::open(self.path(), LOG_ID, SMALL).unwrap_err()] {
            let OpenError::Damaged(found) = &error else { panic!("{error}") };
            assert_eq!((found.file.as_path(), found.offset), (file, offset), "{error}");
            assert!(damage.is_none_or(|damage| damage == found.damage), "{error}");
            assert!(error.to_string().contains(&format!("`{}` is damaged at byte {offset}", file.display())));
        }
        assert_eq!(contents(self.path()), before);
    }
}

pub fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "seg"));
    files.sort();
    files
}

/// The position in a segment's name.
fn first(segment: &Path) -> Position {
    segment.file_stem().unwrap().to_str().unwrap().parse().unwrap()
}

pub fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    segments(folder).into_iter().map(|file| (file.clone(), fs::read(file).unwrap())).collect()
}

fn truncate(file: &Path, length: u64) {
    OpenOptions::new().write(true).open(file).unwrap().set_len(length).unwrap();
}

fn extend(file: &Path, bytes: &[u8]) {
    OpenOptions::new().append(true).open(file).unwrap().write_all(bytes).unwrap();
}

fn flip(file: &Path, offset: u64, mask: u8) {
    let file = OpenOptions::new().read(true).write(true).open(file).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, offset).unwrap();
    file.write_all_at(&[byte[0] ^ mask], offset).unwrap();
}

/// Two segments and more, the last with more than one frame.
const COUNTS: [u64; 8] = [3, 4, 1, 4, 5, 2, 2, 2];

/// The log as it is, then with one byte changed, then as it was.
fn check_flip(built: &Built, closed: bool, file: &Path, offset: u64, mask: u8) {
    flip(file, offset, mask);
    match built.frame_at(file, offset) {
        None if offset < 40 => built.refused(file, 0, Some(Damage::Header)),
        None => built.refused(file, 0, Some(Damage::Filling)),
        Some(frame) if frame.last < built.last().last || closed => built.refused(file, frame.start, None),
        Some(Frame { start, end, .. }) => {
            let cut = Cut { segment: file.to_owned(), offset: *start, bytes: end - start };
            assert_eq!(built.verify().unwrap(), (built.head_until(*start), Some(cut)));
        }
    }
    flip(file, offset, mask);
}

/// The log with one segment cut off at a byte, and then as it was.
fn check_truncation(built: &Built, file: &Path, length: u64) {
    let whole = fs::read(file).unwrap();
    truncate(file, length);
    let last = &built.last().file;
    let torn = built.frame_at(file, length).filter(|frame| frame.start < length);
    let next = segments(built.path()).into_iter().find(|segment| segment.as_path() > file);
    match (torn, next) {
        _ if length < SEGMENT_HEADER => built.refused(file, 0, Some(Damage::Header)),
        (Some(frame), Some(_)) => built.refused(file, frame.start, Some(Damage::Incomplete)),
        (None, Some(next)) if length < whole.len() as u64 => built.refused(&next, 0, None),
        (None, Some(_)) => assert_eq!(built.verify().unwrap(), (built.last().last, None)),
        (torn, None) => {
            let cut = torn.map(|frame| Cut { segment: last.clone(), offset: frame.start, bytes: length - frame.start });
            assert_eq!(built.verify().unwrap(), (built.head_until(length), cut));
        }
    }
    fs::write(file, whole).unwrap();
}

#[test]
fn one_changed_byte_anywhere_is_found_with_its_place() {
    for closed in [false, true] {
        let built = Built::new(&COUNTS, SMALL, closed);
        assert!(segments(built.path()).len() > 2 && built.last().start > SEGMENT_HEADER);
        for file in segments(built.path()) {
            for offset in built.places(&file) {
                check_flip(&built, closed, &file, offset, 1 << (offset % 8));
                check_flip(&built, closed, &file, offset, 0xFF);
            }
        }
    }
}

#[test]
fn a_segment_that_ends_anywhere_keeps_exactly_the_whole_appends_or_is_refused() {
    let built = Built::new(&COUNTS, SMALL, false);
    for file in segments(built.path()) {
        for length in built.places(&file).into_iter().chain([file.metadata().unwrap().len()]) {
            check_truncation(&built, &file, length);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn whatever_was_appended_one_fault_is_found_or_harmless(
        counts in prop::collection::vec(1..30u64, 1..12),
        segment_bytes in 0..50_000u64,
        closed in any::<bool>(),
        file in any::<prop::sample::Index>(),
        places in prop::collection::vec((any::<prop::sample::Index>(), 1..=255u8), 8),
    ) {
        let built = Built::new(&counts, FileOptions { segment_bytes }, closed);
        let files = segments(built.path());
        let file = file.get(&files);
        for (place, mask) in places {
            let offset = place.index(file.metadata().unwrap().len() as usize) as u64;
            check_flip(&built, closed, file, offset, mask);
            if !closed {
                check_truncation(&built, file, offset);
            }
        }
    }

    #[test]
    fn a_torn_tail_is_cut_and_appending_goes_on(
        counts in prop::collection::vec(1..9u64, 1..6),
        segment_bytes in 0..30_000u64,
        garbage in prop::collection::vec(prop_oneof![Just(0u8), any::<u8>()], 0..300),
        place in any::<prop::sample::Index>(),
    ) {
        let options = FileOptions { segment_bytes };
        let built = Built::new(&counts, options, false);
        let Frame { file, start, end, .. } = built.last();
        truncate(file, start + place.index((end - start) as usize) as u64);
        extend(file, &garbage);
        let bytes = file.metadata().unwrap().len() - start;
        // Garbage that happens to be what was cut off makes the frame whole again.
        prop_assume!(built.verify().unwrap().0 == built.head_until(*start));
        let tail = fs::read(file).unwrap().split_off(*start as usize);

        let (mut log, report) = open(built.path(), options);
        let cut = Cut { segment: file.clone(), offset: *start, bytes };
        prop_assert_eq!(report.cut, (bytes > 0).then_some(cut));
        prop_assert_eq!(file.metadata().unwrap().len(), *start);
        let kept: Vec<_> = report.kept.iter().map(|kept| fs::read(&kept.file).unwrap()).collect();
        prop_assert_eq!(kept, if bytes > 0 { vec![tail] } else { Vec::new() }, "what is cut is kept");
        let head = log.head();
        append(&mut log, 3);
        append(&mut log, 1);
        drop(log);
        let (log, report) = open(built.path(), options);
        prop_assert_eq!((report.head, report.cut), (head + 4, None));
        holds(&log.reader(), head + 4);
    }
}

#[test]
fn damage_is_refused_with_its_place() {
    fn check(harm: impl Fn(&Built, &[PathBuf]) -> (PathBuf, u64, Damage)) {
        let built = Built::new(&COUNTS, SMALL, false);
        let (file, offset, damage) = harm(&built, &segments(built.path()));
        built.refused(&file, offset, Some(damage));
    }
    let skipped = |expected, found| Damage::Position { expected, found };
    // A segment is missing: the first, one between.
    check(|_, files| {
        fs::remove_file(&files[0]).unwrap();
        (files[1].clone(), 0, skipped(1, first(&files[1])))
    });
    check(|_, files| {
        fs::remove_file(&files[1]).unwrap();
        (files[2].clone(), 0, skipped(first(&files[1]), first(&files[2])))
    });
    // A segment under another's name, or copied under a later name.
    check(|_, files| {
        fs::rename(&files[2], &files[1]).unwrap();
        (files[1].clone(), 0, skipped(first(&files[1]), first(&files[2])))
    });
    check(|built, files| {
        let expected = built.last().last + 1;
        let next = built.path().join(format!("{expected:020}.seg"));
        fs::copy(files.last().unwrap(), &next).unwrap();
        (next, 0, skipped(expected, first(files.last().unwrap())))
    });
    // The last frame twice, or one left out.
    check(|built, _| {
        let Frame { file, start, end, last } = built.last();
        extend(file, &fs::read(file).unwrap()[*start as usize..*end as usize]);
        (file.clone(), *end, skipped(last + 1, last - 1))
    });
    check(|built, _| {
        let [.., gone, Frame { file, end, last, .. }] = built.frames.as_slice() else { panic!() };
        let bytes = fs::read(file).unwrap();
        fs::write(file, [&bytes[..gone.start as usize], &bytes[gone.end as usize..]].concat()).unwrap();
        assert!(gone.file == *file && *end == bytes.len() as u64);
        (file.clone(), gone.start, skipped(last - 3, last - 1))
    });
    // Zeros over a frame that is followed by another.
    check(|built, _| {
        let [.., Frame { file, start, end, .. }, _] = built.frames.as_slice() else { panic!() };
        let zeros = vec![0; (end - start) as usize];
        OpenOptions::new().write(true).open(file).unwrap().write_all_at(&zeros, *start).unwrap();
        (file.clone(), *start, Damage::Marker)
    });
    // A segment of another log.
    check(|_, files| {
        let other = Uuid::from_u128(7);
        let folder = TempDir::new().unwrap();
        FileLog::create(folder.path(), other, SMALL).unwrap();
        fs::copy(&segments(folder.path())[0], &files[0]).unwrap();
        (files[0].clone(), 0, Damage::OtherLog { expected: LOG_ID, found: other })
    });
    // More bytes at the end than one append may have.
    check(|built, _| {
        let Frame { file, end, .. } = built.last();
        truncate(file, end + BLOCK + tenure::log::APPEND_LIMIT as u64 + 1);
        (file.clone(), *end, Damage::Marker)
    });
}

#[test]
fn a_log_that_was_closed_has_no_tail_to_cut() {
    let check = |harm: &dyn Fn(&Built, &[PathBuf])| {
        let built = Built::new(&COUNTS, SMALL, true);
        assert_eq!(built.verify().unwrap(), (built.last().last, None));
        harm(&built, &segments(built.path()));
        for error in [built.verify().unwrap_err(), FileLog::open(built.path(), LOG_ID, SMALL).unwrap_err()] {
            assert!(matches!(error, OpenError::Shortened { .. }), "{error}");
        }
    };
    check(&|built, _| truncate(&built.last().file, built.last().end - 1));
    check(&|built, _| truncate(&built.last().file, built.last().start));
    check(&|_, files| fs::remove_file(files.last().unwrap()).unwrap());
}

#[test]
fn what_was_there_at_the_last_close_is_never_cut() {
    let options = FileOptions::default();
    let built = Built::new(&COUNTS, options, true);
    let Frame { file, start, end, last } = built.last();
    let (mut log, report) = open(built.path(), options);
    assert!(report.closed);
    append(&mut log, 2);
    drop(log);
    assert!(!FileLog::open_read_only(built.path(), LOG_ID).unwrap().1.closed);

    truncate(file, end + 30);
    let cut = Cut { segment: file.clone(), offset: *end, bytes: 30 };
    assert_eq!(built.verify().unwrap(), (*last, Some(cut)));
    flip(file, *start + 50, 1);
    built.refused(file, *start, Some(Damage::Checksum));
}

#[test]
fn the_last_segment_is_written_anew_unless_the_log_was_closed() {
    for closed in [true, false] {
        let built = Built::new(&COUNTS, SMALL, closed);
        let inodes = || segments(built.path()).iter().map(|file| file.metadata().unwrap().ino()).collect::<Vec<_>>();
        let before = inodes();
        let (_, report) = open(built.path(), SMALL);
        let changed: Vec<_> = before.iter().zip(inodes()).map(|(before, after)| *before != after).collect();
        assert_eq!(report.closed, closed);
        assert_eq!(changed.iter().filter(|changed| **changed).count(), usize::from(!closed));
        assert_eq!(changed.last(), Some(&!closed));
    }
}

#[test]
fn a_newer_format_is_refused_by_name() {
    let built = Built::new(&COUNTS, SMALL, false);
    let file = built.last().file.clone();
    let mut bytes = fs::read(&file).unwrap();
    bytes[8] += 1;
    let checksum = crc32c::crc32c(&bytes[..36]);
    bytes[36..40].copy_from_slice(&checksum.to_le_bytes());
    fs::write(&file, bytes).unwrap();
    let error = built.verify().unwrap_err();
    assert!(matches!(error, OpenError::NewerFormat { found: 3, known: 2, .. }));
    let text = format!(
        "`{}` has segment format 3, and this program knows no later one than 2: run a newer version of it",
        file.display()
    );
    assert_eq!(error.to_string(), text);
}

#[test]
fn a_log_is_neither_made_twice_nor_found_where_there_is_none() {
    let built = Built::new(&[1], SMALL, false);
    assert!(matches!(FileLog::create(built.path(), LOG_ID, SMALL), Err(OpenError::Exists { .. })));
    let empty = TempDir::new().unwrap();
    for folder in [built.path().join("nowhere"), empty.path().to_owned()] {
        assert!(matches!(FileLog::open(&folder, LOG_ID, SMALL), Err(OpenError::Absent { .. })));
        assert!(matches!(FileLog::open_read_only(&folder, LOG_ID), Err(OpenError::Absent { .. })));
    }
}

#[test]
fn bytes_that_change_under_an_open_log_are_never_handed_out() {
    let built = Built::new(&COUNTS, SMALL, true);
    let (reader, _) = FileLog::open_read_only(built.path(), LOG_ID).unwrap();
    for frame in &built.frames {
        for offset in built.places(&frame.file).into_iter().filter(|place| (frame.start..frame.end).contains(place)) {
            flip(&frame.file, offset, 0x10);
            let mut seen = 0;
            let visit = |position, bytes: &[u8]| {
                assert_eq!(bytes, event(position));
                seen = position;
                ControlFlow::Continue(())
            };
            match reader.scan(1, visit) {
                Err(ReadError::Damaged(Damaged { file, offset, .. })) => {
                    assert_eq!((file, offset), (frame.file.clone(), frame.start));
                }
                other => panic!("{other:?}"),
            }
            assert!(seen < frame.last);
            flip(&frame.file, offset, 0x10);
        }
    }
    holds(&reader, built.last().last);
}
