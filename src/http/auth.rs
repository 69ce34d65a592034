//! Who asks: the bearer token of a request.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::App;
use super::problem::Problem;
use crate::node::Authenticated;
use crate::token::Token;

/// Whoever holds the token of the request. As the first argument of a handler it comes before anything else is told:
/// without a token nobody learns even whether a route exists.
#[derive(Debug, Clone, Copy)]
pub struct Caller(pub Authenticated);

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let token = bearer(&parts.headers);
        if let Some(caller) = token.as_ref().and_then(|token| app.node().authenticate(token)) {
            return app.admit(caller, parts).await.map(|()| Self(caller));
        }
        Err(app.turn_away(token.as_ref().map(|token| token.key().as_str()), parts).await)
    }
}

/// The one token of a request. Two of them are as good as none.
pub fn bearer(headers: &HeaderMap) -> Option<Token> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start_matches(' ').parse().ok())?
}
