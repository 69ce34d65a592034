//! A real server on this machine, and what it answers.

use std::net::SocketAddr;
use std::ops::Deref;
use std::path::Path;

use serde_json::Value;
use tenure::clock::Clock;
use tenure::http::serve_with;
use tenure::node::{Node, Options};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use ureq::{Agent, Body, http};

use super::platform::Platform;

/// A server with a platform of the preset `default`, stopped when it is dropped.
pub struct Server {
    pub node: Node,
    /// The first administrator's token.
    pub admin: String,
    pub address: SocketAddr,
    pub metrics: SocketAddr,
    client: Client,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<()>>,
    runtime: Runtime,
}

/// Whoever asks a server.
pub struct Client {
    url: String,
    agent: Agent,
}

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub text: String,
}

impl Server {
    /// In memory.
    pub fn memory() -> Self {
        let runtime = runtime();
        let platform = runtime.block_on(async { Platform::memory() });
        Self::start(runtime, platform)
    }

    /// In memory, served in another way.
    pub fn with(options: tenure::http::Options) -> Self {
        let runtime = runtime();
        let platform = runtime.block_on(async { Platform::memory() });
        Self::start_with(runtime, platform, options)
    }

    /// In memory, of the preset `hengshi`, with the vendor's key.
    pub fn hengshi(clock: Clock) -> Self {
        let runtime = runtime();
        let platform = runtime.block_on(async { Platform::hengshi(clock) });
        Self::start(runtime, platform)
    }

    /// In a new folder.
    pub fn folder(path: &Path) -> Self {
        Self::reopen(path, Platform::init(path).reveal().as_str())
    }

    /// On what an earlier one left in a folder.
    pub fn reopen(path: &Path, token: &str) -> Self {
        let token = token.parse().unwrap();
        let runtime = runtime();
        let (platform, _) = runtime.block_on(async { Platform::open(Options::folder(path), token) });
        Self::start(runtime, platform)
    }

    fn start(runtime: Runtime, platform: Platform) -> Self {
        Self::start_with(runtime, platform, tenure::http::Options::default())
    }

    fn start_with(runtime: Runtime, platform: Platform, options: tenure::http::Options) -> Self {
        let Platform { node, token, .. } = platform;
        let listen = || runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let (listener, metrics_listener) = (listen(), listen());
        let (address, metrics) = (listener.local_addr().unwrap(), metrics_listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let serving =
            serve_with(node.clone(), options, listener, Some(metrics_listener), async { drop(stopped.await) });
        let serving = Some(runtime.spawn(async { serving.await.unwrap() }));
        let client = Client::new(format!("http://{address}"));
        let admin = token.reveal().to_string();
        Self { node, admin, address, metrics, client, stop: Some(stop), serving, runtime }
    }

    /// Tells the server to stop and waits until it has.
    pub fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(serving) = self.serving.take() {
            self.runtime.block_on(serving).unwrap();
        }
    }

    /// The page of metrics.
    pub fn metrics(&self) -> String {
        read(self.client.agent.get(format!("http://{}/metrics", self.metrics)).call().unwrap()).unwrap().text
    }
}

impl Deref for Server {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Client {
    /// Of the server at this address, with connections of its own.
    pub fn new(url: impl Into<String>) -> Self {
        let agent = Agent::config_builder().http_status_as_error(false).proxy(None).build().into();
        Self { url: url.into(), agent }
    }

    /// Reads a path as whoever has the token.
    pub fn get(&self, token: &str, path: &str) -> Answer {
        self.send("GET", path, &[("Authorization", &bearer(token))], None)
    }

    /// Posts JSON to a path as whoever has the token.
    pub fn post(&self, token: &str, path: &str, body: &Value) -> Answer {
        let headers = [("Authorization", &*bearer(token)), ("Content-Type", "application/json")];
        self.send("POST", path, &headers, Some(body.to_string().as_bytes()))
    }

    /// Sends a request as it is told.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Answer {
        self.try_send(method, path, headers, body).unwrap()
    }

    /// Sends a request as it is told to a server that may not be there, or go away meanwhile.
    pub fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Answer, ureq::Error> {
        let mut request = http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = match body {
            Some(body) => self.agent.run(request.body(body)?),
            None => self.agent.run(request.body(())?),
        };
        read(answer?)
    }

    /// A command that is done.
    pub fn done(&self, token: &str, name: &str, body: Value) -> Value {
        let answer = self.post(token, &format!("/v1/commands/{name}"), &body);
        assert_eq!(answer.status, 200, "{name} {body}: {}", answer.text);
        answer.json()
    }

    /// A user at home in an org, with a token.
    pub fn user(&self, by: &str, id: &str, org: &str, user_type: &str, privileges: Value) -> String {
        let user = serde_json::json!({
            "id": id, "org": org, "name": format!("Name of {id}"), "email": format!("{id}@example.org"),
            "user_type": user_type, "privileges": privileges,
        });
        self.done(by, "create-user", user);
        self.key(by, id)
    }

    /// A new token of a user.
    pub fn key(&self, by: &str, user: &str) -> String {
        let key = self.done(by, "issue-api-key", serde_json::json!({"user": user, "name": "first"}));
        key["api_key"].as_str().expect("a token").to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.stop();
        }
    }
}

impl Answer {
    /// The body.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// A header, empty where it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status and, for a problem, its code.
    pub fn outcome(&self) -> String {
        match serde_json::from_str::<Value>(&self.text) {
            Ok(problem) if self.status >= 400 => format!("{} {}", self.status, problem["code"].as_str().unwrap_or("?")),
            _ => self.status.to_string(),
        }
    }
}

/// The header's value for a token.
pub fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn read(mut answer: http::Response<Body>) -> Result<Answer, ureq::Error> {
    // What is no text is compared elsewhere.
    let text = String::from_utf8_lossy(&answer.body_mut().with_config().limit(1 << 30).read_to_vec()?).into_owned();
    Ok(Answer { status: answer.status().as_u16(), headers: answer.headers().clone(), text })
}
