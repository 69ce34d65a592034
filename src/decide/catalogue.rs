//! The catalogue grows: privileges, user types and kinds of content beside those that the platform began with.
//!
//! What is defined stays: privileges are numbered in the order of their definition and never taken back. Its definition
//! says who has a privilege from then on: the root org, which keeps it to itself, or whoever holds everything in an org.
//! The ceilings and system administrators that had everything there was have it, too.

use std::collections::BTreeSet;

use tenure_events::data::{
    PrivilegeDefined, PrivilegeGranted, PrivilegeReserved, ResourceKindDefined, RoleChanged, RoleTemplateDefined,
    UserTypeDefined,
};
use tenure_events::{Event, Kind, Privilege, RoleId, Sealed};
use tenure_projections::View;
use tenure_projections::judge::{self, administrative};
use tenure_projections::values::{KindActions, KindNo, OrgNo, PrivilegeNo, PrivilegeSet, UserNo, Window};

use super::scene::{Plan, Scene, conflict, invalid, org_id, user_id, user_type_name};
use super::{MAX_EVENTS, Refusal};
use super::{groups, orgs, subscriptions};
use crate::command::{Command, DefinePrivilege, DefineResourceKind, DefineUserType, HeldBy};
use crate::presets::{ADMINISTRATOR, Action, InvalidPreset, MAX_PRIVILEGES, resolve};

/// What questions call levels, not privileges.
const LEVELS: [&str; 5] = ["view", "use", "edit", "manage", "copy"];

/// What questions call things that are no content.
const THINGS: [&str; 2] = ["org", "environment"];

pub fn define_privilege(scene: &Scene<'_>, args: &DefinePrivilege, plan: &mut Plan) -> Result<(), Refusal> {
    let root = platform(scene)?;
    if LEVELS.contains(&args.name.as_str()) {
        let detail = format!("`{}` is a level at which content is had: call the privilege otherwise", args.name);
        return Err(invalid("name", "privilege.reserved", detail));
    }
    let all = args.held_by == HeldBy::AllAdministrators;
    if let Some(known) = scene.find_privilege(args.name.as_str()).filter(|_| all)
        && !scene.reserved_privileges().has(known)
    {
        // They were more than one command can say: the next ones.
        administrators(scene, std::slice::from_ref(&args.name), PrivilegeSet::NONE.with(known), plan);
        if !plan.0.is_empty() {
            return Ok(());
        }
    }
    add(scene, root, vec![args.name.clone()], args.held_by, plan)
}

/// What a command hands out that nobody has to hold: a privilege that whoever holds everything in an org is to have from
/// its definition on, where they were too many for the command that defined it.
pub fn arising(scene: &Scene<'_>, command: &Command<Sealed>) -> PrivilegeSet {
    let Command::DefinePrivilege(args) = command else { return PrivilegeSet::NONE };
    let defined = scene.find_privilege(args.name.as_str()).filter(|_| args.held_by == HeldBy::AllAdministrators);
    defined.into_iter().collect::<PrivilegeSet>().without(scene.reserved_privileges())
}

/// Refuses what the platform keeps to itself, where an org begins or is entered from above.
pub fn unreserved(scene: &Scene<'_>, privileges: PrivilegeSet) -> Result<(), Refusal> {
    let reserved = privileges.and(scene.reserved_privileges());
    if reserved.is_empty() {
        return Ok(());
    }
    let detail = format!("the platform keeps {} to itself: leave it out", scene.listed(reserved));
    Err(conflict("privilege.kept", detail))
}

pub fn define_user_type(scene: &Scene<'_>, args: &DefineUserType, plan: &mut Plan) -> Result<(), Refusal> {
    let root = platform(scene)?;
    let all = scene.all_privileges();
    let ceiling = resolve(&scene.named(all), args.name.as_str(), &args.ceiling).map_err(|error| {
        let detail = if let InvalidPreset::UnknownPrivilege { privilege, .. } = error {
            format!("there is no privilege `{privilege}`: `GET /v1/catalogue` lists those that there are")
        } else {
            error.to_string()
        };
        invalid("ceiling", "privilege.unknown", detail)
    })?;
    let set = scene.privilege_set(&ceiling)?;
    if args.name.as_str() == ADMINISTRATOR && set != all {
        let detail = format!("whoever runs an org is an `{ADMINISTRATOR}`, who may hold everything: define another");
        return Err(conflict("user_type.administrator", detail));
    }
    if scene.find_user_type(args.name.as_str()).is_some_and(|no| scene.ceiling(no) == set) {
        return Err(conflict("nothing.changes", format!("a `{}` can hold just this already", args.name)));
    }
    let concerned = lose_by(scene, args, set)?;
    let defined = UserTypeDefined { user_type: args.name.clone(), ceiling };
    plan.add(scene, root, Event::UserTypeDefined(defined), &concerned);
    Ok(())
}

