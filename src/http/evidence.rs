//! Evidence: a question, its answer and the events that it rests on, in one file that is verified without a node. Whoever
//! asks gets in it what they may read, by the same judgement as everywhere.

use std::collections::BTreeMap;

use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use tenure_events::{OrgId, Position, UserId};

use super::App;
use super::answer::{Reply, at_leisure, body};
use super::auth::Caller;
use super::authzen;
use super::problem::Problem;
use super::read::{self, Ask, Params};
use crate::node::Authenticated;
use crate::proof::{Checkpoint, Evidence, FORMAT, OfOrg, Shown, cited, text};

/// The most events in a file.
const EVENTS: usize = 10_000;

/// The most bytes that they have.
const BYTES: usize = 64 << 20;

/// The most events of a history that is shown whole, shown or not.
const HISTORY: usize = 200_000;

/// What evidence is asked of.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// A question as `/access/v1/evaluation` takes it.
    evaluation: Option<Value>,
    /// The path of a route that reads, with its query.
    read: Option<String>,
    /// Orgs whose history is shown whole.
    #[serde(default)]
    complete: Vec<OrgId>,
}

/// `POST /v1/evidence`.
pub async fn post(State(app): State<App>, caller: Caller, request: Request) -> Result<Response, Problem> {
    let body = body(&app, request, StatusCode::UNSUPPORTED_MEDIA_TYPE).await?;
    let wanted: Wanted = serde_json::from_slice(&body).map_err(|error| Problem::malformed(error.to_string()))?;
    let Caller(caller) = caller;
    at_leisure(&app.clone(), &caller, move || make(&app, &caller, wanted)).await
}

fn make(app: &App, caller: &Authenticated, wanted: Wanted) -> Result<Reply, Problem> {
    let Wanted { evaluation, read, complete } = wanted;
    let (question, answer) = match (evaluation, read) {
        (Some(_), Some(_)) => return Err(Problem::malformed("ask one thing: `evaluation` or `read`")),
        (Some(mut question), None) => {
            explained(&mut question);
            let answer = authzen::answer(app, caller, &question)?;
            (json!({ "evaluation": question }), answer)
        }
        (None, Some(path)) => {
            let answer = answered(app, caller, &path)?;
            (json!({ "read": path }), answer)
        }
        (None, None) if complete.is_empty() => {
            return Err(Problem::malformed("say of what: `evaluation`, `read`, or `complete` with orgs"));
        }
        (None, None) => (Value::Null, Value::Null),
    };
    // After the answer: whatever it rests on is in the log by now.
    let none = Params::none();
    let ask = Ask::new(app.node(), caller, &none, "/v1/evidence", "")?;
    let (log, checkpoint) = app.node().log_checkpoint(ask.live.position())?;
    let mut file = File { ask: &ask, log: &log, events: BTreeMap::new(), bytes: 0 };
    let unread = file.cite(&cited(&answer))?;
    let orgs = complete.into_iter().map(|org| file.complete(org)).collect::<Result<_, _>>()?;
    let events = file.events.into_values().collect();
    let keys = app.node().proof_keys();
    let reader = UserId::new(ask.live.user_id(caller.user)).map_err(|_| Problem::internal())?;
    let evidence = Evidence {
        format: FORMAT.to_owned(),
        origin: log.origin.clone(),
        key: keys.key,
        keys: keys.handovers,
        made: ask.live.instant(),
        reader,
        question,
        answer,
        checkpoint,
        events,
        unread,
        orgs,
    };
    let bytes = app.node().seal(&evidence).map_err(|error| {
        tracing::error!(%error, "evidence could not be written");
        Problem::internal()
    })?;
    Ok(Reply::of(log.size, "application/json", bytes))
}

/// Has a decision say why, unless whoever asks says that it shall not.
fn explained(question: &mut Value) {
    let context = question.as_object_mut().map(|question| question.entry("context").or_insert_with(|| json!({})));
    if let Some(context) = context.and_then(Value::as_object_mut) {
        context.entry("explain").or_insert(Value::Bool(true));
    }
}

/// What a reading route answers the caller.
fn answered(app: &App, caller: &Authenticated, path: &str) -> Result<Value, Problem> {
    let wrong = || Problem::malformed("`read` is the path of a route that reads, such as `/v1/orgs/ID/history`");
    let uri: Uri = path.parse().map_err(|_| wrong())?;
    let (route, id) = read::find(uri.path()).ok_or_else(wrong)?;
    let reply = read::reply(route, app, caller, &Params::of(&uri, &route.parameters())?, &id)?;
    // A document; what else is read proves itself.
    serde_json::from_slice(reply.body()).map_err(|_| wrong())
}

/// What a file shows.
struct File<'a> {
    ask: &'a Ask<'a>,
    log: &'a Checkpoint,
    events: BTreeMap<Position, Shown>,
    bytes: usize,
}

impl File<'_> {
    /// Shows the events of these positions that the reader may read, and tells the others.
    fn cite(&mut self, positions: &[Position]) -> Result<Vec<Position>, Problem> {
        let mut unread = Vec::new();
        for position in positions {
            if !self.show(*position)? {
                unread.push(*position);
            }
        }
        Ok(unread)
    }

    /// Shows the history of an org, whole. Of what the reader may not read in it there is the leaf.
    fn complete(&mut self, org: OrgId) -> Result<OfOrg, Problem> {
        let no = read::readable(self.ask, org.as_str())?;
        let proof = self.ask.node.org_proof(&self.ask.live, no, self.log)?;
        if proof.positions.len() > HISTORY {
            return Err(too_large());
        }
        let mut others = Vec::new();
        for ((sequence, position), leaf) in (1..).zip(&proof.positions).zip(&proof.leaves) {
            if !self.show(*position)? {
                others.push((sequence, text(leaf)));
            }
        }
        Ok(OfOrg { org, checkpoint: proof.note, others })
    }

    /// Whether the reader may read the event; then it is shown.
    fn show(&mut self, position: Position) -> Result<bool, Problem> {
        if self.events.contains_key(&position) {
            return Ok(true);
        }
        let Some((bytes, envelope)) = read::stored(self.ask.node, position)? else { return Ok(false) };
        if !read::sees_event(&self.ask.live, &self.ask.viewer, &envelope) {
            return Ok(false);
        }
        self.bytes += bytes.len();
        if self.events.len() >= EVENTS || self.bytes > BYTES {
            return Err(too_large());
        }
        let tree = self.ask.node.tree();
        let proof = tree.inclusion(position.saturating_sub(1), self.log.size, &self.log.root)?;
        let event = String::from_utf8_lossy(&bytes).into_owned();
        self.events.insert(position, Shown { position, event, proof: proof.iter().map(text).collect() });
        Ok(true)
    }
}

fn too_large() -> Problem {
    let detail = format!(
        "a file of evidence has at most {EVENTS} events of {BYTES} bytes, and histories of {HISTORY}: ask for less"
    );
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "evidence.too_large", detail)
}
