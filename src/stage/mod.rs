//! Lines in, part files out.
//!
//! ```text
//!   encode ──chunks──▶ compress (a thread) ──part──▶ upload (a task)
//!            4 × 128 KiB                    one part fills while one is sent
//! ```
//!
//! A part is a bounded buffer, sent in one conditional request that can be repeated; so memory is two parts of each kind and a few
//! chunks, whatever the table's size. Nothing is stored before the first part is full or the pass ends: an empty pass
//! leaves no object.

mod compress;
mod error;
mod files;
mod manifest;
mod writer;

pub use error::StageError;
pub use files::{FilesPlace, TableFiles};
pub use manifest::store_manifest;

use time::OffsetDateTime;

use crate::model::{FeedId, RunId};

/// The folder of a run below the storage prefix.
pub fn batch_folder(feed: &FeedId, run: &RunId, started: OffsetDateTime) -> String {
    let (year, month, day) = (started.year(), u8::from(started.month()), started.day());
    format!("batches/{feed}/{year:04}/{month:02}/{day:02}/{run}/")
}
