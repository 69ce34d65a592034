//! Issuers: what is not trusted, and by whom it is not said.

use serde_json::{Value, json};

use super::Table;
use crate::support::given::given;

/// Tenants `kick` and `learn` share an issuer; the platform has one of its own.
pub fn issuers(t: &mut Table) {
    let mut world = given();
    let issuer = "https://login.example.org";
    let shared = json!({"id": "kicks", "org": "kick", "issuer": issuer, "tenant_claim": "tid", "tenant": "k-1"});
    world.must("admin", "register-issuer", with(&shared));
    world.must("admin", "register-issuer", with(&json!({"id": "app", "issuer": "https://app.example.org"})));
    let mut refused = |who: &str, name: &str, arguments: Value| t.check_in(&world, who, name, arguments);
    let new = |more: &Value| {
        let mut new = with(&json!({"issuer": "https://new.example.org"}));
        new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        new
    };
    // Who manages the root, and holds less than everything there.
    refused("tim", "register-issuer", new(&json!({"org": "kick"})));
    refused("tim", "change-issuer", with(&json!({"id": "app"})));
    refused("kate", "register-issuer", new(&json!({"org": "kick"})));
    refused("kate", "change-issuer", with(&json!({"id": "kicks"})));
    refused("mia", "remove-issuer", json!({"id": "kicks"}));
    refused("liz", "remove-issuer", json!({"id": "kicks"}));
    refused("kate", "remove-issuer", json!({"id": "app"}));
    refused("liz", "confirm-credentials", json!({"org": "learn", "issuers": ["kicks"]}));
    refused("admin", "change-issuer", with(&json!({"id": "app"})));
    refused("admin", "register-issuer", new(&json!({"id": "app"})));
    let called = |more: &Value| {
        let mut new = new(&json!({"issuer": issuer}));
        new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        new
    };
    refused("admin", "register-issuer", called(&json!({})));
    refused("admin", "register-issuer", called(&json!({"org": "learn", "tenant_claim": "tid", "tenant": "k-1"})));
    refused("admin", "register-issuer", called(&json!({"org": "learn", "tenant_claim": "org", "tenant": "l-1"})));
    refused("admin", "register-issuer", called(&json!({"tenant_claim": "tid"})));
    refused("admin", "register-issuer", new(&json!({"org": "learn", "tenant_claim": "tid"})));
    refused("admin", "register-issuer", new(&json!({"tenant_claim": "tid", "tenant": "x"})));
    refused("admin", "register-issuer", new(&json!({"org": "learn", "tenant": "x"})));
    for issuer in [
        "login.example.org",
        "http://login.example.org",
        "http://127.0.0.1.example.org",
        "http://localhost@login.example.org",
        "https://user:secret@login.example.org",
        "https://login.example.org/?a=b",
        "https://login.example.org/#a",
        "https://login.example.org/ x",
        "https://",
        "file:///etc/passwd",
    ] {
        refused("admin", "register-issuer", with(&json!({"issuer": issuer})));
    }
    refused("admin", "register-issuer", new(&json!({"jwks_uri": "http://keys.example.org"})));
    refused("admin", "register-issuer", new(&json!({"algorithms": []})));
    refused("admin", "register-issuer", new(&json!({"audiences": []})));
    refused("admin", "register-issuer", new(&json!({"audiences": ["a b"]})));
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    for jwks in [
        json!([]),
        json!({"keys": []}),
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x, "d": "secret"}]}),
        json!({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}),
        json!({"keys": [{"kty": "oct"}]}),
        json!({"keys": [{"kty": "EC", "crv": "P-521", "x": x, "y": x}]}),
        json!({"keys": [{"kty": "RSA", "n": x}]}),
        json!({"keys": [{"kty": "RSA", "n": "n".repeat(1_401), "e": "AQAB"}]}),
    ] {
        refused("admin", "register-issuer", new(&json!({"jwks_uri": null, "jwks": jwks})));
    }
    refused("admin", "register-issuer", new(&json!({"jwks_uri": null})));
    refused("admin", "register-issuer", new(&json!({"jwks": {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x}]}})));
}

fn with(more: &Value) -> Value {
    let mut all = json!({"audiences": ["tenure"], "algorithms": ["RS256"], "jwks_uri": "https://keys.example.org"});
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}
