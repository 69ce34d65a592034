//! `tenure doctor`: whether all is well with a data folder, a node and the feed, and what to do where it is not.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::Global;
use super::failure::Result;
use super::feed::Nats;
use super::output::{Column, field, list, print};
use crate::client::{Answer, Client, ClientError};
use crate::clock::Clock;
use crate::node::{self, Examination};
use crate::publish::{self, Look};

/// Look whether all is well with a data folder, a node, and the feed on NATS.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tenure doctor
  tenure doctor --data ./data --nats nats://127.0.0.1:4222 --format json

Looks at the node that --url names, at the folder that --data names, and at the stream that the
--nats options name, which is compared with the log if --data is given. Writes to none of them.
Exit status: 0 all is well, 1 something is not, 2 it cannot be looked at.")]
pub struct Doctor {
    /// The folder of a platform, whether a node uses it or not
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    nats: Nats,
}

/// What was looked at, in order.
#[derive(Default)]
struct Findings(Vec<Value>);

/// How a thing is.
#[derive(Clone, Copy)]
enum Verdict {
    /// As it should be.
    Well,
    /// To be known.
    Note,
    /// Not as it should be.
    Bad,
}

/// Below so much free space a disk is told of: some millions of events.
const ROOM: u64 = 1 << 30;

/// Below so many positions, or seconds, a feed does not lag: it only works.
const LAG: (u64, f64) = (10_000, 10.0);

impl Doctor {
    /// Looks, and tells what was found.
    pub fn run(self, global: &Global) -> Result<ExitCode> {
        let mut findings = Findings::default();
        let nats = self.nats.options()?;
        let stream = nats.as_ref().map(|options| options.stream().to_owned()).unwrap_or_default();
        // The node first, which may only just begin to publish; the folder last: a log that is opened later than the stream was
        // looked at has all that the stream had.
        let client = global.client();
        let ready = readiness(&client);
        let look = nats.map(Look::at);
        let folder = self.data.as_deref().and_then(|data| look_at_folder(data, &mut findings));
        let must_run = folder.as_ref().is_none_or(|folder| folder.in_use);
        look_at_node(ready, client.url(), must_run, &mut findings);
        if let Some(look) = look {
            let log = folder.as_ref().and_then(|folder| folder.log.as_ref().ok()).map(|(log, _)| log);
            look_at_feed(&stream, &look.examine(log), log.map(|log| log.head()), &mut findings);
        }
        let Findings(checks) = findings;
        let is_bad = checks.iter().any(|check| field(check, "verdict") == Verdict::Bad.name());
        let verdict = if is_bad { "something is wrong" } else { "all is well" };
        let whole = json!({ "verdict": verdict, "checks": checks });
        print(&list(global.format, COLUMNS, &checks, &whole))?;
        Ok(if is_bad { ExitCode::from(1) } else { ExitCode::SUCCESS })
    }
}

const COLUMNS: &[Column] = &[
    Column { title: "check", cell: |check| field(check, "check") },
    Column { title: "verdict", cell: |check| field(check, "verdict") },
    Column { title: "detail", cell: |check| field(check, "detail") },
];

fn look_at_folder(path: &Path, findings: &mut Findings) -> Option<Examination> {
    let found = match node::examine(path, &Clock::system()) {
        Ok(found) => found,
        Err(error) => {
            findings.add("folder", Verdict::Bad, error);
            return None;
        }
    };
    let used = if found.in_use { "in use by a node" } else { "not in use" };
    findings.add("folder", Verdict::Well, format_args!("the platform with log {}, {used}", found.log_id));
    match &found.log {
        Ok((_, report)) => {
            let text = format!("{} events in {} bytes, every checksum right", report.head, report.bytes);
            match &report.cut {
                Some(cut) if !found.in_use => findings.add(
                    "log",
                    Verdict::Note,
                    format_args!(
                        "{text}; the last {} bytes, from byte {} of `{}` on, are no whole commit, as after a crash: the next \
                         start cuts them and keeps them in a file",
                        cut.bytes,
                        cut.offset,
                        cut.segment.display()
                    ),
                ),
                Some(_) | None => findings.add("log", Verdict::Well, text),
            }
        }
        Err(error) => findings.add("log", Verdict::Bad, error),
    }
    if let Some(Err(error)) = &found.events {
        findings.add("events", Verdict::Bad, format_args!("no start can read them: {error}"));
    }
    for warning in &found.warnings {
        findings.add("warning", Verdict::Note, warning);
    }
    match &found.keys {
        Some(Ok(())) => findings.add("keys", Verdict::Well, "everybody in the log has a key, or was erased"),
        Some(Err(error)) => findings.add("keys", Verdict::Bad, error),
        None => {}
    }
    if let Err(error) = &found.feed_key {
        findings.add("feed-key", Verdict::Bad, error);
    }
    if let Err(error) = &found.proof_key {
        findings.add("proof-key", Verdict::Bad, error);
    }
    match &found.checkpoint {
        Some(Ok(position)) => findings.add("checkpoint", Verdict::Well, format_args!("up to position {position}")),
        Some(Err(why)) => findings.add("checkpoint", Verdict::Note, format_args!("the next start drops it: {why}")),
        None => {}
    }
    if let Some(known) = found.doubted {
        findings.add(
            "clock",
            Verdict::Bad,
            format_args!(
                "it is far from {known}, the time known last: set it right if it is wrong; if it is right, start the node \
                 with --clock-confirmed"
            ),
        );
    }
    look_at_disk(&found, findings);
    Some(found)
}

