//! Nobody is locked out.

use tenure_events::Time;
use tenure_events::data::{Lifecycle, TenantUsers};

use super::audit::Act;
use super::facts::{At, Facts, Set, Status};
use super::rules::{FOR_GOOD, LANDLORD_MANAGE, ORG_MANAGE, ROLE_MANAGE, SUBSCRIPTION_MANAGE, USER_MANAGE};

impl Facts {
    /// Whether somebody can restore an org: one of its own who holds for good what running it takes, or a manager from
    /// above who is admitted for good. What a trial or a licence stands still, another starts again.
    pub fn kept(&self, org: At, now: Time) -> bool {
        let settings = self.settings();
        let manager = |above: &At, user: At| {
            let system =
                |t| settings.lifecycle != Lifecycle::SystemAdministrator || self.is_system_administrator(user, t);
            let good = |t| self.authority(user, *above, t).privileges & ORG_MANAGE != 0 && system(t);
            let admitted = |t| {
                self.counts_in(*above, org, t)
                    && (settings.lifecycle != Lifecycle::SystemAdministrator || self.closed(org, t).is_empty())
            };
            let from = |user: At| Some(self.users[user].home).filter(|home| self.ancestors(org).contains(home));
            let before_them = |other: At| from(other).is_none() || from(user).is_none() || from(other) == from(user);
            let entered = self.entered.iter().any(|(of, other)| *of == org && before_them(*other));
            let first = !entered && !self.members.iter().any(|m| (m.user, m.org) == (user, org));
            let runs = |t| self.authority(user, org, t).privileges & SUBSCRIPTION_MANAGE != 0;
            let may = first || self.deserted.get(&org) == Some(&true) || (runs(now) && runs(FOR_GOOD));
            self.works(user) && good(now) && good(FOR_GOOD) && admitted(now) && admitted(FOR_GOOD) && may
        };
        let keys = |t: Time| {
            let landlord = self.orgs[org].shuts_from.is_some_and(|from| from <= t);
            USER_MANAGE | SUBSCRIPTION_MANAGE | ROLE_MANAGE | if landlord { LANDLORD_MANAGE } else { 0 }
        };
        let managed = |above: &At| self.open(*above) && (0..self.users.len()).any(|user| manager(above, user));
        self.has_keeper(org, now, keys)
            || (settings.tenant_users != TenantUsers::Never && self.ancestors(org).iter().any(managed))
    }

    /// Enabled, and at home in an org that is open.
    fn works(&self, user: At) -> bool {
        self.users[user].status == Status::Live && self.open(self.users[user].home)
    }

    /// Whether the platform has a system administrator for good, where it needs one.
    fn is_administered(&self, now: Time) -> bool {
        let administers =
            |user: At| self.works(user) && [now, FOR_GOOD].into_iter().all(|t| self.is_system_administrator(user, t));
        !self.settings().system_administrator_reaches || (0..self.users.len()).any(administers)
    }

    /// Whether an enabled home user holds these for good.
    pub fn has_keeper(&self, org: At, now: Time, keys: impl Fn(Time) -> Set) -> bool {
        self.users.iter().enumerate().any(|(user, value)| {
            let holds = |t: Time| keys(t) & !self.authority(user, org, t).privileges == 0;
            value.home == org && value.status == Status::Live && holds(now) && holds(FOR_GOOD)
        })
    }
}

/// Notes the orgs that a command left without anybody who manages memberships, now or for good, and by whose doing.
pub fn note_deserted(before: &Facts, after: &mut Facts, act: &Act<'_>) {
    let holder = |facts: &Facts, org: At, t: Time| {
        let holds = |user: At| facts.authority(user, org, t).privileges & SUBSCRIPTION_MANAGE != 0;
        (0..facts.users.len()).any(|user| facts.works(user) && holds(user))
    };
    let keeper = |facts: &Facts, org: At| facts.has_keeper(org, act.now, |_| SUBSCRIPTION_MANAGE);
    let open = |org: &At| before.open(*org) && after.open(*org);
    let open: Vec<At> = (0..before.orgs.len()).filter(open).collect();
    for org in open {
        let lost = |t| holder(before, org, t) && !holder(after, org, t);
        if !keeper(after, org) && (lost(act.now) || lost(FOR_GOOD)) {
            let own = before.users[act.who.user].home == org && before.users[act.actor].home == org;
            after.deserted.insert(org, own);
        }
    }
}

/// Every org that works can still be restored by somebody, unless it could not before; and its last
/// `landlord.manage` is its own users' alone to take.
pub fn nobody_locked_out(before: &Facts, after: &Facts, act: &Act<'_>) -> Result<(), String> {
    if before.is_administered(act.now) && !after.is_administered(act.now) {
        return Err("the platform has no system administrator any more".to_owned());
    }
    for org in (0..after.orgs.len()).filter(|org| after.open(*org)) {
        let lost_before = org < before.orgs.len() && before.open(org) && !before.kept(org, act.now);
        if !lost_before && !after.kept(org, act.now) {
            return Err(format!("nobody can run {} any more", after.orgs[org].id));
        }
        let landlord = |facts: &Facts| facts.has_keeper(org, act.now, |_| LANDLORD_MANAGE);
        if org < before.orgs.len() && before.users[act.who.user].home != org && landlord(before) && !landlord(after) {
            return Err(format!("somebody from elsewhere takes the last landlord.manage of {}", after.orgs[org].id));
        }
    }
    Ok(())
}
