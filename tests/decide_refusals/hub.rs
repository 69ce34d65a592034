//! Refusals of the global policy, and of workspaces (D).

use serde_json::json;

use super::Table;
use crate::support::hub::hub;

pub fn rows(t: &mut Table) {
    let mut world = hub();
    world.must("admin", "assign-role", json!({"role": "Administrator@root", "users": ["ann"]}));
    t.check_in(&world, "ann", "create-org", json!({"name": "x"}));
    t.check_in(&world, "sid", "define-role", json!({"org": "global", "name": "x"}));
    t.check_in(&world, "sid", "assign-role", json!({"role": "Consumer@training", "org": "global", "users": ["bob"]}));
    t.check_in(&world, "sid", "create-resource", json!({"org": "global", "kind": "folder", "name": "x"}));
    t.check_in(&world, "sid", "create-org", json!({"id": "global", "name": "x"}));
    t.check_in(&world, "sid", "delete-role", json!({"role": "system-administrator"}));
    t.check_in(&world, "sid", "change-role", json!({"role": "system-administrator", "privileges": []}));
    world.must("admin", "unassign-role", json!({"role": "system-administrator", "users": ["sid"]}));
    t.check_in(&world, "admin", "unassign-role", json!({"role": "system-administrator", "users": ["admin"]}));
    world.must("admin", "assign-role", json!({"role": "Administrator@root", "users": ["sid"]}));
    let only = json!({"role": "system-administrator", "groups": ["trainees"]});
    world.must("admin", "assign-role", only.clone());
    world.must("admin", "add-group-members", json!({"group": "trainees", "users": ["sue"]}));
    let mine = "personal:cat@training";
    world.must(
        "cat",
        "create-resource",
        json!({"id": "diary", "org": "training", "kind": "report", "name": "x", "parent": mine}),
    );
    world.must("cat", "create-resource", json!({"id": "open", "org": "training", "kind": "report", "name": "x"}));
    world.must("cat", "share", json!({"resource": "open", "with": {"user": "bob"}, "level": "view"}));
    t.check_in(&world, "cat", "share", json!({"resource": "diary", "with": {"user": "bob"}, "level": "view"}));
    t.check_in(&world, "cat", "move-resource", json!({"resource": "open", "parent": mine}));
    t.check_in(&world, "cat", "move-resource", json!({"resource": mine, "parent": null}));
    t.check_in(&world, "ann", "issue-api-key", json!({"user": "cat", "name": "k"}));
    // A key that carries less than its system administrator has is none of theirs.
    let key = crate::support::given::key("less", "admin", Some(&["role.manage"]), None);
    world.fact("root", tenure_events::Event::ApiKeyIssued(key));
    t.check_in(&world, "admin/less", "unassign-role", only);
}
