//! The verbs before the seal: capture, with encode and stage inside it, until there is a batch to seal.

use std::sync::atomic::Ordering;
use std::time::Duration;

use time::OffsetDateTime;
use tracing::{info, warn};

use crate::batch::ListObject;
use crate::capture::CaptureError;
use crate::capture::keyed::digest::{Kept, list_name};
use crate::model::TableSpec;
use crate::run::assignment::{Assignment, Before, GivenUp};
use crate::run::cancel_statement::LAST_WORDS;
use crate::run::captured_tables::Sealable;
use crate::run::error::RunError;
use crate::run::feed::Run;
use crate::run::report::timed;
use crate::run::verbs::capture::capture;
use crate::run::verbs::lease::keep_lease;
use crate::run::verbs::seal::put_together;

/// A capture that takes longer takes the lease first; a shorter one saves the write.
const QUICK: Duration = Duration::from_secs(5);

impl Run<'_> {
    /// Captures and stages; once more where the server has ended the snapshot, or what is compared with is gone.
    pub(in crate::run) async fn capture_and_stage(
        &mut self,
        due: &[TableSpec],
        before: Before<'_>,
    ) -> Result<Sealable, RunError> {
        let given_up = GivenUp::default();
        let (mut kept, mut conflicts) = (Kept::Whole, 0);
        loop {
            let known = given_up.count();
            match self.try_capture(due, before, kept, &given_up).await {
                Err(e) if given_up.count() > known => {
                    warn!(reason = %e, "what failed for one table has ended the snapshot of all: once more without it");
                }
                Err(e) if e.is_lost_conflict() && conflicts == 0 => {
                    warn!(reason = %e, "the server ended the snapshot for other transactions: once more with another one");
                    conflicts += 1;
                }
                Err(RunError::Capture(CaptureError::ListsLost)) if kept == Kept::Whole => kept = Kept::Lost,
                outcome => return outcome,
            }
            self.begin_anew().await;
        }
    }

    /// Under an id of its own, for parts of the first try may be stored already.
    async fn begin_anew(&mut self) {
        self.remove_lists().await;
        self.id = self.context.new_run(OffsetDateTime::now_utc());
        tracing::Span::current().record("run", self.id.as_str());
    }

    /// Takes away the row hashes that a run has written which did not get as far as to decide anything: the next one writes its own, and one
    /// that is stopped by the delete guard would leave them at each tick. What is left all the same goes with a later commit.
    pub(in crate::run) async fn remove_lists(&self) {
        let (store, feed, run) = (&self.store, &self.feed.id, &self.id);
        let names = (0..self.lists.swap(0, Ordering::Relaxed)).map(|number| ListObject { run: run.clone(), number });
        let each = names.map(|object| async move { store.remove(&list_name(feed, &object)).await });
        let removed = tokio::time::timeout(LAST_WORDS, futures_util::future::join_all(each)).await;
        if removed.is_err() || removed.is_ok_and(|all| all.iter().any(Result::is_err)) {
            info!("some row hashes of a run that failed are left in storage");
        }
    }

    async fn try_capture(
        &mut self,
        due: &[TableSpec],
        before: Before<'_>,
        kept: Kept,
        given_up: &GivenUp,
    ) -> Result<Sealable, RunError> {
        let Some(state) = self.state.as_mut() else { return Err(RunError::Stopping) };
        let work = Assignment {
            context: self.context,
            store: &self.store,
            feed: self.feed,
            tables: due,
            given_up,
            order: self.order,
            begun: &self.begun,
            keys: self.keys.as_deref(),
            again: &self.again,
            run: &self.id,
            kept,
            lists: &self.lists,
            started: self.started,
            previous: before.watermark,
            aside: before.aside,
            reconciled: before.reconciled,
        };
        let captured = async { put_together(&work, capture(&work).await?).await };
        timed(&mut self.verb_seconds.capture, keep_lease(state, &self.id, QUICK, captured)).await
    }
}
