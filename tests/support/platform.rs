//! A platform to try things on.

use std::path::Path;

use serde_json::Value;
use tenure::clock::Clock;
use tenure::init::{self, Founding};
use tenure::node::{Answer, Authenticated, CommandError, Node, OpenReport, Options, Request, Secret};
use tenure::presets::Preset;
use tenure::token::Token;

/// A node and its first administrator.
pub struct Platform {
    pub node: Node,
    pub admin: Authenticated,
    pub token: Token,
}

impl Platform {
    /// In memory, of the preset `default`.
    pub fn memory() -> Self {
        Self::memory_at(Clock::system())
    }

    /// In memory, told the time by this clock.
    pub fn memory_at(clock: Clock) -> Self {
        let preset = Preset::named("default").unwrap();
        let (founded, token) = init::in_memory(&founding(&preset), &clock).unwrap();
        Self::open(Options::memory(founded, clock), token).0
    }

    /// In memory, of the preset `hengshi`, with the vendor's key.
    pub fn hengshi(clock: Clock) -> Self {
        let preset = Preset::named("hengshi").unwrap();
        let founding = Founding { licence_key: Some(super::licensed::vendor().public()), ..founding(&preset) };
        let (founded, token) = init::in_memory(&founding, &clock).unwrap();
        Self::open(Options::memory(founded, clock), token).0
    }

    /// In a new folder, of the preset `default`.
    pub fn folder(path: &Path) -> Self {
        let token = Self::init(path);
        Self::open(Options::folder(path), token).0
    }

    /// Makes a platform in a folder and leaves it closed.
    pub fn init(path: &Path) -> Token {
        let preset = Preset::named("default").unwrap();
        init::in_folder(path, &founding(&preset), &Clock::system()).unwrap()
    }

    /// Opens a platform whose administrator has this key.
    pub fn open(options: Options, token: Token) -> (Self, OpenReport) {
        let (node, report) = Node::open(options).unwrap();
        let admin = node.authenticate(&token).expect("the first key");
        (Self { node, admin, token }, report)
    }

    /// The administrator's command.
    pub fn request(&self, name: &str, body: Value) -> Request {
        Request::new(self.admin, name, body.to_string())
    }

    /// The administrator sends a command.
    pub async fn send(&self, name: &str, body: Value) -> Result<Answer, CommandError> {
        self.node.submit(self.request(name, body)).await
    }

    /// The administrator sends a command that is done.
    pub async fn done(&self, name: &str, body: Value) -> Answer {
        self.send(name, body.clone()).await.unwrap_or_else(|error| panic!("{name} {body}: {error}"))
    }

    /// A user at home in the root org, with a key.
    pub async fn user(&self, id: &str, user_type: &str) -> Authenticated {
        let user = serde_json::json!({"id": id, "org": "root", "name": id, "user_type": user_type, "privileges": []});
        self.done("create-user", user).await;
        let key = self.done("issue-api-key", serde_json::json!({"user": id, "name": "first"})).await;
        self.node
            .authenticate(key.secret.as_ref().and_then(Secret::api_key).expect("a new key"))
            .expect("an enabled user")
    }
}

fn founding(preset: &Preset) -> Founding<'_> {
    Founding { preset, name: "Root", admin: "admin".parse().unwrap(), licence_key: None }
}

/// An event as JSON.
pub fn json(event: &[u8]) -> Value {
    serde_json::from_slice(event).unwrap()
}
