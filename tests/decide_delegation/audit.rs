//! What every accepted command must leave true: nobody gained what the actor does not hold, nobody is locked out,
//! names are unique, and nothing lies in itself.

use tenure_events::data::Level;
use tenure_events::{Event, Time};

use super::facts::{At, Facts, Holder, Set, Status, With};
use super::rules::{FOR_GOOD, LANDLORD_MANAGE, SUBSCRIPTION_MANAGE, USER_MANAGE, Who, holds};

/// A level and whether it may be copied; 0 is no level.
type Had = (u8, bool);

/// What each principal, users, then groups, then roles, could come to have at an instant: ignoring standing,
/// suspension, membership and ceilings.
pub struct Potential {
    /// By global roles, in every org.
    pub global: Vec<Set>,
    /// Otherwise, by org.
    pub local: Vec<Vec<Set>>,
    /// By content.
    levels: Vec<Vec<Had>>,
}

/// Who commanded, what and when.
pub struct Act<'a> {
    pub who: Who,
    /// Whose token it was.
    pub actor: At,
    pub name: &'a str,
    pub events: &'a [Event],
    pub now: Time,
}

/// The instants from now on between which nothing changes by itself.
pub fn instants(one: &Facts, other: &Facts, now: Time) -> Vec<Time> {
    let mut all = vec![now];
    for facts in [one, other] {
        all.extend(facts.members.iter().flat_map(|m| [m.from, m.until]).flatten());
        all.extend(facts.assignments.iter().filter_map(|a| a.until));
        all.extend(facts.shares.iter().filter_map(|s| s.until));
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
enum Principal {
    User(At),
    Group(At),
    Role(At),
}

impl Facts {
    fn principals(&self) -> impl Iterator<Item = Principal> + use<> {
        let users = (0..self.users.len()).map(Principal::User);
        users.chain((0..self.groups.len()).map(Principal::Group)).chain((0..self.roles.len()).map(Principal::Role))
    }

    fn name_of(&self, principal: Principal) -> &str {
        match principal {
            Principal::User(at) => &self.users[at].id,
            Principal::Group(at) => &self.groups[at].id,
            Principal::Role(at) => &self.roles[at].id,
        }
    }

    /// The groups through which a principal has something.
    fn groups_of(&self, principal: Principal) -> Vec<At> {
        let all = match principal {
            Principal::User(user) => {
                self.joined.iter().filter(|(of, _)| *of == user).map(|(_, group)| *group).collect()
            }
            Principal::Group(group) => vec![group],
            Principal::Role(_) => Vec::new(),
        };
        all.into_iter().filter(|group| self.groups[*group].live).collect()
    }

    pub fn potential(&self, t: Time) -> Potential {
        let mut potential = Potential { global: Vec::new(), local: Vec::new(), levels: Vec::new() };
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
                    Some(org) => inside[org] = true,
                    None => inside.fill(true),
                }
            }
            if self.need_membership() {
                inside.fill(false);
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
                    local[org] |= super::rules::ORG_MANAGE;
                    inside[org] = true;
                }
            }
            for (_, org, privileges) in self.invitations.iter().filter(|(group, ..)| groups.contains(group)) {
                local[*org] |= privileges;
                inside[*org] = true;
            }
            if let Principal::User(user) = principal {
                inside[self.users[user].home] = true;
                for m in self.members.iter().filter(|m| m.user == user && m.there && holds(m.from, m.until, t)) {
                    local[m.org] |= m.privileges;
                    inside[m.org] = true;
                }
            }
            let levels = (0..self.contents.len()).map(|content| {
                let managed = (local[self.contents[content].org] | global) & super::rules::CONTENT_MANAGE != 0;
                let made = principal == Principal::User(self.contents[content].maker);
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
                    && (0..self.orgs.len()).filter(|org| self.orgs[*org].status != Status::Gone).any(|tenant| {
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
            potential.global.push(global);
        }
        potential
    }

    fn level(&self, content: At, t: Time, manages: bool, theirs: impl Fn(With) -> bool) -> Had {
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

    /// What the subject holds in every org by global roles, if by any: only who has it so may hand it on so.
    fn everywhere(&self, who: &Who, t: Time) -> Option<Set> {
        if !self.stands(who.user) || who.only.is_some() {
            return None;
        }
        let groups = self.groups_of(Principal::User(who.user));
        let held = self.assignments.iter().filter(|held| holds(None, held.until, t) && self.roles[held.role].live);
        let theirs = held.filter(|held| match held.to {
            Holder::User(user) => user == who.user,
            Holder::Group(group) => groups.contains(&group),
        });
        let global = theirs.map(|held| &self.roles[held.role]).filter(|role| role.org.is_none());
        global
            .map(|role| role.privileges)
            .reduce(|one, other| one | other)
            .map(|all| all & who.cap & !self.forbidden(who.user))
    }

    /// How the subject has content, from wherever they may act; whoever manages what tenants may use does so in the
    /// tenant, and in every one if by a global role.
    fn effective(&self, who: &Who, content: At, t: Time) -> Had {
        let (level, copy) = self.effective_there(who, content, t);
        let global = self.everywhere(who, t).unwrap_or(0);
        let manages = |tenant| self.manages_given(tenant, content, global | self.held(who, tenant, t));
        (if (0..self.orgs.len()).any(manages) { level.max(had(Level::View)) } else { level }, copy)
    }

    fn effective_there(&self, who: &Who, content: At, t: Time) -> Had {
        // A global role is handed on as it is held, to orgs that do not work and to those that shut it out as well:
        // managing content by it is managing all there is, and entering by it is having what is shared with any org.
        let everywhere = self.everywhere(who, t);
        if everywhere.is_some_and(|held| held & super::rules::CONTENT_MANAGE != 0) {
            return (had(Level::Manage), true);
        }
        if everywhere.is_some() && !self.need_membership() {
            let shared = self.level(content, t, false, |with| matches!(with, With::Org(_) | With::All));
            let own = self.effective(&Who { only: Some(self.contents[content].org), ..*who }, content, t);
            return (own.0.max(shared.0), own.1 || shared.1);
        }
        if !self.stands(who.user) {
            return (0, false);
        }
        let acting = (0..self.orgs.len()).filter(|acting| self.live(*acting) && who.only.is_none_or(|o| o == *acting));
        // What is shared with an org, or with all, is for whomever those who work in an org let in: wherever it hangs
        // today, and whichever org a key of theirs works in.
        let theirs = |org: At| acting.clone().any(|acting| acting == org && self.belongs(who.user, org, t));
        let shared = self.level(content, t, false, |with| match with {
            With::Org(org) => theirs(org),
            With::All => true,
            With::User(_) | With::Role(_) | With::Group(_) => false,
        });
        let org = self.contents[content].org;
        let reaches = self.live(org) && who.only.is_none_or(|only| only == org);
        let all = acting.clone().filter(|_| reaches).flat_map(|acting| self.havings(who, acting, content, t));
        let own =
            all.fold((0, false), |most, h| (most.0.max(had(h.level)), most.1 || h.copy || h.level == Level::Manage));
        (own.0.max(shared.0), own.1 || shared.1)
    }

    /// Whether the subject holds all that a user could come to have anywhere.
    fn holds_all_of(&self, who: &Who, user: At, now: Time) -> Result<(), String> {
        let roles = |t| {
            let groups = self.groups_of(Principal::User(user));
            let held = self.assignments.iter().filter(move |held| match held.to {
                Holder::User(of) => of == user,
                Holder::Group(group) => groups.contains(&group),
            });
            held.filter(move |held| holds(None, held.until, t)).map(|held| &self.roles[held.role])
        };
        for t in instants(self, self, now) {
            let all = self.potential(t);
            self.covers(who, Principal::User(user), (&all, user), None, now)?;
            // By their roles in sub-tenants they have content of the masters.
            for role in roles(t).filter(|role| role.live) {
                let Some(master) = role.org.and_then(|sub| self.orgs[sub].master) else { continue };
                for content in (0..self.contents.len()).filter(|c| self.contents[*c].live) {
                    let of_master = self.contents[content].org == master && !self.is_tenants_app(content);
                    let levels = self.named_share(master, content, &role.name, t);
                    let most = levels.into_iter().max().filter(|_| of_master);
                    most.map_or(Ok(()), |level| self.covers_level(who, content, (had(level), true), now))?;
                }
            }
        }
        Ok(())
    }

    /// Whether what a principal has more than before is held by the subject; before is now, where all counts.
    fn covers(
        &self,
        who: &Who,
        principal: Principal,
        (after, at): (&Potential, At),
        before: Option<&Gap>,
        now: Time,
    ) -> Result<(), String> {
        let none = Gap::default();
        let before = before.unwrap_or(&none);
        let global = after.global[at] & !before.global & self.all();
        if global & !self.everywhere(who, now).unwrap_or(0) != 0 {
            return Err(format!("{} gains {global:#x} in every org", self.text(principal)));
        }
        // What is archived is gone for good.
        let open = |org: &At| self.orgs[*org].status != Status::Gone;
        for org in (0..self.orgs.len()).filter(open) {
            let gained = after.local[at][org] & !before.local.get(org).unwrap_or(&0) & !before.global & self.all();
            if gained & !self.held(who, org, now) & !self.since(who, org, now) != 0 && before.exempt != Some(org) {
                return Err(format!("{} gains {gained:#x} in {}", self.text(principal), self.orgs[org].id));
            }
        }
        for content in (0..self.contents.len()).filter(|content| open(&self.contents[*content].org)) {
            let (level, copy) = after.levels[at][content];
            let (old_level, old_copy) = before.levels.get(content).copied().unwrap_or((0, false));
            if (level > old_level || (copy && !old_copy)) && before.exempt.is_none() {
                let (own_level, own_copy) = self.effective(who, content, now);
                if (level > old_level && level > own_level) || (copy && !old_copy && !own_copy) {
                    let id = &self.contents[content].id;
                    return Err(format!("{} gains level {level}, copy {copy}, on {id}", self.text(principal)));
                }
            }
        }
        Ok(())
    }

    fn covers_level(&self, who: &Who, content: At, (level, copy): Had, now: Time) -> Result<(), String> {
        let own = self.effective(who, content, now);
        let covered = level <= own.0 && (!copy || own.1);
        let id = &self.contents[content].id;
        covered
            .then_some(())
            .ok_or_else(|| format!("level {level} on {id} comes to a sub-tenant, the actor has {own:?}"))
    }

    fn text(&self, principal: Principal) -> &str {
        let there = match principal {
            Principal::User(at) => at < self.users.len(),
            Principal::Group(at) => at < self.groups.len(),
            Principal::Role(at) => at < self.roles.len(),
        };
        if there { self.name_of(principal) } else { "somebody new" }
    }
}

/// What a principal had before.
#[derive(Default)]
struct Gap {
    global: Set,
    local: Vec<Set>,
    levels: Vec<Had>,
    /// An org that the principal may enter without anybody's leave.
    exempt: Option<At>,
}

/// Nobody gains what the actor does not hold there, with the domain's exemptions and no other.
pub fn no_escalation(before: &Facts, after: &Facts, act: &Act<'_>) -> Result<(), String> {
    for t in instants(before, after, act.now) {
        let (old, new) = (before.potential(t), after.potential(t));
        let old_principals: Vec<Principal> = before.principals().collect();
        for (at, principal) in after.principals().enumerate() {
            let was = old_principals.iter().position(|old| *old == principal);
            let mut gap = Gap { exempt: exempt(before, act, principal), ..Gap::default() };
            if let Some(was) = was {
                gap.global = old.global[was];
                gap.local.clone_from(&old.local[was]);
                gap.levels.clone_from(&old.levels[was]);
            }
            // What arises inside an org in the command that makes it; `covers` looks at the orgs there were.
            if let Principal::User(user) = principal
                && after.users[user].home >= before.orgs.len()
            {
                continue;
            }
            before.covers(&act.who, principal, (&new, at), Some(&gap), act.now).map_err(|e| format!("{e}, at {t}"))?;
        }
    }
    for t in instants(before, after, act.now) {
        for sub in 0..before.orgs.len() {
            for content in 0..before.contents.len() {
                let (old, new) = (before.opened_to(sub, content, t), after.opened_to(sub, content, t));
                if let Some(level) = new.filter(|_| new > old) {
                    before.covers_level(&act.who, content, (had(level), true), act.now)?;
                }
            }
        }
    }
    own_subscription(before, after, act)?;
    credentials(before, act)
}

/// Managers from above may subscribe themselves the first time ever, and anybody while nobody there can.
fn exempt(before: &Facts, act: &Act<'_>, principal: Principal) -> Option<At> {
    let Principal::User(user) = principal else { return None };
    act.events.iter().find_map(|event| {
        let Event::SubscriptionGranted(e) = event else { return None };
        let there = before.users.get(user).is_some_and(|value| value.id == e.user.as_str());
        let org = before.orgs.iter().position(|org| org.id == e.org.as_str())?;
        (there && may_enter(before, act, user, org)).then_some(org)
    })
}

fn may_enter(before: &Facts, act: &Act<'_>, user: At, org: At) -> bool {
    let home = before.users[act.who.user].home;
    let manager = before.manages_above(&act.who, org, act.now) && !before.shut_out(home, org, act.now);
    let first = user == act.who.user && !before.members.iter().any(|m| (m.user, m.org) == (user, org));
    let holder =
        |user| before.stands(user) && before.authority(user, org, act.now).privileges & SUBSCRIPTION_MANAGE != 0;
    manager && (first || !(0..before.users.len()).any(holder))
}

/// To one's own subscription one can only take away.
fn own_subscription(before: &Facts, after: &Facts, act: &Act<'_>) -> Result<(), String> {
    for own in [act.who.user, act.actor] {
        for now in after.members.iter().filter(|m| m.user == own && m.there) {
            let was = before.members.iter().find(|m| (m.user, m.org) == (own, now.org));
            let ceiling = |m: &super::facts::Member| after.user_types[m.user_type].1;
            let less = was.is_some_and(|was| {
                let shorter = was.until.is_none_or(|old| now.until.is_some_and(|new| new <= old));
                was.there
                    && now.privileges & !was.privileges & before.all() == 0
                    && ceiling(now) & !ceiling(was) == 0
                    && now.from >= was.from
                    && shorter
            });
            if !less && !may_enter(before, act, own, now.org) {
                return Err(format!("adds to their own subscription to {}", after.orgs[now.org].id));
            }
        }
    }
    Ok(())
}

/// Whoever touches a credential of somebody else holds all that they have, and `user.manage` or `key.manage` at their
/// home; through a key nobody makes a credential that carries more than the key.
fn credentials(before: &Facts, act: &Act<'_>) -> Result<(), String> {
    for event in act.events {
        let (user, privilege, cap, only) = match event {
            Event::ApiKeyIssued(e) => {
                let cap = e.privileges.as_ref().map_or(Set::MAX, |privileges| before.set(privileges));
                (&e.user, super::rules::KEY_MANAGE, cap, e.org.as_ref().map(|org| before.org(org)))
            }
            Event::IdentityLinked(e) => (&e.user, USER_MANAGE, Set::MAX, None),
            Event::UserCredentialReset(e) => (&e.user, USER_MANAGE, 0, None),
            _ => continue,
        };
        // Whoever comes to be in the command comes with their identity.
        let Some(user) = before.users.iter().position(|known| known.id == user.as_str()) else { continue };
        let home = before.users[user].home;
        if user == act.who.user {
            let within = cap & !act.who.cap == 0 && (act.who.only.is_none() || only == act.who.only || cap == 0);
            within.then_some(()).ok_or("makes a credential that carries more than the key it came by")?;
            continue;
        }
        let landlord = act.name == "reset-credential"
            && before.manages_above(&act.who, home, act.now)
            && !before.shut_out(before.users[act.who.user].home, home, act.now)
            && before.authority(user, home, act.now).privileges & USER_MANAGE != 0;
        if landlord {
            continue;
        }
        if before.held(&act.who, home, act.now) & privilege == 0 {
            return Err(format!("touches the credential of {}", before.users[user].id));
        }
        before
            .holds_all_of(&act.who, user, act.now)
            .map_err(|e| format!("credential of {}: {e}", before.users[user].id))?;
    }
    Ok(())
}

/// Every org that works can still be restored by somebody, unless it could not before; and its last
/// `landlord.manage` is not its ancestors' to take.
pub fn nobody_locked_out(before: &Facts, after: &Facts, act: &Act<'_>) -> Result<(), String> {
    for org in (0..after.orgs.len()).filter(|org| after.live(*org)) {
        let lost_before = org < before.orgs.len() && before.live(org) && !before.kept(org, act.now);
        if !lost_before && !after.kept(org, act.now) {
            return Err(format!("nobody can run {} any more", after.orgs[org].id));
        }
        let landlord = |facts: &Facts| facts.has_keeper(org, act.now, |_| LANDLORD_MANAGE);
        if org < before.orgs.len()
            && before.ancestors(org).contains(&before.users[act.who.user].home)
            && landlord(before)
            && !landlord(after)
        {
            return Err(format!("an ancestor takes the last landlord.manage of {}", after.orgs[org].id));
        }
    }
    Ok(())
}

/// Instants that a question about the past may be asked of.
pub fn about(now: Time) -> [Time; 4] {
    [now, now.plus_seconds(3_600), now.plus_seconds(7_200), FOR_GOOD]
}
