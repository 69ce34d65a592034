//! Teams: what a tenant permission opens and closes, and what an invitation lets its members do.

use serde_json::{Value, json};
use tenure_events::data::Switch;
use tenure_projections::judge::{self, Action, Object, Question};
use tenure_projections::lookup::Lookup;

use crate::support::given::{given, given_with, teams_world};
use crate::support::memory::World;

/// Whether a user may use a privilege in an org, `org:ID`, in an environment, `env:ID`, or with content, and the codes
/// of the reasons.
fn check(world: &World, user: &str, privilege: &str, object: &str, want: bool, code: &str) {
    let view = world.view();
    let object = match object.split_once(':') {
        Some(("org", id)) => Object::Org(view.find_org(id).unwrap()),
        Some(("env", id)) => Object::Environment(view.find_environment(id).unwrap()),
        _ => Object::Resource(view.find_resource(object).unwrap()),
    };
    let (subject, action) =
        (view.find_user(user).unwrap().into(), Action::Privilege(view.find_privilege(privilege).unwrap()));
    let (allowed, reasons) = judge::explain(&view, &Question { subject, action, object, acting: None });
    let codes: Vec<_> = reasons.iter().map(|reason| reason.code.name()).collect();
    assert_eq!(allowed, want, "{user} {privilege} {object:?}: {codes:?}");
    assert!(codes.contains(&code), "{user} {privilege} {object:?}: {codes:?}");
    let trace = judge::check(&view, &Question { subject, action, object, acting: None }, &mut ());
    assert_eq!(trace, want, "with reasons and without, the answer is the same");
}

fn permission(group: &str) -> Value {
    json!({"group": group, "permission": "manage-organizations"})
}

fn invite(environment: Option<&str>, privileges: &[&str]) -> Value {
    json!({"group": "science", "org": "emea", "environment": environment, "privileges": privileges})
}

#[test]
fn a_tenant_permission_stops_a_team_on_every_object() {
    let mut w = teams_world();
    check(&w, "erin", "org.manage", "org:emea", true, "authority.managing_team");
    check(&w, "erin", "org.manage", "org:emea", true, "tenant_permission.held");
    check(&w, "john", "org.manage", "org:root", false, "tenant_permission.missing");
    w.must("admin", "revoke-tenant-permission", permission("emea-admin"));
    check(&w, "erin", "org.manage", "org:emea", false, "tenant_permission.missing");
    let describe = json!({"org": "emea", "description": "x"});
    w.must_not("erin", "describe-org", describe.clone(), "tenant_permission.missing");
    w.must_not("erin", "invite-group", invite(None, &[]), "tenant_permission.missing");
    // Through whichever team.
    w.must("admin", "grant-tenant-permission", permission("science"));
    w.must("admin", "add-group-members", json!({"group": "science", "users": ["erin"]}));
    w.must("erin", "describe-org", describe);
}

#[test]
fn who_holds_a_privilege_needs_the_permission_as_well() {
    let mut w = given();
    check(&w, "tim", "org.manage", "org:root", true, "authority.subscription");
    w.must("admin", "grant-tenant-permission", permission("crew"));
    // From the first one that is given, all who hold `org.manage` need it; the administrators have it.
    check(&w, "kate", "org.manage", "org:kick", false, "tenant_permission.missing");
    check(&w, "tim", "org.manage", "org:root", false, "tenant_permission.missing");
    check(&w, "kate", "user.manage", "org:kick", true, "authority.subscription");
    check(&w, "admin", "org.manage", "org:root", true, "tenant_permission.held");
    w.must_not("kate", "rename-org", json!({"org": "kick", "name": "x"}), "tenant_permission.missing");
    w.must("admin", "add-group-members", json!({"group": "crew", "users": ["tim"]}));
    w.must("tim", "rename-org", json!({"org": "kick", "name": "x"}));
    let mut w = given_with(|settings| settings.tenant_permissions = Switch::Off);
    w.must_not("admin", "grant-tenant-permission", permission("crew"), "mechanism.off");
}

#[test]
fn permissions_are_the_administrators_alone() {
    let mut w = teams_world();
    // Not for those outside, whatever they hold; nor by way of a key, of a group, or of a credential.
    w.must(
        "admin",
        "grant-privileges",
        json!({"org": "root", "user": "grace", "privileges": ["user.manage", "key.manage", "audit.read"]}),
    );
    w.must_not("grace", "grant-tenant-permission", permission("science"), "tenant_permission.unknown");
    let join = |group: &str| json!({"group": group, "users": ["grace"]});
    w.must_not("grace", "add-group-members", join("administrators"), "delegation.tenant_permission");
    w.must_not("grace", "add-group-members", join("emea-admin"), "delegation.not_held");
    w.must_not("grace", "sync-group", join("administrators"), "delegation.tenant_permission");
    w.must_not("grace", "issue-api-key", json!({"user": "admin", "name": "k"}), "delegation.not_held");
    w.must("grace", "add-group-members", join("science"));
    w.must("admin", "grant-tenant-permission", permission("science"));
    w.must(
        "admin",
        "create-user",
        json!({"id": "gus", "org": "root", "name": "G", "user_type": "administrator", "privileges": ["group.manage"]}),
    );
    w.must_not(
        "gus",
        "add-group-members",
        json!({"group": "science", "users": ["gus"]}),
        "delegation.tenant_permission",
    );
    w.must("grace", "add-group-members", json!({"group": "science", "users": ["gus"]}));
}

