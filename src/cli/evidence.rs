//! `tenure evidence`, `tenure proof-key`, and `tenure verify FILE`: answers that are verified without a node.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Global;
use super::ask::Check;
use super::failure::{Failure, Result};
use super::output::{Format, is_read, print, record};
use super::read::History;
use crate::node::{self, ProofKeys};
use crate::private;
use crate::proof::{self, Proved, Verifier};

/// Make a file of evidence: an answer, the events that it rests on, and the proofs that the log has them.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tenure evidence --out why.json check sally chart.edit org:kickstart --as-of 71
  tenure evidence --out org.json history org:kickstart
  tenure evidence --out user.json --complete kickstart history user:sally
  tenure evidence --out list.json read '/v1/users/sally/access'
  tenure verify why.json --key \"$KEY\"

The file shows what you may read; of other events it has hashes. With the history of an org, or
--complete ORG, it proves that no event of that org is missing. `tenure verify FILE` and
examples/python/verify_evidence.py verify it without a node.")]
pub struct Make {
    /// Where to write it; to standard output, unless given
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Show the whole history of this org as well; may be said several times
    #[arg(long, value_name = "ORG")]
    complete: Vec<String>,
    #[command(subcommand)]
    of: Of,
}

#[derive(Debug, Subcommand)]
enum Of {
    Check(Check),
    History(History),
    /// What a path answers, such as `/v1/users/sally/access`.
    #[command(
        after_help = "Example:\n  tenure evidence --out list.json read '/v1/orgs/kickstart/subscriptions?as_of=71'"
    )]
    Read {
        /// The path, with its query
        path: String,
    },
}

/// Print what evidence and checkpoints of the log are verified with: the public key of the node.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tenure proof-key --data ./data             for auditors, and whoever verifies
  tenure proof-key --data ./data --renew     now and then, or if somebody else saw the data folder

Renewed, the key counts from the next start of the node on. Evidence from before is verified with
the key of then: keep it. Whoever trusts a key trusts the ones that came after it, for each hands
over to the next; if the old one was stolen, tell them the new one yourself. A platform that was
restored from a backup has a new key that nobody handed over to.")]
pub struct Keys {
    /// The folder, made by `tenure init`; a node may be at work on it
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Make a new key; a node at work signs with the old one until it is restarted
    #[arg(long)]
    renew: bool,
}

impl Make {
    /// Asks for it and writes it.
    pub fn run(self, global: &Global) -> Result<ExitCode> {
        let mut complete = self.complete;
        let mut wanted = match &self.of {
            Of::Check(check) => json!({ "evaluation": check.question()? }),
            Of::History(history) => {
                let path = history.path()?;
                match path.strip_prefix("/v1/orgs/").and_then(|rest| rest.strip_suffix("/history")) {
                    Some(org) => {
                        complete.push(org.to_owned());
                        json!({})
                    }
                    None => json!({ "read": format!("{path}?limit=1000") }),
                }
            }
            Of::Read { path } => json!({ "read": path }),
        };
        if let Some(wanted) = wanted.as_object_mut() {
            wanted.insert("complete".to_owned(), json!(complete));
        }
        let file = global.client().file("/v1/evidence", wanted.to_string().as_bytes())?;
        match &self.out {
            Some(path) => private::create(path)
                .and_then(|mut new| new.write_all(&file))
                .map_err(|error| Failure::new(format!("cannot write `{}`: {error}", path.display())))?,
            None => {
                is_read(&String::from_utf8_lossy(&file))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Keys {
    /// Prints them.
    pub fn run(self, global: &Global) -> Result<ExitCode> {
        let ProofKeys { key, handovers } = node::proof_keys(&self.data, self.renew).map_err(Failure::new)?;
        if self.renew {
            eprintln!("the key is renewed: a node at work signs with the old one until it is restarted");
        }
        match global.format {
            Format::Table => print(&format!("{key}\n"))?,
            format @ (Format::Json | Format::Ndjson | Format::Csv) => {
                print(&record(format, &[("proof_key", json!(key)), ("handovers", json!(handovers))]))?
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Verifies a file of evidence, and tells what it proves.
pub fn verify(file: &Path, keys: &[String], global: &Global) -> Result<ExitCode> {
    let bytes =
        std::fs::read(file).map_err(|error| Failure::new(format!("cannot read `{}`: {error}", file.display())))?;
    let keys: Vec<Verifier> = keys
        .iter()
        .map(|key| key.parse().map_err(|error| Failure::new(format!("--key `{key}`: {error}"))))
        .collect::<Result<_>>()?;
    let (found, code) = match proof::verify(&bytes, &keys) {
        Ok(proved) => (told(&proved, global.format), 0),
        Err(fault) => (vec![("verdict", json!(fault.to_string()))], 1),
    };
    print(&record(global.format, &found))?;
    Ok(ExitCode::from(code))
}

fn told(proved: &Proved, format: Format) -> Vec<(&'static str, Value)> {
    let Proved { origin, key, key_known, made, reader, question, answer, position, root, events, unread, orgs } =
        proved;
    let verdict = if *key_known {
        "all is proved".to_owned()
    } else {
        "all is proved, if the key is the platform's: compare it with what its operator tells you".to_owned()
    };
    let decision = answer.get("decision").and_then(Value::as_bool);
    let whole = orgs.iter().map(|org| {
        let hidden = org.events - org.shown.min(org.events);
        let but = if hidden == 0 { String::new() } else { format!(", {hidden} of them as hashes alone") };
        format!("{}: all {} events{but}", org.org, org.events)
    });
    let mut found = vec![
        ("verdict", json!(verdict)),
        ("log", json!(origin)),
        ("key", json!(key)),
        ("made", json!(made)),
        ("reader", json!(reader)),
        ("position", json!(position)),
        ("root", json!(proof::text(root))),
    ];
    if !question.is_null() {
        found.push(("question", question.clone()));
    }
    found.extend(decision.map(|allowed| ("answer", json!(if allowed { "allow" } else { "deny" }))));
    let positions: Vec<u64> = events.iter().map(|event| event.position).collect();
    found.push(("events", if format == Format::Table { json!(ranges(&positions)) } else { json!(positions) }));
    if !unread.is_empty() {
        found.push(("unread", json!(unread)));
    }
    found.push(("whole", json!(whole.collect::<Vec<_>>())));
    found
}

/// Positions as people read them: `1 to 71, 73`.
fn ranges(positions: &[u64]) -> String {
    let follow = |one: &u64, other: &u64| one.checked_add(1) == Some(*other);
    let range = |range: &[u64]| match range {
        [first, .., last] => Some(format!("{first} to {last}")),
        [one] => Some(one.to_string()),
        [] => None,
    };
    positions.chunk_by(follow).filter_map(range).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_as_people_read_them() {
        let check = |positions: &[u64], want: &str| assert_eq!(ranges(positions), want);
        check(&[], "");
        check(&[7], "7");
        check(&[1, 2], "1 to 2");
        check(&[1, 2, 3, 5, 7, 8], "1 to 3, 5, 7 to 8");
        check(&[u64::MAX - 1, u64::MAX], &format!("{} to {}", u64::MAX - 1, u64::MAX));
    }
}
