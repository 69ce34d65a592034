//! Lookups, histories and differences against naive models: everybody and everything, asked one by one.

use std::collections::BTreeSet;
use std::fmt::Debug;

use proptest::prelude::*;
use serde_json::Value;
use tenure_events::{Envelope, Position};
use tenure_projections::history::{Entity, Order, history, last_changed};
use tenure_projections::judge::{self, Action, Object, Question, Subject};
use tenure_projections::lookup::{Audience, Cursor, Difference, Holder, Lookup, Page, Scope, actions_of};
use tenure_projections::values::{OrgNo, UserNo, UserStatus};
use tenure_projections::{State, View, sight};

use crate::random::{self, CONTENT, GROUPS, KEYS, ORGS, ROLES, USERS, actions, config, content, orgs, subjects, users};
use crate::world::{World, day};

/// All pages of a list, each at most so long, put together.
fn all<T: Debug>(limit: usize, lookup: &Lookup<'_>, page: impl Fn(&Lookup<'_>) -> Page<T>) -> Vec<T> {
    let mut items = Vec::new();
    let mut next = Some(Cursor::default());
    while let Some(cursor) = next {
        // A cursor survives being written and read.
        let text = cursor.to_string();
        let cursor = if text.is_empty() { cursor } else { text.parse().unwrap() };
        let found = page(&lookup.clone().limit(limit).page(cursor));
        assert!(found.items.len() <= limit, "a page of {limit} holds {:?}", found.items);
        items.extend(found.items);
        next = found.next;
    }
    items
}

