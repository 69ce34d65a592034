//! data.all: the tenant's team says what each team may do at all; a team manages its organisation, links environments
//! and invites other teams.

use serde_json::json;

use super::story::Want::{Done, Ids, Refused, Value};
use super::story::{
    Act, Because, Check, Point, Stage, Step, Story, Try, Want, allowed, asks, because, denied, issues_key, looks_for,
    may, reads, sends,
};

/// The story.
#[must_use]
pub fn story() -> Story {
    let mut steps = permissions();
    steps.extend(organisation());
    steps.extend(environment());
    steps.extend(endings());
    Story {
        name: "data-all",
        title: "AnyCompany's teams: what a team may do at all, its organisation, and whom it invites",
        preset: "data-all",
        stage: Stage { root_name: "AnyCompany", admin: "tenant", vendor: None },
        steps,
        visitor: "tenant",
        after: vec![
            Try {
                says: "Could Erin edit AnyCompany EMEA just before step 7? And why?",
                line: "tenure check erin org.manage org:emea --as-of {before revoked}",
            },
            Try { says: "And just after?", line: "tenure check erin org.manage org:emea --as-of {after revoked}" },
            Try { says: "What happened to the team?", line: "tenure history group:DataScienceTeam" },
        ],
    }
}

fn step(number: u8, title: &'static str, acts: Vec<Act>) -> Step {
    Step { number, title, acts }
}

fn does(who: &'static str, says: &'static str, name: &'static str, arguments: serde_json::Value, want: Want) -> Act {
    sends(who, says, name, arguments, want)
}

/// What a team has at all: settings that are there for the administrators alone.
fn permissions() -> Vec<Step> {
    let user = |says, id, name| {
        let arguments = json!({ "id": id, "org": "root", "name": name, "user_type": "member" });
        does("tenant", says, "create-user", arguments, Done(&["user.created", "subscription.granted"]))
    };
    let team =
        |says, id| does("tenant", says, "create-group", json!({ "id": id, "name": id }), Done(&["group.created"]));
    let joins = |says, group, user| {
        let arguments = json!({ "group": group, "users": [user] });
        does("tenant", says, "sync-group", arguments, Done(&["group.member_added"]))
    };
    let settings = "/v1/tenant-permissions";
    let grant = |group| json!({ "group": group, "permission": "manage-organizations" });
    vec![
        step(
            1,
            "Maria and John, who are no administrators, look for the tenant permission settings",
            vec![
                user("makes Maria Garcia known", "maria", "Maria Garcia"),
                user("makes John known", "john", "John Doe"),
                user("makes Erin known", "erin", "Erin Early"),
                team("makes the team EMEAAdmin known", "EMEAAdmin"),
                team("makes the team DataScienceTeam known", "DataScienceTeam"),
                joins("synchronises EMEAAdmin: Erin", "EMEAAdmin", "erin"),
                joins("synchronises DataScienceTeam: John", "DataScienceTeam", "john"),
                issues_key("tenant", "has a key issued for Maria", "maria"),
                issues_key("tenant", "has a key issued for John", "john"),
                issues_key("tenant", "has a key issued for Erin", "erin"),
                reads("maria", "opens the settings: there is nothing", settings, Refused("not_found")),
                reads("john", "opens the settings: there is nothing", settings, Refused("not_found")),
                does(
                    "john",
                    "gives his team what it lacks all the same",
                    "grant-tenant-permission",
                    grant("DataScienceTeam"),
                    Refused("tenant_permission.unknown"),
                ),
            ],
        ),
        step(
            2,
            "The administrators let EMEAAdmin manage organizations, and DataScienceTeam not",
            vec![
                does(
                    "tenant",
                    "gives EMEAAdmin Manage Organizations",
                    "grant-tenant-permission",
                    grant("EMEAAdmin"),
                    Done(&["tenant_permission.granted"]),
                )
                .marked("granted"),
                reads("tenant", "reads who has it", settings, Value("/items/0/groups", json!(["EMEAAdmin"]))),
            ],
        ),
        step(
            3,
            "John may not create an organization",
            vec![
                does(
                    "john",
                    "creates one for his team",
                    "create-org",
                    json!({ "name": "John's", "managing_group": "DataScienceTeam" }),
                    Refused("tenant_permission.missing"),
                ),
                asks("john", "asks why", may("john", "org.manage", "org:root"), denied("tenant_permission.missing")),
            ],
        ),
    ]
}

