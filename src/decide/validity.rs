//! What passed by time alone: nobody commands it, and no answer waits for it. It is said once.

use tenure_events::data::{Assignee, Audience, Ended, Everyone, HolderOf, MemberOf, SharedWith, ValidityEnded};
use tenure_events::{ApiKeyId, Event, RoleId};
use tenure_projections::View;
use tenure_projections::due::{Bounded, Due};
use tenure_projections::values::{OrgNo, ResourceNo, RoleNo};

use super::scene::{Plan, group_id, org_id, resource_id, user_id};
use super::{Draft, orgs};

/// What is to be said of a window, if it has passed in the view and nothing took its place before.
#[must_use]
pub fn ended(view: &View<'_>, due: &Due) -> Vec<Draft> {
    let said = due.has_passed(view).then(|| said(view, due.what)).flatten();
    let mut plan = Plan::default();
    if let Some((org, what, concerns)) = said {
        let event = Event::ValidityEnded(ValidityEnded { what, granted_at: due.granted_at, until: due.until });
        plan.add(view, org, event, &concerns);
    }
    plan.0
}

/// In whose history it stands, what it is, and whom else it concerns: as the grant before it.
fn said(view: &View<'_>, what: Bounded) -> Option<(OrgNo, Ended, Vec<OrgNo>)> {
    let (org, ended, concerns) = match what {
        Bounded::Subscription(user, org) => {
            let of = MemberOf { user: user_id(view, user), org: org_id(view, org) };
            (org, Ended::Subscription(of), view.home(user))
        }
        Bounded::RoleOfUser(user, role) => {
            let to = Assignee::User(user_id(view, user));
            (place(view, role)?, Ended::Role(HolderOf { role: role_id(view, role)?, to }), view.home(user))
        }
        Bounded::RoleOfGroup(group, role) => {
            let to = Assignee::Group(group_id(view, group));
            (place(view, role)?, Ended::Role(HolderOf { role: role_id(view, role)?, to }), None)
        }
        Bounded::ShareWithUser(no, user) => shared(view, no, Audience::User(user_id(view, user)), view.home(user))?,
        Bounded::ShareWithRole(no, role) => shared(view, no, Audience::Role(role_id(view, role)?), None)?,
        Bounded::ShareWithGroup(no, group) => shared(view, no, Audience::Group(group_id(view, group)), None)?,
        Bounded::ShareWithOrg(no, org) => shared(view, no, Audience::Org(org_id(view, org)), Some(org))?,
        Bounded::ShareWithAll(no) => shared(view, no, Audience::AllOrgs(Everyone), None)?,
        Bounded::Key(key) => {
            let id = ApiKeyId::new(view.key_id(key)).ok()?;
            (view.key_owner(key).and_then(|owner| view.home(owner))?, Ended::ApiKey(id), None)
        }
        Bounded::Landlord(org) => return Some((org, Ended::Landlord(org_id(view, org)), orgs::above(view, org))),
        Bounded::Licence(org) => (org, Ended::Licence(org_id(view, org)), view.parent(org)),
        Bounded::PlatformLicence => (view.root()?, Ended::PlatformLicence(Everyone), None),
    };
    Some((org, ended, concerns.into_iter().collect()))
}

fn shared(
    view: &View<'_>,
    no: ResourceNo,
    with: Audience,
    concerns: Option<OrgNo>,
) -> Option<(OrgNo, Ended, Option<OrgNo>)> {
    let org = view.resource(no)?.value.org;
    Some((org, Ended::Share(SharedWith { resource: resource_id(view, no), with }), concerns))
}

fn place(view: &View<'_>, role: RoleNo) -> Option<OrgNo> {
    view.role(role)?.value.org.or_else(|| view.root())
}

fn role_id(view: &View<'_>, role: RoleNo) -> Option<RoleId> {
    RoleId::new(view.role_id(role)).ok()
}
