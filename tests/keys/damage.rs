//! What a crash or damage may and may not do to a key file.

use std::path::Path;
use std::process::Command;

use proptest::prelude::*;

use super::*;

const MARK: std::ops::Range<usize> = 44..52;

#[test]
fn what_cannot_be_opened() {
    let home = Home::new();
    grow(&home.create(), &[&["jane"], &["john"]]);
    let good = home.bytes();
    let other = Uuid::from_u128(7);
    let check = |bytes: &[u8], log: Uuid, want: &str| {
        let home = Home::holding(bytes);
        let error = KeyStore::open(&home.path, log).unwrap_err().to_string();
        assert!(error.contains(want), "{error}");
        assert_eq!(home.bytes(), bytes, "refusing changes nothing");
    };
    let changed = |at: usize, to: u8| {
        let mut bytes = good.clone();
        bytes[at] = to;
        bytes
    };
    check(b"", LOG, "is not a key store");
    check(&good[..127], LOG, "is not a key store");
    check(&changed(0, b'X'), LOG, "is not a key store");
    check(&changed(8, 2), LOG, "has format 2, this version knows 1");
    check(&changed(8, 0), LOG, "damaged at byte 0");
    check(&changed(30, good[30] ^ 1), LOG, "damaged at byte 0");
    check(&changed(127, good[127] ^ 1), LOG, "damaged at byte 0");
    check(&good, other, &format!("belongs to log {LOG}, not to {other}"));
    check(&changed(130, good[130] ^ 1), LOG, "damaged at byte 128");
    check(&[&good[..256], &good[128..256], &good[256..]].concat(), LOG, "damaged at byte 256");
    check(&[&good[..128], &good[256..]].concat(), LOG, "damaged at byte 128");
    let missing = KeyStore::open(&home.path.with_extension("missing"), LOG);
    assert!(matches!(missing, Err(StoreError::Io { action: "open", .. })), "{missing:?}");
    let again = KeyStore::create(&home.path, LOG);
    assert!(matches!(again, Err(StoreError::Io { action: "create", .. })), "{again:?}");
    assert_eq!(home.bytes(), good);
}

#[test]
fn every_flipped_bit_of_a_confirmed_record_is_found() {
    let home = Home::new();
    grow(&home.create(), &[&["jane"], &["john"]]);
    let good = home.bytes();
    for bit in RECORD * 8..2 * RECORD * 8 {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        home.write(&bytes);
        let opened = home.open();
        assert!(matches!(opened, Err(StoreError::Damaged { offset: 128, .. })), "bit {bit}: {opened:?}");
    }
}

#[test]
fn no_flipped_bit_brings_an_erased_person_back() {
    let home = Home::new();
    let store = home.create();
    let sealed = grow(&store, &[&["jane"], &["john"]]);
    store.erase(&user("jane")).unwrap();
    let good = home.bytes();
    for bit in RECORD * 8..2 * RECORD * 8 {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        home.write(&bytes);
        match home.open() {
            Ok(store) => {
                assert_eq!(unseal(&store, "jane", &sealed[0].1), Err(UnsealError::Erased), "bit {bit}");
                assert_eq!(home.bytes(), good, "bit {bit}");
            }
            Err(StoreError::Damaged { offset: 128, .. }) => {}
            Err(other) => panic!("bit {bit}: {other}"),
        }
    }
}

