//! After an exclusion nothing of the outsiders is left working in silence: what they made for an org's people waits until
//! the org vouches for it, and the answer names who else is left.

use serde_json::{Value, json};
use tenure::decide::{ForeignAccess, foreign_access, outsiders};
use tenure_events::Event;
use tenure_events::data::{
    Assignee, Audience, ContentShared, GroupInvited, GroupMemberAdded, IdentityLinked, Level, RoleAssigned,
    RoleDefined, SubTenantAssociated,
};
use tenure_events::{ResourceId, Sealed};
use tenure_projections::judge::{self, Action, Object, Question, Subject, outside};
use tenure_projections::{State, View};

use super::landlord::member;
use super::subscribe;
use crate::support::given::{given, key};
use crate::support::memory::{World, command, id};

/// The given world, where `tim` of the root works in `kick` and made there: the account `pup`, which made `cub`; a key for
/// `ken` and one for `kate`; `pup` issued a key for itself, and `kate` one for `mia`.
fn with_outsiders() -> World {
    let mut w = given();
    w.must("tim", "grant-subscriptions", subscribe("kick", "tim", "administrator", json!("all")));
    let made = |id: &str| json!({"id": id, "org": "kick", "name": id, "user_type": "administrator", "privileges": ["user.manage", "key.manage", "chart.edit"]});
    w.must("tim", "create-user", made("pup"));
    w.must(
        "pup",
        "create-user",
        json!({"id": "cub", "org": "kick", "name": "c", "user_type": "viewer", "privileges": []}),
    );
    for (who, user, name) in [("tim", "ken", "K1"), ("tim", "kate", "K2"), ("pup", "pup", "K3"), ("kate", "mia", "K4")]
    {
        issue(&mut w, who, user, name);
    }
    w
}

/// A key as a fact: its id is the name that is given here.
fn issue(w: &mut World, who: &str, user: &str, name: &str) {
    let event = Event::ApiKeyIssued(key(name, user, None, None));
    w.record(who, "issue-api-key", vec![tenure::decide::Draft { org: id("kick"), event, twin_of: None }]);
}

fn works(view: &View<'_>, key: &str) -> bool {
    outside::key_in_use(view, view.find_key(key).unwrap()).is_some()
}

fn exclude(w: &mut World, who: &str) {
    w.must(who, "exclude-landlord", json!({"org": "kick"}));
}

#[test]
fn what_outsiders_issued_waits_until_the_org_vouches_for_it() {
    let mut w = with_outsiders();
    let keys = |w: &World| ["K1", "K2", "K3", "K4"].map(|key| works(&w.view(), key));
    assert_eq!(keys(&w), [true; 4], "while nobody is excluded all count");
    exclude(&mut w, "kate");
    let excluded = w.position();
    assert_eq!(keys(&w), [false, false, false, true], "what kate issued is the org's own");
    w.must_not("kate", "confirm-credentials", json!({"org": "kick"}), "credentials.none");
    w.must_not("kate", "confirm-credentials", json!({"org": "kick", "keys": ["K4"]}), "nothing.changes");
    w.must_not("kate", "confirm-credentials", json!({"org": "kick", "keys": ["nope"]}), "key.unknown");
    w.must_not("kate", "confirm-credentials", json!({"org": "kick", "users": ["liz"]}), "user.unknown");
    w.must_not("ken", "confirm-credentials", json!({"org": "kick", "keys": ["K1"]}), "privilege.not_held");
    w.must("kate", "confirm-credentials", json!({"org": "kick", "keys": ["K1"]}));
    assert_eq!(keys(&w), [true, false, false, true]);
    // As of the exclusion it waited still.
    assert!(!works(&View::new(&w.state, excluded, w.now()), "K1"));
    // Who made a key is asked: the account counts again, and so does what it made.
    w.must("kate", "confirm-credentials", json!({"org": "kick", "users": ["pup"]}));
    assert_eq!(keys(&w), [true, false, true, true]);
    // Admitted, all count; excluded again, what was vouched for stays.
    w.must("kate", "admit-landlord", json!({"org": "kick"}));
    assert_eq!(keys(&w), [true; 4]);
    exclude(&mut w, "kate");
    assert_eq!(keys(&w), [true, false, true, true]);
}

