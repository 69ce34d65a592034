//! `tenure history`, `tenure events` and `tenure diff`: what happened.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::failure::{Failure, Result};
use super::output::{Column, Format, clean, field, is_read, list, plain, print};
use super::{Global, Moment};
use crate::client::{Client, ClientError, segment};
use crate::demo::short_kind;

/// What happened to one user, org, group, role or resource.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tenure history user:sally
  tenure history org:kickstart --format csv
  tenure history chart:scores")]
pub struct History {
    /// `user:ID`, `org:ID`, `group:ID`, `role:ID`, or KIND:ID such as `chart:scores`
    entity: String,
}

/// What happened, oldest first; with --follow, also what happens from now on.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tenure events --org kickstart
  tenure events --type privilege.granted,privilege.revoked --from 40 --to 90
  tenure events --actor helen --subject users/sally --format csv
  tenure events --org kickstart --format ndjson >kickstart.ndjson
  tenure events --org kickstart --follow

With --format ndjson each line is an event as it is stored, byte for byte: its hash can be proved.
However many they are, a page of them is in memory. --from the position after the last line goes on.")]
pub struct Events {
    /// Of the history of this org
    #[arg(long, value_name = "ORG")]
    org: Option<String>,
    /// Of this type, such as tenure.user.created.v1 or user.created; several with commas
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// Done by this user
    #[arg(long, value_name = "USER")]
    actor: Option<String>,
    /// About this, such as users/sally
    #[arg(long, value_name = "SUBJECT")]
    subject: Option<String>,
    /// From here on: a position, or an RFC 3339 time
    #[arg(long, value_name = "X")]
    from: Option<Moment>,
    /// Up to here: a position, or an RFC 3339 time
    #[arg(long, value_name = "X", conflicts_with = "follow")]
    to: Option<Moment>,
    /// Stay, and show what happens as it happens
    #[arg(long)]
    follow: bool,
}

/// Who gained and lost what between two moments.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tenure diff --from 71 --to 72 --org kickstart
  tenure diff --from 2026-03-01T00:00:00Z --to 2026-03-02T00:00:00Z --user sally --format csv")]
pub struct Diff {
    /// A position, or an RFC 3339 time
    #[arg(long, value_name = "X")]
    from: Moment,
    /// A position, or an RFC 3339 time; now, unless given
    #[arg(long, value_name = "Y")]
    to: Option<Moment>,
    /// Of everybody in this org; of all orgs that you can work in, unless given
    #[arg(long, value_name = "ORG", conflicts_with = "user")]
    org: Option<String>,
    /// Of this user, everywhere
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// With the level at which they have this resource
    #[arg(long, value_name = "ID")]
    resource: Option<String>,
}

impl History {
    /// Reads and shows it.
    pub fn run(self, global: &Global) -> Result<ExitCode> {
        if global.format == Format::Ndjson {
            return as_stored(&global.client(), &self.path()?, &[]);
        }
        let events = global.client().list(&self.path()?, &[])?;
        print(&list(global.format, columns(global.format), items(&events), &events))?;
        Ok(ExitCode::SUCCESS)
    }
}

impl History {
    /// Where it is read.
    pub fn path(&self) -> Result<String> {
        let Some((kind, id)) = self.entity.split_once(':') else {
            let failure = Failure::new(format!("`{}` is nothing that has a history", self.entity));
            return Err(failure.hint("write `user:ID`, `org:ID`, or KIND:ID such as `chart:scores`"));
        };
        let collection = match kind {
            "user" | "org" | "group" | "role" | "environment" => format!("{kind}s"),
            _ => "resources".to_owned(),
        };
        Ok(format!("/v1/{collection}/{}/history", segment(id)))
    }
}

impl Events {
    /// Reads and shows them.
    pub fn run(self, global: &Global) -> Result<ExitCode> {
        let client = global.client();
        if self.follow {
            return self.stay(&client, global.format);
        }
        if global.format == Format::Ndjson {
            return as_stored(&client, "/v1/events", &self.query());
        }
        let events = client.list("/v1/events", &self.query())?;
        print(&list(global.format, columns(global.format), items(&events), &events))?;
        Ok(ExitCode::SUCCESS)
    }

