//! LearnStars, self-sufficient: own content and copies, its landlord shut out and let in; and an auditor.

use serde_json::json;

use super::super::story::Want::*;
use super::super::story::*;
use super::{MEMBER, step};

pub(super) fn steps() -> Vec<Step> {
    let makes = |says, id, kind, name, parent: Option<&str>, want| {
        let arguments = json!({ "id": id, "org": "learnstars", "kind": kind, "name": name, "parent": parent });
        sends("luna", says, "create-resource", arguments, want)
    };
    let made = || Done(&["resource.created"]);
    vec![
        step(
            18,
            "LearnStars is self-sufficient: own administrator, own users, own connections",
            vec![
                sends(
                    "tim",
                    "creates LearnStars with its administrator Luna",
                    "create-org",
                    json!({ "id": "learnstars", "name": "LearnStars", "admin": { "id": "luna", "name": "Luna Lens" } }),
                    Done(&["org.created", "user.created", "subscription.granted"]),
                ),
                sends(
                    "tim",
                    "subscribes himself",
                    "grant-subscriptions",
                    json!({ "org": "learnstars", "users": ["tim"], "user_type": "administrator", "privileges": "all" }),
                    Done(&["subscription.granted"]),
                ),
                issues_key("tim", "has a key issued for Luna", "luna"),
                sends(
                    "luna",
                    "creates Orion",
                    "create-user",
                    json!({ "id": "orion", "org": "learnstars", "name": "Orion", "user_type": "supervisor", "privileges": "all" }),
                    Done(MEMBER),
                ),
                makes("makes a connection", "telescope", "connection", "Telescope", None, made()),
                reads("luna", "lists the orgs", "/v1/orgs", Ids(&["learnstars"])),
                reads("luna", "lists the users", "/v1/orgs/learnstars/users", Ids(&["luna", "orion", "tim"])),
                reads("luna", "looks for KickStart", "/v1/orgs/kickstart", Refused("not_found")),
                reads("luna", "looks for its users", "/v1/orgs/kickstart/users", Refused("not_found")),
                reads("luna", "looks for Jane", "/v1/users/jane", Refused("not_found")),
            ],
        ),
        step(
            19,
            "Educate ships the category Lessons to LearnStars and keeps Usage to itself",
            vec![
                sends(
                    "tim",
                    "shares Lessons with LearnStars, to view and copy",
                    "share",
                    json!({ "resource": "lessons", "with": { "org": "learnstars" }, "level": "view", "copy": true }),
                    Done(&["content.shared"]),
                ),
                looks_for(
                    "luna",
                    "sees the category that was shipped, no other",
                    "category",
                    "learnstars",
                    &["lessons"],
                ),
                looks_for("luna", "sees the chart in it, no other", "chart", "learnstars", &["enrolments"]),
                makes("makes a category with a name that Educate has too", "sky", "category", "Results", None, made()),
                makes(
                    "makes a chart with a name that Educate has too",
                    "stars",
                    "chart",
                    "Scores",
                    Some("sky"),
                    made(),
                ),
                makes("cannot use a name twice herself", "sky-2", "category", "Results", None, Refused("name.taken")),
                sends(
                    "luna",
                    "copies the chart Enrolments",
                    "copy-resource",
                    json!({ "resource": "enrolments", "into_org": "learnstars", "parent": "sky", "id": "our-enrolments" }),
                    Done(&["resource.copied"]),
                ),
                sends(
                    "luna",
                    "edits the copy",
                    "rename-resource",
                    json!({ "resource": "our-enrolments", "name": "Stargazers" }),
                    Done(&["resource.renamed"]),
                ),
                sends(
                    "luna",
                    "cannot edit what was shipped",
                    "rename-resource",
                    json!({ "resource": "enrolments", "name": "Stargazers" }),
                    Refused("content.not_allowed"),
                ),
                asks(
                    "luna",
                    "may edit the copy",
                    may("luna", "chart.edit", "chart:our-enrolments"),
                    allowed("authority.subscription"),
                ),
                asks(
                    "luna",
                    "may not edit the original",
                    may("luna", "chart.edit", "chart:enrolments"),
                    denied("authority.no_subscription"),
                ),
                reads(
                    "luna",
                    "asks where the copy comes from",
                    "/v1/resources/our-enrolments",
                    Value("/source", json!("enrolments")),
                ),
                reads("luna", "asks with whom it is shared", "/v1/resources/our-enrolments/shares", Ids(&[])),
                asks("luna", "may not view Visits", may("luna", "view", "chart:visits"), denied("resource.unknown")),
                reads("luna", "looks for Usage", "/v1/resources/usage", Refused("not_found")),
                sends(
                    "luna",
                    "copies Visits",
                    "copy-resource",
                    json!({ "resource": "visits", "into_org": "learnstars" }),
                    Refused("resource.unknown"),
                ),
            ],
        ),
    ]
}

