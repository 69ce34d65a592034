//! What every accepted command must leave true: nobody gained what the actor does not hold.

use tenure_events::data::{Assignee, Level, TenantUsers};
use tenure_events::{Event, Time};

use super::facts::{At, Facts, Holder, Member, Set, With};
use super::potential::{Had, Potential, Principal, had, instants};
use super::rules::{
    ACCESS_CHECK, ACT_AS, AUDIT_READ, CONTENT_MANAGE, FOR_GOOD, KEY_MANAGE, ORG_MANAGE, SUBSCRIPTION_MANAGE,
    USER_MANAGE, Who, holds,
};

/// Who commanded, what and when.
pub struct Act<'a> {
    pub who: Who,
    /// Whose token it was.
    pub actor: At,
    /// The org that the caller names.
    pub acting: Option<At>,
    pub name: &'a str,
    pub events: &'a [Event],
    /// In whose histories these stand.
    pub places: &'a [String],
    pub now: Time,
    /// It says that it may take something from somebody.
    pub take_away: bool,
}

impl Facts {
    /// What the subject holds in every org by global roles, if by any, and whether these let them in: only who has it
    /// so may hand it on so.
    fn everywhere(&self, who: &Who, t: Time) -> Option<(Set, bool)> {
        if !self.stands(who.user, t) || who.only.is_some() {
            return None;
        }
        let groups = self.groups_of(Principal::User(who.user));
        let held = self.assignments.iter().filter(|held| holds(None, held.until, t) && self.roles[held.role].live);
        let theirs = held.filter(|held| match held.to {
            Holder::User(user) => user == who.user,
            Holder::Group(group) => groups.contains(&group),
        });
        let global = theirs.map(|held| held.role).filter(|role| self.roles[*role].org.is_none());
        let all = global.map(|role| (self.roles[role].privileges, self.enters_everywhere(role)));
        let all = all.reduce(|one, other| (one.0 | other.0, one.1 || other.1));
        all.map(|(all, enters)| (all & who.cap & !self.forbidden(who.user), enters))
    }

    /// Whether a global role lets whoever holds it into every org.
    pub fn enters_everywhere(&self, role: At) -> bool {
        !self.need_membership() || (self.is_system(role) && self.reach() != 0)
    }

    /// How the subject has content, from wherever they may act; whoever manages what tenants may use does so in the
    /// tenant, and in every one if by a global role.
    fn effective(&self, who: &Who, content: At, t: Time) -> Had {
        let (level, copy) = self.effective_there(who, content, t);
        let global = self.everywhere(who, t).map_or(0, |(held, _)| held);
        let manages = |tenant| self.manages_given(tenant, content, global | self.judged(who, tenant, t));
        (if (0..self.orgs.len()).any(manages) { level.max(had(Level::View)) } else { level }, copy)
    }

