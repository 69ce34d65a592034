//! Subscriptions: what one may do to one's own, and what granting one comes to.

use serde_json::{Value, json};
use tenure_events::Event;

use super::{subscribe, with_gus};
use crate::support::given::given;

#[test]
fn from_ones_own_subscription_one_takes_away() {
    let mut w = given();
    let until = |until: &str| json!({"org": "kick", "user": "tim", "valid_until": until});
    let retype = |user_type: &str| json!({"org": "kick", "user": "tim", "user_type": user_type});
    let these = |privileges: Value| json!({"org": "kick", "user": "tim", "privileges": privileges});
    w.must("tim", "grant-subscriptions", subscribe("kick", "tim", "administrator", json!("all")));
    w.must("tim", "revoke-privileges", these(json!(["act-as"])));
    w.must_not("tim", "grant-privileges", these(json!(["act-as"])), "subscription.own");
    w.must("tim", "extend-subscription", until("2026-03-02T09:00:00Z"));
    w.must_not("tim", "extend-subscription", until("2026-03-03T09:00:00Z"), "subscription.own");
    w.must("tim", "retype-subscription", retype("steward"));
    w.must_not("tim", "retype-subscription", retype("administrator"), "subscription.own");
    w.must("tim", "withdraw-subscription", json!({"org": "kick", "user": "tim"}));
    w.must_not("tim", "grant-subscriptions", subscribe("kick", "tim", "viewer", json!([])), "privilege.not_held");
}

/// Neither a window that opens tomorrow nor one that closes tomorrow makes it anybody's to hand out.
#[test]
fn windows_hand_out_nothing_that_is_not_held() {
    let mut w = given();
    w.must("tim", "grant-subscriptions", subscribe("kick", "tim", "administrator", json!(["subscription.manage"])));
    let mut svc = subscribe("kick", "svc", "administrator", json!(["user.manage"]));
    for (field, tomorrow) in [("valid_from", "2026-03-02T09:00:00Z"), ("valid_until", "2026-03-03T09:00:00Z")] {
        svc[field] = json!(tomorrow);
        w.must_not("tim", "grant-subscriptions", svc.clone(), "delegation.not_held");
    }
    let mut w = with_gus(&["role.manage"]);
    let tomorrow = json!({"role": "boss", "users": ["ken"], "valid_until": "2026-03-02T09:00:00Z"});
    w.must_not("gus", "assign-role", tomorrow, "delegation.not_held");
}

/// "All" is what the actor holds there, as far as the user type goes, and the event says which privileges these are.
#[test]
fn all_is_spelled_out() {
    let mut w = with_gus(&["user.manage", "report.view", "chart.edit"]);
    let nia = json!({"id": "nia", "org": "kick", "name": "N", "user_type": "member", "privileges": "all"});
    let drafts = w.give("gus", "create-user", &nia).unwrap();
    let Event::SubscriptionGranted(granted) = &drafts[1].event else { panic!("{drafts:?}") };
    let granted: Vec<_> = granted.subscription.privileges.iter().map(ToString::to_string).collect();
    assert_eq!(granted, ["chart.edit", "report.view"]);
}

/// One of two has a subscription already: neither gets one.
#[test]
fn granted_again_is_a_conflict_for_all() {
    let mut w = given();
    w.must("tim", "grant-subscriptions", subscribe("kick", "tim", "administrator", json!("all")));
    let both = json!({"org": "kick", "users": ["svc", "ken"], "user_type": "viewer", "privileges": []});
    w.must_not("tim", "grant-subscriptions", both, "subscription.exists");
    w.must("tim", "grant-subscriptions", subscribe("kick", "svc", "viewer", json!([])));
}

/// What begins or ends does so from now on, whatever it is.
#[test]
fn no_window_opens_or_closes_in_the_past() {
    let past = "2026-02-28T09:00:00Z";
    let mut w = given();
    w.must("tim", "grant-subscriptions", subscribe("kick", "tim", "administrator", json!("all")));
    let mut cases = vec![
        ("kate", "assign-role", json!({"role": "boss", "users": ["ken"], "valid_until": past})),
        ("kate", "share", json!({"resource": "shelf", "with": {"user": "vic"}, "level": "view", "valid_until": past})),
        ("ken", "issue-api-key", json!({"user": "ken", "name": "k", "expires": past})),
        ("kate", "extend-subscription", json!({"org": "kick", "user": "tim", "valid_until": past})),
        ("shaun", "admit-landlord", json!({"org": "shut", "until": past})),
    ];
    for field in ["valid_from", "valid_until"] {
        let mut svc = subscribe("kick", "svc", "viewer", json!([]));
        svc[field] = json!(past);
        cases.push(("tim", "grant-subscriptions", svc));
    }
    for (who, name, arguments) in cases {
        w.must_not(who, name, arguments, "time.past");
    }
}
