//! Capture: from the source to files that can be sealed. The rows are encoded and staged while they are read: `stage` calls `encode`.
//!
//! ```text
//!   one snapshot ─▶ catalog of all tables ─▶ (what names keys, looked at once) ─▶ table by table: decide, read, stage
//! ```
//!
//! All passes read one snapshot, one after the other, over one connection. BigQuery is asked about a target when its first
//! row shows up, and before any file is stored: a quiet feed costs a few questions to the source, and a target that can't
//! be written leaves nothing behind. In a feed that tables share, one that fails for good is set aside and the others go on.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::batch::Absent;
use crate::capture::keyed::digest::ListPlace;
use crate::capture::keyed::{KeysAtHand, KeysFrom, Named};
use crate::capture::{Decision, Part, Why};
use crate::model::{CaptureKind, TableSpec};
use crate::run::assignment::Assignment;
use crate::run::captured_tables::{Advance, Captured, Gathered, StagedTable};
use crate::run::error::RunError;
use crate::run::look_at_table::{Look, Looked, Then};
use crate::run::staging_place::{Compared, Reading, StagingPlace, Told};
use crate::run::verbs::stage::{Passed, Staging};
use crate::run::wanted_target::{target_plan, why_whole};
use crate::run::when_due::is_old;
use crate::source::{Moment, Session, Table, compared_columns};
use crate::stage::batch_folder;

/// A whole read of more rows does not wait in one batch with what is staged already.
const LARGE: u64 = 500_000;

/// Reads what a run needs and stages it.
pub(in crate::run) async fn capture<'a>(work: &Assignment<'a>) -> Result<Captured<'a>, RunError> {
    let session = work.context.session(&work.feed.id).await?;
    let moment = session.begin().await?;
    let mut captured = work.read(&session, moment).await?;
    let (moment, heartbeat) = (&captured.moment, work.context.config.run.heartbeat);
    match work.previous.filter(|_| captured.tables.batches.is_empty()) {
        // Nothing is lost by moving the watermark with a later tick.
        Some(previous) if !is_old(work.tables, previous, moment.taken_at, heartbeat) => {
            if !session.is_durable(moment).await? {
                captured.advance = Advance::Stays;
            }
        }
        _ => session.await_durable(moment).await?,
    }
    session.end().await?;
    work.context.keep(&work.feed.id, session);
    Ok(captured)
}

