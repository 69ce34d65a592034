//! Licences: what a tenant on trial may do, until when, and what makes it official.

use serde_json::{Value, json};
use tenure::licence::SigningKey;
use tenure_events::Event;
use tenure_events::data::{Level, Subscription, SubscriptionGranted, TenantLicence, TenantUsers};
use tenure_projections::judge::{self, Action, Object, Question, Subject, administrative};

use crate::support::licensed::{code, licensed, platform, unlicensed, vendor};
use crate::support::memory::{World, id};

const DAY: i64 = 86_400;

fn tenant(org: &str, admin: &str) -> Value {
    json!({"id": org, "name": org, "admin": {"id": admin, "name": admin}})
}

fn user(org: &str, user: &str) -> Value {
    json!({"id": user, "org": org, "name": user, "user_type": "member"})
}

fn license(org: &str, authorisation: String) -> Value {
    json!({"org": org, "authorisation": authorisation})
}

/// With Carlsberg on trial, run by Cara.
fn carlsberg() -> World {
    let mut w = licensed();
    w.must("admin", "create-org", tenant("carlsberg", "cara"));
    w
}

/// What the judge says of managing users in Carlsberg.
fn says(w: &World, who: &str, seconds: i64) -> (bool, Vec<&'static str>) {
    let view = w.view().at(w.now().plus_seconds(seconds));
    let question = Question {
        subject: Subject::from(view.find_user(who).unwrap()),
        action: Action::Privilege(administrative::USER_MANAGE),
        object: Object::Org(view.find_org("carlsberg").unwrap()),
        acting: None,
    };
    let (allowed, reasons) = judge::explain(&view, &question);
    (allowed, reasons.iter().map(|reason| reason.code.name()).collect())
}

#[test]
fn a_trial_ends_by_itself_and_a_code_makes_the_tenant_official() {
    let mut w = carlsberg();
    assert_eq!(says(&w, "cara", 30 * DAY - 60), (true, vec!["authority.subscription"]));
    assert_eq!(says(&w, "cara", 30 * DAY), (false, vec!["licence.trial_over"]));
    w.pass(31 * DAY);
    w.must_not("cara", "create-user", user("carlsberg", "u1"), "standing.not_live");
    w.must_not("admin", "describe-org", json!({"org": "carlsberg", "description": "x"}), "org.licence_over");
    w.must("admin", "rename-org", json!({"org": "carlsberg", "name": "Carlsberg Group"}));
    w.must("admin", "disable-org", json!({"org": "carlsberg"}));
    w.must("admin", "enable-org", json!({"org": "carlsberg"}));
    w.must(
        "admin",
        "license-org",
        license("carlsberg", code("carlsberg", "2026-03-20T00:00:00Z", 50, "2027-03-01T00:00:00Z")),
    );
    assert_eq!(says(&w, "cara", 0), (true, vec!["authority.subscription"]));
    assert_eq!(says(&w, "cara", 400 * DAY), (false, vec!["licence.expired"]));
    // What was known and valid yesterday stays so.
    assert_eq!(says(&w, "cara", -31 * DAY), (true, vec!["authority.subscription"]));
}

#[test]
fn codes_are_the_vendors_for_this_tenant_and_newer() {
    let mut w = carlsberg();
    let refused =
        |w: &mut World, token: String, why: &str| w.must_not("admin", "license-org", license("carlsberg", token), why);
    let until = "2027-03-01T00:00:00Z";
    let other = TenantLicence {
        id: "c".to_owned(),
        issued: "2026-02-01T00:00:00Z".parse().unwrap(),
        users: None,
        valid_until: None,
    };
    refused(&mut w, SigningKey::from_seed(&[8; 32]).tenant(&id("carlsberg"), &other), "licence.invalid");
    refused(&mut w, platform("2026-02-01T00:00:00Z", None), "licence.invalid");
    refused(&mut w, code("mars", "2026-02-01T00:00:00Z", 50, until), "licence.other_org");
    refused(&mut w, code("carlsberg", "2026-02-01T00:00:00Z", 50, "2026-03-01T00:00:00Z"), "licence.ended");
    let right = code("carlsberg", "2026-02-01T00:00:00Z", 50, until);
    w.must("admin", "license-org", license("carlsberg", right.clone()));
    refused(&mut w, right, "licence.superseded");
    w.must_not(
        "cara",
        "license-org",
        license("carlsberg", vendor().tenant(&id("carlsberg"), &other)),
        "privilege.not_held",
    );
}

