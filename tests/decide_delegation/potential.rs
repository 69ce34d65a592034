//! What each principal could come to have: ignoring standing, suspension, membership and ceilings.

use tenure_events::Time;
use tenure_events::data::Level;

use super::facts::{At, Content, Facts, Holder, Set, With};
use super::rules::{CONTENT_MANAGE, ORG_MANAGE, holds};

/// A level and whether it may be copied; 0 is no level.
pub type Had = (u8, bool);

/// What each principal, users, then groups, then roles, could come to have at an instant: ignoring standing,
/// suspension, membership and ceilings.
pub struct Potential {
    /// By global roles, in every org.
    pub global: Vec<Set>,
    /// Otherwise, by org.
    pub local: Vec<Vec<Set>>,
    /// By invitations to environments, beside.
    pub within: Vec<Vec<Set>>,
    /// By content.
    pub levels: Vec<Vec<Had>>,
}

/// The instants from now on between which nothing changes by itself.
pub fn instants(one: &Facts, other: &Facts, now: Time) -> Vec<Time> {
    let mut all = vec![now];
    for facts in [one, other] {
        all.extend(facts.members.iter().flat_map(|m| [m.from, m.until]).flatten());
        all.extend(facts.assignments.iter().filter_map(|a| a.until));
        all.extend(facts.shares.iter().filter_map(|s| s.until));
        all.extend(facts.orgs.iter().filter_map(|org| org.shuts_from));
        all.extend(facts.keys.iter().filter_map(|key| key.ends));
    }
    all.retain(|t| *t >= now);
    all.sort_unstable();
    all.dedup();
    all
}

