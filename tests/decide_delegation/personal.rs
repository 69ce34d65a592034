//! The naive model's personal folders: their owner's alone, until the owner is gone.

use serde_json::{Value, json};
use tenure_events::data::{Assignee, Level};
use tenure_events::{Envelope, Event, Time};

use super::Dice;
use super::audit::Act;
use super::facts::{At, Content, Facts, Holder, Member, Status, With};
use super::rules::{CONTENT_MANAGE, Having, Who};

/// A way into an org: by which group, which role, and until when.
type Way = (Option<At>, Option<At>, Option<Time>);

/// The ways of a user into an org.
type Ways = ((At, At), Vec<Way>);

/// Whether somebody may come into an org by it, or go.
pub fn comes_or_goes(event: &Event) -> bool {
    matches!(
        event,
        Event::SubscriptionGranted(_)
            | Event::SubscriptionExtended(_)
            | Event::SubscriptionWithdrawn(_)
            | Event::GroupMemberAdded(_)
            | Event::GroupMemberRemoved(_)
            | Event::GroupDeleted(_)
            | Event::GroupInvited(_)
            | Event::GroupUninvited(_)
            | Event::RoleAssigned(_)
            | Event::RoleUnassigned(_)
            | Event::RoleDeleted(_)
    )
}

impl Facts {
    /// The personal folder that content lies in, or is.
    pub fn personal_of(&self, content: At) -> Option<At> {
        self.chain(content).into_iter().find(|at| self.contents[*at].personal)
    }

    /// A user's personal folder in an org.
    pub fn personal_folder(&self, user: At, org: At) -> Option<At> {
        self.contents.iter().position(|c| c.personal && c.live && (c.maker, c.org) == (user, org))
    }

    /// Whether something lies in a personal folder of the user.
    pub fn has_personal_content(&self, user: At, reaches: impl Fn(At) -> bool) -> bool {
        (0..self.contents.len()).filter(|at| self.contents[*at].live && !self.contents[*at].personal).any(|at| {
            let org = self.contents[at].org;
            let folder = self.personal_of(at).filter(|_| !reaches(org));
            folder.is_some_and(|folder| self.contents[folder].maker == user)
        })
    }

    /// Every way into an org that a user has: by which group, which role, and until when.
    fn ways(&self, user: At, org: At) -> Vec<Way> {
        let groups: Vec<At> = self.groups_in(user, org).collect();
        let member = self.members.iter().filter(|m| (m.user, m.org, m.there) == (user, org, true));
        let member = member.map(|m| (None, None, m.until));
        let team = self.orgs[org].team.filter(|team| groups.contains(team)).map(|team| (Some(team), None, None));
        let invited = self.invitations.iter().filter(|(group, of, _)| *of == org && groups.contains(group));
        let invited = invited.map(|(group, ..)| (Some(*group), None, None));
        let roles = self.assignments.iter().filter_map(|held| {
            let role = &self.roles[held.role];
            let group = match held.to {
                Holder::User(of) if of == user => None,
                Holder::Group(group) if groups.contains(&group) => Some(group),
                Holder::User(_) | Holder::Group(_) => return None,
            };
            let here = role.live && role.org.is_none_or(|of| of == org);
            here.then_some((group, Some(held.role), held.until))
        });
        let mut ways: Vec<_> = member.chain(team).chain(invited).chain(roles).collect();
        ways.sort_unstable();
        ways
    }

    /// All ways of all users into all orgs.
    pub fn all_ways(&self) -> Vec<Ways> {
        let all = (0..self.users.len()).flat_map(|user| (0..self.orgs.len()).map(move |org| (user, org)));
        all.map(|(user, org)| ((user, org), self.ways(user, org))).collect()
    }

    /// Takes note of what came and went: by the user's own giving up, or by anything else.
    pub fn note_ways(&mut self, before: &[Ways], e: &Envelope) {
        let Some(when) = self.noting else { return };
        let own = match &e.event {
            Event::SubscriptionWithdrawn(w) => Some((self.user(&w.user), self.org(&w.org))),
            Event::RoleUnassigned(u) => match &u.from {
                Assignee::User(user) => Some((self.user(user), self.org(&e.org))),
                Assignee::Group(_) => None,
            },
            _ => None,
        };
        let own = own.filter(|(user, _)| self.users[*user].id == e.actor.as_str() && e.on_behalf_of.is_none());
        self.gave_up.extend(own.map(|own| (own, when)));
        for (of, old) in before {
            let new = self.ways(of.0, of.1);
            let differ = old.iter().filter(|way| !new.contains(way)).chain(new.iter().filter(|way| !old.contains(way)));
            let changes: Vec<_> = differ.map(|(_, role, _)| (of.0, of.1, *role, when)).collect();
            self.changed.extend(changes.into_iter().filter(|_| own != Some(*of)));
        }
    }

