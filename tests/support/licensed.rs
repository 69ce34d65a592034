//! A platform in memory that has tenants by licence, as Hengshi's does, and the vendor who signs for it.

use serde_json::json;
use tenure::licence::SigningKey;
use tenure_events::Event;
use tenure_events::data::{
    LicenceKeyTrusted, Lifecycle, PlatformLicence, Settings, Switch, TenantLicence, TenantUsers,
};

use super::memory::{World, id};

/// Whoever sells the platform.
pub fn vendor() -> SigningKey {
    SigningKey::from_seed(&[7; 32])
}

/// The settings of Hengshi that licences are about, with a change; the vendor's key is trusted, and nothing installed.
pub fn unlicensed(change: impl FnOnce(&mut Settings)) -> World {
    let mut world = World::with(|settings| {
        settings.landlord_rule = false;
        settings.licences = Switch::On;
        settings.lifecycle = Lifecycle::Root;
        settings.tenant_users = TenantUsers::Never;
        change(settings);
    });
    let key = vendor().public().to_string();
    world.fact("root", Event::LicenceKeyTrusted(LicenceKeyTrusted { key }));
    world
}

/// The same with a licence for trials of 30 days and 5 users.
pub fn licensed() -> World {
    let mut world = unlicensed(|_| {});
    world.must("admin", "install-licence", json!({"token": platform("2026-01-01T00:00:00Z", None)}));
    world
}

/// A licence of the platform for trials of 30 days and 5 users.
pub fn platform(issued: &str, until: Option<&str>) -> String {
    vendor().platform(&PlatformLicence {
        id: "lic".to_owned(),
        issued: issued.parse().unwrap(),
        tenants: true,
        trial_days: 30,
        trial_users: 5,
        valid_until: until.map(|until| until.parse().unwrap()),
    })
}

/// An authorisation code.
pub fn code(org: &str, issued: &str, users: u32, until: &str) -> String {
    let (issued, until) = (issued.parse().unwrap(), until.parse().unwrap());
    vendor().tenant(
        &id(org),
        &TenantLicence { id: "code".to_owned(), issued, users: Some(users), valid_until: Some(until) },
    )
}
