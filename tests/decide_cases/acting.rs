//! A stated acting org binds: the header's, the key's, or the user's choice.

use serde_json::{Value, json};
use tenure_events::Event;

use crate::support::given::{given, key};
use crate::support::memory::World;

const OTHER: &str = "acting_org.other";

/// `admin` works in `root`, `kick` and `learn`; `note` is theirs in `kick`, and `pack` a pack there.
fn world() -> World {
    let mut w = given();
    for org in ["kick", "learn"] {
        w.must("admin", "grant-subscriptions", super::subscribe(org, "admin", "administrator", json!("all")));
    }
    for (id, kind) in [("note", "chart"), ("drinks", "pack"), ("nook", "folder")] {
        w.must("admin", "create-resource", json!({"id": id, "org": "kick", "kind": kind, "name": id}));
    }
    w
}

/// Every command on content, about content of `kick`.
fn commands() -> Vec<(&'static str, Value)> {
    let bundle = json!({"format": 1, "org": "root", "exported": "2026-01-01T00:00:00.000000Z",
        "resources": [{"id": "x", "kind": "chart", "name": "x"}]});
    vec![
        ("create-resource", json!({"org": "kick", "kind": "chart", "name": "new"})),
        ("rename-resource", json!({"resource": "note", "name": "other"})),
        ("move-resource", json!({"resource": "note", "parent": "nook"})),
        ("copy-resource", json!({"resource": "note", "into_org": "kick", "name": "copy"})),
        ("export-resources", json!({"org": "kick", "resources": ["note"]})),
        ("import-resources", json!({"org": "kick", "bundle": bundle.to_string()})),
        ("share", json!({"resource": "note", "with": {"user": "ken"}, "level": "view"})),
        ("unshare", json!({"resource": "note", "with": {"user": "ken"}})),
        ("distribute", json!({"resource": "drinks", "to": {"org": "deep"}})),
        ("undistribute", json!({"resource": "drinks", "to": {"org": "deep"}})),
        ("set-row-rule", json!({"resource": "drinks", "users": ["ken"], "filter": "a = 1"})),
        ("clear-row-rule", json!({"resource": "drinks", "users": ["ken"]})),
        ("delete-resource", json!({"resource": "note"})),
    ]
}

#[test]
fn the_org_that_is_named_binds() {
    let mut w = world();
    for (name, arguments) in commands() {
        w.must_not("admin@learn", name, arguments.clone(), OTHER);
        w.must("admin@kick", name, arguments);
    }
}

#[test]
fn the_org_that_the_user_chose_binds() {
    let mut w = world();
    w.must("admin", "select-active-org", json!({"org": "learn"}));
    for (name, arguments) in commands() {
        w.must_not("admin", name, arguments.clone(), OTHER);
        // Whoever names one acts there.
        w.must("admin@kick", name, arguments);
    }
    w.must("admin", "select-active-org", json!({"org": "kick"}));
    w.must("admin", "create-resource", json!({"org": "kick", "kind": "chart", "name": "mine"}));
}

#[test]
fn the_org_of_a_key_binds() {
    let mut w = world();
    w.fact("root", Event::ApiKeyIssued(key("learns", "admin", None, Some("learn"))));
    let made = |org: &str| json!({"org": org, "kind": "chart", "name": "new"});
    w.must("admin/learns", "create-resource", made("learn"));
    for (name, arguments) in commands() {
        assert!(w.give("admin/learns", name, &arguments).is_err(), "{name}");
    }
}

/// In the master nothing is made from the sub-tenant, whatever is held in both.
#[test]
fn nothing_is_made_in_the_master_while_the_sub_is_active() {
    let mut w = world();
    w.must("admin", "associate-sub-tenant", json!({"master": "kick", "sub": "learn"}));
    w.must("admin", "select-active-org", json!({"org": "learn"}));
    w.must_not("admin", "create-resource", json!({"org": "kick", "kind": "chart", "name": "new"}), OTHER);
    w.must_not("admin", "copy-resource", json!({"resource": "note", "into_org": "kick", "name": "copy"}), OTHER);
    w.must_not("admin", "rename-resource", json!({"resource": "note", "name": "n"}), "association.read_only");
}

#[test]
fn hand_on_in_the_tenant_that_is_acted_in() {
    let mut w = given();
    w.must("admin", "create-resource", json!({"id": "drinks", "org": "root", "kind": "pack", "name": "drinks"}));
    w.must("admin", "distribute", json!({"resource": "drinks", "to": {"org": "kick"}}));
    w.must("tim", "grant-subscriptions", super::subscribe("learn", "tim", "administrator", json!("all")));
    w.must("tim", "grant-subscriptions", super::subscribe("kick", "tim", "administrator", json!("all")));
    let to = json!({"resource": "drinks", "org": "kick", "to": {"user": "ken"}});
    w.must_not("tim@learn", "hand-on", to.clone(), OTHER);
    w.must("tim@kick", "hand-on", to);
}
