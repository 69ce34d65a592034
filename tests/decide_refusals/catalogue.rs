//! Refusals of changes to the catalogue and the settings.

use serde_json::{Value, json};
use tenure::decide::Draft;
use tenure_events::Event;
use tenure_events::data::{
    Nature, OrgCreated, ResourceKindDefined, Subscription, SubscriptionGranted, Switch, TenantUsers,
};

use super::Table;
use crate::support::given::{given, given_with, teams_world};
use crate::support::licensed::licensed;
use crate::support::memory::{World, id, privileges};

pub fn catalogue(t: &mut Table) {
    let privilege = |name: &str| json!({"name": name});
    t.check("kate", "define-privilege", privilege("report.sign"));
    t.check("admin", "define-privilege", privilege("view"));
    t.check("admin", "define-privilege", privilege("chart.edit"));
    let admin = json!({"name": "L", "privileges": ["report.sign"]});
    t.after(
        ("admin", "define-privilege", privilege("report.sign")),
        "admin",
        "create-org",
        json!({"name": "late", "admin": admin}),
    );
    let mut world = given();
    for number in privileges().len()..127 {
        world.must("admin", "define-privilege", privilege(&format!("p{number}")));
    }
    t.check_in(&world, "admin", "define-resource-kind", json!({"name": "story", "actions": ["create", "edit"]}));
    world.must("admin", "define-privilege", privilege("last"));
    t.check_in(&world, "admin", "define-privilege", privilege("one-too-many"));
    let user_type = |name: &str, ceiling: Value| json!({"name": name, "ceiling": ceiling});
    t.check("kate", "define-user-type", user_type("guest", json!([])));
    t.check("admin", "define-user-type", user_type("guest", json!(["*", "!fly"])));
    t.check("admin", "define-user-type", user_type("administrator", json!(["*", "!act-as"])));
    t.check("admin", "define-user-type", user_type("viewer", json!([])));
    t.check("admin", "define-user-type", user_type("member", json!([])));
    let mut many = given();
    for number in 0..901 {
        let org = format!("m{number}");
        let (parent, managing_group, region) = (Some(id("root")), None, None);
        let (name, description, tags) = (org.clone(), String::new(), Vec::new());
        let created = OrgCreated { org: id(&org), name, parent, description, tags, managing_group, region };
        let (user_type, privileges) = (id("member"), vec![id("chart.edit")]);
        let subscription = Subscription { user_type, privileges, valid_from: None, valid_until: None };
        let granted = SubscriptionGranted { user: id("ken"), org: id(&org), subscription };
        let events = [Event::OrgCreated(created), Event::SubscriptionGranted(granted)];
        let drafts = events.map(|event| Draft { org: id(&org), event, twin_of: None });
        many.record("admin", "fact", drafts.into());
    }
    let lower = json!({"name": "member", "ceiling": [], "take_away": true});
    t.check_in(&many, "admin", "define-user-type", lower);
    t.after(
        ("kate", "assign-role", json!({"role": "boss", "users": ["ken"]})),
        "admin",
        "define-user-type",
        user_type("member", json!(["*"])),
    );
    let kind = |name: &str, actions: Value| json!({"name": name, "actions": actions});
    t.check("kate", "define-resource-kind", kind("story", json!([])));
    t.check("admin", "define-resource-kind", kind("org", json!([])));
    t.check("admin", "define-resource-kind", kind("story", json!(["edit", "edit"])));
    t.check("admin", "define-resource-kind", kind(&"k".repeat(125), json!(["create"])));
    t.check("admin", "define-resource-kind", kind("chart", json!(["create", "edit", "delete"])));
    t.check("admin", "define-resource-kind", kind("chart", json!(["create", "edit", "delete", "share"])));
    t.check("admin", "define-resource-kind", kind("chart", json!(["create", "edit", "delete", "share", "view"])));
    let mut folders = kind("chart", json!(["create", "edit", "delete", "share", "view"]));
    folders["nature"] = json!("folder");
    t.check("admin", "define-resource-kind", folders);
    t.after(
        ("admin", "define-privilege", privilege("story.edit")),
        "admin",
        "define-resource-kind",
        kind("story", json!(["edit"])),
    );
}

pub fn settings(t: &mut Table) {
    t.check("kate", "change-settings", json!({"public_folders": true}));
    t.check("admin", "change-settings", json!({}));
    t.check("admin", "change-settings", json!({"public_folders": false}));
    t.check("admin", "change-settings", json!({"roles_need_membership": false}));
    t.check("admin", "change-settings", json!({"lifecycle": "root"}));
    t.check("admin", "change-settings", json!({"administrators_group": "crew"}));
    t.check("admin", "change-settings", json!({"system_administrator_reaches": true}));
    t.check("admin", "change-settings", json!({"tenant_users": "always"}));
    t.check("admin", "change-settings", json!({"landlord_rule": false}));
    t.check("admin", "change-settings", json!({"cross_org_shares": "none"}));
    t.check("admin", "change-settings", json!({"name_scope": "org"}));
    t.check("tim", "change-settings", json!({"tenant_permissions": "off"}));
    t.check_in(&teams_world(), "admin", "change-settings", json!({"lifecycle": "org_manage"}));
    let world = given_with(|settings| settings.administrators_group = None);
    t.check_in(&world, "admin", "change-settings", json!({"tenant_permissions": "on"}));
    let world = given_with(|settings| settings.licences = Switch::Off);
    t.check_in(&world, "admin", "change-settings", json!({"licences": "on"}));
    t.check_in(&licensed(), "admin", "change-settings", json!({"licences": "off"}));
    // Of the managers nobody is in a team that may manage organisations.
    t.check("admin", "change-settings", json!({"tenant_permissions": "on"}));
    let world = given_with(|settings| settings.tenant_users = TenantUsers::WhenSubscribed);
    let mut world = { world };
    let enters = json!({"org": "kick", "users": ["tim"], "user_type": "administrator", "privileges": "all"});
    world.must("tim", "grant-subscriptions", enters);
    t.check_in(&world, "admin", "change-settings", json!({"tenant_users": "never"}));
    let mut world = World::with(|settings| settings.single_org_hierarchy = true);
    let user = |id: &str| json!({"id": id, "org": "root", "name": id, "user_type": "administrator", "privileges": ["org.manage", "user.manage"]});
    world.must("admin", "create-user", user("sub"));
    t.check_in(&world, "sub", "change-settings", json!({"single_org_hierarchy": false}));
    let mut world = World::with(|_| {});
    let nothing = ResourceKindDefined {
        kind: id("folder"),
        create: None,
        view: None,
        edit: None,
        delete: None,
        share: None,
        nature: Nature::Content,
    };
    world.fact("root", Event::ResourceKindDefined(nothing));
    t.check_in(&world, "admin", "change-settings", json!({"personal_folders": true}));
}
