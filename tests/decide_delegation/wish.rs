//! Random commands in a small world, and who might give them.

use serde_json::{Value, json};
use tenure::command::names;
use tenure_events::Time;

use super::Dice;
use super::facts::{At, Facts, Holder, Key, Member, Status, With};
use super::generate::{LEVELS, audience, some, until};
use super::rules::{GROUP_MANAGE, LANDLORD_MANAGE, USER_MANAGE};
use crate::support::memory::{KINDS, USER_TYPES, privileges};

/// Commands that may be given on behalf of somebody.
const ON_BEHALF: [&str; 5] =
    ["create-resource", "copy-resource", "rename-resource", "move-resource", "select-active-org"];

/// Commands that hand something out.
const OFTEN: [&str; 30] = [
    "grant-subscriptions",
    "withdraw-subscription",
    "extend-subscription",
    "grant-privileges",
    "change-role",
    "assign-role",
    "add-group-members",
    "create-resource",
    "move-resource",
    "share",
    "issue-api-key",
    "disable-org",
    "create-user",
    "associate-sub-tenant",
    "distribute",
    "hand-on",
    "hand-on",
    "hand-on",
    "hand-on",
    "take-back",
    "take-back",
    "take-back",
    "take-back",
    "exclude-landlord",
    "admit-landlord",
    "link-environment",
    "invite-group",
    "invite-group",
    "uninvite-group",
    "revoke-tenant-permission",
];

/// Names that differ, and that do not.
const LABELS: [&str; 7] = ["Alpha", "ALPHA", "B\u{ea}ta", "BE\u{302}TA", "Gamma", "Guest", "guest"];

/// A membership that carries much, if there is one: most commands are given by its user about its org.
pub fn focus(facts: &Facts, dice: &mut Dice, now: Time) -> (At, At) {
    let strong =
        |member: &&Member| member.there && member.privileges.count_ones() > 3 && facts.stands(member.user, now);
    let strong = facts.members.iter().filter(strong);
    dice.pick(strong).map_or((0, 0), |member| (member.user, member.org))
}

/// A command, its arguments, and who would give it first.
pub struct Wish {
    pub name: &'static str,
    pub arguments: Value,
    pub by: Option<At>,
}

