//! Checks: OpenID AuthZEN Authorization API 1.0.
//!
//! A denial is an answer (200), never an error. What is malformed in any way is 400; unknown fields are ignored.

mod context;
mod evaluate;
mod known;
mod request;
mod search;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tenure_events::data::DataPermission;

use super::App;
use super::answer::{Reply, at_leisure, body};
use super::auth::Caller;
use super::limits::Payer;
use super::observe::now;
use super::problem::{Finding, Problem};
use crate::node::Authenticated;
use evaluate::Asker;
use request::{Item, Rest, Search, Semantic, parse};

/// The most questions in one request.
const MOST: usize = 1000;

/// What was decided, and of which view.
#[derive(Serialize)]
struct Decision {
    decision: bool,
    context: Context,
}

#[derive(Serialize, Default)]
struct Context {
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<Finding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    obligations: Option<Obligations>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
}

/// What whoever is allowed must heed.
#[derive(Serialize)]
struct Obligations {
    /// Which rows they see: those that pass all the rules that bind them.
    #[serde(skip_serializing_if = "Option::is_none")]
    row_filter: Option<String>,
    /// With whose rights the data is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    data_permission: Option<DataPermission>,
}

/// Why one question of many has no answer.
#[derive(Serialize)]
struct Failure {
    status: u16,
    message: String,
}

/// `POST /access/v1/evaluation`.
pub async fn evaluation(State(app): State<App>, caller: Caller, request: Request) -> Result<Response, Problem> {
    let body = body(&app, request, StatusCode::BAD_REQUEST).await?;
    let item: Item<'_> = parse(&body)?;
    one(&app, caller, &item).await
}

/// `POST /access/v1/evaluations`: without questions of its own it is `evaluation`.
pub async fn evaluations(State(app): State<App>, caller: Caller, request: Request) -> Result<Response, Problem> {
    let body = body(&app, request, StatusCode::BAD_REQUEST).await?;
    let (default, Rest { evaluations, options }): (Item<'_>, _) = (parse(&body)?, parse(&body)?);
    if evaluations.is_empty() {
        return one(&app, caller, &default).await;
    }
    if evaluations.len() > MOST {
        return Err(Problem::malformed(format!("at most {MOST} evaluations in one request")));
    }
    let items = each(&evaluations);
    for item in items.iter().flatten().chain([&default]) {
        app.has_reached("min_position", item.min_position())?;
    }
    app.limits().more_reads(Payer::of(app.node(), &caller.0), items.len().saturating_sub(1), now(&app));
    if items.len() > AT_ONCE {
        let (leisure, Caller(caller)) = (app.clone(), caller);
        let work = move || {
            let (default, Rest { evaluations, options }): (Item<'_>, _) = (parse(&body)?, parse(&body)?);
            many(&app, &caller, &default, each(&evaluations), options.evaluations_semantic)
        };
        return at_leisure(&leisure, &caller, work).await;
    }
    Ok(many(&app, &caller.0, &default, items, options.evaluations_semantic)?.into_response())
}

/// So many questions are answered at once; more wait for their turn.
const AT_ONCE: usize = 16;

/// The questions of a request, each read by itself.
fn each<'a>(evaluations: &[&'a RawValue]) -> Vec<Result<Item<'a>, Problem>> {
    evaluations.iter().map(|item| parse(item.get().as_bytes())).collect()
}

fn many(
    app: &App,
    caller: &Authenticated,
    default: &Item<'_>,
    items: Vec<Result<Item<'_>, Problem>>,
    semantic: Semantic,
) -> Result<Reply, Problem> {
    let asker = Asker::new(app, caller);
    let mut decisions = Vec::with_capacity(items.len());
    for item in items {
        let decision = item.and_then(|item| asker.evaluate(&item, Some(default))).unwrap_or_else(Decision::failed);
        let decided = decision.decision;
        decisions.push(decision);
        if semantic.stops(decided) {
            break;
        }
    }
    Reply::json(asker.position(), &json!({ "evaluations": decisions }))
}

async fn one(app: &App, Caller(caller): Caller, item: &Item<'_>) -> Result<Response, Problem> {
    app.has_reached("min_position", item.min_position())?;
    let asker = Asker::new(app, &caller);
    let decision = asker.evaluate(item, None)?;
    Ok(Reply::json(decision.context.position.unwrap_or_default(), &decision)?.into_response())
}

/// What is answered to a question that is not a request of its own.
pub fn answer(app: &App, caller: &Authenticated, question: &Value) -> Result<Value, Problem> {
    let body = question.to_string();
    let item: Item<'_> = parse(body.as_bytes())?;
    app.has_reached("min_position", item.min_position())?;
    let decision = Asker::new(app, caller).evaluate(&item, None)?;
    serde_json::to_value(&decision).map_err(|error| {
        tracing::error!(%error, "an answer could not be written");
        Problem::internal()
    })
}

impl Decision {
    fn failed(problem: Problem) -> Self {
        let error = Some(Failure { status: problem.status().as_u16(), message: problem.detail().to_owned() });
        Self { decision: false, context: Context { error, ..Context::default() } }
    }
}

impl Semantic {
    const fn stops(self, decided: bool) -> bool {
        match self {
            Self::ExecuteAll => false,
            Self::DenyOnFirstDeny => !decided,
            Self::PermitOnFirstPermit => decided,
        }
    }
}

/// `POST /access/v1/search/subject`.
pub async fn search_subject(state: State<App>, caller: Caller, request: Request) -> Result<Response, Problem> {
    searched(state, caller, request, search::subjects).await
}

/// `POST /access/v1/search/resource`.
pub async fn search_resource(state: State<App>, caller: Caller, request: Request) -> Result<Response, Problem> {
    searched(state, caller, request, search::resources).await
}

/// `POST /access/v1/search/action`.
pub async fn search_action(state: State<App>, caller: Caller, request: Request) -> Result<Response, Problem> {
    searched(state, caller, request, search::actions).await
}

/// Searches on a thread where they may take their time.
async fn searched(
    State(app): State<App>,
    Caller(caller): Caller,
    request: Request,
    search: fn(&Asker<'_>, &Search<'_>) -> Result<Reply, Problem>,
) -> Result<Response, Problem> {
    let body = body(&app, request, StatusCode::BAD_REQUEST).await?;
    app.has_reached("min_position", parse::<Search<'_>>(&body)?.min_position())?;
    at_leisure(&app.clone(), &caller, move || search(&Asker::new(&app, &caller), &parse(&body)?)).await
}

/// `GET /.well-known/authzen-configuration`: under the address that the operator gave, or that is listened on; never one
/// that a request says.
pub async fn metadata(State(app): State<App>) -> Result<Reply, Problem> {
    let base = app.public_url();
    let document = json!({
        "policy_decision_point": base,
        "access_evaluation_endpoint": format!("{base}/access/v1/evaluation"),
        "access_evaluations_endpoint": format!("{base}/access/v1/evaluations"),
        "search_subject_endpoint": format!("{base}/access/v1/search/subject"),
        "search_resource_endpoint": format!("{base}/access/v1/search/resource"),
        "search_action_endpoint": format!("{base}/access/v1/search/action"),
    });
    Reply::json(app.node().state().durable(), &document)
}