/// Compares a list, in pages of any length, with what is wanted, in any order.
fn same<T: Debug + Ord + Copy>(
    what: &str,
    lookup: &Lookup<'_>,
    page: impl Fn(&Lookup<'_>) -> Page<T>,
    want: impl IntoIterator<Item = T>,
) -> Result<(), TestCaseError> {
    let whole = all(1000, lookup, &page);
    for limit in [1, 2, 5] {
        prop_assert_eq!(&all(limit, lookup, &page), &whole, "{} in pages of {}", what, limit);
    }
    let (mut got, mut want): (Vec<T>, Vec<T>) = (whole, want.into_iter().collect());
    got.sort_unstable();
    want.sort_unstable();
    prop_assert_eq!(got, want, "{}", what);
    Ok(())
}

/// Every list as everybody sees it, and as each viewer does.
fn lists(view: &View<'_>, live: &View<'_>, viewer: Option<Subject>) -> Result<(), TestCaseError> {
    let lookup = Lookup::of(*view);
    let lookup = match viewer {
        Some(viewer) => lookup.seen_by(*live, viewer, None),
        None => lookup,
    };
    let sees = |see: &dyn Fn(&Subject) -> bool| viewer.as_ref().is_none_or(see);
    let sees_user = |user: &UserNo| sees(&|viewer| sight::sees_user(live, viewer, *user));
    let sees_org = |org: &OrgNo| sees(&|viewer| sight::sees_org(live, viewer, *org));
    let everybody = users(view);
    for org in orgs(view) {
        let children = orgs(view).into_iter().filter(|child| view.parent(*child) == Some(org));
        same("children", &lookup, |l| l.children(org), children.filter(sees_org))?;
        let belong = |user: &UserNo| view.home(*user) == Some(org) || view.subscription(*user, org).is_some();
        let there = |user: &UserNo| view.user(*user).unwrap().value.status != UserStatus::Erased;
        let people = everybody.iter().copied().filter(belong).filter(there);
        same("users", &lookup, |l| l.users(org), people.filter(sees_user))?;
        let members = everybody.iter().copied().filter(|user| view.subscription(*user, org).is_some());
        let members = members.filter(|user| sees(&|viewer| sight::sees_subscription(live, viewer, *user, org)));
        same("subscriptions", &lookup, |l| mapped(l.subscriptions(org), |held| held.0), members)?;
        let resources = content(view).into_iter().filter(|no| view.resource(*no).unwrap().value.org == org);
        let resources = resources.filter(|no| view.resource(*no).unwrap().value.live);
        let resources = resources.filter(|no| sees(&|viewer| sight::sees_resource(live, viewer, None, *no)));
        same("resources", &lookup, |l| l.resources(org), resources)?;
    }
    for of in orgs(view).into_iter().map(Some).chain([None]) {
        let roles = ROLES.iter().filter_map(|id| view.find_role(id));
        let roles = roles.filter(|no| view.role(*no).is_some_and(|role| role.value.live && role.value.org == of));
        let roles = roles.filter(|no| sees(&|viewer| sight::sees_role(live, viewer, *no)));
        same("roles", &lookup, |l| l.roles(of), roles)?;
        let groups = GROUPS.iter().filter_map(|id| view.find_group(id));
        let groups = groups.filter(|no| view.group(*no).is_some_and(|group| group.value.live && group.value.org == of));
        let groups = groups.filter(|no| sees(&|viewer| sight::sees_group(live, viewer, *no)));
        same("groups", &lookup, |l| l.groups(of), groups)?;
    }
    for group in GROUPS.iter().filter_map(|id| view.find_group(id)) {
        let members = everybody.iter().copied().filter(|user| view.membership(*user, group).is_some());
        same("members", &lookup, |l| mapped(l.members(group), |member| member.0), members.filter(sees_user))?;
    }
    for role in ROLES.iter().filter_map(|id| view.find_role(id)) {
        let sees_group = |group| sees(&|viewer| sight::sees_group(live, viewer, group));
        let users = view.users_with_role(role).map(|(user, ..)| Holder::User(user));
        let groups = view.groups_with_role(role).map(|(group, ..)| Holder::Group(group));
        let holders = users.chain(groups).filter(|holder| match holder {
            Holder::User(user) => sees_user(user),
            Holder::Group(group) => sees_group(*group),
        });
        same("holders", &lookup, |l| mapped(l.holders(role), |(holder, ..)| holder), holders)?;
    }
    for no in content(view) {
        let inside = content(view).into_iter().filter(|inner| view.resource(*inner).unwrap().value.parent == Some(no));
        let inside = inside.filter(|inner| view.resource(*inner).unwrap().value.live);
        let inside = inside.filter(|inner| sees(&|viewer| sight::sees_resource(live, viewer, None, *inner)));
        same("contents", &lookup, |l| l.contents(no), inside)?;
        let users = everybody.iter().filter(|user| view.share_with_user(no, **user).is_some());
        let with = users.filter(|user| sees_user(user)).map(|user| Audience::User(*user));
        let roles =
            ROLES.iter().filter_map(|id| view.find_role(id)).filter(|role| view.share_with_role(no, *role).is_some());
        let roles = roles.filter(|role| sees(&|viewer| sight::sees_role(live, viewer, *role))).map(Audience::Role);
        let groups = GROUPS.iter().filter_map(|id| view.find_group(id));
        let groups = groups.filter(|group| view.share_with_group(no, *group).is_some());
        let groups =
            groups.filter(|group| sees(&|viewer| sight::sees_group(live, viewer, *group))).map(Audience::Group);
        let orgs = orgs(view).into_iter().filter(|org| view.share_with_org(no, *org).is_some());
        let with = with.chain(roles).chain(groups).chain(orgs.filter(sees_org).map(Audience::Org));
        let with = with.chain(view.share_with_all(no).map(|_| Audience::AllOrgs));
        same("shares", &lookup, |l| mapped(l.shares(no), |(with, ..)| with), with)?;
    }
    for user in &everybody {
        let theirs = |org: &OrgNo| view.subscription(*user, *org).is_some();
        let theirs = orgs(view).into_iter().filter(theirs);
        let theirs = theirs.filter(|org| sees(&|viewer| sight::sees_subscription(live, viewer, *user, *org)));
        same("memberships", &lookup, |l| mapped(l.subscriptions_of(*user), |held| held.0), theirs)?;
        let keys = KEYS.iter().filter_map(|id| view.find_key(id));
        let keys = keys.filter(|no| view.usable_key(*no).is_some_and(|key| key.user == *user));
        let keys = keys.filter(|no| sees(&|viewer| sight::sees_key(live, viewer, *no)));
        same("keys", &lookup, |l| l.keys(*user), keys)?;
    }
    Ok(())
}

fn mapped<T, U>(page: Page<T>, map: impl FnMut(T) -> U) -> Page<U> {
    Page { items: page.items.into_iter().map(map).collect(), next: page.next }
}

/// Every search against the judge, asked about everybody and everything.
fn searches(view: &View<'_>, live: &View<'_>, viewer: Option<Subject>) -> Result<(), TestCaseError> {
    let lookup = Lookup::of(*view);
    let lookup = viewer.map_or(lookup.clone(), |viewer| lookup.seen_by(*live, viewer, None));
    let may_ask = |user: UserNo, org: OrgNo| {
        viewer.as_ref().is_none_or(|viewer| sight::may_ask(live, viewer, user, org) == sight::Asking::Full)
    };
    // No list names whom its reader does not see.
    let is_named = |user: UserNo, org: OrgNo| {
        viewer.as_ref().is_none_or(|viewer| {
            judge::belongs_effectively(view, user, org)
                || sight::sees_user(live, viewer, user)
                || view.home(user).is_some_and(|home| may_ask(user, home))
        })
    };
    let objects = orgs(view).into_iter().map(Object::Org).chain(content(view).into_iter().map(Object::Resource));
    for object in objects.collect::<Vec<_>>() {
        let org = match object {
            Object::Org(org) => org,
            Object::Resource(no) => view.resource(no).unwrap().value.org,
            Object::Environment(no) => view.environment(no).unwrap().value.org,
        };
        for action in actions(view) {
            for acting in [None, view.find_org("o1"), view.find_org("o2")] {
                let may = |user: &UserNo| {
                    let question = Question { subject: (*user).into(), action, object, acting };
                    may_ask(*user, org) && judge::check(view, &question, &mut ()) && is_named(*user, org)
                };
                let want = users(view).into_iter().filter(may);
                same(
                    &format!("who may {action:?} {object:?} in {acting:?}"),
                    &lookup,
                    |l| l.who_may(action, object, acting),
                    want,
                )?;
            }
        }
    }
    for subject in subjects(view) {
        for action in actions(view) {
            for acting in [None, view.find_org("o1"), view.find_org("o2")] {
                let may = |no: &_| {
                    let question = Question { subject, action, object: Object::Resource(*no), acting };
                    judge::check(view, &question, &mut ())
                        && may_ask(subject.user, view.resource(*no).unwrap().value.org)
                };
                let want = content(view).into_iter().filter(may);
                same(
                    &format!("what {subject:?} may {action:?} in {acting:?}"),
                    &lookup,
                    |l| l.what_may(&subject, action, None, acting),
                    want,
                )?;
            }
        }
    }
    Ok(())
}

/// The orgs of everybody, and what everybody may do there.
fn orgs_and_actions(view: &View<'_>) -> Result<(), TestCaseError> {
    let lookup = Lookup::of(*view);
    for user in users(view) {
        let theirs = |org: &OrgNo| view.home(user) == Some(*org) || judge::belongs_effectively(view, user, *org);
        same("orgs", &lookup, |l| l.orgs_of(user), orgs(view).into_iter().filter(theirs))?;
        for org in orgs(view) {
            let (subject, object) = (user.into(), Object::Org(org));
            let may = |action: &Action| {
                judge::check(view, &Question { subject, action: *action, object, acting: None }, &mut ())
            };
            let found = actions_of(view, &subject, object, None);
            prop_assert!(found.iter().all(may));
            let privileges = view.all_privileges().iter().map(Action::Privilege).filter(may).count();
            prop_assert_eq!(found.iter().filter(|action| matches!(action, Action::Privilege(_))).count(), privileges);
        }
    }
    Ok(())
}

/// Whether an event concerns a thing, by what its subject and data say.
fn concerns(event: &Envelope, collection: &str, id: &str) -> bool {
    if collection == "orgs" {
        return event.org.as_str() == id;
    }
    let data = serde_json::to_value(&event.event).unwrap()["data"].take();
    let field = collection.trim_end_matches('s');
    let at = |pointer: &str| data.pointer(pointer).and_then(Value::as_str) == Some(id);
    let names = ["", "/to", "/with", "/of"].map(|within| format!("{within}/{field}"));
    let from = data.pointer(&format!("/from/{field}")).and_then(Value::as_str) == Some(id);
    let managing = collection == "groups" && at("/managing_group");
    event.twin_of.is_none() && (names.iter().any(|name| at(name)) || from || managing)
}

fn histories(world: &World, view: &View<'_>) -> Result<(), TestCaseError> {
    let entities = ORGS.iter().filter_map(|id| Some(("orgs", id, Entity::Org(view.find_org(id)?))));
    let entities = entities.chain(USERS.iter().filter_map(|id| Some(("users", id, Entity::User(view.find_user(id)?)))));
    let entities =
        entities.chain(GROUPS.iter().filter_map(|id| Some(("groups", id, Entity::Group(view.find_group(id)?)))));
    let entities = entities.chain(ROLES.iter().filter_map(|id| Some(("roles", id, Entity::Role(view.find_role(id)?)))));
    let entities = entities
        .chain(CONTENT.iter().filter_map(|id| Some(("resources", id, Entity::Resource(view.find_resource(id)?)))));
    let entities = entities.chain(KEYS.iter().filter_map(|id| Some(("keys", id, Entity::Key(view.find_key(id)?)))));
    for (collection, id, entity) in entities {
        let known = world.events.iter().filter(|event| event.position <= view.position());
        let want: Vec<Position> =
            known.filter(|event| concerns(event, collection, id)).map(|event| event.position).collect();
        prop_assert_eq!(last_changed(view, entity), want.last().copied(), "{}/{}", collection, id);
        for limit in [1, 3, 1000] {
            for order in [Order::OldestFirst, Order::NewestFirst] {
                let (mut got, mut after) = (Vec::new(), None);
                loop {
                    let page = history(view, entity, order, after, limit);
                    prop_assert!(page.items.len() <= limit);
                    got.extend(page.items);
                    after = page.next;
                    if after.is_none() {
                        break;
                    }
                }
                if order == Order::NewestFirst {
                    got.reverse();
                }
                prop_assert_eq!(&got, &want, "{}/{} {:?} in pages of {}", collection, id, order, limit);
            }
        }
    }
    Ok(())
}

/// What differs for everybody in every org, asked one by one.
fn differences(before: &View<'_>, after: &View<'_>) -> Vec<String> {
    let mut all = BTreeSet::new();
    let mut add = |difference: Option<Difference>| all.extend(difference.map(|difference| format!("{difference:?}")));
    for user in users(after) {
        let status = |view: &View<'_>| view.user(user).map(|user| user.value.status);
        let (was, is) = (status(before), status(after));
        add((was != is).then_some(Difference::User { user, before: was, after: is }));
        for org in orgs(after) {
            let (action, object) = (Action::Level(tenure_events::data::Level::View), Object::Org(org));
            let enters = |view: &View<'_>| {
                judge::check(view, &Question { subject: user.into(), action, object, acting: None }, &mut ())
            };
            add((enters(before) != enters(after)).then_some(Difference::Entry { user, org, gained: enters(after) }));
            let holds = |view: &View<'_>| judge::privileges_as(view, &user.into(), org);
            let (had, has) = (holds(before), holds(after));
            add((had != has).then_some(Difference::Privileges {
                user,
                org,
                gained: has.without(had),
                lost: had.without(has),
            }));
        }
    }
    all.into_iter().collect()
}

