//! What each command comes to, in one approved table: the events, in whose history each stands, and their twins.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};
use tenure::command::names;

use crate::support::given::{given, teams_world};
use crate::support::hub::hub;
use crate::support::licensed::{code, platform, unlicensed};
use crate::support::memory::World;
use crate::support::snapshots;

#[test]
fn decisions() {
    let mut table = Table::default();
    orgs(&mut table);
    users(&mut table);
    groups_and_roles(&mut table);
    teams(&mut table);
    subscriptions(&mut table);
    content_and_keys(&mut table);
    workspaces(&mut table);
    packs(&mut table);
    licences(&mut table);
    catalogue(&mut table);
    let missing: Vec<_> = names().filter(|name| !table.names.contains(*name)).collect();
    assert!(missing.is_empty(), "commands without a case: {missing:?}");
    snapshots().bind(|| insta::assert_snapshot!("decisions", table.text));
}

#[derive(Default)]
struct Table {
    text: String,
    names: BTreeSet<String>,
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
        let drafts = world.decide(who, name, &arguments);
        let drafts = drafts.unwrap_or_else(|refusal| panic!("{who}: {name} {arguments}: {} {refusal}", refusal.code));
        self.names.insert(name.to_owned());
        writeln!(self.text, "{who}: {name} {arguments}").unwrap();
        for draft in &drafts {
            let kind = draft.event.kind().trim_start_matches("tenure.").trim_end_matches(".v1");
            let twin = draft.twin_of.map_or(String::new(), |of| format!(", twin of {of}"));
            writeln!(self.text, "    {kind} {} in {}{twin}", draft.event.subject(), draft.org).unwrap();
        }
        self.text.push('\n');
    }
}

fn orgs(t: &mut Table) {
    t.check("admin", "create-org", json!({"id": "new", "name": "new"}));
    t.check(
        "kate",
        "create-org",
        json!({"id": "new", "name": "new", "parent": "kick", "admin": {"id": "nia", "name": "N"}}),
    );
    t.check("admin", "rename-org", json!({"org": "root", "name": "Educate"}));
    t.check("admin", "rename-org", json!({"org": "shut", "name": "closed"}));
    t.check("kate", "describe-org", json!({"org": "kick", "description": "young adults"}));
    t.check("kate", "tag-org", json!({"org": "kick", "tags": ["young"]}));
    let inside = (
        "tim",
        "grant-subscriptions",
        json!({"org": "kick", "users": ["tim"], "user_type": "administrator", "privileges": "all"}),
    );
    t.after(inside, "tim", "move-org", json!({"org": "deep", "parent": "learn"}));
    t.check("admin", "disable-org", json!({"org": "shut"}));
    t.check("admin", "enable-org", json!({"org": "off"}));
    t.check("admin", "archive-org", json!({"org": "off", "confirmation": "permanently archive"}));
    t.check("kate", "exclude-landlord", json!({"org": "kick"}));
    t.check("dora", "exclude-landlord", json!({"org": "deep"}));
    t.check("kate", "confirm-credentials", json!({"org": "kick", "keys": ["narrow"]}));
    t.check("shaun", "admit-landlord", json!({"org": "shut", "until": "2026-04-01T17:00:00Z"}));
}

fn users(t: &mut Table) {
    let identity = |user: &str| json!({"user": user, "issuer": "idp", "subject": "s"});
    t.check(
        "kate",
        "create-user",
        json!({"id": "nia", "org": "kick", "name": "N", "user_type": "member", "privileges": "all"}),
    );
    t.check("ken", "change-profile", json!({"user": "ken", "name": "K"}));
    t.check("kate", "disable-user", json!({"user": "ken"}));
    t.check("admin", "enable-user", json!({"user": "dan"}));
    t.check("kate", "erase-user", json!({"user": "ken", "confirmation": "permanently erase"}));
    let second =
        ("kate", "create-user", json!({"id": "sue", "org": "kick", "name": "S", "user_type": "administrator"}));
    t.after(
        second,
        "kate",
        "erase-user",
        json!({"user": "ken", "confirmation": "permanently erase", "successor": "sue"}),
    );
    t.after(
        ("kate", "link-identity", identity("ken")),
        "kate",
        "erase-user",
        json!({"user": "ken", "confirmation": "permanently erase"}),
    );
    t.check("kate", "reset-credential", json!({"user": "ken"}));
    t.check("admin", "reset-credential", json!({"user": "kate"}));
    t.check("kate", "reset-credential", json!({"user": "ken", "enrol": true}));
    let ann = json!({"id": "ann", "org": "kick", "name": "Ann", "user_type": "member", "enrol": true});
    t.check("kate", "create-user", ann.clone());
    let mut world = given();
    world.must("kate", "create-user", ann);
    let view = world.view();
    let (secret, _) = view.keys_of(view.find_user("ann").unwrap()).next().unwrap();
    let enrol = json!({"user": "ann", "key": view.key_id(secret), "name": "k"});
    t.check_in(&world, "ann/enrolment", "enrol", enrol);
    t.check("ken", "record-sign-in", json!({"user": "ken"}));
    t.check("kate", "link-identity", identity("ken"));
    t.after(("kate", "link-identity", identity("ken")), "ken", "unlink-identity", identity("ken"));
    t.check("ken", "select-active-org", json!({"org": "kick"}));
}

