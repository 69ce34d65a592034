//! `/openapi.json`, made from the list of routes and that of commands.

use std::sync::LazyLock;

use axum::extract::State;
use serde_json::{Map, Value, json};

use super::App;
use super::answer::Reply;
use super::problem::Problem;
use super::routes::{self, Route};
use crate::command;

/// `GET /openapi.json`.
pub async fn get(State(app): State<App>) -> Result<Reply, Problem> {
    // Whoever asks need not say who they are: it is made once.
    static DOCUMENT: LazyLock<Value> = LazyLock::new(document);
    Reply::json(app.node().state().durable(), &*DOCUMENT)
}

/// The description of the service by OpenAPI 3.1.
#[must_use]
pub fn document() -> Value {
    let (mut paths, (arguments, of_arguments)) = (Map::new(), command::schemas());
    for route in routes::all() {
        if route.path == COMMAND {
            let commands = command::COMMANDS.iter().zip(&arguments);
            paths.extend(commands.map(|(command, arguments)| described(&route, command, arguments)));
            continue;
        }
        let item = paths.entry(route.path.replace('*', "")).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(route.method.as_str().to_lowercase(), operation(&route));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tenure",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Who may do what, in which organisation, now and at any moment before. \
                Every answer to a caller with a token carries `Tenure-Position`, the position of the log that it reflects. \
                What a caller may not see is 404.",
        },
        "security": [{ "bearer": [] }],
        "paths": paths,
        "components": components(of_arguments),
    })
}

/// The route of commands: each is described by itself.
const COMMAND: &str = "/v1/commands/{name}";

fn described(route: &Route, command: &command::Reference, arguments: &Value) -> (String, Value) {
    let mut operation = operation(route);
    let responses = json!({
        "200": { "$ref": "#/components/responses/done" },
        "default": { "$ref": "#/components/responses/problem" },
    });
    merge(&mut operation, json!({ "summary": command.about, "operationId": command.name, "responses": responses }));
    if let Some(schema) = operation.pointer_mut("/requestBody/content/application~1json/schema") {
        *schema = arguments.clone();
    }
    (COMMAND.replace("{name}", command.name), json!({ "post": operation }))
}

fn operation(route: &Route) -> Value {
    let mut operation = json!({
        "summary": route.about,
        "operationId": operation_id(route),
        "parameters": parameters(route),
        "responses": responses(route),
    });
    if let Some(operation) = operation.as_object_mut() {
        if route.open {
            operation.insert("security".to_owned(), json!([]));
        }
        if route.method == axum::http::Method::POST {
            let schema = body(route);
            let content = json!({ "application/json": { "schema": schema } });
            operation.insert("requestBody".to_owned(), json!({ "required": true, "content": content }));
        }
    }
    operation
}

fn operation_id(route: &Route) -> String {
    let words = route.path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    std::iter::once(route.method.as_str().to_lowercase()).chain(words.map(str::to_owned)).collect::<Vec<_>>().join("-")
}

fn parameters(route: &Route) -> Vec<Value> {
    let names = route.path.split('{').skip(1).filter_map(|rest| rest.trim_start_matches('*').split('}').next());
    let path = names
        .filter(|_| route.path != COMMAND)
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
    let query = route.query.iter().map(|name| json!({ "$ref": format!("#/components/parameters/{name}") }));
    let headers: &[&str] = match route.path {
        COMMAND => &COMMAND_HEADERS,
        "/v1/events/stream" => &[LAST_EVENT],
        _ => &[],
    };
    let headers = headers.iter().map(|name| json!({ "$ref": format!("#/components/parameters/{name}") }));
    path.chain(query).chain(headers).collect()
}

const COMMAND_HEADERS: [&str; 6] =
    ["Idempotency-Key", "If-Match", "Tenure-On-Behalf-Of", "Tenure-Acting-Org", "Tenure-Reason", "Tenure-Correlation"];
const LAST_EVENT: &str = "Last-Event-ID";

