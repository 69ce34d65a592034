//! The Global policy, and the policy of each organisation.

use serde_json::{Value as Json, json};

use super::super::story::Want::*;
use super::super::story::*;
use super::step;

/// The events of a new user, whose personal folder is there at once.
const MEMBER: &[&str] = &["user.created", "subscription.granted", "resource.created"];

/// The events of a new org: its five roles, its Public folder, and that this is for everybody in it.
const ORG: &[&str] = &[
    "org.created",
    "role.defined",
    "role.defined",
    "role.defined",
    "role.defined",
    "role.defined",
    "resource.created",
    "content.shared",
];

fn user(who: &'static str, says: &'static str, id: &str, org: &str) -> Act {
    let arguments = json!({ "id": id, "org": org, "name": id, "user_type": "member" });
    sends(who, says, "create-user", arguments, Done(MEMBER))
}

fn assign(who: &'static str, says: &'static str, role: &str, org: &str, to: Json, want: Want) -> Act {
    let mut arguments = json!({ "role": role, "org": org });
    if let (Json::Object(arguments), Json::Object(to)) = (&mut arguments, to) {
        arguments.extend(to);
    }
    sends(who, says, "assign-role", arguments, want)
}

pub(super) fn steps() -> Vec<Step> {
    let mut steps = global_policy();
    steps.extend(training());
    steps
}

fn global_policy() -> Vec<Step> {
    let policies = "/v1/orgs?for=policy";
    vec![
        step(
            1,
            "Default and the Global policy are there from the first",
            vec![
                reads("admin", "lists what has a policy", policies, Ids(&["global", "root"])),
                reads(
                    "admin",
                    "reads that Global has no workspace",
                    policies,
                    Value("/items/0/workspace", json!(false)),
                ),
                reads(
                    "admin",
                    "reads which roles it takes",
                    policies,
                    Value("/items/0/roles", json!(["system-administrator"])),
                ),
            ],
        ),
        step(
            2,
            "The Global policy knows one role, and has no workspace",
            vec![
                assign(
                    "admin",
                    "assigns Consumer in Global",
                    "Consumer",
                    "global",
                    json!({ "users": ["admin"] }),
                    Refused("global_policy.one_role"),
                ),
                sends(
                    "admin",
                    "makes a folder in Global",
                    "create-resource",
                    json!({ "org": "global", "kind": "folder", "name": "Anything" }),
                    Refused("global_policy.no_workspace"),
                ),
            ],
        ),
    ]
}

fn training() -> Vec<Step> {
    vec![
        step(
            3,
            "A system administrator makes Training, and Ann its Administrator",
            vec![
                sends(
                    "admin",
                    "makes Training",
                    "create-org",
                    json!({ "id": "training", "name": "Training" }),
                    Done(ORG),
                ),
                user("admin", "creates Ann in Default", "ann", "root"),
                assign(
                    "admin",
                    "makes her Full Designer of Default",
                    "Full-Designer",
                    "root",
                    json!({ "users": ["ann"] }),
                    Done(&["role.assigned"]),
                ),
                assign(
                    "admin",
                    "makes her Administrator of Training",
                    "Administrator",
                    "training",
                    json!({ "users": ["ann"] }),
                    Done(&["role.assigned", "resource.created"]),
                ),
                issues_key("admin", "has a key issued for Ann", "ann"),
            ],
        ),
        step(
            4,
            "Ann keeps the policy of Training: an assignment is the membership",
            vec![
                user("ann", "creates Bob in Training", "bob", "training"),
                assign(
                    "ann",
                    "makes him Consumer",
                    "Consumer",
                    "training",
                    json!({ "users": ["bob"] }),
                    Done(&["role.assigned"]),
                ),
                issues_key("ann", "has a key issued for Bob", "bob"),
                sends(
                    "admin",
                    "makes the group Trainees, for all orgs",
                    "create-group",
                    json!({ "id": "trainees", "name": "Trainees" }),
                    Done(&["group.created"]),
                ),
                assign(
                    "ann",
                    "makes Trainees Consumers",
                    "Consumer",
                    "training",
                    json!({ "groups": ["trainees"] }),
                    Done(&["role.assigned"]),
                ),
                user("admin", "creates Tom in Default", "tom", "root"),
                reads("admin", "asks for Tom's orgs", "/v1/users/tom/orgs", Ids(&["root"])),
                sends(
                    "admin",
                    "makes Tom a trainee",
                    "add-group-members",
                    json!({ "group": "trainees", "users": ["tom"] }),
                    Done(&["group.member_added"]),
                ),
                reads("admin", "asks again: no further step", "/v1/users/tom/orgs", Ids(&["root", "training"])),
            ],
        ),
        step(
            5,
            "She is no administrator of Default",
            vec![assign(
                "ann",
                "makes Tom Analyst of Default",
                "Analyst",
                "root",
                json!({ "users": ["tom"] }),
                Refused("privilege.not_held"),
            )],
        ),
        step(
            6,
            "Who has more than one org has a choice",
            vec![
                reads("ann", "asks for her orgs", "/v1/users/ann/orgs", Ids(&["root", "training"])),
                reads("ann", "has a choice", "/v1/whoami", Value("/may_switch", json!(true))),
                reads("bob", "asks for his", "/v1/users/bob/orgs", Ids(&["training"])),
                reads("bob", "has none", "/v1/whoami", Value("/may_switch", json!(false))),
            ],
        ),
    ]
}

