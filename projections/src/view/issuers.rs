//! Issuers, and the identities that their tokens are of.

use tenure_events::Position;

use super::View;
use crate::values::{IdentityNo, Issuer, IssuerNo, OrgNo, UserNo};

impl<'a> View<'a> {
    /// The issuer of this id, unless it was removed.
    #[must_use]
    pub fn find_issuer(&self, id: &str) -> Option<IssuerNo> {
        self.find(|s| &s.issuers, id).map(IssuerNo).filter(|no| self.issuer(*no).is_some())
    }

    /// Whether an issuer ever had this id.
    #[must_use]
    pub fn was_issuer(&self, id: &str) -> bool {
        self.find(|s| &s.issuers, id).is_some_and(|no| self.row(|s| &s.issuer, no).is_some())
    }

    /// The id of an issuer.
    #[must_use]
    pub fn issuer_id(&self, issuer: IssuerNo) -> &'a str {
        self.text(|s| &s.issuers, issuer.0)
    }

    /// An issuer, and the position of the event that made it as it is; none once it was removed.
    #[must_use]
    pub fn issuer(&self, issuer: IssuerNo) -> Option<(&'a Issuer, Position)> {
        let version = self.row(|s| &s.issuer, issuer.0)?;
        Some((version.value.as_ref()?, version.position))
    }

    /// Every issuer, newest first.
    pub fn issuers(&self) -> impl Iterator<Item = (IssuerNo, &'a Issuer)> + use<'a> {
        let view = *self;
        let all = (0..self.count(|s| &s.issuers)).rev().map(IssuerNo);
        all.filter_map(move |no| Some((no, view.issuer(no)?.0)))
    }

    /// The issuers that call themselves so.
    pub fn issuers_called(&self, url: &str) -> impl Iterator<Item = (IssuerNo, &'a Issuer)> + use<'a> {
        let view = *self;
        let row = self.find(|s| &s.issuer_urls, url);
        let all = row.into_iter().flat_map(move |row| view.from(|s| &s.issuer_by_url, row));
        all.filter_map(move |(no, _)| Some((IssuerNo(no), view.issuer(IssuerNo(no))?.0)))
    }

    /// When, as a position, an org vouched last for an issuer.
    #[must_use]
    pub fn confirmed_issuer(&self, org: OrgNo, issuer: IssuerNo) -> Option<Position> {
        self.edge(|s| &s.confirmed_issuer, org.0, issuer.0).map(|confirmed| confirmed.position)
    }

    /// An external identity, by its keyed hash.
    #[must_use]
    pub fn identity_no(&self, identity: &str) -> Option<IdentityNo> {
        self.find(|s| &s.identities, identity).map(IdentityNo)
    }

    /// The keyed hash of an external identity.
    #[must_use]
    pub fn identity_hash(&self, identity: IdentityNo) -> &'a str {
        self.text(|s| &s.identities, identity.0)
    }

    /// The position of the last event that made what a user was issued before void.
    #[must_use]
    pub fn reset_at(&self, user: UserNo) -> Option<Position> {
        self.row(|s| &s.credential_reset, user.0).map(|reset| reset.position)
    }
}