impl<'a> Assignment<'a> {
    fn look(&self) -> Look<'a> {
        let Self { context, order, begun, previous, aside, reconciled, .. } = *self;
        Look { context, mode: order.mode, begun, previous, aside, reconciled }
    }

    /// Where the keys of the feed's tables are named.
    fn keys_from(&self, moment: &Moment) -> KeysFrom<'a> {
        let has = |capture| self.tables.iter().any(|t| t.capture == capture);
        let others = if has(CaptureKind::Digest) {
            KeysFrom::Digest(Some(Box::new(self.list_place())))
        } else if self.tables.iter().any(TableSpec::keeps_key_list) {
            // A key that came since is in no list of another moment: of keys, all slices are looked at in one snapshot.
            KeysFrom::KeyLists(Some(Box::new(ListPlace { deadline: None, ..self.list_place() })))
        } else if has(CaptureKind::Ct) {
            let tables = self.tables.iter().map(|t| t.source.clone()).collect();
            KeysFrom::Ct { version: moment.position.at().ct_version(), tables }
        } else {
            self.context.keys_of_feed(&self.feed.id)
        };
        match self.keys {
            Some(keys) => KeysFrom::Given { keys, others: Box::new(others) },
            None => others,
        }
    }

    /// Where this run keeps lists of row hashes.
    fn list_place(&self) -> ListPlace {
        /// A list is held in memory as a whole.
        const LARGEST: usize = 2 << 20;
        let config = &self.context.config;
        ListPlace {
            store: self.store.clone(),
            feed: self.feed.id.clone(),
            run: self.run.clone(),
            kept: self.kept,
            begun: self.lists.clone(),
            list_size: config.storage.part_size.min(LARGEST),
            slice_rows: config.run.chunk_rows,
            deadline: Some(Instant::now() + config.run.budget / 2),
        }
    }

    async fn read(&self, session: &Session, moment: Moment) -> Result<Captured<'a>, RunError> {
        let began = Instant::now();
        let keys_from = self.keys_from(&moment);
        let mut names: Vec<_> = self.tables.iter().map(|t| t.source.clone()).collect();
        names.extend(keys_from.relations(session.dialect()));
        let catalog = session.read_catalog(&names).await?;
        let mut keys = keys_from.open(session, &catalog).await?;
        if self.feed.is_shared() {
            session.savepoint().await?;
        }
        let look = self.look();
        let mut found = Gathered::default();
        let mut queue = Vec::with_capacity(self.tables.len());
        for (target, e) in self.given_up.take() {
            found.failed.extend(self.tables.iter().find(|t| t.target == target).map(|spec| (spec, e)));
        }
        let at_hand: Vec<&TableSpec> =
            self.tables.iter().filter(|t| !found.failed.iter().any(|(failed, _)| failed.target == t.target)).collect();
        for spec in at_hand {
            match look.table(session, &moment, &catalog, spec, &mut keys).await {
                Ok(looked) => queue.push((spec, looked)),
                Err(e) => self.give_up(session, &mut found, spec, e).await?,
            }
        }
        // What has changed first, then whole tables, the smallest first: one that takes too long holds up none but itself.
        queue.sort_by_key(|(_, l)| (l.decision != Decision::Changes, l.rows));
        found.caveats = queue.iter().flat_map(|(_, l)| l.caveats.iter().cloned()).collect();
        let mut rest = Vec::new();
        for (spec, looked) in &queue {
            let is_long = began.elapsed() > self.context.config.run.budget / 4 || looked.rows > LARGE;
            if looked.decision != Decision::Changes && !found.batches.is_empty() && is_long {
                rest.push((*spec).clone());
                continue;
            }
            match self.stage(session, &moment, looked, &mut keys).await {
                Ok((staged, whole)) => found.add(spec, staged, whole),
                Err(e) => self.give_up(session, &mut found, spec, e).await?,
            }
        }
        let mut noted = BTreeMap::new();
        for (spec, looked) in &queue {
            // What the source has of rows that differed: compared with the target once this run is merged.
            let table = looked.found.table();
            let again = self.again.get(&spec.target).filter(|_| found.marks.contains_key(&spec.target));
            if let Some(again) = again.filter(|again| again.columns == compared_columns(table)) {
                session.savepoint().await?;
                match again.what.of_source(session, table).await {
                    Ok(side) => _ = noted.insert(spec.target.clone(), side),
                    Err(e) if e.is_transient() => return Err(e),
                    // The rows are staged all the same.
                    Err(e) => {
                        // Where the snapshot went with the statement, what is in its way is told, not what followed from it.
                        if session.back_to_savepoint().await.is_err() {
                            return Err(e);
                        }
                        tracing::warn!(table = %spec.source, "the source can't be asked for rows that differ");
                    }
                }
            }
        }
        let log = keys.counts();
        let to_compare = queue.iter().filter(|(_, looked)| looked.then == Then::Compare);
        let to_compare = to_compare.map(|(spec, _)| spec.target.clone()).collect();
        Ok(Captured { tables: found, moment, log, rest, advance: Advance::Moves, noted, to_compare })
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
        if let Err(lost) = session.back_to_savepoint().await {
            // The snapshot went with the statement that failed: the others are read in another one.
            for (spec, e) in found.failed.drain(..).chain([(spec, e)]) {
                self.given_up.add(&spec.target, e);
            }
            return Err(lost.into());
        }
        found.failed.push((spec, e));
        Ok(())
    }

    /// Reads a table's rows into files; says why if that were all of them.
    async fn stage(
        &self,
        session: &Session,
        moment: &Moment,
        looked: &Looked<'_>,
        keys: &mut KeysAtHand<'_>,
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
            compared: if self.again.contains_key(&spec.target) { Compared::Yes } else { Compared::No },
            told: match (self.keys, keys.tells_inserts()) {
                (Some(_), _) => Told::SomeKeys,
                (None, true) => Told::Inserts,
                (None, false) => Told::Changes,
            },
        };
        let look = self.look();
        let reading = Reading { session, relation, shape, standing: *standing };
        loop {
            let named = match decision {
                Decision::Changes => keys.concerning(session, table, &found.claims, *standing).await?,
                _ => Named::Nothing,
            };
            if let Named::NoRow = named {
                decision = look.all_rows(reading.session, table, Decision::Reconcile(Why::LogNamesNoRow)).await?;
            }
            let capture = look.capture(session, table, moment, *standing, decision).await?;
            let plan = target_plan(self.context.bigquery.target(&spec.target), spec, shape)?;
            let plan = match standing {
                Some(s) => plan.holding(s.mark.relation.held.clone(), s.mark.apply),
                None => plan,
            };
            let mut staging = Staging::new(place, reading, &capture, plan);
            let passed = match (decision, &named) {
                (Decision::Whole(_) | Decision::Reconcile(_), _) => staging.read_all().await?,
                (Decision::Chunk(..), _) => staging.read_chunk().await?,
                (Decision::Changes, Named::Keys(readings)) if keys.names_keys() => {
                    staging.read_named(keys, readings).await?
                }
                (Decision::Changes, _) if keys.names_keys() => Passed::Through(Absent::Keep),
                (Decision::Changes, of_gone) => match staging.read_changes(moment.taken_at).await? {
                    Passed::Through(absent) => match of_gone {
                        Named::Keys(readings) => staging.read_named(keys, readings).await?,
                        Named::Nothing | Named::NoRow => Passed::Through(absent),
                    },
                    other => other,
                },
            };
            match passed {
                Passed::Through(absent) => {
                    staging.bound_cursor().await?;
                    if capture.is_whole() {
                        let loaded = standing.filter(|_| matches!(decision, Decision::Chunk(_, Part::Next)));
                        let loaded = loaded.and_then(|s| s.mark.lists());
                        keys.keep_all(session, table, &found.claims, loaded, capture.range.as_ref()).await?;
                    }
                    let before = standing.filter(|_| decision == Decision::Changes);
                    let place = keys.next_place(&found.claims, before, moment);
                    let staged = staging.finish(absent, place).await?;
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
