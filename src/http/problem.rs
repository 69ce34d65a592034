//! What went wrong, as callers are told: RFC 9457 problem details.

use std::borrow::Cow;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tenure_events::{PastEpoch, Position};
use tenure_projections::judge::{Code, Reason};

use crate::command::InvalidCommand;
use crate::decide::{Kind, Refusal};
use crate::node::{AsOfError, CommandError, Reason as Halted};

use super::limits::{Left, Quota};

/// A request that was not carried out. Its `code` is stable; its `detail` is for people.
#[derive(Debug, Clone)]
pub struct Problem(Box<Details>);

#[derive(Debug, Clone, Serialize)]
struct Details {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    #[serde(serialize_with = "as_number")]
    status: StatusCode,
    detail: Cow<'static, str>,
    code: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<Finding>,
    #[serde(skip)]
    retry_after: Option<u32>,
    #[serde(skip)]
    limited: Option<Left>,
    #[serde(skip)]
    challenge: Option<String>,
}

/// The code of a problem, for the node's log.
#[derive(Debug, Clone, Copy)]
pub struct ProblemCode(pub &'static str);

#[derive(Debug, Clone, Serialize)]
struct FieldError {
    field: String,
    detail: Cow<'static, str>,
}

/// A finding of the judge, as callers are told.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    code: &'static str,
    detail: &'static str,
    events: Vec<u64>,
}

impl Finding {
    /// Whether it is this one.
    pub fn is(&self, code: Code) -> bool {
        self.code == code.name()
    }
}

impl From<Reason> for Finding {
    fn from(reason: Reason) -> Self {
        Self { code: reason.code.name(), detail: reason.code.text(), events: reason.events }
    }
}

