//! What ended by itself: for the histories of what it belonged to, and for nothing else.

use tenure_events::data::{Assignee, Audience, Ended, HolderOf, SharedWith};
use tenure_events::{GroupId, UserId};

use super::Installer;
use crate::state::State;

impl<'a> Installer<'a> {
    /// Windows end by themselves: this is for the histories of what they belonged to.
    pub(super) fn ended(&mut self, what: &'a Ended) {
        match what {
            Ended::Subscription(of) => self.user_ended(&of.user),
            Ended::Role(HolderOf { role, to }) => {
                let role = self.role(role).0;
                self.row(table!(118 role_ended), role, ());
                match to {
                    Assignee::User(user) => self.user_ended(user),
                    Assignee::Group(group) => self.group_ended(group),
                }
            }
            Ended::Share(SharedWith { resource, with }) => {
                let resource = self.resource(resource).0;
                self.row(table!(120 resource_ended), resource, ());
                match with {
                    Audience::User(user) => self.user_ended(user),
                    Audience::Group(group) => self.group_ended(group),
                    Audience::Role(role) => {
                        let role = self.role(role).0;
                        self.row(table!(118 role_ended), role, ());
                    }
                    Audience::Org(_) | Audience::AllOrgs(_) => {}
                }
            }
            Ended::ApiKey(key) => {
                let row = self.id(table!(5 keys), key.as_str());
                self.row(table!(121 key_ended), row, ());
            }
            // The history of an org has all that stands in it.
            Ended::Landlord(_) | Ended::Licence(_) | Ended::PlatformLicence(_) => {}
        }
    }

    fn user_ended(&mut self, user: &'a UserId) {
        let user = self.user(user).0;
        self.row(table!(117 user_ended), user, ());
    }

    fn group_ended(&mut self, group: &GroupId) {
        let group = self.group(group).0;
        self.row(table!(119 group_ended), group, ());
    }
}
