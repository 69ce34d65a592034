//! Excluded is excluded: what is held in an ancestor counts for nothing in an org that excludes it, whoever holds it and
//! wherever they are at home; nor has anybody who is shut out its content, by way of another org.

use serde_json::{Value, json};
use tenure::decide::{Told, remains};
use tenure_events::Event;
use tenure_events::data::{
    Assignee, Audience, ContentShared, GroupInvited, GroupMemberAdded, LandlordExcluded, Level, RoleAssigned,
    RoleDefined, SubTenantAssociated, Subscription, SubscriptionGranted,
};
use tenure_projections::judge::{self, Action, Object, Question, Subject};
use tenure_projections::sight::{self, Asking};

use super::subscribe;
use crate::support::given::given;
use crate::support::memory::{World, id, privileges};

const ARCHIVE: &str = "permanently archive";
const ERASE: &str = "permanently erase";

/// A membership as a fact, of an administrator with these privileges.
pub fn member(w: &mut World, user: &str, org: &str, privileges: &[String]) {
    let privileges = privileges.iter().map(|privilege| id(privilege)).collect();
    let subscription = Subscription { user_type: id("administrator"), privileges, valid_from: None, valid_until: None };
    w.fact(org, Event::SubscriptionGranted(SubscriptionGranted { user: id(user), org: id(org), subscription }));
}

/// The given world, where `liz`, at home in `learn`, holds everything at the root.
fn with_puppet() -> World {
    let mut w = given();
    member(&mut w, "liz", "root", &privileges());
    w
}

fn archive(org: &str) -> Value {
    json!({"org": org, "confirmation": ARCHIVE})
}

/// Every command that rests on authority from above: what is held at the root, by somebody from elsewhere, does nothing
/// in `shut`, and what is left to ancestors they may do.
#[test]
fn what_is_held_above_is_suspended_wherever_its_holder_is_at_home() {
    let mut w = with_puppet();
    w.must("shaun", "link-environment", json!({"id": "lab", "org": "shut", "name": "Lab"}));
    w.must("admin", "create-org", json!({"id": "twin", "name": "twin"}));
    let before = w.position();
    for (name, arguments, code) in [
        ("grant-subscriptions", subscribe("shut", "liz", "administrator", json!("all")), "privilege.not_held"),
        ("grant-subscriptions", subscribe("shut", "tim", "administrator", json!("all")), "privilege.not_held"),
        ("reset-credential", json!({"user": "shaun"}), "user.unknown"),
        ("describe-org", json!({"org": "shut", "description": "x"}), "landlord.excluded"),
        ("tag-org", json!({"org": "shut", "tags": ["x"]}), "landlord.excluded"),
        ("create-org", json!({"name": "x", "parent": "shut"}), "landlord.excluded"),
        ("move-org", json!({"org": "twin", "parent": "shut"}), "landlord.excluded"),
        ("move-org", json!({"org": "shut", "parent": "kick"}), "landlord.excluded"),
        ("archive-org", archive("shut"), "privilege.not_held"),
        ("link-environment", json!({"org": "shut", "name": "x"}), "landlord.excluded"),
        ("unlink-environment", json!({"environment": "lab"}), "environment.unknown"),
        ("invite-group", json!({"group": "crew", "org": "shut", "privileges": []}), "landlord.excluded"),
        ("uninvite-group", json!({"group": "crew", "org": "shut"}), "landlord.excluded"),
        ("associate-sub-tenant", json!({"master": "shut", "sub": "twin"}), "landlord.excluded"),
        ("associate-sub-tenant", json!({"master": "twin", "sub": "shut"}), "landlord.excluded"),
        ("admit-landlord", json!({"org": "shut"}), "privilege.not_held"),
    ] {
        w.must_not("liz", name, arguments, code);
    }
    assert_eq!(w.position(), before, "what is refused writes nothing");
    let folder = json!({"org": "shut", "kind": "folder", "name": "x"});
    w.must_not("liz>shaun@shut", "create-resource", folder, "act_as.not_held");
    w.must("liz", "rename-org", json!({"org": "shut", "name": "Shut"}));
    w.must("liz", "disable-org", json!({"org": "shut"}));
    w.must("liz", "enable-org", json!({"org": "shut"}));
    // Where nobody is excluded the same is theirs.
    w.must("liz", "describe-org", json!({"org": "kick", "description": "x"}));
    w.must("liz", "grant-subscriptions", subscribe("kick", "liz", "administrator", json!("all")));
}

