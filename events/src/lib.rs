//! The contract of Tenure: ids, the closed set of events, their envelope and NATS subjects.
//!
//! A service that follows the log needs this crate and `tenure-projections`, and nothing of the server.

mod about;
mod chain;
pub mod data;
mod entity;
mod envelope;
mod epoch;
mod event;
mod heartbeat;
mod ids;
mod retired;
pub mod schema;
mod sealed;
mod time;

pub use about::About;
pub use chain::{Broken, Follower, Head};
pub use entity::EntityRef;
pub use envelope::{Envelope, Hash, InvalidEvent, Position, parse};
pub use epoch::{Epoch, Epochs, PastEpoch, Place};
pub use event::Event;
pub use heartbeat::{FeedKey, FeedState, Heartbeat, InvalidFeedKey};
pub use ids::{
    ApiKeyId, EnvironmentId, GroupId, InvalidId, IssuerId, Kind, MAX_ID, OrgId, Privilege, ResourceId, RoleId,
    TenantPermission, UserId, UserType,
};
pub use sealed::Sealed;
pub use time::{InvalidTime, Time};
