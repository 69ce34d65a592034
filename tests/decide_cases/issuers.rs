//! Issuers that the platform gives to tenants.

use serde_json::{Value, json};
use tenure_projections::judge::outside;

use crate::support::given::given;
use crate::support::memory::World;

fn trusted(more: Value) -> Value {
    let mut all = json!({"audiences": ["tenure"], "algorithms": ["RS256"], "jwks_uri": "https://keys.example.org"});
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}

fn counts(world: &World, issuer: &str, org: &str) -> bool {
    let view = world.view();
    let found = view.find_issuer(issuer).zip(view.find_org(org));
    found.is_some_and(|(issuer, org)| outside::issuer_counts(&view, issuer, org))
}

/// The platform could be everybody whom an issuer signs in: an org that shuts it out says itself what it trusts.
#[test]
fn an_org_that_excludes_its_landlord_vouches_for_its_issuer() {
    let mut world = given();
    let issuer = |id: &str, more: Value| trusted(merged(json!({"id": id}), more));
    let kicks = json!({"org": "kick", "issuer": "https://kick.example.org"});
    let app = json!({"issuer": "https://app.example.org", "tenant_claim": "tenant"});
    world.must("admin", "register-issuer", issuer("kicks", kicks));
    world.must("admin", "register-issuer", issuer("app", app));
    let check = |world: &World, want: [(&str, &str, bool); 3]| {
        for (issuer, org, want) in want {
            assert_eq!(counts(world, issuer, org), want, "{issuer} {org}");
        }
    };
    check(&world, [("kicks", "kick", true), ("app", "kick", true), ("app", "root", true)]);
    world.must("kate", "exclude-landlord", json!({"org": "kick"}));
    check(&world, [("kicks", "kick", false), ("app", "kick", false), ("app", "root", true)]);
    // What lies below is shut off with it.
    check(&world, [("app", "deep", false), ("app", "learn", true), ("app", "root", true)]);
    world.must("kate", "confirm-credentials", json!({"org": "kick", "issuers": ["kicks", "app"]}));
    check(&world, [("kicks", "kick", true), ("app", "kick", true), ("app", "deep", true)]);
    // Other keys are another issuer.
    world.must("admin", "change-issuer", trusted(json!({"id": "kicks", "jwks_uri": "https://other.example.org"})));
    check(&world, [("kicks", "kick", false), ("app", "kick", true), ("app", "root", true)]);
    world.must("kate", "confirm-credentials", json!({"org": "kick", "issuers": ["kicks"]}));
    check(&world, [("kicks", "kick", true), ("app", "kick", true), ("app", "root", true)]);
    world.must("kate", "remove-issuer", json!({"id": "kicks"}));
    check(&world, [("kicks", "kick", false), ("app", "kick", true), ("app", "root", true)]);
}

/// An id is never used again: what is kept of the old one is not of the new.
#[test]
fn a_removed_issuer_does_not_come_back() {
    let mut world = given();
    let issuer = || trusted(json!({"id": "kicks", "org": "kick", "issuer": "https://kick.example.org"}));
    world.must("admin", "register-issuer", issuer());
    world.must("admin", "remove-issuer", json!({"id": "kicks"}));
    assert_eq!(world.decide("admin", "register-issuer", &issuer()).unwrap_err().code, "id.taken");
    world.must("admin", "register-issuer", merged(issuer(), json!({"id": "again"})));
}

fn merged(mut one: Value, more: Value) -> Value {
    one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    one
}
