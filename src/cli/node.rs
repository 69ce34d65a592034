//! `tenure init` and `tenure serve`: make a platform and run it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::json;
use tenure_events::UserId;
use tracing_subscriber::EnvFilter;

use super::Global;
use super::edge::Edge;
use super::failure::{Failure, Result, warn_of_others};
use super::feed::Nats;
use super::output::{Format, is_read, print, record};
use crate::clock::Clock;
use crate::init::{Founding, prepare};
use crate::node::{CheckpointUse, Hook, OpenReport, Options};
use crate::presets::Preset;
use crate::serve::{Server, ServerError};

/// Make a platform in a folder; prints its administrator's API key, this once.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tenure init --data ./data --name Northwind
  export TENURE_TOKEN=$(tenure init --data ./data --preset panintelligence)
  tenure init --data ./data --preset ./ours.toml

The key alone goes to standard output, everything else to standard error.")]
pub struct Init {
    /// The folder to make it in
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// What it starts with: settings, privileges, user types, roles, kinds of content. One of saas, default,
    /// panintelligence, data-hub, orgvue, data-all, hengshi; or a file of your own in the same form, FILE.toml
    #[arg(long, value_name = "PRESET", default_value = "saas")]
    preset: String,
    /// What its root org is called
    #[arg(long, value_name = "ROOT", default_value = "Root")]
    name: String,
    /// The id of its first administrator
    #[arg(long, value_name = "ID", default_value = "admin")]
    admin_id: String,
    /// What its licences are signed with, as `tenure licence keys` prints it
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    licence_key: Option<String>,
}

/// Run a node on a data folder, until SIGTERM or SIGINT.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tenure serve --data ./data
  tenure serve --data ./data --listen 127.0.0.1:7500 --log-format json 2>tenure.log
  tenure serve --data ./data --nats tls://nats.example.org --nats-creds ./tenure.creds

Plain HTTP stays on this machine: elsewhere the node needs --tls-cert and --tls-key, or --insecure-http behind a proxy that encrypts.")]
pub struct Serve {
    /// The folder, made by `tenure init`
    #[arg(long, value_name = "DIR", env = "TENURE_DATA", hide_env_values = true)]
    data: PathBuf,
    /// Where to answer
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "TENURE_LISTEN",
        hide_env_values = true,
        default_value = "127.0.0.1:7400"
    )]
    listen: SocketAddr,
    /// Where to show metrics; unless given, on this machine alone, at the port after that of --listen
    #[arg(long, value_name = "ADDRESS", env = "TENURE_METRICS", hide_env_values = true)]
    metrics: Option<SocketAddr>,
    /// How the node's log is written to standard error: text or json
    #[arg(long, value_enum, default_value = "text", hide_possible_values = true)]
    log_format: LogFormat,
    /// What it tells: error, warn, info, debug, or by module
    // What goes wrong with NATS the node says itself, once for each reason.
    #[arg(long, value_name = "LEVELS", env = "TENURE_LOG", default_value = "info,async_nats=off")]
    log_level: String,
    /// You have looked at the clock and it is right, though it is minutes and more from what a node saw last
    #[arg(long)]
    clock_confirmed: bool,
    /// Start though the keys of people in the log are lost for good: their names stay unreadable
    #[arg(long)]
    keys_lost: bool,
    /// A program that sends enrolment secrets to their users: it gets JSON on its standard input
    #[arg(long, value_name = "PROGRAM", env = "TENURE_ENROLMENT_HOOK", hide_env_values = true)]
    enrolment_hook: Option<PathBuf>,
    #[command(flatten)]
    edge: Edge,
    #[command(flatten)]
    nats: Nats,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LogFormat {
    /// For people
    Text,
    /// One object a line
    Json,
}

impl Init {
    /// Makes it.
    pub fn run(self, global: &Global) -> Result<ExitCode> {
        let admin = UserId::new(self.admin_id.as_str())
            .map_err(|error| Failure::new(format!("--admin-id `{}`: {error}", self.admin_id)))?;
        let preset = self.preset()?;
        let licence_key = self.licence_key.as_deref().map(str::parse).transpose();
        let licence_key = licence_key.map_err(|error| Failure::new(format!("--licence-key: {error}")))?;
        let founding = Founding { preset: &preset, name: &self.name, admin, licence_key };
        let prepared = prepare(&self.data, &founding, &Clock::system()).map_err(Failure::new)?;
        // The key first: interrupted after that, making the platform again helps, and nobody lacks the key of one that is there.
        eprintln!("the administrator's API key, shown this once:");
        let secret = prepared.key().reveal();
        let text = match global.format {
            Format::Table => format!("{}\n", *secret),
            format @ (Format::Json | Format::Ndjson | Format::Csv) => {
                record(format, &[("admin", json!(self.admin_id)), ("api_key", json!(*secret))])
            }
        };
        if !is_read(&text)? {
            return Err(Failure::new("nobody reads the API key: no platform was made"));
        }
        drop((text, secret));
        prepared.finish().map_err(|error| {
            Failure::new(error).hint("no platform was made, and the key above is of no use: make it again")
        })?;
        eprintln!(
            "made the platform `{}` in {}; its administrator is `{}`",
            self.name,
            self.data.display(),
            self.admin_id
        );
        warn_of_others(&self.data);
        Ok(ExitCode::SUCCESS)
    }

