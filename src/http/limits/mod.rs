//! Limits: what one caller may take of a node, so that others are served. They are kept at the edge, before the node is
//! asked; what a rule forbids is decided there and nowhere else.
//!
//! Buckets by credential and by the home org of who asks; turns over orgs and users for long questions (and, in the node,
//! for commands); places for connections and streams; and a quota by tenant.

mod buckets;
mod pool;
mod said;
mod settings;
mod slots;
mod usage;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use tenure_projections::values::OrgNo;

use super::problem::Problem;
use crate::node::{Authenticated, Bearer, Node};
use buckets::{Buckets, Level};

pub use pool::{Pool, Turn};
pub use said::Said;
pub use settings::{Limits, Rate};
pub use slots::{Slot, Slots};
pub use usage::{Quota, Usage, takes_away};

/// How long a refusal waits before it goes out, at the most: who asks again at once is slowed down.
const PACE: Duration = Duration::from_millis(250);

/// The limits of a running node.
pub struct Kept {
    reads: Pair,
    commands: Pair,
    written: Pair,
    taken: Buckets<Bearer>,
    failures: Buckets<IpAddr>,
    /// The pool for long questions.
    pub long: Pool,
    /// Streams by credential.
    pub streams: Slots<Bearer>,
    /// Quotas.
    pub usage: Arc<Usage>,
    /// Lines of the node's log.
    pub said: Said,
    /// How long a body may take.
    pub body: Duration,
}

/// Buckets by credential and by org.
struct Pair {
    name: &'static str,
    own: Buckets<Bearer>,
    org: Buckets<OrgNo>,
}

/// Who is counted.
#[derive(Debug, Clone, Copy)]
pub struct Payer {
    key: Bearer,
    org: Option<OrgNo>,
}

/// What a caller is told of their bucket, where little is left.
#[derive(Debug, Clone, Copy)]
pub struct Left {
    name: &'static str,
    level: Level,
}

impl Payer {
    /// The caller, and their home org.
    pub fn of(node: &Node, caller: &Authenticated) -> Self {
        Self { key: caller.bearer(), org: node.live().home(caller.user) }
    }
}

impl Kept {
    /// Nothing taken yet.
    pub fn new(limits: &Limits) -> Self {
        let pair = |name, own, org| Pair { name, own: Buckets::new(own), org: Buckets::new(org) };
        let processors = std::thread::available_parallelism().map_or(2, std::num::NonZeroUsize::get);
        let long = if limits.long == 0 { processors } else { limits.long };
        Self {
            reads: pair("reads", limits.reads, limits.org_reads),
            commands: pair("commands", limits.commands, limits.org_commands),
            written: pair("written-bytes", limits.written, limits.org_written),
            taken: Buckets::new(limits.taken),
            failures: Buckets::new(limits.failures),
            long: Pool::new(long),
            streams: Slots::new(limits.streams, limits.caller_streams),
            usage: Arc::new(Usage::new(limits)),
            said: Said::new(),
            body: limits.body,
        }
    }

    /// Takes one question.
    pub async fn read(&self, payer: Payer, now: Duration) -> Result<Option<Left>, Problem> {
        paced(self.reads.take(payer, 1, now)).await
    }

    /// Counts the further questions of a batch.
    pub fn more_reads(&self, payer: Payer, count: usize, now: Duration) {
        self.reads.charge(payer, count as u64, now);
    }

    /// Takes one command, of who may write.
    pub async fn command(&self, payer: Payer, now: Duration) -> Result<Option<Left>, Problem> {
        let taken = self.taken.level(payer.key, 1, now).filter(|level| !level.wait.is_zero());
        if let Some(level) = taken {
            return paced(Err(Left { name: "taken-ids", level })).await;
        }
        let room = self.written.room(payer, 1, now);
        if let Some(left) = room.filter(|left| !left.level.wait.is_zero()) {
            return paced(Err(left)).await;
        }
        let left = paced(self.commands.take(payer, 1, now)).await?;
        Ok(left.or(room.filter(|left| left.level.is_low())))
    }

    /// Counts what a command wrote.
    pub fn wrote(&self, payer: Payer, bytes: usize, now: Duration) {
        self.written.charge(payer, bytes as u64, now);
    }

    /// Counts a command that was refused because an id or a name is taken.
    pub fn was_taken(&self, payer: Payer, now: Duration) {
        self.taken.charge(payer.key, 1, now);
    }

    /// Counts a request without a valid token. After too many of them an address is told to wait.
    pub async fn failed(&self, address: Option<IpAddr>, now: Duration) -> Problem {
        let Some(address) = address.map(network) else { return Problem::unauthenticated() };
        match self.failures.level(address, 1, now).filter(|level| !level.wait.is_zero()) {
            Some(level) => {
                tokio::time::sleep(level.wait.min(PACE)).await;
                Left { name: "failed-sign-ins", level }.problem()
            }
            None => {
                self.failures.charge(address, 1, now);
                Problem::unauthenticated()
            }
        }
    }
}

/// Who has one address of IPv6 has a whole network of them.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

impl Pair {
    /// The emptier of the two buckets.
    fn room(&self, payer: Payer, wanted: u64, now: Duration) -> Option<Left> {
        let own = self.own.level(payer.key, wanted, now);
        let org = payer.org.and_then(|org| self.org.level(org, wanted, now));
        let level = match (own, org) {
            (Some(own), Some(org)) if org.wait > own.wait || (org.is_low() && !own.is_low()) => Some(org),
            (own, org) => own.or(org),
        };
        level.map(|level| Left { name: self.name, level })
    }

    fn take(&self, payer: Payer, wanted: u64, now: Duration) -> Result<Option<Left>, Left> {
        let room = self.room(payer, wanted, now);
        if let Some(left) = room.filter(|left| !left.level.wait.is_zero()) {
            return Err(left);
        }
        self.charge(payer, wanted, now);
        Ok(room.filter(|left| left.level.is_low()))
    }

    fn charge(&self, payer: Payer, count: u64, now: Duration) {
        self.own.charge(payer.key, count, now);
        if let Some(org) = payer.org {
            self.org.charge(org, count, now);
        }
    }
}

async fn paced(taken: Result<Option<Left>, Left>) -> Result<Option<Left>, Problem> {
    match taken {
        Ok(left) => Ok(left),
        Err(left) => {
            tokio::time::sleep(left.level.wait.min(PACE)).await;
            Err(left.problem())
        }
    }
}

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

impl Left {
    fn problem(self) -> Problem {
        let seconds = u32::try_from(self.level.wait.as_secs() + 1).unwrap_or(u32::MAX);
        let detail = format!("too many {} in a short time: wait for {seconds} s", self.name.replace('-', " "));
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate.limited", detail).retried_after(seconds).limited(self)
    }

    /// Tells it in the fields `RateLimit-Policy` and `RateLimit`.
    pub fn tell(self, response: &mut Response) {
        let Level { rate, left, wait } = self.level;
        let window = u64::from(rate.at_once).div_ceil(u64::from(rate.per_second.max(1))).max(1);
        let policy = format!("\"{}\";q={};w={window}", self.name, rate.at_once);
        let until = if wait.is_zero() { 1 } else { wait.as_secs() + 1 };
        let limit = format!("\"{}\";r={left};t={until}", self.name);
        let headers = response.headers_mut();
        headers.extend(
            [(POLICY, policy), (LIMIT, limit)]
                .into_iter()
                .filter_map(|(name, value)| HeaderValue::from_str(&value).ok().map(|value| (name, value))),
        );
    }
}
