//! The source's connection string, in every form that people paste, as one set of settings.
//!
//! | form | example |
//! | --- | --- |
//! | go-mssqldb, Sling | `sqlserver://user:pw@host:1433?database=db&encrypt=true` |
//! | SQLAlchemy, Rails, Node | `mssql://user:pw@host:1433/db`, `mssql+pyodbc://…` |
//! | Prisma, JDBC | `sqlserver://host:1433;database=db;user=…`, `jdbc:sqlserver://host\inst:1433;databaseName=…` |
//! | ADO, ODBC | `Server=tcp:host,1433;Initial Catalog=db;User ID=…`, `Driver={…};Server=…` |
//!
//! tiberius' own parser takes ASCII alone and passes over keys that it does not know, so it is not asked.

mod keywords;
mod pairs;
mod settle;
#[cfg(test)]
mod tests;
mod url;

use std::path::PathBuf;
use std::time::Duration;

use super::error::SqlServerError;

/// Where a server is, and how we are let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub host: String,
    pub port: u16,
    pub database: Option<String>,
    pub login: Login,
    pub encrypt: Encrypt,
    pub trust: Trust,
    /// The name that the certificate is looked at for, where it is not the host's.
    pub certificate_name: Option<String>,
    pub application: String,
    pub intent: Intent,
    /// How long opening a session on one address may take.
    pub limit: Duration,
    /// Bytes of a packet, as asked for.
    pub packet_size: Option<u32>,
    /// What was not done as it was written, for people.
    pub notes: Vec<String>,
}

/// Who we are to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Login {
    Password {
        user: String,
        password: Password,
    },
    /// A token of Microsoft Entra, for the identity that Google's credentials stand for.
    Token,
}

/// A password. Its `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Password(String);

impl Password {
    /// Never put it into a log, an error or a report.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// What of the connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encrypt {
    /// TLS before anything else: TDS 8.0.
    Strict,
    All,
    /// The login alone. All that follows can be read on the way.
    LoginOnly,
    Nothing,
}

/// Whose certificate is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// One that an authority of the system has signed, of the server's name.
    System,
    /// Also one that an authority in this file has signed.
    Ca(PathBuf),
    /// Any certificate of any name.
    Anybody,
}

/// What the session is for, which decides the replica that a listener hands it to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intent {
    ReadWrite,
    ReadOnly,
}

/// What the environment has for what the text does not say.
#[derive(Default)]
pub(super) struct StandIns {
    /// `SQLCMDPASSWORD`, as sqlcmd reads it.
    pub password: Option<String>,
}

impl StandIns {
    pub fn of_the_environment() -> Self {
        Self { password: std::env::var("SQLCMDPASSWORD").ok() }
    }
}

impl Address {
    pub fn parse(text: &str, stand_ins: StandIns) -> Result<Self, SqlServerError> {
        settle::settled(url::said(text)?, stand_ins)
    }

    /// Host, port and database, without user or password.
    pub fn label(&self) -> String {
        format!("{}/{}", self.place(), self.database.as_deref().unwrap_or("(the login's default database)"))
    }

    /// Host and port.
    pub fn place(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// Whether a connection string has a password in it. One that can't be read has none that would be used.
pub fn has_password(text: &str) -> bool {
    Address::parse(text, StandIns::default())
        .is_ok_and(|address| matches!(address.login, Login::Password { password, .. } if !password.0.is_empty()))
}
