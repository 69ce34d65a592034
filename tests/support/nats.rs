//! Real NATS servers on this machine, of the versions that `tests/run` installs.
//!
//! It uses nothing else of the tests, so that benches and other crates can include it by its path.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The newest version, which the tests use where none is named.
pub const NEWEST: &str = "2.15.1";
/// The newest of the line before.
pub const BEFORE: &str = "2.14.6";
/// The oldest that Tenure works with.
pub const OLDEST: &str = "2.12.8";
/// One that Tenure refuses.
pub const REFUSED: &str = "2.11.11";

/// A server with JetStream in a folder of its own, syncing always; killed when dropped.
pub struct NatsServer {
    program: PathBuf,
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

impl NatsServer {
    /// A server of this version, ready, at a port that was free.
    pub fn start(version: &str) -> Self {
        Self::with(version, "", "")
    }

    /// The same with more lines in its configuration: some that concern JetStream, and others.
    pub fn with(version: &str, jetstream: &str, others: &str) -> Self {
        let mut server = Self { program: program(version), folder: TempDir::new().unwrap(), port: 0, child: None };
        server.configure(jetstream, others);
        server.restart();
        server
    }

    /// The same with a configuration of its own, in which paths are relative to the server's folder.
    pub fn configured(version: &str, configuration: &str) -> Self {
        let mut server = Self { program: program(version), folder: TempDir::new().unwrap(), port: 0, child: None };
        std::fs::write(server.folder().join("nats.conf"), configuration).unwrap();
        server.restart();
        server
    }

    /// Writes its configuration anew, for the next start.
    pub fn configure(&self, jetstream: &str, others: &str) {
        let store = self.folder().join("store");
        let jetstream = format!("jetstream {{\nstore_dir: {store:?}\nsync_interval: always\n{jetstream}\n}}");
        let text = format!("{jetstream}\n{others}\n");
        std::fs::write(self.folder().join("nats.conf"), text).unwrap();
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// The folder with its configuration, its log and, in `store`, its streams.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Starts it, at the same port and on the same store if it ran before, and waits until it is ready.
    pub fn restart(&mut self) {
        self.kill();
        let folder = self.folder.path();
        let mut command = Command::new(&self.program);
        command
            .current_dir(folder)
            .args(["--addr", "127.0.0.1"])
            .arg("--config")
            .arg(folder.join("nats.conf"))
            .arg("--log")
            .arg(folder.join("log"));
        let port = if self.port == 0 { "-1".to_owned() } else { self.port.to_string() };
        command.args(["--port", &port]).arg("--ports_file_dir").arg(folder);
        self.child = Some(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let patience = Instant::now() + Duration::from_secs(30);
        while !self.is_ready() {
            let ended = self.child.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < patience, "nats-server does not come up:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Whether it greets who connects: it does when JetStream is ready.
    fn is_ready(&mut self) -> bool {
        if self.port == 0 {
            // The server removes its file of ports when it ends in good order, and only then.
            let name = format!("nats-server_{}.ports", self.child.as_ref().unwrap().id());
            let Ok(ports) = std::fs::read_to_string(self.folder.path().join(name)) else { return false };
            let port = ports.split("127.0.0.1:").nth(1).map(|rest| rest.split('"').next().unwrap());
            let Some(port) = port.and_then(|port| port.parse().ok()) else { return false };
            self.port = port;
        }
        let address = SocketAddr::from(([127, 0, 0, 1], self.port));
        let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_secs(1)) else { return false };
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut greeting = String::new();
        BufReader::new(stream.take(64 * 1024)).read_line(&mut greeting).is_ok() && greeting.starts_with("INFO ")
    }

    /// What it wrote to its log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn program(version: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.ancestors().find(|folder| folder.join("tests/nats-servers.txt").exists()).unwrap();
    let program = root.join("target/tools/nats").join(version).join("nats-server");
    assert!(program.exists(), "there is no nats-server {version} below target/tools: `tests/run --tools` gets it");
    program
}