    fn query(&self) -> Vec<(&'static str, Option<&str>)> {
        vec![
            ("org", self.org.as_deref()),
            ("type", self.kind.as_deref()),
            ("actor", self.actor.as_deref()),
            ("subject", self.subject.as_deref()),
            ("from", self.from.as_ref().map(Moment::as_str)),
            ("to", self.to.as_ref().map(Moment::as_str)),
        ]
    }

    /// Until the reader has enough. A stream that breaks off is taken up where it ended.
    fn stay(&self, client: &Client, format: Format) -> Result<ExitCode> {
        let query = self.query();
        let mut last = None;
        let mut written = Ok(true);
        if format == Format::Csv {
            print(&list(format, WHOLE, &[], &Value::Null))?;
        }
        loop {
            let seen = client.follow("/v1/events/stream", &query, last.clone(), |data| {
                written = line(format, data).and_then(|line| Ok(is_read(&line)?));
                matches!(written, Ok(true))
            });
            match std::mem::replace(&mut written, Ok(true)) {
                Ok(true) => {}
                Ok(false) => return Ok(ExitCode::SUCCESS),
                Err(failure) => return Err(failure),
            }
            match seen {
                Ok(seen) => last = seen,
                Err(error @ ClientError::Unreachable { .. }) if last.is_some() => eprintln!("{error}: trying again"),
                Err(error) => return Err(error.into()),
            }
            std::thread::sleep(Duration::from_secs(1));
        }
    }
}

