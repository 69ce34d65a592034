//! A group of companies: the master tenant M keeps data once, its sub-tenants S1 and S2 read it.

mod reading;

use serde_json::{Value as Json, json};

use super::story::Want::{Done, Refused};
use super::story::{Act, Stage, Step, Story, Try, issues_key, sends};

/// The events of a new user.
const MEMBER: &[&str] = &["user.created", "subscription.granted"];

/// The story.
#[must_use]
pub fn story() -> Story {
    let mut steps = vec![associated(), not_associated()];
    steps.extend(reading::shared());
    steps.extend(reading::both());
    steps.extend(reading::elsewhere());
    Story {
        name: "orgvue",
        title: "A master tenant, and sub-tenants that read it",
        preset: "orgvue",
        stage: Stage { root_name: "Platform", admin: "olga", vendor: None },
        steps,
        visitor: "una",
        after: vec![
            Try {
                says: "Could Una see the FX rates just before S1 left its master? And why?",
                line: "tenure check una view dataset:fx --as-of {before left} --explain",
            },
            Try { says: "And now?", line: "tenure check una view dataset:fx --explain" },
            Try { says: "What happened to Una?", line: "tenure history user:una" },
        ],
    }
}

fn step(number: u8, title: &'static str, acts: Vec<Act>) -> Step {
    Step { number, title, acts }
}

fn associate(says: &'static str, master: &str, sub: &str, want: super::story::Want) -> Act {
    sends("olga", says, "associate-sub-tenant", json!({ "master": master, "sub": sub }), want)
}

fn associated() -> Step {
    let tenant = |says, id: &str, name, region, admin: Json| {
        let arguments = json!({ "id": id, "name": name, "region": region, "admin": admin });
        let want = Done(&["org.created", "role.defined", "user.created", "subscription.granted"]);
        sends("olga", says, "create-org", arguments, want)
    };
    let admin = |id, name| json!({ "id": id, "name": name });
    let enters = |says, org: &str| {
        let arguments = json!({ "org": org, "users": ["olga"], "user_type": "administrator", "privileges": "all" });
        sends("olga", says, "grant-subscriptions", arguments, Done(&["subscription.granted"]))
    };
    let eu = "eu-west-1";
    step(
        1,
        "Tenants in one region; S1 and S2 become sub-tenants of M",
        vec![
            tenant("creates M with its administrator Mona", "m", "Group", eu, admin("mona", "Mona")),
            tenant("creates M2 with Mike", "m2", "Other Group", eu, admin("mike", "Mike")),
            tenant("creates S1 with Sam", "s1", "Germany", eu, admin("sam", "Sam")),
            tenant("creates S2 with Sue", "s2", "Spain", eu, admin("sue", "Sue")),
            tenant("creates X in another region", "x", "Texas", "us-east-1", admin("xena", "Xena")),
            enters("subscribes herself to M", "m"),
            enters("subscribes herself to M2", "m2"),
            enters("subscribes herself to S1", "s1"),
            enters("subscribes herself to S2", "s2"),
            issues_key("olga", "has a key issued for Mona", "mona"),
            issues_key("olga", "has a key issued for Mike", "mike"),
            issues_key("olga", "has a key issued for Sam", "sam"),
            issues_key("olga", "has a key issued for Sue", "sue"),
            associate("makes S1 a sub-tenant of M", "m", "s1", Done(&["sub_tenant.associated"])),
            associate("makes S2 a sub-tenant of M", "m", "s2", Done(&["sub_tenant.associated"])),
        ],
    )
}

fn not_associated() -> Step {
    step(
        2,
        "One master, one level, one region",
        vec![
            associate("wants M2 as S1's second master", "m2", "s1", Refused("association.one_master")),
            associate("wants M below M2", "m2", "m", Refused("association.is_master")),
            associate("wants M2 below S1", "s1", "m2", Refused("association.is_sub")),
            associate("wants X below M", "m", "x", Refused("association.other_region")),
            associate("wants S1 below M again", "m", "s1", Refused("association.exists")),
            sends(
                "sam",
                "leaves M by himself",
                "disassociate-sub-tenant",
                json!({ "sub": "s1" }),
                Refused("privilege.not_held"),
            ),
        ],
    )
}
