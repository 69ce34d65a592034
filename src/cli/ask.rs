//! `tenure check` and `tenure whoami`: ask the judge.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Map, Value, json};

use super::failure::{Failure, Result};
use super::output::{Column, Format, Paint, clean, field, list, print, record};
use super::{Global, Moment};

/// Ask whether somebody may do something, now or as of any moment before.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tenure check sally connection.edit org:kickstart
  tenure check user:jane view chart:scores --acting-org educate --explain
  tenure check sally connection.edit org:kickstart --as-of 71 --explain
  tenure check group:accountants chart.edit org:kickstart
  tenure check tim user.manage org:learnstars --at 2030-03-01T17:00:00Z

Exit status: 0 allowed, 1 denied, 2 no answer: what is asked about is not there, or you may not ask.")]
pub struct Check {
    /// Who: `sally` or `user:sally`, `group:ID`, or `key:ID` for an API key
    subject: String,
    /// What: a privilege, or one of view, use, copy, edit, manage
    action: String,
    /// With what: `org:ID`, or KIND:ID such as `chart:scores`
    resource: String,
    /// As it was known then: a position, or an RFC 3339 time
    #[arg(long, value_name = "X")]
    as_of: Option<Moment>,
    /// What is valid at another time, as things stand: RFC 3339
    #[arg(long, value_name = "T")]
    at: Option<String>,
    /// The org that they act in, where there is a choice
    #[arg(long, value_name = "ORG")]
    acting_org: Option<String>,
    /// Say why, with the events that made it so
    #[arg(long)]
    explain: bool,
}

/// Show who the API key speaks for.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tenure whoami --format json")]
pub struct Whoami {}

impl Check {
    /// Asks, shows the answer, and says it by the exit status.
    pub fn run(self, global: &Global) -> Result<ExitCode> {
        let body = self.question()?;
        let answer = global.client().post("/access/v1/evaluation", &[], body.to_string().as_bytes())?.body;
        let Some(allowed) = answer.get("decision").and_then(Value::as_bool) else {
            return Err(Failure::new("the answer has no `decision`").hint("see that --url names a Tenure node"));
        };
        let context = answer.get("context").unwrap_or(&Value::Null);
        let reasons = context.get("reasons").and_then(Value::as_array).cloned().unwrap_or_default();
        let text = match global.format {
            Format::Table => self.sentence(allowed, context) + &reasons.iter().map(reason).collect::<String>(),
            Format::Ndjson => format!("{answer}\n"),
            Format::Json => list(global.format, REASONS, &reasons, &answer),
            Format::Csv => {
                let decision = if allowed { "allow" } else { "deny" };
                let rows = if reasons.is_empty() { vec![json!({})] } else { reasons };
                let rows: Vec<Value> = rows.into_iter().map(|reason| with(reason, "decision", decision)).collect();
                list(global.format, REASONS, &rows, &answer)
            }
        };
        let no_answer = self.no_answer(context).filter(|_| !allowed);
        // To people a denial is one only where it answers the question.
        if no_answer.is_none() || global.format != Format::Table {
            print(&text)?;
        }
        match no_answer {
            Some(failure) => Err(failure),
            None => Ok(if allowed { ExitCode::SUCCESS } else { ExitCode::from(1) }),
        }
    }

    /// Why a denial says nothing of what was asked.
    fn no_answer(&self, context: &Value) -> Option<Failure> {
        let reasons = context.get("reasons").and_then(Value::as_array)?;
        let code =
            reasons.iter().map(|reason| field(reason, "code")).find(|code| UNANSWERED.contains(&code.as_str()))?;
        let failure = match code.as_str() {
            "standing.user_unknown" => Failure::new(format!("there is no `{}`, or you may not see it", self.subject)),
            "resource.unknown" => Failure::new(format!("there is no `{}`, or you may not see it", self.resource)),
            "action.unknown" => {
                Failure::new(format!("`{}` is nothing that is done with `{}`", self.action, self.resource))
            }
            _ => Failure::new(format!("you may not ask about `{}` and `{}`", self.subject, self.resource)),
        };
        Some(failure.hint("see that the ids are right: what you may not see is not there for you"))
    }

    /// The question, as a node takes it.
    pub fn question(&self) -> Result<Value> {
        let (of, who) = match self.subject.split_once(':') {
            Some(("user", id)) => ("user", id),
            Some(("group", id)) => ("group", id),
            Some(("key" | "api_key", id)) => ("api_key", id),
            // Ids may have colons.
            Some(_) | None => ("user", self.subject.as_str()),
        };
        let Some((kind, id)) = self.resource.split_once(':') else {
            let failure = Failure::new(format!("`{}` is no resource", self.resource));
            return Err(failure.hint("write `org:ID`, or KIND:ID such as `chart:scores`"));
        };
        let mut context = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                context.insert(name.to_owned(), value);
            }
        };
        put("acting_org", self.acting_org.as_deref().map(Value::from));
        put("as_of", self.as_of.as_ref().map(|moment| Value::from(moment.as_str())));
        put("at", self.at.as_deref().map(Value::from));
        put("explain", self.explain.then_some(Value::Bool(true)));
        Ok(json!({
            "subject": { "type": of, "id": who },
            "action": { "name": self.action },
            "resource": { "type": kind, "id": id },
            "context": context,
        }))
    }

    fn sentence(&self, allowed: bool, context: &Value) -> String {
        let paint = Paint::stdout();
        let decision = if allowed { paint.good("allow") } else { paint.held("deny") };
        let position = context.get("position").map(|position| format!("  (position {position})")).unwrap_or_default();
        format!("{decision}  {} {} {}{}\n", self.subject, self.action, self.resource, paint.dim(&position))
    }
}

impl Whoami {
    /// Shows it.
    pub fn run(self, global: &Global) -> Result<ExitCode> {
        let answer = global.client().get("/v1/whoami", &[])?.body;
        let fields = answer.as_object().into_iter().flatten();
        let fields: Vec<(&str, Value)> = fields.map(|(name, value)| (name.as_str(), value.clone())).collect();
        print(&record(global.format, &fields))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Denials that say nothing of what was asked.
const UNANSWERED: [&str; 4] = ["standing.user_unknown", "resource.unknown", "action.unknown", "caller.not_permitted"];

const REASONS: &[Column] = &[
    Column { title: "decision", cell: |reason| field(reason, "decision") },
    Column { title: "code", cell: |reason| field(reason, "code") },
    Column { title: "detail", cell: |reason| field(reason, "detail") },
    Column { title: "events", cell: |reason| field(reason, "events") },
];

fn reason(reason: &Value) -> String {
    let events = field(reason, "events");
    let cited = if events.is_empty() { String::new() } else { format!("  events {events}") };
    format!("  {}: {}{cited}\n", clean(&field(reason, "code")), clean(&field(reason, "detail")))
}

fn with(mut item: Value, name: &str, value: &str) -> Value {
    if let Some(object) = item.as_object_mut() {
        object.insert(name.to_owned(), Value::from(value));
    }
    item
}
