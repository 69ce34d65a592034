//! The service to programs, over HTTP: commands, checks by OpenID AuthZEN, reading, the feed of events.
//!
//! Every answer names the position that it reflects. What a caller may not see is told to be not there, on every route;
//! who has no valid token learns nothing at all, except from the few documents that are open.

mod answer;
mod auth;
mod authzen;
mod commands;
mod connections;
mod enrol;
mod evidence;
mod health;
mod leftover;
mod limits;
mod metrics;
mod observe;
mod openapi;
mod problem;
mod read;
mod reports;
mod routes;
mod stream;
mod tls;

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::request::Parts;
use tenure_events::{Place, Position};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::bearer;
use crate::node::{Authenticated, Node, ShutdownError};
use auth::Nobody;
use connections::{Peer, Room};
use limits::{Kept, Payer, Turn};
use metrics::Metrics;
use observe::{Known, now};
use problem::Problem;

pub use crate::bearer::Options as Tokens;
pub use limits::{Limits, Rate};
pub use openapi::document as openapi;
pub use routes::{Route, all as routes};
pub use tls::{Tls, TlsError, TlsFiles};

/// How long requests that are under way may take to end once the service is told to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// How a node is to serve.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What one caller may take.
    pub limits: Limits,
    /// How tokens of issuers are looked at.
    pub tokens: Tokens,
    /// By what it shows itself, where connections are encrypted.
    pub tls: Option<Tls>,
    /// The address that the service is known under, such as `https://tenure.example.org`; that of the listener if it is not
    /// said. No header of a request ever says it.
    pub public_url: Option<String>,
}

/// Why the service did not end in good order.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A listener failed.
    #[error("cannot serve: {0}")]
    Io(#[from] io::Error),
    /// The node could not be closed.
    #[error(transparent)]
    Node(#[from] ShutdownError),
}

/// Serves a node with usual [`Options`].
///
/// # Errors
/// See [`ServeError`].
pub async fn serve(
    node: Node,
    listener: TcpListener,
    metrics_listener: Option<TcpListener>,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    serve_with(node, Options::default(), listener, metrics_listener, shutdown).await
}

/// Serves a node until `shutdown` is ready; then takes no more connections, ends the streams, lets what is under way
/// finish, for ten seconds at most, and closes the node. Metrics have a listener of their own, or none.
///
/// # Errors
/// See [`ServeError`].
pub async fn serve_with(
    node: Node,
    options: Options,
    listener: TcpListener,
    metrics_listener: Option<TcpListener>,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let (stop, stopping) = watch::channel(false);
    let room = room(&options.limits);
    let public_url = match &options.public_url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => {
            let scheme = if options.tls.is_some() { "https" } else { "http" };
            format!("{scheme}://{}", listener.local_addr()?)
        }
    };
    let app = App::new(node.clone(), &options, public_url, stopping.clone());
    let counting = tokio::spawn(Arc::clone(&app.limits().usage).follow(node.clone()));
    let metrics = metrics::router(app.clone());
    let renewing = options.tls.clone().map(|tls| tokio::spawn(tls.follow()));
    let router = routes::router(app);
    let serve_api = connections::serve(listener, router, room, options.tls.clone(), stopped(stopping.clone()));
    let mut serving = tokio::spawn(serve_api);
    let metrics = metrics_listener.map(|listener| {
        // On this machine nobody listens.
        let local = listener.local_addr().is_ok_and(|address| address.ip().is_loopback());
        let tls = options.tls.clone().filter(|_| !local);
        tokio::spawn(connections::serve(listener, metrics, room, tls, stopped(stopping)))
    });
    let ended = tokio::select! {
        () = shutdown => None,
        ended = &mut serving => Some(ended),
    };
    stop.send_replace(true);
    let ended = match ended {
        Some(ended) => ended,
        None => tokio::time::timeout(DRAIN, &mut serving).await.unwrap_or_else(|_| {
            tracing::warn!("connections were cut: they did not end in time");
            serving.abort();
            Ok(())
        }),
    };
    if let Some(metrics) = metrics {
        metrics.abort();
    }
    counting.abort();
    if let Some(renewing) = renewing {
        renewing.abort();
    }
    node.shutdown().await?;
    Ok(ended.map_err(io::Error::other)?)
}

/// How many connections there is room for: well below the files that the process may have open, of which the log, the keys
/// and the checkpoint need some.
fn room(limits: &Limits) -> Room {
    const OTHERS: u64 = 96;
    let files = open_files().map_or(u64::MAX, |files| files.saturating_sub(OTHERS).max(files / 4));
    let all = usize::try_from(files).unwrap_or(usize::MAX).min(limits.connections).max(1);
    let own = if limits.address_connections == 0 { all.div_ceil(2) } else { limits.address_connections };
    Room { all, own: own.min(all), stalled: limits.stalled }
}

