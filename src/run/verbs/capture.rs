//! Capture: from the source to files that can be sealed. The rows are encoded and staged while they are read: `stage` calls `encode`.
//!
//! ```text
//!   one snapshot ─▶ catalog of all tables ─▶ (the change log, looked at once) ─▶ table by table: decide, read, stage
//! ```
//!
//! All passes read one snapshot, one after the other, over one connection. BigQuery is asked about a target when its first
//! row shows up, and before any file is stored: a quiet feed costs a few questions to the source, and a target that can't
//! be written leaves nothing behind. In a feed that tables share, one that fails for good is set aside and the others go on.

use std::time::Instant;

use crate::batch::Absent;
use crate::capture::keyed::change_log::{Log, Survey};
use crate::capture::{Decision, Why};
use crate::model::{FeedId, TableSpec};
use crate::run::assignment::Assignment;
use crate::run::captured_tables::{Captured, Gathered, StagedTable};
use crate::run::change_log_at_hand::{LogAtHand, Named};
use crate::run::error::RunError;
use crate::run::look_at_table::{Look, Looked, logged_tables};
use crate::run::staging_place::{Reading, StagingPlace};
use crate::run::target_plan::{target_plan, why_whole};
use crate::run::verbs::seal;
use crate::run::verbs::stage::{Passed, Staging};
use crate::run::when_due::is_old;
use crate::source::{Moment, Session, Table};
use crate::stage::batch_folder;

/// A whole read of more rows does not wait in one batch with what is staged already.
const LARGE: u64 = 500_000;

/// Reads what a run needs and stages it.
pub(in crate::run) async fn capture(work: &Assignment<'_>) -> Result<Captured, RunError> {
    let session = work.context.session(&work.feed.id).await?;
    let moment = session.begin().await?;
    let mut captured = work.read(&session, &moment).await?;
    match (&captured.batch, work.previous) {
        (None, Some(previous))
            if !is_old(work.tables, previous, moment.taken_at, work.context.config.run.heartbeat) =>
        {
            // Nothing is lost by moving the watermark with a later tick.
            if !session.is_durable(&moment).await? {
                let stays = std::mem::replace(&mut captured.next, previous.clone()).tables;
                captured.next.tables.retain(|target, _| stays.contains_key(target));
            }
        }
        _ => session.await_durable(&moment).await?,
    }
    session.end().await?;
    work.context.keep(&work.feed.id, session);
    Ok(captured)
}

