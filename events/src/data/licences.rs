//! Licences, tenants, sign-in, and what passes by time alone.

use std::collections::BTreeMap;

use super::*;

/// Which of the two log-in addresses people are led to. Both stay valid (H).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LoginAddress {
    /// That of the platform.
    Platform,
    /// That of the tenants.
    Tenant,
}

/// What a window was about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// A user's membership of an org.
    Subscription(MemberOf),
    /// A role that a user or group holds.
    Role(HolderOf),
    /// A piece of content that somebody has.
    Share(SharedWith),
    /// A key that speaks for a user.
    ApiKey(ApiKeyId),
    /// The admission of an org's ancestors.
    Landlord(OrgId),
    /// The trial of an org, or its licence.
    Licence(OrgId),
    /// The licence of the platform.
    PlatformLicence(Everyone),
}

data! {
    /// The platform takes licences and authorisation codes that are signed with this key, and no others.
    LicenceKeyTrusted {
        /// Ed25519 public key (RFC 8032), in base64url without padding.
        key: String,
    }
    /// What the platform's licence says.
    PlatformLicence {
        /// The licence's own id.
        id: String,
        issued: Time,
        /// Whether there may be tenants.
        tenants: bool,
        /// How long a new tenant is on trial, in days.
        trial_days: u32,
        /// How many enabled users a tenant on trial may have.
        trial_users: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")] valid_until: Option<Time>,
    }
    /// The platform has this licence now.
    LicenceInstalled {
        /// As it was signed: anybody with the public key can prove it.
        token: String,
        licence: PlatformLicence,
    }
    /// An org is on trial: after that it stands still until it is licensed.
    TrialStarted {
        org: OrgId,
        /// How many enabled users it may have.
        users: u32,
        valid_until: Time,
    }
    /// What an org's authorisation code says.
    TenantLicence {
        /// The code's own id.
        id: String,
        issued: Time,
        /// How many enabled users it may have; any number where left out.
        #[serde(default, skip_serializing_if = "Option::is_none")] users: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")] valid_until: Option<Time>,
    }
    /// An org is official, with the limit and the end of its authorisation code.
    OrgLicensed {
        org: OrgId,
        /// As it was signed.
        authorisation: String,
        licence: TenantLicence,
    }
    /// An org came with an identity provider's installation call, or came again with other attributes.
    TenantProvisioned {
        org: OrgId,
        /// Who calls it so.
        issuer: String,
        /// What it is called there.
        external_id: String,
        /// What else the provider tells of it.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")] attributes: BTreeMap<String, String>,
    }
    /// People of an org sign in by these methods; of the root org, those of the platform and of every org that has none
    /// of its own.
    LoginConfigured { org: OrgId, methods: Vec<String>, default: LoginAddress }

    /// A user and an org.
    MemberOf { user: UserId, org: OrgId }
    /// A role and who holds it.
    HolderOf { role: RoleId, to: Assignee }
    /// A piece of content and with whom it is shared.
    SharedWith { resource: ResourceId, with: Audience }
    /// A window has passed. It is said once; no answer waits for it.
    ValidityEnded {
        what: Ended,
        /// The position of the event that set the window.
        granted_at: u64,
        /// The end of the window: the first instant at which it did not count.
        until: Time,
    }
}
