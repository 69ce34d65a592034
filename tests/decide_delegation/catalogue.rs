//! A catalogue that grows and settings that change: as the domain states it, and commands that do it.

use serde_json::{Value, json};
use tenure_events::data::{CrossOrgShares, Settings, Switch, TenantUsers};

use super::Dice;
use super::audit::Act;
use super::facts::{At, Facts, Set, With};
use super::generate::some;
use super::potential::instants;
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
        match self.settings().tenant_permissions {
            Switch::Off => false,
            Switch::OnceUsed => self.permitted.is_some(),
            Switch::On => true,
        }
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
            let open = of_type.filter(|m| m.until.is_none_or(|until| until > act.now));
            for member in open {
                let of_org = |at: &At| before.environments[*at].org == member.org;
                let within = (0..before.environments.len()).filter(of_org);
                let had = potential.local[member.user][member.org] | potential.global[member.user];
                let had = within.fold(had, |had, at| had | potential.within[member.user][at]);
                if before.reaches(&act.who, Some(member.org), act.now) {
                    continue;
                }
                let holds = before.judged(&act.who, member.org, act.now);
                if had & raised & !holds != 0 {
                    let (user, org) = (&before.users[member.user].id, &before.orgs[member.org].id);
                    return Err(format!("raising `{name}` gives {user} in {org} what the actor does not hold"));
                }
            }
        }
    }
    Ok(())
}

/// What nobody decides anew once there is a platform, what goes one way only, and what waits until nothing rests on it.
pub fn settled(before: &Facts, after: &Facts) -> Result<(), String> {
    let (old, new) = (before.settings(), after.settings());
    if old == new {
        return Ok(());
    }
    let of = |settings: &Settings| {
        (settings.roles_need_membership, settings.lifecycle, settings.administrators_group.clone())
    };
    let apart = |settings: &Settings| match settings.tenant_users {
        TenantUsers::Always => 0,
        TenantUsers::WhenSubscribed => 1,
        TenantUsers::Never => 2,
    };
    let licences = |settings: &Settings| match settings.licences {
        Switch::Off => 0,
        Switch::OnceUsed => 1,
        Switch::On => 2,
    };
    let own = |with: With, of: At| !matches!(with, With::All) && !matches!(with, With::Org(org) if org != of);
    let crosses = |at: At| {
        let org = before.contents[at].org;
        let open = |share: &super::facts::Share| share.until.is_none() && !own(share.with, org);
        before.shares.iter().any(|share| share.content == at && open(share)) || before.given.iter().any(|g| g.0 == at)
    };
    let live = || (0..before.contents.len()).filter(|at| before.contents[*at].live);
    let downward = |settings: &Settings| settings.cross_org_shares == CrossOrgShares::Downward;
    let excludes = |org: &super::facts::Org| org.shuts_from.is_some();
    let rules = [
        (of(old) == of(new), "what is settled changes"),
        (old.system_administrator_reaches || !new.system_administrator_reaches, "system administrators come to reach"),
        (apart(old) <= apart(new), "those above come to manage users"),
        (licences(old) <= licences(new), "licences are lifted"),
        (old.name_scope == new.name_scope || live().count() == 0, "content is named otherwise"),
        (!downward(old) || downward(new) || !live().any(crosses), "what crosses orgs waits in the dark"),
        (!old.landlord_rule || new.landlord_rule || !before.orgs.iter().any(excludes), "excluded ancestors wait"),
    ];
    rules.into_iter().find(|(kept, _)| !kept).map_or(Ok(()), |(_, why)| Err(why.to_owned()))
}

/// What takes something from somebody says so.
pub fn nothing_taken(before: &Facts, after: &Facts, act: &Act<'_>) -> Result<(), String> {
    let may = act.take_away || !["change-settings", "define-user-type"].contains(&act.name);
    for (user, org) in (0..before.users.len()).flat_map(|user| (0..before.orgs.len()).map(move |org| (user, org))) {
        if may {
            break;
        }
        let held = |facts: &Facts| facts.authority(user, org, act.now).privileges;
        let lost = held(before) & !held(after);
        if lost != 0 {
            let (user, org) = (&before.users[user].id, &before.orgs[org].id);
            return Err(format!("{user} loses {lost:#x} in {org} without a word"));
        }
    }
    Ok(())
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
            match dice.of(14) {
                0 => json!({"single_org_hierarchy": on}),
                1 => json!({"landlord_rule": on}),
                2 => json!({"cross_org_shares": if on { "downward" } else { "none" }}),
                3 => json!({"name_scope": if on { "org" } else { "parent" }}),
                4 => json!({"managing_team_required": on}),
                5 => json!({"tenant_permissions": dice.pick(["off", "once_used", "on"].into_iter())}),
                6 => json!({"system_administrator_reaches": on}),
                7 => json!({"tenant_users": dice.pick(["always", "when_subscribed", "never"].into_iter())}),
                8 | 9 => json!({"personal_folders": on}),
                10 => json!({"public_folders": on}),
                11 => json!({"licences": dice.pick(["off", "once_used", "on"].into_iter())}),
                12 => json!({"lifecycle": dice.pick(["org_manage", "system_administrator", "root"].into_iter())}),
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
