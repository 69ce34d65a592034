//! Whether the node is alive, and whether it is ready to work.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tenure_events::Position;

use super::App;
use super::answer::Reply;
use super::problem::Problem;
use crate::node::FeedReport;

/// `GET /healthz`: the process answers.
pub async fn alive() -> &'static str {
    "ok\n"
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    /// The log is replayed: a node listens only from then on.
    replayed: bool,
    /// Commands are taken.
    writing: bool,
    position: Position,
    /// How publishing stands, where the log is published; it does not make a node less ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    feed: Option<FeedReport>,
}

/// `GET /readyz`: the log is replayed and commands are taken.
pub async fn ready(State(app): State<App>) -> Result<Response, Problem> {
    let stats = app.node().stats();
    let feed = app.node().feed();
    let (writing, position) = (stats.writing, stats.position);
    let readiness = Readiness { ready: writing, replayed: true, writing, position, feed };
    let reply = Reply::json(stats.position, &readiness)?;
    let status = if stats.writing { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok((status, reply).into_response())
}
