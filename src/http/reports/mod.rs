//! Reports: what auditors ask for by name, row by row, as of any moment. A report is made page by page, each page within the
//! turn of its reader, so that one of a million rows takes the memory of a page and does not hold up other callers.

mod acts;
mod changes;
mod people;
mod reading;
mod row;
mod standing;
mod written;

use std::io;

use axum::body::Body;
use axum::extract::{RawPathParams, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::stream;
use serde::Serialize;
use serde_json::Value;
use tenure_events::{Place, Position, Time};

use super::App;
use super::answer::{POSITION, Reply};
use super::auth::Caller;
use super::problem::Problem;
use super::read::{Ask, Bookmark, Params};
use crate::command::did_you_mean;
use crate::node::Authenticated;
use reading::Reading;
use row::Row;
use written::{Form, Written};

/// A report.
pub struct Report {
    /// What it is asked for by.
    pub name: &'static str,
    /// What it answers.
    pub about: &'static str,
    /// Parameters that it takes beside those of all reports; those that end with `!` it needs.
    pub takes: &'static [&'static str],
    /// The columns that it fills.
    pub columns: &'static [&'static str],
    rows: for<'a> fn(&Reading<'a>) -> Result<Rows<'a>, Problem>,
}

/// Some rows, and where the report goes on after them.
struct Rows<'a> {
    rows: Vec<Row<'a>>,
    /// How many people there are on the page whom the reader does not see.
    hidden: usize,
    next: Option<String>,
}

/// Parameters that every report knows.
pub const EVERYWHERE: [&str; 4] = ["as_of", "at", "min_position", "format"];

/// Parameters that some report knows.
pub const SOME: [&str; 10] = ["org", "user", "resource", "privilege", "and", "from", "to", "actor", "before", "until"];

/// How many rows are made at a time.
const PAGE: usize = 500;

/// The columns of what people hold, a path a row.
const HELD: &[&str] =
    &["user", "name", "home", "privileges", "path", "role", "events", "until", "position", "time", "by", "reason"];

