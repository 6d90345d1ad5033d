//! What a run that is given up owes the source's server.

use std::time::Duration;

use tracing::warn;

use crate::source::Canceller;

/// How long a run that is given up may take to leave nothing behind.
pub(super) const LAST_WORDS: Duration = Duration::from_secs(4);

/// The source is somebody's production: what nobody waits for any more must not go on there.
pub(super) async fn cancel_statement(canceller: Option<Canceller>) {
    let Some(canceller) = canceller else { return };
    match tokio::time::timeout(LAST_WORDS, canceller.cancel()).await {
        Ok(Ok(())) => {}
        Ok(Err(e)) => warn!(reason = %e, "the statement at the source was not cancelled"),
        Err(_) => warn!("the statement at the source was not cancelled in time"),
    }
}
