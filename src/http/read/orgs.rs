//! Orgs and what is in them.

use serde::Serialize;
use tenure_events::{Position, Time};
use tenure_projections::judge::{self, administrative};
use tenure_projections::values::{Landlord, OrgNo, OrgStatus, Subscription, UserNo};

use super::super::answer::Reply;
use super::super::problem::Problem;
use super::ask::{Ask, told};
use super::people::User;
use super::resources::Resource;
use super::roles::Role;

#[derive(Serialize)]
struct Org<'a> {
    id: &'a str,
    name: &'a str,
    status: &'static str,
    parent: Option<&'a str>,
    description: &'a str,
    tags: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    managing_group: Option<&'a str>,
    admits_landlord: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    admits_landlord_until: Option<Time>,
}

impl<'a> Org<'a> {
    fn of(ask: &Ask<'a>, org: OrgNo) -> Self {
        let view = &ask.view;
        let landlord = view.landlord(org).map(|landlord| landlord.value);
        let until = landlord.and_then(|landlord| match landlord {
            Landlord::Admitted(window) => window.until(),
            Landlord::Excluded => None,
        });
        let parent = view.parent(org).filter(|parent| ask.sees_org(*parent));
        let team = view.managing_group(org).map(|(team, _)| team).filter(|team| ask.sees_group(*team));
        Self {
            id: view.org_id(org),
            name: view.org_name(org),
            status: view.org_status(org).map_or("", status),
            parent: parent.map(|parent| view.org_id(parent)),
            description: view.org_description(org),
            tags: view.org_tags(org),
            region: view.org_region(org),
            managing_group: team.map(|team| view.group_id(team)),
            admits_landlord: !view.excludes_landlord(org),
            admits_landlord_until: until,
        }
    }
}

/// A user's membership of an org.
#[derive(Serialize)]
pub struct Membership<'a> {
    user: &'a str,
    org: &'a str,
    user_type: &'a str,
    privileges: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_from: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<Time>,
    valid: bool,
    position: Position,
}

impl<'a> Membership<'a> {
    /// As the reader is told.
    pub fn of(ask: &Ask<'a>, user: UserNo, org: OrgNo, held: &Subscription, position: Position) -> Self {
        let view = &ask.view;
        Self {
            user: view.user_id(user),
            org: view.org_id(org),
            user_type: view.user_type_name(held.user_type),
            privileges: view.privilege_names(held.privileges).collect(),
            valid_from: held.window.from(),
            valid_until: held.window.until(),
            valid: held.window.holds(view.instant()),
            position,
        }
    }
}

/// `GET /v1/orgs`.
pub fn list(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let lookup = ask.lookup()?;
    // Who manages nothing from above sees the orgs that they belong to, and need not look through all.
    let manages = |org: &OrgNo| judge::privileges_as(&ask.live, &ask.viewer, *org).has(administrative::ORG_MANAGE);
    let from_above = judge::orgs_of(&ask.live, ask.viewer.user).iter().any(manages);
    let orgs = if from_above { lookup.orgs() } else { lookup.orgs_of(ask.viewer.user) };
    ask.page(told(orgs, |org| Org::of(ask, org)))
}

/// `GET /v1/orgs/{org}`.
pub fn one(ask: &Ask<'_>) -> Result<Reply, Problem> {
    ask.one(&Org::of(ask, ask.org(ask.id())?))
}

/// `GET /v1/orgs/{org}/children`.
pub fn children(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let children = ask.lookup()?.children(ask.org(ask.id())?);
    ask.page(told(children, |org| Org::of(ask, org)))
}

/// `GET /v1/orgs/{org}/users`.
pub fn users(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let users = ask.lookup()?.users(ask.org(ask.id())?);
    ask.page(told(users, |user| User::of(ask, user)))
}

/// `GET /v1/orgs/{org}/subscriptions`.
pub fn subscriptions(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let org = ask.org(ask.id())?;
    let held = ask.lookup()?.subscriptions(org);
    ask.page(told(held, |(user, held, position)| Membership::of(ask, user, org, &held, position)))
}

/// `GET /v1/orgs/{org}/roles`.
pub fn roles(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let roles = ask.lookup()?.roles(Some(ask.org(ask.id())?));
    ask.page(told(roles, |role| Role::of(&ask.view, role)))
}

/// `GET /v1/orgs/{org}/resources`.
pub fn resources(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let resources = ask.lookup()?.resources(ask.org(ask.id())?);
    ask.page(told(resources, |no| Resource::of(ask, no)))
}

/// The orgs of a list.
pub fn page(ask: &Ask<'_>, orgs: tenure_projections::lookup::Page<OrgNo>) -> Result<Reply, Problem> {
    ask.page(told(orgs, |org| Org::of(ask, org)))
}

/// Whether an org works, in a word.
pub const fn status(status: OrgStatus) -> &'static str {
    match status {
        OrgStatus::Live => "live",
        OrgStatus::Disabled => "disabled",
        OrgStatus::Archived => "archived",
    }
}
