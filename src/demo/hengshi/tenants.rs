//! Trial, licence, provisioning and what the platform sees of its tenants: steps 3 to 9 and 14; those between are beside this.

use serde_json::{Value as Json, json};
use tenure_events::OrgId;
use tenure_events::data::TenantLicence;

use super::super::story::Want::{Done, Ids, Refused, Value};
use super::super::story::{Act, Step, allowed, asks, denied, issues_key, may, reads, sends};
use super::{MEMBER, code, second, step};
use crate::licence::SigningKey;

/// 1 January 2099.
const LATE: i64 = 4_070_908_800;
/// 1 February 2026.
const PAST: i64 = 1_769_904_000;

pub fn steps() -> Vec<Step> {
    let mut steps = trial();
    steps.push(official());
    steps.push(provisioning());
    steps.extend(from_above());
    steps.extend(super::packs::steps());
    steps.push(log_in());
    steps
}

fn trial() -> Vec<Step> {
    let creates = |says, id, name, user_type, want| {
        let arguments = json!({ "id": id, "org": "carlsberg", "name": name, "user_type": user_type });
        sends("cara", says, "create-user", arguments, want)
    };
    let manages = || may("cara", "user.manage", "org:carlsberg");
    vec![
        step(
            3,
            "Carlsberg's administrator adds users, up to the limit of the trial",
            vec![
                creates("adds Ida", "ida", "Ida Ipsen", "member", Done(MEMBER)),
                creates("adds Ole", "ole", "Ole Olsen", "member", Done(MEMBER)),
                creates("adds Dan", "dan", "Dan Dahl", "member", Done(MEMBER)),
                creates("adds Vera", "vera", "Vera Vang", "viewer", Done(MEMBER)),
                creates(
                    "adds Eve, who would be the sixth",
                    "eve",
                    "Eve Ebsen",
                    "member",
                    Refused("licence.user_limit"),
                ),
                issues_key("cara", "issues a key for Ida", "ida"),
                issues_key("cara", "issues a key for Ole", "ole"),
                sends(
                    "cara",
                    "records that Ida signed in",
                    "record-sign-in",
                    json!({ "user": "ida" }),
                    Done(&["user.signed_in"]),
                ),
            ],
        ),
        step(
            4,
            "The trial ends by itself, and what was asked before stays answered",
            vec![
                asks("admin", "asks what Cara may do today", manages(), allowed("authority.subscription")),
                asks(
                    "admin",
                    "asks what she may do in 31 days",
                    manages().at("{in 31 days}"),
                    denied("licence.trial_over"),
                ),
                asks("admin", "and in 29", manages().at("{in 29 days}"), allowed("authority.subscription")),
            ],
        ),
    ]
}

fn official() -> Step {
    let carlsberg: Option<OrgId> = "carlsberg".parse().ok();
    let mars: Option<OrgId> = "mars".parse().ok();
    let signed = |org: &Option<OrgId>, until| org.as_ref().map_or_else(String::new, |org| code(org, second(until)));
    let forged = || {
        let licence = TenantLicence { id: "forged".to_owned(), issued: second(PAST), users: None, valid_until: None };
        carlsberg.as_ref().map_or_else(String::new, |org| SigningKey::from_seed(&[0; 32]).tenant(org, &licence))
    };
    let licenses = |says, authorisation: String, want| {
        sends("admin", says, "license-org", json!({ "org": "carlsberg", "authorisation": authorisation }), want)
    };
    step(
        5,
        "The vendor's authorisation code makes Carlsberg official",
        vec![
            licenses("tries a code that somebody else signed", forged(), Refused("licence.invalid")),
            licenses("tries a code for Mars", signed(&mars, LATE), Refused("licence.other_org")),
            licenses("tries a code that has ended", signed(&carlsberg, PAST), Refused("licence.ended")),
            licenses("gives the right one", signed(&carlsberg, LATE), Done(&["org.licensed"])).marked("official"),
            reads("admin", "reads its limit", "/v1/orgs/carlsberg", Value("/licence/users", json!(50))),
            asks(
                "admin",
                "asks again what Cara may do in 31 days",
                may("cara", "user.manage", "org:carlsberg").at("{in 31 days}"),
                allowed("authority.subscription"),
            ),
        ],
    )
}

/// The events of Mars with its administrator and three users.
const MARS: &[&str] = &[
    "org.created",
    "org.trial_started",
    "role.defined",
    "role.defined",
    "role.defined",
    "role.defined",
    "resource.created",
    "content.shared",
    "tenant.provisioned",
    "user.created",
    "subscription.granted",
    "resource.created",
    "identity.linked",
    "user.created",
    "subscription.granted",
    "resource.created",
    "identity.linked",
    "user.created",
    "subscription.granted",
    "resource.created",
    "identity.linked",
    "user.created",
    "subscription.granted",
    "resource.created",
    "identity.linked",
];

