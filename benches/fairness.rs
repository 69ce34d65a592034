//! Another tenant's reads and commands, idle and under each flood by one caller, over HTTP on this machine's loopback: how much
//! slower the slowest hundredth becomes.

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
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde_json::{Value, json};
use tenure::clock::Clock;
use tenure::init::{self, Founding};
use tenure::node::{Authenticated, Node, Options, Request};
use tenure::presets::Preset;
use tokio::net::TcpListener;
use tokio::runtime::Builder;

/// Connections of the one who floods.
const CONNECTIONS: usize = 64;
const ROUND: Duration = Duration::from_secs(5);
const USERS: usize = 2_000;

/// What somebody sends again and again.
#[derive(Clone, Copy)]
enum Flood {
    None,
    Checks,
    Batches,
    Searches,
    Events,
    DryRuns,
    Commands,
    WrongTokens,
    SlowBodies,
    IdleConnections,
}

const FLOODS: [(Flood, &str); 10] = [
    (Flood::None, "idle"),
    (Flood::Checks, "checks"),
    (Flood::Batches, "batches of 1,000"),
    (Flood::Searches, "searches"),
    (Flood::Events, "pages of events"),
    (Flood::DryRuns, "dry runs"),
    (Flood::Commands, "commands"),
    (Flood::WrongTokens, "wrong tokens"),
    (Flood::SlowBodies, "slow bodies"),
    (Flood::IdleConnections, "idle connections"),
];

fn main() {
    let servers = Builder::new_multi_thread().enable_all().build().unwrap();
    let (node, loud, quiet) = servers.block_on(platform());
    let listener = servers.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    servers.spawn(tenure::http::serve(node, listener, None, std::future::pending()));
    let mut idle = (0, 0);
    println!("flood                reads p50   p99 µs  times   commands p50   p99 µs  times   flood answers/s");
    for (flood, name) in FLOODS {
        let (reads, commands, answered) = under(address, flood, &loud, &quiet);
        let p99 = (reads.value_at_quantile(0.99), commands.value_at_quantile(0.99));
        if matches!(flood, Flood::None) {
            idle = p99;
        }
        let times = |now: u64, idle: u64| now as f64 / idle.max(1) as f64;
        println!(
            "{name:<20} {:>9} {:>8} {:>6.1} {:>14} {:>8} {:>6.1} {answered:>17.0}",
            reads.value_at_quantile(0.5),
            p99.0,
            times(p99.0, idle.0),
            commands.value_at_quantile(0.5),
            p99.1,
            times(p99.1, idle.1),
        );
        // What is owed is paid before the next flood.
        thread::sleep(Duration::from_secs(8));
    }
}

/// Two tenants with many people, and the key of an administrator of each.
async fn platform() -> (Node, String, String) {
    let preset = Preset::named("default").unwrap();
    let founding = Founding { preset: &preset, name: "Root", admin: "admin".parse().unwrap(), licence_key: None };
    let clock = Clock::system();
    let (founded, token) = init::in_memory(&founding, &clock).unwrap();
    let (node, _) = Node::open(Options::memory(founded, clock)).unwrap();
    let admin = node.authenticate(&token).unwrap();
    let mut tokens = Vec::new();
    for org in ["loud", "quiet"] {
        let boss = json!({"id": format!("boss-{org}"), "name": "Boss", "key": true});
        let token = done(&node, admin, "create-org", json!({"id": org, "name": org, "admin": boss})).await.unwrap();
        let boss = node.authenticate(&token.parse().unwrap()).unwrap();
        let chart = json!({"id": format!("chart-{org}"), "org": org, "kind": "chart", "name": "Scores"});
        done(&node, boss, "create-resource", chart).await;
        let share = json!({"resource": format!("chart-{org}"), "with": {"org": org}, "level": "view"});
        done(&node, boss, "share", share).await;
        for number in 0..USERS {
            let id = format!("{org}-{number}");
            let user = json!({"id": id, "org": org, "name": id, "user_type": "member", "privileges": []});
            done(&node, boss, "create-user", user).await;
        }
        tokens.push(token);
    }
    let quiet = tokens.pop().unwrap();
    (node, tokens.pop().unwrap(), quiet)
}

async fn done(node: &Node, who: Authenticated, name: &str, body: Value) -> Option<String> {
    let answer = node.submit(Request::new(who, name, body.to_string())).await.unwrap();
    answer.secret.as_ref().and_then(tenure::node::Secret::api_key).map(|key| key.reveal().to_string())
}