#[test]
fn an_admission_that_ends_suspends_again() {
    let mut w = given();
    exclude(&mut w, "kate");
    w.must("kate", "admit-landlord", json!({"org": "kick", "until": "2026-03-01T10:00:00Z"}));
    issue(&mut w, "tim", "ken", "K1");
    assert!(works(&w.view(), "K1"));
    w.pass(7_200);
    assert!(!works(&w.view(), "K1"), "nothing else had to happen");
}

/// An account stays what it is: the org's people go on working. What an outsider's account issues is an outsider's, until the
/// org vouches for it.
#[test]
fn an_account_that_outsiders_made_stays_and_what_it_issues_waits() {
    let mut w = with_outsiders();
    exclude(&mut w, "kate");
    w.must("pup", "disable-user", json!({"user": "cub"}));
    issue(&mut w, "pup", "pup", "K5");
    issue(&mut w, "cub", "cub", "K6");
    issue(&mut w, "ken", "ken", "K7");
    let keys = |w: &World| ["K3", "K5", "K6", "K7"].map(|key| works(&w.view(), key));
    assert_eq!(keys(&w), [false, false, false, true], "pup made cub");
    w.must("kate", "confirm-credentials", json!({"org": "kick", "users": ["cub"]}));
    assert_eq!(keys(&w), [false, false, true, true]);
    w.must("kate", "confirm-credentials", json!({"org": "kick", "users": ["pup"]}));
    assert_eq!(keys(&w), [true; 4]);
    // A landlord's own people are none of the org's, whoever vouches.
    w.must_not("kate", "confirm-credentials", json!({"org": "kick", "users": ["tim"]}), "user.unknown");
}

/// Below an org that excludes, its people are asked as well; and whoever keeps the landlord out vouches for them.
#[test]
fn what_outsiders_made_below_waits_as_well() {
    let mut w = given();
    w.must("tim", "grant-subscriptions", subscribe("deep", "tim", "administrator", json!("all")));
    issue(&mut w, "tim", "dora", "D1");
    issue(&mut w, "dora", "dora", "D2");
    exclude(&mut w, "kate");
    let keys = |w: &World| ["D1", "D2"].map(|key| works(&w.view(), key));
    assert_eq!(keys(&w), [false, true], "kate made `deep`, with dora");
    w.must("kate", "confirm-credentials", json!({"org": "kick", "keys": ["D1"]}));
    assert_eq!(keys(&w), [true, true]);
}

#[test]
fn only_who_keeps_the_landlord_out_vouches() {
    let mut w = with_outsiders();
    exclude(&mut w, "kate");
    for who in ["tim", "pup", "ken"] {
        w.must_not(who, "confirm-credentials", json!({"org": "kick", "users": ["pup"]}), "privilege.not_held");
    }
    w.must_not("kate>ken@kick", "confirm-credentials", json!({"org": "kick", "users": ["pup"]}), "act_as.not_covered");
}

/// The last ways in are not suspended: who excludes goes on, and by the key that they used.
#[test]
fn whoever_excludes_is_not_locked_out() {
    let mut w = with_outsiders();
    let all = json!({"id": "ann", "org": "kick", "name": "a", "user_type": "administrator", "privileges": "all"});
    w.must("tim", "create-user", all);
    issue(&mut w, "tim", "ann", "A1");
    issue(&mut w, "tim", "ann", "A2");
    let drafts = w.give("ann/A1", "exclude-landlord", &json!({"org": "kick"})).unwrap();
    let kinds: Vec<_> = drafts.iter().filter(|draft| draft.twin_of.is_none()).map(|draft| draft.event.kind()).collect();
    let confirmed = "tenure.credential.confirmed.v1";
    assert_eq!(kinds, ["tenure.landlord.excluded.v1", confirmed, confirmed]);
    assert!(works(&w.view(), "A1") && !works(&w.view(), "A2"));
    w.must("ann/A1", "confirm-credentials", json!({"org": "kick", "keys": ["A2"]}));
}

