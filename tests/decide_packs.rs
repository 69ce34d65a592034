//! Associations and distributions as cases: who has what by them, when it ends, which rows; and that searches find all
//! of it, asked either way.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tenure_events::data::Level;
use tenure_projections::judge::{self, Action, Object, Question, Subject};
use tenure_projections::lookup::Lookup;
use tenure_projections::values::{ResourceNo, UserNo};

use crate::support::given::given;
use crate::support::memory::World;

/// `drinks`, a pack of `admin`'s in the folder `goods`, and in `kick` what it takes to look at packs.
fn world() -> World {
    let mut world = given();
    let made = |id: &str, kind: &str, parent: Option<&str>| json!({"id": id, "org": "root", "kind": kind, "name": id, "parent": parent});
    world.must("admin", "create-resource", made("goods", "folder", None));
    world.must("admin", "create-resource", made("drinks", "pack", Some("goods")));
    world.must(
        "kate",
        "define-role",
        json!({"id": "looks", "org": "kick", "name": "looks", "privileges": ["pack.view"]}),
    );
    world.must("kate", "assign-role", json!({"role": "looks", "users": ["ken"]}));
    world
}

fn question(world: &World, user: &str, action: Action, resource: &str, acting: Option<&str>) -> Question {
    let view = world.view();
    Question {
        subject: Subject::from(view.find_user(user).unwrap()),
        action,
        object: Object::Resource(view.find_resource(resource).unwrap()),
        acting: acting.map(|org| view.find_org(org).unwrap()),
    }
}

#[track_caller]
fn check(world: &World, user: &str, action: Action, resource: &str, want: Option<&str>) {
    let (allowed, reasons) = judge::explain(&world.view(), &question(world, user, action, resource, None));
    let codes: Vec<&str> = reasons.iter().map(|reason| reason.code.name()).collect();
    assert_eq!(allowed, want.is_some(), "{user} {action:?} {resource}: {codes:?}");
    assert!(want.is_none_or(|want| codes.contains(&want)), "{user} {action:?} {resource}: {codes:?}");
}

fn to(resource: &str, to: Value) -> Value {
    json!({"resource": resource, "to": to})
}

const VIEW: Action = Action::Level(Level::View);

#[test]
fn what_is_handed_on_ends_with_the_authorisation() {
    let mut world = world();
    check(&world, "kate", VIEW, "drinks", None);
    world.must("admin", "distribute", to("goods", json!({"all_orgs": true})));
    check(&world, "kate", VIEW, "drinks", Some("reach.distribution"));
    check(&world, "ken", VIEW, "drinks", None);
    world.must("kate", "hand-on", to("drinks", json!({"user": "ken"})));
    check(&world, "ken", VIEW, "drinks", Some("reach.hand_on"));
    // Mia may look at no packs, whatever is handed on to her.
    world.must("kate", "hand-on", to("drinks", json!({"user": "mia"})));
    check(&world, "mia", VIEW, "drinks", None);
    check(&world, "ken", Action::Copy, "drinks", None);
    check(&world, "kate", Action::Level(Level::Edit), "drinks", None);
    let before = world.position();
    world.must("admin", "undistribute", to("goods", json!({"all_orgs": true})));
    check(&world, "ken", VIEW, "drinks", None);
    world.must("admin", "distribute", to("drinks", json!({"org": "kick"})));
    check(&world, "kate", VIEW, "drinks", Some("reach.distribution"));
    check(&world, "ken", VIEW, "drinks", None);
    world.must("kate", "hand-on", to("drinks", json!({"user": "ken"})));
    check(&world, "ken", VIEW, "drinks", Some("reach.hand_on"));
    // Yesterday's answer is still yesterday's.
    let then = tenure_projections::View::new(&world.state, before, world.now());
    assert!(judge::check(&then, &question(&world, "ken", VIEW, "drinks", None), &mut ()));
}

