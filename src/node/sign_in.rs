//! Sign-ins by tokens of issuers: whose a token is, and whether it still counts. That it is signed, for us and in its time
//! was seen before it comes here.

use tenure_events::{OrgId, Position, Time, UserId};
use tenure_projections::View;
use tenure_projections::judge::{Subject, outside};
use tenure_projections::values::{IdentityNo, Issuer, IssuerNo, OrgNo, UserNo};

use super::Node;
use super::request::{Authenticated, Credential};
use crate::decide::linked;

/// Who came by a token, and by what it still counts. It is judged anew with every question and every command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedIn {
    /// The issuer.
    pub issuer: IssuerNo,
    /// The event that made the issuer as it was when the token was verified.
    pub since: Position,
    /// The identity that the token is of.
    pub identity: IdentityNo,
    /// When the token was issued.
    pub issued: Time,
    /// When it ends.
    pub ends: Time,
    /// The only org where it counts.
    pub org: Option<OrgNo>,
    /// For whom its bearer acts, and their identity: the token names its bearer as the actor.
    pub acts_for: Option<(UserNo, IdentityNo)>,
}

/// An issuer that a token names, as it is trusted.
#[derive(Debug, Clone)]
pub struct Trusted {
    /// Which.
    pub no: IssuerNo,
    /// Its id.
    pub id: String,
    /// The event that made it as it is.
    pub since: Position,
    /// The org whose home users the token can be of.
    pub home: OrgNo,
    /// What is trusted.
    pub issuer: Issuer,
}

/// What a verified token says.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// Whom it is of, as the issuer calls them.
    pub subject: &'a str,
    /// Who acts for them, where it says so.
    pub actor: Option<&'a str>,
    /// When it was issued.
    pub issued: Time,
    /// When it ends.
    pub ends: Time,
    /// The only org where it counts, where it names one.
    pub org: Option<&'a str>,
}

impl Node {
    /// The issuer that is named by what a token says of itself, which nobody has proven yet. `claim` answers the text of a
    /// claim.
    #[must_use]
    pub fn trusted(&self, url: &str, claim: impl Fn(&str) -> Option<String>) -> Option<Trusted> {
        let view = self.live();
        let mut named = view.issuers_called(url).filter_map(|(no, issuer)| {
            let said = issuer.tenant_claim.as_deref().map(&claim);
            let home = match (said, &issuer.tenant) {
                (None, _) => Some(issuer.org),
                (Some(said), Some(tenant)) => said.filter(|said| said == tenant).map(|_| issuer.org),
                // As the issuer itself provisioned it, or by its id.
                (Some(said), None) => {
                    said.and_then(|said| view.find_tenant(url, &said).or_else(|| view.find_org(&said)))
                }
            };
            let (issuer, since) = view.issuer(no)?;
            let home = home.filter(|home| outside::issuer_counts(&view, no, *home))?;
            Some(Trusted { no, id: view.issuer_id(no).to_owned(), since, home, issuer: issuer.clone() })
        });
        // Two that fit would be a fault of deciding: then neither counts.
        named.next().filter(|_| named.next().is_none())
    }

    /// Who is signed in by a token that was verified: nobody unless its subject is linked to a user of the issuer's org, who
    /// may act, and what it names is there.
    #[must_use]
    pub fn sign_in(&self, trusted: &Trusted, said: &Said<'_>) -> Option<Authenticated> {
        let view = self.live();
        let home = OrgId::new(view.org_id(trusted.home)).ok()?;
        let find = |subject: &str| {
            let handle = self.keys().identity_handle(&trusted.issuer.url, subject).to_string();
            let (identity, user) = linked(&view, &handle, trusted.home, &home)?;
            Some((user, view.identity_no(&identity)?))
        };
        let of = find(said.subject)?;
        let actor = said.actor.map(|actor| find(actor).ok_or(())).transpose().ok()?;
        let org = said.org.map(|org| view.find_org(org).ok_or(())).transpose().ok()?;
        let ((user, identity), acts_for) = actor.map_or((of, None), |actor| (actor, Some(of)));
        let signed_in = SignedIn {
            issuer: trusted.no,
            since: trusted.since,
            identity,
            issued: said.issued,
            ends: said.ends,
            org,
            acts_for,
        };
        let caller = Authenticated { user, credential: Credential::Token(signed_in) };
        self.stands(&view, &caller).then_some(caller)
    }

    /// Whether a caller's credential still counts, and they may act.
    #[must_use]
    pub fn stands(&self, view: &View<'_>, caller: &Authenticated) -> bool {
        super::attempt::standing(view, caller).is_some()
    }
}

impl SignedIn {
    /// The bearer as the judge sees them, if the token counts.
    pub(super) fn subject(&self, view: &View<'_>, user: UserNo) -> Option<Subject> {
        let (_, since) = view.issuer(self.issuer)?;
        let home = view.home(user)?;
        let is_of = |identity: IdentityNo, user: UserNo| {
            let is_linked = outside::identity_in_use(view, view.identity_hash(identity)) == Some(user);
            is_linked && view.stands(user) && !self.is_void(view, user)
        };
        let counts = since == self.since
            && view.instant() < self.ends
            && outside::issuer_counts(view, self.issuer, home)
            && is_of(self.identity, user)
            && self.acts_for.is_none_or(|(user, identity)| is_of(identity, user));
        counts.then(|| Subject { only: self.org, ..Subject::from(user) })
    }

    /// Whether the user's credentials were reset since it was issued.
    fn is_void(&self, view: &View<'_>, user: UserNo) -> bool {
        let reset = view.reset_at(user).and_then(|position| view.state().command_of(position));
        reset.is_some_and(|(_, at)| self.issued <= at)
    }

    /// For whom its bearer acts, by id.
    pub(super) fn represented(&self, view: &View<'_>) -> Option<UserId> {
        UserId::new(view.user_id(self.acts_for?.0)).ok()
    }
}
