//! Tokens that are not what they say.

use ring::hmac;
use serde_json::{Value, json};
use tenure::bearer::{Options, Refused, Tokens};

use super::{AUDIENCE, Provider, Signer, Tenants, now};
use crate::support::program::Platform;
use crate::support::provider::{encoded, message};

/// Each is refused for what is wrong with it, and the caller hears the same of all.
#[test]
fn no_token_lies_its_way_in() {
    let t = Tenants::new();
    // The issuer signs by one way alone from now on.
    let mut trusted = t.educate.trusted(json!({"id": "educate-idp", "algorithms": ["ES256"]}));
    trusted.as_object_mut().unwrap().remove("issuer");
    t.server.done(&t.server.admin, "change-issuer", trusted);
    t.kickstart.show(&[&t.signer]);
    let (stranger, ed) = (Signer::ec("first"), Signer::ed("ed"));
    t.educate.show(&[&t.signer, &ed]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let tokens = Tokens::new(t.server.node.clone(), Options::default());
    let check = |what: &str, token: String, want: Refused| {
        let failure = runtime.block_on(tokens.authenticate(&token)).expect_err(what);
        assert_eq!(failure.why, want, "{what}");
        let answer = t.server.get(&token, "/v1/whoami");
        assert_eq!(answer.outcome(), "401 caller.unauthenticated", "{what}");
        assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""), "{what}");
        assert_eq!(answer.header("tenure-position"), "", "{what}");
    };
    let claims = |more: Value| {
        let mut claims = t.educate.claims("mike");
        for (name, value) in more.as_object().unwrap() {
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(name);
            } else {
                claims[name] = value.clone();
            }
        }
        claims
    };
    let signed = |more: Value| t.signer.token(&claims(more));
    let header = |more: Value| {
        let mut header = json!({"alg": "ES256", "kid": "first", "typ": "at+jwt"});
        header.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        header
    };
    check("for somebody else", signed(json!({"aud": "https://other.example.org"})), Refused::Audience);
    check("for nobody", signed(json!({"aud": []})), Refused::Audience);
    check("without an audience", signed(json!({"aud": null})), Refused::Claims);
    check("an audience of another form", signed(json!({"aud": {"a": AUDIENCE}})), Refused::Claims);
    check("ended", signed(json!({"exp": now() - 31})), Refused::Ended);
    check("without an end", signed(json!({"exp": null})), Refused::Claims);
    check("an end in words", signed(json!({"exp": "tomorrow"})), Refused::Claims);
    check("an end beyond time", signed(json!({"exp": 1e300})), Refused::Claims);
    check("an end before time", signed(json!({"exp": -1})), Refused::Claims);
    check("not yet", signed(json!({"nbf": now() + 60})), Refused::Early);
    check("issued in the future", signed(json!({"iat": now() + 60})), Refused::Early);
    check("a begin in words", signed(json!({"nbf": "now"})), Refused::Claims);
    check("without a subject", signed(json!({"sub": null})), Refused::Claims);
    check("a subject of another form", signed(json!({"sub": ["mike"]})), Refused::Malformed);
    check("for who has a key", signed(json!({"cnf": {"jkt": "x"}})), Refused::Bound);
    check("of nobody", signed(json!({"sub": "stranger"})), Refused::Subject);
    check("of an issuer that nobody trusts", signed(json!({"iss": "https://other.example.org"})), Refused::Issuer);
    check("of two issuers", signed(json!({"iss": [t.educate.url, "x"]})), Refused::Issuer);
    check("of no issuer", signed(json!({"iss": null})), Refused::Issuer);
    let slash = format!("{}/", t.educate.url);
    check("of an issuer that is called nearly so", signed(json!({"iss": slash})), Refused::Issuer);
    check("of another issuer, by the same key", t.kickstart.token(&t.signer, "mike"), Refused::Subject);
    // Signatures.
    check("by somebody who calls their key the same", stranger.token(&claims(json!({}))), Refused::Signature);
    let whole = signed(json!({}));
    let (_, signature) = whole.rsplit_once('.').unwrap();
    let helen = message(&header(json!({})), &claims(json!({"sub": "helen"})));
    check("with the claims of another", format!("{helen}.{signature}"), Refused::Signature);
    check("with no signature", format!("{helen}."), Refused::Signature);
    let none = message(&json!({"alg": "none", "typ": "at+jwt"}), &claims(json!({})));
    check("signed by nobody", format!("{none}."), Refused::Malformed);
    check("signed by nobody, with a signature", format!("{none}.{signature}"), Refused::Malformed);
    // The public key taken for a shared secret: its bytes, and as it is shown.
    for secret in [t.signer.public(), t.signer.jwk().to_string().into_bytes()] {
        let confused = message(&header(json!({"alg": "HS256"})), &claims(json!({})));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), confused.as_bytes());
        check("by the public key", format!("{confused}.{}", encoded(tag.as_ref())), Refused::Algorithm);
    }
    check("in a way that the issuer does not sign", ed.token(&claims(json!({}))), Refused::Algorithm);
    check("a key for something else", t.signer.signed(&header(json!({"kid": "ed"})), &claims(json!({}))), Refused::Key);
    check("a key of nobody", t.signer.signed(&header(json!({"kid": "third"})), &claims(json!({}))), Refused::Key);
    let own = header(json!({"jwk": stranger.jwk(), "kid": "own"}));
    check("a key that it brings itself", stranger.signed(&own, &claims(json!({}))), Refused::Key);
    let elsewhere = Provider::start(&[&stranger]);
    let from = header(json!({"jku": format!("{}/keys", elsewhere.url), "kid": "third"}));
    check("a key from where it says", stranger.signed(&from, &claims(json!({}))), Refused::Key);
    assert_eq!(elsewhere.asked(), 0);
    // Headers.
    check("of another type", t.signer.signed(&header(json!({"typ": "logout+jwt"})), &claims(json!({}))), Refused::Type);
    let untyped = json!({"alg": "ES256", "kid": "first"});
    check("of no type", t.signer.signed(&untyped, &claims(json!({}))), Refused::Type);
    let critical = header(json!({"crit": ["b64"], "b64": false}));
    check("with what must be understood", t.signer.signed(&critical, &claims(json!({}))), Refused::Malformed);
    // No tokens at all.
    for text in ["a.b.c", "..", "e30.e30.e30", "eyJhbGciOiJFUzI1NiJ9.bnVsbA.x"] {
        check(text, text.to_owned(), Refused::Malformed);
    }
    check("longer than any", signed(json!({"long": "x".repeat(9_000)})), Refused::Malformed);
    assert_eq!(t.who(&whole), "mike");
}

