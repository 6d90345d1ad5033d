//! Stopping a statement from outside.

use tokio_util::sync::CancellationToken;

use super::error::SqlServerError;

/// Stops what a session is doing. SQL Server takes a signal to stop on the connection itself alone, so whoever reads there sends it, and closes the
/// connection; a session that is gone has closed its own, which the server takes for the same.
#[derive(Clone)]
pub struct Canceller {
    stop: CancellationToken,
}

impl Canceller {
    pub(super) fn new(stop: CancellationToken) -> Self {
        Self { stop }
    }

    /// Tells whoever reads; whether the server was in time nobody says.
    #[allow(clippy::unused_async, reason = "another kind of source asks its server")]
    pub async fn cancel(self) -> Result<(), SqlServerError> {
        self.stop.cancel();
        Ok(())
    }
}
