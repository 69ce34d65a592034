//! What a group gives: asked as what somebody could do who belongs to it and has nothing else.
//!
//! That somebody is supposed, above the view; the judge is asked about them as about anybody.

use tenure_events::data::{
    GroupMemberAdded, OrgCreated, Subscription, SubscriptionGranted, UserCreated, UserTypeDefined,
};
use tenure_events::{Event, OrgId, Privilege, UserId, UserType};

use crate::state::State;
use crate::values::{GroupNo, UserNo};
use crate::view::View;

/// The id of who is supposed. No user can have it.
const MEMBER: &str = "~member";

/// Their user type, which caps nothing.
const TYPE: &str = "member_of_a_group";

/// Somebody who belongs to one group and has nothing else: a group of an org has home users of that org, a global one
/// somebody of an org that nobody else is in.
pub struct Member(State);

impl Member {
    /// None if there is no such group, or it was deleted.
    #[must_use]
    pub fn of(view: &View<'_>, group: GroupNo) -> Option<Self> {
        let found = view.group(group).filter(|group| group.value.live)?;
        let (home, own) = match found.value.org {
            Some(org) => (OrgId::new(view.org_id(org)).ok()?, None),
            None => {
                let home = unused(view)?;
                let (name, root) = (home.to_string(), view.root()?);
                let parent = Some(OrgId::new(view.org_id(root)).ok()?);
                let (description, tags, managing_group, region) = (String::new(), Vec::new(), None, None);
                let org = OrgCreated { org: home.clone(), name, parent, description, tags, managing_group, region };
                (home, Some(Event::OrgCreated(org)))
            }
        };
        let user = UserId::new(MEMBER).ok()?;
        let user_type = UserType::new(TYPE).ok()?;
        let ceiling = view.privilege_names(view.all_privileges()).map(Privilege::new).collect::<Result<_, _>>().ok()?;
        let held =
            Subscription { user_type: user_type.clone(), privileges: Vec::new(), valid_from: None, valid_until: None };
        let group = tenure_events::GroupId::new(view.group_id(group)).ok()?;
        let events = own.into_iter().chain([
            Event::UserTypeDefined(UserTypeDefined { user_type, ceiling }),
            Event::UserCreated(UserCreated { user: user.clone(), org: home.clone(), name: None, email: None }),
            Event::SubscriptionGranted(SubscriptionGranted {
                user: user.clone(),
                org: home.clone(),
                subscription: held,
            }),
            Event::GroupMemberAdded(GroupMemberAdded { group, user: user.clone() }),
        ]);
        let over = State::above(view.state());
        for event in events {
            over.suppose(view.state(), &view.supposed(home.clone(), user.clone(), event));
        }
        Some(Self(over))
    }

    /// The view with them in it.
    #[must_use]
    pub const fn in_view<'a>(&'a self, view: View<'a>) -> View<'a> {
        view.over(&self.0)
    }
}

/// Who is supposed in a view; in a view above which nobody is, nobody.
#[must_use]
pub fn supposed_member(view: &View<'_>) -> Option<UserNo> {
    view.find_user(MEMBER)
}

/// An id that no org of the view has.
fn unused(view: &View<'_>) -> Option<OrgId> {
    let mut ids = (0..).map(|number: u32| format!("~{number}"));
    ids.find(|id| view.find_org(id).is_none()).and_then(|id| OrgId::new(&id).ok())
}
