//! What remains to outsiders: asked by those who keep the landlord out, before they do or since.

use axum::http::StatusCode;
use serde::Serialize;
use tenure_events::Position;
use tenure_projections::judge::{self, Code, administrative};
use tenure_projections::sight;

use super::super::answer::Reply;
use super::super::problem::Problem;
use super::ask::Ask;
use crate::decide::{ForeignAccess, foreign_access};

#[derive(Serialize)]
struct FromOutside {
    #[serde(flatten)]
    found: ForeignAccess,
    position: Position,
}

/// `GET /v1/orgs/{org}/from-outside`: for who holds `landlord.manage` or `audit.read` there.
pub fn from_outside(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let org = ask.org(ask.id())?;
    let held = judge::privileges_as(&ask.live, &ask.viewer, org);
    if !held.has(administrative::LANDLORD_MANAGE) && !sight::reads_history(&ask.live, &ask.viewer, org) {
        let detail = "who has access from outside is for who holds `landlord.manage` or `audit.read` in the org";
        return Err(Problem::new(StatusCode::FORBIDDEN, Code::NotHeld.name(), detail));
    }
    let actors = |position| ask.node.actor(position);
    let found = foreign_access(&ask.view, &ask.viewer, org, &actors);
    ask.one(&FromOutside { found, position: ask.view.position() })
}
