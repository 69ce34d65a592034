//! What is done for every request: its id and position in the answer, a line for the node's log, a count.

use axum::body::HttpBody as _;
use axum::extract::Request;
use axum::http::header::CONNECTION;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use super::App;
use super::answer::POSITION;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longer ids of requests are echoed, and left out of the node's log.
const LONGEST_ID: usize = 128;

/// What may be answered before a body is read: then the connection cannot be used again, and is told so.
const BEFORE_THE_BODY: [StatusCode; 6] = [
    StatusCode::BAD_REQUEST,
    StatusCode::UNAUTHORIZED,
    StatusCode::NOT_FOUND,
    StatusCode::METHOD_NOT_ALLOWED,
    StatusCode::PAYLOAD_TOO_LARGE,
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
];

/// Runs the handler of a route and sees to what every answer needs.
pub async fn observe(route: &'static str, app: App, request: Request, next: Next) -> Response {
    let clock = app.node().clock();
    let started = clock.elapsed();
    let id = request.headers().get(&REQUEST_ID).cloned();
    let reads = request.method() != Method::POST || !route.starts_with("/v1/commands");
    let has_body = !request.body().is_end_stream();
    let mut response = next.run(request).await;
    let may_be_unread = has_body && BEFORE_THE_BODY.contains(&response.status());
    let headers = response.headers_mut();
    if may_be_unread {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if !headers.contains_key(&POSITION) {
        headers.insert(POSITION, app.node().state().durable().into());
    }
    let status = response.status().as_u16();
    let duration = clock.elapsed().saturating_sub(started);
    app.metrics().request(route, status, duration);
    let seconds = duration.as_secs_f64();
    let request = printable(id.as_ref());
    if status >= 500 {
        tracing::warn!(request, route, status, seconds, "answered");
    } else if reads {
        tracing::debug!(request, route, status, seconds, "answered");
    } else {
        tracing::info!(request, route, status, seconds, "answered");
    }
    if let Some(id) = id {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

fn printable(id: Option<&HeaderValue>) -> &str {
    id.and_then(|id| id.to_str().ok()).filter(|id| id.len() <= LONGEST_ID).unwrap_or_default()
}