#[test]
fn enabled_users_are_counted_and_enabling_is_adding() {
    let mut w = carlsberg();
    for number in 1..=4 {
        w.must("cara", "create-user", user("carlsberg", &format!("u{number}")));
    }
    w.must_not("cara", "create-user", user("carlsberg", "u5"), "licence.user_limit");
    w.must("cara", "disable-user", json!({"user": "u4"}));
    w.must("cara", "create-user", user("carlsberg", "u5"));
    w.must_not("cara", "enable-user", json!({"user": "u4"}), "licence.user_limit");
    w.must("cara", "erase-user", json!({"user": "u5", "confirmation": "permanently erase"}));
    w.must("cara", "enable-user", json!({"user": "u4"}));
    let small = code("carlsberg", "2026-02-01T00:00:00Z", 4, "2027-03-01T00:00:00Z");
    w.must_not("admin", "license-org", license("carlsberg", small), "licence.user_limit");
    let large = code("carlsberg", "2026-02-01T00:00:00Z", 6, "2027-03-01T00:00:00Z");
    w.must("admin", "license-org", license("carlsberg", large));
    w.must("cara", "create-user", user("carlsberg", "u6"));
    w.must_not("cara", "create-user", user("carlsberg", "u7"), "licence.user_limit");
}

#[test]
fn tenants_are_the_roots_and_nobody_above_manages_their_users() {
    let mut w = carlsberg();
    w.must_not("cara", "create-org", json!({"name": "x", "parent": "carlsberg"}), "privilege.not_held");
    w.must_not("admin", "create-org", json!({"name": "x", "parent": "carlsberg"}), "org.below_root_only");
    w.must_not("cara", "rename-org", json!({"org": "carlsberg", "name": "x"}), "privilege.not_held");
    w.must_not("admin", "create-user", user("carlsberg", "x"), "privilege.not_held");
    w.must_not("admin", "disable-user", json!({"user": "cara"}), "user.unknown");
    let enter = json!({"org": "carlsberg", "users": ["admin"], "user_type": "administrator", "privileges": "all"});
    w.must_not("admin", "grant-subscriptions", enter, "privilege.not_held");
    w.must("admin", "reset-credential", json!({"user": "cara"}));
    // Nobody from above restores it: so it must have somebody of its own.
    w.must_not("admin", "create-org", json!({"name": "mars"}), "org.locked_out");
}

/// Whoever is excluded with the ancestors licenses the org all the same.
#[test]
fn an_org_that_excludes_its_landlord_is_licensed() {
    let mut w = unlicensed(|settings| settings.landlord_rule = true);
    w.must("admin", "install-licence", json!({"token": platform("2026-01-01T00:00:00Z", None)}));
    w.must("admin", "create-org", tenant("carlsberg", "cara"));
    w.must("cara", "exclude-landlord", json!({"org": "carlsberg"}));
    let code = code("carlsberg", "2026-02-01T00:00:00Z", 50, "2027-03-01T00:00:00Z");
    w.must("admin", "license-org", license("carlsberg", code));
}

