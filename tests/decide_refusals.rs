//! Every refusal that a decision can give, each with a case, in one approved table; and no code without a case.

mod catalogue;
mod hub;
mod issuers;
mod packs;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};
use tenure::decide::Kind;
use tenure_events::Event;
use tenure_events::data::{PlatformLicence, RoleTemplateDefined, Switch};

use crate::support::given::{RUN, given, given_with, key, teams_world};
use crate::support::licensed::{code, licensed, platform, unlicensed, vendor};
use crate::support::memory::World;
use crate::support::snapshots;

#[test]
fn refusals() {
    let mut table = Table::default();
    orgs(&mut table);
    users(&mut table);
    credentials(&mut table);
    groups_and_roles(&mut table);
    teams(&mut table);
    subscriptions(&mut table);
    content(&mut table);
    packs::associations(&mut table);
    packs::distributions(&mut table);
    packs::rows_and_apps(&mut table);
    texts_and_standing(&mut table);
    hub::rows(&mut table);
    issuers::issuers(&mut table);
    licences(&mut table);
    catalogue::catalogue(&mut table);
    catalogue::settings(&mut table);
    let (given, written) = (&table.codes, codes("src/decide"));
    let missing: Vec<_> = written.difference(given).collect();
    assert!(missing.is_empty(), "codes without a case here: {missing:?}");
    let gone: Vec<_> = given.difference(&written).collect();
    assert!(gone.is_empty(), "codes that src/decide does not name: {gone:?}");
    snapshots().bind(|| insta::assert_snapshot!("refusals", table.text()));
}

#[derive(Default)]
struct Table {
    rows: Vec<String>,
    codes: BTreeSet<String>,
}

impl Table {
    /// What comes of a command in the given world.
    fn check(&mut self, who: &str, name: &str, arguments: Value) {
        self.check_in(&given(), who, name, arguments);
    }

    /// The same after another command.
    fn after(&mut self, first: (&str, &str, Value), who: &str, name: &str, arguments: Value) {
        let mut world = given();
        world.must(first.0, first.1, first.2);
        self.check_in(&world, who, name, arguments);
    }

    fn check_in(&mut self, world: &World, who: &str, name: &str, arguments: Value) {
        let refusal = match world.decide(who, name, &arguments) {
            Ok(drafts) => panic!("{who}: {name} {arguments} is accepted: {drafts:?}"),
            Err(refusal) => refusal,
        };
        let (code, detail) = (refusal.code, &refusal.detail);
        let kind = match refusal.kind {
            Kind::Forbidden => "403".to_owned(),
            Kind::NotFound => "404".to_owned(),
            Kind::Conflict => "409".to_owned(),
            Kind::Invalid { field } => format!("422 {field}"),
        };
        assert!(!detail.starts_with(char::is_uppercase) && !detail.ends_with('.'), "{code}: {detail}");
        self.codes.insert(code.to_owned());
        let arguments: String = arguments.to_string().chars().take(120).collect();
        self.rows.push(format!("{code} ({kind})\n    {who}: {name} {arguments}\n    {detail}\n"));
    }

    fn text(&self) -> String {
        let mut rows = self.rows.clone();
        rows.sort_unstable();
        rows.iter().fold(String::new(), |mut text, row| {
            writeln!(text, "{row}").unwrap();
            text
        })
    }
}

