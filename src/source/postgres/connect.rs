//! Opening connections to the source.
//!
//! As with libpq, each host of the URL, and each address a name stands for, has `connect_timeout` for itself. It covers all
//! that comes before a run can begin its transaction: TCP, TLS, authentication, and the questions a session asks first. A host
//! that accepts and says nothing is as bad as one that is not there.

use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_postgres::config::{Host, SslMode as DriverSslMode};
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::canceller::{Canceller, MOMENT_LONGER, Transport, no_answer};
use super::connection::Connection;
use super::error::{ConnectFault, PostgresError, connect_fault, is_not_let_in};
use super::session::Session;
use super::tls;
use super::url::{Address, HostOrder, SslMode, StandIns, label};

/// A source that sessions can be opened to.
pub struct Source {
    address: Address,
    statement_timeout: Duration,
    salt: Option<String>,
}

/// One address of one host, with the driver's settings for it.
type HostConfig = Config;

/// A connection that has gone through authentication.
type Connected = (Client, AbortHandle, Transport);

impl Source {
    /// Reads a connection URL; `PGPASSWORD` and `PGSSLROOTCERT` stand in for what it lacks, as with libpq.
    pub fn new(url: &str, statement_timeout: Duration) -> Result<Self, PostgresError> {
        let address = Address::parse(url, StandIns::of_the_environment())?;
        for note in &address.notes {
            tracing::info!("{note}");
        }
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

    /// How long opening a session on one address may take.
    pub fn connect_timeout(&self) -> Duration {
        self.address.limit
    }

    /// What of the URL is not done as it is written.
    pub fn notes(&self) -> &[String] {
        &self.address.notes
    }

    /// Opens a session on the first host that has one for us.
    pub async fn open(&self) -> Result<Session, PostgresError> {
        let mut last = None;
        for host in in_order(self.address.hosts.clone(), self.address.order) {
            let configs = match self.configs(host).await {
                Ok(configs) => configs,
                Err(e) => {
                    last = Some(e);
                    continue;
                }
            };
            for place in configs {
                match self.open_at(&place).await {
                    Ok(session) => return Ok(session),
                    Err(e @ PostgresError::Connect { .. }) => last = Some(e),
                    // The server is there, and another one would be no better.
                    Err(e) => return Err(e),
                }
            }
        }
        Err(last.unwrap_or_else(|| PostgresError::BadUrl("it names no host".to_owned())))
    }

    /// The addresses that a host's name stands for.
    async fn configs(&self, host: Config) -> Result<Vec<HostConfig>, PostgresError> {
        let (Some(Host::Tcp(name)), []) = (host.get_hosts().first(), host.get_hostaddrs()) else {
            return Ok(vec![host]);
        };
        let port = host.get_ports().first().copied().unwrap_or(5432);
        let unknown =
            |reason| PostgresError::Connect { address: label(&host), reason, kind: ConnectFault::Unreachable };
        let found = match timeout(self.address.limit, tokio::net::lookup_host((name.as_str(), port))).await {
            Ok(found) => found.map_err(|e| unknown(e.to_string()))?,
            Err(_) => {
                return Err(unknown(format!(
                    "no address for the host within {}",
                    humantime::format_duration(self.address.limit)
                )));
            }
        };
        let configs: Vec<HostConfig> = found
            .map(|address| {
                let mut place = host.clone();
                place.hostaddr(address.ip());
                place
            })
            .collect();
        if configs.is_empty() {
            Err(unknown("the host has no address".to_owned()))
        } else {
            Ok(in_order(configs, self.address.order))
        }
    }

    async fn open_at(&self, place: &HostConfig) -> Result<Session, PostgresError> {
        if self.address.ssl_mode != SslMode::Disable {
            // A certificate of ours that can't be read is no reason to go on without.
            tls::client_config(&self.address)?;
        }
        match self.address.ssl_mode {
            SslMode::Disable => self.session(place, None).await,
            SslMode::Allow => match self.session(place, None).await {
                Err(e) if may_retry_otherwise(&e) => self.session(place, Some(DriverSslMode::Require)).await,
                other => other,
            },
            SslMode::Prefer => match self.session(place, Some(DriverSslMode::Prefer)).await {
                // libpq falls back when the server has TLS but the handshake fails; the driver does not.
                Err(PostgresError::Connect { kind: ConnectFault::Tls, .. }) => self.session(place, None).await,
                other => other,
            },
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => {
                self.session(place, Some(DriverSslMode::Require)).await
            }
        }
    }

    /// Opens a session, within the limit. What was begun ends with it: the connection is closed when it is dropped.
    async fn session(&self, place: &HostConfig, encrypted: Option<DriverSslMode>) -> Result<Session, PostgresError> {
        let limit = self.address.limit;
        let open = async {
            let (client, connection, transport) = match encrypted {
                Some(mode) => self.encrypted(place, mode).await?,
                None => plain(place).await?,
            };
            let canceller = Canceller::new(client.cancel_token(), transport, limit);
            Session::prepare(
                Connection::new(client, connection),
                canceller,
                self.statement_timeout,
                self.salt.as_deref(),
            )
            .await
        };
        match timeout(limit + MOMENT_LONGER, open).await {
            Ok(outcome) => outcome,
            Err(_) => Err(PostgresError::Connect {
                address: label(place),
                reason: format!("the host accepted the connection and did {}", no_answer(limit)),
                kind: ConnectFault::Silent,
            }),
        }
    }

    async fn encrypted(&self, place: &HostConfig, mode: DriverSslMode) -> Result<Connected, PostgresError> {
        let mut config = place.clone();
        config.ssl_mode(mode);
        let tls = MakeRustlsConnect::new(tls::client_config(&self.address)?);
        let (client, connection) = config.connect(tls.clone()).await.map_err(|e| fault(place, &e))?;
        Ok((client, tokio::spawn(connection).abort_handle(), Transport::Tls(tls)))
    }
}

async fn plain(place: &HostConfig) -> Result<Connected, PostgresError> {
    let mut config = place.clone();
    config.ssl_mode(DriverSslMode::Disable);
    let (client, connection) = config.connect(NoTls).await.map_err(|e| fault(place, &e))?;
    Ok((client, tokio::spawn(connection).abort_handle(), Transport::Plain))
}

fn fault(place: &HostConfig, e: &tokio_postgres::Error) -> PostgresError {
    let (kind, reason) = connect_fault(e);
    let address = label(place);
    if is_not_let_in(e) {
        let role = place.get_user().unwrap_or_default().to_owned();
        let database = place.get_dbname().unwrap_or(&role).to_owned();
        return PostgresError::NotLetIn { address, reason, database, role };
    }
    PostgresError::Connect { address, reason, kind }
}

/// As written, or dealt: with many clients each host gets its share.
fn in_order(mut list: Vec<Config>, order: HostOrder) -> Vec<Config> {
    if order == HostOrder::Random {
        for n in (1..list.len()).rev() {
            let drawn = getrandom::u64().unwrap_or_default() % (n as u64 + 1);
            list.swap(n, usize::try_from(drawn).unwrap_or(n));
        }
    }
    list
}

/// `allow` tries TLS after the server refused a plain connection by rule, not after a wrong password.
fn may_retry_otherwise(e: &PostgresError) -> bool {
    matches!(e, PostgresError::Connect { reason, .. } if reason.contains("pg_hba.conf"))
}
