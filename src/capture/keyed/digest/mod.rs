//! A digest as key source: the rows' hashes are compared with those of the last run.
//!
//! ```text
//!   source: sums by bucket ── as the mark has them ─▶ nothing has changed: no object is read or written
//!       │ other sums
//!       ▼
//!   source: (bucket, key, hash) of those buckets     in the order of buckets: every source orders numbers alike
//!   kept lists: the same, of the last run            an object at a time
//!       │ compared bucket by bucket, as sets, byte by byte
//!       ├─▶ keys that are new, changed or gone  ─▶ read again by key, in the same snapshot
//!       └─▶ new lists, named by the next watermark
//! ```
//!
//! The lists are written before the seal and count once the watermark names them, which is in the commit of the batch that their keys are
//! in. So lists and target stay in step whatever happens between. A table that is loaded in stretches has lists of each, and a look at it
//! may take several runs.

mod at_hand;
mod claim;
mod compare;
mod list_format;
mod list_store;
mod list_writer;
mod listed_rows;
mod looked;
mod reader;
mod slice_lists;
mod slice_merge;
mod split;
mod sums_format;

pub use at_hand::DigestAtHand;
pub use claim::DigestClaim;
pub use list_store::{Kept, ListPlace, list_folder, list_name};
pub use reader::{DigestKeys, DigestReading, Wanted};