fn organisation() -> Vec<Step> {
    vec![
        step(
            4,
            "Erin of EMEAAdmin creates AnyCompany EMEA",
            vec![
                does(
                    "erin",
                    "creates it for her team",
                    "create-org",
                    json!({
                        "id": "emea", "name": "AnyCompany EMEA", "description": "AnyCompany EMEA region",
                        "managing_group": "EMEAAdmin", "tags": ["fin", "rnd", "mark", "sales"],
                    }),
                    Done(&["org.created", "group.invited"]),
                )
                .marked("created"),
                asks(
                    "erin",
                    "asks why she may edit it: for her team, and what that was given",
                    may("erin", "org.manage", "org:emea"),
                    Want::Allow(vec![
                        because("authority.managing_team", "created", "org.created", "orgs/emea"),
                        because("tenant_permission.held", "granted", "tenant_permission.granted", "groups/EMEAAdmin"),
                    ]),
                ),
            ],
        ),
        step(
            5,
            "Name, description and tags can be edited; the team cannot, and a name there must be",
            vec![
                does(
                    "erin",
                    "creates one without a name",
                    "create-org",
                    json!({ "name": " ", "managing_group": "EMEAAdmin" }),
                    Refused("name.empty"),
                ),
                does(
                    "erin",
                    "creates one without a team",
                    "create-org",
                    json!({ "name": "Teamless" }),
                    Refused("org.managing_team_required"),
                ),
                does(
                    "erin",
                    "gives it to another team",
                    "describe-org",
                    json!({ "org": "emea", "description": "d", "managing_group": "DataScienceTeam" }),
                    Refused("arguments.invalid"),
                ),
                does(
                    "erin",
                    "edits its name",
                    "rename-org",
                    json!({ "org": "emea", "name": "AnyCompany Europe" }),
                    Done(&["org.renamed"]),
                ),
                does(
                    "erin",
                    "edits its description",
                    "describe-org",
                    json!({ "org": "emea", "description": "Europe, the Middle East and Africa" }),
                    Done(&["org.described"]),
                ),
                does(
                    "erin",
                    "edits its tags",
                    "tag-org",
                    json!({ "org": "emea", "tags": ["fin", "rnd"] }),
                    Done(&["org.tagged"]),
                ),
            ],
        ),
    ]
}

