//! What a look at a table's slices has left, for the next watermark.

use std::sync::{Mutex, PoisonError};

use crate::batch::DigestMark;
use crate::source::BUCKET_BITS;

/// Rows a bucket: few enough that one changed row has few others listed, and enough that sums are few.
const ROWS_A_BUCKET: u64 = 8;

/// How many buckets so many rows are added up in: two to this power.
pub(super) fn bits_for(rows: u64) -> u8 {
    let buckets = rows.div_ceil(ROWS_A_BUCKET).max(1);
    let bits = u64::BITS - (buckets - 1).leading_zeros();
    u8::try_from(bits).unwrap_or(BUCKET_BITS).min(BUCKET_BITS)
}

/// What a look has found.
pub(super) struct Looked {
    pub mark: DigestMark,
    /// The first slice that it was at.
    pub first: usize,
    /// The first one after that it was not at.
    pub next: usize,
}

/// The last look of a run; a run that starts over has another.
#[derive(Default)]
pub(super) struct LastLook(Mutex<Option<Looked>>);

impl LastLook {
    pub fn note(&self, looked: Looked) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(looked);
    }

    pub fn take(&self) -> Option<Looked> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_grow_with_the_rows() {
        for (rows, bits) in [(0, 0), (8, 0), (9, 1), (16, 1), (17, 2), (1_000_000, 17), (u64::MAX, 17)] {
            assert_eq!(bits_for(rows), bits, "{rows} rows");
        }
    }
}
