//! How far a run looks back.

use std::time::Duration;

/// How far below the last maximum of a cursor a run looks again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lag {
    Time(Duration),
    /// For integer cursors.
    Steps(u64),
}
