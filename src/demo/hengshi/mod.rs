//! eBest, who run a platform, and their tenants Carlsberg and Mars: trial and licence, provisioning, data packs.

mod packs;
mod tenants;

use serde_json::json;
use tenure_events::data::{PlatformLicence, TenantLicence};
use tenure_events::{OrgId, Time};

use super::story::Want::{Done, Refused, Value};
use super::story::{Act, Stage, Step, Story, Try, reads, sends};
use crate::licence::SigningKey;

/// What the vendor of the story signs with. Whoever reads this can license the story's platform, and no other.
const VENDOR: [u8; 32] = *b"the vendor of the Hengshi story.";

/// The events of a new user, with their personal folder.
const MEMBER: &[&str] = &["user.created", "subscription.granted", "resource.created"];

/// The story.
#[must_use]
pub fn story() -> Story {
    let mut steps = licence();
    steps.extend(tenants::steps());
    Story {
        name: "hengshi",
        title: "eBest and its tenants Carlsberg and Mars: trial, licence, provisioning, data packs",
        preset: "hengshi",
        stage: Stage { root_name: "eBest", admin: "admin", vendor: Some(VENDOR) },
        steps,
        visitor: "admin",
        after: vec![
            Try {
                says: "May Cara manage Carlsberg's users, and why?",
                line: "tenure check cara user.manage org:carlsberg --explain",
            },
            Try {
                says: "Could she before the authorisation code came?",
                line: "tenure check cara user.manage org:carlsberg --as-of {before official} --explain",
            },
            Try { says: "What happened to Mars?", line: "tenure history org:mars" },
        ],
    }
}

fn step(number: u8, title: &'static str, acts: Vec<Act>) -> Step {
    Step { number, title, acts }
}

/// What the vendor sells the platform: trials of 30 days and 5 users.
fn platform_licence() -> String {
    SigningKey::from_seed(&VENDOR).platform(&PlatformLicence {
        id: "ebest-1".to_owned(),
        issued: second(1_767_225_600),
        tenants: true,
        trial_days: 30,
        trial_users: 5,
        valid_until: None,
    })
}

/// What the vendor sells a tenant: 50 users, until 2099.
fn code(org: &OrgId, until: Time) -> String {
    let licence = TenantLicence {
        id: format!("{org}-1"),
        issued: second(1_767_225_600),
        users: Some(50),
        valid_until: Some(until),
    };
    SigningKey::from_seed(&VENDOR).tenant(org, &licence)
}

const fn second(second: i64) -> Time {
    Time::from_micros(second * 1_000_000)
}

fn licence() -> Vec<Step> {
    let carlsberg = json!({
        "id": "carlsberg", "name": "Carlsberg", "admin": { "id": "cara", "name": "Cara Carlsen", "key": true }
    });
    let half = json!({
        "id": "half", "name": "Half", "admin": { "id": "cara", "name": "Cara Carlsen", "user_type": "emperor" }
    });
    vec![
        step(
            1,
            "Without a licence for tenants there are none",
            vec![sends("admin", "creates Carlsberg", "create-org", carlsberg.clone(), Refused("licence.missing"))],
        ),
        step(
            2,
            "A licence, and a tenant with its administrator in one command",
            vec![
                sends(
                    "admin",
                    "installs the platform's licence",
                    "install-licence",
                    json!({ "token": platform_licence() }),
                    Done(&["platform.licence_installed"]),
                ),
                sends(
                    "admin",
                    "creates a tenant with an administrator who cannot be",
                    "create-org",
                    half,
                    Refused("user_type.unknown"),
                ),
                reads("admin", "finds no such tenant", "/v1/orgs/half", Refused("not_found")),
                sends("admin", "creates Carlsberg with Cara, and her first key", "create-org", carlsberg, Done(TENANT))
                    .marked("carlsberg"),
                reads("admin", "reads that it is on trial", "/v1/orgs/carlsberg", Value("/licence/trial", json!(true))),
                reads(
                    "admin",
                    "and how many users it may have",
                    "/v1/orgs/carlsberg",
                    Value("/licence/users", json!(5)),
                ),
            ],
        ),
    ]
}

/// The events of a new tenant with an administrator and their key.
const TENANT: &[&str] = &[
    "org.created",
    "org.trial_started",
    "role.defined",
    "role.defined",
    "role.defined",
    "role.defined",
    "resource.created",
    "content.shared",
    "user.created",
    "subscription.granted",
    "resource.created",
    "api_key.issued",
];