fn groups_and_roles(t: &mut Table) {
    t.check("admin", "create-group", json!({"id": "new", "name": "new"}));
    t.check("kate", "create-group", json!({"id": "new", "org": "kick", "name": "new"}));
    t.check("kate", "rename-group", json!({"group": "team", "name": "Team"}));
    t.check("kate", "delete-group", json!({"group": "team"}));
    t.check("kate", "add-group-members", json!({"group": "team", "users": ["mia", "vic"]}));
    t.check("kate", "remove-group-members", json!({"group": "team", "users": ["ken"]}));
    t.check("kate", "sync-group", json!({"group": "team", "users": ["mia"]}));
    t.check("kate", "define-role", json!({"id": "new", "org": "kick", "name": "new", "privileges": ["chart.edit"]}));
    t.check("kate", "change-role", json!({"role": "designer", "privileges": []}));
    t.check("kate", "delete-role", json!({"role": "designer"}));
    t.check("kate", "assign-role", json!({"role": "designer", "users": ["ken"], "groups": ["team"]}));
    t.check("mia", "unassign-role", json!({"role": "designer", "users": ["mia"]}));
    let enters = (
        "tim",
        "grant-subscriptions",
        json!({"org": "kick", "users": ["tim"], "user_type": "viewer", "privileges": []}),
    );
    t.after(enters, "kate", "assign-role", json!({"role": "boss", "users": ["tim"]}));
}

fn teams(t: &mut Table) {
    let (world, who) = (teams_world(), "erin");
    let invite = |environment: Option<&str>| json!({"group": "science", "org": "emea", "environment": environment, "privileges": ["chart.edit"]});
    t.check_in(&world, "erin", "create-org", json!({"id": "apac", "name": "APAC", "managing_group": "emea-admin"}));
    t.check_in(&world, who, "link-environment", json!({"id": "prod", "org": "emea", "name": "Production"}));
    t.check_in(&world, who, "unlink-environment", json!({"environment": "dev"}));
    t.check_in(&world, who, "invite-group", invite(None));
    t.check_in(&world, who, "invite-group", invite(Some("dev")));
    let permission = |group: &str| json!({"group": group, "permission": "manage-organizations"});
    t.check_in(&world, "admin", "grant-tenant-permission", permission("science"));
    t.check_in(&world, "admin", "revoke-tenant-permission", permission("emea-admin"));
    let mut world = teams_world();
    world.must(who, "invite-group", invite(Some("dev")));
    t.check_in(&world, who, "uninvite-group", json!({"group": "science", "org": "emea", "environment": "dev"}));
    t.check_in(&world, who, "uninvite-group", json!({"group": "science", "org": "emea"}));
}

fn subscriptions(t: &mut Table) {
    let grant =
        |users: &[&str]| json!({"org": "kick", "users": users, "user_type": "administrator", "privileges": "all"});
    let enters = || ("tim", "grant-subscriptions", grant(&["tim"]));
    let own = json!({"org": "kick", "user": "tim"});
    t.check("tim", "grant-subscriptions", grant(&["tim"]));
    t.after(enters(), "tim", "grant-subscriptions", grant(&["admin", "svc"]));
    t.after(enters(), "tim", "withdraw-subscription", own.clone());
    t.after(enters(), "kate", "retype-subscription", json!({"org": "kick", "user": "tim", "user_type": "viewer"}));
    t.after(
        enters(),
        "kate",
        "extend-subscription",
        json!({"org": "kick", "user": "tim", "valid_until": "2026-04-01T00:00:00Z"}),
    );
    t.check(
        "kate",
        "grant-privileges",
        json!({"org": "kick", "user": "ken", "privileges": ["chart.edit", "report.edit"]}),
    );
    t.check("ken", "revoke-privileges", json!({"org": "kick", "user": "ken", "privileges": ["chart.edit"]}));
}