impl<'a> Assignment<'a> {
    fn look(&self) -> Look<'a> {
        let Self { context, order, begun, previous, aside, .. } = *self;
        Look { context, mode: order.mode, begun, previous, aside }
    }

    async fn read(&self, session: &Session, moment: &Moment) -> Result<Captured, RunError> {
        let began = Instant::now();
        let logged = logged_tables(self.context);
        let is_of_log = self.feed.id == FeedId::of_changelog();
        let log_spec = self.context.config.changelog.as_ref().filter(|_| is_of_log);
        let mut names: Vec<_> = self.tables.iter().map(|t| t.source.clone()).collect();
        names.extend(log_spec.into_iter().flat_map(|spec| Log::relations(spec, &logged)));
        let catalog = session.read_catalog(&names).await?;
        let mut at_hand = match log_spec {
            Some(spec) => {
                let log = Log::open(session, spec, &logged, &catalog).await?;
                session.savepoint().await?;
                Some(LogAtHand { log, survey: Survey::default() })
            }
            None => None,
        };
        let look = self.look();
        let mut found = Gathered::default();
        let mut queue = Vec::with_capacity(self.tables.len());
        for spec in self.tables {
            match look.table(session, moment, &catalog, spec, at_hand.as_mut()).await {
                Ok(looked) => queue.push(looked),
                Err(e) => self.give_up(session, &mut found, spec, e).await?,
            }
        }
        // What has changed first, then whole tables, the smallest first: one that takes too long holds up none but itself.
        queue.sort_by_key(|l| (l.decision != Decision::Changes, l.rows));
        found.caveats = queue.iter().flat_map(|l| l.caveats.iter().cloned()).collect();
        let mut rest = Vec::new();
        for looked in &queue {
            let is_long = began.elapsed() > self.context.config.run.budget / 4 || looked.rows > LARGE;
            if looked.decision != Decision::Changes && !found.batches.is_empty() && is_long {
                rest.push(looked.found.spec.clone());
                continue;
            }
            match self.stage(session, moment, looked, at_hand.as_mut()).await {
                Ok((staged, whole)) => found.add(looked.found.spec, staged, whole),
                Err(e) => self.give_up(session, &mut found, looked.found.spec, e).await?,
            }
        }
        seal::put_together(self, moment, found, rest, at_hand.as_ref()).await
    }

    /// Goes on without a table, if what is in its way is its own.
    async fn give_up<'f>(
        &self,
        session: &Session,
        found: &mut Gathered<'f>,
        spec: &'f TableSpec,
        e: RunError,
    ) -> Result<(), RunError> {
        if !self.feed.is_shared() || !e.may_be_of_one_table() {
            return Err(e);
        }
        session.back_to_savepoint().await?;
        found.failed.push((spec, e));
        Ok(())
    }

    /// Reads a table's rows into files; says why if that were all of them.
    async fn stage(
        &self,
        session: &Session,
        moment: &Moment,
        looked: &Looked<'_>,
        mut at_hand: Option<&mut LogAtHand<'_>>,
    ) -> Result<(StagedTable, Option<Why>), RunError> {
        let Looked { found, standing, .. } = looked;
        let table = found.table();
        let Table { spec, relation, shape } = table;
        let mut decision = looked.decision;
        let folder = batch_folder(&self.feed.id, self.run, self.started);
        let place = StagingPlace {
            context: self.context,
            store: self.store,
            spec,
            feed: &self.feed.id,
            mode: self.order.mode,
            guard: self.order.guard,
            folder: &folder,
            run: self.run,
        };
        let look = self.look();
        let reading = Reading { session, relation, shape, standing: *standing };
        loop {
            let named = match (&mut at_hand, decision) {
                (Some(at_hand), Decision::Changes) => {
                    at_hand.concerning(session, table, &found.claims, *standing).await?
                }
                _ => Named::Nothing,
            };
            if let Named::NoRow = named {
                decision = look.all_rows(reading.session, table, Decision::Reconcile(Why::LogNamesNoRow)).await?;
            }
            let capture = look.capture(session, table, moment, *standing, decision).await?;
            let held = standing.map(|s| s.mark.relation.held.clone());
            let plan =
                target_plan(self.context.bigquery.target(&spec.target), spec, shape)?.holding(held.unwrap_or_default());
            let mut staging = Staging::new(place, reading, &capture, plan);
            let passed = match (decision, named, &at_hand) {
                (Decision::Whole(_) | Decision::Reconcile(_), ..) => staging.read_all().await?,
                (Decision::Chunk(..), ..) => staging.read_chunk().await?,
                (Decision::Changes, Named::Keys(readings), Some(at_hand)) => {
                    staging.read_logged(&at_hand.log, &readings).await?
                }
                (Decision::Changes, _, Some(_)) => Passed::Through(Absent::Keep),
                (Decision::Changes, _, None) => staging.read_changes(moment.taken_at).await?,
            };
            match passed {
                Passed::Through(absent) => {
                    staging.bound_cursor().await?;
                    let before = standing.filter(|_| decision == Decision::Changes).and_then(|s| s.mark.log());
                    let mark = at_hand.as_ref().map(|a| a.next_mark(&found.claims, before, moment));
                    let staged = staging.finish(absent, mark).await?;
                    return Ok((staged, why_whole(decision)));
                }
                Passed::TargetUnfit(why) => {
                    decision = look.all_rows(reading.session, table, Decision::Whole(why)).await?;
                }
                Passed::NamesNoRow => {
                    decision = look.all_rows(reading.session, table, Decision::Reconcile(Why::LogLacksKey)).await?;
                }
            }
        }
    }
}
