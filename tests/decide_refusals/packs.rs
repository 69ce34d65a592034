//! Associations, distribution, row rules, packs and apps.

use serde_json::{Value, json};

use super::Table;
use crate::support::given::given;
use crate::support::memory::World;

pub fn associations(t: &mut Table) {
    let pair = |master: &str, sub: &str| json!({"master": master, "sub": sub});
    let sub =
        |world: &mut World, master: &str, sub: &str| world.must("admin", "associate-sub-tenant", pair(master, sub));
    t.check("admin", "associate-sub-tenant", pair("kick", "kick"));
    t.check("kate", "associate-sub-tenant", pair("kick", "learn"));
    t.check("admin", "disassociate-sub-tenant", json!({"sub": "kick"}));
    let mut world = given();
    sub(&mut world, "kick", "learn");
    t.check_in(&world, "admin", "associate-sub-tenant", pair("kick", "learn"));
    t.check_in(&world, "admin", "associate-sub-tenant", pair("deep", "learn"));
    t.check_in(&world, "admin", "associate-sub-tenant", pair("deep", "kick"));
    t.check_in(&world, "admin", "associate-sub-tenant", pair("learn", "deep"));
    t.check_in(&world, "admin", "archive-org", json!({"org": "learn", "confirmation": "permanently archive"}));
    t.check_in(&world, "liz", "disassociate-sub-tenant", json!({"sub": "learn"}));
    let mut master = given();
    sub(&mut master, "learn", "kick");
    t.check_in(&master, "admin", "archive-org", json!({"org": "learn", "confirmation": "permanently archive"}));
    world.must("admin", "create-org", json!({"id": "far", "name": "far", "region": "us-east-1"}));
    t.check_in(&world, "admin", "associate-sub-tenant", pair("kick", "far"));
    // An administrator of both, working in the sub-tenant.
    let both = json!({"org": "kick", "users": ["admin"], "user_type": "administrator", "privileges": "all"});
    world.must("admin", "grant-subscriptions", both);
    let both = json!({"org": "learn", "users": ["admin"], "user_type": "administrator", "privileges": "all"});
    world.must("admin", "grant-subscriptions", both);
    t.check_in(&world, "admin@learn", "rename-resource", json!({"resource": "plan", "name": "x"}));
    // What the master shows its sub-tenants, who associates must have.
    let mut world = given();
    world.must("kate", "define-role", json!({"org": "kick", "name": "Guest"}));
    world.must("kate", "share", json!({"resource": "shelf", "with": {"role": "guest"}, "level": "view"}));
    t.check_in(&world, "admin", "associate-sub-tenant", pair("kick", "learn"));
}

/// `admin`'s pack `drinks` in the folder `goods`, authorised to `kick`, and `liz` who knows nothing of it.
fn drinks() -> World {
    let mut world = given();
    let made = |id: &str, kind: &str, parent: Option<&str>| json!({"id": id, "org": "root", "kind": kind, "name": id, "parent": parent});
    world.must("admin", "create-resource", made("goods", "folder", None));
    world.must("admin", "create-resource", made("drinks", "pack", Some("goods")));
    world.must("admin", "distribute", json!({"resource": "drinks", "to": {"org": "kick"}}));
    world
}

