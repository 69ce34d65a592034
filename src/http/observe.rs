//! What is done for every request: its id and position in the answer, a line for the node's log, a count.

use axum::extract::Request;
use axum::http::header::CONNECTION;
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;

use super::App;
use super::answer::POSITION;
use super::leftover::Leftover;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longer ids of requests are echoed, and left out of the node's log.
const LONGEST_ID: usize = 128;

/// Runs the handler of a route and sees to what every answer needs.
pub async fn observe(route: &'static str, app: App, request: Request, next: Next) -> Response {
    let clock = app.node().clock();
    let started = clock.elapsed();
    let id = request.headers().get(&REQUEST_ID).cloned();
    let reads = request.method() != Method::POST || !route.starts_with("/v1/commands");
    let (request, leftover) = Leftover::of(request);
    let mut response = next.run(request).await;
    let is_read = leftover.skip().await;
    let headers = response.headers_mut();
    if !is_read {
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