    /// Gone: erased, or left by their own act a month ago. Who is suspended, disabled or sent away may come back.
    pub fn has_left(&self, user: At, org: At, t: Time) -> bool {
        if self.users[user].status == Status::Gone || self.users[user].home == org {
            return self.users[user].status == Status::Gone;
        }
        let Some((position, left)) = self.gave_up.get(&(user, org)) else { return false };
        let counts = |role: Option<At>| {
            role.is_none_or(|role| !self.need_membership() || (self.is_system(role) && self.reach() != 0))
        };
        let stays = self
            .ways(user, org)
            .into_iter()
            .any(|(_, role, until)| counts(role) && until.is_none_or(|until| until > *left));
        let since = self
            .changed
            .iter()
            .any(|(of, at, role, when)| (*of, *at) == (user, org) && when.0 > *position && counts(*role));
        !stays && !since && left.plus_seconds(30 * 86_400) <= t
    }

    /// How the subject has what lies in a personal folder of the org.
    pub fn personal_havings(&self, who: &Who, folder: At, content: At, t: Time) -> Vec<Having> {
        let (org, owner) = (self.contents[folder].org, self.contents[folder].maker);
        let authority = self.authority_within(who.user, org, self.contents[content].environment, t);
        let own = who.themself(owner) && self.belongs(owner, org, t);
        let left = self.has_left(owner, org, t) && authority.privileges & who.cap & CONTENT_MANAGE != 0;
        let has = Having { level: Level::Manage, copy: false, elsewhere: false };
        (own || left).then_some(has).into_iter().collect()
    }

    /// Whether content lies in somebody else's personal folder, who is still there.
    pub fn is_private(&self, who: &Who, content: At, t: Time) -> bool {
        self.personal_of(content).is_some_and(|folder| {
            let owner = self.contents[folder].maker;
            !who.themself(owner) && !self.has_left(owner, self.contents[folder].org, t)
        })
    }
}

/// Personal folders lie at the top, each member has one, and nothing in them is for anybody else.
pub fn well_kept(facts: &Facts) -> Result<(), String> {
    for (at, content) in facts.contents.iter().enumerate().filter(|(_, content)| content.live) {
        let Some(folder) = facts.personal_of(at) else { continue };
        let first = facts.personal_folder(facts.contents[folder].maker, content.org);
        if (content.personal && content.parent.is_some()) || first != Some(folder) {
            return Err(format!("the personal folder of {} is no such folder", content.id));
        }
        let handed = facts.shares.iter().any(|share| share.content == at) || facts.given.iter().any(|g| g.0 == at);
        if handed {
            return Err(format!("{} lies in a personal folder and is for others as well", content.id));
        }
    }
    Ok(())
}

/// Whoever becomes a member where there are personal folders has one; a new org where there are public ones, too.
pub fn welcomed(before: &Facts, after: &Facts, act: &Act<'_>) -> Result<(), String> {
    let settings = before.settings();
    for event in act.events {
        let (user, org) = match event {
            Event::SubscriptionGranted(e) => (&e.user, &e.org),
            Event::ActiveOrgSelected(e) => (&e.user, &e.org),
            Event::OrgCreated(e) if settings.public_folders => {
                let org = after.org(&e.org);
                let open = |share: &super::facts::Share| {
                    let content = &after.contents[share.content];
                    share.with == With::Org(org) && content.org == org && share.level == Level::Edit
                };
                if !after.shares.iter().any(open) {
                    return Err(format!("{} has no public folder", e.org));
                }
                continue;
            }
            _ => continue,
        };
        if settings.personal_folders && after.personal_folder(after.user(user), after.org(org)).is_none() {
            return Err(format!("{user} has no personal folder in {org}"));
        }
    }
    Ok(())
}

/// A move into a personal folder or out of one, mostly by its owner, else by whoever manages what the owner left.
pub fn wish(facts: &Facts, dice: &mut Dice, now: Time) -> Option<(Value, Option<At>)> {
    let live = |at: &At| facts.contents[*at].live;
    let all = || (0..facts.contents.len()).filter(live);
    let folder = dice.pick(all().filter(|at| facts.contents[*at].personal))?;
    let Content { org, maker, .. } = facts.contents[folder];
    let manages = |m: &&Member| m.there && m.org == org && m.privileges & CONTENT_MANAGE != 0;
    let left = facts.has_left(maker, org, now);
    let by = if left { dice.pick(facts.members.iter().filter(manages)).map(|member| member.user) } else { Some(maker) };
    let inside = |at: &At| facts.personal_of(*at) == Some(folder) && *at != folder;
    let here = |at: &At| facts.contents[*at].org == org && facts.personal_of(*at).is_none();
    let folders = all().filter(here).filter(|at| facts.contents[*at].kind == 0);
    let (what, parent) = match dice.pick(all().filter(inside)).filter(|_| dice.one_in(2)) {
        Some(inside) => (inside, dice.pick(folders).filter(|_| dice.one_in(2))),
        None => {
            let own = dice.pick(all().filter(here).filter(|at| facts.contents[*at].maker == maker));
            (own.filter(|_| !dice.one_in(3)).or_else(|| dice.pick(all().filter(here)))?, Some(folder))
        }
    };
    let parent = parent.map(|parent| &facts.contents[parent].id);
    Some((json!({"resource": facts.contents[what].id, "parent": parent}), by))
}