pub fn distributions(t: &mut Table) {
    let to = |resource: &str, org: &str| json!({"resource": resource, "to": {"org": org}});
    let on = |to: Value| json!({"resource": "drinks", "org": "kick", "to": to});
    let mut world = drinks();
    t.check_in(&world, "admin", "distribute", to("sample", "kick"));
    t.check_in(&world, "admin", "distribute", to("drinks", "kick"));
    t.check_in(&world, "admin", "distribute", to("drinks", "root"));
    t.check_in(&world, "admin", "distribute", to("drinks", "gone"));
    t.check_in(&world, "admin", "undistribute", to("drinks", "learn"));
    t.check_in(&world, "kate", "distribute", json!({"resource": "shelf", "to": {"all_orgs": true}}));
    // Whoever manages what a tenant may use hands it on, and nothing else.
    t.check_in(&world, "kate", "distribute", to("drinks", "deep"));
    t.check_in(&world, "kate", "share", json!({"resource": "drinks", "with": {"user": "ken"}, "level": "view"}));
    t.check_in(&world, "kate", "set-row-rule", json!({"resource": "drinks", "users": ["ken"], "filter": "a = 1"}));
    t.check_in(&world, "kate", "rename-resource", json!({"resource": "drinks", "name": "x"}));
    t.check_in(&world, "kate", "copy-resource", json!({"resource": "drinks", "into_org": "kick"}));
    t.check_in(&world, "kate", "hand-on", on(json!({"user": "liz"})));
    t.check_in(&world, "kate", "hand-on", on(json!({"role": "system"})));
    let mut visited = drinks();
    let enters = json!({"org": "kick", "users": ["tim"], "user_type": "viewer", "privileges": []});
    visited.must("tim", "grant-subscriptions", enters);
    t.check_in(&visited, "kate", "hand-on", on(json!({"user": "tim"})));
    t.check_in(&world, "ken", "hand-on", on(json!({"user": "mia"})));
    t.check_in(&world, "kate", "take-back", on(json!({"user": "mia"})));
    t.check_in(&world, "kate", "hand-on", json!({"resource": "shelf", "org": "kick", "to": {"user": "mia"}}));
    t.check_in(&world, "kate", "hand-on", json!({"resource": "sample", "org": "kick", "to": {"user": "mia"}}));
    world.must("kate", "hand-on", on(json!({"user": "mia"})));
    t.check_in(&world, "kate", "hand-on", on(json!({"user": "mia"})));
    // Ola may neither hand on nor see what was handed on to a role: she cannot give the role away.
    world.must("kate", "define-role", json!({"id": "buyers", "org": "kick", "name": "buyers"}));
    world.must("kate", "hand-on", on(json!({"role": "buyers"})));
    world.must(
        "kate",
        "create-user",
        json!({"id": "ola", "org": "kick", "name": "Ola", "user_type": "administrator",
        "privileges": ["role.manage", "subscription.manage"]}),
    );
    t.check_in(&world, "ola", "assign-role", json!({"role": "buyers", "users": ["ken"]}));
    // With the second of two privileges somebody would see what the org may use, and who gives it would not.
    world.must(
        "kate",
        "create-user",
        json!({"id": "uma", "org": "kick", "name": "Uma", "user_type": "administrator",
        "privileges": ["user.manage"]}),
    );
    world.must(
        "kate",
        "define-role",
        json!({"id": "sharer", "org": "kick", "name": "sharer", "privileges": ["pack.share"]}),
    );
    world.must("kate", "grant-privileges", json!({"org": "kick", "user": "ola", "privileges": ["pack.share"]}));
    t.check_in(&world, "ola", "assign-role", json!({"role": "sharer", "users": ["uma"]}));
}

pub fn rows_and_apps(t: &mut Table) {
    let rule =
        |users: &[&str], filter: &str| json!({"resource": "drinks", "org": "kick", "users": users, "filter": filter});
    let mut world = drinks();
    t.check_in(&world, "admin", "set-row-rule", rule(&["ken"], " "));
    t.check_in(&world, "admin", "set-row-rule", rule(&["ken", "ken"], "a = 1"));
    t.check_in(&world, "admin", "set-row-rule", json!({"resource": "drinks", "filter": "a = 1"}));
    t.check_in(&world, "admin", "set-row-rule", json!({"resource": "sample", "org": "kick", "filter": "a = 1"}));
    t.check_in(&world, "admin", "clear-row-rule", json!({"resource": "drinks", "org": "kick"}));
    world.must("admin", "set-row-rule", rule(&["kate"], "a = 1"));
    t.check_in(&world, "admin", "set-row-rule", rule(&["kate"], "a = 1"));
    t.check_in(&world, "kate", "hand-on", json!({"resource": "drinks", "org": "kick", "to": {"user": "mia"}}));
    let make = |kind: &str, more: Value| {
        let mut arguments = json!({"org": "kick", "kind": kind, "name": "x"});
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        arguments
    };
    t.check("kate", "create-resource", make("chart", json!({"source": {"file": true}})));
    t.check("kate", "create-resource", make("chart", json!({"data_permission": "app-author"})));
    t.check("kate", "create-resource", make("pack", json!({"source": {"connection": "shelf"}})));
    t.check("kate", "create-resource", make("pack", json!({"source": {"connection": "wire"}})));
    let mut world = given();
    world.must("kate", "create-resource", json!({"id": "till", "org": "kick", "kind": "app", "name": "till"}));
    t.check_in(&world, "kate", "share", json!({"resource": "till", "with": {"org": "deep"}, "level": "view"}));
}
