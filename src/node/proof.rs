//! Proofs of what the log has, and the key that signs them.

use std::path::Path;

use tenure_events::{Hash, OrgId, Position};
use tenure_projections::View;
use tenure_projections::history::{Entity, Order, history};
use tenure_projections::values::OrgNo;
use uuid::Uuid;

use super::Node;
use super::open::OpenError;
use super::shared::Core;
use crate::data::{self, DataError};
use crate::keys::{ProofKey, StoreError};
use crate::proof::{self, Checkpoint, Edge, Evidence, Handovers, KeyError, Signer, Tree, TreeError};

/// What a node signs with, and how it came to that.
pub(super) struct Proofs {
    pub signer: Signer,
    pub handovers: Handovers,
}

impl Proofs {
    pub fn in_memory(log: Uuid) -> Result<Self, OpenError> {
        let key = ProofKey::generate().map_err(StoreError::from)?;
        let signer = Signer::new(key, log).map_err(|error| unusable(Path::new("memory"), error))?;
        Ok(Self { signer, handovers: Handovers::default() })
    }

    pub fn in_folder(folder: &Path, log: Uuid) -> Result<Self, DataError> {
        let path = data::proof_key(folder);
        let key = ProofKey::in_file(&path).map_err(|source| DataError::Io { path: path.clone(), source })?;
        let signer = Signer::new(key, log).map_err(|error| unusable(&path, error))?;
        let path = data::proof_keys(folder);
        let handovers = Handovers::in_file(&path).map_err(|source| DataError::Io { path, source })?;
        Ok(Self { signer, handovers })
    }
}

fn unusable(path: &Path, error: KeyError) -> DataError {
    DataError::Io { path: path.to_owned(), source: std::io::Error::other(error) }
}

/// What evidence of a platform is verified with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofKeys {
    /// The key that signs now.
    pub key: String,
    /// From which key to which it went on: notes that both have signed, oldest first.
    pub handovers: Vec<String>,
}

/// What evidence of a platform is verified with, whoever serves it. Renewed, the key counts from the next start of the node
/// on; the one before it hands over to it.
///
/// # Errors
/// There is no platform in the folder, or its keys cannot be read or made.
pub fn proof_keys(folder: &Path, renew: bool) -> Result<ProofKeys, DataError> {
    let log = data::log_id(folder)?;
    let Proofs { mut signer, mut handovers } = Proofs::in_folder(folder, log)?;
    if renew {
        let path = data::proof_key(folder);
        let failed = |source| DataError::Io { path: path.clone(), source };
        let key = ProofKey::generate().map_err(std::io::Error::other).map_err(failed)?;
        let new = Signer::new(key, log).map_err(|error| unusable(&path, error))?;
        // The note first: a key that was handed over to and never came into use does no harm.
        handovers.add(&data::proof_keys(folder), &signer, &new).map_err(failed)?;
        new.put(&path).map_err(failed)?;
        signer = new;
    }
    Ok(ProofKeys { key: signer.verifier().to_string(), handovers: handovers.notes().to_vec() })
}

/// The history of an org, proved.
#[derive(Debug, Clone)]
pub struct OrgProof {
    /// The positions of its events.
    pub positions: Vec<Position>,
    /// Their leaves.
    pub leaves: Vec<Hash>,
    /// How long it is and the root of its tree.
    pub checkpoint: Checkpoint,
    /// The same, signed.
    pub note: String,
}

impl Node {
    /// The tree of its log.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.core.tree
    }

    /// What its checkpoints and evidence are verified with.
    #[must_use]
    pub fn proof_keys(&self) -> ProofKeys {
        let Core { proof_signer, handovers, .. } = &*self.core;
        ProofKeys { key: proof_signer.verifier().to_string(), handovers: handovers.notes().to_vec() }
    }

    /// What the tree of the log was when it had so many leaves, and the same as a signed note.
    ///
    /// # Errors
    /// See [`TreeError`].
    pub fn log_checkpoint(&self, size: Position) -> Result<(Checkpoint, String), TreeError> {
        let signer = &self.core.proof_signer;
        let (origin, root) = (signer.origin().to_owned(), self.core.tree.root(size)?);
        let checkpoint = Checkpoint { origin, size, root, more: String::new() };
        let note = checkpoint.note(signer)?;
        Ok((checkpoint, note))
    }

    /// The history of an org as the view has it, whose log has this checkpoint.
    ///
    /// # Errors
    /// See [`TreeError`].
    pub fn org_proof(&self, view: &View<'_>, org: OrgNo, log: &Checkpoint) -> Result<OrgProof, TreeError> {
        let positions = history(view, Entity::Org(org), Order::OldestFirst, None, usize::MAX).items;
        let leaves = self.core.tree.leaves(positions.iter().map(|position| position.saturating_sub(1)))?;
        let mut edge = Edge::default();
        leaves.iter().for_each(|leaf| edge.push(*leaf, |_, _| ()));
        let id = OrgId::new(view.org_id(org)).map_err(|error| TreeError::Broken(error.to_string()))?;
        let checkpoint = log.of_org(&id, &edge);
        let note = checkpoint.note(&self.core.proof_signer)?;
        Ok(OrgProof { positions, leaves, checkpoint, note })
    }

    /// A file of evidence, sealed.
    ///
    /// # Errors
    /// Something in it can be no JSON.
    pub fn seal(&self, evidence: &Evidence) -> Result<Vec<u8>, serde_json::Error> {
        proof::seal(evidence, &self.core.proof_signer)
    }
}
