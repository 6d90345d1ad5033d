//! A table that another feed had.

use time::OffsetDateTime;

use super::context::Context;
use super::error::RunError;
use crate::batch::Apply;
use crate::model::{FeedId, TableSpec};
use crate::state::{Handle, StateError};
use crate::storage::Store;

/// How often another feed may be quicker than we are.
const MOST_ATTEMPTS: u32 = 5;

/// A table that is new here may have been another feed's, and become so again: its place there is no longer true once
/// something is written here, and what was captured or sealed there may no longer come after it.
pub(super) async fn forget_elsewhere(context: &Context, store: &Store, spec: &TableSpec) -> Result<(), RunError> {
    for other in FeedId::of_any(&spec.target).filter(|f| *f != spec.feed()) {
        forget_in(context, store, spec, &other).await?;
    }
    Ok(())
}

async fn forget_in(context: &Context, store: &Store, spec: &TableSpec, other: &FeedId) -> Result<(), RunError> {
    // A feed that tables share leaves such a table out by itself when it brings a sealed batch to its end.
    let finishes_itself = other.is_shared() && context.config.tables.iter().any(|t| t.feed() == *other);
    for attempt in 1.. {
        let mut state = Handle::load(store, other, context.new_holder(), context.config.run.lease).await?;
        let pending = state.document().pending.as_ref();
        let sealed = pending.and_then(|b| b.tables.iter().find(|t| t.target.table == spec.target).map(|t| (b, t)));
        if let Some((batch, table)) = sealed {
            // Rows that its holder sends now would win over those that are about to be loaded: no job's id can be taken from it.
            if matches!(table.apply, Apply::Append(_)) && state.is_held_by_another(OffsetDateTime::now_utc()) {
                return Err(StateError::Lost(other.clone()).into());
            }
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
