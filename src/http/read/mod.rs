//! Reading: what is there and what happened, live or as of a moment, for those who may see it.

mod ask;
mod bookmark;
mod catalogue;
mod diff;
mod filter;
mod history;
mod issuers;
mod landlord;
mod log;
mod orgs;
mod packs;
mod people;
mod resources;
mod roles;
mod teams;
mod tenants;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, State};
use axum::http::Uri;
use axum::response::Response;
use percent_encoding::percent_decode_str;
use tenure_events::Place;

use super::App;
use super::answer::{Reply, at_leisure};
use super::auth::Caller;
use super::problem::Problem;
use crate::node::Authenticated;

pub use ask::{Ask, Params, is_none, moment};
pub use bookmark::{Bookmark, Bound};
pub use diff::{between, level_name};
pub use filter::{Filter, sees_event};
pub use history::{first, stored};
pub use log::readable;
pub use orgs::status as org_status;
pub use people::status;
pub use tenants::login;

/// A route that reads.
pub struct Read {
    /// Its path.
    pub path: &'static str,
    /// What it answers.
    pub about: &'static str,
    /// Parameters of its query beside those that are known everywhere.
    pub query: &'static [&'static str],
    answer: fn(&Ask<'_>) -> Result<Reply, Problem>,
}

/// Parameters that every reading route knows.
pub const EVERYWHERE: [&str; 5] = ["as_of", "at", "min_position", "limit", "cursor"];

/// Every route that reads.
pub const ROUTES: &[Read] = &[
    Read::new("/v1/whoami", "who you are", catalogue::whoami),
    Read::new("/v1/catalogue", "privileges, user types, roles, kinds of content, settings", catalogue::catalogue),
    Read::new("/v1/settings", "which mechanisms are on", catalogue::settings),
    Read::new("/v1/tenant-permissions", "which teams have which tenant permission", teams::tenant_permissions),
    Read {
        query: &["counts", "for"],
        ..Read::new("/v1/orgs", "orgs that you see; `for=policy`: those whose policy you keep", orgs::list)
    },
    Read { query: &["counts"], ..Read::new("/v1/orgs/{org}", "an org", orgs::one) },
    Read {
        query: &["counts"],
        ..Read::new("/v1/orgs/{org}/children", "the orgs directly below an org", orgs::children)
    },
    Read::new("/v1/orgs/{org}/users", "at home in an org, or members of it", orgs::users),
    Read::new("/v1/orgs/{org}/subscriptions", "the memberships of an org", orgs::subscriptions),
    Read::new("/v1/orgs/{org}/roles", "the roles of an org", orgs::roles),
    Read::new("/v1/orgs/{org}/groups", "the groups of an org, and the teams that are invited to it", teams::groups),
    Read::new(
        "/v1/issuers",
        "identity providers whose tokens sign people in, of orgs whose users you manage",
        issuers::list,
    ),
    Read::new("/v1/orgs/{org}/environments", "the environments of an org", teams::environments),
    Read::new("/v1/orgs/{org}/resources", "the content of an org", orgs::resources),
    Read::new("/v1/orgs/{org}/distributions", "the packs that an org may use", packs::received),
    Read::new("/v1/orgs/{org}/history", "the events of an org", history::of_org),
    Read::new(
        "/v1/orgs/{org}/from-outside",
        "who from elsewhere can work in an org, and what outsiders made for its people; what of it is suspended",
        landlord::from_outside,
    ),
    Read::new("/v1/users/{user}", "a user", people::one),
    Read::new("/v1/users/{user}/orgs", "the orgs that a user can work in", people::orgs),
    Read::new("/v1/users/{user}/subscriptions", "the memberships of a user", people::subscriptions),
    Read::new("/v1/users/{user}/access", "what a user holds in each org, and by which paths", people::access),
    Read::new("/v1/users/{user}/keys", "the API keys of a user", people::keys),
    Read::new("/v1/users/{user}/history", "the events that concern a user", history::of_user),
    Read::new("/v1/groups/{id}", "a group and its members", people::group),
    Read::new("/v1/groups/{id}/history", "the events that concern a group", history::of_group),
    Read::new("/v1/roles/{id}", "a role and its holders", roles::one),
    Read::new("/v1/roles/{id}/history", "the events that concern a role", history::of_role),
    Read::new("/v1/resources/{id}", "a piece of content", resources::one),
    Read::new("/v1/resources/{id}/contents", "what lies directly in a folder", resources::contents),
    Read::new("/v1/resources/{id}/shares", "with whom content is shared", resources::shares),
    Read::new("/v1/resources/{id}/distributions", "which orgs may use a pack", packs::distributions),
    Read::new("/v1/resources/{id}/hand-ons", "whom orgs handed a pack on to", packs::handed_on),
    Read::new("/v1/resources/{id}/row-rules", "by which rows a pack is seen", packs::row_rules),
    Read::new("/v1/resources/{id}/access", "who has content, and at which level", resources::access),
    Read::new("/v1/resources/{id}/history", "the events that concern content", history::of_resource),
    Read::new("/v1/environments/{id}/history", "the events that concern an environment", history::of_environment),
    Read {
        query: &["org", "type", "actor", "subject", "from", "to"],
        ..Read::new("/v1/events", "events, oldest first", history::events)
    },
    Read {
        query: &["from", "to", "org", "user", "resource"],
        ..Read::new("/v1/diff", "who gained and lost what between two moments", diff::diff)
    },
    Read::new("/v1/events/{position}", "one event", history::event),
    Read::new("/v1/orgs/{org}/proof", "how long an org's history is, signed, and the root of its tree", log::of_org),
    Read::new(
        "/v1/log/checkpoint",
        "the size and root of the log's tree, signed: C2SP tlog-checkpoint",
        log::checkpoint,
    ),
    Read::new("/v1/log/keys", "what checkpoints and evidence are verified with", log::keys),
    Read::new("/v1/log/tile/{*path}", "a tile of the log's tree: C2SP tlog-tiles", log::tile),
    Read {
        query: &["position"],
        ..Read::new("/v1/log/proof/inclusion", "the proof that the log has the event of a position", log::inclusion)
    },
    Read {
        query: &["from", "to"],
        ..Read::new("/v1/log/proof/consistency", "the proof that nothing before was changed", log::consistency)
    },
];

