//! One run of one feed, from lease to commit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use time::OffsetDateTime;
use tracing::{info, warn};

use super::after_commit::{Committed, follow_up};
use super::cancel_statement::{LAST_WORDS, cancel_statement};
use super::context::Context;
use super::error::RunError;
use super::feeds::Feed;
use super::forget_elsewhere::forget_elsewhere;
use super::order::{Mode, Order};
use super::report::{RunReport, RunState, VerbSeconds, timed};
use crate::batch::{Batch, LogCounts, LookedFor, Watermark};
use crate::bigquery::{BigQueryError, Replay};
use crate::capture::Why;
use crate::capture::keyed::GivenKeys;
use crate::failpoint::{Effect, lets};
use crate::model::{RunId, TableSpec};
use crate::run::assignment::Before;
use crate::run::captured_tables::{Quiet, Sealable};
use crate::run::verbs::seal::seal;
use crate::run::verify::{LookAgain, SourceSide};
use crate::state::Handle;
use crate::storage::Store;
use crate::telemetry::ANSWERED;

mod after_seal;
mod await_applied;
mod before_seal;
mod bills;
mod due_tables;
mod nothing_to_seal;
mod outcome;
mod repair;
mod verify;

use after_seal::AfterSeal;

/// Runs a feed; the reports say how it went. Usually one run, none if the feed is not due, two if an earlier one had to be
/// finished first.
pub(super) async fn run_feed(context: &Context, feed: &Feed, order: Order) -> Vec<RunReport> {
    let started = OffsetDateTime::now_utc();
    let id = context.new_run(started);
    let mut run = Run {
        context,
        feed,
        order,
        started,
        id,
        store: context.store.counting(),
        step_began: started,
        verb_seconds: VerbSeconds::default(),
        writes_told: 0,
        state: None,
        stood: None,
        lists: Arc::default(),
        whole: Vec::new(),
        caveats: Vec::new(),
        log: None,
        postponed: Vec::new(),
        begun: Vec::new(),
        at_hand: Vec::new(),
        goes_on: Vec::new(),
        replayed: false,
        busy_since: None,
        reports: Vec::new(),
        keys: feed.keys.clone(),
        again: BTreeMap::new(),
        noted: BTreeMap::new(),
        to_compare: BTreeSet::new(),
    };
    let _running = match context.enter(&feed.id, started) {
        Ok(running) => running,
        Err(since) => {
            run.busy_since = Some(since);
            run.report(RunState::Busy, Vec::new(), None);
            return run.reports;
        }
    };
    let budget = context.config.run.budget;
    let outcome = tokio::select! {
        outcome = tokio::time::timeout(budget, Box::pin(run.go())) => outcome.unwrap_or(Err(RunError::OutOfTime(budget))),
        () = context.stop.cancelled() => Err(RunError::Stopping),
    };
    let canceller = context.take_canceller(&feed.id);
    if let Err(e) = outcome {
        let is_given_up = matches!(e, RunError::OutOfTime(_) | RunError::Stopping);
        // The lease goes back even after a failure, so that the next tick need not wait for its end.
        tokio::join!(cancel_statement(canceller.filter(|_| is_given_up)), run.release_lease());
        run.remove_lists().await;
        let state = if e.is_busy() { RunState::Busy } else { RunState::Failed };
        // A process that is told to go has no time for it, and the next tick goes on.
        if state == RunState::Failed && !matches!(e, RunError::Stopping) {
            run.note_failure(&e).await;
        }
        run.report(state, Vec::new(), Some(&e).filter(|e| !e.is_busy()));
    }
    run.follow_up().await;
    run.reports
}

struct Run<'a> {
    context: &'a Context,
    feed: &'a Feed,
    order: Order,
    started: OffsetDateTime,
    id: RunId,
    /// Counts what the run writes.
    store: Store,
    /// When the step began that the next report tells of.
    step_began: OffsetDateTime,
    /// Of this step.
    verb_seconds: VerbSeconds,
    /// Writes that an earlier report of this run has told of.
    writes_told: u64,
    state: Option<Handle>,
    /// Where the feed stood when the run began.
    stood: Option<Watermark>,
    /// How many objects with row hashes the run has written, until its capture has ended.
    lists: Arc<AtomicU32>,
    whole: Vec<(String, Why)>,
    /// What the last capture may have missed.
    caveats: Vec<String>,
    log: Option<LogCounts>,
    postponed: Vec<(TableSpec, RunError)>,
    begun: Vec<String>,
    /// The targets that the present step is for; a failure is theirs. Empty where it is every table's.
    at_hand: Vec<String>,
    goes_on: Vec<String>,
    replayed: bool,
    /// Since when another run of this process has had the feed.
    busy_since: Option<OffsetDateTime>,
    reports: Vec<RunReport>,
    /// The keys that the present step is for alone; see [`Feed::keys`].
    keys: Option<Arc<GivenKeys>>,
    /// What of each target is to be noted in the snapshot of the next capture, and what was.
    again: BTreeMap<String, LookAgain>,
    noted: BTreeMap<String, SourceSide>,
    /// The targets whose `reconcile_every` has passed, and that are compared for it.
    to_compare: BTreeSet<String>,
}

