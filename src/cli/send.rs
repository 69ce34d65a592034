//! `tenure do`: send a command.

use std::io::Read as _;
use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use super::commands;
use super::failure::{Failure, Result};
use super::output::{Column, field, list, print};
use super::read::columns;
use super::{Format, Global};

/// Send a command.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tenure do create-org --json '{\"id\": \"kickstart\", \"name\": \"KickStart\"}'
  tenure do grant-subscriptions --json @team.json --reason 'new team' --dry-run
  echo '{\"user\": \"sally\", \"name\": \"laptop\"}' | tenure do issue-api-key --json -

The secret of an issued API key is shown this once. `tenure do help` lists the commands, and
`tenure do help COMMAND` shows what one takes.")]
pub struct Do {
    /// The command: create-org, create-user, grant-subscriptions, share, …
    command: String,
    /// After `help`: the command to tell about
    #[arg(hide = true)]
    topic: Option<String>,
    /// Its arguments: a JSON object, @FILE to read it from, or - for standard input
    #[arg(long, value_name = "JSON", default_value = "{}")]
    json: String,
    /// Act in this user's place (needs the privilege act-as)
    #[arg(long = "as", value_name = "USER")]
    on_behalf_of: Option<String>,
    /// The org to act in, where there is a choice
    #[arg(long, value_name = "ORG")]
    acting_org: Option<String>,
    /// Why, in your words: kept sealed with the events
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Show what would happen and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Repeat safely: the same key and arguments happen once
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

impl Do {
    /// Sends it and shows its events.
    pub fn run(self, global: &Global) -> Result<ExitCode> {
        if self.command == "help" {
            print(&commands::help(global.format, self.topic.as_deref())?)?;
            return Ok(ExitCode::SUCCESS);
        }
        if let Some(more) = &self.topic {
            return Err(Failure::new(format!("`{more}` is one word too many")).hint("arguments go into --json"));
        }
        commands::known(&self.command)?;
        let body = self.arguments()?;
        let headers = [
            ("Tenure-On-Behalf-Of", self.on_behalf_of.as_deref()),
            ("Tenure-Acting-Org", self.acting_org.as_deref()),
            ("Tenure-Reason", self.reason.as_deref()),
            ("Idempotency-Key", self.idempotency_key.as_deref()),
        ];
        let query = if self.dry_run { "?dry_run=true" } else { "" };
        let path = format!("/v1/commands/{}{query}", self.command);
        let answer = global.client().post(&path, &headers, &body)?.body;
        print(&self.show(global.format, &answer))?;
        Ok(ExitCode::SUCCESS)
    }

    fn arguments(&self) -> Result<Vec<u8>> {
        let text = match self.json.strip_prefix('@') {
            _ if self.json == "-" => {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text)?;
                text
            }
            Some(file) => {
                std::fs::read_to_string(file).map_err(|error| Failure::new(format!("cannot read `{file}`: {error}")))?
            }
            None => self.json.clone(),
        };
        match serde_json::from_str::<Value>(&text) {
            Ok(Value::Object(_)) => Ok(text.into_bytes()),
            Ok(_) => Err(Failure::new("the arguments are no JSON object").hint("such as '{\"org\": \"kickstart\"}'")),
            Err(error) => Err(Failure::new(format!("the arguments are not JSON: {error}"))
                .hint("quote them for your shell, or use --json @FILE")),
        }
    }

    fn show(&self, format: Format, answer: &Value) -> String {
        let events = answer.get("events").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut text = list(format, columns(format), events, answer);
        if format == Format::Table {
            if self.dry_run {
                text.push_str("nothing was done: this is what would happen\n");
                text.push_str(&list(format, DELTA, &deltas(answer), answer));
                text.push_str(&not_told(answer));
            } else if answer.get("changed").and_then(Value::as_bool) == Some(false) {
                text.push_str("nothing was changed: it is so already\n");
            }
            text.push_str(&left(answer));
            if let Some(token) = answer.get("api_key").and_then(Value::as_str) {
                text.push_str(&format!("API key, shown this once: {token}\n"));
            }
            if let Some(secret) = answer.get("enrolment_secret").and_then(Value::as_str) {
                text.push_str(&format!("enrolment secret, shown this once, for `tenure enrol`: {secret}\n"));
            }
        } else if format != Format::Json {
            // JSON says it itself; these formats hold the events alone.
            eprint!("{}", not_told(answer));
        }
        text
    }
}