fn orgs(t: &mut Table) {
    let admin = |id: &str, user_type: &str| json!({"id": id, "name": "A", "user_type": user_type});
    t.check("kate", "rename-org", json!({"org": "learn", "name": "x"}));
    t.check("admin", "describe-org", json!({"org": "off", "description": "x"}));
    t.check("admin", "rename-org", json!({"org": "gone", "name": "x"}));
    t.check("admin", "describe-org", json!({"org": "gone", "description": "x"}));
    t.check("admin", "enable-org", json!({"org": "kick"}));
    t.check("admin", "disable-org", json!({"org": "root"}));
    t.check("admin", "move-org", json!({"org": "root", "parent": "kick"}));
    t.check("admin", "move-org", json!({"org": "kick", "parent": "deep"}));
    t.check("admin", "move-org", json!({"org": "kick", "parent": "root"}));
    t.check("admin", "archive-org", json!({"org": "root", "confirmation": "permanently archive"}));
    t.check("admin", "archive-org", json!({"org": "learn", "confirmation": "yes"}));
    t.check("admin", "archive-org", json!({"org": "kick", "confirmation": "permanently archive"}));
    t.check("ken", "create-org", json!({"name": "x", "parent": "kick"}));
    t.check("admin", "create-org", json!({"name": "x", "parent": "shut"}));
    t.check("admin", "describe-org", json!({"org": "shut", "description": "x"}));
    t.check("admin", "move-org", json!({"org": "learn", "parent": "shut"}));
    t.check("admin", "create-org", json!({"name": "KICK"}));
    t.check("admin", "create-org", json!({"id": "kick", "name": "x"}));
    t.check("admin", "create-org", json!({"id": "KICK", "name": "x"}));
    t.check("admin", "create-org", json!({"name": "\u{43e}ff"}));
    let cyrillic = ("admin", "rename-org", json!({"org": "kick", "name": "\u{421}\u{43e}\u{440}"}));
    t.after(cyrillic, "admin", "create-org", json!({"name": "Cop"}));
    t.check("admin", "create-org", json!({"name": "x", "admin": admin("ken", "administrator")}));
    t.check("admin", "create-org", json!({"name": "x", "admin": admin("new", "pope")}));
    t.check("kate", "create-org", json!({"name": "x", "parent": "kick", "managing_group": "team"}));
    let world = World::with(|settings| settings.managing_team_required = true);
    t.check_in(&world, "admin", "create-org", json!({"name": "x"}));
    let mut world = given();
    let template = RoleTemplateDefined { name: "guest".to_owned(), privileges: Vec::new() };
    world.fact("root", Event::RoleTemplateDefined(template));
    t.check_in(&world, "admin", "create-org", json!({"id": "o".repeat(123), "name": "x"}));
    t.check("admin", "tag-org", json!({"org": "kick", "tags": vec!["t"; 51]}));
    t.check("admin", "rename-org", json!({"org": "kick", "name": "kick"}));
    t.check("kate", "admit-landlord", json!({"org": "kick"}));
    t.check("shaun", "exclude-landlord", json!({"org": "shut"}));
    t.check("admin", "exclude-landlord", json!({"org": "root"}));
    t.check("shaun", "admit-landlord", json!({"org": "shut", "until": "2020-01-01T00:00:00Z"}));
    let world = World::with(|settings| settings.landlord_rule = false);
    t.check_in(&world, "admin", "exclude-landlord", json!({"org": "root"}));
    t.check("kate", "confirm-credentials", json!({"org": "kick"}));
    t.check("kate", "confirm-credentials", json!({"org": "kick", "keys": ["narrow", "nope"]}));
    t.check("kate", "confirm-credentials", json!({"org": "kick", "users": ["ken"]}));
}

