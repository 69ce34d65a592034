//! Licences as a vendor signs them: JSON Web Signatures in their compact form (RFC 7515) by Ed25519 (RFC 8032, RFC 8037).
//!
//! A platform licence says what a platform may do; an authorisation code says what one of its tenants may. Each has its
//! own `typ` in a header that is one constant text, so neither passes for the other and no token chooses how it is read.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer as _};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tenure_events::data::{PlatformLicence, TenantLicence};
use tenure_events::{OrgId, Time};
use zeroize::Zeroizing;

/// The vendor's secret: whoever has it can license.
pub struct SigningKey(ed25519_dalek::SigningKey);

/// What licences are verified with; a platform is told it when it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(ed25519_dalek::VerifyingKey);

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// Not as the program writes public keys.
    #[error("this is no public key: give the 43 characters that `tenure licence keys` printed")]
    Public,
    /// Not as the program writes secret keys.
    #[error("this is no secret key: give the file that `tenure licence keys` wrote")]
    Secret,
}

/// Why a token licenses nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLicence {
    /// Not three parts, or too long.
    #[error("this is no licence: pass on what `tenure licence issue` printed, unchanged")]
    Malformed,
    /// A platform's where a tenant's is wanted, or the other way round, or something else that somebody signed.
    #[error("this is another kind of token than is wanted here")]
    OtherKind,
    /// Not signed with the key that the platform trusts, or changed afterwards.
    #[error("the signature is not by the key that this platform trusts, or the text was changed")]
    Forged,
    /// Signed, and saying what this version does not understand.
    #[error("the licence cannot be read: {0}")]
    Claims(String),
}

/// The longest token, in bytes.
const LONGEST: usize = 4_096;
/// The longest trial, in days.
pub const MAX_TRIAL_DAYS: u32 = 3_650;
/// No token ends later: the last second that RFC 3339 can write.
const LAST_SECOND: i64 = 253_402_300_799;

const PLATFORM: &str = r#"{"alg":"EdDSA","typ":"tenure-platform-licence"}"#;
const TENANT: &str = r#"{"alg":"EdDSA","typ":"tenure-tenant-authorisation"}"#;

/// How a secret key is written: so that it is known for what it is wherever it turns up.
const SECRET_PREFIX: &str = "tenure-licence-secret:";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlatformClaims {
    jti: String,
    iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    tenants: bool,
    trial_days: u32,
    trial_users: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TenantClaims {
    jti: String,
    iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    /// The org that is licensed.
    sub: OrgId,
    #[serde(skip_serializing_if = "Option::is_none")]
    users: Option<u32>,
}

impl SigningKey {
    /// A new key.
    ///
    /// # Errors
    /// The operating system gave no random bytes.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut_slice())?;
        Ok(Self::from_seed(&seed))
    }

    /// The key of these 32 bytes.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// As it is kept.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{SECRET_PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0.as_bytes())))
    }

    /// What its signatures are verified with.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// A platform's licence. Times are cut to whole seconds.
    #[must_use]
    pub fn platform(&self, licence: &PlatformLicence) -> String {
        let PlatformLicence { id, issued, tenants, trial_days, trial_users, valid_until } = licence.clone();
        let (iat, exp) = (seconds(issued), valid_until.map(seconds));
        self.sign(PLATFORM, &PlatformClaims { jti: id, iat, exp, tenants, trial_days, trial_users })
    }

    /// A tenant's authorisation code. Times are cut to whole seconds.
    #[must_use]
    pub fn tenant(&self, org: &OrgId, licence: &TenantLicence) -> String {
        let TenantLicence { id, issued, users, valid_until } = licence.clone();
        let (iat, exp) = (seconds(issued), valid_until.map(seconds));
        self.sign(TENANT, &TenantClaims { jti: id, iat, exp, sub: org.clone(), users })
    }

    fn sign(&self, header: &str, claims: &impl Serialize) -> String {
        let claims = serde_json::to_vec(claims).unwrap_or_default();
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.0.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }
}

impl PublicKey {
    /// What a platform's licence says.
    ///
    /// # Errors
    /// See [`InvalidLicence`].
    pub fn platform(&self, token: &str) -> Result<PlatformLicence, InvalidLicence> {
        let PlatformClaims { jti, iat, exp, tenants, trial_days, trial_users } = self.claims(PLATFORM, token)?;
        if !(1..=MAX_TRIAL_DAYS).contains(&trial_days) {
            return Err(InvalidLicence::Claims(format!("a trial of {trial_days} days: 1 to {MAX_TRIAL_DAYS}")));
        }
        let (issued, valid_until) = (time(iat)?, exp.map(time).transpose()?);
        Ok(PlatformLicence { id: id(jti)?, issued, tenants, trial_days, trial_users, valid_until })
    }

    /// Which org an authorisation code is for, and what it says.
    ///
    /// # Errors
    /// See [`InvalidLicence`].
    pub fn tenant(&self, token: &str) -> Result<(OrgId, TenantLicence), InvalidLicence> {
        let TenantClaims { jti, iat, exp, sub, users } = self.claims(TENANT, token)?;
        let (issued, valid_until) = (time(iat)?, exp.map(time).transpose()?);
        Ok((sub, TenantLicence { id: id(jti)?, issued, users, valid_until }))
    }

