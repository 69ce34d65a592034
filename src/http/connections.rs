//! Connections: each served on a task of its own, and ended in good order. There may be so many in all and of one address,
//! and a client that neither sends nor reads is let go.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Sleep;
use tokio_rustls::server::TlsStream;

use super::limits::{Slots, network};
use super::tls::Tls;

/// How long a client may take for the head of a request, and be silent before it. Who sends byte by byte, or nothing,
/// holds no connection for longer.
const HEAD: Duration = Duration::from_secs(10);

/// How long to wait after the system gave no connection: it has no files or memory left.
const BREATH: Duration = Duration::from_millis(250);

/// Where a request comes from.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// How many connections there may be, and how long a client may not read.
#[derive(Clone, Copy)]
pub struct Room {
    /// In all.
    pub all: usize,
    /// Of one address.
    pub own: usize,
    /// How long a client may leave unread what it is sent.
    pub stalled: Duration,
}

/// Serves connections, by TLS where that is given, until `stopped` is ready; then takes no more, and ends when those that
/// are there have ended.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    room: Room,
    tls: Option<Tls>,
    stopped: impl Future<Output = ()>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let open = GracefulShutdown::new();
    let slots = Slots::new(room.all, room.own);
    let mut refused = false;
    let mut stopped = std::pin::pin!(stopped);
    loop {
        let (connection, address) = tokio::select! {
            accepted = accept(&listener) => accepted,
            () = &mut stopped => break,
        };
        let peer = Peer(address.ip());
        let Some(slot) = slots.take(network(peer.0)) else {
            // Once until there is room again: a flood of connections is no flood of lines.
            if !std::mem::replace(&mut refused, true) {
                tracing::warn!(address = %peer.0, "a connection is refused: there are as many as there may be");
            }
            continue;
        };
        refused = false;
        let inner = TowerToHyperService::new(router.clone());
        let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(peer);
            inner.call(request)
        });
        let connection = Patient { inner: connection, limit: room.stalled, stalled: None };
        let (watcher, http, tls) = (open.watcher(), http.clone(), tls.clone());
        tokio::spawn(async move {
            let served = match tls {
                None => watcher.watch(http.serve_connection(TokioIo::new(connection), service)).await,
                Some(tls) => {
                    let Some(connection) = shake_hands(&tls, connection).await else { return };
                    watcher.watch(http.serve_connection(TokioIo::new(connection), service)).await
                }
            };
            if let Err(error) = served {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(slot);
        });
    }
    drop(listener);
    open.shutdown().await;
}

/// Who agrees on no encryption within the time for a head is let go.
async fn shake_hands(tls: &Tls, connection: Patient) -> Option<TlsStream<Patient>> {
    let shaken = tokio::time::timeout(HEAD, tls.acceptor().accept(connection)).await;
    let shaken = shaken.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    shaken.inspect_err(|error| tracing::debug!(%error, "a connection is not encrypted")).ok()
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((connection, address)) => {
                if let Err(error) = connection.set_nodelay(true) {
                    tracing::debug!(%error, "a connection cannot be told not to wait for more bytes");
                }
                return (connection, address);
            }
            Err(error) if is_of_the_client(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "no connection can be taken");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

/// A client that was gone before it was served.
fn is_of_the_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

/// A connection that fails once its client has read nothing of what it is sent for too long.
struct Patient {
    inner: TcpStream,
    limit: Duration,
    /// Runs while the client does not read.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Patient {
    fn waits<T>(&mut self, context: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.stalled = None;
            return polled;
        }
        let limit = self.limit;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        stalled.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.waits(context, polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_flush(context);
        self.waits(context, polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.waits(context, polled)
    }
}
