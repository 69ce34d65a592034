//! A catalogue that grows and settings that change: as the domain states it, and commands that do it.

use serde_json::{Value, json};
use tenure_events::Time;
use tenure_events::data::{Settings, Switch};

use super::Dice;
use super::audit::{Act, instants};
use super::facts::{At, Facts, Set, Status};
use super::generate::some;
use super::rules::{Who, holds};
use crate::support::memory::{KINDS, USER_TYPES};

const ACTIONS: [&str; 5] = ["create", "view", "edit", "delete", "share"];

impl Facts {
    /// Every privilege that there is.
    pub fn all(&self) -> Set {
        1_u128.checked_shl(self.privileges.len() as u32).map_or(Set::MAX, |next| next - 1)
    }

    /// A user type can hold this now.
    pub fn note_user_type(&mut self, name: String, ceiling: Set) {
        match self.user_types.iter().position(|(known, _)| *known == name) {
            Some(at) => self.user_types[at].1 = ceiling,
            None => self.user_types.push((name, ceiling)),
        }
    }

    /// A kind needs these privileges now.
    pub fn note_kind(&mut self, name: String, kind: super::facts::Kind) {
        match self.kinds.iter().position(|(known, _)| *known == name) {
            Some(at) => self.kinds[at].1 = kind,
            None => self.kinds.push((name, kind)),
        }
    }

    /// Whether tenant permissions count.
    pub fn permissions_count(&self) -> bool {
        match self.settings.as_ref().unwrap().tenant_permissions {
            Switch::Off => false,
            Switch::OnceUsed => self.permitted.is_some(),
            Switch::On => true,
        }
    }

    /// What was defined since the subject was given everything in an org, and still has it all there: theirs to hand
    /// out.
    pub fn since(&self, who: &Who, org: At, now: Time) -> Set {
        let member = self.members.iter().find(|m| (m.user, m.org, m.there) == (who.user, org, true));
        let Some(member) = member.filter(|m| holds(m.from, m.until, now) && m.all & !m.privileges == 0) else {
            return 0;
        };
        let (here, usable) = (self.held(who, org, now), who.cap & !self.forbidden(who.user));
        let whole = here != 0 && member.all & usable & !here == 0;
        if whole { self.all() & !member.all & usable & self.user_types[member.user_type].1 } else { 0 }
    }
}

/// Whoever raises a ceiling holds, in every org, what it hid of somebody.
pub fn nothing_unhidden(before: &Facts, after: &Facts, act: &Act<'_>) -> Result<(), String> {
    for (user_type, (name, ceiling)) in before.user_types.iter().enumerate() {
        let raised = after.user_types[user_type].1 & !ceiling & before.all();
        if raised == 0 {
            continue;
        }
        for t in instants(before, before, act.now) {
            let potential = before.potential(t);
            let of_type = before.members.iter().filter(|m| m.there && m.user_type == user_type);
            let open = of_type
                .filter(|m| m.until.is_none_or(|until| until > act.now) && before.orgs[m.org].status != Status::Gone);
            for member in open {
                let had = potential.local[member.user][member.org] | potential.global[member.user];
                let holds = before.held(&act.who, member.org, act.now) | before.since(&act.who, member.org, act.now);
                if had & raised & !holds != 0 {
                    let (user, org) = (&before.users[member.user].id, &before.orgs[member.org].id);
                    return Err(format!("raising `{name}` gives {user} in {org} what the actor does not hold"));
                }
            }
        }
    }
    Ok(())
}

/// What nobody decides anew once there is a platform.
pub fn settled(before: &Facts, after: &Facts) -> Result<(), String> {
    let of = |facts: &Facts| {
        let Settings { roles_need_membership, lifecycle, administrators_group, .. } = facts.settings.clone().unwrap();
        (roles_need_membership, lifecycle, administrators_group)
    };
    if of(before) == of(after) { Ok(()) } else { Err("what is settled changes".to_owned()) }
}

/// The arguments of a command about the catalogue or the settings.
pub fn wish(facts: &Facts, name: &str, dice: &mut Dice) -> Option<Value> {
    let mut arguments = match name {
        "define-privilege" => return Some(json!({"name": format!("x.{}", dice.of(4))})),
        "define-user-type" => {
            let types = USER_TYPES.into_iter().chain(["guest"]);
            let ceiling = match dice.of(3) {
                0 => vec!["*".to_owned()],
                1 => vec!["*".to_owned(), format!("!{}", facts.privileges[dice.of(facts.privileges.len())])],
                _ => some(dice),
            };
            json!({"name": dice.pick(types)?, "ceiling": ceiling})
        }
        "define-resource-kind" => {
            let kinds =
                KINDS.into_iter().map(|(kind, actions)| (kind, actions.to_vec())).chain([("story", Vec::new())]);
            let (kind, mut actions) = dice.pick(kinds)?;
            actions.extend(ACTIONS.into_iter().filter(|_| dice.one_in(4)));
            actions.sort_unstable();
            actions.dedup();
            json!({"name": kind, "actions": actions})
        }
        "change-settings" => {
            let on = dice.one_in(2);
            match dice.of(7) {
                0 => json!({"single_org_hierarchy": on}),
                1 => json!({"landlord_rule": on}),
                2 => json!({"cross_org_shares": if on { "downward" } else { "none" }}),
                3 => json!({"name_scope": if on { "org" } else { "parent" }}),
                4 => json!({"managing_team_required": on}),
                5 => json!({"tenant_permissions": dice.pick(["off", "once_used", "on"].into_iter())}),
                _ => json!({"roles_need_membership": on}),
            }
        }
        _ => return None,
    };
    arguments["take_away"] = json!(dice.one_in(2));
    Some(arguments)
}

/// Lets a command be about a privilege that came since, now and then.
pub fn with_new(facts: &Facts, arguments: &mut Value, dice: &mut Dice) {
    let began = crate::support::memory::privileges().len();
    let new = dice.pick(facts.privileges.iter().skip(began)).cloned();
    if let (Some(new), Some(privileges)) = (new, arguments.get_mut("privileges").and_then(Value::as_array_mut)) {
        if dice.one_in(2) {
            privileges.clear();
        }
        privileges.push(json!(new));
    }
}
