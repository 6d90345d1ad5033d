//! How a stand-in is set up.

use std::sync::Arc;

use crate::wire::value::RowForm;

/// Which encryption the server offers.
#[derive(Clone)]
pub enum Encryption {
    /// None: the client must not want any.
    None,
    /// For the login packet, and for all if the client wants it.
    LoginOnly(Tls),
    /// For all; a client that can't is refused.
    All(Tls),
    /// TDS 8: TLS before anything else, with ALPN `tds/8.0`.
    Strict(Tls),
}

/// A certificate and its key.
#[derive(Clone)]
pub struct Tls {
    pub(crate) certificates: Vec<rustls::pki_types::CertificateDer<'static>>,
    pub(crate) key: Arc<rustls::pki_types::PrivateKeyDer<'static>>,
}

/// What a pair of PEM files was not.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// No certificate or key in the text.
    #[error("no certificate or no key in the PEM text: {0}")]
    Pem(#[from] rustls::pki_types::pem::Error),
    /// They don't belong together.
    #[error("{0}")]
    Rustls(#[from] rustls::Error),
}

impl Tls {
    /// From PEM texts, the server's own certificate first.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        use rustls::pki_types::pem::PemObject as _;
        Ok(Self {
            certificates: rustls::pki_types::CertificateDer::pem_slice_iter(certificates).collect::<Result<_, _>>()?,
            key: Arc::new(rustls::pki_types::PrivateKeyDer::from_pem_slice(key)?),
        })
    }
}

/// Who may log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The login's name.
    pub user: String,
    /// Its password.
    pub password: String,
}

/// How a stand-in is set up.
#[derive(Clone)]
pub struct Settings {
    /// The port, 0 for any that is free. The address is 127.0.0.1.
    pub port: u16,
    /// Who may log in.
    pub account: Account,
    /// A token that is taken instead (Entra ID).
    pub token: Option<String>,
    /// What is encrypted.
    pub encryption: Encryption,
    /// The greatest payload of a packet that is sent, in bytes; the client's packet size if it is less. 1 finds most mistakes.
    pub payload: usize,
    /// How rows travel.
    pub rows: RowForm,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 0,
            account: Account { user: "plimsoll".to_owned(), password: "p@ss;word{}é".to_owned() },
            token: None,
            encryption: Encryption::None,
            payload: usize::from(u16::MAX),
            rows: RowForm::Alternating,
        }
    }
}
