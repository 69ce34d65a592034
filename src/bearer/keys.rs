//! The public keys of issuers: as they are registered, or fetched from where the issuer has them.
//!
//! Fetched keys are remembered. They are fetched anew by the first token that comes once they are no longer fresh, or that
//! names a key which is not among them. One request fetches at a time, and none again within the floor, even if the last
//! one failed: else callers could flood the issuer. While the issuer is away its keys count on, for a day.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use serde_json::Value;
use tenure_projections::values::IssuerKey;

use super::fetch::fetch;
use super::{Options, Refused};
use crate::clock::Clock;
use crate::node::Trusted;

/// More keys of one set are not looked at.
const MAX_KEYS: usize = 50;

/// The keys of all issuers.
pub struct Keys {
    options: Options,
    sources: Mutex<HashMap<Arc<str>, Arc<Source>>>,
}

/// Keys that count together.
pub struct Set {
    number: u64,
    keys: Vec<PublicKey>,
    /// As they came.
    body: Vec<u8>,
}

/// One of them.
pub struct PublicKey {
    kid: Option<String>,
    /// The one way to sign that it is for, where its issuer says so.
    alg: Option<String>,
    curve: Option<String>,
    key: DecodingKey,
}

/// Where keys are fetched from.
#[derive(Default)]
struct Source {
    state: Mutex<State>,
    /// Held by the request that fetches.
    flight: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    set: Option<Arc<Set>>,
    fetched: Option<Duration>,
    tried: Option<Duration>,
}

impl Keys {
    pub fn new(options: Options) -> Self {
        Self { options, sources: Mutex::default() }
    }

    /// The keys of an issuer, fetched anew where that is due and a token is signed by none of them; and where they are
    /// from, if they are fetched.
    pub async fn of(
        &self,
        trusted: &Trusted,
        kid: Option<&str>,
        alg: Algorithm,
        clock: &Clock,
    ) -> Result<(Option<Arc<str>>, Arc<Set>), Refused> {
        let Some(uri) = &trusted.issuer.jwks_uri else {
            return Ok((None, Arc::new(Set::registered(&trusted.issuer.keys))));
        };
        let (uri, source) = self.source(uri);
        if self.is_due(&source, kid, alg, clock.elapsed()) {
            let flight = match source.flight.try_lock() {
                Ok(flight) => Some(flight),
                // The key is known: the request need not wait for the one that fetches.
                Err(_) if source.find(kid, alg) => None,
                Err(_) => Some(source.flight.lock().await),
            };
            if flight.is_some() && self.is_due(&source, kid, alg, clock.elapsed()) {
                source.lock().tried = Some(clock.elapsed());
                let (from, to, clock) = (Arc::clone(&uri), Arc::clone(&source), clock.clone());
                let id = trusted.id.clone();
                let fetched = tokio::task::spawn_blocking(move || match fetch(&from) {
                    Ok(body) => to.put(body, clock.elapsed(), &id),
                    Err(error) => tracing::warn!(issuer = id, error, "the keys of an issuer cannot be fetched"),
                });
                // A fault of it leaves the keys as they were.
                let _: Result<(), _> = fetched.await;
            }
        }
        let now = clock.elapsed();
        let state = source.lock();
        let last = state.fetched.is_some_and(|at| now.saturating_sub(at) <= self.options.keys_last);
        let set = state.set.clone().filter(|_| last);
        set.map(|set| (Some(uri), set)).ok_or(Refused::NoKeys)
    }

    /// Whether keys are those that a token was verified by, and need not be fetched anew.
    pub fn are_still(&self, source: Option<&Arc<str>>, number: u64, now: Duration) -> bool {
        let Some(uri) = source else { return true };
        let (_, source) = self.source(uri);
        let same = source.lock().set.as_ref().is_some_and(|set| set.number == number);
        same && !(self.is_old(&source, now) && self.may_try(&source, now))
    }

    fn is_due(&self, source: &Source, kid: Option<&str>, alg: Algorithm, now: Duration) -> bool {
        (self.is_old(source, now) || !source.find(kid, alg)) && self.may_try(source, now)
    }

    fn is_old(&self, source: &Source, now: Duration) -> bool {
        source.lock().fetched.is_none_or(|at| now.saturating_sub(at) > self.options.keys_fresh)
    }

    fn may_try(&self, source: &Source, now: Duration) -> bool {
        source.lock().tried.is_none_or(|at| now.saturating_sub(at) >= self.options.keys_floor)
    }

