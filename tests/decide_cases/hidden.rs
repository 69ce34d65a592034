//! What somebody may not see is not there for them: a command that names it is refused as one that names nothing.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tenure::command::names;
use tenure_events::Event;

use super::subscribe;
use crate::support::given::{given, key};
use crate::support::memory::World;

/// Stands for what is hidden, and for what is not there.
const IT: &str = "IT";

/// `kate`'s org, and in `learn` of everything something that she does not see.
fn world() -> World {
    let mut w = given();
    let made = |id: &str, kind: &str| json!({"id": id, "org": "learn", "kind": kind, "name": id});
    w.must("liz", "create-resource", made("vault", "folder"));
    w.must("liz", "create-resource", made("pipe", "connection"));
    w.must("liz", "link-environment", json!({"id": "lab", "org": "learn", "name": "lab"}));
    w.must("liz", "create-group", json!({"id": "class", "org": "learn", "name": "class"}));
    w.must("liz", "define-role", json!({"id": "pupil", "org": "learn", "name": "pupil"}));
    w.fact("learn", Event::ApiKeyIssued(key("hers", "liz", None, None)));
    let issuer = json!({"id": "theirs", "org": "learn", "issuer": "https://learn.example.org"});
    w.must("admin", "register-issuer", with(issuer, trusted()));
    w.must("admin", "create-resource", json!({"id": "drinks", "org": "root", "kind": "pack", "name": "drinks"}));
    w.must("admin", "distribute", json!({"resource": "drinks", "to": {"org": "kick"}}));
    w
}

fn trusted() -> Value {
    json!({"audiences": ["tenure"], "algorithms": ["RS256"], "jwks_uri": "https://keys.example.org"})
}

/// What only makes something, or changes what is everybody's, and so names nothing.
const NAMELESS: [&str; 7] = [
    // Who somebody is shows by the secret alone.
    "enrol",
    "install-licence",
    "provision-tenant",
    "change-settings",
    "define-privilege",
    "define-user-type",
    "define-resource-kind",
];

/// Somebody, and what they do not see.
struct Hidden {
    who: &'static str,
    users: &'static [&'static str],
    groups: &'static [&'static str],
    roles: &'static [&'static str],
    world: World,
    names: BTreeSet<String>,
}

#[test]
fn what_is_hidden_is_not_there() {
    let mut hidden = Hidden {
        who: "kate",
        users: &["liz", "admin"],
        groups: &["class", "crew"],
        roles: &["pupil", "system"],
        world: world(),
        names: BTreeSet::new(),
    };
    orgs(&mut hidden);
    users(&mut hidden);
    groups_and_roles(&mut hidden);
    content_environments_and_keys(&mut hidden);
    issuers(&mut hidden);
    let tried = hidden.names.iter().map(String::as_str).chain(NAMELESS).collect::<BTreeSet<_>>();
    let missing: Vec<_> = names().filter(|name| !tried.contains(*name)).collect();
    assert!(missing.is_empty(), "commands that were not tried: {missing:?}");
}

/// What an org is made of is hidden from those above whom it excludes, though they had all of it before.
#[test]
fn what_excludes_somebody_is_hidden_from_them() {
    let mut world = world();
    for org in ["learn", "kick"] {
        world.must("tim", "grant-subscriptions", subscribe(org, "tim", "administrator", json!("all")));
    }
    world.must("liz", "exclude-landlord", json!({"org": "learn"}));
    let (users, groups, roles) = (&["liz"][..], &["class"][..], &["pupil"][..]);
    let mut hidden = Hidden { who: "tim", users, groups, roles, world, names: BTreeSet::new() };
    self::users(&mut hidden);
    groups_and_roles(&mut hidden);
    content_environments_and_keys(&mut hidden);
}

