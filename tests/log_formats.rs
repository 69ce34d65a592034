//! What is cut is kept, what was durable is missed, and segments of the format before are read for ever.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use tempfile::TempDir;
use tenure::log::{FileLog, FileOptions, Known, Log, OpenError};

use crate::log_contract::{BLOCK, LOG_ID, SMALL, append, event, holds, open};
use crate::log_faults::{contents, segments};

fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
    bytes
}

/// A segment as format 1 has it, with these many events in each frame.
fn segment_of_format_1(first: u64, counts: &[u64]) -> Vec<u8> {
    let header = [b"\xFFTENURE\n".as_slice(), &1_u32.to_le_bytes(), LOG_ID.as_bytes(), &first.to_le_bytes()].concat();
    let (mut bytes, mut position) = (with_checksum(header), first);
    for count in counts {
        let events: Vec<u8> = (position..position + count)
            .map(event)
            .flat_map(|event| [(event.len() as u32).to_le_bytes().as_slice(), &event].concat())
            .collect();
        let covered = [
            position.to_le_bytes().as_slice(),
            &(*count as u32).to_le_bytes(),
            &(events.len() as u32).to_le_bytes(),
            &events,
        ]
        .concat();
        bytes.extend(b"\xFFTF\xFE");
        bytes.extend(crc32c::crc32c(&covered).to_le_bytes());
        bytes.extend(covered);
        position += count;
    }
    bytes
}

fn write_segment(folder: &Path, first: u64, bytes: &[u8]) {
    fs::write(folder.join(format!("{first:020}.seg")), bytes).unwrap();
}

#[test]
fn a_log_of_format_1_is_read_and_goes_on_in_a_new_segment() {
    for counts in [&[3, 1, 9][..], &[]] {
        let folder = TempDir::new().unwrap();
        write_segment(folder.path(), 1, &segment_of_format_1(1, &[2, 2]));
        write_segment(folder.path(), 5, &segment_of_format_1(5, counts));
        let before = 4 + counts.iter().sum::<u64>();
        let (reader, report) = FileLog::open_read_only(folder.path(), LOG_ID).unwrap();
        holds(&reader, before);
        assert_eq!((report.segments, report.noted), (2, false));
        let old = contents(folder.path());
        let (mut log, _) = open(folder.path(), FileOptions::default());
        append(&mut log, 3);
        append(&mut log, 2);
        holds(&log.reader(), before + 5);
        log.close().unwrap();
        let (log, report) = open(folder.path(), FileOptions::default());
        assert_eq!((report.head, report.closed, report.noted), (before + 5, true, true));
        holds(&log.reader(), before + 5);
        let kept = old.iter().filter(|segment| contents(folder.path()).contains(segment)).count();
        assert_eq!(kept, if counts.is_empty() { 1 } else { 2 }, "what has events in the old format stays as it is");
    }
}

#[test]
fn a_torn_tail_of_format_1_is_told_from_damage() {
    let folder = TempDir::new().unwrap();
    let whole = segment_of_format_1(1, &[2, 2, 5]);
    write_segment(folder.path(), 1, &whole[..whole.len() - 7]);
    let (log, report) = open(folder.path(), SMALL);
    assert_eq!((report.head, report.cut.is_some(), report.kept.len()), (4, true, 1));
    holds(&log.reader(), 4);
    let mut spoilt = whole.clone();
    spoilt[70] ^= 1;
    write_segment(folder.path(), 1, &spoilt);
    assert!(matches!(FileLog::open(folder.path(), LOG_ID, SMALL), Err(OpenError::Damaged(_))));
}

/// Whatever a failing disk makes of the blocks that a write was to fill, what was acknowledged before stays.
#[test]
fn each_append_begins_on_a_block_of_its_own() {
    let folder = TempDir::new().unwrap();
    let mut log = Log::Files(FileLog::create(folder.path(), LOG_ID, FileOptions::default()).unwrap());
    let mut ends = Vec::new();
    for count in [1, 3, 200, 1, 1] {
        append(&mut log, count);
        ends.push((segments(folder.path())[0].metadata().unwrap().len(), log.head()));
    }
    drop(log);
    assert!(ends.iter().all(|(end, _)| end % BLOCK == 0), "{ends:?}");
    let file = fs::File::options().write(true).open(&segments(folder.path())[0]).unwrap();
    for pair in ends.windows(2).rev() {
        let [(begin, head), (end, _)] = pair else { unreachable!("pairs") };
        file.write_all_at(&vec![0xA5; (end - begin) as usize], *begin).unwrap();
        file.set_len(*end).unwrap();
        let (reader, report) = FileLog::open_read_only(folder.path(), LOG_ID).unwrap();
        holds(&reader, *head);
        assert_eq!(report.cut.map(|cut| (cut.offset, cut.bytes)), Some((*begin, end - begin)));
    }
}

#[test]
fn what_is_cut_is_kept_under_its_position_and_time() {
    let folder = TempDir::new().unwrap();
    let mut log = Log::Files(FileLog::create(folder.path(), LOG_ID, SMALL).unwrap());
    append(&mut log, 3);
    drop(log);
    let segment = segments(folder.path()).remove(0);
    let known = Known { durable: 0, now: "2026-03-01T093000Z" };
    for (round, name) in ["", "-1", "-2"].into_iter().enumerate() {
        fs::File::options().append(true).open(&segment).unwrap().write_all(b"half a frame").unwrap();
        let (_, report) = FileLog::open_known(folder.path(), LOG_ID, SMALL, known).unwrap();
        let name = format!("00000000000000000004-at-8192-2026-03-01T093000Z{name}.cut");
        let kept = report.kept.iter().find(|kept| kept.file == folder.path().join(&name)).expect("the tail");
        assert_eq!((fs::read(&kept.file).unwrap().as_slice(), kept.bytes), (b"half a frame".as_slice(), 12));
        assert_eq!(report.kept.len(), round + 1);
    }
    let (_, report) = FileLog::open_read_only(folder.path(), LOG_ID).unwrap();
    assert_eq!((report.cut, report.kept.len()), (None, 3), "and are told of for as long as they are there");
}

/// A log that is known to have gone further is not opened, and nothing of it is changed.
#[test]
fn an_end_that_was_durable_is_missed() {
    let folder = TempDir::new().unwrap();
    let mut log = Log::Files(FileLog::create(folder.path(), LOG_ID, SMALL).unwrap());
    append(&mut log, 3);
    append(&mut log, 2);
    drop(log);
    let segment = segments(folder.path()).remove(0);
    let bytes = fs::read(&segment).unwrap();
    let file = fs::File::options().write(true).open(&segment).unwrap();
    file.write_all_at(b"x", 2 * BLOCK + 30).unwrap();
    let spoilt = contents(folder.path());
    for (durable, opens) in [(6, false), (5, false), (4, false), (3, true)] {
        let opened = FileLog::open_known(folder.path(), LOG_ID, SMALL, Known { durable, now: "" });
        match opened {
            Ok(_) => assert!(opens, "{durable}"),
            Err(error @ OpenError::EndLost { .. }) => {
                assert!(
                    !opens && error.to_string().contains(&format!("was durable up to position {durable}")),
                    "{error}"
                );
                assert!(!error.to_string().contains("remove"), "{error}");
                assert_eq!(contents(folder.path()), spoilt);
                assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is beside it");
            }
            Err(error) => panic!("{error}"),
        }
    }
    fs::write(&segment, bytes).unwrap();
    assert!(FileLog::open_known(folder.path(), LOG_ID, SMALL, Known { durable: 5, now: "" }).is_ok());
}