impl Problem {
    /// A problem with this status and code.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Details {
            kind: format!("urn:tenure:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Problem"),
            status,
            detail: detail.into(),
            code,
            errors: Vec::new(),
            reasons: Vec::new(),
            retry_after: None,
            limited: None,
            challenge: None,
        }))
    }

    /// The request cannot be read (400).
    pub fn malformed(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "request.malformed", detail)
    }

    /// Nobody we know asks (401). Says the same of tokens unknown, expired and revoked.
    pub fn unauthenticated() -> Self {
        let detail = "this needs `Authorization: Bearer` with an API key, or a token of an issuer, that is valid";
        Self::new(StatusCode::UNAUTHORIZED, "caller.unauthenticated", detail)
    }

    /// The same, with where it is said by whom tokens are issued (RFC 9728), and that there was one that does not count
    /// (RFC 6750).
    pub fn challenged(mut self, came: bool, public_url: &str) -> Self {
        let error = if came { ", error=\"invalid_token\"" } else { "" };
        let metadata = format!("resource_metadata=\"{public_url}/.well-known/oauth-protected-resource\"");
        self.0.challenge = Some(format!("Bearer realm=\"tenure\"{error}, {metadata}"));
        self
    }

    /// The token is for commands (403).
    pub fn acts_only() -> Self {
        let detail = "a token with `act` is for commands that are given in somebody's place: read with your own";
        Self::new(StatusCode::FORBIDDEN, "act_as.commands_only", detail)
    }

    /// There is no such thing, or none that the caller may see (404).
    pub fn not_found() -> Self {
        let detail = "there is no such thing, or you may not see it";
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// [`Self::not_found`], with what was probably meant: `: did you mean ...?`.
    pub fn not_found_but(meant: &str) -> Self {
        let mut problem = Self::not_found();
        problem.0.detail = format!("{}{meant}", problem.0.detail).into();
        problem
    }

    /// There is no such route (404).
    pub fn no_route() -> Self {
        Self::new(StatusCode::NOT_FOUND, "route.unknown", "there is no such route: see `/openapi.json`")
    }

    /// The route is there, with other methods (405).
    pub fn wrong_method() -> Self {
        let detail = "this route does not take this method: see `/openapi.json`";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method.not_allowed", detail)
    }

    /// A value is wrong (422).
    pub fn invalid(code: &'static str, field: impl Into<String>, detail: impl Into<Cow<'static, str>>) -> Self {
        let detail = detail.into();
        let error = FieldError { field: field.into(), detail: detail.clone() };
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail);
        problem.0.errors.push(error);
        problem
    }

    /// The log, or the node, cannot answer now (503).
    pub fn unavailable(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).retried()
    }

    /// Our own fault (500); what happened is in the node's log only.
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "this should not have happened: see the node's log")
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The status that it is answered with.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// What was wrong, for people.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// With why the node takes no commands.
    fn because(mut self, why: Halted) -> Self {
        self.0.reasons.push(Finding { code: why.code(), detail: why.text(), events: Vec::new() });
        self
    }

    /// What is asked for lies beyond the end of the log (422): it comes from another log, or from a future that was lost.
    pub fn beyond_end(field: &'static str, asked: Position, head: Position) -> Self {
        let detail =
            format!("position {asked} is beyond the end of the log, which is at {head}: it was told by another");
        Self::invalid("position.beyond_end", field, detail)
    }

    /// What is asked for is of a future that was lost in a restore, or does not say of which (422).
    pub fn past_epoch(field: &'static str, past: &PastEpoch) -> Self {
        Self::invalid("epoch.past", field, past.to_string())
    }

    /// The tenant has used up its quota (409).
    pub fn over_quota(Quota { what, used, of }: Quota) -> Self {
        let detail = format!(
            "the tenant has {used} {what} of history and may have {of}: it can only take away, until its operator allows more"
        );
        Self::new(StatusCode::CONFLICT, "quota.exceeded", detail)
    }

    /// Worth trying again, in a second.
    fn retried(self) -> Self {
        self.retried_after(1)
    }

    /// Worth trying again after so many seconds.
    pub fn retried_after(mut self, seconds: u32) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// What is told of the limit that was reached.
    pub fn limited(mut self, left: Left) -> Self {
        self.0.limited = Some(left);
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self(details) = self;
        let body = serde_json::to_vec(&details).unwrap_or_default();
        let mut response = (details.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if details.status == StatusCode::UNAUTHORIZED {
            let said = details.challenge.and_then(|challenge| HeaderValue::from_str(&challenge).ok());
            let usual = HeaderValue::from_static("Bearer realm=\"tenure\"");
            headers.insert(WWW_AUTHENTICATE, said.unwrap_or(usual));
        }
        if let Some(seconds) = details.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        let extensions = response.extensions_mut();
        extensions.insert(ProblemCode(details.code));
        if let Some(left) = details.limited {
            extensions.insert(left);
        }
        response
    }
}

impl From<Refusal> for Problem {
    fn from(Refusal { kind, code, detail, reasons }: Refusal) -> Self {
        let mut problem = match kind {
            Kind::Forbidden => Self::new(StatusCode::FORBIDDEN, code, detail),
            Kind::NotFound => Self::new(StatusCode::NOT_FOUND, code, detail),
            Kind::Conflict => Self::new(StatusCode::CONFLICT, code, detail),
            Kind::Invalid { field } => Self::invalid(code, field, detail),
        };
        problem.0.reasons = reasons.into_iter().map(Finding::from).collect();
        problem
    }
}

