//! Orgs side by side with a workspace each, and the global policy (D): what is let through, and ways around it.

use serde_json::{Value, json};
use tenure::decide::{bundled, remains};
use tenure_events::Event;
use tenure_events::data::{Level, Settings, SettingsChanged};
use tenure_projections::judge::{self, Action, Object, Question, Subject};
use tenure_projections::sight;

use crate::support::given::given;
use crate::support::hub::hub;
use crate::support::memory::{World, id};

fn assign(role: &str, user: &str) -> Value {
    json!({"role": role, "users": [user]})
}

fn make(id: &str, org: &str, kind: &str, parent: Option<&str>) -> Value {
    json!({"id": id, "org": org, "kind": kind, "name": id, "parent": parent})
}

/// Who of these has the content at the level, acting in its org.
fn who_has<'a>(world: &World, resource: &str, level: Level, users: &[&'a str]) -> Vec<&'a str> {
    let view = world.view();
    let no = view.find_resource(resource).unwrap();
    let acting = view.resource(no).map(|resource| resource.value.org);
    let has = |user: &&str| {
        let subject = Subject::from(view.find_user(user).unwrap());
        let question = Question { subject, action: Action::Level(level), object: Object::Resource(no), acting };
        judge::check(&view, &question, &mut ())
    };
    users.iter().copied().filter(has).collect()
}

/// The platform after its settings were changed.
fn switched(change: impl FnOnce(&mut Settings)) -> World {
    let mut world = hub();
    let mut settings: Settings = (*world.view().settings().unwrap().value).clone();
    change(&mut settings);
    world.fact("root", Event::SettingsChanged(SettingsChanged { settings }));
    world
}

const EVERYBODY: [&str; 6] = ["admin", "sid", "ann", "sue", "bob", "cat"];

#[test]
fn system_administrators_reach_everywhere_and_nobody_else_does() {
    for need in [false, true] {
        let mut w = switched(|settings| settings.roles_need_membership = need);
        for org in ["root", "training", "sales"] {
            assert!(w.holds("sid", "user.manage", org) && w.holds("sid", "content.manage", org), "{need} {org}");
        }
        assert!(!w.holds("ann", "role.manage", "sales"));
        w.must("admin", "unassign-role", json!({"role": "system-administrator", "org": "global", "users": ["sid"]}));
        for org in ["training", "sales"] {
            assert!(!w.holds("sid", "user.manage", org), "{need} {org}");
        }
    }
}

#[test]
fn what_system_administrators_manage_without_reaching() {
    let w = switched(|settings| {
        settings.roles_need_membership = true;
        settings.system_administrator_reaches = false;
    });
    assert!(w.holds("sid", "user.manage", "sales"), "tenants' users are theirs");
    assert!(!w.holds("sid", "content.manage", "sales"), "and nothing else is");
}

#[test]
fn they_do_not_reach_into_an_org_that_excludes_them() {
    let mut w = hub();
    w.must("admin", "create-org", json!({"id": "shut", "name": "shut", "admin": {"id": "shaun", "name": "S"}}));
    w.must("shaun", "exclude-landlord", json!({"org": "shut"}));
    assert!(!w.holds("sid", "user.manage", "shut"));
    w.must_not("sid", "assign-role", assign("Consumer@shut", "bob"), "role.unknown");
    w.must("sid", "disable-org", json!({"org": "shut"}));
    w.must("sid", "enable-org", json!({"org": "shut"}));
}

/// The root is an org like any other: running it gives nothing elsewhere.
#[test]
fn an_administrator_of_the_root_is_none_elsewhere() {
    let mut w = hub();
    w.must("admin", "assign-role", assign("Administrator@root", "cat"));
    w.must_not("cat", "create-org", json!({"name": "x"}), "lifecycle.system_administrator");
    w.must_not("cat", "archive-org", json!({"org": "training", "confirmation": "x"}), "lifecycle.system_administrator");
    w.must_not("cat", "delete-role", json!({"role": "system-administrator"}), "global_policy.system_administrator");
    let subscribe = json!({"org": "sales", "users": ["cat"], "user_type": "administrator", "privileges": "all"});
    w.must_not("cat", "grant-subscriptions", subscribe, "org.unknown");
    assert!(w.decide("cat>sue", "create-resource", &make("x", "sales", "chart", None)).is_err());
}

