//! What the answer to a command tells beside its events: what they leave, read from the view after them.

use std::collections::BTreeSet;

use serde::Serialize;
use tenure_events::Event;
use tenure_events::data::Assignee;
use tenure_projections::judge::{self, Subject};
use tenure_projections::values::{OrgNo, UserNo};
use tenure_projections::{View, sight};

/// The most users that an answer names.
const MAX_NAMED: usize = 1_000;

/// What a command leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// What those who lost a membership or a role hold in the org all the same, by other paths.
    StillHeld(Vec<Held>),
    /// Who from elsewhere can still enter an org that excludes its ancestors.
    ForeignAccess(ForeignAccess),
    /// The org of an exclusion that is told again, and that has admitted its ancestors since: they are not shut out.
    AdmittedSince(String),
    /// What was exported, signed: a JSON Web Signature in its compact form (RFC 7515) with EdDSA (RFC 8037).
    Bundle(String),
}

/// What a user holds in an org.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// Who.
    pub user: String,
    /// Where.
    pub org: String,
    /// What.
    pub privileges: Vec<String>,
}

/// Who was let into an org from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ForeignAccess {
    /// Users of other orgs who can work in it: by a subscription, a role, or a team that manages it or is invited.
    pub from_elsewhere: Vec<Foreign>,
    /// Its sub-tenants: their people read its content as far as its roles let them.
    pub sub_tenants: Vec<String>,
    /// Users at home in it whom users of its ancestors made.
    pub made_from_above: Vec<Made>,
    /// How many more there are whom the caller may not see, or whom this list has no room for.
    pub more: usize,
}

/// A user of another org.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Foreign {
    /// Who.
    pub user: String,
    /// Their home.
    pub home: String,
}

/// A user whom an ancestor's user made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Made {
    /// Who.
    pub user: String,
    /// By whom.
    pub by: String,
}

/// The names of the commands whose answers tell more than their events.
pub const TELLING: [&str; 4] = ["withdraw-subscription", "unassign-role", "exclude-landlord", "export-resources"];

/// What these events leave, in a view of the state after them, as far as whom it is told to may know. An exclusion is told
/// as things stand now: an answer that is given again does not say that somebody is shut out who is not.
#[must_use]
pub fn remains<'a>(
    now: &View<'_>,
    after: &View<'_>,
    teller: &Subject,
    events: impl Iterator<Item = &'a Event>,
) -> Option<Told> {
    let mut held = Vec::new();
    for event in events {
        if let Event::LandlordExcluded(e) = event {
            let org = now.find_org(e.org.as_str())?;
            return Some(match now.excludes_landlord(org) {
                true => Told::ForeignAccess(foreign_access(now, teller, org)),
                false => Told::AdmittedSince(e.org.to_string()),
            });
        }
        held.extend(taken(after, event).and_then(|(user, org)| still_held(after, user, org)));
    }
    (!held.is_empty()).then_some(Told::StillHeld(held))
}

/// From whom an event took something, and where.
fn taken(after: &View<'_>, event: &Event) -> Option<(UserNo, OrgNo)> {
    if let Event::SubscriptionWithdrawn(e) = event {
        after.find_user(e.user.as_str()).zip(after.find_org(e.org.as_str()))
    } else if let Event::RoleUnassigned(e) = event
        && let Assignee::User(user) = &e.from
    {
        let role = after.find_role(e.role.as_str()).and_then(|role| after.role(role));
        after.find_user(user.as_str()).zip(role.and_then(|role| role.value.org))
    } else {
        None
    }
}

fn still_held(after: &View<'_>, user: UserNo, org: OrgNo) -> Option<Held> {
    let privileges = judge::privileges(after, user, org);
    judge::belongs_effectively(after, user, org).then(|| Held {
        user: after.user_id(user).to_owned(),
        org: after.org_id(org).to_owned(),
        privileges: after.privilege_names(privileges).map(str::to_owned).collect(),
    })
}

fn foreign_access(view: &View<'_>, teller: &Subject, org: OrgNo) -> ForeignAccess {
    let sub_tenants = view.sub_tenants(org).map(|sub| view.org_id(sub).to_owned()).collect();
    let mut found = ForeignAccess { from_elsewhere: Vec::new(), sub_tenants, made_from_above: Vec::new(), more: 0 };
    let sees = |user| sight::sees_user(view, teller, user);
    let name = |user: UserNo| view.user_id(user).to_owned();
    for user in foreigners(view, org) {
        if found.from_elsewhere.len() < MAX_NAMED && sees(user) {
            let home = view.home(user).map_or("", |home| view.org_id(home)).to_owned();
            found.from_elsewhere.push(Foreign { user: name(user), home });
        } else {
            found.more += 1;
        }
    }
    let from_above = |maker: &UserNo| view.home(*maker).is_some_and(|home| view.is_above(home, org));
    for user in view.home_users(org) {
        let Some(maker) = view.creator(user).filter(from_above) else { continue };
        if found.made_from_above.len() < MAX_NAMED && sees(user) {
            found.made_from_above.push(Made { user: name(user), by: name(maker) });
        } else {
            found.more += 1;
        }
    }
    found
}

/// Users of other orgs who can work in this one.
fn foreigners(view: &View<'_>, org: OrgNo) -> BTreeSet<UserNo> {
    let team = view.managing_group(org).map(|(team, _)| team);
    let (mut groups, mut users): (BTreeSet<_>, BTreeSet<_>) = (team.into_iter().collect(), BTreeSet::new());
    users.extend(view.subscribers(org).map(|(user, ..)| user));
    groups.extend(view.invited(org));
    for role in view.roles(org) {
        users.extend(view.users_with_role(role).map(|(user, ..)| user));
        groups.extend(view.groups_with_role(role).map(|(group, ..)| group));
    }
    users.extend(groups.into_iter().flat_map(|group| view.members(group)).map(|(user, _)| user));
    users.retain(|user| view.home(*user) != Some(org) && judge::belongs_effectively(view, *user, org));
    users
}
