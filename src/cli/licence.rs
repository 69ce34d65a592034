//! `tenure licence`: what a vendor makes: a pair of keys, licences of platforms, authorisation codes of their tenants.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tenure_events::data::{PlatformLicence, TenantLicence};
use tenure_events::{OrgId, Time};
use zeroize::Zeroizing;

use super::Global;
use super::failure::{Failure, Result};
use super::output::{Format, print, record};
use crate::clock::Clock;
use crate::licence::{MAX_TRIAL_DAYS, SigningKey};
use crate::private;

/// Make signing keys; sign platform licences and authorisation codes of tenants.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tenure licence keys --out vendor.key
  tenure init --data ./data --preset hengshi --licence-key KEY
  tenure licence issue --key vendor.key platform --trial-days 30 --trial-users 5
  tenure licence issue --key vendor.key --until 2099-01-01T00:00:00Z tenant --org carlsberg

A licence is a JSON Web Signature by Ed25519. It takes effect by the commands install-licence and
license-org, on platforms that were made with the public key.")]
pub struct Licence {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a pair of keys: the secret one goes to a file, the public one to standard output
    Keys {
        /// The file to make, readable by its owner alone
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Sign a licence or an authorisation code
    Issue {
        /// The file with the secret key
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// Its own id; a new one unless given
        #[arg(long, value_name = "ID", global = true)]
        id: Option<String>,
        /// When it ends; never unless given
        #[arg(long, value_name = "TIME", global = true)]
        until: Option<Time>,
        #[command(subcommand)]
        what: What,
    },
}

#[derive(Debug, Subcommand)]
enum What {
    /// The licence of a platform
    Platform {
        /// How long a new tenant is on trial
        #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_TRIAL_DAYS)))]
        trial_days: u32,
        /// How many enabled users a tenant on trial may have
        #[arg(long, value_name = "N", default_value_t = 5)]
        trial_users: u32,
        /// There may be no tenants
        #[arg(long)]
        no_tenants: bool,
    },
    /// The authorisation code of a tenant
    Tenant {
        /// Which one
        #[arg(long, value_name = "ORG")]
        org: OrgId,
        /// How many enabled users it may have; any number unless given
        #[arg(long, value_name = "N")]
        users: Option<u32>,
    },
}

impl Licence {
    /// Does it.
    pub fn run(self, global: &Global) -> Result<ExitCode> {
        match self.verb {
            Verb::Keys { out } => keys(&out, global.format),
            Verb::Issue { key, id, until, what } => {
                let token = issue(&key, id, until, what)?;
                show(global.format, "token", &token)
            }
        }
    }
}

fn keys(out: &Path, format: Format) -> Result<ExitCode> {
    let key = SigningKey::generate().map_err(Failure::new)?;
    let failed = |error| Failure::new(format!("cannot make `{}`: {error}", out.display()));
    let mut file = private::create_new(out).map_err(failed)?;
    file.write_all(format!("{}\n", *key.reveal()).as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    eprintln!("the secret key is in {}; this is the public one, for `tenure init --licence-key`:", out.display());
    show(format, "public_key", &key.public().to_string())
}

fn issue(key: &Path, id: Option<String>, until: Option<Time>, what: What) -> Result<String> {
    let text = std::fs::read_to_string(key).map(Zeroizing::new);
    let text = text.map_err(|error| Failure::new(format!("cannot read `{}`: {error}", key.display())))?;
    let signer: SigningKey = text.parse().map_err(|error| Failure::new(format!("`{}`: {error}", key.display())))?;
    let clock = Clock::system();
    let issued = Time::from(clock.now());
    if until.is_some_and(|until| until <= issued) {
        return Err(Failure::new("--until has passed: name a time to come"));
    }
    let id = id.unwrap_or_else(|| clock.new_id().to_string());
    let token = match what {
        What::Platform { trial_days, trial_users, no_tenants } => {
            let (tenants, valid_until) = (!no_tenants, until);
            signer.platform(&PlatformLicence { id, issued, tenants, trial_days, trial_users, valid_until })
        }
        What::Tenant { org, users } => signer.tenant(&org, &TenantLicence { id, issued, users, valid_until: until }),
    };
    Ok(token)
}

fn show(format: Format, name: &str, text: &str) -> Result<ExitCode> {
    let value: Value = json!(text);
    match format {
        Format::Table => print(&format!("{text}\n"))?,
        format @ (Format::Json | Format::Ndjson | Format::Csv) => print(&record(format, &[(name, value)]))?,
    }
    Ok(ExitCode::SUCCESS)
}
