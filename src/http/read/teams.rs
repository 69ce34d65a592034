//! Teams: environments and who is invited to them, and, for the administrators, tenant permissions.

use std::collections::BTreeMap;

use serde::Serialize;
use tenure_projections::lookup::Page;
use tenure_projections::sight;
use tenure_projections::values::{EnvironmentNo, GroupNo, OrgNo, PrivilegeSet};

use super::super::answer::Reply;
use super::super::problem::Problem;
use super::ask::{Ask, told};
use super::people::Group;

/// An environment, as the reader is told.
#[derive(Serialize)]
struct Environment<'a> {
    id: &'a str,
    org: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    /// The teams that are invited to it, and what they may do in it.
    groups: BTreeMap<&'a str, Vec<&'a str>>,
}

/// A team that is invited to an org, and what it may do there and in which environments.
#[derive(Serialize)]
struct Invited<'a> {
    #[serde(flatten)]
    group: Group<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invited: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    environments: BTreeMap<&'a str, Vec<&'a str>>,
}

/// A tenant permission, what nobody does without it, and which teams have it.
#[derive(Serialize)]
struct Permission<'a> {
    permission: &'a str,
    privileges: Vec<&'a str>,
    groups: Vec<&'a str>,
}

/// `GET /v1/orgs/{org}/environments`.
pub fn environments(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let org = ask.org(ask.id())?;
    let teams: Vec<GroupNo> = ask.view.invited(org).filter(|group| ask.sees_group(*group)).collect();
    let environments = ask.lookup()?.environments(org);
    ask.page(told(environments, |no| environment(ask, no, &teams)))
}

fn environment<'a>(ask: &Ask<'a>, no: EnvironmentNo, teams: &[GroupNo]) -> Environment<'a> {
    let view = &ask.view;
    let found = view.environment(no).map(|environment| &environment.value);
    let invited = |group: &GroupNo| {
        let (privileges, _) = view.environment_invitation(*group, no)?;
        Some((view.group_id(*group), view.privilege_names(privileges).collect()))
    };
    Environment {
        id: view.environment_id(no),
        org: found.map_or("", |environment| view.org_id(environment.org)),
        name: found.map_or("", |environment| &environment.name),
        account: found.and_then(|environment| environment.account.as_deref()),
        region: found.and_then(|environment| environment.region.as_deref()),
        groups: teams.iter().filter_map(invited).collect(),
    }
}

/// `GET /v1/orgs/{org}/groups`: its own, and the teams that are invited to it.
pub fn groups(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let org = ask.org(ask.id())?;
    let groups: Page<GroupNo> = ask.lookup()?.groups_and_teams(org);
    ask.page(told(groups, |group| invited(ask, group, org)))
}

fn invited<'a>(ask: &Ask<'a>, group: GroupNo, org: OrgNo) -> Invited<'a> {
    let view = &ask.view;
    let names = |privileges: PrivilegeSet| view.privilege_names(privileges).collect();
    let inside = view.environment_invitations(group).filter(|(_, of, _)| *of == org);
    Invited {
        group: Group::of(view, group),
        invited: view.invitation(group, org).map(|(privileges, _)| names(privileges)),
        environments: inside.map(|(no, _, privileges)| (view.environment_id(no), names(privileges))).collect(),
    }
}

/// `GET /v1/tenant-permissions`: for the administrators; for others it is not there.
pub fn tenant_permissions(ask: &Ask<'_>) -> Result<Reply, Problem> {
    if !sight::sees_tenant_permissions(&ask.live, &ask.viewer) {
        return Err(Problem::not_found());
    }
    let view = &ask.view;
    let permissions = view.tenant_permissions().map(|(no, gated)| Permission {
        permission: view.tenant_permission_name(no),
        privileges: view.privilege_names(gated).collect(),
        groups: view.groups_with_permission(no).map(|group| view.group_id(group)).collect(),
    });
    ask.page(Page::<_> { items: permissions.collect(), next: None })
}
