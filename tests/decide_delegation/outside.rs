//! What outsiders made waits while an org excludes its ancestors; and the answer to an exclusion names everybody from
//! elsewhere who has anything left.

use std::collections::BTreeSet;

use tenure::decide::outsiders;
use tenure_events::Time;
use tenure_projections::View;
use tenure_projections::judge;

use super::facts::{At, Facts, Set, Status};
use super::rules::Who;

impl Facts {
    pub fn is_inside(&self, user: At, org: At) -> bool {
        let home = self.users[user].home;
        home == org || self.ancestors(home).contains(&org)
    }

    /// At home in the org or below it, and so is who made them, and so on: up to who was vouched for, or came with the org.
    pub fn is_of(&self, user: At, org: At) -> bool {
        let value = &self.users[user];
        let own = value.confirmed || (value.first && value.home == org);
        self.is_inside(user, org) && (own || value.maker.is_none_or(|maker| maker == user || self.is_of(maker, org)))
    }

    /// Made by people whom the org excludes.
    pub fn is_puppet(&self, user: At, org: At, t: Time) -> bool {
        let Some(shut) = self.closed(org, t).first().copied() else { return false };
        let value = &self.users[user];
        if self.ancestors(shut).contains(&value.home) {
            return true;
        }
        let own = self.is_inside(user, shut) || value.confirmed || value.first;
        !own && value.maker.is_some_and(|maker| maker != user && self.is_puppet(maker, org, t))
    }

    pub fn key_waits(&self, key: At, t: Time) -> bool {
        let key = &self.keys[key];
        let shut = self.closed(self.users[key.user].home, t).first().copied();
        shut.is_some_and(|shut| !key.confirmed && !self.is_of(key.maker, shut))
    }

    /// Whether somebody has anything in an org, acting anywhere.
    fn has_anything(&self, user: At, org: At, t: Time) -> bool {
        let who = Who { user, cap: Set::MAX, only: None, ends: None };
        self.authority(user, org, t).any
            || (0..self.contents.len())
                .filter(|content| self.contents[*content].org == org)
                .any(|content| (0..self.orgs.len()).any(|acting| !self.havings(&who, acting, content, t).is_empty()))
    }
}

/// Whoever is at home elsewhere and has anything in an org that excludes its ancestors, or below it, is named.
pub fn everybody_is_named(view: &View<'_>, facts: &Facts, now: Time) -> Result<(), String> {
    for org in (0..facts.orgs.len()).filter(|org| facts.closed(*org, now).first() == Some(org)) {
        let named = outsiders(view, view.find_org(&facts.orgs[org].id).unwrap());
        let named: BTreeSet<&str> =
            named.iter().flat_map(|users| users.keys()).map(|user| view.user_id(*user)).collect();
        let tree = |at: &At| *at == org || facts.ancestors(*at).contains(&org);
        for at in (0..facts.orgs.len()).filter(tree) {
            let foreign = (0..facts.users.len()).filter(|user| !facts.is_inside(*user, org));
            for user in foreign.filter(|user| facts.has_anything(*user, at, now)) {
                let (user, at) = (&facts.users[user].id, &facts.orgs[at].id);
                if !named.contains(user.as_str()) {
                    return Err(format!("{user} has something in {at}, and the exclusion does not name them"));
                }
            }
        }
    }
    Ok(())
}

/// A key counts in the product as in the model.
pub fn keys_wait(view: &View<'_>, facts: &Facts, now: Time) -> Result<(), String> {
    for (at, key) in facts.keys.iter().enumerate().filter(|(_, key)| key.status == Status::Live) {
        let no = view.find_key(&key.id).unwrap();
        let used = judge::outside::key_in_use(view, no).is_some();
        let model = key.ends.is_none_or(|ends| now < ends) && !facts.key_waits(at, now);
        if used != model {
            return Err(format!("key {} in use: {used}", key.id));
        }
    }
    Ok(())
}