fn licences(t: &mut Table) {
    let tenant = |id: &str| json!({"id": id, "name": id, "admin": {"id": format!("{id}-admin"), "name": "A"}});
    let token = |token: String| json!({"token": token});
    let license = |org: &str, code: String| json!({"org": org, "authorisation": code});
    let (early, late, until) = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2027-01-01T00:00:00Z");
    t.check("admin", "install-licence", token("x".to_owned()));
    let world = given_with(|settings| settings.licences = Switch::OnceUsed);
    t.check_in(&world, "admin", "install-licence", token("x".to_owned()));
    t.check_in(&world, "admin", "license-org", license("kick", "x".to_owned()));
    let world = unlicensed(|_| {});
    t.check_in(&world, "admin", "create-org", tenant("mars"));
    t.check_in(&world, "admin", "install-licence", token("x.y.z".to_owned()));
    let ended = platform(early, Some("2026-03-01T00:00:00Z"));
    t.check_in(&world, "admin", "install-licence", token(ended));
    let mut world = unlicensed(|_| {});
    world.must("admin", "install-licence", token(platform(early, Some("2026-03-02T00:00:00Z"))));
    world.pass(86_400);
    t.check_in(&world, "admin", "create-org", tenant("mars"));
    let mut world = licensed();
    world.must("admin", "create-org", tenant("mars"));
    t.check_in(&world, "admin", "install-licence", token(platform(early, None)));
    t.check_in(&world, "admin", "license-org", license("root", "x".to_owned()));
    t.check_in(&world, "admin", "license-org", license("mars", platform(late, None)));
    t.check_in(&world, "admin", "license-org", license("mars", code("venus", late, 5, until)));
    t.check_in(&world, "admin", "license-org", license("mars", code("mars", late, 5, "2026-02-02T00:00:00Z")));
    t.check_in(&world, "admin", "license-org", license("mars", code("mars", late, 0, until)));
    t.check_in(&world, "admin", "create-org", json!({"name": "x", "parent": "mars"}));
    t.check_in(&world, "admin", "create-org", json!({"name": "x"}));
    world.pass(31 * 86_400);
    t.check_in(&world, "admin", "tag-org", json!({"org": "mars", "tags": []}));
    let none = PlatformLicence { tenants: false, ..vendor().public().platform(&platform(late, None)).unwrap() };
    world.must("admin", "install-licence", token(vendor().platform(&none)));
    t.check_in(&world, "admin", "create-org", tenant("venus"));
    let login = |methods: &[&str]| json!({"methods": methods, "default": "tenant"});
    t.check("admin", "configure-login", login(&[]));
    t.check("admin", "configure-login", login(&["account", "account"]));
    let call = |admin: &str, attributes: usize| {
        json!({
            "external_id": "ww1", "issuer": "idp", "name": "Venus", "admin": {"subject": admin, "name": "A"},
            "attributes": (0..attributes).map(|n| (n.to_string(), json!("x"))).collect::<serde_json::Map<_, _>>(),
        })
    };
    t.check("admin", "provision-tenant", call("a", 51));
    t.after(("admin", "provision-tenant", call("a", 0)), "admin", "provision-tenant", call("b", 0));
    let mut world = licensed();
    world.must("admin", "provision-tenant", call("a", 0));
    let mut more = call("a", 0);
    more["users"] = json!([{"subject": "b", "name": "B"}]);
    t.check_in(&world, "admin", "provision-tenant", more);
    let mut enrols = call("a", 0);
    enrols["enrol"] = json!(true);
    t.check_in(&world, "admin", "provision-tenant", enrols);
    let mut world = given();
    let mut ends = key("guest", "kate", None, None);
    ends.expires = Some("2026-03-02T00:00:00Z".parse().unwrap());
    world.fact("kick", Event::ApiKeyIssued(ends));
    t.check_in(&world, "kate/guest", "issue-api-key", json!({"user": "kate", "name": "k"}));
    t.check_in(&world, "kate/guest", "assign-role", json!({"role": "boss", "users": ["ken"]}));
    t.check("kate@root", "create-resource", json!({"org": "kick", "kind": "folder", "name": "x"}));
    t.check("admin", "disable-org", json!({"org": "off"}));
}

