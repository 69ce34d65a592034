//! As whom a node publishes, and what the permissions of the guide let everybody do.

use std::path::{Path, PathBuf};

use async_nats::ConnectOptions;
use async_nats::jetstream::{self, Context};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::StreamExt as _;
use nkeys::KeyPair;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer};
use serde_json::{Value, json};
use tempfile::TempDir;
use tenure::node::FeedState;
use tenure::publish::{self, Options};

use crate::support::nats::{NEWEST, NatsServer};
use crate::support::platform::Platform;
use crate::support::stream::{is_level, wait_for};

/// On a new server: who may not publish there, and who may.
async fn check(what: &str, nats: &NatsServer, bad: &[Options], good: Options) {
    let platform = Platform::memory();
    for bad in bad {
        refuses(what, nats, &platform, bad.clone()).await;
    }
    let _publisher = publish::start(platform.node.clone(), good);
    wait_for(&platform.node, is_level).await;
}

async fn refuses(what: &str, nats: &NatsServer, platform: &Platform, bad: Options) {
    let publisher = publish::start(platform.node.clone(), bad);
    let feed = wait_for(&platform.node, |feed| feed.trouble.is_some()).await;
    assert_eq!((feed.state, feed.published), (FeedState::Waiting, None), "{what}: {feed:?}\n{}", nats.log());
    drop(publisher);
    platform.node.tell_feed(|feed| feed.trouble = None);
}

fn at(url: String) -> Options {
    Options { servers: vec![url], ..Options::default() }
}

