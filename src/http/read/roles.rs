//! Roles and who holds them.

use serde::Serialize;
use tenure_events::{Position, Time};
use tenure_projections::View;
use tenure_projections::lookup::Holder;
use tenure_projections::values::{RoleNo, Window};

use super::super::answer::Reply;
use super::super::problem::Problem;
use super::ask::Ask;

/// A role, as callers are told.
#[derive(Serialize)]
pub struct Role<'a> {
    id: &'a str,
    org: Option<&'a str>,
    name: &'a str,
    privileges: Vec<&'a str>,
    deleted: bool,
}

impl<'a> Role<'a> {
    /// As in the view.
    pub fn of(view: &View<'a>, role: RoleNo) -> Self {
        let value = view.role(role).map(|role| &role.value);
        Self {
            id: view.role_id(role),
            org: value.and_then(|role| role.org).map(|org| view.org_id(org)),
            name: value.map_or("", |role| &role.name),
            privileges: value.map(|role| view.privilege_names(role.privileges).collect()).unwrap_or_default(),
            deleted: value.is_none_or(|role| !role.live),
        }
    }
}

#[derive(Serialize)]
struct Assigned<'a> {
    #[serde(flatten)]
    role: Role<'a>,
    holders: Vec<Assignment<'a>>,
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct Assignment<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<Time>,
    valid: bool,
    position: Position,
}

impl<'a> Assignment<'a> {
    fn of(view: &View<'a>, holder: Holder, window: &Window, position: Position) -> Self {
        let (user, group) = match holder {
            Holder::User(user) => (Some(view.user_id(user)), None),
            Holder::Group(group) => (None, Some(view.group_id(group))),
        };
        Self { user, group, valid_until: window.until(), valid: window.holds(view.instant()), position }
    }
}

/// `GET /v1/roles/{id}`: the role, and a page of who holds it.
pub fn one(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let role = ask.role(ask.id())?;
    let holders = ask.lookup()?.holders(role);
    let next_cursor = ask.bookmark(holders.next);
    let told = |(holder, window, position): (_, Window, _)| Assignment::of(&ask.view, holder, &window, position);
    let holders = holders.items.into_iter().map(told).collect();
    ask.one(&Assigned { role: Role::of(&ask.view, role), holders, next_cursor })
}
