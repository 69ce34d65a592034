//! What the answer to a command tells beside its events: what they leave, read from the view after them.

use serde::Serialize;
use tenure_events::Event;
use tenure_events::data::Assignee;
use tenure_projections::View;
use tenure_projections::judge::{self, Subject};
use tenure_projections::values::{OrgNo, UserNo};

use super::foreign::{Actors, ForeignAccess, foreign_access};

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
    actors: Actors<'_>,
) -> Option<Told> {
    let mut held = Vec::new();
    for event in events {
        if let Event::LandlordExcluded(e) = event {
            let org = now.find_org(e.org.as_str())?;
            return Some(match now.excludes_landlord(org) {
                true => Told::ForeignAccess(foreign_access(now, teller, org, actors)),
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