pub fn had(level: Level) -> u8 {
    level as u8 + 1
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Principal {
    User(At),
    Group(At),
    Role(At),
}

impl Facts {
    pub fn principals(&self) -> impl Iterator<Item = Principal> + use<> {
        let users = (0..self.users.len()).map(Principal::User);
        users.chain((0..self.groups.len()).map(Principal::Group)).chain((0..self.roles.len()).map(Principal::Role))
    }

    pub fn name_of(&self, principal: Principal) -> &str {
        match principal {
            Principal::User(at) => &self.users[at].id,
            Principal::Group(at) => &self.groups[at].id,
            Principal::Role(at) => &self.roles[at].id,
        }
    }

    /// The groups through which a principal has something.
    pub fn groups_of(&self, principal: Principal) -> Vec<At> {
        let all = match principal {
            Principal::User(user) => {
                self.joined.iter().filter(|(of, _)| *of == user).map(|(_, group)| *group).collect()
            }
            Principal::Group(group) => vec![group],
            Principal::Role(_) => Vec::new(),
        };
        all.into_iter().filter(|group| self.groups[*group].live).collect()
    }

    /// An org that there is not.
    pub const NOWHERE: At = At::MAX;

    /// The same facts, as if no trial and no licence ended.
    pub fn unlicensed(&self) -> Self {
        let mut facts = self.clone();
        facts.orgs.iter_mut().filter_map(|org| org.licence.as_mut()).for_each(|licence| licence.until = None);
        facts
    }

    /// The same facts without what memberships themselves give, the landlord rule, and that roles need a membership:
    /// what caps are about.
    pub fn bare(&self) -> Self {
        let mut facts = self.clone();
        facts.settings.as_mut().unwrap().roles_need_membership = false;
        facts.orgs.iter_mut().for_each(|org| org.shuts_from = None);
        facts.members.iter_mut().for_each(|member| member.privileges = 0);
        facts
    }

    /// What a user has in an org and its environments.
    pub fn paths_in(&self, user: At, org: At, t: Time) -> Set {
        let here = (0..self.environments.len()).filter(|at| self.environments[*at].org == org);
        let within = here.map(|at| self.authority_within(user, org, Some(at), t).privileges);
        within.fold(self.authority(user, org, t).privileges, |all, here| all | here)
    }

    pub fn potential(&self, t: Time) -> Potential {
        let mut potential = Potential { global: Vec::new(), local: Vec::new(), within: Vec::new(), levels: Vec::new() };
        for principal in self.principals() {
            let groups = self.groups_of(principal);
            let mut roles: Vec<At> = Vec::new();
            for held in self.assignments.iter().filter(|held| holds(None, held.until, t)) {
                let theirs = match held.to {
                    Holder::User(user) => principal == Principal::User(user),
                    Holder::Group(group) => groups.contains(&group),
                };
                if theirs && self.roles[held.role].live {
                    roles.push(held.role);
                }
            }
            let mut local = vec![0; self.orgs.len()];
            let mut global = 0;
            let mut inside = vec![false; self.orgs.len()];
            for role in &roles {
                match self.roles[*role].org {
                    Some(org) => inside[org] |= !self.need_membership(),
                    None if !self.need_membership() || (self.is_system(*role) && self.reach() != 0) => {
                        inside.fill(true);
                    }
                    None => {}
                }
            }
            if let Principal::Role(role) = principal
                && self.roles[role].live
            {
                roles.push(role);
            }
            for role in &roles {
                match self.roles[*role].org {
                    Some(org) => local[org] |= self.roles[*role].privileges,
                    None => global |= self.roles[*role].privileges,
                }
            }
            for (org, value) in self.orgs.iter().enumerate() {
                if value.team.is_some_and(|team| groups.contains(&team)) {
                    local[org] |= ORG_MANAGE;
                    inside[org] = true;
                }
            }
            for (_, org, privileges) in self.invitations.iter().filter(|(group, ..)| groups.contains(group)) {
                local[*org] |= privileges;
                inside[*org] = true;
            }
            let mut within = vec![0; self.environments.len()];
            let linked = |at: At| self.environments[at].live;
            let invited =
                self.environment_invitations.iter().filter(|(group, at, _)| groups.contains(group) && linked(*at));
            invited.for_each(|(_, at, privileges)| within[*at] |= privileges);
            if let Principal::User(user) = principal {
                inside[self.users[user].home] = true;
                for m in self.members.iter().filter(|m| m.user == user && m.there && holds(m.from, m.until, t)) {
                    local[m.org] |= m.privileges;
                    inside[m.org] = true;
                }
            }
            let levels = (0..self.contents.len()).map(|content| {
                let environment = self.contents[content].environment.map_or(0, |environment| within[environment]);
                let managed = (local[self.contents[content].org] | global | environment) & CONTENT_MANAGE != 0;
                if let Some(folder) = self.personal_of(content) {
                    // Whoever manages content has it once the owner is gone.
                    let own = principal == Principal::User(self.contents[folder].maker);
                    return self.level(content, t, managed || own, |_| false);
                }
                let Content { maker, first, .. } = self.contents[content];
                let made = principal == Principal::User(maker) && !first;
                let had = self.level(content, t, managed || made, |with| match with {
                    With::User(user) => principal == Principal::User(user),
                    With::Role(role) => roles.contains(&role),
                    With::Group(group) => groups.contains(&group),
                    With::Org(org) => {
                        inside[org] && (org == self.contents[content].org || !self.is_tenants_app(content))
                    }
                    With::All => inside.contains(&true) && !self.is_tenants_app(content),
                });
                let given = self.contents[content].live
                    && (0..self.orgs.len()).any(|tenant| {
                        self.manages_given(tenant, content, local[tenant] | global)
                            || self.handed_on(tenant, content).any(|with| match with {
                                With::User(user) => principal == Principal::User(user),
                                With::Role(role) => roles.contains(&role),
                                With::Group(group) => groups.contains(&group),
                                With::Org(_) | With::All => false,
                            })
                    });
                (had.0.max(if given { self::had(Level::View) } else { 0 }), had.1)
            });
            potential.levels.push(levels.collect());
            potential.local.push(local);
            potential.within.push(within);
            potential.global.push(global);
        }
        potential
    }

    pub fn level(&self, content: At, t: Time, manages: bool, theirs: impl Fn(With) -> bool) -> Had {
        if !self.contents[content].live {
            return (0, false);
        }
        let mut most = if manages { (had(Level::Manage), false) } else { (0, false) };
        let chain = self.chain(content);
        for share in self.shares.iter().filter(|share| chain.contains(&share.content) && holds(None, share.until, t)) {
            if theirs(share.with) {
                most = (most.0.max(had(share.level)), most.1 || share.copy);
            }
        }
        most
    }
}