pub(super) fn landlord() -> Vec<Step> {
    let manages_users = |who, says, want| asks(who, says, may(who, "user.manage", "org:learnstars"), want);
    let shut_out = |who, says| manages_users(who, says, denied("landlord.excluded"));
    let lifecycle = |says, command, event| sends("tim", says, command, json!({ "org": "learnstars" }), Done(event));
    let later = |says, moment, want| asks("tim", says, may("tim", "user.manage", "org:learnstars").at(moment), want);
    let audit =
        |says, point, want| asks("olive", says, may("sally", "connection.edit", "org:kickstart").as_of(point), want);
    let copy = |who| may(who, "view", "chart:our-enrolments").acting_in("learnstars");
    let no_content = |who, says| asks(who, says, copy(who), denied("resource.unknown"));
    vec![
        step(
            20,
            "LearnStars excludes its landlord",
            vec![
                sends(
                    "tim",
                    "subscribes Sally and Helen to LearnStars",
                    "grant-subscriptions",
                    json!({ "org": "learnstars", "users": ["sally", "helen"], "user_type": "administrator", "privileges": "all" }),
                    Done(&["subscription.granted", "subscription.granted"]),
                ),
                sends(
                    "tim",
                    "subscribes the administrator as well",
                    "grant-subscriptions",
                    json!({ "org": "learnstars", "users": ["admin"], "user_type": "administrator", "privileges": "all" }),
                    Done(&["subscription.granted"]),
                ),
                asks("tim", "may view a chart of LearnStars", copy("tim"), allowed("level.content_manage")),
                sends(
                    "luna",
                    "excludes the landlord",
                    "exclude-landlord",
                    json!({ "org": "learnstars" }),
                    // Educate issued the key that she uses: she vouches for it by excluding.
                    Done(&["landlord.excluded", "credential.confirmed"]),
                )
                .marked("excluded"),
                manages_users(
                    "tim",
                    "has no privilege there, though subscribed",
                    Deny(vec![because("landlord.excluded", "excluded", "landlord.excluded", "orgs/learnstars")]),
                ),
                shut_out("sally", "has none"),
                shut_out("helen", "has none"),
                shut_out("admin", "has none"),
                no_content("tim", "may not view the chart"),
                no_content("sally", "may not"),
                no_content("helen", "may not"),
                no_content("admin", "may not"),
                looks_for("tim", "looks for charts there", "chart", "learnstars", &[]),
                reads("tim", "looks for its content", "/v1/orgs/learnstars/resources", Ids(&[])),
                reads("tim", "looks for Luna", "/v1/users/luna", Refused("not_found")),
                reads("tim", "reads its history", "/v1/orgs/learnstars/history", Refused("authority.not_held")),
                sends(
                    "tim",
                    "creates a user there",
                    "create-user",
                    json!({ "id": "spy", "org": "learnstars", "name": "Spy", "user_type": "viewer" }),
                    Refused("privilege.not_held"),
                ),
                lifecycle("may disable the org", "disable-org", &["org.disabled"]),
                lifecycle("may enable it", "enable-org", &["org.enabled"]),
                asks(
                    "luna",
                    "may view what Educate ships, as before",
                    may("luna", "view", "chart:enrolments"),
                    allowed("reach.share_org"),
                ),
            ],
        ),
        step(
            21,
            "LearnStars admits the landlord until tomorrow 17:00",
            vec![
                sends(
                    "luna",
                    "admits the landlord",
                    "admit-landlord",
                    json!({ "org": "learnstars", "until": "{tomorrow 17:00}" }),
                    Done(&["landlord.admitted"]),
                ),
                manages_users("tim", "may manage users there", allowed("authority.subscription")),
                later("may tomorrow at 16:59", "{tomorrow 16:59}", allowed("authority.subscription")),
                later("may not from 17:00, without another event", "{tomorrow 17:00}", denied("landlord.excluded")),
            ],
        ),
        step(
            22,
            "An auditor asks about the past",
            vec![
                sends(
                    "tim",
                    "creates the auditor Olive",
                    "create-user",
                    json!({ "id": "olive", "org": "root", "name": "Olive Oversee", "user_type": "administrator", "privileges": ["audit.read"] }),
                    Done(MEMBER),
                ),
                sends(
                    "tim",
                    "subscribes her to KickStart",
                    "grant-subscriptions",
                    json!({ "org": "kickstart", "users": ["olive"], "user_type": "administrator", "privileges": ["audit.read"] }),
                    Done(&["subscription.granted"]),
                ),
                issues_key("tim", "has a key issued for Olive", "olive"),
                audit(
                    "asks about Sally and connections just before step 10",
                    Point::Before("revoked"),
                    Allow(vec![because("authority.subscription", "subscribed", "subscription.granted", "users/sally")]),
                ),
                audit(
                    "asks about just after it",
                    Point::After("revoked"),
                    Deny(vec![because("authority.not_held", "revoked", "privilege.revoked", "users/sally")]),
                ),
            ],
        ),
    ]
}