/// What a licence ends: what is had in the org, what its own users have elsewhere, and what its sub-tenants have of it.
#[test]
fn what_is_over_with_a_trial() {
    let mut w = carlsberg();
    w.must("admin", "create-org", tenant("mars", "mara"));
    w.must("mara", "define-role", json!({"id": "guest", "org": "mars", "name": "guest"}));
    w.must("mara", "assign-role", json!({"role": "guest", "users": ["mara"]}));
    w.must("cara", "define-role", json!({"id": "master-guest", "org": "carlsberg", "name": "guest"}));
    w.must("cara", "create-resource", json!({"id": "rates", "org": "carlsberg", "kind": "chart", "name": "rates"}));
    let subscription = |user: &str, org: &str| {
        let subscription = Subscription {
            user_type: id("administrator"),
            privileges: vec![id("user.manage")],
            valid_from: None,
            valid_until: None,
        };
        Event::SubscriptionGranted(SubscriptionGranted { user: id(user), org: id(org), subscription })
    };
    w.fact("mars", subscription("cara", "mars"));
    w.fact("carlsberg", subscription("mara", "carlsberg"));
    w.must("admin", "associate-sub-tenant", json!({"master": "carlsberg", "sub": "mars"}));
    w.must("cara", "share", json!({"resource": "rates", "with": {"role": "guest"}, "level": "view"}));
    let ask = |w: &World, user: &str, object: Object, action: Action| {
        let view = w.view();
        let (subject, acting) = (Subject::from(view.find_user(user).unwrap()), view.find_org("mars"));
        let acting = acting.filter(|_| matches!(object, Object::Resource(_)));
        let (allowed, reasons) = judge::explain(&view, &Question { subject, action, object, acting });
        (allowed, reasons[0].code.name())
    };
    let manage = Action::Privilege(administrative::USER_MANAGE);
    let told = |w: &World| {
        let (mars, carlsberg) = ["mars", "carlsberg"].map(|org| Object::Org(w.view().find_org(org).unwrap())).into();
        let rates = Object::Resource(w.view().find_resource("rates").unwrap());
        [
            ask(w, "cara", mars, manage),
            ask(w, "mara", carlsberg, manage),
            ask(w, "mara", rates, Action::Level(Level::View)),
        ]
    };
    let (yes, over) = ("authority.subscription", (false, "licence.trial_over"));
    assert_eq!(told(&w), [(true, yes), (true, yes), (true, "reach.association")]);
    let until = "2027-03-01T00:00:00Z";
    w.must("admin", "license-org", license("mars", code("mars", "2026-02-01T00:00:00Z", 50, until)));
    w.pass(31 * DAY);
    assert_eq!(told(&w), [over; 3]);
    let sub = w.view().find_org("mars").unwrap();
    assert!(w.view().master(sub).is_some(), "the association stays");
    w.must("admin", "license-org", license("carlsberg", code("carlsberg", "2026-03-20T00:00:00Z", 50, until)));
    assert_eq!(told(&w), [(true, yes), (true, yes), (true, "reach.association")]);
}

/// What a tenant's own users let somebody from above do there never covers their users.
#[test]
fn who_is_invited_from_above_manages_no_users() {
    let mut w = unlicensed(|settings| settings.tenant_users = tenure_events::data::TenantUsers::WhenSubscribed);
    w.must("admin", "install-licence", json!({"token": platform("2026-01-01T00:00:00Z", None)}));
    w.must("admin", "create-org", tenant("carlsberg", "cara"));
    let enter = json!({"org": "carlsberg", "users": ["admin"], "user_type": "administrator", "privileges": "all"});
    w.must("admin", "grant-subscriptions", enter);
    assert!(w.holds("admin", "user.manage", "carlsberg"));
    let mut settings = w.view().settings().map(|settings| (*settings.value).clone()).unwrap();
    settings.tenant_users = tenure_events::data::TenantUsers::Never;
    w.fact("root", tenure_events::Event::SettingsChanged(tenure_events::data::SettingsChanged { settings }));
    assert!(!w.holds("admin", "user.manage", "carlsberg"));
    assert!(w.holds("admin", "content.manage", "carlsberg"));
    assert!(w.holds("cara", "user.manage", "carlsberg"));
}

#[test]
fn a_key_issues_no_key_that_outlives_it() {
    let mut w = carlsberg();
    let mut ends = crate::support::given::key("guest", "cara", None, None);
    ends.expires = Some("2026-03-02T00:00:00Z".parse().unwrap());
    w.fact("carlsberg", tenure_events::Event::ApiKeyIssued(ends));
    let key = |expires: Option<&str>| json!({"user": "cara", "name": "k", "expires": expires});
    w.must_not("cara/guest", "issue-api-key", key(None), "key.longer");
    w.must_not("cara/guest", "issue-api-key", key(Some("2026-03-02T00:00:01Z")), "key.longer");
    w.must("cara/guest", "issue-api-key", key(Some("2026-03-02T00:00:00Z")));
    let identity = json!({"user": "cara", "issuer": "idp", "subject": "s"});
    w.must_not("cara/guest", "link-identity", identity.clone(), "key.wider");
    w.must("cara", "link-identity", identity);
}

