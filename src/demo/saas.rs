//! A product with two customers: who could see payroll, what taking a right away does, and how a customer shuts the
//! vendor out.

use serde_json::{Value as Json, json};

use super::story::Want::{Done, Refused, Value};
use super::story::{
    Act, Point, Stage, Step, Story, Try, Want, allowed, asks, because, denied, issues_key, looks_for, may, reads, sends,
};

/// The events of a new customer: the org, its four roles, its first administrator and their key.
const NEW_CUSTOMER: &[&str] = &[
    "org.created",
    "role.defined",
    "role.defined",
    "role.defined",
    "role.defined",
    "user.created",
    "subscription.granted",
    "api_key.issued",
];

/// The story.
#[must_use]
pub fn story() -> Story {
    Story {
        name: "saas",
        title: "Northwind sells a document service to Acme and Globex; Acme keeps payroll to itself",
        preset: "saas",
        stage: Stage { root_name: "Northwind", admin: "vera", vendor: None },
        steps: vec![customers(), people(), payroll(), past(), delegation(), landlord(), neighbour(), auditor()],
        visitor: "alice",
        after: vec![
            Try {
                says: "Could Bob see the salaries before he left the finance team? And why?",
                line: "tenure check bob view document:salaries --as-of {before left} --explain",
            },
            Try { says: "And now?", line: "tenure check bob view document:salaries --explain" },
            Try {
                says: "Take payroll from the finance team, without doing it: who loses what?",
                line: "tenure do unshare --json '{\"resource\":\"payroll\",\"with\":{\"group\":\"finance\"}}' --dry-run",
            },
            Try { says: "What happened to Bob?", line: "tenure history user:bob" },
            Try { says: "Follow Acme, from its beginning.", line: "tenure events --org acme --from 1 --follow" },
        ],
    }
}

fn step(number: u8, title: &'static str, acts: Vec<Act>) -> Step {
    Step { number, title, acts }
}

/// The vendor makes its customers. Making one gives the vendor no access to it.
fn customers() -> Step {
    let customer = |says, id: &str, name: &str, admin: Json| {
        let arguments = json!({ "id": id, "parent": "root", "name": name, "admin": admin });
        sends("vera", says, "create-org", arguments, Done(NEW_CUSTOMER))
    };
    step(
        1,
        "Vera of Northwind makes two customers, each with its first administrator",
        vec![
            customer(
                "creates Acme with Alice",
                "acme",
                "Acme",
                json!({ "id": "alice", "name": "Alice Archer", "key": true }),
            ),
            customer(
                "creates Globex with Gina",
                "globex",
                "Globex",
                json!({ "id": "gina", "name": "Gina Gray", "key": true }),
            ),
            asks(
                "vera",
                "asks whether she may manage Acme's people",
                may("vera", "user.manage", "org:acme"),
                denied("authority.no_subscription"),
            ),
        ],
    )
}

fn people() -> Step {
    let person = |says, id: &str, name: &str, user_type: &str| {
        let arguments = json!({ "id": id, "org": "acme", "name": name, "user_type": user_type });
        sends("alice", says, "create-user", arguments, Done(&["user.created", "subscription.granted"]))
    };
    step(
        2,
        "Alice brings Acme's people: Bob and Carol work, Olga audits",
        vec![
            person("creates Bob", "bob", "Bob Baker", "member"),
            person("creates Carol", "carol", "Carol Cook", "member"),
            person("creates Olga", "olga", "Olga Ott", "auditor"),
            sends(
                "alice",
                "gives Bob and Carol the role Editor",
                "assign-role",
                json!({ "org": "acme", "role": "Editor", "users": ["bob", "carol"] }),
                Done(&["role.assigned", "role.assigned"]),
            ),
            sends(
                "alice",
                "gives Olga the role Auditor",
                "assign-role",
                json!({ "org": "acme", "role": "Auditor", "users": ["olga"] }),
                Done(&["role.assigned"]),
            ),
            sends(
                "alice",
                "makes the team Finance",
                "create-group",
                json!({ "id": "finance", "org": "acme", "name": "Finance" }),
                Done(&["group.created"]),
            ),
            sends(
                "alice",
                "puts Bob into it",
                "add-group-members",
                json!({ "group": "finance", "users": ["bob"] }),
                Done(&["group.member_added"]),
            ),
            issues_key("alice", "has a key issued for Bob", "bob"),
            issues_key("alice", "has a key issued for Carol", "carol"),
            issues_key("alice", "has a key issued for Olga", "olga"),
        ],
    )
}

fn payroll() -> Step {
    step(
        3,
        "Payroll is for the finance team",
        vec![
            sends(
                "alice",
                "makes the project Payroll",
                "create-resource",
                json!({ "id": "payroll", "org": "acme", "kind": "project", "name": "Payroll" }),
                Done(&["resource.created"]),
            ),
            sends(
                "alice",
                "puts the document Salaries into it",
                "create-resource",
                json!({ "id": "salaries", "org": "acme", "kind": "document", "name": "Salaries", "parent": "payroll" }),
                Done(&["resource.created"]),
            ),
            sends(
                "alice",
                "shares Payroll with the team",
                "share",
                json!({ "resource": "payroll", "with": { "group": "finance" }, "level": "view" }),
                Done(&["content.shared"]),
            )
            .marked("shared"),
            asks(
                "bob",
                "may see the salaries: for the share, and for his team",
                may("bob", "view", "document:salaries"),
                Want::Allow(vec![because("reach.share_group", "shared", "content.shared", "resources/payroll")]),
            ),
            asks("bob", "may not change them", may("bob", "edit", "document:salaries"), denied("level.missing")),
            asks("carol", "may not see them", may("carol", "view", "document:salaries"), denied("resource.unknown")),
            looks_for("bob", "lists the documents that he may see", "document", "acme", &["salaries"]),
            looks_for("carol", "lists hers: none", "document", "acme", &[]),
        ],
    )
}

