//! How much of the log each tenant has: what its quota is asked of.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use tenure_events::Position;
use tenure_projections::values::OrgNo;

use super::settings::Limits;
use crate::node::Node;

/// From this part of a quota on, in percent, the tenant and the operator are warned.
const WARN: u128 = 80;

/// What tenants used, and what they may.
pub struct Usage {
    events: Option<u64>,
    bytes: Option<u64>,
    counted: Mutex<Counted>,
    warned: Mutex<HashSet<OrgNo>>,
    broken: AtomicBool,
}

#[derive(Default)]
struct Counted {
    bytes: HashMap<OrgNo, u64>,
    up_to: Position,
}

/// How a tenant stands to a quota that it has used much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// `events` or `bytes`.
    pub what: &'static str,
    /// How many it has.
    pub used: u64,
    /// How many it may have.
    pub of: u64,
}

impl Quota {
    /// Whether nothing is left.
    pub const fn is_over(&self) -> bool {
        self.used >= self.of
    }
}

impl Usage {
    pub fn new(limits: &Limits) -> Self {
        let (events, bytes) = (limits.events, limits.bytes);
        let (counted, warned) = (Mutex::default(), Mutex::default());
        Self { events, bytes, counted, warned, broken: AtomicBool::new(false) }
    }

    /// The quota that a tenant is nearest to, if it has used much of it. The root is no tenant.
    pub fn of(&self, node: &Node, org: OrgNo) -> Option<Quota> {
        if self.events.is_none() && self.bytes.is_none() {
            return None;
        }
        let live = node.live();
        if live.root() == Some(org) {
            return None;
        }
        let events = self.events.map(|of| Quota { what: "events", used: live.org_sequence(org), of });
        let bytes = self.bytes.map(|of| {
            let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
            Quota { what: "bytes", used: counted.bytes.get(&org).copied().unwrap_or_default(), of }
        });
        let part = |quota: &Quota| u128::from(quota.used) * 100 / u128::from(quota.of.max(1));
        let nearest = events.into_iter().chain(bytes).max_by_key(part)?;
        (part(&nearest) >= WARN).then_some(nearest)
    }

    /// Whether the operator has not been warned of this tenant yet.
    pub fn is_new(&self, org: OrgNo) -> bool {
        self.warned.lock().unwrap_or_else(PoisonError::into_inner).insert(org)
    }

    /// How many tenants have used much of their quota since the node was started.
    pub fn warned(&self) -> usize {
        self.warned.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Counts bytes from the log, where there is a quota of them, until the node ends.
    pub async fn follow(self: std::sync::Arc<Self>, node: Node) {
        if self.bytes.is_none() {
            return;
        }
        let mut committed = node.committed();
        let mut seen = 0;
        while committed.wait_for(|head| *head > seen).await.is_ok() {
            let (usage, log) = (std::sync::Arc::clone(&self), node.clone());
            let counted = tokio::task::spawn_blocking(move || usage.count(&log)).await;
            match counted {
                Ok(up_to) if up_to > seen => seen = up_to,
                Ok(_) | Err(_) => {
                    if !self.broken.swap(true, Ordering::Relaxed) {
                        tracing::error!("the log cannot be read: quotas of bytes are not kept any more");
                    }
                    return;
                }
            }
        }
    }

    /// Counts what is new. Answers how far it came.
    fn count(&self, node: &Node) -> Position {
        let live = node.live();
        let (from, to) = {
            let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
            (counted.up_to.saturating_add(1), live.position())
        };
        let (mut up_to, mut more) = (from.saturating_sub(1), HashMap::<OrgNo, u64>::new());
        let scanned = node.log().scan(from, |position, bytes| {
            let Ok(envelope) = tenure_events::parse(bytes) else { return ControlFlow::Break(()) };
            if position > to {
                return ControlFlow::Break(());
            }
            if let Some(org) = live.find_org(envelope.org.as_str()) {
                *more.entry(org).or_default() += bytes.len() as u64;
            }
            up_to = position;
            ControlFlow::Continue(())
        });
        if let Err(error) = scanned {
            tracing::error!(%error, "the log cannot be read");
        }
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        more.into_iter().for_each(|(org, bytes)| *counted.bytes.entry(org).or_default() += bytes);
        counted.up_to = up_to;
        up_to
    }
}

/// Commands that take away, or end something: these a tenant may send whatever it has used.
pub fn takes_away(command: &str) -> bool {
    const BEGIN: [&str; 12] = [
        "archive-",
        "clear-",
        "delete-",
        "disable-",
        "disassociate-",
        "erase-",
        "exclude-",
        "revoke-",
        "take-back",
        "un",
        "withdraw-",
        "remove-",
    ];
    BEGIN.iter().any(|begin| command.starts_with(begin))
}