fn environment() -> Vec<Step> {
    let invite = |says, environment: Option<&str>, privileges: &[&str]| {
        let arguments = json!({
            "group": "DataScienceTeam", "org": "emea", "environment": environment, "privileges": privileges,
        });
        does("erin", says, "invite-group", arguments, Done(&["group.invited"]))
    };
    let makes = |who, says, id, environment: Option<&str>, want| {
        let arguments = json!({ "id": id, "org": "emea", "kind": "dataset", "name": id, "environment": environment });
        does(who, says, "create-resource", arguments, want)
    };
    let in_dev = |action| may("john", action, "environment:dev");
    vec![step(
        6,
        "DataScienceTeam is invited to the organization and to its environment",
        vec![
            does(
                "erin",
                "links the environment Development",
                "link-environment",
                json!({
                    "id": "dev", "org": "emea", "name": "Development", "account": "111122223333", "region": "eu-west-1",
                }),
                Done(&["environment.linked"]),
            ),
            reads("john", "looks at the organization: it is not there", "/v1/orgs/emea", Refused("not_found")),
            invite("invites DataScienceTeam to the organization", None, &[]),
            invite("invites it to the environment", Some("dev"), &["dataset.create", "dataset.edit"]).marked("invited"),
            reads("john", "lists his organizations", "/v1/users/john/orgs", Ids(&["root", "emea"])),
            asks(
                "john",
                "asks why he may create datasets in Development",
                in_dev("dataset.create"),
                Want::Allow(vec![because(
                    "authority.environment_invitation",
                    "invited",
                    "group.invited",
                    "groups/DataScienceTeam",
                )]),
            ),
            makes("john", "creates a dataset in Development", "trials", Some("dev"), Done(&["resource.created"])),
            makes("john", "creates one outside", "strays", None, Refused("privilege.not_held")),
            asks(
                "john",
                "may not share there: that was not granted",
                in_dev("dataset.share"),
                denied("authority.not_held"),
            ),
            asks(
                "john",
                "may not edit the organization",
                may("john", "org.manage", "org:emea"),
                denied("tenant_permission.missing"),
            ),
            makes("erin", "creates a dataset in the organization", "ledger", None, Done(&["resource.created"])),
            looks_for("john", "looks what there is for him: his own", "dataset", "emea", &["trials"]),
            asks("maria", "in no team, sees nothing", may("maria", "view", "org:emea"), denied("resource.unknown")),
        ],
    )]
}

fn endings() -> Vec<Step> {
    let edit =
        |says, want| does("erin", says, "describe-org", json!({ "org": "emea", "description": "Closing" }), want);
    let archive = |who, says, confirmation, want| {
        does(who, says, "archive-org", json!({ "org": "emea", "confirmation": confirmation }), want)
    };
    let at = |point| may("erin", "org.manage", "org:emea").as_of(point);
    let asked = |says, check: Check, want| asks("tenant", says, check, want);
    vec![
        step(
            7,
            "Manage Organizations is taken from EMEAAdmin: its members cannot edit what they made",
            vec![
                does(
                    "tenant",
                    "takes it",
                    "revoke-tenant-permission",
                    json!({ "group": "EMEAAdmin", "permission": "manage-organizations" }),
                    Done(&["tenant_permission.revoked"]),
                )
                .marked("revoked"),
                edit("edits the description", Refused("tenant_permission.missing")),
                asks(
                    "erin",
                    "asks why: of what was taken",
                    may("erin", "org.manage", "org:emea"),
                    Want::Deny(vec![because(
                        "tenant_permission.missing",
                        "revoked",
                        "tenant_permission.revoked",
                        "groups/EMEAAdmin",
                    )]),
                ),
                does(
                    "tenant",
                    "gives it back",
                    "grant-tenant-permission",
                    json!({ "group": "EMEAAdmin", "permission": "manage-organizations" }),
                    Done(&["tenant_permission.granted"]),
                ),
                edit("edits the description", Done(&["org.described"])),
            ],
        ),
        step(
            8,
            "The organization is not archived as long as it has an environment, nor without the words",
            vec![
                archive("erin", "archives it", "permanently archive", Refused("org.has_environments")),
                archive("erin", "archives it with other words", "yes", Refused("confirmation.wrong")),
            ],
        ),
        step(
            9,
            "Without environments it is archived, and its history stays",
            vec![
                does(
                    "erin",
                    "unlinks Development",
                    "unlink-environment",
                    json!({ "environment": "dev" }),
                    Done(&["environment.unlinked"]),
                ),
                archive("erin", "archives it", "permanently archive", Done(&["org.archived"])),
                edit("edits the description", Refused("org.archived")),
                asked(
                    "asks of the time before step 7",
                    at(Point::Before("revoked")),
                    Want::Allow(vec![Because { code: "authority.managing_team", event: None }]),
                ),
                asked("asks of the time after it", at(Point::After("revoked")), denied("tenant_permission.missing")),
                asks(
                    "john",
                    "asks whether he could create datasets",
                    may("john", "dataset.create", "environment:dev").as_of(Point::After("invited")),
                    allowed("authority.environment_invitation"),
                ),
            ],
        ),
    ]
}