/// A command, mostly about an org.
pub fn wish(facts: &Facts, number: u8, org: At, dice: &mut Dice, now: Time) -> Option<Wish> {
    // What an enrolment secret alone sends is not drawn: the players have no secrets.
    let all: Vec<&'static str> = names().filter(|name| *name != "enrol").chain(OFTEN).chain(OFTEN).collect();
    let name = all[usize::from(number) % all.len()];
    let mut by = None;
    let org = if dice.one_in(3) { dice.of(facts.orgs.len()) } else { org };
    let (puppet, org) = puppet(facts, dice, now).map_or((None, org), |(user, shut)| (Some(user), shut));
    let far = dice.one_in(5);
    let near = |of: Option<At>| far || of.is_none_or(|of| of == org);
    let user = dice.pick(facts.users.iter().filter(|user| near(Some(user.home))));
    let user = user.map_or("admin", |user| &user.id).to_owned();
    let group = dice.pick(facts.groups.iter().filter(|group| near(group.org)));
    let role = dice.pick(facts.roles.iter().filter(|role| near(role.org)));
    // What others have put something into is the more interesting.
    let others = |at: At| facts.contents.iter().any(|c| c.parent == Some(at) && c.maker != facts.contents[at].maker);
    let full = facts.contents.iter().enumerate().filter(|(at, _)| others(*at)).map(|(_, content)| content);
    let content = match dice.pick(full).filter(|_| dice.one_in(2)) {
        Some(full) => Some(full),
        None => dice.pick(facts.contents.iter().filter(|content| near(Some(content.org)))),
    };
    if ["rename-resource", "move-resource", "delete-resource", "share"].contains(&name) && dice.one_in(2) {
        by = content.map(|content| content.maker);
    }
    // Home memberships neither end nor can be withdrawn.
    let foreign = name == "extend-subscription" || name == "withdraw-subscription";
    let fits = |member: &&Member| {
        member.there && if foreign { facts.users[member.user].home != member.org } else { near(Some(member.org)) }
    };
    let member = dice.pick(facts.members.iter().filter(fits)).map_or((org, 0), |member| (member.org, member.user));
    let member = json!({"org": facts.orgs[member.0].id, "user": facts.users[member.1].id});
    let org = facts.orgs[org].id.clone();
    let label = LABELS[dice.of(LABELS.len())];
    let global = dice.one_in(4);
    let of = (!global).then_some(&org);
    let privileges = if dice.one_in(3) { json!("all") } else { json!(some(dice)) };
    let user_type = USER_TYPES[dice.of(4)];
    let until = until(dice, now);
    let fresh = if dice.one_in(8) { Some(&user) } else { None };
    let users = |dice: &mut Dice| -> Vec<String> {
        let mut users = vec![user.clone()];
        users.extend(dice.one_in(3).then(|| facts.users[dice.of(facts.users.len())].id.clone()));
        users
    };
    let mut arguments = match name {
        "change-settings" | "define-privilege" | "define-user-type" | "define-resource-kind" => {
            by = Some(0);
            super::catalogue::wish(facts, name, dice)?
        }
        "create-org" => json!({"id": fresh, "name": label, "parent": org,
            "managing_group": if global { group.map(|g| &g.id) } else { None },
            "admin": dice.one_in(2).then(|| json!({"name": "First"}))}),
        "rename-org" => json!({"org": org, "name": label}),
        "describe-org" => json!({"org": org, "description": label}),
        "tag-org" => json!({"org": org, "tags": [label]}),
        "move-org" => json!({"org": org, "parent": facts.orgs[dice.of(facts.orgs.len())].id}),
        "disable-org" | "enable-org" | "exclude-landlord" => json!({"org": org}),
        "archive-org" => json!({"org": org, "confirmation": "permanently archive"}),
        "admit-landlord" => json!({"org": org, "until": until}),
        "confirm-credentials" => {
            let at = facts.org(&org);
            let own = |m: &&Member| m.there && m.org == at && facts.users[m.user].home == at;
            by = dice
                .pick(facts.members.iter().filter(|m| own(m) && m.privileges & LANDLORD_MANAGE != 0))
                .map(|m| m.user);
            let doubtful = (0..facts.users.len()).filter(|user| facts.is_inside(*user, at) && !facts.is_of(*user, at));
            let users: Vec<_> = dice.pick(doubtful).into_iter().map(|user| &facts.users[user].id).collect();
            let issued = |key: &&Key| facts.is_inside(key.user, at) && !key.confirmed && !facts.is_of(key.maker, at);
            let keys: Vec<_> = dice.pick(facts.keys.iter().filter(issued)).into_iter().map(|key| &key.id).collect();
            json!({"org": org, "users": users, "keys": keys})
        }
        "create-user" => {
            let tight = (0..facts.orgs.len()).filter(|org| facts.orgs[*org].licence.is_some());
            let at = dice.pick(tight).filter(|_| dice.one_in(2)).unwrap_or_else(|| facts.org(&org));
            let manages = |m: &&Member| m.there && m.org == at && m.privileges & USER_MANAGE != 0;
            by = dice.pick(facts.members.iter().filter(manages)).map(|member| member.user);
            let org = &facts.orgs[at].id;
            json!({"id": fresh, "org": org, "name": "New", "user_type": user_type, "privileges": privileges})
        }
        "change-profile" => {
            json!({"user": user, "name": "Other", "email": dice.one_in(2).then(|| format!("{user}@{label}.example"))})
        }
        "disable-user" | "reset-credential" | "record-sign-in" => json!({"user": user}),
        "enable-user" => {
            let off = facts.users.iter().filter(|user| user.status == Status::Disabled);
            json!({"user": dice.pick(off).map_or(&user, |user| &user.id)})
        }
        "erase-user" => {
            let successor = dice.one_in(2).then(|| facts.users[dice.of(facts.users.len())].id.clone());
            json!({"user": user, "confirmation": "permanently erase", "successor": successor})
        }
        "link-identity" => json!({"user": user, "issuer": "idp", "subject": label}),
        "unlink-identity" => {
            let linked = dice.pick(facts.identities.iter())?;
            json!({"user": facts.users[linked.1].id, "issuer": "idp", "subject": linked.2})
        }
        "select-active-org" => json!({"org": org}),
        "create-group" => json!({"org": of, "name": label}),
        "rename-group" => json!({"group": group?.id, "name": label}),
        "delete-group" => json!({"group": group?.id}),
        "remove-group-members" => {
            let (user, group) = *dice.pick(facts.joined.iter())?;
            json!({"group": facts.groups[group].id, "users": [facts.users[user].id]})
        }
        "add-group-members" | "sync-group" => {
            let teams = facts.environment_invitations.iter().map(|(group, ..)| &facts.groups[*group]);
            let team = dice.pick(teams.filter(|group| group.live)).filter(|_| dice.one_in(2));
            let manages = |m: &&Member| m.there && m.org == 0 && m.privileges & GROUP_MANAGE != 0;
            by = team.and_then(|_| dice.pick(facts.members.iter().filter(manages))).map(|member| member.user);
            let group = team.or(group);
            json!({"group": group?.id, "users": users(dice)})
        }
        "invite-group" => {
            let here = facts.environments.iter().filter(|environment| environment.live);
            match dice.pick(here).filter(|_| dice.one_in(2)) {
                Some(at) => {
                    let manages = |m: &&Member| m.there && m.org == at.org && m.privileges & 1 != 0;
                    by = dice.pick(facts.members.iter().filter(manages)).map(|member| member.user);
                    let teams = facts.groups.iter().filter(|g| g.live && g.org.is_none_or(|of| of == at.org));
                    let team = &dice.pick(teams)?.id;
                    let privileges = if dice.one_in(3) { json!([]) } else { privileges };
                    json!({"group": team, "org": facts.orgs[at.org].id, "environment": at.id, "privileges": privileges})
                }
                None => json!({"group": group?.id, "org": org, "privileges": privileges}),
            }
        }
        "uninvite-group" if dice.one_in(2) && !facts.environment_invitations.is_empty() => {
            let (group, environment, _) = *dice.pick(facts.environment_invitations.iter())?;
            let at = &facts.environments[environment];
            let manages = |m: &&Member| m.there && m.org == at.org && m.privileges & 1 != 0;
            by = dice.pick(facts.members.iter().filter(manages)).map(|member| member.user);
            json!({"group": facts.groups[group].id, "org": facts.orgs[at.org].id, "environment": at.id})
        }
        "uninvite-group" => {
            let (group, org, _) = *dice.pick(facts.invitations.iter())?;
            json!({"group": facts.groups[group].id, "org": facts.orgs[org].id})
        }
        // Seldom: from the first one on, few can manage orgs.
        "grant-tenant-permission" if !dice.one_in(3) => return None,
        "grant-tenant-permission" => {
            by = Some(facts.user(&"admin"));
            json!({"group": group?.id, "permission": "manage-organizations"})
        }
        "revoke-tenant-permission" => {
            by = Some(facts.user(&"admin"));
            let group = dice.pick(facts.permitted.iter().flatten())?;
            json!({"group": facts.groups[*group].id, "permission": "manage-organizations"})
        }
        "link-environment" => json!({"org": org, "name": label}),
        "unlink-environment" => {
            let linked = facts.environments.iter().filter(|environment| environment.live);
            json!({"environment": dice.pick(linked)?.id})
        }
        "grant-subscriptions" => {
            let from = if dice.one_in(6) { super::generate::until(dice, now) } else { None };
            let at = facts.org(&org);
            let there = |user: At| facts.members.iter().any(|m| (m.user, m.org, m.there) == (user, at, true));
            let new = dice.pick((0..facts.users.len()).filter(|user| !there(*user))).filter(|_| !dice.one_in(5));
            let left = facts.members.iter().filter(|member| !member.there && member.org == at);
            let again = dice.pick(left).map(|member| member.user).filter(|_| dice.one_in(2));
            // One's own first entry, and entering again.
            by = again.or(new).filter(|_| dice.one_in(2));
            let user = again.or(new).map_or(user.clone(), |user| facts.users[user].id.clone());
            json!({"org": org, "users": [user], "user_type": user_type, "privileges": privileges,
                "valid_from": from, "valid_until": until})
        }
        "withdraw-subscription" => {
            let left = dice.pick(facts.contents.iter().filter(|c| c.personal && facts.users[c.maker].home != c.org));
            match left.filter(|_| dice.one_in(2)) {
                Some(folder) => json!({"org": facts.orgs[folder.org].id, "user": facts.users[folder.maker].id}),
                None => member,
            }
        }
        "retype-subscription" => merged(member, json!({"user_type": user_type})),
        "extend-subscription" => merged(member, json!({"valid_until": until.filter(|_| dice.one_in(2))})),
        "grant-privileges" => merged(member, json!({"privileges": privileges})),
        "revoke-privileges" => {
            let one = json!([one_privilege(dice)]);
            merged(member, json!({"privileges": if dice.one_in(3) { json!("all") } else { one }}))
        }
        "define-role" => json!({"org": of, "name": label, "privileges": privileges}),
        "change-role" => {
            let name = dice.one_in(3).then_some(label);
            json!({"role": role?.id, "name": name, "privileges": if global { None } else { Some(privileges) }})
        }
        "delete-role" => json!({"role": role?.id}),
        "unassign-role" => {
            let held = dice.pick(facts.assignments.iter())?;
            match held.to {
                Holder::User(user) => json!({"role": facts.roles[held.role].id, "users": [facts.users[user].id]}),
                Holder::Group(group) => {
                    json!({"role": facts.roles[held.role].id, "groups": [facts.groups[group].id]})
                }
            }
        }
        "assign-role" => {
            let groups: Vec<&String> = group.filter(|_| dice.one_in(2)).map(|group| &group.id).into_iter().collect();
            let users = if groups.is_empty() || dice.one_in(4) { users(dice) } else { Vec::new() };
            let mut arguments = json!({"role": role?.id, "users": users, "groups": groups});
            if name == "assign-role" {
                arguments["valid_until"] = json!(until);
            }
            arguments
        }
        "create-resource" => {
            let parent = content.filter(|content| content.kind == 0 && dice.one_in(2));
            by = parent.filter(|folder| folder.personal && dice.one_in(2)).map(|folder| folder.maker);
            let linked = facts.environments.iter().filter(|environment| environment.live && parent.is_none());
            let environment = dice.pick(linked).filter(|_| dice.one_in(2));
            let at = parent.map(|parent| parent.org).or(environment.map(|environment| environment.org));
            let org = at.map_or(&org, |at| &facts.orgs[at].id);
            json!({"org": org, "kind": KINDS[dice.of(KINDS.len())].0, "name": label, "parent": parent.map(|parent| &parent.id),
                "environment": environment.map(|environment| &environment.id)})
        }
        "rename-resource" => json!({"resource": content?.id, "name": label}),
        "move-resource" if dice.one_in(3) && facts.contents.iter().any(|content| content.personal) => {
            let (arguments, mover) = super::personal::wish(facts, dice, now)?;
            by = mover;
            arguments
        }
        "move-resource" => {
            let folders = facts.contents.iter().filter(|folder| Some(folder.org) == content.map(|content| content.org));
            let own = folders.clone().filter(|folder| Some(folder.maker) == content.map(|content| content.maker));
            let folder = match dice.pick(own.filter(|folder| folder.kind == 0)).filter(|_| dice.one_in(2)) {
                Some(own) => Some(own),
                None => dice.pick(folders).filter(|_| !dice.one_in(4)),
            };
            json!({"resource": content?.id, "parent": folder.map(|folder| &folder.id)})
        }
        "delete-resource" => json!({"resource": content?.id}),
        "copy-resource" => json!({"resource": content?.id, "into_org": org, "name": label}),
        "export-resources" => {
            let content = content?;
            by = Some(content.maker).filter(|_| dice.one_in(2));
            json!({"org": facts.orgs[content.org].id, "resources": [content.id]})
        }
        "import-resources" => {
            let parent = content.filter(|content| content.kind == 0 && dice.one_in(2));
            let org = parent.map_or(&org, |parent| &facts.orgs[parent.org].id);
            let item = dice.pick(facts.contents.iter())?;
            let item = json!({"id": item.id, "kind": KINDS[item.kind].0, "name": label});
            let exported = "2026-01-01T00:00:00.000000Z";
            let bundle = json!({"format": 1, "org": "root", "exported": exported, "resources": [item]});
            json!({"org": org, "bundle": bundle.to_string(), "parent": parent.map(|parent| &parent.id)})
        }
        "share" => {
            json!({"resource": content?.id, "with": audience(facts, dice, content?.org)?, "level": LEVELS[dice.of(4)],
            "copy": dice.one_in(2), "valid_until": until})
        }
        "unshare" => {
            let share = dice.pick(facts.shares.iter())?;
            let with = match share.with {
                With::User(at) => json!({"user": facts.users[at].id}),
                With::Role(at) => json!({"role": facts.roles[at].id}),
                With::Group(at) => json!({"group": facts.groups[at].id}),
                With::Org(at) => json!({"org": facts.orgs[at].id}),
                With::All => json!({"all_orgs": true}),
            };
            json!({"resource": facts.contents[share.content].id, "with": with})
        }
        "associate-sub-tenant" => json!({"master": org, "sub": facts.orgs[dice.of(facts.orgs.len())].id}),
        "disassociate-sub-tenant" => {
            json!({"sub": dice.pick(facts.orgs.iter().filter(|org| org.master.is_some()))?.id})
        }
        "distribute" => {
            let below = (0..facts.orgs.len())
                .filter(|at| facts.ancestors(*at).iter().any(|above| facts.orgs[*above].id == org));
            let to = dice.pick(below).filter(|_| !global);
            let to = to.map_or(json!({"all_orgs": true}), |at| json!({"org": facts.orgs[at].id}));
            json!({"resource": content?.id, "to": to})
        }
        "undistribute" => {
            let (content, to, _) = *dice.pick(facts.given.iter())?;
            let to = to.map_or(json!({"all_orgs": true}), |at| json!({"org": facts.orgs[at].id}));
            json!({"resource": facts.contents[content].id, "to": to})
        }
        "hand-on" => {
            let (content, tenant, _) = *dice.pick(facts.given.iter())?;
            let tenant = tenant.unwrap_or_else(|| dice.of(facts.orgs.len()));
            let manager = |member: &&Member| {
                member.there
                    && member.org == tenant
                    && facts.stands(member.user, now)
                    && facts.manages_given(tenant, content, member.privileges)
            };
            by = dice.pick(facts.members.iter().filter(manager)).map(|member| member.user);
            let users = facts.users.iter().filter(|user| user.home == tenant);
            let roles = facts.roles.iter().filter(|role| role.org == Some(tenant));
            let groups = facts.groups.iter().filter(|group| group.org == Some(tenant));
            let to = match dice.of(4) {
                0 | 1 => json!({"role": dice.pick(roles)?.id}),
                2 => json!({"group": dice.pick(groups)?.id}),
                _ => json!({"user": dice.pick(users)?.id}),
            };
            json!({"resource": facts.contents[content].id, "org": facts.orgs[tenant].id, "to": to})
        }
        "take-back" => {
            let of = |with: With| match with {
                With::User(at) => Some(facts.users[at].home),
                With::Role(at) => facts.roles[at].org,
                With::Group(at) => facts.groups[at].org,
                With::Org(_) | With::All => None,
            };
            let stands = |(content, with, _): &&(At, With, u64)| {
                let managed =
                    |m: &Member| of(*with) == Some(m.org) && facts.manages_given(m.org, *content, m.privileges);
                facts.members.iter().any(|member| member.there && facts.stands(member.user, now) && managed(member))
            };
            let (content, with, _) = *dice.pick(facts.handed.iter().filter(stands))?;
            let (tenant, to) = match with {
                With::User(at) => (facts.users[at].home, json!({"user": facts.users[at].id})),
                With::Role(at) => (facts.roles[at].org?, json!({"role": facts.roles[at].id})),
                With::Group(at) => (facts.groups[at].org?, json!({"group": facts.groups[at].id})),
                With::Org(_) | With::All => return None,
            };
            let manager = |member: &&Member| {
                member.there
                    && member.org == tenant
                    && facts.stands(member.user, now)
                    && facts.manages_given(tenant, content, member.privileges)
            };
            by = dice.pick(facts.members.iter().filter(manager)).map(|member| member.user);
            json!({"resource": facts.contents[content].id, "org": facts.orgs[tenant].id, "to": to})
        }
        "set-row-rule" => {
            let users = if dice.one_in(2) { users(dice) } else { Vec::new() };
            json!({"resource": content?.id, "org": of, "users": users, "filter": label})
        }
        "clear-row-rule" => {
            let (content, with) = *dice.pick(facts.ruled.iter())?;
            let content = &facts.contents[content].id;
            match with {
                With::User(at) => json!({"resource": content, "users": [facts.users[at].id]}),
                With::Org(at) => json!({"resource": content, "org": facts.orgs[at].id}),
                With::Role(_) | With::Group(_) | With::All => return None,
            }
        }
        "issue-api-key" => {
            let privileges = (!dice.one_in(3)).then(|| some(dice));
            json!({"user": user, "name": "key", "org": dice.one_in(3).then_some(&org), "privileges": privileges})
        }
        "revoke-api-key" => json!({"key": dice.pick(facts.keys.iter())?.id}),
        "install-licence" | "license-org" => {
            let (arguments, manager) = super::licences::wish(facts, name, dice, now)?;
            by = manager;
            arguments
        }
        "configure-login" => json!({"org": of, "methods": [label], "default": "tenant"}),
        "register-issuer" => {
            let org = dice.one_in(2).then_some(&of);
            let trusted =
                json!({"audiences": [label], "algorithms": ["RS256"], "jwks_uri": "https://keys.example.org"});
            let id = format!("idp-{}", dice.of(3));
            let issuer = format!("https://{id}.example.org");
            merged(trusted, json!({"id": id, "org": org, "issuer": issuer}))
        }
        "change-issuer" | "remove-issuer" => {
            let trusted =
                json!({"audiences": [label], "algorithms": ["ES256"], "jwks_uri": "https://keys.example.org"});
            let id = json!({"id": format!("idp-{}", dice.of(3))});
            if name == "remove-issuer" { id } else { merged(trusted, id) }
        }
        "provision-tenant" => {
            let user = json!({"subject": label, "name": "New", "user_type": user_type, "privileges": privileges});
            let admin = json!({"subject": "first", "name": "First"});
            json!({"external_id": label, "issuer": "idp", "name": label, "admin": admin, "users": [user]})
        }
        other => panic!("no arguments for {other}"),
    };
    super::catalogue::with_new(facts, &mut arguments, dice);
    Some(Wish { name, arguments, by: puppet.or(by) })
}

