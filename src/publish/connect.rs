//! The connection to NATS: as whom, and to which servers.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::{Client, ConnectOptions, Event, ServerAddr};
use tokio::sync::watch;

use super::{Options, Refusal, Result, Trouble};

/// The oldest server that stores batches wholly or not at all.
const OLDEST: (u64, u64, u64) = (2, 12, 8);
const OLDEST_TEXT: &str = "2.12.8";

/// How long a server may take to answer. A cluster that elects a leader is silent for seconds.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// A connection that lives until it is lost once: after that everything is compared anew.
pub struct Connection {
    pub client: Client,
    lost: watch::Receiver<bool>,
    complaint: Complaint,
}

/// The last thing that the server complained about, which says more than the silence that follows.
type Complaint = Arc<Mutex<Option<String>>>;

impl Connection {
    /// To a server that is new enough to publish to.
    pub async fn open(options: &Options) -> Result<Self> {
        let connection = Self::open_any(options).await?;
        let version = connection.client.server_info().version;
        if parsed(&version).is_none_or(|version| version < OLDEST) {
            return Err(Refusal::Server { found: version, needed: OLDEST_TEXT }.into());
        }
        Ok(connection)
    }

    /// To whatever server there is.
    pub async fn open_any(options: &Options) -> Result<Self> {
        let complaint = Complaint::default();
        let (is_lost, lost) = watch::channel(false);
        let seen = Arc::clone(&complaint);
        let told = move |event: Event| {
            match event {
                Event::ServerError(error) => {
                    *seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(plainly(&error));
                }
                Event::Disconnected | Event::Closed => drop(is_lost.send_replace(true)),
                Event::Connected
                | Event::LameDuckMode
                | Event::Draining
                | Event::SlowConsumer(_)
                | Event::ClientError(_) => {}
            }
            std::future::ready(())
        };
        let connecting = settings(options).await.map_err(Trouble::passing)?.event_callback(told);
        let client = connecting
            .connect(options.servers.as_slice())
            .await
            .map_err(|error| Trouble::passing(format_args!("cannot connect to NATS: {}", said(&error))))?;
        Ok(Self { client, lost, complaint })
    }

    /// Ready once the connection was lost.
    pub async fn lost(&self) {
        // An error means that the connection is gone for good.
        let _: std::result::Result<_, _> = self.lost.clone().wait_for(|lost| *lost).await;
    }

    /// What the server complained about since this was asked.
    pub fn complaint(&self) -> Option<String> {
        self.complaint.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// This error, with what the server complained about meanwhile.
    pub fn explain(&self, error: &dyn std::error::Error) -> Trouble {
        Trouble::Passing(match self.complaint() {
            Some(complaint) => format!("{}; the server says: {complaint}", said(error)),
            None => said(error),
        })
    }
}

/// That these can be addresses of servers.
pub fn check(servers: &[String]) -> io::Result<()> {
    servers.iter().try_for_each(|server| server.parse::<ServerAddr>().map(drop))
}

async fn settings(options: &Options) -> io::Result<ConnectOptions> {
    let Options { credentials, nkey, ca, certificate, .. } = options;
    let mut settings = ConnectOptions::new()
        .name("tenure")
        .connection_timeout(PATIENCE)
        .request_timeout(Some(PATIENCE))
        .ping_interval(Duration::from_secs(10))
        // Each server is tried once; what goes wrong then, the publisher tries again.
        .max_reconnects(options.servers.len())
        .client_capacity(4_096);
    // async-nats 0.51 takes no notice of what stands before the host.
    if let Some((name, secret)) = in_url(options)? {
        settings = match secret {
            Some(password) => settings.user_and_password(name, password),
            None => settings.token(name),
        };
    }
    if let Some(file) = credentials {
        let text = read(file)?;
        settings = settings.credentials(&text).map_err(|error| in_file(file, error))?;
    }
    if let Some(file) = nkey {
        settings = settings.nkey(read(file)?.trim().to_owned());
    }
    if let Some(file) = ca {
        read(file)?;
        settings = settings.add_root_certificates(file.clone());
    }
    if let Some((certificate, key)) = certificate {
        read(certificate)?;
        read(key)?;
        settings = settings.add_client_certificate(certificate.clone(), key.clone());
    }
    Ok(settings)
}

/// The user and password, or the token, of the first server whose URL has them.
fn in_url(options: &Options) -> io::Result<Option<(String, Option<String>)>> {
    for server in &options.servers {
        let address: ServerAddr = server.parse()?;
        if let Some(name) = address.username() {
            return Ok(Some((plain(name), address.password().map(plain))));
        }
    }
    Ok(None)
}

/// What was written with `%` because it must not stand in a URL.
fn plain(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Small files, read anew for each connection: credentials are changed while a node runs.
fn read(file: &Path) -> io::Result<String> {
    std::fs::read_to_string(file).map_err(|error| in_file(file, error))
}

fn in_file(file: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot use `{}`: {error}", file.display()))
}

/// An error and its causes in a line.
fn said(error: &dyn std::error::Error) -> String {
    let mut text = plainly(error);
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = plainly(error);
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

/// What an error says, without the name of the library before it.
fn plainly(error: &dyn std::error::Error) -> String {
    error.to_string().trim_start_matches("nats: ").to_owned()
}

/// A version of a server, without what comes after its three numbers.
fn parsed(version: &str) -> Option<(u64, u64, u64)> {
    let mut numbers = version.trim_start_matches('v').split('.').map(|part| {
        let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        part.get(..digits)?.parse().ok()
    });
    Some((numbers.next()??, numbers.next()??, numbers.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        let check = |version: &str, good| {
            assert_eq!(parsed(version).is_some_and(|version| version >= OLDEST), good, "{version}");
        };
        check("2.12.8", true);
        check("v2.12.8", true);
        check("2.12.10", true);
        check("2.14.0-RC.1", true);
        check("3.0.0", true);
        check("2.12.7", false);
        check("2.11.11", false);
        check("1.99.99", false);
        check("2.12", false);
        check("", false);
        check("dev", false);
    }
}
