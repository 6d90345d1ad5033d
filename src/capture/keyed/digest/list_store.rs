//! Objects with row hashes: those of this run are written under names of its own, those of earlier runs are read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use bytes::Bytes;

use crate::batch::ListObject;
use crate::capture::error::CaptureError;
use crate::failpoint::{Effect, around};
use crate::model::{FeedId, RunId};
use crate::storage::{Expect, StorageError, Store};

/// What became of the lists that the watermark names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    Whole,
    /// Some of them are gone or broken: all rows are read.
    Lost,
}

/// Where a run keeps lists, and how long it may look.
pub struct ListPlace {
    pub store: Store,
    pub feed: FeedId,
    pub run: RunId,
    pub kept: Kept,
    /// How many objects the run has begun to write: their numbers are those below. A number is never given twice, also where a run starts
    /// over.
    pub begun: Arc<AtomicU32>,
    /// About as many bytes of rows a list has, before they are compressed.
    pub list_size: usize,
    /// About as many rows a slice has.
    pub slice_rows: u64,
    /// No other slice is looked at from then on; absent where all of them are.
    pub deadline: Option<Instant>,
}

/// The folder of a feed's lists below the storage prefix.
pub fn list_folder(feed: &FeedId) -> String {
    format!("digests/{feed}/")
}

/// The name of an object below the storage prefix.
pub fn list_name(feed: &FeedId, object: &ListObject) -> String {
    format!("{}{}/{:05}", list_folder(feed), object.run, object.number)
}

/// Reads and writes them.
pub(super) struct ListStore {
    pub place: ListPlace,
}

impl ListStore {
    pub fn new(place: ListPlace) -> Self {
        Self { place }
    }

    /// Stores a new object.
    pub async fn put(&self, content: std::io::Result<Bytes>) -> Result<ListObject, CaptureError> {
        let content = content.map_err(|e| CaptureError::ListNotMade(e.to_string()))?;
        let ListPlace { store, feed, run, begun, .. } = &self.place;
        let object = ListObject { run: run.clone(), number: begun.fetch_add(1, Ordering::Relaxed) };
        let name = list_name(feed, &object);
        let put = store.put(&name, content, "application/octet-stream", Expect::Absent);
        match around(Effect::ListWrite, put).await {
            // The name holds the run's id: what is there is our own, from an attempt whose answer was lost.
            Ok(_) | Err(StorageError::Conflict { .. }) => Ok(object),
            Err(e) => Err(e.into()),
        }
    }

    /// Reads one that the watermark names.
    pub async fn get(&self, object: &ListObject) -> Result<Bytes, CaptureError> {
        let found = self.place.store.get(&list_name(&self.place.feed, object)).await?;
        found.map(|(content, _)| content).ok_or(CaptureError::ListsLost)
    }
}
