//! Stopping a statement from outside.

use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::{CancelToken, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::PostgresError;

/// The driver's own limit is for TCP alone. Ours ends a moment later, so that a host that can't be reached is told from one
/// that does not answer.
pub(super) const MOMENT_LONGER: Duration = Duration::from_millis(250);

/// Stops what a session is doing on the server. Closing the connection does not: a server that sorts or waits for a lock
/// notices only when it has rows to send.
#[derive(Clone)]
pub struct Canceller {
    token: CancelToken,
    transport: Transport,
    limit: Duration,
}

/// How the server is reached.
#[derive(Clone)]
pub(super) enum Transport {
    Plain,
    Tls(MakeRustlsConnect),
}

impl Canceller {
    pub(super) fn new(token: CancelToken, transport: Transport, limit: Duration) -> Self {
        Self { token, transport, limit }
    }

    /// Asks the server, over a connection of its own; whether it was in time nobody says.
    pub async fn cancel(self) -> Result<(), PostgresError> {
        const DOING: &str = "cancelling a statement";
        let send = async {
            match self.transport {
                Transport::Plain => self.token.cancel_query(NoTls).await,
                Transport::Tls(tls) => self.token.cancel_query(tls).await,
            }
        };
        match timeout(self.limit + MOMENT_LONGER, send).await {
            Ok(sent) => sent.map_err(PostgresError::wrap(DOING)),
            Err(_) => {
                let reason = format!("the server did {}", no_answer(self.limit));
                Err(PostgresError::Lost { doing: DOING, reason })
            }
        }
    }
}

pub(super) fn no_answer(limit: Duration) -> String {
    format!("not answer within {} s", limit.as_secs())
}
