//! Tokens of issuers over HTTP: whom they sign in, and whom they do not.

mod keys;
mod lies;
mod real;

use std::io::Read as _;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ureq::Agent;

use crate::support::provider::{AUDIENCE, Provider, Signer, now};
use crate::support::server::{Server, bearer};

/// Two tenants, each with an issuer of its own and an administrator: `helen` of `educate`, `nora` of `kickstart`. Mike and
/// `robot`, who acts for others, are of `educate`, Fay is of `kickstart`; each is called at the issuers as here.
struct Tenants {
    server: Server,
    helen: String,
    nora: String,
    educate: Provider,
    kickstart: Provider,
    signer: Signer,
}

impl Tenants {
    fn new() -> Self {
        Self::with(tenure::http::Options::default())
    }

    fn with(options: tenure::http::Options) -> Self {
        let server = Server::with(options);
        let signer = Signer::ec("first");
        let (educate, kickstart) = (Provider::start(&[&signer]), Provider::start(&[]));
        let admin = server.admin.clone();
        let run = |org: &str, id: &str| {
            let org = json!({"id": org, "name": org, "admin": {"id": id, "name": id, "key": true}});
            server.done(&admin, "create-org", org)["api_key"].as_str().unwrap().to_owned()
        };
        let (helen, nora) = (run("educate", "helen"), run("kickstart", "nora"));
        for (org, provider) in [("educate", &educate), ("kickstart", &kickstart)] {
            server.done(&admin, "register-issuer", provider.trusted(json!({"id": format!("{org}-idp"), "org": org})));
        }
        let user = |by: &str, id: &str, org: &str, privileges: Value| {
            let user = json!({
                "id": id, "org": org, "name": id, "user_type": "member", "privileges": privileges
            });
            server.done(by, "create-user", user);
        };
        user(&helen, "mike", "educate", json!(["chart.create", "chart.edit"]));
        user(&nora, "fay", "kickstart", json!([]));
        let robot = json!({"id": "robot", "org": "educate", "name": "robot", "user_type": "administrator", "privileges": ["act-as"]});
        server.done(&helen, "create-user", robot);
        let link = |by: &str, user: &str, provider: &Provider| {
            server.done(by, "link-identity", json!({"user": user, "issuer": provider.url, "subject": user}));
        };
        for user in ["helen", "mike", "robot"] {
            link(&helen, user, &educate);
        }
        link(&nora, "fay", &kickstart);
        Self { server, helen, nora, educate, kickstart, signer }
    }

    /// A token that is right, of somebody of `educate`.
    fn token(&self, subject: &str) -> String {
        self.educate.token(&self.signer, subject)
    }

    fn who(&self, token: &str) -> String {
        let answer = self.server.get(token, "/v1/whoami");
        if answer.status == 200 { answer.json()["id"].as_str().unwrap().to_owned() } else { answer.outcome() }
    }
}

#[test]
fn a_token_signs_its_user_in() {
    let t = Tenants::new();
    let token = t.token("mike");
    let who = t.server.get(&token, "/v1/whoami").json();
    assert_eq!((&who["id"], &who["issuer"], &who["key"]), (&json!("mike"), &json!("educate-idp"), &Value::Null));
    let chart = json!({"id": "scores", "org": "educate", "kind": "chart", "name": "Scores"});
    let done = t.server.done(&token, "create-resource", chart);
    assert_eq!(done["events"][0]["actor"], "mike");
    let question = json!({
        "subject": {"type": "user", "id": "mike"}, "action": {"name": "edit"}, "resource": {"type": "chart", "id": "scores"}
    });
    assert_eq!(t.server.post(&token, "/access/v1/evaluation", &question).json()["decision"], true);
    // By either type of token, and by whatever else its issuer may sign with.
    let ed = Signer::ed("second");
    t.educate.show(&[&t.signer, &ed]);
    let jwt = json!({"alg": "ES256", "kid": "first", "typ": "JWT"});
    assert_eq!(t.who(&t.signer.signed(&jwt, &t.educate.claims("helen"))), "helen");
    // No position, no secret and no name is for who is not signed in.
    let refused = t.server.get("a.b.c", "/v1/whoami");
    let metadata = format!("resource_metadata=\"http://{}/.well-known/oauth-protected-resource\"", t.server.address);
    let challenge = refused.header("www-authenticate");
    assert_eq!(challenge, format!("Bearer realm=\"tenure\", error=\"invalid_token\", {metadata}"));
    let nobody = t.server.send("GET", "/v1/whoami", &[], None);
    assert_eq!(nobody.header("www-authenticate"), format!("Bearer realm=\"tenure\", {metadata}"));
}

