//! Issuers, as what verifies tokens reads them.

use serde::{Deserialize, Serialize};
use tenure_events::data::{self, IssuerSettings, SigningAlgorithm};

use super::OrgNo;

number! {
    /// An issuer.
    IssuerNo
    /// An external identity.
    IdentityNo
}

/// An issuer and what is trusted of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issuer {
    /// The org whose people it signs in; the root for the platform's own.
    pub org: OrgNo,
    /// What it calls itself.
    pub url: String,
    /// For whom its tokens are.
    pub audiences: Vec<String>,
    /// How they are signed.
    pub algorithms: Vec<SigningAlgorithm>,
    /// Where its keys are.
    pub jwks_uri: Option<String>,
    /// Its keys, where they are not fetched.
    pub keys: Vec<IssuerKey>,
    /// The claim that says which tenant a token is of.
    pub tenant_claim: Option<String>,
    /// What that claim says of the org.
    pub tenant: Option<String>,
    /// The claim that says in which org alone the token counts.
    pub org_claim: Option<String>,
}

/// A public key, by the members of RFC 7517.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the RFC")]
pub struct IssuerKey {
    pub kty: String,
    pub kid: Option<String>,
    pub crv: Option<String>,
    pub n: Option<String>,
    pub e: Option<String>,
    pub x: Option<String>,
    pub y: Option<String>,
}

impl From<&data::IssuerKey> for IssuerKey {
    fn from(key: &data::IssuerKey) -> Self {
        let data::IssuerKey { kty, kid, crv, n, e, x, y } = key.clone();
        Self { kty, kid, crv, n, e, x, y }
    }
}

impl From<&IssuerKey> for data::IssuerKey {
    fn from(key: &IssuerKey) -> Self {
        let IssuerKey { kty, kid, crv, n, e, x, y } = key.clone();
        Self { kty, kid, crv, n, e, x, y }
    }
}

impl Issuer {
    /// As an event says it.
    pub(crate) fn of(org: OrgNo, settings: &IssuerSettings) -> Self {
        let IssuerSettings { url, audiences, algorithms, jwks_uri, keys, tenant_claim, tenant, org_claim } =
            settings.clone();
        let keys = keys.iter().map(IssuerKey::from).collect();
        Self { org, url, audiences, algorithms, jwks_uri, keys, tenant_claim, tenant, org_claim }
    }

    /// As an event would say it.
    #[must_use]
    pub fn settings(&self) -> IssuerSettings {
        let Self { org: _, url, audiences, algorithms, jwks_uri, keys, tenant_claim, tenant, org_claim } = self.clone();
        let keys = keys.iter().map(data::IssuerKey::from).collect();
        IssuerSettings { url, audiences, algorithms, jwks_uri, keys, tenant_claim, tenant, org_claim }
    }
}
