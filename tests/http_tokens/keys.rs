//! Keys of issuers: fetched, changed, withdrawn, not to be had.

use std::thread::sleep;
use std::time::Duration;

use serde_json::json;
use tenure::http::{Options, Tokens};

use super::{Provider, Signer, Tenants};

const FLOOR: Duration = Duration::from_millis(400);

fn tenants(fresh: Duration, last: Duration) -> Tenants {
    let tokens = Tokens { keys_fresh: fresh, keys_last: last, keys_floor: FLOOR, ..Tokens::default() };
    Tenants::with(Options { tokens, ..Options::default() })
}

const LONG: Duration = Duration::from_hours(1);
const REFUSED: &str = "401 caller.unauthenticated";

#[test]
fn a_new_key_is_fetched_and_one_that_is_withdrawn_ends() {
    let t = tenants(FLOOR, LONG);
    let (old, second) = (t.token("mike"), Signer::ed("second"));
    assert_eq!((t.who(&old).as_str(), t.educate.asked()), ("mike", 1));
    t.educate.show(&[&t.signer, &second]);
    sleep(FLOOR);
    // Both count while both are shown.
    let new = t.educate.token(&second, "mike");
    assert_eq!((t.who(&new).as_str(), t.who(&old).as_str()), ("mike", "mike"));
    t.educate.show(&[&second]);
    sleep(FLOOR * 2);
    // The older token was seen before, and would last for minutes.
    assert_eq!((t.who(&old).as_str(), t.who(&new).as_str()), (REFUSED, "mike"));
}

#[test]
fn nobody_makes_the_node_fetch_at_will() {
    let t = tenants(LONG, LONG);
    assert_eq!(t.who(&t.token("mike")), "mike");
    let asked = t.educate.asked();
    sleep(FLOOR);
    let started = std::time::Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let t = &t;
            scope.spawn(move || {
                for number in 0..10 {
                    let strange = Signer::ec(&format!("strange-{thread}-{number}"));
                    assert_ne!(t.who(&t.educate.token(&strange, "mike")), "mike");
                    assert_eq!(t.who(&t.token("mike")), "mike");
                }
            });
        }
    });
    let floors = usize::try_from(started.elapsed().as_millis() / FLOOR.as_millis()).unwrap();
    assert!(t.educate.asked() - asked <= floors + 1, "{} in {floors} floors", t.educate.asked() - asked);
    // Nor for an issuer that nobody trusts, nor by a token that could not count.
    let other = Provider::start(&[&t.signer]);
    sleep(FLOOR);
    let asked = t.educate.asked();
    assert_eq!(t.who(&other.token(&t.signer, "mike")), REFUSED);
    let header = json!({"alg": "RS256", "kid": "unknown", "typ": "at+jwt"});
    assert_eq!(t.who(&t.signer.signed(&header, &t.educate.claims("mike"))), REFUSED);
    assert_eq!((other.asked(), t.educate.asked()), (0, asked));
}

#[test]
fn keys_count_on_while_the_issuer_is_away() {
    let t = tenants(FLOOR, FLOOR * 8);
    assert_eq!(t.who(&t.token("mike")), "mike");
    t.educate.is_away(true);
    sleep(FLOOR * 2);
    // Tokens that were seen before, and new ones.
    assert_eq!((t.who(&t.token("mike")).as_str(), t.who(&t.token("helen")).as_str()), ("mike", "helen"));
    let second = Signer::ec("second");
    assert_eq!(t.who(&t.educate.token(&second, "mike")), REFUSED);
    // Not for ever: nobody hears of a key that was withdrawn.
    sleep(FLOOR * 7);
    assert_eq!(t.who(&t.token("mike")), REFUSED);
    t.educate.is_away(false);
    sleep(FLOOR);
    assert_eq!(t.who(&t.token("mike")), "mike");
}

#[test]
fn an_issuer_that_shows_no_keys_is_taken_for_faulty() {
    let t = tenants(FLOOR, LONG);
    assert_eq!(t.who(&t.token("mike")), "mike");
    t.educate.show(&[]);
    sleep(FLOOR * 2);
    assert_eq!(t.who(&t.token("helen")), "helen");
}

/// Keys that are registered are those of the issuer, and nothing is fetched.
#[test]
fn registered_keys() {
    let t = Tenants::new();
    let (app, other) = (Signer::ed("app"), Signer::ed("app"));
    let trusted = json!({
        "id": "own", "org": "educate", "issuer": "https://app.example.org", "audiences": [super::AUDIENCE],
        "algorithms": ["EdDSA"], "jwks": {"keys": [app.jwk()]},
    });
    t.server.done(&t.server.admin, "register-issuer", trusted);
    let link = json!({"user": "mike", "issuer": "https://app.example.org", "subject": "17"});
    t.server.done(&t.helen, "link-identity", link);
    let mut claims = t.educate.claims("17");
    claims["iss"] = json!("https://app.example.org");
    assert_eq!(t.who(&app.token(&claims)), "mike");
    assert_eq!(t.who(&other.token(&claims)), REFUSED);
    // With one key there is no need to name it.
    assert_eq!(t.who(&app.signed(&json!({"alg": "EdDSA", "typ": "JWT"}), &claims)), "mike");
}