/// Times of the quiet tenant in microseconds while the loud one floods, and how often the flood was answered.
fn under(address: SocketAddr, flood: Flood, loud: &str, quiet: &str) -> (Histogram<u64>, Histogram<u64>, f64) {
    let (over, answered) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        if !matches!(flood, Flood::None) {
            for number in 0..CONNECTIONS {
                let (over, answered) = (&over, &answered);
                scope.spawn(move || {
                    while !over.load(Ordering::Relaxed) {
                        // A connection that is cut is made anew.
                        drop(send(address, flood, loud, number, over, answered));
                    }
                });
            }
        }
        thread::sleep(Duration::from_secs(1));
        let before = answered.load(Ordering::Relaxed);
        let reads = scope.spawn(|| times(address, |_| get("/v1/whoami", quiet)));
        let commands = scope.spawn(|| {
            times(address, |number| {
                let name = format!("{}-{number}", answered.load(Ordering::Relaxed));
                post("/v1/commands/rename-org", quiet, &json!({"org": "quiet", "name": name}))
            })
        });
        let found = (reads.join().unwrap(), commands.join().unwrap());
        let count = answered.load(Ordering::Relaxed) - before;
        over.store(true, Ordering::Relaxed);
        (found.0, found.1, count as f64 / ROUND.as_secs_f64())
    })
}

/// One request after the other, a hundred a second.
fn times(address: SocketAddr, request: impl Fn(usize) -> Vec<u8>) -> Histogram<u64> {
    let mut connection = connect(address).unwrap();
    let mut times = Histogram::new(3).unwrap();
    let begun = Instant::now();
    for number in 0.. {
        if begun.elapsed() > ROUND {
            break;
        }
        let began = Instant::now();
        connection.write_all(&request(number)).unwrap();
        let answer = answer(&mut connection).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        times.record(u64::try_from(began.elapsed().as_micros()).unwrap()).unwrap();
        thread::sleep(Duration::from_millis(10).saturating_sub(began.elapsed()));
    }
    times
}

fn send(
    address: SocketAddr,
    flood: Flood,
    token: &str,
    number: usize,
    over: &AtomicBool,
    answered: &AtomicU64,
) -> std::io::Result<()> {
    let mut connection = connect(address)?;
    let question = |user: usize| {
        json!({
            "subject": {"type": "user", "id": format!("loud-{user}")}, "action": {"name": "view"},
            "resource": {"type": "chart", "id": "chart-loud"},
        })
    };
    let mut turn = number * 1_000_000;
    while !over.load(Ordering::Relaxed) {
        turn += 1;
        let group = json!({"org": "loud", "name": format!("group {turn}")});
        let request = match flood {
            Flood::None => return Ok(()),
            Flood::Checks => post("/access/v1/evaluation", token, &question(turn % USERS)),
            Flood::Batches => {
                let questions: Vec<_> = (0..1_000).map(question).collect();
                post("/access/v1/evaluations", token, &json!({"evaluations": questions}))
            }
            Flood::Searches => {
                let mut search = question(0);
                search["subject"] = json!({"type": "user"});
                search["page"] = json!({"limit": 1_000});
                post("/access/v1/search/subject", token, &search)
            }
            Flood::Events => get("/v1/events?limit=1000&type=nothing", token),
            Flood::DryRuns => post("/v1/commands/create-group?dry_run=true", token, &group),
            Flood::Commands => post("/v1/commands/create-group", token, &group),
            Flood::WrongTokens => get("/v1/whoami", "tnr_nothing"),
            Flood::SlowBodies => {
                let head = "POST /access/v1/evaluation HTTP/1.1\r\nHost: t\r\nContent-Type: application/json";
                let head = format!("{head}\r\nAuthorization: Bearer {token}\r\nContent-Length: 1000\r\n\r\n{{");
                connection.write_all(head.as_bytes())?;
                thread::sleep(Duration::from_millis(500));
                return Ok(());
            }
            Flood::IdleConnections => {
                let idle: Vec<_> = (0..32).map(|_| connect(address)).collect();
                thread::sleep(Duration::from_millis(500));
                drop(idle);
                return Ok(());
            }
        };
        connection.write_all(&request)?;
        answer(&mut connection)?;
        answered.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let connection = TcpStream::connect(address)?;
    connection.set_nodelay(true)?;
    Ok(connection)
}

fn get(path: &str, token: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {token}\r\n\r\n").into_bytes()
}

fn post(path: &str, token: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    let head = format!("POST {path} HTTP/1.1\r\nHost: t\r\nContent-Type: application/json");
    format!("{head}\r\nAuthorization: Bearer {token}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// One answer, whole.
fn answer(connection: &mut TcpStream) -> std::io::Result<String> {
    let (mut read, mut chunk) = (Vec::new(), [0; 65_536]);
    loop {
        let length = connection.read(&mut chunk)?;
        if length == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        read.extend_from_slice(&chunk[..length]);
        let text = String::from_utf8_lossy(&read);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let wanted = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= wanted.map_or(0, |wanted| wanted.parse().unwrap()) {
            return Ok(text.into_owned());
        }
    }
}
