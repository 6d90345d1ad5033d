//! What a pass over rows counts.

/// What a pass over rows has counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub rows: u64,
    /// Rows whose leading column was true.
    pub flagged: u64,
    /// Rows with a line in the quarantine file, whether they were staged or not.
    pub quarantined: u64,
    /// Rows that can't be held as they are, under any policy; but for those whose leading column was true.
    pub refused: u64,
    /// Values in whose place a NULL was staged.
    pub nulled: u64,
    /// Values that were staged without their last digit, by a declared policy.
    pub truncated: u64,
    /// Rows that were not staged, for their key can't be held.
    pub left_out: u64,
}
