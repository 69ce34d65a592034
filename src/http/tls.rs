//! TLS as the node shows it: its certificate and key, read anew when their files change.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// The files of a certificate, those of its authorities after it, and of its key, in PEM.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// Of the certificate.
    pub certificate: PathBuf,
    /// Of the key.
    pub key: PathBuf,
}

/// What a node shows itself by.
#[derive(Debug, Clone)]
pub struct Tls {
    files: TlsFiles,
    shown: Arc<Shown>,
    acceptor: Acceptor,
}

#[derive(Clone)]
struct Acceptor(TlsAcceptor);

impl std::fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Acceptor(…)")
    }
}

#[derive(Debug)]
struct Shown(RwLock<Read>);

#[derive(Debug)]
struct Read {
    key: Arc<CertifiedKey>,
    /// As the files were.
    bytes: [Vec<u8>; 2],
}

/// Why a certificate and a key cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read `{}`: {error}", .file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// It is not what it should be.
    #[error("`{}`: {what}", .file.display())]
    Content {
        /// Which.
        file: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The two are not of each other, or of a sort that is not known.
    #[error("the certificate and the key cannot be used together: {0}")]
    Pair(#[from] rustls::Error),
}

impl Tls {
    /// As the files say.
    ///
    /// # Errors
    /// See [`TlsError`].
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let shown = Arc::new(Shown(RwLock::new(read(&files)?)));
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth();
        let mut config = config.with_cert_resolver(Arc::clone(&shown) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { files, shown, acceptor: Acceptor(TlsAcceptor::from(Arc::new(config))) })
    }

    /// What takes connections.
    pub(super) const fn acceptor(&self) -> &TlsAcceptor {
        &self.acceptor.0
    }

    /// Shows what the files say whenever they have changed. Where that cannot be shown, what was goes on.
    pub(super) async fn follow(self) {
        let mut failed = None;
        loop {
            tokio::time::sleep(LOOK).await;
            let files = self.files.clone();
            let Ok(read) = tokio::task::spawn_blocking(move || read(&files)).await else { continue };
            match read {
                Ok(read) => {
                    failed = None;
                    let mut shown = self.shown.0.write().unwrap_or_else(PoisonError::into_inner);
                    if shown.bytes != read.bytes {
                        *shown = read;
                        drop(shown);
                        tracing::info!("the certificate was read anew");
                    }
                }
                Err(error) => {
                    let error = error.to_string();
                    if failed.as_ref() != Some(&error) {
                        tracing::warn!(error, "the certificate cannot be read anew: the one from before is shown");
                        failed = Some(error);
                    }
                }
            }
        }
    }
}

fn read(files: &TlsFiles) -> Result<Read, TlsError> {
    let TlsFiles { certificate, key } = files;
    let bytes = |file: &PathBuf| std::fs::read(file).map_err(|error| TlsError::File { file: file.clone(), error });
    let wrong = |file: &PathBuf, what: String| TlsError::Content { file: file.clone(), what };
    let bytes = [bytes(certificate)?, bytes(key)?];
    let [of_certificate, of_key] = &bytes;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(of_certificate).collect();
    let chain = chain.map_err(|error| wrong(certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(wrong(certificate, "there is no certificate in it".to_owned()));
    }
    let private = PrivateKeyDer::from_pem_slice(of_key).map_err(|error| wrong(key, error.to_string()))?;
    let pair = CertifiedKey::from_der(chain, private, &default_provider())?;
    Ok(Read { key: Arc::new(pair), bytes })
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner).key))
    }
}
