//! Logging in: name, TCP, TLS, login, and the way to another server where ours sends us there.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::select_ok;
use tiberius::{AuthMethod, Client, Config, EncryptionLevel};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_util::compat::TokioAsyncWriteCompatExt;

use super::address::{Address, Encrypt, Intent, Login, Trust};
use super::connect_fault::{ConnectFault, connect_fault};
use super::connection::Driver;
use super::entra::Entra;
use super::error::SqlServerError;

/// Encrypted packets can't be larger.
const ENCRYPTED_PACKET: u32 = 16_383;
const PLAIN_PACKET: u32 = 32_767;

/// Where to log in, and as whom.
#[derive(Debug)]
pub(super) struct Doorway {
    pub address: Address,
    pub statement_timeout: Duration,
}

impl Doorway {
    /// Logs in, within `connectTimeout`. A server may send us on to another one, once.
    pub async fn enter(&self) -> Result<Driver, SqlServerError> {
        let end = Instant::now() + self.address.limit;
        let entered = match self.enter_at(&self.address, end).await {
            Err(Refused::Elsewhere { host, port }) => {
                let elsewhere = Address { host, port, ..self.address.clone() };
                self.enter_at(&elsewhere, end).await
            }
            other => other,
        };
        entered.map_err(|refused| match refused {
            Refused::Error(e) => e,
            Refused::Elsewhere { host, port } => SqlServerError::Connect {
                address: self.address.label(),
                reason: format!("it sends us from one server to the next, at last to {host}:{port}"),
                kind: ConnectFault::Redirects,
            },
        })
    }

    async fn enter_at(&self, address: &Address, end: Instant) -> Result<Driver, Refused> {
        match timeout_at(end, self.login(address)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Refused::Error(SqlServerError::Connect {
                address: address.label(),
                reason: format!("no session within {} s", self.address.limit.as_secs()),
                kind: ConnectFault::Silent,
            })),
        }
    }

    async fn login(&self, address: &Address) -> Result<Driver, Refused> {
        let authentication = match &address.login {
            Login::Password { user, password } => AuthMethod::sql_server(user, password.expose()),
            Login::Token => AuthMethod::aad_token(Entra::of_the_environment()?.token().await?),
        };
        let mut config = config(address, self.statement_timeout)?;
        config.authentication(authentication);
        let stream = connected(address).await?;
        Client::connect(config, stream.compat_write()).await.map_err(|e| match e {
            tiberius::error::Error::Routing { host, port } => Refused::Elsewhere { host, port },
            e => {
                let (kind, reason) = connect_fault(&e);
                Refused::Error(SqlServerError::Connect { address: address.label(), reason, kind })
            }
        })
    }
}

/// Why there is no session.
enum Refused {
    Error(SqlServerError),
    /// The server sends us on.
    Elsewhere {
        host: String,
        port: u16,
    },
}

impl From<SqlServerError> for Refused {
    fn from(e: SqlServerError) -> Self {
        Self::Error(e)
    }
}

/// A connection to the first of the name's addresses that answers: of an availability group's listener only one does.
async fn connected(address: &Address) -> Result<TcpStream, SqlServerError> {
    let fault =
        |reason: String| SqlServerError::Connect { address: address.label(), reason, kind: ConnectFault::Unreachable };
    let found =
        tokio::net::lookup_host((address.host.as_str(), address.port)).await.map_err(|e| fault(e.to_string()))?;
    let attempts: Vec<_> = found.map(|place: SocketAddr| Box::pin(TcpStream::connect(place))).collect();
    if attempts.is_empty() {
        return Err(fault("the host has no address".to_owned()));
    }
    let (stream, _) = select_ok(attempts).await.map_err(|e| fault(e.to_string()))?;
    stream.set_nodelay(true).map_err(|e| fault(e.to_string()))?;
    Ok(stream)
}

/// The driver's settings.
fn config(address: &Address, statement_timeout: Duration) -> Result<Config, SqlServerError> {
    let mut config = Config::new();
    config.host(&address.host);
    config.port(address.port);
    if let Some(database) = &address.database {
        config.database(database);
    }
    config.encryption(match address.encrypt {
        Encrypt::Strict => EncryptionLevel::Strict,
        Encrypt::All => EncryptionLevel::Required,
        Encrypt::LoginOnly => EncryptionLevel::Off,
        Encrypt::Nothing => EncryptionLevel::NotSupported,
    });
    match &address.trust {
        Trust::System => {}
        Trust::Anybody => config.trust_cert(),
        Trust::Ca(path) => {
            if let Err(e) = std::fs::metadata(path) {
                let reason = format!("the file of the certificate authority can't be read: {e}");
                return Err(SqlServerError::Connect { address: address.label(), reason, kind: ConnectFault::Tls });
            }
            config.trust_cert_ca(path.display());
        }
    }
    if let Some(name) = &address.certificate_name {
        config.hostname_in_certificate(name);
    }
    config.application_name(&address.application);
    config.readonly(address.intent == Intent::ReadOnly);
    let largest = if address.encrypt == Encrypt::Nothing { PLAIN_PACKET } else { ENCRYPTED_PACKET };
    config.packet_size(address.packet_size.map_or(largest, |size| size.min(largest)));
    config.handshake_timeout(Some(address.limit));
    // A sort or a sum of hashes says nothing for minutes. Our own limit, over the whole statement, comes first.
    config.command_timeout(Some(statement_timeout + Duration::from_secs(30)));
    // Texts come as bytes; what is left are names and messages, and they are for people.
    config.lossy_utf16_decoding(true);
    Ok(config)
}
