//! The naive model's answers: the rules as the domain states them, by looking at everything.

use tenure_events::Time;
use tenure_events::data::{CrossOrgShares, Level};

use super::facts::{At, Facts, Group, Holder, Kind, Set, Status, When, With};

/// The group whose members have every tenant permission.
pub const ADMINISTRATORS: &str = "administrators";

pub const ORG_MANAGE: Set = 1;
pub const USER_MANAGE: Set = 1 << 1;
pub const SUBSCRIPTION_MANAGE: Set = 1 << 2;
pub const ROLE_MANAGE: Set = 1 << 3;
pub const GROUP_MANAGE: Set = 1 << 4;
pub const CONTENT_MANAGE: Set = 1 << 5;
pub const LANDLORD_MANAGE: Set = 1 << 6;
pub const LICENCE_MANAGE: Set = 1 << 7;
pub const KEY_MANAGE: Set = 1 << 8;
pub const AUDIT_READ: Set = 1 << 9;
pub const ACCESS_CHECK: Set = 1 << 10;
pub const ACT_AS: Set = 1 << 11;

/// When everything that ends has ended.
pub const FOR_GOOD: Time = Time::from_micros(i64::MAX - 1);

/// A user, perhaps through a key.
#[derive(Clone, Copy, Debug)]
pub struct Who {
    pub user: At,
    pub cap: Set,
    pub only: Option<At>,
    /// When the key ends.
    pub ends: Option<Time>,
}

impl Who {
    /// Whether it is this user themself, limited in nothing.
    pub fn themself(&self, user: At) -> bool {
        self.user == user && self.cap == Set::MAX && self.only.is_none()
    }
}

/// What a user has in an org.
#[derive(Default)]
pub struct Authority {
    /// By any path, even one that carries nothing.
    pub any: bool,
    pub privileges: Set,
    pub roles: Vec<At>,
}

/// How content is had.
#[derive(Clone, Copy, Debug)]
pub struct Having {
    pub level: Level,
    pub copy: bool,
    /// From another org than its own.
    pub elsewhere: bool,
}

#[derive(Clone, Copy, Debug)]
pub enum Act {
    Privilege(u32),
    Level(Level),
    Copy,
}

#[derive(Clone, Copy, Debug)]
pub enum On {
    Org(At),
    Environment(At),
    Content(At),
}

/// Whether a membership had ended after all of a path was there.
fn left_before(member: &super::facts::Member, path: &[When], t: Time) -> bool {
    let timed = member.until.filter(|until| *until <= t);
    let Some((position, withdrawn)) = member.withdrawn.filter(|_| !member.there) else {
        return timed.is_some_and(|until| path.iter().all(|(_, made)| *made < until));
    };
    if member.from.is_some_and(|from| from > withdrawn) {
        return false;
    }
    let in_time = |made: Time| timed.is_none_or(|until| made < until);
    path.iter().all(|(at, made)| *at < position && in_time(*made))
}

pub fn holds(from: Option<Time>, until: Option<Time>, t: Time) -> bool {
    from.is_none_or(|from| from <= t) && until.is_none_or(|until| t < until)
}

impl Facts {
    pub fn ancestors(&self, org: At) -> Vec<At> {
        let parents = std::iter::successors(self.orgs[org].parent, |org| self.orgs[*org].parent);
        parents.take(self.orgs.len() + 1).collect()
    }

    /// Content and the folders above it.
    pub fn chain(&self, content: At) -> Vec<At> {
        let above = std::iter::successors(Some(content), |content| self.contents[*content].parent);
        above.take(self.contents.len() + 1).collect()
    }

    /// The orgs of a line that exclude their ancestors.
    pub fn closed(&self, org: At, t: Time) -> Vec<At> {
        let line = std::iter::once(org).chain(self.ancestors(org));
        line.filter(|org| self.orgs[*org].shuts_from.is_some_and(|from| from <= t)).collect()
    }

    /// The landlord rule: who is at home above an org that excludes has nothing in it or below it.
    pub fn shut_out(&self, home: At, org: At, t: Time) -> bool {
        self.closed(org, t).iter().any(|closed| self.ancestors(*closed).contains(&home))
    }

