//! From the seal to the commit: load, merge, move the watermark. A replay does the same again.

use std::collections::BTreeMap;

use bytes::Bytes;
use time::OffsetDateTime;
use tracing::{error, warn};

use crate::batch::{Absent, Apply, Aside, Batch, TableBatch, Watermark};
use crate::bigquery::{BigQueryError, Replay};
use crate::model::{DeleteStyle, FeedId};
use crate::run::context::Context;
use crate::run::error::RunError;
use crate::run::report::{TableReport, seconds_since};
use crate::run::set_aside::{Stage, last_success, set_aside};
use crate::run::status::seen::{Seen, up_to_date};
use crate::run::verbs::lease::keep_lease;
use crate::state::{Figures, Handle, PastRun, StateDocument, Told};
use crate::storage::Expect;
use crate::telemetry::ANSWERED;

/// Brings a sealed batch into BigQuery and commits its watermark. Of the targets that its run has `looked_at`, those that are up to
/// date then are noted so.
pub(in crate::run) async fn finish(
    context: &Context,
    state: &mut Handle,
    batch: &Batch,
    replay: Replay,
    looked_at: &[String],
) -> Result<Vec<TableReport>, RunError> {
    let period = state.renewal_period();
    let applied = keep_lease(state, &batch.run, period, apply_all(context, batch, replay)).await?;
    context.progress.verb(&batch.feed, "commit");
    let (mut next, mut aside) = (batch.next.clone(), batch.aside.clone());
    let mut reports = Vec::with_capacity(applied.len());
    let mut figures = BTreeMap::new();
    for (table, outcome) in batch.tables.iter().zip(applied) {
        let target = &table.target.table;
        let Some(outcome) = outcome else {
            next.tables.remove(target);
            continue;
        };
        match outcome {
            Ok(report) => {
                settle(&mut next, table, &report);
                figures.insert(target.clone(), report.figures());
                reports.push(report);
            }
            // Nothing to mend: the next tick fills a new one.
            Err(RunError::BigQuery(e @ (BigQueryError::TargetGone(_) | BigQueryError::GivenUp(_)))) => {
                context.bigquery.give_up(batch, table).await?;
                warn!(target, reason = %e, "the next tick reads the whole table");
                next.tables.remove(target);
            }
            Err(e) => {
                context.bigquery.give_up(batch, table).await?;
                error!(target: ANSWERED, target, reason = %e, hint = e.hint(), "a table is set aside");
                let before = aside.get(target).or(state.document().aside.get(target));
                let last_success = last_success(target, state.document().watermark.as_ref(), before);
                let entry = set_aside(&table.source, before, Stage::Read, &e, OffsetDateTime::now_utc());
                aside.insert(target.clone(), Aside { last_success, ..entry });
                next.tables.remove(target);
            }
        }
    }
    let mut past = PastRun {
        figures: figures.values().fold(Figures::default(), |all, one| all.plus(*one)),
        tables: figures.clone(),
        ..PastRun::of(&batch.run, seconds_since(batch.started), None)
    };
    // What a replay brings was looked for when its batch was made.
    let now = if replay == Replay::Yes { batch.started } else { OffsetDateTime::now_utc() };
    let targets = up_to_date(looked_at, &next, &aside);
    let document = state.document();
    // A table without changes has recovered all the same.
    for target in targets.iter().filter(|t| document.failure_of(t).is_some()) {
        past.tables.entry(target.clone()).or_default();
    }
    let wrote = figures.into_iter().map(|(target, own)| {
        let all = loaded_before(document, &target).map_or(own, |before| before.plus(own));
        (target, all)
    });
    let told = Told { wrote: wrote.collect(), past: Some(past), checked: Some((targets.clone(), now)) };
    state.commit(next.clone(), aside, &told).await?;
    for (target, standing) in targets.iter().filter_map(|t| Some((t, next.standing(t)?))) {
        context.note_seen(target, Seen { moment: standing.taken_at, checked: now });
    }
    tidy_up(context, batch, &reports).await;
    Ok(reports)
}

/// What the stretches before have brought, where a table is in the middle of a load: the figures of a load are those of all its runs.
fn loaded_before(document: &StateDocument, target: &str) -> Option<Figures> {
    document.watermark.as_ref()?.tables.get(target)?.loading.as_ref()?;
    document.notes.tables.get(target)?.last.as_ref().map(|last| last.figures)
}

