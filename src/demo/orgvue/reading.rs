//! What is read where: by roles, by both administrators, and not at all.

use serde_json::json;

use super::super::story::Want::*;
use super::super::story::*;
use super::{MEMBER, associate, step};

fn creates(who: &'static str, says: &'static str, org: &str, user: &str, privileges: serde_json::Value) -> Act {
    let user_type = if privileges == "all" { "administrator" } else { "member" };
    let arguments = json!({ "id": user, "org": org, "name": user, "user_type": user_type, "privileges": privileges });
    sends(who, says, "create-user", arguments, Done(MEMBER))
}

fn makes(who: &'static str, says: &'static str, org: &str, id: &str, name: &str) -> Act {
    let arguments = json!({ "id": id, "org": org, "kind": "dataset", "name": name });
    sends(who, says, "create-resource", arguments, Done(&["resource.created"]))
}

fn shares(who: &'static str, says: &'static str, dataset: &str, role: &str, level: &str) -> Act {
    let arguments = json!({ "resource": dataset, "with": { "role": role }, "level": level });
    sends(who, says, "share", arguments, Done(&["content.shared"]))
}

fn assigns(who: &'static str, says: &'static str, role: &str, user: &str) -> Act {
    sends(who, says, "assign-role", json!({ "role": role, "users": [user] }), Done(&["role.assigned"]))
}

fn renames(who: &'static str, says: &'static str, resource: &str, name: &str, want: Want) -> Act {
    sends(who, says, "rename-resource", json!({ "resource": resource, "name": name }), want)
}

/// Steps 3 to 6.
pub(super) fn shared() -> Vec<Step> {
    let looks = |who, says, org, ids| looks_for(who, says, "dataset", org, ids);
    let defines = |who, says, id: &str, org: &str| {
        let arguments = json!({ "id": id, "org": org, "name": "hrbp" });
        sends(who, says, "define-role", arguments, Done(&["role.defined"]))
    };
    let uses = |says, dataset, want| asks("una", says, may("una", "use", dataset).acting_in("s1"), want);
    vec![
        step(
            3,
            "A dataset that nobody shares is seen in no sub-tenant",
            vec![
                creates(
                    "sam",
                    "creates Una, who works with data",
                    "s1",
                    "una",
                    json!(["dataset.create", "dataset.edit"]),
                ),
                creates("sam", "creates Hal", "s1", "hal", json!([])),
                creates("sam", "creates Noel", "s1", "noel", json!([])),
                creates("sue", "creates Vera", "s2", "vera", json!([])),
                issues_key("sam", "has a key issued for Una", "una"),
                issues_key("sam", "has a key issued for Hal", "hal"),
                issues_key("sam", "has a key issued for Noel", "noel"),
                issues_key("sue", "has a key issued for Vera", "vera"),
                makes("mona", "makes the dataset FX rates", "m", "fx", "FX rates"),
                looks("una", "sees nothing of it", "s1", &[]),
            ],
        ),
        step(
            4,
            "Shared with the role guest, it is seen by whom the sub-tenants make guests",
            vec![
                shares("mona", "shares it with guest, to view", "fx", "guest", "view"),
                looks("una", "does not see it: she is no guest yet", "s1", &[]),
                assigns("sam", "makes Una a guest", "guest@s1", "una"),
                assigns("sue", "makes Vera a guest", "guest@s2", "vera"),
                looks("una", "sees it", "s1", &["fx"]),
                looks("vera", "sees it", "s2", &["fx"]),
                looks("noel", "sees nothing", "s1", &[]),
                asks("una", "asks why", may("una", "view", "dataset:fx").acting_in("s1"), allowed("reach.association")),
            ],
        ),
        step(
            5,
            "guest is the gate; then roles of the same name count",
            vec![
                defines("mona", "defines the role hrbp", "hrbp@m", "m"),
                makes("mona", "makes the dataset Salaries", "m", "pay", "Salaries"),
                shares("mona", "shares it with hrbp alone", "pay", "hrbp", "view"),
                defines("sam", "defines a role hrbp as well", "hrbp@s1", "s1"),
                assigns("sam", "gives it to Hal", "hrbp@s1", "hal"),
                looks("hal", "sees nothing yet", "s1", &[]),
                shares("mona", "shares Salaries with guest as well", "pay", "guest", "view"),
                looks("hal", "sees it as hrbp", "s1", &["pay"]),
                looks("una", "sees it as guest", "s1", &["fx", "pay"]),
                looks("noel", "sees nothing", "s1", &[]),
            ],
        ),
        step(
            6,
            "Used as a lookup where that was given",
            vec![
                uses("may not yet", "dataset:fx", denied("level.missing")),
                shares("mona", "lets guests use it as a lookup", "fx", "guest", "use"),
                uses("uses the FX rates as a lookup", "dataset:fx", allowed("reach.association")),
                uses("may not use Salaries", "dataset:pay", denied("level.missing")),
            ],
        ),
    ]
}

