//! Workspaces: what is kept apart, what is for everybody, what is nobody else's, and the way from one to another.

use serde_json::json;

use super::super::story::Want::*;
use super::super::story::*;
use super::step;

pub(super) fn steps() -> Vec<Step> {
    let mut steps = apart();
    steps.extend(policy_on_a_folder());
    steps.push(exchange());
    steps
}

fn make(who: &'static str, says: &'static str, id: &str, org: &str, kind: &str, parent: &str, want: Want) -> Act {
    let parent = (!parent.is_empty()).then_some(parent);
    let arguments = json!({ "id": id, "org": org, "kind": kind, "name": id, "parent": parent });
    sends(who, says, "create-resource", arguments, want)
}

const MADE: &[&str] = &["resource.created"];

fn apart() -> Vec<Step> {
    let folder = |who, says, subject, folder, want| asks(who, says, may(subject, "view", folder), want);
    vec![
        step(
            7,
            "What is made in one workspace is not seen from another",
            vec![
                make("ann", "makes a report in Default", "quarterly", "root", "report", "Public@root", Done(MADE)),
                sends(
                    "ann",
                    "switches to Training",
                    "select-active-org",
                    json!({ "org": "training" }),
                    Done(&["active_org.selected"]),
                ),
                reads("ann", "looks for the report", "/v1/resources/quarterly", Refused("not_found")),
                looks_for("ann", "looks for reports", "report", "training", &[]),
            ],
        ),
        step(
            8,
            "Public is for everybody in the org, a personal folder for nobody else",
            vec![
                make(
                    "bob",
                    "saves into Public",
                    "mine",
                    "training",
                    "report",
                    "Public@training",
                    Refused("privilege.not_held"),
                ),
                make("ann", "saves into Public", "lesson", "training", "report", "Public@training", Done(MADE)),
                looks_for("bob", "looks for reports", "report", "training", &["lesson"]),
                folder("bob", "sees his own folder", "bob", "folder:personal:bob@training", allowed("level.personal")),
                folder("bob", "does not see Ann's", "bob", "folder:personal:ann@training", denied("resource.unknown")),
                folder("ann", "sees her own", "ann", "folder:personal:ann@training", allowed("level.personal")),
                folder("ann", "does not see Bob's", "ann", "folder:personal:bob@training", denied("level.missing")),
                make("ann", "saves into hers", "draft", "training", "report", "personal:ann@training", Done(MADE)),
                sends(
                    "ann",
                    "shares it from there",
                    "share",
                    json!({ "resource": "draft", "with": { "user": "bob" }, "level": "view" }),
                    Refused("personal.never_shared"),
                ),
            ],
        ),
    ]
}

fn policy_on_a_folder() -> Vec<Step> {
    vec![step(
        9,
        "The policy on one folder holds for everything below it",
        vec![
            make("ann", "makes the folder Forecasts", "forecasts", "training", "folder", "", Done(MADE)),
            make("ann", "makes a folder in it", "next-year", "training", "folder", "forecasts", Done(MADE)),
            make("ann", "makes an analysis in that", "costs", "training", "analysis", "next-year", Done(MADE)),
            sends(
                "ann",
                "lets Analysts save in Forecasts",
                "share",
                json!({ "resource": "forecasts", "with": { "role": "Analyst" }, "level": "edit" }),
                Done(&["content.shared"]),
            )
            .marked("forecasts"),
            sends(
                "ann",
                "creates Ada in Training",
                "create-user",
                json!({ "id": "ada", "org": "training", "name": "Ada", "user_type": "member" }),
                Done(&["user.created", "subscription.granted", "resource.created"]),
            ),
            issues_key("ann", "has a key issued for Ada", "ada"),
            asks("ada", "does not see the analysis", may("ada", "view", "analysis:costs"), denied("resource.unknown")),
            sends(
                "ann",
                "makes Ada Analyst",
                "assign-role",
                json!({ "role": "Analyst", "org": "training", "users": ["ada"] }),
                Done(&["role.assigned"]),
            ),
            make("ada", "saves an analysis two folders down", "cash", "training", "analysis", "next-year", Done(MADE)),
            asks(
                "ada",
                "may change Ann's",
                may("ada", "edit", "analysis:costs"),
                Allow(vec![because("reach.share_role", "forecasts", "content.shared", "resources/forecasts")]),
            ),
            sends(
                "ada",
                "deletes Ann's",
                "delete-resource",
                json!({ "resource": "costs" }),
                Refused("content.not_allowed"),
            ),
        ],
    )]
}

fn exchange() -> Step {
    let import = |says, bundle: &str, want| {
        let arguments = json!({ "org": "training", "parent": "Public@training", "bundle": bundle });
        sends("ann", says, "import-resources", arguments, want)
    };
    step(
        10,
        "Content goes from one org to another as a signed bundle",
        vec![
            sends(
                "bob",
                "exports Ann's lesson",
                "export-resources",
                json!({ "org": "training", "resources": ["lesson"] }),
                Refused("content.not_allowed"),
            ),
            sends(
                "ann",
                "switches to Default",
                "select-active-org",
                json!({ "org": "root" }),
                Done(&["active_org.selected"]),
            ),
            sends(
                "ann",
                "exports her report from Default",
                "export-resources",
                json!({ "org": "root", "resources": ["quarterly"] }),
                Done(&["resource.exported"]),
            )
            .marked("exported"),
            sends(
                "ann",
                "switches to Training again",
                "select-active-org",
                json!({ "org": "training" }),
                Done(&["active_org.selected"]),
            ),
            import("imports it, changed by one byte", "{bundle exported, changed}", Refused("bundle.not_genuine")),
            import("imports it into Public of Training", "{bundle exported}", Done(&["resource.imported"])),
            reads("ann", "finds it there", "/v1/orgs/training/resources", Value("/items/0/name", json!("quarterly"))),
            import("imports the same bundle again: nothing twice", "{bundle exported}", Done(&[])),
        ],
    )
}
