//! A table's share of a run.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::batch::TableBatch;
use crate::bigquery::Applied;
use crate::model::{DeleteStyle, Refusals};
use crate::state::Figures;

/// What sending rows one by one took.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AppendReport {
    /// Requests, those that were sent again included.
    pub requests: u64,
    /// Bytes of rows in them.
    pub bytes: u64,
    /// How often requests were sent again.
    pub retries: u64,
    /// How long the oldest of the rows that were sent before has waited for BigQuery to apply it; 0 where all are applied. Absent where that could
    /// not be asked, or readers do not wait for it: without `max_staleness`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apply_lag_seconds: Option<u64>,
}

/// What a run did to one table.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TableReport {
    pub source: String,
    pub target: String,
    pub upserts: u64,
    pub deletes: u64,
    pub resent: u64,
    pub quarantined: u64,
    pub nulled: u64,
    pub truncated: u64,
    pub left_out: u64,
    /// Which values could not be held, and why. At most twenty columns and reasons, those with the most values.
    #[serde(skip_serializing_if = "Refusals::is_empty")]
    pub refusals: Refusals,
    pub skipped: u64,
    pub unreadable: u64,
    pub staged_bytes: u64,
    pub parts: u32,
    /// Of a table whose changes are sent row by row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub append: Option<AppendReport>,
    // Of the counts that follow, those that a sink can't give are absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_processed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_billed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_inserted: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_updated: Option<u64>,
    /// Rows that the target has no more. Of a load that replaced it the least: `rows_before` less the rows of now, for as many as came
    /// by it may have gone as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_deleted: Option<u64>,
    /// Rows flagged as deleted, under soft deletes; absent where BigQuery's counts don't tell them from others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_flagged: Option<u64>,
    /// Rows that the target had before a load replaced them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_before: Option<u64>,
}

impl TableReport {
    /// Rows that were sent before wait to be applied since then.
    pub fn waiting(mut self, since: Option<OffsetDateTime>, now: OffsetDateTime) -> Self {
        if let (Some(append), Some(since)) = (&mut self.append, since) {
            append.apply_lag_seconds = Some(u64::try_from((now - since).whole_seconds()).unwrap_or(0));
        }
        self
    }

    pub fn of(table: &TableBatch, applied: &Applied) -> Self {
        let Applied { bytes_processed, bytes_billed, rows, refused, sent, .. } = *applied;
        let rows_before = table.rows_before.filter(|n| *n > 0);
        let fewer = rows_before.zip(rows.inserted).map_or(0, |(before, now)| before.saturating_sub(now));
        Self {
            source: table.source.clone(),
            target: table.target.to_string(),
            upserts: table.counts.upserts,
            deletes: table.counts.deletes,
            resent: table.counts.resent,
            quarantined: table.counts.quarantined + refused,
            nulled: table.counts.nulled,
            truncated: table.counts.truncated,
            left_out: table.counts.left_out,
            refusals: table.refusals.clone(),
            skipped: table.counts.skipped,
            unreadable: table.counts.unreadable,
            staged_bytes: table.counts.staged_bytes,
            parts: table.parts.total(),
            append: sent.map(|s| AppendReport {
                requests: s.requests,
                bytes: s.bytes,
                retries: s.retries,
                apply_lag_seconds: s.applied.map(|_| 0),
            }),
            bytes_processed,
            bytes_billed,
            rows_inserted: rows.inserted,
            rows_updated: rows.updated,
            rows_deleted: rows.deleted.map(|n| n + fewer),
            rows_flagged: match table.delete {
                DeleteStyle::Hard => None,
                DeleteStyle::Soft { .. } => table.apply.rows_flagged(&table.counts, rows),
            },
            rows_before,
        }
    }

    /// Rows of the target that are gone, or flagged as deleted. At least so many, where a load has replaced the target.
    pub fn removed(&self) -> u64 {
        self.rows_deleted.unwrap_or(0).saturating_add(self.rows_flagged.unwrap_or(0))
    }

    /// As the state keeps it.
    pub(in crate::run) fn figures(&self) -> Figures {
        Figures {
            upserts: self.upserts,
            deletes: self.removed(),
            quarantined: self.quarantined,
            bytes_billed: self.bytes_billed.unwrap_or(0),
            rows_before: self.rows_before,
        }
    }
}