/// Steps 7 and 8.
pub(super) fn both() -> Vec<Step> {
    let signs_in = |says, org: &str| {
        sends("dora", says, "select-active-org", json!({ "org": org }), Done(&["active_org.selected"]))
    };
    let edits = |says, want| asks("dora", says, may("dora", "edit", "dataset:fx"), want);
    vec![
        step(
            7,
            "Administrator of both, signed in to S1: sees all, changes nothing",
            vec![
                creates("mona", "creates the administrator Dora", "m", "dora", json!("all")),
                sends(
                    "olga",
                    "makes her administrator of S1 as well",
                    "grant-subscriptions",
                    json!({ "org": "s1", "users": ["dora"], "user_type": "administrator", "privileges": "all" }),
                    Done(&["subscription.granted"]),
                ),
                issues_key("olga", "has a key issued for Dora", "dora"),
                makes("mona", "makes the dataset Budget and shares it with nobody", "m", "budget", "Budget"),
                signs_in("signs in to S1", "s1"),
                looks_for("dora", "sees all datasets of M", "dataset", "s1", &["fx", "pay", "budget"]),
                asks(
                    "dora",
                    "sees Budget marked as seen by her rights in both",
                    may("dora", "view", "dataset:budget"),
                    allowed("reach.association_admin"),
                ),
                edits("may not edit the FX rates", denied("level.missing")),
                renames("dora", "renames them", "fx", "FX rates 2026", Refused("association.read_only")),
            ],
        ),
        step(
            8,
            "Signed in to M she edits it",
            vec![
                signs_in("signs in to M", "m"),
                edits("may edit the FX rates", allowed("level.content_manage")),
                renames("dora", "renames them", "fx", "FX rates 2026", Done(&["resource.renamed"])),
            ],
        ),
    ]
}

/// Steps 9 to 11.
pub(super) fn elsewhere() -> Vec<Step> {
    let looks = |who, says, org, ids| looks_for(who, says, "dataset", org, ids);
    vec![
        step(
            9,
            "A copy belongs to the sub-tenant",
            vec![
                sends(
                    "una",
                    "saves a copy in S1",
                    "copy-resource",
                    json!({ "resource": "fx", "into_org": "s1", "id": "our-fx" }),
                    Done(&["resource.copied"]),
                ),
                renames("una", "renames the copy", "our-fx", "Our FX rates", Done(&["resource.renamed"])),
                reads("una", "asks where it comes from", "/v1/resources/our-fx", Value("/source", json!("fx"))),
                renames("mona", "renames the original", "fx", "FX rates 2027", Done(&["resource.renamed"])),
                reads("una", "finds the copy as it was", "/v1/resources/our-fx", Value("/name", json!("Our FX rates"))),
            ],
        ),
        step(
            10,
            "Nothing upward, nothing sideways",
            vec![
                creates("mona", "creates Mark in M", "m", "mark", json!([])),
                issues_key("mona", "has a key issued for Mark", "mark"),
                looks("mark", "sees nothing of S1", "m", &[]),
                looks("mona", "sees the datasets of M alone", "m", &["fx", "pay", "budget"]),
                reads("mona", "looks for S1", "/v1/orgs/s1", Refused("not_found")),
                reads("mona", "looks for the copy", "/v1/resources/our-fx", Refused("not_found")),
                looks("vera", "sees the datasets of M alone", "s2", &["fx", "pay"]),
                reads("vera", "looks for S1", "/v1/orgs/s1", Refused("not_found")),
                reads("una", "looks for S2", "/v1/orgs/s2", Refused("not_found")),
            ],
        ),
        step(
            11,
            "S1 leaves M and joins M2",
            vec![
                makes("mike", "makes the dataset Prices in M2", "m2", "prices", "Prices"),
                shares("mike", "shares it with guest", "prices", "guest", "view"),
                looks("una", "sees M's datasets and her copy", "s1", &["fx", "pay", "our-fx"]),
                sends(
                    "olga",
                    "ends the association",
                    "disassociate-sub-tenant",
                    json!({ "sub": "s1" }),
                    Done(&["sub_tenant.disassociated"]),
                )
                .marked("left"),
                looks("una", "keeps her copy alone", "s1", &["our-fx"]),
                associate("makes S1 a sub-tenant of M2", "m2", "s1", Done(&["sub_tenant.associated"])),
                looks("una", "sees what is M2's", "s1", &["prices", "our-fx"]),
                asks(
                    "una",
                    "no longer sees the FX rates",
                    may("una", "view", "dataset:fx").acting_in("s1"),
                    denied("resource.unknown"),
                ),
                asks(
                    "una",
                    "saw them before",
                    may("una", "view", "dataset:fx").acting_in("s1").as_of(Point::Before("left")),
                    allowed("reach.association"),
                ),
            ],
        ),
    ]
}
