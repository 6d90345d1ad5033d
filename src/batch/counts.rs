//! What was staged of a table, in numbers.

use serde::{Deserialize, Serialize};

/// Rows and bytes of a table's share, as the report shows them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub upserts: u64,
    pub deletes: u64,
    pub keys: u64,
    /// Upserts that were already in the batch before: written by a transaction that an older one kept in doubt.
    pub resent: u64,
    /// Of the deletes, rows that came and went between two looks: the target never had them.
    #[serde(default)]
    pub fleeting: u64,
    /// Of the upserts, rows whose insert the log tells of.
    #[serde(default)]
    pub added: u64,
    /// Rows with a line in the quarantine file: staged with NULL in a value's place, or left out for their key.
    pub quarantined: u64,
    /// Values replaced by NULL because of that.
    pub nulled: u64,
    /// Values that lost the seventh digit of a second, which BigQuery has no room for.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub truncated: u64,
    /// Rows of the source that are not staged, for their key can't be held. Of no meaning after the seal.
    #[serde(default)]
    pub left_out: u64,
    /// Log entries of updates that touched no published column.
    #[serde(default)]
    pub skipped: u64,
    /// Logged keys that no row of the table can have.
    #[serde(default)]
    pub unreadable: u64,
    pub staged_bytes: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub(super) fn is_zero(n: &u64) -> bool {
    *n == 0
}
