//! Tenants as those who run the platform see them, and how people sign in.

use axum::extract::State;
use axum::http::Uri;
use serde::Serialize;
use tenure_events::Time;
use tenure_events::data::LoginAddress;
use tenure_projections::judge;
use tenure_projections::values::{Counts, OrgNo};

use super::super::App;
use super::super::answer::Reply;
use super::super::problem::Problem;
use super::ask::{Ask, Params};

/// What an org may be, for those who manage it.
#[derive(Serialize)]
pub struct Licence<'a> {
    trial: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    users: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<Time>,
    over: bool,
}

impl<'a> Licence<'a> {
    /// As the caller is told.
    pub fn of(ask: &Ask<'a>, org: OrgNo) -> Option<Self> {
        if !judge::manages(&ask.live, &ask.viewer, org) {
            return None;
        }
        let licence = &ask.view.licence(org)?.value;
        let over = licence.window.is_over(ask.view.instant());
        let (trial, id, users, valid_until) = (licence.trial, &licence.id, licence.users, licence.window.until());
        Some(Self { trial, id, users, valid_until, over })
    }
}

/// How much there is in an org, if the caller wants to know and manages it. An org that excludes its ancestors leaves
/// them this much.
pub fn counts(ask: &Ask<'_>, org: OrgNo) -> Result<Option<Counts>, Problem> {
    let wanted = ask.params.value::<bool>("counts")?.unwrap_or(false);
    Ok((wanted && judge::manages(&ask.live, &ask.viewer, org)).then(|| ask.view.counts(org)))
}

#[derive(Serialize)]
struct Login<'a> {
    methods: Vec<&'a str>,
    /// Which address people are led to.
    default: LoginAddress,
    addresses: Addresses,
}

/// Where people sign in; whichever is the default, both are valid.
#[derive(Serialize)]
struct Addresses {
    platform: &'static str,
    tenant: &'static str,
}

/// `GET /v1/login`, open to everybody: the ways by which people and programs prove who they are. An org that says
/// nothing of its own, or that is not there, has what the platform says: nobody learns here which orgs there are.
pub async fn login(State(app): State<App>, uri: Uri) -> Result<Reply, Problem> {
    let params = Params::of(&uri, &[&["org"]])?;
    let view = app.node().live();
    let configured = view.login(params.text("org").and_then(|org| view.find_org(org))).map(|login| &login.value);
    let methods =
        configured.map_or_else(|| vec!["api_key"], |login| login.methods.iter().map(String::as_str).collect());
    let default = configured.map_or(LoginAddress::Platform, |login| login.default);
    let addresses = Addresses { platform: "/login", tenant: "/tenant-login" };
    Reply::json(view.position(), &Login { methods, default, addresses })
}