#[test]
fn the_administrators_are_never_without_anybody() {
    let admins = |user: &str| json!({"group": "administrators", "users": [user]});
    let mut w = given();
    w.must_not("admin", "remove-group-members", admins("admin"), "administrators.last");
    w.must_not("admin", "sync-group", json!({"group": "administrators", "users": []}), "administrators.last");
    w.must_not("admin", "disable-user", json!({"user": "admin"}), "administrators.last");
    let mut w = teams_world();
    w.must("admin", "add-group-members", admins("erin"));
    // Who manages the orgs from above loses that with the permission: somebody else is to be there first.
    w.must_not("admin", "remove-group-members", admins("admin"), "org.locked_out");
    w.must("admin", "grant-privileges", json!({"org": "root", "user": "erin", "privileges": ["org.manage"]}));
    w.must("admin", "remove-group-members", admins("admin"));
    w.must_not("admin", "grant-tenant-permission", permission("science"), "tenant_permission.unknown");
    w.must("erin", "grant-tenant-permission", permission("science"));
}

#[test]
fn an_invited_team_does_what_was_granted_where_it_was() {
    let mut w = teams_world();
    w.must_not("john", "create-resource", json!({"org": "emea", "kind": "chart", "name": "x"}), "org.unknown");
    w.must("erin", "invite-group", invite(Some("dev"), &["chart.create", "chart.edit"]));
    check(&w, "john", "chart.create", "env:dev", true, "authority.environment_invitation");
    check(&w, "john", "chart.create", "org:emea", false, "authority.not_held");
    check(&w, "john", "chart.share", "env:dev", false, "authority.not_held");
    let make = |id: &str, more: Option<&str>| json!({"id": id, "org": "emea", "kind": "chart", "name": id, "environment": more});
    w.must("john", "create-resource", make("mine", Some("dev")));
    w.must_not("john", "create-resource", make("x", None), "privilege.not_held");
    check(&w, "john", "chart.edit", "mine", true, "level.created");
    w.must("erin", "link-environment", json!({"id": "prod", "org": "emea", "name": "Prod"}));
    check(&w, "john", "chart.create", "env:prod", false, "authority.not_held");
    // To the whole org.
    w.must("erin", "invite-group", invite(None, &["chart.share"]));
    check(&w, "john", "chart.share", "env:prod", true, "authority.invitation");
    check(&w, "john", "chart.share", "mine", true, "authority.invitation");
    // And no more.
    w.must("erin", "uninvite-group", json!({"group": "science", "org": "emea"}));
    check(&w, "john", "chart.edit", "mine", false, "authority.not_held");
    w.must_not("john", "rename-resource", json!({"resource": "mine", "name": "y"}), "resource.unknown");
}

#[test]
fn an_environment_that_is_unlinked_gives_nothing_and_its_content_stays() {
    let mut w = teams_world();
    w.must("erin", "invite-group", invite(Some("dev"), &["chart.create", "chart.edit"]));
    w.must(
        "john",
        "create-resource",
        json!({"id": "mine", "org": "emea", "kind": "chart", "name": "m", "environment": "dev"}),
    );
    let archive = json!({"org": "emea", "confirmation": "permanently archive"});
    w.must_not("erin", "archive-org", archive.clone(), "org.has_environments");
    w.must("erin", "unlink-environment", json!({"environment": "dev"}));
    check(&w, "john", "chart.edit", "mine", false, "authority.not_held");
    w.must("erin", "link-environment", json!({"id": "dev2", "org": "emea", "name": "dev"}));
    w.must("erin", "unlink-environment", json!({"id": "dev2"}));
    w.must("erin", "archive-org", archive);
    w.must_not("erin", "link-environment", json!({"org": "emea", "name": "x"}), "org.archived");
}

#[test]
fn nobody_gives_by_an_invitation_what_they_do_not_hold() {
    let mut w = teams_world();
    w.must_not("erin", "invite-group", invite(None, &["user.manage"]), "delegation.not_held");
    w.must_not("erin", "invite-group", invite(Some("dev"), &["user.manage"]), "delegation.not_held");
    // Managing from above gives nothing inside to hand on.
    w.must_not("admin", "invite-group", invite(None, &["chart.edit"]), "delegation.not_held");
    w.must_not("admin", "invite-group", invite(None, &[]), "delegation.not_member");
    // Whoever joins a team has what it is invited to.
    w.must("erin", "invite-group", invite(None, &["chart.edit"]));
    w.must_not("grace", "add-group-members", json!({"group": "science", "users": ["grace"]}), "delegation.not_held");
    w.must_not("grace", "add-group-members", json!({"group": "emea-admin", "users": ["grace"]}), "delegation.not_held");
}

#[test]
fn lookups_find_who_is_invited() {
    let mut w = teams_world();
    w.must("erin", "invite-group", invite(Some("dev"), &["chart.create"]));
    let view = w.view();
    let name = |action: &str, object| {
        let action = Action::Privilege(view.find_privilege(action).unwrap());
        let mut found: Vec<_> =
            Lookup::of(view).who_may(action, object, None).items.into_iter().map(|user| view.user_id(user)).collect();
        found.sort_unstable();
        found
    };
    let dev = Object::Environment(view.find_environment("dev").unwrap());
    assert_eq!(name("chart.create", dev), ["erin", "john"]);
    assert_eq!(name("org.manage", dev), ["erin"]);
    let orgs = |user: &str| {
        judge::orgs_of(&view, view.find_user(user).unwrap()).into_iter().map(|org| view.org_id(org)).collect::<Vec<_>>()
    };
    assert_eq!(orgs("john"), ["root", "emea"]);
    assert_eq!(orgs("grace"), ["root"]);
}
