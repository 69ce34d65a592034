//! Users, and how many of them an org has.

use tenure_events::data::Confirmed;
use tenure_events::{OrgId, Position, UserId};

use super::Installer;
use crate::state::State;
use crate::values::{OrgNo, User, UserStatus};

impl<'a> Installer<'a> {
    /// A user has this standing now. The home stays what it was from the first.
    pub(super) fn user_is(
        &mut self,
        user: &'a UserId,
        home: &'a OrgId,
        status: UserStatus,
        creator: Option<&'a UserId>,
    ) {
        let (row, home) = (self.user(user).0, self.org(home));
        let before = self.last(|state| state.user.get(row, Position::MAX).map(|version| version.value));
        let known = before.and_then(|before| before.creator);
        let creator = creator.map_or(known, |creator| Some(self.user(creator)));
        self.row(table!(40 user), row, User { home, status, creator });
        let enabled = |status| status == UserStatus::Enabled;
        self.seats(home, before.is_some_and(|before| enabled(before.status)), enabled(status));
    }

    /// An org vouches for a user, or a credential of theirs.
    pub(super) fn confirmed(&mut self, user: &UserId, what: &Confirmed) {
        let user = self.user(user).0;
        match what {
            Confirmed::Account(_) => self.row(table!(180 confirmed_user), user, ()),
            Confirmed::ApiKey(key) => {
                let key = self.id(table!(5 keys), key.as_str());
                self.row(table!(181 confirmed_key), key, ());
            }
            Confirmed::Identity(identity) => {
                let identity = self.id(table!(10 identities), identity);
                self.edge(table!(182 confirmed_identity), user, identity, ());
            }
        }
    }

    /// Enabled users are counted as they come and go: to walk through all of them for each would take longer the more
    /// there are.
    fn seats(&mut self, org: OrgNo, before: bool, after: bool) {
        let seats = self.last(|state| state.seats.get(org.0, Position::MAX).map(|version| version.value)).unwrap_or(0);
        match (before, after) {
            (false, true) => self.row(table!(49 seats), org.0, seats.saturating_add(1)),
            (true, false) => self.row(table!(49 seats), org.0, seats.saturating_sub(1)),
            (true, true) | (false, false) => {}
        }
    }
}
