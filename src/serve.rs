//! A node with its HTTP edge, running beside the thread that started it.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::http;
use crate::node::{Node, OpenError, OpenReport, Options};
use crate::publish::{self, Publisher};

pub use crate::http::{Limits, Options as Edge, Rate, Tls, TlsError, TlsFiles, Tokens};

/// A node that serves.
pub struct Server {
    runtime: Runtime,
    serving: JoinHandle<Result<(), http::ServeError>>,
    stop: oneshot::Sender<()>,
    node: Node,
    publisher: Option<Publisher>,
    signals: Option<Signals>,
    /// Where it answers.
    pub address: SocketAddr,
    /// Where its metrics are.
    pub metrics: Option<SocketAddr>,
    /// What opening it found.
    pub report: OpenReport,
}

/// Why a node does not serve, or did not end in good order.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The node cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// The system gives no threads or signals.
    #[error("cannot run a node: {0}")]
    System(#[from] io::Error),
    /// Serving ended badly.
    #[error(transparent)]
    Serve(#[from] http::ServeError),
    /// Serving ended by a fault of ours.
    #[error("serving broke off: {0}")]
    Broke(#[from] tokio::task::JoinError),
}

impl Server {
    /// Opens the node and serves it, with usual limits. Port 0 means any that is free.
    ///
    /// # Errors
    /// See [`ServerError`].
    pub fn start(options: Options, listen: SocketAddr, metrics: Option<SocketAddr>) -> Result<Self, ServerError> {
        Self::start_with(options, Edge::default(), listen, metrics)
    }

    /// Opens the node and serves it as `edge` says. Port 0 means any that is free.
    ///
    /// # Errors
    /// See [`ServerError`].
    pub fn start_with(
        options: Options,
        edge: Edge,
        listen: SocketAddr,
        metrics: Option<SocketAddr>,
    ) -> Result<Self, ServerError> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let (api, metrics_listener) = runtime.block_on(async {
            let api = bind(listen).await?;
            let metrics = match metrics {
                Some(address) => Some(bind(address).await?),
                None => None,
            };
            Ok::<_, ServerError>((api, metrics))
        })?;
        let address = api.local_addr()?;
        let metrics = metrics_listener.as_ref().map(TcpListener::local_addr).transpose()?;
        // The writer runs as a task: it needs the runtime around it.
        let entered = runtime.enter();
        let (node, report) = Node::open(options)?;
        drop(entered);
        let (stop, stopped) = oneshot::channel();
        let serving = runtime.spawn(http::serve_with(node.clone(), edge, api, metrics_listener, async {
            // An error means that the server was dropped, which stops it as well.
            let _: Result<(), _> = stopped.await;
        }));
        Ok(Self { runtime, serving, stop, node, publisher: None, signals: None, address, metrics, report })
    }

    /// Publishes its log as well, for as long as it serves.
    pub fn publish(&mut self, options: publish::Options) {
        let _entered = self.runtime.enter();
        self.publisher = Some(publish::start(self.node.clone(), options));
    }

    /// Hears from now on that the process is told to stop, so that whoever is told that it serves can stop it in good
    /// order at once.
    ///
    /// # Errors
    /// The system gives no signals.
    pub fn hear_signals(&mut self) -> Result<(), ServerError> {
        let _entered = self.runtime.enter();
        self.signals = Some(Signals::hear()?);
        Ok(())
    }

    /// Serves until the process is told to stop by SIGTERM or SIGINT, or serving ends by itself; then ends it.
    ///
    /// # Errors
    /// It did not end in good order.
    pub fn run(mut self) -> Result<(), ServerError> {
        if self.signals.is_none() {
            self.hear_signals()?;
        }
        let Self { runtime, serving, signals, .. } = &mut self;
        let told = async {
            match signals {
                Some(signals) => signals.told_to_stop().await,
                None => std::future::pending().await,
            }
        };
        let ended = runtime.block_on(async {
            tokio::select! {
                told = told => told.map(|()| None),
                ended = serving => Ok(Some(ended)),
            }
        })?;
        match ended {
            Some(ended) => Ok(ended??),
            None => self.stop(),
        }
    }

    /// Ends it: what is under way finishes, and the node is closed.
    ///
    /// # Errors
    /// It did not end in good order.
    pub fn stop(self) -> Result<(), ServerError> {
        // An error means that serving has ended already.
        let _: Result<(), ()> = self.stop.send(());
        Ok(self.runtime.block_on(self.serving)??)
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, ServerError> {
    TcpListener::bind(address).await.map_err(|error| ServerError::Listen { address, error })
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn hear() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn told_to_stop(&mut self) -> io::Result<()> {
        tokio::select! {
            _ = self.terminate.recv() => Ok(()),
            _ = self.interrupt.recv() => Ok(()),
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn hear() -> io::Result<Self> {
        Ok(Self)
    }

    async fn told_to_stop(&mut self) -> io::Result<()> {
        tokio::signal::ctrl_c().await
    }
}
