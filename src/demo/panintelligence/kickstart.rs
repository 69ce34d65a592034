//! KickStart, managed by Educate: subscriptions, then viewers and what they see.

use serde_json::json;

use super::super::story::Want::*;
use super::super::story::*;
use super::{MEMBER, step};

/// What Sally and Helen hold in KickStart: not everything, so that there is something that is not theirs to give.
const IN_KICKSTART: &[&str] = &["user.manage", "subscription.manage", "chart.edit", "connection.edit"];

pub(super) fn steps() -> Vec<Step> {
    let manage_orgs = |says, user| {
        let arguments = json!({ "org": "root", "user": user, "privileges": ["org.manage"] });
        sends("admin", says, "grant-privileges", arguments, Done(&["privilege.granted"]))
    };
    let subscribe = |says, users: &[&str], want| {
        let arguments = json!({
            "org": "kickstart", "from_org": "root", "users": users, "user_type": "administrator",
            "privileges": IN_KICKSTART
        });
        sends("tim", says, "grant-subscriptions", arguments, want)
    };
    let change = |who, says, command, privilege, want| {
        sends(who, says, command, json!({ "org": "kickstart", "user": "sally", "privileges": [privilege] }), want)
    };
    let sally_has = |says, action, org, want| asks("sally", says, may("sally", action, org), want);
    vec![
        step(
            5,
            "Once they may, the second org begins multi-organisation mode",
            vec![
                manage_orgs("lets Sally manage orgs", "sally"),
                manage_orgs("lets Tim manage orgs", "tim"),
                manage_orgs("lets Helen manage orgs", "helen"),
                sends(
                    "tim",
                    "creates KickStart",
                    "create-org",
                    json!({ "id": "kickstart", "name": "KickStart" }),
                    Done(&["org.created"]),
                ),
            ],
        ),
        step(
            6,
            "The users of an org see each other",
            vec![reads(
                "tim",
                "lists the users of Educate",
                "/v1/orgs/root/users",
                Ids(&["admin", "sally", "tim", "helen"]),
            )],
        ),
        step(
            7,
            "Creating an org gives no access to what is inside",
            vec![sends(
                "tim",
                "creates a user in KickStart",
                "create-user",
                json!({ "id": "zebedee", "org": "kickstart", "name": "Zebedee", "user_type": "viewer" }),
                Refused("privilege.not_held"),
            )],
        ),
        step(
            8,
            "Tim subscribes himself to KickStart",
            vec![
                sends(
                    "tim",
                    "subscribes himself with all privileges",
                    "grant-subscriptions",
                    json!({ "org": "kickstart", "users": ["tim"], "user_type": "administrator", "privileges": "all" }),
                    Done(&["subscription.granted"]),
                ),
                reads("tim", "asks for his orgs", "/v1/users/tim/orgs", Ids(&["root", "kickstart"])),
            ],
        ),
        step(
            9,
            "Tim subscribes Sally and Helen in one command: both or neither",
            vec![
                subscribe("subscribes Sally and somebody unknown", &["sally", "nobody"], Refused("user.unknown")),
                reads("sally", "asks for her orgs: home alone", "/v1/users/sally/orgs", Ids(&["root"])),
                subscribe(
                    "subscribes Sally and Helen",
                    &["sally", "helen"],
                    Done(&["subscription.granted", "subscription.granted"]),
                )
                .marked("subscribed"),
                reads("sally", "asks for her orgs", "/v1/users/sally/orgs", Ids(&["root", "kickstart"])),
            ],
        ),
        step(
            10,
            "Helen takes connection.edit from Sally's subscription to KickStart",
            vec![
                sally_has(
                    "may edit connections in KickStart",
                    "connection.edit",
                    "org:kickstart",
                    allowed("authority.subscription"),
                ),
                change(
                    "helen",
                    "takes it from Sally",
                    "revoke-privileges",
                    "connection.edit",
                    Done(&["privilege.revoked"]),
                )
                .marked("revoked"),
                sally_has(
                    "may edit connections in Educate still",
                    "connection.edit",
                    "org:root",
                    allowed("authority.role"),
                ),
                sally_has("may not in KickStart", "connection.edit", "org:kickstart", denied("authority.not_held")),
            ],
        ),
        step(
            11,
            "To your own subscription you can only take away",
            vec![change(
                "sally",
                "gives it back to herself",
                "grant-privileges",
                "connection.edit",
                Refused("subscription.own"),
            )],
        ),
        step(
            12,
            "Sally takes chart.edit from herself",
            vec![
                change("sally", "takes it", "revoke-privileges", "chart.edit", Done(&["privilege.revoked"])),
                sally_has(
                    "may not edit charts in KickStart",
                    "chart.edit",
                    "org:kickstart",
                    denied("authority.not_held"),
                ),
                change("sally", "cannot add it again", "grant-privileges", "chart.edit", Refused("subscription.own")),
                change("helen", "can", "grant-privileges", "chart.edit", Done(&["privilege.granted"])),
                sally_has("may again", "chart.edit", "org:kickstart", allowed("authority.subscription")),
            ],
        ),
        step(
            13,
            "Nobody gives what they do not hold",
            vec![change(
                "helen",
                "grants Sally report.delete, which Helen lacks",
                "grant-privileges",
                "report.delete",
                Refused("delegation.not_held"),
            )],
        ),
    ]
}