/// Whatever is changed of a token, at whichever place, it is refused, and nothing breaks.
#[test]
fn no_byte_of_a_token_can_be_changed() {
    let t = Tenants::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let tokens = Tokens::new(t.server.node.clone(), Options::default());
    let whole = t.token("mike");
    let check = |token: &str| runtime.block_on(tokens.authenticate(token)).is_ok();
    assert!(check(&whole));
    for at in 0..whole.len() {
        let (before, after) = (&whole[..at], &whole[at + 1..]);
        let there = &whole[at..=at];
        for other in ["A", "z", "_", "=", ".", " ", "", "\u{e9}"] {
            let changed = format!("{before}{other}{after}");
            assert!(other == there || !check(&changed), "{other:?} at {at}");
        }
        assert!(!check(before) && !check(&format!("{before}{there}{there}{after}")), "{at}");
    }
}

/// The node's log says which issuer it was and what was wrong, and nothing of the token.
#[test]
fn a_failed_sign_in_is_logged_without_the_token() {
    let platform = Platform::new("default");
    let log = platform.data().with_file_name("log");
    let serving = platform.serve_telling(&log, &[]);
    let signer = Signer::ed("app");
    let provider = Provider::start(&[&signer]);
    serving.done("register-issuer", &provider.trusted(json!({"id": "idp"})).to_string());
    let mut claims = provider.claims("a-subject-that-nobody-shall-read");
    claims["exp"] = json!(now() - 100);
    let ended = signer.token(&claims);
    let client = serving.http();
    assert_eq!(client.get(&ended, "/v1/whoami").status, 401);
    assert_eq!(client.get("not.a.token-at-all", "/v1/whoami").status, 401);
    serving.terminate();
    let log = std::fs::read_to_string(log).unwrap();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("a sign-in failed")).collect();
    assert!(lines[0].contains("issuers/idp") && lines[0].contains("it has ended"), "{log}");
    assert!(lines[1].contains("it is no JSON Web Token"), "{log}");
    let parts = ended.split('.').chain(["not.a.token-at-all", "a-subject-that-nobody-shall-read"]);
    parts.for_each(|part| assert!(!log.contains(part), "{part} in {log}"));
}
