//! The command line: `tenure` for people and scripts.
//!
//! Verbs that ask a node speak its public HTTP API and nothing else. Those that work on a data folder say so.

mod ask;
mod commands;
mod demo;
mod doctor;
mod edge;
mod enrol;
mod evidence;
mod failure;
mod feed;
mod keep;
mod licence;
mod node;
mod output;
mod progress;
mod read;
mod report;
mod send;

use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;

use clap::{Args, CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;
use tenure_events::Time;

use crate::client::Client;
use crate::tls::Authorities;
use failure::Result;
use output::{Format, Paint};

/// Runs the program with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    tell_of_full_files();
    let Cli { verb, global } = Cli::parse();
    let done = match verb {
        Verb::Init(init) => init.run(&global),
        Verb::Serve(serve) => serve.run(),
        Verb::Demo(demo) => demo.run(),
        Verb::Do(command) => command.run(&global),
        Verb::Enrol(enrol) => enrol.run(&global),
        Verb::Check(check) => check.run(&global),
        Verb::Whoami(whoami) => whoami.run(&global),
        Verb::History(history) => history.run(&global),
        Verb::Events(events) => events.run(&global),
        Verb::Diff(diff) => diff.run(&global),
        Verb::Report(report) => report.run(&global),
        Verb::Verify(verify) => verify.run(&global),
        Verb::Backup(backup) => backup.run(),
        Verb::Restore(restore) => restore.run(),
        Verb::Doctor(doctor) => doctor.run(&global),
        Verb::Licence(licence) => licence.run(&global),
        Verb::FeedKey(feed_key) => feed_key.run(&global),
        Verb::Evidence(evidence) => evidence.run(&global),
        Verb::ProofKey(keys) => keys.run(&global),
        Verb::Completions { shell } => completions(shell),
    };
    done.unwrap_or_else(|failure| {
        eprint!("{}", failure.show(Paint::stderr()));
        ExitCode::from(2)
    })
}

/// Has a write beyond the largest allowed file fail as any other that fails: left alone, the signal that the system sends
/// ends the process without a word.
fn tell_of_full_files() {
    #[cfg(unix)]
    if let Err(error) = signal_hook::flag::register(rustix::process::Signal::XFSZ.as_raw(), Arc::default()) {
        eprintln!("a file that grows too large will end this process: {error}");
    }
}

/// Who may do what, in which organisation, now and at any moment before.
#[derive(Debug, Parser)]
#[command(
    name = "tenure",
    version,
    max_term_width = 100,
    after_help = "\
Examples:
  tenure demo --serve                          watch a story, then try things yourself
  tenure init --data ./data --preset default   make a platform; prints its first API key
  tenure serve --data ./data                   run a node
  tenure do create-org --json '{\"name\": \"KickStart\"}'
  tenure check sally connection.edit org:kickstart --as-of 71 --explain

Verbs that ask a node read TENURE_URL and TENURE_TOKEN. Answers are tables, on a terminal and
in a pipe alike; --format json, ndjson or csv is for programs. Colours: on a terminal, unless
NO_COLOR is set. Exit status: 0 done or allowed, 1 denied, 2 refused or failed."
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

/// What most verbs take.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
struct Global {
    /// How answers are shown: table, json, ndjson or csv
    #[arg(long, global = true, value_enum, default_value = "table", hide_possible_values = true)]
    format: Format,
    /// The node to ask
    #[arg(long, global = true, env = "TENURE_URL", hide_env_values = true, default_value = "http://127.0.0.1:7400")]
    url: String,
    /// The API key or token to ask with; better set in the environment, out of others' sight
    #[arg(long, global = true, env = "TENURE_TOKEN", hide_env_values = true, value_name = "KEY")]
    token: Option<String>,
    /// Certificates in PEM of authorities that the node's may be of, beside those that the system trusts
    #[arg(long, global = true, env = "TENURE_CA", hide_env_values = true, value_name = "FILE", value_parser = Authorities::read)]
    ca: Option<Authorities>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Init(node::Init),
    Serve(Box<node::Serve>),
    Demo(demo::Demo),
    Do(send::Do),
    Enrol(enrol::Enrol),
    Check(ask::Check),
    Whoami(ask::Whoami),
    History(read::History),
    Events(read::Events),
    Diff(read::Diff),
    Report(report::Report),
    Verify(keep::Verify),
    Backup(keep::Backup),
    Restore(keep::Restore),
    Doctor(doctor::Doctor),
    Licence(licence::Licence),
    FeedKey(feed::FeedKey),
    Evidence(evidence::Make),
    ProofKey(evidence::Keys),
    /// Print a completion script for a shell.
    #[command(after_help = "Example:\n  tenure completions bash > /etc/bash_completion.d/tenure")]
    Completions {
        /// The shell
        shell: Shell,
    },
}

impl Global {
    fn client(&self) -> Client {
        let authorities = self.ca.clone().unwrap_or_default();
        Client::trusting(&self.url, self.token.clone().filter(|token| !token.is_empty()), &authorities)
    }
}

/// A position, or an RFC 3339 time.
#[derive(Debug, Clone)]
struct Moment(String);

impl Moment {
    fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let is_position = text.parse::<u64>().is_ok();
        if is_position || text.parse::<Time>().is_ok() {
            return Ok(Self(text.to_owned()));
        }
        Err("neither a position such as 71 nor an RFC 3339 time such as 2026-03-01T09:30:00Z".to_owned())
    }
}

fn completions(shell: Shell) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "tenure", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn moments() {
        let check = |text: &str, want| assert_eq!(text.parse::<Moment>().is_ok(), want, "{text}");
        check("0", true);
        check("71", true);
        check("2026-03-01T09:30:00Z", true);
        check("2026-03-01T09:30:00+02:00", true);
        check("-1", false);
        check("2026-03-01", false);
        check("yesterday", false);
        check("", false);
    }
}
