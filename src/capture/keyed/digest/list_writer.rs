//! New lists of a slice: rows in, in the order of their buckets; objects out, each stored as soon as it is full.

use super::list_format::{Entry, Filling};
use super::list_store::ListStore;
use super::sums_format::KeptList;
use crate::capture::error::CaptureError;
use crate::source::{BUCKET_BITS, BucketSum, BucketSums, RowHash};

/// The last bucket there is.
pub(super) const LAST_BUCKET: u32 = (1 << BUCKET_BITS) - 1;

/// Which rows of a slice are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    All,
    /// Lists whose buckets have no other rows are left as they are.
    Some,
}

/// Writes the lists of one slice.
pub(super) struct ListWriter<'a> {
    store: &'a ListStore,
    filling: Filling,
    lists: Vec<KeptList>,
    /// Of all that was written, where that is every row.
    written: Option<BucketSums>,
}

impl<'a> ListWriter<'a> {
    pub fn new(store: &'a ListStore, rows: Written) -> Self {
        let written = (rows == Written::All).then(|| BucketSums::empty(BUCKET_BITS));
        Self { store, filling: Filling::default(), lists: Vec::new(), written }
    }

    /// Adds the rows of the next bucket.
    pub async fn add(&mut self, bucket: u32, rows: &[Entry]) -> Result<(), CaptureError> {
        for row in rows {
            self.filling.add(bucket, row);
            if let Some(written) = &mut self.written {
                written.add(bucket, BucketSum { rows: 1, hash: RowHash(row.hash) });
            }
        }
        if self.filling.size() >= self.store.place.list_size { self.close(bucket).await } else { Ok(()) }
    }

    /// Whether the list that is being filled is too small to be left so.
    pub fn is_small(&self) -> bool {
        self.filling.rows() > 0 && self.filling.size() < self.store.place.list_size / 4
    }

    /// Stores what there is: no row up to this bucket comes any more.
    pub async fn close(&mut self, last: u32) -> Result<(), CaptureError> {
        let filling = std::mem::take(&mut self.filling);
        if filling.rows() == 0 {
            return Ok(());
        }
        let size = u64::try_from(filling.size()).unwrap_or(u64::MAX);
        let object = self.store.put(filling.encode()).await?;
        self.lists.push(KeptList { object, last, size });
        Ok(())
    }

    /// Takes over a list as it is, whose first bucket comes next.
    pub async fn leave(&mut self, list: KeptList, first: u32) -> Result<(), CaptureError> {
        if let Some(before) = first.checked_sub(1) {
            self.close(before).await?;
        }
        self.lists.push(list);
        Ok(())
    }

    /// The lists, with all buckets among them; and the sums of all rows, where all were written.
    pub async fn finish(mut self) -> Result<(Vec<KeptList>, Option<BucketSums>), CaptureError> {
        self.close(LAST_BUCKET).await?;
        if let Some(list) = self.lists.last_mut() {
            list.last = LAST_BUCKET;
        }
        Ok((self.lists, self.written))
    }
}
