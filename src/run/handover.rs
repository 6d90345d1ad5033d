//! What a run owes to others when it begins or ends something: the source's server, and the feed a table came from.

use std::time::Duration;

use tracing::warn;

use super::context::Context;
use super::error::RunError;
use crate::model::{CaptureKind, FeedId, TableSpec};
use crate::source::Canceller;
use crate::state::Handle;

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
/// something is written here.
pub(super) async fn forget_elsewhere(context: &Context, spec: &TableSpec) -> Result<(), RunError> {
    let is_logged = |t: &TableSpec| t.capture == CaptureKind::Changelog;
    let other = match is_logged(spec) {
        true => FeedId::of_target(&spec.target),
        // That feed forgets by itself what has left it, if it runs.
        false if context.config.tables.iter().any(is_logged) => return Ok(()),
        false => FeedId::of_changelog(),
    };
    let mut state = Handle::load(&context.store, &other, context.new_holder(), context.config.run.lease).await?;
    Ok(state.forget(&spec.target).await?)
}