fn content_and_keys(t: &mut Table) {
    t.check(
        "svc>ken",
        "create-resource",
        json!({"id": "new", "org": "kick", "kind": "chart", "name": "new", "parent": "shelf"}),
    );
    t.check("ken", "create-resource", json!({"id": "new", "org": "kick", "kind": "chart", "name": "SALES"}));
    t.check("ken", "rename-resource", json!({"resource": "sales", "name": "Sales"}));
    t.check("ken", "move-resource", json!({"resource": "sales", "parent": "box"}));
    t.check("ken", "delete-resource", json!({"resource": "sales"}));
    t.check("ken", "copy-resource", json!({"resource": "sales", "into_org": "kick", "id": "new"}));
    t.check("kate", "copy-resource", json!({"resource": "shelf", "into_org": "kick", "id": "new", "name": "n"}));
    let copied =
        ("admin", "share", json!({"resource": "sample", "with": {"org": "kick"}, "level": "view", "copy": true}));
    t.after(copied, "ken", "copy-resource", json!({"resource": "sample", "into_org": "kick", "id": "new"}));
    t.check("admin", "share", json!({"resource": "shipped", "with": {"all_orgs": true}, "level": "use"}));
    t.check("kate", "share", json!({"resource": "shelf", "with": {"role": "Designer"}, "level": "edit"}));
    t.check("kate", "share", json!({"resource": "shelf", "with": {"org": "deep"}, "level": "view"}));
    t.check("kate", "unshare", json!({"resource": "shelf", "with": {"group": "team"}}));
    t.check("admin", "unshare", json!({"resource": "shipped", "with": {"org": "kick"}}));
    t.check("ken", "issue-api-key", json!({"user": "ken", "name": "k"}));
    t.check("kate", "issue-api-key", json!({"user": "ken", "name": "k", "org": "kick", "privileges": ["chart.edit"]}));
    t.check("kate", "revoke-api-key", json!({"key": "narrow"}));
}

fn workspaces(t: &mut Table) {
    let mut world = hub();
    world.must("ann", "create-resource", json!({"id": "shelf", "org": "root", "kind": "folder", "name": "shelf"}));
    world.must(
        "ann",
        "create-resource",
        json!({"id": "sales", "org": "root", "kind": "chart", "name": "sales", "parent": "shelf"}),
    );
    t.check_in(
        &world,
        "admin",
        "create-org",
        json!({"id": "new", "name": "new", "admin": {"id": "ned", "name": "Ned"}}),
    );
    t.check_in(&world, "ann", "assign-role", json!({"role": "Consumer", "org": "training", "users": ["sid"]}));
    t.check_in(&world, "sid", "select-active-org", json!({"org": "sales"}));
    t.check_in(&world, "ann", "export-resources", json!({"org": "root", "resources": ["shelf"]}));
    let items = json!([
        {"id": "shelf", "kind": "folder", "name": "shelf"},
        {"id": "sales", "kind": "chart", "name": "sales", "parent": "shelf"},
    ]);
    let bundle = json!({"format": 1, "org": "root", "exported": "2026-01-01T00:00:00.000000Z", "resources": items});
    let import = json!({"org": "training", "parent": "Public@training", "bundle": bundle.to_string()});
    t.check_in(&world, "ann", "import-resources", import.clone());
    world.must("ann", "import-resources", import.clone());
    t.check_in(&world, "ann", "import-resources", import);
}

fn packs(t: &mut Table) {
    let pair = json!({"master": "kick", "sub": "learn"});
    t.check("admin", "associate-sub-tenant", pair.clone());
    t.after(
        ("admin", "associate-sub-tenant", pair.clone()),
        "admin",
        "disassociate-sub-tenant",
        json!({"sub": "learn"}),
    );
    // A master learns nothing of what is copied from it.
    let mut world = given();
    world.must("kate", "define-role", json!({"id": "guest", "org": "kick", "name": "guest"}));
    world.must("kate", "share", json!({"resource": "plan", "with": {"role": "guest"}, "level": "view"}));
    let both = json!({"org": "kick", "users": ["admin"], "user_type": "administrator", "privileges": "all"});
    world.must("admin", "grant-subscriptions", both);
    world.must("admin", "associate-sub-tenant", pair);
    world.must("liz", "define-role", json!({"id": "guests", "org": "learn", "name": "Guest"}));
    world.must("liz", "assign-role", json!({"role": "guests", "users": ["liz"]}));
    t.check_in(&world, "liz", "copy-resource", json!({"resource": "plan", "into_org": "learn", "id": "new"}));
    let made =
        json!({"id": "drinks", "org": "root", "kind": "pack", "name": "drinks", "data_permission": "dataset-author"});
    t.check("admin", "create-resource", made.clone());
    let mut world = given();
    world.must("admin", "create-resource", made);
    let (kick, all) =
        (json!({"resource": "drinks", "to": {"org": "kick"}}), json!({"resource": "drinks", "to": {"all_orgs": true}}));
    t.check_in(&world, "admin", "distribute", kick.clone());
    t.check_in(&world, "admin", "distribute", all);
    world.must("admin", "distribute", kick.clone());
    t.check_in(&world, "admin", "delete-resource", json!({"resource": "drinks"}));
    t.check_in(&world, "admin", "undistribute", kick);
    let on = json!({"resource": "drinks", "to": {"role": "designer"}});
    t.check_in(&world, "kate@kick", "hand-on", on.clone());
    world.must("kate@kick", "hand-on", on.clone());
    t.check_in(&world, "kate@kick", "take-back", on);
    let rule = json!({"resource": "drinks", "org": "kick", "users": ["ken", "nobody-yet"], "filter": "region = 'DK'"});
    t.check_in(&world, "admin", "set-row-rule", rule.clone());
    t.check_in(&world, "admin", "set-row-rule", json!({"resource": "drinks", "org": "kick", "filter": "year > 2020"}));
    world.must("admin", "set-row-rule", rule);
    t.check_in(&world, "admin", "clear-row-rule", json!({"resource": "drinks", "org": "kick", "users": ["ken"]}));
}

