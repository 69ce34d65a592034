//! Proofs of the log: its checkpoint, tiles and proofs to whoever has a token, for hashes tell no more than how much there is;
//! the proof of an org's history to those who read it.

use axum::http::StatusCode;
use serde::Serialize;
use serde_json::json;
use tenure_events::Position;
use tenure_projections::judge::Code;
use tenure_projections::sight;
use tenure_projections::values::OrgNo;

use super::super::answer::Reply;
use super::super::problem::Problem;
use super::ask::Ask;
use crate::proof::{Tile, TreeError, text};

impl From<TreeError> for Problem {
    fn from(error: TreeError) -> Self {
        match error {
            TreeError::Beyond { asked, size } => Self::beyond_end("size", asked, size),
            TreeError::Broken(_) | TreeError::Damaged | TreeError::Note(_) => {
                tracing::warn!(%error, "a proof was asked for");
                Self::unavailable("proof.unavailable", "there are no proofs now: see the node's log")
            }
        }
    }
}

/// `GET /v1/log/checkpoint`: of C2SP tlog-checkpoint; with `as_of`, of an earlier size.
pub fn checkpoint(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let position = ask.view.position();
    let (_, note) = ask.node.log_checkpoint(position)?;
    Ok(Reply::of(position, "text/plain; charset=utf-8", note.into_bytes()))
}

/// `GET /v1/log/tile/{path}`: of C2SP tlog-tiles. Bundles of entries are not served: events are for those who may read them.
pub fn tile(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let tile: Tile = ask.id().parse().map_err(|_| Problem::not_found())?;
    let bytes = ask.node.tree().tile(tile)?.ok_or_else(Problem::not_found)?;
    Ok(Reply::of(ask.view.position(), "application/octet-stream", bytes))
}

/// `GET /v1/log/keys`.
pub fn keys(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let keys = ask.node.proof_keys();
    ask.one(&json!({ "key": keys.key, "handovers": keys.handovers }))
}

#[derive(Serialize)]
struct Inclusion {
    position: Position,
    leaf: String,
    proof: Vec<String>,
    checkpoint: String,
}

/// `GET /v1/log/proof/inclusion`: that the event of a position is in the log of the checkpoint that comes with it.
pub fn inclusion(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let size = ask.view.position();
    let position = needed(ask, "position")?;
    if position > size {
        return Err(Problem::beyond_end("position", position, size));
    }
    let index = position.checked_sub(1).ok_or_else(|| Problem::malformed("`position` begins with 1"))?;
    let (log, checkpoint) = ask.node.log_checkpoint(size)?;
    let (leaf, proof) = (ask.node.tree().leaf(index)?, ask.node.tree().inclusion(index, size, &log.root)?);
    ask.one(&Inclusion { position, leaf: text(&leaf), proof: proof.iter().map(text).collect(), checkpoint })
}

/// `GET /v1/log/proof/consistency`: that the log of one size begins with all that it had at a smaller one.
pub fn consistency(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let size = ask.view.position();
    let from = needed(ask, "from")?;
    let to = ask.params.value("to")?.unwrap_or(size);
    if to > size {
        return Err(Problem::beyond_end("to", to, size));
    }
    if from > to {
        return Err(Problem::malformed("`from` is no larger than `to`"));
    }
    let (tree, (log, checkpoint)) = (ask.node.tree(), ask.node.log_checkpoint(to)?);
    let (root, proof) = (tree.root(from)?, tree.consistency(from, to)?);
    let proof: Vec<String> = proof.iter().map(text).collect();
    ask.one(&json!({
        "from": from, "from_root": text(&root), "to": to, "to_root": text(&log.root), "proof": proof, "checkpoint": checkpoint,
    }))
}

/// `GET /v1/orgs/{org}/proof`: how long the history of an org is, and the root of its tree.
pub fn of_org(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let org = readable(ask, ask.id())?;
    let (log, log_checkpoint) = ask.node.log_checkpoint(ask.view.position())?;
    let proof = ask.node.org_proof(&ask.view, org, &log)?;
    ask.one(&json!({
        "org": ask.id(), "events": proof.checkpoint.size, "root": text(&proof.checkpoint.root),
        "checkpoint": proof.note, "log": log_checkpoint,
    }))
}

/// The org of this id, if the caller reads its history.
pub fn readable(ask: &Ask<'_>, id: &str) -> Result<OrgNo, Problem> {
    let org = ask.org(id)?;
    if sight::reads_history(&ask.live, &ask.viewer, org) {
        return Ok(org);
    }
    let detail = "reading a history needs `audit.read` in its org";
    Err(Problem::new(StatusCode::FORBIDDEN, Code::NotHeld.name(), detail))
}

fn needed(ask: &Ask<'_>, name: &str) -> Result<Position, Problem> {
    ask.params.value(name)?.ok_or_else(|| Problem::malformed(format!("say `{name}`, a position")))
}