    /// One that comes with the program, or one from a file.
    fn preset(&self) -> Result<Preset> {
        let path = Path::new(&self.preset);
        if path.extension().is_none_or(|ending| ending != "toml") {
            let hint = "or name a file of your own, in the same form: FILE.toml";
            return Preset::named(&self.preset).map_err(|error| Failure::new(error).hint(hint));
        }
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::new(format!("cannot read `{}`: {error}", self.preset)))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        Preset::parse(&name, &text).map_err(|error| Failure::new(format!("`{}`: {error}", self.preset)))
    }
}

impl Serve {
    /// Runs it.
    pub fn run(self) -> Result<ExitCode> {
        let feed = self.nats.options()?;
        let levels = EnvFilter::try_new(&self.log_level)
            .map_err(|error| Failure::new(format!("--log-level `{}`: {error}", self.log_level)))?;
        let log = tracing_subscriber::fmt().with_env_filter(levels).with_writer(std::io::stderr);
        match self.log_format {
            LogFormat::Text => log.with_ansi(super::Paint::stderr().is_on()).init(),
            LogFormat::Json => log.json().init(),
        }
        let metrics = metrics_of(self.listen, self.metrics);
        self.edge.may_listen([self.listen, metrics])?;
        let options = Options {
            clock_confirmed: self.clock_confirmed,
            keys_lost: self.keys_lost,
            enrolment_hook: self.enrolment_hook.map(Hook),
            ..Options::folder(&self.data)
        };
        let edge = self.edge.options()?;
        let encrypted = edge.tls.is_some();
        let mut server = Server::start_with(options, edge, self.listen, Some(metrics)).map_err(|error| {
            let failure = Failure::new(&error);
            match error {
                ServerError::Listen { .. } => failure.hint("choose other addresses with --listen and --metrics"),
                ServerError::Open(_) | ServerError::System(_) | ServerError::Serve(_) | ServerError::Broke(_) => {
                    failure
                }
            }
        })?;
        tell(&server.report);
        if let Some(feed) = feed {
            server.publish(feed);
        }
        server.hear_signals().map_err(Failure::new)?;
        let scheme = |encrypted: bool| if encrypted { "https" } else { "http" };
        print(&format!("listening on {}://{}\n", scheme(encrypted), server.address))?;
        if let Some(metrics) = server.metrics {
            let scheme = scheme(encrypted && !metrics.ip().is_loopback());
            print(&format!("metrics on {scheme}://{metrics}/metrics\n"))?;
        }
        server.run().map_err(Failure::new)?;
        tracing::info!("stopped");
        Ok(ExitCode::SUCCESS)
    }
}

/// Where metrics are shown: as it was said, or beside what the node answers, so that a second node on other ports needs no
/// more than those said. Any port for the one is any port for the other.
fn metrics_of(listen: SocketAddr, said: Option<SocketAddr>) -> SocketAddr {
    said.unwrap_or_else(|| {
        let port = if listen.port() == 0 { 0 } else { listen.port().checked_add(1).unwrap_or(0) };
        SocketAddr::from(([127, 0, 0, 1], port))
    })
}

fn tell(report: &OpenReport) {
    if let CheckpointUse::Dropped(why) = &report.checkpoint {
        tracing::warn!(why, "the checkpoint was dropped: everything is replayed");
    }
    report.warnings().iter().for_each(|warning| tracing::warn!("{warning}"));
    tracing::info!(replayed = report.replayed, torn_keys = report.torn_keys, log = ?report.log, "opened");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_beside_what_the_node_answers() {
        let check = |listen: &str, said: Option<&str>, want: &str| {
            let said = said.map(|said| said.parse().unwrap());
            assert_eq!(metrics_of(listen.parse().unwrap(), said).to_string(), want, "{listen}");
        };
        check("127.0.0.1:7400", None, "127.0.0.1:7401");
        check("0.0.0.0:7500", None, "127.0.0.1:7501");
        check("127.0.0.1:0", None, "127.0.0.1:0");
        check("127.0.0.1:65535", None, "127.0.0.1:0");
        check("127.0.0.1:7400", Some("127.0.0.1:9000"), "127.0.0.1:9000");
    }
}
