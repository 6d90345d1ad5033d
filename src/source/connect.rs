//! A source before it is open.

use std::time::Duration;

use super::error::SourceError;
use super::of_kind::of_kind;
use super::postgres;
use super::session::Session;
use super::sqlserver;
use crate::model::Dialect;

/// A source that sessions can be opened to.
pub enum Source {
    Postgres(postgres::Source),
    SqlServer(sqlserver::Source),
}

impl Source {
    /// Reads a connection string: its form says which kind of source it is of.
    pub fn new(url: &str, statement_timeout: Duration) -> Result<Self, SourceError> {
        Self::of_kind(Dialect::of_connection_string(url), url, statement_timeout)
    }

    /// Reads a connection string of a kind.
    pub fn of_kind(dialect: Dialect, url: &str, statement_timeout: Duration) -> Result<Self, SourceError> {
        Ok(match dialect {
            Dialect::Postgres => Self::Postgres(postgres::Source::new(url, statement_timeout)?),
            Dialect::SqlServer => Self::SqlServer(sqlserver::Source::new(url, statement_timeout)?),
        })
    }

    /// What the source salts hashed columns with.
    pub fn salted(self, salt: Option<&str>) -> Self {
        match self {
            Self::Postgres(source) => Self::Postgres(source.salted(salt)),
            Self::SqlServer(source) => Self::SqlServer(source.salted(salt)),
        }
    }

    /// What kind of source it is, for people.
    pub fn kind_name(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "PostgreSQL",
            Self::SqlServer(_) => "SQL Server",
        }
    }

    /// Host, port and database, for people.
    pub fn label(&self) -> String {
        of_kind!(self, source => source.label())
    }

    /// How long opening a session on one address may take.
    pub fn connect_timeout(&self) -> Duration {
        of_kind!(self, source => source.connect_timeout())
    }

    /// What of the URL is not done as it is written.
    pub fn notes(&self) -> &[String] {
        of_kind!(self, source => source.notes())
    }

    /// Opens a session on the first host that has one for us.
    pub async fn open(&self) -> Result<Session, SourceError> {
        match self {
            Self::Postgres(source) => Ok(Session::Postgres(Box::new(source.open().await?))),
            Self::SqlServer(source) => Ok(Session::SqlServer(Box::new(source.open().await?))),
        }
    }
}

/// Whether a connection URL has a password in it.
pub fn has_password(url: &str) -> bool {
    match Dialect::of_connection_string(url) {
        Dialect::Postgres => postgres::has_password(url),
        Dialect::SqlServer => sqlserver::has_password(url),
    }
}