/// Nor do they see inside, act for anybody there, or hear more than the bare decision.
#[test]
fn what_is_held_above_shows_nothing_inside() {
    let w = with_puppet();
    let view = w.view();
    let find = |org: &str| view.find_org(org).unwrap();
    let (shut, kick) = (find("shut"), find("kick"));
    for (who, inside) in [("liz", false), ("tim", false), ("admin", false), ("shaun", true)] {
        let subject = Subject::from(view.find_user(who).unwrap());
        assert_eq!(sight::sees_inside(&view, &subject, shut), inside, "{who} sees inside");
        assert_eq!(judge::manages_inside(&view, &subject, shut), inside, "{who} manages inside");
        assert!(!judge::manages_from_above(&view, &subject, shut), "{who} manages from above");
    }
    let (liz, shaun) = (Subject::from(view.find_user("liz").unwrap()), view.find_user("shaun").unwrap());
    assert!(!sight::acts_for(&view, &liz, shaun, shut));
    assert_eq!(sight::may_ask(&view, &liz, shaun, shut), Asking::Bare);
    let kate = view.find_user("kate").unwrap();
    assert!(sight::acts_for(&view, &liz, kate, kick));
    assert_eq!(sight::may_ask(&view, &liz, kate, kick), Asking::Full);
}

/// An org that excludes nobody itself, below one that does.
#[test]
fn what_is_held_above_the_one_that_excludes_is_suspended_below_it() {
    let mut w = with_puppet();
    w.must("kate", "exclude-landlord", json!({"org": "kick"}));
    w.must_not("liz", "grant-subscriptions", subscribe("deep", "liz", "viewer", json!([])), "privilege.not_held");
    w.must_not("liz", "archive-org", archive("deep"), "landlord.excluded");
    w.must_not("admin", "archive-org", archive("deep"), "landlord.excluded");
    // What is held in the one that excludes reaches down as ever.
    w.must("kate", "describe-org", json!({"org": "deep", "description": "x"}));
    w.must("kate", "grant-subscriptions", subscribe("deep", "kate", "viewer", json!([])));
}

/// Nobody who is shut out counts as one who could restore it.
#[test]
fn who_is_shut_out_keeps_nothing() {
    let mut w = with_puppet();
    w.must("kate", "revoke-privileges", json!({"org": "kick", "user": "kate", "privileges": ["org.manage"]}));
    w.must("dora", "disable-user", json!({"user": "dora"}));
    // Only those above keep `deep` now.
    w.must_not("kate", "exclude-landlord", json!({"org": "kick"}), "org.locked_out");
}

/// The last `landlord.manage` of its own people is theirs alone to take, whoever an ancestor lets in takes it in its name.
#[test]
fn the_last_landlord_is_not_taken_by_way_of_another_org() {
    let mut w = with_puppet();
    w.must("liz", "grant-subscriptions", subscribe("kick", "liz", "administrator", json!("all")));
    let revoke = json!({"org": "kick", "user": "kate", "privileges": ["landlord.manage"]});
    w.must_not("liz", "revoke-privileges", revoke, "landlord.last");
    w.must_not("liz", "disable-user", json!({"user": "kate"}), "landlord.last");
}

/// `master` shares a chart with its role `guest`; in the sub-tenant `sub` each of these holds a role of that name.
fn associated(w: &mut World, master: &str, sub: &str, guests: &[&str]) {
    for org in [master, sub] {
        let role = format!("guest@{org}");
        let defined =
            RoleDefined { role: id(&role), org: Some(id(org)), name: "guest".to_owned(), privileges: Vec::new() };
        w.fact(org, Event::RoleDefined(defined));
    }
    w.fact(sub, Event::SubTenantAssociated(SubTenantAssociated { master: id(master), sub: id(sub) }));
    for guest in guests {
        let (role, to) = (id(&format!("guest@{sub}")), Assignee::User(id(guest)));
        w.fact(sub, Event::RoleAssigned(RoleAssigned { role, to, valid_until: None }));
    }
}

fn share_with_guests(w: &mut World, resource: &str, org: &str) {
    let (with, valid_until) = (Audience::Role(id(&format!("guest@{org}"))), None);
    let shared = ContentShared { resource: id(resource), with, level: Level::Use, copy: true, valid_until };
    w.fact(org, Event::ContentShared(shared));
}

fn has(w: &World, user: &str, resource: &str, acting: &str, action: Action) -> bool {
    let view = w.view();
    let (subject, no) = (view.find_user(user).unwrap().into(), view.find_resource(resource).unwrap());
    judge::check(
        &view,
        &Question { subject, action, object: Object::Resource(no), acting: view.find_org(acting) },
        &mut (),
    )
}

