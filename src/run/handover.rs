//! What a run owes to others when it begins or ends something: the source's server, and the feed a table came from.

use std::time::Duration;

use tracing::warn;

use super::context::Context;
use super::error::RunError;
use crate::model::{CaptureKind, FeedId, TableSpec};
use crate::source::Canceller;
use crate::state::{Handle, StateError};

/// How often another feed may be quicker than we are.
const MOST_ATTEMPTS: u32 = 5;

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

/// A table that is new here may have been another feed's, and become so again: its place there is no longer true once
/// something is written here, and what was captured or sealed there may no longer come after it.
pub(super) async fn forget_elsewhere(context: &Context, spec: &TableSpec) -> Result<(), RunError> {
    let is_logged = |t: &TableSpec| t.capture == CaptureKind::Changelog;
    let other = if is_logged(spec) { FeedId::of_target(&spec.target) } else { FeedId::of_changelog() };
    // The change log's feed leaves such a table out by itself when it brings a sealed batch to its end.
    let finishes_itself = !is_logged(spec) && context.config.tables.iter().any(is_logged);
    for attempt in 1.. {
        let mut state = Handle::load(&context.store, &other, context.new_holder(), context.config.run.lease).await?;
        let pending = state.document().pending.as_ref();
        let sealed = pending.and_then(|b| b.tables.iter().find(|t| t.target.table == spec.target).map(|t| (b, t)));
        if let Some((batch, table)) = sealed {
            context.bigquery.give_up(batch, table).await?;
            if finishes_itself {
                return Ok(());
            }
        }
        match state.forget(&spec.target).await {
            // Its own run was quicker; what it wrote has to be looked at.
            Err(StateError::Lost(_)) if attempt < MOST_ATTEMPTS => {}
            outcome => return Ok(outcome?),
        }
    }
    Ok(())
}