fn responses(route: &Route) -> Value {
    let kind = match route.path {
        "/healthz" => "text/plain",
        "/v1/events/stream" => "text/event-stream",
        "/v1/events/{position}" => "application/cloudevents+json",
        "/v1/log/checkpoint" => "text/plain",
        "/v1/log/tile/{*path}" => "application/octet-stream",
        _ => "application/json",
    };
    json!({
        "200": answer(route.about, kind, &schema(route)),
        "default": { "$ref": "#/components/responses/problem" },
    })
}

fn answer(about: &str, kind: &str, schema: &Value) -> Value {
    let position = json!({ "Tenure-Position": { "schema": { "type": "string", "pattern": "^([0-9]+-)?[0-9]+$" } } });
    json!({ "description": about, "headers": position, "content": { kind: { "schema": schema } } })
}

fn schema(route: &Route) -> Value {
    let name = match route.path {
        "/access/v1/evaluation" => "decision",
        "/access/v1/evaluations" => "decisions",
        "/access/v1/search/subject" | "/access/v1/search/resource" | "/access/v1/search/action" => "results",
        "/v1/reports/{name}" => return report(),
        "/healthz" | "/v1/events/stream" => return json!({ "type": "string" }),
        _ => return json!({}),
    };
    reference(name)
}

/// A report as JSON.
fn report() -> Value {
    let (number, text) = (json!({ "type": "integer" }), json!({ "type": "string" }));
    json!({ "type": "object", "required": ["rows", "report"], "properties": {
        "rows": { "type": "array", "items": { "type": "object" } },
        "report": { "type": "object", "properties": {
            "name": text, "parameters": { "type": "object" }, "position": number, "row_count": number,
            "instant": { "type": "string", "format": "date-time" }, "not_shown": number, "sha256": text,
        } },
    } })
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn body(route: &Route) -> Value {
    let name = match route.path {
        "/access/v1/evaluation" => "evaluation",
        "/access/v1/evaluations" => "evaluations",
        "/v1/evidence" => "wanted",
        _ => "search",
    };
    reference(name)
}

fn components(of_arguments: Map<String, Value>) -> Value {
    json!({
        "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer", "description": "an API key, `tnr_…`, or a JSON Web Token of a registered issuer" } },
        "responses": {
            "done": answer("done, or, with `dry_run`, what would be", "application/json", &reference("done")),
            "problem": {
                "description": "RFC 9457: not done, and why",
                "content": { "application/problem+json": { "schema": reference("problem") } },
            },
        },
        "parameters": parameters_of_all(),
        "schemas": schemas(of_arguments),
    })
}

fn parameters_of_all() -> Map<String, Value> {
    let text = json!({ "type": "string" });
    let parameters = [
        ("as_of", "a position or an RFC 3339 time: what was known then", &text),
        ("at", "an RFC 3339 time: what was, or will be, valid then", &text),
        (
            "min_position",
            "refuse unless the log has this position: what the caller wrote is in the answer",
            &json!({ "type": "integer" }),
        ),
        ("limit", "items a page", &json!({ "type": "integer", "minimum": 1, "maximum": 1000, "default": 100 })),
        ("cursor", "the `next_cursor` of the page before", &text),
        (
            "counts",
            "with how many users, signed-in users and apps there are, where you manage the org",
            &json!({ "type": "boolean" }),
        ),
        ("dry_run", "tell what would happen and do nothing", &json!({ "type": "boolean" })),
        ("org", "of this org", &text),
        ("type", "of these types, with commas between: `tenure.user.created.v1`, or `user.created`", &text),
        ("actor", "done by this user", &text),
        ("subject", "about this, such as `users/sally`", &text),
        ("for", "`policy`: where the caller keeps the policy", &text),
        ("user", "of this user", &text),
        ("resource", "with the levels at which this content is had", &text),
        ("from", "a position or an RFC 3339 time: from here on", &text),
        ("position", "the position of an event", &json!({ "type": "integer" })),
        ("to", "a position or an RFC 3339 time: up to here", &text),
        (
            "format",
            "in which form the report is written",
            &json!({ "enum": ["json", "ndjson", "csv"], "default": "json" }),
        ),
        ("privilege", "of this privilege", &text),
        ("and", "the other privilege, which nobody is to hold together with the first", &text),
        ("before", "an RFC 3339 time: who signed in since is not dormant", &text),
        ("until", "an RFC 3339 time: what ends up to then", &text),
    ];
    let told = |(name, about, schema): (&str, _, _)| {
        (name.to_owned(), json!({ "name": name, "in": "query", "description": about, "schema": schema }))
    };
    let headers = COMMAND_HEADERS.into_iter().chain([LAST_EVENT]);
    let header = |name: &str| (name.to_owned(), json!({ "name": name, "in": "header", "schema": text }));
    parameters.map(told).into_iter().chain(headers.map(header)).collect()
}

