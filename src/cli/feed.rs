//! Where the feed goes, as an operator says it, and what its followers trust.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::Global;
use super::failure::{Failure, Result};
use super::output::{Format, print, record};
use crate::node;
use crate::publish::{Options, STREAM};

/// What says where events are published.
#[derive(Debug, Args)]
#[command(next_help_heading = "The feed, on NATS JetStream")]
pub struct Nats {
    /// The server that events are published to, or several of its cluster with commas between
    #[arg(long = "nats", value_name = "URL", env = "TENURE_NATS", hide_env_values = true, value_delimiter = ',')]
    servers: Vec<String>,
    /// The file with the user's JWT and seed
    #[arg(long = "nats-creds", value_name = "FILE", env = "TENURE_NATS_CREDS", hide_env_values = true)]
    credentials: Option<PathBuf>,
    /// The file with the seed of the user's NKEY
    #[arg(long = "nats-nkey", value_name = "FILE", env = "TENURE_NATS_NKEY", hide_env_values = true)]
    nkey: Option<PathBuf>,
    /// The file with the certificates that sign the servers', if the system does not know them
    #[arg(long = "nats-ca", value_name = "FILE", env = "TENURE_NATS_CA", hide_env_values = true)]
    ca: Option<PathBuf>,
    /// The file with the certificate to show to the servers
    #[arg(long = "nats-cert", value_name = "FILE", env = "TENURE_NATS_CERT", hide_env_values = true, requires = "key")]
    certificate: Option<PathBuf>,
    /// The file with its key
    #[arg(
        long = "nats-key",
        value_name = "FILE",
        env = "TENURE_NATS_KEY",
        hide_env_values = true,
        requires = "certificate"
    )]
    key: Option<PathBuf>,
    /// The name of the stream
    #[arg(long = "nats-stream", value_name = "NAME", env = "TENURE_NATS_STREAM", hide_env_values = true, default_value = STREAM)]
    stream: String,
    /// How many servers keep the stream; if not said, 1 for a new one
    #[arg(
        long = "nats-replicas",
        value_name = "N",
        env = "TENURE_NATS_REPLICAS",
        hide_env_values = true,
        value_parser = clap::value_parser!(u8).range(1..=5)
    )]
    replicas: Option<u8>,
}

impl Nats {
    /// Where to publish, if anywhere.
    pub fn options(self) -> Result<Option<Options>> {
        let Self { servers, credentials, nkey, ca, certificate, key, stream, replicas } = self;
        let certificate = certificate.zip(key);
        let replicas = replicas.map(usize::from);
        let options = Options { servers, credentials, nkey, ca, certificate, stream, replicas };
        options.check().map_err(|error| {
            Failure::new(format!("--nats: {error}"))
                .hint("write nats://HOST:PORT or tls://HOST:PORT, several with commas between")
        })?;
        Ok((!options.servers.is_empty()).then_some(options))
    }
}

/// Print what replicas trust the feed by: the log and the public key of its node.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tenure feed-key --data ./data             for the configuration of every replica
  tenure feed-key --data ./data --renew     if the data folder was seen by somebody else

To renew: print the new key, give it to every replica beside the old one, restart the node, take
the old one from the replicas. A platform that was restored from a backup has a new key.")]
pub struct FeedKey {
    /// The folder, made by `tenure init`; a node may be at work on it
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Make a new key; a node at work signs with the old one until it is restarted
    #[arg(long)]
    renew: bool,
}

impl FeedKey {
    /// Prints it.
    pub fn run(self, global: &Global) -> Result<ExitCode> {
        let key = node::feed_key(&self.data, self.renew).map_err(Failure::new)?.to_string();
        if self.renew {
            eprintln!("the key is renewed: a node at work signs with the old one until it is restarted");
        }
        match global.format {
            Format::Table => print(&format!("{key}\n"))?,
            format @ (Format::Json | Format::Ndjson | Format::Csv) => {
                print(&record(format, &[("feed_key", json!(key))]))?
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
