//! The source's connection string, read as libpq reads it.
//!
//! tokio-postgres knows `sslmode` up to `require`, none of the certificate settings, and neither names nor forgives a
//! parameter it does not know. So the text is taken apart here, and the driver gets what is its own, one host at a time.
//! Source for the meaning of each mode: <https://www.postgresql.org/docs/current/libpq-ssl.html>

mod settings;

use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::config::Host;

use super::error::SourceError;
use super::pairs::Pairs;
use settings::Settings;

/// How much the connection is encrypted, and how much of the server's certificate is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SslMode {
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
    fn named(name: &str) -> Option<Self> {
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

    fn is_at_least_require(self) -> bool {
        matches!(self, Self::Require | Self::VerifyCa | Self::VerifyFull)
    }
}

/// Which versions of TLS may be spoken; older ones nobody here does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TlsVersions {
    From12,
    Only12,
    Only13,
}

/// Whether the server's name is sent in the clear when a TLS connection begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServerNameIndication {
    Sent,
    Hidden,
}

/// How a TLS connection begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Negotiation {
    /// The server is asked first.
    Postgres,
    Direct,
}

/// What is asked of a TLS connection, beside its mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tls {
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
pub(super) enum HostOrder {
    AsWritten,
    Random,
}

/// What the environment has for what the text does not say, under libpq's names.
/// Source: <https://www.postgresql.org/docs/current/libpq-envars.html>
#[derive(Default)]
pub(super) struct StandIns {
    /// `PGPASSWORD`
    pub password: Option<String>,
    /// `PGSSLROOTCERT`
    pub root: Option<String>,
}

impl StandIns {
    pub fn of_the_environment() -> Self {
        Self { password: std::env::var("PGPASSWORD").ok(), root: std::env::var("PGSSLROOTCERT").ok() }
    }
}

#[derive(Debug)]
pub(super) struct Address {
    /// One for each host.
    pub hosts: Vec<tokio_postgres::Config>,
    pub order: HostOrder,
    pub ssl_mode: SslMode,
    pub tls: Tls,
    /// How long opening a session on one address may take.
    pub limit: Duration,
    /// What was not done as it was written, for people.
    pub notes: Vec<String>,
}

impl Address {
    pub fn parse(text: &str, stand_ins: StandIns) -> Result<Self, SourceError> {
        let mut pairs = Pairs::read(text)?;
        let password = pairs.password.take().or_else(|| stand_ins.password.map(String::into_bytes));
        let mut settings = Settings::sorted(pairs)?;
        settings.stand_in("sslrootcert", stand_ins.root);
        let ssl_mode = settings.ssl_mode()?;
        let tls = settings.tls(ssl_mode)?;
        let (order, limit) = (settings.order()?, settings.limit()?);
        settings.name_ourselves();
        let mut hosts = settings.hosts()?;
        for host in &mut hosts {
            host.connect_timeout(limit);
            if let Some(password) = &password {
                host.password(password);
            }
        }
        Ok(Self { hosts, order, ssl_mode, tls, limit, notes: settings.notes() })
    }

    /// Host, port and database, without user or password.
    pub fn label(&self) -> String {
        self.hosts.first().map(label).unwrap_or_default()
    }
}

/// Whether a connection string has a password in it. One that can't be read has none that would be used.
pub fn has_password(text: &str) -> bool {
    Address::parse(text, StandIns::default())
        .is_ok_and(|address| address.hosts.iter().any(|host| host.get_password().is_some()))
}

/// Host, port and database of one host.
pub(super) fn label(config: &tokio_postgres::Config) -> String {
    let host = match (config.get_hosts().first(), config.get_hostaddrs().first()) {
        (Some(Host::Tcp(host)), _) => host.clone(),
        (Some(Host::Unix(path)), _) => path.display().to_string(),
        (None, Some(addr)) => addr.to_string(),
        (None, None) => String::new(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
    format!("{host}:{port}/{database}")
}

#[cfg(test)]
mod tests;