/// The platform's own issuers are for everybody to know; those of tenants are not.
#[test]
fn the_metadata_names_the_platforms_issuers() {
    let t = Tenants::new();
    let path = "/.well-known/oauth-protected-resource";
    let said = |t: &Tenants| t.server.send("GET", path, &[], None).json();
    assert_eq!(said(&t)["authorization_servers"], json!([]));
    let own = Provider::start(&[]);
    t.server.done(&t.server.admin, "register-issuer", own.trusted(json!({"id": "own"})));
    assert_eq!(said(&t)["authorization_servers"], json!([own.url]));
    assert_eq!(said(&t)["resource"], format!("http://{}", t.server.address));
}

/// An issuer of a tenant signs in home users of that tenant, whoever else has linked what it calls somebody.
#[test]
fn an_issuer_of_a_tenant_is_for_that_tenant() {
    let t = Tenants::new();
    let link = |by: &str, user: &str, provider: &Provider, subject: &str| {
        t.server.done(by, "link-identity", json!({"user": user, "issuer": provider.url, "subject": subject}));
    };
    // Nora vouches that Fay, and herself, are somebody whom the issuer of `educate` knows.
    link(&t.nora, "fay", &t.educate, "fay-at-educate");
    link(&t.nora, "nora", &t.educate, "mike");
    assert_eq!(t.who(&t.token("fay-at-educate")), "401 caller.unauthenticated");
    assert_eq!(t.who(&t.token("mike")), "mike");
    // The issuer of `kickstart` is not that of `educate`, whatever keys it shows.
    t.kickstart.show(&[&t.signer]);
    assert_eq!(t.who(&t.kickstart.token(&t.signer, "fay")), "fay");
    assert_eq!(t.who(&t.kickstart.token(&t.signer, "mike")), "401 caller.unauthenticated");
    // What a tenant does not own it neither ends nor changes.
    let end = |by: &str| t.server.post(by, "/v1/commands/remove-issuer", &json!({"id": "educate-idp"})).outcome();
    assert_eq!(end(&t.nora), "404 issuer.unknown");
    let listed = |by: &str| t.server.get(by, "/v1/issuers").json()["items"].as_array().unwrap().len();
    assert_eq!((listed(&t.helen), listed(&t.nora), listed(&t.server.admin)), (1, 1, 2));
    assert_eq!(t.server.get(&t.token("mike"), "/v1/issuers").json()["items"], json!([]));
}

