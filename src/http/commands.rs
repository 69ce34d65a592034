//! Commands: a wish comes in, events or a problem go out.

use std::str::FromStr;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query, Request, State};
use axum::http::header::IF_MATCH;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tenure_events::{OrgId, Place, Position, UserId};

use super::App;
use super::answer::{Events, Reply, body};
use super::auth::Caller;
use super::limits::Payer;
use super::observe::now;
use super::problem::Problem;
use crate::command::{self, Plain};
use crate::decide::{MAX_REASON, Told};
use crate::node::{self, AccessDelta, AccessDeltas, Secret};

/// `POST /v1/commands/{name}`.
pub async fn post(
    State(app): State<App>,
    caller: Caller,
    name: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let Path(name) = name.map_err(|_| Problem::malformed("the path is not UTF-8"))?;
    let known = command::names().find(|known| *known == name);
    let payer = Payer::of(app.node(), &caller.0);
    let answer = run(&app, caller, name, request).await;
    if answer.as_ref().is_err_and(|problem| TAKEN.contains(&problem.code())) {
        app.limits().was_taken(payer, now(&app));
    }
    let outcome = match &answer {
        Ok(answered) => answered.outcome,
        Err(problem) => problem.code(),
    };
    app.metrics().command(known.unwrap_or("unknown"), outcome);
    Ok(answer?.reply.into_response())
}

/// Refusals that tell of something else that is there.
const TAKEN: [&str; 5] = ["id.taken", "id.other_case", "name.taken", "name.looks_alike", "identity.taken"];

struct Answered {
    reply: Reply,
    outcome: &'static str,
}

/// What a command answers. A token stands in it once: when the key was issued, to whom issued it.
#[derive(Serialize)]
struct Body<'a> {
    position: Position,
    /// Whether anything was, or would be, written: where the whole is stated, it may be so already.
    changed: bool,
    events: Events<'a, Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enrolment_secret: Option<&'a str>,
    #[serde(flatten)]
    deltas: Option<Deltas<'a>>,
    #[serde(flatten)]
    told: Option<&'a Told>,
}

/// Who would gain or lose what, and whether these are all.
#[derive(Serialize)]
struct Deltas<'a> {
    access_delta: Vec<Delta<'a>>,
    access_delta_complete: bool,
    /// What the command may change beside that, and the list does not tell.
    access_delta_leaves_out: &'a [&'static str],
}

#[derive(Serialize)]
struct Delta<'a> {
    user: &'a UserId,
    org: &'a OrgId,
    gained: &'a [String],
    lost: &'a [String],
}

impl<'a> From<&'a AccessDeltas> for Deltas<'a> {
    fn from(AccessDeltas { deltas, complete, leaves_out }: &'a AccessDeltas) -> Self {
        let delta = |AccessDelta { user, org, gained, lost }: &'a AccessDelta| Delta { user, org, gained, lost };
        let access_delta = deltas.iter().map(delta).collect();
        Self { access_delta, access_delta_complete: *complete, access_delta_leaves_out: leaves_out }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    #[serde(default)]
    dry_run: bool,
}

async fn run(app: &App, Caller(caller): Caller, name: String, request: Request) -> Result<Answered, Problem> {
    let options = Query::<Options>::try_from_uri(request.uri());
    let Query(Options { dry_run }) = options.map_err(|_| Problem::malformed("a command takes `?dry_run=true` only"))?;
    let headers = request.headers().clone();
    let payer = Payer::of(app.node(), &caller);
    let if_match = if_match(&headers)?.map(|place| app.reached("If-Match", place)).transpose()?;
    let command = node::Request {
        name,
        body: body(app, request, StatusCode::UNSUPPORTED_MEDIA_TYPE).await?,
        caller,
        on_behalf_of: parsed(&headers, "tenure-on-behalf-of")?,
        acting_org: parsed(&headers, "tenure-acting-org")?,
        reason: reason(&headers)?,
        idempotency_key: idempotency_key(&headers)?,
        if_match,
        correlation: parsed(&headers, "tenure-correlation")?,
        dry_run,
    };
    let turn = if dry_run { Some(app.turn(&caller).await?) } else { None };
    let answer = app.node().submit(command).await?;
    drop(turn);
    if !dry_run && !answer.replayed {
        let written = answer.events.iter().map(Bytes::len).sum();
        app.limits().wrote(payer, written, now(app));
    }
    let outcome = match (dry_run, answer.replayed) {
        (true, _) => "dry_run",
        (false, true) => "replayed",
        (false, false) => "ok",
    };
    let (api_key, enrolment_secret) = match &answer.secret {
        Some(Secret::ApiKey(key)) => (Some(key.reveal()), None),
        Some(Secret::Enrolment(secret)) => (None, Some(secret.reveal())),
        Some(Secret::Sent { .. }) | None => (None, None),
    };
    let body = Body {
        position: answer.position,
        changed: !answer.events.is_empty(),
        events: Events(&answer.events),
        api_key: api_key.as_ref().map(|key| key.as_str()),
        enrolment_secret: enrolment_secret.as_ref().map(|secret| secret.as_str()),
        deltas: answer.access_delta.as_ref().map(Deltas::from),
        told: answer.told.as_ref(),
    };
    Ok(Answered { reply: Reply::json(answer.position, &body)?, outcome })
}

/// The text of a header; two of the same are a mistake.
fn text<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let value = values.next();
    if values.next().is_some() {
        return Err(Problem::malformed(format!("the header `{name}` stands there twice")));
    }
    let text = |value: &'a HeaderValue| std::str::from_utf8(value.as_bytes());
    value.map(text).transpose().map_err(|_| Problem::malformed(format!("the header `{name}` is not UTF-8")))
}

fn parsed<T: FromStr<Err: std::fmt::Display>>(headers: &HeaderMap, name: &'static str) -> Result<Option<T>, Problem> {
    let parse = |text: &str| text.parse().map_err(|error| Problem::malformed(format!("the header `{name}`: {error}")));
    text(headers, name)?.map(parse).transpose()
}

/// Why, in at most [`MAX_REASON`] bytes.
fn reason(headers: &HeaderMap) -> Result<Option<Plain>, Problem> {
    let reason = text(headers, "tenure-reason")?;
    if let Some(length) = reason.map(str::len).filter(|length| *length > MAX_REASON) {
        let detail = format!("a reason has at most {MAX_REASON} bytes, this one {length}: say it shorter");
        return Err(Problem::invalid("reason.too_long", "Tenure-Reason", detail));
    }
    Ok(reason.map(|reason| Plain(reason.to_owned())))
}

/// Long enough for what people make keys of; it is stored as a hash.
const LONGEST_KEY: usize = 255;

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let key = text(headers, "idempotency-key")?;
    if key.is_some_and(|key| key.is_empty() || key.len() > LONGEST_KEY) {
        return Err(Problem::malformed(format!("`Idempotency-Key` has 1 to {LONGEST_KEY} bytes")));
    }
    Ok(key.map(str::to_owned))
}

fn if_match(headers: &HeaderMap) -> Result<Option<Place>, Problem> {
    let position = |text: &str| {
        let digits = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| {
            Problem::malformed("`If-Match` names the position that you read the entity at, in quotes: `\"42\"`")
        })
    };
    text(headers, IF_MATCH.as_str()).and_then(|text| text.map(position).transpose())
}
