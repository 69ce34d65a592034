//! Real NATS servers on this machine, of the versions that `tests/run` installs.
//!
//! It uses nothing else of the tests, so that benches and other crates can include it by its path.

use std::hash::{BuildHasher as _, RandomState};
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
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
    /// What it is called: no other on this machine is.
    name: String,
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
        let mut server = Self::new(version);
        server.configure(jetstream, others);
        server.restart();
        server
    }

    /// The same with a configuration of its own, in which paths are relative to the server's folder.
    pub fn configured(version: &str, configuration: &str) -> Self {
        let mut server = Self::new(version);
        std::fs::write(server.folder().join("nats.conf"), configuration).unwrap();
        server.restart();
        server
    }

    /// One with the accounts and permissions of the guide.
    pub fn guarded() -> Self {
        let guide = include_str!("../../docs/guides/nats.md");
        Self::configured(NEWEST, guide.split_once("```conf nats.conf\n").unwrap().1.split_once("```").unwrap().0)
    }

    fn new(version: &str) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let name = format!("s{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        Self { program: program(version), folder: TempDir::new().unwrap(), name, port: 0, child: None }
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

    /// Where it listens, for one of the users of the guide.
    pub fn url_of(&self, user: &str) -> String {
        self.url().replace("://", &format!("://{user}:{user}-secret@"))
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
        let is_new = self.port == 0;
        for tries in 1.. {
            if is_new {
                self.port = free_port();
            }
            self.spawn();
            if self.comes_up() {
                return;
            }
            assert!(tries < 10, "nats-server does not come up:\n{}", self.log());
        }
    }

    fn spawn(&mut self) {
        let folder = self.folder.path();
        let mut command = Command::new(&self.program);
        command
            .current_dir(folder)
            .args(["--addr", "127.0.0.1", "--name", &self.name, "--port", &self.port.to_string()])
            .arg("--config")
            .arg(folder.join("nats.conf"))
            .arg("--log")
            .arg(folder.join("log"));
        self.child = Some(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    }

    /// Waits until it is ready; it may end instead, when somebody else took its port.
    fn comes_up(&mut self) -> bool {
        let patience = Instant::now() + Duration::from_secs(60);
        while !self.is_ready() {
            if self.child.as_mut().unwrap().try_wait().unwrap().is_some() {
                return false;
            }
            assert!(Instant::now() < patience, "nats-server does not come up:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
        true
    }

    /// Whether it greets who connects, by its name: it does when JetStream is ready.
    fn is_ready(&self) -> bool {
        let address = SocketAddr::from(([127, 0, 0, 1], self.port));
        let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_secs(1)) else { return false };
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut greeting = String::new();
        let greets = BufReader::new(stream.take(64 * 1024)).read_line(&mut greeting).is_ok();
        greets && greeting.starts_with("INFO ") && greeting.contains(&format!("\"server_name\":\"{}\"", self.name))
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

/// Servers that keep streams together.
pub struct NatsCluster {
    pub servers: Vec<NatsServer>,
}

impl NatsCluster {
    /// Three servers of this version. Their leader is still to be elected.
    pub fn start(version: &str) -> Self {
        let ports = [(); 3].map(|()| free_port());
        let routes = ports.map(|port| format!("\"nats-route://127.0.0.1:{port}\"")).join(", ");
        let server = |port| {
            let cluster = format!("cluster {{ name: tests, listen: \"127.0.0.1:{port}\", routes: [{routes}] }}");
            NatsServer::with(version, "", &cluster)
        };
        Self { servers: ports.map(server).into() }
    }

    /// Where they listen, with commas between.
    pub fn url(&self) -> String {
        self.servers.iter().map(NatsServer::url).collect::<Vec<_>>().join(",")
    }

    /// Which of them has this name.
    pub fn named(&self, name: &str) -> usize {
        self.servers.iter().position(|server| server.name == name).unwrap()
    }
}

/// A port that is free, and not of those that the system gives to whoever asks for any: a server that is killed finds it
/// free still.
fn free_port() -> u16 {
    loop {
        let port = 10_240 + u16::try_from(RandomState::new().hash_one(0) % 22_000).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
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
