//! What the platform offers, and who is asking.

use std::collections::BTreeMap;

use serde::Serialize;
use tenure_events::data::Settings;
use tenure_projections::View;
use tenure_projections::judge;
use tenure_projections::values::{KindNo, PrivilegeNo};

use super::super::answer::Reply;
use super::super::problem::Problem;
use super::ask::Ask;
use super::people::User;
use super::roles::Role;

#[derive(Serialize)]
struct Catalogue<'a> {
    privileges: Vec<&'a str>,
    user_types: BTreeMap<&'a str, Vec<&'a str>>,
    kinds: BTreeMap<&'a str, BTreeMap<&'static str, Option<&'a str>>>,
    roles: Vec<Role<'a>>,
    settings: Option<&'a Settings>,
    /// Where the roles go on, if these are not all.
    next_cursor: Option<String>,
}

/// `GET /v1/catalogue`: the same for everybody, but for the roles of no org, which only those see who may.
pub fn catalogue(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let view = &ask.view;
    let ceiling = |no| (view.user_type_name(no), view.privilege_names(view.ceiling(no)).collect());
    let roles = ask.lookup()?.roles(None);
    let next_cursor = ask.bookmark(roles.next);
    ask.one(&Catalogue {
        privileges: view.privilege_names(view.all_privileges()).collect(),
        user_types: view.user_types().map(ceiling).collect(),
        kinds: view.kinds().map(|kind| (view.kind_name(kind), actions(view, kind))).collect(),
        roles: roles.items.into_iter().map(|role| Role::of(view, role)).collect(),
        settings: view.settings().map(|settings| &*settings.value),
        next_cursor,
    })
}

fn actions<'a>(view: &View<'a>, kind: KindNo) -> BTreeMap<&'static str, Option<&'a str>> {
    let name = |privilege: Option<PrivilegeNo>| privilege.map(|privilege| view.privilege_name(privilege));
    let told = |version: &tenure_projections::store::Version<tenure_projections::values::KindActions>| {
        let actions = version.value;
        [
            ("create", name(actions.create)),
            ("view", name(actions.view)),
            ("edit", name(actions.edit)),
            ("delete", name(actions.delete)),
            ("share", name(actions.share)),
        ]
    };
    view.actions(kind).map(told).into_iter().flatten().collect()
}

/// `GET /v1/settings`.
pub fn settings(ask: &Ask<'_>) -> Result<Reply, Problem> {
    ask.one(&ask.view.settings().map(|settings| &*settings.value))
}

#[derive(Serialize)]
struct Whoami<'a> {
    #[serde(flatten)]
    user: User<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    /// By whose token they signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_org: Option<&'a str>,
    orgs: Vec<&'a str>,
    /// Whether there is another org to work in.
    may_switch: bool,
    /// The org that they work in where a call names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    working_in: Option<&'a str>,
}

/// `GET /v1/whoami`: the caller, the key or the issuer whose token they come with, and the orgs that they can work in.
pub fn whoami(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let (view, user) = (&ask.live, ask.viewer.user);
    let reach = |org: &_| ask.viewer.only.is_none_or(|only| only == *org);
    let orgs: Vec<_> = judge::orgs_of(view, user).into_iter().filter(reach).map(|org| view.org_id(org)).collect();
    let working_in = view.home(user).and_then(|home| judge::acting_org(view, user, home)).filter(reach);
    ask.one(&Whoami {
        user: User::of(ask, user),
        key: ask.caller.key().map(|key| view.key_id(key)),
        issuer: ask.caller.token().map(|token| view.issuer_id(token.issuer)),
        key_org: ask.viewer.only.map(|org| view.org_id(org)),
        may_switch: orgs.len() > 1,
        working_in: working_in.map(|org| view.org_id(org)),
        orgs,
    })
}
