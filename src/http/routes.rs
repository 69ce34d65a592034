//! Every route, once: the router and `/openapi.json` are made from this list.

use axum::Router;
use axum::extract::Request;
use axum::http::Method;
use axum::middleware::{self, Next};
use axum::routing::{MethodRouter, any, get, post};

use super::auth::{self, Caller};
use super::observe::observe;
use super::problem::Problem;
use super::{App, authzen, commands, enrol, evidence, health, openapi, read, reports, stream};

/// A route of the service.
#[derive(Debug, Clone)]
pub struct Route {
    /// `GET` or `POST`.
    pub method: Method,
    /// Its path, with the parts that vary in braces.
    pub path: &'static str,
    /// What it answers.
    pub about: &'static str,
    /// Parameters that its query may have.
    pub query: Vec<&'static str>,
    /// Whether it needs no token.
    pub open: bool,
}

/// Every route of the service.
#[must_use]
pub fn all() -> Vec<Route> {
    table().into_iter().map(|(route, _)| route).collect()
}

/// The routes, with what every answer needs around them.
pub fn router(app: App) -> Router {
    let mut router = Router::new();
    for (route, handler) in table() {
        router = router.route(route.path, observed(route.path, &app, handler.fallback(wrong_method)));
    }
    let unknown = observed("unknown", &app, any(no_route));
    router.fallback_service(unknown.with_state(app.clone())).with_state(app)
}

type Row = (Route, MethodRouter<App>);

fn table() -> Vec<Row> {
    let mut table = vec![
        open("/healthz", "whether the process answers", get(health::alive)),
        open("/readyz", "whether the log is replayed and commands are taken", get(health::ready)),
        open("/openapi.json", "this document", get(openapi::get)),
        open("/.well-known/authzen-configuration", "where the AuthZEN endpoints are", get(authzen::metadata)),
        open("/.well-known/oauth-protected-resource", "by whom tokens are issued (RFC 9728)", get(auth::metadata)),
        asked("/access/v1/evaluation", "whether a subject may do something", post(authzen::evaluation)),
        asked("/access/v1/evaluations", "many such questions at once", post(authzen::evaluations)),
        asked("/access/v1/search/subject", "who may do it", post(authzen::search_subject)),
        asked("/access/v1/search/resource", "with what it may be done", post(authzen::search_resource)),
        asked("/access/v1/search/action", "what may be done", post(authzen::search_action)),
    ];
    table.push(asked(
        "/v1/evidence",
        "an answer and the events that it rests on, to be verified without a node",
        post(evidence::post),
    ));
    let (login, handler) = open("/v1/login", "how people sign in, on the platform or in an org", get(read::login));
    table.push((Route { query: vec!["org"], ..login }, handler));
    let (enrolment, handler) = asked("/v1/enrol", "a first key, by an enrolment secret", post(enrol::post));
    table.push((Route { open: true, ..enrolment }, handler));
    let (command, handler) = asked("/v1/commands/{name}", "send a command", post(commands::post));
    table.push((Route { query: vec!["dry_run"], ..command }, handler));
    let about = "events as they happen: server-sent events, resumed by `Last-Event-ID`";
    let (stream, handler) = told("/v1/events/stream", about, get(stream::get));
    table.push((Route { query: stream::QUERY.to_vec(), ..stream }, handler));
    table.push(told(
        "/v1/reports",
        "the reports that there are, with their parameters and columns",
        get(reports::list),
    ));
    let about = "a report, whole: rows as JSON, NDJSON or CSV, with their number and SHA-256 at the end";
    let (report, handler) = told("/v1/reports/{name}", about, get(reports::get));
    table.push((Route { query: [&reports::EVERYWHERE[..], &reports::SOME].concat(), ..report }, handler));
    table.extend(read::ROUTES.iter().map(|read| {
        let handler = get(move |app, caller, path, uri| read::answer(read, app, caller, path, uri));
        let (route, handler) = told(read.path, read.about, handler);
        (Route { query: read::EVERYWHERE.iter().chain(read.query).copied().collect(), ..route }, handler)
    }));
    table
}

fn open(path: &'static str, about: &'static str, handler: MethodRouter<App>) -> Row {
    (Route { method: Method::GET, path, about, query: Vec::new(), open: true }, handler)
}

fn told(path: &'static str, about: &'static str, handler: MethodRouter<App>) -> Row {
    (Route { method: Method::GET, path, about, query: Vec::new(), open: false }, handler)
}

fn asked(path: &'static str, about: &'static str, handler: MethodRouter<App>) -> Row {
    (Route { method: Method::POST, path, about, query: Vec::new(), open: false }, handler)
}

fn observed(path: &'static str, app: &App, handler: MethodRouter<App>) -> MethodRouter<App> {
    let app = app.clone();
    handler.layer(middleware::from_fn(move |request: Request, next: Next| observe(path, app.clone(), request, next)))
}

async fn no_route(_: Caller) -> Problem {
    Problem::no_route()
}

async fn wrong_method(_: Caller) -> Problem {
    Problem::wrong_method()
}
