//! A way to a server that can be cut.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Passes on what comes, until it is cut: then connections break off, and none is made.
pub struct Proxy {
    address: SocketAddr,
    open: Arc<Mutex<Option<JoinSet<()>>>>,
    accepting: tokio::task::AbortHandle,
}

impl Proxy {
    /// The way to a server with this URL.
    pub async fn to(url: &str) -> Self {
        let target = url.trim_start_matches("nats://").to_owned();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let (address, open) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Some(JoinSet::new()))));
        let through = Arc::clone(&open);
        let accepting = tokio::spawn(async move {
            loop {
                let (mut one, _) = listener.accept().await.unwrap();
                let target = target.clone();
                if let Some(open) = &mut *through.lock().unwrap() {
                    open.spawn(async move {
                        let Ok(mut other) = TcpStream::connect(target).await else { return };
                        let _ = copy_bidirectional(&mut one, &mut other).await;
                    });
                }
            }
        });
        Self { address, open, accepting: accepting.abort_handle() }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// Cuts it.
    pub fn cut(&self) {
        drop(self.open.lock().unwrap().take());
    }

    /// Makes it whole again.
    pub fn mend(&self) {
        *self.open.lock().unwrap() = Some(JoinSet::new());
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.cut();
        self.accepting.abort();
    }
}