impl Run<'_> {
    async fn go(&mut self) -> Result<(), RunError> {
        tracing::Span::current().record("run", self.id.as_str());
        let holder = self.context.new_holder();
        let lease_time = self.context.config.run.lease;
        let loaded = Handle::load(&self.store, &self.feed.id, holder, lease_time);
        let state = timed(&mut self.verb_seconds.lease, loaded).await?;
        let is_held = state.is_held_by_another(OffsetDateTime::now_utc());
        let state = self.state.insert(state);
        self.stood.clone_from(&state.document().watermark);
        if is_held {
            self.report(RunState::Busy, Vec::new(), None);
            return Ok(());
        }
        // Of a feed that tables share the others go on, so what is sealed does too.
        let pending = state.document().pending.clone();
        if self.feed.tables.iter().all(|t| self.is_paused(t)) {
            self.report(RunState::Paused, Vec::new(), None);
            self.tell_of_not_compared();
            return Ok(());
        }
        if let Some(batch) = pending {
            self.finish_pending(batch).await?;
        }
        let mut due = self.due_tables();
        // What waits for its next try is named all the same.
        let is_aside = |t: &TableSpec| self.state.as_ref().is_some_and(|s| s.document().aside.contains_key(&t.target));
        if due.is_empty() && self.reports.is_empty() && self.feed.tables.iter().any(is_aside) {
            self.report(RunState::Empty, Vec::new(), None);
        }
        while !due.is_empty() {
            self.at_hand = due.iter().map(|t| t.target.clone()).collect();
            due = self.capture_and_apply(due).await?;
            // Somebody may have paused it meanwhile: each write brings the notes along.
            due.retain(|t| !self.is_paused(t));
            self.id = self.context.new_run(OffsetDateTime::now_utc());
            tracing::Span::current().record("run", self.id.as_str());
        }
        match self.order.verify {
            Some(asked) => self.verify(asked).await,
            None => self.verify_what_is_due().await,
        }
    }

    /// Does what the committed watermark allows: after a run that has failed or had nothing to do as well, and for tables that are paused.
    async fn follow_up(&self) {
        let is_busy = self.reports.last().is_some_and(|r| r.state == RunState::Busy);
        let Some(state) = self.state.as_ref().filter(|_| !is_busy && !self.context.stop.is_cancelled()) else { return };
        let Context { source, store, after_commit, .. } = self.context;
        follow_up(
            after_commit,
            Committed { source, store, feed: &self.feed.id, state: state.document(), stood: self.stood.as_ref() },
        )
        .await;
    }

    /// What an earlier run sealed is decided; whoever holds the lease brings it to its commit.
    async fn finish_pending(&mut self, batch: Batch) -> Result<(), RunError> {
        let fresh = std::mem::replace(&mut self.id, batch.run.clone());
        self.replayed = true;
        self.log = batch.log;
        info!(run = %batch.run, "finishing a sealed run");
        let Some(state) = self.state.as_mut() else { return Ok(()) };
        state.take_lease(&batch.run).await?;
        let targets: Vec<String> = batch.tables.iter().map(|t| t.target.table.clone()).collect();
        self.at_hand.clone_from(&targets);
        let sealed = AfterSeal { context: self.context, store: &self.store, batch: &batch, replay: Replay::Yes };
        let looked_at = if batch.looked_for == LookedFor::Changes { targets.as_slice() } else { &[] };
        match sealed.load_merge_commit(state, looked_at, &mut self.verb_seconds).await {
            Ok(tables) => {
                self.report(RunState::Done, tables, None);
            }
            Err(RunError::BigQuery(e)) if self.may_be_discarded(&e) => {
                warn!(run = %batch.run, reason = %e, "a sealed run is given up: the whole table is loaded instead");
                for table in &batch.tables {
                    self.context.bigquery.give_up(&batch, table).await?;
                }
                if let Some(state) = self.state.as_mut() {
                    state.discard_pending().await?;
                }
            }
            Err(e) => return Err(e),
        }
        self.id = fresh;
        self.replayed = false;
        self.log = None;
        self.at_hand.clear();
        Ok(())
    }

    /// A full load makes an older batch pointless, once its jobs have ended badly.
    fn may_be_discarded(&self, e: &BigQueryError) -> bool {
        matches!(e, BigQueryError::Overtaken(_)) || (self.order.mode == Mode::Resync && !e.is_transient())
    }

    /// One run; the tables that are left for another one.
    async fn capture_and_apply(&mut self, due: Vec<TableSpec>) -> Result<Vec<TableSpec>, RunError> {
        let Some(document) = self.state.as_ref().map(Handle::document) else { return Ok(Vec::new()) };
        let (previous, aside) = (document.watermark.clone(), document.aside.clone());
        let reconciled = document.notes.reconciled();
        let before = Before { watermark: previous.as_ref(), aside: &aside, reconciled: &reconciled };
        let sealable = self.capture_and_stage(&due, before).await?;
        // From here on somebody may come to name them.
        self.lists = Arc::default();
        self.caveats.clone_from(&sealable.caveats);
        self.whole.clone_from(&sealable.whole);
        self.log = sealable.log;
        for (target, why) in self.whole.iter().filter(|(_, why)| why.is_a_surprise()) {
            warn!(target: ANSWERED, target, reason = why.text(), "the whole table is read again");
        }
        let mut rest = sealable.rest.clone();
        self.postponed = sealable.postponed;
        self.noted = sealable.noted;
        self.to_compare.extend(sealable.to_compare.iter().cloned());
        let is_done = |t: &TableSpec| !rest.contains(t) && !self.postponed.iter().any(|(p, _)| p == t);
        let done: Vec<TableSpec> = due.iter().filter(|t| is_done(t)).cloned().collect();
        // Whoever reads given keys again has looked for no changes, unless all rows had to be read.
        let is_looked_at = |t: &&TableSpec| self.keys.is_none() || self.whole.iter().any(|(w, _)| *w == t.target);
        let looked_at: Vec<String> = done.iter().filter(is_looked_at).map(|t| t.target.clone()).collect();
        let Some(batch) = sealable.batch else {
            let Sealable { next, moment, aside, .. } = sealable;
            self.nothing_to_seal(before, Quiet { done, looked_at, next, moment, aside }).await?;
            return Ok(rest);
        };
        let Some(state) = self.state.as_mut() else { return Ok(Vec::new()) };
        let is_new = |t: &&TableSpec| previous.as_ref().is_none_or(|w| w.standing(&t.target).is_none());
        let is_written = |t: &&TableSpec| batch.tables.iter().any(|b| b.target.table == t.target);
        for spec in due.iter().filter(is_new).filter(is_written) {
            forget_elsewhere(self.context, &self.store, spec).await?;
        }
        let batch = timed(&mut self.verb_seconds.seal, seal(self.context, state, batch)).await?;
        let sealed = AfterSeal { context: self.context, store: &self.store, batch: &batch, replay: Replay::No };
        let tables = sealed.load_merge_commit(state, &looked_at, &mut self.verb_seconds).await?;
        if batch.looked_for == LookedFor::Changes {
            self.context.note_failure(&self.feed.id, None);
        }
        let (loading, others): (Vec<TableSpec>, Vec<TableSpec>) =
            done.into_iter().partition(|t| self.loading(&t.target).is_some());
        self.goes_on = loading.iter().map(|t| t.target.clone()).collect();
        self.begun.extend(self.goes_on.iter().cloned());
        self.report(RunState::Done, tables, None);
        // While there is time: another stretch of a load in chunks, or after the last what has changed since the first.
        let has_time = OffsetDateTime::now_utc() - self.started < self.context.config.run.budget / 2;
        if has_time && lets(Effect::Stretch).await {
            let was_loading = |t: &TableSpec| {
                let mark = previous.as_ref().and_then(|w| w.tables.get(&t.target));
                mark.is_some_and(|m| m.loading.is_some())
            };
            rest.extend(loading);
            rest.extend(others.into_iter().filter(was_loading));
        }
        Ok(rest)
    }

    async fn release_lease(&mut self) {
        let Some(state) = self.state.as_mut() else { return };
        if let Ok(Err(e)) = tokio::time::timeout(LAST_WORDS, state.release()).await {
            // Its end frees it as well; another holder is no trouble at all.
            info!(reason = %e, "the lease was not given back");
        }
    }
}