#[test]
fn identities_that_outsiders_linked_wait_too() {
    let mut w = given();
    w.must("tim", "grant-subscriptions", subscribe("kick", "tim", "administrator", json!("all")));
    let text = || Sealed::from_bytes(b"x".to_vec());
    for (who, user, identity) in [("tim", "ken", "I1"), ("kate", "mia", "I2")] {
        let linked = IdentityLinked { identity: identity.to_owned(), user: id(user), issuer: text(), subject: text() };
        let event = Event::IdentityLinked(linked);
        w.record(who, "link-identity", vec![tenure::decide::Draft { org: id("kick"), event, twin_of: None }]);
    }
    let used = |w: &World| ["I1", "I2"].map(|identity| outside::identity_in_use(&w.view(), identity).is_some());
    assert_eq!(used(&w), [true, true]);
    exclude(&mut w, "kate");
    assert_eq!(used(&w), [false, true]);
    w.must("kate", "confirm-credentials", json!({"org": "kick", "identities_of": ["ken"]}));
    assert_eq!(used(&w), [true, true]);
    w.must_not(
        "kate",
        "confirm-credentials",
        json!({"org": "kick", "identities_of": ["ken", "mia"]}),
        "nothing.changes",
    );
}

/// An account that the landlord made in a sub-tenant has nothing of a master that excludes the landlord.
#[test]
fn a_puppet_in_a_sub_tenant_reads_nothing() {
    let mut w = given();
    w.must("tim", "grant-subscriptions", subscribe("learn", "tim", "administrator", json!("all")));
    let made = |id: &str| json!({"id": id, "org": "learn", "name": id, "user_type": "viewer", "privileges": []});
    w.must("tim", "create-user", made("pup"));
    w.must("liz", "create-user", made("lou"));
    for org in ["kick", "learn"] {
        let role = format!("guest@{org}");
        let defined =
            RoleDefined { role: id(&role), org: Some(id(org)), name: "guest".to_owned(), privileges: Vec::new() };
        w.fact(org, Event::RoleDefined(defined));
    }
    for user in ["pup", "lou"] {
        let (role, to) = (id("guest@learn"), Assignee::User(id(user)));
        w.fact("learn", Event::RoleAssigned(RoleAssigned { role, to, valid_until: None }));
    }
    w.fact("learn", Event::SubTenantAssociated(SubTenantAssociated { master: id("kick"), sub: id("learn") }));
    let (resource, with): (ResourceId, _) = (id("plan"), Audience::Role(id("guest@kick")));
    let shared = ContentShared { resource, with, level: Level::Use, copy: true, valid_until: None };
    w.fact("kick", Event::ContentShared(shared));
    let reads = |w: &World, user: &str| {
        let view = w.view();
        let (subject, no) = (view.find_user(user).unwrap().into(), view.find_resource("plan").unwrap());
        let (action, object) = (Action::Level(Level::View), Object::Resource(no));
        judge::check(&view, &Question { subject, action, object, acting: view.find_org("learn") }, &mut ())
    };
    assert!(reads(&w, "pup") && reads(&w, "lou"));
    exclude(&mut w, "kate");
    assert!(!reads(&w, "pup") && reads(&w, "lou"));
    let found = told(&w, "kate");
    assert_eq!(found.sub_tenants, ["learn"]);
    let view = w.view();
    let [_, by_sub] = outsiders(&view, view.find_org("kick").unwrap());
    let by_sub: Vec<_> = by_sub.keys().map(|user| view.user_id(*user)).collect();
    assert_eq!(by_sub, ["liz", "lou"], "those who may read, and not the puppet");
    // The sub-tenant says whose it is.
    w.must("liz", "confirm-credentials", json!({"org": "learn", "users": ["pup"]}));
    assert!(reads(&w, "pup"));
}

/// What `kate` is told of `kick`.
fn told(w: &World, reader: &str) -> ForeignAccess {
    let view = w.view();
    let reader = Subject::from(view.find_user(reader).unwrap());
    foreign_access(&view, &reader, view.find_org("kick").unwrap(), &|position| w.actor(position))
}