fn users(t: &mut Table) {
    let erase = |user: &str| json!({"user": user, "confirmation": "permanently erase"});
    t.check("ken", "create-user", json!({"org": "kick", "name": "x", "user_type": "viewer"}));
    t.check("kate", "create-user", json!({"org": "kick", "name": "x", "user_type": "pope"}));
    t.check(
        "kate",
        "create-user",
        json!({"org": "kick", "name": "x", "user_type": "viewer", "privileges": ["chart.edit"]}),
    );
    t.check("kate", "create-user", json!({"org": "kick", "name": "x", "user_type": "viewer", "privileges": ["pray"]}));
    t.check(
        "tim",
        "create-user",
        json!({"org": "root", "name": "x", "user_type": "administrator", "privileges": ["audit.read"]}),
    );
    t.check("kate", "create-user", json!({"id": "liz", "org": "kick", "name": "x", "user_type": "viewer"}));
    t.check("kate", "create-user", json!({"id": "~time", "org": "kick", "name": "x", "user_type": "viewer"}));
    t.check("kate", "change-profile", json!({"user": "liz", "name": "x"}));
    t.check("ken", "change-profile", json!({"user": "ken"}));
    t.after(("kate", "disable-user", json!({"user": "ken"})), "kate", "disable-user", json!({"user": "ken"}));
    t.check("kate", "enable-user", json!({"user": "ken"}));
    t.check("admin", "record-sign-in", json!({"user": "dan"}));
    t.check("admin", "select-active-org", json!({"org": "kick"}));
    t.check("kate", "select-active-org", json!({"user": "ken", "org": "kick"}));
    t.after(("ken", "select-active-org", json!({"org": "kick"})), "ken", "select-active-org", json!({"org": "kick"}));
    t.check("kate", "erase-user", json!({"user": "ken", "confirmation": "yes"}));
    t.check("kate", "erase-user", json!({"user": "ken", "confirmation": "permanently erase", "successor": "ken"}));
    t.check("shaun", "erase-user", erase("shaun"));
    t.check("shaun", "disable-user", json!({"user": "shaun"}));
}

fn credentials(t: &mut Table) {
    let identity = |user: &str| json!({"user": user, "issuer": "idp", "subject": "s"});
    t.check("ken", "reset-credential", json!({"user": "mia"}));
    let key = ("kate", "issue-api-key", json!({"user": "kate", "name": "k"}));
    t.after(key, "kate", "reset-credential", json!({"user": "kate"}));
    t.check("ken", "enrol", json!({"user": "ken", "key": "k", "name": "k"}));
    let from_above = json!({"user": "kate", "enrol": true});
    t.check("admin", "reset-credential", from_above.clone());
    let mut without = given();
    without.delivers = false;
    t.check_in(&without, "admin", "reset-credential", from_above);
    let both = json!({"name": "New", "admin": {"name": "N", "key": true, "enrol": true}});
    t.check("admin", "create-org", both);
    t.check("kate/narrow", "link-identity", identity("kate"));
    t.check("kate/narrow", "select-active-org", json!({"org": "kick"}));
    t.check("svc>ken", "move-resource", json!({"resource": "box", "parent": "shelf"}));
    t.after(("kate", "link-identity", identity("ken")), "kate", "link-identity", identity("mia"));
    t.check("kate", "unlink-identity", identity("ken"));
    t.check("ken", "issue-api-key", json!({"user": "mia", "name": "k"}));
    t.check("admin", "issue-api-key", json!({"user": "admin", "name": "k", "org": "kick"}));
    t.check("kate/narrow", "issue-api-key", json!({"user": "kate", "name": "k"}));
    t.check("ken", "revoke-api-key", json!({"key": "narrow"}));
    t.check("svc>ken", "grant-privileges", json!({"org": "kick", "user": "ken", "privileges": ["chart.edit"]}));
    t.check("kate>liz", "create-resource", json!({"org": "learn", "kind": "chart", "name": "x"}));
}

