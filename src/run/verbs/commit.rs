//! Commit: the watermark moves over what is in BigQuery.

use std::collections::BTreeMap;

use bytes::Bytes;
use time::OffsetDateTime;
use tracing::{error, warn};

use crate::batch::{Apply, Aside, Batch, LookedFor, RowsWritten, SentMark, TableBatch, Watermark};
use crate::bigquery::{Applied, BigQueryError, Replay};
use crate::model::DeleteStyle;
use crate::run::context::Context;
use crate::run::error::RunError;
use crate::run::report::{TableReport, seconds_since};
use crate::run::set_aside::{Stage, last_success, set_aside};
use crate::run::status::seen::{Seen, up_to_date};
use crate::run::verbs::merge::TableOutcome;
use crate::state::{Figures, Handle, PastRun, StateDocument, Told};
use crate::storage::{Expect, Store};
use crate::telemetry::ANSWERED;

/// A sealed batch whose tables are in their targets, as far as they got there.
pub(in crate::run) struct Merged<'a> {
    pub batch: &'a Batch,
    pub replay: Replay,
    /// One for each table of the batch.
    pub outcomes: Vec<TableOutcome>,
    /// The targets that the run has looked at: those that are up to date then are noted so.
    pub looked_at: &'a [String],
}

/// Moves the watermark over what is in BigQuery, and tidies up.
pub(in crate::run) async fn commit(
    context: &Context,
    store: &Store,
    state: &mut Handle,
    merged: Merged<'_>,
) -> Result<Vec<TableReport>, RunError> {
    let Merged { batch, replay, outcomes, looked_at } = merged;
    context.progress.verb(&batch.feed, "commit");
    let (mut next, mut aside) = (batch.next.clone(), batch.aside.clone());
    let mut reports = Vec::with_capacity(outcomes.len());
    let mut figures = BTreeMap::new();
    for (table, outcome) in batch.tables.iter().zip(outcomes) {
        let target = &table.target.table;
        match outcome {
            TableOutcome::LeftFeed => {
                next.tables.remove(target);
            }
            TableOutcome::InTarget(applied) => {
                note_rows(&mut next, table, &applied, batch.looked_for);
                note_created(&mut next, table, &applied);
                let waiting_since = note_sent(&mut next, table, &applied);
                let report = TableReport::of(table, &applied).waiting(waiting_since, OffsetDateTime::now_utc());
                figures.insert(target.clone(), report.figures());
                reports.push(report);
            }
            // There is nothing for a person to do: the next tick fills a new one.
            TableOutcome::Failed(e @ BigQueryError::Overtaken(_)) => {
                context.bigquery.give_up(batch, table).await?;
                warn!(target, reason = %e, "the next tick reads the whole table");
                next.tables.remove(target);
            }
            TableOutcome::Failed(e) => {
                context.bigquery.give_up(batch, table).await?;
                error!(target: ANSWERED, target, reason = %e, hint = e.hint(), "a table is set aside");
                let before = aside.get(target).or(state.document().aside.get(target));
                let last_success = last_success(target, state.document().watermark.as_ref(), before);
                let entry = set_aside(&table.source, before, Stage::Read, &e.into(), OffsetDateTime::now_utc());
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
    // A failure stands until a run has looked at the table and found nothing in its way.
    let hides_a_failure = batch.looked_for == LookedFor::Nothing
        && batch.tables.iter().any(|t| document.failure_of(&t.target.table).is_some());
    let told = Told {
        wrote: wrote.collect(),
        past: (!hides_a_failure).then_some(past),
        checked: Some((targets.clone(), now)),
        filled: filled(batch, &next),
        ..Told::default()
    };
    state.commit(next.clone(), aside, &told).await?;
    for (target, standing) in targets.iter().filter_map(|t| Some((t, next.standing(t)?))) {
        context.note_seen(target, Seen { moment: standing.taken_at, checked: now });
    }
    tidy_up(context, store, batch, &reports).await;
    Ok(reports)
}

/// The targets that have other rows now than before, all of them, or are on the way to it.
fn filled(batch: &Batch, next: &Watermark) -> Vec<String> {
    let is_loading = |target: &String| next.tables.get(target).is_some_and(|m| m.loading.is_some());
    let is_filled = |t: &&TableBatch| matches!(t.apply, Apply::Replace(_)) || is_loading(&t.target.table);
    batch.tables.iter().filter(is_filled).map(|t| t.target.table.clone()).collect()
}

/// What the stretches before have brought, where a table is in the middle of a load: the figures of a load are those of all its runs.
fn loaded_before(document: &StateDocument, target: &str) -> Option<Figures> {
    document.watermark.as_ref()?.tables.get(target)?.loading.as_ref()?;
    document.notes.tables.get(target)?.last.as_ref().map(|last| last.figures)
}

/// Notes how many rows the target has now, where that is known. A table whose target lacks rows is taken out of the watermark: it is
/// loaded again.
fn note_rows(next: &mut Watermark, table: &TableBatch, applied: &Applied, looked_for: LookedFor) {
    let Some(mark) = next.tables.get_mut(&table.target.table) else { return };
    let is_same = applied.rows == RowsWritten { updated: applied.rows.updated, ..RowsWritten::NONE };
    mark.rows = match table.delete {
        // Rows that were put right by their keys: nobody knows whether those that came and went had been counted.
        _ if looked_for == LookedFor::Nothing && !is_same => None,
        DeleteStyle::Hard => table.apply.rows_after(mark.rows, &table.counts, applied.rows),
        // Rows that a soft delete keeps are not counted apart.
        DeleteStyle::Soft { .. } => None,
    };
    let named = table.apply.rows_named(&table.counts);
    if mark.rows.zip(named).is_some_and(|(rows, named)| rows != named) {
        warn!(
            target = table.target.table,
            "the target lacks rows that no change has brought: the next tick reads the whole table"
        );
        next.tables.remove(&table.target.table);
    }
}

/// Notes which table it is that later changes are sent to row by row.
fn note_created(next: &mut Watermark, table: &TableBatch, applied: &Applied) {
    if let (Some(mark), Some(created)) = (next.tables.get_mut(&table.target.table), &applied.created) {
        mark.created = Some(created.clone());
    }
}

/// Notes what was sent row by row; since when changes that were sent before wait to be applied.
fn note_sent(next: &mut Watermark, table: &TableBatch, applied: &Applied) -> Option<OffsetDateTime> {
    let mark = next.tables.get_mut(&table.target.table)?;
    let sent = applied.sent?;
    let (now, waiting_since) = SentMark::then(mark.sent, sent.last?, sent.applied);
    mark.sent = Some(now);
    waiting_since
}

/// After the commit: nothing here decides anything any more, so a failure is only worth a warning. Staging tables expire
/// by themselves.
async fn tidy_up(context: &Context, store: &Store, batch: &Batch, tables: &[TableReport]) {
    for table in &batch.tables {
        if let Err(e) = context.bigquery.tidy_up(table).await {
            warn!(reason = %e, "the staging table was not dropped");
        }
    }
    let report = serde_json::json!({ "run": batch.run, "feed": batch.feed, "state": "done", "tables": tables });
    let name = format!("{}report.json", batch.folder);
    let content = Bytes::from(report.to_string());
    if let Err(e) = store.put(&name, content, "application/json", Expect::Absent).await {
        warn!(reason = %e, "the report was not stored");
    }
}
