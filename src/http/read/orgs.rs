//! Orgs and what is in them.

use serde::Serialize;
use tenure_events::{Position, Time};
use tenure_projections::judge::{self, administrative};
use tenure_projections::lookup::{Cursor, Page};
use tenure_projections::sight;
use tenure_projections::values::{Counts, Landlord, OrgNo, OrgStatus, Subscription, UserNo};

use super::super::answer::Reply;
use super::super::problem::Problem;
use super::ask::{Ask, told};
use super::people::User;
use super::resources::Resource;
use super::roles::Role;
use super::tenants::{self, Licence};
use crate::decide::GLOBAL;

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
    #[serde(skip_serializing_if = "Option::is_none")]
    master: Option<&'a str>,
    admits_landlord: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    admits_landlord_until: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    licence: Option<Licence<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<Counts>,
}

impl<'a> Org<'a> {
    /// The global policy, where orgs are listed for their policies.
    const fn global() -> Self {
        Self {
            id: GLOBAL,
            name: "Global",
            status: status(OrgStatus::Live),
            parent: None,
            description: "",
            tags: &[],
            region: None,
            managing_group: None,
            master: None,
            admits_landlord: true,
            admits_landlord_until: None,
            licence: None,
            counts: None,
        }
    }

    fn of(ask: &Ask<'a>, org: OrgNo) -> Result<Self, Problem> {
        let view = &ask.view;
        let landlord = view.landlord(org).map(|landlord| landlord.value);
        let until = landlord.and_then(|landlord| match landlord {
            Landlord::Admitted(window) => window.until(),
            Landlord::Excluded => None,
        });
        let parent = view.parent(org).filter(|parent| ask.sees_org(*parent));
        // Whoever sees an org as a guest's home, or from above and excluded, learns that it is there.
        let inside = sight::sees_inside(&ask.live, &ask.viewer, org);
        let team = view.managing_group(org).map(|(team, _)| team).filter(|team| inside && ask.sees_group(*team));
        let master = view.master(org).filter(|_| inside);
        Ok(Self {
            id: view.org_id(org),
            name: view.org_name(org),
            status: view.org_status(org).map_or("", status),
            parent: parent.map(|parent| view.org_id(parent)),
            description: if inside { view.org_description(org) } else { "" },
            tags: if inside { view.org_tags(org) } else { &[] },
            region: view.org_region(org).filter(|_| inside),
            managing_group: team.map(|team| view.group_id(team)),
            master: master.map(|(master, _)| view.org_id(master)),
            admits_landlord: !view.excludes_landlord(org),
            admits_landlord_until: until,
            licence: Licence::of(ask, org),
            counts: tenants::counts(ask, org)?,
        })
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

/// An org where policies are kept, or the global policy, which is none.
#[derive(Serialize)]
struct Policy<'a> {
    #[serde(flatten)]
    org: Org<'a>,
    workspace: bool,
    /// The roles that the global policy takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<&'a str>>,
}

/// `GET /v1/orgs?for=policy`: the orgs in which the caller manages roles, and first of all the global policy, for those
/// who manage that.
fn policies(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let (live, view) = (&ask.live, &ask.view);
    let keeps = |org: OrgNo| judge::privileges_as(live, &ask.viewer, org).has(administrative::ROLE_MANAGE);
    let is_administrator = ask.viewer.is_whole() && judge::is_system_administrator(live, ask.viewer.user);
    let keeps_global = match live.system_administrator_reaches() {
        true => is_administrator,
        false => live.root().is_some_and(keeps),
    };
    let mut items = Vec::new();
    if keeps_global && ask.after::<Cursor>()?.is_none() {
        let roles = view.global_roles().map(|role| view.role_id(role)).collect();
        items.push(Policy { org: Org::global(), workspace: false, roles: Some(roles) });
    }
    let room = ask.limit - items.len();
    if room == 0 {
        return ask.page(Page { items, next: Some(Cursor::start()) });
    }
    let lookup = ask.lookup()?.limit(room);
    let mut orgs = if is_administrator { lookup.orgs() } else { lookup.orgs_of(ask.viewer.user) };
    orgs.items.retain(|org| view.is_live(*org) && keeps(*org));
    for org in orgs.items {
        items.push(Policy { org: Org::of(ask, org)?, workspace: true, roles: None });
    }
    ask.page(Page { items, next: orgs.next })
}

/// `GET /v1/orgs`.
pub fn list(ask: &Ask<'_>) -> Result<Reply, Problem> {
    match ask.params.text("for") {
        Some("policy") => return policies(ask),
        Some(other) => return Err(Problem::malformed(format!("`for` is `policy` or left out, not `{other}`"))),
        None => {}
    }
    let lookup = ask.lookup()?;
    // Who manages nothing from above sees the orgs that they belong to, and need not look through all.
    let manages = |org: &OrgNo| judge::privileges_as(&ask.live, &ask.viewer, *org).has(administrative::ORG_MANAGE);
    let from_above = judge::orgs_of(&ask.live, ask.viewer.user).iter().any(manages);
    let orgs = if from_above { lookup.orgs() } else { lookup.orgs_of(ask.viewer.user) };
    page(ask, orgs)
}

/// `GET /v1/orgs/{org}`.
pub fn one(ask: &Ask<'_>) -> Result<Reply, Problem> {
    ask.one(&Org::of(ask, ask.org(ask.id())?)?)
}

/// `GET /v1/orgs/{org}/children`.
pub fn children(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let children = ask.lookup()?.children(ask.org(ask.id())?);
    page(ask, children)
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
pub fn page(ask: &Ask<'_>, orgs: Page<OrgNo>) -> Result<Reply, Problem> {
    let Page { items, next } = orgs;
    let items = items.into_iter().map(|org| Org::of(ask, org)).collect::<Result<_, _>>()?;
    ask.page(Page { items, next })
}

/// Whether an org works, in a word.
pub const fn status(status: OrgStatus) -> &'static str {
    match status {
        OrgStatus::Live => "live",
        OrgStatus::Disabled => "disabled",
        OrgStatus::Archived => "archived",
    }
}
