//! The contract of Tenure: ids, the closed set of events, their envelope and NATS subjects.
//!
//! A service that follows the log needs this crate and `tenure-projections`, and nothing of the server.

mod ids;
mod sealed;

pub use ids::{ApiKeyId, GroupId, InvalidId, Kind, MAX_ID, OrgId, Privilege, ResourceId, RoleId, UserId, UserType};
pub use sealed::Sealed;
