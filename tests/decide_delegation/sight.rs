//! What the naive model lets people see and ask.

use tenure_events::Time;
use tenure_events::data::{Level, Lifecycle, TenantUsers};

use super::facts::{At, Facts, Holder, Set, Status};
use super::rules::{
    ACCESS_CHECK, ACT_AS, AUDIT_READ, Act, GROUP_MANAGE, KEY_MANAGE, ORG_MANAGE, On, ROLE_MANAGE, SUBSCRIPTION_MANAGE,
    USER_MANAGE, Who, holds,
};

impl Facts {
    pub fn single(&self) -> bool {
        self.settings().single_org_hierarchy && self.orgs.len() == 1
    }

    /// Whether the one made the other, directly or not.
    pub fn below(&self, above: At, user: At) -> bool {
        let makers = std::iter::successors(self.users[user].maker, |maker| self.users[*maker].maker);
        makers.take(self.users.len()).any(|maker| maker == above)
    }

    pub fn sees_user(&self, who: &Who, user: At, t: Time) -> bool {
        let any = |org: At, privileges: Set| self.read(who, org, t) & privileges != 0;
        let home = self.users[user].home;
        if !self.stands(who.user, t) {
            return false;
        }
        if user == who.user {
            return true;
        }
        if self.single() && !self.below(who.user, user) {
            return false;
        }
        if self.users[user].status == Status::Gone {
            return any(home, USER_MANAGE) || self.audits(who, home, t);
        }
        let manages = USER_MANAGE | SUBSCRIPTION_MANAGE;
        let member = |org: &At| self.members.iter().any(|m| (m.user, m.org, m.there) == (user, *org, true));
        let at_home = self.users[who.user].home == home && who.only.is_none_or(|only| only == home);
        self.single()
            || at_home
            || any(home, manages)
            || self.audits(who, home, t)
            || (0..self.orgs.len()).filter(member).any(|org| any(org, manages) || self.audits(who, org, t))
    }

    /// Reads the history of an org: by `audit.read` there or, unless orgs stand side by side, in an ancestor that is not
    /// shut out.
    pub fn audits(&self, who: &Who, org: At, t: Time) -> bool {
        let holds = |at: At| self.read(who, at, t) & AUDIT_READ != 0;
        let above = |above: &At| self.counts_in(*above, org, t) && holds(*above);
        let reaches = who.only.is_none_or(|only| only == org);
        let settings = self.settings();
        let beside =
            settings.lifecycle == Lifecycle::SystemAdministrator || settings.tenant_users == TenantUsers::Never;
        holds(org) || (reaches && !beside && self.ancestors(org).iter().any(above))
    }

    pub fn sees_org(&self, who: &Who, org: At, t: Time) -> bool {
        self.in_sight(who, org, t) || self.manages(who, org, t) || self.audits(who, org, t)
    }

    pub fn sees_inside(&self, who: &Who, org: At, t: Time) -> bool {
        self.in_sight(who, org, t) || self.manages_inside(who, org, t) || self.audits(who, org, t)
    }

    fn in_sight(&self, who: &Who, org: At, t: Time) -> bool {
        self.stands(who.user, t) && who.only.is_none_or(|only| only == org) && self.belongs(who.user, org, t)
    }

    pub fn sees_group(&self, who: &Who, group: At, t: Time) -> bool {
        match self.groups[group].org {
            Some(org) => self.in_sight(who, org, t) || self.audits(who, org, t),
            None => {
                let member = self.stands(who.user, t) && self.joined.contains(&(who.user, group));
                let mut invited = self.invitations.iter().filter(|(of, ..)| *of == group);
                // D: whoever keeps the policy of an org assigns its roles to groups of the platform.
                let assigns = self.settings().system_administrator_reaches
                    && (0..self.orgs.len()).any(|org| self.read(who, org, t) & ROLE_MANAGE != 0);
                member
                    || assigns
                    || self.read(who, 0, t) & GROUP_MANAGE != 0
                    || self.invites_teams(who, t)
                    || invited.any(|(_, org, _)| self.in_sight(who, *org, t))
            }
        }
    }

