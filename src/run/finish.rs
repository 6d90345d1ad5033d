//! From the seal to the commit: load, merge, move the watermark. A replay does the same again.

use bytes::Bytes;
use time::OffsetDateTime;
use tracing::warn;

use super::context::Context;
use super::error::RunError;
use super::feed::keep_lease;
use super::report::TableReport;
use crate::batch::{Absent, Apply, Batch};
use crate::bigquery::Replay;
use crate::model::DeleteStyle;
use crate::state::{Handle, LastRun};
use crate::storage::Expect;

/// Brings a sealed batch into BigQuery and commits its watermark.
pub(super) async fn finish(
    context: &Context,
    state: &mut Handle,
    batch: &Batch,
    replay: Replay,
) -> Result<Vec<TableReport>, RunError> {
    let period = state.renewal_period();
    let tables = keep_lease(state, &batch.run, period, apply_all(context, batch, replay)).await?;
    context.progress.verb(&batch.feed, "commit");
    let sum = |f: fn(&TableReport) -> u64| tables.iter().map(f).sum();
    let before = state.document().last.as_ref().and_then(|l| l.target_rows);
    let rows = target_rows(before, batch, &tables);
    let last = LastRun {
        run: batch.run.clone(),
        finished: OffsetDateTime::now_utc(),
        upserts: sum(|t| t.upserts),
        deletes: sum(|t| t.deletes),
        quarantined: sum(|t| t.quarantined),
        bytes_billed: sum(|t| t.bytes_billed),
        target_rows: rows,
    };
    let next = Some(batch.next.clone()).filter(|_| keys_agree(rows, batch));
    if next.is_none() {
        warn!("the target lacks rows that no change has brought: the next tick reads the whole table");
    }
    state.commit(next, last).await?;
    context.note_success(&batch.feed, OffsetDateTime::now_utc());
    tidy_up(context, batch, &tables).await;
    Ok(tables)
}

/// How many rows the target has now, where that is known: what BigQuery counted is added up from the first load on.
fn target_rows(before: Option<u64>, batch: &Batch, tables: &[TableReport]) -> Option<u64> {
    let ([table], [report]) = (batch.tables.as_slice(), tables) else { return None };
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
fn keys_agree(rows: Option<u64>, batch: &Batch) -> bool {
    let full_list = batch.tables.iter().find(|t| matches!(t.apply, Apply::Merge { absent: Absent::Remove, .. }));
    match (full_list, rows) {
        (Some(table), Some(rows)) => rows == table.counts.upserts + table.counts.keys,
        _ => true,
    }
}

async fn apply_all(context: &Context, batch: &Batch, replay: Replay) -> Result<Vec<TableReport>, RunError> {
    let mut reports = Vec::with_capacity(batch.tables.len());
    for table in &batch.tables {
        context.progress.verb(&batch.feed, "load and merge");
        let applied = context.bigquery.apply(batch, table, replay, |name| context.store.url(name)).await?;
        reports.push(TableReport::of(table, &applied));
    }
    Ok(reports)
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
