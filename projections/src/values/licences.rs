//! Licences, tenants of identity providers, and how people sign in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tenure_events::Time;
use tenure_events::data;

use super::Window;

/// What an org may be: its trial, or its authorisation code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Licence {
    /// Not licensed yet.
    pub trial: bool,
    /// The code's own id; empty for a trial.
    pub id: String,
    /// How many enabled users it may have; any number where there is none.
    pub users: Option<u32>,
    /// When the org works.
    pub window: Window,
    issued: i64,
}

impl Licence {
    pub(crate) fn trial(started: &data::TrialStarted) -> Self {
        let window = Window::new(None, Some(started.valid_until));
        Self { trial: true, id: String::new(), users: Some(started.users), window, issued: i64::MIN }
    }

    pub(crate) fn official(licence: &data::TenantLicence) -> Self {
        let data::TenantLicence { id, issued, users, valid_until } = licence;
        let (id, window) = (id.clone(), Window::new(None, *valid_until));
        Self { trial: false, id, users: *users, window, issued: issued.micros() }
    }

    /// When the code was issued; the beginning of time for a trial.
    #[must_use]
    pub const fn issued(&self) -> Time {
        Time::from_micros(self.issued)
    }
}

/// What the platform as such may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlatformLicence {
    /// The licence's own id.
    pub id: String,
    /// Whether there may be tenants.
    pub tenants: bool,
    /// How long a new tenant is on trial, in days.
    pub trial_days: u32,
    /// How many enabled users a tenant on trial may have.
    pub trial_users: u32,
    /// When it counts.
    pub window: Window,
    issued: i64,
}

impl From<&data::PlatformLicence> for PlatformLicence {
    fn from(licence: &data::PlatformLicence) -> Self {
        let data::PlatformLicence { id, issued, tenants, trial_days, trial_users, valid_until } = licence;
        let (id, window, issued) = (id.clone(), Window::new(None, *valid_until), issued.micros());
        Self { id, tenants: *tenants, trial_days: *trial_days, trial_users: *trial_users, window, issued }
    }
}

impl PlatformLicence {
    /// When it was issued.
    #[must_use]
    pub const fn issued(&self) -> Time {
        Time::from_micros(self.issued)
    }
}

/// What an identity provider tells of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    /// Who tells it.
    pub issuer: String,
    /// What the tenant is called there.
    pub external_id: String,
    /// What else is told of it.
    pub attributes: BTreeMap<String, String>,
}

/// How much there is in an org, for those who run the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// At home there and not erased.
    pub users: usize,
    /// Those of them who ever signed in.
    pub signed_in: usize,
    /// Pieces of content that are apps.
    pub apps: usize,
}

/// How people sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// By which methods.
    pub methods: Vec<String>,
    /// Which of the two addresses people are led to.
    pub default: data::LoginAddress,
}
