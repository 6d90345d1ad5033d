//! What runs have used.

use serde::Serialize;

use super::prices::PRICES;

/// What runs have used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Spend {
    /// Runs that have left a report.
    pub runs: u64,
    /// What BigQuery billed for writing targets.
    pub merge_bytes_billed: u64,
    /// What it billed for comparing them with their sources.
    pub verify_bytes_billed: u64,
    /// What was sent to targets row by row.
    pub sent_bytes: u64,
    pub staged_bytes: u64,
    /// Objects that were written to the bucket.
    pub storage_writes: u64,
    /// Runs for which BigQuery billed something, comparisons aside.
    pub billed_runs: u64,
    /// Rows that were staged.
    pub rows: u64,
    /// Comparisons of the table that came to their end.
    pub comparisons: u64,
}

impl Spend {
    pub fn bytes_billed(&self) -> u64 {
        self.merge_bytes_billed.saturating_add(self.verify_bytes_billed)
    }

    /// By the list prices.
    pub fn dollars(&self) -> f64 {
        PRICES.of_billed(self.bytes_billed())
            + PRICES.of_sent(self.sent_bytes)
            + PRICES.of_writes(self.storage_writes)
            + PRICES.of_staged(self.staged_bytes)
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.runs = self.runs.saturating_add(other.runs);
        self.merge_bytes_billed = self.merge_bytes_billed.saturating_add(other.merge_bytes_billed);
        self.verify_bytes_billed = self.verify_bytes_billed.saturating_add(other.verify_bytes_billed);
        self.sent_bytes = self.sent_bytes.saturating_add(other.sent_bytes);
        self.staged_bytes = self.staged_bytes.saturating_add(other.staged_bytes);
        self.storage_writes = self.storage_writes.saturating_add(other.storage_writes);
        self.billed_runs = self.billed_runs.saturating_add(other.billed_runs);
        self.rows = self.rows.saturating_add(other.rows);
        self.comparisons = self.comparisons.saturating_add(other.comparisons);
    }
}