#[test]
fn growth_cut_at_every_byte() {
    let home = Home::new();
    let sealed = grow(&home.create(), &[&["a"], &["b", "c"]]);
    let whole = home.bytes();
    let check = |torn: &[u8], records: usize| {
        home.write(torn);
        let store = home.open().unwrap();
        assert_eq!(store.torn(), (torn.len() - (records + 1) * RECORD) as u64, "{records}");
        for (person, sealed) in &sealed {
            let there = slot(&whole, person).unwrap() < records;
            assert_eq!(unseal(&store, person, sealed).is_ok(), there, "{records} {person}");
        }
        let new = grow(&store, &[&["new"]]);
        let store = home.open().unwrap();
        assert_eq!(store.torn(), 0);
        assert_eq!(unseal(&store, "new", &new[0].1).unwrap(), "name of new");
    };
    for length in 2 * RECORD..=whole.len() {
        check(&whole[..length], (length - RECORD) / RECORD);
    }
    for length in (2 * RECORD..=whole.len()).step_by(20) {
        let zeros = vec![0; whole.len() - length];
        // a record ends in 40 zeros
        check(&[&whole[..length], &zeros].concat(), (length - RECORD + 40) / RECORD);
    }
}

/// Sectors of one growth may reach the disk in any order. What did is kept, the rest is nobody's.
#[test]
fn growth_torn_in_any_order() {
    let home = Home::new();
    let sealed = grow(&home.create(), &[&["a", "b"], &["c", "d", "e", "f"]]);
    let whole = home.bytes();
    for lost in 0..16_u32 {
        let is_lost = |slot: usize| slot >= 2 && lost & (1 << (slot - 2)) != 0;
        let mut torn = whole.clone();
        (2..6).filter(|slot| is_lost(*slot)).for_each(|slot| torn[(slot + 1) * RECORD..(slot + 2) * RECORD].fill(0));
        let home = Home::holding(&torn);
        let store = home.open().unwrap();
        assert_eq!(store.torn(), u64::from(lost.count_ones()) * RECORD as u64);
        let new = grow(&store, &[&["new"]]);
        drop(store);
        let store = home.open().unwrap();
        assert_eq!(store.torn(), 0);
        for (person, sealed) in &sealed {
            let want = if is_lost(slot(&whole, person).unwrap()) { Err(UnsealError::NoKey) } else { Ok(()) };
            assert_eq!(unseal(&store, person, sealed).map(drop), want, "{lost:b} {person}");
        }
        assert!(unseal(&store, "new", &new[0].1).is_ok());
    }
}

