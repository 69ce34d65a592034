//! External identities. Whose one is depends on the org: the same issuer and subject may be linked once in each, so that
//! nobody learns or decides by a link in one org what may be linked in another. See decision 0025.

use tenure_events::{Hash, OrgId};
use tenure_projections::View;
use tenure_projections::values::{OrgNo, UserNo};

/// What stands in the log for an external identity of a home user of an org: made of the keyed hash of issuer and subject.
pub fn scoped(identity: &str, home: &OrgId) -> String {
    Hash::of(format!("{identity}\n{home}").as_bytes()).to_string()
}

/// The identity as it is linked in an org, and to whom. Before identities were of one org, their keyed hash itself stood
/// in the log.
pub fn linked(view: &View<'_>, identity: &str, home: OrgNo, org: &OrgId) -> Option<(String, UserNo)> {
    let names = [scoped(identity, org), identity.to_owned()];
    let here = |user: &UserNo| view.home(*user) == Some(home);
    names.into_iter().find_map(|name| view.find_identity(&name).filter(here).map(|user| (name, user)))
}

/// Whether it was linked in an org before and is no more: its user was erased, or it was taken from them.
pub fn left(view: &View<'_>, identity: &str, home: OrgNo, org: &OrgId) -> bool {
    let here = |name: &str| view.ever_identified(name).any(|user| view.home(user) == Some(home));
    linked(view, identity, home, org).is_none() && (here(&scoped(identity, org)) || here(identity))
}
