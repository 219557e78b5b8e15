//! Which certificates are trusted.
//!
//! The system's authorities, and those of a `ca_bundle` besides. A machine without any (a bare
//! container) must still be able to ask a server over plain `http`, so an empty store is an error
//! only for `https`, and is said before the first call.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

/// Why no certificate could be checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// The file of certificate authorities cannot be used.
    #[error("the `ca_bundle` {} cannot be used: {why}", path.display())]
    CaBundle {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// There are no certificate authorities.
    #[error(
        "no certificate can be checked ({0}): install the system's certificates, or name a file \
         with `ca_bundle`"
    )]
    Authorities(String),
    /// The library refuses its own defaults.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
}

/// The TLS settings of a client for URLs with or without TLS.
pub(super) fn config(ca_bundle: Option<&Path>, https: bool) -> Result<ClientConfig, TlsError> {
    let extra = ca_bundle.map(read_bundle).transpose()?.unwrap_or_default();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Setup(error.to_string()))?;
    if !https {
        return Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth());
    }
    let verifier: Arc<dyn ServerCertVerifier> = Arc::new(verifier(extra, provider)?);
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

fn verifier(
    extra: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
) -> Result<Verifier, TlsError> {
    Verifier::new_with_extra_roots(extra, provider)
        .map_err(|error| TlsError::Authorities(error.to_string()))
}

fn read_bundle(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let fault = |why: String| TlsError::CaBundle { path: path.to_owned(), why };
    let pem = std::fs::read(path).map_err(|error| fault(error.to_string()))?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|error| fault(error.to_string()))?;
    if certificates.is_empty() {
        return Err(fault("there is no certificate in it".into()));
    }
    for certificate in &certificates {
        RootCertStore::empty()
            .add(certificate.clone())
            .map_err(|error| fault(error.to_string()))?;
    }
    Ok(certificates)
}
