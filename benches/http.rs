//! Access checks over HTTP beside a bare endpoint that reads the same body and answers the same bytes, in one run, on
//! this machine's loopback: what of the time is ours.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench ends at the first fault and tells what it found"
)]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue};
use axum::routing::post;
use axum::serve::ListenerExt as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde::Deserialize;
use serde_json::json;
use tenure::clock::Clock;
use tenure::init::{self, Founding};
use tenure::node::{Authenticated, Node, Options, Request};
use tenure::presets::Preset;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

const CONNECTIONS: usize = 16;
const ROUND: Duration = Duration::from_millis(800);
const ROUNDS: usize = 15;
const USERS: usize = 2_000;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const POSITION: HeaderName = HeaderName::from_static("tenure-position");

fn main() {
    let servers = Builder::new_multi_thread().enable_all().build().unwrap();
    let (node, token) = servers.block_on(platform());
    let signed = servers.block_on(signed(&node, &token));
    let ours = listen(&servers);
    let bare = listen(&servers);
    let addresses = (ours.local_addr().unwrap(), bare.local_addr().unwrap());
    let options = tenure::http::Options { limits: tenure::http::Limits::none(), ..Default::default() };
    servers.spawn(tenure::http::serve_with(node, options, ours, None, std::future::pending()));
    let answer = answer(addresses.0, &request(&token, 0));
    let body = answer.split_once("\r\n\r\n").unwrap().1.to_owned();
    let position = answer.lines().find_map(|line| line.strip_prefix("tenure-position: ")).unwrap().to_owned();
    println!("{body}");
    let bare = bare.tap_io(|io| io.set_nodelay(true).unwrap());
    servers.spawn(axum::serve(bare, endpoint(body, position)).into_future());
    let (mut rates, mut by_token) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let ours = load(addresses.0, &token);
        let bare = load(addresses.1, &token);
        let signed = load(addresses.0, &signed);
        println!(
            "round {round}: {ours:>8.0} checks a second, bare {bare:>8.0}, ratio {:.3}; by a JSON Web Token {signed:>8.0}",
            ours / bare
        );
        rates.push(ours / bare);
        by_token.push(signed / ours);
    }
    let median = |rates: &mut Vec<f64>| {
        rates.sort_by(f64::total_cmp);
        rates[ROUNDS / 2]
    };
    println!(
        "median ratio {:.3}; by a JSON Web Token {:.3} of that by a key",
        median(&mut rates),
        median(&mut by_token)
    );
}

/// A token of an issuer for the administrator.
async fn signed(node: &Node, token: &str) -> String {
    let admin = node.authenticate(&token.parse().unwrap()).unwrap();
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
    let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    let url = "https://app.example.org";
    let issuer = json!({
        "issuer": url, "audiences": ["tenure"], "algorithms": ["EdDSA"],
        "jwks": {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x}]},
    });
    done(node, admin, "register-issuer", issuer).await;
    done(node, admin, "link-identity", json!({"user": "admin", "issuer": url, "subject": "admin"})).await;
    let now = node.clock().now().timestamp();
    let header = json!({"alg": "EdDSA", "typ": "at+jwt"});
    let claims = json!({"iss": url, "aud": "tenure", "sub": "admin", "iat": now, "exp": now + 3_600});
    let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(pair.sign(message.as_bytes())))
}

/// The least that an endpoint can do with such a request.
fn endpoint(body: String, position: String) -> Router {
    #[derive(Deserialize)]
    struct Question<'a> {
        #[serde(borrow)]
        subject: Thing<'a>,
        #[serde(borrow)]
        action: Named<'a>,
        #[serde(borrow)]
        resource: Thing<'a>,
    }
    #[derive(Deserialize)]
    struct Thing<'a> {
        #[serde(rename = "type")]
        kind: &'a str,
        id: &'a str,
    }
    #[derive(Deserialize)]
    struct Named<'a> {
        name: &'a str,
    }
    let body = Bytes::from(body);
    let position = HeaderValue::from_str(&position).unwrap();
    let handler = move |request: Bytes| {
        let asked: Question<'_> = serde_json::from_slice(&request).unwrap();
        let Question { subject, action, resource } = asked;
        std::hint::black_box((subject.kind, subject.id, action.name, resource.kind, resource.id));
        std::future::ready(([(CONTENT_TYPE, JSON), (POSITION, position.clone())], body.clone()))
    };
    Router::new().route("/access/v1/evaluation", post(handler))
}