fn provisioning() -> Step {
    let person = |id: &str| json!({ "id": id, "subject": format!("wx-{id}"), "name": format!("{id} of Mars") });
    let call = |users: &[&str]| {
        json!({
            "id": "mars", "external_id": "wwc1a2b3", "issuer": "https://open.work.weixin.qq.com", "name": "Mars",
            "admin": person("mara"), "users": users.iter().map(|id| person(id)).collect::<Vec<Json>>(),
            "attributes": { "industry": "food" },
        })
    };
    let three = call(&["mick", "mona", "moe"]);
    let many = call(&["mick", "mona", "moe", "max", "mimi"]);
    let sent = |says, call, want| sends("admin", says, "provision-tenant", call, want);
    step(
        6,
        "Mars comes with its identity provider's installation call",
        vec![
            sent("passes on the call", three.clone(), Done(MARS)).marked("mars"),
            sent("passes it on again, and nothing happens", three, Done(&[])),
            sent("passes on one with more users than a trial may have", many, Refused("licence.user_limit")),
            reads(
                "admin",
                "sees that none of them came",
                "/v1/orgs/mars?counts=true",
                Value("/counts/users", json!(4)),
            ),
        ],
    )
}

fn from_above() -> Vec<Step> {
    let mara = || may("mara", "user.manage", "org:mars");
    vec![
        step(
            7,
            "The platform sees its tenants counted, and manages none of their users",
            vec![
                reads("admin", "lists the tenants", "/v1/orgs", Ids(&["mars", "carlsberg", "root"])),
                reads(
                    "admin",
                    "reads how much there is in Carlsberg",
                    "/v1/orgs/carlsberg?counts=true",
                    Value("/counts", json!({ "users": 5, "signed_in": 1, "apps": 0 })),
                ),
                reads("admin", "lists users: the platform's own", "/v1/orgs/root/users", Ids(&["admin"])),
                reads("admin", "lists users of Mars: none for them", "/v1/orgs/mars/users", Ids(&[])),
                sends(
                    "admin",
                    "adds a user to Mars",
                    "create-user",
                    json!({ "org": "mars", "name": "Spy", "user_type": "member" }),
                    Refused("privilege.not_held"),
                ),
            ],
        ),
        step(
            8,
            "A tenant's administrator sees their own users",
            vec![
                reads(
                    "cara",
                    "lists her users",
                    "/v1/orgs/carlsberg/users",
                    Ids(&["cara", "ida", "ole", "dan", "vera"]),
                ),
                reads("cara", "looks for those of Mars", "/v1/orgs/mars/users", Refused("not_found")),
            ],
        ),
        step(
            9,
            "Tenants are disabled, enabled, renamed, and their administrator's credential reset",
            vec![
                on_mars("disables Mars", "disable-org", json!({}), Done(&["org.disabled"])),
                asks("admin", "asks what Mara may do", mara(), denied("standing.home_org_not_live")),
                on_mars("enables it", "enable-org", json!({}), Done(&["org.enabled"])),
                asks("admin", "asks again", mara(), allowed("authority.subscription")),
                on_mars("renames it", "rename-org", json!({ "name": "Mars Wrigley" }), Done(&["org.renamed"])),
                sends(
                    "admin",
                    "resets Mara's credential",
                    "reset-credential",
                    json!({ "user": "mara" }),
                    Done(&["user.credential_reset"]),
                ),
            ],
        ),
    ]
}

fn on_mars(says: &'static str, name: &'static str, mut arguments: Json, want: super::super::story::Want) -> Act {
    if let Some(arguments) = arguments.as_object_mut() {
        arguments.insert("org".to_owned(), json!("mars"));
    }
    sends("admin", says, name, arguments, want)
}

fn log_in() -> Step {
    let login = |says, at, value| reads("admin", says, "/v1/login", Value(at, json!(value)));
    step(
        14,
        "People are led to the tenants' log-in, and both addresses stay valid",
        vec![
            sends(
                "admin",
                "makes the tenants' log-in the default",
                "configure-login",
                json!({ "methods": ["account", "wechat-work"], "default": "tenant" }),
                Done(&["login.configured"]),
            ),
            login("sees where people are led to", "/default", "tenant"),
            login("sees the platform's address", "/addresses/platform", "/login"),
            login("sees the tenants' address", "/addresses/tenant", "/tenant-login"),
        ],
    )
}
