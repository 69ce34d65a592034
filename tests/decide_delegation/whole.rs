//! What is true of every state and step: names are unique, nothing lies in itself, and content is changed where one acts.

use tenure_events::Event;

use super::audit::Act;
use super::facts::{At, Facts, Status};
use super::packs::folded;

/// Names are unique in their scopes and nothing lies in itself.
pub fn well_formed(facts: &Facts) -> Result<(), String> {
    let per_folder = facts.settings.as_ref().unwrap().name_scope == tenure_events::data::NameScope::Parent;
    let mut names: Vec<(String, String)> = Vec::new();
    let orgs = facts.orgs.iter().filter(|org| org.status != Status::Gone);
    names.extend(orgs.map(|org| (format!("org {:?}", org.parent), folded(&org.name))));
    let groups = facts.groups.iter().filter(|group| group.live);
    names.extend(groups.map(|group| (format!("group {:?}", group.org), folded(&group.name))));
    let roles = facts.roles.iter().filter(|role| role.live);
    names.extend(roles.map(|role| (format!("role {:?}", role.org), folded(&role.name))));
    let contents = facts.contents.iter().filter(|content| content.live);
    names.extend(contents.map(|content| {
        let parent = content.parent.filter(|_| per_folder);
        (format!("content {} {} {parent:?}", content.org, content.kind), folded(&content.name))
    }));
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(format!("the name {:?} is there twice", twice[0]));
    }
    let org_cycle = (0..facts.orgs.len()).any(|org| facts.ancestors(org).contains(&org));
    let above = |content: At| facts.contents[content].parent;
    let folder_cycle = (0..facts.contents.len())
        .any(|content| above(content).is_some_and(|parent| facts.chain(parent).contains(&content)));
    let strays = facts.contents.iter().any(|content| {
        content.live && content.parent.is_some_and(|p| !facts.contents[p].live || facts.contents[p].org != content.org)
    });
    if org_cycle || folder_cycle || strays {
        return Err("something lies in itself, or nowhere".to_owned());
    }
    Ok(())
}

/// Content is changed in the org that is acted in, where one is stated.
pub fn acts_where_it_says(before: &Facts, after: &Facts, act: &Act<'_>) -> Result<(), String> {
    let user = act.who.user;
    for event in act.events {
        let content = |id| after.contents[after.content(id)].org;
        let org = match event {
            Event::ResourceCreated(e) if !e.personal && before.orgs.iter().any(|org| org.id == e.org.as_str()) => {
                content(&e.resource)
            }
            Event::ResourceCopied(e) => content(&e.resource),
            Event::ResourceImported(e) => content(&e.resource),
            Event::ResourceExported(e) => content(&e.resource),
            Event::ResourceRenamed(e) => content(&e.resource),
            Event::ResourceMoved(e) => content(&e.resource),
            Event::ResourceDeleted(e) => content(&e.resource),
            Event::ContentShared(e) if before.contents.iter().any(|c| c.id == e.resource.as_str()) => {
                content(&e.resource)
            }
            Event::ContentUnshared(e) => content(&e.resource),
            Event::ContentDistributed(e) => content(&e.resource),
            Event::ContentUndistributed(e) => content(&e.resource),
            Event::RowRuleSet(e) => content(&e.resource),
            Event::RowRuleCleared(e) => content(&e.resource),
            Event::ContentHandedOn(e) => before.org(&e.org),
            Event::ContentTakenBack(e) => before.org(&e.org),
            _ => continue,
        };
        let chosen = before.users[user].chosen.map(|_| before.acting(user, org, act.now));
        let stated = act.acting.or(act.who.only).or(chosen);
        if stated.is_some_and(|stated| stated != org) {
            return Err(format!("changes content of {} from elsewhere", before.orgs[org].id));
        }
    }
    Ok(())
}