impl Read {
    const fn new(path: &'static str, about: &'static str, answer: fn(&Ask<'_>) -> Result<Reply, Problem>) -> Self {
        Self { path, about, query: &[], answer }
    }

    /// Every parameter that its query may have.
    pub fn parameters(&self) -> [&[&'static str]; 2] {
        [&EVERYWHERE, self.query]
    }
}

/// Answers a reading route, on a thread where it may take its time.
pub async fn answer(
    read: &'static Read,
    State(app): State<App>,
    Caller(caller): Caller,
    path: Result<RawPathParams, RawPathParamsRejection>,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::of(&uri, &read.parameters())?;
    app.has_reached("min_position", params.value::<Place>("min_position")?)?;
    let path = path.map_err(|_| Problem::malformed("the path is not UTF-8"))?;
    let id = path.iter().next().map(|(_, id)| id.to_owned()).unwrap_or_default();
    at_leisure(&app.clone(), &caller, move || reply(read, &app, &caller, &params, &id)).await
}

/// The route of a path, and what the path names.
pub fn find(path: &str) -> Option<(&'static Read, String)> {
    ROUTES.iter().find_map(|read| {
        let (mut parts, mut named) = (path.split('/'), String::new());
        for want in read.path.split('/') {
            let part = parts.next()?;
            if want.starts_with('{') {
                named = percent_decode_str(part).decode_utf8().ok()?.into_owned();
            } else if part != want {
                return None;
            }
        }
        parts.next().is_none().then_some((read, named))
    })
}

/// What a route answers the caller.
pub fn reply(read: &Read, app: &App, caller: &Authenticated, params: &Params, id: &str) -> Result<Reply, Problem> {
    (read.answer)(&Ask::new(app.node(), caller, params, read.path, id)?)
}
