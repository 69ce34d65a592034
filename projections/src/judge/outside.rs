//! Outsiders: what people from elsewhere made for the people of an org, before it began to exclude its ancestors.
//!
//! API keys and external identities that somebody from outside made wait, from then on, until the org vouches for them:
//! nobody can tell for whom they were made. Who made what is asked through all makers: a user whom an outsider made is
//! one, in what they issue, until the org vouches for them. Who arose in the command that made the org was there before
//! anybody could be let in.

use tenure_events::Position;

use crate::values::{IssuerNo, Key, KeyNo, OrgNo, UserNo};
use crate::view::View;

/// The nearest org, at or above another, that excludes its ancestors at the instant.
#[must_use]
pub fn shut(view: &View<'_>, org: OrgNo) -> Option<OrgNo> {
    let mut at = Some(org);
    while let Some((org, row)) = at.and_then(|org| Some((org, &view.org(org)?.value))) {
        if row.guarded && view.excludes_landlord(org) {
            return Some(org);
        }
        at = row.parent;
    }
    None
}

/// Whether somebody is at home in an org, or below it.
#[must_use]
pub fn is_inside(view: &View<'_>, user: UserNo, org: OrgNo) -> bool {
    view.home(user).is_some_and(|home| home == org || view.is_above(org, home))
}

/// Whether somebody is an org's own, and none of the outsiders': at home in it, or below it, and so is whoever made
/// them, and whoever made those, up to one for whom their org vouches, or who arose with the org.
#[must_use]
pub fn is_of(view: &View<'_>, user: UserNo, org: OrgNo) -> bool {
    let mut at = Some(user);
    while let Some(user) = at {
        if !is_inside(view, user, org) {
            return false;
        }
        if view.is_confirmed(user) || (view.home(user) == Some(org) && view.arose_with_home(user)) {
            return true;
        }
        at = view.creator(user).filter(|maker| *maker < user);
    }
    true
}

/// Whether a user from elsewhere was made by people whom an org excludes: they, or who made those, and so on, up to one
/// for whom their own org vouches, or who arose with it.
#[must_use]
pub fn is_puppet(view: &View<'_>, user: UserNo, org: OrgNo) -> bool {
    let Some(org) = shut(view, org) else { return false };
    let mut at = Some(user);
    while let Some(user) = at {
        if view.home(user).is_some_and(|home| view.is_above(home, org)) {
            return true;
        }
        if is_inside(view, user, org) || view.is_confirmed(user) || view.arose_with_home(user) {
            return false;
        }
        at = view.creator(user).filter(|maker| *maker < user);
    }
    false
}

/// A key that counts at the instant: not revoked, not void by a reset, in its time, and not waiting.
#[must_use]
pub fn key_in_use<'a>(view: &View<'a>, no: KeyNo) -> Option<&'a Key> {
    view.usable_key(no).filter(|key| key.window.holds(view.instant()) && !key_waits(view, no, key))
}

/// Whether a key waits for its user's org to vouch for it: somebody from outside issued it, and the org excludes its
/// ancestors.
#[must_use]
pub fn key_waits(view: &View<'_>, no: KeyNo, key: &Key) -> bool {
    let shut = view.home(key.user).and_then(|home| shut(view, home));
    shut.is_some_and(|org| !key_is_of(view, (no, key), org))
}

/// Whether a key is an org's own: one of its people issued it, or it vouches for it.
#[must_use]
pub fn key_is_of(view: &View<'_>, (no, key): (KeyNo, &Key), org: OrgNo) -> bool {
    view.is_key_confirmed(no) || is_of(view, key.maker, org)
}

/// The user behind an external identity, by its keyed hash, unless it waits for their org to vouch for it.
#[must_use]
pub fn identity_in_use(view: &View<'_>, identity: &str) -> Option<UserNo> {
    view.find_identity(identity).filter(|_| !identity_waits(view, identity))
}

/// Whether an external identity waits for its user's org to vouch for it.
#[must_use]
pub fn identity_waits(view: &View<'_>, identity: &str) -> bool {
    let shut = view.find_identity(identity).and_then(|user| view.home(user)).and_then(|home| shut(view, home));
    shut.is_some_and(|org| !identity_is_of(view, identity, org))
}

/// Whether an external identity is an org's own: one of its people linked it, or it vouches for it.
#[must_use]
pub fn identity_is_of(view: &View<'_>, identity: &str, org: OrgNo) -> bool {
    view.linked(identity).is_some_and(|(linked, confirmed)| confirmed || is_of(view, linked.maker, org))
}

/// Who linked an external identity.
#[must_use]
pub fn identity_maker(view: &View<'_>, identity: &str) -> Option<UserNo> {
    view.linked(identity).map(|(linked, _)| linked.maker)
}

/// Whether an org vouched for an external identity.
#[must_use]
pub fn is_identity_confirmed(view: &View<'_>, identity: &str) -> bool {
    view.linked(identity).is_some_and(|(_, confirmed)| confirmed)
}

/// Whether an issuer counts for an org. One that excludes its ancestors waits with what outsiders trusted, as long as
/// none of its own people vouches for the issuer as it is.
#[must_use]
pub fn issuer_counts(view: &View<'_>, issuer: IssuerNo, org: OrgNo) -> bool {
    let Some((_, since)) = view.issuer(issuer) else { return false };
    shut(view, org).is_none_or(|shut| issuer_is_of(view, issuer, since, shut))
}

/// Whether an org vouches for an issuer as it is.
#[must_use]
pub fn issuer_is_of(view: &View<'_>, issuer: IssuerNo, since: Position, org: OrgNo) -> bool {
    view.root() == Some(org) || view.confirmed_issuer(org, issuer).is_some_and(|confirmed| confirmed >= since)
}
