//! Users and groups.

use std::ops::ControlFlow;

use serde::Serialize;
use tenure_events::{Position, Time};
use tenure_projections::View;
use tenure_projections::judge::{self, administrative};
use tenure_projections::sight::{self, Asking};
use tenure_projections::values::{GroupNo, KeyNo, OrgNo, UserNo, UserStatus};

use super::super::answer::Reply;
use super::super::problem::Problem;
use super::ask::{Ask, told};
use super::orgs::{self, Membership};

/// A user, as the reader is told.
#[derive(Serialize)]
pub struct User<'a> {
    id: &'a str,
    org: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    active_org: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signed_in: Option<Position>,
}

impl<'a> User<'a> {
    /// What the reader may be told. Where somebody works and when they signed in is for them and their user managers.
    pub fn of(ask: &Ask<'a>, user: UserNo) -> Self {
        let view = &ask.view;
        let home = view.home(user);
        let close = ask.viewer.is_themself(user)
            || home.is_some_and(|home| {
                judge::privileges_as(&ask.live, &ask.viewer, home).has(administrative::USER_MANAGE)
            });
        let active = view.active_org(user).filter(|_| close);
        Self {
            id: view.user_id(user),
            org: home.map_or("", |home| view.org_id(home)),
            status: view.user(user).map_or("", |user| status(user.value.status)),
            name: ask.name(user),
            email: ask.email(user),
            active_org: active.map(|org| view.org_id(org)),
            signed_in: view.signed_in(user).filter(|_| close),
        }
    }
}

/// A group, as callers are told.
#[derive(Serialize)]
pub struct Group<'a> {
    id: &'a str,
    org: Option<&'a str>,
    name: &'a str,
    deleted: bool,
}

impl<'a> Group<'a> {
    /// As in the view.
    pub fn of(view: &View<'a>, group: GroupNo) -> Self {
        let value = view.group(group).map(|group| &group.value);
        Self {
            id: view.group_id(group),
            org: value.and_then(|group| group.org).map(|org| view.org_id(org)),
            name: value.map_or("", |group| &group.name),
            deleted: value.is_none_or(|group| !group.live),
        }
    }
}

/// Whether a user may act, in a word.
pub const fn status(status: UserStatus) -> &'static str {
    match status {
        UserStatus::Enabled => "enabled",
        UserStatus::Disabled => "disabled",
        UserStatus::Erased => "erased",
    }
}

/// `GET /v1/users/{user}`.
pub fn one(ask: &Ask<'_>) -> Result<Reply, Problem> {
    ask.one(&User::of(ask, ask.user(ask.id())?))
}

/// `GET /v1/users/{user}/orgs`.
pub fn orgs(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let orgs = ask.lookup()?.orgs_of(ask.user(ask.id())?);
    orgs::page(ask, orgs)
}

/// `GET /v1/users/{user}/subscriptions`.
pub fn subscriptions(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let user = ask.user(ask.id())?;
    let held = ask.lookup()?.subscriptions_of(user);
    ask.page(told(held, |(org, held, position)| Membership::of(ask, user, org, &held, position)))
}

#[derive(Serialize)]
struct Access<'a> {
    org: &'a str,
    privileges: Vec<&'a str>,
    paths: Vec<Path<'a>>,
}

#[derive(Serialize)]
struct Path<'a> {
    code: &'static str,
    detail: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
    privileges: Vec<&'a str>,
    events: Vec<Position>,
}

/// `GET /v1/users/{user}/access`: of the orgs where the caller may ask about the user.
pub fn access(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let user = ask.user(ask.id())?;
    let mut orgs = ask.lookup()?.orgs_of(user);
    orgs.items.retain(|org| sight::may_ask(&ask.live, &ask.viewer, user, *org) == Asking::Full);
    ask.page(told(orgs, |org| held(&ask.view, user, org)))
}

fn held<'a>(view: &View<'a>, user: UserNo, org: OrgNo) -> Access<'a> {
    let mut paths = Vec::new();
    let _: Result<(), judge::Code> = judge::holdings(view, user, org, |holding| {
        paths.push(Path {
            code: holding.code.name(),
            detail: holding.code.text(),
            role: holding.role.map(|role| view.role_id(role)),
            privileges: view.privilege_names(holding.privileges).collect(),
            events: holding.events.into_iter().filter(|position| *position > 0).collect(),
        });
        ControlFlow::Continue(())
    });
    let privileges = view.privilege_names(judge::privileges(view, user, org)).collect();
    Access { org: view.org_id(org), privileges, paths }
}

#[derive(Serialize)]
struct Key<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    org: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<Time>,
    valid: bool,
    /// It is an enrolment secret that was not used yet.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    enrolment: bool,
}

/// `GET /v1/users/{user}/keys`.
pub fn keys(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let keys = ask.lookup()?.keys(ask.user(ask.id())?);
    ask.page(told(keys, |key| Key::of(ask, key)))
}

impl<'a> Key<'a> {
    fn of(ask: &Ask<'a>, no: KeyNo) -> Self {
        let view = &ask.view;
        let key = view.usable_key(no);
        Self {
            id: view.key_id(no),
            name: key.and_then(|key| ask.open(key.user, "key", key.name.as_ref()?)),
            org: key.and_then(|key| key.org).map(|org| view.org_id(org)),
            expires: key.and_then(|key| key.window.until()),
            valid: key.is_some_and(|key| key.window.holds(view.instant())),
            enrolment: key.is_some_and(|key| key.enrols),
        }
    }
}

#[derive(Serialize)]
struct Team<'a> {
    #[serde(flatten)]
    group: Group<'a>,
    members: Vec<&'a str>,
    next_cursor: Option<String>,
}

/// `GET /v1/groups/{id}`: the group, and a page of its members.
pub fn group(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let group = ask.group(ask.id())?;
    let members = ask.lookup()?.members(group);
    let next_cursor = ask.bookmark(members.next);
    let members = members.items.into_iter().map(|(user, _)| ask.view.user_id(user)).collect();
    ask.one(&Team { group: Group::of(&ask.view, group), members, next_cursor })
}
