//! Issuers: identity providers whose tokens sign people in.

#![expect(missing_docs, reason = "most fields say all in name and type; the others have their sentence")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{IssuerId, OrgId};

/// How tokens are signed. Nothing else is taken: neither unsigned ones, nor such as are signed with a shared secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the variants are those of RFC 7518, section 3.1, and RFC 8037")]
pub enum SigningAlgorithm {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    EdDSA,
}

data! {
    /// A public key of an issuer, as RFC 7517 writes it: the members that its sort needs, and no others.
    IssuerKey {
        /// `RSA`, `EC` or `OKP`.
        kty: String,
        /// What tokens call it.
        #[serde(default, skip_serializing_if = "Option::is_none")] kid: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")] crv: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")] n: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")] e: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")] x: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")] y: Option<String>,
    }
    /// What is trusted of an issuer.
    IssuerSettings {
        /// What it calls itself: the `iss` of its tokens.
        url: String,
        /// For whom tokens are: one of these is in their `aud`.
        audiences: Vec<String>,
        /// How they are signed: by one of these.
        algorithms: Vec<SigningAlgorithm>,
        /// Where its keys are, unless they stand in `keys`.
        #[serde(default, skip_serializing_if = "Option::is_none")] jwks_uri: Option<String>,
        /// Its keys, unless they are fetched.
        #[serde(default, skip_serializing_if = "Vec::is_empty")] keys: Vec<IssuerKey>,
        /// The claim that says which tenant a token is of.
        #[serde(default, skip_serializing_if = "Option::is_none")] tenant_claim: Option<String>,
        /// What that claim says of this org, where several share the issuer.
        #[serde(default, skip_serializing_if = "Option::is_none")] tenant: Option<String>,
        /// The claim that says in which org alone the token counts.
        #[serde(default, skip_serializing_if = "Option::is_none")] org_claim: Option<String>,
    }
    /// An issuer signs people of an org in; of the root org, also people of the tenants that its tokens name.
    IssuerRegistered { issuer: IssuerId, org: OrgId, settings: Box<IssuerSettings> }
    /// This is trusted of it from now on, and nothing else.
    IssuerChanged { issuer: IssuerId, org: OrgId, settings: Box<IssuerSettings> }
    /// Nothing of it counts any more.
    IssuerRemoved { issuer: IssuerId, org: OrgId }
    /// An org vouches for an issuer as it is now: it counts though the landlord is excluded.
    IssuerConfirmed { issuer: IssuerId, org: OrgId }
}
