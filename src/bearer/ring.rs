//! The cryptography under the tokens: that of `ring`, which the program has for TLS already. Signatures are verified here,
//! never made.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{Error, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: no_signer,
    verifier_factory: verifier,
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |_| none(),
        rsa_pub_components_from_public_key: |_| none(),
        ec_pub_components_from_private_key: |_, _| none(),
        ed_pub_components_from_private_key: |_, _| none(),
        compute_digest: |_, _| none(),
    },
};

/// Makes it the one that is used. Again, it does nothing.
pub fn install() {
    let _: std::result::Result<(), _> = PROVIDER.install_default();
}

fn none<T>() -> Result<T> {
    Err(ErrorKind::UnsupportedAlgorithm.into())
}

fn no_signer(_: &Algorithm, _: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    none()
}

#[derive(Clone, Copy)]
enum Scheme {
    Rsa(&'static RsaParameters),
    Other(&'static dyn VerificationAlgorithm),
}

struct Checks {
    algorithm: Algorithm,
    scheme: Scheme,
    key: DecodingKey,
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    // A public key is never taken for the secret of another family.
    if key.family() != algorithm.family() || key.family() == AlgorithmFamily::Hmac {
        return Err(ErrorKind::InvalidKeyFormat.into());
    }
    let scheme = if *algorithm == Algorithm::RS256 {
        Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA256)
    } else if *algorithm == Algorithm::RS384 {
        Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA384)
    } else if *algorithm == Algorithm::RS512 {
        Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA512)
    } else if *algorithm == Algorithm::PS256 {
        Scheme::Rsa(&RSA_PSS_2048_8192_SHA256)
    } else if *algorithm == Algorithm::PS384 {
        Scheme::Rsa(&RSA_PSS_2048_8192_SHA384)
    } else if *algorithm == Algorithm::PS512 {
        Scheme::Rsa(&RSA_PSS_2048_8192_SHA512)
    } else if *algorithm == Algorithm::ES256 {
        Scheme::Other(&ECDSA_P256_SHA256_FIXED)
    } else if *algorithm == Algorithm::ES384 {
        Scheme::Other(&ECDSA_P384_SHA384_FIXED)
    } else if *algorithm == Algorithm::EdDSA {
        Scheme::Other(&ED25519)
    } else {
        return none();
    };
    Ok(Box::new(Checks { algorithm: *algorithm, scheme, key: key.clone() }))
}

impl Verifier<Vec<u8>> for Checks {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        let fits = match (self.scheme, self.key.kind()) {
            (Scheme::Rsa(scheme), DecodingKeyKind::RsaModulusExponent { n, e }) => {
                RsaPublicKeyComponents { n, e }.verify(scheme, message, signature)
            }
            (Scheme::Other(scheme), DecodingKeyKind::SecretOrDer(key)) => {
                UnparsedPublicKey::new(scheme, key).verify(message, signature)
            }
            (Scheme::Rsa(_), DecodingKeyKind::SecretOrDer(_))
            | (Scheme::Other(_), DecodingKeyKind::RsaModulusExponent { .. }) => Err(::ring::error::Unspecified),
        };
        fits.map_err(|_| Error::new())
    }
}

impl JwtVerifier for Checks {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
