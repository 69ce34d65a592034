//! The feed: events as they become durable, as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt as _, stream};
use tenure_events::{Place, Position};
use tokio::sync::watch;

use super::App;
use super::answer::POSITION;
use super::auth::Caller;
use super::limits::Slot;
use super::problem::Problem;
use super::read::{Filter, Params, first, sees_event};
use crate::node::{Authenticated, Bearer, Node};

/// Parameters of its query.
pub const QUERY: [&str; 5] = ["org", "type", "actor", "subject", "from"];

/// How many events are read at a time.
const BATCH: usize = 256;

/// `GET /v1/events/stream`: after `Last-Event-ID`, from `from` on, or from now on. It ends when the caller's key or
/// token counts no more, when the log cannot be read, and when the service stops; it is resumed by `Last-Event-ID`.
pub async fn get(
    State(app): State<App>,
    Caller(caller): Caller,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::of(&uri, &[&QUERY])?;
    let head = app.node().state().durable();
    let from = params.moment("from")?.map(|moment| first(app.node(), moment)).transpose()?;
    let after = match (headers.get("last-event-id"), from) {
        (Some(last), _) => {
            let last = last.to_str().ok().and_then(|last| last.parse().ok());
            let wrong = || Problem::malformed("`Last-Event-ID` is the position of the last event that you have");
            app.reached("Last-Event-ID", last.ok_or_else(wrong)?)?
        }
        (None, Some(from)) => {
            if from.saturating_sub(1) > head {
                return Err(Problem::beyond_end("from", from.saturating_sub(1), head));
            }
            from.saturating_sub(1)
        }
        (None, None) => head,
    };
    let live = app.node().live();
    let (filter, unseen) = Filter::of(&params, &live, &app.node().subject(&live, &caller))?;
    if let Some(unseen) = unseen.first() {
        return Err(filter.not_there(*unseen));
    }
    let slot = app.limits().streams.take(caller.bearer()).ok_or_else(|| {
        let detail = "there are as many streams of events as there may be: end one, or try again later";
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate.limited", detail).retried_after(10)
    })?;
    let (committed, stopped) = (app.node().committed(), app.stopped());
    let over = over(app.node(), &caller);
    let feed = Feed { app, caller, filter, committed, after, _slot: slot };
    let events = batches(feed).take_until(stopped).take_until(over).flat_map(stream::iter).map(Ok::<_, Infallible>);
    let mut response = Sse::new(events).keep_alive(KeepAlive::default()).into_response();
    response.headers_mut().insert(POSITION, head.into());
    Ok(response)
}

/// Ready once the caller's token has ended.
fn over(node: &Node, caller: &Authenticated) -> impl Future<Output = ()> + Send + use<> {
    let now = node.live().instant().micros();
    let left = caller.token().map(|token| token.ends.micros().saturating_sub(now));
    let left = left.map(|left| Duration::from_micros(u64::try_from(left).unwrap_or_default()));
    async move {
        match left {
            Some(left) => tokio::time::sleep(left).await,
            None => std::future::pending().await,
        }
    }
}

struct Feed {
    app: App,
    caller: Authenticated,
    filter: Filter,
    committed: watch::Receiver<Position>,
    after: Position,
    _slot: Slot<Bearer>,
}

fn batches(feed: Feed) -> impl Stream<Item = Vec<Event>> {
    stream::unfold(feed, async |mut feed| {
        let after = feed.after;
        feed.committed.wait_for(|head| *head > after).await.ok()?;
        let read = tokio::task::spawn_blocking(move || {
            let events = feed.batch()?;
            Some((events, feed))
        });
        read.await.ok().flatten()
    })
}

impl Feed {
    /// What the caller may read of the next events, judged now; none once the feed is over.
    fn batch(&mut self) -> Option<Vec<Event>> {
        let node = self.app.node();
        let live = node.live();
        if !node.stands(&live, &self.caller) {
            return None;
        }
        let viewer = node.subject(&live, &self.caller);
        let stored = node.log().read(self.after.saturating_add(1), BATCH);
        let stored = stored.inspect_err(|error| tracing::error!(%error, "the log cannot be read")).ok()?;
        let mut events = Vec::new();
        for stored in stored {
            let parsed = tenure_events::parse(&stored.bytes);
            let envelope = parsed.inspect_err(|error| tracing::error!(%error, "an event cannot be read")).ok()?;
            self.after = stored.position;
            if self.filter.wants(&envelope) && sees_event(&live, &viewer, &envelope) {
                events.push(event(node.epochs().place(stored.position), &stored.bytes)?);
            }
        }
        Some(events)
    }
}

fn event(place: Place, bytes: &Arc<[u8]>) -> Option<Event> {
    let data = std::str::from_utf8(bytes).ok()?;
    Some(Event::default().id(place.to_string()).data(data))
}