/// One time in eight somebody who is at home elsewhere, and holds much in an ancestor that an org excludes, and that org.
fn puppet(facts: &Facts, dice: &mut Dice, now: Time) -> Option<(At, At)> {
    if !dice.one_in(8) {
        return None;
    }
    let shut = dice.pick((0..facts.orgs.len()).filter(|org| !facts.closed(*org, now).is_empty()))?;
    let from_above = |member: &&Member| {
        let alien = !facts.shut_out(facts.users[member.user].home, shut, now);
        member.there && alien && facts.shut_out(member.org, shut, now) && member.privileges & 1 != 0
    };
    dice.pick(facts.members.iter().filter(from_above)).map(|member| (member.user, shut))
}

fn merged(mut one: Value, other: Value) -> Value {
    if let (Some(one), Value::Object(other)) = (one.as_object_mut(), other) {
        one.extend(other);
    }
    one
}

fn one_privilege(dice: &mut Dice) -> String {
    let mut all = privileges();
    all.swap_remove(dice.of(all.len()))
}

/// Who gives it: a user, sometimes through a key of theirs, on behalf of somebody, or acting in some org.
pub fn caller(facts: &Facts, name: &str, user: At, dice: &mut Dice) -> String {
    let mut who = facts.users[user].id.clone();
    let keys = facts.keys.iter().filter(|key| key.user == user && key.status == Status::Live);
    if dice.one_in(5)
        && let Some(key) = dice.pick(keys)
    {
        who = format!("{who}/{}", key.id);
    }
    if dice.one_in(if ON_BEHALF.contains(&name) { 4 } else { 50 }) {
        who = format!("{who}>{}", facts.users[dice.of(facts.users.len())].id);
    }
    if dice.one_in(3) {
        who = format!("{who}@{}", facts.orgs[dice.of(facts.orgs.len())].id);
    }
    who
}