impl Hidden {
    fn check(&mut self, hidden: &str, name: &str, arguments: &Value) {
        self.names.insert(name.to_owned());
        let told = |id: &str| {
            let arguments = serde_json::from_str(&arguments.to_string().replace(IT, id)).unwrap();
            self.world.decide(self.who, name, &arguments).map_err(|refusal| {
                let detail = refusal.detail.replace(&format!("`{id}`"), IT);
                (refusal.kind, refusal.code, detail)
            })
        };
        let (seen, none) = (told(hidden), told("nowhere"));
        assert!(none.is_err(), "{name} {arguments}: {none:?}");
        assert_eq!(seen, none, "{name} {arguments}, of `{hidden}`");
    }
}

fn orgs(t: &mut Hidden) {
    let ken = |more: Value| with(json!({"org": IT, "user": "ken"}), more);
    for (name, arguments) in [
        ("create-org", json!({"name": "x", "parent": IT})),
        ("rename-org", json!({"org": IT, "name": "x"})),
        ("describe-org", json!({"org": IT, "description": "x"})),
        ("tag-org", json!({"org": IT, "tags": []})),
        ("move-org", json!({"org": IT, "parent": "kick"})),
        ("move-org", json!({"org": "deep", "parent": IT})),
        ("disable-org", json!({"org": IT})),
        ("confirm-credentials", json!({"org": IT, "users": ["ken"]})),
        ("enable-org", json!({"org": IT})),
        ("archive-org", json!({"org": IT, "confirmation": "permanently archive"})),
        ("license-org", json!({"org": IT, "authorisation": "x"})),
        ("exclude-landlord", json!({"org": IT})),
        ("admit-landlord", json!({"org": IT})),
        ("register-issuer", with(json!({"org": IT, "issuer": "https://login.example.org"}), trusted())),
        ("configure-login", json!({"org": IT, "methods": ["account"], "default": "tenant"})),
        ("create-user", json!({"org": IT, "name": "x", "user_type": "viewer"})),
        ("select-active-org", json!({"org": IT})),
        ("create-group", json!({"org": IT, "name": "x"})),
        ("invite-group", json!({"group": "team", "org": IT, "privileges": []})),
        ("uninvite-group", json!({"group": "team", "org": IT})),
        ("link-environment", json!({"org": IT, "name": "x"})),
        ("grant-subscriptions", json!({"org": IT, "users": ["ken"], "user_type": "viewer", "privileges": []})),
        (
            "grant-subscriptions",
            json!({"org": "kick", "from_org": IT, "users": ["ken"], "user_type": "viewer", "privileges": []}),
        ),
        ("withdraw-subscription", ken(json!({}))),
        ("retype-subscription", ken(json!({"user_type": "viewer"}))),
        ("extend-subscription", ken(json!({}))),
        ("grant-privileges", ken(json!({"privileges": ["chart.edit"]}))),
        ("revoke-privileges", ken(json!({"privileges": ["chart.edit"]}))),
        ("define-role", json!({"org": IT, "name": "x"})),
        ("assign-role", json!({"org": IT, "role": "designer", "users": ["ken"]})),
        ("assign-role", json!({"org": IT, "role": "pupil", "users": ["ken"]})),
        ("unassign-role", json!({"org": IT, "role": "designer", "users": ["mia"]})),
        ("create-resource", json!({"org": IT, "kind": "chart", "name": "x"})),
        ("copy-resource", json!({"resource": "sales", "into_org": IT})),
        ("export-resources", json!({"org": IT, "resources": ["sales"]})),
        ("import-resources", json!({"org": IT, "bundle": "x.y.z"})),
        ("share", json!({"resource": "shelf", "with": {"org": IT}, "level": "view"})),
        ("unshare", json!({"resource": "shelf", "with": {"org": IT}})),
        ("distribute", json!({"resource": "shelf", "to": {"org": IT}})),
        ("undistribute", json!({"resource": "shelf", "to": {"org": IT}})),
        ("hand-on", json!({"resource": "drinks", "org": IT, "to": {"user": "ken"}})),
        ("take-back", json!({"resource": "drinks", "org": IT, "to": {"user": "ken"}})),
        ("set-row-rule", json!({"resource": "shelf", "org": IT, "filter": "a = 1"})),
        ("set-row-rule", json!({"resource": "shelf", "org": IT, "users": ["ken"], "filter": "a = 1"})),
        ("clear-row-rule", json!({"resource": "shelf", "org": IT})),
        ("associate-sub-tenant", json!({"master": IT, "sub": "kick"})),
        ("associate-sub-tenant", json!({"master": "kick", "sub": IT})),
        ("disassociate-sub-tenant", json!({"sub": IT})),
        ("issue-api-key", json!({"user": "kate", "name": "x", "org": IT})),
    ] {
        t.check("learn", name, &arguments);
    }
}

