//! How a node shows itself and what one caller may take of it, as an operator says it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::failure::{Failure, Result};
use crate::serve::{self, Limits, Rate, Tls, TlsFiles};

/// What says how a node serves. A rate is PER_SECOND:AT_ONCE, or `off`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits of one caller, one org, one address")]
pub struct Edge {
    /// The address that the service is known under, as its documents shall say; that of --listen if it is not said
    #[arg(long, value_name = "URL", env = "TENURE_PUBLIC_URL")]
    public_url: Option<String>,
    /// The node's certificate in PEM, those of its authorities after it; read anew when the file changes
    #[arg(long, value_name = "FILE", env = "TENURE_TLS_CERT", hide_env_values = true, requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its private key in PEM
    #[arg(long, value_name = "FILE", env = "TENURE_TLS_KEY", hide_env_values = true, requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Answer by plain HTTP on other addresses than those of this machine: whoever can listen reads the keys of callers
    #[arg(long, env = "TENURE_INSECURE_HTTP")]
    insecure_http: bool,
    /// How far the clocks of issuers of tokens may be from that of the node, in seconds
    #[arg(long, value_name = "SECONDS", env = "TENURE_TOKEN_CLOCK_SKEW", default_value_t = serve::Tokens::default().clock_skew.as_secs())]
    token_clock_skew: u64,
    /// Questions by credential
    #[arg(long, value_name = "RATE", env = "TENURE_LIMIT_READS", default_value_t = Limits::default().reads)]
    limit_reads: Rate,
    /// Questions by home org
    #[arg(long, value_name = "RATE", env = "TENURE_LIMIT_ORG_READS", default_value_t = Limits::default().org_reads)]
    limit_org_reads: Rate,
    /// Commands by credential
    #[arg(long, value_name = "RATE", env = "TENURE_LIMIT_COMMANDS", default_value_t = Limits::default().commands)]
    limit_commands: Rate,
    /// Commands by home org
    #[arg(long, value_name = "RATE", env = "TENURE_LIMIT_ORG_COMMANDS", default_value_t = Limits::default().org_commands)]
    limit_org_commands: Rate,
    /// Bytes of events written, by credential
    #[arg(long, value_name = "RATE", env = "TENURE_LIMIT_WRITTEN", default_value_t = Limits::default().written)]
    limit_written: Rate,
    /// Bytes of events written, by home org
    #[arg(long, value_name = "RATE", env = "TENURE_LIMIT_ORG_WRITTEN", default_value_t = Limits::default().org_written)]
    limit_org_written: Rate,
    /// Commands refused because an id or a name is taken, by credential
    #[arg(long, value_name = "RATE", env = "TENURE_LIMIT_TAKEN", default_value_t = Limits::default().taken)]
    limit_taken: Rate,
    /// Requests without a valid token, by address
    #[arg(long, value_name = "RATE", env = "TENURE_LIMIT_FAILURES", default_value_t = Limits::default().failures)]
    limit_failures: Rate,
    /// Long questions at work at once: lists, searches, dry runs; 0 for one each processor, two at least
    #[arg(long, value_name = "N", env = "TENURE_LIMIT_LONG", default_value_t = Limits::default().long)]
    limit_long: usize,
    /// Connections in all, as far as the process may have files open
    #[arg(long, value_name = "N", env = "TENURE_LIMIT_CONNECTIONS", default_value_t = Limits::default().connections)]
    limit_connections: usize,
    /// Connections of one address; 0 for half of all. Behind a proxy all come from its address
    #[arg(
        long,
        value_name = "N",
        env = "TENURE_LIMIT_ADDRESS_CONNECTIONS",
        default_value_t = Limits::default().address_connections
    )]
    limit_address_connections: usize,
    /// Streams of events in all
    #[arg(long, value_name = "N", env = "TENURE_LIMIT_STREAMS", default_value_t = Limits::default().streams)]
    limit_streams: usize,
    /// Streams of events by credential
    #[arg(long, value_name = "N", env = "TENURE_LIMIT_CALLER_STREAMS", default_value_t = Limits::default().caller_streams)]
    limit_caller_streams: usize,
    /// How long the body of a request may take to come, in seconds
    #[arg(long, value_name = "SECONDS", env = "TENURE_LIMIT_BODY", default_value_t = Limits::default().body.as_secs())]
    limit_body: u64,
    /// How long a client may leave unread what it is sent, in seconds
    #[arg(long, value_name = "SECONDS", env = "TENURE_LIMIT_STALLED", default_value_t = Limits::default().stalled.as_secs())]
    limit_stalled: u64,
    /// Events that one tenant may have in its history; 0 for any number
    #[arg(long, value_name = "N", env = "TENURE_QUOTA_EVENTS", default_value_t = Limits::default().events.unwrap_or(0))]
    quota_events: u64,
    /// Bytes that these events may have; 0 for any number
    #[arg(long, value_name = "N", env = "TENURE_QUOTA_BYTES", default_value_t = Limits::default().bytes.unwrap_or(0))]
    quota_bytes: u64,
}

impl Edge {
    /// How to serve.
    pub fn options(&self) -> Result<serve::Edge> {
        if let Some(url) = &self.public_url
            && !(url.starts_with("https://") || url.starts_with("http://"))
        {
            return Err(Failure::new(format!("--public-url `{url}`: an address that begins with https:// or http://")));
        }
        let limits = Limits {
            reads: self.limit_reads,
            org_reads: self.limit_org_reads,
            commands: self.limit_commands,
            org_commands: self.limit_org_commands,
            written: self.limit_written,
            org_written: self.limit_org_written,
            taken: self.limit_taken,
            failures: self.limit_failures,
            long: self.limit_long,
            connections: self.limit_connections,
            address_connections: self.limit_address_connections,
            streams: self.limit_streams,
            caller_streams: self.limit_caller_streams,
            body: Duration::from_secs(self.limit_body),
            stalled: Duration::from_secs(self.limit_stalled),
            events: Some(self.quota_events).filter(|most| *most > 0),
            bytes: Some(self.quota_bytes).filter(|most| *most > 0),
        };
        let tokens =
            serve::Tokens { clock_skew: Duration::from_secs(self.token_clock_skew), ..serve::Tokens::default() };
        let files = self.tls_cert.clone().zip(self.tls_key.clone());
        let tls = files.map(|(certificate, key)| Tls::load(TlsFiles { certificate, key })).transpose();
        Ok(serve::Edge { limits, tokens, tls: tls.map_err(Failure::new)?, public_url: self.public_url.clone() })
    }

    /// Refuses plain HTTP where others may listen.
    pub fn may_listen(&self, addresses: [SocketAddr; 2]) -> Result<()> {
        let open = addresses.into_iter().find(|address| !address.ip().is_loopback());
        match open.filter(|_| self.tls_cert.is_none() && !self.insecure_http) {
            None => Ok(()),
            Some(address) => {
                Err(Failure::new(format!("plain HTTP on {address} shows the keys of callers to whoever listens"))
                    .hint("give --tls-cert and --tls-key; or, behind a proxy that encrypts, say --insecure-http"))
            }
        }
    }
}
