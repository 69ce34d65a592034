//! Tokens of issuers: signed JSON Web Tokens (RFC 9068, 8725) as bearer credentials (RFC 6750). See decision 0041.
//!
//! Here it is seen that a token is signed by whom it names, for us, and in its time; the node says whose it is, and judges
//! with each request whether it still counts.

mod fetch;
mod keys;
mod remembered;
mod ring;
mod verify;

use std::sync::Arc;
use std::time::Duration;

use tenure_events::Time;

use crate::node::{Authenticated, Node, Said, Trusted};
use keys::Keys;
use remembered::{Remembered, fingerprint};
use verify::{Unverified, verify};

/// How tokens are looked at.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How far the clock of an issuer may be from ours.
    pub clock_skew: Duration,
    /// After how long the keys of an issuer are fetched anew, as soon as a token comes.
    pub keys_fresh: Duration,
    /// For how long keys count that could not be fetched anew.
    pub keys_last: Duration,
    /// How long nothing is fetched from an issuer after it was tried.
    pub keys_floor: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clock_skew: Duration::from_secs(30),
            keys_fresh: Duration::from_mins(5),
            keys_last: Duration::from_hours(24),
            keys_floor: Duration::from_secs(30),
        }
    }
}

/// Why a token does not sign anybody in. It is for the node's log alone: a caller hears that it does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It has not the form of one.
    #[error("it is no JSON Web Token")]
    Malformed,
    /// Nobody trusts whom it names.
    #[error("its issuer is not registered, or not for this tenant")]
    Issuer,
    /// It is of another type.
    #[error("its `typ` is neither `at+jwt` nor `JWT`")]
    Type,
    /// It is signed in another way than it may be.
    #[error("its `alg` is not one of the issuer's")]
    Algorithm,
    /// No key of the issuer is known by its `kid`.
    #[error("the issuer has no such key")]
    Key,
    /// The issuer's keys cannot be had.
    #[error("the keys of the issuer cannot be fetched")]
    NoKeys,
    /// Somebody else signed it, or it was changed.
    #[error("its signature is wrong")]
    Signature,
    /// It is bound to a key whose holder must prove it, and no such proof is taken here.
    #[error("it is bound to a key by `cnf`")]
    Bound,
    /// It is for somebody else.
    #[error("its `aud` is another")]
    Audience,
    /// It has ended.
    #[error("it has ended")]
    Ended,
    /// It does not count yet.
    #[error("it does not count yet")]
    Early,
    /// A claim is missing, or not what it must be.
    #[error("a claim is missing or malformed")]
    Claims,
    /// Nobody who may act has this identity.
    #[error("its subject is linked to nobody who may act")]
    Subject,
}

/// A token that was refused, and the issuer that it names, if that is known.
#[derive(Debug)]
pub struct Failure {
    /// The id of the issuer.
    pub issuer: Option<String>,
    /// Why.
    pub why: Refused,
}

/// Verifies tokens for a node.
pub struct Tokens {
    node: Node,
    options: Options,
    keys: Keys,
    remembered: Remembered,
}

/// What an API key never looks like: three parts with dots between.
#[must_use]
pub fn is_token(text: &str) -> bool {
    text.bytes().filter(|byte| *byte == b'.').count() == 2
}

impl Tokens {
    /// For this node.
    #[must_use]
    pub fn new(node: Node, options: Options) -> Self {
        Self { keys: Keys::new(options), remembered: Remembered::default(), node, options }
    }

    /// Who is signed in by a token.
    ///
    /// # Errors
    /// It does not count.
    pub async fn authenticate(&self, token: &str) -> Result<Authenticated, Failure> {
        let fingerprint = fingerprint(token);
        let now = self.node.clock().elapsed();
        if let Some((caller, source, keys)) = self.remembered.get(&fingerprint)
            && self.keys.are_still(source.as_ref(), keys, now)
            && self.node.stands(&self.node.live(), &caller)
        {
            return Ok(caller);
        }
        let failed = |issuer: Option<&Trusted>, why| Failure { issuer: issuer.map(|issuer| issuer.id.clone()), why };
        let unverified = Unverified::of(token).map_err(|why| failed(None, why))?;
        let trusted = unverified.iss().and_then(|iss| self.node.trusted(iss, |claim| unverified.text(claim)));
        let trusted = trusted.ok_or_else(|| failed(None, Refused::Issuer))?;
        let signed = self.signed(token, &unverified, &trusted).await;
        let (caller, source, keys) = signed.map_err(|why| failed(Some(&trusted), why))?;
        self.remembered.put(fingerprint, caller, source, keys);
        Ok(caller)
    }

    async fn signed(
        &self,
        token: &str,
        unverified: &Unverified,
        trusted: &Trusted,
    ) -> Result<(Authenticated, Option<Arc<str>>, u64), Refused> {
        unverified.is_allowed(&trusted.issuer)?;
        let (kid, alg) = (unverified.kid(), unverified.alg());
        let (source, keys) = self.keys.of(trusted, kid, alg, self.node.clock()).await?;
        let key = keys.find(kid, alg).ok_or(Refused::Key)?;
        let claims = verify(token, unverified, key, &trusted.issuer)?;
        let skew = i64::try_from(self.options.clock_skew.as_micros()).unwrap_or(i64::MAX);
        let (now, later) =
            (self.node.live().instant(), |time: Time| Time::from_micros(time.micros().saturating_add(skew)));
        let ends = later(claims.exp);
        if now >= ends {
            return Err(Refused::Ended);
        }
        if [claims.nbf, claims.iat].into_iter().flatten().any(|begins| begins > later(now)) {
            return Err(Refused::Early);
        }
        let org = match &trusted.issuer.org_claim {
            Some(claim) if unverified.has(claim) => Some(unverified.text(claim).ok_or(Refused::Claims)?),
            Some(_) | None => None,
        };
        let said = Said {
            subject: &claims.sub,
            actor: claims.actor.as_deref(),
            issued: claims.iat.unwrap_or(Time::MIN),
            ends,
            org: org.as_deref(),
        };
        let caller = self.node.sign_in(trusted, &said).ok_or(Refused::Subject)?;
        Ok((caller, source, keys.number()))
    }
}
