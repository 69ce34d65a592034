//! Refusals of the global policy, and of workspaces (D).

use serde_json::json;
use tenure_events::Event;
use tenure_events::data::{Nature, ResourceCreated, ResourceKindDefined};

use super::Table;
use crate::support::hub::hub;
use crate::support::memory::id;

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
    let mut with_kim = hub();
    let kim = json!({"id": "kim", "org": "root", "name": "K", "user_type": "administrator"});
    with_kim.must("admin", "create-user", kim);
    with_kim.must("admin", "assign-role", json!({"role": "Administrator@root", "users": ["kim"]}));
    t.check_in(&with_kim, "kim", "disable-user", json!({"user": "sid"}));
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
    world.must("cat", "create-resource", json!({"id": "box", "org": "training", "kind": "folder", "name": "b"}));
    world.must("cat", "share", json!({"resource": "box", "with": {"role": "Analyst"}, "level": "edit"}));
    world.must("ann", "assign-role", json!({"role": "Analyst@training", "users": ["bob"]}));
    world.must(
        "bob",
        "create-resource",
        json!({"id": "bobs", "org": "training", "kind": "chart", "name": "b", "parent": "box"}),
    );
    let export = |resources: &[&str]| json!({"org": "training", "resources": resources});
    t.check_in(&world, "cat", "export-resources", export(&[]));
    t.check_in(&world, "cat", "export-resources", export(&["box"]));
    t.check_in(&world, "cat", "export-resources", export(&["open", "diary", "open"]));
    t.check_in(&world, "cat", "export-resources", json!({"org": "root", "resources": ["box"]}));
    t.check_in(&world, "cat", "import-resources", json!({"org": "training", "bundle": "x.y.z"}));
    t.check_in(&world, "cat", "import-resources", json!({"org": "global", "bundle": "x.y.z"}));
    let items = ["one", "two"].map(|id| json!({"id": id, "kind": "chart", "name": "Same"}));
    let bundle = json!({"format": 1, "org": "sales", "exported": "2026-01-01T00:00:00.000000Z", "resources": items});
    t.check_in(&world, "cat", "import-resources", json!({"org": "training", "bundle": bundle.to_string()}));
    let items = [json!({"id": "wire", "kind": "connection", "name": "Wire"})];
    let bundle = json!({"format": 1, "org": "sales", "exported": "2026-01-01T00:00:00.000000Z", "resources": items});
    t.check_in(&world, "cat", "import-resources", json!({"org": "training", "bundle": bundle.to_string()}));
    let nothing = ResourceKindDefined {
        kind: id("pack"),
        create: None,
        view: None,
        edit: None,
        delete: None,
        share: None,
        nature: Nature::Pack,
    };
    world.fact("root", Event::ResourceKindDefined(nothing));
    world.must("ann", "create-resource", json!({"id": "pack", "org": "training", "kind": "pack", "name": "p"}));
    t.check_in(&world, "ann", "export-resources", export(&["pack"]));
    t.check_in(&world, "ann", "issue-api-key", json!({"user": "cat", "name": "k"}));
    // A key that carries less than its system administrator has is none of theirs.
    let key = crate::support::given::key("less", "admin", Some(&["role.manage"]), None);
    world.fact("root", Event::ApiKeyIssued(key));
    t.check_in(&world, "admin/less", "unassign-role", only);
    for number in 0..1_000 {
        world.fact("training", Event::ResourceCreated(in_box(number)));
    }
    t.check_in(&world, "ann", "export-resources", export(&["box"]));
}

fn in_box(number: u32) -> ResourceCreated {
    ResourceCreated {
        resource: id(&format!("box-{number}")),
        org: id("training"),
        kind: id("chart"),
        name: number.to_string(),
        parent: Some(id("box")),
        creator: id("cat"),
        environment: None,
        source: None,
        data_permission: None,
        personal: false,
    }
}
