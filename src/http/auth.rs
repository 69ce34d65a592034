//! Who asks: the bearer token of a request.

use axum::extract::FromRequestParts;
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
        let token = bearer(parts).ok_or_else(Problem::unauthenticated)?;
        app.node().authenticate(&token).map(Self).ok_or_else(Problem::unauthenticated)
    }
}

/// The one token of a request. Two of them are as good as none.
fn bearer(parts: &Parts) -> Option<Token> {
    let mut values = parts.headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start_matches(' ').parse().ok())?
}
