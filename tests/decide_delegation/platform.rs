//! The naive model's settings of the platform: its system administrators, who manages orgs, and who their users.

use tenure_events::Time;
use tenure_events::data::{Lifecycle, Settings, TenantUsers};

use super::facts::{At, Facts, Holder, Set};
use super::rules::{GROUP_MANAGE, KEY_MANAGE, ORG_MANAGE, ROLE_MANAGE, SUBSCRIPTION_MANAGE, USER_MANAGE, Who, holds};

/// The global role of the system administrators.
pub const SYSTEM: &str = "system-administrator";

/// What managing users takes.
pub const MANAGING_USERS: Set = USER_MANAGE | SUBSCRIPTION_MANAGE | ROLE_MANAGE | GROUP_MANAGE | KEY_MANAGE;

impl Facts {
    pub fn settings(&self) -> &Settings {
        self.settings.as_ref().unwrap()
    }

    pub fn is_system(&self, role: At) -> bool {
        self.roles[role].id == SYSTEM && self.roles[role].org.is_none()
    }

    /// What system administrators hold in every org that does not exclude them, as far as their role carries it.
    pub fn reach(&self) -> Set {
        let settings = self.settings();
        match (settings.system_administrator_reaches, settings.tenant_users) {
            (true, _) => Set::MAX,
            (false, TenantUsers::Always) => MANAGING_USERS & !KEY_MANAGE,
            (false, TenantUsers::WhenSubscribed | TenantUsers::Never) => 0,
        }
    }

    pub fn is_system_administrator(&self, user: At, t: Time) -> bool {
        self.assignments.iter().any(|held| {
            let theirs = match held.to {
                Holder::User(of) => of == user,
                Holder::Group(group) => self.groups[group].live && self.joined.contains(&(user, group)),
            };
            theirs && self.is_system(held.role) && self.roles[held.role].live && holds(None, held.until, t)
        })
    }

    /// Whether the subject acts as a system administrator who reaches into an org; without one, at all.
    pub fn reaches(&self, who: &Who, org: Option<At>, t: Time) -> bool {
        self.settings().system_administrator_reaches
            && (who.cap, who.only) == (Set::MAX, None)
            && self.is_system_administrator(who.user, t)
            && org.is_none_or(|org| self.closed(org, t).is_empty())
    }

    /// Manages the org as an org: holds `org.manage` in it or above it, or is a system administrator where it is theirs.
    pub fn manages(&self, who: &Who, org: At, t: Time) -> bool {
        if self.settings().lifecycle == Lifecycle::SystemAdministrator {
            let whole = who.only.is_none() && who.cap & ORG_MANAGE != 0;
            return whole && self.stands(who.user, t) && self.is_system_administrator(who.user, t);
        }
        let mut line = std::iter::once(org).chain(self.ancestors(org));
        line.any(|at| self.held(who, at, t) & ORG_MANAGE != 0)
    }

    pub fn manages_above(&self, who: &Who, org: At, t: Time) -> bool {
        self.orgs[org].parent.is_some() && self.manages_by(who, org, &self.ancestors(org), t)
    }

    /// Manages the org, and what is in it: by what is held in it, or in an ancestor that it does not shut out.
    pub fn manages_inside(&self, who: &Who, org: At, t: Time) -> bool {
        let line: Vec<At> = std::iter::once(org).chain(self.ancestors(org)).collect();
        self.manages_by(who, org, &line, t)
    }

    fn manages_by(&self, who: &Who, org: At, from: &[At], t: Time) -> bool {
        if self.settings().lifecycle == Lifecycle::SystemAdministrator {
            return self.manages(who, org, t) && self.closed(org, t).is_empty();
        }
        from.iter().any(|at| self.counts_in(*at, org, t) && self.held(who, *at, t) & ORG_MANAGE != 0)
    }

    /// Where platform and tenants are apart, whoever is at home above an org manages none of its users.
    pub fn kept_off(&self, home: At, org: At) -> Set {
        let never = self.settings().tenant_users == TenantUsers::Never;
        if never && self.ancestors(org).contains(&home) { MANAGING_USERS } else { 0 }
    }
}
