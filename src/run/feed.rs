//! One run of one feed, from lease to commit.

use std::time::Duration;

use time::OffsetDateTime;
use tracing::{error, info, warn};

use super::capture::{Captured, capture};
use super::context::Context;
use super::error::RunError;
use super::finish::finish;
use super::report::{Failure, RunReport, RunState, TableReport, seconds_since};
use crate::batch::Batch;
use crate::bigquery::{BigQueryError, Replay};
use crate::capture::Why;
use crate::model::{FeedId, RunId, TableSpec};
use crate::state::Handle;

/// What a tick wants of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Changes, if the table's `every` has passed.
    IfDue,
    /// Changes.
    Now,
    /// The whole table.
    Full,
    /// The whole table, and its target may be made anew.
    Resync,
}

/// A capture that takes longer takes the lease first; a shorter one saves the write.
const QUICK: Duration = Duration::from_secs(5);

/// Runs a feed; the reports say how it went. Usually one run, none if the feed is not due, two if an earlier one had to be
/// finished first.
pub(super) async fn run_feed(context: &Context, spec: &TableSpec, mode: Mode) -> Vec<RunReport> {
    let started = OffsetDateTime::now_utc();
    let (feed, id) = (spec.feed(), context.new_run(started));
    let mut run =
        Run { context, spec, mode, feed, started, id, state: None, whole: None, replayed: false, reports: Vec::new() };
    let Some(_running) = context.enter(&run.feed) else {
        run.report(RunState::Busy, Vec::new(), None);
        return run.reports;
    };
    let budget = context.config.run.budget;
    let outcome = tokio::select! {
        outcome = tokio::time::timeout(budget, Box::pin(run.go())) => outcome.unwrap_or(Err(RunError::OutOfTime(budget))),
        () = context.stop.cancelled() => Err(RunError::Stopping),
    };
    if let Err(e) = outcome {
        // The lease goes back even after a failure, so that the next tick need not wait for its end.
        run.release_lease().await;
        let state = if e.is_busy() { RunState::Busy } else { RunState::Failed };
        run.report(state, Vec::new(), Some(&e).filter(|e| !e.is_busy()));
    }
    run.reports
}

struct Run<'a> {
    context: &'a Context,
    spec: &'a TableSpec,
    mode: Mode,
    feed: FeedId,
    started: OffsetDateTime,
    id: RunId,
    state: Option<Handle>,
    whole: Option<Why>,
    replayed: bool,
    reports: Vec<RunReport>,
}

