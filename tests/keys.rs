//! The key store on real files.

mod damage;
mod model;
mod sealed;
mod signed;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tenure::keys::{KeyStore, NewKeys, Place, SealError, StoreError, UnsealError, sealed_in};
use tenure_events::{Sealed, UserId};
use uuid::Uuid;

const LOG: Uuid = Uuid::from_u128(0x018f_0000_0000_7000_8000_0000_0000_0001);
const RECORD: usize = 128;
const KEY: std::ops::Range<usize> = 52..84;

/// A key file in a folder of its own.
struct Home {
    _folder: TempDir,
    path: PathBuf,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        Self { _folder: folder, path }
    }

    fn holding(bytes: &[u8]) -> Self {
        let home = Self::new();
        home.write(bytes);
        home
    }

    fn write(&self, bytes: &[u8]) {
        fs::write(&self.path, bytes).unwrap();
    }

    fn create(&self) -> KeyStore {
        KeyStore::create(&self.path, LOG).unwrap()
    }

    fn open(&self) -> Result<KeyStore, StoreError> {
        KeyStore::open(&self.path, LOG)
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(&self.path).unwrap()
    }
}

fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

fn command(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// Seals for a command that is done.
fn seal(store: &KeyStore, person: &str, number: u128) -> Result<Sealed, SealError> {
    let mut new = NewKeys::default();
    let sealed = seal_with(store, person, number, &mut new)?;
    store.stage(new);
    Ok(sealed)
}

fn seal_with(store: &KeyStore, person: &str, number: u128, new: &mut NewKeys) -> Result<Sealed, SealError> {
    let place = Place { person: &user(person), field: "name", command: command(number) };
    store.seal(&place, &format!("name of {person}"), new)
}

fn unseal(store: &KeyStore, person: &str, sealed: &Sealed) -> Result<String, UnsealError> {
    store.unseal(&user(person), "name", sealed)
}

/// Seals for each group of people and syncs it as one growth, in which they stand in any order.
fn grow<'a>(store: &KeyStore, growths: &[&[&'a str]]) -> Vec<(&'a str, Sealed)> {
    let mut all = Vec::new();
    for growth in growths {
        all.extend(growth.iter().map(|person| (*person, seal(store, person, 1).unwrap())));
        store.sync().unwrap();
    }
    all
}

/// The slot of a person, found the way the format documents it.
fn slot(bytes: &[u8], person: &str) -> Option<usize> {
    let id = Sha256::digest(person);
    bytes[RECORD..].chunks(RECORD).position(|record| record.starts_with(&id))
}

fn record(bytes: &[u8], slot: usize) -> &[u8] {
    &bytes[(slot + 1) * RECORD..(slot + 2) * RECORD]
}

fn key(bytes: &[u8], person: &str) -> Vec<u8> {
    record(bytes, slot(bytes, person).unwrap())[KEY].to_vec()
}

/// Whether any 8 bytes of the secret stand anywhere in the file.
fn holds_part_of(bytes: &[u8], secret: &[u8]) -> bool {
    let parts: BTreeSet<&[u8]> = secret.windows(8).collect();
    bytes.windows(8).any(|window| parts.contains(window))
}

#[test]
fn a_synced_key_opens_after_reopening() {
    let home = Home::new();
    let sealed = grow(&home.create(), &[&["jane", "john"], &["sally"]]);
    let store = home.open().unwrap();
    for (person, sealed) in &sealed {
        assert_eq!(unseal(&store, person, sealed), Ok(format!("name of {person}")));
    }
    assert_eq!(store.torn(), 0);
    assert_eq!(home.bytes().len(), 4 * RECORD);
}