/// The most orgs that are told of a lower ceiling: no command has room for more.
const MAX_TOLD: usize = 900;

/// The orgs whose people hold less by a lower ceiling: where they do, and their homes. None of them is left untold.
fn lose_by(scene: &Scene<'_>, args: &DefineUserType, now: PrivilegeSet) -> Result<Vec<OrgNo>, Refusal> {
    let Some(no) = scene.find_user_type(args.name.as_str()) else { return Ok(Vec::new()) };
    let lost = scene.ceiling(no).without(now);
    let mut orgs = BTreeSet::new();
    for org in scene.all_orgs().filter(|_| !lost.is_empty()) {
        let members = scene.subscribers(org).filter(|(_, held, _)| held.user_type == no);
        for (user, ..) in members {
            if !judge::privileges(scene, user, org).and(lost).is_empty() {
                orgs.insert(org);
                orgs.extend(scene.home(user));
            }
        }
    }
    if orgs.len() > MAX_TOLD {
        let detail = format!(
            "people of {} orgs would hold less by it, and at most {MAX_TOLD} can be told at once: define another user type, \
             and retype their memberships",
            orgs.len()
        );
        return Err(conflict("user_type.too_many_orgs", detail));
    }
    Ok(orgs.into_iter().collect())
}

pub fn define_resource_kind(scene: &Scene<'_>, args: &DefineResourceKind, plan: &mut Plan) -> Result<(), Refusal> {
    let root = platform(scene)?;
    if THINGS.contains(&args.name.as_str()) {
        let detail = format!("`{}` is no kind of content to those who ask: choose another name", args.name);
        return Err(invalid("name", "kind.reserved", detail));
    }
    if let Some((_, twice)) =
        args.actions.iter().enumerate().find(|(at, a)| args.actions.iter().take(*at).any(|b| b == *a))
    {
        let detail = format!("the action `{}` is named twice", twice.name());
        return Err(invalid("actions", "kind.action_twice", detail));
    }
    let known = scene.find_kind(args.name.as_str()).and_then(|no| Some((no, scene.actions(no)?.value)));
    let needs = |action| known.and_then(|(_, before)| needed(&before, action));
    let new: Vec<Action> = args.actions.iter().copied().filter(|action| needs(*action).is_none()).collect();
    if let Some((no, before)) = known {
        grows(scene, args, (no, &before), &new)?;
    }
    let name = |action: Action| {
        action.privilege(&args.name).map_err(|_| {
            let detail = format!("the name leaves no room for the privilege `KIND.{}`: choose another", action.name());
            invalid("name", "id.too_long", detail)
        })
    };
    let names = new.iter().map(|action| name(*action)).collect::<Result<Vec<_>, _>>()?;
    add(scene, root, names, args.held_by, plan)?;
    let needs = |action: Action| match needs(action) {
        Some(privilege) => Privilege::new(scene.privilege_name(privilege)).ok().map(Ok),
        None => new.contains(&action).then(|| name(action)),
    };
    let nature = known.map_or(args.nature.unwrap_or_default(), |(_, before)| before.nature);
    let defined = ResourceKindDefined {
        kind: args.name.clone(),
        create: needs(Action::Create).transpose()?,
        view: needs(Action::View).transpose()?,
        edit: needs(Action::Edit).transpose()?,
        delete: needs(Action::Delete).transpose()?,
        share: needs(Action::Share).transpose()?,
        nature,
    };
    plan.add(scene, root, Event::ResourceKindDefined(defined), &[]);
    Ok(())
}

/// The root org, for those whose it is to say what holds on the whole platform: who manages it.
pub fn platform(scene: &Scene<'_>) -> Result<OrgNo, Refusal> {
    let root = scene.live_org(&org_id(scene, groups::place(scene, None)?))?;
    orgs::manages(scene, root)?;
    Ok(root)
}

/// The privilege that an action on content needs.
pub fn needed(actions: &KindActions, action: Action) -> Option<PrivilegeNo> {
    match action {
        Action::Create => actions.create,
        Action::View => actions.view,
        Action::Edit => actions.edit,
        Action::Delete => actions.delete,
        Action::Share => actions.share,
    }
}

