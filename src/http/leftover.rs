//! What a handler leaves of a body: read to its end, within bounds, before the answer goes out.
//!
//! A server that answers and closes while the client still sends cuts the connection under it: the client then sees a
//! broken pipe, and never the answer that says why.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody as _};
use axum::extract::Request;
use futures::{Stream, StreamExt as _};

/// The most bytes that are read and thrown away: four times what a body may have.
const MOST: usize = 4 << 20;

/// How long they may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// What will be left of a body.
pub struct Leftover(Arc<Mutex<Option<BodyDataStream>>>);

/// A body that its reader gives back where it stopped.
struct Lent {
    chunks: Option<BodyDataStream>,
    back: Arc<Mutex<Option<BodyDataStream>>>,
}

impl Leftover {
    /// Watches over the body of a request.
    pub fn of(request: Request) -> (Request, Self) {
        let back = Arc::new(Mutex::new(None));
        if request.body().is_end_stream() {
            return (request, Self(back));
        }
        let lend =
            |body: Body| Body::from_stream(Lent { chunks: Some(body.into_data_stream()), back: Arc::clone(&back) });
        (request.map(lend), Self(back))
    }

    /// Reads it. `false` says that there is still more, and that the connection cannot be used again.
    pub async fn skip(self) -> bool {
        let left = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut chunks) = left else { return true };
        let skip = async {
            let mut bytes = 0;
            while let Some(chunk) = chunks.next().await {
                bytes += chunk.map_or(MOST, |chunk| chunk.len());
                if bytes >= MOST {
                    return false;
                }
            }
            true
        };
        tokio::time::timeout(PATIENCE, skip).await.unwrap_or(false)
    }
}

impl Stream for Lent {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(chunks) = &mut self.chunks else { return Poll::Ready(None) };
        let polled = chunks.poll_next_unpin(context);
        if let Poll::Ready(None) = polled {
            self.chunks = None;
        }
        polled
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        *self.back.lock().unwrap_or_else(PoisonError::into_inner) = self.chunks.take();
    }
}
