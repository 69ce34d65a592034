//! Users, what is known of them, and their keys.

use tenure_events::Position;

use super::{Fact, View};
use crate::values::{Key, KeyNo, OrgNo, Profile, User, UserNo, UserStatus};

impl<'a> View<'a> {
    /// A user's standing.
    #[must_use]
    pub fn user(&self, user: UserNo) -> Fact<'a, User> {
        self.row(|s| &s.user, user.0)
    }

    /// A user's home org.
    #[must_use]
    pub fn home(&self, user: UserNo) -> Option<OrgNo> {
        self.user(user).map(|user| user.value.home)
    }

    /// Whether a user is enabled.
    #[must_use]
    pub fn is_enabled(&self, user: UserNo) -> bool {
        self.user(user).is_some_and(|user| user.value.status == UserStatus::Enabled)
    }

    /// Whether a user is enabled, and their home org works.
    #[must_use]
    pub fn stands(&self, user: UserNo) -> bool {
        self.is_enabled(user) && self.home(user).is_some_and(|home| self.is_live(home))
    }

    /// Whether a user's org vouches for them, though somebody from outside made them.
    #[must_use]
    pub fn is_confirmed(&self, user: UserNo) -> bool {
        self.row(|s| &s.confirmed_user, user.0).is_some()
    }

    /// Whether an org vouches for a key of one of its users, though somebody from outside issued it.
    #[must_use]
    pub fn is_key_confirmed(&self, key: KeyNo) -> bool {
        self.row(|s| &s.confirmed_key, key.0).is_some()
    }

    /// Whether a user was made in the command that made their home.
    #[must_use]
    pub fn arose_with_home(&self, user: UserNo) -> bool {
        let made = |home: OrgNo| self.edge(|s| &s.home, home.0, user.0).map(|made| (home, made.position));
        self.home(user).and_then(made).is_some_and(|(home, position)| self.arose_with(home, position))
    }

    /// Whether an event is of the command that made an org.
    #[must_use]
    pub fn arose_with(&self, org: OrgNo, position: Position) -> bool {
        let made = self.row(|s| &s.org_about, org.0).map(|about| about.position);
        made.is_some_and(|made| self.is_one_command(made, position))
    }

    /// The event that made a user.
    #[must_use]
    pub fn made(&self, user: UserNo) -> Option<Position> {
        let home = self.home(user)?;
        self.edge(|s| &s.home, home.0, user.0).map(|made| made.position)
    }

    /// Whether an event is of the command that made a user.
    #[must_use]
    pub fn was_made_at(&self, user: UserNo, position: Position) -> bool {
        self.made(user).is_some_and(|made| self.is_one_command(made, position))
    }

    fn is_one_command(&self, first: Position, second: Position) -> bool {
        let end = |position| self.state().command_of(position).map(|(end, _)| end);
        // No command has more events.
        first.abs_diff(second) <= 1_000 && end(first).is_some_and(|first| end(second) == Some(first))
    }

    /// Who made a user.
    #[must_use]
    pub fn creator(&self, user: UserNo) -> Option<UserNo> {
        self.user(user)?.value.creator
    }

    /// A user as a person, sealed.
    #[must_use]
    pub fn profile(&self, user: UserNo) -> Fact<'a, Profile> {
        self.row(|s| &s.profile, user.0)
    }

    /// When, as a position, a user signed in last.
    #[must_use]
    pub fn signed_in(&self, user: UserNo) -> Option<Position> {
        self.row(|s| &s.signed_in, user.0).map(|signed_in| signed_in.position)
    }

    /// The org that a user chose to work in.
    #[must_use]
    pub fn active_org(&self, user: UserNo) -> Option<OrgNo> {
        self.row(|s| &s.active_org, user.0).map(|org| org.value)
    }

    /// The home users of an org, newest first, erased ones left out.
    pub fn home_users(&self, org: OrgNo) -> impl Iterator<Item = UserNo> + use<'a> {
        let view = *self;
        let users = self.from(|s| &s.home, org.0).map(|(user, _)| UserNo(user));
        users.filter(move |user| view.user(*user).is_some_and(|user| user.value.status != UserStatus::Erased))
    }

    /// An API key; the value is none once it was revoked.
    #[must_use]
    pub fn key(&self, key: KeyNo) -> Fact<'a, Option<Key>> {
        self.row(|s| &s.key, key.0)
    }

    /// The keys of a user that are neither revoked nor void by a reset.
    pub fn keys_of(&self, user: UserNo) -> impl Iterator<Item = (KeyNo, &'a Key)> + use<'a> {
        let view = *self;
        self.from(|s| &s.user_keys, user.0).filter_map(move |(key, _)| Some((KeyNo(key), view.usable_key(KeyNo(key))?)))
    }

    /// A key that is neither revoked nor void by a reset; it may have expired.
    #[must_use]
    pub fn usable_key(&self, no: KeyNo) -> Option<&'a Key> {
        let version = self.key(no)?;
        let key = version.value.as_ref()?;
        let reset = self.row(|s| &s.credential_reset, key.user.0).map_or(0, |reset| reset.position);
        // A supposition has all events of a command at one position: a reset, and the enrolment that it opens.
        (version.position > reset || (key.enrols && version.position == reset)).then_some(key)
    }

    /// The external identities linked to a user, as their keyed hashes.
    pub fn identities_of(&self, user: UserNo) -> impl Iterator<Item = &'a str> + use<'a> {
        let view = *self;
        let linked = self.from(|s| &s.identity_of, user.0).filter(|(_, linked)| linked.value);
        linked.map(move |(identity, _)| view.text(|s| &s.identities, identity))
    }
}