fn groups_and_roles(t: &mut Table) {
    t.check("ken", "create-group", json!({"org": "kick", "name": "x"}));
    t.check("kate", "rename-group", json!({"group": "crew", "name": "x"}));
    t.check("kate", "add-group-members", json!({"group": "team", "users": ["ken"]}));
    t.check("kate", "add-group-members", json!({"group": "team", "users": []}));
    t.check("kate", "add-group-members", json!({"group": "team", "users": ["mia", "mia"]}));
    t.check("kate", "remove-group-members", json!({"group": "team", "users": ["mia"]}));
    t.after(
        (
            "tim",
            "grant-subscriptions",
            json!({"org": "kick", "users": ["tim"], "user_type": "viewer", "privileges": []}),
        ),
        "kate",
        "add-group-members",
        json!({"group": "team", "users": ["tim"]}),
    );
    let managed = ("admin", "create-org", json!({"id": "x", "name": "x", "managing_group": "crew"}));
    t.after(managed, "admin", "delete-group", json!({"group": "crew"}));
    t.check("kate", "define-role", json!({"org": "kick", "name": "Designer"}));
    t.check("kate", "change-role", json!({"role": "designer"}));
    t.check("kate", "delete-role", json!({"role": "system"}));
    t.check("kate", "assign-role", json!({"role": "designer", "users": ["mia"]}));
    t.check("kate", "assign-role", json!({"role": "designer", "org": "deep", "users": ["ken"]}));
    t.check("kate", "assign-role", json!({"role": "designer", "users": []}));
    t.check("kate", "unassign-role", json!({"role": "designer", "users": ["ken"]}));
    t.check("tim", "define-role", json!({"name": "x", "privileges": ["org.manage"]}));
    let ours = ("admin", "create-group", json!({"id": "ours", "org": "root", "name": "ours"}));
    t.after(ours, "admin", "assign-role", json!({"role": "system", "groups": ["ours"]}));
    // A group of an org, in another: content, an invitation, a tenant permission.
    let mut world = given();
    for org in ["kick", "learn"] {
        let enters = json!({"org": org, "users": ["admin"], "user_type": "administrator", "privileges": "all"});
        world.must("admin", "grant-subscriptions", enters);
    }
    let team = json!({"resource": "shipped", "with": {"group": "team"}, "level": "view"});
    t.check_in(&world, "admin", "share", team);
    t.check_in(&world, "admin", "invite-group", json!({"group": "team", "org": "learn", "privileges": []}));
    let permission = json!({"group": "team", "permission": "manage-organizations"});
    t.check_in(&world, "admin", "grant-tenant-permission", permission);
    let mut world = given_with(|settings| settings.roles_need_membership = false);
    world.must("admin", "define-role", json!({"id": "guest", "name": "guest"}));
    t.check_in(&world, "tim", "assign-role", json!({"role": "guest", "users": ["svc"]}));
}

fn teams(t: &mut Table) {
    let world = teams_world();
    let mut check = |who: &str, name: &str, arguments| t.check_in(&world, who, name, arguments);
    let permission = |group: &str, name: &str| json!({"group": group, "permission": name});
    let invite = |more: Value| {
        let mut invite = json!({"group": "science", "org": "emea", "privileges": []});
        invite.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        invite
    };
    check("john", "create-org", json!({"name": "x", "managing_group": "science"}));
    check("john", "rename-org", json!({"org": "root", "name": "x"}));
    check("john", "grant-tenant-permission", permission("science", "manage-organizations"));
    check("admin", "grant-tenant-permission", permission("science", "fly"));
    check("admin", "grant-tenant-permission", permission("emea-admin", "manage-organizations"));
    check("admin", "grant-tenant-permission", permission("administrators", "manage-organizations"));
    check("admin", "revoke-tenant-permission", permission("science", "manage-organizations"));
    check("admin", "delete-group", json!({"group": "administrators"}));
    check("grace", "add-group-members", json!({"group": "emea-admin", "users": ["john"]}));
    check("grace", "add-group-members", json!({"group": "administrators", "users": ["grace"]}));
    check("erin", "link-environment", json!({"org": "emea", "name": "DEV"}));
    check("erin", "unlink-environment", json!({"environment": "nowhere"}));
    check("erin", "unlink-environment", json!({"environment": "dev", "org": "root"}));
    check("erin", "archive-org", json!({"org": "emea", "confirmation": "permanently archive"}));
    check("erin", "invite-group", invite(json!({"privileges": ["user.manage"]})));
    check("erin", "uninvite-group", json!({"group": "science", "org": "emea"}));
    let make = |more: Value| {
        let mut make = json!({"org": "emea", "kind": "folder", "name": "x"});
        make.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        make
    };
    let mut world = teams_world();
    world.must("erin", "invite-group", invite(json!({"privileges": ["chart.edit"]})));
    t.check_in(&world, "erin", "invite-group", invite(json!({"privileges": ["chart.edit"]})));
    world.must("erin", "link-environment", json!({"id": "prod", "org": "emea", "name": "Production"}));
    world.must("erin", "create-resource", make(json!({"id": "box", "environment": "dev"})));
    t.check_in(&world, "erin", "create-resource", make(json!({"environment": "prod", "parent": "box"})));
    t.check("admin", "remove-group-members", json!({"group": "administrators", "users": ["admin"]}));
    let world = given_with(|settings| settings.tenant_permissions = Switch::Off);
    t.check_in(&world, "admin", "grant-tenant-permission", permission("crew", "manage-organizations"));
}