/// The product signs tokens for people of all tenants: a claim says of which.
#[test]
fn an_issuer_of_the_platform_names_the_tenant() {
    let t = Tenants::new();
    let own = Provider::start(&[&t.signer]);
    let own_of = |more: Value| {
        own.trusted(json!({"id": "own", "tenant_claim": "tenant"})).as_object().cloned().map(|mut all| {
            all.extend(more.as_object().unwrap().clone());
            Value::from(all)
        })
    };
    t.server.done(&t.server.admin, "register-issuer", own_of(json!({})).unwrap());
    for (by, user) in [(&t.helen, "mike"), (&t.nora, "fay")] {
        t.server.done(by, "link-identity", json!({"user": user, "issuer": own.url, "subject": "17"}));
    }
    let token = |tenant: Value| {
        let mut claims = own.claims("17");
        claims["tenant"] = tenant;
        t.who(&t.signer.token(&claims))
    };
    assert_eq!(token(json!("educate")), "mike");
    assert_eq!(token(json!("kickstart")), "fay");
    for nobody in [json!("root"), json!("nowhere"), json!(""), json!(null), json!(["educate"]), json!(true)] {
        assert_eq!(token(nobody), "401 caller.unauthenticated");
    }
    // One that tenants share is registered for each of them.
    t.server.done(&t.server.admin, "remove-issuer", json!({"id": "own"}));
    for (id, org, tenant) in [("a", "educate", "tid-1"), ("b", "kickstart", "tid-2")] {
        let shared = json!({"id": id, "org": org, "tenant": tenant});
        t.server.done(&t.server.admin, "register-issuer", own_of(shared).unwrap());
    }
    assert_eq!(token(json!("tid-1")), "mike");
    assert_eq!(token(json!("tid-2")), "fay");
    assert_eq!(token(json!("educate")), "401 caller.unauthenticated");
}

/// What ends a token before its time, also where it was seen before, and where events are being read by it.
#[test]
fn a_token_ends_at_once() {
    let check = |name: &str, arguments: Value, by_admin: bool| {
        let t = Tenants::new();
        let token = t.token("mike");
        assert_eq!(t.who(&token), "mike");
        let stream = follow(&t.server, &token);
        let by = if by_admin { &t.server.admin } else { &t.helen };
        let arguments = match name {
            "change-issuer" => {
                let mut all = t.educate.trusted(arguments);
                all.as_object_mut().unwrap().remove("issuer");
                all
            }
            "unlink-identity" => json!({"user": "mike", "issuer": t.educate.url, "subject": "mike"}),
            _ => arguments,
        };
        t.server.done(by, name, arguments);
        assert_eq!(t.who(&token), "401 caller.unauthenticated", "{name}");
        assert!(ends(stream), "{name}");
    };
    check("disable-user", json!({"user": "mike"}), false);
    check("erase-user", json!({"user": "mike", "confirmation": "permanently erase"}), false);
    check("reset-credential", json!({"user": "mike"}), false);
    check("unlink-identity", json!({}), false);
    check("remove-issuer", json!({"id": "educate-idp"}), false);
    check("remove-issuer", json!({"id": "educate-idp"}), true);
    check("change-issuer", json!({"id": "educate-idp", "audiences": ["another"]}), true);
    check("disable-org", json!({"org": "educate"}), true);
}

#[test]
fn a_token_ends_by_itself() {
    let options = tenure::http::Tokens { clock_skew: Duration::ZERO, ..tenure::http::Tokens::default() };
    let t = Tenants::with(tenure::http::Options { tokens: options, ..Default::default() });
    let mut claims = t.educate.claims("mike");
    claims["exp"] = json!(now() + 3);
    let token = t.signer.token(&claims);
    assert_eq!(t.who(&token), "mike");
    // Nothing happens meanwhile.
    assert!(ends(follow(&t.server, &token)));
    assert_eq!(t.who(&token), "401 caller.unauthenticated");
}