pub(super) fn ending() -> Vec<Step> {
    let global = |says, command, want| {
        let arguments = json!({ "role": "system-administrator", "org": "global", "users": ["sid"] });
        sends("admin", says, command, arguments, want)
    };
    let sid = |says, want| asks("sid", says, may("sid", "user.manage", "org:training"), want);
    let close = |who, want| {
        let arguments = json!({ "org": "training", "confirmation": "permanently archive" });
        sends(who, "closes Training", "archive-org", arguments, want)
    };
    vec![
        step(
            11,
            "System administrators reach into every org, as long as they are in the Global policy",
            vec![
                user("admin", "creates Sid in Default", "sid", "root"),
                global("puts him into the Global policy", "assign-role", Done(&["role.assigned"])).marked("global"),
                issues_key("admin", "has a key issued for Sid", "sid"),
                reads("sid", "asks for his orgs", "/v1/users/sid/orgs", Ids(&["root", "training"])),
                sends(
                    "sid",
                    "switches to Training, where a folder awaits him",
                    "select-active-org",
                    json!({ "org": "training" }),
                    Done(&["active_org.selected", "resource.created"]),
                ),
                sid(
                    "may manage users there",
                    Allow(vec![because(
                        "authority.global_role",
                        "global",
                        "role.assigned",
                        "roles/system-administrator",
                    )]),
                ),
                global("takes him out of it", "unassign-role", Done(&["role.unassigned"])).marked("removed"),
                reads("sid", "asks for his orgs", "/v1/users/sid/orgs", Ids(&["root"])),
                reads("sid", "works in Default again", "/v1/whoami", Value("/working_in", json!("root"))),
                sid("sees nothing of Training", denied("resource.unknown")),
                sends(
                    "admin",
                    "takes himself out, the last one",
                    "unassign-role",
                    json!({ "role": "system-administrator", "org": "global", "users": ["admin"] }),
                    Refused("platform.locked_out"),
                ),
            ],
        ),
        step(
            12,
            "Orgs are made and closed by system administrators alone; their history stays",
            vec![
                close("ann", Refused("lifecycle.system_administrator")),
                close("admin", Done(&["org.archived"])),
                reads(
                    "admin",
                    "reads its history",
                    "/v1/events?org=training&type=tenure.org.archived.v1",
                    Value("/items/0/type", json!("tenure.org.archived.v1")),
                ),
                asks(
                    "admin",
                    "asks whether Ann ran it before",
                    may("ann", "user.manage", "org:training").as_of(Point::Before("removed")),
                    allowed("authority.role"),
                ),
            ],
        ),
    ]
}