/// How many pieces of a kind are there.
pub fn pieces(view: &View<'_>, kind: KindNo) -> usize {
    let all = view.all_orgs().flat_map(|org| view.resources(org));
    all.filter(|no| view.resource(*no).is_some_and(|resource| resource.value.kind == kind)).count()
}

/// Refuses what would make less of a kind that is there: then everybody might do what some were trusted with.
fn grows(
    scene: &Scene<'_>,
    args: &DefineResourceKind,
    (no, before): (KindNo, &KindActions),
    new: &[Action],
) -> Result<(), Refusal> {
    let kind: &Kind = &args.name;
    let left = Action::ALL.into_iter().find(|a| needed(before, *a).is_some() && !args.actions.contains(a));
    if let Some(action) = left {
        let detail = format!(
            "`{}` of a `{kind}` goes on needing `{}`: name it too, and give the privilege to whom it shall be open",
            action.name(),
            needed(before, action).map_or("", |privilege| scene.privilege_name(privilege)),
        );
        return Err(conflict("kind.action_kept", detail));
    }
    if args.nature.is_some_and(|nature| nature != before.nature) {
        let detail = format!("what a `{kind}` is to the rules stays as it is: define a kind of another name");
        return Err(conflict("kind.nature_kept", detail));
    }
    if new.is_empty() {
        return Err(conflict("nothing.changes", format!("these actions on a `{kind}` need a privilege already")));
    }
    let there = if args.take_away { 0 } else { pieces(scene, no) };
    if there > 0 {
        let detail = format!(
            "there is content of the kind `{kind}` ({there}), and what needs no privilege now would need one that nobody \
             holds: a dry run with `take_away` shows who loses what; send it with `take_away` if it shall be so"
        );
        return Err(conflict("kind.in_use", detail));
    }
    Ok(())
}

/// New privileges, with whom they arise.
fn add(scene: &Scene<'_>, root: OrgNo, names: Vec<Privilege>, held_by: HeldBy, plan: &mut Plan) -> Result<(), Refusal> {
    let all = scene.all_privileges();
    let before = scene.named(all);
    if let Some(taken) = names.iter().find(|name| before.contains(name)) {
        let detail = format!("there is a privilege `{taken}` already: choose another name");
        return Err(conflict("privilege.taken", detail));
    }
    let count = before.len() + names.len();
    if count > MAX_PRIVILEGES {
        let detail = format!(
            "the catalogue would have {count} privileges, more than the {MAX_PRIVILEGES} that it can hold, and what is \
             defined stays: use those that there are"
        );
        return Err(conflict("privilege.too_many", detail));
    }
    for (number, privilege) in (before.len()..).zip(names.iter().cloned()) {
        let defined = PrivilegeDefined { privilege, number: u8::try_from(number).unwrap_or(u8::MAX) };
        plan.add(scene, root, Event::PrivilegeDefined(defined), &[]);
    }
    if names.is_empty() {
        return Ok(());
    }
    let with = |set: PrivilegeSet| scene.named(set).into_iter().chain(names.iter().cloned()).collect::<Vec<_>>();
    for no in scene.user_types().filter(|no| is_all(scene, scene.ceiling(*no))) {
        let defined = UserTypeDefined { user_type: user_type_name(scene, no), ceiling: with(scene.ceiling(no)) };
        plan.add(scene, root, Event::UserTypeDefined(defined), &[]);
    }
    system_administrators(scene, root, &with, plan);
    match held_by {
        HeldBy::Root => {
            for privilege in names.iter().cloned() {
                plan.add(scene, root, Event::PrivilegeReserved(PrivilegeReserved { privilege }), &[]);
            }
            let definer = theirs(scene, root, &names, plan);
            administrators_of(scene, (root, definer), &names, PrivilegeSet::NONE, plan);
        }
        HeldBy::AllAdministrators => {
            for (name, privileges) in scene.role_templates().filter(|(_, privileges)| is_all(scene, *privileges)) {
                let defined = RoleTemplateDefined { name: name.to_owned(), privileges: with(privileges) };
                plan.add(scene, root, Event::RoleTemplateDefined(defined), &[]);
            }
            administrators(scene, &names, PrivilegeSet::NONE, plan);
        }
    }
    Ok(())
}

/// How many events are left to the rest of the command.
const LEFT: usize = 8;