pub(super) fn viewers() -> Vec<Step> {
    let viewer = |says, id, name| {
        let arguments =
            json!({ "id": id, "org": "kickstart", "name": name, "user_type": "viewer", "privileges": "all" });
        sends("tim", says, "create-user", arguments, Done(MEMBER))
    };
    let share = |says, category| {
        let arguments = json!({ "resource": category, "with": { "role": "shared-content" }, "level": "view" });
        sends("tim", says, "share", arguments, Done(&["content.shared"]))
    };
    let jane_may_not =
        |says, action, chart, code| asks("jane", says, may("jane", action, chart).acting_in("root"), denied(code));
    vec![
        step(
            14,
            "Tim creates the viewers of KickStart",
            vec![
                viewer("creates Rod", "rod", "Rod"),
                viewer("creates Jane", "jane", "Jane"),
                viewer("creates Freddy", "freddy", "Freddy"),
                issues_key("tim", "has a key issued for Jane", "jane"),
                reads("tim", "reads her name", "/v1/users/jane", Value("/name", json!("Jane"))),
                looks_for("jane", "looks for categories: none yet", "category", "kickstart", &[]),
            ],
        ),
        step(
            15,
            "A viewer stays a viewer",
            vec![sends(
                "tim",
                "grants Jane chart.edit",
                "grant-privileges",
                json!({ "org": "kickstart", "user": "jane", "privileges": ["chart.edit"] }),
                Refused("user_type.ceiling"),
            )],
        ),
        step(
            16,
            "Tim subscribes the three to Educate, as viewers",
            vec![
                sends(
                    "tim",
                    "subscribes Rod, Jane and Freddy",
                    "grant-subscriptions",
                    json!({
                        "org": "root", "from_org": "kickstart", "users": ["rod", "jane", "freddy"],
                        "user_type": "viewer", "privileges": "all"
                    }),
                    Done(&["subscription.granted", "subscription.granted", "subscription.granted"]),
                ),
                looks_for("jane", "looks for charts in Educate: none yet", "chart", "root", &[]),
            ],
        ),
        step(
            17,
            "A role in Educate shares two categories with them",
            vec![
                sends(
                    "tim",
                    "defines the role Shared Content",
                    "define-role",
                    json!({ "id": "shared-content", "org": "root", "name": "Shared Content" }),
                    Done(&["role.defined"]),
                ),
                share("shares Lessons with the role", "lessons"),
                share("shares Results with the role", "results"),
                sends(
                    "tim",
                    "assigns it to the three",
                    "assign-role",
                    json!({ "role": "shared-content", "users": ["rod", "jane", "freddy"] }),
                    Done(&["role.assigned", "role.assigned", "role.assigned"]),
                ),
                looks_for("jane", "sees the two categories", "category", "root", &["lessons", "results"]),
                looks_for("jane", "sees the charts in them", "chart", "root", &["enrolments", "scores"]),
                asks(
                    "jane",
                    "may view Scores",
                    may("jane", "view", "chart:scores").acting_in("root"),
                    allowed("reach.share_role"),
                ),
                asks(
                    "tim",
                    "asks for Rod: he may",
                    may("rod", "view", "chart:scores").acting_in("root"),
                    allowed("reach.share_role"),
                ),
                asks(
                    "tim",
                    "asks for Freddy: he may",
                    may("freddy", "view", "chart:scores").acting_in("root"),
                    allowed("reach.share_role"),
                ),
                asks(
                    "tim",
                    "may edit it",
                    may("tim", "chart.edit", "chart:scores").acting_in("root"),
                    allowed("reach.share_role"),
                ),
                jane_may_not("may not view Visits", "view", "chart:visits", "resource.unknown"),
                jane_may_not("may not edit Scores", "chart.edit", "chart:scores", "authority.not_held"),
                jane_may_not("may not delete it", "chart.delete", "chart:scores", "authority.not_held"),
                jane_may_not("may not share it", "chart.share", "chart:scores", "authority.not_held"),
                sends(
                    "jane",
                    "renames it all the same",
                    "rename-resource",
                    json!({ "resource": "scores", "name": "Jane's" }),
                    Refused("content.not_allowed"),
                ),
            ],
        ),
    ]
}
