//! A run's report as an event of the log.

use tracing::{error, info, warn};

use crate::run::report::{AppendReport, RunReport, TableReport};
use crate::telemetry::ANSWERED;

impl RunReport {
    /// A figure of the tables whose changes are sent row by row, where there are some.
    fn append(&self, figure: impl Fn(&AppendReport) -> u64) -> Option<u64> {
        let all = self.tables.iter().filter_map(|t| t.append.as_ref()).map(figure);
        all.reduce(|sum, one| sum + one)
    }

    /// The longest that rows of a table wait to be applied, where it is known.
    fn apply_lag_seconds(&self) -> Option<u64> {
        self.tables.iter().filter_map(|t| t.append.as_ref()?.apply_lag_seconds).max()
    }

    /// One event a run, with every figure a metric may want; `deletes` are the rows that the targets have no more. Those of terraform/monitoring.tf are made from it.
    pub(in crate::run) fn log(&self) {
        macro_rules! finished {
            ($level:ident) => {
                $level!(
                    target: ANSWERED,
                    run = %self.run,
                    state = self.state.name(),
                    seconds = self.seconds,
                    error = self.error.as_ref().map(|e| e.message.as_str()),
                    hint = self.error.as_ref().map(|e| e.hint.as_str()),
                    replayed = self.replayed,
                    whole = self.whole,
                    caveats = (!self.caveats.is_empty()).then(|| self.caveats.join("; ")),
                    upserts = self.sum(|t| t.upserts),
                    deletes = self.sum(TableReport::removed),
                    resent = self.sum(|t| t.resent),
                    quarantined = self.sum(|t| t.quarantined),
                    nulled = self.sum(|t| t.nulled),
                    truncated = self.sum(|t| t.truncated),
                    left_out = self.sum(|t| t.left_out),
                    skipped = self.sum(|t| t.skipped),
                    unreadable = self.sum(|t| t.unreadable),
                    log_entries = self.log.map(|l| l.entries),
                    log_unclaimed = self.log.map(|l| l.unclaimed),
                    aside = self.aside.len(),
                    postponed = self.postponed.len(),
                    loading = self.loading.len(),
                    rows_inserted = self.sum(|t| t.rows_inserted.unwrap_or(0)),
                    rows_updated = self.sum(|t| t.rows_updated.unwrap_or(0)),
                    rows_deleted = self.sum(|t| t.rows_deleted.unwrap_or(0)),
                    staged_bytes = self.sum(|t| t.staged_bytes),
                    bytes_processed = self.sum(|t| t.bytes_processed.unwrap_or(0)),
                    bytes_billed = self.sum(|t| t.bytes_billed.unwrap_or(0)),
                    append_requests = self.append(|a| a.requests),
                    append_bytes = self.append(|a| a.bytes),
                    append_retries = self.append(|a| a.retries),
                    apply_lag_seconds = self.apply_lag_seconds(),
                    age_seconds = self.age_seconds,
                    lease_seconds = self.lease_seconds,
                    "run finished"
                )
            };
        }
        if self.error.is_some() {
            finished!(error)
        } else if !self.aside.is_empty() || !self.postponed.is_empty() {
            finished!(warn)
        } else {
            finished!(info)
        }
    }
}
