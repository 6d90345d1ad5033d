//! From the source to sealed-ready files: capture, encode, stage.
//!
//! ```text
//!   one snapshot ─▶ catalog of all tables ─▶ (the change log, looked at once) ─▶ table by table: decide, read, stage
//! ```
//!
//! All passes read one snapshot, one after the other, over one connection. BigQuery is asked about a target when its first
//! row shows up, and before any file is stored: a quiet feed costs a few questions to the source, and a target that can't
//! be written leaves nothing behind. In a feed that tables share, one that fails for good is set aside and the others go on.

use std::time::Instant;

use crate::batch::{Absent, RowsBefore};
use crate::bigquery::TargetPlan;
use crate::capture::keyed::log::{Log, Logged, Survey};
use crate::capture::{Capture, Decision, Part, Why, caveats, decide, may_be_chunked, relation_mark};
use crate::encode::{EncodeError, Shape};
use crate::model::{CaptureKind, DeleteStyle, Mode as ColumnMode, TableSpec, TargetRef, nearest};
use crate::run::context::Context;
use crate::run::due::is_old;
use crate::run::error::RunError;
use crate::run::log_at_hand::{LogAtHand, Named};
use crate::run::order::Mode;
use crate::run::verbs::stage::{Passed, Staging};
use crate::run::work::{Captured, Found, Looked, Place, Reading, Staged, Work};
use crate::source::{Catalog, Moment, Relation, Session, Table, read_catalog, required_relation};
use crate::stage::batch_folder;

/// A whole read of more rows does not wait in one batch with what is staged already.
const LARGE: u64 = 500_000;

/// Reads what a run needs and stages it.
pub(in crate::run) async fn capture(work: &Work<'_>) -> Result<Captured, RunError> {
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

/// The tables of the config that the change log feeds.
pub(in crate::run) fn logged_tables(context: &Context) -> Vec<TableSpec> {
    let tables = context.config.tables.iter().filter(|t| t.capture == CaptureKind::Changelog);
    tables.cloned().collect()
}

impl<'a> Work<'a> {
    async fn read(&self, session: &Session, moment: &Moment) -> Result<Captured, RunError> {
        let began = Instant::now();
        let logged = if self.feed.is_shared() { logged_tables(self.context) } else { Vec::new() };
        let log_spec = self.context.config.changelog.as_ref().filter(|_| self.feed.is_shared());
        let mut names: Vec<_> = self.tables.iter().map(|t| t.source.clone()).collect();
        names.extend(log_spec.into_iter().flat_map(|spec| Log::relations(spec, &logged)));
        let catalog = read_catalog(session, &names).await?;
        let mut at_hand = match log_spec {
            Some(spec) => {
                let log = Log::open(session, spec, &logged, &catalog).await?;
                session.savepoint().await?;
                Some(LogAtHand { log, survey: Survey::default() })
            }
            None => None,
        };
        let mut found = Found::default();
        let mut queue = Vec::with_capacity(self.tables.len());
        for spec in self.tables {
            match self.look(session, moment, &catalog, spec, at_hand.as_mut()).await {
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
                rest.push(looked.spec.clone());
                continue;
            }
            match self.stage(session, moment, looked, at_hand.as_mut()).await {
                Ok((staged, whole)) => found.add(looked.spec, staged, whole),
                Err(e) => self.give_up(session, &mut found, looked.spec, e).await?,
            }
        }
        self.conclude(moment, found, rest, at_hand.as_ref(), &logged).await
    }

    /// Goes on without a table, if what is in its way is its own.
    async fn give_up<'f>(
        &self,
        session: &Session,
        found: &mut Found<'f>,
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

    /// What is to be done for a table.
    async fn look<'c>(
        &self,
        session: &Session,
        moment: &Moment,
        catalog: &'c Catalog,
        spec: &'c TableSpec,
        at_hand: Option<&mut LogAtHand<'_>>,
    ) -> Result<Looked<'c>, RunError>
    where
        'a: 'c,
    {
        let relation = required_relation(session, catalog, &spec.source).await?;
        let shape = Shape::of(spec, relation)?;
        let standing = self.previous.and_then(|w| w.standing(&spec.target));
        let mark = standing.and_then(|s| s.mark.log());
        let mut claims = Vec::new();
        let logged = match at_hand {
            Some(LogAtHand { log, survey }) => {
                claims = log.claims(spec, relation, &shape)?;
                let health = survey.health(session, log, &claims, mark).await?;
                Some(Logged { log, claims: &claims, health })
            }
            None => None,
        };
        let table = Table { spec, relation, shape: &shape };
        let goes_on = self.begun.contains(&spec.target);
        let decision = match if goes_on { Mode::Now } else { self.order.mode } {
            // Also for a table whose capture would not be possible: it is to be told now, not by the next tick.
            Mode::Full | Mode::Resync => {
                decide(session, table, moment, None, None).await.map(|_| Decision::Whole(Why::Requested))?
            }
            Mode::IfDue | Mode::Now => decide(session, table, moment, standing, logged).await?,
        };
        let decision = match decision {
            Decision::Whole(Why::FirstLoad) if self.aside.contains_key(&spec.target) => Decision::Whole(Why::SetAside),
            other => other,
        };
        let rows = match decision {
            Decision::Changes => 0,
            _ => session.estimate_size(&spec.source).await?,
        };
        // Under another key or filter, rows can't be told from those that are to go: only a replacement is right, whoever asks.
        let mark = relation_mark(table, standing);
        let is_redefined = standing.is_some_and(|s| s.mark.relation.definition != mark.definition);
        let decision = match is_redefined && self.order.mode != Mode::Resync {
            true => decision,
            false => self.in_chunks(spec, relation, &shape, decision, rows).await?,
        };
        let caveats = caveats(table, standing, decision, moment.sight)?;
        Ok(Looked { spec, relation, shape, claims, standing, decision, caveats, rows })
    }

    /// As [`Work::in_chunks`], where only the passes have shown that all rows have to be read.
    async fn all_rows(&self, reading: Reading<'_>, spec: &TableSpec, all: Decision) -> Result<Decision, RunError> {
        let rows = reading.session.estimate_size(&spec.source).await?;
        self.in_chunks(spec, reading.relation, reading.shape, all, rows).await
    }

    /// A whole read of a large table is done a stretch of keys at a time.
    async fn in_chunks(
        &self,
        spec: &TableSpec,
        relation: &Relation,
        shape: &Shape,
        decision: Decision,
        rows: u64,
    ) -> Result<Decision, RunError> {
        let (Decision::Whole(why) | Decision::Reconcile(why)) = decision else { return Ok(decision) };
        if rows <= self.context.config.run.chunk_rows || !may_be_chunked(spec, relation, shape) {
            return Ok(decision);
        }
        let is_made_anew = self.order.mode == Mode::Resync && spec.delete == DeleteStyle::Hard;
        let target = self.context.bigquery.target(&spec.target);
        let has_rows = !is_made_anew && self.context.bigquery.size(&target).await?.is_some_and(|(_, rows)| rows > 0);
        let before = if has_rows { RowsBefore::Some } else { RowsBefore::None };
        Ok(Decision::Chunk(why, Part::First(before)))
    }

    /// Reads a table's rows into files; says why if that were all of them.
    async fn stage(
        &self,
        session: &Session,
        moment: &Moment,
        looked: &Looked<'_>,
        mut at_hand: Option<&mut LogAtHand<'_>>,
    ) -> Result<(Staged, Option<Why>), RunError> {
        let Looked { spec, relation, shape, standing, .. } = looked;
        let mut decision = looked.decision;
        let folder = batch_folder(&self.feed.id, self.run, self.started);
        let place = Place {
            context: self.context,
            spec,
            feed: &self.feed.id,
            mode: self.order.mode,
            guard: self.order.guard,
            folder: &folder,
            run: self.run,
        };
        let reading = Reading { session, relation, shape, standing: *standing };
        let table = Table { spec, relation, shape };
        loop {
            let named = match (&mut at_hand, decision) {
                (Some(at_hand), Decision::Changes) => at_hand.concerning(session, looked).await?,
                _ => Named::Nothing,
            };
            if let Named::NoRow = named {
                decision = self.all_rows(reading, spec, Decision::Reconcile(Why::LogNamesNoRow)).await?;
            }
            let mut capture = Capture::new(table, moment, *standing, decision)?;
            if let Decision::Chunk(_, part) = decision {
                let known = standing.and_then(|s| s.mark.loading.as_ref()).filter(|_| part == Part::Next);
                let (after, rows) = (known.map(|l| l.after.clone()), self.context.config.run.chunk_rows);
                capture = capture.within(session.stretch(table, after, rows).await?);
            }
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
                    let mark = at_hand.as_ref().map(|a| a.next_mark(looked, decision, moment));
                    let staged = staging.seal_ready(absent, mark).await?;
                    return Ok((staged, why(decision)));
                }
                Passed::TargetUnfit(why) => {
                    decision = self.all_rows(reading, spec, Decision::Whole(why)).await?;
                }
                Passed::NamesNoRow => {
                    decision = self.all_rows(reading, spec, Decision::Reconcile(Why::LogLacksKey)).await?;
                }
            }
        }
    }
}

