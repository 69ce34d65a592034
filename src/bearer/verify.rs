//! One token: what it says of itself, and whether that is signed.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Header, Validation, dangerous, decode, decode_header};
use serde_json::{Map, Value};
use tenure_events::Time;
use tenure_events::data::SigningAlgorithm;
use tenure_projections::values::Issuer;

use super::Refused;
use super::keys::PublicKey;

/// The longest that is looked at.
const LONGEST: usize = 8 * 1024;
/// The longest text of a claim that is used.
const LONGEST_CLAIM: usize = 255;

/// A token as it came. Nothing that it says is true yet.
pub struct Unverified {
    header: Header,
    claims: Map<String, Value>,
}

/// What a verified token says, beside claims that an issuer is registered with.
pub struct Claims {
    pub sub: String,
    /// The `sub` of its `act`: who acts for them (RFC 8693, section 4.1).
    pub actor: Option<String>,
    pub exp: Time,
    pub nbf: Option<Time>,
    pub iat: Option<Time>,
}

impl Unverified {
    pub fn of(token: &str) -> Result<Self, Refused> {
        if token.len() > LONGEST {
            return Err(Refused::Malformed);
        }
        // Fails for `none`, and for whatever else is no way to sign.
        let header = decode_header(token).map_err(|_| Refused::Malformed)?;
        let claims = dangerous::insecure_decode_claims(token).map_err(|_| Refused::Malformed)?;
        Ok(Self { header, claims })
    }

    pub fn iss(&self) -> Option<&str> {
        self.claims.get("iss").and_then(Value::as_str)
    }

    pub fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    pub const fn alg(&self) -> Algorithm {
        self.header.alg
    }

    /// Whether it is of a type and signed in a way that the issuer's may be: seen before anything is fetched for it.
    pub fn is_allowed(&self, issuer: &Issuer) -> Result<(), Refused> {
        let kind = self.header.typ.as_deref().unwrap_or_default();
        if !["at+jwt", "application/at+jwt", "JWT"].iter().any(|known| kind.eq_ignore_ascii_case(known)) {
            return Err(Refused::Type);
        }
        let mut allowed = issuer.algorithms.iter();
        if allowed.any(|allowed| algorithm(*allowed) == self.header.alg) { Ok(()) } else { Err(Refused::Algorithm) }
    }

    pub fn has(&self, claim: &str) -> bool {
        self.claims.get(claim).is_some_and(|value| !value.is_null())
    }

    /// The text of a claim.
    pub fn text(&self, claim: &str) -> Option<String> {
        let text = self.claims.get(claim).and_then(Value::as_str).filter(|text| !text.is_empty());
        text.filter(|text| text.len() <= LONGEST_CLAIM).map(str::to_owned)
    }
}

/// Verifies a token by a key of the issuer, and reads what it says.
pub fn verify(token: &str, unverified: &Unverified, key: &PublicKey, issuer: &Issuer) -> Result<Claims, Refused> {
    let mut validation = Validation::new(unverified.alg());
    validation.set_issuer(&[&issuer.url]);
    validation.set_audience(&issuer.audiences);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    // By the node's clock, below: that one is guarded.
    validation.validate_exp = false;
    super::ring::install();
    let verified =
        decode::<Map<String, Value>>(token, key.key(), &validation).map_err(|error| refused(error.kind()))?;
    let claims = &verified.claims;
    let iss = claims.get("iss").and_then(Value::as_str);
    if *claims != unverified.claims || iss != Some(&issuer.url) {
        return Err(Refused::Claims);
    }
    // Bound to a key (RFC 7800): its bearer must prove to hold that, and no such proof is taken here.
    if claims.contains_key("cnf") {
        return Err(Refused::Bound);
    }
    let actor = match claims.get("act") {
        Some(act) => {
            let of_issuer = act.get("iss").is_none_or(|iss| iss.as_str() == Some(&issuer.url));
            let sub = act.get("sub").and_then(Value::as_str).filter(|_| of_issuer);
            Some(sub.ok_or(Refused::Claims)?.to_owned())
        }
        None => None,
    };
    Ok(Claims {
        sub: unverified.text("sub").ok_or(Refused::Claims)?,
        actor,
        exp: time(claims, "exp")?.ok_or(Refused::Claims)?,
        nbf: time(claims, "nbf")?,
        iat: time(claims, "iat")?,
    })
}

/// A number of seconds since 1970.
fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<Time>, Refused> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = value.as_f64().filter(|seconds| (0.0..9.0e12).contains(seconds)).ok_or(Refused::Claims)?;
    #[expect(clippy::cast_possible_truncation, reason = "within the range above")]
    let micros = (seconds * 1e6) as i64;
    Ok(Some(Time::from_micros(micros)))
}

fn algorithm(algorithm: SigningAlgorithm) -> Algorithm {
    match algorithm {
        SigningAlgorithm::RS256 => Algorithm::RS256,
        SigningAlgorithm::RS384 => Algorithm::RS384,
        SigningAlgorithm::RS512 => Algorithm::RS512,
        SigningAlgorithm::PS256 => Algorithm::PS256,
        SigningAlgorithm::PS384 => Algorithm::PS384,
        SigningAlgorithm::PS512 => Algorithm::PS512,
        SigningAlgorithm::ES256 => Algorithm::ES256,
        SigningAlgorithm::ES384 => Algorithm::ES384,
        SigningAlgorithm::EdDSA => Algorithm::EdDSA,
    }
}

fn refused(kind: &ErrorKind) -> Refused {
    if matches!(kind, ErrorKind::InvalidAudience) {
        Refused::Audience
    } else if matches!(kind, ErrorKind::InvalidSignature) {
        Refused::Signature
    } else if matches!(kind, ErrorKind::InvalidAlgorithm | ErrorKind::InvalidKeyFormat) {
        Refused::Algorithm
    } else if matches!(kind, ErrorKind::InvalidToken | ErrorKind::Base64(_) | ErrorKind::Json(_) | ErrorKind::Utf8(_)) {
        Refused::Malformed
    } else {
        Refused::Claims
    }
}
