//! Educate, who write software for education, with their customers KickStart (managed for them) and LearnStars
//! (self-sufficient).

mod kickstart;
mod learnstars;

use serde_json::json;

use super::story::Want::{Done, Ids, Refused, Value};
use super::story::{Act, Stage, Step, Story, Try, issues_key, reads, sends};

/// What the three administrators of Educate hold by their subscription at first: all but managing orgs.
const ADMINISTER: &[&str] =
    &["user.manage", "subscription.manage", "role.manage", "key.manage", "audit.read", "access.check"];

/// What the role Educate Admin carries.
const CONTENT: &[&str] = &[
    "category.create",
    "category.edit",
    "category.delete",
    "category.share",
    "chart.create",
    "chart.edit",
    "chart.delete",
    "chart.share",
    "report.create",
    "report.edit",
    "report.delete",
    "report.share",
    "connection.create",
    "connection.edit",
    "connection.delete",
    "connection.share",
];

/// The events of a new user.
const MEMBER: &[&str] = &["user.created", "subscription.granted"];

/// The story.
#[must_use]
pub fn story() -> Story {
    let mut steps = single_organisation();
    steps.extend(kickstart::steps());
    steps.extend(kickstart::viewers());
    steps.extend(learnstars::steps());
    steps.extend(learnstars::landlord());
    Story {
        name: "panintelligence",
        title: "Educate and its tenants KickStart (managed) and LearnStars (self-sufficient)",
        preset: "panintelligence",
        stage: Stage { root_name: "Root", admin: "admin", vendor: None },
        steps,
        visitor: "olive",
        after: vec![
            Try {
                says: "Could Sally edit connections in KickStart just before step 10? And why?",
                line: "tenure check sally connection.edit org:kickstart --as-of {before revoked} --explain",
            },
            Try { says: "And now?", line: "tenure check sally connection.edit org:kickstart --explain" },
            Try { says: "What happened to Sally?", line: "tenure history user:sally" },
            Try {
                says: "Follow KickStart, from its beginning.",
                line: "tenure events --org kickstart --from 1 --follow",
            },
        ],
    }
}

fn step(number: u8, title: &'static str, acts: Vec<Act>) -> Step {
    Step { number, title, acts }
}

fn single_organisation() -> Vec<Step> {
    let category = |says, id, name| {
        let arguments = json!({ "id": id, "org": "root", "kind": "category", "name": name });
        sends("admin", says, "create-resource", arguments, Done(&["resource.created"]))
    };
    let chart = |says, id, name, parent| {
        let arguments = json!({ "id": id, "org": "root", "kind": "chart", "name": name, "parent": parent });
        sends("admin", says, "create-resource", arguments, Done(&["resource.created"]))
    };
    let give = |says, category| {
        let arguments = json!({ "resource": category, "with": { "role": "educate-admin" }, "level": "manage" });
        sends("admin", says, "share", arguments, Done(&["content.shared"]))
    };
    let administrator = |who, says, id, name| {
        let arguments = json!({
            "id": id, "org": "root", "name": name, "user_type": "administrator", "privileges": ADMINISTER
        });
        sends(who, says, "create-user", arguments, Done(MEMBER))
    };
    vec![
        step(
            1,
            "The root org becomes Educate, with its content, a role and its first administrator",
            vec![
                sends(
                    "admin",
                    "renames the root org",
                    "rename-org",
                    json!({ "org": "root", "name": "Educate" }),
                    Done(&["org.renamed"]),
                ),
                reads("admin", "reads its name", "/v1/orgs/root", Value("/name", json!("Educate"))),
                category("makes the category Lessons", "lessons", "Lessons"),
                chart("makes a chart in Lessons", "enrolments", "Enrolments", "lessons"),
                category("makes the category Results", "results", "Results"),
                chart("makes a chart in Results", "scores", "Scores", "results"),
                category("makes the category Usage, for Educate alone", "usage", "Usage"),
                chart("makes a chart in Usage", "visits", "Visits", "usage"),
                administrator("admin", "creates Sally", "sally", "Sally Shine"),
                sends(
                    "admin",
                    "defines the role Educate Admin",
                    "define-role",
                    json!({ "id": "educate-admin", "org": "root", "name": "Educate Admin", "privileges": CONTENT }),
                    Done(&["role.defined"]),
                ),
                give("gives the role the category Lessons", "lessons"),
                give("gives the role the category Results", "results"),
                give("gives the role the category Usage", "usage"),
                sends(
                    "admin",
                    "assigns the role to Sally",
                    "assign-role",
                    json!({ "role": "educate-admin", "users": ["sally"] }),
                    Done(&["role.assigned"]),
                ),
                issues_key("admin", "has a key issued for Sally", "sally"),
            ],
        ),
        step(
            2,
            "Sally creates Tim and Helen and gives them the role",
            vec![
                administrator("sally", "creates Tim", "tim", "Tim Tardy"),
                administrator("sally", "creates Helen", "helen", "Helen Happy"),
                sends(
                    "sally",
                    "assigns the role to both",
                    "assign-role",
                    json!({ "role": "educate-admin", "users": ["tim", "helen"] }),
                    Done(&["role.assigned", "role.assigned"]),
                ),
                issues_key("sally", "has a key issued for Tim", "tim"),
                issues_key("sally", "has a key issued for Helen", "helen"),
            ],
        ),
        step(
            3,
            "In single-organisation mode one sees oneself and those below",
            vec![
                reads("tim", "lists the users: himself", "/v1/orgs/root/users", Ids(&["tim"])),
                reads(
                    "sally",
                    "lists the users: herself and those she created",
                    "/v1/orgs/root/users",
                    Ids(&["sally", "tim", "helen"]),
                ),
            ],
        ),
        step(
            4,
            "Tim may not manage organisations",
            vec![sends(
                "tim",
                "creates KickStart",
                "create-org",
                json!({ "id": "kickstart", "name": "KickStart" }),
                Refused("privilege.not_held"),
            )],
        ),
    ]
}