fn why(decision: Decision) -> Option<Why> {
    match decision {
        Decision::Whole(why) | Decision::Reconcile(why) | Decision::Chunk(why, Part::First(_)) => Some(why),
        Decision::Chunk(_, Part::Next) => None,
        Decision::Changes => None,
    }
}

/// What a table's target has to look like.
pub fn target_plan(target: TargetRef, spec: &TableSpec, shape: &Shape) -> Result<TargetPlan, EncodeError> {
    let columns = shape.target_columns();
    let find = |name: &str| columns.iter().find(|c| c.name == name);
    let missing = |name: &str| EncodeError::NoSuchColumn {
        table: spec.source.to_string(),
        column: name.to_owned(),
        near: nearest(name, columns.iter().map(|c| c.name.as_str())).map(str::to_owned),
    };
    for (n, name) in spec.cluster.iter().flatten().enumerate() {
        let column = find(name).ok_or_else(|| missing(name))?;
        let is_twice = spec.cluster.iter().flatten().take(n).any(|c| c == name);
        if is_twice || !column.target_type.can_cluster() || column.mode == ColumnMode::Repeated {
            return Err(EncodeError::BadCluster { column: name.clone(), target: column.target_type });
        }
    }
    if let Some(p) = &spec.partition {
        let column = find(&p.column).ok_or_else(|| missing(&p.column))?;
        if !p.by.fits(column.target_type) || column.mode == ColumnMode::Repeated {
            return Err(EncodeError::BadPartition { column: p.column.clone(), target: column.target_type });
        }
    }
    let by_key = || {
        let key = shape.key().iter().filter(|c| c.target.target_type.can_cluster());
        key.map(|c| c.target.name.clone()).take(4).collect()
    };
    Ok(TargetPlan {
        target,
        key: shape.target_key(),
        delete: spec.delete.clone(),
        partition: spec.partition.clone(),
        cluster: spec.cluster.clone().unwrap_or_else(by_key),
        description: TargetPlan::description_of(&spec.source.to_string()),
        metadata: spec.metadata,
        columns,
        held: Vec::new(),
    })
}
