//! Sealed texts: they open in their own place, whole, or not at all.

use crc32c::{crc32c, crc32c_append};
use proptest::prelude::*;

use super::*;

/// A key file in which this person holds this key: all that differs between two of them is what the caller says.
pub(super) fn crafted(log: Uuid, person: &str) -> Vec<u8> {
    let mut header = [b"TNRKEYS\n".as_slice(), &1_u32.to_le_bytes(), log.as_bytes(), &[7; 32], &[0; 64]].concat();
    header.extend_from_slice(&crc32c(&header).to_le_bytes());
    let mut record = [Sha256::digest(person).as_slice(), &0_u64.to_le_bytes()].concat();
    let whose = crc32c(&record);
    let check = crc32c_append(whose, &[9; 32]);
    record.extend_from_slice(&[&whose.to_le_bytes(), b"live key".as_slice(), &[9; 32], &check.to_le_bytes()].concat());
    record.resize(RECORD, 0);
    [header, record].concat()
}

/// With the very same key, so that nothing but the place can keep the text from opening.
#[test]
fn a_sealed_text_opens_in_its_own_place_only() {
    let other_log = Uuid::from_u128(LOG.as_u128() + 1);
    let store = |log, person| KeyStore::open(&Home::holding(&crafted(log, person)).path, log).unwrap();
    let (ours, other_person, other) = (store(LOG, "jane"), store(LOG, "john"), store(other_log, "jane"));
    let sealed = seal(&ours, "jane", 5).unwrap();
    assert_eq!(unseal(&ours, "jane", &sealed).unwrap(), "name of jane");
    assert_eq!(unseal(&other_person, "john", &sealed), Err(UnsealError::Damaged));
    assert_eq!(unseal(&other, "jane", &sealed), Err(UnsealError::Damaged));
    assert_eq!(ours.unseal(&user("jane"), "email", &sealed), Err(UnsealError::Damaged));
    assert_eq!(unseal(&ours, "john", &sealed), Err(UnsealError::NoKey));
    let mut bytes = sealed.as_bytes().to_vec();
    bytes[1..17].copy_from_slice(command(6).as_bytes());
    let moved = Sealed::from_bytes(bytes);
    assert_eq!(sealed_in(&moved), Some(command(6)));
    assert_eq!(unseal(&ours, "jane", &moved), Err(UnsealError::Damaged));
}

#[test]
fn lengths_are_rounded_up() {
    let store = KeyStore::in_memory(LOG).unwrap();
    let check = |text: &str, blocks: usize| {
        let place = Place { person: &user("jane"), field: "name", command: command(1) };
        let mut new = NewKeys::default();
        let sealed = store.seal(&place, text, &mut new).unwrap();
        store.stage(new);
        assert_eq!(sealed.as_bytes().len(), 1 + 16 + 24 + blocks * 32 + 16, "{text:?}");
        assert_eq!(store.unseal(&user("jane"), "name", &sealed).unwrap(), text);
    };
    check("", 1);
    check("Jo", 1);
    check("Wolfeschlegelsteinhausenbergerdo", 2);
    check("Wolfeschlegelsteinhausenbergerd", 1);
    check("ends in zeros\0\0\0", 1);
    check(&"x".repeat(20_000), 626);
}

proptest! {
    #[test]
    fn what_was_sealed_opens_and_nothing_else_does(
        text in any::<String>(),
        id in "[A-Za-z0-9_:~-]{1,128}",
        by in any::<u128>(),
        at in any::<prop::sample::Index>(),
        flip in 1..=255_u8,
    ) {
        let store = KeyStore::in_memory(LOG).unwrap();
        let person = user(&id);
        let mut new = NewKeys::default();
        let place = Place { person: &person, field: "name", command: command(by) };
        let sealed = store.seal(&place, &text, &mut new).unwrap();
        store.stage(new);
        prop_assert_eq!(store.unseal(&person, "name", &sealed), Ok(text));
        prop_assert_eq!(sealed_in(&sealed), Some(command(by)));
        let mut bytes = sealed.as_bytes().to_vec();
        let at = at.index(bytes.len());
        let cut = Sealed::from_bytes(&bytes[..at]);
        prop_assert_eq!(store.unseal(&person, "name", &cut), Err(UnsealError::Damaged));
        bytes[at] ^= flip;
        prop_assert_eq!(store.unseal(&person, "name", &Sealed::from_bytes(bytes)), Err(UnsealError::Damaged));
    }

    #[test]
    fn garbage_is_damaged(bytes in proptest::collection::vec(any::<u8>(), 0..200), format_known in any::<bool>()) {
        let store = KeyStore::in_memory(LOG).unwrap();
        seal(&store, "jane", 1).unwrap();
        let bytes = if format_known { [&[1], bytes.as_slice()].concat() } else { bytes };
        prop_assert_eq!(unseal(&store, "jane", &Sealed::from_bytes(bytes)), Err(UnsealError::Damaged));
    }
}
