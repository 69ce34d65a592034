//! What the platform signs it knows again, and nothing else.

use super::Home;
use tenure::keys::KeyStore;
use uuid::Uuid;

#[test]
fn what_is_signed_is_known_again() {
    let home = Home::new();
    let signed = home.create().sign(b"content");
    assert_eq!(home.open().unwrap().verified(&signed).as_deref(), Some(&b"content"[..]));
    assert_eq!(home.open().unwrap().sign(b"content"), signed, "the same payload, the same text");
    let other = KeyStore::in_memory(Uuid::nil()).unwrap();
    assert_eq!(other.verified(&signed), None, "another platform's");
    for text in ["", ".", "..", "a.b.c", signed.trim_end_matches(|c| c != '.'), &format!("{signed}=")] {
        assert_eq!(home.open().unwrap().verified(text), None, "{text}");
    }
}

#[test]
fn a_change_of_any_bit_is_noticed() {
    let store = KeyStore::in_memory(Uuid::nil()).unwrap();
    let signed = store.sign(b"content");
    for place in 0..signed.len() {
        for bit in 0..7 {
            let mut changed = signed.clone().into_bytes();
            changed[place] ^= 1 << bit;
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(store.verified(&changed), None, "byte {place}, bit {bit}: {changed}");
        }
    }
}
