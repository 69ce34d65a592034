//! Whether the node is alive, and whether it is ready to work.

use axum::extract::State;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tenure_events::{Position, Time};

use super::App;
use super::answer::Reply;
use super::auth::authenticate;
use super::problem::Problem;
use crate::node::{FeedReport, Halt};

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
    /// For those who have a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<Position>,
    /// Why commands are refused, where they are.
    #[serde(flatten)]
    halt: Option<Halted>,
    /// How publishing stands, where the log is published; it does not make a node less ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    feed: Option<FeedReport>,
}

#[derive(Serialize)]
struct Halted {
    /// Stable.
    code: &'static str,
    /// What happened, and what to do.
    detail: String,
    since: Time,
    /// Questions are answered all the same.
    reading: bool,
}

/// `GET /readyz`: the log is replayed and commands are taken.
pub async fn ready(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    let stats = app.node().stats();
    // How far the log is says how busy the platform is: not to everybody.
    let known = headers.get(AUTHORIZATION).is_some() && authenticate(&app, &headers).await.is_ok();
    let hide = |feed| FeedReport { published: None, ..feed };
    let feed = app.node().feed().map(|feed| if known { feed } else { hide(feed) });
    let (writing, position) = (stats.writing, known.then_some(stats.position));
    let halt =
        stats.halt.map(|Halt { reason, detail, since }| Halted { code: reason.code(), detail, since, reading: true });
    let readiness = Readiness { ready: writing, replayed: true, writing, position, halt, feed };
    let reply = Reply::json(stats.position, &readiness)?;
    let status = if writing { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok((status, reply).into_response())
}
