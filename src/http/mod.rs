//! The service to programs, over HTTP: commands, checks by OpenID AuthZEN, reading, the feed of events.
//!
//! Every answer names the position that it reflects. What a caller may not see is told to be not there, on every route;
//! who has no valid token learns nothing at all, except from the few documents that are open.

mod answer;
mod auth;
mod authzen;
mod commands;
mod connections;
mod health;
mod leftover;
mod metrics;
mod observe;
mod openapi;
mod problem;
mod read;
mod routes;
mod stream;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tenure_events::Position;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::node::{Node, ShutdownError, WaitError};
use metrics::Metrics;

pub use openapi::document as openapi;
pub use routes::{Route, all as routes};

/// How long requests that are under way may take to end once the service is told to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// How long a request waits for the position that it needs.
const PATIENCE: Duration = Duration::from_secs(5);

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

/// Serves a node until `shutdown` is ready; then takes no more connections, ends the streams, lets what is under way
/// finish, for ten seconds at most, and closes the node. Metrics have a listener of their own, or none.
///
/// # Errors
/// See [`ServeError`].
pub async fn serve(
    node: Node,
    listener: TcpListener,
    metrics_listener: Option<TcpListener>,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let (stop, stopping) = watch::channel(false);
    let app = App::new(node.clone(), stopping.clone());
    let metrics = metrics::router(app.clone());
    let mut serving = tokio::spawn(connections::serve(listener, routes::router(app), stopped(stopping.clone())));
    let metrics =
        metrics_listener.map(|listener| tokio::spawn(connections::serve(listener, metrics, stopped(stopping))));
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
    node.shutdown().await?;
    Ok(ended.map_err(io::Error::other)?)
}

/// What all handlers share.
#[derive(Clone)]
struct App(Arc<Shared>);

struct Shared {
    node: Node,
    metrics: Metrics,
    stopping: watch::Receiver<bool>,
}

impl App {
    fn new(node: Node, stopping: watch::Receiver<bool>) -> Self {
        let metrics = Metrics::new(&node);
        Self(Arc::new(Shared { node, metrics, stopping }))
    }

    fn node(&self) -> &Node {
        &self.0.node
    }

    fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Waits for the position that an answer must reflect, for some seconds at most.
    async fn wait_for(&self, position: Option<Position>) -> Result<(), WaitError> {
        match position {
            Some(position) => self.node().wait_for(position, PATIENCE).await,
            None => Ok(()),
        }
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