#[test]
fn an_assignment_is_the_membership_of_a_group_as_well() {
    let mut w = hub();
    w.must("ann", "assign-role", json!({"role": "Consumer", "org": "training", "groups": ["trainees"]}));
    assert_eq!(orgs(&w, "sue"), ["sales"]);
    w.must("admin", "add-group-members", json!({"group": "trainees", "users": ["sue"]}));
    assert_eq!(orgs(&w, "sue"), ["sales", "training"]);
    w.must("sue", "select-active-org", json!({"org": "training"}));
    assert_eq!(who_has(&w, "personal:sue@training", Level::View, &EVERYBODY), ["sue"], "made when first needed");
    w.must("sue", "select-active-org", json!({"org": "sales"}));
    w.must("sue", "select-active-org", json!({"org": "training"}));
    assert!(w.log.iter().filter(|event| event.event.subject() == "resources/personal:sue@training").count() == 1);
}

fn orgs(world: &World, user: &str) -> Vec<String> {
    let view = world.view();
    judge::orgs_of(&view, view.find_user(user).unwrap()).into_iter().map(|org| view.org_id(org).to_owned()).collect()
}

#[test]
fn the_last_system_administrator_stays() {
    let mut w = hub();
    let leave = |user: &str| json!({"role": "system-administrator", "users": [user]});
    w.must("sid", "unassign-role", leave("admin"));
    w.must_not("sid", "unassign-role", leave("sid"), "platform.locked_out");
    w.must_not("ann", "unassign-role", leave("sid"), "role.unknown");
    let until = json!({"role": "system-administrator", "users": ["sid"], "valid_until": "2030-01-01T00:00:00Z"});
    w.must_not("sid", "assign-role", until, "platform.locked_out");
    w.must_not("sid", "disable-user", json!({"user": "sid"}), "platform.locked_out");
}

#[test]
fn workspaces() {
    let mut w = hub();
    assert_eq!(who_has(&w, "Public@training", Level::View, &EVERYBODY), ["admin", "sid", "ann", "bob", "cat"]);
    w.must_not(
        "bob",
        "create-resource",
        make("b", "training", "report", Some("Public@training")),
        "privilege.not_held",
    );
    w.must("cat", "create-resource", make("c", "training", "report", Some("Public@training")));
    w.must("ann", "create-resource", make("a", "training", "report", Some("Public@training")));
    w.must_not("cat", "delete-resource", json!({"resource": "a"}), "content.not_allowed");
    for user in ["bob", "cat"] {
        assert_eq!(who_has(&w, &format!("personal:{user}@training"), Level::View, &EVERYBODY), [user]);
    }
}

#[test]
fn a_personal_folder_is_nobody_elses() {
    let mut w = hub();
    let mine = "personal:cat@training";
    w.must("cat", "create-resource", make("diary", "training", "report", Some(mine)));
    assert_eq!(who_has(&w, "diary", Level::View, &EVERYBODY), ["cat"]);
    let into = |resource: &str, parent: &str| json!({"resource": resource, "parent": parent});
    for other in ["ann", "sid"] {
        w.must_not(other, "create-resource", make("x", "training", "report", Some(mine)), "resource.unknown");
        w.must_not(other, "move-resource", into("diary", "Public@training"), "resource.unknown");
        w.must_not(
            other,
            "share",
            json!({"resource": "diary", "with": {"user": other}, "level": "view"}),
            "resource.unknown",
        );
    }
    // A credential would be a way in.
    w.must_not("ann", "issue-api-key", json!({"user": "cat", "name": "k"}), "delegation.personal");
    w.must_not("ann", "link-identity", json!({"user": "cat", "issuer": "i", "subject": "s"}), "delegation.personal");
    w.must("ann", "reset-credential", json!({"user": "cat"}));
    w.must("ann", "issue-api-key", json!({"user": "bob", "name": "k"}));
    w.must("sid", "issue-api-key", json!({"user": "cat", "name": "k"}));
    // What somebody else made and its owner put away is seen by its owner alone, until it is taken out again.
    w.must("ann", "create-resource", make("plan", "training", "report", Some("Public@training")));
    w.must("ann", "share", json!({"resource": "plan", "with": {"user": "cat"}, "level": "manage"}));
    w.must_not("cat", "move-resource", into("plan", mine), "personal.shared");
    w.must("ann", "assign-role", assign("Administrator@training", "cat"));
    w.must("ann", "unshare", json!({"resource": "plan", "with": {"user": "cat"}}));
    w.must("cat", "move-resource", into("plan", mine));
    assert_eq!(who_has(&w, "plan", Level::View, &EVERYBODY), ["cat"]);
    w.must("cat", "move-resource", into("plan", "Public@training"));
    assert_eq!(who_has(&w, "plan", Level::Manage, &EVERYBODY), ["admin", "sid", "ann", "cat"]);
}