/// The past is a question like any other.
fn past() -> Step {
    step(
        4,
        "Bob leaves the team; the past stays what it was",
        vec![
            sends(
                "alice",
                "takes Bob out of the team",
                "remove-group-members",
                json!({ "group": "finance", "users": ["bob"] }),
                Done(&["group.member_removed"]),
            )
            .marked("left"),
            asks(
                "bob",
                "may not see the salaries now",
                may("bob", "view", "document:salaries"),
                denied("resource.unknown"),
            ),
            asks(
                "alice",
                "asks whether he could, just before",
                may("bob", "view", "document:salaries").as_of(Point::Before("left")),
                Want::Allow(vec![because("reach.share_group", "shared", "content.shared", "resources/payroll")]),
            ),
            asks(
                "alice",
                "asks whether he could before Payroll was shared",
                may("bob", "view", "document:salaries").as_of(Point::Before("shared")),
                denied("level.missing"),
            ),
        ],
    )
}

/// Nobody hands out more than they hold.
fn delegation() -> Step {
    let people = json!({ "org": "acme", "user": "carol", "user_type": "administrator" });
    step(
        5,
        "Nobody hands out more than they hold",
        vec![
            sends(
                "alice",
                "makes Carol an administrator",
                "retype-subscription",
                people,
                Done(&["subscription.retyped"]),
            ),
            sends(
                "alice",
                "gives Carol the role People",
                "assign-role",
                json!({ "org": "acme", "role": "People", "users": ["carol"] }),
                Done(&["role.assigned"]),
            ),
            sends(
                "carol",
                "makes an administrator who may make keys, which she may not",
                "create-user",
                json!({ "org": "acme", "name": "Puppet", "user_type": "administrator", "privileges": ["key.manage"] }),
                Refused("delegation.not_held"),
            ),
            sends(
                "carol",
                "puts herself into the finance team, to see the salaries",
                "add-group-members",
                json!({ "group": "finance", "users": ["carol"] }),
                Refused("delegation.level_not_held"),
            ),
        ],
    )
}

/// The customer decides whether the vendor comes in.
fn landlord() -> Step {
    step(
        6,
        "Northwind helps Acme once, and Acme shuts the door",
        vec![
            sends(
                "vera",
                "becomes a member of Acme, to help",
                "grant-subscriptions",
                json!({ "org": "acme", "users": ["vera"], "user_type": "administrator", "privileges": "all" }),
                Done(&["subscription.granted"]),
            ),
            asks(
                "vera",
                "may manage its people now",
                may("vera", "user.manage", "org:acme"),
                allowed("authority.subscription"),
            ),
            sends(
                "alice",
                "shuts Northwind out",
                "exclude-landlord",
                json!({ "org": "acme" }),
                // Northwind issued the key that she uses: she vouches for it by excluding.
                Done(&["landlord.excluded", "credential.confirmed"]),
            ),
            asks(
                "alice",
                "asks whether Vera may still",
                may("vera", "user.manage", "org:acme"),
                denied("landlord.excluded"),
            ),
            sends(
                "alice",
                "lets Northwind in again, until tomorrow",
                "admit-landlord",
                json!({ "org": "acme", "until": "{tomorrow 17:00}" }),
                Done(&["landlord.admitted"]),
            ),
            asks(
                "alice",
                "asks about Vera today",
                may("vera", "user.manage", "org:acme"),
                allowed("authority.subscription"),
            ),
            asks(
                "alice",
                "asks about the day after tomorrow, as things stand",
                may("vera", "user.manage", "org:acme").at("{in 31 days}"),
                denied("landlord.excluded"),
            ),
        ],
    )
}

/// Tenants do not see each other.
fn neighbour() -> Step {
    step(
        7,
        "Globex sees nothing of Acme",
        vec![
            reads("gina", "opens Acme: there is no such thing", "/v1/orgs/acme", Refused("not_found")),
            reads("gina", "opens Payroll: there is no such thing", "/v1/resources/payroll", Refused("not_found")),
            sends(
                "gina",
                "puts Bob into Globex",
                "grant-subscriptions",
                json!({ "org": "globex", "users": ["bob"], "user_type": "member", "privileges": [] }),
                Refused("user.unknown"),
            ),
        ],
    )
}

fn auditor() -> Step {
    step(
        8,
        "Olga audits: she reads all of it, and changes nothing",
        vec![
            asks(
                "olga",
                "asks whether Bob could see the salaries before he left the team, and by which events",
                may("bob", "view", "document:salaries").as_of(Point::Before("left")),
                Want::Allow(vec![because("reach.share_group", "shared", "content.shared", "resources/payroll")]),
            ),
            reads(
                "olga",
                "reads what Bob holds, and where",
                "/v1/users/bob/access",
                Value("/items/0/org", json!("acme")),
            ),
            sends(
                "olga",
                "renames Bob",
                "change-profile",
                json!({ "user": "bob", "name": "Robert" }),
                Refused("privilege.not_held"),
            ),
        ],
    )
}
