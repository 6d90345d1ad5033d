//! A table's share of a batch that was sealed, for pages.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::batch::TableBatch;
use crate::model::{Column, RunId};

/// A table's share of its last batch that is kept.
#[derive(Clone, Debug)]
pub struct SealedTable {
    pub run: RunId,
    /// The columns of the target, those of the key first.
    pub columns: Vec<Column>,
    /// The key's columns.
    pub key: Vec<String>,
    /// Rows with a line in the quarantine file, and where that is.
    pub quarantined: u64,
    pub quarantine_file: String,
    /// Values that were replaced by NULL, and that lost the seventh digit of a second.
    pub nulled: u64,
    pub truncated: u64,
    /// Rows that are not in the target, for their key can't be held.
    pub left_out: u64,
}

/// By target: a manifest never changes.
pub(in crate::run) type LastSealed = Mutex<HashMap<String, Arc<SealedTable>>>;

impl SealedTable {
    pub(in crate::run) fn of(run: RunId, table: TableBatch, quarantine_file: String) -> Self {
        let (counts, metadata) = (table.counts, table.metadata.columns());
        Self {
            run,
            columns: table.columns.into_iter().chain(metadata).collect(),
            key: table.key,
            quarantined: counts.quarantined,
            quarantine_file,
            nulled: counts.nulled,
            truncated: counts.truncated,
            left_out: counts.left_out,
        }
    }
}