#[test]
fn what_the_gone_left_is_taken_over() {
    let mut w = hub();
    w.must("cat", "create-resource", make("diary", "training", "report", Some("personal:cat@training")));
    w.must("ann", "disable-user", json!({"user": "cat"}));
    assert!(who_has(&w, "diary", Level::View, &EVERYBODY).is_empty(), "who is disabled may come back");
    w.must("ann", "erase-user", json!({"user": "cat", "confirmation": "permanently erase"}));
    assert_eq!(who_has(&w, "diary", Level::Manage, &EVERYBODY), ["admin", "sid", "ann"]);
    let share = json!({"resource": "diary", "with": {"org": "training"}, "level": "view"});
    w.must_not("ann", "share", share.clone(), "personal.never_shared");
    w.must("ann", "move-resource", json!({"resource": "diary", "parent": "Public@training"}));
    w.must("ann", "share", share);
    // Who was a guest is gone a month after they left by their own act, and not when others end it.
    w.must("sue", "create-resource", make("s", "sales", "chart", None));
    w.must("ann", "assign-role", json!({"role": "Designer@training", "groups": ["trainees"]}));
    w.must("admin", "add-group-members", json!({"group": "trainees", "users": ["sue"]}));
    w.must("sue", "select-active-org", json!({"org": "training"}));
    w.must("sue", "create-resource", make("note", "training", "chart", Some("personal:sue@training")));
    assert_eq!(who_has(&w, "note", Level::View, &EVERYBODY), ["sue"]);
    w.must("admin", "remove-group-members", json!({"group": "trainees", "users": ["sue"]}));
    assert!(who_has(&w, "note", Level::View, &EVERYBODY).is_empty());
    w.pass(400 * 86_400);
    assert!(who_has(&w, "note", Level::View, &EVERYBODY).is_empty());
    w.must("admin", "assign-role", json!({"role": "Designer@training", "users": ["sue"]}));
    w.must("sue", "unassign-role", json!({"role": "Designer@training", "users": ["sue"]}));
    w.pass(29 * 86_400);
    assert!(who_has(&w, "note", Level::View, &EVERYBODY).is_empty());
    w.pass(86_400);
    assert_eq!(who_has(&w, "note", Level::View, &EVERYBODY), ["admin", "sid", "ann"]);
    // Come and sent away since, they are there again.
    w.must("admin", "add-group-members", json!({"group": "trainees", "users": ["sue"]}));
    w.must("admin", "remove-group-members", json!({"group": "trainees", "users": ["sue"]}));
    w.pass(400 * 86_400);
    assert!(who_has(&w, "note", Level::View, &EVERYBODY).is_empty());
}

#[test]
fn a_withdrawal_tells_what_is_still_held() {
    let mut w = hub();
    let subscribe =
        json!({"org": "training", "users": ["sue"], "user_type": "administrator", "privileges": ["chart.edit"]});
    w.must("admin", "grant-subscriptions", subscribe);
    w.must("admin", "assign-role", assign("Analyst@training", "sue"));
    let left = left_by(&mut w, "admin", "withdraw-subscription", json!({"org": "training", "user": "sue"}));
    let held = json!([{"user": "sue", "org": "training", "privileges": ["chart.create", "chart.edit"]}]);
    assert_eq!(left, json!({ "still_held": held }));
    let left = left_by(&mut w, "admin", "unassign-role", assign("Analyst@training", "sue"));
    assert_eq!(left, Value::Null, "nothing is left");
}

#[test]
fn an_exclusion_tells_what_foreign_access_remains() {
    let mut w = given();
    let guest = |user: &str| json!({"org": "learn", "users": [user], "user_type": "viewer", "privileges": []});
    w.must(
        "tim",
        "grant-subscriptions",
        json!({"org": "learn", "users": ["tim"], "user_type": "administrator", "privileges": ["subscription.manage"]}),
    );
    w.must("tim", "grant-subscriptions", json!({"org": "kick", "users": ["tim"], "user_type": "administrator", "privileges": ["subscription.manage", "user.manage"]}));
    w.must("tim", "grant-subscriptions", guest("ken"));
    let left = left_by(&mut w, "liz", "exclude-landlord", json!({"org": "learn"}));
    let foreign = json!({
        "excluded": true,
        "from_elsewhere": [{"user": "ken", "home": "kick", "orgs": ["learn"]}],
        "sub_tenants": [],
        "made_from_above": [{"user": "liz", "by": "admin", "vouched_for": true}],
        "issued": [{"what": "membership", "id": "learn", "user": "ken", "by": "tim", "suspended": false}],
        "more": 0,
    });
    assert_eq!(left, json!({ "foreign_access": foreign }), "tim is shut out, and not among them");
}

