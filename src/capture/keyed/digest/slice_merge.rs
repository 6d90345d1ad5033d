//! One slice's lists of the last run against the rows listed now: changed keys and new lists come out.
//!
//! The kept lists are gone through in their order. One none of whose buckets differs is left as it is, and not even read; of the others the
//! buckets that differ are replaced. In memory are one list, compressed keys and all, and the rows of one bucket.

use std::collections::VecDeque;

use super::compare::compare;
use super::list_format::{Entry, Listed};
use super::list_store::ListStore;
use super::list_writer::{LAST_BUCKET, ListWriter, Written};
use super::listed_rows::{ListedRows, Now};
use super::sums_format::KeptList;
use crate::capture::error::CaptureError;
use crate::source::{BucketSet, BucketSums, NamedKey};

/// Whether there is more to go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    On,
    Through,
}

/// Goes through a slice.
pub(super) struct SliceMerge<'a> {
    store: &'a ListStore,
    rows: ListedRows<'a>,
    kept: VecDeque<KeptList>,
    /// The list at hand and its last bucket.
    open: Option<(Listed, u32)>,
    /// The first bucket that is not gone through.
    first: u32,
    /// The buckets that differ; `None` for all: then every row is listed.
    differing: Option<BucketSet>,
    writer: ListWriter<'a>,
    /// Whether a key was found in more than one row.
    pub repeats: bool,
}

impl<'a> SliceMerge<'a> {
    pub fn new(store: &'a ListStore, rows: ListedRows<'a>, kept: Vec<KeptList>, differing: Option<BucketSet>) -> Self {
        let writer = ListWriter::new(store, if differing.is_none() { Written::All } else { Written::Some });
        Self { store, rows, kept: kept.into(), open: None, first: 0, differing, writer, repeats: false }
    }

    /// Goes through the next bucket, or opens the next list; keys that have changed are added to `keys`.
    pub async fn step(&mut self, keys: &mut Vec<NamedKey>) -> Result<Step, CaptureError> {
        let Some((listed, last)) = &mut self.open else { return self.open_next().await };
        let last = *last;
        let now = self.rows.bucket().await?.filter(|b| *b <= last);
        let Some(bucket) = listed.bucket().into_iter().chain(now).min() else {
            self.open = None;
            self.first = last.saturating_add(1);
            return Ok(if last >= LAST_BUCKET { Step::Through } else { Step::On });
        };
        let then = listed.take(bucket).ok_or(CaptureError::ListsLost)?;
        if self.differing.as_ref().is_some_and(|set| !set.has(bucket)) {
            self.writer.add(bucket, &then).await?;
            return Ok(Step::On);
        }
        let now = self.rows.take(bucket).await?;
        let found = compare(&then, &now).ok_or(CaptureError::ListsLost)?;
        self.repeats |= found.repeats;
        keys.extend(found.keys);
        self.writer.add(bucket, &next_list(now)).await?;
        Ok(Step::On)
    }

    async fn open_next(&mut self) -> Result<Step, CaptureError> {
        let Some(list) = self.kept.pop_front() else {
            // Of a slice that had no rows nothing is kept.
            if self.first > LAST_BUCKET {
                return Ok(Step::Through);
            }
            self.open = Some((Listed::default(), LAST_BUCKET));
            return Ok(Step::On);
        };
        let differs = self.differing.as_ref().is_none_or(|set| set.has_any(self.first, list.last));
        // What is left of lists that have shrunk is put together with the next one.
        if differs || self.writer.is_small() {
            let content = self.store.get(&list.object).await?;
            self.open = Some((Listed::decode(&content).ok_or(CaptureError::ListsLost)?, list.last));
            return Ok(Step::On);
        }
        let last = list.last;
        self.writer.leave(list, self.first).await?;
        self.first = last.saturating_add(1);
        Ok(if last >= LAST_BUCKET { Step::Through } else { Step::On })
    }

    /// The slice's lists from now on, and the sums of its rows, where all of them were listed.
    pub async fn finish(self) -> Result<(Vec<KeptList>, Option<BucketSums>), CaptureError> {
        self.rows.close().await?;
        self.writer.finish().await
    }
}

/// The rows as the next list has them, in its order.
fn next_list(rows: Vec<Now>) -> Vec<Entry> {
    let mut rows: Vec<Entry> = rows.into_iter().map(|row| Entry { key: row.then.key, hash: row.next }).collect();
    rows.sort_unstable();
    rows
}