fn users(t: &mut Hidden) {
    let it = |more: Value| with(json!({"user": IT}), more);
    let in_kick = |more: Value| with(json!({"user": IT, "org": "kick"}), more);
    for (name, arguments) in [
        ("change-profile", it(json!({"name": "x"}))),
        ("disable-user", it(json!({}))),
        ("enable-user", it(json!({}))),
        ("erase-user", it(json!({"confirmation": "permanently erase"}))),
        ("erase-user", json!({"user": "ken", "confirmation": "permanently erase", "successor": IT})),
        ("reset-credential", it(json!({}))),
        ("record-sign-in", it(json!({}))),
        ("link-identity", it(json!({"issuer": "i", "subject": "s"}))),
        ("unlink-identity", it(json!({"issuer": "i", "subject": "s"}))),
        ("select-active-org", it(json!({"org": "kick"}))),
        ("add-group-members", json!({"group": "team", "users": [IT]})),
        ("remove-group-members", json!({"group": "team", "users": [IT]})),
        ("sync-group", json!({"group": "team", "users": [IT]})),
        ("grant-subscriptions", json!({"org": "kick", "users": [IT], "user_type": "viewer", "privileges": []})),
        ("withdraw-subscription", in_kick(json!({}))),
        ("retype-subscription", in_kick(json!({"user_type": "viewer"}))),
        ("extend-subscription", in_kick(json!({}))),
        ("grant-privileges", in_kick(json!({"privileges": ["chart.edit"]}))),
        ("revoke-privileges", in_kick(json!({"privileges": ["chart.edit"]}))),
        ("assign-role", json!({"role": "designer", "users": [IT]})),
        ("unassign-role", json!({"role": "designer", "users": [IT]})),
        ("share", json!({"resource": "shelf", "with": {"user": IT}, "level": "view"})),
        ("unshare", json!({"resource": "shelf", "with": {"user": IT}})),
        ("hand-on", json!({"resource": "drinks", "org": "kick", "to": {"user": IT}})),
        ("take-back", json!({"resource": "drinks", "org": "kick", "to": {"user": IT}})),
        ("set-row-rule", json!({"resource": "shelf", "users": [IT], "filter": "a = 1"})),
        ("clear-row-rule", json!({"resource": "shelf", "users": [IT]})),
        ("issue-api-key", it(json!({"name": "x"}))),
    ] {
        t.users.iter().for_each(|hidden| t.check(hidden, name, &arguments));
    }
}

