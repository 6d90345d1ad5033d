//! Rows as the source lists them, a bucket at a time.

use std::collections::VecDeque;

use super::list_format::{Entry, pack};
use crate::capture::error::CaptureError;
use crate::source::{Filled, HashCursor, HashedRow};

/// Rows fetched at once.
const ROWS_A_FETCH: usize = 4096;

/// A row of the list: as it is compared with the last one, and as the next one has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Now {
    pub then: Entry,
    pub next: [u64; 2],
    /// Whether it has a value in a column that has come.
    pub filled: bool,
}

impl From<HashedRow> for Now {
    fn from(row: HashedRow) -> Self {
        let then = Entry::new(pack(&row.key), row.hash);
        let next = row.next.map_or(then.hash, |n| n.hash.0);
        Self { then, next, filled: row.next.is_some_and(|n| n.filled == Filled::Yes) }
    }
}

/// Fetches them.
pub(super) struct ListedRows<'a> {
    cursor: HashCursor<'a>,
    waiting: VecDeque<HashedRow>,
    ended: bool,
}

impl<'a> ListedRows<'a> {
    pub fn new(cursor: HashCursor<'a>) -> Self {
        Self { cursor, waiting: VecDeque::new(), ended: false }
    }

    /// The bucket of the next row.
    pub async fn bucket(&mut self) -> Result<Option<u32>, CaptureError> {
        if self.waiting.is_empty() && !self.ended {
            self.waiting = self.cursor.fetch(ROWS_A_FETCH).await?.into();
            self.ended = self.waiting.is_empty();
        }
        Ok(self.waiting.front().map(|row| row.bucket))
    }

    /// The rows of this bucket, if it is the next one, in the order of their keys' bytes.
    pub async fn take(&mut self, bucket: u32) -> Result<Vec<Now>, CaptureError> {
        let mut rows = Vec::new();
        while self.bucket().await? == Some(bucket) {
            rows.extend(self.waiting.pop_front().map(Now::from));
        }
        rows.sort_unstable();
        Ok(rows)
    }

    pub async fn close(&self) -> Result<(), CaptureError> {
        Ok(self.cursor.close().await?)
    }
}