#[test]
fn the_file_is_private_and_names_nobody() {
    let home = Home::new();
    let store = home.create();
    grow(&store, &[&["jane-of-the-jungle"]]);
    let bytes = home.bytes();
    assert!(!holds_part_of(&bytes, b"jane-of-the-jungle"));
    let copy = home.path.with_extension("copy");
    store.copy_to(&copy).unwrap();
    for path in [&home.path, &copy] {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

/// The stored form of version 1, made by another implementation. Never edited: what was once written stays readable.
#[test]
fn version_1_is_readable_for_ever() {
    let file = concat!(
        "VE5SS0VZUwoBAAAAAY8AAAAAcACAAAAAAAAAAQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAN1mGJSB+Pbd6INl85KHlux6pT9yggsG24Zk9f52p+sT4kVGogAA",
        "AAAAAAAAQU26XGxpdmUga2V5ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoOzKIqYAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAJbZYy82NWTMMDJSFAnPIqhS8gMu7Ame1ZZ8DQAM7GB6AQAAAAAAAABAwAXVk5aJmt+UmoYAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    );
    let sealed = concat!(
        "AQGPAAAAAHAAgAAAAAAAAMHIycrLzM3Oz9DR0tPU1dbX2Nna29zd3t/7qhTJBhic8YiZNuSLoWlVLHT10riF4S1R1WC1kG+keqdbFRauhgGF",
        "frhrMsWs/DA=",
    );
    let home = Home::holding(&STANDARD.decode(file).unwrap());
    let store = home.open().unwrap();
    let sealed = Sealed::from_bytes(STANDARD.decode(sealed).unwrap());
    assert_eq!(unseal(&store, "jane", &sealed).unwrap(), "Jané Doe");
    assert_eq!(sealed_in(&sealed), Some(command(0x018f_0000_0000_7000_8000_0000_0000_00c1)));
    assert_eq!(seal(&store, "john", 1), Err(SealError::Erased));
    assert_eq!(
        store.identity_handle("https://idp.example", "auth0|17").to_string(),
        "RsPWc8pO5C9RsXvbzufQgiwuR6PRRT7ynIovsNT-XAQ"
    );
    drop(store);
    assert_eq!(home.bytes(), STANDARD.decode(file).unwrap());
}

#[test]
fn identity_handles() {
    let home = Home::new();
    let store = home.create();
    let handle = store.identity_handle("ab", "c");
    assert_eq!(handle, home.open().unwrap().identity_handle("ab", "c"));
    for (issuer, subject) in [("a", "bc"), ("abc", ""), ("", "abc"), ("c", "ab"), ("ab", "C")] {
        assert_ne!(handle, store.identity_handle(issuer, subject), "{issuer:?} {subject:?}");
    }
    assert_ne!(handle, KeyStore::in_memory(LOG).unwrap().identity_handle("ab", "c"));
}

#[test]
fn an_erased_key_is_gone_from_the_file() {
    let home = Home::new();
    let store = home.create();
    let sealed = grow(&store, &[&["jane", "john"], &["sally"]]);
    let secret = key(&home.bytes(), "jane");
    assert!(holds_part_of(&home.bytes(), &secret), "the test knows where keys are");
    store.erase(&user("jane")).unwrap();
    assert!(!holds_part_of(&home.bytes(), &secret));
    for store in [store, home.open().unwrap()] {
        for (person, sealed) in &sealed {
            let want = if *person == "jane" { Err(UnsealError::Erased) } else { Ok(format!("name of {person}")) };
            assert_eq!(unseal(&store, person, sealed), want, "{person}");
        }
        assert_eq!(seal(&store, "jane", 2), Err(SealError::Erased));
    }
}

#[test]
fn erasing_again_touches_nothing() {
    let home = Home::new();
    let store = home.create();
    grow(&store, &[&["jane"]]);
    store.erase(&user("jane")).unwrap();
    store.erase(&user("never-seen")).unwrap();
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    fs::File::options().write(true).open(&home.path).unwrap().set_modified(long_ago).unwrap();
    for person in ["jane", "never-seen"] {
        store.erase(&user(person)).unwrap();
        store.sync().unwrap();
    }
    assert_eq!(fs::metadata(&home.path).unwrap().modified().unwrap(), long_ago);
    assert_eq!(home.bytes().len(), 3 * RECORD);
}

#[test]
fn erasing_somebody_unseen_or_staged_lasts() {
    let home = Home::new();
    let store = home.create();
    let sealed = seal(&store, "staged", 1).unwrap();
    store.erase(&user("staged")).unwrap();
    store.erase(&user("never-seen")).unwrap();
    store.sync().unwrap();
    for store in [store, home.open().unwrap()] {
        assert_eq!(unseal(&store, "staged", &sealed), Err(UnsealError::Erased));
        assert_eq!(seal(&store, "staged", 2), Err(SealError::Erased));
        assert_eq!(seal(&store, "never-seen", 2), Err(SealError::Erased));
    }
}

#[test]
fn an_older_copy_brings_nobody_back_once_erasure_is_repeated() {
    let home = Home::new();
    let store = home.create();
    let sealed = grow(&store, &[&["jane", "john"]]);
    seal(&store, "not-yet-synced", 1).unwrap();
    let copy = Home::new();
    store.copy_to(&copy.path).unwrap();
    assert!(store.copy_to(&copy.path).is_err(), "a copy replaces nothing");
    assert_eq!(copy.bytes(), home.bytes());
    let later = grow(&store, &[&["later"]]);
    for person in ["jane", "later"] {
        store.erase(&user(person)).unwrap();
    }
    let old = copy.open().unwrap();
    assert_eq!(unseal(&old, "jane", &sealed[0].1).unwrap(), "name of jane");
    assert_eq!(unseal(&old, "later", &later[0].1), Err(UnsealError::NoKey));
    let secret = key(&copy.bytes(), "jane");
    for person in ["jane", "later"] {
        old.erase(&user(person)).unwrap();
    }
    assert!(!holds_part_of(&copy.bytes(), &secret));
    for store in [old, copy.open().unwrap()] {
        assert_eq!(unseal(&store, "jane", &sealed[0].1), Err(UnsealError::Erased));
        assert_eq!(unseal(&store, "later", &later[0].1), Err(UnsealError::Erased));
        assert_eq!(unseal(&store, "john", &sealed[1].1).unwrap(), "name of john");
    }
}

/// Which commands that seal for one person are done, in this order; whether the text of each opens.
#[test]
fn a_key_stays_if_its_command_is_done() {
    let check = |sealing: &[bool], opens: &[bool]| {
        let home = Home::new();
        let store = home.create();
        let seal = |done: &bool| {
            let mut new = NewKeys::default();
            let sealed = seal_with(&store, "jane", 1, &mut new).unwrap();
            if *done {
                store.stage(new);
            }
            sealed
        };
        let sealed: Vec<_> = sealing.iter().map(seal).collect();
        store.sync().unwrap();
        let store = home.open().unwrap();
        let opened: Vec<_> = sealed.iter().map(|sealed| unseal(&store, "jane", sealed).is_ok()).collect();
        assert_eq!(opened, opens, "{sealing:?}");
    };
    check(&[true], &[true]);
    check(&[false], &[false]);
    check(&[true, false], &[true, true]);
    check(&[false, true], &[false, true]);
    check(&[true, true], &[true, true]);
}

/// Two commands seal for a new person before either is decided: the key of the first stays, and the second is told.
#[test]
fn a_person_is_given_one_key() {
    let home = Home::new();
    let store = home.create();
    let (mut first, mut second, mut third) = (NewKeys::default(), NewKeys::default(), NewKeys::default());
    let sealed = seal_with(&store, "jane", 1, &mut first).unwrap();
    let lost = seal_with(&store, "jane", 2, &mut second).unwrap();
    assert!(!store.knows_one_of(&first) && !store.knows_one_of(&second));
    store.stage(first);
    assert!(store.knows_one_of(&second));
    store.stage(second);
    let again = seal_with(&store, "jane", 2, &mut third).unwrap();
    assert!(!store.knows_one_of(&third), "nobody new");
    store.sync().unwrap();
    for store in [store, home.open().unwrap()] {
        for sealed in [&sealed, &again] {
            assert_eq!(unseal(&store, "jane", sealed).unwrap(), "name of jane");
        }
        assert_eq!(unseal(&store, "jane", &lost), Err(UnsealError::Damaged));
    }
}

#[test]
fn sealing_erasing_and_syncing_at_once() {
    let home = Home::new();
    let store = home.create();
    let people: Vec<String> = (0..40).map(|number| format!("person-{number}")).collect();
    let sealed: Vec<(&str, Sealed)> = std::thread::scope(|threads| {
        let sealing: Vec<_> = people
            .chunks(10)
            .zip(1..)
            .map(|(people, number)| {
                let store = &store;
                threads.spawn(move || -> Vec<_> {
                    people.iter().map(|person| (person.as_str(), seal(store, person, number).unwrap())).collect()
                })
            })
            .collect();
        threads.spawn(|| (0..20).for_each(|_| store.sync().unwrap()));
        sealing.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    store.sync().unwrap();
    std::thread::scope(|threads| {
        threads.spawn(|| people.iter().step_by(2).for_each(|person| store.erase(&user(person)).unwrap()));
        threads.spawn(|| {
            for (person, sealed) in &sealed {
                let opened = unseal(&store, person, sealed);
                assert!(matches!(opened, Ok(_) | Err(UnsealError::Erased)), "{opened:?}");
            }
        });
    });
    for store in [store, home.open().unwrap()] {
        for ((person, sealed), number) in sealed.iter().zip(0..) {
            let want = if number % 2 == 0 { Err(UnsealError::Erased) } else { Ok(format!("name of {person}")) };
            assert_eq!(unseal(&store, person, sealed), want);
        }
    }
}

#[test]
fn a_store_in_memory_is_a_whole_one_without_a_copy() {
    let store = KeyStore::in_memory(LOG).unwrap();
    let sealed = grow(&store, &[&["jane"], &["john"]]);
    store.erase(&user("jane")).unwrap();
    assert_eq!(unseal(&store, "jane", &sealed[0].1), Err(UnsealError::Erased));
    assert_eq!(unseal(&store, "john", &sealed[1].1).unwrap(), "name of john");
    assert!(matches!(store.copy_to(&Home::new().path), Err(StoreError::InMemory)));
}

/// The same text has the same fingerprint in one store, and another in every other; none is its plain hash.
#[test]
fn a_fingerprint_takes_the_secret() {
    let stores = [KeyStore::in_memory(LOG).unwrap(), KeyStore::in_memory(LOG).unwrap()];
    let text = br#"create-user {"name":"Jane"}"#;
    let [one, other] = stores.each_ref().map(|store| store.fingerprint(text));
    assert_eq!(one, stores[0].fingerprint(text));
    assert_ne!(one, other);
    assert_ne!(one, stores[0].fingerprint(br#"create-user {"name":"June"}"#));
    assert_ne!(tenure_events::Hash(one), tenure_events::Hash::of(text));
}
