//! TLS as who connects sees it: by rustls, on the cryptography of ring. Whoever is connected to shows a certificate of an
//! authority that the system trusts, or that a file names.

use std::sync::Arc;

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};

/// Authorities that are trusted beside those of the system.
#[derive(Debug, Clone, Default)]
pub struct Authorities(Vec<Certificate<'static>>);

impl Authorities {
    /// Those of a file in PEM.
    ///
    /// # Errors
    /// It cannot be read, or there are none in it.
    pub fn read(path: &str) -> Result<Self, String> {
        let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
        let mut found = Vec::new();
        for item in parse_pem(&bytes) {
            match item.map_err(|error| error.to_string())? {
                PemItem::Certificate(certificate) => found.push(certificate),
                PemItem::PrivateKey(_) => return Err("a private key stands in it".to_owned()),
                _ => {}
            }
        }
        if found.is_empty() { Err("there is no certificate in it".to_owned()) } else { Ok(Self(found)) }
    }
}

/// How to connect.
#[must_use]
pub fn connecting(more: &Authorities) -> TlsConfig {
    let mut roots = more.0.clone();
    let system = rustls_native_certs::load_native_certs().certs;
    roots.extend(system.iter().map(|root| Certificate::from_der(root).to_owned()));
    TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(RootCerts::from(roots))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build()
}