fn look_at_disk(found: &Examination, findings: &mut Findings) {
    let Some(free) = found.free else { return };
    let needed = found.needed.unwrap_or_default();
    let advice = if free < needed {
        format!(
            "; the next start takes {} MiB, for the log was not closed in good order: make room",
            needed.div_ceil(1 << 20)
        )
    } else if free < ROOM {
        "; make room: a node stops when its disk is full".to_owned()
    } else {
        String::new()
    };
    let verdict = if advice.is_empty() { Verdict::Well } else { Verdict::Bad };
    findings.add("disk", verdict, format_args!("{} MiB are free{advice}", free >> 20));
}

/// What the node says of itself; a feed that only connects, as it does for a moment after a start, is given some seconds.
fn readiness(client: &Client) -> std::result::Result<Answer, ClientError> {
    let is_connecting = |answer: &Answer| answer.body.pointer("/feed/state").is_some_and(|state| state == "connecting");
    let mut answer = client.get("/readyz", &[])?;
    for _ in 0..25 {
        if !is_connecting(&answer) {
            break;
        }
        std::thread::sleep(Duration::from_millis(200));
        answer = client.get("/readyz", &[])?;
    }
    Ok(answer)
}

fn look_at_node(ready: std::result::Result<Answer, ClientError>, url: &str, must_run: bool, findings: &mut Findings) {
    let ready = match ready {
        Ok(answer) => answer.body,
        Err(ClientError::Unreachable { .. }) if !must_run => {
            findings.add("node", Verdict::Note, format_args!("none answers at {url}"));
            return;
        }
        Err(ClientError::Refused(problem)) => {
            let why = if problem.detail.is_empty() { "see its log, then start it anew" } else { &problem.detail };
            findings.add("node", Verdict::Bad, format_args!("it takes no commands ({}): {why}", problem.code));
            return;
        }
        Err(error @ (ClientError::Unreachable { .. } | ClientError::Foreign { .. })) => {
            findings.add("node", Verdict::Bad, error);
            return;
        }
    };
    // Only who has a token is told how far the log is.
    let position = ready.get("position").map(|position| format!(", at position {position}")).unwrap_or_default();
    findings.add("node", Verdict::Well, format_args!("ready{position}"));
    let Some(feed) = ready.get("feed") else { return };
    let (state, trouble) = (field(feed, "state"), field(feed, "trouble"));
    let lag = (feed.get("lag_positions").and_then(Value::as_u64), feed.get("lag_seconds").and_then(Value::as_f64));
    let behind = match lag {
        (Some(0), _) => "nothing behind the log".to_owned(),
        (Some(positions), Some(seconds)) => format!("{positions} events and {seconds:.1} s behind the log"),
        (Some(_) | None, _) => "how far behind the log is not known yet".to_owned(),
    };
    let lags = lag.0.is_some_and(|lag| lag > LAG.0) && lag.1.is_some_and(|lag| lag > LAG.1);
    let is_well = state == "publishing" && !lags;
    let why = if trouble.is_empty() || is_well { String::new() } else { format!(": {trouble}") };
    let verdict = if is_well { Verdict::Well } else { Verdict::Bad };
    findings.add("publisher", verdict, format_args!("{state}, {behind}{why}"));
    let unheard = field(feed, "unheard");
    if !unheard.is_empty() {
        findings.add(
            "heartbeats",
            Verdict::Bad,
            format_args!("not heard, so that replicas call themselves old: {unheard}"),
        );
    }
}

fn look_at_feed(stream: &str, found: &publish::Examination, head: Option<u64>, findings: &mut Findings) {
    if let Some(version) = &found.server {
        findings.add("nats", Verdict::Well, format_args!("server {version}"));
    }
    if let Some(facts) = &found.stream
        && found.wrong.is_none()
    {
        let compared = match head {
            Some(head) => {
                let behind = head - facts.last.min(head);
                format!("what was looked at is the same as in the log, {behind} events behind its end")
            }
            None => "not compared with a log: give --data for that".to_owned(),
        };
        let servers = if facts.replicas == 1 { "server" } else { "servers" };
        let (last, bytes, replicas) = (facts.last, facts.bytes, facts.replicas);
        let text = format!("`{stream}` is at {last}, {bytes} bytes on {replicas} {servers}; {compared}");
        findings.add("stream", Verdict::Well, text);
    }
    match (&found.wrong, &found.stream) {
        (Some(wrong), _) => findings.add(if found.server.is_some() { "stream" } else { "nats" }, Verdict::Bad, wrong),
        (None, None) => {
            findings.add("stream", Verdict::Note, format_args!("there is no `{stream}` yet; the node makes it"))
        }
        (None, Some(facts)) => {
            if facts.replicas == 1 {
                let text = "one server keeps the stream, and a power cut takes what it did not sync: see that it runs with \
                            `sync_interval: always`, which cannot be seen from here";
                findings.add("durability", Verdict::Note, text);
            }
            let text = "nobody but the administrator of NATS should be allowed to update, delete or purge the stream: \
                        see docs/guides/nats.md";
            findings.add("permissions", Verdict::Note, text);
        }
    }
}

impl Findings {
    fn add(&mut self, check: &str, verdict: Verdict, detail: impl std::fmt::Display) {
        self.0.push(json!({ "check": check, "verdict": verdict.name(), "detail": detail.to_string() }));
    }
}

impl Verdict {
    const fn name(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Note => "note",
            Self::Bad => "bad",
        }
    }
}
