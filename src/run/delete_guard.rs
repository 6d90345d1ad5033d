//! The delete guard: a run that would empty a target stops before the seal.
//!
//! A source that was truncated by mistake, a view whose join broke, a filter with a typo: all of them look like very many
//! deletes. The number is an estimate from what is known on this side of the seal: rows of the target before, rows of the
//! source now.

use crate::batch::{Removal, RowsBefore, TableBatch, Unstaged};
use crate::capture::{Capture, Decision, Part};
use crate::model::{CaptureKind, DeleteStyle, TableKey};
use crate::run::error::RunError;
use crate::run::order::{Guard, Mode};
use crate::run::staging_place::{Reading, StagingPlace, Told};

/// Fewer deletes are nobody's disaster.
const NEVER_TOO_MANY: u64 = 1000;

/// Fails where the batch would delete more of the target than its table's config allows.
pub(super) async fn check(
    place: StagingPlace<'_>,
    reading: Reading<'_>,
    capture: &Capture<'_>,
    table: &TableBatch,
    target_rows: Option<u64>,
) -> Result<(), RunError> {
    // A resync says by itself that the target is to be made again.
    let is_allowed = capture.loading().is_some_and(|l| l.removal == Removal::Allowed);
    if place.guard == Guard::Off || place.mode == Mode::Resync || is_allowed {
        return Ok(());
    }
    // The first stretch of a load into an empty target is far from all of it.
    if matches!(capture.decision, Decision::Chunk(_, Part::First(RowsBefore::None))) {
        return Ok(());
    }
    let fraction = place.spec.max_delete_fraction;
    let counts = table.counts;
    let Some(before) = rows_before(place, reading, table, target_rows).await? else { return Ok(()) };
    let is_too_many = |deletes: u64| is_too_many(deletes, fraction, before);
    let deletes = match table.apply.unstaged() {
        Unstaged::Go => before.saturating_sub(counts.upserts + counts.keys),
        unstaged @ (Unstaged::GoInScopes | Unstaged::Stay) => {
            // Where the hash of a row is its key, a row that has changed is one that goes and one that comes.
            let is_by_row = place.spec.key == TableKey::Row;
            let changed = if is_by_row { counts.added } else { 0 };
            let known = counts.deletes.saturating_sub(counts.fleeting + changed);
            // What has come besides is not in the target yet, so the source's count says nothing.
            if place.told == Told::SomeKeys && unstaged == Unstaged::Stay {
                return if is_too_many(known) { Err(too_many(place, known, before)) } else { Ok(()) };
            }
            if !is_too_many(known) && unstaged == Unstaged::Stay {
                return Ok(());
            }
            // A key that is gone from the source may never have been in the target; only if there are many of them is it
            // worth counting the source: the target had what is there now, less what was inserted, and what was deleted.
            let now = reading
                .session
                .count(capture.table())
                .await?
                .map_or(before, |n| n.saturating_sub(left_out(reading, table)));
            let tells_inserts = place.told == Told::Inserts && !is_by_row && !follows_a_load(place, reading);
            let inserted = if tells_inserts { counts.added } else { 0 };
            let missing = (before + inserted).saturating_sub(now);
            if unstaged == Unstaged::Stay { missing.min(known) } else { missing }
        }
    };
    if is_too_many(deletes) {
        return Err(too_many(place, deletes, before));
    }
    Ok(())
}

/// Rows of the source that the target can't have: as far as is known, those of the last look at all rows, and this run's.
fn left_out(reading: Reading<'_>, table: &TableBatch) -> u64 {
    reading.standing.and_then(|s| s.mark.left_out).unwrap_or(0) + table.counts.left_out
}

/// Whether the target has rows that are younger than the watermark: the last stretches of a load in chunks brought them.
fn follows_a_load(place: StagingPlace<'_>, reading: Reading<'_>) -> bool {
    // The lists of each stretch are of its own moment.
    place.spec.capture != CaptureKind::Digest
        && reading.standing.is_some_and(|s| s.mark.whole_at.is_some_and(|whole| whole > s.taken_at))
}

/// Rows of the target that a delete would be noticed of; `None` where nobody knows.
async fn rows_before(
    place: StagingPlace<'_>,
    reading: Reading<'_>,
    table: &TableBatch,
    target_rows: Option<u64>,
) -> Result<Option<u64>, RunError> {
    let mark = reading.standing.map(|s| s.mark);
    match &table.delete {
        // Of a target that rows are sent to one by one nobody counts the rows: it has those that the source was last known to have.
        DeleteStyle::Hard => Ok(mark.and_then(|m| m.rows).or(target_rows).or_else(|| mark?.listed_rows())),
        // Rows that are flagged already are not told apart in the target's own count, and what the last look at all rows counted may
        // be long out of date: where many may go, the target is asked.
        DeleteStyle::Soft { flag, .. } => {
            let is_new = target_rows == Some(0) || table.lost_columns.iter().any(|c| c.name == *flag);
            let may_remove_many = table.apply.unstaged() != Unstaged::Stay || table.counts.deletes > NEVER_TOO_MANY;
            if is_new || !may_remove_many {
                return Ok(None);
            }
            Ok(Some(place.context.bigquery.count_live(&table.target, flag).await?))
        }
    }
}

/// Whether so many deletes of so many rows are more than the config allows.
pub(super) fn is_too_many(deletes: u64, fraction: f64, before: u64) -> bool {
    deletes > NEVER_TOO_MANY && exceeds(deletes, fraction, before)
}

fn too_many(place: StagingPlace<'_>, deletes: u64, before: u64) -> RunError {
    let (target, fraction) = (place.spec.target.clone(), place.spec.max_delete_fraction);
    RunError::TooManyDeletes { target, mode: place.mode, deletes, before, fraction }
}

#[allow(clippy::cast_precision_loss, reason = "row counts are far below 2^52, and this is a threshold")]
fn exceeds(deletes: u64, fraction: f64, before: u64) -> bool {
    deletes as f64 > fraction * before as f64
}