fn schemas(of_arguments: Map<String, Value>) -> Value {
    let text = json!({ "type": "string" });
    let entity =
        json!({ "type": "object", "properties": { "type": text, "id": text, "properties": { "type": "object" } } });
    let action = json!({ "type": "object", "required": ["name"], "properties": { "name": text } });
    let moment = json!({ "type": ["integer", "string"] });
    let context = json!({ "type": "object", "properties": {
        "acting_org": text, "as_of": moment, "at": { "type": "string", "format": "date-time" },
        "min_position": moment, "explain": { "type": "boolean" },
    } });
    let question = json!({ "subject": entity, "action": action, "resource": entity, "context": context });
    let events = json!({ "type": "array", "items": { "type": "object", "description": "a CloudEvent" } });
    let reason = json!({ "type": "object", "properties": {
        "code": text, "detail": text, "events": { "type": "array", "items": { "type": "integer" } },
    } });
    let reasons = json!({ "type": "array", "items": reason });
    let mut many = question.clone();
    merge(
        &mut many,
        json!({
            "evaluations": { "type": "array", "items": { "type": "object", "properties": question } },
            "options": { "type": "object", "properties": { "evaluations_semantic": {
                "enum": ["execute_all", "deny_on_first_deny", "permit_on_first_permit"],
            } } },
        }),
    );
    let mut search = question.clone();
    merge(
        &mut search,
        json!({ "page": { "type": "object", "properties": { "token": text, "limit": { "type": "integer" } } } }),
    );
    let decision = json!({ "type": "object", "required": ["decision"], "properties": {
        "decision": { "type": "boolean" },
        "context": { "type": "object", "properties": { "position": { "type": "integer" }, "reasons": reasons } },
    } });
    let mut schemas = json!({
        "done": { "type": "object", "required": ["position", "events"], "properties": {
            "position": { "type": "integer" }, "changed": { "type": "boolean" }, "events": events, "api_key": text,
            "access_delta": { "type": "array", "items": { "type": "object" } },
            "access_delta_complete": { "type": "boolean" },
            "access_delta_leaves_out": { "type": "array", "items": { "const": "content" } },
        } },
        "evaluation": { "type": "object", "required": ["subject", "action", "resource"], "properties": question },
        "evaluations": { "type": "object", "properties": many },
        "wanted": { "type": "object", "properties": {
            "evaluation": { "type": "object", "properties": question },
            "read": { "type": "string", "description": "the path of a route that reads, with its query" },
            "complete": { "type": "array", "items": text, "description": "orgs whose history is shown whole" },
        } },
        "search": { "type": "object", "required": ["subject", "resource"], "properties": search },
        "decision": decision,
        "decisions": { "type": "object", "properties": { "evaluations": { "type": "array", "items": decision } } },
        "results": { "type": "object", "required": ["results"], "properties": {
            "results": { "type": "array", "items": { "type": "object" } },
            "page": { "type": "object", "properties": { "next_token": text, "count": { "type": "integer" } } },
        } },
        "problem": { "type": "object", "required": ["type", "title", "status", "detail", "code"], "properties": {
            "type": text, "title": text, "status": { "type": "integer" }, "detail": text, "code": text,
            "errors": { "type": "array", "items": { "type": "object", "properties": { "field": text, "detail": text } } },
            "reasons": reasons,
        } },
    });
    merge(&mut schemas, Value::Object(of_arguments));
    schemas
}

fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}
