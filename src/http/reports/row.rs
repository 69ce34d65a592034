//! A line of a report. All reports share one shape; each says which columns it fills.

use serde::Serialize;
use tenure_events::{Position, Time};

/// A line. What does not apply is left out.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub struct Row<'a> {
    /// What sort of line it is, where a report has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<&'static str>,
    /// A user's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<&'a str>,
    /// Their name, where the reader may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Their home org.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home: Option<&'a str>,
    /// Enabled, disabled or erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'static str>,
    /// The org that the line is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org: Option<&'a str>,
    /// A kind of content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'a str>,
    /// Content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<&'a str>,
    /// A group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<&'a str>,
    /// A role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'a str>,
    /// An API key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<&'a str>,
    /// At which level content is had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<&'static str>,
    /// The privileges that the path gives.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub privileges: Vec<&'a str>,
    /// What came to be held.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gained: Vec<&'a str>,
    /// What is held no more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<&'a str>,
    /// By which path: the judge's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<&'static str>,
    /// The path in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<&'static str>,
    /// The events that the path stands by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Position>,
    /// The first instant at which it ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// When they signed in last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_in: Option<Time>,
    /// Minutes from the first loss to the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutes: Option<i64>,
    /// The number of an event in its org's history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// The event that made it so.
    #[serde(flatten)]
    pub cause: Cause,
}

/// The event that made something so, and the command that it came from.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Cause {
    /// Its position.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// When it was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Time>,
    /// Its type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<&'static str>,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Who commanded it; `time` where nobody did and time passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// For whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
    /// The command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Why, in their words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