fn subscriptions(t: &mut Table) {
    let grant =
        |org: &str, users: &[&str]| json!({"org": org, "users": users, "user_type": "viewer", "privileges": []});
    let enters = || ("tim", "grant-subscriptions", grant("kick", &["tim"]));
    t.check("admin", "grant-subscriptions", grant("kick", &[]));
    t.check("kate", "grant-subscriptions", grant("kick", &["liz"]));
    t.check("kate", "grant-subscriptions", grant("kick", &["ken"]));
    t.check(
        "tim",
        "grant-subscriptions",
        json!({"org": "root", "from_org": "kick", "users": ["svc"], "user_type": "viewer", "privileges": []}),
    );
    t.check(
        "tim",
        "grant-subscriptions",
        json!({"org": "kick", "users": ["tim"], "user_type": "viewer", "privileges": [],
        "valid_from": "2027-01-01T00:00:00Z", "valid_until": "2027-01-01T00:00:00Z"}),
    );
    t.check("tim", "grant-subscriptions", grant("kick", &["svc"]));
    t.check("kate", "grant-privileges", json!({"org": "kick", "user": "kate", "privileges": ["chart.edit"]}));
    t.check("kate", "grant-privileges", json!({"org": "kick", "user": "ken", "privileges": ["chart.edit"]}));
    t.check("kate", "grant-privileges", json!({"org": "kick", "user": "vic", "privileges": ["chart.edit"]}));
    t.check("kate", "revoke-privileges", json!({"org": "kick", "user": "ken", "privileges": ["audit.read"]}));
    t.check("kate", "revoke-privileges", json!({"org": "deep", "user": "ken", "privileges": ["audit.read"]}));
    t.check("kate", "withdraw-subscription", json!({"org": "kick", "user": "ken"}));
    t.check("kate", "extend-subscription", json!({"org": "kick", "user": "ken"}));
    t.check("kate", "retype-subscription", json!({"org": "kick", "user": "ken", "user_type": "member"}));
    t.after(
        enters(),
        "kate",
        "extend-subscription",
        json!({"org": "kick", "user": "tim", "valid_until": "2020-01-01T00:00:00Z"}),
    );
    let mut lapsed = given();
    let hour = json!({"org": "kick", "users": ["tim"], "user_type": "viewer", "privileges": [], "valid_until": "2026-03-01T10:00:00Z"});
    lapsed.must("tim", "grant-subscriptions", hour);
    lapsed.pass(3_600);
    let member = json!({"org": "kick", "user": "tim", "privileges": ["chart.edit"]});
    t.check_in(&lapsed, "kate", "grant-privileges", member);
    let later = json!({"org": "kick", "users": ["tim"], "user_type": "viewer", "privileges": [], "valid_from": "2027-01-01T00:00:00Z"});
    t.after(
        ("tim", "grant-subscriptions", later),
        "kate",
        "extend-subscription",
        json!({"org": "kick", "user": "tim", "valid_until": "2026-12-01T00:00:00Z"}),
    );
    let mut world = given();
    world.must(
        "tim",
        "grant-subscriptions",
        json!({"org": "learn", "users": ["tim"], "user_type": "administrator", "privileges": RUN}),
    );
    t.check_in(
        &world,
        "tim",
        "revoke-privileges",
        json!({"org": "learn", "user": "liz", "privileges": ["landlord.manage"]}),
    );
}

