//! What an event is about, typed.

use std::fmt;

use crate::{
    ApiKeyId, EnvironmentId, GroupId, IssuerId, Kind, OrgId, Privilege, ResourceId, RoleId, TenantPermission, UserId,
    UserType,
};

/// The one entity that an event is about. Its text, `COLLECTION/ID`, is the CloudEvents `subject`.
///
/// ```
/// use tenure_events::{EntityRef, OrgId};
///
/// let org: OrgId = "acme".parse()?;
/// assert_eq!(EntityRef::Org(&org).to_string(), "orgs/acme");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are the kinds of entities")]
pub enum EntityRef<'a> {
    Platform,
    Privilege(&'a Privilege),
    UserType(&'a UserType),
    Kind(&'a Kind),
    TenantPermission(&'a TenantPermission),
    Org(&'a OrgId),
    User(&'a UserId),
    Group(&'a GroupId),
    Environment(&'a EnvironmentId),
    Role(&'a RoleId),
    Resource(&'a ResourceId),
    ApiKey(&'a ApiKeyId),
    Issuer(&'a IssuerId),
}

impl<'a> EntityRef<'a> {
    /// The user, if it is one.
    ///
    /// ```
    /// use tenure_events::{EntityRef, UserId};
    /// let sally = UserId::new("sally")?;
    /// assert_eq!(EntityRef::User(&sally).user(), Some(&sally));
    /// assert_eq!(EntityRef::Platform.user(), None);
    /// # Ok::<(), tenure_events::InvalidId>(())
    /// ```
    #[must_use]
    pub const fn user(self) -> Option<&'a UserId> {
        match self {
            Self::User(id) => Some(id),
            Self::Platform
            | Self::Privilege(_)
            | Self::UserType(_)
            | Self::Kind(_)
            | Self::TenantPermission(_)
            | Self::Org(_)
            | Self::Group(_)
            | Self::Environment(_)
            | Self::Role(_)
            | Self::Resource(_)
            | Self::ApiKey(_)
            | Self::Issuer(_) => None,
        }
    }
}

impl fmt::Display for EntityRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Platform => f.write_str("platform"),
            Self::Privilege(id) => write!(f, "privileges/{id}"),
            Self::UserType(id) => write!(f, "user-types/{id}"),
            Self::Kind(id) => write!(f, "kinds/{id}"),
            Self::TenantPermission(id) => write!(f, "tenant-permissions/{id}"),
            Self::Org(id) => write!(f, "orgs/{id}"),
            Self::User(id) => write!(f, "users/{id}"),
            Self::Group(id) => write!(f, "groups/{id}"),
            Self::Environment(id) => write!(f, "environments/{id}"),
            Self::Role(id) => write!(f, "roles/{id}"),
            Self::Resource(id) => write!(f, "resources/{id}"),
            Self::ApiKey(id) => write!(f, "keys/{id}"),
            Self::Issuer(id) => write!(f, "issuers/{id}"),
        }
    }
}
