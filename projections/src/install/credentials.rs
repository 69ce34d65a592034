//! API keys, the secrets that become some, and issuers of tokens.

use tenure_events::{IssuerId, OrgId, Position, UserId, data};

use super::Installer;
use crate::state::State;
use crate::values::{Issuer, Key, PrivilegeSet, Window};

impl<'a> Installer<'a> {
    pub(super) fn key(&mut self, id: &str, issued: &'a data::ApiKeyIssued, maker: &UserId) {
        let (row, user) = (self.id(table!(5 keys), id), self.user(&issued.user));
        // What comes of an enrolment is of who opened it, though its user redeemed it.
        let opened = self.last(|state| {
            let version = state.key.get(row, Position::MAX)?;
            version.value.as_ref().filter(|key| key.enrols).map(|key| key.maker)
        });
        let key = Key {
            user,
            maker: opened.unwrap_or_else(|| self.user(maker)),
            hash: issued.hash.clone(),
            name: issued.name.clone(),
            org: issued.org.as_ref().map(|org| self.org(org)),
            privileges: issued.privileges.as_ref().map_or(PrivilegeSet::ALL, |privileges| self.privileges(privileges)),
            window: Window::new(None, issued.expires),
            enrols: false,
        };
        self.row(table!(70 key), row, Some(key));
        self.edge(table!(71 user_keys), user.0, row, ());
    }

    pub(super) fn enrolment(&mut self, opened: &'a data::EnrolmentOpened, maker: &UserId) {
        let (row, user) = (self.id(table!(5 keys), opened.key.as_str()), self.user(&opened.user));
        let key = Key {
            user,
            maker: self.user(maker),
            hash: opened.hash.clone(),
            name: None,
            org: None,
            privileges: PrivilegeSet::NONE,
            window: Window::new(None, Some(opened.expires)),
            enrols: true,
        };
        self.row(table!(70 key), row, Some(key));
        self.edge(table!(71 user_keys), user.0, row, ());
    }
    pub(super) fn issuer(&mut self, id: &IssuerId, org: &OrgId, settings: Option<&data::IssuerSettings>) {
        let (row, org) = (self.id(table!(183 issuers), id.as_str()), self.org(org));
        self.row(table!(184 issuer), row, settings.map(|settings| Issuer::of(org, settings)));
        if let Some(settings) = settings {
            let url = self.id(table!(185 issuer_urls), &settings.url);
            self.edge(table!(186 issuer_by_url), url, row, ());
        }
    }

    pub(super) fn issuer_confirmed(&mut self, id: &IssuerId, org: &OrgId) {
        let (org, issuer) = (self.org(org).0, self.id(table!(183 issuers), id.as_str()));
        self.edge(table!(187 confirmed_issuer), org, issuer, ());
    }
}