fn diffs(before: &View<'_>, after: &View<'_>) -> Result<(), TestCaseError> {
    let lookup = Lookup::of(*after);
    for user in users(after) {
        let got = all(3, &lookup, |l| l.differences(before, Scope::User(user), &[]));
        let mut got: Vec<String> = got.iter().map(|difference| format!("{difference:?}")).collect();
        got.sort_unstable();
        let of = |difference: &String| {
            difference.contains(&format!("user: {user:?},")) || difference.contains(&format!("user: {user:?} "))
        };
        let want: Vec<String> = differences(before, after).into_iter().filter(of).collect();
        prop_assert_eq!(got, want);
    }
    for org in orgs(after) {
        let got = all(2, &lookup, |l| l.differences(before, Scope::Org(org), &[]));
        let within = |difference: &String| !difference.starts_with("User") && !difference.starts_with("Org");
        let mut got: Vec<String> = got.iter().map(|difference| format!("{difference:?}")).filter(within).collect();
        got.sort_unstable();
        let of = |difference: &String| difference.contains(&format!("org: {org:?},"));
        let want: Vec<String> = differences(before, after).into_iter().filter(within).filter(of).collect();
        prop_assert_eq!(got, want);
    }
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn lists_and_searches_are_complete(
        story in random::history(60), at in any::<prop::sample::Index>(), on in 0..5_i64, who in any::<prop::sample::Index>(),
    ) {
        let world = random::world(&story);
        let live = world.live(1);
        let position = world.last() - at.index(30) as Position;
        let view = View::new(&world.state, position, day(on));
        let viewer = *who.get(&subjects(&live));
        orgs_and_actions(&view)?;
        for eyes in [None, Some(viewer)] {
            lists(&view, &live, eyes)?;
            searches(&view, &live, eyes)?;
        }
    }

    #[test]
    fn lookups_see_what_is_supposed(story in random::history(40), cut in 30..60_usize) {
        let world = random::world(&story);
        let cut = cut.min(world.events.len());
        let base = State::new();
        world.events[..cut].iter().for_each(|event| base.install(event));
        let over = State::above(&base);
        world.events[cut..].iter().for_each(|event| over.suppose(&base, event));
        let supposed = View::new(&base, cut as Position, day(1)).over(&over);
        lists(&supposed, &supposed, None)?;
        searches(&supposed, &supposed, None)?;
        orgs_and_actions(&supposed)?;
        diffs(&View::new(&base, cut as Position, day(1)), &supposed)?;
    }

    #[test]
    fn histories_are_those_of_the_events(story in random::history(60), at in any::<prop::sample::Index>()) {
        let world = random::world(&story);
        let position = world.last() - at.index(world.events.len()) as Position;
        histories(&world, &View::new(&world.state, position, day(0)))?;
    }

    #[test]
    fn differences_are_those_of_everybody(
        story in random::history(60), at in any::<prop::sample::Index>(), was in 0..5_i64, is in 0..5_i64,
    ) {
        let world = random::world(&story);
        let before = View::new(&world.state, world.last() - at.index(40) as Position, day(was));
        diffs(&before, &world.live(is))?;
    }
}

