//! Two tenants side by side below the root, and all sorts of people.

use serde_json::json;

use super::server::Server;

/// A platform with people in it.
pub struct World {
    pub server: Server,
    /// Manages the platform, and is no member of the tenants.
    pub platform: String,
    /// A program of the platform's that may ask what anybody may do.
    pub service: String,
    /// Administrator of `educate`.
    pub helen: String,
    /// Member of `educate`: in the group `team`, with the role `readers`, sees the chart `scores`.
    pub mike: String,
    /// The id of Mike's key.
    pub mikes_key: String,
    /// At home in `kickstart`, subscribed to `educate` as a viewer.
    pub fay: String,
    /// Administrator of `kickstart`.
    pub nora: String,
    /// Administrator of `lone`.
    pub luke: String,
    /// At home in `lone`, with nothing.
    pub sam: String,
    /// Of `educate`, disabled.
    pub dora: String,
}

impl World {
    /// Makes it.
    pub fn new() -> Self {
        Self::made(|_, _| {})
    }

    /// The same; before who manages the platform leaves the tenants, they do something more.
    pub fn made(more: impl FnOnce(&Server, &str)) -> Self {
        let server = Server::memory();
        let admin = server.admin.clone();
        let service = server.user(&admin, "service", "root", "administrator", json!(["access.check"]));
        for org in ["educate", "kickstart", "lone"] {
            server.done(&admin, "create-org", json!({"id": org, "name": org}));
            let me = json!({"org": org, "users": ["admin"], "user_type": "administrator", "privileges": "all"});
            server.done(&admin, "grant-subscriptions", me);
        }
        let user = |id, org, user_type, privileges| server.user(&admin, id, org, user_type, privileges);
        let helen = user("helen", "educate", "administrator", json!("all"));
        let nora = user("nora", "kickstart", "administrator", json!("all"));
        let luke = user("luke", "lone", "administrator", json!("all"));
        let mike = user("mike", "educate", "member", json!(["chart.create", "chart.edit"]));
        let dora = user("dora", "educate", "member", json!([]));
        let fay = user("fay", "kickstart", "member", json!([]));
        let sam = user("sam", "lone", "member", json!([]));
        let foreign = json!({"org": "educate", "users": ["fay"], "user_type": "viewer", "privileges": []});
        server.done(&admin, "grant-subscriptions", foreign);
        more(&server, &admin);
        for org in ["educate", "kickstart", "lone"] {
            server.done(&admin, "withdraw-subscription", json!({"org": org, "user": "admin"}));
        }
        let mikes_key = server.get(&mike, "/v1/whoami").json()["key"].as_str().unwrap().to_owned();
        let world = Self { platform: admin, service, helen, mike, mikes_key, fay, nora, luke, sam, dora, server };
        world.furnish();
        world
    }

    fn furnish(&self) {
        let helen = |name, body| self.server.done(&self.helen, name, body);
        self.server.done(&self.platform, "create-group", json!({"id": "world", "name": "World"}));
        helen("create-group", json!({"id": "team", "org": "educate", "name": "Team"}));
        helen("add-group-members", json!({"group": "team", "users": ["mike"]}));
        helen("define-role", json!({"id": "readers", "org": "educate", "name": "Readers"}));
        helen("assign-role", json!({"role": "readers", "users": ["mike"], "groups": []}));
        helen("create-resource", json!({"id": "folder", "org": "educate", "kind": "folder", "name": "Folder"}));
        for chart in ["scores", "secret"] {
            let chart = json!({"id": chart, "org": "educate", "kind": "chart", "name": chart, "parent": "folder"});
            helen("create-resource", chart);
        }
        helen("share", json!({"resource": "scores", "with": {"role": "readers"}, "level": "view"}));
        helen("link-identity", json!({"user": "mike", "issuer": "https://idp.example", "subject": "m"}));
        helen("link-environment", json!({"id": "lab", "org": "educate", "name": "Lab"}));
        helen(
            "invite-group",
            json!({"group": "team", "org": "educate", "environment": "lab", "privileges": ["chart.share"]}),
        );
        helen("disable-user", json!({"user": "dora"}));
        let nora = |name, body| self.server.done(&self.nora, name, body);
        nora("create-resource", json!({"id": "other", "org": "kickstart", "kind": "chart", "name": "Other"}));
    }
}