/// A disk that is full, for real: a process that may write no longer file than header and three records.
#[test]
fn after_a_failed_write_nothing_is_tried_again() {
    const CHILD: &str = "TENURE_TEST_SMALL_DISK";
    if let Ok(path) = std::env::var(CHILD) {
        return on_a_small_disk(path.as_ref());
    }
    let home = Home::new();
    let this_test =
        format!("{}::after_a_failed_write_nothing_is_tried_again", module_path!().split_once("::").unwrap().1);
    // POSIX: blocks of 512 bytes; a write beyond them is a signal, or an error where the signal is ignored
    let child = Command::new("sh")
        .args(["-c", r#"trap '' XFSZ; ulimit -f 1; exec "$0" --exact "$1""#])
        .arg(std::env::current_exe().unwrap())
        .arg(this_test)
        .env(CHILD, &home.path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && said.contains("1 passed"), "{said}");
    let store = home.open().unwrap();
    let sealed = Sealed::from_bytes(fs::read(home.path.with_extension("sealed")).unwrap());
    assert_eq!(unseal(&store, "a", &sealed).unwrap(), "name of a");
    store.erase(&user("a")).unwrap();
}

fn on_a_small_disk(path: &Path) {
    let store = KeyStore::create(path, LOG).unwrap();
    let kept = grow(&store, &[&["a", "b"]]);
    fs::write(path.with_extension("sealed"), kept[0].1.as_bytes()).unwrap();
    let lost = ["c", "d"].map(|person| seal(&store, person, 2).unwrap());
    let failed = store.sync();
    assert!(matches!(failed, Err(StoreError::Io { action: "write", .. })), "{failed:?}");
    for refused in [store.sync(), store.copy_to(&path.with_extension("copy")), store.erase(&user("b"))] {
        assert!(matches!(refused, Err(StoreError::Failed)), "{refused:?}");
    }
    assert_eq!(unseal(&store, "a", &kept[0].1).unwrap(), "name of a");
    assert_eq!(unseal(&store, "c", &lost[0]).unwrap(), "name of c");
    assert_eq!(unseal(&store, "b", &kept[1].1), Err(UnsealError::Erased), "gone from memory all the same");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_interrupted_erasure_is_finished(
        second_write in any::<bool>(),
        reached in proptest::collection::vec(any::<bool>(), RECORD),
    ) {
        let home = Home::new();
        let store = home.create();
        let sealed = grow(&store, &[&["jane"], &["john"]]);
        let before = home.bytes();
        store.erase(&user("jane")).unwrap();
        let after = home.bytes();
        let secret = key(&before, "jane");
        let mut torn = before.clone();
        if second_write {
            torn[RECORD..][MARK].copy_from_slice(&after[RECORD..][MARK]);
        }
        let written = if second_write { 52..88 } else { MARK };
        for at in written.filter(|at| reached[*at]) {
            torn[RECORD + at] = after[RECORD + at];
        }
        let home = Home::holding(&torn);
        let store = home.open().unwrap();
        if torn == before {
            prop_assert_eq!(unseal(&store, "jane", &sealed[0].1).unwrap(), "name of jane");
        } else {
            prop_assert_eq!(unseal(&store, "jane", &sealed[0].1), Err(UnsealError::Erased));
            prop_assert_eq!(home.bytes(), after);
            prop_assert!(!holds_part_of(&home.bytes(), &secret));
        }
        prop_assert_eq!(unseal(&store, "john", &sealed[1].1).unwrap(), "name of john");
    }

    #[test]
    fn no_file_makes_opening_panic(tail in proptest::collection::vec(any::<u8>(), 0..600), header in any::<bool>()) {
        let bytes = if header { [&sealed::crafted(LOG, "jane")[..RECORD], tail.as_slice()].concat() } else { tail };
        let opened = Home::holding(&bytes).open();
        prop_assert_eq!(opened.is_ok(), header);
    }
}

/// Reading changes nothing, and what settling cuts is kept beside the file.
#[test]
fn nothing_is_cut_that_is_not_kept() {
    let home = Home::new();
    grow(&home.create(), &[&["a"], &["b", "c"]]);
    let whole = home.bytes();
    let kept = || {
        let files = fs::read_dir(home.path.parent().unwrap()).unwrap().map(|file| file.unwrap().path());
        let mut kept: Vec<_> = files.filter(|path| path.to_string_lossy().contains("keys.cut-")).collect();
        kept.sort();
        kept.iter().map(|path| fs::read(path).unwrap()).collect::<Vec<_>>()
    };
    let mut flipped = whole.clone();
    flipped[3 * RECORD + 60] ^= 1;
    for (torn, cut) in
        [(&whole[..3 * RECORD + 50], &whole[3 * RECORD..3 * RECORD + 50]), (&flipped, &flipped[3 * RECORD..])]
    {
        home.write(torn);
        let store = KeyStore::read(&home.path, LOG).unwrap();
        assert_eq!((home.bytes(), kept().contains(&cut.to_vec())), (torn.to_vec(), false), "read");
        assert!(matches!(store.sync(), Err(StoreError::Failed)), "nothing is written before it is settled");
        drop(store);
        drop(KeyStore::look(&home.path, LOG).unwrap());
        assert_eq!(home.bytes(), torn, "looked at");
        home.open().unwrap();
        assert!(kept().contains(&cut.to_vec()), "settled");
    }
    assert_eq!(kept().len(), 2);
}

#[test]
fn who_is_known() {
    let home = Home::new();
    let store = home.create();
    grow(&store, &[&["jane"], &["john"]]);
    store.erase(&user("john")).unwrap();
    assert_eq!(["jane", "john", "june"].map(|person| store.knows(&user(person))), [true, true, false]);
}