/// An excluded landlord's people, as members of a sub-tenant, have nothing of its master: not what was shared, nor what is
/// shared from then on.
#[test]
fn who_is_shut_out_has_no_content_by_way_of_a_sub_tenant() {
    let mut w = given();
    member(&mut w, "tim", "learn", &privileges());
    associated(&mut w, "kick", "learn", &["tim", "liz"]);
    share_with_guests(&mut w, "plan", "kick");
    let view = Action::Level(Level::View);
    assert!(has(&w, "tim", "plan", "learn", view) && has(&w, "tim", "plan", "learn", Action::Copy));
    w.must("kate", "exclude-landlord", json!({"org": "kick"}));
    share_with_guests(&mut w, "sales", "kick");
    for resource in ["plan", "sales"] {
        assert!(!has(&w, "tim", resource, "learn", view) && !has(&w, "tim", resource, "learn", Action::Copy));
        assert!(has(&w, "liz", resource, "learn", view), "who is not shut out has it still");
    }
    let copy = json!({"resource": "plan", "into_org": "learn", "name": "taken"});
    w.must_not("tim", "copy-resource", copy.clone(), "resource.unknown");
    w.must("kate", "admit-landlord", json!({"org": "kick"}));
    w.must("tim", "copy-resource", copy);
}

/// Nor has anybody, wherever they are at home, by acting in the ancestor that is shut out.
#[test]
fn nobody_has_content_from_an_ancestor_that_is_shut_out() {
    let mut w = with_puppet();
    associated(&mut w, "kick", "root", &["liz", "tim"]);
    share_with_guests(&mut w, "plan", "kick");
    let view = Action::Level(Level::View);
    assert!(has(&w, "liz", "plan", "root", view) && has(&w, "tim", "plan", "root", view));
    w.must("kate", "exclude-landlord", json!({"org": "kick"}));
    assert!(!has(&w, "liz", "plan", "root", view) && !has(&w, "tim", "plan", "root", view));
}

/// An org that excludes its ancestors is ended by its own, and stays closed to them when it was.
#[test]
fn an_excluding_org_is_archived_by_its_own_and_stays_closed() {
    for user in ["admin", "tim"] {
        given().must_not(user, "archive-org", archive("shut"), "privilege.not_held");
    }
    // Admitted for a while is excluded in the end.
    let mut w = given();
    w.must("shaun", "admit-landlord", json!({"org": "shut", "until": "2026-03-01T10:00:00Z"}));
    w.must_not("admin", "archive-org", archive("shut"), "privilege.not_held");
    w.must("shaun", "archive-org", archive("shut"));
    w.pass(3_600);
    let erase = || json!({"user": "shaun", "confirmation": ERASE});
    w.must_not("admin", "erase-user", erase(), "user.unknown");
    w.must_not("tim", "erase-user", erase(), "user.unknown");
    let view = w.view();
    let (admin, shut) = (Subject::from(view.find_user("admin").unwrap()), view.find_org("shut").unwrap());
    assert!(!sight::reads_history(&view, &admin, shut) && !sight::sees_inside(&view, &admin, shut));
    // Who manages its people from elsewhere, by its own leave, forgets them.
    let mut w = given();
    member(&mut w, "liz", "shut", &["user.manage".to_owned()]);
    w.must("shaun", "archive-org", archive("shut"));
    w.must("liz", "erase-user", erase());
}

/// What was refused while an org worked is refused when it was archived: its history is read by who could read it.
#[test]
fn archiving_hands_out_nothing() {
    let mut w = given();
    w.must(
        "admin",
        "create-user",
        json!({"id": "gil", "org": "root", "name": "G", "user_type": "administrator",
        "privileges": ["group.manage", "key.manage", "user.manage", "role.manage"]}),
    );
    w.must(
        "admin",
        "create-user",
        json!({"id": "ann", "org": "root", "name": "A", "user_type": "viewer", "privileges": []}),
    );
    w.must("admin", "create-group", json!({"id": "auditors", "name": "auditors"}));
    w.must("admin", "create-org", json!({"id": "late", "name": "late", "admin": {"id": "lars", "name": "L"}}));
    member(&mut w, "ann", "late", &["audit.read".to_owned()]);
    let (group, environment, privileges) = (id("auditors"), None, vec![id("audit.read")]);
    w.fact("late", Event::GroupInvited(GroupInvited { group, org: id("late"), environment, privileges }));
    let tries = |w: &mut World| {
        let join = json!({"group": "auditors", "users": ["gil"]});
        w.must_not("gil", "add-group-members", join, "delegation.not_held");
        w.must_not("gil", "issue-api-key", json!({"user": "ann", "name": "k"}), "delegation.not_held");
        w.must_not("gil", "change-profile", json!({"user": "ann", "email": "g@g.example"}), "delegation.not_held");
        w.must_not("gil", "reset-credential", json!({"user": "ann"}), "delegation.not_held");
        w.must_not(
            "gil",
            "link-identity",
            json!({"user": "ann", "issuer": "i", "subject": "s"}),
            "delegation.not_held",
        );
        let raise = json!({"name": "viewer", "ceiling": ["audit.read"]});
        w.must_not("admin", "define-user-type", raise, "delegation.not_held");
    };
    // A viewer's ceiling hides what `ann` holds.
    w.must("lars", "retype-subscription", json!({"org": "late", "user": "ann", "user_type": "viewer"}));
    let granted = Subscription {
        user_type: id("viewer"),
        privileges: vec![id("audit.read")],
        valid_from: None,
        valid_until: None,
    };
    w.fact(
        "late",
        Event::SubscriptionGranted(SubscriptionGranted { user: id("ann"), org: id("late"), subscription: granted }),
    );
    tries(&mut w);
    w.must("admin", "archive-org", archive("late"));
    tries(&mut w);
}