    fn effective_there(&self, who: &Who, content: At, t: Time) -> Had {
        // A global role is handed on as it is held, to orgs that do not work and to those that shut it out as well:
        // managing content by it is managing all there is, and entering by it is having what is shared with any org.
        let everywhere = self.everywhere(who, t);
        if everywhere.is_some_and(|(held, _)| held & CONTENT_MANAGE != 0) {
            return (had(Level::Manage), true);
        }
        if everywhere.is_some_and(|(_, enters)| enters) {
            let shared = self.level(content, t, false, |with| matches!(with, With::Org(_) | With::All));
            let own = self.effective(&Who { only: Some(self.contents[content].org), ..*who }, content, t);
            return (own.0.max(shared.0), own.1 || shared.1);
        }
        if !self.stands(who.user, t) {
            return (0, false);
        }
        let (org, environment) = (self.contents[content].org, self.contents[content].environment);
        let manages = self.judged_within(who, org, environment, t) & CONTENT_MANAGE != 0;
        if manages && self.personal_of(content).is_some() {
            return (had(Level::Manage), true);
        }
        let acting =
            (0..self.orgs.len()).filter(|acting| self.is_judged(*acting, t) && who.only.is_none_or(|o| o == *acting));
        // What is shared with an org, or with all, is for whomever those who work in an org let in: wherever it hangs
        // today, and whichever org a key of theirs works in.
        let theirs = |org: At| acting.clone().any(|acting| acting == org && self.belongs(who.user, org, t));
        let shared = self.level(content, t, false, |with| match with {
            With::Org(org) => theirs(org),
            With::All => true,
            With::User(_) | With::Role(_) | With::Group(_) => false,
        });
        let reaches = self.is_judged(org, t) && who.only.is_none_or(|only| only == org);
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
            let mut all = self.potential(t);
            // What lies in a personal folder is looked at apart.
            let personal = (0..self.contents.len()).filter(|at| self.personal_of(*at).is_some());
            personal.for_each(|at| all.levels[user][at] = (0, false));
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
        let held = self.everywhere(who, now).map_or(0, |(held, _)| held);
        if global & !held != 0 && !self.reaches(who, None, now) {
            return Err(format!("{} gains {global:#x} in every org", self.text(principal)));
        }
        // What is archived counts as well: its history is read still.
        for org in 0..self.orgs.len() {
            let gained = after.local[at][org] & !before.local.get(org).unwrap_or(&0) & !before.global & self.all();
            let exempt = before.exempt == Some(org) || self.reaches(who, Some(org), now);
            if gained & !self.judged(who, org, now) != 0 && !exempt {
                return Err(format!("{} gains {gained:#x} in {}", self.text(principal), self.orgs[org].id));
            }
        }
        for (at_environment, environment) in self.environments.iter().enumerate().filter(|(_, e)| e.live) {
            let org = environment.org;
            let had = before.local.get(org).unwrap_or(&0) | before.within.get(at_environment).unwrap_or(&0);
            let gained = after.within[at][at_environment] & !had & !before.global & self.all();
            let held = self.judged_within(who, org, Some(at_environment), now);
            if gained & !held != 0 && !self.reaches(who, Some(org), now) {
                return Err(format!("{} gains {gained:#x} in {}", self.text(principal), environment.id));
            }
        }
        for content in 0..self.contents.len() {
            let (level, copy) = after.levels[at][content];
            let (old_level, old_copy) = before.levels.get(content).copied().unwrap_or((0, false));
            let exempt = before.exempt.is_some() || self.reaches(who, Some(self.contents[content].org), now);
            if (level > old_level || (copy && !old_copy)) && !exempt {
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
        let reaches = self.reaches(who, Some(self.contents[content].org), now);
        let covered = reaches || (level <= own.0 && (!copy || own.1));
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
    within: Vec<Set>,
    levels: Vec<Had>,
    /// An org that the principal may enter without anybody's leave.
    exempt: Option<At>,
}

/// Nobody gains what the actor does not hold there, with the domain's exemptions and no other: now, and at each instant
/// from now on for which they gain it.
pub fn no_escalation(before: &Facts, after: &Facts, act: &Act<'_>) -> Result<(), String> {
    let endless = before.unlicensed();
    nothing_shown(before, after, act)?;
    for t in instants(before, after, act.now) {
        let ended = act.who.ends.is_some_and(|ends| ends <= t);
        let who = &if ended { Who { cap: 0, only: Some(Facts::NOWHERE), ..act.who } } else { act.who };
        // A trial that ends takes nothing from anybody but its use.
        let facts = if t > act.now { &endless } else { before };
        let (old, new) = (before.potential(t), after.potential(t));
        let old_principals: Vec<Principal> = before.principals().collect();
        for (at, principal) in after.principals().enumerate() {
            let was = old_principals.iter().position(|old| *old == principal);
            let mut gap = Gap { exempt: exempt(facts, act, principal, t), ..Gap::default() };
            if let Some(was) = was {
                gap.global = old.global[was];
                gap.local.clone_from(&old.local[was]);
                gap.within.clone_from(&old.within[was]);
                gap.levels.clone_from(&old.levels[was]);
            }
            // What arises inside an org in the command that makes it; `covers` looks at the orgs there were.
            if let Principal::User(user) = principal
                && after.users[user].home >= before.orgs.len()
            {
                continue;
            }
            facts.covers(who, principal, (&new, at), Some(&gap), t).map_err(|e| format!("{e}, at {t}"))?;
        }
    }
    for t in instants(before, after, act.now) {
        for sub in 0..before.orgs.len() {
            for content in 0..before.contents.len() {
                let (old, new) = (before.opened_to(sub, content, t), after.opened_to(sub, content, t));
                if let Some(level) = new.filter(|_| new > old) {
                    let facts = if t > act.now { &endless } else { before };
                    facts.covers_level(&act.who, content, (had(level), true), t)?;
                }
            }
        }
    }
    own_subscription(before, after, act)?;
    credentials(before, act)
}

/// Who was shut out of an org stays so when it moves, and new ancestors start excluded; where there is no such rule, the
/// mover held over it what reaches down from them. Nothing that came from where it hung sleeps.
pub fn moves(before: &Facts, after: &Facts, act: &Act<'_>) -> Result<(), String> {
    const REACHES_DOWN: Set = ORG_MANAGE | ACT_AS | ACCESS_CHECK | AUDIT_READ;
    for event in act.events {
        let Event::OrgMoved(e) = event else { continue };
        let (moved, rule) = (before.org(&e.org), before.settings().landlord_rule);
        let above = |facts: &Facts| facts.ancestors(moved);
        let tree: Vec<At> =
            (0..before.orgs.len()).filter(|org| *org == moved || before.ancestors(*org).contains(&moved)).collect();
        for ancestor in above(after) {
            let new = !above(before).contains(&ancestor);
            for t in [act.now, FOR_GOOD] {
                let open = after.counts_in(ancestor, moved, t);
                if open && ((new && rule) || (!new && !before.counts_in(ancestor, moved, t))) {
                    return Err(format!("{} is let into {}", after.orgs[ancestor].id, e.org));
                }
            }
            let line = std::iter::once(moved).chain(above(before)).filter(|at| before.counts_in(*at, moved, act.now));
            let held = line.fold(0, |held, at| held | before.held(&act.who, at, act.now));
            let gains = new && after.counts_in(ancestor, moved, act.now);
            if gains && REACHES_DOWN & !held != 0 && !before.reaches(&act.who, Some(moved), act.now) {
                return Err(format!("hands {} to {}", e.org, after.orgs[ancestor].id));
            }
        }
        let stays = |of: At| tree.contains(&of) || (above(before).contains(&of) && above(after).contains(&of));
        let shared = after.shares.iter().filter_map(|share| match share.with {
            With::Org(org) => Some((share.content, org)),
            With::User(_) | With::Role(_) | With::Group(_) | With::All => None,
        });
        let given = after.given.iter().filter_map(|(content, to, _)| Some((*content, (*to)?)));
        let sleeps = |(content, org): &(At, At)| {
            let content = &after.contents[*content];
            content.live && tree.contains(org) && !stays(content.org)
        };
        if let Some((content, org)) = shared.chain(given).find(sleeps) {
            return Err(format!("{} is still for {}", after.contents[content].id, after.orgs[org].id));
        }
    }
    Ok(())
}

/// A membership that is given up before it begins hid nothing yet, and leaves nothing hidden.
fn left_before_it_began(before: &Facts, act: &Act<'_>, (user, org): (At, At)) -> bool {
    let late = |m: &Member| m.there && (m.user, m.org) == (user, org) && m.from.is_some_and(|from| from > act.now);
    before.members.iter().any(late) && act.name == "withdraw-subscription"
}

/// What a user type hid of somebody, or a membership that ended goes on hiding, shows by who holds it.
fn nothing_shown(before: &Facts, after: &Facts, act: &Act<'_>) -> Result<(), String> {
    let of_caps = |event: &Event| {
        matches!(
            event,
            Event::SubscriptionGranted(_)
                | Event::SubscriptionRetyped(_)
                | Event::SubscriptionExtended(_)
                | Event::SubscriptionWithdrawn(_)
                | Event::PrivilegeGranted(_)
                | Event::PrivilegeRevoked(_)
                | Event::UserTypeDefined(_)
                | Event::GroupInvited(_)
        )
    };
    if !act.events.iter().any(of_caps) {
        return Ok(());
    }
    // What comes by other paths than there were is looked at by itself.
    let capped = Facts {
        members: after.members.clone(),
        user_types: after.user_types.clone(),
        joined_at: after.joined_at.clone(),
        invited_at: after.invited_at.clone(),
        invited_within_at: after.invited_within_at.clone(),
        ..before.clone()
    };
    let (old, new, endless) = (before.bare(), capped.bare(), before.unlicensed());
    for t in instants(before, after, act.now) {
        let facts = if t > act.now { &endless } else { before };
        for (user, org) in (0..before.users.len()).flat_map(|user| (0..before.orgs.len()).map(move |org| (user, org))) {
            let gained = new.paths_in(user, org, t) & !old.paths_in(user, org, t) & before.all();
            let closed = before.reaches(&act.who, Some(org), act.now);
            if gained & !facts.judged(&act.who, org, t) != 0
                && !closed
                && !left_before_it_began(before, act, (user, org))
                && exempt(facts, act, Principal::User(user), t) != Some(org)
            {
                let (user, org) = (&before.users[user].id, &before.orgs[org].id);
                return Err(format!("{gained:#x} shows of {user} in {org} at {t}"));
            }
        }
    }
    Ok(())
}

/// What an org leaves to the ancestors that it excludes; and the platform's catalogue, of which each org's administrators
/// hold what is new.
const LEFT: [&str; 7] = [
    "disable-org",
    "enable-org",
    "rename-org",
    "license-org",
    "record-sign-in",
    "define-privilege",
    "define-resource-kind",
];

/// Nothing happens in an org that excludes its ancestors by what is held in those: whoever acts there belongs to it, or
/// manages it by what is held in it or in between.
pub fn excluded_is_excluded(before: &Facts, act: &Act<'_>) -> Result<(), String> {
    let closed = |place: &&String| {
        let org = before.orgs.iter().position(|org| org.id == **place)?;
        (!before.closed(org, act.now).is_empty()).then_some(org)
    };
    let alien =
        |org: &At| !before.belongs(act.who.user, *org, act.now) && !before.manages_inside(&act.who, *org, act.now);
    // Whoever is shut out may leave.
    let is_own = |event: &Event| {
        let user = match event {
            Event::SubscriptionWithdrawn(e) => &e.user,
            Event::SubscriptionExtended(e) => &e.user,
            Event::SubscriptionRetyped(e) => &e.user,
            Event::PrivilegeRevoked(e) => &e.user,
            Event::RoleUnassigned(e) => match &e.from {
                Assignee::User(user) => user,
                Assignee::Group(_) => return false,
            },
            _ => return false,
        };
        before.users[act.who.user].id == user.as_str()
    };
    if act.events.iter().all(is_own) {
        return Ok(());
    }
    match act.places.iter().filter_map(|place| closed(&place)).find(alien).filter(|_| !LEFT.contains(&act.name)) {
        Some(org) => Err(format!("acts in {}, which excludes what they have", before.orgs[org].id)),
        None => Ok(()),
    }
}

/// Managers from above may subscribe themselves, and nobody else, the first time ever and while nobody there can.
fn exempt(before: &Facts, act: &Act<'_>, principal: Principal, t: Time) -> Option<At> {
    let Principal::User(user) = principal else { return None };
    act.events.iter().find_map(|event| {
        let Event::SubscriptionGranted(e) = event else { return None };
        let there = before.users.get(user).is_some_and(|value| value.id == e.user.as_str());
        let org = before.orgs.iter().position(|org| org.id == e.org.as_str())?;
        (there && may_enter(before, act, user, org, t)).then_some(org)
    })
}

fn may_enter(before: &Facts, act: &Act<'_>, user: At, org: At, t: Time) -> bool {
    let ended = act.who.ends.is_some_and(|ends| ends <= t);
    let manager = before.manages_above(&act.who, org, t) && !ended;
    // Once for each ancestor, as homes tell.
    let from = |user: At| Some(before.users[user].home).filter(|home| before.ancestors(org).contains(home));
    let before_them = |other: At| from(other).is_none() || from(user).is_none() || from(other) == from(user);
    let entered = before.entered.iter().any(|(of, other)| *of == org && before_them(*other));
    let first = !entered && !before.members.iter().any(|m| (m.user, m.org) == (user, org));
    let holder = |user| {
        before.stands(user, act.now) && before.authority(user, org, act.now).privileges & SUBSCRIPTION_MANAGE != 0
    };
    let apart = before.settings().tenant_users == TenantUsers::Never;
    user == act.who.user
        && manager
        && !apart
        && (first || (before.deserted.get(&org) == Some(&true) && !(0..before.users.len()).any(holder)))
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
            if !less && !may_enter(before, act, own, now.org, act.now) {
                return Err(format!("adds to their own subscription to {}", after.orgs[now.org].id));
            }
        }
    }
    Ok(())
}

/// Whoever touches a credential, or the address, of somebody else holds all that they have, and `user.manage` or `key.manage` at their
/// home; through a key nobody makes a credential that carries more than the key.
fn credentials(before: &Facts, act: &Act<'_>) -> Result<(), String> {
    for event in act.events {
        let (user, privilege, cap, only) = match event {
            Event::ApiKeyIssued(e) => {
                let cap = e.privileges.as_ref().map_or(Set::MAX, |privileges| before.set(privileges));
                (&e.user, KEY_MANAGE, cap, e.org.as_ref().map(|org| before.org(org)))
            }
            Event::IdentityLinked(e) => (&e.user, USER_MANAGE, Set::MAX, None),
            Event::UserCredentialReset(e) => (&e.user, USER_MANAGE, 0, None),
            // The secret of the next reset goes to the address.
            Event::UserProfileChanged(e) if before.users[before.user(&e.user)].email != e.email => {
                (&e.user, USER_MANAGE, 0, None)
            }
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
        // The secret of a reset reaches the user; every other way in is one to what is theirs alone.
        let reaches = |org| before.reaches(&act.who, Some(org), act.now);
        if !matches!(event, Event::UserCredentialReset(_)) && before.has_personal_content(user, reaches) {
            return Err(format!("has what lies in a personal folder of {}", before.users[user].id));
        }
    }
    Ok(())
}