    fn source(&self, uri: &str) -> (Arc<str>, Arc<Source>) {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((uri, source)) = sources.get_key_value(uri) {
            return (Arc::clone(uri), Arc::clone(source));
        }
        let (uri, source) = (Arc::<str>::from(uri), Arc::default());
        sources.insert(Arc::clone(&uri), Arc::clone(&source));
        (uri, source)
    }
}

impl Source {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, kid: Option<&str>, alg: Algorithm) -> bool {
        self.lock().set.as_ref().is_some_and(|set| set.find(kid, alg).is_some())
    }

    /// The keys as they are now. None at all is taken for a fault of the provider.
    fn put(&self, body: Vec<u8>, now: Duration, issuer: &str) {
        let mut state = self.lock();
        if state.set.as_ref().is_some_and(|set| set.body == body) {
            state.fetched = Some(now);
            return;
        }
        let number = state.set.as_ref().map_or(1, |set| set.number + 1);
        let keys = read(&body);
        if keys.is_empty() {
            drop(state);
            tracing::warn!(issuer, "what an issuer has for its keys has no public key that can be used");
            return;
        }
        tracing::info!(issuer, keys = keys.len(), "the keys of an issuer were fetched");
        (state.set, state.fetched) = (Some(Arc::new(Set { number, keys, body })), Some(now));
    }
}

impl Set {
    fn registered(keys: &[IssuerKey]) -> Self {
        let read = |key: &IssuerKey| {
            let IssuerKey { kty, kid, crv, n, e, x, y } = key;
            let of = |text: &Option<String>| text.clone().unwrap_or_default();
            PublicKey::of(kty, [of(n), of(e), of(x), of(y)], crv.clone(), kid.clone(), None)
        };
        Self { number: 0, keys: keys.iter().filter_map(read).collect(), body: Vec::new() }
    }

    /// Which one of the issuer's key sets it is.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The key that a token names. One that names none is of the only key that there is for its way to sign.
    pub fn find(&self, kid: Option<&str>, alg: Algorithm) -> Option<&PublicKey> {
        let mut fits = self.keys.iter().filter(|key| key.is_for(alg) && kid.is_none_or(|_| key.kid.as_deref() == kid));
        let first = fits.next();
        first.filter(|_| kid.is_some() || fits.next().is_none())
    }
}

impl PublicKey {
    fn of(
        kty: &str,
        [n, e, x, y]: [String; 4],
        curve: Option<String>,
        kid: Option<String>,
        alg: Option<String>,
    ) -> Option<Self> {
        let key = match (kty, curve.as_deref()) {
            ("RSA", _) => DecodingKey::from_rsa_components(&n, &e),
            ("EC", Some("P-256" | "P-384")) => DecodingKey::from_ec_components(&x, &y),
            ("OKP", Some("Ed25519")) => DecodingKey::from_ed_components(&x),
            _ => return None,
        };
        Some(Self { kid, alg, curve, key: key.ok()? })
    }

    pub const fn key(&self) -> &DecodingKey {
        &self.key
    }

    /// Whether tokens that are signed so can be signed by it.
    pub fn is_for(&self, alg: Algorithm) -> bool {
        let name = format!("{alg:?}");
        let curve = match alg.family() {
            AlgorithmFamily::Ec => {
                self.curve.as_deref() == Some(if alg == Algorithm::ES384 { "P-384" } else { "P-256" })
            }
            AlgorithmFamily::Rsa | AlgorithmFamily::Ed => true,
            AlgorithmFamily::Hmac => false,
        };
        curve && self.key.family() == alg.family() && self.alg.as_ref().is_none_or(|alg| *alg == name)
    }
}

/// The keys of a set that can be used here: public ones, for signatures.
fn read(body: &[u8]) -> Vec<PublicKey> {
    let Ok(set) = serde_json::from_slice::<Value>(body) else { return Vec::new() };
    let keys = set.get("keys").and_then(Value::as_array).into_iter().flatten().take(MAX_KEYS);
    let of = |key: &Value| {
        let text = |name: &str| key.get(name).and_then(Value::as_str).map(str::to_owned);
        let member = |name: &str| text(name).unwrap_or_default();
        let signs = text("use").is_none_or(|purpose| purpose == "sig");
        let members = ["n", "e", "x", "y"].map(member);
        PublicKey::of(&member("kty"), members, text("crv"), text("kid"), text("alg")).filter(|_| signs)
    };
    keys.filter_map(of).collect()
}
