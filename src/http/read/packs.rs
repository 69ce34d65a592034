//! Packs: which tenants may use them, whom those handed them on to, which rows are seen.
//!
//! Whoever gives a pack to tenants reads all of it, as far as they see the tenants and their people; whoever manages
//! what a tenant may use reads what concerns that tenant. For everybody else there is nothing here.

use serde::Serialize;
use tenure_events::Position;
use tenure_projections::judge::{self, administrative};
use tenure_projections::lookup::{Audience, Bound, Distribution};
use tenure_projections::sight;
use tenure_projections::values::ResourceNo;

use super::super::answer::Reply;
use super::super::problem::Problem;
use super::ask::{Ask, told};
use super::resources::{Resource, With};

#[derive(Serialize)]
struct Authorised<'a> {
    to: With<'a>,
    position: Position,
}

#[derive(Serialize)]
struct Received<'a> {
    resource: Resource<'a>,
    to: With<'a>,
    position: Position,
}

#[derive(Serialize)]
struct HandedOn<'a> {
    to: With<'a>,
    /// The tenant in which it was.
    org: &'a str,
    /// Whether the tenant is still authorised as it was then.
    valid: bool,
    position: Position,
}

#[derive(Serialize)]
struct RowRule<'a> {
    of: With<'a>,
    filter: &'a str,
    position: Position,
}

/// `GET /v1/resources/{id}/distributions`.
pub fn distributions(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let found = ask.lookup()?.distributions(pack(ask)?);
    ask.page(told(found, |found| Authorised { to: to(ask, &found), position: found.position }))
}

/// `GET /v1/orgs/{org}/distributions`.
pub fn received(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let org = ask.org(ask.id())?;
    let held = judge::privileges_as(&ask.live, &ask.viewer, org);
    if !held.has(administrative::USER_MANAGE) && !judge::manages_inside(&ask.live, &ask.viewer, org) {
        return Err(Problem::not_found());
    }
    let tell = |found: Distribution| Received {
        resource: Resource::of(ask, found.resource),
        to: to(ask, &found),
        position: found.position,
    };
    ask.page(told(ask.lookup()?.received(org), tell))
}

/// `GET /v1/resources/{id}/hand-ons`.
pub fn handed_on(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let view = &ask.view;
    let tell = |(to, found): (Audience, Distribution)| HandedOn {
        to: With::of(view, to),
        org: found.tenant.map_or("", |tenant| view.org_id(tenant)),
        valid: found
            .tenant
            .and_then(|tenant| judge::authorised(view, tenant, found.resource))
            .is_some_and(|since| since < found.position),
        position: found.position,
    };
    ask.page(told(ask.lookup()?.handed_on(pack(ask)?), tell))
}

/// `GET /v1/resources/{id}/row-rules`.
pub fn row_rules(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let of = |bound| match bound {
        Bound::Org(org) => With::of(&ask.view, Audience::Org(org)),
        Bound::User(user) => With::of(&ask.view, Audience::User(user)),
    };
    let rules = ask.lookup()?.row_rules(pack(ask)?);
    ask.page(told(rules, |(bound, filter, position)| RowRule { of: of(bound), filter, position }))
}

/// The content that the path names, for those who may read of its tenants, or of theirs.
fn pack(ask: &Ask<'_>) -> Result<ResourceNo, Problem> {
    let no = ask.resource(ask.id())?;
    let may = sight::sees_distribution(&ask.live, &ask.viewer, no, None);
    if may { Ok(no) } else { Err(Problem::not_found()) }
}

fn to<'a>(ask: &Ask<'a>, found: &Distribution) -> With<'a> {
    With::of(&ask.view, found.tenant.map_or(Audience::AllOrgs, Audience::Org))
}
