//! TLS as `sslmode` asks for it.
//!
//! The driver's TLS always verifies chain and host name. libpq's `prefer` and `require` verify neither and `verify-ca`
//! only the chain, so those modes get verifiers of their own. Signatures of the handshake are checked in every mode.

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::version::{TLS12, TLS13};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme, SupportedProtocolVersion,
};

use super::error::{ConnectFault, PostgresError};
use super::url::{Address, Negotiation, ServerNameIndication, SslMode, TlsVersions};

/// How much of the server's certificate counts.
#[derive(Debug)]
enum Verify {
    Nothing,
    Chain(Arc<WebPkiServerVerifier>),
}

#[derive(Debug)]
struct Lenient {
    verify: Verify,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Verify::Chain(inner) = &self.verify else { return Ok(ServerCertVerified::assertion()) };
        match inner.verify_server_cert(end_entity, intermediates, server_name, ocsp, now) {
            // The name is checked last, after the chain: `verify-ca` asks for no more.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The client's side of a TLS handshake for this address.
pub(super) fn client_config(address: &Address) -> Result<ClientConfig, PostgresError> {
    let fault = |reason: String| PostgresError::Connect { address: address.label(), reason, kind: ConnectFault::Tls };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = &address.tls;
    let versions: &[&SupportedProtocolVersion] = match tls.versions {
        TlsVersions::From12 => rustls::DEFAULT_VERSIONS,
        TlsVersions::Only12 => &[&TLS12],
        TlsVersions::Only13 => &[&TLS13],
    };
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(versions)
        .map_err(|e| fault(e.to_string()))?;
    let lenient = |verify| Arc::new(Lenient { verify, provider: provider.clone() });
    let builder = match address.ssl_mode {
        SslMode::VerifyFull => {
            let roots = roots(tls.root.as_deref()).map_err(fault)?;
            builder.with_root_certificates(roots)
        }
        SslMode::VerifyCa => {
            let roots = Arc::new(roots(tls.root.as_deref()).map_err(fault)?);
            let inner = WebPkiServerVerifier::builder_with_provider(roots, provider.clone())
                .build()
                .map_err(|e| fault(e.to_string()))?;
            builder.dangerous().with_custom_certificate_verifier(lenient(Verify::Chain(inner)))
        }
        SslMode::Disable | SslMode::Allow | SslMode::Prefer | SslMode::Require => {
            builder.dangerous().with_custom_certificate_verifier(lenient(Verify::Nothing))
        }
    };
    let mut config = match (&tls.client, &tls.key) {
        (Some(cert), Some(key)) => {
            let chain = read_certificates(cert).map_err(fault)?;
            let key = PrivateKeyDer::from_pem_file(key).map_err(|e| fault(format!("{}: {e}", key.display())))?;
            builder.with_client_auth_cert(chain, key).map_err(|e| fault(e.to_string()))?
        }
        (None, None) => builder.with_no_client_auth(),
        _ => return Err(fault("sslcert and sslkey go together".to_owned())),
    };
    config.enable_sni = tls.sni == ServerNameIndication::Sent;
    if tls.negotiation == Negotiation::Direct {
        // Without it a server takes no TLS that it did not offer.
        // Source: <https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL>
        config.alpn_protocols = vec![b"postgresql".to_vec()];
    }
    Ok(config)
}

fn roots(file: Option<&Path>) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    let found = match file {
        Some(path) => read_certificates(path)?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    store.add_parsable_certificates(found);
    if store.is_empty() { Err("no root certificate was found".to_owned()) } else { Ok(store) }
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|e| format!("{}: {e}", path.display()))
}
