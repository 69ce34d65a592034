//! How answers are written and bodies are read.

use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::StreamExt as _;
use serde::ser::{Error as _, SerializeSeq as _};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use tenure_events::Position;

use super::App;
use super::problem::Problem;
use crate::node::Authenticated;

/// The position that an answer reflects.
pub const POSITION: HeaderName = HeaderName::from_static("tenure-position");

/// The most bytes that a body may have: 1 MiB.
const BODY_LIMIT: usize = 1 << 20;

/// An answer with the position that it reflects.
pub struct Reply {
    position: Position,
    content_type: &'static str,
    body: Vec<u8>,
}

impl Reply {
    /// A JSON document.
    pub fn json(position: Position, value: &impl Serialize) -> Result<Self, Problem> {
        let mut body = Vec::with_capacity(192);
        serde_json::to_writer(&mut body, value).map_err(|error| {
            tracing::error!(%error, "an answer could not be written");
            Problem::internal()
        })?;
        Ok(Self { position, content_type: "application/json", body })
    }

    /// An answer of another type.
    pub const fn of(position: Position, content_type: &'static str, body: Vec<u8>) -> Self {
        Self { position, content_type, body }
    }

    /// What is answered.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// An event as it is stored.
    pub fn event(position: Position, bytes: &[u8]) -> Self {
        Self { position, content_type: "application/cloudevents+json", body: bytes.to_vec() }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = Response::new(self.body.into());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(POSITION, self.position.into());
        response
    }
}

/// Stored events within a JSON document, byte for byte.
pub struct Events<'a, B>(pub &'a [B]);

impl<B: AsRef<[u8]>> Serialize for Events<'_, B> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for bytes in self.0 {
            let event: &RawValue = serde_json::from_slice(bytes.as_ref()).map_err(S::Error::custom)?;
            list.serialize_element(event)?;
        }
        list.end()
    }
}

/// An answer that is worked out on a thread where that may take its time, once it is the caller's turn.
pub async fn at_leisure(
    app: &App,
    caller: &Authenticated,
    work: impl FnOnce() -> Result<Reply, Problem> + Send + 'static,
) -> Result<Response, Problem> {
    let turn = app.turn(caller).await?;
    let work = move || {
        // Held until the work is done, also if nobody waits for it any more.
        let _turn = turn;
        work()
    };
    let reply = tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "an answer was not finished");
        Problem::internal()
    })?;
    Ok(reply?.into_response())
}

/// The body of a request, which is JSON; `other` is the status for anything that does not say so. It has its time to come.
pub async fn body(app: &App, request: Request, other: StatusCode) -> Result<Vec<u8>, Problem> {
    let within = app.limits().body;
    tokio::time::timeout(within, whole(request, other)).await.unwrap_or_else(|_| {
        let detail = format!("the body did not come within {} s", within.as_secs_f64());
        Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "body.too_slow", detail))
    })
}

async fn whole(request: Request, other: StatusCode) -> Result<Vec<u8>, Problem> {
    let headers = request.headers();
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(other, "body.not_json", "the body is JSON: say `Content-Type: application/json`"));
    }
    let mut body = Vec::new();
    let mut chunks = request.into_body().into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Problem::malformed("the body ended before it was whole"))?;
        if body.len() + chunk.len() > BODY_LIMIT {
            let detail = format!("the body has more than the {BODY_LIMIT} bytes that one may have");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body.too_large", detail));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