fn groups_and_roles(t: &mut Hidden) {
    for (name, arguments) in [
        ("rename-group", json!({"group": IT, "name": "x"})),
        ("delete-group", json!({"group": IT})),
        ("add-group-members", json!({"group": IT, "users": ["ken"]})),
        ("remove-group-members", json!({"group": IT, "users": ["ken"]})),
        ("sync-group", json!({"group": IT, "users": ["ken"]})),
        ("invite-group", json!({"group": IT, "org": "kick", "privileges": []})),
        ("uninvite-group", json!({"group": IT, "org": "kick"})),
        ("grant-tenant-permission", json!({"group": IT, "permission": "manage-organizations"})),
        ("revoke-tenant-permission", json!({"group": IT, "permission": "manage-organizations"})),
        ("assign-role", json!({"role": "designer", "groups": [IT]})),
        ("unassign-role", json!({"role": "designer", "groups": [IT]})),
        ("share", json!({"resource": "shelf", "with": {"group": IT}, "level": "view"})),
        ("unshare", json!({"resource": "shelf", "with": {"group": IT}})),
        ("hand-on", json!({"resource": "drinks", "org": "kick", "to": {"group": IT}})),
        ("take-back", json!({"resource": "drinks", "org": "kick", "to": {"group": IT}})),
        ("create-org", json!({"name": "x", "parent": "kick", "managing_group": IT})),
    ] {
        t.groups.iter().for_each(|hidden| t.check(hidden, name, &arguments));
    }
    for (name, arguments) in [
        ("change-role", json!({"role": IT, "name": "x"})),
        ("delete-role", json!({"role": IT})),
        ("assign-role", json!({"role": IT, "users": ["ken"]})),
        ("assign-role", json!({"role": IT, "org": "kick", "users": ["ken"]})),
        ("unassign-role", json!({"role": IT, "users": ["ken"]})),
        ("share", json!({"resource": "shelf", "with": {"role": IT}, "level": "view"})),
        ("unshare", json!({"resource": "shelf", "with": {"role": IT}})),
        ("hand-on", json!({"resource": "drinks", "org": "kick", "to": {"role": IT}})),
        ("take-back", json!({"resource": "drinks", "org": "kick", "to": {"role": IT}})),
    ] {
        t.roles.iter().for_each(|hidden| t.check(hidden, name, &arguments));
    }
}

/// The platform sees what it registered itself, whom it was for or not.
fn issuers(t: &mut Hidden) {
    for (name, arguments) in [
        ("change-issuer", with(json!({"id": IT}), trusted())),
        ("remove-issuer", json!({"id": IT})),
        ("confirm-credentials", json!({"org": "kick", "issuers": [IT]})),
    ] {
        t.check("theirs", name, &arguments);
    }
}

fn content_environments_and_keys(t: &mut Hidden) {
    let it = |more: Value| with(json!({"resource": IT}), more);
    let chart = |more: Value| with(json!({"org": "kick", "kind": "chart", "name": "x"}), more);
    let pack = json!({"org": "kick", "kind": "pack", "name": "x", "source": {"connection": IT}});
    for (name, arguments) in [
        ("create-resource", chart(json!({"parent": IT}))),
        ("create-resource", pack),
        ("rename-resource", it(json!({"name": "x"}))),
        ("move-resource", it(json!({"parent": "box"}))),
        ("move-resource", json!({"resource": "sales", "parent": IT})),
        ("delete-resource", it(json!({}))),
        ("copy-resource", it(json!({"into_org": "kick"}))),
        ("copy-resource", json!({"resource": "sales", "into_org": "kick", "parent": IT, "name": "x"})),
        ("export-resources", json!({"org": "kick", "resources": [IT]})),
        ("share", it(json!({"with": {"user": "ken"}, "level": "view"}))),
        ("unshare", it(json!({"with": {"user": "ken"}}))),
        ("distribute", it(json!({"to": {"org": "deep"}}))),
        ("undistribute", it(json!({"to": {"org": "deep"}}))),
        ("hand-on", it(json!({"org": "kick", "to": {"user": "ken"}}))),
        ("take-back", it(json!({"org": "kick", "to": {"user": "ken"}}))),
        ("set-row-rule", it(json!({"users": ["ken"], "filter": "a = 1"}))),
        ("clear-row-rule", it(json!({"users": ["ken"]}))),
    ] {
        t.check("vault", name, &arguments);
        t.check("pipe", name, &arguments);
    }
    for (name, arguments) in [
        ("unlink-environment", json!({"environment": IT})),
        ("unlink-environment", json!({"environment": IT, "org": "kick"})),
        ("invite-group", json!({"group": "team", "org": "kick", "environment": IT, "privileges": []})),
        ("uninvite-group", json!({"group": "team", "org": "kick", "environment": IT})),
        ("create-resource", chart(json!({"environment": IT}))),
    ] {
        t.check("lab", name, &arguments);
    }
    t.check("hers", "revoke-api-key", &json!({"key": IT}));
}

fn with(mut one: Value, more: Value) -> Value {
    one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    one
}