/// Every report.
pub const REPORTS: &[Report] = &[
    Report {
        name: "access",
        about: "who has a privilege in an org, can work in it, or has content: by which path, from whom, and why",
        takes: &["org", "privilege", "resource"],
        columns: &[
            "user", "name", "home", "level", "path", "detail", "events", "until", "position", "time", "by", "reason",
        ],
        rows: people::access,
    },
    Report {
        name: "person",
        about: "everything that a person can do: privileges in each org, and content, each by its path",
        takes: &["user!"],
        columns: &[
            "what",
            "org",
            "privileges",
            "kind",
            "resource",
            "level",
            "path",
            "detail",
            "role",
            "events",
            "until",
            "position",
            "time",
            "by",
            "reason",
        ],
        rows: people::person,
    },
    Report {
        name: "entitlements",
        about: "everybody who can work in an org, with all that they hold there, each by its path",
        takes: &["org!"],
        columns: &[
            "user",
            "name",
            "home",
            "privileges",
            "path",
            "detail",
            "role",
            "events",
            "until",
            "position",
            "time",
            "by",
            "reason",
        ],
        rows: people::entitlements,
    },
    Report {
        name: "privileged",
        about: "who holds administrative privileges in an org, until when, and who gave them",
        takes: &["org!"],
        columns: HELD,
        rows: people::privileged,
    },
    Report {
        name: "from-outside",
        about: "who from another home can work in an org, by which path, and since when",
        takes: &["org!"],
        columns: HELD,
        rows: people::from_outside,
    },
    Report {
        name: "conflicts",
        about: "segregation of duties: who holds two privileges of an org together, since when, and by whose act",
        takes: &["org!", "privilege!", "and!"],
        columns: &[
            "what",
            "user",
            "name",
            "privileges",
            "path",
            "role",
            "events",
            "position",
            "time",
            "by",
            "command",
            "reason",
        ],
        rows: people::conflicts,
    },
    Report {
        name: "changes",
        about: "who gained or lost what between two moments, and by whose command",
        takes: &["org", "user", "resource", "from!", "to"],
        columns: &[
            "what",
            "user",
            "org",
            "resource",
            "gained",
            "lost",
            "position",
            "time",
            "by",
            "on_behalf_of",
            "command",
            "reason",
        ],
        rows: changes::changes,
    },
    Report {
        name: "joiners-movers-leavers",
        about: "who came to an org, left it, or holds something else in it than before; with the minutes that leaving took",
        takes: &["org!", "from!", "to"],
        columns: &[
            "what",
            "user",
            "name",
            "home",
            "gained",
            "lost",
            "minutes",
            "position",
            "time",
            "by",
            "on_behalf_of",
            "command",
            "reason",
        ],
        rows: changes::movers,
    },
    Report {
        name: "dormant",
        about: "who of an org may sign in and has not for 90 days, or since `before`; with the keys that they have",
        takes: &["org!", "before"],
        columns: &["what", "user", "name", "key", "signed_in", "until", "position"],
        rows: standing::dormant,
    },
    Report {
        name: "expiring",
        about: "memberships, roles, shares and keys of an org that end within 30 days, or before `until`",
        takes: &["org!", "until"],
        columns: &[
            "what", "user", "group", "role", "kind", "resource", "key", "until", "position", "time", "by", "reason",
        ],
        rows: standing::expiring,
    },
    Report {
        name: "orphans",
        about: "groups without members, roles that nobody has, and content whose maker cannot act any more",
        takes: &["org!"],
        columns: &["what", "group", "role", "kind", "resource", "user", "status", "position"],
        rows: standing::orphans,
    },
    Report {
        name: "acts",
        about: "what was done in an org, by whom, by which command, and why; perhaps of one actor",
        takes: &["org!", "actor", "from", "to"],
        columns: &["sequence", "position", "time", "event", "subject", "by", "on_behalf_of", "command", "reason"],
        rows: acts::acts,
    },
    Report {
        name: "erasures",
        about: "whose personal data was erased in an org, when, and by whom",
        takes: &["org!", "from", "to"],
        columns: &["sequence", "position", "time", "subject", "by", "command", "reason"],
        rows: acts::erasures,
    },
    Report {
        name: "completeness",
        about: "the history of an org by its numbers, 1 to the last: a number that is missing is said",
        takes: &["org!"],
        columns: &["what", "sequence", "position", "time", "event"],
        rows: acts::completeness,
    },
];

#[derive(Serialize)]
struct Listed {
    name: &'static str,
    about: &'static str,
    needs: Vec<&'static str>,
    takes: Vec<&'static str>,
    columns: &'static [&'static str],
}

impl Report {
    /// The parameters that it knows, and whether it needs each.
    pub fn parameters(&self) -> impl Iterator<Item = (&'static str, bool)> {
        self.takes.iter().map(|name| name.strip_suffix('!').map_or((*name, false), |name| (name, true)))
    }
}