/// How many files the process may have open, after it was asked for as many as it can get; none if there is no bound.
#[cfg(unix)]
fn open_files() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    /// More are of no use here, and some systems say yes to more than they have.
    const ENOUGH: u64 = 65_536;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let current = current?;
    let wanted = maximum.unwrap_or(ENOUGH).min(ENOUGH);
    if wanted <= current {
        return Some(current);
    }
    match setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }) {
        Ok(()) => Some(wanted),
        Err(error) => {
            tracing::warn!(%error, files = current, "the process may not open more files");
            Some(current)
        }
    }
}

#[cfg(not(unix))]
const fn open_files() -> Option<u64> {
    None
}

/// What all handlers share.
#[derive(Clone)]
struct App(Arc<Shared>);

struct Shared {
    node: Node,
    metrics: Metrics,
    limits: Kept,
    tokens: bearer::Tokens,
    public_url: String,
    stopping: watch::Receiver<bool>,
}

impl App {
    fn new(node: Node, options: &Options, public_url: String, stopping: watch::Receiver<bool>) -> Self {
        let limits = Kept::new(&options.limits);
        let tokens = bearer::Tokens::new(node.clone(), options.tokens);
        let metrics = Metrics::new(&node, &limits.usage);
        Self(Arc::new(Shared { node, metrics, limits, tokens, public_url, stopping }))
    }

    fn limits(&self) -> &Kept {
        &self.0.limits
    }

    fn tokens(&self) -> &bearer::Tokens {
        &self.0.tokens
    }

    fn public_url(&self) -> &str {
        &self.0.public_url
    }

    /// Lets in who has a valid token, as far as their limits go. The answer is for them.
    async fn admit(&self, caller: Authenticated, parts: &Parts) -> Result<(), Problem> {
        let known = parts.extensions.get::<Known>();
        if let Some(known) = known {
            known.caller(caller);
        }
        let payer = Payer::of(self.node(), &caller);
        let left = match parts.uri.path().strip_prefix("/v1/commands/") {
            Some(command) => {
                self.within_quota(&caller, command, known)?;
                self.limits().command(payer, now(self)).await?
            }
            None => self.limits().read(payer, now(self)).await?,
        };
        if let Some(known) = known {
            known.left(left);
        }
        Ok(())
    }

    /// Warns who belongs to a tenant that has used up much of its quota, and refuses once it has used all of it.
    fn within_quota(&self, caller: &Authenticated, command: &str, known: Option<&Known>) -> Result<(), Problem> {
        let Some(org) = self.node().live().home(caller.user) else { return Ok(()) };
        let usage = &self.limits().usage;
        let Some(quota) = usage.of(self.node(), org) else { return Ok(()) };
        if let Some(known) = known {
            known.quota(quota);
        }
        if usage.is_new(org) {
            let (org, limits::Quota { what, used, of }) = (self.node().live().org_id(org).to_owned(), quota);
            tracing::warn!(org, what, used, of, "a tenant has used up much of its quota");
        }
        if quota.is_over() && !limits::takes_away(command) { Err(Problem::over_quota(quota)) } else { Ok(()) }
    }

    /// What who has no valid token is told.
    async fn turn_away(&self, nobody: Nobody, parts: &Parts) -> Problem {
        let came = nobody.came;
        if let Some(known) = parts.extensions.get::<Known>() {
            known.nobody(nobody);
        }
        let address: Option<IpAddr> = parts.extensions.get::<Peer>().map(|peer| peer.0);
        self.limits().failed(address, now(self)).await.challenged(came, self.public_url())
    }

    /// Waits for the caller's turn to ask something that takes long.
    async fn turn(&self, caller: &Authenticated) -> Result<Turn, Problem> {
        let org = self.node().live().home(caller.user).ok_or_else(Problem::unauthenticated)?;
        self.limits().long.turn(org, caller.user).await.ok_or_else(|| {
            let detail = "too many of your questions are waiting: send fewer at once";
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate.limited", detail).retried_after(1)
        })
    }

    fn node(&self) -> &Node {
        &self.0.node
    }

    fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// The position that a caller was told, and tells now. One beyond the end of the log is refused: whoever has a position has
    /// it from an answer, and what is answered is durable; so it comes from another log, or from an end that was lost, and
    /// waiting would not help. One of a future that was lost is refused too, however far the log is.
    fn reached(&self, field: &'static str, place: Place) -> Result<Position, Problem> {
        let asked = self.node().epochs().position(place).map_err(|past| Problem::past_epoch(field, &past))?;
        let head = self.node().state().durable();
        if asked > head { Err(Problem::beyond_end(field, asked, head)) } else { Ok(asked) }
    }

    /// The same where there may be none.
    fn has_reached(&self, field: &'static str, place: Option<Place>) -> Result<(), Problem> {
        place.map_or(Ok(()), |place| self.reached(field, place).map(drop))
    }

    /// Ready once the service is told to stop: streams end then.
    fn stopped(&self) -> impl Future<Output = ()> + Send + use<> {
        stopped(self.0.stopping.clone())
    }
}

async fn stopped(mut stopping: watch::Receiver<bool>) {
    // An error means that the sender is gone, and with it the service.
    let _: Result<_, _> = stopping.wait_for(|stop| *stop).await;
}
