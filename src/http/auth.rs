//! Who asks: the bearer token of a request, an API key or a token of an issuer.

use axum::extract::{FromRequestParts, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use serde_json::json;

use super::App;
use super::answer::Reply;
use super::problem::Problem;
use crate::bearer::is_token;
use crate::node::Authenticated;
use crate::token::Token;

/// Whoever holds the token of the request. As the first argument of a handler it comes before anything else is told:
/// without a token nobody learns even whether a route exists.
#[derive(Debug, Clone, Copy)]
pub struct Caller(pub Authenticated);

/// Nobody who may ask: which credential was claimed, as far as the node's log may say it, and why it does not count.
#[derive(Debug, Default)]
pub struct Nobody {
    /// A key, or an issuer.
    pub claimed: Option<String>,
    /// Why, where that is known.
    pub why: String,
    /// Whether there was a token at all.
    pub came: bool,
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        match authenticate(app, &parts.headers).await {
            Ok(caller) => {
                let reads = !parts.uri.path().starts_with("/v1/commands/");
                if reads && caller.token().is_some_and(|token| token.acts_for.is_some()) {
                    return Err(Problem::acts_only());
                }
                app.admit(caller, parts).await.map(|()| Self(caller))
            }
            Err(nobody) => Err(app.turn_away(nobody, parts).await),
        }
    }
}

/// Who asks.
///
/// # Errors
/// No token, or none that counts.
pub async fn authenticate(app: &App, headers: &HeaderMap) -> Result<Authenticated, Nobody> {
    let Some(text) = bearer(headers) else { return Err(Nobody::default()) };
    if is_token(text) {
        return app.tokens().authenticate(text).await.map_err(|failure| Nobody {
            claimed: failure.issuer.map(|issuer| format!("issuers/{issuer}")),
            why: failure.why.to_string(),
            came: true,
        });
    }
    let token = text.parse::<Token>().ok();
    let caller = token.as_ref().and_then(|token| app.node().authenticate(token));
    caller.ok_or_else(|| Nobody { claimed: token.map(|token| token.key().to_string()), why: String::new(), came: true })
}

/// `GET /.well-known/oauth-protected-resource` (RFC 9728): the platform's own issuers, which any client may ask for tokens.
/// Which tenants have theirs is for those who manage their users.
pub async fn metadata(State(app): State<App>) -> Result<Reply, Problem> {
    let live = app.node().live();
    let own = live.issuers().filter(|(_, issuer)| Some(issuer.org) == live.root()).map(|(_, issuer)| &*issuer.url);
    let mut servers: Vec<&str> = own.collect();
    servers.sort_unstable();
    servers.dedup();
    let document = json!({
        "resource": app.public_url(),
        "authorization_servers": servers,
        "bearer_methods_supported": ["header"],
        "resource_documentation": format!("{}/openapi.json", app.public_url()),
    });
    Reply::json(live.position(), &document)
}

/// The one token of a request. Two of them are as good as none.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start_matches(' '))
}