#[test]
fn a_row_rule_follows_the_user() {
    let mut world = world();
    world.must("admin", "distribute", to("drinks", json!({"org": "kick"})));
    world.must("kate", "hand-on", to("drinks", json!({"user": "ken"})));
    let filters = |world: &World, user: &str| {
        let obligations = judge::obligations(&world.view(), &question(world, user, VIEW, "drinks", None));
        obligations.filters.into_iter().map(|(filter, _)| filter.to_owned()).collect::<Vec<_>>()
    };
    assert!(filters(&world, "ken").is_empty());
    let rule = |resource: &str, users: &[&str], filter: &str| json!({"resource": resource, "org": "kick", "users": users, "filter": filter});
    world.must("admin", "set-row-rule", rule("drinks", &["ken"], "region = 'DK'"));
    world.must("admin", "set-row-rule", rule("goods", &[], "year > 2020"));
    assert_eq!(filters(&world, "ken"), ["region = 'DK'", "year > 2020"]);
    assert_eq!(filters(&world, "kate"), ["year > 2020"]);
    assert!(filters(&world, "admin").is_empty());
    world.must("admin", "clear-row-rule", json!({"resource": "goods", "org": "kick"}));
    assert_eq!(filters(&world, "ken"), ["region = 'DK'"]);
    assert!(filters(&world, "kate").is_empty());
    // Whoever is bound neither copies what they could copy otherwise, nor lifts the rule.
    let own = json!({"id": "ours", "org": "kick", "kind": "pack", "name": "ours"});
    world.must("kate", "create-resource", own);
    check(&world, "kate", Action::Copy, "ours", Some("level.created"));
    world.must("kate", "set-row-rule", json!({"resource": "ours", "users": ["ken", "kate"], "filter": "a = 1"}));
    check(&world, "kate", Action::Copy, "ours", None);
    world.must_not("kate", "clear-row-rule", json!({"resource": "ours", "users": ["ken"]}), "delegation.rows_not_held");
    world.must("kate", "create-resource", json!({"id": "bin", "org": "kick", "kind": "folder", "name": "bin"}));
    world.must("kate", "export-resources", json!({"org": "kick", "resources": ["bin"]}));
    let bin = json!({"resource": "bin", "org": "kick", "users": ["kate"], "filter": "a = 1"});
    world.must("kate", "set-row-rule", bin);
    world.must_not(
        "kate",
        "export-resources",
        json!({"org": "kick", "resources": ["bin"]}),
        "delegation.rows_not_held",
    );
    world.must_not(
        "kate",
        "share",
        json!({"resource": "ours", "with": {"org": "kick"}, "level": "view"}),
        "delegation.rows_not_held",
    );
}

#[test]
fn a_tenants_app_stays_there() {
    let mut world = world();
    world.must("kate", "create-resource", json!({"id": "shed", "org": "kick", "kind": "folder", "name": "shed"}));
    let app = json!({"id": "till", "org": "kick", "kind": "app", "name": "till", "parent": "shed"});
    world.must("kate", "create-resource", app);
    world.must(
        "kate",
        "create-resource",
        json!({"id": "bill", "org": "kick", "kind": "chart", "name": "bill", "parent": "shed"}),
    );
    world.must("kate", "share", json!({"resource": "shed", "with": {"org": "kick"}, "level": "view"}));
    world.must("kate", "share", json!({"resource": "shed", "with": {"org": "deep"}, "level": "view"}));
    check(&world, "vic", VIEW, "till", Some("reach.share_org"));
    check(&world, "dora", VIEW, "bill", Some("reach.share_org"));
    check(&world, "dora", VIEW, "till", None);
}

#[test]
fn a_tenants_pack_draws_on_a_connection_once_one_was_given() {
    let mut world = world();
    let pack = |id: &str, connection: &str| json!({"id": id, "org": "kick", "kind": "pack", "name": id, "source": {"connection": connection}});
    world.must_not("kate", "create-resource", pack("p1", "wire"), "pack.connection_not_given");
    world.must("admin", "create-resource", json!({"id": "lake", "org": "root", "kind": "connection", "name": "lake"}));
    let own = json!({"id": "p0", "org": "root", "kind": "pack", "name": "p0", "source": {"connection": "lake"}});
    world.must("admin", "create-resource", own);
    world.must_not("kate", "create-resource", pack("p1", "lake"), "resource.unknown");
    world.must("admin", "distribute", to("lake", json!({"org": "kick"})));
    world.must("kate", "create-resource", pack("p1", "lake"));
    world.must("kate", "create-resource", pack("p2", "wire"));
}

