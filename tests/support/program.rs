//! The program as people run it: real processes, real folders, a real node.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// What a run of the program left.
#[derive(Debug)]
pub struct Ran {
    /// Exit status.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// The program, knowing nothing of this machine's environment.
pub fn tenure() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenure"));
    for name in ["TENURE_URL", "TENURE_TOKEN", "TENURE_LOG", "TENURE_NATS", "COLUMNS"] {
        command.env_remove(name);
    }
    command
}

/// Runs it to its end.
pub fn run(arguments: &[&str]) -> Ran {
    ran(tenure().args(arguments).output().unwrap())
}

pub fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Ran {
    /// That it ended like this.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        self
    }
}

/// A platform in a folder of its own, and its administrator's key.
pub struct Platform {
    pub folder: TempDir,
    pub token: String,
}

impl Platform {
    pub fn new(preset: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let data = folder.path().join("data");
        let init = run(&["init", "--data", text(&data), "--preset", preset]).exits(0);
        Self { folder, token: init.out.trim().to_owned() }
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A node that serves it.
    pub fn serve(&self) -> Serving {
        self.serve_at("127.0.0.1:0")
    }

    /// A node that serves it at an address.
    pub fn serve_at(&self, listen: &str) -> Serving {
        let mut command = self.serving();
        command.args(["--listen", listen]);
        Serving::start(command, &self.token)
    }

    /// A node that serves it, with more arguments, and writes its log to a file.
    pub fn serve_telling(&self, log: &Path, arguments: &[&str]) -> Serving {
        let mut command = self.serving();
        command.args(["--listen", "127.0.0.1:0"]).args(arguments);
        command.stderr(File::options().create(true).append(true).open(log).unwrap());
        Serving::start_telling(command, &self.token)
    }

    /// The verb that serves it; where is still to be said.
    pub fn serving(&self) -> Command {
        let mut command = tenure();
        command.args(["serve", "--data", text(&self.data()), "--metrics", "127.0.0.1:0"]);
        command
    }
}

/// A node at work; killed when dropped.
pub struct Serving {
    pub url: String,
    pub token: String,
    child: Child,
}

impl Serving {
    /// Starts the command and waits until it says where it listens.
    pub fn start(mut command: Command, token: &str) -> Self {
        command.stderr(Stdio::null());
        Self::start_telling(command, token)
    }

    /// The same, its log left to go where the command says.
    pub fn start_telling(mut command: Command, token: &str) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.find_map(|line| {
            let line = line.ok()?;
            line.strip_prefix("listening on ").map(str::to_owned)
        });
        // Keeps reading, so that the node is not stopped by a full pipe.
        std::thread::spawn(move || lines.count());
        Self { url: url.expect("a node that listens"), token: token.to_owned(), child }
    }

    /// The program as a client of this node, with the administrator's key.
    pub fn client(&self) -> Command {
        let mut command = tenure();
        command.env("TENURE_URL", &self.url).env("TENURE_TOKEN", &self.token);
        command
    }

    /// Asks it over HTTP.
    pub fn http(&self) -> super::server::Client {
        super::server::Client::new(self.url.as_str())
    }

    /// The id of its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Runs a verb against it.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        ran(self.client().args(arguments).output().unwrap())
    }

    /// Sends a command that must be done.
    #[track_caller]
    pub fn done(&self, command: &str, json: &str) -> Ran {
        self.run(&["do", command, "--json", json]).exits(0)
    }

    /// Asks the process to end and waits for it; answers its exit status.
    pub fn terminate(mut self) -> i32 {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Approved outputs, without what differs from run to run.
pub fn snapshots() -> insta::Settings {
    let mut settings = super::snapshots();
    settings.add_filter(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", "[time]");
    settings.add_filter(r"tnr_[A-Za-z0-9_-]+", "[api key]");
    settings.add_filter(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[uuid]");
    settings.add_filter(r"http://127\.0\.0\.1:\d+", "[url]");
    settings
}