/// What a command's answer tells beside its events.
fn left_by(world: &mut World, who: &str, name: &str, arguments: Value) -> Value {
    let drafts = world.give(who, name, &arguments).unwrap();
    let view = world.view();
    let teller = Subject::from(view.find_user(who).unwrap());
    let originals = drafts.iter().filter(|draft| draft.twin_of.is_none());
    let events = originals.map(|draft| &draft.event);
    let told = remains(&view, &view, &teller, events, &|position| world.actor(position));
    told.map_or(Value::Null, |told| serde_json::to_value(told).unwrap())
}

#[test]
fn who_keeps_a_policy_sees_the_groups_of_the_platform() {
    let w = hub();
    let view = w.view();
    let group = view.find_group("trainees").unwrap();
    let sees = |user: &str| sight::sees_group(&view, &Subject::from(view.find_user(user).unwrap()), group);
    assert_eq!(EVERYBODY.map(sees), [true, true, true, true, false, false]);
}

/// What an export left, as one who imports it brings it.
fn bundle(world: &World, org: &str, resources: &[&str]) -> Value {
    let view = world.view();
    let resources: Vec<_> = resources.iter().map(|name| id(name)).collect();
    let contents = bundled(&view, view.find_org(org).unwrap(), &resources, world.now());
    Value::from(String::from_utf8(contents.to_bytes()).unwrap())
}

#[test]
fn content_moves_by_export_and_import() {
    let mut w = hub();
    w.must("ann", "create-resource", make("shelf", "root", "folder", Some("Public@root")));
    w.must("ann", "create-resource", make("inner", "root", "folder", Some("shelf")));
    w.must("ann", "create-resource", make("sales", "root", "chart", Some("inner")));
    w.must("ann", "create-resource", make("wire", "root", "connection", Some("inner")));
    let bundle = bundle(&w, "root", &["inner", "shelf"]);
    assert!(!bundle.as_str().unwrap().contains("wire"), "a connection does not go along");
    let into = |parent: &str| json!({"org": "training", "parent": parent, "bundle": bundle});
    w.must_not("bob", "import-resources", into("Public@training"), "privilege.not_held");
    w.must_not("ann", "import-resources", into("personal:cat@training"), "resource.unknown");
    let made = w.give("cat", "import-resources", &into("personal:cat@training")).unwrap();
    assert_eq!(made.len(), 3);
    let again = w.give("cat", "import-resources", &into("Public@training")).unwrap();
    assert_eq!(again.len(), 0, "cat sees hers");
    let made = w.give("ann", "import-resources", &into("Public@training")).unwrap();
    assert_eq!(made.len(), 3, "ann does not");
    let view = w.view();
    let imported: Vec<_> = view.imports_of(view.find_resource("sales").unwrap()).collect();
    let folders = |no| view.folders(no).map(|folder| view.resource_name(folder).to_owned()).collect::<Vec<_>>();
    assert_eq!(folders(imported[0]), ["sales", "inner", "shelf", "Public"]);
    assert_eq!(folders(imported[1]), ["sales", "inner", "shelf", "cat"]);
    // What was deleted is brought back.
    let sales = view.resource_id(view.imports_of(view.find_resource("sales").unwrap()).next().unwrap()).to_owned();
    w.must("ann", "delete-resource", json!({ "resource": sales }));
    assert_eq!(w.give("ann", "import-resources", &into("Public@training")).unwrap().len(), 1);
}

#[test]
fn export_needs_manage_and_ones_own_token() {
    let mut w = hub();
    w.must("ann", "create-resource", make("sales", "root", "chart", Some("Public@root")));
    let export = json!({"org": "root", "resources": ["sales"]});
    w.must("admin", "create-user", json!({"id": "tom", "org": "root", "name": "t", "user_type": "member"}));
    w.must_not("tom", "export-resources", export.clone(), "content.not_allowed");
    w.must_not("cat", "export-resources", export.clone(), "org.unknown");
    w.must_not("admin>ann", "export-resources", export.clone(), "act_as.not_covered");
    w.must("ann", "export-resources", export);
    w.must("cat", "create-resource", make("diary", "training", "report", Some("personal:cat@training")));
    w.must_not("ann", "export-resources", json!({"org": "training", "resources": ["diary"]}), "resource.unknown");
    w.must("cat", "export-resources", json!({"org": "training", "resources": ["diary"]}));
}
