//! What of one row can't be held.

use crate::encode::value::Unrepresentable;

/// Why values, or a row, can't be held.
#[derive(Default)]
pub(super) struct Refused {
    /// By the number of their column, in the row's order.
    pub values: Vec<(usize, Unrepresentable)>,
    /// The columns without which the row is short enough, the largest first.
    pub dropped: Vec<usize>,
    /// Whether the key alone is too long.
    pub key_is_long: bool,
}

impl Refused {
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.dropped.is_empty() && !self.key_is_long
    }
}
