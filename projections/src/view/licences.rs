//! Licences, tenants of identity providers, and how people sign in.

use tenure_events::data::{Nature, Switch, TenantUsers};

use super::{Fact, View};
use crate::names::tenant_key;
use crate::values::{Counts, Licence, Login, OrgNo, PlatformLicence, Tenant};

impl<'a> View<'a> {
    /// An org's trial or licence; none if it never had one.
    #[must_use]
    pub fn licence(&self, org: OrgNo) -> Fact<'a, Licence> {
        if self.org(org)?.value.licensed { self.row(|s| &s.licence, org.0) } else { None }
    }

    /// The trial or licence that an org stands still for, being over.
    #[must_use]
    pub fn licence_over(&self, org: OrgNo) -> Fact<'a, Licence> {
        self.licence(org).filter(|licence| licence.value.window.is_over(self.licences_at()))
    }

    /// The platform's licence, valid or not.
    #[must_use]
    pub fn platform_licence(&self) -> Fact<'a, PlatformLicence> {
        self.row(|s| &s.platform_licence, 0)
    }

    /// The key that licences are signed with, in base64url without padding.
    #[must_use]
    pub fn licence_key(&self) -> Option<&'a str> {
        self.row(|s| &s.licence_key, 0).map(|key| key.value.as_str())
    }

    /// Whether orgs below the root are tenants that need a licence.
    #[must_use]
    pub fn needs_licences(&self) -> bool {
        match self.settings().map(|settings| settings.value.licences) {
            Some(Switch::On) => true,
            Some(Switch::OnceUsed) => self.platform_licence().is_some(),
            Some(Switch::Off) | None => false,
        }
    }

    /// Whether those above an org manage its users.
    #[must_use]
    pub fn tenant_users(&self) -> TenantUsers {
        self.settings().map_or(TenantUsers::WhenSubscribed, |settings| settings.value.tenant_users)
    }

    /// How many enabled users an org has: those that its licence counts.
    #[must_use]
    pub fn seats(&self, org: OrgNo) -> u32 {
        self.row(|s| &s.seats, org.0).map_or(0, |seats| seats.value)
    }

    /// How much there is in an org. It walks through all of it.
    #[must_use]
    pub fn counts(&self, org: OrgNo) -> Counts {
        let is_app = |kind| self.actions(kind).is_some_and(|actions| actions.value.nature == Nature::App);
        let apps = self.resources(org).filter(|no| self.resource(*no).is_some_and(|found| is_app(found.value.kind)));
        self.home_users(org).fold(Counts { apps: apps.count(), ..Counts::default() }, |counts, user| Counts {
            users: counts.users + 1,
            signed_in: counts.signed_in + usize::from(self.signed_in(user).is_some()),
            ..counts
        })
    }

    /// The org that came with an identity provider's installation call.
    #[must_use]
    pub fn find_tenant(&self, issuer: &str, external_id: &str) -> Option<OrgNo> {
        let row = self.find(|s| &s.tenant_ids, &tenant_key(issuer, external_id))?;
        self.row(|s| &s.tenant, row).map(|org| org.value)
    }

    /// What an org's identity provider tells of it.
    #[must_use]
    pub fn tenant(&self, org: OrgNo) -> Fact<'a, Tenant> {
        self.row(|s| &s.tenant_about, org.0)
    }

    /// How people of an org sign in: as it says itself, else as the root does.
    #[must_use]
    pub fn login(&self, org: Option<OrgNo>) -> Fact<'a, Login> {
        let of = |org: OrgNo| self.row(|s| &s.login, org.0);
        org.and_then(of).or_else(|| self.root().and_then(of))
    }
}
