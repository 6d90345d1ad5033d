//! Opening connections to the source.

use std::time::Duration;

use tokio::task::AbortHandle;
use tokio_postgres::config::SslMode as DriverSslMode;
use tokio_postgres::{CancelToken, Client, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::{ConnectFault, SourceError, connect_fault};
use super::session::Session;
use super::tls;
use super::url::{Address, SslMode};

/// Stops what a session is doing on the server. Closing the connection does not: a server that sorts or waits for a lock
/// notices only when it has rows to send.
#[derive(Clone)]
pub struct Canceller {
    token: CancelToken,
    transport: Transport,
}

#[derive(Clone)]
enum Transport {
    Plain,
    Tls(MakeRustlsConnect),
}

impl Canceller {
    /// Asks the server, over a connection of its own; whether it was in time nobody says.
    pub async fn cancel(self) -> Result<(), SourceError> {
        let sent = match self.transport {
            Transport::Plain => self.token.cancel_query(NoTls).await,
            Transport::Tls(tls) => self.token.cancel_query(tls).await,
        };
        sent.map_err(SourceError::wrap("cancelling a statement"))
    }
}

/// A source that sessions can be opened to.
pub struct Source {
    address: Address,
    statement_timeout: Duration,
    salt: Option<String>,
}

impl Source {
    /// Reads a connection URL; `PGPASSWORD` stands in for a password it lacks, as with libpq.
    pub fn new(url: &str, statement_timeout: Duration) -> Result<Self, SourceError> {
        let address = Address::parse(url, std::env::var("PGPASSWORD").ok())?;
        Ok(Self { address, statement_timeout, salt: None })
    }

    /// What the source salts hashed columns with.
    pub fn salted(self, salt: Option<&str>) -> Self {
        Self { salt: salt.map(str::to_owned), ..self }
    }

    /// Host, port and database, for people.
    pub fn label(&self) -> String {
        self.address.label()
    }

    /// Opens a session.
    pub async fn open(&self) -> Result<Session, SourceError> {
        let (client, connection, transport) = match self.address.ssl_mode {
            SslMode::Disable => self.plain().await?,
            SslMode::Allow => match self.plain().await {
                Err(e) if may_retry_otherwise(&e) => self.encrypted(DriverSslMode::Require).await?,
                other => other?,
            },
            SslMode::Prefer => match self.encrypted(DriverSslMode::Prefer).await {
                // libpq falls back when the server has TLS but the handshake fails; the driver does not.
                Err(SourceError::Connect { kind: ConnectFault::Tls, .. }) => self.plain().await?,
                other => other?,
            },
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => {
                self.encrypted(DriverSslMode::Require).await?
            }
        };
        let canceller = Canceller { token: client.cancel_token(), transport };
        Session::prepare(client, connection, canceller, self.statement_timeout, self.salt.as_deref()).await
    }

    async fn plain(&self) -> Result<(Client, AbortHandle, Transport), SourceError> {
        let mut config = self.address.config.clone();
        config.ssl_mode(DriverSslMode::Disable);
        let (client, connection) = config.connect(NoTls).await.map_err(|e| self.fault(&e))?;
        Ok((client, tokio::spawn(connection).abort_handle(), Transport::Plain))
    }

    async fn encrypted(&self, mode: DriverSslMode) -> Result<(Client, AbortHandle, Transport), SourceError> {
        let mut config = self.address.config.clone();
        config.ssl_mode(mode);
        let tls = MakeRustlsConnect::new(tls::client_config(&self.address)?);
        let (client, connection) = config.connect(tls.clone()).await.map_err(|e| self.fault(&e))?;
        Ok((client, tokio::spawn(connection).abort_handle(), Transport::Tls(tls)))
    }

    fn fault(&self, e: &tokio_postgres::Error) -> SourceError {
        let (kind, reason) = connect_fault(e);
        SourceError::Connect { address: self.label(), reason, kind }
    }
}

/// `allow` tries TLS after the server refused a plain connection by rule, not after a wrong password.
fn may_retry_otherwise(e: &SourceError) -> bool {
    matches!(e, SourceError::Connect { reason, .. } if reason.contains("pg_hba.conf"))
}