impl Diff {
    /// Reads and shows it.
    pub fn run(self, global: &Global) -> Result<ExitCode> {
        let query = [
            ("from", Some(self.from.as_str())),
            ("to", self.to.as_ref().map(Moment::as_str)),
            ("org", self.org.as_deref()),
            ("user", self.user.as_deref()),
            ("resource", self.resource.as_deref()),
        ];
        let changes = global.client().list("/v1/diff", &query)?;
        print(&list(global.format, DIFF, items(&changes), &changes))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Writes events as they are stored, byte for byte, one a line. A page of them is in memory at a time.
fn as_stored(client: &Client, path: &str, query: &[(&str, Option<&str>)]) -> Result<ExitCode> {
    let (mut last, mut written) = (None, Ok(true));
    let read = client.pages(path, query, |events| {
        let lines = events.iter().fold(String::new(), |lines, event| lines + event.get() + "\n");
        written = is_read(&lines);
        if let Some(event) = events.last() {
            last = serde_json::from_str::<Value>(event.get()).ok().map(|event| field(&event, "position"));
        }
        matches!(written, Ok(true))
    });
    written?;
    read.map(|()| ExitCode::SUCCESS).map_err(|error| {
        let failure = Failure::from(error);
        match last.and_then(|last| last.parse::<u64>().ok()) {
            Some(last) => failure.hint(format!("all up to position {last} is written: go on after it")),
            None => failure,
        }
    })
}

/// The columns of events for people: the first of them all.
pub const EVENTS: &[Column] = WHOLE.split_at(7).0;

/// The columns of events for programs: all that an event states stands in one of them.
const WHOLE: &[Column] = &[
    Column { title: "position", cell: |event| field(event, "position") },
    Column { title: "time", cell: |event| field(event, "time") },
    Column { title: "event", cell: |event| short_kind(&field(event, "type")).to_owned() },
    Column { title: "subject", cell: |event| field(event, "subject") },
    Column { title: "org", cell: |event| field(event, "org") },
    Column { title: "actor", cell: |event| field(event, "actor") },
    Column { title: "what", cell: what },
    Column { title: "on_behalf_of", cell: |event| field(event, "onbehalfof") },
    Column { title: "command", cell: |event| field(event, "commandname") },
    Column { title: "reason", cell: |event| field(event, "reason") },
    Column { title: "id", cell: |event| field(event, "id") },
    Column { title: "command_id", cell: |event| field(event, "command") },
    Column { title: "org_sequence", cell: |event| field(event, "orgsequence") },
    Column { title: "twin_of", cell: |event| field(event, "twinof") },
    Column { title: "correlation", cell: |event| field(event, "correlation") },
    Column { title: "causation", cell: |event| field(event, "causation") },
    Column { title: "type", cell: |event| field(event, "type") },
    Column { title: "source", cell: |event| field(event, "source") },
    Column { title: "specversion", cell: |event| field(event, "specversion") },
    Column { title: "datacontenttype", cell: |event| field(event, "datacontenttype") },
    Column { title: "command_index", cell: |event| field(event, "commandindex") },
    Column { title: "command_count", cell: |event| field(event, "commandcount") },
    Column { title: "body_hash", cell: |event| field(event, "bodyhash") },
    Column { title: "prev", cell: |event| field(event, "prev") },
    Column { title: "data", cell: |event| event.get("data").map(Value::to_string).unwrap_or_default() },
];

/// What is shown of events: to people what they read, to programs every fact.
pub const fn columns(format: Format) -> &'static [Column] {
    match format {
        Format::Csv => WHOLE,
        Format::Table | Format::Json | Format::Ndjson => EVENTS,
    }
}

const DIFF: &[Column] = &[
    Column { title: "what", cell: |change| field(change, "what") },
    Column { title: "user", cell: |change| field(change, "user") },
    Column { title: "org", cell: |change| field(change, "org") },
    Column { title: "resource", cell: |change| field(change, "resource") },
    Column { title: "gained", cell: |change| field(change, "gained") },
    Column { title: "lost", cell: |change| field(change, "lost") },
];

fn items(list: &Value) -> &[Value] {
    list.get("items").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// What an event says, in short: its data, without what stands in the other columns, what is sealed, and hashes.
fn what(event: &Value) -> String {
    let subject = field(event, "subject");
    let id = subject.rsplit_once('/').map_or("", |(_, id)| id);
    let org = field(event, "org");
    let mut parts: Vec<String> = event.get("twinof").map(|of| format!("twin of {}", plain(of))).into_iter().collect();
    let data = event.get("data").and_then(Value::as_object).into_iter().flatten();
    let told = data.filter(|(name, value)| *name != "hash" && *value != id && *value != org.as_str());
    let changed = event.pointer("/data/privileges").is_some();
    parts.extend(told.filter(|(name, _)| !(changed && *name == "subscription")).filter_map(|(name, value)| {
        let text = short(name, value)?;
        Some(if ["privileges", "subscription"].contains(&name.as_str()) { text } else { format!("{name} {text}") })
    }));
    parts.join("; ")
}

fn short(name: &str, value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) if text.starts_with("sealed:") => None,
        Value::Array(items) if items.len() > 4 => {
            let of = if name == "privileges" { name } else { "in all" };
            Some(format!("{} {of}", items.len()))
        }
        Value::Object(fields) => {
            let fields = fields.iter().filter_map(|(name, value)| {
                let text = short(name, value).filter(|text| !text.is_empty())?;
                Some(if text.ends_with(name.as_str()) { text } else { format!("{} {text}", name.replace('_', " ")) })
            });
            Some(fields.collect::<Vec<_>>().join(", "))
        }
        Value::Array(_) | Value::String(_) | Value::Bool(_) | Value::Number(_) => Some(plain(value)),
    }
}

/// One event of a stream, on a line of its own.
fn line(format: Format, data: &str) -> Result<String> {
    let event: Value = serde_json::from_str(data)
        .map_err(|error| Failure::new(format!("the node sent an event that is no JSON: {error}")))?;
    Ok(match format {
        Format::Json | Format::Ndjson => format!("{data}\n"),
        Format::Csv => {
            let text = list(format, WHOLE, std::slice::from_ref(&event), &event);
            text.split_once("\r\n").map_or(String::new(), |(_, row)| row.to_owned())
        }
        Format::Table => {
            let cell = |title: &str| {
                let column = EVENTS.iter().find(|column| column.title == title);
                column.map(|column| clean(&(column.cell)(&event))).unwrap_or_default()
            };
            let [position, time, kind] = ["position", "time", "event"].map(cell);
            let [subject, org, actor, what] = ["subject", "org", "actor", "what"].map(cell);
            format!("{position:>6}  {time}  {kind:<22} {subject:<24} {org:<12} {actor:<12} {what}\n")
        }
    })
}
