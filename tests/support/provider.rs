//! An identity provider on this machine that signs what it is told to, right or wrong.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use tenure::clock::Clock;

/// Whom its tokens are for.
pub const AUDIENCE: &str = "https://tenure.example.org";

/// A provider: its keys are at `/keys`.
pub struct Provider {
    pub url: String,
    shown: Arc<Mutex<Shown>>,
}

struct Shown {
    keys: Vec<Value>,
    away: bool,
    asked: usize,
}

/// Signs tokens.
pub struct Signer {
    pub kid: String,
    alg: &'static str,
    pair: Pair,
}

enum Pair {
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl Provider {
    /// One that shows the public keys of these.
    pub fn start(signers: &[&Signer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let keys = signers.iter().map(|signer| signer.jwk()).collect();
        let shown = Arc::new(Mutex::new(Shown { keys, away: false, asked: 0 }));
        let of_thread = Arc::clone(&shown);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut shown = of_thread.lock().unwrap();
                shown.asked += 1;
                if !shown.away {
                    answer(stream, &json!({"keys": shown.keys}).to_string());
                }
            }
        });
        Self { url, shown }
    }

    /// Shows these keys from now on.
    pub fn show(&self, signers: &[&Signer]) {
        self.shown.lock().unwrap().keys = signers.iter().map(|signer| signer.jwk()).collect();
    }

    /// Answers nobody, or does again.
    pub fn is_away(&self, away: bool) {
        self.shown.lock().unwrap().away = away;
    }

    /// How often somebody asked for its keys.
    pub fn asked(&self) -> usize {
        self.shown.lock().unwrap().asked
    }

    /// What a command needs to know to trust it.
    pub fn trusted(&self, more: Value) -> Value {
        let mut all = json!({
            "issuer": self.url, "audiences": [AUDIENCE], "algorithms": ["ES256", "EdDSA"],
            "jwks_uri": format!("{}/keys", self.url),
        });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    }

    /// Claims of a token that is right, for five minutes.
    pub fn claims(&self, subject: &str) -> Value {
        let now = now();
        json!({"iss": self.url, "sub": subject, "aud": AUDIENCE, "iat": now, "nbf": now, "exp": now + 300})
    }

    /// A token that is right.
    pub fn token(&self, signer: &Signer, subject: &str) -> String {
        signer.token(&self.claims(subject))
    }
}

/// Seconds since 1970.
pub fn now() -> u64 {
    Clock::system().now().timestamp().try_into().unwrap()
}

fn answer(mut stream: TcpStream, body: &str) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    // Who asked may be gone.
    drop(stream.write_all(format!("{head}Connection: close\r\n\r\n{body}").as_bytes()));
}

impl Signer {
    /// With a new key for ES256.
    pub fn ec(kid: &str) -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        Self { kid: kid.to_owned(), alg: "ES256", pair: Pair::Ec(pair) }
    }

    /// With a new key for EdDSA.
    pub fn ed(kid: &str) -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
        Self { kid: kid.to_owned(), alg: "EdDSA", pair: Pair::Ed(pair) }
    }

    /// Its public key.
    pub fn jwk(&self) -> Value {
        match &self.pair {
            Pair::Ec(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "crv": "P-256", "kid": self.kid, "use": "sig", "x": encoded(x), "y": encoded(y)})
            }
            Pair::Ed(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "kid": self.kid, "x": encoded(pair.public_key().as_ref())})
            }
        }
    }

    /// The bytes of its public key.
    pub fn public(&self) -> Vec<u8> {
        match &self.pair {
            Pair::Ec(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Ed(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    /// A token with these claims.
    pub fn token(&self, claims: &Value) -> String {
        self.signed(&json!({"alg": self.alg, "kid": self.kid, "typ": "at+jwt"}), claims)
    }

    /// A token with this header and these claims.
    pub fn signed(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let signature = match &self.pair {
            Pair::Ec(pair) => pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap().as_ref().to_vec(),
            Pair::Ed(pair) => pair.sign(message.as_bytes()).as_ref().to_vec(),
        };
        format!("{message}.{}", encoded(&signature))
    }
}

/// What is signed of a token.
pub fn message(header: &Value, claims: &Value) -> String {
    format!("{}.{}", encoded(header.to_string().as_bytes()), encoded(claims.to_string().as_bytes()))
}

/// In base64url without padding.
pub fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