/// A claim names the only org where the token counts.
#[test]
fn a_token_is_for_one_org() {
    let t = Tenants::new();
    let mut trusted = t.educate.trusted(json!({"id": "educate-idp", "org_claim": "working_in"}));
    trusted.as_object_mut().unwrap().remove("issuer");
    t.server.done(&t.server.admin, "change-issuer", trusted);
    t.server.done(&t.helen, "create-org", json!({"id": "lab", "name": "Lab", "parent": "educate"}));
    for (user, user_type, privileges) in
        [("helen", "administrator", json!("all")), ("mike", "member", json!(["chart.create"]))]
    {
        let member = json!({"org": "lab", "users": [user], "user_type": user_type, "privileges": privileges});
        t.server.done(&t.helen, "grant-subscriptions", member);
    }
    let token = |org: Value| {
        let mut claims = t.educate.claims("mike");
        claims["working_in"] = org;
        t.signer.token(&claims)
    };
    let create = |token: &str, org: &str, acting: Option<&str>| {
        let body = json!({"org": org, "kind": "chart", "name": format!("New {}", now())}).to_string();
        let token = bearer(token);
        let mut headers = vec![("Authorization", &*token), ("Content-Type", "application/json")];
        headers.extend(acting.map(|org| ("Tenure-Acting-Org", org)));
        t.server.send("POST", "/v1/commands/create-resource?dry_run=true", &headers, Some(body.as_bytes())).outcome()
    };
    let (here, anywhere) = (token(json!("educate")), token(Value::Null));
    assert_eq!(create(&here, "educate", None), "200");
    assert_eq!(create(&here, "educate", Some("educate")), "200");
    assert_eq!(create(&here, "educate", Some("lab")), "403 token.other_org");
    assert_eq!(create(&anywhere, "lab", None), "200");
    assert_ne!(create(&here, "lab", None), "200");
    assert_eq!(t.server.get(&here, "/v1/whoami").json()["orgs"], json!(["educate"]));
    for org in [json!("nowhere"), json!(7), json!(["educate"]), json!("")] {
        assert_eq!(t.who(&token(org)), "401 caller.unauthenticated");
    }
}

/// Who acts for somebody by a token is recorded beside them, needs `act-as` as by any other credential, and does nothing else.
#[test]
fn a_token_of_an_actor() {
    let t = Tenants::new();
    let token = |subject: &str, act: Value| {
        let mut claims = t.educate.claims(subject);
        claims["act"] = act;
        t.signer.token(&claims)
    };
    let chart = |name: &str| json!({"org": "educate", "kind": "chart", "name": name});
    let by_robot = token("mike", json!({"sub": "robot"}));
    let done = t.server.done(&by_robot, "create-resource", chart("By robot"));
    assert_eq!((&done["events"][0]["actor"], &done["events"][0]["onbehalfof"]), (&json!("robot"), &json!("mike")));
    // Mike holds no `act-as`.
    let by_mike = token("robot", json!({"sub": "mike"}));
    let refused = t.server.post(&by_mike, "/v1/commands/create-resource", &chart("By Mike"));
    assert_eq!(refused.outcome(), "403 act_as.not_held");
    assert_eq!(t.server.get(&by_robot, "/v1/whoami").outcome(), "403 act_as.commands_only");
    let key = t.server.post(&by_robot, "/v1/commands/issue-api-key", &json!({"user": "mike", "name": "x"}));
    assert_eq!(key.outcome(), "403 act_as.not_covered");
    for act in
        [json!({}), json!({"sub": "stranger"}), json!("robot"), json!({"sub": "robot", "iss": "https://other.example"})]
    {
        assert_eq!(t.who(&token("mike", act)), "401 caller.unauthenticated");
    }
    let send = |represented: &str| {
        let (token, body) = (bearer(&by_robot), chart("Third").to_string());
        let headers =
            [("Authorization", &*token), ("Content-Type", "application/json"), ("Tenure-On-Behalf-Of", represented)];
        t.server.send("POST", "/v1/commands/create-resource", &headers, Some(body.as_bytes())).outcome()
    };
    assert_eq!((send("helen").as_str(), send("mike").as_str()), ("403 act_as.not_held", "200"));
}