/// Whoever holds everything in an org has the new privileges at once, in each org, as far as one command can say.
fn administrators(scene: &Scene<'_>, names: &[Privilege], known: PrivilegeSet, plan: &mut Plan) {
    for org in scene.all_orgs().filter(|org| !scene.is_archived(*org)) {
        administrators_of(scene, (org, None), names, known, plan);
    }
}

/// Of one org: the memberships and roles that carry all that there is for orgs to have.
fn administrators_of(
    scene: &Scene<'_>,
    (org, but): (OrgNo, Option<UserNo>),
    names: &[Privilege],
    known: PrivilegeSet,
    plan: &mut Plan,
) {
    let everything = scene.all_privileges().without(scene.reserved_privileges()).without(known);
    // What was written when there was the privilege already, without it, is meant so.
    let before = |position| scene.all_privileges_at(position).and(known).is_empty();
    let whole = |held: PrivilegeSet, position| {
        everything.without(held).is_empty() && (known.is_empty() || !known.without(held).is_empty()) && before(position)
    };
    let with = |held: PrivilegeSet| scene.named(held).into_iter().chain(names.iter().cloned()).collect::<Vec<_>>();
    let members = scene.subscribers(org).filter(|(_, held, position)| whole(held.privileges, *position));
    let members = members.filter(|(_, held, _)| !held.window.is_over(scene.instant()));
    for (user, held, _) in members.filter(|(user, ..)| Some(*user) != but) {
        if plan.0.len() + LEFT > MAX_EVENTS {
            return;
        }
        let mut subscription = subscriptions::after(scene, &held, held.privileges);
        subscription.privileges.extend(names.iter().cloned());
        let (user_name, org_name, privileges) = (user_id(scene, user), org_id(scene, org), names.to_vec());
        let granted = PrivilegeGranted { user: user_name, org: org_name, privileges, subscription };
        plan.add(scene, org, Event::PrivilegeGranted(granted), scene.home(user).as_slice());
    }
    for no in scene.roles(org) {
        let role = View::role(scene, no).filter(|role| whole(role.value.privileges, role.position));
        let (Some(role), Ok(id)) = (role.map(|role| &role.value), RoleId::new(scene.role_id(no))) else { continue };
        if plan.0.len() + LEFT > MAX_EVENTS {
            return;
        }
        let (name, privileges) = (role.name.clone(), with(role.privileges));
        let changed = RoleChanged { role: id, org: Some(org_id(scene, org)), name, privileges };
        plan.add(scene, org, Event::RoleChanged(changed), &[]);
    }
}

/// Whether a set was written as `*`, perhaps without what administers.
fn is_all(scene: &Scene<'_>, set: PrivilegeSet) -> bool {
    let administrative: PrivilegeSet = PrivilegeSet::ALL.iter().take(administrative::NAMES.len()).collect();
    let content = scene.all_privileges().without(administrative);
    !content.is_empty() && content.without(set).is_empty()
}

/// System administrators hold everything (D).
fn system_administrators(
    scene: &Scene<'_>,
    root: OrgNo,
    with: &dyn Fn(PrivilegeSet) -> Vec<Privilege>,
    plan: &mut Plan,
) {
    for no in scene.global_roles() {
        let role = View::role(scene, no).map(|role| &role.value).filter(|role| role.live && role.system);
        let Some(role) = role.filter(|role| is_all(scene, role.privileges)) else { continue };
        if let Ok(id) = RoleId::new(scene.role_id(no)) {
            let (name, privileges) = (role.name.clone(), with(role.privileges));
            plan.add(scene, root, Event::RoleChanged(RoleChanged { role: id, org: None, name, privileges }), &[]);
        }
    }
}

/// Whoever defines a privilege for the root has it there, if they are a member who can: nobody else could give it.
fn theirs(scene: &Scene<'_>, root: OrgNo, names: &[Privilege], plan: &mut Plan) -> Option<UserNo> {
    let user = scene.subject.user;
    let (held, _) = scene.subscription(user, root)?;
    let window: Window = held.window;
    if !window.holds(scene.instant()) || !is_all(scene, scene.ceiling(held.user_type)) {
        return None;
    }
    let mut subscription = subscriptions::after(scene, &held, held.privileges);
    subscription.privileges.extend(names.iter().cloned());
    let (user_name, org, privileges) = (user_id(scene, user), org_id(scene, root), names.to_vec());
    let granted = PrivilegeGranted { user: user_name, org, privileges, subscription };
    plan.add(scene, root, Event::PrivilegeGranted(granted), scene.home(user).as_slice());
    Some(user)
}
