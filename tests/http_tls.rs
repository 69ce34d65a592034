//! TLS: what the node shows, how that is renewed, and where plain HTTP stays.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::support::program::{Platform, Ran, Serving, ran, tenure, text};

/// An authority, and what it issued for this machine.
struct Authority {
    folder: PathBuf,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new(folder: &Path, name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        std::fs::write(folder.join(format!("{name}.pem")), issuer.pem()).unwrap();
        Self { folder: folder.to_owned(), issuer }
    }

    /// Writes a new certificate and its key to where the node reads them.
    fn issue(&self) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        std::fs::write(self.folder.join("key"), key.serialize_pem()).unwrap();
        std::fs::write(self.folder.join("certificate"), certificate.pem()).unwrap();
    }
}

fn serve(platform: &Platform, folder: &Path) -> Serving {
    let (certificate, key, log) = (folder.join("certificate"), folder.join("key"), folder.join("log"));
    platform.serve_telling(&log, &["--tls-cert", text(&certificate), "--tls-key", text(&key)])
}

fn whoami(serving: &Serving, folder: &Path, authority: &str) -> Ran {
    let url = serving.url.replace("127.0.0.1", "localhost");
    let mut command = tenure();
    command.env("TENURE_URL", url).env("TENURE_TOKEN", &serving.token).arg("whoami");
    if !authority.is_empty() {
        command.args(["--ca", text(&folder.join(format!("{authority}.pem")))]);
    }
    ran(command.output().unwrap())
}

#[test]
fn a_node_shows_its_certificate_and_reads_it_anew() {
    let (platform, folder) = (Platform::new("default"), tempfile::tempdir().unwrap());
    let folder = folder.path();
    let (first, second) = (Authority::new(folder, "first"), Authority::new(folder, "second"));
    first.issue();
    let serving = serve(&platform, folder);
    assert!(serving.url.starts_with("https://"), "{}", serving.url);
    whoami(&serving, folder, "first").exits(0);
    for stranger in ["", "second"] {
        let refused = whoami(&serving, folder, stranger).exits(2);
        assert!(refused.err.contains("certificate"), "{}", refused.err);
    }
    // What cannot be shown changes nothing.
    std::fs::write(folder.join("certificate"), "nothing").unwrap();
    std::thread::sleep(Duration::from_secs(3));
    whoami(&serving, folder, "first").exits(0);
    second.issue();
    let until = Instant::now() + Duration::from_secs(20);
    while whoami(&serving, folder, "second").code != 0 {
        assert!(Instant::now() < until, "{}", std::fs::read_to_string(folder.join("log")).unwrap());
        std::thread::sleep(Duration::from_millis(300));
    }
    whoami(&serving, folder, "first").exits(2);
    let log = std::fs::read_to_string(folder.join("log")).unwrap();
    assert!(log.contains("the one from before is shown") && log.contains("the certificate was read anew"), "{log}");
    // Without TLS nothing is said, and who says nothing holds nobody up.
    let address = serving.url.strip_prefix("https://").unwrap();
    let mut silent = TcpStream::connect(address).unwrap();
    let mut plain = TcpStream::connect(address).unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    drop(plain.read_to_end(&mut answer));
    assert!(!String::from_utf8_lossy(&answer).contains("HTTP"), "{answer:?}");
    whoami(&serving, folder, "second").exits(0);
    silent.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
    assert_eq!(silent.read(&mut [0; 8]).unwrap_or(0), 0);
    assert_eq!(serving.terminate(), 0);
}

#[test]
fn what_cannot_be_shown_is_refused_at_the_start() {
    let (platform, folder) = (Platform::new("default"), tempfile::tempdir().unwrap());
    let folder = folder.path();
    let check = |arguments: &[&str], want: &str| {
        let started = ran(platform.serving().args(["--listen", "127.0.0.1:0"]).args(arguments).output().unwrap());
        assert_eq!((started.code != 0, started.err.contains(want)), (true, true), "{arguments:?}: {}", started.err);
    };
    let authority = Authority::new(folder, "first");
    authority.issue();
    let (certificate, key, none) = (folder.join("certificate"), folder.join("key"), folder.join("none"));
    let (certificate, key, none) = (text(&certificate), text(&key), text(&none));
    check(&["--tls-cert", certificate], "--tls-key");
    check(&["--tls-key", key], "--tls-cert");
    check(&["--tls-cert", none, "--tls-key", key], "cannot read");
    check(&["--tls-cert", key, "--tls-key", key], "there is no certificate in it");
    check(&["--tls-cert", certificate, "--tls-key", certificate], certificate);
    let other = folder.join("other");
    std::fs::write(&other, KeyPair::generate().unwrap().serialize_pem()).unwrap();
    check(&["--tls-cert", certificate, "--tls-key", text(&other)], "cannot be used together");
}

/// Whoever can listen would read the keys of all callers.
#[test]
fn plain_http_stays_on_this_machine() {
    let platform = Platform::new("default");
    let refused = |arguments: &[&str]| {
        let data = platform.data();
        let started = ran(tenure().args(["serve", "--data", text(&data)]).args(arguments).output().unwrap());
        assert!(started.code != 0 && started.err.contains("--insecure-http"), "{arguments:?}: {}", started.err);
    };
    refused(&["--listen", "0.0.0.0:0"]);
    refused(&["--listen", "[::]:0"]);
    refused(&["--listen", "127.0.0.1:0", "--metrics", "0.0.0.0:0"]);
    let mut command = platform.serving();
    command.args(["--listen", "0.0.0.0:0", "--insecure-http"]);
    let serving = Serving::start(command, "");
    assert_eq!(serving.terminate(), 0);
}
