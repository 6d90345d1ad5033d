//! What `plan` tells: what the next tick would do, with its statements and what they may cost. Nothing is written.

use std::time::Duration;

use serde::Serialize;
use time::OffsetDateTime;

use super::context::Context;
use super::error::RunError;
use super::order::Mode;
use super::report::Failure;
use super::wanted_target::{is_another, present, why_unfit, why_whole};
use crate::batch::{Absent, Changes, Compression, Counts, KeyBounds, Parts, Repeats, TableBatch, Unstaged, Update};
use crate::bigquery::{Inspection, MergeReach, Merger, TargetPlan, merge_statement};
use crate::capture::keyed::{KeyReading, Named};
use crate::capture::{Decision, Pass, Why};
use crate::model::ApplyBy;
use crate::model::{CaptureKind, Refusals, RunId, TableSpec};
use crate::run::look_at_table::{InSource, Look, Looked, TableAlone};
use crate::run::sink_costs::costs;
use crate::run::target_notes::{bound_note, target_notes};
use crate::source::{Session, statement};
use crate::state::{Handle, PauseReason};

/// What the next tick would do for one table.
#[derive(Clone, Debug, Serialize)]
pub struct TablePlan {
    /// What kind of source it is, for people.
    #[serde(skip)]
    pub source_kind: &'static str,
    pub source: String,
    pub target: String,
    /// Why the whole table would be read; absent for changes.
    pub whole: Option<&'static str>,
    /// The statements for the source, in order.
    pub source_sql: Vec<String>,
    /// The planner's guess for the first of them.
    pub estimated_rows: u64,
    /// The statement for BigQuery; absent where a load job replaces the target.
    pub merge_sql: Option<String>,
    /// Whether rows are sent one by one instead.
    pub apply: &'static str,
    /// Most that the MERGE can read: the target and nothing pruned. BigQuery bills at least 10 MB for each table it names.
    pub estimated_bytes: u64,
    /// Since when the table rests, at somebody's word: no tick reads it.
    #[serde(with = "time::serde::rfc3339::option")]
    pub paused_since: Option<OffsetDateTime>,
    /// And why, in the words of who paused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_reason: Option<PauseReason>,
    /// Where the whole table would be read a stretch of keys at a time, rows of a stretch. The statements are those of the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stretch_rows: Option<u64>,
    /// What the operator should know of the target.
    pub notes: Vec<String>,
    pub error: Option<Failure>,
}

/// BigQuery's smallest charge for a table that a query names.
/// Source: <https://cloud.google.com/bigquery/pricing#on_demand_pricing>
const LEAST_BILLED: u64 = 10 * 1024 * 1024;

impl Context {
    /// What the next tick would do.
    pub async fn plan_tables(&self, tables: &[&TableSpec]) -> Result<Vec<TablePlan>, RunError> {
        let session = self.source.open().await?;
        let mut plans = Vec::new();
        for spec in tables {
            let mut plan = TablePlan {
                source_kind: self.source.kind_name(),
                source: spec.source.to_string(),
                target: self.bigquery.target(&spec.target).to_string(),
                whole: None,
                source_sql: Vec::new(),
                estimated_rows: 0,
                merge_sql: None,
                apply: spec.apply.name(),
                estimated_bytes: 0,
                paused_since: None,
                paused_reason: None,
                stretch_rows: None,
                notes: Vec::new(),
                error: None,
            };
            let outcome = self.fill_plan(&session, spec, &mut plan).await;
            plan.error = outcome.err().as_ref().map(Failure::from);
            plans.push(plan);
        }
        Ok(plans)
    }