    /// Whether what is held in one org counts in another below it: wherever whoever holds it is at home.
    pub fn counts_in(&self, above: At, org: At, t: Time) -> bool {
        !self.shut_out(above, org, t)
    }

    pub fn need_membership(&self) -> bool {
        self.settings().roles_need_membership
    }

    /// Live groups of the user, with rights in the org.
    pub fn groups_in(&self, user: At, org: At) -> impl Iterator<Item = At> {
        let joined = self.joined.iter().filter(move |(joined, _)| *joined == user).map(|(_, group)| *group);
        joined.filter(move |group| {
            let Group { org: of, live, .. } = &self.groups[*group];
            *live && of.is_none_or(|of| of == org)
        })
    }

    pub fn authority(&self, user: At, org: At, t: Time) -> Authority {
        self.authority_within(user, org, None, t)
    }

    /// The same for what belongs to an environment of the org, where teams may be invited to more.
    pub fn authority_within(&self, user: At, org: At, environment: Option<At>, t: Time) -> Authority {
        let mut found = Authority::default();
        if self.shut_out(self.users[user].home, org, t) {
            return found;
        }
        let mine = |m: &&super::facts::Member| (m.user, m.org, m.there) == (user, org, true);
        let membership = self.members.iter().find(mine).filter(|m| holds(m.from, m.until, t));
        let kept_off = !self.kept_off(self.users[user].home, org);
        // One that is over goes on hiding what there was when it ended.
        let over = self.members.iter().find(|m| (m.user, m.org) == (user, org)).filter(|_| membership.is_none());
        let cap = |path: &[When]| match (membership, over) {
            (Some(member), _) => self.user_types[member.user_type].1,
            (None, Some(member)) if left_before(member, path, t) => self.user_types[member.user_type].1,
            (None, _) => Set::MAX,
        };
        let groups: Vec<At> = self.groups_in(user, org).collect();
        if let Some(membership) = membership {
            found.any = true;
            found.privileges |= membership.privileges & cap(&[]);
        }
        if let Some(team) = self.orgs[org].team.filter(|team| groups.contains(team)) {
            found.any = true;
            found.privileges |= ORG_MANAGE & cap(&[self.joined_at[&(user, team)]]);
        }
        let linked = environment.filter(|environment| self.environments[*environment].live);
        for (group, _, privileges) in self.invitations.iter().filter(|(g, of, _)| *of == org && groups.contains(g)) {
            found.any = true;
            let joined = self.joined_at[&(user, *group)];
            found.privileges |= privileges & cap(&[joined, self.invited_at[&(*group, org)]]);
            let beside = self.environment_invitations.iter().filter(|(g, at, _)| (g, Some(*at)) == (group, linked));
            beside.for_each(|(_, at, privileges)| {
                found.privileges |= privileges & cap(&[joined, self.invited_within_at[&(*group, *at)]]);
            });
        }
        // Without a membership roles may count for nothing, but for what system administrators reach.
        let counts = membership.is_some() || !self.need_membership();
        if counts || self.reach() != 0 {
            let globals = self.closed(org, t).is_empty();
            for held in self.assignments.iter().filter(|held| holds(None, held.until, t)) {
                let theirs = match held.to {
                    Holder::User(of) => of == user,
                    Holder::Group(group) => groups.contains(&group),
                };
                let role = &self.roles[held.role];
                let here = counts || self.is_system(held.role);
                if theirs && here && role.live && role.org.map_or(globals, |of| of == org) {
                    found.any = true;
                    let joined = match held.to {
                        Holder::User(_) => held.made,
                        Holder::Group(group) => self.joined_at[&(user, group)],
                    };
                    let most = if counts { Set::MAX } else { self.reach() };
                    found.privileges |= role.privileges & most & cap(&[joined, held.made]);
                    found.roles.push(held.role);
                }
            }
        }
        found.privileges &= kept_off & !self.forbidden(user);
        found
    }

    /// Once tenant permissions count, orgs are managed by members of teams that may, and by the administrators.
    pub fn forbidden(&self, user: At) -> Set {
        if !self.permissions_count() {
            return 0;
        }
        let permitted = |group: At| self.permitted.as_ref().is_some_and(|permitted| permitted.contains(&group));
        let may = |group: At| self.groups[group].live && (permitted(group) || self.groups[group].id == ADMINISTRATORS);
        if self.joined.iter().any(|(of, group)| *of == user && may(*group)) { 0 } else { ORG_MANAGE }
    }