mod provisioning {
    use super::*;

    fn call(users: &[&str]) -> Value {
        let person = |subject: &str| json!({"subject": subject, "name": subject});
        json!({
            "external_id": "ww1", "issuer": "https://wechat.example", "id": "mars", "name": "Mars",
            "admin": {"id": "mara", "subject": "mara", "name": "Mara"},
            "users": users.iter().map(|user| person(user)).collect::<Vec<_>>(),
            "attributes": {"industry": "food"},
        })
    }

    fn kinds(w: &World, arguments: &Value) -> Vec<String> {
        let drafts = w.decide("admin", "provision-tenant", arguments).unwrap();
        let kinds = drafts.iter().filter(|draft| draft.twin_of.is_none()).map(|draft| draft.event.kind());
        kinds.map(|kind| kind.split('.').skip(1).take(2).collect::<Vec<_>>().join(".")).collect()
    }

    #[test]
    fn makes_a_tenant_once_and_adds_what_is_new() {
        // Where the platform never manages the users of tenants it makes them with the tenant, and none later.
        let mut never = licensed();
        never.must("admin", "provision-tenant", call(&["a"]));
        assert_eq!(kinds(&never, &call(&["a"])), [""; 0]);
        never.must_not("admin", "provision-tenant", call(&["a", "b"]), "tenant.users_not_managed");
        let mut w = unlicensed(|settings| settings.tenant_users = TenantUsers::WhenSubscribed);
        w.must("admin", "install-licence", json!({"token": platform("2026-01-01T00:00:00Z", None)}));
        let person = ["user.created", "subscription.granted", "identity.linked"];
        let first = call(&["a", "b", "c"]);
        let made = kinds(&w, &first);
        assert_eq!(made[..3], ["org.created", "org.trial_started", "tenant.provisioned"]);
        assert_eq!(made[3..], [person; 4].concat());
        w.must("admin", "provision-tenant", first.clone());
        assert_eq!(kinds(&w, &first), [""; 0]);
        let mut more = call(&["a", "b", "c", "d"]);
        assert_eq!(kinds(&w, &more), person);
        more["attributes"] = json!({});
        assert_eq!(kinds(&w, &more)[0], "tenant.provisioned");
        w.must_not("admin", "provision-tenant", call(&["a", "b", "c", "d", "e"]), "licence.user_limit");
        assert_eq!(kinds(&w, &first), [""; 0], "and nothing was written");
    }

    #[test]
    fn never_reaches_into_what_is_somebody_elses() {
        let mut w = licensed();
        w.must("admin", "provision-tenant", call(&["a"]));
        let with = |change: &dyn Fn(&mut Value)| {
            let mut call = call(&["a"]);
            change(&mut call);
            call
        };
        w.must_not(
            "admin",
            "provision-tenant",
            with(&|call| call["admin"]["subject"] = json!("eve")),
            "tenant.other_admin",
        );
        w.must_not("admin", "provision-tenant", with(&|call| call["external_id"] = json!("ww2")), "id.taken");
        let other = |call: &mut Value| {
            call["external_id"] = json!("ww2");
            call["id"] = json!("venus");
            call["name"] = json!("Venus");
        };
        w.must_not("admin", "provision-tenant", with(&other), "id.taken");
        let powerful =
            json!([{"subject": "b", "name": "B", "user_type": "administrator", "privileges": ["user.manage"]}]);
        w.must_not(
            "admin",
            "provision-tenant",
            with(&|call| call["users"] = powerful.clone()),
            "tenant.users_not_managed",
        );
        w.must_not("admin", "provision-tenant", call(&["a", "a"]), "users.twice");
        w.must_not("mara", "provision-tenant", call(&["a", "b"]), "privilege.not_held");
        w.must("admin", "disable-org", json!({"org": "mars"}));
        w.must_not("admin", "provision-tenant", call(&["a", "b"]), "org.disabled");
    }
}