#[test]
fn the_answer_tells_what_outsiders_made() {
    let mut w = with_outsiders();
    w.must("tim", "create-group", json!({"id": "odd", "org": "kick", "name": "odd"}));
    w.must("tim", "add-group-members", json!({"group": "odd", "users": ["mia"]}));
    w.must("tim", "define-role", json!({"id": "lens", "org": "kick", "name": "lens", "privileges": ["chart.edit"]}));
    w.must("tim", "assign-role", json!({"role": "lens", "users": ["vic"]}));
    w.must("tim", "invite-group", json!({"group": "crew", "org": "kick", "privileges": ["chart.edit"]}));
    for user in ["tim", "liz"] {
        let (group, user) = (id("crew"), id(user));
        w.fact("root", Event::GroupMemberAdded(GroupMemberAdded { group, user }));
    }
    exclude(&mut w, "kate");
    let found = told(&w, "kate");
    let made: Vec<_> = found.made_from_above.iter().map(|made| (made.user.as_str(), made.vouched_for)).collect();
    assert_eq!(made, [("pup", false), ("kate", true)], "kate came with the org; cub was made by pup");
    let mut issued: Vec<_> = found
        .issued
        .iter()
        .map(|issued| {
            let by = issued.by.as_deref().unwrap_or("?");
            (issued.what, issued.id.as_str(), issued.user.as_deref().unwrap_or(""), by, issued.suspended)
        })
        .collect();
    issued.sort_unstable();
    let want = [
        ("api_key", "K1", "ken", "tim", true),
        ("api_key", "K2", "kate", "tim", true),
        ("api_key", "K3", "pup", "pup", true),
        ("group", "odd", "", "tim", false),
        ("group_member", "odd", "mia", "tim", false),
        ("invitation", "crew", "", "tim", false),
        ("role", "lens", "", "tim", false),
        ("role_assignment", "lens", "vic", "tim", false),
    ];
    for entry in want {
        assert!(issued.contains(&entry), "{entry:?} is not in {issued:?}");
    }
    // `liz` of the invited team is named, or counted where kate does not see her.
    assert_eq!(found.from_elsewhere.len() + found.more, 1, "{found:?}");
    w.must("kate", "confirm-credentials", json!({"org": "kick", "keys": ["K1"], "users": ["pup"]}));
    let found = told(&w, "kate");
    assert!(
        found.issued.iter().any(|issued| issued.id == "K1" && !issued.suspended),
        "who issued it may know it still"
    );
    assert!(!found.issued.iter().any(|issued| issued.id == "K3"), "pup is the org's own now");
}

/// No list names a person whom its reader does not see: it says how many more there are.
#[test]
fn whom_the_reader_does_not_see_is_counted() {
    let mut w = given();
    let (group, environment, privileges) = (id("crew"), None, vec![id("audit.read")]);
    w.fact("kick", Event::GroupInvited(GroupInvited { group, org: id("kick"), environment, privileges }));
    w.fact("root", Event::GroupMemberAdded(GroupMemberAdded { group: id("crew"), user: id("liz") }));
    exclude(&mut w, "kate");
    let named =
        |found: &ForeignAccess| found.from_elsewhere.iter().map(|foreign| foreign.user.clone()).collect::<Vec<_>>();
    let found = told(&w, "kate");
    assert!(named(&found).is_empty() && found.more > 0, "{found:?}");
    // Whoever sees her at home is told.
    member(&mut w, "kate", "learn", &["user.manage".to_owned()]);
    assert_eq!(named(&told(&w, "kate")), ["liz"]);
}

/// A trial of an exclusion tells the same.
#[test]
fn a_trial_tells_what_would_wait() {
    let w = with_outsiders();
    let moment = w.moment();
    let arguments: Value = json!({"org": "kick"});
    let exclude = command("exclude-landlord", &arguments, &moment.fresh).unwrap();
    let caller = w.caller("kate");
    let drafts = tenure::decide::decide(&w.view(), &caller, &exclude, &moment).unwrap();
    let over: State = tenure::decide::suppose(&w.view(), &caller, &moment, &drafts);
    let after = w.view().over(&over);
    assert!(!works(&after, "K1") && works(&w.view(), "K1"));
}