fn with_user(nats: &NatsServer, user: &str) -> String {
    nats.url().replace("://", &format!("://{user}@"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_and_a_token_may_stand_in_the_url() {
    let nats = NatsServer::with(NEWEST, "", "authorization { user: ann, password: \"p@ss\" }");
    check("a user", &nats, &[at(nats.url()), at(with_user(&nats, "ann:pass"))], at(with_user(&nats, "ann:p%40ss")))
        .await;
    let nats = NatsServer::with(NEWEST, "", "authorization { token: t0ken }");
    check("a token", &nats, &[at(nats.url())], at(with_user(&nats, "t0ken"))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_nkey_is_read_from_a_file() {
    let (ann, bob) = (KeyPair::new_user(), KeyPair::new_user());
    let users = format!("authorization {{ users: [ {{ nkey: {} }} ] }}", ann.public_key());
    let nats = NatsServer::with(NEWEST, "", &users);
    let folder = TempDir::new().unwrap();
    let with = |name: &str, key: &KeyPair| {
        let nkey = Some(write(folder.path(), name, &format!("{}\n", key.seed().unwrap())));
        Options { nkey, ..at(nats.url()) }
    };
    let absent = Options { nkey: Some(folder.path().join("absent")), ..at(nats.url()) };
    check("an nkey", &nats, &[absent, with("bob", &bob)], with("ann", &ann)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jwt_and_its_seed_are_read_from_a_file() {
    let (operator, account, ann, stranger) =
        (KeyPair::new_operator(), KeyPair::new_account(), KeyPair::new_user(), KeyPair::new_account());
    let jwt = |by: &KeyPair, of: &KeyPair, nats: Value| signed(by, of, nats);
    let all = [
        "subs",
        "conn",
        "leaf",
        "imports",
        "exports",
        "data",
        "payload",
        "mem_storage",
        "disk_storage",
        "streams",
        "consumer",
    ];
    let mut limits: Value = all.iter().map(|limit| ((*limit).to_owned(), json!(-1))).collect();
    limits["wildcards"] = json!(true);
    let system = KeyPair::new_account();
    let the_account = jwt(&operator, &account, json!({"type": "account", "version": 2, "limits": limits}));
    for limit in ["mem_storage", "disk_storage", "streams", "consumer"] {
        limits[limit] = json!(0);
    }
    let the_system = jwt(&operator, &system, json!({"type": "account", "version": 2, "limits": limits}));
    let the_operator = jwt(&operator, &operator, json!({"type": "operator", "version": 2}));
    let accounts = [(&system, the_system), (&account, the_account)];
    let accounts = accounts.map(|(account, jwt)| format!("{}: {jwt}\n", account.public_key())).concat();
    let system = format!("system_account: {}", system.public_key());
    let others = format!("operator: {the_operator}\n{system}\nresolver: MEMORY\nresolver_preload: {{\n{accounts}}}");
    let nats = NatsServer::with(NEWEST, "", &others);
    let folder = TempDir::new().unwrap();
    let with = |name: &str, by: &KeyPair| {
        let user = json!({"type": "user", "version": 2, "pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1});
        let (jwt, seed) = (jwt(by, &ann, user), ann.seed().unwrap());
        let text = format!(
            "-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n\
             -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
        );
        Options { credentials: Some(write(folder.path(), name, &text)), ..at(nats.url()) }
    };
    check("credentials", &nats, &[with("stranger", &stranger)], with("ann", &account)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_prove_who_they_are_and_so_does_the_node() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str| folder.path().join(name);
    let mut authority = CertificateParams::new([]).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    write(folder.path(), "ca.pem", &authority.self_signed(&key).unwrap().pem());
    let authority = Issuer::new(authority, key);
    for (name, subject) in [("server", "127.0.0.1"), ("client", "tenure")] {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([subject.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
        write(folder.path(), &format!("{name}.pem"), &certificate.pem());
        write(folder.path(), &format!("{name}-key.pem"), &key.serialize_pem());
    }
    let block = format!(
        "tls {{ cert_file: {:?}, key_file: {:?}, ca_file: {:?}, verify: true }}",
        file("server.pem"),
        file("server-key.pem"),
        file("ca.pem")
    );
    let nats = NatsServer::with(NEWEST, "", &block);
    let url = nats.url().replace("nats://", "tls://");
    let certificate = Some((file("client.pem"), file("client-key.pem")));
    let good = Options { ca: Some(file("ca.pem")), certificate, ..at(url.clone()) };
    let bare = Options { certificate: None, ..good.clone() };
    let unknown = Options { ca: Some(file("client.pem")), ..good.clone() };
    check("certificates", &nats, &[bare, unknown], good).await;
}

/// Nobody but the owner of the account can change the stream, nor write to it but the node.
#[tokio::test(flavor = "multi_thread")]
async fn the_permissions_of_the_guide_protect_the_stream() {
    let nats = NatsServer::guarded();
    let platform = Platform::memory();
    let _publisher = publish::start(platform.node.clone(), at(nats.url_of("node")));
    let feed = wait_for(&platform.node, is_level).await;
    for user in ["node", "reader"] {
        let context = jetstream_of(&nats, user).await;
        let mut stream = context.get_stream("TENURE").await.unwrap();
        let mut config = stream.info().await.unwrap().config.clone();
        config.max_messages = 1;
        assert!(context.update_stream(config).await.is_err(), "{user} changes the stream");
        assert!(context.delete_stream("TENURE").await.is_err(), "{user} deletes the stream");
        assert!(stream.delete_message(1).await.is_err(), "{user} deletes a message");
        assert!(stream.purge().await.is_err(), "{user} purges the stream");
    }
    let reader = jetstream_of(&nats, "reader").await;
    let sent = reader.publish("tenure.events.root.org.created", "mine".into()).await.unwrap();
    assert!(sent.await.is_err(), "a reader publishes");
    let stream = reader.get_stream("TENURE").await.unwrap();
    assert_eq!(Some(stream.cached_info().state.messages), feed.published);
    let durable = jetstream::consumer::pull::Config { durable_name: Some("mine".to_owned()), ..Default::default() };
    let mut messages = stream.create_consumer(durable).await.unwrap().messages().await.unwrap();
    let first = messages.next().await.unwrap().unwrap();
    first.double_ack().await.unwrap();
    let ordered = jetstream::consumer::pull::OrderedConfig::default();
    let mut messages = stream.create_consumer(ordered).await.unwrap().messages().await.unwrap();
    assert_eq!(messages.next().await.unwrap().unwrap().payload, first.payload);
}

async fn jetstream_of(nats: &NatsServer, user: &str) -> Context {
    let connecting = ConnectOptions::with_user_and_password(user.to_owned(), format!("{user}-secret"));
    let mut context = jetstream::new(connecting.connect(nats.url()).await.unwrap());
    // What is not permitted is not answered.
    context.set_timeout(std::time::Duration::from_millis(500));
    context
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// A JWT as NATS has them.
fn signed(by: &KeyPair, of: &KeyPair, nats: Value) -> String {
    let claims = json!({
        "jti": "tests", "iat": 1_700_000_000, "iss": by.public_key(), "name": "tests", "sub": of.public_key(), "nats": nats,
    });
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", encode(&json!({"typ": "JWT", "alg": "ed25519-nkey"})), encode(&claims));
    let signature = URL_SAFE_NO_PAD.encode(by.sign(text.as_bytes()).unwrap());
    format!("{text}.{signature}")
}