    /// Gives tenant permissions, or manages an org on a platform of teams: to either one names teams one is not in.
    fn invites_teams(&self, who: &Who, t: Time) -> bool {
        let theirs = |team: At| self.groups[team].live && self.joined.contains(&(who.user, team));
        let managed = |org: &At| self.orgs[*org].team.is_some_and(theirs) && self.read(who, *org, t) & ORG_MANAGE != 0;
        self.administers(who, t)
            || (self.settings().lifecycle == Lifecycle::ManagingTeam && (0..self.orgs.len()).any(|org| managed(&org)))
    }

    pub fn sees_role(&self, who: &Who, role: At, t: Time) -> bool {
        let assigned = || {
            self.assignments.iter().filter(|held| held.role == role && holds(None, held.until, t)).any(
                |held| match held.to {
                    Holder::User(user) => user == who.user,
                    Holder::Group(group) => self.groups[group].live && self.joined.contains(&(who.user, group)),
                },
            )
        };
        match self.roles[role].org {
            Some(org) => self.in_sight(who, org, t) || self.audits(who, org, t),
            None => (self.stands(who.user, t) && assigned()) || self.read(who, 0, t) & ROLE_MANAGE != 0,
        }
    }

    pub fn sees_content(&self, who: &Who, acting: Option<At>, content: At, t: Time) -> bool {
        if self.contents[content].live {
            self.check(who, Act::Level(Level::View), On::Content(content), acting, t)
        } else {
            self.audits(who, self.contents[content].org, t) && !self.is_private(who, content, t)
        }
    }

    fn hidden(&self, who: &Who, user: At) -> bool {
        self.single() && user != who.user && !self.below(who.user, user)
    }

    pub fn sees_key(&self, who: &Who, key: At, t: Time) -> bool {
        let owner = self.keys[key].user;
        let manages = self.read(who, self.users[owner].home, t) & KEY_MANAGE != 0;
        (who.themself(owner) && self.stands(owner, t)) || (manages && !self.hidden(who, owner))
    }

    pub fn sees_membership(&self, who: &Who, user: At, org: At, t: Time) -> bool {
        if who.themself(user) {
            return self.stands(user, t);
        }
        let here = self.read(who, org, t) & (USER_MANAGE | SUBSCRIPTION_MANAGE) != 0 || self.audits(who, org, t);
        let home = self.read(who, self.users[user].home, t) & USER_MANAGE != 0;
        (here || home) && !self.hidden(who, user)
    }

    /// Acts in the place of whoever belongs to an org: by `act-as` there, or in an ancestor that is not shut out.
    pub fn acts_for(&self, who: &Who, user: At, org: At, t: Time) -> bool {
        let holds = |org: &At| self.held(who, *org, t) & ACT_AS != 0;
        let above = self.ancestors(org).iter().any(|above| self.counts_in(*above, org, t) && holds(above));
        let reaches = who.only.is_none_or(|only| only == org);
        reaches && self.belongs(user, org, t) && (holds(&org) || above)
    }

    /// Whether a question about a user in an org is answered in full (2), barely (1), or not (0).
    pub fn may_ask(&self, who: &Who, user: At, org: At, t: Time) -> u8 {
        let here = self.read(who, org, t);
        let own = who.themself(user) && self.stands(user, t);
        let manages = here & USER_MANAGE != 0 && !self.hidden(who, user);
        if own || manages || here & ACCESS_CHECK != 0 || self.audits(who, org, t) || self.acts_for(who, user, org, t) {
            return 2;
        }
        let reach = self.ancestors(org).into_iter().find(|above| self.read(who, *above, t) & ACCESS_CHECK != 0);
        reach.map_or(0, |above| {
            let between = self.closed(org, t).iter().any(|closed| self.ancestors(*closed).contains(&above));
            if between { 1 } else { 2 }
        })
    }
}
