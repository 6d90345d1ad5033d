//! Since when a table fails.

use time::OffsetDateTime;

use crate::state::{PastRun, StateDocument};

/// Since when a table's runs have failed, one after the other. An older version has noted no more than the runs themselves, the last 30.
pub(super) fn failing_since(document: &StateDocument, target: &str) -> Option<OffsetDateTime> {
    document.failure_of(target)?;
    let own = |run: &&PastRun| run.of_table(&document.feed, target).is_some();
    let failed = document.notes.recent.iter().rev().filter(own).take_while(|run| run.error.is_some());
    failed.filter_map(|run| run.failing_since.or_else(|| run.run.started())).min()
}