/// The landlord could be everybody whom an issuer signs in: shut out, what it registered counts once the org says so.
#[test]
fn an_issuer_under_exclusion() {
    let t = Tenants::new();
    let (helen, mike) = (t.token("helen"), t.token("mike"));
    // The key that she has by now somebody from outside made.
    let own = t.server.key(&helen, "helen");
    assert_eq!((t.who(&helen).as_str(), t.who(&mike).as_str()), ("helen", "mike"));
    // Whoever shuts the landlord out by a token vouches for its issuer, and is not shut out themself.
    let done = t.server.done(&helen, "exclude-landlord", json!({"org": "educate"}));
    let kinds: Vec<_> =
        done["events"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"tenure.issuer.confirmed.v1"), "{kinds:?}");
    assert_eq!((t.who(&helen).as_str(), t.who(&mike).as_str()), ("helen", "mike"));
    // The platform says that other keys are the issuer's.
    let puppet = Signer::ec("puppet");
    let landlord = Provider::start(&[&puppet]);
    let mut trusted = landlord.trusted(json!({"id": "educate-idp"}));
    trusted.as_object_mut().unwrap().remove("issuer");
    t.server.done(&t.server.admin, "change-issuer", trusted);
    assert_eq!(t.who(&puppet.token(&t.educate.claims("helen"))), "401 caller.unauthenticated");
    assert_eq!(t.who(&helen), "401 caller.unauthenticated");
    assert_eq!(t.server.get(&own, "/v1/issuers").json()["items"][0]["suspended"], true);
    // It is named among what remains from outside, vouched for or not.
    let named = || {
        let found = t.server.get(&own, "/v1/orgs/educate/from-outside").json();
        let issued = found["issued"].as_array().unwrap().iter().filter(|issued| issued["what"] == "issuer");
        issued.map(|issuer| (issuer["id"].clone(), issuer["suspended"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(named(), [(json!("educate-idp"), json!(true))]);
    t.server.done(&own, "confirm-credentials", json!({"org": "educate", "issuers": ["educate-idp"]}));
    assert_eq!(named(), [(json!("educate-idp"), json!(false))]);
    assert_eq!(t.who(&puppet.token(&t.educate.claims("helen"))), "helen");
}

/// The next token of the same user is the same credential: for what is sent again, and for pages.
#[test]
fn a_fresh_token_goes_on() {
    let t = Tenants::new();
    let older = || {
        let mut claims = t.educate.claims("helen");
        claims["iat"] = json!(now() - 20);
        t.signer.token(&claims)
    };
    let (old, new) = (older(), t.token("helen"));
    assert_ne!(old, new);
    let send = |token: &str| {
        let (token, body) = (bearer(token), json!({"id": "g", "org": "educate", "name": "G"}).to_string());
        let headers = [("Authorization", &*token), ("Content-Type", "application/json"), ("Idempotency-Key", "once")];
        t.server.send("POST", "/v1/commands/create-group", &headers, Some(body.as_bytes()))
    };
    assert_eq!(send(&old).json()["events"], send(&new).json()["events"]);
    // Not so for another credential of the same user.
    assert_eq!(send(&t.helen).outcome(), "422 idempotency.other_body");
    let page = |token: &str, cursor: &str| t.server.get(token, &format!("/v1/orgs/educate/users?limit=1{cursor}"));
    let next = format!("&cursor={}", page(&old, "").json()["next_cursor"].as_str().unwrap());
    assert_eq!(page(&new, &next).status, 200);
    assert_eq!(page(&t.helen, &next).outcome(), "400 cursor.foreign");
}

/// Reads the feed in a thread of its own until it ends, for ten seconds at the most; answers whether it did.
fn follow(server: &Server, token: &str) -> std::thread::JoinHandle<bool> {
    let config = Agent::config_builder().proxy(None).timeout_global(Some(Duration::from_secs(10)));
    let agent: Agent = config.build().into();
    let url = format!("http://{}/v1/events/stream", server.address);
    let answer = agent.get(url).header("Authorization", bearer(token)).call().unwrap();
    assert_eq!(answer.status(), 200);
    std::thread::spawn(move || {
        let started = Instant::now();
        let read = answer.into_body().into_reader().read_to_end(&mut Vec::new());
        read.is_ok() && started.elapsed() < Duration::from_secs(9)
    })
}

fn ends(stream: std::thread::JoinHandle<bool>) -> bool {
    stream.join().unwrap()
}
