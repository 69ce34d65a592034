//! `tenure enrol`: make one's first key by an enrolment secret.

use std::io::Read as _;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::Global;
use super::failure::{Failure, Result};
use super::output::{Format, print, record};
use crate::client::Client;

/// Make your first API key by an enrolment secret.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tenure enrol < secret.txt
  TENURE_ENROLMENT=tnr_… tenure enrol --name laptop

The secret can be used once. The key is shown this once: keep it, for instance as TENURE_TOKEN.")]
pub struct Enrol {
    /// What the key is called
    #[arg(long, value_name = "TEXT", default_value = "first key")]
    name: String,
    /// The secret; better set in the environment, or given on standard input, out of others' sight
    #[arg(long, env = "TENURE_ENROLMENT", hide_env_values = true, value_name = "SECRET")]
    secret: Option<String>,
}

impl Enrol {
    /// Sends the secret and shows the key.
    pub fn run(self, global: &Global) -> Result<ExitCode> {
        let secret = match self.secret.filter(|secret| !secret.is_empty()) {
            Some(secret) => secret,
            None => {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text)?;
                text
            }
        };
        let body = json!({"enrolment_secret": secret.trim(), "name": self.name}).to_string();
        let answer = Client::trusting(&global.url, None, &global.ca.clone().unwrap_or_default())
            .post("/v1/enrol", &[], body.as_bytes())?
            .body;
        let Some(key) = answer.get("api_key").and_then(Value::as_str) else {
            return Err(Failure::new("the node answered without a key"));
        };
        match global.format {
            Format::Table => print(&format!("{key}\n"))?,
            format @ (Format::Json | Format::Ndjson | Format::Csv) => {
                let user = answer.get("user").cloned().unwrap_or_default();
                print(&record(format, &[("user", user), ("api_key", json!(key))]))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
