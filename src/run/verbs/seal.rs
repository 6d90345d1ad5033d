//! Seal: the tables of a run become one batch and its watermark, and the batch becomes pending.

use crate::batch::{Aside, Batch, FORMAT_VERSION, LogCounts, LookedFor, Watermark};
use crate::model::TableSpec;
use crate::run::assignment::Assignment;
use crate::run::captured_tables::{Advance, Captured, Gathered, Sealable};
use crate::run::context::Context;
use crate::run::error::RunError;
use crate::run::set_aside::{Stage, last_success, set_aside};
use crate::stage::{batch_folder, store_manifest};
use crate::state::Handle;
use crate::telemetry::ANSWERED;

/// The tables that failed by themselves. An error that others may share fails the run, unless another table got past it.
fn blame_those_at_fault(
    mut failed: Vec<(&TableSpec, RunError)>,
    another_went_on: bool,
    is_alone: bool,
) -> Result<Vec<(&TableSpec, RunError)>, RunError> {
    let is_everyones = |e: &RunError| !another_went_on && !e.is_of_one_table();
    match failed.iter().position(|(_, e)| is_alone || is_everyones(e)) {
        Some(at) => Err(failed.swap_remove(at).1),
        None => Ok(failed),
    }
}

/// Puts the tables together to what is to be sealed, and stores its manifest.
pub(in crate::run) async fn put_together(work: &Assignment<'_>, captured: Captured<'_>) -> Result<Sealable, RunError> {
    let Captured { tables: found, moment, log, rest, advance, noted, to_compare } = captured;
    let members: Vec<&TableSpec> = work.context.config.tables.iter().filter(|t| t.feed() == work.feed.id).collect();
    let is_member = |target: &str| members.iter().any(|t| t.target == target);
    let Gathered { batches, marks, whole, failed, counts, caveats, since } = found;
    let failed = blame_those_at_fault(failed, !batches.is_empty(), marks.is_empty() && members.len() == 1)?;
    let mut aside = work.aside.clone();
    // Who has read some keys again, and not all rows, knows nothing of what was wrong.
    let is_whole = |target: &String| whole.iter().any(|(t, _)| t == target);
    let has_recovered = |target: &String| marks.contains_key(target) && (work.keys.is_none() || is_whole(target));
    aside.retain(|target, _| !has_recovered(target) && is_member(target));
    let looked_for = match work.keys {
        Some(_) if whole.is_empty() => LookedFor::Nothing,
        Some(_) | None => LookedFor::Changes,
    };
    // Another server's snapshots would be taken for this one's.
    let kept = work.previous.filter(|w| w.position.at().is_of_source(moment.position.at()));
    let mut tables = kept.map(|w| w.tables.clone()).unwrap_or_default();
    if work.feed.is_shared() {
        // A table that left the feed would come back to a place that is no longer its own.
        tables.retain(|target, _| is_member(target));
    }
    tables.extend(marks);
    let mut postponed = Vec::new();
    for (spec, error) in failed {
        if error.is_transient() {
            postponed.push((spec.clone(), error));
            continue;
        }
        tracing::error!(target: ANSWERED, table = %spec.source, reason = %error, hint = error.hint(), "a table is set aside");
        let before = work.aside.get(&spec.target);
        let stage = if error.came_after_reading() { Stage::Read } else { Stage::Look };
        let last_success = last_success(&spec.target, work.previous, before);
        let entry = set_aside(&spec.source.to_string(), before, stage, &error, moment.taken_at);
        aside.insert(spec.target.clone(), Aside { last_success, ..entry });
        // What the guard has stopped keeps its place: read afresh, there would be nothing to measure the deletes by.
        if !matches!(error, RunError::TooManyDeletes { .. }) {
            tables.remove(&spec.target);
        }
    }
    // Tables that share a feed have each their own moment.
    let now = || (moment.position.clone(), moment.taken_at);
    let (position, taken_at) = since.filter(|_| !work.feed.is_shared()).unwrap_or_else(now);
    let looked = if work.feed.is_shared() { moment.taken_at } else { taken_at };
    let next = match (advance, work.previous) {
        (Advance::Stays, Some(previous)) => {
            let mut stays = previous.clone();
            stays.tables.retain(|target, _| tables.contains_key(target));
            stays
        }
        _ => Watermark { position, taken_at, tables },
    };
    let log = log.map(|l| LogCounts { skipped: counts.skipped, unreadable: counts.unreadable, ..l });
    if counts.unreadable > 0 {
        tracing::warn!(entries = counts.unreadable, "the change log has keys that no row can have");
    }
    let batch = (!batches.is_empty()).then(|| Batch {
        version: FORMAT_VERSION,
        run: work.run.clone(),
        feed: work.feed.id.clone(),
        ordinal: None,
        started: work.started,
        folder: batch_folder(&work.feed.id, work.run, work.started),
        tables: batches,
        log,
        aside: aside.clone(),
        looked_for,
        next: next.clone(),
    });
    if let Some(batch) = &batch {
        store_manifest(work.store, batch).await?;
    }
    Ok(Sealable { batch, next, moment: looked, aside, log, whole, postponed, caveats, rest, noted, to_compare })
}

/// Makes a batch pending, under a precondition: now it is decided. Returns it with its ordinal.
pub(in crate::run) async fn seal(context: &Context, state: &mut Handle, batch: Batch) -> Result<Batch, RunError> {
    context.progress.verb(&batch.feed, "seal");
    Ok(state.seal(batch).await?)
}