#[test]
fn a_level_is_a_difference_of_the_content_named() {
    let mut world = World::new("");
    world.tell(
        "
        org north under root
        user nora of north
        user ned of north
        chart trend of north by nora
        mark made
        share trend user ned view until 3
        mark shared
        ",
    );
    let lookup = Lookup::of(world.live(1));
    let trend = world.live(0).find_resource("trend").unwrap();
    let before = View::new(&world.state, world.marked("made"), day(1));
    let page = lookup.differences(&before, Scope::Org(world.org("north")), &[trend]);
    let view = Some(tenure_events::data::Level::View);
    let gained = Difference::Level { user: world.user("ned"), resource: trend, before: None, after: view };
    assert_eq!(page.items, [gained]);
    let over = Lookup::of(world.live(3)).differences(&world.live(2), Scope::User(world.user("ned")), &[trend]);
    let lost = Difference::Level { user: world.user("ned"), resource: trend, before: view, after: None };
    assert_eq!(over.items, [lost], "time passes without an event");
}

#[test]
fn a_page_looks_at_so_much_and_no_more() {
    let mut world = World::new("");
    world.tell("org north under root");
    for number in 0..25_000 {
        let event = world.event("user.created", serde_json::json!({ "user": format!("n{number}"), "org": "north" }));
        world.add("north", &event);
    }
    world.tell("user nora of north");
    world.tell("member nora north administrator audit.read");
    let north = world.org("north");
    let audit = world.action("audit.read");
    let lookup = Lookup::of(world.live(1));
    let pages = std::cell::Cell::new(0);
    let found = all(1000, &lookup, |l| {
        pages.set(pages.get() + 1);
        l.who_may(audit, Object::Org(north), None)
    });
    assert_eq!((found, pages.get()), (vec![world.user("nora")], 3));
    let early = Lookup::of(View::new(&world.state, world.last() - 25_001, day(1)));
    assert_eq!(early.users(north).items, [], "users made later are looked at, and not shown");
    assert!(early.users(north).next.is_some());
    assert_eq!(all(1000, &early, |l| l.users(north)).len(), 1);
}

#[test]
fn cursors_are_checked() {
    assert_eq!("4294967295.3".parse::<Cursor>().unwrap().to_string(), "4294967295.3");
    for bad in ["", "x", "1.", "-1", "4294967296", "1.2.3.4.5.6.7.8.9"] {
        let error = bad.parse::<Cursor>().unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("`{bad}` is no cursor: pass on the one that the page before named as its next")
        );
    }
    let world = World::new("");
    let lookup = Lookup::of(world.live(1)).page("7.7.7.7".parse().unwrap());
    assert_eq!(lookup.users(world.org("root")).next, None, "a cursor of another list leads nowhere bad");
}