async fn platform() -> (Node, String) {
    let preset = Preset::named("default").unwrap();
    let founding = Founding { preset: &preset, name: "Root", admin: "admin".parse().unwrap(), licence_key: None };
    let clock = Clock::system();
    let (founded, token) = init::in_memory(&founding, &clock).unwrap();
    let (node, _) = Node::open(Options::memory(founded, clock)).unwrap();
    let admin = node.authenticate(&token).unwrap();
    let folder = json!({"id": "scores", "org": "root", "kind": "chart", "name": "Scores"});
    done(&node, admin, "create-resource", folder).await;
    done(&node, admin, "define-role", json!({"id": "readers", "org": "root", "name": "Readers"})).await;
    let share = json!({"resource": "scores", "with": {"role": "readers"}, "level": "view"});
    done(&node, admin, "share", share).await;
    for number in 0..USERS {
        let id = format!("user-{number}");
        let user = json!({"id": id, "org": "root", "name": id, "user_type": "member", "privileges": []});
        done(&node, admin, "create-user", user).await;
        done(&node, admin, "assign-role", json!({"role": "readers", "users": [id]})).await;
    }
    (node, token.reveal().to_string())
}

async fn done(node: &Node, admin: Authenticated, name: &str, body: serde_json::Value) {
    node.submit(Request::new(admin, name, body.to_string())).await.unwrap();
}

fn listen(servers: &Runtime) -> TcpListener {
    servers.block_on(TcpListener::bind("127.0.0.1:0")).unwrap()
}

fn request(token: &str, number: usize) -> Vec<u8> {
    let body = json!({
        "subject": {"type": "user", "id": format!("user-{:04}", number % 1_000 + 1_000)}, "action": {"name": "view"},
        "resource": {"type": "chart", "id": "scores"},
    });
    let body = body.to_string();
    let head = "POST /access/v1/evaluation HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json";
    format!("{head}\r\nAuthorization: Bearer {token}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// One answer, whole.
fn answer(address: SocketAddr, request: &[u8]) -> String {
    let mut connection = TcpStream::connect(address).unwrap();
    connection.write_all(request).unwrap();
    let mut answer = vec![0; 4096];
    let length = connection.read(&mut answer).unwrap();
    answer.truncate(length);
    String::from_utf8(answer).unwrap()
}

/// Answers a second, over connections that are kept.
fn load(address: SocketAddr, token: &str) -> f64 {
    let length = answer(address, &request(token, 0)).len();
    let (answered, over) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        for number in 0..CONNECTIONS {
            let (answered, over) = (&answered, &over);
            scope.spawn(move || {
                let requests: Vec<_> = (0..16).map(|next| request(token, number * 16 + next)).collect();
                let mut connection = TcpStream::connect(address).unwrap();
                connection.set_nodelay(true).unwrap();
                let mut answer = vec![0; length];
                for request in requests.iter().cycle() {
                    connection.write_all(request).unwrap();
                    connection.read_exact(&mut answer).unwrap();
                    assert!(answer.starts_with(b"HTTP/1.1 200"));
                    answered.fetch_add(1, Ordering::Relaxed);
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
        }
        thread::sleep(ROUND / 4);
        let before = answered.load(Ordering::Relaxed);
        thread::sleep(ROUND);
        let counted = answered.load(Ordering::Relaxed) - before;
        over.store(true, Ordering::Relaxed);
        counted as f64 / ROUND.as_secs_f64()
    })
}