    async fn fill_plan(&self, session: &Session, spec: &TableSpec, plan: &mut TablePlan) -> Result<(), RunError> {
        let state = Handle::load(&self.store, &spec.feed(), self.new_holder(), Duration::ZERO).await?;
        let paused = state.document().notes.paused.get(&spec.target);
        plan.paused_since = paused.map(|p| p.since);
        plan.paused_reason = paused.and_then(|p| p.reason.clone());
        let moment = session.begin().await?;
        let catalog = self.catalog_of(session, spec).await?;
        let TableAlone { found, target, mut keys } = self.open_table(session, &catalog, spec).await?;
        let watermark = state.document().watermark.as_ref();
        let (begun, aside) = ([], &state.document().aside);
        let reconciled = &state.document().notes.reconciled();
        let look = Look { context: self, mode: Mode::Now, begun: &begun, previous: watermark, aside, reconciled };
        let looked = look.decide(session, &moment, found, &mut keys).await?;
        let Looked { found: InSource { claims, .. }, standing, .. } = &looked;
        let (table, standing, mut decision) = (looked.found.table(), *standing, looked.decision);
        let target = match standing {
            Some(s) => target.holding(s.mark.relation.held.clone(), s.mark.apply),
            None => target,
        };
        let mut repeats = claims.repeats();
        if decision == Decision::Changes {
            match keys.concerning(session, table, claims, standing).await? {
                Named::NoRow => {
                    decision = look.all_rows(session, table, Decision::Reconcile(Why::LogNamesNoRow)).await?;
                }
                Named::Keys(readings) if readings.iter().any(KeyReading::may_repeat) => repeats = Repeats::Possible,
                Named::Keys(_) | Named::Nothing => {}
            }
        }
        let mut capture = look.capture(session, table, &moment, standing, decision).await?;
        let mut found = self.bigquery.inspect(&target, present(decision, Mode::Now)).await?;
        let rows = found.size.map(|(_, rows)| rows).filter(|_| spec.apply == ApplyBy::Merge);
        let known = capture.expected_table().filter(|_| spec.apply == ApplyBy::Append);
        let is_another = is_another(known, found.created.as_deref()).then_some(Why::TargetMadeAgain);
        if let Some(why) = is_another.or_else(|| why_unfit(found.state, rows, capture.expected_rows())) {
            decision = look.all_rows(session, table, Decision::Whole(why)).await?;
            capture = look.capture(session, table, &moment, standing, decision).await?;
            found = self.bigquery.inspect(&target, present(decision, Mode::Now)).await?;
        }
        plan.notes = target_notes(spec, &found);
        let runs: Vec<_> =
            state.document().notes.recent.iter().filter_map(|r| r.of_table(&spec.feed(), &spec.target)).collect();
        plan.notes.extend(costs(&target, found.size, &runs, OffsetDateTime::now_utc()));
        if decision == Decision::Changes
            && let Some(sql) = keys.statements(claims, standing, table)
        {
            plan.source_sql = sql;
            plan.estimated_rows = keys.estimate(session, claims, standing).await?;
            session.end().await?;
            let changes = Changes {
                absent: Absent::Keep,
                update: Update::All,
                repeats,
                scopes: claims.scopes(table).map(|c| c.target.name.clone()).collect(),
            };
            return self.fill_merge(spec, &target, &found, changes, plan);
        }
        let keys_due = capture.keys_are_due(moment.taken_at);
        // Whether the list of keys has changed only reading it tells.
        let absent = if keys_due || capture.is_whole() { Absent::Remove } else { Absent::Keep };
        let passes: Vec<Pass<'_>> = match decision {
            Decision::Changes => {
                let keys = keys_due.then(|| capture.all_keys());
                keys.into_iter().chain(capture.changes(absent)).collect()
            }
            Decision::Whole(_) | Decision::Reconcile(_) | Decision::Chunk(..) => capture.all().collect(),
        };
        plan.estimated_rows = session.estimate(&capture.upserts().read).await?;
        match decision {
            Decision::Whole(_) => self.refuse_too_many(session, table, None).await?,
            Decision::Chunk(..) => plan.stretch_rows = Some(self.config.run.chunk_rows),
            Decision::Reconcile(_) | Decision::Changes => {}
        }
        session.end().await?;
        plan.source_sql = passes.iter().map(|p| statement(&p.read)).collect();
        if decision == Decision::Changes {
            plan.source_sql.extend(keys.key_list_statements(claims, standing, table));
        }
        plan.whole = why_whole(decision).map(Why::text);
        if !capture.replaces() {
            let update = if capture.compares() { Update::Different } else { Update::All };
            let changes = Changes { absent, update, repeats: Repeats::Never, scopes: Vec::new() };
            return self.fill_merge(spec, &target, &found, changes, plan);
        }
        Ok(())
    }

    /// The MERGE and what it may cost; fails where the target does not take it.
    fn fill_merge(
        &self,
        spec: &TableSpec,
        target: &TargetPlan,
        found: &Inspection,
        changes: Changes,
        plan: &mut TablePlan,
    ) -> Result<(), RunError> {
        let reach = match changes.unstaged() {
            Unstaged::Go | Unstaged::GoInScopes => MergeReach::All,
            // Whether a row is to be deleted only reading tells.
            Unstaged::Stay
                if matches!(spec.capture, CaptureKind::Changelog | CaptureKind::Digest | CaptureKind::Ct)
                    || spec.filter.is_some() =>
            {
                MergeReach::Keys
            }
            Unstaged::Stay => MergeReach::Rows,
        };
        if spec.apply == ApplyBy::Append {
            return Ok(());
        }
        let target_bytes = found.size.map_or(0, |(bytes, _)| bytes).max(LEAST_BILLED);
        plan.estimated_bytes = target_bytes + LEAST_BILLED;
        if let Some(column) = found.bound(target, reach)? {
            plan.notes.push(bound_note(&column));
            plan.estimated_bytes += LEAST_BILLED;
        }
        plan.merge_sql = self.sample_merge(spec, target, changes);
        Ok(())
    }

    /// The MERGE as it will be, but for the run's id and the bounds, which only the rows can tell.
    fn sample_merge(&self, spec: &TableSpec, plan: &TargetPlan, changes: Changes) -> Option<String> {
        let now = OffsetDateTime::now_utc();
        let run = RunId::new(now, 0);
        let batch = TableBatch {
            source: spec.source.to_string(),
            target: plan.target.clone(),
            apply: self.bigquery.sample_changes(&spec.target, &run, changes),
            columns: plan.columns.clone(),
            key: plan.key.clone(),
            delete: plan.delete.clone(),
            partition: plan.partition.clone(),
            cluster: plan.cluster.clone(),
            compression: Compression::Gzip,
            parts: Parts::default(),
            counts: Counts::default(),
            refusals: Refusals::default(),
            bounds: None::<KeyBounds>,
            lost_columns: Vec::new(),
            metadata: plan.metadata,
            rows_before: None,
            max_staleness: None,
        };
        merge_statement(&batch, Merger { run: &run, started: now })
    }
}