/// A team that manages an org is there as long as the org may open again.
#[test]
fn the_team_of_a_disabled_org_stays() {
    let mut w = given();
    w.must("admin", "create-org", json!({"id": "new", "name": "new", "managing_group": "crew"}));
    w.must("admin", "disable-org", json!({"org": "new"}));
    w.must_not("admin", "delete-group", json!({"group": "crew"}), "group.manages_org");
    w.must("admin", "archive-org", archive("new"));
    w.must("admin", "delete-group", json!({"group": "crew"}));
}

/// Whoever is shut out hears nothing of what happens inside by the way of a twin: not of a copy, a share, a membership.
#[test]
fn twins_tell_nothing_to_whom_their_org_excludes() {
    let mut w = given();
    w.must("admin", "share", json!({"resource": "sample", "with": {"org": "kick"}, "level": "view", "copy": true}));
    w.must("tim", "grant-subscriptions", subscribe("kick", "tim", "viewer", json!([])));
    let copy = |name: &str| json!({"resource": "sample", "into_org": "kick", "name": name});
    let twins = |w: &World, who: &str, name: &str, arguments: &Value| {
        let drafts = w.decide(who, name, arguments).unwrap();
        drafts.iter().filter(|draft| draft.twin_of.is_some()).count()
    };
    let privileges = json!({"org": "kick", "user": "tim", "privileges": ["report.edit"]});
    let up = json!({"org": "kick", "user": "tim", "user_type": "administrator"});
    let leave = json!({"org": "kick", "user": "tim"});
    w.must("kate", "retype-subscription", up);
    let told = |w: &World| {
        [
            twins(w, "kate", "copy-resource", &copy("taken")),
            twins(w, "kate", "grant-privileges", &privileges),
            twins(w, "kate", "withdraw-subscription", &leave),
        ]
    };
    assert_eq!(told(&w), [1, 1, 1]);
    w.must("kate", "exclude-landlord", json!({"org": "kick"}));
    assert_eq!(told(&w), [0, 0, 1], "that their own user is a member no longer, bare");
}

/// What the answer to an exclusion tells: teams that are invited, sub-tenants; and, given again, whether it still is so.
#[test]
fn the_answer_to_an_exclusion_tells_what_remains() {
    let mut w = given();
    let (group, environment, privileges) = (id("crew"), None, vec![id("audit.read")]);
    w.fact("kick", Event::GroupInvited(GroupInvited { group, org: id("kick"), environment, privileges }));
    w.fact("root", Event::GroupMemberAdded(GroupMemberAdded { group: id("crew"), user: id("liz") }));
    w.fact("learn", Event::SubTenantAssociated(SubTenantAssociated { master: id("kick"), sub: id("learn") }));
    let excluded = Event::LandlordExcluded(LandlordExcluded { org: id("kick") });
    w.must("kate", "exclude-landlord", json!({"org": "kick"}));
    let told = |w: &World| {
        let view = w.view();
        let kate = Subject::from(view.find_user("kate").unwrap());
        remains(&view, &view, &kate, std::iter::once(&excluded), &|position| w.actor(position)).unwrap()
    };
    let Told::ForeignAccess(found) = told(&w) else { panic!("{:?}", told(&w)) };
    assert_eq!(found.sub_tenants, ["learn"]);
    assert_eq!(found.from_elsewhere.len() + found.more, 1, "{found:?}");
    w.must("kate", "admit-landlord", json!({"org": "kick"}));
    assert_eq!(told(&w), Told::AdmittedSince("kick".to_owned()));
}