/// Notes what the target has now. A table whose target lacks rows is taken out of the watermark: it is loaded afresh.
fn settle(next: &mut Watermark, table: &TableBatch, report: &TableReport) {
    let Some(mark) = next.tables.get_mut(&table.target.table) else { return };
    mark.rows = target_rows(mark.rows, table, report);
    // All rows were staged, so the target has exactly these, whatever it had before.
    let is_whole = matches!(table.apply, Apply::Merge { absent: Absent::Remove, .. }) && table.counts.keys == 0;
    if is_whole && table.delete == DeleteStyle::Hard {
        mark.rows = Some(table.counts.upserts);
    }
    if !keys_agree(mark.rows, table) {
        warn!(
            target = table.target.table,
            "the target lacks rows that no change has brought: the next tick reads the whole table"
        );
        next.tables.remove(&table.target.table);
    }
}

/// How many rows the target has now, where that is known: what BigQuery counted is added up from the first load on.
fn target_rows(before: Option<u64>, table: &TableBatch, report: &TableReport) -> Option<u64> {
    match (&table.apply, &table.delete) {
        // Rows that a soft delete keeps are not counted apart.
        (_, DeleteStyle::Soft { .. }) => None,
        (Apply::Replace { .. }, DeleteStyle::Hard) => Some(report.rows_inserted),
        (Apply::Merge { .. }, DeleteStyle::Hard) => (before? + report.rows_inserted).checked_sub(report.rows_deleted),
    }
}

/// After a merge of the full list of keys the target has exactly the rows whose keys were staged. It has fewer where a key
/// came back without a new row version (a renamed enum label, a row that a filter over other tables lets through again):
/// then only a whole load brings the row.
fn keys_agree(rows: Option<u64>, table: &TableBatch) -> bool {
    let is_full_list = matches!(table.apply, Apply::Merge { absent: Absent::Remove, .. });
    match rows.filter(|_| is_full_list) {
        Some(rows) => rows == table.counts.upserts + table.counts.keys,
        None => true,
    }
}

/// Whether the config has given the table to another feed since the batch was sealed: that one's rows are newer.
fn has_left(context: &Context, batch: &Batch, table: &TableBatch) -> bool {
    context.config.tables.iter().any(|t| t.target == table.target.table && t.feed() != batch.feed)
}

/// Each table's outcome; `None` for one that has left the feed. In a feed that tables share, one that fails for good does
/// not hold up the others; what may pass by itself keeps the batch pending.
async fn apply_all(
    context: &Context,
    batch: &Batch,
    replay: Replay,
) -> Result<Vec<Option<Result<TableReport, RunError>>>, RunError> {
    let is_shared = batch.feed == FeedId::of_changelog();
    let mut outcomes = Vec::with_capacity(batch.tables.len());
    for table in &batch.tables {
        if has_left(context, batch, table) {
            context.bigquery.give_up(batch, table).await?;
            outcomes.push(None);
            continue;
        }
        context.progress.verb(&batch.feed, "load and merge");
        let applied = context.bigquery.apply(batch, table, replay, |name| context.store.url(name)).await;
        match applied {
            Ok(applied) => outcomes.push(Some(Ok(TableReport::of(table, &applied)))),
            Err(e) if is_shared && e.may_be_of_one_table() => outcomes.push(Some(Err(e.into()))),
            Err(e) => return Err(e.into()),
        }
    }
    // What all of them have met is no one's own fault.
    let is_everyones = |o: &Option<Result<TableReport, RunError>>| matches!(o, Some(Err(e)) if !e.is_of_one_table());
    match outcomes.iter().position(is_everyones) {
        Some(at) if outcomes.iter().all(|o| o.is_none() || is_everyones(o)) => {
            outcomes.swap_remove(at).and_then(Result::err).map_or(Ok(Vec::new()), Err)
        }
        _ => Ok(outcomes),
    }
}

/// After the commit: nothing here decides anything any more, so a failure is only worth a warning. Staging tables expire
/// by themselves.
async fn tidy_up(context: &Context, batch: &Batch, tables: &[TableReport]) {
    for table in &batch.tables {
        if let Apply::Merge { staging, .. } = &table.apply
            && let Err(e) = context.bigquery.drop_table(staging).await
        {
            warn!(reason = %e, "the staging table was not dropped");
        }
    }
    let report = serde_json::json!({ "run": batch.run, "feed": batch.feed, "state": "done", "tables": tables });
    let name = format!("{}report.json", batch.folder);
    let content = Bytes::from(report.to_string());
    if let Err(e) = context.store.put(&name, content, "application/json", Expect::Absent).await {
        warn!(reason = %e, "the report was not stored");
    }
}