/// Every search agrees with the judge asked one by one, for everybody and everything.
#[test]
fn searches_find_all_that_comes_from_elsewhere() {
    let mut world = world();
    world.must("admin", "distribute", to("goods", json!({"org": "kick"})));
    world.must("kate", "hand-on", to("drinks", json!({"role": "looks"})));
    world.must("kate", "define-role", json!({"id": "guest", "org": "kick", "name": "guest"}));
    world.must("kate", "share", json!({"resource": "plan", "with": {"role": "guest"}, "level": "use"}));
    let both = |org: &str| json!({"org": org, "users": ["admin"], "user_type": "administrator", "privileges": "all"});
    world.must("admin", "grant-subscriptions", both("kick"));
    world.must("admin", "associate-sub-tenant", json!({"master": "kick", "sub": "learn"}));
    world.must("liz", "define-role", json!({"id": "guest-l", "org": "learn", "name": "Guest"}));
    world.must("liz", "assign-role", json!({"role": "guest-l", "users": ["liz"]}));
    world.must("admin", "grant-subscriptions", both("learn"));
    searched(&world);
    world.must("admin", "select-active-org", json!({"org": "learn"}));
    searched(&world);
    world.must("admin@root", "distribute", to("drinks", json!({"all_orgs": true})));
    searched(&world);
    check(&world, "liz", Action::Level(Level::Use), "plan", Some("reach.association"));
    check(&world, "admin", VIEW, "sales", Some("reach.association_admin"));
}

fn searched(world: &World) {
    let view = world.view();
    let users: Vec<UserNo> = ["admin", "tim", "svc", "kate", "ken", "mia", "vic", "liz", "dora", "shaun"]
        .map(|user| view.find_user(user).unwrap())
        .to_vec();
    let resources: Vec<ResourceNo> = ["shipped", "sample", "shelf", "wire", "sales", "box", "plan", "goods", "drinks"]
        .map(|resource| view.find_resource(resource).unwrap())
        .to_vec();
    let orgs = [None, Some("root"), Some("kick"), Some("learn"), Some("deep")];
    let actions = [VIEW, Action::Level(Level::Use), Action::Level(Level::Edit), Action::Copy];
    for acting in orgs.map(|org| org.map(|org| view.find_org(org).unwrap())) {
        for action in actions {
            let may = |user: UserNo, no: ResourceNo| {
                let object = Object::Resource(no);
                judge::check(&view, &Question { subject: user.into(), action, object, acting }, &mut ())
            };
            for user in &users {
                let found = Lookup::of(view).what_may(&(*user).into(), action, None, acting).items;
                assert_eq!(found.len(), found.iter().collect::<BTreeSet<_>>().len(), "each once");
                let found: BTreeSet<_> = found.into_iter().filter(|no| resources.contains(no)).collect();
                let want: BTreeSet<_> = resources.iter().copied().filter(|no| may(*user, *no)).collect();
                assert_eq!(found, want, "{} {action:?} acting in {acting:?}", view.user_id(*user));
            }
            for no in &resources {
                let found = Lookup::of(view).who_may(action, Object::Resource(*no), acting).items;
                assert_eq!(found.len(), found.iter().collect::<BTreeSet<_>>().len(), "each once");
                let found: BTreeSet<_> = found.into_iter().filter(|user| users.contains(user)).collect();
                let want: BTreeSet<_> = users.iter().copied().filter(|user| may(*user, *no)).collect();
                assert_eq!(found, want, "{} {action:?} acting in {acting:?}", view.resource_id(*no));
            }
        }
    }
}

#[test]
fn a_role_shows_its_maker_nothing_new() {
    let mut world = world();
    world.must("kate", "create-resource", json!({"id": "local", "org": "kick", "kind": "pack", "name": "local"}));
    world.must("kate", "distribute", to("local", json!({"org": "deep"})));
    let role = json!({"org": "deep", "name": "managers", "privileges": ["user.manage", "pack.share"]});
    assert!(world.decide("dora", "define-role", &role).is_ok());
    // While the content's org is disabled, nobody has it to hand out.
    world.must("admin", "disable-org", json!({"org": "kick"}));
    world.must_not("dora", "define-role", role, "delegation.level_not_held");
}

/// Handing on a folder of which one sees no more than the folder.
#[test]
fn a_folder_is_handed_on_by_who_has_what_lies_in_it() {
    let mut world = world();
    world.must("admin", "distribute", to("goods", json!({"org": "kick"})));
    world.must("kate", "hand-on", to("goods", json!({"role": "looks"})));
    world.must("kate", "revoke-privileges", json!({"org": "kick", "user": "kate", "privileges": ["pack.share"]}));
    check(&world, "kate", VIEW, "goods", Some("reach.distribution"));
    check(&world, "kate", VIEW, "drinks", None);
    let code = "delegation.level_not_held";
    world.must_not("kate", "hand-on", to("goods", json!({"user": "kate"})), code);
    world.must_not("kate", "hand-on", to("goods", json!({"user": "mia"})), code);
    world.must_not("kate", "assign-role", json!({"role": "looks", "users": ["mia"]}), code);
}