/// `GET /v1/reports`.
pub async fn list(State(app): State<App>, Caller(_): Caller) -> Result<Response, Problem> {
    let listed = |report: &Report| {
        let (needs, takes): (Vec<_>, Vec<_>) = report.parameters().partition(|(_, needed)| *needed);
        let names = |parameters: Vec<(&'static str, bool)>| parameters.into_iter().map(|(name, _)| name).collect();
        Listed {
            name: report.name,
            about: report.about,
            needs: names(needs),
            takes: names(takes),
            columns: report.columns,
        }
    };
    let items: Vec<_> = REPORTS.iter().map(listed).collect();
    let position = app.node().state().durable();
    Ok(Reply::json(position, &serde_json::json!({ "items": items, "next_cursor": null, "position": position }))?
        .into_response())
}

/// `GET /v1/reports/{name}`.
pub async fn get(
    State(app): State<App>,
    Caller(caller): Caller,
    path: RawPathParams,
    uri: Uri,
) -> Result<Response, Problem> {
    let name = path.iter().next().map_or("", |(_, name)| name);
    let report = REPORTS.iter().find(|report| report.name == name).ok_or_else(|| {
        let meant = did_you_mean(name, REPORTS.iter().map(|report| report.name));
        Problem::new(StatusCode::NOT_FOUND, "report.unknown", format!("there is no report `{name}`{meant}"))
    })?;
    let takes: Vec<&str> = report.parameters().map(|(name, _)| name).collect();
    let params = Params::of(&uri, &[&EVERYWHERE, &takes])?;
    if let Some((missing, _)) = report.parameters().find(|(name, needed)| *needed && params.text(name).is_none()) {
        return Err(Problem::malformed(format!("`{missing}` is missing: the report `{name}` needs it")));
    }
    app.has_reached("min_position", params.value::<Place>("min_position")?)?;
    let form = params.value("format")?.unwrap_or(Form::Json);
    let making = Making { app, caller, report, params, moment: None, written: Written::new(form, report.columns) };
    let (first, going_on) = page(making, None).await?;
    let position = first.position;
    let rest = stream::unfold(going_on, async |state| {
        let (making, next) = state?;
        match page(making, Some(next)).await {
            Ok((chunk, going_on)) => Some((Ok(chunk.bytes), going_on)),
            // Cut off, the answer is seen to be no whole one.
            Err(problem) => Some((Err(io::Error::other(problem.detail().to_owned())), None)),
        }
    });
    let whole = futures::StreamExt::chain(stream::iter([Ok::<Bytes, io::Error>(first.bytes)]), rest);
    let mut response = Body::from_stream(whole).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(form.content_type()));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(POSITION, position.into());
    Ok(response)
}

/// A report in the making.
struct Making {
    app: App,
    caller: Authenticated,
    report: &'static Report,
    params: Params,
    /// The moment that all its pages are of, once the first is there.
    moment: Option<(Position, Time)>,
    written: Written,
}

/// A part of a report as it is sent, and the position that it is of.
struct Chunk {
    bytes: Bytes,
    position: Position,
}

/// Makes the next page, and says from where the report goes on.
async fn page(making: Making, next: Option<String>) -> Result<(Chunk, Option<(Making, String)>), Problem> {
    let turn = making.app.turn(&making.caller).await?;
    let work = move || {
        // Held until the page is made, also if the reader has gone.
        let _turn = turn;
        making.page(next)
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "a report was not finished");
        Problem::internal()
    })?
}

impl Making {
    fn page(mut self, next: Option<String>) -> Result<(Chunk, Option<(Self, String)>), Problem> {
        let app = self.app.clone();
        let node = app.node();
        // A reader whose credential ends while the report is made gets no more of it.
        if !node.stands(&node.live(), &self.caller) {
            return Err(Problem::unauthenticated());
        }
        let ask = Ask::new(node, &self.caller, &self.params, "/v1/reports", self.report.name)?.limit(PAGE);
        let ask = match (self.moment, &next) {
            (Some((position, instant)), Some(next)) => ask.going_on(Bookmark::at(position, instant, next))?,
            (Some(_) | None, _) => ask,
        };
        let moment = (ask.view.position(), ask.view.instant());
        let reading = Reading::new(&ask);
        let Rows { rows, hidden, next } = (self.report.rows)(&reading)?;
        self.written.rows(&rows, hidden)?;
        self.moment = Some(moment);
        if next.is_none() {
            self.written.end(self.report.name, &self.parameters(), moment.0, moment.1)?;
        }
        let chunk = Chunk { bytes: self.written.taken(), position: moment.0 };
        Ok((chunk, next.map(|next| (self, next))))
    }

    fn parameters(&self) -> serde_json::Map<String, Value> {
        let names = EVERYWHERE.into_iter().chain(self.report.parameters().map(|(name, _)| name));
        let given = names.filter(|name| *name != "format").filter_map(|name| Some((name, self.params.text(name)?)));
        given.map(|(name, text)| (name.to_owned(), Value::from(text))).collect()
    }
}