fn licences(t: &mut Table) {
    let tenant = json!({"id": "mars", "name": "Mars", "admin": {"id": "mara", "name": "Mara"}});
    let mut world = unlicensed(|_| {});
    t.check_in(&world, "admin", "install-licence", json!({"token": platform("2026-01-01T00:00:00Z", None)}));
    world.must("admin", "install-licence", json!({"token": platform("2026-01-01T00:00:00Z", None)}));
    t.check_in(&world, "admin", "create-org", tenant.clone());
    world.must("admin", "create-org", tenant);
    let code = code("mars", "2026-02-01T00:00:00Z", 50, "2027-01-01T00:00:00Z");
    t.check_in(&world, "admin", "license-org", json!({"org": "mars", "authorisation": code}));
    t.check_in(&world, "admin", "configure-login", json!({"methods": ["account", "wechat-work"], "default": "tenant"}));
    t.check_in(&world, "mara", "configure-login", json!({"org": "mars", "methods": ["account"], "default": "tenant"}));
    let call = json!({
        "id": "venus", "external_id": "ww1", "issuer": "idp", "name": "Venus", "attributes": {"size": "small"},
        "admin": {"id": "vera", "subject": "v", "name": "Vera"}, "users": [{"id": "ulf", "subject": "u", "name": "Ulf"}],
    });
    t.check_in(&world, "admin", "provision-tenant", call);
    issuers(t);
}

fn issuers(t: &mut Table) {
    let uri = "https://login.example.org/keys";
    let trusted = json!({"audiences": ["tenure"], "algorithms": ["RS256"], "jwks_uri": uri});
    let with = |more: Value| merged(&trusted, &more);
    let shared = |id: &str, org: &str, tenant: &str| {
        with(json!({
            "id": id, "org": org, "issuer": "https://login.example.org", "tenant_claim": "tid", "tenant": tenant
        }))
    };
    let key = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "a", "use": "sig"});
    let own = json!({
        "id": "app", "issuer": "http://127.0.0.1:9000", "audiences": ["tenure"], "algorithms": ["EdDSA", "ES256", "EdDSA"],
        "jwks": {"keys": [key]}, "tenant_claim": "tenant",
    });
    t.check("admin", "register-issuer", own);
    t.check("admin", "register-issuer", shared("kicks", "kick", "k-1"));
    let mut world = given();
    world.must("admin", "register-issuer", shared("kicks", "kick", "k-1"));
    t.check_in(&world, "admin", "register-issuer", shared("learns", "learn", "l-1"));
    t.check_in(&world, "admin", "change-issuer", with(json!({"id": "kicks"})));
    t.check_in(&world, "admin", "remove-issuer", json!({"id": "kicks"}));
    t.check_in(&world, "kate", "remove-issuer", json!({"id": "kicks"}));
    t.check_in(&world, "kate", "confirm-credentials", json!({"org": "kick", "issuers": ["kicks", "kicks"]}));
    t.check("admin", "register-issuer", shared("shuts", "shut", "s-1"));
}

fn merged(one: &Value, more: &Value) -> Value {
    let mut all = one.as_object().unwrap().clone();
    all.extend(more.as_object().unwrap().clone());
    all.into()
}

fn catalogue(t: &mut Table) {
    t.check("admin", "change-settings", json!({"public_folders": true}));
    t.check("tim", "define-privilege", json!({"name": "report.sign"}));
    t.check("admin", "define-user-type", json!({"name": "guest", "ceiling": ["*", "!act-as"]}));
    t.check("admin", "define-resource-kind", json!({"name": "story", "actions": ["create", "edit"]}));
    t.check("admin", "define-resource-kind", json!({"name": "app", "actions": ["share"]}));
    t.check_in(&hub(), "sid", "define-resource-kind", json!({"name": "story", "actions": ["view"]}));
}
