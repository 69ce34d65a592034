//! Whom a question is about, and by which credential: a key may be less than its person.

use crate::values::{Key, OrgNo, PrivilegeSet, UserNo};

/// Who a question is about: a user, perhaps through a key that carries less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// The user.
    pub user: UserNo,
    /// No more than these privileges.
    pub cap: PrivilegeSet,
    /// In this org only.
    pub only: Option<OrgNo>,
    /// Whether it is the person's own credential, and nobody who acts for them: to those personal folders are closed.
    pub own: bool,
}

impl From<UserNo> for Subject {
    fn from(user: UserNo) -> Self {
        Self { user, cap: PrivilegeSet::ALL, only: None, own: true }
    }
}

impl Subject {
    /// The user of a key, with what the key carries.
    #[must_use]
    pub const fn of_key(key: &Key) -> Self {
        Self { user: key.user, cap: key.privileges, only: key.org, own: true }
    }

    /// Whether the credential is whole: limited neither in privileges nor in orgs. Less than that speaks for its
    /// person within its limits, and for nothing that is theirs because they are who they are.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.cap == PrivilegeSet::ALL && self.only.is_none()
    }

    /// Whether it is this user themself, by a whole credential.
    #[must_use]
    pub fn is_themself(&self, user: UserNo) -> bool {
        self.user == user && self.is_whole()
    }

    /// Whether it is this user themself, by a whole credential, and nobody who acts for them.
    #[must_use]
    pub fn opens_personal(&self, owner: UserNo) -> bool {
        self.is_themself(owner) && self.own
    }
}