    /// Whether the subject administers tenant permissions.
    pub fn administers(&self, who: &Who, t: Time) -> bool {
        let group = self.group(&ADMINISTRATORS);
        who.cap == Set::MAX
            && who.only.is_none()
            && self.stands(who.user, t)
            && self.joined.contains(&(who.user, group))
    }

    /// At home, or with an effective path.
    pub fn belongs(&self, user: At, org: At, t: Time) -> bool {
        self.users[user].home == org || self.authority(user, org, t).any
    }

    pub fn stands(&self, user: At, t: Time) -> bool {
        self.users[user].status == Status::Live && self.live(self.users[user].home, t)
    }

    /// What the subject holds in an org.
    pub fn held(&self, who: &Who, org: At, t: Time) -> Set {
        if self.live(org, t) { self.read(who, org, t) } else { 0 }
    }

    /// The same for what belongs to an environment of it.
    pub fn held_within(&self, who: &Who, org: At, environment: Option<At>, t: Time) -> Set {
        let stands = self.live(org, t) && self.stands(who.user, t) && who.only.is_none_or(|only| only == org);
        if stands { self.authority_within(who.user, org, environment, t).privileges & who.cap } else { 0 }
    }

    /// What counts where something is handed out: what is held; in an archived org what it is read by.
    pub fn judged(&self, who: &Who, org: At, t: Time) -> Set {
        self.judged_within(who, org, None, t)
    }

    pub fn judged_within(&self, who: &Who, org: At, environment: Option<At>, t: Time) -> Set {
        let stands = self.is_judged(org, t) && self.stands(who.user, t) && who.only.is_none_or(|only| only == org);
        if stands { self.authority_within(who.user, org, environment, t).privileges & who.cap } else { 0 }
    }

    pub fn is_judged(&self, org: At, t: Time) -> bool {
        self.live(org, t) || self.orgs[org].status == Status::Gone
    }

    /// The same where the org need not be live: what is closed can be read about.
    pub fn read(&self, who: &Who, org: At, t: Time) -> Set {
        let stands = self.stands(who.user, t) && who.only.is_none_or(|only| only == org);
        if stands { self.authority(who.user, org, t).privileges & who.cap } else { 0 }
    }

    /// Every way in which the subject, acting in an org, has content.
    pub fn havings(&self, who: &Who, acting: At, content: At, t: Time) -> Vec<Having> {
        let org = self.contents[content].org;
        if let Some(folder) = self.personal_of(content) {
            return if acting == org { self.personal_havings(who, folder, content, t) } else { Vec::new() };
        }
        let downward = self.settings().cross_org_shares == CrossOrgShares::Downward;
        let elsewhere = acting != org;
        let mut found = Vec::new();
        let downward = downward && self.ancestors(acting).contains(&org);
        let sub = self.orgs[acting].master == Some(org);
        // Whoever is shut out of the content's org has none of it, from wherever they act.
        let let_in = self.counts_in(acting, org, t)
            && self.counts_in(self.users[who.user].home, org, t)
            && !self.is_puppet(who.user, org, t);
        let crosses = (downward || sub) && let_in && !self.is_tenants_app(content);
        if !self.belongs(who.user, acting, t) || (elsewhere && !crosses) {
            return found;
        }
        let authority = self.authority_within(who.user, org, self.contents[content].environment, t);
        let full = Having { level: Level::Manage, copy: false, elsewhere };
        if !elsewhere
            && (self.contents[content].maker == who.user || authority.privileges & who.cap & CONTENT_MANAGE != 0)
        {
            found.push(full);
        }
        let chain = self.chain(content);
        for share in self.shares.iter().filter(|share| chain.contains(&share.content) && holds(None, share.until, t)) {
            let theirs = match share.with {
                With::All => !elsewhere || downward,
                With::Org(of) => of == acting && (!elsewhere || downward),
                With::User(of) => !elsewhere && of == who.user,
                With::Role(of) => !elsewhere && authority.roles.contains(&of),
                With::Group(of) => !elsewhere && self.groups_in(who.user, org).any(|group| group == of),
            };
            if theirs {
                // From a sub-tenant nothing of its master is changed.
                let level = if elsewhere && sub { share.level.min(Level::Use) } else { share.level };
                found.push(Having { level, copy: share.copy, elsewhere });
            }
        }
        if elsewhere && downward {
            found.extend(self.given_havings(who, acting, content, t));
        }
        if elsewhere && sub {
            found.extend(self.associated_havings(who, acting, content, t));
        }
        found
    }

