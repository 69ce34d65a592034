//! What is done for every request: its host, its id and position in the answer, a line for the node's log, a count.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONNECTION, HOST};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::App;
use super::answer::POSITION;
use super::auth::{Nobody, authenticate};
use super::connections::Peer;
use super::leftover::Leftover;
use super::limits::{Left, Quota};
use super::problem::{Problem, ProblemCode};
use crate::node::Authenticated;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const QUOTA: HeaderName = HeaderName::from_static("tenure-quota");

/// Longer ids of requests are echoed, and left out of the node's log.
const LONGEST_ID: usize = 128;

/// What becomes known of a request while it is answered.
#[derive(Clone, Default)]
pub struct Known(Arc<Inner>);

#[derive(Default)]
struct Inner {
    caller: OnceLock<Authenticated>,
    /// Who failed to sign in.
    nobody: OnceLock<Nobody>,
    left: OnceLock<Left>,
    quota: OnceLock<Quota>,
}

impl Known {
    /// Who asks: by a valid token.
    pub fn caller(&self, caller: Authenticated) {
        let _: Result<(), _> = self.0.caller.set(caller);
    }

    /// Which credential was claimed, in vain.
    pub fn nobody(&self, nobody: Nobody) {
        let _: Result<(), _> = self.0.nobody.set(nobody);
    }

    /// How little is left to the caller.
    pub fn left(&self, left: Option<Left>) {
        if let Some(left) = left {
            let _: Result<(), _> = self.0.left.set(left);
        }
    }

    /// How near the caller's tenant is to its quota.
    pub fn quota(&self, quota: Quota) {
        let _: Result<(), _> = self.0.quota.set(quota);
    }
}

/// Runs the handler of a route and sees to what every answer needs.
pub async fn observe(route: &'static str, app: App, mut request: Request, next: Next) -> Response {
    let clock = app.node().clock();
    let started = clock.elapsed();
    let id = request.headers().get(&REQUEST_ID).cloned();
    let address = request.extensions().get::<Peer>().map(|peer| peer.0);
    let reads = request.method() != Method::POST || !route.starts_with("/v1/commands");
    let known = Known::default();
    let authorization = request.headers().get(AUTHORIZATION).cloned();
    request.extensions_mut().insert(known.clone());
    let response = if names_one_host(request.headers()) {
        let (request, leftover) = Leftover::of(request);
        let mut response = next.run(request).await;
        if !leftover.skip().await {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    } else {
        let mut response = Problem::malformed("a request names its host, once: `Host: NAME`").into_response();
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        response
    };
    if known.0.caller.get().is_none()
        && response.headers().contains_key(&POSITION)
        && let Some(authorization) = authorization
        && let Ok(caller) = authenticate(&app, &HeaderMap::from_iter([(AUTHORIZATION, authorization)])).await
    {
        known.caller(caller);
    }
    let response = finished(&app, &known, id.as_ref(), response);
    let status = response.status();
    let duration = clock.elapsed().saturating_sub(started);
    app.metrics().request(route, status.as_u16(), duration);
    let seconds = duration.as_secs_f64();
    let (request, status) = (printable(id.as_ref()), status.as_u16());
    if status >= 500 {
        tracing::warn!(request, route, status, seconds, "answered");
    } else if reads {
        tracing::debug!(request, route, status, seconds, "answered");
    } else {
        tracing::info!(request, route, status, seconds, "answered");
    }
    if (400..500).contains(&status) {
        refused(&app, &known, route, address, &response);
    }
    response
}

fn finished(app: &App, known: &Known, id: Option<&HeaderValue>, mut response: Response) -> Response {
    let headers = response.headers_mut();
    if known.0.caller.get().is_some() {
        // What is for one caller is kept by nobody on the way; some of it is secret.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let said = headers.get(&POSITION).and_then(|position| position.to_str().ok()?.parse().ok());
        let place = app.node().epochs().place(said.unwrap_or_else(|| app.node().state().durable()));
        if let Ok(value) = HeaderValue::from_str(&place.to_string()) {
            headers.insert(POSITION, value);
        }
    } else {
        // How far the log is says how busy the platform is: that is for those who belong to it.
        headers.remove(&POSITION);
    }
    if let Some(id) = id {
        headers.insert(REQUEST_ID, id.clone());
    }
    if let Some(Quota { what, used, of }) = known.0.quota.get()
        && let Ok(value) = HeaderValue::from_str(&format!("{what};used={used};of={of}"))
    {
        headers.insert(QUOTA, value);
    }
    let limited = response.extensions().get::<Left>().copied();
    if let Some(left) = limited.or_else(|| known.0.left.get().copied()) {
        left.tell(&mut response);
    }
    response
}

/// RFC 9112, section 3.2: exactly one `Host`, and one that can be one.
fn names_one_host(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    host.to_str().is_ok_and(|host| host.parse::<Authority>().is_ok_and(|host| !host.as_str().contains('@')))
}

/// A line for what was refused: by which credential and from where, never of whom or what.
fn refused(app: &App, known: &Known, route: &'static str, address: Option<IpAddr>, response: &Response) {
    let Some(left_out) = app.limits().said.may_say(now(app)) else { return };
    let status = response.status();
    let code = response.extensions().get::<ProblemCode>().map_or("", |code| code.0);
    let live = app.node().live();
    let credential = known.0.caller.get().map(|caller| match caller.token() {
        Some(token) => format!("issuers/{}", live.issuer_id(token.issuer)),
        None => caller.credential_id(&live),
    });
    let nobody = known.0.nobody.get();
    let credential = credential.or(nobody.and_then(|nobody| nobody.claimed.clone())).unwrap_or_default();
    let address = address.map(|address| address.to_string()).unwrap_or_default();
    let status = (status.as_u16(), status == StatusCode::UNAUTHORIZED);
    if status.1 {
        let why = nobody.map_or("", |nobody| nobody.why.as_str());
        tracing::warn!(route, credential, address, code, why, left_out, "a sign-in failed");
    } else {
        tracing::info!(route, status = status.0, credential, address, code, left_out, "refused");
    }
}

/// The time by which limits are kept.
pub fn now(app: &App) -> Duration {
    app.node().clock().elapsed()
}

fn printable(id: Option<&HeaderValue>) -> &str {
    id.and_then(|id| id.to_str().ok()).filter(|id| id.len() <= LONGEST_ID).unwrap_or_default()
}
