//! Enrolment: a user without a credential makes their first key, by a one-time secret.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenure_events::Position;

use super::App;
use super::answer::{Reply, body};
use super::auth::Nobody;
use super::problem::Problem;
use crate::node::{self, Secret};
use crate::token::Token;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Enrolment {
    enrolment_secret: String,
    /// What the key is called.
    #[serde(default = "usual_name")]
    name: String,
}

fn usual_name() -> String {
    "first key".to_owned()
}

#[derive(Serialize)]
struct Enrolled<'a> {
    position: Position,
    user: &'a str,
    api_key: &'a str,
}

/// `POST /v1/enrol`. It needs no token: the secret is the credential. A secret that is not known, was used or has ended is
/// answered like any other token that does not count, and counts as a failed sign-in.
pub async fn post(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let (parts, content) = request.into_parts();
    let content = body(&app, Request::from_parts(parts.clone(), content), StatusCode::UNSUPPORTED_MEDIA_TYPE).await?;
    let Enrolment { enrolment_secret, name } =
        serde_json::from_slice(&content).map_err(|error| Problem::malformed(error.to_string()))?;
    let token = enrolment_secret.parse::<Token>().ok();
    let Some(caller) = token.as_ref().and_then(|token| app.node().enrolling(token)) else {
        let claimed = token.map(|token| token.key().to_string());
        return Err(app.turn_away(Nobody { claimed, ..Nobody::default() }, &parts).await);
    };
    app.admit(caller, &parts).await?;
    let user = app.node().live().user_id(caller.user).to_owned();
    let arguments = json!({"user": user, "key": token.as_ref().map(Token::key), "name": name}).to_string();
    let answer = app.node().submit(node::Request::new(caller, "enrol", arguments)).await?;
    let Some(Secret::ApiKey(key)) = answer.secret else {
        // A command that made no secret cannot have been this one.
        return Err(Problem::unauthenticated());
    };
    let key = key.reveal();
    let enrolled = Enrolled { position: answer.position, user: &user, api_key: key.as_str() };
    Ok(Reply::json(answer.position, &enrolled)?.into_response())
}