    /// The org that a user acts in where none is named: the one they chose, home once they lost it; before any choice
    /// the one asked about, if it is one of theirs.
    pub fn acting(&self, user: At, target: At, t: Time) -> At {
        let home = self.users[user].home;
        let first = self.users[user].chosen.unwrap_or(target);
        if self.live(first, t) && self.belongs(user, first, t) { first } else { home }
    }

    pub fn check(&self, who: &Who, act: Act, on: On, acting: Option<At>, t: Time) -> bool {
        let (org, environment, content) = match on {
            On::Org(org) => (org, None, None),
            On::Environment(at) if !self.environments[at].live => return false,
            On::Environment(at) => (self.environments[at].org, Some(at), None),
            On::Content(at) => (self.contents[at].org, self.contents[at].environment, Some(at)),
        };
        let acting = match (acting, on) {
            (Some(acting), _) => acting,
            (None, On::Org(_) | On::Environment(_)) => org,
            (None, On::Content(_)) => self.acting(who.user, org, t),
        };
        let theirs = (content.is_none() && org == acting) || self.belongs(who.user, acting, t);
        let stands = self.stands(who.user, t) && self.live(org, t) && self.live(acting, t) && theirs;
        if !stands || who.only.is_some_and(|only| only != org || only != acting) {
            return false;
        }
        let held = self.held_within(who, org, environment, t);
        let privilege = |needed: Option<u32>| needed.is_none_or(|no| held & 1 << no != 0);
        let Some(content) = content else {
            return match act {
                Act::Privilege(no) => privilege(Some(no)),
                Act::Level(Level::View) => self.belongs(who.user, org, t),
                Act::Level(Level::Manage) => privilege(Some(0)),
                Act::Level(Level::Use | Level::Edit) | Act::Copy => false,
            };
        };
        // What it takes to look is needed where one looks from.
        let seen_from = if acting == org { held } else { self.held(who, acting, t) };
        let look = |needed: Option<u32>| needed.is_none_or(|no| seen_from & 1 << no != 0);
        let Kind { create, view, edit, delete, share, .. } = self.kinds[self.contents[content].kind].1;
        let havings = self.havings(who, acting, content, t);
        let had = |level| havings.iter().any(|having| having.level >= level);
        // Where a kind names no privilege, a limited key needs that to manage all content.
        let changes = |needed: Option<u32>| privilege(needed) && (needed.is_some() || who.cap & CONTENT_MANAGE != 0);
        let live = self.contents[content].live;
        live && match act {
            Act::Level(Level::View) => look(view) && had(Level::View),
            Act::Level(Level::Use) => look(view) && had(Level::Use),
            Act::Level(Level::Edit) => changes(edit) && had(Level::Edit),
            Act::Level(Level::Manage) => changes(share) && had(Level::Manage),
            // `edit` inside one's own org, the flag across orgs.
            Act::Copy => {
                let copies = |h: &Having| h.copy || (!h.elsewhere && h.level >= Level::Edit);
                look(view) && havings.iter().any(copies) && !self.bound(who.user, acting, content)
            }
            Act::Privilege(no) => {
                let level = match Some(no) {
                    no if no == delete || no == share => Some(Level::Manage),
                    no if no == edit || no == create => Some(Level::Edit),
                    no if no == view => Some(Level::View),
                    Some(0..12) => None,
                    // Making something of another kind below; nothing else of another kind can be done with this.
                    no if self.kinds.iter().any(|(_, kind)| kind.create == no) => Some(Level::Edit),
                    _ => return false,
                };
                let looks = Some(no) == view && level == Some(Level::View);
                (if looks { look(Some(no)) } else { privilege(Some(no)) }) && level.is_none_or(had)
            }
        }
    }
}