fn content(t: &mut Table) {
    let make = |kind: &str, parent: Option<&str>| json!({"org": "kick", "kind": kind, "name": "x", "parent": parent});
    let share = |resource: &str, with: Value, level: &str| json!({"resource": resource, "with": with, "level": level});
    t.check("ken", "create-resource", make("psalm", None));
    t.check("ken", "create-resource", make("connection", None));
    t.check("mia", "create-resource", make("chart", Some("box")));
    t.check("kate", "create-resource", make("chart", Some("shipped")));
    t.check("mia", "rename-resource", json!({"resource": "box", "name": "x"}));
    t.check("ken", "rename-resource", json!({"resource": "sample", "name": "x"}));
    t.check("kate", "rename-resource", json!({"resource": "sample", "name": "x"}));
    t.check("ken", "move-resource", json!({"resource": "shelf", "parent": "box"}));
    t.check("ken", "move-resource", json!({"resource": "sales", "parent": "shelf"}));
    t.check("kate", "move-resource", json!({"resource": "shelf", "parent": "shelf"}));
    t.check("kate", "delete-resource", json!({"resource": "shelf"}));
    t.check("kate", "copy-resource", json!({"resource": "wire", "into_org": "kick"}));
    t.check("kate", "copy-resource", json!({"resource": "sample", "into_org": "kick"}));
    t.check("kate", "share", share("shelf", json!({"group": "team"}), "edit"));
    t.check("kate", "share", share("shelf", json!({"org": "root"}), "view"));
    t.check("kate", "share", share("shelf", json!({"all_orgs": true}), "view"));
    t.check("kate", "share", share("shelf", json!({"role": "priest"}), "view"));
    t.check("kate", "share", share("shelf", json!({"role": "system"}), "view"));
    t.check("kate", "unshare", json!({"resource": "shelf", "with": {"user": "ken"}}));
    t.check("ken", "share", share("shelf", json!({"user": "mia"}), "view"));
    let mut world = given();
    world.must(
        "tim",
        "grant-subscriptions",
        json!({"org": "kick", "users": ["tim"], "user_type": "administrator", "privileges": "all"}),
    );
    world.must("kate", "create-group", json!({"id": "theirs", "org": "kick", "name": "theirs"}));
    t.check_in(&world, "tim", "share", share("shipped", json!({"group": "theirs"}), "view"));
}

fn texts_and_standing(t: &mut Table) {
    t.check("admin", "rename-org", json!({"org": "kick", "name": " "}));
    t.check("admin", "rename-org", json!({"org": "kick", "name": "x".repeat(201)}));
    t.check("admin", "rename-org", json!({"org": "kick", "name": "a\u{7}b"}));
    t.check("admin", "rename-org", json!({"org": "kick", "name": "a\nb"}));
    t.check("ken", "change-profile", json!({"user": "ken", "email": " "}));
    t.check("ken", "change-profile", json!({"user": "ken", "email": "ken.example.org"}));
    for name in ["\u{200b}", "R\u{202e}a", "R\u{200b}a", "R\u{a0}a", "R\u{430}a"] {
        t.check("admin", "rename-org", json!({"org": "kick", "name": name}));
    }
    t.check("admin", "link-identity", json!({"user": "dan", "issuer": " ", "subject": "x"}));
    t.check("ken", "change-profile", json!({"user": "ken", "name": ""}));
    t.check("admin", "describe-org", json!({"org": "kick", "description": "a\u{7}b"}));
    t.check("dan", "change-profile", json!({"user": "dan", "name": "x"}));
    t.check("otto", "change-profile", json!({"user": "otto", "name": "x"}));
}

/// The codes that sources name: string literals of the form `word.word`.
fn codes(folder: &str) -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            codes.extend(self::codes(path.to_str().unwrap()));
            continue;
        }
        let text = std::fs::read_to_string(path).unwrap();
        for literal in text.split('"').skip(1) {
            let word = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            let parts: Vec<&str> = literal.split('.').collect();
            if parts.len() == 2 && parts.iter().all(|part| word(part)) {
                codes.insert(literal.to_owned());
            }
        }
    }
    codes
}