    fn claims<T: DeserializeOwned>(&self, header: &str, token: &str) -> Result<T, InvalidLicence> {
        if token.len() > LONGEST {
            return Err(InvalidLicence::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(InvalidLicence::Malformed)?;
        let (head, claims) = signed.split_once('.').ok_or(InvalidLicence::Malformed)?;
        if head != URL_SAFE_NO_PAD.encode(header) {
            return Err(InvalidLicence::OtherKind);
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).ok().and_then(|bytes| Signature::from_slice(&bytes).ok());
        let signature = signature.ok_or(InvalidLicence::Malformed)?;
        self.0.verify_strict(signed.as_bytes(), &signature).map_err(|_| InvalidLicence::Forged)?;
        let claims = URL_SAFE_NO_PAD.decode(claims).map_err(|_| InvalidLicence::Malformed)?;
        serde_json::from_slice(&claims).map_err(|error| InvalidLicence::Claims(error.to_string()))
    }
}

impl FromStr for SigningKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let seed = text.trim().strip_prefix(SECRET_PREFIX).and_then(|seed| URL_SAFE_NO_PAD.decode(seed).ok());
        let seed = Zeroizing::new(seed.ok_or(InvalidKey::Secret)?);
        let seed: Zeroizing<[u8; 32]> = Zeroizing::new(seed.as_slice().try_into().map_err(|_| InvalidKey::Secret)?);
        Ok(Self::from_seed(&seed))
    }
}

impl FromStr for PublicKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim()).map_err(|_| InvalidKey::Public)?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| InvalidKey::Public)?;
        ed25519_dalek::VerifyingKey::from_bytes(&bytes).map(Self).map_err(|_| InvalidKey::Public)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0.as_bytes()))
    }
}

const fn seconds(time: Time) -> i64 {
    time.micros().div_euclid(1_000_000)
}

fn time(seconds: i64) -> Result<Time, InvalidLicence> {
    if !(0..=LAST_SECOND).contains(&seconds) {
        return Err(InvalidLicence::Claims(format!("{seconds} is no time in seconds since 1970")));
    }
    Ok(Time::from_micros(seconds * 1_000_000))
}

fn id(jti: String) -> Result<String, InvalidLicence> {
    let word = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    if jti.is_empty() || jti.len() > 128 || !jti.chars().all(word) {
        return Err(InvalidLicence::Claims("`jti` is 1 to 128 characters of `A-Z a-z 0-9 - _ . :`".to_owned()));
    }
    Ok(jti)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(&[seed; 32])
    }

    fn platform() -> PlatformLicence {
        PlatformLicence {
            id: "lic-1".to_owned(),
            issued: "2026-02-01T00:00:00Z".parse().unwrap(),
            tenants: true,
            trial_days: 30,
            trial_users: 5,
            valid_until: None,
        }
    }

    fn tenant() -> TenantLicence {
        let (issued, until) = ("2026-02-01T00:00:00Z".parse().unwrap(), "2027-02-01T00:00:00Z".parse().unwrap());
        TenantLicence { id: "code-1".to_owned(), issued, users: Some(50), valid_until: Some(until) }
    }

    fn check<T: fmt::Debug + PartialEq>(read: Result<T, InvalidLicence>, want: Result<T, InvalidLicence>, what: &str) {
        assert_eq!(read, want, "{what}");
    }

    #[test]
    fn what_was_signed_is_read_and_nothing_else() {
        let (vendor, other, org): (_, _, OrgId) = (key(1), key(2), "carlsberg".parse().unwrap());
        let (trusted, licence, code) = (vendor.public(), vendor.platform(&platform()), vendor.tenant(&org, &tenant()));
        check(trusted.platform(&licence), Ok(platform()), "a licence");
        check(trusted.tenant(&code), Ok((org.clone(), tenant())), "a code");
        check(trusted.tenant(&licence), Err(InvalidLicence::OtherKind), "a licence for a code");
        check(trusted.platform(&code), Err(InvalidLicence::OtherKind), "a code for a licence");
        check(trusted.tenant(&other.tenant(&org, &tenant())), Err(InvalidLicence::Forged), "another vendor's");
        let more = vendor.tenant(&org, &TenantLicence { users: Some(51), ..tenant() });
        let (body, _) = more.rsplit_once('.').unwrap();
        let (_, signature) = code.rsplit_once('.').unwrap();
        check(trusted.tenant(&format!("{body}.{signature}")), Err(InvalidLicence::Forged), "another body");
        let none = format!("{}.e30.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#));
        check(trusted.platform(&none), Err(InvalidLicence::OtherKind), "no signature");
        for text in ["", "a", "a.b", "..", &"a.".repeat(3_000)] {
            assert!(trusted.platform(text).is_err(), "{text}");
        }
        let long = vendor.platform(&PlatformLicence { trial_days: MAX_TRIAL_DAYS + 1, ..platform() });
        assert!(matches!(trusted.platform(&long), Err(InvalidLicence::Claims(_))));
    }

    /// Every byte of a token matters.
    #[test]
    fn a_changed_byte_is_noticed() {
        let (vendor, org) = (key(1), "carlsberg".parse().unwrap());
        let code = vendor.tenant(&org, &tenant());
        for at in 0..code.len() {
            let mut bytes = code.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            assert!(vendor.public().tenant(&String::from_utf8(bytes).unwrap()).is_err(), "{at}");
        }
    }

    #[test]
    fn keys_are_read_as_they_are_written() {
        let vendor = key(7);
        assert_eq!(vendor.reveal().parse::<SigningKey>().unwrap().public(), vendor.public());
        assert_eq!(vendor.public().to_string().parse(), Ok(vendor.public()));
        assert_eq!("x".parse::<PublicKey>(), Err(InvalidKey::Public));
        assert!(vendor.public().to_string().parse::<SigningKey>().is_err());
    }
}
