//! What a connection string can ask for, as types.

use std::path::PathBuf;

/// How much the connection is encrypted, and how much of the server's certificate is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::source::postgres) enum SslMode {
    Disable,
    /// Plain first, TLS if the server insists.
    Allow,
    /// TLS first, plain if the server has none.
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

impl SslMode {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "disable" => Self::Disable,
            "allow" => Self::Allow,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => return None,
        })
    }

    pub(super) fn is_at_least_require(self) -> bool {
        matches!(self, Self::Require | Self::VerifyCa | Self::VerifyFull)
    }
}

/// Which versions of TLS may be spoken; older ones nobody here does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::source::postgres) enum TlsVersions {
    From12,
    Only12,
    Only13,
}

/// Whether the server's name is sent in the clear when a TLS connection begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::source::postgres) enum ServerNameIndication {
    Sent,
    Hidden,
}

/// How a TLS connection begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::source::postgres) enum Negotiation {
    /// The server is asked first.
    Postgres,
    Direct,
}

/// What is asked of a TLS connection, beside its mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::source::postgres) struct Tls {
    /// A PEM file; the system's roots where not given (or `system`).
    pub root: Option<PathBuf>,
    pub client: Option<PathBuf>,
    pub key: Option<PathBuf>,
    pub versions: TlsVersions,
    pub sni: ServerNameIndication,
    pub negotiation: Negotiation,
}

/// In which order hosts are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::source::postgres) enum HostOrder {
    AsWritten,
    Random,
}