impl Run<'_> {
    async fn go(&mut self) -> Result<(), RunError> {
        let holder = self.context.new_holder();
        let lease_time = self.context.config.run.lease;
        let state = Handle::load(&self.context.store, &self.feed, holder, lease_time).await?;
        let is_held = state.is_held_by_another(OffsetDateTime::now_utc());
        let state = self.state.insert(state);
        if is_held {
            self.report(RunState::Busy, Vec::new(), None);
            return Ok(());
        }
        if let Some(batch) = state.document().pending.clone() {
            self.finish_pending(batch).await?;
        }
        if self.is_due() { self.capture_and_apply().await } else { Ok(()) }
    }

    /// What an earlier run sealed is decided; whoever holds the lease brings it to its commit.
    async fn finish_pending(&mut self, batch: Batch) -> Result<(), RunError> {
        let fresh = std::mem::replace(&mut self.id, batch.run.clone());
        self.replayed = true;
        info!(run = %batch.run, "finishing a sealed run");
        let Some(state) = self.state.as_mut() else { return Ok(()) };
        state.take_lease(&batch.run).await?;
        match finish(self.context, state, &batch, Replay::Yes).await {
            Ok(tables) => self.report(RunState::Done, tables, None),
            Err(RunError::BigQuery(e)) if self.may_be_discarded(&e) => {
                warn!(run = %batch.run, reason = %e, "a sealed run is given up: the whole table is loaded instead");
                if let Some(state) = self.state.as_mut() {
                    state.discard_pending().await?;
                }
            }
            Err(e) => return Err(e),
        }
        self.id = fresh;
        self.replayed = false;
        Ok(())
    }

    /// A full load makes an older batch pointless. It is given up only once its jobs have ended, badly: a merge still under
    /// way could otherwise come after the load.
    fn may_be_discarded(&self, e: &BigQueryError) -> bool {
        matches!(e, BigQueryError::TargetGone(_)) || (self.mode == Mode::Resync && !e.is_transient())
    }

    fn is_due(&self) -> bool {
        let (Mode::IfDue, Some(every)) = (self.mode, self.spec.every) else { return true };
        let committed = self.state.as_ref().and_then(|s| s.document().watermark.as_ref()).map(|w| w.taken_at);
        let Some(last) = committed.max(self.context.last_success(&self.feed)) else { return true };
        // A scheduler is never quite on time; a tick a moment early should not cost a whole period.
        let tolerance = (every / 10).min(Duration::from_secs(30));
        OffsetDateTime::now_utc() - last >= every.saturating_sub(tolerance)
    }

    async fn capture_and_apply(&mut self) -> Result<(), RunError> {
        let Some(state) = self.state.as_mut() else { return Ok(()) };
        let previous = state.document().watermark.clone();
        let work = capture(self.context, self.spec, self.mode, previous.as_ref(), &self.id, self.started);
        let captured = keep_lease(state, &self.id, QUICK, work).await?;
        self.whole = captured.whole();
        if let Some(why) = self.whole.filter(|w| w.is_a_surprise()) {
            warn!(reason = why.text(), "the whole table is read again");
        }
        match captured {
            Captured::Empty { next } => {
                let stood = previous.map(|w| w.taken_at);
                let is_old = stood.is_none_or(|t| next.taken_at - t >= self.context.heartbeat());
                if is_old {
                    state.advance(next).await?
                } else {
                    state.release().await?
                }
                self.context.note_success(&self.feed, OffsetDateTime::now_utc());
                // The run that was finished before this one already speaks for the feed.
                if self.reports.is_empty() {
                    self.report(RunState::Empty, Vec::new(), None);
                }
            }
            Captured::Batch { batch, .. } => {
                self.context.progress.verb(&self.feed, "seal");
                state.seal(batch.clone()).await?;
                let tables = finish(self.context, state, &batch, Replay::No).await?;
                self.report(RunState::Done, tables, None);
            }
        }
        Ok(())
    }

    async fn release_lease(&mut self) {
        let Some(state) = self.state.as_mut() else { return };
        if let Ok(Err(e)) = tokio::time::timeout(Duration::from_secs(5), state.release()).await {
            // Its end frees it as well; another holder is no trouble at all.
            info!(reason = %e, "the lease was not given back");
        }
    }

    fn report(&mut self, state: RunState, tables: Vec<TableReport>, failure: Option<&RunError>) {
        let error = failure.map(Failure::from);
        let report = RunReport {
            run: self.id.clone(),
            feed: self.feed.clone(),
            source: self.spec.source.to_string(),
            state,
            whole: self.whole.map(Why::text),
            replayed: self.replayed,
            error,
            started: self.started,
            seconds: seconds_since(self.started),
            tables,
        };
        self.context.progress.ended(&self.feed, report.state.name());
        log(&report);
        self.reports.push(report);
    }
}

/// Does the work while the lease is taken (after `first`) and renewed. Losing it ends the work.
pub(super) async fn keep_lease<T>(
    state: &mut Handle,
    run: &RunId,
    first: Duration,
    work: impl Future<Output = Result<T, RunError>>,
) -> Result<T, RunError> {
    // The futures of a whole capture or load are too large to be copied along the stack.
    let mut work = Box::pin(work);
    let mut pause = first;
    loop {
        tokio::select! {
            outcome = &mut work => return outcome,
            () = tokio::time::sleep(pause) => state.take_lease(run).await?,
        }
        pause = state.renewal_period();
    }
}

/// One event a run, with every figure a metric may want.
fn log(report: &RunReport) {
    let sum = |f: fn(&TableReport) -> u64| report.tables.iter().map(f).sum::<u64>();
    let (run, state, seconds) = (&report.run, report.state.name(), report.seconds);
    if let Some(failure) = &report.error {
        error!(%run, state, seconds, error = failure.message, hint = failure.hint, "run finished");
    } else {
        info!(
            %run, state, seconds,
            replayed = report.replayed,
            whole = report.whole,
            upserts = sum(|t| t.upserts),
            deletes = sum(|t| t.deletes),
            resent = sum(|t| t.resent),
            quarantined = sum(|t| t.quarantined),
            rows_inserted = sum(|t| t.rows_inserted),
            rows_updated = sum(|t| t.rows_updated),
            rows_deleted = sum(|t| t.rows_deleted),
            staged_bytes = sum(|t| t.staged_bytes),
            bytes_processed = sum(|t| t.bytes_processed),
            bytes_billed = sum(|t| t.bytes_billed),
            "run finished"
        );
    }
}
