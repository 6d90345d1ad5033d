//! A value that a cursor's floor may rise to.

use serde::{Deserialize, Serialize};

/// The largest value that was seen while transactions were open: once they have ended, nothing is written below it any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FloorCandidate {
    pub value: String,
    /// Of PostgreSQL: the snapshot's `xmax` when `value` was the largest.
    pub xmax: u64,
}
