//! The source's connection string, read as libpq reads it.
//!
//! tokio-postgres knows `sslmode` up to `require`, none of the certificate settings, and neither names nor forgives a
//! parameter it does not know. So the text is taken apart here, and the driver gets what is its own, one host at a time.
//! Source for the meaning of each mode: <https://www.postgresql.org/docs/current/libpq-ssl.html>

mod options;
mod settings;

use std::time::Duration;

use tokio_postgres::config::Host;

use super::error::PostgresError;
use crate::source::postgres::connection_string::Pairs;
use settings::UrlSettings;

pub(super) use options::{HostOrder, Negotiation, ServerNameIndication, SslMode, Tls, TlsVersions};

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
    pub fn parse(text: &str, stand_ins: StandIns) -> Result<Self, PostgresError> {
        let mut pairs = Pairs::read(text)?;
        let password = pairs.password.take().or_else(|| stand_ins.password.map(String::into_bytes));
        let mut settings = UrlSettings::sorted(pairs)?;
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
