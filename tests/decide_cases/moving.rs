//! Orgs that move: nobody comes in by it, and nothing that came from where they hung sleeps.

use serde_json::{Value, json};

use super::{share, subscribe};
use crate::support::given::given;
use crate::support::memory::World;

fn relocate(org: &str, parent: &str) -> Value {
    json!({"org": org, "parent": parent})
}

fn excludes(w: &World, org: &str) -> bool {
    let view = w.view();
    view.excludes_landlord(view.find_org(org).unwrap())
}

/// Moved out from under the parent that excluded it, an org excludes the ancestor itself.
#[test]
fn an_ancestor_that_was_shut_out_stays_so() {
    for until in [None, Some("2026-03-01T10:00:00Z")] {
        let mut w = given();
        w.must("kate", "exclude-landlord", json!({"org": "kick"}));
        if until.is_some() {
            w.must("kate", "admit-landlord", json!({"org": "kick", "until": until}));
        }
        // She manages both parents.
        super::landlord::member(&mut w, "kate", "root", &["org.manage".to_owned()]);
        assert!(!excludes(&w, "deep"));
        w.must("kate", "move-org", relocate("deep", "root"));
        assert!(excludes(&w, "deep"), "admitted until {until:?}");
        w.must_not("tim", "grant-subscriptions", subscribe("deep", "tim", "viewer", json!([])), "privilege.not_held");
    }
    // Where nobody was shut out, nobody is.
    let mut w = given();
    w.must("admin", "move-org", relocate("deep", "root"));
    assert!(!excludes(&w, "deep"));
}

/// Without the landlord rule the new ancestors' holders have what reaches down: the mover held it.
#[test]
fn what_reaches_down_is_handed_out_by_who_holds_it() {
    let without = || {
        let mut w = given();
        w.must("shaun", "admit-landlord", json!({"org": "shut"}));
        w.must("admin", "change-settings", json!({"landlord_rule": false}));
        w
    };
    let mut w = without();
    w.must_not("tim", "move-org", relocate("deep", "learn"), "delegation.not_held");
    w.must("admin", "move-org", relocate("deep", "learn"));
    let mut w = without();
    // To where everybody was above it before, it is moved by who manages it.
    w.must("tim", "move-org", relocate("deep", "root"));
}

/// What was shared with it, or distributed to it, from where it hung ends with the move, and does not come back.
#[test]
fn what_crosses_a_move_ends() {
    let mut w = given();
    w.must("kate", "share", share("shelf", json!({"org": "deep"}), "view"));
    w.must("kate", "create-resource", json!({"id": "pack", "org": "kick", "kind": "pack", "name": "pack"}));
    w.must("kate", "distribute", json!({"resource": "pack", "to": {"org": "deep"}}));
    w.must("admin", "share", share("sample", json!({"org": "deep"}), "view"));
    let there = |w: &World| {
        let view = w.view();
        let (deep, shelf, pack) =
            (view.find_org("deep").unwrap(), view.find_resource("shelf").unwrap(), view.find_resource("pack").unwrap());
        (view.share_with_org(shelf, deep).is_some(), view.distributed_to(pack, deep).is_some())
    };
    assert_eq!(there(&w), (true, true));
    w.must("admin", "move-org", relocate("deep", "learn"));
    assert_eq!(there(&w), (false, false));
    let view = w.view();
    let kept = view.share_with_org(view.find_resource("sample").unwrap(), view.find_org("deep").unwrap());
    assert!(kept.is_some(), "what the root shared stays: it is above as before");
    w.must("dora", "admit-landlord", json!({"org": "deep"}));
    w.must("admin", "move-org", relocate("deep", "kick"));
    assert_eq!(there(&w), (false, false));
}
