//! Opening sessions on the source.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::address::{Address, StandIns};
use super::connect_fault::ConnectFault;
use super::error::SqlServerError;
use super::login::Doorway;
use super::session::Session;

/// A source that sessions can be opened to.
pub struct Source {
    doorway: Arc<Doorway>,
    salt: Option<String>,
}

impl Source {
    /// Reads a connection string; `SQLCMDPASSWORD` stands in for a password that it lacks, as with sqlcmd.
    pub fn new(url: &str, statement_timeout: Duration) -> Result<Self, SqlServerError> {
        let address = Address::parse(url, StandIns::of_the_environment())?;
        for note in &address.notes {
            tracing::info!("{note}");
        }
        Ok(Self { doorway: Arc::new(Doorway { address, statement_timeout }), salt: None })
    }

    /// What the source salts hashed columns with.
    pub fn salted(self, salt: Option<&str>) -> Self {
        Self { salt: salt.map(str::to_owned), ..self }
    }

    /// Host, port and database, for people.
    pub fn label(&self) -> String {
        self.doorway.address.label()
    }

    /// How long opening a session may take.
    pub fn connect_timeout(&self) -> Duration {
        self.doorway.address.limit
    }

    /// What of the URL is not done as it is written.
    pub fn notes(&self) -> &[String] {
        &self.doorway.address.notes
    }

    /// Opens a session: the login, and the questions a session asks first, within `connectTimeout`.
    pub async fn open(&self) -> Result<Session, SqlServerError> {
        let limit = self.connect_timeout();
        match timeout(limit, Session::open(Arc::clone(&self.doorway), self.salt.clone())).await {
            Ok(opened) => opened,
            Err(_) => Err(SqlServerError::Connect {
                address: self.label(),
                reason: format!("no session within {} s", limit.as_secs()),
                kind: ConnectFault::Silent,
            }),
        }
    }
}
