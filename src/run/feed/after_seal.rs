//! The verbs after the seal: load and merge, one table after the other, then the commit.

use crate::batch::Batch;
use crate::bigquery::{Replay, Sealed};
use crate::run::context::Context;
use crate::run::error::RunError;
use crate::run::report::{TableReport, VerbSeconds, timed};
use crate::run::verbs::commit::{Merged, commit};
use crate::run::verbs::lease::keep_lease;
use crate::run::verbs::load::{has_left, load};
use crate::run::verbs::merge::{TableOutcome, merge, refuse_common_failure};
use crate::state::Handle;
use crate::storage::Store;

/// A sealed batch, to be brought in: by the run that has sealed it, or by a later one.
pub(super) struct AfterSeal<'a> {
    pub context: &'a Context,
    pub store: &'a Store,
    pub batch: &'a Batch,
    pub replay: Replay,
}

impl AfterSeal<'_> {
    /// The verbs after the seal, one table after the other, then the commit. A replay does the same again. Of the targets that the run
    /// has `looked_at`, those that are up to date then are noted so.
    pub async fn load_merge_commit(
        self,
        state: &mut Handle,
        looked_at: &[String],
        seconds: &mut VerbSeconds,
    ) -> Result<Vec<TableReport>, RunError> {
        let Self { context, store, batch, replay } = self;
        let period = state.renewal_period();
        let bring_in = async {
            let mut outcomes = Vec::with_capacity(batch.tables.len());
            for table in &batch.tables {
                if has_left(context, batch, table) {
                    context.bigquery.give_up(batch, table).await?;
                    outcomes.push(TableOutcome::LeftFeed);
                    continue;
                }
                let sealed = Sealed { batch, table, replay, store };
                let applied = match timed(&mut seconds.load, load(context, sealed)).await {
                    Ok(loaded) => timed(&mut seconds.merge, merge(context, sealed, loaded)).await,
                    Err(e) => Err(e),
                };
                outcomes.push(TableOutcome::of(applied, &batch.feed)?);
            }
            refuse_common_failure(outcomes)
        };
        let outcomes = keep_lease(state, &batch.run, period, bring_in).await?;
        let merged = Merged { batch, replay, outcomes, looked_at };
        timed(&mut seconds.commit, commit(context, store, state, merged)).await
    }
}
