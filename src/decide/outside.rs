//! What outsiders made for an org's people waits while the org excludes its ancestors, until the org vouches for it. See
//! [`judge::outside`], and decision 0031.

use std::collections::BTreeSet;

use tenure_events::data::{Confirmed, CredentialConfirmed, Everyone};
use tenure_events::{ApiKeyId, Event, IssuerId, UserId};
use tenure_projections::View;
use tenure_projections::judge::{administrative, outside};
use tenure_projections::sight;
use tenure_projections::values::{Key, KeyNo, OrgNo, UserNo, UserStatus};

use super::scene::{Plan, Scene, conflict, invalid, org_id, unknown, user_id};
use super::{Refusal, issuers, users};
use crate::command::ConfirmCredentials;

/// An org vouches for accounts, keys and external identities of its people, before it excludes its ancestors or since.
pub fn confirm(scene: &Scene<'_>, args: &ConfirmCredentials, plan: &mut Plan) -> Result<(), Refusal> {
    let org = scene.live_org(&args.org)?;
    scene.need(org, administrative::LANDLORD_MANAGE)?;
    if args.users.is_empty() && args.keys.is_empty() && args.identities_of.is_empty() && args.issuers.is_empty() {
        let detail = "name at least one user, key, user of identities, or issuer";
        return Err(invalid("users", "credentials.none", detail));
    }
    let vouch = Vouch { scene, org };
    let mut seen = BTreeSet::new();
    for id in &args.users {
        let user = vouch.user(id)?;
        if seen.insert(user) && !outside::is_of(scene, user, org) {
            vouch.says(user, Confirmed::Account(Everyone), plan)?;
        }
    }
    let mut seen = BTreeSet::new();
    for id in &args.keys {
        let (key, user) = vouch.key(id)?;
        let issued = scene.usable_key(key).is_some_and(|held| !outside::key_is_of(scene, (key, held), org));
        if seen.insert(key) && issued {
            vouch.says(user, Confirmed::ApiKey(id.clone()), plan)?;
        }
    }
    let mut seen = BTreeSet::new();
    for id in &args.identities_of {
        let user = vouch.user(id)?;
        let new = seen.insert(user);
        for identity in scene.identities_of(user).filter(|_| new) {
            if !outside::identity_is_of(scene, identity, org) {
                vouch.says(user, Confirmed::Identity(identity.to_owned()), plan)?;
            }
        }
    }
    let mut seen = BTreeSet::new();
    args.issuers.iter().filter(|id| seen.insert(*id)).try_for_each(|id| issuers::vouch(scene, org, id, plan))?;
    if plan.0.is_empty() {
        return Err(conflict("nothing.changes", "nothing of this was made from outside, or it is vouched for already"));
    }
    Ok(())
}

/// Whoever shuts an org's ancestors out vouches for themself, if they are at home there, and for the key, or the identity and its
/// issuer, by which they do: else they would shut themself out.
pub fn keeps_sender(scene: &Scene<'_>, org: OrgNo, plan: &mut Plan) -> Result<(), Refusal> {
    let user = scene.actor.user;
    if !outside::is_inside(scene, user, org) {
        return Ok(());
    }
    let vouch = Vouch { scene, org };
    if !outside::is_of(scene, user, org) {
        vouch.says(user, Confirmed::Account(Everyone), plan)?;
    }
    let key = scene.key.and_then(|no| Some((no, scene.usable_key(no)?)));
    let doubtful = |(no, key): &(KeyNo, &Key)| key.maker != user && !outside::key_is_of(scene, (*no, *key), org);
    if let Some(key) = key.filter(doubtful).and_then(|(no, _)| ApiKeyId::new(scene.key_id(no)).ok()) {
        vouch.says(user, Confirmed::ApiKey(key), plan)?;
    }
    let Some((issuer, identity)) = scene.signed_in else { return Ok(()) };
    let identity = scene.identity_hash(identity);
    if !outside::identity_is_of(scene, identity, org) {
        vouch.says(user, Confirmed::Identity(identity.to_owned()), plan)?;
    }
    IssuerId::new(scene.issuer_id(issuer)).map_or(Ok(()), |issuer| issuers::vouch(scene, org, &issuer, plan))
}

/// An org that vouches.
struct Vouch<'a> {
    scene: &'a Scene<'a>,
    org: OrgNo,
}

impl Vouch<'_> {
    /// A user at home in the org, or below it.
    fn user(&self, id: &UserId) -> Result<UserNo, Refusal> {
        let here = |user: &UserNo| self.is_here(*user) && self.sees(*user);
        let found = self.scene.find_user(id.as_str()).filter(here);
        let there = found.filter(|user| View::user(self.scene, *user).is_some_and(|user| is_left(user.value.status)));
        there.ok_or_else(|| unknown("user", "user.unknown", id))
    }

    /// A key of one.
    fn key(&self, id: &ApiKeyId) -> Result<(KeyNo, UserNo), Refusal> {
        let key = self.scene.find_key(id.as_str());
        let found = key.and_then(|key| Some((key, self.scene.usable_key(key)?.user)));
        let waits = |key: KeyNo| {
            self.scene.usable_key(key).is_some_and(|held| !outside::key_is_of(self.scene, (key, held), self.org))
        };
        let found = found.filter(|(key, user)| self.is_here(*user) && (waits(*key) || self.sees(*user)));
        found.ok_or_else(|| unknown("key", "key.unknown", id))
    }

    fn is_here(&self, user: UserNo) -> bool {
        outside::is_inside(self.scene, user, self.org)
    }

    /// Whoever keeps the landlord out sees all who are at home in the org, and what waits below it.
    fn sees(&self, user: UserNo) -> bool {
        let scene = self.scene;
        let mut identities = scene.identities_of(user);
        sight::sees_user(&scene.view, &scene.subject, user)
            || !outside::is_of(scene, user, self.org)
            || identities.any(|identity| !outside::identity_is_of(scene, identity, self.org))
    }

    fn says(&self, user: UserNo, what: Confirmed, plan: &mut Plan) -> Result<(), Refusal> {
        let home = users::home(self.scene, user)?;
        let confirmed =
            CredentialConfirmed { user: user_id(self.scene, user), org: org_id(self.scene, self.org), what };
        plan.add(self.scene, home, Event::CredentialConfirmed(confirmed), &[self.org]);
        Ok(())
    }
}

const fn is_left(status: UserStatus) -> bool {
    match status {
        UserStatus::Enabled | UserStatus::Disabled => true,
        UserStatus::Erased => false,
    }
}