impl From<InvalidCommand> for Problem {
    fn from(invalid: InvalidCommand) -> Self {
        let detail = invalid.to_string();
        match invalid {
            InvalidCommand::Unknown(_) => Self::new(StatusCode::NOT_FOUND, "command.unknown", detail),
            InvalidCommand::Malformed(_) => Self::malformed(detail),
            InvalidCommand::Arguments { field, .. } => Self::invalid("arguments.invalid", field, detail),
        }
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        let detail = error.to_string();
        match error {
            CommandError::Invalid(invalid) => invalid.into(),
            CommandError::Refused(refusal) => refusal.into(),
            CommandError::Unauthenticated => Self::unauthenticated(),
            CommandError::ChangedSince { .. } => Self::new(StatusCode::PRECONDITION_FAILED, "entity.changed", detail),
            CommandError::KeyReused => Self::invalid("idempotency.other_body", "Idempotency-Key", detail),
            CommandError::TooManyEvents { .. } => Self::invalid("command.too_many_events", "", detail),
            CommandError::EventTooLarge { .. } => Self::invalid("event.too_large", "", detail),
            CommandError::Busy => Self::new(StatusCode::TOO_MANY_REQUESTS, "node.busy", detail).retried(),
            CommandError::OutcomeUnknown => Self::unavailable("outcome.unknown", detail),
            CommandError::Stopped(why) => Self::unavailable("log.unavailable", detail).because(why),
            CommandError::ClockJumped(_) => Self::unavailable("clock.jumped", detail).because(Halted::ClockJumped),
            CommandError::NoRandomness(_) => Self::unavailable("randomness.unavailable", detail),
        }
    }
}

impl From<AsOfError> for Problem {
    fn from(error: AsOfError) -> Self {
        match error {
            AsOfError::PastEpoch(past) => Self::past_epoch("as_of", &past),
            AsOfError::FuturePosition { .. } | AsOfError::FutureTime { .. } => {
                Self::invalid("as_of.future", "as_of", error.to_string())
            }
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference to the field")]
fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(problem: impl Into<Problem>, want: &str) {
        let problem = problem.into();
        let (code, field) = (problem.code(), problem.0.errors.first().map_or("", |error| &error.field).to_owned());
        let response = problem.into_response();
        let header = |name| response.headers().get(name).map_or("", |value| value.to_str().unwrap());
        let (retry, authenticate) = (header(RETRY_AFTER), header(WWW_AUTHENTICATE));
        let told = [response.status().as_str(), code, &field, retry, authenticate].join(" ");
        assert_eq!(told.trim_end(), want);
        assert_eq!(header(CONTENT_TYPE), "application/problem+json");
    }

    #[test]
    fn the_answers_to_what_went_wrong() {
        let refused = |kind| Refusal::new(kind, "a.rule", "stands against it");
        check(refused(Kind::Forbidden), "403 a.rule");
        check(refused(Kind::NotFound), "404 a.rule");
        check(refused(Kind::Conflict), "409 a.rule");
        check(refused(Kind::Invalid { field: "name" }), "422 a.rule name");
        check(InvalidCommand::Unknown("x".to_owned()), "404 command.unknown");
        check(InvalidCommand::Malformed("x".to_owned()), "400 request.malformed");
        let wrong = InvalidCommand::Arguments { field: "colour".to_owned(), detail: "unknown".to_owned() };
        check(wrong, "422 arguments.invalid colour");
        let changed = CommandError::ChangedSince { entity: "orgs/a".to_owned(), position: 7 };
        check(changed, "412 entity.changed");
        check(CommandError::Unauthenticated, "401 caller.unauthenticated   Bearer realm=\"tenure\"");
        check(CommandError::KeyReused, "422 idempotency.other_body Idempotency-Key");
        check(CommandError::TooManyEvents { count: 1001 }, "422 command.too_many_events");
        check(CommandError::EventTooLarge { size: 40_000 }, "422 event.too_large");
        check(CommandError::Busy, "429 node.busy  1");
        check(CommandError::OutcomeUnknown, "503 outcome.unknown  1");
        for why in Halted::ALL {
            let problem = Problem::from(CommandError::Stopped(why));
            assert_eq!(problem.0.reasons.first().map(|found| found.code), Some(why.code()));
            check(problem, "503 log.unavailable  1");
        }
        check(Problem::beyond_end("min_position", 2, 1), "422 position.beyond_end min_position");
        check(AsOfError::FuturePosition { asked: 2, head: 1 }, "422 as_of.future as_of");
        let past = PastEpoch { asked: 7.into(), epoch: 100, after: 5 };
        check(Problem::past_epoch("min_position", &past), "422 epoch.past min_position");
        check(AsOfError::PastEpoch(past), "422 epoch.past as_of");
    }
}