/// What a dry run does not tell of who gains or loses what.
fn not_told(answer: &Value) -> String {
    let leaves_out = answer.get("access_delta_leaves_out").and_then(Value::as_array);
    let content = leaves_out.is_some_and(|kinds| kinds.iter().any(|kind| kind == "content"));
    let cut = answer.get("access_delta_complete").and_then(Value::as_bool) == Some(false);
    match (content, cut) {
        (true, _) => "who gains or loses content is not listed: `tenure diff --resource ID` tells it afterwards\n",
        (false, true) => "who gains or loses what is not all of it: more are concerned than are listed\n",
        (false, false) => "",
    }
    .to_owned()
}

/// What a command leaves, and what it exported.
fn left(answer: &Value) -> String {
    let mut text = String::new();
    let mut each = |list: &str, tell: &dyn Fn(&Value) -> String| {
        let items = answer.pointer(list).and_then(Value::as_array);
        items.into_iter().flatten().for_each(|item| text.push_str(&format!("{}\n", tell(item))));
    };
    each("/still_held", &|held| {
        let privileges = match field(held, "privileges") {
            none if none.is_empty() => "can still work".to_owned(),
            some => format!("still holds {some}"),
        };
        format!("`{}` {privileges} in `{}`", field(held, "user"), field(held, "org"))
    });
    each("/foreign_access/from_elsewhere", &|user| {
        format!("`{}`, at home in `{}`, can still work there", field(user, "user"), field(user, "home"))
    });
    each("/foreign_access/sub_tenants", &|org| {
        format!("`{}` is a sub-tenant, whose people read what is shared with it", org.as_str().unwrap_or_default())
    });
    each("/foreign_access/through_sub_tenants", &|user| {
        let (home, orgs) = (field(user, "home"), field(user, "orgs"));
        format!("`{}`, at home in `{home}`, works in a sub-tenant: {orgs}", field(user, "user"))
    });
    each("/foreign_access/made_from_above", &|user| {
        format!("`{}` was made from outside{}", field(user, "user"), by(user))
    });
    each("/foreign_access/issued", &|issued| {
        let of = Some(field(issued, "user")).filter(|user| !user.is_empty());
        let of = of.map(|user| format!(" of `{user}`")).unwrap_or_default();
        let (what, id) = (field(issued, "what").replace('_', " "), field(issued, "id"));
        format!("{what} `{id}`{of} comes from outside{}{}", by(issued), waits(issued))
    });
    if let Some(more) = answer.pointer("/foreign_access/more").and_then(Value::as_u64).filter(|more| *more > 0) {
        text.push_str(&format!("and {more} more\n"));
    }
    if let Some(org) = answer.get("admitted_since").and_then(Value::as_str) {
        text.push_str(&format!("`{org}` has admitted its ancestors since: they are not excluded\n"));
    }
    if let Some(bundle) = answer.get("bundle").and_then(Value::as_str) {
        text.push_str(&format!("bundle: {bundle}\n"));
    }
    text
}

/// By whom something was made, if that is told.
fn by(thing: &Value) -> String {
    let by = Some(field(thing, "by")).filter(|by| !by.is_empty());
    by.map(|by| format!(", by `{by}`")).unwrap_or_default()
}

fn waits(thing: &Value) -> &'static str {
    if thing.get("suspended") == Some(&Value::Bool(true)) { ": suspended until `confirm-credentials`" } else { "" }
}

const DELTA: &[Column] = &[
    Column { title: "user", cell: |delta| field(delta, "user") },
    Column { title: "org", cell: |delta| field(delta, "org") },
    Column { title: "gains", cell: |delta| field(delta, "gained") },
    Column { title: "loses", cell: |delta| field(delta, "lost") },
];

fn deltas(answer: &Value) -> Vec<Value> {
    answer.get("access_delta").and_then(Value::as_array).cloned().unwrap_or_default()
}
